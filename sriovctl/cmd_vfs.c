/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_vfs.c - sriovctl vfs: a PF gets so many VFs, which are shown as they appear */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cni.h"
#include "list.h"
#include "mem.h"
#include "out.h"
#include "vfs.h"

struct shown {
	bool quiet;
	uint32_t driverless, linkless;
};

static void show_vf(const struct vfdev *vf, enum ready how, void *arg)
{
	struct shown *s = arg;

	s->driverless += how == READY_DRIVERLESS;
	s->linkless += how == READY_LINKLESS;
	if (s->quiet)
		return;
	(void)printf("VF %-3u %s  %-15s %s\n", vf->index, vf->name,
		     vf->ifname[0] ? vf->ifname : "-", vf->driver[0] ? vf->driver : "no driver");
	(void)fflush(stdout); /* main() looks at ferror(stdout) */
}

static void warn(const struct host_pf *pf, const struct shown *s)
{
	if (s->driverless && pf->autoprobe)
		out_warn("%u of the VFs of %s have no driver: load its module, or bind one: "
			 "sriovctl bind %s/0 DRIVER",
			 s->driverless, host_pf_name(pf), host_pf_name(pf));
	if (s->linkless)
		out_warn("the driver of %u of the VFs of %s has made no interface within %d s; see "
			 "the kernel log",
			 s->linkless, host_pf_name(pf), READY_LINK_MS / 1000);
}

static void print_plan(const struct ctl *ctl, const struct host_pf *pf, uint32_t n)
{
	json_t *plan = ctl->opt[OPT_JSON] ? json_array() : NULL;

	if (pf->n_vfs && n != pf->n_vfs)
		out_would(plan, "remove the %u VFs of %s, and their settings with them", pf->n_vfs,
			  host_pf_name(pf));
	if (n && n != pf->n_vfs)
		out_would(plan, "make %u VFs on %s", n, host_pf_name(pf));
	out_plan(plan);
}

/* How it is in the end, names included. */
static int print_json(const struct ctl *ctl, const char *pci, struct err *e)
{
	_cleanup_(host_clear) struct host h = {0};
	const struct host_pf *pf;

	if (host_read(ctl->sys, &h, e) < 0)
		return -1;
	pf = host_find_pf(&h, pci, e);
	if (!pf)
		return -1;
	out_json(list_pf_json(pf));
	return 0;
}

static int read_number(const char *text, uint32_t *ret, struct err *e)
{
	if (!*text || strlen(text) > 5 || text[strspn(text, "0123456789")])
		return err_set(e, CNI_ECONFIG, 0, "\"%.32s\" is not a number of VFs", text);
	*ret = (uint32_t)strtoul(text, NULL, 10);
	return 0;
}

int cmd_vfs(const struct ctl *ctl, struct err *e)
{
	_cleanup_(claim_clear) struct claim c = {0};
	struct shown shown = {.quiet = ctl->opt[OPT_JSON] != NULL};
	uint32_t n = 0;

	if (read_number(ctl->argv[1], &n, e) < 0 || claim_pf(ctl, ctl->argv[0], "vfs", &c, e) < 0 ||
	    vfs_check(ctl, c.pf, n, e) < 0)
		return -1;
	if (ctl->opt[OPT_DRY_RUN]) {
		print_plan(ctl, c.pf, n);
		return CTL_OK;
	}
	if (vfs_change(ctl, c.pf, n, show_vf, &shown, e) < 0)
		return -1;
	warn(c.pf, &shown);
	if (ctl->opt[OPT_JSON])
		return print_json(ctl, c.pf->dev.name, e);
	if (n == c.pf->n_vfs)
		(void)printf("%s has %u VFs already\n", host_pf_name(c.pf), n);
	else if (!n)
		(void)printf("the %u VFs of %s are gone\n", c.pf->n_vfs, host_pf_name(c.pf));
	return CTL_OK;
}
