/* SPDX-License-Identifier: MIT */
/* HTTP over connections that somebody else accepts; the only file that sees
 * libmicrohttpd is http.c. */
#ifndef SBX_SBXD_HTTP_H
#define SBX_SBXD_HTTP_H

#include "base/buffer.h"
#include "sbxd/daemon.h"

struct streaming;

/* One request, once all of it is here, and its answer. */
struct exchange {
	struct daemon *daemon;
	uid_t uid; /* of the peer */
	const char *method, *path;
	struct buffer body;
	unsigned status;
	const char *type; /* of the answer; NULL: JSON */
	struct buffer answer;
	struct job *job; /* what it waits for, or NULL */
	bool wants_stream;
	struct streaming *streaming; /* the answer comes bit by bit; or NULL */
};

int http_open(struct daemon *daemon, struct sbx_error *err);

/* Takes a connection, and its descriptor. */
void http_take(struct http *http, int fd);

/* Moves what can be moved; call it before each wait. Returns after how many
 * milliseconds it wants to be called again at the latest. */
int http_turn(struct http *http);

void http_close(struct http *http);

/* ---- routes.c ---- */

/* Answers, or leaves a job whose end is the answer. */
void routes_answer(struct exchange *exchange);

/* An answer that says what is wrong. */
void answer_error(struct exchange *exchange, unsigned status, const char *code,
                  const char *text);

/* ---- http.c ---- */

/* The answer of an exchange that waited is there, or more of it. */
void http_resume(struct exchange *exchange);

#endif
