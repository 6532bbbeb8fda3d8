/* SPDX-License-Identifier: MIT */
/*
 * Each contender does what is nearest to what sbx-exec does by default: the
 * same namespaces, a read-only root, /proc, /dev and /tmp of its own, no
 * capabilities. None but sbx-exec has a system call filter, limits or a
 * verdict, so that the comparison is to its disadvantage.
 */
#include "contenders.h"

#include <string.h>

#include "base/def.h"

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Contenders of more than one group: words are what they are to run. */

/* A whole sandbox from nothing. */
#define COLD(of, ...)                                                         \
	.name = "sbx-exec", .does = "the whole sandbox" of, .claims = NS_ALL, \
	.argv = WORDS("{sbx}", __VA_ARGS__, "{token}"),                       \
	.version = WORDS("{sbx}", "--version")

/* The same, made ahead. */
#define POOL(...)                                                        \
	.name = "sbx-exec --pool",                                       \
	.does = "the whole sandbox, made ahead, through sbxd",           \
	.claims = NS_ALL,                                                \
	.argv = WORDS("{sbx}", "--pool={pool}", __VA_ARGS__, "{token}"), \
	.version = WORDS("{sbx}", "--version")

/* What a sandbox takes below this is the kernel's. */
#define FLOOR(...)                                                   \
	.name = "floor",                                             \
	.does = "7 namespaces, and nothing else: the kernel's part", \
	.claims = NS_ALL, .argv = WORDS("{floor}", __VA_ARGS__, "{token}")

/* No sandbox. */
#define BARE(called, program, ...)                      \
	.name = called, .does = "nothing",              \
	.argv = WORDS(program, __VA_ARGS__, "{token}"), \
	.version = WORDS(program, "--version")

#define PYTHON_PROFILE "--profile", "python", "--", "{code}"
#define ARRAYS_PROFILE "--profile", "python-data", "--", "{arrays}"
#define NODE_PROFILE   "--profile", "node", "--", "{node}"

#define PROBE "--ro-bind", "{probe}:/nsprobe", "--command", "--", "/nsprobe"

/* In a box that waits, without a client to start. */
#define SOCKET                                                        \
	.name = "sbxd's socket",                                      \
	.does = "the same box, asked for as sbx-batch and Python do", \
	.claims = NS_ALL, .asks = SERVER_SBXD,                        \
	.argv = WORDS("{sbx}", "{code}", "{token}")

/* What a warm start costs at least: of the kernel, of the interpreter. */
#define FORKS_NESTED(server, code)                            \
	.name = "forks, nested",                              \
	.does = "7 namespaces, and nothing else, made ahead", \
	.claims = NS_ALL, .asks = (server),                   \
	.argv = WORDS(BENCH_PYTHON, code, "{token}")
#define FORKS                                                     \
	.name = "forks", .does = "nothing; a python3 that waits", \
	.asks = SERVER_FORKS, .argv = WORDS(BENCH_PYTHON, "{code}", "{token}")

#define PYTHON_BARE BARE("python3", BENCH_PYTHON, "{code}")
#define PYTHON_FASTEST                                                \
	.name = "python3 -I -S",                                      \
	.does = "nothing; without site, the fastest that starts",     \
	.argv = WORDS(BENCH_PYTHON, "-I", "-S", "{code}", "{token}"), \
	.version = WORDS(BENCH_PYTHON, "--version")

