/* SPDX-License-Identifier: MIT */
/*
 * The same of a run that goes on with a session and has a file brought out:
 * every system call of sbx-exec fails once. Whatever fails, the session is as
 * the run left it or as it was before, the next run works, and a run that says
 * that all went well has brought its file out. And of sbx-session, as it lists
 * what there is.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/def.h"
#include "support/find.h"
#include "support/inject.h"
#include "support/lab.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(session_calls, .timeout = 600);

#define LEAST_CALLS 300 /* fewer, and it has not seen the whole run */

#define OUT "/tmp/out"

/* One line more in f; says how many there were. */
#define TURN "echo at $(cat f 2>/dev/null | wc -l); echo x >>f"

static void turn(struct inject *inject, struct result *result)
{
	static const char *const env[] = {"PATH=/usr/bin:/bin",
	                                  "XDG_DATA_HOME=/tmp/data", NULL};
	const struct call call = {
		OPTIONS("--wall-time", "20s", "--cgroup", "none", "--session",
	                "s", "--collect", "f", "--collect-to", OUT,
	                "--collect-replace"),
		COMMAND("sh", "-c", TURN),
		.env = env,
		.prepare = inject_start,
		.data = inject,
	};

	(void)unlink(OUT "/f");
	call_run(&call, result);
}

static size_t lines_of(const char *path)
{
	FILE *file = fopen(path, "re");
	size_t n = 0;
	int c;

	while (file && (c = getc(file)) != EOF)
		n += c == '\n';
	if (file)
		(void)fclose(file);
	return n;
}

/* How many lines the session may have after that, at least and at most. */
struct state {
	long least, most;
};

static void check(struct lab *lab, const struct inject *inject,
                  const struct result *result, struct state *state)
{
	const char *said = strstr(result->out.data, "at ");
	long at = said ? atol(said + 3) : -1;
	const char *wrong = NULL;

	if (result->timed_out || result->held_open)
		wrong = "hangs";
	else if (result->status != 0 && result->status != 125 && inject->main)
		wrong = "another end";
	else if (said && (at < state->least || at > state->most))
		wrong = "the session has another state";
	else if (result->status == 0 &&
	         !strstr(result->err.data, "not brought out") &&
	         (!said || lines_of(OUT "/f") != (size_t)at + 1))
		wrong = "it did not bring its file out, and says nothing";
	if (wrong)
		lab_fail(lab,
		         "call %u, %s: %s: %s: status %d, %ld to %ld: %s%s",
		         inject->nth, inject->call, strerror(inject->code),
		         wrong, result->status, state->least, state->most,
		         result->out.data, result->err.data);
	if (said && result->status == 0)
		state->least = at + 1;
	else if (said)
		state->least = at;
	state->most = said ? at + 1 : state->most;
}

static void sweep(struct lab *lab)
{
	static const int codes[] = {EIO, ENOMEM, EPERM, ENOSPC};
	struct inject *inject = inject_new();
	struct state state = {0, 0};
	unsigned nth = 0, missing = 0;
	struct result result;

	while (missing < 2 && !lab->failed) {
		*inject = (struct inject){
			.process = INJECT_CALLER,
			.nth = ++nth,
			.code = codes[nth % ARRAY_SIZE(codes)],
		};
		turn(inject, &result);
		check(lab, inject, &result, &state);
		missing = inject->done ? 0 : missing + 1;
		if (!children_gone(10))
			lab_fail(lab, "call %u: a process is left", nth);
		result_free(&result);
	}
	if (!lab->failed && nth < LEAST_CALLS)
		lab_fail(lab, "only %u calls were seen", nth);
	(void)munmap(inject, sizeof(*inject));
}

Test(session_calls, fail)
{
	need_sessions();
	lab_run(sweep, false);
}

/* ---- the list ---- */

#define SESSIONS 8

static void list(struct inject *inject, struct result *result)
{
	static const char *const env[] = {"XDG_DATA_HOME=/tmp/data", NULL};
	const struct call call = {
		COMMAND(text_of("%s/bin/sbx-session", build_dir()), "list"),
		.env = env,
		.outside = true,
		.no_report = true,
		.prepare = inject_start,
		.data = inject,
	};

	call_run(&call, result);
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

/* Either the list is whole, or it says that it is not. */
static void sweep_list(struct lab *lab)
{
	struct inject *inject = inject_new();
	struct result result;
	unsigned nth = 0;

	for (int i = 0; i < SESSIONS; i++) {
		RUN(&result, OPTIONS("--session", text_of("s%d", i)),
		    COMMAND("true"),
		    .env = (const char *[]){"PATH=/usr/bin:/bin",
		                            "XDG_DATA_HOME=/tmp/data", NULL});
		if (result.status != 0)
			lab_fail(lab, "%s", result.err.data);
		result_free(&result);
	}
	do {
		*inject = (struct inject){
			.process = INJECT_CALLER, .nth = ++nth, .code = EIO};
		list(inject, &result);
		if (result.status == 0 &&
		    count_lines(result.out.data) != SESSIONS)
			lab_fail(lab, "call %u, %s: status 0: %s", nth,
			         inject->call, result.out.data);
		result_free(&result);
	} while (inject->done && !lab->failed);
	if (!lab->failed && nth < SESSIONS)
		lab_fail(lab, "only %u calls were seen", nth);
	(void)munmap(inject, sizeof(*inject));
}

Test(session_calls, list)
{
	lab_run(sweep_list, false);
}
