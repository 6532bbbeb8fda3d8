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
#include "model/plan.h"

const char *const root_entries[N_ROOT_ENTRIES] = {
	"usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"};

/* Most are closed to an ordinary user anyway; the cover does not depend on
 * who that is. */
const struct proc_mask proc_masks[N_PROC_MASKS] = {
	{"kcore", false},        {"keys", false},
	{"key-users", false},    {"kallsyms", false},
	{"kmsg", false},         {"timer_list", false},
	{"sched_debug", false},  {"slabinfo", false},
	{"iomem", false},        {"ioports", false},
	{"sysrq-trigger", false}, {"interrupts", false},
	{"config.gz", false},    {"latency_stats", false},
	{"vmallocinfo", false},  {"pagetypeinfo", false},
	{"acpi", true},          {"scsi", true},
	{"irq", true},           {"bus", true},
	{"fs", true},            {"driver", true},
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
	{"/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"},
	{"/etc/resolv.conf", ""},
	{"/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"
			       "services: files\nprotocols: files\n"},
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
};

#define MASK_FILE "/.empty"
#define MASK_DIRECTORY "/.empty.d"

/* Room for one more; a plan without room stays as it is, and plan_root() sees
 * that n_steps has outgrown max_steps. */
static bool make_room(struct sbx_plan *plan)
{
	size_t max = plan->max_steps ? 2 * plan->max_steps : 64;
	struct step *steps;

	if (plan->n_steps < plan->max_steps)
		return true;
	if (plan->n_steps > plan->max_steps || max > PLAN_MAX_STEPS)
		return false;
	steps = arena_alloc(&plan->arena, max * sizeof(*steps));
	if (!steps)
		return false;
	if (plan->n_steps)
		memcpy(steps, plan->steps, plan->n_steps * sizeof(*steps));
	plan->steps = steps;
	plan->max_steps = max;
	return true;
}

static void add_step(struct sbx_plan *plan, struct step step)
{
	if (make_room(plan))
		plan->steps[plan->n_steps++] = step;
	else
		plan->n_steps = plan->max_steps + 1;
}

static void add_directory(struct sbx_plan *plan, const char *path, mode_t mode)
{
	add_step(plan, (struct step){.kind = STEP_DIRECTORY,
				     .path = path,
				     .mode = mode});
}

static void add_file(struct sbx_plan *plan, const char *path, const void *data,
		     size_t len)
{
	add_step(plan, (struct step){.kind = STEP_FILE,
				     .path = path,
				     .data = data,
				     .len = len,
				     .mode = 0644});
}

static void add_link(struct sbx_plan *plan, const char *path,
		     const char *target)
{
	add_step(plan, (struct step){.kind = STEP_LINK,
				     .path = path,
				     .source = target});
}

static void add_simple(struct sbx_plan *plan, enum step_kind kind,
		       const char *path)
{
	add_step(plan, (struct step){.kind = kind, .path = path});
}

static void add_bind(struct sbx_plan *plan, const char *source,
		     const char *target, bool writable)
{
	add_step(plan, (struct step){.kind = STEP_BIND,
				     .path = target,
				     .source = source,
				     .writable = writable});
}

static int add_host_root(struct sbx_plan *plan, const struct facts *facts)
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
		add_bind(plan, path, path, false);
	}
	return 0;
}

static int add_etc(struct sbx_plan *plan, const struct facts *facts)
{
	const char *zone, *name;

	add_directory(plan, "/etc", 0755);
	for (size_t i = 0; i < ARRAY_SIZE(etc_files); i++)
		add_file(plan, etc_files[i].path, etc_files[i].text,
			 strlen(etc_files[i].text));
	name = arena_printf(&plan->arena, "%s\n", plan->hostname);
	if (!name)
		return -ENOMEM;
	add_file(plan, "/etc/hostname", name, strlen(name));
	if (facts->zone) {
		zone = arena_strdup(&plan->arena, facts->zone);
		if (!zone)
			return -ENOMEM;
		add_link(plan, "/etc/localtime", zone);
	}
	if (facts->ld_cache) {
		add_file(plan, "/etc/ld.so.cache", NULL, 0);
		add_bind(plan, "/etc/ld.so.cache", "/etc/ld.so.cache", false);
	}
	if (facts->alternatives) {
		add_directory(plan, "/etc/alternatives", 0755);
		add_bind(plan, "/etc/alternatives", "/etc/alternatives", false);
	}
	return 0;
}

