/* SPDX-License-Identifier: MIT */
/* The options of sbx-exec do what its manual says. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/def.h"
#include "base/text.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(options, .init = scratch_make, .fini = scratch_remove,
          .timeout = 120);

#define EXPECT_RUN(result, text)                                           \
	do {                                                               \
		cr_expect_eq((result).status, 0, "%s", (result).err.data); \
		cr_expect_str_eq((result).out.data, text);                 \
		result_free(&(result));                                    \
	} while (0)

/* A file is copied in under its own name, starts in its directory, and gets
 * the arguments, none of which is parsed. */
Test(options, runs_a_file)
{
	const char *path = scratch_text("my program.sh",
	                                "pwd; ls; echo \"$0\"; for a; do echo "
	                                "\"<$a>\"; done");
	struct result result;

	RUN(&result, OPTIONS("--profile", "bash", "--", path, "--json", "--",
	                     "a b", "", "$(id)", "--bind"));
	EXPECT_RUN(result,
	           "/workspace\nmy program.sh\nmy program.sh\n<--json>\n"
	           "<-->\n<a b>\n<>\n<$(id)>\n<--bind>\n");
}

/* A file with a name that looks like an option, or like a command of a shell,
 * is a file all the same. */
Test(options, runs_a_file_of_any_name)
{
	static const char *const names[] = {"-c",  "--help",   "$(id)",
	                                    ";id", "\xff\xfe", "-"};
	struct result result;

	cr_assert_eq(chdir(scratch("")), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		(void)scratch_text(names[i], "echo ran");
		RUN(&result, OPTIONS("--profile", "bash", "--",
		                     text_of("./%s", names[i])));
		EXPECT_RUN(result, "ran\n");
	}
}

/* The file that ran is what the report's hash is of. */
Test(options, reports_the_hash_of_the_code)
{
	static const char code[] = "echo $((6 * 7))";
	struct result result;
	char hex[65];

	text_sha256(code, strlen(code), hex);
	RUN(&result,
	    OPTIONS("--profile", "bash", "--", scratch_text("code.sh", code)));
	cr_expect_str_eq(report_at(&result, "code_sha256"), hex);
	cr_expect_str_eq(report_at(&result, "profile"), "bash");
	EXPECT_RUN(result, "42\n");
	RUN(&result, OPTIONS("--profile", "bash", "--code", code));
	cr_expect_str_eq(report_at(&result, "code_sha256"), hex);
	EXPECT_RUN(result, "42\n");
	RUN(&result, COMMAND("true"));
	cr_expect_str_eq(report_at(&result, "code_sha256"), "(none)");
	EXPECT_RUN(result, "");
}

/* The text of --code is run, empty or not, with arguments after "--". */
Test(options, runs_a_text)
{
	struct result result;

	RUN(&result, OPTIONS("--profile", "bash", "--code", "echo $# $1", "--",
	                     "--wall-time", "x"));
	EXPECT_RUN(result, "2 --wall-time\n");
	RUN(&result, OPTIONS("--profile", "bash", "--code=echo \"a=b\""));
	EXPECT_RUN(result, "a=b\n");
	RUN(&result, OPTIONS("--profile", "bash", "--code", ""));
	EXPECT_RUN(result, "");
}

/* "-" is a program on standard input, bytes of any kind; the program then
 * reads nothing there. */
Test(options, runs_standard_input)
{
	static const char code[] = "cat; echo \"$1 end\"\n: '\0\xff'\n";
	struct result result;

	RUN(&result, OPTIONS("--profile", "bash", "--", "-", "first"),
	    .input = code, .input_len = sizeof(code) - 1);
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	cr_expect_str_eq(result.out.data, "first end\n");
	result_free(&result);
}

/* /dev/fd/N is a program without a name, too, of a file or a pipe; standard
 * input is the program's still, unless N is 0. */
