/* SPDX-License-Identifier: MIT */
/* Strict readers of numbers in text. Each takes the whole text or nothing: no
 * sign, no blank, no exponent, no leading zero, digits on both sides of a
 * point. What the unit cannot hold is rounded down, but never to nothing. 0,
 * -EINVAL (not of the form), or -ERANGE (too large for the type). */
#ifndef SBX_BASE_PARSE_H
#define SBX_BASE_PARSE_H

#include <stddef.h>
#include <stdint.h>

/* "64": decimal digits. */
int parse_count(const char *text, uint64_t *count);

/* "512M", "1G", "64K", "1T" (powers of 1024; "B", "i" or "iB" may follow),
 * "1.5G", in either case; plain and "B" are bytes. */
int parse_size(const char *text, uint64_t *bytes);

/* "1.5s", "200ms", "5m", "2h", "1d", "10us", "1ns"; plain is seconds. */
int parse_duration(const char *text, uint64_t *ns);

/* "0.5", "2": in thousandths, at most three decimals. */
int parse_milli(const char *text, uint64_t *milli);

/* The shortest exact spelling of at least one unit ("200ms", not "0.2s"), as
 * the readers above take it. buffer: at least 24 bytes. Return buffer. */
char *format_size(uint64_t bytes, char *buffer);
char *format_duration(uint64_t ns, char *buffer);
char *format_milli(uint64_t milli, char *buffer);

#endif
