/* SPDX-License-Identifier: Apache-2.0 */
/* persist_test.c - what a PF is to have at boot: its words, and its files on disk */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cni.h"
#include "fixture.h"
#include "mem.h"
#include "persist_store.h"
#include "rootfs.h"

#define PF    "0000:01:00.0"
#define OTHER "0000:02:00.0"

static void parse(const char *text, struct persist *ret)
{
	struct err e = {0};

	expect_ok(persist_parse_text(text, ret, &e), &e);
}

/* --- words --- */

/* What a file says, and what it says when it is written again. */
static const struct {
	const char *text, *again;
} good[] = {
	{"", ""},
	{"# nothing\n\n", ""},
	{"vfs=0\n", "vfs=0\n"},
	{"up=off\nmtu=9000\nautoprobe=ON # on\n  vfs=65535\t\n",
	 "vfs=65535\nautoprobe=on\nmtu=9000\nup=off\n"},
	{"vfs=2\ndevice=8086:10c9", "device=8086:10c9\nvfs=2\n"},
	{"1:driver=vfio-pci\n0:trust=on,driver=none,mac=02:00:5e:00:00:01\n",
	 "0:driver=none,mac=02:00:5e:00:00:01,trust=on\n1:driver=vfio-pci\n"},
	{"12:vlan=100", "12:vlan=100,qos=0,proto=802.1q\n"},
};

static void good_words_are_read_and_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		EXPECT_ROW(good[i].text);
		_cleanup_(persist_clear) struct persist p = {0}, twice = {0};
		_cleanup_free_ char *text = NULL, *again = NULL;

		parse(good[i].text, &p);
		text = persist_text(&p);
		expect_text(text, good[i].again);
		parse(text, &twice);
		again = persist_text(&twice);
		expect_text(again, text);
	}
}

static const struct {
	const char *text, *says;
} bad[] = {
	{"vfs", "\"vfs\" is neither vfs=, mtu=, autoprobe= or up=, nor a VF's"},
	{"=3", "\"=3\" is neither"},
	{"a-key-that-is-longer-than-any=3", "\"a-key-that-is-longer-than-any=3\" is neither"},
	{"vfs=", "\"vfs\": \"\" was given"},
	{"vfs=-1", "\"vfs\": \"-1\" was given"},
	{"vfs=65536", "\"vfs\": 65536 was given, a whole number from 0 to 65535"},
	{"vfs=100000000000000000000", "\"vfs\": \"100000000000000000000\" was given"},
	{"vfs=1\nvfs=1", "vfs is given twice"},
	{"mtu=67", "\"mtu\": 67 was given"},
	{"up=yes", "\"up\": \"yes\" was given, one of \"off\" \"on\" is expected"},
	{"autoprobe=1", "\"autoprobe\": 1 was given"},
	{"up=\xff", "the value of up is not UTF-8"},
	{"device=8086", "device \"8086\" is not of the form 8086:10c9"},
	{"device=8086-10c9", "is not of the form"},
	{"device=8086:10cg", "is not of the form"},
	{"0", "\"0\" is not of the form NUMBER:key=value"},
	{"0=1", "\"0=1\" is not of the form NUMBER:key=value"},
	{"65535:vlan=1", "is not of the form NUMBER:key=value"},
	{"99999999999999999999:vlan=1", "is not of the form NUMBER:key=value"},
	{"0:", "VF 0: \"\" is not of the form key=value"},
	{"3:vlan=4095", "VF 3: \"vlan\": 4095 was given"},
	{"3:vlan=1,vlan=2", "VF 3: vlan is given twice"},
	{"3:wlan=1", "VF 3: there is no VF attribute \"wlan\""},
	{"3:driver=a-driver-with-a-name-longer-than-any-one-that-the-kernel-could-have-of-64",
	 "no driver's name"},
	{"3:driver=", "VF 3: \"\" is no driver's name"},
	{"3:driver=../x", "VF 3: \"../x\" is no driver's name"},
	{"3:driver=a,driver=b", "VF 3: driver is given twice"},
	{"3:mac=none,vlan=1,qos=1,proto=802.1q,spoofchk=on,trust=on,link-state=auto,min-tx-rate=0,"
	 "max-tx-rate=1,rss-query=on,vlan=2,vlan=3",
	 "VF 3: vlan is given twice"},
	{"1:vlan=1\n0:vlan=1\n1:trust=on", "VF 1 is given twice"},
};

