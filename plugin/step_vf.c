/* SPDX-License-Identifier: Apache-2.0 */
/* step_vf.c - the PF's side: its link, and the VF's attributes on it */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "clock.h"
#include "log.h"
#include "mem.h"
#include "steps.h"
#include "sysfs.h"

#define LOOK_MS 200

/* What the administrator can do about an attribute that the driver refused. */
static int explain_refusal(const struct attachment *a, const struct vf_attrs *want,
			   enum vf_field field, struct err *e)
{
	uint64_t value = want->f[field].v;
	char driver[64] = "?", text[MAC_TEXT + 3];
	struct err unknown;

	if (e->errnum == EPROTONOSUPPORT) { /* the VLAN's message carries all three of its values */
		field = VF_PROTO;
		value = want->f[field].v;
	}

	(void)sysfs_link_name(a->sys, driver, sizeof(driver), &unknown, "bus/pci/devices/%s/driver",
			      a->vf.pf); /* only for the message */
	switch (e->errnum) {
	case EOPNOTSUPP:
		err_hint(e, "driver %s does not offer it; remove \"%s\"", driver,
			 vf_field_name(field));
		break;
	case EPROTONOSUPPORT:
		err_hint(e, "driver %s offers VLAN protocol 802.1q alone", driver);
		break;
	case EPERM:
		err_hint(e, "the plugin needs CAP_NET_ADMIN on the host");
		break;
	default:
		if (e->errnum == EINVAL && vf_field_group(field) == VF_G_RATE &&
		    !(a->pf.link.flags & IFF_RUNNING)) {
			e->code = CNI_EAGAIN;
			err_hint(e,
				 "driver %s takes none while its PF has no link; is there a cable?",
				 driver);
			break;
		}
		err_hint(e, "driver %s does not take this value; see the kernel log", driver);
	}
	return err_ctx(e, "PF %s: VF %u: %s %s", a->pf.link.name, a->vf.index, vf_field_name(field),
		       vf_value_text(field, value, text));
}

/* Sets what differs between have and want, group by group. */
static int set_groups(struct attachment *a, const struct vf_attrs *have,
		      const struct vf_attrs *want,
		      int (*set)(struct attachment *a, const struct vf_attrs *want,
				 enum vf_field field, struct err *e),
		      struct err *e)
{
	bool done[VF_GROUPS] = {false};
	struct err first = {0}, now = {0};

	for (enum vf_field f = vf_attrs_diff(want, have, 0); f < VF_FIELDS;
	     f = vf_attrs_diff(want, have, f + 1)) {
		if (done[vf_field_group(f)])
			continue;
		done[vf_field_group(f)] = true;
		if (set(a, want, f, &now) < 0)
			(void)err_keep_first(&first, &now); /* told below */
	}
	if (!first.code)
		return 0;
	*e = first;
	return -1;
}

static int set_wanted(struct attachment *a, const struct vf_attrs *want, enum vf_field field,
		      struct err *e)
{
	enum vf_group group = vf_field_group(field);

	while (rt_vf_set(a->host, a->pf.link.ifindex, a->vf.index, group, want, e) < 0) {
		if (group != VF_G_RATE || e->errnum != EINVAL || !clock_left_ms(a->rate_end))
			return explain_refusal(a, want, field, e);
		(void)poll(NULL, 0, LOOK_MS); /* not to be told: the carrier is there before it */
	}
	return 0;
}

/* One that is nobody's, as drivers make it up themselves. Result: 0 when there is no chance. */
static uint64_t made_up_mac(void)
{
	uint64_t mac = 0;

	if (getrandom(&mac, 6, 0) != 6)
		return 0;
	return (mac & ~(1ULL << 40)) | 1ULL << 41; /* unicast, locally administered */
}

/*
 * A driver may refuse to take an admin MAC of zero, which is what a VF has that never got one. Then
 * the VF keeps its own MAC as admin MAC: it works as before, but cannot choose another. One without
 * a netdev has none that is known, and must not stay with the container's, which the next container
 * may want for another VF.
 */
static int set_found(struct attachment *a, const struct vf_attrs *want, enum vf_field field,
		     struct err *e)
{
	struct vf_attrs other = *want;
	struct err refused = {0};
	char text[MAC_TEXT];

	if (!set_wanted(a, want, field, &refused))
		return 0;
	other.f[VF_MAC].v = a->rec.link.mac ?: made_up_mac();
	if (field != VF_MAC || want->f[VF_MAC].v || !other.f[VF_MAC].v ||
	    (!a->rec.link.mac && refused.errnum != EINVAL && refused.errnum != EADDRNOTAVAIL)) {
		*e = refused;
		return -1;
	}
	log_line(LOG_WARNING, "%s; %s is set instead, %s", refused.msg,
		 mac_text(other.f[VF_MAC].v, text),
		 a->rec.link.mac ? "the VF's own" : "which is made up");
	return set_wanted(a, &other, field, e);
}

