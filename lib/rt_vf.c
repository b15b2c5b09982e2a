/* SPDX-License-Identifier: Apache-2.0 */
/* rt_vf.c - VF attributes on a PF, through rtnetlink */
#include "rt_vf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "cni.h"
#include "mem.h"
#include "rt_msg.h"

/*
 * The kernel's own structures are put and taken here, not libnl's rtnl_link_vf_*(): those send
 * 802.1ad in the wrong byte order and drop rates of 0.
 */

/*
 * What a driver does not report is preset to this by the kernel (rtnl_fill_vfinfo(),
 * net/core/rtnetlink.c).
 */
#define NOT_REPORTED UINT32_MAX

#define COPY(dst, a)                                                                               \
	(memset(&(dst), 0, sizeof(dst)),                                                           \
	 (size_t)nla_len(a) >= sizeof(dst) ? (memcpy(&(dst), nla_data(a), sizeof(dst)), true)      \
					   : false)

static void put_opt(struct vf_attrs *a, enum vf_field f, uint64_t v)
{
	a->f[f] = (struct opt){v != NOT_REPORTED, v};
}

static void take_vlan_list(const struct nlattr *list, struct vf_attrs *a)
{
	struct ifla_vf_vlan_info v;
	struct nlattr *at;
	int rest;

	nla_for_each_nested(at, (struct nlattr *)(uintptr_t)list, rest) {
		if (nla_type(at) != IFLA_VF_VLAN_INFO || !COPY(v, at))
			continue;
		put_opt(a, VF_VLAN, v.vlan);
		put_opt(a, VF_QOS, v.qos);
		put_opt(a, VF_PROTO, v.vlan_proto == htons(ETH_P_8021AD) ? VF_8021AD : VF_8021Q);
	}
}

static void take_stats(const struct nlattr *list, struct rt_vf_stats *s)
{
	static const int counts[RT_VF_COUNTS] = {
		[RT_VF_RX_PACKETS] = IFLA_VF_STATS_RX_PACKETS,
		[RT_VF_RX_BYTES] = IFLA_VF_STATS_RX_BYTES,
		[RT_VF_RX_DROPPED] = IFLA_VF_STATS_RX_DROPPED,
		[RT_VF_RX_BROADCAST] = IFLA_VF_STATS_BROADCAST,
		[RT_VF_RX_MULTICAST] = IFLA_VF_STATS_MULTICAST,
		[RT_VF_TX_PACKETS] = IFLA_VF_STATS_TX_PACKETS,
		[RT_VF_TX_BYTES] = IFLA_VF_STATS_TX_BYTES,
		[RT_VF_TX_DROPPED] = IFLA_VF_STATS_TX_DROPPED,
	};

	for (unsigned i = 0; i < RT_VF_COUNTS; i++) {
		struct nlattr *a = nla_find(nla_data(list), nla_len(list), counts[i]);

		if (a)
			(void)COPY(s->n[i], a); /* 0 where it is too short */
	}
}

/* One IFLA_VF_INFO. Result: the VF's index, or -1 when it does not say. */
static int64_t take_vf(const struct nlattr *info, struct vf_attrs *a, struct rt_vf_stats *s)
{
	union {
		struct ifla_vf_mac mac;
		struct ifla_vf_rate rate;
		struct ifla_vf_spoofchk spoofchk;
		struct ifla_vf_trust trust;
		struct ifla_vf_link_state state;
		struct ifla_vf_rss_query_en rss;
	} u;
	int64_t index = -1;
	struct nlattr *at;
	int rest;

	nla_for_each_nested(at, (struct nlattr *)(uintptr_t)info, rest) {
		switch (nla_type(at)) {
		case IFLA_VF_MAC:
			if (COPY(u.mac, at)) {
				index = u.mac.vf;
				a->f[VF_MAC].set = true;
				a->f[VF_MAC].v = 0;
				for (int i = 0; i < 6; i++)
					a->f[VF_MAC].v = a->f[VF_MAC].v << 8 | u.mac.mac[i];
			}
			break;
		case IFLA_VF_VLAN_LIST:
			take_vlan_list(at, a);
			break;
		case IFLA_VF_RATE:
			if (COPY(u.rate, at)) {
				put_opt(a, VF_MIN_TX, u.rate.min_tx_rate);
				put_opt(a, VF_MAX_TX, u.rate.max_tx_rate);
			}
			break;
		case IFLA_VF_SPOOFCHK:
			if (COPY(u.spoofchk, at))
				put_opt(a, VF_SPOOFCHK, u.spoofchk.setting);
			break;
		case IFLA_VF_TRUST:
			if (COPY(u.trust, at))
				put_opt(a, VF_TRUST, u.trust.setting);
			break;
		case IFLA_VF_LINK_STATE:
			if (COPY(u.state, at))
				put_opt(a, VF_LINK_STATE, u.state.link_state);
			break;
		case IFLA_VF_RSS_QUERY_EN:
			if (COPY(u.rss, at))
				put_opt(a, VF_RSS_QUERY, u.rss.setting);
			break;
		case IFLA_VF_STATS:
			take_stats(at, s);
			break;
		}
	}
	return index;
}

