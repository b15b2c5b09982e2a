/* SPDX-License-Identifier: Apache-2.0 */
/* pcidev_test.c - PCI devices read from dumps: what they are, and files that are none */
#include "pcidev.h"

#include <stdio.h>
#include <string.h>

#include "cni.h"
#include "fixture.h"
#include "mem.h"

static void find(const char *dump, const char *pci, struct pcidev *ret)
{
	_cleanup_(pcidev_closep) struct pcidev_bus *bus = NULL;
	struct pciaddr addr;
	struct err e = {0};

	expect_ok(pcidev_open(dump, &bus, &e), &e);
	expect_int(pciaddr_parse(pci, &addr), 0);
	expect_ok(pcidev_find(bus, &addr, ret, &e), &e);
	expect_text(ret->pci, pci);
}

/* As lspci -F FILE -vvv has them. */
static const struct {
	const char *dump, *pci;
	struct pcidev_sriov sriov;
} capabilities[] = {
	{"igb.lspci",
	 "0000:01:00.0",
	 {.initial = 8,
	  .total = 8,
	  .n_vfs = 7,
	  .offset = 128,
	  .stride = 2,
	  .vf_device = 0x10ca,
	  .page_sizes = 0x553,
	  .page_size = 1,
	  .enabled = true,
	  .memory = true,
	  .ari = true,
	  .bars = {{.used = true, .wide = true, .prefetchable = true, .address = 0xfe800000},
		   [3] = {.used = true,
			  .wide = true,
			  .prefetchable = true,
			  .address = 0xfe820000}}}},
	{"many.lspci",
	 "0000:3b:00.0",
	 {.initial = 128,
	  .total = 128,
	  .n_vfs = 64,
	  .offset = 8,
	  .stride = 1,
	  .vf_device = 0x1889,
	  .page_sizes = 0x553,
	  .page_size = 1,
	  .enabled = true,
	  .memory = true,
	  .ari = true,
	  .bars = {{.used = true, .wide = true, .prefetchable = true, .address = 0x20268000000},
		   [3] = {.used = true,
			  .wide = true,
			  .prefetchable = true,
			  .address = 0x2026a000000}}}},
	{"many.lspci",
	 "0000:3b:00.1",
	 {.initial = 128,
	  .total = 128,
	  .offset = 135,
	  .stride = 1,
	  .vf_device = 0x1889,
	  .page_sizes = 0x553,
	  .page_size = 1,
	  .ari = true,
	  .bars = {{.used = true, .wide = true, .prefetchable = true},
		   [3] = {.used = true, .wide = true, .prefetchable = true}}}},
	{"many.lspci",
	 "10001:d8:00.0",
	 {.initial = 16,
	  .total = 16,
	  .n_vfs = 5,
	  .offset = 256,
	  .stride = 2,
	  .vf_device = 0x1018,
	  .page_sizes = 0x7ff,
	  .page_size = 0x10,
	  .enabled = true,
	  .memory = true,
	  .migration = true,
	  .bars = {{.used = true, .wide = true, .prefetchable = true, .address = 0x3ffff8000000},
		   [2] = {.used = true, .address = 0xd0800000}}}},
};

static void a_capability_is_decoded(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++) {
		const struct pcidev_sriov *want = &capabilities[i].sriov;
		struct pcidev d = {0};
		char path[64];

		EXPECT_ROW(capabilities[i].pci);
		(void)snprintf(path, sizeof(path), FIXTURES "pci/%s", capabilities[i].dump);
		find(path, capabilities[i].pci, &d);
		expect_int(d.has_sriov, true);
		expect_int(d.short_config, false);
		expect_int(d.sriov.total, want->total);
		expect_int(d.sriov.initial, want->initial);
		expect_int(d.sriov.n_vfs, want->n_vfs);
		expect_int(d.sriov.offset, want->offset);
		expect_int(d.sriov.stride, want->stride);
		expect_hex(d.sriov.vf_device, want->vf_device);
		expect_hex(d.sriov.page_sizes, want->page_sizes);
		expect_hex(d.sriov.page_size, want->page_size);
		expect_int(d.sriov.enabled, want->enabled);
		expect_int(d.sriov.memory, want->memory);
		expect_int(d.sriov.ari, want->ari);
		expect_int(d.sriov.migration, want->migration);
		for (unsigned b = 0; b < PCIDEV_BARS; b++) {
			expect_int(d.sriov.bars[b].used, want->bars[b].used);
			expect_int(d.sriov.bars[b].wide, want->bars[b].wide);
			expect_int(d.sriov.bars[b].prefetchable, want->bars[b].prefetchable);
			expect_hex(d.sriov.bars[b].address, want->bars[b].address);
			expect_int(d.sriov.bars[b].size, 0);
		}
	}
}

