/* SPDX-License-Identifier: Apache-2.0 */
/* release.c - sriovctl release: gives back the VF of a container that is gone */
#include <stdio.h>
#include <string.h>

#include "ctl.h"
#include "giveback.h"
#include "host.h"
#include "mem.h"
#include "out.h"

/*
 * The PCI address of the VF that is named. One that is given is taken as it is: a record can be
 * there without its VF, if that was removed under a container.
 */
static int name_vf(const struct ctl *ctl, const char *name, char ret[static PCIADDR_TEXT],
		   struct err *e)
{
	_cleanup_(host_clear) struct host h = {0};
	const struct host_vf *vf;
	struct pciaddr addr;

	if (!pciaddr_parse(name, &addr)) {
		(void)pciaddr_text(&addr, ret);
		return 0;
	}
	if (host_read(ctl->sys, &h, e) < 0)
		return -1;
	vf = host_find_vf(&h, name, e);
	if (!vf)
		return -1;
	memcpy(ret, vf->dev.name, PCIADDR_TEXT);
	return 0;
}

static int refuse_unrecorded(const struct records *all, const char *vf, struct err *e)
{
	for (size_t i = 0; i < all->n_damaged; i++)
		if (!strcmp(all->damaged[i].vf, vf))
			return err_set(e, CNI_ESTATE, 0, "%s", all->damaged[i].what);
	return err_set(e, CNI_EDEVICE, 0,
		       "no container has VF %s by the CNI plugin's records; sriovctl list says who "
		       "uses it",
		       vf);
}

static int check_releasable(const struct attached *a, bool force, struct err *e)
{
	const struct record *r = &a->rec;

	if (a->worker[0])
		return err_set(e, CNI_EAGAIN, 0, "VF %s is being worked on by %s; try again", r->vf,
			       a->worker);
	if (records_abandoned(a) || force)
		return 0;
	if (a->process)
		return err_set(
			e, CNI_EAGAIN, 0,
			"VF %s is in use: process %d is in the namespace of container %s (end "
			"it; --force takes the VF away)",
			r->vf, (int)a->process, r->container_id);
	return err_set(
		e, CNI_EAGAIN, 0,
		"VF %s is in use: the namespace %s of container %s lives (end the container, "
		"and its runtime gives the VF back; --force takes it away)",
		r->vf, r->netns, r->container_id);
}

static void print_would(const struct ctl *ctl, const struct attached *a, const struct giveback *g)
{
	json_t *plan = ctl->opt[OPT_JSON] ? json_array() : NULL;

	out_would(plan, "give back VF %s of container %s, interface %s, network %s (%s) by %s",
		  a->rec.vf, a->rec.container_id, a->rec.ifname, a->rec.network, records_state(a),
		  g->file);
	out_plan(plan);
}

static void print_done(const struct ctl *ctl, const struct record *r, const char *ifname)
{
	if (ctl->opt[OPT_JSON])
		out_json(json_pack("{s:s, s:s, s:o}", "pci", r->vf, "ifname", ifname, "container",
				   records_container_json(r, true)));
	else
		(void)printf("VF %s of container %s, interface %s, network %s is given back%s%s\n",
			     r->vf, r->container_id, r->ifname, r->network,
			     ifname[0] ? ", as " : "", ifname);
}

int cmd_release(const struct ctl *ctl, struct err *e)
{
	_cleanup_(records_clear) struct records all = {.folder = -1};
	char vf[PCIADDR_TEXT], ifname[IFNAMSIZ];
	const struct attached *a;
	struct giveback g;

	if (name_vf(ctl, ctl->argv[0], vf, e) < 0 || records_read(ctl->sys, &all, e) < 0)
		return -1;
	a = records_find(&all, vf);
	if (!a)
		return refuse_unrecorded(&all, vf, e);
	if (check_releasable(a, ctl->opt[OPT_FORCE], e) < 0 || giveback_find(ctl, &g, e) < 0)
		return -1;
	if (ctl->opt[OPT_DRY_RUN]) {
		print_would(ctl, a, &g);
		return CTL_OK;
	}
	if (giveback_run(ctl, &g, &all, a, ifname, e) < 0)
		return -1;
	print_done(ctl, &a->rec, ifname);
	return CTL_OK;
}
