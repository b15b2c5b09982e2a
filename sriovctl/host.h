/* SPDX-License-Identifier: Apache-2.0 */
/* host.h - the PFs and VFs of this host, and who uses each: a snapshot */
#pragma once

#include <jansson.h>

#include "record.h"
#include "rt_vf.h"
#include "vfdev.h"
#include "vfio.h"

enum host_use {
	HOST_FREE,
	HOST_CONTAINER, /* the plugin has a record of it */
	HOST_NETNS,     /* its netdev is in another network namespace, without a record */
	HOST_GUEST,     /* a process has it open through vfio */
	HOST_HOST,      /* its netdev is up on the host, or has an address or a master there */
	HOST_USES
};

/* The words of the uses, for JSON. */
extern const char *const host_use_words[HOST_USES];

#define HOST_USER 512 /* who uses a device, for people */

struct host_vf {
	struct vfdev dev;
	char group[VFIO_GROUP]; /* its IOMMU group; "": none */
	struct vf_attrs attrs;  /* as the PF has them; nothing is set where the PF does not say */
	struct rt_link link;    /* its netdev on the host; ifindex 0: there is none */
	enum host_use use;
	char user[HOST_USER];     /* who; "" where it is free */
	bool recorded;            /* rec is there: also of a container whose namespace is gone */
	bool abandoned;           /* its record's namespace is gone */
	struct record rec;        /* owned; strings "" or NULL where there is none */
	char netns[64];           /* HOST_NETNS: the namespace's name, or a process in it */
	char netns_path[272];     /* the same as a path */
	struct vfio_user process; /* HOST_GUEST */
};

struct host_pf {
	struct vfdev_pf dev;       /* ifname "": it has no netdev */
	char driver[VFDEV_DRIVER]; /* "": none */
	uint32_t total, n_vfs;     /* VFs that it can have, that it has */
	int numa_node;             /* -1: not known */
	bool autoprobe;            /* the kernel looks for drivers for new VFs */
	char group[VFIO_GROUP];    /* its IOMMU group; "": none */
	struct rt_link link;       /* ifindex 0: no netdev on the host */
	char user[HOST_USER];      /* which container has it as a whole ("pfOnly"); "": none */
	struct host_vf *vfs;       /* owned; by index */
};

/* What a PF is called: its interface, or its PCI address where it has none. */
static inline const char *host_pf_name(const struct host_pf *pf)
{
	return pf->dev.ifname[0] ? pf->dev.ifname : pf->dev.name;
}

struct host {
	struct host_pf *pfs; /* owned; in the order of their addresses */
	size_t n;
};

/*
 * Reads everything. What cannot be read without root is left out with a warning on standard error.
 * Errors: CNI_EIO, CNI_EKERNEL.
 */
int host_read(int sys, struct host *ret, struct err *e);
void host_clear(struct host *h);

/*
 * Finds the device that a user names: a PCI address, with or without domain; an interface on the
 * host; or PF/N, the PF by either of them. *ret_vf is NULL where it is a PF. Borrowed from h.
 * Errors: CNI_EDEVICE: there is none.
 */
int host_find(const struct host *h, const char *name, struct host_pf **ret_pf,
	      struct host_vf **ret_vf, struct err *e);

/* The same for a command that works on a PF, or on a VF, alone. Errors: CNI_EDEVICE. */
struct host_pf *host_find_pf(const struct host *h, const char *name, struct err *e);
struct host_vf *host_find_vf(const struct host *h, const char *name, struct err *e);

/*
 * Whether nobody uses the VF. Errors: CNI_EAGAIN, naming the user and what to do. 0: it is free.
 */
int host_check_free(const struct host_vf *vf, struct err *e);

/* What to do so that its user does not use it any more, as in that message. */
const char *host_free_how(const struct host_vf *vf);

/*
 * The VF's netdev wherever it is: on the host, where rt is, in its container, or in the namespace
 * that it was found in. Result: 1, with *ret_there a socket in its namespace that the caller frees
 * soon, as it keeps the namespace alive (NULL: it is on the host); 0: there is none to be found.
 */
int host_find_link(struct rt *rt, const struct host_vf *vf, struct rt **ret_there,
		   struct rt_link *ret);

/* The user as JSON: {"use": …, "user": …, "container": {…}}; owned by the caller. */
json_t *host_user_json(const struct host_vf *vf);
