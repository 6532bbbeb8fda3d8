/* SPDX-License-Identifier: MIT */
/*
 * A box that is made ahead. Everything of it stands before there is a run: the
 * namespaces, the root, the limits, the filter, and inside of them the
 * interpreter, which has started and runs an agent (runtime/zygotes). The
 * agent holds one descriptor beside its streams:
 *
 *	caller -> agent  the modules to load, each with a NUL behind it
 *	agent -> caller  one byte: idle; '.', or '=' if the program's file must
 *	                 have the name of its own, which it cannot change
 *	caller -> agent  the run: the program's file, how many arguments follow,
 *	                 these, and what the run has of environment variables
 *	                 that the box did not know; each with a NUL behind it
 *
 * Where an interpreter has nothing worth loading there is no agent: the box
 * stands, but no program has been started in it. What to run is told to pid 1
 * with the order to start (box/told.h).
 *
 * The agent closes it, and becomes the program. Before that the supervisor has
 * put the run's files into the workspace; a box is used once, and what the
 * agent did was the same for every run, so nothing of one run is in another.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "box/box.h"
#include "box/inputs.h"
#include "box/told.h"
#include "box/wire.h"

static void add_text(struct buffer *out, const char *text)
{
	buffer_append(out, text, strlen(text) + 1);
}

static int tell(int control, const struct buffer *message)
{
	if (message->failed)
		return -ENOMEM;
	return send(control, message->data, message->len,
	            MSG_DONTWAIT | MSG_NOSIGNAL) < 0
	               ? -errno
	               : 0;
}

static int tell_modules(const struct sbx_box *box)
{
	const struct strings *modules = &box->plan->preload;
	struct buffer message CLEANUP(buffer_free) = {0};

	for (size_t i = 0; i < modules->n; i++)
		add_text(&message, modules->items[i]);
	/* An empty message would look like the end. */
	if (modules->n == 0)
		add_text(&message, "");
	return message.len > TOLD_MAX ? -E2BIG : tell(box->control, &message);
}

static int prepare(struct sbx_box *box, int *theirs, struct sbx_error *err)
{
	const struct wire_message message = {.kind = WIRE_START};
	int control[2];
	int r = box_open_pipes(box, box->pipes, theirs, err);

	if (r < 0)
		return r;
	r = wire_pair(control);
	if (r < 0)
		return err_set(err, SBX_STAGE_WATCH, -r, "socketpair");
	box->control = control[0];
	theirs[N_STREAMS] = control[1];
	watch_setup(box);
	r = tell_modules(box);
	if (r == 0)
		r = watch_add(box, box->control, EPOLLIN, TAG_CONTROL);
	if (r == 0)
		r = wire_send(box->wire, &message, theirs, WIRE_MAX_FDS);
	return r < 0 ? err_set(err, SBX_STAGE_WATCH, -r,
	                       "start an interpreter ahead")
	             : 0;
}

int box_prepare(struct sbx_box *box, struct sbx_error *err)
{
	int theirs[WIRE_MAX_FDS] = {-1, -1, -1, -1};
	int r;

	box->waiting = true;
	if (!box->plan->has_agent)
		return 0; /* pid 1 is on its way */
	r = prepare(box, theirs, err);
	for (int i = 0; i < WIRE_MAX_FDS; i++)
		cleanup_fd(&theirs[i]);
	return r;
}

/* The last line that an agent which gave up has written. */
static void last_words(const struct sbx_box *box, char *text, size_t size)
{
	ssize_t n = -1;
	char *line;

	text[0] = '\0';
	if (fcntl(box->pipes[STREAM_ERR], F_SETFL, O_NONBLOCK) == 0)
		n = read(box->pipes[STREAM_ERR], text, size - 1);
	if (n <= 0)
		return;
	text[n] = '\0';
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	line = strrchr(text, '\n');
	if (line)
		memmove(text, line + 1, strlen(line));
}

void standby_receive(struct sbx_box *box)
{
	char text[4096];
	ssize_t n = recv(box->control, text, sizeof(text), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == 1 && !box->idle && box->launched) {
		box->idle = true;
		box->own_name = text[0] == '=';
		box->deadline_ns = UINT64_MAX;
		/* 0 where it is not known: the run pays for it. */
		(void)proc_cpu_exact(box->proc, &box->base_cpu_ns);
		return;
	}
	watch_drop(box, &box->control);
	box->idle = false;
	last_words(box, text, sizeof(text));
	if (!box->failed && text[0])
		(void)err_say(&box->failure, SBX_STAGE_EXEC, ECHILD,
		              "%s, started ahead: %s", box->plan->executable,
		              text);
	box->failed |= text[0] != '\0';
	box_fail(box, ECHILD, "start an interpreter ahead");
}

/* For pid 1: all of it. */
static void compose_whole(const struct sbx_plan *run, struct buffer *message)
{
	size_t n = 0;

	while (run->argv[n])
		n++;
	add_text(message, run->executable);
	buffer_printf(message, "%zu", n);
	add_text(message, "");
	for (size_t i = 0; i < n; i++)
		add_text(message, run->argv[i]);
	for (char *const *own = run->envp; *own; own++)
		add_text(message, *own);
}

/* For an agent: what it does not know. */
static void compose(const struct sbx_plan *box, const struct sbx_plan *run,
                    struct buffer *message)
{
	char *const *argv = run->argv + run->file_at;
	size_t n = 1;

