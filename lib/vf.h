/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vf.h - the attributes a PF keeps for each VF: compare, merge, print. Pure: nothing is read or
 * written here
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "jtable.h"

/* One value of a VF on its PF. The order is the order of the configuration's documentation. */
enum vf_field {
	VF_MAC,        /* admin MAC, 48-bit number; 0: none */
	VF_VLAN,       /* 0 to 4094; 0: none */
	VF_QOS,        /* 0 to 7 */
	VF_PROTO,      /* enum vf_proto */
	VF_SPOOFCHK,   /* enum vf_switch */
	VF_TRUST,      /* enum vf_switch */
	VF_LINK_STATE, /* enum vf_link_state */
	VF_MIN_TX,     /* Mbit/s; 0: no guarantee */
	VF_MAX_TX,     /* Mbit/s; 0: no limit */
	VF_RSS_QUERY,  /* enum vf_switch */
	VF_FIELDS
};

enum vf_switch { VF_OFF, VF_ON };
enum vf_proto { VF_8021Q, VF_8021AD };
enum vf_link_state { VF_LINK_AUTO, VF_LINK_ENABLE, VF_LINK_DISABLE }; /* as IFLA_VF_LINK_STATE_* */

/* The words of these enumerations, closed by NULL. */
extern const char *const vf_switch_words[], *const vf_proto_words[], *const vf_link_state_words[];

/*
 * What the kernel sets with one message; several fields can share one. A message carries all fields
 * of its group, so setting one field keeps the others only if their values are known.
 */
enum vf_group {
	VF_G_MAC,
	VF_G_VLAN,
	VF_G_SPOOFCHK,
	VF_G_TRUST,
	VF_G_LINK_STATE,
	VF_G_RATE,
	VF_G_RSS_QUERY,
	VF_GROUPS
};

/*
 * Values of a VF. One that is not set is not known (read from a PF whose driver does not tell) or
 * not wanted.
 */
struct vf_attrs {
	struct opt f[VF_FIELDS];
};

/* The configuration's key of a field ("vlanQoS"), also its name in records and messages. */
const char *vf_field_name(enum vf_field f);

/* The group that sets a field. */
enum vf_group vf_field_group(enum vf_field f);

/*
 * The value of a field for people ("02:00:5e:00:00:01", "on", "100"). buf: space for numbers and
 * addresses.
 */
const char *vf_value_text(enum vf_field f, uint64_t v, char buf[static MAC_TEXT + 3]);

/* base, with the values that are set in over laid over it. */
struct vf_attrs vf_attrs_merge(const struct vf_attrs *base, const struct vf_attrs *over);

/*
 * The first field from `from` on that is set in want and not known to have this value in have;
 * VF_FIELDS where there is none.
 */
enum vf_field vf_attrs_diff(const struct vf_attrs *want, const struct vf_attrs *have,
			    enum vf_field from);

/* As a JSON object with a member for each value that is set (owned by the caller), and back. */
json_t *vf_attrs_to_json(const struct vf_attrs *a);
int vf_attrs_from_json(const json_t *j, struct vf_attrs *ret, struct err *e);
