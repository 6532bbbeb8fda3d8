/* SPDX-License-Identifier: MIT */
/*
 * sbx - run untrusted programs on Linux, without setuid.
 *
 * Four nouns, in the order data flows:
 *
 *   spec     what the caller wants. Text in, nothing looked up on the host.
 *   plan     what will be done, in order. Checked, immutable, printable.
 *   box      one sandbox: namespaces, a waiting pid 1, one program, used once.
 *   outcome  what happened in it: a verdict, and what it used.
 *
 * A program that misbehaves is an outcome. A sandbox that cannot be built is
 * an error. The two never mix.
 *
 * Every call that can fail returns 0 or a negative errno and, when err is not
 * NULL, says why in it. Out parameters are written only on success. Every
 * _free and _close takes NULL. Nothing here prints, exits, reads the
 * environment or keeps globals. Objects belong to one thread at a time; a box
 * dies with the thread that opened it.
 */
#ifndef SBX_H
#define SBX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SBX_VERSION "0.1.0"
#define SBX_API     __attribute__((visibility("default")))

struct sbx_spec;
struct sbx_plan;
struct sbx_box;
struct sbx_built;

/* Where a failure happened, in the order of a run. */
enum sbx_stage {
	SBX_STAGE_SPEC,    /* reading what the caller asked for */
	SBX_STAGE_PROFILE, /* finding and reading a profile */
	SBX_STAGE_PLAN,    /* matching it to this host */
	SBX_STAGE_CLONE,   /* making the namespaces */
	SBX_STAGE_IDMAP,   /* mapping user and group */
	SBX_STAGE_NETWORK, /* the loopback inside */
	SBX_STAGE_MOUNT,   /* the root tree, in pid 1 */
	SBX_STAGE_INIT,    /* the rest of pid 1 */
	SBX_STAGE_PAYLOAD, /* the program's process, before its filter */
	SBX_STAGE_FILTER,  /* the system call filter */
	SBX_STAGE_EXEC,    /* execve of the program */
	SBX_STAGE_WATCH,   /* waiting, measuring, tearing down */
	SBX_STAGE_REPORT,  /* writing the report */
	SBX_STAGE_SESSION, /* reading and keeping the state of a session */
	SBX_STAGE_CHECK,   /* the program's text was rejected: no failure */
	SBX_N_STAGES
};

/* Plain data of fixed size: a process of the box sends it in one write. */
struct sbx_error {
	int32_t code;   /* an errno, positive */
	uint32_t stage; /* enum sbx_stage */
	char text[248]; /* one line: "mount proc on /proc: Operation not
	                   permitted" */
};

SBX_API const char *sbx_stage_name(enum sbx_stage stage);

/* The exit status of a run that failed with err: 127 when the program was not
 * found, 126 when it may not be run or a check said no, else 125. */
SBX_API int sbx_error_status(const struct sbx_error *err);

/* ---- spec ---- */

/* A spec with the built-in defaults and no program. */
SBX_API int sbx_spec_new(struct sbx_spec **spec, struct sbx_error *err);

/* Applies the profile NAME, and first the one it extends. dirs is a
 * NULL-terminated list of directories, first match wins; a name with a slash
 * is refused. -ENOENT when no directory has it. */
SBX_API int sbx_spec_profile(struct sbx_spec *spec, const char *name,
                             const char *const *dirs, struct sbx_error *err);

/* The same from one file; dirs serves what it extends. */
SBX_API int sbx_spec_profile_file(struct sbx_spec *spec, const char *path,
                                  const char *const *dirs,
                                  struct sbx_error *err);

/* Holds the spec to the maxima in path, a JSON object of limits. A missing
 * file is none. Call it last: a limit the caller named above its maximum is
 * an error, one that came from a profile is lowered. */
SBX_API int sbx_spec_maxima(struct sbx_spec *spec, const char *path,
                            struct sbx_error *err);

/* Sets one field by its path, e.g. "limits.memory", "64M". The same table
 * drives JSON, the command line, --help and the manual page. */
SBX_API int sbx_spec_set(struct sbx_spec *spec, const char *path,
                         const char *value, struct sbx_error *err);

/* Where root trees (DIR/rootfs/NAME) and package layers (DIR/layers/NAME) of
 * sbx-rootfs are looked for: a NULL-terminated list of directories, borrowed,
 * first match wins. Without it there is only the host's tree. */
SBX_API void sbx_spec_trees(struct sbx_spec *spec, const char *const *dirs);

