/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "../../tools/trace/limits.h"
#include "../../tools/trace/output.h"
#include "../../tools/trace/profile.h"
#include "../../tools/trace/remarks.h"
#include "../../tools/trace/tracer.h"
#include "base/clock.h"
#include "support/bpf.h"
#include "support/schema.h"
#include "support/scratch.h"

#define MIB    ((uint64_t)1 << 20)
#define N_ARGS 6

TestSuite(trace, .init = scratch_make, .fini = scratch_remove);

/* A filter that is traced lets nothing happen unseen, and allows nothing that
 * it did not: each answer but ALLOW stays. */
Test(trace, turns_allow_into_trace_alone)
{
	static struct sbx_plan plan;
	const char *const names[] = {"base", "threads", NULL};
	struct sock_filter before[FILTER_MAX];
	struct sbx_error err = {0};
	size_t n_changed = 0;

	cr_assert_eq(filter_compile(names, plan.filter, &plan.n_filter, &err),
	             0, "%s", err.text);
	memcpy(before, plan.filter, sizeof(before));
	tracer_filter(&plan);
	for (uint32_t call = 0; call < 1024; call++) {
		struct seccomp_data data = {.arch = FILTER_ARCH,
		                            .nr = (int)call};
		uint32_t was, is;

		cr_assert_eq(bpf_run(before, plan.n_filter, &data, &was), 0);
		cr_assert_eq(bpf_run(plan.filter, plan.n_filter, &data, &is),
		             0);
		if (was == SECCOMP_RET_ALLOW) {
			cr_expect_eq(is, SECCOMP_RET_TRACE, "call %u", call);
			n_changed++;
		} else {
			cr_expect_eq(is, was, "call %u", call);
		}
	}
	cr_expect_gt(n_changed, 100);
	cr_expect_null(bpf_check(plan.filter, plan.n_filter));
}

