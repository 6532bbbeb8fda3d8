/* SPDX-License-Identifier: MIT */
/* A plan as text, for --dry-run and the golden tests: one fact or step a line,
 * in the order of the run. */
#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/text.h"
#include "kernel/ns.h"
#include "model/plan.h"

static const char *const step_names[N_STEPS] = {
	[STEP_DIRECTORY] = "directory", [STEP_FILE] = "file",
	[STEP_COPY] = "copy",           [STEP_LINK] = "link",
	[STEP_BIND] = "bind",           [STEP_DEVICE] = "device",
	[STEP_PROC] = "proc",           [STEP_PTS] = "pts",
	[STEP_NETWORK] = "network",     [STEP_SYSCTL] = "sysctl",
	[STEP_LAYERS] = "layers",       [STEP_OVERLAY] = "overlay",
	[STEP_SCRATCH] = "scratch",     [STEP_MASK] = "mask",
	[STEP_SEAL] = "read-only",
};

static void put_escaped(struct buffer *out, const char *text)
{
	char line[1024];

	buffer_text(out, text_escape(text, line, sizeof(line)));
}

static void put_step(struct buffer *out, const struct step *step)
{
	buffer_printf(out, "mount: %s ", step_names[step->kind]);
	put_escaped(out, step->path);
	switch (step->kind) {
	case STEP_DIRECTORY:
		buffer_printf(out, " mode %04o", step->mode);
		break;
	case STEP_FILE:
		buffer_printf(out, " mode %04o, %zu bytes", step->mode,
		              step->len);
		break;
	case STEP_COPY:
		buffer_printf(out, " mode %04o, %zu bytes from ", step->mode,
		              step->len);
		put_escaped(out, step->source);
		break;
	case STEP_SYSCTL:
		buffer_printf(out, " = %s", (const char *)step->data);
		break;
	case STEP_LINK:
		buffer_text(out, " -> ");
		put_escaped(out, step->source);
		break;
	case STEP_LAYERS:
	case STEP_OVERLAY:
		buffer_text(out, " of ");
		put_escaped(out, step->source);
		break;
	case STEP_BIND:
		buffer_text(out, " from ");
		put_escaped(out, step->source);
		buffer_text(out, step->writable ? ", writable" : ", read-only");
		break;
	default:
		break;
	}
	buffer_text(out, "\n");
}

static void put_ids(struct buffer *out, const struct sbx_plan *plan)
{
	buffer_text(out, "clone: new");
	for (size_t i = 0; i < n_namespaces; i++)
		buffer_printf(out, " %s", namespaces[i].name);
	if (plan->privileged)
		buffer_printf(out,
		              "\nidmap: uid and gid %d inside, one of %u to %u "
		              "outside\n",
		              BOX_UID, plan->range.first,
		              plan->range.first + plan->range.count - 1);
	else
		buffer_printf(out,
		              "\nidmap: uid %d and gid %d inside, %u and %u "
		              "outside\n",
		              BOX_UID, BOX_GID, plan->uid, plan->gid);
	buffer_printf(out, "network: %s\n", network_name(plan->network));
}

static void put_cgroup(struct buffer *out, const struct sbx_plan *plan)
{
	buffer_text(out, "cgroup: ");
	if (!plan->cgroup.path) {
		buffer_text(out, "none\n");
		return;
	}
	buffer_text(out, "a new one below ");
	put_escaped(out, plan->cgroup.path);
	if (plan->cgroup.crowded)
		buffer_text(out, ", whose processes move down first");
	buffer_text(out, "\n");
	for (size_t i = 0; i < plan->n_settings; i++)
		buffer_printf(out, "cgroup: %s %s\n", plan->settings[i].file,
		              plan->settings[i].text);
}

static void put_limits(struct buffer *out, const struct sbx_plan *plan)
{
	char text[24];

	for (size_t i = 0; i < N_LIMITS; i++)
		buffer_printf(out, "limit: %s %s, by %s\n",
		              limit_name((enum limit)i),
		              limit_format((enum limit)i, plan->limits[i].value,
		                           text),
		              enforcer_name(plan->limits[i].enforced_by));
	for (size_t i = 0; i < N_PLAN_RLIMITS; i++) {
		const struct plan_rlimit *rlimit = &plan->rlimits[i];

		if (rlimit->value == RLIM_INFINITY)
			buffer_printf(out, "rlimit: %s none\n", rlimit->name);
		else
			buffer_printf(out, "rlimit: %s %ju\n", rlimit->name,
			              (uintmax_t)rlimit->value);
	}
	for (unsigned i = 0; i < plan->pmu.n; i++)
		buffer_printf(out, "counter: of instructions, on kind %u\n",
		              plan->pmu.types[i]);
	buffer_printf(out, "processors: %u\n", plan->n_cpus);
	buffer_printf(out, "output beyond its limit: %s\n",
	              plan->output_action == OUTPUT_KILL ? "ends the run"
	                                                 : "is dropped");
}

static void put_program(struct buffer *out, const struct sbx_plan *plan)
{
	buffer_printf(out, "filter: %zu instructions from", plan->n_filter);
	for (size_t i = 0; i < plan->seccomp.n; i++)
		buffer_printf(out, " %s", plan->seccomp.items[i]);
	buffer_text(out, "\n");
	for (size_t i = 0; plan->envp[i]; i++) {
		buffer_text(out, "env: ");
		put_escaped(out, plan->envp[i]);
		buffer_text(out, "\n");
	}
	if (plan->stdin_path) {
		buffer_text(out, "stdin: ");
		put_escaped(out, plan->stdin_path);
		buffer_text(out, "\n");
	} else if (plan->stdin_text) {
		buffer_printf(out, "stdin: a text of %zu bytes\n",
		              plan->stdin_len);
	}
	buffer_text(out, "workdir: ");
	put_escaped(out, plan->workdir);
	buffer_text(out, "\nexec: ");
	put_escaped(out, plan->executable);
	buffer_text(out, "\n");
	for (size_t i = 0; plan->argv[i]; i++) {
		buffer_printf(out, "argument %zu: ", i);
		put_escaped(out, plan->argv[i]);
		buffer_text(out, "\n");
	}
}

static void put_bound(struct buffer *out, uint64_t bound, const char *what)
{
	if (bound)
		buffer_printf(out, "%ju%s", (uintmax_t)bound, what);
	else
		buffer_printf(out, "unbounded%s", what);
}

int sbx_plan_print(const struct sbx_plan *plan, int fd)
{
	struct buffer out = {0};
	int r;

	put_ids(&out, plan);
	put_cgroup(&out, plan);
	buffer_text(&out, "mount: tmpfs of ");
	put_bound(&out, plan->tmpfs_bytes, " bytes and ");
	put_bound(&out, plan->tmpfs_inodes, " inodes\n");
	for (size_t i = 0; i < plan->n_steps; i++)
		put_step(&out, &plan->steps[i]);
	buffer_text(&out, "hostname: ");
	put_escaped(&out, plan->hostname);
	buffer_text(&out, "\n");
	put_limits(&out, plan);
	put_program(&out, plan);
	r = out.failed ? -ENOMEM : file_write_fd(fd, out.data, out.len);
	buffer_free(&out);
	return r;
}
