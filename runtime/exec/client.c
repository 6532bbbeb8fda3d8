/* SPDX-License-Identifier: MIT */
#include "exec/client.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/error.h"
#include "base/file.h"

void client_word(struct buffer *words, const char *what, const char *value)
{
	buffer_append(words, what, strlen(what) + 1);
	buffer_append(words, value, strlen(value) + 1);
}

int client_seal(const void *data, size_t len)
{
	CLEANUP_FD int fd =
		memfd_create("sbx", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r = fd < 0 ? -errno : file_write_fd(fd, data, len);

	if (r == 0 && fcntl(fd, F_ADD_SEALS,
	                    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		r = -errno;
	return r < 0 ? r : TAKE_FD(fd);
}

/* The environment may name another user's directory, as after su(1): whoever
 * listens there would get our descriptors, and write what is collected. */
static bool is_theirs(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_uid != geteuid();
}

static int find_socket(const char *path, struct sockaddr_un *address,
                       struct sbx_error *err)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char usual[PATH_MAX] = PASSING_SYSTEM;

	if (!path[0] && runtime && runtime[0] == '/' && !is_theirs(runtime))
		(void)snprintf(usual, sizeof(usual), "%s/sbx/sbxd.sock",
		               runtime);
	if (!path[0] && access(usual, F_OK) < 0 &&
	    access(PASSING_SYSTEM, F_OK) == 0)
		(void)strcpy(usual, PASSING_SYSTEM);
	if (!path[0])
		path = usual;
	address->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(address->sun_path))
		return err_say(err, SBX_STAGE_SPEC, ENAMETOOLONG,
		               "--pool: the path is longer than 107 bytes");
	(void)strcpy(address->sun_path, path);
	return 0;
}

/* An ordinary user's daemon cannot listen where the system's does. */
static int no_daemon(const char *asked, const char *path, struct sbx_error *err)
{
	if (!asked[0] && strcmp(path, PASSING_SYSTEM) == 0 && geteuid() != 0)
		return err_say(err, SBX_STAGE_WATCH, ECONNREFUSED,
		               "no daemon listens on %s; start one with: sbxd "
		               "--socket PATH, and ask it with --pool=PATH",
		               path);
	return err_say(err, SBX_STAGE_WATCH, ECONNREFUSED,
	               "no daemon listens on %s; start one with: sbxd "
	               "--socket %s",
	               path, path);
}

int client_connect(const char *path, int flags, struct sbx_error *err)
{
	CLEANUP_FD int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	struct sockaddr_un address;
	int r = find_socket(path, &address, err);

	if (r < 0)
		return r;
	if (fd < 0)
		return err_set(err, SBX_STAGE_WATCH, errno, "socket");
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) ==
	    0)
		return TAKE_FD(fd);
	if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR)
		return no_daemon(path, address.sun_path, err);
	return err_set(err, SBX_STAGE_WATCH, errno, "connect to %s",
	               address.sun_path);
}

int client_send(int to, const struct client_run *run)
{
	const int fds[PASSING_MAX_FDS] = {run->words,      run->code,
	                                  run->streams[0], run->streams[1],
	                                  run->streams[2], run->collect};
	struct passing_request request = {.magic = PASSING_MAGIC};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(PASSING_MAX_FDS * sizeof(int))];
	} control = {0};
	struct iovec part = {&request, sizeof(request)};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
	};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		if (fds[i] < 0)
			continue;
		memcpy(CMSG_DATA(&control.header) + n * sizeof(int), &fds[i],
		       sizeof(int));
		n++;
		/* The words are always there; each other has its bit. */
		if (i > 0)
			request.has |= (uint32_t)PASSING_CODE << (i - 1);
	}
	message.msg_controllen = CMSG_SPACE(n * sizeof(int));
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(n * sizeof(int));
	return sendmsg(to, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int client_receive(int from, struct passing_answer *answer, int *report)
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
	if (n <= 0)
		return n < 0 ? -errno : -ECONNRESET;
	if (n != sizeof(*answer) ||
	    memcmp(answer->magic, PASSING_MAGIC, sizeof(answer->magic)) != 0)
		return -EPROTO;
	answer->message[sizeof(answer->message) - 1] = '\0';
	answer->failure.text[sizeof(answer->failure.text) - 1] = '\0';
	return 0;
}

void client_cancel(int to)
{
	(void)send(to, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}
