/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/def.h"
#include "base/json.h"
#include "model/fields.h"

#define PATH "an absolute path without //, . and .."

/* A field, a value, and the message, or NULL where the value is good. */
struct row {
	const char *path, *value, *text;
};

static const struct row text_rows[] = {
	{"limits.wall_time", "1ms", NULL},
	{"limits.wall_time", "30", NULL},
	{"limits.wall_time", "1.5s", NULL},
	{"limits.wall_time", "720h", NULL},
	{"limits.wall_time", "none", NULL},
	{"limits.wall_time", "0",
         "limits.wall_time: \"0\" is below the least, 1ms"},
	{"limits.wall_time", "31000000",
         "limits.wall_time: \"31000000\" is above the most, 30d"},
	{"limits.wall_time", "99999999999999999999h",
         "limits.wall_time: \"99999999999999999999h\" is above the most, 30d"},
	{"limits.wall_time", "-1",
         "limits.wall_time: \"-1\" is not a duration (200ms, 1.5s, 5m) or "
         "none"},
	{"limits.wall_time", "",
         "limits.wall_time: \"\" is not a duration (200ms, 1.5s, 5m) or none"},
	{"limits.wall_time", "1 s",
         "limits.wall_time: \"1 s\" is not a duration (200ms, 1.5s, 5m) or "
         "none"},
	{"limits.cpu_time", "2m", NULL},
	{"limits.cpu_time", "0.5ms",
         "limits.cpu_time: \"0.5ms\" is below the least, 1ms"},
	{"limits.idle_time", "10ms", NULL},
	{"limits.idle_time", "9ms",
         "limits.idle_time: \"9ms\" is below the least, 10ms"},
	{"limits.memory", "1M", NULL},
	{"limits.memory", "1.5GiB", NULL},
	{"limits.memory", "1T", NULL},
	{"limits.memory", "1023K",
         "limits.memory: \"1023K\" is below the least, 1M"},
	{"limits.memory", "1025G",
         "limits.memory: \"1025G\" is above the most, 1T"},
	{"limits.memory", "12Q",
         "limits.memory: \"12Q\" is not a size (64K, 512M, 1G) or none"},
	{"limits.memory", "None",
         "limits.memory: \"None\" is not a size (64K, 512M, 1G) or none"},
	{"limits.cpus", "0.5", NULL},
	{"limits.cpus", "1024", NULL},
	{"limits.cpus", "0", "limits.cpus: \"0\" is below the least, 0.001"},
	{"limits.cpus", "1024.001",
         "limits.cpus: \"1024.001\" is above the most, 1024"},
	{"limits.cpus", "1e3",
         "limits.cpus: \"1e3\" is not a number (0.5, 2) or none"},
	{"limits.pids", "1", NULL},
	{"limits.pids", "32768", NULL},
	{"limits.pids", "0", "limits.pids: \"0\" is below the least, 1"},
	{"limits.pids", "32769",
         "limits.pids: \"32769\" is above the most, 32768"},
	{"limits.pids", "18446744073709551616",
         "limits.pids: \"18446744073709551616\" is above the most, 32768"},
	{"limits.pids", "0x10",
         "limits.pids: \"0x10\" is not a whole number or none"},
	{"limits.output", "0", NULL},
	{"limits.output", "2T", "limits.output: \"2T\" is above the most, 1T"},
	{"limits.output_action", "kill", NULL},
	{"limits.output_action", "truncate", NULL},
	{"limits.output_action", "drop",
         "limits.output_action: \"drop\" is neither truncate nor kill"},
	{"limits.disk", "4K", NULL},
	{"limits.disk", "4095", "limits.disk: \"4095\" is below the least, 4K"},
	{"limits.inodes", "16", NULL},
	{"limits.inodes", "15", "limits.inodes: \"15\" is below the least, 16"},
	{"limits.open_files", "8", NULL},
	{"limits.open_files", "7",
         "limits.open_files: \"7\" is below the least, 8"},
	{"limits.open_files", "1048577",
         "limits.open_files: \"1048577\" is above the most, 1048576"},
	{"limits.file_size", "0", NULL},
	{"limits.file_size", "as disk",
         "limits.file_size: \"as disk\" is not a size (64K, 512M, 1G) or none"},
	{"limits.stack", "64K", NULL},
	{"limits.stack", "1K", "limits.stack: \"1K\" is below the least, 64K"},
	{"limits.fuel", "1000000000000000000", NULL},
	{"limits.fuel", "0", "limits.fuel: \"0\" is below the least, 1"},
	{"network.mode", "none", NULL},
	{"network.mode", "loopback", NULL},
	{"network.mode", "host",
         "network.mode: \"host\" is neither none nor loopback"},
	{"collect", "out/**", NULL},
	{"collect", "../x",
         "collect: \"../x\" is not a pattern of files below /workspace: "
         "relative, without //, . and .., like *.png or out/**"},
	{"session", "s-1", NULL},
	{"session", "../x",
         "session: \"../x\" is not the id of a session: letters, digits, "
         "\".\", \"_\", \"-\", at most 64, no dot or dash first"},
	{"inputs", "a.csv", NULL},
	{"inputs", "/srv/a.csv:data/b.csv", NULL},
	{"inputs", "", "inputs: \"\" is not the path of a file"},
	{"inputs", "a:/b",
         "inputs: \"/b\" is not a name in the workspace: relative, without "
         "//, . and .., no control bytes, at most 1000 bytes"},
	{"mounts", "/srv/data", NULL},
	{"mounts", "/srv/data/:/data/", NULL},
	{"mounts", "/dev/shm/x:/tmp/x",
         "mounts: source /dev/shm/x may not be used: it holds the host's "
         "devices"},
	{"mounts", "data:/data", "mounts: source \"data\" is not " PATH},
	{"mounts", "", "mounts: source \"\" is not " PATH},
	{"mounts", "/a//b", "mounts: source \"/a//b\" is not " PATH},
	{"mounts", "/a/./b", "mounts: source \"/a/./b\" is not " PATH},
	{"mounts", "/a/..", "mounts: source \"/a/..\" is not " PATH},
	{"mounts", "//",
         "mounts: source / may not be used: it is the whole host"},
	{"mounts", "/a:", "mounts: target \"\" is not " PATH},
	{"mounts", "/a:b", "mounts: target \"b\" is not " PATH},
	{"mounts", "/a:/b/../../etc",
         "mounts: target \"/b/../../etc\" is not " PATH},
	{"mounts", "/",
         "mounts: source / may not be used: it is the whole host"},
	{"mounts", "/proc",
         "mounts: source /proc may not be used: it is the kernel's"},
	{"mounts", "/proc/self/root:/x",
         "mounts: source /proc/self/root may not be used: it is the kernel's"},
	{"mounts", "/sys/fs/cgroup:/x",
         "mounts: source /sys/fs/cgroup may not be used: it is the kernel's"},
	{"mounts", "/dev/:/x",
         "mounts: source /dev may not be used: it holds the host's devices"},
	{"mounts", "/a:/",
         "mounts: target / may not be used: it is the root tree"},
	{"mounts", "/a:/proc/x",
         "mounts: target /proc/x may not be used: it is the sandbox's own"},
	{"mounts", "/a:/dev/null",
         "mounts: target /dev/null may not be used: it is the sandbox's own"},
	{"mounts", "/etc",
         "mounts: target /etc may not be used: it is the "
         "sandbox's own; name a file below it"},
	{"mounts", "/a:/sys/x",
         "mounts: target /sys/x may not be used: it is not in a sandbox"},
	{"mounts", "/usr",
         "mounts: target /usr may not be used: it comes from the root tree"},
	{"mounts", "/a:/workspace",
         "mounts: target /workspace may not be used: it is the sandbox's own; "
         "name a path below it"},
	{"mounts", "/a:/procs", NULL},
	{"mounts", "/etc/services", NULL},
	{"mounts.writable", "/srv/data:/workspace/data", NULL},
	{"mounts.writable", "data",
         "mounts.writable: source \"data\" is not " PATH},
	{"env", "A=1", NULL},
	{"env", "_a1=", NULL},
	{"env", "A=b=c\n", NULL},
	{"env", "A", "env: \"A\" has no value; write KEY=VALUE"},
	{"env", "=1",
         "env: \"\" is not a name: A-Z, a-z, 0-9, \"_\", no "
         "digit first"},
	{"env", "1A=1",
         "env: \"1A\" is not a name: A-Z, a-z, 0-9, \"_\", no "
         "digit first"},
	{"env", "A-B=1",
         "env: \"A-B\" is not a name: A-Z, a-z, 0-9, \"_\", "
         "no digit first"},
	{"workdir", "/", NULL},
	{"workdir", "/workspace/a/", NULL},
	{"workdir", "a", "workdir: \"a\" is not " PATH},
	{"workdir", "/a/../..", "workdir: \"/a/../..\" is not " PATH},
	{"hostname", "a.b-9", NULL},
	{"hostname", "",
         "hostname: \"\" is not 1 to 63 letters, digits, dots "
         "and dashes"},
	{"hostname", "a_b",
         "hostname: \"a_b\" is not 1 to 63 letters, digits, dots and dashes"},
	{"cgroup", "auto", NULL},
	{"cgroup", "systemd", NULL},
	{"cgroup", "none", NULL},
	{"cgroup", "/sys/fs/cgroup/mine", NULL},
	{"cgroup", "mine",
         "cgroup: \"mine\" is not auto, systemd, none, or the path of a "
         "cgroup"},
	{"cgroup", "/sys/fs/cgroup/../mine",
         "cgroup: \"/sys/fs/cgroup/../mine\" is not auto, systemd, none, or "
         "the path of a cgroup"},
	{"stdin_file", "input.txt", NULL},
	{"stdin_file", "", "stdin_file: \"\" is not the path of a file"},
	{"require", "cgroup", NULL},
	{"require", "namespaces", NULL},
	{"require", "cgruop",
         "require: \"cgruop\" is no layer (namespaces, rootfs, capabilities, "
         "seccomp, cgroup, verified); did you mean \"cgroup\"?"},
	{"allow_degraded", "cpus", NULL},
	{"allow_degraded", "cgroup", NULL},
	{"allow_degraded", "open-files", NULL},
	{"allow_degraded", "output-limit", NULL},
	{"allow_degraded", "seccomp",
         "allow_degraded: seccomp is never weaker than it was asked for; only "
         "limits and cgroup may be"},
	{"allow_degraded", "memroy",
         "allow_degraded: \"memroy\" is no limit, and not cgroup; did you mean "
         "\"memory\"?"},
	{"rootfs", "host", NULL},
	{"rootfs", "debian-12.1_x", NULL},
	{"rootfs", "a/b",
         "rootfs: \"a/b\" is not the name of a tree: a-z, 0-9, \".\", \"_\" "
         "and "
         "\"-\""},
	{"rootfs", ".",
         "rootfs: \".\" is not the name of a tree: a-z, 0-9, \".\", "
         "\"_\" and \"-\""},
	{"packages", "numpy-1", NULL},
	{"packages", "../numpy",
         "packages: \"../numpy\" is not the name of a layer: a-z, 0-9, \".\", "
         "\"_\" and \"-\", at most 64"},
	{"package_path", "A",
         "package_path: \"A\" has no value; write KEY=VALUE"},
	{"require", "verified", NULL},
	{"allow_degraded", "verified",
         "allow_degraded: verified is never weaker than it was asked for; only "
         "limits and cgroup may be"},
	{"file", "main.py", NULL},
	{"file", "../x",
         "file: \"../x\" is not the name of a file: no \"/\", "
         "no control bytes"},
	{"file", "..",
         "file: \"..\" is not the name of a file: no \"/\", no "
         "control bytes"},
	{"file", "a\nb",
         "file: \"a\\x0ab\" is not the name of a file: no "
         "\"/\", no control bytes"},
	{"package", "python3", NULL},
	{"package", "x; rm", "package: \"x; rm\" is not the name of a package"},
	{"description", "text", NULL},
	{"description", "a\x1b[2J",
         "description: \"a\\x1b[2J\" is not one line of at most 1000 bytes"},
	{"pty", "true", NULL},
	{"warm.kind", "standby", NULL},
	{"warm.kind", "yes",
         "warm.kind: \"yes\" is neither none, standby nor zygote"},
	{"warm.preload", "json", "warm.preload: only a profile can set this"},
	{"pty", "yes", "pty: \"yes\" is neither true nor false"},
	{"command", "python3", "command: only a profile can set this"},
	{"seccomp", "base", "seccomp: only a profile can set this"},
	{"build.command", "cc", "build.command: only a profile can set this"},
	{"build.limits", "1G", "build.limits: only a profile can set this"},
	{"check.allowed_modules", "os",
         "check.allowed_modules: only a profile can set this"},
	{"check.blocked_modules", "os",
         "check.blocked_modules: only a profile can set this"},
	{"check.blocked_calls", "eval",
         "check.blocked_calls: only a profile can set this"},
	{"check.max_code_bytes", "1K",
         "check.max_code_bytes: only a profile can set this"},
	{"extends", "base", "extends: only a profile can set this"},
	{"limits.memroy", "1G",
         "unknown field \"limits.memroy\"; did you mean \"limits.memory\"?"},
	{"memory", "1G",
         "unknown field \"memory\"; did you mean \"limits.memory\"?"},
	{"timeout", "1",
         "unknown field \"timeout\"; did you mean \"limits.wall_time\"?"},
	{"xyz", "1", "unknown field \"xyz\""},
	{"", "", "unknown field \"\""},
};

