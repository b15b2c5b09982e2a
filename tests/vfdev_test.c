/* SPDX-License-Identifier: Apache-2.0 */
/* vfdev_test.c - a VF and its PF, in a folder that looks like /sys */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cni.h"
#include "fixture.h"
#include "mem.h"
#include "sysfs.h"
#include "vfdev.h"

/* --- PCI addresses --- */

static const struct {
	const char *text, *expected; /* expected: as it is printed; NULL: it is none */
	uint32_t domain;
	uint16_t rid;
} addresses[] = {
	{"0000:3b:02.1", "0000:3b:02.1", 0, 0x3b11},
	{"3b:02.1", "0000:3b:02.1", 0, 0x3b11},
	{"0000:3B:1F.7", "0000:3b:1f.7", 0, 0x3bff},
	{"0:0:0.0", "0000:00:00.0", 0, 0},
	{"ffff:ff:1f.7", "ffff:ff:1f.7", 0xffff, 0xffff},
	{"10000:e1:00.0", "10000:e1:00.0", 0x10000, 0xe100}, /* VMD */
	{"fffffff:ff:1f.7", "fffffff:ff:1f.7", 0xfffffff, 0xffff},

	{"", NULL, 0, 0},
	{"0000:3b:02", NULL, 0, 0},
	{"0000:3b:02.", NULL, 0, 0},
	{"0000:3b:02.8", NULL, 0, 0},
	{"0000:3b:20.0", NULL, 0, 0},
	{"0000:100:00.0", NULL, 0, 0},
	{"0000:3b:02.1.1", NULL, 0, 0},
	{"0000:3b:02.1f", NULL, 0, 0},
	{"0000:3b:02:1", NULL, 0, 0},
	{"0000:3b.02.1", NULL, 0, 0},
	{"0:0000:3b:02.1", NULL, 0, 0},
	{"0000:3b:02.1 ", NULL, 0, 0},
	{" 0000:3b:02.1", NULL, 0, 0},
	{"0x0:3b:02.1", NULL, 0, 0},
	{"-1:3b:02.1", NULL, 0, 0},
	{"../../3b:02.1", NULL, 0, 0},
	{"0000:3b:02.1\n", NULL, 0, 0},
	{"ffffffff:ff:1f.7", NULL, 0, 0}, /* more than PCIADDR_TEXT holds */
	{"10000000:1:2.3", NULL, 0, 0},   /* the same, when it is printed in full */
	{"100000000:1:2.3", NULL, 0, 0},  /* 2^32 */
	{"0:1000000ab:2.1", NULL, 0, 0},
	{"0:0:100000000.0", NULL, 0, 0},
	{"0:0:0.100000000", NULL, 0, 0},
};

static void a_pci_address_is_domain_bus_device_function(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		struct pciaddr a = {99, 99};
		char text[PCIADDR_TEXT];

		EXPECT_ROW(addresses[i].text);
		expect_int(pciaddr_parse(addresses[i].text, &a), addresses[i].expected ? 0 : -1);
		if (!addresses[i].expected) {
			expect_int(a.domain, 99);
			continue;
		}
		expect_hex(a.domain, addresses[i].domain);
		expect_hex(a.rid, addresses[i].rid);
		expect_text(pciaddr_text(&a, text), addresses[i].expected);
	}
}

/* --- a folder that looks like /sys --- */

#define DEVICE "bus/pci/devices/%s"

/* As the kernel has it: bus/pci/devices holds links, and so does a VF to its PF. */
static void make_pf(const char *pf, const char *offset, const char *stride)
{
	scratch_file("0x8086\n", DEVICE "/vendor", pf);
	scratch_file(offset, DEVICE "/sriov_offset", pf);
	scratch_file(stride, DEVICE "/sriov_stride", pf);
	scratch_file("7\n", DEVICE "/sriov_numvfs", pf);
}

static void make_vf(const char *vf, const char *pf)
{
	char target[64];

	scratch_file("0x8086\n", DEVICE "/vendor", vf);
	(void)snprintf(target, sizeof(target), "../%s", pf);
	scratch_link(target, DEVICE "/physfn", vf);
}

static void make_netdev(const char *device, const char *name, const char *port)
{
	scratch_folder(DEVICE "/net/%s", device, name);
	if (port)
		scratch_file(port, DEVICE "/net/%s/phys_port_name", device, name);
}

