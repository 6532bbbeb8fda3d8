/* SPDX-License-Identifier: MIT */
/*
 * sbx-scope PID: asks systemd to delegate a cgroup to a process of the
 * caller's: the user's own systemd, or root's.
 *
 * If the unit that it is in has Delegate=yes, that will do; else it is moved
 * into a new scope, sbx-PID.scope, which goes when the process ends. The cgroup
 * is marked as systemd itself marks it from version 254 on, so that it is
 * recognised without asking again.
 *
 * This is a program of its own so that nothing else loads libsystemd, which
 * takes longer than a sandbox. Exits with 0, or with 1 and one line on standard
 * error.
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define SERVICE   "org.freedesktop.systemd1"
#define OBJECT    "/org/freedesktop/systemd1"
#define MANAGER   SERVICE ".Manager"
#define WAIT_USEC (10 * UINT64_C(1000000))

struct job {
	char path[256];
	bool over, done;
};

static int complain(const char *what, int code, const sd_bus_error *error)
{
	(void)fprintf(stderr, "%s: %s\n", what,
	              error && error->message ? error->message
	                                      : strerror(-code));
	return 1;
}

/* The name of the cgroup that pid is in, from the root of the hierarchy. */
static int cgroup_of(uint32_t pid, char *path, size_t size)
{
	char name[64], line[PATH_MAX + 8];
	FILE *file;
	int r = -ENOENT;

	(void)snprintf(name, sizeof(name), "/proc/%u/cgroup", pid);
	file = fopen(name, "re");
	if (!file)
		return -errno;
	while (r == -ENOENT && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0::/", 4) == 0 &&
		    snprintf(path, size, "/sys/fs/cgroup%s", line + 3) <
		            (int)size)
			r = 0;
	}
	(void)fclose(file);
	return r;
}

/* Whether the unit of pid has Delegate=yes. Units have it by their type. */
static bool is_delegated(sd_bus *bus, uint32_t pid)
{
	static const char *const types[] = {SERVICE ".Scope",
	                                    SERVICE ".Service"};
	sd_bus_message *reply = NULL;
	const char *unit;
	int delegate = 0;

	if (sd_bus_call_method(bus, SERVICE, OBJECT, MANAGER, "GetUnitByPID",
	                       NULL, &reply, "u", pid) >= 0 &&
	    sd_bus_message_read(reply, "o", &unit) >= 0)
		for (size_t i = 0; i < 2 && !delegate; i++)
			if (sd_bus_get_property_trivial(
				    bus, SERVICE, unit, types[i], "Delegate",
				    NULL, 'b', &delegate) < 0)
				delegate = 0;
	sd_bus_message_unref(reply);
	return delegate;
}

static int on_job_removed(sd_bus_message *message, void *data,
                          sd_bus_error *error)
{
	struct job *job = data;
	const char *path, *unit, *result;
	uint32_t id;

	(void)error;
	if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) <
	            0 ||
	    strcmp(path, job->path) != 0)
		return 0;
	job->over = true;
	job->done = strcmp(result, "done") == 0;
	return 0;
}

static int wait_for(sd_bus *bus, const struct job *job)
{
	int r = 0;

	while (r >= 0 && !job->over) {
		r = sd_bus_process(bus, NULL);
		if (r == 0) {
			r = sd_bus_wait(bus, WAIT_USEC);
			if (r == 0)
				return -ETIMEDOUT;
		}
	}
	if (r < 0)
		return r;
	return job->done ? 0 : -ECANCELED;
}

static int start_scope(sd_bus *bus, uint32_t pid, struct job *job,
                       sd_bus_error *error)
{
	sd_bus_message *reply = NULL;
	const char *path;
	char name[64];
	int r;

	(void)snprintf(name, sizeof(name), "sbx-%u.scope", pid);
	r = sd_bus_call_method(
		bus, SERVICE, OBJECT, MANAGER, "StartTransientUnit", error,
		&reply, "ssa(sv)a(sa(sv))", name, "fail", 4, "Description", "s",
		"sandboxes of sbx", "PIDs", "au", 1, pid, "Delegate", "b", 1,
		"CollectMode", "s", "inactive-or-failed", 0);
	if (r >= 0)
		r = sd_bus_message_read(reply, "o", &path);
	if (r >= 0)
		(void)snprintf(job->path, sizeof(job->path), "%s", path);
	sd_bus_message_unref(reply);
	return r;
}

static int move(sd_bus *bus, uint32_t pid)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	struct job job = {.path = ""};
	int r, status = 0;

	/* Heard before it is asked for, or it could be missed. */
	r = sd_bus_match_signal(bus, NULL, SERVICE, OBJECT, MANAGER,
	                        "JobRemoved", on_job_removed, &job);
	if (r >= 0)
		r = sd_bus_call_method(bus, SERVICE, OBJECT, MANAGER,
		                       "Subscribe", &error, NULL, "");
	if (r >= 0)
		r = start_scope(bus, pid, &job, &error);
	if (r >= 0)
		r = wait_for(bus, &job);
	if (r < 0)
		status = complain("systemd makes no scope", r, &error);
	sd_bus_error_free(&error);
	return status;
}

/* Root's systemd marks what it delegates in any version. */
static int mark(uint32_t pid)
{
	char path[PATH_MAX];
	int r = cgroup_of(pid, path, sizeof(path));

	if (r == 0 && setxattr(path, "user.delegate", "1", 1, 0) < 0)
		r = -errno;
	return r < 0 ? complain("mark the delegated cgroup", r, NULL) : 0;
}

int main(int argc, char **argv)
{
	sd_bus *bus = NULL;
	unsigned long pid = 0;
	int r, status = 0;
	char *end = NULL;

	if (argc == 2)
		pid = strtoul(argv[1], &end, 10);
	if (pid == 0 || pid > INT_MAX || *end) {
		(void)fprintf(stderr, "usage: sbx-scope PID\n");
		return 1;
	}
	r = geteuid() == 0 ? sd_bus_open_system(&bus) : sd_bus_open_user(&bus);
	if (r < 0)
		return complain("no systemd to ask", r, NULL);
	if (!is_delegated(bus, (uint32_t)pid))
		status = move(bus, (uint32_t)pid);
	if (status == 0)
		status = mark((uint32_t)pid);
	sd_bus_flush_close_unref(bus);
	return status;
}
