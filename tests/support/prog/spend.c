/* SPDX-License-Identifier: MIT */
/*
 * Uses up what is limited.
 *
 *	spend cpu MS [N]      N children, one after the other, burn MS each
 *	spend tree MS N       the same all at once
 *	spend crew MS N       the same in threads of one process
 *	spend memory MB [N]   N children touch MB each, and stay for a while
 *	                      when all of them are there
 *	spend shared MB N     MB are touched once, then N children share them
 *	spend forks MAX       says how many children it could have at once
 *	spend threads MAX     the same of threads
 *	spend files           says how many descriptors it could open
 *	spend stack KB        uses that much stack
 *	spend file MB PATH    writes a file; says how many KB it got, and why
 *	spend names PATH      makes empty files; says how many, and why no more
 *	spend out MB [FD]     writes to a descriptor
 *	spend pattern         all bytes, 4096 times, to standard output
 *	spend orphans N       N processes that nobody here waits for
 *	spend echo            standard input to standard output
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MB 1048576

static long number(char **words, int index, long otherwise)
{
	for (int i = 0; i <= index; i++)
		if (!words[i])
			return otherwise;
	return strtol(words[index], NULL, 10);
}

static void sleep_ms(long ms)
{
	const struct timespec time = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&time, NULL);
}

static void burn(long ms)
{
	struct timespec used;

	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	while (used.tv_sec * 1000 + used.tv_nsec / 1000000 < ms);
}

/* Runs work in n children, all at once or in turn. Returns 0 if all ended
 * well. */
/* Open until all children are there, however long that takes. */
static int gate[2] = {-1, -1};

static int in_children(long n, int at_once, void (*work)(long), long argument)
{
	int status, bad = 0;

	for (long i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (pid == 0) {
			work(argument);
			_exit(0);
		}
		if (!at_once)
			bad |= waitpid(pid, &status, 0) < 0 || status;
	}
	(void)close(gate[1]);
	while (wait(&status) > 0)
		bad |= status;
	return bad != 0;
}

static int spend_cpu(char **words)
{
	return in_children(number(words, 1, 1), 0, burn, number(words, 0, 0));
}

static int spend_tree(char **words)
{
	return in_children(number(words, 1, 1), 1, burn, number(words, 0, 0));
}

static void *burn_own(void *ms)
{
	struct timespec used;

	do
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	while (used.tv_sec * 1000 + used.tv_nsec / 1000000 < *(long *)ms);
	return NULL;
}

