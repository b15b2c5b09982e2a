/* SPDX-License-Identifier: Apache-2.0 */
/* set.c - attributes of a VF on its PF: all that are asked for, or none */
#include "set.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "attrs.h"
#include "claim.h"
#include "clock.h"
#include "cni.h"
#include "mem.h"
#include "out.h"
#include "rt_vf.h"
#include "sysfs.h"

#define LOOK_MS 200

/* One VF while it is worked on. */
struct setting {
	struct rt *rt;
	int64_t until;    /* as set_attrs() has it; 0: nothing is waited for */
	sigset_t signals; /* that were held back before this */
	const struct ctl *ctl;
	const struct vfdev_pf *pf;
	struct rt_link link; /* of the PF */
	uint32_t index;
	struct vf_attrs have; /* before the first change */
	struct vf_attrs want; /* all values */
	enum vf_group done[VF_GROUPS];
	size_t n_done;
};

static int read_vf(struct rt *rt, const struct vfdev_pf *pf, uint32_t index, struct rt_link *ret_pf,
		   struct vf_attrs *ret, struct err *e)
{
	_cleanup_(rt_pf_clear) struct rt_pf told = {0};

	if (!pf->ifname[0])
		return err_set(
			e, CNI_EDEVICE, 0,
			"PF %s has no interface on the host, by which its VFs are set; is its "
			"driver bound?",
			pf->name);
	if (rt_pf_get(rt, pf->ifname, &told, e) < 0)
		return -1;
	if (!rt_pf_tells_of(&told, index))
		return err_set(e, CNI_EDEVICE, 0, "PF %s does not tell of a VF %u", pf->ifname,
			       index);
	*ret_pf = told.link;
	*ret = told.vfs[index];
	return 0;
}

static int lay_over(const struct vfdev_pf *pf, uint32_t index, const struct vf_attrs *have,
		    const struct vf_attrs *want, struct vf_attrs *ret, struct err *e)
{
	const struct vf_attrs all = vf_attrs_merge(have, want);

	if (attrs_check(&all, e) < 0)
		return err_ctx(e, "%s VF %u", pf->ifname, index);
	*ret = all;
	return 0;
}

int set_check(const struct vfdev_pf *pf, uint32_t index, const struct vf_attrs *want,
	      struct vf_attrs *ret_have, struct vf_attrs *ret, struct err *e)
{
	_cleanup_(rt_freep) struct rt *rt = NULL;
	struct vf_attrs have;
	struct rt_link link;

	if (rt_open(&rt, e) < 0 || read_vf(rt, pf, index, &link, &have, e) < 0 ||
	    lay_over(pf, index, &have, want, ret, e) < 0)
		return -1;
	*ret_have = have;
	return 0;
}

/* What the driver's refusal of a field means. */
static int explain(const struct setting *s, enum vf_field field, struct err *e)
{
	char driver[VFDEV_DRIVER] = "?", text[MAC_TEXT + 3];
	struct err unknown;

	(void)sysfs_link_name(s->ctl->sys, driver, sizeof(driver), &unknown,
			      "bus/pci/devices/%s/driver", s->pf->name); /* only for the message */
	if (e->errnum == EPROTONOSUPPORT) { /* a VLAN's message carries all three of its values */
		field = VF_PROTO;
		err_hint(e, "driver %s offers 802.1q alone", driver);
	} else if (e->errnum == EOPNOTSUPP) {
		err_hint(e, "driver %s does not offer this attribute", driver);
	} else if (e->errnum == EPERM) {
		err_hint(e, "it needs CAP_NET_ADMIN");
	} else if (e->errnum == EINVAL && vf_field_group(field) == VF_G_RATE) {
		err_hint(e,
			 "driver %s does not take it; is the PF up, and the rate within the "
			 "speed of its link?",
			 driver);
	} else {
		err_hint(e, "driver %s does not take this value; see the kernel log", driver);
	}
	return err_ctx(e, "%s VF %u: %s=%s", s->pf->ifname, s->index, attrs_name(field),
		       vf_value_text(field, s->want.f[field].v, text));
}

static bool is_done(const struct setting *s, enum vf_group group)
{
	for (size_t i = 0; i < s->n_done; i++)
		if (s->done[i] == group)
			return true;
	return false;
}

