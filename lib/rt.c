/* SPDX-License-Identifier: Apache-2.0 */
/* rt.c - rtnetlink sockets: one request, its reply, events */
#include "rt.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <netlink/socket.h>
#include <netlink/netlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "clock.h"
#include "cni.h"
#include "mem.h"
#include "netns.h"
#include "rt_msg.h"

/*
 * libnl has the sockets, messages and attributes. The reply loop is here, because libnl's own turns
 * errno into codes of its own (EINVAL and EFAULT become one), has no extended acknowledgement, and
 * after one failed send takes every later answer for one out of sequence, so that a rollback on the
 * same socket would fail as well.
 */
struct rt {
	struct nl_sock *sk;
	uint32_t seq;
	unsigned char *buf; /* of size bytes: the datagram that is looked at */
	size_t size;
};

/*
 * The largest answer is that of a PF, some 200 bytes for each VF: this holds 490 of them. More are
 * asked for twice, the second time with room for what was cut; so the usual answer costs no call to
 * learn its size.
 */
#define RECV_BUF ((size_t)96 * 1024)

/*
 * A dump that changed while it was read; the kernel's own tools give up later, but no administrator
 * waits for us.
 */
#define DUMP_TRIES 10

/* One makes room; a second is a PF that got more VFs meanwhile. */
#define CUTS 2

struct opening {
	int protocol; /* NETLINK_* */
	struct rt **ret;
};

