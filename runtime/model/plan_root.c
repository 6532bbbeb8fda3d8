/* SPDX-License-Identifier: MIT */
/*
 * The root tree: one tmpfs that holds everything the box makes for itself,
 * read-only at /, writable through its directories /workspace, /tmp and
 * /dev/shm. One superblock is one budget: what the program writes anywhere
 * counts against the same bytes and inodes. The host's trees are attached on
 * top, read-only.
 */
#include <errno.h>
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/error.h"
#include "kernel/probe.h"
#include "model/plan_steps.h"

const char *const root_entries[N_ROOT_ENTRIES] = {
	"usr",    "bin", "sbin", "lib", "lib32", "lib64",
	"libx32", "opt", "srv",  "app", "home",  "var"};

/* Most are closed to an ordinary user anyway; the cover does not depend on
 * who that is. */
const struct proc_mask proc_masks[N_PROC_MASKS] = {
	{"kcore", false},
	{"keys", false},
	{"key-users", false},
	{"kallsyms", false},
	{"kmsg", false},
	{"timer_list", false},
	{"sched_debug", false},
	{"slabinfo", false},
	{"iomem", false},
	{"ioports", false},
	{"sysrq-trigger", false},
	{"interrupts", false},
	{"cmdline", false},
	{"locks", false},
	{"config.gz", false},
	{"latency_stats", false},
	{"vmallocinfo", false},
	{"pagetypeinfo", false},
	{"acpi", true},
	{"scsi", true},
	{"irq", true},
	{"bus", true},
	{"fs", true},
	{"driver", true},
};

struct text_file {
	const char *path;
	const char *text;
};

static const struct text_file etc_files[] = {
	{"/etc/passwd", "root:x:0:0:root:/:/usr/sbin/nologin\n"
                        "sbx:x:1000:1000:sbx:/workspace:/bin/sh\n"
                        "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n"},
	{"/etc/group", "root:x:0:\nsbx:x:1000:\nnogroup:x:65534:\n"},
	{"/etc/resolv.conf", ""},
	{"/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"
                               "services: files\nprotocols: files\n"},
	/* What programs ask for by name; the files of a host name hundreds. */
	{"/etc/protocols", "ip 0\nicmp 1\ntcp 6 TCP\nudp 17 UDP\nipv6 41\n"},
	{"/etc/services",
         "echo 7/tcp\necho 7/udp\ndiscard 9/tcp\ndiscard 9/udp\n"
         "daytime 13/tcp\ndaytime 13/udp\nftp 21/tcp\nssh 22/tcp\n"
         "telnet 23/tcp\nsmtp 25/tcp\ntime 37/tcp\ntime 37/udp\n"
         "domain 53/tcp\ndomain 53/udp\nhttp 80/tcp www\npop3 110/tcp\n"
         "ntp 123/udp\nimap2 143/tcp imap\nldap 389/tcp\nhttps 443/tcp\n"
         "submission 587/tcp\nldaps 636/tcp\nimaps 993/tcp\n"
         "pop3s 995/tcp\n"},
};

struct device_row {
	const char *path;
	unsigned minor; /* of major 1, "mem" */
};

static const struct device_row devices[] = {
	{"/dev/null", 3},   {"/dev/zero", 5},    {"/dev/full", 7},
	{"/dev/random", 8}, {"/dev/urandom", 9},
};

struct link_row {
	const char *path;
	const char *target;
};

static const struct link_row dev_links[] = {
	{"/dev/fd", "/proc/self/fd"},
	{"/dev/stdin", "/proc/self/fd/0"},
	{"/dev/stdout", "/proc/self/fd/1"},
	{"/dev/stderr", "/proc/self/fd/2"},
};

/* Quotas that the kernel counts per user, and so would be shared with whoever
 * else is that user outside; and no namespaces inside. */
static const struct text_file sysctls[] = {
	{"/proc/sys/user/max_user_namespaces", "0"},
	{"/proc/sys/user/max_inotify_instances", "16"},
	{"/proc/sys/user/max_inotify_watches", "8192"},
	/* What waits in a socket shows in no process: less of it. */
	{"/proc/sys/net/ipv4/tcp_rmem", "4096 131072 212992"},
	{"/proc/sys/net/ipv4/tcp_wmem", "4096 16384 212992"},
};

