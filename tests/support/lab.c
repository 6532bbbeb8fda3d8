/* SPDX-License-Identifier: MIT */
#include "support/lab.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/def.h"
#include "base/file.h"
#include "support/run.h"

/* Of <sys/mount.h>, which clashes with <linux/mount.h>. */
int mount(const char *source, const char *target, const char *type,
          unsigned long flags, const void *data);
#define PRIVATE_ (1ul << 18)
#define REC_     (1ul << 14)

#define CANNOT 77

void lab_fail(struct lab *lab, const char *format, ...)
{
	va_list args;

	if (lab->failed)
		return;
	va_start(args, format);
	(void)vsnprintf(lab->text, sizeof(lab->text), format, args);
	va_end(args);
	lab->failed = true;
}

static void put(const char *path, const char *text)
{
	int r = file_put(AT_FDCWD, path, text);

	if (r < 0) {
		dprintf(2, "lab: write %s: %s\n", path, strerror(-r));
		_exit(CANNOT);
	}
}

static void must(long r, const char *what)
{
	if (r < 0) {
		dprintf(2, "lab: %s: %s\n", what, strerror(errno));
		_exit(CANNOT);
	}
}

/* The extents of this process's map, each id as it is outside. */
static void same_ids(char *text, size_t size)
{
	struct buffer map = {0};
	unsigned first, outer, count;
	const char *line;
	int used;

	must(file_read("/proc/self/uid_map", 65536, &map), "uid_map");
	buffer_append(&map, "", 1);
	text[0] = '\0';
	for (line = map.data;
	     sscanf(line, "%u %u %u%n", &first, &outer, &count, &used) == 3;
	     line += used)
		(void)snprintf(text + strlen(text), size - strlen(text),
		               "%u %u %u\n", first, first, count);
	buffer_free(&map);
}

/* Root's user namespace. Only from outside can more than one id be mapped. */
static void unshare_as_root(int flags)
{
	char ids[4096], path[64], byte;
	int ends[2], status;
	pid_t pid;

	same_ids(ids, sizeof(ids));
	must(pipe2(ends, O_CLOEXEC), "pipe2");
	pid = fork();
	must(pid, "fork");
	if (pid == 0) {
		(void)close(ends[1]);
		(void)!read(ends[0], &byte, 1);
		(void)snprintf(path, sizeof(path), "/proc/%d/uid_map",
		               getppid());
		put(path, ids);
		(void)snprintf(path, sizeof(path), "/proc/%d/gid_map",
		               getppid());
		put(path, ids);
		_exit(0);
	}
	must(unshare(flags & ~CLONE_NEWPID), "unshare");
	(void)close(ends[1]);
	must(waitpid(pid, &status, 0), "waitpid");
	must(unshare(flags & CLONE_NEWPID), "unshare");
	if (status != 0)
		_exit(CANNOT);
}

static void unshare_as_user(int flags)
{
	char text[64];
	uid_t uid = geteuid();
	gid_t gid = getegid();

	must(unshare(flags), "unshare");
	put("/proc/self/setgroups", "deny");
	(void)snprintf(text, sizeof(text), "%u %u 1", uid, uid);
	put("/proc/self/uid_map", text);
	(void)snprintf(text, sizeof(text), "%u %u 1", gid, gid);
	put("/proc/self/gid_map", text);
}

static void make_parents(const char *path)
{
	char parent[PATH_MAX];

	for (const char *slash = strchr(path + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		(void)snprintf(parent, sizeof(parent), "%.*s",
		               (int)(slash - path), path);
		(void)mkdir(parent, 0755);
	}
	(void)mkdir(path, 0755);
}

/* The build stays where it is, if that gets covered. */
static void cover(void)
{
	static const char *const places[] = {"/tmp", "/dev/shm", "/run"};
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, build_dir(),
	                        OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	must(tree, "open_tree");
	must(mount("none", "/", NULL, PRIVATE_ | REC_, NULL), "make private");
	must(mount("proc", "/proc", "proc", 0, NULL), "mount /proc");
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (access(places[i], F_OK) == 0)
			must(mount("none", places[i], "tmpfs", 0, "mode=1777"),
			     "mount tmpfs");
	if (access(build_dir(), F_OK) < 0) {
		make_parents(build_dir());
		must(syscall(SYS_move_mount, tree, "", AT_FDCWD, build_dir(),
		             MOVE_MOUNT_F_EMPTY_PATH),
		     "move_mount");
	}
	(void)close(tree);
}

static _Noreturn void enter(struct lab *lab, void (*body)(struct lab *lab),
                            bool own_users)
{
	int flags = CLONE_NEWNS | CLONE_NEWPID, status;
	pid_t pid;

	must(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "prctl");
	(void)build_dir();
	if (geteuid() != 0)
		unshare_as_user(flags | CLONE_NEWUSER);
	else if (own_users)
		unshare_as_root(flags | CLONE_NEWUSER);
	else
		must(unshare(flags), "unshare");
	pid = fork();
	must(pid, "fork");
	if (pid == 0) {
		must(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "prctl");
		/* Nothing of Criterion's, which its parent still has. */
		(void)close_range(3, ~0u, 0);
		cover();
		body(lab);
		_exit(0);
	}
	must(waitpid(pid, &status, 0), "waitpid");
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
}

/* Where a cgroup is delegated, sbx moves what shares it with it out of the way.
 * What is outside of the lab it could not move from inside: so it does before.
 */
static void move_down(void)
{
	struct result result;

	call_run(CALL(.no_report = true, COMMAND("true")), &result);
	result_free(&result);
}

void lab_run(void (*body)(struct lab *lab), bool own_users)
{
	struct lab *lab = mmap(NULL, sizeof(*lab), PROT_READ | PROT_WRITE,
	                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid;

	cr_assert_neq(lab, MAP_FAILED);
	move_down();
	pid = fork();
	if (pid == 0)
		enter(lab, body, own_users);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT)
		skip("there are no namespaces to be had for the test itself");
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	          "the lab ended with %x", status);
	cr_assert_not(lab->failed, "%s", lab->text);
	(void)munmap(lab, sizeof(*lab));
}

