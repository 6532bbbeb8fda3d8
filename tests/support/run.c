/* SPDX-License-Identifier: MIT */
#include "support/run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define PATIENCE   (60.0 * slowness())
#define REPORT_FD  200 /* in the called program */
#define OUT_OF_WAY 400
#define MAX_WORDS  128

static _Noreturn void die(const char *what)
{
	dprintf(STDERR_FILENO, "tests/support/run.c: %s: %s\n", what,
	        strerror(errno));
	_exit(99);
}

double seconds_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void seconds_sleep(double seconds)
{
	const struct timespec time = {
		.tv_sec = (time_t)seconds,
		.tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9),
	};

	(void)nanosleep(&time, NULL);
}

int slowness(void)
{
	const char *text = getenv("SBX_SLOW");

	return text ? atoi(text) : 1;
}

const char *build_dir(void)
{
	static char path[PATH_MAX];
	const char *named = getenv("SBX_BUILD");
	ssize_t len;

	if (path[0])
		return path;
	if (named && named[0]) {
		if (!realpath(named, path))
			die(named);
		return path;
	}
	/* BUILD/test/box */
	len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (len <= 0)
		die("readlink /proc/self/exe");
	path[len] = '\0';
	for (int i = 0; i < 2; i++)
		*strrchr(path, '/') = '\0';
	return path;
}

const char *program_dir(void)
{
	static char path[PATH_MAX + 16];

	(void)snprintf(path, sizeof(path), "%s/test/prog", build_dir());
	return path;
}

/* ---- starting ---- */

/* The words of the call, and the texts that had to be made for them. */
struct argv {
	const char *words[MAX_WORDS];
	size_t n;
	char program[PATH_MAX + 32], bind[PATH_MAX + 64], path[PATH_MAX + 64];
	char pool[128];
};

static void add(struct argv *argv, const char *word)
{
	if (argv->n >= MAX_WORDS - 1)
		die("too many words");
	argv->words[argv->n++] = word;
}

static void add_command(struct argv *argv, const struct call *call)
{
	const char *const *word = call->command;
	bool helper = word[0][0] == '@';

	(void)snprintf(argv->path, sizeof(argv->path), "%s/%s",
	               call->outside ? program_dir() : INSIDE, word[0] + 1);
	if (!call->outside) {
		(void)snprintf(argv->bind, sizeof(argv->bind), "%s:" INSIDE,
		               program_dir());
		if (helper || call->helpers) {
			add(argv, "--ro-bind");
			add(argv, argv->bind);
		}
		add(argv, "--command");
		add(argv, "--");
	}
	add(argv, helper ? argv->path : word[0]);
	while (*++word)
		add(argv, *word);
}

/* tests/pool/run: the same through a daemon that listens there. What takes a
 * layer out, and a run of more than one, is sbx-exec's alone. */
static void add_pool(struct argv *argv, const struct call *call)
{
	const char *socket = getenv("SBX_TEST_POOL");

	if (!socket || call->without)
		return;
	(void)snprintf(argv->pool, sizeof(argv->pool), "--pool=%s", socket);
	add(argv, argv->pool);
}

/* tests/tree/run: the same over a tree that sbx-rootfs built. */
static void add_tree(struct argv *argv)
{
	const char *name = getenv("SBX_TEST_TREE");

	if (!name)
		return;
	add(argv, "--rootfs");
	add(argv, name);
}

static void make_argv(struct argv *argv, const struct call *call)
{
	argv->n = 0;
	(void)snprintf(argv->program, sizeof(argv->program), "%s/%s",
	               build_dir(),
	               call->without ? "test/sbx-weak" : "bin/sbx-exec");
	if (!call->outside && !call->no_argv) {
		add(argv, call->without ? call->without : argv->program);
		add_pool(argv, call);
		add_tree(argv);
		if (!call->no_report) {
			add(argv, "--report");
			add(argv, "fd:200");
		}
		/* What a layer does is not to be done by another. */
		if (call->without) {
			add(argv, "--cgroup");
			add(argv, "none");
		}
		/* What the call says comes later, but for a request. */
		if (slowness() > 1 &&
		    !(call->options && call->options[0] &&
		      strcmp(call->options[0], "--request") == 0)) {
			add(argv, "--wall-time");
			add(argv, "10m");
			add(argv, "--cpu-time");
			add(argv, "10m");
		}
		for (const char *const *word = call->options; word && *word;
		     word++)
			add(argv, *word);
	}
	if (call->command)
		add_command(argv, call);
	argv->words[argv->n] = NULL;
}

