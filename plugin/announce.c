/* SPDX-License-Identifier: Apache-2.0 */
/* announce.c - the neighbours are told who has the pod's addresses now */
#include "announce.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h> /* IFF_LOWER_UP */
#include <linux/if_addr.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "frame.h"
#include "log.h"
#include "mem.h"

/*
 * Theory of operation: a VF has its carrier some time after it is up, and ADD waits for none. So a
 * child of the plugin does.
 *
 * It is in nobody's way. All files are closed before it is made: the runtime's pipes end with ADD,
 * and no lock is held. It keeps nothing of the pod open either, as that would keep a namespace
 * alive which has ended, and the VF in it (see home.c): it hears of the VF from the host's
 * namespace (rt_follow()), and is in the pod's for as long as it takes to look and to send. There
 * it goes by what it finds, for the pod is alive: MAC and addresses may have changed.
 *
 * It ends when it has done its work, when the VF has left the pod, or when its time is over.
 */
#define TIME_MS 10000

/* Source: RFC 4861, 10: MAX_NEIGHBOR_ADVERTISEMENT and RETRANS_TIMER. RFC 5227 wants two at least.
 */
#define ROUNDS   3
#define EVERY_MS 1000

static int open_packet_socket(void *arg, struct err *e)
{
	int *ret = arg;

	*ret = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0); /* of no protocol: it only sends */
	return *ret < 0 ? err_set(e, CNI_EKERNEL, errno, "cannot open a packet socket") : 0;
}

/* One that cannot be sent is lost, as it can be on the wire. */
static void send_announcement(int fd, const struct rt_link *link, const struct inet_prefix *addr)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = link->ifindex};
	uint8_t frame[FRAME_ANNOUNCEMENT];
	size_t len = frame_announcement(addr, link->mac, frame);

	memcpy(&to.sll_protocol, frame + 12, 2); /* the frame's type */
	(void)sendto(fd, frame, len, 0, (struct sockaddr *)&to, sizeof(to));
}

/*
 * Announces what the link has of our addresses. Result: whether that is all: false while the kernel
 * still looks whether another has one of them too.
 */
static bool announce_addresses(const struct attachment *a, struct rt *pod, int fd,
			       const struct rt_link *link)
{
	struct inet_prefix addr;
	uint32_t flags;
	struct err gone;
	bool all = true;
	json_t *ip;
	size_t i;

	json_array_foreach(json_object_get(a->ipam, "ips"), i, ip) {
		const char *text = json_string_value(json_object_get(ip, "address"));

		if (inet_prefix_parse(text, &addr) < 0 ||
		    rt_addr_flags(pod, link->ifindex, &addr, &flags, &gone) <= 0 ||
		    flags & IFA_F_DADFAILED)
			continue;
		if (flags & IFA_F_TENTATIVE)
			all = false;
		else
			send_announcement(fd, link, &addr);
	}
	return all;
}

enum visit { GONE, NO_CARRIER, READY, ANNOUNCED };

/* Looks after the VF in the pod, and announces its addresses if it is time (due). */
static enum visit visit_pod(const struct attachment *a, int own_ns, bool due)
{
	_cleanup_fd_ int ns = -1, fd = -1;
	_cleanup_(rt_freep) struct rt *pod = NULL;
	struct netns_id id;
	struct rt_link link;
	struct err e;

	ns = netns_open(a->args->netns, &id, &e);
	if (ns < 0 || !netns_same(&id, &a->pod_id) || rt_open_in(own_ns, ns, &pod, &e) < 0 ||
	    !record_is_pod(pod, &a->rec) || rt_link_by_index(pod, a->link.ifindex, &link, &e) < 0 ||
	    strcmp(link.parent, vfdev_parent(&a->vf)) != 0)
		return GONE;
	/* before it is running, too, its queue is not open, and drops what is sent */
	if (!(link.flags & IFF_LOWER_UP) || !(link.flags & IFF_RUNNING))
		return NO_CARRIER;
	if (!due)
		return READY;
	if (netns_run(own_ns, ns, open_packet_socket, &fd, &e) < 0)
		return GONE;
	return announce_addresses(a, pod, fd, &link) ? ANNOUNCED : READY;
}

/* The child. */
static void work(const struct attachment *a)
{
	_cleanup_(rt_freep) struct rt *events = NULL;
	_cleanup_fd_ int own_ns = -1;
	int64_t end = clock_ms() + TIME_MS, next = 0;
	struct err e;

	/* nothing is written to them */
	for (int i = 0; i < 3; i++)
		(void)open("/dev/null", O_RDWR);
	(void)setsid();
	(void)prctl(PR_SET_NAME, "sriov-announce"); /* for who wonders what it is */

	own_ns = netns_open_own(NULL, &e);
	/* it follows the link before it looks for the first time, so that no change is missed */
	if (own_ns < 0 || chdir("/") < 0 || rt_follow(a->link.ifindex, &events, &e) < 0)
		return;
	for (int rounds = 0; rounds < ROUNDS && clock_left_ms(end);) {
		bool due = !clock_left_ms(next);
		enum visit seen = visit_pod(a, own_ns, due);

		if (seen == GONE)
			return;
		if (seen != NO_CARRIER && due)
			next = clock_ms() + EVERY_MS;
		rounds += seen == ANNOUNCED;
		if (rounds < ROUNDS &&
		    rt_follow_next(events,
				   clock_left_ms(seen == NO_CARRIER || end < next ? end : next),
				   &e) < 0)
			return;
	}
}

bool announce(struct attachment *a)
{
	if (!a->conf->announce || !a->link.ifindex ||
	    !json_array_size(json_object_get(a->ipam, "ips")))
		return false;
	log_line(LOG_DEBUG, "announce the addresses as soon as %s has a carrier, within %d s",
		 a->args->ifname, TIME_MS / 1000);
	attachment_unlock(a); /* a daemon of the IPAM plugin's may have the file open as well */
	/* of what fails from here on there is nobody to be told: the runtime has its answer */
	if (close_range(0, UINT_MAX, 0) < 0)
		return false;
	if (fork() == 0)
		work(a);
	return true;
}
