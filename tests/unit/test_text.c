/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "base/text.h"

/* UTF-8 and what only looks like it; valid is how many bytes of it are. */
static const struct {
	const char *text;
	size_t len, valid;
} utf8_rows[] = {
	{"", 0, 0},
	{"plain", 5, 5},
	{"a\0b", 3, 3},
	{"\x7f", 1, 1},
	{"\xc2\x80", 2, 2},
	{"\xdf\xbf", 2, 2},
	{"\xe0\xa0\x80", 3, 3},
	{"\xed\x9f\xbf", 3, 3},
	{"\xee\x80\x80", 3, 3},
	{"\xef\xbf\xbf", 3, 3},
	{"\xf0\x90\x80\x80", 4, 4},
	{"\xf4\x8f\xbf\xbf", 4, 4},
	/* overlong */
	{"\xc0\x80", 2, 0},
	{"\xc1\xbf", 2, 0},
	{"\xe0\x80\x80", 3, 0},
	{"\xe0\x9f\xbf", 3, 0},
	{"\xf0\x80\x80\x80", 4, 0},
	{"\xf0\x8f\xbf\xbf", 4, 0},
	/* surrogates */
	{"\xed\xa0\x80", 3, 0},
	{"\xed\xbf\xbf", 3, 0},
	/* above U+10FFFF */
	{"\xf4\x90\x80\x80", 4, 0},
	{"\xf5\x80\x80\x80", 4, 0},
	{"\xf8\x88\x80\x80\x80", 5, 0},
	{"\xff", 1, 0},
	/* cut short, and continued wrongly */
	{"a\x80", 2, 1},
	{"a\xbf z", 4, 1},
	{"a\xc3", 2, 1},
	{"a\xc3z", 3, 1},
	{"a\xe2\x82", 3, 1},
	{"a\xe2\x82z", 4, 1},
	{"a\xf0\x9f\x98", 4, 1},
	{"a\xf0\x9f\x98z", 5, 1},
	{"a\xf0\x9fz\x80", 5, 1},
	{"\xc3\xa9\xff\xc3\xa9", 5, 2},
};

/* Only well-formed UTF-8 is UTF-8, and the span ends before the first
 * character that is not. */
Test(text, knows_utf8)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(utf8_rows); i++) {
		cr_expect_eq(
			text_utf8_span(utf8_rows[i].text, utf8_rows[i].len),
			utf8_rows[i].valid, "row %zu", i);
		cr_expect_eq(text_is_utf8(utf8_rows[i].text, utf8_rows[i].len),
		             utf8_rows[i].len == utf8_rows[i].valid, "row %zu",
		             i);
	}
}

/* Of all sequences of three bytes exactly those are taken that encode a
 * character: as many as Unicode has. */
Test(text, takes_as_many_sequences_as_there_are_characters)
{
	unsigned char text[3];
	uint32_t i, n = 0;

	for (i = 0; i < 1 << 24; i++) {
		text[0] = (unsigned char)(i >> 16);
		if (text[0] < 0xe0)
			continue;
		text[1] = (unsigned char)(i >> 8);
		text[2] = (unsigned char)i;
		n += text_utf8_span(text, 3) == 3;
	}
	cr_expect_eq(n, 0x10000 - 0x800 - 0x800);
}

/* Nothing beyond the last byte is read, whatever is announced by it. */
Test(text, never_reads_beyond_the_end)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
	                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	cr_assert_neq(page, MAP_FAILED);
	cr_assert_eq(mprotect(page + 4096, 4096, PROT_NONE), 0);
	for (i = 0x80; i < 0x100; i++) {
		page[4095] = (char)i;
		cr_expect_not(text_is_utf8(page + 4095, 1));
		page[4094] = (char)i;
		page[4095] = (char)0x80;
		cr_expect_leq(text_utf8_span(page + 4094, 2), 2);
	}
	munmap(page, 8192);
}

/* Of text that was cut inside of a character, the part of it goes; what no
 * byte could have made a character stays. */
