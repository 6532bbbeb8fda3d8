/* SPDX-License-Identifier: MIT */
/* Boxes that nobody wants any more: they are killed, and closed once they have
 * ended, so that nobody waits for that. */
#ifndef SBX_WARM_LEAVING_H
#define SBX_WARM_LEAVING_H

struct sbx_box;

/* All zeros at first. */
struct leaving {
	struct sbx_box *first;
};

/* Takes the box, which may be NULL. A zygote that others are forked from stays
 * until the last of them is closed. */
void leaving_add(struct leaving *leaving, struct sbx_box *box);

/* Closes those that have ended. */
void leaving_tidy(struct leaving *leaving);

/* Waits for all, and closes them. What a zygote's boxes that are somebody's
 * still need is theirs then. */
void leaving_end(struct leaving *leaving);

#endif