int vf_refresh_pf(struct attachment *a, struct err *e)
{
	struct err gone = {0};

	rt_pf_clear(&a->pf);
	if (!a->vf.pf[0])
		return 0; /* "pfOnly" */
	if (vfdev_pf_ifname(a->sys, a->vf.pf, a->vf.pf_ifname, e) < 0)
		return -1;
	if (!a->vf.pf_ifname[0])
		return 0;
	if (attachment_read_pf(a, &gone) < 0) {
		if (gone.errnum == ENODEV)
			return 0;
		*e = gone;
		return -1;
	}
	return attachment_vf_attrs(a) != NULL;
}

int vf_apply(struct attachment *a, struct err *e)
{
	const struct vf_attrs want = vf_attrs_merge(&a->rec.found, &a->rec.wanted);

	if (set_groups(a, attachment_vf_attrs(a), &want, set_wanted, e) < 0)
		return -1;
	/* who comes at the same moment for the same MAC has looked before it was there */
	if (a->rec.wanted.f[VF_MAC].set) {
		int there = vf_refresh_pf(a, e);

		if (there < 0 || (there && attachment_check_vf(a, e) < 0))
			return -1;
	}
	/* A PF that is down may take a value and forget it. */
	return a->pf.link.flags & IFF_UP ? 0 : vf_check(a, e);
}

/*
 * What the VF had cannot be put back where its PF has no interface on the host, or does not tell of
 * the VF. Result: 0: there is nothing to put back, or the VF is gone; else -1.
 */
static int check_reach(const struct attachment *a, struct err *e)
{
	int there;

	if (!a->vf.pf[0] || vf_attrs_diff(&a->rec.wanted, &a->rec.found, 0) == VF_FIELDS)
		return 0;
	there = vfdev_exists(a->sys, &a->vf, e);
	if (there <= 0)
		return there;
	if (a->vf.pf_ifname[0])
		return err_set(
			e, CNI_EAGAIN, 0,
			"PF %s: its driver does not tell of VF %u (%s) at the moment, which has to get back "
			"what it had; try again, and see the kernel log",
			a->vf.pf_ifname, a->vf.index, a->vf.name);
	return err_set(
		e, CNI_EAGAIN, 0,
		"PF %s has no interface on the host, by which VF %u (%s) would get back what it had: bring "
		"it back from its namespace, or bind its driver",
		a->vf.pf, a->vf.index, a->vf.name);
}

int vf_revert(struct attachment *a, struct err *e)
{
	int there = vf_refresh_pf(a, e);

	struct vf_attrs want = a->rec.found;

	if (there == 0)
		there = check_reach(a, e);
	if (there <= 0)
		return there;
	if (a->rec.link.mac_reported)
		want.f[VF_MAC].set = false; /* own_link_revert() lets the VF report it again */
	return set_groups(a, attachment_vf_attrs(a), &want, set_found, e);
}

int vf_set_mac(struct attachment *a, uint64_t mac, struct err *e)
{
	const struct vf_attrs want = {.f[VF_MAC] = {true, mac}};
	int there = vf_refresh_pf(a, e);

	return there > 0 ? set_found(a, &want, VF_MAC, e) : there;
}

/* Whether the VF has chosen this MAC itself, as one that is trusted may. Result: 1 or 0. */
static int has_chosen(const struct attachment *a, const struct vf_attrs *have, struct err *e)
{
	struct err none = {0};
	struct rt_link link;

	if (!have->f[VF_TRUST].set || have->f[VF_TRUST].v != VF_ON || !a->pod)
		return 0;
	if (rt_link_by_name(a->pod, a->rec.ifname, &link, &none) == 0)
		return link.mac == have->f[VF_MAC].v;
	if (none.errnum == ENODEV)
		return 0;
	*e = none;
	return -1;
}

int vf_check(struct attachment *a, struct err *e)
{
	/*
	 * The MAC that nobody asked for is the driver's affair: igbvf reports its own to the PF
	 * when it is opened.
	 */
	struct vf_attrs want = vf_attrs_merge(&a->rec.found, &a->rec.wanted);
	char is[MAC_TEXT + 3], was[MAC_TEXT + 3];
	const struct vf_attrs *have;
	enum vf_field f;
	int there = vf_refresh_pf(a, e);

	if (there < 0)
		return -1;
	if (!there)
		return err_set(e, CNI_ECHECK, 0, "PF %s does not have VF %u (%s) any more",
			       a->vf.pf, a->vf.index, a->vf.name);
	have = attachment_vf_attrs(a);
	want.f[VF_MAC] = a->rec.wanted.f[VF_MAC];
	f = vf_attrs_diff(&want, have, 0);
	if (f == VF_MAC) {
		there = has_chosen(a, have, e); /* then that is move_check()'s affair */
		if (there < 0)
			return -1;
		f = there ? vf_attrs_diff(&want, have, f + 1) : f;
	}
	if (f == VF_FIELDS)
		return 0;
	return err_set(e, CNI_ECHECK, 0, "PF %s: VF %u: %s is %s, ADD left it at %s",
		       a->pf.link.name, a->vf.index, vf_field_name(f),
		       have->f[f].set ? vf_value_text(f, have->f[f].v, is) : "not reported",
		       vf_value_text(f, want.f[f].v, was));
}

