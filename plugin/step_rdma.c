/* SPDX-License-Identifier: Apache-2.0 */
/* step_rdma.c - the VF's RDMA device goes where its netdev goes, if it can be in one place only */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "mem.h"
#include "rt_rdma.h"
#include "steps.h"
#include "sysfs.h"

static int keep_name(const char *name, void *arg)
{
	(void)snprintf(arg, RT_RDMA_NAME, "%s", name);
	return 1;
}

/* Reads what the VF's RDMA device on the host is called now; "": there is none. */
static int read_name(const struct attachment *a, char buf[static RT_RDMA_NAME], struct err *e)
{
	struct err none = {0};

	buf[0] = '\0';
	if (sysfs_each(a->sys, keep_name, buf, &none, "bus/pci/devices/%s/infiniband",
		       a->vf.name) >= 0 ||
	    none.errnum == ENOENT)
		return 0;
	*e = none;
	return -1;
}

/* Keeps in the record what has to be moved: nothing where all namespaces see the device. */
static int take(struct attachment *a, struct rt *rdma, struct err *e)
{
	struct rt_rdma_search s = {.name = a->rdma};
	int there = rt_rdma_exclusive(rdma, e);

	if (there > 0)
		there = rt_rdma_find(rdma, &s, e);
	if (there <= 0)
		return there;
	a->rec.rdma = a->rdma;
	a->rec.rdma_index = (struct opt){true, s.index};
	return record_save(a->folder, &a->rec, e) < 0 ? -1 : 1;
}

/* It is looked for only here: each driver that was bound on the way has made another one. */
int rdma_apply(struct attachment *a, struct err *e)
{
	_cleanup_(rt_freep) struct rt *rdma = NULL;
	int moves;

	if (read_name(a, a->rdma, e) < 0)
		return -1;
	if (!a->rdma[0])
		return 0; /* as most VFs */
	moves = rt_rdma_open_in(a->host_ns, a->host_ns, &rdma, e) < 0 ? -1 : take(a, rdma, e);
	if (moves > 0 && rt_rdma_move(rdma, (uint32_t)a->rec.rdma_index.v, a->pod_ns, e) < 0)
		moves = -1;
	return moves < 0 ? err_ctx(e, "RDMA device %s of VF %s", a->rdma, a->vf.name) : 0;
}

/* Opens a namespace and looks there for the device, whatever it is called. Result: 1 or 0. */
static int find_in(struct attachment *a, int netns_fd, struct rt **ret, struct rt_rdma_search *s,
		   struct err *e)
{
	*s = (struct rt_rdma_search){.index = (uint32_t)a->rec.rdma_index.v};
	return rt_rdma_open_in(a->host_ns, netns_fd, ret, e) < 0 ? -1 : rt_rdma_find(*ret, s, e);
}

/* On the host it can be one that the driver has made anew since, with another index. */
static int find_on_host(struct attachment *a, struct rt **ret, struct rt_rdma_search *s,
			struct err *e)
{
	char name[RT_RDMA_NAME];
	int there = find_in(a, a->host_ns, ret, s, e);

	if (there)
		return there;
	if (read_name(a, name, e) < 0)
		return -1;
	*s = (struct rt_rdma_search){.name = name};
	return name[0] ? rt_rdma_find(*ret, s, e) : 0;
}

/* Where the pod's namespace is gone the kernel has brought the device to the host. */
static int bring_back(struct attachment *a, struct err *e)
{
	_cleanup_(rt_freep) struct rt *rdma = NULL, *host = NULL;
	struct rt_rdma_search s;
	int there = a->pod ? find_in(a, a->pod_ns, &rdma, &s, e) : 0;

	if (there < 0 || (there && rt_rdma_move(rdma, s.index, a->host_ns, e) < 0))
		return -1;
	there = find_on_host(a, &host, &s, e);
	if (there < 0)
		return -1;
	if (there)
		return strcmp(s.now, a->rec.rdma) ? rt_rdma_rename(host, s.index, a->rec.rdma, e)
						  : 0;
	/* the VF's driver makes it, and takes it away */
	if (!a->pod)
		return 0;
	if (vfdev_refresh(a->sys, &a->vf, e) < 0)
		return -1;
	if (strcmp(a->vf.driver, attachment_driver(a)) != 0)
		return 0;
	log_line(LOG_WARNING,
		 "RDMA device %s of VF %s is neither in the pod nor on the host; see: rdma dev",
		 a->rec.rdma, a->vf.name);
	a->anew = true;
	return 0;
}

int rdma_revert(struct attachment *a, struct err *e)
{
	if (!a->rec.rdma || !bring_back(a, e))
		return 0;
	return err_ctx(e, "RDMA device %s of VF %s", a->rec.rdma, a->vf.name);
}

int rdma_check(struct attachment *a, struct err *e)
{
	_cleanup_(rt_freep) struct rt *rdma = NULL;
	struct rt_rdma_search s;
	int there = a->rec.rdma ? find_in(a, a->pod_ns, &rdma, &s, e) : 1;

	if (there)
		return there < 0 ? -1 : 0;
	return err_set(e, CNI_ECHECK, 0, "RDMA device %s of VF %s is not in the pod's namespace %s",
		       a->rec.rdma, a->vf.name, a->rec.netns);
}
