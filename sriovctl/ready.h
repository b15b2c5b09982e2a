/* SPDX-License-Identifier: Apache-2.0 */
/* ready.h - VFs that have just been made or bound: until they have what they will have */
#pragma once

#include "vfdev.h"

/* How far a VF is. */
enum ready {
	READY_NO,         /* there is no such VF */
	READY_DRIVERLESS, /* no driver has it */
	READY_LINKLESS,   /* its driver, one of the kernel, has made no interface yet */
	READY_UNNAMED,    /* udev has not said yet how its interface is to be called */
	READY_YES,
};

/*
 * Looks at VF index of a PF, and fills *ret with it unless the answer is READY_NO. Errors: none;
 * what cannot be read is not there.
 */
enum ready ready_look(int sys, const struct vfdev_pf *pf, uint32_t index, struct vfdev *ret);

/*
 * Waits for the VF, which has just been bound, until it is READY_YES or READY_DRIVERLESS, at most
 * READY_LINK_MS. Result: how far it is. events: of uevent_open(), from before it was bound.
 */
#define READY_LINK_MS 10000
enum ready ready_await(int sys, int events, const struct vfdev_pf *pf, uint32_t index,
		       struct vfdev *ret);
