/* SPDX-License-Identifier: MIT */
#include "warm/agent.h"

#include <stdio.h>

#include "base/def.h"
#include "model/checks.h"

/* Rows of name and text, from the files, made at build time. */
static const struct agent agents[] = {
#include "agents.inc"
};

const struct agent *agent_find(const char *command)
{
	for (size_t i = 0; i < ARRAY_SIZE(agents); i++)
		if (runs_interpreter(command, agents[i].interpreter))
			return &agents[i];
	return NULL;
}

const char *agent_names(char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(agents) && len < size; i++)
		len += (size_t)snprintf(text + len, size - len, "%s%s",
		                        i ? ", " : "", agents[i].interpreter);
	return text;
}
