/* SPDX-License-Identifier: Apache-2.0 */
/* delegate.h - addresses from another IPAM executable */
#pragma once

#include <jansson.h>
#include <limits.h>
#include <stddef.h>

#include "cni.h"
#include "err.h"

/* One call of an IPAM plugin. All members are borrowed. */
struct delegate {
	const char *type; /* name of the executable: "host-local" */
	const struct cni_args
		*args;          /* of the attachment: what the plugin finds in its environment */
	const char *const *env; /* the rest of its environment; those of args in it are replaced */
	const char *config; /* the complete network configuration, as the plugin's standard input */
	size_t config_len;  /* bytes */
	int timeout_ms;     /* of the whole call; then the plugin and its children are killed */
	int lock;           /* as in struct cni_exec */
};

/*
 * Looks for the executable in the folders of CNI_PATH.
 * Errors: CNI_ECONFIG: type is no file name; CNI_EIPAM: none of the folders has it.
 */
int delegate_find(const char *type, const char *cni_path, char path[static PATH_MAX],
		  struct err *e);

/*
 * Runs the plugin with a command. Its standard error is ours.
 * ret_result: for VERSION, the object it printed; for ADD, what it answered, in the newest shape,
 * with at least one address; owned by the caller. NULL for the other commands. Errors: the code,
 * message and details of the error object it printed; else CNI_EIPAM: it is missing, printed
 * something else, was killed, or took longer than timeout_ms.
 */
int delegate_run(const struct delegate *d, enum cni_command command, json_t **ret_result,
		 struct err *e);
