/* SPDX-License-Identifier: MIT */
#include "exec/pool.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/file.h"
#include "base/place.h"
#include "exec/client.h"
#include "exec/run.h"

int pool_read(const char *path, struct buffer *text, struct sbx_error *err)
{
	int r = file_read(path, PASSING_MAX_CODE, text);

	if (r == -EFBIG)
		return err_say(err, SBX_STAGE_PLAN, EFBIG,
		               "%s: is larger than 16M, which is the most that "
		               "--pool takes; run it without",
		               path);
	if (r < 0)
		return err_set(err, SBX_STAGE_EXEC, r == -ENOTDIR ? ENOENT : -r,
		               "%s", path);
	return 0;
}

/* ---- the words ---- */

/* The daemon is somewhere else: a path is made to start at the root. */
static int add_setting(struct buffer *out, const struct setting *setting)
{
	static const char *const paths[] = {"inputs", "stdin_file", "mounts",
	                                    "mounts.writable"};
	bool is_path = false;
	struct buffer text CLEANUP(buffer_free) = {0};
	char here[PATH_MAX] = "";

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		is_path |= strcmp(setting->path, paths[i]) == 0;
	if (is_path && setting->value[0] != '/' && !getcwd(here, sizeof(here)))
		return -errno;
	buffer_printf(&text, "%s=%s%s%s", setting->path, here,
	              here[0] ? "/" : "", setting->value);
	buffer_append(&text, "", 1);
	if (text.failed)
		return -ENOMEM;
	client_word(out, PASSING_SETTING, text.data);
	return 0;
}

/* A daemon of the same user that has them elsewhere is told apart. */
static void add_sessions(struct buffer *out)
{
	char path[PLACE_LEN];

	if (place_sessions(getenv("XDG_DATA_HOME"), getenv("HOME"),
	                   geteuid() == 0, path) == 0)
		client_word(out, PASSING_SESSIONS, path);
}

static int add_words(const struct options *options,
                     const struct pool_program *program, struct buffer *out)
{
	int r = 0;

	if (options->request)
		client_word(out, PASSING_REQUEST, "");
	else
		client_word(out, PASSING_PROFILE, options->profile);
	if (options->command)
		client_word(out, PASSING_COMMAND, "");
	if (program->file)
		client_word(out, PASSING_FILE, program->file);
	for (size_t i = 0; i < options->n_settings && r == 0; i++)
		r = add_setting(out, &options->settings[i]);
	add_sessions(out);
	for (size_t i = 0; program->arguments && program->arguments[i]; i++)
		client_word(out, PASSING_ARGUMENT, program->arguments[i]);
	if (out->failed)
		r = -ENOMEM;
	return r == 0 && out->len > PASSING_MAX_WORDS ? -E2BIG : r;
}

/* ---- the connection ---- */

/* What is open while the run is the daemon's. */
struct link {
	int daemon, signals;
	int files; /* that the run leaves come here; -1: none do, or no more */
	struct sbx_collect to;
	int cancelled;   /* the signal, or 0 */
	sigset_t before; /* where there is a descriptor of signals */
};

static int hand_over(struct link *link, const struct buffer *words,
                     const struct pool_program *program,
                     const struct sbx_stdio *stdio)
{
	CLEANUP_FD int memory = client_seal(words->data, words->len), code = -1,
		       theirs = -1;
	struct client_run run = {
		.words = memory,
		.streams = {stdio->in, stdio->out, stdio->err}};
	int pair[2];

	if (program->text)
		code = client_seal(program->text, program->len);
	if (memory < 0 || (program->text && code < 0))
		return memory < 0 ? memory : code;
	if (program->collect >= 0) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) <
		    0)
			return -errno;
		link->files = pair[0];
		theirs = pair[1];
	}
	run.code = code;
	run.collect = theirs;
	return client_send(link->daemon, &run);
}

/* ---- the answer ---- */

