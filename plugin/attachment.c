/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attachment.c - one VF on its way into a pod, or out of it: what is looked at before anything
 * changes
 */
#include "attachment.h"

#include <errno.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "device.h"
#include "home.h"
#include "lock.h"
#include "log.h"
#include "mem.h"
#include "pick.h"
#include "recovery.h"
#include "steps.h"
#include "sysfs.h"
#include "tcx.h"
#include "userspace.h"

void attachment_close(struct attachment *a)
{
	json_decref(a->ipam);
	json_decref(a->device_info);
	record_clear(&a->rec);
	rt_pf_clear(&a->pf);
	rt_free(a->pod);
	rt_free(a->host);
	closep(&a->pod_ns);
	closep(&a->host_ns);
	lock_drop(&a->lock);
}

const struct vf_attrs *attachment_vf_attrs(const struct attachment *a)
{
	return rt_pf_tells_of(&a->pf, a->vf.index) ? &a->pf.vfs[a->vf.index] : NULL;
}

const char *attachment_driver(const struct attachment *a)
{
	return a->rec.bind ?: a->rec.driver;
}

bool attachment_has_netdev(const struct attachment *a)
{
	return !vfdev_is_userspace(attachment_driver(a));
}

int attachment_lock(struct attachment *a, const char *vf, int timeout_ms, struct err *e)
{
	char who[300];

	(void)snprintf(who, sizeof(who), "%s of container %s, interface %s",
		       cni_command_name(a->args->command), a->args->container_id, a->args->ifname);
	a->lock = record_lock(a->folder, vf, who, timeout_ms, e);
	return a->lock < 0 ? -1 : 0;
}

void attachment_unlock(struct attachment *a)
{
	lock_drop(&a->lock);
	a->lock = -1;
}

int attachment_open_host(struct attachment *a, struct netns_id *ret_id, struct err *e)
{
	a->host_ns = netns_open_own(ret_id, e);
	return a->host_ns < 0 || rt_open(&a->host, e) < 0 ? -1 : 0;
}

int attachment_refuse_second(const struct attachment *a, const char *vf, struct err *e)
{
	return err_set(
		e, CNI_ECONFIG, 0,
		"interface %s of container %s has VF %s already; DEL has to come before another ADD",
		a->args->ifname, a->args->container_id, vf);
}

int attachment_refuse_name(const struct attachment *a, struct err *e)
{
	return err_set(e, CNI_EENV, 0,
		       "the pod has an interface %s already; CNI_IFNAME has to be new",
		       a->args->ifname);
}

/* --- what ADD refuses before it changes anything --- */

/* Whether the configuration says which VF, or where to pick one. */
static int check_which(const struct conf *c, struct err *e)
{
	if (device_is_named(c) || pool_is_given(&c->pool))
		return 0;
	return err_set(
		e, CNI_ECONFIG, 0,
		"which VF? Give the PF's name as \"master\", and a free VF of it is picked, or a VF's PCI "
		"address as \"deviceID\"; under Kubernetes a device plugin and a meta plugin hand deviceID on "
		"(is the pod's resource request there, and the network's resourceName annotation?)");
}

static int open_pod(struct attachment *a, const struct netns_id *host_id, struct err *e)
{
	a->pod_ns = netns_open(a->args->netns, &a->pod_id, e);
	if (a->pod_ns < 0)
		return -1;
	if (netns_same(&a->pod_id, host_id))
		return err_set(e, CNI_EENV, 0, "CNI_NETNS %s is the host's own network namespace",
			       a->args->netns);
	return rt_open_in(a->host_ns, a->pod_ns, &a->pod, e);
}

static int check_pf(const struct attachment *a, struct err *e)
{
	const struct rt_pf *pf = &a->pf;
	bool ignore = a->conf->pf_link.set && a->conf->pf_link.v != PF_LINK_REQUIRE;

	if (pf->link.arptype == ARPHRD_INFINIBAND)
		return err_set(
			e, CNI_EDEVICE, 0,
			"PF %s is an InfiniBand port: its VFs are attached by the plugin ib-sriov, not by this one",
			pf->link.name);
	if (!attachment_vf_attrs(a))
		return err_set(e, CNI_EDEVICE, 0,
			       "PF %s: its driver does not tell of VF %u (%s); see the kernel log",
			       pf->link.name, a->vf.index, a->vf.name);
	if (!(pf->link.flags & IFF_UP) && !ignore)
		return err_set(
			e, CNI_EDEVICE, 0,
			"PF %s is down, so its VFs have no link: ip link set %s up; or set \"pfLink\" to "
			"\"raise\" or \"ignore\"",
			pf->link.name, pf->link.name);
	if (a->conf->mtu.set && a->conf->mtu.v > pf->link.mtu)
		return err_set(
			e, CNI_ECONFIG, 0,
			"mtu %llu is above that of PF %s, which is %u: ip link set %s mtu %llu",
			(unsigned long long)a->conf->mtu.v, pf->link.name, pf->link.mtu,
			pf->link.name, (unsigned long long)a->conf->mtu.v);
	return 0;
}

