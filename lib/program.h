/* SPDX-License-Identifier: Apache-2.0 */
/* program.h - what a program that a runtime calls does first and last */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "err.h"

/* Signals are as lib needs them, whatever the caller has blocked or ignored. */
void program_take_signals(void);

/*
 * Before anything else: standard files that are closed are opened, SIGPIPE is ignored,
 * program_take_signals().
 */
void program_begin(void);

/*
 * Standard input to its end, at most one byte more than a configuration may have. Result: owned by
 * the caller, without a NUL. Errors: CNI_EIO.
 */
char *program_read_stdin(size_t *ret_len, struct err *e);

/*
 * Writes the answer to standard output, in one piece. Result: -1 with errno: a runtime that is gone
 * does not get half of one.
 */
int program_print(const json_t *answer);
