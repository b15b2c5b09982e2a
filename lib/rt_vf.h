/* SPDX-License-Identifier: Apache-2.0 */
/* rt_vf.h - VF attributes on a PF, through rtnetlink */
#pragma once

#include "rt.h"
#include "vf.h"

/*
 * What a PF has counted of a VF. Where its driver does not count (igb), the kernel says 0: then the
 * VF's own interface may know.
 */
enum rt_vf_count {
	RT_VF_RX_PACKETS,
	RT_VF_RX_BYTES,
	RT_VF_RX_DROPPED,
	RT_VF_RX_BROADCAST, /* packets, as the next */
	RT_VF_RX_MULTICAST,
	RT_VF_TX_PACKETS,
	RT_VF_TX_BYTES,
	RT_VF_TX_DROPPED,
	RT_VF_COUNTS
};

struct rt_vf_stats {
	uint64_t n[RT_VF_COUNTS];
	bool own; /* counted by the VF's interface, which has no number of broadcasts */
};

/* A PF and the attributes of all of its VFs, as one RTM_GETLINK tells them. */
struct rt_pf {
	struct rt_link link;
	uint32_t n_vfs; /* entries of vfs; fewer than the PF has where the answer does not hold them
			   all */
	struct vf_attrs *vfs;      /* by VF index; owned: rt_pf_clear(). See rt_pf_tells_of() */
	struct rt_vf_stats *stats; /* the same; all 0 with rt_pf_get() */
};

/*
 * Whether VF index was told of. Each that is has a MAC; a driver can leave out one that it has
 * disabled, or is resetting (ice).
 */
static inline bool rt_pf_tells_of(const struct rt_pf *pf, uint32_t index)
{
	return index < pf->n_vfs && pf->vfs[index].f[VF_MAC].set;
}

/*
 * Asks for the PF named ifname and its VFs, of which there may be any number.
 * IFLA_VFINFO_LIST has a 16-bit length that wraps silently beyond 334 VFs, or 221 with what was
 * counted; entries behind the wrap are found nevertheless, unless something is odd about the list:
 * so compare n_vfs with what was expected.
 */
int rt_pf_get(struct rt *rt, const char *ifname, struct rt_pf *ret, struct err *e);

/* The same, and what the PF has counted, for which many drivers ask their firmware. */
int rt_pf_get_stats(struct rt *rt, const char *ifname, struct rt_pf *ret, struct err *e);
void rt_pf_clear(struct rt_pf *pf);

/* What a VF's own interface has counted. */
int rt_vf_own_stats(struct rt *rt, int ifindex, struct rt_vf_stats *ret, struct err *e);

/*
 * Sets the values of one group for VF index on the PF with one message. All fields of the group
 * must be set in a, but for VF_PROTO (802.1q when not set).
 */
int rt_vf_set(struct rt *rt, int pf_ifindex, uint32_t index, enum vf_group group,
	      const struct vf_attrs *a, struct err *e);
