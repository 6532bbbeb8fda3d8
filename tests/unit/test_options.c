/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../tools/trace/options.h"
#include "base/def.h"
#include "base/file.h"
#include "exec/help.h"
#include "exec/options.h"
#include "model/spec.h"

#define MAX_WORDS 16

struct line {
	char text[256]; /* the words, cut apart */
	char *argv[MAX_WORDS + 2];
	int argc;
	struct options options;
	struct sbx_error err;
};

/* Cuts text at "|" into the words after the program's name. */
static int parse_as(const struct option_table *table, struct line *line,
                    const char *text)
{
	*line = (struct line){.argc = 1};
	(void)snprintf(line->text, sizeof(line->text), "sbx-exec|%s", text);
	char *rest = line->text;
	line->argc = 0;
	while (rest && line->argc <= MAX_WORDS)
		line->argv[line->argc++] = strsep(&rest, "|");
	if (!*text)
		line->argv[--line->argc] = NULL;
	return options_parse(line->argc, line->argv, table, &line->options,
	                     &line->err);
}

static int parse(struct line *line, const char *text)
{
	return parse_as(&exec_options, line, text);
}

static void parse_good(struct line *line, const char *text)
{
	cr_assert_eq(parse(line, text), 0, "%s: %s", text, line->err.text);
}

/* The three ways to name a program. */
Test(options, name_a_program)
{
	struct line line;

	parse_good(&line, "--profile|python|--|code.py|-x|--json");
	cr_expect_str_eq(line.options.profile, "python");
	cr_expect_eq(line.options.n_arguments, 3);
	cr_expect_str_eq(line.options.arguments[0], "code.py");
	cr_expect_str_eq(line.options.arguments[2], "--json");
	cr_expect_null(line.options.arguments[3]);
	cr_expect(!line.options.json && !line.options.command);
	cr_expect_null(line.options.code);
	options_free(&line.options);

	parse_good(&line, "--profile=python|--code|print(1)|--|a");
	cr_expect_str_eq(line.options.code, "print(1)");
	cr_expect_eq(line.options.n_arguments, 1);
	options_free(&line.options);

	parse_good(&line, "--profile=python|--code=");
	cr_expect_str_eq(line.options.code, "");
	cr_expect_eq(line.options.n_arguments, 0);
	cr_expect_null(line.options.arguments);
	options_free(&line.options);

	parse_good(&line, "--command|--|ls|--|-l");
	cr_expect(line.options.command);
	cr_expect_str_eq(line.options.profile, "base");
	cr_expect_eq(line.options.n_arguments, 3);
	cr_expect_str_eq(line.options.arguments[1], "--");
	options_free(&line.options);

	parse_good(&line, "--command|--profile|python|--|ls");
	cr_expect_str_eq(line.options.profile, "python");
	options_free(&line.options);

	parse_good(&line, "--command|--profile-file|./p.json|--|ls");
	cr_expect_null(line.options.profile);
	cr_expect_str_eq(line.options.profile_file, "./p.json");
	options_free(&line.options);
}

/* What has no program is fine without one. */
Test(options, need_no_program_to_tell)
{
	struct line line;

	parse_good(&line, "--help");
	cr_expect(line.options.help);
	options_free(&line.options);
	parse_good(&line, "--version");
	cr_expect(line.options.version);
	options_free(&line.options);
	parse_good(&line, "--list-profiles");
	cr_expect(line.options.list_profiles);
	options_free(&line.options);
	parse_good(&line, "--show-profile|python");
	cr_expect_str_eq(line.options.show_profile, "python");
	options_free(&line.options);
	parse_good(&line, "--help|--bogus|x");
	cr_expect(line.options.help);
	options_free(&line.options);
}

