/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_boot_test.c - hosts of several distributions, and what sriovctl doctor says of how they
 * booted */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "fixture.h"
#include "mem.h"
#include "rootfs.h"
#include "sysfs.h"

#define RELEASE "6.1.0-49-amd64"
#define INTEL   "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu vme\n"
#define AMD     "processor\t: 0\nvendor_id\t: AuthenticAMD\nflags\t\t: fpu vme\n"
#define GUEST   "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu hypervisor vme\n"
#define ARM     "processor\t: 0\nBogoMIPS\t: 50.00\n"

/* A file of the host, below the root ("sys/..." for sysfs). */
struct file {
	const char *path, *content; /* content NULL: a folder */
};

#define FILES 8
static const struct row {
	const char *what;
	const char *cpuinfo, *cmdline;
	struct file files[FILES];
	doctor_check *check;
	enum doctor_verdict verdict;
	const char *evidence, *remedy; /* evidence: a part of it; remedy: all of it, "" for none */
} rows[] = {
	/* --- firmware --- */
	{"VT-d on",
	 INTEL,
	 "quiet\n",
	 {{"sys/firmware/acpi/tables/DMAR", ""}},
	 doctor_iommu_firmware,
	 DOCTOR_OK,
	 "VT-d is on: /sys/firmware/acpi/tables has DMAR",
	 ""},
	{"VT-d off",
	 INTEL,
	 "quiet\n",
	 {{"sys/firmware/acpi/tables/FACP", ""}},
	 doctor_iommu_firmware,
	 DOCTOR_TODO,
	 "which cannot be told from here",
	 "in the firmware's setup (BIOS, UEFI) enable VT-d (\"Intel Virtualization Technology for "
	 "Directed I/O\")"},
	{"AMD-Vi off",
	 AMD,
	 "quiet\n",
	 {{"sys/firmware/acpi/tables/FACP", ""}},
	 doctor_iommu_firmware,
	 DOCTOR_TODO,
	 "no IVRS in /sys/firmware/acpi/tables",
	 "in the firmware's setup (BIOS, UEFI) enable IOMMU (also called AMD-Vi): Enabled"},
	{"AMD-Vi on",
	 AMD,
	 "quiet\n",
	 {{"sys/firmware/acpi/tables/IVRS", ""}},
	 doctor_iommu_firmware,
	 DOCTOR_OK,
	 "AMD-Vi is on",
	 ""},
	{"a virtual machine with VT-d on AMD",
	 AMD,
	 "quiet\n",
	 {{"sys/firmware/acpi/tables/DMAR", ""}},
	 doctor_iommu_firmware,
	 DOCTOR_OK,
	 "VT-d is on",
	 ""},
	{"a virtual machine",
	 GUEST,
	 "quiet\n",
	 {{"sys/firmware/acpi/tables/FACP", ""}},
	 doctor_iommu_firmware,
	 DOCTOR_TODO,
	 "no DMAR",
	 "this is a virtual machine: give it an IOMMU; QEMU: -machine q35,kernel-irqchip=split "
	 "-device intel-iommu,intremap=on; libvirt: <iommu model='intel'><driver intremap='on'/>"
	 "</iommu>"},
	{"no ACPI",
	 ARM,
	 "quiet\n",
	 {{NULL, NULL}},
	 doctor_iommu_firmware,
	 DOCTOR_UNKNOWN,
	 "has no ACPI",
	 ""},
	{"no ACPI, but an IOMMU",
	 ARM,
	 "quiet\n",
	 {{"sys/kernel/iommu_groups/0", NULL}},
	 doctor_iommu_firmware,
	 DOCTOR_OK,
	 "the kernel has found an IOMMU",
	 ""},

	/* --- groups --- */
	{"no groups",
	 INTEL,
	 "quiet\n",
	 {{"sys/kernel/iommu_groups", NULL}},
	 doctor_iommu,
	 DOCTOR_TODO,
	 "off: /sys/kernel/iommu_groups has none",
	 "do what iommu-firmware and kernel-line say; if these are in order, look into: dmesg | "
	 "grep -i -e DMAR -e AMD-Vi -e SMMU"},
	{"groups",
	 INTEL,
	 "quiet\n",
	 {{"sys/kernel/iommu_groups/0", NULL}, {"sys/kernel/iommu_groups/1", NULL}},
	 doctor_iommu,
	 DOCTOR_OK,
	 "2 groups",
	 ""},
	{"a group that vfio has made up",
	 INTEL,
	 "quiet\n",
	 {{"sys/kernel/iommu_groups/0/name", "vfio-noiommu\n"}},
	 doctor_iommu,
	 DOCTOR_TODO,
	 "off: /sys/kernel/iommu_groups has none",
	 "do what iommu-firmware and kernel-line say; if these are in order, look into: dmesg | "
	 "grep -i -e DMAR -e AMD-Vi -e SMMU"},

	/* --- the line --- */
	{"Debian, Intel, off",
	 INTEL,
	 "BOOT_IMAGE=/vmlinuz root=/dev/sda1 quiet\n",
	 {{"etc/default/grub", "GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n"
			       "GRUB_CMDLINE_LINUX=\"\"\n"},
	  {"usr/sbin/update-grub", ""}},
	 doctor_kernel_line,
	 DOCTOR_TODO,
	 "/proc/cmdline says nothing of the IOMMU, and this kernel may not turn it on by itself",
	 "in /etc/default/grub, line 2: GRUB_CMDLINE_LINUX_DEFAULT=\"quiet intel_iommu=on "
	 "iommu=pt\"\nupdate-grub\nreboot"},
	{"Ubuntu's cloud image: the last file counts",
	 INTEL,
	 "quiet\n",
	 {{"etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet splash\"\n"},
	  {"etc/default/grub.d/50-cloudimg-settings.cfg",
	   "# Cloud\nGRUB_CMDLINE_LINUX_DEFAULT=\"console=tty1 console=ttyS0\"\n"},
	  {"etc/default/grub.d/40-other.cfg", "GRUB_CMDLINE_LINUX_DEFAULT=\"x\"\n"},
	  {"etc/default/grub.d/90-not-read", "GRUB_CMDLINE_LINUX_DEFAULT=\"y\"\n"},
	  {"usr/sbin/update-grub", ""}},
	 doctor_kernel_line,
	 DOCTOR_TODO,
	 "says nothing",
	 "in /etc/default/grub.d/50-cloudimg-settings.cfg, line 2: "
	 "GRUB_CMDLINE_LINUX_DEFAULT=\"console=tty1 console=ttyS0 intel_iommu=on iommu=pt\"\n"
	 "update-grub\nreboot"},
	{"written, but not brought to the boot loader",
	 INTEL,
	 "quiet\n",
	 {{"etc/default/grub", "GRUB_CMDLINE_LINUX=\"intel_iommu=on iommu=pt\"\n"},
	  {"usr/sbin/update-grub", ""}},
	 doctor_kernel_line,
	 DOCTOR_TODO,
	 "says nothing",
	 "update-grub\nreboot"},
	{"a file without the variable",
	 INTEL,
	 "quiet\n",
	 {{"etc/default/grub", "GRUB_TIMEOUT=5\n"}, {"usr/bin/grub-mkconfig", ""}},
	 doctor_kernel_line,
	 DOCTOR_TODO,
	 "says nothing",
	 "in /etc/default/grub, a new line: GRUB_CMDLINE_LINUX_DEFAULT=\"intel_iommu=on "
	 "iommu=pt\"\ngrub-mkconfig -o /boot/grub/grub.cfg\nreboot"},
	{"SUSE",
	 INTEL,
	 "quiet\n",
	 {{"etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT='splash=silent'\n"},
	  {"usr/sbin/grub2-mkconfig", ""}},
	 doctor_kernel_line,
	 DOCTOR_TODO,
	 "says nothing",
	 "in /etc/default/grub, line 1: GRUB_CMDLINE_LINUX_DEFAULT='splash=silent intel_iommu=on "
	 "iommu=pt'\ngrub2-mkconfig -o /boot/grub2/grub.cfg\nreboot"},
	{"SUSE with snapshots",
	 INTEL,
	 "quiet\n",
	 {{"etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=''\n"},
	  {"usr/sbin/grub2-mkconfig", ""},
	  {"usr/sbin/transactional-update", ""}},
	 doctor_kernel_line,
	 DOCTOR_TODO,
	 "says nothing",
	 "in /etc/default/grub, line 1: GRUB_CMDLINE_LINUX_DEFAULT='intel_iommu=on iommu=pt'\n"
	 "transactional-update grub.cfg\nreboot"},
	{"openSUSE with entries",
	 INTEL,
	 "quiet\n",
	 {{"etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=''\n"},
	  {"etc/kernel/cmdline", "root=/dev/sda1\n"},
	  {"usr/bin/sdbootutil", ""}},
	 doctor_kernel_line,
	 DOCTOR_TODO,
	 "says nothing",
	 "in /etc/kernel/cmdline: root=/dev/sda1 intel_iommu=on iommu=pt\n"
	 "sdbootutil update-all-entries\nreboot"},
	{"Fedora",
	 INTEL,
	 "quiet\n",
	 {{"etc/default/grub", "GRUB_CMDLINE_LINUX=\"rhgb quiet\"\n"}, {"usr/sbin/grubby", ""}},
	 doctor_kernel_line,
	 DOCTOR_TODO,
	 "says nothing",
	 "grubby --update-kernel=ALL --args=\"intel_iommu=on iommu=pt\"\nreboot"},
	{"ostree",
	 INTEL,
	 "quiet\n",
	 {{"run/ostree-booted", ""}, {"usr/sbin/grubby", ""}},
	 doctor_kernel_line,
	 DOCTOR_TODO,
	 "says nothing",
	 "rpm-ostree kargs --append-if-missing=intel_iommu=on --append-if-missing=iommu=pt\n"
	 "reboot"},
	{"ostree, switched off",
	 INTEL,
	 "intel_iommu=off\n",
	 {{"run/ostree-booted", ""}},
	 doctor_kernel_line,
	 DOCTOR_TODO,
	 "has intel_iommu=off: so the IOMMU is off",
	 "rpm-ostree kargs --delete-if-present=intel_iommu=off --delete-if-present=iommu=off "
	 "--append-if-missing=intel_iommu=on --append-if-missing=iommu=pt\nreboot"},
	{"RHEL, switched off",
	 INTEL,
	 "intel_iommu=off\n",
	 {{"usr/sbin/grubby", ""}},
	 doctor_kernel_line,
	 DOCTOR_TODO,
	 "has intel_iommu=off: so the IOMMU is off",
	 "grubby --update-kernel=ALL --remove-args=\"intel_iommu=off iommu=off\"\n"
	 "grubby --update-kernel=ALL --args=\"intel_iommu=on iommu=pt\"\nreboot"},
	{"Proxmox",
	 INTEL,
	 "quiet\n",
	 {{"etc/kernel/cmdline", "root=ZFS=rpool/ROOT/pve-1 boot=zfs\n"},
	  {"usr/sbin/proxmox-boot-tool", ""}},
	 doctor_kernel_line,
	 DOCTOR_TODO,
	 "says nothing",
	 "in /etc/kernel/cmdline: root=ZFS=rpool/ROOT/pve-1 boot=zfs intel_iommu=on iommu=pt\n"
	 "proxmox-boot-tool refresh\nreboot"},
	{"kernel-install",
	 INTEL,
	 "quiet\n",
	 {{"etc/kernel/cmdline", "root=/dev/x intel_iommu=on iommu=pt\n"},
	  {"boot/vmlinuz-" RELEASE, ""}},
	 doctor_kernel_line,
	 DOCTOR_TODO,
	 "says nothing",
	 "kernel-install add " RELEASE " /boot/vmlinuz-" RELEASE "\nreboot"},
	{"no boot loader that is known",
	 INTEL,
	 "quiet\n",
	 {{NULL, NULL}},
	 doctor_kernel_line,
	 DOCTOR_TODO,
	 "says nothing",
	 "on the kernel's line, where this host's boot loader has it (neither /etc/default/grub "
	 "nor /etc/kernel/cmdline is there): add intel_iommu=on iommu=pt\nreboot"},
	{"the kernel's default is on",
	 INTEL,
	 "quiet\n",
	 {{"boot/config-" RELEASE, "# CONFIG_INTEL_IOMMU_DEFAULT_ON is not set\n"
				   "CONFIG_INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF=y\n"}},
	 doctor_kernel_line,
	 DOCTOR_OK,
	 "this kernel turns the IOMMU on by itself (/boot/config-" RELEASE ")",
	 ""},
	{"the kernel's default is off",
	 INTEL,
	 "quiet\n",
	 {{"lib/modules/" RELEASE "/config", "# CONFIG_INTEL_IOMMU_DEFAULT_ON is not set\n"},
	  {"usr/sbin/grubby", ""}},
	 doctor_kernel_line,
	 DOCTOR_TODO,
	 "this kernel does not turn it on by itself",
	 "grubby --update-kernel=ALL --args=\"intel_iommu=on iommu=pt\"\nreboot"},
	{"the line is right, the firmware is not",
	 INTEL,
	 "intel_iommu=on iommu=pt\n",
	 {{NULL, NULL}},
	 doctor_kernel_line,
	 DOCTOR_OK,
	 "/proc/cmdline has intel_iommu=on iommu=pt",
	 ""},
	{"AMD needs nothing",
	 AMD,
	 "quiet amd_iommu=on\n",
	 {{NULL, NULL}},
	 doctor_kernel_line,
	 DOCTOR_OK,
	 "has amd_iommu=on; the kernel turns the IOMMU of an AMD CPU on by itself",
	 ""},
	{"AMD, switched off",
	 AMD,
	 "quiet amd_iommu=off\n",
	 {{"etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet amd_iommu=off\"\n"},
	  {"usr/sbin/update-grub", ""}},
	 doctor_kernel_line,
	 DOCTOR_TODO,
	 "/proc/cmdline has amd_iommu=off: so the IOMMU is off",
	 "in /etc/default/grub, line 1: GRUB_CMDLINE_LINUX_DEFAULT=\"quiet iommu=pt\"\n"
	 "update-grub\nreboot"},
	{"AMD, switched off in the other variable",
	 AMD,
	 "quiet amd_iommu=off\n",
	 {{"etc/default/grub", "GRUB_CMDLINE_LINUX=\"amd_iommu=off mem=4G\"\n"},
	  {"usr/sbin/update-grub", ""}},
	 doctor_kernel_line,
	 DOCTOR_TODO,
	 "so the IOMMU is off",
	 "in /etc/default/grub, line 1: GRUB_CMDLINE_LINUX=\"mem=4G\"\n"
	 "in /etc/default/grub, a new line: GRUB_CMDLINE_LINUX_DEFAULT=\"iommu=pt\"\n"
	 "update-grub\nreboot"},
	{"switched off for all of x86",
	 INTEL,
	 "intel_iommu=on iommu=off\n",
	 {{"etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=\"intel_iommu=on iommu=off\"\n"},
	  {"usr/sbin/update-grub", ""}},
	 doctor_kernel_line,
	 DOCTOR_TODO,
	 "so the IOMMU is off",
	 "in /etc/default/grub, line 1: GRUB_CMDLINE_LINUX_DEFAULT=\"intel_iommu=on iommu=pt\"\n"
	 "update-grub\nreboot"},
	{"Arm needs nothing",
	 ARM,
	 "quiet\n",
	 {{NULL, NULL}},
	 doctor_kernel_line,
	 DOCTOR_OK,
	 "nothing is needed there",
	 ""},
	{"an IOMMU that translates for the host",
	 INTEL,
	 "intel_iommu=on\n",
	 {{"sys/kernel/iommu_groups/7/type", "DMA-FQ\n"},
	  {"etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=\"intel_iommu=on\"\n"},
	  {"usr/sbin/update-grub", ""}},
	 doctor_kernel_line,
	 DOCTOR_NOTE,
	 "has intel_iommu=on: what the host's own drivers",
	 "in /etc/default/grub, line 1: GRUB_CMDLINE_LINUX_DEFAULT=\"intel_iommu=on iommu=pt\"\n"
	 "update-grub\nreboot"},
	{"one of Arm",
	 ARM,
	 "quiet\n",
	 {{"sys/kernel/iommu_groups/7/type", "DMA-FQ\n"}, {"usr/sbin/grubby", ""}},
	 doctor_kernel_line,
	 DOCTOR_NOTE,
	 "says nothing of the IOMMU: what the host's own drivers",
	 "grubby --update-kernel=ALL --args=\"iommu.passthrough=1\"\nreboot"},
	{"an IOMMU that passes through",
	 INTEL,
	 "quiet\n",
	 {{"sys/kernel/iommu_groups/7/type", "identity\n"}},
	 doctor_kernel_line,
	 DOCTOR_OK,
	 "/proc/cmdline says nothing of the IOMMU",
	 ""},

	/* --- vfio --- */
	{"vfio-pci is loaded",
	 INTEL,
	 "",
	 {{"sys/bus/pci/drivers/vfio-pci/bind", ""}},
	 doctor_vfio,
	 DOCTOR_OK,
	 "vfio-pci",
	 ""},
	{"vfio-pci is a module",
	 INTEL,
	 "",
	 {{"lib/modules/" RELEASE "/modules.dep", "kernel/drivers/vfio/pci/vfio-pci.ko.xz: a b\n"}},
	 doctor_vfio,
	 DOCTOR_NOTE,
	 "is not loaded",
	 "modprobe vfio-pci\nin /etc/modules-load.d/vfio-pci.conf: vfio-pci"},
	{"there is no vfio-pci",
	 INTEL,
	 "",
	 {{"lib/modules/" RELEASE "/modules.dep", "kernel/drivers/vfio/pci/vfio-pci-core.ko:\n"}},
	 doctor_vfio,
	 DOCTOR_NOTE,
	 "has no module vfio-pci",
	 ""},
	{"there are no modules",
	 INTEL,
	 "",
	 {{NULL, NULL}},
	 doctor_vfio,
	 DOCTOR_UNKNOWN,
	 "cannot read /lib/modules/" RELEASE "/modules.builtin",
	 ""},

	{"a kernel of today",
	 INTEL,
	 "",
	 {{NULL, NULL}},
	 doctor_kernel,
	 DOCTOR_OK,
	 "Linux " RELEASE,
	 ""},
};