Test(text, finds_where_a_character_was_cut)
{
	static const struct {
		const char *text;
		size_t whole;
	} rows[] = {
		{"", 0},
		{"ab", 2},
		{"a\xc3\xa9", 3},
		{"a\xc3", 1},
		{"a\xe2\x82", 1},
		{"a\xe0", 1},
		{"a\xe0\xa0", 1},
		{"a\xed\x9f", 1},
		{"a\xf0\x9f\x98", 1},
		{"a\xf0\x90", 1},
		{"a\xf4", 1},
		{"a\xf4\x8f\xbf", 1},
		/* never a character */
		{"a\xff", 2},
		{"a\x80", 2},
		{"a\xc0", 2},
		{"a\xe0\x80", 3},
		{"a\xed\xa0", 3},
		{"a\xf4\x90", 3},
		{"a\xf5", 2},
		{"\xc3 ", 2},
		{"\xff\xc3", 2},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_eq(
			text_utf8_whole(rows[i].text, strlen(rows[i].text)),
			rows[i].whole, "row %zu", i);
}

/* What could steer a terminal or forge a line is escaped; all else stays. */
Test(text, escapes)
{
	static const struct {
		const char *text, *escaped;
	} rows[] = {
		{"", ""},
		{"plain text, 100% \\ \"quoted\"",
	         "plain text, 100% \\ \"quoted\""},
		{"a\nb\rc\td", "a\\x0ab\\x0dc\\x09d"},
		{"\033[31mred", "\\x1b[31mred"},
		{"\x01\x1f\x7f", "\\x01\\x1f\\x7f"},
		{"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
	         "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
		/* U+009B starts a terminal sequence as ESC [ does */
		{"\xc2\x9b"
	         "31m",
	         "\\xc2\\x9b31m"},
		{"\xc2\x80", "\\xc2\\x80"},
		{"\xc2\xa0", "\xc2\xa0"},
		/* line separator, override, isolate, mark */
		{"\xe2\x80\xa8", "\\xe2\\x80\\xa8"},
		{"\xe2\x80\xae"
	         "exe.txt",
	         "\\xe2\\x80\\xaeexe.txt"},
		{"\xe2\x81\xa6", "\\xe2\\x81\\xa6"},
		{"\xe2\x80\x8f", "\\xe2\\x80\\x8f"},
		{"\xd8\x9c", "\\xd8\\x9c"},
		/* not UTF-8 */
		{"\xff\xfe", "\\xff\\xfe"},
		{"a\x80z", "a\\x80z"},
		{"\xc0\xaf", "\\xc0\\xaf"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},
		{"\xe2\x82", "\\xe2\\x82"},
	};
	char out[128], twice[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		cr_expect_eq(text_escape(rows[i].text, out, sizeof(out)), out);
		cr_expect_str_eq(out, rows[i].escaped);
		text_escape(out, twice, sizeof(twice));
		cr_expect_str_eq(twice, out, "escaping twice: row %zu", i);
	}
}

/* A text that is cut ends before a character or an escape, never in it, and
 * not one byte beyond the size is written. */
Test(text, cuts_between_characters)
{
	static const struct {
		const char *text;
		size_t size;
		const char *cut;
	} rows[] = {
		{"abc", 4, "abc"},
		{"abc", 3, "ab"},
		{"abc", 1, ""},
		{"a\nb", 6, "a\\x0a"},
		{"a\nb", 5, "a"},
		{"a\nb", 2, "a"},
		{"a\xc3\xa9", 4, "a\xc3\xa9"},
		{"a\xc3\xa9", 3, "a"},
		{"\xf0\x9f\x98\x80", 4, ""},
		{"\xc2\x9b", 9, "\\xc2\\x9b"},
		{"\xc2\x9b", 8, ""},
		{"\xc2\x9b", 5, ""},
	};
	char out[16];
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(out, '#', sizeof(out));
		text_escape(rows[i].text, out, rows[i].size);
		cr_expect_str_eq(out, rows[i].cut, "row %zu", i);
		for (j = rows[i].size; j < sizeof(out); j++)
			cr_assert_eq(out[j], '#', "row %zu", i);
	}
	out[0] = '#';
	cr_expect_eq(text_escape("abc", out, 0), out);
	cr_expect_eq(out[0], '#');
}

/* The vectors of RFC 4648, and the bytes at both ends of the alphabet. */
Test(text, encodes_base64)
{
	static const struct {
		const char *data;
		size_t len;
		const char *text;
	} rows[] = {
		{"", 0, ""},
		{"f", 1, "Zg=="},
		{"fo", 2, "Zm8="},
		{"foo", 3, "Zm9v"},
		{"foob", 4, "Zm9vYg=="},
		{"fooba", 5, "Zm9vYmE="},
		{"foobar", 6, "Zm9vYmFy"},
		{"\xff\xff\xff\xfb\xef\xbe", 6, "////++++"},
		{"\0\0\0", 3, "AAAA"},
	};
	struct buffer out;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		out = (struct buffer){0};
		buffer_text(&out, "<");
		text_base64(&out, rows[i].data, rows[i].len);
		buffer_append(&out, ">", 2);
		cr_assert_not(out.failed);
		cr_expect_eq(strlen(out.data), strlen(rows[i].text) + 2);
		cr_expect_arr_eq(out.data + 1, rows[i].text,
		                 strlen(rows[i].text));
		buffer_free(&out);
	}
}

/* What cannot be encoded is a failure of the buffer, not a crash. */
Test(text, base64_remembers_a_failure)
{
	struct buffer out = {0};

	text_base64(&out, "x", SIZE_MAX);
	cr_expect(out.failed);
	cr_expect_eq(out.len, 0);
	buffer_free(&out);
}

/* The vectors of FIPS 180-2. */
Test(text, hashes)
{
	char hex[65];

	text_sha256("", 0, hex);
	cr_expect_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb924"
	                      "27ae41e4649b934ca495991b7852b855");
	text_sha256("abc", 3, hex);
	cr_expect_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223"
	                      "b00361a396177a9cb410ff61f20015ad");
	text_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	            56, hex);
	cr_expect_str_eq(hex, "248d6a61d20638b8e5c026930c3e6039"
	                      "a33ce45964ff2167f6ecedd419db06c1");
}