/* Flags, and where the report goes. */
Test(options, have_flags_and_a_report)
{
	struct line line;

	parse_good(&line, "--json|--dry-run|--report|r.json|--command|--|ls");
	cr_expect(line.options.json && line.options.dry_run);
	cr_expect_str_eq(line.options.report, "r.json");
	cr_expect_eq(line.options.report_fd, -1);
	options_free(&line.options);

	parse_good(&line, "--report=fd:9|--command|--|ls");
	cr_expect_null(line.options.report);
	cr_expect_eq(line.options.report_fd, 9);
	cr_expect(!line.options.json && !line.options.dry_run);
	options_free(&line.options);
}

/* A setting goes to the library under its path, as it was written and in the
 * order of the line; an alias is the same field. */
Test(options, keep_settings_in_order)
{
	static const struct setting expected[] = {{"limits.memory", "1G"},
	                                          {"limits.wall_time", "5"},
	                                          {"limits.wall_time", "6s"},
	                                          {"env", "A=b=c"},
	                                          {"env", "B="},
	                                          {"limits.memory", "--pids"},
	                                          {"mounts.writable", "/a:/b"}};
	struct line line;

	parse_good(&line, "--memory|1G|--timeout=5|--wall-time|6s|--env=A=b=c|"
	                  "--env|B=|--memory=--pids|--bind=/a:/b|--command|--|"
	                  "ls");
	cr_assert_eq(line.options.n_settings, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		cr_expect_str_eq(line.options.settings[i].path,
		                 expected[i].path);
		cr_expect_str_eq(line.options.settings[i].value,
		                 expected[i].value);
	}
	options_free(&line.options);
}

/* Every option of the table is taken in both forms, and needs its value. */
Test(options, know_every_field)
{
	size_t n;
	const struct sbx_field *fields = sbx_fields(&n);

	for (size_t i = 0; i < n; i++) {
		char text[128], expected[128];
		struct line line;

		if (!fields[i].option)
			continue;
		(void)snprintf(text, sizeof(text),
		               "--%s|/v|--%s=/w|--json|--command|--|ls",
		               fields[i].option, fields[i].option);
		parse_good(&line, text);
		cr_expect_eq(line.options.n_settings, 2);
		cr_expect_str_eq(line.options.settings[0].path, fields[i].path);
		cr_expect_str_eq(line.options.settings[0].value, "/v");
		cr_expect_str_eq(line.options.settings[1].value, "/w");
		options_free(&line.options);

		(void)snprintf(text, sizeof(text), "--%s|--|ls",
		               fields[i].option);
		(void)snprintf(expected, sizeof(expected),
		               "--%s needs a value: %s", fields[i].option,
		               fields[i].value);
		cr_expect_eq(parse(&line, text), -EINVAL);
		cr_expect_str_eq(line.err.text, expected);
	}
}

