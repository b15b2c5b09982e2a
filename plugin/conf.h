/* SPDX-License-Identifier: Apache-2.0 */
/* conf.h - the network configuration, as sriov-cni.conf(5) describes it */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "cni.h"
#include "log.h"
#include "pool.h"
#include "vf.h"
#include "vfdev.h"

enum conf_pf_link { PF_LINK_REQUIRE, PF_LINK_RAISE, PF_LINK_IGNORE };

/* Detection of duplicate IPv6 addresses. */
enum conf_dad { DAD_OFF, DAD_OPTIMISTIC, DAD_ON };

/*
 * All pointers are borrowed from doc. Of what says which VF, the first that is given counts:
 * device_id, netdev, hwaddr, pool.
 */
struct conf {
	json_t *doc;               /* owned: the configuration as it came */
	const char *text;          /* the same, as text; borrowed from the caller */
	size_t len;                /* of text, bytes */
	enum cni_version version;  /* what the runtime speaks */
	const char *version_text;  /* as it wrote it; NULL where it did not */
	const char *name;          /* of the network */
	const char *device_id;     /* NULL: not given */
	struct pciaddr device;     /* the same */
	const char *netdev;        /* name of the VF's netdev on the host; NULL: not given */
	struct opt hwaddr;         /* MAC of the VF's netdev on the host */
	struct pool pool;          /* where to pick a VF, where no device_id is given */
	struct vf_attrs vf;        /* what is wanted of the VF on its PF */
	bool pf_only;              /* the device is no VF, and there is no PF to configure */
	const char *driver;        /* the one to bind for the attachment; NULL: as the VF has it */
	struct opt mtu;            /* bytes */
	struct opt pf_link;        /* enum conf_pf_link */
	struct opt netdev_timeout; /* seconds; v is right in any case */
	struct opt log_level;      /* enum log_level */
	const char *log_file;      /* NULL: standard error */
	const char *ipam_type;     /* NULL: no addresses */
	struct opt ipam_timeout;   /* seconds */
	json_t *dns;               /* NULL: not given */
	const char *device_info;   /* path of the device information file; NULL: not wanted */
	json_t *result;            /* prevResult in the newest shape, owned; NULL: not given */
	bool strict;               /* unknown keys are errors */
	bool flr;                  /* the VF is reset when it is given back */
	struct opt dad;            /* enum conf_dad */
	bool announce;             /* neighbours are told of the addresses */
	json_t *valid_attachments; /* GC: those that are not to be released; NULL: not said */
};

void conf_clear(struct conf *c);

/*
 * Reads the configuration in text (len bytes). args: CNI_ARGS and the command; borrowed.
 * What comes from several places: runtimeConfig wins over CNI_ARGS, and that over the
 * configuration's own key. For DEL what is wrong with keys that it does not need is a warning in
 * the log: an attachment is given back from its record. ret->version_text is set as soon as it is
 * known, also on failure, for the error object; so conf_clear() is owed in any case. Errors:
 * CNI_EDECODE, CNI_EVERSION, CNI_ECONFIG, CNI_EENV.
 */
int conf_read(const char *text, size_t len, const struct cni_args *args, struct conf *ret,
	      struct err *e);

/* Says every key that nobody knows: warnings in the log, or an error (CNI_EFIELD) with "strict". */
int conf_check_unknown(const struct conf *c, struct err *e);
