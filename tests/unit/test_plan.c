/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "support/facts.h"

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct sbx_spec *spec;
static struct arena arena;
static struct sbx_error err;

static void setup(void)
{
	spec = made_spec(NULL);
}

static void teardown(void)
{
	sbx_spec_free(spec);
	arena_free(&arena);
}

TestSuite(plan, .init = setup, .fini = teardown);

/* Plans it for a host where everything is in /usr/bin. */
static int build(struct sbx_plan **plan)
{
	struct facts facts = facts_root;

	facts.executable = "/usr/bin/it";
	if (spec->program.kind != PROGRAM_COMMAND) {
		facts.code = "abc";
		facts.code_len = 3;
		facts.code_name = spec->file ? spec->file : "program";
	}
	return plan_build(spec, &facts, plan, &err);
}

/* It cannot be planned, and the plan that was there stays. */
static void expect_error(int code, const char *text)
{
	static struct sbx_plan untouched;
	struct sbx_plan *plan = &untouched;

	err = (struct sbx_error){0};
	cr_expect_eq(build(&plan), -code);
	cr_expect_eq(plan, &untouched);
	cr_expect_eq(err.code, code, "%s", err.text);
	cr_expect_eq(err.stage, SBX_STAGE_PLAN);
	cr_expect_str_eq(err.text, text);
}

/* {file} becomes the program's name, wherever it stands, once a word, and
 * never a thing that an interpreter could take for an option. */
