/* SPDX-License-Identifier: Apache-2.0 */
/* record_pod.c - whether the namespace that a record speaks of still lives */
#include "mem.h"
#include "record.h"

bool record_is_pod(const struct rt *pod, const struct record *r)
{
	uint64_t cookie = rt_netns_cookie(pod);

	return !cookie || !r->netns_cookie || cookie == r->netns_cookie;
}

bool record_pod_lives(const struct record *r)
{
	struct netns_id id;
	struct err gone;
	_cleanup_fd_ int own = netns_open_own(NULL, &gone), fd = netns_open(r->netns, &id, &gone);
	_cleanup_(rt_freep) struct rt *pod = NULL;

	if (fd < 0)
		return gone.code != CNI_EUNKNOWN;
	if (!netns_same(&id, &r->netns_id))
		return false;
	return own < 0 || rt_open_in(own, fd, &pod, &gone) < 0 || record_is_pod(pod, r);
}
