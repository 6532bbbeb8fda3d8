/* SPDX-License-Identifier: MIT */
#include "warm/leaving.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>

#include "base/def.h"
#include "box/box.h"
#include "warm/request.h"

static void end(const struct sbx_box *box)
{
	if (box->n_forked == 0 && box->pid > 0)
		(void)pidfd_send_signal(box->pidfd, SIGKILL, NULL, 0);
}

void leaving_add(struct leaving *leaving, struct sbx_box *box)
{
	if (!box)
		return;
	end(box);
	box->next = leaving->first;
	leaving->first = box;
}

void keeper_let_go(const struct keeper *keeper, struct sbx_box *box)
{
	if (box)
		(void)epoll_ctl(keeper->epoll, EPOLL_CTL_DEL, sbx_box_fd(box),
		                NULL);
	leaving_add(keeper->leaving, box);
}

/* Closes the first that has ended, or the first that may, if wait is set. */
static bool close_one(struct leaving *leaving, bool wait)
{
	for (struct sbx_box **at = &leaving->first; *at; at = &(*at)->next) {
		struct sbx_box *box = *at;

		if (box->n_forked > 0 || !(wait || box_is_gone(box)))
			continue;
		*at = box->next;
		sbx_box_close(box);
		return true;
	}
	return false;
}

void leaving_tidy(struct leaving *leaving)
{
	while (close_one(leaving, false))
		;
	for (struct sbx_box *box = leaving->first; box; box = box->next)
		end(box);
}

void leaving_end(struct leaving *leaving)
{
	struct sbx_box *box;

	while (close_one(leaving, true))
		;
	while ((box = leaving->first)) {
		leaving->first = box->next;
		box->orphan = true;
	}
}
