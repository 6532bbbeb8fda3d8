/* SPDX-License-Identifier: MIT */
/* What a program printed of where it ran, and what that proves. */
#ifndef BENCH_PROOF_H
#define BENCH_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ns { NS_USER, NS_PID, NS_NET, NS_IPC, NS_UTS, NS_MNT, NS_CGROUP, N_NS };
#define NS_ALL ((1u << N_NS) - 1)

/* As inside/nsprobe.c prints it, in this order. */
struct proof {
	uint64_t inode[N_NS];
	uint64_t root_mount; /* 0: not known */
	uint64_t proc_made;
};

const char *ns_name(enum ns ns);

/* Reads one line that begins with token. false: text is anything else. */
bool proof_read(const char *text, const char *token, struct proof *proof);

/*
 * Whether proof shows what claims say: each claimed namespace is not the
 * host's, and this is not the run before (last; all zero for the first). The
 * kernel gives the number of a namespace out again once it is gone, so that
 * one equal number shows nothing; but were a whole set of namespaces used
 * again, all would be equal, the root mount and the birth of /proc too.
 * Writes why not into fault and returns false.
 */
bool proof_shows(const struct proof *proof, const struct proof *host,
                 const struct proof *last, unsigned claims, char fault[128]);

#endif
