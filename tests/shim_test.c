/* SPDX-License-Identifier: Apache-2.0 */
/* shim_test.c - addresses that this process gives itself: ranges, static ones, and the files */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fixture.h"
#include "mem.h"
#include "resolv.h"
#include "shim.h"

static const char *cni_args = "", *cni_version = "1.1.0";
static json_t *del_with; /* what DEL is told that ADD had answered */

static time_t gc_since = INT32_MAX; /* when the list of GC was made */

/* Calls with an ipam section and what stands beside it; text as JSON with ' for ". */
static int call(enum cni_command command, const char *id, const char *ipam, const char *beside,
		json_t **ret, struct err *e)
{
	const struct cni_args args = {
		.command = command,
		.container_id = id,
		.netns = "/run/netns/x",
		.ifname = "net1",
		.args = cni_args,
		.path = "/usr/lib/cni",
	};
	_cleanup_free_ char *text = NULL;
	json_auto_t *conf = NULL;
	json_error_t at;
	struct shim s = {.type = SHIM_TYPE,
			 .args = &args,
			 .result = del_with,
			 .timeout_ms = 20000,
			 .lock = -1,
			 .since = {gc_since, 0}};

	if (asprintf(&text,
		     "{'cniVersion': '%s', 'name': 'net', %s%s 'ipam': {'type': 'ipam-shim', "
		     "'dataDir': '%s', %s}}",
		     cni_version, beside, *beside ? "," : "", scratch_path("data"), ipam) < 0)
		fail();
	for (char *c = text; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	conf = json_loads(text, 0, &at);
	if (!conf)
		fail_msg("%s: %s", text, at.text);
	s.conf = conf;
	*e = (struct err){0};
	if (command != CNI_ADD)
		return shim_run(&s, command, NULL, e);
	return shim_refuse(&s, e) < 0 ? -1 : shim_run(&s, command, ret, e);
}

/* ADD. Result: the addresses, with blanks between them; or "CODE MESSAGE". */
static const char *add(const char *id, const char *ipam, const char *beside)
{
	static char text[1200];
	json_auto_t *result = NULL;
	struct err e;
	json_t *ip;
	size_t i, n = 0;

	text[0] = '\0';
	if (call(CNI_ADD, id, ipam, beside, &result, &e) < 0) {
		(void)snprintf(text, sizeof(text), "%d %s", e.code, e.msg);
		return text;
	}
	json_array_foreach(json_object_get(result, "ips"), i, ip)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", i ? " " : "",
				      json_string_value(json_object_get(ip, "address")));
	return text;
}

static void del(const char *id, const char *ipam)
{
	struct err e;

	expect_ok(call(CNI_DEL, id, ipam, "", NULL, &e), &e);
}

