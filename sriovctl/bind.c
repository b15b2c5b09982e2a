/* SPDX-License-Identifier: Apache-2.0 */
/* bind.c - which driver a VF has; and its reset, which takes the driver from it for a while */
#include "bind.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cni.h"
#include "mem.h"
#include "out.h"
#include "set.h"
#include "sysfs.h"
#include "uevent.h"

#define DEVICES   "bus/pci/devices"
#define AUTOPROBE DEVICES "/%s/sriov_drivers_autoprobe"

/* A VF while it is without its driver. */
struct binding {
	const struct ctl *ctl;
	const struct host_vf *vf;    /* as found */
	char override[VFDEV_DRIVER]; /* the same */
	int events;
	struct rt *rt;
};

int bind_prepare(int sys, const struct host_vf *vf, const char *driver,
		 char ret_companions[static BIND_COMPANIONS], struct err *e)
{
	ret_companions[0] = '\0';
	if (!strcmp(driver, BIND_DEFAULT))
		return 0;
	if (!vfdev_is_driver_name(driver))
		return err_set(e, CNI_ECONFIG, 0, "\"%.64s\" is not a driver's name", driver);
	if (!vfdev_has_driver(sys, driver))
		return err_set(e, CNI_EDEVICE, 0, "driver %s is not loaded: modprobe %s", driver,
			       driver);
	if (!vfdev_is_vfio(driver))
		return 0;
	if (vf->group[0])
		return vfio_list_companions(sys, vf->dev.name, ret_companions, BIND_COMPANIONS, e);
	if (vfio_is_unsafe_allowed(sys))
		return 0;
	return err_set(e, CNI_EDEVICE, 0,
		       "VF %s has no IOMMU group, which driver %s needs: switch the IOMMU on; "
		       "sriovctl doctor says where",
		       vf->dev.name, driver);
}

bool bind_is_so(int sys, const struct host_vf *vf, const char *driver)
{
	char override[VFDEV_DRIVER];
	struct err unread;

	if (strcmp(driver, BIND_DEFAULT) != 0)
		return !strcmp(driver, vf->dev.driver);
	return vf->dev.driver[0] && !vfdev_is_userspace(vf->dev.driver) &&
	       vfdev_read_override(sys, &vf->dev, override, &unread) == 0 && !override[0];
}

/* --- steps --- */

static int read_driver(const struct binding *b, struct vfdev *ret, struct err *e)
{
	*ret = b->vf->dev;
	return vfdev_refresh(b->ctl->sys, ret, e);
}

int bind_write_autoprobe(int sys, const char *pf, bool on, struct err *e)
{
	return sysfs_write(sys, on ? "1" : "0", e, AUTOPROBE, pf);
}

int bind_probe(int sys, const struct vfdev *vf, struct err *e)
{
	char autoprobe[8];
	struct err stuck;
	bool off;
	int r;

	off = sysfs_read(sys, autoprobe, sizeof(autoprobe), &stuck, AUTOPROBE, vf->pf) == 0 &&
	      autoprobe[0] == '0';
	if (off && bind_write_autoprobe(sys, vf->pf, true, e) < 0)
		return -1;
	r = sysfs_write(sys, vf->name, e, "bus/pci/drivers_probe");
	if (off && bind_write_autoprobe(sys, vf->pf, false, r < 0 ? &stuck : e) < 0)
		return -1;
	return r;
}

/* The kernel's choice. */
static int probe(const struct binding *b, struct err *e)
{
	const struct vfdev *vf = &b->vf->dev;
	struct vfdev now;

	if (vfdev_write_override(b->ctl->sys, vf, "", e) < 0 ||
	    bind_probe(b->ctl->sys, vf, e) < 0 || read_driver(b, &now, e) < 0)
		return -1;
	if (now.driver[0])
		return 0;
	return err_set(e, CNI_EKERNEL, 0, "no driver that is loaded takes it: load its module");
}