Test(plan, names_the_file)
{
	static const struct {
		const char *word, *name, *workdir, *argument;
	} rows[] = {
		{"{file}", "code.py", "/workspace", "code.py"},
		{"{file}", "-c", "/workspace", "./-c"},
		{"{file}", "--version", "/workspace", "./--version"},
		{"{file}", "a b", "/workspace", "a b"},
		{"{file}", "{file}", "/workspace", "{file}"},
		{"--in={file}", "-c", "/workspace", "--in=-c"},
		{"{file}.out", "-c", "/workspace", "./-c.out"},
		{"{file}{file}", "x", "/workspace", "x{file}"},
		{"{File}", "x", "/workspace", "{File}"},
		{"{file", "x", "/workspace", "{file"},
		{"", "x", "/workspace", ""},
		{"{file}", "code.py", "/tmp", "/workspace/code.py"},
		{"{file}", "-c", "/", "/workspace/-c"},
		{"--in={file}", "-c", "/workspace/x", "--in=/workspace/-c"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char **argv = NULL;

		spec->command = (struct strings){
			(const char *[]){"run", rows[i].word, NULL}, 2};
		spec->workdir.text = rows[i].workdir;
		spec->program = (struct program){.kind = PROGRAM_CODE};
		cr_assert_eq(
			plan_arguments(spec, rows[i].name, &arena, &argv, &err),
			0);
		cr_expect_str_eq(argv[0], "run");
		cr_expect_str_eq(argv[1], rows[i].argument, "row %zu: %s", i,
		                 argv[1]);
		cr_expect_null(argv[2]);
	}
}

/* Arguments follow the profile's command as they are; a command is nothing
 * but its own words. */
Test(plan, keeps_arguments)
{
	const char *const *words = WORDS("{file}", "", "-x", "--");
	char **argv = NULL;

	cr_assert_eq(sbx_spec_command(spec, words, &err), 0);
	cr_assert_eq(plan_arguments(spec, NULL, &arena, &argv, &err), 0);
	for (size_t i = 0; i < 4; i++)
		cr_expect_str_eq(argv[i], words[i]);
	cr_expect_null(argv[4]);
	spec->command =
		(struct strings){(const char *[]){"run", "{file}", NULL}, 2};
	cr_assert_eq(sbx_spec_code(spec, "x", 1, words, &err), 0);
	cr_assert_eq(plan_arguments(spec, "f", &arena, &argv, &err), 0);
	cr_expect_str_eq(argv[1], "f");
	for (size_t i = 0; i < 4; i++)
		cr_expect_str_eq(argv[i + 2], words[i]);
	cr_expect_null(argv[6]);
}

/* Without a program there is no plan. */
Test(plan, wants_a_program)
{
	spec->program = (struct program){.kind = PROGRAM_NONE};
	expect_error(EINVAL, "there is no program to run");
}

/* A profile without a command runs no file. */
Test(plan, wants_a_command)
{
	cr_assert_eq(sbx_spec_code(spec, "x", 1, NULL, &err), 0);
	expect_error(EINVAL,
	             "profile base has no command to run a file with; give "
	             "--command, or a profile of a language");
	spec->profile = NULL;
	expect_error(EINVAL,
	             "profile base has no command to run a file with; give "
	             "--command, or a profile of a language");
}

static const char *repeat(char letter, size_t len)
{
	char *text = arena_alloc(&arena, len + 1);

	cr_assert_not_null(text);
	memset(text, letter, len);
	return text;
}

/* One argument may be as long as the kernel takes it, and not longer. */
Test(plan, bounds_one_argument)
{
	struct sbx_plan *plan;

	cr_assert_eq(
		sbx_spec_command(spec, WORDS("ls", repeat('x', 131071)), &err),
		0);
	cr_assert_eq(build(&plan), 0, "%s", err.text);
	sbx_plan_free(plan);
	spec->program.arguments.items[1] = repeat('x', 131072);
	expect_error(E2BIG, "argument 1 is 131073 bytes long; the kernel takes "
	                    "131072");
	spec->program.arguments.n = 1;
	spec->program.arguments.items[1] = NULL;
	spec->env.items[1] = repeat('x', 131072);
	expect_error(E2BIG,
	             "environment variable 1 is 131073 bytes long; the kernel "
	             "takes 131072");
}

/* All arguments together fit into a quarter of the stack, and never into more
 * than 6M; the message says the sum, the room, and what helps. */
Test(plan, bounds_all_arguments)
{
	static const struct {
		const char *stack;
		size_t n, len;
		const char *fault;
	} rows[] = {
		{"64K", 1, 15000, NULL},
		{"64K", 1, 17000,
	         "arguments and environment are 17139 bytes together; a stack "
	         "of this size takes 16384: raise --stack up to 24M, or pass "
	         "them in a file"},
		{"8M", 15, 131000, NULL},
		{"8M", 17, 131000,
	         "arguments and environment are 2227283 bytes together; a "
	         "stack of this size takes 2097152: raise --stack up to 24M, "
	         "or pass them in a file"},
		{"24M", 17, 131000, NULL},
		{"1G", 47, 131000, NULL},
		{"none", 47, 131000, NULL},
		{"none", 49, 131000,
	         "arguments and environment are 6419571 bytes together; a "
	         "stack of this size takes 6291456: raise --stack up to 24M, "
	         "or pass them in a file"},
	};
	const char *words[64] = {"ls"};
	struct sbx_plan *plan;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (size_t n = 0; n < rows[i].n; n++)
			words[n + 1] = repeat('x', rows[i].len);
		words[rows[i].n + 1] = NULL;
		cr_assert_eq(
			sbx_spec_set(spec, "limits.stack", rows[i].stack, &err),
			0);
		cr_assert_eq(sbx_spec_command(spec, words, &err), 0);
		if (rows[i].fault) {
			expect_error(E2BIG, rows[i].fault);
			continue;
		}
		cr_assert_eq(build(&plan), 0, "%s", err.text);
		sbx_plan_free(plan);
	}
}

/* The sum of the program is that of its bytes; a command has none. */
Test(plan, sums_the_program)
{
	struct sbx_plan *plan;

	cr_assert_eq(build(&plan), 0);
	cr_expect_str_empty(plan->code_sha256);
	sbx_plan_free(plan);
	spec->command = (struct strings){(const char *[]){"run", NULL}, 1};
	cr_assert_eq(sbx_spec_code(spec, "abc", 3, NULL, &err), 0);
	cr_assert_eq(build(&plan), 0);
	cr_expect_str_eq(plan->code_sha256,
	                 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410f"
	                 "f61f20015ad");
	sbx_plan_free(plan);
}