static int open_here(void *arg, struct err *e)
{
	const struct opening *o = arg;
	struct rt *rt = calloc(1, sizeof(*rt));
	int one = 1, errnum = ENOMEM;

	if (rt) {
		rt->sk = nl_socket_alloc();
		rt->buf = malloc(RECV_BUF);
		rt->size = RECV_BUF;
	}
	if (!rt || !rt->buf || !rt->sk || nl_connect(rt->sk, o->protocol) < 0) {
		if (rt && rt->buf && rt->sk)
			errnum = errno;
		rt_free(rt);
		err_set(e, CNI_EKERNEL, errnum, "cannot open a netlink socket");
		return -1;
	}
	/* Texts of the kernel are a help, not a need: before 4.12 it answers without them. */
	(void)setsockopt(nl_socket_get_fd(rt->sk), SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	/* Dumps of one link's addresses alone; where it is not known, all come and ours are picked.
	 */
	(void)setsockopt(nl_socket_get_fd(rt->sk), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one,
			 sizeof(one));
	*o->ret = rt;
	return 0;
}

int rt_open(struct rt **ret, struct err *e)
{
	return open_here(&(struct opening){NETLINK_ROUTE, ret}, e);
}

int rt_open_in(int own_fd, int netns_fd, struct rt **ret, struct err *e)
{
	return rt_open_protocol_in(own_fd, netns_fd, NETLINK_ROUTE, ret, e);
}

int rt_open_protocol_in(int own_fd, int netns_fd, int protocol, struct rt **ret, struct err *e)
{
	return netns_run(own_fd, netns_fd, open_here, &(struct opening){protocol, ret}, e);
}

uint64_t rt_netns_cookie(const struct rt *rt)
{
	return netns_socket_cookie(nl_socket_get_fd(rt->sk));
}

void rt_free(struct rt *rt)
{
	if (!rt)
		return;
	nl_socket_free(rt->sk);
	free(rt->buf);
	free(rt);
}

struct nl_msg *rt_request(int type, int flags, const void *header, size_t len, struct err *e)
{
	struct nl_msg *m = nlmsg_alloc_simple(type, NLM_F_REQUEST | flags);

	if (m && nlmsg_append(m, (void *)(uintptr_t)header, len, NLMSG_ALIGNTO) < 0) {
		nlmsg_free(m);
		m = NULL;
	}
	if (!m)
		err_set(e, CNI_EKERNEL, ENOMEM, "cannot build a netlink request");
	return m;
}

/* The kernel's own words behind an error, NULL where it gave none. */
static const char *extack_text(const struct nlmsghdr *h, const struct nlmsgerr *nlerr)
{
	size_t skip = sizeof(*nlerr);
	struct nlattr *a;
	int rest;

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	if (!(h->nlmsg_flags & NLM_F_CAPPED)) {
		/* the whole request is repeated in front of the attributes */
		if (nlerr->msg.nlmsg_len < NLMSG_HDRLEN)
			return NULL;
		skip += NLMSG_ALIGN(nlerr->msg.nlmsg_len) - NLMSG_HDRLEN;
	}
	if (skip > (size_t)nlmsg_datalen(h))
		return NULL;

	nla_for_each_attr(a, (struct nlattr *)((char *)nlmsg_data(h) + skip),
			  nlmsg_datalen(h) - (int)skip, rest)
		if (nla_type(a) == NLMSGERR_ATTR_MSG && nla_len(a) > 0 &&
		    memchr(nla_data(a), 0, (size_t)nla_len(a)))
			return nla_data(a);
	return NULL;
}

static int take_error(const struct nlmsghdr *h, struct err *e)
{
	const struct nlmsgerr *nlerr = nlmsg_data(h);
	const char *text;

	if (nlmsg_datalen(h) < (int)sizeof(*nlerr))
		return err_set(e, CNI_EKERNEL, EBADMSG, "netlink answer");
	if (!nlerr->error)
		return 0;

	text = extack_text(h, nlerr);
	if (text)
		return err_set(e, CNI_EKERNEL, -nlerr->error, "%s", text);
	err_set(e, CNI_EKERNEL, 0, "%s", strerror(-nlerr->error));
	e->errnum = -nlerr->error;
	return -1;
}

enum { MORE, DONE, INTERRUPTED, CUT };

/*
 * Receives a datagram into rt->buf. Result: its length, 0 when it is not the kernel's; -1 with
 * errno. EMSGSIZE: it was cut, and rt->buf has room for its like now.
 */
static int receive(struct rt *rt)
{
	struct sockaddr_nl from = {0};
	socklen_t from_len = sizeof(from);
	unsigned char *larger;
	ssize_t n;

	do
		n = recvfrom(nl_socket_get_fd(rt->sk), rt->buf, rt->size, MSG_TRUNC,
			     (struct sockaddr *)&from, &from_len);
	while (n < 0 && errno == EINTR);
	if (from.nl_pid)
		return 0;
	if (n <= (ssize_t)rt->size)
		return (int)n;
	larger = realloc(rt->buf, (size_t)n);
	if (!larger)
		return -1; /* with ENOMEM */
	rt->buf = larger;
	rt->size = (size_t)n;
	errno = EMSGSIZE;
	return -1;
}

/*
 * Reads one datagram of the reply to rt->seq. Result: MORE, DONE, INTERRUPTED, CUT; -1: the request
 * failed. The rest of a dump that was cut would have to be read first; but its datagrams are small.
 */
static int take_datagram(struct rt *rt, bool dump, bool *interrupted, rt_reply_fn each, void *arg,
			 struct err *e)
{
	int n = receive(rt), r = 0;

	if (n < 0 && errno == EMSGSIZE && each && !dump)
		return CUT;
	if (n < 0)
		return err_set(e, CNI_EKERNEL, errno, "cannot receive from netlink");

	for (struct nlmsghdr *h = (struct nlmsghdr *)rt->buf; nlmsg_ok(h, n);
	     h = nlmsg_next(h, &n)) {
		if (h->nlmsg_seq != rt->seq)
			continue; /* left over from a request that failed half-way */
		if (h->nlmsg_flags & NLM_F_DUMP_INTR)
			*interrupted = true;
		if (h->nlmsg_type == NLMSG_ERROR)
			return take_error(h, e) < 0 ? -1 : r < 0 ? -1 : DONE;
		if (h->nlmsg_type == NLMSG_DONE)
			return r < 0 ? -1 : *interrupted ? INTERRUPTED : DONE;
		if (r == 0 && each)
			r = each(h, arg, e);
		/*
		 * the answer to a request that is no dump is one message, and the acknowledgement
		 * is not asked for
		 */
		if (!dump)
			return r < 0 ? -1 : DONE;
	}
	return r < 0 ? -1 : MORE;
}

int rt_talk(struct rt *rt, struct nl_msg *msg, rt_reply_fn each, void *arg, struct err *e)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);
	bool dump = (h->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;

	if (!each)
		h->nlmsg_flags |= NLM_F_ACK;

	for (int tries = 0, cuts = 0; tries < DUMP_TRIES; tries++) {
		bool interrupted = false;
		int r = MORE;

		h->nlmsg_seq = ++rt->seq;
		h->nlmsg_pid = nl_socket_get_local_port(rt->sk);
		if (nl_sendto(rt->sk, h, h->nlmsg_len) < 0)
			return err_set(e, CNI_EKERNEL, errno, "cannot send to netlink");
		while (r == MORE)
			r = take_datagram(rt, dump, &interrupted, each, arg, e);
		if (r == CUT && ++cuts > CUTS)
			return err_set(e, CNI_EKERNEL, EMSGSIZE, "cannot receive from netlink");
		if (r != INTERRUPTED && r != CUT)
			return r < 0 ? -1 : 0;
	}
	return err_set(e, CNI_EAGAIN, EINTR, "the links change faster than they can be listed");
}

