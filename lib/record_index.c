/* SPDX-License-Identifier: Apache-2.0 */
/* record_index.c - which VF an interface of a container has */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cni.h"
#include "mem.h"
#include "record.h"

/*
 * '@' keeps the index apart from the records; ':' is in neither a container id nor an interface
 * name.
 */
static void index_name(char buf[static NAME_MAX + 1], const char *container_id, const char *ifname)
{
	(void)snprintf(buf, NAME_MAX + 1, "@%s:%s", container_id,
		       ifname); /* both bounded by cni_args_read() */
}

/* What an entry says. Result: 1; 0: there is none; -1: it holds no PCI address, or cannot be read.
 */
static int read_entry(int folder, const char *name, char vf[static PCIADDR_TEXT],
		      struct pciaddr *addr)
{
	char target[PCIADDR_TEXT + 1];
	ssize_t n = readlinkat(folder, name, target, sizeof(target) - 1);

	if (n < 0)
		return errno == ENOENT ? 0 : -1;
	target[n] = '\0';
	if (pciaddr_parse(target, addr) < 0) /* one that was cut is too long for it */
		return -1;
	memcpy(vf, target, (size_t)n + 1);
	return 1;
}

int record_index_add(int folder, const char *container_id, const char *ifname, const char *vf,
		     struct err *e)
{
	char name[NAME_MAX + 1];

	index_name(name, container_id, ifname);
	if (!symlinkat(vf, folder, name))
		return 1;
	if (errno == EEXIST)
		return 0;
	return err_set(e, CNI_EIO, errno, "cannot write " RECORD_FOLDER "/%s", name);
}

int record_index_find(int folder, const char *container_id, const char *ifname,
		      char vf[static PCIADDR_TEXT], struct err *e)
{
	char name[NAME_MAX + 1];
	struct pciaddr addr;
	int found;

	index_name(name, container_id, ifname);
	found = read_entry(folder, name, vf, &addr);
	if (found >= 0)
		return found;
	return err_set(e, CNI_ESTATE, 0,
		       RECORD_FOLDER
		       "/%s is not a link that holds a PCI address; it is not ours: remove it",
		       name);
}

int record_index_is(int folder, const char *container_id, const char *ifname, const char *vf,
		    struct err *e)
{
	char now[PCIADDR_TEXT];
	int found = record_index_find(folder, container_id, ifname, now, e);

	return found <= 0 ? found : !strcmp(now, vf);
}

int record_index_drop(int folder, const char *container_id, const char *ifname, struct err *e)
{
	char name[NAME_MAX + 1];

	index_name(name, container_id, ifname);
	if (unlinkat(folder, name, 0) < 0 && errno != ENOENT)
		return err_set(e, CNI_EIO, errno, "cannot remove " RECORD_FOLDER "/%s", name);
	return 0;
}

/* As record_index_stale(). *ret_recorded: the VF has a record, of whomever. */
static int look_at(int folder, int sys, const struct record_entry *entry, bool *ret_recorded,
		   struct err *e)
{
	struct record r = {0};
	char vf[PCIADDR_TEXT];
	int found = record_index_is(folder, entry->owner, entry->ifname,
				    pciaddr_text(&entry->vf, vf), e);
	bool owner;

	if (found <= 0)
		return found;
	found = record_load_head(folder, vf, &r, e);
	if (found < 0)
		return -1;
	if (!found) {
		*ret_recorded = false;
		found = vfdev_is_away(sys, vf, e);
		return found < 0 ? -1 : !found;
	}
	owner = record_is_of(&r, entry->owner, entry->ifname);
	record_clear(&r);
	*ret_recorded = true;
	return !owner;
}

int record_index_stale(int folder, int sys, const struct record_entry *entry, struct err *e)
{
	bool unused;

	return look_at(folder, sys, entry, &unused, e);
}

int record_index_settle(int folder, int sys, const struct record_entry *entry, const char *who,
			struct err *e)
{
	char vf[PCIADDR_TEXT];
	_cleanup_fd_ int lock = record_lock(folder, pciaddr_text(&entry->vf, vf), who, 0, e);
	bool recorded = true;
	int stale = lock < 0 ? -1 : look_at(folder, sys, entry, &recorded, e);

	if (stale <= 0)
		return stale;
	/* one that was killed while it wrote its record has left half of it */
	if (!recorded && record_drop(folder, vf, e) < 0)
		return -1;
	return record_index_drop(folder, entry->owner, entry->ifname, e) < 0 ? -1 : 1;
}

static int by_address(const void *a, const void *b)
{
	return pciaddr_compare(&((const struct record_entry *)a)->vf,
			       &((const struct record_entry *)b)->vf);
}

/* name: of a file. Result: 1 and the entry, 0 when it is none, or has gone by now. */
static int take_entry(int folder, const char *name, struct record_entry *ret)
{
	const char *colon = strchr(name, ':');
	char vf[PCIADDR_TEXT];

	if (name[0] != '@' || !colon || read_entry(folder, name, vf, &ret->vf) <= 0)
		return 0;
	ret->owner = strdup(name + 1);
	if (!ret->owner)
		return -1;
	ret->owner[colon - name - 1] = '\0';
	ret->ifname = ret->owner + (colon - name);
	return 1;
}

int record_index_list(int folder, struct record_entry **ret, size_t *ret_n, struct err *e)
{
	_cleanup_(closedirp) DIR *dir = record_list_folder(folder, e);
	struct record_entry *list = NULL, *more;
	size_t n = 0, room = 0;
	const struct dirent *d;
	int r = dir ? 0 : -1;

	if (!dir)
		return -1;
	while (r >= 0 && (d = next_entry(dir))) {
		if (n == room) {
			room = room ? 2 * room : 64;
			more = reallocarray(list, room, sizeof(*list));
			if (!more) {
				r = -1;
				break;
			}
			list = more;
		}
		r = take_entry(folder, d->d_name, &list[n]);
		n += r > 0;
	}
	if (r < 0 || errno) {
		int errnum = r < 0 ? ENOMEM : errno;

		record_entries_free(list, n);
		return err_set(e, CNI_EIO, errnum, "cannot list " RECORD_FOLDER);
	}
	if (n)
		qsort(list, n, sizeof(*list), by_address);
	*ret = list;
	*ret_n = n;
	return 0;
}

void record_entries_free(struct record_entry *entries, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(entries[i].owner);
	free(entries);
}
