/* SPDX-License-Identifier: Apache-2.0 */
/* record_test.c - one attachment on disk, and the folder around it */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "cni.h"
#include "fixture.h"
#include "mem.h"
#include "record.h"

#define VF "0000:01:10.4"

static int open_folder(void)
{
	struct err e = {0};
	int folder = record_open_folder(scratch_path("state"), &e);

	expect_ok(folder, &e);
	return folder;
}

/* --- the format --- */

/* Writes the text as the record of VF. */
static void put_record(const char *fixture)
{
	size_t len;
	_cleanup_free_ char *text = fixture_read(fixture, &len);
	FILE *f = fopen(scratch_path("state/" VF ".json"), "we");

	expect_int(fwrite(text, 1, len, f), len);
	expect_int(fclose(f), 0);
}

/* All objects of a text, as a list. */
static json_t *objects(const char *text, size_t len)
{
	json_t *list = json_array(), *j;
	json_error_t at;

	while (strspn(text, "\n") < len) {
		j = json_loadb(text, len, JSON_DISABLE_EOF_CHECK, &at);
		if (!j)
			fail_msg("%s", at.text);
		json_array_append_new(list, j);
		text += at.position;
		len -= (size_t)at.position;
	}
	return list;
}

static json_t *objects_of_fixture(const char *fixture)
{
	size_t len;
	_cleanup_free_ char *text = fixture_read(fixture, &len);

	return objects(text, len);
}

static json_t *objects_on_disk(void)
{
	FILE *f = fopen(scratch_path("state/" VF ".json"), "re");
	char text[8192] = "";
	size_t len = fread(text, 1, sizeof(text), f);

	expect_int(fclose(f), 0);
	return objects(text, len);
}

/* Every member of the text reaches the struct and the disk again. */
static void a_record_is_read_and_written_as_it_was(void **state)
{
	struct record r = {0};
	struct err e = {0};

	(void)scratch_make(NULL);

	_cleanup_fd_ int folder = open_folder();

	put_record(fixture_beside(state, ".json"));
	expect_ok(record_load(folder, VF, &r, &e), &e);
	expect_text(r.vf, VF);
	expect_ok(record_save(folder, &r, &e), &e);
	record_clear(&r);
	expect_json(objects_on_disk(), objects_of_fixture(fixture_beside(state, ".json")));
	(void)scratch_remove(NULL);
}

/* NAME.expected: part of the message. */
static void a_damaged_record_is_refused_by_name(void **state)
{
	_cleanup_free_ char *expected = fixture_read(fixture_beside(state, ".expected"), NULL);
	struct record r = {.index = 99};
	struct err e;

	(void)scratch_make(NULL);

	_cleanup_fd_ int folder = open_folder();

	expected[strcspn(expected, "\n")] = '\0';
	put_record(fixture_beside(state, ".json"));
	expect_err(record_load(folder, VF, &r, &e), &e, CNI_ESTATE, expected);
	expect_within(e.msg, "record /run/sriov-cni/" VF ".json: ");
	expect_int(r.index, 99);
	(void)scratch_remove(NULL);
}

/*
 * The struct, member by member: a text that comes back the same could have lost what both
 * directions forget.
 */