/* What covers a file, and a directory, that is not to be seen. Both are
 * read-only by the time they are copied. */
#define MASK_FILE "/dev/null"

/* Shows a path of the root tree at the same path inside. */
static int add_shown(struct sbx_plan *plan, const struct facts *facts,
                     const char *path)
{
	const char *source = arena_printf(&plan->arena, "%s%s",
	                                  facts->tree ? facts->tree : "", path);

	if (!source)
		return -ENOMEM;
	add_bind(plan, source, path, false);
	return 0;
}

static int add_top(struct sbx_plan *plan, const struct facts *facts)
{
	for (size_t i = 0; i < N_ROOT_ENTRIES; i++) {
		const struct root_entry *entry = &facts->root[i];
		const char *path, *link;

		if (entry->kind == ROOT_ABSENT)
			continue;
		path = arena_printf(&plan->arena, "/%s", root_entries[i]);
		if (!path)
			return -ENOMEM;
		if (entry->kind == ROOT_LINK) {
			link = arena_strdup(&plan->arena, entry->link);
			if (!link)
				return -ENOMEM;
			add_link(plan, path, link);
			continue;
		}
		add_directory(plan, path, 0755);
		if (add_shown(plan, facts, path) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* What a tree has in its /etc, but for what the box makes itself. */
static int add_tree_etc(struct sbx_plan *plan, const struct facts *facts)
{
	int r = 0;

	for (const struct etc_entry *entry = facts->etc;
	     entry && entry->name && r == 0; entry++) {
		const char *path =
			arena_printf(&plan->arena, "/etc/%s", entry->name);

		if (!path)
			return -ENOMEM;
		if (entry->link) {
			const char *link =
				arena_strdup(&plan->arena, entry->link);

			if (!link)
				return -ENOMEM;
			add_link(plan, path, link);
			continue;
		}
		if (entry->kind == PROBE_DIRECTORY)
			add_directory(plan, path, 0755);
		else
			add_file(plan, path, NULL, 0);
		r = add_shown(plan, facts, path);
	}
	return r;
}

static int add_layers(struct sbx_plan *plan, const struct sbx_spec *spec,
                      const struct facts *facts)
{
	if (spec->packages.n > 0)
		add_directory(plan, PACKAGES_PLACE, 0755);
	for (size_t i = 0; i < spec->packages.n; i++) {
		const char *path =
			arena_printf(&plan->arena, PACKAGES_PLACE "/%s",
		                     spec->packages.items[i]);
		const char *source =
			arena_strdup(&plan->arena, facts->layers[i]);

		if (!path || !source)
			return -ENOMEM;
		add_directory(plan, path, 0755);
		add_bind(plan, source, path, false);
	}
	return 0;
}

static int add_etc(struct sbx_plan *plan, const struct facts *facts)
{
	const char *zone, *name, *hosts;

	add_directory(plan, "/etc", 0755);
	for (size_t i = 0; i < ARRAY_SIZE(etc_files); i++)
		add_file(plan, etc_files[i].path, etc_files[i].text,
		         strlen(etc_files[i].text));
	name = arena_printf(&plan->arena, "%s\n", plan->hostname);
	hosts = arena_printf(
		&plan->arena,
		"127.0.0.1 localhost\n::1 localhost\n127.0.1.1 %s\n",
		plan->hostname);
	if (!name || !hosts)
		return -ENOMEM;
	add_file(plan, "/etc/hostname", name, strlen(name));
	add_file(plan, "/etc/hosts", hosts, strlen(hosts));
	if (facts->zone) {
		zone = arena_strdup(&plan->arena, facts->zone);
		if (!zone)
			return -ENOMEM;
		add_link(plan, "/etc/localtime", zone);
	}
	if (facts->ld_cache) {
		add_file(plan, "/etc/ld.so.cache", NULL, 0);
		if (add_shown(plan, facts, "/etc/ld.so.cache") < 0)
			return -ENOMEM;
	}
	if (facts->alternatives) {
		add_directory(plan, "/etc/alternatives", 0755);
		if (add_shown(plan, facts, "/etc/alternatives") < 0)
			return -ENOMEM;
	}
	return add_tree_etc(plan, facts);
}

static void add_dev(struct sbx_plan *plan, bool pty)
{
	add_directory(plan, "/dev", 0755);
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		add_file(plan, devices[i].path, NULL, 0);
		add_step(plan,
		         (struct step){.kind = STEP_DEVICE,
		                       .path = devices[i].path,
		                       .source = devices[i].path,
		                       .device = makedev(1, devices[i].minor)});
	}
	for (size_t i = 0; i < ARRAY_SIZE(dev_links); i++)
		add_link(plan, dev_links[i].path, dev_links[i].target);
	add_directory(plan, "/dev/shm", 01777);
	if (pty) {
		add_directory(plan, "/dev/pts", 0755);
		add_simple(plan, STEP_PTS, "/dev/pts");
		add_link(plan, "/dev/ptmx", "pts/ptmx");
	}
}

/* The kernel lets a box of a zygote mount its own only where the zygote's is
 * whole and writable. */
static void add_proc(struct sbx_plan *plan)
{
	add_directory(plan, "/proc", 0555);
	add_simple(plan, STEP_PROC, "/proc");
	if (plan->zygote)
		return;
	add_directory(plan, MASK_DIRECTORY, 0555);
}

static int add_masks(struct sbx_plan *plan, const struct facts *facts)
{
	for (size_t i = 0; i < N_PROC_MASKS; i++) {
		const struct proc_mask *mask = &proc_masks[i];
		const char *path;

		if (!facts->masks[i])
			continue;
		path = arena_printf(&plan->arena, "/proc/%s", mask->name);
		if (!path)
			return -ENOMEM;
		add_step(plan, (struct step){.kind = STEP_MASK,
		                             .path = path,
		                             .source = mask->directory
		                                               ? MASK_DIRECTORY
		                                               : MASK_FILE});
	}
	return 0;
}

/* Last, since the network is made meanwhile. The boxes of a zygote are
 * namespaces inside of its own, whose quotas would be all of theirs together.
 */
static void add_sysctls(struct sbx_plan *plan)
{
	add_simple(plan, STEP_NETWORK, "/proc/sys/net");
	if (plan->zygote)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++)
		add_step(plan, (struct step){.kind = STEP_SYSCTL,
		                             .path = sysctls[i].path,
		                             .data = sysctls[i].text,
		                             .len = strlen(sysctls[i].text)});
	add_simple(plan, STEP_SEAL, "/proc");
}

static void add_scratch(struct sbx_plan *plan)
{
	add_directory(plan, "/tmp", 01777);
	if (!plan->session) {
		add_directory(plan, "/workspace", 0755);
		add_simple(plan, STEP_SCRATCH, "/workspace");
	}
	add_simple(plan, STEP_SCRATCH, "/tmp");
	add_simple(plan, STEP_SCRATCH, "/dev/shm");
}

int plan_root(struct sbx_plan *plan, const struct sbx_spec *spec,
              const struct facts *facts, struct sbx_error *err)
{
	int r;

	r = add_top(plan, facts);
	if (r == 0)
		r = add_etc(plan, facts);
	if (r == 0) {
		add_dev(plan, spec->pty);
		add_proc(plan);
		r = plan_session(plan, spec, err);
		if (r < 0)
			return r;
		add_scratch(plan);
		add_zygote(plan, spec->zygote);
		r = add_built(plan, spec->built);
	}
	if (r == 0)
		r = add_layers(plan, spec, facts);
	if (r == 0)
		r = add_binds(plan, spec, facts->binds);
	if (r == 0) {
		r = plan_budget(plan, spec, err);
		if (r < 0)
			return r;
		plan->late_at = plan->n_steps;
		r = plan_inputs(plan, spec, facts, err);
		plan->n_late = plan->n_steps - plan->late_at;
		if (r < 0)
			return r;
		add_simple(plan, STEP_SEAL, "/");
		if (!plan->zygote)
			r = add_masks(plan, facts);
		add_sysctls(plan);
	}
	/* No room, and yet below the most there can be. */
	if (r == 0 && plan->n_steps > plan->max_steps &&
	    plan->max_steps < PLAN_MAX_STEPS)
		r = -ENOMEM;
	if (r < 0)
		return err_memory(err, SBX_STAGE_PLAN);
	if (plan->n_steps > plan->max_steps)
		return err_say(err, SBX_STAGE_PLAN, E2BIG,
		               "mounts: too many: the root tree would take "
		               "more than %d steps",
		               PLAN_MAX_STEPS);
	return 0;
}
