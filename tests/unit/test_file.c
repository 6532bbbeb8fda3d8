/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/file.h"

static char directory[] = "/tmp/sbx-test-file-XXXXXX";

static void setup(void)
{
	cr_assert_not_null(mkdtemp(directory));
	cr_assert_eq(chdir(directory), 0);
}

static void teardown(void)
{
	static const char *const names[] = {"file", "fifo", "socket", "link",
	                                    "loop"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		(void)unlink(names[i]);
	cr_assert_eq(rmdir(directory), 0);
}

TestSuite(file, .init = setup, .fini = teardown);

static void make_file(const char *path, size_t size)
{
	FILE *file = fopen(path, "w");

	while (size-- > 0)
		fputc('a' + (int)(size % 26), file);
	cr_assert_eq(fclose(file), 0);
}

/* A file is read whole up to the most that is allowed, and not at all when it
 * is one byte longer. */
Test(file, reads_up_to_the_maximum)
{
	static const struct {
		size_t size, max;
		int result;
	} rows[] = {
		{0, 0, 0},
		{0, 10, 0},
		{1, 0, -EFBIG},
		{10, 10, 0},
		{11, 10, -EFBIG},
		{16384, 16384, 0},
		{16385, 16384, -EFBIG},
		{16383, 16384, 0},
		{100000, SIZE_MAX, 0},
		{100000, 99999, -EFBIG},
		{100000, 100000, 0},
	};
	struct buffer out = {0};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		make_file("file", rows[i].size);
		buffer_text(&out, "<");
		cr_expect_eq(file_read("file", rows[i].max, &out),
		             rows[i].result, "row %zu", i);
		cr_expect_eq(out.len, 1 + (rows[i].result ? 0 : rows[i].size));
		cr_expect_eq(out.data[0], '<');
		if (out.len > 1)
			cr_expect_eq(out.data[out.len - 1], 'a');
		buffer_free(&out);
	}
}

/* Only a regular file is read, and nothing else makes the reader wait. */
Test(file, reads_regular_files_only, .timeout = 10)
{
	static const struct {
		const char *path;
		int result;
	} rows[] = {
		{".", -EISDIR},         {"fifo", -EINVAL},
		{"/dev/zero", -EINVAL}, {"/dev/tty", -EINVAL},
		{"socket", -EINVAL},    {"none", -ENOENT},
		{"file/x", -ENOTDIR},   {"loop", -ELOOP},
		{"", -ENOENT},          {"link", 0},
	};
	struct sockaddr_un address = {.sun_family = AF_UNIX,
	                              .sun_path = "socket"};
	struct buffer out = {0};
	size_t i;
	int fd;

	make_file("file", 3);
	cr_assert_eq(mkfifo("fifo", 0600), 0);
	cr_assert_eq(symlink("file", "link"), 0);
	cr_assert_eq(symlink("loop", "loop"), 0);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(fd, (void *)&address, sizeof(address)), 0);
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_eq(file_read(rows[i].path, 100, &out), rows[i].result,
		             "%s", rows[i].path);
	cr_expect_eq(out.len, 3);
	buffer_free(&out);
	close(fd);
}

/* Files of /proc, whose size is said to be 0, are read whole. */
Test(file, reads_proc)
{
	struct buffer out = {0};

	cr_expect_eq(file_read("/proc/self/status", 65536, &out), 0);
	cr_expect_gt(out.len, 100);
	buffer_free(&out);
}

static void *write_slowly(void *fd)
{
	int i;

	for (i = 0; i < 50; i++) {
		usleep(1000);
		if (write(*(int *)fd, "0123456789", 10) != 10)
			return (void *)"short";
	}
	close(*(int *)fd);
	return NULL;
}

/* A pipe is read to its end in whatever pieces it comes. */
Test(file, reads_a_slow_pipe, .timeout = 10)
{
	struct buffer out = {0};
	pthread_t writer;
	int fds[2];

	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	cr_assert_eq(pthread_create(&writer, NULL, write_slowly, &fds[1]), 0);
	cr_expect_eq(file_read_fd(fds[0], 500, &out), 0);
	cr_expect_eq(out.len, 500);
	cr_expect_eq(pthread_join(writer, NULL), 0);
	buffer_free(&out);
	close(fds[0]);
}