static void every_member_of_a_record_is_where_it_belongs(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	struct record r = {0};
	struct err e = {0};

	(void)state;
	put_record("record/accepted/complete.json");
	expect_int(record_load(folder, VF, &r, &e), 1);
	expect_text(r.container_id, "8f3c");
	expect_text(r.ifname, "net1");
	expect_text(r.network, "tenant-a");
	expect_text(r.netns, "/run/netns/8f3c");
	expect_int(r.netns_id.dev, 4);
	expect_int(r.netns_id.ino, 4026532567);
	expect_int(r.netns_cookie, 4097);
	expect_int(r.netns_id.mount, 2147484034);
	expect_text(r.pf, "0000:01:00.0");
	expect_int(r.index, 6);
	expect_int(r.phase, RECORD_ATTACHED);
	expect_text(r.driver, "igbvf");
	expect_text(r.bind, "vfio-pci");
	expect_text(r.override, "igbvf");
	expect_text(r.args, "IgnoreUnknown=1;K8S_POD_NAME=web");
	expect_text(r.device_info, "/run/devinfo/net1.json");
	expect_int(r.device_info_ours, true);
	expect_text(r.link.name, "ens1f0v6");
	expect_hex(r.link.mac, 0x3a1b7360bb26);
	expect_int(r.link.mtu, 1500);
	expect_int(r.link.flags, IFF_UP | IFF_PROMISC | IFF_ALLMULTI | IFF_NOARP | IFF_DYNAMIC);
	expect_int(r.link.xdp, true);
	expect_int(r.link.xdp_id, 17);
	expect_int(r.link.tcx, true);
	expect_int(r.link.traits[RT_TXQLEN].v, 1000);
	expect_int(r.link.traits[RT_GROUP].v, UINT32_MAX);
	expect_int(r.link.traits[RT_LINKMODE].v, 1);
	expect_int(r.link.traits[RT_GSO_MAX_SIZE].v, 65536);
	expect_int(r.link.traits[RT_GSO_MAX_SEGS].v, 65535);
	expect_int(r.link.traits[RT_GRO_MAX_SIZE].v, 65537);
	expect_int(r.link.traits[RT_GSO_IPV4_MAX_SIZE].v, 65538);
	expect_int(r.link.traits[RT_GRO_IPV4_MAX_SIZE].set, true);
	expect_hex(r.link.traits[RT_BROADCAST].v, 0xffffffffffff);
	expect_int(r.link.alias_known, true);
	expect_text(r.link.alias, "for \u2192 people");
	expect_int(r.link.n_altnames, 2);
	expect_text(r.link.altnames[0], "enp1s16");
	expect_text(r.link.altnames[1], "a-name-longer-than-an-interface-name");
	expect_int(r.found.f[VF_VLAN].v, 4095);
	expect_int(r.found.f[VF_MAC].set, true);
	expect_int(r.wanted.f[VF_PROTO].v, VF_8021AD);
	expect_int(r.wanted.f[VF_TRUST].set, false);
	expect_text(r.rdma, "mlx5_2");
	expect_int(r.rdma_index.v, 7);
	expect_int(r.flr, true);
	expect_int(r.pf_left, true);
	expect_int(r.time, 1790000000);
	expect_text(json_string_value(json_object_get(r.config, "name")), "tenant-a");
	expect_int(json_object_size(r.result), 5);
	record_clear(&r);
	expect_int(r.doc == NULL, true);
}

/* As programs wrote it that did not know of all that a netdev carries along. */
static void an_older_record_says_nothing_of_what_it_does_not_know(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	json_auto_t *j = objects_of_fixture("record/accepted/of_a_vf_without_netdev.json");
	json_t *link = json_object_get(json_array_get(j, 1), "link");
	struct record r = {0};
	struct err e = {0};
	FILE *f = fopen(scratch_path("state/" VF ".json"), "we");

	(void)state;
	json_object_del(link, "noarp");
	json_object_del(link, "multicast");
	expect_int(json_dumpf(json_array_get(j, 0), f, 0), 0);
	expect_int(json_dumpf(json_array_get(j, 1), f, 0), 0);
	expect_int(fclose(f), 0);
	expect_int(record_load(folder, VF, &r, &e), 1);
	expect_int(r.link.flags, IFF_MULTICAST);
	expect_int(r.link.alias_known, false);
	expect_int(r.link.xdp_id, 0);
	expect_int(r.link.tcx, false);
	for (unsigned i = 0; i < RT_TRAITS; i++)
		expect_int(r.link.traits[i].set, false);
	record_clear(&r);
}

/* Version 1 had all in one object. */
static void a_record_of_the_first_version_is_written_in_the_second(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	struct record r = {0};
	struct err e = {0};

	(void)state;
	put_record("record/version_1.json");
	expect_ok(record_load(folder, VF, &r, &e), &e);
	expect_ok(record_save(folder, &r, &e), &e);
	record_clear(&r);
	expect_json(objects_on_disk(), objects_of_fixture("record/accepted/complete.json"));
}

static void who_has_a_vf_can_be_read_alone(void **state)
{
	static const char *const fixtures[] = {
		"record/accepted/complete.json",
		"record/version_1.json",
		"record/refused/cut_in_the_second_object.json",
		"record/refused/without_the_second_object.json",
	};
	_cleanup_fd_ int folder = open_folder();
	struct record r = {0};
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fixtures); i++) {
		EXPECT_ROW(fixtures[i]);
		put_record(fixtures[i]);
		expect_ok(record_load_head(folder, VF, &r, &e), &e);
		expect_text(r.vf, VF);
		expect_int(record_is_of(&r, "8f3c", "net1"), true);
		expect_text(r.network, "tenant-a");
		expect_text(r.netns, "/run/netns/8f3c");
		expect_int(r.netns_id.ino, 4026532567);
		expect_int(r.phase, RECORD_ATTACHED);
		expect_text(r.pf, "0000:01:00.0");
		expect_int(r.index, 6);
		expect_int(!r.driver && !r.config && !r.result, true);
		record_clear(&r);
	}
	put_record("record/refused/without_phase.json");
	expect_err(record_load_head(folder, VF, &r, &e), &e, CNI_ESTATE, "a member is missing");
	expect_int(r.doc == NULL, true);
}

