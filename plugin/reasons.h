/* SPDX-License-Identifier: Apache-2.0 */
/* reasons.h - why none of many would do: for one message */
#pragma once

/* As many reasons as one message has room for; all of them go to the log. */
struct reasons {
	char text[700];    /* joined by "; " */
	unsigned left_out; /* those that had no room */
};

void reasons_add(struct reasons *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
