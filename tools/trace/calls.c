/* SPDX-License-Identifier: MIT */
#include "calls.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "kernel/filter.h"

static bool test_holds(const struct filter_test *test, const uint64_t *args)
{
	uint64_t arg = args[test->arg];

	if (!test->wide)
		arg = (uint32_t)arg;
	return ((arg & test->mask) == test->value) != test->negate;
}

static bool rule_holds(const struct filter_rule *rule, const uint64_t *args)
{
	for (size_t i = 0; i < rule->n_tests; i++)
		if (!test_holds(&rule->tests[i], args))
			return false;
	return true;
}

/* The first rule of the call, or where it would be. */
static size_t first_rule(const struct filter_set *set, uint32_t call)
{
	size_t low = 0, high = set->n_rules;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->rules[middle].call < call)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool set_allows(const struct filter_set *set, uint32_t call,
                       const uint64_t *args)
{
	for (size_t i = first_rule(set, call);
	     i < set->n_rules && set->rules[i].call == call; i++)
		if (!args || rule_holds(&set->rules[i], args))
			return true;
	return false;
}

sets_t calls_sets(uint32_t call, const uint64_t *args)
{
	sets_t sets = 0;

	for (size_t i = 0; i < n_filter_sets; i++)
		if (!filter_sets[i].own &&
		    set_allows(&filter_sets[i], call, args))
			sets |= (sets_t)1 << i;
	return sets;
}

sets_t calls_sets_named(const char *const *names, size_t n)
{
	sets_t sets = 0;

	for (size_t i = 0; i < n; i++) {
		const struct filter_set *set = filter_set_find(names[i]);

		if (set)
			sets |= (sets_t)1 << (set - filter_sets);
	}
	return sets;
}

/* Without a loopback these answer differently: also the route netlink, of which
 * libc asks what addresses there are. Unix sockets do not. */
static bool is_network(uint32_t call, const uint64_t *args)
{
	return call == SYS_socket && (uint32_t)args[0] != AF_UNIX;
}

void calls_add(struct calls_seen *seen, uint32_t call, const uint64_t *args)
{
	sets_t sets = calls_sets(call, args);

	seen->network |= is_network(call, args);
	for (size_t i = 0; i < seen->n; i++) {
		if (seen->list[i].call == call && seen->list[i].sets == sets) {
			seen->list[i].n++;
			return;
		}
	}
	if (seen->n == CALLS_MAX || call > UINT16_MAX) {
		seen->full = true;
		return;
	}
	seen->list[seen->n++] = (struct call_seen){(uint16_t)call, sets, 1};
}

static bool allows_all(const struct calls_seen *seen, sets_t sets)
{
	for (size_t i = 0; i < seen->n; i++)
		if (!(seen->list[i].sets & sets))
			return false;
	return true;
}

sets_t calls_smallest(const struct calls_seen *seen, sets_t among)
{
	const sets_t base = calls_sets_named((const char *const[]){"base"}, 1);
	sets_t rest = among & ~base, best = among | base, some = rest;

	/* From all of the rest, through every choice of them, to none. */
	for (;; some = (some - 1) & rest) {
		sets_t sets = some | base;
		int fewer = __builtin_popcount(best) - __builtin_popcount(sets);

		if (fewer >= 0 && allows_all(seen, sets))
			best = sets;
		if (some == 0)
			return best;
	}
}
