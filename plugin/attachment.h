/* SPDX-License-Identifier: Apache-2.0 */
/* attachment.h - one VF on its way into a pod, or out of it */
#pragma once

#include <time.h>

#include "cni.h"
#include "conf.h"
#include "record.h"
#include "rt.h"
#include "rt_vf.h"
#include "vfdev.h"

/*
 * Everything an operation knows and holds. The steps (steps.h) work on it.
 *
 * What was found and what is wanted stands in rec, whether it was just read from the kernel (ADD)
 * or from disk (the rest): a revert can't tell the difference, so there is one way back only.
 */
struct attachment {
	const struct cni_args
		*args; /* borrowed; for a record of somebody else: that one's id and interface */
	const char *const *env;  /* borrowed; environment for IPAM plugins */
	const struct conf *conf; /* borrowed; what came on stdin */
	int sys, folder;         /* sysfs_open(), record_open_folder(); borrowed */
	int lock;                /* owned; -1: not held */
	int host_ns, pod_ns;     /* owned; pod_ns -1: the namespace is gone */
	struct netns_id pod_id;  /* of pod_ns */
	struct rt *host, *pod;   /* owned; pod NULL: the namespace is gone */
	struct vfdev vf;         /* as it was when the operation began */
	struct rt_pf
		pf; /* owned; as it was when the operation began, vfs NULL where the PF is gone */
	bool anew;  /* DEL: its driver has to be bound anew, whatever the netdev carries */
	bool pf_raised;   /* ADD: before pf was read it was one that an attachment had raised */
	int64_t rate_end; /* ADD: until when the PF's link may need to take a rate (clock_ms()) */
	struct rt_link link; /* the VF's netdev, where it was last seen */
	struct record rec;   /* owned */
	char found_driver[VFDEV_DRIVER], found_override[VFDEV_DRIVER]; /* ADD: rec points here */
	json_t *device_info; /* owned; ADD: the device information file as found, NULL: none */
	char rdma[64];       /* the name of the VF's RDMA device; "" where it has none */
	json_t *ipam; /* owned; the IPAM plugin's result, in the newest shape; NULL: no addresses */
	struct timespec since; /* GC: clock_stamp() before the attachments were listed */
};

#define ATTACHMENT_INIT                                                                            \
	{                                                                                          \
		.lock = -1, .host_ns = -1, .pod_ns = -1                                            \
	}

void attachment_close(struct attachment *a);

/*
 * For ADD: finds the VF, takes its lock, reads everything as it is, and refuses what can be refused
 * before a change. A record that a dead ADD or DEL left of this VF is brought to its end first. a:
 * args, env, conf, sys and folder are set. Errors: every one that ADD can have before it changes
 * anything.
 */
int attachment_prepare(struct attachment *a, struct err *e);

/*
 * For STATUS: whether the configuration's VF and its PF are there and can be used, or a VF would be
 * picked; nothing to say where a runtime hands in the VF. Errors as of attachment_prepare().
 */
int attachment_look(struct attachment *a, struct err *e);

/*
 * Reads the PF by the name that sysfs told of its interface into a->pf, which is empty. Another PF
 * can have got that name since. Errors: CNI_EAGAIN: it has; ENODEV: there is none; CNI_EKERNEL.
 */
int attachment_read_pf(struct attachment *a, struct err *e);

/*
 * The parts of it that look at one VF, a->vf, whose lock is held: its netdev on the host, which
 * nobody may use there (a->link); its PF, with the VF's attributes (a->pf); and whether it can have
 * what the configuration sets on it. Errors: CNI_EAGAIN: in use; CNI_ECONFIG: the PF has not the
 * MTU, or another VF the MAC; CNI_EDEVICE, CNI_EKERNEL, CNI_EIO.
 */
int attachment_take_link(struct attachment *a, struct err *e);
int attachment_take_pf(struct attachment *a, struct err *e);
int attachment_check_vf(const struct attachment *a, struct err *e);

/* Takes the lock of a VF for this operation: a->lock. Errors as of record_lock(). */
int attachment_lock(struct attachment *a, const char *vf, int timeout_ms, struct err *e);
void attachment_unlock(struct attachment *a);

/*
 * How long another operation on the same VF is waited for. It takes a fraction of a second, unless
 * an IPAM plugin is slow; then the runtime may as well come back.
 */
#define ATTACHMENT_LOCK_MS 10000

/* Opens the host's namespace and a socket in it: a->host_ns, a->host. ret_id: may be NULL. */
int attachment_open_host(struct attachment *a, struct netns_id *ret_id, struct err *e);

/* Fails with CNI_ECONFIG: the operation's interface has this VF, and cannot be added once more. */
int attachment_refuse_second(const struct attachment *a, const char *vf, struct err *e);

/* Fails with CNI_EENV: the pod has an interface of the name that the VF is to get. */
int attachment_refuse_name(const struct attachment *a, struct err *e);

/*
 * The driver that the VF has while it is attached, by the record; and whether it has a netdev with
 * it. One that is bound to a driver of userspace has none.
 */
const char *attachment_driver(const struct attachment *a);
bool attachment_has_netdev(const struct attachment *a);

/* The VF's values on its PF as a->pf has them; NULL where the PF or the VF is gone. */
const struct vf_attrs *attachment_vf_attrs(const struct attachment *a);
