/* SPDX-License-Identifier: MIT */
/*
 * libmicrohttpd without a thread and a socket of its own: door.c accepts, our
 * loop waits for its epoll, and a request that waits for its run is suspended.
 */
#include "sbxd/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "sbxd/address.h"
#include "sbxd/apart.h"
#include "sbxd/exchange.h"
#include "sbxd/gate.h"
#include "sbxd/intake.h"
#include "sbxd/loop.h"
#include "sbxd/run.h"
#include "sbxd/streaming.h"

#define MAX_CONNECTIONS 4096 /* twice as many as may be silent */
#define PATIENCE_S      30   /* with a client that says nothing */

struct http {
	struct source source;
	struct daemon *daemon;
	struct MHD_Daemon *mhd;
};

/* What one request is to libmicrohttpd. */
struct state {
	struct exchange exchange; /* first */
	struct source hangup;
	struct MHD_Connection *connection;
	int fd;
	char *path;
	struct head head; /* until the body comes */
	int fault;        /* of what came in: -errno */
	bool routed, waits;
};

/* Of TCP who is gone and who says no more are one. */
static void watch_hangup(struct state *state)
{
	(void)loop_add(state->exchange.daemon->loop, state->fd,
	               state->exchange.over_tcp ? EPOLLRDHUP : 0,
	               &state->hangup);
}

void http_resume(struct exchange *exchange)
{
	struct state *state = (struct state *)exchange;

	if (!state->waits)
		return;
	state->waits = false;
	loop_drop(exchange->daemon->loop, state->fd);
	MHD_resume_connection(state->connection);
	exchange->daemon->answered = true;
}

/* Who hangs up cancels the run; its report goes nowhere. */
static void on_hangup(struct source *source, uint32_t events)
{
	struct state *state = (struct state *)((char *)source -
	                                       offsetof(struct state, hangup));
	struct job *job = TAKE_PTR(state->exchange.job);

	(void)events;
	apart_leave(&state->exchange);
	if (state->exchange.streaming)
		streaming_drop(state->exchange.streaming);
	else
		answer_error(&state->exchange, 503, "gone",
		             "the client has gone");
	http_resume(&state->exchange);
	if (job) {
		job->done = NULL;
		(void)job_cancel(job);
	}
}

/* ---- connections ---- */

/* libmicrohttpd finds it at its end, and lets it go. For a stranger the kernel
 * keeps nothing of what was not read. */
static void hang_up(struct silent *silent)
{
	const struct linger none = {.l_onoff = 1};

	if (silent->peer.kind == PEER_STRANGER)
		(void)setsockopt(silent->fd, SOL_SOCKET, SO_LINGER, &none,
		                 sizeof(none));
	(void)shutdown(silent->fd, SHUT_RDWR);
}

/* What it is while no request of its is being answered. */
static struct silent *peer_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info->socket_context;
}

static void on_connection(void *context, struct MHD_Connection *connection,
                          void **own, enum MHD_ConnectionNotificationCode code)
{
	struct daemon *daemon = ((struct http *)context)->daemon;
	struct silent *peer = *own;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (peer)
			silent_end(&daemon->silents, peer);
		free(peer);
		*own = NULL;
		return;
	}
	peer = calloc(1, sizeof(*peer));
	if (!peer)
		return; /* its requests fail */
	peer->drop = hang_up;
	peer->fd = MHD_get_connection_info(connection,
	                                   MHD_CONNECTION_INFO_CONNECTION_FD)
	                   ->connect_fd;
	peer_read(peer->fd, &peer->peer);
	silent_begin(&daemon->silents, peer);
	*own = peer;
}

/* ---- requests ---- */

static struct state *state_new(struct http *http,
                               struct MHD_Connection *connection)
{
	struct state *state = calloc(1, sizeof(*state));
	const struct silent *peer = peer_of(connection);

	if (!state || !peer) {
		free(state);
		return NULL;
	}
	state->exchange.daemon = http->daemon;
	state->hangup.ready = on_hangup;
	state->connection = connection;
	state->fd = peer->fd;
	return state;
}

static void add_headers(const struct exchange *exchange,
                        struct MHD_Response *response)
{
	struct answer_header headers[MAX_ANSWER_HEADERS];
	size_t n = answer_headers(exchange, headers);

	for (size_t i = 0; i < n; i++)
		(void)MHD_add_response_header(response, headers[i].name,
		                              headers[i].value);
}

static enum MHD_Result send_answer(struct state *state)
{
	struct exchange *exchange = &state->exchange;
	struct MHD_Response *response;
	enum MHD_Result r;

	response = MHD_create_response_from_buffer(exchange->answer.len,
	                                           exchange->answer.data,
	                                           MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	add_headers(exchange, response);
	r = MHD_queue_response(state->connection, exchange->status, response);
	MHD_destroy_response(response);
	return r;
}

static void suspend(struct state *state)
{
	state->waits = true;
	MHD_suspend_connection(state->connection);
	watch_hangup(state);
}

static ssize_t on_more(void *context, uint64_t at, char *data, size_t size)
{
	struct state *state = context;
	ssize_t n = streaming_take(state->exchange.streaming, data, size);

	(void)at;
	if (n == 0)
		suspend(state);
	return n < 0 ? MHD_CONTENT_READER_END_OF_STREAM : n;
}

static enum MHD_Result send_stream(struct state *state)
{
	struct MHD_Response *response = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, 16 * 1024, on_more, state, NULL);
	enum MHD_Result r;

