/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "box/facts.h"
#include "kernel/probe.h"
#include "support/child.h"
#include "support/facts.h"

static char directory[] = "/tmp/sbx-test-facts-XXXXXX";
static struct arena arena;
static struct facts facts;
static struct sbx_error err;

static void put(const char *path, const char *text, mode_t mode)
{
	CLEANUP_FD int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	cr_assert_eq(file_write_fd(fd, text, strlen(text)), 0);
	cr_assert_eq(fchmod(fd, mode), 0);
}

static void setup(void)
{
	cr_assert_not_null(mkdtemp(directory));
	cr_assert_eq(chdir(directory), 0);
	put("code.sh", "echo\n", 0644);
	put("empty", "", 0644);
	put("closed", "x", 0);
	cr_assert_eq(mkdir("dir", 0755), 0);
	cr_assert_eq(mkfifo("fifo", 0644), 0);
	cr_assert_eq(symlink("code.sh", "link"), 0);
	cr_assert_eq(symlink("dir", "link-dir"), 0);
	cr_assert_eq(symlink("none", "dangling"), 0);
	cr_assert_eq(symlink("/proc", "link-proc"), 0);
	cr_assert_eq(symlink("/", "link-root"), 0);
}

static void teardown(void)
{
	static const char *const names[] = {
		"code.sh",  "empty",    "closed",    "fifo",     "link",
		"link-dir", "dangling", "link-proc", "link-root"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		cr_assert_eq(unlink(names[i]), 0);
	cr_assert_eq(rmdir("dir"), 0);
	cr_assert_eq(rmdir(directory), 0);
	arena_free(&arena);
}

TestSuite(facts, .init = setup, .fini = teardown, .timeout = 30);

/* Collects the facts for a spec, which is freed. */
static int collect(struct sbx_spec *spec)
{
	int r;

	err = (struct sbx_error){0};
	r = facts_collect(spec, &arena, &facts, &err);
	sbx_spec_free(spec);
	return r;
}

/* A spec with the profile of a language and the file. */
static struct sbx_spec *file_spec(const char *path, const char *const *settings)
{
	static const char *command[] = {"sh", "{file}", NULL};
	struct sbx_spec *spec = made_spec(settings);

	spec->command = (struct strings){command, 2};
	cr_assert_eq(sbx_spec_file(spec, path, NULL, &err), 0, "%s", err.text);
	return spec;
}

/* Who calls, and what the host has, is what one finds by looking. */
Test(facts, looks_at_the_host)
{
	cr_assert_eq(collect(made_spec(NULL)), 0, "%s", err.text);
	cr_expect_eq(facts.uid, geteuid());
	cr_expect_eq(facts.gid, getegid());
	cr_expect_eq(facts.privileged, geteuid() == 0);
	cr_expect(!facts.privileged || facts.range.first > 0);
	cr_expect_eq(facts.n_cpus, probe_cpus());
	for (int i = 0; i < (int)RLIM_NLIMITS; i++) {
		struct rlimit limit;

		cr_assert_eq(getrlimit((__rlimit_resource_t)i, &limit), 0);
		cr_expect_eq(facts.hard[i], limit.rlim_max);
	}
	for (size_t i = 0; i < N_HOST_ENTRIES; i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "/%s", root_entries[i]);
		cr_expect_eq(facts.root[i].kind == ROOT_LINK,
		             probe_kind(path) == PROBE_LINK, "%s", path);
		cr_expect_eq(facts.root[i].kind == ROOT_DIRECTORY,
		             probe_kind(path) == PROBE_DIRECTORY, "%s", path);
		cr_expect_eq(facts.root[i].link != NULL,
		             facts.root[i].kind == ROOT_LINK);
	}
	for (size_t i = 0; i < N_PROC_MASKS; i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "/proc/%s",
		               proc_masks[i].name);
		cr_expect_eq(facts.masks[i], access(path, F_OK) == 0, "%s",
		             path);
	}
	cr_expect_eq(facts.ld_cache, access("/etc/ld.so.cache", F_OK) == 0);
	cr_expect_null(facts.code);
	cr_expect(strcmp(facts.executable, "/usr/bin/ls") == 0 ||
	          strcmp(facts.executable, "/bin/ls") == 0);
}

