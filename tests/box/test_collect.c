/* SPDX-License-Identifier: MIT */
/* What comes out: files of the workspace, whatever the program has made
 * there. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/def.h"
#include "base/text.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(collect, .init = scratch_make, .fini = scratch_remove,
          .timeout = 240);

/* The entry of path in an array of the report, or NULL. */
static const struct json *entry(const struct result *result, const char *array,
                                const char *path)
{
	const struct json *list =
		result->report ? json_get(result->report, array) : NULL;

	for (list = list ? list->child : NULL; list; list = list->next)
		if (strcmp(json_get(list, "path")->text, path) == 0)
			return list;
	return NULL;
}

static const char *member(const struct json *object, const char *key)
{
	const struct json *value = object ? json_get(object, key) : NULL;

	return !value                     ? "(none)"
	       : value->kind == JSON_BOOL ? (value->boolean ? "true" : "false")
	       : value->text              ? value->text
	                                  : "(other)";
}

static void shell(struct result *result, const char *const *options,
                  const char *script)
{
	call_run(CALL(.options = options, COMMAND("sh", "-c", script)), result);
}

/* Files that match come out with size and sha256; those that do not, do not. */
Test(collect, brings_files_out)
{
	struct result result;
	struct buffer text = {0};
	char hash[65];

	shell(&result,
	      WORDS("--collect", "*.txt", "--collect", "d/**", "--collect-to",
	            scratch("out")),
	      "echo one >a.txt; echo two >b.png; mkdir -p d/e; echo three "
	      ">d/e/c; echo four >.h.txt");
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	cr_expect_eq(result.err.len, 0, "%s", result.err.data);
	read_file(scratch("out/a.txt"), &text);
	cr_expect_str_eq(text.data, "one\n");
	buffer_free(&text);
	text = (struct buffer){0};
	read_file(scratch("out/d/e/c"), &text);
	cr_expect_str_eq(text.data, "three\n");
	buffer_free(&text);
	cr_expect_neq(access(scratch("out/b.png"), F_OK), 0);
	cr_expect_neq(access(scratch("out/.h.txt"), F_OK), 0);
	text_sha256("one\n", 4, hash);
	const struct json *file = entry(&result, "files", "a.txt");
	cr_expect_str_eq(member(file, "size_bytes"), "4");
	cr_expect_str_eq(member(file, "sha256"), hash);
	cr_expect_str_eq(member(file, "content_b64"), "(none)");
	cr_expect_str_eq(member(file, "partial"), "(none)");
	cr_expect_null(entry(&result, "files", "b.png"));
	cr_expect_str_eq(report_at(&result, "files_skipped"), "(none)");
	result_free(&result);
}

/* Without a directory the report has the content, where it is small. */
Test(collect, content_in_the_report)
{
	struct result result;

	RUN(&result, OPTIONS("--request", "-"),
	    .input = "{\"language\":\"bash\",\"code\":\"printf "
	             "'\\\\0\\\\377' >x.bin; head -c 2000000 /dev/zero "
	             ">big.bin; >none.bin\",\"collect\":[\"*.bin\"]}");
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	cr_expect_str_eq(
		member(entry(&result, "files", "x.bin"), "content_b64"),
		"AP8=");
	cr_expect_str_eq(
		member(entry(&result, "files", "none.bin"), "content_b64"), "");
	cr_expect_str_eq(
		member(entry(&result, "files", "big.bin"), "content_b64"),
		"(none)");
	cr_expect_str_eq(
		member(entry(&result, "files", "big.bin"), "size_bytes"),
		"2000000");
	result_free(&result);
}

/* What a hostile program leaves, and the reason that each is passed over. */
static const char *const planted[][2] = {
	{"shadow", "symbolic link"},
	{"dangling", "symbolic link"},
	{"environ", "symbolic link"},
	{"zero", "symbolic link"},
	{"fifo", "FIFO"},
	{"socket", "socket"},
	{"huge", "limits.disk"},
};

