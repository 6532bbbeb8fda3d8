/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>

#include "base/def.h"
#include "sbxd/address.h"

/* Addresses come out as they were meant, and know whether they are this host's
 * alone. */
Test(address, is_read)
{
	static const struct {
		const char *text, *full, *host;
		bool loopback;
	} rows[] = {
		{"8080", "127.0.0.1:8080", "127.0.0.1", true},
		{"localhost:1", "127.0.0.1:1", "127.0.0.1", true},
		{"127.0.0.9:65535", "127.0.0.9:65535", "127.0.0.9", true},
		{"10.0.0.5:80", "10.0.0.5:80", "10.0.0.5", false},
		{"0.0.0.0:80", "0.0.0.0:80", "0.0.0.0", false},
		{"[::1]:80", "[::1]:80", "[::1]", true},
		{"[0:0::1]:80", "[::1]:80", "[::1]", true},
		{"[::]:80", "[::]:80", "[::]", false},
		{"[fe80::1]:80", "[fe80::1]:80", "[fe80::1]", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct address address;
		char text[ADDRESS_TEXT];

		cr_assert_eq(address_parse(rows[i].text, &address), 0, "%s",
		             rows[i].text);
		cr_expect_str_eq(address_text(&address, true, text),
		                 rows[i].full);
		cr_expect_str_eq(address_text(&address, false, text),
		                 rows[i].host);
		cr_expect_eq(address_is_loopback(&address), rows[i].loopback,
		             "%s", rows[i].text);
	}
}

/* Nothing is guessed, and no name is looked up. */
Test(address, is_refused)
{
	static const char *const rows[] = {
		"",
		"0",
		"65536",
		":80",
		"80:",
		"*:80",
		"example.org:80",
		"127.1:80",
		"010.0.0.1:80",
		"[::1]",
		"[::1:80",
		"::1:80",
		"[]:80",
		"[127.0.0.1]:80",
		"[::1%lo]:80",
		" 80",
		"80 ",
		"-1",
		"127.0.0.1:80x",
		"[:80",
		"1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20:21:22:80",
	};
	struct address address;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_eq(address_parse(rows[i], &address), -EINVAL, "%s",
		             rows[i]);
}
