/* SPDX-License-Identifier: Apache-2.0 */
/* uevent.h - the kernel's events: a device appeared, got a driver, changed, went */
#pragma once

#include "err.h"

/* Listens from now on. Result: a descriptor the caller closes. Errors: CNI_EKERNEL. */
int uevent_open(struct err *e);

/*
 * Waits for an event, or for `other` to be readable (-1: there is none), at most timeout_ms. What
 * has happened is for the caller to look at: events that were lost do not matter then. Result: 1,
 * or 0 when the time is over.
 */
int uevent_wait(int fd, int other, int timeout_ms);
