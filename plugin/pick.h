/* SPDX-License-Identifier: Apache-2.0 */
/* pick.h - a free VF, where the configuration says which will do */
#pragma once

#include "attachment.h"

/*
 * Finds a VF that the configuration's pool has and that is free, and takes it as attachment_take()
 * does: a->vf, its lock, its link, its PF. Finding and taking are one act: a VF is looked at under
 * its lock, which is never waited for.
 * Free is a VF that no container has, whose netdev is in the host's namespace, down, without
 * address and master, and whose PF is up. One that a dead operation or a container whose namespace
 * is gone left is given back, and taken, when no other is free.
 * Errors: CNI_EAGAIN: none is free, with the reason for each; CNI_EDEVICE: there is no such PF, or
 * none of its VFs is what the selectors ask for.
 */
int pick_vf(struct attachment *a, struct err *e);

/* For STATUS: whether pick_vf() would find one, without locks, and without giving back. Errors as
 * above. */
int pick_look(struct attachment *a, struct err *e);