static const struct {
	const char *line, *text;
} refused[] = {
	{"", "the program is missing: -- FILE, or --code TEXT, or "
             "--command -- PROG"},
	{"--profile|python",
         "the program is missing: -- FILE, or --code TEXT, or "
         "--command -- PROG"},
	{"--profile|python|--",
         "the program is missing: -- FILE, or --code TEXT, or "
         "--command -- PROG"},
	{"--command", "the command is missing: --command -- PROG"},
	{"--command|--", "the command is missing: --command -- PROG"},
	{"--|code.py", "the profile is missing: --profile NAME; "
                       "--list-profiles shows them"},
	{"--code|1", "the profile is missing: --profile NAME; "
                     "--list-profiles shows them"},
	{"--code|1|--command|--profile|x|--|ls",
         "--code and --command exclude each other"},
	{"--profile|python|code.py",
         "unexpected \"code.py\": the program and its arguments go "
         "after \"--\""},
	{"--profile|python|-",
         "unexpected \"-\": the program and its arguments go after "
         "\"--\""},
	{"--profile|python|--code|1|code.py",
         "--code and the file \"code.py\" exclude each other; "
         "arguments go after \"--\""},
	{"--profile|a|--profile-file|b|--|f",
         "--profile and --profile-file exclude each other"},
	{"--profile|./a.json|--|f",
         "--profile: \"./a.json\" is a path; give it to "
         "--profile-file"},
	{"--profile", "--profile needs a value: NAME"},
	{"--code|--|x", "--code needs a value: TEXT"},
	{"--json=yes|--command|--|ls", "--json takes no value"},
	{"--json=|--command|--|ls", "--json takes no value"},
	{"--memmory|1G|--command|--|ls",
         "unknown option \"--memmory\"; did you mean \"--memory\"?"},
	{"--memmory=1G", "unknown option \"--memmory\"; did you mean "
                         "\"--memory\"?"},
	{"--mem=1G", "unknown option \"--mem\"; did you mean "
                     "\"--memory\"?"},
	{"--timeuot=1", "unknown option \"--timeuot\"; did you mean "
                        "\"--timeout\"?"},
	{"--lst-profiles", "unknown option \"--lst-profiles\"; did you "
                           "mean \"--list-profiles\"?"},
	{"--report|-|--command|--|ls",
         "--report: \"-\" is no file: standard output is fd:1"},
	{"--xyzzy", "unknown option \"--xyzzy\"; see --help"},
	{"--=1", "unknown option \"--\"; see --help"},
	{"-m|1G", "unknown option \"-m\": options start with \"--\"; "
                  "see --help"},
	{"--report=|--command|--|ls", "--report needs a value: FILE or fd:N"},
	{"--report=fd:|--command|--|ls",
         "--report: \"fd:\" is not fd: and the number of a descriptor"},
	{"--report=fd:-1|--command|--|ls",
         "--report: \"fd:-1\" is not fd: and the number of a "
         "descriptor"},
	{"--report=fd:2147483648|--command|--|ls",
         "--report: \"fd:2147483648\" is not fd: and the number of a "
         "descriptor"},
	{"--collect|a|--command|--|ls",
         "--collect: the files go nowhere: add --collect-to DIR, or --json"},
	{"--collect-replace|--command|--|ls",
         "--collect-replace: --collect-to is missing"},
	{"--request|a|--command|--|ls",
         "--request and --command exclude each other: the request says what "
         "to run"},
	{"--request|a|--profile|bash",
         "--request and --profile exclude each other: the request says what "
         "to run"},
	{"--request|a|--|ls", "--request takes no program after \"--\": the "
                              "request says what to run"},
	{"--bind|no/such/dir|--command|--|ls",
         "mount no/such/dir: No such file or directory"},
};

/* Each is refused in exactly these words. */
Test(options, refuse)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct line line;
		int r = parse(&line, refused[i].line);

		cr_expect(r < 0 && r == -line.err.code, "%s: %d",
		          refused[i].line, r);
		cr_expect_str_eq(line.err.text, refused[i].text);
		cr_expect_eq(line.err.stage, SBX_STAGE_SPEC);
	}
}

/* What is left of a refused line is where its report goes. */
Test(options, keep_the_report_of_a_refused_line)
{
	struct line line;

	cr_expect_lt(parse(&line, "--quiet|--report=fd:9|--env=A=b|x"), 0);
	cr_expect(line.options.quiet && !line.options.json);
	cr_expect_eq(line.options.report_fd, 9);
	cr_expect_eq(line.options.n_settings, 0);
	cr_expect_lt(parse(&line, "--json|--report|r.json|x"), 0);
	cr_expect(line.options.json && !line.options.quiet);
	cr_expect_str_eq(line.options.report, "r.json");
	cr_expect_eq(line.options.report_fd, -1);
	cr_expect_lt(parse(&line, "--report=fd:x|--command|--|ls"), 0);
	cr_expect_null(line.options.report);
	cr_expect_eq(line.options.report_fd, -1);
	cr_expect_lt(parse(&line, "x|--json"), 0);
	cr_expect(!line.options.json);
}

