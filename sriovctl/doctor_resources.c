/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_resources.c - what the firmware has to give a PF for its VFs: addresses and bus numbers */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootconf.h"
#include "mem.h"
#include "rootfs.h"
#include "sysfs.h"

#define DEVICES SYSFS_ROOT "/bus/pci/devices"

/*
 * The kernel's numbers of a PF's resources: 6 BARs, the ROM, then the BARs of its VFs. One that
 * could not be given an address keeps its type and has none, or is all zero. Source:
 * include/linux/pci.h; resource_show(), drivers/pci/pci-sysfs.c; reset_resource() and
 * pci_assign_resource(), drivers/pci/setup-*.c; sriov_enable(), drivers/pci/iov.c.
 */
#define FIRST_VF_BAR 7
#define LAST_VF_BAR  12
#define UNSET        0x20000000U /* IORESOURCE_UNSET, linux/ioport.h */

struct bars {
	unsigned wanted, given;
	bool read;
};

static struct bars read_bars(const struct doctor *d, const struct host_pf *pf)
{
	char text[4096];
	struct err unread;
	struct bars b = {0};
	const char *at = text;
	ssize_t n = sysfs_read_all(d->sys, text, sizeof(text) - 1, &unread,
				   "bus/pci/devices/%s/resource", pf->dev.name);

	text[n > 0 ? n : 0] = '\0';
	for (int i = 0; i <= LAST_VF_BAR && *at; i++) {
		unsigned long long v[3]; /* start, end, flags */

		for (size_t j = 0; j < ARRAY_SIZE(v); j++) {
			char *behind;

			v[j] = strtoull(at, &behind, 16);
			if (behind == at)
				return b;
			at = behind;
		}
		at += strcspn(at, "\n");
		at += *at == '\n';
		b.read = i == LAST_VF_BAR;
		if (i < FIRST_VF_BAR || !v[2])
			continue;
		b.wanted++;
		b.given += v[0] && !(v[2] & UNSET);
	}
	return b;
}

static void check_bars(const struct doctor *d, const struct host_pf *pf, struct doctor_finding *f)
{
	struct bars b = read_bars(d, pf);
	struct err unread;
	_cleanup_free_ char *line = NULL;

	if (!b.read) {
		doctor_found(f, DOCTOR_UNKNOWN, DEVICES "/%s/resource cannot be read",
			     pf->dev.name);
		return;
	}
	if (b.wanted && b.given == b.wanted) {
		doctor_found(f, DOCTOR_OK, "addresses for VFs (%u BARs in " DEVICES "/%s/resource)",
			     b.given, pf->dev.name);
		return;
	}
	doctor_found(f, doctor_is_meant(d, pf) ? DOCTOR_TODO : DOCTOR_NOTE,
		     "the firmware left no room for the VFs' addresses (lines %d to %d of " DEVICES
		     "/%s/resource)",
		     FIRST_VF_BAR + 1, LAST_VF_BAR + 1, pf->dev.name);
	doctor_remedy(
		f, "in the firmware's setup (BIOS, UEFI) enable SR-IOV and \"Above 4G Decoding\" "
		   "(also called MMIO above 4 GB)");
	line = rootfs_read(d->root, &unread, "proc/cmdline");
	if (line && bootline_has(line, "pci", "realloc"))
		return;
	doctor_remedy(f, "if that does not help, let the kernel look for room:");
	bootconf_remedy(d, &(struct bootline_change){.add = {"pci=realloc"}}, f);
}

/*
 * A VF can be on another bus than its PF, which the bridge above has to have: its buses end with
 * its subordinate number. Source: PCIe base specification, 9.2.1.2; sriov_enable().
 */
static void check_buses(const struct doctor *d, const struct host_pf *pf, struct doctor_finding *f)
{
	uint32_t last, ari = 0, fit = 0;
	struct err none;

	if (!pf->dev.offset ||
	    sysfs_read_u32(d->sys, &last, &none, "bus/pci/devices/%s/../subordinate_bus_number",
			   pf->dev.name) < 0)
		return; /* on a root bus */
	while (fit < pf->total &&
	       (pf->dev.addr.rid + pf->dev.offset + fit * pf->dev.stride) >> 8 <= last)
		fit++;
	if (fit == pf->total)
		return;
	(void)sysfs_read_u32(d->sys, &ari, &none, "bus/pci/devices/%s/ari_enabled", pf->dev.name);
	doctor_found(f, fit || !doctor_is_meant(d, pf) ? DOCTOR_NOTE : DOCTOR_TODO,
		     "bus numbers for %u of %u VFs alone: the bridge above has buses up to %02x%s",
		     fit, pf->total, last, ari ? "" : ", and ARI is off");
	doctor_remedy(f, "in the firmware's setup (BIOS, UEFI) enable SR-IOV%s",
		      ari ? "" : " and ARI (Alternative Routing-ID Interpretation)");
	doctor_remedy(f, "if that does not help, let the kernel number the buses:");
	bootconf_remedy(d, &(struct bootline_change){.add = {"pci=assign-busses"}}, f);
}

void doctor_resources(const struct doctor *d, const struct host_pf *pf, struct doctor_finding *f)
{
	check_bars(d, pf, f);
	check_buses(d, pf, f);
}
