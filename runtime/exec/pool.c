/* SPDX-License-Identifier: MIT */
#include "exec/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/error.h"
#include "base/file.h"
#include "exec/passing.h"
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

static void add_word(struct buffer *out, const char *what, const char *value)
{
	buffer_append(out, what, strlen(what) + 1);
	buffer_append(out, value, strlen(value) + 1);
}

/* The daemon is somewhere else: a path is made to start at the root. */
static int add_setting(struct buffer *out, const struct setting *setting)
{
	bool is_path = strcmp(setting->path, "inputs") == 0 ||
	               strcmp(setting->path, "stdin_file") == 0;
	struct buffer text CLEANUP(buffer_free) = {0};
	char here[PATH_MAX] = "";

	if (is_path && setting->value[0] != '/' && !getcwd(here, sizeof(here)))
		return -errno;
	buffer_printf(&text, "%s=%s%s%s", setting->path, here,
	              here[0] ? "/" : "", setting->value);
	buffer_append(&text, "", 1);
	if (text.failed)
		return -ENOMEM;
	add_word(out, PASSING_SETTING, text.data);
	return 0;
}

static int add_words(const struct options *options,
                     const struct pool_program *program, struct buffer *out)
{
	int r = 0;

	if (options->request)
		add_word(out, PASSING_REQUEST, "");
	else
		add_word(out, PASSING_PROFILE, options->profile);
	if (options->command)
		add_word(out, PASSING_COMMAND, "");
	if (program->file)
		add_word(out, PASSING_FILE, program->file);
	for (size_t i = 0; i < options->n_settings && r == 0; i++)
		r = add_setting(out, &options->settings[i]);
	for (size_t i = 0; program->arguments && program->arguments[i]; i++)
		add_word(out, PASSING_ARGUMENT, program->arguments[i]);
	if (out->failed)
		r = -ENOMEM;
	return r == 0 && out->len > PASSING_MAX_WORDS ? -E2BIG : r;
}

/* Memory that nobody changes any more. */
static int seal(const void *data, size_t len)
{
	CLEANUP_FD int fd =
		memfd_create("sbx", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r = fd < 0 ? -errno : file_write_fd(fd, data, len);

	if (r == 0 && fcntl(fd, F_ADD_SEALS,
	                    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		r = -errno;
	return r < 0 ? r : TAKE_FD(fd);
}

/* ---- the connection ---- */

static int find_socket(const struct options *options,
                       struct sockaddr_un *address, struct sbx_error *err)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR"), *path = options->pool;
	char usual[PATH_MAX] = "/run/sbx/sbxd.sock";

	if (!path[0] && runtime && runtime[0] == '/')
		(void)snprintf(usual, sizeof(usual), "%s/sbx/sbxd.sock",
		               runtime);
	/* The user's own daemon, or else that of the system. */
	if (!path[0] && access(usual, F_OK) < 0 &&
	    access("/run/sbx/sbxd.sock", F_OK) == 0)
		(void)strcpy(usual, "/run/sbx/sbxd.sock");
	if (!path[0])
		path = usual;
	address->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(address->sun_path))
		return err_say(err, SBX_STAGE_SPEC, ENAMETOOLONG,
		               "--pool: the path is longer than 107 bytes");
	(void)strcpy(address->sun_path, path);
	return 0;
}

static int connect_daemon(const struct options *options, struct sbx_error *err)
{
	CLEANUP_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	int r = find_socket(options, &address, err);

	if (r < 0)
		return r;
	if (fd < 0)
		return err_set(err, SBX_STAGE_WATCH, errno, "socket");
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) ==
	    0)
		return TAKE_FD(fd);
	if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR)
		return err_say(err, SBX_STAGE_WATCH, ECONNREFUSED,
		               "no daemon listens on %s; start one with: sbxd "
		               "--socket %s",
		               address.sun_path, address.sun_path);
	return err_set(err, SBX_STAGE_WATCH, errno, "connect to %s",
	               address.sun_path);
}

