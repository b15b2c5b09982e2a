/* SPDX-License-Identifier: Apache-2.0 */
/* vfio_test.c - IOMMU groups, in a folder that looks like /sys */
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "cni.h"
#include "fixture.h"
#include "mem.h"
#include "sysfs.h"
#include "vfio.h"

#define VF "0000:01:10.0"

/* A device in the IOMMU group 7. driver NULL: it has none. */
static void make_device(const char *pci, const char *class, const char *driver)
{
	scratch_file(class, "bus/pci/devices/%s/class", pci);
	scratch_link("../../../../kernel/iommu_groups/7", "bus/pci/devices/%s/iommu_group", pci);
	scratch_link("../../../../bus/pci/devices/x", "kernel/iommu_groups/7/devices/%s", pci);
	if (driver)
		scratch_link(driver, "bus/pci/devices/%s/driver", pci);
}

static void the_group_of_a_device_has_a_name_or_there_is_none(void **state)
{
	struct err e = {0};
	_cleanup_fd_ int sys = sysfs_open(scratch_path("."), &e);
	char group[VFIO_GROUP];

	(void)state;
	scratch_folder("bus/pci/devices/%s", VF);
	expect_int(vfio_find_group(sys, VF, group, &e), 0);
	make_device(VF, "0x020000\n", NULL);
	expect_int(vfio_find_group(sys, VF, group, &e), 1);
	expect_text(group, "7");
	scratch_file("", "bus/pci/devices/0000:01:10.2/iommu_group");
	expect_err(vfio_find_group(sys, "0000:01:10.2", group, &e), &e, CNI_EIO, "iommu_group");
}

static void companions_are_all_but_bridges_and_what_vfio_has(void **state)
{
	struct err e = {0};
	_cleanup_fd_ int sys = sysfs_open(scratch_path("."), &e);
	char list[200];

	(void)state;
	expect_err(vfio_list_companions(sys, VF, list, sizeof(list), &e), &e, CNI_EIO,
		   "iommu_group/devices");
	make_device(VF, "0x020000\n", "../drivers/igbvf");
	make_device("0000:00:04.0", "0x060400\n", "../drivers/pcieport");
	make_device("0000:01:10.2", "0x020000\n", "../drivers/mlx5_vfio_pci");
	expect_ok(vfio_list_companions(sys, VF, list, sizeof(list), &e), &e);
	expect_text(list, "");
	make_device("0000:01:00.0", "0x020000\n", "../drivers/igb");
	expect_ok(vfio_list_companions(sys, VF, list, sizeof(list), &e), &e);
	expect_text(list, "0000:01:00.0 (driver igb)");
	make_device("0000:01:10.4", "0x020000\n", NULL);
	expect_ok(vfio_list_companions(sys, VF, list, sizeof(list), &e), &e);
	expect_within(list, "0000:01:00.0 (driver igb)");
	expect_within(list, "0000:01:10.4 (no driver)");
}

/* Linked against what is there: nobody has a device that does not exist. */
static void without_a_group_nobody_has_it_open(void **state)
{
	struct err e = {0};
	_cleanup_fd_ int sys = sysfs_open(scratch_path("."), &e);
	struct vfio_user user = {.pid = 99};

	(void)state;
	scratch_folder("bus/pci/devices/%s", VF);
	expect_int(vfio_find_user(sys, VF, &user, &e), 0);
	expect_int(user.pid, 0);
}

/* A kernel without groups: /dev/urandom plays the device's own file, which this test has open. */
static void who_has_the_own_file_of_a_device_open_is_found(void **state)
{
	struct err e = {0};
	_cleanup_fd_ int sys = sysfs_open(scratch_path("."), &e);
	_cleanup_fd_ int fd = -1;
	struct vfio_user user;

	(void)state;
	scratch_file("1:9\n", "bus/pci/devices/%s/vfio-dev/vfio0/dev", VF);
	fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	expect_int(vfio_find_user(sys, VF, &user, &e), 1);
	expect_int(user.pid > 0, true);
	expect_int(strlen(user.name) > 0, true);
}

static void a_file_on_a_dead_server_holds_up_no_search(void **state)
{
	_cleanup_fd_ int dead = -1;

	scratch_namespaces(CLONE_NEWNS);
	dead = scratch_dead_file(); /* is looked at before the device: it has the lower number */
	(void)alarm(20);            /* ends the test, should it hang */
	who_has_the_own_file_of_a_device_open_is_found(state);
	(void)alarm(0);
	expect_int(dead >= 0, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(the_group_of_a_device_has_a_name_or_there_is_none),
		SCRATCH_TEST(companions_are_all_but_bridges_and_what_vfio_has),
		SCRATCH_TEST(without_a_group_nobody_has_it_open),
		SCRATCH_TEST(who_has_the_own_file_of_a_device_open_is_found),
		SCRATCH_TEST(a_file_on_a_dead_server_holds_up_no_search), /* in other namespaces */
	};

	return cmocka_run_group_tests_name("vfio", tests, NULL, NULL);
}
