/* SPDX-License-Identifier: MIT */
#ifndef SBX_SBXD_EXCHANGE_H
#define SBX_SBXD_EXCHANGE_H

#include "base/buffer.h"
#include "sbxd/daemon.h"

struct json_writer;
struct streaming;

/* One request, once all of it is here, and its answer. */
struct exchange {
	struct daemon *daemon;
	uid_t uid; /* of the peer */
	const char *method, *path;
	struct buffer body;
	size_t held; /* of daemon->held */
	struct exchange *next_holding;
	unsigned status;
	const char *type; /* of the answer; NULL: JSON */
	char allowed[32]; /* methods of the path, where the status is 405 */
	struct buffer answer;
	struct job *job;       /* what it waits for, or NULL */
	struct apart *apart;   /* the same */
	struct exchange *next; /* that waits for the same */
	bool wants_stream;
	struct streaming *streaming; /* the answer comes bit by bit; or NULL */
};

/* ---- routes.c ---- */

/* Answers, or leaves a job whose end is the answer. */
void routes_answer(struct exchange *exchange);

/* Ends the writer; NULL: there was no memory. */
void answer_json(struct exchange *exchange, unsigned status,
                 struct json_writer *writer);

/* An answer that says what is wrong. */
void answer_error(struct exchange *exchange, unsigned status, const char *code,
                  const char *text);

/* ---- http.c ---- */

/* The answer of an exchange that waited is there, or more of it. */
void http_resume(struct exchange *exchange);

#endif
