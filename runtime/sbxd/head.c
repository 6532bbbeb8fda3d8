/* SPDX-License-Identifier: MIT */
/*
 * A browser sends what any page asks it to send, to any address. What gives it
 * away: a Host that is a name, which somebody has pointed to us (DNS
 * rebinding); an Origin, or a Sec-Fetch-Site, of another page; and a body of a
 * type that needs no asking beforehand.
 */
#include "sbxd/head.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/def.h"

static const struct {
	const char *name;
	size_t offset; /* of its value, in struct head */
} wanted[] = {
	{"Host", offsetof(struct head, host)},
	{"Origin", offsetof(struct head, origin)},
	{"Sec-Fetch-Site", offsetof(struct head, site)},
	{"Content-Type", offsetof(struct head, type)},
	{"Authorization", offsetof(struct head, authorization)},
};

void head_take(struct head *head, const char *name, const char *value)
{
	if (strcasecmp(name, "Content-Length") == 0 ||
	    strcasecmp(name, "Transfer-Encoding") == 0)
		head->n_lengths++;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		const char **place = (void *)((char *)head + wanted[i].offset);

		if (strcasecmp(name, wanted[i].name) != 0)
			continue;
		head->doubled |= *place != NULL;
		*place = value ? value : "";
	}
}

/* "NAME" or "NAME:PORT". The port may be that of a tunnel. */
static bool is_host(const char *host, const char *name)
{
	size_t len = strlen(name);

	if (strncasecmp(host, name, len) != 0)
		return false;
	host += len;
	return !*host || (*host == ':' && host[1] &&
	                  !host[1 + strspn(host + 1, "0123456789")]);
}

static bool is_ours(const struct head *head, const char *own)
{
	const char *const names[] = {"localhost", "127.0.0.1", "[::1]", own};

	for (size_t i = 0; head->host && i < ARRAY_SIZE(names); i++)
		if (is_host(head->host, names[i]))
			return true;
	return false;
}

/* Of a page of ours, or of no page. */
static bool is_of_our_page(const struct head *head)
{
	const char *origin = head->origin;

	if (head->site && strcmp(head->site, "same-origin") != 0 &&
	    strcmp(head->site, "none") != 0)
		return false;
	if (!origin)
		return true;
	if (strncmp(origin, "http", 4) != 0)
		return false;
	origin += origin[4] == 's' ? 5 : 4;
	return strncmp(origin, "://", 3) == 0 &&
	       strcasecmp(origin + 3, head->host) == 0;
}

/* A space or a parameter may follow. */
static bool is_json(const char *type)
{
	static const char json[] = "application/json";
	size_t len = strlen(json);

	return type && strncasecmp(type, json, len) == 0 &&
	       (!type[len] || strchr("; \t", type[len]));
}

static const struct objection twice = {
	400, "bad_request", "a header that may be there once is there twice"};
static const struct objection host = {
	403, "host",
	"Host is to be localhost or the address that this daemon listens on"};
static const struct objection origin = {
	403, "origin", "the request comes from a page of another origin"};
static const struct objection type = {
	415, "media_type",
	"POST takes a body of Content-Type: application/json"};

const struct objection *head_check(const struct head *head, const char *method,
                                   const char *own)
{
	if (head->doubled)
		return &twice;
	if (!is_ours(head, own))
		return &host;
	if (!is_of_our_page(head))
		return &origin;
	if (strcmp(method, "POST") == 0 && !is_json(head->type))
		return &type;
	return NULL;
}
