/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/def.h"
#include "base/parse.h"

#define K (UINT64_C(1) << 10)
#define M (UINT64_C(1) << 20)
#define G (UINT64_C(1) << 30)
#define T (UINT64_C(1) << 40)

struct row {
	const char *text;
	int result;
	uint64_t value;
};

/* Checks the result, and that the output is written only on success. */
static void check(int (*parse)(const char *, uint64_t *),
                  const struct row *rows, size_t n)
{
	uint64_t value;
	size_t i;
	int r;

	for (i = 0; i < n; i++) {
		value = 12345;
		r = parse(rows[i].text, &value);
		cr_expect_eq(r, rows[i].result, "\"%s\": returned %d, not %d",
		             rows[i].text, r, rows[i].result);
		cr_expect_eq(value, r == 0 ? rows[i].value : 12345,
		             "\"%s\": is %ju", rows[i].text, (uintmax_t)value);
	}
}

/* What no reader takes, whatever it reads. */
static const struct row refused_by_all[] = {
	{"", -EINVAL, 0},
	{" ", -EINVAL, 0},
	{" 1", -EINVAL, 0},
	{"1 ", -EINVAL, 0},
	{"\t1", -EINVAL, 0},
	{"1\n", -EINVAL, 0},
	{"+1", -EINVAL, 0},
	{"-1", -EINVAL, 0},
	{"-0", -EINVAL, 0},
	{"01", -EINVAL, 0},
	{"00", -EINVAL, 0},
	{"0x10", -EINVAL, 0},
	{"1e3", -EINVAL, 0},
	{"1E3", -EINVAL, 0},
	{"1,5", -EINVAL, 0},
	{"1.", -EINVAL, 0},
	{".5.", -EINVAL, 0},
	{".x", -EINVAL, 0},
	{".", -EINVAL, 0},
	{"1..5", -EINVAL, 0},
	{"1.5.5", -EINVAL, 0},
	{"1.-5", -EINVAL, 0},
	{"1_0", -EINVAL, 0},
	{"1'0", -EINVAL, 0},
	{"inf", -EINVAL, 0},
	{"nan", -EINVAL, 0},
	{"none", -EINVAL, 0},
	{"1x", -EINVAL, 0},
	{"x1", -EINVAL, 0},
	{"1/2", -EINVAL, 0},
	{"1:0", -EINVAL, 0},
	{"\xd9\xa1", -EINVAL, 0},
	{"99999999999999999999999x", -EINVAL, 0},
	{"99999999999999999999999", -ERANGE, 0},
};

/* No reader takes a sign, a blank, an exponent, a second spelling of zero or
 * bytes behind the number. */
Test(parse, refuses_other_forms)
{
	check(parse_count, refused_by_all, ARRAY_SIZE(refused_by_all));
	check(parse_size, refused_by_all, ARRAY_SIZE(refused_by_all));
	check(parse_duration, refused_by_all, ARRAY_SIZE(refused_by_all));
	check(parse_milli, refused_by_all, ARRAY_SIZE(refused_by_all));
}

/* Counts are decimal digits up to the largest uint64. */
Test(parse, reads_counts)
{
	static const struct row rows[] = {
		{"0", 0, 0},
		{"1", 0, 1},
		{"64", 0, 64},
		{"18446744073709551615", 0, UINT64_MAX},
		{"18446744073709551616", -ERANGE, 0},
		{"18446744073709551620", -ERANGE, 0},
		{"184467440737095516150", -ERANGE, 0},
		{"1.0", -EINVAL, 0},
		{".5", -EINVAL, 0},
		{".0", -EINVAL, 0},
		{"64K", -EINVAL, 0},
		{"1s", -EINVAL, 0},
	};

	check(parse_count, rows, ARRAY_SIZE(rows));
}

