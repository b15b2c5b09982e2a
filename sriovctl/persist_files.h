/* SPDX-License-Identifier: Apache-2.0 */
/*
 * persist_files.h - the files by which a PF has at boot what is stored for it: which there are, and
 * what is in them. Pure: nothing is read or written here
 */
#pragma once

#include "persist.h"

/* All paths are relative to the root. */
#define PERSIST_FOLDER "etc/sriovctl"

/* How a file of ours begins, but for those in PERSIST_FOLDER, which are all ours. */
#define PERSIST_MARK "# Written by sriovctl persist"

/* Where a link leads to. */
#define PERSIST_LINK "../sriovctl-persist@.service"

struct persist_file {
	char *path; /* owned */
	char *text; /* owned; a link: where it leads to; NULL: there is to be none */
	bool link;  /* a symbolic link */
	bool all;   /* it serves all PFs: the last one takes it along */
};

#define PERSIST_FILES 8
struct persist_files {
	struct persist_file f[PERSIST_FILES];
	size_t n;
};

/*
 * The files of a PF. pci: its address. p: what is stored. ifname: the PF's interface, for a
 * comment. modules: of its VFs' drivers, each in a line. program: this one's own path. All but pci
 * may be NULL where the paths alone are of interest: texts are NULL then.
 */
void persist_files_make(const char *pci, const struct persist *p, const char *ifname,
			const char *modules, const char *program, struct persist_files *ret);
void persist_files_clear(struct persist_files *files);

/* The path of what is stored of a PF. */
#define PERSIST_PATH (sizeof(PERSIST_FOLDER) + PCIADDR_TEXT + 8)
void persist_path(const char *pci, char ret[static PERSIST_PATH]);
