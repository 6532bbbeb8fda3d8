/* SPDX-License-Identifier: MIT */
/* sbx-trace: run a program, and write the tightest profile that it needs. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "exec/collect.h"
#include "exec/help.h"
#include "exec/run.h"
#include "exec/scope.h"
#include "exec/store.h"
#include "options.h"
#include "output.h"
#include "profile.h"
#include "remarks.h"
#include "traced.h"
#include "tracer.h"

/* How long a second run of a session waits for the first. */
#define SESSION_WAIT (10 * NS_PER_S)

/* For the handler of signals: the supervisor, and what it was sent last. */
static volatile pid_t supervisor;
static volatile sig_atomic_t passed_on;

struct trace {
	struct work work;
	struct profile_dirs dirs;
	struct arena arena;      /* of the profile that it starts from */
	const struct json *from; /* that, in it */
	struct output output;
	struct tracer tracer;
	struct traced *traced;
};

static int fail(struct sbx_error *err, const char *what)
{
	return err_set(err, SBX_STAGE_WATCH, errno, "%s", what);
}

/* ---- before the run ---- */

/* All that can fail for a reason that the caller controls. */
static int prepare(struct trace *trace, struct sbx_error *err)
{
	struct work *work = &trace->work;
	const struct options *options = &work->options;
	int r = output_open(&trace->output, options->output, err);

	if (r == 0)
		r = audit_open(&work->audit, options->audit, err);
	if (r == 0)
		r = work_spec(work, &trace->dirs, err);
	if (r == 0)
		r = profile_source(&trace->arena, options, trace->dirs.list,
		                   &trace->from, err);
	if (r == 0)
		r = collect_check(options, work->spec, err);
	if (r == 0)
		r = collect_open(options, &work->collect, err);
	if (r == 0)
		r = scope_enter(work->spec, err);
	if (r == 0)
		r = building_plan(&work->building, work->spec, err);
	if (r == 0)
		r = store_enter(work->spec, SESSION_WAIT, &work->session, err);
	if (r == 0)
		r = building_find(&work->building, work->spec, err);
	if (r == 0)
		r = sbx_plan_make(work->spec, &work->plan, err);
	return r;
}

/* ---- the run ---- */

/* The supervisor cancels the run, and tells how it ended. */
static void pass_on(int signal)
{
	int before = errno;

	passed_on = signal;
	if (supervisor > 0)
		(void)kill(supervisor, signal);
	errno = before;
}

/* None of them comes until they are let through again. */
static void take_signals(void (*handler)(int), sigset_t *before)
{
	struct sigaction action = {.sa_handler = handler,
	                           .sa_flags = SA_RESTART},
			 old;
	sigset_t set;

	sigemptyset(&set);
	for (const int *signal = RUN_SIGNALS; *signal; signal++)
		sigaddset(&set, *signal);
	(void)sigprocmask(SIG_BLOCK, &set, before);
	for (const int *signal = RUN_SIGNALS; *signal; signal++)
		if (sigaction(*signal, NULL, &old) == 0 &&
		    old.sa_handler != SIG_IGN)
			(void)sigaction(*signal, &action, NULL);
}

static int start(struct trace *trace, int *sync, struct sbx_error *err)
{
	sigset_t before, blocked;
	int ends[2], r;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(err, "socketpair");
	take_signals(pass_on, &before);
	pid = fork();
	if (pid == 0) {
		take_signals(SIG_DFL, &blocked);
		(void)sigprocmask(SIG_SETMASK, &before, NULL);
		(void)close(ends[0]);
		r = traced_run(&trace->work, trace->traced, ends[1]);
		work_free(&trace->work);
		_exit(r);
	}
	r = pid < 0 ? fail(err, "fork the supervisor") : 0;
	supervisor = pid;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	(void)close(ends[1]);
	*sync = ends[0];
	return r;
}

