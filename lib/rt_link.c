/* SPDX-License-Identifier: Apache-2.0 */
/* rt_link.c - links: ask, find, change */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "cni.h"
#include "mem.h"
#include "rt.h"
#include "rt_msg.h"

/* Older headers lack them; the values are the kernel's ABI. */
#ifndef IFLA_PARENT_DEV_NAME
#define IFLA_PARENT_DEV_NAME 56
#endif
#ifndef IFLA_GSO_IPV4_MAX_SIZE
#define IFLA_GSO_IPV4_MAX_SIZE 63
#define IFLA_GRO_IPV4_MAX_SIZE 64
#endif

static const struct {
	int attr, size;
} traits[RT_TRAITS] = {
	[RT_TXQLEN] = {IFLA_TXQLEN, 4},
	[RT_GROUP] = {IFLA_GROUP, 4},
	[RT_LINKMODE] = {IFLA_LINKMODE, 1},
	[RT_GSO_MAX_SIZE] = {IFLA_GSO_MAX_SIZE, 4},
	[RT_GSO_MAX_SEGS] = {IFLA_GSO_MAX_SEGS, 4},
	[RT_GRO_MAX_SIZE] = {IFLA_GRO_MAX_SIZE, 4},
	[RT_GSO_IPV4_MAX_SIZE] = {IFLA_GSO_IPV4_MAX_SIZE, 4},
	[RT_GRO_IPV4_MAX_SIZE] = {IFLA_GRO_IPV4_MAX_SIZE, 4},
	[RT_BROADCAST] = {IFLA_BROADCAST, 6},
};

static uint64_t mac_from_bytes(const uint8_t b[static 6])
{
	uint64_t mac = 0;

	for (int i = 0; i < 6; i++)
		mac = mac << 8 | b[i];
	return mac;
}

static void mac_to_bytes(uint64_t mac, uint8_t ret[static 6])
{
	for (int i = 0; i < 6; i++)
		ret[i] = (uint8_t)(mac >> (40 - 8 * i));
}

static void take_string(const struct nlattr *a, char *buf, size_t size)
{
	(void)nla_strlcpy(buf, a, size); /* cut where it is longer: then it is no name of ours */
}

static void take_altnames(const struct nlattr *list, struct rt_link *l)
{
	struct nlattr *a;
	int rest;

	nla_for_each_nested(a, (struct nlattr *)(uintptr_t)list, rest) {
		if (nla_type(a) != IFLA_ALT_IFNAME)
			continue;
		if (l->n_altnames < RT_ALTNAMES)
			take_string(a, l->altnames[l->n_altnames], RT_ALTNAME_LEN);
		l->n_altnames++;
	}
}

static void take_xdp(const struct nlattr *xdp, struct rt_link *l)
{
	const struct nlattr *a = nla_find(nla_data(xdp), nla_len(xdp), IFLA_XDP_ATTACHED);

	l->xdp = a && nla_len(a) == 1 && nla_get_u8(a) != XDP_ATTACHED_NONE;
	a = nla_find(nla_data(xdp), nla_len(xdp), IFLA_XDP_PROG_ID);
	if (a && nla_len(a) == 4)
		l->xdp_id = nla_get_u32(a);
}

static void take_trait(const struct nlattr *a, struct rt_link *l)
{
	for (unsigned i = 0; i < RT_TRAITS; i++)
		if (nla_type(a) == traits[i].attr && nla_len(a) == traits[i].size) {
			l->traits[i].set = true;
			l->traits[i].v = traits[i].size == 1   ? nla_get_u8(a)
					 : traits[i].size == 6 ? mac_from_bytes(nla_data(a))
							       : nla_get_u32(a);
		}
}

#define ATTR_HEADER ((int)sizeof(struct nlattr))

/*
 * IFLA_VFINFO_LIST says its length modulo 65536: the kernel does not look (nla_nest_end(),
 * include/net/netlink.h), and 334 VFs of 196 bytes fit. The others lie behind it like attributes of
 * the link. So VFs are followed as far as they go, at most n_vfs of them (IFLA_NUM_VF), and an end
 * that agrees with those 16 bits is the true one. Result: the true length of the list, its header
 * included; 0 where none comes out.
 */
