/* SPDX-License-Identifier: Apache-2.0 */
/* lock.h - a lock that is not waited for for ever */
#pragma once

/*
 * Takes the lock of an open file, by flock(), which ends with the process that holds it. Result: 0,
 * or -1 with errno EWOULDBLOCK when timeout_ms are over and another process still has it. Uses
 * SIGALRM and the timer ITIMER_REAL meanwhile.
 */
int lock_take(int fd, int timeout_ms);

/*
 * Gives it up and closes the file. Closing alone would leave it to processes that have inherited
 * the file. For _cleanup_(); -1: nothing to do.
 */
void lock_drop(const int *fd);
