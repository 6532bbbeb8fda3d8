/* SPDX-License-Identifier: MIT */
#include "traced.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "base/error.h"
#include "base/log.h"
#include "box/box.h"
#include "exec/collect.h"
#include "exec/run.h"
#include "tracer.h"

struct traced *traced_new(void)
{
	void *memory = mmap(NULL, sizeof(struct traced), PROT_READ | PROT_WRITE,
	                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* One byte, either way. */
static bool hear(int sync)
{
	char byte;
	ssize_t n;

	do
		n = read(sync, &byte, 1);
	while (n < 0 && errno == EINTR);
	return n == 1;
}

bool traced_ready(int sync)
{
	return hear(sync);
}

void traced_go(int sync)
{
	(void)!write(sync, "", 1);
}

static int wait_for_tracer(int sync, struct sbx_error *err)
{
	traced_go(sync);
	if (!hear(sync))
		return err_say(err, SBX_STAGE_WATCH, EOWNERDEAD,
		               "the tracer has ended");
	return 0;
}

static void tell_facts(const struct work *work, struct traced *traced)
{
	const struct run *run = &work->box->run;
	struct sbx_outcome outcome = sbx_box_outcome(work->box);
	uint64_t *used = traced->used.of;

	used[LIMIT_WALL_TIME] = run->end_ns - run->start_ns;
	used[LIMIT_CPU_TIME] = run->user_ns + run->system_ns;
	/* Its files are memory, too, and a short run is not sampled with them.
	 */
	used[LIMIT_MEMORY] = run->memory_peak
	                             ? run->memory_peak + run->disk_bytes
	                             : LIMIT_OFF;
	used[LIMIT_PIDS] = run->tasks_peak;
	used[LIMIT_OUTPUT] = MAX(run->output[0].bytes, run->output[1].bytes);
	/* The state of a session counts against it, and was not written now. */
	used[LIMIT_DISK] = work->session ? LIMIT_OFF : run->disk_bytes;
	traced->n_refused = run->n_refused;
	for (size_t i = 0; i < run->n_refused; i++)
		traced->refused[i] = run->refused[i].number;
	traced->stopped = outcome.stopped;
	traced->exit_status = outcome.exit_status;
	traced->over = true;
}

/* The plan of the run was made to see that there is one; what it runs is not
 * there before the build is over. */
static int build(struct work *work, struct sbx_error *err)
{
	int r = building_run(&work->building, false, err);

	sbx_plan_free(work->plan);
	work->plan = NULL;
	if (r != 0)
		return r;
	sbx_spec_built(work->spec, work->building.built, work->building.box);
	return sbx_plan_make(work->spec, &work->plan, err);
}

static int run(struct work *work, int sync, struct sbx_error *err)
{
	const struct confinement confinement = {work->session, work->collect};
	int out = work->options.output ? STDOUT_FILENO : STDERR_FILENO;
	const struct sbx_stdio stdio = {work->stdin_used ? -1 : STDIN_FILENO,
	                                out, STDERR_FILENO};
	int r = 0, status;

	if (work->building.plan && !work->building.built)
		r = build(work, err);
	if (r == 0)
		r = wait_for_tracer(sync, err);
	if (r != 0)
		return r;
	tracer_filter(work->plan);
	status = run_box(work->plan, &stdio, &confinement, &work->box, err);
	if (status < 0)
		return status;
	r = sbx_session_commit(work->session, work->box, err);
	if (r == 0)
		r = collect_files(&work->options, work->collect, work->box,
		                  err);
	return r < 0 ? r : status;
}

/* The box that the outcome is of: the build's, if it came no further. */
static struct sbx_box *last_box(const struct work *work)
{
	return work->box ? work->box : work->building.box;
}

static void say_end(const struct work *work)
{
	struct sbx_outcome outcome = sbx_box_outcome(last_box(work));

	if (outcome.stopped && !work->options.quiet)
		log_line("sbx-trace", "%s", outcome.message);
}

int traced_run(struct work *work, struct traced *traced, int sync)
{
	struct sbx_error err = {0}, failure;
	int status = -ECHILD;

	/* The run does not outlive who traces it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)
		status = run(work, sync, &err);
	failure = err;
	if (status < 0) {
		/* A tracer that gave up has said why itself. */
		if (!work->options.quiet && status != -EOWNERDEAD)
			log_line("sbx-trace", "%s%s", failure.text,
			         work_advice(&failure));
	} else {
		say_end(work);
	}
	const struct sbx_audit line = {.spec = work->spec,
	                               .plan = work->plan,
	                               .box = status < 0 ? NULL
	                                                 : last_box(work),
	                               .failure = status < 0 ? &failure : NULL};
	if (audit_put(&work->audit, &line, &err) < 0) {
		log_line("sbx-trace", "%s", err.text);
		return 125;
	}
	if (status >= 0 && work->box)
		tell_facts(work, traced);
	return status < 0 ? sbx_error_status(&failure) : status;
}