/* A PF whose group is 7. */
static void check(const struct row *r)
{
	struct host_pf pf = {.dev = {.name = "0000:01:00.0", .ifname = "pf0"}, .group = "7"};
	const struct host host = {.pfs = &pf, .n = 1};
	struct doctor_finding f = {0};
	struct err e = {0};
	int root = rootfs_open(scratch_path("."), &e), sys = -1;
	struct doctor d;

	scratch_file(r->cpuinfo, "proc/cpuinfo");
	scratch_file(r->cmdline, "proc/cmdline");
	scratch_file(RELEASE "\n", "proc/sys/kernel/osrelease");
	for (const struct file *file = r->files; file->path; file++)
		if (file->content)
			scratch_file(file->content, "%s", file->path);
		else
			scratch_folder("%s", file->path);
	scratch_file("", "sys/.there");
	sys = sysfs_open(scratch_path("sys"), &e);
	expect_ok(sys, &e);
	doctor_begin(sys, root, &host, &d);
	r->check(&d, NULL, &f);
	expect_text(doctor_words[f.verdict], doctor_words[r->verdict]);
	expect_within(f.evidence, r->evidence);
	expect_text(f.remedy ?: "", r->remedy);
	doctor_finding_clear(&f);
	(void)close(sys);
	(void)close(root);
}

