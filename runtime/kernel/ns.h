/* SPDX-License-Identifier: MIT */
/* The namespaces of a box: always all seven. */
#ifndef SBX_KERNEL_NS_H
#define SBX_KERNEL_NS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "sbx.h"

/* One row a namespace, in the order of the report. */
struct ns {
	const char *name; /* as in /proc/PID/ns: "user" */
	uint64_t flag;    /* CLONE_NEW... */
	bool apart;       /* not made by ns_clone(): see ns_network() */
};
extern const struct ns namespaces[];
extern const size_t n_namespaces;

/*
 * Makes a process in new namespaces of every kind but the network's, which runs
 * child(argument) in a copy of the caller's memory and with one thread: it must
 * not allocate, and it must not return. It is born into cgroup, a descriptor,
 * or -1: the caller's own. Returns its pid and a descriptor for it.
 *
 * No signal is sent when it ends (the caller's SIGCHLD is not ours), so it is
 * waited for with __WALL. A privileged caller's supplementary groups stay
 * behind: they are dropped from the calling thread for the length of the call,
 * since inside they could not be dropped any more.
 */
pid_t ns_clone(void (*child)(const void *argument), const void *argument,
               int cgroup, int *pidfd, struct sbx_error *err);

/* Makes the network namespace of such a process, in its user namespace userns,
 * for it to enter: to make one takes as long as all others together, and in
 * that time the process can do much else. Returns a descriptor. */
int ns_network(int userns, struct sbx_error *err);

/* A child in the caller's own memory and among its descriptors, while the
 * caller waits for its end, which no signal tells. Its namespaces and
 * credentials are its own: it is for what the caller may not become itself. It
 * ends by _exit(). 0 or -errno. */
int ns_visit(int (*child)(void *argument), void *argument);

/* A child in the caller's own memory, on a stack of its own, while the caller
 * waits: until it has exec'ed or ended. Nothing is copied that exec would
 * throw away. Sends SIGCHLD. -1 and errno. */
pid_t ns_spawn(int (*child)(void *argument), void *argument, void *stack,
               size_t size);

#endif