static void cancel(struct link *link)
{
	struct signalfd_siginfo info;

	if (read(link->signals, &info, sizeof(info)) != sizeof(info))
		return;
	link->cancelled = (int)info.ssi_signo;
	client_cancel(link->daemon);
}

/* Waits for it, and writes the files that come before it; a signal asks the
 * daemon for the end. Where nothing more can be received the daemon finds that
 * out, and says so. */
static int await(struct link *link, struct passing_answer *answer, int *report)
{
	for (;;) {
		struct pollfd fds[] = {
			{.fd = link->daemon, .events = POLLIN},
			{.fd = link->signals, .events = POLLIN},
			{.fd = link->files, .events = POLLIN},
		};

		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			return -errno;
		if (fds[2].revents) {
			if (sbx_collect_receive(link->files, &link->to) <= 0)
				(void)close(TAKE_FD(link->files));
		} else if (fds[0].revents) {
			return client_receive(link->daemon, answer, report);
		}
		if (fds[1].revents)
			cancel(link);
	}
}

static int finish(const struct passing_answer *from, int cancelled,
                  struct pool_answer *answer, struct sbx_error *err)
{
	if (from->exit_status < 0) {
		*err = from->failure;
		return err->code > 0 ? -err->code : -EPROTO;
	}
	answer->exit_status = cancelled ? 128 + cancelled : from->exit_status;
	answer->stopped = from->stopped;
	answer->n_skipped = (int)from->n_skipped;
	memcpy(answer->message, from->message, sizeof(answer->message));
	return 0;
}

static int check(const struct options *options, struct sbx_error *err)
{
	const char *other = NULL;

	if (options->dry_run)
		other = "dry-run";
	else if (options->profile_file)
		other = "profile-file";
	if (!other)
		return 0;
	return err_say(err, SBX_STAGE_SPEC, EINVAL,
	               "--pool and --%s exclude each other: the run is the "
	               "daemon's",
	               other);
}

static int run(struct link *link, const struct options *options,
               const struct pool_program *program,
               const struct sbx_stdio *stdio, struct sbx_error *err)
{
	struct buffer words CLEANUP(buffer_free) = {0};
	int r = add_words(options, program, &words);

	if (r < 0)
		return err_set(err, SBX_STAGE_SPEC, -r, "the command line");
	link->daemon = client_connect(options->pool, 0, err);
	if (link->daemon < 0)
		return link->daemon;
	link->signals = run_signals(RUN_SIGNALS, &link->before);
	if (link->signals < 0)
		return err_set(err, SBX_STAGE_WATCH, -link->signals,
		               "signalfd");
	r = hand_over(link, &words, program, stdio);
	if (r < 0)
		return err_set(err, SBX_STAGE_WATCH, -r,
		               "hand the run over to the daemon");
	/* One that receives no file reads nothing but an answer of fixed size:
	 * to shut it up would take longer than it has to do. */
	return link->files < 0 ? 0
	                       : sbx_confine_receiver(program->collect, err);
}

int pool_run(const struct options *options, const struct pool_program *program,
             const struct sbx_stdio *stdio, struct pool_answer *answer,
             struct sbx_error *err)
{
	struct link link = {
		.daemon = -1,
		.signals = -1,
		.files = -1,
		.to = {program->collect, options->collect_replace},
	};
	struct passing_answer received = {.exit_status = -1};
	int r = check(options, err);

	if (r == 0)
		r = run(&link, options, program, stdio, err);
	if (r == 0) {
		r = await(&link, &received, &answer->report);
		r = r < 0 ? err_set(err, SBX_STAGE_WATCH, -r,
		                    "the daemon went away, and the run with it")
		          : finish(&received, link.cancelled, answer, err);
	}
	if (link.signals >= 0) /* as in run_box() */
		run_signals_end(link.signals, &link.before);
	cleanup_fd(&link.files);
	cleanup_fd(&link.signals);
	cleanup_fd(&link.daemon);
	return r;
}