/* What no field of this version stands for is no option yet. */
Test(options, end_with_this_version)
{
	static const char *const later[] = {"--allow=a:1", "--mounts=/a",
	                                    "--seccomp=a", "--pty",
	                                    "--limits.memory=1G"};

	for (size_t i = 0; i < ARRAY_SIZE(later); i++) {
		struct line line;
		char text[64];

		(void)snprintf(text, sizeof(text), "%s|--command|--|ls",
		               later[i]);
		cr_expect_eq(parse(&line, text), -EINVAL, "%s", later[i]);
		cr_expect(strncmp(line.err.text, "unknown option \"--", 18) ==
		                  0,
		          "%s", line.err.text);
	}
}

/* A source is made absolute where the program stands; a target is not. */
Test(options, make_sources_absolute)
{
	char top[] = "/tmp/sbx-options-XXXXXX";
	struct line line;

	cr_assert_not_null(mkdtemp(top));
	cr_assert_eq(chdir(top), 0);
	cr_assert_eq(mkdir("data", 0700), 0);
	cr_assert_eq(mkdir("a:b", 0700), 0);
	cr_assert_eq(symlink("data", "link"), 0);
	parse_good(&line, "--ro-bind=data|--bind=./link/:/x/./y|--ro-bind=/q/"
	                  "|--command|--|ls");
	const struct setting *settings = line.options.settings;
	cr_expect_str_eq(settings[0].value + strlen(top), "/data");
	cr_expect_str_eq(settings[1].value + strlen(top), "/data:/x/./y");
	cr_expect_str_eq(settings[2].value, "/q/");
	cr_expect_eq(settings[0].value[0], '/');
	options_free(&line.options);

	cr_assert_eq(chdir("a:b"), 0);
	cr_expect_eq(parse(&line, "--bind=.|--command|--|ls"), -EINVAL);
	cr_expect_str_eq(line.err.text, "mount .: its path has a colon; only a "
	                                "profile can name it");
	cr_assert_eq(chdir(top), 0);
	cr_assert_eq(rmdir("a:b") + rmdir("data") + unlink("link") + rmdir(top),
	             0);
}

/* Settings reach the spec as the caller's; the first bad one ends it. */
Test(options, apply_to_a_spec)
{
	struct sbx_error err = {0};
	struct sbx_spec *spec;
	struct line line;

	cr_assert_eq(sbx_spec_new(&spec, &err), 0);
	parse_good(&line, "--pids=7|--env=A=1|--command|--|ls");
	cr_expect_eq(options_apply(&line.options, spec, &err), 0);
	cr_expect_eq(spec->limits[LIMIT_PIDS].value, 7);
	cr_expect_eq(spec->limits[LIMIT_PIDS].origin, ORIGIN_CALLER);
	cr_expect_str_eq(spec->env.items[0], "A=1");
	options_free(&line.options);

	parse_good(&line, "--pids=8|--pids=0|--pids=9|--command|--|ls");
	cr_expect_eq(options_apply(&line.options, spec, &err), -ERANGE);
	cr_expect_str_eq(err.text, "limits.pids: \"0\" is below the least, 1");
	cr_expect_eq(spec->limits[LIMIT_PIDS].value, 8);
	options_free(&line.options);
	sbx_spec_free(spec);
}

/* A word of any length and of any bytes makes one short line. */
Test(options, bound_their_messages)
{
	static char words[3][100000];
	char name[] = "sbx-exec";
	struct options options;

	(void)snprintf(words[0], sizeof(words[0]), "--");
	(void)snprintf(words[2], sizeof(words[2]), "--report=fd:");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		char *argv[] = {name, words[i], NULL};
		struct sbx_error err = {0};
		size_t len = strlen(words[i]);

		memset(words[i] + len, '\n', sizeof(words[i]) - len - 1);
		cr_expect_eq(
			options_parse(2, argv, &exec_options, &options, &err),
			-EINVAL);
		cr_expect_null(strchr(err.text, '\n'));
		cr_expect_gt(strlen(err.text), 10);
	}
	char *const none[] = {NULL};
	struct sbx_error err = {0};
	cr_expect_eq(options_parse(0, none, &exec_options, &options, &err),
	             -EINVAL);
}

