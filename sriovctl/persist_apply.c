/* SPDX-License-Identifier: Apache-2.0 */
/*
 * persist_apply.c - what is stored, given to a PF and its VFs
 *
 * Theory of operation: VFs are made with the kernel's search for drivers switched off, and get
 * their drivers one by one when their PF has their attributes. So a driver that looks at its MAC
 * when it is bound sees the right one, and no interface is seen with another first. A VF whose
 * attributes are refused gets no driver: it could be in a network in which it must not be.
 *
 * Rates come last, as a driver may want to know the speed of its PF's link for them (igb), which
 * has been brought up a moment ago, and is lost once more when VFs are made.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bind.h"
#include "clock.h"
#include "cni.h"
#include "mem.h"
#include "out.h"
#include "persist_now.h"
#include "set.h"
#include "vfs.h"

#define LINK_MS   10000
#define MAC_TRIES 5

/* One run. */
struct apply {
	const struct ctl *ctl;
	const struct persist *p;
	struct claim c;
	bool dry;
	int64_t end; /* until when the PF's link may need; 0: it was not asked for */
};

static int change_link(const struct apply *a, const struct rt_link_change *change, struct err *e)
{
	_cleanup_(rt_freep) struct rt *rt = NULL;

	if (rt_open(&rt, e) < 0)
		return -1;
	return rt_link_change(rt, a->c.pf->link.ifindex, change, e);
}

/* Before there are VFs: some drivers give them what the PF has at that time. */
static int apply_link(const struct apply *a, struct err *e)
{
	const struct rt_link *now = &a->c.pf->link;
	const char *name = host_pf_name(a->c.pf);
	struct rt_link_change change = RT_LINK_KEEP;

	if (a->p->mtu.set && a->p->mtu.v != now->mtu)
		change.mtu = (uint32_t)a->p->mtu.v;
	if (a->p->up.set && a->p->up.v == VF_ON && !(now->flags & IFF_UP))
		change.up = 1;
	if (!change.mtu && change.up < 0)
		return 0;
	if (!now->ifindex)
		return err_set(e, CNI_EDEVICE, 0,
			       "PF %s has no interface on the host, which was to have MTU %llu",
			       name, (unsigned long long)a->p->mtu.v);
	if (a->dry) {
		if (change.mtu)
			out_would(NULL, "set the MTU of %s to %u", name, change.mtu);
		if (change.up > 0)
			out_would(NULL, "bring %s up", name);
		return 0;
	}
	if (change_link(a, &change, e) < 0)
		return err_ctx(e, "PF %s", name);
	return 0;
}

static int write_autoprobe(const struct apply *a, bool on, struct err *e)
{
	return bind_write_autoprobe(a->ctl->sys, a->c.pf->dev.name, on, e);
}

static int make_bare_vfs(struct apply *a, uint32_t n, struct err *e)
{
	bool autoprobe = a->p->autoprobe.set ? a->p->autoprobe.v == VF_ON : a->c.pf->autoprobe;
	struct err stuck = {0};
	int r;

	if (write_autoprobe(a, false, e) < 0)
		return -1;
	a->c.pf->autoprobe = false; /* so that no drivers are waited for */
	r = vfs_change(a->ctl, a->c.pf, n, NULL, NULL, e);
	if (write_autoprobe(a, autoprobe, r < 0 ? &stuck : e) < 0)
		return -1;
	return r;
}

static int make_vfs(struct apply *a, uint32_t n, struct err *e)
{
	sigset_t signals;
	int r;

	if (vfs_check(a->ctl, a->c.pf, n, e) < 0)
		return -1;
	if (a->dry) {
		out_would(NULL, "give %s %u VFs in place of %u", host_pf_name(a->c.pf), n,
			  a->c.pf->n_vfs);
		return 0;
	}
	claim_hold_signals(&signals); /* until autoprobe is back */
	r = make_bare_vfs(a, n, e);
	claim_release_signals(&signals);
	return r;
}

static int apply_number(struct apply *a, struct err *e)
{
	if (a->p->vfs.set && a->p->vfs.v != a->c.pf->n_vfs)
		return make_vfs(a, (uint32_t)a->p->vfs.v, e);
	if (a->dry || !a->p->autoprobe.set || (a->p->autoprobe.v == VF_ON) == a->c.pf->autoprobe)
		return 0;
	return write_autoprobe(a, a->p->autoprobe.v == VF_ON, e);
}