/* --- the PF's link --- */

#define PF_LOCK_MS 10000
#define LINK_MS    5000

/* Whether other attachments need the PF up. */
struct pf_users {
	const struct attachment *a;
	bool found;
};

static int note_user(const char *vf, void *arg, struct err *e)
{
	struct pf_users *u = arg;
	struct record r = {0};
	struct err why = {0};

	if (!strcmp(vf, u->a->vf.name))
		return 0;
	if (record_load(u->a->folder, vf, &r, &why) < 0) {
		if (why.code == CNI_ESTATE)
			return 0; /* a damaged one has its own story; it does not hold the PF */
		*e = why;
		return -1;
	}
	u->found = !r.pf_left && !strcmp(r.pf, u->a->vf.pf) && r.vf[0];
	record_clear(&r);
	return u->found;
}

static int other_users(const struct attachment *a, bool *ret, struct err *e)
{
	struct pf_users u = {a, false};

	if (record_each(a->folder, note_user, &u, e) < 0)
		return -1;
	*ret = u.found;
	return 0;
}

static int lock_pf(const struct attachment *a, struct err *e)
{
	char who[64];

	(void)snprintf(who, sizeof(who), "%s, for the link of its PF",
		       cni_command_name(a->args->command));
	return record_lock_pf(a->folder, a->vf.pf, who, PF_LOCK_MS, e);
}

static int set_pf_up(struct attachment *a, bool up, struct err *e)
{
	struct rt_link_change c = RT_LINK_KEEP;

	c.up = up;
	if (rt_link_change(a->host, a->pf.link.ifindex, &c, e) < 0)
		return err_ctx(e, "PF %s", a->vf.pf_ifname);
	return 0;
}

/*
 * A PF that was down when an attachment asked for it to be raised is marked, and goes down again
 * with its last attachment, whichever that is. Who counts them holds the PF's lock and says in his
 * own record that he has left, so that the last two to go don't each leave it to the other.
 */
int pf_link_apply(struct attachment *a, struct err *e)
{
	bool raise = a->conf->pf_link.set && a->conf->pf_link.v == PF_LINK_RAISE;
	bool ignore = a->conf->pf_link.set && a->conf->pf_link.v == PF_LINK_IGNORE;
	int marked = record_pf_raised(a->folder, a->vf.pf, e), there;
	_cleanup_fd_ int lock = -1;

	if (marked < 0)
		return -1;
	/* without a mark then and now nobody takes it down; he who does removes it only after */
	if (!marked && !a->pf_raised && !(raise && !(a->pf.link.flags & IFF_UP)))
		return 0;
	a->rate_end = clock_ms() + LINK_MS;
	lock = lock_pf(a, e);
	if (lock < 0)
		return -1;
	/* our record is there by now: from here on it counts; but the PF may have gone down just
	 * before */
	there = vf_refresh_pf(a, e);
	if (there < 0)
		return -1;
	if (!there)
		return err_set(e, CNI_EDEVICE, 0, "PF %s of VF %s is gone", a->vf.pf, a->vf.name);
	if (a->pf.link.flags & IFF_UP || ignore)
		return 0;
	if (!raise)
		return err_set(e, CNI_EAGAIN, 0,
			       "PF %s went down with the last attachment that needed it; try again",
			       a->vf.pf_ifname);
	if (record_pf_mark(a->folder, a->vf.pf, true, e) < 0)
		return -1;
	return set_pf_up(a, true, e);
}

int pf_link_revert(struct attachment *a, struct err *e)
{
	int marked = record_pf_raised(a->folder, a->vf.pf, e);
	_cleanup_fd_ int lock = -1;
	bool others;

	if (marked <= 0)
		return marked;
	lock = lock_pf(a, e);
	if (lock < 0 || other_users(a, &others, e) < 0)
		return -1;
	if (others) {
		a->rec.pf_left = true;
		return record_save(a->folder, &a->rec, e);
	}
	/* the VFs may be gone, the PF is not */
	if (vf_refresh_pf(a, e) < 0 || (a->pf.link.ifindex && set_pf_up(a, false, e) < 0))
		return -1;
	return record_pf_mark(a->folder, a->vf.pf, false, e);
}
