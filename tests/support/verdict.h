/* SPDX-License-Identifier: MIT */
/* Verdicts of compiled filters, and the same verdicts worked out the plain way
 * from the rules, to compare the two. */
#ifndef SBX_TESTS_VERDICT_H
#define SBX_TESTS_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kernel/filter.h"

#define N_ARGS 6

/* A verdict is one letter: Allowed, answered by the listener with EPERM (or,
 * for another architecture, with the end of the run), No such call; ? is
 * anything else. */
#define ALLOWED 'A'
#define REFUSED 'E'
#define UNKNOWN 'N'

/* A composition of sets that a shipped profile uses, and its program. */
struct program {
	const char *const *names;
	size_t n_expected; /* instructions; more is slower to install */
	struct sock_filter code[FILTER_MAX];
	size_t n_code;
};

/* base; base threads; and unix; and memfd affinity. The last is the third with
 * its sets in another order. */
#define N_PROGRAMS 5
extern struct program programs[N_PROGRAMS];

/* Compiles all of them. Returns 0 or -errno. */
int programs_compile(struct sbx_error *err);

char program_verdict(const struct program *program, uint32_t arch,
                     uint32_t call, const uint64_t *args);

/* The verdict that the rules give to a native call. */
char rules_verdict(const struct program *program, uint32_t call,
                   const uint64_t *args);

bool rule_holds(const struct filter_rule *rule, const uint64_t *args);

/* All rules of a program's sets for a call. Returns how many there are. */
size_t rules_find(const struct program *program, uint32_t call,
                  const struct filter_rule **rules, size_t max);

/* Arguments about a rule, one after the other: those that hold, those with one
 * bit turned over, and those at and next to each of its values. The bits that
 * it does not test are those of filler. Returns false after the last. */
bool rule_probe(const struct filter_rule *rule, uint64_t filler, unsigned step,
                uint64_t *args);

#endif