/* Each text is taken, or refused in exactly these words. */
Test(fields, read_text)
{
	for (size_t i = 0; i < ARRAY_SIZE(text_rows); i++) {
		const struct row *row = &text_rows[i];
		struct sbx_error err = {0};
		struct sbx_spec *spec;

		cr_assert_eq(sbx_spec_new(&spec, &err), 0, "%s", err.text);
		int r = sbx_spec_set(spec, row->path, row->value, &err);
		if (!row->text)
			cr_expect_eq(r, 0, "%s %s: %s", row->path, row->value,
			             err.text);
		else
			cr_expect(r < 0 && r == -err.code &&
			                  strcmp(err.text, row->text) == 0,
			          "%s %s: %d %s", row->path, row->value, r,
			          err.text);
		sbx_spec_free(spec);
	}
}

static size_t n_text_rows(const char *path, bool good)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(text_rows); i++)
		n += strcmp(text_rows[i].path, path) == 0 &&
		     !text_rows[i].text == good;
	return n;
}

/* Every row of the table that has an option is tried with a good value and
 * with a bad one, and every other one with a bad one. */
Test(fields, are_all_tried)
{
	size_t n;
	const struct sbx_field *fields = sbx_fields(&n);

	cr_assert_gt(n, 25);
	for (size_t i = 0; i < n; i++) {
		if (fields[i].option)
			cr_expect_gt(n_text_rows(fields[i].path, true), 0, "%s",
			             fields[i].path);
		cr_expect_gt(n_text_rows(fields[i].path, false), 0, "%s",
		             fields[i].path);
	}
}

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* No path and no option stands twice, what has an option says what it takes,
 * and each row has its help. */