/* What stands in a file of the network's folder; "-" where there is none. */
static const char *content(const char *name)
{
	static char text[600];
	int fd = open(scratch_path("data/net/%s", name), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		(void)close(fd);
	if (n < 0)
		return "-";
	text[n] = '\0';
	return text;
}

/* How many files there are beside the lock and the hints. */
static int leases(void)
{
	DIR *dir = opendir(scratch_path("data/net"));
	const struct dirent *d;
	int n = 0;

	while (dir && (d = readdir(dir)))
		n += strcmp(d->d_name, ".") && strcmp(d->d_name, "..") &&
		     strcmp(d->d_name, "lock") && strncmp(d->d_name, "last_", 5);
	if (dir)
		(void)closedir(dir);
	return n;
}

/* --- ranges --- */

/* Two containers, one after the other. */
static const struct {
	const char *ipam, *beside, *first, *second;
} given[] = {
	{"'subnet': '10.1.0.0/24'", "", "10.1.0.2/24", "10.1.0.3/24"},
	{"'subnet': '10.1.0.0/24', 'gateway': '10.1.0.2'", "", "10.1.0.1/24", "10.1.0.3/24"},
	{"'subnet': '10.1.0.0/24', 'gateway': '', 'rangeStart': ''", "", "10.1.0.2/24",
	 "10.1.0.3/24"},
	{"'subnet': '10.1.0.0/24', 'rangeStart': '10.1.0.254'", "", "10.1.0.254/24",
	 "11 range set 0 (10.1.0.0/24) has no free address: 1 are given"},
	{"'subnet': '10.1.0.0/24', 'rangeStart': '10.1.0.9', 'rangeEnd': '10.1.0.10'", "",
	 "10.1.0.9/24", "10.1.0.10/24"},
	{"'subnet': 'fd00:1::/64'", "", "fd00:1::2/64", "fd00:1::3/64"},
	{"'subnet': 'fd00:1::/64', 'rangeStart': 'fd00:1::fffe', 'gateway': 'fd00:1::ffff'", "",
	 "fd00:1::fffe/64", "fd00:1::1:0/64"},
	{"'subnet': '10.1.0.0/24', 'exclude': ['10.1.0.0/29', '10.1.0.9']", "", "10.1.0.8/24",
	 "10.1.0.10/24"},
	{"'subnet': 'fd00:1::/64', 'exclude': ['fd00:1::/65']", "", "fd00:1:0:0:8000::/64",
	 "fd00:1::8000:0:0:1/64"},
	{"'subnet': '10.1.0.0/24', 'ranges': [[{'subnet': 'fd00:1::/64'}]]", "",
	 "10.1.0.2/24 fd00:1::2/64", "10.1.0.3/24 fd00:1::3/64"},
	{"'ranges': [[{'subnet': '10.1.0.0/30'}, {'subnet': '10.2.0.0/24'}]]", "", "10.1.0.2/30",
	 "10.2.0.2/24"},
	{"'subnet': '10.1.0.0/24'", "'runtimeConfig': {'ipRanges': [[{'subnet': '10.9.0.0/24'}]]}",
	 "10.9.0.2/24 10.1.0.2/24", "10.9.0.3/24 10.1.0.3/24"},
	{"'subnet': '10.1.0.0/24'", "'runtimeConfig': {'ips': ['10.1.0.77']}", "10.1.0.77/24",
	 "11 address 10.1.0.77, which was asked for, is given to another"},
	{"'subnet': '10.1.0.0/24'", "'args': {'cni': {'ips': ['10.1.0.77/16']}}", "10.1.0.77/24",
	 "11 address 10.1.0.77, which was asked for, is given to another"},
	/* none of the second set, so none of the first */
	{"'ranges': [[{'subnet': '10.1.0.0/24'}], [{'subnet': '10.2.0.0/30'}]]", "",
	 "10.1.0.2/24 10.2.0.2/30", "11 range set 1 (10.2.0.0/30) has no free address"},
};

static void ranges_give_in_their_order(void **state)
{
	int n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(given); i++) {
		EXPECT_ROW(given[i].ipam);
		expect_text(add("c1", given[i].ipam, given[i].beside), given[i].first);
		n = leases();
		expect_within(add("c2", given[i].ipam, given[i].beside), given[i].second);
		/* refused: of no set anything stays */
		expect_int(leases(), strncmp(given[i].second, "11 ", 3) ? 2 * n : n);
		del("c1", given[i].ipam);
		del("c2", given[i].ipam);
		expect_int(leases(), 0);
		(void)unlink(scratch_path("data/net/last_reserved_ip.0"));
		(void)unlink(scratch_path("data/net/last_reserved_ip.1"));
	}
}

