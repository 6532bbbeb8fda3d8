/* SPDX-License-Identifier: MIT */
#include "box/hand.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/def.h"
#include "base/file.h"

/* A path of the report: each byte may have become four. */
#define MAX_PATH 8192

#define MAX_ERRNO 4095

struct hand_file {
	uint64_t size;
	uint64_t path_len;
};

static int read_all(int from, void *data, size_t len)
{
	ssize_t n = recv(from, data, len, MSG_WAITALL);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -ECONNRESET;
}

/* ---- sending ---- */

int hand_send(int peer, struct bring *bring, const char *path, char sha256[65])
{
	const struct hand_file head = {bring->size, strlen(path)};
	int32_t answer;

	if (file_write_fd(peer, &head, sizeof(head)) < 0 ||
	    file_write_fd(peer, path, head.path_len) < 0 ||
	    bring_copy(bring, peer, sha256) < 0 ||
	    read_all(peer, &answer, sizeof(answer)) < 0 || answer < 0 ||
	    answer > MAX_ERRNO)
		return -ECONNABORTED;
	return -answer;
}

/* ---- receiving ---- */

/* What is left of a file that cannot be kept. */
static int drain(int from, uint64_t left)
{
	char chunk[65536];
	int r = 0;

	while (left > 0 && r == 0) {
		size_t n = MIN(left, sizeof(chunk));

		r = read_all(from, chunk, n);
		left -= n;
	}
	return r;
}

int hand_receive(int peer, const struct sbx_collect *to)
{
	struct bring bring = {
		.from = peer, .dir = to->dir, .replace = to->replace};
	char path[MAX_PATH + 1], sha256[65];
	struct hand_file head;
	int32_t answer;
	ssize_t n = recv(peer, &head, 1, MSG_PEEK);
	int r;

	if (n <= 0)
		return n < 0 ? -errno : 0;
	r = read_all(peer, &head, sizeof(head));
	if (r == 0 && head.path_len > MAX_PATH)
		r = -EPROTO;
	if (r == 0)
		r = read_all(peer, path, head.path_len);
	if (r < 0)
		return r;
	path[head.path_len] = '\0';
	bring.size = head.size;
	answer = -bring_file(&bring, path, sha256);
	r = drain(peer, bring.size - bring.moved);
	if (r == 0)
		r = file_write_fd(peer, &answer, sizeof(answer));
	return r < 0 ? r : 1;
}
