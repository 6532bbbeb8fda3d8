/* SPDX-License-Identifier: MIT */
/*
 * Calls of sbx-exec, or, to compare, of a program without it: what it is
 * given, and what came of it. Nothing here asserts, so that it serves in the
 * children of a test as well; what should never fail ends the process.
 */
#ifndef SBX_TESTS_RUN_H
#define SBX_TESTS_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"

#define WORDS(...)    ((const char *const[]){__VA_ARGS__, NULL})
#define COMMAND(...)  .command = WORDS(__VA_ARGS__)
#define OPTIONS(...)  .options = WORDS(__VA_ARGS__)
#define CALL(...)     (&(struct call){__VA_ARGS__})
#define RUN(out, ...) call_run(CALL(__VA_ARGS__), out)

/* A descriptor of the called program. from: one of the test's, or -1 to have
 * it closed. */
struct given_fd {
	int to, from;
};
#define MAX_GIVEN 8

struct call {
	const char *const *options; /* of sbx-exec; may be NULL */
	/* What comes after "--command --"; NULL: the options are all. A first
	 * word "@NAME" is a helper of tests/support/prog, and is made visible
	 * inside. */
	const char *const *command;
	const char *const *env; /* NULL: just a PATH */
	const char *input;      /* standard input; NULL: it ends at once */
	size_t input_len;       /* 0: strlen() */
	struct given_fd fds[MAX_GIVEN];
	size_t n_fds;
	/* In the child, just before the exec. */
	void (*prepare)(const void *data);
	const void *data;
	double patience; /* seconds until it is killed; 0: 60 */
	bool helpers;    /* visible inside, also without a word "@NAME" */
	bool merged;     /* standard error is standard output */
	bool outside;    /* the command alone, without any sandbox */
	/* Layers to take out of the sandbox, as tests/attack/weak.c names
	 * them, with a + between them; NULL: none, sbx-exec itself. */
	const char *without;
	bool no_report; /* not the --report that every call else gets */
	bool no_argv;   /* not even a name: argc is 0 */
};

/* For prepare: the terminal that is standard input becomes the controlling one,
 * as under a shell; and root becomes an ordinary user. */
void take_terminal(const void *data);
void become_ordinary(const void *data);

/* A program that runs. The caller may use in, out and err (-1 where there is
 * none), and closes what it takes away by setting -1. */
struct live {
	const struct call *call;
	pid_t pid;
	int pidfd, in, out, err, report;
	double started;
	size_t written; /* of the input */
};

struct result {
	int status;     /* the exit status, or -n: it died of signal n */
	bool timed_out; /* and was killed for it */
	bool held_open; /* something kept a stream open after its end */
	double seconds;
	struct buffer out, err; /* with a NUL behind them */
	struct buffer report_line;
	struct arena arena;
	const struct json *report; /* NULL: none, or not one line of JSON */
};

/* call stays with the caller until call_finish(). */
void call_start(const struct call *call, struct live *live);
/* Feeds and reads it to its end. result is to be freed. */
void call_finish(struct live *live, struct result *result);
void call_run(const struct call *call, struct result *result);
void result_free(struct result *result);

/* Reads up to size - 1 bytes until text has come, or the end, or patience is
 * over. Returns whether it came. */
bool call_expect(struct live *live, const char *text);

/* The value at a path like "limits.memory.value" or "files.0.path" of the
 * report, as text: a string, a number as it was written, "true" or "false";
 * "[]" and "{}" stand for what has members, "(none)" for nothing there. */
const char *report_at(const struct result *result, const char *path);
double report_number(const struct result *result, const char *path);
/* Whether the array at path has that text in it. */
bool report_lists(const struct result *result, const char *path,
                  const char *text);

/* As the report would be taken from other text, such as standard output. */
void result_parse(struct result *result, const struct buffer *text);

/* The directory of the build, and of the helper programs in it. */
const char *build_dir(void);
const char *program_dir(void);

/* Where the helpers are inside. */
#define INSIDE "/opt/sbx-test"

/* Monotonic seconds. */
double seconds_now(void);
void seconds_sleep(double seconds);

/* How many times longer than elsewhere a program may take here: SBX_SLOW, which
 * tests/vm/run sets for an emulated processor. */
int slowness(void);

/* Whether text is one whole line that starts with "sbx-exec: ". */
bool is_one_line(const struct buffer *text);

/* Skips the test loudly; fails it with SBX_MUST_WORK=1. Does not return. */
_Noreturn void skip(const char *why);

/* Skips where the kernel is one without sessions. */
void need_sessions(void);

#endif
