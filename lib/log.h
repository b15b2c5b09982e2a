/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - the logger: one line per event, with container id and interface, never on stdout */
#pragma once

#include "err.h"

enum log_level { LOG_PANIC, LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG, LOG_LEVELS };

/* The words of the key "logLevel", indexed by enum log_level and closed by NULL. */
extern const char *const log_levels[];

/*
 * Where log lines go from now on.
 * path: absolute path of a file to append to (created with mode 0600, never through a symlink);
 * NULL: standard error. container_id, ifname: borrowed for the life of the process; "" where
 * unknown. Errors: CNI_ECONFIG when the file cannot be opened; standard error stays the target
 * then.
 */
int log_open(enum log_level level, const char *path, const char *container_id, const char *ifname,
	     struct err *e);

/*
 * Writes one line if level is wanted. A line that can't be written is lost: logging never fails the
 * work.
 */
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
