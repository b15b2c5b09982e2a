/* SPDX-License-Identifier: Apache-2.0 */
/* show.c - sriovctl show: all there is to say of a PF or a VF, for people or as JSON */
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "cni.h"
#include "ctl.h"
#include "dump.h"
#include "list.h"
#include "mem.h"
#include "show_pci.h"
#include "show_sysfs.h"
#include "stats.h"
#include "sysfs.h"

#ifndef IFF_LOWER_UP /* linux/if.h, which does not go with net/if.h */
#define IFF_LOWER_UP 0x10000
#endif

struct show {
	const struct ctl *ctl;
	struct out_page page;
	struct pcidev_bus *bus;
	struct rt *rt;
};

static void show_altnames(struct show *s, const struct rt_link *l)
{
	json_t *names = json_array();

	for (unsigned i = 0; i < l->n_altnames && i < RT_ALTNAMES; i++) {
		out_text(&s->page, NULL, "also called", "%s", l->altnames[i]);
		(void)json_array_append_new(names, json_string(l->altnames[i]));
	}
	out_value(&s->page, "altnames", names);
}

/* where: the namespace; "": the host's. */
static void show_link(struct show *s, const struct rt_link *l, const char *where)
{
	uint32_t speed;
	char mac[MAC_TEXT];
	struct err unread;

	if (!l->ifindex)
		return;
	out_group(&s->page, "link", "Interface");
	out_text(&s->page, "ifname", "name", "%s", l->name);
	if (where[0])
		out_text(&s->page, "netns", "namespace", "%s", where);
	out_bool(&s->page, "up", "up", l->flags & IFF_UP);
	out_bool(&s->page, "carrier", "carrier", l->flags & IFF_LOWER_UP);
	if (!where[0] &&
	    sysfs_read_u32(s->ctl->sys, &speed, &unread, "class/net/%s/speed", l->name) == 0)
		out_number(&s->page, "speed", "speed", speed, " Mbit/s");
	out_text(&s->page, "mac", "MAC", "%s", mac_text(l->mac, mac));
	out_number(&s->page, "mtu", "MTU", l->mtu, "");
	show_altnames(s, l);
}

static void show_vfs(const struct show *s, const struct host_pf *pf)
{
	struct out_table t = {.columns = 7};

	if (s->page.json || !pf->n_vfs)
		return; /* they are in the object already */
	out_title(&s->page, "VFs");
	for (const char *const *name = (const char *[]){"  VF", "PCI", "INTERFACE", "DRIVER", "MAC",
							"VLAN", "USER", NULL};
	     *name; name++)
		out_cell(&t, "%s", *name);
	for (uint32_t i = 0; i < pf->n_vfs; i++) {
		const struct host_vf *vf = &pf->vfs[i];
		const struct opt *f = vf->attrs.f;
		char buf[MAC_TEXT + 3];

		out_cell(&t, "  %u", i);
		out_cell(&t, "%s", vf->dev.name);
		out_cell(&t, "%s", vf->dev.ifname[0] ? vf->dev.ifname : "-");
		out_cell(&t, "%s", vf->dev.driver[0] ? vf->dev.driver : "-");
		out_cell(&t, "%s", f[VF_MAC].set ? mac_text(f[VF_MAC].v, buf) : "-");
		out_cell(&t, "%s", f[VF_VLAN].v ? vf_value_text(VF_VLAN, f[VF_VLAN].v, buf) : "-");
		out_cell(&t, "%s", vf->user[0] ? vf->user : "free");
	}
	out_table(&t, true, s->ctl->color);
}

static int show_pf(struct show *s, const struct host_pf *pf, struct err *e)
{
	struct pcidev d, vf;

	if (pcidev_find(s->bus, &pf->dev.addr, &d, e) < 0 ||
	    (pf->n_vfs && pcidev_find(s->bus, &pf->vfs[0].dev.addr, &vf, e) < 0))
		return -1;
	s->page.root = list_pf_json(pf);
	out_text(&s->page, "type", NULL, "PF");
	out_title(&s->page, "PF %s  %s  %s", pf->dev.ifname[0] ? pf->dev.ifname : "(no interface)",
		  pf->dev.name, d.name);
	out_text(&s->page, NULL, "VFs", "%u of %u", pf->n_vfs, pf->total);
	out_bool(&s->page, NULL, "driver autoprobe", pf->autoprobe);
	show_driver(&s->page, pf->driver, pf->dev.ifname);
	show_numa_node(&s->page, s->ctl->sys, pf->dev.name, NULL);
	show_pcie_link(&s->page, s->ctl->sys, pf->dev.name);
	show_group(&s->page, s->ctl->sys, pf->dev.name, pf->group);
	show_device(&s->page, &d);
	show_link(s, &pf->link, "");
	if (d.has_sriov)
		show_sriov(&s->page, &d, pf->n_vfs ? &vf : NULL);
	else if (d.short_config)
		out_warn("%s: only root can read the SR-IOV capability", pf->dev.name);
	show_vfs(s, pf);
	return 0;
}

