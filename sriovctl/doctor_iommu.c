/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_iommu.c - the IOMMU: what the firmware announces, and what has become of it */
#include "doctor_iommu.h"

#include <stdio.h>
#include <string.h>

#include "mem.h"
#include "rootfs.h"
#include "sysfs.h"

#define TABLES "firmware/acpi/tables"
#define GROUPS "kernel/iommu_groups"

static const struct doctor_platform platforms[] = {
	{"GenuineIntel, CentaurHauls,   Shanghai  ",
	 "VT-d",
	 "DMAR",
	 "VT-d (\"Intel Virtualization Technology for Directed I/O\")",
	 "QEMU: -machine q35,kernel-irqchip=split -device intel-iommu,intremap=on; libvirt: "
	 "<iommu model='intel'><driver intremap='on'/></iommu>",
	 "intel_iommu",
	 "iommu=pt",
	 {.add = {"intel_iommu=on", "iommu=pt"}, .drop = {"intel_iommu=off", "iommu=off"}}},
	{"AuthenticAMD, HygonGenuine",
	 "AMD-Vi",
	 "IVRS",
	 "IOMMU (also called AMD-Vi): Enabled",
	 "QEMU: -machine q35 -device amd-iommu,intremap=on",
	 "amd_iommu",
	 "iommu=pt",
	 {.add = {"iommu=pt"}, .drop = {"amd_iommu=off", "iommu=off"}}},
	{"",
	 "SMMU",
	 "IORT",
	 "SMMU (or IOMMU)",
	 "QEMU: -machine virt,iommu=smmuv3; libvirt: <iommu model='smmuv3'/>",
	 NULL,
	 "iommu.passthrough=1",
	 {{0}, {0}}},
};

/* The value of a line "key : value" of /proc/cpuinfo; "" where there is none. */
static void cpu_value(const char *cpuinfo, const char *key, char *ret, size_t size)
{
	const char *at = strstr(cpuinfo, key);

	ret[0] = '\0';
	at = at ? strchr(at, ':') : NULL;
	if (at)
		(void)snprintf(ret, size, "%.*s", (int)strcspn(at + 1, "\n"), at + 1);
}

/* By the table of ACPI, else by the CPU: a virtual machine's need not go together. */
const struct doctor_platform *doctor_platform(const struct doctor *d)
{
	struct err unread;
	_cleanup_free_ char *cpuinfo = rootfs_read(d->root, &unread, "proc/cpuinfo");
	size_t last = ARRAY_SIZE(platforms) - 1;
	char vendor[32];

	cpu_value(cpuinfo ?: "", "vendor_id", vendor, sizeof(vendor));
	for (size_t i = 0; i < last; i++)
		if (sysfs_exists(d->sys, &unread, TABLES "/%s", platforms[i].table) == 1)
			return &platforms[i];
	for (size_t i = 0; i < last; i++)
		if (vendor[0] && strstr(platforms[i].vendors, vendor + 1))
			return &platforms[i];
	return &platforms[last];
}

static bool is_virtual(const struct doctor *d)
{
	struct err unread;
	_cleanup_free_ char *cpuinfo = rootfs_read(d->root, &unread, "proc/cpuinfo");
	char flags[8192];

	cpu_value(cpuinfo ?: "", "\nflags", flags, sizeof(flags));
	return strstr(flags, " hypervisor");
}

struct groups {
	int sys;
	unsigned n;
};

static int count(const char *name, void *arg)
{
	struct groups *g = arg;

	g->n += !vfio_is_made_up(g->sys, name);
	return 0;
}

static unsigned count_groups(const struct doctor *d)
{
	struct groups g = {.sys = d->sys};
	struct err unread;

	return sysfs_each(d->sys, count, &g, &unread, GROUPS) < 0 ? 0 : g.n;
}

bool doctor_iommu_is_on(const struct doctor *d)
{
	return count_groups(d) > 0;
}

void doctor_iommu_firmware(const struct doctor *d, const struct host_pf *pf,
			   struct doctor_finding *f)
{
	const struct doctor_platform *p = doctor_platform(d);
	struct err unread;

	(void)pf;
	if (sysfs_exists(d->sys, &unread, TABLES "/%s", p->table) == 1) {
		doctor_found(f, DOCTOR_OK, "%s is on: " SYSFS_ROOT "/" TABLES " has %s", p->name,
			     p->table);
		return;
	}
	if (doctor_iommu_is_on(d)) {
		doctor_found(f, DOCTOR_OK,
			     "no %s in " SYSFS_ROOT "/" TABLES
			     ", but the kernel has found an IOMMU",
			     p->table);
		return;
	}
	if (sysfs_exists(d->sys, &unread, TABLES) != 1) {
		doctor_found(f, DOCTOR_UNKNOWN,
			     "this firmware has no ACPI (" SYSFS_ROOT "/" TABLES
			     " is not there), and tells of no IOMMU");
		return;
	}
	doctor_found(f, DOCTOR_TODO,
		     "no %s in " SYSFS_ROOT "/" TABLES
		     ": %s is switched off in the firmware, or this "
		     "machine has none, which cannot be told from here",
		     p->table, p->name);
	if (is_virtual(d))
		doctor_remedy(f, "this is a virtual machine: give it an IOMMU; %s", p->virtual);
	else
		doctor_remedy(f, "in the firmware's setup (BIOS, UEFI) enable %s", p->setting);
}

void doctor_iommu(const struct doctor *d, const struct host_pf *pf, struct doctor_finding *f)
{
	unsigned groups = count_groups(d);

	(void)pf;
	if (!groups) {
		doctor_found(
			f, DOCTOR_TODO,
			"off: " SYSFS_ROOT "/" GROUPS
			" has none; VFs for guests and DPDK (vfio-pci) need it, for containers "
			"with the VFs' own driver it is not needed");
		doctor_remedy(f,
			      "do what iommu-firmware and kernel-line say; if these are in order, "
			      "look into: dmesg | grep -i -e DMAR -e AMD-Vi -e SMMU");
		return;
	}
	doctor_found(f, DOCTOR_OK, "%u groups in " SYSFS_ROOT "/" GROUPS, groups);
	for (size_t p = 0; p < d->host->n; p++)
		if (!d->host->pfs[p].group[0])
			doctor_found(f, DOCTOR_NOTE, "%s is in none: its VFs cannot go to a guest",
				     d->host->pfs[p].dev.name);
}
