/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dump.c - list and show for a dump of lspci -xxxx instead of this host
 *
 * A dump has the devices' configuration space and nothing of the kernel's: no interfaces, drivers
 * or users. Where VFs are follows from the PF's capability, whether or not they are in the dump;
 * what a VF says of itself there are no more than its revision and subsystem, as its ids read as
 * all ones.
 */
#include "dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cni.h"
#include "mem.h"
#include "show_pci.h"

#define NOTHING "%s has no device with SR-IOV"

struct dump {
	const char *file;
	struct pcidev_bus *bus;
	struct pcidev *all; /* owned; n of them, by address */
	size_t n;
};

static void end(struct dump *d)
{
	free(d->all);
	pcidev_close(d->bus);
}

static int begin(const struct ctl *ctl, struct dump *ret, struct err *e)
{
	ret->file = ctl->opt[OPT_PCI_DUMP];
	if (pcidev_open(ret->file, &ret->bus, e) < 0 ||
	    pcidev_list(ret->bus, &ret->all, &ret->n, e) < 0)
		return -1;
	for (size_t i = 0; i < ret->n; i++)
		if (!ret->all[i].short_config)
			return 0;
	return err_set(
		e, CNI_EDECODE, 0,
		"%s has but the first bytes of each device, which do not tell of SR-IOV; make "
		"it as root, by lspci -xxxx",
		ret->file);
}

/* The PFs follow each other: the next one from i on, or NULL. */
static const struct pcidev *next_pf(const struct dump *d, size_t *i)
{
	while (*i < d->n && !d->all[*i].has_sriov)
		++*i;
	return *i < d->n ? &d->all[(*i)++] : NULL;
}

/* How many VFs a PF has. */
static uint32_t count(const struct pcidev *pf)
{
	return pf->sriov.enabled ? pf->sriov.n_vfs : 0;
}

static void find_nth(const struct pcidev *pf, uint32_t index, struct vfdev *ret)
{
	const struct vfdev_pf at = {
		.addr = pf->addr,
		.offset = pf->sriov.offset,
		.stride = pf->sriov.stride,
	};

	vfdev_nth(&at, index, ret);
}

/* --- list --- */

static json_t *pf_json(const struct pcidev *pf)
{
	json_t *vfs = json_array();

	for (uint32_t i = 0; i < count(pf); i++) {
		struct vfdev vf;

		find_nth(pf, i, &vf);
		(void)json_array_append_new(vfs, json_pack("{s:i, s:s, s:s}", "vf", (int)i, "pci",
							   vf.name, "name", pf->vf_name));
	}
	return json_pack("{s:s, s:s, s:i, s:i, s:o}", "pci", pf->pci, "name", pf->name, "totalVFs",
			 pf->sriov.total, "numVFs", (int)count(pf), "vfs", vfs);
}

static void list_json(const struct dump *d)
{
	json_t *pfs = json_array();
	const struct pcidev *pf;

	for (size_t i = 0; (pf = next_pf(d, &i));)
		(void)json_array_append_new(pfs, pf_json(pf));
	out_json(json_pack("{s:o}", "pfs", pfs));
}

static void list_table(const struct ctl *ctl, const struct dump *d)
{
	struct out_table t = {.columns = 4};
	const struct pcidev *pf;

	for (const char *const *name = (const char *[]){"PF", "VF", "PCI", "DEVICE", NULL}; *name;
	     name++)
		out_cell(&t, "%s", *name);
	for (size_t i = 0; (pf = next_pf(d, &i));)
		for (uint32_t k = 0; k < count(pf); k++) {
			struct vfdev vf;

			find_nth(pf, k, &vf);
			out_cell(&t, "%s", pf->pci);
			out_cell(&t, "%u", k);
			out_cell(&t, "%s", vf.name);
			out_cell(&t, "%s", pf->vf_name);
		}
	out_table(&t, true, ctl->color);
}

static void list_tree(const struct ctl *ctl, const struct dump *d)
{
	const struct pcidev *pf;

	for (size_t i = 0; (pf = next_pf(d, &i));) {
		struct out_table t = {.columns = 3};

		out_title(&(struct out_page){.color = ctl->color}, "%s  %s, %u of %u VFs", pf->pci,
			  pf->name, count(pf), pf->sriov.total);
		for (uint32_t k = 0; k < count(pf); k++) {
			struct vfdev vf;

			find_nth(pf, k, &vf);
			out_cell(&t, "%s VF %u", k + 1 < count(pf) ? "├─" : "└─", k);
			out_cell(&t, "%s", vf.name);
			out_cell(&t, "%s", pf->vf_name);
		}
		out_table(&t, false, ctl->color);
	}
}

int dump_list(const struct ctl *ctl, struct err *e)
{
	_cleanup_(end) struct dump d = {0};
	size_t i = 0;

	if (begin(ctl, &d, e) < 0)
		return -1;
	if (ctl->opt[OPT_JSON])
		list_json(&d);
	else if (!next_pf(&d, &i))
		out_warn(NOTHING, d.file);
	else if (ctl->opt[OPT_TABLE])
		list_table(ctl, &d);
	else
		list_tree(ctl, &d);
	return CTL_OK;
}

