/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_pf_test.c - PFs that lack something, and what sriovctl doctor says of them */
#include <net/if.h>
#include <linux/if.h> /* IFF_LOWER_UP */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "fixture.h"
#include "mem.h"
#include "rootfs.h"
#include "sysfs.h"

#define PF      "sys/bus/pci/devices/0000:3b:00.0"
#define SYS_PF  "/sys/bus/pci/devices/0000:3b:00.0"
#define NOTHING "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
#define OWN     "0x00000000fe200000 0x00000000fe21ffff 0x0000000000040200\n"
#define GIVEN   "0x00000000fe800000 0x00000000fe81ffff 0x000000000014220c\n"
#define WITHOUT "0x0000000000000000 0x000000000001ffff 0x000000000014220c\n"
#define UNSET   "0x0000000000020000 0x000000000003ffff 0x000000002014220c\n"
#define FIRST_7 OWN OWN OWN OWN NOTHING NOTHING NOTHING

static struct host_vf vfs[2];

/* A PF as it has to be, with 2 VFs. */
static struct host_pf good(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(vfs); i++) {
		vfs[i] = (struct host_vf){.dev = {.index = i, .driver = "igbvf"},
					  .link = {.ifindex = 5 + (int)i, .mtu = 1500}};
		(void)snprintf(vfs[i].dev.ifname, IFNAMSIZ, "pf0v%u", i);
		(void)snprintf(vfs[i].dev.name, PCIADDR_TEXT, "0000:3b:10.%u", 2 * i);
	}
	return (struct host_pf){
		.dev = {.addr = {0, 0x3b00},
			.name = "0000:3b:00.0",
			.ifname = "pf0",
			.offset = 0x80,
			.stride = 2},
		.driver = "igb",
		.total = 7,
		.n_vfs = 2,
		.vfs = vfs,
		.autoprobe = true,
		.link = {.ifindex = 4, .mtu = 1500, .flags = IFF_UP | IFF_LOWER_UP},
	};
}

static void no_driver(struct host_pf *pf)
{
	pf->driver[0] = pf->dev.ifname[0] = '\0';
	pf->n_vfs = 0;
}
static void in_userspace(struct host_pf *pf)
{
	strcpy(pf->driver, "vfio-pci");
}
static void no_total(struct host_pf *pf)
{
	pf->total = pf->n_vfs = 0;
}
static void away(struct host_pf *pf)
{
	pf->dev.ifname[0] = '\0';
}
static void no_vfs(struct host_pf *pf)
{
	pf->n_vfs = 0;
}
static void nameless(struct host_pf *pf)
{
	away(pf);
	no_vfs(pf);
}
static void no_vf_driver(struct host_pf *pf)
{
	pf->vfs[1].dev.driver[0] = '\0';
}
static void no_vf_drivers(struct host_pf *pf)
{
	no_vf_driver(pf);
	pf->vfs[0].dev.driver[0] = '\0';
}
static void no_autoprobe(struct host_pf *pf)
{
	no_vf_drivers(pf);
	pf->autoprobe = false;
}
static void autoprobe_off(struct host_pf *pf)
{
	pf->autoprobe = false;
}
static void down(struct host_pf *pf)
{
	pf->link.flags = 0;
}
static void no_carrier(struct host_pf *pf)
{
	pf->link.flags = IFF_UP;
}
static void jumbo_vf(struct host_pf *pf)
{
	pf->vfs[1].link.mtu = 9000;
}
static void jumbo_pf(struct host_pf *pf)
{
	pf->link.mtu = 9000;
}
static void far_vfs(struct host_pf *pf)
{
	pf->dev.offset = 0xf8;
	pf->dev.stride = 2;
}
static void farther_vfs(struct host_pf *pf)
{
	pf->dev.offset = 0x100;
}
static void grouped(struct host_pf *pf)
{
	strcpy(pf->vfs[0].group, "7");
	strcpy(pf->vfs[1].group, "8");
}

