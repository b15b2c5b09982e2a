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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_prefix_is_an_address_and_a_length),
		cmocka_unit_test(an_address_has_the_whole_length),
		cmocka_unit_test(prefixes_are_equal_in_family_address_and_length),
	};

	return cmocka_run_group_tests_name("inet", tests, NULL, NULL);
}