/* The program: a file of the host (copied in, run by the profile's command),
 * a text (the same), or a command that is in the root tree. argv: NULL-
 * terminated; for the first two the arguments after the program. */
SBX_API int sbx_spec_file(struct sbx_spec *spec, const char *path,
                          const char *const *argv, struct sbx_error *err);
SBX_API int sbx_spec_code(struct sbx_spec *spec, const void *code, size_t len,
                          const char *const *argv, struct sbx_error *err);
SBX_API int sbx_spec_command(struct sbx_spec *spec, const char *const *argv,
                             struct sbx_error *err);

/* Takes a whole request, as programs and agents send it: a JSON object of
 * fields, and of language, timeout, code, args, stdin, inputs, files and the
 * like; see sbx-exec(1). It names the profile, which is looked for in dirs,
 * and the program. Its standard input is what it says, else empty. */
SBX_API int sbx_spec_request(struct sbx_spec *spec, const char *json,
                             size_t len, const char *const *dirs,
                             struct sbx_error *err);

/* Whether anything says which files to bring out of the workspace. */
SBX_API bool sbx_spec_collects(const struct sbx_spec *spec);

/* Where the run's cgroup is to be: "auto", "systemd", "none" or a path. The
 * text is the spec's. With the first two it is below the cgroup that is
 * delegated to the caller when the plan is made. */
SBX_API const char *sbx_spec_cgroup(const struct sbx_spec *spec);

/* Whether a cgroup is delegated to the caller: 0, or why not. */
SBX_API int sbx_cgroup_find(struct sbx_error *err);

SBX_API void sbx_spec_free(struct sbx_spec *spec);

/* One row of the field table. */
struct sbx_field {
	const char *path;    /* "limits.memory" */
	const char *option;  /* "memory", or NULL: JSON only */
	const char *alias;   /* a second option, or NULL */
	const char *value;   /* what it takes: "SIZE", "DUR", "N", "K=V" */
	const char *initial; /* the default as text, or NULL */
	const char *help;    /* one line */
	bool repeatable;
	const struct sbx_field_rule *rule; /* the library's own */
};
SBX_API const struct sbx_field *sbx_fields(size_t *n_fields);

/* ---- plan ---- */

/* Settles every choice: looks at the host, checks every field, compiles the
 * filter. All that can fail for a reason the user controls fails here. */
SBX_API int sbx_plan_make(const struct sbx_spec *spec, struct sbx_plan **plan,
                          struct sbx_error *err);

/* Writes the steps as text, one a line, in the order they will run. */
SBX_API int sbx_plan_print(const struct sbx_plan *plan, int fd);

SBX_API void sbx_plan_free(struct sbx_plan *plan);

/* ---- box ---- */

/* The caller's ends of the three streams. Borrowed, never passed inside:
 * the program has pipes, and bytes are moved between the two. */
struct sbx_stdio {
	int in;       /* -1: end of file at once */
	int out, err; /* -1: captured, see sbx_report_write() */
};

/* Builds a box from the plan, which outlives it. */
SBX_API int sbx_box_open(const struct sbx_plan *plan, struct sbx_box **box,
                         struct sbx_error *err);

/* Longest id of a run, in bytes. */
#define SBX_MAX_ID 128

/* For the report: the id of the run (NULL: a fresh one), and when it was asked
 * for, in nanoseconds of CLOCK_MONOTONIC. Without this call both are the
 * plan's, so boxes of one plan need it to be told apart. -EINVAL for an empty
 * id or a longer one. */
SBX_API int sbx_box_request(struct sbx_box *box, const char *id,
                            uint64_t request_ns, struct sbx_error *err);

/* Starts the plan's program. Time limits count from here. */
SBX_API int sbx_box_start(struct sbx_box *box, const struct sbx_stdio *stdio,
                          struct sbx_error *err);

/* A descriptor that polls readable when sbx_box_step() has something to do. */
SBX_API int sbx_box_fd(const struct sbx_box *box);

/* Handles what is pending. Returns 1 once the program and all its descendants
 * are gone and their output is delivered, 0 while they are not. A negative
 * value is a failure of the sandbox: the box is dead, close it. */
SBX_API int sbx_box_step(struct sbx_box *box, struct sbx_error *err);

/* sbx_box_step() until it returns 1 or fails. */
SBX_API int sbx_box_wait(struct sbx_box *box, struct sbx_error *err);

