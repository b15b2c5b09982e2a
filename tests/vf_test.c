/* SPDX-License-Identifier: Apache-2.0 */
/* vf_test.c - the attributes a PF keeps for each VF: compare, merge, print */
#include <string.h>

#include "cni.h"
#include "expect.h"
#include "mem.h"
#include "vf.h"

/* A value of each field other than 0, as number, as text for people and in JSON. */
static const struct {
	const char *name, *text, *json;
	uint64_t v;
	enum vf_group group;
} fields[] = {
	[VF_MAC] = {"mac", "02:00:5e:00:00:01", "\"02:00:5e:00:00:01\"", 0x02005e000001, VF_G_MAC},
	[VF_VLAN] = {"vlan", "4094", "4094", 4094, VF_G_VLAN},
	[VF_QOS] = {"vlanQoS", "7", "7", 7, VF_G_VLAN},
	[VF_PROTO] = {"vlanProto", "802.1ad", "\"802.1ad\"", VF_8021AD, VF_G_VLAN},
	[VF_SPOOFCHK] = {"spoofchk", "on", "\"on\"", VF_ON, VF_G_SPOOFCHK},
	[VF_TRUST] = {"trust", "on", "\"on\"", VF_ON, VF_G_TRUST},
	[VF_LINK_STATE] = {"link_state", "disable", "\"disable\"", VF_LINK_DISABLE,
			   VF_G_LINK_STATE},
	[VF_MIN_TX] = {"min_tx_rate", "100", "100", 100, VF_G_RATE},
	[VF_MAX_TX] = {"max_tx_rate", "4294967295", "4294967295", UINT32_MAX, VF_G_RATE},
	[VF_RSS_QUERY] = {"rss_query", "on", "\"on\"", VF_ON, VF_G_RSS_QUERY},
};

static void every_field_has_its_name_text_and_group(void **state)
{
	char text[MAC_TEXT + 3];

	(void)state;
	expect_int(ARRAY_SIZE(fields), VF_FIELDS);
	for (unsigned i = 0; i < VF_FIELDS; i++) {
		enum vf_field f = (enum vf_field)i;

		EXPECT_ROW(fields[i].name);
		expect_text(vf_field_name(f), fields[i].name);
		expect_text(vf_value_text(f, fields[i].v, text), fields[i].text);
		expect_int(vf_field_group(f), fields[i].group);
	}
	expect_text(vf_value_text(VF_TRUST, 2, text), "2"); /* no word for it */
	expect_text(vf_value_text(VF_MAX_TX, UINT64_MAX, text), "18446744073709551615");
}

static void the_words_are_those_of_the_kernel(void **state)
{
	(void)state;
	expect_text(vf_switch_words[0], "off");
	expect_text(vf_switch_words[1], "on");
	expect_text(vf_switch_words[2], NULL);
	expect_text(vf_proto_words[VF_8021Q], "802.1q");
	expect_text(vf_proto_words[VF_8021AD], "802.1ad");
	expect_text(vf_proto_words[2], NULL);
	expect_text(vf_link_state_words[0], "auto"); /* IFLA_VF_LINK_STATE_AUTO is 0 */
	expect_text(vf_link_state_words[1], "enable");
	expect_text(vf_link_state_words[2], "disable");
	expect_text(vf_link_state_words[3], NULL);
}

static void every_field_goes_to_json_and_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < VF_FIELDS; i++) {
		/* what is set to 0 is set all the same */
		const uint64_t values[] = {fields[i].v, 0};

		EXPECT_ROW(fields[i].name);
		for (unsigned k = 0; k < ARRAY_SIZE(values); k++) {
			struct vf_attrs a = {0}, b;
			struct err e = {0};
			json_auto_t *j;

			a.f[i] = (struct opt){true, values[k]};
			j = vf_attrs_to_json(&a);
			if (values[k])
				expect_json(json_deep_copy(j),
					    json_pack("{s:o}", fields[i].name,
						      json_loads(fields[i].json, JSON_DECODE_ANY,
								 NULL)));
			expect_int(json_object_size(j), 1);
			memset(&b, 0x5a, sizeof(b));
			expect_ok(vf_attrs_from_json(j, &b, &e), &e);
			for (unsigned f = 0; f < VF_FIELDS; f++) {
				expect_int(b.f[f].set, f == i);
				expect_hex(b.f[f].v, f == i ? values[k] : 0);
			}
		}
	}
}

