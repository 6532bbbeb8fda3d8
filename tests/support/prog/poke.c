/* SPDX-License-Identifier: MIT */
/*
 * Tries what a sandboxed program must not be able to do, and says what the
 * kernel answered: "what ok" or "what EPERM".
 *
 *	poke stdio           to change the files behind 0, 1 and 2
 *	poke terminal        to steer a terminal behind 0, 1 and 2
 *	poke init            to stop, trace or read pid 1; then sleeps
 *	poke nodes DIR       to make device nodes
 *	poke connect PORT    TCP to that port of 127.0.0.1
 *	poke abstract NAME   to an abstract Unix socket
 *	poke unix PATH       to a Unix socket in the tree
 *	poke away            to talk to an address that is not loopback
 *	poke self            to itself over 127.0.0.1; "self ok" if that works
 *	poke watches         takes all inotify instances it can get
 *	poke sibling         to make a child that its parent waits for
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

static void say(const char *what, long r)
{
	printf("%s %s\n", what, r < 0 ? strerrorname_np(errno) : "ok");
	fflush(stdout);
}

static int poke_stdio(char **words)
{
	char path[32];

	(void)words;
	for (int fd = 0; fd < 3; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		(void)!fchown(fd, 1000, 1000);
		(void)fchmod(fd, 04777);
		(void)chmod(path, 04777);
		(void)!ftruncate(fd, 0);
		(void)!truncate(path, 0);
		(void)close(open(path, O_WRONLY | O_TRUNC | O_NONBLOCK));
		(void)lseek(fd, 0, SEEK_SET);
		(void)flock(fd, LOCK_EX | LOCK_NB);
		(void)fcntl(fd, F_SETFL, O_NONBLOCK | O_APPEND | O_ASYNC);
		(void)fcntl(fd, F_SETPIPE_SZ, 4096);
	}
	say("poked", 0);
	return 0;
}

static int poke_terminal(char **words)
{
	struct winsize size = {.ws_row = 1, .ws_col = 1};
	struct termios raw = {0};

	(void)words;
	for (int fd = 0; fd < 3; fd++) {
		say("isatty", isatty(fd) ? 0 : -1);
		for (const char *c = "evil\n"; *c; c++)
			say("TIOCSTI", ioctl(fd, TIOCSTI, c));
		say("TIOCSCTTY", ioctl(fd, TIOCSCTTY, 1));
		say("TIOCSWINSZ", ioctl(fd, TIOCSWINSZ, &size));
		say("tcsetattr", tcsetattr(fd, TCSANOW, &raw));
		say("TIOCLINUX", ioctl(fd, TIOCLINUX, "\x02"));
	}
	return 0;
}

static int poke_init(char **words)
{
	cpu_set_t cpus;

	(void)words;
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	say("stop", kill(1, SIGSTOP));
	say("term", kill(1, SIGTERM));
	say("kill", kill(1, SIGKILL));
	say("trace", ptrace(PTRACE_ATTACH, 1, NULL, NULL));
	say("seize", ptrace(PTRACE_SEIZE, 1, NULL, NULL));
	say("vm_readv", syscall(SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0));
	say("getfd",
	    syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, 1, 0), 3, 0));
	say("kcmp", syscall(SYS_kcmp, 1, 1, 0, 0, 0));
	say("affinity", sched_setaffinity(1, sizeof(cpus), &cpus));
	say("priority", setpriority(PRIO_PROCESS, 1, 19));
	say("limits", prlimit(1, RLIMIT_NOFILE, &(struct rlimit){0, 0}, NULL));
	sleep(60);
	return 0;
}

static int poke_nodes(char **words)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/null", words[0]);
	say("char", mknod(path, S_IFCHR | 0666, makedev(1, 3)));
	snprintf(path, sizeof(path), "%s/disk", words[0]);
	say("block", mknod(path, S_IFBLK | 0666, makedev(8, 0)));
	snprintf(path, sizeof(path), "%s/whiteout", words[0]);
	say("fifo", mknod(path, S_IFIFO | 0666, 0));
	return 0;
}

static struct sockaddr_in loopback(const char *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	return address;
}

static int poke_connect(char **words)
{
	struct sockaddr_in address = loopback(words[0]);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	say("connect", connect(fd, (void *)&address, sizeof(address)));
	return 0;
}

static int connect_unix(const char *name, int abstract)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(name);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(address.sun_path + abstract, name, len);
	return connect(fd, (void *)&address,
	               (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
	                           (size_t)abstract + len));
}

static int poke_abstract(char **words)
{
	say("abstract", connect_unix(words[0], 1));
	return 0;
}

static int poke_unix(char **words)
{
	say("unix", connect_unix(words[0], 0));
	return 0;
}

static int poke_away(char **words)
{
	static const char *const places[] = {"10.0.0.1", "192.168.1.1",
	                                     "169.254.169.254", "1.1.1.1"};
	int stream, datagram;

	(void)words;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct sockaddr_in address = loopback("53");

		inet_pton(AF_INET, places[i], &address.sin_addr);
		stream = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		datagram = socket(AF_INET, SOCK_DGRAM, 0);
		say("stream",
		    connect(stream, (void *)&address, sizeof(address)));
		say("datagram", sendto(datagram, "x", 1, 0, (void *)&address,
		                       sizeof(address)));
	}
	return 0;
}

static int poke_self(char **words)
{
	struct sockaddr_in address = loopback("0");
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int r;

	r = bind(listener, (void *)&address, len);
	if (r == 0)
		r = listen(listener, 1);
	if (r == 0)
		r = getsockname(listener, (void *)&address, &len);
	if (r == 0)
		r = connect(fd, (void *)&address, len);
	say("self", r);
	if (words[0] && r == 0) { /* wait to be reached */
		printf("port %d\n", ntohs(address.sin_port));
		fflush(stdout);
		sleep(60);
	}
	return 0;
}

static int poke_watches(char **words)
{
	int n = 0;

	(void)words;
	while (n < 100000 && inotify_init() >= 0)
		n++;
	printf("watches %d %s\n", n, strerrorname_np(errno));
	fflush(stdout);
	sleep(60);
	return 0;
}

static int poke_sibling(char **words)
{
	long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

	(void)words;
	if (pid == 0)
		_exit(42);
	say("sibling", pid);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(char **words);
} verbs[] = {
	{"stdio", poke_stdio},     {"terminal", poke_terminal},
	{"init", poke_init},       {"nodes", poke_nodes},
	{"connect", poke_connect}, {"abstract", poke_abstract},
	{"unix", poke_unix},       {"away", poke_away},
	{"self", poke_self},       {"watches", poke_watches},
	{"sibling", poke_sibling},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]);
	     i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(argv + 2);
	return 99;
}
