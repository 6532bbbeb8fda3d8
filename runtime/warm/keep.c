/* SPDX-License-Identifier: MIT */
#include "warm/keep.h"

#include <errno.h>
#include <sys/mman.h>

#include "base/error.h"
#include "box/session.h"
#include "warm/errand.h"

/* Memory that both sides see. */
struct kept {
	int r;
	struct sbx_error err;
};

_Noreturn static void commit(struct kept *kept, struct sbx_session *session,
                             const struct sbx_box *box)
{
	kept->r = sbx_session_commit(session, box, &kept->err);
	_exit(0);
}

static int begin(struct keep *keep, struct sbx_session *session,
                 const struct sbx_box *box)
{
	struct kept *kept = mmap(NULL, sizeof(*kept), PROT_READ | PROT_WRITE,
	                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fds[SESSION_FDS], r;

	if (kept == MAP_FAILED)
		return -errno;
	/* Stays, where the process does not come to an end of its own. */
	kept->r = err_say(&kept->err, SBX_STAGE_SESSION, ECANCELED,
	                  "the session's last state stays: the process that "
	                  "was to keep the new one was killed");
	session_fds(session, box, fds);
	r = errand_begin(&keep->fd, fds, SESSION_FDS);
	if (r > 0)
		commit(kept, session, box);
	if (r < 0)
		(void)munmap(kept, sizeof(*kept));
	else
		keep->kept = kept;
	return r;
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
	int r = 0;

	if (keep->fd < 0)
		return 0;
	(void)errand_end(keep->fd);
	if (keep->kept->r < 0) {
		*err = keep->kept->err;
		r = keep->kept->r;
	}
	(void)munmap(keep->kept, sizeof(*keep->kept));
	*keep = KEEP_NONE;
	return r;
}
