/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "../../tools/trace/calls.h"
#include "base/def.h"
#include "support/verdict.h"

/* Names as one text: "base unix". */
static const char *names_of(sets_t sets)
{
	static char text[256];

	text[0] = '\0';
	for (size_t i = 0; i < n_filter_sets; i++) {
		if (!(sets >> i & 1))
			continue;
		strcat(text, text[0] ? " " : "");
		strcat(text, filter_sets[i].name);
	}
	return text;
}

static sets_t sets_of(const char *const *names)
{
	size_t n = 0;

	while (names[n])
		n++;
	return calls_sets_named(names, n);
}

#define SETS(...) sets_of((const char *const[]){__VA_ARGS__, NULL})

/* Each call is in the sets whose rules allow it with these arguments. */
Test(trace_calls, knows_the_sets_of_a_call)
{
	const struct {
		uint32_t call;
		uint64_t args[N_ARGS];
		sets_t sets;
	} rows[] = {
		{SYS_read, {0}, SETS("base")},
		{SYS_clone, {17}, SETS("base", "threads")},
		{SYS_clone, {CLONE_THREAD | CLONE_VM}, SETS("threads")},
		{SYS_clone, {CLONE_NEWUSER}, 0},
		{SYS_membarrier, {0}, SETS("threads")},
		{SYS_socket, {AF_INET, SOCK_STREAM}, SETS("base")},
		{SYS_socket, {AF_UNIX, SOCK_STREAM}, SETS("unix")},
		{SYS_fchmod, {3, 0755}, SETS("base")},
		{SYS_fchmod, {3, 04755}, SETS("setid")},
		{SYS_memfd_create, {0}, SETS("memfd")},
		{SYS_sched_setaffinity, {0}, SETS("affinity")},
		{SYS_sched_setaffinity, {1}, 0},
		{SYS_ptrace, {0}, 0},
		{UINT32_MAX, {0}, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_eq(calls_sets(rows[i].call, rows[i].args),
		             rows[i].sets, "row %zu: %s", i,
		             names_of(calls_sets(rows[i].call, rows[i].args)));
	cr_expect_eq(calls_sets(SYS_socket, NULL), SETS("base", "unix"));
	cr_expect_eq(calls_sets(SYS_ptrace, NULL), 0);
	cr_expect_eq(calls_sets_named((const char *const[]){"x"}, 1), 0);
}

/* What the sets say of a call is what the filter of these sets does, for about
 * every argument that a rule names. */
Test(trace_calls, agrees_with_the_filter)
{
	struct sbx_error err = {0};
	size_t n = 0;

	cr_assert_eq(programs_compile(&err), 0, "%s", err.text);
	for (size_t p = 0; p < N_PROGRAMS; p++) {
		const struct program *program = &programs[p];
		sets_t sets = sets_of(program->names);

		for (uint32_t call = 0; call < filter_known_end; call++) {
			const struct filter_rule *rules[64];
			uint64_t args[N_ARGS] = {0};
			size_t n_rules = rules_find(program, call, rules, 64);

			for (size_t i = 0; i < n_rules; i++)
				for (unsigned step = 0;
				     rule_probe(rules[i], 0, step, args);
				     step++, n++)
					cr_assert_eq(
						(calls_sets(call, args) &
					         sets) != 0,
						program_verdict(
							program, FILTER_ARCH,
							call, args) == ALLOWED,
						"call %u, rule %zu, step %u",
						call, i, step);
		}
	}
	cr_expect_gt(n, 1000);
}

static const uint64_t zeros[N_ARGS], unix_args[N_ARGS] = {AF_UNIX, SOCK_STREAM},
				     thread[N_ARGS] = {CLONE_THREAD};

/* Sets come in because a call is in no smaller choice, and for no other
 * reason. */
Test(trace_calls, chooses_the_smallest_sets)
{
	static struct calls_seen seen;
	sets_t all = SETS("base", "threads", "unix", "memfd");

	cr_expect_eq(calls_smallest(&seen, all), SETS("base"));
	calls_add(&seen, SYS_read, zeros);
	calls_add(&seen, SYS_read, zeros);
	calls_add(&seen, SYS_clone, zeros); /* which threads has, too */
	cr_expect_eq(calls_smallest(&seen, all), SETS("base"));
	cr_expect_eq(seen.n, 2);
	cr_expect_eq(seen.list[0].n, 2);
	calls_add(&seen, SYS_clone, thread);
	cr_expect_eq(seen.n, 3); /* one call, with other sets */
	cr_expect_eq(calls_smallest(&seen, all), SETS("base", "threads"));
	cr_expect(!seen.network);
	calls_add(&seen, SYS_socket, unix_args);
	cr_expect_eq(calls_smallest(&seen, all),
	             SETS("base", "threads", "unix"));
	cr_expect(!seen.network);
	calls_add(&seen, SYS_socket, (const uint64_t[N_ARGS]){AF_INET, 1});
	cr_expect(seen.network);
	cr_expect(!seen.full);
}

/* A call that has no place any more is not forgotten silently. */
Test(trace_calls, says_when_it_is_full)
{
	static struct calls_seen seen;

	for (uint32_t call = 0; call <= CALLS_MAX; call++) {
		cr_assert(!seen.full);
		calls_add(&seen, call, zeros);
	}
	cr_expect(seen.full);
	cr_expect_eq(seen.n, CALLS_MAX);
	calls_add(&seen, 3, zeros);
	cr_expect_eq(seen.list[3].n, 2);
}
