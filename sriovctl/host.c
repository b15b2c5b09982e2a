/* SPDX-License-Identifier: Apache-2.0 */
/* host.c - the PFs and VFs of this host: a snapshot */
#include "host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cni.h"
#include "host_user.h"
#include "mem.h"
#include "sysfs.h"

#define DEVICES "bus/pci/devices"

/* Text of a file or link that may be missing: then "". */
static void read_text(int sys, char *buf, size_t size, const char *pci, const char *file)
{
	struct err unread;

	if (sysfs_read(sys, buf, size, &unread, DEVICES "/%s/%s", pci, file) < 0)
		buf[0] = '\0';
}

static void read_driver(int sys, const char *pci, char driver[static VFDEV_DRIVER])
{
	struct err unread;

	if (sysfs_link_name(sys, driver, VFDEV_DRIVER, &unread, DEVICES "/%s/driver", pci) < 0)
		driver[0] = '\0';
}

static void read_group(int sys, const char *pci, char group[static VFIO_GROUP])
{
	struct err unread;

	if (vfio_find_group(sys, pci, group, &unread) <= 0)
		group[0] = '\0';
}

/* One VF. What the kernel takes away while it is read is left empty. */
static void read_vf(int sys, const struct host_pf *pf, const struct rt_pf *told, uint32_t index,
		    struct host_vf *ret)
{
	struct err gone;

	vfdev_nth(&pf->dev, index, &ret->dev);
	if (vfdev_refresh(sys, &ret->dev, &gone) < 0)
		ret->dev.driver[0] = ret->dev.ifname[0] = '\0';
	read_group(sys, ret->dev.name, ret->group);
	if (index < told->n_vfs)
		ret->attrs = told->vfs[index];
}

static int read_pf(int sys, struct rt *rt, const struct pciaddr *addr, struct host_pf *ret,
		   struct err *e)
{
	_cleanup_(rt_pf_clear) struct rt_pf told = {0};
	char text[32];
	struct err unread;

	pciaddr_text(addr, ret->dev.name);
	ret->dev.addr = *addr;
	if (sysfs_read_u32(sys, &ret->total, e, DEVICES "/%s/sriov_totalvfs", ret->dev.name) < 0 ||
	    sysfs_read_u32(sys, &ret->n_vfs, e, DEVICES "/%s/sriov_numvfs", ret->dev.name) < 0 ||
	    sysfs_read_u32(sys, &ret->dev.offset, e, DEVICES "/%s/sriov_offset", ret->dev.name) <
		    0 ||
	    sysfs_read_u32(sys, &ret->dev.stride, e, DEVICES "/%s/sriov_stride", ret->dev.name) < 0)
		return -1;
	if (vfdev_pf_ifname(sys, ret->dev.name, ret->dev.ifname, &unread) < 0)
		ret->dev.ifname[0] = '\0';
	read_driver(sys, ret->dev.name, ret->driver);
	read_group(sys, ret->dev.name, ret->group);
	read_text(sys, text, sizeof(text), ret->dev.name, "numa_node");
	ret->numa_node = text[0] ? (int)strtol(text, NULL, 10) : -1;
	read_text(sys, text, sizeof(text), ret->dev.name, "sriov_drivers_autoprobe");
	ret->autoprobe = text[0] != '0';
	if (ret->dev.ifname[0] && rt_pf_get(rt, ret->dev.ifname, &told, &unread) == 0)
		ret->link = told.link;
	if (ret->n_vfs == 0)
		return 0;
	ret->vfs = calloc(ret->n_vfs, sizeof(*ret->vfs));
	if (!ret->vfs)
		return err_set(e, CNI_EIO, ENOMEM, "cannot read the VFs of %s", ret->dev.name);
	for (uint32_t i = 0; i < ret->n_vfs; i++)
		read_vf(sys, ret, &told, i, &ret->vfs[i]);
	return 0;
}

struct found {
	int sys;
	struct pciaddr *addrs; /* owned */
	size_t n;
	struct err *e;
};

/* Of PCI class 02, network controllers: GPUs, disks and accelerators have SR-IOV as well. */
static bool is_nic(int sys, const char *pci)
{
	uint32_t class;
	struct err unread;

	return sysfs_read_u32(sys, &class, &unread, DEVICES "/%s/class", pci) < 0 ||
	       class >> 16 == 2;
}

/* Every NIC with the capability. A device that vanishes meanwhile is none. */
static int note_pf(const char *name, void *arg)
{
	struct found *f = arg;
	struct pciaddr addr;
	struct err unread;

	if (pciaddr_parse(name, &addr) < 0 ||
	    sysfs_exists(f->sys, &unread, DEVICES "/%s/sriov_totalvfs", name) != 1 ||
	    !is_nic(f->sys, name))
		return 0;
	if (f->n % 16 == 0) {
		struct pciaddr *more = reallocarray(f->addrs, f->n + 16, sizeof(*more));

		if (!more)
			return err_set(f->e, CNI_EIO, ENOMEM, "cannot list the PFs");
		f->addrs = more;
	}
	f->addrs[f->n++] = addr;
	return 0;
}

static int by_address(const void *a, const void *b)
{
	return pciaddr_compare(a, b);
}

