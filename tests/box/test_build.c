/* SPDX-License-Identifier: MIT */
/* A profile that builds first: two boxes, and between them only what the
 * first one left. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/def.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(build, .init = scratch_make, .fini = scratch_remove, .timeout = 180);

/* A profile whose builds and runs are scripts: the program is the script that
 * builds, and script is what is run after it. */
static const char *profile(const char *script, const char *more)
{
	return scratch_text(
		"profile.json",
		text_of("{\"extends\": \"base\", \"file\": \"make.sh\", "
	                "\"build\": {\"command\": [\"sh\", \"{file}\"]%s}, "
	                "\"command\": [\"sh\", \"-c\", \"%s\", \"sh\"]}",
	                more, script));
}

#define BUILD(result, path, code, ...)                                         \
	RUN(result,                                                            \
	    OPTIONS("--profile-file", path, "--code", code, "--", "a", "b c"), \
	    ##__VA_ARGS__)

static void expect(struct result *result, int status, const char *out)
{
	cr_expect_eq(result->status, status, "%d: %s", result->status,
	             result->err.data);
	cr_expect_str_eq(result->out.data, out);
}

/* The program sees in /build what the build left in its workspace, cannot
 * change it, and has a fresh workspace, /tmp and arguments of its own. */
Test(build, leaves_files_that_are_read_only)
{
	const char *path =
		profile("cat /build/sub/x; /build/tool; ls -A /workspace /tmp; "
	                "echo no 2>/dev/null >/build/new || echo sealed; "
	                "chmod 777 /build/tool 2>/dev/null || echo sealed; "
	                "echo yes >/workspace/new && echo $#: $2; cat",
	                "");
	struct result result;

	BUILD(&result, path,
	      "mkdir sub; echo text >sub/x; echo 'echo ran' >tool; "
	      "chmod 755 tool; echo away >/tmp/x; echo $#; cat",
	      .input = "line\n");
	expect(&result, 0,
	       "text\nran\n/tmp:\n\n/workspace:\nsealed\nsealed\n2: b c\n"
	       "line\n");
	/* What the build says is no output of the program's. */
	cr_expect_str_eq(result.err.data, "0\n");
	cr_expect_str_eq(report_at(&result, "stages.build.status"), "success");
	cr_expect_str_eq(report_at(&result, "stages.run.status"), "success");
	cr_expect_str_eq(report_at(&result, "stages.build.cached"), "false");
	cr_expect_str_eq(report_at(&result, "isolation.network"), "loopback");
	result_free(&result);
}

/* Links, whatever they name, sockets and FIFOs stay behind: none is
 * followed, and the build cannot reach out of its workspace with them. */
Test(build, leaves_regular_files_only)
{
	const char *path = profile("cd /build; find . | sort", "");
	struct result result;

	BUILD(&result, path,
	      "ln -s /etc/passwd a; ln -s .. b; mkfifo c; ln make.sh d; "
	      "mkdir e; ln -s /proc/self/fd e/f; ln -s e g");
	expect(&result, 0, ".\n./d\n./e\n./make.sh\n");
	result_free(&result);
}

/* A build that fails is the end: its status and its words are the run's, and
 * nothing is run. */
Test(build, that_fails_is_the_end)
{
	static const struct {
		const char *code, *limits, *status, *reason;
		int exit_status;
	} rows[] = {
		{"echo broken >&2; exit 3", "", "failure", "exited", 3},
		{"kill -SEGV $$", "", "failure", "signaled", 139},
		{"sleep 60", ", \"limits\": {\"wall_time\": \"300ms\"}",
	         "timeout", "wall_time", 124},
		{"x=$(yes | head -c 60000000)",
	         ", \"limits\": {\"memory\": \"16M\"}", "limit", "memory", 137},
	};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		BUILD(&result, profile("echo ran", rows[i].limits),
		      rows[i].code);
		expect(&result, rows[i].exit_status, "");
		cr_expect_str_eq(report_at(&result, "status"), rows[i].status);
		cr_expect_str_eq(report_at(&result, "reason"), rows[i].reason);
		cr_expect_str_eq(report_at(&result, "stages.build.reason"),
		                 rows[i].reason);
		cr_expect_str_eq(report_at(&result, "stages.run"), "(none)");
		if (i == 0)
			cr_expect_str_eq(result.err.data, "broken\n");
		result_free(&result);
	}
}

/* Both streams of a compiler are in the report, where they are captured. */
Test(build, is_captured)
{
	struct result result;

	RUN(&result,
	    OPTIONS("--profile-file", profile("echo ran", ""), "--json",
	            "--code", "echo one; echo two >&2; exit 4"));
	cr_expect_eq(result.status, 4);
	cr_expect_str_eq(report_at(&result, "stdout"), "one\n");
	cr_expect_str_eq(report_at(&result, "stages.build.stderr"), "two\n");
	result_free(&result);
}

