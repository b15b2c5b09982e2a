/* SPDX-License-Identifier: Apache-2.0 */
/* rt_test.c - links, addresses and routes on a live kernel; the witness is ip(8) */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "cni.h"
#include "fixture.h"
#include "mem.h"
#include "netns.h"
#include "rt.h"
#include "rt_vf.h"

/*
 * Two namespaces: the one the process is in plays the host, the other the pod. Made for each test.
 *
 */
static int host_ns = -1, pod_ns = -1;
static struct rt *host, *pod;

static int make_namespaces(void **state)
{
	struct err e;

	(void)state;
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	pod_ns = netns_open_own(NULL, &e);
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	host_ns = netns_open_own(NULL, &e);
	expect_ok(rt_open(&host, &e), &e);
	expect_ok(rt_open_in(host_ns, pod_ns, &pod, &e), &e);
	return 0;
}

static int leave_namespaces(void **state)
{
	(void)state;
	rt_free(host);
	rt_free(pod);
	closep(&host_ns);
	closep(&pod_ns);
	host = pod = NULL;
	return 0;
}

static int enter_user_namespace(void **state)
{
	(void)state;
	scratch_namespaces(CLONE_NEWNET);
	return 0;
}

/* --- the witness --- */

/*
 * Runs `ip` with these arguments, which must succeed, in the namespace; its JSON for "-j", owned by
 * the caller.
 */
static int run_ip(void *arg, struct err *e)
{
	json_t **ret = arg;
	char command[512];
	FILE *p;

	(void)snprintf(command, sizeof(command), "ip %s", json_string_value(*ret));
	json_decref(*ret);
	p = popen(command, "re"); /* NOLINT: the commands stand in this file */
	*ret = json_loadf(p, 0, NULL);
	if (pclose(p))
		return err_set(e, CNI_EIO, 0, "%s", command);
	return 0;
}

__attribute__((format(printf, 2, 3))) static json_t *ip(int ns, const char *fmt, ...)
{
	struct err e = {0};
	json_t *j;
	va_list ap;
	char text[256];

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	j = json_string(text);
	expect_ok(netns_run(host_ns, ns, run_ip, &j, &e), &e);
	return j;
}

/*
 * Expects the only object that `ip` lists to have these members; a flag is looked for in "flags".
 *
 */
static void expect_members(json_t *list, const char *expected)
{
	json_auto_t *want = json_loads(expected, 0, NULL), *got = list;
	json_t *have = json_array_get(got, 0), *v;
	const char *key;

	expect_int(json_array_size(got), 1);
	expect_int(json_is_object(want), true);
	json_object_foreach(want, key, v) {
		EXPECT_ROW(key);
		expect_json(json_incref(json_object_get(have, key)) ?: json_null(), json_incref(v));
	}
}

static bool has_flag(json_t *list, const char *flag)
{
	json_auto_t *got = list;
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(json_array_get(got, 0), "flags"), i, v)
		if (!strcmp(json_string_value(v), flag))
			return true;
	return false;
}

/* --- links --- */

static int index_of(struct rt *rt, const char *name)
{
	struct rt_link l;
	struct err e = {0};

	expect_ok(rt_link_by_name(rt, name, &l, &e), &e);
	return l.ifindex;
}

static void a_link_is_found_by_name_and_by_index(void **state)
{
	struct rt_link by_name, by_index, none = {.ifindex = 99};
	struct err e = {0};

	(void)state;
	(void)ip(host_ns, "link add v0 address 02:00:5e:00:00:01 mtu 1400 type veth peer name v1");
	(void)ip(
		host_ns,
		"link property add dev v0 altname a-name-longer-than-that-of-an-interface altname b");
	expect_ok(rt_link_by_name(host, "v0", &by_name, &e), &e);
	expect_text(by_name.name, "v0");
	expect_hex(by_name.mac, 0x02005e000001);
	expect_int(by_name.mtu, 1400);
	expect_int(by_name.arptype, ARPHRD_ETHER);
	expect_int(by_name.flags & IFF_UP, 0);
	expect_text(by_name.parent, "");
	expect_int(by_name.n_altnames, 2);
	expect_text(by_name.altnames[0], "a-name-longer-than-that-of-an-interface");
	expect_text(by_name.altnames[1], "b");
	expect_ok(rt_link_by_index(host, by_name.ifindex, &by_index, &e), &e);
	expect_bytes(&by_index, sizeof(by_index), &by_name, sizeof(by_name));

	expect_err(rt_link_by_name(host, "none", &none, &e), &e, CNI_EKERNEL,
		   "link none: No such device");
	expect_int(e.errnum, ENODEV);
	expect_err(rt_link_by_index(host, 12345, &none, &e), &e, CNI_EKERNEL,
		   "link number 12345: No such device");
	expect_int(e.errnum, ENODEV);
	expect_int(none.ifindex, 99);
}