/* --- each VF --- */

/* Whether a VF for which no driver is named is to have none. */
static bool is_bare(const struct apply *a)
{
	return a->p->autoprobe.set && a->p->autoprobe.v == VF_OFF;
}

/*
 * Gives the VF a driver: the one that is wanted; else the one it had, or which the kernel finds.
 * Its interface is not waited for (bind_driver()): those of all VFs get their names side by side.
 */
static int give_driver(const struct apply *a, const struct host_vf *vf, const char *driver,
		       struct err *e)
{
	char override[VFDEV_DRIVER];

	if (!driver[0])
		driver = vf->dev.driver;
	if (!strcmp(driver, PERSIST_NO_DRIVER))
		return 0;
	if (!driver[0])
		return is_bare(a) ? 0 : bind_probe(a->ctl->sys, &vf->dev, e);
	if (vfdev_read_override(a->ctl->sys, &vf->dev, override, e) < 0)
		return -1;
	/* by driver_override, also one that knows the VF: autoprobe may be off */
	return vfdev_bind_override(a->ctl->sys, &vf->dev, driver, override, e);
}

static bool has_driver(const struct apply *a, const struct host_vf *vf, const char *driver)
{
	if (!driver[0])
		return vf->dev.driver[0] || is_bare(a);
	return !strcmp(vf->dev.driver[0] ? vf->dev.driver : PERSIST_NO_DRIVER, driver);
}

static int set_vf(const struct apply *a, const struct persist_vf *want, int64_t until,
		  struct err *e)
{
	struct vf_attrs before, now;

	return set_attrs(a->ctl, &a->c.pf->dev, want->index, &want->attrs, until, &before, &now, e);
}

/* Whether the VF's interface, if it has one, has the MAC that its PF was given. Result: 1 or 0. */
static int has_its_mac(const struct host_vf *vf, const struct opt *want, struct err *e)
{
	_cleanup_(rt_freep) struct rt *rt = NULL;
	struct rt_link link;

	if (!want->set)
		return 1;
	if (rt_open(&rt, e) < 0)
		return -1;
	if (rt_link_by_parent(rt, vfdev_parent(&vf->dev), &link, e) < 0)
		return e->errnum == ENODEV ? 1 : -1;
	return link.mac == want->v;
}

/*
 * A driver that asks for the VF's MAC in the moment in which its PF's link comes gets no answer,
 * and makes one up (igbvf: "PF still in reset state"); where the VF is trusted, its PF takes that
 * for the VF's MAC from then on. It has the driver once more, then.
 */
static int give_driver_and_mac(const struct apply *a, const struct host_vf *vf,
			       const struct persist_vf *want, struct err *e)
{
	const struct opt *mac = &want->attrs.f[VF_MAC];
	char text[MAC_TEXT];

	for (int tries = 0; tries < MAC_TRIES; tries++) {
		int r;

		if (tries &&
		    (vfdev_unbind(a->ctl->sys, &vf->dev, e) < 0 || set_vf(a, want, 0, e) < 0))
			return -1;
		if (give_driver(a, vf, want->driver, e) < 0)
			return -1;
		r = has_its_mac(vf, mac, e);
		if (r)
			return r < 0 ? -1 : 0;
	}
	return err_set(e, CNI_EDEVICE, 0,
		       "%s VF %u: its driver has chosen another MAC than %s, in each of %d tries; "
		       "see the kernel log",
		       host_pf_name(a->c.pf), vf->dev.index, mac_text(mac->v, text), MAC_TRIES);
}

static int change_vf(const struct apply *a, const struct host_vf *vf, const struct persist_vf *want,
		     bool unbind, bool set, struct err *e)
{
	bool bound = vf->dev.driver[0] && !unbind;

	if (vf->dev.driver[0] && unbind && vfdev_unbind(a->ctl->sys, &vf->dev, e) < 0)
		return -1;
	if (set && set_vf(a, want, 0, e) < 0)
		return bound ? -1 : err_ctx(e, "left without a driver");
	return bound ? 0 : give_driver_and_mac(a, vf, want, e);
}

/* The VF is without a driver, or has a driver_override, in between. */
static int change_vf_whole(const struct apply *a, const struct host_vf *vf,
			   const struct persist_vf *want, bool unbind, bool set, struct err *e)
{
	sigset_t signals;
	int r;

	claim_hold_signals(&signals);
	r = change_vf(a, vf, want, unbind, set, e);
	claim_release_signals(&signals);
	return r;
}