static void a_device_has_ids_names_and_memory(void **state)
{
	struct pcidev d = {0};

	(void)state;
	find(FIXTURES "pci/igb.lspci", "0000:01:00.0", &d);
	expect_hex(d.vendor, 0x8086);
	expect_hex(d.device, 0x10c9);
	expect_hex(d.subvendor, 0x1af4);
	expect_hex(d.subdevice, 0x1100);
	expect_int(d.revision, 1);
	expect_text(d.name, "Intel Corporation 82576 Gigabit Network Connection");
	expect_text(d.vf_name, "Intel Corporation 82576 Virtual Function");
	expect_int(d.bars[0].used, true);
	expect_hex(d.bars[0].address, 0xfe200000);
	expect_int(d.bars[2].used, false); /* ports */
	expect_int(d.bars[3].wide, true);

	find(FIXTURES "pci/many.lspci", "0000:5e:00.0", &d);
	expect_int(d.has_sriov, false);
	expect_int(d.short_config, false);
}

static void all_devices_of_a_dump_are_listed_by_their_addresses(void **state)
{
	static const char *const want[] = {"0000:3b:00.0", "0000:3b:00.1", "0000:3b:01.0",
					   "0000:3b:01.1", "0000:3b:08.7", "0000:5e:00.0",
					   "10001:d8:00.0"};
	_cleanup_(pcidev_closep) struct pcidev_bus *bus = NULL;
	_cleanup_free_ struct pcidev *all = NULL;
	struct err e = {0};
	size_t n;

	(void)state;
	expect_ok(pcidev_open(FIXTURES "pci/many.lspci", &bus, &e), &e);
	expect_ok(pcidev_list(bus, &all, &n, &e), &e);
	expect_int(n, ARRAY_SIZE(want));
	for (size_t i = 0; i < n; i++)
		expect_text(all[i].pci, want[i]);
}

/* Bytes of a device, up to one; all are 0 but for those that lead to the capability. */
static const char *device(size_t bytes)
{
	static const struct {
		size_t at;
		const char *line;
	} lines[] = {
		{0x00, "86 80 c9 10 07 05 10 00 01 00 00 02 00 00 00 00"},
		{0x30, "00 00 00 00 40 00 00 00 00 00 00 00 00 00 00 00"},
		{0x40, "10 00 02 00 00 00 00 00 00 00 00 00 00 00 00 00"},
		{0x100, "10 00 01 00 00 00 00 00 19 00 00 00 08 00 08 00"},
	};
	static char text[16384];
	int len = sprintf(text, "01:00.0 Ethernet controller: of a test\n");

	for (size_t at = 0; at < bytes; at += 16) {
		const char *line = "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00";

		for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
			if (lines[i].at == at)
				line = lines[i].line;
		len += sprintf(text + len, "%02zx: %s\n", at, line);
	}
	return text;
}

