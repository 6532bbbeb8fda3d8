/* SPDX-License-Identifier: MIT */
/* The caller's side of making and ending a box. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "box/box.h"
#include "box/inputs.h"
#include "box/session.h"
#include "box/setup.h"
#include "box/wire.h"
#include "kernel/ns.h"
#include "kernel/probe.h"
#include "kernel/sys.h"

const struct sbx_box box_closed = {
	.pidfd = -1,
	.wire = -1,
	.uid_lock = -1,
	.userns = -1,
	.leaf = CGROUP_LEAF_NONE,
	.proc = -1,
	.workspace = -1,
	.upper = -1,
	.listener = -1,
	.counters = {-1, -1, -1, -1},
	.control = -1,
	.pipes = {-1, -1, -1},
	.epoll = -1,
	.timer = -1,
	.streams = {STREAM_NONE, STREAM_NONE, STREAM_NONE},
	.keeps = {-1, -1},
};

static int setup_prepare(struct setup *setup, const struct sbx_plan *plan,
                         struct sbx_error *err)
{
	int r;

	setup->plan = plan;
	r = caps_prepare(&setup->caps);
	if (r == 0 && plan->network == NETWORK_LOOPBACK)
		r = net_loopback_message(&setup->loopback);
	if (r < 0)
		return err_set(err, SBX_STAGE_CLONE, -r, "prepare the launch");
	return 0;
}

static _Noreturn void run_init(const void *setup)
{
	init_main(setup);
}

/* The box is the first to go when the host runs out of memory. It is never
 * less than what the caller has, so it takes no right. */
static int volunteer(pid_t pid)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	return file_put(AT_FDCWD, path, "1000");
}

/* Tells pid 1 to go on, and gives it what it may not open itself. */
static int send_mapped(struct sbx_box *box, const struct wire_message *mapped,
                       struct sbx_error *err)
{
	bool given = box->plan->session && box->plan->privileged;
	CLEANUP_FD int layers = -1;
	int r;

	if (given) {
		layers = session_layers(box->plan, box->pid);
		if (layers < 0)
			return err_set(err, SBX_STAGE_SESSION, -layers,
			               "map the owners of %s",
			               box->plan->layers);
	}
	r = wire_send(box->wire, mapped, &layers, given ? 1 : 0);
	if (r < 0)
		return err_set(err, SBX_STAGE_CLONE, -r, "tell pid 1 to go on");
	return 0;
}

int box_reserve_id(struct sbx_box *box, struct sbx_error *err)
{
	const struct sbx_plan *plan = box->plan;

	box->uid = plan->uid;
	return plan->privileged ? idmap_reserve(&plan->range, &box->uid,
	                                        &box->uid_lock, err)
	                        : 0;
}

/* A zygote as root makes boxes of the other ids. */
static int write_maps(const struct sbx_box *box, struct sbx_error *err)
{
	const struct sbx_plan *plan = box->plan;

	if (plan->zygote && plan->privileged)
		return idmap_write_range(box->pid, box->uid, &plan->range, err);
	return idmap_write(box->pid, box->uid,
	                   plan->privileged ? (gid_t)box->uid : plan->gid, err);
}

/* As long as pid 1 is the caller's: soon it is closed to everyone. */
static int open_userns(struct sbx_box *box, struct sbx_error *err)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)box->pid);
	box->userns = open(path, O_RDONLY | O_CLOEXEC);
	return box->userns < 0 ? err_set(err, SBX_STAGE_IDMAP, errno,
	                                 "open the user namespace of pid 1")
	                       : 0;
}

static int send_network(struct sbx_box *box, struct sbx_error *err)
{
	const struct wire_message message = {.kind = WIRE_NETWORK};
	CLEANUP_FD int network = ns_network(box->userns, err);
	int r;

	if (network < 0)
		return network;
	/* Of a zygote's boxes the maps are written from inside of it. */
	if (!box->plan->zygote)
		cleanup_fd(&box->userns);
	r = wire_send(box->wire, &message, &network, 1);
	return r < 0 ? err_set(err, SBX_STAGE_NETWORK, -r,
	                       "hand the network namespace over")
	             : 0;
}

/* The clone, and the maps that pid 1 waits for. */
static int launch(struct sbx_box *box, struct setup *setup,
                  struct sbx_error *err)
{
	struct wire_message mapped = {.kind = WIRE_MAPPED};
	pid_t pid;
	int r;

	r = box_reserve_id(box, err);
	if (r < 0)
		return r;
	setup->uid_lock = box->uid_lock;
	r = leaf_open(box, err);
	if (r < 0)
		return r;
	setup->cgroup = box->leaf.fd;
	pid = ns_clone(run_init, setup, setup->cgroup, &box->pidfd, err);
	if (pid < 0)
		return pid;
	box->pid = pid;
	r = write_maps(box, err);
	if (r == 0)
		r = open_userns(box, err);
	if (r < 0)
		return r;
	r = inherited_look(&mapped.inherited);
	if (r < 0)
		return err_set(err, SBX_STAGE_CLONE, -r,
		               "look up what pid 1 inherits");
	r = volunteer(pid);
	if (r < 0)
		return err_set(err, SBX_STAGE_CLONE, -r,
		               "set oom_score_adj of pid 1");
	r = send_mapped(box, &mapped, err);
	/* The rest while pid 1 builds its root. */
	if (r == 0)
		r = send_network(box, err);
	if (r < 0)
		return r;
	if (box->leaf.fd >= 0)
		cgroup_sweep(box->leaf.parent);
	return 0;
}

