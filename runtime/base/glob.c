/* SPDX-License-Identifier: MIT */
/* Both levels, names within a path and bytes within a name, are matched with
 * one place to go back to: that of the last star, since an earlier one could
 * only take more, and that the later one can as well. */
#include "base/glob.h"

#include <stdint.h>
#include <string.h>

/* A name within a pattern or a path. */
struct name {
	const char *at, *end;
};

static struct name first_name(const char *text)
{
	return (struct name){text, text + strcspn(text, "/")};
}

/* What follows the name, or NULL. */
static const char *next_name(struct name name)
{
	return *name.end ? name.end + 1 : NULL;
}

static bool is_deep(struct name name)
{
	return name.end - name.at == 2 && name.at[0] == '*' &&
	       name.at[1] == '*';
}

/* One character, or one byte of what is no UTF-8. */
static const char *skip_character(const char *at, const char *end)
{
	for (at++; at < end && ((unsigned char)*at & 0xc0) == 0x80;)
		at++;
	return at;
}

/* The set at *at, which starts with "[": whether byte is in it, and *at behind
 * it. Without an end it is a plain "[". */
static bool in_set(const char **at, const char *end, char byte)
{
	const char *p = *at + 1;
	bool negated = p < end && *p == '!', found = false;
	const char *first = negated ? ++p : p;

	for (; p < end && (*p != ']' || p == first); p++) {
		if (p + 2 < end && p[1] == '-' && p[2] != ']') {
			found |= byte >= p[0] && byte <= p[2];
			p += 2;
		} else {
			found |= byte == *p;
		}
	}
	if (p == end) {
		++*at;
		return byte == '[';
	}
	*at = p + 1;
	return found != negated;
}

/* Takes one thing of the pattern, which is no star, off both. */
static bool take_one(const char **pattern, const char *end, struct name *text)
{
	if (*pattern == end)
		return false;
	if (**pattern == '?') {
		++*pattern;
		text->at = skip_character(text->at, text->end);
		return true;
	}
	if (**pattern == '[')
		return in_set(pattern, end, *text->at++);
	return *(*pattern)++ == *text->at++;
}

static bool name_matches(struct name pattern, struct name text)
{
	const char *at = pattern.at, *star = NULL, *from = NULL;

	if (text.at < text.end && *text.at == '.' &&
	    (at == pattern.end || *at != '.'))
		return false;
	while (text.at < text.end || at < pattern.end) {
		if (at < pattern.end && *at == '*') {
			star = ++at;
			from = text.at;
			continue;
		}
		if (text.at < text.end && take_one(&at, pattern.end, &text))
			continue;
		if (!star || from == text.end)
			return false;
		at = star;
		text.at = ++from;
	}
	return true;
}

bool glob_match(const char *pattern, const char *path)
{
	const char *p = pattern, *t = path, *deep = NULL, *from = NULL;

	while (p && t) {
		struct name name = first_name(p), text = first_name(t);

		if (is_deep(name)) {
			deep = next_name(name);
			from = t;
			if (!deep)
				deep = "*";
			p = deep;
			continue;
		}
		if (name_matches(name, text)) {
			p = next_name(name);
			t = next_name(text);
			if (!p && !t)
				return true;
			if (p && t)
				continue;
		}
		if (!deep || *from == '.')
			return false;
		from = next_name(first_name(from));
		p = deep;
		t = from;
	}
	return false;
}

size_t glob_depth(const char *pattern)
{
	size_t depth = 1;

	for (const char *at = pattern; *at; at++)
		depth += *at == '/';
	for (; pattern; pattern = next_name(first_name(pattern)))
		if (is_deep(first_name(pattern)))
			return SIZE_MAX;
	return depth;
}
