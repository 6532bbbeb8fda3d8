/* SPDX-License-Identifier: MIT */
#include "support/session.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>

#include "support/scratch.h"

const char *const *session_environment(void)
{
	static const char *words[3] = {"PATH=/usr/bin:/bin"};
	static char data[PATH_MAX];

	(void)snprintf(data, sizeof(data), "XDG_DATA_HOME=%s", scratch("data"));
	words[1] = data;
	return words;
}

void session_turn(struct result *result, const char *script)
{
	RUN(result, OPTIONS("--session", "s"), .env = session_environment(),
	    COMMAND("sh", "-c", script));
}

void session_expect(const char *script, const char *out)
{
	struct result result;

	session_turn(&result, script);
	cr_expect_eq(result.status, 0, "%s: %d: %s", script, result.status,
	             result.err.data);
	cr_expect_str_eq(result.out.data, out, "%s", script);
	result_free(&result);
}

void session_tool(struct result *result, const char *const *words)
{
	const char *all[16] = {text_of("%s/bin/sbx-session", build_dir())};

	for (size_t i = 0; words[i]; i++)
		all[i + 1] = words[i];
	call_run(CALL(.command = all, .outside = true, .no_report = true,
	              .env = session_environment()),
	         result);
}

void session_tool_ends(const char *const *words, int status)
{
	struct result result;

	session_tool(&result, words);
	cr_expect_eq(result.status, status, "%s %s: %s", words[0],
	             words[1] ? words[1] : "", result.err.data);
	result_free(&result);
}