static void show_attributes(const struct show *s, const struct host_vf *vf, const char *pf)
{
	char buf[MAC_TEXT + 3];

	if (s->page.json)
		return; /* they are in the object already */
	out_title(&s->page, "Settings on %s", pf);
	for (unsigned f = 0; f < VF_FIELDS; f++)
		if (vf->attrs.f[f].set)
			(void)printf("  %-17s %s\n", vf_field_name((enum vf_field)f),
				     vf_value_text((enum vf_field)f, vf->attrs.f[f].v, buf));
}

static void show_counts(struct show *s, const struct rt_vf_stats *c, const char *pf)
{
	const uint64_t *n = c->n;
	char title[64], broadcast[32] = "";

	(void)snprintf(title, sizeof(title), "Counted by %s", c->own ? "its interface" : pf);
	out_group(&s->page, NULL, title);
	if (!c->own)
		(void)snprintf(broadcast, sizeof(broadcast), " %" PRIu64 " broadcast,",
			       n[RT_VF_RX_BROADCAST]);
	out_text(&s->page, NULL, "received",
		 "%" PRIu64 " packets, %" PRIu64 " bytes; %" PRIu64 " dropped,%s %" PRIu64
		 " multicast",
		 n[RT_VF_RX_PACKETS], n[RT_VF_RX_BYTES], n[RT_VF_RX_DROPPED], broadcast,
		 n[RT_VF_RX_MULTICAST]);
	out_text(&s->page, NULL, "sent",
		 "%" PRIu64 " packets, %" PRIu64 " bytes; %" PRIu64 " dropped", n[RT_VF_TX_PACKETS],
		 n[RT_VF_TX_BYTES], n[RT_VF_TX_DROPPED]);
	out_value(&s->page, "statistics", stats_json(c));
}

static int show_vf(struct show *s, const struct host_pf *pf, const struct host_vf *vf,
		   struct err *e)
{
	const char *pf_name = pf->dev.ifname[0] ? pf->dev.ifname : pf->dev.name;
	_cleanup_(stats_clear) struct stats_pf counted = {0};
	_cleanup_(rt_freep) struct rt *there = NULL;
	struct rt_link link;
	struct pcidev d;
	struct err unread;

	if (pcidev_find(s->bus, &vf->dev.addr, &d, e) < 0)
		return -1;
	if (stats_read(s->rt, pf, &counted, &unread) < 0)
		out_warn("%s", unread.msg);
	s->page.root = list_vf_json(vf);
	out_text(&s->page, "type", NULL, "VF");
	out_value(&s->page, "pf",
		  json_pack("{s:s, s:s}", "pci", pf->dev.name, "ifname", pf->dev.ifname));
	out_title(&s->page, "VF %u of %s  %s  %s", vf->dev.index, pf_name, vf->dev.name, d.name);
	out_text(&s->page, NULL, "used by", "%s", vf->user[0] ? vf->user : "nobody");
	show_driver(&s->page, vf->dev.driver, vf->dev.ifname);
	show_numa_node(&s->page, s->ctl->sys, vf->dev.name, "numaNode");
	show_group(&s->page, s->ctl->sys, vf->dev.name, vf->group);
	show_device(&s->page, &d);
	if (host_find_link(s->rt, vf, &there, &link))
		show_link(s, &link, !there ? "" : vf->netns[0] ? vf->netns : vf->rec.netns);
	show_attributes(s, vf, pf_name);
	if (vf->dev.index < counted.told.n_vfs)
		show_counts(s, &counted.told.stats[vf->dev.index], pf_name);
	return 0;
}

int cmd_show(const struct ctl *ctl, struct err *e)
{
	_cleanup_(host_clear) struct host h = {0};
	_cleanup_(pcidev_closep) struct pcidev_bus *bus = NULL;
	_cleanup_(rt_freep) struct rt *rt = NULL;
	struct show s = {
		.ctl = ctl,
		.page = {.json = ctl->opt[OPT_JSON], .color = ctl->color},
	};
	struct host_pf *pf;
	struct host_vf *vf;

	if (ctl->opt[OPT_PCI_DUMP])
		return dump_show(ctl, e);
	if (!ctl->argc)
		return err_set(e, CNI_EFIELD, 0,
			       "show what? name a PF or a VF; sriovctl list shows "
			       "those there are");
	if (host_read(ctl->sys, &h, e) < 0 || host_find(&h, ctl->argv[0], &pf, &vf, e) < 0 ||
	    pcidev_open(NULL, &bus, e) < 0 || rt_open(&rt, e) < 0)
		return -1;
	s.bus = bus;
	s.rt = rt;
	if ((vf ? show_vf(&s, pf, vf, e) : show_pf(&s, pf, e)) < 0)
		return -1;
	out_page_end(&s.page);
	return CTL_OK;
}