	while (argv[n])
		n++;
	add_text(message, argv[0]);
	buffer_printf(message, "%zu", n - 1);
	add_text(message, "");
	for (size_t i = 1; i < n; i++)
		add_text(message, argv[i]);
	for (char *const *own = run->envp; *own; own++)
		if (!env_has(box->envp, *own))
			add_text(message, *own);
}

static size_t count_texts(const struct buffer *message)
{
	size_t n = 0;

	for (size_t i = 0; i < message->len; i++)
		n += message->data[i] == '\0';
	return n;
}

static const char *name_of(const struct step *step)
{
	return step->path + strlen("/workspace/");
}

static int place(const struct sbx_box *box, const struct step *step, int from)
{
	const char *name = name_of(step);
	int r = 0;

	if (step->kind != STEP_DIRECTORY)
		r = input_place(box->workspace, name, step, from);
	else if (mkdirat(box->workspace, name, step->mode) < 0)
		r = -errno;
	/* The caller's umask does not count. */
	if (r == 0 && fchmodat(box->workspace, name, step->mode, 0) < 0)
		r = -errno;
	return r;
}

/* As root: the files are the program's own. Its ids are known to the box, which
 * root's are not. Neither call says whether it failed; the next one does. */
static void become_program(const struct sbx_box *box)
{
	if (box->plan->privileged) {
		(void)setfsgid((gid_t)box->uid);
		(void)setfsuid(box->uid);
	}
}

static void become_self(const struct sbx_box *box)
{
	if (box->plan->privileged) {
		(void)setfsuid(geteuid());
		(void)setfsgid(getegid());
	}
}

/* One step of the run. Its source is opened with the caller's own rights. */
static int place_step(const struct sbx_box *box, const struct step *step)
{
	CLEANUP_FD int from = -1;
	int r;

	if (step->kind == STEP_COPY) {
		from = input_open(step);
		if (from < 0)
			return from;
	}
	become_program(box);
	r = place(box, step, from);
	become_self(box);
	return r;
}

static int remove_agent(const struct sbx_box *box)
{
	const struct step *agent = &box->plan->steps[box->plan->late_at];
	int r;

	become_program(box);
	r = unlinkat(box->workspace, name_of(agent), 0) < 0 ? -errno : 0;
	become_self(box);
	return r;
}

/* The run's files in the place of the agent. Nobody else is in the box but the
 * agent, which waits. */
static int place_files(const struct sbx_box *box, const struct sbx_plan *plan,
                       struct sbx_error *err)
{
	const struct step *step = plan->steps + plan->late_at;
	int r = box->plan->has_agent ? remove_agent(box) : 0;

	if (r < 0)
		return err_set(err, SBX_STAGE_WATCH, -r, "remove the agent");
	for (size_t i = 0; i < plan->n_late; i++, step++) {
		r = place_step(box, step);
		if (r < 0)
			return err_set(err, SBX_STAGE_WATCH, -r, "make file %s",
			               step->path);
	}
	return 0;
}

/* The box has a run now. */
static int take_run(struct sbx_box *box, const struct sbx_plan *plan,
                    struct sbx_error *err)
{
	int r = place_files(box, plan, err);

	if (r < 0)
		return r;
	box->plan = plan;
	box->waiting = box->idle = false;
	box->run.warm = true;
	return sbx_box_request(box, plan->id, plan->made_ns, err);
}

/* Pid 1 starts the program, as in a box that was not made ahead. */
static int start_late(struct sbx_box *box, const struct sbx_stdio *stdio,
                      const struct buffer *message, struct sbx_error *err)
{
	CLEANUP_FD int ours = -1, theirs = -1;
	int ends[2], r = wire_pair(ends);

	if (r < 0)
		return err_set(err, SBX_STAGE_WATCH, -r, "socketpair");
	ours = ends[0];
	theirs = ends[1];
	r = tell(ours, message);
	if (r < 0)
		return err_set(err, SBX_STAGE_WATCH, -r, "tell what to run");
	return box_start_told(box, theirs, stdio, err);
}

static int wake(struct sbx_box *box, const struct sbx_stdio *stdio,
                const struct buffer *message, struct sbx_error *err)
{
	int r = box_attach(box, box->pipes, stdio, err);

	if (r < 0)
		return r;
	box_begin(box, clock_ns());
	r = tell(box->control, message);
	watch_drop(box, &box->control);
	if (r < 0)
		return err_set(err, SBX_STAGE_WATCH, -r,
		               "tell the interpreter what to run");
	return watch_add_streams(box, err);
}

int box_assign(struct sbx_box *box, const struct sbx_plan *plan,
               const struct sbx_stdio *stdio, struct sbx_error *err)
{
	struct buffer message CLEANUP(buffer_free) = {0};
	bool has_agent = box->plan->has_agent;
	int r;

	if (!box->idle || box->failed || !plan_same_box(box->plan, plan))
		return err_say(err, SBX_STAGE_PLAN, ESTALE,
		               "the run asks for another box");
	if (has_agent)
		compose(box->plan, plan, &message);
	else
		compose_whole(plan, &message);
	if (message.len > TOLD_MAX || count_texts(&message) > TOLD_WORDS)
		return err_say(err, SBX_STAGE_PLAN, E2BIG,
		               "arguments and environment are more than a "
		               "waiting interpreter can be told");
	r = take_run(box, plan, err);
	if (r < 0)
		return r;
	return has_agent ? wake(box, stdio, &message, err)
	                 : start_late(box, stdio, &message, err);
}
