/* SPDX-License-Identifier: MIT */
/* What is tried inside, in namespaces that are made as a run's are: by the
 * library's own ns_clone() and idmap_write(). */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

#include "base/file.h"
#include "check.h"
#include "kernel/caps.h"
#include "kernel/idmap.h"
#include "kernel/ns.h"
#include "kernel/sys.h"

struct inside {
	const struct probe *probe;
	int go[2];   /* a byte: the id maps stand */
	int done[2]; /* the finding, and what the work returned */
};

struct answer {
	struct finding found;
	int result;
};

static _Noreturn void inside_main(const void *argument)
{
	const struct inside *inside = argument;
	struct answer answer = {0};
	char byte;

	(void)close(inside->go[1]);
	if (read(inside->go[0], &byte, 1) != 1)
		_exit(1); /* the trial is over */
	/* Where that is withheld, so is more: the trial of rights says by
	 * what, and the network's own fails outside of one. */
	(void)unshare(CLONE_NEWNET);
	if (setresgid(BOX_GID, BOX_GID, BOX_GID) < 0 ||
	    setresuid(BOX_UID, BOX_UID, BOX_UID) < 0)
		answer.result = found_errno(&answer.found, errno,
		                            "become user %d inside", BOX_UID);
	else if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		answer.result =
			found_errno(&answer.found, errno, "PR_SET_PDEATHSIG");
	else
		answer.result =
			inside->probe->work(inside->probe, &answer.found);
	(void)file_write_fd(inside->done[1], &answer, sizeof(answer));
	_exit(0);
}

/* Who is behind the user inside: the caller or, for root, any id of the range
 * that runs take theirs from. Nothing is left behind by it, so that it need not
 * be reserved. */
static int choose_id(const struct host *host, uid_t *uid, gid_t *gid,
                     struct finding *found)
{
	struct sbx_error err = {0};
	struct id_range range;

	*uid = geteuid();
	*gid = getegid();
	if (!host->privileged)
		return 0;
	if (!caps_can_map()) {
		found_remedy(found, REMEDY_IDS, NULL);
		return found_wrong(found, EPERM,
		                   "root here lacks CAP_SETUID, and the "
		                   "program would be root outside");
	}
	if (idmap_range(&range, &err) < 0) {
		found_remedy(found, REMEDY_IDS, NULL);
		return found_error(found, &err);
	}
	*uid = range.first;
	*gid = (gid_t)range.first;
	return 0;
}

/* Hands over and waits for the answer. */
static int follow(const struct inside *inside, pid_t pid, struct finding *found)
{
	struct answer answer;
	ssize_t n;
	int status;

	if (write(inside->go[1], "", 1) != 1)
		return found_errno(found, errno, "let the child go on");
	n = read(inside->done[0], &answer, sizeof(answer));
	if (n == (ssize_t)sizeof(answer)) {
		*found = answer.found;
		return answer.result;
	}
	if (waitpid(pid, &status, __WALL) == pid && WIFSIGNALED(status) &&
	    WTERMSIG(status) == SIGSYS)
		return found_wrong(found, EPERM,
		                   "a system call filter killed the child in "
		                   "its namespaces");
	return found_wrong(found, ECHILD,
	                   "the child in its namespaces died silently");
}

int inside_try(const struct probe *probe, const struct host *host,
               struct finding *found)
{
	struct inside inside = {.probe = probe};
	struct sbx_error err = {0};
	CLEANUP_FD int pidfd = -1;
	uid_t uid;
	gid_t gid;
	pid_t pid;
	int r;

	r = choose_id(host, &uid, &gid, found);
	if (r < 0)
		return r;
	if (pipe2(inside.go, O_CLOEXEC) < 0 ||
	    pipe2(inside.done, O_CLOEXEC) < 0)
		return found_errno(found, errno, "pipe");
	pid = ns_clone(inside_main, &inside, -1, &pidfd, &err);
	if (pid < 0)
		return found_error(found, &err);
	(void)close(inside.done[1]);
	if (idmap_write(pid, uid, gid, &err) < 0)
		return found_error(found, &err);
	return follow(&inside, pid, found);
}