static int spend_crew(char **words)
{
	long ms = number(words, 0, 0), n = number(words, 1, 1);
	pthread_t threads[64];

	if (n > 64)
		return 1;
	for (long i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, burn_own, &ms))
			return 1;
	for (long i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

static void touch(long mb)
{
	char *memory = mmap(NULL, (size_t)mb * MB, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		_exit(1);
	for (size_t i = 0; i < (size_t)mb * MB; i += 4096)
		memory[i] = 1;
}

static void touch_and_stay(long mb)
{
	char byte;

	(void)close(gate[1]);
	touch(mb);
	(void)!read(gate[0], &byte, 1);
	sleep_ms(1500);
}

static int spend_memory(char **words)
{
	if (pipe(gate) < 0)
		return 1;
	return in_children(number(words, 1, 1), 1, touch_and_stay,
	                   number(words, 0, 0));
}

/* One after the other: who looks at them has the time to. */
static int spend_shared(char **words)
{
	int status, bad = 0;

	touch(number(words, 0, 0));
	for (long i = 0; i < number(words, 1, 1); i++) {
		sleep_ms(100);
		if (fork() == 0) {
			sleep_ms(1500);
			_exit(0);
		}
	}
	while (wait(&status) > 0)
		bad |= status;
	return bad != 0;
}

static int spend_forks(char **words)
{
	long max = number(words, 0, 0), n = 0;
	pid_t pid = 0;

	while (n < max && (pid = fork()) > 0)
		n++;
	if (pid == 0 && n < max) {
		pause();
		_exit(0);
	}
	printf("%ld %s\n", n, pid < 0 ? strerrorname_np(errno) : "all");
	return 0;
}

static void *idle(void *nothing)
{
	pause();
	return nothing;
}

static int spend_threads(char **words)
{
	long max = number(words, 0, 0), n = 0;
	pthread_attr_t small;
	pthread_t thread;
	int r = 0;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	while (n < max &&
	       (r = pthread_create(&thread, &small, idle, NULL)) == 0)
		n++;
	printf("%ld %s\n", n, r ? strerrorname_np(r) : "all");
	return 0;
}

static int spend_files(char **words)
{
	long n = 0;

	(void)words;
	while (open("/dev/null", O_RDONLY) >= 0)
		n++;
	printf("%ld %s\n", n, strerrorname_np(errno));
	return 0;
}

static int use_stack(long kb)
{
	volatile char page[1024];

	page[0] = (char)kb;
	return kb > 1 ? use_stack(kb - 1) + page[0] : page[0];
}

static int spend_stack(char **words)
{
	(void)use_stack(number(words, 0, 0));
	puts("fits");
	return 0;
}

static int spend_file(char **words)
{
	static char chunk[65536];
	long want = number(words, 0, 0) * (MB / 1024), kb = 0;
	int fd = open(words[1], O_WRONLY | O_CREAT, 0600);

	memset(chunk, 'x', sizeof(chunk));
	while (fd >= 0 && kb < want) {
		ssize_t n = write(fd, chunk, sizeof(chunk));

		if (n < 0)
			break;
		kb += n / 1024;
	}
	printf("%ld %s\n", kb, kb < want ? strerrorname_np(errno) : "all");
	return 0;
}

static int spend_names(char **words)
{
	char name[4096];
	long n = 0;
	int fd;

	do {
		snprintf(name, sizeof(name), "%s/%ld", words[0], n);
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (fd >= 0)
			close(fd);
	} while (fd >= 0 && ++n < 1000000);
	printf("%ld %s\n", n, strerrorname_np(errno));
	return 0;
}

static int put(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0)
			return 1;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

static int spend_out(char **words)
{
	static char chunk[65536];
	long rounds = number(words, 0, 0) * (MB / 65536);

	memset(chunk, 'x', sizeof(chunk));
	for (long i = 0; i < rounds; i++)
		if (put((int)number(words, 1, 1), chunk, sizeof(chunk)))
			return 1;
	return 0;
}

static int spend_pattern(char **words)
{
	char all[256];

	(void)words;
	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	for (int i = 0; i < 4096; i++)
		if (put(1, all, sizeof(all)))
			return 1;
	return 0;
}

/* Each child has a child and leaves at once, with a status of its own. */
static int spend_orphans(char **words)
{
	for (long n = number(words, 0, 0), tries = 0; n > 0;) {
		pid_t pid = fork();

		if (pid == 0) {
			if (fork() == 0)
				_exit(3);
			_exit(5);
		}
		if (pid < 0 && (errno != EAGAIN || ++tries > 1000))
			return 1;
		if (pid < 0)
			sleep_ms(5);
		else
			n--;
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	puts("done");
	return 0;
}

static int spend_echo(char **words)
{
	static char chunk[65536];
	ssize_t n;

	(void)words;
	while ((n = read(0, chunk, sizeof(chunk))) > 0)
		if (put(1, chunk, (size_t)n))
			return 1;
	return n < 0;
}

static const struct {
	const char *name;
	int (*run)(char **words);
} verbs[] = {
	{"cpu", spend_cpu},         {"tree", spend_tree},
	{"crew", spend_crew},       {"memory", spend_memory},
	{"shared", spend_shared},   {"forks", spend_forks},
	{"threads", spend_threads}, {"files", spend_files},
	{"stack", spend_stack},     {"file", spend_file},
	{"names", spend_names},     {"out", spend_out},
	{"pattern", spend_pattern}, {"orphans", spend_orphans},
	{"echo", spend_echo},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]);
	     i++)
		if (strcmp(argv[1], verbs[i].name) == 0) {
			int r = verbs[i].run(argv + 2);

			fflush(stdout);
			_exit(r); /* and the threads with it */
		}
	return 99;
}
