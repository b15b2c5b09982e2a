/* SPDX-License-Identifier: Apache-2.0 */
/* meddled_test.c - configurations of NetworkManager, systemd-networkd and udev: whether they mean a
 * VF's interface */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "mem.h"
#include "meddled.h"
#include "rootfs.h"

static char udev[] =
	"I:12345\nE:ID_PATH=pci-0000:3b:02.1\nE:SRIOVCTL_VF=1\nE:ID_NET_DRIVER=igbvf\n";
static const struct meddled vf = {.ifname = "ens3f0v1",
				  .driver = "igbvf",
				  .mac = 0x025e00000001,
				  .pci = "0000:3b:02.1",
				  .udev = udev};

/* --- the formats --- */

static const struct {
	const char *list;
	bool matches;
} lists[] = {
	{"", false},
	{" ; ,", false},
	{"*", true},
	{"ens3f0v1", true},
	{"ens3f0v*", false}, /* without its prefix it is no pattern */
	{"interface-name:ens3f0v*", true},
	{"interface-name:~ens?f0v1", true},
	{"interface-name:=ens3f0v*", false},
	{"interface-name:=ens3f0v1", true},
	{"Interface-Name:ens3f0v1", true},
	{"interface-name:ens3f0", false},
	{"interface-name:eth0,interface-name:eth1;driver:igbvf", true},
	{"driver:igbvf", true},
	{"driver:igb", false},
	{"driver:igb*", true},
	{"driver:igbvf/2.4*", true},
	{"mac:02:5E:00:00:00:01", true},
	{"02:5e:00:00:00:01", true},
	{"mac:02:5e:00:00:00:02", false},
	{"type:ethernet", true},
	{"type:wifi", false},
	{"except:interface-name:ens3f0", true}, /* all others */
	{"except:driver:igbvf", false},
	{"*;except:driver:igbvf", false},
	{"driver:igbvf;except:interface-name:ens3f0", true},
	{"driver:e1000;except:interface-name:ens3f0", false},
	{"s390-subchannels:0.0.0dd0", false},
};

static void a_list_of_networkmanager_means_devices(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		EXPECT_ROW(lists[i].list);
		expect_int(meddled_nm_list(lists[i].list, &vf), lists[i].matches);
	}
}

static const struct {
	const char *text;
	enum meddled_match match;
} files[] = {
	{"[Match]\nName=ens3f0v1\n", MEDDLED_YES},
	{"[Match]\nName=eth* ens*\n[Network]\nDHCP=yes\n", MEDDLED_YES},
	{"[Match]\nName=eth*\nName=ens*\n", MEDDLED_YES}, /* the second adds */
	{"[Match]\nName=eth*\n", MEDDLED_NO},
	{"[Match]\nName=!eth*\n", MEDDLED_YES},
	{"[Match]\nName=!eth* ens*\n", MEDDLED_NO},
	{"[Match]\nDriver=igb\n", MEDDLED_NO},
	{"[Match]\nDriver=igbvf\nName=en*\n", MEDDLED_YES},
	{"[Match]\nDriver=igbvf\nName=eth*\n", MEDDLED_NO},
	{"[Match]\nMACAddress=02:5e:00:00:00:02 02:5E:00:00:00:01\n", MEDDLED_YES},
	{"[Match]\nMACAddress=02:5e:00:00:00:02\n", MEDDLED_NO},
	{"[Match]\nPermanentMACAddress=02:5e:00:00:00:01\n", MEDDLED_YES},
	{"[Match]\nPermanentMACAddress=02:5e:00:00:00:02\n", MEDDLED_NO}, /* netplan's */
	{"[Match]\nProperty=SRIOVCTL_VF=1\n", MEDDLED_YES},
	{"[Match]\nProperty=SRIOVCTL_VF=1 ID_NET_DRIVER=igb\n", MEDDLED_NO},
	{"[Match]\nProperty=!SRIOVCTL_VF=1\n", MEDDLED_NO},
	{"[Match]\nProperty=ID_PATH\n", MEDDLED_NO},
	{"[Match]\nPath=pci-0000:3b:*\n", MEDDLED_YES},
	{"[Match]\nType=ether\nKind=!*\n", MEDDLED_YES}, /* systemd's own for wired interfaces */
	{"[Match]\nKind=bridge\n", MEDDLED_NO},
	{"[Match]\nType=wlan\n", MEDDLED_NO},
	{"[Match]\nWLANInterfaceType=station\n", MEDDLED_NO},
	{"[Match]\nOriginalName=*\n[Link]\nName=x\n", MEDDLED_YES},
	{"[Match]\n# Name=x\n; Name=y\n Name = en*\n", MEDDLED_YES},
	{"[Match]\nHost=web1\nName=en*\n", MEDDLED_MAYBE},
	{"[Match]\nHost=web1\nName=eth*\n", MEDDLED_NO},
	{"[Network]\nDHCP=yes\n", MEDDLED_YES}, /* without the section it means all */
	{"", MEDDLED_YES},
};

