/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attrs.h - VF attributes as an administrator writes them, "vlan=100 trust=on", and back. Pure:
 * nothing is read or written here
 */
#pragma once

#include "vf.h"

/* The key of a field: "vlan", "max-tx-rate". */
const char *attrs_name(enum vf_field f);

/*
 * Reads n words "key=value". Values are those of the CNI plugin's configuration; "mac=none" takes
 * the MAC away that the PF has for the VF. A vlan without qos or proto is one of priority 0 and
 * 802.1q, as everywhere. What is not named is not set in *ret. Errors: CNI_ECONFIG: a key that is
 * unknown or there twice, or a value that it cannot have.
 */
int attrs_parse(size_t n, char *const *words, struct vf_attrs *ret, struct err *e);

/* The same for words in one line, with white space between them; an empty line has none. */
int attrs_parse_line(const char *line, struct vf_attrs *ret, struct err *e);

/*
 * Whether values can be together: a priority needs a VLAN, the guaranteed rate is not above the
 * limit. a: all values that the VF is to have, as vf_attrs_merge() makes them of those it has and
 * those that are asked for. Errors: CNI_ECONFIG.
 */
int attrs_check(const struct vf_attrs *a, struct err *e);

/* The values that are set as one line that attrs_parse_line() reads; owned by the caller. */
char *attrs_text(const struct vf_attrs *a);