static int open_vf(const char *text, struct vfdev *ret, struct err *e)
{
	struct pciaddr addr;
	_cleanup_fd_ int sys = sysfs_open(scratch_path("."), e);

	expect_ok(sys, e);
	expect_int(pciaddr_parse(text, &addr), 0);
	return vfdev_open(sys, &addr, ret, e) < 0 ? -1 : vfdev_refresh(sys, ret, e);
}

static void a_vf_is_described(void **state)
{
	struct vfdev d;
	struct err e = {0};

	(void)state;
	make_pf("0000:01:00.0", "128\n", "2\n");
	make_netdev("0000:01:00.0", "ens1f0", NULL);
	make_vf("0000:01:10.4", "0000:01:00.0");
	make_netdev("0000:01:10.4", "ens1f0v2", NULL);
	scratch_link("../../../drivers/igbvf", DEVICE "/driver", "0000:01:10.4");

	expect_ok(open_vf("01:10.4", &d, &e), &e);
	expect_text(d.name, "0000:01:10.4");
	expect_text(d.pf, "0000:01:00.0");
	expect_hex(d.addr.rid, 0x0184);
	expect_hex(d.pf_addr.rid, 0x0100);
	expect_int(d.index, 2);
	expect_text(d.pf_ifname, "ens1f0");
	expect_text(d.ifname, "ens1f0v2");
	expect_text(d.driver, "igbvf");
}

/* offset and stride as real NICs have them. */
static const struct {
	const char *pf, *vf, *offset, *stride;
	uint32_t index;
} places[] = {
	{"0000:01:00.0", "0000:01:10.0", "128\n", "2\n",
	 0}, /* 82576: functions of the two ports alternate */
	{"0000:01:00.1", "0000:01:10.1", "128\n", "2\n", 0},
	{"0000:01:00.0", "0000:01:11.4", "128\n", "2\n", 6},
	{"0000:3b:00.0", "0000:3b:02.1", "16\n", "1\n", 1}, /* XL710 */
	{"0000:3b:00.1", "0000:3b:0a.0", "79\n", "1\n", 0},
	{"0000:81:00.0", "0000:82:00.0", "256\n", "1\n", 0}, /* over a bus */
	{"0000:81:00.0", "0000:83:00.1", "2\n", "1\n", 511},
	{"0000:81:1f.7", "0000:82:00.0", "1\n", "1\n", 0},
	{"0000:03:00.0", "0000:03:00.1", "1\n", "0\n", 0}, /* one VF, and no stride between VFs */
	{"10000:01:00.0", "10000:01:10.2", "128\n", "2\n", 1},
	{"0000:01:00.0", "0000:01:00.1", "0x1\n", "1\n", 0},
};

static void the_index_follows_from_offset_and_stride(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct vfdev d;
		struct err e = {0};

		expect_int(scratch_make(NULL), 0);
		EXPECT_ROW(places[i].vf);
		make_pf(places[i].pf, places[i].offset, places[i].stride);
		make_netdev(places[i].pf, "ens1f0", NULL);
		make_vf(places[i].vf, places[i].pf);
		expect_ok(open_vf(places[i].vf, &d, &e), &e);
		expect_int(d.index, places[i].index);
		expect_int(scratch_remove(NULL), 0);
	}
}

static const struct {
	const char *vf, *offset, *stride;
	int code;
	const char *expected;
} misplaced[] = {
	{"0000:01:10.1", "128\n", "2\n", CNI_EDEVICE, "every 2"},
	{"0000:01:00.7", "128\n", "2\n", CNI_EDEVICE,
	 "VF 0000:01:00.7"}, /* in front of the first */
	{"0000:01:00.6", "128\n", "2\n", CNI_EDEVICE, "VF 0000:01:00.6"},
	{"0000:01:10.0", "many\n", "2\n", CNI_EIO, "sriov_offset holds \"many\""},
	{"0000:01:10.0", "128\n", "\n", CNI_EIO, "sriov_stride holds \"\""},
};

