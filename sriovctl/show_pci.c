/* SPDX-License-Identifier: Apache-2.0 */
/* show_pci.c - what show says of a PCI device, on a host or in a dump */
#include "show_pci.h"

#include <stdio.h>

/* Those that are in use. what: "BAR"; size: whose sizes they have. */
static void show_bars(struct out_page *p, const char *what,
		      const struct pcidev_bar bars[static PCIDEV_BARS],
		      const struct pcidev_bar size[static PCIDEV_BARS])
{
	json_t *all = json_array();

	for (unsigned i = 0; i < PCIDEV_BARS; i++) {
		const struct pcidev_bar *b = &bars[i];
		char label[16], at[32], bytes[PCIDEV_SIZE];

		if (!b->used)
			continue;
		(void)snprintf(label, sizeof(label), "%s %u", what, i);
		(void)snprintf(at, sizeof(at), "0x%llx", (unsigned long long)b->address);
		out_text(p, NULL, label, "%s%s%s, %s-bit%s", b->address ? at : "without an address",
			 size[i].size ? ", " : "",
			 size[i].size ? pcidev_size(size[i].size, bytes) : "",
			 b->wide ? "64" : "32", b->prefetchable ? ", prefetchable" : "");
		(void)json_array_append_new(
			all, json_pack("{s:i, s:s, s:I, s:i, s:b}", "bar", i, "address", at, "size",
				       (json_int_t)size[i].size, "bits", b->wide ? 64 : 32,
				       "prefetchable", b->prefetchable));
	}
	out_value(p, "memory", all);
}

void show_device(struct out_page *p, const struct pcidev *d)
{
	out_text(p, "name", NULL, "%s", d->name);
	out_text(p, "vendor", NULL, "%04x", d->vendor);
	out_text(p, "device", NULL, "%04x", d->device);
	out_text(p, "subsystemVendor", NULL, "%04x", d->subvendor);
	out_text(p, "subsystemDevice", NULL, "%04x", d->subdevice);
	out_number(p, "revision", NULL, d->revision, "");
	out_text(p, NULL, "ids", "%04x:%04x, subsystem %04x:%04x, revision %02x", d->vendor,
		 d->device, d->subvendor, d->subdevice, d->revision);
	show_bars(p, "BAR", d->bars, d->bars);
}

static json_t *pages_json(uint32_t mask)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < 32; i++)
		if (mask >> i & 1)
			(void)json_array_append_new(all, json_integer((json_int_t)4096 << i));
	return all;
}

void show_sriov(struct out_page *p, const struct pcidev *d, const struct pcidev *vf)
{
	const struct pcidev_sriov *s = &d->sriov;
	char pages[PCIDEV_PAGES], page[PCIDEV_PAGES];

	out_group(p, "sriov", "SR-IOV capability");
	out_number(p, "totalVFs", "TotalVFs", s->total, "");
	out_number(p, "initialVFs", "InitialVFs", s->initial, "");
	out_number(p, "numVFs", "NumVFs", s->n_vfs, "");
	out_number(p, "offset", "first VF offset", s->offset, "");
	out_number(p, "stride", "VF stride", s->stride, "");
	out_text(p, "vfDevice", NULL, "%04x", s->vf_device);
	out_text(p, "vfName", NULL, "%s", d->vf_name);
	out_text(p, NULL, "VF device", "%04x:%04x %s", d->vendor, s->vf_device, d->vf_name);
	out_value(p, "pageSizes", pages_json(s->page_sizes));
	out_value(p, "pageSize", json_integer((json_int_t)s->page_size * 4096));
	out_text(p, NULL, "page sizes", "%s; chosen: %s", pcidev_pages(s->page_sizes, pages),
		 pcidev_pages(s->page_size, page));
	out_bool(p, "enabled", "VF enable", s->enabled);
	out_bool(p, "memoryEnabled", "VF memory enable", s->memory);
	out_bool(p, "ariCapableHierarchy", "ARI hierarchy", s->ari);
	out_bool(p, "migrationCapable", "VF migration", s->migration);
	show_bars(p, "VF BAR", s->bars, vf ? vf->bars : s->bars);
}
