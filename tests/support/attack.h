/* SPDX-License-Identifier: MIT */
/*
 * An attack and its control: the same program where it must come to nothing,
 * and where it must succeed, or the test proves nothing. The program says a
 * line for each thing that it tries, "what ok" or "what EPERM".
 */
#ifndef SBX_TESTS_ATTACK_H
#define SBX_TESTS_ATTACK_H

#include <stdbool.h>

#include "support/run.h"

/* Whether a line "what verdict" is in text; verdict NULL: any. */
bool said(const struct result *result, const char *what, const char *verdict);

/* Runs both. Inside, each line that the control said must be there and not end
 * in "ok"; in the control each must, but for those of spared, which cannot be
 * had there either. what is for messages. */
void attack(const char *what, const struct call *inside,
            const struct call *control, const char *const *spared);

/* The same where what the control can have depends on the host: at least n of
 * its lines must end in "ok". */
void attack_some(const char *what, const struct call *inside,
                 const struct call *control, int n);

#endif
