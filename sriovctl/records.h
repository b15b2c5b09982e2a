/* SPDX-License-Identifier: Apache-2.0 */
/* records.h - the CNI plugin's records: which container has which VF, and what is left over */
#pragma once

#include <jansson.h>

#include "record.h"

/* An attachment. */
struct attached {
	struct record rec;        /* owned */
	char pf_ifname[IFNAMSIZ]; /* of its PF; "": it has none */
	bool lives;               /* its namespace is still there, by its path or a process */
	pid_t process; /* in the namespace, where that is not at its path any more; 0: none */
	char worker[RECORD_HOLDER]; /* the process that works on it at this moment, "": nobody */
};

/* A record that cannot be read, or that was set aside because of that. */
struct damaged {
	char vf[PCIADDR_TEXT];
	bool aside;
	char what[1024]; /* a sentence: what is wrong, and what to do */
};

struct records {
	int folder;                  /* owned; -1: the plugin has not been at work here */
	struct attached *all;        /* owned; in the order of their VFs' addresses */
	struct damaged *damaged;     /* owned */
	struct record_entry *claims; /* owned: entries of the index that are of no meaning */
	size_t n, n_damaged, n_claims;
};

/* The folder of the records; -1 where there is none yet (ret->code is 0), and on failure. */
int records_open(struct err *ret);

/*
 * Reads all records. Nothing is changed and no lock is taken. sys: sysfs_open(). Result: the caller
 * clears it. Errors: CNI_EIO, CNI_ESTATE.
 */
int records_read(int sys, struct records *ret, struct err *e);
void records_clear(struct records *r);

/*
 * Whether the namespace of a record lives: at its path, or because a process is in it, *ret_process
 * (else 0).
 */
bool records_pod_lives(const struct record *r, pid_t *ret_process);

/* The attachment that has a VF; NULL: none. Borrowed. */
const struct attached *records_find(const struct records *r, const char *vf);

/*
 * Whether its container needs an attachment no more, and nobody works on it: the namespace is gone,
 * or the process that attached it or gave it back ended half-way.
 */
bool records_abandoned(const struct attached *a);

/* How it stands with an attachment, for people: "attached", "its namespace is gone". */
const char *records_state(const struct attached *a);

/* {"id", "ifname", "network", "netns", "abandoned", "since"}, owned by the caller. */
json_t *records_container_json(const struct record *r, bool abandoned);
