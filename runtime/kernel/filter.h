/* SPDX-License-Identifier: MIT */
/*
 * The system call filter: named rule sets in, classic BPF out. Pure; notify.h
 * installs it.
 *
 * The sets are profiles/seccomp/NAME.json, turned into constant tables at
 * build time (filter_sets.h), so composing a filter takes microseconds and
 * reads no file. The verdict of a call:
 *
 *   allowed by a set, arguments as its rule wants   ALLOW
 *   known to the kernel that sbx is written for     USER_NOTIF: the listener
 *   but not allowed                                 answers EPERM and notes it
 *   unknown, newer, clone3, openat2                 ERRNO(ENOSYS), so that
 *                                                   libc falls back
 *   another architecture, or x32                    USER_NOTIF: the listener
 *                                                   ends the run as denied
 */
#ifndef SBX_KERNEL_FILTER_H
#define SBX_KERNEL_FILTER_H

#include <linux/audit.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sbx.h"

/* The one architecture whose calls are judged by the sets. */
#if defined(__x86_64__)
#define FILTER_ARCH    AUDIT_ARCH_X86_64
#define FILTER_X32_BIT 0x40000000u /* __X32_SYSCALL_BIT of <asm/unistd.h> */
#elif defined(__aarch64__)
#define FILTER_ARCH    AUDIT_ARCH_AARCH64
#define FILTER_X32_BIT 0u
#else
#error "sbx knows the system calls of x86-64 and AArch64 only"
#endif

#define FILTER_MAX 1024 /* instructions; the kernel takes 4096 */

/* A condition on one argument: the low 32 bits, or all 64 where wide. What
 * the kernel does not read of an argument must not change a verdict. */
struct filter_test {
	uint8_t arg;
	bool wide;
	bool negate; /* holds when (arg & mask) != value */
	uint64_t mask;
	uint64_t value;
};

#define FILTER_TESTS 4

/* One way in which a call is allowed: all its tests hold. A call with more
 * than one rule is allowed when any of them holds; n_tests 0 is always. */
struct filter_rule {
	uint16_t call;
	uint8_t n_tests;
	struct filter_test tests[FILTER_TESTS];
};

struct filter_set {
	const char *name;
	bool own; /* what sbx's own programs do; no other is given it */
	const char *description;
	const struct filter_rule *rules; /* ordered by call */
	size_t n_rules;
};

/* All sets that were built in; the table is generated. */
extern const struct filter_set filter_sets[];
extern const size_t n_filter_sets;
/* One past the highest call number that is known; and which below it are. */
extern const unsigned filter_known_end;
extern const uint8_t filter_known[]; /* bitmap by call number */

/* Of those for programs. */
const struct filter_set *filter_set_find(const char *name);

/* Composes the sets of the NULL-terminated list names into code, which has
 * room for FILTER_MAX. Writes the count of instructions. Unknown set names
 * are errors that list the known ones. */
int filter_compile(const char *const *names, struct sock_filter *code,
                   size_t *n_code, struct sbx_error *err);

/* The same of sets for sbx-exec itself, whose refusals no listener answers:
 * what is not allowed fails with EPERM, and a foreign call is the end. */
int filter_compile_own(const char *const *names, struct sock_filter *code,
                       size_t *n_code, struct sbx_error *err);

/* Of sets for programs, for a zygote, whose boxes inherit its filter and add
 * their own: it allows what is called to make a box, too. All else has
 * RET_TRACE, which is ENOSYS where nobody traces, and weaker than each answer
 * of the other filter. */
int filter_compile_zygote(const char *const *names, struct sock_filter *code,
                          size_t *n_code, struct sbx_error *err);

/* Of all sets there are, for what makes boxes itself, in the same way. */
int filter_compile_maker(struct sock_filter *code, size_t *n_code,
                         struct sbx_error *err);

/* The name of a call of an audit architecture, "ptrace"; "#600" for one that
 * has none. buffer: at least 64 bytes. Returns buffer. */
char *filter_call_name(uint32_t arch, uint32_t call, char *buffer);

#endif
