/* SPDX-License-Identifier: Apache-2.0 */
/* record.h - one attachment on disk: format, save, load, drop, lock, list */
#pragma once

#include <dirent.h>
#include <jansson.h>
#include <limits.h>
#include <stdint.h>

#include "cni.h"
#include "netns.h"
#include "rt.h"
#include "vf.h"
#include "vfdev.h"

/*
 * The state folder is on a tmpfs: a VF's configuration does not survive a reboot, so its record
 * must not either.
 */
#define RECORD_FOLDER "/run/sriov-cni"

/*
 * How far the attachment has come; what to do with a record that no living process holds depends on
 * it.
 */
enum record_phase { RECORD_ADDING, RECORD_ATTACHED, RECORD_RELEASING, RECORD_PHASES };

/* The flags of a netdev that somebody can have set, and that go with it from namespace to
 * namespace. */
#define RECORD_FLAGS (IFF_UP | IFF_PROMISC | IFF_ALLMULTI | IFF_NOARP | IFF_MULTICAST | IFF_DYNAMIC)

/* The VF's own netdev as it was on the host. */
struct record_link {
	char name[IFNAMSIZ];
	uint64_t mac;
	uint32_t mtu;
	unsigned flags;    /* of RECORD_FLAGS */
	bool mac_reported; /* the PF had its MAC from the VF's own report, not from an administrator
			    */
	unsigned n_altnames;
	char altnames[RT_ALTNAMES][RT_ALTNAME_LEN];
	bool alias_known;
	char alias[RT_ALIAS_LEN];     /* "": it had none */
	struct opt traits[RT_TRAITS]; /* not set: not known */
	bool xdp;                     /* somebody on the host had attached an XDP program */
	uint32_t xdp_id;              /* which; 0: not known */
	bool tcx;                     /* or one of tcx */
};

/* Strings are borrowed: from doc for a record that was loaded, else from whoever filled it. */
struct record {
	char vf[PCIADDR_TEXT]; /* PCI address: the record's name */
	const char *container_id, *ifname, *network, *netns;
	struct netns_id netns_id;
	uint64_t netns_cookie; /* rt_netns_cookie(); 0: not known */
	char pf[PCIADDR_TEXT];
	uint32_t index; /* of the VF on its PF */
	enum record_phase phase;
	int64_t time; /* of ADD, seconds since 1970 */

	const char *driver;      /* of the VF, as found; "": none */
	const char *bind;        /* the driver it has while it is attached; NULL: keeps its own */
	const char *override;    /* its driver_override, as found; NULL: none */
	struct record_link link; /* as found */
	struct vf_attrs found;   /* on the PF, before the first change */
	struct vf_attrs wanted;  /* what the configuration asks for */
	const char *rdma;      /* its RDMA device, to be moved along; NULL: none, or seen by all */
	struct opt rdma_index; /* by which it is known when the pod has renamed it */
	bool flr;              /* the VF is reset when it is given back */
	bool pf_left;          /* this attachment does not need its PF up any more */
	const char *device_info; /* path of its device information file; NULL: there is none */
	bool device_info_ours;   /* it was not there before */
	const char *args;        /* CNI_ARGS, where IPAM is used; NULL: there were none */
	json_t *config; /* network configuration, without prevResult, where IPAM is used; else NULL
			 */
	json_t *result; /* what ADD answered, in the newest shape; NULL before */
	json_t *doc;    /* owned: the list of objects that a loaded record is, which the strings,
			   config    and result point into; the last says how the VF was */
};

void record_clear(struct record *r);

/* Whether a record is that of this interface of this container. */
bool record_is_of(const struct record *r, const char *container_id, const char *ifname);

/* The word of a phase, as in the record: "attached". */
const char *record_phase_word(enum record_phase phase);

/*
 * Opens the state folder, making it (mode 0700) if it is not there. folder: RECORD_FOLDER, or a
 * test's. Result: a descriptor the caller closes. Errors: CNI_ESTATE: it is a symbolic link, no
 * folder, another user's or open to others; CNI_EIO.
 */
int record_open_folder(const char *folder, struct err *e);

/*
 * Takes the lock of a VF for a whole operation, waiting at most timeout_ms for another process.
 * who: "ADD of container X, interface Y", told to those who wait in vain.
 * Result: a descriptor that holds the lock until it is closed; lock_drop() it where processes may
 * have inherited it.
 * Errors: CNI_EAGAIN naming the holder; CNI_ESTATE.
 */
int record_lock(int folder, const char *vf, const char *who, int timeout_ms, struct err *e);

/*
 * Whether a process has the lock of a VF at this moment, and who says to be it; without taking the
 * lock, or making its file. Result: 1 and the holder's text; 0: nobody. Errors: CNI_ESTATE.
 */
#define RECORD_HOLDER 384
int record_lock_held(int folder, const char *vf, char holder[static RECORD_HOLDER], struct err *e);