static void each_host_is_told_what_it_lacks(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_ROW(rows[i].what);
		check(&rows[i]);
		(void)scratch_remove(state);
		(void)scratch_make(state);
	}
}

static void an_old_kernel_is_told(void **state)
{
	static const char *const releases[] = {"4.18.0-553.el8", "5.13.19", "5.4.0-200-generic"};
	static const char *const fine[] = {"5.14.0-503.el9", "6.1.0", "10.0"};
	struct doctor d = {.sys = -1, .root = -1};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		struct doctor_finding old = {0}, new = {0};

		EXPECT_ROW(releases[i]);
		(void)snprintf(d.release, sizeof(d.release), "%s", releases[i]);
		doctor_kernel(&d, NULL, &old);
		expect_text(doctor_words[old.verdict], "todo");
		expect_within(old.evidence, releases[i]);
		expect_within(old.remedy, "Linux 5.14 or newer");
		(void)snprintf(d.release, sizeof(d.release), "%s", fine[i]);
		doctor_kernel(&d, NULL, &new);
		expect_text(doctor_words[new.verdict], "ok");
		doctor_finding_clear(&old);
		doctor_finding_clear(&new);
	}
}

/* An EFI variable: attributes, then UTF-16. */
static void loader_variable(const char *name, const char *value)
{
	FILE *f;

	scratch_file("", "sys/firmware/efi/efivars/%s-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", name);
	f = fopen(scratch_path("sys/firmware/efi/efivars/%s-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f",
			       name),
		  "we");
	(void)fwrite("\6\0\0\0", 4, 1, f);
	for (; *value; value++)
		(void)fwrite((const char[]){*value, '\0'}, 2, 1, f);
	(void)fwrite("\0\0", 2, 1, f);
	(void)fclose(f);
}

