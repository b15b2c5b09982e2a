/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pcidev.c - PCI devices through libpci: their names and the SR-IOV capability, of this host or
 * from a dump
 */
#include "pcidev.h"

#include <assert.h>
#include <pci/pci.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cni.h"
#include "mem.h"

struct pcidev_bus {
	struct pci_access *access;
	const char *dump; /* borrowed; NULL: this host */
};

/*
 * libpci says what is wrong by a function that must not return; its own ends the process. Ours goes
 * back to guarded(), through which alone libpci is called: what it had at hand then is lost, files
 * and memory, and the program ends soon after. Its functions take no argument of the caller's,
 * hence the variables.
 */
static jmp_buf *way_back;
static char complaint[256];

static void __attribute__((format(printf, 1, 2), noreturn)) on_error(char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(complaint, sizeof(complaint), fmt, ap);
	va_end(ap);
	assert(way_back);
	longjmp(*way_back, 1);
}

/* Whatever it warns of, the results say as well. */
static void __attribute__((format(printf, 1, 2))) on_warning(char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(complaint, sizeof(complaint), fmt, ap);
	va_end(ap);
}

/* Result: 0, or -1 with libpci's words in complaint. */
static int guarded(void (*call)(void *arg), void *arg)
{
	jmp_buf here;

	way_back = &here;
	if (setjmp(here)) {
		way_back = NULL;
		return -1;
	}
	call(arg);
	way_back = NULL;
	return 0;
}

static void call_init(void *arg)
{
	pci_init(arg);
}

static int start(struct pcidev_bus *bus, struct err *e)
{
	const char *dump = bus->dump;

	bus->access = pci_alloc();
	if (!bus->access)
		return err_set(e, CNI_EIO, ENOMEM, "cannot look at the PCI devices");
	bus->access->error = on_error;
	bus->access->warning = on_warning;
	bus->access->debug = on_warning;
	bus->access->method = dump ? PCI_ACCESS_DUMP : PCI_ACCESS_SYS_BUS_PCI;
	if (dump) {
		if (access(dump, R_OK) < 0)
			return err_set(e, CNI_EIO, errno, "%s", dump);
		(void)pci_set_param(bus->access, "dump.name", (char *)(uintptr_t)dump);
	}
	if (guarded(call_init, bus->access) < 0)
		return err_set(e, CNI_EDECODE, 0, "%s: %s", dump ?: "PCI", complaint);
	if (dump && !bus->access->devices)
		return err_set(e, CNI_EDECODE, 0,
			       "%s has no PCI device in it; the output of lspci -xxxx is wanted",
			       dump);
	return 0;
}

int pcidev_open(const char *dump, struct pcidev_bus **ret, struct err *e)
{
	struct pcidev_bus *bus = calloc(1, sizeof(*bus));

	if (!bus)
		return err_set(e, CNI_EIO, ENOMEM, "cannot look at the PCI devices");
	bus->dump = dump;
	if (start(bus, e) < 0) {
		pcidev_close(bus);
		return -1;
	}
	*ret = bus;
	return 0;
}

void pcidev_close(struct pcidev_bus *bus)
{
	if (!bus)
		return;
	if (bus->access)
		pci_cleanup(bus->access);
	free(bus);
}

