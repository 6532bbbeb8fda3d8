/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/def.h"
#include "box/wire.h"
#include "kernel/filter.h"
#include "kernel/notify.h"
#include "support/child.h"

TestSuite(notify, .timeout = 30);

/* Refers getpgid(), by its number in any architecture; allows the rest. */
static const struct sock_filter refer[] = {
	{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr)},
	{BPF_JMP | BPF_JEQ | BPF_K, 1, 0, SYS_getpgid},
	{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 132 /* getpgid of i386 */},
	{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF},
	{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
};

/* A program under the filter: body runs in it. */
struct program {
	child_body *body;
	pid_t pid;
	int listener;
};

static int start(struct program *program)
{
	struct wire_message message = {0};
	int ends[2], fds[WIRE_MAX_FDS];

	STEP(wire_pair(ends) == 0);
	program->pid = child_fork();
	if (program->pid == 0) {
		int listener = -1;

		(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		listener = notify_install(refer, ARRAY_SIZE(refer));
		if (listener < 0 ||
		    wire_send(ends[1], &message, &listener, 1) < 0)
			_exit(99);
		(void)close(listener);
		_exit(program->body(NULL));
	}
	(void)close(ends[1]);
	STEP(wire_receive(ends[0], &message, fds, 0) == 1);
	(void)close(ends[0]);
	program->listener = fds[0];
	return 0;
}

static int finish(struct program *program)
{
	int status;

	if (waitpid(program->pid, &status, 0) != program->pid)
		return -1;
	(void)close(program->listener);
	return status;
}

static int call_three_times(void *data)
{
	(void)data;
	for (int i = 0; i < 3; i++)
		STEP(getpgid(0) == -1 && errno == EPERM);
	STEP(getpid() > 0);
	return 0;
}

static int refuse_three_times(void *data)
{
	struct program program = {.body = call_three_times};
	struct refused_call call;
	uint64_t last = 0;

	(void)data;
	STEP(start(&program) == 0);
	for (int i = 0; i < 3; i++) {
		STEP(notify_receive(program.listener, &call) == 1);
		STEP(call.arch == FILTER_ARCH);
		STEP(call.number == SYS_getpgid);
		STEP(call.id != last);
		STEP(call_is_native(&call));
		last = call.id;
		STEP(notify_refuse(program.listener, &call) == 0);
		/* Once is enough. */
		STEP(notify_refuse(program.listener, &call) <= 0);
	}
	STEP(finish(&program) == 0);
	return 0;
}

/* A call is received, and its caller gets EPERM. */
Test(notify, refuses)
{
	EXPECT_CHILD(child_run(refuse_three_times, NULL));
}

static int call_once(void *data)
{
	(void)data;
	(void)getpgid(0);
	return 3;
}

static bool is_readable(int fd, short *events)
{
	struct pollfd one = {.fd = fd, .events = POLLIN};

	(void)poll(&one, 1, 1000);
	*events = one.revents;
	return one.revents & POLLIN;
}

static int lose_the_caller(void *data)
{
	struct program program = {.body = call_once};
	struct refused_call call;
	short events;

	(void)data;
	/* Dead before the call is received, and before it is answered. */
	STEP(start(&program) == 0);
	STEP(is_readable(program.listener, &events));
	STEP(notify_receive(program.listener, &call) == 1);
	STEP(kill(program.pid, SIGKILL) == 0);
	STEP(waitpid(program.pid, NULL, 0) == program.pid);
	STEP(notify_refuse(program.listener, &call) == 0);
	STEP(!is_readable(program.listener, &events) && events == POLLHUP);
	(void)close(program.listener);
	return 0;
}

/* A caller that dies meanwhile is no failure; a filter that nobody has any
 * more shows as POLLHUP. */
Test(notify, survives_its_caller)
{
	EXPECT_CHILD(child_run(lose_the_caller, NULL));
}

static int lose_the_listener(void *data)
{
	struct program program = {.body = call_once};

	(void)data;
	STEP(start(&program) == 0);
	(void)close(program.listener);
	STEP(waitpid(program.pid, NULL, 0) == program.pid);
	return 0;
}

/* Without a listener a call fails, and does not wait. */
Test(notify, does_not_wait_for_nobody)
{
	EXPECT_CHILD(child_run(lose_the_listener, NULL));
}

static volatile sig_atomic_t n_signals;

static void on_signal(int number)
{
	(void)number;
	n_signals++;
}

/* The signals come while the call waits to be answered. */
static int call_under_signals(void *data)
{
	const struct sigaction action = {.sa_handler = on_signal,
	                                 .sa_flags = SA_RESTART};
	const struct itimerval often = {{0, 2000}, {0, 2000}};

	(void)data;
	STEP(sigaction(SIGALRM, &action, NULL) == 0);
	STEP(setitimer(ITIMER_REAL, &often, NULL) == 0);
	STEP(getpgid(0) == -1 && errno == EPERM);
	STEP(n_signals > 0);
	return 0;
}

static int answer_slowly(void *data)
{
	struct program program = {.body = call_under_signals};
	struct refused_call call;
	short events;
	int n = 0;

	(void)data;
	STEP(start(&program) == 0);
	while (is_readable(program.listener, &events)) {
		STEP(notify_receive(program.listener, &call) == 1);
		n++;
		usleep(50000);
		STEP(notify_refuse(program.listener, &call) == 0);
	}
	STEP(finish(&program) == 0);
	STEP(n == 1);
	return 0;
}

/* A program that is signalled all the time gets its answer all the same, once
 * its call has been received. */
Test(notify, makes_progress_under_signals)
{
	EXPECT_CHILD(child_run(answer_slowly, NULL));
}

#ifdef __x86_64__
static int call_as_i386(void *data)
{
	long result;

	(void)data;
	(void)signal(SIGSEGV, SIG_DFL);
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(132), "b"(0));
	return result == -EPERM ? 0 : 1;
}

