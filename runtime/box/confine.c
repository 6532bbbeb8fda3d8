/* SPDX-License-Identifier: MIT */
/*
 * What a process that has nothing else to do than to see a box to its end gives
 * up, for the case that there is a hole in the code that reads what the box
 * says: a second wall, behind those of the box.
 *
 * It happens when the program's process says that it has its filter, the last
 * that is heard of it before it becomes the program: all descriptors are there
 * then, and nothing of the program's has been read. Both sides go on at the
 * same time, so a run is hardly longer for it.
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

static int fail(struct sbx_error *err, int code, const char *what)
{
	return err_set(err, SBX_STAGE_WATCH, code, "confine the supervisor: %s",
	               what);
}

/* Where the kernel has no Landlock, the filter alone holds: it leaves no way to
 * run, to connect or to signal anything. */
static int shut_files(const struct sbx_box *box, struct sbx_error *err)
{
	const struct landlock_place places[] = {
		{box->proc, LANDLOCK_READ},
		{box->workspace, LANDLOCK_READ},
		{box->upper, LANDLOCK_READ},
		{box->leaf.fd, LANDLOCK_WRITE},
		{box->leaf.parent, LANDLOCK_CLEAR},
		{box->keeps[0], LANDLOCK_KEEP},
		{box->keeps[1], LANDLOCK_KEEP},
	};
	int r = landlock_restrict(places, ARRAY_SIZE(places));

	return r == 0 || r == -EOPNOTSUPP ? 0 : fail(err, -r, "Landlock");
}

static int shut_calls(const struct sbx_box *box, struct sbx_error *err)
{
	bool files = box->plan->collect.n > 0 || box->plan->session;
	const char *const sets[] = {"supervisor",
	                            files ? "supervisor-files" : NULL, NULL};
	struct sock_filter code[FILTER_MAX];
	size_t n_code;
	int r = filter_compile_own(sets, code, &n_code, err);

	if (r < 0)
		return r;
	r = filter_install(code, n_code);
	return r < 0 ? fail(err, -r, "system call filter") : 0;
}

int confine(const struct sbx_box *box, struct sbx_error *err)
{
	int r;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(err, errno, "no_new_privs");
	r = shut_files(box, err);
	return r < 0 ? r : shut_calls(box, err);
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
