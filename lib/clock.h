/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - the time that bounds a wait, the one that files are stamped with, and its text */
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

/*
 * The text of a time of day, in UTC: "2026-11-30T06:42:51.377Z". gmtime_r() would read
 * /etc/localtime before, for nothing. A time before 1970 is told as the begin of 1970.
 */
#define CLOCK_TEXT 32
const char *clock_text(struct timespec t, char buf[static CLOCK_TEXT]);

/* What is left until end (clock_ms()), for poll(): 0 when it is over. */
static inline int clock_left_ms(int64_t end)
{
	int64_t left = end - clock_ms();

	return left > 0 ? (int)left : 0;
}
