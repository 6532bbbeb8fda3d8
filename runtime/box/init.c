/* SPDX-License-Identifier: MIT */
/*
 * Pid 1 of the box. It runs in a copy of the caller's memory: no allocation,
 * no lock, only system calls. In order:
 *
 *   keep     no descriptor of the caller's stays; of a zygote's box, that it
 *            is born is told, with a descriptor for it
 *   open     what the plan takes from the host is opened, with the caller's
 *            rights, while the host's tree is still there
 *   become   once the id maps stand: the box's own ids; nothing of the
 *            caller's left in signals and memory; death with the caller
 *   build    the box's own root is entered, the host's is gone, and the plan's
 *            steps are carried out; meanwhile the caller makes the network
 *            namespace, which is entered before the last of them
 *   serve    the program is started, everything is reaped, the supervisor's
 *            questions are answered, the end is told
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "box/attend.h"
#include "box/payload.h"
#include "box/root.h"
#include "box/session.h"
#include "box/setup.h"
#include "box/told.h"
#include "box/wire.h"
#include "kernel/ns.h"

static _Noreturn void fail_on(int wire, const struct sbx_error *err)
{
	struct wire_message message = {.kind = WIRE_FAILED, .error = *err};

	(void)wire_send(wire, &message, NULL, 0);
	_exit(125);
}

_Noreturn void child_fail(const struct sbx_error *err)
{
	fail_on(INIT_WIRE, err);
}

static int fail(struct sbx_error *err, const char *what)
{
	return err_set(err, SBX_STAGE_INIT, errno, "%s", what);
}

/* Closes all descriptors but two; either may be -1. */
static int close_all_but(int one, int other)
{
	int low = MIN(one, other), high = MAX(one, other);

	if ((low > 0 && close_range(0, (unsigned)low - 1, 0) < 0) ||
	    (high > low + 1 &&
	     close_range((unsigned)low + 1, (unsigned)high - 1, 0) < 0))
		return -1;
	return close_range((unsigned)high + 1, ~0u, 0);
}

/* Descriptors: /dev/null on 0, 1 and 2, the wire, the lock, nothing else.
 * Until it has succeeded the wire is where the caller made it. */
static int keep_descriptors(const struct setup *setup, struct sbx_error *err)
{
	int wire, lock = -1, null;

	/* First of all, so that there is room even at the caller's limit. */
	if (close_all_but(setup->wire, setup->uid_lock) < 0)
		return fail(err, "close_range");
	/* Out of the way: either may be where it, or the other, goes. */
	wire = fcntl(setup->wire, F_DUPFD_CLOEXEC, INIT_LOCK + 1);
	if (setup->uid_lock >= 0)
		lock = fcntl(setup->uid_lock, F_DUPFD_CLOEXEC, INIT_LOCK + 1);
	if (wire < 0 || (setup->uid_lock >= 0 && lock < 0))
		return fail(err, "fcntl(F_DUPFD)");
	if (dup3(wire, INIT_WIRE, O_CLOEXEC) < 0 ||
	    (lock >= 0 && dup3(lock, INIT_LOCK, O_CLOEXEC) < 0))
		return fail(err, "dup3");
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return fail(err, "open /dev/null");
	for (int i = 0; i < 3; i++)
		if (null != i && dup3(null, i, O_CLOEXEC) < 0)
			return fail(err, "dup3");
	/* So that nothing else gets that place. */
	if (lock < 0 && null != INIT_LOCK &&
	    dup3(null, INIT_LOCK, O_CLOEXEC) < 0)
		return fail(err, "dup3");
	if (close_range(INIT_LOCK + 1, ~0u, 0) < 0)
		return fail(err, "close_range");
	return 0;
}

/* Waits for the one message that may come now. */
static int await(enum wire_kind kind, struct wire_message *message, int *fds,
                 struct sbx_error *err)
{
	const struct wire_message ready = {.kind = WIRE_READY};
	int r;

