/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "kernel/ns.h"
#include "model/outcome.h"
#include "support/facts.h"

#define MADE  UINT64_C(1000000000)
#define START UINT64_C(1002500000)
#define END   UINT64_C(3002500001)

/* A report, read back. */
struct read {
	struct arena arena;
	struct buffer text;
	const struct json *root;
};

static void read_free(struct read *read)
{
	arena_free(&read->arena);
	buffer_free(&read->text);
}

/* Makes a report, and asserts that it is one line of JSON. */
static void make(struct read *read, const struct sbx_plan *plan,
                 const struct run *run, const struct sbx_error *failure)
{
	struct sbx_error err = {0};

	*read = (struct read){0};
	cr_assert_eq(report_make(plan, run, failure, &read->text), 0);
	cr_assert_eq(read->text.data[read->text.len - 1], '\n');
	for (size_t i = 0; i < read->text.len - 1; i++)
		cr_assert_geq((unsigned char)read->text.data[i], ' ');
	cr_assert(text_is_utf8(read->text.data, read->text.len));
	cr_assert_eq(json_parse(&read->arena, read->text.data, read->text.len,
	                        &read->root, &err),
	             0, "%s: %.*s", err.text, (int)read->text.len,
	             read->text.data);
	cr_assert_eq(read->root->kind, JSON_OBJECT);
}

/* The value at a path like "usage.cpu_time_s", or NULL. */
static const struct json *at(const struct read *read, const char *path)
{
	const struct json *value = read->root;
	char key[64];

	while (value && *path) {
		size_t len = strcspn(path, ".");

		(void)snprintf(key, sizeof(key), "%.*s", (int)len, path);
		value = value->kind == JSON_OBJECT ? json_get(value, key)
		                                   : NULL;
		path += len + (path[len] == '.');
	}
	return value;
}

/* It as text: "(none)", a string or a number as it is, a word, or the members
 * of an array of strings with blanks between them. */
static const char *says(struct read *read, const char *path)
{
	const struct json *value = at(read, path);
	const char *text = "";

	if (!value)
		return "(none)";
	switch (value->kind) {
	case JSON_BOOL:
		return value->boolean ? "true" : "false";
	case JSON_OBJECT:
		return "{}";
	case JSON_ARRAY:
		for (value = value->child; value; value = value->next)
			text = arena_printf(&read->arena, "%s%s%s", text,
			                    *text ? " " : "", value->text);
		return text;
	default:
		return value->text;
	}
}

struct wanted {
	const char *path, *text;
};

static void expect(struct read *read, const struct wanted *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cr_expect_str_eq(says(read, rows[i].path), rows[i].text,
		                 "%s is %s, not %s", rows[i].path,
		                 says(read, rows[i].path), rows[i].text);
}

#define EXPECT(read, ...)                                    \
	expect((read), (const struct wanted[]){__VA_ARGS__}, \
	       ARRAY_SIZE(((const struct wanted[]){__VA_ARGS__})))

static struct sbx_plan *make_plan(const char *const *settings)
{
	struct sbx_plan *plan = made_plan(&facts_root, settings);

	plan->id = "0123";
	plan->seccomp.n = 2; /* of those that the plan has chosen */
	return plan;
}

static const struct run exited = {
	.id = "4567",
	.request_ns = MADE,
	.started = true,
	.ended = true,
	.wait_status = 3 << 8,
	.start_ns = START,
	.end_ns = END,
	.user_ns = 1500000000,
	.system_ns = 500000000,
	.memory_peak = 12345678,
	.disk_bytes = 4096,
	.tasks_peak = 7,
	.output = {{.bytes = 2000000, .truncated = true}, {.bytes = 0}},
};

