/* SPDX-License-Identifier: MIT */
#include "sbxd/who.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"

bool who_is(const struct who *who, const struct who *other)
{
	return who->uid == other->uid && strcmp(who->token, other->token) == 0;
}

bool who_is_trusted(const struct who *who)
{
	return !who->token[0] && (who->uid == geteuid() || who->uid == 0);
}

bool who_may_see(const struct who *who, const struct who *owner)
{
	return who_is_trusted(who) || who_is(who, owner);
}

void who_put(const struct who *who, struct json_writer *out)
{
	json_put_unsigned(out, "uid", who->uid);
	json_put_text(out, "token", who->token[0] ? who->token : NULL);
}

/* No name of a token makes it the number of a user. */
const char *who_place(const struct who *who, char name[WHO_PLACE])
{
	if (who->token[0])
		(void)snprintf(name, WHO_PLACE, "token-%s", who->token);
	else if (who->uid != geteuid())
		(void)snprintf(name, WHO_PLACE, "%u", who->uid);
	else
		return NULL;
	return name;
}
