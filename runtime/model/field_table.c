/* SPDX-License-Identifier: MIT */
/*
 * THE table. A path is where a field stands in JSON: "limits.memory" is the
 * key "memory" of the object "limits". A row whose path goes on below another
 * row's ("mounts.writable") is a second option of that field, and no key.
 */
#include "base/clock.h"
#include "model/checks.h"
#include "model/field_kinds.h"

#define MINUTE (60 * NS_PER_S)
#define DAY    (24 * 60 * MINUTE)
#define KIB    UINT64_C(1024)
#define MIB    (1024 * KIB)
#define GIB    (1024 * MIB)
#define TIB    (1024 * GIB)

#define MAX_ITEMS  256 /* of a list */
#define MAX_ENV    1024
#define MAX_MOUNTS 256
#define MAX_INPUTS 256

#define AT(member) offsetof(struct sbx_spec, member)
#define RULE(...)  (&(const struct sbx_field_rule){__VA_ARGS__})
#define LIMIT_RULE(kind_, limit_, min_, max_, ...)                         \
	RULE(.kind = KIND_##kind_, .limit = LIMIT_##limit_, .min = (min_), \
	     .max = (max_), .origin = AT(limits[LIMIT_##limit_].origin),   \
	     ##__VA_ARGS__)
#define TEXT_RULE(member, origin_, ok_, form_)                              \
	RULE(.kind = KIND_TEXT, .value = AT(member), .origin = AT(origin_), \
	     .ok = (ok_), .form = (form_))
#define LIST_RULE(member, ok_, form_)                               \
	RULE(.kind = KIND_LIST, .value = AT(member),                \
	     .origin = AT(said.member), .min = 1, .max = MAX_ITEMS, \
	     .ok = (ok_), .form = (form_))

#define NAMES_RULE(member, ok_, form_, ...)                             \
	RULE(.kind = KIND_NAMES, .value = AT(member), .max = MAX_ITEMS, \
	     .ok = (ok_), .form = (form_), ##__VA_ARGS__)

static const char *const output_actions[] = {
	[OUTPUT_TRUNCATE] = "truncate",
	[OUTPUT_KILL] = "kill",
	NULL,
};

static const char *const network_modes[] = {
	[NETWORK_NONE] = "none",
	[NETWORK_LOOPBACK] = "loopback",
	NULL,
};

static const char *const warm_kinds[] = {
	[WARM_NONE] = "none",
	[WARM_STANDBY] = "standby",
	[WARM_ZYGOTE] = "zygote",
	NULL,
};

/* clang-format off */
static const struct sbx_field fields[] = {
	/* path, option, alias, value, initial, help, repeatable, rule */

	{"limits.wall_time", "wall-time", "timeout", "DUR", "30s",
	 "time by the clock, from the start of the program", false,
	 LIMIT_RULE(DURATION, WALL_TIME, NS_PER_MS, 30 * DAY)},

	{"limits.cpu_time", "cpu-time", NULL, "DUR", "30s",
	 "processor time of all its processes together", false,
	 LIMIT_RULE(DURATION, CPU_TIME, NS_PER_MS, 30 * DAY)},

	{"limits.idle_time", "idle-time", NULL, "DUR", "none",
	 "time without output and without processor use", false,
	 LIMIT_RULE(DURATION, IDLE_TIME, 10 * NS_PER_MS, 30 * DAY)},

	{"limits.memory", "memory", NULL, "SIZE", "512M",
	 "memory of all its processes, and files kept in memory", false,
	 LIMIT_RULE(SIZE, MEMORY, MIB, TIB)},

	{"limits.cpus", "cpus", NULL, "N", "1",
	 "processors; 0.5 is half of one", false,
	 LIMIT_RULE(MILLI, CPUS, 1, 1024000)},

	{"limits.pids", "pids", NULL, "N", "64",
	 "processes and threads at one time", false,
	 LIMIT_RULE(COUNT, PIDS, 1, 32768)},

	{"limits.output", "output-limit", NULL, "SIZE", "1M",
	 "standard output and standard error, each", false,
	 LIMIT_RULE(SIZE, OUTPUT, 0, TIB)},

	{"limits.output_action", "output-action", NULL, "truncate|kill",
	 "truncate", "what to do with more output than that", false,
	 RULE(.kind = KIND_WORD, .words = output_actions,
	      .value = AT(output_action), .origin = AT(output_action_origin))},

	{"limits.disk", "disk", NULL, "SIZE", "100M",
	 "all that it can write", false,
	 LIMIT_RULE(SIZE, DISK, 4 * KIB, TIB)},

	{"limits.inodes", "inodes", NULL, "N", "10000",
	 "files and directories that it can make", false,
	 LIMIT_RULE(COUNT, INODES, 16, UINT64_C(1000000000))},

	{"limits.open_files", "open-files", NULL, "N", "256",
	 "open files of one process", false,
	 LIMIT_RULE(COUNT, OPEN_FILES, 8, 1048576)},

	{"limits.file_size", "file-size", NULL, "SIZE", "as disk",
	 "size of one file", false,
	 LIMIT_RULE(SIZE, FILE_SIZE, 0, TIB, .follows_disk = true)},

	{"limits.stack", "stack", NULL, "SIZE", "8M",
	 "stack of one thread", false,
	 LIMIT_RULE(SIZE, STACK, 64 * KIB, 64 * GIB)},

	{"limits.fuel", "fuel", NULL, "N", "none",
	 "instructions in user mode, where the host can count them", false,
	 LIMIT_RULE(COUNT, FUEL, 1, UINT64_C(1000000000000000000))},

	{"network.mode", "net", NULL, "none|loopback", "loopback",
	 "loopback is a private 127.0.0.1 and nothing else", false,
	 RULE(.kind = KIND_WORD, .words = network_modes,
	      .value = AT(network), .origin = AT(network_origin))},

	{"mounts", "ro-bind", NULL, "SRC[:DST]", NULL,
	 "show a path of the host inside, read-only", true,
	 RULE(.kind = KIND_MOUNT, .max = MAX_MOUNTS)},

	{"mounts.writable", "bind", NULL, "SRC[:DST]", NULL,
	 "the same, and the program may write to it", true,
	 RULE(.kind = KIND_MOUNT, .max = MAX_MOUNTS, .writable = true)},

	{"inputs", "input", NULL, "SRC[:NAME]", NULL,
	 "copy a file of the host into the workspace", true,
	 RULE(.kind = KIND_INPUT, .max = MAX_INPUTS)},

	{"collect", "collect", NULL, "GLOB", NULL,
	 "bring these files out of the workspace: *.png, out/**", true,
	 RULE(.kind = KIND_PATTERNS, .max = MAX_ITEMS)},

	{"session", "session", NULL, "ID", NULL,
	 "start from what the last run of this session left", false,
	 TEXT_RULE(session.text, session.origin, session_ok,
		   "the id of a session: letters, digits, \".\", \"_\", "
		   "\"-\", at most 64, no dot or dash first")},

	{"env", "env", NULL, "K=V", NULL,
	 "set a variable; the caller's own are not passed", true,
	 RULE(.kind = KIND_ENV, .value = AT(env),
	      .origin = AT(env_origins), .max = MAX_ENV)},

	{"workdir", "workdir", NULL, "DIR", "/workspace",
	 "directory that the program starts in", false,
	 TEXT_RULE(workdir.text, workdir.origin, path_ok,
		   "an absolute path without //, . and ..")},

	{"hostname", "hostname", NULL, "NAME", "sbx",
	 "name of the host, inside", false,
	 TEXT_RULE(hostname.text, hostname.origin, hostname_ok,
		   "1 to 63 letters, digits, dots and dashes")},

	{"stdin_file", "stdin", NULL, "FILE", NULL,
	 "file that is its standard input", false,
	 TEXT_RULE(stdin_path.text, stdin_path.origin, file_path_ok,
		   "the path of a file")},

	{"cgroup", "cgroup", NULL, "auto|systemd|none|PATH", "auto",
	 "what enforces limits: its own cgroup, where one is delegated", false,
	 TEXT_RULE(cgroup.text, cgroup.origin, cgroup_ok,
		   "auto, systemd, none, or the path of a cgroup")},

	{"require", "require", NULL, "LAYER", NULL,
	 "refuse to run without this layer: cgroup, verified", true,
	 RULE(.kind = KIND_LAYERS, .value = AT(require))},

	{"allow_degraded", "allow-degraded", NULL, "LAYER", NULL,
	 "let a limit, or cgroup, be weaker than asked", true,
	 RULE(.kind = KIND_DEGRADED, .value = AT(degraded_layers))},

	{"description", NULL, NULL, NULL, NULL,
	 "one line that says what the profile is for", false,
	 TEXT_RULE(description, said.description, line_ok,
		   "one line of at most 1000 bytes")},

	{"extends", NULL, NULL, NULL, NULL,
	 "name of the profile that this one adds to", false,
	 RULE(.kind = KIND_EXTENDS)},

	{"rootfs", "rootfs", NULL, "NAME", "host",
	 "a tree of sbx-rootfs; host is /usr of this system", false,
	 TEXT_RULE(rootfs, said.rootfs, tree_name_ok,
		   "the name of a tree: a-z, 0-9, \".\", \"_\" and \"-\"")},

	{"packages", "package", NULL, "NAME", NULL,
	 "a layer of packages that sbx-rootfs made", true,
	 RULE(.kind = KIND_PACKAGES, .max = 16)},

	{"package_path", NULL, NULL, NULL, NULL,
	 "variables that say where packages are", false,
	 RULE(.kind = KIND_ENV, .value = AT(package_path),
	      .origin = AT(package_path_origins), .max = MAX_ENV)},

	{"file", NULL, NULL, NULL, NULL,
	 "name that a program given as text gets inside", false,
	 TEXT_RULE(file, said.file, file_name_ok,
		   "the name of a file: no \"/\", no control bytes")},

	{"command", NULL, NULL, NULL, NULL,
	 "what runs it; {file} stands for its name", false,
	 LIST_RULE(command, argument_ok, "shorter than 128K")},

	{"build.command", NULL, NULL, NULL, NULL,
	 "what makes the program first, in a sandbox of its own", false,
	 RULE(.kind = KIND_LIST, .value = AT(build.command),
	      .origin = AT(build.said), .min = 1, .max = MAX_ITEMS,
	      .ok = argument_ok, .form = "shorter than 128K")},

	{"build.limits", NULL, NULL, NULL, NULL,
	 "its limits", false,
	 RULE(.kind = KIND_BUILD)},

	{"check.allowed_modules", NULL, NULL, NULL, NULL,
	 "modules that the program's text may import", false,
	 NAMES_RULE(check.allowed_modules, module_name_ok,
		    "the name of a module", .narrows = true)},

	{"check.blocked_modules", NULL, NULL, NULL, NULL,
	 "modules that it may not import", false,
	 NAMES_RULE(check.blocked_modules, module_name_ok,
		    "the name of a module")},

	{"check.blocked_calls", NULL, NULL, NULL, NULL,
	 "what it may not call: NAME, MODULE.NAME, .NAME", false,
	 NAMES_RULE(check.blocked_calls, call_name_ok,
		    "a name, or names with dots between")},

	{"check.max_code_bytes", NULL, NULL, NULL, NULL,
	 "how long it may be", false,
	 RULE(.kind = KIND_BOUND, .value = AT(check.max_code_bytes), .min = 1,
	      .max = 256 * MIB)},

	{"seccomp", NULL, NULL, NULL, NULL,
	 "names of the sets of system calls that are allowed", false,
	 LIST_RULE(seccomp, set_name_ok,
		   "the name of a set: a-z, 0-9, \"_\" and \"-\"")},

	{"package", NULL, NULL, NULL, NULL,
	 "what to install where the interpreter is missing", false,
	 TEXT_RULE(package, said.package, package_name_ok,
		   "the name of a package")},

	{"pty", NULL, NULL, NULL, "false",
	 "give it a private /dev/pts", false,
	 RULE(.kind = KIND_FLAG, .value = AT(pty), .origin = AT(said.pty))},

	{"warm.kind", NULL, NULL, NULL, "none",
	 "standby or zygote: how its interpreter is started ahead", false,
	 RULE(.kind = KIND_WORD, .words = warm_kinds,
	      .value = AT(warm), .origin = AT(said.warm))},

	{"warm.preload", NULL, NULL, NULL, NULL,
	 "modules that a standby interpreter has loaded already", false,
	 LIST_RULE(preload, module_name_ok,
		   "the name of a module: letters, digits and \"._:/-\"")},
};
/* clang-format on */

const struct sbx_field *sbx_fields(size_t *n_fields)
{
	*n_fields = ARRAY_SIZE(fields);
	return fields;
}

const char *network_name(enum network_mode mode)
{
	return network_modes[mode];
}