/* Waiting may be interrupted: nothing is set as yet. */
static int set_group(struct setting *s, enum vf_group group, struct err *e)
{
	int r;

	while ((r = rt_vf_set(s->rt, s->link.ifindex, s->index, group, &s->want, e)) < 0 &&
	       group == VF_G_RATE && e->errnum == EINVAL && clock_left_ms(s->until)) {
		out_progress(s->ctl->progress, "waiting for %s to take a rate of VF %u",
			     s->pf->ifname, s->index);
		claim_release_signals(&s->signals);
		(void)poll(NULL, 0, LOOK_MS); /* not to be told: the carrier is there before it */
		claim_hold_signals(&s->signals);
	}
	out_progress_end(s->ctl->progress);
	return r;
}

/*
 * Rates first, as they may have to be waited for. The MAC last: one that the VF itself had reported
 * to its PF would come back as one that was set there, and the VF could not choose another any
 * more.
 */
enum turn { FIRST, BETWEEN, LAST, TURNS };

static enum turn turn_of(enum vf_group group)
{
	return group == VF_G_RATE ? FIRST : group == VF_G_MAC ? LAST : BETWEEN;
}

/* Sets what differs. */
static int set_groups(struct setting *s, enum turn turn, struct err *e)
{
	for (enum vf_field f = vf_attrs_diff(&s->want, &s->have, 0); f < VF_FIELDS;
	     f = vf_attrs_diff(&s->want, &s->have, f + 1)) {
		enum vf_group group = vf_field_group(f);

		if (turn_of(group) != turn || is_done(s, group))
			continue;
		if (set_group(s, group, e) < 0)
			return explain(s, f, e);
		s->done[s->n_done++] = group;
	}
	return 0;
}

/* Whether the VF has what it was given, as far as its PF tells. */
static int read_back(const struct setting *s, struct vf_attrs *ret, struct err *e)
{
	char is[MAC_TEXT + 3], should[MAC_TEXT + 3];
	struct vf_attrs now;
	struct rt_link link;

	if (read_vf(s->rt, s->pf, s->index, &link, &now, e) < 0)
		return -1;
	for (enum vf_field f = vf_attrs_diff(&s->want, &now, 0); f < VF_FIELDS;
	     f = vf_attrs_diff(&s->want, &now, f + 1))
		if (now.f[f].set && is_done(s, vf_field_group(f)))
			return err_set(e, CNI_EKERNEL, 0,
				       "%s VF %u: %s is %s after it was set to %s; is the PF up?",
				       s->pf->ifname, s->index, attrs_name(f),
				       vf_value_text(f, now.f[f].v, is),
				       vf_value_text(f, s->want.f[f].v, should));
	*ret = now;
	return 0;
}

/* The last first. What cannot be put back is told behind the failure. */
static int put_back(struct setting *s, struct err *e)
{
	struct err stuck;

	while (s->n_done) {
		if (rt_vf_set(s->rt, s->link.ifindex, s->index, s->done[--s->n_done], &s->have,
			      &stuck) == 0)
			continue;
		size_t len = strlen(e->msg);

		(void)snprintf(e->msg + len, sizeof(e->msg) - len,
			       "; and what was set before it cannot be put back: %s", stuck.msg);
	}
	return -1;
}

static int set_all(struct setting *s, struct vf_attrs *ret, struct err *e)
{
	for (enum turn turn = FIRST; turn < TURNS; turn++)
		if (set_groups(s, turn, e) < 0)
			return put_back(s, e);
	return read_back(s, ret, e) < 0 ? put_back(s, e) : 0;
}

int set_attrs(const struct ctl *ctl, const struct vfdev_pf *pf, uint32_t index,
	      const struct vf_attrs *want, int64_t until, struct vf_attrs *ret_before,
	      struct vf_attrs *ret, struct err *e)
{
	struct setting s = {.ctl = ctl, .pf = pf, .index = index};
	_cleanup_(rt_freep) struct rt *rt = NULL;
	int r;

	if (rt_open(&rt, e) < 0)
		return -1;
	s.rt = rt;
	if (read_vf(rt, pf, index, &s.link, &s.have, e) < 0 ||
	    lay_over(pf, index, &s.have, want, &s.want, e) < 0)
		return -1;
	s.until = s.link.flags & IFF_UP ? until : 0; /* else no link will come */
	claim_hold_signals(&s.signals);
	r = set_all(&s, ret, e);
	claim_release_signals(&s.signals);
	if (r == 0)
		*ret_before = s.have;
	return r;
}
