/* SPDX-License-Identifier: MIT */
#include "sbxd/apart.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>

#include "base/file.h"
#include "sbxd/intake.h"
#include "sbxd/loop.h"
#include "warm/errand.h"

#define MOST        16
#define MOST_OF_ONE 4

struct apart {
	struct source source;
	struct exchange answer; /* what all who wait get; of who asked first */
	struct exchange *waiting;
	struct apart *next; /* in the daemon's list */
	int pidfd, memory;  /* memory: how the answer comes */
	void (*told)(const struct exchange *answer);
};

/* Where the memory begins; the text comes after it. */
struct head {
	unsigned status;
	const char *type; /* in both processes at the same place */
};

_Noreturn static void make_answer(int memory, struct exchange *exchange,
                                  apart_make *make, const char *rest)
{
	struct head head;

	make(exchange, rest);
	head = (struct head){exchange->status, exchange->type};
	_exit(exchange->answer.failed ||
	      file_write_fd(memory, &head, sizeof(head)) < 0 ||
	      file_write_fd(memory, exchange->answer.data,
	                    exchange->answer.len) < 0);
}

static int read_answer(struct apart *apart)
{
	struct buffer *text = &apart->answer.answer;
	struct head head;
	int r;

	if (lseek(apart->memory, 0, SEEK_SET) < 0 ||
	    read(apart->memory, &head, sizeof(head)) != sizeof(head))
		return -EIO;
	r = file_read_fd(apart->memory, SIZE_MAX / 2, text);
	apart->answer.status = head.status;
	apart->answer.type = head.type;
	return r;
}

static void forget(struct apart *apart)
{
	struct apart **at = &apart->answer.daemon->aparts;

	while (*at != apart)
		at = &(*at)->next;
	*at = apart->next;
	(void)close(apart->memory);
	buffer_free(&apart->answer.answer);
	free(apart);
}

/* A large one takes what is left of the room for such. */
static void give(struct exchange *exchange, const struct buffer *text)
{
	if (intake_hold(exchange, text->len) < 0)
		answer_error(exchange, 429, "no_room",
		             "too many large answers are on their way; try "
		             "again later");
	else
		buffer_append(&exchange->answer, text->data, text->len);
}

static void on_made(struct source *source, uint32_t events)
{
	struct apart *apart = (struct apart *)source;
	struct exchange *answer = &apart->answer, *exchange;

	(void)events;
	loop_drop(answer->daemon->loop, apart->pidfd);
	if (!errand_end(apart->pidfd) || read_answer(apart) < 0)
		answer_error(answer, 503, "no_answer",
		             "the process that was to answer came to no end");
	if (apart->told)
		apart->told(answer);
	while ((exchange = apart->waiting)) {
		apart_leave(exchange);
		exchange->status = answer->status;
		exchange->type = answer->type;
		give(exchange, &answer->answer);
		http_resume(exchange);
	}
	forget(apart);
}

static bool is_full(const struct daemon *daemon, const struct who *who)
{
	unsigned n = 0, own = 0;

	for (const struct apart *at = daemon->aparts; at; at = at->next) {
		n++;
		own += who_is(&at->answer.who, who);
	}
	return n >= MOST || own >= MOST_OF_ONE;
}

static int begin(struct apart *apart, struct exchange *exchange,
                 apart_make *make, const char *rest)
{
	int r;

	apart->pidfd = -1;
	apart->memory = memfd_create("answer", MFD_CLOEXEC);
	if (apart->memory < 0)
		return -errno;
	r = errand_begin(&apart->pidfd, &apart->memory, 1);
	if (r > 0)
		make_answer(apart->memory, exchange, make, rest);
	if (r == 0)
		r = loop_add(exchange->daemon->loop, apart->pidfd, EPOLLIN,
		             &apart->source);
	if (r < 0)
		errand_kill(apart->pidfd);
	return r;
}

struct apart *apart_begin(struct exchange *exchange, apart_make *make,
                          const char *rest)
{
	struct daemon *daemon = exchange->daemon;
	struct apart *apart;

	if (is_full(daemon, &exchange->who)) {
		answer_error(exchange, 429, "queue_full",
		             "too many such requests are being answered; try "
		             "again later");
		return NULL;
	}
	apart = calloc(1, sizeof(*apart));
	if (apart) {
		apart->source.ready = on_made;
		apart->answer.daemon = daemon;
		apart->answer.who = exchange->who;
	}
	if (!apart || begin(apart, exchange, make, rest) < 0) {
		if (apart)
			cleanup_fd(&apart->memory);
		free(apart);
		answer_error(exchange, 503, "no_resources",
		             "no memory, process or descriptor left");
		return NULL;
	}
	apart->next = daemon->aparts;
	daemon->aparts = apart;
	apart_join(apart, exchange);
	return apart;
}

void apart_join(struct apart *apart, struct exchange *exchange)
{
	exchange->apart = apart;
	exchange->next = apart->waiting;
	apart->waiting = exchange;
}

void apart_leave(struct exchange *exchange)
{
	struct exchange **at;

	if (!exchange->apart)
		return;
	at = &exchange->apart->waiting;
	while (*at != exchange)
		at = &(*at)->next;
	*at = exchange->next;
	exchange->apart = NULL;
}

void apart_end_all(struct daemon *daemon)
{
	for (struct apart *at = daemon->aparts; at; at = at->next)
		(void)pidfd_send_signal(at->pidfd, SIGKILL, NULL, 0);
}

void apart_tell(struct apart *apart,
                void (*told)(const struct exchange *answer))
{
	apart->told = told;
}