static void of_many_links_the_dump_is_read_to_its_end(void **state)
{
	struct rt_link l = {.ifindex = 99};
	struct err e;
	FILE *batch = fopen(scratch_path("batch"), "we");

	(void)state;
	for (int i = 0; i < 60; i++)
		(void)fprintf(batch, "link add a%d type veth peer name b%d\n", i, i);
	(void)fclose(batch);
	(void)ip(host_ns, "-batch %s", scratch_path("batch"));
	expect_err(rt_link_by_parent(host, "0000:01:10.0", &l, &e), &e, CNI_EKERNEL,
		   "link of device 0000:01:10.0");
	expect_int(e.errnum, ENODEV);
	expect_int(l.ifindex, 99);
	expect_int(index_of(host, "b59") > 0, true); /* nothing of the dump is left in the socket */
}

static void one_message_moves_renames_and_brings_up(void **state)
{
	const struct rt_link_change c = {pod_ns, "net1", 0x02005e000001, 1400, 1,
					 0,      0,      {{0}},          NULL};
	struct rt_link l;
	struct err e = {0};

	(void)state;
	(void)ip(host_ns, "link add v0 type veth peer name v1");
	expect_ok(rt_link_change(host, index_of(host, "v0"), &c, &e), &e);
	expect_members(ip(pod_ns, "-j link show net1"),
		       "{\"ifname\": \"net1\", \"address\": \"02:00:5e:00:00:01\", \"mtu\": 1400}");
	expect_int(has_flag(ip(pod_ns, "-j link show net1"), "UP"), true);
	expect_err(rt_link_by_name(host, "v0", &l, &e), &e, CNI_EKERNEL, "No such device");
}

static void what_is_not_to_change_stays(void **state)
{
	struct rt_link_change c = RT_LINK_KEEP;
	struct err e = {0};

	(void)state;
	(void)ip(host_ns, "link add v0 address 02:00:5e:00:00:01 mtu 1400 type veth peer name v1");
	(void)ip(host_ns, "link set v0 up");
	expect_ok(rt_link_change(host, index_of(host, "v0"), &c, &e), &e);
	expect_members(ip(host_ns, "-j link show v0"),
		       "{\"address\": \"02:00:5e:00:00:01\", \"mtu\": 1400}");
	expect_int(has_flag(ip(host_ns, "-j link show v0"), "UP"), true);
	c.up = 0;
	expect_ok(rt_link_change(host, index_of(host, "v0"), &c, &e), &e);
	expect_int(has_flag(ip(host_ns, "-j link show v0"), "UP"), false);
}

static void a_name_that_is_taken_is_told_as_the_kernel_tells_it(void **state)
{
	const struct rt_link_change c = {pod_ns, "net1", 0, 0, 1, 0, 0, {{0}}, NULL};
	struct rt_link l;
	struct err e = {0};

	(void)state;
	(void)ip(pod_ns, "link add net1 type veth peer name p");
	(void)ip(host_ns, "link add v0 type veth peer name v1");
	expect_err(rt_link_change(host, index_of(host, "v0"), &c, &e), &e, CNI_EKERNEL,
		   "File exists");
	expect_int(e.errnum, EEXIST);
	/* the socket goes on, with this answer and not the one before */
	expect_ok(rt_link_by_name(host, "v1", &l, &e), &e);
	expect_text(l.name, "v1");
}

static void the_words_of_the_kernel_are_in_the_message(void **state)
{
	struct rt_link_change c = RT_LINK_KEEP;
	struct err e;

	(void)state;
	(void)ip(host_ns, "link add v0 type veth peer name v1");
	c.mtu = 100000;
	expect_err(rt_link_change(host, index_of(host, "v0"), &c, &e), &e, CNI_EKERNEL,
		   "mtu greater than device maximum: Invalid argument");
	expect_int(e.errnum, EINVAL);
	expect_err(rt_link_change(host, 12345, &c, &e), &e, CNI_EKERNEL, "No such device");
	expect_int(e.errnum, ENODEV);
}