static void the_match_section_of_networkd_means_interfaces(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		EXPECT_ROW(files[i].text);
		expect_int(meddled_networkd_file(files[i].text, &vf), files[i].match);
	}
}

static const struct {
	const char *line;
	enum meddled_match match;
} rules[] = {
	{"", MEDDLED_NO},
	{"SUBSYSTEM==\"net\", NAME=\"lan0\"", MEDDLED_YES},
	{"SUBSYSTEM==\"net\",ACTION==\"add|change\",NAME:=\"lan0\"", MEDDLED_YES},
	{"SUBSYSTEM==\"net\", NAME==\"lan0\", ENV{X}=\"1\"", MEDDLED_NO}, /* asks, sets nothing */
	{"SUBSYSTEM==\"net\", ENV{NAME}=\"lan0\"", MEDDLED_NO},
	{"SUBSYSTEM==\"block\", NAME=\"lan0\"", MEDDLED_NO},
	{"SUBSYSTEM!=\"net\", NAME=\"lan0\"", MEDDLED_NO},
	{"ATTR{address}==\"02:5e:00:00:00:01\", NAME=\"lan0\"", MEDDLED_YES},
	{"ATTR{address}==\"02:5e:00:00:00:02\", NAME=\"lan0\"", MEDDLED_NO},
	{"KERNEL==\"eth*|ens*\", NAME=\"lan0\"", MEDDLED_YES},
	{"KERNEL==\"eth*\", NAME=\"lan0\"", MEDDLED_NO},
	{"KERNEL!=\"eth*\", NAME=\"lan0\"", MEDDLED_YES},
	{"DRIVERS==\"igb\", NAME=\"lan0\"", MEDDLED_NO},
	{"DRIVERS==\"igbvf\", NAME=\"lan0\"", MEDDLED_YES},
	{"KERNELS==\"0000:3b:02.1\", NAME=\"lan0\"", MEDDLED_YES},
	{"KERNELS==\"0000:3b:00.0\", NAME=\"lan0\"", MEDDLED_NO},
	{"ATTR{dev_id}==\"0x0\", NAME=\"lan0\"", MEDDLED_MAYBE},
	{"TEST==\"device/physfn\", NAME=\"vf0\"", MEDDLED_YES},
	{"TEST!=\"device/physfn\", SUBSYSTEM==\"net\", NAME=\"lan0\"", MEDDLED_NO},
	{"SUBSYSTEM==\"net\", NAME=\"lan0", MEDDLED_YES}, /* never closed */
	{"SUBSYSTEM==net, NAME=lan0", MEDDLED_NO},        /* no rule at all */
};

static void a_rule_of_udev_names_interfaces(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		EXPECT_ROW(rules[i].line);
		expect_int(meddled_udev_rule(rules[i].line, &vf), rules[i].match);
	}
}

/* --- a host --- */

#define NM       "run/systemd/units/invocation:NetworkManager.service"
#define NETWORKD "run/systemd/units/invocation:systemd-networkd.service"
#define UDEV     "sriovctl persist pf0\nudevadm control --reload && udevadm trigger -c change -s net"