	r = wire_receive(INIT_WIRE, message, fds, MSG_DONTWAIT);
	/* A box that was opened ahead says so; one that is started at once has
	 * no one to tell. */
	if (r == -EAGAIN && kind == WIRE_START)
		(void)wire_send(INIT_WIRE, &ready, NULL, 0);
	if (r == -EAGAIN)
		r = wire_receive(INIT_WIRE, message, fds, 0);
	if (r == 0)
		_exit(125); /* the caller is gone */
	if (r < 0 || message->kind != kind)
		return err_set(err, SBX_STAGE_INIT, r < 0 ? -r : EPROTO,
		               "wait for the caller");
	return 0;
}

/* Nothing of the caller's stays: the ids are the box's; then /proc/1 is closed
 * to everyone inside, and pid 1 dies with the caller. Both are undone by a
 * change of ids, so they follow. */
static int become(int fds[WIRE_MAX_FDS], struct sbx_error *err)
{
	struct pollfd caller = {.fd = INIT_WIRE};
	struct wire_message mapped;
	int r;

	r = await(WIRE_MAPPED, &mapped, fds, err);
	if (r < 0)
		return r;
	r = inherited_clear(&mapped.inherited);
	if (r < 0)
		return err_set(err, SBX_STAGE_INIT, -r,
		               "clear what was inherited");
	if (setresgid(BOX_GID, BOX_GID, BOX_GID) < 0)
		return fail(err, "setresgid");
	if (setresuid(BOX_UID, BOX_UID, BOX_UID) < 0)
		return fail(err, "setresuid");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail(err, "PR_SET_DUMPABLE");
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return fail(err, "PR_SET_PDEATHSIG");
	/* It may have died before that. */
	do
		r = poll(&caller, 1, 0);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return fail(err, "poll");
	if (caller.revents & (POLLHUP | POLLERR))
		_exit(125);
	return 0;
}

/* Whom the caller did not start itself it does not know. */
static int announce(const struct setup *setup, struct sbx_error *err)
{
	const struct wire_message born = {.kind = WIRE_BORN};
	CLEANUP_FD int self = -1;
	int r;

	if (!setup->resume)
		return 0;
	self = pidfd_open(getpid(), 0);
	if (self < 0)
		return fail(err, "pidfd_open");
	r = wire_send(INIT_WIRE, &born, &self, 1);
	return r < 0 ? err_set(err, SBX_STAGE_INIT, -r, "tell that it is born")
	             : 0;
}

/* The cgroup that it was born into becomes the root of what is seen inside: the
 * clone took the caller's. */
static int enter_cgroup(const struct setup *setup, struct sbx_error *err)
{
	if (setup->cgroup >= 0 && unshare(CLONE_NEWCGROUP) < 0)
		return fail(err, "unshare(CLONE_NEWCGROUP)");
	return 0;
}

static int bring_up_loopback(const struct setup *setup, struct sbx_error *err)
{
	int r;

	if (setup->plan->network != NETWORK_LOOPBACK)
		return 0;
	r = net_send(&setup->loopback);
	if (r < 0)
		return err_set(err, SBX_STAGE_NETWORK, -r,
		               "bring up the loopback interface");
	return 0;
}

/* Its own, which the caller has made meanwhile; a box of a zygote was born in
 * it. */
static int enter_network(const struct setup *setup, struct sbx_error *err)
{
	struct wire_message message;
	int fds[WIRE_MAX_FDS];
	int r;

	if (!setup->resume) {
		r = await(WIRE_NETWORK, &message, fds, err);
		if (r < 0)
			return r;
		if (setns(fds[0], CLONE_NEWNET) < 0)
			return err_set(err, SBX_STAGE_NETWORK, errno,
			               "enter the network namespace");
	}
	return bring_up_loopback(setup, err);
}

static int run_payload(void *payload)
{
	payload_main(payload);
}

/* A directory of the box, for the supervisor: what the run of a session writes,
 * or where a run's files are placed before there is a program. */
static int hand_out(enum wire_kind kind, const char *path,
                    struct sbx_error *err)
{
	const struct wire_message message = {.kind = kind};
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return err_set(err, SBX_STAGE_INIT, errno, "open %s", path);
	r = wire_send(INIT_WIRE, &message, &fd, 1);
	(void)close(fd);
	if (r < 0)
		return err_set(err, SBX_STAGE_INIT, -r, "hand out %s", path);
	return 0;
}

