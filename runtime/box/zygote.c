/* SPDX-License-Identifier: MIT */
/*
 * Boxes that are forked from an interpreter which has started already. A
 * zygote is a box whose program is that interpreter. It makes boxes as sbx
 * does, by the same code (runtime/zygote), each in namespaces of its own
 * inside of its own, from the plan that lies packed in its root. What is left
 * to the supervisor is what takes its rights: ids, maps, limits.
 *
 *	supervisor                    zygote            pid 1 of the box
 *	FORK, the wire's other end -> clone3 ---------> its descriptors
 *	the maps, through the          <- BORN ---------
 *	  zygote's user namespace
 *	MAPPED, START ---------------------------------> root, limits, filter
 *	                                                  as in any other box;
 *	                                                  the program's process
 *	                                                  is a fork, no exec
 *
 * From there on it is a box that is made ahead: see standby.c. Only trusted
 * code runs in a zygote: the interpreter, its agent, and the modules of the
 * profile. No run can reach it: it is in another pid namespace, and whatever
 * of its memory a box changes is the box's own copy.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/error.h"
#include "base/file.h"
#include "box/box.h"
#include "box/wire.h"

/* The process behind a descriptor for one, as we number them. */
static pid_t pid_of(int pidfd)
{
	char path[64], text[512];
	const char *line;
	int r;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	r = file_get(AT_FDCWD, path, text, sizeof(text));
	if (r < 0)
		return r;
	line = strstr(text, "Pid:");
	r = line ? atoi(line + strlen("Pid:")) : 0;
	return r > 0 ? r : -ESRCH;
}

static int request(struct sbx_box *box, int theirs)
{
	const struct wire_message fork = {.kind = WIRE_FORK};
	int fds[WIRE_MAX_FDS] = {theirs}, n = 1;

	if (box->uid_lock >= 0)
		fds[n++] = box->uid_lock;
	if (box->leaf.fd >= 0)
		fds[n++] = box->leaf.fd;
	return wire_send(box->zygote->control, &fork, fds, n);
}

static int launch(struct sbx_box *box, struct sbx_error *err)
{
	CLEANUP_FD int theirs = -1;
	int ends[2], r;

	r = box_reserve_id(box, err);
	if (r == 0)
		r = leaf_open(box, err);
	if (r < 0)
		return r;
	r = wire_pair(ends);
	if (r == 0) {
		box->wire = ends[0];
		theirs = ends[1];
		r = request(box, theirs);
	}
	return r < 0 ? err_set(err, SBX_STAGE_CLONE, -r, "ask a zygote to fork")
	             : watch_open(box, err);
}

int box_fork(struct sbx_box *zygote, const struct sbx_plan *plan,
             struct sbx_box **box, struct sbx_error *err)
{
	struct sbx_box *made;
	int r;

	if (!zygote->idle || zygote->failed)
		return err_say(err, SBX_STAGE_CLONE, ESTALE,
		               "the zygote is not there to fork");
	r = box_new(plan, &made, err);
	if (r < 0)
		return r;
	made->pid = -1;
	made->waiting = true;
	made->zygote = zygote;
	zygote->n_forked++;
	zygote->n_forks++;
	r = launch(made, err);
	if (r < 0)
		sbx_box_close(made);
	else
		*box = made;
	return r;
}

void zygote_release(struct sbx_box *zygote)
{
	zygote->n_forked--;
	if (zygote->orphan && zygote->n_forked == 0)
		sbx_box_close(zygote);
}

/* In the zygote, whose pid 1 has run one other process before: see init.c. */
#define INTERPRETER "3"

uint64_t zygote_memory(const struct sbx_box *zygote)
{
	unsigned long long resident = 0, shared = 0;
	char text[128];

	if (file_get(zygote->proc, INTERPRETER "/statm", text, sizeof(text)) <=
	    0)
		return 0;
	(void)sscanf(text, "%*u %llu %llu", &resident, &shared);
	return (resident - MIN(resident, shared)) *
	       (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The id that it has outside is its parent's for an ordinary caller, who is
 * user 1000 there. */
static int map_in(struct sbx_box *box, struct sbx_error *err)
{
	/* What it inherited is the interpreter's, which it is to be. */
	const struct wire_message mapped = {.kind = WIRE_MAPPED};
	uid_t uid = box->plan->privileged ? box->uid : BOX_UID;
	int r;

	r = idmap_write_within(box->zygote->userns, box->pid, uid, (gid_t)uid,
	                       err);
	if (r < 0)
		return r;
	r = wire_send(box->wire, &mapped, NULL, 0);
	if (r < 0)
		return err_set(err, SBX_STAGE_CLONE, -r, "tell pid 1 to go on");
	return box_prepare(box, err);
}

void zygote_born(struct sbx_box *box, int pidfd)
{
	struct sbx_error err;
	pid_t pid = pid_of(pidfd);
	int r;

	box->pidfd = pidfd;
	if (pid < 0) {
		box_fail(box, -pid, "look up a box of a zygote");
		return;
	}
	box->pid = pid;
	r = watch_add(box, pidfd, EPOLLIN, TAG_PIDFD);
	if (r < 0)
		box_fail(box, -r, "watch a box of a zygote");
	else if (map_in(box, &err) < 0)
		box_fail_as(box, &err);
}
