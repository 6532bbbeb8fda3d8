/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"

static const struct {
	enum sbx_stage stage;
	const char *name;
} stages[] = {
	{SBX_STAGE_SPEC, "spec"},       {SBX_STAGE_PROFILE, "profile"},
	{SBX_STAGE_PLAN, "plan"},       {SBX_STAGE_CLONE, "clone"},
	{SBX_STAGE_IDMAP, "idmap"},     {SBX_STAGE_NETWORK, "network"},
	{SBX_STAGE_MOUNT, "mount"},     {SBX_STAGE_INIT, "init"},
	{SBX_STAGE_PAYLOAD, "payload"}, {SBX_STAGE_FILTER, "filter"},
	{SBX_STAGE_EXEC, "exec"},       {SBX_STAGE_WATCH, "watch"},
	{SBX_STAGE_REPORT, "report"},   {SBX_STAGE_SESSION, "session"},
	{SBX_STAGE_CHECK, "check"},
};

/* Every stage has the name that the report promises. */
Test(error, names_every_stage)
{
	size_t i;

	cr_assert_eq(ARRAY_SIZE(stages), SBX_N_STAGES);
	for (i = 0; i < ARRAY_SIZE(stages); i++)
		cr_expect_str_eq(sbx_stage_name(stages[i].stage),
		                 stages[i].name);
}

/* A stage that came over a pipe and is none has a name too. */
Test(error, survives_a_stage_that_is_none)
{
	cr_expect_str_eq(sbx_stage_name(SBX_N_STAGES), "unknown");
	cr_expect_str_eq(sbx_stage_name((enum sbx_stage) - 1), "unknown");
	cr_expect_str_eq(sbx_stage_name((enum sbx_stage)1000000), "unknown");
}

/* 127 is for a program that is not there, 126 for one that may not be run,
 * 125 for all that is sbx's own. */
Test(error, maps_to_an_exit_status)
{
	static const struct {
		enum sbx_stage stage;
		int code, status;
	} rows[] = {
		{SBX_STAGE_EXEC, ENOENT, 127},   {SBX_STAGE_EXEC, EACCES, 126},
		{SBX_STAGE_EXEC, ENOEXEC, 126},  {SBX_STAGE_EXEC, EISDIR, 126},
		{SBX_STAGE_SPEC, ENOENT, 125},   {SBX_STAGE_MOUNT, EPERM, 125},
		{SBX_STAGE_FILTER, EACCES, 125},
	};
	struct sbx_error err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		err_say(&err, rows[i].stage, rows[i].code, "text");
		cr_expect_eq(sbx_error_status(&err), rows[i].status, "row %zu",
		             i);
	}
	cr_expect_eq(sbx_error_status(NULL), 125);
}

/* One line makes the error and returns its negative code. */
Test(error, set_adds_the_words_of_the_errno)
{
	struct sbx_error err;

	cr_expect_eq(err_set(&err, SBX_STAGE_MOUNT, EPERM, "mount %s on %s",
	                     "proc", "/proc"),
	             -EPERM);
	cr_expect_eq(err.code, EPERM);
	cr_expect_eq(err.stage, SBX_STAGE_MOUNT);
	cr_expect_str_eq(err.text,
	                 "mount proc on /proc: Operation not permitted");
}

/* Where the text says it all, nothing is added. */
Test(error, say_adds_nothing)
{
	struct sbx_error err;

	cr_expect_eq(err_say(&err, SBX_STAGE_SPEC, EINVAL, "memory: %d", 7),
	             -EINVAL);
	cr_expect_eq(err.code, EINVAL);
	cr_expect_eq(err.stage, SBX_STAGE_SPEC);
	cr_expect_str_eq(err.text, "memory: 7");
}

/* A caller that wants no text still gets the code. */
Test(error, takes_null)
{
	cr_expect_eq(err_set(NULL, SBX_STAGE_EXEC, ENOENT, "x"), -ENOENT);
	cr_expect_eq(err_say(NULL, SBX_STAGE_EXEC, EACCES, "x"), -EACCES);
}

/* A failure is never 0, even when errno was lost on the way. */
Test(error, never_looks_like_success)
{
	static const int codes[] = {0, -1, -EPERM, INT32_MIN};
	struct sbx_error err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(codes); i++) {
		cr_expect_eq(err_set(&err, SBX_STAGE_INIT, codes[i], "x"),
		             -EIO);
		cr_expect_eq(err.code, EIO);
		cr_expect_eq(err_say(&err, SBX_STAGE_INIT, codes[i], "x"),
		             -EIO);
		cr_expect_eq(err.code, EIO);
	}
}

/* An errno that has no words is shown as its number. */
Test(error, shows_an_unknown_errno)
{
	struct sbx_error err;

	cr_expect_eq(err_set(&err, SBX_STAGE_INIT, 4095, "x"), -4095);
	cr_expect_str_eq(err.text, "x: error 4095");
}

/* A hostile name cannot forge a second line or steer the terminal. */
Test(error, escapes_hostile_text)
{
	struct sbx_error err;

	err_set(&err, SBX_STAGE_EXEC, ENOENT, "program %s", "a\nroot: \033[2J");
	cr_expect_str_eq(err.text, "program a\\x0aroot: \\x1b[2J: "
	                           "No such file or directory");
	err_say(&err, SBX_STAGE_EXEC, ENOENT, "%s", "\xff\xc3\xa9");
	cr_expect_str_eq(err.text, "\\xff\xc3\xa9");
}

/* Of a text that is too long the end is cut, never the errno's words, and
 * never half an escape. */
Test(error, cuts_a_long_text)
{
	static const char end[] = "pp: Operation not permitted";
	struct sbx_error err;
	char path[5000];
	size_t len;

	memset(path, 'p', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	err_set(&err, SBX_STAGE_MOUNT, EPERM, "mount %s", path);
	len = strlen(err.text);
	cr_expect_eq(len, sizeof(err.text) - 1);
	cr_expect_str_eq(err.text + len - strlen(end), end);
	memset(path, '\001', sizeof(path) - 1);
	err_say(&err, SBX_STAGE_MOUNT, EPERM, "%s", path);
	len = strlen(err.text);
	cr_expect_eq(len % 4, 0);
	cr_expect_geq(len, sizeof(err.text) - 5);
}

/* An error crosses a pipe as it is: no byte of an older one is left in it. */
Test(error, leaves_nothing_of_the_text_before)
{
	struct sbx_error err;
	size_t i;

	memset(&err, 'x', sizeof(err));
	err_say(&err, SBX_STAGE_INIT, EPERM, "short");
	for (i = strlen("short"); i < sizeof(err.text); i++)
		cr_expect_eq(err.text[i], '\0');
}

/* A caller adds a file's name in front of an error, in place. */
Test(error, takes_its_own_text_as_an_argument)
{
	struct sbx_error err;

	err_say(&err, SBX_STAGE_SPEC, EINVAL, "line 3: not UTF-8");
	err_say(&err, SBX_STAGE_SPEC, EINVAL, "%s: %s", "a.json", err.text);
	cr_expect_str_eq(err.text, "a.json: line 3: not UTF-8");
}

/* Codes are reported by name. */
Test(error, names_codes)
{
	static const struct {
		int code;
		const char *name;
	} rows[] = {
		{EPERM, "EPERM"},   {ENOENT, "ENOENT"}, {ENOSYS, "ENOSYS"},
		{EAGAIN, "EAGAIN"}, {0, "E?"},          {-EPERM, "E?"},
		{4095, "E?"},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_str_eq(err_name(rows[i].code), rows[i].name);
}