static void bad_words_are_refused_with_what_would_be_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_ROW(bad[i].text);
		struct persist p = {.vfs = {true, 77}};
		struct err e = {0};

		expect_err(persist_parse_text(bad[i].text, &p, &e), &e, CNI_EDECODE, bad[i].says);
		expect_int(p.vfs.v, 77);
	}
}

static void words_of_the_command_line_are_its_users_fault(void **state)
{
	char *words[] = {"vfs=x"};
	struct persist p = {0};
	struct err e = {0};

	(void)state;
	expect_err(persist_parse(1, words, &p, &e), &e, CNI_ECONFIG, "\"vfs\"");
}

static const struct {
	const char *base, *over, *both;
} merged[] = {
	{"vfs=3\nmtu=1500\nup=on", "mtu=9000", "vfs=3\nmtu=9000\nup=on\n"},
	{"device=8086:10c9", "device=15b3:101e", "device=15b3:101e\n"},
	{"0:mac=02:00:5e:00:00:01", "0:mac=none,trust=on", "0:trust=on\n"},
	{"vfs=3\n0:trust=on\n2:trust=on", "vfs=2", "vfs=2\n0:trust=on\n"},
	{"vfs=3\n2:trust=on", "vfs=2\n2:trust=off", "vfs=2\n2:trust=off\n"}, /* check refuses it */
	{"vfs=3\n1:driver=igbvf,trust=on", "1:spoofchk=off\n0:driver=vfio-pci",
	 "vfs=3\n0:driver=vfio-pci\n1:driver=igbvf,spoofchk=off,trust=on\n"},
};

static void words_are_laid_over_what_is_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(merged); i++) {
		EXPECT_ROW(merged[i].over);
		_cleanup_(persist_clear) struct persist p = {0}, over = {0};
		_cleanup_free_ char *text = NULL;
		struct err e = {0};

		parse(merged[i].base, &p);
		parse(merged[i].over, &over);
		expect_ok(persist_merge(&p, &over, &e), &e);
		text = persist_text(&p);
		expect_text(text, merged[i].both);
	}
}

static const struct {
	const char *text, *says; /* NULL: it can be */
} checked[] = {
	{"vfs=7\n6:vlan=5", NULL},
	{"vfs=0", NULL},
	{"vfs=8", "eth0 can have 7 VFs at most, 8 were asked for"},
	{"vfs=3\n3:vlan=5", "eth0 is to have 3 VFs, counted from 0: there is no VF 3"},
	{"vfs=3\n2:qos=5", "eth0 VF 2: qos needs a vlan"},
};

static void what_cannot_be_is_refused_before_it_is_stored(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(checked); i++) {
		EXPECT_ROW(checked[i].text);
		_cleanup_(persist_clear) struct persist p = {0};
		struct err e = {0};

		parse(checked[i].text, &p);
		if (checked[i].says)
			expect_err(persist_check(&p, "eth0", 7, &e), &e, CNI_ECONFIG,
				   checked[i].says);
		else
			expect_ok(persist_check(&p, "eth0", 7, &e), &e);
	}
}

/* mlx4's "none": the kernel takes it, and so does igb. */
static void what_could_not_be_read_again_is_refused_before_it_is_stored(void **state)
{
	_cleanup_(persist_clear) struct persist p = {0};
	struct err e = {0};

	(void)state;
	parse("vfs=7\n5:vlan=100\n6:vlan=100", &p);
	p.each[1].attrs.f[VF_VLAN].v = 4095;
	expect_err(persist_check(&p, "eth0", 7, &e), &e, CNI_EDEVICE,
		   "eth0 has what cannot be stored; say what is to be there at boot, as in "
		   "0:vlan=0: VF 6: \"vlan\": 4095");
}

/* --- files --- */