/* Links are not followed, what is no regular file is not opened, a file that
 * claims more than the disk is not read; the control is the file beside them.
 */
Test(collect, passes_over_what_is_planted)
{
	struct result result;
	struct stat st;

	shell(&result,
	      WORDS("--collect", "**", "--collect-to", scratch("out"),
	            "--file-size", "none"),
	      "ln -s /etc/shadow shadow; ln -s nowhere dangling; ln -s "
	      "/proc/self/environ environ; ln -s /dev/zero zero; ln -s /etc "
	      "dir; mkfifo fifo; perl -MIO::Socket::UNIX -e "
	      "'IO::Socket::UNIX->new(Local=>\"socket\",Listen=>1)'; truncate "
	      "-s 1P huge; echo good >good; chmod 755 good; mkdir -p deep; cd "
	      "deep; for i in $(seq 60); do mkdir x && cd x; done; echo x "
	      ">file");
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	cr_expect_lt(result.seconds, 20);
	for (size_t i = 0; i < ARRAY_SIZE(planted); i++) {
		const char *name = planted[i][0];
		const char *why =
			member(entry(&result, "files_skipped", name), "reason");

		cr_expect_not_null(strstr(why, planted[i][1]), "%s: %s", name,
		                   why);
		cr_expect_null(entry(&result, "files", name), "%s", name);
		cr_expect_neq(lstat(scratch(text_of("out/%s", name)), &st), 0,
		              "%s", name);
	}
	cr_expect_not_null(entry(&result, "files", "good"));
	cr_assert_eq(lstat(scratch("out/good"), &st), 0);
	cr_expect(S_ISREG(st.st_mode));
	cr_expect_eq(st.st_mode & 07777, 0644);
	cr_expect_eq(st.st_uid, geteuid());
	cr_expect_not_null(strstr(result.report_line.data, "is too deep"));
	result_free(&result);
}

/* Rights are the host's own; a file that its owner may not read is passed over
 * where the caller is no more than that. */
