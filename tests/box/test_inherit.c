/* SPDX-License-Identifier: MIT */
/* What a caller has, and a program in the box does not get. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/def.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(inherit, .init = scratch_make, .fini = scratch_remove,
          .timeout = 120);

/* Descriptors of every kind, at low and high numbers, that do not close on
 * exec: none of them is inside, and outside all are. */
Test(inherit, no_descriptor)
{
	int fds[MAX_GIVEN] = {
		open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		open("/etc/passwd", O_PATH | O_CLOEXEC),
		eventfd(0, EFD_CLOEXEC),
		socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
		memfd_create("x", MFD_CLOEXEC),
		epoll_create1(EPOLL_CLOEXEC),
		pidfd_open(getpid(), 0),
		open("/dev/null", O_RDWR | O_CLOEXEC),
	};
	static const int places[MAX_GIVEN] = {3, 4, 5, 7, 10, 63, 251, 1000};
	struct call call = {COMMAND("@peek", "fds")};
	struct result result;
	int lines = 0;

	for (size_t i = 0; i < MAX_GIVEN; i++)
		call.fds[i] = (struct given_fd){places[i], fds[i]};
	call.n_fds = MAX_GIVEN;
	call_run(&call, &result);
	cr_expect_str_eq(result.out.data,
	                 "0 fifo read\n1 fifo write\n2 fifo write\n", "%s",
	                 result.err.data);
	result_free(&result);
	call.outside = true;
	call_run(&call, &result);
	for (const char *at = result.out.data; (at = strchr(at, '\n')); at++)
		lines++;
	cr_expect_geq(lines, 3 + MAX_GIVEN, "%s", result.out.data);
	result_free(&result);
	for (size_t i = 0; i < MAX_GIVEN; i++)
		(void)close(fds[i]);
}

static void open_many(const void *data)
{
	struct rlimit limit;

	(void)data;
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	for (int i = 0; i < 3000; i++)
		(void)!dup(0);
}

/* A caller with thousands of open descriptors is as good as any. */
Test(inherit, many_descriptors)
{
	struct result result;

	RUN(&result, .prepare = open_many, COMMAND("@peek", "fds"));
	cr_expect_str_eq(result.out.data,
	                 "0 fifo read\n1 fifo write\n2 fifo write\n", "%s",
	                 result.err.data);
	result_free(&result);
}

