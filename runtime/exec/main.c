/* SPDX-License-Identifier: MIT */
/* sbx-exec: run one program in a fresh sandbox, and say how it ended. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "exec/audit.h"
#include "exec/build.h"
#include "exec/collect.h"
#include "exec/help.h"
#include "exec/options.h"
#include "exec/pool.h"
#include "exec/profiles.h"
#include "exec/report.h"
#include "exec/run.h"
#include "exec/scope.h"
#include "exec/store.h"
#include "exec/work.h"

/* How long a second run of a session waits for the first. */
#define SESSION_WAIT (10 * NS_PER_S)

/* The result of what was written to standard output. */
static int printed(int r, struct sbx_error *err)
{
	return r < 0 ? err_set(err, SBX_STAGE_REPORT, -r, "standard output")
	             : 0;
}

static int print_plans(const struct work *work, struct sbx_error *err)
{
	int r = 0;

	if (work->building.plan)
		r = sbx_plan_print(work->building.plan, STDOUT_FILENO);
	if (r == 0)
		r = sbx_plan_print(work->plan, STDOUT_FILENO);
	return printed(r, err);
}

static int run_last(struct work *work, const struct sbx_stdio *stdio,
                    struct sbx_error *err)
{
	const struct confinement confinement = {work->session, work->collect};

	return run_box(work->plan, stdio, &confinement, &work->box, err);
}

/* The plan of the run was made to see that there is one; what it runs is not
 * there before the build is over. */
static int build_and_run(struct work *work, const struct sbx_stdio *stdio,
                         struct sbx_error *err)
{
	int r = building_run(&work->building, stdio->out < 0, err);

	sbx_plan_free(work->plan);
	work->plan = NULL;
	if (r != 0 || !work->building.built)
		return r;
	sbx_spec_built(work->spec, work->building.built, work->building.box);
	r = sbx_plan_make(work->spec, &work->plan, err);
	return r < 0 ? r : run_last(work, stdio, err);
}

/* The box that the outcome is of: the build's, if it came no further. */
static struct sbx_box *last_box(const struct work *work)
{
	return work->box ? work->box : work->building.box;
}

/* The program's text for the daemon, which reads no file of ours. */
static int read_for_pool(struct work *work, struct pool_program *program,
                         struct sbx_error *err)
{
	const struct options *options = &work->options;
	const char *file = options->arguments ? options->arguments[0] : NULL;
	int r = 0;

	program->arguments = options->arguments;
	if (options->command)
		return 0;
	if (options->code) {
		program->text = options->code;
		program->len = strlen(options->code);
		return 0;
	}
	if (options->request) {
		r = work_read_request(work, err);
	} else if (file) {
		program->arguments++;
		if (!work_is_nameless(file)) {
			const char *slash = strrchr(file, '/');

			program->file = slash ? slash + 1 : file;
			r = pool_read(file, &work->text, err);
		} else {
			r = work_read_code(work, file, err);
		}
	}
	program->text = work->text.data ? work->text.data : "";
	program->len = work->text.len;
	return r;
}

static int run_in_pool(struct work *work, struct sbx_stdio *stdio,
                       struct sbx_error *err)
{
	struct pool_program program = {.collect = -1};
	int r = collect_open(&work->options, &work->collect, err);

	program.collect = work->collect;
	if (r == 0)
		r = read_for_pool(work, &program, err);
	if (work->stdin_used)
		stdio->in = -1;
	if (r == 0)
		r = pool_run(&work->options, &program, stdio, &work->answer,
		             err);
	if (r < 0)
		return r;
	collect_tell(&work->options, work->answer.n_skipped);
	return work->answer.exit_status;
}

/* What the run leaves, if there was one. */
static int bring_out(struct work *work, int status, struct sbx_error *err)
{
	int r;

	if (status < 0 || !work->box)
		return status;
	r = sbx_session_commit(work->session, work->box, err);
	if (r == 0)
		r = collect_files(&work->options, work->collect, work->box,
		                  err);
	return r < 0 ? r : status;
}

/* Everything up to the end of the program. Returns the exit status, or a
 * negative errno with err. */
static int run_program(struct work *work, const struct profile_dirs *dirs,
                       struct sbx_error *err)
{
	const struct options *options = &work->options;
	struct sbx_stdio stdio = {
		.in = options->request ? -1 : STDIN_FILENO,
		.out = options->json ? -1 : STDOUT_FILENO,
		.err = options->json ? -1 : STDERR_FILENO,
	};
	int r, status;