Test(collect, strips_rights)
{
	struct result result;
	struct stat st;

	shell(&result, WORDS("--collect", "*", "--collect-to", scratch("out")),
	      "echo a >setuid; chmod 6755 setuid; echo b >closed; chmod 0 "
	      "closed; echo c >linked; ln linked twice");
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	cr_assert_eq(lstat(scratch("out/setuid"), &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0644);
	cr_assert_eq(lstat(scratch("out/twice"), &st), 0);
	cr_expect_eq(st.st_nlink, 1);
	if (geteuid() == 0)
		cr_expect_not_null(entry(&result, "files", "closed"));
	else
		cr_expect_str_eq(
			member(entry(&result, "files_skipped", "closed"),
		               "reason"),
			"Permission denied");
	result_free(&result);
}

/* Names that steer a terminal, or are not UTF-8, are escaped in the report and
 * on the host; a dash is a name like another. */
Test(collect, escapes_names)
{
	struct result result;

	shell(&result, WORDS("--collect", "*", "--collect-to", scratch("out")),
	      "printf 1 >\"$(printf 'a\\nb')\"; printf 2 >\"$(printf "
	      "'\\033[2J')\"; printf 3 >\"$(printf '\\377')\"; printf 4 >-rf; "
	      "printf 5 >Case; printf 6 >case; printf 7 >\"$(printf '%0255d' "
	      "1)\"");
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	static const char *const names[] = {"a\\x0ab", "\\x1b[2J", "\\xff",
	                                    "-rf",     "Case",     "case"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cr_expect_not_null(entry(&result, "files", names[i]), "%s",
		                   names[i]);
		cr_expect_eq(access(text_of("%s/%s", scratch("out"), names[i]),
		                    F_OK),
		             0, "%s", names[i]);
	}
	result_free(&result);
}

/* Nothing that is there is written over, unless told; a link there is replaced
 * and not followed, and one on the way is refused. */
Test(collect, writes_over_nothing)
{
	const char *victim = scratch_text("victim", "untouched");
	struct result result;
	struct buffer text = {0};

	cr_assert_eq(mkdir(scratch("out"), 0755), 0);
	(void)scratch_text("out/a", "old");
	cr_assert_eq(symlink(victim, scratch("out/l")), 0);
	cr_assert_eq(symlink(scratch(""), scratch("out/d")), 0);
	for (int replace = 0; replace < 2; replace++) {
		shell(&result,
		      WORDS("--collect", "**", "--collect-to", scratch("out"),
		            replace ? "--collect-replace" : "--quiet"),
		      "echo new >a; echo new >l; mkdir d; echo new >d/victim");
		cr_expect_eq(result.status, 0, "%s", result.err.data);
		cr_expect_eq(!entry(&result, "files", "a"), !replace);
		cr_expect_eq(!entry(&result, "files", "l"), !replace);
		cr_expect_not_null(entry(&result, "files_skipped", "d/victim"));
		result_free(&result);
		text = (struct buffer){0};
		read_file(scratch("out/a"), &text);
		cr_expect_str_eq(text.data, replace ? "new\n" : "old");
		buffer_free(&text);
	}
	text = (struct buffer){0};
	read_file(victim, &text);
	cr_expect_str_eq(text.data, "untouched");
	buffer_free(&text);
}

/* Of a run that was stopped they come out all the same, and say so. */
Test(collect, marks_partial_results)
{
	struct result result;

	shell(&result,
	      WORDS("--collect", "*", "--collect-to", scratch("out"),
	            "--wall-time", "1"),
	      "echo half >a; sleep 60");
	cr_expect_eq(result.status, 124);
	cr_expect_str_eq(member(entry(&result, "files", "a"), "partial"),
	                 "true");
	cr_expect_eq(access(scratch("out/a"), F_OK), 0);
	result_free(&result);
}

/* More files than are brought out: the rest is counted, and time bounded. */
Test(collect, many_files)
{
	struct result result;
	const struct json *files;
	size_t n = 0;

	shell(&result,
	      WORDS("--collect", "**", "--json", "--inodes", "110000",
	            "--memory", "1G"),
	      "perl -e 'for (1..100000) { open F, \">\", \"f$_\" or die; }'");
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	files = json_get(result.report, "files");
	for (files = files->child; files; files = files->next)
		n++;
	cr_expect_eq(n, 1000);
	cr_expect_not_null(strstr(result.report_line.data, "more than 1000"));
	cr_expect_lt(result.seconds, 60 * slowness());
	result_free(&result);
}

/* What cannot be brought out anywhere is refused before the run. */
Test(collect, bad_options)
{
	static const char *const rows[][5] = {
		{"--collect", "*"},
		{"--collect", "/etc/*", "--json"},
		{"--collect", "../*", "--json"},
		{"--collect", "", "--json"},
		{"--collect-replace"},
		{"--collect-to", "/tmp"},
		{"--collect-to", "/tmp", "--json"},
		{"--collect", "*", "--collect-to", "/proc/nosuch"},
		{"--collect", "*", "--collect-to", "/etc/passwd"},
	};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		RUN(&result, .options = rows[i], .no_report = true,
		    COMMAND("echo", "ran"));
		cr_expect_eq(result.status, 125, "%zu", i);
		cr_expect(is_one_line(&result.err), "%zu: %s", i,
		          result.err.data);
		cr_expect_null(strstr(result.out.data, "ran\n"), "%zu", i);
		result_free(&result);
	}
}

/* A full disk of the host costs the files that do not fit, each with its
 * reason, and leaves no half of one. */
Test(collect, nothing_half)
{
	struct result result;

	cr_assert_eq(mkdir(scratch("out"), 0555), 0);
	shell(&result, WORDS("--collect", "*", "--collect-to", scratch("out")),
	      "echo x >a");
	if (geteuid() != 0)
		cr_expect_str_eq(
			member(entry(&result, "files_skipped", "a"), "reason"),
			"Permission denied");
	cr_expect_eq(result.status, 0);
	result_free(&result);
	(void)chmod(scratch("out"), 0755);
}
