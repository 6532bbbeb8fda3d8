/* SPDX-License-Identifier: MIT */
#include "support/facts.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"

/* As root_entries[] has them. */
/* clang-format off */
#define MERGED_ROOT {                                           \
	{ROOT_DIRECTORY, NULL},   /* usr */                     \
	{ROOT_LINK, "usr/bin"},   /* bin */                     \
	{ROOT_LINK, "usr/sbin"},  /* sbin */                    \
	{ROOT_LINK, "usr/lib"},   /* lib */                     \
	{ROOT_ABSENT, NULL},      /* lib32 */                   \
	{ROOT_LINK, "usr/lib64"}, /* lib64 */                   \
	{ROOT_ABSENT, NULL}}      /* libx32 */

#define ALL_MASKS {[0 ... N_PROC_MASKS - 1] = true}
#define NO_LIMITS {[0 ... RLIM_NLIMITS - 1] = RLIM_INFINITY}
/* clang-format on */

const struct facts facts_root = {
	.privileged = true,
	.range = {IDMAP_FIRST, IDMAP_COUNT},
	.n_cpus = 4,
	.pmu = {2, {4, 10}},
	.no_cgroup = "no cgroup is delegated to sbx here",
	.hard = NO_LIMITS,
	.root = MERGED_ROOT,
	.masks = ALL_MASKS,
	.ld_cache = true,
	.alternatives = true,
	.zone = "/usr/share/zoneinfo/Europe/Zurich",
};

const struct facts facts_user = {
	.uid = 1234,
	.gid = 5678,
	.n_cpus = 4,
	.no_cgroup = "no cgroup is delegated to sbx here",
	.hard = {[RLIMIT_CPU] = RLIM_INFINITY,
                 [RLIMIT_FSIZE] = RLIM_INFINITY,
                 [RLIMIT_DATA] = RLIM_INFINITY,
                 [RLIMIT_STACK] = RLIM_INFINITY,
                 [RLIMIT_CORE] = RLIM_INFINITY,
                 [RLIMIT_RSS] = RLIM_INFINITY,
                 [RLIMIT_NPROC] = 31000,
                 [RLIMIT_NOFILE] = 1048576,
                 [RLIMIT_MEMLOCK] = 1 << 20,
                 [RLIMIT_AS] = RLIM_INFINITY,
                 [RLIMIT_LOCKS] = RLIM_INFINITY,
                 [RLIMIT_SIGPENDING] = 31000,
                 [RLIMIT_MSGQUEUE] = 819200,
                 [RLIMIT_NICE] = 0,
                 [RLIMIT_RTPRIO] = 0,
                 [RLIMIT_RTTIME] = RLIM_INFINITY},
	.root = MERGED_ROOT,
	.masks = ALL_MASKS,
	.ld_cache = true,
	.alternatives = true,
	.zone = "/usr/share/zoneinfo/Europe/Zurich",
};

const struct facts facts_separate = {
	.privileged = true,
	.range = {32768, 32768},
	.n_cpus = 1,
	.no_cgroup = "no cgroup is delegated to sbx here",
	.hard = NO_LIMITS,
	.root = {{ROOT_DIRECTORY, NULL},
                 {ROOT_DIRECTORY, NULL},
                 {ROOT_DIRECTORY, NULL},
                 {ROOT_DIRECTORY, NULL},
                 {ROOT_ABSENT, NULL},
                 {ROOT_DIRECTORY, NULL},
                 {ROOT_ABSENT, NULL}},
	.masks = {[0] = true, [4] = true, [20] = true},
	.ld_cache = true,
};

const struct facts facts_cgroup = {
	.uid = 1234,
	.gid = 5678,
	.n_cpus = 4,
	.cgroup = {.path = "/sys/fs/cgroup/a/b.scope",
                   .controllers = (1u << N_CONTROLLERS) - 1,
                   .missing = 1u << CONTROLLER_PIDS,
                   .crowded = true},
	.hard = NO_LIMITS,
	.root = MERGED_ROOT,
	.masks = ALL_MASKS,
	.ld_cache = true,
	.alternatives = true,
	.zone = "/usr/share/zoneinfo/Europe/Zurich",
};

static void must(int r, const struct sbx_error *err)
{
	if (r == 0)
		return;
	(void)fprintf(stderr, "%s\n", err->text);
	abort();
}

/* The shipped profiles, wherever a test has gone since. */
static char profiles[PATH_MAX + sizeof("/profiles")];

static __attribute__((constructor)) void find_profiles(void)
{
	char here[PATH_MAX];

	if (getcwd(here, sizeof(here)))
		(void)snprintf(profiles, sizeof(profiles), "%s/profiles", here);
}

struct sbx_spec *made_spec(const char *const *settings)
{
	const char *const dirs[] = {profiles, NULL};
	static const char *const command[] = {"ls", NULL};
	struct sbx_error err = {0};
	struct sbx_spec *spec = NULL;

	must(sbx_spec_new(&spec, &err), &err);
	must(sbx_spec_profile(spec, "base", dirs, &err), &err);
	for (; settings && settings[0]; settings += 2)
		must(sbx_spec_set(spec, settings[0], settings[1], &err), &err);
	must(sbx_spec_command(spec, command, &err), &err);
	return spec;
}

struct sbx_plan *made_plan(const struct facts *facts,
                           const char *const *settings)
{
	struct sbx_spec *spec = made_spec(settings);
	struct facts found = *facts;
	struct sbx_plan *plan = NULL;
	struct sbx_error err = {0};

	found.executable = "/usr/bin/ls";
	must(plan_build(spec, &found, &plan, &err), &err);
	sbx_spec_free(spec);
	return plan;
}

int plan_text(const struct sbx_plan *plan, struct buffer *out)
{
	CLEANUP_FD int fd = memfd_create("plan", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = sbx_plan_print(plan, fd);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r == 0)
		r = file_read_fd(fd, 1 << 24, out);
	buffer_append(out, "", 1);
	return r == 0 && out->failed ? -ENOMEM : r;
}

bool plan_says(const struct sbx_plan *plan, const char *line)
{
	struct buffer text CLEANUP(buffer_free) = {0};
	size_t len = strlen(line);

	if (plan_text(plan, &text) < 0)
		return false;
	for (const char *at = text.data; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, line, len) == 0 &&
		    (at[len] == '\n' || at[len] == '\0'))
			return true;
	}
	return false;
}
