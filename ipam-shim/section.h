/* SPDX-License-Identifier: Apache-2.0 */
/* section.h - an ipam section of type "ipam-shim", and what else a runtime says about addresses */
#pragma once

#include "ranges.h"
#include "shim.h"

/* Pointers are borrowed from the configuration where nothing else is said. */
struct section {
	const char *data_dir, *resolv_conf;
	json_t *addresses, *routes, *dns, *delegate;
	struct opt timeout;    /* seconds; of delegate */
	struct ranges *ranges; /* owned: what the addresses are from; NULL: they are ips */
	json_t *ips;           /* owned: static addresses, as "ips" of a result */
};

void section_clear(const struct section *c);

/*
 * Reads the keys alone, for commands that need no more. With DEL and GC a key of the wrong kind is
 * passed over: what is on disk counts. Errors: CNI_ECONFIG.
 */
int section_read_keys(const struct shim *s, enum cni_command command, struct section *c,
		      struct err *e);

/*
 * Reads, after the keys, where addresses come from. Errors: CNI_ECONFIG, CNI_EENV, CNI_EVERSION: as
 * of shim_refuse().
 */
int section_read_addresses(const struct shim *s, enum cni_command command, struct section *c,
			   struct err *e);
