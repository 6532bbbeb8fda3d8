/* SPDX-License-Identifier: MIT */
/* The run's cgroup, from its making to what it says of the run. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "box/box.h"

/* A kernel without swap has no memory.swap.max, and needs none. */
static bool is_needless(const char *file)
{
	return strcmp(file, "memory.swap.max") == 0 &&
	       access("/proc/swaps", F_OK) < 0;
}

/* A zygote's own cgroup, as the parent of its boxes'. */
static int zygote_parent(const struct sbx_box *zygote, char path[PATH_MAX],
                         struct cgroup_parent *parent, struct sbx_error *err)
{
	int len = snprintf(path, PATH_MAX, "%s/%s", zygote->plan->cgroup.path,
	                   zygote->leaf.name);

	*parent = (struct cgroup_parent){.path = path};
	return len < PATH_MAX ? 0
	                      : err_set(err, SBX_STAGE_CLONE, ENAMETOOLONG,
	                                "cgroup %s", path);
}

/* A process is started by a zygote only where the zygote may move it, and root
 * has given up its rights there. */
static int give_to_zygote(const struct sbx_box *zygote,
                          const struct cgroup_leaf *leaf, struct sbx_error *err)
{
	if (zygote->plan->privileged &&
	    fchownat(leaf->fd, "cgroup.procs", zygote->uid, (gid_t)-1, 0) < 0)
		return err_set(err, SBX_STAGE_CLONE, errno,
		               "give a zygote the cgroups of its boxes");
	return 0;
}

int leaf_divide(struct sbx_box *zygote, struct sbx_error *err)
{
	struct cgroup_parent parent;
	char path[PATH_MAX];
	int r;

	if (zygote->leaf.fd < 0)
		return 0;
	r = zygote_parent(zygote, path, &parent, err);
	if (r == 0)
		r = give_to_zygote(zygote, &zygote->leaf, err);
	if (r < 0)
		return r;
	parent.missing = zygote->plan->cgroup.controllers;
	parent.crowded = true;
	zygote->leaf.divided = true;
	return cgroup_prepare(&parent, err);
}

static int make(struct sbx_box *box, struct sbx_error *err)
{
	const struct sbx_box *zygote = box->zygote;
	struct cgroup_parent parent = box->plan->cgroup;
	char path[PATH_MAX];
	int r = 0;

	if (zygote)
		r = zygote_parent(zygote, path, &parent, err);
	if (r == 0)
		r = cgroup_prepare(&parent, err);
	if (r == 0)
		r = cgroup_leaf_make(&parent, &box->leaf, err);
	if (r == 0 && zygote)
		r = give_to_zygote(zygote, &box->leaf, err);
	return r;
}

int leaf_open(struct sbx_box *box, struct sbx_error *err)
{
	const struct sbx_plan *plan = box->plan;
	int r;

	if (!plan->cgroup.path)
		return 0;
	r = make(box, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < plan->n_settings; i++) {
		const struct plan_setting *setting = &plan->settings[i];

		r = file_put(box->leaf.fd, setting->file, setting->text);
		if (r < 0 && (r != -ENOENT || !is_needless(setting->file)))
			return err_set(err, SBX_STAGE_CLONE, -r,
			               "write %s to %s of the run's cgroup",
			               setting->text, setting->file);
	}
	return 0;
}

static uint64_t get_number(const struct sbx_box *box, const char *file,
                           const char *key)
{
	char text[2048];

	if (file_get(box->leaf.fd, file, text, sizeof(text)) < 0)
		return 0;
	return cgroup_number(text, key);
}

int leaf_sample(const struct sbx_box *box, struct proc_sample *sample)
{
	char text[2048];
	int r = file_get(box->leaf.fd, "cpu.stat", text, sizeof(text));

	if (r < 0)
		return r;
	sample->cpu_ns = cgroup_number(text, "usage_usec") * NS_PER_US;
	sample->memory = get_number(box, "memory.current", NULL);
	sample->tasks = (unsigned)get_number(box, "pids.current", NULL);
	sample->tasks -= sample->tasks > 0; /* pid 1 */
	return 0;
}

void leaf_begin(struct sbx_box *box)
{
	struct proc_sample sample;

	if (box->leaf.fd >= 0 && leaf_sample(box, &sample) == 0)
		box->base_cpu_ns = sample.cpu_ns;
}

void leaf_read(struct sbx_box *box)
{
	struct run *run = &box->run;
	uint64_t peak;
	char text[2048];

	if (box->leaf.fd < 0)
		return;
	if (file_get(box->leaf.fd, "cpu.stat", text, sizeof(text)) >= 0) {
		run->user_ns = cgroup_number(text, "user_usec") * NS_PER_US;
		run->system_ns = cgroup_number(text, "system_usec") * NS_PER_US;
		measure_discount(box);
	}
	peak = get_number(box, "memory.peak", NULL);
	if (peak)
		run->memory_peak = peak;
	peak = get_number(box, "pids.peak", NULL);
	if (peak > 1) /* pid 1 */
		run->tasks_peak = (unsigned)peak - 1;
	run->oom_kills = get_number(box, "memory.events", "oom_kill");
	run->pids_refused = get_number(box, "pids.events", "max");
}
