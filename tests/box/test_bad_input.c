/* SPDX-License-Identifier: MIT */
/* Bad input: one line that names the thing, the right status, and nothing has
 * run. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/def.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(bad_input, .init = scratch_make, .fini = scratch_remove,
          .timeout = 120);

/* What must be so after any bad input; named is in the line. */
static void check(const struct result *result, int status, const char *named,
                  const char *what)
{
	cr_expect_eq(result->status, status, "%s: %d: %s", what, result->status,
	             result->err.data);
	cr_expect(is_one_line(&result->err), "%s: %s", what, result->err.data);
	cr_expect_not_null(strstr(result->err.data, named), "%s: %s", what,
	                   result->err.data);
	cr_expect_eq(result->out.len, 0, "%s: %s", what, result->out.data);
	cr_expect_lt(result->seconds, 20.0, "%s", what);
	if (result->report)
		cr_expect_str_eq(report_at(result, "status"), "error", "%s",
		                 what);
}

/* What an option was given, what the line names, and what it advises. */
static const struct option_row {
	const char *words[5];
	const char *named, *remedy;
} option_rows[] = {
	{{"--no-such"}, "--no-such", "--help"},
	{{"--memry", "1G"}, "--memry", "--memory"},
	{{"--wall_time", "1"}, "--wall_time", "--wall-time"},
	{{"-x"}, "-x", "--help"},
	{{"--", "x"}, "--profile", "--list-profiles"},
	{{"--json=yes"}, "--json", ""},
	{{"--memory", "10Q"}, "10Q", "512M"},
	{{"--memory", ""}, "memory", "512M"},
	{{"--memory", "-1"}, "-1", "512M"},
	{{"--memory", " 5M"}, " 5M", "512M"},
	{{"--memory", "1e9"}, "1e9", "512M"},
	{{"--memory", "0"}, "memory", "1M"},
	{{"--memory", "1023K"}, "memory", "1M"},
	{{"--memory", "18446744073709551616"}, "memory", "1T"},
	{{"--memory", "2T"}, "memory", "1T"},
	{{"--pids", "0"}, "pids", "1"},
	{{"--pids", "1.5"}, "1.5", ""},
	{{"--pids", "0x10"}, "0x10", ""},
	{{"--pids", "٥"}, "٥", ""},
	{{"--pids", "99999"}, "pids", "32768"},
	{{"--wall-time", "0"}, "wall_time", "1ms"},
	{{"--wall-time", "1y"}, "1y", "1.5s"},
	{{"--wall-time", "9999h"}, "wall_time", "30d"},
	{{"--cpus", "0"}, "cpus", ""},
	{{"--open-files", "2"}, "open_files", "8"},
	{{"--output-action", "drop"}, "drop", "truncate"},
	{{"--net", "host"}, "host", "loopback"},
	{{"--env", "NOVALUE"}, "NOVALUE", "KEY=VALUE"},
	{{"--env", "=x"}, "env", ""},
	{{"--env", "1A=x"}, "1A", ""},
	{{"--hostname", "a b"}, "a b", "letters"},
	{{"--workdir", "relative"}, "relative", "absolute"},
	{{"--workdir", "/a/../b"}, "/a/../b", ".."},
	{{"--require", "magic"}, "magic", "cgroup"},
	{{"--allow-degraded", "magic"}, "magic", ""},
	{{"--stdin", "/no/such/file"}, "/no/such/file", ""},
	{{"--stdin", "/usr"}, "/usr", "directory"},
	{{"--report", ""}, "--report", "FILE"},
	{{"--report", "fd:x"}, "fd:x", "number"},
	{{"--report", "fd:-1"}, "fd:-1", "number"},
	{{"--report", "fd:99"}, "fd:99", ""},
	{{"--code", "x", "--command"}, "--code", "--command"},
	{{"--fuel", "0"}, "fuel", "the least, 1"},
	{{"--fuel", "1000000000000000001"}, "fuel", "1000000000000000000"},
	{{"--fuel", "1e9"}, "1e9", "whole number"},
	{{"--profile", "base", "--profile-file", "x"},
         "--profile-file",
         "exclude"},
	{{"stray"}, "stray", "--"},
};