static void every_phase_goes_to_disk_and_back(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	struct record r = {0}, back = {0};
	struct err e = {0};

	(void)state;
	put_record("record/accepted/complete.json");
	expect_int(record_load(folder, VF, &r, &e), 1);
	for (unsigned p = 0; p < RECORD_PHASES; p++) {
		r.phase = (enum record_phase)p;
		expect_ok(record_save(folder, &r, &e), &e);
		expect_int(record_load(folder, VF, &back, &e), 1);
		expect_int(back.phase, p);
		record_clear(&back);
	}
	record_clear(&r);
}

/* As large as what comes in on standard input may be. */
static void a_record_of_the_largest_configuration_can_be_read_again(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	_cleanup_free_ char *text = malloc(JTABLE_MAX_TEXT + 1);
	struct record r = {0}, back = {0};
	struct err e = {0};

	(void)state;
	put_record("record/accepted/complete.json");
	expect_int(record_load(folder, VF, &r, &e), 1);
	memset(text, 'x', JTABLE_MAX_TEXT);
	memcpy(text, "{\"name\":\"", 9);
	memcpy(text + JTABLE_MAX_TEXT - 2, "\"}", 3);

	json_auto_t *config = jtable_parse(text, JTABLE_MAX_TEXT, "the configuration", &e);

	expect_ok(config ? 0 : -1, &e);
	r.config = config;
	r.result = config;
	expect_ok(record_save(folder, &r, &e), &e);
	expect_ok(record_load(folder, VF, &back, &e), &e);
	expect_int(json_equal(back.config, config), true);
	record_clear(&back);
	record_clear(&r);
}

/* --- the file --- */

static struct record some_record(void)
{
	return (struct record){
		.vf = VF,
		.container_id = "c1",
		.ifname = "net1",
		.network = "n",
		.netns = "/run/netns/x",
		.pf = "0000:01:00.0",
		.driver = "igbvf",
	};
}

static void a_record_is_private_and_leaves_no_other_file(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	const struct record r = some_record();
	struct err e = {0};
	struct stat st;
	mode_t mask = umask(0);

	(void)state;
	expect_ok(record_save(folder, &r, &e), &e);
	(void)umask(mask);
	expect_int(fstatat(folder, VF ".json", &st, AT_SYMLINK_NOFOLLOW), 0);
	expect_hex(st.st_mode, S_IFREG | 0600);
	expect_int(fstatat(folder, VF ".new", &st, AT_SYMLINK_NOFOLLOW), -1);
}

static void what_a_killed_writer_left_is_replaced_and_not_followed(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	const struct record r = some_record();
	struct record back = {0};
	struct err e = {0};
	struct stat st;

	(void)state;
	scratch_file("precious", "target");
	scratch_link("../target", "state/" VF ".new");
	scratch_link("../target", "state/" VF ".json");
	expect_ok(record_save(folder, &r, &e), &e);
	expect_int(record_load(folder, VF, &back, &e), 1);
	expect_int(stat(scratch_path("target"), &st), 0);
	expect_int(st.st_size, strlen("precious"));
	record_clear(&back);
}

static void a_folder_where_a_record_is_written_first_is_named(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	const struct record r = some_record();
	struct record back = {0};
	struct err e = {0};
	struct stat st;

	(void)state;
	scratch_folder("state/" VF ".new");
	expect_ok(record_save(folder, &r, &e), &e); /* an empty one goes */
	expect_int(fstatat(folder, VF ".new", &st, AT_SYMLINK_NOFOLLOW), -1);

	scratch_file("", "state/" VF ".new/x");
	expect_err(record_save(folder, &r, &e), &e, CNI_ESTATE,
		   "/run/sriov-cni/" VF
		   ".new is in the way of the record; it is not ours: remove it");
	expect_int(record_load(folder, VF, &back, &e), 1);
	record_clear(&back);

	/* the record itself goes all the same */
	expect_ok(record_drop(folder, VF, &e), &e);
	expect_int(record_load(folder, VF, &back, &e), 0);
}

