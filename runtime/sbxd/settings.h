/* SPDX-License-Identifier: MIT */
/* The command line of sbxd. */
#ifndef SBX_SBXD_SETTINGS_H
#define SBX_SBXD_SETTINGS_H

#include "sbx.h"
#include "sbxd/address.h"

#define MAX_WARM_PROFILES 16
#define MAX_LISTENS       8

struct warm_profile {
	char name[65];
	unsigned min, max; /* boxes that wait */
};

struct settings {
	char socket[108];                    /* a path; of sun_path's size */
	struct address listens[MAX_LISTENS]; /* of TCP */
	unsigned n_listens;
	const char *tokens; /* a file; NULL: none */
	struct warm_profile warm[MAX_WARM_PROFILES];
	unsigned n_warm;
	unsigned max_runs, max_queue;
	unsigned max_boxes; /* that wait, in all pools together */
	uint64_t drain_ns;
	const char *audit; /* NULL: none */
	bool help, version;
};

/* 0, or -EINVAL and one line for a person. */
int settings_parse(int argc, char *const *argv, struct settings *settings,
                   struct sbx_error *err);

/* Prints --help. 0 or -errno. */
int settings_help(int fd);

#endif