/* What the program's process starts from: its streams, and what it hands to
 * the supervisor. */
static int open_payload(struct payload *payload, struct told *told,
                        struct sbx_error *err)
{
	const struct sbx_plan *plan = payload->setup->plan;
	bool is_told = plan->waits && !plan->has_agent;
	struct wire_message start;
	int fds[WIRE_MAX_FDS];
	int r;

	payload->proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	payload->workspace =
		open("/workspace", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (payload->proc < 0 || payload->workspace < 0)
		return fail(err, "open /proc and /workspace");
	if (plan->session && hand_out(WIRE_UPPER, SESSION_UPPER, err) < 0)
		return -1;
	if (is_told && hand_out(WIRE_WORKSPACE, "/workspace", err) < 0)
		return -1;
	r = await(WIRE_START, &start, fds, err);
	if (r < 0)
		return r;
	memcpy(payload->stdio, fds, sizeof(payload->stdio));
	payload->control = fds[3];
	told->executable = plan->executable;
	told->argv = plan->argv;
	told->envp = plan->envp;
	if (is_told) {
		r = told_read(payload->control, told, err);
		(void)close(payload->control);
		payload->control = -1;
	}
	payload->program = told;
	return r;
}

static int end_at_once(void *unused)
{
	(void)unused;
	_exit(0);
}

/* In a box of a zygote the program's process is a copy of this one and of the
 * interpreter in it. No handler of that is to run here. */
static pid_t spawn(struct payload *payload)
{
	_Alignas(16) char stack[PAYLOAD_STACK];
	pid_t program;

	/* Libraries look at their process id to find out that they were
	 * forked, so a zygote does not have that of the programs it makes. */
	if (payload->setup->plan->zygote)
		(void)ns_spawn(end_at_once, NULL, stack, sizeof(stack));
	if (!payload->setup->resume)
		return ns_spawn(run_payload, payload, stack, sizeof(stack));
	program = fork();
	if (program == 0)
		payload_main(payload);
	if (program > 0 && inherited_reset() < 0)
		return -1;
	return program;
}

static _Noreturn void serve(const struct setup *setup, struct sbx_error *err)
{
	struct payload payload = {.setup = setup};
	struct rusage self = {0};
	int children, status;
	struct told told;
	pid_t program;

	children = children_open(err);
	if (children < 0 || open_payload(&payload, &told, err) < 0)
		child_fail(err);
	(void)getrusage(RUSAGE_SELF, &self);
	program = spawn(&payload);
	if (program < 0) {
		(void)fail(err, "fork the program's process");
		child_fail(err);
	}
	/* Nobody but the program holds its streams. */
	for (int i = 0; i < 3; i++)
		(void)close(payload.stdio[i]);
	cleanup_fd(&payload.control);
	status = attend(program, payload.proc, children);
	if (status < 0) {
		errno = -status;
		(void)fail(err, "wait for the program");
		child_fail(err);
	}
	tell_end(status, clock_ns(), (uint64_t)self.ru_maxrss);
}

_Noreturn void init_main(const struct setup *setup)
{
	struct sbx_error err = {0};
	struct root root;
	int fds[WIRE_MAX_FDS];
	int r;

	if (keep_descriptors(setup, &err) < 0)
		fail_on(setup->wire, &err);
	r = announce(setup, &err);
	if (r == 0)
		r = enter_cgroup(setup, &err);
	if (r == 0)
		r = root_open(&root, setup->plan, &err);
	if (r == 0)
		r = become(fds, &err);
	if (r == 0)
		root_take(&root, setup->plan, fds[0]);
	if (r == 0)
		r = root_build(&root, setup->plan, &err);
	if (r == 0)
		r = enter_network(setup, &err);
	if (r == 0)
		r = root_finish(&root, setup->plan, &err);
	if (r < 0)
		child_fail(&err);
	/* What the root was built from. */
	if (close_range(INIT_LOCK + 1, ~0u, 0) < 0) {
		(void)fail(&err, "close_range");
		child_fail(&err);
	}
	serve(setup, &err);
}
