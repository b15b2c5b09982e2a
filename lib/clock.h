/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - the time that bounds a wait, and the one that files are stamped with */
#pragma once

#include <stdint.h>
#include <time.h>

/* Milliseconds of the monotonic clock. */
static inline int64_t clock_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail with this clock */
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The time of day, not later than what a file written from now on is stamped with. */
static inline struct timespec clock_stamp(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME_COARSE, &ts); /* cannot fail with this clock */
	return ts;
}

/* What is left until end (clock_ms()), for poll(): 0 when it is over. */
static inline int clock_left_ms(int64_t end)
{
	int64_t left = end - clock_ms();

	return left > 0 ? (int)left : 0;
}