static void what_a_link_carries_along_is_read_and_set(void **state)
{
	struct rt_link_change c = RT_LINK_KEEP;
	struct rt_link l;
	struct err e = {0};

	(void)state;
	(void)ip(host_ns, "link add v0 txqueuelen 77 type veth peer name v1");
	(void)ip(host_ns, "link set v0 group 7 gso_max_size 1000 gso_max_segs 9 mode dormant");
	(void)ip(host_ns, "link set v0 broadcast 02:00:5e:00:00:0b alias what-the-pod-says");
	expect_ok(rt_link_by_name(host, "v0", &l, &e), &e);
	expect_int(l.traits[RT_TXQLEN].v, 77);
	expect_int(l.traits[RT_GROUP].v, 7);
	expect_int(l.traits[RT_LINKMODE].v, 1);
	expect_int(l.traits[RT_GSO_MAX_SIZE].v, 1000);
	expect_int(l.traits[RT_GSO_MAX_SEGS].v, 9);
	expect_hex(l.traits[RT_BROADCAST].v, 0x02005e00000b);
	expect_text(l.alias, "what-the-pod-says");

	c.traits[RT_GROUP] = (struct opt){true, 0};
	c.traits[RT_LINKMODE] = (struct opt){true, 0};
	c.traits[RT_GSO_MAX_SIZE] = (struct opt){true, 2000};
	expect_ok(rt_link_change(host, l.ifindex, &c, &e), &e);
	expect_members(
		ip(host_ns, "-d -j link show v0"),
		"{\"txqlen\": 77, \"group\": \"default\", \"linkmode\": \"DEFAULT\","
		" \"gso_max_size\": 2000, \"gso_max_segs\": 9,"
		" \"broadcast\": \"02:00:5e:00:00:0b\", \"ifalias\": \"what-the-pod-says\"}");

	c = (struct rt_link_change)RT_LINK_KEEP;
	c.traits[RT_BROADCAST] = (struct opt){true, 0xffffffffffff};
	c.alias = "of the host";
	expect_ok(rt_link_change(host, l.ifindex, &c, &e), &e);
	expect_members(ip(host_ns, "-j link show v0"),
		       "{\"broadcast\": \"ff:ff:ff:ff:ff:ff\", \"ifalias\": \"of the host\"}");
	c.alias = "";
	expect_ok(rt_link_change(host, l.ifindex, &c, &e), &e);
	expect_ok(rt_link_by_name(host, "v0", &l, &e), &e);
	expect_text(l.alias, "");
}

static void alternative_names_come_and_go_together(void **state)
{
	const char names[][RT_ALTNAME_LEN] = {"a-name-longer-than-that-of-an-interface", "b"};
	struct rt_link l;
	struct err e = {0};

	(void)state;
	(void)ip(host_ns, "link add v0 type veth peer name v1");
	expect_ok(rt_altnames_change(host, index_of(host, "v0"), true, 2, names, &e), &e);
	expect_members(ip(host_ns, "-j link show v0"),
		       "{\"altnames\": [\"a-name-longer-than-that-of-an-interface\", \"b\"]}");
	expect_err(rt_altnames_change(host, index_of(host, "v1"), true, 2, names, &e), &e,
		   CNI_EKERNEL, "File exists");
	expect_int(e.errnum, EEXIST);
	expect_ok(rt_altnames_change(host, index_of(host, "v0"), false, 2, names, &e), &e);
	expect_ok(rt_link_by_name(host, "v0", &l, &e), &e);
	expect_int(l.n_altnames, 0);
}

static void a_link_without_vfs_has_none_and_cannot_set_any(void **state)
{
	const struct vf_attrs a = {.f = {[VF_TRUST] = {true, VF_ON}}};
	struct rt_pf pf = {0};
	struct err e = {0};

	(void)state;
	(void)ip(host_ns, "link add v0 type veth peer name v1");
	expect_ok(rt_pf_get(host, "v0", &pf, &e), &e);
	expect_text(pf.link.name, "v0");
	expect_int(pf.n_vfs, 0);
	rt_pf_clear(&pf);
	expect_err(rt_pf_get(host, "none", &pf, &e), &e, CNI_EKERNEL, "PF none: No such device");
	expect_int(e.errnum, ENODEV);
	expect_err(rt_vf_set(host, index_of(host, "v0"), 0, VF_G_TRUST, &a, &e), &e, CNI_EKERNEL,
		   "not supported");
	expect_int(e.errnum, EOPNOTSUPP);
}

/* The limit is the lowest number that is free: none is left. */
static void without_a_descriptor_there_is_no_socket(void **state)
{
	struct rlimit before, none;
	struct rt *rt = NULL, *watch = NULL;
	struct err e = {0}, e_watch = {0};
	int r, r_watch;

	(void)state;
	expect_int(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)dup(0);
	(void)close((int)none.rlim_cur);
	expect_int(setrlimit(RLIMIT_NOFILE, &none), 0);
	r = rt_open(&rt, &e);
	r_watch = rt_watch_in(host_ns, pod_ns, &watch, &e_watch);
	expect_int(setrlimit(RLIMIT_NOFILE, &before), 0);
	expect_err(r, &e, CNI_EKERNEL, "cannot open a netlink socket");
	expect_int(e.errnum, EMFILE);
	expect_err(r_watch, &e_watch, CNI_EKERNEL, "cannot open a netlink socket");
	expect_int(rt == NULL && watch == NULL, true);
}

