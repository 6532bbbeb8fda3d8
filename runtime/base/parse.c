/* SPDX-License-Identifier: MIT */
/* Numbers in text. One scanner reads a decimal; a table of units says what it
 * counts, and serves the way back as well. */
#include "base/parse.h"
#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/def.h"

#define FRACTION      1000000000 /* a decimal is kept to nine places */
#define SPELLING_SIZE 24

struct decimal {
	uint64_t whole;
	uint64_t fraction; /* in 1/FRACTION */
	size_t n_decimals;
	bool too_large; /* whole does not fit */
	bool nonzero;
};

struct unit {
	const char *suffix;
	uint64_t size;
};

/* Largest first; the first that fits a number best names it. */
static const struct unit size_units[] = {
	{"T", UINT64_C(1) << 40},
	{"G", UINT64_C(1) << 30},
	{"M", UINT64_C(1) << 20},
	{"K", UINT64_C(1) << 10},
	{"", 1},
	{NULL, 0},
};

static const struct unit duration_units[] = {
	{"d", 24 * 3600 * NS_PER_S},
	{"h", 3600 * NS_PER_S},
	{"m", 60 * NS_PER_S},
	{"s", NS_PER_S},
	{"ms", NS_PER_MS},
	{"us", 1000},
	{"ns", 1},
	{NULL, 0},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads "12", "12.5" or ".5" and returns what follows it, or NULL. */
static const char *scan(const char *text, struct decimal *decimal)
{
	uint64_t place = FRACTION;

	*decimal = (struct decimal){0};
	if ((!is_digit(text[0]) && text[0] != '.') ||
	    (text[0] == '0' && is_digit(text[1])))
		return NULL;
	for (; is_digit(*text); text++) {
		decimal->nonzero |= *text != '0';
		if (__builtin_mul_overflow(decimal->whole, 10,
		                           &decimal->whole) ||
		    __builtin_add_overflow(decimal->whole,
		                           (uint64_t)(*text - '0'),
		                           &decimal->whole))
			decimal->too_large = true;
	}
	if (*text != '.')
		return text;
	if (!is_digit(*++text))
		return NULL;
	for (; is_digit(*text); text++) {
		decimal->nonzero |= *text != '0';
		place /= 10;
		decimal->fraction += place * (uint64_t)(*text - '0');
		decimal->n_decimals++;
	}
	return text;
}

static int scale(const struct decimal *decimal, uint64_t unit, uint64_t *value)
{
	unsigned __int128 part = (unsigned __int128)decimal->fraction * unit;
	uint64_t product;

	if (decimal->too_large ||
	    __builtin_mul_overflow(decimal->whole, unit, &product) ||
	    __builtin_add_overflow(product, (uint64_t)(part / FRACTION),
	                           &product))
		return -ERANGE;
	if (product == 0 && decimal->nonzero)
		return -EINVAL;
	*value = product;
	return 0;
}

int parse_count(const char *text, uint64_t *count)
{
	struct decimal decimal;
	const char *rest = scan(text, &decimal);

	if (!rest || *rest || decimal.n_decimals)
		return -EINVAL;
	return scale(&decimal, 1, count);
}

int parse_milli(const char *text, uint64_t *milli)
{
	struct decimal decimal;
	const char *rest = scan(text, &decimal);

	if (!rest || *rest || decimal.n_decimals > 3)
		return -EINVAL;
	return scale(&decimal, 1000, milli);
}

/* Whether rest is "", "B", "i" or "iB". strcasecmp() minds the locale. */
static bool ends_size(const char *rest, bool has_unit)
{
	if (has_unit && (rest[0] | 0x20) == 'i')
		rest++;
	if ((rest[0] | 0x20) == 'b')
		rest++;
	return *rest == '\0';
}

int parse_size(const char *text, uint64_t *bytes)
{
	const struct unit *unit = size_units;
	struct decimal decimal;
	const char *rest = scan(text, &decimal);

	if (!rest)
		return -EINVAL;
	while (unit->suffix[0] && unit->suffix[0] != (rest[0] & ~0x20))
		unit++;
	if (unit->suffix[0])
		rest++;
	if (!ends_size(rest, unit->suffix[0]))
		return -EINVAL;
	return scale(&decimal, unit->size, bytes);
}

int parse_duration(const char *text, uint64_t *ns)
{
	const struct unit *unit = duration_units;
	struct decimal decimal;
	const char *rest = scan(text, &decimal);

	if (!rest)
		return -EINVAL;
	if (!*rest)
		rest = "s";
	while (unit->suffix && strcmp(unit->suffix, rest) != 0)
		unit++;
	if (!unit->suffix)
		return -EINVAL;
	return scale(&decimal, unit->size, ns);
}

/* value / unit as a decimal, or false when nine places do not hold it. */
static bool spell(uint64_t value, const struct unit *unit, char *text)
{
	unsigned __int128 part = value % unit->size;
	int len, places = 9;

	part *= FRACTION;
	if (part % unit->size)
		return false;
	part /= unit->size;
	while (places > 0 && part % 10 == 0) {
		part /= 10;
		places--;
	}
	if (places == 0)
		len = snprintf(text, SPELLING_SIZE, "%" PRIu64 "%s",
		               value / unit->size, unit->suffix);
	else
		len = snprintf(text, SPELLING_SIZE,
		               "%" PRIu64 ".%0*" PRIu64 "%s",
		               value / unit->size, places, (uint64_t)part,
		               unit->suffix);
	return len < SPELLING_SIZE;
}

/* The shortest; of two, that of the larger unit. */
static char *spell_shortest(uint64_t value, const struct unit *unit,
                            char *buffer)
{
	char text[SPELLING_SIZE];
	size_t shortest = SIZE_MAX;

	for (; unit->suffix; unit++)
		if (value >= unit->size && spell(value, unit, text) &&
		    strlen(text) < shortest) {
			shortest = strlen(text);
			memcpy(buffer, text, shortest + 1);
		}
	return buffer;
}

char *format_size(uint64_t bytes, char *buffer)
{
	return spell_shortest(bytes, size_units, strcpy(buffer, "0"));
}

char *format_duration(uint64_t ns, char *buffer)
{
	return spell_shortest(ns, duration_units, strcpy(buffer, "0s"));
}

char *format_milli(uint64_t milli, char *buffer)
{
	static const struct unit thousandths = {"", 1000};

	(void)spell(milli, &thousandths, buffer);
	return buffer;
}
