/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs.h - read the host's files below a root folder: /etc, /proc, /run, and what is configured
 * there */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "err.h"

/*
 * A descriptor of the folder that is taken for /; the caller closes it. root: "/", or a test's
 * folder. Nothing leads out of it: not "..", nor a symbolic link. Errors: CNI_EIO.
 */
int rootfs_open(const char *root, struct err *e);

/*
 * All functions below take the path as a format, relative to the root. What goes into it must have
 * been checked for slashes.
 */

/*
 * Reads a regular file, at most ROOTFS_MAX bytes of it, with a NUL behind them.
 * Result: owned by the caller. Errors: CNI_EIO with errnum (ENOENT where there is none), naming the
 * path.
 */
#define ROOTFS_MAX (8UL << 20)
char *rootfs_read(int root, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Whether there is such an entry, be it a symbolic link that leads nowhere. */
bool rootfs_exists(int root, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* As stat(). Result: -1 with errno. */
int rootfs_stat(int root, struct stat *ret, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Opens a file for reading, or a folder; the caller closes it. flags: besides O_RDONLY | O_CLOEXEC.
 * Result: -1 with errno.
 */
int rootfs_openat(int root, int flags, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* A file of configuration. */
struct rootfs_conf {
	char *path;       /* owned; with a slash in front */
	char *text;       /* owned */
	const char *name; /* within path */
};

struct rootfs_confs {
	struct rootfs_conf *files; /* owned */
	size_t n;
};

/*
 * The files with this ending in several folders, in the order of their names: of those that have
 * the same name the one in the first folder counts, as everywhere in systemd and udev. One that
 * cannot be read, is empty or leads to /dev/null is none. folders: closed by NULL.
 */
void rootfs_load_confs(int root, const char *const *folders, const char *ending,
		       struct rootfs_confs *ret);
void rootfs_confs_clear(struct rootfs_confs *c);

/*
 * Calls each() for each "key = value" of a text in sections, with blanks around both removed, and
 * once for each section with key and value NULL. Lines that begin with '#' or ';' are comments.
 */
void rootfs_each_key(const char *text,
		     void (*each)(const char *section, const char *key, const char *value,
				  void *arg),
		     void *arg);

/*
 * A value as NetworkManager reads "yes" and "no"; systemd knows their first letters as well, which
 * nobody writes. Result: 1, 0; -1: it is neither.
 */
int rootfs_bool(const char *value);
