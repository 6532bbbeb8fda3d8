/* SPDX-License-Identifier: MIT */
/* A directory of the host with programs in it is bound on /data. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "box/find.h"
#include "model/checks.h"
#include "support/facts.h"

static char directory[] = "/tmp/sbx-test-find-XXXXXX";
static struct sbx_spec *spec;
static struct arena arena;

struct entry {
	const char *path;
	mode_t mode; /* 0: a directory */
};

static const struct entry entries[] = {
	{"one", 0},         {"two", 0},           {"two/deep", 0},
	{"one/text", 0644}, {"one/both", 0644},   {"two/both", 0755},
	{"two/tool", 0755}, {"one/secret", 0600}, {"two/deep/tool", 0755},
	{"one/a b", 0755},
};

static void setup(void)
{
	struct sbx_error err;
	const char *mount;

	cr_assert_not_null(mkdtemp(directory));
	cr_assert_eq(chdir(directory), 0);
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		const struct entry *entry = &entries[i];

		if (entry->mode == 0) {
			cr_assert_eq(mkdir(entry->path, 0755), 0);
			continue;
		}
		cr_assert_eq(mknod(entry->path, S_IFREG | entry->mode, 0), 0);
		cr_assert_eq(chmod(entry->path, entry->mode), 0);
	}
	mount = arena_printf(&arena, "%s:/data", directory);
	spec = made_spec(SETTINGS("mounts", mount, "env",
	                          "PATH=/data/one:/data/two:/tmp"));
	mount = arena_printf(&arena, "%s/two/deep:/data/over", directory);
	cr_assert_eq(sbx_spec_set(spec, "mounts", mount, &err), 0);
	mount = arena_printf(&arena, "%s/two/deep:/data/one/deep", directory);
	cr_assert_eq(sbx_spec_set(spec, "mounts", mount, &err), 0);
}

static void teardown(void)
{
	for (size_t i = ARRAY_SIZE(entries); i-- > 0;)
		if (entries[i].mode)
			cr_assert_eq(unlink(entries[i].path), 0);
	for (size_t i = ARRAY_SIZE(entries); i-- > 0;)
		if (!entries[i].mode)
			cr_assert_eq(rmdir(entries[i].path), 0);
	cr_assert_eq(rmdir(directory), 0);
	sbx_spec_free(spec);
	arena_free(&arena);
}

TestSuite(find, .init = setup, .fini = teardown);

static int find(const char *name, const char **executable,
                struct sbx_error *err)
{
	struct facts facts = facts_root;
	int r;

	cr_assert_eq(sbx_spec_command(spec, (const char *[]){name, NULL}, err),
	             0);
	r = find_executable(spec, &arena, &facts, err);
	*executable = facts.executable;
	return r;
}

/* A name is looked for along the PATH of the program, as the root tree will
 * have it; a path is taken as it is, below the working directory where it is
 * relative. What only the box can know is left to the exec. */
