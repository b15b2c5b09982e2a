/* SPDX-License-Identifier: Apache-2.0 */
/* record_pod_test.c - what a record and an entry of the index still mean: who lives, who works */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cni.h"
#include "fixture.h"
#include "mem.h"
#include "record.h"
#include "sysfs.h"

#define VF "0000:01:10.4"

static int open_folder(void)
{
	struct err e = {0};
	int folder = record_open_folder(scratch_path("state"), &e);

	expect_ok(folder, &e);
	return folder;
}

static int open_sys(void)
{
	struct err e = {0};
	int sys;

	scratch_folder("sys/bus/pci/devices");
	sys = sysfs_open(scratch_path("sys"), &e);
	expect_ok(sys, &e);
	return sys;
}

static void put_record(int folder, const char *container_id, const char *ifname)
{
	const struct record r = {.vf = VF,
				 .container_id = container_id,
				 .ifname = ifname,
				 .network = "n",
				 .netns = "",
				 .driver = ""};
	struct err e = {0};

	expect_ok(record_save(folder, &r, &e), &e);
}

/* --- the namespace --- */

static uint64_t own_cookie(void)
{
	_cleanup_fd_ int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	expect_int(getsockopt(s, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len), 0);
	return cookie;
}

struct life {
	const char *what, *path;
	struct netns_id id;
	uint64_t cookie;
	bool lives;
};

static void expect_lives(const struct life *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct record r = {.netns = rows[i].path,
					 .netns_id = rows[i].id,
					 .netns_cookie = rows[i].cookie};

		EXPECT_ROW(rows[i].what);
		expect_int(record_pod_lives(&r), rows[i].lives);
	}
}

static void a_namespace_lives_by_device_inode_and_cookie(void **state)
{
	struct netns_id own, other;
	struct err e = {0};
	_cleanup_fd_ int fd = netns_open_own(&own, &e);
	const uint64_t cookie = own_cookie();

	(void)state;
	scratch_file("", "file");
	scratch_link("loop", "loop");
	other = (struct netns_id){.dev = own.dev, .ino = own.ino + 1};

	const struct life rows[] = {
		{"itself", "/proc/self/ns/net", own, cookie, true},
		{"no cookie is known", "/proc/self/ns/net", own, 0, true},
		{"the inode is the next one's", "/proc/self/ns/net", own, cookie + 1, false},
		{"another is at the path", "/proc/self/ns/net", other, cookie, false},
		{"nothing is at the path", scratch_path("none"), own, cookie, false},
		{"a file is at the path", scratch_path("file"), own, cookie, false},
		{"what is there cannot be told", scratch_path("loop"), own, cookie, true},
	};

	expect_lives(rows, ARRAY_SIZE(rows));
}

static void mount_here(const char *name)
{
	scratch_file("", "%s", name);
	if (mount("/proc/self/ns/net", scratch_path("%s", name), NULL, MS_BIND, NULL) < 0)
		fail_msg("mount: %s", strerror(errno));
}

/* Before Linux 6.8 a mount has no ID of its own, and the cookie says it. */
static void a_namespace_lives_by_its_mount_too(void **state)
{
	struct netns_id id, in_proc, wrong;
	struct err e = {0};
	const uint64_t cookie = own_cookie();
	bool by_mount;

	(void)state;
	mount_here("pod");
	mount_here("again");
	(void)close(netns_open(scratch_path("pod"), &id, &e));
	(void)close(netns_open("/proc/self/ns/net", &in_proc, &e));
	expect_int(in_proc.mount, 0);
	by_mount = id.mount;
	wrong = (struct netns_id){id.dev, id.ino + 1, id.mount};

	const struct life rows[] = {
		{"it is mounted as before", scratch_path("pod"), id, cookie + 1, by_mount},
		{"it is mounted elsewhere too", scratch_path("again"), id, cookie, true},
		{"another mount, and not its cookie", scratch_path("again"), id, cookie + 1, false},
		{"no mount is known", scratch_path("pod"), in_proc, cookie + 1, false},
		{"the inode is not its own", scratch_path("pod"), wrong, cookie, false},
	};

	expect_lives(rows, ARRAY_SIZE(rows));
	expect_int(umount2(scratch_path("pod"), MNT_DETACH), 0);
	expect_int(umount2(scratch_path("again"), MNT_DETACH), 0);
}

