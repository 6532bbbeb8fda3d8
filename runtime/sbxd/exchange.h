/* SPDX-License-Identifier: MIT */
#ifndef SBX_SBXD_EXCHANGE_H
#define SBX_SBXD_EXCHANGE_H

#include "base/buffer.h"
#include "sbxd/daemon.h"

struct json_writer;
struct streaming;
struct objection;

/* One request, once all of it is here, and its answer. */
struct exchange {
	struct daemon *daemon;
	struct who who;
	bool over_tcp;
	const struct objection *objection; /* why it is not answered; or NULL */
	const char *method, *path;
	struct buffer body;
	size_t held; /* of daemon->held */
	struct exchange *next_holding;
	unsigned status;
	const char *type;   /* of the answer; NULL: JSON */
	const char *policy; /* what a page may do; or NULL */
	char allowed[32];   /* methods of the path, where the status is 405 */
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

/* Whether anybody may ask for this. */
bool routes_are_open(const struct exchange *exchange);

/* ---- answer.c ---- */

/* Ends the writer; NULL: there was no memory. */
void answer_json(struct exchange *exchange, unsigned status,
                 struct json_writer *writer);

/* An answer that says what is wrong. */
void answer_error(struct exchange *exchange, unsigned status, const char *code,
                  const char *text);

#define MAX_ANSWER_HEADERS 9
struct answer_header {
	const char *name, *value;
};

/* How many of them the answer has. */
size_t answer_headers(const struct exchange *exchange,
                      struct answer_header headers[MAX_ANSWER_HEADERS]);

/* ---- http.c ---- */

/* The answer of an exchange that waited is there, or more of it. */
void http_resume(struct exchange *exchange);

#endif
