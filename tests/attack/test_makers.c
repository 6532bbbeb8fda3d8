/* SPDX-License-Identifier: MIT */
/* sbxd, sbx-batch and sbx-exec while it builds, as one would have them who has
 * found a hole in them. They make boxes, so they keep all that a box is made
 * with, and what its program may call; a box cannot be made by who is held by
 * Landlock. The control is this test itself, which is not confined. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/def.h"
#include "support/hijack.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(makers, .init = scratch_make, .fini = scratch_remove, .timeout = 120);

/* What none of them needs, with arguments that come to nothing anywhere. */
static const struct hijacked_call calls[] = {
	{"trace", SYS_ptrace, {PTRACE_CONT, 0}, NULL, 0},
	{"read a process", SYS_process_vm_readv, {0}, NULL, 0},
	{"take a descriptor", SYS_pidfd_getfd, {-1, 0, 0}, NULL, 0},
	{"program", SYS_bpf, {-1, 0, 0}, NULL, 0},
	{"ring", SYS_io_uring_setup, {0, 0}, NULL, 0},
	{"keys", SYS_keyctl, {-1}, NULL, 0},
	{"module", SYS_finit_module, {-1, 0, 0}, NULL, 0},
	{"kernel", SYS_kexec_load, {0, 0, 0, -1}, NULL, 0},
	{"counter of another", SYS_perf_event_open, {0, 1, -1, -1, 8}, NULL, 0},
	{"faults", SYS_userfaultfd, {-1}, NULL, 0},
	{"handle", SYS_open_by_handle_at, {-1, 0, 0}, NULL, 0},
	{"root", SYS_chroot, {0}, NULL, 0},
	{"old mount", SYS_mount, {0}, NULL, 0},
	{"packets", SYS_socket, {AF_PACKET, SOCK_RAW, 0}, NULL, 0},
};

/* Which of them a host has, as this test sees it: most say what is wrong. */
static bool is_there(const struct hijacked_call *call)
{
	const long *a = call->args;

	return syscall(call->number, a[0], a[1], a[2], a[3], a[4]) >= 0 ||
	       errno != ENOSYS;
}

/* "Seccomp:\t2" of /proc/PID/status, once it says so. */
static bool comes_to_say(pid_t pid, const char *line)
{
	for (int i = 0; i < 300 * slowness(); i++) {
		struct buffer status = {0};
		bool found;

		read_file(text_of("/proc/%d/status", (int)pid), &status);
		found = status.data && strstr(status.data, line);
		buffer_free(&status);
		if (found)
			return true;
		(void)usleep(100000);
	}
	return false;
}

static void expect_confined(const struct live *live, const char *who)
{
	size_t n_there = 0;

	cr_assert(comes_to_say(live->pid, "Seccomp:\t2\n"), "%s", who);
	cr_expect(comes_to_say(live->pid, "NoNewPrivs:\t1\n"), "%s", who);
	cr_assert_eq(hijack(live->pid), 0, "%s", who);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		long r = hijack_call(live->pid, &calls[i]);

		n_there += is_there(&calls[i]);
		cr_expect_eq(r, -ENOSYS, "%s: %s: %ld", who, calls[i].name, r);
	}
	cr_expect_gt(n_there, ARRAY_SIZE(calls) / 2);
}

static void end(struct live *live)
{
	struct result result;

	hijack_end(live->pid);
	call_finish(live, &result);
	result_free(&result);
}

/* A daemon; once it says that it is confined, it has a box. */
static void start_daemon(struct call *call, struct live *live)
{
	call_start(call, live);
	for (int i = 0; i < 300 * slowness(); i++) {
		if (access(scratch("socket"), F_OK) == 0)
			return;
		(void)usleep(100000);
	}
	cr_assert_fail("no daemon");
}

#define DAEMON                                                           \
	{                                                                \
		COMMAND(text_of("%s/bin/sbxd", build_dir()), "--socket", \
		        scratch("socket"), "--warm", "base=1"),          \
			.outside = true, .no_report = true               \
	}

Test(makers, X172_hijacked_daemon)
{
	struct call call = DAEMON;
	struct live live;

	start_daemon(&call, &live);
	expect_confined(&live, "sbxd");
	end(&live);
}

Test(makers, X172_hijacked_batch)
{
	const struct call call = {
		COMMAND(text_of("%s/bin/sbx-batch", build_dir()), "-"),
		.outside = true,
		.no_report = true,
		.input = "{\"command\": [\"sleep\", \"60\"]}\n",
	};
	struct live live;

	call_start(&call, &live);
	expect_confined(&live, "sbx-batch");
	end(&live);
}

/* The box of the program itself is still to be made then. */
Test(makers, X172_hijacked_builder)
{
	const char *profile = scratch_text(
		"p.json", "{\"file\": \"f\", \"command\": [\"true\"], "
			  "\"build\": {\"command\": [\"sleep\", \"60\"]}}");
	const struct call call = {
		OPTIONS("--profile-file", profile, "--code", "x"),
	};
	struct live live;

	call_start(&call, &live);
	expect_confined(&live, "sbx-exec");
	end(&live);
}
