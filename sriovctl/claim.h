/* SPDX-License-Identifier: Apache-2.0 */
/* claim.h - a PF or a VF for one command alone: found, locked, and looked at under the lock */
#pragma once

#include <signal.h>

#include "ctl.h"
#include "host.h"

/*
 * A VF's lock is the CNI plugin's as well (record_lock()): while it is held here nobody attaches
 * the VF, nor gives it back. A PF's lock comes with those of all its VFs.
 */
struct claim {
	struct host host;   /* as it is under the lock */
	struct host_pf *pf; /* within host */
	struct host_vf *vf; /* the same; NULL where a PF was claimed */
	int *locks;         /* owned, n_locks of them */
	size_t n_locks;
};

/*
 * Finds the device that a user names, and takes its lock until claim_clear(); a lock that another
 * process has is waited for for a second. With --dry-run there is no lock. what: the command's
 * name. Errors: CNI_EDEVICE: there is no such device, or it is no PF (no VF); CNI_EAGAIN: another
 * process is at work on it; CNI_EIO, CNI_ESTATE: not root, or there cannot be a lock.
 */
int claim_pf(const struct ctl *ctl, const char *name, const char *what, struct claim *ret,
	     struct err *e);
int claim_vf(const struct ctl *ctl, const char *name, const char *what, struct claim *ret,
	     struct err *e);
void claim_clear(struct claim *c);

/*
 * SIGINT, SIGTERM and SIGHUP wait, until claim_release_signals() with what was stored in *before:
 * for what must not be left half-done.
 */
void claim_hold_signals(sigset_t *before);
void claim_release_signals(const sigset_t *before);

/*
 * Whether a VF may be changed: nobody uses it, or --force is given. any: --force does for every
 * user; else for the host and network namespaces alone, since a container has to give its VF back,
 * and a guest to let go of it, by themselves. Errors: CNI_EAGAIN, naming the user and what to do.
 */
int claim_check_free(const struct ctl *ctl, const struct host_vf *vf, bool any, struct err *e);
