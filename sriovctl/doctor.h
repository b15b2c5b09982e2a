/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.h - a check of the host: what it is given, and what it finds */
#pragma once

#include "host.h"

/* In the order of their weight: what a check says is the heaviest of what it found. */
enum doctor_verdict {
	DOCTOR_OK,
	DOCTOR_UNKNOWN, /* cannot be told from here */
	DOCTOR_NOTE,    /* worth knowing; may be meant so */
	DOCTOR_TODO,    /* something must be done */
	DOCTOR_VERDICTS
};

/* What a check has found. All zero: nothing yet. */
struct doctor_finding {
	enum doctor_verdict verdict;
	char *evidence; /* owned; what was read, and where; NULL: nothing */
	char *remedy;   /* owned; lines: commands, or what to write where; NULL: nothing to do */
};

/* What the checks look at. They only read. */
struct doctor {
	int sys;                  /* sysfs_open() */
	int root;                 /* rootfs_open() */
	const char *prefix;       /* what that was opened by, for programs: "" for / */
	const struct host *host;  /* as host_read() found it */
	const struct host_pf *pf; /* the one that was asked for; NULL: all */
	char release[65];         /* of the kernel; "": it cannot be read */
};

/*
 * A check. pf: for a check of one PF, else NULL. What cannot be read makes the finding
 * DOCTOR_UNKNOWN; there are no other failures.
 */
typedef void doctor_check(const struct doctor *d, const struct host_pf *pf,
			  struct doctor_finding *f);

/* Begins: all but pf, with root as /. host: borrowed. */
void doctor_begin(int sys, int root, const struct host *host, struct doctor *ret);

/* Adds to what was found. */
void doctor_found(struct doctor_finding *f, enum doctor_verdict v, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds a line to what is to be done, unless it stands there already. */
void doctor_remedy(struct doctor_finding *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

void doctor_finding_clear(struct doctor_finding *f);

/*
 * Whether a PF is to have VFs: it was named, or has some, or no other one has any.
 */
bool doctor_is_meant(const struct doctor *d, const struct host_pf *pf);

/* The words of the verdicts. */
extern const char *const doctor_words[DOCTOR_VERDICTS];

/* doctor_boot.c, doctor_iommu.c */
doctor_check doctor_kernel, doctor_iommu_firmware, doctor_kernel_line, doctor_iommu, doctor_vfio;
/* doctor_pf.c, doctor_resources.c */
doctor_check doctor_nic, doctor_driver, doctor_resources, doctor_vfs, doctor_vf_drivers,
	doctor_isolation, doctor_link, doctor_mtu, doctor_boot;
/* doctor_meddlers.c, doctor_udev.c */
doctor_check doctor_networkmanager, doctor_networkd, doctor_udev;
/* doctor_cni.c, doctor_networks.c */
doctor_check doctor_cni_plugin, doctor_cni_networks, doctor_records;
