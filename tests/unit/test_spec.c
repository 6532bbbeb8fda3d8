/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/def.h"
#include "base/json.h"
#include "model/checks.h"
#include "model/fields.h"

static struct sbx_spec *new_spec(void)
{
	struct sbx_error err = {0};
	struct sbx_spec *spec = NULL;

	cr_assert_eq(sbx_spec_new(&spec, &err), 0, "%s", err.text);
	return spec;
}

static void caller(struct sbx_spec *spec, const char *path, const char *value)
{
	struct sbx_error err = {0};

	cr_assert_eq(sbx_spec_set(spec, path, value, &err), 0, "%s", err.text);
}

static void profile(struct sbx_spec *spec, const char *json)
{
	struct arena arena = {0};
	const struct json *root;
	struct sbx_error err = {0};

	cr_assert_eq(json_parse(&arena, json, strlen(json), &root, &err), 0,
	             "%s", err.text);
	cr_assert_eq(
		fields_set_json(spec, root, ORIGIN_PROFILE, "profile x", &err),
		0, "%s", err.text);
	arena_free(&arena);
}

/* A fresh spec holds the defaults that users are told of. */
Test(spec, has_the_defaults)
{
	static const struct {
		enum limit limit;
		const char *text;
	} rows[] = {
		{LIMIT_WALL_TIME, "30s"},  {LIMIT_CPU_TIME, "30s"},
		{LIMIT_IDLE_TIME, "none"}, {LIMIT_MEMORY, "512M"},
		{LIMIT_CPUS, "1"},         {LIMIT_PIDS, "64"},
		{LIMIT_OUTPUT, "1M"},      {LIMIT_DISK, "100M"},
		{LIMIT_INODES, "10000"},   {LIMIT_OPEN_FILES, "256"},
		{LIMIT_FILE_SIZE, "100M"}, {LIMIT_STACK, "8M"},
		{LIMIT_FUEL, "none"},
	};
	struct sbx_spec *spec = new_spec();
	char buffer[24];

	cr_assert_eq(ARRAY_SIZE(rows), N_LIMITS);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct limit_value *limit = &spec->limits[rows[i].limit];

		cr_expect_str_eq(
			limit_format(rows[i].limit, limit->value, buffer),
			rows[i].text);
		cr_expect_eq(limit->origin, ORIGIN_DEFAULT);
	}
	cr_expect_eq(spec->output_action, OUTPUT_TRUNCATE);
	cr_expect_eq(spec->network, NETWORK_LOOPBACK);
	cr_expect_str_eq(spec->workdir.text, "/workspace");
	cr_expect_str_eq(spec->hostname.text, "sbx");
	cr_expect_str_eq(spec->rootfs, "host");
	cr_expect_null(spec->stdin_path.text);
	cr_expect_null(spec->binds);
	cr_expect(!spec->pty);
	cr_expect_eq(spec->env.n + spec->command.n + spec->seccomp.n, 0);
	cr_expect_eq(spec->require | spec->degraded_layers |
	                     spec->degraded_limits,
	             0);
	cr_expect_eq(spec->program.kind, PROGRAM_NONE);
	sbx_spec_free(spec);
	sbx_spec_free(NULL);
}

static const char everything[] =
	"{\"description\": \"d\", \"rootfs\": \"host\", \"file\": \"p\","
	" \"command\": [\"p\"], \"seccomp\": [\"p\"], \"package\": \"p\","
	" \"workdir\": \"/p\", \"hostname\": \"p\", \"stdin_file\": \"/p\","
	" \"pty\": true, \"network\": {\"mode\": \"none\"},"
	" \"env\": {\"A\": \"p\", \"B\": \"p\"},"
	" \"mounts\": [{\"source\": \"/p\", \"target\": \"/a\"},"
	"              {\"source\": \"/p\", \"target\": \"/b\"}],"
	" \"limits\": {\"memory\": \"1G\", \"output_action\": \"kill\"}}";

static void set_by_caller(struct sbx_spec *spec)
{
	caller(spec, "file", "c");
	caller(spec, "package", "c");
	caller(spec, "workdir", "/c");
	caller(spec, "hostname", "c");
	caller(spec, "stdin_file", "c");
	caller(spec, "pty", "false");
	caller(spec, "network.mode", "loopback");
	caller(spec, "env", "A=c");
	caller(spec, "mounts.writable", "/c:/a");
	caller(spec, "limits.memory", "2G");
	caller(spec, "limits.output_action", "truncate");
}

