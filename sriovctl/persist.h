/* SPDX-License-Identifier: Apache-2.0 */
/*
 * persist.h - what a PF is to have at boot, in words: those of the command line, and of the file
 * that keeps them. Pure: nothing is read or written here
 */
#pragma once

#include "vf.h"
#include "vfdev.h"

struct persist_vf {
	uint32_t index;
	char driver[VFDEV_DRIVER]; /* PERSIST_NO_DRIVER; "": whichever the kernel finds for it */
	struct vf_attrs attrs;
};

#define PERSIST_NO_DRIVER "none"
#define PERSIST_DEVICE    10

/* What is not set is not wanted. */
struct persist {
	char device[PERSIST_DEVICE]; /* the PF's vendor and device, "8086:10c9"; "": any */
	struct opt vfs;              /* how many */
	struct opt autoprobe;        /* enum vf_switch: the kernel finds drivers for new VFs */
	struct opt mtu;              /* of the PF */
	struct opt up;               /* enum vf_switch; off: the PF is left as it is */
	struct persist_vf *each;     /* owned; in the order of their indices */
	size_t n_each;
};

void persist_clear(struct persist *p);

/*
 * Reads n words: "vfs=3", "mtu=9000", "autoprobe=off", "up=on", "device=8086:10c9", or for a VF its
 * number and the keys of attrs_parse(), and driver: "0:vlan=100,trust=on,driver=vfio-pci". ret is
 * persist_clear()ed by the caller. Errors: CNI_ECONFIG, naming the word.
 */
int persist_parse(size_t n, char *const *words, struct persist *ret, struct err *e);

/* The same for a file's text: a word in a line, and comments behind #. Errors: CNI_EDECODE. */
int persist_parse_text(const char *text, struct persist *ret, struct err *e);

/* The words, each in a line, as persist_parse_text() reads them. Owned by the caller. */
char *persist_text(const struct persist *p);

/* The line of a VF, without its number: "vlan=100,trust=on". Owned by the caller. */
char *persist_vf_text(const struct persist_vf *vf);

/*
 * Lays what is set in over over what is in base; VFs that there are not any more with over's number
 * are dropped, and so is a MAC where over says "none". Errors: CNI_EIO: no memory.
 */
int persist_merge(struct persist *base, const struct persist *over, struct err *e);

/*
 * Whether it can be: as many VFs as there can be of total, none beyond them, and attributes that go
 * together; and whether its text can be read again. name: the PF's, for messages. Errors:
 * CNI_ECONFIG; CNI_EDEVICE: the PF has a value for which there is no word.
 */
int persist_check(const struct persist *p, const char *name, uint32_t total, struct err *e);
