/* SPDX-License-Identifier: MIT */
/* The client's side of passing.h: how a run is handed over to sbxd. */
#ifndef SBX_EXEC_CLIENT_H
#define SBX_EXEC_CLIENT_H

#include "base/buffer.h"
#include "exec/passing.h"

/* What a run is, as descriptors; all are borrowed, -1: none. */
struct client_run {
	int words, code; /* of client_seal() */
	int streams[3];
	int collect; /* who sends files into it has them written here */
};

#define CLIENT_RUN_NONE ((struct client_run){-1, -1, {-1, -1, -1}, -1})

/* One pair of the words. */
void client_word(struct buffer *words, const char *what, const char *value);

/* Memory that nobody changes any more: a descriptor, or -errno. */
int client_seal(const void *data, size_t len);

/* Connects to a daemon: path "" is the usual socket, of the user's own daemon
 * or else that of the system. flags: SOCK_NONBLOCK, or 0. A descriptor, or a
 * negative errno with err; -EAGAIN without blocking: too many others do. */
int client_connect(const char *path, int flags, struct sbx_error *err);

/* 0 or -errno. */
int client_send(int to, const struct client_run *run);

/* One whole answer; *report is set where a report comes with it. 0, or -errno:
 * -ECONNRESET when the daemon is gone, -EPROTO for what is no answer. */
int client_receive(int from, struct passing_answer *answer, int *report);

/* Asks for the end of the run; its answer comes. */
void client_cancel(int to);

#endif