/* Ends the run as cancelled. Go on stepping until it is over. */
SBX_API void sbx_box_cancel(struct sbx_box *box);

/* Where the files go that the patterns of the plan name. */
struct sbx_collect {
	int dir; /* a directory of the host; -1: the report has their content */
	bool replace; /* what is in the way there; else it stays */
};

/* Brings them out, once the run is over: regular files only, no link is
 * followed, all of it bounded. The report lists them, and those that were
 * passed over with the reason. Returns how many those were. A second call
 * does nothing. */
SBX_API int sbx_box_collect(struct sbx_box *box, const struct sbx_collect *to,
                            struct sbx_error *err);

/* The same where another process is to write them, with its own rights, and
 * not this one: they go over a connected stream socket. SIGPIPE is ignored. */
SBX_API int sbx_box_collect_send(struct sbx_box *box, int peer,
                                 struct sbx_error *err);

/* At its other end: waits for one file, and writes it, or tells why not, for
 * the report. Returns 1; 0 when there are no more; or -errno when no more can
 * come. */
SBX_API int sbx_collect_receive(int peer, const struct sbx_collect *to);

/* A session: a workspace that outlives its runs. */
struct sbx_session;

/* Locks the session that the spec names in the directory store, which is made
 * if need be, and has the spec start from its last state: before the plan is
 * made. -EBUSY when another run has it and does not end within wait_ns.
 * Without a session in the spec *session is NULL, and so it may be below. */
SBX_API int sbx_session_open(struct sbx_spec *spec, const char *store,
                             uint64_t wait_ns, struct sbx_session **session,
                             struct sbx_error *err);

/* Makes what a run that is over has left the next state, all of it or nothing;
 * not of a run that was cancelled or failed. */
SBX_API int sbx_session_commit(struct sbx_session *session,
                               const struct sbx_box *box,
                               struct sbx_error *err);

/* Lets others have it. */
SBX_API void sbx_session_close(struct sbx_session *session);

/* For a process that has nothing else to do than to see this box to its end,
 * and ends with it: takes from it, for good, what it does not need for that, so
 * that a hole in what reads the program's words leads nowhere. After
 * sbx_box_start(); it happens in a later sbx_box_step(), before anything of the
 * program's is read. What is left: descriptors that are open, the functions
 * above and sbx_report_write() for this box; in dir (-1: none) and in the
 * session (NULL: none) files can be made. Afterwards the calling thread can
 * open nothing else, start no process, make no socket and gain no right; all
 * other calls fail with EPERM. A kernel without Landlock does not hold it to
 * those directories. */
SBX_API int sbx_box_confine(struct sbx_box *box,
                            const struct sbx_session *session, int dir,
                            struct sbx_error *err);

/* The same for what makes boxes, at once. It keeps what they and their programs
 * may do, since they inherit it: the calls of none of those are left out, but
 * all others are, and no right can be gained. */
SBX_API int sbx_confine_maker(struct sbx_error *err);

/* The same for a client that a daemon sends files to: it can read, write and
 * wait on what is open, and make files in dir. */
SBX_API int sbx_confine_receiver(int dir, struct sbx_error *err);

/* Kills whatever still runs and removes every trace on the host. */
SBX_API void sbx_box_close(struct sbx_box *box);

/* ---- pool ---- */

/* Boxes that are made ahead, for runs that differ in their program, its
 * arguments, standard input, more variables of the environment, wall and idle
 * time and output limit, and in nothing else. In each of them the interpreter
 * has started and waits; for a command, or an interpreter that starts as fast,
 * the box alone does. A box is used once. A pool and its boxes are for one
 * thread, since boxes may hold on to what forked them. */
struct sbx_pool;

/* A pool of up to size boxes. The spec is a profile with "warm"; a program in
 * it does not count. The pool keeps nothing of the spec, and is empty until it
 * is stepped. */
SBX_API int sbx_pool_open(const struct sbx_spec *spec, unsigned size,
                          struct sbx_pool **pool, struct sbx_error *err);

/* A descriptor that polls readable when sbx_pool_step() has something to do.
 * Call that once in a while, too: to try again after it has failed, and to take
 * down boxes that were given up. */
SBX_API int sbx_pool_fd(const struct sbx_pool *pool);

/* Handles what is pending, and starts to make one box where one is missing.
 * Returns how many are idle, or why one could not be made. */
SBX_API int sbx_pool_step(struct sbx_pool *pool, struct sbx_error *err);

