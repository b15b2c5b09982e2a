/* SPDX-License-Identifier: Apache-2.0 */
/* step_rdma.c - the VF's RDMA device goes where its netdev goes, if it can be in one place only */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "mem.h"
#include "rt_rdma.h"
#include "steps.h"
#include "sysfs.h"

static int keep_name(const char *name, void *arg)
{
	struct attachment *a = arg;

	(void)snprintf(a->rdma, sizeof(a->rdma), "%s", name); /* IB_DEVICE_NAME_MAX */
	return 1;
}

int rdma_look(struct attachment *a, struct err *e)
{
	_cleanup_(rt_freep) struct rt *rdma = NULL;
	struct err none = {0};
	int exclusive;

	if (sysfs_each(a->sys, keep_name, a, &none, "bus/pci/devices/%s/infiniband", a->vf.name) <
	    0) {
		if (none.errnum == ENOENT)
			return 0; /* most VFs have none */
		*e = none;
		return -1;
	}
	if (!a->rdma[0])
		return 0;
	if (rt_rdma_open_in(a->host_ns, a->host_ns, &rdma, e) < 0)
		return err_ctx(e, "RDMA device %s", a->rdma);
	exclusive = rt_rdma_exclusive(rdma, e);
	if (exclusive < 0)
		return err_ctx(e, "RDMA device %s", a->rdma);
	if (exclusive)
		a->rec.rdma = a->rdma;
	return 0;
}

int rdma_apply(struct attachment *a, struct err *e)
{
	_cleanup_(rt_freep) struct rt *rdma = NULL;
	int moved;

	if (!a->rec.rdma)
		return 0;
	if (rt_rdma_open_in(a->host_ns, a->host_ns, &rdma, e) < 0)
		return -1;
	moved = rt_rdma_move(rdma, a->rec.rdma, a->pod_ns, e);
	if (!moved)
		err_set(e, CNI_EDEVICE, 0, "it is not on the host any more");
	return moved > 0 ? 0 : err_ctx(e, "RDMA device %s of VF %s", a->rec.rdma, a->vf.name);
}

/* Where the pod's namespace is gone the kernel has brought the device to the host. */
int rdma_revert(struct attachment *a, struct err *e)
{
	_cleanup_(rt_freep) struct rt *rdma = NULL, *host = NULL;
	int there;

	if (!a->rec.rdma || !a->pod)
		return 0;
	if (rt_rdma_open_in(a->host_ns, a->pod_ns, &rdma, e) < 0 ||
	    (there = rt_rdma_move(rdma, a->rec.rdma, a->host_ns, e)) < 0)
		return err_ctx(e, "RDMA device %s of VF %s", a->rec.rdma, a->vf.name);
	if (there)
		return 0;
	if (rt_rdma_open_in(a->host_ns, a->host_ns, &host, e) < 0)
		return -1;
	there = rt_rdma_exists(host, a->rec.rdma, e);
	if (there)
		return there < 0 ? -1 : 0;
	/* the VF's driver makes it, and takes it away */
	if (vfdev_refresh(a->sys, &a->vf, e) < 0)
		return -1;
	return strcmp(a->vf.driver, attachment_driver(a)) != 0
		       ? 0
		       : err_set(e, CNI_EDEVICE, 0,
				 "RDMA device %s of VF %s is neither in the pod nor on the host; if the pod has "
				 "renamed it, see: rdma dev",
				 a->rec.rdma, a->vf.name);
}

int rdma_check(struct attachment *a, struct err *e)
{
	_cleanup_(rt_freep) struct rt *rdma = NULL;
	int there;

	if (!a->rec.rdma)
		return 0;
	if (rt_rdma_open_in(a->host_ns, a->pod_ns, &rdma, e) < 0)
		return -1;
	there = rt_rdma_exists(rdma, a->rec.rdma, e);
	if (there)
		return there < 0 ? -1 : 0;
	return err_set(e, CNI_ECHECK, 0, "RDMA device %s of VF %s is not in the pod's namespace %s",
		       a->rec.rdma, a->vf.name, a->rec.netns);
}
