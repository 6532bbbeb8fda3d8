/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/def.h"
#include "base/file.h"
#include "base/json.h"
#include "model/profile.h"

#define SHIPPED "profiles"

/* Two directories of profiles, removed by drop(). */
struct fixture {
	char top[32];
	char a[40], b[40];
	const char *dirs[3];
	struct sbx_spec *spec;
	struct sbx_error err;
};

static void make(struct fixture *fixture)
{
	*fixture = (struct fixture){.top = "/tmp/sbx-profile-XXXXXX"};
	cr_assert_not_null(mkdtemp(fixture->top));
	(void)snprintf(fixture->a, sizeof(fixture->a), "%s/a", fixture->top);
	(void)snprintf(fixture->b, sizeof(fixture->b), "%s/b", fixture->top);
	cr_assert_eq(mkdir(fixture->a, 0700), 0);
	cr_assert_eq(mkdir(fixture->b, 0700), 0);
	fixture->dirs[0] = fixture->a;
	fixture->dirs[1] = fixture->b;
	cr_assert_eq(sbx_spec_new(&fixture->spec, &fixture->err), 0);
}

static void drop(struct fixture *fixture)
{
	char command[64];

	sbx_spec_free(fixture->spec);
	(void)snprintf(command, sizeof(command), "rm -r %s", fixture->top);
	cr_assert_eq(system(command), 0);
}

static void put(const char *dir, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	cr_assert_not_null(file, "%s", path);
	(void)fputs(text, file);
	cr_assert_eq(fclose(file), 0);
}

static int apply(struct fixture *fixture, const char *name)
{
	return sbx_spec_profile(fixture->spec, name, fixture->dirs,
	                        &fixture->err);
}

/* What stands for the directories, /A and /B, in an expected message. */
static void expect_text(const struct fixture *fixture, const char *expected)
{
	char text[512] = "";
	size_t len = 0;

	for (; *expected && len < sizeof(text) - 64; expected++) {
		bool name = *expected == '/' &&
		            (expected[1] == 'A' || expected[1] == 'B');

		if (name) {
			expected++;
			len += (size_t)sprintf(text + len, "%s",
			                       *expected == 'A' ? fixture->a
			                                        : fixture->b);
		} else {
			text[len++] = *expected;
		}
	}
	cr_expect_str_eq(fixture->err.text, text);
}