static int give(const struct binding *b, const char *driver, struct err *e)
{
	struct vfdev now;

	if (!strcmp(driver, BIND_DEFAULT))
		return probe(b, e);
	if (vfdev_bind_override(b->ctl->sys, &b->vf->dev, driver, b->override, e) < 0)
		return err_hint(e, "see the kernel log");
	if (read_driver(b, &now, e) < 0)
		return -1;
	if (!strcmp(now.driver, driver))
		return 0;
	return err_set(e, CNI_EKERNEL, 0, "it has %s instead",
		       now.driver[0] ? now.driver : "no driver");
}

/* The interface gets what the one before had. What does not work is told, and no failure. */
static void pass_on(const struct binding *b, struct vfdev *vf)
{
	const struct rt_link *was = &b->vf->link;
	struct rt_link_change c = RT_LINK_KEEP;
	struct rt_link now;
	struct err e;

	if (!was->ifindex || !vf->ifname[0])
		return;
	if (rt_link_by_name(b->rt, vf->ifname, &now, &e) < 0) {
		out_warn("%s", e.msg);
		return;
	}
	if (now.mtu != was->mtu)
		c.mtu = was->mtu;
	if (c.mtu && rt_link_change(b->rt, now.ifindex, &c, &e) < 0)
		out_warn("interface %s: MTU %u: %s", now.name, was->mtu, e.msg);
	c.mtu = 0;
	if (!strcmp(now.name, was->name))
		return;
	c.name = was->name;
	if (rt_link_change(b->rt, now.ifindex, &c, &e) < 0)
		out_warn("interface %s cannot be called %s again: %s", now.name, was->name, e.msg);
	else
		memcpy(vf->ifname, was->name, sizeof(vf->ifname));
}

static enum ready await(const struct binding *b, struct vfdev *ret)
{
	const struct vfdev *vf = &b->vf->dev;
	struct vfdev_pf pf = {.addr = vf->pf_addr};
	enum ready how;

	memcpy(pf.name, vf->pf, sizeof(pf.name));
	memcpy(pf.ifname, vf->pf_ifname, sizeof(pf.ifname));
	out_progress(b->ctl->progress, "waiting for the interface of VF %s", vf->name);
	how = ready_await(b->ctl->sys, b->events, &pf, vf->index, ret);
	out_progress_end(b->ctl->progress);
	pass_on(b, ret);
	return how;
}

/* After a failure: the driver that it had. What comes of it is told behind the failure. */
static int restore(const struct binding *b, struct err *e)
{
	const char *driver = b->vf->dev.driver;
	size_t len = strlen(e->msg), size = sizeof(e->msg) - len;
	struct vfdev now = b->vf->dev;
	struct err stuck = {0};

	if (vfdev_write_override(b->ctl->sys, &now, b->override, &stuck) < 0 ||
	    (driver[0] && give(b, driver, &stuck) < 0)) {
		(void)snprintf(e->msg + len, size, "; nor can it be put back: %s", stuck.msg);
		return -1;
	}
	if (driver[0])
		(void)await(b, &now); /* it is as it was before */
	(void)snprintf(e->msg + len, size, "; it has %s again", driver[0] ? driver : "no driver");
	return -1;
}

/* --- what is done with them --- */

static int open_binding(const struct ctl *ctl, const struct host_vf *vf, struct binding *ret,
			struct err *e)
{
	*ret = (struct binding){.ctl = ctl, .vf = vf, .events = -1};
	if (vfdev_read_override(ctl->sys, &vf->dev, ret->override, e) < 0 ||
	    rt_open(&ret->rt, e) < 0)
		return -1;
	ret->events = uevent_open(e);
	return ret->events < 0 ? -1 : 0;
}

static void close_binding(struct binding *b)
{
	rt_free(b->rt);
	closep(&b->events);
}

static int take(const struct binding *b, struct err *e)
{
	const struct vfdev *vf = &b->vf->dev;

	if (vfdev_unbind(b->ctl->sys, vf, e) < 0)
		return err_ctx(e, "VF %s, to be taken from driver %s", vf->name, vf->driver);
	return 0;
}

