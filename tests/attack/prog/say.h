/* SPDX-License-Identifier: MIT */
/* How an attack says what came of it: "what ok", or "what EPERM". */
#ifndef SBX_ATTACK_SAY_H
#define SBX_ATTACK_SAY_H

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

static inline void say(const char *what, long r)
{
	const char *name = r < 0 ? strerrorname_np(errno) : "ok";

	printf("%s %s\n", what, name ? name : "unknown");
	fflush(stdout);
}

struct verb {
	const char *name;
	int (*run)(char **words);
};

/* Runs the verb that the first word names. 99: there is none. */
static inline int run_verb(const struct verb *verbs, size_t n, char **words)
{
	for (size_t i = 0; words[1] && i < n; i++)
		if (strcmp(words[1], verbs[i].name) == 0)
			return verbs[i].run(words + 2) || fflush(stdout);
	return 99;
}

#endif