/* Twice, rounded up; no less than the least, no more than there was. */
Test(trace, leaves_room_in_limits)
{
	const struct {
		enum limit limit;
		uint64_t used, own, fit;
	} rows[] = {
		{LIMIT_MEMORY, 9 * MIB, 512 * MIB, 64 * MIB},
		{LIMIT_MEMORY, 50 * MIB, 512 * MIB, 104 * MIB},
		{LIMIT_MEMORY, 100 * MIB, 512 * MIB, 208 * MIB},
		{LIMIT_MEMORY, 300 * MIB, 512 * MIB, 512 * MIB},
		{LIMIT_MEMORY, 9 * MIB, 16 * MIB, 16 * MIB},
		{LIMIT_MEMORY, 70 * MIB, LIMIT_OFF, 144 * MIB},
		{LIMIT_MEMORY, LIMIT_OFF, 512 * MIB, 512 * MIB},
		{LIMIT_PIDS, 1, 64, 4},
		{LIMIT_PIDS, 3, 64, 6},
		{LIMIT_PIDS, 11, 64, 22},
		{LIMIT_PIDS, 60, 64, 64},
		{LIMIT_WALL_TIME, NS_PER_MS, 30 * NS_PER_S, 5 * NS_PER_S},
		{LIMIT_WALL_TIME, 3500 * NS_PER_MS, 30 * NS_PER_S,
	         7 * NS_PER_S},
		{LIMIT_CPU_TIME, 0, 30 * NS_PER_S, 2 * NS_PER_S},
		{LIMIT_OUTPUT, 3, MIB, MIB / 16},
		{LIMIT_OUTPUT, MIB, MIB, MIB},
		{LIMIT_DISK, 0, 100 * MIB, MIB},
		{LIMIT_DISK, UINT64_MAX / 2, 100 * MIB, 100 * MIB},
		{LIMIT_STACK, 1, 8 * MIB, 8 * MIB}, /* not measured */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_eq(
			limits_fit(rows[i].limit, rows[i].used, rows[i].own),
			rows[i].fit, "row %zu: %ju", i,
			(uintmax_t)limits_fit(rows[i].limit, rows[i].used,
		                              rows[i].own));
}

/* ---- the text ---- */

static const uint64_t zeros[N_ARGS], thread[N_ARGS] = {CLONE_THREAD};

struct made {
	struct arena arena;
	struct sbx_spec spec;
	struct sbx_plan plan;
	struct calls_seen calls;
	struct traced traced;
	struct learned learned;
	struct buffer text;
};

static const char *const all_sets[] = {"base", "threads", "unix"};

static void make(struct made *made, const char *name, const char *from)
{
	struct sbx_error err = {0};

	made->plan.seccomp = (struct strings){(const char **)all_sets, 3};
	made->plan.network = NETWORK_LOOPBACK;
	for (int i = 0; i < N_LIMITS; i++)
		made->plan.limits[i].value = LIMIT_OFF;
	made->learned = (struct learned){.spec = &made->spec,
	                                 .plan = &made->plan,
	                                 .name = name,
	                                 .calls = &made->calls,
	                                 .traced = &made->traced};
	cr_assert_eq(json_parse(&made->arena, from, strlen(from),
	                        &made->learned.from, &err),
	             0, "%s", err.text);
	cr_assert_eq(profile_text(&made->learned, &made->text), 0);
	buffer_append(&made->text, "", 1);
}

static void let_go(struct made *made)
{
	arena_free(&made->arena);
	buffer_free(&made->text);
}

static void expect_in(const struct made *made, const char *part)
{
	cr_expect_not_null(strstr(made->text.data, part), "%s in\n%s", part,
	                   made->text.data);
}

/* The text is a profile by the schema, whatever the first one said; what was
 * learned takes the place of its words. */
Test(trace, makes_a_profile)
{
	static struct made made;
	const struct json *root;
	struct sbx_error err = {0};
	char fault[256];

	calls_add(&made.calls, SYS_read, zeros);
	calls_add(&made.calls, SYS_clone, thread);
	made.traced.n_refused = 2;
	made.traced.refused[0] = SYS_memfd_create;
	made.traced.refused[1] = SYS_ptrace;
	make(&made, "x",
	     "{\"description\": \"a \\\"b\\\"\\u001b\", \"extends\": \"base\","
	     "\"env\": {\"A\": \"1\"}, \"seccomp\": [\"base\", \"unix\"],"
	     "\"limits\": {\"memory\": \"1G\", \"inodes\": 5, \"cpus\": 0.5,"
	     "\"output_action\": \"kill\"}, \"command\": [\"a\", \"{file}\"]}");
	expect_in(&made, "// Set base, 1 call: read 1\n");
	expect_in(&made, "// Set threads, 1 call: clone 1\n");
	expect_in(&made, "// Refused: memfd_create (in memfd), ptrace\n");
	expect_in(&made, "\n  \"seccomp\": [\"base\",\"threads\"]\n}\n");
	expect_in(&made, "\"memory\": \"64M\"");
	expect_in(&made, "\"inodes\": 5");
	expect_in(&made, "\"mode\": \"none\"");
	cr_expect_eq(json_parse(&made.arena, made.text.data, made.text.len - 1,
	                        &root, &err),
	             0, "%s", err.text);
	cr_expect(
		schema_fits("profile.schema.json", root, fault, sizeof(fault)),
		"%s", fault);
	cr_expect_str_eq(json_get(root, "description")->text, "a \"b\"\x1b");
	let_go(&made);
}

/* One that extends nothing is extended: there is one level. A file without a
 * name cannot be, so its members are copied. */
Test(trace, extends_one_level)
{
	static struct made named, file;
	static const char from[] = "{\"rootfs\": \"host\"}";

	make(&named, "base", from);
	expect_in(&named, "\"extends\": \"base\"");
	cr_expect_null(strstr(named.text.data, "rootfs"));
	let_go(&named);
	make(&file, NULL, from);
	expect_in(&file, "\"rootfs\": \"host\"");
	cr_expect_null(strstr(file.text.data, "extends"));
	let_go(&file);
}

/* Counts of the supervisor's are bounds for nothing before they are looked
 * at. */
Test(trace, trusts_no_count)
{
	static struct made made;

	made.traced.n_refused = SIZE_MAX;
	make(&made, "x", "{}");
	expect_in(&made, "// Refused: ");
	let_go(&made);
}

/* ---- the file ---- */

static int put(const char *path, const char *text, struct sbx_error *err)
{
	struct output output;
	struct buffer buffer = {.data = (char *)text, .len = strlen(text)};
	int r = output_open(&output, path, err);

	if (r == 0)
		r = output_write(&output, &buffer, err);
	output_close(&output);
	return r;
}

static void expect_file(const char *path, const char *text)
{
	struct buffer buffer = {0};

	read_file(path, &buffer);
	cr_expect_str_eq(buffer.data, text);
	buffer_free(&buffer);
}

/* The file is made or replaced; nothing else is left in its directory. */
Test(trace, writes_a_file_whole)
{
	const char *path = scratch("p.json");
	struct sbx_error err = {0};

	cr_assert_eq(put(path, "one", &err), 0, "%s", err.text);
	expect_file(path, "one");
	cr_assert_eq(put(path, "two", &err), 0, "%s", err.text);
	expect_file(path, "two");
	cr_expect_eq(unlink(path), 0);
	cr_expect_eq(rmdir(scratch("")), 0);
	cr_expect_eq(mkdir(scratch(""), 0755), 0);
}

/* What is no file of the caller's to replace is left as it is. */
Test(trace, refuses_what_is_no_file)
{
	const char *target = scratch_text("target", "kept");
	const char *link = scratch("link"), *fifo = scratch("fifo");
	struct sbx_error err = {0};

	cr_assert_eq(symlink(target, link), 0);
	cr_assert_eq(mkfifo(fifo, 0600), 0);
	cr_expect_eq(put(link, "x", &err), -EINVAL);
	cr_expect_not_null(strstr(err.text, "symbolic link"), "%s", err.text);
	cr_expect_eq(put(fifo, "x", &err), -EINVAL);
	cr_expect_eq(put("/dev/null", "x", &err), -EINVAL);
	cr_expect_eq(put(scratch(""), "x", &err), -EINVAL);
	cr_expect_eq(put(scratch("no/file"), "x", &err), -ENOENT);
	cr_expect_eq(put(text_of("%s/", scratch("")), "x", &err), -EINVAL);
	expect_file(target, "kept");
}
