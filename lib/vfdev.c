/* SPDX-License-Identifier: Apache-2.0 */
/* vfdev.c - a VF and its PF as sysfs describes them */
#include "vfdev.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cni.h"
#include "sysfs.h"

#define DEVICES "bus/pci/devices"

/* Takes a hexadecimal number up to max and the character behind it; *p then is behind that. */
static bool take_hex(const char **p, unsigned long max, char behind, unsigned long *ret)
{
	size_t digits = strspn(*p, "0123456789abcdefABCDEF");

	if (!digits || (*p)[digits] != behind)
		return false;
	*ret = strtoul(*p, NULL, 16);
	*p += digits + 1;
	return *ret <= max;
}

int pciaddr_parse(const char *text, struct pciaddr *ret)
{
	unsigned long domain = 0, bus, device, function;
	const char *p = text;

	if (strlen(text) >= PCIADDR_TEXT)
		return -1;
	if (strchr(text, ':') != strrchr(text, ':') && !take_hex(&p, 0xfffffff, ':', &domain))
		return -1;
	if (!take_hex(&p, 0xff, ':', &bus) || !take_hex(&p, 0x1f, '.', &device) ||
	    !take_hex(&p, 7, '\0', &function))
		return -1;
	*ret = (struct pciaddr){(uint32_t)domain, (uint16_t)(bus << 8 | device << 3 | function)};
	return 0;
}

const char *pciaddr_text(const struct pciaddr *a, char buf[static PCIADDR_TEXT])
{
	(void)snprintf(buf, PCIADDR_TEXT, "%04x:%02x:%02x.%x", a->domain, a->rid >> 8,
		       (a->rid >> 3) & 0x1f, a->rid & 7);
	return buf;
}

int pciaddr_compare(const struct pciaddr *a, const struct pciaddr *b)
{
	return a->domain != b->domain ? (a->domain > b->domain) - (a->domain < b->domain)
				      : (a->rid > b->rid) - (a->rid < b->rid);
}

struct netdev_search {
	int sys;
	const char *device; /* below DEVICES */
	char *ret;          /* IFNAMSIZ bytes */
	bool pf;            /* skip representors */
};

static void keep_name(char ret[static IFNAMSIZ], const char *name)
{
	(void)snprintf(ret, IFNAMSIZ, "%s", name); /* sysfs has no longer names */
}

static int pick_netdev(const char *name, void *arg)
{
	const struct netdev_search *s = arg;
	char port[IFNAMSIZ];
	struct err e;

	if (s->pf && !sysfs_read(s->sys, port, sizeof(port), &e,
				 DEVICES "/%s/net/%s/phys_port_name", s->device, name)) {
		/*
		 * devlink port flavours: pN is a port of the PF itself, pfNvfM and the like stand
		 * for others
		 */
		if (port[0] && !(port[0] == 'p' && port[1] >= '0' && port[1] <= '9'))
			return 0;
	}
	keep_name(s->ret, name);
	return 1;
}

static int find_netdev(int sys, const char *device, bool pf, char name[static IFNAMSIZ],
		       struct err *e)
{
	struct netdev_search s = {sys, device, name, pf};
	struct err found = {0};

	name[0] = '\0';
	if (sysfs_each(sys, pick_netdev, &s, &found, DEVICES "/%s/net", device) < 0 &&
	    found.errnum != ENOENT) {
		*e = found;
		return -1;
	}
	return 0;
}

int vfdev_pf_ifname(int sys, const char *pf, char name[static IFNAMSIZ], struct err *e)
{
	return find_netdev(sys, pf, true, name, e);
}

static int pick_virtio(const char *name, void *arg)
{
	struct vfdev *d = arg;

	if (strncmp(name, "virtio", 6) != 0 || strlen(name) >= VFDEV_VIRTIO)
		return 0;
	memcpy(d->virtio, name, strlen(name) + 1);
	return 1;
}

/* The netdev of a virtio NIC lies one device deeper: that one is named after its own bus. */
static int find_virtio(int sys, struct vfdev *d, struct err *e)
{
	struct err gone = {0};

	d->virtio[0] = '\0';
	if (sysfs_each(sys, pick_virtio, d, &gone, DEVICES "/%s", d->name) >= 0 ||
	    gone.errnum == ENOENT)
		return 0;
	*e = gone;
	return -1;
}

int vfdev_read_driver(int sys, struct vfdev *d, struct err *e)
{
	struct err link = {0};

	d->driver[0] = '\0';
	if (!sysfs_link_name(sys, d->driver, sizeof(d->driver), &link, DEVICES "/%s/driver",
			     d->name) ||
	    link.errnum == ENOENT)
		return 0;
	*e = link;
	return -1;
}

int vfdev_refresh(int sys, struct vfdev *d, struct err *e)
{
	char path[PCIADDR_TEXT + VFDEV_VIRTIO];

	if (vfdev_read_driver(sys, d, e) < 0)
		return -1;
	if (d->pf[0])
		return find_netdev(sys, d->name, false, d->ifname, e);
	if (find_virtio(sys, d, e) < 0)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/%s", d->name, d->virtio); /* sized for both */
	return find_netdev(sys, path, true, d->ifname, e);
}