Test(fields, are_told_apart)
{
	size_t n;
	const struct sbx_field *fields = sbx_fields(&n);

	for (size_t i = 0; i < n; i++) {
		cr_expect(fields[i].help && fields[i].rule);
		cr_expect_eq(!fields[i].option, !fields[i].value);
		for (size_t j = 0; j < n; j++) {
			cr_expect(i == j ||
			          !same(fields[i].path, fields[j].path));
			cr_expect(i == j ||
			          !same(fields[i].option, fields[j].option));
			cr_expect(!same(fields[i].option, fields[j].alias));
		}
	}
}

/* A value of any length makes one short line, and bytes that could steer a
 * terminal do not get into it. */
Test(fields, bound_their_messages)
{
	static char value[1 << 20];
	struct sbx_error err = {0};
	struct sbx_spec *spec;
	size_t n;

	memset(value, '\x1b', sizeof(value) - 1);
	cr_assert_eq(sbx_spec_new(&spec, &err), 0);
	const struct sbx_field *fields = sbx_fields(&n);
	for (size_t i = 0; i < n; i++) {
		err = (struct sbx_error){0};
		cr_expect_lt(sbx_spec_set(spec, fields[i].path, value, &err), 0,
		             "%s", fields[i].path);
		cr_expect_lt(strnlen(err.text, sizeof(err.text)),
		             sizeof(err.text));
		cr_expect_null(strchr(err.text, '\x1b'));
		cr_expect_not_null(strstr(err.text, fields[i].path), "%s",
		                   err.text);
	}
	cr_expect_lt(sbx_spec_set(spec, value, value, &err), 0);
	cr_expect_lt(sbx_spec_set(spec, value, value, NULL), 0);
	sbx_spec_free(spec);
}

