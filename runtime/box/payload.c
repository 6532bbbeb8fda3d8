/* SPDX-License-Identifier: MIT */
/*
 * The program's process, from the fork to execve.
 *
 * The order of the steps is the security argument, so it is a table, and a
 * test holds it:
 *
 *   - everything that needs a right comes before caps;
 *   - nothing of the caller's is executed, loaded or looked up before filter;
 *   - filter is the last that can fail before exec, and the calls made after
 *     it (sendmsg, execve, exit_group) are in the set `base`;
 *   - what is not 0, 1 or 2 is closed by the exec itself.
 */
#include "box/payload.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "box/wire.h"
#include "kernel/notify.h"

static int fail(struct sbx_error *err, const char *what)
{
	return err_set(err, SBX_STAGE_PAYLOAD, errno, "%s", what);
}

static int step_session(const struct payload *payload, struct sbx_error *err)
{
	(void)payload;
	return setsid() < 0 ? fail(err, "setsid") : 0;
}

static int step_stdio(const struct payload *payload, struct sbx_error *err)
{
	for (int i = 0; i < 3; i++)
		if (dup2(payload->stdio[i], i) < 0)
			return fail(err, "dup2");
	return 0;
}

/* The one descriptor beside its streams that a program ever gets, and only the
 * agent of a box that is made ahead: it closes it before it runs anything. */
static int step_control(const struct payload *payload, struct sbx_error *err)
{
	if (payload->control >= 0 && dup2(payload->control, AGENT_CONTROL) < 0)
		return fail(err, "dup2");
	return 0;
}

/* What is left closes on exec. All other numbers are free, so that a low limit
 * on open files still has room for the filter's listener. */
static int step_descriptors(const struct payload *payload,
                            struct sbx_error *err)
{
	unsigned low = (unsigned)MIN(payload->proc, payload->workspace);
	unsigned high = (unsigned)MAX(payload->proc, payload->workspace);
	unsigned first =
		payload->control < 0 ? INIT_WIRE + 1 : AGENT_CONTROL + 1;
	const unsigned ranges[][2] = {
		{first, low - 1}, {low + 1, high - 1}, {high + 1, ~0u}};

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		if (ranges[i][0] <= ranges[i][1] &&
		    close_range(ranges[i][0], ranges[i][1], 0) < 0)
			return fail(err, "close_range");
	return 0;
}

/* Opened here, for no one else may, and gone again at once: the supervisor
 * reads them, and the program must not be able to stop them. They count from
 * the exec on. */
static int step_counters(const struct payload *payload, struct sbx_error *err)
{
	const struct wire_message message = {.kind = WIRE_COUNTERS};
	const struct pmu *pmu = &payload->setup->plan->pmu;
	int fds[PMU_MAX] = {-1, -1, -1, -1}, r = 0;

	if (pmu->n == 0)
		return 0;
	for (unsigned i = 0; i < pmu->n && r >= 0; i++)
		r = fds[i] = pmu_open(pmu->types[i]);
	if (r >= 0)
		r = wire_send(INIT_WIRE, &message, fds, (int)pmu->n);
	for (unsigned i = 0; i < pmu->n; i++)
		cleanup_fd(&fds[i]);
	return r < 0 ? err_set(err, SBX_STAGE_PAYLOAD, -r, "count instructions")
	             : 0;
}

static int step_workdir(const struct payload *payload, struct sbx_error *err)
{
	const char *path = payload->setup->plan->workdir;

	if (chdir(path) < 0)
		return err_set(err, SBX_STAGE_PAYLOAD, errno, "workdir %s",
		               path);
	return 0;
}

/* Habits of the caller's that fork and exec would hand down. */
static int step_habits(const struct payload *payload, struct sbx_error *err)
{
	const struct sched_param none = {0};

	(void)payload;
	(void)umask(022);
	if (personality(0) < 0)
		return fail(err, "personality");
	/* Nobody gets out of the idle class, which is the caller's word as a
	 * nice value is. */
	if (sched_setscheduler(0, SCHED_OTHER, &none) < 0 &&
	    sched_getscheduler(0) != SCHED_IDLE)
		return fail(err, "sched_setscheduler");
	if (getpriority(PRIO_PROCESS, 0) < 0 && setpriority(PRIO_PROCESS, 0, 0))
		return fail(err, "setpriority");
	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, 0) < 0)
		return fail(err, "ioprio_set");
	/* 0 would be what the caller had; this is what a system starts with. */
	if (prctl(PR_SET_TIMERSLACK, 50000, 0, 0, 0) < 0 ||
	    prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0) < 0 ||
	    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) < 0)
		return fail(err, "prctl");
	return 0;
}

