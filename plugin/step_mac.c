/* SPDX-License-Identifier: Apache-2.0 */
/* step_mac.c - the MAC of the VF's netdev in the pod */
#include <errno.h>

#include "clock.h"
#include "home.h"
#include "log.h"
#include "mem.h"
#include "steps.h"

/* Drivers that set a MAC through their PF's mailbox (iavf) say yes at once and show it later. */
#define MAC_TIMEOUT_MS 5000

static int wanted_mac_shows(struct attachment *a, uint64_t mac, struct err *e)
{
	_cleanup_(rt_freep) struct rt *watch = NULL;
	int64_t end = clock_ms() + MAC_TIMEOUT_MS;
	char is[MAC_TEXT], want[MAC_TEXT];
	struct rt_link event;
	int more = 1;

	if (rt_link_by_name(a->pod, a->args->ifname, &a->link, e) < 0)
		return -1;
	if (a->link.mac == mac)
		return 0;
	if (rt_watch_in(a->host_ns, a->pod_ns, &watch, e) < 0)
		return -1;
	while (more > 0) {
		if (rt_link_by_name(a->pod, a->args->ifname, &a->link, e) < 0)
			return -1;
		if (a->link.mac == mac)
			return 0;
		more = rt_watch_next(watch, clock_left_ms(end), &event, e);
	}
	return more < 0
		       ? -1
		       : err_set(e, CNI_EKERNEL, 0,
				 "VF %s: MAC is %s, driver %s has not changed it to %s within %d s",
				 a->vf.name, mac_text(a->link.mac, is), a->vf.driver,
				 mac_text(mac, want), MAC_TIMEOUT_MS / 1000);
}

/* For drivers that take a MAC only while they are down, or (igbvf) only hear of an admin MAC when
 * they go down. */
static int set_mac_while_down(struct attachment *a, uint64_t mac, struct err *e)
{
	struct rt_link_change down = RT_LINK_KEEP, up = RT_LINK_KEEP;

	down.up = 0;
	up.up = 1;
	if (rt_link_change(a->pod, a->link.ifindex, &down, e) < 0 ||
	    rt_link_by_name(a->pod, a->args->ifname, &a->link, e) < 0)
		return -1;
	if (a->link.mac != mac)
		up.mac = mac;
	return rt_link_change(a->pod, a->link.ifindex, &up, e);
}

/* A driver that was just bound has asked its PF for the MAC. */
static int rebind_for_mac(struct attachment *a, struct err *e)
{
	return home_rebind(a, false, &a->link, e) < 0 || move_apply(a, e) < 0 ? -1 : 0;
}

bool mac_is_refusal(int errnum)
{
	return errnum == EBUSY || errnum == EADDRNOTAVAIL || errnum == EPERM || errnum == EACCES ||
	       errnum == EAGAIN;
}

/*
 * The VF's netdev takes the admin MAC by itself, or only from us, or only at a reset. It comes
 * after the move because igbvf refuses even the admin MAC until it has been reset, which opening it
 * (Linux 6.1) or closing it (6.12) does.
 */
int mac_apply(struct attachment *a, struct err *e)
{
	const struct opt *want = &a->conf->vf.f[VF_MAC];
	struct rt_link_change c = RT_LINK_KEEP;
	struct err refused = {0};

	if (rt_link_by_name(a->pod, a->args->ifname, &a->link, e) < 0)
		return -1;
	if (!want->set || a->link.mac == want->v)
		return 0;

	c.mac = want->v;
	if (!rt_link_change(a->pod, a->link.ifindex, &c, &refused) || refused.errnum == EAGAIN ||
	    (mac_is_refusal(refused.errnum) && !set_mac_while_down(a, want->v, &refused)))
		return wanted_mac_shows(a, want->v, e);
	if (mac_is_refusal(refused.errnum)) {
		log_line(LOG_WARNING, "VF %s: MAC: %s; driver %s is bound anew", a->vf.name,
			 refused.msg, a->vf.driver);
		if (!rebind_for_mac(a, &refused))
			return wanted_mac_shows(a, want->v, e);
	}
	*e = refused;
	return err_ctx(e, "VF %s (driver %s): MAC in the pod", a->vf.name, a->vf.driver);
}
