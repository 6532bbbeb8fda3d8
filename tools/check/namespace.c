/* SPDX-License-Identifier: MIT */
/* Namespaces, one at a time; the id map; and what may be done inside. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "kernel/caps.h"
#include "kernel/idmap.h"
#include "kernel/net.h"
#include "kernel/ns.h"
#include "kernel/probe.h"
#include "kernel/sys.h"

static const struct ns *find_namespace(const char *name)
{
	for (size_t i = 0; i < n_namespaces; i++)
		if (strcmp(namespaces[i].name, name) == 0)
			return &namespaces[i];
	return NULL;
}

/* The namespace of a process is another than this one's. */
static int compare(const char *name, pid_t pid, struct finding *found)
{
	char path[64], ours[64], theirs[64];
	int r;

	(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	r = probe_link(path, ours, sizeof(ours));
	if (r == 0) {
		(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid,
		               name);
		r = probe_link(path, theirs, sizeof(theirs));
	}
	if (r < 0) {
		found_remedy(found, REMEDY_PROC_NONE, NULL);
		return found_errno(found, -r, "read %s", path);
	}
	if (strcmp(ours, theirs) == 0)
		return found_wrong(found, 0,
		                   "the kernel said yes, and made no new %s "
		                   "namespace",
		                   name);
	return found_good(found, "a new one was made, %s", theirs);
}

/* As an ordinary user must, even for root: together with a user namespace. */
int try_namespace(const struct probe *probe, const struct host *host,
                  struct finding *found)
{
	const struct ns *ns = find_namespace(probe->subject);
	struct clone_args args = {.exit_signal = SIGCHLD};
	pid_t pid;
	int r;

	(void)host;
	args.flags = CLONE_NEWUSER | ns->flag;
	pid = trial_park(&args);
	if (pid < 0) {
		r = errno;
		/* Whose sysctl it is, if it is one. */
		(void)snprintf(found->argument, sizeof(found->argument), "%s",
		               probe->subject);
		return found_errno(found, r, "clone3 with a new %s namespace",
		                   probe->subject);
	}
	r = compare(probe->subject, pid, found);
	(void)kill(pid, SIGKILL);
	return r;
}

int work_id_map(const struct probe *probe, struct finding *found)
{
	(void)probe;
	if (getuid() != BOX_UID || getgid() != BOX_GID)
		return found_wrong(found, 0, "the ids inside are %u and %u",
		                   getuid(), getgid());
	return found_good(found, "user and group %u inside", BOX_UID);
}

/* A namespace may be made and its rights withheld: AppArmor does so. */
int work_rights(const struct probe *probe, struct finding *found)
{
	(void)probe;
	if (sethostname("sbx-check", 9) < 0)
		return found_errno(found, errno,
		                   "the namespace was made, but its rights are "
		                   "withheld: sethostname inside");
	return found_good(found, "all capabilities over the namespaces");
}

int work_loopback(const struct probe *probe, struct finding *found)
{
	struct net_message message;
	int r = net_loopback_message(&message);

	(void)probe;
	if (r == 0)
		r = net_send(&message);
	return r < 0 ? found_errno(found, -r, "bring the loopback up")
	             : found_good(found, "brought up");
}

static bool has_capability(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {0};

	return syscall(SYS_capget, &header, data) < 0 || data[0].permitted ||
	       data[1].permitted || data[0].effective || data[1].effective;
}

int work_capabilities(const struct probe *probe, struct finding *found)
{
	struct caps caps;
	int r = caps_prepare(&caps);

	(void)probe;
	if (r == 0)
		r = caps_drop(&caps);
	if (r < 0)
		return found_errno(found, -r, "drop the capabilities");
	if (has_capability() || sethostname("sbx-check", 9) == 0)
		return found_wrong(found, 0,
		                   "dropped, and some are still there");
	return found_good(found, "dropped for good");
}
