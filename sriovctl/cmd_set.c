/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_set.c - sriovctl set: attributes of a VF on its PF */
#include <stdio.h>
#include <string.h>

#include "attrs.h"
#include "claim.h"
#include "clock.h"
#include "cni.h"
#include "mem.h"
#include "out.h"
#include "set.h"

/* igb takes no rate for some seconds after its VFs were made. */
#define LINK_MS 5000

/* The operands: PF/N or another name of a VF, or PF and N; and the words behind. */
struct operands {
	char vf[64];
	int words; /* index of the first */
};

static int read_operands(const struct ctl *ctl, struct operands *ret, struct err *e)
{
	const char *n = ctl->argv[1];
	int len;

	if (!strchr(n, '=')) { /* it is no attribute: so it is the number of the VF */
		ret->words = 2;
		len = snprintf(ret->vf, sizeof(ret->vf), "%s/%s", ctl->argv[0], n);
	} else {
		ret->words = 1;
		len = snprintf(ret->vf, sizeof(ret->vf), "%s", ctl->argv[0]);
	}
	if (len >= (int)sizeof(ret->vf))
		return err_set(e, CNI_EDEVICE, 0, "there is no VF with a name as long as %s",
			       ret->vf);
	if (ret->words == ctl->argc)
		return err_set(e, CNI_ECONFIG, 0, "%s: what is to be set? As in vlan=100", ret->vf);
	return 0;
}

static json_t *result_json(const struct host_vf *vf, const struct vf_attrs *now)
{
	return json_pack("{s:s, s:i, s:s, s:o}", "pf", vf->dev.pf_ifname, "vf", (int)vf->dev.index,
			 "pci", vf->dev.name, "attributes", vf_attrs_to_json(now));
}

/* Calls tell(name, old, new) for what differs. Result: whether anything does. */
static bool each_change(const struct vf_attrs *before, const struct vf_attrs *now,
			void (*tell)(const char *name, const char *old, const char *new, void *arg),
			void *arg)
{
	char old[MAC_TEXT + 3], new[MAC_TEXT + 3];
	bool any = false;

	for (enum vf_field f = vf_attrs_diff(now, before, 0); f < VF_FIELDS;
	     f = vf_attrs_diff(now, before, f + 1)) {
		tell(attrs_name(f),
		     before->f[f].set ? vf_value_text(f, before->f[f].v, old) : "not known",
		     vf_value_text(f, now->f[f].v, new), arg);
		any = true;
	}
	return any;
}

struct telling {
	const struct vfdev *vf;
	json_t *plan;
};

static void tell_plan(const char *name, const char *old, const char *new, void *arg)
{
	const struct telling *t = arg;

	out_would(t->plan, "set %s of VF %u of %s from %s to %s", name, t->vf->index,
		  t->vf->pf_ifname, old, new);
}

static void tell_change(const char *name, const char *old, const char *new, void *arg)
{
	const struct telling *t = arg;

	(void)printf("%s VF %u: %s %s (was %s)\n", t->vf->pf_ifname, t->vf->index, name, new, old);
}

static int plan(const struct ctl *ctl, const struct claim *c, const struct vf_attrs *want,
		struct err *e)
{
	struct telling t = {.vf = &c->vf->dev};
	struct vf_attrs have, all;

	if (set_check(&c->pf->dev, c->vf->dev.index, want, &have, &all, e) < 0)
		return -1;
	t.plan = ctl->opt[OPT_JSON] ? json_array() : NULL;
	(void)each_change(&have, &all, tell_plan, &t); /* a plan may be empty */
	out_plan(t.plan);
	return CTL_OK;
}

int cmd_set(const struct ctl *ctl, struct err *e)
{
	_cleanup_(claim_clear) struct claim c = {0};
	struct vf_attrs want, before, now;
	struct operands o;

	if (read_operands(ctl, &o, e) < 0 ||
	    attrs_parse((size_t)(ctl->argc - o.words), ctl->argv + o.words, &want, e) < 0 ||
	    claim_vf(ctl, o.vf, "set", &c, e) < 0)
		return -1;
	if (claim_check_free(ctl, c.vf, true, e) < 0)
		return -1;
	if (ctl->opt[OPT_DRY_RUN])
		return plan(ctl, &c, &want, e);
	if (set_attrs(ctl, &c.pf->dev, c.vf->dev.index, &want, clock_ms() + LINK_MS, &before, &now,
		      e) < 0)
		return -1;
	if (ctl->opt[OPT_JSON])
		out_json(result_json(c.vf, &now));
	else if (!each_change(&before, &now, tell_change, &(struct telling){.vf = &c.vf->dev}))
		(void)printf("%s VF %u has that already\n", c.vf->dev.pf_ifname, c.vf->dev.index);
	return CTL_OK;
}
