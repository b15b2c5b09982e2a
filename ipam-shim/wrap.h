/* SPDX-License-Identifier: Apache-2.0 */
/* wrap.h - another IPAM plugin behind this one: "delegate" */
#pragma once

#include "section.h"

/* Whether the plugin that c->delegate names can be called. Errors: CNI_ECONFIG, CNI_EIPAM. */
int wrap_find(const struct shim *s, const struct section *c, struct err *e);

/* The same for ADD, which also refuses keys that would do nothing. Errors: CNI_ECONFIG. */
int wrap_refuse(const struct shim *s, const struct section *c, struct err *e);

/*
 * Does a command by the plugin that c->delegate names. One that does not speak the configuration's
 * version is called with the newest that it speaks, and prevResult is brought into that. A command
 * that it does not know then is none for it. ret_result, errors: as of delegate_run().
 */
int wrap_run(const struct shim *s, enum cni_command command, const struct section *c,
	     json_t **ret_result, struct err *e);