static const struct contender cold[] = {
	{
		.name = "sbx-exec",
		.does = "7 namespaces, own root, caps, filter, limits",
		.claims = NS_ALL,
		.goal_milli = 500,
		.argv = WORDS("{sbx}", PROBE, "{token}"),
		.version = WORDS("{sbx}", "--version"),
	},
	{
		.name = "bwrap",
		.does = "7 namespaces, own root, caps",
		.claims = NS_ALL,
		.argv = WORDS("bwrap", "--unshare-all", "--die-with-parent",
                              "--new-session", "--ro-bind", "/usr", "/usr",
                              "--symlink", "usr/bin", "/bin", "--symlink",
                              "usr/lib", "/lib", "--symlink", "usr/lib64",
                              "/lib64", "--proc", "/proc", "--dev", "/dev",
                              "--tmpfs", "/tmp", "--clearenv", "--cap-drop",
                              "ALL", "--ro-bind", "{probe}", "/nsprobe",
                              "/nsprobe", "{token}"),
		.version = WORDS("bwrap", "--version"),
	},
	{
		.name = "unshare",
		.does = "6 namespaces, the host's root and files",
		.claims = NS_ALL & ~(1u << NS_CGROUP),
		.argv = WORDS("unshare", "-Urmpfiun", "{probe}", "{token}"),
		.version = WORDS("unshare", "--version"),
	},
	{FLOOR("{probe}")},
	{
		.name = "bare",
		.does = "nothing",
		.argv = WORDS("{probe}", "{token}"),
	},
};

static const struct contender python[] = {
	{COLD(", profile python", PYTHON_PROFILE), .goal_milli = 1200},
	{FLOOR(BENCH_PYTHON, "{code}")},
	{PYTHON_BARE},
	{PYTHON_FASTEST},
};

/* The client's own start and the daemon's work are in the time; the processor
 * time is the client's alone. With --gap 100ms as well: back to back, the pool
 * may be empty, and the run is cold. */
static const struct contender warm[] = {
	{SOCKET, .goal_milli = 150},
	{POOL(PYTHON_PROFILE), .goal_milli = 150},
	{COLD(", profile python", PYTHON_PROFILE)},
	{FORKS_NESTED(SERVER_NESTED, "{code}")},
	{FORKS},
	{PYTHON_BARE},
	{PYTHON_FASTEST},
};

/* A fifth of the time is five times the rate. */
static const struct contender sustained[] = {
	{SOCKET, .goal_milli = 200},
	{FORKS_NESTED(SERVER_NESTED, "{code}")},
	{FORKS},
	{PYTHON_BARE},
};

/* The tree of the profile has the same numpy as the host, where both are of
 * Debian. */
static const struct contender numpy[] = {
	{POOL(ARRAYS_PROFILE), .goal_milli = 20},
	{COLD(", profile python-data", ARRAYS_PROFILE)},
	{FORKS_NESTED(SERVER_ARRAYS, "{arrays}")},
	{
		.name = "python3",
		.does = "nothing",
		.argv = WORDS(BENCH_PYTHON, "{arrays}", "{token}"),
		.version = WORDS(BENCH_PYTHON, "-c",
                                 "import numpy; print(numpy.__version__)"),
	},
};

static const struct contender node[] = {
	{POOL(NODE_PROFILE), .goal_milli = 100},
	{COLD(", profile node", NODE_PROFILE)},
	{
		.name = "waits",
		.does = "nothing; a node that waits",
		.asks = SERVER_NODES,
		.argv = WORDS(BENCH_NODE, "{node}", "{token}"),
	},
	{BARE("node", BENCH_NODE, "{node}")},
};

/* A command in a box that stands already, beside one that is made for it. */
static const struct contender command[] = {
	{POOL(PROBE)},
	{COLD("", PROBE)},
	{
		.name = "bare",
		.does = "nothing",
		.argv = WORDS("{probe}", "{token}"),
	},
};

/* Below a cgroup that is delegated already; with --gap 200ms as well, for a
 * move between cgroups would cost most on an idle host. */
static const struct contender cgroup[] = {
	{
		.name = "cgroup",
		.does = "the whole sandbox, in a cgroup of its own",
		.claims = NS_ALL,
		.goal_milli = 1150,
		.argv = WORDS("{sbx}", "--require", "cgroup", PROBE, "{token}"),
		.version = WORDS("{sbx}", "--version"),
	},
	{
		.name = "no cgroup",
		.does = "the whole sandbox, limits by other means",
		.claims = NS_ALL,
		.argv = WORDS("{sbx}", "--cgroup", "none", PROBE, "{token}"),
	},
};