static int vf_list_len(const struct nlattr *list, int rest, uint32_t n_vfs)
{
	int len = ATTR_HEADER;

	for (uint32_t i = 0; i < n_vfs; i++) {
		const struct nlattr *info = (const void *)((const char *)list + len);

		if (!nla_ok(info, rest - len) || nla_type(info) != IFLA_VF_INFO ||
		    NLA_ALIGN(info->nla_len) > rest - len)
			break;
		len += NLA_ALIGN(info->nla_len);
	}
	return (uint16_t)len == list->nla_len ? len : 0;
}

static void take_attr(const struct nlattr *a, struct rt_link *l)
{
	switch (nla_type(a)) {
	case IFLA_IFNAME:
		take_string(a, l->name, sizeof(l->name));
		break;
	case IFLA_MTU:
		if (nla_len(a) == 4)
			l->mtu = nla_get_u32(a);
		break;
	case IFLA_MASTER:
		if (nla_len(a) == 4)
			l->master = (int)nla_get_u32(a);
		break;
	case IFLA_LINK:
		if (nla_len(a) == 4 && !l->lower)
			l->lower = (int)nla_get_u32(a);
		break;
	case IFLA_LINK_NETNSID:
		l->lower = -1;
		break;
	case IFLA_ADDRESS:
		if (nla_len(a) == 6)
			l->mac = mac_from_bytes(nla_data(a));
		break;
	case IFLA_PARENT_DEV_NAME:
		take_string(a, l->parent, sizeof(l->parent));
		break;
	case IFLA_PROP_LIST:
		take_altnames(a, l);
		break;
	case IFLA_IFALIAS:
		take_string(a, l->alias, sizeof(l->alias));
		break;
	case IFLA_XDP:
		take_xdp(a, l);
		break;
	default:
		take_trait(a, l);
	}
}

int rt_parse_link_vfs(const struct nlmsghdr *h, struct rt_link *ret, struct rt_vf_list *ret_vfs,
		      struct err *e)
{
	const struct ifinfomsg *ifi = nlmsg_data(h);
	struct rt_vf_list vfs = {0};
	struct rt_link l = {0};
	uint32_t n_vfs = 0;
	struct nlattr *a;
	int rest;

	if (!nlmsg_valid_hdr(h, sizeof(*ifi)))
		return err_set(e, CNI_EKERNEL, EBADMSG, "netlink answer");
	l.ifindex = ifi->ifi_index;
	l.flags = ifi->ifi_flags;
	l.arptype = ifi->ifi_type;

	a = nlmsg_attrdata(h, sizeof(*ifi));
	rest = nlmsg_attrlen(h, sizeof(*ifi));
	while (rest >= ATTR_HEADER) {
		int len = a->nla_len;

		if (nla_type(a) == IFLA_VFINFO_LIST) {
			len = vf_list_len(a, rest, n_vfs);
			vfs.first = nla_data(a);
			vfs.len = len ? len - ATTR_HEADER : nla_ok(a, rest) ? nla_len(a) : 0;
			vfs.n_vfs = n_vfs;
			if (!len)
				break; /* what seems to follow it may be pieces of VFs */
		} else {
			if (!nla_ok(a, rest))
				break;
			take_attr(a, &l);
			if (nla_type(a) == IFLA_NUM_VF && nla_len(a) == 4)
				n_vfs = nla_get_u32(a);
		}
		rest -= NLA_ALIGN(len);
		a = (struct nlattr *)((char *)a + NLA_ALIGN(len));
	}
	*ret = l;
	if (ret_vfs)
		*ret_vfs = vfs;
	return 0;
}

int rt_parse_link(const struct nlmsghdr *h, struct rt_link *ret, struct err *e)
{
	return rt_parse_link_vfs(h, ret, NULL, e);
}