static void a_record_that_could_not_be_read_again_is_not_written(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	const size_t size = 9UL * JTABLE_MAX_TEXT;
	_cleanup_free_ char *text = malloc(size + 1);
	struct record r = some_record();
	struct err e;
	struct stat st;

	(void)state;
	memset(text, 'x', size);
	text[size] = '\0';
	r.network = text;
	expect_err(record_save(folder, &r, &e), &e, CNI_EIO, "larger than 8388608 bytes");
	expect_int(fstatat(folder, VF ".json", &st, AT_SYMLINK_NOFOLLOW), -1);
	expect_int(fstatat(folder, VF ".new", &st, AT_SYMLINK_NOFOLLOW), -1);
}

static void what_is_no_regular_file_is_no_record(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	struct record r;
	struct err e;

	(void)state;
	scratch_file("{}", "target");
	scratch_link("../target", "state/0000:01:10.0.json");
	scratch_folder("state/0000:01:10.1.json");
	expect_int(mkfifoat(folder, "0000:01:10.2.json", 0600), 0);
	expect_err(record_load(folder, "0000:01:10.0", &r, &e), &e, CNI_ESTATE,
		   "0000:01:10.0.json");
	expect_int(e.errnum, ELOOP);
	expect_err(record_load(folder, "0000:01:10.1", &r, &e), &e, CNI_ESTATE,
		   "0000:01:10.1.json is no file");
	expect_err(record_drop(folder, "0000:01:10.1", &e), &e, CNI_EIO, "0000:01:10.1.json");
	expect_int(e.errnum, EISDIR);
	(void)alarm(5); /* ends the test, should it hang */
	expect_err(record_load(folder, "0000:01:10.2", &r, &e), &e, CNI_ESTATE,
		   "0000:01:10.2.json is no file");
	(void)alarm(0);
}

static void a_record_that_is_not_there_is_no_failure(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	const struct record saved = some_record();
	struct record r;
	struct err e = {0};

	(void)state;
	expect_int(record_load(folder, VF, &r, &e), 0);
	expect_ok(record_drop(folder, VF, &e), &e);
	expect_ok(record_save(folder, &saved, &e), &e);
	expect_ok(record_drop(folder, VF, &e), &e);
	expect_int(record_load(folder, VF, &r, &e), 0);
	expect_int(e.code, 0);
}

static void a_record_that_is_set_aside_is_not_found_any_more(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	struct record r;
	struct err e = {0};
	struct stat st;

	(void)state;
	put_record("record/refused/cut_in_the_middle.json");
	expect_ok(record_set_aside(folder, VF, &e), &e);
	expect_int(record_load(folder, VF, &r, &e), 0);
	expect_int(stat(scratch_path("state/" VF ".damaged"), &st), 0);

	/* the next one goes over it */
	put_record("record/refused/empty.json");
	expect_ok(record_set_aside(folder, VF, &e), &e);
	expect_int(stat(scratch_path("state/" VF ".damaged"), &st), 0);
	expect_int(st.st_size, 0);

	expect_err(record_set_aside(folder, VF, &e), &e, CNI_EIO, VF ".json");
	expect_int(e.errnum, ENOENT);
}

static void what_is_in_the_way_of_a_damaged_record_is_named(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	struct err e;

	(void)state;
	scratch_file("", "state/a.json");
	scratch_folder("state/a.damaged");
	scratch_folder("state/b.json");
	scratch_file("", "state/b.damaged");
	scratch_folder("state/c.json");
	scratch_file("", "state/c.damaged/x");
	for (char vf[] = "a"; vf[0] <= 'c'; vf[0]++) {
		EXPECT_ROW(vf);
		expect_err(record_set_aside(folder, vf, &e), &e, CNI_ESTATE, "/run/sriov-cni/");
		expect_within(e.msg, ".damaged is in the way: remove it");
	}
}

static void with_a_record_goes_what_a_killed_writer_left(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	struct err e = {0};
	struct stat st;

	(void)state;
	scratch_file("{", "state/" VF ".new");
	expect_ok(record_drop(folder, VF, &e), &e);
	expect_int(stat(scratch_path("state/" VF ".new"), &st), -1);
}

/* --- the folder --- */