static const struct {
	const char *ipam, *beside, *expected;
} refused[] = {
	{"'subnet': '10.1.0.0/24', 'datadir': '/x'", "",
	 "7 ipam: key \"datadir\" has to be written \"dataDir\""},
	{"'ranges': [[{'subnet': '10.1.0.0/24', 'rangestart': '10.1.0.9'}]]", "",
	 "key \"rangestart\" has to be written \"rangeStart\""},
	{"'subnet': ''", "", "7 ipam: \"subnet\": \"\" is not like"},
	{"'subnet': '10.1.0.0'", "", "7 ipam: \"subnet\": \"10.1.0.0\" is not like"},
	{"'subnet': '10.1.0.0/31'", "", "7 ipam: \"subnet\": 10.1.0.0/31 is too small"},
	{"'subnet': '10.1.0.7/24'", "", "10.1.0.7/24 is an address in the network 10.1.0.0/24"},
	{"'subnet': '::ffff:10.1.0.0/120'", "", "is IPv4 in the form of IPv6"},
	{"'subnet': '10.1.0.0/24', 'rangeStart': '10.2.0.1'", "",
	 "the range from 10.2.0.1 to 10.1.0.254 lies outside of 10.1.0.0/24"},
	{"'subnet': '10.1.0.0/24', 'rangeEnd': '10.2.0.1'", "", "lies outside of 10.1.0.0/24"},
	{"'subnet': '10.1.0.0/24', 'rangeEnd': 'fd00::1'", "",
	 "\"rangeEnd\": \"fd00::1\" is no address of the subnet's family"},
	{"'subnet': '10.1.0.0/24', 'rangeStart': 7", "", "\"rangeStart\": \"\" is no address"},
	{"'subnet': '10.1.0.0/24', 'rangeStart': '10.1.0.9', 'rangeEnd': '10.1.0.8'", "",
	 "the range is empty: 10.1.0.9 is behind 10.1.0.8"},
	{"'subnet': '10.1.0.0/24', 'rangeEnd': '10.1.0.1'", "",
	 "the range is empty: nothing from 10.1.0.1 to 10.1.0.1 but the gateway"},
	{"'subnet': '10.1.0.0/24', 'exclude': ['10.1.0.0/25', '10.1.0.128/25']", "",
	 "the range is empty: nothing"},
	{"'subnet': '10.1.0.0/24', 'exclude': ['10.1.0.0/23']", "", "outside of the subnet"},
	{"'subnet': '10.1.0.0/24', 'exclude': ['x']", "", "neither an address nor a network"},
	{"'subnet': '10.1.0.0/24', 'exclude': {}", "", "\"exclude\" is not an array"},
	{"'subnet': '10.1.0.0/24', 'ranges': [[{'subnet': '10.1.0.0/16'}]]", "",
	 "7 ipam: ranges[0][0]: the range overlaps with 10.1.0.1 to 10.1.0.254"},
	{"'ranges': [[{'subnet': '10.1.0.0/16'}, {'subnet': '10.1.7.0/24'}]]", "",
	 "7 ipam: ranges[0][1]: the range overlaps with 10.1.0.1 to 10.1.255.254"},
	{"'ranges': [[{'subnet': '10.1.0.0/24'}, {'subnet': 'fd00::/64'}]]", "",
	 "another family than the others of its set"},
	{"'ranges': [[]]", "", "7 ipam: ranges[0] is not an array of ranges"},
	{"'ranges': {}", "", "7 ipam: ranges is not an array"},
	{"'ranges': [[7]]", "", "\"subnet\": \"\" is not like"},
	{"'ranges': []", "", "7 ipam: there is no address to give"},
	{"'subnet': '10.1.0.0/24', 'addresses': [{'address': '10.1.0.9/24'}]", "",
	 "\"addresses\" and ranges exclude each other"},
	{"'subnet': '10.1.0.0/24'", "'runtimeConfig': {'ips': ['10.2.0.1']}",
	 "7 runtimeConfig.ips: 10.2.0.1 is in no range of this network"},
	{"'subnet': '10.1.0.0/24'", "'runtimeConfig': {'ips': ['10.1.0.1']}",
	 "7 runtimeConfig.ips: 10.1.0.1 is the gateway"},
	{"'subnet': '10.1.0.0/24', 'exclude': ['10.1.0.9']",
	 "'args': {'cni': {'ips': ['10.1.0.9']}}", "7 args.cni.ips: 10.1.0.9 is excluded"},
	{"'subnet': '10.1.0.0/24'", "'runtimeConfig': {'ips': ['10.1.0.7', '10.1.0.8']}",
	 "10.1.0.8 is of the same range set as another"},
	{"'subnet': '10.1.0.0/24'", "'runtimeConfig': {'ips': [7]}", "\"\" is not an IP address"},
	{"'subnet': '10.1.0.0/24', 'dataDir': 'x'", "", "\"dataDir\": \"x\" is no absolute path"},
	{"'subnet': '10.1.0.0/24', 'resolvConf': '/no/such'", "",
	 "7 ipam: cannot read \"resolvConf\" /no/such: No such file"},
	{"'subnet': '10.1.0.0/24', 'routes': [{'dst': '10.9.0.0'}]", "",
	 "7 ipam: routes: \"10.9.0.0\" is no destination"},
	{"'subnet': '10.1.0.0/24', 'routes': [{'dst': '::/0', 'gw': '10.1.0.1'}]", "",
	 "7 ipam: routes: ::/0: \"gw\" is no address of its family"},
	{"'subnet': '10.1.0.0/24', 'routes': [{'dst': '::/0', 'scope': 256}]", "",
	 "7 ipam: routes: ::/0: \"scope\" is no number from 0 to 255"},
	{"'subnet': '10.1.0.0/24', 'routes': [{'dst': '::/0', 'mtu': '1400'}]", "",
	 "\"mtu\" is no number from 0 to 4294967295"},
	{"'delegate': {}", "", "7 ipam: delegate: \"type\" has to name another IPAM plugin"},
	{"'delegate': {'type': 'ipam-shim'}", "", "\"type\" has to name another IPAM plugin"},
	{"'subnet': '10.1.0.0/24', 'delegate': {'type': 'host-local'}", "",
	 "7 ipam: \"subnet\" has no meaning beside \"delegate\""},
	{"'delegate': {'type': 'none'}", "", "103 IPAM plugin none is not in CNI_PATH"},
	{"'delegate': {'type': 'host-local'}, 'timeout': 0", "",
	 "7 ipam: \"timeout\": 0 was given, a whole number from 1 to 600 is expected"},
	{"'addresses': [{'address': '10.1.0.9'}]", "",
	 "\"10.1.0.9\" is not an address like \"10.1.2.3/24\""},
	{"'addresses': [{'address': '10.1.0.9/24', 'gateway': 'fd00::1'}]", "",
	 "the gateway \"fd00::1\" of 10.1.0.9/24 is no address of its family"},
	{"'addresses': []", "'runtimeConfig': {'ips': ['10.1.0.9']}",
	 "7 runtimeConfig.ips: 10.1.0.9 has no prefix length"},
};

