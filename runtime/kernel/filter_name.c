/* SPDX-License-Identifier: MIT */
/* The only user of libseccomp in the library: it knows every architecture's
 * names. The filters themselves are made without it. */
#include "kernel/filter.h"

#include <inttypes.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdio.h>

#include "base/def.h"

#define NAME_SIZE 64

struct arch {
	uint32_t audit;
	uint32_t mask; /* which bits of a number */
	uint32_t bits; /* are always these */
	uint32_t library;
	const char *name;
};

static const struct arch arches[] = {
#ifdef __x86_64__
	/* Before its sibling, whose name it would get. */
	{AUDIT_ARCH_X86_64, 0xc0000000, FILTER_X32_BIT, SCMP_ARCH_X32, "x32"},
#endif
	{AUDIT_ARCH_X86_64, 0, 0, SCMP_ARCH_X86_64, "x86_64"},
	{AUDIT_ARCH_I386, 0, 0, SCMP_ARCH_X86, "i386"},
	{AUDIT_ARCH_AARCH64, 0, 0, SCMP_ARCH_AARCH64, "aarch64"},
	{AUDIT_ARCH_ARM, 0, 0, SCMP_ARCH_ARM, "arm"},
};

static const struct arch *arch_find(uint32_t audit, uint32_t call)
{
	for (size_t i = 0; i < ARRAY_SIZE(arches); i++)
		if (arches[i].audit == audit &&
		    (call & arches[i].mask) == arches[i].bits)
			return &arches[i];
	return NULL;
}

char *filter_call_name(uint32_t arch, uint32_t call, char *buffer)
{
	const struct arch *found = arch_find(arch, call);
	bool native = arch == FILTER_ARCH && (!found || !found->bits);
	char *name = NULL;
	char prefix[16] = "";

	if (found)
		name = seccomp_syscall_resolve_num_arch(found->library,
		                                        (int)call);
	if (found && !native)
		snprintf(prefix, sizeof(prefix), "%s:", found->name);
	else if (!native)
		snprintf(prefix, sizeof(prefix), "0x%" PRIx32 ":", arch);
	if (name)
		snprintf(buffer, NAME_SIZE, "%s%s", prefix, name);
	else
		snprintf(buffer, NAME_SIZE, "%s#%" PRId32, prefix,
		         (int32_t)(found ? call & ~found->bits : call));
	free(name);
	return buffer;
}