static uint16_t u16_at(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t u32_at(const uint8_t *at)
{
	return u16_at(at) | (uint32_t)u16_at(at + 2) << 16;
}

/* BAR i at its 4 bytes, the 4 bytes behind it being the next. */
static struct pcidev_bar read_bar(const uint8_t *at, bool is_last)
{
	uint32_t raw = u32_at(at);
	struct pcidev_bar bar = {
		.used = raw != 0 && (raw & PCI_BASE_ADDRESS_SPACE) != PCI_BASE_ADDRESS_SPACE_IO,
		.wide = !is_last &&
			(raw & PCI_BASE_ADDRESS_MEM_TYPE_MASK) == PCI_BASE_ADDRESS_MEM_TYPE_64,
		.prefetchable = raw & PCI_BASE_ADDRESS_MEM_PREFETCH,
		.address = raw & PCI_ADDR_MEM_MASK & UINT32_MAX,
	};

	if (bar.wide)
		bar.address |= (uint64_t)u32_at(at + 4) << 32;
	return bar.used ? bar : (struct pcidev_bar){0};
}

static void read_sriov(const uint8_t *cap, struct pcidev_sriov *ret)
{
	uint16_t control = u16_at(cap + PCI_IOV_CTRL);

	*ret = (struct pcidev_sriov){
		.total = u16_at(cap + PCI_IOV_TOTALVF),
		.initial = u16_at(cap + PCI_IOV_INITIALVF),
		.n_vfs = u16_at(cap + PCI_IOV_NUMVF),
		.offset = u16_at(cap + PCI_IOV_OFFSET),
		.stride = u16_at(cap + PCI_IOV_STRIDE),
		.vf_device = u16_at(cap + PCI_IOV_DID),
		.page_sizes = u32_at(cap + PCI_IOV_SUPPS),
		.page_size = u32_at(cap + PCI_IOV_SYSPS),
		.enabled = control & PCI_IOV_CTRL_VFE,
		.memory = control & PCI_IOV_CTRL_MSE,
		.ari = control & PCI_IOV_CTRL_ARI,
		.migration = u32_at(cap + PCI_IOV_CAP) & PCI_IOV_CAP_VFM,
	};
	for (unsigned i = 0; i < PCIDEV_BARS; i++) {
		ret->bars[i] =
			read_bar(cap + PCI_IOV_BAR_BASE + (size_t)4 * i, i == PCIDEV_BARS - 1);
		if (ret->bars[i].wide)
			i++;
	}
}

static void read_bars(const struct pci_dev *d, struct pcidev_bar ret[static PCIDEV_BARS])
{
	for (unsigned i = 0; i < PCIDEV_BARS; i++) {
		pciaddr_t base = d->base_addr[i];

		/* Of a VF, the kernel knows what its own BARs do not say; they read as 0. */
		if ((!base && !d->size[i]) || base & PCI_BASE_ADDRESS_SPACE_IO)
			continue;
		ret[i] = (struct pcidev_bar){
			.used = true,
			.wide = (base & PCI_BASE_ADDRESS_MEM_TYPE_MASK) ==
				PCI_BASE_ADDRESS_MEM_TYPE_64,
			.prefetchable = base & PCI_BASE_ADDRESS_MEM_PREFETCH,
			.address = base & PCI_ADDR_MEM_MASK,
			.size = d->size[i],
		};
	}
}

struct reading {
	struct pcidev_bus *bus;
	const struct pciaddr *addr;
	struct pcidev d;
	bool found;
};

/* The device in a dump; on a host, one that is asked for but not there reads as all ones. */
static struct pci_dev *find(const struct reading *r)
{
	int domain = (int)r->addr->domain, bus = r->addr->rid >> 8;
	int slot = r->addr->rid >> 3 & 31, function = r->addr->rid & 7;
	struct pci_dev *d = r->bus->access->devices;

	if (!r->bus->dump)
		return pci_get_dev(r->bus->access, domain, bus, slot, function);
	while (d && (d->domain != domain || d->bus != bus || d->dev != slot || d->func != function))
		d = d->next;
	return d;
}

/* By pci.ids alone: what udev knows comes from there, and libpci loses memory when udev has none.
 */
static void name(struct pcidev_bus *bus, uint16_t vendor, uint16_t device, char ret[PCIDEV_NAME])
{
	int by = PCI_LOOKUP_VENDOR | PCI_LOOKUP_DEVICE | PCI_LOOKUP_NO_HWDB;
	const char *text = pci_lookup_name(bus->access, ret, PCIDEV_NAME, by, vendor, device);

	if (text != ret)
		(void)snprintf(ret, PCIDEV_NAME, "%s", text ?: "");
}

static void call_read(void *arg)
{
	struct reading *r = arg;
	struct pci_dev *d = find(r);
	uint8_t cap[PCI_IOV_BAR_BASE + 4 * PCIDEV_BARS];
	const struct pci_cap *at;
	u32 behind;

	r->d = (struct pcidev){.addr = *r->addr};
	pciaddr_text(r->addr, r->d.pci);
	if (!d)
		return;
	(void)pci_fill_info(d, PCI_FILL_IDENT | PCI_FILL_BASES | PCI_FILL_SIZES | PCI_FILL_CAPS |
				       PCI_FILL_EXT_CAPS | PCI_FILL_CLASS_EXT | PCI_FILL_SUBSYS);
	r->found = true;
	r->d.vendor = d->vendor_id;
	r->d.device = d->device_id;
	r->d.subvendor = d->subsys_vendor_id;
	r->d.subdevice = d->subsys_id;
	r->d.revision = d->rev_id;
	name(r->bus, d->vendor_id, d->device_id, r->d.name);
	read_bars(d, r->d.bars);
	r->d.short_config = !pci_read_block(d, 0x100, (u8 *)&behind, sizeof(behind));
	at = pci_find_cap(d, PCI_EXT_CAP_ID_SRIOV, PCI_CAP_EXTENDED);
	if (at && pci_read_block(d, (int)at->addr, cap, sizeof(cap))) {
		r->d.has_sriov = true;
		read_sriov(cap, &r->d.sriov);
		name(r->bus, d->vendor_id, r->d.sriov.vf_device, r->d.vf_name);
	}
	if (!r->bus->dump)
		pci_free_dev(d);
}

int pcidev_find(struct pcidev_bus *bus, const struct pciaddr *addr, struct pcidev *ret,
		struct err *e)
{
	struct reading r = {.bus = bus, .addr = addr};
	char text[PCIADDR_TEXT];

	if (guarded(call_read, &r) < 0)
		return err_set(e, CNI_EIO, 0, "%s: %s", pciaddr_text(addr, text), complaint);
	if (!r.found)
		return err_set(e, CNI_EDEVICE, 0, "%s has no device %s", bus->dump, r.d.pci);
	*ret = r.d;
	return 0;
}

static int by_address(const void *a, const void *b)
{
	return pciaddr_compare(&((const struct pcidev *)a)->addr,
			       &((const struct pcidev *)b)->addr);
}

int pcidev_list(struct pcidev_bus *bus, struct pcidev **ret, size_t *ret_n, struct err *e)
{
	struct pcidev *all;
	size_t n = 0;

	for (const struct pci_dev *d = bus->access->devices; d; d = d->next)
		n++;
	all = calloc(n ?: 1, sizeof(*all));
	if (!all)
		return err_set(e, CNI_EIO, ENOMEM, "cannot list the PCI devices");
	n = 0;
	for (const struct pci_dev *d = bus->access->devices; d; d = d->next) {
		struct pciaddr addr = {(uint32_t)d->domain,
				       (uint16_t)(d->bus << 8 | d->dev << 3 | d->func)};

		if (pcidev_find(bus, &addr, &all[n++], e) < 0) {
			free(all);
			return -1;
		}
	}
	qsort(all, n, sizeof(*all), by_address);
	*ret = all;
	*ret_n = n;
	return 0;
}

const char *pcidev_size(uint64_t bytes, char buf[static PCIDEV_SIZE])
{
	const char *unit = "\0KMGTPE";

	while (bytes && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	(void)snprintf(buf, PCIDEV_SIZE, "%llu%.1s", (unsigned long long)bytes, unit);
	return buf;
}

const char *pcidev_pages(uint32_t mask, char buf[static PCIDEV_PAGES])
{
	char size[PCIDEV_SIZE];
	size_t len = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < 32; i++)
		if (mask >> i & 1)
			len += (size_t)snprintf(buf + len, PCIDEV_PAGES - len, "%s%s",
						len ? " " : "",
						pcidev_size(UINT64_C(4096) << i, size));
	return buf;
}
