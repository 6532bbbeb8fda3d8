/* SPDX-License-Identifier: MIT */
/*
 * Every system call of a launch fails once, and is interrupted once: in
 * sbx-exec, in pid 1 of the box, and in the program's process up to its
 * execve. Each time the run either says what failed, with the errno that was
 * injected and the exit status 125, and leaves nothing behind; or it goes on,
 * and the program finds its sandbox to be what it is without a fault. Calls
 * that may fail like that are in a table, with the reason.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/def.h"
#include "base/error.h"
#include "support/find.h"
#include "support/inject.h"
#include "support/lab.h"
#include "support/run.h"

TestSuite(syscalls, .timeout = 600);

/* Fewer in a sweep, and it has not seen the whole launch. */
#define CALLER_CALLS  200
#define INIT_CALLS    120
#define PROGRAM_CALLS 70

/* A call is named as in inject->call: all calls of a name, or those with that
 * first word behind it. */
struct row {
	const char *call, *why;
};

/* The run goes on without them, and nothing is less. */
static const struct row harmless[] = {
	{"close", "it closes, whatever it returns"},
	{"statfs", "no cgroup is looked for: the report says what limits hold"},
	{"access /run/systemd/system", "the same"},
	{"munmap", "memory that is not given back, before the end"},
	{"sched_getaffinity", "then there is one processor to run on"},
	{"capget", "libcap asks which version it is before it asks"},
	{"fchown", "only for opening /dev/stdin and the like by name"},
	{"fcntl 3", "a stream that cannot be read says so when it is"},
	{"ioctl 21505", "isatty(3): it is taken for no terminal"},
	{"newfstatat", "fstat(2): a stream is taken for no socket"},
	{"epoll_ctl 1", "EPERM is how epoll says that a file is always ready"},
	{"epoll_ctl 2", "closing a descriptor takes it out as well"},
	{"rt_sigpending", "SIGPIPE is ignored, there is none to take back"},
	{"rt_sigtimedwait", "the same"},
	{"rt_sigprocmask", "the same"},
	{"rt_sigaction 13", "SIGPIPE: a reader that is gone ends sbx-exec"},
	{"rt_sigaction 25", "SIGXFSZ: the same of a file that is too long"},
	{"rt_sigaction 21", "SIGTTIN: a job's read of its terminal stops it"},
	{"rt_sigaction 22", "SIGTTOU: the same of a write"},
	{"openat /proc/self/fd/", "what is not read of a file is not put back"},
	{"lseek", "the same"},
	{"poll", "asked again in the next turn"},
	{"read", "of a timer or signal: told again in the next turn"},
	{"getpriority", "then it is set without asking"},
	{"getrusage", "figures of the report"},
	{"fstatfs", "figures of the report"},
	{"kill", "the end of pid 1, which follows, kills as well"},
	{"pidfd_send_signal", "pid 1 has said that all is over, and ends"},
	{"waitid", "the same: what the run has used is known by then"},
	{"wait4", "its end leaves nobody to wait for, either"},
};

/* A signal may come at any time while these are made: they are made again. */
static const struct row restarted[] = {
	{"read", ""},
	{"write", ""},
	{"poll", ""},
	{"epoll_wait", ""},
	{"splice", ""},
	{"recvmsg", ""},
	{"sendmsg", ""},
	{"wait4", ""},
	{"waitid", ""},
	{"getdents64", ""},
	{"ioctl 3226476800", "SECCOMP_IOCTL_NOTIF_RECV"},
	{"ioctl 3222806785", "SECCOMP_IOCTL_NOTIF_SEND"},
};

/* These fail with another error than the one injected. */
static const struct row renamed[] = {
	{"readlink /proc/self/exe", "ENOENT"}, /* where profiles are */
	{"sendmsg", "ESRCH"}, /* pid 1 cannot say any more what failed */
};

/* The same of what is asked of a cgroup. What counts and holds there is the
 * kernel's, and goes on. A name that ends in a dash is the start of one. */
