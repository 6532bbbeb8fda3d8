/* SPDX-License-Identifier: MIT */
#include "box/facts.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "box/find.h"
#include "box/inputs.h"
#include "box/trees.h"
#include "kernel/caps.h"
#include "kernel/probe.h"
#include "model/checks.h"

static int collect_caller(struct facts *facts, struct sbx_error *err)
{
	struct rlimit limit;
	int may;

	facts->uid = geteuid();
	facts->gid = getegid();
	facts->privileged = facts->uid == 0;
	facts->n_cpus = probe_cpus();
	for (int i = 0; i < (int)RLIM_NLIMITS; i++) {
		if (getrlimit((__rlimit_resource_t)i, &limit) < 0)
			return err_set(err, SBX_STAGE_PLAN, errno, "getrlimit");
		facts->hard[i] = limit.rlim_max;
	}
	if (!facts->privileged)
		return 0;
	may = caps_can_map();
	if (may < 0)
		return err_set(err, SBX_STAGE_PLAN, -may, "cap_get_proc");
	if (!may)
		return err_say(err, SBX_STAGE_IDMAP, EPERM,
		               "root here lacks CAP_SETUID, and the program "
		               "would be root outside: run sbx as an ordinary "
		               "user, or add the capability");
	return idmap_range(&facts->range, err);
}

/* Whether an error says that there is no cgroup to be had, and not that it
 * could not be looked for. */
static bool is_lack(int code)
{
	return code == ENOENT || code == ENOTDIR || code == EACCES ||
	       code == EPERM || code == ENOTSUP;
}

/* Without one the run does with what there is else; the plan knows whether
 * that will do. */
static int collect_cgroup(const struct sbx_spec *spec, struct arena *arena,
                          struct facts *facts, struct sbx_error *err)
{
	const char *asked = spec->cgroup.text;
	struct sbx_error why = {0};
	int r = 0;

	if (strcmp(asked, "none") == 0)
		facts->no_cgroup = "--cgroup none rules one out";
	else
		r = cgroup_find(asked[0] == '/' ? asked : NULL, arena,
		                &facts->cgroup, &why);
	if (r < 0 && !is_lack(-r)) {
		if (err)
			*err = why;
		return r;
	}
	if (r < 0)
		facts->no_cgroup = arena_strdup(arena, why.text);
	return facts->cgroup.path || facts->no_cgroup
	               ? 0
	               : err_memory(err, SBX_STAGE_PLAN);
}

/* The remedy of each reason why nothing counts. */
static const char *why_no_pmu(struct arena *arena, int code)
{
	switch (code) {
	case EACCES:
	case EPERM:
		if (pmu_is_shut())
			return "the kernel keeps the counter of instructions "
			       "to root of the host: sysctl -w "
			       "kernel.perf_event_paranoid=2";
		break;
	case ENOENT:
	case ENODEV:
	case EOPNOTSUPP:
		return "this host has no counter of instructions: take one "
		       "with a PMU, which virtual machines mostly lack";
	default:
		break;
	}
	return arena_printf(arena,
	                    "perf_event_open: %s; sbx-check pmu says what is "
	                    "in the way; mend that",
	                    strerror(code));
}

/* Only for who wants it. Each kind of core is tried. */
static int collect_pmu(const struct sbx_spec *spec, struct arena *arena,
                       struct facts *facts, struct sbx_error *err)
{
	struct pmu pmu = {0};
	int r;

	if (spec->limits[LIMIT_FUEL].value == LIMIT_OFF)
		return 0;
	r = pmu_find(PMU_DEVICES, &pmu);
	for (unsigned i = 0; i < pmu.n && r >= 0; i++) {
		r = pmu_open(pmu.types[i]);
		cleanup_fd(&r);
	}
	if (r >= 0 && pmu_is_shut())
		r = -EACCES;
	if (r >= 0)
		facts->pmu = pmu;
	else
		facts->no_pmu = why_no_pmu(arena, -r);
	return facts->pmu.n || facts->no_pmu ? 0
	                                     : err_memory(err, SBX_STAGE_PLAN);
}

static int look_error(const char *path, int code, struct sbx_error *err)
{
	return err_set(err, SBX_STAGE_PLAN, code, "look at %s", path);
}

/* Whether there is something of that kind at path. */
static int look(const char *path, enum probe_kind kind, bool *there,
                struct sbx_error *err)
{
	int found = probe_kind(path);