/* All fields of a run that ended by itself, with their units. */
Test(report, of_a_run)
{
	struct sbx_plan *plan = make_plan(NULL);
	struct read read;

	make(&read, plan, &exited, NULL);
	EXPECT(&read, {"schema", "1"}, {"id", "4567"}, {"status", "failure"},
	       {"reason", "exited"}, {"message", "exited with status 3"},
	       {"exit_code", "3"}, {"signal", "(none)"}, {"stdout", "(none)"},
	       {"stdout_b64", "(none)"}, {"stderr", "(none)"},
	       {"stdout_bytes", "2000000"}, {"stderr_bytes", "0"},
	       {"stdout_truncated", "true"}, {"stderr_truncated", "false"},
	       {"wall_time_s", "2.000000001"}, {"setup_time_s", "0.0025"},
	       {"usage.cpu_time_s", "2"}, {"usage.user_time_s", "1.5"},
	       {"usage.system_time_s", "0.5"},
	       {"usage.memory_peak_bytes", "12345678"},
	       {"usage.disk_bytes", "4096"}, {"usage.pids_peak", "7"},
	       {"events.disk_full", "false"}, {"events.denied_syscalls", ""},
	       {"profile", "base"}, {"code_sha256", "(none)"},
	       {"session", "(none)"}, {"error", "(none)"});
	EXPECT(&read,
	       {"isolation.namespaces", "user pid net ipc uts mnt cgroup"},
	       {"isolation.cgroup", "none"},
	       {"isolation.seccomp", "base threads"},
	       {"isolation.rootfs", "host"}, {"isolation.network", "loopback"},
	       {"isolation.warm", "false"});
	read_free(&read);
	sbx_plan_free(plan);
}

/* Each limit says its value, in its unit, and who enforces it. */
Test(report, of_limits)
{
	struct sbx_plan *plan = make_plan(
		SETTINGS("limits.wall_time", "1.5s", "limits.cpus", "1",
	                 "limits.memory", "64M", "limits.idle_time", "none"));
	struct read read;

	make(&read, plan, &exited, NULL);
	EXPECT(&read, {"limits.wall_time.value", "1.5"},
	       {"limits.wall_time.enforced_by", "supervisor"},
	       {"limits.cpu_time.value", "30"},
	       {"limits.cpu_time.enforced_by", "supervisor"},
	       {"limits.idle_time", "(none)"},
	       {"limits.memory.value", "67108864"},
	       {"limits.memory.enforced_by", "supervisor"},
	       {"limits.cpus.value", "1"},
	       {"limits.cpus.enforced_by", "affinity"},
	       {"limits.pids.value", "64"},
	       {"limits.pids.enforced_by", "rlimit"},
	       {"limits.output.value", "1048576"},
	       {"limits.disk.value", "104857600"},
	       {"limits.disk.enforced_by", "tmpfs"},
	       {"limits.inodes.value", "10000"},
	       {"limits.inodes.enforced_by", "tmpfs"},
	       {"limits.open_files.value", "256"},
	       {"limits.file_size.value", "104857600"},
	       {"limits.stack.value", "8388608"},
	       {"limits.stack.enforced_by", "rlimit"});
	read_free(&read);
	sbx_plan_free(plan);
	plan = make_plan(SETTINGS("limits.idle_time", "1m"));
	make(&read, plan, &exited, NULL);
	EXPECT(&read, {"limits.idle_time.value", "60"});
	read_free(&read);
	sbx_plan_free(plan);
}

/* Instructions are there where they are a limit, also when there were none. */
Test(report, of_fuel)
{
	struct sbx_plan *plan =
		make_plan(SETTINGS("limits.fuel", "1000000000000000000"));
	struct run run = exited;
	struct read read;

	run.counted = true;
	for (uint64_t fuel = 0; fuel < 2; fuel++) {
		run.fuel = fuel * 123456789012345;
		make(&read, plan, &run, NULL);
		EXPECT(&read, {"limits.fuel.value", "1000000000000000000"},
		       {"limits.fuel.enforced_by", "pmu"},
		       {"usage.fuel", fuel ? "123456789012345" : "0"});
		read_free(&read);
	}
	make(&read, plan, &exited, NULL);
	EXPECT(&read, {"usage.fuel", "(none)"});
	read_free(&read);
	sbx_plan_free(plan);
}

/* A field that does not apply, or is not known, is absent. */
Test(report, leaves_out_what_does_not_apply)
{
	struct sbx_plan *plan = make_plan(SETTINGS("network.mode", "none"));
	struct run run = exited;
	struct read read;

	plan->profile = NULL;
	(void)strcpy(plan->code_sha256, "abc");
	run.memory_peak = 0;
	run.tasks_peak = 0;
	run.wait_status = SIGTERM;
	make(&read, plan, &run, NULL);
	EXPECT(&read, {"profile", "(none)"}, {"code_sha256", "abc"},
	       {"exit_code", "(none)"}, {"signal", "SIGTERM"},
	       {"reason", "signaled"}, {"usage.memory_peak_bytes", "(none)"},
	       {"usage.pids_peak", "(none)"}, {"isolation.network", "none"});
	read_free(&read);
	sbx_plan_free(plan);
}

