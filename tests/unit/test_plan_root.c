/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "model/built.h"
#include "model/checks.h"
#include "support/facts.h"

TestSuite(plan_root);

/* Plans the settings of a spec whose binds are of directories, but for those
 * whose source ends in ".txt". */
static int build(const struct facts *host, const char *const *settings,
                 struct sbx_plan **plan, struct sbx_error *err)
{
	struct sbx_spec *spec = made_spec(settings);
	struct bind_source sources[256];
	struct facts facts = *host;
	size_t n = 0;
	int r;

	for (const struct bind *bind = spec->binds; bind; bind = bind->next) {
		size_t len = strlen(bind->source);

		sources[n].path = bind->source;
		sources[n++].directory =
			len < 4 || strcmp(bind->source + len - 4, ".txt") != 0;
	}
	facts.binds = sources;
	facts.executable = "/usr/bin/ls";
	facts.code = "abc";
	facts.code_len = 3;
	facts.code_name = "code.py";
	r = plan_build(spec, &facts, plan, err);
	sbx_spec_free(spec);
	return r;
}

static struct sbx_plan *must_build(const struct facts *host,
                                   const char *const *settings)
{
	struct sbx_error err = {0};
	struct sbx_plan *plan = NULL;

	cr_assert_eq(build(host, settings, &plan, &err), 0, "%s", err.text);
	return plan;
}

static const char *const *const specs[] = {
	NULL,
	(const char *const[]){"network.mode", "none", NULL},
	(const char *const[]){"limits.disk", "none", "limits.inodes", "none",
                              NULL},
	(const char *const[]){"mounts", "/srv/a:/data/x/y", "mounts.writable",
                              "/srv/b:/data", "mounts", "/srv/c.txt:/data/z",
                              "mounts", "/srv:/workspace/in/put", NULL},
	(const char *const[]){"mounts", "/srv/ls.txt:/bin/ls", "mounts",
                              "/srv:/usr/local", "mounts", "/srv:/etc/ssl",
                              "mounts", "/srv:/opt", NULL},
};

static const struct facts *const hosts[] = {&facts_root, &facts_user,
                                            &facts_separate};

/* Calls check for the plan of each spec on each host. */
static void for_all(void (*check)(const struct sbx_plan *plan,
                                  const struct facts *facts))
{
	for (size_t i = 0; i < ARRAY_SIZE(specs) * ARRAY_SIZE(hosts); i++) {
		const struct facts *host = hosts[i % ARRAY_SIZE(hosts)];
		struct sbx_plan *plan =
			must_build(host, specs[i / ARRAY_SIZE(hosts)]);

		check(plan, host);
		sbx_plan_free(plan);
	}
}

static bool makes(const struct step *step)
{
	return step->kind == STEP_DIRECTORY || step->kind == STEP_FILE ||
	       step->kind == STEP_LINK;
}

/* Whether, before step n, something stands at path; with its first len
 * bytes. */
static bool stands(const struct sbx_plan *plan, size_t n, const char *path,
                   size_t len)
{
	if (len == 0)
		return true; /* the root itself */
	for (size_t i = 0; i < n; i++) {
		const struct step *step = &plan->steps[i];
		size_t step_len = strlen(step->path);

		if (makes(step) && step_len == len &&
		    strncmp(step->path, path, len) == 0)
			return true;
		/* In a tree that was attached there. */
		if ((step->kind == STEP_BIND || step->kind == STEP_PROC ||
		     step->kind == STEP_PTS || step->kind == STEP_LINK) &&
		    step_len < len && path[step_len] == '/' &&
		    strncmp(step->path, path, step_len) == 0)
			return true;
	}
	return false;
}

static void check_places(const struct sbx_plan *plan, const struct facts *facts)
{
	(void)facts;
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct step *step = &plan->steps[i];
		const char *slash = strrchr(step->path, '/');

		cr_expect(path_ok(step->path), "%s", step->path);
		cr_expect(stands(plan, i, step->path,
		                 (size_t)(slash - step->path)),
		          "no place for %s", step->path);
		cr_expect_eq(makes(step),
		             !stands(plan, i, step->path, strlen(step->path)) &&
		                     step->path[1],
		             "%s", step->path);
	}
}

/* Each step finds its place: what it makes is not there yet and has a parent,
 * what it attaches to, covers, writes or removes is there. */
Test(plan_root, gives_every_step_its_place)
{
	for_all(check_places);
}

static size_t index_of(const struct sbx_plan *plan, enum step_kind kind,
                       const char *path)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].kind == kind &&
		    strcmp(plan->steps[i].path, path) == 0)
			return i;
	return SIZE_MAX;
}