#define VFS_MOST 65535 /* PCIe base specification, 9.3.3.5 "TotalVFs": 16 bits */

int rt_parse_pf(const struct nlmsghdr *h, struct rt_pf *ret, struct err *e)
{
	struct rt_pf pf = {0};
	struct rt_vf_list list;
	struct nlattr *at;
	uint32_t most;
	int rest;

	if (rt_parse_link_vfs(h, &pf.link, &list, e) < 0)
		return -1;

	most = list.n_vfs < VFS_MOST ? list.n_vfs : VFS_MOST;
	pf.vfs = calloc(most ?: 1, sizeof(*pf.vfs));
	pf.stats = calloc(most ?: 1, sizeof(*pf.stats));
	if (!pf.vfs || !pf.stats) {
		rt_pf_clear(&pf);
		return err_set(e, CNI_EKERNEL, ENOMEM, "netlink answer");
	}

	nla_for_each_attr(at, list.first, list.len, rest) {
		struct rt_vf_stats s = {0};
		struct vf_attrs a = {0};
		int64_t index = nla_type(at) == IFLA_VF_INFO ? take_vf(at, &a, &s) : -1;

		if (index >= 0 && index < most) {
			pf.vfs[index] = a;
			pf.stats[index] = s;
			pf.n_vfs = pf.n_vfs > index ? pf.n_vfs : (uint32_t)index + 1;
		}
	}
	*ret = pf;
	return 0;
}

static int take_pf(const struct nlmsghdr *h, void *arg, struct err *e)
{
	return h->nlmsg_type == RTM_NEWLINK ? rt_parse_pf(h, arg, e) : 0;
}

static int pf_get(struct rt *rt, const char *ifname, uint32_t mask, struct rt_pf *ret,
		  struct err *e)
{
	const struct ifinfomsg ifi = {0};
	_cleanup_(nlmsg_freep) struct nl_msg *m = rt_request(RTM_GETLINK, 0, &ifi, sizeof(ifi), e);

	if (!m)
		return -1;
	if (nla_put_string(m, IFLA_IFNAME, ifname) < 0 || nla_put_u32(m, IFLA_EXT_MASK, mask) < 0)
		return err_set(e, CNI_EKERNEL, ENOMEM, "cannot build a netlink request");
	return rt_talk(rt, m, take_pf, ret, e) < 0 ? err_ctx(e, "PF %s", ifname) : 0;
}

int rt_pf_get(struct rt *rt, const char *ifname, struct rt_pf *ret, struct err *e)
{
	return pf_get(rt, ifname, RTEXT_FILTER_VF | RTEXT_FILTER_SKIP_STATS, ret, e);
}

int rt_pf_get_stats(struct rt *rt, const char *ifname, struct rt_pf *ret, struct err *e)
{
	return pf_get(rt, ifname, RTEXT_FILTER_VF, ret, e);
}

static int take_own_stats(const struct nlmsghdr *h, void *arg, struct err *e)
{
	struct rt_vf_stats *ret = arg;
	struct rtnl_link_stats64 s;
	struct nlattr *a;

	if (h->nlmsg_type != RTM_NEWSTATS)
		return 0;
	a = nlmsg_find_attr((struct nlmsghdr *)(uintptr_t)h, sizeof(struct if_stats_msg),
			    IFLA_STATS_LINK_64);
	if (!a)
		return err_set(e, CNI_EKERNEL, EBADMSG, "netlink answer");
	/* an older kernel's is shorter, a newer one's longer */
	memset(&s, 0, sizeof(s));
	memcpy(&s, nla_data(a), (size_t)nla_len(a) < sizeof(s) ? (size_t)nla_len(a) : sizeof(s));
	*ret = (struct rt_vf_stats){
		.n = {[RT_VF_RX_PACKETS] = s.rx_packets,
		      [RT_VF_RX_BYTES] = s.rx_bytes,
		      [RT_VF_RX_DROPPED] = s.rx_dropped,
		      [RT_VF_RX_MULTICAST] = s.multicast,
		      [RT_VF_TX_PACKETS] = s.tx_packets,
		      [RT_VF_TX_BYTES] = s.tx_bytes,
		      [RT_VF_TX_DROPPED] = s.tx_dropped},
		.own = true,
	};
	return 0;
}

