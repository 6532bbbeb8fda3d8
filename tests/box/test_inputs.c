/* SPDX-License-Identifier: MIT */
/* What goes in: files of the host, and requests. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/def.h"
#include "support/run.h"
#include "support/schema.h"
#include "support/scratch.h"

TestSuite(inputs, .init = scratch_make, .fini = scratch_remove, .timeout = 120);

/* Runs a request that comes on standard input. */
static void ask(struct result *result, const char *json)
{
	RUN(result, OPTIONS("--request", "-"), .input = json);
}

/* Inputs are copies, under their own names or others, in directories that are
 * made for them, and the program may change them. */
Test(inputs, are_placed)
{
	const char *path = scratch_text("in.txt", "given\n");
	struct result result;
	struct buffer after = {0};

	RUN(&result,
	    OPTIONS("--input", path, "--input", text_of("%s:a/b/c.txt", path)),
	    COMMAND("sh", "-c",
	            "cat in.txt a/b/c.txt; echo mine >in.txt; "
	            "rm a/b/c.txt; rmdir a/b; ls"));
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	cr_expect_str_eq(result.out.data, "given\ngiven\na\nin.txt\n");
	result_free(&result);
	read_file(path, &after);
	cr_expect_str_eq(after.data, "given\n");
	buffer_free(&after);
}

/* What may be executed may be so inside, and nothing else. */
Test(inputs, keep_that_they_may_be_executed)
{
	const char *text = "#!/bin/sh\necho ran\n";
	struct result result;

	RUN(&result,
	    OPTIONS("--input", scratch_file("tool", text, strlen(text), 0700),
	            "--input",
	            text_of("%s:bin/text", scratch_text("text", text))),
	    COMMAND("sh", "-c", "./tool; bin/text; stat -c %a tool bin/text"));
	cr_expect_str_eq(result.out.data, "ran\n755\n644\n");
	cr_expect_not_null(strstr(result.err.data, "Permission denied"));
	result_free(&result);
}

/* They are there before the start, byte for byte. */
Test(inputs, are_whole)
{
	static char bytes[300000];
	struct result result;
	const char *path;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * i >> 3);
	path = scratch_file("bytes", bytes, sizeof(bytes), 0600);
	RUN(&result, OPTIONS("--input", path), COMMAND("cat", "bytes"));
	cr_assert_eq(result.out.len, sizeof(bytes));
	cr_expect_eq(memcmp(result.out.data, bytes, sizeof(bytes)), 0);
	result_free(&result);
}

/* They count against disk and inodes: the program has what they leave. */
Test(inputs, count_against_the_limits)
{
	static char bytes[1 << 20];
	const char *path = scratch_file("mega", bytes, sizeof(bytes), 0644);
	struct result result;

	RUN(&result, OPTIONS("--input", path, "--disk", "1020K"),
	    COMMAND("true"));
	cr_expect_eq(result.status, 125);
	cr_expect(is_one_line(&result.err), "%s", result.err.data);
	cr_expect_not_null(strstr(result.err.data, "--disk"));
	result_free(&result);
	for (int fits = 0; fits < 2; fits++) {
		RUN(&result, OPTIONS("--input", path, "--disk", "1536K"),
		    COMMAND("sh", "-c",
		            text_of("head -c %d /dev/zero >more",
		                    fits ? 524288 : 524289)));
		cr_expect_eq(result.status == 0, fits, "%s", result.err.data);
		result_free(&result);
	}
	RUN(&result,
	    OPTIONS("--input", path, "--inodes", "16", "--input",
	            text_of("%s:1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16", path)),
	    COMMAND("true"));
	cr_expect_eq(result.status, 125);
	cr_expect_not_null(strstr(result.err.data, "--inodes"));
	result_free(&result);
}

/* What is no regular file, or may not be there, is one line, and nothing
 * runs. */
