/* SPDX-License-Identifier: Apache-2.0 */
/* vfio.c - the IOMMU group of a VF: what else is in it, and who has it open */
#include "vfio.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cni.h"
#include "mem.h"
#include "sysfs.h"
#include "vfdev.h"

#define DEVICES "bus/pci/devices"

int vfio_find_group(int sys, const char *pci, char ret[static VFIO_GROUP], struct err *e)
{
	struct err none = {0};

	if (!sysfs_link_name(sys, ret, VFIO_GROUP, &none, DEVICES "/%s/iommu_group", pci))
		return 1;
	if (none.errnum == ENOENT)
		return 0;
	*e = none;
	return -1;
}

/* Source: vfio_noiommu_group_alloc(), drivers/vfio/group.c. */
bool vfio_is_made_up(int sys, const char *group)
{
	char name[16];
	struct err none;

	return !sysfs_read(sys, name, sizeof(name), &none, "kernel/iommu_groups/%s/name", group) &&
	       !strcmp(name, "vfio-noiommu");
}

bool vfio_is_unsafe_allowed(int sys)
{
	char text[4];
	struct err none;

	return !sysfs_read(sys, text, sizeof(text), &none,
			   "module/vfio/parameters/enable_unsafe_noiommu_mode") &&
	       text[0] == 'Y';
}

struct companions {
	int sys;
	const char *pci;
	char *list;
	size_t size;
};

static int note_companion(const char *name, void *arg)
{
	const struct companions *c = arg;
	char driver[VFDEV_DRIVER] = "", class[16] = "";
	size_t len = strlen(c->list);
	struct err none;

	if (!strcmp(name, c->pci))
		return 0;
	(void)sysfs_read(c->sys, class, sizeof(class), &none, DEVICES "/%s/class",
			 name); /* or "" */
	(void)sysfs_link_name(c->sys, driver, sizeof(driver), &none, DEVICES "/%s/driver",
			      name);                             /* or "" */
	if (!strncmp(class, "0x06", 4) || vfdev_is_vfio(driver)) /* PCI class 06: bridges */
		return 0;
	(void)snprintf(c->list + len, c->size - len, "%s%s (%s%s)", len ? ", " : "", name,
		       driver[0] ? "driver " : "no driver", driver);
	return 0;
}

int vfio_list_companions(int sys, const char *pci, char *ret, size_t size, struct err *e)
{
	struct companions c = {sys, pci, ret, size};

	ret[0] = '\0';
	return sysfs_each(sys, note_companion, &c, e, DEVICES "/%s/iommu_group/devices", pci);
}

/* The device numbers that lead to a device: 0 where there is no such file. */
struct doors {
	dev_t group, own;
};

static int take_own_number(const char *name, void *arg)
{
	(void)snprintf(arg, VFIO_GROUP, "%s", name); /* "vfio" and a number */
	return 1;
}

/* Its own file is for iommufd: /dev/vfio/devices/vfioN (Linux 6.6). */
static dev_t own_number(int sys, const char *pci)
{
	char name[VFIO_GROUP] = "", text[32], *minor;
	struct err none;

	if (sysfs_each(sys, take_own_number, name, &none, DEVICES "/%s/vfio-dev", pci) <= 0 ||
	    sysfs_read(sys, text, sizeof(text), &none, DEVICES "/%s/vfio-dev/%s/dev", pci, name) <
		    0)
		return 0;
	minor = text + strcspn(text, ":");
	return *minor ? makedev((unsigned)strtoul(text, NULL, 10),
				(unsigned)strtoul(minor + 1, NULL, 10))
		      : 0;
}

/*
 * Whether an open file of this name can be a device. Only such a one is asked for its number: a
 * file on a server that is dead would not answer. A device file stands in /dev, in a container's as
 * well; or in the one of a folder that is a process's root.
 */
static bool may_be_device(const char *name)
{
	return !strncmp(name, "/dev/", strlen("/dev/")) || strstr(name, "/dev/vfio/");
}

static bool has_open(const char *pid, const struct doors *doors)
{
	_cleanup_(closedirp) DIR *dir = NULL;
	const struct dirent *d;
	char path[32], name[PATH_MAX];
	struct stat st;

	(void)snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	dir = opendir(path);
	while (dir && (d = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), d->d_name, name, sizeof(name) - 1);

		name[n > 0 ? n : 0] = '\0';
		if (may_be_device(name) && !fstatat(dirfd(dir), d->d_name, &st, 0) &&
		    S_ISCHR(st.st_mode) && st.st_rdev &&
		    (st.st_rdev == doors->group || st.st_rdev == doors->own))
			return true;
	}
	return false;
}

/* Processes that end meanwhile, or cannot be looked into, are passed over. Result: 1, 0. */
static int search_user(const struct doors *doors, struct vfio_user *ret)
{
	_cleanup_(closedirp) DIR *dir = opendir("/proc");
	const struct dirent *d;
	char path[64];
	ssize_t n;

	*ret = (struct vfio_user){0};
	while (dir && (d = readdir(dir))) {
		if (!isdigit((unsigned char)d->d_name[0]) || !has_open(d->d_name, doors))
			continue;
		(void)snprintf(path, sizeof(path), "/proc/%.16s/comm", d->d_name);

		_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);

		n = fd < 0 ? -1 : read(fd, ret->name, sizeof(ret->name) - 1);
		ret->name[n > 0 ? n : 0] = '\0';
		ret->name[strcspn(ret->name, "\n")] = '\0';
		ret->pid = (pid_t)strtol(d->d_name, NULL, 10);
		return 1;
	}
	return 0;
}

int vfio_find_user(int sys, const char *pci, struct vfio_user *ret, struct err *e)
{
	/* the second is that of a device without an IOMMU, in vfio's unsafe mode */
	static const char *const names[] = {"", "noiommu-"};
	struct doors doors = {0, own_number(sys, pci)};
	char group[VFIO_GROUP], path[64];
	struct stat st;
	int found = vfio_find_group(sys, pci, group, e);

	*ret = (struct vfio_user){0};
	if (found < 0)
		return -1;
	for (size_t i = 0; found && i < ARRAY_SIZE(names); i++) {
		(void)snprintf(path, sizeof(path), "/dev/vfio/%s%s", names[i], group);

		_cleanup_fd_ int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

		if (fd >= 0)
			return 0;
		if (errno == ENOENT || errno == ENODEV)
			continue;
		if (errno != EBUSY)
			return err_set(e, CNI_EIO, errno, "cannot look whether %s is in use", path);
		doors.group = stat(path, &st) < 0 ? 0 : st.st_rdev;
		(void)search_user(&doors, ret); /* it is in use, whoever it is */
		return 1;
	}
	/* a kernel without groups tells nothing by itself */
	return doors.own ? search_user(&doors, ret) : 0;
}
