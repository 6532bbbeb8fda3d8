/* SPDX-License-Identifier: MIT */
/*
 * What sbx's own processes give up, for the case that there is a hole in the
 * code that reads what a box or a daemon says: a second wall, behind those of
 * the box. How much depends on what is still to be done.
 *
 * For a supervisor it happens when the program's process says that it has its
 * filter, the last that is heard of it before it becomes the program: all
 * descriptors are there then, and nothing of the program's has been read. Both
 * sides go on at the same time, so a run is hardly longer for it.
 *
 * The order: the rest needs no_new_privs; and the filter does not allow the
 * calls of the other two.
 */
#include <errno.h>
#include <sys/prctl.h>

#include "base/error.h"
#include "box/box.h"
#include "box/store.h"
#include "kernel/filter.h"
#include "kernel/landlock.h"
#include "kernel/notify.h"

/* What is left to whom. */
enum job {
	SUPERVISES, /* one box, to its end */
	COLLECTS,   /* the same, and then brings files out */
	RECEIVES,   /* files from a daemon, which has the run */
	MAKES,      /* boxes; those inherit all of this */
};

static const struct keeps {
	const char *name;
	/* Of system calls; none: all sets there are, and what a launch calls.
	 */
	const char *sets[3];
} jobs[] = {
	[SUPERVISES] = {"the supervisor", {"supervisor"}},
	[COLLECTS] = {"the supervisor", {"supervisor", "supervisor-files"}},
	[RECEIVES] = {"the client", {"client"}},
	[MAKES] = {"what makes boxes", {NULL}},
};

/* What of the files is left: Landlock shuts all else. It cannot where boxes are
 * made, for who is held by it may not mount. */
struct places {
	const struct landlock_place *list;
	size_t n;
};

static int fail(const struct keeps *job, struct sbx_error *err, int code,
                const char *what)
{
	return err_set(err, SBX_STAGE_WATCH, code, "confine %s: %s", job->name,
	               what);
}

/* Where the kernel has no Landlock, the filter alone holds: it leaves no way to
 * run, to connect or to signal anything. */
static int shut_files(const struct places *places)
{
	int r = landlock_restrict(places->list, places->n);

	return r == -EOPNOTSUPP ? 0 : r;
}

static int shut_calls(const struct keeps *job, struct sbx_error *err)
{
	struct sock_filter code[FILTER_MAX];
	size_t n_code;
	int r = job->sets[0] ? filter_compile_own(job->sets, code, &n_code, err)
	                     : filter_compile_maker(code, &n_code, err);

	if (r < 0)
		return r;
	r = filter_install(code, n_code);
	return r < 0 ? fail(job, err, -r, "system call filter") : 0;
}

/* places NULL: files are not shut. */
static int shut(const struct keeps *job, const struct places *places,
                struct sbx_error *err)
{
	int r = 0;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(job, err, errno, "no_new_privs");
	if (places)
		r = shut_files(places);
	return r < 0 ? fail(job, err, -r, "Landlock") : shut_calls(job, err);
}

int confine(const struct sbx_box *box, struct sbx_error *err)
{
	const struct landlock_place list[] = {
		{box->proc, LANDLOCK_READ},
		{box->workspace, LANDLOCK_READ},
		{box->upper, LANDLOCK_READ},
		{box->leaf.fd, LANDLOCK_WRITE},
		{box->leaf.parent, LANDLOCK_CLEAR},
		{box->keeps[0], LANDLOCK_KEEP},
		{box->keeps[1], LANDLOCK_KEEP},
	};
	const struct places places = {list, ARRAY_SIZE(list)};
	bool files = box->plan->collect.n > 0 || box->plan->session;

	return shut(&jobs[files ? COLLECTS : SUPERVISES], &places, err);
}

int sbx_confine_receiver(int dir, struct sbx_error *err)
{
	const struct landlock_place place = {dir, LANDLOCK_KEEP};
	const struct places places = {&place, 1};

	return shut(&jobs[RECEIVES], &places, err);
}

int sbx_confine_maker(struct sbx_error *err)
{
	return shut(&jobs[MAKES], NULL, err);
}

int sbx_box_confine(struct sbx_box *box, const struct sbx_session *session,
                    int dir, struct sbx_error *err)
{
	if (box->launched || box->waiting)
		return err_say(err, SBX_STAGE_WATCH, EINVAL,
		               "the supervisor of a box is confined before the "
		               "program starts");
	box->keeps[0] = dir;
	box->keeps[1] = session ? session_dir(session) : -1;
	box->confines = true;
	return 0;
}