/* A driver reports what it likes: a record that can be written can be read. */
static void a_value_without_a_word_survives_json(void **state)
{
	(void)state;
	for (unsigned i = 0; i < VF_FIELDS; i++) {
		struct vf_attrs a = {0}, b = {0};
		struct err e = {0};
		json_auto_t *j;

		EXPECT_ROW(fields[i].name);
		a.f[i] = (struct opt){true, 4095};
		j = vf_attrs_to_json(&a);
		expect_ok(vf_attrs_from_json(j, &b, &e), &e);
		expect_int(b.f[i].set, true);
		expect_hex(b.f[i].v, 4095);
	}
}

static void bad_json_leaves_the_values_alone(void **state)
{
	json_auto_t *j = json_pack("{s:i, s:s}", "vlan", 5, "trust", "maybe");
	struct vf_attrs untouched, a;
	struct err e;

	(void)state;
	memset(&untouched, 0x5a, sizeof(untouched));
	a = untouched;
	expect_err(vf_attrs_from_json(j, &a, &e), &e, CNI_ECONFIG, "\"trust\": \"maybe\"");
	expect_bytes(&a, sizeof(a), &untouched, sizeof(untouched));
}

static void what_is_set_goes_over_what_was_there(void **state)
{
	const struct vf_attrs base = {.f = {[VF_VLAN] = {true, 100}, [VF_QOS] = {true, 3}}};
	const struct vf_attrs over = {
		.f = {[VF_VLAN] = {true, 0}, [VF_QOS] = {false, 5}, [VF_TRUST] = {true, 1}}};
	struct vf_attrs out = vf_attrs_merge(&base, &over);

	(void)state;
	expect_int(out.f[VF_VLAN].set, true);
	expect_int(out.f[VF_VLAN].v, 0);
	expect_int(out.f[VF_QOS].set, true);
	expect_int(out.f[VF_QOS].v, 3);
	expect_int(out.f[VF_TRUST].set, true);
	expect_int(out.f[VF_TRUST].v, 1);
	expect_int(out.f[VF_MAC].set, false);
}

static void a_difference_is_what_is_wanted_and_not_known_to_be_so(void **state)
{
	const struct opt wanted = {true, 1}, other = {true, 0}, unknown = {false, 1},
			 unset = {false, 0};
	const struct {
		const char *row;
		struct opt want, have;
		bool differs;
	} rows[] = {
		{"as wanted", wanted, wanted, false}, {"another value", wanted, other, true},
		{"not known", wanted, unknown, true}, {"0 wanted, not known", other, unset, true},
		{"not wanted", unset, wanted, false}, {"neither", unset, unset, false},
	};

	(void)state;
	for (unsigned f = 0; f < VF_FIELDS; f++) {
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			struct vf_attrs want = {0}, have = {0};

			EXPECT_ROW(rows[i].row);
			want.f[f] = rows[i].want;
			have.f[f] = rows[i].have;
			expect_int(vf_attrs_diff(&want, &have, VF_MAC),
				   rows[i].differs ? f : VF_FIELDS);
			expect_int(vf_attrs_diff(&want, &have, (enum vf_field)f),
				   rows[i].differs ? f : VF_FIELDS);
			expect_int(vf_attrs_diff(&want, &have, (enum vf_field)(f + 1)), VF_FIELDS);
		}
	}
}

/* One message sets both (rt_msg_test.c has it), and what nobody asked for must not become 0. */
static void the_rate_that_is_not_given_is_sent_as_it_was(void **state)
{
	const struct vf_attrs found = {.f = {[VF_MIN_TX] = {true, 10}, [VF_MAX_TX] = {true, 1000}}};
	const enum vf_field rates[] = {VF_MIN_TX, VF_MAX_TX};

	(void)state;
	expect_int(vf_field_group(VF_MIN_TX), vf_field_group(VF_MAX_TX));
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		enum vf_field given = rates[i], other = rates[1 - i];
		struct vf_attrs wanted = {0}, out;

		wanted.f[given] = (struct opt){true, 500};
		out = vf_attrs_merge(&found, &wanted);
		expect_int(vf_attrs_diff(&out, &found, 0), given);
		expect_int(out.f[given].v, 500);
		expect_int(out.f[other].v, found.f[other].v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rate_that_is_not_given_is_sent_as_it_was),
		cmocka_unit_test(every_field_has_its_name_text_and_group),
		cmocka_unit_test(the_words_are_those_of_the_kernel),
		cmocka_unit_test(every_field_goes_to_json_and_back),
		cmocka_unit_test(a_value_without_a_word_survives_json),
		cmocka_unit_test(bad_json_leaves_the_values_alone),
		cmocka_unit_test(what_is_set_goes_over_what_was_there),
		cmocka_unit_test(a_difference_is_what_is_wanted_and_not_known_to_be_so),
	};

	return cmocka_run_group_tests_name("vf", tests, NULL, NULL);
}