/* The names that the VF is to get back, from the record, which is JSON. */
static int check_names(const struct attachment *a, struct err *e)
{
	const struct rt_link *l = &a->link;
	bool good = jtable_is_utf8(l->name);

	if (l->n_altnames > RT_ALTNAMES)
		return err_set(e, CNI_EDEVICE, 0,
			       "VF %s has %u alternative names; at most %d can be kept", a->vf.name,
			       l->n_altnames, RT_ALTNAMES);
	for (unsigned i = 0; i < l->n_altnames; i++)
		good = good && jtable_is_utf8(l->altnames[i]);
	return good ? 0
		    : err_set(e, CNI_EDEVICE, 0,
			      "VF %s: its name on the host (%s), or an alternative one, is not UTF-8 and cannot "
			      "be recorded; rename it",
			      a->vf.name, l->name);
}

static int find_link(struct attachment *a, struct err *e)
{
	a->link = (struct rt_link){0};
	if (userspace_check(a, e) < 0)
		return -1;
	if (userspace_has_no_link(a))
		return 0;
	if (!a->vf.ifname[0] && !a->vf.driver[0])
		return err_set(e, CNI_EDEVICE, 0,
			       "VF %s has no driver; bind one: echo %s > " SYSFS_ROOT
			       "/bus/pci/drivers_probe",
			       a->vf.name, a->vf.name);
	if (!a->vf.ifname[0])
		return err_set(
			e, CNI_EDEVICE, 0,
			"VF %s (driver %s) has no network interface on the host: it is in another namespace, or "
			"this driver makes none",
			a->vf.name, a->vf.driver);
	if (rt_link_by_name(a->host, a->vf.ifname, &a->link, e) < 0)
		return err_ctx(e, "VF %s", a->vf.name);
	if (strcmp(a->link.parent, vfdev_parent(&a->vf)))
		return err_set(e, CNI_EAGAIN, 0,
			       "VF %s: its interface %s got another name at this moment; try again",
			       a->vf.name, a->vf.ifname);
	return check_names(a, e);
}

/*
 * Waits for the netdev of a VF that was just made, or is just being bound to its driver: it comes
 * by itself. This is for a VF that is named; one that is picked has a netdev.
 */
static int await_netdev(struct attachment *a, struct err *e)
{
	int timeout_s = (int)a->conf->netdev_timeout.v, found = 1;

	if (!a->vf.ifname[0] && !userspace_has_no_link(a))
		found = home_await(a, 1000 * timeout_s, &a->link, e);
	if (found)
		return found < 0 ? -1 : 0;
	if (!find_link(a, e)) /* else it says why there is none */
		return 0;
	return err_hint(e, "waited %d s for it: \"netdevTimeout\"", timeout_s);
}

/*
 * A VF that the host uses is not free: what a bridge, bond, VLAN or address on it does there would
 * end, and its address be lost. That it is up alone says nothing: network managers bring up what
 * they see.
 */
