/* SPDX-License-Identifier: MIT */
/* One file on its way out of the box. */
#ifndef SBX_BOX_BRING_H
#define SBX_BOX_BRING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

struct bring {
	int from; /* opened */
	uint64_t size;
	int dir; /* of the host, to write it below; -1: nowhere */
	bool replace;
	bool keep; /* in content */
	struct buffer content;
	uint64_t moved; /* bytes that were read so far */
};

/* Reads size bytes, hashes them, and writes them to the descriptor to; -1:
 * nowhere. Bytes that are zero may become a hole of a regular file. 0 or
 * -errno. */
int bring_copy(struct bring *bring, int to, char sha256[65]);

/* Reads at most size bytes, hashes them, and writes them to path below dir,
 * whose directories are made; no link on the way is followed. Without replace
 * -EEXIST where something is there. A failure leaves nothing behind but the
 * directories. */
int bring_file(struct bring *bring, const char *path, char sha256[65]);

#endif
