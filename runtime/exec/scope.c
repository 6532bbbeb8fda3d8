/* SPDX-License-Identifier: MIT */
#include "exec/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/file.h"
#include "exec/place.h"

/* The bus that sbx-scope would speak to. */
static bool has_bus(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char path[PATH_MAX];

	if (geteuid() == 0)
		return access("/run/systemd/system", F_OK) == 0;
	if (getenv("DBUS_SESSION_BUS_ADDRESS"))
		return true;
	return runtime &&
	       snprintf(path, sizeof(path), "%s/bus", runtime) < PATH_MAX &&
	       access(path, F_OK) == 0;
}

/* Starts it with its standard error on a pipe, of which *said is our end. */
static int spawn(char *path, pid_t *child, int *said)
{
	char pid[16];
	char *argv[] = {path, pid, NULL};
	posix_spawn_file_actions_t actions;
	int ends[2], r;

	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	r = -posix_spawn_file_actions_init(&actions);
	if (r == 0) {
		r = -posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
		if (r == 0)
			r = -posix_spawn(child, path, &actions, NULL, argv,
			                 environ);
		(void)posix_spawn_file_actions_destroy(&actions);
	}
	(void)close(ends[1]);
	if (r < 0)
		(void)close(ends[0]);
	else
		*said = ends[0];
	return r;
}

static int ask(struct sbx_error *err)
{
	CLEANUP_FD int said = -1;
	char path[PATH_MAX], text[200] = "it died";
	ssize_t n;
	pid_t child = 0;
	int r, status = 0;

	r = place_of("/libexec/sbx/sbx-scope", path);
	if (r == 0)
		r = spawn(path, &child, &said);
	if (r < 0)
		return err_set(err, SBX_STAGE_PLAN, -r, "start sbx-scope");
	n = read(said, text, sizeof(text) - 1);
	if (n > 0)
		text[n - (text[n - 1] == '\n')] = '\0';
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (status != 0)
		return err_say(err, SBX_STAGE_PLAN, ENOTSUP,
		               "--cgroup systemd: %s", text);
	return 0;
}

void scope_try(void)
{
	struct sbx_error ignored;

	if (sbx_cgroup_find(&ignored) < 0 && has_bus())
		(void)ask(&ignored);
}

int scope_enter(const struct sbx_spec *spec, struct sbx_error *err)
{
	struct sbx_error ignored;

	if (strcmp(sbx_spec_cgroup(spec), "auto") == 0)
		scope_try();
	else if (strcmp(sbx_spec_cgroup(spec), "systemd") == 0 &&
	         sbx_cgroup_find(&ignored) < 0)
		return ask(err);
	return 0;
}
