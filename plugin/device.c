/* SPDX-License-Identifier: Apache-2.0 */
/* device.c - the VF that the configuration names */
#include "device.h"

#include <errno.h>

bool device_is_named(const struct conf *c)
{
	return c->device_id || c->netdev || c->hwaddr.set || (c->pf_only && c->pool.master);
}

/* The interface that names the device. errnum ENODEV: it is not on the host. */
static int find_netdev(const struct attachment *a, struct rt_link *ret, struct err *e)
{
	const struct conf *c = a->conf;
	const char *name = c->netdev ?: c->hwaddr.set ? NULL : c->pool.master;

	return name ? rt_link_by_name(a->host, name, ret, e)
		    : rt_link_by_mac(a->host, c->hwaddr.v, ret, e);
}

bool device_is_on_host(const struct attachment *a)
{
	struct err none = {0};
	struct rt_link link;

	return !find_netdev(a, &link, &none) || none.errnum != ENODEV;
}

static int find_by_netdev(struct attachment *a, struct pciaddr *ret, struct err *e)
{
	struct err none = {0};
	struct rt_link link;

	if (find_netdev(a, &link, &none) < 0) {
		if (none.errnum == ENODEV)
			return err_set(
				e, CNI_EDEVICE, 0,
				"%s: there is none on the host; where a container has it, it comes back with "
				"DEL",
				none.msg);
		*e = none;
		return -1;
	}
	if (pciaddr_parse(link.parent, ret) < 0)
		return err_set(e, CNI_EDEVICE, 0, "%s is not the interface of a PCI device",
			       link.name);
	return 0;
}

int device_open(struct attachment *a, struct err *e)
{
	struct pciaddr addr = a->conf->device;

	if (!a->conf->device_id && find_by_netdev(a, &addr, e) < 0)
		return -1;
	return a->conf->pf_only ? vfdev_open_whole(a->sys, &addr, &a->vf, e)
				: vfdev_open(a->sys, &addr, &a->vf, e);
}

int device_check_link(const struct attachment *a, struct err *e)
{
	struct rt_link link;

	if (a->conf->device_id)
		return 0;
	if (find_netdev(a, &link, e) < 0)
		return -1;
	if (link.ifindex == a->link.ifindex)
		return 0;
	return err_set(
		e, CNI_EDEVICE, 0,
		"PCI device %s has several interfaces, %s and %s among them: none of them can be given away "
		"by itself",
		a->vf.name, link.name, a->link.name);
}
