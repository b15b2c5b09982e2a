/* SPDX-License-Identifier: Apache-2.0 */
/* rt_ip.c - addresses and routes of one link */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "cni.h"
#include "mem.h"
#include "rt.h"
#include "rt_msg.h"

static int no_space(struct err *e)
{
	return err_set(e, CNI_EKERNEL, ENOMEM, "cannot build a netlink request");
}

static int put_addr(struct nl_msg *m, int type, const struct inet_prefix *p)
{
	return nla_put(m, type, (int)inet_addr_len(p->family), p->addr);
}

int rt_addr_add(struct rt *rt, int ifindex, const struct inet_prefix *addr, uint8_t flags,
		struct err *e)
{
	const struct ifaddrmsg ifa = {
		.ifa_family = (uint8_t)addr->family,
		.ifa_prefixlen = addr->prefixlen,
		.ifa_flags = addr->family == AF_INET6 ? flags : 0,
		.ifa_index = (uint32_t)ifindex,
	};
	_cleanup_(nlmsg_freep) struct nl_msg *m =
		rt_request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &ifa, sizeof(ifa), e);
	char text[INET_PREFIX_TEXT];

	if (!m)
		return -1;
	if (put_addr(m, IFA_LOCAL, addr) < 0 || put_addr(m, IFA_ADDRESS, addr) < 0)
		return no_space(e);
	if (addr->family == AF_INET && addr->prefixlen < 31) {
		struct inet_prefix broadcast = *addr;

		for (unsigned bit = addr->prefixlen; bit < 32; bit++)
			broadcast.addr[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
		if (put_addr(m, IFA_BROADCAST, &broadcast) < 0)
			return no_space(e);
	}
	return rt_talk(rt, m, NULL, NULL, e) < 0
		       ? err_ctx(e, "address %s", inet_prefix_text(addr, text))
		       : 0;
}

struct addr_search {
	int ifindex;
	const struct inet_prefix *want; /* NULL: any that is not confined to the link */
	struct inet_prefix found;       /* family 0: none */
	uint32_t flags;                 /* IFA_F_*, of what was found */
};

static int match_addr(const struct nlmsghdr *h, void *arg, struct err *e)
{
	const struct ifaddrmsg *ifa = nlmsg_data(h);
	struct addr_search *s = arg;
	struct inet_prefix p = {0};
	const struct nlattr *a;

	if (!nlmsg_valid_hdr(h, sizeof(*ifa)))
		return err_set(e, CNI_EKERNEL, EBADMSG, "netlink answer");
	/* IPv6 says IFA_LOCAL only for a peer's address */
	a = nlmsg_find_attr((struct nlmsghdr *)(uintptr_t)h, sizeof(*ifa), IFA_LOCAL)
		    ?: nlmsg_find_attr((struct nlmsghdr *)(uintptr_t)h, sizeof(*ifa), IFA_ADDRESS);
	if ((int)ifa->ifa_index != s->ifindex || !a ||
	    nla_len(a) != (int)inet_addr_len(ifa->ifa_family))
		return 0;
	p.family = ifa->ifa_family;
	p.prefixlen = ifa->ifa_prefixlen;
	memcpy(p.addr, nla_data(a), (size_t)nla_len(a));
	if (s->want ? inet_prefix_equal(&p, s->want) : ifa->ifa_scope < RT_SCOPE_LINK) {
		s->found = p;
		a = nlmsg_find_attr((struct nlmsghdr *)(uintptr_t)h, sizeof(*ifa), IFA_FLAGS);
		s->flags = a && nla_len(a) == 4 ? nla_get_u32(a) : ifa->ifa_flags;
	}
	return 0;
}

/* family 0: both. Result: 1, 0. */
static int find_addr(struct rt *rt, int family, struct addr_search *s, struct err *e)
{
	const struct ifaddrmsg ifa = {.ifa_family = (uint8_t)family,
				      .ifa_index = (uint32_t)s->ifindex};
	_cleanup_(nlmsg_freep) struct nl_msg *m =
		rt_request(RTM_GETADDR, NLM_F_DUMP, &ifa, sizeof(ifa), e);

	if (!m || rt_talk(rt, m, match_addr, s, e) < 0)
		return -1;
	return s->found.family != 0;
}