static void systemd_boot_is_known_by_what_it_left_for_the_kernel(void **state)
{
	static const char own[] = "in /boot/loader/entries/arch.conf: options root=/dev/x rw "
				  "intel_iommu=on iommu=pt\nreboot";
	static const char made[] =
		"in /etc/kernel/cmdline: root=/dev/y quiet intel_iommu=on iommu=pt\n"
		"kernel-install add " RELEASE " /usr/lib/modules/" RELEASE "/vmlinuz\nreboot";
	struct row r = {.what = "",
			.cpuinfo = INTEL,
			.cmdline = "initrd=\\initramfs root=/dev/y quiet\n",
			.files = {{"etc/default/grub", "GRUB_CMDLINE_LINUX=\"\"\n"}},
			.check = doctor_kernel_line,
			.verdict = DOCTOR_TODO,
			.evidence = "nothing"};

	(void)state;
	loader_variable("LoaderInfo", "systemd-boot 252.39-1~deb12u1");
	loader_variable("LoaderEntrySelected", "arch.conf");
	scratch_file("", "usr/lib/modules/" RELEASE "/vmlinuz");
	/* an entry that somebody wrote */
	scratch_file("title Arch\noptions root=/dev/x rw\n", "boot/loader/entries/arch.conf");
	r.remedy = own;
	check(&r);
	/* one that kernel-install made */
	scratch_file("# File created by /usr/lib/kernel/install.d/90-loaderentry.install\n"
		     "title Arch\noptions root=/dev/x rw\n",
		     "boot/loader/entries/arch.conf");
	r.remedy = made;
	check(&r);
	/* another boot loader */
	loader_variable("LoaderInfo", "GRUB 2.12");
	r.remedy = "in /etc/default/grub, a new line: GRUB_CMDLINE_LINUX_DEFAULT=\"intel_iommu=on "
		   "iommu=pt\"\ngrub-mkconfig -o /boot/grub/grub.cfg\nreboot";
	check(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(each_host_is_told_what_it_lacks),
		cmocka_unit_test(an_old_kernel_is_told),
		SCRATCH_TEST(systemd_boot_is_known_by_what_it_left_for_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
