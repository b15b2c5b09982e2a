/* SPDX-License-Identifier: Apache-2.0 */
/* stats_test.c - names from outside, in what sriovctl prints for Prometheus and as JSON */
#include "stats.h"

#include <stdlib.h>

#include "fixture.h"
#include "mem.h"

static void a_label_is_escaped_and_utf8(void **state)
{
	static const struct {
		const char *value, *label;
	} rows[] = {
		{"", ""},
		{"ens3f0", "ens3f0"},
		{"a\"b", "a\\\"b"},
		{"a\\b", "a\\\\b"},
		{"a\nb\\n", "a\\nb\\\\n"},
		{"é", "é"},
		{"a\xff\"\xc3", "a?\\\"?"}, /* no UTF-8: the file would be refused as a whole */
		{"\"\"\"\\", "\\\"\\\"\\\"\\\\"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *label = stats_label(rows[i].value);

		EXPECT_ROW(rows[i].value);
		expect_text(label, rows[i].label);
		free(label);
	}
}

static void what_an_interface_counts_has_no_broadcasts(void **state)
{
	struct rt_vf_stats s = {.n = {1, 2, 3, 4, 5, 6, 7, 8}};

	(void)state;
	expect_json(stats_json(&s),
		    json_pack("{s:s, s:{s:i, s:i, s:i, s:i, s:i}, s:{s:i, s:i, s:i}}", "by", "pf",
			      "rx", "packets", 1, "bytes", 2, "dropped", 3, "broadcast", 4,
			      "multicast", 5, "tx", "packets", 6, "bytes", 7, "dropped", 8));
	s.own = true;
	expect_json(stats_json(&s),
		    json_pack("{s:s, s:{s:i, s:i, s:i, s:i}, s:{s:i, s:i, s:i}}", "by", "interface",
			      "rx", "packets", 1, "bytes", 2, "dropped", 3, "multicast", 5, "tx",
			      "packets", 6, "bytes", 7, "dropped", 8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_label_is_escaped_and_utf8),
		cmocka_unit_test(what_an_interface_counts_has_no_broadcasts),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