int vfdev_is_away(int sys, const char *name, struct err *e)
{
	struct vfdev d = {0};

	(void)snprintf(d.name, sizeof(d.name), "%s", name);
	if (vfdev_refresh(sys, &d, e) < 0)
		return -1;
	return d.driver[0] && !vfdev_is_userspace(d.driver) && !d.ifname[0];
}

int vfdev_exists(int sys, const struct vfdev *d, struct err *e)
{
	return sysfs_exists(sys, e, DEVICES "/%s/vendor", d->name);
}

int vfdev_unbind(int sys, const struct vfdev *d, struct err *e)
{
	struct err gone = {0};

	if (!sysfs_write(sys, d->name, &gone, DEVICES "/%s/driver/unbind", d->name) ||
	    gone.errnum == ENOENT)
		return 0;
	*e = gone;
	return -1;
}

int vfdev_bind(int sys, const struct vfdev *d, const char *driver, struct err *e)
{
	struct vfdev now = *d;

	if (!*driver || strchr(driver, '/') || driver[0] == '.')
		return err_set(e, CNI_EDEVICE, 0, "\"%.64s\" is not the name of a driver", driver);
	if (vfdev_refresh(sys, &now, e) < 0)
		return -1;
	if (!strcmp(now.driver, driver))
		return 0;
	return sysfs_write(sys, d->name, e, "bus/pci/drivers/%s/bind", driver);
}

int vfdev_read_override(int sys, const struct vfdev *d, char ret[static VFDEV_DRIVER],
			struct err *e)
{
	if (sysfs_read(sys, ret, VFDEV_DRIVER, e, DEVICES "/%s/driver_override", d->name) < 0)
		return -1;
	if (!strcmp(ret, "(null)"))
		ret[0] = '\0';
	return 0;
}

int vfdev_write_override(int sys, const struct vfdev *d, const char *driver, struct err *e)
{
	struct err why = {0};

	/* an empty line clears it; nothing at all would not be a write */
	if (!sysfs_write(sys, *driver ? driver : "\n", &why, DEVICES "/%s/driver_override",
			 d->name))
		return 0;
	return err_set(e, CNI_EIO, why.errnum,
		       "cannot write \"%s\" to " SYSFS_ROOT "/" DEVICES "/%s/driver_override",
		       driver, d->name);
}

int vfdev_bind_override(int sys, const struct vfdev *d, const char *driver, const char *found,
			struct err *e)
{
	struct err stuck = {0};
	int bound, cleared;

	if (vfdev_write_override(sys, d, driver, e) < 0)
		return -1;
	bound = vfdev_bind(sys, d, driver, e);
	cleared = vfdev_write_override(sys, d, found, &stuck);
	if (bound < 0 || cleared == 0)
		return bound;
	*e = stuck;
	return -1;
}

#define DRIVER_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

bool vfdev_is_driver_name(const char *text)
{
	size_t len = strspn(text, DRIVER_CHARACTERS);

	return len && len < VFDEV_DRIVER && !text[len];
}

bool vfdev_has_driver(int sys, const char *driver)
{
	struct err unknown;

	return !strchr(driver, '/') &&
	       sysfs_exists(sys, &unknown, "bus/pci/drivers/%s/bind", driver) > 0;
}

bool vfdev_is_vfio(const char *driver)
{
	return strstr(driver, "vfio") != NULL;
}

bool vfdev_is_userspace(const char *driver)
{
	return vfdev_is_vfio(driver) || !strcmp(driver, "uio_pci_generic") ||
	       !strcmp(driver, "igb_uio");
}

int vfdev_reset(int sys, const struct vfdev *d, struct err *e)
{
	return sysfs_write(sys, "1", e, DEVICES "/%s/reset", d->name);
}

int vfdev_mac_is_own(int sys, const struct vfdev *d, struct err *e)
{
	uint32_t type;

	if (sysfs_read_u32(sys, &type, e, "class/net/%s/addr_assign_type", d->ifname) < 0)
		return -1;
	return type == 1 || type == 3; /* NET_ADDR_RANDOM, NET_ADDR_SET */
}

static int no_vf(int sys, const struct vfdev *d, struct err *e)
{
	int there = vfdev_exists(sys, d, e);
	uint32_t n;

	if (there < 0)
		return -1;
	if (!there)
		return err_set(e, CNI_EDEVICE, 0,
			       "there is no PCI device %s; list the VFs with: ls -d " SYSFS_ROOT
			       "/" DEVICES "/*/virtfn*",
			       d->name);
	if (sysfs_read_u32(sys, &n, e, DEVICES "/%s/sriov_numvfs", d->name) < 0)
		return err_set(
			e, CNI_EDEVICE, 0,
			"PCI device %s is not a VF as far as can be seen here; to give it away as a "
			"whole, which is the way in a virtual machine: \"pfOnly\": true",
			d->name);
	return err_set(
		e, CNI_EDEVICE, 0,
		"PCI device %s is a PF with %u VFs, not a VF; name one of its VFs (create them with: echo "
		"N > " SYSFS_ROOT "/" DEVICES
		"/%s/sriov_numvfs), or give it away as a whole: \"pfOnly\": true",
		d->name, n, d->name);
}

