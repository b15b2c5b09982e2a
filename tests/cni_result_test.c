/* SPDX-License-Identifier: Apache-2.0 */
/* cni_result_test.c - results of every CNI version, into the newest shape and out of it */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cni.h"
#include "expect.h"
#include "fixture.h"
#include "mem.h"

static void a_result_comes_in(void **state)
{
	json_auto_t *in = fixture_json(fixture_beside(state, ".json"));
	json_t *before = json_deep_copy(in);
	struct err e = {0};
	json_t *out = cni_result_in(in, "the result", &e);

	expect_ok(out ? 0 : -1, &e);
	expect_json(out, fixture_json(fixture_beside(state, ".expected")));
	expect_json(json_incref(in), before); /* an input is not changed */
}

/* NAME.expected: the code, a space, a part of the message. */
static void a_result_is_refused(void **state)
{
	json_auto_t *in = fixture_json(fixture_beside(state, ".json"));
	_cleanup_free_ char *expected = fixture_read(fixture_beside(state, ".expected"), NULL);
	struct err e = {0};
	json_auto_t *out = cni_result_in(in, "the result", &e);
	char *part;
	int code = (int)strtol(expected, &part, 10);

	part[strcspn(part, "\n")] = '\0';
	expect_err(out ? 0 : -1, &e, code, part + 1);
	expect_within(e.msg, "the result: ");
}

static void what_is_no_object_is_no_result(void **state)
{
	struct err e;
	json_auto_t *list = json_array(), *out = cni_result_in(list, "the result", &e);

	(void)state;
	expect_err(out ? 0 : -1, &e, CNI_EDECODE, "the result is not a JSON object");
}

static void a_result_goes_out_in_every_version(void **state)
{
	char path[64];

	(void)state;
	for (unsigned v = 0; v < CNI_VERSIONS; v++) {
		json_auto_t *newest = fixture_json("result/out/newest.json");
		json_t *before = json_deep_copy(newest);
		struct err e = {0};
		json_t *out = cni_result_out(newest, (enum cni_version)v, &e);

		(void)snprintf(path, sizeof(path), "result/out/%s.expected", cni_version_name(v));
		EXPECT_ROW(path);
		expect_ok(out ? 0 : -1, &e);
		expect_json(out, fixture_json(path));
		expect_json(json_incref(newest), before);
	}
}

static void without_addresses_there_is_a_result_too(void **state)
{
	json_auto_t *newest = json_pack("{s:s, s:[], s:[], s:[{s:s}], s:{}}", "cniVersion", "1.1.0",
					"interfaces", "ips", "routes", "dst", "10.0.0.0/8", "dns");
	struct err e = {0};

	(void)state;
	/* no address to hang the route on */
	expect_json(cni_result_out(newest, CNI_0_2_0, &e),
		    json_pack("{s:s, s:{}}", "cniVersion", "0.2.0", "dns"));
	expect_json(cni_result_out(newest, CNI_1_1_0, &e), json_incref(newest));
}

