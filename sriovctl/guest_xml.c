/* SPDX-License-Identifier: Apache-2.0 */
/* guest_xml.c - a VF in libvirt's words; pure: nothing is read here */
#include "guest_xml.h"

#include "attrs.h"
#include "cni.h"

/* Longer values are none, and are cut: so one that is wrong stays so. */
#define WORD 64

int guest_xml_read(const char *mac, const char *vlan, struct guest_xml *x, struct err *e)
{
	char words[2][WORD], *given[2] = {NULL};
	struct vf_attrs a;
	size_t n = 0;

	if ((mac || vlan) && !x->interface)
		return err_set(e, CNI_ECONFIG, 0,
			       "%s goes with --interface (what a <hostdev> has is set before: "
			       "sriovctl set)",
			       mac ? "--mac" : "--vlan");
	if (mac) {
		(void)snprintf(words[n], WORD, "mac=%s", mac);
		given[n] = words[n];
		n++;
	}
	if (vlan) {
		(void)snprintf(words[n], WORD, "vlan=%s", vlan);
		given[n] = words[n];
		n++;
	}
	if (attrs_parse(n, given, &a, e) < 0)
		return -1;
	if (mac && !a.f[VF_MAC].v)
		return err_set(e, CNI_ECONFIG, 0, "libvirt wants a MAC address, not --mac %s", mac);
	if (vlan && !a.f[VF_VLAN].v)
		return err_set(e, CNI_ECONFIG, 0,
			       "libvirt wants a VLAN from 1 to 4094, not --vlan %s", vlan);
	x->attrs = a;
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
	if (x->attrs.f[VF_MAC].set)
		(void)fprintf(to, "  <mac address='%s'/>\n", mac_text(x->attrs.f[VF_MAC].v, mac));
	if (x->attrs.f[VF_VLAN].set)
		(void)fprintf(to,
			      "  <vlan>\n"
			      "    <tag id='%u'/>\n"
			      "  </vlan>\n",
			      (unsigned)x->attrs.f[VF_VLAN].v);
	(void)fputs(x->interface ? "</interface>\n" : "</hostdev>\n", to);
}