static void expect_callers(const struct sbx_spec *spec)
{
	cr_expect_str_eq(spec->file, "c");
	cr_expect_str_eq(spec->package, "c");
	cr_expect_str_eq(spec->workdir.text, "/c");
	cr_expect_str_eq(spec->hostname.text, "c");
	cr_expect_str_eq(spec->stdin_path.text, "c");
	cr_expect(!spec->pty);
	cr_expect_eq(spec->network, NETWORK_LOOPBACK);
	cr_expect_eq(spec->limits[LIMIT_MEMORY].value, UINT64_C(2) << 30);
	cr_expect_eq(spec->limits[LIMIT_MEMORY].origin, ORIGIN_CALLER);
	cr_expect_eq(spec->output_action, OUTPUT_TRUNCATE);
	/* What only the profile said. */
	cr_expect_str_eq(spec->description, "d");
	cr_expect_str_eq(spec->command.items[0], "p");
	cr_expect_eq(spec->env.n, 2);
	cr_expect_null(spec->env.items[2]);
	for (size_t i = 0; i < spec->env.n; i++)
		cr_expect(strcmp(spec->env.items[i], "A=c") == 0 ||
		          strcmp(spec->env.items[i], "B=p") == 0);
	cr_assert(spec->binds && spec->binds->next);
	cr_expect_null(spec->binds->next->next);
	for (const struct bind *bind = spec->binds; bind; bind = bind->next) {
		bool mine = strcmp(bind->target, "/a") == 0;

		cr_expect_str_eq(bind->source, mine ? "/c" : "/p");
		cr_expect_eq(bind->writable, mine);
	}
}

/* What the caller says wins over a profile when it is said after. */
Test(spec, caller_wins_after_a_profile)
{
	struct sbx_spec *spec = new_spec();

	profile(spec, everything);
	set_by_caller(spec);
	expect_callers(spec);
	sbx_spec_free(spec);
}

/* It wins when it is said before, too. */
Test(spec, caller_wins_before_a_profile)
{
	struct sbx_spec *spec = new_spec();

	set_by_caller(spec);
	profile(spec, everything);
	expect_callers(spec);
	sbx_spec_free(spec);
}

/* Of two values of one origin the later one counts. */
Test(spec, later_wins_over_earlier)
{
	struct sbx_spec *spec = new_spec();

	profile(spec,
	        "{\"hostname\": \"a\", \"env\": {\"A\": \"1\"},"
	        " \"command\": [\"a\", \"b\"],"
	        " \"mounts\": [{\"source\": \"/a\", \"target\": \"/m\"}]}");
	profile(spec,
	        "{\"hostname\": \"b\", \"env\": {\"A\": \"2\"},"
	        " \"command\": [\"c\"],"
	        " \"mounts\": [{\"source\": \"/b\", \"target\": \"/m\"}]}");
	cr_expect_str_eq(spec->hostname.text, "b");
	cr_expect_str_eq(spec->env.items[0], "A=2");
	cr_expect_eq(spec->env.n, 1);
	cr_expect_str_eq(spec->command.items[0], "c");
	cr_expect_eq(spec->command.n, 1);
	cr_expect_null(spec->command.items[1]);
	cr_expect_str_eq(spec->binds->source, "/b");
	cr_expect_null(spec->binds->next);
	caller(spec, "env", "A=3");
	caller(spec, "env", "A=4");
	cr_expect_str_eq(spec->env.items[0], "A=4");
	sbx_spec_free(spec);
}

/* The same target from the caller twice is a slip. */
Test(spec, one_target_holds_one_mount)
{
	struct sbx_spec *spec = new_spec();
	struct sbx_error err = {0};

	caller(spec, "mounts", "/a");
	caller(spec, "mounts", "/b");
	cr_expect_eq(sbx_spec_set(spec, "mounts.writable", "/c:/a/", &err),
	             -EINVAL);
	cr_expect_str_eq(err.text,
	                 "mounts.writable: /a is given twice as a target");
	cr_expect_str_eq(spec->binds->target, "/a");
	cr_expect_str_eq(spec->binds->next->target, "/b");
	sbx_spec_free(spec);
}