static const struct row {
	const char *what;
	struct {
		const char *path, *content;
	} files[6];
	doctor_check *check;
	enum doctor_verdict verdict;
	const char *evidence, *remedy;
} hosts[] = {
	{"no NetworkManager", {{NULL, NULL}}, doctor_networkmanager, DOCTOR_OK, "does not run", ""},
	{"NetworkManager",
	 {{NM, ""}},
	 doctor_networkmanager,
	 DOCTOR_TODO,
	 "manages 2 of 2 VFs' interfaces, as pf0v0",
	 UDEV},
	{"kept off by driver",
	 {{NM, ""},
	  {"etc/NetworkManager/conf.d/a.conf", "[keyfile]\nunmanaged-devices=driver:igbvf\n"}},
	 doctor_networkmanager,
	 DOCTOR_OK,
	 "leaves the 2 VFs' interfaces alone",
	 ""},
	{"kept off by name, one by one",
	 {{NM, ""},
	  {"etc/NetworkManager/NetworkManager.conf",
	   "[main]\nplugins=keyfile\n[keyfile]\nunmanaged-devices=interface-name:pf0v0\n"},
	  {"etc/NetworkManager/conf.d/b.conf",
	   "[keyfile]\nunmanaged-devices+=interface-name:pf0v1\n"}},
	 doctor_networkmanager,
	 DOCTOR_OK,
	 "alone",
	 ""},
	{"the last file counts",
	 {{NM, ""},
	  {"etc/NetworkManager/NetworkManager.conf", "[keyfile]\nunmanaged-devices=driver:igbvf\n"},
	  {"etc/NetworkManager/conf.d/b.conf",
	   "[keyfile]\nunmanaged-devices=interface-name:pf0v1\n"},
	  {"usr/lib/NetworkManager/conf.d/z.conf", "[keyfile]\nunmanaged-devices=*\n"}},
	 doctor_networkmanager,
	 DOCTOR_TODO,
	 "manages 1 of 2 VFs' interfaces, as pf0v0",
	 UDEV},
	{"a file that hides another",
	 {{NM, ""},
	  {"usr/lib/NetworkManager/conf.d/z.conf", "[keyfile]\nunmanaged-devices=*\n"},
	  {"etc/NetworkManager/conf.d/z.conf", "[main]\n"}},
	 doctor_networkmanager,
	 DOCTOR_TODO,
	 "manages 2 of 2",
	 UDEV},
	{"another section",
	 {{NM, ""},
	  {"etc/NetworkManager/conf.d/a.conf", "[main]\nunmanaged-devices=driver:igbvf\n"}},
	 doctor_networkmanager,
	 DOCTOR_TODO,
	 "manages 2 of 2",
	 UDEV},
	{"a section for devices",
	 {{NM, ""},
	  {"etc/NetworkManager/conf.d/a.conf", "[device-vf]\nmatch-device=driver:igbvf\nmanaged=0\n"
					       "[device-x]\nmatch-device=driver:x\nmanaged=1\n"}},
	 doctor_networkmanager,
	 DOCTOR_OK,
	 "alone",
	 ""},
	{"kept off by udev",
	 {{NM, ""},
	  {"run/udev/data/n5", "E:NM_UNMANAGED=1\n"},
	  {"run/udev/data/n6", "E:NM_UNMANAGED=1\n"}},
	 doctor_networkmanager,
	 DOCTOR_OK,
	 "alone",
	 ""},
	{"one is kept off by udev",
	 {{NM, ""}, {"run/udev/data/n5", "E:ID_X=1\nE:NM_UNMANAGED=1\n"}},
	 doctor_networkmanager,
	 DOCTOR_TODO,
	 "manages 1 of 2 VFs' interfaces, as pf0v1",
	 UDEV},
	{"udev is overruled",
	 {{NM, ""},
	  {"run/udev/data/n5", "E:NM_UNMANAGED=1\n"},
	  {"run/udev/data/n6", "E:NM_UNMANAGED=1\n"},
	  {"etc/NetworkManager/conf.d/a.conf",
	   "[device]\nmanaged=1\nmatch-device=type:ethernet\n"}},
	 doctor_networkmanager,
	 DOCTOR_TODO,
	 "manages 2 of 2",
	 UDEV},

	{"a section without match-device means all",
	 {{NM, ""}, {"etc/NetworkManager/conf.d/a.conf", "[device]\nmanaged=0\n"}},
	 doctor_networkmanager,
	 DOCTOR_OK,
	 "alone",
	 ""},
	{"but no section of another kind",
	 {{NM, ""},
	  {"etc/NetworkManager/conf.d/a.conf",
	   "[device]\nmatch-device=type:wifi\nmanaged=0\n[connection]\nmanaged=0\n"}},
	 doctor_networkmanager,
	 DOCTOR_TODO,
	 "manages 2 of 2",
	 UDEV},
	{"what is neither yes nor no overrules nothing",
	 {{NM, ""},
	  {"run/udev/data/n5", "E:NM_UNMANAGED=1\n"},
	  {"run/udev/data/n6", "E:NM_UNMANAGED=1\n"},
	  {"etc/NetworkManager/conf.d/a.conf", "[device]\nmanaged=\nmatch-device=type:ethernet\n"}},
	 doctor_networkmanager,
	 DOCTOR_OK,
	 "",
	 ""},
	{"no networkd",
	 {{"etc/systemd/network/a.network", "[Match]\nName=*\n"}},
	 doctor_networkd,
	 DOCTOR_OK,
	 "does not run",
	 ""},
	{"networkd without a file for them",
	 {{NETWORKD, ""}, {"etc/systemd/network/a.network", "[Match]\nName=eth*\n"}},
	 doctor_networkd,
	 DOCTOR_OK,
	 "leaves the 2",
	 ""},
	{"networkd",
	 {{NETWORKD, ""},
	  {"usr/lib/systemd/network/80-all.network", "[Match]\nType=ether\n[Network]\nDHCP=yes\n"}},
	 doctor_networkd,
	 DOCTOR_TODO,
	 "manages 2 of 2 VFs' interfaces, as pf0v0 by /usr/lib/systemd/network/80-all.network",
	 UDEV "\nnetworkctl reload"},
	{"an earlier file keeps it off",
	 {{NETWORKD, ""},
	  {"run/systemd/network/80-all.network", "[Match]\nType=ether\n[Network]\nDHCP=yes\n"},
	  {"etc/systemd/network/00-vfs.network", "[Match]\nDriver=igbvf\n[Link]\nUnmanaged=yes\n"}},
	 doctor_networkd,
	 DOCTOR_OK,
	 "leaves the 2",
	 ""},
	{"a later one does not",
	 {{NETWORKD, ""},
	  {"etc/systemd/network/80-all.network", "[Match]\nType=ether\n[Network]\nDHCP=yes\n"},
	  {"etc/systemd/network/90-vfs.network", "[Match]\nDriver=igbvf\n[Link]\nUnmanaged=yes\n"}},
	 doctor_networkd,
	 DOCTOR_TODO,
	 "by /etc/systemd/network/80-all.network",
	 UDEV "\nnetworkctl reload"},
	{"what is neither yes nor no",
	 {{NETWORKD, ""},
	  {"etc/systemd/network/a.network", "[Match]\nDriver=igbvf\n[Link]\nUnmanaged=\n"}},
	 doctor_networkd,
	 DOCTOR_TODO,
	 "manages 2 of 2",
	 UDEV "\nnetworkctl reload"},
	{"the last that is one of them",
	 {{NETWORKD, ""},
	  {"etc/systemd/network/a.network",
	   "[Match]\nDriver=igbvf\n[Link]\nUnmanaged=on\nUnmanaged=maybe\n"}},
	 doctor_networkd,
	 DOCTOR_OK,
	 "leaves the 2",
	 ""},
	{"behind one of which it cannot be told, the next one",
	 {{NETWORKD, ""},
	  {"etc/systemd/network/a.network", "[Match]\nHost=web\n"},
	  {"etc/systemd/network/b.network", "[Match]\nName=*\n"}},
	 doctor_networkd,
	 DOCTOR_TODO,
	 "manages 2 of 2 VFs' interfaces, as pf0v0 by /etc/systemd/network/b.network",
	 UDEV "\nnetworkctl reload"},
	{"which may keep it off",
	 {{NETWORKD, ""},
	  {"etc/systemd/network/a.network", "[Match]\nHost=web\n"},
	  {"etc/systemd/network/b.network", "[Match]\nName=*\n[Link]\nUnmanaged=yes\n"},
	  {"etc/systemd/network/c.network", "[Match]\nName=*\n"}},
	 doctor_networkd,
	 DOCTOR_NOTE,
	 "may manage 2 of 2 VFs' interfaces, as pf0v0 by /etc/systemd/network/a.network",
	 UDEV "\nnetworkctl reload"},
	{"it cannot be told",
	 {{NETWORKD, ""}, {"etc/systemd/network/a.network", "[Match]\nHost=web\n"}},
	 doctor_networkd,
	 DOCTOR_NOTE,
	 "may manage 2 of 2",
	 UDEV "\nnetworkctl reload"},

	{"udev",
	 {{"etc/udev/rules.d/a.rules", "SUBSYSTEM==\"net\", NAME==\"x\", TAG+=\"y\"\n"},
	  {"usr/lib/systemd/network/99-default.link",
	   "[Match]\nOriginalName=*\n[Link]\nNamePolicy=keep\nMACAddressPolicy=persistent\n"}},
	 doctor_udev,
	 DOCTOR_OK,
	 "neither a rule",
	 ""},
	{"a rule that names",
	 {{"etc/udev/rules.d/70-persistent-net.rules",
	   "# SUBSYSTEM==\"net\", NAME=\"no\"\nSUBSYSTEM==\"net\", \\\n  DRIVERS==\"igbvf\", NAME=\"vf%n\"\n"}},
	 doctor_udev,
	 DOCTOR_NOTE,
	 "/etc/udev/rules.d/70-persistent-net.rules gives 2 of the VFs' interfaces a name, MAC or MTU, as "
	 "pf0v0",
	 "in /etc/udev/rules.d/70-persistent-net.rules: TEST!=\"device/physfn\", in front of NAME, "
	 "as only VFs have a physfn"},
	{"a .link file that names",
	 {{"etc/systemd/network/10-lan.link", "[Match]\nOriginalName=pf0v1\n[Link]\nName=lan\n"}},
	 doctor_udev,
	 DOCTOR_NOTE,
	 "gives 1 of the VFs' interfaces a name, MAC or MTU, as pf0v1",
	 "in /etc/systemd/network/10-lan.link: narrow [Match], so that VFs are not meant"},
};

