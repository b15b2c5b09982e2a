/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_boot.c - what the host was booted with: the kernel, its line, its modules */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootconf.h"
#include "doctor_iommu.h"
#include "mem.h"
#include "rootfs.h"
#include "sysfs.h"

#define OLDEST_MAJOR 5
#define OLDEST_MINOR 14

void doctor_kernel(const struct doctor *d, const struct host_pf *pf, struct doctor_finding *f)
{
	char *end;
	unsigned long major = strtoul(d->release, &end, 10);
	unsigned long minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;

	(void)pf;
	if (!major) {
		doctor_found(f, DOCTOR_UNKNOWN, "/proc/sys/kernel/osrelease cannot be read");
		return;
	}
	if (major > OLDEST_MAJOR || (major == OLDEST_MAJOR && minor >= OLDEST_MINOR)) {
		doctor_found(f, DOCTOR_OK, "Linux %s", d->release);
		return;
	}
	doctor_found(f, DOCTOR_TODO, "Linux %s is too old for the CNI plugin", d->release);
	doctor_remedy(f, "install a kernel of this distribution that is Linux %d.%d or newer",
		      OLDEST_MAJOR, OLDEST_MINOR);
}

/* --- the kernel's line --- */

/* Whether the kernel turns an Intel IOMMU on by itself, and the file that says so. */
static bool is_on_by_default(const struct doctor *d, char *ret_path, size_t size)
{
	static const char *const folders[] = {"boot/config-", "lib/modules/"};
	/* the second is Debian's: but for the graphics within the CPU */
	static const char *const on[] = {"CONFIG_INTEL_IOMMU_DEFAULT_ON=y",
					 "CONFIG_INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF=y"};
	struct err unread;

	ret_path[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(folders) && d->release[0]; i++) {
		_cleanup_free_ char *config = rootfs_read(d->root, &unread, "%s%s%s", folders[i],
							  d->release, i ? "/config" : "");

		if (!config)
			continue;
		(void)snprintf(ret_path, size, "/%s%s%s", folders[i], d->release,
			       i ? "/config" : "");
		return strstr(config, on[0]) || strstr(config, on[1]);
	}
	return false;
}

static const char *say_params(const char *line, char *buf, size_t size)
{
	static const char *const keys[] = {"intel_iommu", "amd_iommu", "iommu",
					   "iommu.passthrough"};
	char param[64];
	size_t len = 0;

	(void)snprintf(buf, size, "says nothing of the IOMMU");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (bootline_param(line, keys[i], param, sizeof(param)) && len < size)
			len += (size_t)snprintf(buf + len, size - len, "%s %s", len ? "" : "has",
						param);
	return buf;
}

/* Whether a PF's own DMA is translated, and not passed through. */
static bool is_translated(const struct doctor *d)
{
	char type[32];
	struct err unread;

	for (size_t p = 0; p < d->host->n; p++)
		if (d->host->pfs[p].group[0] &&
		    sysfs_read(d->sys, type, sizeof(type), &unread, "kernel/iommu_groups/%s/type",
			       d->host->pfs[p].group) == 0 &&
		    !strncmp(type, "DMA", 3))
			return true;
	return false;
}

void doctor_kernel_line(const struct doctor *d, const struct host_pf *pf, struct doctor_finding *f)
{
	struct err e;
	_cleanup_free_ char *line = rootfs_read(d->root, &e, "proc/cmdline");
	const struct doctor_platform *p = doctor_platform(d);
	struct bootline_change add = {0}; /* there is nothing to be dropped */
	char path[128], params[256];

	(void)pf;
	if (!line) {
		doctor_found(f, DOCTOR_UNKNOWN, "%s", e.msg);
		return;
	}
	(void)say_params(line, params, sizeof(params));
	if (doctor_iommu_is_on(d)) {
		if (!is_translated(d)) {
			doctor_found(f, DOCTOR_OK, "/proc/cmdline %s", params);
			return;
		}
		doctor_found(f, DOCTOR_NOTE,
			     "/proc/cmdline %s: what the host's own drivers transfer is translated "
			     "by the IOMMU as well, which costs speed",
			     params);
		bootconf_remedy(d, &(struct bootline_change){.add = {p->pass}}, f);
		return;
	}
	if (!p->key) {
		doctor_found(f, DOCTOR_OK, "/proc/cmdline %s; nothing is needed there", params);
		return;
	}
	if (bootline_switch(line, p->key) == 0 || bootline_switch(line, "iommu") == 0) {
		doctor_found(f, DOCTOR_TODO, "/proc/cmdline %s: so the IOMMU is off", params);
		bootconf_remedy(d, &p->change, f);
		return;
	}
	if (!p->change.add[1]) {
		doctor_found(
			f, DOCTOR_OK,
			"/proc/cmdline %s; the kernel turns the IOMMU of an AMD CPU on by itself",
			params);
		return;
	}
	if (bootline_switch(line, p->key) == 1) {
		doctor_found(f, DOCTOR_OK, "/proc/cmdline %s", params);
		return;
	}
	if (is_on_by_default(d, path, sizeof(path))) {
		doctor_found(f, DOCTOR_OK,
			     "/proc/cmdline %s; this kernel turns the IOMMU on by itself (%s)",
			     params, path);
		return;
	}
	doctor_found(f, DOCTOR_TODO, "/proc/cmdline %s, and this kernel %s", params,
		     path[0] ? "does not turn it on by itself"
			     : "may not turn it on by itself (its configuration is not in /boot)");
	memcpy(add.add, p->change.add, sizeof(add.add));
	bootconf_remedy(d, &add, f);
}

/* --- modules --- */

void doctor_vfio(const struct doctor *d, const struct host_pf *pf, struct doctor_finding *f)
{
	static const char *const lists[] = {"modules.dep", "modules.builtin"};
	bool read = false, there = false;
	struct err unread;

	(void)pf;
	if (vfdev_has_driver(d->sys, "vfio-pci")) {
		doctor_found(f, DOCTOR_OK, "the driver vfio-pci is there");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		_cleanup_free_ char *list =
			rootfs_read(d->root, &unread, "lib/modules/%s/%s", d->release, lists[i]);

		read = read || list;
		there = there || (list && strstr(list, "/vfio-pci.ko"));
	}
	if (there) {
		doctor_found(f, DOCTOR_NOTE,
			     "the module vfio-pci is not loaded; VFs for guests and DPDK need it");
		doctor_remedy(f, "modprobe vfio-pci");
		doctor_remedy(f, "in /etc/modules-load.d/vfio-pci.conf: vfio-pci");
	} else if (read) {
		doctor_found(
			f, DOCTOR_NOTE,
			"Linux %s has no module vfio-pci (/lib/modules/%s); VFs for guests and "
			"DPDK need it",
			d->release, d->release);
	} else {
		doctor_found(f, DOCTOR_UNKNOWN, "vfio-pci is not loaded; %s", unread.msg);
	}
}
