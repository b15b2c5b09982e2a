/* SPDX-License-Identifier: Apache-2.0 */
/* vm_xml.c - sriovctl vm-xml: what libvirt wants to read to give a VF to a guest */
#include <net/if.h>
#include <stdio.h>

#include "claim.h"
#include "guest_xml.h"
#include "mem.h"
#include "out.h"

/*
 * libvirt sets the MAC and the VLAN of an <interface> on the PF whatever they were: a MAC that it
 * is not told it makes up, a VLAN that it is not told it takes away. So what is there is told.
 */
static void keep_attributes(const struct host_pf *pf, const struct host_vf *vf, struct guest_xml *x)
{
	const struct opt *have = vf->attrs.f;

	for (enum vf_field f = VF_MAC; f <= VF_VLAN; f++)
		if (!x->attrs.f[f].set && have[f].v)
			x->attrs.f[f] = have[f];
	if (have[VF_QOS].v || have[VF_PROTO].v != VF_8021Q)
		out_warn("libvirt sets VLANs without priority and as 802.1q: VF %s will lose what "
			 "it has; a <hostdev> keeps it (without --interface)",
			 vf->dev.name);
	if (!(pf->link.flags & IFF_UP))
		out_warn("%s is down, and libvirt will not start a guest with this <interface> "
			 "then: ip link set %s up",
			 pf->dev.ifname, pf->dev.ifname);
}

/* What keeps a guest from having the VF, or would be the guest's as well. */
static int look_at_group(int sys, const struct host_vf *vf, struct err *e)
{
	char companions[512];

	if (!vf->group[0]) {
		out_warn("VF %s is in no IOMMU group, without which no guest gets it; sriovctl "
			 "doctor says what to do",
			 vf->dev.name);
		return 0;
	}
	if (vfio_list_companions(sys, vf->dev.name, companions, sizeof(companions), e) < 0)
		return -1;
	if (companions[0])
		out_warn("VF %s shares IOMMU group %s with %s: a guest gets it only if all of them "
			 "have no driver or vfio-pci",
			 vf->dev.name, vf->group, companions);
	return 0;
}

int cmd_vm_xml(const struct ctl *ctl, struct err *e)
{
	_cleanup_(host_clear) struct host h = {0};
	struct guest_xml x = {.interface = ctl->opt[OPT_INTERFACE]};
	struct host_pf *pf;
	struct host_vf *vf;

	if (guest_xml_read(ctl->opt[OPT_MAC], ctl->opt[OPT_VLAN], &x, e) < 0 ||
	    host_read(ctl->sys, &h, e) < 0)
		return -1;
	vf = host_find_vf(&h, ctl->argv[0], e);
	if (!vf || host_find(&h, ctl->argv[0], &pf, &vf, e) < 0)
		return -1;
	if (claim_check_free(ctl, vf, true, e) < 0)
		return -1;
	if (x.interface && !pf->dev.ifname[0])
		return err_set(e, CNI_EDEVICE, 0,
			       "the PF of %s, %s, has no network interface, on which libvirt would "
			       "set MAC and VLAN (leave --interface away)",
			       vf->dev.name, pf->dev.name);
	if (look_at_group(ctl->sys, vf, e) < 0)
		return -1;
	if (x.interface)
		keep_attributes(pf, vf, &x);
	x.addr = vf->dev.addr;
	guest_xml_print(stdout, &x);
	return CTL_OK;
}
