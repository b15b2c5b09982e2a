/* SPDX-License-Identifier: Apache-2.0 */
/* steps.h - the flow: one table, read down for ADD and up for DEL */
#pragma once

#include "attachment.h"

/*
 * Goes down the table. A step that fails is undone together with all before it, and the record is
 * dropped; what could not be undone leaves the record, for DEL.
 */
int steps_apply(struct attachment *a, struct err *e);

/*
 * Goes up the whole table. Every step is tried; the first error is the answer, and then the record
 * stays.
 */
int steps_revert(struct attachment *a, struct err *e);

/* Asks every step whether the world still is as ADD left it. Errors: CNI_ECHECK. */
int steps_check(struct attachment *a, struct err *e);

/* The steps themselves. What each is for stands in the table; they look before they act. */
int claim_apply(struct attachment *a, struct err *e);
int claim_revert(struct attachment *a, struct err *e);
int record_apply(struct attachment *a, struct err *e);
int record_revert(struct attachment *a, struct err *e);
int pf_link_apply(struct attachment *a, struct err *e);
int pf_link_revert(struct attachment *a, struct err *e);
int own_link_revert(struct attachment *a, struct err *e);
/* Reads the PF and its VFs again, into a->pf. Result: 1, 0 when it or the VF is gone. */
int vf_refresh_pf(struct attachment *a, struct err *e);
/* Gives the VF an admin MAC; 0 takes it away. A PF that is gone has none. */
int vf_set_mac(struct attachment *a, uint64_t mac, struct err *e);
int vf_apply(struct attachment *a, struct err *e);
int vf_revert(struct attachment *a, struct err *e);
int vf_check(struct attachment *a, struct err *e);
int unbind_apply(struct attachment *a, struct err *e);
int unbind_revert(struct attachment *a, struct err *e);
int bind_apply(struct attachment *a, struct err *e);
int bind_revert(struct attachment *a, struct err *e);
int bind_check(struct attachment *a, struct err *e);
int move_apply(struct attachment *a, struct err *e);
int move_revert(struct attachment *a, struct err *e);
int move_check(struct attachment *a, struct err *e);
/*
 * For DEL where the VF's record is lost: if a->vf is in this container, it goes back to the host,
 * under the next free ethN. What it was like before is not known, so the rest stays as it is; the
 * log says so. Its lock is held.
 */
int move_unrecorded(struct attachment *a, struct err *e);
int mac_apply(struct attachment *a, struct err *e);
/* What drivers say to a MAC that they do not take now, not from a VF, or later (iavf: EAGAIN). */
bool mac_is_refusal(int errnum);
/* The VF's RDMA device, if it has one; it is moved if it can be in one namespace only. */
int rdma_apply(struct attachment *a, struct err *e);
int rdma_revert(struct attachment *a, struct err *e);
int rdma_check(struct attachment *a, struct err *e);
/* Before any change: what ADD can refuse of the addresses. */
int ipam_refuse(const struct attachment *a, struct err *e);
int ipam_apply(struct attachment *a, struct err *e);
int ipam_revert(struct attachment *a, struct err *e);
int ipam_check(struct attachment *a, struct err *e);
/*
 * For DEL without a record: the IPAM plugin of the configuration is told, as the specification
 * wants.
 */
int ipam_release_unrecorded(struct attachment *a, struct err *e);
/* For GC and STATUS: asks the IPAM plugin. One that does not know the command has nothing to say.
 */
int ipam_pass_on(struct attachment *a, enum cni_command command, struct err *e);
/*
 * For GC: the same, with the attachments that are still recorded in the runtime's list. Those that
 * GC leaves alone, as their namespace lives, have their addresses yet.
 */
int ipam_collect(struct attachment *a, struct err *e);
int address_apply(struct attachment *a, struct err *e);
int address_check(struct attachment *a, struct err *e);
/*
 * For ADD, before a change: whether the device information file can be written; what is in it
 * already goes to a->device_info. Errors: CNI_ECONFIG, CNI_EIO, CNI_EDECODE.
 */
int info_look(struct attachment *a, struct err *e);
int info_apply(struct attachment *a, struct err *e);
int info_revert(struct attachment *a, struct err *e);
int answer_apply(struct attachment *a, struct err *e);