int host_read(int sys, struct host *ret, struct err *e)
{
	_cleanup_(rt_freep) struct rt *rt = NULL;
	struct found f = {.sys = sys, .e = e};
	struct host h = {0};
	int status = -1;

	if (rt_open(&rt, e) < 0 || sysfs_each(sys, note_pf, &f, e, DEVICES) < 0)
		goto out;
	if (f.n) {
		qsort(f.addrs, f.n, sizeof(*f.addrs), by_address);
		h.pfs = calloc(f.n, sizeof(*h.pfs));
		if (!h.pfs) {
			err_set(e, CNI_EIO, ENOMEM, "cannot list the PFs");
			goto out;
		}
	}
	for (; h.n < f.n; h.n++)
		if (read_pf(sys, rt, &f.addrs[h.n], &h.pfs[h.n], e) < 0)
			goto out;
	if (host_find_users(sys, rt, &h, e) < 0)
		goto out;
	*ret = h;
	h = (struct host){0};
	status = 0;
out:
	host_clear(&h);
	free(f.addrs);
	return status;
}

void host_clear(struct host *h)
{
	for (size_t p = 0; p < h->n; p++) {
		for (uint32_t i = 0; h->pfs[p].vfs && i < h->pfs[p].n_vfs; i++)
			if (h->pfs[p].vfs[i].recorded)
				record_clear(&h->pfs[p].vfs[i].rec);
		free(h->pfs[p].vfs);
	}
	free(h->pfs);
	*h = (struct host){0};
}

static bool is_named(const char *name, const struct pciaddr *addr, const char *ifname)
{
	struct pciaddr named;

	return (ifname[0] && !strcmp(name, ifname)) ||
	       (pciaddr_parse(name, &named) == 0 && !pciaddr_compare(&named, addr));
}

/* PF/N. Result: 1, 0: name is not of that form. */
static int find_nth(const struct host *h, const char *name, struct host_pf **ret_pf,
		    struct host_vf **ret_vf, struct err *e)
{
	const char *slash = strrchr(name, '/');
	char pf[64], *end;
	unsigned long index;

	if (!slash || (size_t)(slash - name) >= sizeof(pf))
		return 0;
	(void)snprintf(pf, sizeof(pf), "%.*s", (int)(slash - name), name);
	index = strtoul(slash + 1, &end, 10);
	if (*end || end == slash + 1 || slash[1] < '0' || slash[1] > '9')
		return err_set(e, CNI_EDEVICE, 0, "\"%s\": a number has to follow the slash", name);
	*ret_pf = host_find_pf(h, pf, e);
	if (!*ret_pf)
		return -1;
	if (index >= (*ret_pf)->n_vfs)
		return err_set(e, CNI_EDEVICE, 0,
			       "%s has no VF %s: it has %u VFs of at most %u, counted from 0", pf,
			       slash + 1, (*ret_pf)->n_vfs, (*ret_pf)->total);
	*ret_vf = &(*ret_pf)->vfs[index];
	return 1;
}

static bool find_named(const struct host *h, const char *name, struct host_pf **ret_pf,
		       struct host_vf **ret_vf)
{
	for (size_t p = 0; p < h->n; p++) {
		*ret_pf = &h->pfs[p];
		*ret_vf = NULL;
		if (is_named(name, &h->pfs[p].dev.addr, h->pfs[p].dev.ifname))
			return true;
		for (uint32_t i = 0; h->pfs[p].vfs && i < h->pfs[p].n_vfs; i++) {
			*ret_vf = &h->pfs[p].vfs[i];
			if (is_named(name, &(*ret_vf)->dev.addr, (*ret_vf)->dev.ifname))
				return true;
		}
	}
	return false;
}

/* sysfs does not know alternative names: the kernel is asked for the interface's own. */
static bool find_altname(const struct host *h, const char *name, struct host_pf **ret_pf,
			 struct host_vf **ret_vf)
{
	_cleanup_(rt_freep) struct rt *rt = NULL;
	struct rt_link link;
	struct err none;

	return rt_open(&rt, &none) == 0 && rt_link_by_name(rt, name, &link, &none) == 0 &&
	       find_named(h, link.name, ret_pf, ret_vf);
}

int host_find(const struct host *h, const char *name, struct host_pf **ret_pf,
	      struct host_vf **ret_vf, struct err *e)
{
	int nth = find_nth(h, name, ret_pf, ret_vf, e);

	if (nth)
		return nth < 0 ? -1 : 0;
	if (find_named(h, name, ret_pf, ret_vf) || find_altname(h, name, ret_pf, ret_vf))
		return 0;
	return err_set(e, CNI_EDEVICE, 0,
		       "%s is neither a NIC with SR-IOV nor a VF of one; sriovctl list shows those "
		       "there are",
		       name);
}

struct host_pf *host_find_pf(const struct host *h, const char *name, struct err *e)
{
	struct host_pf *pf;
	struct host_vf *vf = NULL;

	if (host_find(h, name, &pf, &vf, e) < 0)
		return NULL;
	if (!vf)
		return pf;
	err_set(e, CNI_EDEVICE, 0, "%s is VF %u of %s; name the PF", name, vf->dev.index,
		host_pf_name(pf));
	return NULL;
}

struct host_vf *host_find_vf(const struct host *h, const char *name, struct err *e)
{
	struct host_pf *pf;
	struct host_vf *vf = NULL;

	if (host_find(h, name, &pf, &vf, e) < 0)
		return NULL;
	if (!vf)
		err_set(e, CNI_EDEVICE, 0, "%s is a PF; name one of its VFs, as in %s/0", name,
			name);
	return vf;
}