/* Options that are unknown, lack a value, exclude each other, or are given a
 * value that they do not take. */
Test(bad_input, options)
{
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(option_rows); i++) {
		const struct option_row *row = &option_rows[i];
		const char *const *w = row->words;
		const char *what =
			text_of("row %zu %s %s", i, w[0], w[1] ? w[1] : "");

		if (strcmp(w[0], "--") == 0)
			RUN(&result, .options = w, .no_report = true);
		else
			RUN(&result, .options = w, .no_report = true,
			    COMMAND("echo", "ran"));
		check(&result, 125, row->named, what);
		cr_expect_not_null(strstr(result.err.data, row->remedy),
		                   "%s: %s", what, result.err.data);
		result_free(&result);
	}
}

/* A program that is missing, twice there, or of no known profile. */
Test(bad_input, no_program)
{
	static const struct {
		const char *words[4];
		const char *named;
	} rows[] = {
		{{NULL}, "program is missing"},
		{{"--"}, "program is missing"},
		{{"--profile", "bash"}, "program is missing"},
		{{"--profile", "bash", "--"}, "program is missing"},
		{{"--command"}, "command is missing"},
		{{"--memory"}, "--memory needs a value: SIZE"},
		{{"--command", "--"}, "command is missing"},
		{{"--profile", "cobol", "--code", "x"}, "cobol"},
		{{"--profile", "pyton", "--code", "x"}, "python"},
		{{"--profile", "../x", "--code", "x"}, "../x"},
		{{"--profile", "/etc/passwd", "--code", "x"}, "/etc/passwd"},
		{{"--profile", "", "--code", "x"}, "profile"},
		{{"--profile", "base", "--code", "x"}, "base"},
	};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *words[5] = {0};

		memcpy(words, rows[i].words, sizeof(rows[i].words));
		RUN(&result, .options = words, .no_report = true);
		check(&result, 125, rows[i].named, text_of("row %zu", i));
		result_free(&result);
	}
}

/* A file that is not there, or is no file. Nothing waits for a FIFO. */
Test(bad_input, files)
{
	static const struct {
		const char *name, *said;
		int status;
	} rows[] = {
		{"missing.sh", "No such file", 127},
		{"file/below", "No such file", 127},
		{"directory", "directory", 126},
		{"fifo", "not a regular file", 126},
		{"device", "not a regular file", 126},
		{"dangling", "No such file", 127},
		{"loop", "symbolic links", 126},
		{"secret", "Permission denied", 126},
	};
	struct result result;

	(void)scratch_text("file", "");
	(void)scratch_file("secret", "x", 1, 0);
	cr_assert_eq(mkdir(scratch("directory"), 0755), 0);
	cr_assert_eq(mkfifo(scratch("fifo"), 0644), 0);
	cr_assert_eq(symlink("/dev/zero", scratch("device")), 0);
	cr_assert_eq(symlink("nothing", scratch("dangling")), 0);
	cr_assert_eq(symlink("loop", scratch("loop")), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (geteuid() == 0 && strcmp(rows[i].name, "secret") == 0)
			continue; /* root may read it */
		RUN(&result,
		    OPTIONS("--profile", "bash", "--", scratch(rows[i].name)));
		check(&result, rows[i].status, rows[i].name, rows[i].name);
		cr_expect_not_null(strstr(result.err.data, rows[i].said),
		                   "%s: %s", rows[i].name, result.err.data);
		result_free(&result);
	}
}

/* A file, a text and standard input that are larger than the disk limit. */
Test(bad_input, program_larger_than_the_disk)
{
	static char big[65536];
	const char *path;
	struct result result;

	memset(big, '#', sizeof(big) - 1);
	path = scratch_text("big.sh", big);
	RUN(&result, OPTIONS("--disk", "32K", "--profile", "bash", "--", path));
	check(&result, 125, "--disk", "a file");
	result_free(&result);
	RUN(&result,
	    OPTIONS("--disk", "32K", "--profile", "bash", "--code", big));
	check(&result, 125, "--disk", "a text");
	result_free(&result);
	RUN(&result, OPTIONS("--disk", "32K", "--profile", "bash", "--", "-"),
	    .input = big);
	check(&result, 125, "--disk", "standard input");
	result_free(&result);
	RUN(&result, OPTIONS("--disk", "68K", "--profile", "bash", "--", path));
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	result_free(&result);
}