/* Names are never paths, and never hidden. */
Test(profile, has_a_name)
{
	static const char *const good[] = {"a", "python3.11", "A-b_c", "9"};
	static const char *const bad[] = {"",    "a/b", "..",      ".a",
	                                  "-a",  "_a",  "../a",    "/etc",
	                                  "a b", "\n",  "a\x1b[m", "p\xc3\xbc"};
	char name[66];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		cr_expect(profile_name_ok(good[i]), "%s", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_expect(!profile_name_ok(bad[i]), "%s", bad[i]);
	memset(name, 'a', sizeof(name));
	name[65] = '\0';
	cr_expect(!profile_name_ok(name));
	name[64] = '\0';
	cr_expect(profile_name_ok(name));
}

/* A name with a slash is refused and nothing is opened. */
Test(profile, refuses_a_path_for_a_name)
{
	struct fixture fixture;

	make(&fixture);
	put(fixture.top, "x.json", "{}");
	cr_expect_eq(apply(&fixture, "../x"), -EINVAL);
	cr_expect_eq(fixture.err.stage, SBX_STAGE_PROFILE);
	cr_expect_str_eq(fixture.err.text,
	                 "\"../x\" is not the name of a profile: letters, "
	                 "digits, \".\", \"_\", \"-\", at most 64");
	drop(&fixture);
}

/* The first directory that has the name wins. */
Test(profile, first_directory_wins)
{
	struct fixture fixture;

	make(&fixture);
	put(fixture.b, "x.json", "{\"hostname\": \"b\"}");
	put(fixture.b, "y.json", "{\"hostname\": \"y\"}");
	cr_expect_eq(apply(&fixture, "x"), 0);
	cr_expect_str_eq(fixture.spec->hostname.text, "b");
	put(fixture.a, "x.json", "{\"hostname\": \"a\"}");
	cr_expect_eq(apply(&fixture, "x"), 0);
	cr_expect_str_eq(fixture.spec->hostname.text, "a");
	cr_expect_str_eq(fixture.spec->profile, "x");
	fixture.dirs[0] = "/dev/null";
	cr_expect_eq(apply(&fixture, "y"), 0);
	cr_expect_str_eq(fixture.spec->hostname.text, "y");
	drop(&fixture);
}

/* A name that nobody has is an error that names the nearest one, or else the
 * places that were looked at. */
Test(profile, suggests_a_name)
{
	struct fixture fixture;

	make(&fixture);
	put(fixture.b, "python.json", "{}");
	put(fixture.b, "pyton.txt", "{}");
	put(fixture.b, "pyton.schema.json", "{}");
	cr_expect_eq(apply(&fixture, "pyton"), -ENOENT);
	cr_expect_str_eq(fixture.err.text, "no profile \"pyton\"; did you mean "
	                                   "\"python\"?");
	cr_expect_eq(apply(&fixture, "cobol"), -ENOENT);
	expect_text(&fixture, "no profile \"cobol\" in /A, /B");
	fixture.dirs[0] = NULL;
	cr_expect_eq(apply(&fixture, "cobol"), -ENOENT);
	cr_expect_str_eq(fixture.err.text, "no profile \"cobol\"");
	cr_expect_null(fixture.spec->profile);
	drop(&fixture);
}

/* What a profile says itself wins over what it extends, and the rest stays. */
Test(profile, extends_another)
{
	struct fixture fixture;

	make(&fixture);
	put(fixture.b, "parent.json",
	    "{\"hostname\": \"p\", \"file\": \"p\", \"command\": [\"p\"],"
	    " \"env\": {\"A\": \"p\", \"B\": \"p\"},"
	    " \"limits\": {\"pids\": 5, \"memory\": \"1G\"}}");
	put(fixture.a, "child.json",
	    "{\"limits\": {\"pids\": 6}, \"file\": \"c\", \"env\": {\"A\": "
	    "\"c\"}, // last, and first all the same\n"
	    " \"extends\": \"parent\"}");
	cr_expect_eq(apply(&fixture, "child"), 0, "%s", fixture.err.text);
	struct sbx_spec *spec = fixture.spec;
	cr_expect_str_eq(spec->profile, "child");
	cr_expect_str_eq(spec->hostname.text, "p");
	cr_expect_str_eq(spec->file, "c");
	cr_expect_str_eq(spec->command.items[0], "p");
	cr_expect_str_eq(spec->env.items[0], "A=c");
	cr_expect_str_eq(spec->env.items[1], "B=p");
	cr_expect_eq(spec->limits[LIMIT_PIDS].value, 6);
	cr_expect_eq(spec->limits[LIMIT_MEMORY].value, 1 << 30);
	drop(&fixture);
}

/* What cannot be extended, and why. */
Test(profile, extends_one_level)
{
	static const struct {
		const char *child, *text;
	} rows[] = {
		{"{\n\"extends\": \"two\"}",
	         "profile child (/A/child.json), line 2: extends: \"two\" "
	         "extends another itself; one level is all there is"},
		{"{\"extends\": \"child\"}",
	         "profile child (/A/child.json), line 1: extends: \"child\" "
	         "extends another itself; one level is all there is"},
		{"{\"extends\": \"on\"}",
	         "profile child (/A/child.json), line 1: extends: no profile "
	         "\"on\"; did you mean \"one\"?"},
		{"{\"extends\": \"../b/one\"}",
	         "profile child (/A/child.json), line 1: extends: \"../b/one\" "
	         "is not the name of a profile: letters, digits, \".\", \"_\", "
	         "\"-\", at most 64"},
		{"{\"extends\": [\"one\"]}",
	         "profile child (/A/child.json), line 1: extends: the name of "
	         "a profile is wanted, not an array"},
		{"{\"extends\": \"bad\"}",
	         "profile bad (/B/bad.json), line 1: unknown key \"x\""},
	};
	struct fixture fixture;

	make(&fixture);
	put(fixture.b, "one.json", "{}");
	put(fixture.b, "two.json", "{\"extends\": \"one\"}");
	put(fixture.b, "bad.json", "{\"x\": 1}");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		put(fixture.a, "child.json", rows[i].child);
		cr_expect_lt(apply(&fixture, "child"), 0);
		expect_text(&fixture, rows[i].text);
	}
	drop(&fixture);
}

