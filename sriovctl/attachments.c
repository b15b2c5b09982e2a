/* SPDX-License-Identifier: Apache-2.0 */
/* attachments.c - sriovctl attachments: what the CNI plugin has on record of each container's VF */
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl.h"
#include "mem.h"
#include "out.h"
#include "records.h"

static json_t *found_json(const struct record *r)
{
	const json_t *how = json_array_get(r->doc, json_array_size(r->doc) - 1);

	return json_pack("{s:s, s:s*, s:O*, s:o}", "driver", r->driver, "driverOverride",
			 r->override, "link", json_object_get(how, "link"), "attributes",
			 vf_attrs_to_json(&r->found));
}

static json_t *attached_json(const struct attached *a)
{
	const struct record *r = &a->rec;
	json_t *container = records_container_json(r, records_abandoned(a));

	(void)json_object_set_new(container, "lives", json_boolean(a->lives));
	if (a->process)
		(void)json_object_set_new(container, "process", json_integer(a->process));
	return json_pack("{s:s, s:i, s:{s:s, s:s}, s:o, s:s, s:s, s:o, s:{s:s*, s:o}, s:O*}", "pci",
			 r->vf, "vf", (int)r->index, "pf", "pci", r->pf, "ifname", a->pf_ifname,
			 "container", container, "phase", record_phase_word(r->phase), "worker",
			 a->worker, "found", found_json(r), "set", "driver", r->bind, "attributes",
			 vf_attrs_to_json(&r->wanted), "result", r->result);
}

static void print_json(const struct records *all)
{
	json_t *attachments = json_array(), *damaged = json_array(), *claims = json_array();
	char vf[PCIADDR_TEXT];

	for (size_t i = 0; i < all->n; i++)
		(void)json_array_append_new(attachments, attached_json(&all->all[i]));
	for (size_t i = 0; i < all->n_damaged; i++)
		(void)json_array_append_new(
			damaged, json_pack("{s:s, s:b, s:s}", "pci", all->damaged[i].vf, "aside",
					   all->damaged[i].aside, "what", all->damaged[i].what));
	for (size_t i = 0; i < all->n_claims; i++)
		(void)json_array_append_new(
			claims, json_pack("{s:s, s:{s:s, s:s}}", "pci",
					  pciaddr_text(&all->claims[i].vf, vf), "container", "id",
					  all->claims[i].owner, "ifname", all->claims[i].ifname));
	out_json(json_pack("{s:o, s:o, s:o}", "attachments", attachments, "damaged", damaged,
			   "claims", claims));
}

/* Words of a line, with commas between them. */
static const char *comma(bool *first)
{
	const char *text = *first ? "" : ", ";

	*first = false;
	return text;
}

static void print_attrs(const struct vf_attrs *attrs, bool *first)
{
	char buf[MAC_TEXT + 3];

	for (unsigned f = 0; f < VF_FIELDS; f++)
		if (attrs->f[f].set)
			(void)printf("%s%s %s", comma(first), vf_field_name((enum vf_field)f),
				     vf_value_text((enum vf_field)f, attrs->f[f].v, buf));
}

static void print_found(const struct record *r)
{
	const struct record_link *l = &r->link;
	char mac[MAC_TEXT];
	bool first = true;

	(void)printf("  found      ");
	if (l->name[0])
		(void)printf("%s%s, mac %s, mtu %u, %s", comma(&first), l->name,
			     mac_text(l->mac, mac), l->mtu, l->flags & IFF_UP ? "up" : "down");
	for (unsigned i = 0; i < l->n_altnames; i++)
		(void)printf("%saltname %s", comma(&first), l->altnames[i]);
	(void)printf("%sdriver %s\n", comma(&first), r->driver[0] ? r->driver : "none");
	first = true;
	(void)printf("             on its PF: ");
	print_attrs(&r->found, &first);
	(void)printf("%s\n", first ? "nothing is known" : "");
}

static void print_set(const struct record *r)
{
	const json_t *link = json_array_get(json_object_get(r->result, "interfaces"), 0);
	const json_t *mac = json_object_get(link, "mac"), *mtu = json_object_get(link, "mtu");
	json_t *ip;
	size_t i;
	bool first = true;

	(void)printf("  set        ");
	if (r->bind)
		(void)printf("%sdriver %s", comma(&first), r->bind);
	print_attrs(&r->wanted, &first);
	(void)printf("%s\n", first ? "nothing on its PF" : "");
	if (!r->result)
		return;
	first = true;
	(void)printf("             in the container: ");
	if (mac)
		(void)printf("%smac %s", comma(&first), json_string_value(mac));
	if (mtu && json_integer_value(mtu))
		(void)printf("%smtu %lld", comma(&first), (long long)json_integer_value(mtu));
	json_array_foreach(json_object_get(r->result, "ips"), i, ip)
		(void)printf("%s%s", comma(&first),
			     json_string_value(json_object_get(ip, "address")) ?: "");
	(void)printf("%s\n", first ? "nothing" : "");
}

static void print_namespace(const struct attached *a)
{
	(void)printf("  namespace  %s", a->rec.netns);
	if (a->process)
		(void)printf(" (no more, but process %d is in it)", (int)a->process);
	else if (!a->lives)
		(void)printf(" (gone)");
	(void)putchar('\n');
}

static void print_attached(const struct ctl *ctl, const struct attached *a)
{
	const struct record *r = &a->rec;
	const time_t since = (time_t)r->time;
	struct tm tm;
	char text[32] = "";

	if (localtime_r(&since, &tm))
		(void)strftime(text, sizeof(text), "%F %T", &tm);
	(void)printf("%scontainer %s, interface %s, network %s%s: %s\n",
		     ctl->color ? "\033[1m" : "", r->container_id, r->ifname, r->network,
		     ctl->color ? "\033[0m" : "", records_state(a));
	if (a->worker[0])
		(void)printf("  worked on  by %s\n", a->worker);
	else if (records_abandoned(a))
		(void)printf("  to do      give the VF back: sriovctl release %s\n", r->vf);
	(void)printf("  VF         %s, ", r->vf);
	if (r->pf[0])
		(void)printf("VF %u of %s (%s)\n", r->index,
			     a->pf_ifname[0] ? a->pf_ifname : "a PF without interface", r->pf);
	else
		(void)printf("a whole device\n");
	print_namespace(a);
	(void)printf("  since      %s\n", text);
	print_found(r);
	print_set(r);
}

static void print_text(const struct ctl *ctl, const struct records *all)
{
	char vf[PCIADDR_TEXT];

	for (size_t i = 0; i < all->n; i++)
		print_attached(ctl, &all->all[i]);
	for (size_t i = 0; i < all->n_claims; i++)
		(void)printf("container %s, interface %s: its ADD ended before it had VF %s (to "
			     "forget it: sriovctl gc)\n",
			     all->claims[i].owner, all->claims[i].ifname,
			     pciaddr_text(&all->claims[i].vf, vf));
	if (!all->n && !all->n_claims && !all->n_damaged)
		out_warn("no container has a VF by the plugin's records in " RECORD_FOLDER);
}

int cmd_attachments(const struct ctl *ctl, struct err *e)
{
	_cleanup_(records_clear) struct records all = {.folder = -1};

	if (records_read(ctl->sys, &all, e) < 0)
		return -1;
	if (ctl->opt[OPT_JSON])
		print_json(&all);
	else
		print_text(ctl, &all);
	for (size_t i = 0; i < all.n_damaged && !ctl->opt[OPT_JSON]; i++)
		out_warn("%s", all.damaged[i].what);
	return CTL_OK;
}