/* The caller's own limits show. */
static int collect_limits(void *data)
{
	const struct rlimit low = {50, 50};
	struct sbx_spec *spec = made_spec(NULL);

	(void)data;
	STEP(setrlimit(RLIMIT_NOFILE, &low) == 0);
	STEP(facts_collect(spec, &arena, &facts, &err) == 0);
	STEP(facts.hard[RLIMIT_NOFILE] == 50);
	sbx_spec_free(spec);
	return 0;
}

Test(facts, knows_hard_limits)
{
	EXPECT_CHILD(child_run(collect_limits, NULL));
}

/* A program's file is read, through links, and keeps its name. */
Test(facts, reads_the_program)
{
	const struct {
		const char *path, *name, *text;
	} rows[] = {
		{"code.sh", "code.sh", "echo\n"},
		{"./code.sh", "code.sh", "echo\n"},
		{"dir/../code.sh", "code.sh", "echo\n"},
		{"link", "link", "echo\n"},
		{"empty", "empty", ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cr_assert_eq(collect(file_spec(rows[i].path, NULL)), 0, "%s",
		             err.text);
		cr_expect_str_eq(facts.code_name, rows[i].name);
		cr_expect_eq(facts.code_len, strlen(rows[i].text));
		cr_assert_not_null(facts.code);
		cr_expect_arr_eq(facts.code, rows[i].text, facts.code_len);
	}
}

/* A text gets the profile's name for it, or one of ours. */
Test(facts, takes_a_text)
{
	struct sbx_spec *spec = made_spec(NULL);

	spec->command = (struct strings){(const char *[]){"sh", NULL}, 1};
	cr_assert_eq(sbx_spec_code(spec, "a\0b", 3, NULL, &err), 0);
	cr_assert_eq(facts_collect(spec, &arena, &facts, &err), 0);
	cr_expect_str_eq(facts.code_name, "program");
	cr_expect_eq(facts.code_len, 3);
	cr_expect_arr_eq(facts.code, "a\0b", 3);
	spec->file = "code.sh";
	cr_assert_eq(facts_collect(spec, &arena, &facts, &err), 0);
	cr_expect_str_eq(facts.code_name, "code.sh");
	sbx_spec_free(spec);
}

/* What cannot be a program is said, and nothing is written. */
Test(facts, refuses_what_is_no_program)
{
	static const struct {
		const char *path, *text;
		int status;
	} rows[] = {
		{"none", "none: No such file or directory", 127},
		{"dangling", "dangling: No such file or directory", 127},
		{"code.sh/x", "code.sh/x: No such file or directory", 127},
		{"dir", "dir: Is a directory", 126},
		{"fifo",
	         "fifo: is not a regular file; give - to read the program from "
	         "standard input",
	         126},
		{"/dev/null",
	         "/dev/null: is not a regular file; give - to read the program "
	         "from standard input",
	         126},
		{"closed", "closed: Permission denied", 126},
	};

	facts.n_cpus = 77;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (geteuid() == 0 && strcmp(rows[i].path, "closed") == 0)
			continue;
		cr_expect_lt(collect(file_spec(rows[i].path, NULL)), 0);
		cr_expect_str_eq(err.text, rows[i].text);
		cr_expect_eq(sbx_error_status(&err), rows[i].status);
		cr_expect_eq(facts.n_cpus, 77);
	}
}