int rt_addr_flags(struct rt *rt, int ifindex, const struct inet_prefix *addr, uint32_t *ret,
		  struct err *e)
{
	struct addr_search s = {.ifindex = ifindex, .want = addr};
	int found = find_addr(rt, addr->family, &s, e);

	if (found > 0)
		*ret = s.flags;
	return found;
}

int rt_addr_exists(struct rt *rt, int ifindex, const struct inet_prefix *addr, struct err *e)
{
	uint32_t unused;

	return rt_addr_flags(rt, ifindex, addr, &unused, e);
}

int rt_addr_any(struct rt *rt, int ifindex, struct inet_prefix *ret, struct err *e)
{
	struct addr_search s = {.ifindex = ifindex};
	int found = find_addr(rt, 0, &s, e);

	if (found > 0)
		*ret = s.found;
	return found;
}

static uint32_t route_table(const struct rt_route *r)
{
	return r->table ?: RT_TABLE_MAIN;
}

static int put_metrics(struct nl_msg *m, const struct rt_route *r)
{
	struct nlattr *metrics;

	if (!r->mtu && !r->advmss)
		return 0;
	metrics = nla_nest_start(m, RTA_METRICS);
	if (!metrics || (r->mtu && nla_put_u32(m, RTAX_MTU, r->mtu) < 0) ||
	    (r->advmss && nla_put_u32(m, RTAX_ADVMSS, r->advmss) < 0))
		return -1;
	nla_nest_end(m, metrics);
	return 0;
}

static int route_add(struct rt *rt, int ifindex, const struct rt_route *r, int flags, struct err *e)
{
	/* as ip-route(8): a route without a gateway ends on the link */
	int scope = r->scope >= 0              ? r->scope
		    : r->gw.family             ? RT_SCOPE_UNIVERSE
		    : r->dst.family == AF_INET ? RT_SCOPE_LINK
					       : RT_SCOPE_UNIVERSE;
	const struct rtmsg rtm = {
		.rtm_family = (uint8_t)r->dst.family,
		.rtm_dst_len = r->dst.prefixlen,
		.rtm_table = (uint8_t)(route_table(r) < 256 ? route_table(r) : RT_TABLE_COMPAT),
		.rtm_protocol = RTPROT_BOOT,
		.rtm_scope = (uint8_t)scope,
		.rtm_type = RTN_UNICAST,
		.rtm_flags = r->onlink ? RTNH_F_ONLINK : 0,
	};
	_cleanup_(nlmsg_freep) struct nl_msg *m =
		rt_request(RTM_NEWROUTE, NLM_F_CREATE | flags, &rtm, sizeof(rtm), e);
	char text[INET_PREFIX_TEXT];

	if (!m)
		return -1;
	if ((r->dst.prefixlen && put_addr(m, RTA_DST, &r->dst) < 0) ||
	    (r->gw.family && put_addr(m, RTA_GATEWAY, &r->gw) < 0) ||
	    nla_put_u32(m, RTA_OIF, (uint32_t)ifindex) < 0 ||
	    nla_put_u32(m, RTA_TABLE, route_table(r)) < 0 ||
	    (r->priority && nla_put_u32(m, RTA_PRIORITY, r->priority) < 0) || put_metrics(m, r) < 0)
		return no_space(e);
	return rt_talk(rt, m, NULL, NULL, e) < 0
		       ? err_ctx(e, "route to %s", inet_prefix_text(&r->dst, text))
		       : 0;
}

/* What IPv6 gives a route without a metric (IP6_RT_PRIO_USER), and how many may be in front. */
#define IPV6_METRIC 1024
#define IPV6_BEHIND 64

