/* SPDX-License-Identifier: Apache-2.0 */
/* nic.c - what a netdev's driver says of itself and its card */
#include "nic.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "mem.h"

void nic_read_versions(const char *ifname, struct nic_versions *ret)
{
	_cleanup_fd_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq ifr = {.ifr_data = (char *)&info};

	*ret = (struct nic_versions){0};
	(void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, &ifr) < 0)
		return;
	(void)snprintf(ret->driver, sizeof(ret->driver), "%s", info.version);
	(void)snprintf(ret->firmware, sizeof(ret->firmware), "%s", info.fw_version);
}
