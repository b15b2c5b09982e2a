/* SPDX-License-Identifier: Apache-2.0 */
/* netns.c - open a network namespace; run one function inside it and come back */
#include "netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cni.h"
#include "mem.h"

#define OWN_NETNS "/proc/self/ns/net"

#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000U /* from Linux 6.8 on */
#endif

/* Of path below the descriptor at; "": of at itself. */
static int identify(int at, const char *path, struct netns_id *ret)
{
	struct statx st;

	if (statx(at, path, AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID_UNIQUE, &st) < 0)
		return -1;
	*ret = (struct netns_id){makedev(st.stx_dev_major, st.stx_dev_minor), st.stx_ino, 0};
	/* all that /proc/PID/ns leads to is on one mount of the kernel's own, which holds nothing
	 */
	if (st.stx_mask & STATX_MNT_ID_UNIQUE && st.stx_attributes & STATX_ATTR_MOUNT_ROOT)
		ret->mount = st.stx_mnt_id;
	return 0;
}

int netns_open(const char *path, struct netns_id *ret_id, struct err *e)
{
	/* O_NONBLOCK: should the path be a fifo, no writer is waited for */
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct netns_id id;

	if (fd < 0)
		return err_set(e, errno == ENOENT || errno == ENOTDIR ? CNI_EUNKNOWN : CNI_EIO,
			       errno, "network namespace %s cannot be opened", path);
	if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)
		return err_set(e, CNI_EUNKNOWN, EINVAL, "%s is not a network namespace", path);
	if (identify(fd, "", &id) < 0)
		return err_set(e, CNI_EIO, errno, "cannot look at network namespace %s", path);
	if (ret_id)
		*ret_id = id;
	return TAKE_FD(fd);
}

bool netns_is_mounted(const char *path, const struct netns_id *id)
{
	struct netns_id now;

	return id->mount && !identify(AT_FDCWD, path, &now) && now.mount == id->mount &&
	       netns_same(&now, id);
}

int netns_open_own(struct netns_id *ret_id, struct err *e)
{
	return netns_open(OWN_NETNS, ret_id, e);
}

int netns_run(int own_fd, int netns_fd, int (*fn)(void *arg, struct err *e), void *arg,
	      struct err *e)
{
	if (setns(netns_fd, CLONE_NEWNET) < 0)
		return err_set(e, CNI_EKERNEL, errno,
			       "cannot enter the network namespace; this needs CAP_SYS_ADMIN");

	int r = fn(arg, e);

	if (setns(own_fd, CLONE_NEWNET) < 0)
		return err_set(e, CNI_EKERNEL, errno,
			       "cannot return to the host's network namespace");
	return r;
}

uint64_t netns_socket_cookie(int socket_fd)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	return getsockopt(socket_fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) < 0 ? 0 : cookie;
}

static int open_socket(void *arg, struct err *e)
{
	(void)e;
	*(int *)arg = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return 0;
}

uint64_t netns_cookie(int netns_fd)
{
	_cleanup_fd_ int own = open(OWN_NETNS, O_RDONLY | O_CLOEXEC);
	_cleanup_fd_ int fd = -1;
	struct err unread;

	if (own < 0 || netns_run(own, netns_fd, open_socket, &fd, &unread) < 0)
		return 0;
	return netns_socket_cookie(fd);
}
