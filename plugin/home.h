/* SPDX-License-Identifier: Apache-2.0 */
/* home.h - the VF's netdev on the host: find it, wait for it, bring it back from wherever it is */
#pragma once

#include "attachment.h"

/*
 * Binds a driver to the VF, which has none or this one, and waits for the netdev that it makes, 10
 * s at most: *ret. A driver of userspace makes none, *ret is empty then. Errors: CNI_EAGAIN: it
 * makes no netdev; CNI_EIO.
 */
int home_bind(struct attachment *a, const char *driver, struct rt_link *ret, struct err *e);

/* Gives the VF's netdev on the host, *link, its name as found. */
int home_rename(struct attachment *a, const struct rt_link *link, struct err *e);

/* The VF's netdev on the host, under any name. Result: 1, 0 when it is not there. */
int home_find(struct attachment *a, struct rt_link *ret, struct err *e);

/* The same, and waits for it for timeout_ms. Result: 1, 0 when the time is over. */
int home_await(struct attachment *a, int timeout_ms, struct rt_link *ret, struct err *e);

/*
 * Brings about that the VF has a netdev that can be got at. Takes up to 21 s.
 * Result: 1: on the host, as *ret; HOME_IN_POD: in the namespace it was moved to, which is a->pod
 * now; 0: there is nothing to bring home, as the VF does not exist any more, or was bound to
 * another driver meanwhile. Errors: CNI_EAGAIN: its driver does not make a netdev; CNI_EIO,
 * CNI_EKERNEL.
 */
#define HOME_IN_POD 2
int home_bring(struct attachment *a, struct rt_link *ret, struct err *e);

/*
 * Takes the VF from its driver. reset: it gets a function level reset then; one that cannot be had
 * is a warning in the log. Errors: CNI_EIO.
 */
int home_unbind(struct attachment *a, bool reset, struct err *e);

/*
 * Unbinds the VF's driver and binds it again (attachment_driver()): the netdev is gone then,
 * wherever it was, and there is a new one on the host, *ret. reset: the VF gets a function level
 * reset in between; one that cannot be had is a warning in the log. Takes up to 10 s. Errors: as
 * above.
 */
int home_rebind(struct attachment *a, bool reset, struct rt_link *ret, struct err *e);
