/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_pf.c - a PF: its driver, its VFs, its link */
#include <net/if.h>
#include <linux/if.h> /* IFF_LOWER_UP */
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "mem.h"
#include "rootfs.h"
#include "sysfs.h"

#define DEVICES  SYSFS_ROOT "/bus/pci/devices"
#define MELLANOX 0x15b3

bool doctor_is_meant(const struct doctor *d, const struct host_pf *pf)
{
	if (d->pf == pf || pf->n_vfs)
		return true;
	for (size_t p = 0; p < d->host->n; p++)
		if (d->host->pfs[p].n_vfs)
			return false;
	return true;
}

/* How bad it is that a PF is not ready: one that nobody uses for SR-IOV may be as it is. */
static enum doctor_verdict lack(const struct doctor *d, const struct host_pf *pf)
{
	return doctor_is_meant(d, pf) ? DOCTOR_TODO : DOCTOR_NOTE;
}

/* --- whether there is one --- */

struct nics {
	const struct doctor *d;
	struct doctor_finding *f;
	unsigned n;
};

static void enable_in_card(const char *pci, uint32_t vendor, struct doctor_finding *f)
{
	if (vendor == MELLANOX)
		doctor_remedy(
			f,
			"mstconfig -d %s set SRIOV_EN=1 NUM_OF_VFS=8 (package mstflint), then "
			"switch the machine off and on",
			pci);
	else
		doctor_remedy(f,
			      "in the firmware's setup, on the page of the card %s: enable SR-IOV",
			      pci);
}

/* Network controllers: PCI class 02. */
static int note_nic(const char *name, void *arg)
{
	struct nics *n = arg;
	uint32_t class, vendor = 0, device = 0;
	struct err unread;

	if (sysfs_read_u32(n->d->sys, &class, &unread, "bus/pci/devices/%s/class", name) < 0 ||
	    class >> 16 != 2)
		return 0;
	(void)sysfs_read_u32(n->d->sys, &vendor, &unread, "bus/pci/devices/%s/vendor", name);
	(void)sysfs_read_u32(n->d->sys, &device, &unread, "bus/pci/devices/%s/device", name);
	doctor_found(n->f, DOCTOR_TODO, "%s (%04x:%04x) has none", name, vendor, device);
	if (vendor == MELLANOX)
		enable_in_card(name, vendor, n->f);
	n->n++;
	return 0;
}

void doctor_nic(const struct doctor *d, const struct host_pf *pf, struct doctor_finding *f)
{
	struct nics n = {.d = d, .f = f};
	struct err e;

	(void)pf;
	if (d->host->n) {
		doctor_found(f, DOCTOR_OK, "%zu with the SR-IOV capability", d->host->n);
		return;
	}
	doctor_found(f, DOCTOR_TODO,
		     "no card shows the SR-IOV capability (sriov_totalvfs in " DEVICES
		     "): it cannot do it, or it is switched off in its own firmware or in the "
		     "machine's, which cannot be told from here");
	if (sysfs_each(d->sys, note_nic, &n, &e, "bus/pci/devices") < 0)
		doctor_found(f, DOCTOR_UNKNOWN, "%s", e.msg);
	doctor_remedy(f, "in the firmware's setup (BIOS, UEFI) enable SR-IOV, on the pages for PCI "
			 "Express and for the card");
	if (!n.n)
		doctor_remedy(f, "put in a network card that has SR-IOV");
}

/* --- the driver --- */

