/* SPDX-License-Identifier: Apache-2.0 */
/* store.h - who has which address: leases on disk, in the folder that host-local uses */
#pragma once

#include <jansson.h>
#include <limits.h>
#include <time.h>

#include "cni.h"
#include "err.h"
#include "inet.h"

#define STORE_FOLDER "/var/lib/cni/networks"

/* The folder of one network while its lock is held, for one attachment or for none. */
struct store {
	int dir, lock;           /* owned; -1: closed */
	const char *id, *ifname; /* borrowed: of the attachment */
	char *path;              /* owned, for messages */
	char own[NAME_MAX + 1];  /* the attachment's own file */
};

#define STORE_INIT                                                                                 \
	{                                                                                          \
		.dir = -1, .lock = -1                                                              \
	}

/*
 * Opens data_dir/network and takes its lock, waiting at most 10 s; the folder is made if create
 * says so. args: of the attachment; borrowed. Result: 1 and a store that the caller closes; 0:
 * there is no folder, so nobody has an address. Errors: CNI_EAGAIN: another process has the lock;
 * CNI_ESTATE: a symbolic link, or a folder that others than its owner may write to; CNI_EIO.
 */
int store_open(struct store *s, const char *data_dir, const char *network,
	       const struct cni_args *args, bool create, struct err *e);

void store_close(const struct store *s);

/*
 * Before the first address: writes the attachment's own file, which each address is a name of.
 * Errors: CNI_ECONFIG: it has an address already; CNI_EIO: no space, for one.
 */
int store_begin(const struct store *s, struct err *e);

/* Gives an address to the attachment. Result: 1; 0: somebody has it. Errors: CNI_EIO. */
int store_take(const struct store *s, const struct inet_prefix *addr, struct err *e);

/* For STATUS: whether an address could be given. Result: 1 or 0. Errors: CNI_EIO. */
int store_is_free(const struct store *s, const struct inet_prefix *addr, struct err *e);

/* Takes back what an ADD that goes on no more has taken: n addresses, and the attachment's own
 * file. */
int store_undo(const struct store *s, const struct inet_prefix *taken, size_t n, struct err *e);

/*
 * Releases all addresses of the attachment. ips: "ips" of its result, to find them without looking
 * through all; may be NULL. Errors: CNI_EIO.
 */
int store_release(const struct store *s, const json_t *ips, struct err *e);

/* Whether the attachment has this address; addr NULL: any. Result: 1 or 0. Errors: CNI_EIO. */
int store_has(const struct store *s, const struct inet_prefix *addr, struct err *e);

/*
 * Releases every address of an attachment that is not in the list `valid` of {"containerID",
 * "ifname"}, but for those given since that list was begun (clock_stamp()): who made it could not
 * know them. One that cannot be released does not stop the others. Errors: CNI_EIO, of the first.
 */
int store_collect(const struct store *s, const json_t *valid, struct timespec since, struct err *e);

/* Calls each(addr, arg) for every address that somebody has. Errors: CNI_EIO. */
int store_each(const struct store *s, void (*each)(const struct inet_prefix *addr, void *arg),
	       void *arg, struct err *e);

/*
 * The address that a range set gave last, where its next search goes on. It is a hint: what cannot
 * be read is none, and what cannot be written is lost. Result of store_last(): true and the
 * address.
 */
bool store_last(const struct store *s, size_t set, struct inet_prefix *ret);
void store_remember(const struct store *s, size_t set, const struct inet_prefix *addr);
