/* SPDX-License-Identifier: MIT */
#include "box/root.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "box/inputs.h"
#include "box/session.h"
#include "kernel/mount.h"

static int open_bind(const struct step *step)
{
	return step->inode
	               ? mount_exact(step->source, step->device, step->inode)
	               : mount_tree(step->source, step->writable);
}

static int open_device(const struct step *step)
{
	return mount_device(step->source, step->device);
}

static int open_proc(const struct step *step)
{
	(void)step;
	return mount_proc();
}

static int take_directory(const struct step *step, int tree)
{
	(void)tree;
	return step->replace                       ? session_directory(step)
	       : mkdir(step->path, step->mode) < 0 ? -errno
	                                           : 0;
}

static int take_file(const struct step *step, int tree)
{
	return input_place(AT_FDCWD, step->path, step, tree);
}

static int take_link(const struct step *step, int tree)
{
	(void)tree;
	return symlink(step->source, step->path) < 0 ? -errno : 0;
}

static int take_tree(const struct step *step, int tree)
{
	return mount_attach(tree, step->path);
}

static int take_pts(const struct step *step, int tree)
{
	tree = mount_pts();
	return tree < 0 ? tree : take_tree(step, tree);
}

/* Pid 1 is there: see init.c. */
static int take_network(const struct step *step, int tree)
{
	(void)step;
	(void)tree;
	return 0;
}

static int take_sysctl(const struct step *step, int tree)
{
	(void)tree;
	return file_put(AT_FDCWD, step->path, step->data);
}

/* Covers path with a copy of what is at source. */
static int cover(const char *source, const char *path)
{
	int tree = mount_own(source);

	return tree < 0 ? tree : mount_attach(tree, path);
}

static int open_layers(const struct step *step)
{
	return mount_tree(step->source, false);
}

/* Taken before the root is sealed, the copy stays writable. */
static int take_scratch(const struct step *step, int tree)
{
	(void)tree;
	return cover(step->path, step->path);
}

static int take_mask(const struct step *step, int tree)
{
	(void)tree;
	return cover(step->source, step->path);
}

static int take_seal(const struct step *step, int tree)
{
	(void)tree;
	return mount_seal(step->path);
}

struct step_row {
	const char *verb;
	int (*open)(const struct step *step); /* in the host's tree, or NULL */
	int (*take)(const struct step *step, int tree);
};

static const struct step_row step_rows[N_STEPS] = {
	[STEP_DIRECTORY] = {"make directory", NULL, take_directory},
	[STEP_FILE] = {"make file", NULL, take_file},
	[STEP_COPY] = {"copy", input_open, take_file},
	[STEP_LINK] = {"make link", NULL, take_link},
	[STEP_BIND] = {"bind", open_bind, take_tree},
	[STEP_DEVICE] = {"bind device", open_device, take_tree},
	[STEP_PROC] = {"mount proc on", open_proc, take_tree},
	[STEP_PTS] = {"mount devpts on", NULL, take_pts},
	[STEP_NETWORK] = {"enter the network of", NULL, take_network},
	[STEP_SYSCTL] = {"write", NULL, take_sysctl},
	[STEP_LAYERS] = {"attach the layers of the session on", open_layers,
                         take_tree},
	[STEP_OVERLAY] = {"mount the session on", NULL, session_mount},
	[STEP_SCRATCH] = {"make writable", NULL, take_scratch},
	[STEP_MASK] = {"mask", NULL, take_mask},
	[STEP_SEAL] = {"make read-only", NULL, take_seal},
};

