/* SPDX-License-Identifier: MIT */
/* The system call filter: that one holds, and that what it refuses is told. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>

#include "check.h"
#include "kernel/filter.h"
#include "kernel/notify.h"
#include "kernel/sys.h"

#define NOTIFY_MS 5000

static int no_new_privs(struct finding *found)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return found_errno(found, errno, "PR_SET_NO_NEW_PRIVS");
	return 0;
}

/* One call is refused with an errno that it does not have. */
int try_filter(const struct probe *probe, const struct host *host,
               struct finding *found)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
	                 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EDOM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {ARRAY_SIZE(code), code};

	(void)probe;
	(void)host;
	if (no_new_privs(found) < 0)
		return -found->code;
	if (sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		return found_errno(found, errno, "install a filter");
	if (syscall(SYS_getppid) != -1 || errno != EDOM)
		return found_wrong(found, 0,
		                   "installed, and a call that it refuses went "
		                   "through");
	return found_good(found, "installed, and it refuses what it should");
}

struct notified {
	struct sock_filter code[FILTER_MAX];
	size_t n_code;
	int pipe[2]; /* the listener's number, or -errno */
};

/* Under the filter of a run, and with its descriptors shared, it makes a call
 * that is refused. */
static _Noreturn void notify_child(const struct notified *notified)
{
	int listener;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	listener = notify_install(notified->code, notified->n_code);
	(void)!write(notified->pipe[1], &listener, sizeof(listener));
	if (listener < 0)
		_exit(1);
	/* No filter above us is likely to refuse it, too. */
	_exit(fcntl(notified->pipe[1], F_NOTIFY, 0) == -1 && errno == EPERM
	              ? 0
	              : 1);
}

/* Takes the one call and refuses it. */
static int answer(int listener, struct finding *found)
{
	struct pollfd call = {.fd = listener, .events = POLLIN};
	struct refused_call refused;
	char name[64];
	int r;

	if (poll(&call, 1, NOTIFY_MS) != 1)
		return found_wrong(found, ETIMEDOUT,
		                   "a refused call was not told");
	r = notify_receive(listener, &refused);
	if (r == 1)
		r = notify_refuse(listener, &refused);
	if (r < 0)
		return found_errno(found, -r, "answer a refused call");
	return found_good(found, "refused, and known by name: %s",
	                  filter_call_name(refused.arch, refused.number, name));
}

static int listener_error(const struct probe *probe, int code,
                          struct finding *found)
{
	(void)probe;
	if (code == EBUSY) {
		found_remedy(found, REMEDY_LISTENER, NULL);
		return found_wrong(found, code,
		                   "another program already listens to this "
		                   "process's refused calls, and the kernel "
		                   "allows one");
	}
	return found_errno(found, code, "install a filter with a listener");
}

int try_notify(const struct probe *probe, const struct host *host,
               struct finding *found)
{
	const char *const sets[] = {"base", "threads", NULL};
	struct clone_args args = {.flags = CLONE_FILES, .exit_signal = SIGCHLD};
	struct notified notified;
	struct sbx_error err = {0};
	int listener, status;
	pid_t pid;

	(void)host;
	if (filter_compile(sets, notified.code, &notified.n_code, &err) < 0)
		return found_error(found, &err);
	if (no_new_privs(found) < 0)
		return -found->code;
	if (pipe2(notified.pipe, O_CLOEXEC) < 0)
		return found_errno(found, errno, "pipe");
	pid = sys_clone3(&args);
	if (pid == 0)
		notify_child(&notified);
	if (pid < 0)
		return found_errno(found, errno, "clone3");
	if (read(notified.pipe[0], &listener, sizeof(listener)) !=
	    sizeof(listener))
		return found_wrong(found, ECHILD, "the child died silently");
	if (listener < 0)
		return listener_error(probe, -listener, found);
	if (answer(listener, found) < 0)
		return -found->code;
	if (waitpid(pid, &status, 0) != pid || status != 0)
		return found_wrong(found, 0,
		                   "a refused call did not fail with EPERM");
	return 0;
}
