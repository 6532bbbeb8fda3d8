/* SPDX-License-Identifier: MIT */
/* The vocabulary every file shares: sizes, cleanup, ownership. */
#ifndef SBX_BASE_DEF_H
#define SBX_BASE_DEF_H

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)     ((a) < (b) ? (a) : (b))
#define MAX(a, b)     ((a) > (b) ? (a) : (b))

#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* Runs f(&variable) when the variable goes out of scope. For descriptors and
 * memory only: a process or a mount is never ended by leaving a scope. */
#define CLEANUP(f)   __attribute__((cleanup(f)))
#define CLEANUP_FD   CLEANUP(cleanup_fd)
#define CLEANUP_FREE CLEANUP(cleanup_free)

static inline void cleanup_fd(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

/* Hands ownership on, visibly: the variable is empty afterwards. */
#define TAKE_FD(fd)                  \
	({                           \
		int take_fd_ = (fd); \
		(fd) = -1;           \
		take_fd_;            \
	})
#define TAKE_PTR(p)                            \
	({                                     \
		__typeof__(p) take_ptr_ = (p); \
		(p) = NULL;                    \
		take_ptr_;                     \
	})

#endif
