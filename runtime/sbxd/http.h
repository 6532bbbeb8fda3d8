/* SPDX-License-Identifier: MIT */
/* HTTP over connections that somebody else accepts; the only file that sees
 * libmicrohttpd is http.c. */
#ifndef SBX_SBXD_HTTP_H
#define SBX_SBXD_HTTP_H

#include "sbxd/daemon.h"

int http_open(struct daemon *daemon, struct sbx_error *err);

/* Takes a connection, and its descriptor. */
void http_take(struct http *http, int fd);

/* Moves what can be moved; call it before each wait. Returns after how many
 * milliseconds it wants to be called again at the latest. */
int http_turn(struct http *http);

void http_close(struct http *http);

#endif
