/* SPDX-License-Identifier: MIT */
/* The two ends of the public library that need the host: making a plan, and
 * writing a report. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "box/box.h"
#include "box/facts.h"
#include "kernel/probe.h"

int sbx_plan_make(const struct sbx_spec *spec, struct sbx_plan **plan,
                  struct sbx_error *err)
{
	uint64_t made_ns = clock_ns();
	struct sbx_plan *made = NULL;
	struct arena arena = {0};
	struct facts facts;
	char id[33];
	int r;

	r = facts_collect(spec, &arena, &facts, err);
	if (r == 0)
		r = plan_build(spec, &facts, &made, err);
	arena_free(&arena);
	if (r < 0)
		return r;
	r = probe_random_id(id);
	made->made_ns = made_ns;
	made->id = r == 0 ? arena_strdup(&made->arena, id) : NULL;
	if (!made->id) {
		sbx_plan_free(made);
		return err_set(err, SBX_STAGE_PLAN, r < 0 ? -r : ENOMEM,
		               "make an id for the run");
	}
	*plan = made;
	return 0;
}

int sbx_report_write(const struct sbx_plan *plan, const struct sbx_box *box,
                     const struct sbx_error *failure, int fd,
                     struct sbx_error *err)
{
	struct buffer text = {0};
	int r;

	if (!failure && (!box || !box->run.ended))
		return err_say(err, SBX_STAGE_REPORT, EINVAL,
		               "there is no outcome to report yet");
	r = report_make(box ? box->plan : plan, box ? &box->run : NULL, failure,
	                &text);
	if (r == 0)
		r = file_write_fd(fd, text.data, text.len);
	buffer_free(&text);
	if (r < 0)
		return err_set(err, SBX_STAGE_REPORT, -r, "write the report");
	return 0;
}
