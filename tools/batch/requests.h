/* SPDX-License-Identifier: MIT */
/*
 * The requests of a file of JSON Lines. Each has an id that no other has: the
 * one it names, else "line-N", which no other line may name. That is so for a
 * line that is no request at all, so that each line that is not blank has
 * exactly one report.
 */
#ifndef SBX_BATCH_REQUESTS_H
#define SBX_BATCH_REQUESTS_H

#include "ids.h"
#include "lines.h"
#include "sbx.h"

#define MAX_SESSION 64

struct shard {
	uint64_t index, count; /* 1 to count; takes each count-th line */
};

struct requests {
	struct lines *lines;
	struct shard shard;
	struct ids *ids; /* borrowed; gets ID_ASKED */
};

struct request {
	char id[SBX_MAX_ID + 1];
	uint64_t line;
	const char *text; /* valid until the next call */
	size_t len;
	char session[MAX_SESSION + 1]; /* "": it names none that is one */
	bool reported;                 /* the id had ID_REPORTED */
	struct sbx_error broken;       /* code 0: it is not */
};

int requests_open(struct requests *requests, int fd, struct sbx_error *err);
void requests_close(struct requests *requests);

/* 1 with the next request of the shard, 0 at the end, -EAGAIN when
 * lines_fill() must come first; else a negative errno with err. */
int requests_next(struct requests *requests, struct request *request,
                  struct sbx_error *err);

/* The same, but waits for what must be read. */
int requests_read(struct requests *requests, struct request *request,
                  struct sbx_error *err);

#endif
