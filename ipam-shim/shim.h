/* SPDX-License-Identifier: Apache-2.0 */
/* shim.h - who gives the addresses: this program itself, or another that it calls */
#pragma once

#include <jansson.h>
#include <time.h>

#include "cni.h"
#include "err.h"
#include "jtable.h"

/* The "type" that is answered in this process, and the executable's name. */
#define SHIM_TYPE "ipam-shim"

/* The keys of an ipam section of that type. */
extern const struct jfield section_fields[];

/* One call, of whoever gives the addresses. All members are borrowed. */
struct shim {
	const char *type; /* SHIM_TYPE, or the name of an executable */
	const struct cni_args *args;
	const char *const *env; /* for executables */
	const json_t *conf;     /* the network configuration */
	const char *text;       /* the same, as it came; NULL: it is written when it is needed */
	size_t len;             /* of text, bytes */
	const json_t *result;   /* what ADD answered, in the newest shape; NULL: not known */
	int timeout_ms;         /* for executables */
	int lock;               /* for executables: as in struct cni_exec */
	struct timespec since;  /* for GC: clock_stamp() before the valid attachments were listed */
};

/*
 * Refuses for ADD what can be refused before anything changes. Errors: CNI_ECONFIG, CNI_EENV;
 * CNI_EVERSION: more addresses of a family than the CNI version has; CNI_EIPAM: the executable is
 * not there.
 */
int shim_refuse(const struct shim *s, struct err *e);

/* Whether the executable, where it takes one, is there. Errors: CNI_ECONFIG, CNI_EIPAM. */
int shim_find(const struct shim *s, struct err *e);

/*
 * Does a command. ret_result: as of delegate_run(), also where this process answers itself. A
 * command that an executable behind "delegate" does not know is no failure. Errors: those of
 * shim_refuse(), store.h, ranges.h and delegate_run().
 */
int shim_run(const struct shim *s, enum cni_command command, json_t **ret_result, struct err *e);

/* Whether an answer to VERSION says that the plugin speaks a version. */
bool shim_speaks(const json_t *answer, enum cni_version v);