void doctor_driver(const struct doctor *d, const struct host_pf *pf, struct doctor_finding *f)
{
	uint32_t vendor = 0;
	struct err unread;

	if (!pf->driver[0]) {
		doctor_found(f, lack(d, pf), "no driver is bound (" DEVICES "/%s/driver)",
			     pf->dev.name);
		doctor_remedy(f, "modprobe \"$(cat " DEVICES "/%s/modalias)\"", pf->dev.name);
		doctor_remedy(f, "echo %s >" SYSFS_ROOT "/bus/pci/drivers_probe", pf->dev.name);
		return;
	}
	if (vfdev_is_userspace(pf->driver)) {
		doctor_found(f, DOCTOR_NOTE,
			     "%s hands it on as a whole; there is no interface to set VFs by",
			     pf->driver);
		return;
	}
	if (!pf->total) {
		(void)sysfs_read_u32(d->sys, &vendor, &unread, "bus/pci/devices/%s/vendor",
				     pf->dev.name);
		doctor_found(f, lack(d, pf), "%s lets it have no VFs (sriov_totalvfs is 0)",
			     pf->driver);
		enable_in_card(pf->dev.name, vendor, f);
		return;
	}
	if (!pf->dev.ifname[0]) {
		doctor_found(
			f, lack(d, pf),
			"%s is bound, but there is no interface on the host (" DEVICES
			"/%s/net): it is in another network namespace, or the card is none for "
			"Ethernet",
			pf->driver, pf->dev.name);
		doctor_remedy(f, "end the container that has it, or bring it back: ip -n NAMESPACE "
				 "link set INTERFACE netns 1");
		return;
	}
	if (pf->n_vfs)
		doctor_found(f, DOCTOR_OK, "%s makes VFs", pf->driver);
	else
		doctor_found(f, DOCTOR_OK,
			     "%s; whether it makes VFs is shown by the first one alone",
			     pf->driver);
}

/* --- VFs --- */

void doctor_vfs(const struct doctor *d, const struct host_pf *pf, struct doctor_finding *f)
{
	if (!pf->total)
		return; /* doctor_driver() */
	if (pf->n_vfs) {
		doctor_found(f, DOCTOR_OK, "%u of %u", pf->n_vfs, pf->total);
		return;
	}
	doctor_found(f, lack(d, pf), "0; it can have 1 to %u (" DEVICES "/%s/sriov_totalvfs)",
		     pf->total, pf->dev.name);
	doctor_remedy(f, "sriovctl vfs %s %u", host_pf_name(pf), pf->total);
}

void doctor_vf_drivers(const struct doctor *d, const struct host_pf *pf, struct doctor_finding *f)
{
	unsigned none = 0;

	(void)d;
	for (uint32_t i = 0; i < pf->n_vfs; i++)
		none += !pf->vfs[i].dev.driver[0];
	if (!pf->n_vfs)
		return;
	if (!none && pf->autoprobe) {
		doctor_found(f, DOCTOR_OK, "each VF has one");
		return;
	}
	if (!pf->autoprobe) {
		doctor_found(f, DOCTOR_NOTE,
			     "the kernel looks for none by itself (" DEVICES
			     "/%s/sriov_drivers_autoprobe is 0); %u of %u VFs have none",
			     pf->dev.name, none, pf->n_vfs);
		doctor_remedy(f, "echo 1 >" DEVICES "/%s/sriov_drivers_autoprobe", pf->dev.name);
	} else {
		doctor_found(f, none == pf->n_vfs ? DOCTOR_TODO : DOCTOR_NOTE,
			     "%u of %u VFs have none (" DEVICES "/%s/virtfn*/driver)", none,
			     pf->n_vfs, pf->dev.name);
	}
	if (!none)
		return;
	doctor_remedy(f, "modprobe \"$(cat " DEVICES "/%s/virtfn0/modalias)\"", pf->dev.name);
	doctor_remedy(f,
		      "for vf in " DEVICES "/%s/virtfn*; do basename \"$(readlink \"$vf\")\" "
		      ">" SYSFS_ROOT "/bus/pci/drivers_probe; done",
		      pf->dev.name);
}

