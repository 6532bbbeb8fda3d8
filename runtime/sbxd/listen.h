/* SPDX-License-Identifier: MIT */
/* Sockets that listen. */
#ifndef SBX_SBXD_LISTEN_H
#define SBX_SBXD_LISTEN_H

#include "sbx.h"
#include "sbxd/address.h"

/* The sockets that the starter handed over, as sd_listen_fds(3) has it: how
 * many, and they are those from 3 on. Call it before anything else is opened.
 */
#define LISTEN_FIRST 3
unsigned listen_inherited(void);

/* A descriptor, or -errno. A socket at the path that nobody listens on is taken
 * away first. */
int listen_at_path(const char *path, struct sbx_error *err);
int listen_at_address(const struct address *address, struct sbx_error *err);

/* What a connection of TCP has from the socket that it came to: who goes
 * without a word, as by a lost line, is found to be gone. */
void listen_tune(int fd);

#endif
