/* SPDX-License-Identifier: MIT */
/* The names that rules may use for numbers, with this architecture's values. */
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/netlink.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/error.h"
#include "filter-gen.h"

struct name {
	const char *name;
	uint64_t value;
};

/* clang-format off */
#define NAME(x) {#x, (uint64_t)(x)}

static const struct name names[] = {
	NAME(AF_INET), NAME(AF_INET6), NAME(AF_NETLINK), NAME(AF_UNIX),
	NAME(IPPROTO_TCP), NAME(IPPROTO_UDP), NAME(NETLINK_ROUTE),
	NAME(SOCK_CLOEXEC), NAME(SOCK_DGRAM), NAME(SOCK_NONBLOCK),
	NAME(SOCK_SEQPACKET),
	NAME(SOCK_RAW), NAME(SOCK_STREAM), NAME(SOL_TCP), NAME(TCP_ULP),

	NAME(O_CREAT), NAME(O_DIRECT), NAME(__O_TMPFILE), NAME(RENAME_WHITEOUT),
	NAME(S_ISGID), NAME(S_ISUID),

	NAME(CLONE_NEWCGROUP), NAME(CLONE_NEWIPC), NAME(CLONE_NEWNET),
	NAME(CLONE_NEWNS), NAME(CLONE_NEWPID), NAME(CLONE_NEWUSER),
	NAME(CLONE_NEWUTS), NAME(CLONE_PARENT), NAME(CLONE_THREAD),
	NAME(PER_LINUX), NAME(PER_LINUX32), NAME(UNAME26),
	NAME(PRIO_PGRP), NAME(PRIO_PROCESS),

	NAME(MADV_MERGEABLE), NAME(MAP_HUGETLB), NAME(MFD_HUGETLB),
	NAME(SHM_HUGETLB),
	NAME(PROT_EXEC), NAME(S_IFCHR), NAME(S_IFIFO), NAME(S_IFMT), NAME(S_IFREG), NAME(S_IFSOCK),

	NAME(F_ADD_SEALS), NAME(F_DUPFD), NAME(F_DUPFD_CLOEXEC),
	NAME(F_GETFD), NAME(F_GETFL), NAME(F_GETLEASE), NAME(F_GETLK),
	NAME(F_GETOWN), NAME(F_GETOWN_EX), NAME(F_GETPIPE_SZ),
	NAME(F_GETSIG), NAME(F_GET_SEALS), NAME(F_OFD_GETLK),
	NAME(F_OFD_SETLK), NAME(F_OFD_SETLKW), NAME(F_SETFD),
	NAME(F_SETFL), NAME(F_SETLK), NAME(F_SETLKW), NAME(F_SETOWN),
	NAME(F_SETOWN_EX), NAME(F_SETPIPE_SZ), NAME(F_SETSIG),

	NAME(FICLONE), NAME(FICLONERANGE), NAME(FIOASYNC), NAME(FIOCLEX),
	NAME(FIOGETOWN), NAME(FIONBIO), NAME(FIONCLEX), NAME(FIONREAD),
	NAME(FIOSETOWN), NAME(FS_IOC_GETFLAGS),
	NAME(SIOCATMARK), NAME(SIOCGIFADDR), NAME(SIOCGIFBRDADDR),
	NAME(SIOCGIFCONF), NAME(SIOCGIFDSTADDR), NAME(SIOCGIFFLAGS),
	NAME(SIOCGIFHWADDR), NAME(SIOCGIFINDEX), NAME(SIOCGIFMTU),
	NAME(SIOCGIFMAP), NAME(SIOCGIFMETRIC), NAME(SIOCGIFNAME),
	NAME(SIOCGIFNETMASK), NAME(SIOCGIFTXQLEN),
	NAME(SIOCGPGRP), NAME(SIOCSPGRP),
	NAME(TCFLSH), NAME(TCGETA), NAME(TCGETS), NAME(TCGETS2),
	NAME(TCSBRK), NAME(TCSBRKP), NAME(TCSETA), NAME(TCSETAF),
	NAME(TCSETAW), NAME(TCSETS), NAME(TCSETS2), NAME(TCSETSF),
	NAME(TCSETSF2), NAME(TCSETSW), NAME(TCSETSW2), NAME(TCXONC),
	NAME(TIOCEXCL), NAME(TIOCGPGRP), NAME(TIOCGPTN),
	NAME(TIOCGPTPEER), NAME(TIOCGSID), NAME(TIOCGWINSZ),
	NAME(TIOCNOTTY), NAME(TIOCNXCL), NAME(TIOCOUTQ), NAME(TIOCPKT),
	NAME(TIOCSCTTY), NAME(TIOCSPGRP), NAME(TIOCSPTLCK),
	NAME(TIOCSWINSZ),

	NAME(PR_CAPBSET_READ), NAME(PR_GET_CHILD_SUBREAPER),
	NAME(PR_GET_DUMPABLE), NAME(PR_GET_KEEPCAPS), NAME(PR_GET_NAME),
	NAME(PR_GET_NO_NEW_PRIVS), NAME(PR_GET_PDEATHSIG),
	NAME(PR_GET_SECCOMP), NAME(PR_GET_SECUREBITS),
	NAME(PR_GET_THP_DISABLE), NAME(PR_GET_TIMERSLACK),
	NAME(PR_SET_CHILD_SUBREAPER), NAME(PR_SET_DUMPABLE),
	NAME(PR_SET_NAME), NAME(PR_SET_NO_NEW_PRIVS),
	NAME(PR_SET_PDEATHSIG), NAME(PR_SET_SECCOMP),
	NAME(PR_SET_THP_DISABLE), NAME(PR_SET_TIMERSLACK), NAME(PR_SET_VMA),
	NAME(SECCOMP_IOCTL_NOTIF_RECV), NAME(SECCOMP_IOCTL_NOTIF_SEND),
	NAME(SECCOMP_FILTER_FLAG_SPEC_ALLOW),
	NAME(SECCOMP_FILTER_FLAG_TSYNC),
	NAME(SECCOMP_FILTER_FLAG_TSYNC_ESRCH),
	NAME(SECCOMP_GET_ACTION_AVAIL), NAME(SECCOMP_GET_NOTIF_SIZES),
	NAME(SECCOMP_SET_MODE_FILTER), NAME(SECCOMP_SET_MODE_STRICT),
};
/* clang-format on */

