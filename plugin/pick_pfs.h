/* SPDX-License-Identifier: Apache-2.0 */
/* pick_pfs.h - the PFs whose VFs may be picked */
#pragma once

#include "attachment.h"
#include "reasons.h"

struct pick_pf {
	struct vfdev_pf dev; /* not named before one of its VFs is tried */
	uint32_t n_vfs;
	const char *ranges; /* as pool_range_has() takes them; borrowed from the configuration */
	bool unfit;         /* none of its VFs can be used */
	/* for the order of policy "spread" */
	size_t place; /* in the order of the configuration */
	unsigned own; /* VFs that this container has */
	unsigned held;
};

/* In the order of the configuration, else of their PCI addresses. */
struct pick_pfs {
	struct pick_pf *pf; /* owned: pick_pfs_clear() */
	size_t n;
};

/*
 * The PFs that a->conf's pool asks for: those it names, or all that the host has and its selectors
 * fit. One that is named but cannot be used is a reason. Errors: CNI_EIO, CNI_EKERNEL.
 */
int pick_pfs_find(struct attachment *a, struct pick_pfs *ret, struct reasons *why, struct err *e);
void pick_pfs_clear(struct pick_pfs *pfs);