int rt_watch_in(int own_fd, int netns_fd, struct rt **ret, struct err *e)
{
	_cleanup_(rt_freep) struct rt *rt = NULL;

	if (rt_open_in(own_fd, netns_fd, &rt, e) < 0)
		return -1;
	if (nl_socket_add_memberships(rt->sk, RTNLGRP_LINK, 0) < 0)
		return err_set(e, CNI_EKERNEL, errno, "cannot listen to link events");
	*ret = TAKE_PTR(rt);
	return 0;
}

static int follow(int fd, int ifindex)
{
	/* to be woken for every link of every namespace would be a lot */
	struct sock_filter ops[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 NLMSG_HDRLEN + offsetof(struct ifinfomsg, ifi_index)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl((uint32_t)ifindex), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog filter = {ARRAY_SIZE(ops), ops};
	int one = 1;

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) < 0
		       ? -1
		       : setsockopt(fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &one, sizeof(one));
}

int rt_follow(int ifindex, struct rt **ret, struct err *e)
{
	struct rt *rt;

	if (rt_open(&rt, e) < 0)
		return -1;
	if (follow(nl_socket_get_fd(rt->sk), ifindex) < 0 ||
	    nl_socket_add_memberships(rt->sk, RTNLGRP_LINK, 0) < 0) {
		err_set(e, CNI_EKERNEL, errno, "cannot follow link number %d", ifindex);
		rt_free(rt);
		return -1;
	}
	*ret = rt;
	return 0;
}

int rt_follow_next(struct rt *rt, int timeout_ms, struct err *e)
{
	struct pollfd p = {.fd = nl_socket_get_fd(rt->sk), .events = POLLIN};
	int n = poll(&p, 1, timeout_ms);

	if (n > 0)
		n = receive(rt); /* what was lost or cut has happened all the same */
	if (n < 0 && errno != EINTR && errno != ENOBUFS && errno != EMSGSIZE)
		return err_set(e, CNI_EKERNEL, errno, "cannot receive link events");
	return n != 0;
}

int rt_watch_next(struct rt *rt, int timeout_ms, struct rt_link *ret, struct err *e)
{
	int64_t end = clock_ms() + timeout_ms;

	for (;;) {
		struct pollfd p = {.fd = nl_socket_get_fd(rt->sk), .events = POLLIN};
		int n = poll(&p, 1, clock_left_ms(end));

		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		n = n < 0 ? n : receive(rt);
		/*
		 * Events were lost (ENOBUFS) or one was cut: the caller looks at the link itself,
		 * as after any event
		 */
		if (n < 0 && (errno == ENOBUFS || errno == EMSGSIZE)) {
			*ret = (struct rt_link){0};
			return 1;
		}
		if (n < 0)
			return err_set(e, CNI_EKERNEL, errno, "cannot receive link events");
		for (struct nlmsghdr *h = (struct nlmsghdr *)rt->buf; nlmsg_ok(h, n);
		     h = nlmsg_next(h, &n))
			if (h->nlmsg_type == RTM_NEWLINK)
				return rt_parse_link(h, ret, e) < 0 ? -1 : 1;
	}
}
