/* SPDX-License-Identifier: Apache-2.0 */
/* inet_test.c - IP addresses and prefixes as text and as bytes */
#include <string.h>
#include <sys/socket.h>

#include "expect.h"
#include "inet.h"
#include "mem.h"

static const struct {
	const char *text, *expected; /* expected: as it is printed; NULL: it is no prefix */
	int family;
	uint8_t prefixlen, first, last; /* bytes of the address */
} prefixes[] = {
	{"10.1.2.3/24", "10.1.2.3/24", AF_INET, 24, 10, 3},
	{"0.0.0.0/0", "0.0.0.0/0", AF_INET, 0, 0, 0},
	{"255.255.255.255/32", "255.255.255.255/32", AF_INET, 32, 255, 255},
	{"fd00::3/64", "fd00::3/64", AF_INET6, 64, 0xfd, 3},
	{"::/0", "::/0", AF_INET6, 0, 0, 0},
	{"FD00:0:0::3/128", "fd00::3/128", AF_INET6, 128, 0xfd, 3},
	{"::ffff:10.1.2.3/120", "::ffff:10.1.2.3/120", AF_INET6, 120, 0, 3},
	{"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128",
	 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", AF_INET6, 128, 255, 255},

	{"", NULL, 0, 0, 0, 0},
	{"/24", NULL, 0, 0, 0, 0},
	{"10.1.2.3", NULL, 0, 0, 0, 0},
	{"10.1.2.3/", NULL, 0, 0, 0, 0},
	{"10.1.2.3/33", NULL, 0, 0, 0, 0},
	{"10.1.2.3/256", NULL, 0, 0, 0, 0},
	{"10.1.2.3/1000", NULL, 0, 0, 0, 0},
	{"10.1.2.3/4294967320", NULL, 0, 0, 0, 0}, /* 2^32 + 24 */
	{"10.1.2.3/-1", NULL, 0, 0, 0, 0},
	{"10.1.2.3/+8", NULL, 0, 0, 0, 0},
	{"10.1.2.3/ 8", NULL, 0, 0, 0, 0},
	{"10.1.2.3/8 ", NULL, 0, 0, 0, 0},
	{"10.1.2.3/24/24", NULL, 0, 0, 0, 0},
	{"10.1.2.3/255.255.255.0", NULL, 0, 0, 0, 0},
	{"10.1.2/24", NULL, 0, 0, 0, 0},
	{"10.1.2.256/24", NULL, 0, 0, 0, 0},
	{" 10.1.2.3/24", NULL, 0, 0, 0, 0},
	{"fd00::3/129", NULL, 0, 0, 0, 0},
	{"fd00::3::4/64", NULL, 0, 0, 0, 0},
	{"fe80::1%eth0/64", NULL, 0, 0, 0, 0},
	{"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/64", NULL, 0, 0, 0, 0},
};

static void a_prefix_is_an_address_and_a_length(void **state)
{
	struct inet_prefix untouched;

	(void)state;
	memset(&untouched, 0x5a, sizeof(untouched));
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		struct inet_prefix p = untouched;
		char text[INET_PREFIX_TEXT];

		EXPECT_ROW(prefixes[i].text);
		expect_int(inet_prefix_parse(prefixes[i].text, &p), prefixes[i].expected ? 0 : -1);
		if (!prefixes[i].expected) {
			expect_bytes(&p, sizeof(p), &untouched, sizeof(untouched));
			continue;
		}
		expect_text(inet_prefix_text(&p, text), prefixes[i].expected);
		expect_int(p.family, prefixes[i].family);
		expect_int(p.prefixlen, prefixes[i].prefixlen);
		expect_int(p.addr[0], prefixes[i].first);
		expect_int(p.addr[inet_addr_len(p.family) - 1], prefixes[i].last);
	}
}

