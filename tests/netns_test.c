/* SPDX-License-Identifier: Apache-2.0 */
/* netns_test.c - open a network namespace; run one function inside it and come back */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cni.h"
#include "fixture.h"
#include "mem.h"
#include "netns.h"

static void the_own_namespace_is_that_of_proc(void **state)
{
	struct netns_id id;
	struct stat st;
	struct err e = {0};
	_cleanup_fd_ int fd = netns_open_own(&id, &e);

	(void)state;
	expect_ok(fd, &e);
	expect_int(stat("/proc/self/ns/net", &st), 0);
	expect_int(id.dev, st.st_dev);
	expect_int(id.ino, st.st_ino);
	expect_int(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

static void the_identity_need_not_be_asked_for(void **state)
{
	struct err e = {0};
	_cleanup_fd_ int fd = netns_open("/proc/self/ns/net", NULL, &e);

	(void)state;
	expect_ok(fd, &e);
}

static void a_namespace_is_the_same_in_device_and_inode(void **state)
{
	const struct netns_id a = {4, 5, 0}, b = {4, 6, 0}, c = {3, 5, 0}, d = {4, 5, 1};

	(void)state;
	expect_int(netns_same(&a, &b), false);
	expect_int(netns_same(&a, &c), false);
	expect_int(netns_same(&a, &d), true);
}

static void what_is_no_network_namespace_is_refused(void **state)
{
	const struct {
		const char *path;
		int code, errnum;
	} rows[] = {
		{scratch_path("none"), CNI_EUNKNOWN, ENOENT},
		{scratch_path("file/below"), CNI_EUNKNOWN, ENOTDIR},
		{scratch_path("file"), CNI_EUNKNOWN, EINVAL},
		{scratch_path("."), CNI_EUNKNOWN, EINVAL},
		{"/proc/self/ns/uts", CNI_EUNKNOWN, EINVAL}, /* a namespace, but of another kind */
		{"/dev/null", CNI_EUNKNOWN, EINVAL},
		{"", CNI_EUNKNOWN, ENOENT},
	};

	(void)state;
	scratch_file("", "file");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct netns_id id = {1, 1, 0};
		struct err e;

		EXPECT_ROW(rows[i].path);
		expect_err(netns_open(rows[i].path, &id, &e), &e, rows[i].code, rows[i].path);
		expect_int(e.errnum, rows[i].errnum);
		expect_int(id.ino, 1);
	}
}

static void a_fifo_is_refused_and_nobody_waits_for_its_writer(void **state)
{
	const char *path = scratch_path("fifo");
	struct err e;

	(void)state;
	expect_int(mkfifo(path, 0600), 0);
	(void)alarm(5); /* ends the test, should it hang */
	expect_err(netns_open(path, NULL, &e), &e, CNI_EUNKNOWN, "fifo is not a network namespace");
	(void)alarm(0);
}

static void nothing_refused_stays_open(void **state)
{
	_cleanup_fd_ int before = dup(0);
	struct err e;

	(void)state;
	for (int i = 0; i < 100; i++)
		expect_int(netns_open("/proc/self/ns/uts", NULL, &e), -1);

	_cleanup_fd_ int after = dup(0);

	expect_int(after, before + 1);
}

/* --- in a user namespace of our own --- */

/* Made by the group's setup: the namespace we were in, the one we are in, and a third. */
static int outside = -1, own = -1, other = -1;
static struct netns_id own_id, other_id;

static int make_namespaces(void **state)
{
	struct err e;

	(void)state;
	outside = netns_open_own(NULL, &e);
	scratch_namespaces(CLONE_NEWNET | CLONE_NEWNS);
	other = netns_open_own(&other_id, &e);
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	own = netns_open_own(&own_id, &e);
	return outside < 0 || other < 0 || own < 0 ? -1 : 0;
}

static int where_am_i(void *arg, struct err *e)
{
	_cleanup_fd_ int fd = netns_open_own(arg, e);

	return fd < 0 ? -1 : 7;
}

static void a_cookie_tells_one_namespace_from_another(void **state)
{
	struct netns_id after;
	struct err e = {0};

	(void)state;
	expect_int(netns_cookie(own) != 0, true);
	expect_int(netns_cookie(own), netns_cookie(own));
	expect_int(netns_cookie(other) != netns_cookie(own), true);
	expect_int(netns_cookie(-1), 0);
	expect_int(where_am_i(&after, &e), 7);
	expect_int(after.ino, own_id.ino);
}

static int fail_inside(void *arg, struct err *e)
{
	return err_set(e, CNI_EIO, 0, "%s", (const char *)arg);
}

static void a_function_runs_inside_and_its_result_comes_back(void **state)
{
	struct netns_id inside, after;
	struct err e = {0};

	(void)state;
	expect_int(netns_same(&own_id, &other_id), false);
	expect_int(netns_run(own, other, where_am_i, &inside, &e), 7);
	expect_int(inside.ino, other_id.ino);
	expect_int(where_am_i(&after, &e), 7);
	expect_int(after.ino, own_id.ino);
}

static void a_failure_inside_comes_back_too(void **state)
{
	struct netns_id after;
	char why[] = "inside";
	struct err e = {0};

	(void)state;
	expect_err(netns_run(own, other, fail_inside, why, &e), &e, CNI_EIO, "inside");
	expect_int(where_am_i(&after, &e), 7);
	expect_int(after.ino, own_id.ino);
}

static void a_namespace_that_cannot_be_entered_runs_nothing(void **state)
{
	char why[] = "it ran";
	struct err e;

	(void)state;
	/* root here, but not in the user namespace that this one belongs to */
	expect_err(netns_run(own, outside, fail_inside, why, &e), &e, CNI_EKERNEL, "cannot enter");
	expect_int(e.errnum, EPERM);
}

static void a_way_back_that_is_barred_is_told(void **state)
{
	struct netns_id inside;
	struct err e = {0};

	(void)state;
	expect_err(netns_run(outside, other, where_am_i, &inside, &e), &e, CNI_EKERNEL,
		   "cannot return");
	expect_int(e.errnum, EPERM);
	expect_int(setns(own, CLONE_NEWNET), 0);
}

/* --- found by its identity --- */

enum keeper { BY_PROCESS, BY_FILE, BY_PLACE, BY_SOCKET };

/* As "ip netns" leaves a file that was opened by its path: the name of it is "/". */
static int open_at_a_place(void)
{
	const char *place = scratch_path("place");
	int fd;

	if (mount("/proc/self/ns/net", place, NULL, MS_BIND, NULL) < 0)
		_exit(1);
	fd = open(place, O_RDONLY | O_CLOEXEC);
	return umount2(place, MNT_DETACH) < 0 ? -1 : fd;
}

/* In a process of its own: keeps a new namespace alive in one way, says its inode, ends with us. */
static void keep(enum keeper how, int pipe_fd)
{
	_cleanup_fd_ int fd = -1;
	struct netns_id id;
	struct err e;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || unshare(CLONE_NEWNET) < 0)
		_exit(1);
	(void)close(netns_open_own(&id, &e));
	fd = how == BY_SOCKET  ? socket(AF_INET, SOCK_DGRAM, 0)
	     : how == BY_PLACE ? open_at_a_place()
			       : netns_open_own(NULL, &e);
	if (how != BY_PROCESS && setns(own, CLONE_NEWNET) < 0)
		_exit(1);
	if (how == BY_PROCESS)
		(void)close(fd), fd = -1;
	if (write(pipe_fd, &id, sizeof(id)) != sizeof(id))
		_exit(1);
	(void)pause();
	_exit(0);
}

