/* SPDX-License-Identifier: MIT */
/*
 * One target a file: bytes in, and nothing may crash, leak or be undefined.
 * What else must hold is a CHECK. libFuzzer calls it (make fuzz), or replay.c
 * with the files of tests/fuzz/corpus (make check).
 */
#ifndef SBX_TESTS_FUZZ_H
#define SBX_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(ok)                                                      \
	do {                                                           \
		if (!(ok)) {                                           \
			(void)fprintf(stderr, "%s:%d: %s\n", __FILE__, \
			              __LINE__, #ok);                  \
			abort();                                       \
		}                                                      \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
