/* SPDX-License-Identifier: Apache-2.0 */
/* show_sysfs.c - what show says of a device by sysfs, and by its driver */
#include "show_sysfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "nic.h"
#include "sysfs.h"
#include "vfdev.h"

#define DEVICES "bus/pci/devices"

/* A file of a device, "" where it is not there. */
static void read_file(int sys, char buf[static 64], const char *pci, const char *file)
{
	struct err unread;

	if (sysfs_read(sys, buf, 64, &unread, DEVICES "/%s/%s", pci, file) < 0)
		buf[0] = '\0';
}

void show_numa_node(struct out_page *p, int sys, const char *pci, const char *key)
{
	char node[64];

	read_file(sys, node, pci, "numa_node");
	if (!strcmp(node, "-1"))
		node[0] = '\0';
	out_text(p, NULL, "NUMA node", "%s", node);
	if (node[0])
		out_value(p, key, json_integer(strtol(node, NULL, 10)));
}

/* Of a VF it is the PF's. */
void show_pcie_link(struct out_page *p, int sys, const char *pci)
{
	char speed[64], width[64], max_speed[64], max_width[64];

	read_file(sys, speed, pci, "current_link_speed");
	read_file(sys, width, pci, "current_link_width");
	read_file(sys, max_speed, pci, "max_link_speed");
	read_file(sys, max_width, pci, "max_link_width");
	out_text(p, NULL, "PCIe link", "%s x%s, of %s x%s", speed, width, max_speed, max_width);
	out_value(p, "pcieLink",
		  json_pack("{s:s, s:s, s:s, s:s}", "speed", speed, "width", width, "maxSpeed",
			    max_speed, "maxWidth", max_width));
}

struct members {
	struct pciaddr addrs[512];
	size_t n;
};

static int note_member(const char *pci, void *arg)
{
	struct members *m = arg;

	if (m->n < ARRAY_SIZE(m->addrs) && pciaddr_parse(pci, &m->addrs[m->n]) == 0)
		m->n++;
	return 0;
}

static int by_address(const void *a, const void *b)
{
	return pciaddr_compare(a, b);
}

/* People see the first of what else is in the group; programs all of it. */
#define SHOWN 8

void show_group(struct out_page *p, int sys, const char *pci, const char *group)
{
	struct members m = {.n = 0};
	json_t *all = json_array();
	char text[SHOWN * (PCIADDR_TEXT + VFDEV_DRIVER) + 64] = "";
	size_t len = 0, others = 0;
	struct err unread;

	if (group[0])
		(void)sysfs_each(sys, note_member, &m, &unread, "kernel/iommu_groups/%s/devices",
				 group);
	qsort(m.addrs, m.n, sizeof(*m.addrs), by_address);
	for (size_t i = 0; i < m.n; i++) {
		char name[PCIADDR_TEXT], driver[VFDEV_DRIVER];

		pciaddr_text(&m.addrs[i], name);
		if (sysfs_link_name(sys, driver, sizeof(driver), &unread, DEVICES "/%s/driver",
				    name) < 0)
			driver[0] = '\0';
		(void)json_array_append_new(all,
					    json_pack("{s:s, s:s}", "pci", name, "driver", driver));
		if (strcmp(name, pci) != 0 && others++ < SHOWN)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %s (%s)",
						len ? "," : ", with", name,
						driver[0] ? driver : "no driver");
	}
	if (others > SHOWN)
		(void)snprintf(text + len, sizeof(text) - len, " and %zu more", others - SHOWN);
	out_text(p, NULL, "IOMMU group", "%s%s", group[0] ? group : "none: no IOMMU is on",
		 group[0] && !others ? ", alone" : text);
	out_value(p, "iommuGroupMembers", all);
}

void show_driver(struct out_page *p, const char *driver, const char *ifname)
{
	struct nic_versions v = {0};

	if (ifname[0])
		nic_read_versions(ifname, &v);
	out_text(p, NULL, "driver", "%s%s%s%s%s", driver[0] ? driver : "none",
		 v.driver[0] ? ", version " : "", v.driver, v.firmware[0] ? ", firmware " : "",
		 v.firmware);
	out_text(p, "driverVersion", NULL, "%s", v.driver);
	out_text(p, "firmware", NULL, "%s", v.firmware);
}