/* The size of a file follows the disk until it is set, by whomever. */
Test(spec, file_size_follows_disk)
{
	struct sbx_spec *spec = new_spec();
	const struct limit_value *size = &spec->limits[LIMIT_FILE_SIZE];

	profile(spec, "{\"limits\": {\"disk\": \"10M\"}}");
	cr_expect_eq(size->value, 10 << 20);
	caller(spec, "limits.disk", "20M");
	profile(spec, "{\"limits\": {\"disk\": \"30M\"}}");
	cr_expect_eq(size->value, 20 << 20);
	profile(spec, "{\"limits\": {\"file_size\": \"5M\"}}");
	caller(spec, "limits.disk", "40M");
	cr_expect_eq(size->value, 5 << 20);
	sbx_spec_free(spec);
}

/* Layers and limits add up, whoever names them. */
Test(spec, layers_add_up)
{
	struct sbx_spec *spec = new_spec();

	profile(spec, "{\"allow_degraded\": [\"cpus\"],"
	              " \"require\": [\"seccomp\"]}");
	caller(spec, "allow_degraded", "open-files");
	caller(spec, "allow_degraded", "cgroup");
	caller(spec, "require", "rootfs");
	cr_expect_eq(spec->degraded_limits,
	             1u << LIMIT_CPUS | 1u << LIMIT_OPEN_FILES);
	cr_expect_eq(spec->degraded_layers, 1u << LAYER_CGROUP);
	cr_expect_eq(spec->require, 1u << LAYER_SECCOMP | 1u << LAYER_ROOTFS);
	sbx_spec_free(spec);
}

/* A value that is refused changes nothing. */
Test(spec, refusal_changes_nothing)
{
	struct sbx_spec *spec = new_spec();
	struct sbx_error err;

	cr_expect_lt(sbx_spec_set(spec, "limits.pids", "0", &err), 0);
	cr_expect_lt(sbx_spec_set(spec, "hostname", "a b", &err), 0);
	cr_expect_lt(sbx_spec_set(spec, "env", "1=2", &err), 0);
	cr_expect_eq(spec->limits[LIMIT_PIDS].value, 64);
	cr_expect_eq(spec->limits[LIMIT_PIDS].origin, ORIGIN_DEFAULT);
	cr_expect_str_eq(spec->hostname.text, "sbx");
	cr_expect_eq(spec->env.n, 0);
	sbx_spec_free(spec);
}

/* Numbers of variables and mounts, and their sizes, are bounded. */
Test(spec, bounds_lists)
{
	struct sbx_spec *spec = new_spec();
	static char big[ARGUMENT_MAX + 1] = "A=";
	struct sbx_error err;
	char text[32];
	int r = 0;

	for (int i = 0; i < 1025; i++) {
		cr_expect_eq(r, 0);
		(void)snprintf(text, sizeof(text), "V%d=%d", i, i);
		r = sbx_spec_set(spec, "env", text, &err);
	}
	cr_expect_eq(r, -E2BIG);
	cr_expect_str_eq(err.text, "env: more than 1024 variables");
	r = 0;
	for (int i = 0; i < 257; i++) {
		cr_expect_eq(r, 0);
		(void)snprintf(text, sizeof(text), "/m%d", i);
		r = sbx_spec_set(spec, "mounts", text, &err);
	}
	cr_expect_eq(r, -E2BIG);
	cr_expect_str_eq(err.text, "mounts: more than 256 of them");
	memset(big + 2, 'x', ARGUMENT_MAX - 2);
	cr_expect_eq(sbx_spec_set(spec, "env", big, &err), -E2BIG);
	cr_expect_str_eq(err.text, "env: A is longer than 128K");
	big[ARGUMENT_MAX - 1] = '\0';
	cr_expect_eq(sbx_spec_set(spec, "env", "V1=1", &err), 0);
	sbx_spec_free(spec);
	spec = new_spec();
	cr_expect_eq(sbx_spec_set(spec, "env", big, &err), 0);
	sbx_spec_free(spec);
}

/* ---- the program ---- */

