/* SPDX-License-Identifier: Apache-2.0 */
/* userspace.h - VFs whose driver hands them on to a program, and VFs that get another driver */
#pragma once

#include "attachment.h"

/*
 * For ADD, before a change: whether the VF can be had with the driver that it has, and be given the
 * one that the configuration names ("driver").
 * Errors: CNI_EAGAIN: somebody has it open through vfio; CNI_EDEVICE: that driver is not loaded,
 * there is no IOMMU, or something else is in the VF's IOMMU group; CNI_EIO.
 */
int userspace_check(const struct attachment *a, struct err *e);

/* The part of it that does not depend on the VF: whether the driver to be bound is loaded. */
int userspace_check_loaded(const struct attachment *a, struct err *e);

/*
 * Whether the VF, as found, has no netdev on the host and needs none: its driver is one of
 * userspace, or it has none and the configuration names one.
 */
bool userspace_has_no_link(const struct attachment *a);

/* For ADD: the drivers and driver_override into the record. Errors: CNI_EIO. */
int userspace_record(struct attachment *a, struct err *e);

/* Whether the record says that this attachment has to do with the VF's driver. */
bool userspace_concerns(const struct record *r);

/*
 * Before the VF is given back: waits until nobody has it open through vfio any more, 10 s at most,
 * but not for what is given back in the name of another (a->conf is NULL).
 * Errors: CNI_EAGAIN, saying who; CNI_EIO.
 */
int userspace_await_free(struct attachment *a, struct err *e);

/*
 * What the result says of a VF without netdev: the MAC that its PF has for it and the MTU that it
 * may use, into a->link. Errors: as of vf_refresh_pf().
 */
int userspace_describe(struct attachment *a, struct err *e);