static void a_vf_that_is_not_where_its_pf_says_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(misplaced); i++) {
		struct vfdev d = {.index = 99};
		struct err e;

		expect_int(scratch_make(NULL), 0);
		EXPECT_ROW(misplaced[i].expected);
		make_pf("0000:01:00.0", misplaced[i].offset, misplaced[i].stride);
		make_netdev("0000:01:00.0", "ens1f0", NULL);
		make_vf(misplaced[i].vf, "0000:01:00.0");
		expect_err(open_vf(misplaced[i].vf, &d, &e), &e, misplaced[i].code,
			   misplaced[i].expected);
		expect_int(d.index, 99);
		expect_int(scratch_remove(NULL), 0);
	}
}

static void what_is_no_vf_is_said_to_be_what_it_is(void **state)
{
	struct vfdev d;
	struct err e;

	(void)state;
	make_pf("0000:01:00.0", "128\n", "2\n");
	scratch_file("0x8086\n", DEVICE "/vendor", "0000:00:1f.0");
	make_vf("0000:01:10.0", "not-an-address");

	expect_err(open_vf("0000:02:00.0", &d, &e), &e, CNI_EDEVICE,
		   "there is no PCI device 0000:02:00.0");
	expect_err(open_vf("0000:00:1f.0", &d, &e), &e, CNI_EDEVICE, "0000:00:1f.0 is not a VF");
	expect_err(open_vf("0000:01:00.0", &d, &e), &e, CNI_EDEVICE,
		   "0000:01:00.0 is a PF with 7 VFs, not a VF; name one of its VFs");
	expect_err(open_vf("0000:01:10.0", &d, &e), &e, CNI_EDEVICE,
		   "physfn points to \"not-an-address\"");
}

static void without_driver_or_netdev_the_names_are_empty(void **state)
{
	struct vfdev d;
	struct err e = {0};

	(void)state;
	make_pf("0000:01:00.0", "128\n", "2\n");
	make_netdev("0000:01:00.0", "ens1f0", NULL);
	make_vf("0000:01:10.0", "0000:01:00.0");
	expect_ok(open_vf("0000:01:10.0", &d, &e), &e);
	expect_text(d.driver, "");
	expect_text(d.ifname, "");
	expect_int(e.code, 0);
}

static void a_device_is_given_away_whole_where_it_has_no_vfs(void **state)
{
	const struct pciaddr pf = {0, 0x100}, vf = {0, 0x180}, nic = {0, 0x208}, none = {0, 0x300};
	_cleanup_fd_ int sys = -1;
	struct err e = {0};
	struct vfdev d;

	(void)state;
	make_pf("0000:01:00.0", "128\n", "2\n");
	make_vf("0000:01:10.0", "0000:01:00.0");
	scratch_file("0x1af4\n", DEVICE "/vendor", "0000:02:01.0"); /* a NIC without SR-IOV */
	make_netdev("0000:02:01.0", "eth0", NULL);
	sys = sysfs_open(scratch_path("."), &e);
	expect_err(vfdev_open_whole(sys, &pf, &d, &e), &e, CNI_EDEVICE,
		   "PF 0000:01:00.0 has 7 VFs");
	scratch_file("0\n", DEVICE "/sriov_numvfs", "0000:01:00.0");
	expect_ok(vfdev_open_whole(sys, &pf, &d, &e), &e);
	expect_text(d.name, "0000:01:00.0");
	expect_text(d.pf, "");
	expect_ok(vfdev_open_whole(sys, &nic, &d, &e), &e);
	expect_ok(vfdev_refresh(sys, &d, &e), &e);
	expect_text(d.ifname, "eth0");
	expect_text(vfdev_parent(&d), "0000:02:01.0");
	expect_err(vfdev_open_whole(sys, &vf, &d, &e), &e, CNI_EDEVICE,
		   "0000:01:10.0 is a VF of PF 0000:01:00.0");
	expect_err(vfdev_open_whole(sys, &none, &d, &e), &e, CNI_EDEVICE,
		   "there is no PCI device 0000:03:00.0");
}

static void the_netdev_of_a_virtio_nic_lies_one_device_deeper(void **state)
{
	const struct pciaddr nic = {0, 0x208};
	_cleanup_fd_ int sys = sysfs_open(scratch_path("."), &(struct err){0});
	struct err e = {0};
	struct vfdev d;

	(void)state;
	scratch_file("0x1af4\n", DEVICE "/vendor", "0000:02:01.0");
	make_netdev("0000:02:01.0/virtio3", "eth0", NULL);
	expect_ok(vfdev_open_whole(sys, &nic, &d, &e), &e);
	expect_ok(vfdev_refresh(sys, &d, &e), &e);
	expect_text(d.ifname, "eth0");
	expect_text(vfdev_parent(&d), "virtio3");
}

