/* SPDX-License-Identifier: MIT */
/*
 * Whether a box that was made ahead is what a run asks for. What a box is told
 * only when its run starts is left out; everything else is compared, so that a
 * run gets the same box, warm or cold. What is missing here would let a run
 * have weaker walls than its plan says: a new member of struct sbx_plan that
 * the launch looks at is a row of texts or numbers, or a line of its own.
 */
#include <string.h>

#include "base/def.h"
#include "model/plan.h"

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_limits(const struct sbx_plan *a, const struct sbx_plan *b)
{
	/* Those that the supervisor looks up in the plan of the run. */
	const uint32_t late = 1u << LIMIT_WALL_TIME | 1u << LIMIT_IDLE_TIME |
	                      1u << LIMIT_OUTPUT;

	for (size_t i = 0; i < N_LIMITS; i++)
		if (!(late & 1u << i) &&
		    (a->limits[i].value != b->limits[i].value ||
		     a->limits[i].enforced_by != b->limits[i].enforced_by))
			return false;
	for (size_t i = 0; i < N_PLAN_RLIMITS; i++)
		if (a->rlimits[i].resource != b->rlimits[i].resource ||
		    a->rlimits[i].value != b->rlimits[i].value)
			return false;
	return a->n_cpus == b->n_cpus;
}

static bool same_cgroup(const struct sbx_plan *a, const struct sbx_plan *b)
{
	if (!same_text(a->cgroup.path, b->cgroup.path) ||
	    a->cgroup.controllers != b->cgroup.controllers ||
	    a->n_settings != b->n_settings)
		return false;
	for (size_t i = 0; i < a->n_settings; i++)
		if (strcmp(a->settings[i].file, b->settings[i].file) != 0 ||
		    strcmp(a->settings[i].text, b->settings[i].text) != 0)
			return false;
	return true;
}

/* What goes into the workspace is put there when the run starts. */
static bool is_late(const struct sbx_plan *plan, size_t step)
{
	return step >= plan->late_at && step - plan->late_at < plan->n_late;
}

static bool same_step(const struct step *a, const struct step *b)
{
	return a->kind == b->kind && strcmp(a->path, b->path) == 0 &&
	       same_text(a->source, b->source) && a->len == b->len &&
	       (a->len == 0 || memcmp(a->data, b->data, a->len) == 0) &&
	       a->mode == b->mode && a->writable == b->writable &&
	       a->device == b->device && a->inode == b->inode;
}

static bool same_root(const struct sbx_plan *a, const struct sbx_plan *b)
{
	size_t i = 0, k = 0;

	for (;; i++, k++) {
		while (i < a->n_steps && is_late(a, i))
			i++;
		while (k < b->n_steps && is_late(b, k))
			k++;
		if (i == a->n_steps || k == b->n_steps)
			break;
		if (!same_step(&a->steps[i], &b->steps[k]))
			return false;
	}
	return i == a->n_steps && k == b->n_steps &&
	       a->tmpfs_bytes == b->tmpfs_bytes &&
	       a->tmpfs_inodes == b->tmpfs_inodes &&
	       a->base_bytes == b->base_bytes && a->network == b->network &&
	       same_text(a->hostname, b->hostname);
}

/* Up to the program's file; what follows is the run's. */
static bool same_command(const struct sbx_plan *a, const struct sbx_plan *b)
{
	if (a->file_at == 0 || a->file_at != b->file_at ||
	    !same_text(a->executable, b->executable))
		return false;
	for (size_t i = 0; i < a->file_at; i++)
		if (!same_text(a->argv[i], b->argv[i]))
			return false;
	return true;
}

/* What an interpreter or its libraries look at once, as they start: to be told
 * later is too late. By the start of the name. */
static const char *const early_variables[] = {
	"LD_",  "LC_",    "LANG",  "TZ",    "GLIBC_",   "MALLOC_",  "PATH",
	"HOME", "PYTHON", "NODE_", "UV_",   "OPENSSL_", "SSL_",     "OPENBLAS",
	"OMP_", "MKL_",   "GOTO_", "BLIS_", "NPY_",     "NUMEXPR_", "VECLIB_",
	"RUBY", "GEM_",   "PERL",  "BASH",  "ENV",      "LUA_",
};

static bool is_early(const char *variable)
{
	for (size_t i = 0; i < ARRAY_SIZE(early_variables); i++)
		if (strncmp(variable, early_variables[i],
		            strlen(early_variables[i])) == 0)
			return true;
	return false;
}

/* The box's variables are all the run's, and what the run has beside them can
 * be told later. */
static bool same_environment(const struct sbx_plan *box,
                             const struct sbx_plan *run)
{
	for (char *const *own = box->envp; *own; own++)
		if (!env_has(run->envp, *own))
			return false;
	for (char *const *own = run->envp; *own; own++)
		if (is_early(*own) && !env_has(box->envp, *own))
			return false;
	return true;
}

/* Code of a module that one caller named must not have run in the box of
 * another, who did not. */
static bool same_modules(const struct strings *a, const struct strings *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

/* What has been started already. */
static bool same_program(const struct sbx_plan *box, const struct sbx_plan *run)
{
	return !box->has_agent ||
	       (same_modules(&box->preload, &run->preload) &&
	        same_command(box, run) && same_environment(box, run));
}

static bool same_caller(const struct sbx_plan *a, const struct sbx_plan *b)
{
	return a->privileged == b->privileged && a->uid == b->uid &&
	       a->gid == b->gid && a->range.first == b->range.first &&
	       a->range.count == b->range.count;
}

bool plan_same_box(const struct sbx_plan *box, const struct sbx_plan *run)
{
	/* Instructions are counted from the exec on, which such a box has
	 * behind it. */
	return box->waits && !run->waits && run->role == ROLE_RUN &&
	       run->pmu.n == 0 && !run->unchecked && !run->is_built &&
	       !run->session && same_caller(box, run) &&
	       same_text(box->rootfs, run->rootfs) && same_limits(box, run) &&
	       same_cgroup(box, run) && same_root(box, run) &&
	       same_text(box->workdir, run->workdir) &&
	       same_program(box, run) && box->n_filter == run->n_filter &&
	       memcmp(box->filter, run->filter,
	              box->n_filter * sizeof(box->filter[0])) == 0;
}
