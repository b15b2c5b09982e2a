/* SPDX-License-Identifier: Apache-2.0 */
/* show_pci.h - what show says of a PCI device, on a host or in a dump */
#pragma once

#include "out.h"
#include "pcidev.h"

/* Its ids, and its memory. */
void show_device(struct out_page *p, const struct pcidev *d);

/* Its SR-IOV capability. vf: its first VF, which knows how large its BARs are; NULL: not known. */
void show_sriov(struct out_page *p, const struct pcidev *d, const struct pcidev *vf);
