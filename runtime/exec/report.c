/* SPDX-License-Identifier: MIT */
#include "exec/report.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/error.h"
#include "base/file.h"

static int open_file(const char *path, struct sbx_error *err)
{
	CLEANUP_FD int fd = -1;
	struct statfs fs;
	struct stat st;

	/* O_NONBLOCK: a FIFO without a reader is an error, not a wait. */
	fd = open(path,
	          O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
	                  O_CLOEXEC,
	          0644);
	if (fd < 0 && errno == ELOOP)
		return err_say(err, SBX_STAGE_REPORT, ELOOP,
		               "report %s: is a symbolic link; name the file "
		               "itself",
		               path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, SBX_STAGE_REPORT, errno, "report %s", path);
	/* What is in /proc says that it is one, and is a switch. */
	if (!S_ISREG(st.st_mode) || fstatfs(fd, &fs) < 0 ||
	    fs.f_type == PROC_SUPER_MAGIC)
		return err_say(err, SBX_STAGE_REPORT, EINVAL,
		               "report %s: is not a regular file; for a pipe, "
		               "give its descriptor as fd:N",
		               path);
	return TAKE_FD(fd);
}

int report_open(struct report_file *report, const struct options *options,
                struct sbx_error *err)
{
	report->json = options->json;
	if (options->report_fd >= 0) {
		report->fd = fcntl(options->report_fd, F_DUPFD_CLOEXEC, 3);
		if (report->fd < 0)
			return err_set(err, SBX_STAGE_REPORT, errno,
			               "report fd:%d", options->report_fd);
	} else if (options->report) {
		int fd = open_file(options->report, err);

		if (fd < 0)
			return fd;
		report->fd = fd;
		report->path = options->report;
	}
	return 0;
}

/* The program may have put another file there, if it could: below a writable
 * bind. Then the report would be written where nobody reads it. */
static int empty_file(const struct report_file *report, struct sbx_error *err)
{
	struct stat ours, there;

	if (fstat(report->fd, &ours) < 0 || lstat(report->path, &there) < 0 ||
	    ours.st_dev != there.st_dev || ours.st_ino != there.st_ino)
		return err_say(err, SBX_STAGE_REPORT, ESTALE,
		               "report %s: was replaced while the program ran; "
		               "name a file that the program cannot reach",
		               report->path);
	if (ftruncate(report->fd, 0) < 0)
		return err_set(err, SBX_STAGE_REPORT, errno, "report %s",
		               report->path);
	return 0;
}

static int copy_report(int text, int fd, struct sbx_error *err)
{
	struct buffer report CLEANUP(buffer_free) = {0};
	int r = lseek(text, 0, SEEK_SET) < 0 ? -errno : 0;

	if (r == 0)
		r = file_read_fd(text, SIZE_MAX / 2, &report);
	if (r == 0)
		r = file_write_fd(fd, report.data, report.len);
	return r < 0 ? err_set(err, SBX_STAGE_REPORT, -r, "write the report")
	             : 0;
}

static int write_report(const struct report_of *of, int fd,
                        struct sbx_error *err)
{
	if (of->text >= 0)
		return copy_report(of->text, fd, err);
	return sbx_report_write(of->plan, of->failure ? NULL : of->box,
	                        of->failure, fd, err);
}

static int put(const struct report_file *report, const struct report_of *of,
               struct sbx_error *err)
{
	int r = 0;

	if (report->fd >= 0) {
		if (report->path)
			r = empty_file(report, err);
		if (r == 0)
			r = write_report(of, report->fd, err);
	}
	if (r == 0 && report->json)
		r = write_report(of, STDOUT_FILENO, err);
	return r;
}

/* Each time it is made, a refusal has an id of its own: it is made once. */
static int put_refusal(const struct report_file *report, struct report_of of,
                       struct sbx_error *err)
{
	CLEANUP_FD int text = memfd_create("report", MFD_CLOEXEC);
	int r;

	if (text < 0)
		return err_set(err, SBX_STAGE_REPORT, errno, "memfd_create");
	r = sbx_report_refusal(of.spec, of.failure, text, err);
	of.text = text;
	return r < 0 ? r : put(report, &of, err);
}

int report_put(const struct report_file *report, const struct report_of *of,
               struct sbx_error *err)
{
	if (report->fd < 0 && !report->json)
		return 0;
	if (of->text < 0 && of->failure && !of->plan)
		return put_refusal(report, *of, err);
	return put(report, of, err);
}

void report_close(struct report_file *report)
{
	cleanup_fd(&report->fd);
	report->fd = -1;
}