/* A signal has its name, whatever its number. */
Test(report, names_signals)
{
	static const struct {
		int number;
		const char *name;
	} rows[] = {
		{SIGHUP, "SIGHUP"},   {SIGSEGV, "SIGSEGV"},
		{SIGSYS, "SIGSYS"},   {SIGXCPU, "SIGXCPU"},
		{SIGXFSZ, "SIGXFSZ"}, {SIGPIPE, "SIGPIPE"},
		{32, "SIGRTMIN-2"},   {34, "SIGRTMIN+0"},
		{64, "SIGRTMIN+30"},
	};
	struct sbx_plan *plan = make_plan(NULL);
	struct run run = exited;
	struct read read;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		run.wait_status = rows[i].number;
		make(&read, plan, &run, NULL);
		EXPECT(&read, {"signal", rows[i].name});
		read_free(&read);
	}
	sbx_plan_free(plan);
}

/* A run that sbx ended: the cause, the signal, no exit code. */
Test(report, of_a_stopped_run)
{
	static const struct {
		enum cause cause;
		const char *status, *reason, *signal, *error;
	} rows[] = {
		{CAUSE_WALL_TIME, "timeout", "wall_time", "SIGKILL", "(none)"},
		{CAUSE_CPU_TIME, "timeout", "cpu_time", "SIGKILL", "(none)"},
		{CAUSE_IDLE_TIME, "timeout", "idle_time", "SIGKILL", "(none)"},
		{CAUSE_FUEL, "timeout", "fuel", "SIGKILL", "(none)"},
		{CAUSE_MEMORY, "limit", "memory", "SIGKILL", "(none)"},
		{CAUSE_OUTPUT, "limit", "output", "SIGKILL", "(none)"},
		{CAUSE_SYSCALL, "denied", "syscall", "SIGSYS", "(none)"},
		{CAUSE_CANCELLED, "cancelled", "cancelled", "SIGKILL",
	         "(none)"},
		{CAUSE_LOST, "error", "setup", "(none)", "watch"},
	};
	struct sbx_plan *plan = make_plan(NULL);
	struct run run = exited;
	struct read read;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		run.cause = rows[i].cause;
		make(&read, plan, &run, NULL);
		EXPECT(&read, {"status", rows[i].status},
		       {"reason", rows[i].reason}, {"exit_code", "(none)"},
		       {"signal", rows[i].signal},
		       {"error.stage", rows[i].error},
		       {"wall_time_s", "2.000000001"});
		read_free(&read);
	}
	sbx_plan_free(plan);
}

/* A run that was killed while it started took no time, not an age. */
Test(report, counts_no_time_backwards)
{
	struct sbx_plan *plan = make_plan(NULL);
	struct run run = exited;
	struct read read;

	run.cause = CAUSE_CANCELLED;
	run.start_ns = run.end_ns + 1;
	make(&read, plan, &run, NULL);
	EXPECT(&read, {"wall_time_s", "0"});
	read_free(&read);
	run.start_ns = run.end_ns = MADE - 1;
	make(&read, plan, &run, NULL);
	EXPECT(&read, {"wall_time_s", "0"}, {"setup_time_s", "0"});
	read_free(&read);
	sbx_plan_free(plan);
}

/* Why there was no run: with the plan where there is one, and nothing of a
 * run. */
Test(report, of_a_failure)
{
	struct sbx_plan *plan = make_plan(NULL);
	struct sbx_error failure;
	struct read read;

	(void)err_set(&failure, SBX_STAGE_MOUNT, EPERM, "mount proc on /proc");
	for (int i = 0; i < 2; i++) {
		make(&read, i ? plan : NULL, i ? &exited : NULL, &failure);
		EXPECT(&read, {"schema", "1"}, {"id", i ? "4567" : "(none)"},
		       {"status", "error"}, {"reason", "setup"},
		       {"message",
		        "mount proc on /proc: Operation not permitted"},
		       {"error.stage", "mount"}, {"error.code", "EPERM"},
		       {"error.text",
		        "mount proc on /proc: Operation not permitted"},
		       {"exit_code", "(none)"}, {"signal", "(none)"},
		       {"usage", "(none)"}, {"events", "(none)"},
		       {"stdout_bytes", "(none)"}, {"wall_time_s", "(none)"},
		       {"limits", i ? "{}" : "(none)"},
		       {"isolation", i ? "{}" : "(none)"});
		read_free(&read);
	}
	sbx_plan_free(plan);
}