static int check_unused(const struct attachment *a, struct err *e)
{
	char text[INET_PREFIX_TEXT];
	struct inet_prefix addr;
	struct rt_link on, master = {.name = "another link"};
	int used;

	if (!a->link.ifindex)
		return 0; /* find_link() has seen to a VF without one */
	if (a->link.master) {
		(void)rt_link_by_index(a->host, a->link.master, &master,
				       &(struct err){0}); /* only for the message */
		return err_set(
			e, CNI_EAGAIN, 0,
			"VF %s is in use on the host: its interface %s is a port of %s; take it out: ip link set "
			"%s nomaster",
			a->vf.name, a->link.name, master.name, a->link.name);
	}
	/* what lies on a link, as a VLAN or the macvtap of a guest, works only while that is up */
	used = a->link.flags & IFF_UP ? rt_link_on(a->host, a->link.ifindex, &on, e) : 0;
	if (used < 0)
		return -1;
	if (used)
		return err_set(
			e, CNI_EAGAIN, 0,
			"VF %s is in use on the host: %s lies on its interface %s; end who uses it, or take it "
			"away: ip link del %s",
			a->vf.name, on.name, a->link.name, on.name);
	used = rt_addr_any(a->host, a->link.ifindex, &addr, e);
	if (used <= 0)
		return used;
	return err_set(
		e, CNI_EAGAIN, 0,
		"VF %s is in use on the host: its interface %s has address %s; take it away: ip address flush "
		"dev %s (and tell NetworkManager or systemd-networkd to leave VFs alone)",
		a->vf.name, a->link.name, inet_prefix_text(&addr, text), a->link.name);
}

static int check_name_free(const struct attachment *a, struct err *e)
{
	struct rt_link taken;
	struct err none = {0};

	if (!rt_link_by_name(a->pod, a->args->ifname, &taken, &none)) {
		if (!cni_result_interface(a->conf->result, a->args->ifname))
			return attachment_refuse_name(a, e);
		return err_set(
			e, CNI_ECONFIG, 0,
			"a plugin in front of this one in the list has made the pod's interface %s; all plugins "
			"of a list have the same CNI_IFNAME, so one alone can make it: give the VF a network of "
			"its own",
			a->args->ifname);
	}
	if (none.errnum != ENODEV) {
		*e = none;
		return -1;
	}
	return 0;
}

static int check_mac_unique(const struct attachment *a, struct err *e)
{
	const struct opt *want = &a->conf->vf.f[VF_MAC];
	char mac[MAC_TEXT];

	if (!want->set)
		return 0;
	for (uint32_t i = 0; i < a->pf.n_vfs; i++)
		if (i != a->vf.index && a->pf.vfs[i].f[VF_MAC].v == want->v)
			return err_set(e, CNI_ECONFIG, EEXIST,
				       "MAC %s is that of VF %u of PF %s already",
				       mac_text(want->v, mac), i, a->pf.link.name);
	if (a->pf.link.mac == want->v)
		return err_set(e, CNI_ECONFIG, EEXIST, "MAC %s is that of PF %s itself",
			       mac_text(want->v, mac), a->pf.link.name);
	return 0;
}

static int check_rates(const struct attachment *a, struct err *e)
{
	const struct vf_attrs want = vf_attrs_merge(attachment_vf_attrs(a), &a->conf->vf);
	unsigned long long min = want.f[VF_MIN_TX].v, max = want.f[VF_MAX_TX].v;

	if ((a->conf->vf.f[VF_MIN_TX].set || a->conf->vf.f[VF_MAX_TX].set) && max && min > max)
		return err_set(
			e, CNI_ECONFIG, 0,
			"PF %s: VF %u: min_tx_rate %llu is above max_tx_rate %llu; what the configuration does "
			"not give is as the VF has it",
			a->pf.link.name, a->vf.index, min, max);
	return 0;
}

/* The VF as found, and what is to become of it. */
static int fill_record(struct attachment *a, struct err *e)
{
	struct record *r = &a->rec;
	int own;

	memcpy(r->vf, a->vf.name, sizeof(r->vf));
	memcpy(r->pf, a->vf.pf, sizeof(r->pf));
	r->index = a->vf.index;
	r->container_id = a->args->container_id;
	r->ifname = a->args->ifname;
	r->network = a->conf->name;
	r->netns = a->args->netns;
	r->netns_id = a->pod_id;
	r->netns_cookie = rt_netns_cookie(a->pod);
	r->phase = RECORD_ADDING;
	memcpy(r->link.name, a->link.name, sizeof(r->link.name));
	r->link.mac = a->link.mac;
	r->link.mtu = a->link.mtu;
	r->link.flags = a->link.flags & RECORD_FLAGS;
	r->link.n_altnames = a->link.n_altnames;
	memcpy(r->link.altnames, a->link.altnames, sizeof(r->link.altnames));
	r->link.alias_known = a->link.ifindex != 0; /* a VF on a userspace driver has no netdev */
	memcpy(r->link.alias, a->link.alias, sizeof(r->link.alias));
	memcpy(r->link.traits, a->link.traits, sizeof(r->link.traits));
	r->link.xdp = a->link.xdp;
	r->link.xdp_id = a->link.xdp_id;
	r->link.tcx = a->link.ifindex && tcx_is_attached(a->link.ifindex);
	if (a->vf.pf[0])
		r->found = *attachment_vf_attrs(a);
	r->wanted = a->conf->vf;
	r->flr = a->conf->flr;
	if (userspace_record(a, e) < 0)
		return -1;
	if (r->link.mac && r->found.f[VF_MAC].v == r->link.mac) {
		own = vfdev_mac_is_own(a->sys, &a->vf, e);
		if (own < 0)
			return -1;
		r->link.mac_reported = own;
	}
	r->time = time(NULL);
	if (a->conf->ipam_type) {
		/*
		 * the configuration without prevResult, which may be long and which no IPAM plugin
		 * needs to release
		 */
		r->doc = json_object();
		r->config = json_copy(a->conf->doc);
		json_object_del(r->config, "prevResult");
		r->args = *a->args->args ? a->args->args : NULL;
		json_object_set_new(r->doc, "config", r->config);
	}
	return 0;
}

