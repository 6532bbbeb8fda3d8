/* SPDX-License-Identifier: MIT */
#include "warm/module.h"

#include <string.h>

#include "base/def.h"

/* The bytes of the file, made at build time. */
static const unsigned char python[] = {
#include "zygote-python.inc"
};

static const struct module modules[] = {
	{"python", python, sizeof(python)},
};

const struct module *module_find(const char *interpreter)
{
	for (size_t i = 0; i < ARRAY_SIZE(modules); i++)
		if (strcmp(modules[i].interpreter, interpreter) == 0)
			return &modules[i];
	return NULL;
}
