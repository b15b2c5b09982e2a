/* SPDX-License-Identifier: Apache-2.0 */
/* host_user.c - who uses each VF: a container by our record, a namespace, a guest, the host */
#include "host_user.h"

#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cni.h"
#include "host_netns.h"
#include "mem.h"
#include "out.h"
#include "records.h"

const char *const host_use_words[HOST_USES] = {
	[HOST_FREE] = "free",   [HOST_CONTAINER] = "container", [HOST_NETNS] = "namespace",
	[HOST_GUEST] = "guest", [HOST_HOST] = "host",
};

static void set_user(struct host_vf *vf, enum host_use use, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void set_user(struct host_vf *vf, enum host_use use, const char *fmt, ...)
{
	va_list ap;

	vf->use = use;
	va_start(ap, fmt);
	(void)vsnprintf(vf->user, sizeof(vf->user), fmt, ap); /* cut where it is too long */
	va_end(ap);
}

/* Whether the plugin has a record of a device. Then ret is that, and user whose it is. */
static bool find_record(int folder, const char *pci, struct record *ret, bool *ret_abandoned,
			char user[static HOST_USER])
{
	struct err e;
	int loaded = folder < 0 ? 0 : record_load(folder, pci, ret, &e);
	const char *phase;
	pid_t process;

	if (loaded < 0)
		out_warn("%s", e.msg);
	if (loaded <= 0)
		return false;
	*ret_abandoned = !records_pod_lives(ret, &process);
	phase = *ret_abandoned                   ? ", whose namespace is gone"
		: ret->phase == RECORD_ADDING    ? ", being attached"
		: ret->phase == RECORD_RELEASING ? ", being given back"
						 : "";
	(void)snprintf(user, HOST_USER, "container %s, interface %s, network %s%s",
		       ret->container_id, ret->ifname, ret->network, phase);
	return true;
}

static void find_container(int folder, struct host_vf *vf)
{
	vf->recorded = find_record(folder, vf->dev.name, &vf->rec, &vf->abandoned, vf->user);
	if (vf->recorded)
		vf->use = HOST_CONTAINER;
}

/* "pfOnly" gives a PF away as a whole. */
static void find_pf_container(int folder, struct host_pf *pf)
{
	struct record r = {0};
	bool abandoned;

	if (find_record(folder, pf->dev.name, &r, &abandoned, pf->user))
		record_clear(&r);
}

/* The name that QEMU was started with (-name guest=NAME,…), "" where it was not. */
static void read_guest_name(pid_t pid, char *ret, size_t size)
{
	char path[64], line[8192], *at = line;
	_cleanup_fd_ int fd = -1;
	ssize_t n;

	ret[0] = '\0';
	(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
	if (n <= 0)
		return;
	line[n] = '\0';
	while (at < line + n && strcmp(at, "-name") != 0)
		at += strlen(at) + 1;
	at += strlen("-name") + 1;
	if (at >= line + n)
		return;
	if (!strncmp(at, "guest=", strlen("guest=")))
		at += strlen("guest=");
	(void)snprintf(ret, size, "%.*s", (int)strcspn(at, ","), at);
}

static void find_guest(int sys, struct host_vf *vf)
{
	char name[128];
	struct err e;

	if (!vfdev_is_userspace(vf->dev.driver))
		return;
	if (!vfdev_is_vfio(vf->dev.driver)) /* nothing tells who has it */
		return;
	switch (vfio_find_user(sys, vf->dev.name, &vf->process, &e)) {
	case 0:
		return;
	case 1:
		break;
	default:
		out_warn("%s", e.msg);
		return;
	}
	if (!vf->process.pid) {
		set_user(vf, HOST_GUEST, "a process that cannot be seen from here");
		return;
	}
	read_guest_name(vf->process.pid, name, sizeof(name));
	if (name[0])
		set_user(vf, HOST_GUEST, "guest %s (process %d, %s)", name, (int)vf->process.pid,
			 vf->process.name);
	else
		set_user(vf, HOST_GUEST, "process %d (%s)", (int)vf->process.pid, vf->process.name);
}

static void find_on_host(struct rt *rt, struct host_vf *vf)
{
	char text[INET_PREFIX_TEXT];
	struct inet_prefix addr;
	struct rt_link master;
	struct err gone;

	if (!vf->dev.ifname[0] || rt_link_by_name(rt, vf->dev.ifname, &vf->link, &gone) < 0)
		return;
	if (vf->use != HOST_FREE)
		return;
	if (vf->link.master)
		set_user(vf, HOST_HOST, "the host, as a port of %s",
			 rt_link_by_index(rt, vf->link.master, &master, &gone) < 0 ? "another link"
										   : master.name);
	else if (rt_addr_any(rt, vf->link.ifindex, &addr, &gone) == 1)
		set_user(vf, HOST_HOST, "the host, with address %s", inet_prefix_text(&addr, text));
	else if (vf->link.flags & IFF_UP)
		set_user(vf, HOST_HOST, "the host: it is up");
}

static void find_elsewhere(struct host_vf *vf, void *arg)
{
	(void)arg;
	set_user(vf, HOST_NETNS, "namespace %s", vf->netns);
}

/* A driver of the kernel has it, and its netdev is not here. */
static bool is_away(const struct host_vf *vf)
{
	return vf->use == HOST_FREE && vf->dev.driver[0] && !vf->dev.ifname[0] &&
	       !vfdev_is_userspace(vf->dev.driver);
}

int host_find_users(int sys, struct rt *rt, struct host *h, struct err *e)
{
	struct err unread;
	_cleanup_fd_ int folder = records_open(&unread);
	bool away = false;

	(void)e;
	if (folder < 0 && unread.code)
		out_warn("%s; which VFs containers have is not shown", unread.msg);
	for (size_t p = 0; p < h->n; p++) {
		find_pf_container(folder, &h->pfs[p]);
		for (uint32_t i = 0; i < h->pfs[p].n_vfs; i++) {
			struct host_vf *vf = &h->pfs[p].vfs[i];

			find_container(folder, vf);
			if (vf->use == HOST_FREE)
				find_guest(sys, vf);
			find_on_host(rt, vf);
			away = away || is_away(vf);
		}
	}
	if (away)
		host_search_namespaces(h, is_away, find_elsewhere, NULL);
	return 0;
}

const char *host_free_how(const struct host_vf *vf)
{
	switch (vf->use) {
	case HOST_CONTAINER:
		return vf->abandoned ? "give it back: sriovctl gc"
				     : "end the container, or: sriovctl release";
	case HOST_NETNS:
		return "move its interface back to the host, or end that namespace";
	case HOST_GUEST:
		return "shut that down, or detach the VF from it";
	case HOST_HOST:
		return "take it down, out of its master, and its addresses away";
	case HOST_FREE:
	case HOST_USES:
		break;
	}
	return "";
}

int host_check_free(const struct host_vf *vf, struct err *e)
{
	if (vf->use == HOST_FREE)
		return 0;
	return err_set(e, CNI_EAGAIN, 0, "VF %s is in use by %s: %s", vf->dev.name, vf->user,
		       host_free_how(vf));
}

json_t *host_user_json(const struct host_vf *vf)
{
	json_t *j = json_pack("{s:s, s:o}", "use", host_use_words[vf->use], "user",
			      out_string(vf->user));

	if (vf->use == HOST_CONTAINER)
		(void)json_object_set_new(j, "container",
					  records_container_json(&vf->rec, vf->abandoned));
	if (vf->use == HOST_NETNS)
		(void)json_object_set_new(j, "netns", out_string(vf->netns));
	if (vf->use == HOST_GUEST && vf->process.pid)
		(void)json_object_set_new(j, "pid", json_integer(vf->process.pid));
	return j;
}