static void the_folder_is_made_for_its_owner_alone(void **state)
{
	struct stat st;
	mode_t mask = umask(0);
	_cleanup_fd_ int folder = open_folder(), again = open_folder();

	(void)state;
	(void)umask(mask);
	expect_int(fstat(folder, &st), 0);
	expect_hex(st.st_mode, S_IFDIR | 0700);
	expect_int(fcntl(again, F_GETFD), FD_CLOEXEC);
}

static void a_folder_that_others_can_reach_is_refused(void **state)
{
	struct err e;

	(void)state;
	scratch_folder("real");
	scratch_link("real", "link");
	scratch_file("", "file");
	expect_err(record_open_folder(scratch_path("link"), &e), &e, CNI_ESTATE, "not a link");
	expect_err(record_open_folder(scratch_path("file"), &e), &e, CNI_ESTATE,
		   "has to be a folder");
	expect_err(record_open_folder(scratch_path("none/below"), &e), &e, CNI_EIO, "cannot make");
	for (mode_t bit = 1; bit < 0100; bit <<= 1) {
		expect_int(chmod(scratch_path("real"), 0700 | bit), 0);
		expect_err(record_open_folder(scratch_path("real"), &e), &e, CNI_ESTATE,
			   "with mode 7");
	}
}

static void a_folder_of_another_user_is_refused(void **state)
{
	const char *path = scratch_path("state");
	struct err e;

	(void)state;
	scratch_folder("state");
	if (chown(path, geteuid() + 1, (gid_t)-1) < 0)
		path = "/"; /* root's, where we are not root */
	expect_err(record_open_folder(path, &e), &e, CNI_ESTATE, "belongs to user");
}

/* --- locks --- */

/* A process that holds the lock of VF until it is killed, or for so long. */
static pid_t hold_lock(int folder, const char *who, unsigned ms)
{
	int ready[2];
	char c;
	pid_t pid;

	expect_int(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		struct err e;

		if (record_lock(folder, VF, who, 1000, &e) < 0)
			_exit(1);
		(void)!write(ready[1], "", 1);
		(void)usleep(ms * 1000);
		_exit(0);
	}
	(void)close(ready[1]);
	expect_int(read(ready[0], &c, 1), 1); /* not 1: it ended without the lock */
	(void)close(ready[0]);
	return pid;
}

static void end(pid_t pid)
{
	expect_int(kill(pid, SIGKILL), 0);
	expect_int(waitpid(pid, NULL, 0), pid);
}

static void who_waits_in_vain_is_told_who_has_the_lock(void **state)
{
	static const int timeouts[] = {0, 1, 50, 100, 250};
	_cleanup_fd_ int folder = open_folder();
	pid_t pid = hold_lock(folder, "ADD of container c1, interface net1", 60000);
	char holder[64];

	(void)state;
	(void)snprintf(holder, sizeof(holder),
		       "process %d, ADD of container c1, interface net1; try again", (int)pid);
	for (size_t i = 0; i < ARRAY_SIZE(timeouts); i++) {
		int64_t begin = clock_ms();
		struct err e;

		expect_err(record_lock(folder, VF, "me", timeouts[i], &e), &e, CNI_EAGAIN, holder);

		int64_t took = clock_ms() - begin;

		if (took < timeouts[i] || took > 30000) /* half as long as it is held */
			fail_msg("waited %d ms instead of %d", (int)took, timeouts[i]);
	}
	end(pid);
}

static void the_lock_of_a_killed_process_is_free(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	struct err e = {0};

	(void)state;
	end(hold_lock(folder, "a process with a very long name, longer than that of those after it",
		      60000));

	_cleanup_fd_ int lock = record_lock(folder, VF, "me", 0, &e);
	char text[512] = "", mine[64];

	expect_ok(lock, &e);
	expect_int(fcntl(lock, F_GETFD), FD_CLOEXEC);
	(void)snprintf(mine, sizeof(mine), "process %d, me", (int)getpid());
	expect_int(pread(lock, text, sizeof(text) - 1, 0) > 0, true);
	expect_text(text, mine);
	for (size_t i = strlen(text); i < sizeof(text); i++)
		expect_int(text[i], 0); /* nothing of the holder before, nothing of our memory */
}