#define PROBE                                                                                      \
	"modprobe \"$(cat " SYS_PF "/virtfn0/modalias)\"\n"                                        \
	"for vf in " SYS_PF "/virtfn*; do basename \"$(readlink \"$vf\")\" "                       \
	">/sys/bus/pci/drivers_probe; done"

static const struct row {
	const char *what;
	doctor_check *check;
	void (*change)(struct host_pf *pf);
	const char *path, *content; /* a file that there is as well */
	enum doctor_verdict verdict;
	const char *evidence, *remedy; /* evidence: a part; remedy: all; both "": nothing is said */
} rows[] = {
	{"bound", doctor_driver, NULL, NULL, NULL, DOCTOR_OK, "igb makes VFs", ""},
	{"not bound", doctor_driver, no_driver, NULL, NULL, DOCTOR_TODO,
	 "no driver is bound (" SYS_PF "/driver)",
	 "modprobe \"$(cat " SYS_PF "/modalias)\"\necho 0000:3b:00.0 >/sys/bus/pci/drivers_probe"},
	{"handed on", doctor_driver, in_userspace, NULL, NULL, DOCTOR_NOTE, "vfio-pci", ""},
	{"no VFs allowed", doctor_driver, no_total, NULL, NULL, DOCTOR_TODO, "sriov_totalvfs is 0",
	 "in the firmware's setup, on the page of the card 0000:3b:00.0: enable SR-IOV"},
	{"no VFs allowed by a card with a tool of its own", doctor_driver, no_total, PF "/vendor",
	 "0x15b3\n", DOCTOR_TODO, "sriov_totalvfs is 0",
	 "mstconfig -d 0000:3b:00.0 set SRIOV_EN=1 NUM_OF_VFS=8 (package mstflint), then switch the "
	 "machine off and on"},
	{"in a namespace", doctor_driver, away, NULL, NULL, DOCTOR_TODO,
	 "no interface on the host (" SYS_PF "/net)",
	 "end the container that has it, or bring it back: ip -n NAMESPACE link set INTERFACE netns "
	 "1"},
	{"not shown yet", doctor_driver, no_vfs, NULL, NULL, DOCTOR_OK, "the first one alone", ""},

	{"VFs", doctor_vfs, NULL, NULL, NULL, DOCTOR_OK, "2 of 7", ""},
	{"no VFs", doctor_vfs, no_vfs, NULL, NULL, DOCTOR_TODO, "0; it can have 1 to 7",
	 "sriovctl vfs pf0 7"},
	{"no VFs, no interface", doctor_vfs, nameless, NULL, NULL, DOCTOR_TODO, "1 to 7",
	 "sriovctl vfs 0000:3b:00.0 7"},

	{"VFs' drivers", doctor_vf_drivers, NULL, NULL, NULL, DOCTOR_OK, "each VF", ""},
	{"none by hand", doctor_vf_drivers, no_vf_driver, NULL, NULL, DOCTOR_NOTE,
	 "1 of 2 VFs have none", PROBE},
	{"none at all", doctor_vf_drivers, no_vf_drivers, NULL, NULL, DOCTOR_TODO,
	 "2 of 2 VFs have none (" SYS_PF "/virtfn*/driver)", PROBE},
	{"none by intent", doctor_vf_drivers, no_autoprobe, NULL, NULL, DOCTOR_NOTE,
	 "sriov_drivers_autoprobe is 0); 2 of 2",
	 "echo 1 >" SYS_PF "/sriov_drivers_autoprobe\n" PROBE},
	{"no new ones", doctor_vf_drivers, autoprobe_off, NULL, NULL, DOCTOR_NOTE, "0 of 2",
	 "echo 1 >" SYS_PF "/sriov_drivers_autoprobe"},
	{"no VFs' drivers", doctor_vf_drivers, no_vfs, NULL, NULL, DOCTOR_OK, "", ""},

	{"no groups", doctor_isolation, NULL, NULL, NULL, DOCTOR_OK, "", ""},
	{"groups of their own", doctor_isolation, grouped,
	 "sys/bus/pci/devices/0000:3b:10.0/iommu_group/devices/0000:3b:10.0", "", DOCTOR_OK,
	 "of its own", ""},
	{"a companion", doctor_isolation, grouped,
	 "sys/bus/pci/devices/0000:3b:10.2/iommu_group/devices/0000:3b:00.0", "", DOCTOR_NOTE,
	 "1 of 2 VFs share an IOMMU group with devices that have a driver of the host, and cannot go "
	 "to a guest alone: VF 1 is with 0000:3b:00.0 (no driver)",
	 "for guests: enable ACS in the firmware's setup, or put the card into a slot of the CPU "
	 "itself; containers are not concerned"},

	{"up", doctor_link, NULL, NULL, NULL, DOCTOR_OK, "up, with carrier", ""},
	{"down", doctor_link, down, NULL, NULL, DOCTOR_TODO, "pf0 is down", "ip link set pf0 up"},
	{"no carrier", doctor_link, no_carrier, NULL, NULL, DOCTOR_TODO, "no carrier",
	 "if it was brought up just now, ask again in some seconds; else look at cable, transceiver and switch port: ethtool pf0"},
	{"no interface", doctor_link, away, NULL, NULL, DOCTOR_OK, "", ""},

	{"one MTU", doctor_mtu, NULL, NULL, NULL, DOCTOR_OK, "1500", ""},
	{"a VF with more", doctor_mtu, jumbo_vf, NULL, NULL, DOCTOR_TODO,
	 "pf0v1 has 9000; pf0 has 1500", "ip link set pf0 mtu 9000"},
	{"VFs with less", doctor_mtu, jumbo_pf, NULL, NULL, DOCTOR_OK,
	 "9000; 2 VFs on the host have less", ""},

	{"room", doctor_resources, NULL, PF "/resource",
	 FIRST_7 GIVEN NOTHING NOTHING GIVEN NOTHING NOTHING, DOCTOR_OK,
	 "addresses for VFs (2 BARs in " SYS_PF "/resource)", ""},
	{"no room for one", doctor_resources, NULL, PF "/resource",
	 FIRST_7 GIVEN NOTHING NOTHING WITHOUT NOTHING NOTHING, DOCTOR_TODO,
	 "lines 8 to 13 of " SYS_PF "/resource",
	 "in the firmware's setup (BIOS, UEFI) enable SR-IOV and \"Above 4G Decoding\" (also called "
	 "MMIO above 4 GB)\nif that does not help, let the kernel look for room:\n"
	 "grubby --update-kernel=ALL --args=\"pci=realloc\"\nreboot"},
	{"not set", doctor_resources, no_vfs, PF "/resource",
	 FIRST_7 UNSET NOTHING NOTHING GIVEN NOTHING NOTHING, DOCTOR_TODO, "left no room", NULL},
	{"no room at all", doctor_resources, NULL, PF "/resource",
	 FIRST_7 NOTHING NOTHING NOTHING NOTHING NOTHING NOTHING, DOCTOR_TODO, "left no room",
	 NULL},
	{"a kernel without SR-IOV", doctor_resources, NULL, PF "/resource", FIRST_7, DOCTOR_UNKNOWN,
	 "cannot be read", ""},
	{"no buses", doctor_resources, farther_vfs, "sys/bus/pci/devices/subordinate_bus_number",
	 "59\n", DOCTOR_TODO,
	 "bus numbers for 0 of 7 VFs alone: the bridge above has buses up to 3b, and ARI is off",
	 "in the firmware's setup (BIOS, UEFI) enable SR-IOV and ARI (Alternative Routing-ID "
	 "Interpretation)\nif that does not help, let the kernel number the buses:\n"
	 "grubby --update-kernel=ALL --args=\"pci=assign-busses\"\nreboot"},
	{"some buses", doctor_resources, far_vfs, "sys/bus/pci/devices/subordinate_bus_number",
	 "59\n", DOCTOR_NOTE, "bus numbers for 4 of 7 VFs", NULL},
	{"buses enough", doctor_resources, far_vfs, "sys/bus/pci/devices/subordinate_bus_number",
	 "60\n", DOCTOR_UNKNOWN, "resource cannot be read", ""},
};

