/* SPDX-License-Identifier: Apache-2.0 */
/* ready.c - VFs that have just been made or bound: until they have what they will have */
#include "ready.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "mem.h"
#include "sysfs.h"
#include "uevent.h"

#define DEVICES "bus/pci/devices"

/*
 * Where udev runs, it keeps a file for each interface that it has seen to: until it is there the
 * interface may get another name. It writes the file once before the name is changed as well, and
 * says so in it (rename_netif(), src/udev/udev-event.c of systemd).
 */
static bool is_named(int sys, const struct vfdev *vf)
{
	char path[64], text[8192];
	_cleanup_fd_ int fd = -1;
	uint32_t ifindex;
	struct err gone;
	ssize_t n;

	if (access("/run/udev/control", F_OK) < 0)
		return true;
	if (sysfs_read_u32(sys, &ifindex, &gone, DEVICES "/%s/net/%s/ifindex", vf->name,
			   vf->ifname) < 0)
		return false;
	(void)snprintf(path, sizeof(path), "/run/udev/data/n%u", ifindex);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return false;
	text[n] = '\0';
	return !strstr(text, "E:ID_RENAMING=1");
}

enum ready ready_look(int sys, const struct vfdev_pf *pf, uint32_t index, struct vfdev *ret)
{
	struct vfdev vf = {.pf_addr = pf->addr, .index = index};
	struct err gone;

	/* where VFs lie depends on their number: the link is right at any time */
	if (sysfs_link_name(sys, vf.name, sizeof(vf.name), &gone, DEVICES "/%s/virtfn%u", pf->name,
			    index) < 0 ||
	    pciaddr_parse(vf.name, &vf.addr) < 0)
		return READY_NO;
	memcpy(vf.pf, pf->name, sizeof(vf.pf));
	memcpy(vf.pf_ifname, pf->ifname, sizeof(vf.pf_ifname));
	if (vfdev_refresh(sys, &vf, &gone) < 0)
		return READY_NO;
	*ret = vf;
	if (!vf.driver[0])
		return READY_DRIVERLESS;
	if (vfdev_is_userspace(vf.driver))
		return READY_YES;
	return !vf.ifname[0] ? READY_LINKLESS : is_named(sys, &vf) ? READY_YES : READY_UNNAMED;
}

enum ready ready_await(int sys, int events, const struct vfdev_pf *pf, uint32_t index,
		       struct vfdev *ret)
{
	int64_t end = clock_ms() + READY_LINK_MS;

	for (;;) {
		enum ready r = ready_look(sys, pf, index, ret);

		/* udev's file comes without an event of the kernel */
		if ((r != READY_LINKLESS && r != READY_UNNAMED) || !clock_left_ms(end))
			return r;
		(void)uevent_wait(events, -1, r == READY_UNNAMED ? 20 : clock_left_ms(end));
	}
}