int vfdev_open_pf(int sys, const struct pciaddr *addr, struct vfdev_pf *ret, struct err *e)
{
	struct vfdev_pf pf = {.addr = *addr};

	pciaddr_text(addr, pf.name);
	if (sysfs_read_u32(sys, &pf.offset, e, DEVICES "/%s/sriov_offset", pf.name) < 0 ||
	    sysfs_read_u32(sys, &pf.stride, e, DEVICES "/%s/sriov_stride", pf.name) < 0)
		return -1;
	if (pf.stride == 0)
		pf.stride = 1; /* one VF: the specification lets the stride be 0 */
	*ret = pf;
	return 0;
}

int vfdev_name_pf(int sys, struct vfdev_pf *pf, struct err *e)
{
	if (vfdev_pf_ifname(sys, pf->name, pf->ifname, e) < 0)
		return -1;
	if (pf->ifname[0])
		return 0;
	return err_set(
		e, CNI_EDEVICE, 0,
		"PF %s has no network interface on the host; is its driver bound, and is it in the "
		"host's namespace?",
		pf->name);
}

int vfdev_count(int sys, const struct vfdev_pf *pf, uint32_t *ret, struct err *e)
{
	return sysfs_read_u32(sys, ret, e, DEVICES "/%s/sriov_numvfs", pf->name);
}

struct pciaddr vfdev_nth_addr(const struct vfdev_pf *pf, uint32_t index)
{
	return (struct pciaddr){pf->addr.domain,
				(uint16_t)(pf->addr.rid + pf->offset + index * pf->stride)};
}

void vfdev_nth(const struct vfdev_pf *pf, uint32_t index, struct vfdev *ret)
{
	*ret = (struct vfdev){
		.addr = vfdev_nth_addr(pf, index), .pf_addr = pf->addr, .index = index};
	pciaddr_text(&ret->addr, ret->name);
	memcpy(ret->pf, pf->name, sizeof(ret->pf));
	memcpy(ret->pf_ifname, pf->ifname, sizeof(ret->pf_ifname));
}

int vfdev_open(int sys, const struct pciaddr *addr, struct vfdev *ret, struct err *e)
{
	struct vfdev d = {.addr = *addr};
	struct vfdev_pf pf = {.stride = 1};

	pciaddr_text(addr, d.name);
	if (sysfs_link_name(sys, d.pf, sizeof(d.pf), e, DEVICES "/%s/physfn", d.name) < 0)
		return e->errnum == ENOENT ? no_vf(sys, &d, e) : -1;
	if (pciaddr_parse(d.pf, &d.pf_addr) < 0)
		return err_set(e, CNI_EDEVICE, 0, "VF %s: physfn points to \"%s\"", d.name, d.pf);
	if (vfdev_open_pf(sys, &d.pf_addr, &pf, e) < 0 || vfdev_name_pf(sys, &pf, e) < 0)
		return err_ctx(e, "VF %s", d.name);

	int64_t distance = (int64_t)addr->rid - pf.addr.rid - pf.offset;

	if (distance < 0 || distance % pf.stride)
		return err_set(
			e, CNI_EDEVICE, 0,
			"VF %s is not where PF %s has its VFs: from %u behind it on, every %u",
			d.name, d.pf, pf.offset, pf.stride);
	vfdev_nth(&pf, (uint32_t)(distance / pf.stride), ret);
	return 0;
}

int vfdev_open_whole(int sys, const struct pciaddr *addr, struct vfdev *ret, struct err *e)
{
	struct vfdev d = {.addr = *addr};
	struct err none = {0};
	uint32_t n = 0;
	int there;

	pciaddr_text(addr, d.name);
	there = vfdev_exists(sys, &d, e);
	if (there <= 0)
		return there < 0 ? -1
				 : err_set(e, CNI_EDEVICE, 0, "there is no PCI device %s", d.name);
	if (!sysfs_link_name(sys, d.pf, sizeof(d.pf), &none, DEVICES "/%s/physfn", d.name))
		return err_set(
			e, CNI_EDEVICE, 0,
			"%s is a VF of PF %s; \"pfOnly\" is for devices that are none: remove it",
			d.name, d.pf);
	if (none.errnum != ENOENT) {
		*e = none;
		return -1;
	}
	if (sysfs_read_u32(sys, &n, &none, DEVICES "/%s/sriov_numvfs", d.name) < 0 &&
	    none.errnum != ENOENT) {
		*e = none;
		return -1;
	}
	if (n)
		return err_set(
			e, CNI_EDEVICE, 0,
			"PF %s has %u VFs, which would be without a PF; take them away: echo 0 > " SYSFS_ROOT
			"/" DEVICES "/%s/sriov_numvfs",
			d.name, n, d.name);
	*ret = d;
	return 0;
}
