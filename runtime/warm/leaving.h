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

/* Where boxes are watched while they are kept, and go afterwards. */
struct keeper {
	int epoll;
	struct leaving *leaving;
};

/* Gives a box up, which may be NULL. */
void keeper_let_go(const struct keeper *keeper, struct sbx_box *box);

/* Takes the box, which may be NULL and which nothing watches any more; its plan
 * may go before it. A zygote that others are forked from stays until the last
 * of them is closed. */
void leaving_add(struct leaving *leaving, struct sbx_box *box);

/* Closes those that have ended. */
void leaving_tidy(struct leaving *leaving);

/* Waits for all, and closes them. What a zygote's boxes that are somebody's
 * still need is theirs then. */
void leaving_end(struct leaving *leaving);

#endif
