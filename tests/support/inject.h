/* SPDX-License-Identifier: MIT */
/*
 * Makes one system call of a launch fail, in one of its three processes, by
 * tracing it. The call is not made, and returns an error all the same; those
 * that free something whatever they return are made first.
 *
 *	struct inject *inject = inject_new();
 *	*inject = (struct inject){INJECT_INIT, 7, EIO};
 *	call.prepare = inject_start; call.data = inject;
 */
#ifndef SBX_TESTS_INJECT_H
#define SBX_TESTS_INJECT_H

#include <stdbool.h>
#include <stddef.h>

enum inject_process {
	INJECT_CALLER,  /* sbx-exec itself */
	INJECT_INIT,    /* pid 1 of the box */
	INJECT_PROGRAM, /* the program's process, up to its execve */
	INJECT_NONE,    /* nothing fails */
};

struct inject {
	enum inject_process process;
	unsigned nth; /* of the calls that can fail; 1 is the first */
	int code;     /* what it says */
	/* Only those count that name what is below it, or have that open. */
	const char *below; /* NULL: all */

	/* What came of it. */
	bool done;      /* there was such a call */
	bool main;      /* not before main() of sbx-exec */
	bool started;   /* the program's execve has succeeded */
	char call[160]; /* it: "prctl 4", "openat /proc/self/stat" */
	size_t n_fds;   /* that sbx-exec had open when it ended */
};

/* Memory that the processes share; to be unmapped. */
struct inject *inject_new(void);

/* For the child of a test that is about to exec sbx-exec: goes on in a process
 * of its own, which is traced, and ends as that does. */
void inject_start(const void *inject);

#endif