static void who_waits_gets_the_lock_when_it_is_given_back(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	struct err e = {0};
	pid_t pid = hold_lock(folder, "a short operation", 300);
	int64_t begin = clock_ms();
	_cleanup_fd_ int lock = record_lock(folder, VF, "me", 10000, &e);

	(void)state;
	expect_ok(lock, &e);
	if (clock_ms() - begin > 3000)
		fail_msg("got the lock after %d ms", (int)(clock_ms() - begin));
	expect_int(waitpid(pid, NULL, 0), pid);
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void waiting_for_a_lock_leaves_the_alarm_as_it_was(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	const struct sigaction ours = {.sa_handler = on_alarm};
	struct sigaction before, after;
	struct itimerval timer;
	struct err e;
	pid_t pid = hold_lock(folder, "x", 60000);

	(void)state;
	expect_int(sigaction(SIGALRM, &ours, &before), 0);
	expect_err(record_lock(folder, VF, "me", 50, &e), &e, CNI_EAGAIN, "");
	expect_int(getitimer(ITIMER_REAL, &timer), 0);
	expect_int(timer.it_value.tv_usec + timer.it_value.tv_sec + timer.it_interval.tv_usec, 0);
	expect_int(sigaction(SIGALRM, &before, &after), 0);
	expect_int(after.sa_handler == on_alarm, true);
	end(pid);
}

static void the_locks_of_two_vfs_are_two(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	struct err e = {0};
	pid_t pid = hold_lock(folder, "x", 60000);
	_cleanup_fd_ int lock = record_lock(folder, "0000:01:10.0", "me", 0, &e);

	(void)state;
	expect_ok(lock, &e);
	end(pid);
}

/* Whoever holds a lock writes into it. */
static void what_is_no_file_of_ours_is_no_lock(void **state)
{
	static const char *const locks[] = {"link", "dangling", "folder", "fifo", "second"};
	_cleanup_fd_ int folder = open_folder();
	struct stat before, after;
	struct err e;

	(void)state;
	scratch_file("precious", "target");
	scratch_link("../target", "state/link.lock");
	scratch_link("../nothing", "state/dangling.lock");
	scratch_folder("state/folder.lock");
	expect_int(mkfifoat(folder, "fifo.lock", 0600), 0);
	expect_int(link(scratch_path("target"), scratch_path("state/second.lock")), 0);
	expect_int(stat(scratch_path("target"), &before), 0);
	for (size_t i = 0; i < ARRAY_SIZE(locks); i++) {
		EXPECT_ROW(locks[i]);
		expect_err(record_lock(folder, locks[i], "me", 0, &e), &e, CNI_ESTATE, locks[i]);
		expect_within(e.msg, "/run/sriov-cni/");
		expect_within(e.msg, "it is not ours: remove it");
	}
	expect_int(stat(scratch_path("target"), &after), 0);
	expect_int(after.st_size, before.st_size);
	expect_int(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
	expect_int(access(scratch_path("nothing"), F_OK), -1);
}

/* --- the index --- */

static void an_interface_of_a_container_has_one_vf(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	char vf[PCIADDR_TEXT] = "untouched";
	struct err e = {0};

	(void)state;
	expect_int(record_index_find(folder, "c1", "net1", vf, &e), 0);
	expect_text(vf, "untouched");
	expect_int(record_index_add(folder, "c1", "net1", VF, &e), 1);
	expect_int(record_index_add(folder, "c1", "net1", "0000:01:10.0", &e), 0);
	expect_int(record_index_add(folder, "c1", "net2", "0000:01:10.0", &e), 1);
	expect_int(record_index_add(folder, "c2", "net1", "0000:01:10.2", &e), 1);

	/* dangling, as there is no record: it is found all the same */
	expect_int(record_index_find(folder, "c1", "net1", vf, &e), 1);
	expect_text(vf, VF);
	expect_int(record_index_find(folder, "c1", "net2", vf, &e), 1);
	expect_text(vf, "0000:01:10.0");

	expect_ok(record_index_drop(folder, "c1", "net1", &e), &e);
	expect_int(record_index_find(folder, "c1", "net1", vf, &e), 0);
	expect_int(record_index_find(folder, "c2", "net1", vf, &e), 1);
	expect_ok(record_index_drop(folder, "c1", "net1", &e), &e);
	expect_int(e.code, 0);
}

static void the_index_is_listed_by_address(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	struct record_entry *list = NULL;
	struct err e = {0};
	size_t n = 1;

	(void)state;
	expect_ok(record_index_list(folder, &list, &n, &e), &e);
	expect_int(n, 0);
	record_entries_free(list, n);

	expect_int(record_index_add(folder, "c1", "net1", "0000:02:10.0", &e), 1);
	expect_int(record_index_add(folder, "c.2", "net2", "0000:01:10.4", &e), 1);
	expect_int(record_index_add(folder, "c3", "a", "10000:01:10.4", &e), 1);
	scratch_link("../../etc/shadow", "state/@c4:a"); /* a foreign one is none */
	scratch_link("0000:01:10.0", "state/@c5");
	scratch_file("{}", "state/0000:01:10.6.json");
	expect_ok(record_index_list(folder, &list, &n, &e), &e);
	expect_int(n, 3);
	expect_hex(list[0].vf.rid, 0x184);
	expect_text(list[0].owner, "c.2");
	expect_text(list[0].ifname, "net2");
	expect_hex(list[1].vf.rid, 0x280);
	expect_text(list[1].owner, "c1");
	expect_hex(list[2].vf.domain, 0x10000);
	record_entries_free(list, n);
}

static void the_longest_names_fit_into_the_index(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	char id[201], vf[PCIADDR_TEXT];
	struct err e = {0};

	(void)state;
	memset(id, 'c', 200);
	id[200] = '\0';
	expect_int(record_index_add(folder, id, "abcdefghijklmno", "fffffff:ff:1f.7", &e), 1);
	id[199] = 'd';
	expect_int(record_index_find(folder, id, "abcdefghijklmno", vf, &e), 0);
	id[199] = 'c';
	expect_int(record_index_find(folder, id, "abcdefghijklmno", vf, &e), 1);
	expect_text(vf, "fffffff:ff:1f.7");
}

static void an_entry_that_holds_no_pci_address_is_refused(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	char vf[PCIADDR_TEXT] = "untouched";
	struct err e;

	(void)state;
	scratch_link("../../etc/shadow", "state/@c1:a");
	scratch_link("0000:01:10.44444444", "state/@c1:b"); /* cut, it would be one */
	scratch_file("0000:01:10.4", "state/@c1:c");
	scratch_folder("state/@c1:d");
	for (char name[] = "a"; name[0] <= 'd'; name[0]++) {
		EXPECT_ROW(name);
		expect_err(record_index_find(folder, "c1", name, vf, &e), &e, CNI_ESTATE,
			   "remove it");
		expect_within(e.msg, "/run/sriov-cni/@c1:");
		expect_text(vf, "untouched");
	}
}

static void the_mark_of_a_pf_comes_and_goes(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	struct err e = {0};

	(void)state;
	expect_int(record_pf_raised(folder, "0000:01:00.0", &e), 0);
	for (int i = 0; i < 2; i++) {
		expect_ok(record_pf_mark(folder, "0000:01:00.0", true, &e), &e);
		expect_int(record_pf_raised(folder, "0000:01:00.0", &e), 1);
	}
	expect_int(record_pf_raised(folder, "0000:01:00.1", &e), 0);
	for (int i = 0; i < 2; i++) {
		expect_ok(record_pf_mark(folder, "0000:01:00.0", false, &e), &e);
		expect_int(record_pf_raised(folder, "0000:01:00.0", &e), 0);
	}
	expect_int(e.code, 0);

	scratch_link("../target", "state/0000:01:00.2.raised");
	expect_err(record_pf_mark(folder, "0000:01:00.2", true, &e), &e, CNI_EIO,
		   "/run/sriov-cni/0000:01:00.2.raised");
	expect_int(e.errnum, ELOOP);
}

struct seen {
	unsigned n, stop;
	char last[PCIADDR_TEXT];
};

static int see(const char *vf, void *arg, struct err *e)
{
	struct seen *s = arg;

	(void)snprintf(s->last, sizeof(s->last), "%s", vf);
	return ++s->n == s->stop ? err_set(e, CNI_EIO, 0, "stop") : 0;
}

static void the_list_has_the_records_and_nothing_else(void **state)
{
	_cleanup_fd_ int folder = open_folder();
	const struct record r = some_record();
	struct seen all = {0}, two = {.stop = 2};
	struct err e = {0};

	(void)state;
	scratch_file("", "state/0000:01:10.0.new");
	scratch_file("", "state/0000:01:10.0.lock");
	scratch_file("", "state/0000:01:10.0.damaged");
	scratch_file("", "state/0000:01:00.0.raised");
	scratch_file("", "state/x.json");
	scratch_file("", "state/.json");
	scratch_file("", "state/0000:01:10.0000000000000000000.json");
	scratch_link(VF, "state/@c1:net1");
	expect_ok(record_save(folder, &r, &e), &e);
	for (int i = 0; i < 2;
	     i++) { /* reading the folder leaves the descriptor at its beginning */
		all.n = 0;
		expect_ok(record_each(folder, see, &all, &e), &e);
		expect_int(all.n, 1);
		expect_text(all.last, VF);
	}
	scratch_file("", "state/0000:01:10.0.json");
	scratch_file("", "state/0000:01:10.2.json");
	expect_err(record_each(folder, see, &two, &e), &e, CNI_EIO, "stop");
	expect_int(two.n, 2);
}

/* --- a full disk --- */

static int enter_namespaces(void **state)
{
	(void)state;
	scratch_namespaces(CLONE_NEWNS);
	return 0;
}

static void on_a_full_disk_the_record_before_stays(void **state)
{
	struct record r = some_record(), back = {0};
	char text[8192];
	struct err e = {0};

	(void)state;
	scratch_folder("state");
	if (mount("none", scratch_path("state"), "tmpfs", 0, "size=8k,mode=0700") < 0)
		fail_msg("tmpfs: %s", strerror(errno));

	_cleanup_fd_ int folder = open_folder();

	expect_ok(record_save(folder, &r, &e), &e);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	r.network = text;
	expect_err(record_save(folder, &r, &e), &e, CNI_EIO, "cannot write the record of VF " VF);
	expect_int(e.errnum, ENOSPC);
	expect_ok(record_load(folder, VF, &back, &e), &e);
	expect_text(back.network, "n");
	record_clear(&back);

	/* the half that was written is away again: what is small fits */
	r.network = "m";
	expect_ok(record_save(folder, &r, &e), &e);
	(void)umount2(scratch_path("state"), MNT_DETACH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(every_member_of_a_record_is_where_it_belongs),
		SCRATCH_TEST(an_older_record_says_nothing_of_what_it_does_not_know),
		SCRATCH_TEST(a_record_of_the_first_version_is_written_in_the_second),
		SCRATCH_TEST(who_has_a_vf_can_be_read_alone),
		SCRATCH_TEST(every_phase_goes_to_disk_and_back),
		SCRATCH_TEST(a_record_of_the_largest_configuration_can_be_read_again),
		SCRATCH_TEST(a_record_is_private_and_leaves_no_other_file),
		SCRATCH_TEST(what_a_killed_writer_left_is_replaced_and_not_followed),
		SCRATCH_TEST(a_folder_where_a_record_is_written_first_is_named),
		SCRATCH_TEST(a_record_that_could_not_be_read_again_is_not_written),
		SCRATCH_TEST(what_is_no_regular_file_is_no_record),
		SCRATCH_TEST(a_record_that_is_not_there_is_no_failure),
		SCRATCH_TEST(what_is_in_the_way_of_a_damaged_record_is_named),
		SCRATCH_TEST(with_a_record_goes_what_a_killed_writer_left),
		SCRATCH_TEST(a_record_that_is_set_aside_is_not_found_any_more),
		SCRATCH_TEST(the_folder_is_made_for_its_owner_alone),
		SCRATCH_TEST(a_folder_that_others_can_reach_is_refused),
		SCRATCH_TEST(a_folder_of_another_user_is_refused),
		SCRATCH_TEST(who_waits_in_vain_is_told_who_has_the_lock),
		SCRATCH_TEST(the_lock_of_a_killed_process_is_free),
		SCRATCH_TEST(who_waits_gets_the_lock_when_it_is_given_back),
		SCRATCH_TEST(waiting_for_a_lock_leaves_the_alarm_as_it_was),
		SCRATCH_TEST(the_locks_of_two_vfs_are_two),
		SCRATCH_TEST(what_is_no_file_of_ours_is_no_lock),
		SCRATCH_TEST(an_interface_of_a_container_has_one_vf),
		SCRATCH_TEST(the_index_is_listed_by_address),
		SCRATCH_TEST(the_longest_names_fit_into_the_index),
		SCRATCH_TEST(an_entry_that_holds_no_pci_address_is_refused),
		SCRATCH_TEST(the_mark_of_a_pf_comes_and_goes),
		SCRATCH_TEST(the_list_has_the_records_and_nothing_else),
	};
	const struct CMUnitTest inside[] = {
		SCRATCH_TEST(on_a_full_disk_the_record_before_stays),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL) +
	       fixture_run("record/accepted", a_record_is_read_and_written_as_it_was) +
	       fixture_run("record/refused", a_damaged_record_is_refused_by_name) +
	       cmocka_run_group_tests_name("record, full", inside, enter_namespaces, NULL);
}