static void reset_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Nothing of the test's own but what is given. */
static void place_fds(const struct call *call, const int own[4])
{
	struct given_fd fds[4 + MAX_GIVEN];
	size_t n = 0;

	for (int i = 0; i < 4; i++)
		fds[n++] = (struct given_fd){i < 3 ? i : REPORT_FD, own[i]};
	for (size_t i = 0; i < call->n_fds; i++)
		fds[n++] = call->fds[i];
	for (size_t i = 0; i < n; i++)
		if (fds[i].from >= 0) {
			fds[i].from = fcntl(fds[i].from, F_DUPFD, OUT_OF_WAY);
			if (fds[i].from < 0)
				die("fcntl(F_DUPFD)");
		}
	(void)close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	for (size_t i = 0; i < n; i++)
		if (fds[i].from < 0)
			(void)close(fds[i].to);
		else if (dup2(fds[i].from, fds[i].to) < 0)
			die("dup2");
}

/* The call's environment, and where the trees are. */
static const char *const *make_env(const struct call *call)
{
	static const char *const plain[] = {"PATH=/usr/bin:/bin", NULL};
	static const char *words[MAX_WORDS];
	const char *const *env = call->env ? call->env : plain;
	static char place[PATH_MAX];
	size_t n = 0;

	if (call->outside || !getenv("SBX_TEST_TREE"))
		return env;
	(void)snprintf(place, sizeof(place), "XDG_DATA_HOME=%s",
	               getenv("XDG_DATA_HOME"));
	words[n++] = place;
	for (; *env && n < MAX_WORDS - 1; env++)
		words[n++] = *env;
	return words;
}

static _Noreturn void become(const struct call *call, const int own[4])
{
	const char *const *env = make_env(call);
	struct argv argv;
	const char *file;

	make_argv(&argv, call);
	file = call->outside ? argv.words[0] : argv.program;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	reset_signals();
	(void)umask(022);
	place_fds(call, own);
	if (call->prepare)
		call->prepare(call->data);
	if (strchr(file, '/'))
		(void)execve(file, (char *const *)argv.words,
		             (char *const *)env);
	else
		(void)execvpe(file, (char *const *)argv.words,
		              (char *const *)env);
	die(file);
}

void take_terminal(const void *data)
{
	(void)data;
	(void)setsid();
	(void)ioctl(0, TIOCSCTTY, 0);
}

void become_ordinary(const void *data)
{
	(void)data;
	if (setgid(12345) < 0 || setuid(12345) < 0)
		_exit(98);
}

void call_start(const struct call *call, struct live *live)
{
	int in[2], out[2], err[2];

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 ||
	    pipe2(err, O_CLOEXEC) < 0)
		die("pipe2");
	*live = (struct live){
		.call = call,
		.in = in[1],
		.out = out[0],
		.err = err[0],
		.report = memfd_create("report", MFD_CLOEXEC),
		.started = seconds_now(),
	};
	if (live->report < 0)
		die("memfd_create");
	(void)signal(SIGPIPE, SIG_IGN);
	live->pid = fork();
	if (live->pid < 0)
		die("fork");
	if (live->pid == 0)
		become(call,
		       (int[]){in[0], out[1], call->merged ? out[1] : err[1],
		               live->report});
	(void)close(in[0]);
	(void)close(out[1]);
	(void)close(err[1]);
	(void)fcntl(live->in, F_SETFL, O_NONBLOCK);
	live->pidfd = pidfd_open(live->pid, 0);
	if (live->pidfd < 0)
		die("pidfd_open");
}

