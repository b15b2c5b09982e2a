/* SPDX-License-Identifier: Apache-2.0 */
/* record_pod.c - whether the namespace that a record speaks of still lives */
#include "mem.h"
#include "record.h"

bool record_is_pod(const struct rt *pod, const struct record *r)
{
	uint64_t cookie = rt_netns_cookie(pod);

	return !cookie || !r->netns_cookie || cookie == r->netns_cookie;
}

/* Whether an open namespace of a record's inode is its own. In doubt it is. */
static bool is_same(int ns, const struct record *r)
{
	struct err unread;
	_cleanup_fd_ int own = netns_open_own(NULL, &unread);
	_cleanup_(rt_freep) struct rt *pod = NULL;

	return own < 0 || rt_open_in(own, ns, &pod, &unread) < 0 || record_is_pod(pod, r);
}

bool record_pod_lives(const struct record *r)
{
	struct netns_id id;
	struct err gone;
	_cleanup_fd_ int ns = netns_open(r->netns, &id, &gone);

	if (ns < 0)
		return gone.code != CNI_EUNKNOWN;
	return netns_same(&id, &r->netns_id) && is_same(ns, r);
}

pid_t record_pod_process(const struct record *r)
{
	pid_t pid;
	_cleanup_fd_ int ns = netns_find_process(&r->netns_id, &pid);

	return ns >= 0 && is_same(ns, r) ? pid : 0;
}
