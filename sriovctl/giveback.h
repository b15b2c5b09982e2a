/* SPDX-License-Identifier: Apache-2.0 */
/* giveback.h - a VF goes back to the host: by the CNI plugin, which alone knows how */
#pragma once

#include "cni_exec.h"
#include "ctl.h"
#include "records.h"

#define GIVEBACK_PLUGIN "/opt/cni/bin/sriov"

/* The plugin, and where its IPAM plugins are. */
struct giveback {
	char file[PATH_MAX];
	char cni_path[PATH_MAX * 2]; /* its folder, then CNI_PATH of the environment */
	const char *const *env;      /* borrowed */
};

/*
 * Looks for the plugin: ctl->opt[OPT_PLUGIN], or GIVEBACK_PLUGIN. Errors: CNI_ECONFIG: it is not
 * there, or cannot be executed.
 */
int giveback_find(const struct ctl *ctl, struct giveback *ret, struct err *e);

/*
 * Has a VF given back, and looks whether it is. all: as read before, for the
 * attachments that are to stay. What is abandoned (records_abandoned()) goes by the plugin's GC,
 * which looks once more while it has the VF's lock; what is not, by DEL, in the container's name.
 * ret_ifname: the VF's interface on the host, "" where it has none with its driver.
 * Errors: CNI_EAGAIN: somebody works on the VF, or has it open; what the plugin says; CNI_EIO.
 */
int giveback_run(const struct ctl *ctl, const struct giveback *g, const struct records *all,
		 const struct attached *a, char ret_ifname[static IFNAMSIZ], struct err *e);

/*
 * The configurations for the two, owned by the caller: for GC, one of the attachment's network
 * whose list has all attachments but this one; for DEL, what the record holds of the configuration.
 */
json_t *giveback_gc_conf(const struct records *all, const struct attached *a);
json_t *giveback_del_conf(const struct record *r);
