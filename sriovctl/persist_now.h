/* SPDX-License-Identifier: Apache-2.0 */
/* persist_now.h - between a PF and what is stored of it: read, put into files, applied */
#pragma once

#include "ctl.h"
#include "host.h"
#include "persist.h"

/*
 * What the PF and its VFs have. Of a VF that a container has by the CNI plugin, it is what it had
 * before, and gets back. A MAC that a VF's own driver has made up is not stored. ret is
 * persist_clear()ed by the caller. Errors: CNI_EIO.
 */
int persist_now(int sys, const struct host_pf *pf, struct persist *ret, struct err *e);

/*
 * The modules of the drivers in p, each in a line; owned by the caller. Errors: CNI_EDEVICE: there
 * is no such driver now.
 */
char *persist_modules(int sys, const struct persist *p, struct err *e);

/*
 * sriovctl persist PF WORD...: stores what the PF has, with the words laid over it, or prints the
 * files with --dry-run. root: of rootfs_open(). Result: an enum ctl_exit. Errors: CNI_EDEVICE: no
 * such PF, or there is nothing to store; CNI_ECONFIG: the words; those of persist_save().
 */
int persist_put(const struct ctl *ctl, int root, struct err *e);

/*
 * Keeps other processes from the files until *ret is closed; with --dry-run nothing is done, and
 * *ret stays -1. Errors: CNI_EIO: not root; CNI_EAGAIN: another is at work; CNI_ESTATE.
 */
int persist_lock(const struct ctl *ctl, int *ret, struct err *e);

/*
 * Whether the NIC at this address is of the kind for which p was stored. Errors: CNI_EDEVICE,
 * CNI_EIO.
 */
int persist_check_device(int sys, const char *pci, const struct persist *p, struct err *e);

/*
 * Gives the PF at this address what is stored: MTU, up, VFs, and each VF that nobody uses its
 * attributes and its driver. What is so already is not touched. What was done is printed, with
 * --dry-run what would be. A VF that fails does not keep the others from being seen to. Errors:
 * CNI_EDEVICE: there is no such PF, or another kind of NIC in its place; those of claim_pf(),
 * vfs_change() and set_attrs().
 */
int persist_apply(const struct ctl *ctl, const char *pci, const struct persist *p, struct err *e);