static int sys, root;

static void begin(const struct host *host, struct doctor *d)
{
	struct err e = {0};

	scratch_file("", PF "/there");
	scratch_file("", "usr/sbin/grubby");
	scratch_file("quiet\n", "proc/cmdline");
	root = rootfs_open(scratch_path("."), &e);
	sys = sysfs_open(scratch_path("sys"), &e);
	expect_ok(sys, &e);
	doctor_begin(sys, root, host, d);
}

static void end(void)
{
	(void)close(sys);
	(void)close(root);
}

static void check(const struct row *r)
{
	struct host_pf pf = good();
	const struct host host = {.pfs = &pf, .n = 1};
	struct doctor_finding f = {0};
	struct doctor d;

	begin(&host, &d);
	for (unsigned i = 0; i < ARRAY_SIZE(vfs); i++) /* as sysfs has it */
		scratch_file("", "sys/bus/pci/devices/%s/iommu_group/devices/%s", vfs[i].dev.name,
			     vfs[i].dev.name);
	if (r->path)
		scratch_file(r->content, "%s", r->path);
	if (r->change)
		r->change(&pf);
	r->check(&d, &pf, &f);
	expect_text(doctor_words[f.verdict], doctor_words[r->verdict]);
	if (*r->evidence)
		expect_within(f.evidence, r->evidence);
	else
		expect_text(f.evidence ?: "", "");
	if (r->remedy)
		expect_text(f.remedy ?: "", r->remedy);
	doctor_finding_clear(&f);
	end();
}