static void a_pf_without_netdev_is_refused(void **state)
{
	struct vfdev d;
	struct err e;

	(void)state;
	make_pf("0000:01:00.0", "128\n", "2\n");
	make_vf("0000:01:10.0", "0000:01:00.0");
	expect_err(open_vf("0000:01:10.0", &d, &e), &e, CNI_EDEVICE,
		   "VF 0000:01:10.0: PF 0000:01:00.0 has no network interface");
	make_netdev("0000:01:00.0", "ens1f0r0", "pf0vf0\n"); /* nor does a representor make one */
	expect_err(open_vf("0000:01:10.0", &d, &e), &e, CNI_EDEVICE,
		   "VF 0000:01:10.0: PF 0000:01:00.0 has no");
}

/*
 * Netdevs of a PF: name and phys_port_name, in whatever order the folder has them. The PF's own is
 * called "own".
 */
static const struct {
	const char *row;
	const char *netdevs[4][2];
} ports[] = {
	{"alone", {{"own", NULL}}},
	{"alone, with a port", {{"own", "p0\n"}}},
	{"port without a name", {{"own", ""}}},
	{"representors of VFs", {{"a", "pf0vf0\n"}, {"own", "p0\n"}, {"z", "pf0vf1\n"}}},
	{"old representors", {{"a", "pf0vf0\n"}, {"own", NULL}, {"z", "pf0vf1\n"}}},
	{"representors of SFs and a controller",
	 {{"a", "pf0sf1\n"}, {"own", "p1\n"}, {"z", "c1pf0vf0\n"}}},
	{"representor of the PF", {{"a", "pf0\n"}, {"own", "p0\n"}, {"z", "pf0vf0\n"}}},
	{"bare VF numbers", {{"a", "0\n"}, {"own", "p0\n"}, {"z", "1\n"}}},
};

static void the_netdev_of_a_pf_is_its_own_port(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(ports); i++) {
		/*
		 * without its own, it has none: no order of the folder lets another be taken for it
		 *
		 */
		const bool without = i >= ARRAY_SIZE(ports);
		char name[IFNAMSIZ];
		struct err e = {0};

		expect_int(scratch_make(NULL), 0);
		EXPECT_ROW(ports[i % ARRAY_SIZE(ports)].row);
		for (const char *const *n = ports[i % ARRAY_SIZE(ports)].netdevs[0]; n[0]; n += 2)
			if (!without || strcmp(n[0], "own") != 0)
				make_netdev("0000:01:00.0", n[0], n[1]);

		_cleanup_fd_ int sys = sysfs_open(scratch_path("."), &e);

		expect_ok(vfdev_pf_ifname(sys, "0000:01:00.0", name, &e), &e);
		expect_text(name, without ? "" : "own");
		expect_int(scratch_remove(NULL), 0);
	}
}

static void a_vf_that_moved_or_was_rebound_is_read_again(void **state)
{
	struct vfdev d;
	struct err e = {0};

	(void)state;
	make_pf("0000:01:00.0", "128\n", "2\n");
	make_netdev("0000:01:00.0", "ens1f0", NULL);
	make_vf("0000:01:10.0", "0000:01:00.0");
	make_netdev("0000:01:10.0", "ens1f0v0", NULL);
	scratch_link("../../../drivers/igbvf", DEVICE "/driver", "0000:01:10.0");
	expect_ok(open_vf("0000:01:10.0", &d, &e), &e);

	_cleanup_fd_ int sys = sysfs_open(scratch_path("."), &e);

	expect_int(remove(scratch_path(DEVICE "/driver", "0000:01:10.0")), 0);
	expect_int(remove(scratch_path(DEVICE "/net/ens1f0v0", "0000:01:10.0")), 0);
	scratch_link("../../../drivers/vfio-pci", DEVICE "/driver", "0000:01:10.0");
	expect_ok(vfdev_refresh(sys, &d, &e), &e);
	expect_text(d.driver, "vfio-pci");
	expect_text(d.ifname, "");
}

