/* SPDX-License-Identifier: MIT */
/* sbx-exec as one would have it who has found a hole in it: it is made to call
 * what such a one would call. The control is sbx-exec without the confinement,
 * where all of that works. */
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

#include "base/def.h"
#include "support/hijack.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(supervisor, .init = scratch_make, .fini = scratch_remove,
          .timeout = 120);

#define SLEEPER COMMAND("sh", "-c", "echo ready; exec sleep 60")

static bool has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0;
}

/* "Seccomp:\t2" of /proc/PID/status. */
static bool has_status(pid_t pid, const char *line)
{
	struct buffer status = {0};
	bool found;

	read_file(text_of("/proc/%d/status", (int)pid), &status);
	found = strstr(status.data, line) != NULL;
	buffer_free(&status);
	return found;
}

static void cancel(struct live *live, struct result *result)
{
	(void)kill(live->pid, SIGTERM);
	call_finish(live, result);
}

/* While a program runs, the kernel says of sbx-exec that it is confined. */
Test(supervisor, X172_is_confined)
{
	const struct call calls[] = {
		{SLEEPER},
		{SLEEPER, .without = "confinement"},
	};
	struct result result;
	struct live live;

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		call_start(&calls[i], &live);
		cr_assert(call_expect(&live, "ready\n"));
		cr_expect_eq(has_status(live.pid, "Seccomp:\t2\n"), i == 0);
		cr_expect_eq(has_status(live.pid, "NoNewPrivs:\t1\n"), i == 0);
		cancel(&live, &result);
		cr_expect_eq(result.status, 143, "%s", result.err.data);
		cr_expect_str_eq(report_at(&result, "reason"), "cancelled");
		result_free(&result);
	}
}

/* What a hole would be used for. Which need Landlock is said; the last is the
 * end of the process in the control. */
static const struct hijack_row {
	struct hijacked_call call;
	int code;
	bool landlock;
} hijack_rows[] = {
	{{"read a file", SYS_openat, {AT_FDCWD, 0, O_RDONLY}, "/etc/passwd", 1},
         EACCES,
         true},
	{{"make a file",
          SYS_openat,
          {AT_FDCWD, 0, O_WRONLY | O_CREAT, 0644},
          "@made",
          1},
         EACCES,
         true},
	{{"remove a file", SYS_unlinkat, {AT_FDCWD, 0, 0}, "@there", 1},
         EACCES,
         true},
	{{"socket", SYS_socket, {AF_INET, SOCK_STREAM, 0}, NULL, 0}, EPERM, 0},
	{{"pair", SYS_socketpair, {AF_UNIX, SOCK_STREAM, 0, 0}, "", 3},
         EPERM,
         0},
	{{"memory to run",
          SYS_mmap,
          {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1},
          NULL,
          0},
         EPERM,
         0},
	{{"memfd", SYS_memfd_create, {0, 0}, "x", 0}, EPERM, 0},
	{{"directory", SYS_mkdir, {0, 0755}, "@made", 0}, EPERM, 0},
	{{"mode", SYS_chmod, {0, 04755}, "@there", 0}, EPERM, 0},
	{{"trace", SYS_ptrace, {PTRACE_TRACEME}, NULL, 0}, EPERM, 0},
	{{"find a process", SYS_pidfd_open, {1, 0}, NULL, 0}, EPERM, 0},
	{{"signal", SYS_kill, {0, 0}, NULL, 0}, EPERM, 0},
	{{"dumpable", SYS_prctl, {PR_SET_DUMPABLE, 1}, NULL, 0}, EPERM, 0},
	{{"ring", SYS_io_uring_setup, {1, 0}, "", 1}, EPERM, 0},
	{{"namespace", SYS_unshare, {0}, NULL, 0}, EPERM, 0},
	{{"fork", SYS_fork, {0}, NULL, 0}, EPERM, 0},
	{{"exec", SYS_execve, {0, 0, 0}, "/bin/true", 0}, EPERM, 0},
};

/* Those that the control cannot be expected to have: it is traced already; a
 * host may have no io_uring. */
static bool is_spared(const char *name)
{
	return strcmp(name, "trace") == 0 || strcmp(name, "ring") == 0;
}

static long make_call(pid_t pid, const struct hijack_row *row)
{
	struct hijacked_call call = row->call;
	long r;

	if (call.text && call.text[0] == '@')
		call.text = scratch(call.text + 1);
	r = hijack_call(pid, &call);
	if (call.number == SYS_fork && r > 0)
		(void)kill((pid_t)r, SIGKILL);
	return r;
}

enum held { OPEN, BY_FILTER, BY_ALL };

static void judge(const struct hijack_row *row, long r, enum held held)
{
	const char *name = row->call.name;

	if (held == BY_ALL && row->landlock && !has_landlock())
		return;
	if (held == BY_ALL || (held == BY_FILTER && !row->landlock))
		cr_expect_eq(r, -row->code, "%s: %ld", name, r);
	else if (!is_spared(name))
		cr_expect_geq(r, 0, "control: %s: %ld", name, r);
}

static void try_all(const struct call *call, enum held held)
{
	struct result result;
	struct live live;

	(void)scratch_text("there", "x");
	(void)unlink(scratch("made"));
	call_start(call, &live);
	cr_assert(call_expect(&live, "ready\n"));
	cr_assert_eq(hijack(live.pid), 0);
	for (size_t i = 0; i < ARRAY_SIZE(hijack_rows); i++) {
		judge(&hijack_rows[i], make_call(live.pid, &hijack_rows[i]),
		      held);
		(void)rmdir(scratch("made"));
		(void)unlink(scratch("made"));
		(void)scratch_text("there", "x");
	}
	hijack_end(live.pid);
	call_finish(&live, &result);
	result_free(&result);
}

/* Nothing that it still has opens, makes or removes a file, reaches another
 * process or the network, gets a right, or runs anything. */
Test(supervisor, X172_hijacked)
{
	const struct call confined = {SLEEPER};
	const struct call open = {SLEEPER, .without = "confinement"};

	try_all(&confined, BY_ALL);
	try_all(&open, OPEN);
}

/* On a kernel without Landlock it can still open files, and nothing else. */
Test(supervisor, X172_hijacked_without_landlock)
{
	const struct call filtered = {SLEEPER, .without = "landlock"};

	try_all(&filtered, BY_FILTER);
}

/* With files to bring out it can write there, and nowhere else. */
Test(supervisor, X172_hijacked_collector)
{
	const struct hijack_row inside = {
		{"there",
	         SYS_openat,
	         {AT_FDCWD, 0, O_WRONLY | O_CREAT, 0644},
	         "@out/made",
	         1},
		0,
		true};
	const struct hijack_row outside = {
		{"beside",
	         SYS_openat,
	         {AT_FDCWD, 0, O_WRONLY | O_CREAT, 0644},
	         "@made",
	         1},
		EACCES,
		true};
	const struct call call = {
		SLEEPER,
		OPTIONS("--collect", "*", "--collect-to", scratch("out")),
	};
	struct result result;
	struct live live;

	call_start(&call, &live);
	cr_assert(call_expect(&live, "ready\n"));
	cr_assert_eq(hijack(live.pid), 0);
	cr_expect_geq(make_call(live.pid, &inside), 0);
	judge(&outside, make_call(live.pid, &outside), BY_ALL);
	judge(&hijack_rows[0], make_call(live.pid, &hijack_rows[0]), BY_ALL);
	hijack_end(live.pid);
	call_finish(&live, &result);
	result_free(&result);
}
