/* SPDX-License-Identifier: Apache-2.0 */
/* cni_exec.h - run a CNI plugin: its environment, its standard input, a limit for its time */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cni.h"
#include "err.h"

/* One call of a plugin. All members are borrowed. */
struct cni_exec {
	const char *path;        /* of the executable */
	const char *kind, *name; /* for messages: "IPAM plugin", "host-local" */
	const char *slow;        /* what to do about one that does not answer in time */
	int failed;              /* the code of failures that it does not tell of itself */
	const struct cni_args
		*args;          /* of the attachment: what the plugin finds in its environment */
	const char *const *env; /* the rest of its environment; those of args in it are replaced */
	const char *config; /* the complete network configuration, as the plugin's standard input */
	size_t config_len;  /* bytes */
	int timeout_ms;     /* of the whole call; then the plugin and its children are killed */
	int lock; /* of the VF, by flock(): held by all that the plugin starts, as well; -1: none */
};

/* What a plugin printed. */
struct cni_output {
	char *text; /* owned; without a NUL */
	size_t len, size;
	bool too_long; /* larger than JTABLE_MAX_TEXT, and cut */
};

void cni_output_clear(struct cni_output *o);

/* The output for a message: its beginning, on one line. */
#define CNI_EXCERPT 160
const char *cni_output_excerpt(const struct cni_output *o, char buf[static CNI_EXCERPT]);

/*
 * Runs the plugin with a command, without a shell. Its standard error is ours. It ends with this
 * process; what it has started may not, and then holds x->lock until it ends, too. So whoever gives
 * that lock up does so by lock_drop(), not by closing it alone. ret: what it printed
 * (cni_output_clear() it); NULL where it is of no interest. Errors: the code, message and details
 * of the error object it printed; else x->failed: it cannot be started, printed something else, was
 * killed, or took longer than timeout_ms.
 */
int cni_exec_run(const struct cni_exec *x, enum cni_command command, struct cni_output *ret,
		 struct err *e);
