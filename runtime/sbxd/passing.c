/* SPDX-License-Identifier: MIT */
/* Runs whose streams are descriptors of the client's. What comes is checked as
 * if everyone could connect: nothing that is read here may make the daemon
 * wait. */
#include "sbxd/passing.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "exec/passing.h"
#include "sbxd/jobs.h"
#include "sbxd/loop.h"
#include "sbxd/order.h"
#include "sbxd/run.h"
#include "warm/closing.h"

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

struct guest {
	struct source source;
	struct daemon *daemon;
	int fd;
	struct who who;
	struct job *job;
};

static void guest_free(struct guest *guest)
{
	loop_drop(guest->daemon->loop, guest->fd);
	(void)close(guest->fd);
	free(guest);
}

/* ---- the answer ---- */

static void send_answer(int to, const struct passing_answer *answer, int report)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec part = {(void *)answer, sizeof(*answer)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	if (report >= 0) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &report, sizeof(int));
	}
	/* Who does not listen has no report. */
	(void)sendmsg(to, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void answer_failure(int to, const struct sbx_error *failure, int report)
{
	struct passing_answer answer = {
		.magic = PASSING_MAGIC,
		.exit_status = -1,
		.failure = *failure,
	};

	send_answer(to, &answer, report);
}

static void on_done(struct job *job, const struct buffer *report,
                    const struct sbx_error *failure)
{
	CLEANUP_FD int file = memfd_create("report", MFD_CLOEXEC);
	struct passing_answer answer = {.magic = PASSING_MAGIC};
	struct guest *guest = job->owner;
	struct sbx_outcome outcome;

	if (file >= 0)
		(void)file_write_fd(file, report->data, report->len);
	if (failure) {
		/* What was refused has none. */
		answer_failure(guest->fd, failure, report->len > 0 ? file : -1);
	} else {
		outcome = sbx_box_outcome(job->box);
		answer.exit_status = outcome.exit_status;
		answer.stopped = outcome.stopped;
		answer.n_skipped = (uint32_t)job->n_skipped;
		memcpy(answer.message, outcome.message, sizeof(answer.message));
		send_answer(guest->fd, &answer, file);
	}
	guest_free(guest);
}

/* The client asks for the end, or is gone. */
static void on_ready(struct source *source, uint32_t events)
{
	struct guest *guest = (struct guest *)source;
	struct job *job = guest->job;
	char byte;
	ssize_t n = recv(guest->fd, &byte, 1, MSG_DONTWAIT);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		job->done = NULL;
		guest_free(guest);
	}
	(void)job_cancel(job);
}

/* ---- the request ---- */

static int receive(int from, struct passing_request *request, int *fds)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(PASSING_MAX_FDS * sizeof(int))];
	} control;
	struct iovec part = {request, sizeof(*request)};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_LEN(PASSING_MAX_FDS * sizeof(int)),
	};
	ssize_t n = recvmsg(from, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *rights = n < 0 ? NULL : CMSG_FIRSTHDR(&message);
	int expected = 1;

	if (rights && rights->cmsg_level == SOL_SOCKET &&
	    rights->cmsg_type == SCM_RIGHTS)
		memcpy(fds, CMSG_DATA(rights), rights->cmsg_len - CMSG_LEN(0));
	if (n != sizeof(*request) || message.msg_flags & MSG_CTRUNC ||
	    memcmp(request->magic, PASSING_MAGIC, sizeof(request->magic)) != 0)
		return -EPROTO;
	expected += __builtin_popcount(request->has);
	if (expected > PASSING_MAX_FDS || fds[expected - 1] < 0 ||
	    (expected < PASSING_MAX_FDS && fds[expected] >= 0))
		return -EPROTO;
	return 0;
}

/* Only memory that nobody changes any more: a file could make us wait. */
static int read_memory(int fd, size_t max, struct buffer *out)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;

	if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &st) < 0)
		return -EPROTO;
	if ((uint64_t)st.st_size > max)
		return -EFBIG;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return file_read_fd(fd, max, out);
}