/* Every stage has a name, and an error that is none does no harm. */
Test(report, of_any_failure)
{
	struct sbx_error failure = {.text = "x"};
	struct read read;

	for (uint32_t stage = 0; stage <= SBX_N_STAGES; stage++) {
		failure.stage = stage;
		failure.code = (int32_t)stage * 7 - 3;
		make(&read, NULL, NULL, &failure);
		cr_expect_str_neq(says(&read, "error.stage"), "(none)");
		cr_expect_eq(says(&read, "error.code")[0], 'E');
		if (stage == SBX_N_STAGES)
			EXPECT(&read, {"error.stage", "unknown"});
		read_free(&read);
	}
}

/* Refused calls by name, in their order; one that has none by number. */
Test(report, of_refused_calls)
{
	struct sbx_plan *plan = make_plan(NULL);
	struct run run = exited;
	struct read read;

	run.refused[0] = (struct refused_call){FILTER_ARCH, 165, 0};
	run.refused[1] = (struct refused_call){FILTER_ARCH, 999, 0};
	run.refused[2] = (struct refused_call){0x40000003, 21, 0};
	run.refused[3] = (struct refused_call){12, 34, 0};
	run.n_refused = 4;
	run.disk_full = true;
	make(&read, plan, &run, NULL);
#ifdef __x86_64__
	EXPECT(&read,
	       {"events.denied_syscalls", "mount #999 i386:mount 0xc:#34"});
#endif
	EXPECT(&read, {"events.disk_full", "true"});
	read_free(&read);
	sbx_plan_free(plan);
}

static int decode(char digit)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = strchr(digits, digit);

	return digit && found ? (int)(found - digits) : -1;
}

/* Whether base64 text stands for these bytes. */
static bool decodes(const char *text, const char *data, size_t len)
{
	size_t n = 0;

	for (; n < len; n++) {
		const char *group = text + n / 3 * 4 + n % 3;
		int high = decode(group[0]), low = decode(group[1]);
		int shift = 2 * (int)(n % 3) + 2;

		if (high < 0 || low < 0 ||
		    (unsigned char)(high << shift | low >> (6 - shift)) !=
		            (unsigned char)data[n])
			return false;
	}
	return strlen(text) == (len + 2) / 3 * 4;
}

static void check_bytes(const struct sbx_plan *plan, const char *data,
                        size_t len)
{
	struct run run = exited;
	const struct json *text;
	struct read read;

	for (size_t i = 0; i < 2; i++) {
		run.output[i].captured = true;
		run.output[i].truncated = false;
		run.output[i].data =
			(struct buffer){(char *)data, len, len, false};
	}
	make(&read, plan, &run, NULL);
	text = at(&read, "stdout");
	cr_assert_eq(text == NULL, at(&read, "stderr") == NULL);
	cr_assert_neq(text == NULL, at(&read, "stdout_b64") == NULL);
	if (text) {
		cr_assert_eq(text->len, len);
		if (len > 0)
			cr_assert_arr_eq(text->text, data, len);
	} else {
		cr_assert(decodes(says(&read, "stdout_b64"), data, len));
		cr_assert(decodes(says(&read, "stderr_b64"), data, len));
	}
	read_free(&read);
}

/* What a program printed comes back byte for byte, whatever it was, and never
 * forges anything: text where it is UTF-8 without a NUL, else base64. */