static void what_is_wrong_is_refused_and_leaves_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		EXPECT_ROW(refused[i].ipam);
		expect_within(add("c1", refused[i].ipam, refused[i].beside), refused[i].expected);
		expect_int(access(scratch_path("data"), F_OK), -1);
	}
}

static void a_version_with_one_address_of_each_family_refuses_two(void **state)
{
	const char *two = "'ranges': [[{'subnet': '10.1.0.0/24'}], [{'subnet': '10.2.0.0/24'}]]";

	(void)state;
	cni_version = "0.2.0";
	expect_within(add("c1", two, ""), "1 ipam: CNI 0.2.0 cannot express a second address");
	expect_within(add("c1",
			  "'addresses': [{'address': 'fd00::1/64'}, {'address': 'fd00::2/64'}]",
			  ""),
		      "1 ipam: CNI 0.2.0 cannot express a second address");
	expect_text(add("c1", "'subnet': '10.1.0.0/24', 'ranges': [[{'subnet': 'fd00::/64'}]]", ""),
		    "10.1.0.2/24 fd00::2/64");
	cni_version = "1.1.0";
}

/* --- static --- */

static const struct {
	const char *args, *beside, *expected; /* as Debian's static plugin answers */
} asked[] = {
	{"", "", "10.1.2.3/24 fd00::5/64"},
	{"IP=10.9.0.1/24", "", "10.1.2.3/24 fd00::5/64 10.9.0.1/24"},
	{"IgnoreUnknown=1;IP=10.9.0.1/24, fd01::1/64;X=", "",
	 "10.1.2.3/24 fd00::5/64 10.9.0.1/24 fd01::1/64"},
	{"IP=10.9.0.1/24", "'args': {'cni': {'ips': ['10.8.0.1/24']}}", "10.8.0.1/24"},
	{"", "'args': {'cni': {'ips': ['10.8.0.1/24']}}, 'runtimeConfig': {'ips': ['fd07::1/64']}",
	 "fd07::1/64"},
	{"IP=10.9.0.1", "", "4 CNI_ARGS: IP: 10.9.0.1 has no prefix length"},
	{"IP=x/24", "", "4 CNI_ARGS: IP: \"x/24\" is not an IP address"},
	{"GATEWAY=x", "", "4 CNI_ARGS: GATEWAY: \"x\" is not an IP address"},
	{"IP", "", "4 CNI_ARGS: \"IP\" is not KEY=VALUE"},
};
#define STATIC                                                                                     \
	"'addresses': [{'address': '10.1.2.3/24', 'gateway': '10.1.2.1'}, {'address': 'fd00::5/64'}]"

