/* SPDX-License-Identifier: Apache-2.0 */
/* device.h - the VF that the configuration names */
#pragma once

#include "attachment.h"

/* Whether it names one: by PCI address, interface or MAC. */
bool device_is_named(const struct conf *c);

/* Whether the interface that names it is on the host. Not for one that is named by PCI address. */
bool device_is_on_host(const struct attachment *a);

/*
 * Describes it: a->vf, as vfdev_open() does. Errors: CNI_EDEVICE: there is no such device or
 * interface, or it is no VF; CNI_EKERNEL, CNI_EIO.
 */
int device_open(struct attachment *a, struct err *e);

/*
 * Whether a->link is the interface that names the device, where one does: of a device with several,
 * the kernel's order decides which is taken. Errors: CNI_EDEVICE: it is another one; CNI_EKERNEL.
 */
int device_check_link(const struct attachment *a, struct err *e);
