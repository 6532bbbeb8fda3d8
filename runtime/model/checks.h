/* SPDX-License-Identifier: MIT */
/* What names, paths and texts may look like. Nothing is looked up: a path
 * that passes here may still be a link to one that would not. */
#ifndef SBX_MODEL_CHECKS_H
#define SBX_MODEL_CHECKS_H

#include <stdbool.h>
#include <stddef.h>

/* The kernel takes no longer text in argv or envp, its NUL included. */
#define ARGUMENT_MAX (128 * 1024)

bool argument_ok(const char *text);   /* fits into argv */
bool line_ok(const char *text);       /* one line, no control bytes */
bool file_name_ok(const char *text);  /* "code.py" */
bool path_ok(const char *text);       /* "/a/b": absolute and normal */
bool file_path_ok(const char *text);  /* any path of a file */
bool inner_path_ok(const char *text); /* "data/a.csv": below /workspace */
bool session_ok(const char *text);
bool hostname_ok(const char *text);
bool cgroup_ok(const char *text);
bool tree_name_ok(const char *text); /* a root tree, or a layer */
bool set_name_ok(const char *text);  /* a rule set: "threads" */
bool package_name_ok(const char *text);
bool module_name_ok(const char *text); /* "os.path", "node:fs" */
bool call_name_ok(const char *text);   /* "eval", "os.system", ".mro" */
bool env_key_ok(const char *text, size_t len);

/* Whether path is root itself, or below it. */
bool path_is_below(const char *path, const char *root);

/* Whether the program is that interpreter, of whatever version. */
bool runs_interpreter(const char *command, const char *name);

/* The same but for dashes: "open-files" and "open_files". A NULL is like
 * nothing. */
bool same_name(const char *a, const char *b);

/* Why a path may not be mounted, or on, as the end of "SRC ..."; NULL: it
 * may. The plan asks again with links resolved. */
const char *mount_source_fault(const char *path);
const char *mount_target_fault(const char *path);

#endif