/* The caller's limits are the program's; the build has the profile's, the
 * caller's writable mounts are not in it, read-only ones are. */
Test(build, has_limits_of_its_own)
{
	const char *path = profile("cat /build/seen; echo x >/out/y && echo ok",
	                           ", \"limits\": {\"pids\": 7}");
	struct result result;

	cr_assert_eq(mkdir(scratch("out"), 0777), 0);
	cr_assert_eq(chmod(scratch("out"), 0777), 0);
	(void)scratch_text("in.txt", "input\n");
	RUN(&result,
	    OPTIONS("--profile-file", path, "--pids", "9", "--bind",
	            text_of("%s:/out", scratch("out")), "--ro-bind",
	            text_of("%s:/in.txt", scratch("in.txt")), "--code",
	            "cat /in.txt >seen; ls -d /out >>seen 2>&1; exit 0"));
	expect(&result, 0,
	       "input\nls: cannot access '/out': No such file or "
	       "directory\nok\n");
	cr_expect_str_eq(report_at(&result, "stages.build.limits.pids.value"),
	                 "7");
	cr_expect_str_eq(report_at(&result, "limits.pids.value"), "9");
	result_free(&result);
}

/* What is more than a run can be given is an error that says so; what just
 * fits is there. */
Test(build, is_bounded)
{
	static const struct {
		const char *code, *error;
	} rows[] = {
		{"i=0; while [ $i -lt 511 ]; do i=$((i+1)); : >$i; done", NULL},
		{"i=0; while [ $i -lt 512 ]; do i=$((i+1)); : >$i; done",
	         "more than 512 files"},
		{"mkdir -p 1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7",
	         "more than 16 directories deep"},
		{"truncate -s 200M sparse", "more than 128M of files"},
		{"n=$(printf %0200d 0); mkdir -p $n/$n/$n/$n/$n/$n", "longer"},
		{": >\"$(printf 'a\\nb')\"", "control bytes"},
	};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		BUILD(&result,
		      profile("ls /build | wc -l",
		              ", \"limits\": {\"disk\": \"300M\"}"),
		      rows[i].code);
		if (rows[i].error) {
			expect(&result, 125, "");
			cr_expect(is_one_line(&result.err));
			cr_expect(strstr(result.err.data, rows[i].error), "%s",
			          result.err.data);
		} else {
			expect(&result, 0, "512\n");
		}
		result_free(&result);
	}
}

/* The languages that ship say in the compiler's words what is wrong, and run
 * what is right. */
Test(build, languages_compile)
{
	static const struct {
		const char *profile, *compiler, *good, *bad, *words;
		int status;
	} rows[] = {
		{"c", "/usr/bin/gcc",
	         "#include <stdio.h>\nint main(void) { puts(\"hello\"); }",
	         "int main(void) { return nothing; }", "'nothing' undeclared",
	         1},
		{"cpp", "/usr/bin/g++",
	         "#include <iostream>\nint main() { std::cout << \"hello\\n\"; "
	         "}",
	         "int main() { return nothing; }", "'nothing' was not declared",
	         1},
		{"go", "/usr/bin/go",
	         "package main\nimport \"fmt\"\nfunc main() { "
	         "fmt.Println(\"hello\") }",
	         "package main\nfunc main() { nothing() }",
	         "undefined: nothing", 2},
		{"rust", "/usr/bin/rustc", "fn main() { println!(\"hello\"); }",
	         "fn main() { nothing(); }", "cannot find function `nothing`",
	         1},
	};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (access(rows[i].compiler, X_OK) < 0)
			skip(rows[i].compiler);
		RUN(&result, OPTIONS("--profile", rows[i].profile, "--code",
		                     rows[i].good));
		expect(&result, 0, "hello\n");
		result_free(&result);
		RUN(&result, OPTIONS("--profile", rows[i].profile, "--env",
		                     "LANG=C", "--code", rows[i].bad));
		expect(&result, rows[i].status, "");
		cr_expect(strstr(result.err.data, rows[i].words), "%s",
		          result.err.data);
		cr_expect_str_eq(report_at(&result, "status"), "failure");
		cr_expect_str_eq(report_at(&result, "stages.run"), "(none)");
		result_free(&result);
	}
}

/* A plan of both is printed, and neither is run. */
Test(build, is_in_the_dry_run)
{
	struct result result;

	RUN(&result, OPTIONS("--profile", "c", "--dry-run", "--code", "x"),
	    .no_report = true);
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	const char *build = strstr(result.out.data, "exec: /usr/bin/gcc\n");
	const char *run = strstr(result.out.data, "exec: /build/program\n");
	cr_expect(build && run && build < run);
	result_free(&result);
}