/* --- events --- */

/* What `ip` does in another process, after some milliseconds. */
static pid_t later(int ms, int ns, const char *command)
{
	json_t *j = json_string(command);
	pid_t pid = fork();
	struct err e;

	if (pid == 0) {
		(void)usleep((unsigned)ms * 1000);
		_exit(netns_run(host_ns, ns, run_ip, &j, &e) < 0);
	}
	json_decref(j);
	return pid;
}

static void a_link_that_appears_is_seen(void **state)
{
	_cleanup_(rt_freep) struct rt *watch = NULL;
	struct rt_link l;
	struct err e = {0};
	int64_t begin;
	pid_t pid;
	int status;

	(void)state;
	expect_ok(rt_watch_in(host_ns, pod_ns, &watch, &e), &e);
	begin = clock_ms();
	pid = later(200, pod_ns, "link add v0 type veth peer name v1");
	do
		expect_int(rt_watch_next(watch, 5000, &l, &e), 1);
	while (strcmp(l.name, "v0") != 0);
	if (clock_ms() - begin < 200 || clock_ms() - begin > 3000)
		fail_msg("seen after %d ms", (int)(clock_ms() - begin));
	expect_int(l.ifindex, index_of(pod, "v0"));
	expect_int(waitpid(pid, &status, 0), pid);
	expect_int(status, 0);
}

static void a_wait_for_links_ends_in_time(void **state)
{
	static const int timeouts[] = {0, 1, 200};
	_cleanup_(rt_freep) struct rt *watch = NULL;
	struct rt_link l = {.ifindex = 99};
	struct err e = {0};

	(void)state;
	expect_ok(rt_watch_in(host_ns, host_ns, &watch, &e), &e);
	for (size_t i = 0; i < ARRAY_SIZE(timeouts); i++) {
		int64_t begin = clock_ms();

		expect_int(rt_watch_next(watch, timeouts[i], &l, &e), 0);

		int64_t took = clock_ms() - begin;

		if (took < timeouts[i] || took > timeouts[i] + 500)
			fail_msg("waited %d ms instead of %d", (int)took, timeouts[i]);
	}
	expect_int(l.ifindex, 99);
}

/* Links that go are no news; they do not make the wait longer either. */
static void a_link_that_disappears_is_not_what_is_waited_for(void **state)
{
	_cleanup_(rt_freep) struct rt *watch = NULL;
	char command[512] = "-V";
	struct rt_link l;
	struct err e = {0};
	int64_t begin;
	int status;
	pid_t pid;

	(void)state;
	for (int i = 0; i < 12; i++) {
		(void)ip(host_ns, "link add a%d type veth peer name b%d", i, i);
		(void)sprintf(command + strlen(command), "; sleep 0.05; ip link del a%d", i);
	}
	expect_ok(rt_watch_in(host_ns, host_ns, &watch, &e), &e);
	begin = clock_ms();
	pid = later(0, host_ns, command);
	expect_int(rt_watch_next(watch, 300, &l, &e), 0);
	if (clock_ms() - begin < 300 || clock_ms() - begin > 700)
		fail_msg("waited %d ms instead of 300", (int)(clock_ms() - begin));
	expect_int(waitpid(pid, &status, 0), pid);
	expect_int(status, 0);
	expect_int(rt_watch_next(watch, 0, &l, &e), 0); /* 24 links have gone */
}

/*
 * More events than the socket holds: that some were lost is told as an event without a name, so
 * that the caller looks.
 */
static void events_that_were_lost_are_an_event_too(void **state)
{
	_cleanup_(rt_freep) struct rt *watch = NULL;
	struct rt_link l;
	struct err e = {0};
	FILE *batch = fopen(scratch_path("batch"), "we");

	(void)state;
	for (int i = 0; i < 200; i++)
		(void)fprintf(batch, "link set lo up\nlink set lo down\n");
	(void)fclose(batch);
	expect_ok(rt_watch_in(host_ns, host_ns, &watch, &e), &e);
	(void)ip(host_ns, "-batch %s", scratch_path("batch"));
	do
		expect_int(rt_watch_next(watch, 1000, &l, &e), 1);
	while (l.ifindex);
	expect_text(l.name, "");
}

