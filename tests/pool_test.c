/* SPDX-License-Identifier: Apache-2.0 */
/* pool_test.c - which VFs a network may pick from, and why none of many would do */
#include <stdio.h>
#include <string.h>

#include "expect.h"
#include "log.h"
#include "mem.h"
#include "pool.h"
#include "reasons.h"

/* What is wrong with ranges stands in conf_test.c: they are refused when they are read. */
static const struct {
	const char *ranges;
	uint32_t has[3], has_not[3];
} ranges[] = {
	{NULL, {0, 7, UINT32_MAX}, {0}},         {"3", {3, 3, 3}, {2, 4, 33}},
	{"0-3", {0, 2, 3}, {4, 30, UINT32_MAX}}, {"0-3,7", {1, 3, 7}, {4, 6, 8}},
	{"9,5-6,0", {9, 6, 0}, {1, 7, 10}},      {"65535", {65535, 65535, 65535}, {0, 6553, 65536}},
};

static void a_range_has_its_ends_and_what_is_between(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		for (size_t k = 0; k < 3; k++) {
			EXPECT_ROW(ranges[i].ranges ?: "none");
			expect_int(pool_range_has(ranges[i].ranges, ranges[i].has[k]), true);
			if (ranges[i].ranges)
				expect_int(pool_range_has(ranges[i].ranges, ranges[i].has_not[k]),
					   false);
		}
}

static void an_entry_is_split_at_its_ranges(void **state)
{
	char name[8];

	(void)state;
	expect_text(pool_split("ens1f0#0-3,7", name, sizeof(name)), "0-3,7");
	expect_text(name, "ens1f0");
	expect_text(pool_split("ens1f0", name, sizeof(name)), NULL);
	expect_text(name, "ens1f0");
	expect_text(pool_split("longer-than-that#1", name, sizeof(name)), "1");
	expect_text(name, "longer-");
}

static void read_pool(struct pool *p, json_t *selectors)
{
	struct err e = {0};

	*p = (struct pool){.selectors = selectors};
	expect_ok(pool_read(p, &e), &e);
	expect_ok(pool_check(p, &e), &e);
}

static void a_list_that_is_not_given_has_everything(void **state)
{
	json_auto_t *empty = json_object(),
		    *drivers = json_pack("{s:[s, s]}", "drivers", "igbvf", "iavf");
	const struct pciaddr vf = {0, 0x3b11}, pf = {0, 0x3b00};
	struct pool p;

	(void)state;
	read_pool(&p, empty);
	expect_int(pool_is_given(&p), true);
	expect_int(pool_has(&p, POOL_DRIVERS, "mlx5_core"), true);
	expect_int(pool_has_address(&p, &vf), true);
	expect_int(pool_has_root(&p, &pf, NULL), true);
	expect_int(pool_n_pf_names(&p), 0);

	read_pool(&p, drivers);
	expect_int(pool_has(&p, POOL_DRIVERS, "iavf"), true);
	expect_int(pool_has(&p, POOL_DRIVERS, "mlx5_core"), false);
	expect_int(pool_has(&p, POOL_DRIVERS, ""), false);
}

static void an_address_is_compared_and_not_its_text(void **state)
{
	json_auto_t *j =
		json_pack("{s:[s, s], s:[s, s, s]}", "pciAddresses", "3B:02.1", "10000:3b:02.1",
			  "rootDevices", "0000:3b:00.1", "3b:00.0#2-3", "0000:3b:00.0#5");
	const struct pciaddr vf = {0, 0x3b11}, far = {0x10000, 0x3b11}, other = {1, 0x3b11},
			     pf = {0, 0x3b00};
	struct pool p;

	(void)state;
	read_pool(&p, j);
	for (uint32_t n = 0; n < 7; n++)
		expect_int(pool_has_root(&p, &pf, &n), n == 2 || n == 3 || n == 5);
	expect_int(pool_has_address(&p, &vf), true);
	expect_int(pool_has_address(&p, &far), true);
	expect_int(pool_has_address(&p, &other), false);
	expect_int(pool_has_root(&p, &pf, NULL), true);
	expect_int(pool_has_root(&p, &vf, NULL), false);
}

static void as_many_reasons_are_told_as_there_is_room_for(void **state)
{
	struct reasons r = {0};
	struct err e;

	(void)state;
	expect_ok(log_open(LOG_PANIC, NULL, "", "", &e), &e);
	reasons_add(&r, "VF %d is held", 0);
	reasons_add(&r, "VF %d is up", 1);
	expect_text(r.text, "VF 0 is held; VF 1 is up");
	for (int i = 0; i < 20; i++)
		reasons_add(&r, "%0100d", i);
	expect_int(r.left_out, 14);
	expect_int(strlen(r.text), 24 + 6 * 102);
	reasons_add(&r, "short"); /* would have room, but the order is kept */
	expect_int(r.left_out, 15);
	expect_ok(log_open(LOG_WARNING, NULL, "", "", &e), &e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_has_its_ends_and_what_is_between),
		cmocka_unit_test(an_entry_is_split_at_its_ranges),
		cmocka_unit_test(a_list_that_is_not_given_has_everything),
		cmocka_unit_test(an_address_is_compared_and_not_its_text),
		cmocka_unit_test(as_many_reasons_are_told_as_there_is_room_for),
	};

	return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