/* Sizes count in powers of 1024, in every spelling that people use. */
Test(parse, reads_sizes)
{
	static const struct row rows[] = {
		{"0", 0, 0},
		{"0M", 0, 0},
		{"1", 0, 1},
		{"1B", 0, 1},
		{"64K", 0, 64 * K},
		{"64k", 0, 64 * K},
		{"64KB", 0, 64 * K},
		{"64Ki", 0, 64 * K},
		{"64KiB", 0, 64 * K},
		{"512M", 0, 512 * M},
		{"512m", 0, 512 * M},
		{"512mb", 0, 512 * M},
		{"512MiB", 0, 512 * M},
		{"1G", 0, G},
		{"1.5G", 0, G + G / 2},
		{"1.50G", 0, G + G / 2},
		{"1T", 0, T},
		{"0.5K", 0, 512},
		{".5K", 0, 512},
		{".5", -EINVAL, 0},
		/* rounded down, never up, never to nothing */
		{"0.1G", 0, 107374182},
		{"1.9", 0, 1},
		{"0.9", -EINVAL, 0},
		{"0.0001K", -EINVAL, 0},
		{"0.0K", 0, 0},
		/* the edge */
		{"16777215T", 0, 16777215 * T},
		{"16777216T", -ERANGE, 0},
		{"16777215.999999999T", 0, UINT64_MAX - 1099},
		{"18446744073709551615", 0, UINT64_MAX},
		{"18446744073709551616", -ERANGE, 0},
		{"18446744073709551615K", -ERANGE, 0},
		/* no unit */
		{"1P", -EINVAL, 0},
		{"1i", -EINVAL, 0},
		{"1iB", -EINVAL, 0},
		{"1KK", -EINVAL, 0},
		{"1KBi", -EINVAL, 0},
		{"1BB", -EINVAL, 0},
		{"1 K", -EINVAL, 0},
		{"1K ", -EINVAL, 0},
		{"K", -EINVAL, 0},
		{"1s", -EINVAL, 0},
		{"1\x14", -EINVAL, 0},
		{"1\x0b", -EINVAL, 0},
	};

	check(parse_size, rows, ARRAY_SIZE(rows));
}

/* Durations have a unit or are seconds. */
Test(parse, reads_durations)
{
	static const struct row rows[] = {
		{"0", 0, 0},
		{"30", 0, 30 * NS_PER_S},
		{"0.25", 0, 250 * NS_PER_MS},
		{".5", 0, 500 * NS_PER_MS},
		{".5m", 0, 30 * NS_PER_S},
		{"1d", 0, 86400 * NS_PER_S},
		{"1.5d", 0, 129600 * NS_PER_S},
		{"1.5s", 0, 1500 * NS_PER_MS},
		{"200ms", 0, 200 * NS_PER_MS},
		{"5m", 0, 300 * NS_PER_S},
		{"2h", 0, 7200 * NS_PER_S},
		{"10us", 0, 10000},
		{"1ns", 0, 1},
		{"0.000000001", 0, 1},
		/* what a program prints for 0.1 + 0.2 */
		{"0.30000000000000004", 0, 300 * NS_PER_MS},
		{"0.0000000001", -EINVAL, 0},
		{"0.5ns", -EINVAL, 0},
		{"5124095h", 0, 5124095 * (3600 * NS_PER_S)},
		{"5124096h", -ERANGE, 0},
		{"18446744073.709551615", 0, UINT64_MAX},
		{"18446744073.709551616", -ERANGE, 0},
		{"18446744073709551615", -ERANGE, 0},
		{"1M", -EINVAL, 0},
		{"1S", -EINVAL, 0},
		{"1min", -EINVAL, 0},
		{"1sec", -EINVAL, 0},
		{"1m30s", -EINVAL, 0},
		{"1 s", -EINVAL, 0},
		{"s", -EINVAL, 0},
		{"ms", -EINVAL, 0},
	};

	check(parse_duration, rows, ARRAY_SIZE(rows));
}

/* Thousandths have at most three decimals. */
Test(parse, reads_thousandths)
{
	static const struct row rows[] = {
		{"0", 0, 0},
		{"0.5", 0, 500},
		{"2", 0, 2000},
		{"1.25", 0, 1250},
		{".5", 0, 500},
		{".001", 0, 1},
		{".0001", -EINVAL, 0},
		{"0.001", 0, 1},
		{"1.000", 0, 1000},
		{"0.0001", -EINVAL, 0},
		{"1.0000", -EINVAL, 0},
		{"1K", -EINVAL, 0},
		{"18446744073709551.615", 0, UINT64_MAX},
		{"18446744073709551.616", -ERANGE, 0},
		{"18446744073709552", -ERANGE, 0},
	};

	check(parse_milli, rows, ARRAY_SIZE(rows));
}