static void static_addresses_come_from_where_static_takes_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		EXPECT_ROW(asked[i].args);
		cni_args = asked[i].args;
		expect_within(add("c1", STATIC, asked[i].beside), asked[i].expected);
		expect_int(access(scratch_path("data"), F_OK), -1); /* nothing is written */
	}
	cni_args = "";
}

static void a_gateway_of_cni_args_is_for_its_addresses(void **state)
{
	json_t *result = NULL;
	struct err e;

	(void)state;
	cni_args = "IP=10.9.0.1/24;GATEWAY=10.1.2.200,10.9.0.254";
	expect_ok(call(CNI_ADD, "c1",
		       STATIC ", 'dns': {'domain': 'x.y'}, 'routes': [{'dst': '::/0', "
			      "'priority': 7}]",
		       "", &result, &e),
		  &e);
	cni_args = "";
	expect_json(
		result,
		json_pack("{s:s, s:[], s:[{s:s, s:s}, {s:s}, {s:s, s:s}], s:[{s:s, s:i}], s:{s:s}}",
			  "cniVersion", "1.1.0", "interfaces", "ips", "address", "10.1.2.3/24",
			  "gateway", "10.1.2.1", "address", "fd00::5/64", "address", "10.9.0.1/24",
			  "gateway", "10.9.0.254", "routes", "dst", "::/0", "priority", 7, "dns",
			  "domain", "x.y"));
}

static void a_resolv_conf_says_what_it_says_to_a_resolver(void **state)
{
	char text[] =
		"# nameserver 9.9.9.9\n;x\nnameserver 1.1.1.1\nnameserver\tfd00::1 9.9.9.9 # b\r\n"
		"search a b\nsearch c\noptions ndots:5 rotate\nsortlist 1\ndomain x.y z\nnameserver";

	(void)state;
	expect_json(resolv_parse(text),
		    json_pack("{s:[s,s], s:[s,s,s], s:[s,s], s:s}", "nameservers", "1.1.1.1",
			      "fd00::1", "search", "a", "b", "c", "options", "ndots:5", "rotate",
			      "domain", "x.y"));
}

/* --- files --- */

#define NET "'subnet': '10.1.0.0/24'"

static void the_files_are_host_locals(void **state)
{
	struct stat lease, own;

	(void)state;
	expect_text(add("c1", NET, ""), "10.1.0.2/24");
	expect_text(content("10.1.0.2"), "c1\r\nnet1");
	expect_text(content("last_reserved_ip.0"), "10.1.0.2");
	expect_text(content("lock"), "");
	expect_int(stat(scratch_path("data/net/10.1.0.2"), &lease), 0);
	expect_int(stat(scratch_path("data/net/.c1:net1"), &own), 0);
	expect_int(lease.st_ino == own.st_ino && lease.st_nlink == 2, true);
	del("c1", NET);
	expect_text(content("10.1.0.2"), "-");
	expect_int(leases(), 0);
	expect_text(content("last_reserved_ip.0"), "10.1.0.2");
	del("c1", NET); /* and once more */
}