static int take_streams(struct job *job, const struct passing_request *request,
                        int *fds, struct sbx_error *err)
{
	static const char *const names[] = {"input", "output", "error"};
	int *const places[] = {&job->stdio.in, &job->stdio.out,
	                       &job->stdio.err};
	int *fd = &fds[request->has & PASSING_CODE ? 2 : 1];
	bool trusted = who_is_trusted(&job->who);

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (!(request->has & (uint32_t)PASSING_IN << i))
			continue;
		if (!trusted && !closing_is_harmless(*fd))
			return err_say(err, SBX_STAGE_WATCH, EINVAL,
			               "standard %s: the daemon of another "
			               "user takes pipes, sockets, terminals "
			               "and files of a local disk; put a pipe "
			               "in between, as with | cat",
			               names[i]);
		*places[i] = TAKE_FD(*fd);
		fd++;
	}
	return 0;
}

/* Where what is written is read by the client, and nothing else: not a file,
 * nor what leads over a network. */
static int take_collect(struct job *job, const struct passing_request *request,
                        int *fds, struct sbx_error *err)
{
	int *fd = &fds[__builtin_popcount(request->has)];
	int domain = 0, type = 0;
	socklen_t len = sizeof(int);

	if (!(request->has & PASSING_COLLECT))
		return 0;
	if (getsockopt(*fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0 ||
	    getsockopt(*fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ||
	    domain != AF_UNIX || type != SOCK_STREAM)
		return err_say(err, SBX_STAGE_REPORT, EPROTO,
		               "what files are to be sent to");
	job->collect = TAKE_FD(*fd);
	return 0;
}

static int fill(struct job *job, const struct passing_request *request,
                int *fds, struct sbx_error *err)
{
	struct buffer words CLEANUP(buffer_free) = {0};
	struct buffer code CLEANUP(buffer_free) = {0};
	int r;

	r = read_memory(fds[0], PASSING_MAX_WORDS, &words);
	if (r == 0 && request->has & PASSING_CODE)
		r = read_memory(fds[1], PASSING_MAX_CODE, &code);
	if (r < 0)
		return err_set(err, SBX_STAGE_SPEC, -r, "read the request");
	r = take_streams(job, request, fds, err);
	if (r == 0)
		r = take_collect(job, request, fds, err);
	if (r == 0)
		r = order_fill(job, &words, &code, err);
	if (r == 0 && job->collect >= 0 && !sbx_spec_collects(job->spec))
		return err_say(err, SBX_STAGE_SPEC, EINVAL, COLLECT_NOTHING);
	return r;
}

/* ---- the connection ---- */

/* The guest goes with the job's end, which may be at once. */
static int begin(struct guest *guest, const struct passing_request *request,
                 int *fds)
{
	struct job *job = job_new(guest->daemon, &guest->who);
	struct sbx_error err;
	int r;

	if (!job) {
		(void)err_memory(&err, SBX_STAGE_SPEC);
		answer_failure(guest->fd, &err, -1);
		return -ENOMEM;
	}
	job->done = on_done;
	job->owner = guest;
	guest->job = job;
	r = fill(job, request, fds, &err);
	if (r == 0)
		r = jobs_submit(job, &err);
	if (r < 0)
		job_refuse(job, &err);
	return 0;
}

/* Who it is, and what it has sent: nothing, if that could not be closed. */
static int meet(struct guest *guest, struct passing_request *request, int *fds)
{
	socklen_t len = sizeof(struct ucred);
	struct ucred peer;

	if (getsockopt(guest->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -errno;
	guest->who.uid = peer.uid;
	if (!who_is_trusted(&guest->who) &&
	    closing_is_busy(&guest->daemon->closing, peer.uid))
		return -EBUSY;
	return receive(guest->fd, request, fds);
}

static void discard(struct daemon *daemon, const struct who *who, int fd)
{
	if (fd < 0)
		return;
	if (who_is_trusted(who) || closing_is_harmless(fd))
		(void)close(fd);
	else
		closing_begin(&daemon->closing, who->uid, fd);
}

void passing_take(struct daemon *daemon, int fd)
{
	int fds[PASSING_MAX_FDS] = {-1, -1, -1, -1, -1, -1};
	struct guest *guest = calloc(1, sizeof(*guest));
	struct passing_request request = {0};
	struct who who;
	int r;

	if (!guest) {
		(void)close(fd);
		return;
	}
	guest->daemon = daemon;
	guest->source.ready = on_ready;
	guest->fd = fd;
	r = meet(guest, &request, fds);
	who = guest->who;
	if (r == 0)
		r = loop_add(daemon->loop, fd, EPOLLIN, &guest->source);
	if (r == 0)
		r = begin(guest, &request, fds);
	if (r < 0)
		guest_free(guest);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		discard(daemon, &who, fds[i]);
}
