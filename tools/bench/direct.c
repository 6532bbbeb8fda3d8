/* SPDX-License-Identifier: MIT */
#include "direct.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "exec/client.h"

/* The words and the text of the run; both are the caller's to close. */
static int compose(char *const argv[], struct client_run *run)
{
	struct buffer words CLEANUP(buffer_free) = {0};
	struct buffer text CLEANUP(buffer_free) = {0};
	int r = file_read(argv[1], PASSING_MAX_CODE, &text);

	if (r < 0)
		return r;
	client_word(&words, PASSING_PROFILE, "python");
	client_word(&words, PASSING_FILE, "code.py");
	for (size_t i = 2; argv[i]; i++)
		client_word(&words, PASSING_ARGUMENT, argv[i]);
	if (words.failed || text.failed)
		return -ENOMEM;
	run->words = client_seal(words.data, words.len);
	run->code = client_seal(text.data, text.len);
	return run->words < 0 ? run->words : MIN(run->code, 0);
}

/* Hands it over, and returns the connection. */
static int hand_over(const char *socket, char *const argv[], int out)
{
	struct client_run run = CLIENT_RUN_NONE;
	struct sbx_error unheard;
	int r = compose(argv, &run), to = -1;

	run.streams[1] = run.streams[2] = out;
	if (r == 0)
		r = to = client_connect(socket, 0, &unheard);
	if (r >= 0)
		r = client_send(to, &run);
	cleanup_fd(&run.words);
	cleanup_fd(&run.code);
	if (r < 0)
		cleanup_fd(&to);
	return r < 0 ? r : to;
}

static int hear(int from, struct take *take)
{
	struct passing_answer answer;
	CLEANUP_FD int report = -1;
	int r = client_receive(from, &answer, &report);

	if (r == 0)
		take->status = answer.exit_status
		               << 8; /* as waitpid() has it */
	return r;
}

/* Connects, and says which program, each word with a NUL between. */
static int ask_bare(const char *socket, char *const argv[])
{
	struct buffer words CLEANUP(buffer_free) = {0};
	struct sbx_error unheard;
	int to, r;

	for (size_t i = 1; argv[i]; i++)
		buffer_append(&words, argv[i],
		              strlen(argv[i]) + (argv[i + 1] != NULL));
	to = words.failed ? -ENOMEM : client_connect(socket, 0, &unheard);
	r = to < 0 ? to : file_write_fd(to, words.data, words.len);
	if (to >= 0 && r < 0)
		cleanup_fd(&to);
	return r < 0 ? r : to;
}

int direct_bare(const char *socket, char *const argv[], struct take *take)
{
	uint64_t start = clock_ns();
	CLEANUP_FD int from = -1;

	*take = (struct take){0};
	from = ask_bare(socket, argv);
	if (from < 0)
		return from;
	take_drain(take, from, from, start);
	take->wall_ns = clock_ns() - start;
	return 0;
}

int direct_run(const char *socket, char *const argv[], struct take *take)
{
	CLEANUP_FD int in = -1, out = -1, daemon = -1;
	uint64_t start;
	int ends[2], r;

	*take = (struct take){0};
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	in = ends[0];
	out = ends[1];
	start = clock_ns();
	daemon = hand_over(socket, argv, out);
	if (daemon < 0)
		return daemon;
	cleanup_fd(&out);
	out = -1;
	take_drain(take, in, daemon, start);
	r = take->timed_out ? 0 : hear(daemon, take);
	take->wall_ns = clock_ns() - start;
	return r;
}
