/* SPDX-License-Identifier: Apache-2.0 */
/* err.h - one failure and its context */
#pragma once

#include <stdbool.h>

/* clang-format off */
/*
 * The contract
 * ------------
 * A function that can fail takes `struct err *e` as its last argument and returns -1 or NULL after
 * filling it; on success it does not touch it. Its outputs are untouched on failure.
 *
 * The failure is set once, at its cause, with err_set(): that is where the CNI code is chosen and
 * where the values involved are known. Callers that know more put their context in front with
 * err_ctx(). Both return -1, so that a failure is one line:
 *
 *	if (n > total)
 *		return err_set(e, CNI_ECONFIG, 0, "%s offers %u VFs, not %u", pf, total, n);
 *
 * The message reads "what was to be done: on which thing: why not (what to do)". It has no full
 * stop and no newline. It is printed in exactly one place of each program. Library code never
 * prints.
 *
 * A function that must go on after a failure (every revert does) collects with err_keep_first().
 */
/* clang-format on */
struct err {
	int code;          /* CNI error code (enum cni_code); 0: no failure */
	int errnum;        /* errno behind it, 0 where there is none */
	char msg[1024];    /* the sentence; cut at the end when it is longer */
	char details[512]; /* "details" of another plugin's error object that is passed on, else ""
			    */
};

/*
 * Fills *e and returns -1. errnum > 0: its text is appended as ": text".
 */
int err_set(struct err *e, int code, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Puts context in front of the message, "context: message", and returns -1.
 */
int err_ctx(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Appends a hint to the message, "message (hint)", and returns -1.
 */
int err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Moves *from into *into unless *into holds a failure already; *from is empty after. Returns -1 if
 * *into holds one.
 */
int err_keep_first(struct err *into, struct err *from);
