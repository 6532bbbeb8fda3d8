/* SPDX-License-Identifier: MIT */
/* Files of a cgroup that say anything: cgroup.controllers, and those that have
 * a number, alone or behind a word. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "kernel/cgroup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = {NULL, "usage_usec", "oom_kill", ""};
	char *text = malloc(size + 1);

	CHECK(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	CHECK(cgroup_controllers(text) < 1u << N_CONTROLLERS);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		(void)cgroup_number(text, keys[i]);
	free(text);
	return 0;
}