/* A file without an end, though it is said to be a regular one, is read no
 * further than the disk limit. */
Test(bad_input, program_without_end)
{
	struct result result;
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	RUN(&result, OPTIONS("--disk", "1M", "--profile", "bash", "--", "-"),
	    .fds = {{0, zero}}, .n_fds = 1);
	check(&result, 125, "standard input", "/dev/zero");
	result_free(&result);
	(void)close(zero);
}

/* An interpreter that the root tree does not have is 127, with the package to
 * install. */
Test(bad_input, missing_interpreter)
{
	const char *path = scratch_text(
		"p.json", "{\"extends\": \"base\", \"file\": \"x\","
			  " \"command\": [\"cobol-9000\", \"{file}\"],"
			  " \"package\": \"gnucobol-9000\"}");
	struct result result;

	RUN(&result, OPTIONS("--profile-file", path, "--code", "x"));
	check(&result, 127, "cobol-9000", "interpreter");
	cr_expect_not_null(
		strstr(result.err.data, "apt-get install gnucobol-9000"));
	cr_expect_str_eq(report_at(&result, "error.stage"), "exec");
	result_free(&result);
}

static void check_profile(const char *text, size_t len, const char *named)
{
	const char *path = scratch_file("bad.json", text, len, 0644);
	struct result result;

	RUN(&result, OPTIONS("--profile-file", path), COMMAND("echo", "ran"));
	check(&result, 125, named, text_of("%.60s", text));
	cr_expect_not_null(strstr(result.err.data, "bad"), "%.60s: %s", text,
	                   result.err.data);
	result_free(&result);
}

/* A profile that is broken, ambiguous, of wrong types, or extends what is not
 * there. */
