/* SPDX-License-Identifier: MIT */
/* The ends of the public library that need the host: making a plan, and writing
 * a report. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/audit.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "box/box.h"
#include "box/facts.h"
#include "kernel/probe.h"

/* What was asked for, or 128 random bits: no two runs anywhere share them. */
static int plan_name(struct sbx_plan *plan, const char *asked,
                     struct sbx_error *err)
{
	char id[33];
	int r;

	r = probe_random_id(id);
	if (r < 0)
		return err_set(err, SBX_STAGE_PLAN, -r,
		               "make an id for the run");
	plan->id = arena_strdup(&plan->arena, asked ? asked : id);
	return plan->id ? 0 : err_memory(err, SBX_STAGE_PLAN);
}

/* Two plans are to be made now. */
static int look_once(struct sbx_spec *spec, struct sbx_spec *build,
                     struct sbx_error *err)
{
	struct facts *facts = arena_alloc(&spec->arena, sizeof(*facts));
	int r;

	if (!facts)
		return err_memory(err, SBX_STAGE_PLAN);
	r = facts_of_host(&spec->arena, facts, err);
	if (r == 0)
		spec->host = build->host = facts;
	return r;
}

int sbx_spec_build(struct sbx_spec *spec, struct sbx_spec **build,
                   struct sbx_error *err)
{
	int r = spec_first(spec, build, err);

	if (r < 0 || !*build || spec->host)
		return r;
	r = look_once(spec, *build, err);
	if (r < 0) {
		sbx_spec_free(*build);
		*build = NULL;
	}
	return r;
}

int sbx_plan_make(const struct sbx_spec *spec, struct sbx_plan **plan,
                  struct sbx_error *err)
{
	uint64_t made_ns = clock_ns();
	struct sbx_plan *made = NULL;
	struct arena arena = {0};
	struct facts facts;
	int r;

	r = facts_collect(spec, &arena, &facts, err);
	if (r == 0)
		r = plan_build(spec, &facts, &made, err);
	arena_free(&arena);
	if (!made)
		return r;
	made->made_ns = made_ns;
	r = plan_name(made, spec->id, err);
	if (r < 0) {
		sbx_plan_free(made);
		return r;
	}
	*plan = made;
	return 0;
}

int plan_make_waiting(const struct sbx_spec *spec, bool has_agent,
                      struct sbx_plan **plan, struct sbx_error *err)
{
	struct sbx_plan *made = NULL;
	int r = sbx_plan_make(spec, &made, err);

	if (!made)
		return r;
	if (has_agent && made->file_at == 0) {
		sbx_plan_free(made);
		return err_say(err, SBX_STAGE_PLAN, EINVAL,
		               "warm: the profile's command has no argument "
		               "\"{file}\"");
	}
	made->waits = true;
	made->has_agent = has_agent;
	*plan = made;
	return 0;
}

int sbx_cgroup_find(struct sbx_error *err)
{
	struct cgroup_parent parent;
	struct arena arena = {0};
	int r = cgroup_find(NULL, &arena, &parent, err);

	arena_free(&arena);
	return r;
}

/* The result of a step of it. */
static int reported(int r, struct sbx_error *err)
{
	return r < 0 ? err_set(err, SBX_STAGE_REPORT, -r, "write the report")
	             : 0;
}

int report_text(const struct sbx_plan *plan, const struct sbx_box *box,
                const struct sbx_error *failure, struct buffer *text,
                struct sbx_error *err)
{
	if (!failure && (!box || !box->run.ended))
		return err_say(err, SBX_STAGE_REPORT, EINVAL,
		               "there is no outcome to report yet");
	return reported(report_make(box ? box->plan : plan,
	                            box ? &box->run : NULL, failure, text),
	                err);
}

int refusal_text(const struct sbx_spec *spec, const struct sbx_error *failure,
                 struct buffer *text, struct sbx_error *err)
{
	struct run named = {0};
	int r = 0;

	if (spec && spec->id)
		(void)strcpy(named.id, spec->id);
	else
		r = probe_random_id(named.id);
	if (r == 0)
		r = report_make(NULL, &named, failure, text);
	return reported(r, err);
}

int sbx_report_write(const struct sbx_plan *plan, const struct sbx_box *box,
                     const struct sbx_error *failure, int fd,
                     struct sbx_error *err)
{
	struct buffer text CLEANUP(buffer_free) = {0};
	int r = report_text(plan, box, failure, &text, err);

	return r < 0 ? r
	             : reported(file_write_fd(fd, text.data, text.len), err);
}

int sbx_report_refusal(const struct sbx_spec *spec,
                       const struct sbx_error *failure, int fd,
                       struct sbx_error *err)
{
	struct buffer text CLEANUP(buffer_free) = {0};
	int r = refusal_text(spec, failure, &text, err);

	return r < 0 ? r
	             : reported(file_write_fd(fd, text.data, text.len), err);
}

int sbx_audit_write(int fd, const struct sbx_audit *audit,
                    struct sbx_error *err)
{
	const struct audit_entry entry = {
		.time = (int64_t)time(NULL),
		.uid = audit->uid ? *audit->uid : getuid(),
		.who = audit->who,
		.id = audit->spec ? audit->spec->id : audit->id,
		.plan = audit->box ? audit->box->plan : audit->plan,
		.run = audit->box ? &audit->box->run : NULL,
		.failure = audit->failure,
	};
	struct buffer text = {0};
	int r = audit_make(&entry, &text);

	if (r == 0)
		r = audit_append(fd, text.data, text.len);
	buffer_free(&text);
	if (r == -EBUSY)
		return err_say(err, SBX_STAGE_REPORT, EBUSY,
		               "audit: somebody keeps the log locked");
	if (r == -EBADMSG)
		return err_say(err, SBX_STAGE_REPORT, EBADMSG,
		               "audit: the last line of the log is not whole, "
		               "or not its own; move the file away");
	return r < 0 ? err_set(err, SBX_STAGE_REPORT, -r, "audit") : 0;
}
