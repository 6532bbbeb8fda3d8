/* SPDX-License-Identifier: MIT */
#include "sbxd/door.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/log.h"
#include "exec/passing.h"
#include "sbxd/http.h"
#include "sbxd/listen.h"
#include "sbxd/loop.h"
#include "sbxd/passing.h"

/* A listening socket, and one connection that has not said anything yet. */
struct door {
	struct source source;
	struct daemon *daemon;
	int fd;
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
	bool is_user;
	ssize_t n = recv(fd, &first, 1, MSG_PEEK | MSG_DONTWAIT);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	is_user = visitor->silent.peer.kind == PEER_USER;
	silent_end(&daemon->silents, &visitor->silent);
	loop_drop(daemon->loop, fd);
	free(visitor);
	if (n <= 0)
		(void)close(fd);
	else if (is_user && first == PASSING_MAGIC[0])
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
		peer_read(fd, &visitor->silent.peer);
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
	const struct door *door = (struct door *)source;
	struct daemon *daemon = door->daemon;
	int fd = accept4(door->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	if (fd >= 0)
		welcome(daemon, fd);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
	         errno == ENOMEM)
		door_rest(daemon, true);
}

void door_rest(struct daemon *daemon, bool rest)
{
	if (daemon->door_rests == rest)
		return;
	daemon->door_rests = rest;
	for (unsigned i = 0; i < daemon->n_doors; i++) {
		struct door *door = &daemon->doors[i];

		if (rest)
			loop_drop(daemon->loop, door->fd);
		else
			(void)loop_add(daemon->loop, door->fd, EPOLLIN,
			               &door->source);
	}
}

static bool is_of_tcp(int fd)
{
	struct address address;

	return address_own(fd, &address) == 0;
}

/* Takes the descriptor; fd: or -errno, and err is set. */
static int add(struct daemon *daemon, int fd, struct sbx_error *err)
{
	struct door *door;
	int r;

	if (fd < 0)
		return fd;
	door = &daemon->doors[daemon->n_doors++];
	*door = (struct door){{on_knock}, daemon, fd};
	r = loop_add(daemon->loop, fd, EPOLLIN, &door->source);
	return r < 0 ? err_set(err, SBX_STAGE_WATCH, -r, "epoll_ctl") : 0;
}

/* Who is on the way reads what is not encrypted. */
static void warn(int fd)
{
	struct address address;
	char text[ADDRESS_TEXT];

	if (address_own(fd, &address) < 0 || address_is_loopback(&address))
		return;
	log_line("sbxd",
	         "listens on %s, which has no TLS: whoever is on the way can "
	         "read the tokens; a proxy with TLS belongs before it",
	         address_text(&address, true, text));
}

/* No TCP without tokens, and no tokens for nothing. */
static int check(const struct daemon *daemon, struct sbx_error *err)
{
	bool tcp = daemon->settings.n_listens > 0;

	if (daemon->n_inherited > MAX_INHERITED)
		return err_say(err, SBX_STAGE_WATCH, EINVAL,
		               "%u sockets are handed over; %d are the most",
		               daemon->n_inherited, MAX_INHERITED);
	for (unsigned i = 0; i < daemon->n_inherited; i++)
		tcp |= is_of_tcp(LISTEN_FIRST + (int)i);
	if (tcp && !daemon->tokens)
		return err_say(err, SBX_STAGE_WATCH, EINVAL,
		               "TCP is for who has a token: add --tokens "
		               "FILE, or hand no TCP socket over");
	if (!tcp && daemon->tokens)
		return err_say(err, SBX_STAGE_WATCH, EINVAL,
		               "--tokens: they are for TCP, where nothing "
		               "listens: add --listen PORT");
	return 0;
}

static int open_all(struct daemon *daemon, struct sbx_error *err)
{
	struct settings *settings = &daemon->settings;
	int r = 0;

	for (unsigned i = 0; i < daemon->n_inherited && r == 0; i++)
		r = add(daemon, LISTEN_FIRST + (int)i, err);
	if (daemon->n_inherited > 0)
		settings->socket[0] = '\0';
	else
		r = add(daemon, listen_at_path(settings->socket, err), err);
	for (unsigned i = 0; i < settings->n_listens && r == 0; i++)
		r = add(daemon, listen_at_address(&settings->listens[i], err),
		        err);
	return r;
}

int door_open(struct daemon *daemon, struct sbx_error *err)
{
	int r = check(daemon, err);

	if (r < 0)
		return r;
	daemon->doors =
		calloc(MAX_INHERITED + 1 + MAX_LISTENS, sizeof(*daemon->doors));
	if (!daemon->doors)
		return err_memory(err, SBX_STAGE_WATCH);
	r = open_all(daemon, err);
	for (unsigned i = 0; i < daemon->n_doors && r == 0; i++) {
		if (!is_of_tcp(daemon->doors[i].fd))
			continue;
		listen_tune(daemon->doors[i].fd);
		warn(daemon->doors[i].fd);
	}
	return r;
}

void door_close(struct daemon *daemon)
{
	const char *path = daemon->settings.socket;

	for (unsigned i = 0; i < daemon->n_doors; i++) {
		loop_drop(daemon->loop, daemon->doors[i].fd);
		(void)close(daemon->doors[i].fd);
	}
	if (daemon->n_doors > 0 && path[0])
		(void)unlink(path);
	daemon->n_doors = 0;
	free(daemon->doors);
	daemon->doors = NULL;
}
