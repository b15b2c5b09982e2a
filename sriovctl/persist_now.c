/* SPDX-License-Identifier: Apache-2.0 */
/* persist_now.c - what a PF has now, to be stored */
#include "persist_now.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cni.h"
#include "mem.h"
#include "sysfs.h"

#define DEVICES "bus/pci/devices"

/* "8086:10c9" */
static int read_device(int sys, const char *pci, char ret[static PERSIST_DEVICE], struct err *e)
{
	uint32_t vendor, device;

	if (sysfs_read_u32(sys, &vendor, e, DEVICES "/%s/vendor", pci) < 0 ||
	    sysfs_read_u32(sys, &device, e, DEVICES "/%s/device", pci) < 0)
		return -1;
	(void)snprintf(ret, PERSIST_DEVICE, "%04x:%04x", vendor & 0xffff, device & 0xffff);
	return 0;
}

int persist_check_device(int sys, const char *pci, const struct persist *p, struct err *e)
{
	char now[PERSIST_DEVICE];

	if (!p->device[0])
		return 0;
	if (read_device(sys, pci, now, e) < 0)
		return -1;
	if (!strcmp(now, p->device))
		return 0;
	return err_set(e, CNI_EDEVICE, 0,
		       "%s is another NIC (%s) than the one for which it was stored (%s), and is "
		       "left alone; store it anew: sriovctl persist %s",
		       pci, now, p->device, pci);
}

/*
 * A MAC that the VF's driver has made up, and told the PF, is another at each boot. In another
 * namespace it cannot be told from one that was set.
 */
static bool mac_is_own(int sys, const struct host_vf *vf, uint64_t mac)
{
	struct err unread;

	if (vf->recorded)
		return vf->rec.link.mac_reported;
	if (vf->use == HOST_NETNS)
		return true;
	return vf->link.ifindex && vf->link.mac == mac &&
	       vfdev_mac_is_own(sys, &vf->dev, &unread) == 1;
}

static void read_vf(int sys, const struct host_vf *vf, struct persist_vf *ret)
{
	const char *driver = vf->recorded ? vf->rec.driver : vf->dev.driver;

	*ret = (struct persist_vf){.index = vf->dev.index,
				   .attrs = vf->recorded ? vf->rec.found : vf->attrs};
	(void)snprintf(ret->driver, sizeof(ret->driver), "%s",
		       driver && driver[0] ? driver : PERSIST_NO_DRIVER);

	struct opt *mac = &ret->attrs.f[VF_MAC];

	if (!mac->v || mac_is_own(sys, vf, mac->v))
		*mac = (struct opt){0};
}

int persist_now(int sys, const struct host_pf *pf, struct persist *ret, struct err *e)
{
	struct persist p = {
		.vfs = {true, pf->n_vfs},
		.autoprobe = {true, pf->autoprobe},
		.mtu = {pf->link.ifindex != 0, pf->link.mtu},
		.up = {true, (pf->link.flags & IFF_UP) != 0},
	};

	if (read_device(sys, pf->dev.name, p.device, e) < 0)
		return -1;
	if (pf->n_vfs) {
		p.each = calloc(pf->n_vfs, sizeof(*p.each));
		if (!p.each)
			return err_set(e, CNI_EIO, ENOMEM, "cannot note the VFs of %s",
				       host_pf_name(pf));
	}
	for (; p.n_each < pf->n_vfs; p.n_each++)
		read_vf(sys, &pf->vfs[p.n_each], &p.each[p.n_each]);
	*ret = p;
	return 0;
}

char *persist_modules(int sys, const struct persist *p, struct err *e)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		abort(); /* nothing has been changed yet */
	for (size_t i = 0; i < p->n_each; i++) {
		const char *driver = p->each[i].driver;
		char module[VFDEV_DRIVER];
		struct err built_in;
		bool again = false;

		for (size_t j = 0; j < i; j++)
			again = again || !strcmp(p->each[j].driver, driver);
		if (again || !driver[0] || !strcmp(driver, PERSIST_NO_DRIVER))
			continue;
		if (!vfdev_has_driver(sys, driver)) {
			(void)fclose(to);
			free(text);
			err_set(e, CNI_EDEVICE, 0,
				"there is no driver %s for VF %u; if that is its name, load its "
				"module first: modprobe %s",
				driver, p->each[i].index, driver);
			return NULL;
		}
		if (sysfs_link_name(sys, module, sizeof(module), &built_in,
				    "bus/pci/drivers/%s/module", driver) == 0)
			(void)fprintf(to, "%s\n", module);
	}
	if (fclose(to) != 0)
		abort();
	return text;
}
