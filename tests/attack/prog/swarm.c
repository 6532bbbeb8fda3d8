/* SPDX-License-Identifier: MIT */
/*
 * Many processes, many descriptors, and what they know of each other.
 *
 *	swarm bomb SECONDS   forks, and lets its children do so, for that long
 *	swarm scan           a word in the memory of this process and pid 1; it
 *	                     comes on standard input, each byte one higher
 *	swarm self           writes to the files of /proc/self
 *	swarm flight MAX     descriptors on their way through sockets, in N
 *	                     sockets of a process: how many there can be
 *	swarm name           takes a name that is meant to break a report, dies
 *	swarm core           dies; whether it left a file
 *	swarm lists          a list of rights (ACL) as long as there can be, on
 *	                     a directory and for what is made in it
 */
#include "say.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>

static int swarm_bomb(char **words)
{
	time_t until = time(NULL) + atol(words[0]);

	puts("ready");
	fflush(stdout);
	while (time(NULL) < until)
		(void)!fork();
	return 0;
}

static char code[256];

static int is_word(const char *at)
{
	for (size_t i = 0; code[i]; i++)
		if (at[i] != code[i] - 1)
			return 0;
	return 1;
}

static int scan_range(int memory, unsigned long from, unsigned long to)
{
	static char bytes[1 << 20];
	int found = 0;

	for (; from < to; from += sizeof(bytes) - sizeof(code)) {
		size_t want = to - from;
		ssize_t n;

		if (want > sizeof(bytes))
			want = sizeof(bytes);
		n = pread(memory, bytes, want, (off_t)from);
		for (ssize_t i = 0; i + (ssize_t)strlen(code) <= n; i++)
			found |= bytes[i] == code[0] - 1 && is_word(bytes + i);
		/* Not in what it was copied to. */
		memset(bytes, 0, sizeof(bytes));
	}
	return found;
}

static void scan(const char *process)
{
	char path[64], line[512];
	unsigned long from, to;
	int memory, found = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%s/mem", process);
	memory = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/%s/maps", process);
	maps = fopen(path, "r");
	while (maps && memory >= 0 && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx r", &from, &to) == 2)
			found |= scan_range(memory, from, to);
	if (maps)
		fclose(maps);
	if (memory >= 0)
		close(memory);
	errno = ENOENT;
	say(process, found ? 0 : -1);
}

static int swarm_scan(char **words)
{
	(void)words;
	if (!fgets(code, sizeof(code), stdin))
		return 1;
	scan("self");
	scan("1");
	return 0;
}

static int swarm_self(char **words)
{
	static const char *const rows[][2] = {{"oom_score_adj", "1000"},
	                                      {"coredump_filter", "0"},
	                                      {"clear_refs", "1"},
	                                      {"timerslack_ns", "1"},
	                                      {"comm", "x"},
	                                      {"loginuid", "0"},
	                                      {"sessionid", "0"},
	                                      {"attr/current", "x"},
	                                      {"projid_map", "0 0 1"},
	                                      {"uid_map", "0 0 1"},
	                                      {"gid_map", "0 0 1"},
	                                      {"setgroups", "deny"},
	                                      {"timens_offsets", "1 1 0"}};
	char path[64];

	(void)words;
	for (size_t i = 0; i < N_OF(rows); i++) {
		int fd;
		long r;

		snprintf(path, sizeof(path), "/proc/self/%s", rows[i][0]);
		fd = open(path, O_WRONLY);
		r = fd < 0 ? fd : write(fd, rows[i][1], strlen(rows[i][1]));
		say(rows[i][0], r);
	}
	return 0;
}

/* Sends a descriptor along; what is in flight is in no table of a process. */
static int send_one(int through, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part,
	                         .msg_iovlen = 1,
	                         .msg_control = control,
	                         .msg_controllen = sizeof(control)};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	return (int)sendmsg(through, &message, MSG_DONTWAIT);
}

static int swarm_flight(char **words)
{
	long max = atol(words[0]), n = 0;
	int ends[2], r = 0, last = 0;

	while (n < max && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0) {
		while (n < max && (r = send_one(ends[0], 0)) > 0)
			n++;
		last = errno;
		if (r < 0 && errno != EAGAIN)
			break;
	}
	printf("%ld %s\n", n, n < max ? strerrorname_np(last) : "all");
	return 0;
}

static int swarm_name(char **words)
{
	(void)words;
	prctl(PR_SET_NAME, "\"}\n{\"a\":\x01\xff");
	raise(SIGSEGV);
	return 0;
}

static int swarm_core(char **words)
{
	pid_t pid = fork();

	(void)words;
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		raise(SIGSEGV);
	}
	waitpid(pid, NULL, 0);
	say("core",
	    system("ls | grep -q '^core'") == 0 ? 0 : (errno = ENOENT, -1));
	return 0;
}

/* As <linux/posix_acl_xattr.h> has it. */
struct acl {
	unsigned version;
	struct acl_entry {
		unsigned short tag, rights;
		unsigned id;
	} entries[8100];
};

static int swarm_lists(char **words)
{
	static const char *const names[] = {"system.posix_acl_access",
	                                    "system.posix_acl_default"};
	static struct acl acl = {.version = 2};
	struct acl_entry *end = acl.entries + N_OF(acl.entries);

	(void)words;
	/* The owner, many times the same user, group, mask, others. */
	for (struct acl_entry *at = acl.entries; at < end; at++)
		*at = (struct acl_entry){2, 7, geteuid()};
	acl.entries[0] = (struct acl_entry){1, 7, ~0u};
	end[-3] = (struct acl_entry){4, 7, ~0u};
	end[-2] = (struct acl_entry){16, 7, ~0u};
	end[-1] = (struct acl_entry){32, 7, ~0u};
	(void)mkdir("lists", 0755);
	for (size_t i = 0; i < N_OF(names); i++)
		say(names[i],
		    setxattr("lists", names[i], &acl, sizeof(acl), 0));
	return 0;
}

static const struct verb verbs[] = {
	{"bomb", swarm_bomb},     {"scan", swarm_scan}, {"self", swarm_self},
	{"flight", swarm_flight}, {"name", swarm_name}, {"core", swarm_core},
	{"lists", swarm_lists},
};

int main(int argc, char **argv)
{
	(void)argc;
	return run_verb(verbs, N_OF(verbs), argv);
}
