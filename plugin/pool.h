/* SPDX-License-Identifier: Apache-2.0 */
/* pool.h - which VFs a network may pick from, as sriov-cni.conf(5) describes it. Pure */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "jtable.h"
#include "vfdev.h"

enum pool_policy { POOL_PACK, POOL_SPREAD };

/* The lists have the names, and the meaning, of the SR-IOV network device plugin's selectors. */
enum pool_list {
	POOL_PF_NAMES,
	POOL_ROOT_DEVICES,
	POOL_VENDORS,
	POOL_DEVICES,
	POOL_DRIVERS,
	POOL_PCI_ADDRESSES,
	POOL_LINK_TYPES,
	POOL_ACPI_INDEXES,
	POOL_LISTS
};

/* A VF has to meet all that is given. All pointers are borrowed from the configuration. */
struct pool {
	const char *master;        /* PF, or PF#VFs; NULL: not given */
	struct opt vf;             /* index of the VF on its PF */
	struct opt numa_node;      /* of the PF */
	struct opt policy;         /* enum pool_policy */
	json_t *selectors;         /* the object "pool"; NULL: not given */
	json_t *lists[POOL_LISTS]; /* of strings; NULL: not given */
};

/* The keys of "pool", closed by JT_END; the first POOL_LISTS are the lists. */
extern const struct jfield pool_fields[];

/* Reads the object "pool" into p. Errors: CNI_ECONFIG, also for a key that is none: a selector
 * that is spelled wrong would let the network have VFs that are not meant for it. */
int pool_read(struct pool *p, struct err *e);

/* Whether anything says where to pick a VF from. */
bool pool_is_given(const struct pool *p);

/* What is wrong with the selectors, or does not go together. Errors: CNI_ECONFIG. */
int pool_check(const struct pool *p, struct err *e);

/* How many PFs are named, and the n-th of them: "master", or an entry of pfNames. */
size_t pool_n_pf_names(const struct pool *p);
const char *pool_pf_name(const struct pool *p, size_t n);

/* An entry "NAME#0-3,7" in two: NAME into name (size bytes, cut), and the ranges, NULL where it has
 * none. */
const char *pool_split(const char *entry, char *name, size_t size);

/* Whether ranges ("0-3,7"; NULL: all) has this index. */
bool pool_range_has(const char *ranges, uint32_t index);

/* Whether a list has this value; a list that is not given has all. */
bool pool_has(const struct pool *p, enum pool_list list, const char *value);
bool pool_has_address(const struct pool *p, const struct pciaddr *vf);

/* Whether rootDevices allows a PF and a VF of it; vf NULL: any. */
bool pool_has_root(const struct pool *p, const struct pciaddr *pf, const uint32_t *vf);