/* A file of any name is a profile too, and extends one by its name. */
Test(profile, is_a_file)
{
	struct fixture fixture;
	char path[64];

	make(&fixture);
	put(fixture.a, "base.json", "{\"hostname\": \"p\"}");
	put(fixture.top, "mine.json",
	    "{\"extends\": \"base\", \"file\": \"m\"}");
	(void)snprintf(path, sizeof(path), "%s/mine.json", fixture.top);
	cr_expect_eq(sbx_spec_profile_file(fixture.spec, path, fixture.dirs,
	                                   &fixture.err),
	             0, "%s", fixture.err.text);
	cr_expect_str_eq(fixture.spec->profile, "mine");
	cr_expect_str_eq(fixture.spec->hostname.text, "p");
	cr_expect_str_eq(fixture.spec->file, "m");
	cr_expect_eq(
		sbx_spec_profile_file(fixture.spec, path, NULL, &fixture.err),
		-ENOENT);
	cr_expect_eq(sbx_spec_profile_file(fixture.spec, "/no/such", NULL,
	                                   &fixture.err),
	             -ENOENT);
	cr_expect_str_eq(fixture.err.text,
	                 "profile /no/such: No such file or directory");
	drop(&fixture);
}

/* ---- hostile files ---- */

/* Each is refused in one line that names the file. */
Test(profile, refuses_what_is_not_json)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"", "line 1: "},
		{"{", "line 1: "},
		{"{}\n{}", "line 2: "},
		{"{\"file\": \"a\",\n\"file\": \"b\"}", "line 2: "},
		{"{\"limits\": {\"pids\": 1, \"pids\": 2}}", "line 1: "},
		{"{\"file\": \"a\\u0000b\"}", "line 1: "},
		{"{\"file\": \"\xc0\xaf\"}", "line 1: "},
		{"{\"limits\": {\"pids\": 99999999999999999999}}", "line 1: "},
		{"\xff\xfe{\0}\0", "line 1: "},
		{"null", "line 1: an object is wanted, not null"},
	};
	struct fixture fixture;
	char start[128];

	make(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		put(fixture.a, "x.json", rows[i].text);
		(void)snprintf(start, sizeof(start),
		               "profile x (%s/x.json), %s", fixture.a,
		               rows[i].expected);
		cr_expect_lt(apply(&fixture, "x"), 0, "%s", rows[i].text);
		cr_expect(strncmp(fixture.err.text, start, strlen(start)) == 0,
		          "%s: %s", rows[i].text, fixture.err.text);
		cr_expect_eq(fixture.err.stage, SBX_STAGE_PROFILE);
	}
	drop(&fixture);
}

/* Depth and size are bounded: neither the stack nor memory follows them. */
Test(profile, bounds_depth_and_size)
{
	static char deep[100001];
	struct fixture fixture;
	char path[64];

	make(&fixture);
	memset(deep, '[', sizeof(deep) - 1);
	put(fixture.a, "x.json", deep);
	cr_expect_eq(apply(&fixture, "x"), -EINVAL);
	cr_expect_not_null(strstr(fixture.err.text, "nested deeper than"), "%s",
	                   fixture.err.text);

	put(fixture.a, "x.json", "{}");
	(void)snprintf(path, sizeof(path), "%s/x.json", fixture.a);
	cr_assert_eq(truncate(path, 100 << 20), 0);
	cr_expect_eq(apply(&fixture, "x"), -EFBIG);
	expect_text(&fixture, "profile x (/A/x.json): larger than 1M");
	drop(&fixture);
}

