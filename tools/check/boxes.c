/* SPDX-License-Identifier: MIT */
/* Real boxes, through the library, and nothing beside it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/json.h"
#include "check.h"
#include "exec/profiles.h"
#include "exec/scope.h"

#define MAX_REPORT 65536

static int make_spec(const struct box_order *order, const struct host *host,
                     struct sbx_spec **spec, struct sbx_error *err)
{
	const char *const dirs[] = {host->profiles, NULL};
	const char *const none[] = {NULL};
	int r;

	r = sbx_spec_new(spec, err);
	if (r == 0)
		r = sbx_spec_profile(*spec, order->profile, dirs, err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(order->settings); i++)
		if (order->settings[i][0])
			r = sbx_spec_set(*spec, order->settings[i][0],
			                 order->settings[i][1], err);
	if (r == 0 && order->command)
		r = sbx_spec_command(*spec, order->command, err);
	else if (r == 0)
		r = sbx_spec_code(*spec, order->code, strlen(order->code), none,
		                  err);
	return r;
}

/* A pipe has room for a report of so little output. */
static int read_report(const struct sbx_plan *plan, const struct sbx_box *box,
                       struct arena *arena, const struct json **report,
                       struct sbx_error *err)
{
	struct buffer text = {0};
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -(err->code = errno);
	r = sbx_report_write(plan, box, NULL, ends[1], err);
	(void)close(ends[1]);
	if (r == 0)
		r = file_read_fd(ends[0], MAX_REPORT, &text);
	if (r == 0 && !text.failed)
		r = json_parse(arena, text.data, text.len, report, err);
	(void)close(ends[0]);
	buffer_free(&text);
	return r;
}

static int run(const struct box_order *order, const struct sbx_plan *plan,
               const struct json **report, struct sbx_error *err)
{
	const struct sbx_stdio none = {-1, -1, -1};
	struct sbx_box *box = NULL;
	int r;

	r = sbx_box_open(plan, &box, err);
	if (r == 0)
		r = sbx_box_start(box, &none, err);
	if (r == 0)
		r = sbx_box_wait(box, err);
	if (r >= 0)
		r = read_report(plan, box, order->arena, report, err);
	sbx_box_close(box);
	return r;
}

int box_run(const struct box_order *order, const struct host *host,
            const struct json **report, struct finding *found)
{
	struct sbx_error err = {0};
	struct sbx_spec *spec = NULL, *build = NULL;
	struct sbx_plan *plan = NULL;
	struct profile_dirs dirs; /* for its trees */
	int r;

	profile_dirs_init(&dirs);
	r = make_spec(order, host, &spec, &err);
	if (r == 0)
		sbx_spec_trees(spec, dirs.trees);
	if (r < 0 && err.stage == SBX_STAGE_PROFILE)
		found_remedy(found, REMEDY_INSTALL, NULL);
	if (r == 0)
		r = sbx_spec_build(spec, &build, &err);
	if (r == 0)
		r = scope_enter(spec, &err);
	if (r == 0)
		r = sbx_plan_make(build ? build : spec, &plan, &err);
	if (r == 0)
		r = run(order, plan, report, &err);
	sbx_plan_free(plan);
	sbx_spec_free(build);
	sbx_spec_free(spec);
	if (r < 0)
		return found_error(found, &err);
	return build ? 1 : 0;
}