static int hear_i386(void *data)
{
	struct program program = {.body = call_as_i386};
	struct refused_call call;

	(void)data;
	STEP(start(&program) == 0);
	STEP(notify_receive(program.listener, &call) == 1);
	STEP(call.arch == AUDIT_ARCH_I386 && call.number == 132);
	STEP(!call_is_native(&call));
	STEP(notify_refuse(program.listener, &call) == 0);
	STEP(finish(&program) == 0);
	return 0;
}

/* A call of another architecture says so, where the kernel has another. */
Test(notify, hears_another_architecture)
{
	if (child_run(call_as_i386, NULL) != -SIGSEGV)
		EXPECT_CHILD(child_run(hear_i386, NULL));
}
#endif

/* What a native call is. */
Test(notify, knows_native_calls)
{
	const struct {
		struct refused_call call;
		bool native;
	} rows[] = {
		{{FILTER_ARCH, 0, 0}, true},
		{{FILTER_ARCH, 999, 0}, true},
		{{FILTER_ARCH, 0x3fffffff, 0}, true},
		{{FILTER_ARCH, 0 | FILTER_X32_BIT, 0}, FILTER_X32_BIT == 0},
		{{FILTER_ARCH, 0xffffffff, 0}, FILTER_X32_BIT == 0},
		{{FILTER_ARCH + 1, 0, 0}, false},
		{{AUDIT_ARCH_I386, 5, 0}, false},
		{{0, 0, 0}, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_eq(call_is_native(&rows[i].call), rows[i].native,
		             "row %zu", i);
}

static int install_badly(void *data)
{
	static const struct sock_filter endless[] = {
		{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},
	};

	(void)data;
	if (geteuid() != 0)
		STEP(notify_install(refer, ARRAY_SIZE(refer)) == -EACCES);
	STEP(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	STEP(notify_install(refer, 0) == -EINVAL);
	STEP(notify_install(endless, 1) == -EINVAL);
	STEP(notify_install(refer, 5000) == -EINVAL);
	STEP(notify_install(refer, ARRAY_SIZE(refer)) >= 0);
	/* One listener is all there can be. */
	STEP(notify_install(refer, ARRAY_SIZE(refer)) == -EBUSY);
	return 0;
}

/* What the kernel does not take is said, and nothing is installed. */
Test(notify, tells_why_it_was_not_installed)
{
	struct refused_call call;

	EXPECT_CHILD(child_run(install_badly, NULL));
	cr_expect_eq(notify_receive(-1, &call), -EBADF);
	cr_expect_eq(notify_refuse(0, &call), -ENOTTY);
}
