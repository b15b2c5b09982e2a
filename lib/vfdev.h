/* SPDX-License-Identifier: Apache-2.0 */
/* vfdev.h - a VF and its PF as sysfs describes them */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"

/* A PCI address: domain:bus:device.function. */
#define PCIADDR_TEXT 16
struct pciaddr {
	uint32_t domain; /* up to 0xfffffff: VMD puts its domains behind 0x10000 */
	uint16_t rid;    /* routing id: bus << 8 | device << 3 | function */
};

/* "0000:3b:02.1", also without the domain. Returns -1 when text is no PCI address. */
int pciaddr_parse(const char *text, struct pciaddr *ret);

const char *pciaddr_text(const struct pciaddr *a, char buf[static PCIADDR_TEXT]);

/* As strcmp(). */
int pciaddr_compare(const struct pciaddr *a, const struct pciaddr *b);

/* A PF, and where its VFs are. */
struct vfdev_pf {
	struct pciaddr addr;
	char name[PCIADDR_TEXT];
	char ifname[IFNAMSIZ]; /* its netdev */
	uint32_t offset, stride;
};

#define VFDEV_DRIVER 64 /* a driver's name, with its closing NUL */

#define VFDEV_VIRTIO 16 /* "virtioN", with its closing NUL */

/* A VF. Names are "" where there is none. */
struct vfdev {
	struct pciaddr addr, pf_addr;
	char name[PCIADDR_TEXT], pf[PCIADDR_TEXT]; /* the same as text; pf "": it has none */
	uint32_t index;           /* of the VF on its PF: ip link set PF vf INDEX */
	char pf_ifname[IFNAMSIZ]; /* the PF's netdev */
	char ifname[IFNAMSIZ];    /* the VF's netdev in the host's namespace */
	char driver[VFDEV_DRIVER];
	char virtio[VFDEV_VIRTIO]; /* of a device that has no PF: the virtio device that it is */
};

/*
 * What the kernel names as the device of its netdev (IFLA_PARENT_DEV_NAME): the virtio device that
 * it is, else itself.
 */
static inline const char *vfdev_parent(const struct vfdev *d)
{
	return d->virtio[0] ? d->virtio : d->name;
}

/*
 * Describes the PF at addr, but for its netdev, which is many calls more: vfdev_name_pf() adds it.
 * Errors: CNI_EIO, with ENOENT: there is no such device, or it has no SR-IOV; CNI_EDEVICE: it has
 * no netdev on the host.
 */
int vfdev_open_pf(int sys, const struct pciaddr *addr, struct vfdev_pf *ret, struct err *e);
int vfdev_name_pf(int sys, struct vfdev_pf *pf, struct err *e);

/* How many VFs the PF has now. */
int vfdev_count(int sys, const struct vfdev_pf *pf, uint32_t *ret, struct err *e);

/* The address of VF index of a PF. */
struct pciaddr vfdev_nth_addr(const struct vfdev_pf *pf, uint32_t index);

/* Describes VF index of a PF, as vfdev_open() does; nothing is read, and there may be none. */
void vfdev_nth(const struct vfdev_pf *pf, uint32_t index, struct vfdev *ret);

/*
 * Describes the VF at addr, but for its driver and netdev (vfdev_refresh()), which change. sys:
 * sysfs_open().
 * Errors: CNI_EDEVICE: there is no such device, it is no VF, its PF has no netdev. CNI_EIO.
 * Source: Documentation/ABI/testing/sysfs-bus-pci (physfn, sriov_offset, sriov_stride); PCIe base
 * specification, 9.2.1.2 "VF discovery": VF n (from 1) has the PF's routing id + offset + (n - 1) *
 * stride.
 */
int vfdev_open(int sys, const struct pciaddr *addr, struct vfdev *ret, struct err *e);

