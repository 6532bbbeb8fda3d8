/* SPDX-License-Identifier: MIT */
#include "warm/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/pidfd.h>

#include "base/error.h"
#include "box/session.h"
#include "kernel/sys.h"

/* Memory that both sides see. */
struct kept {
	int r;
	struct sbx_error err;
};

/* What others wait for the end of, a client or a reader, is not held open. */
static void close_others(const int *fds, size_t n)
{
	unsigned from = 3;

	for (;;) {
		unsigned next = ~0U;

		for (size_t i = 0; i < n; i++)
			if (fds[i] >= 0 && (unsigned)fds[i] >= from)
				next = MIN(next, (unsigned)fds[i]);
		if (next > from)
			(void)close_range(from, next == ~0U ? next : next - 1,
			                  0);
		if (next == ~0U)
			return;
		from = next + 1;
	}
}

_Noreturn static void commit(struct kept *kept, struct sbx_session *session,
                             const struct sbx_box *box)
{
	int fds[SESSION_FDS];

	session_fds(session, box, fds);
	close_others(fds, SESSION_FDS);
	kept->r = sbx_session_commit(session, box, &kept->err);
	_exit(0);
}

static int begin(struct keep *keep, struct sbx_session *session,
                 const struct sbx_box *box)
{
	struct clone_args args = {.flags = CLONE_PIDFD,
	                          .pidfd = (uintptr_t)&keep->fd};
	struct kept *kept = mmap(NULL, sizeof(*kept), PROT_READ | PROT_WRITE,
	                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	if (kept == MAP_FAILED)
		return -errno;
	/* Stays, where the process does not come to an end of its own. */
	kept->r = err_say(&kept->err, SBX_STAGE_SESSION, ECANCELED,
	                  "the session's last state stays: the process that "
	                  "was to keep the new one was killed");
	pid = sys_clone3(&args);
	if (pid == 0)
		commit(kept, session, box);
	if (pid < 0) {
		int r = -errno;

		keep->fd = -1;
		(void)munmap(kept, sizeof(*kept));
		return r;
	}
	keep->kept = kept;
	return 0;
}

int keep_begin(struct keep *keep, struct sbx_session *session,
               const struct sbx_box *box, struct sbx_error *err)
{
	int r = 0;

	*keep = KEEP_NONE;
	if (session && session_is_kept(box))
		r = begin(keep, session, box);
	return r < 0 ? err_set(err, SBX_STAGE_SESSION, -r, "keep the session")
	             : 0;
}

int keep_end(struct keep *keep, struct sbx_error *err)
{
	siginfo_t info;
	int r = 0;

	if (keep->fd < 0)
		return 0;
	(void)sys_waitid(keep->fd, &info, WEXITED | __WALL, NULL);
	(void)close(keep->fd);
	if (keep->kept->r < 0) {
		*err = keep->kept->err;
		r = keep->kept->r;
	}
	(void)munmap(keep->kept, sizeof(*keep->kept));
	*keep = KEEP_NONE;
	return r;
}
