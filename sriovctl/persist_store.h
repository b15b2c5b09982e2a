/* SPDX-License-Identifier: Apache-2.0 */
/*
 * persist_store.h - the files of persist_files.h on disk: written all or none, and removed. root:
 * as rootfs_open() gives it. Who writes or removes keeps others from it.
 */
#pragma once

#include "persist_files.h"

/*
 * Writes the files, and removes those that are to be none. Each appears at once and whole; where
 * one cannot be written, none is. Errors: CNI_EIO, naming the file; CNI_ESTATE: a file that is not
 * ours is in the way.
 */
int persist_save(int root, const struct persist_files *files, struct err *e);

/*
 * What is stored for the PF at this address. Result: 1 and *ret, which is persist_clear()ed; 0:
 * nothing is. Errors: CNI_EDECODE: the file is damaged; CNI_EIO.
 */
int persist_load(int root, const char *pci, struct persist *ret, struct err *e);

/*
 * Removes the files of the PF, those that serve all with the last one; a file that is not ours
 * stays. removed: called with the path of each; what is only to be looked at is not removed if
 * dry is set. Result: how many there were. Errors: CNI_EIO.
 */
int persist_remove(int root, const char *pci, bool dry,
		   void (*removed)(const char *path, void *arg), void *arg, struct err *e);

/*
 * The addresses of all PFs for which something is stored, sorted. Result: an array of *ret_n, owned
 * by the caller; NULL where there is none. Errors: CNI_EIO, and *ret_n is 0.
 */
int persist_list(int root, struct pciaddr **ret, size_t *ret_n, struct err *e);