	if (found < 0)
		return look_error(path, -found, err);
	*there = found == (int)kind;
	return 0;
}

static int collect_entry(const char *path, struct arena *arena,
                         struct root_entry *entry, struct sbx_error *err)
{
	char target[PATH_MAX];
	int kind = probe_kind(path), r = 0;

	if (kind == PROBE_DIRECTORY)
		entry->kind = ROOT_DIRECTORY;
	if (kind == PROBE_LINK)
		r = probe_link(path, target, sizeof(target));
	if (kind < 0 || r < 0)
		return look_error(path, kind < 0 ? -kind : -r, err);
	if (kind != PROBE_LINK)
		return 0;
	entry->kind = ROOT_LINK;
	entry->link = arena_strdup(arena, target);
	return entry->link ? 0 : err_memory(err, SBX_STAGE_PLAN);
}

/* Only as a name in /usr: the file itself is not taken. */
static int collect_zone(struct arena *arena, struct facts *facts,
                        struct sbx_error *err)
{
	static const char path[] = "/etc/localtime";
	char target[PATH_MAX], zones[PATH_MAX];
	bool there = false;
	int r = probe_link(path, target, sizeof(target));

	if (r == -ENOENT || r == -EINVAL)
		return 0;
	if (r < 0)
		return look_error(path, -r, err);
	if (strncmp(target, "/usr/share/zoneinfo/", 20) != 0)
		return 0;
	(void)snprintf(zones, sizeof(zones), "%s/usr/share/zoneinfo",
	               facts->tree ? facts->tree : "");
	r = look(zones, PROBE_DIRECTORY, &there, err);
	if (r < 0 || !there)
		return r;
	facts->zone = arena_strdup(arena, target);
	return facts->zone ? 0 : err_memory(err, SBX_STAGE_PLAN);
}

static int collect_tree(struct arena *arena, struct facts *facts,
                        struct sbx_error *err)
{
	const char *top = facts->tree ? facts->tree : "";
	size_t n = facts->tree ? N_ROOT_ENTRIES : N_HOST_ENTRIES;
	char path[PATH_MAX];
	int r = 0;

	memset(facts->root, 0, sizeof(facts->root));
	facts->zone = NULL;
	for (size_t i = 0; r == 0 && i < n; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", top,
		               root_entries[i]);
		r = collect_entry(path, arena, &facts->root[i], err);
	}
	for (size_t i = 0; r == 0 && i < N_PROC_MASKS; i++) {
		const struct proc_mask *mask = &proc_masks[i];

		(void)snprintf(path, sizeof(path), "/proc/%s", mask->name);
		r = look(path, mask->directory ? PROBE_DIRECTORY : PROBE_FILE,
		         &facts->masks[i], err);
	}
	(void)snprintf(path, sizeof(path), "%s/etc/ld.so.cache", top);
	if (r == 0)
		r = look(path, PROBE_FILE, &facts->ld_cache, err);
	(void)snprintf(path, sizeof(path), "%s/etc/alternatives", top);
	if (r == 0)
		r = look(path, PROBE_DIRECTORY, &facts->alternatives, err);
	return r == 0 ? collect_zone(arena, facts, err) : r;
}

static int collect_binds(const struct sbx_spec *spec, struct arena *arena,
                         struct facts *facts, struct sbx_error *err)
{
	const struct bind *bind;
	struct bind_source *sources;
	size_t n = 0;
	int r;

	for (bind = spec->binds; bind; bind = bind->next)
		n++;
	sources = arena_alloc(arena, (n + 1) * sizeof(*sources));
	if (!sources)
		return err_memory(err, SBX_STAGE_PLAN);
	facts->binds = sources;
	for (bind = spec->binds; bind; bind = bind->next) {
		char real[PATH_MAX];
		const char *fault;

		if (!realpath(bind->source, real))
			return err_set(err, SBX_STAGE_PLAN, errno, "bind %s",
			               bind->source);
		fault = mount_source_fault(real);
		if (fault)
			return err_say(err, SBX_STAGE_PLAN, EINVAL,
			               "bind %s: it is %s, which %s",
			               bind->source, real, fault);
		r = look(real, PROBE_DIRECTORY, &sources->directory, err);
		if (r < 0)
			return r;
		sources->path = arena_strdup(arena, real);
		if (!sources++->path)
			return err_memory(err, SBX_STAGE_PLAN);
	}
	return 0;
}

