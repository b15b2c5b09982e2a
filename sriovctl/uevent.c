/* SPDX-License-Identifier: Apache-2.0 */
/* uevent.c - the kernel's events: a device appeared, got a driver, changed, went */
#include "uevent.h"

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include "cni.h"
#include "mem.h"

#define KERNEL_GROUP 1 /* 2: what udev makes of them */

int uevent_open(struct err *e)
{
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP};
	_cleanup_fd_ int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return err_set(e, CNI_EKERNEL, errno, "cannot listen to the kernel's events");
	return TAKE_FD(fd);
}

int uevent_wait(int fd, int other, int timeout_ms)
{
	struct pollfd p[] = {{.fd = fd, .events = POLLIN}, {.fd = other, .events = POLLIN}};
	char text[4096]; /* larger than any: UEVENT_BUFFER_SIZE is 2048 */

	if (poll(p, ARRAY_SIZE(p), timeout_ms) == 0)
		return 0;
	while (recv(fd, text, sizeof(text), 0) >= 0)
		; /* one look is enough for all that have come */
	return 1;
}
