/* SPDX-License-Identifier: MIT */
/* sbx-check's tables: hosts that cannot be made here, in their own words. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "../../tools/check/check.h"

/* The errno and what the host says about itself give the remedy; the more
 * certain cause wins. */
Test(check, the_host_tells_the_remedy)
{
	const struct host plain = {.userns_clone = -1, .apparmor_restrict = -1};
	struct host off = plain, ubuntu = plain, docker = plain, root = plain;
	struct host restricted = plain, label = plain, selinux = plain;
	struct host allowed = plain;

	off.userns_clone = 0;
	off.filtered = true;
	ubuntu.apparmor_restrict = 1;
	(void)strcpy(ubuntu.label, "unconfined");
	restricted.apparmor_restrict = 1;
	(void)strcpy(restricted.label, "unprivileged_userns (enforce)");
	docker.filtered = true;
	label.apparmor_restrict = 1;
	(void)strcpy(label.label, "docker-default (enforce)");
	(void)strcpy(selinux.label, "system_u:system_r:container_t:s0:c1,c2");
	(void)strcpy(allowed.label,
	             "unconfined_u:unconfined_r:unconfined_t:s0");
	root.privileged = true;
	root.userns_clone = 0;
	root.apparmor_restrict = 1;

	const struct {
		const struct host *host;
		int code;
		enum remedy remedy;
	} rows[] = {
		{&plain, ENOSPC, REMEDY_MAX_NAMESPACES},
		{&plain, EUSERS, REMEDY_MAX_NAMESPACES},
		{&plain, EAGAIN, REMEDY_PROCESSES},
		{&plain, EPERM, REMEDY_UNKNOWN},
		{&plain, EINVAL, REMEDY_CONFIG},
		{&plain, ENOSYS, REMEDY_CONFIG},
		{&plain, 0, REMEDY_UNKNOWN},
		{&off, EPERM, REMEDY_USERNS_CLONE},
		{&off, ENOSYS, REMEDY_SECCOMP},
		{&ubuntu, EPERM, REMEDY_APPARMOR},
		{&ubuntu, EACCES, REMEDY_APPARMOR},
		{&restricted, EPERM, REMEDY_APPARMOR},
		{&docker, EPERM, REMEDY_SECCOMP},
		{&docker, ENOSYS, REMEDY_SECCOMP},
		{&docker, ETIMEDOUT, REMEDY_SECCOMP},
		{&docker, ENOSPC, REMEDY_MAX_NAMESPACES},
		{&label, EACCES, REMEDY_LABEL},
		{&selinux, EACCES, REMEDY_LABEL},
		{&allowed, EACCES, REMEDY_UNKNOWN},
		{&root, EPERM, REMEDY_UNKNOWN},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_eq(remedy_for(rows[i].host, rows[i].code),
		             rows[i].remedy, "row %zu: %d", i,
		             remedy_for(rows[i].host, rows[i].code));
}

/* The text is the one of the distribution and of the container. */
Test(check, the_text_is_for_this_host)
{
	static const struct {
		enum remedy remedy;
		enum distribution distribution;
		enum container container;
		const char *argument, *text;
	} rows[] = {
		{REMEDY_PACKAGE, DEBIAN, 0, "g++", "apt-get install g++"},
		{REMEDY_PACKAGE, UBUNTU, 0, "nodejs", "apt-get install nodejs"},
		{REMEDY_PACKAGE, FEDORA, 0, "g++", "dnf install gcc-c++"},
		{REMEDY_PACKAGE, FEDORA, 0, "nodejs", "dnf install nodejs"},
		{REMEDY_TREE, FEDORA, 0, "data", "sbx-rootfs build data"},
		{REMEDY_PROC_MASK, DEBIAN, DOCKER, "/proc/kcore",
	         "docker run --security-opt systempaths=unconfined"},
		{REMEDY_PROC_MASK, FEDORA, PODMAN, "/proc/kcore",
	         "podman run --security-opt unmask=ALL"},
		{REMEDY_KERNEL, FEDORA, 0, "",
	         "dnf upgrade kernel, and reboot"},
		{REMEDY_CONFIG, DEBIAN, 0, "CONFIG_USER_NS",
	         "boot a kernel that was built with CONFIG_USER_NS"},
	};
	char text[1024];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct host host = {
			.distribution = rows[i].distribution,
			.container = rows[i].container,
		};
		struct finding found = {0};

		found_remedy(&found, rows[i].remedy, rows[i].argument);
		cr_expect_str_eq(remedy_text(&host, &found, text, sizeof(text)),
		                 rows[i].text);
	}
}

/* Every remedy has a text on every host, and every probe says what it means;
 * what a probe needs is a probe or a layer before it. */
Test(check, tables_are_whole)
{
	struct finding found = {0};
	char text[1024];

	for (int remedy = 1; remedy < N_REMEDIES; remedy++)
		for (int d = 0; d < N_DISTRIBUTIONS; d++) {
			const struct host host = {.distribution = d};

			found_remedy(&found, remedy, "it");
			cr_expect(remedy_text(&host, &found, text,
			                      sizeof(text))[0],
			          "remedy %d", remedy);
		}
	for (size_t i = 0; i < n_probes; i++) {
		const struct probe *probe = &probes[i];

		cr_expect(probe->name && probe->layer && probe->meaning);
		cr_expect(probe->attempt || probe->work, "%s", probe->name);
		cr_expect_neq(probe->worst, VERDICT_PASS, "%s", probe->name);
		for (size_t n = 0; n < ARRAY_SIZE(probe->needs); n++) {
			bool met = !probe->needs[n];

			for (size_t k = 0; k < i; k++)
				met |= probe->needs[n] &&
				       (!strcmp(probes[k].name,
				                probe->needs[n]) ||
				        !strcmp(probes[k].layer,
				                probe->needs[n]));
			cr_expect(met, "%s needs %s", probe->name,
			          probe->needs[n]);
		}
	}
}