/* The names of limits, modes and layers are those of the table. */
Test(fields, have_names)
{
	char buffer[24];

	cr_expect_str_eq(limit_name(LIMIT_WALL_TIME), "wall_time");
	cr_expect_str_eq(limit_name(LIMIT_STACK), "stack");
	for (unsigned i = 0; i < N_LIMITS; i++)
		cr_expect_not_null(limit_name(i));
	cr_expect_str_eq(network_name(NETWORK_NONE), "none");
	cr_expect_str_eq(network_name(NETWORK_LOOPBACK), "loopback");
	cr_expect_str_eq(layer_name(LAYER_NAMESPACES), "namespaces");
	cr_expect_str_eq(layer_name(LAYER_CGROUP), "cgroup");
	cr_expect_str_eq(limit_format(LIMIT_MEMORY, 512 << 20, buffer), "512M");
	cr_expect_str_eq(limit_format(LIMIT_CPUS, 500, buffer), "0.5");
	cr_expect_str_eq(limit_format(LIMIT_PIDS, 64, buffer), "64");
	cr_expect_str_eq(limit_format(LIMIT_WALL_TIME, 30000000000, buffer),
	                 "30s");
	cr_expect_str_eq(limit_format(LIMIT_DISK, LIMIT_OFF, buffer), "none");
}