static void a_driver_is_bound_by_its_name(void **state)
{
	_cleanup_fd_ int sys = sysfs_open(scratch_path("."), &(struct err){0});
	struct vfdev d = {.name = "0000:01:10.0"};
	char buf[16];
	struct err e = {0};

	(void)state;
	expect_int(vfdev_exists(sys, &d, &e), 0);
	make_vf(d.name, "0000:01:00.0");
	scratch_file("0x8086\n", "bus/pci/devices/%s/vendor", d.name);
	expect_int(vfdev_exists(sys, &d, &e), 1);

	expect_err(vfdev_bind(sys, &d, "igbvf", &e), &e, CNI_EIO, "bus/pci/drivers/igbvf/bind");
	expect_int(e.errnum, ENOENT); /* it is not loaded */
	scratch_file("", "bus/pci/drivers/igbvf/bind");
	expect_ok(vfdev_bind(sys, &d, "igbvf", &e), &e);
	expect_ok(sysfs_read(sys, buf, sizeof(buf), &e, "bus/pci/drivers/igbvf/bind"), &e);
	expect_text(buf, d.name);

	expect_ok(vfdev_unbind(sys, &d, &e), &e); /* it has none: nothing to do */
	scratch_file("", "bus/pci/drivers/igbvf/unbind");
	scratch_link("../../drivers/igbvf", "bus/pci/devices/%s/driver", d.name);
	expect_ok(vfdev_unbind(sys, &d, &e), &e);
	expect_ok(sysfs_read(sys, buf, sizeof(buf), &e, "bus/pci/drivers/igbvf/unbind"), &e);
	expect_text(buf, d.name);

	scratch_file("", "bus/pci/drivers/igbvf/bind");
	expect_ok(vfdev_bind(sys, &d, "igbvf", &e), &e); /* it has it: nothing is written */
	expect_ok(sysfs_read(sys, buf, sizeof(buf), &e, "bus/pci/drivers/igbvf/bind"), &e);
	expect_text(buf, "");
}

static void a_driver_is_a_name_and_no_path(void **state)
{
	_cleanup_fd_ int sys = sysfs_open(scratch_path("."), &(struct err){0});
	const char *const names[] = {"", ".", "..", "../devices/x", "a/b"};
	const struct vfdev d = {.name = "0000:01:10.0"};
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_ROW(names[i]);
		expect_err(vfdev_bind(sys, &d, names[i], &e), &e, CNI_EDEVICE, "not the name");
	}
}

static void a_driver_of_userspace_is_bound_by_driver_override(void **state)
{
	_cleanup_fd_ int sys = sysfs_open(scratch_path("."), &(struct err){0});
	const struct vfdev d = {.name = "0000:01:10.0"};
	char buf[VFDEV_DRIVER];
	struct err e = {0};

	(void)state;
	expect_err(vfdev_read_override(sys, &d, buf, &e), &e, CNI_EIO, "driver_override");
	scratch_file("(null)\n", "bus/pci/devices/%s/driver_override", d.name);
	expect_ok(vfdev_read_override(sys, &d, buf, &e), &e);
	expect_text(buf, "");
	expect_int(vfdev_has_driver(sys, "vfio-pci"), false);
	expect_err(vfdev_bind_override(sys, &d, "vfio-pci", "found", &e), &e, CNI_EIO,
		   "drivers/vfio-pci/bind");
	/* a file is not cut by a shorter text, as it would not be in sysfs */
	expect_ok(vfdev_read_override(sys, &d, buf, &e), &e);
	expect_text(buf, "foundpci");

	scratch_file("", "bus/pci/drivers/vfio-pci/bind");
	expect_int(vfdev_has_driver(sys, "vfio-pci"), true);
	expect_int(vfdev_has_driver(sys, "../drivers/vfio-pci"), false);
	scratch_file("", "bus/pci/devices/%s/driver_override", d.name);
	expect_ok(vfdev_bind_override(sys, &d, "vfio-pci", "", &e), &e);
	expect_ok(sysfs_read(sys, buf, sizeof(buf), &e, "bus/pci/drivers/vfio-pci/bind"), &e);
	expect_text(buf, d.name);
	expect_ok(vfdev_read_override(sys, &d, buf, &e), &e);
	expect_text(buf, ""); /* the first line */
}

