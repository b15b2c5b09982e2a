/* SPDX-License-Identifier: Apache-2.0 */
/* vf.c - the attributes a PF keeps for each VF: compare, merge, print */
#include "vf.h"

#include <assert.h>
#include <stdio.h>

#include "mem.h"

const char *const vf_switch_words[] = {[VF_OFF] = "off", [VF_ON] = "on", NULL};
const char *const vf_proto_words[] = {[VF_8021Q] = "802.1q", [VF_8021AD] = "802.1ad", NULL};
const char *const vf_link_state_words[] = {
	[VF_LINK_AUTO] = "auto", [VF_LINK_ENABLE] = "enable", [VF_LINK_DISABLE] = "disable", NULL};

static const struct {
	const char *name;
	enum vf_group group;
	const char *const *words; /* NULL: a number, or the MAC */
} fields[] = {
	[VF_MAC] = {"mac", VF_G_MAC, NULL},
	[VF_VLAN] = {"vlan", VF_G_VLAN, NULL},
	[VF_QOS] = {"vlanQoS", VF_G_VLAN, NULL},
	[VF_PROTO] = {"vlanProto", VF_G_VLAN, vf_proto_words},
	[VF_SPOOFCHK] = {"spoofchk", VF_G_SPOOFCHK, vf_switch_words},
	[VF_TRUST] = {"trust", VF_G_TRUST, vf_switch_words},
	[VF_LINK_STATE] = {"link_state", VF_G_LINK_STATE, vf_link_state_words},
	[VF_MIN_TX] = {"min_tx_rate", VF_G_RATE, NULL},
	[VF_MAX_TX] = {"max_tx_rate", VF_G_RATE, NULL},
	[VF_RSS_QUERY] = {"rss_query", VF_G_RSS_QUERY, vf_switch_words},
};
static_assert(ARRAY_SIZE(fields) == VF_FIELDS, "a row for each field");

const char *vf_field_name(enum vf_field f)
{
	return fields[f].name;
}

enum vf_group vf_field_group(enum vf_field f)
{
	return fields[f].group;
}

/* A kernel newer than this program may know more values than there are words. */
static bool has_word(enum vf_field f, uint64_t v)
{
	for (uint64_t i = 0; fields[f].words && fields[f].words[i]; i++)
		if (i == v)
			return true;
	return false;
}

const char *vf_value_text(enum vf_field f, uint64_t v, char buf[static MAC_TEXT + 3])
{
	if (f == VF_MAC)
		return mac_text(v, buf);
	if (has_word(f, v))
		return fields[f].words[v];
	(void)snprintf(buf, MAC_TEXT + 3, "%llu", (unsigned long long)v);
	return buf;
}

struct vf_attrs vf_attrs_merge(const struct vf_attrs *base, const struct vf_attrs *over)
{
	struct vf_attrs out = *base;

	for (unsigned i = 0; i < VF_FIELDS; i++)
		if (over->f[i].set)
			out.f[i] = over->f[i];
	return out;
}

enum vf_field vf_attrs_diff(const struct vf_attrs *want, const struct vf_attrs *have,
			    enum vf_field from)
{
	unsigned i = from;

	for (; i < VF_FIELDS; i++)
		if (want->f[i].set && (!have->f[i].set || have->f[i].v != want->f[i].v))
			break;
	return (enum vf_field)i;
}

json_t *vf_attrs_to_json(const struct vf_attrs *a)
{
	char buf[MAC_TEXT + 3];
	json_t *j = json_object();

	for (unsigned i = 0; i < VF_FIELDS; i++) {
		if (!a->f[i].set)
			continue;
		json_object_set_new(
			j, fields[i].name,
			i == VF_MAC || has_word((enum vf_field)i, a->f[i].v)
				? json_string(vf_value_text((enum vf_field)i, a->f[i].v, buf))
				: json_integer((json_int_t)a->f[i].v));
	}
	return j;
}

int vf_attrs_from_json(const json_t *j, struct vf_attrs *ret, struct err *e)
{
	struct jfield rows[VF_FIELDS + 1] = {0};
	struct vf_attrs a = {0};

	for (unsigned i = 0; i < VF_FIELDS; i++) {
		rows[i] = (struct jfield){
			.key = fields[i].name,
			.kind = i == VF_MAC       ? JT_MAC_OR_ZERO
				: fields[i].words ? JT_WORD
						  : JT_UINT,
			.offset = offsetof(struct vf_attrs, f[i]),
			.hi = UINT32_MAX, /* what the kernel reported: it takes VLAN 4095, for one
					   */
			.words = fields[i].words,
		};
	}
	if (jtable_read(j, rows, &a, e) < 0)
		return -1;
	*ret = a;
	return 0;
}
