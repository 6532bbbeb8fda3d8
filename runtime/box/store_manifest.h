/* SPDX-License-Identifier: MIT */
/* The states of a session on the disk. */
#ifndef SBX_BOX_STORE_MANIFEST_H
#define SBX_BOX_STORE_MANIFEST_H

#include "box/store.h"

#define MANIFEST "manifest.json"
#define WORKING  "new" /* a manifest that is not whole yet */

/* -EINVAL for what is no manifest of ours, however it came to be. */
int manifest_load(struct store_session *session);

/* Puts a new one in the place of the old, all of it or nothing. */
int manifest_save(struct store_session *session);

/* Removes layers of no state: of a run that was killed in its commit, or of
 * states that are forgotten. */
int store_sweep(const struct store_session *session);

#endif