static void a_link_is_followed_into_another_namespace(void **state)
{
	_cleanup_(rt_freep) struct rt *follow = NULL;
	struct rt_link_change move = RT_LINK_KEEP;
	struct err e = {0};
	int index;

	(void)state;
	(void)ip(host_ns, "link add net1 type veth peer name p");
	index = index_of(host, "net1");
	expect_ok(rt_follow(index, &follow, &e), &e);
	expect_int(rt_follow_next(follow, 0, &e), 0);

	move.netns_fd = pod_ns;
	expect_ok(rt_link_change(host, index, &move, &e), &e);
	expect_int(rt_follow_next(follow, 1000, &e), 1); /* it has left the host */
	expect_int(index_of(pod, "net1"), index);
	while (rt_follow_next(follow, 0, &e) > 0)
		;
	(void)ip(host_ns, "link set p mtu 1400"); /* another one */
	expect_int(rt_follow_next(follow, 0, &e), 0);
	(void)ip(pod_ns, "link set net1 mtu 1400");
	expect_int(rt_follow_next(follow, 1000, &e), 1);
	while (rt_follow_next(follow, 0, &e) > 0)
		;
	(void)ip(pod_ns, "link del net1");
	expect_int(rt_follow_next(follow, 1000, &e), 1);
}

/* --- addresses --- */

static struct inet_prefix prefix(const char *text)
{
	struct inet_prefix p;

	expect_int(inet_prefix_parse(text, &p), 0);
	return p;
}

/* A link net1 in the pod, up, and its index. */
static int make_net1(void)
{
	(void)ip(pod_ns, "link add net1 type veth peer name p");
	(void)ip(pod_ns, "link set p up");
	(void)ip(pod_ns, "link set net1 up");
	return index_of(pod, "net1");
}

static const struct {
	const char *address, *expected; /* expected: members of "addr_info" */
} addresses[] = {
	{"10.1.2.3/24", "{\"family\": \"inet\", \"local\": \"10.1.2.3\", \"prefixlen\": 24,"
			" \"broadcast\": \"10.1.2.255\", \"scope\": \"global\"}"},
	{"10.1.2.3/19",
	 "{\"local\": \"10.1.2.3\", \"prefixlen\": 19, \"broadcast\": \"10.1.31.255\"}"},
	{"10.1.2.3/30",
	 "{\"local\": \"10.1.2.3\", \"prefixlen\": 30, \"broadcast\": \"10.1.2.3\"}"},
	{"10.1.2.3/31", "{\"local\": \"10.1.2.3\", \"prefixlen\": 31, \"broadcast\": null}"},
	{"10.1.2.3/32", "{\"local\": \"10.1.2.3\", \"prefixlen\": 32, \"broadcast\": null}"},
	{"fd00::3/64",
	 "{\"family\": \"inet6\", \"local\": \"fd00::3\", \"prefixlen\": 64, \"nodad\": true,"
	 " \"tentative\": null, \"scope\": \"global\"}"},
	{"fd00::3/128", "{\"local\": \"fd00::3\", \"prefixlen\": 128}"},
};

static void an_address_is_there_as_it_was_given(void **state)
{
	int net1 = make_net1();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		const struct inet_prefix p = prefix(addresses[i].address);
		struct err e = {0};

		EXPECT_ROW(addresses[i].address);
		expect_int(rt_addr_exists(pod, net1, &p, &e), 0);
		expect_ok(rt_addr_add(pod, net1, &p, IFA_F_NODAD, &e), &e);
		expect_int(rt_addr_exists(pod, net1, &p, &e), 1);

		json_auto_t *list = ip(pod_ns, "-j address show dev net1 scope global");

		json_t *info = json_object_get(json_array_get(list, 0), "addr_info");

		expect_members(json_pack("[O]", json_array_get(info, 0)), addresses[i].expected);
		expect_err(rt_addr_add(pod, net1, &p, IFA_F_NODAD, &e), &e, CNI_EKERNEL,
			   addresses[i].address);
		expect_int(e.errnum, EEXIST);
		json_decref(ip(pod_ns, "address del %s dev net1", addresses[i].address));
	}
}

static void only_the_very_same_address_is_there(void **state)
{
	static const char *const others[] = {"10.1.2.4/24", "10.1.2.3/25", "fd00::3/65",
					     "fd00::4/64"};
	int net1 = make_net1();
	const struct inet_prefix v4 = prefix("10.1.2.3/24"), v6 = prefix("fd00::3/64");
	struct err e = {0};

	(void)state;
	expect_ok(rt_addr_add(pod, net1, &v4, IFA_F_NODAD, &e), &e);
	expect_ok(rt_addr_add(pod, net1, &v6, IFA_F_NODAD, &e), &e);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		const struct inet_prefix p = prefix(others[i]);

		EXPECT_ROW(others[i]);
		expect_int(rt_addr_exists(pod, net1, &p, &e), 0);
	}
	expect_int(rt_addr_exists(pod, index_of(pod, "p"), &v4, &e), 0);
	expect_int(rt_addr_exists(pod, index_of(pod, "p"), &v6, &e), 0);
	expect_int(rt_addr_exists(pod, net1, &v4, &e), 1);
	expect_int(rt_addr_exists(pod, net1, &v6, &e), 1);
}

