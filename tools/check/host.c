/* SPDX-License-Identifier: MIT */
/* What the host says about itself. None of it is proof: it names the remedy
 * once a trial has shown that something is missing. */
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include "base/file.h"
#include "base/text.h"
#include "check.h"
#include "exec/place.h"
#include "kernel/probe.h"

#define MAX_TEXT 65536

/* A small file as text, cut to fit; "" where there is none. */
static char *read_text(const char *path, char *text, size_t size)
{
	struct buffer file = {0};
	size_t len = 0;

	if (file_read(path, MAX_TEXT, &file) == 0 && !file.failed) {
		len = MIN(file.len, size - 1);
		if (len)
			memcpy(text, file.data, len);
	}
	text[len] = '\0';
	buffer_free(&file);
	return text;
}

static char *first_line(char *text)
{
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static long read_sysctl(const char *path)
{
	char text[32];
	long value;

	return sscanf(read_text(path, text, sizeof(text)), "%ld", &value) == 1
	               ? value
	               : -1;
}

/* The value of KEY in os-release(5), without quotes; "" where there is none. */
static char *release_value(const char *text, const char *key, char *value,
                           size_t size)
{
	size_t len = strlen(key), span;

	value[0] = '\0';
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if (strncmp(text, key, len) != 0 || text[len] != '=')
			continue;
		text += len + 1;
		text += strspn(text, "\"'");
		span = MIN(strcspn(text, "\"'\n"), size - 1);
		memcpy(value, text, span);
		value[span] = '\0';
		break;
	}
	return value;
}

static void look_distribution(struct host *host)
{
	/* The first that is named wins: Ubuntu is like Debian, too. */
	static const struct {
		const char *id;
		enum distribution distribution;
	} known[] = {
		{"ubuntu", UBUNTU}, {"debian", DEBIAN}, {"fedora", FEDORA},
		{"rhel", FEDORA},   {"centos", FEDORA},
	};
	char text[8192], name[128], id[64], like[128], ids[256];

	read_text("/etc/os-release", text, sizeof(text));
	if (!text[0])
		read_text("/usr/lib/os-release", text, sizeof(text));
	release_value(text, "PRETTY_NAME", name, sizeof(name));
	text_escape(name[0] ? name : "an unknown system", host->name,
	            sizeof(host->name));
	(void)snprintf(ids, sizeof(ids), " %s %s ",
	               release_value(text, "ID", id, sizeof(id)),
	               release_value(text, "ID_LIKE", like, sizeof(like)));
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		char word[32];

		(void)snprintf(word, sizeof(word), " %s ", known[i].id);
		if (strstr(ids, word)) {
			host->distribution = known[i].distribution;
			return;
		}
	}
}

static void look_container(struct host *host)
{
	struct statfs fs;
	char text[64];

	read_text("/run/systemd/container", text, sizeof(text));
	/* The file stays behind where a virtual machine was made of an image.
	 */
	if (probe_kind("/.dockerenv") != PROBE_ABSENT &&
	    statfs("/", &fs) == 0 && fs.f_type == OVERLAYFS_SUPER_MAGIC)
		host->container = DOCKER;
	else if (probe_kind("/run/.containerenv") != PROBE_ABSENT)
		host->container = PODMAN;
	else if (text[0])
		host->container = CONTAINER_OTHER;
}

void host_look(struct host *host)
{
	struct utsname name;

	memset(host, 0, sizeof(*host));
	if (uname(&name) == 0) {
		text_escape(name.release, host->release, sizeof(host->release));
		text_escape(name.machine, host->machine, sizeof(host->machine));
		(void)sscanf(name.release, "%u.%u", &host->major, &host->minor);
	}
	host->privileged = geteuid() == 0;
	/* 0: none; fails where a filter refuses the question. */
	host->filtered = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0;
	host->userns_clone =
		read_sysctl("/proc/sys/kernel/unprivileged_userns_clone");
	host->apparmor_restrict = read_sysctl(
		"/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
	read_text("/proc/self/attr/current", host->label, sizeof(host->label));
	first_line(host->label);
	host->systemd = probe_kind("/run/systemd/system") == PROBE_DIRECTORY;
	look_distribution(host);
	look_container(host);
	if (place_of("/share/sbx/profiles", host->profiles) < 0)
		host->profiles[0] = '\0';
}
