/* SPDX-License-Identifier: Apache-2.0 */
/* attrs_test.c - VF attributes as an administrator writes them */
#include <string.h>

#include "attrs.h"
#include "cni.h"
#include "expect.h"
#include "mem.h"

/* What is written, and what it is when it is printed again. */
static const struct {
	const char *line, *text;
} good[] = {
	{"", ""},
	{" \t ", ""},
	{"mac=02:00:5E:00:00:01", "mac=02:00:5e:00:00:01"},
	{"mac=none", "mac=none"},
	{"vlan=100", "vlan=100 qos=0 proto=802.1q"},
	{"vlan=0", "vlan=0 qos=0 proto=802.1q"},
	{"vlan=4094 qos=7 proto=802.1ad", "vlan=4094 qos=7 proto=802.1ad"},
	{"qos=3", "qos=3"}, /* of the VLAN that it has */
	{"spoofchk=off trust=ON", "spoofchk=off trust=on"},
	{"link-state=disable\tmin-tx-rate=0 max-tx-rate=4294967295 rss-query=on",
	 "link-state=disable min-tx-rate=0 max-tx-rate=4294967295 rss-query=on"},
};

static void good_lines_are_read_and_printed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		EXPECT_ROW(good[i].line);
		_cleanup_free_ char *text = NULL;
		struct vf_attrs a, again;
		struct err e = {0};

		expect_ok(attrs_parse_line(good[i].line, &a, &e), &e);
		text = attrs_text(&a);
		expect_text(text, good[i].text);
		expect_ok(attrs_parse_line(text, &again, &e), &e);
		expect_int(vf_attrs_diff(&a, &again, 0), VF_FIELDS);
		expect_int(vf_attrs_diff(&again, &a, 0), VF_FIELDS);
	}
}

static const struct {
	const char *line, *says;
} bad[] = {
	{"vlan", "\"vlan\" is not of the form key=value"},
	{"=5", "no VF attribute \"\""},
	{"vlanid=5", "no VF attribute \"vlanid\"; there are: mac, vlan, qos, proto, spoofchk, "
		     "trust, link-state, min-tx-rate, max-tx-rate, rss-query"},
	{"an-attribute-with-a-name-longer-than-any=1", "no VF attribute \"an-attribute-with"},
	{"vlan=5 vlan=6", "vlan is given twice"},
	{"vlan=", "\"vlan\": \"\" was given, a whole number from 0 to 4094"},
	{"vlan=4095", "\"vlan\": 4095 was given, a whole number from 0 to 4094"},
	{"vlan=-1", "\"vlan\": \"-1\" was given"},
	{"vlan=0x10", "\"vlan\": \"0x10\" was given"},
	{"vlan=100000000000000000000", "\"vlan\": \"100000000000000000000\" was given"},
	{"qos=8", "\"qos\": 8 was given"},
	{"proto=802.1x", "one of \"802.1q\" \"802.1ad\" is expected"},
	{"trust=yes", "\"trust\": \"yes\" was given, one of \"off\" \"on\" is expected"},
	{"spoofchk=1", "\"spoofchk\": 1 was given"},
	{"link-state=up", "one of \"auto\" \"enable\" \"disable\" is expected"},
	{"max-tx-rate=4294967296", "\"max-tx-rate\": 4294967296 was given"},
	{"mac=01:00:5e:00:00:01", "a unicast MAC address"},
	{"mac=00:00:00:00:00:00", "a unicast MAC address like \"02:00:5e:00:00:01\" or \"none\""},
	{"mac=02:00:5e:00:00", "a unicast MAC address"},
	{"mac=\xff", "mac is not UTF-8"},
	{"mac=none vlan=1 qos=1 proto=802.1q spoofchk=on trust=on link-state=auto min-tx-rate=0 "
	 "max-tx-rate=1 rss-query=on vlan=2 vlan=3",
	 "vlan is given twice"},
};

static void bad_lines_are_refused_with_what_would_be_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_ROW(bad[i].line);
		struct vf_attrs a = {.f[VF_VLAN] = {true, 77}};
		struct err e = {0};

		expect_err(attrs_parse_line(bad[i].line, &a, &e), &e, CNI_ECONFIG, bad[i].says);
		expect_int(a.f[VF_VLAN].v, 77);
	}
}

static const struct {
	const char *line, *says; /* NULL: they can be together */
} together[] = {
	{"vlan=0", NULL},
	{"vlan=5 qos=3 proto=802.1ad", NULL},
	{"qos=0 proto=802.1q", NULL},
	{"qos=3", "qos needs a vlan"},
	{"vlan=0 qos=3", "qos needs a vlan"},
	{"vlan=0 proto=802.1ad", "proto needs a vlan"},
	{"min-tx-rate=100", NULL},
	{"min-tx-rate=100 max-tx-rate=0", NULL}, /* no limit */
	{"min-tx-rate=100 max-tx-rate=100", NULL},
	{"min-tx-rate=101 max-tx-rate=100", "min-tx-rate 101 is above max-tx-rate 100"},
};

static void values_that_cannot_be_together_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(together); i++) {
		EXPECT_ROW(together[i].line);
		struct vf_attrs a;
		struct err e = {0};

		expect_ok(attrs_parse_line(together[i].line, &a, &e), &e);
		if (together[i].says)
			expect_err(attrs_check(&a, &e), &e, CNI_ECONFIG, together[i].says);
		else
			expect_ok(attrs_check(&a, &e), &e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines_are_read_and_printed),
		cmocka_unit_test(bad_lines_are_refused_with_what_would_be_good),
		cmocka_unit_test(values_that_cannot_be_together_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
