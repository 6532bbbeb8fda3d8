/* SPDX-License-Identifier: MIT */
/* Who asks: a user of this host, as the Unix socket knows it, or over TCP
 * whoever has the token of a name. Runs of a token are the daemon's own user's,
 * and nothing of that user's is theirs. */
#ifndef SBX_SBXD_WHO_H
#define SBX_SBXD_WHO_H

#include <stdbool.h>
#include <sys/types.h>

struct json_writer;

#define WHO_TOKEN 32

struct who {
	uid_t uid;
	char token[WHO_TOKEN + 1]; /* its name; "": none, it is the user */
};

bool who_is(const struct who *who, const struct who *other);

/* Whether its word is as good as that of the daemon's own user: it is that
 * user, or root. */
bool who_is_trusted(const struct who *who);

/* Whether one may see the run of another. */
bool who_may_see(const struct who *who, const struct who *owner);

/* As members of the object that is open. */
void who_put(const struct who *who, struct json_writer *out);

#define WHO_PLACE (sizeof("token-") + WHO_TOKEN)

/* The name of the directory for what is kept of it, beside those of others; or
 * NULL: it is kept where the daemon's own user has such things. */
const char *who_place(const struct who *who, char name[WHO_PLACE]);

#endif
