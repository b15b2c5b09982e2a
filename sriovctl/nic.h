/* SPDX-License-Identifier: Apache-2.0 */
/* nic.h - what a netdev's driver says of itself and its card */
#pragma once

struct nic_versions {
	char driver[32], firmware[32]; /* "": it does not say */
};

/* Asks the driver of a netdev on the host, as ethtool -i does. One that does not answer says
 * nothing. */
void nic_read_versions(const char *ifname, struct nic_versions *ret);
