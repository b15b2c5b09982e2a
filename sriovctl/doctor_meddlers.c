/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_meddlers.c - programs that take hold of VFs' interfaces: NetworkManager and networkd */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "meddled.h"
#include "rootfs.h"

/*
 * Keeps network managers off, whatever driver the VFs have, and does it at boot as well. reload:
 * the manager's own command to read its files again; NULL: it hears of it by itself
 */
static void add_remedy(const struct doctor *d, const char *reload, struct doctor_finding *f)
{
	for (size_t p = 0; p < d->host->n; p++)
		if (d->host->pfs[p].n_vfs && (!d->pf || d->pf == &d->host->pfs[p]))
			doctor_remedy(f, "sriovctl persist %s", host_pf_name(&d->host->pfs[p]));
	doctor_remedy(f, "udevadm control --reload && udevadm trigger -c change -s net");
	if (reload)
		doctor_remedy(f, "%s", reload);
}

static void report(const struct meddled_tally *t, unsigned n, const char *who,
		   struct doctor_finding *f)
{
	if (!n)
		doctor_found(f, DOCTOR_OK, "%s runs; there is no VF's interface on the host", who);
	else if (t->taken)
		doctor_found(f, DOCTOR_TODO,
			     "%s runs, and manages %u of %u VFs' interfaces, as %s%s%s", who,
			     t->taken, n, t->first, t->by ? " by " : "", t->by ?: "");
	else if (t->maybe)
		doctor_found(f, DOCTOR_NOTE,
			     "%s runs, and may manage %u of %u VFs' interfaces, as %s by %s, which "
			     "has conditions that are not looked at",
			     who, t->maybe, n, t->first, t->by);
	else
		doctor_found(f, DOCTOR_OK, "%s runs, and leaves the %u VFs' interfaces alone", who,
			     n);
}

static bool is_running(const struct doctor *d, const char *unit, struct doctor_finding *f)
{
	if (meddled_is_active(d, unit))
		return true;
	doctor_found(f, DOCTOR_OK, "%s does not run (/run/systemd/units)", unit);
	return false;
}

/* --- NetworkManager --- */

#define NM_MAIN "etc/NetworkManager/NetworkManager.conf"

struct nm {
	struct meddled_tally t;
	struct rootfs_confs confs;
	char *main; /* owned; NULL: there is none */
	char *list; /* owned: unmanaged-devices */
};

/* The files in the order in which NetworkManager reads them: a later one counts more. */
static void nm_each_file(const struct nm *nm,
			 void (*each)(const char *section, const char *key, const char *value,
				      void *arg),
			 void *arg)
{
	static const char *const folders[] = {"/usr/lib/", "/run/", "/etc/"};

	for (size_t k = 0; k < ARRAY_SIZE(folders); k++) {
		if (k == 2 && nm->main)
			rootfs_each_key(nm->main, each, arg);
		for (size_t i = 0; i < nm->confs.n; i++)
			if (!strncmp(nm->confs.files[i].path, folders[k], strlen(folders[k])))
				rootfs_each_key(nm->confs.files[i].text, each, arg);
	}
	each("", NULL, NULL, arg); /* the last section has ended */
}

static void nm_take_list(const char *section, const char *key, const char *value, void *arg)
{
	struct nm *nm = arg;
	bool add = key && !strcmp(key, "unmanaged-devices+");
	char *list;

	if (!key || strcmp(section, "keyfile") != 0 ||
	    (!add && strcmp(key, "unmanaged-devices") != 0))
		return;
	if (asprintf(&list, "%s;%s", add && nm->list ? nm->list : "", value) < 0)
		abort(); /* a program for people, which has changed nothing */
	free(nm->list);
	nm->list = list;
}

/* The sections [device...] that mean one interface. */
struct nm_device {
	const struct meddled *m;
	bool matches; /* this section */
	int managed;  /* what it says; -1: nothing */
	bool off, on; /* what the sections that match say */
};