static void two_addresses_of_a_family_do_not_fit_into_the_oldest_versions(void **state)
{
	static const char *const pairs[][2] = {{"10.1.2.3/24", "10.1.2.4/24"},
					       {"fd00::3/64", "fd00::4/64"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		json_auto_t *newest = json_pack("{s:[{s:s}, {s:s}], s:{}}", "ips", "address",
						pairs[i][0], "address", pairs[i][1], "dns");
		struct err e;

		for (unsigned v = 0; v < CNI_VERSIONS; v++) {
			json_auto_t *out = cni_result_out(newest, (enum cni_version)v, &e);

			EXPECT_ROW(cni_version_name((enum cni_version)v));
			if (v <= CNI_0_2_0)
				expect_err(out ? 0 : -1, &e, CNI_EVERSION,
					   "cannot express a second address");
			else
				expect_ok(out ? 0 : -1, &e);
		}
	}
}

/* --- dns --- */

static const struct {
	const char *conf, *ipam, *expected;
} dns[] = {
	{NULL, NULL, "{}"},
	{NULL, "{'domain': 'i'}", "{'domain': 'i'}"},
	{"{'domain': 'c'}", NULL, "{'domain': 'c'}"},
	{"{'domain': 'c'}", "{'domain': 'i', 'search': ['i']}", "{'domain': 'c', 'search': ['i']}"},
	{"{'nameservers': []}", "{'nameservers': ['i'], 'options': ['o']}",
	 "{'nameservers': [], 'options': ['o']}"},
	{"{}", "{'nameservers': ['i']}", "{'nameservers': ['i']}"},
};

static json_t *parse(const char *text)
{
	char quoted[1024];

	if (!text)
		return NULL;
	(void)snprintf(quoted, sizeof(quoted), "%s", text);
	for (char *c = quoted; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	return json_loads(quoted, 0, NULL);
}

static void dns_of_the_configuration_goes_over_that_of_ipam(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(dns); i++) {
		json_auto_t *conf = parse(dns[i].conf), *ipam = parse(dns[i].ipam);

		expect_json(cni_dns_merge(conf, ipam), parse(dns[i].expected));
		expect_json(json_incref(ipam) ?: json_null(), parse(dns[i].ipam) ?: json_null());
	}
}

/* --- in a list of plugins --- */

#define PREV                                                                                         \
	"'cniVersion': '1.1.0', 'interfaces': [{'name': 'br0'}, {'name': 'eth0', 'sandbox': '/n'}]," \
	"'ips': [{'address': '10.0.0.1/8', 'interface': 1}, {'address': '10.0.0.2/8'}],"             \
	"'routes': [{'dst': '0.0.0.0/0'}]"
#define OWN                                                                                        \
	"'interfaces': [{'name': 'net1', 'sandbox': '/n'}],"                                       \
	"'ips': [{'address': 'fd00::1/64', 'interface': 0}], 'routes': [{'dst': '::/0', 'mtu': 9}]"
#define ALL                                                                                         \
	"'cniVersion': '1.1.0', 'interfaces': [{'name': 'br0'}, {'name': 'eth0', 'sandbox': '/n'}," \
	"{'name': 'net1', 'sandbox': '/n'}],"                                                       \
	"'ips': [{'address': '10.0.0.1/8', 'interface': 1}, {'address': '10.0.0.2/8'},"             \
	"{'address': 'fd00::1/64', 'interface': 2}],"                                               \
	"'routes': [{'dst': '0.0.0.0/0'}, {'dst': '::/0', 'mtu': 9}]"

static const struct {
	const char *prev, *own, *expected;
} chains[] = {
	{NULL, "{" OWN ", 'dns': {}}", "{" OWN ", 'dns': {}}"},
	{"{" PREV ", 'dns': {}}", "{" OWN ", 'dns': {}}", "{" ALL ", 'dns': {}}"},
	/* what ours says of DNS goes over it, what it does not say is kept */
	{"{" PREV ", 'dns': {'domain': 'p', 'search': ['p']}}", "{" OWN ", 'dns': {'domain': 'o'}}",
	 "{" ALL ", 'dns': {'domain': 'o', 'search': ['p']}}"},
	{"{'interfaces': [], 'ips': [], 'routes': [], 'dns': {}}", "{" OWN ", 'dns': {}}",
	 "{" OWN ", 'dns': {}}"},
	/* without addresses of its own */
	{"{" PREV ", 'dns': {}}", "{'interfaces': [], 'ips': [], 'routes': [], 'dns': {}}",
	 "{" PREV ", 'dns': {}}"},
};

static void a_result_is_put_behind_those_in_front(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(chains); i++) {
		json_auto_t *prev = parse(chains[i].prev), *own = parse(chains[i].own);

		EXPECT_ROW(chains[i].expected);
		expect_json(cni_result_chain(prev, own), parse(chains[i].expected));
		expect_json(json_incref(own), parse(chains[i].own));
		expect_json(json_incref(prev) ?: json_null(), parse(chains[i].prev) ?: json_null());
	}
}

static void the_interface_of_the_container_is_found_by_its_name(void **state)
{
	json_auto_t *result =
		parse("{'interfaces': [{'name': 'net1'}, {'name': 'net1', 'sandbox': ''},"
		      "{'sandbox': '/n'}, {'name': 'net2', 'sandbox': '/n'},"
		      "{'name': 'net1', 'sandbox': '/n', 'mac': 'x'}]}");

	(void)state;
	expect_json(json_incref(cni_result_interface(result, "net1")),
		    parse("{'name': 'net1', 'sandbox': '/n', 'mac': 'x'}"));
	assert_null(cni_result_interface(result, "net3"));
	assert_null(cni_result_interface(NULL, "net1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_object_is_no_result),
		cmocka_unit_test(a_result_goes_out_in_every_version),
		cmocka_unit_test(without_addresses_there_is_a_result_too),
		cmocka_unit_test(two_addresses_of_a_family_do_not_fit_into_the_oldest_versions),
		cmocka_unit_test(dns_of_the_configuration_goes_over_that_of_ipam),
		cmocka_unit_test(a_result_is_put_behind_those_in_front),
		cmocka_unit_test(the_interface_of_the_container_is_found_by_its_name),
	};

	return cmocka_run_group_tests_name("cni_result", tests, NULL, NULL) +
	       fixture_run("result/in", a_result_comes_in) +
	       fixture_run("result/refused", a_result_is_refused);
}