static int open_root(void)
{
	struct err e = {0};
	int root = rootfs_open(scratch_path("%s", ""), &e);

	expect_ok(root, &e);
	return root;
}

static int save(int root, const char *pci, const char *text, const char *modules, struct err *e)
{
	_cleanup_(persist_files_clear) struct persist_files files = {0};
	_cleanup_(persist_clear) struct persist p = {0};

	parse(text, &p);
	persist_files_make(pci, &p, "eth0", modules, "/usr/local/sbin/sriovctl", &files);
	return persist_save(root, &files, e);
}

static bool there(int root, const char *path)
{
	struct stat st;

	return fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Files below a folder, folders not counted. */
static int count(const char *folder)
{
	_cleanup_(closedirp) DIR *dir = opendir(folder);
	const struct dirent *d;
	int n = 0;

	while (dir && (d = next_entry(dir)))
		if (d->d_name[0] != '.' || strlen(d->d_name) > 2) {
			char path[512];

			(void)snprintf(path, sizeof(path), "%s/%s", folder, d->d_name);
			n += d->d_type == DT_DIR ? count(path) : 1;
		}
	return n;
}

static void count_removed(const char *path, void *arg)
{
	(void)path;
	++*(int *)arg;
}

static void what_is_stored_is_found_again(void **state)
{
	_cleanup_fd_ int root = open_root();
	_cleanup_(persist_clear) struct persist p = {0};
	_cleanup_free_ char *text = NULL, *unit = NULL;
	_cleanup_free_ struct pciaddr *addrs = NULL;
	struct err e = {0};
	struct stat st;
	size_t n;

	(void)state;
	expect_ok(save(root, PF, "vfs=3\n0:vlan=100", "vfio_pci\n", &e), &e);
	expect_ok(save(root, PF, "vfs=2\n0:vlan=7", "vfio_pci\n", &e), &e); /* in its place */
	expect_int(persist_load(root, PF, &p, &e), 1);
	text = persist_text(&p);
	expect_text(text, "vfs=2\n0:vlan=7,qos=0,proto=802.1q\n");
	expect_int(persist_load(root, OTHER, &p, &e), 0);
	expect_int(fstatat(root, "etc/sriovctl/" PF ".conf", &st, 0), 0);
	expect_int(st.st_mode & 07777, 0644);
	expect_int(there(root, "etc/modules-load.d/sriovctl-" PF ".conf"), true);
	/* the link is one to the unit */
	unit = rootfs_read(root, &e,
			   "etc/systemd/system/multi-user.target.wants/sriovctl-persist@" PF
			   ".service");
	expect_within(unit, "systemd-modules-load sriovctl-%i.conf\n"
			    "ExecStart=/usr/local/sbin/sriovctl persist --apply %i\n");
	scratch_file("x", "etc/sriovctl/notes.conf");
	scratch_file("x", "etc/sriovctl/." OTHER ".conf.new");
	expect_ok(save(root, OTHER, "vfs=1", "", &e), &e);
	expect_int(there(root, "etc/modules-load.d/sriovctl-" OTHER ".conf"), false);
	expect_ok(persist_list(root, &addrs, &n, &e), &e);
	expect_int(n, 2);
	expect_int(addrs[0].rid, 0x100);
	/* and one that needs no module any more */
	expect_ok(save(root, PF, "vfs=2", "", &e), &e);
	expect_int(there(root, "etc/modules-load.d/sriovctl-" PF ".conf"), false);
}

static void the_last_pf_takes_along_what_serves_all(void **state)
{
	_cleanup_fd_ int root = open_root();
	struct err e = {0};
	int told = 0;

	(void)state;
	scratch_file("x", "etc/systemd/system/mine.service");
	scratch_file("x", "etc/udev/rules.d/70-mine.rules");
	expect_ok(save(root, PF, "vfs=3", "vfio_pci\n", &e), &e);
	expect_ok(save(root, OTHER, "vfs=3", "", &e), &e);
	expect_int(count(scratch_path("%s", "")), 2 + 3 + 4 + 3);
	expect_int(persist_remove(root, PF, true, count_removed, &told, &e), 4);
	expect_int(count(scratch_path("%s", "")), 2 + 3 + 4 + 3);
	expect_int(persist_remove(root, PF, false, count_removed, &told, &e), 4);
	expect_int(told, 8);
	expect_int(count(scratch_path("%s", "")), 2 + 3 + 3);
	expect_int(persist_remove(root, PF, false, count_removed, &told, &e), 0);
	expect_int(persist_remove(root, OTHER, false, count_removed, &told, &e), 6);
	expect_int(count(scratch_path("%s", "")), 2);
	expect_int(there(root, "etc/sriovctl"), false);
	expect_int(there(root, "etc/systemd/system/sriovctl-.device.d"), false);
	expect_int(there(root, "etc/systemd/system/mine.service"), true);
}

static const struct {
	const char *path, *link; /* link: where it leads to, NULL: it is a file */
} foreign[] = {
	{"etc/systemd/system/sriovctl-persist@.service", NULL},
	{"etc/systemd/system/sriovctl-persist@.service", "/dev/null"},
	{"etc/systemd/network/00-sriovctl.network", NULL},
	{"etc/udev/rules.d/70-sriovctl-" PF ".rules", "/dev/null"},
	{"etc/systemd/system/multi-user.target.wants/sriovctl-persist@" PF ".service", "/x"},
	{"etc/systemd/system/multi-user.target.wants/sriovctl-persist@" PF ".service", NULL},
};

static void a_file_that_is_not_ours_stays_and_nothing_is_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		EXPECT_ROW(foreign[i].path);
		_cleanup_fd_ int root = open_root();
		struct err e = {0};
		int told = 0;

		if (foreign[i].link)
			scratch_link(foreign[i].link, "%s", foreign[i].path);
		else
			scratch_file("[Unit]\n", "%s", foreign[i].path);
		expect_err(save(root, PF, "vfs=3", "", &e), &e, CNI_ESTATE, foreign[i].path);
		expect_within(e.msg, "move it away");
		expect_int(count(scratch_path("%s", "")), 1);
		expect_int(persist_remove(root, PF, false, count_removed, &told, &e), 0);
		expect_int(unlinkat(root, foreign[i].path, 0), 0); /* it was there */
	}
}