/* A failing read says why and leaves the buffer as it was. */
Test(file, tells_why_a_read_failed)
{
	struct buffer out = {0};
	int root = open("/", O_RDONLY | O_CLOEXEC);

	buffer_text(&out, "kept");
	cr_expect_eq(file_read_fd(-1, 10, &out), -EBADF);
	cr_expect_eq(file_read_fd(root, 10, &out), -EISDIR);
	cr_expect_eq(out.len, 4);
	cr_expect_arr_eq(out.data, "kept", 4);
	buffer_free(&out);
	close(root);
}

/* A descriptor that somebody made non-blocking is waited for like another. */
Test(file, waits_for_what_does_not_block, .timeout = 10)
{
	struct buffer out = {0};
	pthread_t writer;
	int fds[2];

	cr_assert_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	cr_assert_eq(pthread_create(&writer, NULL, write_slowly, &fds[1]), 0);
	cr_expect_eq(file_read_fd(fds[0], 1000, &out), 0);
	cr_assert_eq(pthread_join(writer, NULL), 0);
	cr_expect_eq(out.len, 500);
	buffer_free(&out);
	close(fds[0]);
}

static void on_alarm(int number)
{
	(void)number;
}

static void *read_slowly(void *fd)
{
	char data[4096];
	size_t total = 0;
	ssize_t n;

	do {
		usleep(500);
		n = read(*(int *)fd, data, sizeof(data));
		total += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	return (void *)total;
}

/* All is written through a full pipe, also one that does not block, and while
 * signals interrupt it. */
Test(file, writes_all, .timeout = 10)
{
	static const int flags[] = {0, O_NONBLOCK};
	struct sigaction action = {.sa_handler = on_alarm};
	size_t size = 1000000, i;
	char *data = calloc(1, size);
	pthread_t reader;
	void *total;
	int fds[2];

	cr_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
		cr_assert_eq(fcntl(fds[1], F_SETFL, flags[i]), 0);
		cr_assert_eq(
			pthread_create(&reader, NULL, read_slowly, &fds[0]), 0);
		ualarm(2000, 2000);
		cr_expect_eq(file_write_fd(fds[1], data, size), 0);
		ualarm(0, 0);
		close(fds[1]);
		cr_assert_eq(pthread_join(reader, &total), 0);
		cr_expect_eq((size_t)total, size);
		close(fds[0]);
	}
	free(data);
}

/* A write that cannot succeed says why. */
Test(file, tells_why_a_write_failed)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC), fds[2];

	cr_expect_eq(file_write_fd(fd, "x", 1), -ENOSPC);
	cr_expect_eq(file_write_fd(fd, "", 0), 0);
	cr_expect_eq(file_write_fd(-1, "x", 1), -EBADF);
	close(fd);
	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	close(fds[0]);
	signal(SIGPIPE, SIG_IGN);
	cr_expect_eq(file_write_fd(fds[1], "x", 1), -EPIPE);
	close(fds[1]);
}

/* file_put() writes to a file that is there and never makes one. */
Test(file, puts)
{
	struct buffer out = {0};
	int fd = open(".", O_DIRECTORY | O_RDONLY | O_CLOEXEC);

	cr_expect_eq(file_put(fd, "file", "1"), -ENOENT);
	make_file("file", 0);
	cr_expect_eq(file_put(fd, "file", "0 1000 1\n"), 0);
	cr_expect_eq(file_put(AT_FDCWD, "file", "9"), 0);
	cr_expect_eq(file_read("file", 100, &out), 0);
	cr_expect_arr_eq(out.data, "9 1000 1\n", 9);
	cr_expect_eq(file_put(fd, ".", "x"), -EISDIR);
	cr_expect_eq(file_put(AT_FDCWD, "/proc/self/oom_score_adj", "junk"),
	             -EINVAL);
	cr_expect_eq(file_put(AT_FDCWD, "/dev/full", "x"), -ENOSPC);
	buffer_free(&out);
	close(fd);
}

