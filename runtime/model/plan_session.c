/* SPDX-License-Identifier: MIT */
/*
 * A session's state is the read-only lower side of an overlay, the run's own
 * tmpfs the upper: so a run starts as fast with much in its session as with
 * little, and what it changed is all there is in the upper directory. The
 * lower side is the host's disk, not memory, but counts against limits.disk
 * and limits.inodes as if it were the run's.
 */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "model/plan_steps.h"

/* That overlayfs makes in the work directory. */
#define OVERLAY_INODES 4

/* What a run has even where its session is full: enough to remove files. */
#define LEAST_BYTES  ((uint64_t)64 << 10)
#define LEAST_INODES 16

int plan_session(struct sbx_plan *plan, const struct sbx_spec *spec,
                 struct sbx_error *err)
{
	const struct session_state *state = spec->session_state;
	const char *lowers = MASK_DIRECTORY;

	if (!spec->session.text)
		return 0;
	if (!state)
		return err_say(err, SBX_STAGE_PLAN, EINVAL,
		               "session %s has not been opened",
		               spec->session.text);
	plan->session = arena_strdup(&plan->arena, spec->session.text);
	plan->layers = arena_strdup(&plan->arena, state->layers);
	if (state->lowers)
		lowers = arena_strdup(&plan->arena, state->lowers);
	if (!plan->session || !plan->layers || !lowers)
		return err_memory(err, SBX_STAGE_PLAN);
	add_directory(plan, SESSION_PLACE, 0);
	add_directory(plan, SESSION_LAYERS, 0755);
	add_directory(plan, SESSION_RUN, 0755);
	add_directory(plan, SESSION_UPPER, 0755);
	add_directory(plan, SESSION_WORK, 0755);
	add_step(plan, (struct step){.kind = STEP_LAYERS,
	                             .path = SESSION_LAYERS,
	                             .source = plan->layers,
	                             .handed = plan->privileged});
	/* Once the root is read-only, it still is to be read as a whole: what
	 * the program has closed to itself is opened first. */
	add_simple(plan, STEP_SCRATCH, SESSION_RUN);
	add_directory(plan, "/workspace", 0755);
	add_step(plan, (struct step){.kind = STEP_OVERLAY,
	                             .path = "/workspace",
	                             .source = lowers});
	return 0;
}

static int full(const char *session, const char *what, uint64_t has,
                struct sbx_error *err)
{
	return err_say(err, SBX_STAGE_PLAN, EDQUOT,
	               "session %s holds %ju %s, which is all that limits.%s "
	               "allows: --%s raises it, and sbx-session rollback goes "
	               "back",
	               session, (uintmax_t)has,
	               strcmp(what, "disk") == 0 ? "bytes" : "files", what,
	               what);
}

static uint64_t left_of(uint64_t limit, uint64_t used, uint64_t least)
{
	/* Without a session a limit is what it says, however small. */
	if (used == 0)
		return limit;
	return MAX(limit - MIN(limit, used), least);
}

/* What the steps so far take of the tmpfs: it is not the program's, so it is
 * added to what the program may have. */
int plan_budget(struct sbx_plan *plan, const struct sbx_spec *spec,
                struct sbx_error *err)
{
	const struct session_state none = {0};
	const struct session_state *state =
		plan->session ? spec->session_state : &none;
	uint64_t disk = plan->limits[LIMIT_DISK].value;
	uint64_t inodes = plan->limits[LIMIT_INODES].value;

	plan->base_inodes = 1; /* the root directory */
	for (size_t i = 0; i < MIN(plan->n_steps, plan->max_steps); i++) {
		const struct step *step = &plan->steps[i];

		if (step->kind == STEP_DIRECTORY || step->kind == STEP_FILE ||
		    step->kind == STEP_LINK)
			plan->base_inodes++;
		if (step->kind == STEP_FILE)
			plan->base_bytes += plan_pages(step->len);
	}
	if (plan->session)
		plan->base_inodes += OVERLAY_INODES;
	if (disk != LIMIT_OFF && state->bytes >= disk + LEAST_BYTES)
		return full(plan->session, "disk", state->bytes, err);
	if (inodes != LIMIT_OFF && state->inodes >= inodes + LEAST_INODES)
		return full(plan->session, "inodes", state->inodes, err);
	/* Files are memory, and only a bounded tmpfs tells how much it holds.
	 */
	if (disk == LIMIT_OFF)
		disk = plan->limits[LIMIT_MEMORY].value;
	else
		disk = left_of(disk, state->bytes, LEAST_BYTES);
	if (disk != LIMIT_OFF)
		plan->tmpfs_bytes = plan->base_bytes + plan_pages(disk);
	if (inodes != LIMIT_OFF)
		plan->tmpfs_inodes =
			plan->base_inodes +
			left_of(inodes, state->inodes, LEAST_INODES);
	return 0;
}
