/* SPDX-License-Identifier: MIT */
#include "remote.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include "base/clock.h"
#include "base/error.h"
#include "exec/client.h"

#define PATIENCE_NS (50 * NS_PER_MS) /* between two tries */

#define FAIL(err, code, what) err_set(err, SBX_STAGE_WATCH, code, what)

static int wait_a_while(struct remote *remote, struct sbx_error *err)
{
	const struct itimerspec once = {
		.it_value = {.tv_nsec = (long)PATIENCE_NS}};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0 || timerfd_settime(fd, 0, &once, NULL) < 0) {
		int r = FAIL(err, errno, "wait for the daemon");

		cleanup_fd(&fd);
		return r;
	}
	cleanup_fd(&remote->fd);
	remote->fd = fd;
	remote->waits = true;
	return 0;
}

static int hand_over(struct remote *remote, const char *socket,
                     struct sbx_error *err)
{
	struct client_run run = CLIENT_RUN_NONE;
	CLEANUP_FD int fd = client_connect(socket, SOCK_NONBLOCK, err);
	int r;

	if (fd == -EAGAIN)
		return wait_a_while(remote, err);
	if (fd < 0)
		return fd;
	run.words = remote->words;
	run.code = remote->text;
	r = client_send(fd, &run);
	if (r < 0)
		return FAIL(err, -r, "hand a run over to the daemon");
	cleanup_fd(&remote->fd);
	remote->fd = TAKE_FD(fd);
	remote->waits = false;
	return 0;
}

int remote_start(struct remote *remote, const char *socket,
                 const struct request *request, struct sbx_error *err)
{
	struct buffer words CLEANUP(buffer_free) = {0};

	client_word(&words, PASSING_REQUEST, "");
	client_word(&words, PASSING_ID, request->id);
	if (words.failed)
		return FAIL(err, ENOMEM, "a request");
	remote->words = client_seal(words.data, words.len);
	remote->text = client_seal(request->text, request->len);
	if (remote->words < 0 || remote->text < 0)
		return FAIL(err, -MIN(remote->words, remote->text),
		            "keep a request");
	return hand_over(remote, socket, err);
}

int remote_step(struct remote *remote, const char *socket, int *report,
                struct sbx_error *failure)
{
	struct passing_answer answer;
	int r;

	*report = -1;
	if (remote->waits)
		return hand_over(remote, socket, failure);
	r = client_receive(remote->fd, &answer, report);
	if (r < 0)
		return FAIL(failure, -r,
		            "the daemon went away, and what it ran with it; "
		            "--resume goes on");
	if (answer.exit_status >= 0)
		return 1;
	*failure = answer.failure;
	cleanup_fd(report);
	*report = -1;
	if (failure->code == ESHUTDOWN)
		return -ESHUTDOWN;
	if (failure->code == EAGAIN && failure->stage == SBX_STAGE_PLAN)
		return wait_a_while(remote, failure);
	return 1;
}

void remote_cancel(const struct remote *remote)
{
	if (!remote->waits)
		client_cancel(remote->fd);
}

void remote_close(struct remote *remote)
{
	cleanup_fd(&remote->fd);
	cleanup_fd(&remote->words);
	cleanup_fd(&remote->text);
	*remote = REMOTE_NONE;
}
