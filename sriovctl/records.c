/* SPDX-License-Identifier: Apache-2.0 */
/* records.c - the CNI plugin's records: which container has which VF, and what is left over */
#include "records.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"

int records_open(struct err *ret)
{
	int folder;

	ret->code = 0;
	if (access(RECORD_FOLDER, F_OK) < 0)
		return -1; /* which record_open_folder() would make */
	folder = record_open_folder(RECORD_FOLDER, ret);
	if (folder < 0 && geteuid() != 0)
		return err_set(ret, CNI_EIO, 0,
			       "the records in " RECORD_FOLDER " are for root alone");
	return folder;
}

bool records_pod_lives(const struct record *r, pid_t *ret_process)
{
	*ret_process = 0;
	if (record_pod_lives(r))
		return true;
	*ret_process = record_pod_process(r);
	return *ret_process;
}

bool records_abandoned(const struct attached *a)
{
	return !a->worker[0] && (a->rec.phase != RECORD_ATTACHED || !a->lives);
}

const char *records_state(const struct attached *a)
{
	if (a->worker[0])
		return a->rec.phase == RECORD_ADDING ? "being attached" : "being worked on";
	if (a->rec.phase == RECORD_ADDING)
		return "its ADD did not end";
	if (a->rec.phase == RECORD_RELEASING)
		return "its DEL did not end";
	return a->lives ? "attached" : "its namespace is gone";
}

json_t *records_container_json(const struct record *r, bool abandoned)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:b, s:I}", "id", r->container_id, "ifname",
			 r->ifname, "network", r->network, "netns", r->netns, "abandoned",
			 abandoned, "since", (json_int_t)r->time);
}

/* Room for one more behind n elements; NULL: no memory, and the array is as before. */
static void *one_more(void *array, size_t n, size_t size)
{
	return n % 16 ? array : reallocarray(array, n + 16, size);
}

struct reading {
	int sys;
	struct records *r;
};

static int note_damaged(struct records *r, const char *vf, bool aside, const char *what,
			struct err *e)
{
	struct damaged *more = one_more(r->damaged, r->n_damaged, sizeof(*more));
	struct damaged *d;

	if (!more)
		return err_set(e, CNI_EIO, ENOMEM, "cannot list the records");
	r->damaged = more;
	d = &more[r->n_damaged++];
	(void)snprintf(d->vf, sizeof(d->vf), "%s", vf); /* a PCI address, sized for it */
	d->aside = aside;
	(void)snprintf(d->what, sizeof(d->what), "%s", what); /* may be cut */
	return 0;
}

static int note_record(const char *vf, void *arg, struct err *e)
{
	const struct reading *reading = arg;
	struct records *r = reading->r;
	struct attached a = {0}, *more = one_more(r->all, r->n, sizeof(*more));
	struct err unread;
	int found;

	if (!more)
		return err_set(e, CNI_EIO, ENOMEM, "cannot list the records");
	r->all = more;
	/* the lock first: a process that ends meanwhile leaves the record as it is in the end */
	if (record_lock_held(r->folder, vf, a.worker, &unread) <= 0)
		a.worker[0] = '\0';
	found = record_load(r->folder, vf, &a.rec, &unread);
	if (found == 0)
		return 0; /* given back at this moment */
	if (found < 0) {
		(void)err_hint(
			&unread,
			"its container's DEL brings VF %s home all the same, and sets the record "
			"aside",
			vf);
		return note_damaged(r, vf, false, unread.msg, e);
	}
	a.lives = records_pod_lives(&a.rec, &a.process);
	if (!a.rec.pf[0] || vfdev_pf_ifname(reading->sys, a.rec.pf, a.pf_ifname, &unread) < 0)
		a.pf_ifname[0] = '\0';
	r->all[r->n++] = a;
	return 0;
}

static int note_aside(const char *vf, void *arg, struct err *e)
{
	const struct reading *reading = arg;
	struct err what;

	(void)err_set(
		&what, CNI_ESTATE, 0,
		"record " RECORD_FOLDER "/%s" RECORD_ASIDE
		" was damaged and set aside: what VF %s was like before its container is not "
		"known (sriovctl show %s tells what it is like now; put it in order, then remove "
		"the file)",
		vf, vf, vf);
	return note_damaged(reading->r, vf, true, what.msg, e);
}

static int by_address(const void *a, const void *b)
{
	const struct attached *x = a, *y = b;
	struct pciaddr left, right;

	(void)pciaddr_parse(x->rec.vf, &left); /* record_each() gives addresses alone */
	(void)pciaddr_parse(y->rec.vf, &right);
	return pciaddr_compare(&left, &right);
}

/* Keeps the entries of the index that are of no meaning, and whose VF nobody works on. */
static void keep_claims(int sys, struct records *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->n_claims; i++) {
		char vf[PCIADDR_TEXT], holder[RECORD_HOLDER];
		struct err unread;

		if (record_lock_held(r->folder, pciaddr_text(&r->claims[i].vf, vf), holder,
				     &unread) == 0 &&
		    record_index_stale(r->folder, sys, &r->claims[i], &unread) == 1)
			r->claims[kept++] = r->claims[i];
		else
			free(r->claims[i].owner);
	}
	r->n_claims = kept;
}

int records_read(int sys, struct records *ret, struct err *e)
{
	_cleanup_(records_clear) struct records r = {.folder = -1};
	struct reading reading = {sys, &r};

	r.folder = records_open(e);
	if (r.folder < 0 && e->code)
		return -1;
	if (r.folder >= 0) {
		if (record_each(r.folder, note_record, &reading, e) < 0 ||
		    record_each_aside(r.folder, note_aside, &reading, e) < 0 ||
		    record_index_list(r.folder, &r.claims, &r.n_claims, e) < 0)
			return -1;
		keep_claims(sys, &r);
	}
	if (r.n)
		qsort(r.all, r.n, sizeof(*r.all), by_address);
	*ret = r;
	r = (struct records){.folder = -1};
	return 0;
}

void records_clear(struct records *r)
{
	for (size_t i = 0; i < r->n; i++)
		record_clear(&r->all[i].rec);
	free(r->all);
	free(r->damaged);
	record_entries_free(r->claims, r->n_claims);
	closep(&r->folder);
	*r = (struct records){.folder = -1};
}

const struct attached *records_find(const struct records *r, const char *vf)
{
	for (size_t i = 0; i < r->n; i++)
		if (!strcmp(r->all[i].rec.vf, vf))
			return &r->all[i];
	return NULL;
}
