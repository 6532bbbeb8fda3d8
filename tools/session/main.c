/* SPDX-License-Identifier: MIT */
/* sbx-session: the sessions that runs of sbx-exec --session have left. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/place.h"
#include "base/suggest.h"
#include "box/store.h"
#include "session.h"

const struct command commands[] = {
	{"list", "", "all of them: id, bytes, files, last use", 0, 0, false,
         session_list},
	{"show", "ID", "its states: number, bytes, files, time", 1, 1, false,
         session_show},
	{"remove", "ID", "take it away", 1, 1, false, session_remove},
	{"rollback", "ID [N]", "forget the last state, or the last N", 1, 2,
         false, session_rollback},
	{"fork", "ID NEW", "a new one that starts from its state", 2, 2, false,
         session_fork},
	{"export", "ID DIR", "its files into a directory, which is made", 2, 2,
         false, session_export},
	{"import", "ID DIR", "a new one with the files of a directory", 2, 2,
         true, session_import},
	{"expire", "AGE [SIZE]",
         "remove what was not used for so long, and the oldest of more", 1, 2,
         false, session_expire},
	{0},
};

static int usage(int fd)
{
	struct buffer out = {0};
	int r;

	buffer_text(&out, "Usage: sbx-session COMMAND [ARGUMENT...]\n\n");
	for (const struct command *row = commands; row->name; row++)
		buffer_printf(&out, "  %-9s %-11s %s\n", row->name,
		              row->arguments, row->help);
	buffer_text(&out, "\nExit status: 0, or 125 and one line that says "
	                  "why.\n");
	r = out.failed ? -ENOMEM : file_write_fd(fd, out.data, out.len);
	buffer_free(&out);
	return r < 0 ? 125 : 0;
}

static const struct command *find(const char *name)
{
	for (const struct command *row = commands; row->name; row++)
		if (strcmp(row->name, name) == 0)
			return row;
	return NULL;
}

static void unknown(const char *name)
{
	struct suggest suggest = {.word = name};
	char near[SUGGEST_TEXT];

	for (const struct command *row = commands; row->name; row++)
		suggest_offer(&suggest, row->name);
	(void)suggest_text(&suggest, "", near);
	log_line("sbx-session", "no command \"%s\"%s", name,
	         near[0] ? near : "; see --help");
}

static int run(const struct command *command, char *const *arguments,
               struct sbx_error *err)
{
	CLEANUP_FD int store = -1;
	char path[PLACE_LEN];
	int r = place_sessions(getenv("XDG_DATA_HOME"), getenv("HOME"),
	                       geteuid() == 0, path);

	if (r < 0)
		return err_say(err, SBX_STAGE_SESSION, -r,
		               "there is no place for sessions: set "
		               "XDG_DATA_HOME or HOME");
	r = store_open(path, command->creates, &store, err);
	/* Nothing was ever kept: the list is empty. */
	if (r == -ENOENT && command->most == 0)
		return 0;
	return r < 0 ? r : command->run(store, arguments, err);
}

int main(int argc, char **argv)
{
	const struct command *command = argc > 1 ? find(argv[1]) : NULL;
	struct sbx_error err = {0};

	if (file_ensure_stdio() < 0)
		return 125;
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return usage(STDOUT_FILENO);
	if (argc > 1 && strcmp(argv[1], "--version") == 0)
		return puts("sbx-session " SBX_VERSION) < 0 || fflush(stdout)
		               ? 125
		               : 0;
	if (!command) {
		if (argc > 1)
			unknown(argv[1]);
		else
			log_line("sbx-session",
			         "a command is missing; see --help");
		return 125;
	}
	if (argc - 2 < command->least || argc - 2 > command->most) {
		log_line("sbx-session", "%s takes: %s", command->name,
		         command->most ? command->arguments : "nothing");
		return 125;
	}
	if (run(command, argv + 2, &err) < 0 || fflush(stdout) != 0) {
		log_line("sbx-session", "%s",
		         err.text[0] ? err.text : "standard output");
		return 125;
	}
	return 0;
}