void doctor_isolation(const struct doctor *d, const struct host_pf *pf, struct doctor_finding *f)
{
	unsigned shared = 0, in_group = 0;
	char companions[160], first[160] = "";
	struct err unread;
	uint32_t n = 0;

	for (uint32_t i = 0; i < pf->n_vfs; i++) {
		const struct host_vf *vf = &pf->vfs[i];

		if (!vf->group[0])
			continue;
		in_group++;
		if (vfio_list_companions(d->sys, vf->dev.name, companions, sizeof(companions),
					 &unread) < 0 ||
		    !companions[0])
			continue;
		if (!shared++) {
			n = i;
			memcpy(first, companions, sizeof(first));
		}
	}
	if (!in_group)
		return; /* doctor_iommu() */
	if (!shared) {
		doctor_found(f, DOCTOR_OK, "each VF is in an IOMMU group of its own");
		return;
	}
	doctor_found(
		f, DOCTOR_NOTE,
		"%u of %u VFs share an IOMMU group with devices that have a driver of the host, "
		"and cannot go to a guest alone: VF %u is with %s",
		shared, in_group, n, first);
	doctor_remedy(f,
		      "for guests: enable ACS in the firmware's setup, or put the card into a slot "
		      "of the CPU itself; containers are not concerned");
}

/* --- the link --- */

void doctor_link(const struct doctor *d, const struct host_pf *pf, struct doctor_finding *f)
{
	if (!pf->dev.ifname[0])
		return; /* doctor_driver() */
	if (!(pf->link.flags & IFF_UP)) {
		doctor_found(f, lack(d, pf), "%s is down: its VFs have no link", pf->dev.ifname);
		doctor_remedy(f, "ip link set %s up", pf->dev.ifname);
	} else if (!(pf->link.flags & IFF_LOWER_UP)) {
		doctor_found(f, lack(d, pf), "%s is up, but has no carrier", pf->dev.ifname);
		doctor_remedy(
			f,
			"if it was brought up just now, ask again in some seconds; else look at "
			"cable, transceiver and switch port: ethtool %s",
			pf->dev.ifname);
	} else {
		doctor_found(f, DOCTOR_OK, "up, with carrier");
	}
}

void doctor_mtu(const struct doctor *d, const struct host_pf *pf, struct doctor_finding *f)
{
	uint32_t largest = 0, smaller = 0;

	(void)d;
	if (!pf->dev.ifname[0])
		return;
	for (uint32_t i = 0; i < pf->n_vfs; i++) {
		const struct host_vf *vf = &pf->vfs[i];

		if (!vf->link.ifindex)
			continue;
		smaller += vf->link.mtu < pf->link.mtu;
		if (vf->link.mtu > pf->link.mtu)
			doctor_found(f, DOCTOR_TODO, "%s has %u", vf->dev.ifname, vf->link.mtu);
		if (vf->link.mtu > largest)
			largest = vf->link.mtu;
	}
	if (largest > pf->link.mtu) {
		doctor_found(f, DOCTOR_TODO, "%s has %u: larger packets of these VFs may be lost",
			     pf->dev.ifname, pf->link.mtu);
		doctor_remedy(f, "ip link set %s mtu %u", pf->dev.ifname, largest);
	} else if (smaller) {
		doctor_found(f, DOCTOR_OK,
			     "%u; %u VFs on the host have less, which \"mtu\" of a "
			     "network's configuration changes",
			     pf->link.mtu, smaller);
	} else {
		doctor_found(f, DOCTOR_OK, "%u", pf->link.mtu);
	}
}

/* --- at boot --- */

void doctor_boot(const struct doctor *d, const struct host_pf *pf, struct doctor_finding *f)
{
	if (!pf->n_vfs)
		return;
	if (rootfs_exists(d->root, "etc/sriovctl/%s.conf", pf->dev.name)) {
		doctor_found(f, DOCTOR_OK, "its VFs are stored in /etc/sriovctl/%s.conf",
			     pf->dev.name);
		return;
	}
	doctor_found(
		f, DOCTOR_NOTE,
		"no /etc/sriovctl/%s.conf: its VFs are gone after a boot, unless something else "
		"makes them, which is not looked at",
		pf->dev.name);
	doctor_remedy(f, "sriovctl persist %s", host_pf_name(pf));
}