/* A megabyte of digits is an answer, not an accident. */
Test(parse, survives_a_megabyte_of_digits)
{
	size_t size = 1024 * 1024;
	char *text = malloc(size + 1);
	uint64_t value = 7;

	memset(text, '9', size);
	text[size] = '\0';
	cr_expect_eq(parse_count(text, &value), -ERANGE);
	cr_expect_eq(parse_size(text, &value), -ERANGE);
	text[1] = '.';
	cr_expect_eq(parse_milli(text, &value), -EINVAL);
	cr_expect_eq(value, 7);
	cr_expect_eq(parse_duration(text, &value), 0);
	cr_expect_eq(value, 9999999999);
	free(text);
}

/* What is printed is short and as a person would write it. */
Test(parse, formats)
{
	static const struct {
		char *(*format)(uint64_t, char *);
		uint64_t value;
		const char *text;
	} rows[] = {
		{format_size, 0, "0"},
		{format_size, 1, "1"},
		{format_size, 1000, "1000"},
		{format_size, 1023, "1023"},
		{format_size, 1024, "1K"},
		{format_size, 1025, "1025"},
		{format_size, 1536, "1.5K"},
		{format_size, 512 * M, "512M"},
		{format_size, 1024 * M, "1G"},
		{format_size, 1536 * M, "1.5G"},
		{format_size, 3 * T, "3T"},
		{format_size, UINT64_MAX, "18446744073709551615"},
		{format_duration, 0, "0s"},
		{format_duration, 1, "1ns"},
		{format_duration, 10000, "10us"},
		{format_duration, 200 * NS_PER_MS, "200ms"},
		{format_duration, 1500 * NS_PER_MS, "1.5s"},
		{format_duration, 30 * NS_PER_S, "30s"},
		{format_duration, 90 * NS_PER_S, "90s"},
		{format_duration, 300 * NS_PER_S, "5m"},
		{format_duration, 3600 * NS_PER_S, "1h"},
		{format_duration, 5400 * NS_PER_S, "90m"},
		{format_duration, 36 * 3600 * NS_PER_S, "36h"},
		{format_duration, 30 * 86400 * NS_PER_S, "30d"},
		{format_duration, 1234567891, "1.234567891s"},
		{format_duration, UINT64_MAX, "18446744073.709551615s"},
		{format_milli, 0, "0"},
		{format_milli, 500, "0.5"},
		{format_milli, 1, "0.001"},
		{format_milli, 1250, "1.25"},
		{format_milli, 2000, "2"},
		{format_milli, UINT64_MAX, "18446744073709551.615"},
	};
	char buffer[24];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		cr_expect_eq(rows[i].format(rows[i].value, buffer), buffer);
		cr_expect_str_eq(buffer, rows[i].text);
	}
}

static void check_round_trip(uint64_t value)
{
	char buffer[24];
	uint64_t back = ~value;

	cr_assert_eq(parse_size(format_size(value, buffer), &back), 0);
	cr_assert_eq(back, value, "%s", buffer);
	cr_assert_eq(parse_duration(format_duration(value, buffer), &back), 0);
	cr_assert_eq(back, value, "%s", buffer);
	cr_assert_eq(parse_milli(format_milli(value, buffer), &back), 0);
	cr_assert_eq(back, value, "%s", buffer);
}

/* Whatever is printed reads back as the same value: around the powers of two
 * and of ten, and for a spread of others. */
Test(parse, reads_back_what_it_formats)
{
	uint64_t value = 1, ten = 1;
	int i;

	for (i = 0; i < 64; i++) {
		check_round_trip((UINT64_C(1) << i) - 1);
		check_round_trip(UINT64_C(1) << i);
		check_round_trip((UINT64_C(3) << i) + 1);
	}
	for (i = 0; i < 19; i++, ten *= 10) {
		check_round_trip(ten);
		check_round_trip(36 * ten);
	}
	for (i = 0; i < 20000; i++) {
		value = value * UINT64_C(6364136223846793005) +
		        1442695040888963407;
		check_round_trip(value >> (value & 63));
	}
	check_round_trip(UINT64_MAX);
}