static void a_dump_may_end_before_the_capability_does(void **state)
{
	static const struct {
		size_t bytes;
		bool short_config, has_sriov;
	} rows[] = {
		{64, true, false},     /* lspci -xxxx of another user than root */
		{256, true, false},    /* lspci -xxx */
		{0x110, false, false}, /* in the middle of it */
		{0x130, false, false}, {0x140, false, true}, {4096, false, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pcidev d = {0};
		char row[32];

		(void)snprintf(row, sizeof(row), "%zu bytes", rows[i].bytes);
		EXPECT_ROW(row);
		scratch_file(device(rows[i].bytes), "dump");
		find(scratch_path("dump"), "0000:01:00.0", &d);
		expect_int(d.short_config, rows[i].short_config);
		expect_int(d.has_sriov, rows[i].has_sriov);
		expect_int(d.sriov.total, rows[i].has_sriov ? 8 : 0);
	}
}

/* libpci would end the process at most of them. */
static void a_file_that_is_no_dump_is_refused(void **state)
{
	static const struct {
		const char *content;
		int code;
		const char *says;
	} rows[] = {
		{NULL, CNI_EIO, "No such file"},
		{"", CNI_EDECODE, "the output of lspci -xxxx is wanted"},
		{"01:00.0 Ethernet controller\n00: 86 80 xx\n", CNI_EDECODE, "Malformed line"},
		{"01:00.0 Ethernet controller\n00: 86 80", CNI_EDECODE, "unterminated"},
		{"01:00.0 Ethernet controller\nff0: 00\n1000: 00\nfff: 1 2\n", CNI_EDECODE, ""},
		{"01:00.0 E\nfff: 00 00\n", CNI_EDECODE, "At most 4096 bytes"},
		{"\x7f"
		 "ELF\n\n\n",
		 CNI_EDECODE, "the output of lspci -xxxx is wanted"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(pcidev_closep) struct pcidev_bus *bus = NULL;
		const char *path = scratch_path("file%zu", i);
		struct err e = {0};

		EXPECT_ROW(rows[i].content ?: "no file");
		if (rows[i].content)
			scratch_file(rows[i].content, "file%zu", i);
		expect_err(pcidev_open(path, &bus, &e), &e, rows[i].code, rows[i].says);
		expect_within(e.msg, path);
	}
}

static void a_device_that_the_dump_has_not_is_named(void **state)
{
	_cleanup_(pcidev_closep) struct pcidev_bus *bus = NULL;
	const struct pciaddr addr = {0, 0x3b02};
	struct pcidev d;
	struct err e = {0};

	(void)state;
	expect_ok(pcidev_open(FIXTURES "pci/many.lspci", &bus, &e), &e);
	expect_err(pcidev_find(bus, &addr, &d, &e), &e, CNI_EDEVICE,
		   FIXTURES "pci/many.lspci has no device 0000:3b:00.2");
}

static void sizes_are_told_in_the_largest_unit_that_comes_out_even(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{0, "0"},
		{32, "32"},
		{1000, "1000"},
		{1024, "1K"},
		{1536, "1536"},
		{16384, "16K"},
		{UINT64_C(3) << 20, "3M"},
		{UINT64_C(1) << 43, "8T"},
		{UINT64_C(1) << 60, "1E"},
	};
	char buf[PCIDEV_SIZE], pages[PCIDEV_PAGES];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_text(pcidev_size(rows[i].bytes, buf), rows[i].text);
	expect_text(pcidev_pages(0x553, pages), "4K 8K 64K 256K 1M 4M");
	expect_text(pcidev_pages(0, pages), "");
	expect_within(pcidev_pages(UINT32_MAX, pages), " 4T 8T");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_capability_is_decoded),
		cmocka_unit_test(a_device_has_ids_names_and_memory),
		cmocka_unit_test(all_devices_of_a_dump_are_listed_by_their_addresses),
		SCRATCH_TEST(a_dump_may_end_before_the_capability_does),
		SCRATCH_TEST(a_file_that_is_no_dump_is_refused),
		cmocka_unit_test(a_device_that_the_dump_has_not_is_named),
		cmocka_unit_test(sizes_are_told_in_the_largest_unit_that_comes_out_even),
	};

	return cmocka_run_group_tests_name("pcidev", tests, NULL, NULL);
}
