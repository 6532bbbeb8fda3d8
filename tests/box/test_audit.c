/* SPDX-License-Identifier: MIT */
/* The audit log: a line for each run, whole and in its place. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/def.h"
#include "base/file.h"
#include "support/lab.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(audit, .init = scratch_make, .fini = scratch_remove, .timeout = 180);

/* sbx-check --audit of a log: its status, and that the text has named. */
static void verify(const char *log, int status, const char *named)
{
	struct result result;
	const char *program = text_of("%s/bin/sbx-check", build_dir());

	RUN(&result, COMMAND(program, "--audit", log), .outside = true,
	    .no_report = true);
	cr_expect_eq(result.status, status, "%s %s", result.out.data,
	             result.err.data);
	cr_expect(strstr(result.out.data, named) ||
	                  strstr(result.err.data, named),
	          "%s: %s %s", named, result.out.data, result.err.data);
	result_free(&result);
}

static void run_some(const char *log)
{
	static const char *const programs[][5] = {{"echo", "secret"},
	                                          {"sh", "-c", "exit 3"},
	                                          {"no-such"},
	                                          {"unshare", "-r", "true"}};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		RUN(&result, OPTIONS("--audit", log), .command = programs[i]);
		cr_expect(result.status == 0 || result.status == 3 ||
		          result.status == 127 || result.status == 1);
		result_free(&result);
	}
	RUN(&result,
	    OPTIONS("--audit", log, "--profile", "bash", "--code", "true"));
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	result_free(&result);
}

/* Each run is one line, with what was run, by whom, and how it ended; also one
 * that could not start. Output is not in it. */
Test(audit, a_line_for_each_run)
{
	const char *log = scratch("log");
	struct buffer text = {0};
	struct stat st;
	char uid[32];

	(void)snprintf(uid, sizeof(uid), "\"uid\":%u,", (unsigned)getuid());
	run_some(log);
	verify(log, 0, "5 lines");
	read_file(log, &text);
	const char *line = text.data;
	static const char *const parts[] = {
		"\"status\":\"success\"", "\"exit_code\":3",
		"\"code\":\"ENOENT\"", "\"denied_syscalls\":[\"unshare\"]",
		"\"profile\":\"bash\",\"code_sha256\":\""};
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const char *end = strchr(line, '\n');
		const char *found = strstr(line, parts[i]);

		cr_assert_not_null(end);
		cr_expect(found && found < end, "%s: %.*s", parts[i],
		          (int)(end - line), line);
		cr_expect_eq(strncmp(line, "{\"time\":\"20", 11), 0);
		found = strstr(line, uid);
		cr_expect(found && found < end, "%s: %.*s", uid,
		          (int)(end - line), line);
		line = end + 1;
	}
	cr_expect_null(strstr(text.data, "secret"));
	cr_assert_eq(stat(log, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
	buffer_free(&text);
}

/* Many runs at once: every line is whole, and the chain holds. */
Test(audit, many_at_once)
{
	const char *log = scratch("log");
	struct live lives[12];
	struct call call = {OPTIONS("--audit", log), COMMAND("true")};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(lives); i++)
		call_start(&call, &lives[i]);
	for (size_t i = 0; i < ARRAY_SIZE(lives); i++) {
		call_finish(&lives[i], &result);
		cr_expect_eq(result.status, 0, "%s", result.err.data);
		result_free(&result);
	}
	verify(log, 0, "12 lines");
}

/* What somebody did to the log is found, at its line. */
Test(audit, changes_are_found)
{
	static const struct {
		const char *script, *named;
	} rows[] = {
		{"cp log x", "5 lines"}, /* the control */
		{"sed 2d log >x", "line 2"},
		{"sed 1d log >x", "line 1"},
		{"sed '3s/success/failure/;3s/error/succes/' log >x", "line 3"},
		{"sed '4s/\"uid\":/\"uid\":1/' log >x", "line 4"},
		{"{ sed -n 1p log; sed -n 3p log; sed -n 2p log; } >x",
	         "line 2"},
		{"sed -n '1,2p;2p;3,5p' log >x", "line 3"},
		{"sed '2a{}' log >x", "line 3"},
		{"head -c -10 log >x", "line 5"},
		{"head -c 200000 /dev/zero >x", "line 1"},
		{": >x", "0 lines"},
	};
	struct result result;

	run_some(scratch("log"));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *script =
			text_of("cd %s && %s", scratch(""), rows[i].script);
		bool good = i == 0 || i == ARRAY_SIZE(rows) - 1;

		RUN(&result, COMMAND("sh", "-c", script), .outside = true,
		    .no_report = true);
		cr_assert_eq(result.status, 0, "%s", result.err.data);
		result_free(&result);
		verify(scratch("x"), good ? 0 : 2, rows[i].named);
	}
}