static void where_one_file_cannot_be_written_none_is(void **state)
{
	_cleanup_fd_ int root = open_root();
	struct err e = {0};

	(void)state;
	/* the sixth of them */
	scratch_file("", "etc/systemd/system");
	expect_err(save(root, PF, "vfs=3", "x\n", &e), &e, CNI_EIO,
		   "cannot write /etc/systemd/system/");
	expect_int(count(scratch_path("%s", "")), 1);
}

static void a_damaged_file_is_named(void **state)
{
	_cleanup_fd_ int root = open_root();
	struct persist p = {0};
	struct err e = {0};

	(void)state;
	scratch_file("vfs=3\n\x01\x02", "etc/sriovctl/" PF ".conf");
	expect_err(persist_load(root, PF, &p, &e), &e, CNI_EDECODE,
		   "/etc/sriovctl/" PF ".conf: \"\x01\x02\" is neither");
	expect_within(e.msg, "store anew: sriovctl persist " PF);
	scratch_folder("etc/sriovctl/" OTHER ".conf");
	expect_err(persist_load(root, OTHER, &p, &e), &e, CNI_EIO, "/etc/sriovctl/" OTHER ".conf");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_words_are_read_and_written),
		cmocka_unit_test(bad_words_are_refused_with_what_would_be_good),
		cmocka_unit_test(words_of_the_command_line_are_its_users_fault),
		cmocka_unit_test(words_are_laid_over_what_is_there),
		cmocka_unit_test(what_cannot_be_is_refused_before_it_is_stored),
		cmocka_unit_test(what_could_not_be_read_again_is_refused_before_it_is_stored),
		SCRATCH_TEST(what_is_stored_is_found_again),
		SCRATCH_TEST(the_last_pf_takes_along_what_serves_all),
		SCRATCH_TEST(a_file_that_is_not_ours_stays_and_nothing_is_written),
		SCRATCH_TEST(where_one_file_cannot_be_written_none_is),
		SCRATCH_TEST(a_damaged_file_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
