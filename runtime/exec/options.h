/* SPDX-License-Identifier: MIT */
/*
 * The command line of sbx-exec and sbx-trace. An option that sets something is
 * a row of the library's field table; what is left is the program's own, in a
 * table like that of options_table.c. Names are never abbreviated, nothing
 * after "--" is looked at.
 */
#ifndef SBX_EXEC_OPTIONS_H
#define SBX_EXEC_OPTIONS_H

#include "base/arena.h"
#include "sbx.h"

struct setting {
	const char *path, *value; /* for sbx_spec_set() */
};

struct options {
	struct arena arena;       /* owns what is not in argv */
	const char *profile;      /* a name; "base" for a command without */
	const char *profile_file; /* or a path; never both */
	const char *code;         /* --code, or NULL */
	const char *request;      /* --request: a path, "-", or NULL */
	const char *report;       /* a path, or NULL */
	const char *collect_to;   /* a directory, or NULL */
	const char *audit;        /* a log, or NULL */
	bool collect_replace;
	int report_fd; /* --report fd:N, or -1 */
	bool command;  /* arguments[0] is in the root tree */
	bool json;
	const char *pool; /* --pool: a path, "" for the usual one, or NULL */
	bool cold;
	bool quiet;         /* nothing of ours on standard error */
	const char *output; /* of sbx-trace: a path, or NULL */
	bool dry_run;

	/* With one of these there need not be a program. */
	bool help;
	bool version;
	bool list_profiles;
	const char *show_profile;

	struct setting *settings; /* in the order they were given */
	size_t n_settings;
	const char *const *arguments; /* after "--"; NULL-terminated */
	size_t n_arguments;
};

/* How --help puts the program's own options together. */
enum option_group {
	GROUP_PROGRAM,
	GROUP_RESULT,
	GROUP_INSTEAD, /* of a run */
};

struct own_option {
	struct sbx_field shown; /* without a path */
	enum option_group group;
	size_t offset; /* in struct options: of a text, or a bool */
};

#define OPTION_FLAG(member, name, group, help)                            \
	{                                                                 \
		{NULL, name, NULL, NULL, NULL, help, false, NULL}, group, \
			offsetof(struct options, member)                  \
	}
#define OPTION_TEXT(member, name, value, group, help)                      \
	{                                                                  \
		{NULL, name, NULL, value, NULL, help, false, NULL}, group, \
			offsetof(struct options, member)                   \
	}

/* What one program has, beside the fields. */
struct option_table {
	const char *usage; /* how its --help begins */
	const struct own_option *list;
	size_t n;
};

extern const struct option_table exec_options; /* of sbx-exec */

/* Borrows argv. Each error is one line for a person, and -EINVAL but for
 * -ENOMEM; then there is nothing to free, and options say only where the
 * report goes, as far as the words before the wrong one did. */
int options_parse(int argc, char *const *argv, const struct option_table *table,
                  struct options *options, struct sbx_error *err);

/* sbx_spec_set() of all settings. */
int options_apply(const struct options *options, struct sbx_spec *spec,
                  struct sbx_error *err);

/* Of options_parse(): whether all of it together makes sense; and where the
 * report goes, alone. */
int options_check(struct options *options, struct sbx_error *err);
int options_check_report(struct options *options, struct sbx_error *err);

void options_free(struct options *options);

#endif
