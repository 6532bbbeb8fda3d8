/* SPDX-License-Identifier: MIT */
#include "support/hijack.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

#define SYSCALL_LEN 2   /* bytes of the instruction */
#define BELOW       512 /* the stack pointer, out of everybody's way */

/* Until it stops; false: it has ended. */
static int await_stop(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, __WALL | WUNTRACED) < 0)
		if (errno != EINTR)
			return 0;
	return WIFSTOPPED(status);
}

int hijack(pid_t pid)
{
	const struct timespec moment = {.tv_nsec = 10000000};
	struct user_regs_struct regs;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
		return -errno;
	for (;;) {
		if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0 ||
		    !await_stop(pid) ||
		    ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0)
			return -ECHILD;
		if ((long)regs.orig_rax >= 0)
			return 0;
		/* Between two calls: a moment later. */
		(void)ptrace(PTRACE_CONT, pid, NULL, NULL);
		(void)nanosleep(&moment, NULL);
	}
}

static int put_text(pid_t pid, uintptr_t address, const char *text)
{
	struct iovec local = {(void *)(uintptr_t)text, strlen(text) + 1};
	struct iovec remote = {(void *)address, strlen(text) + 1};

	return process_vm_writev(pid, &local, 1, &remote, 1, 0) < 0 ? -errno
	                                                            : 0;
}

long hijack_call(pid_t pid, const struct hijacked_call *call)
{
	struct user_regs_struct before, regs;
	unsigned long long *args[] = {&regs.rdi, &regs.rsi, &regs.rdx,
	                              &regs.r10, &regs.r8,  &regs.r9};
	long r;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &before) < 0)
		return -errno;
	regs = before;
	for (int i = 0; i < 6; i++)
		*args[i] = (unsigned long long)call->args[i];
	if (call->text) {
		*args[call->text_at] = before.rsp - BELOW;
		r = put_text(pid, before.rsp - BELOW, call->text);
		if (r < 0)
			return r;
	}
	/* The instruction that it waits behind, once more. */
	regs.rip -= SYSCALL_LEN;
	regs.rax = (unsigned long long)call->number;
	regs.orig_rax = ~0ULL; /* nothing is to be restarted */
	if (ptrace(PTRACE_SETREGS, pid, NULL, &regs) < 0 ||
	    ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) < 0)
		return -errno;
	if (!await_stop(pid) || ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0)
		return -ECHILD;
	before.orig_rax = ~0ULL;
	(void)ptrace(PTRACE_SETREGS, pid, NULL, &before);
	return (long)regs.rax;
}

void hijack_end(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)ptrace(PTRACE_DETACH, pid, NULL, NULL);
}
