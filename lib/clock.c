/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c - the text of a time of day */
#include "clock.h"

#include <stdbool.h>
#include <stdio.h>

static bool is_leap(unsigned year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_of_year(unsigned year)
{
	return is_leap(year) ? 366 : 365;
}

static unsigned days_of_month(unsigned year, unsigned month)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 1 && is_leap(year) ? 29 : days[month];
}

const char *clock_text(struct timespec t, char buf[static CLOCK_TEXT])
{
	const time_t s = t.tv_sec > 0 ? t.tv_sec : 0;
	unsigned day = (unsigned)(s / 86400), year = 1970, month = 0;

	while (day >= days_of_year(year))
		day -= days_of_year(year++);
	while (day >= days_of_month(year, month))
		day -= days_of_month(year, month++);
	(void)snprintf(buf, CLOCK_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", year, month + 1,
		       day + 1, (unsigned)(s / 3600 % 24), (unsigned)(s / 60 % 60),
		       (unsigned)(s % 60), (unsigned)(t.tv_nsec / 1000000) % 1000);
	return buf;
}