/* A file keeps its own name inside, whatever the profile calls a text. */
Test(spec, file_keeps_its_name)
{
	static const char *const argv[] = {"a", "", "--", NULL};
	struct sbx_spec *spec = new_spec();
	struct sbx_error err;

	cr_expect_eq(sbx_spec_file(spec, "/srv/dir/main.py", argv, &err), 0);
	profile(spec, "{\"file\": \"code.py\"}");
	cr_expect_eq(spec->program.kind, PROGRAM_FILE);
	cr_expect_str_eq(spec->program.path, "/srv/dir/main.py");
	cr_expect_str_eq(spec->file, "main.py");
	cr_expect_eq(spec->program.arguments.n, 3);
	cr_expect_str_eq(spec->program.arguments.items[2], "--");
	cr_expect_null(spec->program.arguments.items[3]);
	sbx_spec_free(spec);
}

/* What is no path of a file is refused at once. */
Test(spec, file_is_a_path)
{
	static const char *const rows[] = {"",       "/", "dir/",
	                                   "dir/..", ".", "a\nb"};
	struct sbx_spec *spec = new_spec();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sbx_error err = {0};

		cr_expect_eq(sbx_spec_file(spec, rows[i], NULL, &err), -EINVAL);
		cr_expect(strncmp(err.text, "program \"", 9) == 0, "%s",
		          err.text);
	}
	cr_expect_eq(spec->program.kind, PROGRAM_NONE);
	sbx_spec_free(spec);
}

/* A text is copied byte for byte, NUL and all, and may be empty. */
Test(spec, code_is_copied)
{
	static const char *const argv[] = {"x", NULL};
	struct sbx_spec *spec = new_spec();
	char code[] = "a\0b";
	struct sbx_error err;

	cr_expect_eq(sbx_spec_code(spec, code, 3, argv, &err), 0);
	memset(code, 'z', 3);
	cr_expect_eq(spec->program.kind, PROGRAM_CODE);
	cr_expect_eq(spec->program.code_len, 3);
	cr_expect_eq(memcmp(spec->program.code, "a\0b", 3), 0);
	cr_expect_eq(spec->program.arguments.n, 1);
	cr_expect_eq(sbx_spec_code(spec, NULL, 0, NULL, &err), 0);
	cr_expect_eq(spec->program.code_len, 0);
	cr_expect_not_null(spec->program.code);
	cr_expect_eq(spec->program.arguments.n, 0);
	cr_expect_eq(sbx_spec_code(spec, code, SIZE_MAX, NULL, &err), -EFBIG);
	cr_expect_str_eq(err.text, "the program's text is longer than 256M");
	sbx_spec_free(spec);
}

/* A command has at least a name. */
Test(spec, command_has_a_name)
{
	static const char *const good[] = {"ls", "-l", NULL};
	static const char *const none[] = {NULL};
	static const char *const empty[] = {"", "a", NULL};
	struct sbx_spec *spec = new_spec();
	struct sbx_error err;

	cr_expect_eq(sbx_spec_command(spec, NULL, &err), -EINVAL);
	cr_expect_eq(sbx_spec_command(spec, none, &err), -EINVAL);
	cr_expect_eq(sbx_spec_command(spec, empty, &err), -EINVAL);
	cr_expect_str_eq(err.text, "the command is missing");
	cr_expect_eq(spec->program.kind, PROGRAM_NONE);
	cr_expect_eq(sbx_spec_command(spec, good, &err), 0);
	cr_expect_eq(spec->program.kind, PROGRAM_COMMAND);
	cr_expect_str_eq(spec->program.arguments.items[1], "-l");
	sbx_spec_free(spec);
}

/* An argument that the kernel would not take is refused before anything is
 * built. */
Test(spec, arguments_are_bounded)
{
	static char big[ARGUMENT_MAX + 1];
	static const char *many[65538];
	const char *const argv[] = {"a", big, NULL};
	struct sbx_spec *spec = new_spec();
	struct sbx_error err;

	memset(big, 'x', ARGUMENT_MAX);
	cr_expect_eq(sbx_spec_command(spec, argv, &err), -E2BIG);
	cr_expect_str_eq(err.text, "argument 2 is longer than 128K");
	big[ARGUMENT_MAX - 1] = '\0';
	cr_expect_eq(sbx_spec_command(spec, argv, &err), 0);
	for (size_t i = 0; i < 65537; i++)
		many[i] = "a";
	cr_expect_eq(sbx_spec_command(spec, many, &err), -E2BIG);
	cr_expect_str_eq(err.text, "more than 65536 arguments");
	sbx_spec_free(spec);
}
