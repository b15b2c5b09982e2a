/* SPDX-License-Identifier: Apache-2.0 */
/* guest_xml.c - a VF in libvirt's words; pure: nothing is read here */
#include "guest_xml.h"

#include <stdlib.h>
#include <string.h>

#include "cni.h"

static int read_mac(const char *text, struct opt *ret, struct err *e)
{
	uint64_t mac;

	/* bit 40 is the group bit of the first byte: a multicast or the broadcast address */
	if (mac_parse(text, &mac) < 0 || mac == 0 || mac & 1ULL << 40)
		return err_set(e, CNI_ECONFIG, 0,
			       "--mac is a unicast MAC address like 02:00:5e:00:00:01, not \"%s\"",
			       text);
	*ret = (struct opt){true, mac};
	return 0;
}

static int read_vlan(const char *text, struct opt *ret, struct err *e)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long vlan = digits <= 4 ? strtoul(text, NULL, 10) : 0;

	if (text[digits] || vlan < 1 || vlan > 4094)
		return err_set(e, CNI_ECONFIG, 0, "--vlan is a number from 1 to 4094, not \"%s\"",
			       text);
	*ret = (struct opt){true, vlan};
	return 0;
}

int guest_xml_read(const char *mac, const char *vlan, struct guest_xml *x, struct err *e)
{
	if ((mac || vlan) && !x->interface)
		return err_set(e, CNI_ECONFIG, 0,
			       "%s goes with --interface; what a <hostdev> has is set before: "
			       "sriovctl set",
			       mac ? "--mac" : "--vlan");
	if ((mac && read_mac(mac, &x->mac, e) < 0) || (vlan && read_vlan(vlan, &x->vlan, e) < 0))
		return -1;
	return 0;
}

void guest_xml_print(FILE *to, const struct guest_xml *x)
{
	char mac[MAC_TEXT];

	(void)fputs(x->interface ? "<interface type='hostdev' managed='yes'>\n"
				 : "<hostdev mode='subsystem' type='pci' managed='yes'>\n",
		    to);
	/* libvirt's schema wants the type here in the one, and forbids it in the other */
	(void)fprintf(to,
		      "  <source>\n"
		      "    <address %sdomain='0x%04x' bus='0x%02x' slot='0x%02x' "
		      "function='0x%x'/>\n"
		      "  </source>\n",
		      x->interface ? "type='pci' " : "", x->addr.domain, x->addr.rid >> 8,
		      x->addr.rid >> 3 & 0x1f, x->addr.rid & 7);
	if (x->mac.set)
		(void)fprintf(to, "  <mac address='%s'/>\n", mac_text(x->mac.v, mac));
	if (x->vlan.set)
		(void)fprintf(to,
			      "  <vlan>\n"
			      "    <tag id='%u'/>\n"
			      "  </vlan>\n",
			      (unsigned)x->vlan.v);
	(void)fputs(x->interface ? "</interface>\n" : "</hostdev>\n", to);
}
