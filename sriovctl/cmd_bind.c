/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_bind.c - sriovctl bind, unbind and reset: the driver of a VF */
#include <stdio.h>
#include <string.h>

#include "bind.h"
#include "list.h"
#include "mem.h"
#include "out.h"

/* How the VF is in the end. */
static int print_vf(const struct ctl *ctl, const struct vfdev *vf, struct err *e)
{
	_cleanup_(host_clear) struct host h = {0};
	const struct host_vf *now;

	if (host_read(ctl->sys, &h, e) < 0)
		return -1;
	now = host_find_vf(&h, vf->name, e);
	if (!now)
		return -1;
	if (ctl->opt[OPT_JSON]) {
		out_json(list_vf_json(now));
		return CTL_OK;
	}
	(void)printf("VF %s: %s%s", now->dev.name, now->dev.driver[0] ? "driver " : "no driver",
		     now->dev.driver);
	if (now->dev.ifname[0])
		(void)printf(", interface %s", now->dev.ifname);
	if (vfdev_is_vfio(now->dev.driver) && now->group[0])
		(void)printf(", /dev/vfio/%s%s",
			     vfio_is_made_up(ctl->sys, now->group) ? "noiommu-" : "", now->group);
	(void)putchar('\n');
	return CTL_OK;
}

static void warn_linkless(const struct vfdev *vf, enum ready how)
{
	if (how == READY_LINKLESS)
		out_warn("VF %s: driver %s has made no interface within %d s; see the kernel log",
			 vf->name, vf->driver, READY_LINK_MS / 1000);
}

static void plan_unbind(json_t *plan, const struct host_vf *vf)
{
	if (vf->dev.driver[0])
		out_would(plan, "take VF %s from driver %s", vf->dev.name, vf->dev.driver);
}

static int plan_bind(const struct ctl *ctl, const struct host_vf *vf, const char *driver)
{
	json_t *plan = ctl->opt[OPT_JSON] ? json_array() : NULL;

	if (!bind_is_so(ctl->sys, vf, driver)) {
		plan_unbind(plan, vf);
		if (!strcmp(driver, BIND_DEFAULT))
			out_would(plan, "clear its driver_override, and let the kernel choose");
		else
			out_would(plan, "bind VF %s to driver %s", vf->dev.name, driver);
	}
	out_plan(plan);
	return CTL_OK;
}

int cmd_bind(const struct ctl *ctl, struct err *e)
{
	_cleanup_(claim_clear) struct claim c = {0};
	const char *driver = ctl->argv[1];
	char companions[BIND_COMPANIONS];
	enum ready how = READY_YES;
	struct vfdev now;

	if (claim_vf(ctl, ctl->argv[0], "bind", &c, e) < 0 ||
	    bind_prepare(ctl->sys, c.vf, driver, companions, e) < 0)
		return -1;
	if (companions[0])
		out_warn("VF %s shares IOMMU group %s with %s: a program gets all of a group or "
			 "nothing; bind these to a vfio driver as well, or put the card into a "
			 "slot whose port separates them (ACS)",
			 c.vf->dev.name, c.vf->group, companions);
	if (!bind_is_so(ctl->sys, c.vf, driver) && claim_check_free(ctl, c.vf, false, e) < 0)
		return -1;
	if (ctl->opt[OPT_DRY_RUN])
		return plan_bind(ctl, c.vf, driver);
	if (!bind_is_so(ctl->sys, c.vf, driver)) {
		if (bind_driver(ctl, c.vf, driver, &now, &how, e) < 0)
			return -1;
		warn_linkless(&now, how);
	}
	return print_vf(ctl, &c.vf->dev, e);
}

int cmd_unbind(const struct ctl *ctl, struct err *e)
{
	_cleanup_(claim_clear) struct claim c = {0};

	if (claim_vf(ctl, ctl->argv[0], "unbind", &c, e) < 0 ||
	    claim_check_free(ctl, c.vf, false, e) < 0)
		return -1;
	if (ctl->opt[OPT_DRY_RUN]) {
		json_t *plan = ctl->opt[OPT_JSON] ? json_array() : NULL;

		plan_unbind(plan, c.vf);
		out_plan(plan);
		return CTL_OK;
	}
	if (bind_none(ctl, c.vf, e) < 0)
		return -1;
	return print_vf(ctl, &c.vf->dev, e);
}

int cmd_reset(const struct ctl *ctl, struct err *e)
{
	_cleanup_(claim_clear) struct claim c = {0};
	enum ready how;
	struct vfdev now;

	if (claim_vf(ctl, ctl->argv[0], "reset", &c, e) < 0 ||
	    claim_check_free(ctl, c.vf, false, e) < 0)
		return -1;
	if (ctl->opt[OPT_DRY_RUN]) {
		json_t *plan = ctl->opt[OPT_JSON] ? json_array() : NULL;

		plan_unbind(plan, c.vf);
		out_would(plan, "reset VF %s", c.vf->dev.name);
		if (c.vf->dev.driver[0])
			out_would(plan, "bind VF %s to driver %s", c.vf->dev.name,
				  c.vf->dev.driver);
		out_plan(plan);
		return CTL_OK;
	}
	if (bind_reset(ctl, c.vf, &now, &how, e) < 0)
		return -1;
	warn_linkless(&now, how);
	return print_vf(ctl, &c.vf->dev, e);
}
