/* SPDX-License-Identifier: Apache-2.0 */
/* vfio.h - the IOMMU group of a VF: what else is in it, and who has it open */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "err.h"

/*
 * The name of the IOMMU group of a PCI device, a number.
 * Result: 1 and the name, 0 when it has none: then there is no IOMMU, or it is off. Errors:
 * CNI_EIO.
 */
#define VFIO_GROUP 16
int vfio_find_group(int sys, const char *pci, char ret[static VFIO_GROUP], struct err *e);

/* Whether vfio has made up this group, without an IOMMU: its file is /dev/vfio/noiommu-N. */
bool vfio_is_made_up(int sys, const char *group);

/* Whether vfio takes devices without an IOMMU group: its unsafe mode is on. */
bool vfio_is_unsafe_allowed(int sys);

/*
 * The devices in the IOMMU group of a PCI device that keep a program from having it through vfio,
 * or would be that program's as well: all others but bridges and those that vfio has already. ret:
 * their addresses and drivers for people, "" where there are none; cut at the end when there are
 * many. Errors: CNI_EIO. Source: Documentation/driver-api/vfio.rst, "Groups, Devices, and IOMMUs".
 */
int vfio_list_companions(int sys, const char *pci, char *ret, size_t size, struct err *e);

/* Who has a device open. */
struct vfio_user {
	pid_t pid; /* 0: nobody that can be seen from here */
	char name[17];
};

/*
 * Whether somebody has a PCI device open through vfio: by its group, or by its own file for
 * iommufd. The group is opened for a moment to see it, which the kernel lets one process do at a
 * time; only then all of /proc is looked through for that one.
 * Result: 1 and who, 0: nobody, or it cannot be told (there is no /dev/vfio). Errors: CNI_EIO.
 */
int vfio_find_user(int sys, const char *pci, struct vfio_user *ret, struct err *e);