/* --- show --- */

static const struct pcidev *find_at(const struct dump *d, const struct pciaddr *addr)
{
	for (size_t i = 0; i < d->n; i++)
		if (!pciaddr_compare(&d->all[i].addr, addr))
			return &d->all[i];
	return NULL;
}

/* A VF by its address: *ret_vf is its number. Result: its PF, or NULL. */
static const struct pcidev *find_vf(const struct dump *d, const struct pciaddr *addr,
				    struct vfdev *ret)
{
	const struct pcidev *pf;

	for (size_t i = 0; (pf = next_pf(d, &i));)
		for (uint32_t k = 0; k < count(pf); k++) {
			find_nth(pf, k, ret);
			if (!pciaddr_compare(&ret->addr, addr))
				return pf;
		}
	return NULL;
}

/* Finds DEV, as on a host but that there are no interfaces. ret_vf->name "": it is the PF. */
static const struct pcidev *find(const struct dump *d, const char *name, struct vfdev *ret_vf,
				 struct err *e)
{
	size_t len = strcspn(name, "/");
	const char *number = name[len] ? name + len + 1 : NULL;
	const struct pcidev *pf;
	struct pciaddr addr;
	unsigned long index;
	char *rest = (char *)"", pf_name[PCIADDR_TEXT + 1];

	(void)snprintf(pf_name, sizeof(pf_name), "%.*s",
		       (int)(len < PCIADDR_TEXT ? len : PCIADDR_TEXT), name);
	index = number ? strtoul(number, &rest, 10) : 0;
	if (pciaddr_parse(pf_name, &addr) < 0 || *rest ||
	    (number && (*number < '0' || *number > '9'))) {
		err_set(e, CNI_EDEVICE, 0,
			"\"%s\": in a dump a device is named by its PCI address, or by that of its "
			"PF, a slash and its number",
			name);
		return NULL;
	}
	ret_vf->name[0] = '\0';
	pf = find_at(d, &addr);
	if (!number && (!pf || !pf->has_sriov)) {
		const struct pcidev *of = find_vf(d, &addr, ret_vf);

		if (of)
			return of;
	}
	if (!pf) {
		err_set(e, CNI_EDEVICE, 0, "%s has no device %s", d->file, pf_name);
		return NULL;
	}
	if (!pf->has_sriov) {
		err_set(e, CNI_EDEVICE, 0,
			"%s: %s (%s) has no SR-IOV; list --pci-dump shows those "
			"that have",
			d->file, pf_name, pf->name);
		return NULL;
	}
	if (number && index >= count(pf)) {
		err_set(e, CNI_EDEVICE, 0, "%s: %s has no VF %s: it has %u VFs, counted from 0",
			d->file, pf_name, number, count(pf));
		return NULL;
	}
	if (number)
		find_nth(pf, (uint32_t)index, ret_vf);
	return pf;
}

static void show_pf(struct out_page *p, const struct pcidev *pf)
{
	p->root = p->json ? pf_json(pf) : NULL;
	out_title(p, "PF %s  %s", pf->pci, pf->name);
	out_text(p, "type", NULL, "PF");
	show_device(p, pf);
	show_sriov(p, pf, NULL);
}

static void show_vf(struct out_page *p, const struct dump *d, const struct pcidev *pf,
		    const struct vfdev *vf)
{
	const struct pcidev *own = find_at(d, &vf->addr);
	struct pcidev dev = own ? *own : (struct pcidev){0};

	dev.vendor = pf->vendor;
	dev.device = pf->sriov.vf_device;
	(void)snprintf(dev.name, sizeof(dev.name), "%s", pf->vf_name);
	p->root = json_object();
	out_title(p, "VF %u of %s  %s  %s", vf->index, pf->pci, vf->name, dev.name);
	out_text(p, "type", NULL, "VF");
	out_text(p, "pci", NULL, "%s", vf->name);
	out_number(p, "vf", NULL, vf->index, "");
	out_value(p, "pf", json_pack("{s:s, s:s}", "pci", pf->pci, "name", pf->name));
	if (!own)
		out_text(p, NULL, "not in the dump", "what follows is by its PF");
	show_device(p, &dev);
}

int dump_show(const struct ctl *ctl, struct err *e)
{
	_cleanup_(end) struct dump d = {0};
	struct out_page page = {.json = ctl->opt[OPT_JSON], .color = ctl->color};
	const struct pcidev *pf;
	struct vfdev vf;
	size_t i = 0;

	if (begin(ctl, &d, e) < 0)
		return -1;
	if (ctl->argc) {
		pf = find(&d, ctl->argv[0], &vf, e);
		if (!pf)
			return -1;
		if (vf.name[0])
			show_vf(&page, &d, pf, &vf);
		else
			show_pf(&page, pf);
		out_page_end(&page);
		return CTL_OK;
	}
	if (ctl->opt[OPT_JSON])
		return err_set(e, CNI_EFIELD, 0,
			       "--json shows one device: name it; list --json --pci-dump has all");
	if (!next_pf(&d, &i))
		out_warn(NOTHING, d.file);
	for (i = 0; (pf = next_pf(&d, &i));)
		show_pf(&page, pf);
	return CTL_OK;
}