static void check(const struct row *r)
{
	struct host_vf vfs[] = {
		{.dev = {.driver = "igbvf", .ifname = "pf0v0"}, .link = {.ifindex = 5}},
		{.dev = {.driver = "igbvf", .ifname = "pf0v1"}, .link = {.ifindex = 6}},
		{.dev = {.driver = "igbvf", .ifname = ""}}, /* in a container */
	};
	struct host_pf pf = {.dev = {.ifname = "pf0"}, .vfs = vfs, .n_vfs = 3};
	const struct host host = {.pfs = &pf, .n = 1};
	struct doctor_finding f = {0};
	struct err e = {0};
	int root = rootfs_open(scratch_path("."), &e);
	struct doctor d;

	for (size_t i = 0; r->files[i].path; i++)
		scratch_file(r->files[i].content, "%s", r->files[i].path);
	doctor_begin(-1, root, &host, &d);
	r->check(&d, NULL, &f);
	expect_text(doctor_words[f.verdict], doctor_words[r->verdict]);
	expect_within(f.evidence, r->evidence);
	expect_text(f.remedy ?: "", r->remedy);
	doctor_finding_clear(&f);
	(void)close(root);
}

static void each_host_is_told_who_meddles(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		EXPECT_ROW(hosts[i].what);
		check(&hosts[i]);
		(void)scratch_remove(state);
		(void)scratch_make(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_of_networkmanager_means_devices),
		cmocka_unit_test(the_match_section_of_networkd_means_interfaces),
		cmocka_unit_test(a_rule_of_udev_names_interfaces),
		SCRATCH_TEST(each_host_is_told_who_meddles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
