/* SPDX-License-Identifier: MIT */
#include "sbxd/capabilities.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "exec/place.h"
#include "sbxd/apart.h"

#define FRESH    (60 * NS_PER_S)
#define MAX_TEXT ((size_t)1 << 20)

/* ---- in a process of its own ---- */

/* The program is to be as if a person had started it. */
_Noreturn static void become_check(const char *path, int output)
{
	sigset_t none;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGXFSZ, SIG_DFL);
	if (dup2(output, STDOUT_FILENO) >= 0)
		(void)execl(path, path, "--json", NULL);
	_exit(127);
}

static int run_check(struct buffer *text)
{
	CLEANUP_FD int output = memfd_create("check", MFD_CLOEXEC);
	char path[PATH_MAX];
	int r = place_of("/bin/sbx-check", path);
	pid_t pid;

	if (output < 0 || r < 0)
		return r < 0 ? r : -errno;
	pid = fork();
	if (pid == 0)
		become_check(path, output);
	if (pid < 0)
		return -errno;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (lseek(output, 0, SEEK_SET) < 0)
		return -errno;
	return file_read_fd(output, MAX_TEXT, text);
}

/* What the daemon adds, without the brace that it begins with. */
static void add_own(const struct settings *settings, struct buffer *out)
{
	struct json_writer *writer = json_writer_new();
	const char *text;
	size_t len;

	if (writer) {
		json_open_object(writer, NULL);
		json_put_text(writer, "version", SBX_VERSION);
		json_put_unsigned(writer, "max_runs", settings->max_runs);
		json_put_unsigned(writer, "max_queue", settings->max_queue);
		json_open_array(writer, "warm");
		for (unsigned i = 0; i < settings->n_warm; i++)
			json_put_text(writer, NULL, settings->warm[i].name);
		json_close_array(writer);
		json_close_object(writer);
	}
	if (!writer || json_writer_text(writer, &text, &len) < 0)
		out->failed = true;
	else
		buffer_append(out, text + 1, len - 1);
	json_writer_free(writer);
}

static void make(struct exchange *exchange, const char *rest)
{
	struct buffer *text = &exchange->answer;
	int r = run_check(text);

	(void)rest;
	while (text->len > 0 && text->data[text->len - 1] == '\n')
		text->len--;
	if (r < 0 || text->len < 2 || text->data[text->len - 1] != '}') {
		answer_error(exchange, 503, "no_answer",
		             "sbx-check has not said what this host enforces");
		return;
	}
	text->data[text->len - 1] = ',';
	add_own(&exchange->daemon->settings, text);
	buffer_append(text, "\n", 1);
	exchange->status = 200;
}

/* ---- in the daemon ---- */

static void keep(const struct exchange *answer)
{
	struct capabilities *known = &answer->daemon->capabilities;

	known->made = NULL;
	known->text.len = 0;
	known->until_ns = clock_ns() + FRESH;
	if (answer->status == 200)
		buffer_append(&known->text, answer->answer.data,
		              answer->answer.len);
}

void capabilities_answer(struct exchange *exchange, const char *rest)
{
	struct capabilities *known = &exchange->daemon->capabilities;

	if (known->text.len > 0 && clock_ns() < known->until_ns) {
		buffer_append(&exchange->answer, known->text.data,
		              known->text.len);
		exchange->status = 200;
	} else if (known->made) {
		apart_join(known->made, exchange);
	} else {
		known->made = apart_begin(exchange, make, rest);
		if (known->made)
			apart_tell(known->made, keep);
	}
}

void capabilities_free(struct daemon *daemon)
{
	buffer_free(&daemon->capabilities.text);
}