static void a_process_in_a_namespace_is_found_by_inode_and_cookie(void **state)
{
	struct netns_id own;
	struct err e = {0};
	_cleanup_fd_ int fd = netns_open_own(&own, &e);
	struct record r = {.netns = "", .netns_id = own, .netns_cookie = own_cookie()};

	(void)state;
	expect_ok(fd, &e);
	expect_int(record_pod_process(&r), getpid()); /* nobody else is in it */
	r.netns_cookie++;
	expect_int(record_pod_process(&r), 0);
	r.netns_cookie = 0;
	r.netns_id.ino++;
	expect_int(record_pod_process(&r), 0);
}

/* --- the lock, looked at --- */

static void who_looks_at_a_lock_does_not_take_it(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	char holder[RECORD_HOLDER], expected[64];
	struct err e = {0};

	(void)state;
	expect_int(record_lock_held(folder, VF, holder, &e), 0);
	expect_int(faccessat(folder, VF ".lock", F_OK, 0), -1); /* no file was made */
	{
		_cleanup_fd_ int lock = record_lock(folder, VF, "ADD of c1", 0, &e);

		expect_ok(lock, &e);
		expect_int(record_lock_held(folder, VF, holder, &e), 1);
		(void)snprintf(expected, sizeof(expected), "process %d, ADD of c1", (int)getpid());
		expect_text(holder, expected);
	}
	expect_int(record_lock_held(folder, VF, holder, &e), 0);

	_cleanup_fd_ int lock = record_lock(folder, VF, "me", 0, &e);

	expect_ok(lock, &e);
	scratch_link("elsewhere", "state/0000:01:10.6.lock");
	expect_err(record_lock_held(folder, "0000:01:10.6", holder, &e), &e, CNI_ESTATE,
		   "0000:01:10.6.lock");
}

/* --- the index --- */

static bool has(int folder, const char *name)
{
	char target[64];

	return readlinkat(folder, name, target, sizeof(target)) >= 0;
}

