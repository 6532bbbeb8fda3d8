/* SPDX-License-Identifier: MIT */
/* The reader of profiles/seccomp, which runs when sbx is built. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/def.h"
#include "filter-gen.h"

#define HEAD "{\"description\": \"a set that is there to be tested\",\n"
#define WHY  "\"why\": \"there has to be a reason here.\""

static struct rule_sets sets; /* too large for the stack of a sanitizer */

static void clear(void)
{
	arena_free(&sets.arena);
	memset(&sets, 0, sizeof(sets));
}

static int read_text(const char *path, const char *text, struct sbx_error *err)
{
	return rule_sets_read(&sets, path, text, strlen(text), err);
}

/* One entry of a set. */
static int read_entry(const char *entry, struct sbx_error *err)
{
	char text[2048];

	snprintf(text, sizeof(text), HEAD "\"rules\": [\n%s]}", entry);
	return read_text("dir/one.json", text, err);
}

static const struct {
	const char *entry;
	const char *text;
} wrong[] = {
	{"{\"calls\": [\"raed\"], " WHY "}",
         "dir/one.json:3: no system call is named \"raed\""},
	{"{\"calls\": [\"clone3\"], " WHY "}",
         "dir/one.json:3: \"clone3\" is to answer ENOSYS, as clone3, openat2 "
         "and all "
         "after Linux 6.1"},
	{"{\"calls\": [\"cachestat\"], " WHY "}",
         "dir/one.json:3: \"cachestat\" is to answer ENOSYS, as clone3, "
         "openat2 and all "
         "after Linux 6.1"},
	{"{\"calls\": [\"read\",\n\"write\",\n\"read\"], " WHY "}",
         "dir/one.json:5: \"read\" is already on line 3"},
	{"{\"calls\": [\"kill\"], " WHY "},\n{\"calls\": [\"kill\"], "
         "\"when\": [{\"arg\": 0, \"equals\": \"1\"}], " WHY "}",
         "dir/one.json:4: \"kill\" is already on line 3"},
	{"{\"calls\": [\"kill\"], \"when\": [{\"arg\": 0, \"in\": [\"1\", "
         "\"0x1\"]}], " WHY "}",
         "dir/one.json:3: \"kill\" is already on line 3"},
	{"{\"calls\": [\"read\"]}",
         "dir/one.json:3: \"why\" wants a sentence of 24 characters or more"},
	{"{\"calls\": [\"read\"], \"why\": \"because.\"}",
         "dir/one.json:3: \"why\" wants a sentence of 24 characters or more"},
	{"{\"calls\": [\"read\"], \"why\": 5}", "dir/one.json:3: \"why\" is "
                                                "an integer"},
	{"{" WHY "}",
         "dir/one.json:3: an entry names the \"calls\" it is about"},
	{"{\"calls\": [], " WHY "}",
         "dir/one.json:3: an entry names the \"calls\" it is about"},
	{"{\"calls\": [0], " WHY "}",
         "dir/one.json:3: a call is named by a string, not an integer"},
	{"{\"calls\": [\"read\"], \"wyh\": \"x\", " WHY "}",
         "dir/one.json:3: unknown key \"wyh\"; known are \"calls\", \"when\", "
         "\"why\""},
	{"\"read\"",
         "dir/one.json:3: a string, where an object with \"calls\", "
         "\"when\", \"why\" belongs"},
};