/* A log that cannot be written to keeps the run from starting; one that ends
 * in half a line makes it an error. */
Test(audit, without_it_nothing_runs)
{
	const char *half = scratch_text("half", "{\"time\":");
	const char *const logs[] = {"/no/such/log", "/usr", "/dev/null",
	                            scratch("link")};
	struct result result;

	cr_assert_eq(symlink("nothing", scratch("link")), 0);
	for (size_t i = 0; i < ARRAY_SIZE(logs); i++) {
		RUN(&result, OPTIONS("--audit", logs[i]),
		    COMMAND("echo", "ran"));
		cr_expect_eq(result.status, 125, "%s", logs[i]);
		cr_expect_eq(result.out.len, 0, "%s", logs[i]);
		cr_expect(is_one_line(&result.err), "%s", result.err.data);
		result_free(&result);
	}
	RUN(&result, OPTIONS("--audit", half), COMMAND("true"));
	cr_expect_eq(result.status, 125);
	cr_expect_not_null(strstr(result.err.data, "audit"));
	result_free(&result);
}

/* Whoever keeps the log locked stops runs, and does not hang them. */
Test(audit, does_not_wait_for_ever)
{
	const char *log = scratch_text("log", "");
	FILE *held = fopen(log, "re");
	struct result result;

	cr_assert_eq(flock(fileno(held), LOCK_EX), 0);
	RUN(&result, OPTIONS("--audit", log), COMMAND("true"));
	cr_expect_eq(result.status, 125);
	cr_expect_not_null(strstr(result.err.data, "locked"), "%s",
	                   result.err.data);
	result_free(&result);
	(void)fclose(held);
	verify(log, 0, "0 lines");
}

static void put(struct lab *lab, const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (!file || fputs(text, file) < 0 || fclose(file) != 0)
		lab_fail(lab, "write %s", path);
}

/* One run with the administrator's file as text; wanted: its status. */
static void run_under(struct lab *lab, const char *text, int wanted)
{
	struct result result;

	put(lab, "/etc/sbx/audit.json", text);
	RUN(&result, COMMAND("echo", "ran"));
	if (result.status != wanted || (result.out.len > 0) != (wanted == 0))
		lab_fail(lab, "%s: %d: %s", text, result.status,
		         result.err.data);
	if (wanted != 0 && !strstr(result.err.data, "/etc/sbx/audit.json"))
		lab_fail(lab, "%s: %s", text, result.err.data);
	result_free(&result);
}

static void administer(struct lab *lab)
{
	struct buffer text = {0};
	struct result result;

	(void)mkdir("/tmp/upper", 0755);
	(void)mkdir("/tmp/work", 0755);
	if (mount("none", "/etc", "overlay", 0,
	          "lowerdir=/etc,upperdir=/tmp/upper,workdir=/tmp/work") < 0) {
		lab_fail(lab, "no /etc of its own");
		return;
	}
	(void)mkdir("/etc/sbx", 0755);
	run_under(lab, "{\"file\": \"/tmp/log\"}", 0);
	RUN(&result, OPTIONS("--audit", "/tmp/own"), COMMAND("true"));
	if (result.status != 0)
		lab_fail(lab, "both: %s", result.err.data);
	result_free(&result);
	run_under(lab, "{", 125);
	run_under(lab, "[]", 125);
	run_under(lab, "{}", 125);
	run_under(lab, "{\"file\": \"relative\"}", 125);
	run_under(lab, "{\"file\": 1}", 125);
	run_under(lab, "{\"file\": \"/tmp/log\", \"mode\": 1}", 125);
	for (const char *const *log = WORDS("/tmp/log", "/tmp/own"); *log;
	     log++) {
		size_t n = 0;

		if (file_read(*log, 65536, &text) < 0)
			lab_fail(lab, "there is no %s", *log);
		for (size_t i = 0; i < text.len; i++)
			n += text.data[i] == '\n';
		if (n != (strcmp(*log, "/tmp/log") == 0 ? 2 : 1))
			lab_fail(lab, "%s has %zu lines", *log, n);
		text.len = 0;
	}
	buffer_free(&text);
}

/* The administrator's log has every run, also one with a log of its own; a
 * file of the administrator's that is wrong keeps runs from starting. */
Test(audit, the_administrators)
{
	lab_run(administer, false);
}
