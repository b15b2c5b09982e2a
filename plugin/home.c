/* SPDX-License-Identifier: Apache-2.0 */
/* home.c - the VF's netdev on the host: find it, wait for it, bring it back from wherever it is */
#include "home.h"

#include <errno.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "mem.h"
#include "netns.h"
#include "steps.h"
#include "userspace.h"

/*
 * Theory of operation: a namespace whose path is gone still exists while a process, a mount, an
 * open file or a socket keeps it alive; only after the last of them does the kernel give its
 * devices back, in the background. So: wait for the kernel, which is done in well under a second;
 * then look for the namespace and take the VF out of it; wait once more, as many namespaces may be
 * ending at once; and then rebind the VF's driver, which takes the netdev away wherever it is, and
 * makes one on the host.
 */
#define KERNEL_MS 1000
#define BUSY_MS   10000
#define REBIND_MS 10000

int home_find(struct attachment *a, struct rt_link *ret, struct err *e)
{
	struct err none = {0};

	if (vfdev_refresh(a->sys, &a->vf, e) < 0)
		return -1;
	if (!a->vf.ifname[0])
		return 0;
	/* it can be renamed, and another get its name, between the two */
	if (!rt_link_by_name(a->host, a->vf.ifname, ret, &none))
		return !strcmp(ret->parent, vfdev_parent(&a->vf));
	if (none.errnum == ENODEV)
		return 0;
	*e = none;
	return -1;
}

int home_await(struct attachment *a, int timeout_ms, struct rt_link *ret, struct err *e)
{
	_cleanup_(rt_freep) struct rt *watch = NULL;
	int64_t end = clock_ms() + timeout_ms;
	int found, more = 1;

	if (rt_watch_in(a->host_ns, a->host_ns, &watch, e) < 0)
		return -1;
	/* looked at after the watch began, so that no return is missed */
	while (!(found = home_find(a, ret, e)) && more > 0)
		more = rt_watch_next(watch, clock_left_ms(end), ret, e);
	return more < 0 ? -1 : found;
}

/* Opens the namespace that the VF was moved to, if anything still leads to it. */
static bool open_lost_pod(struct attachment *a)
{
	_cleanup_fd_ int fd = netns_find(&a->rec.netns_id);
	_cleanup_(rt_freep) struct rt *pod = NULL;
	struct err unused = {0}; /* there is another way */

	if (fd < 0 || rt_open_in(a->host_ns, fd, &pod, &unused) < 0 || !record_is_pod(pod, &a->rec))
		return false;
	log_line(
		LOG_WARNING,
		"VF %s: the namespace %s is gone by name, but kept alive; the VF is taken out of it",
		a->vf.name, a->rec.netns);
	a->pod_ns = TAKE_FD(fd);
	a->pod = TAKE_PTR(pod);
	return true;
}

int home_rename(struct attachment *a, const struct rt_link *link, struct err *e)
{
	struct rt_link_change c = RT_LINK_KEEP;

	/* the pod can have given it, as an alternative name, the very name that it is to get back
	 */
	for (unsigned i = 0; i < link->n_altnames && i < RT_ALTNAMES; i++)
		if (!strcmp(link->altnames[i], a->rec.link.name) &&
		    rt_altnames_change(a->host, link->ifindex, false, 1, &link->altnames[i], e) < 0)
			return -1;
	if (link->flags & IFF_UP) { /* older kernels rename only what is down */
		c.up = 0;
		if (rt_link_change(a->host, link->ifindex, &c, e) < 0)
			return -1;
		c.up = -1;
	}
	c.name = a->rec.link.name;
	if (!rt_link_change(a->host, link->ifindex, &c, e))
		return 0;
	if (e->errnum == EEXIST)
		err_hint(
			e,
			"another link on the host has this name: ip link show %s; rename it, and try again",
			c.name);
	return err_ctx(e, "VF %s: interface %s to %s", a->vf.name, link->name, c.name);
}

int home_bind(struct attachment *a, const char *driver, struct rt_link *ret, struct err *e)
{
	/* drivers of userspace know no devices, and driver_override may forbid all others */
	int found = userspace_concerns(&a->rec)
			    ? vfdev_bind_override(a->sys, &a->vf, driver, a->rec.override ?: "", e)
			    : vfdev_bind(a->sys, &a->vf, driver, e);

	*ret = (struct rt_link){0};
	if (found < 0)
		return err_ctx(e, "VF %s: bind its driver", a->vf.name);
	if (vfdev_is_userspace(driver))
		return 0;
	found = home_await(a, REBIND_MS, ret, e);
	if (found)
		return found < 0 ? -1 : 0;
	return err_set(
		e, CNI_EAGAIN, 0,
		"VF %s: driver %s has made no network interface within %d s; see the kernel log",
		a->vf.name, driver, REBIND_MS / 1000);
}

int home_unbind(struct attachment *a, bool reset, struct err *e)
{
	struct err refused = {0};

	if (vfdev_unbind(a->sys, &a->vf, e) < 0)
		return -1;
	/* the VF is given back all the same: that it can be had again counts more */
	if (reset && vfdev_reset(a->sys, &a->vf, &refused) < 0)
		log_line(LOG_WARNING, "VF %s is not reset: %s", a->vf.name, refused.msg);
	return 0;
}

int home_rebind(struct attachment *a, bool reset, struct rt_link *ret, struct err *e)
{
	if (home_unbind(a, reset, e) < 0)
		return err_ctx(e, "VF %s: take it from its driver", a->vf.name);
	if (home_bind(a, attachment_driver(a), ret, e) < 0)
		return -1;
	return rdma_revert(a, e); /* with the netdev the driver has made another RDMA device */
}

/* The last resort. Result: 1. */
static int rebind(struct attachment *a, struct rt_link *ret, struct err *e)
{
	if (a->vf.driver[0])
		log_line(
			LOG_WARNING,
			"VF %s is not in the namespace %s, nor on the host: driver %s is bound anew",
			a->vf.name, a->rec.netns, a->vf.driver);
	else
		log_line(LOG_WARNING, "VF %s has lost its driver %s: it is bound again", a->vf.name,
			 a->rec.driver);
	return home_rebind(a, false, ret, e) < 0 ? -1 : 1;
}

int home_bring(struct attachment *a, struct rt_link *ret, struct err *e)
{
	int r = vfdev_exists(a->sys, &a->vf, e);

	if (r <= 0)
		return r; /* 0: the VFs were taken away: there is none to come home */
	if (a->vf.driver[0] && strcmp(a->vf.driver, a->rec.driver)) {
		log_line(
			LOG_WARNING,
			"VF %s has driver %s by now, not %s: whoever bound it has it, and it stays so",
			a->vf.name, a->vf.driver, a->rec.driver);
		return 0;
	}
	if (!a->vf.driver[0])
		return rebind(a, ret, e);
	r = home_await(a, KERNEL_MS, ret, e);
	if (!r && !a->pod) {
		if (open_lost_pod(a))
			return HOME_IN_POD;
		r = home_await(a, BUSY_MS, ret, e);
	}
	return r ?: rebind(a, ret, e);
}