/* Returns the supervisor's exit status. */
static int run(struct trace *trace, struct sbx_error *err)
{
	CLEANUP_FD int sync = -1;
	int r = start(trace, &sync, err), status;

	if (r < 0)
		return r;
	if (traced_ready(sync)) {
		r = tracer_attach(&trace->tracer, supervisor, err);
		if (r == 0)
			traced_go(sync);
	}
	/* Without an answer it ends at once. */
	cleanup_fd(&sync);
	sync = -1;
	trace->tracer.supervisor = supervisor;
	tracer_follow(&trace->tracer);
	status = trace->tracer.status;
	supervisor = 0;
	if (r < 0)
		return r;
	/* Before it has a box to cancel, it ends as any program does. */
	if (WIFSIGNALED(status) && WTERMSIG(status) == passed_on)
		return 128 + passed_on;
	if (!WIFEXITED(status))
		return err_say(err, SBX_STAGE_WATCH, ECHILD,
		               "the supervisor was killed by somebody");
	return WEXITSTATUS(status);
}

/* ---- after it ---- */

static void say_refused(const struct trace *trace,
                        const struct learned *learned)
{
	const struct traced *traced = learned->traced;
	char text[128];

	if (trace->work.options.quiet)
		return;
	for (size_t i = 0; i < MIN(traced->n_refused, RUN_MAX_REFUSED); i++)
		log_line("sbx-trace", "refused: %s",
		         remarks_refused(learned, traced->refused[i], text,
		                         sizeof(text)));
}

static int write_profile(const struct trace *trace, struct traced *traced,
                         struct sbx_error *err)
{
	const struct work *work = &trace->work;
	struct buffer text CLEANUP(buffer_free) = {0};
	const struct learned learned = {
		work->spec,  work->plan,           work->options.profile,
		trace->from, &trace->tracer.calls, traced};
	int r;

	if (trace->tracer.lost || trace->tracer.calls.full)
		return err_say(err, SBX_STAGE_WATCH, EPROTO,
		               "not all calls of the program were seen; no "
		               "profile is written");
	traced->used.of[LIMIT_PIDS] =
		MAX(traced->used.of[LIMIT_PIDS], trace->tracer.tasks_peak);
	say_refused(trace, &learned);
	r = profile_text(&learned, &text);
	if (r < 0)
		return err_memory(err, SBX_STAGE_REPORT);
	return output_write(&trace->output, &text, err);
}

static int trace_do(struct trace *trace, struct sbx_error *err)
{
	struct traced *traced = trace->traced = traced_new();
	int status, r;

	if (!traced)
		return err_memory(err, SBX_STAGE_WATCH);
	r = prepare(trace, err);
	if (r < 0)
		return r;
	status = run(trace, err);
	if (status < 0 || !traced->over)
		return status;
	if (traced->stopped) {
		if (!trace->work.options.quiet)
			log_line("sbx-trace",
			         "no profile is written: the program did not "
			         "come to its own end");
		return status;
	}
	r = write_profile(trace, traced, err);
	return r < 0 ? r : status;
}

static int show(const struct trace *trace, struct sbx_error *err)
{
	const struct options *options = &trace->work.options;
	int r = 0;

	if (options->help)
		r = help_print(&trace_options, STDOUT_FILENO);
	else if (options->version)
		r = printf("sbx-trace " SBX_VERSION "\n") < 0 || fflush(stdout)
		            ? -errno
		            : 0;
	else if (options->list_profiles)
		r = profiles_list(&trace->dirs);
	else
		return profiles_show(&trace->dirs, options->show_profile, err);
	return r < 0 ? err_set(err, SBX_STAGE_REPORT, -r, "standard output")
	             : 0;
}

static int do_all(struct trace *trace, int argc, char **argv,
                  struct sbx_error *err)
{
	struct options *options = &trace->work.options;
	int r = options_parse(argc, argv, &trace_options, options, err);

	if (r < 0)
		return r;
	profile_dirs_init(&trace->dirs);
	if (options->help || options->version || options->list_profiles ||
	    options->show_profile)
		return show(trace, err);
	return trace_do(trace, err);
}

int main(int argc, char **argv)
{
	static struct trace trace = {
		.work = WORK_NONE,
		.output = OUTPUT_NONE,
	};
	struct sbx_error err = {0};
	int status;

	if (!work_begin("sbx-trace"))
		return 125;
	status = do_all(&trace, argc, argv, &err);
	if (status < 0) {
		if (!trace.work.options.quiet)
			log_line("sbx-trace", "%s%s", err.text,
			         work_advice(&err));
		status = sbx_error_status(&err);
	}
	output_close(&trace.output);
	arena_free(&trace.arena);
	work_free(&trace.work);
	return status;
}
