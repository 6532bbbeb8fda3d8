/* SPDX-License-Identifier: MIT */
#include "entrant.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/def.h"
#include "base/text.h"
#include "direct.h"
#include "random.h"
#include "take.h"

/* The path of a program as execvp() would find it; NULL: nowhere. */
static char *find_program(const char *name, struct arena *arena)
{
	const char *path = getenv("PATH");

	if (strchr(name, '/'))
		return access(name, X_OK) == 0 ? arena_strdup(arena, name)
		                               : NULL;
	while (path && *path) {
		size_t len = strcspn(path, ":");
		char *found =
			arena_printf(arena, "%.*s/%s", (int)len, path, name);

		if (found && access(found, X_OK) == 0)
			return found;
		path += len + (path[len] == ':');
	}
	return NULL;
}

/* A word with the first {name} in it replaced. NULL: no memory. */
static char *fill_word(const char *word, const struct site *site, char *token,
                       struct arena *arena)
{
	const struct {
		const char *name, *value;
	} names[] = {
		{"{sbx}", site->sbx},
		{"{probe}", site->probe},
		{"{floor}", site->floor},
		{"{code}", site->code},
		{"{arrays}", site->arrays},
		{"{node}", site->node},
		{"{pool}", site->socket[SERVER_SBXD]},
		{"{data}", site->data ? site->data : ""},
	};

	if (strcmp(word, "{token}") == 0)
		return token;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *at = strstr(word, names[i].name);

		if (at)
			return arena_printf(arena, "%.*s%s%s", (int)(at - word),
			                    word, names[i].value,
			                    at + strlen(names[i].name));
	}
	return arena_strdup(arena, word);
}

/* Writes the filled words, or NULL when the program is not there. */
static int fill_words(const char *const *words, const struct site *site,
                      char *token, struct arena *arena, char ***argv)
{
	size_t n = 0;
	char **filled;

	while (words[n])
		n++;
	filled = arena_alloc(arena, (n + 1) * sizeof(filled[0]));
	if (!filled)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		filled[i] = fill_word(words[i], site, token, arena);
		if (!filled[i])
			return -ENOMEM;
	}
	filled[0] = find_program(filled[0], arena);
	*argv = filled[0] ? filled : NULL;
	return 0;
}

/* The first line of text, safe to print. */
static void first_line(const char *text, char *line, size_t size)
{
	char copy[256];

	snprintf(copy, sizeof(copy), "%.*s", (int)strcspn(text, "\n"), text);
	text_escape(copy, line, size);
}

static int find_version(struct entrant *entrant, const struct site *site,
                        struct arena *arena)
{
	struct take take;
	char **argv;
	char line[256];
	int r;

	if (!entrant->argv || !entrant->row->version)
		return 0;
	r = fill_words(entrant->row->version, site, entrant->token, arena,
	               &argv);
	if (r < 0 || !argv)
		return r;
	if (take_run(argv, &take) < 0 || take.status != 0)
		return 0;
	first_line(take.output, line, sizeof(line));
	entrant->version = arena_strdup(arena, line);
	return entrant->version ? 0 : -ENOMEM;
}

int entrant_init(struct entrant *entrant, const struct contender *row,
                 const struct site *site, struct arena *arena)
{
	int r;

	*entrant = (struct entrant){.row = row};
	entrant->token = arena_alloc(arena, TOKEN_SIZE);
	if (!entrant->token)
		return -ENOMEM;
	r = fill_words(row->argv, site, entrant->token, arena, &entrant->argv);
	return r < 0 ? r : find_version(entrant, site, arena);
}

static void fail(struct entrant *entrant, const char *why, const char *output)
{
	char line[128];

	if (entrant->n_failed++)
		return;
	first_line(output, line, sizeof(line));
	snprintf(entrant->failure, sizeof(entrant->failure), "%s%s%s", why,
	         *line ? ": " : "", line);
}

/* Why a run does not count; NULL: it does. */
static const char *judge(struct entrant *entrant, const struct site *site,
                         const struct take *take, char fault[128])
{
	struct proof proof;

	if (take->timed_out)
		return "it did not end";
	if (WIFSIGNALED(take->status))
		snprintf(fault, 128, "signal %d", WTERMSIG(take->status));
	else
		snprintf(fault, 128, "exit status %d",
		         WEXITSTATUS(take->status));
	if (take->status != 0)
		return fault;
	if (!proof_read(take->output, entrant->token, &proof))
		return "it printed no proof";
	if (!proof_shows(&proof, &site->host, &entrant->last,
	                 entrant->row->claims, fault))
		return fault;
	entrant->last = proof;
	return NULL;
}

static int run(const struct entrant *entrant, const struct site *site,
               struct take *take)
{
	enum server asks = entrant->row->asks;
	const char *socket = site->socket[asks];

	if (asks == SERVER_NONE)
		return take_run(entrant->argv, take);
	return asks == SERVER_SBXD ? direct_run(socket, entrant->argv, take)
	                           : direct_bare(socket, entrant->argv, take);
}

void entrant_run(struct entrant *entrant, const struct site *site,
                 struct sample *sample)
{
	struct random random = random_seeded();
	struct take take;
	char fault[128];
	const char *why;
	int r;

	*sample = (struct sample){0};
	snprintf(entrant->token, TOKEN_SIZE, "%016" PRIx64,
	         random_next(&random));
	r = run(entrant, site, &take);
	why = r < 0 ? strerror(-r) : judge(entrant, site, &take, fault);
	if (why) {
		fail(entrant, why, take.output);
		return;
	}
	*sample = (struct sample){take.wall_ns, take.first_ns, take.cpu_ns};
}