static int take_link(const struct nlmsghdr *h, void *arg, struct err *e)
{
	return h->nlmsg_type == RTM_NEWLINK ? rt_parse_link(h, arg, e) : 0;
}

static int link_get(struct rt *rt, int ifindex, const char *name, struct rt_link *ret,
		    struct err *e)
{
	const struct ifinfomsg ifi = {.ifi_index = ifindex};
	_cleanup_(nlmsg_freep) struct nl_msg *m = rt_request(RTM_GETLINK, 0, &ifi, sizeof(ifi), e);
	struct rt_link l = {0};

	if (!m)
		return -1;
	if (nla_put_u32(m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS) < 0 ||
	    (name &&
	     nla_put_string(m, strlen(name) < IFNAMSIZ ? IFLA_IFNAME : IFLA_ALT_IFNAME, name) < 0))
		return err_set(e, CNI_EKERNEL, ENOMEM, "cannot build a netlink request");
	if (rt_talk(rt, m, take_link, &l, e) < 0)
		return -1;
	*ret = l;
	return 0;
}

int rt_link_by_name(struct rt *rt, const char *name, struct rt_link *ret, struct err *e)
{
	return link_get(rt, 0, name, ret, e) < 0 ? err_ctx(e, "link %s", name) : 0;
}

int rt_link_by_index(struct rt *rt, int ifindex, struct rt_link *ret, struct err *e)
{
	return link_get(rt, ifindex, NULL, ret, e) < 0 ? err_ctx(e, "link number %d", ifindex) : 0;
}

struct link_search {
	const char *parent; /* NULL: any device's, but not a link without a device */
	uint64_t mac;       /* 0: any */
	int lower;          /* not 0: any link that lies on this one, and nothing else counts */
	struct rt_link found;
};

static int match_link(const struct nlmsghdr *h, void *arg, struct err *e)
{
	struct link_search *s = arg;
	struct rt_link l = {0};

	if (rt_parse_link(h, &l, e) < 0)
		return -1;
	if (s->lower ? l.lower == s->lower
		     : (s->parent ? !strcmp(l.parent, s->parent) : l.parent[0] != '\0') &&
			       (!s->mac || l.mac == s->mac))
		s->found = l;
	return 0;
}

static int find_link(struct rt *rt, struct link_search *s, const char *what, struct rt_link *ret,
		     struct err *e)
{
	const struct ifinfomsg ifi = {0};
	_cleanup_(nlmsg_freep) struct nl_msg *m =
		rt_request(RTM_GETLINK, NLM_F_DUMP, &ifi, sizeof(ifi), e);

	if (!m)
		return -1;
	if (nla_put_u32(m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS) < 0)
		return err_set(e, CNI_EKERNEL, ENOMEM, "cannot build a netlink request");
	if (rt_talk(rt, m, match_link, s, e) < 0)
		return err_ctx(e, "%s", what);
	if (!s->found.ifindex)
		return err_set(e, CNI_EKERNEL, ENODEV, "%s", what);
	*ret = s->found;
	return 0;
}

int rt_link_by_parent(struct rt *rt, const char *parent, struct rt_link *ret, struct err *e)
{
	struct link_search s = {.parent = parent};
	char what[64];

	(void)snprintf(what, sizeof(what), "link of device %.32s", parent);
	return find_link(rt, &s, what, ret, e);
}

int rt_link_by_mac(struct rt *rt, uint64_t mac, struct rt_link *ret, struct err *e)
{
	struct link_search s = {.mac = mac};
	char what[64], text[MAC_TEXT];

	(void)snprintf(what, sizeof(what), "link with MAC %s", mac_text(mac, text));
	return find_link(rt, &s, what, ret, e);
}

int rt_link_on(struct rt *rt, int ifindex, struct rt_link *ret, struct err *e)
{
	struct link_search s = {.lower = ifindex};
	struct err none = {0};
	char what[64];

	(void)snprintf(what, sizeof(what), "links on link number %d", ifindex);
	if (!find_link(rt, &s, what, ret, &none))
		return 1;
	if (none.errnum == ENODEV)
		return 0;
	*e = none;
	return -1;
}

