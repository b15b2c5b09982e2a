/* SPDX-License-Identifier: Apache-2.0 */
/* step_link.c - the VF's netdev: into the pod, and back */
#include <errno.h>
#include <string.h>

#include "home.h"
#include "log.h"
#include "mem.h"
#include "steps.h"
#include "tcx.h"

int move_apply(struct attachment *a, struct err *e)
{
	struct rt_link_change c = RT_LINK_KEEP;

	/*
	 * An alternative name goes with the device, where it could meet another of the same name,
	 * or CNI_IFNAME.
	 */
	if (a->link.n_altnames && rt_altnames_change(a->host, a->link.ifindex, false,
						     a->link.n_altnames, a->link.altnames, e) < 0)
		return err_ctx(e, "VF %s: alternative names", a->vf.name);

	c.netns_fd = a->pod_ns;
	c.name = a->args->ifname;
	c.up = 1;
	if (a->conf->mtu.set && a->conf->mtu.v != a->link.mtu)
		c.mtu = (uint32_t)a->conf->mtu.v;
	if (!rt_link_change(a->host, a->link.ifindex, &c, e))
		return 0;
	if (e->errnum == EEXIST)
		(void)attachment_refuse_name(a, e); /* it came after the look at the pod */
	return err_ctx(e, "VF %s: interface %s to %s in %s", a->vf.name, a->link.name,
		       a->args->ifname, a->args->netns);
}

/* The result of a look-up as 1, or 0 when it failed because there is no such link. */
static int found_or_not(int result, const struct err *why, struct err *e)
{
	if (!result)
		return 1;
	if (why->errnum == ENODEV)
		return 0;
	*e = *why;
	return -1;
}

/* The VF's netdev in the pod, whatever it is called now. Result: 1, 0 when it is not there. */
static int find_in_pod(struct attachment *a, struct rt_link *ret, struct err *e)
{
	struct err none = {0};

	if (!a->pod)
		return 0;
	if (!rt_link_by_name(a->pod, a->rec.ifname, ret, &none) &&
	    !strcmp(ret->parent, vfdev_parent(&a->vf)))
		return 1;
	return found_or_not(rt_link_by_parent(a->pod, vfdev_parent(&a->vf), ret, &none), &none, e);
}

/* How many links a pod can have on its VF: no more than there are VLANs. */
#define LINKS_ON_VF 4096

/*
 * What the pod has put on the VF (VLANs, macvlan) would stay in the pod when the VF leaves, and go
 * on sending and receiving by it, whoever has it then: the kernel takes such a link away with the
 * one below it only when that is destroyed, not when it moves.
 */
static int clear_links_on(struct attachment *a, const struct rt_link *link, struct err *e)
{
	struct rt_link on;
	struct err gone = {0};

	for (unsigned i = 0; i < LINKS_ON_VF; i++) {
		int found = rt_link_on(a->pod, link->ifindex, &on, e);

		if (found <= 0)
			return found;
		log_line(LOG_INFO, "VF %s: the pod's link %s lies on it, and is deleted",
			 a->vf.name, on.name);
		if (rt_link_delete(a->pod, on.ifindex, &gone) < 0 && gone.errnum != ENODEV) {
			*e = gone;
			return err_ctx(e, "link %s on %s", on.name, link->name);
		}
	}
	return err_set(e, CNI_EKERNEL, 0, "the pod goes on making links on %s", link->name);
}

/* Alternative names that the pod gave it stay behind; one of them could be in use on the host. */
static int drop_altnames(struct attachment *a, struct rt_link *link, struct err *e)
{
	while (link->n_altnames) {
		unsigned n = link->n_altnames < RT_ALTNAMES ? link->n_altnames : RT_ALTNAMES;

		if (rt_altnames_change(a->pod, link->ifindex, false, n, link->altnames, e) < 0 ||
		    rt_link_by_index(a->pod, link->ifindex, link, e) < 0)
			return -1;
	}
	return 0;
}

/*
 * From the pod to the host, where it appears under its own name: whoever watches links there sees
 * no other.
 */