static int bind_v6(void *arg, struct err *e)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6};
	_cleanup_fd_ int s = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(&to.sin6_addr, ((const struct inet_prefix *)arg)->addr, 16);
	return bind(s, (const struct sockaddr *)&to, sizeof(to)) < 0
		       ? err_set(e, CNI_EIO, errno, "bind")
		       : 0;
}

static void an_ipv6_address_is_usable_at_once(void **state)
{
	int net1 = make_net1();
	struct inet_prefix p = prefix("fd00::3/64");
	struct err e = {0};

	(void)state;
	expect_ok(rt_addr_add(pod, net1, &p, IFA_F_NODAD, &e), &e);
	expect_ok(netns_run(host_ns, pod_ns, bind_v6, &p, &e), &e);
}

static int disable_ipv6(void *arg, struct err *e)
{
	FILE *f = fopen("/proc/sys/net/ipv6/conf/net1/disable_ipv6", "we");

	(void)arg;
	return !f || fputs("1", f) < 0 || fclose(f) ? err_set(e, CNI_EIO, errno, "disable_ipv6")
						    : 0;
}

/* What step_ip.c goes by, to switch it on. */
static void where_ipv6_is_switched_off_the_kernel_says_eacces(void **state)
{
	int net1 = make_net1();
	const struct inet_prefix p = prefix("fd00::3/64");
	struct err e = {0};

	(void)state;
	expect_ok(netns_run(host_ns, pod_ns, disable_ipv6, NULL, &e), &e);
	expect_err(rt_addr_add(pod, net1, &p, IFA_F_NODAD, &e), &e, CNI_EKERNEL,
		   "address fd00::3/64: ");
	expect_int(e.errnum, EACCES);
}

/* A dump of many datagrams, while another process changes what is dumped. */
static void an_address_is_found_among_many_that_change(void **state)
{
	int net1 = make_net1();
	const struct inet_prefix last = prefix("10.9.9.9/32");
	struct err e = {0};
	FILE *batch = fopen(scratch_path("batch"), "we"),
	     *changes = fopen(scratch_path("changes"), "we");
	char command[128];
	int status;
	pid_t pid;

	(void)state;
	for (int i = 0; i < 1000; i++)
		(void)fprintf(batch, "address add 10.2.%d.%d/32 dev net1\n", i / 250, i % 250);
	(void)fclose(batch);
	for (int i = 0; i < 5000; i++)
		(void)fprintf(
			changes,
			"address add 10.3.3.3/32 dev net1\naddress del 10.3.3.3/32 dev net1\n");
	(void)fclose(changes);
	(void)ip(pod_ns, "-batch %s", scratch_path("batch"));
	expect_ok(rt_addr_add(pod, net1, &last, IFA_F_NODAD, &e), &e);
	(void)snprintf(command, sizeof(command), "-batch %s", scratch_path("changes"));
	pid = later(0, pod_ns, command);
	do {
		int there = rt_addr_exists(pod, net1, &last, &e);

		/* that it cannot be told is an answer, too; that it is not there is none */
		if (there < 0)
			expect_int(e.code, CNI_EAGAIN);
		else
			expect_int(there, 1);
	} while (waitpid(pid, &status, WNOHANG) == 0);
	expect_int(status, 0);
	expect_int(rt_addr_exists(pod, net1, &last, &e), 1);
}

/* --- routes --- */

static struct rt_route route(const char *dst, const char *gw)
{
	struct rt_route r = {.dst = prefix(dst), .scope = -1};

	if (gw)
		expect_int(inet_addr_parse(gw, &r.gw), 0);
	return r;
}

/* A pod whose net1 has an address of each family. */
static int make_addressed(void)
{
	const struct inet_prefix v4 = prefix("10.1.2.3/24"), v6 = prefix("fd00::3/64");
	int net1 = make_net1();
	struct err e = {0};

	expect_ok(rt_addr_add(pod, net1, &v4, IFA_F_NODAD, &e), &e);
	expect_ok(rt_addr_add(pod, net1, &v6, IFA_F_NODAD, &e), &e);
	return net1;
}

