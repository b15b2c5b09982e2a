/* SPDX-License-Identifier: Apache-2.0 */
/* err.c - one failure and its context */
#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *e, int code, int errnum, const char *fmt, ...)
{
	va_list ap;
	int n;

	e->code = code;
	e->errnum = errnum;
	e->details[0] = '\0';

	va_start(ap, fmt);
	n = vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);

	if (errnum > 0 && n >= 0 && (size_t)n < sizeof(e->msg))
		(void)snprintf(e->msg + n, sizeof(e->msg) - (size_t)n, ": %s", strerror(errnum));
	return -1;
}

int err_ctx(struct err *e, const char *fmt, ...)
{
	char old[sizeof(e->msg)];
	va_list ap;
	int n;

	memcpy(old, e->msg, sizeof(old));
	va_start(ap, fmt);
	n = vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);

	if (n >= 0 && (size_t)n < sizeof(e->msg))
		(void)snprintf(e->msg + n, sizeof(e->msg) - (size_t)n, ": %s", old);
	return -1;
}

int err_hint(struct err *e, const char *fmt, ...)
{
	size_t len = strlen(e->msg);
	va_list ap;
	int n;

	n = snprintf(e->msg + len, sizeof(e->msg) - len, " (");
	if (n < 0 || len + (size_t)n >= sizeof(e->msg))
		return -1;
	len += (size_t)n;

	va_start(ap, fmt);
	n = vsnprintf(e->msg + len, sizeof(e->msg) - len, fmt, ap);
	va_end(ap);

	if (n >= 0 && len + (size_t)n < sizeof(e->msg))
		(void)snprintf(e->msg + len + n, sizeof(e->msg) - len - (size_t)n, ")");
	return -1;
}

int err_keep_first(struct err *into, struct err *from)
{
	if (!into->code)
		*into = *from;
	from->code = 0;
	return into->code ? -1 : 0;
}
