/* SPDX-License-Identifier: MIT */
#include "exec/collect.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/log.h"
#include "exec/passing.h"

int collect_open(const struct options *options, int *dir, struct sbx_error *err)
{
	const char *path = options->collect_to;
	int fd;

	if (!path)
		return 0;
	if (mkdir(path, 0777) < 0 && errno != EEXIST)
		return err_set(err, SBX_STAGE_REPORT, errno, "collect to %s",
		               path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, SBX_STAGE_REPORT, errno, "collect to %s",
		               path);
	*dir = fd;
	return 0;
}

int collect_check(const struct options *options, const struct sbx_spec *spec,
                  struct sbx_error *err)
{
	if (!options->collect_to || sbx_spec_collects(spec))
		return 0;
	return err_say(err, SBX_STAGE_SPEC, EINVAL, COLLECT_NOTHING);
}

void collect_tell(const struct options *options, int n)
{
	if (n > 0 && !options->json && !options->quiet)
		log_line("sbx-exec",
		         "collect: %d files were not brought out; the report "
		         "says which, and why",
		         n);
}

int collect_files(const struct options *options, int dir, struct sbx_box *box,
                  struct sbx_error *err)
{
	const struct sbx_collect to = {dir, options->collect_replace};
	int n = sbx_box_collect(box, &to, err);

	collect_tell(options, n);
	return MIN(n, 0);
}