static void check_seals(const struct sbx_plan *plan, const struct facts *facts)
{
	size_t proc = index_of(plan, STEP_PROC, "/proc");
	size_t closed = index_of(plan, STEP_SEAL, "/proc");
	size_t sealed = index_of(plan, STEP_SEAL, "/");
	size_t network = index_of(plan, STEP_NETWORK, "/proc/sys/net");
	size_t n_masks = 0, n_wanted = 0;

	cr_assert_neq(proc, SIZE_MAX);
	cr_assert(sealed < network && network < closed);
	cr_assert_eq(closed, plan->n_steps - 1);
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct step *step = &plan->steps[i];

		if (step->kind == STEP_SYSCTL)
			cr_expect(network < i && i < closed, "%s", step->path);
		cr_expect_eq(step->kind == STEP_MASK, i > sealed && i < network,
		             "%s", step->path);
		n_masks += step->kind == STEP_MASK;
	}
	for (size_t i = 0; i < N_PROC_MASKS; i++)
		n_wanted += facts->masks[i];
	cr_expect_eq(n_masks, n_wanted);
}

/* The root is closed when all is made; the masks are copies of what is closed;
 * /proc gets its settings last, in the network namespace, and is closed then.
 */
Test(plan_root, seals)
{
	for_all(check_seals);
}

static void check_writable(const struct sbx_plan *plan,
                           const struct facts *facts)
{
	size_t n_scratch = 0;

	(void)facts;
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct step *step = &plan->steps[i];

		if (step->kind == STEP_SCRATCH) {
			n_scratch++;
			cr_expect(strcmp(step->path, "/tmp") == 0 ||
			                  strcmp(step->path, "/workspace") ==
			                          0 ||
			                  strcmp(step->path, "/dev/shm") == 0,
			          "%s", step->path);
		}
		cr_expect(!step->writable || step->kind == STEP_BIND);
		cr_expect(!step->writable || strcmp(step->path, "/data") == 0,
		          "%s", step->path);
	}
	cr_expect_eq(n_scratch, 3);
}

/* Writable are the three places of the program, and binds of which it was
 * asked. */
Test(plan_root, writes_to_three_places)
{
	for_all(check_writable);
}

static void check_sources(const struct sbx_plan *plan,
                          const struct facts *facts)
{
	static const char *const wanted[] = {"/usr/", "/bin/", "/sbin/",
	                                     "/lib/", "/lib64/"};
	size_t n_binds = 0, n_wanted = facts->ld_cache + facts->alternatives;

	for (size_t i = 0; i < N_ROOT_ENTRIES; i++)
		n_wanted += facts->root[i].kind == ROOT_DIRECTORY;
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct step *step = &plan->steps[i];
		bool known = false;

		if (step->kind != STEP_BIND ||
		    strncmp(step->source, "/srv", 4) == 0)
			continue;
		n_binds++;
		cr_expect_str_eq(step->path, step->source);
		for (size_t n = 0; n < ARRAY_SIZE(wanted); n++)
			known |= strncmp(step->source, wanted[n],
			                 strlen(step->source)) == 0;
		cr_expect(
			known ||
				strcmp(step->source, "/etc/ld.so.cache") == 0 ||
				strcmp(step->source, "/etc/alternatives") == 0,
			"%s", step->source);
	}
	cr_expect_eq(n_binds, n_wanted);
}

/* Of the host is there what programs need, where it is, and nothing else. */
Test(plan_root, takes_little_from_the_host)
{
	for_all(check_sources);
}

static void check_devices(const struct sbx_plan *plan,
                          const struct facts *facts)
{
	static const struct {
		const char *path;
		unsigned minor;
	} rows[] = {{"/dev/null", 3},
	            {"/dev/zero", 5},
	            {"/dev/full", 7},
	            {"/dev/random", 8},
	            {"/dev/urandom", 9}};
	size_t n = 0;

	(void)facts;
	for (size_t i = 0; i < plan->n_steps; i++)
		n += plan->steps[i].kind == STEP_DEVICE;
	cr_expect_eq(n, ARRAY_SIZE(rows));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t at = index_of(plan, STEP_DEVICE, rows[i].path);

		cr_assert_neq(at, SIZE_MAX);
		cr_expect_eq(plan->steps[at].device, makedev(1, rows[i].minor));
	}
}

/* Five devices, each with its number. */
Test(plan_root, has_five_devices)
{
	for_all(check_devices);
}

