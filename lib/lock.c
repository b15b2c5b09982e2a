/* SPDX-License-Identifier: Apache-2.0 */
/* lock.c - a lock that is not waited for for ever */
#include "lock.h"

#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/time.h>

#include "mem.h"

static void on_alarm(int sig)
{
	(void)sig; /* only there to interrupt flock() */
}

int lock_take(int fd, int timeout_ms)
{
	/*
	 * The timer repeats, so that one which fires between two calls of flock() is not the last.
	 */
	const int tick_ms = timeout_ms < 100 ? timeout_ms : 100;
	const struct timeval tick = {.tv_usec = tick_ms * 1000L};
	const struct itimerval every = {tick, tick}, off = {0};
	const struct sigaction interrupt = {.sa_handler = on_alarm};
	struct sigaction before;
	int r = -1, left = timeout_ms;

	if (!flock(fd, LOCK_EX | LOCK_NB))
		return 0;
	if (errno != EWOULDBLOCK || timeout_ms <= 0 || sigaction(SIGALRM, &interrupt, &before) < 0)
		return -1;

	if (!setitimer(ITIMER_REAL, &every, NULL)) {
		while (left > 0 && (r = flock(fd, LOCK_EX)) < 0 && errno == EINTR)
			left -= tick_ms;
		if (r < 0 && errno == EINTR)
			errno = EWOULDBLOCK;
	}

	int errnum = errno;

	(void)setitimer(ITIMER_REAL, &off, NULL); /* cannot fail with these arguments */
	(void)sigaction(SIGALRM, &before, NULL);
	errno = errnum;
	return r;
}

void lock_drop(const int *fd)
{
	if (*fd >= 0)
		(void)flock(*fd, LOCK_UN); /* cannot fail: it is a file */
	closep(fd);
}
