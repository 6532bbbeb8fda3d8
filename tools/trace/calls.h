/* SPDX-License-Identifier: MIT */
/* The system calls that a program made, and which rule sets they need. Pure. */
#ifndef SBX_TRACE_CALLS_H
#define SBX_TRACE_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of a call's arguments no more is kept than which sets allow them: there are
 * few of those for each call, however many calls a program makes. */
#define CALLS_MAX 2048

/* Sets, as bits by their place in filter_sets. */
typedef uint32_t sets_t;

struct call_seen {
	uint16_t call;
	sets_t sets; /* each of which allows it, with those arguments */
	uint64_t n;  /* how often it was made */
};

struct calls_seen {
	bool full;    /* some have no place in the list: it says too little */
	bool network; /* a socket that the network mode makes a difference to */
	size_t n;
	struct call_seen list[CALLS_MAX];
};

/* The sets for programs that allow the call; args NULL: with some arguments. */
sets_t calls_sets(uint32_t call, const uint64_t *args);

/* Those that are named; a name that no set for programs has is passed over. */
sets_t calls_sets_named(const char *const *names, size_t n);

void calls_add(struct calls_seen *seen, uint32_t call, const uint64_t *args);

/* The smallest choice among the given sets that allows all that was seen, and
 * has base, without which no program starts. Where two are as small, the one
 * whose sets come first. */
sets_t calls_smallest(const struct calls_seen *seen, sets_t among);

#endif