Test(options, runs_a_descriptor)
{
	static const char code[] = "cat; echo \"$0 $1 end\"\n";
	struct result result;
	int pipe_fds[2];

	cr_assert_eq(pipe(pipe_fds), 0);
	cr_assert_eq(write(pipe_fds[1], code, sizeof(code) - 1),
	             sizeof(code) - 1);
	(void)close(pipe_fds[1]);
	RUN(&result, OPTIONS("--profile", "bash", "--", "/dev/fd/9", "first"),
	    .input = "given ", .fds = {{9, pipe_fds[0]}}, .n_fds = 1);
	EXPECT_RUN(result, "given code.sh first end\n");
	(void)close(pipe_fds[0]);
	RUN(&result, OPTIONS("--profile", "bash", "--", "/dev/fd/0"),
	    .input = code);
	EXPECT_RUN(result, "code.sh  end\n");
	RUN(&result, OPTIONS("--profile", "bash", "--", "/dev/fd/99"));
	cr_expect_eq(result.status, 125);
	cr_expect(strstr(result.err.data, "the program from /dev/fd/99: Bad"),
	          "%s", result.err.data);
	result_free(&result);
}

/* The profiles that ship run their language, and say hello in it. */
Test(options, profiles_run_their_language)
{
	static const struct {
		const char *profile, *interpreter, *code;
	} rows[] = {
		{"bash", "/usr/bin/bash", "echo hello $BASHPID | tr -d 0-9"},
		{"perl", "/usr/bin/perl", "print \"hello \\n\""},
		{"python", "/usr/bin/python3", "print('hello ')"},
		{"node", "/usr/bin/node", "console.log('hello ')"},
		{"ruby", "/usr/bin/ruby", "puts 'hello '"},
		{"lua", "/usr/bin/lua5.4", "print('hello ')"},
	};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (access(rows[i].interpreter, X_OK) < 0)
			continue; /* bash and perl are always there */
		RUN(&result, OPTIONS("--profile", rows[i].profile, "--code",
		                     rows[i].code));
		cr_expect_str_eq(report_at(&result, "status"), "success",
		                 "%s: %s", rows[i].profile, result.err.data);
		EXPECT_RUN(result, "hello \n");
	}
}

/* A command is looked up along the PATH of the box, or taken by its path. */
Test(options, runs_a_command)
{
	struct result result;

	RUN(&result, COMMAND("echo", "-e", "--", "x"));
	EXPECT_RUN(result, "-- x\n");
	RUN(&result, COMMAND("/usr/bin/env", "-i", "echo", "y"));
	EXPECT_RUN(result, "y\n");
	RUN(&result, OPTIONS("--env", "PATH=/nowhere:/usr/bin"),
	    COMMAND("echo", "z"));
	EXPECT_RUN(result, "z\n");
}

/* --env adds to the profile's variables, replaces one, and nothing else comes
 * in. */
Test(options, env_is_exact)
{
	static const char base[] = "PATH=/usr/local/bin:/usr/bin:/bin\n"
				   "HOME=/workspace\nTMPDIR=/tmp\n";
	struct result result;

	RUN(&result, .env = WORDS("CANARY=1", "LANG=de_DE", "SECRET=x"),
	    COMMAND("@peek", "env"));
	cr_expect_null(strstr(result.out.data, "CANARY"));
	cr_expect_eq(strlen(result.out.data),
	             strlen(base) + strlen("LANG=C.UTF-8\n"), "%s",
	             result.out.data);
	result_free(&result);
	RUN(&result,
	    OPTIONS("--env", "A=b=c d", "--env", "LANG=x", "--env",
	            "EMPTY=", "--env", "A=last"),
	    COMMAND("@peek", "env"));
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	cr_expect_not_null(strstr(result.out.data, "A=last\n"));
	cr_expect_null(strstr(result.out.data, "b=c"));
	cr_expect_not_null(strstr(result.out.data, "LANG=x\n"));
	cr_expect_not_null(strstr(result.out.data, "EMPTY=\n"));
	result_free(&result);
}

/* --stdin FILE takes the place of the caller's standard input. */
Test(options, stdin_is_a_file)
{
	const char *path = scratch_text("input", "from the file");
	struct result result;

	RUN(&result, OPTIONS("--stdin", path), COMMAND("cat"),
	    .input = "from the caller");
	EXPECT_RUN(result, "from the file");
	RUN(&result, COMMAND("cat"), .input = "from the caller");
	EXPECT_RUN(result, "from the caller");
	RUN(&result, OPTIONS("--stdin", "/dev/null"), COMMAND("cat"),
	    .input = "from the caller");
	EXPECT_RUN(result, "");
}

/* --json is the whole of standard output: the report, with both streams in
 * it; what is not UTF-8 comes as base64, and what is too much is cut. */
