/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/def.h"
#include "base/json.h"
#include "model/fields.h"

/* A spec in which a profile set memory and disk, and the caller pids. */
static struct sbx_spec *new_spec(void)
{
	static const char json[] =
		"{\"limits\": {\"memory\": \"4G\", \"disk\": \"50M\"}}";
	struct sbx_error err = {0};
	struct arena arena = {0};
	const struct json *root;
	struct sbx_spec *spec;

	cr_assert_eq(sbx_spec_new(&spec, &err), 0);
	cr_assert_eq(json_parse(&arena, json, strlen(json), &root, &err), 0);
	cr_assert_eq(fields_set_json(spec, root, ORIGIN_PROFILE, "p", &err), 0);
	cr_assert_eq(sbx_spec_set(spec, "limits.pids", "100", &err), 0);
	arena_free(&arena);
	return spec;
}

/* Holds a fresh spec to text; the file's name in err becomes F. */
static int hold(struct sbx_spec *spec, const char *text, struct sbx_error *err)
{
	char path[] = "/tmp/sbx-maxima-XXXXXX";
	int fd = mkstemp(path);
	struct sbx_error real = {0};

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
	int r = sbx_spec_maxima(spec, path, &real);
	(void)unlink(path);
	*err = real;
	char *at = strstr(real.text, path);
	if (at)
		(void)snprintf(err->text, sizeof(err->text), "%.*sF%s",
		               (int)(at - real.text), real.text,
		               at + strlen(path));
	return r;
}

/* No file is no maximum, and no error. */
Test(maxima, may_be_missing)
{
	struct sbx_spec *spec = new_spec();
	struct sbx_error err = {0};

	cr_expect_eq(sbx_spec_maxima(spec, "/no/such/limits.json", &err), 0);
	cr_expect_eq(err.code, 0);
	cr_expect_eq(spec->limits[LIMIT_MEMORY].value, UINT64_C(4) << 30);
	sbx_spec_free(spec);
}

/* What a profile or a default says is lowered; what is below is left. */
Test(maxima, lower_profiles_and_defaults)
{
	struct sbx_spec *spec = new_spec();
	struct sbx_error err = {0};

	cr_expect_eq(hold(spec,
	                  "{\"memory\": \"1G\", \"wall_time\": 10,"
	                  " \"idle_time\": \"5s\", \"cpus\": 0.5,"
	                  " \"stack\": \"none\", \"pids\": 100}",
	                  &err),
	             0, "%s", err.text);
	cr_expect_eq(spec->limits[LIMIT_MEMORY].value, 1 << 30);
	cr_expect_eq(spec->limits[LIMIT_WALL_TIME].value,
	             UINT64_C(10000000000));
	cr_expect_eq(spec->limits[LIMIT_IDLE_TIME].value, UINT64_C(5000000000));
	cr_expect_eq(spec->limits[LIMIT_CPUS].value, 500);
	cr_expect_eq(spec->limits[LIMIT_STACK].value, 8 << 20);
	cr_expect_eq(spec->limits[LIMIT_PIDS].value, 100);
	cr_expect_eq(spec->limits[LIMIT_DISK].value, 50 << 20);
	sbx_spec_free(spec);
}

/* The size of a file goes down with the disk. */
Test(maxima, take_file_size_along)
{
	struct sbx_spec *spec = new_spec();
	struct sbx_error err = {0};

	cr_expect_eq(hold(spec, "{\"disk\": \"1M\"}", &err), 0);
	cr_expect_eq(spec->limits[LIMIT_FILE_SIZE].value, 1 << 20);
	sbx_spec_free(spec);
}

/* A build is held to the same. */
Test(maxima, hold_builds)
{
	struct sbx_spec *spec = new_spec(), *build;
	struct sbx_error err = {0};
	const char *const argv[] = {NULL};

	spec->build.command = (struct strings){(const char *[]){"cc", NULL}, 1};
	spec->build.limits[LIMIT_MEMORY].value = UINT64_C(8) << 30;
	cr_expect_eq(hold(spec, "{\"memory\": \"1G\", \"pids\": 100}", &err),
	             0);
	cr_assert_eq(sbx_spec_code(spec, "x", 1, argv, &err), 0);
	cr_assert_eq(sbx_spec_build(spec, &build, &err), 0);
	cr_expect_eq(build->limits[LIMIT_MEMORY].value, 1 << 30);
	cr_expect_eq(build->limits[LIMIT_PIDS].value, 64);
	sbx_spec_free(build);
	sbx_spec_free(spec);
}

/* How many sessions a user may have can be less, and not more. */
Test(maxima, hold_sessions)
{
	struct sbx_spec *spec = new_spec();
	struct sbx_error err = {0};

	cr_expect_eq(hold(spec, "{\"sessions\": 20000}", &err), 0);
	cr_expect_eq(spec->max_sessions, 10000);
	cr_expect_eq(hold(spec, "{\"sessions\": 5}", &err), 0);
	cr_expect_eq(spec->max_sessions, 5);
	sbx_spec_free(spec);
}

/* What the caller named above the maximum is an error, "none" too. */
Test(maxima, refuse_the_caller)
{
	struct sbx_spec *spec = new_spec();
	struct sbx_error err = {0};

	cr_expect_eq(hold(spec, "{\"pids\": 99}", &err), -ERANGE);
	cr_expect_str_eq(err.text, "limits.pids: 100 is above the most that F "
	                           "allows, 99");
	cr_expect_eq(sbx_spec_set(spec, "limits.pids", "none", &err), 0);
	cr_expect_eq(hold(spec, "{\"pids\": 32768}", &err), -ERANGE);
	cr_expect_str_eq(err.text, "limits.pids: none is above the most that F "
	                           "allows, 32768");
	sbx_spec_free(spec);
}

/* A file that cannot be read or understood is an error, never ignored. */
Test(maxima, fail_closed)
{
	static const struct {
		const char *json, *text;
	} rows[] = {
		{"{\"memroy\": 1}",
	         "F, line 1: unknown limit \"memroy\"; did you mean "
	         "\"memory\"?"},
		{"{\"limits\": {\"memory\": \"1G\"}}",
	         "F, line 1: unknown limit \"limits\""},
		{"{\n\"pids\": 0}",
	         "F, line 2: limits.pids: \"0\" is below the least, 1"},
		{"{\"pids\": {}}", "F, line 1: limits.pids: a whole number is "
	                           "wanted, not an object"},
		{"{\"sessions\": \"5\"}",
	         "F, line 1: sessions: a whole number is wanted"},
		{"{\"sessions\": -1}",
	         "F, line 1: sessions: a whole number is wanted"},
		{"{\"sesions\": 5}",
	         "F, line 1: unknown limit \"sesions\"; did "
	         "you mean \"sessions\"?"},
		{"[1]", "F: an object of limits is wanted, not an array"},
		{"{\"pids\": 1, \"pids\": 2}", NULL},
		{"{", NULL},
		{"", NULL},
	};
	struct sbx_spec *spec = new_spec();
	struct sbx_error err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cr_expect_lt(hold(spec, rows[i].json, &err), 0, "%s",
		             rows[i].json);
		cr_expect_eq(err.stage, SBX_STAGE_SPEC);
		if (rows[i].text)
			cr_expect_str_eq(err.text, rows[i].text);
		else
			cr_expect(strncmp(err.text, "F, line 1: ", 11) == 0,
			          "%s", err.text);
	}
	cr_expect_eq(sbx_spec_maxima(spec, "/tmp", &err), -EISDIR);
	sbx_spec_free(spec);
}
