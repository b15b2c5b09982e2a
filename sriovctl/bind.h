/* SPDX-License-Identifier: Apache-2.0 */
/* bind.h - which driver a VF has; and its reset, which takes the driver from it for a while */
#pragma once

#include "claim.h"
#include "ready.h"

/* In place of a driver's name: the one that the kernel chooses when nobody has a say. */
#define BIND_DEFAULT "default"

/*
 * Whether the VF can get this driver. *ret_companions: what else is in its IOMMU group and would
 * keep a program from having it by a driver of vfio, for people; "" where there is nothing.
 * Errors: CNI_ECONFIG: that is no driver's name; CNI_EDEVICE: it is not loaded, or needs an IOMMU
 * group, and the VF has none; CNI_EIO.
 */
#define BIND_COMPANIONS 512
int bind_prepare(int sys, const struct host_vf *vf, const char *driver,
		 char ret_companions[static BIND_COMPANIONS], struct err *e);

/* Whether bind_driver() has anything to do. */
bool bind_is_so(int sys, const struct host_vf *vf, const char *driver);

/*
 * Gives the VF, as it was claimed, another driver, and waits for the interface that this makes, 10
 * s at most. An interface that the VF had before passes its name and MTU on to that one. Its
 * driver_override is as before, but for BIND_DEFAULT, which clears it. bind_prepare() has said yes;
 * nobody uses the VF. Signals that end the process wait meanwhile.
 * *ret: the VF then, *ret_how: how far it is. Errors: CNI_EIO, CNI_EKERNEL: the driver refuses the
 * VF, which has the one before again, or the message says what it has.
 */
int bind_driver(const struct ctl *ctl, const struct host_vf *vf, const char *driver,
		struct vfdev *ret, enum ready *ret_how, struct err *e);

/* Whether the kernel looks for drivers for new VFs of the PF. Errors: CNI_EIO. */
int bind_write_autoprobe(int sys, const char *pf, bool on, struct err *e);

/*
 * Has the kernel look for a driver for a VF without one, which it refuses while the PF's autoprobe
 * is off (pci_device_can_probe(), drivers/pci/pci-driver.c): that is on meanwhile. The caller holds
 * signals. There may be none. Errors: CNI_EIO.
 */
int bind_probe(int sys, const struct vfdev *vf, struct err *e);

/* Takes the VF from its driver. Errors: CNI_EIO, CNI_EKERNEL. */
int bind_none(const struct ctl *ctl, const struct host_vf *vf, struct err *e);

/*
 * Resets the VF (function level reset), without a driver meanwhile; then it has its driver again,
 * its interface its name and MTU, and its PF all settings of it that it had. Errors: CNI_EDEVICE:
 * it cannot be reset; else as of bind_driver().
 */
int bind_reset(const struct ctl *ctl, const struct host_vf *vf, struct vfdev *ret,
	       enum ready *ret_how, struct err *e);