static void add_dev(struct sbx_plan *plan, bool pty)
{
	add_directory(plan, "/dev", 0755);
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		add_file(plan, devices[i].path, NULL, 0);
		add_step(plan, (struct step){
				       .kind = STEP_DEVICE,
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

static int add_proc(struct sbx_plan *plan, const struct facts *facts)
{
	add_directory(plan, "/proc", 0555);
	add_simple(plan, STEP_PROC, "/proc");
	for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++)
		add_step(plan, (struct step){.kind = STEP_SYSCTL,
					     .path = sysctls[i].path,
					     .data = sysctls[i].text,
					     .len = strlen(sysctls[i].text)});
	add_file(plan, MASK_FILE, NULL, 0);
	add_directory(plan, MASK_DIRECTORY, 0555);
	for (size_t i = 0; i < N_PROC_MASKS; i++) {
		const char *path;

		if (!facts->masks[i])
			continue;
		path = arena_printf(&plan->arena, "/proc/%s",
				    proc_masks[i].name);
		if (!path)
			return -ENOMEM;
		add_step(plan, (struct step){
				       .kind = STEP_MASK,
				       .path = path,
				       .source = proc_masks[i].directory
							 ? MASK_DIRECTORY
							 : MASK_FILE});
	}
	add_simple(plan, STEP_SEAL, "/proc");
	add_simple(plan, STEP_REMOVE, MASK_FILE);
	add_simple(plan, STEP_REMOVE, MASK_DIRECTORY);
	return 0;
}

/* Whether some step has made path, or attached a tree at or above it. */
static bool is_there(const struct sbx_plan *plan, const char *path)
{
	for (size_t i = 0; i < MIN(plan->n_steps, plan->max_steps); i++) {
		const struct step *step = &plan->steps[i];
		size_t len = strlen(step->path);

		if (strcmp(step->path, path) == 0)
			return true;
		if (step->kind == STEP_BIND && strncmp(path, step->path, len) == 0 &&
		    path[len] == '/')
			return true;
	}
	return false;
}

/* The place for a bind: its parents and itself, where they are not there. A
 * place inside another tree of the host must be there already: the box makes
 * nothing in the host's directories. */
static int add_place(struct sbx_plan *plan, const char *path, bool directory)
{
	for (const char *slash = strchr(path + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		const char *parent = arena_strndup(&plan->arena, path,
						   (size_t)(slash - path));

		if (!parent)
			return -ENOMEM;
		if (!is_there(plan, parent))
			add_directory(plan, parent, 0755);
	}
	if (is_there(plan, path))
		return 0;
	if (directory)
		add_directory(plan, path, 0755);
	else
		add_file(plan, path, NULL, 0);
	return 0;
}

static int add_binds(struct sbx_plan *plan, const struct sbx_spec *spec,
		     const struct bind_source *from)
{
	for (const struct bind *bind = spec->binds; bind;
	     bind = bind->next, from++) {
		const char *source = arena_strdup(&plan->arena, from->path);
		const char *target = arena_strdup(&plan->arena, bind->target);

		if (!source || !target ||
		    add_place(plan, target, from->directory) < 0)
			return -ENOMEM;
		add_bind(plan, source, target, bind->writable);
	}
	return 0;
}

static int add_code(struct sbx_plan *plan, const struct facts *facts)
{
	const char *path;
	void *code;

	if (!facts->code)
		return 0;
	path = arena_printf(&plan->arena, "/workspace/%s", facts->code_name);
	code = arena_memdup(&plan->arena, facts->code, facts->code_len);
	if (!path || (!code && facts->code_len))
		return -ENOMEM;
	add_file(plan, path, code, facts->code_len);
	return 0;
}

static void add_scratch(struct sbx_plan *plan)
{
	add_directory(plan, "/tmp", 01777);
	add_directory(plan, "/workspace", 0755);
	add_simple(plan, STEP_SCRATCH, "/workspace");
	add_simple(plan, STEP_SCRATCH, "/tmp");
	add_simple(plan, STEP_SCRATCH, "/dev/shm");
}

/* What the steps so far take of the tmpfs: it is not the program's, so it is
 * added to what the program may have. */
static void set_budget(struct sbx_plan *plan)
{
	const uint64_t page = 4096;
	uint64_t disk = plan->limits[LIMIT_DISK].value;
	uint64_t inodes = plan->limits[LIMIT_INODES].value;

	plan->base_inodes = 1; /* the root directory */
	for (size_t i = 0; i < MIN(plan->n_steps, plan->max_steps); i++) {
		const struct step *step = &plan->steps[i];

		if (step->kind == STEP_DIRECTORY || step->kind == STEP_FILE ||
		    step->kind == STEP_LINK)
			plan->base_inodes++;
		if (step->kind == STEP_FILE)
			plan->base_bytes += (step->len + page - 1) / page * page;
	}
	if (disk != LIMIT_OFF)
		plan->tmpfs_bytes =
			plan->base_bytes + (disk + page - 1) / page * page;
	if (inodes != LIMIT_OFF)
		plan->tmpfs_inodes = plan->base_inodes + inodes;
}

int plan_root(struct sbx_plan *plan, const struct sbx_spec *spec,
	      const struct facts *facts, struct sbx_error *err)
{
	int r;

	r = add_host_root(plan, facts);
	if (r == 0)
		r = add_etc(plan, facts);
	if (r == 0) {
		add_dev(plan, spec->pty);
		r = add_proc(plan, facts);
	}
	if (r == 0) {
		add_scratch(plan);
		set_budget(plan);
		r = add_binds(plan, spec, facts->binds);
	}
	if (r == 0)
		r = add_code(plan, facts);
	if (r < 0)
		return err_say(err, SBX_STAGE_PLAN, -r, "no memory left");
	add_simple(plan, STEP_SEAL, "/");
	if (plan->n_steps > plan->max_steps)
		return err_say(err, SBX_STAGE_PLAN, E2BIG,
			       "mounts: too many: the root tree would take "
			       "more than %d steps",
			       PLAN_MAX_STEPS);
	return 0;
}
