/* SPDX-License-Identifier: Apache-2.0 */
/* list.c - sriovctl list: PFs, their VFs, and who uses each, as a tree, a table or JSON */
#include "list.h"

#include <net/if.h>
#include <stdio.h>

#include "ctl.h"
#include "dump.h"
#include "mem.h"
#include "out.h"

static const char *or_dash(const char *text)
{
	return text[0] ? text : "-";
}

json_t *list_vf_json(const struct host_vf *vf)
{
	json_t *j = host_user_json(vf);

	(void)json_object_update_new(j, json_pack("{s:i, s:s, s:o, s:s, s:s, s:o}", "vf",
						  (int)vf->dev.index, "pci", vf->dev.name, "ifname",
						  out_string(vf->dev.ifname), "driver",
						  vf->dev.driver, "iommuGroup", vf->group,
						  "attributes", vf_attrs_to_json(&vf->attrs)));
	return j;
}

json_t *list_pf_json(const struct host_pf *pf)
{
	json_t *vfs = json_array();

	for (uint32_t i = 0; i < pf->n_vfs; i++)
		(void)json_array_append_new(vfs, list_vf_json(&pf->vfs[i]));
	return json_pack("{s:s, s:o, s:s, s:i, s:i, s:i, s:b, s:b, s:s, s:i, s:o, s:o}", "pci",
			 pf->dev.name, "ifname", out_string(pf->dev.ifname), "driver", pf->driver,
			 "totalVFs", (int)pf->total, "numVFs", (int)pf->n_vfs, "numaNode",
			 pf->numa_node, "autoprobe", pf->autoprobe, "up", pf->link.flags & IFF_UP,
			 "iommuGroup", pf->group, "mtu", (int)pf->link.mtu, "user",
			 out_string(pf->user), "vfs", vfs);
}

static void print_json(const struct host *h)
{
	json_t *pfs = json_array();

	for (size_t p = 0; p < h->n; p++)
		(void)json_array_append_new(pfs, list_pf_json(&h->pfs[p]));
	out_json(json_pack("{s:o}", "pfs", pfs));
}

static void print_table(const struct ctl *ctl, const struct host *h)
{
	struct out_table t = {.columns = 7};

	for (const char *const *name = (const char *[]){"PF", "VF", "PCI", "INTERFACE", "DRIVER",
							"GROUP", "USER", NULL};
	     *name; name++)
		out_cell(&t, "%s", *name);
	for (size_t p = 0; p < h->n; p++)
		for (uint32_t i = 0; i < h->pfs[p].n_vfs; i++) {
			const struct host_vf *vf = &h->pfs[p].vfs[i];

			out_cell(&t, "%s", or_dash(h->pfs[p].dev.ifname));
			out_cell(&t, "%u", i);
			out_cell(&t, "%s", vf->dev.name);
			out_cell(&t, "%s", or_dash(vf->dev.ifname));
			out_cell(&t, "%s", or_dash(vf->dev.driver));
			out_cell(&t, "%s", or_dash(vf->group));
			out_cell(&t, "%s", or_dash(vf->user));
		}
	out_table(&t, true, ctl->color);
}

static void print_tree(const struct ctl *ctl, const struct host *h)
{
	for (size_t p = 0; p < h->n; p++) {
		const struct host_pf *pf = &h->pfs[p];
		struct out_table t = {.columns = 5};

		(void)printf("%s%s%s  %s, driver %s, %s, %u of %u VFs%s%s\n",
			     ctl->color ? "\033[1m" : "",
			     pf->dev.ifname[0] ? pf->dev.ifname : "(no interface)",
			     ctl->color ? "\033[0m" : "", pf->dev.name,
			     pf->driver[0] ? pf->driver : "none",
			     pf->link.flags & IFF_UP ? "up" : "down", pf->n_vfs, pf->total,
			     pf->user[0] ? ", " : "", pf->user);
		for (uint32_t i = 0; i < pf->n_vfs; i++) {
			const struct host_vf *vf = &pf->vfs[i];

			out_cell(&t, "%s VF %u", i + 1 < pf->n_vfs ? "├─" : "└─", i);
			out_cell(&t, "%s", vf->dev.name);
			out_cell(&t, "%s", or_dash(vf->dev.ifname));
			out_cell(&t, "%s", vf->dev.driver[0] ? vf->dev.driver : "no driver");
			out_cell(&t, "%s", vf->user[0] ? vf->user : "free");
		}
		out_table(&t, false, ctl->color);
	}
}

int cmd_list(const struct ctl *ctl, struct err *e)
{
	_cleanup_(host_clear) struct host h = {0};

	if (ctl->opt[OPT_PCI_DUMP])
		return dump_list(ctl, e);
	if (host_read(ctl->sys, &h, e) < 0)
		return -1;
	if (ctl->opt[OPT_JSON])
		print_json(&h);
	else if (!h.n)
		out_warn("no NIC with SR-IOV here; sriovctl doctor says what to look at");
	else if (ctl->opt[OPT_TABLE])
		print_table(ctl, &h);
	else
		print_tree(ctl, &h);
	return CTL_OK;
}
