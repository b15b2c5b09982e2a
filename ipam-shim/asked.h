/* SPDX-License-Identifier: Apache-2.0 */
/* asked.h - the addresses that somebody asked for, beside the configuration of the network */
#pragma once

#include <jansson.h>

#include "cni.h"
#include "err.h"
#include "inet.h"

/* Who asked, in the order of rising rank. */
enum asked_by { ASKED_ARGS, ASKED_CONF, ASKED_RUNTIME, ASKED_BY };

/* CNI_ARGS holds a few, and no pod has more. */
#define ASKED_MAX 64

struct asked {
	size_t n, n_gateways;
	struct {
		enum asked_by by;
		struct inet_prefix
			addr; /* the prefix length is the family's where none was given */
		bool has_len;
	} ip[ASKED_MAX];
	struct inet_prefix gateway[ASKED_MAX];
};

/* The name of a source, for messages: "runtimeConfig.ips". */
extern const char *const asked_names[ASKED_BY];

/*
 * Reads CNI_ARGS "IP=" and "GATEWAY=" (lists with commas), args.cni.ips and runtimeConfig.ips of
 * the network configuration conf. Errors: CNI_EENV, CNI_ECONFIG.
 */
int asked_read(const struct cni_args *args, const json_t *conf, struct asked *ret, struct err *e);
