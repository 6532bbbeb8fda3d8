/* SPDX-License-Identifier: MIT */
/*
 * Where sessions are kept:
 *
 *	STORE/ID/lock           held by whoever uses the session
 *	STORE/ID/manifest.json  its states, the newest last
 *	STORE/ID/layers/N/      what one run changed
 *
 * A state is a list of layers. A layer is never changed once it has its name,
 * and the manifest is replaced whole, so at any moment it is one of the two.
 * What no state names is left over from a crash, and goes with the next lock.
 */
#ifndef SBX_BOX_STORE_H
#define SBX_BOX_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "sbx.h"

#define STORE_LAYERS 24 /* of one state; then they become one */
#define STORE_STATES 16 /* of one session */
#define STORE_ID_LEN 64

struct store_state {
	uint64_t number;
	int64_t time; /* seconds since 1970 */
	uint64_t bytes, inodes;
	uint64_t layers[STORE_LAYERS]; /* oldest first */
	size_t n_layers;
};

struct store_session {
	char id[STORE_ID_LEN + 1];
	int dir, lock, layers; /* the directory, the held lock, its layers */
	struct store_state states[STORE_STATES];
	size_t n_states;     /* 0: there is none yet */
	uint64_t next_layer; /* the number of the next one */
};

/* Letters, digits, ".", "_" and "-", at most 64; not a dot or a dash first. */
bool store_id_ok(const char *id);

/* Opens the directory of all sessions, which is made if create. It must be the
 * caller's own, and nobody else's to write. *store: its descriptor. */
int store_open(const char *path, bool create, int *store,
               struct sbx_error *err);

/* Opens and locks one. It is made if create; wait_ns: how long to wait for
 * whoever has it; then -EBUSY. Leftovers are removed. */
struct store_want {
	const char *id;
	bool create, fresh; /* fresh: -EEXIST where it is there */
	uint64_t most;      /* sessions that there may be with a new one */
	uint64_t wait_ns;
};
int store_lock(int store, const struct store_want *want,
               struct store_session **session, struct sbx_error *err);

/* Writes the manifest, and removes layers that no state names any more. */
int store_commit(struct store_session *session, struct sbx_error *err);

/* The layers of a state as descriptors, newest first. */
int store_open_layers(const struct store_session *session,
                      const struct store_state *state, int fds[STORE_LAYERS],
                      struct sbx_error *err);

/* The newest state; NULL: none yet. */
const struct store_state *store_newest(const struct store_session *session);

/* Adds a state, forgets the oldest where there are too many. */
void store_push(struct store_session *session, const struct store_state *state);

/* Makes an empty layer, of number next_layer. It is one once a state names it,
 * and next_layer is higher. The directory's descriptor or -errno. */
int store_new_layer(struct store_session *session);

/* Removes the session, and lets it go. */
int store_delete(int store, struct store_session *session,
                 struct sbx_error *err);

/* Removes what a crash left of removed sessions. */
void store_tidy(int store);

void store_unlock(struct store_session *session);

#endif