/*
 * Describes a device that is given away as a whole: a PF without VFs, or a NIC whose PF cannot be
 * seen, as a VF in a virtual machine. It has no PF: pf is "". Errors: CNI_EDEVICE: there is no such
 * device, it is a VF here, or a PF with VFs; CNI_EIO.
 */
int vfdev_open_whole(int sys, const struct pciaddr *addr, struct vfdev *ret, struct err *e);

/*
 * Reads the VF's driver and netdev again, after the VF moved or was rebound; both are "" where it
 * is gone.
 */
int vfdev_refresh(int sys, struct vfdev *d, struct err *e);

/* The driver alone. */
int vfdev_read_driver(int sys, struct vfdev *d, struct err *e);

/*
 * Whether the device has a driver that makes a netdev, and the host has none: it is in another
 * namespace. name: PCI address. Result: 1 or 0. Errors: CNI_EIO.
 */
int vfdev_is_away(int sys, const char *name, struct err *e);

/* Whether there still is such a PCI device. Result: 1 or 0. Errors: CNI_EIO: that cannot be told.
 */
int vfdev_exists(int sys, const struct vfdev *d, struct err *e);

/*
 * Binds the VF to a driver, or unbinds it from the one it has; what is so already is fine. When
 * vfdev_bind() returns, the driver has accepted the VF, but its netdev may come later; d is as
 * before, see vfdev_refresh().
 * Errors: CNI_EIO: the driver is not loaded or refuses; CNI_EDEVICE: that is no driver's name.
 * Source: Documentation/ABI/testing/sysfs-bus-pci (bind, unbind).
 */
int vfdev_bind(int sys, const struct vfdev *d, const char *driver, struct err *e);
int vfdev_unbind(int sys, const struct vfdev *d, struct err *e);

/*
 * The same for a driver that does not know the VF's kind of device by itself, as those of
 * userspace: by driver_override, which is `found` again in the end, also after a failure. Who is
 * killed in between leaves it at `driver`. vfdev_read_override(): what it is, "" where it is not
 * set. Source: Documentation/ABI/testing/sysfs-bus-pci (driver_override).
 */
int vfdev_bind_override(int sys, const struct vfdev *d, const char *driver, const char *found,
			struct err *e);
int vfdev_read_override(int sys, const struct vfdev *d, char ret[static VFDEV_DRIVER],
			struct err *e);
int vfdev_write_override(int sys, const struct vfdev *d, const char *driver, struct err *e);

/* Whether text can be a driver's name: letters, digits, '-' and '_', fewer than VFDEV_DRIVER. */
bool vfdev_is_driver_name(const char *text);

/* Whether the kernel has this driver for PCI devices, loaded or built in. */
bool vfdev_has_driver(int sys, const char *driver);

/*
 * Whether a driver of this name hands its device on to a program in userspace: then it has no
 * netdev. All of vfio's have "vfio" in their names, those for one NIC (mlx5_vfio_pci) as well.
 */
bool vfdev_is_userspace(const char *driver);
bool vfdev_is_vfio(const char *driver);

/*
 * Resets the VF, by a function level reset where it can do that. No driver should be bound: few
 * know what to do about it. Errors: CNI_EIO, with ENOENT: the VF cannot be reset.
 */
int vfdev_reset(int sys, const struct vfdev *d, struct err *e);

/*
 * Whether the VF's netdev has a MAC that its driver made up or that was set on it, and not one that
 * it was given by its PF: 1 or 0. Source: addr_assign_type in
 * Documentation/ABI/testing/sysfs-class-net.
 */
int vfdev_mac_is_own(int sys, const struct vfdev *d, struct err *e);

/*
 * The netdev of the PF at pf into name; "" where it has none. A PF that has several (representors
 * of a switchdev, two ports) is the one whose phys_port_name is pN or absent, not a VF's (pfNvfM).
 */
int vfdev_pf_ifname(int sys, const char *pf, char name[static IFNAMSIZ], struct err *e);
