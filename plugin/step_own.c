/* SPDX-License-Identifier: Apache-2.0 */
/* step_own.c - the VF's own link as it was: its MAC, which only its PF can let it have back, and
 * the rest */
#include <errno.h>
#include <string.h>

#include "home.h"
#include "log.h"
#include "mem.h"
#include "steps.h"
#include "tcx.h"

static int set_own_mac(struct attachment *a, const struct rt_link *link, struct err *e)
{
	struct rt_link_change c = RT_LINK_KEEP;

	c.mac = a->rec.link.mac;
	if (link->mac == c.mac) {
		/* the kernel tells a driver only of a MAC that is another one: the bit of those
		 * that are locally administered makes it one that no neighbour has */
		c.mac ^= 1ULL << 41;
		if (rt_link_change(a->host, link->ifindex, &c, e) < 0)
			return -1;
		c.mac = a->rec.link.mac;
	}
	return rt_link_change(a->host, link->ifindex, &c, e);
}

/* Whether the PF has the own MAC from the VF, where it had it before. Result: 1 or 0. */
static int pf_has_heard(struct attachment *a, struct err *e)
{
	int there;

	if (!a->rec.link.mac_reported)
		return 1;
	there = vf_refresh_pf(a, e);
	if (there <= 0)
		return there < 0 ? -1 : 1; /* there is no PF that could */
	return attachment_vf_attrs(a)->f[VF_MAC].v == a->rec.link.mac;
}

static int reopen(struct attachment *a, const struct rt_link *link, struct err *e)
{
	struct rt_link_change c = RT_LINK_KEEP;

	for (int i = 0; i < 2; i++) {
		c.up = !(link->flags & IFF_UP) ^ i;
		if (rt_link_change(a->host, link->ifindex, &c, e) < 0)
			return -1;
	}
	return 0;
}

#define OWN_MAC_TRIES 3

/*
 * A PF that was reset does not listen to its VFs before they are reset as well, which opening or
 * closing them does (igb; it answers no, or for 2 s not at all, which igbvf takes for a yes).
 */
static int own_mac_back(struct attachment *a, struct rt_link *link, struct err *e)
{
	struct err refused;
	int heard;

	/* an admin MAC would forbid it; igbvf also has to be told after, so vf_revert() comes once
	 * more */
	if (vf_set_mac(a, 0, e) < 0)
		return -1;
	for (int tries = 0; tries < OWN_MAC_TRIES; tries++) {
		if (tries && (reopen(a, link, e) < 0 ||
			      rt_link_by_index(a->host, link->ifindex, link, e) < 0))
			return -1;
		refused = (struct err){0};
		if (!set_own_mac(a, link, &refused)) {
			heard = pf_has_heard(a, e);
			if (heard)
				return heard < 0 ? -1 : 0;
		} else if (!mac_is_refusal(refused.errnum)) {
			break;
		}
	}
	if (refused.code) {
		*e = refused;
		return -1;
	}
	log_line(
		LOG_WARNING,
		"PF %s has not heard from VF %u (%s) of its own MAC, in %d tries; it is set there, and the VF "
		"cannot choose another",
		a->vf.pf_ifname, a->vf.index, a->vf.name, OWN_MAC_TRIES);
	return vf_set_mac(a, a->rec.link.mac, e);
}

