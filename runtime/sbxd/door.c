/* SPDX-License-Identifier: MIT */
#include "sbxd/door.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/error.h"
#include "exec/passing.h"
#include "sbxd/http.h"
#include "sbxd/loop.h"
#include "sbxd/passing.h"

#define BACKLOG 1024

/* The listening socket, and one connection that has not said anything yet. */
struct door {
	struct source source;
	struct daemon *daemon;
};

struct visitor {
	struct source source;
	struct silent silent;
	struct daemon *daemon;
};

static void leave(struct silent *silent)
{
	struct visitor *visitor =
		(struct visitor *)((char *)silent -
	                           offsetof(struct visitor, silent));

	loop_drop(visitor->daemon->loop, silent->fd);
	(void)close(silent->fd);
	free(visitor);
}

static void on_first_byte(struct source *source, uint32_t events)
{
	struct visitor *visitor = (struct visitor *)source;
	struct daemon *daemon = visitor->daemon;
	int fd = visitor->silent.fd;
	char first = 0;
	ssize_t n = recv(fd, &first, 1, MSG_PEEK | MSG_DONTWAIT);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	silent_end(&daemon->silents, &visitor->silent);
	loop_drop(daemon->loop, fd);
	free(visitor);
	if (n <= 0)
		(void)close(fd);
	else if (first == PASSING_MAGIC[0])
		passing_take(daemon, fd);
	else
		http_take(daemon->http, fd);
}

static void welcome(struct daemon *daemon, int fd)
{
	struct visitor *visitor = calloc(1, sizeof(*visitor));

	if (visitor) {
		visitor->source.ready = on_first_byte;
		visitor->daemon = daemon;
		visitor->silent.fd = fd;
		visitor->silent.drop = leave;
	}
	if (!visitor ||
	    loop_add(daemon->loop, fd, EPOLLIN, &visitor->source) < 0) {
		free(visitor);
		(void)close(fd);
		return;
	}
	silent_begin(&daemon->silents, &visitor->silent);
}

static void on_knock(struct source *source, uint32_t events)
{
	struct daemon *daemon = ((struct door *)source)->daemon;
	int fd = accept4(daemon->listener, NULL, NULL,
	                 SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	if (fd >= 0)
		welcome(daemon, fd);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
	         errno == ENOMEM)
		door_rest(daemon, true);
}

void door_rest(struct daemon *daemon, bool rest)
{
	if (daemon->listener < 0 || daemon->door_rests == rest)
		return;
	daemon->door_rests = rest;
	if (rest)
		loop_drop(daemon->loop, daemon->listener);
	else
		(void)loop_add(daemon->loop, daemon->listener, EPOLLIN,
		               (struct source *)daemon->door);
}

int door_inherited(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");
	socklen_t len = sizeof(int);
	int listens = 0;

	if (!pid || !n || atol(pid) != (long)getpid() || atol(n) != 1)
		return -1;
	if (getsockopt(3, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0 ||
	    !listens)
		return -1;
	(void)fcntl(3, F_SETFD, FD_CLOEXEC);
	(void)fcntl(3, F_SETFL, O_NONBLOCK);
	return 3;
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

static int listen_at(const char *path, struct sbx_error *err)
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

int door_open(struct daemon *daemon, struct sbx_error *err)
{
	struct door *door = calloc(1, sizeof(*door));
	int r;

	if (!door)
		return err_memory(err, SBX_STAGE_WATCH);
	door->source.ready = on_knock;
	door->daemon = daemon;
	if (daemon->listener < 0)
		daemon->listener = listen_at(daemon->settings.socket, err);
	else
		daemon->settings.socket[0] = '\0';
	r = daemon->listener;
	if (r >= 0) {
		r = loop_add(daemon->loop, daemon->listener, EPOLLIN,
		             &door->source);
		if (r < 0)
			r = err_set(err, SBX_STAGE_WATCH, -r, "epoll_ctl");
	}
	if (r < 0)
		free(door);
	else
		daemon->door = door;
	return r;
}

void door_close(struct daemon *daemon)
{
	if (daemon->listener < 0)
		return;
	loop_drop(daemon->loop, daemon->listener);
	(void)close(daemon->listener);
	daemon->listener = -1;
	free(daemon->door);
	daemon->door = NULL;
	if (daemon->settings.socket[0])
		(void)unlink(daemon->settings.socket);
}
