/* SPDX-License-Identifier: MIT */
#include "exec/help.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "exec/options.h"

#define COLUMNS 80
#define INDENT  26 /* where the second column starts */

static const char closing[] =
	"\n"
	"SIZE is 64K, 512M, 1G, or bytes. DUR is 200ms, 1.5s, 5m, or seconds. "
	"A limit may\n"
	"be none. [Defaults] hold where a profile does not say otherwise. "
	"*: repeatable\n"
	"\n"
	"Exit status: the program's own; 124 it was out of time; 125 sbx "
	"itself failed;\n"
	"126 it may not be run; 127 it was not found; 128+n it died of signal "
	"n.\n";

/* Groups in the order they are shown: of the program's own options, or, where
 * prefix is not NULL, of the fields. */
static const struct group {
	const char *title;
	const char *prefix; /* of the paths; "" is all that no other has */
	enum option_group own;
} groups[] = {
	{"Program", NULL, GROUP_PROGRAM},
	{"Limits", "limits.", 0},
	{"What it sees", "", 0},
	{"Result", NULL, GROUP_RESULT},
	{"Instead of a run", NULL, GROUP_INSTEAD},
};

typedef void show_option(struct buffer *out, const struct sbx_field *option);

static bool in_group(const struct sbx_field *field, const struct group *group)
{
	bool is_limit = strncmp(field->path, "limits.", 7) == 0;

	return field->option && is_limit == (group->prefix[0] != '\0');
}

static void show_group(struct buffer *out, const struct option_table *table,
                       const struct group *group, show_option *show)
{
	size_t n;

	if (group->prefix) {
		const struct sbx_field *fields = sbx_fields(&n);

		for (size_t i = 0; i < n; i++)
			if (in_group(&fields[i], group))
				show(out, &fields[i]);
		return;
	}
	for (size_t i = 0; i < table->n; i++)
		if (table->list[i].group == group->own)
			show(out, &table->list[i].shown);
}

/* ---- text ---- */

/* Adds the words of text, and breaks the line before one that would not fit.
 * column is where the line stands. */
static void add_words(struct buffer *out, const char *text, size_t *column)
{
	while (*text) {
		size_t len = strcspn(text, " ");

		if (*column + 1 + len > COLUMNS) {
			buffer_printf(out, "\n%*s", INDENT - 1, "");
			*column = INDENT - 1;
		}
		buffer_printf(out, " %.*s", (int)len, text);
		*column += 1 + len;
		text += len;
		text += strspn(text, " ");
	}
}

static void show_text(struct buffer *out, const struct sbx_field *option)
{
	char head[64], extra[64];
	size_t column = INDENT - 1;
	int len = snprintf(head, sizeof(head), "  --%s%s%s", option->option,
	                   option->value && option->value[0] != '[' ? " " : "",
	                   option->value ? option->value : "");

	buffer_printf(out, "%-*s", INDENT - 1, head);
	if (len >= INDENT - 1)
		buffer_printf(out, "\n%*s", INDENT - 1, "");
	add_words(out, option->help, &column);
	if (option->initial) {
		(void)snprintf(extra, sizeof(extra), "[%s]", option->initial);
		add_words(out, extra, &column);
	}
	if (option->alias) {
		(void)snprintf(extra, sizeof(extra), "(also --%s)",
		               option->alias);
		add_words(out, extra, &column);
	}
	if (option->repeatable)
		add_words(out, "*", &column);
	buffer_text(out, "\n");
}

static int finish(int fd, struct buffer *out)
{
	int r = out->failed ? -ENOMEM : file_write_fd(fd, out->data, out->len);

	buffer_free(out);
	return r;
}

int help_print(const struct option_table *table, int fd)
{
	struct buffer out = {0};

	buffer_text(&out, table->usage);
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		buffer_printf(&out, "\n%s:\n", groups[i].title);
		show_group(&out, table, &groups[i], show_text);
	}
	buffer_text(&out, closing);
	return finish(fd, &out);
}

/* ---- mdoc ---- */

/* A value as arguments of a macro: "none|loopback" has two, K=V one. */
static void add_value(struct buffer *out, const char *value)
{
	buffer_text(out, " Ar ");
	for (; *value; value++) {
		if (*value == '|')
			buffer_text(out, " | ");
		else
			buffer_append(out, value, 1);
	}
}

static void add_item(struct buffer *out, const char *name, const char *value)
{
	buffer_printf(out, "Fl -%s", name);
	if (value && value[0] == '[')
		buffer_printf(out, " Ns Oo = Ns Ar %.*s Oc",
		              (int)strlen(value) - 3, value + 2);
	else if (value)
		add_value(out, value);
}

static void show_mdoc(struct buffer *out, const struct sbx_field *option)
{
	char first = option->help[0];

	if (first >= 'a' && first <= 'z')
		first = (char)(first - 'a' + 'A');
	buffer_text(out, ".It ");
	add_item(out, option->option, option->value);
	if (option->alias) {
		buffer_text(out, " , ");
		add_item(out, option->alias, option->value);
	}
	buffer_printf(out, "\n%c%s.\n", first, option->help + 1);
	if (option->initial)
		buffer_printf(out, "The default is %s.\n", option->initial);
	if (option->repeatable)
		buffer_text(out, "May be repeated.\n");
}

int help_mdoc(const struct option_table *table, int fd)
{
	struct buffer out = {0};

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		buffer_printf(&out, ".Ss %s\n.Bl -tag -width Ds\n",
		              groups[i].title);
		show_group(&out, table, &groups[i], show_mdoc);
		buffer_text(&out, ".El\n");
	}
	return finish(fd, &out);
}