/* Starts the plan's program in a box of the pool, which is the caller's from
 * then on. Nothing has happened, and sbx_box_open() serves the same, on
 * -EAGAIN: none is idle; -ESTALE: the plan asks for another box; -E2BIG: more
 * arguments than a waiting interpreter can be told. */
SBX_API int sbx_pool_start(struct sbx_pool *pool, const struct sbx_plan *plan,
                           const struct sbx_stdio *stdio, struct sbx_box **box,
                           struct sbx_error *err);

SBX_API void sbx_pool_close(struct sbx_pool *pool);

/* ---- build ---- */

/* Profiles of compiled languages have a build: a program in a box of its own,
 * whose workspace, as it leaves it, is /build in the run's box, read-only. A
 * program with a check has its text looked at in a box of its own, which
 * leaves nothing; else it is the same. A spec has one of the two at most, and
 * its plan does not run before it.
 *
 *   sbx_spec_build()   the spec of the build; plan it and run it like any
 *   sbx_built_take()   once it has succeeded
 *   sbx_spec_built()   then the spec itself can be planned and run
 * sbx_built_find() and sbx_built_keep() save the same build a second time. */

/* *build borrows from spec; NULL: the spec has none. Else this looks at the
 * host, for the plans of both. */
SBX_API int sbx_spec_build(struct sbx_spec *spec, struct sbx_spec **build,
                           struct sbx_error *err);

/* Regular files and directories of the workspace of a box whose run is over;
 * links are never followed, and are left out like all else. */
SBX_API int sbx_built_take(const struct sbx_box *box, struct sbx_built **built,
                           struct sbx_error *err);

/* What spec runs is there. box: of the build, for the report; NULL where it
 * was found. Both are borrowed until the report is written. */
SBX_API void sbx_spec_built(struct sbx_spec *spec,
                            const struct sbx_built *built,
                            const struct sbx_box *box);

/* Looks in the directory dir for what the same build left before: the same
 * sources, command and environment, by the same compiler. *built is NULL when
 * there is none. dir is the caller's own, and nobody else may write to it:
 * what is in it gets run. */
SBX_API int sbx_built_find(const struct sbx_plan *plan, const char *dir,
                           struct sbx_built **built, struct sbx_error *err);

/* Puts it there, if it may be found again, and *built is what is there then.
 * Those that were not used for the longest time are removed where they are too
 * many, but not while they are somebody's *built. */
SBX_API int sbx_built_keep(const struct sbx_plan *plan, const char *dir,
                           struct sbx_built **built, struct sbx_error *err);

SBX_API void sbx_built_free(struct sbx_built *built);

/* ---- outcome ---- */

/* The verdict, in the words of the report. */
struct sbx_outcome {
	const char *status; /* "success", "timeout", ... */
	const char *reason; /* "exited", "wall_time", ... */
	int exit_status;    /* sbx-exec's: see its manual */
	int signal;         /* that the program died of; 0: none */
	bool stopped;       /* sbx ended it; else it ended by itself */
	char message[256];  /* one sentence for a person */
};

/* The outcome of a box whose run is over; "error" of one that is not. */
SBX_API struct sbx_outcome sbx_box_outcome(const struct sbx_box *box);

/* Writes the report as one line of JSON: of the box's run or, with failure,
 * of why there was none. With failure, box and plan may be NULL. */
SBX_API int sbx_report_write(const struct sbx_plan *plan,
                             const struct sbx_box *box,
                             const struct sbx_error *failure, int fd,
                             struct sbx_error *err);

/* The same of a request that came to no plan; spec, or NULL, has its id. */
SBX_API int sbx_report_refusal(const struct sbx_spec *spec,
                               const struct sbx_error *failure, int fd,
                               struct sbx_error *err);

/* One line of an audit log, as far as the run came; the rest is NULL. */
struct sbx_audit {
	const uid_t *uid; /* whose run it was; NULL: of this process's user */
	const char *who;  /* as whom a server knows the caller */
	const char *id;   /* of a request that came to no spec */
	const struct sbx_spec *spec;
	const struct sbx_plan *plan;
	const struct sbx_box *box;
	const struct sbx_error *failure; /* NULL: it ran */
};

/* Adds it, whole or not at all, however many do so at once. fd: a regular file
 * that was opened to read and to append. Each line holds the one before by its
 * hash; sbx-check --audit reads it. */
SBX_API int sbx_audit_write(int fd, const struct sbx_audit *audit,
                            struct sbx_error *err);

#ifdef __cplusplus
}
#endif

#endif