static void nm_take_device(const char *section, const char *key, const char *value, void *arg)
{
	struct nm_device *dev = arg;

	if (!key) { /* a section begins; the one before it is known */
		dev->off = dev->off || (dev->matches && dev->managed == 0);
		dev->on = dev->on || (dev->matches && dev->managed == 1);
		dev->managed = -1;
		dev->matches = true; /* all, without match-device */
	} else if (!strncmp(section, "device", strlen("device"))) {
		if (!strcmp(key, "match-device"))
			dev->matches = meddled_nm_list(value, dev->m);
		if (!strcmp(key, "managed"))
			dev->managed = rootfs_bool(value);
	}
}

static void nm_look(const struct meddled *m, void *arg)
{
	struct nm *nm = arg;
	struct nm_device dev = {.m = m, .managed = -1};
	char mark[8];

	if (nm->list && meddled_nm_list(nm->list, m))
		return;
	nm_each_file(nm, nm_take_device, &dev);
	if (dev.off ||
	    (!dev.on && !strcmp(meddled_property(m, "NM_UNMANAGED", mark, sizeof(mark)), "1")))
		return;
	meddled_note(&nm->t, m, true, NULL);
}

void doctor_networkmanager(const struct doctor *d, const struct host_pf *pf,
			   struct doctor_finding *f)
{
	static const char *const folders[] = {"etc/NetworkManager/conf.d",
					      "run/NetworkManager/conf.d",
					      "usr/lib/NetworkManager/conf.d", NULL};
	struct nm nm = {0};
	struct err unread;
	unsigned n;

	(void)pf;
	if (!is_running(d, "NetworkManager.service", f))
		return;
	rootfs_load_confs(d->root, folders, ".conf", &nm.confs);
	nm.main = rootfs_read(d->root, &unread, NM_MAIN);
	nm_each_file(&nm, nm_take_list, &nm);
	n = meddled_each(d, nm_look, &nm);
	report(&nm.t, n, "NetworkManager", f);
	if (nm.t.taken)
		add_remedy(d, NULL, f);
	free(nm.main);
	free(nm.list);
	rootfs_confs_clear(&nm.confs);
}

/* --- systemd-networkd --- */

static void take_unmanaged(const char *section, const char *key, const char *value, void *arg)
{
	int says = key && !strcmp(section, "Link") && !strcmp(key, "Unmanaged") ? rootfs_bool(value)
										: -1;

	if (says >= 0)
		*(bool *)arg = says;
}

/* The first file that matches counts; behind one that may match, the next one may as well. */
static void networkd_look(const struct meddled *m, void *arg)
{
	struct meddled_tally *t = arg;
	const char *maybe = NULL;

	for (size_t i = 0; i < t->confs->n; i++) {
		const struct rootfs_conf *c = &t->confs->files[i];
		enum meddled_match match = meddled_networkd_file(c->text, m);
		bool unmanaged = false;

		if (match == MEDDLED_NO)
			continue;
		rootfs_each_key(c->text, take_unmanaged, &unmanaged);
		if (match == MEDDLED_YES && !unmanaged) {
			meddled_note(t, m, true, c->path);
			return;
		}
		if (match == MEDDLED_YES)
			break;
		if (!unmanaged && !maybe)
			maybe = c->path;
	}
	if (maybe)
		meddled_note(t, m, false, maybe);
}

void doctor_networkd(const struct doctor *d, const struct host_pf *pf, struct doctor_finding *f)
{
	static const char *const folders[] = MEDDLED_NETWORK_FOLDERS;
	struct rootfs_confs confs;
	struct meddled_tally t = {.confs = &confs};
	unsigned n;

	(void)pf;
	if (!is_running(d, "systemd-networkd.service", f))
		return;
	rootfs_load_confs(d->root, folders, ".network", &confs);
	n = meddled_each(d, networkd_look, &t);
	report(&t, n, "systemd-networkd", f);
	if (t.taken || t.maybe)
		add_remedy(d, "networkctl reload", f);
	rootfs_confs_clear(&confs);
}
