/* SPDX-License-Identifier: MIT */
/* The filter's installation, and the listener that answers for the calls it
 * refuses. What the listener says depends on the call's number and
 * architecture alone, never on memory of the program: there is no race to
 * win, and a refused call is never let through. */
#ifndef SBX_KERNEL_NOTIFY_H
#define SBX_KERNEL_NOTIFY_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Installs a filter without a listener on this thread. 0 or -errno. */
int filter_install(const struct sock_filter *code, size_t n_code);

/* The same with one. Returns the listener, or -errno. */
int notify_install(const struct sock_filter *code, size_t n_code);

struct refused_call {
	uint32_t arch; /* AUDIT_ARCH_... */
	uint32_t number;
	uint64_t id; /* of this very call, for the answer */
};

/* Takes one refused call. Returns 1 and fills call, 0 when there is none (any
 * more), or -errno. Its caller waits until it is answered, or dies. */
int notify_receive(int listener, struct refused_call *call);

/* Answers it with EPERM. 0 or -errno. */
int notify_refuse(int listener, const struct refused_call *call);

/* Whether the call was made the native way: neither another architecture nor
 * x32. */
bool call_is_native(const struct refused_call *call);

#endif
