/* SPDX-License-Identifier: Apache-2.0 */
/* stats.h - what PFs have counted of their VFs */
#pragma once

#include "host.h"
#include "out.h"

/* How a count is called. */
struct stats_count {
	const char *direction; /* "rx", "tx" */
	const char *key, *head;
	const char *metric, *help; /* for Prometheus */
};
extern const struct stats_count stats_counts[RT_VF_COUNTS];

/* A PF, and what it has counted. */
struct stats_pf {
	const struct host_pf *pf; /* borrowed */
	struct rt_pf told;
	int64_t at; /* clock_ms() */
};

/*
 * Asks a PF, and for VFs of which it has counted nothing their own interfaces. Errors: CNI_EDEVICE:
 * it has no interface to ask; CNI_EKERNEL.
 */
int stats_read(struct rt *rt, const struct host_pf *pf, struct stats_pf *ret, struct err *e);
void stats_clear(struct stats_pf *s);

/* Whether there is such a count. */
bool stats_has(const struct rt_vf_stats *s, enum rt_vf_count c);

/* As {"by": "pf", "rx": {…}, "tx": {…}}, owned by the caller. */
json_t *stats_json(const struct rt_vf_stats *s);

/* The text format of Prometheus, for n PFs; only: of the VF with this number alone, or NULL. */
void stats_prometheus(const struct stats_pf *s, size_t n, const uint32_t *only);

/* A label's value as it stands between quotes. Result: owned by the caller. */
char *stats_label(const char *value);
