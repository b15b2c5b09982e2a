/* SPDX-License-Identifier: Apache-2.0 */
/* ctl.c - which exit status an error is */
#include "ctl.h"

#include "cni.h"

enum ctl_exit ctl_exit_status(const struct err *e)
{
	switch (e->code) {
	case CNI_ECONFIG:
	case CNI_EFIELD:
	case CNI_EENV:
		return CTL_USAGE;
	case CNI_EAGAIN:
		return CTL_BUSY;
	case CNI_EDEVICE:
		return CTL_DEVICE;
	default:
		return CTL_FAILED;
	}
}
