/* SPDX-License-Identifier: MIT */
#include "proof.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[N_NS] = {
	[NS_USER] = "user",     [NS_PID] = "pid", [NS_NET] = "net",
	[NS_IPC] = "ipc",       [NS_UTS] = "uts", [NS_MNT] = "mnt",
	[NS_CGROUP] = "cgroup",
};

const char *ns_name(enum ns ns)
{
	return names[ns];
}

/* " 123", and moves text past it. */
static bool read_number(const char **text, uint64_t *number)
{
	char *end;

	if ((*text)[0] != ' ' || (*text)[1] < '0' || (*text)[1] > '9')
		return false;
	errno = 0;
	*number = strtoull(*text + 1, &end, 10);
	*text = end;
	return errno == 0;
}

bool proof_read(const char *text, const char *token, struct proof *proof)
{
	struct proof read;
	size_t len = strlen(token);

	if (strncmp(text, token, len) != 0)
		return false;
	text += len;
	for (size_t i = 0; i < N_NS; i++)
		if (!read_number(&text, &read.inode[i]))
			return false;
	if (!read_number(&text, &read.root_mount) ||
	    !read_number(&text, &read.proc_made) || strcmp(text, "\n") != 0)
		return false;
	*proof = read;
	return true;
}

bool proof_shows(const struct proof *proof, const struct proof *host,
                 const struct proof *last, unsigned claims, char fault[128])
{
	for (size_t i = 0; i < N_NS; i++) {
		if (!(claims & (1u << i)) || proof->inode[i] != host->inode[i])
			continue;
		snprintf(fault, 128, "its %s namespace is the host's",
		         names[i]);
		return false;
	}
	if (claims && memcmp(proof, last, sizeof(*proof)) == 0) {
		snprintf(fault, 128, "it ran where the run before ran");
		return false;
	}
	return true;
}