static void an_interface_has_one_set_of_addresses(void **state)
{
	(void)state;
	expect_text(add("c1", NET, ""), "10.1.0.2/24");
	expect_within(add("c1", NET, ""),
		      "7 interface net1 of container c1 has an address already");
	expect_int(leases(), 2);
	/* host-local, or an ADD that was killed: alone, the own file means nothing */
	expect_int(unlink(scratch_path("data/net/10.1.0.2")), 0);
	expect_text(add("c1", NET, ""), "10.1.0.3/24");
}

static void what_host_local_gave_is_released(void **state)
{
	struct err e;

	(void)state;
	scratch_file("c1\r\nnet1", "data/net/10.1.0.2");
	scratch_file("c1\r\nnet2", "data/net/10.1.0.3");
	scratch_file("c11\r\nnet1", "data/net/10.1.0.4");
	scratch_file("c1", "data/net/10.1.0.5"); /* of an old version, which is asked last */
	scratch_file("c2", "data/net/10.1.0.6");
	scratch_file("10.1.0.5", "data/net/last_reserved_ip.0");
	expect_ok(call(CNI_CHECK, "c1", NET, "", NULL, &e), &e);
	expect_ok(call(CNI_CHECK, "c2", NET, "", NULL, &e), &e);
	expect_err(call(CNI_CHECK, "c9", NET, "", NULL, &e), &e, CNI_ECHECK,
		   "interface net1 of container c9 has no address");
	expect_text(add("c7", NET, ""), "10.1.0.7/24");
	del("c1", NET);
	expect_text(content("10.1.0.2"), "-");
	expect_text(content("10.1.0.3"), "c1\r\nnet2");
	expect_text(content("10.1.0.4"), "c11\r\nnet1");
	expect_text(content("10.1.0.5"), "c1");
	del("c2", NET);
	expect_text(content("10.1.0.6"), "-");
}

/* One of an old version names no interface: it is the one of the result, or may be another's. */
static void a_result_says_which_old_lease_is_meant(void **state)
{
	json_auto_t *of_2 = json_pack("{s:[{s:s}]}", "ips", "address", "10.1.0.2/24");
	json_auto_t *of_5 = json_pack("{s:[{s:s}]}", "ips", "address", "10.1.0.5/24");
	struct err e;

	(void)state;
	scratch_file("c1\r\nnet1", "data/net/10.1.0.2");
	scratch_file("c1", "data/net/10.1.0.5");
	del_with = of_5;
	expect_ok(call(CNI_CHECK, "c1", NET, "", NULL, &e), &e);
	del_with = of_2;
	expect_ok(call(CNI_CHECK, "c1", NET, "", NULL, &e), &e);
	del("c1", NET);
	expect_text(content("10.1.0.2"), "-");
	expect_text(content("10.1.0.5"), "c1");
	del_with = of_5;
	del("c1", NET);
	expect_int(leases(), 0);
	del_with = NULL;
}

/* A power cut keeps names and forgets what was written; a copy makes two files of two names. */
static void a_lease_is_released_whatever_became_of_its_file(void **state)
{
	(void)state;
	expect_text(add("c1", NET, ""), "10.1.0.2/24");
	expect_text(add("c2", NET, ""), "10.1.0.3/24");
	expect_int(truncate(scratch_path("data/net/.c1:net1"), 0), 0);
	del("c1", NET);
	expect_int(leases(), 2);
	expect_int(unlink(scratch_path("data/net/10.1.0.3")), 0);
	scratch_file("c2\r\nnet1", "data/net/10.1.0.3");
	del("c2", NET);
	expect_int(leases(), 0);
}