/* Whether the name is among the n, of which RT_ALTNAMES are known. */
static bool has_altname(unsigned n, const char names[][RT_ALTNAME_LEN], const char *name)
{
	for (unsigned i = 0; i < n && i < RT_ALTNAMES; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/*
 * Alternative names that the VF did not have: the pod gave them, and the kernel has brought them
 * along when the namespace ended.
 */
static int drop_new_altnames(struct attachment *a, struct rt_link *link, struct err *e)
{
	char dropped[RT_ALTNAMES][RT_ALTNAME_LEN];
	unsigned n;

	do {
		n = 0;
		for (unsigned i = 0; i < link->n_altnames && i < RT_ALTNAMES; i++)
			if (!has_altname(a->rec.link.n_altnames, a->rec.link.altnames,
					 link->altnames[i]))
				memcpy(dropped[n++], link->altnames[i], RT_ALTNAME_LEN);
		if (n && (rt_altnames_change(a->host, link->ifindex, false, n, dropped, e) < 0 ||
			  rt_link_by_index(a->host, link->ifindex, link, e) < 0))
			return -1;
	} while (n);
	return 0;
}

/*
 * Whether the VF's own MAC has to be put back: it has another, or its PF has one that it did not
 * report, or it was bound anew and took for its PF's what it once reported itself. Result: 1, 0.
 */
static int lost_own_mac(struct attachment *a, const struct rt_link *now, struct err *e)
{
	const struct record_link *want = &a->rec.link;
	const struct vf_attrs *pf_side = attachment_vf_attrs(a);
	int own;

	if (!want->mac || now->mac != want->mac)
		return want->mac != 0;
	if (!want->mac_reported || !pf_side)
		return 0;
	if (pf_side->f[VF_MAC].v != a->rec.found.f[VF_MAC].v)
		return 1;
	own = vfdev_mac_is_own(a->sys, &a->vf, e);
	return own < 0 ? -1 : !own;
}

/*
 * A tcx program (Linux 6.6) goes with the netdev, as XDP does, and a bpf_link holds it likewise.
 * bpf() finds a link by its index in the caller's own namespace, and netlink does not tell: so it
 * is looked for here, where that index is known without asking once more. *now is the netdev made
 * anew then; as its driver has told the PF of its MAC, or asked for one, the parts below follow.
 */
static int make_anew_without_tcx(struct attachment *a, struct rt_link *now, bool *again,
				 struct err *e)
{
	/* a driver that bind_revert() brought back has just made it */
	if (a->rec.bind || a->rec.link.tcx || !tcx_is_attached(now->ifindex))
		return 0;
	log_line(LOG_INFO, "VF %s has a tcx program of the pod's: its driver is bound anew",
		 a->vf.name);
	*again = true;
	if (home_rebind(a, false, now, e) < 0 ||
	    (strcmp(now->name, a->rec.link.name) && home_rename(a, now, e) < 0) ||
	    rt_link_by_index(a->host, now->ifindex, now, e) < 0)
		return -1;
	return vf_refresh_pf(a, e) < 0 ? -1 : 0;
}

/*
 * The parts of the way back. now: the link as it is, read again by who changes it. again: set where
 * the VF may have reported its MAC to its PF, where it would stay.
 */

/* Before the MAC: igbvf is reset by it, and takes the MAC that its PF has by then. */
static int put_mtu_back(struct attachment *a, struct rt_link *now, bool *again, struct err *e)
{
	struct rt_link_change c = RT_LINK_KEEP;

	c.mtu = a->rec.link.mtu;
	if (now->mtu == c.mtu)
		return 0;
	*again = true;
	if (rt_link_change(a->host, now->ifindex, &c, e) < 0 ||
	    rt_link_by_index(a->host, now->ifindex, now, e) < 0 || vf_refresh_pf(a, e) < 0)
		return err_ctx(e, "VF %s: MTU", a->vf.name);
	return 0;
}

static int put_mac_back(struct attachment *a, struct rt_link *now, bool *again, struct err *e)
{
	int lost = lost_own_mac(a, now, e);

	if (!lost)
		return 0;
	*again = true;
	if (lost < 0 || own_mac_back(a, now, e) < 0)
		return err_ctx(e, "VF %s: own MAC", a->vf.name);
	return 0;
}

static int put_altnames_back(struct attachment *a, struct rt_link *now, struct err *e)
{
	const struct record_link *want = &a->rec.link;
	struct err first = {0}, step = {0};

	if (drop_new_altnames(a, now, &step) < 0) {
		err_ctx(&step, "VF %s: alternative names of the pod", a->vf.name);
		(void)err_keep_first(&first, &step); /* told below */
	}
	for (unsigned i = 0; i < want->n_altnames; i++) {
		/* udev gives a device that comes back its alternative names too, and may be faster
		 */
		if (!has_altname(now->n_altnames, now->altnames, want->altnames[i]) &&
		    rt_altnames_change(a->host, now->ifindex, true, 1, &want->altnames[i], &step) <
			    0 &&
		    step.errnum != EEXIST) {
			err_ctx(&step, "VF %s: alternative name %s", a->vf.name, want->altnames[i]);
			(void)err_keep_first(&first, &step); /* told below */
		}
		step.code = 0;
	}
	if (!first.code)
		return 0;
	*e = first;
	return -1;
}

static int put_flags_back(struct attachment *a, struct rt_link *now, bool *again, struct err *e)
{
	struct rt_link_change c = RT_LINK_KEEP;

	c.mask = (a->rec.link.flags ^ now->flags) & RECORD_FLAGS;
	c.flags = a->rec.link.flags & c.mask;
	if (!c.mask)
		return 0;
	*again = *again || c.mask & IFF_UP;
	if (rt_link_change(a->host, now->ifindex, &c, e) < 0 ||
	    rt_link_by_index(a->host, now->ifindex, now, e) < 0)
		return err_ctx(e, "VF %s: flags", a->vf.name);
	return put_mac_back(a, now, again, e); /* opening can be a reset, too */
}

static int put_traits_back(struct attachment *a, const struct rt_link *now, struct err *e)
{
	struct rt_link_change c = RT_LINK_KEEP;
	bool differs = a->rec.link.alias_known && strcmp(a->rec.link.alias, now->alias) != 0;

	if (differs)
		c.alias = a->rec.link.alias;
	for (unsigned i = 0; i < RT_TRAITS; i++) {
		const struct opt *want = &a->rec.link.traits[i], *is = &now->traits[i];

		if (want->set && is->set && want->v != is->v) {
			c.traits[i] = *want;
			differs = true;
		}
	}
	if (differs && rt_link_change(a->host, now->ifindex, &c, e) < 0)
		return err_ctx(e, "VF %s: queue length, alias and the like", a->vf.name);
	return 0;
}

int own_link_revert(struct attachment *a, struct err *e)
{
	static int (*const parts[])(struct attachment * a, struct rt_link * now, bool *again,
				    struct err *e) = {put_mtu_back, put_mac_back, put_flags_back};
	struct err first = {0}, step = {0};
	bool again = false;
	struct rt_link now;
	int found;

	if (!a->rec.link.name[0])
		return 0; /* it had none; one that it has now is somebody else's */
	found = home_find(a, &now, e);
	if (found < 0)
		return -1;
	if (!found && a->vf.ifname[0])
		return err_set(e, CNI_EAGAIN, 0,
			       "VF %s: its interface %s got another name at this moment; try again",
			       a->vf.name, a->vf.ifname);
	if (!found) /* move_revert() has said why; it reports its MAC when it has one */
		return a->rec.link.mac_reported ? vf_set_mac(a, 0, e) : 0;

	if (make_anew_without_tcx(a, &now, &again, e) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i](a, &now, &again, &step) < 0)
			(void)err_keep_first(&first, &step); /* told below */
	if (put_altnames_back(a, &now, &step) < 0)
		(void)err_keep_first(&first, &step); /* told below */
	if (put_traits_back(a, &now, &step) < 0)
		(void)err_keep_first(&first, &step); /* told below */
	if (again && vf_revert(a, &step) < 0)
		(void)err_keep_first(&first, &step); /* told below */
	if (!first.code)
		return 0;
	*e = first;
	return -1;
}
