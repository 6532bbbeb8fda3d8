/* SPDX-License-Identifier: MIT */
/* Runs of the session "s", with a shell, and what looks after sessions. They
 * are kept in the scratch directory. */
#ifndef SBX_TESTS_SESSION_H
#define SBX_TESTS_SESSION_H

#include "support/run.h"

/* PATH, and where sessions are. It stays until the next call. */
const char *const *session_environment(void);

void session_turn(struct result *result, const char *script);

/* The same; it has to end well and print out. */
void session_expect(const char *script, const char *out);

/* sbx-session with these words, and with what status it has to end. */
void session_tool(struct result *result, const char *const *words);
void session_tool_ends(const char *const *words, int status);

#endif
