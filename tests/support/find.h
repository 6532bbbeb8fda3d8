/* SPDX-License-Identifier: MIT */
/* Processes of the host, looked for by what they were started with. */
#ifndef SBX_TESTS_FIND_H
#define SBX_TESTS_FIND_H

#include <stdbool.h>
#include <sys/types.h>

/* A word that no other process has in its arguments. */
const char *canary(void);

/* A process other than this one with that word in its arguments, or 0. */
pid_t find_process(const char *word);
int count_processes(const char *word);

/* The same, once for_seconds have passed without one that stays: what is on
 * its way out gets that long. */
pid_t find_survivor(const char *word, double for_seconds);

/* From now on orphans below this process become its children. */
void adopt_orphans(void);

/* The first child of a process, or 0. */
pid_t child_of(pid_t pid);

/* Whether no child is left, at the latest after that many seconds. Reaps. */
bool children_gone(double for_seconds);

#endif
