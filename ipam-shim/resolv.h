/* SPDX-License-Identifier: Apache-2.0 */
/* resolv.h - what a resolv.conf says */
#pragma once

#include <jansson.h>

#include "err.h"

/*
 * Reads path as resolv.conf(5). Result: "dns" of a result, owned by the caller: nameservers,
 * domain, search, options, those that are there. Errors: CNI_ECONFIG: it cannot be read.
 */
json_t *resolv_read(const char *path, struct err *e);

/* The same of a text, which is changed. */
json_t *resolv_parse(char *text);