static const struct row cgroup_harmless[] = {
	{"openat .", "leaves of the dead stay until the next start"},
	{"fcntl 2", "the same"},
	{"getdents64", "the same"},
	{"openat sbx-run-", "the same"},
	{"flock", "the same"},
	{"unlinkat sbx-run-", "the same of its own"},
	{"openat cpu.stat", "read again in the next turn"},
	{"openat memory.current", "the same"},
	{"openat pids.current", "the same"},
	{"openat memory.peak", "figures of the report"},
	{"openat pids.peak", "the same"},
	{"openat memory.events", "the same"},
	{"openat pids.events", "the same"},
};

static const struct row cgroup_renamed[] = {
	{"faccessat2 cgroup.procs", "EOPNOTSUPP"}, /* is not delegated */
	{"faccessat2 cgroup.subtree_control", "EOPNOTSUPP"},
	{"read", "EOPNOTSUPP"}, /* its controllers are not known */
};

struct sweep {
	struct lab *lab;
	const char *cgroup; /* NULL: without one */
	struct inject *inject;
	struct result reference;
	struct buffer before;
	bool interrupt;
	bool counted; /* with a limit on instructions, and what stands in */
	unsigned n_failed, n_whole;
};

static const struct row *row_of(const struct row *rows, size_t n,
                                const char *call)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(rows[i].call);

		if (strncmp(call, rows[i].call, len) == 0 &&
		    (call[len] == '\0' || call[len] == ' ' ||
		     strchr("-/", rows[i].call[len - 1])))
			return &rows[i];
	}
	return NULL;
}
#define ROW_OF(rows, call) row_of(rows, ARRAY_SIZE(rows), call)

static bool is_harmless(const struct sweep *sweep)
{
	const char *call = sweep->inject->call;

	return ROW_OF(harmless, call) ||
	       (sweep->cgroup && ROW_OF(cgroup_harmless, call));
}

/* NULL: it is not renamed. */
static const struct row *renamed_row(const struct sweep *sweep)
{
	const struct row *row = ROW_OF(renamed, sweep->inject->call);

	return row || !sweep->cgroup
	               ? row
	               : ROW_OF(cgroup_renamed, sweep->inject->call);
}

static void wrong(struct sweep *sweep, const struct result *result,
                  const char *what)
{
	const struct inject *inject = sweep->inject;

	lab_fail(sweep->lab,
	         "process %d, call %u, %s: %s: %s: status %d, %s; %s%s",
	         inject->process, inject->nth, inject->call,
	         err_name(inject->code), what, result->status,
	         report_at(result, "error.text"), result->err.data,
	         result->report_line.data);
}

/* The sandbox was whole, and the call is one that may fail like that. */
static void check_success(struct sweep *sweep, const struct result *result)
{
	const struct inject *inject = sweep->inject;

	sweep->n_whole++;
	if (strcmp(result->out.data, sweep->reference.out.data) != 0)
		wrong(sweep, result, "the program found another sandbox");
	if (strcmp(report_at(result, "status"), "success") != 0)
		wrong(sweep, result, "the report says otherwise");
	if (strcmp(report_at(result, "isolation.cgroup"),
	           sweep->cgroup ? "v2" : "none") != 0)
		wrong(sweep, result, "it runs in another cgroup");
	if (inject->main && !is_harmless(sweep) &&
	    !(sweep->interrupt && ROW_OF(restarted, inject->call)))
		wrong(sweep, result, "the failure was not noticed");
}

static const char *expected_code(const struct sweep *sweep)
{
	const struct row *row = renamed_row(sweep);

	return row ? row->why : err_name(sweep->inject->code);
}

/* sbx-exec said what failed, once on standard error and once in the report,
 * and what the program wrote was its own. */
