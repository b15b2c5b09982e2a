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

#include "delegate.h"
#include "log.h"
#include "mem.h"
#include "steps.h"
#include "sysfs.h"

/*
 * An operation takes a fraction of a second, unless an IPAM plugin is slow; then the runtime may as
 * well come back.
 */
#define LOCK_TIMEOUT_MS 10000

void attachment_close(struct attachment *a)
{
	json_decref(a->ipam);
	record_clear(&a->rec);
	rt_pf_clear(&a->pf);
	rt_free(a->pod);
	rt_free(a->host);
	closep(&a->pod_ns);
	closep(&a->host_ns);
	closep(&a->lock);
}

const struct vf_attrs *attachment_vf_attrs(const struct attachment *a)
{
	return a->vf.index < a->pf.n_vfs ? &a->pf.vfs[a->vf.index] : NULL;
}

static int lock_vf(struct attachment *a, const char *vf, struct err *e)
{
	char who[300];

	(void)snprintf(who, sizeof(who), "%s of container %s, interface %s",
		       cni_command_name(a->args->command), a->args->container_id, a->args->ifname);
	a->lock = record_lock(a->folder, vf, who, LOCK_TIMEOUT_MS, e);
	return a->lock < 0 ? -1 : 0;
}

static int open_host(struct attachment *a, struct netns_id *ret_id, struct err *e)
{
	a->host_ns = netns_open_own(ret_id, e);
	return a->host_ns < 0 || rt_open(&a->host, e) < 0 ? -1 : 0;
}

/* --- a record that is there already --- */

static bool is_recorded_cookie(const struct rt *pod, const struct record *r)
{
	uint64_t cookie = rt_netns_cookie(pod);

	return !cookie || !r->netns_cookie || cookie == r->netns_cookie;
}

/* Takes over what the record says, for the operations that begin with one. The lock is held. */
static int open_recorded(struct attachment *a, struct err *e)
{
	const struct record *r = &a->rec;
	struct err gone = {0};

	if (open_host(a, NULL, e) < 0)
		return -1;
	memcpy(a->vf.name, r->vf, sizeof(a->vf.name));
	memcpy(a->vf.pf, r->pf, sizeof(a->vf.pf));
	a->vf.index = r->index;

	/*
	 * Another namespace can have been mounted over the same path, and have the same inode: only
	 * the same one is the pod.
	 */
	a->pod_ns = netns_open(r->netns, &a->pod_id, &gone);
	if (a->pod_ns < 0)
		return 0;
	if (netns_same(&a->pod_id, &r->netns_id)) {
		if (rt_open_in(a->host_ns, a->pod_ns, &a->pod, e) < 0)
			return -1;
		if (is_recorded_cookie(a->pod, r))
			return 0;
		rt_free(a->pod);
		a->pod = NULL;
	}
	closep(&a->pod_ns);
	a->pod_ns = -1;
	return 0;
}

/*
 * What a dead process left of the VF is brought to its end: in the name of the container that had
 * it, with the IPAM section that was recorded. a->lock guards the VF already.
 */
static int recover(const struct attachment *a, struct record *r, struct err *e)
{
	struct cni_args args = *a->args;
	struct attachment old = ATTACHMENT_INIT;
	int ret;

	old.args = &args;
	old.env = a->env;
	old.sys = a->sys;
	old.folder = a->folder;
	old.rec = *r;
	*r = (struct record){0};
	args.container_id = old.rec.container_id;
	args.ifname = old.rec.ifname;
	args.netns = old.rec.netns;
	args.args = "";

	log_line(LOG_WARNING,
		 "VF %s was left half-way (%s) by container %s, interface %s: giving it back",
		 old.rec.vf,
		 old.rec.phase == RECORD_ATTACHED ? "its namespace is gone"
						  : "its operation did not end",
		 args.container_id, args.ifname);
	ret = open_recorded(&old, e) < 0 || steps_revert(&old, e) < 0 ? -1 : 0;
	if (ret < 0)
		err_ctx(e, "VF %s: cannot give back what container %s left", old.rec.vf,
			args.container_id);
	attachment_close(&old);
	return ret;
}

/*
 * A record that cannot be understood is put aside, for a person to look at, and the VF goes on
 * without: it must not be out of use for good. Result as of record_load().
 */
static int load_sound(const struct attachment *a, const char *vf, struct record *ret, struct err *e)
{
	struct err damaged = {0};
	int found = record_load(a->folder, vf, ret, &damaged);

	if (found >= 0)
		return found;
	if (damaged.code != CNI_ESTATE) {
		*e = damaged;
		return -1;
	}
	log_line(LOG_ERROR,
		 "%s; it is kept as " RECORD_FOLDER "/%s" RECORD_ASIDE
		 ", and what the VF was like before is not known",
		 damaged.msg, vf);
	return record_set_aside(a->folder, vf, e);
}