static void gc_releases_those_of_nobody(void **state)
{
	const char *one = "'cni.dev/valid-attachments': [{'containerID': 'c1', 'ifname': 'net1'}]";
	const struct timespec tomorrow[2] = {{time(NULL) + 86400, 0}, {time(NULL) + 86400, 0}};
	struct err e;

	(void)state;
	scratch_file("c1\r\nnet1", "data/net/10.1.0.2");
	scratch_file("c1\r\nnet2", "data/net/10.1.0.3");
	scratch_file("c1", "data/net/10.1.0.4");
	scratch_file("c2", "data/net/10.1.0.5");
	scratch_file("", "data/net/10.1.0.6"); /* of a power cut */
	scratch_file("", "data/net/notes");
	scratch_link("/etc/passwd", "data/net/10.1.0.7");
	expect_text(add("c3", NET, ""), "10.1.0.8/24");
	expect_ok(call(CNI_GC, "", NET, "'x': 1", NULL, &e), &e);
	expect_int(leases(), 9); /* without a list, nothing is released */
	gc_since = 1; /* nor what came after the list was made, which all of it did here */
	expect_ok(call(CNI_GC, "", NET, one, NULL, &e), &e);
	expect_int(leases(), 9);
	/* but one of a day to come: the clock was wrong */
	expect_int(utimensat(AT_FDCWD, scratch_path("data/net/10.1.0.5"), tomorrow, 0), 0);
	expect_ok(call(CNI_GC, "", NET, one, NULL, &e), &e);
	expect_int(leases(), 8);
	gc_since = INT32_MAX;
	expect_ok(call(CNI_GC, "", NET, one, NULL, &e), &e);
	expect_text(content("10.1.0.2"), "c1\r\nnet1");
	expect_text(content("10.1.0.4"), "c1");
	expect_text(content("notes"), "");
	expect_int(leases(), 4); /* these, and the link, which is not ours */
	expect_ok(call(CNI_GC, "", NET, "'cni.dev/attachments': null", NULL, &e), &e);
	expect_int(leases(), 2);
}

static void status_tells_of_a_full_range(void **state)
{
	const char *small = "'ranges': [[{'subnet': '10.1.0.0/24'}], [{'subnet': '10.2.0.0/29'}]]";
	struct err e;
	char id[8];

	(void)state;
	expect_ok(call(CNI_STATUS, "", small, "", NULL, &e), &e);
	for (int i = 0; i < 5; i++) {
		expect_ok(call(CNI_STATUS, "", small, "", NULL, &e), &e);
		(void)snprintf(id, sizeof(id), "c%d", i);
		expect_within(add(id, small, ""), "10.1.0.");
	}
	expect_err(call(CNI_STATUS, "", small, "", NULL, &e), &e, CNI_ENOTAVAIL,
		   "range set 1 (10.2.0.0/29) has no free address: 5 are given");
}

/* What was prepared in the folder, and what ADD says. */
static void the_folder_may_hold_anything(void **state)
{
	(void)state;
	scratch_link("/etc/passwd", "data/net/10.1.0.2");
	scratch_folder("data/net/10.1.0.3");
	scratch_file("", "data/net/10.1.0.4");
	expect_int(mkfifo(scratch_path("data/net/10.1.0.5"), 0600), 0);
	scratch_link("/no/such", "data/net/10.1.0.6");
	scratch_link("/etc/passwd", "data/net/last_reserved_ip.0");
	scratch_link("/etc/passwd", "data/net/.c1:net1");
	expect_text(add("c1", NET, ""), "10.1.0.7/24");
	del("c1", NET);
	scratch_folder("data/net/.c1:net1");
	expect_within(add("c1", NET, ""), "5 cannot remove");
	expect_int(rmdir(scratch_path("data/net/.c1:net1")), 0);

	expect_int(unlink(scratch_path("data/net/lock")), 0);
	scratch_link("/etc/passwd", "data/net/lock");
	expect_within(add("c1", NET, ""), "it is no file: remove it");
	expect_int(unlink(scratch_path("data/net/lock")), 0);
	expect_int(mkfifo(scratch_path("data/net/lock"), 0600), 0);
	expect_within(add("c1", NET, ""), "lock is no file: remove it");
	expect_int(unlink(scratch_path("data/net/lock")), 0);

	expect_int(chmod(scratch_path("data/net"), 0777), 0);
	expect_within(add("c1", NET, ""), "nobody else may write to it");
	expect_int(rename(scratch_path("data/net"), scratch_path("data/other")), 0);
	scratch_link("other", "data/net");
	expect_within(add("c1", NET, ""), "104 cannot open the folder of leases");
}

