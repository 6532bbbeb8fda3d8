/* SPDX-License-Identifier: MIT */
/* Builds that are kept: used again as they were, and by their owner alone. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/def.h"
#include "base/file.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(kept, .init = scratch_make, .fini = scratch_remove, .timeout = 180);

/* A profile whose builds and runs are scripts. */
static void profile(const char *script)
{
	(void)scratch_text(
		"profile.json",
		text_of("{\"extends\": \"base\", \"file\": \"make.sh\", "
	                "\"build\": {\"command\": [\"sh\", \"{file}\"]}, "
	                "\"command\": [\"sh\", \"-c\", \"%s\"]}",
	                script));
}

/* The only environment of a call: the cache. */
static const char *const *cache_at(const char *path)
{
	static const char *env[2];

	env[0] = text_of("XDG_CACHE_HOME=%s", path);
	return env;
}

#define BUILD(code, ...) BUILD_IN("", code, ##__VA_ARGS__)
#define BUILD_IN(cache, code, ...)                                        \
	CALL(.env = cache_at(scratch(cache)),                             \
	     OPTIONS("--profile-file", scratch("profile.json"), "--code", \
	             code),                                               \
	     ##__VA_ARGS__)

static void expect(struct result *result, const char *out, const char *cached)
{
	cr_expect_eq(result->status, 0, "%s", result->err.data);
	if (out)
		cr_expect_str_eq(result->out.data, out);
	cr_expect_str_eq(report_at(result, "stages.build.cached"), cached);
	result_free(result);
}

static void run_cached(const char *code, const char *out, const char *cached)
{
	struct result result;

	call_run(BUILD(code), &result);
	expect(&result, out, cached);
}

/* The only build of the cache. */
static const char *kept(void)
{
	DIR *dir = opendir(scratch("sbx/build"));
	const struct dirent *entry;
	const char *path = NULL;

	cr_assert(dir);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.') {
			cr_assert_not(path, "more than one");
			path = scratch(text_of("sbx/build/%s", entry->d_name));
		}
	(void)closedir(dir);
	cr_assert(path);
	return path;
}

static void shell(const char *directory, const char *script)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (chdir(directory) == 0)
			execl("/bin/sh", "sh", "-ec", script, NULL);
		_exit(1);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0, "%s", script);
}

/* The same sources are built once; others, or another profile, again. */
Test(kept, is_used_again)
{
	profile("cat /build/x");
	run_cached("echo one >x", "one\n", "false");
	run_cached("echo one >x", "one\n", "true");
	run_cached("echo two >x", "two\n", "false");
	run_cached("echo one >x", "one\n", "true");
	(void)scratch_text("profile.json",
	                   "{\"extends\": \"base\", \"file\": \"other.sh\", "
	                   "\"build\": {\"command\": [\"sh\", \"{file}\"]}, "
	                   "\"command\": [\"echo\"]}");
	run_cached("echo one >x", NULL, "false");
}

/* The first run sees what those after it do. */
Test(kept, is_the_same_each_time)
{
	static const char code[] =
		"mkdir -p a/b; echo text >a/b/c; echo 'echo ran' >tool; "
		"chmod 755 tool; ln -s a link; : >empty";
	struct result result, again;

	profile("cd /build && ls -Rl --time-style=full-iso && stat -fc %T . && "
	        "./tool && cat a/b/c");
	call_run(BUILD(code), &result);
	call_run(BUILD(code), &again);
	cr_expect_str_eq(result.out.data, again.out.data);
	cr_expect(strstr(again.out.data, "ran\ntext\n"), "%s", again.out.data);
	cr_expect(strstr(again.out.data, "-r-xr-xr-x"));
	cr_expect(strstr(again.out.data, "-r--r--r--"));
	expect(&result, NULL, "false");
	expect(&again, NULL, "true");
}

/* What would take long to write is built again. */
Test(kept, is_not_too_large)
{
	static const char code[] = "head -c 17M /dev/zero >y; echo one >x";

	profile("cat /build/x");
	run_cached(code, "one\n", "false");
	run_cached(code, "one\n", "false");
}

/* What its owner did to it, or a disk, is found, also where it leaves size and
 * time of the file as they were; it is done again then. */
