/* SPDX-License-Identifier: Apache-2.0 */
/* rt_msg.h - one netlink request and its reply; for the rt_*.c files and their tests alone */
#pragma once

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "rt_vf.h"

static inline void nlmsg_freep(struct nl_msg **m)
{
	nlmsg_free(*m);
}

/* As rt_open_in(), for another netlink protocol than rtnetlink. */
int rt_open_protocol_in(int own_fd, int netns_fd, int protocol, struct rt **ret, struct err *e);

/*
 * Called for each message of a reply. Result: 0 to go on, -1 with *e filled to fail (the rest of
 * the reply is still taken from the socket).
 */
typedef int (*rt_reply_fn)(const struct nlmsghdr *h, void *arg, struct err *e);

/*
 * Sends msg and takes its whole reply. A dump that the kernel says was interrupted is asked for
 * again; then arg has seen messages twice, so `each` must not count.
 */
int rt_talk(struct rt *rt, struct nl_msg *msg, rt_reply_fn each, void *arg, struct err *e);

/* A new request with a fixed header of len bytes. Result: owned by the caller; NULL: no memory. */
struct nl_msg *rt_request(int type, int flags, const void *header, size_t len, struct err *e);

/* What rt_*_() put into their messages and take out of replies, apart from the socket. */
struct nl_msg *rt_build_link_change(int ifindex, const struct rt_link_change *c, struct err *e);
int rt_parse_link(const struct nlmsghdr *h, struct rt_link *ret, struct err *e);

/* The content of IFLA_VFINFO_LIST; len 0 where there is none. Borrowed from the message. */
struct rt_vf_list {
	struct nlattr *first;
	int len;
	uint32_t n_vfs; /* that the PF has; one of which the driver does not tell is left out */
};
int rt_parse_link_vfs(const struct nlmsghdr *h, struct rt_link *ret, struct rt_vf_list *ret_vfs,
		      struct err *e);
struct nl_msg *rt_build_vf_set(int pf_ifindex, uint32_t index, enum vf_group group,
			       const struct vf_attrs *a, struct err *e);
int rt_parse_pf(const struct nlmsghdr *h, struct rt_pf *ret, struct err *e);

/* RDMA devices: rt_reply_fn that look at whether a bool is to be true, and for a device. */
int rt_rdma_parse_exclusive(const struct nlmsghdr *h, void *arg, struct err *e);
int rt_rdma_match(const struct nlmsghdr *h, void *arg, struct err *e);
struct nl_msg *rt_rdma_build_move(uint32_t index, int netns_fd, struct err *e);
struct nl_msg *rt_rdma_build_rename(uint32_t index, const char *name, struct err *e);
