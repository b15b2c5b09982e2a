/* SPDX-License-Identifier: Apache-2.0 */
/* vfs.c - how many VFs a PF has */
#include "vfs.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "clock.h"
#include "cni.h"
#include "mem.h"
#include "out.h"
#include "sysfs.h"
#include "uevent.h"

/*
 * Theory of operation: the write to sriov_numvfs returns when all VFs are there, and those that
 * have a driver were offered to it; with a slow firmware each takes a second. So a thread writes,
 * and the VFs are shown as they come; that file itself would have to be waited for
 * (sriov_numvfs_show(), drivers/pci/iov.c). An interface can come later still, where a driver makes
 * it in the background; and a driver, where udev loads it.
 */
#define NUMVFS    "bus/pci/devices/%s/sriov_numvfs"
#define DRIVER_MS 3000
#define LOOK_MS   100 /* how often, while something comes of which the kernel does not tell */

struct change {
	const struct ctl *ctl;
	const struct host_pf *pf;
	uint32_t n;
	int events; /* uevent_open() */
	vfs_seen *seen;
	void *arg;
	bool *shown; /* owned; n of them */
	atomic_uint n_shown;
};

int vfs_check(const struct ctl *ctl, const struct host_pf *pf, uint32_t n, struct err *e)
{
	const char *name = host_pf_name(pf);

	if (n > pf->total)
		return err_set(e, CNI_ECONFIG, 0, "%s can have %u VFs at most, %u were asked for",
			       name, pf->total, n);
	if (n == pf->n_vfs)
		return 0;
	if (!pf->driver[0])
		return err_set(
			e, CNI_EDEVICE, 0,
			"PF %s has no driver, which would have to make the VFs: bind its own",
			name);
	if (pf->user[0])
		return err_set(e, CNI_EAGAIN, 0,
			       "PF %s is in use by %s: end the container, or: sriovctl release %s",
			       name, pf->user, pf->dev.name);
	for (uint32_t i = 0; i < pf->n_vfs; i++)
		if (claim_check_free(ctl, &pf->vfs[i], false, e) < 0)
			return -1;
	return 0;
}

/* --- writing --- */

struct writer {
	const struct change *c;
	int done;            /* an eventfd */
	uint32_t now;        /* how many VFs there were after the last write */
	atomic_bool cleared; /* the VFs that were there are gone */
	int result;
	struct err e;
};

/*
 * A driver can take a number and not do it: bnxt_sriov_configure() returns 0 while its PF is down,
 * and makes fewer where rings are short. sriov_numvfs_store() lets both pass as successes.
 */
static int write_number(struct writer *w, uint32_t n, struct err *e)
{
	const struct host_pf *pf = w->c->pf;
	int sys = w->c->ctl->sys;
	char text[16];

	(void)snprintf(text, sizeof(text), "%u", n);
	if (sysfs_write(sys, text, e, NUMVFS, pf->dev.name) < 0 ||
	    sysfs_read_u32(sys, &w->now, e, NUMVFS, pf->dev.name) < 0)
		return -1;
	if (w->now == n)
		return 0;
	return err_set(e, CNI_EKERNEL, 0, "driver %s was asked for %u VFs, and there are %u",
		       pf->driver, n, w->now);
}

static int explain(const struct host_pf *pf, struct err *e)
{
	switch (e->errnum) {
	case 0:
		err_hint(e, "is the PF up, and has it resources for so many? see the kernel log");
		break;
	case ENOENT:
		err_hint(e, "driver %s cannot make VFs: it has no SR-IOV, or that is switched off",
			 pf->driver);
		break;
	case EROFS:
		err_hint(e, "sysfs is read-only here: run it on the host, not in a container");
		break;
	case EACCES:
		err_hint(e, "this needs the host's root");
		break;
	case ENODEV:
		err_hint(e, "the PF is gone");
		break;
	default:
		err_hint(e, "see the kernel log; sriovctl doctor %s looks at what VFs need",
			 host_pf_name(pf));
	}
	return err_ctx(e, "PF %s", host_pf_name(pf));
}

/* The number that was there before; what came of it is told behind the failure. */
static int restore(struct writer *w, struct err *e)
{
	const struct host_pf *pf = w->c->pf;
	size_t len = strlen(e->msg), size = sizeof(e->msg) - len;
	uint32_t before = pf->n_vfs;
	struct err stuck;

	if (sysfs_read_u32(w->c->ctl->sys, &w->now, &stuck, NUMVFS, pf->dev.name) < 0)
		return -1;
	/* a number that is not 0 is taken by way of 0 alone */
	if ((!w->now || write_number(w, 0, &stuck) == 0) &&
	    (!before || write_number(w, before, &stuck) == 0)) {
		if (before)
			(void)snprintf(e->msg + len, size,
				       "; it has its %u VFs again, without the settings they had",
				       before);
	} else if (sysfs_read_u32(w->c->ctl->sys, &w->now, &stuck, NUMVFS, pf->dev.name) == 0) {
		(void)snprintf(e->msg + len, size,
			       "; nor does it go back to the %u VFs that it had: it has %u", before,
			       w->now);
	}
	return -1;
}

