/* SPDX-License-Identifier: MIT */
/* The parts of an entry, from JSON. Each returns 0, or -EINVAL and has said
 * in reader->err which line of which file is wrong and how. */
#ifndef SBX_TOOLS_FILTER_READ_H
#define SBX_TOOLS_FILTER_READ_H

#include "base/def.h"
#include "base/json.h"
#include "filter-gen.h"

/* One file while it is read. */
struct reader {
	struct rule_sets *sets;
	const struct rule_set *set;
	struct sbx_error *err;
};

/* One entry: the tests, and those of them that take several values. */
struct entry {
	struct filter_test test[FILTER_TESTS];
	const struct json *in[FILTER_TESTS]; /* any of these, or NULL */
	unsigned n_tests;
};

/* Says what is wrong. Returns -EINVAL. */
int complain(const struct reader *reader, int line, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* Wants an object with no other keys than these: "\"a\", \"b\"". */
int only_keys(const struct reader *reader, const struct json *object,
              const char *keys);

/* The member of one kind; NULL when there is none. */
int member(const struct reader *reader, const struct json *object,
           const char *key, enum json_kind kind, const struct json **value);

/* A text that must be there and say something. */
int read_sentence(const struct reader *reader, const struct json *object,
                  const char *key, const char **sentence);

/* All tests of an entry; none is fine. */
int read_when(const struct reader *reader, const struct json *object,
              struct entry *entry);

#endif