Test(inputs, bad_ones)
{
	const char *file = scratch_text("f", "x");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct result result;

	(void)mkfifo(scratch("fifo"), 0644);
	(void)strcpy(address.sun_path, scratch("socket"));
	cr_assert_eq(
		bind(listener, (struct sockaddr *)&address, sizeof(address)),
		0);
	const struct {
		const char *input, *named;
	} rows[] = {
		{"/no/such", "/no/such"},
		{"/usr", "directory"},
		{"/dev/zero", "regular"},
		{scratch("fifo"), "regular"},
		{scratch("socket"), "regular"},
		{text_of("%s:/abs", file), "/abs"},
		{text_of("%s:..", file), ".."},
		{text_of("%s:a/../b", file), "a/../b"},
		{text_of("%s:", file), "in the workspace"},
		{text_of("%s:a\nb", file), "in the workspace"},
		{"", "inputs"},
		{text_of("%s:%04096d", file, 1), "in the workspace"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		RUN(&result, OPTIONS("--input", rows[i].input),
		    COMMAND("echo", "ran"));
		cr_expect_eq(result.status, 125, "%zu", i);
		cr_expect_eq(result.out.len, 0, "%zu", i);
		cr_expect(is_one_line(&result.err), "%zu: %s", i,
		          result.err.data);
		cr_expect_not_null(strstr(result.err.data, rows[i].named),
		                   "%zu: %s", i, result.err.data);
		result_free(&result);
	}
	(void)close(listener);
}

/* Nothing is written through a bind, or onto the program. */
Test(inputs, stay_in_their_place)
{
	const char *file = scratch_text("f", "x");
	struct result result;

	(void)mkdir(scratch("dir"), 0755);
	RUN(&result,
	    OPTIONS("--bind", text_of("%s:/workspace/d", scratch("dir")),
	            "--input", text_of("%s:d/in", file)),
	    COMMAND("echo", "ran"));
	cr_expect_eq(result.status, 125);
	cr_expect_not_null(strstr(result.err.data, "name another target"));
	cr_expect_neq(access(scratch("dir/in"), F_OK), 0);
	result_free(&result);
	RUN(&result, OPTIONS("--profile", "bash", "--input", file, "--input",
	                     text_of("%s:f/g", file), "--code", "echo ran"));
	cr_expect_eq(result.status, 125);
	result_free(&result);
	RUN(&result, OPTIONS("--profile", "bash", "--input",
	                     text_of("%s:f", file), "--", file));
	cr_expect_eq(result.status, 125);
	cr_expect_not_null(strstr(result.err.data, "program itself"));
	result_free(&result);
}

/* A request is a whole run, and the answer is the report and nothing else. */
Test(inputs, request_is_a_run)
{
	struct result result;

	ask(&result, "{\"id\":\"r-1\",\"language\":\"sh\",\"code\":"
	             "\"read a; echo $a $1; cat d/f; echo e >&2; exit 3\","
	             "\"args\":[\"x y\"],\"inputs\":[\"one\"],\"files\":"
	             "[{\"path\":\"d/f\",\"content\":\"two\\n\"}],"
	             "\"timeout\":20,\"packages\":[]}");
	cr_expect_eq(result.status, 3, "%s", result.err.data);
	cr_expect_str_eq(report_at(&result, "id"), "r-1");
	cr_expect_str_eq(report_at(&result, "stdout"), "one x y\ntwo\n");
	cr_expect_str_eq(report_at(&result, "stderr"), "e\n");
	cr_expect_str_eq(report_at(&result, "limits.wall_time.value"), "20");
	cr_expect_str_eq(report_at(&result, "profile"), "bash");
	cr_expect_str_eq(result.out.data, result.report_line.data);
	cr_expect_eq(result.err.len, 0, "%s", result.err.data);
	result_free(&result);
}

/* It comes from a file as well; then standard input is still the request's
 * own, and options hold over what it says. */
Test(inputs, request_from_a_file)
{
	const char *path = scratch_text(
		"r.json", "{\"command\":[\"cat\"],\"limits\":{\"pids\":5}}");
	struct result result;

	RUN(&result, OPTIONS("--request", path, "--pids", "7"),
	    .input = "not for it");
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	cr_expect_str_eq(report_at(&result, "stdout"), "");
	cr_expect_str_eq(report_at(&result, "limits.pids.value"), "7");
	result_free(&result);
}

/* A bad request is a report of an error with its id, and one line. */
Test(inputs, bad_requests)
{
	static char deep[200000], longest[10 << 20];
	struct result result;

	memset(deep, '[', sizeof(deep) - 1);
	memset(longest, 'x', sizeof(longest) - 1);
	memcpy(longest, "{\"code\":\"", 9);
	const char *const rows[] = {
		"{\"id\":\"b\",\"code\":1}",
		"{\"id\":\"b\",\"code\":\"\",\"language\":\"nosuch\"}",
		"{\"id\":\"b\",\"command\":[\"nosuch\"]}",
		"{\"id\":\"b\",\"command\":[\"ls\"],\"x\":1}",
		"{\"id\":\"b\",\"command\":[\"ls\"],\"network_access\":true}",
		"{\"id\":\"b\",\"command\":[\"ls\"],\"packages\":[\"x\"]}",
		"",
		"nonsense",
		deep,
		longest,
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ask(&result, rows[i]);
		cr_expect_eq(result.status, i == 2 ? 127 : 125, "%zu: %d", i,
		             result.status);
		cr_expect_str_eq(report_at(&result, "status"), "error", "%zu",
		                 i);
		if (i < 6)
			cr_expect_str_eq(report_at(&result, "id"), "b", "%zu",
			                 i);
		else
			cr_expect_eq(strlen(report_at(&result, "id")), 32,
			             "%zu: %s", i, report_at(&result, "id"));
		cr_expect(is_one_line(&result.err), "%zu: %s", i,
		          result.err.data);
		result_free(&result);
	}
	RUN(&result, OPTIONS("--request", "/no/such"), .no_report = true);
	cr_expect_eq(result.status, 125);
	cr_expect_not_null(strstr(result.err.data, "/no/such"));
	result_free(&result);
}

/* The schema that ships says the same of requests as the reader: rows of both
 * kinds. */
Test(inputs, schema_of_requests)
{
	static const struct {
		const char *json;
		bool fits;
	} rows[] = {
		{"{\"language\":\"python\",\"code\":\"1\",\"inputs\":[\"a\"],"
	         "\"timeout\":30,\"network_access\":false,\"packages\":[]}",
	         true},
		{"{\"command\":[\"ls\"],\"limits\":{\"memory\":\"1G\"},"
	         "\"files\""
	         ":[{\"path\":\"a\",\"content_b64\":\"AA==\"}],\"id\":\"1\"}",
	         true},
		{"{\"language\":\"python\"}", false},
		{"{\"code\":\"\",\"cgroup\":\"none\",\"build\":{\"command\":"
	         "[\"cc\"]},\"package_path\":{\"A\":\"{package}\"},"
	         "\"warm\":{\"kind\":\"none\"}}",
	         true},
		{"{\"code\":\"\",\"extends\":\"base\"}", false},
		{"{\"code\":1,\"language\":\"python\"}", false},
		{"{\"code\":\"\",\"nosuch\":1}", false},
		{"{\"code\":\"\",\"files\":[{\"path\":\"a\"}]}", false},
		{"{\"code\":\"\",\"timeout\":\"soon\"}", false},
		{"{\"code\":\"\",\"inputs\":\"a\"}", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct arena arena = {0};
		const struct json *value;
		char fault[512] = "";

		cr_assert_eq(json_parse(&arena, rows[i].json,
		                        strlen(rows[i].json), &value, NULL),
		             0);
		cr_expect_eq(schema_fits("request.schema.json", value, fault,
		                         sizeof(fault)),
		             rows[i].fits, "%zu: %s", i, fault);
		arena_free(&arena);
	}
}
