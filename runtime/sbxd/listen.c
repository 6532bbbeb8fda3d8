/* SPDX-License-Identifier: MIT */
#include "sbxd/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/def.h"
#include "base/error.h"
#include "base/parse.h"

#define BACKLOG 1024

static bool listens(int fd)
{
	socklen_t len = sizeof(int);
	int yes = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &len) == 0 &&
	       yes;
}

unsigned listen_inherited(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");
	uint64_t count;

	if (!pid || !n || atol(pid) != (long)getpid() ||
	    parse_count(n, &count) < 0 || count > 1024)
		return 0;
	for (int fd = LISTEN_FIRST; fd < LISTEN_FIRST + (int)count; fd++) {
		if (!listens(fd))
			return 0;
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
		(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	}
	return (unsigned)count;
}

/* A socket of our own that nobody listens on. To connect to a file is refused,
 * too, so what it is comes first. */
static bool is_dead(const struct sockaddr_un *address)
{
	CLEANUP_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;

	return fd >= 0 && lstat(address->sun_path, &st) == 0 &&
	       S_ISSOCK(st.st_mode) && st.st_uid == geteuid() &&
	       connect(fd, (const struct sockaddr *)address, sizeof(*address)) <
	               0 &&
	       errno == ECONNREFUSED;
}

int listen_at_path(const char *path, struct sbx_error *err)
{
	CLEANUP_FD int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char directory[sizeof(address.sun_path)];
	char *slash;
	mode_t before;
	int r;

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	(void)snprintf(directory, sizeof(directory), "%s", path);
	slash = strrchr(directory, '/');
	if (slash && slash != directory) {
		*slash = '\0';
		(void)mkdir(directory, 0755);
	}
	if (is_dead(&address))
		(void)unlink(path);
	before = umask(0177); /* for this user alone */
	r = fd < 0 ? -1
	           : bind(fd, (const struct sockaddr *)&address,
	                  sizeof(address));
	(void)umask(before);
	if (r < 0 && errno == EADDRINUSE)
		return err_say(err, SBX_STAGE_WATCH, EADDRINUSE,
		               "%s: somebody listens there already, or it is "
		               "no socket; name another with --socket",
		               path);
	if (r < 0 || listen(fd, BACKLOG) < 0)
		return err_set(err, SBX_STAGE_WATCH, errno, "listen on %s",
		               path);
	return TAKE_FD(fd);
}

int listen_at_address(const struct address *address, struct sbx_error *err)
{
	CLEANUP_FD int fd =
		socket(address->any.sa_family,
	               SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char text[ADDRESS_TEXT];
	const int yes = 1;

	(void)address_text(address, true, text);
	if (fd < 0)
		return err_set(err, SBX_STAGE_WATCH, errno, "listen on %s",
		               text);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (address->any.sa_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes,
		                 sizeof(yes));
	if (bind(fd, &address->any, address->len) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return TAKE_FD(fd);
	if (errno == EADDRINUSE)
		return err_say(err, SBX_STAGE_WATCH, EADDRINUSE,
		               "listen on %s: somebody listens there already; "
		               "name another port with --listen",
		               text);
	return err_set(err, SBX_STAGE_WATCH, errno, "listen on %s", text);
}

void listen_tune(int fd)
{
	const struct {
		int level, name, value;
	} rows[] = {
		{IPPROTO_TCP, TCP_NODELAY, 1},
		{SOL_SOCKET, SO_KEEPALIVE, 1},
		{IPPROTO_TCP, TCP_KEEPIDLE, 15},
		{IPPROTO_TCP, TCP_KEEPINTVL, 5},
		{IPPROTO_TCP, TCP_KEEPCNT, 3},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		(void)setsockopt(fd, rows[i].level, rows[i].name,
		                 &rows[i].value, sizeof(int));
}
