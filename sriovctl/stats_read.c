/* SPDX-License-Identifier: Apache-2.0 */
/* stats_read.c - asks PFs, and VFs, what they have counted */
#include <assert.h>

#include "clock.h"
#include "cni.h"
#include "mem.h"
#include "stats.h"

const struct stats_count stats_counts[] = {
	[RT_VF_RX_PACKETS] = {"rx", "packets", "RX PACKETS", "receive_packets",
			      "Packets that the VF received"},
	[RT_VF_RX_BYTES] = {"rx", "bytes", "RX BYTES", "receive_bytes",
			    "Bytes that the VF received"},
	[RT_VF_RX_DROPPED] = {"rx", "dropped", "DROPPED", "receive_drop",
			      "Packets to the VF that were dropped"},
	[RT_VF_RX_BROADCAST] = {"rx", "broadcast", "BROADCAST", "receive_broadcast",
				"Broadcast packets that the VF received"},
	[RT_VF_RX_MULTICAST] = {"rx", "multicast", "MULTICAST", "receive_multicast",
				"Multicast packets that the VF received"},
	[RT_VF_TX_PACKETS] = {"tx", "packets", "TX PACKETS", "transmit_packets",
			      "Packets that the VF sent"},
	[RT_VF_TX_BYTES] = {"tx", "bytes", "TX BYTES", "transmit_bytes", "Bytes that the VF sent"},
	[RT_VF_TX_DROPPED] = {"tx", "dropped", "DROPPED", "transmit_drop",
			      "Packets from the VF that were dropped"},
};
static_assert(ARRAY_SIZE(stats_counts) == RT_VF_COUNTS, "a row for each count");

/*
 * Where the PF says nothing but zeros, the VF's own interface is asked: if that has counted, the
 * PF's driver does not.
 */
static void ask_vf(struct rt *rt, const struct host_vf *vf, struct rt_vf_stats *s)
{
	_cleanup_(rt_freep) struct rt *there = NULL;
	struct rt_vf_stats own;
	struct rt_link link;
	struct err gone;

	for (unsigned c = 0; c < RT_VF_COUNTS; c++)
		if (s->n[c])
			return;
	if (host_find_link(rt, vf, &there, &link) &&
	    rt_vf_own_stats(there ?: rt, link.ifindex, &own, &gone) == 0)
		*s = own;
}

int stats_read(struct rt *rt, const struct host_pf *pf, struct stats_pf *ret, struct err *e)
{
	struct stats_pf s = {.pf = pf, .at = clock_ms()};

	if (!pf->dev.ifname[0])
		return err_set(e, CNI_EDEVICE, 0,
			       "PF %s has no interface, which would tell what it counts (bind its "
			       "driver)",
			       pf->dev.name);
	if (rt_pf_get_stats(rt, pf->dev.ifname, &s.told, e) < 0)
		return -1;
	if (s.told.n_vfs < pf->n_vfs)
		out_warn("PF %s tells of %u of its %u VFs", pf->dev.ifname, s.told.n_vfs,
			 pf->n_vfs);
	for (uint32_t i = 0; i < s.told.n_vfs && i < pf->n_vfs; i++)
		ask_vf(rt, &pf->vfs[i], &s.told.stats[i]);
	*ret = s;
	return 0;
}

void stats_clear(struct stats_pf *s)
{
	rt_pf_clear(&s->told);
	*s = (struct stats_pf){0};
}

bool stats_has(const struct rt_vf_stats *s, enum rt_vf_count c)
{
	return !s->own || c != RT_VF_RX_BROADCAST;
}

json_t *stats_json(const struct rt_vf_stats *s)
{
	json_t *j = json_pack("{s:s, s:{}, s:{}}", "by", s->own ? "interface" : "pf", "rx", "tx");

	for (unsigned c = 0; c < RT_VF_COUNTS; c++)
		if (stats_has(s, c))
			(void)json_object_set_new(json_object_get(j, stats_counts[c].direction),
						  stats_counts[c].key,
						  json_integer((json_int_t)s->n[c]));
	return j;
}