Test(find, finds)
{
	static const struct {
		const char *name, *executable;
	} rows[] = {
		{"both", "/data/two/both"},
		{"tool", "/data/two/tool"},
		{"a b", "/data/one/a b"},
		{"/data/two/tool", "/data/two/tool"},
		{"/data/over/tool", "/data/over/tool"},
		{"/data/one/deep/tool", "/data/one/deep/tool"},
		{"/usr/bin/env", "/usr/bin/env"},
		{"/bin/sh", "/bin/sh"},
		{"/workspace/made-later", "/workspace/made-later"},
		{"./tool", "/data/two/./tool"},
		{"../two/tool", "/data/two/../two/tool"},
		{"deep/tool", "/data/two/deep/tool"},
	};
	struct sbx_error err;

	cr_assert_eq(sbx_spec_set(spec, "workdir", "/data/two", &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *executable = NULL;

		cr_expect_eq(find(rows[i].name, &executable, &err), 0, "%s",
		             rows[i].name);
		cr_expect_str_eq(executable, rows[i].executable, "%s",
		                 rows[i].name);
	}
}

/* What cannot be run is said, with the exit status that shells give. */
Test(find, tells_what_is_missing)
{
	static const struct {
		const char *name, *text;
		int status;
	} rows[] = {
		{"none", "none: not found in /data/one:/data/two:/tmp", 127},
		{"text", "text: Permission denied", 126},
		{"deep", "deep: not found in /data/one:/data/two:/tmp", 127},
		{"/data/none", "/data/none: not found in the root tree", 127},
		{"/data/tool", "/data/tool: not found in the root tree", 127},
		{"/data/over/both",
	         "/data/over/both: not found in the root tree", 127},
		{"/data/one/text", "/data/one/text: Permission denied", 126},
		{"/data/one", "/data/one: Is a directory", 126},
		{"/usr", "/usr: Is a directory", 126},
		{"/usr/none", "/usr/none: not found in the root tree", 127},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *executable = NULL;
		struct sbx_error err = {0};

		cr_expect_lt(find(rows[i].name, &executable, &err), 0);
		cr_expect_null(executable);
		cr_expect_str_eq(err.text, rows[i].text);
		cr_expect_eq(err.stage, SBX_STAGE_EXEC);
		cr_expect_eq(sbx_error_status(&err), rows[i].status);
	}
}

/* Without a PATH it is that of execvp(3); an empty one leads nowhere. */
Test(find, knows_no_path)
{
	const char *executable = NULL;
	struct sbx_error err;

	cr_assert_eq(sbx_spec_set(spec, "env", "PATH=", &err), 0);
	cr_expect_eq(find("env", &executable, &err), -ENOENT);
	cr_expect_str_eq(err.text, "env: not found in an empty PATH");
	cr_assert_eq(sbx_spec_set(spec, "env", "PATH=:/usr/bin:", &err), 0);
	cr_expect_eq(find("env", &executable, &err), 0);
	cr_expect_str_eq(executable, "/usr/bin/env");
	spec->env.n = 0;
	cr_expect_eq(find("env", &executable, &err), 0);
	cr_expect_str_eq(executable, "/usr/bin/env");
}

/* A profile's missing interpreter comes with what to install. */
Test(find, says_what_to_install)
{
	struct facts facts = facts_root;
	struct sbx_error err;

	spec->command =
		(struct strings){(const char *[]){"none", "{file}", NULL}, 2};
	spec->package = "none-bin";
	cr_assert_eq(sbx_spec_code(spec, "x", 1, NULL, &err), 0);
	facts.code_name = "code";
	cr_expect_eq(find_executable(spec, &arena, &facts, &err), -ENOENT);
	cr_expect_str_eq(err.text,
	                 "none: not found in /data/one:/data/two:/tmp: install "
	                 "it, on Debian with \"apt-get install none-bin\"");
	cr_expect_eq(find("none", &facts.executable, &err), -ENOENT);
	cr_expect_str_eq(err.text,
	                 "none: not found in /data/one:/data/two:/tmp");
}

/* What may be bound: nothing that would open the host or sbx itself. */
Test(find, closes_the_host)
{
	static const struct {
		const char *path;
		bool ok;
	} rows[] = {
		{"/", false},          {"/proc", false},
		{"/proc/1", false},    {"/process", true},
		{"/sys", false},       {"/sys/fs/cgroup", false},
		{"/system", true},     {"/dev", false},
		{"/dev/shm/x", false}, {"/developer", true},
		{"/run", false},       {"/run/sbx", false},
		{"/run/sbx/x", false}, {"/run/sbx-other", true},
		{"/run/user", true},   {"/home", true},
		{"/srv/proc", true},   {"/etc", true},
		{"/root/.ssh", true},  {"/usr", true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_eq(!mount_source_fault(rows[i].path), rows[i].ok,
		             "%s", rows[i].path);
}
