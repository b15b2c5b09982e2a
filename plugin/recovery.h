/* SPDX-License-Identifier: Apache-2.0 */
/* recovery.h - a record that is there already: whose it is, and what a dead operation left */
#pragma once

#include "attachment.h"

/*
 * For the other commands: takes the lock of the VF that this container's interface has, and loads
 * its record. Result: 1, 0 where there is no record; then a->vf.name is the VF if the index has one
 * whose record is lost, and its lock is held, else "".
 */
int recovery_load(struct attachment *a, struct err *e);

/*
 * For GC: releases what the record of VF vf says, unless it is in order: another network's, in the
 * list `valid` of
 * {"containerID", "ifname"}, an operation is under way with it, or its namespace lives.
 */
int recovery_collect(const struct attachment *a, const char *vf, const json_t *valid,
		     struct err *e);

/*
 * For GC: removes the claims of ADDs that were killed before they had written a record. Nobody else
 * would: their containers never came to be. One that is stuck does not stop the others; *e is the
 * first.
 */
int recovery_collect_claims(const struct attachment *a, struct err *e);

/*
 * For ADD, whose lock of the VF is held: whoever wrote the VF's record has ended, well or badly.
 * What a dead ADD or DEL, or a container whose namespace is gone, left is given back. Errors:
 * CNI_EAGAIN: a living container has the VF; CNI_ECONFIG: this very interface has it; those of
 * giving back.
 */
int recovery_settle(struct attachment *a, struct err *e);

/*
 * For ADD that does not know its VF yet: an ADD of the same interface that ended half-way, or whose
 * container died, left it one, which is given back. Errors: CNI_ECONFIG: the interface has a VF;
 * those of giving back.
 */
int recovery_settle_own(struct attachment *a, struct err *e);

/*
 * Whether a living container has the VF, as far as can be told without its lock: then *e says who,
 * with CNI_EAGAIN. Where it does not, recovery_settle() knows.
 */
bool recovery_is_held(int folder, const char *vf, struct err *e);