int rt_vf_own_stats(struct rt *rt, int ifindex, struct rt_vf_stats *ret, struct err *e)
{
	const struct if_stats_msg ask = {
		.ifindex = (uint32_t)ifindex,
		.filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64),
	};
	_cleanup_(nlmsg_freep) struct nl_msg *m = rt_request(RTM_GETSTATS, 0, &ask, sizeof(ask), e);

	return m ? rt_talk(rt, m, take_own_stats, ret, e) : -1;
}

void rt_pf_clear(struct rt_pf *pf)
{
	free(pf->vfs);
	free(pf->stats);
	*pf = (struct rt_pf){0};
}

static int put_vlan(struct nl_msg *m, uint32_t index, const struct vf_attrs *a)
{
	struct nlattr *list = nla_nest_start(m, IFLA_VF_VLAN_LIST);
	struct ifla_vf_vlan_info v;

	memset(&v, 0, sizeof(v)); /* its padding goes out as well */
	v.vf = index;
	v.vlan = (uint32_t)a->f[VF_VLAN].v;
	v.qos = (uint32_t)a->f[VF_QOS].v;
	v.vlan_proto = htons(a->f[VF_PROTO].v == VF_8021AD ? ETH_P_8021AD : ETH_P_8021Q);

	if (!list || nla_put(m, IFLA_VF_VLAN_INFO, sizeof(v), &v) < 0)
		return -1;
	nla_nest_end(m, list);
	return 0;
}

static int put_group(struct nl_msg *m, uint32_t index, enum vf_group group,
		     const struct vf_attrs *a)
{
	const struct opt *f = a->f;
	struct ifla_vf_mac mac = {.vf = index};
	const struct ifla_vf_rate rate = {
		.vf = index,
		.min_tx_rate = (uint32_t)f[VF_MIN_TX].v,
		.max_tx_rate = (uint32_t)f[VF_MAX_TX].v,
	};
	const struct ifla_vf_spoofchk spoofchk = {index, (uint32_t)f[VF_SPOOFCHK].v};
	const struct ifla_vf_trust trust = {index, (uint32_t)f[VF_TRUST].v};
	const struct ifla_vf_link_state state = {index, (uint32_t)f[VF_LINK_STATE].v};
	const struct ifla_vf_rss_query_en rss = {index, (uint32_t)f[VF_RSS_QUERY].v};

	switch (group) {
	case VF_G_MAC:
		for (int i = 0; i < 6; i++)
			mac.mac[i] = (uint8_t)(f[VF_MAC].v >> (40 - 8 * i));
		return nla_put(m, IFLA_VF_MAC, sizeof(mac), &mac);
	case VF_G_VLAN:
		return put_vlan(m, index, a);
	case VF_G_RATE:
		return nla_put(m, IFLA_VF_RATE, sizeof(rate), &rate);
	case VF_G_SPOOFCHK:
		return nla_put(m, IFLA_VF_SPOOFCHK, sizeof(spoofchk), &spoofchk);
	case VF_G_TRUST:
		return nla_put(m, IFLA_VF_TRUST, sizeof(trust), &trust);
	case VF_G_LINK_STATE:
		return nla_put(m, IFLA_VF_LINK_STATE, sizeof(state), &state);
	case VF_G_RSS_QUERY:
		return nla_put(m, IFLA_VF_RSS_QUERY_EN, sizeof(rss), &rss);
	case VF_GROUPS:
		break;
	}
	return -1;
}

struct nl_msg *rt_build_vf_set(int pf_ifindex, uint32_t index, enum vf_group group,
			       const struct vf_attrs *a, struct err *e)
{
	const struct ifinfomsg ifi = {.ifi_index = pf_ifindex};
	_cleanup_(nlmsg_freep) struct nl_msg *m = rt_request(RTM_SETLINK, 0, &ifi, sizeof(ifi), e);
	struct nlattr *list, *info;

	if (!m)
		return NULL;
	list = nla_nest_start(m, IFLA_VFINFO_LIST);
	info = list ? nla_nest_start(m, IFLA_VF_INFO) : NULL;
	if (!info || put_group(m, index, group, a) < 0) {
		err_set(e, CNI_EKERNEL, ENOMEM, "cannot build a netlink request");
		return NULL;
	}
	nla_nest_end(m, info);
	nla_nest_end(m, list);
	return TAKE_PTR(m);
}

int rt_vf_set(struct rt *rt, int pf_ifindex, uint32_t index, enum vf_group group,
	      const struct vf_attrs *a, struct err *e)
{
	_cleanup_(nlmsg_freep) struct nl_msg *m = rt_build_vf_set(pf_ifindex, index, group, a, e);

	return m ? rt_talk(rt, m, NULL, NULL, e) : -1;
}
