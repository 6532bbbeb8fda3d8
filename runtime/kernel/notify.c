/* SPDX-License-Identifier: MIT */
#include "kernel/notify.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/ioctl.h>

#include "kernel/filter.h"
#include "kernel/sys.h"

static int install(const struct sock_filter *code, size_t n_code,
                   unsigned flags)
{
	struct sock_fprog program = {
		.len = (unsigned short)n_code,
		.filter = (struct sock_filter *)code,
	};
	int r = sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, &program);

	return r < 0 ? -errno : r;
}

int filter_install(const struct sock_filter *code, size_t n_code)
{
	return install(code, n_code, 0);
}

int notify_install(const struct sock_filter *code, size_t n_code)
{
	/* WAIT_KILLABLE_RECV: once the listener has a call, a signal no longer
	 * restarts it, so a program that is signalled often makes progress. */
	return install(code, n_code,
	               SECCOMP_FILTER_FLAG_NEW_LISTENER |
	                       SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
}

int notify_receive(int listener, struct refused_call *call)
{
	struct seccomp_notif request;

	memset(&request, 0, sizeof(request)); /* the kernel insists */
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
		/* ENOENT: the caller of this call died meanwhile. */
		return errno == ENOENT || errno == EINTR ? 0 : -errno;
	call->arch = request.data.arch;
	call->number = (uint32_t)request.data.nr;
	call->id = request.id;
	return 1;
}

int notify_refuse(int listener, const struct refused_call *call)
{
	struct seccomp_notif_resp response = {
		.id = call->id,
		.error = -EPERM,
	};
	int r;

	/* A signal that comes meanwhile must not cost the answer: its caller
	 * would wait for ever. ENOENT: the caller is gone. */
	do
		r = ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
	while (r < 0 && errno == EINTR);
	return r < 0 && errno != ENOENT ? -errno : 0;
}

bool call_is_native(const struct refused_call *call)
{
	return call->arch == FILTER_ARCH && !(call->number & FILTER_X32_BIT);
}
