/* SPDX-License-Identifier: MIT */
/* cgroups: a leaf as a run has it is made, each controller is set in it, a
 * process is born into it, and it is removed. All by the library's functions,
 * which also move the processes of a delegated cgroup down, as a run does. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/file.h"
#include "check.h"
#include "exec/scope.h"
#include "kernel/cgroup.h"
#include "kernel/sys.h"

int try_cgroup2(const struct probe *probe, const struct host *host,
                struct finding *found)
{
	struct statfs fs;

	(void)probe;
	(void)host;
	found_remedy(found, REMEDY_CGROUP2, NULL);
	if (statfs(CGROUP_ROOT, &fs) < 0)
		return found_errno(found, errno, CGROUP_ROOT);
	if (fs.f_type != CGROUP2_SUPER_MAGIC)
		return found_wrong(found, 0,
		                   CGROUP_ROOT " is not a cgroup v2: the "
		                               "controllers are those of v1");
	return found_good(found, "cgroup v2 on " CGROUP_ROOT);
}

/* A process that is in the leaf from its birth on, and ends at its kill. */
static int live_in(int leaf, struct finding *found)
{
	CLEANUP_FD int pidfd = -1;
	struct clone_args args = {
		.flags = CLONE_INTO_CGROUP | CLONE_PIDFD,
		.pidfd = (uintptr_t)&pidfd,
		.cgroup = (uint64_t)leaf,
	};
	siginfo_t info = {0};
	pid_t pid = trial_park(&args);
	int r;

	if (pid < 0)
		return found_errno(found, errno, "clone3 into a cgroup");
	r = file_put(leaf, "cgroup.kill", "1");
	if (r < 0)
		return found_errno(found, -r, "write cgroup.kill");
	if (sys_waitid(pidfd, &info, WEXITED | __WALL, NULL) < 0 ||
	    info.si_status != SIGKILL)
		return found_wrong(found, 0,
		                   "cgroup.kill did not end what is in it");
	return 0;
}

/* Sets the controller's limit, and reads it back. */
static int set_limit(int leaf, const char *controller, struct finding *found)
{
	static const char *const limits[][3] = {
		{"memory", "memory.max", "67108864"},
		{"pids", "pids.max", "8"},
		{"cpu", "cpu.max", "50000 100000"},
	};
	char text[64] = "";
	int r = -EINVAL;

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		if (strcmp(limits[i][0], controller) != 0)
			continue;
		r = file_put(leaf, limits[i][1], limits[i][2]);
		if (r == 0)
			r = file_get(leaf, limits[i][1], text, sizeof(text));
		if (r >= 0 &&
		    strncmp(text, limits[i][2], strlen(limits[i][2])) != 0)
			return found_wrong(found, 0, "%s became %s",
			                   limits[i][1], text);
	}
	return r < 0 ? found_errno(found, -r, "set the limit of a cgroup")
	             : found_good(found, "set in a cgroup of a run's kind");
}

static int try_leaf(const struct cgroup_parent *parent, const char *controller,
                    struct finding *found)
{
	struct cgroup_leaf leaf = CGROUP_LEAF_NONE;
	struct sbx_error err = {0};
	int r;

	if (cgroup_prepare(parent, &err) < 0 ||
	    cgroup_leaf_make(parent, &leaf, &err) < 0)
		return found_error(found, &err);
	r = controller ? set_limit(leaf.fd, controller, found)
	               : live_in(leaf.fd, found);
	cgroup_leaf_remove(&leaf);
	if (r == 0 && !controller)
		return found_good(found, "delegated: %s", parent->path);
	return r;
}

static enum remedy remedy_of(const struct host *host, int r)
{
	if (r == -ENOTSUP) /* there is one, without controllers */
		return host->systemd ? REMEDY_CONTROLLER : REMEDY_CGROUP2;
	return host->systemd ? REMEDY_DELEGATE : REMEDY_DELEGATE_BY_HAND;
}

/* Without a subject: the delegation itself; else one controller. */
int try_cgroup(const struct probe *probe, const struct host *host,
               struct finding *found)
{
	struct arena arena = {0}; /* the process's end frees it */
	struct cgroup_parent parent = {0};
	struct sbx_spec *spec = NULL;
	struct sbx_error err = {0};
	int r;

	/* As sbx-exec does: systemd is asked where nothing is delegated yet. */
	r = sbx_spec_new(&spec, &err);
	if (r == 0)
		r = scope_enter(spec, &err);
	sbx_spec_free(spec);
	if (r == 0)
		r = cgroup_find(NULL, &arena, &parent, &err);
	if (r < 0) {
		found_remedy(found, remedy_of(host, r), "memory and pids");
		return found_error(found, &err);
	}
	for (unsigned i = 0; probe->subject && i < N_CONTROLLERS; i++)
		if (strcmp(controller_names[i], probe->subject) == 0 &&
		    !(parent.controllers & (1u << i))) {
			found_remedy(found, REMEDY_CONTROLLER, probe->subject);
			return found_wrong(found, 0,
			                   "%s does not have this controller",
			                   parent.path);
		}
	return try_leaf(&parent, probe->subject, found);
}