	if (!response)
		return MHD_NO;
	state->exchange.type = "application/x-ndjson";
	add_headers(&state->exchange, response);
	r = MHD_queue_response(state->connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return r;
}

static enum MHD_Result on_header(void *head, enum MHD_ValueKind kind,
                                 const char *name, const char *value)
{
	(void)kind;
	head_take(head, name, value);
	return MHD_YES;
}

/* ?stream=1, or 0. Returns -1 for another value. */
static int wants_stream(struct MHD_Connection *of)
{
	const char *value = MHD_lookup_connection_value(
		of, MHD_GET_ARGUMENT_KIND, "stream");

	if (!value || strcmp(value, "0") == 0)
		return 0;
	return strcmp(value, "1") == 0 ? 1 : -1;
}

static void route(struct state *state)
{
	/* What comes behind a body of two lengths could be taken for a request
	 * that another has made. */
	if (state->head.n_lengths > 1)
		answer_error(&state->exchange, 400, "bad_request",
		             "the length of the body is there twice");
	else if (state->exchange.objection)
		answer_error(&state->exchange,
		             state->exchange.objection->status,
		             state->exchange.objection->code,
		             state->exchange.objection->text);
	else if (wants_stream(state->connection) < 0)
		answer_error(&state->exchange, 400, "bad_request",
		             "stream: 1 or 0 is wanted");
	else if (state->fault < 0)
		intake_refuse(&state->exchange, state->fault);
	else
		routes_answer(&state->exchange);
	intake_release(&state->exchange);
}

/* The head is there. */
static void begin(struct state *state, struct MHD_Connection *of)
{
	(void)MHD_get_connection_values(of, MHD_HEADER_KIND, on_header,
	                                &state->head);
	state->exchange.path = state->path ? state->path : "";
	gate_pass(&state->exchange, peer_of(of), &state->head);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *of,
                                  const char *path, const char *method,
                                  const char *version, const char *data,
                                  size_t *len, void **own)
{
	struct state *state = *own;

	(void)version;
	if (!state) {
		state = *own = state_new(context, of);
		if (!state)
			return MHD_NO;
		state->exchange.method = method;
		state->fault = intake_path(path, &state->path);
		begin(state, of);
		return MHD_YES;
	}
	if (*len > 0) {
		if (state->fault == 0 && !state->exchange.objection)
			state->fault =
				intake_body(&state->exchange, data, *len);
		*len = 0;
		return MHD_YES;
	}
	if (peer_of(of)->peer.kind != PEER_STRANGER)
		silent_end(&state->exchange.daemon->silents, peer_of(of));
	state->exchange.wants_stream = wants_stream(of) == 1;
	if (!state->routed)
		route(state);
	state->routed = true;
	if (state->exchange.streaming)
		return send_stream(state);
	if (!state->exchange.job && !state->exchange.apart)
		return send_answer(state);
	suspend(state);
	return MHD_YES;
}

static void on_completed(void *context, struct MHD_Connection *of, void **own,
                         enum MHD_RequestTerminationCode code)
{
	struct state *state = *own;

	(void)context;
	(void)code;
	if (!state)
		return;
	silent_begin(&state->exchange.daemon->silents, peer_of(of));
	if (state->exchange.job) {
		state->exchange.job->done = NULL;
		(void)job_cancel(state->exchange.job);
	}
	apart_leave(&state->exchange);
	streaming_close(state->exchange.streaming);
	buffer_free(&state->exchange.answer);
	intake_release(&state->exchange);
	free(state->path);
	free(state);
	*own = NULL;
}

/* Paths are left as they came, for intake_path(). */
static size_t leave_escaped(void *context, struct MHD_Connection *of,
                            char *text)
{
	(void)context;
	(void)of;
	return strlen(text);
}

static void on_ready(struct source *source, uint32_t events)
{
	/* http_turn() is next. */
	(void)source;
	(void)events;
}

int http_open(struct daemon *daemon, struct sbx_error *err)
{
	struct http *http = calloc(1, sizeof(*http));
	const union MHD_DaemonInfo *info;
	int r = -ENOMEM;

	if (http)
		http->mhd = MHD_start_daemon(
			MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET |
				MHD_ALLOW_SUSPEND_RESUME,
			0, NULL, NULL, on_request, http,
			MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,
			MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
			MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
			MHD_OPTION_CONNECTION_LIMIT, MAX_CONNECTIONS,
			MHD_OPTION_CONNECTION_TIMEOUT, PATIENCE_S,
			MHD_OPTION_END);
	if (http && http->mhd) {
		http->daemon = daemon;
		http->source.ready = on_ready;
		info = MHD_get_daemon_info(http->mhd, MHD_DAEMON_INFO_EPOLL_FD);
		r = loop_add(daemon->loop, info->epoll_fd, EPOLLIN,
		             &http->source);
	}
	if (r < 0) {
		http_close(http);
		return err_set(err, SBX_STAGE_WATCH, -r, "start HTTP");
	}
	daemon->http = http;
	return 0;
}

void http_take(struct http *http, int fd)
{
	struct address address;

	if (address_peer(fd, &address) < 0) {
		address.any.sa_family = AF_UNIX;
		address.len = sizeof(address.any.sa_family);
	}
	(void)MHD_add_connection(http->mhd, fd, &address.any, address.len);
}

int http_turn(struct http *http)
{
	MHD_UNSIGNED_LONG_LONG patience;

	(void)MHD_run(http->mhd);
	if (MHD_get_timeout(http->mhd, &patience) != MHD_YES)
		return 1000;
	return patience < 1000 ? (int)patience : 1000;
}

void http_close(struct http *http)
{
	if (!http)
		return;
	if (http->mhd)
		MHD_stop_daemon(http->mhd);
	free(http);
}
