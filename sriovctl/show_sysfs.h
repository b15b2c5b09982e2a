/* SPDX-License-Identifier: Apache-2.0 */
/* show_sysfs.h - what show says of a device by sysfs, and by its driver */
#pragma once

#include "out.h"

/* Of the device at a PCI address: its NUMA node, by this key (NULL: for people alone). */
void show_numa_node(struct out_page *p, int sys, const char *pci, const char *key);

/* How fast its PCIe link is, and could be. A VF has none of its own. */
void show_pcie_link(struct out_page *p, int sys, const char *pci);

/* Its IOMMU group ("": none), with all that is in it. */
void show_group(struct out_page *p, int sys, const char *pci, const char *group);

/* Its driver ("": none), with what that says of itself. ifname: its netdev on the host, "": none.
 */
void show_driver(struct out_page *p, const char *driver, const char *ifname);
