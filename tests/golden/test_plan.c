/* SPDX-License-Identifier: MIT */
/*
 * Golden plans: a spec and frozen facts make exactly the text that is in
 * tests/golden/NAME.plan. Of all but the plan of a command on each host it is
 * what differs from that, "-" before a line that is not there and "+" before
 * one that is there instead. SBX_GOLDEN=write writes the texts anew, and
 * then the tests fail all the same: look at the difference first.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "support/facts.h"

#define WORDS(...)        ((const char *const[]){__VA_ARGS__, NULL})
#define BINDS(...)        ((const struct bind_source[]){__VA_ARGS__})
#define SETTING_LIST(...) ((const struct setting[]){__VA_ARGS__, {NULL, NULL}})

struct setting {
	const char *path, *value;
};

struct golden {
	const char *name;
	const struct facts *facts;
	const char *profile;
	const char *file;         /* the program: a file of the host, or */
	const char *code;         /* a text, or neither: a command */
	const char *const *words; /* arguments; the command and its own */
	const struct setting *settings;
	const struct bind_source *binds; /* what they are on the host */
};

static const char program[] = "print('hello')\n";

static const struct golden hosts[] = {
	{"command-root", &facts_root, "base", .words = WORDS("ls")},
	{"command-user", &facts_user, "base", .words = WORDS("ls")},
	{"command-separate", &facts_separate, "base", .words = WORDS("ls")},
	{"command-cgroup", &facts_cgroup, "base", .words = WORDS("ls")},
};

static const struct golden languages[] = {
	{"python-file", &facts_root, "python", "/home/me/hello.py",
         .words = WORDS("one", "two words")},
	{"python-code", &facts_user, "python", .code = program},
	{"node-file", &facts_root, "node", .file = "hello.js"},
	{"bash-file", &facts_root, "bash", .file = "./hello.sh"},
	{"perl-file", &facts_root, "perl", .file = "../hello.pl"},
	{"ruby-file", &facts_root, "ruby", .file = "hello.rb"},
	{"c-file", &facts_root, "c", .file = "hello.c"},
	{"go-file", &facts_root, "go", .file = "hello.go"},
	{"lua-file", &facts_root, "lua", .file = "hello.lua"},
};

/* Names that a command line, a shell or a terminal could take for more. */
static const struct golden names[] = {
	{"name-dash", &facts_root, "bash", "/srv/-rf.sh", .words = WORDS("-x")},
	{"name-odd", &facts_root, "python", "/srv/ a {file}\\n\xc3\xa9'$(x).py",
         .words = WORDS("", "{file}", "\x1b[2J", "--")},
	{"name-elsewhere", &facts_root, "python", "/srv/-c.py",
         .settings = SETTING_LIST({"workdir", "/tmp"})},
};

static const struct golden binds[] = {
	{"bind", &facts_root, "base", .words = WORDS("ls"),
         .settings = SETTING_LIST(
		 {"mounts", "/srv/data"}, {"mounts.writable", "/srv/out:/out"},
		 {"mounts", "/srv/words:/srv/deep/down/words"}),
         .binds = BINDS({"/srv/data", true}, {"/srv/out", true},
                        {"/srv/words.txt", false})},
	{"bind-workspace", &facts_user, "python", .code = program,
         .settings =
                 SETTING_LIST({"mounts.writable", "/srv/out:/workspace/out"},
                              {"mounts", "/srv/in:/workspace/a/b/in.txt"},
                              {"mounts", "/srv/in:/tmp/in.txt"}),
         .binds = BINDS({"/srv/out", true}, {"/srv/in", false},
                        {"/srv/in", false})},
	{"bind-nested", &facts_root, "base", .words = WORDS("ls"),
         .settings = SETTING_LIST({"mounts", "/srv/b:/data/a/b"},
                                  {"mounts.writable", "/srv/data:/data"},
                                  {"mounts", "/srv/c:/data/a-c"},
                                  {"mounts", "/srv/a:/data/a"}),
         .binds = BINDS({"/srv/b", true}, {"/srv/data", true}, {"/srv/c", true},
                        {"/srv/a", true})},
	{"bind-host", &facts_root, "base", .words = WORDS("ls"),
         .settings = SETTING_LIST({"mounts", "/opt/ls:/bin/ls"},
                                  {"mounts", "/opt/local:/usr/local"},
                                  {"mounts", "/opt/passwd:/etc/passwd"},
                                  {"mounts", "/etc/ssl"}),
         .binds = BINDS({"/opt/ls", false}, {"/opt/local", true},
                        {"/opt/passwd", false}, {"/etc/ssl", true})},
};

