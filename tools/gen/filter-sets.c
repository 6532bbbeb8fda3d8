/* SPDX-License-Identifier: MIT */
/*
 * filter-sets FILE.json...
 *
 * Prints the system call sets as the constant tables of runtime/kernel/filter.h
 * (see filter-gen.h for the files). A file that is not right is one line on
 * standard error and exit status 1.
 */
#include <inttypes.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "filter-gen.h"

static void print_test(const struct filter_test *test)
{
	printf("\n\t\t{.arg = %u, .wide = %d, .negate = %d, .mask = 0x%" PRIx64
	       ", .value = 0x%" PRIx64 "},",
	       test->arg, test->wide, test->negate, test->mask, test->value);
}

static void print_rule(const struct filter_rule *rule)
{
	char *name =
		seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, rule->call);

	printf("\t/* %s */\n\t{.call = %u", name ? name : "?", rule->call);
	if (rule->n_tests)
		printf(", .n_tests = %u, .tests = {", rule->n_tests);
	for (unsigned i = 0; i < rule->n_tests; i++)
		print_test(&rule->tests[i]);
	printf("%s},\n", rule->n_tests ? "}" : "");
	free(name);
}

static void print_rules(const struct rule_sets *sets, size_t set)
{
	printf("static const struct filter_rule rules_%zu[] = {\n", set);
	for (size_t i = 0; i < sets->n_rules; i++)
		if (sets->rules[i].set == set)
			print_rule(&sets->rules[i].rule);
	printf("};\n\n");
}

/* As a C string; the files are UTF-8 without control characters in them, or
 * this makes them so. */
static void print_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar((unsigned char)*text < ' ' ? '?' : *text);
	}
	putchar('"');
}

static void print_sets(const struct rule_sets *sets)
{
	printf("const struct filter_set filter_sets[] = {\n");
	for (size_t i = 0; i < sets->n_sets; i++) {
		if (sets->set[i].kind == SET_REFUSED)
			continue;
		printf("\t{.name = \"%s\", .own = %d, .description = ",
		       sets->set[i].name, sets->set[i].kind == SET_OWN);
		print_string(sets->set[i].description);
		printf(",\n\t .rules = rules_%zu,\n\t .n_rules = "
		       "sizeof(rules_%zu) / sizeof(rules_%zu[0])},\n",
		       i, i, i);
	}
	printf("};\n\nconst size_t n_filter_sets =\n"
	       "\tsizeof(filter_sets) / sizeof(filter_sets[0]);\n\n");
}

static void print_known(void)
{
	printf("const unsigned filter_known_end = %d;\n\n", CALLS_END);
	printf("const uint8_t filter_known[] = {");
	for (unsigned call = 0; call < CALLS_END; call += 8) {
		unsigned bits = 0;

		for (unsigned i = 0; i < 8; i++)
			bits |= (unsigned)call_known(call + i) << i;
		printf("%s0x%02x,", call % 64 ? " " : "\n\t", bits);
	}
	printf("\n};\n");
}

static int read_file(struct rule_sets *sets, const char *path,
                     struct sbx_error *err)
{
	struct buffer text = {0};
	int ret = file_read(path, JSON_MAX_SIZE, &text);

	if (ret < 0)
		ret = err_set(err, SBX_STAGE_SPEC, -ret, "%s", path);
	else
		ret = rule_sets_read(sets, path, text.data, text.len, err);
	buffer_free(&text);
	return ret;
}

int main(int argc, char **argv)
{
	static struct rule_sets sets;
	struct sbx_error err = {.text = "out of memory"};
	int ret = 0;

	for (int i = 1; i < argc && ret == 0; i++)
		ret = read_file(&sets, argv[i], &err);
	if (ret == 0)
		ret = rule_sets_check(&sets, &err);
	if (ret < 0) {
		fprintf(stderr, "filter-sets: %s\n", err.text);
		return 1;
	}
	printf("/* Made by tools/gen/filter-sets.c from profiles/seccomp; do "
	       "not edit. */\n#include \"kernel/filter.h\"\n\n");
	for (size_t i = 0; i < sets.n_sets; i++)
		if (sets.set[i].kind != SET_REFUSED)
			print_rules(&sets, i);
	print_sets(&sets);
	print_known();
	arena_free(&sets.arena);
	return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
