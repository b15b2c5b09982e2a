/* SPDX-License-Identifier: Apache-2.0 */
/* netns.h - open a network namespace; run one function inside it and come back */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

/* What tells a namespace from another that was mounted over the same path later. */
struct netns_id {
	dev_t dev;
	ino_t ino;
	uint64_t mount; /* the unique ID of the mount at whose root it was found (Linux 6.8): no
			   other has it while this kernel runs; 0: not known, or there is none, as
			   in /proc */
};

/*
 * Opens the network namespace at path.
 * Result: a descriptor the caller closes, its identity in *ret_id (may be NULL).
 * Errors: CNI_EUNKNOWN: no such file, or it is no network namespace (errnum ENOENT or EINVAL);
 * CNI_EIO.
 */
int netns_open(const char *path, struct netns_id *ret_id, struct err *e);

/*
 * Opens the namespace by its identity alone, whoever keeps it alive: a process in it, a mount, an
 * open file of it, or a socket in it that a process elsewhere has. Reads all of /proc, which takes
 * long: for the last resort.
 * Result: a descriptor that the caller closes; -1 where nobody was found.
 */
int netns_find(const struct netns_id *id);

/* The same by the processes in it alone; *ret: one of them. */
int netns_find_process(const struct netns_id *id, pid_t *ret);

/*
 * Whether the mount of an identity, and with it the namespace, is at path still: one system call.
 * Result: false also where it cannot be told so.
 */
bool netns_is_mounted(const char *path, const struct netns_id *id);

/* The caller's own network namespace, as above. */
int netns_open_own(struct netns_id *ret_id, struct err *e);

/* Whether two have one inode, wherever they were found. */
static inline bool netns_same(const struct netns_id *a, const struct netns_id *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}

/*
 * What no other namespace has while this kernel runs (SO_NETNS_COOKIE, Linux 5.14): the inode of
 * one that ended is given to another. Result: 0 where it cannot be told.
 */
uint64_t netns_cookie(int netns_fd);

/* The same of the namespace that a socket is in. */
uint64_t netns_socket_cookie(int socket_fd);

/*
 * Runs fn(arg, e) with this thread inside the namespace netns_fd, comes back to own_fd
 * (netns_open_own()) and returns what fn returned.
 * Errors: those of fn; CNI_EKERNEL when the namespace cannot be entered, or not be left: then what
 * needs no namespace, like a socket that is open already, can still be used to undo.
 */
int netns_run(int own_fd, int netns_fd, int (*fn)(void *arg, struct err *e), void *arg,
	      struct err *e);
