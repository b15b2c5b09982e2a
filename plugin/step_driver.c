/* SPDX-License-Identifier: Apache-2.0 */
/* step_driver.c - the VF's driver: another one for the attachment, and the former again */
#include <string.h>

#include "home.h"
#include "log.h"
#include "mem.h"
#include "steps.h"
#include "userspace.h"

int unbind_apply(struct attachment *a, struct err *e)
{
	if (a->rec.bind && vfdev_unbind(a->sys, &a->vf, e) < 0)
		return err_ctx(e, "VF %s (driver %s)", a->vf.name, a->rec.driver);
	return 0;
}

int bind_apply(struct attachment *a, struct err *e)
{
	if (!a->rec.bind)
		return 0;
	if (home_bind(a, a->rec.bind, &a->link, e) < 0)
		return err_ctx(e, "driver %s", a->rec.bind);
	return vfdev_refresh(a->sys, &a->vf, e);
}

/* Whether the driver that the VF has now is to be taken from it. */
static bool is_to_leave(const struct attachment *a)
{
	const struct record *r = &a->rec;

	/* a VF that keeps its driver is taken from it only for the reset */
	return r->bind ? !strcmp(a->vf.driver, r->bind)
		       : r->flr && !strcmp(a->vf.driver, r->driver);
}

int bind_revert(struct attachment *a, struct err *e)
{
	int there;

	if (!userspace_concerns(&a->rec))
		return 0;
	there = vfdev_exists(a->sys, &a->vf, e);
	if (there <= 0)
		return there;
	/* vfio lets go of no device that a process has open, and the unbind would wait for ever */
	if (userspace_await_free(a, e) < 0)
		return -1;
	if (a->vf.driver[0] && !is_to_leave(a))
		return 0;
	if (home_unbind(a, a->rec.flr, e) < 0)
		return err_ctx(e, "VF %s (driver %s)", a->vf.name, a->vf.driver);
	return 0;
}

/* What a process that was killed has left there. */
static int put_override_back(struct attachment *a, struct err *e)
{
	const char *found = a->rec.override ?: "";
	char now[VFDEV_DRIVER];

	if (vfdev_read_override(a->sys, &a->vf, now, e) < 0)
		return -1;
	return strcmp(now, found) ? vfdev_write_override(a->sys, &a->vf, found, e) : 0;
}

int unbind_revert(struct attachment *a, struct err *e)
{
	const struct record *r = &a->rec;
	struct rt_link link;
	int there;

	if (!userspace_concerns(r))
		return 0;
	there = vfdev_exists(a->sys, &a->vf, e);
	if (there <= 0)
		return there;
	if (vfdev_refresh(a->sys, &a->vf, e) < 0)
		return -1;
	if (r->bind && !strcmp(a->vf.driver, r->bind))
		return 0; /* bind_revert() has said why it still has it */
	if (a->vf.driver[0] && strcmp(a->vf.driver, r->driver)) {
		log_line(
			LOG_WARNING,
			"VF %s has driver %s by now, not %s: whoever bound it has it, and it stays so",
			a->vf.name, a->vf.driver, attachment_driver(a));
		return 0;
	}
	if (put_override_back(a, e) < 0)
		return -1;
	if (!r->driver[0] || (a->vf.driver[0] && !r->link.name[0]))
		return 0;
	if (home_bind(a, r->driver, &link, e) < 0)
		return -1;
	return r->link.name[0] && strcmp(link.name, r->link.name) ? home_rename(a, &link, e) : 0;
}

int bind_check(struct attachment *a, struct err *e)
{
	const char *should = attachment_driver(a);

	if (!userspace_concerns(&a->rec))
		return 0;
	if (vfdev_refresh(a->sys, &a->vf, e) < 0)
		return -1;
	if (!strcmp(a->vf.driver, should))
		return 0;
	return err_set(e, CNI_ECHECK, 0, "VF %s has %s%s, ADD left it with driver %s", a->vf.name,
		       a->vf.driver[0] ? "driver " : "no driver", a->vf.driver, should);
}