Test(bad_input, profiles)
{
	static const struct {
		const char *text, *named;
	} rows[] = {
		{"", "line 1"},
		{"{", "line 1"},
		{"{}}", "line 1"},
		{"[]", "object"},
		{"nul", "line 1"},
		{"{\n\n\"limits\": {\"memory\": \"1G\",}}", "line 3"},
		{"{\"env\": {}, \"env\": {}}", "env"},
		{"{\"limits\": {\"pids\": 1, \"pids\": 2}}", "pids"},
		{"{\"limit\": {}}", "limit"},
		{"{\"limits\": {\"memroy\": \"1G\"}}", "memory"},
		{"{\"limits\": 5}", "limits"},
		{"{\"limits\": {\"memory\": true}}", "memory"},
		{"{\"limits\": {\"pids\": 1.5}}", "pids"},
		{"{\"limits\": {\"pids\": -1}}", "pids"},
		{"{\"limits\": {\"pids\": 99999999999999999999}}", "pids"},
		{"{\"command\": \"sh\"}", "command"},
		{"{\"command\": []}", "command"},
		{"{\"seccomp\": [\"no such\"]}", "no such"},
		{"{\"extends\": \"nosuch\"}", "nosuch"},
		{"{\"extends\": \"../base\"}", "../base"},
		{"{\"rootfs\": \"../debian\"}", "../debian"},
		{"{\"env\": {\"A B\": \"x\"}}", "A B"},
		{"{\"env\": {\"A\": \"x\\u0000y\"}}", "line 1"},
		{"{\"hostname\": \"\xff\"}", "line 1"},
		{"\xef\xbb\xbf{\"a\": 1", "line 1"},
		{"{\"mounts\": [{\"source\": \"/\"}]}", "/"},
		{"{\"mounts\": [{\"target\": \"/x\"}]}", "source"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_profile(rows[i].text, strlen(rows[i].text),
		              rows[i].named);
	check_profile("{}\0{}", 5, "line 1");
}

/* A profile that is nested 100,000 deep or 100 MB long is refused in no time
 * and in no memory. */
Test(bad_input, huge_profiles)
{
	size_t len = 100 * 1048576;
	char *text = malloc(len);

	cr_assert_not_null(text);
	memset(text, '[', 100000);
	check_profile(text, 100000, "deep");
	memset(text, ' ', len);
	memcpy(text, "{\"description\": \"", 17);
	check_profile(text, len, "1M");
	free(text);
}

/* A profile that is no file. */
Test(bad_input, profile_is_no_file)
{
	static const char *const names[] = {"nothing", "directory", "fifo"};
	struct result result;

	cr_assert_eq(mkdir(scratch("directory"), 0755), 0);
	cr_assert_eq(mkfifo(scratch("fifo"), 0644), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		RUN(&result, OPTIONS("--profile-file", scratch(names[i])),
		    COMMAND("echo", "ran"));
		check(&result, 125, names[i], names[i]);
		result_free(&result);
	}
}

/* A profile without system calls to start with, or with a set that is not
 * there. */
Test(bad_input, filter_sets)
{
	struct result result;

	RUN(&result,
	    OPTIONS("--profile-file",
	            scratch_text("p", "{\"seccomp\": [\"base\", \"nosuch\"]}")),
	    COMMAND("echo", "ran"));
	check(&result, 125, "nosuch", "an unknown set");
	result_free(&result);
	RUN(&result,
	    OPTIONS("--profile-file",
	            scratch_text("p", "{\"seccomp\": [\"threads\"]}")),
	    COMMAND("echo", "ran"));
	check(&result, 125, "base", "a program could not start");
	result_free(&result);
	RUN(&result, OPTIONS("--profile-file", scratch_text("p", "{}")),
	    COMMAND("echo", "ran"));
	cr_expect_str_eq(result.out.data, "ran\n", "%s", result.err.data);
	cr_expect(report_lists(&result, "isolation.seccomp", "base"));
	result_free(&result);
}

/* Arguments and variables beyond what the kernel takes. */
Test(bad_input, arguments_beyond_the_kernels_limits)
{
	enum { SIZE = 131072 };
	char *word = malloc(SIZE + 8), *setting = malloc(SIZE + 64);
	const char *many[12] = {"echo"};
	struct result result;

	memset(word, 'x', SIZE);
	word[SIZE - 1] = '\0';
	RUN(&result, COMMAND("true", word));
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	result_free(&result);
	/* A profile can ask for what the caller's own exec could not pass. */
	(void)strcpy(setting, "{\"extends\": \"base\", \"env\": {\"A\": \"");
	memset(setting + strlen(setting), 'x', SIZE);
	(void)strcpy(setting + SIZE + 34, "\"}}");
	check_profile(setting, strlen(setting), "env");
	for (size_t i = 1; i < ARRAY_SIZE(many) - 1; i++)
		many[i] = word;
	RUN(&result, OPTIONS("--stack", "1M"), .command = many);
	check(&result, 125, "argument", "all together");
	result_free(&result);
	free(word);
	free(setting);
}

/* A line of sbx-exec's own cannot be forged or steer a terminal by what it
 * names. */
Test(bad_input, names_are_escaped)
{
	static const char evil[] =
		"a\nsbx-exec: forged\r\x1b]0;x\x07\x9b\xe2\x80\xae";
	const char *const *const rows[] = {
		WORDS("--command", "--", evil),
		WORDS("--profile", "bash", "--", evil),
		WORDS("--memory", evil, "--command", "--", "echo"),
		WORDS("--profile", evil, "--code", "x"),
		WORDS(evil, "--command", "--", "echo"),
		WORDS("--workdir", evil, "--command", "--", "echo"),
		WORDS("--profile-file", evil, "--command", "--", "echo"),
	};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		RUN(&result, .options = rows[i], .no_report = true);
		cr_expect_geq(result.status, 125, "%zu", i);
		cr_expect(is_one_line(&result.err), "%zu: %s", i,
		          result.err.data);
		for (size_t k = 0; k + 1 < result.err.len; k++)
			cr_expect((unsigned char)result.err.data[k] >= ' ' &&
			                  (unsigned char)result.err.data[k] <
			                          0x7f,
			          "%zu: byte %zu", i, k);
		result_free(&result);
	}
}