Test(kept, is_done_again_where_it_was_changed)
{
	static const char *const changes[] = {
		"chmod u+w tree/x; echo two >tree/x",
		"touch -r tree/x time; chmod u+w tree/x; echo two >tree/x; "
		"chmod u-w tree/x; touch -r time tree/x",
		"chmod 555 tree/x",
		"rm tree/x",
		"rm tree/x; ln -s /etc/passwd tree/x",
		"rm tree/x; mkfifo tree/x",
		": >tree/more",
		"ln -s x tree/more",
		"mkdir tree/more",
		"rm -r tree; ln -s /etc tree",
		"rm -r tree",
		"rm record",
		"truncate -s 10 record",
		"truncate -s 0 record; truncate -s 136 record",
		"rm -r ../*/*",
		"mv record tree ../../..; rmdir $PWD; ln -s ../.. $PWD",
		"rm -r $PWD; echo >$PWD",
	};

	profile("cat /build/x");
	run_cached("echo one >x", "one\n", "false");
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		run_cached("echo one >x", "one\n", "true");
		shell(kept(), changes[i]);
		run_cached("echo one >x", "one\n", "false");
	}
}

/* A copy of the cache has other marks, but is the same. */
Test(kept, is_known_by_its_content)
{
	struct result result;

	profile("cat /build/x");
	run_cached("echo one >x", "one\n", "false");
	shell(scratch(""), "mkdir copy; cp -r sbx copy");
	for (int i = 0; i < 2; i++) {
		call_run(BUILD_IN("copy", "echo one >x"), &result);
		expect(&result, "one\n", "true");
	}
	shell(scratch("copy/sbx/build"), "cd *; rm tree/x; echo two >tree/x");
	call_run(BUILD_IN("copy", "echo one >x"), &result);
	expect(&result, "one\n", "false");
}

/* A program cannot change what it, and those after it, are run from: not by its
 * place, its descriptor or its owner's rights. */
Test(kept, is_nothing_that_a_program_changes)
{
	static const char tried[] =
		"cd /build; n=0; try() { \\\"$@\\\" 2>/dev/null && echo $@; "
		"n=$((n+1)); }; "
		"put() { echo >$1; }; add() { exec 9<$1; echo "
		">>/proc/self/fd/9; "
		"}; "
		"try eval '(put tool)'; try eval '(add tool)'; "
		"try chmod 777 tool; try chmod 777 .; try touch tool; "
		"try truncate -s 0 tool; try rm tool; try mv tool other; "
		"try mkdir new; try ln tool other; try ln tool /workspace/x; "
		"try mv tool /workspace/x; try chown 1000 tool; "
		"try dd if=/dev/null of=tool; try cp /bin/true tool; "
		"./tool; echo $n; rm -f /workspace/x";
	static const char code[] = "echo 'echo >$0; echo ran' >tool; "
				   "chmod 755 tool";
	struct result result;

	profile(tried);
	for (int i = 0; i < 2; i++) {
		call_run(BUILD(code), &result);
		expect(&result, "ran\n15\n", i ? "true" : "false");
	}
}

/* A cache that others may write to is refused; so nobody puts a program
 * there. A failed build is not kept. */
Test(kept, is_where_nobody_else_writes)
{
	struct result result;

	profile("cat /build/x");
	call_run(BUILD("exit 1"), &result);
	cr_expect_eq(result.status, 1);
	result_free(&result);
	run_cached("echo one >x", "one\n", "false");
	(void)kept(); /* one */
	cr_assert_eq(chmod(scratch("sbx/build"), 0777), 0);
	call_run(BUILD("echo one >x"), &result);
	cr_expect_eq(result.status, 125);
	cr_expect_str_eq(result.out.data, "");
	cr_expect(strstr(result.err.data, "others may write to it"));
	result_free(&result);
	/* Nor is it what somebody has put there in its place. */
	shell(scratch(""), "mkdir -m 700 mine; mv sbx away; ln -s mine sbx");
	run_cached("echo one >x", "one\n", "false");
	shell(scratch(""), "test -z \"$(ls mine)\"");
}

static void close_habits(const void *data)
{
	(void)data;
	(void)umask(0777);
}

/* The program reads it as another user, whatever mode the caller gives to what
 * it makes. */
Test(kept, does_not_depend_on_a_mask)
{
	struct result result;

	profile("cat /build/a/x");
	(void)mkdir(scratch("sbx"), 0700); /* which is the caller's matter */
	(void)mkdir(scratch("sbx/build"), 0700);
	for (int i = 0; i < 2; i++) {
		call_run(BUILD("mkdir a; echo one >a/x",
		               .prepare = close_habits),
		         &result);
		expect(&result, "one\n", i ? "true" : "false");
	}
}