static void odd_habits(const void *data)
{
	const struct sched_param none = {0};

	(void)data;
	(void)umask(0);
	(void)!nice(7);
	(void)personality(ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC);
	(void)sched_setscheduler(0, SCHED_BATCH, &none);
	(void)prctl(PR_SET_TIMERSLACK, 123456, 0, 0, 0);
	(void)prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/* Habits that fork and exec hand down are those of a new program. Niceness is
 * the one that stays: who is polite is so with all they start. */
Test(inherit, no_habit)
{
	static const char clean[] =
		"umask 0022\npersonality 0\nnice %d\npolicy 0\n"
		"timerslack 50000\ndumpable 1\nkeepcaps 0\nthp 0\n"
		"no_new_privs 1\nsubreaper 0\ntimer none\nignored 0\n"
		"blocked 0\npending 0\n";
	const int own = getpriority(PRIO_PROCESS, 0);
	struct result result;

	RUN(&result, .outside = true, .prepare = odd_habits,
	    COMMAND("@peek", "habits"));
	cr_expect_not_null(strstr(result.out.data, "umask 0000\n"));
	cr_expect_not_null(strstr(result.out.data, "policy 3\n"));
	cr_expect_not_null(strstr(result.out.data, "timerslack 123456\n"));
	result_free(&result);
	for (int odd = 0; odd < 2; odd++) {
		RUN(&result, .prepare = odd ? odd_habits : NULL,
		    COMMAND("@peek", "habits"));
		cr_expect_str_eq(result.out.data,
		                 text_of(clean, odd ? own + 7 : own));
		result_free(&result);
	}
}

static void idle(const void *data)
{
	const struct sched_param none = {0};

	(void)data;
	(void)sched_setscheduler(0, SCHED_IDLE, &none);
}

/* So is who is idle, and cannot be anything else again: the run is idle, too,
 * and works. */
Test(inherit, idle_class)
{
	struct result result;

	RUN(&result, .prepare = idle, COMMAND("@peek", "habits"));
	cr_expect_not_null(strstr(result.out.data, "policy 5\n"), "%s%s",
	                   result.out.data, result.err.data);
	result_free(&result);
}

static void odd_limits(const void *data)
{
	static const int resources[] = {RLIMIT_DATA,    RLIMIT_RSS,
	                                RLIMIT_LOCKS,   RLIMIT_RTTIME,
	                                RLIMIT_MEMLOCK, RLIMIT_SIGPENDING,
	                                RLIMIT_MSGQUEUE};
	struct rlimit limit;

	(void)data;
	/* Softer than they may be: that must not cross. */
	for (size_t i = 0; i < ARRAY_SIZE(resources); i++) {
		(void)getrlimit((__rlimit_resource_t)resources[i], &limit);
		limit.rlim_cur = 900000000;
		if (limit.rlim_cur < limit.rlim_max)
			(void)setrlimit((__rlimit_resource_t)resources[i],
			                &limit);
	}
}

/* All sixteen resource limits are set, soft and hard alike, and are not those
 * of the caller. */
Test(inherit, no_resource_limit)
{
	static const char limits[] =
		"cpu 11 11\nfsize 7000 7000\ndata -1 -1\n"
		"stack 4194304 4194304\ncore 1 1\nrss -1 -1\nnproc 34 34\n"
		"nofile 99 99\nmemlock 65536 65536\nas -1 -1\nlocks -1 -1\n"
		"sigpending 1024 1024\nmsgqueue 819200 819200\nnice 0 0\n"
		"rtprio 0 0\nrttime -1 -1\n";
	struct result result;

	RUN(&result, .prepare = odd_limits,
	    OPTIONS("--cgroup", "none", "--cpu-time", "10s", "--file-size",
	            "7000", "--stack", "4M", "--pids", "33", "--open-files",
	            "99"),
	    COMMAND("@peek", "limits"));
	cr_expect_str_eq(result.out.data, limits, "%s", result.err.data);
	result_free(&result);
	RUN(&result, .outside = true, .prepare = odd_limits,
	    COMMAND("@peek", "limits"));
	cr_expect_str_neq(result.out.data, limits);
	result_free(&result);
}

/* The caller's environment stays outside, also what steers loaders and
 * interpreters; what is asked for reaches the program alone. */
Test(inherit, no_variable)
{
	const char *library = text_of("LD_PRELOAD=%s", "/no/such/library.so");
	struct result result;

	RUN(&result,
	    .env = WORDS("PATH=/no/such", library, "LD_LIBRARY_PATH=/x",
	                 "BASH_ENV=/x", "PYTHONSTARTUP=/x", "PYTHONPATH=/x",
	                 "NODE_OPTIONS=--bad", "GLIBC_TUNABLES=bad", "LC_ALL=x",
	                 "TZ=Mars/Base", "SECRET=canary"),
	    COMMAND("env"));
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	cr_expect_str_eq(result.out.data,
	                 "PATH=/usr/local/bin:/usr/bin:/bin\nHOME=/workspace\n"
	                 "TMPDIR=/tmp\nLANG=C.UTF-8\n");
	result_free(&result);
	/* Loaders inside try it, and say so; nothing outside does. */
	RUN(&result, OPTIONS("--env", library), COMMAND("echo", "x"));
	cr_expect_str_eq(result.out.data, "x\n");
	cr_expect_not_null(strstr(result.err.data, "/no/such/library.so"));
	cr_expect_eq(result.status, 0);
	result_free(&result);
}

static void leave_directory(const void *data)
{
	(void)mkdir(data, 0700);
	(void)!chdir(data);
	(void)rmdir(data);
}

static void take_rights(const void *data)
{
	(void)data;
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static void small_limits(const void *data)
{
	const struct rlimit *rows = data;

	for (int i = 0; rows[i].rlim_max; i++)
		(void)setrlimit((__rlimit_resource_t)rows[i].rlim_cur,
		                &(struct rlimit){rows[i].rlim_max - 1,
		                                 rows[i].rlim_max - 1});
}

/* Odd places to start from: it works, or says in one line why not. */
Test(inherit, odd_starts)
{
#define LIMIT(resource, value)           \
	(const struct rlimit[])          \
	{                                \
		{resource, (value) + 1}, \
		{                        \
			0                \
		}                        \
	}
	const struct {
		const char *what;
		void (*prepare)(const void *data);
		const void *data;
		bool works;
	} rows[] = {
		{"no directory", leave_directory, scratch("gone"), true},
		{"no new rights", take_rights, NULL, true},
		{"no file size", small_limits, LIMIT(RLIMIT_FSIZE, 0), false},
		{"few files", small_limits, LIMIT(RLIMIT_NOFILE, 8), false},
		{"little stack", small_limits, LIMIT(RLIMIT_STACK, 256 << 10),
	         true},
		{"little memory", small_limits, LIMIT(RLIMIT_AS, 64 << 20),
	         true},
		{"one process", small_limits, LIMIT(RLIMIT_NPROC, 1), false},
	};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		RUN(&result, .no_report = true, .prepare = rows[i].prepare,
		    .data = rows[i].data, COMMAND("echo", "ran"));
		cr_expect_not(result.timed_out, "%s", rows[i].what);
		if (result.status == 0)
			cr_expect_str_eq(result.out.data, "ran\n", "%s",
			                 rows[i].what);
		else
			cr_expect(result.status == 125 &&
			                  is_one_line(&result.err) &&
			                  result.out.len == 0,
			          "%s: %d: %s", rows[i].what, result.status,
			          result.err.data);
		cr_expect(result.status == 0 || !rows[i].works, "%s: %s",
		          rows[i].what, result.err.data);
		result_free(&result);
	}
}

/* Without even a name, argc 0, there is a line and nothing runs. */
Test(inherit, no_argument_at_all)
{
	struct result result;

	RUN(&result, .no_argv = true);
	cr_expect_eq(result.status, 125);
	cr_expect(is_one_line(&result.err), "%s", result.err.data);
	result_free(&result);
}

/* A copy of sbx-exec with a set-id bit refuses to do anything. */
Test(inherit, set_id_is_refused)
{
	static const mode_t modes[] = {0755, 04755, 02755};
	struct buffer program = {0};
	struct result result;

	if (geteuid() != 0)
		return; /* only root can give itself away */
	read_file(text_of("%s/bin/sbx-exec", build_dir()), &program);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		const char *path = scratch_file("sbx-exec", program.data,
		                                program.len, modes[i]);

		RUN(&result, .outside = true, .prepare = become_ordinary,
		    COMMAND(path, "--version"));
		cr_expect_eq(result.status, modes[i] == 0755 ? 0 : 125,
		             "%o: %d", modes[i], result.status);
		if (modes[i] != 0755)
			cr_expect(is_one_line(&result.err), "%s",
			          result.err.data);
		result_free(&result);
	}
	buffer_free(&program);
}
