/* SPDX-License-Identifier: MIT */
/*
 * From what failed to what to do. Two tables: causes says which remedy an
 * errno asks for, given what the host says about itself; rows has the texts.
 * In both, the first row that fits is taken.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

static bool always(const struct host *host)
{
	(void)host;
	return true;
}

static bool is_switched_off(const struct host *host)
{
	return !host->privileged && host->userns_clone == 0;
}

/* Under a profile of AppArmor's or a type of SELinux's that confines, as a
 * container has it. What AppArmor gives those it restricts is another thing. */
static bool is_labelled(const struct host *host)
{
	return (strstr(host->label, "(enforce)") &&
	        !strstr(host->label, "unprivileged_userns")) ||
	       strstr(host->label, ":container_t:");
}

static bool is_apparmor(const struct host *host)
{
	return !host->privileged && host->apparmor_restrict > 0;
}

static bool is_filtered(const struct host *host)
{
	return host->filtered;
}

static const struct cause {
	int codes[4];
	bool (*holds)(const struct host *host);
	enum remedy remedy;
} causes[] = {
	{{ENOSPC, EUSERS}, always, REMEDY_MAX_NAMESPACES},
	{{EAGAIN}, always, REMEDY_PROCESSES},
	{{EPERM, EACCES}, is_switched_off, REMEDY_USERNS_CLONE},
	{{EPERM, EACCES}, is_labelled, REMEDY_LABEL},
	{{EPERM, EACCES}, is_apparmor, REMEDY_APPARMOR},
	{{EPERM, EACCES, ENOSYS, ETIMEDOUT}, is_filtered, REMEDY_SECCOMP},
	{{ENOSYS, EINVAL, ENODEV}, always, REMEDY_CONFIG},
};

enum remedy remedy_for(const struct host *host, int code)
{
	for (size_t i = 0; code && i < ARRAY_SIZE(causes); i++)
		for (size_t k = 0; k < ARRAY_SIZE(causes[i].codes); k++)
			if (causes[i].codes[k] == code && causes[i].holds(host))
				return causes[i].remedy;
	return REMEDY_UNKNOWN;
}

#define KEEP "; to keep it, put the same line without \"sysctl -w\" into "
#define CONF "/etc/sysctl.d/60-sbx.conf"