static void check_failure(struct sweep *sweep, const struct result *result)
{
	const struct inject *inject = sweep->inject;
	const char *code = report_at(result, "error.code");
	bool other = renamed_row(sweep) != NULL;

	sweep->n_failed++;
	if (!is_one_line(&result->err))
		wrong(sweep, result, "not one line of error");
	if (!inject->started && result->out.len > 0)
		wrong(sweep, result, "output without a program");
	if (strncmp(result->out.data, sweep->reference.out.data,
	            result->out.len) != 0)
		wrong(sweep, result, "the program found another sandbox");
	if (!other && !strstr(result->err.data, strerror(inject->code)))
		wrong(sweep, result, "the line does not say the error");
	/* Without a descriptor for it, or one to write to, there is none. */
	if (!result->report && result->report_line.len == 0 &&
	    (strncmp(inject->call, "write", 5) == 0 ||
	     strncmp(inject->call, "fcntl", 5) == 0))
		return;
	if (strcmp(report_at(result, "status"), "error") != 0)
		wrong(sweep, result, "the report says otherwise");
	if (strcmp(code, expected_code(sweep)) != 0 &&
	    strcmp(code, err_name(inject->code)) != 0)
		wrong(sweep, result, "the report has another error");
}

static void check(struct sweep *sweep, const struct result *result)
{
	const struct inject *inject = sweep->inject;
	bool exec = strcmp(report_at(result, "error.stage"), "exec") == 0;

	if (result->timed_out || result->held_open)
		wrong(sweep, result, "hangs");
	else if (result->status == 0)
		check_success(sweep, result);
	else if (sweep->interrupt && ROW_OF(restarted, inject->call))
		wrong(sweep, result, "an interrupted call was not made again");
	else if (!inject->main && result->status == 127 && !inject->started)
		sweep->n_failed++; /* the C library's own start */
	else if (result->status == (exec ? 126 : 125))
		check_failure(sweep, result);
	else
		wrong(sweep, result, "another end");
	if (inject->n_fds != 4) /* 0, 1, 2, and the report's */
		wrong(sweep, result, "descriptors are left open");
}

static void launch(struct sweep *sweep, struct result *result)
{
	static char names[7][64];
	static const char *const kinds[] = {"user", "pid", "net",   "ipc",
	                                    "uts",  "mnt", "cgroup"};
	const struct call call = {
		OPTIONS("--wall-time", "20s", "--cgroup",
	                sweep->cgroup ? sweep->cgroup : "none", "--stdin",
	                "/etc/passwd", "--fuel",
	                sweep->counted ? "60000000000" : "none"),
		.without = sweep->counted ? "pmu" : NULL,
		COMMAND("@whole", names[0], names[1], names[2], names[3],
	                names[4], names[5], names[6]),
		.prepare = inject_start,
		.data = sweep->inject,
	};
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s",
		               kinds[i]);
		(void)!readlink(path, names[i], sizeof(names[i]) - 1);
	}
	call_run(&call, result);
}

/* A launch without a fault, that all others are held against. */
static void refer(struct sweep *sweep)
{
	*sweep->inject = (struct inject){.process = INJECT_NONE};
	launch(sweep, &sweep->reference);
	if (sweep->reference.status != 0 || sweep->inject->n_fds != 4)
		lab_fail(sweep->lab, "no fault: status %d, %zu descriptors: %s",
		         sweep->reference.status, sweep->inject->n_fds,
		         sweep->reference.err.data);
	if (!strstr(sweep->reference.out.data, "namespace user own\n") ||
	    strstr(sweep->reference.out.data, "SHARED"))
		lab_fail(sweep->lab, "no fault: %s", sweep->reference.out.data);
	lab_list(&sweep->before);
}

/* The k-th call fails, for k from 1 to the last. Returns how many there were.
 * Which turns the supervisor takes differs from run to run, so the last is
 * one that twice was not there. */