static void a_lock_ends_with_its_process(void **state)
{
	int ready[2], fd;
	char byte;
	pid_t pid;

	(void)state;
	scratch_file("", "data/net/lock");
	expect_int(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		fd = open(scratch_path("data/net/lock"), O_RDONLY);
		(void)!write(ready[1], "", !flock(fd, LOCK_EX));
		(void)pause();
		_exit(0);
	}
	expect_int(read(ready[0], &byte, 1), 1);
	expect_int(kill(pid, SIGKILL), 0);
	expect_text(add("c1", NET, ""), "10.1.0.2/24");
	expect_int(waitpid(pid, NULL, 0), pid);
	(void)close(ready[0]);
	(void)close(ready[1]);
}

static double cpu(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ADD, and DEL with its result: the least CPU seconds of 100 times, whatever else runs beside. */
static double cost(const char *ipam)
{
	double least = 1;

	for (int i = 0; i < 100; i++) {
		double begin = cpu(), took;
		json_auto_t *result = NULL;
		struct err e;

		expect_ok(call(CNI_ADD, "c1", ipam, "", &result, &e), &e);
		del_with = result;
		del("c1", ipam);
		del_with = NULL;
		took = cpu() - begin;
		least = took < least ? took : least;
	}
	return least;
}

static void sixty_thousand_leases_cost_no_more(void **state)
{
	const char *net = "'subnet': '10.2.0.0/16'";
	double empty, full, begin;

	(void)state;
	empty = cost(net);
	/* names of one file are as good, and made faster */
	scratch_file("x\r\nnet1", "data/net/10.2.0.2");
	for (int i = 3; i < 60002; i++)
		expect_int(link(scratch_path("data/net/10.2.0.2"),
				scratch_path("data/net/10.2.%d.%d", i / 256, i % 256)),
			   0);
	scratch_file("10.2.234.97", "data/net/last_reserved_ip.0");
	full = cost(net);
	if (full > 2 * empty)
		fail_msg("%.0f us with 60000 leases, %.0f without", full * 1e6, empty * 1e6);

	/* without the result, it looks for them by inode */
	expect_text(add("c1", net, ""), "10.2.234.198/16");
	begin = cpu();
	del("c1", net);
	if (cpu() - begin > 0.5)
		fail_msg("DEL without a result took %.0f ms", (cpu() - begin) * 1e3);
	expect_int(leases(), 60000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(ranges_give_in_their_order),
		SCRATCH_TEST(what_is_wrong_is_refused_and_leaves_nothing),
		SCRATCH_TEST(a_version_with_one_address_of_each_family_refuses_two),
		SCRATCH_TEST(static_addresses_come_from_where_static_takes_them),
		SCRATCH_TEST(a_gateway_of_cni_args_is_for_its_addresses),
		cmocka_unit_test(a_resolv_conf_says_what_it_says_to_a_resolver),
		SCRATCH_TEST(the_files_are_host_locals),
		SCRATCH_TEST(an_interface_has_one_set_of_addresses),
		SCRATCH_TEST(what_host_local_gave_is_released),
		SCRATCH_TEST(a_result_says_which_old_lease_is_meant),
		SCRATCH_TEST(a_lease_is_released_whatever_became_of_its_file),
		SCRATCH_TEST(gc_releases_those_of_nobody),
		SCRATCH_TEST(status_tells_of_a_full_range),
		SCRATCH_TEST(the_folder_may_hold_anything),
		SCRATCH_TEST(a_lock_ends_with_its_process),
		SCRATCH_TEST(sixty_thousand_leases_cost_no_more),
	};

	return cmocka_run_group_tests_name("shim", tests, NULL, NULL);
}
