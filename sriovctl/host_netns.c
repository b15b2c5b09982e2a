/* SPDX-License-Identifier: Apache-2.0 */
/* host_netns.c - in which network namespace a VF's netdev is, and that netdev */
#include "host_netns.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define NAMED "/run/netns"

struct search {
	struct host *h;
	bool (*is_away)(const struct host_vf *vf);
	void (*found)(struct host_vf *vf, void *arg);
	void *arg;
	int own;
	struct netns_id *seen; /* owned */
	size_t n_seen;
};

/* Whether a namespace comes for the first time; many processes are in one. */
static bool is_new(struct search *s, const struct netns_id *id)
{
	struct netns_id *more;

	for (size_t i = 0; i < s->n_seen; i++)
		if (netns_same(&s->seen[i], id))
			return false;
	more = reallocarray(s->seen, s->n_seen + 1, sizeof(*more));
	if (!more)
		return false;
	s->seen = more;
	s->seen[s->n_seen++] = *id;
	return true;
}

/* Processes and namespaces come and go: one that cannot be entered is passed over. */
static void look_into(struct search *s, const char *path, const char *name)
{
	struct netns_id id;
	struct err unread;
	_cleanup_fd_ int ns = netns_open(path, &id, &unread);
	_cleanup_(rt_freep) struct rt *rt = NULL;
	struct rt_link link;

	if (ns < 0 || !is_new(s, &id) || rt_open_in(s->own, ns, &rt, &unread) < 0)
		return;
	for (size_t p = 0; p < s->h->n; p++)
		for (uint32_t i = 0; i < s->h->pfs[p].n_vfs; i++) {
			struct host_vf *vf = &s->h->pfs[p].vfs[i];

			if (!s->is_away(vf) ||
			    rt_link_by_parent(rt, vf->dev.name, &link, &unread) < 0)
				continue;
			(void)snprintf(vf->netns, sizeof(vf->netns), "%s", name);
			(void)snprintf(vf->netns_path, sizeof(vf->netns_path), "%s", path);
			s->found(vf, s->arg);
		}
}

static void look_into_named(struct search *s)
{
	_cleanup_(closedirp) DIR *dir = opendir(NAMED);
	const struct dirent *d;
	char path[sizeof(NAMED) + 256];

	while (dir && (d = next_entry(dir))) {
		if (d->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), NAMED "/%s", d->d_name);
		look_into(s, path, d->d_name);
	}
}

static void look_into_processes(struct search *s)
{
	_cleanup_(closedirp) DIR *dir = opendir("/proc");
	const struct dirent *d;
	char path[300], name[64];

	while (dir && (d = next_entry(dir))) {
		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		(void)snprintf(path, sizeof(path), "/proc/%s/ns/net", d->d_name);
		(void)snprintf(name, sizeof(name), "of process %.40s", d->d_name);
		look_into(s, path, name);
	}
}

void host_search_namespaces(struct host *h, bool (*is_away)(const struct host_vf *vf),
			    void (*found)(struct host_vf *vf, void *arg), void *arg)
{
	struct search s = {.h = h, .is_away = is_away, .found = found, .arg = arg};
	struct netns_id own;
	struct err unread;
	_cleanup_fd_ int fd = netns_open_own(&own, &unread);

	if (fd < 0)
		return;
	s.own = fd;
	(void)is_new(&s, &own);
	look_into_named(&s);
	look_into_processes(&s);
	free(s.seen);
}

int host_find_link(struct rt *rt, const struct host_vf *vf, struct rt **ret_there,
		   struct rt_link *ret)
{
	const char *path = vf->use == HOST_NETNS                         ? vf->netns_path
			   : vf->use == HOST_CONTAINER && !vf->abandoned ? vf->rec.netns
									 : NULL;
	_cleanup_(rt_freep) struct rt *there = NULL;
	_cleanup_fd_ int own = -1, ns = -1;
	struct err gone;

	*ret_there = NULL;
	if (vf->dev.ifname[0])
		return rt_link_by_name(rt, vf->dev.ifname, ret, &gone) == 0;
	if (!path)
		return 0;
	own = netns_open_own(NULL, &gone);
	ns = netns_open(path, NULL, &gone);
	if (own < 0 || ns < 0 || rt_open_in(own, ns, &there, &gone) < 0 ||
	    rt_link_by_parent(there, vf->dev.name, ret, &gone) < 0)
		return 0;
	*ret_there = TAKE_PTR(there);
	return 1;
}