/* ---- help ---- */

static void capture(int (*print)(const struct option_table *table, int fd),
                    const struct option_table *table, struct buffer *text)
{
	FILE *file = tmpfile();

	cr_assert_not_null(file);
	cr_assert_eq(print(table, fileno(file)), 0);
	rewind(file);
	cr_assert_eq(file_read_fd(fileno(file), 1 << 20, text), 0);
	buffer_append(text, "", 1);
	cr_assert(!text->failed);
	(void)fclose(file);
}

/* Each option is in the text once, with what it takes. */
static void expect_options(const struct option_table *table, const char *text,
                           const char *before)
{
	size_t n;
	const struct sbx_field *fields = sbx_fields(&n);

	for (size_t i = 0; i < n + table->n; i++) {
		const struct sbx_field *option =
			i < n ? &fields[i] : &table->list[i - n].shown;
		char head[64];

		if (!option->option)
			continue;
		/* What may be left out follows at once: "--pool[=SOCKET]". */
		const char *value = option->value ? option->value : "\n";

		(void)snprintf(head, sizeof(head), "%s%s%c", before,
		               option->option,
		               strchr("[\n", value[0]) ? value[0] : ' ');
		const char *at = strstr(text, head);
		if (!at) {
			head[strlen(head) - 1] = ' ';
			at = strstr(text, head);
		}
		cr_assert_not_null(at, "%s", head);
		cr_expect_null(strstr(at + 1, head), "%s", head);
	}
}

/* --help names every option, in lines of at most 80 columns without blanks at
 * their end. */
static void expect_help(const struct option_table *table)
{
	struct buffer text = {0};

	capture(help_print, table, &text);
	expect_options(table, text.data, "\n  --");
	cr_expect_not_null(strstr(text.data, "(also --timeout)"));
	cr_expect_not_null(strstr(text.data, "[512M]"));
	for (char *line = text.data; *line;) {
		size_t len = strcspn(line, "\n");

		cr_expect_leq(len, 80, "%.*s", (int)len, line);
		cr_expect(len == 0 || line[len - 1] != ' ', "%.*s", (int)len,
		          line);
		line += len + (line[len] == '\n');
	}
	buffer_free(&text);
	cr_expect_eq(help_print(table, -1), -EBADF);
}

Test(options, have_help)
{
	expect_help(&exec_options);
	expect_help(&trace_options);
}

/* What the other program alone has is unknown. */
Test(options, are_of_one_program)
{
	struct line line;

	cr_expect_eq(parse(&line, "--output|f|--command|--|ls"), -EINVAL);
	cr_expect_not_null(strstr(line.err.text, "unknown option"));
	cr_expect_eq(parse_as(&trace_options, &line, "--pool|--command|--|ls"),
	             -EINVAL);
	cr_expect_not_null(strstr(line.err.text, "unknown option"));
	cr_assert_eq(parse_as(&trace_options, &line,
	                      "--output|f|--memory|1G|--command|--|ls"),
	             0, "%s", line.err.text);
	cr_expect_str_eq(line.options.output, "f");
	cr_expect_eq(line.options.n_settings, 1);
	options_free(&line.options);
}

/* The manual's lists name every option too. */
Test(options, have_a_manual)
{
	struct buffer text = {0};

	capture(help_mdoc, &exec_options, &text);
	expect_options(&exec_options, text.data, "\n.It Fl -");
	cr_expect_not_null(strstr(text.data,
	                          ".It Fl -wall-time Ar DUR , Fl -timeout Ar "
	                          "DUR\nTime by the clock, from the start of "
	                          "the program.\nThe default is 30s.\n"));
	cr_expect_not_null(strstr(text.data, "Ar none | loopback\n"));
	buffer_free(&text);
}
