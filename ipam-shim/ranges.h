/* SPDX-License-Identifier: Apache-2.0 */
/* ranges.h - addresses from ranges: which can be given, and in which order */
#pragma once

#include <jansson.h>

#include "asked.h"
#include "err.h"
#include "store.h"

/* Of all sets together. */
#define RANGES_MAX      128
#define RANGES_EXCLUDED 256

/* Addresses from start to end, without the gateway and what is excluded. */
struct range {
	size_t set;
	struct inet_prefix subnet, start, end, gateway; /* all with the prefix length of subnet */
};

/* Each set of ranges gives an address to an attachment. The ranges of a set are side by side. */
struct ranges {
	size_t n_sets, n_ranges, n_excluded;
	struct inet_prefix
		want[RANGES_MAX]; /* of each set: what was asked for; family 0: nothing */
	struct range range[RANGES_MAX];
	struct {
		size_t range;
		struct inet_prefix net;
	} excluded[RANGES_EXCLUDED];
};

/*
 * Reads the ranges: those of runtime (runtimeConfig.ipRanges; may be NULL), then "subnet" of ipam,
 * then its "ranges", and finds the sets that asked is about.
 * Result: 1; 0: there is no range. Errors: CNI_ECONFIG: one is empty, or outside of its subnet, two
 * overlap, what is asked for is in none of them.
 */
int ranges_read(const json_t *ipam, const json_t *runtime, const struct asked *asked,
		struct ranges *ret, struct err *e);

/* Which range has an address between its ends; -1: none. */
int ranges_find(const struct ranges *p, const struct inet_prefix *addr);
bool ranges_contains(const struct range *r, const struct inet_prefix *addr);

/* What a range must not give: the excluded network around an address; NULL: it may. */
const struct inet_prefix *ranges_excluded(const struct ranges *p, size_t range,
					  const struct inet_prefix *addr);

/*
 * Tries the addresses that a range may give, from one to another, both included, until try(s, addr,
 * e) returns something other than 0, which is the result; that address is in *ret then.
 */
typedef int (*ranges_try)(const struct store *s, const struct inet_prefix *addr, struct err *e);
int ranges_walk(const struct ranges *p, size_t range, const struct inet_prefix *from,
		const struct inet_prefix *to, ranges_try try, const struct store *s,
		struct inet_prefix *ret, struct err *e);

/*
 * Gives one address of each set, or none at all. Result: "ips" of a result, owned by the caller.
 * Errors: CNI_EAGAIN: a set has no address left, or somebody has the one that was asked for; those
 * of store_begin() and store_take().
 */
json_t *ranges_give(const struct ranges *p, const struct store *s, struct err *e);

/*
 * Whether the attachment has those of ips (of its result; NULL: not known) that are from these
 * ranges, and at least one. Errors: CNI_ECHECK.
 */
int ranges_check(const struct ranges *p, const struct store *s, const json_t *ips, struct err *e);

/* Whether each set has a free address. Errors: CNI_ENOTAVAIL, with the number of those given. */
int ranges_status(const struct ranges *p, const struct store *s, struct err *e);