/* A program that does not fit on the disk is refused before anything runs. */
Test(facts, bounds_the_program)
{
	char big[4098];
	struct sbx_spec *spec;

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	put("code.sh", big, 0644);
	cr_expect_eq(
		collect(file_spec("code.sh", SETTINGS("limits.disk", "4096"))),
		-EFBIG);
	cr_expect_str_eq(err.text, "code.sh: is larger than limits.disk, 4096 "
	                           "bytes; --disk raises it");
	cr_expect_eq(
		collect(file_spec("code.sh", SETTINGS("limits.disk", "4097"))),
		0);
	cr_expect_eq(
		collect(file_spec("code.sh", SETTINGS("limits.disk", "none"))),
		0);
	spec = made_spec(SETTINGS("limits.disk", "4096"));
	spec->command = (struct strings){(const char *[]){"sh", NULL}, 1};
	cr_assert_eq(sbx_spec_code(spec, big, 4097, NULL, &err), 0);
	cr_expect_eq(collect(spec), -EFBIG);
	cr_expect_str_eq(err.text, "the program's text: is larger than "
	                           "limits.disk, 4096 bytes; --disk raises it");
}

static const char *here(const char *name)
{
	return arena_printf(&arena, "%s/%s", directory, name);
}

/* A bind's source is resolved, and its kind is known. */
Test(facts, resolves_binds)
{
	cr_assert_eq(collect(made_spec(SETTINGS(
			     "mounts", here("dir"), "mounts",
			     arena_printf(&arena, "%s:/a", here("link")),
			     "mounts.writable",
			     arena_printf(&arena, "%s:/b", here("link-dir"))))),
	             0, "%s", err.text);
	cr_expect_str_eq(facts.binds[0].path, here("dir"));
	cr_expect(facts.binds[0].directory);
	cr_expect_str_eq(facts.binds[1].path, here("code.sh"));
	cr_expect_not(facts.binds[1].directory);
	cr_expect_str_eq(facts.binds[2].path, here("dir"));
	cr_expect(facts.binds[2].directory);
}

/* A bind that is missing, or that leads to what is closed, is refused. */
Test(facts, refuses_binds)
{
	static const struct {
		const char *name, *end;
	} rows[] = {
		{"none", ": No such file or directory"},
		{"dangling", ": No such file or directory"},
		{"code.sh/x", ": Not a directory"},
		{"link-proc", ": it is /proc, which is the kernel's"},
		{"link-root", ": it is /, which is the whole host"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *bind = here(rows[i].name);

		cr_expect_lt(collect(made_spec(SETTINGS("mounts", bind))), 0);
		cr_expect_eq(err.stage, SBX_STAGE_PLAN);
		cr_expect_str_eq(err.text, arena_printf(&arena, "bind %s%s",
		                                        bind, rows[i].end));
	}
}

/* Standard input is a file that is there at once. */
Test(facts, checks_standard_input)
{
	static const struct {
		const char *path, *text;
	} rows[] = {
		{"code.sh", NULL},
		{"link", NULL},
		{"/dev/null", NULL},
		{"none", "stdin none: No such file or directory"},
		{"dir", "stdin dir: Is a directory"},
		{"link-dir", "stdin link-dir: Is a directory"},
		{"fifo", "stdin fifo: is not a file; give it as sbx's own "
	                 "standard input instead"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = collect(
			made_spec(SETTINGS("stdin_file", rows[i].path)));

		cr_expect_eq(r < 0, rows[i].text != NULL, "%s", rows[i].path);
		cr_expect_str_eq(err.text, rows[i].text ? rows[i].text : "");
	}
}

/* Nothing is left open, whatever was looked at. */
Test(facts, leaves_no_descriptor)
{
	size_t before = open_descriptors();

	(void)collect(file_spec("code.sh", NULL));
	(void)collect(file_spec("fifo", NULL));
	(void)collect(file_spec("dir", NULL));
	(void)collect(made_spec(SETTINGS("mounts", here("none"))));
	cr_expect_eq(open_descriptors(), before);
}