/*
 * As record_lock(), for a PF: for its link, and for the number of its VFs. Whoever takes both has
 * the VF's first, or does not wait for the VF's.
 */
int record_lock_pf(int folder, const char *pf, const char *who, int timeout_ms, struct err *e);

/*
 * Writes the record in place of the one that is there, by temporary file and rename. Errors:
 * CNI_EIO; CNI_ESTATE: a folder lies where the temporary file would.
 */
int record_save(int folder, const struct record *r, struct err *e);

/*
 * Reads the record of a VF. Result: 1 and the record (record_clear() it), 0 where there is none.
 * Errors: CNI_ESTATE: damaged, or of a later version; CNI_EIO.
 */
int record_load(int folder, const char *vf, struct record *ret, struct err *e);

/* The same, but only who has the VF and how far that has come: all from driver on is not read. */
int record_load_head(int folder, const char *vf, struct record *ret, struct err *e);

/* Renames the record of a VF, so that it is not found any more: its name ends in RECORD_ASIDE then.
 * Errors: CNI_EIO; CNI_ESTATE: something is in the way there. */
#define RECORD_ASIDE ".damaged"
int record_set_aside(int folder, const char *vf, struct err *e);

/* Removes the record of a VF; one that is not there is fine. */
int record_drop(int folder, const char *vf, struct err *e);

/*
 * Whether a socket is in the very namespace that a record speaks of. That has its inode; but the
 * inode of a namespace that ended is given to another.
 */
bool record_is_pod(const struct rt *pod, const struct record *r);

/* Whether the namespace of a record is still at its path. In doubt it is. */
bool record_pod_lives(const struct record *r);

/*
 * A process in the namespace of a record, whatever has become of its path: whoever looks may not
 * see what a runtime mounted. Result: 0: there is none.
 */
pid_t record_pod_process(const struct record *r);

/*
 * The index: which VF an interface of a container has. A symbolic link whose target is a VF's PCI
 * address, which makes adding one atomic and reading one a single system call; it is never
 * followed.
 */

/* Result: 1 when it was added, 0 when this interface of this container has an entry already. */
int record_index_add(int folder, const char *container_id, const char *ifname, const char *vf,
		     struct err *e);

/*
 * Result: 1 and the VF's PCI address, 0 where there is none. Errors: CNI_ESTATE for an entry that
 * is no PCI address.
 */
int record_index_find(int folder, const char *container_id, const char *ifname,
		      char vf[static PCIADDR_TEXT], struct err *e);

/* Whether the entry names this VF. Result: 1 or 0. Errors: as of record_index_find(). */
int record_index_is(int folder, const char *container_id, const char *ifname, const char *vf,
		    struct err *e);

/* An entry of the index. */
struct record_entry {
	struct pciaddr vf;
	char *owner;        /* owned: container id and interface name, one after the other */
	const char *ifname; /* within owner */
};

/*
 * Whether an entry is of no meaning, as its VF has another owner's record, or none: an ADD that was
 * killed between the two left it, or is about to write the record. But where a VF without a record
 * is not on the host, it was lost, and the entry is all by which DEL knows of the VF. sys:
 * sysfs_open(). Result: 1; 0: it means something, or has changed by now. Errors: as of
 * record_index_find(), record_load_head() and vfdev_is_away().
 */
int record_index_stale(int folder, int sys, const struct record_entry *entry, struct err *e);

/*
 * Removes an entry if it is of no meaning once nobody works on its VF. who: as of record_lock().
 * Result: 1: it was removed; 0: as above. Errors: those above; CNI_EAGAIN: somebody works on it.
 */
int record_index_settle(int folder, int sys, const struct record_entry *entry, const char *who,
			struct err *e);

/*
 * All entries of the index, in the order of the VFs' addresses: who has which VF, or is about to.
 * Result: an array of *ret_n that record_entries_free() takes; NULL where *ret_n is 0.
 */
int record_index_list(int folder, struct record_entry **ret, size_t *ret_n, struct err *e);
void record_entries_free(struct record_entry *entries, size_t n);

int record_index_drop(int folder, const char *container_id, const char *ifname, struct err *e);

/*
 * The mark that a PF was down and is up for the sake of its attachments. pf: its PCI address.
 * record_pf_raised(): 1 or 0. Its lock is record_lock_pf().
 */
int record_pf_raised(int folder, const char *pf, struct err *e);
int record_pf_mark(int folder, const char *pf, bool raised, struct err *e);

/* Opens the folder for readdir(); the caller closes it. Errors: CNI_EIO. */
DIR *record_list_folder(int folder, struct err *e);

/*
 * Calls each(vf, arg, e) for every record in the folder, until it returns something other than 0,
 * which is the result.
 */
int record_each(int folder, int (*each)(const char *vf, void *arg, struct err *e), void *arg,
		struct err *e);

/* The same for the records that were set aside. */
int record_each_aside(int folder, int (*each)(const char *vf, void *arg, struct err *e), void *arg,
		      struct err *e);
