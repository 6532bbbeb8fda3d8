/* SPDX-License-Identifier: MIT */
/*
 * sbx-batch: many runs, one request a line in, one report a line out.
 *
 * What was written to the output is done, whatever ends the batch: a report
 * is one line, and a line without its end is taken back by --resume. Nothing
 * else is kept, so that there is nothing else to lose.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "batch.h"
#include "exec/profiles.h"
#include "exec/run.h"
#include "exec/scope.h"
#include "merge.h"
#include "options.h"

#define PROGRAM     "sbx-batch"
#define FILES_A_BOX 32 /* descriptors, at most */

/* Each box takes some descriptors: more than the usual limit allows. */
static int raise_files(size_t n_jobs, struct sbx_error *err)
{
	const rlim_t wanted = 64 + FILES_A_BOX * (rlim_t)n_jobs;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return err_set(err, SBX_STAGE_PLAN, errno, "getrlimit");
	if (limit.rlim_cur >= wanted)
		return 0;
	if (limit.rlim_max < wanted)
		return err_say(err, SBX_STAGE_PLAN, EMFILE,
		               "--jobs %zu: needs %ju open files, and the "
		               "limit is %ju; ulimit -n raises it",
		               n_jobs, (uintmax_t)wanted,
		               (uintmax_t)limit.rlim_max);
	limit.rlim_cur = wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return err_set(err, SBX_STAGE_PLAN, errno, "setrlimit");
	return 0;
}

static int open_input(struct batch *batch, const struct options *options,
                      struct sbx_error *err)
{
	struct stat st;
	int r;

	if (strcmp(options->requests, "-") == 0)
		r = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		r = open(options->requests, O_RDONLY | O_CLOEXEC);
	if (r < 0 || fstat(r, &st) < 0)
		return err_set(err, SBX_STAGE_SPEC, errno, "%s",
		               options->requests);
	batch->input = r;
	r = requests_open(&batch->requests, batch->input, err);
	batch->requests.shard = options->shard;
	if (S_ISREG(st.st_mode))
		batch->tally.size = (uint64_t)st.st_size;
	return r;
}

/* The batch as a whole; what it came to is in the exit status. */
static int run(struct batch *batch, const struct options *options,
               struct sbx_error *err)
{
	const bool progress = isatty(STDERR_FILENO);
	const int told = options->output ? STDOUT_FILENO : STDERR_FILENO;
	const char *left = options->output ? "there are requests left; "
	                                     "--resume goes on"
	                                   : "there are requests left";
	int r = batch_run(batch, err);

	if (progress)
		tally_hide(STDERR_FILENO);
	if (r == 0 && batch->at_end && !batch->given_up)
		left = NULL;
	if (tally_sum(&batch->tally, options->summary, left, told) < 0)
		log_line(PROGRAM, "the summary could not be written");
	if (r < 0)
		return r;
	if (left && batch->stopped_by)
		return 128 + batch->stopped_by;
	return tally_of(&batch->tally, "error") ? 1 : 0;
}

/* Where systemd can delegate a cgroup, one is for all boxes. */
static int enter_scope(struct sbx_error *err)
{
	struct sbx_spec *spec;
	int r = sbx_spec_new(&spec, err);

	if (r < 0)
		return r;
	r = scope_enter(spec, err);
	sbx_spec_free(spec);
	return r;
}

static int run_all(const struct options *options, struct sbx_error *err)
{
	struct batch batch = BATCH_NONE;
	struct profile_dirs dirs;
	struct ids ids = {0};
	int r = raise_files(options->jobs, err);

	profile_dirs_init(&dirs);
	batch.places = (struct places){dirs.list, dirs.trees, options->pool};
	batch.requests.ids = &ids;
	tally_init(&batch.tally);
	/* What sbxd runs is a line of its log. */
	if (r == 0 && !options->pool)
		r = audit_open(&batch.audit, options->audit, err);
	if (r == 0 && !options->pool)
		r = enter_scope(err);
	if (r == 0)
		r = sbx_confine_maker(err);
	if (r == 0)
		r = open_input(&batch, options, err);
	if (r == 0)
		r = reports_open(&batch.reports, options->output,
		                 options->resume ? &ids : NULL, err);
	if (r == 0)
		r = batch_open(&batch, options->jobs, isatty(STDERR_FILENO),
		               err);
	if (r == 0)
		r = run(&batch, options, err);
	batch_close(&batch);
	cleanup_fd(&batch.input);
	ids_free(&ids);
	return r;
}

int main(int argc, char **argv)
{
	struct options options;
	struct sbx_error err;
	int r;

	if (file_ensure_stdio() < 0)
		return 125;
	run_errors_only();
	r = options_parse(argc, argv, &options, &err);
	if (r == 0 && options.help)
		r = printf("%s", options_help) < 0 || fflush(stdout) ? 125 : 0;
	else if (r == 0 && options.version)
		r = puts(PROGRAM " " SBX_VERSION) < 0 || fflush(stdout) ? 125
		                                                        : 0;
	else if (r == 0 && options.merge)
		r = merge(options.requests, options.reports, options.output,
		          &err);
	else if (r == 0)
		r = run_all(&options, &err);
	if (r >= 0)
		return r;
	log_line(PROGRAM, "%s", err.text);
	return 125;
}