static void a_driver_of_userspace_is_known_by_its_name(void **state)
{
	static const struct {
		const char *name;
		bool vfio, userspace;
	} drivers[] = {{"vfio-pci", true, true},   {"mlx5_vfio_pci", true, true},
		       {"igb_uio", false, true},   {"uio_pci_generic", false, true},
		       {"igbvf", false, false},    {"", false, false},
		       {"mlx5_core", false, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
		EXPECT_ROW(drivers[i].name);
		expect_int(vfdev_is_vfio(drivers[i].name), drivers[i].vfio);
		expect_int(vfdev_is_userspace(drivers[i].name), drivers[i].userspace);
	}
}

static void a_mac_is_the_vfs_own_where_it_was_not_given_by_its_pf(void **state)
{
	/* NET_ADDR_PERM, NET_ADDR_RANDOM, NET_ADDR_STOLEN, NET_ADDR_SET of <linux/netdevice.h> */
	static const struct {
		const char *type;
		int own;
	} types[] = {{"0\n", 0}, {"1\n", 1}, {"2\n", 0}, {"3\n", 1}};
	const struct vfdev d = {.name = "0000:01:10.0", .ifname = "ens1f0v0"};
	struct err e = {0};
	_cleanup_fd_ int sys = sysfs_open(scratch_path("."), &e);

	(void)state;
	expect_err(vfdev_mac_is_own(sys, &d, &e), &e, CNI_EIO, "ens1f0v0/addr_assign_type");
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		EXPECT_ROW(types[i].type);
		scratch_file(types[i].type, "class/net/ens1f0v0/addr_assign_type");
		expect_int(vfdev_mac_is_own(sys, &d, &e), types[i].own);
	}
}

/*
 * "Not there" and "cannot be read" are two things: the second must not look like a VF without
 * driver or netdev.
 */
static void what_cannot_be_read_is_an_error(void **state)
{
	struct vfdev d;
	struct err e;

	(void)state;
	make_pf("0000:01:00.0", "128\n", "2\n");
	make_netdev("0000:01:00.0", "ens1f0", NULL);
	make_vf("0000:01:10.0", "0000:01:00.0");
	scratch_file("", DEVICE "/driver", "0000:01:10.0");
	expect_err(open_vf("0000:01:10.0", &d, &e), &e, CNI_EIO, "0000:01:10.0/driver");
	expect_int(remove(scratch_path(DEVICE "/driver", "0000:01:10.0")), 0);
	scratch_file("", DEVICE "/net", "0000:01:10.0");
	expect_err(open_vf("0000:01:10.0", &d, &e), &e, CNI_EIO, "0000:01:10.0/net");
	make_vf("0000:01:10.2", "0000:01:00.0");
	expect_int(remove(scratch_path(DEVICE "/physfn", "0000:01:10.2")), 0);
	scratch_file("", DEVICE "/physfn", "0000:01:10.2");
	expect_err(open_vf("0000:01:10.2", &d, &e), &e, CNI_EIO, "0000:01:10.2/physfn");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pci_address_is_domain_bus_device_function),
		cmocka_unit_test(the_index_follows_from_offset_and_stride),
		cmocka_unit_test(a_vf_that_is_not_where_its_pf_says_is_refused),
		cmocka_unit_test(the_netdev_of_a_pf_is_its_own_port),
		SCRATCH_TEST(a_vf_is_described),
		SCRATCH_TEST(what_is_no_vf_is_said_to_be_what_it_is),
		SCRATCH_TEST(without_driver_or_netdev_the_names_are_empty),
		SCRATCH_TEST(a_device_is_given_away_whole_where_it_has_no_vfs),
		SCRATCH_TEST(the_netdev_of_a_virtio_nic_lies_one_device_deeper),
		SCRATCH_TEST(a_pf_without_netdev_is_refused),
		SCRATCH_TEST(a_vf_that_moved_or_was_rebound_is_read_again),
		SCRATCH_TEST(a_driver_is_bound_by_its_name),
		SCRATCH_TEST(a_driver_is_a_name_and_no_path),
		SCRATCH_TEST(a_driver_of_userspace_is_bound_by_driver_override),
		cmocka_unit_test(a_driver_of_userspace_is_known_by_its_name),
		SCRATCH_TEST(a_mac_is_the_vfs_own_where_it_was_not_given_by_its_pf),
		SCRATCH_TEST(what_cannot_be_read_is_an_error),
	};

	return cmocka_run_group_tests_name("vfdev", tests, NULL, NULL);
}