/* A directory or a FIFO is no profile, and none is waited for. */
Test(profile, is_a_regular_file)
{
	struct fixture fixture;
	char path[64];

	make(&fixture);
	(void)snprintf(path, sizeof(path), "%s/x.json", fixture.a);
	put(fixture.b, "x.json", "{}");
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_eq(apply(&fixture, "x"), -EINVAL);
	expect_text(&fixture, "profile x (/A/x.json): not a regular file");
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_expect_eq(apply(&fixture, "x"), -EISDIR);
	expect_text(&fixture, "profile x (/A/x.json): Is a directory");
	drop(&fixture);
}

/* ---- what ships ---- */

/* Each profile that ships is taken, says what it is for, and knows how to run
 * a text, but for the base of all. */
Test(profile, shipped_ones_load)
{
	static const char *const dirs[] = {SHIPPED, NULL};
	static const char *const names[] = {"base", "python", "node", "bash",
	                                    "perl"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct sbx_error err = {0};
		struct sbx_spec *spec;

		cr_assert_eq(sbx_spec_new(&spec, &err), 0);
		cr_assert_eq(sbx_spec_profile(spec, names[i], dirs, &err), 0,
		             "%s", err.text);
		cr_expect_not_null(spec->description);
		cr_expect_eq(spec->seccomp.n, 2, "%s", names[i]);
		cr_expect_geq(spec->env.n, 4);
		cr_expect_str_eq(spec->env.items[0],
		                 "PATH=/usr/local/bin:/usr/bin:/bin");
		if (i > 0) {
			cr_expect_str_eq(spec->command.items[1], "{file}");
			cr_expect(spec->file && spec->package);
		}
		sbx_spec_free(spec);
	}
}

/* ---- the schema ---- */

static const struct json *step(const struct json *node, const char *key,
                               size_t len)
{
	node = node ? json_get(node, "properties") : NULL;
	for (node = node ? node->child : NULL; node; node = node->next)
		if (strncmp(node->key, key, len) == 0 && !node->key[len])
			return node;
	return NULL;
}

/* What the schema says about a path of the table. */
static const struct json *described(const struct json *schema, const char *path)
{
	while (*path) {
		size_t len = strcspn(path, ".");

		schema = step(schema, path, len);
		path += len + (path[len] == '.');
	}
	return schema;
}

static bool is_key(const char *path)
{
	return strcmp(path, "mounts.writable") != 0;
}

/* The leaves of the schema, but those inside of arrays. */
static size_t count_leaves(const struct json *schema)
{
	const struct json *properties = json_get(schema, "properties");
	size_t n = 0;

	if (!properties)
		return 1;
	for (const struct json *item = properties->child; item;
	     item = item->next)
		n += count_leaves(item);
	return n;
}

/* The schema has exactly the fields of the table, each with a description, and
 * the defaults that the table has. */
Test(profile, schema_has_the_fields)
{
	struct buffer text = {0};
	struct arena arena = {0};
	const struct json *root;
	struct sbx_error err = {0};
	size_t n, n_keys = 0;
	const struct sbx_field *fields = sbx_fields(&n);

	cr_assert_eq(
		file_read(SHIPPED "/profile.schema.json", JSON_MAX_SIZE, &text),
		0);
	cr_assert_eq(json_parse(&arena, text.data, text.len, &root, &err), 0,
	             "%s", err.text);
	for (size_t i = 0; i < n; i++) {
		if (!is_key(fields[i].path))
			continue;
		const struct json *found = described(root, fields[i].path);
		n_keys++;
		cr_assert_not_null(found, "%s", fields[i].path);
		cr_expect_not_null(json_get(found, "description"), "%s",
		                   fields[i].path);
		const struct json *initial = json_get(found, "default");
		if (initial && initial->text)
			cr_expect_str_eq(initial->text, fields[i].initial);
		else if (!initial)
			cr_expect(!fields[i].initial ||
			          strcmp(fields[i].initial, "as disk") == 0);
	}
	cr_expect_eq(count_leaves(root), n_keys);
	arena_free(&arena);
	buffer_free(&text);
}
