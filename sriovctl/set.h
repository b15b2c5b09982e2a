/* SPDX-License-Identifier: Apache-2.0 */
/* set.h - attributes of a VF on its PF: all that are asked for, or none */
#pragma once

#include "ctl.h"
#include "vf.h"
#include "vfdev.h"

/*
 * What VF index of a PF has now (ret_have), and all that it is to have when the values that are set
 * in want are laid over it (ret). Errors: CNI_ECONFIG: these cannot be together; CNI_EDEVICE: the
 * PF has no interface on the host, or no such VF; CNI_EKERNEL.
 */
int set_check(const struct vfdev_pf *pf, uint32_t index, const struct vf_attrs *want,
	      struct vf_attrs *ret_have, struct vf_attrs *ret, struct err *e);

/*
 * Gives VF index of a PF the values that are set in want, and reads them back. After a failure it
 * has the values that it had; where one cannot be put back, the message says so. The VF's lock is
 * the caller's affair (claim.h).
 * until: as long as rates are tried again that the driver refuses as invalid (clock_ms(); 0:
 * once), if the PF is up: a driver may have to know the speed of its link. Signals can end the
 * process while it waits, and wait themselves while values are set.
 * ret_before: what it had, ret: what it has then. Errors: as of set_check(); CNI_EKERNEL: the
 * driver refuses a value, or does not keep it.
 */
int set_attrs(const struct ctl *ctl, const struct vfdev_pf *pf, uint32_t index,
	      const struct vf_attrs *want, int64_t until, struct vf_attrs *ret_before,
	      struct vf_attrs *ret, struct err *e);