static bool namespace_lives(const struct record *r)
{
	struct netns_id id;
	struct err gone;
	_cleanup_fd_ int own = netns_open_own(NULL, &gone), fd = netns_open(r->netns, &id, &gone);
	_cleanup_(rt_freep) struct rt *pod = NULL;

	if (fd < 0 || !netns_same(&id, &r->netns_id))
		return false;
	/* in doubt it lives */
	return own < 0 || rt_open_in(own, fd, &pod, &gone) < 0 || is_recorded_cookie(pod, r);
}

static bool is_valid(const struct record *r, const json_t *valid)
{
	json_t *item;
	size_t i;

	json_array_foreach(valid, i, item) {
		const char *id = json_string_value(json_object_get(item, "containerID"));
		const char *ifname = json_string_value(json_object_get(item, "ifname"));

		if (id && ifname && !strcmp(id, r->container_id) && !strcmp(ifname, r->ifname))
			return true;
	}
	return false;
}

int attachment_collect(const struct attachment *a, const char *vf, const json_t *valid,
		       struct err *e)
{
	_cleanup_fd_ int lock = -1;
	struct record r = {0};
	struct err busy = {0};
	int ret = 0;

	lock = record_lock(a->folder, vf, "GC", 0, &busy);
	if (lock < 0) {
		log_line(LOG_INFO, "left alone: %s", busy.msg); /* whoever works on it sees to it */
		return 0;
	}
	ret = load_sound(a, vf, &r, e);
	if (ret <= 0)
		return ret;
	ret = 0;
	if (strcmp(r.network, a->conf->name) || is_valid(&r, valid))
		ret = 0;
	else if (r.phase == RECORD_ATTACHED && namespace_lives(&r))
		log_line(
			LOG_WARNING,
			"VF %s: container %s is not a valid attachment, but its namespace %s lives: left alone",
			vf, r.container_id, r.netns);
	else
		ret = recover(a, &r, e);
	record_clear(&r);
	return ret;
}

/* Whoever wrote the record does not hold the lock any more: it has ended, well or badly. */
static int settle_record(struct attachment *a, struct err *e)
{
	struct record r = {0};
	int found = load_sound(a, a->vf.name, &r, e), ret = 0;

	if (found <= 0)
		return found;
	bool ours = !strcmp(r.container_id, a->args->container_id) &&
		    !strcmp(r.ifname, a->args->ifname);

	if (r.phase != RECORD_ATTACHED || !namespace_lives(&r))
		ret = recover(a, &r, e);
	else if (ours)
		ret = err_set(
			e, CNI_ECONFIG, 0,
			"interface %s of container %s has VF %s already; DEL has to come before another ADD",
			r.ifname, r.container_id, a->vf.name);
	else
		ret = err_set(e, CNI_EAGAIN, 0,
			      "VF %s is held by container %s, interface %s, network %s", a->vf.name,
			      r.container_id, r.ifname, r.network);
	record_clear(&r);
	return ret;
}

/*
 * Whether the index says the same, now that the VF's lock is held, without which nobody changes its
 * entry. Result: 1 or 0.
 */
static int is_indexed(const struct attachment *a, const char *vf, struct err *e)
{
	char now[PCIADDR_TEXT];
	int found = record_index_find(a->folder, a->args->container_id, a->args->ifname, now, e);

	return found <= 0 ? found : !strcmp(now, vf);
}

static void unlock(struct attachment *a)
{
	closep(&a->lock);
	a->lock = -1;
}

int attachment_load(struct attachment *a, struct err *e)
{
	const struct cni_args *args = a->args;
	char vf[PCIADDR_TEXT];
	int found = record_index_find(a->folder, args->container_id, args->ifname, vf, e);

	if (found <= 0)
		return found;
	if (lock_vf(a, vf, e) < 0)
		return -1;
	found = is_indexed(a, vf, e);
	if (found <= 0) {
		unlock(a);
		/* while the lock was waited for, the interface has lost its VF, or got another */
		return found < 0 ? -1 : attachment_load(a, e);
	}
	found = load_sound(a, vf, &a->rec, e);
	if (found < 0)
		return -1;
	if (!found && record_drop(a->folder, vf, e) < 0)
		return -1; /* an ADD that was killed while it wrote the record */
	if (!found || strcmp(a->rec.container_id, args->container_id) ||
	    strcmp(a->rec.ifname, args->ifname)) {
		record_clear(&a->rec); /* the VF has another owner by now */
		found = record_index_drop(a->folder, args->container_id, args->ifname, e);
		unlock(a);
		return found;
	}
	return open_recorded(a, e) < 0 ? -1 : 1;
}

/* --- what ADD refuses before it changes anything --- */

static int find_vf(struct attachment *a, struct err *e)
{
	if (!a->conf->device_id)
		return err_set(
			e, CNI_ECONFIG, 0,
			"\"deviceID\" is missing: which VF to attach; under Kubernetes a device plugin and a "
			"meta plugin hand it on (is the pod's resource request there, and the network's "
			"resourceName annotation?), else write the VF's PCI address into the configuration");
	return vfdev_open(a->sys, &a->conf->device, &a->vf, e);
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
			       "PF %s: the kernel tells of %u VFs, VF %u (%s) is not among them",
			       pf->link.name, pf->n_vfs, a->vf.index, a->vf.name);
	if (!(pf->link.flags & IFF_UP) && !ignore)
		return err_set(
			e, CNI_EDEVICE, 0,
			"PF %s is down, so its VFs have no link: ip link set %s up; or set \"pfLink\" to "
			"\"raise\" or \"ignore\"",
			pf->link.name, pf->link.name);
	return 0;
}