static int move_back(struct attachment *a, struct rt_link *link, struct err *e)
{
	struct rt_link_change down = RT_LINK_KEEP, name = RT_LINK_KEEP, move = RT_LINK_KEEP;
	struct err taken = {0};

	if (drop_altnames(a, link, e) < 0)
		return -1;
	if (clear_links_on(a, link, e) < 0)
		return -1;
	down.up = 0;
	if (link->flags & IFF_UP && rt_link_change(a->pod, link->ifindex, &down, e) < 0)
		return -1;
	name.name = a->rec.link.name;
	if (strcmp(link->name, name.name) &&
	    rt_link_change(a->pod, link->ifindex, &name, &taken) < 0)
		move.name =
			name.name; /* the pod has one of this name: it is given during the move */
	move.netns_fd = a->host_ns;
	if (!rt_link_change(a->pod, link->ifindex, &move, &taken))
		return 0;
	if (taken.errnum == EEXIST) {
		/* the host has one of this name: the VF goes home all the same, and is renamed
		 * there */
		move.name = "eth%d"; /* a pattern to the kernel */
		taken.code = 0;
		(void)rt_link_change(a->pod, link->ifindex, &move,
				     &taken); /* seen by who looks for it */
	}
	*e = taken;
	return -1;
}

/*
 * Result: 1 when it is on the host now, under its own name, and what it was like in the pod; 0 when
 * it is not in the pod.
 */
static int take_from_pod(struct attachment *a, struct rt_link *ret, struct err *e)
{
	struct err stuck = {0};
	int found = find_in_pod(a, ret, e);

	if (found <= 0)
		return found;
	if (!move_back(a, ret, &stuck))
		return 1;
	/* it may have moved all the same, and the name be the trouble */
	found = find_in_pod(a, ret, e);
	if (found > 0)
		*e = stuck;
	return found ? err_ctx(e, "VF %s: from the pod to the host", a->vf.name) : 0;
}

/*
 * An XDP program of the pod's goes with the netdev, where it would see the packets of whoever has
 * the VF next. If it is held by a bpf_link, nobody else can detach it; a netdev that ends does.
 * One that the pod put in place of the host's is no better. tcx is own_link_revert()'s affair.
 */
static bool is_to_be_made_anew(const struct attachment *a, const struct rt_link *link)
{
	const struct record_link *had = &a->rec.link;

	return a->rec.flr || a->anew ||
	       (link->xdp && (!had->xdp || (had->xdp_id && link->xdp_id != had->xdp_id)));
}

int move_revert(struct attachment *a, struct err *e)
{
	struct rt_link link;
	int found;

	if (a->rec.bind)
		return 0; /* bind_revert() takes the driver away, and with it this netdev */
	do {
		found = take_from_pod(a, &link, e);
		if (found < 0 || (found && !is_to_be_made_anew(a, &link)))
			return found < 0 ? -1 : 0;
		found = home_find(a, &link, e);
		if (!found)
			found = home_bring(a, &link, e);
		/* rdma_revert() did not know this namespace yet */
		if (found == HOME_IN_POD && rdma_revert(a, e) < 0)
			return -1;
	} while (found == HOME_IN_POD);
	if (found <= 0)
		return found; /* no VF any more, or another's */
	if (is_to_be_made_anew(a, &link) && home_rebind(a, a->rec.flr, &link, e) < 0)
		return -1;
	return strcmp(link.name, a->rec.link.name) ? home_rename(a, &link, e) : 0;
}

/* From the pod to the host, as it is there. Its record, which would tell more, is lost. */
static int bring_unrecorded(struct attachment *a, struct rt_link *link, struct err *e)
{
	struct rt_link_change c = RT_LINK_KEEP;

	c.netns_fd = a->host_ns;
	c.name = "eth%d"; /* a pattern to the kernel */
	if (drop_altnames(a, link, e) < 0 || clear_links_on(a, link, e) < 0 ||
	    rt_link_change(a->pod, link->ifindex, &c, e) < 0)
		return err_ctx(e, "VF %s: from the pod to the host", a->vf.name);
	if (!link->xdp) {
		/* here it can have another index */
		if (rt_link_by_parent(a->host, vfdev_parent(&a->vf), link, e) < 0)
			return -1;
		if (!tcx_is_attached(link->ifindex))
			return 0;
	}
	memcpy(a->found_driver, a->vf.driver, sizeof(a->found_driver));
	a->rec.driver = a->found_driver;
	return home_rebind(a, false, link, e);
}