static const struct {
	const char *test;
	const char *text;
} wrong_tests[] = {
	{"{}", "\"arg\" is a number from 0 to 5"},
	{"{\"arg\": 6, \"equals\": \"0\"}", "\"arg\" is a number from 0 to 5"},
	{"{\"arg\": -1, \"equals\": \"0\"}", "\"arg\" is a number from 0 to 5"},
	{"{\"arg\": \"0\", \"equals\": \"0\"}", "\"arg\" is a string"},
	{"{\"arg\": 0}",
         "a test has one of \"equals\", \"differs\" and \"in\""},
	{"{\"arg\": 0, \"equals\": \"0\", \"differs\": \"1\"}",
         "a test has one of \"equals\", \"differs\" and \"in\""},
	{"{\"arg\": 0, \"equals\": 0}",
         "bits are a string (\"0x1\", \"AF_UNIX\"), not an integer"},
	{"{\"arg\": 0, \"equals\": \"AF_UNXI\"}",
         "\"AF_UNXI\" is neither a number (12, 0xc) nor a name in "
         "tools/gen/filter-names.c"},
	{"{\"arg\": 0, \"equals\": \"AF_UNIX|\"}",
         "\"\" is neither a number (12, 0xc) nor a name in "
         "tools/gen/filter-names.c"},
	{"{\"arg\": 0, \"equals\": \"-1\"}",
         "\"-1\" is neither a number (12, 0xc) nor a name in "
         "tools/gen/filter-names.c"},
	{"{\"arg\": 0, \"equals\": \"010\"}",
         "\"010\" is neither a number (12, 0xc) nor a name in "
         "tools/gen/filter-names.c"},
	{"{\"arg\": 0, \"equals\": \"0x100000000\"}",
         "0x100000000 does not fit 32 bits; \"wide\": true compares 64"},
	{"{\"arg\": 0, \"wide\": true, \"equals\": \"0x10000000000000000\"}",
         "\"0x10000000000000000\" is neither a number (12, 0xc) nor a name in "
         "tools/gen/filter-names.c"},
	{"{\"arg\": 0, \"mask\": \"6\", \"equals\": \"1\"}",
         "1 has bits that the mask leaves out, so the test could never hold"},
	{"{\"arg\": 0, \"ignore\": \"1\", \"in\": [\"2\", \"3\"]}",
         "3 has bits that the mask leaves out, so the test could never hold"},
	{"{\"arg\": 0, \"mask\": \"0\", \"equals\": \"0\"}",
         "the mask is empty"},
	{"{\"arg\": 0, \"mask\": \"1\", \"ignore\": \"2\", \"equals\": \"0\"}",
         "\"mask\" and \"ignore\" exclude each other"},
	{"{\"arg\": 0, \"in\": []}", "\"in\" wants an array"},
	{"{\"arg\": 0, \"in\": \"1\"}", "\"in\" wants an array"},
	{"{\"arg\": 0, \"value\": \"1\"}",
         "unknown key \"value\"; known are \"arg\", \"mask\", \"ignore\", "
         "\"equals\", \"differs\", \"in\", \"wide\""},
	{"", "\"when\" without a test; leave it out to allow all arguments"},
	{"{\"arg\": 0, \"equals\": \"0\"}, {\"arg\": 1, \"equals\": \"0\"}, "
         "{\"arg\": 2, \"equals\": \"0\"}, {\"arg\": 3, \"equals\": \"0\"}, "
         "{\"arg\": 4, \"equals\": \"0\"}",
         "more than 4 tests in one entry"},
};

static const struct {
	const char *path;
	const char *text;
	const char *error;
} wrong_files[] = {
	{"x.json", "{", "x.json: line 1: "},
	{"x.json", "[]", "x.json:1: an array, where an object with "},
	{"x.json", "{\"description\": \"short\", \"rules\": []}",
         "x.json:1: \"description\" wants a sentence"},
	{"x.json", HEAD "\"rules\": {}}", "x.json:2: \"rules\" is an object"},
	{"x.json", HEAD "\"rulse\": []}", "x.json:2: unknown key \"rulse\""},
	{"x.json", HEAD "\"rules\": [], \"refused\": []}",
         "x.json:1: a file has one of \"rules\", \"refused\" and \"own\""},
	{"x.json",
         HEAD "\"refused\": [{\"calls\": [\"bpf\"], \"when\": [], " WHY "}]}",
         "x.json:2: unknown key \"when\""},
	{"X.json", HEAD "\"rules\": []}", "X.json:1: the file of a set is "},
	{"dir/x.jsn", HEAD "\"rules\": []}", "dir/x.jsn:1: the file of a set "},
	{"a/.json", HEAD "\"rules\": []}", "a/.json:1: the file of a set is "},
};

/* An entry that is not right is one line that names file and line. */
Test(filter_rules, wrong_entries)
{
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct sbx_error err = {0};

		cr_assert_eq(read_entry(wrong[i].entry, &err), -EINVAL, "%s",
		             wrong[i].entry);
		cr_expect_str_eq(err.text, wrong[i].text);
		clear();
	}
}

/* So is a test. */
Test(filter_rules, wrong_tests)
{
	for (size_t i = 0; i < ARRAY_SIZE(wrong_tests); i++) {
		struct sbx_error err = {0};
		char entry[1024];

		snprintf(entry, sizeof(entry),
		         "{\"calls\": [\"kill\"], \"when\": [%s], " WHY "}",
		         wrong_tests[i].test);
		cr_assert_eq(read_entry(entry, &err), -EINVAL, "%s", entry);
		cr_expect_eq(strncmp(err.text, "dir/one.json:3: ", 16), 0);
		cr_expect_str_eq(err.text + 16, wrong_tests[i].text);
		clear();
	}
}

/* So is a file. */
Test(filter_rules, wrong_files)
{
	for (size_t i = 0; i < ARRAY_SIZE(wrong_files); i++) {
		struct sbx_error err = {0};

		cr_assert_eq(read_text(wrong_files[i].path, wrong_files[i].text,
		                       &err),
		             -EINVAL, "%s", wrong_files[i].text);
		cr_expect_eq(strncmp(err.text, wrong_files[i].error,
		                     strlen(wrong_files[i].error)),
		             0, "%s", err.text);
		clear();
	}
}