static const struct golden limits[] = {
	{"limits-off", &facts_root, "base", .words = WORDS("ls"),
         .settings = SETTING_LIST(
		 {"limits.wall_time", "none"}, {"limits.cpu_time", "none"},
		 {"limits.idle_time", "none"}, {"limits.memory", "none"},
		 {"limits.cpus", "none"}, {"limits.pids", "none"},
		 {"limits.output", "none"}, {"limits.disk", "none"},
		 {"limits.inodes", "none"}, {"limits.open_files", "none"},
		 {"limits.file_size", "none"}, {"limits.stack", "none"},
		 {"limits.fuel", "none"})},
	{"limits-set", &facts_user, "node", .code = program,
         .settings = SETTING_LIST(
		 {"limits.wall_time", "1.5s"}, {"limits.cpu_time", "200ms"},
		 {"limits.idle_time", "1m"}, {"limits.memory", "64M"},
		 {"limits.cpus", "2"}, {"limits.pids", "8"},
		 {"limits.output", "0"}, {"limits.output_action", "kill"},
		 {"limits.disk", "5000"}, {"limits.inodes", "16"},
		 {"limits.open_files", "8"}, {"limits.file_size", "1"},
		 {"limits.stack", "64M"})},
	{"limits-fuel", &facts_root, "base", .words = WORDS("ls"),
         .settings = SETTING_LIST({"limits.fuel", "1000000000"})},
	{"limits-cpus", &facts_root, "base", .words = WORDS("ls"),
         .settings = SETTING_LIST({"limits.cpus", "2.5"},
                                  {"allow_degraded", "cpus"})},
};

static const struct golden others[] = {
	{"settings", &facts_root, "base", .words = WORDS("ls"),
         .settings = SETTING_LIST({"network.mode", "none"},
                                  {"hostname", "box.example"},
                                  {"stdin_file", "/srv/in put"},
                                  {"workdir", "/usr/share"}, {"env", "A=b=c"},
                                  {"env", "PATH=/opt/bin"}, {"env", "EMPTY="})},
	{"pty", &facts_user, "base", .words = WORDS("ls"),
         .settings = SETTING_LIST({"pty", "true"})},
};

/* A spec as the caller of a row would have made it. */
static int make_spec(const struct golden *row, struct sbx_spec **spec,
                     struct sbx_error *err)
{
	static const char *const dirs[] = {"profiles", NULL};
	int r = sbx_spec_new(spec, err);

	if (r == 0)
		r = sbx_spec_profile(*spec, row->profile, dirs, err);
	for (const struct setting *set = row->settings;
	     r == 0 && set && set->path; set++) {
		/* No option sets it. */
		if (strcmp(set->path, "pty") == 0)
			(*spec)->pty = true;
		else
			r = sbx_spec_set(*spec, set->path, set->value, err);
	}
	if (r == 0 && row->file)
		r = sbx_spec_file(*spec, row->file, row->words, err);
	else if (r == 0 && row->code)
		r = sbx_spec_code(*spec, row->code, strlen(row->code),
		                  row->words, err);
	else if (r == 0)
		r = sbx_spec_command(*spec, row->words, err);
	return r;
}

/* The row's facts, with what facts_collect() would add for the spec. */
static int make_facts(const struct golden *row, const struct sbx_spec *spec,
                      struct arena *arena, struct facts *facts)
{
	char **argv;
	int r;

	*facts = *row->facts;
	facts->binds = row->binds;
	if (row->file || row->code) {
		facts->code = program;
		facts->code_len = strlen(program);
		facts->code_name = spec->file;
	}
	r = plan_arguments(spec, facts->code_name, arena, &argv, NULL);
	if (r == 0)
		facts->executable = arena_printf(arena, "/usr/bin/%s", argv[0]);
	return r;
}

/* The count of the filter's instructions differs between architectures, and
 * has golden files of its own. */
static void hide_filter(struct buffer *text)
{
	char *at = strstr(text->data, "\nfilter: ");
	char *end = at ? strstr(at, " instructions") : NULL;

	cr_assert_not_null(end);
	at += strlen("\nfilter: ");
	memset(at, '#', 3);
	memmove(at + 3, end, strlen(end) + 1);
}

static void compare(const char *path, const struct buffer *text)
{
	struct buffer wanted CLEANUP(buffer_free) = {0};
	const char *want, *have = text->data;
	int r = file_read(path, 1 << 20, &wanted), line = 1;

	cr_assert_eq(r, 0, "%s: %s; SBX_GOLDEN=write writes it", path,
	             strerror(-r));
	buffer_append(&wanted, "", 1);
	want = wanted.data;
	for (size_t i = 0; have[i] && have[i] == want[i]; i++)
		if (have[i] == '\n') {
			have += i + 1;
			want += i + 1;
			line++;
			i = (size_t)-1;
		}
	cr_expect(strcmp(have, want) == 0,
	          "%s, line %d is\n\t%.*s\nwhere was\n\t%.*s", path, line,
	          (int)strcspn(have, "\n"), have, (int)strcspn(want, "\n"),
	          want);
}