static void check_budget(const struct sbx_plan *plan, const struct facts *facts)
{
	size_t inodes = 1, pages = 0;

	(void)facts;
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct step *step = &plan->steps[i];

		/* The program's own file is the program's to pay. */
		if (strcmp(step->path, "/workspace/code.py") == 0)
			continue;
		inodes += makes(step);
		pages +=
			step->kind == STEP_FILE ? (step->len + 4095) / 4096 : 0;
	}
	cr_expect_eq(plan->base_inodes, inodes);
	cr_expect_eq(plan->base_bytes, 4096 * pages);
	if (plan->limits[LIMIT_DISK].value == LIMIT_OFF) {
		/* Files are memory: the memory limit bounds them then. */
		cr_expect_eq(plan->tmpfs_bytes,
		             plan->limits[LIMIT_MEMORY].value == LIMIT_OFF
		                     ? 0
		                     : plan->limits[LIMIT_MEMORY].value +
		                               plan->base_bytes);
		cr_expect_eq(plan->tmpfs_inodes, 0);
		return;
	}
	cr_expect_eq(plan->tmpfs_bytes, (100 << 20) + plan->base_bytes);
	cr_expect_eq(plan->tmpfs_inodes, 10000 + plan->base_inodes);
}

/* What the root tree itself takes is not the program's: it is on top of the
 * program's limits. */
Test(plan_root, pays_for_itself)
{
	for_all(check_budget);
}

static struct sbx_plan *plan_of_built(struct sbx_built *built)
{
	struct sbx_spec *spec = made_spec(NULL);
	struct facts facts = facts_root;
	struct sbx_error err = {0};
	struct sbx_plan *plan = NULL;

	facts.executable = "/build/program";
	spec->built = built;
	cr_assert_eq(plan_build(spec, &facts, &plan, &err), 0, "%s", err.text);
	sbx_spec_free(spec);
	sbx_built_free(built);
	return plan;
}

/* What a build left is a copy, or the very directory that is kept; neither is
 * the program's to pay. */
Test(plan_root, shows_what_was_built)
{
	struct buffer text = {0}, none = {0};
	struct sbx_built *copy, *kept;
	struct sbx_plan *plan;
	const struct step *step;

	built_append(&text, BUILT_PROGRAM, "program", 5000);
	buffer_reserve(&text, 5000);
	text.len += 5000;
	cr_assert_eq(built_parse(&text, &copy), 0);
	cr_assert_eq(built_parse(&none, &kept), 0);
	(void)strcpy(kept->place, "/cache/tree");
	kept->device = 3;
	kept->inode = 4;
	plan = plan_of_built(copy);
	check_budget(plan, &facts_root);
	step = &plan->steps[index_of(plan, STEP_FILE, "/build/program")];
	cr_expect_eq(step->mode, 0555);
	cr_expect_eq(index_of(plan, STEP_BIND, "/build"), SIZE_MAX);
	sbx_plan_free(plan);
	plan = plan_of_built(kept);
	check_budget(plan, &facts_root);
	check_places(plan, &facts_root);
	step = &plan->steps[index_of(plan, STEP_BIND, "/build")];
	cr_expect_str_eq(step->source, "/cache/tree");
	cr_expect(!step->writable && step->device == 3 && step->inode == 4);
	sbx_plan_free(plan);
}

/* The bytes of a limit that is no whole number of pages are not lost. */
Test(plan_root, rounds_the_disk_up)
{
	struct sbx_plan *plan =
		must_build(&facts_root, SETTINGS("limits.disk", "4097"));

	cr_expect_eq(plan->tmpfs_bytes, 8192 + plan->base_bytes);
	sbx_plan_free(plan);
}

/* A bind that lies below another one is attached after it, in whatever order
 * they were asked for. */