/* n of the processors that the caller may use, from the one on which this runs:
 * there the scheduler has just found room for it, and nothing has to move. */
static void choose_cpus(unsigned n, const cpu_set_t *own, cpu_set_t *chosen)
{
	int here = sched_getcpu();

	n = MIN(n, (unsigned)CPU_COUNT(own)); /* fewer than when planned */
	CPU_ZERO(chosen);
	for (unsigned cpu = here < 0 ? 0 : (unsigned)here; n > 0;
	     cpu = (cpu + 1) % CPU_SETSIZE) {
		if (!CPU_ISSET(cpu, own) || CPU_ISSET(cpu, chosen))
			continue;
		CPU_SET(cpu, chosen);
		n--;
	}
}

static int step_processors(const struct payload *payload, struct sbx_error *err)
{
	unsigned n = payload->setup->plan->n_cpus;
	cpu_set_t own, chosen;

	if (n == 0)
		return 0;
	if (sched_getaffinity(0, sizeof(own), &own) < 0)
		return fail(err, "sched_getaffinity");
	choose_cpus(n, &own, &chosen);
	if (sched_setaffinity(0, sizeof(chosen), &chosen) < 0)
		return fail(err, "sched_setaffinity");
	return 0;
}

static int step_rlimits(const struct payload *payload, struct sbx_error *err)
{
	/* What a zygote has its boxes could not be given more of. */
	if (payload->setup->plan->zygote)
		return 0;
	for (size_t i = 0; i < N_PLAN_RLIMITS; i++) {
		const struct plan_rlimit *row =
			&payload->setup->plan->rlimits[i];
		const struct rlimit limit = {row->value, row->value};

		if (setrlimit((__rlimit_resource_t)row->resource, &limit) < 0)
			return fail(err, row->name);
	}
	return 0;
}

static int step_caps(const struct payload *payload, struct sbx_error *err)
{
	int r = caps_drop(&payload->setup->caps);

	if (r < 0)
		return err_set(err, SBX_STAGE_PAYLOAD, -r,
		               "drop the capabilities");
	return 0;
}

static int step_no_new_privs(const struct payload *payload,
                             struct sbx_error *err)
{
	(void)payload;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0
	               ? fail(err, "no_new_privs")
	               : 0;
}

static int step_signals(const struct payload *payload, struct sbx_error *err)
{
	sigset_t none;

	(void)payload;
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) < 0
	               ? fail(err, "sigprocmask")
	               : 0;
}

/* Installs the filter and hands its listener out. */
static int step_filter(const struct payload *payload, struct sbx_error *err)
{
	struct wire_message started = {.kind = WIRE_STARTED};
	const struct sbx_plan *plan = payload->setup->plan;
	int fds[] = {payload->proc, payload->workspace, -1};
	int r;

	/* The one listener that there may be in a line of processes is for a
	 * zygote's boxes. */
	r = plan->zygote ? filter_install(plan->filter, plan->n_filter)
	                 : notify_install(plan->filter, plan->n_filter);
	if (r < 0)
		return err_set(err, SBX_STAGE_FILTER, -r,
		               "install the system call filter");
	fds[2] = r;
	started.ns = clock_ns();
	r = wire_send(INIT_WIRE, &started, fds, plan->zygote ? 2 : 3);
	if (r < 0)
		return err_set(err, SBX_STAGE_FILTER, -r,
		               "hand out the filter's listener");
	return 0;
}

static int step_exec(const struct payload *payload, struct sbx_error *err)
{
	const struct told *program = payload->program;
	const struct setup *setup = payload->setup;

	if (setup->resume)
		setup->resume(setup);
	(void)execve(program->executable, program->argv, program->envp);
	return err_set(err, SBX_STAGE_EXEC, errno, "%s", program->executable);
}

const struct payload_step payload_steps[N_PAYLOAD_STEPS] = {
	{"session", step_session},
	{"stdio", step_stdio},
	{"control", step_control},
	{"descriptors", step_descriptors},
	{"counters", step_counters},
	{"workdir", step_workdir},
	{"habits", step_habits},
	{"processors", step_processors},
	{"rlimits", step_rlimits},
	{"caps", step_caps},
	{"no_new_privs", step_no_new_privs},
	{"signals", step_signals},
	{"filter", step_filter},
	{"exec", step_exec},
};

_Noreturn void payload_main(const struct payload *payload)
{
	struct sbx_error err = {0};

	for (size_t i = 0; i < N_PAYLOAD_STEPS; i++)
		if (payload_steps[i].run(payload, &err) < 0)
			break;
	child_fail(&err);
}
