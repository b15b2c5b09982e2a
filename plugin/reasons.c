/* SPDX-License-Identifier: Apache-2.0 */
/* reasons.c - why none of many would do: for one message */
#include "reasons.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "log.h"

void reasons_add(struct reasons *r, const char *fmt, ...)
{
	size_t len = strlen(r->text), room = sizeof(r->text) - len;
	char reason[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(reason, sizeof(reason), fmt, ap); /* cut where it is too long */
	va_end(ap);
	log_line(LOG_INFO, "not picked: %s", reason);
	if (r->left_out || strlen(reason) + 3 > room)
		r->left_out++;
	else
		(void)snprintf(r->text + len, room, "%s%s", len ? "; " : "", reason);
}