static void an_entry_without_its_record_goes(void **state)
{
	_cleanup_fd_ int folder = open_folder(), sys = open_sys();
	const struct {
		const char *what, *owner, *ifname, *target, *record_of, *record_if;
		int gone;
	} rows[] = {
		{"no record", "c1", "net1", VF, NULL, NULL, 1},
		{"its record", "c1", "net1", VF, "c1", "net1", 0},
		{"the record of another container", "c1", "net1", VF, "c2", "net1", 1},
		{"the record of another interface", "c1", "net1", VF, "c1", "net2", 1},
		{"it names another VF by now", "c1", "net1", "0000:01:10.0", NULL, NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char owner[] = "c1";
		struct record_entry entry = {.owner = owner, .ifname = rows[i].ifname};
		struct err e = {0};

		EXPECT_ROW(rows[i].what);
		expect_int(pciaddr_parse(VF, &entry.vf), 0);
		expect_int(
			record_index_add(folder, rows[i].owner, rows[i].ifname, rows[i].target, &e),
			1);
		if (rows[i].record_of)
			put_record(folder, rows[i].record_of, rows[i].record_if);
		expect_int(record_index_stale(folder, sys, &entry, &e), rows[i].gone);
		expect_int(has(folder, "@c1:net1"), true);
		expect_int(record_index_settle(folder, sys, &entry, "me", &e), rows[i].gone);
		expect_int(has(folder, "@c1:net1"), !rows[i].gone);
		expect_int(faccessat(folder, VF ".json", F_OK, 0), rows[i].record_of ? 0 : -1);
		expect_ok(record_index_drop(folder, "c1", "net1", &e), &e);
		expect_ok(record_drop(folder, VF, &e), &e);
	}
}

/* The entry that c1's net1 has made for VF. */
static struct record_entry claim(int folder)
{
	static char owner[] = "c1";
	struct record_entry entry = {.owner = owner, .ifname = "net1"};
	struct err e = {0};

	expect_int(pciaddr_parse(VF, &entry.vf), 0);
	expect_int(record_index_add(folder, "c1", "net1", VF, &e), 1);
	return entry;
}

static void with_an_entry_goes_half_a_record(void **state)
{
	_cleanup_fd_ int folder = open_folder(), sys = open_sys();
	const struct record_entry entry = claim(folder);
	struct err e = {0};

	(void)state;
	scratch_file("{\"vers", "state/" VF ".new");
	expect_int(record_index_settle(folder, sys, &entry, "me", &e), 1);
	expect_int(faccessat(folder, VF ".new", F_OK, 0), -1);
}

/* The claim comes before the record: who has just made one works on the VF. */
static void an_entry_whose_vf_is_worked_on_stays(void **state)
{
	_cleanup_fd_ int folder = open_folder(), sys = open_sys();
	const struct record_entry entry = claim(folder);
	struct err e = {0};
	_cleanup_fd_ int lock = record_lock(folder, VF, "ADD of c1", 0, &e);

	(void)state;
	expect_ok(lock, &e);
	expect_err(record_index_settle(folder, sys, &entry, "me", &e), &e, CNI_EAGAIN, "ADD of c1");
	expect_int(has(folder, "@c1:net1"), true);
}

/* Its record was lost, and DEL knows of it by the entry alone. */
static void an_entry_stays_while_its_vf_without_a_record_is_away(void **state)
{
	_cleanup_fd_ int folder = open_folder(), sys = open_sys();
	const struct record_entry entry = claim(folder);
	struct err e = {0};

	(void)state;
	scratch_folder("sys/bus/pci/devices/" VF);
	scratch_link("../../drivers/igbvf", "sys/bus/pci/devices/" VF "/driver");
	expect_int(record_index_stale(folder, sys, &entry, &e), 0);
	expect_int(record_index_settle(folder, sys, &entry, "me", &e), 0);
	expect_int(has(folder, "@c1:net1"), true);

	scratch_folder("sys/bus/pci/devices/" VF "/net/pf0v0");
	expect_int(record_index_settle(folder, sys, &entry, "me", &e), 1);
	expect_int(has(folder, "@c1:net1"), false);
}

/* DEL sets a damaged record aside, and finds it by the entry. */
static void an_entry_of_a_damaged_record_stays(void **state)
{
	_cleanup_fd_ int folder = open_folder(), sys = open_sys();
	const struct record_entry entry = claim(folder);
	struct err e = {0};

	(void)state;
	scratch_file("{", "state/" VF ".json");
	expect_err(record_index_settle(folder, sys, &entry, "me", &e), &e, CNI_ESTATE, VF ".json");
	expect_int(has(folder, "@c1:net1"), true);
}

static int enter_namespace(void **state)
{
	(void)state;
	scratch_namespaces(CLONE_NEWNET | CLONE_NEWNS);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(who_looks_at_a_lock_does_not_take_it),
		SCRATCH_TEST(an_entry_without_its_record_goes),
		SCRATCH_TEST(with_an_entry_goes_half_a_record),
		SCRATCH_TEST(an_entry_whose_vf_is_worked_on_stays),
		SCRATCH_TEST(an_entry_stays_while_its_vf_without_a_record_is_away),
		SCRATCH_TEST(an_entry_of_a_damaged_record_stays),
	};
	/* entering a namespace, if only the own, wants CAP_SYS_ADMIN */
	const struct CMUnitTest inside[] = {
		SCRATCH_TEST(a_namespace_lives_by_device_inode_and_cookie),
		SCRATCH_TEST(a_namespace_lives_by_its_mount_too),
		SCRATCH_TEST(a_process_in_a_namespace_is_found_by_inode_and_cookie),
	};

	return cmocka_run_group_tests_name("record_pod", tests, NULL, NULL) +
	       cmocka_run_group_tests_name("record_pod, namespaces", inside, enter_namespace, NULL);
}
