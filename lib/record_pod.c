/* SPDX-License-Identifier: Apache-2.0 */
/* record_pod.c - whether the namespace that a record speaks of still lives */
#include "mem.h"
#include "record.h"

/* Whether a namespace of a record's inode is its own. In doubt it is. */
static bool is_same(uint64_t cookie, const struct record *r)
{
	return !cookie || !r->netns_cookie || cookie == r->netns_cookie;
}

bool record_is_pod(const struct rt *pod, const struct record *r)
{
	return is_same(rt_netns_cookie(pod), r);
}

bool record_pod_lives(const struct record *r)
{
	struct netns_id id;
	struct err gone;
	_cleanup_fd_ int ns = -1;

	if (netns_is_mounted(r->netns, &r->netns_id))
		return true; /* which is by far the most frequent, and whoever picks looks at all */
	ns = netns_open(r->netns, &id, &gone);
	if (ns < 0)
		return gone.code != CNI_EUNKNOWN;
	return netns_same(&id, &r->netns_id) && is_same(netns_cookie(ns), r);
}

pid_t record_pod_process(const struct record *r)
{
	pid_t pid;
	_cleanup_fd_ int ns = netns_find_process(&r->netns_id, &pid);

	return ns >= 0 && is_same(netns_cookie(ns), r) ? pid : 0;
}
