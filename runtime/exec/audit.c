/* SPDX-License-Identifier: MIT */
#include "exec/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

#define ADMINISTRATOR "/etc/sbx/audit.json"

static int open_log(const char *path, int *log, struct sbx_error *err)
{
	CLEANUP_FD int fd = -1;
	struct stat st;

	fd = open(path,
	          O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
	                  O_NOCTTY | O_CLOEXEC,
	          0600);
	if (fd < 0 && errno == ELOOP)
		return err_say(err, SBX_STAGE_REPORT, ELOOP,
		               "audit %s: is a symbolic link; name the file "
		               "itself",
		               path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, SBX_STAGE_REPORT, errno, "audit %s", path);
	if (!S_ISREG(st.st_mode))
		return err_say(err, SBX_STAGE_REPORT, EINVAL,
		               "audit %s: is not a regular file", path);
	*log = TAKE_FD(fd);
	return 0;
}

/* {"file": PATH}: every run on this host is a line there. */
static int open_default(int *log, struct sbx_error *err)
{
	struct buffer text CLEANUP(buffer_free) = {0};
	struct arena arena CLEANUP(arena_free) = {0};
	const struct json *root, *path;
	struct sbx_error fault;
	int r = file_read(ADMINISTRATOR, JSON_MAX_SIZE, &text);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return err_set(err, SBX_STAGE_REPORT, -r, ADMINISTRATOR);
	if (json_parse(&arena, text.data, text.len, &root, &fault) < 0)
		return err_say(err, SBX_STAGE_REPORT, EINVAL,
		               ADMINISTRATOR ", %s", fault.text);
	path = json_get(root, "file");
	if (!path || path->kind != JSON_STRING || path->text[0] != '/' ||
	    root->child->next)
		return err_say(err, SBX_STAGE_REPORT, EINVAL,
		               ADMINISTRATOR
		               ": {\"file\": PATH} is wanted, with "
		               "an absolute path");
	return open_log(path->text, log, err);
}

int audit_open(struct audit_logs *logs, const char *own, struct sbx_error *err)
{
	int r = open_default(&logs->all, err);

	if (r == 0 && own)
		r = open_log(own, &logs->own, err);
	return r;
}

int audit_put(const struct audit_logs *logs, const struct sbx_audit *line,
              struct sbx_error *err)
{
	int r = 0;

	if (logs->all >= 0)
		r = sbx_audit_write(logs->all, line, err);
	if (r == 0 && logs->own >= 0)
		r = sbx_audit_write(logs->own, line, err);
	return r;
}

void audit_close(struct audit_logs *logs)
{
	cleanup_fd(&logs->own);
	cleanup_fd(&logs->all);
	*logs = AUDIT_NONE;
}