int rt_route_add(struct rt *rt, int ifindex, const struct rt_route *r, struct err *e)
{
	struct rt_route behind = *r;
	struct err taken = {0};

	if (r->dst.family != AF_INET6 || r->priority)
		return route_add(rt, ifindex, r, NLM_F_APPEND, e);
	/*
	 * IPv4 appends it and uses the first. IPv6 would make one route with two next hops of it
	 * and one of another interface, and send half of the pod's traffic each way.
	 */
	for (unsigned i = 0; i < IPV6_BEHIND; i++) {
		behind.priority = IPV6_METRIC + i;
		taken = (struct err){0};
		if (!route_add(rt, ifindex, &behind, NLM_F_EXCL, &taken))
			return 0;
		if (taken.errnum != EEXIST)
			break;
	}
	*e = taken;
	return -1;
}

struct route_search {
	int ifindex;
	const struct rt_route *want;
	bool found;
};

static bool attr_is_addr(const struct nlattr *a, const struct inet_prefix *p)
{
	return a && nla_len(a) == (int)inet_addr_len(p->family) &&
	       !memcmp(nla_data(a), p->addr, (size_t)nla_len(a));
}

static bool attr_is_u32(const struct nlattr *a, uint32_t v)
{
	return a && nla_len(a) == 4 && nla_get_u32(a) == v;
}

static bool is_gateway(const struct nlattr *a, const struct rt_route *want)
{
	return want->gw.family ? attr_is_addr(a, &want->gw) : !a;
}

/* IPv6 shows routes of one destination and priority as one route with several next hops. */
static bool is_next_hop(const struct nlattr *list, const struct route_search *s)
{
	const char *p = nla_data(list), *end = p + nla_len(list);
	const struct rtnexthop *hop;

	for (; end - p >= (ptrdiff_t)sizeof(*hop); p += NLA_ALIGN(hop->rtnh_len)) {
		const struct nlattr *gw;

		hop = (const struct rtnexthop *)p;
		if (hop->rtnh_len < sizeof(*hop) || hop->rtnh_len > end - p)
			break;
		gw = nla_find((const struct nlattr *)(hop + 1), hop->rtnh_len - (int)sizeof(*hop),
			      RTA_GATEWAY);
		if (hop->rtnh_ifindex == s->ifindex && is_gateway(gw, s->want))
			return true;
	}
	return false;
}

static int match_route(const struct nlmsghdr *h, void *arg, struct err *e)
{
	const struct rtmsg *rtm = nlmsg_data(h);
	struct nlattr *tb[RTA_MAX + 1];
	struct route_search *s = arg;
	const struct rt_route *want = s->want;

	if (!nlmsg_valid_hdr(h, sizeof(*rtm)) ||
	    nlmsg_parse((struct nlmsghdr *)(uintptr_t)h, sizeof(*rtm), tb, RTA_MAX, NULL) < 0)
		return err_set(e, CNI_EKERNEL, EBADMSG, "netlink answer");
	if (rtm->rtm_family != want->dst.family || rtm->rtm_dst_len != want->dst.prefixlen ||
	    (want->table && !attr_is_u32(tb[RTA_TABLE], want->table)) ||
	    (want->dst.prefixlen && !attr_is_addr(tb[RTA_DST], &want->dst)) ||
	    (want->priority && !attr_is_u32(tb[RTA_PRIORITY], want->priority)))
		return 0;
	if (tb[RTA_MULTIPATH] ? is_next_hop(tb[RTA_MULTIPATH], s)
			      : attr_is_u32(tb[RTA_OIF], (uint32_t)s->ifindex) &&
					is_gateway(tb[RTA_GATEWAY], want))
		s->found = true;
	return 0;
}

int rt_route_exists(struct rt *rt, int ifindex, const struct rt_route *r, struct err *e)
{
	const struct rtmsg rtm = {.rtm_family = (uint8_t)r->dst.family};
	_cleanup_(nlmsg_freep) struct nl_msg *m =
		rt_request(RTM_GETROUTE, NLM_F_DUMP, &rtm, sizeof(rtm), e);
	struct route_search s = {ifindex, r, false};

	if (!m || rt_talk(rt, m, match_route, &s, e) < 0)
		return -1;
	return s.found;
}
