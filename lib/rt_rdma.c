/* SPDX-License-Identifier: Apache-2.0 */
/* rt_rdma.c - RDMA devices: which network namespace has one */
#include "rt_rdma.h"

#include <errno.h>
#include <rdma/rdma_netlink.h>
#include <string.h>

#include "cni.h"
#include "mem.h"
#include "rt_msg.h"

#define NLDEV(command) RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, RDMA_NLDEV_CMD_##command)

int rt_rdma_open_in(int own_fd, int netns_fd, struct rt **ret, struct err *e)
{
	return rt_open_protocol_in(own_fd, netns_fd, NETLINK_RDMA, ret, e);
}

/* Attributes follow the header of netlink at once: there is no other. */
static const struct nlattr *find_attr(const struct nlmsghdr *h, int type, int len)
{
	const struct nlattr *a = nlmsg_find_attr((struct nlmsghdr *)(uintptr_t)h, 0, type);

	return a && nla_len(a) >= len ? a : NULL;
}

int rt_rdma_parse_exclusive(const struct nlmsghdr *h, void *arg, struct err *e)
{
	const struct nlattr *mode = find_attr(h, RDMA_NLDEV_SYS_ATTR_NETNS_MODE, 1);
	bool *ret = arg;

	(void)e; /* before Linux 5.2 there was no such thing */
	*ret = mode && !nla_get_u8(mode);
	return 0;
}

int rt_rdma_exclusive(struct rt *rdma, struct err *e)
{
	_cleanup_(nlmsg_freep) struct nl_msg *m = rt_request(NLDEV(SYS_GET), 0, NULL, 0, e);
	bool exclusive = false;

	if (!m || rt_talk(rdma, m, rt_rdma_parse_exclusive, &exclusive, e) < 0)
		return -1;
	return exclusive;
}

int rt_rdma_match(const struct nlmsghdr *h, void *arg, struct err *e)
{
	const struct nlattr *index = find_attr(h, RDMA_NLDEV_ATTR_DEV_INDEX, 4);
	const struct nlattr *name = find_attr(h, RDMA_NLDEV_ATTR_DEV_NAME, 1);
	struct rt_rdma_search *s = arg;

	if (!index || !name)
		return err_set(e, CNI_EKERNEL, EBADMSG, "netlink answer");
	if (s->name ? !nla_strcmp(name, s->name) : nla_get_u32(index) == s->index) {
		s->found = true;
		s->index = nla_get_u32(index);
		(void)nla_strlcpy(s->now, name, sizeof(s->now));
	}
	return 0;
}

int rt_rdma_find(struct rt *rdma, struct rt_rdma_search *s, struct err *e)
{
	_cleanup_(nlmsg_freep) struct nl_msg *m = rt_request(NLDEV(GET), NLM_F_DUMP, NULL, 0, e);

	s->found = false;
	return !m || rt_talk(rdma, m, rt_rdma_match, s, e) < 0 ? -1 : s->found;
}

/* A change of the device with this index: the attribute that is to have the value of len bytes. */
static struct nl_msg *build_set(uint32_t index, int attr, const void *value, size_t len,
				struct err *e)
{
	_cleanup_(nlmsg_freep) struct nl_msg *m = rt_request(NLDEV(SET), 0, NULL, 0, e);

	if (!m)
		return NULL;
	if (nla_put_u32(m, RDMA_NLDEV_ATTR_DEV_INDEX, index) < 0 ||
	    nla_put(m, attr, (int)len, value) < 0) {
		err_set(e, CNI_EKERNEL, ENOMEM, "cannot build a netlink request");
		return NULL;
	}
	return TAKE_PTR(m);
}

struct nl_msg *rt_rdma_build_move(uint32_t index, int netns_fd, struct err *e)
{
	return build_set(index, RDMA_NLDEV_NET_NS_FD, &netns_fd, sizeof(netns_fd), e);
}

struct nl_msg *rt_rdma_build_rename(uint32_t index, const char *name, struct err *e)
{
	return build_set(index, RDMA_NLDEV_ATTR_DEV_NAME, name, strlen(name) + 1, e);
}

int rt_rdma_move(struct rt *rdma, uint32_t index, int netns_fd, struct err *e)
{
	_cleanup_(nlmsg_freep) struct nl_msg *m = rt_rdma_build_move(index, netns_fd, e);

	return m ? rt_talk(rdma, m, NULL, NULL, e) : -1;
}

int rt_rdma_rename(struct rt *rdma, uint32_t index, const char *name, struct err *e)
{
	_cleanup_(nlmsg_freep) struct nl_msg *m = rt_rdma_build_rename(index, name, e);

	return m ? rt_talk(rdma, m, NULL, NULL, e) : -1;
}