/* ---- what there is ---- */

#define MAX_LINES 4096

struct lines {
	char *at[MAX_LINES];
	size_t n;
};

static void add_line(struct lines *lines, const char *format, ...)
	PRINTF_LIKE(2, 3);

static void add_line(struct lines *lines, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (lines->n < MAX_LINES &&
	    vasprintf(&lines->at[lines->n], format, args) >= 0)
		lines->n++;
	va_end(args);
}

static void list_namespaces(struct lines *lines, const char *pid)
{
	static const char *const kinds[] = {"user", "pid", "net",   "ipc",
	                                    "uts",  "mnt", "cgroup"};
	char path[300], target[64];

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		(void)snprintf(path, sizeof(path), "/proc/%s/ns/%s", pid,
		               kinds[i]);
		ssize_t len = readlink(path, target, sizeof(target) - 1);
		if (len > 0)
			add_line(lines, "namespace %.*s", (int)len, target);
	}
}

/* Calls add for each name in a directory that is a number. */
static void list_numbers(struct lines *lines, const char *path,
                         const char *what, bool namespaces)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		int number = atoi(entry->d_name);

		if (number <= 0 || (!namespaces && number == dirfd(directory)))
			continue;
		add_line(lines, "%s %s", what, entry->d_name);
		if (namespaces)
			list_namespaces(lines, entry->d_name);
	}
	if (directory)
		(void)closedir(directory);
}

static void list_mounts(struct lines *lines)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char line[8192];

	while (file && fgets(line, sizeof(line), file))
		add_line(lines, "mount %.*s", (int)strcspn(line, "\n"), line);
	if (file)
		(void)fclose(file);
}

static struct lines *walked;

static int walk(const char *path, const struct stat *st, int kind,
                struct FTW *ftw)
{
	(void)kind;
	(void)ftw;
	if (strncmp(path, build_dir(), strlen(build_dir())) != 0)
		add_line(walked, "file %s %o", path, st->st_mode);
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void lab_list(struct buffer *out)
{
	static struct lines lines;

	lines.n = 0;
	list_numbers(&lines, "/proc", "process", true);
	list_numbers(&lines, "/proc/self/fd", "descriptor", false);
	list_mounts(&lines);
	walked = &lines;
	(void)nftw("/tmp", walk, 16, FTW_PHYS);
	(void)nftw("/dev/shm", walk, 16, FTW_PHYS);
	(void)nftw("/run", walk, 16, FTW_PHYS);
	qsort(lines.at, lines.n, sizeof(lines.at[0]), compare);
	for (size_t i = 0; i < lines.n; i++) {
		if (i == 0 || strcmp(lines.at[i], lines.at[i - 1]) != 0)
			buffer_printf(out, "%s\n", lines.at[i]);
		if (i > 0)
			free(lines.at[i - 1]);
	}
	if (lines.n > 0)
		free(lines.at[lines.n - 1]);
	buffer_append(out, "", 1);
}

/* The first line of now that before does not have, or NULL. */
static const char *difference(const struct buffer *before,
                              const struct buffer *now)
{
	static char line[8192];

	for (const char *at = now->data; *at; at += strcspn(at, "\n") + 1) {
		(void)snprintf(line, sizeof(line), "%.*s\n",
		               (int)strcspn(at, "\n"), at);
		const char *found = strstr(before->data, line);
		if (!found || (found != before->data && found[-1] != '\n'))
			return line;
	}
	return NULL;
}

const char *lab_leftover(const struct buffer *before, double seconds)
{
	double until = seconds_now() + seconds;
	const char *line;

	do {
		struct buffer now = {0};

		lab_list(&now);
		line = difference(before, &now);
		buffer_free(&now);
		if (line)
			seconds_sleep(0.02);
	} while (line && seconds_now() < until);
	return line;
}