/* ---- JSON ---- */

/* As a profile's text; sets err. */
static int set_json(struct sbx_spec *spec, const char *text, size_t len,
                    struct sbx_error *err)
{
	struct arena arena = {0};
	const struct json *root;
	int r = json_parse(&arena, text, len, &root, err);

	if (r == 0)
		r = fields_set_json(spec, root, ORIGIN_PROFILE, "profile x",
		                    err);
	arena_free(&arena);
	return r;
}

/* What follows "profile x, line 1: ", or NULL where the text is good. */
static const struct {
	const char *json, *text;
} json_rows[] = {
	{"{}", NULL},
	{"[]", "an object is wanted, not an array"},
	{"{\"limits\": {}}", NULL},
	{"{\"limits\": 1}", "limits: an object is wanted, not an integer"},
	{"{\"limits\": {\"wall_time\": 30, \"cpu_time\": \"1.5s\"}}", NULL},
	{"{\"limits\": {\"wall_time\": 0.25}}", NULL},
	{"{\"limits\": {\"wall_time\": \"none\"}}", NULL},
	{"{\"limits\": {\"wall_time\": null}}",
         "limits.wall_time: a duration (200ms, 1.5s, 5m) is wanted, not null"},
	{"{\"limits\": {\"wall_time\": true}}",
         "limits.wall_time: a duration (200ms, 1.5s, 5m) is wanted, not true "
         "or false"},
	{"{\"limits\": {\"memory\": 67108864}}", NULL},
	{"{\"limits\": {\"memory\": 1.5}}",
         "limits.memory: 1.5 is not a size (64K, 512M, 1G) or none"},
	{"{\"limits\": {\"memory\": -1}}",
         "limits.memory: \"-1\" is not a size (64K, 512M, 1G) or none"},
	{"{\"limits\": {\"memory\": 5}}",
         "limits.memory: \"5\" is below the least, 1M"},
	{"{\"limits\": {\"cpus\": 0.5}}", NULL},
	{"{\"limits\": {\"cpus\": 2}}", NULL},
	{"{\"limits\": {\"cpus\": 1e3}}",
         "limits.cpus: \"1e3\" is not a number (0.5, 2) or none"},
	{"{\"limits\": {\"pids\": [64]}}",
         "limits.pids: a whole number is wanted, not an array"},
	{"{\"limits\": {\"output_action\": \"kill\"}}", NULL},
	{"{\"limits\": {\"output_action\": 1}}",
         "limits.output_action: a string is wanted, not an integer"},
	{"{\"network\": {\"mode\": \"none\"}}", NULL},
	{"{\"network\": \"none\"}",
         "network: an object is wanted, not a string"},
	{"{\"env\": {\"A\": \"1\"}}", NULL},
	{"{\"env\": [\"A=1\"]}",
         "env: an object of strings is wanted, not an array"},
	{"{\"env\": {\"A\": 1}}", "env: a string is wanted, not an integer"},
	{"{\"env\": {\"A=B\": \"1\"}}",
         "env: \"A=B\" is not a name: A-Z, a-z, 0-9, \"_\", no digit first"},
	{"{\"mounts\": [{\"source\": \"/a\"}]}", NULL},
	{"{\"mounts\": [{\"source\": \"/a:b\", \"target\": \"/c\", "
         "\"writable\": true}]}",
         NULL},
	{"{\"mounts\": {\"source\": \"/a\"}}",
         "mounts: an array of objects is wanted, not an object"},
	{"{\"mounts\": [\"/a\"]}",
         "mounts: an object with source, target and writable is wanted, not a "
         "string"},
	{"{\"mounts\": [{}]}", "mounts: \"source\" is missing"},
	{"{\"mounts\": [{\"source\": \"/a\", \"writeable\": true}]}",
         "mounts: unknown key \"writeable\"; did you mean \"writable\"?"},
	{"{\"mounts\": [{\"source\": \"/a\", \"writable\": 1}]}",
         "mounts: true or false is wanted, not an integer"},
	{"{\"mounts\": [{\"source\": \"/proc\"}]}",
         "mounts: source /proc may not be used: it is the kernel's"},
	{"{\"mounts\": [{\"source\": \"/a\"}, {\"source\": \"/b\", "
         "\"target\": \"/a\"}]}",
         "mounts: /a is given twice as a target"},
	{"{\"command\": [\"sh\", \"{file}\", \"\"]}", NULL},
	{"{\"command\": []}", "command: 0 items, not 1 to 256"},
	{"{\"command\": \"sh\"}",
         "command: an array of strings is wanted, not a string"},
	{"{\"command\": [\"sh\", 1]}",
         "command: a string is wanted, not an integer"},
	{"{\"seccomp\": [\"base\", \"threads\"]}", NULL},
	{"{\"seccomp\": [\"../x\"]}",
         "seccomp: \"../x\" is not the name of a set: a-z, 0-9, \"_\" and "
         "\"-\""},
	{"{\"pty\": true}", NULL},
	{"{\"warm\": {\"kind\": \"standby\", \"preload\": [\"os.path\", "
         "\"node:fs\"]}}",
         NULL},
	{"{\"warm\": {\"preload\": [\"a b\"]}}",
         "warm.preload: \"a b\" is not the name of a module: letters, digits "
         "and \"._:/-\""},
	{"{\"warm\": {\"preload\": [\"-c\"]}}",
         "warm.preload: \"-c\" is not the name of a module: letters, digits "
         "and \"._:/-\""},
	{"{\"pty\": \"true\"}", "pty: true or false is wanted, not a string"},
	{"{\"require\": [\"cgroup\"], \"allow_degraded\": [\"cpus\"]}", NULL},
	{"{\"require\": \"cgroup\"}",
         "require: an array of strings is wanted, not a string"},
	{"{\"allow_degraded\": [1]}",
         "allow_degraded: a string is wanted, not an integer"},
	{"{\"rootfs\": \"host\", \"file\": \"a\", \"package\": \"b\", "
         "\"description\": \"c\", \"workdir\": \"/d\", \"hostname\": \"e\", "
         "\"stdin_file\": \"f\"}",
         NULL},
	{"{\"rootfs\": null}", "rootfs: a string is wanted, not null"},
	{"{\"hostnmae\": 1}",
         "unknown key \"hostnmae\"; did you mean \"hostname\"?"},
	{"{\"build\": {\"command\": [\"cc\"], \"limits\": {\"memory\": "
         "\"1G\", \"pids\": 9, \"idle_time\": \"none\"}}}",
         NULL},
	{"{\"build\": [\"cc\"]}", "build: an object is wanted, not an array"},
	{"{\"build\": {\"command\": []}}",
         "build.command: 0 items, not 1 to 256"},
	{"{\"build\": {\"comand\": [\"cc\"]}}",
         "unknown key \"comand\"; did you mean \"command\"?"},
	{"{\"build\": {\"limits\": 3}}",
         "build.limits: an object of limits is wanted, not an integer"},
	{"{\"build\": {\"limits\": {\"memroy\": \"1G\"}}}",
         "build.limits: unknown limit \"memroy\"; did you mean "
         "\"memory\"?"},
	{"{\"build\": {\"limits\": {\"output_action\": \"kill\"}}}",
         "build.limits: unknown limit \"output_action\""},
	{"{\"build\": {\"limits\": {\"pids\": 0}}}",
         "build.limits.pids: \"0\" is below the least, 1"},
	{"{\"check\": {\"allowed_modules\": [], \"blocked_modules\": "
         "[\"os.path\"], \"blocked_calls\": [\"eval\", \"os.system\", "
         "\".mro\"], \"max_code_bytes\": \"64K\"}}",
         NULL},
	{"{\"check\": []}", "check: an object is wanted, not an array"},
	{"{\"check\": {\"blocked_module\": []}}",
         "unknown key \"blocked_module\"; did you mean "
         "\"blocked_modules\"?"},
	{"{\"check\": {\"blocked_modules\": \"os\"}}",
         "check.blocked_modules: an array of strings is wanted, not a "
         "string"},
	{"{\"check\": {\"blocked_modules\": [\"o s\"]}}",
         "check.blocked_modules: \"o s\" is not the name of a module"},
	{"{\"check\": {\"blocked_calls\": [\"os..system\"]}}",
         "check.blocked_calls: \"os..system\" is not a name, or names with "
         "dots between"},
	{"{\"check\": {\"blocked_calls\": [\"eval()\"]}}",
         "check.blocked_calls: \"eval()\" is not a name, or names with dots "
         "between"},
	{"{\"check\": {\"max_code_bytes\": 0}}",
         "check.max_code_bytes: \"0\" is not between 1 and 256M"},
	{"{\"check\": {\"max_code_bytes\": \"none\"}}",
         "check.max_code_bytes: \"none\" is not a size (64K, 1M)"},
	{"{\"check\": {\"max_code_bytes\": []}}",
         "check.max_code_bytes: a size (64K, 1M) is wanted, not an array"},
	{"{\"limit\": {}}", "unknown key \"limit\"; did you mean \"limits\"?"},
	{"{\"memory\": \"1G\"}",
         "unknown key \"memory\"; did you mean \"limits.memory\"?"},
	{"{\"limits\": {\"memroy\": 1}}",
         "unknown key \"memroy\"; did you mean \"memory\"?"},
	{"{\"limits\": {\"timeout\": 1}}",
         "unknown key \"timeout\"; did you mean \"limits.wall_time\"?"},
	{"{\"limits.memory\": \"1G\"}",
         "unknown key \"limits.memory\"; an object stands for what is before "
         "the dot"},
	{"{\"mounts.writable\": []}",
         "unknown key \"mounts.writable\"; an object stands for what is "
         "before the dot"},
	{"{\"later\": {}}", "unknown key \"later\""},
	{"{\"\": 1}", "unknown key \"\""},
};