Test(options, json_is_all_there_is)
{
	struct result result;

	RUN(&result, OPTIONS("--json"),
	    COMMAND("sh", "-c", "echo one; printf '\\377\\000' >&2; exit 3"));
	cr_expect_eq(result.status, 3);
	cr_expect_eq(result.err.len, 0);
	cr_expect_str_eq(result.out.data, result.report_line.data);
	result_parse(&result, &result.out);
	cr_expect_str_eq(report_at(&result, "stdout"), "one\n");
	cr_expect_str_eq(report_at(&result, "stderr_b64"), "/wA=");
	cr_expect_str_eq(report_at(&result, "stderr"), "(none)");
	cr_expect_str_eq(report_at(&result, "exit_code"), "3");
	result_free(&result);
	RUN(&result, OPTIONS("--json", "--output-limit", "4"),
	    COMMAND("echo", "123456"));
	cr_expect_str_eq(report_at(&result, "stdout"), "1234");
	cr_expect_str_eq(report_at(&result, "stdout_bytes"), "7");
	cr_expect_str_eq(report_at(&result, "stdout_truncated"), "true");
	result_free(&result);
}

/* With --json an error is a report, too, and one line for a person; with
 * --report as well, both have the same id. */
Test(options, json_tells_errors)
{
	struct result result;
	char id[40];

	RUN(&result, OPTIONS("--json"), COMMAND("no-such-program"));
	cr_expect_eq(result.status, 127);
	cr_expect(is_one_line(&result.err), "%s", result.err.data);
	(void)snprintf(id, sizeof(id), "%s", report_at(&result, "id"));
	cr_expect_eq(strlen(id), 32, "%s", id);
	result_parse(&result, &result.out);
	cr_expect_str_eq(report_at(&result, "id"), id);
	cr_expect_str_eq(report_at(&result, "status"), "error");
	cr_expect_str_eq(report_at(&result, "error.code"), "ENOENT");
	cr_expect_str_eq(report_at(&result, "schema"), "1");
	result_free(&result);
}

/* The report says how the program was isolated, and each run has an id of its
 * own. */
Test(options, report_tells_the_isolation)
{
	static const char *const namespaces[] = {"user", "pid", "net",   "ipc",
	                                         "uts",  "mnt", "cgroup"};
	struct result one, two;

	RUN(&one, OPTIONS("--cgroup", "none"), COMMAND("true"));
	RUN(&two, OPTIONS("--net", "none"), COMMAND("true"));
	cr_expect_str_eq(report_at(&one, "schema"), "1");
	cr_expect_eq(strlen(report_at(&one, "id")), 32);
	cr_expect_str_neq(report_at(&one, "id"), report_at(&two, "id"));
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		cr_expect(report_lists(&one, "isolation.namespaces",
		                       namespaces[i]));
	cr_expect(report_lists(&one, "isolation.seccomp", "base"));
	cr_expect_str_eq(report_at(&one, "isolation.rootfs"), "host");
	cr_expect_str_eq(report_at(&one, "isolation.warm"), "false");
	cr_expect_str_eq(report_at(&one, "isolation.cgroup"), "none");
	cr_expect_str_eq(report_at(&one, "isolation.network"), "loopback");
	cr_expect_str_eq(report_at(&two, "isolation.network"), "none");
	result_free(&one);
	result_free(&two);
}

/* --dry-run prints the plan, step by step, and runs nothing. */
Test(options, dry_run_runs_nothing)
{
	static const char *const lines[] = {
		"clone: new user pid net ipc uts mnt cgroup\n",
		"idmap: uid",
		"network: loopback\n",
		"mount: proc /proc\n",
		"limit: wall_time 7s, by supervisor\n",
		"rlimit: RLIMIT_CORE 1",
		"filter: ",
		"workdir: /workspace\n",
		"env: HOME=/workspace\n",
		"argument 0: touch\n",
		"hostname: sbx\n"};
	const char *path = scratch("made");
	struct result result;

	RUN(&result,
	    OPTIONS("--dry-run", "--wall-time", "7s", "--bind", scratch("")),
	    COMMAND("touch", path));
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		cr_expect_not_null(strstr(result.out.data, lines[i]), "%s",
		                   lines[i]);
	cr_expect_eq(access(path, F_OK), -1);
	result_free(&result);
}

/* --workdir is where the program starts, and --hostname what it is called. */
Test(options, workdir_and_hostname)
{
	struct result result;

	RUN(&result, OPTIONS("--workdir", "/usr/share", "--hostname", "box-1"),
	    COMMAND("sh", "-c", "pwd; uname -n; cat /etc/hostname"));
	EXPECT_RUN(result, "/usr/share\nbox-1\nbox-1\n");
	RUN(&result, COMMAND("sh", "-c", "pwd; uname -n"));
	EXPECT_RUN(result, "/workspace\nsbx\n");
}