static unsigned sweep_all(const struct sweep *as, enum inject_process process)
{
	static const int codes[] = {EIO, ENOMEM, EPERM};
	struct sweep sweep = *as;
	struct lab *lab = as->lab;
	struct result result;
	unsigned nth = 0, missing = 0;

	sweep.inject = inject_new();
	refer(&sweep);
	while (missing < 2 && !lab->failed) {
		const char *left;

		*sweep.inject = (struct inject){
			.process = process,
			.nth = ++nth,
			.code = as->interrupt ? EINTR
		                              : codes[nth % ARRAY_SIZE(codes)],
			.main = process != INJECT_CALLER,
			.below = as->cgroup,
		};
		launch(&sweep, &result);
		if (sweep.inject->done)
			check(&sweep, &result);
		missing = sweep.inject->done ? 0 : missing + 1;
		/* Orphans come here, to pid 1 of the lab. */
		if (!children_gone(10))
			wrong(&sweep, &result, "a process is left");
		left = lab_leftover(&sweep.before, 10);
		if (left)
			wrong(&sweep, &result, left);
		result_free(&result);
	}
	buffer_free(&sweep.before);
	result_free(&sweep.reference);
	(void)munmap(sweep.inject, sizeof(*sweep.inject));
	return nth - 2;
}

static void sweep_at_least(const struct sweep *as, enum inject_process process,
                           unsigned least)
{
	unsigned n = sweep_all(as, process);

	if (n < least)
		lab_fail(as->lab, "only %u calls were seen", n);
}

#define SWEEP(name, process, least, ...)                                       \
	static void name(struct lab *lab)                                      \
	{                                                                      \
		sweep_at_least(&(const struct sweep){.lab = lab, __VA_ARGS__}, \
		               process, least);                                \
	}                                                                      \
	Test(syscalls, name)                                                   \
	{                                                                      \
		lab_run(name, false);                                          \
	}

SWEEP(caller_fails, INJECT_CALLER, CALLER_CALLS, .interrupt = false)
SWEEP(caller_is_interrupted, INJECT_CALLER, CALLER_CALLS, .interrupt = true)
SWEEP(init_fails, INJECT_INIT, INIT_CALLS, .interrupt = false)
SWEEP(init_is_interrupted, INJECT_INIT, INIT_CALLS, .interrupt = true)
SWEEP(program_fails, INJECT_PROGRAM, PROGRAM_CALLS, .interrupt = false)
SWEEP(program_is_interrupted, INJECT_PROGRAM, PROGRAM_CALLS, .interrupt = true)
/* The counter, its message and its end. */
SWEEP(counted_program_fails, INJECT_PROGRAM, PROGRAM_CALLS + 3, .counted = true)

/* ---- the same of what is asked of a cgroup ---- */

#define CGROUP_CALLS 50

/* How many leaves there are. */
static size_t count_leaves(const char *cgroup)
{
	DIR *list = opendir(cgroup);
	size_t n = 0;

	for (const struct dirent *entry; list && (entry = readdir(list));)
		n += strncmp(entry->d_name, "sbx-run-", 8) == 0;
	if (list)
		(void)closedir(list);
	return n;
}

static void sweep_cgroup(struct lab *lab)
{
	const char *cgroup = getenv("SBX_TEST_CGROUP");
	struct sweep sweep = {.lab = lab, .cgroup = cgroup};

	sweep_at_least(&sweep, INJECT_CALLER, CGROUP_CALLS);
	sweep.interrupt = true;
	sweep_at_least(&sweep, INJECT_CALLER, CGROUP_CALLS);
	/* What could not be removed is with the next start. */
	sweep.inject = inject_new();
	refer(&sweep);
	if (count_leaves(cgroup))
		lab_fail(lab, "a leaf is left");
	buffer_free(&sweep.before);
	result_free(&sweep.reference);
	(void)munmap(sweep.inject, sizeof(*sweep.inject));
}

/* Where one is delegated: tests/vm/cgroup names it. */
Test(syscalls, cgroup_fails, .timeout = 1800)
{
	if (getenv("SBX_TEST_CGROUP"))
		lab_run(sweep_cgroup, false);
}