static int write_all(struct writer *w, struct err *e)
{
	const struct change *c = w->c;

	if (c->pf->n_vfs && write_number(w, 0, e) < 0)
		return explain(c->pf, e);
	w->cleared = true;
	if (!c->n || write_number(w, c->n, e) == 0)
		return 0;
	/* its driver had made more: somebody else removes them, as await() tells */
	if (!e->errnum && w->now < c->n_shown)
		return 0;
	(void)explain(c->pf, e); /* -1 */
	return restore(w, e);
}

static void *run_writer(void *arg)
{
	struct writer *w = arg;

	w->result = write_all(w, &w->e);
	(void)eventfd_write(w->done, 1); /* 1 of 2^64 fits */
	return NULL;
}

/* --- showing --- */

static void show(struct change *c, const struct vfdev *vf, enum ready how)
{
	c->shown[vf->index] = true;
	c->n_shown++;
	out_progress_end(c->ctl->progress);
	if (c->seen)
		c->seen(vf, how, c->arg);
}

/*
 * Looks at the VFs that were not shown yet, and shows those that are ready, or that were given up.
 * Result: how far that one is that is furthest from being so; READY_YES: all are.
 */
static enum ready look(struct change *c, bool give_up)
{
	enum ready least = READY_YES;

	for (uint32_t i = 0; i < c->n; i++) {
		struct vfdev vf;
		enum ready how;

		if (c->shown[i])
			continue;
		how = ready_look(c->ctl->sys, &c->pf->dev, i, &vf);
		if (how == READY_YES || (how == READY_DRIVERLESS && !c->pf->autoprobe) ||
		    (how != READY_NO && give_up))
			show(c, &vf, how);
		else if (how < least)
			least = how;
	}
	out_progress(c->ctl->progress, "%u of %u VFs", c->n_shown, c->n);
	return least;
}

/* Writes the number, and shows what comes meanwhile. */
static int change_number(struct change *c, struct err *e)
{
	_cleanup_fd_ int done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct writer w = {.c = c, .done = done};
	eventfd_t finished;
	pthread_t thread;
	int r;

	if (done < 0)
		return err_set(e, CNI_EIO, errno, "cannot make an eventfd");
	r = pthread_create(&thread, NULL, run_writer, &w);
	if (r)
		return err_set(e, CNI_EIO, r, "cannot start a thread");
	while (eventfd_read(done, &finished) < 0) {
		if (w.cleared)
			(void)look(c, false);
		else
			out_progress(c->ctl->progress, "removing %u VFs", c->pf->n_vfs);
		(void)uevent_wait(c->events, done, LOOK_MS);
	}
	(void)pthread_join(thread, NULL); /* it has ended */
	if (w.result < 0)
		*e = w.e;
	return w.result;
}

static int check_number(const struct change *c, struct err *e)
{
	uint32_t n;

	if (sysfs_read_u32(c->ctl->sys, &n, e, NUMVFS, c->pf->dev.name) < 0)
		return err_ctx(e, "PF %s", host_pf_name(c->pf));
	if (n == c->n)
		return 0;
	return err_set(e, CNI_EAGAIN, 0,
		       "PF %s has %u VFs now, not the %u that it was given: somebody else changes "
		       "their number",
		       host_pf_name(c->pf), n, c->n);
}

/* Until all are ready, or nothing more is to be expected. */
static int await(struct change *c, struct err *e)
{
	int64_t begin = clock_ms();

	for (;;) {
		int64_t waited = clock_ms() - begin;
		enum ready least;

		if (check_number(c, e) < 0)
			return -1;
		least = look(c, waited > READY_LINK_MS);
		if (least == READY_YES)
			return 0;
		if (least == READY_DRIVERLESS && waited > DRIVER_MS) {
			(void)look(c, true);
			return 0;
		}
		(void)uevent_wait(c->events, -1, LOOK_MS);
	}
}

int vfs_change(const struct ctl *ctl, const struct host_pf *pf, uint32_t n, vfs_seen *seen,
	       void *arg, struct err *e)
{
	_cleanup_fd_ int events = -1;
	struct change c = {.ctl = ctl, .pf = pf, .n = n, .seen = seen, .arg = arg};
	sigset_t before;
	int r;

	if (n == pf->n_vfs)
		return 0;
	events = c.events = uevent_open(e);
	if (events < 0)
		return -1;
	c.shown = calloc(n ?: 1, sizeof(*c.shown));
	if (!c.shown)
		return err_set(e, CNI_EIO, ENOMEM, "cannot make %u VFs", n);
	claim_hold_signals(&before);
	r = change_number(&c, e);
	claim_release_signals(&before);
	if (r == 0)
		r = await(&c, e);
	out_progress_end(ctl->progress);
	free(c.shown);
	return r;
}