static void an_address_has_the_whole_length(void **state)
{
	struct inet_prefix p;

	(void)state;
	expect_int(inet_addr_parse("10.1.2.3", &p), 0);
	expect_int(p.family, AF_INET);
	expect_int(p.prefixlen, 32);
	expect_bytes(p.addr, 4, "\x0a\x01\x02\x03", 4);
	expect_int(inet_addr_parse("fd00::3", &p), 0);
	expect_int(p.family, AF_INET6);
	expect_int(p.prefixlen, 128);
	expect_bytes(p.addr, 16, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x03", 16);
	expect_int(inet_addr_parse("10.1.2.3/24", &p), -1);
	expect_int(inet_addr_parse("", &p), -1);
	expect_int(inet_addr_parse("host", &p), -1);
}

static void prefixes_are_equal_in_family_address_and_length(void **state)
{
	struct inet_prefix a, b, c, d;

	(void)state;
	expect_int(inet_prefix_parse("10.1.2.3/24", &a), 0);
	b = a;
	memset(b.addr + 4, 0xff, sizeof(b.addr) - 4); /* not part of an IPv4 address */
	expect_int(inet_prefix_equal(&a, &b), true);
	expect_int(inet_prefix_parse("10.1.2.3/25", &c), 0);
	expect_int(inet_prefix_equal(&a, &c), false);
	expect_int(inet_prefix_parse("10.1.2.4/24", &c), 0);
	expect_int(inet_prefix_equal(&a, &c), false);
	expect_int(inet_prefix_parse("0a01:203::/24", &c), 0);
	expect_int(inet_prefix_equal(&a, &c), false);
	expect_int(inet_prefix_parse("fd00::3/64", &c), 0);
	expect_int(inet_prefix_parse("fd00::4/64", &d), 0);
	expect_int(inet_prefix_equal(&c, &d), false);
}

static const struct {
	const char *addr, *next; /* next NULL: there is none */
} steps[] = {
	{"10.1.2.3", "10.1.2.4"},
	{"10.1.2.255", "10.1.3.0"},
	{"10.255.255.255", "11.0.0.0"},
	{"255.255.255.255", NULL},
	{"fd00::", "fd00::1"},
	{"fd00::ffff:ffff:ffff:ffff", "fd00:0:0:1::"},
	{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
};

static void a_step_carries_over_all_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		char text[INET_PREFIX_TEXT];
		struct inet_prefix a, b;

		EXPECT_ROW(steps[i].addr);
		expect_int(inet_addr_parse(steps[i].addr, &a), 0);
		b = a;
		expect_int(inet_addr_step(&b, 1), !!steps[i].next);
		if (!steps[i].next)
			continue;
		expect_text(inet_addr_text(&b, text), steps[i].next);
		expect_int(inet_addr_cmp(&a, &b) < 0 && inet_addr_cmp(&b, &a) > 0, true);
		expect_int(inet_addr_step(&b, -1), true);
		expect_text(inet_addr_text(&b, text), steps[i].addr);
		expect_int(inet_addr_cmp(&a, &b), 0);
	}
}

static const struct {
	const char *net, *first, *last;
} networks[] = {
	{"10.1.2.3/24", "10.1.2.0", "10.1.2.255"},
	{"10.1.2.3/0", "0.0.0.0", "255.255.255.255"},
	{"10.1.2.3/32", "10.1.2.3", "10.1.2.3"},
	{"10.1.2.77/29", "10.1.2.72", "10.1.2.79"},
	{"10.129.2.3/9", "10.128.0.0", "10.255.255.255"},
	{"fd00::3/64", "fd00::", "fd00::ffff:ffff:ffff:ffff"},
	{"fd00::1234/121", "fd00::1200", "fd00::127f"},
};

static void a_network_reaches_from_its_first_to_its_last_address(void **state)
{
	struct inet_prefix other;

	(void)state;
	expect_int(inet_addr_parse("a01:200::", &other), 0);
	for (size_t i = 0; i < ARRAY_SIZE(networks); i++) {
		struct inet_prefix net, first, last;
		char text[INET_PREFIX_TEXT];

		EXPECT_ROW(networks[i].net);
		expect_int(inet_prefix_parse(networks[i].net, &net), 0);
		first = inet_prefix_first(&net);
		last = inet_prefix_last(&net);
		expect_text(inet_addr_text(&first, text), networks[i].first);
		expect_text(inet_addr_text(&last, text), networks[i].last);
		expect_int(inet_prefix_contains(&net, &first), true);
		expect_int(inet_prefix_contains(&net, &last), true);
		expect_int(inet_prefix_contains(&net, &other), false);
		if (inet_addr_step(&first, -1))
			expect_int(inet_prefix_contains(&net, &first), false);
		if (inet_addr_step(&last, 1))
			expect_int(inet_prefix_contains(&net, &last), false);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_prefix_is_an_address_and_a_length),
		cmocka_unit_test(an_address_has_the_whole_length),
		cmocka_unit_test(prefixes_are_equal_in_family_address_and_length),
		cmocka_unit_test(a_step_carries_over_all_bytes),
		cmocka_unit_test(a_network_reaches_from_its_first_to_its_last_address),
	};

	return cmocka_run_group_tests_name("inet", tests, NULL, NULL);
}
