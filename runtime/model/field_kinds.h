/* SPDX-License-Identifier: MIT */
/*
 * What a field takes and where it is kept: the library's half of a row of the
 * field table (field_table.c). Each kind has one reader of text and one of
 * JSON. Both check first and store after, and a value that an earlier call of
 * higher origin has settled is checked all the same.
 */
#ifndef SBX_MODEL_FIELD_KINDS_H
#define SBX_MODEL_FIELD_KINDS_H

#include "base/json.h"
#include "base/suggest.h"
#include "model/spec.h"

enum field_kind {
	/* Limits. */
	KIND_DURATION,
	KIND_SIZE,
	KIND_COUNT,
	KIND_MILLI,
	/* One value: an enum, a text, a choice, a bool. */
	KIND_WORD,
	KIND_TEXT,
	KIND_FLAG,
	/* Many. */
	KIND_LIST,     /* replaced as a whole */
	KIND_ENV,      /* merged by key */
	KIND_MOUNT,    /* merged by target */
	KIND_INPUT,    /* merged by name */
	KIND_PATTERNS, /* added up */
	KIND_LAYERS,   /* added up */
	KIND_DEGRADED, /* the same, and limits */
	KIND_PACKAGES, /* added up, each once */
	KIND_BUILD,    /* an object of limits, for the build */
	KIND_NAMES,    /* of a check: added up, or those in each */
	KIND_BOUND,    /* of a check: the smallest */
	KIND_EXTENDS,  /* profile.c does it */
};

struct sbx_field_rule {
	enum field_kind kind;
	enum limit limit;     /* limits */
	uint64_t min, max;    /* limits: of the value; lists: of the count */
	bool follows_disk;    /* limits: the disk's value until it is set */
	bool writable;        /* mounts, from text */
	bool narrows;         /* names: those in each list */
	size_t value, origin; /* offsets in struct sbx_spec */
	const char *const *words;     /* KIND_WORD: by value, NULL-terminated */
	bool (*ok)(const char *text); /* texts, and each item of a list */
	const char *form;             /* what ok wants, after "is not" */
};

/* One value on its way into a spec. */
struct field_input {
	struct sbx_spec *spec;
	const struct sbx_field *field;
	enum origin origin;
	const char *where; /* the document, or NULL: no document */
	int line;          /* in it */
	struct sbx_error *err;
};

int kind_set_text(const struct field_input *in, const char *text);
int kind_set_json(const struct field_input *in, const struct json *value);

/* The readers of field_lists.c and field_mounts.c. */
int list_set_json(const struct field_input *in, const struct json *value);
int env_set_text(const struct field_input *in, const char *text);
int env_set_json(const struct field_input *in, const struct json *value);
int layers_set_text(const struct field_input *in, const char *text);
int layers_set_json(const struct field_input *in, const struct json *value);
int input_set_text(const struct field_input *in, const char *text);
int inputs_set_json(const struct field_input *in, const struct json *value);
int pattern_set_text(const struct field_input *in, const char *text);
int patterns_set_json(const struct field_input *in, const struct json *value);
int mount_set_text(const struct field_input *in, const char *text);
int mounts_set_json(const struct field_input *in, const struct json *value);
int package_set_text(const struct field_input *in, const char *text);
int packages_set_json(const struct field_input *in, const struct json *value);
int build_set_json(const struct field_input *in, const struct json *value);
int names_set_json(const struct field_input *in, const struct json *value);
int bound_set_json(const struct field_input *in, const struct json *value);

/* Reads an array of strings, each as its text would be. */
int texts_set_json(const struct field_input *in, const struct json *value,
                   int (*set_text)(const struct field_input *in,
                                   const char *text));

/* Adds a copy of text to a list, which has room for as many of what as the row
 * says. */
int list_add(const struct field_input *in, struct strings *list,
             const char *text, const char *what);

/* Adds a file to place; its name is checked here. */
int input_put(const struct field_input *in, const struct input *input);

/* Reads and bounds a limit, and sets nothing. */
int limit_read_json(const struct field_input *in, const struct json *json,
                    uint64_t *value);

/* The row of a limit by its name, which is its key; else NULL, and suggest has
 * been offered all of them. */
const struct sbx_field *limit_row(const char *name, struct suggest *suggest);

/* Sets one of N_LIMITS limits, and the one that follows it. */
void limit_put(struct limit_value *limits, enum limit limit, uint64_t value,
               enum origin origin);

/* Stores the size bytes of a value and who said it, unless one of higher
 * origin has said it already. */
void field_put(const struct field_input *in, const void *value, size_t size);

enum sbx_stage origin_stage(enum origin origin);

/* "WHERE, line L: PATH: " and the message. FIELD_FAIL() is -code as well. */
void field_say(const struct field_input *in, int code, const char *format, ...)
	PRINTF_LIKE(3, 4);
#define FIELD_FAIL(in, code, ...) \
	(field_say((in), (code), __VA_ARGS__), -(code))

/* Fails unless value is of the kind, in those words. */
int field_expect(const struct field_input *in, const struct json *value,
                 enum json_kind kind, const char *what);

/* text as a message quotes it: cut when it is long. */
#define CLIP_MAX   64
#define CLIP(text) clip_text((text), (char[CLIP_MAX]){""})
const char *clip_text(const char *text, char *buffer);

#endif
