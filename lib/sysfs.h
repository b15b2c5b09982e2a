/* SPDX-License-Identifier: Apache-2.0 */
/* sysfs.h - read, write, readlink below a root folder; and what sysfs says of a VF */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

/* The one place that knows where sysfs is mounted. */
#define SYSFS_ROOT "/sys"

/*
 * A descriptor of the folder that is taken for /sys; the caller closes it. root: SYSFS_ROOT, or a
 * test's folder. Errors: CNI_EIO.
 */
int sysfs_open(const char *root, struct err *e);

/*
 * All functions below take the path as a format, relative to the root. What goes into it must have
 * been checked: PCI addresses come from pciaddr_text(), interface names out of sysfs itself or from
 * cni_ifname_valid(). Errors: CNI_EIO with errnum (ENOENT where there is no such entry), naming the
 * path.
 */

/* Reads a file's first line, without its newline, into buf (size bytes with the closing NUL). */
int sysfs_read(int root, char *buf, size_t size, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* Reads a file as it is. Result: the number of bytes, at most size. */
ssize_t sysfs_read_all(int root, void *buf, size_t size, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* Reads a file that holds a number, decimal or 0x… */
int sysfs_read_u32(int root, uint32_t *ret, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Whether there is such an entry. Result: 1 or 0. */
int sysfs_exists(int root, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Writes text to a file that is there. */
int sysfs_write(int root, const char *text, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The last component of what a symbolic link points to: a driver's name, a PCI address. */
int sysfs_link_name(int root, char *buf, size_t size, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/*
 * Calls each(name, arg) for every entry of a folder, until it returns something other than 0.
 * Result: 0, or what `each` returned. Errors: -1, also for a folder that is not there.
 */
int sysfs_each(int root, int (*each)(const char *name, void *arg), void *arg, struct err *e,
	       const char *fmt, ...) __attribute__((format(printf, 5, 6)));