static void update(const char *path, const struct buffer *text)
{
	CLEANUP_FD int fd = -1;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	cr_expect_eq(file_write_fd(fd, text->data, strlen(text->data)), 0,
	             "write %s", path);
	cr_expect_fail("%s: written; read the difference", path);
}

static void print_plan(const struct golden *row, struct buffer *text)
{
	struct arena arena CLEANUP(arena_free) = {0};
	struct sbx_error err = {0};
	struct sbx_plan *plan;
	struct sbx_spec *spec = NULL;
	struct facts facts;

	cr_assert_eq(make_spec(row, &spec, &err), 0, "%s: %s", row->name,
	             err.text);
	cr_assert_eq(make_facts(row, spec, &arena, &facts), 0);
	cr_assert_eq(plan_build(spec, &facts, &plan, &err), 0, "%s: %s",
	             row->name, err.text);
	/* The plan stands by itself. */
	sbx_spec_free(spec);
	arena_free(&arena);
	cr_assert_eq(plan_text(plan, text), 0);
	sbx_plan_free(plan);
	hide_filter(text);
}

#define MAX_LINES 256

/* Cuts text into lines. Returns how many. */
static size_t split(char *text, char *lines[MAX_LINES])
{
	size_t n = 0;

	for (char *end; (end = strchr(text, '\n')); text = end + 1) {
		cr_assert_lt(n, MAX_LINES);
		*end = '\0';
		lines[n++] = text;
	}
	return n;
}

/* What makes the lines of one text those of the other: the longest common
 * sequence of lines stays. Both are cut up. */
static void differ(char *from_text, char *to_text, struct buffer *out)
{
	static unsigned short common[MAX_LINES + 1][MAX_LINES + 1];
	char *from[MAX_LINES], *to[MAX_LINES];
	size_t n = split(from_text, from), m = split(to_text, to);

	memset(common, 0, sizeof(common));
	for (size_t i = n; i-- > 0;)
		for (size_t j = m; j-- > 0;)
			common[i][j] = strcmp(from[i], to[j]) == 0
			                       ? common[i + 1][j + 1] + 1
			                       : MAX(common[i + 1][j],
			                             common[i][j + 1]);
	for (size_t i = 0, j = 0; i < n || j < m;) {
		if (i < n && j < m && strcmp(from[i], to[j]) == 0) {
			i++;
			j++;
		} else if (j == m ||
		           (i < n && common[i + 1][j] >= common[i][j + 1])) {
			buffer_printf(out, "- %s\n", from[i++]);
		} else {
			buffer_printf(out, "+ %s\n", to[j++]);
		}
	}
	buffer_append(out, "", 1);
}

/* The row of a command on the same host. */
static const struct golden *base_of(const struct golden *row)
{
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
		if (hosts[i].facts == row->facts)
			return &hosts[i];
	return NULL;
}

static void check(const struct golden *row)
{
	struct buffer text CLEANUP(buffer_free) = {0};
	struct buffer base CLEANUP(buffer_free) = {0};
	struct buffer difference CLEANUP(buffer_free) = {0};
	const struct buffer *shown = &text;
	char path[128];

	print_plan(row, &text);
	if (base_of(row) != row) {
		print_plan(base_of(row), &base);
		differ(base.data, text.data, &difference);
		shown = &difference;
	}
	(void)snprintf(path, sizeof(path), "tests/golden/%s.plan", row->name);
	if (getenv("SBX_GOLDEN"))
		update(path, shown);
	else
		compare(path, shown);
}

#define CHECK_ALL(rows)                                  \
	for (size_t i_ = 0; i_ < ARRAY_SIZE(rows); i_++) \
	check(&(rows)[i_])

/* A command is planned for root, for an ordinary user, and for a host whose
 * /bin and /lib are not links. */
Test(golden, hosts)
{
	CHECK_ALL(hosts);
}

/* Each shipped profile of a language runs a file and a text. */
Test(golden, languages)
{
	CHECK_ALL(languages);
}

/* A program's name is only ever a name. */
Test(golden, names)
{
	CHECK_ALL(names);
}

/* Binds get a place where there is none, and one below another comes after
 * it. */
Test(golden, binds)
{
	CHECK_ALL(binds);
}

/* Limits that are off, set, and rounded. */
Test(golden, limits)
{
	CHECK_ALL(limits);
}

/* What else a caller and a profile can set. */
Test(golden, others)
{
	CHECK_ALL(others);
}
