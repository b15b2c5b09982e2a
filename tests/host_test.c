/* SPDX-License-Identifier: Apache-2.0 */
/* host_test.c - which devices of a host are taken for PFs */
#include <unistd.h>

#include "fixture.h"
#include "host.h"
#include "sysfs.h"

static void add_pf(const char *pci, const char *class)
{
	scratch_file("8\n", "bus/pci/devices/%s/sriov_totalvfs", pci);
	scratch_file("0\n", "bus/pci/devices/%s/sriov_numvfs", pci);
	scratch_file("1\n", "bus/pci/devices/%s/sriov_offset", pci);
	scratch_file("1\n", "bus/pci/devices/%s/sriov_stride", pci);
	scratch_file(class, "bus/pci/devices/%s/class", pci);
}

static void pfs_are_nics_and_nothing_else_with_the_capability(void **state)
{
	struct host h = {0};
	struct err e = {0};
	int sys;

	(void)state;
	add_pf("0000:01:00.0", "0x010802\n"); /* a disk */
	add_pf("0000:02:00.0", "0x020000\n");
	add_pf("0000:03:00.0", "0x020700\n"); /* InfiniBand */
	add_pf("0000:04:00.0", "0x030200\n"); /* a GPU */
	add_pf("0000:05:00.0", "0x0b4000\n"); /* QAT */
	sys = sysfs_open(scratch_path("."), &e);
	expect_ok(host_read(sys, &h, &e), &e);
	expect_int(h.n, 2);
	expect_text(h.pfs[0].dev.name, "0000:02:00.0");
	expect_text(h.pfs[1].dev.name, "0000:03:00.0");
	host_clear(&h);
	(void)close(sys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(pfs_are_nics_and_nothing_else_with_the_capability),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
