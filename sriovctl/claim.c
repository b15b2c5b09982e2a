/* SPDX-License-Identifier: Apache-2.0 */
/* claim.c - a PF or a VF for one command alone: found, locked, and looked at under the lock */
#include "claim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "cni.h"
#include "mem.h"

#define LOCK_MS 1000 /* the plugin has a PF's lock for a moment now and then */

static int lock_device(struct claim *c, int folder, const char *pci, bool pf, const char *who,
		       int64_t end, struct err *e)
{
	int *more = reallocarray(c->locks, c->n_locks + 1, sizeof(*more));
	int lock;

	if (!more)
		return err_set(e, CNI_EIO, ENOMEM, "cannot lock %s", pci);
	c->locks = more;
	lock = pf ? record_lock_pf(folder, pci, who, clock_left_ms(end), e)
		  : record_lock(folder, pci, who, clock_left_ms(end), e);
	if (lock < 0)
		return -1;
	c->locks[c->n_locks++] = lock;
	return 0;
}

/* The PF's own lock first: so two that want all of it do not each get a part. */
static int lock_all(struct claim *c, const char *what, struct err *e)
{
	int64_t end = clock_ms() + LOCK_MS;
	_cleanup_fd_ int folder = -1;
	char who[64];

	folder = record_open_folder(RECORD_FOLDER, e);
	if (folder < 0)
		return -1;
	(void)snprintf(who, sizeof(who), "sriovctl %s", what);
	if (c->vf)
		return lock_device(c, folder, c->vf->dev.name, false, who, end, e);
	if (lock_device(c, folder, c->pf->dev.name, true, who, end, e) < 0)
		return -1;
	for (uint32_t i = 0; i < c->pf->n_vfs; i++)
		if (lock_device(c, folder, c->pf->vfs[i].dev.name, false, who, end, e) < 0)
			return -1;
	return 0;
}

static int find(const struct ctl *ctl, const char *name, bool vf, struct claim *c, struct err *e)
{
	host_clear(&c->host);
	if (host_read(ctl->sys, &c->host, e) < 0)
		return -1;
	if (host_find(&c->host, name, &c->pf, &c->vf, e) < 0)
		return -1;
	/* for their words */
	if (vf)
		return host_find_vf(&c->host, name, e) ? 0 : -1;
	return host_find_pf(&c->host, name, e) ? 0 : -1;
}

static int claim(const struct ctl *ctl, const char *name, bool vf, const char *what,
		 struct claim *ret, struct err *e)
{
	_cleanup_(claim_clear) struct claim c = {0};
	char found[PCIADDR_TEXT];
	uint32_t n_vfs;

	if (!ctl->opt[OPT_DRY_RUN] && geteuid() != 0)
		return err_set(e, CNI_EIO, 0, "%s changes devices: run it as root", what);
	if (find(ctl, name, vf, &c, e) < 0)
		return -1;
	if (!ctl->opt[OPT_DRY_RUN]) {
		memcpy(found, vf ? c.vf->dev.name : c.pf->dev.name, sizeof(found));
		n_vfs = c.pf->n_vfs;
		/* what was seen without the lock may be over */
		if (lock_all(&c, what, e) < 0 || find(ctl, found, vf, &c, e) < 0)
			return -1;
		if (!vf && c.pf->n_vfs != n_vfs)
			return err_set(
				e, CNI_EAGAIN, 0,
				"PF %s had %u VFs, and has %u now: somebody else changes it; "
				"try again",
				host_pf_name(c.pf), n_vfs, c.pf->n_vfs);
	}
	*ret = c;
	c = (struct claim){0};
	return 0;
}

int claim_pf(const struct ctl *ctl, const char *name, const char *what, struct claim *ret,
	     struct err *e)
{
	return claim(ctl, name, false, what, ret, e);
}

int claim_vf(const struct ctl *ctl, const char *name, const char *what, struct claim *ret,
	     struct err *e)
{
	return claim(ctl, name, true, what, ret, e);
}

void claim_clear(struct claim *c)
{
	for (size_t i = 0; i < c->n_locks; i++)
		closep(&c->locks[i]);
	free(c->locks);
	host_clear(&c->host);
	*c = (struct claim){0};
}

void claim_hold_signals(sigset_t *before)
{
	sigset_t ends;

	(void)sigemptyset(&ends); /* none of these can fail with these arguments */
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &ends, before);
}

void claim_release_signals(const sigset_t *before)
{
	(void)pthread_sigmask(SIG_SETMASK, before, NULL); /* nor this */
}

int claim_check_free(const struct ctl *ctl, const struct host_vf *vf, bool any, struct err *e)
{
	if (!any && vf->use != HOST_HOST && vf->use != HOST_NETNS)
		return host_check_free(vf, e);
	if (ctl->opt[OPT_FORCE] || vf->use == HOST_FREE)
		return 0;
	return err_set(e, CNI_EAGAIN, 0, "VF %s is in use by %s: %s, or give --force", vf->dev.name,
		       vf->user, host_free_how(vf));
}