static void a_namespace_is_found_by_who_keeps_it_alive(void **state)
{
	(void)state;
	scratch_file("", "place");
	for (enum keeper how = BY_PROCESS; how <= BY_SOCKET; how++) {
		struct netns_id id, found;
		struct err e = {0};
		char path[32];
		int fds[2];

		expect_int(pipe2(fds, O_CLOEXEC), 0);
		pid_t pid = fork();

		if (!pid)
			keep(how, fds[1]);
		expect_int(read(fds[0], &id, sizeof(id)), sizeof(id));
		int fd = netns_find(&id);

		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		EXPECT_ROW(path);
		int again = netns_open(path, &found, &e);

		expect_ok(again, &e);
		expect_int(netns_same(&id, &found), true);
		(void)close(again);
		(void)close(fd);
		expect_int(kill(pid, SIGKILL), 0);
		expect_int(waitpid(pid, NULL, 0), pid);
		(void)close(fds[0]);
		(void)close(fds[1]);
	}
}

static void a_namespace_that_nobody_keeps_is_not_found(void **state)
{
	const struct netns_id id = {.dev = own_id.dev, .ino = own_id.ino ^ 0x10000000};

	(void)state;
	expect_int(netns_find(&id), -1);
}

static void a_file_on_a_dead_server_holds_up_no_search(void **state)
{
	_cleanup_fd_ int dead = scratch_dead_file();

	(void)alarm(20); /* ends the test, should it hang */
	a_namespace_that_nobody_keeps_is_not_found(state);
	(void)alarm(0);
	expect_int(dead >= 0, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_own_namespace_is_that_of_proc),
		cmocka_unit_test(the_identity_need_not_be_asked_for),
		cmocka_unit_test(a_namespace_is_the_same_in_device_and_inode),
		SCRATCH_TEST(what_is_no_network_namespace_is_refused),
		SCRATCH_TEST(a_fifo_is_refused_and_nobody_waits_for_its_writer),
		cmocka_unit_test(nothing_refused_stays_open),
	};
	const struct CMUnitTest inside[] = {
		cmocka_unit_test(a_cookie_tells_one_namespace_from_another),
		cmocka_unit_test(a_function_runs_inside_and_its_result_comes_back),
		cmocka_unit_test(a_failure_inside_comes_back_too),
		cmocka_unit_test(a_namespace_that_cannot_be_entered_runs_nothing),
		cmocka_unit_test(a_way_back_that_is_barred_is_told),
		SCRATCH_TEST(a_namespace_is_found_by_who_keeps_it_alive),
		cmocka_unit_test(a_namespace_that_nobody_keeps_is_not_found),
		SCRATCH_TEST(a_file_on_a_dead_server_holds_up_no_search),
	};

	return cmocka_run_group_tests_name("netns", tests, NULL, NULL) +
	       cmocka_run_group_tests_name("netns, inside", inside, make_namespaces, NULL);
}