/* A route, how `ip` is asked for it, and what `ip` says. */
static const struct {
	const char *dst, *gw;
	uint32_t mtu, advmss, priority, table;
	int scope;
	const char *show, *expected;
} routes[] = {
	{"0.0.0.0/0", "10.1.2.1", 0, 0, 0, 0, -1, "route show default",
	 "{\"dst\": \"default\", \"gateway\": \"10.1.2.1\", \"dev\": \"net1\", \"scope\": null, \"metric\": null}"},
	{"10.9.0.0/16", NULL, 0, 0, 0, 0, -1, "route show 10.9.0.0/16",
	 "{\"dst\": \"10.9.0.0/16\", \"gateway\": null, \"scope\": \"link\"}"},
	{"10.9.0.0/16", "10.1.2.1", 1400, 1360, 10, 100, -1, "-d route show table 100",
	 "{\"dst\": \"10.9.0.0/16\", \"gateway\": \"10.1.2.1\", \"metric\": 10,"
	 " \"metrics\": [{\"mtu\": 1400, \"advmss\": 1360}]}"},
	{"10.9.0.0/16", "10.1.2.1", 0, 0, 0, 100000, 0, "-d route show table 100000",
	 "{\"dst\": \"10.9.0.0/16\", \"scope\": \"global\"}"},
	{"10.9.0.0/16", NULL, 0, 0, 0, 255, 254, "-d route show table 255 10.9.0.0/16",
	 "{\"scope\": \"host\"}"},
	{"10.9.8.7/32", NULL, 0, 0, 7, 0, 200, "-d route show 10.9.8.7/32",
	 "{\"scope\": \"site\", \"metric\": 7}"},
	{"0.0.0.0/0", "192.0.2.1", 0, 0, 0, 0, -1, "route show default",
	 "{\"dst\": \"default\", \"gateway\": \"192.0.2.1\", \"flags\": [\"onlink\"]}"},
	{"::/0", "2001:db8::1", 0, 0, 0, 0, -1, "-6 route show default",
	 "{\"dst\": \"default\", \"gateway\": \"2001:db8::1\", \"flags\": [\"onlink\"]}"},
	{"::/0", "fd00::1", 0, 0, 0, 0, -1, "-6 route show default",
	 "{\"dst\": \"default\", \"gateway\": \"fd00::1\", \"dev\": \"net1\", \"metric\": 1024}"},
	{"fd01::/48", NULL, 0, 0, 5, 0, -1, "-6 route show fd01::/48",
	 "{\"dst\": \"fd01::/48\", \"gateway\": null, \"metric\": 5}"},
	{"fd01::/48", "fd00::1", 1400, 1360, 5, 300, 0, "-6 -d route show table 300",
	 "{\"gateway\": \"fd00::1\", \"metrics\": [{\"mtu\": 1400, \"advmss\": 1360}]}"},
};

static void a_route_is_there_as_it_was_given(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		struct rt_route r = route(routes[i].dst, routes[i].gw), other;
		struct err e = {0};
		int net1;

		EXPECT_ROW(routes[i].show);
		expect_int(make_namespaces(NULL), 0);
		net1 = make_addressed();
		r.mtu = routes[i].mtu;
		r.advmss = routes[i].advmss;
		r.priority = routes[i].priority;
		r.table = routes[i].table;
		r.scope = routes[i].scope;
		r.onlink = strstr(routes[i].expected, "onlink");
		expect_int(rt_route_exists(pod, net1, &r, &e), 0);
		expect_ok(rt_route_add(pod, net1, &r, &e), &e);
		expect_int(rt_route_exists(pod, net1, &r, &e), 1);
		expect_members(ip(pod_ns, "-j %s", routes[i].show), routes[i].expected);

		/*
		 * the same by another link, to another destination, with another length, gateway,
		 * table, priority
		 */
		expect_int(rt_route_exists(pod, index_of(pod, "p"), &r, &e), 0);
		other = r;
		other.dst.addr[0] ^= 1;
		expect_int(rt_route_exists(pod, net1, &other, &e), r.dst.prefixlen == 0);
		other = r;
		other.dst.prefixlen++;
		expect_int(rt_route_exists(pod, net1, &other, &e), 0);
		other = r;
		other.gw = r.gw.family ? (struct inet_prefix){0} : prefix("10.1.2.77/32");
		expect_int(rt_route_exists(pod, net1, &other, &e), 0);
		other = r;
		other.table = 77;
		expect_int(rt_route_exists(pod, net1, &other, &e), 0);
		other = r;
		other.priority = 77;
		expect_int(rt_route_exists(pod, net1, &other, &e), 0);
		(void)leave_namespaces(NULL);
	}
}