/* A cache on a file system of which nothing can be run. */
static void mount_without_programs(const void *cache)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(uid ? CLONE_NEWUSER | CLONE_NEWNS : CLONE_NEWNS) < 0)
		_exit(99);
	if (uid && (file_put(AT_FDCWD, "/proc/self/setgroups", "deny") < 0 ||
	            file_put(AT_FDCWD, "/proc/self/uid_map",
	                     text_of("%u %u 1", uid, uid)) < 0 ||
	            file_put(AT_FDCWD, "/proc/self/gid_map",
	                     text_of("%u %u 1", gid, gid)) < 0))
		_exit(98);
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(cache, cache, NULL, MS_BIND, NULL) < 0 ||
	    mount("none", cache, NULL,
	          MS_BIND | MS_REMOUNT | MS_NOEXEC | MS_NOSUID | MS_NODEV,
	          NULL) < 0)
		_exit(97);
}

/* There it is kept as well, and copied for the run. */
Test(kept, is_run_from_any_file_system)
{
	const char *cache = scratch("");
	struct result result;

	profile("/build/tool");
	for (int i = 0; i < 2; i++) {
		call_run(BUILD("cp /bin/pwd tool",
		               .prepare = mount_without_programs,
		               .data = cache),
		         &result);
		expect(&result, "/workspace\n", i ? "true" : "false");
	}
}

static void close_above(const void *directory)
{
	if (chmod(directory, 0700) < 0 ||
	    (geteuid() == 0 && chown(directory, 12345, 12345) < 0))
		_exit(97);
}

/* And where root alone gets through to it, and its sandbox does not. */
Test(kept, is_run_from_below_what_is_closed)
{
	const char *above = scratch("above");
	struct result result;

	profile("/build/tool");
	cr_assert_eq(mkdir(above, 0700), 0);
	cr_assert_eq(mkdir(scratch("above/cache"), 0700), 0);
	for (int i = 0; i < 2; i++) {
		call_run(BUILD_IN("above/cache", "cp /bin/pwd tool",
		                  .prepare = close_above, .data = above),
		         &result);
		expect(&result, "/workspace\n", i ? "true" : "false");
	}
}

/* Several that build the same at once each have it, and it is kept once. */
Test(kept, may_be_built_by_several_at_once)
{
	const struct call *call = BUILD(
		"cat /proc/sys/kernel/random/uuid >x; sleep 0.3; echo >y");
	struct live lives[4];
	struct result result;

	profile("cat /build/y; ls /build");
	for (size_t i = 0; i < ARRAY_SIZE(lives); i++)
		call_start(call, &lives[i]);
	for (size_t i = 0; i < ARRAY_SIZE(lives); i++) {
		call_finish(&lives[i], &result);
		cr_expect_eq(result.status, 0, "%s", result.err.data);
		cr_expect_str_eq(result.out.data, "\nmake.sh\nx\ny\n");
		result_free(&result);
	}
	(void)kept();
	shell(scratch("sbx/build"), "test $(ls -A | wc -l) = 1");
}

/* The oldest make room for others, but not one that is used. */
Test(kept, is_removed_when_nobody_uses_it)
{
	struct result result;
	struct live live;
	char used[256];

	profile("echo begun; read x; cat /build/x");
	run_cached("echo one >x", NULL, "false");
	(void)snprintf(used, sizeof(used), "%s", kept());
	call_start(BUILD("echo one >x", .input = "\n"), &live);
	cr_assert(call_expect(&live, "begun\n"));
	shell(scratch("sbx/build"),
	      "touch -d 2001-01-01 *; i=0; "
	      "while [ $i -lt 300 ]; do i=$((i+1)); "
	      "mkdir $(printf %064x $i); done; "
	      "touch -d 2002-02-02 00*; mkdir -p notes/of; "
	      "touch notes/of/mine; touch -d 2001-01-01 notes");
	run_cached("echo two >x", NULL, "false");
	shell(scratch("sbx/build"), "test $(ls -A | wc -l) = 257");
	cr_expect_eq(access(used, F_OK), 0);
	call_finish(&live, &result);
	expect(&result, "one\n", "true");
	shell(scratch("sbx/build"), "test -f notes/of/mine");
	shell(used, "touch -d 2001-01-01 .");
	run_cached("echo three >x", NULL, "false");
	cr_expect_neq(access(used, F_OK), 0);
}

/* Nothing is kept of a build that could see the host's files: they may change
 * without a trace. */
Test(kept, is_nothing_that_had_mounts)
{
	struct result result;

	profile("cat /build/x");
	for (int i = 0; i < 2; i++) {
		const char *in = scratch_text("in.txt", i ? "two\n" : "one\n");

		RUN(&result, .env = cache_at(scratch("")),
		    OPTIONS("--profile-file", scratch("profile.json"),
		            "--ro-bind", text_of("%s:/in.txt", in), "--code",
		            "cp /in.txt x"));
		expect(&result, i ? "two\n" : "one\n", "false");
	}
}