static bool name_find(const char *text, size_t len, uint64_t *value)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i].name) != len ||
		    memcmp(names[i].name, text, len))
			continue;
		*value = names[i].value;
		return true;
	}
	return false;
}

/* Decimal, or hexadecimal after 0x; no sign, no octal. */
static bool number_parse(const char *text, size_t len, uint64_t *value)
{
	bool hex = len > 2 && text[0] == '0' && text[1] == 'x';
	const char *digits = hex ? "0123456789abcdef" : "0123456789";
	uint64_t base = hex ? 16 : 10;
	uint64_t sum = 0;

	for (size_t i = hex ? 2 : 0; i < len; i++) {
		const char *digit = memchr(digits, text[i], base);

		if (!digit || sum > (UINT64_MAX - 15) / base)
			return false;
		sum = sum * base + (uint64_t)(digit - digits);
	}
	if (len == 0 || (len > 1 && text[0] == '0' && !hex))
		return false;
	*value = sum;
	return true;
}

int bits_parse(const char *text, uint64_t *bits, struct sbx_error *err)
{
	uint64_t all = 0;

	for (;;) {
		size_t len = strcspn(text, "|");
		uint64_t value;

		if (!name_find(text, len, &value) &&
		    !number_parse(text, len, &value))
			return err_say(err, SBX_STAGE_SPEC, EINVAL,
			               "\"%.*s\" is neither a number (12, 0xc) "
			               "nor a name in tools/gen/filter-names.c",
			               (int)len, text);
		all |= value;
		if (!text[len])
			break;
		text += len + 1;
	}
	*bits = all;
	return 0;
}
