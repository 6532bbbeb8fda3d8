/* SPDX-License-Identifier: MIT */
#include "kernel/caps.h"

#include <errno.h>
#include <linux/securebits.h>
#include <stddef.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#define MAX_CAPS 64

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

int caps_can_map(void)
{
	cap_flag_value_t value = CAP_CLEAR;
	cap_t own = cap_get_proc();
	int r = own ? 0 : -errno;

	if (own && cap_get_flag(own, CAP_SETUID, CAP_EFFECTIVE, &value) < 0)
		r = -errno;
	(void)cap_free(own);
	return r < 0 ? r : value == CAP_SET;
}

int caps_drop(const struct caps *caps)
{
	/* libcap's own asks for each capability first. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	/* Up to the first that this kernel does not know. libcap's own idea of
	 * it, cap_max_bits(), is a guess where prctl fails. */
	for (cap_value_t cap = 0; cap < MAX_CAPS; cap++)
		if (cap_drop_bound(cap) < 0) {
			if (errno == EINVAL && cap > CAP_LAST_CAP)
				break;
			return -errno;
		}
	if (cap_set_secbits(SECURE_ALL_BITS | SECURE_ALL_LOCKS) < 0)
		return -errno;
	if (cap_set_proc(caps->empty) < 0)
		return -errno;
	return 0;
}