Test(plan_root, nests_binds)
{
	const char *const *const orders[] = {
		(const char *const[]){"mounts", "/srv/1:/a", "mounts",
	                              "/srv/2:/a/b", "mounts", "/srv/3:/a/b/c",
	                              NULL},
		(const char *const[]){"mounts", "/srv/3:/a/b/c", "mounts",
	                              "/srv/2:/a/b", "mounts", "/srv/1:/a",
	                              NULL},
		(const char *const[]){"mounts", "/srv/2:/a/b", "mounts",
	                              "/srv/3:/a/b/c", "mounts", "/srv/1:/a",
	                              NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		struct sbx_plan *plan = must_build(&facts_root, orders[i]);
		size_t one = index_of(plan, STEP_BIND, "/a");
		size_t two = index_of(plan, STEP_BIND, "/a/b");
		size_t three = index_of(plan, STEP_BIND, "/a/b/c");

		cr_assert_neq(three, SIZE_MAX);
		cr_expect(one < two && two < three, "row %zu", i);
		cr_expect_str_eq(plan->steps[two].source, "/srv/2");
		/* Nothing is made in the host's own directories. */
		cr_expect_eq(index_of(plan, STEP_DIRECTORY, "/a/b"), SIZE_MAX);
		sbx_plan_free(plan);
	}
}

/* A bind of a file gets a file to be on, one of a directory a directory. */
Test(plan_root, makes_places_of_the_kind)
{
	struct sbx_plan *plan = must_build(
		&facts_root, SETTINGS("mounts", "/srv/a.txt:/x/file", "mounts",
	                              "/srv/b:/x/directory"));

	cr_expect_neq(index_of(plan, STEP_DIRECTORY, "/x"), SIZE_MAX);
	cr_expect_neq(index_of(plan, STEP_FILE, "/x/file"), SIZE_MAX);
	cr_expect_neq(index_of(plan, STEP_DIRECTORY, "/x/directory"), SIZE_MAX);
	sbx_plan_free(plan);
}

/* The program's own place is taken, and that is said. */
Test(plan_root, keeps_the_programs_place)
{
	static const struct {
		const char *target;
		bool taken;
	} rows[] = {
		{"/srv/a:/workspace/code.py", true},
		{"/srv/a:/workspace/code.py/x", true},
		{"/srv/a:/workspace/code.pyc", false},
		{"/srv/a:/workspace/code", false},
		{"/srv/a:/workspace/x/code.py", false},
		{"/srv/a:/tmp/code.py", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sbx_error err = {0};
		struct sbx_plan *plan = NULL;

		cr_expect_eq(build(&facts_root,
		                   SETTINGS("mounts", rows[i].target), &plan,
		                   &err),
		             rows[i].taken ? -EEXIST : 0, "%s", rows[i].target);
		if (rows[i].taken)
			cr_expect_eq(strncmp(err.text,
			                     "bind /srv/a on /workspa", 23),
			             0, "%s", err.text);
		sbx_plan_free(plan);
	}
}

/* More mounts than a box is built of are an error, and not a crash. */
Test(plan_root, bounds_its_steps)
{
	const char *settings[513] = {NULL};
	static char targets[256][64];
	struct sbx_error err = {0};
	struct sbx_plan *plan = NULL;

	for (size_t i = 0; i < 256; i++) {
		(void)snprintf(targets[i], sizeof(targets[i]),
		               "/srv/%zu:/a%zu/b/c/d/e/f", i, i);
		settings[2 * i] = "mounts";
		settings[2 * i + 1] = targets[i];
	}
	cr_expect_eq(build(&facts_root, settings, &plan, &err), -E2BIG);
	cr_expect_eq(err.stage, SBX_STAGE_PLAN);
	cr_expect_eq(strncmp(err.text, "mounts: too many", 16), 0, "%s",
	             err.text);
	for (size_t i = 0; i < 256; i++)
		(void)snprintf(targets[i], sizeof(targets[i]),
		               "/srv/%zu:/a%zu/b", i, i);
	cr_expect_eq(build(&facts_root, settings, &plan, &err), 0, "%s",
	             err.text);
	sbx_plan_free(plan);
}

static const char *content(const struct sbx_plan *plan, const char *path)
{
	size_t at = index_of(plan, STEP_FILE, path);

	return at == SIZE_MAX ? "(none)" : plan->steps[at].data;
}

/* The files of /etc know one user, this host's name and nobody else's. */
Test(plan_root, writes_etc)
{
	struct sbx_plan *plan =
		must_build(&facts_root, SETTINGS("hostname", "box"));

	cr_expect_not_null(strstr(content(plan, "/etc/passwd"),
	                          "\nsbx:x:1000:1000:sbx:/workspace:"));
	cr_expect_not_null(
		strstr(content(plan, "/etc/group"), "\nsbx:x:1000:\n"));
	cr_expect_str_eq(content(plan, "/etc/hostname"), "box\n");
	cr_expect_str_empty(content(plan, "/etc/resolv.conf"));
	cr_expect_not_null(strstr(content(plan, "/etc/hosts"), "localhost"));
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct step *step = &plan->steps[i];

		if (step->kind == STEP_FILE && step->len)
			cr_expect_eq(strnlen(step->data, step->len), step->len);
	}
	sbx_plan_free(plan);
}
