/* SPDX-License-Identifier: Apache-2.0 */
/* pick_pfs.c - the PFs whose VFs may be picked */
#include "pick_pfs.h"

#include <errno.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>

#include "mem.h"
#include "sysfs.h"

#define DEVICES "bus/pci/devices"

struct search {
	struct attachment *a;
	const struct pool *pool;
	struct pick_pfs *pfs;
	struct reasons *why;
	struct err *e;
};

void pick_pfs_clear(struct pick_pfs *pfs)
{
	free(pfs->pf);
	*pfs = (struct pick_pfs){0};
}

static int keep(struct search *s, const struct pick_pf *pf)
{
	struct pick_pf *more = reallocarray(s->pfs->pf, s->pfs->n + 1, sizeof(*more));

	if (!more)
		return err_set(s->e, CNI_EIO, ENOMEM, "cannot list the PFs");
	more[s->pfs->n++] = *pf;
	s->pfs->pf = more;
	return 0;
}

/* Whether a device has an attribute that the list allows; "0x" in front does not count. */
static bool fits(const struct search *s, enum pool_list list, const char *device, const char *attr)
{
	char text[32];
	struct err none;

	if (!s->pool->lists[list])
		return true;
	if (sysfs_read(s->a->sys, text, sizeof(text), &none, DEVICES "/%s/%s", device, attr) < 0)
		return false;
	return pool_has(s->pool, list, !strncmp(text, "0x", 2) ? &text[2] : text);
}

static bool fits_numa(const struct search *s, const char *device)
{
	char text[16], want[16];
	struct err none;

	(void)snprintf(want, sizeof(want), "%u", (unsigned)s->pool->numa_node.v);
	return !s->pool->numa_node.set || (!sysfs_read(s->a->sys, text, sizeof(text), &none,
						       DEVICES "/%s/numa_node", device) &&
					   !strcmp(text, want));
}

static bool fits_link_type(const struct search *s, const struct vfdev_pf *pf)
{
	uint32_t type;
	struct err none;

	if (!s->pool->lists[POOL_LINK_TYPES])
		return true;
	if (sysfs_read_u32(s->a->sys, &type, &none, DEVICES "/%s/net/%s/type", pf->name,
			   pf->ifname) < 0)
		return false;
	return pool_has(s->pool, POOL_LINK_TYPES,
			type == ARPHRD_INFINIBAND ? "infiniband" : "ether");
}

/* All VFs of a PF have the same identity (PCIe base specification, 9.3.4.1). */
static bool selectors_fit(const struct search *s, const struct vfdev_pf *pf)
{
	struct vfdev vf;

	vfdev_nth(pf, 0, &vf);
	return fits(s, POOL_VENDORS, vf.name, "vendor") &&
	       fits(s, POOL_DEVICES, vf.name, "device") && fits_numa(s, pf->name) &&
	       fits_link_type(s, pf);
}

/* The PF at addr. what: how it was named, for the reasons. ranges: of its VFs, may be NULL. */
static int add_pf(struct search *s, const char *what, const struct pciaddr *addr,
		  const char *ranges)
{
	struct pick_pf pf = {.ranges = ranges};
	struct err why = {0};

	if (!pool_has_root(s->pool, addr, NULL))
		return 0;
	if (vfdev_open_pf(s->a->sys, addr, &pf.dev, &why) < 0 ||
	    (s->pool->lists[POOL_LINK_TYPES] && vfdev_name_pf(s->a->sys, &pf.dev, &why) < 0) ||
	    vfdev_count(s->a->sys, &pf.dev, &pf.n_vfs, &why) < 0) {
		if (why.errnum == ENOENT)
			reasons_add(s->why, "%s is not a PF of a NIC with SR-IOV", what);
		else
			reasons_add(s->why, "%s: %s", what, why.msg);
		return 0;
	}
	if (!pf.n_vfs)
		reasons_add(s->why,
			    "PF %s has no VFs; create them: echo N > " SYSFS_ROOT "/" DEVICES
			    "/%s/sriov_numvfs",
			    what, pf.dev.name);
	return !pf.n_vfs || !selectors_fit(s, &pf.dev) ? 0 : keep(s, &pf);
}

/*
 * The device of an interface. sysfs knows interfaces by their names alone; for an alternative name
 * the kernel is asked, which waits for whatever changes links at the moment. Result: 1; 0: there is
 * a reason more.
 */
static int device_of(struct search *s, const char *name, struct pciaddr *ret)
{
	char device[PCIADDR_TEXT];
	struct err none = {0};
	struct rt_link link;

	if (cni_ifname_valid(name) &&
	    !sysfs_link_name(s->a->sys, device, sizeof(device), &none, "class/net/%s/device",
			     name) &&
	    !pciaddr_parse(device, ret))
		return 1;
	if (rt_link_by_name(s->a->host, name, &link, &none) < 0) {
		if (none.errnum == ENODEV)
			reasons_add(s->why, "there is no interface %s on the host; see: ip link",
				    name);
		else
			*s->e = none;
		return none.errnum == ENODEV ? 0 : -1;
	}
	if (!pciaddr_parse(link.parent, ret))
		return 1;
	reasons_add(s->why, "%s is not the interface of a PCI device", name);
	return 0;
}

static int add_named(struct search *s, const char *entry)
{
	char name[RT_ALTNAME_LEN];
	const char *ranges = pool_split(entry, name, sizeof(name));
	struct pciaddr addr;
	int found = device_of(s, name, &addr);

	return found <= 0 ? found : add_pf(s, name, &addr, ranges);
}

static int add_by_address(struct search *s, const char *entry)
{
	char name[PCIADDR_TEXT];
	struct pciaddr addr;

	(void)pool_split(entry, name, sizeof(name));
	if (pciaddr_parse(name, &addr) < 0)
		return 0;
	for (size_t i = 0; i < s->pfs->n; i++)
		if (!pciaddr_compare(&s->pfs->pf[i].dev.addr, &addr))
			return 0; /* another entry with other VFs of it */
	return add_pf(s, name, &addr, NULL);
}

/* What of /sys/bus/pci/devices is a PF that has VFs. */
static int add_if_pf(const char *name, void *arg)
{
	struct search *s = arg;
	struct err none;
	uint32_t n;

	if (sysfs_read_u32(s->a->sys, &n, &none, DEVICES "/%s/sriov_numvfs", name) < 0 || !n)
		return 0;
	return add_by_address(s, name);
}

static int by_address(const void *a, const void *b)
{
	return pciaddr_compare(&((const struct pick_pf *)a)->dev.addr,
			       &((const struct pick_pf *)b)->dev.addr);
}

int pick_pfs_find(struct attachment *a, struct pick_pfs *ret, struct reasons *why, struct err *e)
{
	const struct pool *pool = &a->conf->pool;
	struct search s = {a, pool, ret, why, e};
	const json_t *item;
	size_t i;

	if (pool_n_pf_names(pool)) {
		for (i = 0; i < pool_n_pf_names(pool); i++)
			if (add_named(&s, pool_pf_name(pool, i)) < 0)
				return -1;
		return 0;
	}
	if (pool->lists[POOL_ROOT_DEVICES]) {
		json_array_foreach(pool->lists[POOL_ROOT_DEVICES], i, item)
			if (add_by_address(&s, json_string_value(item)) < 0)
				return -1;
		return 0;
	}
	if (sysfs_each(a->sys, add_if_pf, &s, e, DEVICES) < 0)
		return -1;
	if (ret->n)
		qsort(ret->pf, ret->n, sizeof(*ret->pf), by_address);
	return 0;
}
