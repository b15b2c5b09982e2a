/* SPDX-License-Identifier: Apache-2.0 */
/* builtin.h - addresses that are given without another process */
#pragma once

#include "section.h"

/* For shim_refuse(). c: with its keys read. */
int builtin_refuse(const struct shim *s, struct section *c, struct err *e);

/* Does a command. c: with its keys read. ret_result, errors: as of shim_run(). */
int builtin_run(const struct shim *s, enum cni_command command, struct section *c,
		json_t **ret_result, struct err *e);
