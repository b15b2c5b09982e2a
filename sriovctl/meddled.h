/* SPDX-License-Identifier: Apache-2.0 */
/*
 * meddled.h - the interface of a VF as those programs see it that take hold of new interfaces, and
 * whether what they are configured with means it
 */
#pragma once

#include "doctor.h"

struct meddled {
	const char *ifname, *driver; /* borrowed */
	uint64_t mac;                /* 48-bit number */
	char pci[PCIADDR_TEXT];
	char *udev; /* owned; what udev has stored of it; NULL: nothing */
};

/*
 * Calls each() for the interface on the host of every VF that d is about. Result: how many there
 * are.
 */
unsigned meddled_each(const struct doctor *d, void (*each)(const struct meddled *m, void *arg),
		      void *arg);

/* What was found out about several of them. */
struct meddled_tally {
	const struct rootfs_confs *confs; /* of the program that is looked at */
	unsigned taken, maybe;            /* interfaces that it takes, or may take */
	char first[IFNAMSIZ];             /* of these */
	const char *by;                   /* the file that makes it so; borrowed; may be NULL */
};
void meddled_note(struct meddled_tally *t, const struct meddled *m, bool sure, const char *by);

/* The folders of the files of systemd-networkd and of .link files, the weightiest first. */
#define MEDDLED_NETWORK_FOLDERS                                                                    \
	{                                                                                          \
		"etc/systemd/network", "run/systemd/network", "usr/local/lib/systemd/network",     \
			"usr/lib/systemd/network", NULL                                            \
	}

/* A property that udev has stored, "KEY=VALUE". Result: "" where there is none; borrowed. */
const char *meddled_property(const struct meddled *m, const char *key, char *buf, size_t size);

/* Whether a systemd unit is active, by what systemd leaves in /run. */
bool meddled_is_active(const struct doctor *d, const char *unit);

enum meddled_match { MEDDLED_NO, MEDDLED_MAYBE, MEDDLED_YES };

/*
 * Whether a list of devices of NetworkManager.conf(5) means this interface, as
 * "interface-name:eth*;driver:igbvf".
 */
bool meddled_nm_list(const char *list, const struct meddled *m);

/*
 * Whether the [Match] section of a file as of systemd.network(5) or systemd.link(5) means it.
 * MEDDLED_MAYBE: there is a condition that cannot be judged from here.
 */
enum meddled_match meddled_networkd_file(const char *text, const struct meddled *m);

/*
 * Whether a rule as of udev(7), a whole line, sets the name of this interface. MEDDLED_MAYBE: it
 * has conditions that cannot be judged from here.
 */
enum meddled_match meddled_udev_rule(const char *line, const struct meddled *m);