static int find_link(struct attachment *a, struct err *e)
{
	if (!a->vf.ifname[0] && !a->vf.driver[0])
		return err_set(e, CNI_EDEVICE, 0,
			       "VF %s has no driver; bind one: echo %s > " SYSFS_ROOT
			       "/bus/pci/drivers_probe",
			       a->vf.name, a->vf.name);
	if (!a->vf.ifname[0])
		return err_set(
			e, CNI_EDEVICE, 0,
			"VF %s (driver %s) has no network interface on the host; it is in another namespace, or "
			"bound to a userspace driver",
			a->vf.name, a->vf.driver);
	if (rt_link_by_name(a->host, a->vf.ifname, &a->link, e) < 0)
		return err_ctx(e, "VF %s", a->vf.name);
	if (a->link.n_altnames > RT_ALTNAMES)
		return err_set(e, CNI_EDEVICE, 0,
			       "VF %s has %u alternative names; at most %d can be kept", a->vf.name,
			       a->link.n_altnames, RT_ALTNAMES);
	return 0;
}

static int check_name_free(const struct attachment *a, struct err *e)
{
	struct rt_link taken;
	struct err none = {0};

	if (!rt_link_by_name(a->pod, a->args->ifname, &taken, &none))
		return err_set(e, CNI_EENV, EEXIST,
			       "the pod has an interface %s already; CNI_IFNAME has to be new",
			       a->args->ifname);
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

static int check_values(const struct attachment *a, struct err *e)
{
	const struct vf_attrs want = vf_attrs_merge(attachment_vf_attrs(a), &a->conf->vf);
	unsigned long long min = want.f[VF_MIN_TX].v, max = want.f[VF_MAX_TX].v;
	char path[PATH_MAX];

	if ((a->conf->vf.f[VF_MIN_TX].set || a->conf->vf.f[VF_MAX_TX].set) && max && min > max)
		return err_set(
			e, CNI_ECONFIG, 0,
			"PF %s: VF %u: min_tx_rate %llu is above max_tx_rate %llu; what the configuration does "
			"not give is as the VF has it",
			a->pf.link.name, a->vf.index, min, max);
	if (a->conf->mtu.set && a->conf->mtu.v > a->pf.link.mtu)
		return err_set(
			e, CNI_ECONFIG, 0,
			"mtu %llu is above that of PF %s, which is %u: ip link set %s mtu %llu",
			(unsigned long long)a->conf->mtu.v, a->pf.link.name, a->pf.link.mtu,
			a->pf.link.name, (unsigned long long)a->conf->mtu.v);
	if (a->conf->ipam_type && delegate_find(a->conf->ipam_type, a->args->path, path, e) < 0)
		return -1;
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
	r->driver = a->vf.driver;
	memcpy(r->link.name, a->link.name, sizeof(r->link.name));
	r->link.mac = a->link.mac;
	r->link.mtu = a->link.mtu;
	r->link.flags = a->link.flags & RECORD_FLAGS;
	r->link.n_altnames = a->link.n_altnames;
	memcpy(r->link.altnames, a->link.altnames, sizeof(r->link.altnames));
	r->found = *attachment_vf_attrs(a);
	r->wanted = a->conf->vf;
	/* only an admin MAC that is another one than before will have to be taken back */
	if (r->wanted.f[VF_MAC].set && r->link.mac && r->found.f[VF_MAC].v == r->link.mac &&
	    r->wanted.f[VF_MAC].v != r->link.mac) {
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
		json_object_set_new(r->doc, "config", r->config);
	}
	return 0;
}

int attachment_look(struct attachment *a, struct err *e)
{
	if (find_vf(a, e) < 0 || open_host(a, NULL, e) < 0 ||
	    rt_pf_get(a->host, a->vf.pf_ifname, &a->pf, e) < 0)
		return -1;
	return check_pf(a, e);
}

int attachment_prepare(struct attachment *a, struct err *e)
{
	struct netns_id host_id;

	if (find_vf(a, e) < 0 || open_host(a, &host_id, e) < 0 || open_pod(a, &host_id, e) < 0 ||
	    lock_vf(a, a->vf.name, e) < 0 || settle_record(a, e) < 0 ||
	    vfdev_refresh(a->sys, &a->vf, e) < 0 ||
	    rt_pf_get(a->host, a->vf.pf_ifname, &a->pf, e) < 0 || check_pf(a, e) < 0 ||
	    find_link(a, e) < 0 || check_name_free(a, e) < 0 || check_mac_unique(a, e) < 0 ||
	    check_values(a, e) < 0)
		return -1;
	return fill_record(a, e);
}