/* Every key does what it says; values that "in" lists multiply. */
Test(filter_rules, reads_tests)
{
	const struct filter_rule *rule = &sets.rules[0].rule;

	cr_assert_eq(
		read_entry(
			"{\"calls\": [\"socket\", \"socketpair\"], "
			"\"when\": [{\"arg\": 0, \"in\": [\"AF_INET\", "
			"\"AF_INET6\"]}, {\"arg\": 1, \"ignore\": "
			"\"SOCK_CLOEXEC|0x1\", \"differs\": \"2\"}, "
			"{\"arg\": 2, \"wide\": true, \"mask\": "
			"\"0x100000001\", \"equals\": \"0x100000000\"}], " WHY
			"}",
			NULL),
		0);
	cr_assert_eq(sets.n_sets, 1);
	cr_assert_str_eq(sets.set[0].name, "one");
	cr_assert_eq(sets.n_rules, 4);
	cr_assert_eq(rule->n_tests, 3);
	cr_assert_eq(rule->tests[0].mask, UINT32_MAX);
	cr_assert_eq(rule->tests[0].value, 2);
	cr_assert_eq(sets.rules[1].rule.tests[0].value, 10);
	cr_assert_eq(rule->tests[1].mask, UINT32_MAX & ~UINT64_C(02000001));
	cr_assert(rule->tests[1].negate);
	cr_assert_eq(rule->tests[1].value, 2);
	cr_assert(rule->tests[2].wide);
	cr_assert_eq(rule->tests[2].mask, UINT64_C(0x100000001));
	cr_assert_eq(rule->tests[2].value, UINT64_C(0x100000000));
	clear();
}

/* A name of another architecture's call is no error and no rule. */
Test(filter_rules, calls_of_other_architectures)
{
	cr_assert_eq(
		read_entry("{\"calls\": [\"socketcall\", \"_llseek\"], " WHY
	                   "}",
	                   NULL),
		0);
	cr_assert_eq(sets.n_rules, 0);
	clear();
}

/* A call that no file decides about, or that one file allows and another
 * refuses, ends the build. */
Test(filter_rules, files_agree)
{
	struct sbx_error err = {0};

	cr_assert_eq(read_entry("{\"calls\": [\"read\"], " WHY "}", NULL), 0);
	cr_assert_eq(rule_sets_check(&sets, &err), -EINVAL);
	cr_assert_str_eq(err.text,
	                 "no file decides about \"write\" (call 1): allow it "
	                 "in a set, or say in refused.json why not");
	cr_assert_eq(read_text("no.json",
	                       HEAD
	                       "\"refused\": [{\"calls\": [\"read\"],\n" WHY
	                       "}]}",
	                       NULL),
	             0);
	cr_assert_eq(rule_sets_check(&sets, &err), -EINVAL);
	cr_assert_str_eq(err.text,
	                 "no.json:2: \"read\" is refused in one file and "
	                 "allowed in another: dir/one.json");
	clear();
}

/* What one set allows altogether, another cannot narrow. */
Test(filter_rules, sets_do_not_contradict)
{
	struct sbx_error err = {0};

	cr_assert_eq(read_entry("{\"calls\": [\"read\"], " WHY "}", NULL), 0);
	cr_assert_eq(read_text("two.json",
	                       HEAD "\"rules\": [{\"calls\": [\"read\"], "
	                            "\"when\": [{\"arg\": 0, \"equals\": "
	                            "\"0\"}], " WHY "}]}",
	                       NULL),
	             0);
	cr_assert_eq(rule_sets_check(&sets, &err), -EINVAL);
	cr_assert_str_eq(err.text,
	                 "two.json:2: \"read\" is allowed altogether in two "
	                 "sets, or in one and with tests in another: "
	                 "dir/one.json");
	arena_free(&sets.arena);
}

/* What sbx-exec itself may do says nothing of programs, and may be a call that
 * hides its arguments. */
Test(filter_rules, own_sets_are_apart)
{
	struct sbx_error err = {0};

	cr_assert_eq(read_text("no.json",
	                       HEAD "\"refused\": [{\"calls\": [\"read\"], " WHY
	                            "}]}",
	                       NULL),
	             0);
	cr_assert_eq(read_text("own.json",
	                       HEAD "\"own\": [{\"calls\": [\"read\", "
	                            "\"openat2\"], " WHY "}]}",
	                       &err),
	             0, "%s", err.text);
	cr_assert_eq(rule_sets_check(&sets, &err), -EINVAL);
	cr_assert_str_eq(err.text,
	                 "no file decides about \"write\" (call 1): allow it "
	                 "in a set, or say in refused.json why not");
	clear();
}
