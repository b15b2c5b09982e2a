/* SPDX-License-Identifier: Apache-2.0 */
/* vfs.h - how many VFs a PF has */
#pragma once

#include "claim.h"
#include "ready.h"

/*
 * Whether the PF can be given n VFs now. Where it has another number than 0 and n, all of them go
 * first, with their settings: so nobody may use any. Errors: CNI_ECONFIG: more than it can have;
 * CNI_EDEVICE: it has no driver; CNI_EAGAIN: a VF is in use.
 */
int vfs_check(const struct ctl *ctl, const struct host_pf *pf, uint32_t n, struct err *e);

/*
 * Gives the PF n VFs and waits until they have their interfaces: 10 s for a driver that is bound, 3
 * s for one to come. The caller holds claim_pf(), and vfs_check() said yes. Signals that end the
 * process wait while the number is being changed.
 * seen: called for each VF when it is as it will be, or for one that takes too long in the end,
 * with how far it is. May be NULL. Errors: CNI_EKERNEL, CNI_EIO: the driver refuses; the PF then
 * has the number that it had before, or the message says what it has; CNI_EAGAIN: the number
 * changed under our hands.
 */
typedef void vfs_seen(const struct vfdev *vf, enum ready how, void *arg);
int vfs_change(const struct ctl *ctl, const struct host_pf *pf, uint32_t n, vfs_seen *seen,
	       void *arg, struct err *e);