int attachment_take_link(struct attachment *a, struct err *e)
{
	return find_link(a, e) < 0 || check_unused(a, e) < 0 ? -1 : 0;
}

int attachment_read_pf(struct attachment *a, struct err *e)
{
	struct rt_pf pf;

	if (rt_pf_get(a->host, a->vf.pf_ifname, &pf, e) < 0)
		return -1;
	/* an InfiniBand port is refused for what it is: check_pf() */
	if (strcmp(pf.link.parent, a->vf.pf) && pf.link.arptype != ARPHRD_INFINIBAND) {
		rt_pf_clear(&pf);
		return err_set(e, CNI_EAGAIN, 0,
			       "PF %s: its interface %s got another name at this moment; try again",
			       a->vf.pf, a->vf.pf_ifname);
	}
	a->pf = pf;
	return 0;
}

int attachment_take_pf(struct attachment *a, struct err *e)
{
	int raised;

	if (!a->vf.pf[0])
		return 0; /* "pfOnly" */
	raised = record_pf_raised(a->folder, a->vf.pf, e);
	a->pf_raised = raised > 0;
	if (raised < 0 || attachment_read_pf(a, e) < 0)
		return -1;
	return check_pf(a, e);
}

int attachment_check_vf(const struct attachment *a, struct err *e)
{
	if (!a->vf.pf[0])
		return 0; /* "pfOnly" */
	return check_mac_unique(a, e) < 0 ? -1 : check_rates(a, e);
}

int attachment_look(struct attachment *a, struct err *e)
{
	if (!device_is_named(a->conf) && !pool_is_given(&a->conf->pool))
		return 0;
	if (attachment_open_host(a, NULL, e) < 0)
		return -1;
	if (!device_is_named(a->conf))
		return pick_look(a, e);
	if (!a->conf->device_id && !device_is_on_host(a))
		return 0; /* a container has it, as far as can be told */
	if (device_open(a, e) < 0 || attachment_take_pf(a, e) < 0)
		return -1;
	return userspace_check_loaded(a, e);
}

/* The VF that the configuration names. */
static int take_named(struct attachment *a, struct err *e)
{
	/* an interface that a killed ADD has moved is not found by its name on the host */
	if ((!a->conf->device_id && recovery_settle_own(a, e) < 0) || device_open(a, e) < 0 ||
	    attachment_lock(a, a->vf.name, ATTACHMENT_LOCK_MS, e) < 0 ||
	    recovery_settle(a, e) < 0 || vfdev_refresh(a->sys, &a->vf, e) < 0 ||
	    await_netdev(a, e) < 0 || attachment_take_link(a, e) < 0 || device_check_link(a, e) < 0)
		return -1;
	return attachment_take_pf(a, e) < 0 ? -1 : attachment_check_vf(a, e);
}

int attachment_prepare(struct attachment *a, struct err *e)
{
	struct netns_id host_id;

	if (check_which(a->conf, e) < 0 || attachment_open_host(a, &host_id, e) < 0 ||
	    (device_is_named(a->conf) ? take_named(a, e) : pick_vf(a, e)) < 0 ||
	    open_pod(a, &host_id, e) < 0 || check_name_free(a, e) < 0 ||
	    (a->conf->ipam_type && ipam_refuse(a, e) < 0) || info_look(a, e) < 0)
		return -1;
	return fill_record(a, e);
}