/* ---- finishing ---- */

static void drop(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static void feed(struct live *live)
{
	const struct call *call = live->call;
	size_t len = call->input_len;
	ssize_t n;

	if (len == 0 && call->input)
		len = strlen(call->input);
	n = live->written == len ? 0
	                         : write(live->in, call->input + live->written,
	                                 len - live->written);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0)
		live->written += (size_t)n;
	if (n < 0 || live->written == len)
		drop(&live->in);
}

static void drain(int *fd, struct buffer *into)
{
	char *place = buffer_reserve(into, 65536);
	ssize_t n = place ? read(*fd, place, 65536) : -1;

	if (n > 0)
		into->len += (size_t)n;
	else if (n == 0 || errno != EINTR)
		drop(fd);
}

/* One turn. Returns false once there is nothing more to wait for. */
static bool turn(struct live *live, struct result *result, bool *ended)
{
	struct pollfd fds[] = {
		{.fd = live->in, .events = POLLOUT},
		{.fd = live->out, .events = POLLIN},
		{.fd = live->err, .events = POLLIN},
		{.fd = *ended ? -1 : live->pidfd, .events = POLLIN},
	};

	if (*ended && live->out < 0 && live->err < 0)
		return false;
	if (poll(fds, 4, 100) <= 0)
		return true;
	if (fds[0].revents)
		feed(live);
	if (fds[1].revents)
		drain(&live->out, &result->out);
	if (fds[2].revents)
		drain(&live->err, &result->err);
	if (fds[3].revents)
		*ended = true;
	return true;
}

static void terminate(struct buffer *text)
{
	char *end = buffer_reserve(text, 1);

	if (!end)
		die("memory");
	*end = '\0';
}

static void take_report(struct live *live, struct result *result)
{
	(void)lseek(live->report, 0, SEEK_SET);
	while (live->report >= 0)
		drain(&live->report, &result->report_line);
	result_parse(result, &result->report_line);
}

void call_finish(struct live *live, struct result *result)
{
	double patience = live->call->patience;
	double until = live->started + (patience > 0 ? patience : PATIENCE);
	bool ended = false, was_ended = false;
	int status;

	*result = (struct result){0};
	while (turn(live, result, &ended)) {
		if (ended && !was_ended) {
			result->seconds = seconds_now() - live->started;
			was_ended = true;
			until = seconds_now() + 5;
		}
		if (seconds_now() < until)
			continue;
		result->timed_out = !ended;
		result->held_open = ended;
		break;
	}
	if (!ended)
		(void)kill(live->pid, SIGKILL);
	if (waitpid(live->pid, &status, 0) != live->pid)
		die("waitpid");
	result->status =
		WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
	drop(&live->in);
	drop(&live->out);
	drop(&live->err);
	drop(&live->pidfd);
	take_report(live, result);
	terminate(&result->out);
	terminate(&result->err);
	terminate(&result->report_line);
}

void call_run(const struct call *call, struct result *result)
{
	struct live live;

	call_start(call, &live);
	call_finish(&live, result);
}

bool call_expect(struct live *live, const char *text)
{
	double until = seconds_now() + PATIENCE;
	struct buffer seen = {0};
	bool found = false;

	while (!found && seconds_now() < until) {
		struct pollfd out = {.fd = live->out, .events = POLLIN};
		char byte;

		if (poll(&out, 1, 100) <= 0)
			continue;
		if (read(live->out, &byte, 1) != 1)
			break;
		buffer_append(&seen, &byte, 1);
		found = seen.len >= strlen(text) &&
		        memcmp(seen.data + seen.len - strlen(text), text,
		               strlen(text)) == 0;
	}
	buffer_free(&seen);
	return found;
}

void result_free(struct result *result)
{
	buffer_free(&result->out);
	buffer_free(&result->err);
	buffer_free(&result->report_line);
	arena_free(&result->arena);
}
