/* SPDX-License-Identifier: MIT */
/* The agents of runtime/zygotes, built in. */
#ifndef SBX_WARM_AGENT_H
#define SBX_WARM_AGENT_H

#include <stddef.h>

struct agent {
	const char *interpreter; /* "python": of python3 and python3.11, too */
	const char *text;
};

/* The agent for a command ("/usr/bin/python3"), or NULL. */
const struct agent *agent_find(const char *command);

/* The names of all interpreters with one, "node, python". */
const char *agent_names(char *text, size_t size);

#endif