Test(report, carries_any_bytes)
{
	static const char *const texts[] = {
		"",
		"plain\n",
		"\"}]\\\b\f\t\r\n\x1b[2J",
		"\xc3\xa9",
		"\xc3",
		"\xff",
		"\xed\xa0\x80",
		"\xf4\x90\x80\x80",
		"\xe2\x80\xa8\xe2\x80\xa9",
		"{\"status\": \"success\"}\n",
		"</script>",
		"\x7f\xc2\x80",
		"a\xff",
		"ab\xff",
		"abc\xff",
	};
	struct sbx_plan *plan = make_plan(NULL);
	unsigned state = 1;
	char data[64];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		(void)strcpy(data, texts[i]);
		check_bytes(plan, data, strlen(data));
	}
	check_bytes(plan, NULL, 0);
	check_bytes(plan, "a\0b", 3);
	for (int round = 0; round < 3000; round++) {
		size_t len = (size_t)round % sizeof(data);

		for (size_t i = 0; i < len; i++) {
			state = state * 1103515245 + 12345;
			data[i] = (char)(state >> 16);
		}
		check_bytes(plan, data, len);
	}
	sbx_plan_free(plan);
}

/* Of an output that was cut off, the part of a last character is not shown,
 * so that the rest of it stays text; what was cut nowhere stays as it was. */
Test(report, cuts_between_characters)
{
	static const struct {
		const char *data, *text, *base64;
		bool truncated;
	} rows[] = {
		{"ab\xc3", "ab", NULL, true},
		{"ab\xc3", NULL, "YWLD", false},
		{"\xf0\x9f\x98", "", NULL, true},
		{"\xff\xc3", NULL, "/8M=", true},
		{"ab\xff", NULL, "YWL/", true},
		{"ab", "ab", NULL, true},
	};
	struct sbx_plan *plan = make_plan(NULL);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct run run = exited;
		struct read read;

		run.output[0] = (struct run_output){
			.bytes = 100,
			.captured = true,
			.truncated = rows[i].truncated,
			.data = {(char *)rows[i].data, strlen(rows[i].data)},
		};
		make(&read, plan, &run, NULL);
		EXPECT(&read,
		       {"stdout", rows[i].text ? rows[i].text : "(none)"},
		       {"stdout_b64",
		        rows[i].base64 ? rows[i].base64 : "(none)"});
		read_free(&read);
	}
	sbx_plan_free(plan);
}

/* Names and texts from outside are quoted, and repaired where they are not
 * UTF-8. */
Test(report, quotes_names)
{
	struct sbx_plan *plan = make_plan(NULL);
	struct sbx_error failure = {.code = EINVAL};
	struct read read;

	plan->id = "\"\n\\ \xff";
	plan->profile = "\x01\xc3\xa9";
	plan->rootfs = "\"}";
	memset(failure.text, 0xc3, sizeof(failure.text) - 1);
	make(&read, plan, NULL, &failure);
	EXPECT(&read, {"id", "\"\n\\ \xef\xbf\xbd"},
	       {"profile", "\x01\xc3\xa9"}, {"isolation.rootfs", "\"}"});
	cr_expect_eq(strlen(says(&read, "message")),
	             3 * (sizeof(failure.text) - 1));
	read_free(&read);
	sbx_plan_free(plan);
}

/* Numbers of any size are numbers. */
Test(report, carries_any_number)
{
	struct sbx_plan *plan = make_plan(NULL);
	struct run run = exited;
	struct read read;

	run.output[0].bytes = UINT64_MAX;
	run.memory_peak = UINT64_MAX;
	run.disk_bytes = INT64_MAX;
	run.user_ns = UINT64_MAX - 1;
	run.system_ns = 1;
	run.start_ns = 0;
	run.end_ns = UINT64_MAX;
	make(&read, plan, &run, NULL);
	EXPECT(&read, {"stdout_bytes", "18446744073709551615"},
	       {"usage.memory_peak_bytes", "18446744073709551615"},
	       {"usage.disk_bytes", "9223372036854775807"},
	       {"usage.cpu_time_s", "18446744073.709551615"},
	       {"wall_time_s", "18446744073.709551615"});
	read_free(&read);
	sbx_plan_free(plan);
}

/* A report is appended to what is there. */
Test(report, appends)
{
	struct sbx_error failure = {.code = EINVAL, .text = "x"};
	struct buffer text = {0};

	cr_expect_eq(report_make(NULL, NULL, &failure, &text), 0);
	cr_expect_eq(report_make(NULL, NULL, &failure, &text), 0);
	cr_expect_eq(text.len % 2, 0);
	cr_expect_arr_eq(text.data, text.data + text.len / 2, text.len / 2);
	buffer_free(&text);
}
