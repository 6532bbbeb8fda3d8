/* SPDX-License-Identifier: MIT */
/* The commands of sbx-session, each on an opened store. */
#ifndef SBX_TOOLS_SESSION_H
#define SBX_TOOLS_SESSION_H

#include "sbx.h"

struct command {
	const char *name, *arguments, *help;
	int least, most; /* how many arguments */
	bool creates;    /* the store, where there is none */
	int (*run)(int store, char *const *arguments, struct sbx_error *err);
};

/* The table ends with an empty row. */
extern const struct command commands[];

int session_list(int store, char *const *arguments, struct sbx_error *err);
int session_show(int store, char *const *arguments, struct sbx_error *err);
int session_remove(int store, char *const *arguments, struct sbx_error *err);
int session_rollback(int store, char *const *arguments, struct sbx_error *err);
int session_expire(int store, char *const *arguments, struct sbx_error *err);
int session_fork(int store, char *const *arguments, struct sbx_error *err);
int session_export(int store, char *const *arguments, struct sbx_error *err);
int session_import(int store, char *const *arguments, struct sbx_error *err);

#endif