int rt_link_delete(struct rt *rt, int ifindex, struct err *e)
{
	const struct ifinfomsg ifi = {.ifi_index = ifindex};
	_cleanup_(nlmsg_freep) struct nl_msg *m = rt_request(RTM_DELLINK, 0, &ifi, sizeof(ifi), e);

	return m ? rt_talk(rt, m, NULL, NULL, e) : -1;
}

static int put_mac(struct nl_msg *m, int attr, uint64_t mac)
{
	uint8_t bytes[6];

	mac_to_bytes(mac, bytes);
	return nla_put(m, attr, sizeof(bytes), bytes);
}

static int put_traits(struct nl_msg *m, const struct opt *values)
{
	for (unsigned i = 0; i < RT_TRAITS; i++) {
		int attr = traits[i].attr, size = traits[i].size;
		int r = !values[i].set ? 0
			: size == 1    ? nla_put_u8(m, attr, (uint8_t)values[i].v)
			: size == 6    ? put_mac(m, attr, values[i].v)
				       : nla_put_u32(m, attr, (uint32_t)values[i].v);

		if (r < 0)
			return -1;
	}
	return 0;
}

struct nl_msg *rt_build_link_change(int ifindex, const struct rt_link_change *c, struct err *e)
{
	const struct ifinfomsg ifi = {
		.ifi_index = ifindex,
		.ifi_flags = (c->up == 1 ? IFF_UP : 0) | c->flags,
		.ifi_change = (c->up >= 0 ? IFF_UP : 0) | c->mask,
	};
	_cleanup_(nlmsg_freep) struct nl_msg *m = rt_request(RTM_NEWLINK, 0, &ifi, sizeof(ifi), e);

	if (!m)
		return NULL;
	if ((c->netns_fd >= 0 && nla_put_u32(m, IFLA_NET_NS_FD, (uint32_t)c->netns_fd) < 0) ||
	    (c->name && nla_put_string(m, IFLA_IFNAME, c->name) < 0) ||
	    (c->mac && put_mac(m, IFLA_ADDRESS, c->mac) < 0) ||
	    (c->mtu && nla_put_u32(m, IFLA_MTU, c->mtu) < 0) || put_traits(m, c->traits) < 0 ||
	    (c->alias && nla_put(m, IFLA_IFALIAS, (int)strlen(c->alias), c->alias) < 0)) {
		err_set(e, CNI_EKERNEL, ENOMEM, "cannot build a netlink request");
		return NULL;
	}
	return TAKE_PTR(m);
}

int rt_link_change(struct rt *rt, int ifindex, const struct rt_link_change *c, struct err *e)
{
	_cleanup_(nlmsg_freep) struct nl_msg *m = rt_build_link_change(ifindex, c, e);

	return m ? rt_talk(rt, m, NULL, NULL, e) : -1;
}

int rt_altnames_change(struct rt *rt, int ifindex, bool add, unsigned n,
		       const char names[][RT_ALTNAME_LEN], struct err *e)
{
	const struct ifinfomsg ifi = {.ifi_index = ifindex};
	_cleanup_(nlmsg_freep) struct nl_msg *m = rt_request(
		add ? RTM_NEWLINKPROP : RTM_DELLINKPROP,
		add ? NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND : 0, &ifi, sizeof(ifi), e);
	struct nlattr *list;

	if (!m)
		return -1;
	list = nla_nest_start(m, IFLA_PROP_LIST);
	for (unsigned i = 0; list && i < n; i++)
		if (nla_put_string(m, IFLA_ALT_IFNAME, names[i]) < 0)
			list = NULL;
	if (!list)
		return err_set(e, CNI_EKERNEL, ENOMEM, "cannot build a netlink request");
	nla_nest_end(m, list);
	return rt_talk(rt, m, NULL, NULL, e);
}
