/* SPDX-License-Identifier: Apache-2.0 */
/* static.h - addresses that stand in the configuration, or that the runtime gives */
#pragma once

#include <jansson.h>

#include "asked.h"
#include "err.h"

/*
 * The addresses, as "ips" of a result, owned by the caller: those of addresses ("addresses" of the
 * ipam section; may be NULL) and of CNI_ARGS; where args.cni.ips has any, these instead; where
 * runtimeConfig.ips has any, these instead. Errors: CNI_ECONFIG, CNI_EENV: one is no address with a
 * prefix length, or there is none at all.
 */
json_t *static_ips(const json_t *addresses, const struct asked *asked, struct err *e);
