/* SPDX-License-Identifier: Apache-2.0 */
/* guest_xml.h - a VF in libvirt's words; pure: nothing is read here */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "vf.h"
#include "vfdev.h"

/* What a guest is to get. */
struct guest_xml {
	struct pciaddr addr;
	bool interface; /* an <interface>, of which libvirt sets MAC and VLAN; else a <hostdev> */
	struct vf_attrs attrs; /* its MAC and VLAN, where they are set; only with interface */
};

/*
 * Reads --mac and --vlan as they stand on the command line into x->attrs; NULL: not given. Errors:
 * CNI_ECONFIG: no unicast address, no VLAN from 1 to 4094, or not with an <interface>.
 */
int guest_xml_read(const char *mac, const char *vlan, struct guest_xml *x, struct err *e);

/*
 * Prints the element. Source: libvirt's formatdomain, "PCI passthrough of host devices" and "PCI
 * Passthrough" of network interfaces.
 */
void guest_xml_print(FILE *to, const struct guest_xml *x);