int move_unrecorded(struct attachment *a, struct err *e)
{
	struct netns_id host_id, pod_id;
	struct err none = {0};
	struct rt_link link;
	int found = 0;

	a->host_ns = netns_open_own(&host_id, e);
	if (a->host_ns < 0 || rt_open(&a->host, e) < 0)
		return -1;
	a->pod_ns = netns_open(a->args->netns, &pod_id, &none);
	if (a->pod_ns < 0 && none.code != CNI_EUNKNOWN) {
		*e = none;
		return -1;
	}
	if (vfdev_refresh(a->sys, &a->vf, e) < 0)
		return -1;
	if (a->pod_ns >= 0 && !netns_same(&host_id, &pod_id)) {
		a->rec.ifname = a->args->ifname;
		if (rt_open_in(a->host_ns, a->pod_ns, &a->pod, e) < 0 ||
		    (found = find_in_pod(a, &link, e)) < 0 ||
		    (found && bring_unrecorded(a, &link, e) < 0))
			return -1;
	}
	log_line(
		LOG_WARNING,
		"VF %s has lost its record: it %s; its name, driver, MAC and attributes can be those that its "
		"container had: look at them with sriovctl show %s, and put them in order",
		a->vf.name,
		found                              ? "is back on the host"
		: a->vf.ifname[0]                  ? "is on the host"
		: !a->vf.driver[0]                 ? "has no driver"
		: vfdev_is_userspace(a->vf.driver) ? "has a driver of userspace"
						   : "is not in the pod, and not on the host",
		a->vf.name);
	return 0;
}

/* --- CHECK --- */

/*
 * The interface as it should be: what the whole chain of plugins answered where the runtime says
 * it, else our own answer.
 */
static json_t *expected_interface(const struct attachment *a)
{
	return cni_result_interface(a->conf->result, a->args->ifname)
		       ?: cni_result_interface(a->rec.result, a->args->ifname);
}

/*
 * A result older than CNI 1.1.0 has no MTU. Then another plugin of the chain can have changed it
 * without saying so, unless the configuration asked us for one.
 */
static json_int_t expected_mtu(const struct attachment *a, const json_t *itf)
{
	json_int_t mtu = json_integer_value(json_object_get(itf, "mtu"));

	return mtu || !a->conf->mtu.set ? mtu : (json_int_t)a->conf->mtu.v;
}

int move_check(struct attachment *a, struct err *e)
{
	json_t *itf = expected_interface(a);
	const char *mac = json_string_value(json_object_get(itf, "mac"));
	json_int_t mtu = expected_mtu(a, itf);
	char text[MAC_TEXT];
	uint64_t want;
	int found = find_in_pod(a, &a->link, e);

	if (found < 0)
		return -1;
	if (!found)
		return err_set(e, CNI_ECHECK, 0, "VF %s is not in the pod's namespace %s",
			       a->vf.name, a->rec.netns);
	if (strcmp(a->link.name, a->args->ifname))
		return err_set(e, CNI_ECHECK, 0, "VF %s is called %s in the pod, ADD called it %s",
			       a->vf.name, a->link.name, a->args->ifname);
	if (!(a->link.flags & IFF_UP))
		return err_set(e, CNI_ECHECK, 0, "interface %s is down, ADD left it up",
			       a->args->ifname);
	/* the port of a bond has the bond's MAC, for as long as it is one */
	if (mac && !mac_parse(mac, &want) && want != a->link.mac && !(a->link.flags & IFF_SLAVE))
		return err_set(e, CNI_ECHECK, 0, "interface %s has MAC %s, it should be %s",
			       a->args->ifname, mac_text(a->link.mac, text), mac);
	if (mtu && mtu != (json_int_t)a->link.mtu)
		return err_set(e, CNI_ECHECK, 0, "interface %s has MTU %u, it should be %lld",
			       a->args->ifname, a->link.mtu, (long long)mtu);
	return 0;
}