/* A set of calls that nobody knows is an error. */
Test(plan, refuses_unknown_sets)
{
	struct sbx_plan *plan;

	spec->seccomp.items[1] = "treads";
	cr_expect_lt(build(&plan), 0);
	cr_expect_not_null(strstr(err.text, "treads"), "%s", err.text);
}

/* A set that opens a way round something is in no run that has that, and in
 * every other. */
Test(plan, chooses_sets)
{
	static const struct {
		const char *path, *value, *set;
	} rows[] = {
		{"mounts", "/srv", "unix"},
		{"mounts.writable", "/srv", "setid"},
		{"limits.memory", "64M", "memfd"},
		{"limits.cpus", "1", "affinity"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		static const struct bind_source source = {"/srv", true};
		struct facts facts = facts_root;
		struct sbx_plan *plan;
		struct buffer list = {0};

		sbx_spec_free(spec);
		spec = made_spec(SETTINGS(rows[i].path, rows[i].value));
		facts.executable = "/usr/bin/ls";
		facts.binds = &source;
		cr_assert_eq(plan_build(spec, &facts, &plan, &err), 0);
		for (size_t n = 0; n < plan->seccomp.n; n++)
			cr_expect_str_neq(plan->seccomp.items[n], rows[i].set);
		cr_expect_null(plan->seccomp.items[plan->seccomp.n]);
		sbx_plan_free(plan);
		spec->seccomp.items[1] = rows[i].set;
		cr_expect_eq(plan_build(spec, &facts, &plan, &err), -EINVAL);
		buffer_printf(&list, "seccomp: \"%s\" may not be in this run",
		              rows[i].set);
		cr_expect_eq(strncmp(err.text, list.data, list.len), 0, "%s",
		             err.text);
		buffer_free(&list);
	}
}

/* A plan holds copies: it outlives its spec and the facts. */
Test(plan, stands_alone)
{
	struct buffer before = {0}, after = {0};
	struct sbx_plan *plan;

	cr_assert_eq(sbx_spec_set(spec, "stdin_file", "/x", &err), 0);
	cr_assert_eq(sbx_spec_set(spec, "hostname", "abc", &err), 0);
	cr_assert_eq(build(&plan), 0);
	cr_assert_eq(plan_text(plan, &before), 0);
	sbx_spec_free(spec);
	spec = NULL;
	for (int i = 0; i < 100; i++)
		free(memset(malloc(4096), 'x', 4096));
	cr_assert_eq(plan_text(plan, &after), 0);
	cr_expect_str_eq(before.data, after.data);
	cr_expect(plan_says(plan, "stdin: /x"));
	cr_expect(plan_says(plan, "hostname: abc"));
	buffer_free(&before);
	buffer_free(&after);
	sbx_plan_free(plan);
	sbx_plan_free(NULL);
}

/* A plan that cannot be written says so. */
Test(plan, tells_why_it_was_not_printed)
{
	struct sbx_plan *plan;

	cr_assert_eq(build(&plan), 0);
	cr_expect_eq(sbx_plan_print(plan, -1), -EBADF);
	sbx_plan_free(plan);
}

/* Nothing in a plan can steer the terminal it is printed on. */
Test(plan, prints_no_control_bytes)
{
	struct buffer text = {0};
	struct sbx_plan *plan;

	cr_assert_eq(sbx_spec_command(spec,
	                              WORDS("ls", "\x1b[2J\n\r\x7f\xc2\x9b",
	                                    repeat('y', 5000)),
	                              &err),
	             0);
	cr_assert_eq(build(&plan), 0);
	cr_assert_eq(plan_text(plan, &text), 0);
	for (size_t i = 0; i < text.len - 1; i++)
		cr_expect(text.data[i] == '\n' || text.data[i] >= ' ');
	cr_expect_null(strchr(text.data, '\x1b'));
	buffer_free(&text);
	sbx_plan_free(plan);
}
