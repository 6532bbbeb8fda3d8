/* SPDX-License-Identifier: MIT */
/* Capabilities: none, in all five sets, for good. caps.c is the only file
 * that sees libcap. */
#ifndef SBX_KERNEL_CAPS_H
#define SBX_KERNEL_CAPS_H

/* libcap allocates, so what is needed inside is made before the clone. */
struct caps {
	void *empty; /* cap_t */
};

int caps_prepare(struct caps *caps); /* 0 or -ENOMEM */
void caps_release(struct caps *caps);

/* Whether this process may map ids that are not its own: 1, 0, or -errno. */
int caps_can_map(void);

/* In the new process: locks the securebits, so that no exec and no id change
 * ever gives a capability, and empties all five sets. 0 or -errno. */
int caps_drop(const struct caps *caps);

#endif
