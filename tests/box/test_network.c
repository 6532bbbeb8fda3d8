/* SPDX-License-Identifier: MIT */
/* The box's network is its own loopback, or nothing. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/def.h"
#include "support/find.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(network, .timeout = 120);

/* A TCP socket that listens on all addresses; its port. */
static int listen_tcp(int *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(fd, (void *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(fd, 8), 0);
	cr_assert_eq(getsockname(fd, (void *)&address, &len), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static int connect_tcp(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	CLEANUP_FD int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return connect(fd, (void *)&address, sizeof(address));
}

/* What listens on the host answers outside, and not inside. */
Test(network, host_is_out_of_reach)
{
	struct result result;
	int port, fd = listen_tcp(&port);
	const char *number = text_of("%d", port);

	RUN(&result, .outside = true, COMMAND("@poke", "connect", number));
	cr_expect_str_eq(result.out.data, "connect ok\n");
	result_free(&result);
	RUN(&result, COMMAND("@poke", "connect", number));
	cr_expect_str_eq(result.out.data, "connect ECONNREFUSED\n");
	result_free(&result);
	RUN(&result, OPTIONS("--net", "none"),
	    COMMAND("@poke", "connect", number));
	cr_expect_str_eq(result.out.data, "connect ENETUNREACH\n");
	result_free(&result);
	(void)close(fd);
}

/* The same of an abstract Unix socket, which the program sees no trace of. */
Test(network, abstract_sockets_are_the_boxs)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *name = canary();
	struct result result;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path + 1, name, strlen(name));
	cr_assert_eq(bind(fd, (void *)&address,
	                  (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
	                              1 + strlen(name))),
	             0);
	cr_assert_eq(listen(fd, 8), 0);
	RUN(&result, .outside = true, COMMAND("@poke", "abstract", name));
	cr_expect_str_eq(result.out.data, "abstract ok\n");
	result_free(&result);
	RUN(&result, COMMAND("@poke", "abstract", name));
	cr_expect_str_neq(result.out.data, "abstract ok\n");
	result_free(&result);
	RUN(&result, COMMAND("sh", "-c", "wc -l </proc/net/unix"));
	cr_expect_str_eq(result.out.data, "1\n");
	result_free(&result);
	(void)close(fd);
}

/* No address but the box's own is reached, by stream or datagram. */
Test(network, world_is_out_of_reach)
{
	static const char *const modes[] = {"loopback", "none"};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		RUN(&result, OPTIONS("--net", modes[i]),
		    COMMAND("@poke", "away"));
		cr_expect_null(strstr(result.out.data, " ok"), "%s",
		               result.out.data);
		cr_expect_null(strstr(result.out.data, "EINPROGRESS"), "%s",
		               result.out.data);
		cr_expect_not_null(strstr(result.out.data, "ENETUNREACH"));
		result_free(&result);
	}
}

/* The loopback is up and is all there is; with --net none it is down. */
Test(network, loopback_is_all_there_is)
{
	static const char script[] =
		"sed 1,2d /proc/net/dev | cut -d: -f1; wc -l </proc/net/route; "
		"cat /proc/net/if_inet6";
	struct result result;

	RUN(&result, COMMAND("@poke", "self"));
	cr_expect_str_eq(result.out.data, "self ok\n");
	result_free(&result);
	RUN(&result, OPTIONS("--net", "none"), COMMAND("@poke", "self"));
	cr_expect_str_neq(result.out.data, "self ok\n");
	result_free(&result);
	RUN(&result, COMMAND("sh", "-c", script));
	cr_expect_eq(strncmp(result.out.data, "    lo\n1\n", 9), 0, "%s",
	             result.out.data);
	cr_expect_null(strstr(result.out.data, "eth"));
	result_free(&result);
}

/* Names are not looked up, and that does not take long. */
Test(network, names_fail_fast)
{
	struct result result;

	RUN(&result, COMMAND("sh", "-c",
	                     "getent hosts example.com || echo none; getent "
	                     "hosts localhost"));
	cr_expect_eq(strncmp(result.out.data, "none\n", 5), 0, "%s",
	             result.out.data);
	cr_expect_not_null(strstr(result.out.data, "localhost"));
	cr_expect_lt(result.seconds, 10.0);
	result_free(&result);
}

/* What listens inside is not reached from the host. */
Test(network, box_is_out_of_reach)
{
	struct result result;
	struct live live;
	char digits[16] = "";

	call_start(CALL(OPTIONS("--wall-time", "20s"),
	                COMMAND("@poke", "self", "wait")),
	           &live);
	cr_assert(call_expect(&live, "port "));
	cr_assert_gt(read(live.out, digits, sizeof(digits) - 1), 0);
	cr_expect_eq(connect_tcp(atoi(digits)), -1);
	(void)kill(live.pid, SIGTERM);
	call_finish(&live, &result);
	result_free(&result);
}

/* Two boxes use the same port, and each talks to itself. */
Test(network, boxes_are_apart)
{
	static const char code[] =
		"use IO::Socket::INET; my $l = IO::Socket::INET->new(LocalAddr "
		"=> '127.0.0.1', LocalPort => 4321, Listen => 1) or die $!; "
		"sleep 1; my $c = IO::Socket::INET->new(PeerAddr => "
		"'127.0.0.1', PeerPort => 4321) or die $!; my $a = $l->accept; "
		"print $c \"$ARGV[0]\\n\"; $c->close; print <$a>;";
	static const char *const names[] = {"one", "two"};
	struct call calls[2];
	struct live lives[2];
	struct result result;

	for (int i = 0; i < 2; i++) {
		calls[i] = (struct call){
			.options = i ? WORDS("--profile", "perl", "--code",
		                             code, "--", "two")
		                     : WORDS("--profile", "perl", "--code",
		                             code, "--", "one")};
		call_start(&calls[i], &lives[i]);
	}
	for (int i = 0; i < 2; i++) {
		call_finish(&lives[i], &result);
		cr_expect_str_eq(result.out.data, text_of("%s\n", names[i]),
		                 "%s", result.err.data);
		result_free(&result);
	}
}

/* A box that takes all the inotify instances it can get leaves those of the
 * same user outside alone. */
Test(network, quotas_are_the_boxs)
{
	struct result result;
	struct live live;
	int fd;

	call_start(CALL(COMMAND("@poke", "watches")), &live);
	cr_assert(call_expect(&live, "watches 16 EMFILE\n"));
	for (int i = 0; i < 32; i++) {
		fd = inotify_init1(IN_CLOEXEC);
		cr_expect_geq(fd, 0, "%d", i);
	}
	(void)kill(live.pid, SIGTERM);
	call_finish(&live, &result);
	result_free(&result);
}