static void each_pf_is_told_what_it_lacks(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_ROW(rows[i].what);
		check(&rows[i]);
		(void)scratch_remove(state);
		(void)scratch_make(state);
	}
}

/* A port that nobody uses for SR-IOV may be as it is, unless it is named. */
static void what_a_pf_lacks_counts_where_vfs_are_meant_to_be(void **state)
{
	struct host_pf pfs[2] = {good(), good()};
	const struct host host = {.pfs = pfs, .n = 2};
	struct doctor d;

	(void)state;
	begin(&host, &d);
	pfs[1].n_vfs = 0;
	for (int i = 0; i < 4; i++) {
		struct doctor_finding f = {0};

		d.pf = i == 1 ? &pfs[1] : NULL; /* named */
		pfs[0].n_vfs = i == 2 ? 0 : 2;  /* no other one has VFs */
		pfs[1].n_vfs = i == 3 ? 1 : 0;  /* it has VFs itself */
		pfs[1].link.flags = 0;
		doctor_link(&d, &pfs[1], &f);
		expect_text(doctor_words[f.verdict], i ? "todo" : "note");
		doctor_finding_clear(&f);
	}
	end();
}

static void a_host_without_sriov_is_told_its_cards(void **state)
{
	const struct host host = {0};
	struct doctor_finding f = {0};
	struct doctor d;

	(void)state;
	begin(&host, &d);
	scratch_file("0x020000\n", PF "/class");
	scratch_file("0x15b3\n", PF "/vendor");
	scratch_file("0x1017\n", PF "/device");
	scratch_file("0x010802\n", "sys/bus/pci/devices/0000:01:00.0/class");
	doctor_nic(&d, NULL, &f);
	expect_text(doctor_words[f.verdict], "todo");
	expect_within(f.evidence, "cannot be told from here; 0000:3b:00.0 (15b3:1017) has none");
	expect_text(f.remedy,
		    "mstconfig -d 0000:3b:00.0 set SRIOV_EN=1 NUM_OF_VFS=8 (package "
		    "mstflint), then switch the machine off and on\n"
		    "in the firmware's setup (BIOS, UEFI) enable SR-IOV, on the pages for "
		    "PCI Express and for the card");
	doctor_finding_clear(&f);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(each_pf_is_told_what_it_lacks),
		SCRATCH_TEST(what_a_pf_lacks_counts_where_vfs_are_meant_to_be),
		SCRATCH_TEST(a_host_without_sriov_is_told_its_cards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
