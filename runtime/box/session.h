/* SPDX-License-Identifier: MIT */
/* The side of a session that pid 1 sees, and what the caller prepares for
 * it. */
#ifndef SBX_BOX_SESSION_H
#define SBX_BOX_SESSION_H

#include "box/store.h"
#include "model/plan.h"
#include "sbx.h"

struct sbx_session {
	struct store_session *store;
	bool owned; /* by root, whose boxes have other ids */
};

/* Locks one, as store_lock() does. */
int session_enter(int store, const struct store_want *want,
                  struct sbx_session **session, struct sbx_error *err);

/* What is to be the next layer, as an overlay's upper directory has it. */
struct session_change {
	int upper;
	int whole; /* all that the session holds with it: where a directory
	            * goes, that is counted */
	uint64_t max_bytes, max_inodes; /* of all that */
};

/* Makes it the next state, all of it or nothing. -EDQUOT where that would be
 * too much. */
int session_add(struct sbx_session *session,
                const struct session_change *change, struct sbx_error *err);

/* As root, who is behind the box's user changes from run to run: its layers
 * with their owners mapped by the box's user namespace, of process pid. -1
 * where that is not needed, or -errno. */
int session_layers(const struct sbx_plan *plan, pid_t pid);

/* Takes STEP_OVERLAY. -EOPNOTSUPP where tmpfs cannot be the upper side. */
int session_mount(const struct step *step, int tree);

/* Makes a directory, or finds it there. No link leads to it. */
int session_directory(const struct step *step);

/* Whether what the run has left becomes the next state. */
bool session_is_kept(const struct sbx_box *box);

/* The descriptors that a commit needs; -1 among them is none. */
#define SESSION_FDS 5
void session_fds(const struct sbx_session *session, const struct sbx_box *box,
                 int fds[SESSION_FDS]);

#endif
