/* SPDX-License-Identifier: MIT */
/*
 * The system call sets as profiles/seccomp writes them: read, checked, and
 * held for printing. A file is one set, named after the file:
 *
 *	{"description": "...",
 *	 "rules": [{"calls": ["read", "write"], "why": "a sentence."},
 *	           {"calls": ["kill"], "when": [TEST, ...], "why": "..."}]}
 *
 * or, with "refused" in place of "rules", what no set allows; or, with "own",
 * what sbx-exec itself may do. All tests of an entry hold together; entries for
 * one call are alternatives. A test is
 *
 *	{"arg": 0, "mask": "BITS", "equals": "BITS"}
 *
 * with "ignore" for the complement of a mask, "differs" for the contrary of
 * "equals", "in": [...] for any of several, and "wide": true for all 64 bits
 * in place of the low 32. BITS are numbers and names of the kernel's headers,
 * joined by "|".
 */
#ifndef SBX_TOOLS_FILTER_GEN_H
#define SBX_TOOLS_FILTER_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "kernel/filter.h"

#define KNOWN_LAST 450 /* of Linux 6.1: set_mempolicy_home_node */
#define CALLS_END  (KNOWN_LAST + 1)
#define SETS_MAX   16
#define RULES_MAX  2048 /* of all sets */
#define WHY_MIN    24   /* bytes of the shortest reason */

enum set_kind {
	SET_RULES,   /* a program may make these calls */
	SET_REFUSED, /* no set for programs allows them */
	SET_OWN,     /* sbx-exec may */
};

struct rule {
	struct filter_rule rule;
	size_t set;
	int line;
	bool own; /* of a set for sbx-exec, which says nothing of programs */
};

struct rule_set {
	const char *path;
	const char *name;
	const char *description;
	enum set_kind kind;
};

/* Start with a zeroed one; arena_free() ends it. */
struct rule_sets {
	struct arena arena;
	struct rule_set set[SETS_MAX];
	size_t n_sets;
	struct rule rules[RULES_MAX];
	size_t n_rules;
};

/* Takes in one file's text. Errors are "path:line: what". */
int rule_sets_read(struct rule_sets *sets, const char *path, const char *text,
                   size_t len, struct sbx_error *err);

/* Orders the rules by call, and checks what needs all files: a call is either
 * refused or in a set, and none is forgotten. */
int rule_sets_check(struct rule_sets *sets, struct sbx_error *err);

/* Whether the kernel that sbx is written for has this call. Not so clone3 and
 * openat2, which are to answer as if they did not exist. */
bool call_known(unsigned call);

/* BITS as above. -EINVAL: err names what is not known. */
int bits_parse(const char *text, uint64_t *bits, struct sbx_error *err);

#endif
