/* SPDX-License-Identifier: MIT */
/* From the command line, or a request, to a spec. */
#include "exec/work.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/parse.h"
#include "exec/run.h"

/* A program that comes on a descriptor; limits.disk bounds it further. */
#define MAX_INPUT_PROGRAM ((size_t)256 << 20)

#define MAX_REQUEST ((size_t)1 << 20)

bool work_begin(const char *program)
{
	int r = file_ensure_stdio();

	if (r < 0) {
		log_line(program, "descriptors 0, 1 and 2: %s",
		         strerrordesc_np(-r));
		return false;
	}
	if (getauxval(AT_SECURE)) {
		log_line(program, "is setuid, setgid or has file "
		                  "capabilities; it needs none of them, and "
		                  "refuses to run with them");
		return false;
	}
	run_errors_only();
	return true;
}

/* The descriptor that a nameless file is, or -1. */
static int descriptor_of(const char *file)
{
	static const char dir[] = "/dev/fd/";
	const size_t len = sizeof(dir) - 1;
	uint64_t fd;

	if (strcmp(file, "-") == 0)
		return STDIN_FILENO;
	if (strncmp(file, dir, len) != 0 || parse_count(file + len, &fd) < 0 ||
	    fd > INT_MAX)
		return -1;
	return (int)fd;
}

bool work_is_nameless(const char *file)
{
	return descriptor_of(file) >= 0;
}

int work_read_code(struct work *work, const char *file, struct sbx_error *err)
{
	int fd = descriptor_of(file);
	int r = file_read_fd(fd, MAX_INPUT_PROGRAM, &work->text);

	if (r < 0)
		return err_set(err, SBX_STAGE_SPEC, -r,
		               "read the program from %s",
		               fd == STDIN_FILENO ? "standard input" : file);
	work->stdin_used = fd == STDIN_FILENO;
	return 0;
}

static int set_program(struct work *work, struct sbx_error *err)
{
	const struct options *options = &work->options;
	const char *const *arguments = options->arguments;
	int r;

	if (options->command)
		return sbx_spec_command(work->spec, arguments, err);
	if (options->code)
		return sbx_spec_code(work->spec, options->code,
		                     strlen(options->code), arguments, err);
	if (!work_is_nameless(arguments[0]))
		return sbx_spec_file(work->spec, arguments[0], arguments + 1,
		                     err);
	r = work_read_code(work, arguments[0], err);
	if (r < 0)
		return r;
	return sbx_spec_code(work->spec, work->text.data, work->text.len,
	                     arguments + 1, err);
}

int work_read_request(struct work *work, struct sbx_error *err)
{
	const char *path = work->options.request;
	bool piped = strcmp(path, "-") == 0;
	int r;

	r = piped ? file_read_fd(STDIN_FILENO, MAX_REQUEST, &work->text)
	          : file_read(path, MAX_REQUEST, &work->text);
	if (r == -EFBIG)
		return err_say(err, SBX_STAGE_SPEC, EFBIG,
		               "request %s: is longer than 1M; give files "
		               "with --input",
		               path);
	return r < 0 ? err_set(err, SBX_STAGE_SPEC, -r, "request %s", path) : 0;
}

static int take_request(struct work *work, const struct profile_dirs *dirs,
                        struct sbx_error *err)
{
	int r = work_read_request(work, err);

	if (r < 0)
		return r;
	return sbx_spec_request(work->spec, work->text.data, work->text.len,
	                        dirs->list, err);
}

int work_spec(struct work *work, const struct profile_dirs *dirs,
              struct sbx_error *err)
{
	const struct options *options = &work->options;
	int r;

	r = sbx_spec_new(&work->spec, err);
	if (r == 0)
		sbx_spec_trees(work->spec, dirs->trees);
	if (r == 0 && options->request)
		r = take_request(work, dirs, err);
	else if (r == 0 && options->profile_file)
		r = sbx_spec_profile_file(work->spec, options->profile_file,
		                          dirs->list, err);
	else if (r == 0)
		r = sbx_spec_profile(work->spec, options->profile, dirs->list,
		                     err);
	if (r == 0)
		r = options_apply(options, work->spec, err);
	if (r == 0)
		r = sbx_spec_maxima(work->spec, MAXIMA, err);
	if (r == 0 && !options->request)
		r = set_program(work, err);
	return r;
}

const char *work_advice(const struct sbx_error *err)
{
	if (err->stage < SBX_STAGE_CLONE || err->stage > SBX_STAGE_FILTER)
		return "";
	switch (err->code) {
	case EPERM:
	case EACCES:
	case ENOSYS:
	case ENOSPC:
	case EUSERS:
	case EBUSY:
	case EINVAL:
		return "; run sbx-check to see what this host lacks";
	case EMFILE:
		return "; raise the limit on open files (ulimit -n)";
	case EFBIG:
		return "; raise the limit on the size of files (ulimit -f)";
	case EAGAIN:
		return "; raise the limit on processes (ulimit -u)";
	default:
		return "";
	}
}

void work_free(struct work *work)
{
	sbx_box_close(work->box);
	sbx_session_close(work->session);
	sbx_plan_free(work->plan);
	building_free(&work->building);
	sbx_spec_free(work->spec);
	report_close(&work->report);
	cleanup_fd(&work->answer.report);
	audit_close(&work->audit);
	cleanup_fd(&work->collect);
	buffer_free(&work->text);
	options_free(&work->options);
}