/* Each text is taken, or refused in exactly these words. */
Test(fields, read_json)
{
	for (size_t i = 0; i < ARRAY_SIZE(json_rows); i++) {
		const char *json = json_rows[i].json;
		struct sbx_error err = {0};
		struct sbx_spec *spec;
		char text[256];

		cr_assert_eq(sbx_spec_new(&spec, &err), 0);
		int r = set_json(spec, json, strlen(json), &err);
		(void)snprintf(text, sizeof(text), "profile x, line 1: %s",
		               json_rows[i].text);
		if (!json_rows[i].text)
			cr_expect_eq(r, 0, "%s: %s", json, err.text);
		else
			cr_expect(r < 0 && err.stage == SBX_STAGE_PROFILE &&
			                  strcmp(err.text, text) == 0,
			          "%s: %d %s", json, r, err.text);
		sbx_spec_free(spec);
	}
}

/* A message names the line that is wrong, also deep inside. */
Test(fields, name_the_line)
{
	static const char json[] = "{\n  // a remark\n  \"command\": [\n"
				   "    \"sh\",\n    7\n  ]\n}\n";
	struct sbx_error err = {0};
	struct sbx_spec *spec;

	cr_assert_eq(sbx_spec_new(&spec, &err), 0);
	cr_expect_lt(set_json(spec, json, strlen(json), &err), 0);
	cr_expect_str_eq(err.text, "profile x, line 5: command: a string is "
	                           "wanted, not an integer");
	sbx_spec_free(spec);
}