static int change(const struct binding *b, const char *driver, struct vfdev *ret,
		  enum ready *ret_how, struct err *e)
{
	if (take(b, e) < 0)
		return -1;
	if (give(b, driver, e) < 0) {
		(void)err_ctx(e, "VF %s: driver %s", b->vf->dev.name, driver); /* -1 */
		return restore(b, e);
	}
	*ret_how = await(b, ret);
	return 0;
}

int bind_driver(const struct ctl *ctl, const struct host_vf *vf, const char *driver,
		struct vfdev *ret, enum ready *ret_how, struct err *e)
{
	_cleanup_(close_binding) struct binding b = {.events = -1};
	sigset_t before;
	int r;

	if (open_binding(ctl, vf, &b, e) < 0)
		return -1;
	claim_hold_signals(&before);
	r = change(&b, driver, ret, ret_how, e);
	claim_release_signals(&before);
	return r;
}

int bind_none(const struct ctl *ctl, const struct host_vf *vf, struct err *e)
{
	struct binding b = {.ctl = ctl, .vf = vf};
	struct vfdev now;

	if (take(&b, e) < 0 || read_driver(&b, &now, e) < 0)
		return -1;
	if (!now.driver[0])
		return 0;
	return err_set(e, CNI_EKERNEL, 0, "VF %s: somebody has bound driver %s again", vf->dev.name,
		       now.driver);
}

/*
 * The settings on the PF outlive a reset. Not so a MAC that the VF itself had reported there: its
 * driver has made up another by now.
 */
static int check_settings(const struct binding *b, bool own_mac, struct err *e)
{
	struct vf_attrs want = b->vf->attrs, before, now;
	struct vfdev_pf pf = {0};

	if (!b->vf->dev.pf_ifname[0])
		return 0;
	memcpy(pf.name, b->vf->dev.pf, sizeof(pf.name));
	memcpy(pf.ifname, b->vf->dev.pf_ifname, sizeof(pf.ifname));
	if (own_mac)
		want.f[VF_MAC].set = false;
	return set_attrs(b->ctl, &pf, b->vf->dev.index, &want, 0, &before, &now, e);
}

static int reset(const struct binding *b, struct vfdev *ret, enum ready *ret_how, struct err *e)
{
	const struct vfdev *vf = &b->vf->dev;

	if (take(b, e) < 0)
		return -1;
	if (vfdev_reset(b->ctl->sys, vf, e) < 0) {
		(void)err_ctx(e, "VF %s", vf->name); /* -1 */
		return restore(b, e);
	}
	*ret = *vf;
	*ret_how = READY_DRIVERLESS;
	if (!vf->driver[0])
		return 0;
	if (give(b, vf->driver, e) < 0)
		return err_ctx(e, "VF %s is reset, and without a driver now: driver %s", vf->name,
			       vf->driver);
	*ret_how = await(b, ret);
	return 0;
}

int bind_reset(const struct ctl *ctl, const struct host_vf *vf, struct vfdev *ret,
	       enum ready *ret_how, struct err *e)
{
	_cleanup_(close_binding) struct binding b = {.events = -1};
	struct err unread;
	bool own_mac;
	sigset_t before;
	int r;

	r = sysfs_exists(ctl->sys, e, DEVICES "/%s/reset", vf->dev.name);
	if (r <= 0)
		return r < 0 ? -1
			     : err_set(e, CNI_EDEVICE, 0,
				       "VF %s cannot be reset: it has no function level reset",
				       vf->dev.name);
	if (open_binding(ctl, vf, &b, e) < 0)
		return -1;
	/* where it has no interface, nothing tells whose MAC it is */
	own_mac = !vf->dev.ifname[0] || vfdev_mac_is_own(ctl->sys, &vf->dev, &unread) != 0;
	claim_hold_signals(&before);
	r = reset(&b, ret, ret_how, e);
	if (r == 0)
		r = check_settings(&b, own_mac, e);
	claim_release_signals(&before);
	return r;
}
