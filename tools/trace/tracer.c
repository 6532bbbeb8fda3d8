/* SPDX-License-Identifier: MIT */
#include "tracer.h"

#include <errno.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/error.h"

/* Of <sys/ptrace.h>, which clashes with <linux/ptrace.h>. */
long ptrace(int request, ...);

/* EXITKILL: without a tracer there is no trace, and no run. */
#define OPTIONS                                                           \
	(PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | \
	 PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL)

void tracer_filter(struct sbx_plan *plan)
{
	for (size_t i = 0; i < plan->n_filter; i++) {
		struct sock_filter *code = &plan->filter[i];

		if (code->code == (BPF_RET | BPF_K) &&
		    code->k == SECCOMP_RET_ALLOW)
			code->k = SECCOMP_RET_TRACE;
	}
}

int tracer_attach(struct tracer *tracer, pid_t supervisor,
                  struct sbx_error *err)
{
	if (ptrace(PTRACE_SEIZE, supervisor, 0L, (long)OPTIONS) < 0)
		return err_set(err, SBX_STAGE_WATCH, errno,
		               "trace a process of its own; look at "
		               "kernel.yama.ptrace_scope, which is 3 where "
		               "nobody may");
	tracer->supervisor = supervisor;
	tracer->setup[tracer->n_setup++] = supervisor;
	return 0;
}

/* The place in setup, or n_setup. */
static size_t find_setup(const struct tracer *tracer, pid_t task)
{
	size_t i = 0;

	while (i < tracer->n_setup && tracer->setup[i] != task)
		i++;
	return i;
}

static bool is_setup(const struct tracer *tracer, pid_t task)
{
	return find_setup(tracer, task) < tracer->n_setup;
}

static void drop_setup(struct tracer *tracer, pid_t task)
{
	size_t i = find_setup(tracer, task);

	if (i < tracer->n_setup)
		tracer->setup[i] = tracer->setup[--tracer->n_setup];
}

static unsigned long event_message(pid_t task)
{
	unsigned long message = 0;

	(void)ptrace(PTRACE_GETEVENTMSG, task, 0L, &message);
	return message;
}

static void on_born(struct tracer *tracer, pid_t parent)
{
	pid_t child = (pid_t)event_message(parent);

	if (!is_setup(tracer, parent)) {
		tracer->n_tasks++;
		tracer->tasks_peak = MAX(tracer->tasks_peak, tracer->n_tasks);
	} else if (child > 0 && tracer->n_setup < TRACER_SETUP) {
		tracer->setup[tracer->n_setup++] = child;
	} else {
		tracer->lost = true;
	}
}

static void on_exec(struct tracer *tracer, pid_t task)
{
	/* A thread that is not the first becomes it, and has no end. */
	if (tracer->begun) {
		if (event_message(task) != (unsigned long)task)
			tracer->n_tasks -= tracer->n_tasks > 1;
		return;
	}
	if (!tracer->filtered)
		return;
	drop_setup(tracer, task);
	tracer->begun = true;
	tracer->n_tasks = tracer->tasks_peak = 1;
	for (size_t i = 0; i < tracer->n_setup; i++)
		(void)ptrace(PTRACE_INTERRUPT, tracer->setup[i], 0L, 0L);
}

static void on_call(struct tracer *tracer, pid_t task)
{
	struct ptrace_syscall_info info;
	uint64_t args[ARRAY_SIZE(info.seccomp.args)];
	long n = ptrace(PTRACE_GET_SYSCALL_INFO, task, sizeof(info), &info);

	if (n < 0 && errno == ESRCH)
		return; /* it was killed, and does not make the call */
	tracer->filtered = true;
	if (n <= 0 || info.op != PTRACE_SYSCALL_INFO_SECCOMP ||
	    info.arch != FILTER_ARCH) {
		tracer->lost = true;
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(args); i++)
		args[i] = info.seccomp.args[i];
	/* What the launch calls behind its filter is not the program's. */
	if (tracer->begun)
		calls_add(&tracer->calls, (uint32_t)info.seccomp.nr, args);
}

static const struct {
	int event;
	void (*handle)(struct tracer *tracer, pid_t task);
} events[] = {
	{PTRACE_EVENT_FORK, on_born},    {PTRACE_EVENT_VFORK, on_born},
	{PTRACE_EVENT_CLONE, on_born},   {PTRACE_EVENT_EXEC, on_exec},
	{PTRACE_EVENT_SECCOMP, on_call},
};

static void on_end(struct tracer *tracer, pid_t task, int status)
{
	if (task == tracer->supervisor)
		tracer->status = status;
	if (!is_setup(tracer, task) && tracer->n_tasks > 0)
		tracer->n_tasks--;
	drop_setup(tracer, task);
}

/* Lets a task go on from where it stopped; one that was killed meanwhile has
 * nothing to go on with, which its end tells. */
static void resume(struct tracer *tracer, pid_t task, int status)
{
	int event = status >> 16, signal = WSTOPSIG(status);
	int request = PTRACE_CONT;

	/* A stop of the whole process lasts until SIGCONT. */
	if (event == PTRACE_EVENT_STOP && signal != SIGTRAP)
		request = PTRACE_LISTEN;
	if (event != 0)
		signal = 0;
	if (tracer->begun && is_setup(tracer, task)) {
		request = PTRACE_DETACH;
		if (task != tracer->supervisor)
			drop_setup(tracer, task);
	}
	(void)ptrace(request, task, 0L, (long)signal);
}

static void on_stop(struct tracer *tracer, pid_t task, int status)
{
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		if (events[i].event == status >> 16)
			events[i].handle(tracer, task);
	resume(tracer, task, status);
}

void tracer_follow(struct tracer *tracer)
{
	int status;
	pid_t task;

	while ((task = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (task < 0)
			continue;
		if (WIFSTOPPED(status))
			on_stop(tracer, task, status);
		else
			on_end(tracer, task, status);
	}
}
