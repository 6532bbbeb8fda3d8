/* SPDX-License-Identifier: MIT */
#include "kernel/caps.h"

#include <errno.h>
#include <linux/securebits.h>
#include <stddef.h>
#include <sys/capability.h>
#include <sys/prctl.h>

int caps_prepare(struct caps *caps)
{
	caps->empty = cap_init();
	return caps->empty ? 0 : -ENOMEM;
}

void caps_release(struct caps *caps)
{
	if (caps->empty)
		(void)cap_free(caps->empty);
	caps->empty = NULL;
}

bool caps_can_map(void)
{
	cap_flag_value_t value = CAP_CLEAR;
	cap_t own = cap_get_proc();

	if (own)
		(void)cap_get_flag(own, CAP_SETUID, CAP_EFFECTIVE, &value);
	(void)cap_free(own);
	return value == CAP_SET;
}

int caps_drop(const struct caps *caps)
{
	/* libcap's own asks for each capability first. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++)
		if (cap_drop_bound(cap) < 0)
			return -errno;
	if (cap_set_secbits(SECURE_ALL_BITS | SECURE_ALL_LOCKS) < 0)
		return -errno;
	if (cap_set_proc(caps->empty) < 0)
		return -errno;
	return 0;
}
