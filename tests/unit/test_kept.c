/* SPDX-License-Identifier: MIT */
/* One build in the cache: whole or not there, and there while it is used. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "box/kept.h"
#include "model/built.h"
#include "support/scratch.h"

TestSuite(kept, .init = scratch_make, .fini = scratch_remove);

static struct sbx_built *make(const char *data)
{
	struct buffer text = {0};
	struct sbx_built *built;

	built_append(&text, BUILT_DIRECTORY, "a", 0);
	built_append(&text, BUILT_PROGRAM, "a/b", strlen(data));
	buffer_append(&text, data, strlen(data));
	cr_assert_eq(built_parse(&text, &built), 0);
	return built;
}

static int open_cache(void)
{
	int fd = open(scratch(""), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_assert(fd >= 0);
	return fd;
}

/* Nothing is left of what was removed, or was not to be. */
static void expect_nothing(void)
{
	cr_expect_eq(rmdir(scratch("")), 0, "%s", strerror(errno));
	(void)mkdir(scratch(""), 0700);
}

/* What is taken from it is the directory, by its name and its number, and what
 * is in it is as it was put there. */
Test(kept, is_a_directory)
{
	struct sbx_built *built = make("text"), *found;
	int cache = open_cache();
	struct buffer text = {0};
	struct stat st;

	cr_expect_eq(kept_open(cache, "x", &found), -ENOENT);
	cr_assert_eq(kept_write(cache, "x", built), 0);
	cr_expect_eq(kept_size(cache, "x"), built->text.len);
	cr_assert_eq(kept_open(cache, "x", &found), 0);
	cr_expect_eq(found->n_entries, 0);
	cr_expect_str_eq(found->place, scratch("x/tree"));
	cr_assert_eq(stat(found->place, &st), 0);
	cr_expect(st.st_dev == found->device && st.st_ino == found->inode);
	cr_expect_eq(st.st_mode & 07777, 0755);
	read_file(scratch("x/tree/a/b"), &text);
	cr_expect_str_eq(text.data, "text");
	cr_assert_eq(stat(scratch("x/tree/a/b"), &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0555);
	buffer_free(&text);
	sbx_built_free(found);
	sbx_built_free(built);
	(void)close(cache);
}

/* The first stays, and nothing of the second is left. */
Test(kept, is_written_once)
{
	struct sbx_built *one = make("one"), *two = make("two");
	int cache = open_cache();
	struct buffer text = {0};

	cr_assert_eq(kept_write(cache, "x", one), 0);
	cr_expect_eq(kept_write(cache, "x", two), -EEXIST);
	read_file(scratch("x/tree/a/b"), &text);
	cr_expect_str_eq(text.data, "one");
	buffer_free(&text);
	cr_expect_eq(kept_remove(cache, "x"), 0);
	expect_nothing();
	sbx_built_free(one);
	sbx_built_free(two);
	(void)close(cache);
}

/* Nobody removes it from under a run, and everybody can afterwards. */
Test(kept, stays_while_it_is_used)
{
	struct sbx_built *built = make("text"), *found, *again;
	int cache = open_cache();

	cr_assert_eq(kept_write(cache, "x", built), 0);
	cr_assert_eq(kept_open(cache, "x", &found), 0);
	cr_assert_eq(kept_open(cache, "x", &again), 0);
	cr_expect_eq(kept_remove(cache, "x"), -EBUSY);
	sbx_built_free(found);
	cr_expect_eq(kept_remove(cache, "x"), -EBUSY);
	cr_expect_eq(access(scratch("x/tree/a/b"), F_OK), 0);
	sbx_built_free(again);
	cr_expect_eq(kept_remove(cache, "x"), 0);
	cr_expect_eq(kept_remove(cache, "x"), -ENOENT);
	expect_nothing();
	sbx_built_free(built);
	(void)close(cache);
}

/* Whatever has its name is no build, and is removed. */
Test(kept, is_nothing_else)
{
	struct sbx_built *found;
	int cache = open_cache();

	(void)scratch_text("x", "text");
	cr_expect_eq(kept_size(cache, "x"), 0);
	cr_expect_eq(kept_open(cache, "x", &found), -ENOENT);
	cr_assert_eq(symlink("/etc", scratch("x")), 0, "%s", strerror(errno));
	cr_expect_eq(kept_open(cache, "x", &found), -ENOENT);
	cr_assert_eq(mkdir(scratch("x"), 0700), 0, "%s", strerror(errno));
	cr_expect_eq(kept_open(cache, "x", &found), -ENOENT);
	expect_nothing();
	(void)close(cache);
}

/* With the marks of another start of the host, or none that can be true, the
 * content is looked at, and the record has the right ones again. */
Test(kept, has_its_marks_renewed)
{
	struct sbx_built *built = make("text"), *found;
	struct buffer before = {0}, after = {0};
	int cache = open_cache(), fd;

	cr_assert_eq(kept_write(cache, "x", built), 0);
	read_file(scratch("x/record"), &before);
	fd = open(scratch("x/record"), O_WRONLY | O_CLOEXEC);
	cr_assert_eq(pwrite(fd, "?", 1, (off_t)before.len - 1), 1);
	(void)close(fd);
	cr_assert_eq(kept_open(cache, "x", &found), 0);
	sbx_built_free(found);
	read_file(scratch("x/record"), &after);
	cr_expect_eq(before.len, after.len);
	cr_expect_eq(memcmp(before.data, after.data, before.len), 0);
	buffer_free(&before);
	buffer_free(&after);
	sbx_built_free(built);
	(void)close(cache);
}
