/* SPDX-License-Identifier: MIT */
/* What pid 1 of a box does while the program runs. */
#ifndef SBX_BOX_ATTEND_H
#define SBX_BOX_ATTEND_H

#include <stdint.h>
#include <sys/types.h>
#include "sbx.h"

/* The ends of children as a descriptor, from now on. */
int children_open(struct sbx_error *err);

/* Reaps everything and answers the supervisor until the program has ended.
 * Returns its status, or -errno. */
int attend(pid_t program, int proc, int children);

/* Everything that is left dies with the program; then its end, at ns, is told.
 * poison: the largest memory that a process may have had before it began. */
_Noreturn void tell_end(int status, uint64_t ns, uint64_t poison);

#endif