static int send_request(int to, uint32_t has, const int *fds, int n_fds)
{
	const struct passing_request request = {.magic = PASSING_MAGIC,
	                                        .has = has};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(PASSING_MAX_FDS * sizeof(int))];
	} control = {0};
	struct iovec part = {(void *)&request, sizeof(request)};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE((size_t)n_fds * sizeof(int)),
	};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN((size_t)n_fds * sizeof(int));
	memcpy(CMSG_DATA(&control.header), fds, (size_t)n_fds * sizeof(int));
	return sendmsg(to, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int hand_over(int to, const struct buffer *words,
                     const struct pool_program *program,
                     const struct sbx_stdio *stdio)
{
	const int streams[] = {stdio->in, stdio->out, stdio->err};
	CLEANUP_FD int memory = seal(words->data, words->len), code = -1;
	int fds[PASSING_MAX_FDS], n_fds = 0, r = memory < 0 ? memory : 0;
	uint32_t has = 0;

	fds[n_fds++] = memory;
	if (r == 0 && program->text) {
		code = seal(program->text, program->len);
		r = code < 0 ? code : 0;
		fds[n_fds++] = code;
		has |= PASSING_CODE;
	}
	for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
		if (streams[i] < 0)
			continue;
		fds[n_fds++] = streams[i];
		has |= (uint32_t)PASSING_IN << i;
	}
	return r < 0 ? r : send_request(to, has, fds, n_fds);
}

/* ---- the answer ---- */

/* One whole answer. 0: the daemon is gone. */
static ssize_t receive(int from, struct passing_answer *answer, int *report)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = {answer, sizeof(*answer)};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_LEN(sizeof(int)),
	};
	ssize_t n = recvmsg(from, &message, MSG_CMSG_CLOEXEC | MSG_WAITALL);
	struct cmsghdr *rights = n < 0 ? NULL : CMSG_FIRSTHDR(&message);

	if (rights && rights->cmsg_level == SOL_SOCKET &&
	    rights->cmsg_type == SCM_RIGHTS)
		memcpy(report, CMSG_DATA(rights), sizeof(int));
	if (n != sizeof(*answer) ||
	    memcmp(answer->magic, PASSING_MAGIC, sizeof(answer->magic)) != 0)
		return n > 0 ? -1 : n;
	answer->message[sizeof(answer->message) - 1] = '\0';
	answer->failure.text[sizeof(answer->failure.text) - 1] = '\0';
	return n;
}

/* Waits for it; a signal asks the daemon for the end. */
static int await(int daemon, int signal_fd, struct passing_answer *answer,
                 int *report, int *cancelled)
{
	struct pollfd fds[] = {{.fd = daemon, .events = POLLIN},
	                       {.fd = signal_fd, .events = POLLIN}};
	struct signalfd_siginfo info;

	for (;;) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			return -errno;
		if (fds[0].revents)
			return receive(daemon, answer, report) > 0
			               ? 0
			               : -ECONNRESET;
		if (read(signal_fd, &info, sizeof(info)) == sizeof(info)) {
			*cancelled = (int)info.ssi_signo;
			(void)send(daemon, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		}
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
	else if (options->collect_to)
		other = "collect-to";
	if (!other)
		return 0;
	return err_say(err, SBX_STAGE_SPEC, EINVAL,
	               "--pool and --%s exclude each other: the run is the "
	               "daemon's",
	               other);
}

int pool_run(const struct options *options, const struct pool_program *program,
             const struct sbx_stdio *stdio, struct pool_answer *answer,
             struct sbx_error *err)
{
	struct buffer words CLEANUP(buffer_free) = {0};
	CLEANUP_FD int daemon = -1, signal_fd = -1;
	struct passing_answer received;
	int r, cancelled = 0;

	r = check(options, err);
	if (r < 0)
		return r;
	r = add_words(options, program, &words);
	if (r < 0)
		return err_set(err, SBX_STAGE_SPEC, -r, "the command line");
	daemon = connect_daemon(options, err);
	if (daemon < 0)
		return daemon;
	signal_fd = run_signals();
	if (signal_fd < 0)
		return err_set(err, SBX_STAGE_WATCH, -signal_fd, "signalfd");
	r = hand_over(daemon, &words, program, stdio);
	if (r < 0)
		return err_set(err, SBX_STAGE_WATCH, -r,
		               "hand the run over to the daemon");
	r = await(daemon, signal_fd, &received, &answer->report, &cancelled);
	if (r < 0)
		return err_set(err, SBX_STAGE_WATCH, -r,
		               "the daemon went away, and the run with it");
	return finish(&received, cancelled, answer, err);
}
