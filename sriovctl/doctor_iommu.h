/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_iommu.h - whose IOMMU this host would have, and whether it is on */
#pragma once

#include "bootline.h"
#include "doctor.h"

/* What differs between the makers of CPUs. */
struct doctor_platform {
	const char *vendors; /* as /proc/cpuinfo has them, with commas */
	const char *name;    /* of the IOMMU */
	const char *table;   /* ACPI's, that announces it */
	const char *setting; /* in the firmware's setup */
	const char *virtual; /* for a virtual machine */
	const char *key;     /* the kernel's parameter that turns it on or off; NULL: none */
	const char *pass;    /* the one with which the host's own drivers go past it */
	struct bootline_change change;
};
const struct doctor_platform *doctor_platform(const struct doctor *d);

/* Whether there are IOMMU groups. */
bool doctor_iommu_is_on(const struct doctor *d);