/* "@" stands for what the finding names. */
static const struct row {
	enum remedy remedy;
	enum distribution distribution; /* DISTRIBUTION_ANY: all */
	enum container container;       /* CONTAINER_NONE: all */
	const char *text;
} rows[] = {
	{REMEDY_AS_NEEDED, 0, 0, "first mend \"@\""},
	{REMEDY_KERNEL, DEBIAN, 0,
         "apt-get install linux-image-$(dpkg --print-architecture), of Debian "
         "12 or later, and reboot"},
	{REMEDY_KERNEL, UBUNTU, 0,
         "apt-get install linux-generic-hwe-$(lsb_release -rs), of Ubuntu "
         "22.04 or later, and reboot"},
	{REMEDY_KERNEL, FEDORA, 0, "dnf upgrade kernel, and reboot"},
	{REMEDY_KERNEL, 0, 0, "boot Linux 6.1 or later"},
	{REMEDY_CONFIG, 0, 0, "boot a kernel that was built with @"},
	{REMEDY_MAX_NAMESPACES, 0, 0,
         "sysctl -w user.max_@_namespaces=10000" KEEP CONF
         "; in a container, on the host of the container, too"},
	{REMEDY_USERNS_CLONE, 0, 0,
         "sysctl -w kernel.unprivileged_userns_clone=1" KEEP CONF},
	{REMEDY_APPARMOR, 0, 0,
         "make install APPARMOR=yes, which puts the profile into "
         "/etc/apparmor.d/sbx, then apparmor_parser -r /etc/apparmor.d/sbx, "
         "and run the installed programs"},
	{REMEDY_SECCOMP, 0, DOCKER,
         "docker run --security-opt seccomp=FILE, where FILE is Docker's "
         "default profile with these calls allowed; or seccomp=unconfined"},
	{REMEDY_SECCOMP, 0, PODMAN,
         "podman run --security-opt seccomp=FILE, where FILE is "
         "/usr/share/containers/seccomp.json with these calls allowed; or "
         "seccomp=unconfined"},
	{REMEDY_SECCOMP, 0, 0,
         "start this without that filter: a container with --security-opt "
         "seccomp=unconfined, a unit without RestrictNamespaces= and "
         "SystemCallFilter="},
	{REMEDY_LISTENER, 0, 0,
         "run sbx outside of the program that listens: another sandbox, or a "
         "container whose seccomp profile has SCMP_ACT_NOTIFY"},
	{REMEDY_CHROOT, 0, 0,
         "what is left is a chroot, in which the kernel refuses them: run sbx "
         "outside of it, or enter that tree with systemd-nspawn or a "
         "container"},
	{REMEDY_PROCESSES, 0, 0,
         "raise the limit on processes: ulimit -u, and TasksMax= of a unit"},
	{REMEDY_LABEL, 0, DOCKER,
         "docker run --security-opt apparmor=unconfined (with SELinux: "
         "--security-opt label=disable)"},
	{REMEDY_LABEL, 0, PODMAN,
         "podman run --security-opt label=disable (with AppArmor: "
         "--security-opt apparmor=unconfined)"},
	{REMEDY_LABEL, 0, 0,
         "start this without the AppArmor profile or SELinux type that it is "
         "under: see /proc/self/attr/current"},
	{REMEDY_IDS, 0, 0,
         "run sbx as an ordinary user; or give root here CAP_SETUID, "
         "CAP_SETGID and a range of ids in /proc/self/uid_map and gid_map"},
	{REMEDY_PROC_MASK, 0, DOCKER,
         "docker run --security-opt systempaths=unconfined"},
	{REMEDY_PROC_MASK, 0, PODMAN, "podman run --security-opt unmask=ALL"},
	{REMEDY_PROC_MASK, 0, 0,
         "umount @; in a unit, leave out ProtectKernelTunables=, "
         "ProtectKernelLogs=, ProtectControlGroups= and ProtectProc=; in "
         "Kubernetes, set procMount: Unmasked"},
	{REMEDY_PROC_NONE, 0, 0, "mount -t proc proc /proc"},
	{REMEDY_CGROUP2, DEBIAN, 0,
         "put systemd.unified_cgroup_hierarchy=1 into GRUB_CMDLINE_LINUX of "
         "/etc/default/grub, then update-grub, and reboot"},
	{REMEDY_CGROUP2, UBUNTU, 0,
         "put systemd.unified_cgroup_hierarchy=1 into GRUB_CMDLINE_LINUX of "
         "/etc/default/grub, then update-grub, and reboot"},
	{REMEDY_CGROUP2, FEDORA, 0,
         "grubby --update-kernel=ALL "
         "--args=systemd.unified_cgroup_hierarchy=1, and reboot"},
	{REMEDY_CGROUP2, 0, 0,
         "boot so that cgroup v2 alone is mounted on /sys/fs/cgroup, with all "
         "controllers"},
	{REMEDY_DELEGATE, 0, 0,
         "systemd-run --user --scope -p Delegate=yes COMMAND; for root without "
         "--user; for a user who is not logged in, loginctl enable-linger USER "
         "first"},
	{REMEDY_DELEGATE_BY_HAND, 0, 0,
         "as root, make a cgroup below /sys/fs/cgroup, chown it and its "
         "cgroup.procs and cgroup.subtree_control to the user, start a shell "
         "of the user's in it, and give it to --cgroup; in a container, mount "
         "/sys/fs/cgroup writable"},
	{REMEDY_CONTROLLER, 0, 0,
         "systemctl edit user@.service, with Delegate=cpu memory pids under "
         "[Service]; then systemctl daemon-reload, and log in again"},
	{REMEDY_LANDLOCK, DEBIAN, 0,
         "put lsm=landlock,yama,apparmor into GRUB_CMDLINE_LINUX of "
         "/etc/default/grub, then update-grub, and reboot"},
	{REMEDY_LANDLOCK, FEDORA, 0,
         "grubby --update-kernel=ALL --args=lsm=landlock,yama,selinux, and "
         "reboot"},
	{REMEDY_LANDLOCK, 0, 0,
         "boot with landlock first in the list lsm=, with a kernel that was "
         "built with CONFIG_SECURITY_LANDLOCK"},
	{REMEDY_PMU, 0, 0,
         "in a virtual machine, have its host give it a virtual PMU (QEMU "
         "with KVM: -cpu host,pmu=on); many clouds do so for whole-machine "
         "sizes only"},
	{REMEDY_PARANOID, 0, 0,
         "sysctl -w kernel.perf_event_paranoid=2" KEEP CONF},
	{REMEDY_INSTALL, 0, 0,
         "make install: the profiles belong into share/sbx/profiles beside "
         "the directory of this program"},
	{REMEDY_PACKAGE, DEBIAN, 0, "apt-get install @"},
	{REMEDY_PACKAGE, UBUNTU, 0, "apt-get install @"},
	{REMEDY_PACKAGE, FEDORA, 0, "dnf install @"},
	{REMEDY_PACKAGE, 0, 0, "install what Debian calls @"},
	{REMEDY_TREE, 0, 0, "sbx-rootfs build @"},
	{REMEDY_UNKNOWN, 0, 0,
         "none is known; strace -f sbx-check shows the call that failed"},
};

/* What Fedora calls a package of Debian's, where that is not the same. */
static const char *package_name(const struct host *host, const char *name)
{
	static const char *const others[][2] = {
		{"g++", "gcc-c++"},   {"golang-go", "golang"},
		{"golang", "golang"}, {"rustc", "rust"},
		{"lua5.4", "lua"},    {"perl", "perl-interpreter"},
	};

	if (host->distribution == FEDORA)
		for (size_t i = 0; i < ARRAY_SIZE(others); i++)
			if (strcmp(others[i][0], name) == 0)
				return others[i][1];
	return name;
}

static const char *find_row(const struct host *host, enum remedy remedy)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].remedy == remedy &&
		    (rows[i].distribution == DISTRIBUTION_ANY ||
		     rows[i].distribution == host->distribution) &&
		    (rows[i].container == CONTAINER_NONE ||
		     rows[i].container == host->container))
			return rows[i].text;
	return "";
}

char *remedy_text(const struct host *host, const struct finding *found,
                  char *text, size_t size)
{
	const char *from = find_row(host, found->remedy);
	const char *argument = found->argument, *at = strchr(from, '@');

	if (found->remedy == REMEDY_PACKAGE)
		argument = package_name(host, argument);
	if (at)
		(void)snprintf(text, size, "%.*s%s%s", (int)(at - from), from,
		               argument, at + 1);
	else
		(void)snprintf(text, size, "%s", from);
	return text;
}
