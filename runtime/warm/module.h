/* SPDX-License-Identifier: MIT */
/* What an interpreter loads to be a zygote (runtime/zygote), built in. */
#ifndef SBX_WARM_MODULE_H
#define SBX_WARM_MODULE_H

#include <stddef.h>

struct module {
	const char *interpreter; /* as of an agent */
	const void *data;
	size_t len;
};

/* The module for an agent's interpreter, or NULL. */
const struct module *module_find(const char *interpreter);

#endif
