/* SPDX-License-Identifier: MIT */
/*
 * run DIRECTORY CODE: runs CODE, a Python program, in a sandbox, with the
 * profile "python" of DIRECTORY. The program's output goes where this
 * program's goes; how it ended is told in a line on standard error.
 *
 *	cc -o run run.c $(pkg-config --cflags --libs sbx)
 *	./run /usr/local/share/sbx/profiles 'print(6 * 7)'
 */
#include <sbx.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What is wanted. */
static int say(struct sbx_spec *spec, const char *directory, const char *code,
               struct sbx_error *err)
{
	const char *const directories[] = {directory, NULL};
	int r;

	r = sbx_spec_profile(spec, "python", directories, err);
	if (r == 0)
		r = sbx_spec_set(spec, "limits.wall_time", "2s", err);
	if (r == 0)
		r = sbx_spec_set(spec, "limits.memory", "128M", err);
	if (r == 0)
		r = sbx_spec_code(spec, code, strlen(code), NULL, err);
	return r;
}

/* One box, from its making to the end of its program. */
static int run(const struct sbx_plan *plan, struct sbx_box **box,
               struct sbx_error *err)
{
	const struct sbx_stdio stdio = {
		.in = -1,
		.out = STDOUT_FILENO,
		.err = STDERR_FILENO,
	};
	int r;

	r = sbx_box_open(plan, box, err);
	if (r == 0)
		r = sbx_box_start(*box, &stdio, err);
	if (r == 0)
		r = sbx_box_wait(*box, err);
	return r;
}

int main(int argc, char **argv)
{
	struct sbx_spec *spec = NULL;
	struct sbx_plan *plan = NULL;
	struct sbx_box *box = NULL;
	struct sbx_error err;
	int r, status;

	if (argc != 3) {
		fprintf(stderr, "usage: run DIRECTORY CODE\n");
		return 125;
	}
	/* Else a reader of our output that goes away ends this program. */
	signal(SIGPIPE, SIG_IGN);
	r = sbx_spec_new(&spec, &err);
	if (r == 0)
		r = say(spec, argv[1], argv[2], &err);
	if (r == 0)
		r = sbx_plan_make(spec, &plan, &err);
	if (r == 0)
		r = run(plan, &box, &err);
	if (r < 0) {
		/* The sandbox failed. The program may not even have run. */
		fprintf(stderr, "run: %s\n", err.text);
		status = sbx_error_status(&err);
	} else {
		/* The program is over, one way or another. */
		struct sbx_outcome outcome = sbx_box_outcome(box);

		fprintf(stderr, "run: %s (%s): %s\n", outcome.status,
		        outcome.reason, outcome.message);
		status = outcome.exit_status;
	}
	sbx_box_close(box);
	sbx_plan_free(plan);
	sbx_spec_free(spec);
	return status;
}