/* One file of a session is changed, and the next run starts from that. The
 * shell is in both, and so is env(1), which says where sessions are. */
#define ONE_LINE "echo more >>0; exec /nsprobe $0"

static const struct contender session[] = {
	{
		.name = "session",
		.does = "goes on with 10000 files and 1 GB, changes one",
		.claims = NS_ALL,
		.argv = WORDS("/usr/bin/env", "XDG_DATA_HOME={data}", "{sbx}",
                              "--session", "bench", "--disk", "2G", "--inodes",
                              "20000", "--ro-bind", "{probe}:/nsprobe",
                              "--command", "--", "sh", "-c", ONE_LINE,
                              "{token}"),
		.version = WORDS("{sbx}", "--version"),
	},
	{
		.name = "no session",
		.does = "the same in an empty workspace",
		.claims = NS_ALL,
		.argv = WORDS("/usr/bin/env", "XDG_DATA_HOME={data}", "{sbx}",
                              "--disk", "2G", "--inodes", "20000", "--ro-bind",
                              "{probe}:/nsprobe", "--command", "--", "sh", "-c",
                              ONE_LINE, "{token}"),
	},
};

#define SUSTAINED(n)                                                           \
	.reference = "python3", .pools = WORDS("python=8:32"), .clients = (n), \
	.contenders = sustained, .n_contenders = ARRAY_SIZE(sustained)

const struct group groups[] = {
	{
		.name = "cold",
		.does = "a trivial program in a new sandbox",
		.reference = "bwrap",
		.contenders = cold,
		.n_contenders = ARRAY_SIZE(cold),
	},
	{
		.name = "python",
		.does = "a trivial Python script, from nothing",
		.reference = "python3",
		.contenders = python,
		.n_contenders = ARRAY_SIZE(python),
	},
	{
		.name = "warm",
		.does = "a trivial Python script, in sandboxes made ahead",
		.reference = "python3",
		.pools = WORDS("python=8:32"),
		.contenders = warm,
		.n_contenders = ARRAY_SIZE(warm),
	},
	{
		.name = "sustained",
		.does = "Python scripts, one after the other",
		SUSTAINED(1),
	},
	{
		.name = "sustained-2",
		.does = "Python scripts, two at a time",
		SUSTAINED(2),
	},
	{
		.name = "sustained-4",
		.does = "Python scripts, four at a time",
		SUSTAINED(4),
	},
	{
		.name = "warm-numpy",
		.does = "a Python script with numpy, in sandboxes made ahead",
		.reference = "python3",
		.pools = WORDS("python-data=8:32"),
		.contenders = numpy,
		.n_contenders = ARRAY_SIZE(numpy),
	},
	{
		.name = "warm-node",
		.does = "a trivial Node.js script, in sandboxes made ahead",
		.reference = "node",
		.pools = WORDS("node=8:16"),
		.contenders = node,
		.n_contenders = ARRAY_SIZE(node),
	},
	{
		.name = "warm-command",
		.does = "a trivial program, in sandboxes made ahead",
		.reference = "sbx-exec",
		.pools = WORDS("base=1"),
		.contenders = command,
		.n_contenders = ARRAY_SIZE(command),
	},
	{
		.name = "cgroup",
		.does = "a trivial program, limits held by a cgroup",
		.reference = "no cgroup",
		.contenders = cgroup,
		.n_contenders = ARRAY_SIZE(cgroup),
	},
	{
		.name = "session",
		.does = "one changed file of a large session",
		.reference = "no session",
		.session = true,
		.contenders = session,
		.n_contenders = ARRAY_SIZE(session),
	},
};
const size_t n_groups = ARRAY_SIZE(groups);

bool contender_has(const struct contender *contender, const char *text)
{
	for (const char *const *word = contender->argv; *word; word++)
		if (strstr(*word, text))
			return true;
	return false;
}
