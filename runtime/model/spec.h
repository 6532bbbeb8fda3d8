/* SPDX-License-Identifier: MIT */
/* What is wanted, as the caller, the profiles and the defaults said it. Pure
 * data: nothing here has looked at the host. */
#ifndef SBX_MODEL_SPEC_H
#define SBX_MODEL_SPEC_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "sbx.h"

enum limit {
	LIMIT_WALL_TIME, /* nanoseconds */
	LIMIT_CPU_TIME,
	LIMIT_IDLE_TIME,
	LIMIT_MEMORY, /* bytes */
	LIMIT_CPUS,   /* thousandths of a processor */
	LIMIT_PIDS,
	LIMIT_OUTPUT, /* bytes */
	LIMIT_DISK,
	LIMIT_INODES,
	LIMIT_OPEN_FILES,
	LIMIT_FILE_SIZE, /* bytes */
	LIMIT_STACK,
	LIMIT_FUEL, /* instructions of user mode */
	N_LIMITS
};

#define LIMIT_OFF UINT64_MAX

/* Who said it last. Later ones win over earlier ones, whatever the order of
 * the calls: a profile never overrides the caller. */
enum origin { ORIGIN_DEFAULT, ORIGIN_PROFILE, ORIGIN_CALLER };

struct limit_value {
	uint64_t value; /* LIMIT_OFF: none */
	enum origin origin;
};

enum output_action { OUTPUT_TRUNCATE, OUTPUT_KILL };
enum network_mode { NETWORK_NONE, NETWORK_LOOPBACK };
enum warm_kind { WARM_NONE, WARM_STANDBY, WARM_ZYGOTE };

struct bind {
	const char *source; /* absolute, on the host */
	const char *target; /* absolute, inside */
	bool writable;
	enum origin origin;
	struct bind *next;
};

/* A file to place in the workspace before the program starts. */
struct input {
	const char *name;   /* relative to the workspace: "data/a.csv" */
	const char *source; /* a file of the host; NULL: data */
	const void *data;
	size_t len;
	enum origin origin;
	struct input *next;
};

/* A list of texts in the order they were given. */
struct strings {
	const char **items; /* NULL-terminated once n > 0 */
	size_t n;
};

static inline bool strings_have(const struct strings *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}

/* Sessions of one user, where the maxima do not say less. */
#define MAX_SESSIONS 10000

/* What a session holds, and where. */
struct session_state {
	const char *layers; /* a directory of the host */
	const char *lowers; /* names in it: "3:2:1"; NULL: none yet */
	uint64_t bytes, inodes;
};

/* A text and who said it. */
struct choice {
	const char *text;
	enum origin origin;
};

enum program_kind {
	PROGRAM_NONE,
	PROGRAM_FILE,    /* program.path, a file of the host */
	PROGRAM_CODE,    /* program.code */
	PROGRAM_COMMAND, /* program.arguments[0] is in the root tree */
};

struct program {
	enum program_kind kind;
	const char *path;
	const void *code;
	size_t code_len;
	struct strings arguments;
};

/* What makes the program before it is run, in a box of its own. */
struct build {
	struct strings command; /* none: nothing is built */
	enum origin said;
	struct limit_value limits[N_LIMITS];
};

/* What the program's text may say, which is looked at in a box of its own. A
 * profile's rules and a request's hold together. */
struct check {
	struct strings allowed_modules; /* items NULL: all are */
	struct strings blocked_modules, blocked_calls;
	uint64_t max_code_bytes; /* 0: no bound */
};

/* Which part of a run a box is: one of the first two goes before it. */
enum role { ROLE_RUN, ROLE_BUILD, ROLE_CHECK };

struct run;

/* What a zygote has beside an interpreter: see box/zygote.c. */
struct zygote_files {
	const void *module; /* what the interpreter loads to fork */
	size_t module_len;
	const void *plan; /* of the boxes that it makes, packed */
	size_t plan_len;
};

struct facts;

struct sbx_spec {
	struct arena arena;  /* owns everything below */
	const char *profile; /* its name, or NULL */
	const char *description;
	const char *rootfs;          /* "host" */
	const char *file;            /* the program's name inside: "code.py" */
	struct strings command;      /* "{file}" stands for that name */
	struct strings env;          /* "K=V"; no key twice */
	enum origin *env_origins;    /* of each of env.items */
	struct strings packages;     /* names of layers */
	struct strings package_path; /* "K=V" with "{package}" in V */
	enum origin *package_path_origins;
	const char *const *tree_dirs; /* borrowed; NULL: there are none */
	struct strings seccomp;       /* names of rule sets */
	struct limit_value limits[N_LIMITS];
	enum output_action output_action;
	enum origin output_action_origin;
	enum network_mode network;
	enum origin network_origin;
	struct bind *binds, **last_bind;
	struct choice workdir; /* absolute, inside: "/workspace" */
	struct choice hostname;
	struct choice stdin_path; /* of the host; NULL: see below */
	const char *stdin_text;   /* NULL: the caller's standard input */
	size_t stdin_len;
	struct input *inputs, **last_input;
	struct strings collect; /* patterns of files to bring out */
	struct choice session;  /* its id; NULL: none */
	const struct session_state *session_state; /* once it is open */
	uint64_t max_sessions;  /* that there may be with a new one */
	const char *id;         /* of the run; NULL: a fresh one */
	struct choice cgroup;   /* "auto", "systemd", "none" or a path */
	const char *package;    /* what to install for a missing interpreter */
	bool pty;               /* a private /dev/pts */
	enum warm_kind warm;    /* what may be made ahead */
	struct strings preload; /* modules that it has loaded by then */
	uint32_t require;       /* bits of enum layer */
	uint32_t degraded_layers; /* bits of enum layer that may be weaker */
	uint32_t degraded_limits; /* bits of enum limit, the same */
	const struct facts *host; /* borrowed; NULL: look what it is like */
	struct program program;
	struct build build;
	const struct zygote_files *zygote; /* borrowed; NULL: it is none */
	struct check check;
	enum role role;
	const struct sbx_built *built;     /* borrowed; NULL: nothing */
	bool passed;                       /* its check, which went before */
	const struct sbx_plan *first_plan; /* both borrowed: of the part that */
	const struct run *first_run;       /* went before; NULL: none did */
	struct {
		enum origin description, rootfs, file, command, seccomp;
		enum origin package, pty, warm, preload;
	} said; /* who said those that do not hold it themselves */
};

/* Directories of the sandbox's own that nothing of the program is for: what
 * covers others, and what a session is made of. */
#define MASK_DIRECTORY "/.empty"
#define SESSION_PLACE  "/.session"

/* Layers of --require and --allow-degraded. */
enum layer {
	LAYER_NAMESPACES,
	LAYER_ROOTFS,
	LAYER_CAPABILITIES,
	LAYER_SECCOMP,
	LAYER_CGROUP,
	LAYER_VERIFIED, /* the root tree and the packages */
	N_LAYERS
};

/* The spec of what comes before a run, a build or a check, which borrows from
 * it; *first is NULL where nothing does. */
int spec_first(const struct sbx_spec *spec, struct sbx_spec **first,
               struct sbx_error *err);

const char *layer_name(enum layer layer);
const char *limit_name(enum limit limit); /* "wall_time" */
const char *network_name(enum network_mode mode);

/* The value as a person writes it, "512M", "30s", "none". buffer: at least
 * 24 bytes. Returns buffer. */
char *limit_format(enum limit limit, uint64_t value, char *buffer);

#endif