/* --list-profiles has each name once; --show-profile prints the file. */
Test(options, shows_profiles)
{
	struct buffer file = {0};
	struct result result;

	RUN(&result, OPTIONS("--list-profiles"), .no_report = true);
	EXPECT_RUN(result, "base\nbash\nc\ncpp\ngo\nlua\nnode\nperl\npython\npy"
	                   "thon-data\nruby\nrust\n");
	read_file(text_of("%s/share/sbx/profiles/base.json", build_dir()),
	          &file);
	RUN(&result, OPTIONS("--show-profile", "base"), .no_report = true);
	EXPECT_RUN(result, file.data);
	buffer_free(&file);
	RUN(&result, OPTIONS("--show-profile", "nosuch"), .no_report = true);
	cr_expect_eq(result.status, 125);
	cr_expect_str_eq(result.err.data, "sbx-exec: no profile \"nosuch\"; "
	                                  "--list-profiles shows them\n");
	result_free(&result);
}

/* A profile of the user's comes before the installed one of the same name,
 * can extend it, and is listed once. */
Test(options, finds_the_users_profiles)
{
	const char *env[] = {text_of("XDG_CONFIG_HOME=%s", scratch("")), NULL};
	const char *home[] = {text_of("HOME=%s", scratch("")), NULL};
	struct result result;

	cr_assert_eq(mkdir(scratch("sbx"), 0755), 0);
	cr_assert_eq(mkdir(scratch("sbx/profiles"), 0755), 0);
	(void)scratch_text("sbx/profiles/perl.json",
	                   "{\"extends\": \"base\", \"env\": {\"MINE\": \"1\"},"
	                   " \"command\": [\"sh\", \"{file}\"]} // mine");
	cr_assert_eq(mkdir(scratch(".config"), 0755), 0);
	cr_assert_eq(symlink("../sbx", scratch(".config/sbx")), 0);
	for (int i = 0; i < 2; i++) {
		RUN(&result, .env = i ? home : env,
		    OPTIONS("--profile", "perl", "--code", "echo $MINE $HOME"));
		EXPECT_RUN(result, "1 /workspace\n");
		RUN(&result, .env = i ? home : env, OPTIONS("--list-profiles"),
		    .no_report = true);
		EXPECT_RUN(result, "perl\nbase\nbash\nc\ncpp\ngo\nlua\nnode\npy"
		                   "thon\npython-data\nruby\nrust\n");
	}
}

/* --profile-file takes a file of any name, and the caller's options win over
 * it whatever their order. */
Test(options, profile_file_is_a_profile)
{
	const char *path = scratch_text(
		"p", "// mine\n{\"extends\": \"base\", \"command\": [\"bash\","
		     " \"{file}\"], \"hostname\": \"p\", \"limits\": "
		     "{\"pids\": 9, \"open_files\": 33}}");
	struct result result;

	RUN(&result, OPTIONS("--pids", "11", "--profile-file", path, "--code",
	                     "uname -n; ulimit -n"));
	cr_expect_str_eq(report_at(&result, "limits.pids.value"), "11");
	EXPECT_RUN(result, "p\n33\n");
}

/* --version and --help print, whatever else is there, and run nothing. */
Test(options, version_and_help)
{
	struct result result;

	RUN(&result, OPTIONS("--version"), .no_report = true);
	cr_expect_eq(strncmp(result.out.data, "sbx-exec ", 9), 0);
	cr_expect_eq(result.status, 0);
	result_free(&result);
	RUN(&result, OPTIONS("--help"), .no_report = true);
	cr_expect_eq(strncmp(result.out.data, "Usage: sbx-exec", 15), 0);
	cr_expect_not_null(strstr(result.out.data, "--wall-time DUR"));
	cr_expect_not_null(strstr(result.out.data, "Exit status:"));
	cr_expect_eq(result.status, 0);
	result_free(&result);
}

/* A layer that is there can be required. */
Test(options, require_what_is_there)
{
	struct result result;

	RUN(&result, OPTIONS("--require", "seccomp", "--require", "namespaces"),
	    COMMAND("echo", "x"));
	EXPECT_RUN(result, "x\n");
}
