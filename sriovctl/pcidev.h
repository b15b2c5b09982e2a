/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pcidev.h - PCI devices through libpci: their names and the SR-IOV capability, of this host or
 * from a dump
 */
#pragma once

#include <stddef.h>

#include "vfdev.h"

/* Where devices are read from. */
struct pcidev_bus;

/*
 * Opens this host (dump NULL), or the output of lspci -xxxx in the file dump. Errors: CNI_EIO: the
 * file cannot be read; CNI_EDECODE: it is no such dump.
 */
int pcidev_open(const char *dump, struct pcidev_bus **ret, struct err *e);
void pcidev_close(struct pcidev_bus *bus);

static inline void pcidev_closep(struct pcidev_bus **bus)
{
	pcidev_close(*bus);
}

/* Where the memory that a BAR describes begins, and what it is. */
struct pcidev_bar {
	bool used;
	bool wide;         /* 64-bit: the next BAR belongs to it */
	bool prefetchable; /* reading it has no side effects */
	uint64_t address;  /* 0: nobody gave it one */
	uint64_t size;     /* bytes; 0: not known, as from a dump and for a VF BAR */
};
#define PCIDEV_BARS 6

/*
 * The SR-IOV extended capability. Source: PCI Express base specification, "SR-IOV Extended
 * Capability".
 */
struct pcidev_sriov {
	uint16_t total, initial, n_vfs; /* VFs: at most, at first, now */
	uint16_t offset, stride;        /* of the VFs' routing ids */
	uint16_t vf_device;             /* device id of the VFs; their vendor is the PF's */
	uint32_t page_sizes, page_size; /* supported, chosen; bit n: 2^(n + 12) bytes */
	bool enabled;                   /* VF Enable */
	bool memory;                    /* VF Memory Space Enable */
	bool ari;       /* ARI Capable Hierarchy: VFs may have any function number */
	bool migration; /* VF Migration Capable */
	struct pcidev_bar bars[PCIDEV_BARS]; /* of VF 0; those of the next VFs follow it */
};

#define PCIDEV_NAME 192
struct pcidev {
	struct pciaddr addr;
	char pci[PCIADDR_TEXT]; /* the same as text */
	uint16_t vendor, device, subvendor, subdevice;
	uint8_t revision;
	char name[PCIDEV_NAME];              /* vendor and device by pci.ids, or as numbers */
	struct pcidev_bar bars[PCIDEV_BARS]; /* memory alone */
	bool short_config; /* what lies behind its first 256 bytes cannot be read, and with it
			      whether it has SR-IOV */
	bool has_sriov;
	struct pcidev_sriov sriov;
	char vf_name[PCIDEV_NAME]; /* has_sriov: as name, of its VFs */
};

/*
 * Describes the device at an address. Errors: CNI_EDEVICE: there is none; CNI_EIO: it cannot be
 * read.
 */
int pcidev_find(struct pcidev_bus *bus, const struct pciaddr *addr, struct pcidev *ret,
		struct err *e);

/* Describes all devices of a dump, by their addresses. ret: owned by the caller. Errors: CNI_EIO.
 */
int pcidev_list(struct pcidev_bus *bus, struct pcidev **ret, size_t *ret_n, struct err *e);

/* The page sizes of a mask, "4K 64K". Result: buf. */
#define PCIDEV_PAGES 192
const char *pcidev_pages(uint32_t mask, char buf[static PCIDEV_PAGES]);

/* A number of bytes, "16K" where it comes out even. Result: buf. */
#define PCIDEV_SIZE 24
const char *pcidev_size(uint64_t bytes, char buf[static PCIDEV_SIZE]);
