/* SPDX-License-Identifier: MIT */
/*
 * A tree and its manifest: a line for each entry, words with tabs between
 * them, as rootfs/lib/store.py writes it:
 *
 *   d MODE PATH        l TARGET PATH        f MODE SIZE SHA256 PATH
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "box/trees.h"
#include "kernel/sys.h"

#define MAX_MANIFEST ((size_t)128 << 20)
#define MAX_WORDS    5
#define MAX_DEPTH    64

/* Opens path below dir, without a link anywhere on the way. */
static int open_below(int dir, const char *path, uint64_t flags)
{
	const struct open_how how = {
		.flags = flags | O_CLOEXEC | O_NOFOLLOW,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};

	return sys_openat2(dir, path, &how);
}

static bool same_mode(const struct stat *st, const char *mode)
{
	char text[8];

	(void)snprintf(text, sizeof(text), "%04o", st->st_mode & 07777);
	return strcmp(text, mode) == 0;
}

static bool same_file(int tree, char *const *words)
{
	CLEANUP_FD int fd = open_below(tree, words[4], O_RDONLY | O_NONBLOCK);
	struct buffer text = {0};
	char size[24], hash[65] = "";
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    !same_mode(&st, words[1]))
		return false;
	(void)snprintf(size, sizeof(size), "%jd", (intmax_t)st.st_size);
	if (strcmp(size, words[2]) == 0 &&
	    file_read_fd(fd, (size_t)st.st_size, &text) == 0)
		text_sha256(text.data, text.len, hash);
	buffer_free(&text);
	return strcmp(hash, words[3]) == 0;
}

static bool same_directory(int tree, char *const *words)
{
	CLEANUP_FD int fd = open_below(tree, words[2], O_PATH | O_DIRECTORY);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && same_mode(&st, words[1]);
}

static bool same_link(int tree, char *const *words)
{
	CLEANUP_FD int fd = open_below(tree, words[2], O_PATH);
	char target[PATH_MAX];
	ssize_t n;

	if (fd < 0)
		return false;
	n = readlinkat(fd, "", target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	return strcmp(target, words[1]) == 0;
}

static const struct {
	char kind;
	size_t n_words;
	bool (*same)(int tree, char *const *words);
} kinds[] = {
	{'d', 3, same_directory},
	{'l', 3, same_link},
	{'f', 5, same_file},
};

/* Whether what the line says is so; *path is what it is about. */
static bool check_line(int tree, char *line, const char **path)
{
	char *words[MAX_WORDS], *rest = line;
	size_t n = 0;

	do
		words[n++] = strsep(&rest, "\t");
	while (rest && n < MAX_WORDS);
	*path = words[n - 1];
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (words[0][0] == kinds[i].kind && !words[0][1] && !rest &&
		    n == kinds[i].n_words)
			return kinds[i].same(tree, words);
	return false;
}

/* Adds the entries at and below the directory, which is closed. */
static int count(int fd, int depth, size_t *n)
{
	DIR *dir = fdopendir(fd);
	const struct dirent *entry;
	int r = depth > MAX_DEPTH ? -ELOOP : 0;

	if (!dir) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	while (r == 0 && (entry = file_entry(dir, &r))) {
		(*n)++;
		if (entry->d_type != DT_DIR)
			continue;
		int below =
			open_below(fd, entry->d_name, O_RDONLY | O_DIRECTORY);
		r = below < 0 ? -errno : count(below, depth + 1, n);
	}
	(void)closedir(dir);
	return r;
}

static int differs(const char *what, const char *path, struct sbx_error *err)
{
	return err_say(err, SBX_STAGE_PLAN, EBADMSG,
	               "%s: %s is not as it was built; see sbx-rootfs verify, "
	               "and build it again",
	               what, path);
}

static int check_all(int tree, char *text, const char *what,
                     struct sbx_error *err)
{
	size_t n = 0, there = 0;
	const char *path;
	char *line;
	int top, r;

	while ((line = strsep(&text, "\n"))) {
		if (!line[0])
			continue;
		n++;
		if (!check_line(tree, line, &path))
			return differs(what, path, err);
	}
	top = openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = top < 0 ? -errno : count(top, 0, &there);
	if (r < 0)
		return err_set(err, SBX_STAGE_PLAN, -r, "%s: look", what);
	return there == n ? 0 : differs(what, "a file that was added", err);
}

int tree_verify(const char *dir, const char *what, struct sbx_error *err)
{
	CLEANUP_FD int top = -1, tree = -1;
	struct buffer text = {0};
	CLEANUP_FD int manifest = -1;
	int r;

	top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top >= 0)
		tree = open_below(top, "tree", O_RDONLY | O_DIRECTORY);
	if (tree >= 0)
		manifest = open_below(top, "manifest", O_RDONLY);
	if (manifest < 0)
		return err_set(err, SBX_STAGE_PLAN, errno, "%s: %s", what, dir);
	r = file_read_fd(manifest, MAX_MANIFEST, &text);
	buffer_append(&text, "", 1);
	if (r == 0 && text.failed)
		r = -ENOMEM;
	r = r < 0 ? err_set(err, SBX_STAGE_PLAN, -r, "%s: its manifest", what)
	          : check_all(tree, text.data, what, err);
	buffer_free(&text);
	return r;
}