/* With a priority IPv6 shows both as one route with two next hops. */
static void two_routes_to_one_destination_stand_side_by_side(void **state)
{
	static const struct {
		const char *dst, *gw[3];
		uint32_t priority;
	} rows[] = {{"10.9.0.0/16", {"10.1.2.1", "10.1.2.2", "10.1.2.9"}, 0},
		    {"fd01::/48", {"fd00::1", "fd00::2", "fd00::9"}, 0},
		    {"fd02::/48", {"fd00::1", "fd00::2", "fd00::9"}, 9}};
	int net1 = make_addressed();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rt_route r[3];
		struct err e = {0};

		EXPECT_ROW(rows[i].dst);
		for (int k = 0; k < 3; k++) {
			r[k] = route(rows[i].dst, rows[i].gw[k]);
			r[k].priority = rows[i].priority;
		}
		expect_ok(rt_route_add(pod, net1, &r[0], &e), &e);
		expect_ok(rt_route_add(pod, net1, &r[1], &e), &e);
		expect_int(rt_route_exists(pod, net1, &r[0], &e), 1);
		expect_int(rt_route_exists(pod, net1, &r[1], &e), 1);
		expect_int(rt_route_exists(pod, net1, &r[2], &e), 0);
		expect_int(rt_route_exists(pod, index_of(pod, "p"), &r[1], &e), 0);
	}
}

/* Else half of a pod's IPv6 traffic would leave by the VF, and none of its IPv4 traffic. */
static void a_route_stands_behind_those_of_other_links(void **state)
{
	const struct rt_route r = route("::/0", "fd00::1");
	int net1 = make_addressed();
	struct err e = {0};

	(void)state;
	(void)ip(pod_ns, "link set p up");
	(void)ip(pod_ns, "-6 route add default dev p");
	expect_ok(rt_route_add(pod, net1, &r, &e), &e);
	expect_int(rt_route_exists(pod, net1, &r, &e), 1);
	expect_members(ip(pod_ns, "-j -6 route show default dev p"), "{\"metric\": 1024}");
	expect_members(ip(pod_ns, "-j -6 route show default dev net1"),
		       "{\"metric\": 1025, \"gateway\": \"fd00::1\"}");
}

static void a_route_that_leads_nowhere_is_refused_with_the_kernels_words(void **state)
{
	int net1 = make_addressed();
	const struct rt_route r = route("10.9.0.0/16", "192.0.2.1");
	struct err e;

	(void)state;
	expect_err(rt_route_add(pod, net1, &r, &e), &e, CNI_EKERNEL,
		   "route to 10.9.0.0/16: Nexthop has invalid gateway: Network is unreachable");
	expect_int(e.errnum, ENETUNREACH);
}

static int make_all(void **state)
{
	return scratch_make(state) < 0 ? -1 : make_namespaces(state);
}

static int remove_all(void **state)
{
	(void)leave_namespaces(state);
	return scratch_remove(state);
}

#define NETNS_TEST(test) cmocka_unit_test_setup_teardown(test, make_all, remove_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NETNS_TEST(a_link_is_found_by_name_and_by_index),
		NETNS_TEST(of_many_links_the_dump_is_read_to_its_end),
		NETNS_TEST(one_message_moves_renames_and_brings_up),
		NETNS_TEST(what_is_not_to_change_stays),
		NETNS_TEST(a_name_that_is_taken_is_told_as_the_kernel_tells_it),
		NETNS_TEST(the_words_of_the_kernel_are_in_the_message),
		NETNS_TEST(what_a_link_carries_along_is_read_and_set),
		NETNS_TEST(alternative_names_come_and_go_together),
		NETNS_TEST(a_link_without_vfs_has_none_and_cannot_set_any),
		NETNS_TEST(without_a_descriptor_there_is_no_socket),
		NETNS_TEST(a_link_that_appears_is_seen),
		NETNS_TEST(a_wait_for_links_ends_in_time),
		NETNS_TEST(a_link_that_disappears_is_not_what_is_waited_for),
		NETNS_TEST(events_that_were_lost_are_an_event_too),
		NETNS_TEST(a_link_is_followed_into_another_namespace),
		NETNS_TEST(an_address_is_there_as_it_was_given),
		NETNS_TEST(only_the_very_same_address_is_there),
		NETNS_TEST(an_ipv6_address_is_usable_at_once),
		NETNS_TEST(where_ipv6_is_switched_off_the_kernel_says_eacces),
		NETNS_TEST(an_address_is_found_among_many_that_change),
		cmocka_unit_test(a_route_is_there_as_it_was_given),
		NETNS_TEST(two_routes_to_one_destination_stand_side_by_side),
		NETNS_TEST(a_route_stands_behind_those_of_other_links),
		NETNS_TEST(a_route_that_leads_nowhere_is_refused_with_the_kernels_words),
	};

	return cmocka_run_group_tests_name("rt", tests, enter_user_namespace, NULL);
}
