/* SPDX-License-Identifier: Apache-2.0 */
/*
 * userspace.c - VFs whose driver hands them on to a program, and VFs that get another driver: what
 * is looked at before a change, and who uses them
 */
#include "userspace.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "clock.h"
#include "log.h"
#include "mem.h"
#include "steps.h"
#include "sysfs.h"
#include "vfio.h"

/* A program that was told to end, as a container's are before its DEL, may need a moment for it. */
#define USER_MS  10000
#define RESET_MS 50

static int refuse_used(const struct attachment *a, const struct vfio_user *u, struct err *e)
{
	if (!u->pid)
		return err_set(
			e, CNI_EAGAIN, 0,
			"VF %s (driver %s) is in use: a process that cannot be seen from here has it, or "
			"another device of its IOMMU group, open through vfio",
			a->vf.name, a->vf.driver);
	return err_set(
		e, CNI_EAGAIN, 0,
		"VF %s (driver %s) is in use: process %d (%s) has it, or another device of its IOMMU group, "
		"open through vfio; it has to end first",
		a->vf.name, a->vf.driver, (int)u->pid, u->name);
}

static int check_group(const struct attachment *a, const char *driver, struct err *e)
{
	char group[VFIO_GROUP], others[512];
	int found = vfio_find_group(a->sys, a->vf.name, group, e);

	if (found < 0)
		return -1;
	if (!found)
		return vfio_is_unsafe_allowed(a->sys)
			       ? 0
			       : err_set(e, CNI_EDEVICE, 0,
					 "VF %s has no IOMMU group, which driver %s needs: switch the IOMMU on in the "
					 "firmware (VT-d, AMD-Vi) and on the kernel's command line (intel_iommu=on)",
					 a->vf.name, driver);
	if (vfio_list_companions(a->sys, a->vf.name, others, sizeof(others), e) < 0)
		return -1;
	if (!others[0])
		return 0;
	return err_set(
		e, CNI_EDEVICE, 0,
		"VF %s shares IOMMU group %s with %s: a program gets all of a group or nothing; bind these "
		"to a vfio driver as well, or put the card into a slot whose port separates them (ACS)",
		a->vf.name, group, others);
}

int userspace_check_loaded(const struct attachment *a, struct err *e)
{
	const char *want = a->conf->driver;
	char other[64]; /* conf_read() bounds it */

	if (!want || vfdev_has_driver(a->sys, want))
		return 0;
	(void)snprintf(other, sizeof(other), "%s", want);
	for (char *c = other; *c; c++)
		if (*c == '_' || *c == '-')
			*c = (char)('_' + '-' - *c); /* the other of both */
	if (vfdev_has_driver(a->sys, other))
		return err_set(e, CNI_ECONFIG, 0,
			       "VF %s: driver %s is called %s; its module alone has the other name",
			       a->vf.name, want, other);
	return err_set(e, CNI_EDEVICE, 0, "VF %s: driver %s is not loaded: modprobe %s", a->vf.name,
		       want, want);
}

int userspace_check(const struct attachment *a, struct err *e)
{
	const char *want = a->conf->driver;
	struct vfio_user u;
	int used = vfdev_is_vfio(a->vf.driver) ? vfio_find_user(a->sys, a->vf.name, &u, e) : 0;

	if (used)
		return used < 0 ? -1 : refuse_used(a, &u, e);
	if (a->conf->pf_only && a->conf->vf.f[VF_MAC].set && vfdev_is_userspace(a->vf.driver))
		return err_set(
			e, CNI_ECONFIG, 0,
			"%s has driver %s, and no PF here, by which a MAC could be set: remove \"mac\"",
			a->vf.name, a->vf.driver);
	if (!want)
		return 0;
	if (strcmp(want, a->vf.driver) && userspace_check_loaded(a, e) < 0)
		return -1;
	return vfdev_is_vfio(want) ? check_group(a, want, e) : 0;
}

bool userspace_has_no_link(const struct attachment *a)
{
	return vfdev_is_userspace(a->vf.driver) || (!a->vf.driver[0] && a->conf->driver);
}

bool userspace_concerns(const struct record *r)
{
	return r->bind || vfdev_is_userspace(r->driver);
}

int userspace_record(struct attachment *a, struct err *e)
{
	struct record *r = &a->rec;
	const char *want = a->conf->driver;

	/* a->vf tells of now, and changes */
	memcpy(a->found_driver, a->vf.driver, sizeof(a->found_driver));
	r->driver = a->found_driver;
	r->bind = want && strcmp(want, r->driver) ? want : NULL;
	if (!userspace_concerns(r))
		return 0;
	if (vfdev_read_override(a->sys, &a->vf, a->found_override, e) < 0)
		return -1;
	r->override = a->found_override[0] ? a->found_override : NULL;
	if (!attachment_has_netdev(a))
		log_line(
			LOG_INFO,
			"VF %s: driver %s: no interface is moved; MTU, addresses, routes and DNS are only "
			"reported",
			a->vf.name, attachment_driver(a));
	return 0;
}

int userspace_await_free(struct attachment *a, struct err *e)
{
	/* what another has left is not waited for: whoever met it has more to do */
	int64_t end = clock_ms() + (a->conf ? USER_MS : 0);
	struct vfio_user u;
	int used;

	/* whoever bound it: one that was attached as an interface can be a guest's by now */
	if (vfdev_read_driver(a->sys, &a->vf, e) < 0)
		return -1;
	if (!vfdev_is_vfio(a->vf.driver))
		return 0;
	while ((used = vfio_find_user(a->sys, a->vf.name, &u, e)) > 0 && clock_left_ms(end)) {
		_cleanup_fd_ int fd = u.pid ? (int)syscall(SYS_pidfd_open, u.pid, 0) : -1;
		struct pollfd p = {.fd = fd, .events = POLLIN};

		/*
		 * A pidfd is readable when its process has ended. One that is ending is not seen to
		 * have files any more, while the kernel still resets the VF for it: of that there
		 * is no event. It is looked at again anyway.
		 */
		(void)poll(&p, 1, fd < 0 ? RESET_MS : clock_left_ms(end));
	}
	return used > 0 ? refuse_used(a, &u, e) : used;
}

int userspace_describe(struct attachment *a, struct err *e)
{
	int there = vf_refresh_pf(a, e);

	if (there < 0)
		return -1;
	/* igb forgets what the VF's former driver has reported as soon as a program opens the VF */
	a->link.mac = there && (!a->rec.link.mac_reported || a->rec.wanted.f[VF_MAC].set)
			      ? attachment_vf_attrs(a)->f[VF_MAC].v
			      : 0;
	a->link.mtu = a->conf->mtu.set ? (uint32_t)a->conf->mtu.v : a->pf.link.mtu;
	return 0;
}
