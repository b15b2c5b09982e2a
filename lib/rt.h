/* SPDX-License-Identifier: Apache-2.0 */
/* rt.h - rtnetlink through libnl: sockets, links, addresses, routes */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "inet.h"
#include "jtable.h"

/*
 * One rtnetlink socket. It belongs for life to the network namespace in which it was opened: a
 * program that works in two namespaces holds two of them and never has to switch.
 *
 * Errors of every function here: CNI_EKERNEL, with the kernel's own errno in errnum and its
 * extended acknowledgement in the message.
 */
struct rt;

/*
 * Opens a socket in the caller's namespace, or in the one of netns_fd (own_fd: where to come back
 * to).
 */
int rt_open(struct rt **ret, struct err *e);
int rt_open_in(int own_fd, int netns_fd, struct rt **ret, struct err *e);
void rt_free(struct rt *rt);

/* netns_cookie() of the namespace it is open in. */
uint64_t rt_netns_cookie(const struct rt *rt);

static inline void rt_freep(struct rt **rt)
{
	rt_free(*rt);
}

/* --- links --- */

#define RT_ALTNAMES    8
#define RT_ALTNAME_LEN 128 /* ALTIFNAMSIZ */
#define RT_ALIAS_LEN   256 /* IFALIASZ */

/*
 * Values that go with a netdev from namespace to namespace and that nobody sets back. Nothing is
 * done with them but to keep them and put them back.
 */
enum rt_trait {
	RT_TXQLEN,
	RT_GROUP,
	RT_LINKMODE,
	RT_GSO_MAX_SIZE,
	RT_GSO_MAX_SEGS,
	RT_GRO_MAX_SIZE,
	RT_GSO_IPV4_MAX_SIZE,
	RT_GRO_IPV4_MAX_SIZE,
	RT_BROADCAST, /* where ARP asks: a 48-bit number */
	RT_TRAITS
};

struct rt_link {
	int ifindex;
	int master; /* ifindex of the bridge, bond or the like that it is a port of; 0: none */
	int lower;  /* ifindex of the link that it lies on (vlan, macvlan); 0: none, -1: it is in
		       another namespace */
	bool xdp;   /* an XDP program is attached */
	uint32_t xdp_id;  /* its number; 0 where there are several */
	unsigned flags;   /* IFF_* */
	unsigned arptype; /* ARPHRD_* */
	uint32_t mtu;     /* bytes */
	uint64_t mac;     /* 48-bit number; 0 where the link has no 6-byte address */
	char name[IFNAMSIZ];
	char parent[32];     /* the bus's name of its device, a PCI address; "" where it has none */
	unsigned n_altnames; /* also counts those beyond RT_ALTNAMES */
	char altnames[RT_ALTNAMES][RT_ALTNAME_LEN];
	char alias[RT_ALIAS_LEN];     /* a text for people; "": none */
	struct opt traits[RT_TRAITS]; /* not set: the kernel does not have it */
};

/* The link with this name, or alternative name. errnum ENODEV: there is none. */
int rt_link_by_name(struct rt *rt, const char *name, struct rt_link *ret, struct err *e);
int rt_link_by_index(struct rt *rt, int ifindex, struct rt_link *ret, struct err *e);

/*
 * The link whose device has this PCI address (IFLA_PARENT_DEV_NAME, Linux 5.14). errnum ENODEV:
 * there is none.
 */
int rt_link_by_parent(struct rt *rt, const char *parent, struct rt_link *ret, struct err *e);

/* The link of a device with this MAC: no VLAN or bridge on top of it. errnum ENODEV: there is none.
 */
int rt_link_by_mac(struct rt *rt, uint64_t mac, struct rt_link *ret, struct err *e);

/* A link of the same namespace that lies on this one. Result: 1, 0 where there is none. */
int rt_link_on(struct rt *rt, int ifindex, struct rt_link *ret, struct err *e);

/* Deletes a link that somebody made. errnum ENODEV: it is gone. */
int rt_link_delete(struct rt *rt, int ifindex, struct err *e);