static int file_error(const char *path, int code, uint64_t disk,
                      struct sbx_error *err)
{
	switch (code) {
	case ENOMEM:
		return err_memory(err, SBX_STAGE_PLAN);
	case ENOENT:
	case ENOTDIR:
		return err_set(err, SBX_STAGE_EXEC, ENOENT, "%s", path);
	case EFBIG:
		return err_say(err, SBX_STAGE_PLAN, EFBIG,
		               "%s: is larger than limits.disk, %ju bytes; "
		               "--disk raises it",
		               path, (uintmax_t)disk);
	case EINVAL:
		return err_say(err, SBX_STAGE_EXEC, EINVAL,
		               "%s: is not a regular file; give - to read the "
		               "program from standard input",
		               path);
	default:
		return err_set(err, SBX_STAGE_EXEC, code, "%s", path);
	}
}

static int read_program(const struct sbx_spec *spec, struct arena *arena,
                        struct facts *facts, struct sbx_error *err)
{
	uint64_t disk = spec->limits[LIMIT_DISK].value;
	const char *path = spec->program.path, *slash = strrchr(path, '/');
	struct buffer text = {0};
	int r;

	r = file_read(path, disk < SIZE_MAX ? (size_t)disk : SIZE_MAX, &text);
	if (r == 0 && text.failed)
		r = -ENOMEM;
	if (r < 0) {
		buffer_free(&text);
		return file_error(path, -r, disk, err);
	}
	facts->code = text.len ? arena_memdup(arena, text.data, text.len) : "";
	facts->code_len = text.len;
	facts->code_name = arena_strdup(arena, slash ? slash + 1 : path);
	buffer_free(&text);
	return facts->code && facts->code_name
	               ? 0
	               : err_memory(err, SBX_STAGE_PLAN);
}

static int collect_program(const struct sbx_spec *spec, struct arena *arena,
                           struct facts *facts, struct sbx_error *err)
{
	uint64_t disk = spec->limits[LIMIT_DISK].value;

	switch (spec->program.kind) {
	case PROGRAM_FILE:
		return read_program(spec, arena, facts, err);
	case PROGRAM_CODE:
		facts->code = spec->program.code;
		facts->code_len = spec->program.code_len;
		facts->code_name = spec->file ? spec->file : "program";
		if (facts->code_len > disk)
			return file_error("the program's text", EFBIG, disk,
			                  err);
		return 0;
	default:
		return 0;
	}
}

/* Only what is there at once: a FIFO would wait for who writes to it. */
static int check_stdin(const struct sbx_spec *spec, struct sbx_error *err)
{
	const char *path = spec->stdin_path.text;
	struct stat st;

	if (!path)
		return 0;
	if (access(path, R_OK) < 0 || stat(path, &st) < 0)
		return err_set(err, SBX_STAGE_PLAN, errno, "stdin %s", path);
	if (S_ISDIR(st.st_mode))
		return err_set(err, SBX_STAGE_PLAN, EISDIR, "stdin %s", path);
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode))
		return err_say(err, SBX_STAGE_PLAN, EINVAL,
		               "stdin %s: is not a file; give it as sbx's own "
		               "standard input instead",
		               path);
	return 0;
}

int facts_of_host(struct arena *arena, struct facts *facts,
                  struct sbx_error *err)
{
	int r;

	*facts = (struct facts){0};
	r = collect_caller(facts, err);
	return r < 0 ? r : collect_tree(arena, facts, err);
}

int facts_collect(const struct sbx_spec *spec, struct arena *arena,
                  struct facts *facts, struct sbx_error *err)
{
	struct facts found = {0};
	int r = 0;

	if (spec->host)
		found = *spec->host;
	else
		r = collect_caller(&found, err);
	if (r == 0)
		r = trees_collect(spec, arena, &found, err);
	if (r == 0 && (found.tree || !spec->host))
		r = collect_tree(arena, &found, err);
	if (r == 0)
		r = collect_cgroup(spec, arena, &found, err);
	if (r == 0)
		r = collect_pmu(spec, arena, &found, err);
	if (r == 0)
		r = collect_binds(spec, arena, &found, err);
	if (r == 0)
		r = check_stdin(spec, err);
	if (r == 0)
		r = inputs_look(spec, arena, &found, err);
	if (r == 0)
		r = collect_program(spec, arena, &found, err);
	if (r == 0)
		r = find_executable(spec, arena, &found, err);
	if (r == 0)
		*facts = found;
	return r;
}