static struct persist_vf stored(const struct apply *a, uint32_t index)
{
	struct persist_vf want = {.index = index};

	for (size_t i = 0; i < a->p->n_each; i++)
		if (a->p->each[i].index == index)
			want = a->p->each[i];
	if (!want.attrs.f[VF_MAC].v) /* "none", written by a person: the VF's own comes and goes */
		want.attrs.f[VF_MAC].set = false;
	return want;
}

/* Its rates alone, or all but them. */
static void keep_part(struct persist_vf *want, bool rates)
{
	for (enum vf_field f = 0; f < VF_FIELDS; f++)
		if ((vf_field_group(f) == VF_G_RATE) != rates)
			want->attrs.f[f] = (struct opt){0};
	if (rates)
		want->driver[0] = '\0';
}

/* The PF's link may still be on its way. */
static int apply_rates(struct apply *a, const struct persist_vf *want, struct err *e)
{
	if (!a->end)
		a->end = clock_ms() + LINK_MS;
	return set_vf(a, want, a->end, e);
}

/* One VF: its rates, or all else. */
static int apply_vf(struct apply *a, const struct host_vf *vf, bool rates, struct err *e)
{
	struct persist_vf want = stored(a, vf->dev.index);
	bool driver = !rates && !has_driver(a, vf, want.driver), attrs, mac;
	struct vf_attrs have = {0}, all = {0};
	struct err used;

	/* a PF need not tell of its VFs, where they are to have drivers alone */
	if (vf_attrs_diff(&want.attrs, &have, 0) < VF_FIELDS &&
	    set_check(&a->c.pf->dev, vf->dev.index, &want.attrs, &have, &all, e) < 0)
		return -1;
	if (host_check_free(vf, &used) < 0) {
		if (driver || (!rates && vf_attrs_diff(&all, &have, 0) < VF_FIELDS))
			out_warn("left as it is: %s", used.msg);
		return 0;
	}
	keep_part(&want, rates);
	attrs = vf_attrs_diff(&want.attrs, &have, 0) < VF_FIELDS;
	mac = vf_attrs_diff(&want.attrs, &have, VF_MAC) == VF_MAC;
	if (!driver && !attrs)
		return 0;

	_cleanup_free_ char *text = persist_vf_text(&want);

	if (a->dry) {
		out_would(NULL, "give VF %u of %s %s", vf->dev.index, host_pf_name(a->c.pf),
			  text[0] ? text : "a driver");
		return 0;
	}
	if (rates ? apply_rates(a, &want, e) < 0
		  : change_vf_whole(a, vf, &want, driver || mac, attrs, e) < 0)
		return -1;
	(void)printf("%s VF %u: %s\n", host_pf_name(a->c.pf), vf->dev.index,
		     text[0] ? text : "a driver");
	return 0;
}

static int apply_vfs(struct apply *a, struct err *e)
{
	struct err first = {0};

	for (int rates = 0; rates < 2; rates++)
		for (uint32_t i = 0; i < a->c.pf->n_vfs; i++) {
			struct err next = {0};

			if (apply_vf(a, &a->c.pf->vfs[i], rates, &next) < 0)
				(void)err_keep_first(&first, &next);
		}
	return err_keep_first(e, &first);
}

static void clear(struct apply *a)
{
	claim_clear(&a->c);
}

int persist_apply(const struct ctl *ctl, const char *pci, const struct persist *p, struct err *e)
{
	_cleanup_(clear) struct apply a = {
		.ctl = ctl, .p = p, .dry = ctl->opt[OPT_DRY_RUN] != NULL};

	if (claim_pf(ctl, pci, "persist", &a.c, e) < 0 ||
	    persist_check_device(ctl->sys, pci, p, e) < 0 || apply_link(&a, e) < 0 ||
	    apply_number(&a, e) < 0)
		return -1;
	/* anew: the VFs that were made have locks of their own, and users by now */
	claim_clear(&a.c);
	if (claim_pf(ctl, pci, "persist", &a.c, e) < 0 || apply_vfs(&a, e) < 0)
		return -1;
	if (!a.dry)
		(void)printf("%s (%s): %u VFs, MTU %u, %s\n", host_pf_name(a.c.pf), pci,
			     a.c.pf->n_vfs, a.c.pf->link.mtu,
			     a.c.pf->link.flags & IFF_UP ? "up" : "down");
	return 0;
}