/* What to change of a link; what is not wanted stays 0, NULL or -1. */
struct rt_link_change {
	int netns_fd;     /* -1: stay */
	const char *name; /* NULL: keep */
	uint64_t mac;     /* 0: keep */
	uint32_t mtu;     /* 0: keep */
	int up;           /* 1: up, 0: down, -1: keep */
	unsigned flags;   /* IFF_* other than IFF_UP that mask names */
	unsigned mask;
	struct opt traits[RT_TRAITS]; /* not set: keep */
	const char *alias;            /* NULL: keep; "": none */
};
#define RT_LINK_KEEP                                                                               \
	{                                                                                          \
		.netns_fd = -1, .up = -1                                                           \
	}

/*
 * Changes a link with one message. The kernel works in this order: namespace, MAC, MTU, name, flags
 * (do_setlink(), net/core/rtnetlink.c), and does not undo: after a failure the link may have moved,
 * under its old name and down.
 */
int rt_link_change(struct rt *rt, int ifindex, const struct rt_link_change *c, struct err *e);

/* Adds or deletes all alternative names of names with one message. */
int rt_altnames_change(struct rt *rt, int ifindex, bool add, unsigned n,
		       const char names[][RT_ALTNAME_LEN], struct err *e);

/* --- events --- */

/* As rt_open_in(), and the socket is told of every link that appears or changes from now on. */
int rt_watch_in(int own_fd, int netns_fd, struct rt **ret, struct err *e);

/*
 * Waits for the next link that appeared or changed, at most timeout_ms.
 * Result: 1 and the link, 0 when the time is over.
 */
int rt_watch_next(struct rt *rt, int timeout_ms, struct rt_link *ret, struct err *e);

/*
 * Follows a link from the caller's namespace: the socket is told of links with this index, in all
 * namespaces that the caller's has a number for (one to which a link was moved has), and keeps none
 * of them alive. Needs CAP_NET_BROADCAST. Source: NETLINK_LISTEN_ALL_NSID, netlink(7).
 */
int rt_follow(int ifindex, struct rt **ret, struct err *e);

/* Waits until such a link comes, changes or goes, at most timeout_ms. Result: 1; 0 when the time is
 * over. */
int rt_follow_next(struct rt *rt, int timeout_ms, struct err *e);

/* --- addresses and routes of one link --- */

/* flags: for IPv6, IFA_F_* of linux/if_addr.h. */
int rt_addr_add(struct rt *rt, int ifindex, const struct inet_prefix *addr, uint8_t flags,
		struct err *e);

/* Whether the link has this address with this prefix length: 1 or 0. */
int rt_addr_exists(struct rt *rt, int ifindex, const struct inet_prefix *addr, struct err *e);

/* The same, and the address's flags, IFA_F_*. */
int rt_addr_flags(struct rt *rt, int ifindex, const struct inet_prefix *addr, uint32_t *ret,
		  struct err *e);

/*
 * Whether the link has an address that is not confined to it (IPv6 gives every link that is up such
 * a one): 1 and one of them, or 0.
 */
int rt_addr_any(struct rt *rt, int ifindex, struct inet_prefix *ret, struct err *e);

struct rt_route {
	struct inet_prefix dst;
	struct inet_prefix gw;                 /* family 0: none */
	uint32_t mtu, advmss, priority, table; /* 0: not given; table 0: main */
	int scope;                             /* RT_SCOPE_*; -1: not given */
	bool onlink; /* the gateway is reached on the link, whatever the addresses say */
};

/*
 * A route without priority has the kernel's (0, with IPv6 1024). Where there is one of that to its
 * destination already, by whatever link, it stands behind it.
 */
int rt_route_add(struct rt *rt, int ifindex, const struct rt_route *r, struct err *e);

/*
 * Whether there is a route to this destination by this link and gateway: 1 or 0. Where table or
 * priority are not given, in any table and of any priority: others may have moved it.
 */
int rt_route_exists(struct rt *rt, int ifindex, const struct rt_route *r, struct err *e);