static int step_error(const struct step *step, int code, struct sbx_error *err)
{
	const char *verb = step_rows[step->kind].verb;

	if (step->kind == STEP_PROC && code == EPERM)
		return err_set(err, SBX_STAGE_MOUNT, code,
		               "mount proc on %s: parts of this host's own "
		               "/proc are covered, as in a container; run sbx "
		               "outside, or with /proc unmasked",
		               step->path);
	if (step->kind == STEP_OVERLAY && code == EOPNOTSUPP)
		return err_say(err, SBX_STAGE_MOUNT, code,
		               "session: tmpfs of this kernel keeps no user "
		               "attributes, which takes Linux 6.6");
	if (step->kind == STEP_COPY)
		return err_set(err, SBX_STAGE_MOUNT, code, "copy %s to %s",
		               step->source, step->path);
	if (step->kind == STEP_BIND && strcmp(step->source, step->path) != 0)
		return err_set(err, SBX_STAGE_MOUNT, code, "bind %s on %s",
		               step->source, step->path);
	return err_set(err, SBX_STAGE_MOUNT, code, "%s %s", verb, step->path);
}

/* What is wrong with the place that a step wants, and what would be right; NULL
 * where that is no fault of who named it. code is what the kernel said. */
static const char *place_fault(const struct step *step, int *code)
{
	struct stat at;

	if (*code == ENOTDIR)
		return "is below a file; name a path below a directory";
	if (step->kind != STEP_BIND)
		return NULL;
	if (*code == ENOENT)
		return "is not there, and nothing can be added to what is "
		       "read-only; name a path that is there, or one like "
		       "/mnt/x";
	if (*code != EINVAL || stat(step->path, &at) < 0)
		return NULL;
	*code = S_ISDIR(at.st_mode) ? EISDIR : ENOTDIR;
	return *code == EISDIR ? "is a directory, and what is to be shown "
	                         "there is none; name a file below it"
	                       : "is a file, and what is to be shown there is "
	                         "a directory; name a directory";
}

static int place_error(const struct step *step, int code, struct sbx_error *err)
{
	const char *fault = place_fault(step, &code);

	if (!fault)
		return step_error(step, code, err);
	return err_say(err, SBX_STAGE_MOUNT, code, "%s %s: it %s",
	               step_rows[step->kind].verb, step->path, fault);
}

int root_open(struct root *root, const struct sbx_plan *plan,
              struct sbx_error *err)
{
	root->next = 0;
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct step *step = &plan->steps[i];
		const struct step_row *row = &step_rows[step->kind];

		root->trees[i] =
			row->open && !step->handed ? row->open(step) : -1;
		if (row->open && !step->handed && root->trees[i] < 0)
			return step_error(step, -root->trees[i], err);
	}
	return 0;
}

void root_take(struct root *root, const struct sbx_plan *plan, int tree)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].handed)
			root->trees[i] = tree;
}

/* From the next step to the last, or to the one before kind. */
static int take_steps(struct root *root, const struct sbx_plan *plan,
                      enum step_kind kind, struct sbx_error *err)
{
	int r;

	for (; root->next < plan->n_steps; root->next++) {
		const struct step *step = &plan->steps[root->next];

		if (step->kind == kind)
			return 0;
		r = step_rows[step->kind].take(step, root->trees[root->next]);
		if (r < 0)
			return place_error(step, -r, err);
	}
	return 0;
}

int root_build(struct root *root, const struct sbx_plan *plan,
               struct sbx_error *err)
{
	CLEANUP_FD int tmpfs = -1;
	int r;

	(void)umask(0); /* modes are the plan's */
	tmpfs = mount_tmpfs(plan->tmpfs_bytes, plan->tmpfs_inodes);
	r = tmpfs < 0 ? tmpfs : mount_enter(tmpfs);
	if (r < 0)
		return err_set(err, SBX_STAGE_MOUNT, -r, "enter the new root");
	r = take_steps(root, plan, STEP_NETWORK, err);
	if (r < 0)
		return r;
	if (sethostname(plan->hostname, strlen(plan->hostname)) < 0)
		return err_set(err, SBX_STAGE_INIT, errno, "sethostname %s",
		               plan->hostname);
	return 0;
}

int root_finish(struct root *root, const struct sbx_plan *plan,
                struct sbx_error *err)
{
	return take_steps(root, plan, N_STEPS, err);
}