/* A pid 1 that has failed makes what is done to it fail, too: its own word
 * comes first. */
static int launch_error(struct sbx_box *box, int r, struct sbx_error *err)
{
	if (box->pid > 0)
		receive_wire(box);
	return box->failed ? box_failure(box, err) : r;
}

static int box_launch(struct sbx_box *box, struct sbx_error *err)
{
	struct setup setup = {.wire = -1, .uid_lock = -1, .cgroup = -1};
	int ends[2], r;

	r = setup_prepare(&setup, box->plan, err);
	if (r == 0) {
		r = wire_pair(ends);
		if (r < 0)
			r = err_set(err, SBX_STAGE_CLONE, -r, "socketpair");
	}
	if (r == 0) {
		box->wire = ends[0];
		setup.wire = ends[1];
		r = launch(box, &setup, err);
		(void)close(ends[1]);
		if (r < 0)
			r = launch_error(box, r, err);
	}
	caps_release(&setup.caps);
	return r;
}

int box_new(const struct sbx_plan *plan, struct sbx_box **box,
            struct sbx_error *err)
{
	struct sbx_box *made = malloc(sizeof(*made));

	if (!made)
		return err_memory(err, SBX_STAGE_CLONE);
	*made = box_closed;
	made->plan = plan;
	*box = made;
	return 0;
}

int sbx_box_open(const struct sbx_plan *plan, struct sbx_box **box,
                 struct sbx_error *err)
{
	struct sbx_box *made;
	int r;

	if (plan->unchecked)
		return err_say(err, SBX_STAGE_CHECK, EPERM,
		               "the program has not been checked; see "
		               "sbx_spec_build()");
	r = box_new(plan, &made, err);
	if (r < 0)
		return r;
	r = sbx_box_request(made, plan->id, plan->made_ns, err);
	if (r == 0)
		r = box_launch(made, err);
	if (r == 0)
		r = watch_open(made, err);
	if (r < 0) {
		sbx_box_close(made);
		return r;
	}
	*box = made;
	return 0;
}

int sbx_box_request(struct sbx_box *box, const char *id, uint64_t request_ns,
                    struct sbx_error *err)
{
	size_t len = id ? strnlen(id, SBX_MAX_ID + 1) : 0;
	char fresh[33];
	int r;

	if (!id) {
		r = probe_random_id(fresh);
		if (r < 0)
			return err_set(err, SBX_STAGE_WATCH, -r,
			               "make an id for the run");
		id = fresh;
		len = strlen(fresh);
	}
	if (len == 0 || len > SBX_MAX_ID)
		return err_say(err, SBX_STAGE_WATCH, EINVAL,
		               "the id of a run is 1 to %d bytes long",
		               SBX_MAX_ID);
	memcpy(box->run.id, id, len + 1);
	box->run.request_ns = request_ns;
	return 0;
}

/* Of a zygote's box the zygote is the parent. */
static void await_end(const struct sbx_box *box)
{
	struct pollfd end = {.fd = box->pidfd, .events = POLLIN};
	siginfo_t info;

	if (!box->zygote)
		(void)sys_waitid(box->pidfd, &info, WEXITED | __WALL, NULL);
	else
		while (poll(&end, 1, -1) < 0 && errno == EINTR)
			;
}

void sbx_box_close(struct sbx_box *box)
{
	int *const fds[] = {&box->pidfd,    &box->wire,      &box->uid_lock,
	                    &box->proc,     &box->workspace, &box->listener,
	                    &box->control,  &box->pipes[0],  &box->pipes[1],
	                    &box->pipes[2], &box->epoll,     &box->timer,
	                    &box->upper,    &box->userns};
	struct sbx_box *zygote;

	if (!box)
		return;
	if (box->pid > 0) {
		(void)pidfd_send_signal(box->pidfd, SIGKILL, NULL, 0);
		await_end(box);
	}
	cgroup_leaf_remove(&box->leaf);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		cleanup_fd(fds[i]);
	for (size_t i = 0; i < PMU_MAX; i++)
		cleanup_fd(&box->counters[i]);
	for (size_t i = 0; i < N_STREAMS; i++)
		stream_free(&box->streams[i]);
	arena_free(&box->run.files.arena);
	zygote = box->zygote;
	free(box);
	if (zygote)
		zygote_release(zygote);
}

struct sbx_outcome sbx_box_outcome(const struct sbx_box *box)
{
	return run_judge(box->plan, &box->run);
}