/* file_get() reads what there is room for, and ends it. */
Test(file, gets)
{
	char text[8] = "before";
	int fd = open(".", O_DIRECTORY | O_RDONLY | O_CLOEXEC);

	cr_expect_eq(file_get(fd, "file", text, sizeof(text)), -ENOENT);
	make_file("file", 0);
	cr_expect_eq(file_get(fd, "file", text, sizeof(text)), 0);
	cr_expect_str_eq(text, "");
	cr_assert_eq(file_put(fd, "file", "12345678"), 0);
	cr_expect_eq(file_get(fd, "file", text, sizeof(text)), 7);
	cr_expect_str_eq(text, "1234567");
	cr_expect_eq(file_get(fd, ".", text, sizeof(text)), -EISDIR);
	close(fd);
}

/* What is zero throughout is left a hole, and all else is written. */
Test(file, writes_sparse)
{
	static const char zeros[1 << 16];
	struct buffer out = {0};
	struct stat st;
	int fd = open("file", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	cr_expect_eq(file_write_sparse(fd, "a", 1), 0);
	for (int i = 0; i < 16; i++)
		cr_expect_eq(file_write_sparse(fd, zeros, sizeof(zeros)), 0);
	cr_expect_eq(file_write_sparse(fd, "\0b", 2), 0);
	cr_assert_eq(fstat(fd, &st), 0);
	cr_expect_eq(st.st_size, (1 << 20) + 3);
	cr_expect_lt(st.st_blocks * 512, 1 << 18);
	cr_expect_eq(file_read_text("file", 2 << 20, &out), 0);
	cr_expect_eq(out.len, (size_t)st.st_size);
	cr_expect_eq(out.data[0], 'a');
	cr_expect_str_eq(out.data + out.len - 1, "b");
	buffer_free(&out);
	close(fd);
}

/* A list takes the descriptor, and lets go of it where there is none. */
Test(file, lists)
{
	int fd, r = 0;
	DIR *list;

	cr_expect_null(file_list(-ENOTDIR, &r));
	cr_expect_eq(r, -ENOTDIR);
	make_file("file", 0);
	fd = open("file", O_RDONLY | O_CLOEXEC);
	cr_expect_null(file_list(fd, &r));
	cr_expect_eq(r, -ENOTDIR);
	cr_expect_lt(fcntl(fd, F_GETFD), 0);
	list = file_list(open(".", O_DIRECTORY | O_RDONLY | O_CLOEXEC), &r);
	cr_assert_not_null(list);
	cr_expect_str_eq(file_entry(list, &r)->d_name, "file");
	cr_expect_null(file_entry(list, &r));
	closedir(list);
}

/* Runs ensure_stdio with the descriptors in mask closed; 0 when afterwards all
 * of 0 to 2 are open and the next one is above them. */
static int stdio_child(unsigned int mask)
{
	struct stat null, status;
	int fd;

	if (stat("/dev/null", &null) < 0)
		return 1;
	for (fd = 0; fd <= 2; fd++)
		if (mask & 1U << fd)
			close(fd);
	if (file_ensure_stdio() != 0)
		return 2;
	for (fd = 0; fd <= 2; fd++) {
		if (fstat(fd, &status) < 0)
			return 3;
		if ((mask & 1U << fd) && status.st_rdev != null.st_rdev)
			return 4;
		if ((mask & 1U << fd) && fcntl(fd, F_GETFD) != 0)
			return 5;
		if ((mask & 1U << fd) && write(fd, "", 1) != -1)
			return 6;
	}
	return open("/dev/null", O_RDONLY | O_CLOEXEC) > 2 ? 0 : 7;
}

/* Whichever of the three are closed, /dev/null takes their places, where output
 * is an error. */
Test(file, ensures_stdio)
{
	unsigned int mask;
	int status;
	pid_t pid;

	for (mask = 0; mask < 8; mask++) {
		pid = fork();
		if (pid == 0)
			_exit(stdio_child(mask));
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		cr_expect_eq(status, 0, "mask %u: status %#x", mask, status);
	}
}
