/* SPDX-License-Identifier: Apache-2.0 */
/* guest_xml_test.c - a VF in libvirt's words */
#include <stdlib.h>

#include "cni.h"
#include "expect.h"
#include "guest_xml.h"
#include "mem.h"

static char *printed(const struct guest_xml *x)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	guest_xml_print(f, x);
	(void)fclose(f);
	return text;
}

static void a_hostdev_has_the_address_alone(void **state)
{
	struct guest_xml x = {0};
	_cleanup_free_ char *text = NULL;

	(void)state;
	expect_int(pciaddr_parse("0000:3b:1f.7", &x.addr), 0);
	text = printed(&x);
	expect_text(text, "<hostdev mode='subsystem' type='pci' managed='yes'>\n"
			  "  <source>\n"
			  "    <address domain='0x0000' bus='0x3b' slot='0x1f' function='0x7'/>\n"
			  "  </source>\n"
			  "</hostdev>\n");
}

static void an_interface_has_mac_and_vlan(void **state)
{
	struct guest_xml x = {.interface = true};
	struct err e = {0};
	_cleanup_free_ char *text = NULL;

	(void)state;
	expect_int(pciaddr_parse("10000:e1:00.2", &x.addr), 0);
	expect_ok(guest_xml_read("02:00:5E:00:00:01", "100", &x, &e), &e);
	text = printed(&x);
	expect_text(text, "<interface type='hostdev' managed='yes'>\n"
			  "  <source>\n"
			  "    <address type='pci' domain='0x10000' bus='0xe1' slot='0x00' "
			  "function='0x2'/>\n"
			  "  </source>\n"
			  "  <mac address='02:00:5e:00:00:01'/>\n"
			  "  <vlan>\n"
			  "    <tag id='100'/>\n"
			  "  </vlan>\n"
			  "</interface>\n");
}

static void an_interface_may_have_neither(void **state)
{
	struct guest_xml x = {.interface = true};
	struct err e = {0};
	_cleanup_free_ char *text = NULL;

	(void)state;
	expect_int(pciaddr_parse("0000:01:10.0", &x.addr), 0);
	expect_ok(guest_xml_read(NULL, NULL, &x, &e), &e);
	text = printed(&x);
	expect_text(text, "<interface type='hostdev' managed='yes'>\n"
			  "  <source>\n"
			  "    <address type='pci' domain='0x0000' bus='0x01' slot='0x10' "
			  "function='0x0'/>\n"
			  "  </source>\n"
			  "</interface>\n");
}

static void the_vlans_are_1_to_4094(void **state)
{
	static const struct {
		const char *text;
		uint64_t vlan; /* 0: refused */
	} rows[] = {
		{"1", 1},     {"4094", 4094}, {"0100", 100}, {"0", 0},
		{"", 0},      {"4095", 0},    {"4096", 0},   {"-1", 0},
		{"+1", 0},    {" 1", 0},      {"1 ", 0},     {"0x64", 0},
		{"1.5", 0},   {"a", 0},       {"100000", 0}, {"18446744073709551716", 0},
		{"00001", 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct guest_xml x = {.interface = true};
		struct err e = {0};
		int result = guest_xml_read(NULL, rows[i].text, &x, &e);

		EXPECT_ROW(rows[i].text);
		expect_int(x.attrs.f[VF_VLAN].set, rows[i].vlan != 0);
		expect_int(x.attrs.f[VF_VLAN].v, rows[i].vlan);
		if (rows[i].vlan)
			expect_ok(result, &e);
		else
			expect_err(result, &e, CNI_ECONFIG, "4094");
	}
}

static void the_mac_is_a_unicast_one(void **state)
{
	static const char *const refused[] = {
		"01:00:5e:00:00:01",
		"ff:ff:ff:ff:ff:ff",
		"00:00:00:00:00:00",
		"",
		"02:00:5e:00:00",
		"02:00:5e:00:00:01:02",
		"x",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct guest_xml x = {.interface = true};
		struct err e = {0};

		EXPECT_ROW(refused[i]);
		expect_err(guest_xml_read(refused[i], "100", &x, &e), &e, CNI_ECONFIG,
			   " MAC address");
		expect_int(x.attrs.f[VF_MAC].set, false);
	}
}

static void a_hostdev_has_neither_mac_nor_vlan(void **state)
{
	struct guest_xml x = {0};
	struct err e = {0};

	(void)state;
	expect_err(guest_xml_read("02:00:5e:00:00:01", NULL, &x, &e), &e, CNI_ECONFIG,
		   "--mac goes with --interface");
	expect_err(guest_xml_read(NULL, "100", &x, &e), &e, CNI_ECONFIG,
		   "--vlan goes with --interface");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hostdev_has_the_address_alone),
		cmocka_unit_test(an_interface_has_mac_and_vlan),
		cmocka_unit_test(an_interface_may_have_neither),
		cmocka_unit_test(the_vlans_are_1_to_4094),
		cmocka_unit_test(the_mac_is_a_unicast_one),
		cmocka_unit_test(a_hostdev_has_neither_mac_nor_vlan),
	};

	return cmocka_run_group_tests_name("guest_xml", tests, NULL, NULL);
}