	r = report_open(&work->report, options, err);
	if (r == 0 && options->pool)
		return run_in_pool(work, &stdio, err);
	if (r == 0 && !options->dry_run)
		r = audit_open(&work->audit, options->audit, err);
	if (r == 0)
		r = work_spec(work, dirs, err);
	if (r == 0)
		r = collect_check(options, work->spec, err);
	if (r == 0)
		r = collect_open(options, &work->collect, err);
	if (work->stdin_used)
		stdio.in = -1;
	if (r == 0 && !options->dry_run)
		r = scope_enter(work->spec, err);
	if (r == 0)
		r = building_plan(&work->building, work->spec, err);
	if (r == 0)
		r = store_enter(work->spec, SESSION_WAIT, &work->session, err);
	if (r == 0 && !options->dry_run)
		r = building_find(&work->building, work->spec, err);
	if (r == 0)
		r = sbx_plan_make(work->spec, &work->plan, err);
	if (r < 0)
		return r;
	if (options->dry_run)
		return print_plans(work, err);
	if (work->building.plan && !work->building.built)
		status = build_and_run(work, &stdio, err);
	else
		status = run_last(work, &stdio, err);
	return bring_out(work, status, err);
}

/* One line, where the program did not end by itself. */
static void say_end(const struct work *work)
{
	struct sbx_outcome outcome;

	if (work->options.pool) {
		if (work->answer.stopped)
			log_line("sbx-exec", "%s", work->answer.message);
		return;
	}
	outcome = sbx_box_outcome(last_box(work));
	if (outcome.stopped)
		log_line("sbx-exec", "%s", outcome.message);
}

static int finish(struct work *work, int status, struct sbx_error *err)
{
	const struct sbx_error failure = *err;
	const struct sbx_error *why = status < 0 ? &failure : NULL;
	int r;

	if (status < 0) {
		if (!work->options.quiet)
			log_line("sbx-exec", "%s%s", failure.text,
			         work_advice(&failure));
		status = sbx_error_status(&failure);
	} else if (work->options.dry_run) {
		return status;
	} else if (!work->options.json && !work->options.quiet) {
		say_end(work);
	}
	const struct report_of of = {work->spec, work->plan, last_box(work),
	                             why, work->answer.report};
	const struct sbx_audit line = {.spec = work->spec,
	                               .plan = work->plan,
	                               .box = why ? NULL : of.box,
	                               .failure = why};
	r = audit_put(&work->audit, &line, err);
	if (r == 0)
		r = report_put(&work->report, &of, err);
	if (r < 0) {
		log_line("sbx-exec", "%s", err->text);
		return 125;
	}
	return status;
}

static int show(const struct options *options, const struct profile_dirs *dirs,
                struct sbx_error *err)
{
	if (options->help)
		return printed(help_print(&exec_options, STDOUT_FILENO), err);
	if (options->version)
		return printf("sbx-exec " SBX_VERSION "\n") < 0 ||
		                       fflush(stdout)
		               ? err_set(err, SBX_STAGE_REPORT, errno,
		                         "standard output")
		               : 0;
	if (options->list_profiles)
		return printed(profiles_list(dirs), err);
	return profiles_show(dirs, options->show_profile, err);
}

static int work_do(struct work *work, struct sbx_error *err)
{
	const struct options *options = &work->options;
	struct profile_dirs dirs;
	int status;

	profile_dirs_init(&dirs);
	if (options->help || options->version || options->list_profiles ||
	    options->show_profile) {
		status = show(options, &dirs, err);
		if (status < 0)
			log_line("sbx-exec", "%s", err->text);
		return status < 0 ? 125 : 0;
	}
	status = run_program(work, &dirs, err);
	return finish(work, status, err);
}

/* A command line that is wrong: its report says so, where it goes somewhere. */
static int refuse(struct work *work, struct sbx_error *err)
{
	struct sbx_error unopened;

	(void)report_open(&work->report, &work->options, &unopened);
	return finish(work, -EINVAL, err);
}

int main(int argc, char **argv)
{
	struct work work = WORK_NONE;
	struct sbx_error err = {0};
	int status;

	if (!work_begin("sbx-exec"))
		return 125;
	if (options_parse(argc, argv, &exec_options, &work.options, &err) == 0)
		status = work_do(&work, &err);
	else
		status = refuse(&work, &err);
	work_free(&work);
	return status;
}
