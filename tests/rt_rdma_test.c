/* SPDX-License-Identifier: Apache-2.0 */
/* rt_rdma_test.c - RDMA devices: the request, byte by byte, and replies that rdma(8) got */
#include <string.h>

#include "cni.h"
#include "fixture.h"
#include "mem.h"
#include "rt_msg.h"
#include "rt_rdma.h"

static void a_device_is_moved_with_one_message(void **state)
{
	struct err e = {0};
	_cleanup_(nlmsg_freep) struct nl_msg *m = rt_rdma_build_move(7, 5, &e);
	size_t len;
	_cleanup_free_ uint8_t *expected = fixture_hex("netlink/request/rdma_move.hex", &len);

	(void)state;
	expect_ok(m ? 0 : -1, &e);
	expect_bytes(nlmsg_hdr(m), nlmsg_hdr(m)->nlmsg_len, expected, len);
}

static void a_device_is_renamed_with_one_message(void **state)
{
	struct err e = {0};
	_cleanup_(nlmsg_freep) struct nl_msg *m = rt_rdma_build_rename(7, "mlx5_2", &e);
	size_t len;
	_cleanup_free_ uint8_t *expected = fixture_hex("netlink/request/rdma_rename.hex", &len);

	(void)state;
	expect_ok(m ? 0 : -1, &e);
	expect_bytes(nlmsg_hdr(m), nlmsg_hdr(m)->nlmsg_len, expected, len);
}

static void the_mode_of_the_kernel_is_understood(void **state)
{
	static const struct {
		const char *recorded;
		bool exclusive;
	} rows[] = {{"netlink/rdma_exclusive.hex", true}, {"netlink/rdma_shared.hex", false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ uint8_t *reply = fixture_hex(rows[i].recorded, &(size_t){0});
		bool exclusive = !rows[i].exclusive;
		struct err e = {0};

		EXPECT_ROW(rows[i].recorded);
		expect_ok(rt_rdma_parse_exclusive((void *)reply, &exclusive, &e), &e);
		expect_int(exclusive, rows[i].exclusive);
	}
}

/* Linux before 5.2 knows one mode, and does not speak of it. */
static void a_kernel_that_does_not_tell_its_mode_shares(void **state)
{
	const struct nlmsghdr none = {.nlmsg_len = NLMSG_HDRLEN};
	bool exclusive = true;
	struct err e = {0};

	(void)state;
	expect_ok(rt_rdma_parse_exclusive(&none, &exclusive, &e), &e);
	expect_int(exclusive, false);
}

static void a_device_is_found_by_its_whole_name(void **state)
{
	static const struct {
		const char *name;
		bool found;
		uint32_t index;
	} rows[] = {
		{"rxe0", true, 0},   {"mlx5_2", true, 7}, {"rxe", false, 0},
		{"rxe00", false, 0}, {"", false, 0},
	};
	size_t len;
	_cleanup_free_ uint8_t *reply = fixture_hex("netlink/rdma_devices.hex", &len);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rt_rdma_search s = {.name = rows[i].name};
		int rest = (int)len;
		struct err e = {0};

		EXPECT_ROW(rows[i].name);
		for (struct nlmsghdr *h = (void *)reply; nlmsg_ok(h, rest);
		     h = nlmsg_next(h, &rest))
			expect_ok(rt_rdma_match(h, &s, &e), &e);
		expect_int(rest, 0);
		expect_int(s.found, rows[i].found);
		expect_int(s.index, rows[i].index);
	}
}

static void a_device_is_found_by_its_index_whatever_it_is_called(void **state)
{
	size_t len;
	_cleanup_free_ uint8_t *reply = fixture_hex("netlink/rdma_devices.hex", &len);
	struct rt_rdma_search s = {.index = 7};
	int rest = (int)len;
	struct err e = {0};

	(void)state;
	for (struct nlmsghdr *h = (void *)reply; nlmsg_ok(h, rest); h = nlmsg_next(h, &rest))
		expect_ok(rt_rdma_match(h, &s, &e), &e);
	expect_int(s.found, true);
	expect_text(s.now, "mlx5_2");
}

static void an_answer_without_a_name_or_an_index_is_refused(void **state)
{
	struct rt_rdma_search s = {.name = "rxe0"};
	struct err e = {0};
	_cleanup_(nlmsg_freep) struct nl_msg *m = rt_request(NLMSG_MIN_TYPE, 0, NULL, 0, &e);

	(void)state;
	expect_err(rt_rdma_match(nlmsg_hdr(m), &s, &e), &e, CNI_EKERNEL, "netlink answer");
	e = (struct err){0};
	expect_int(nla_put_string(m, 2, "rxe0"), 0);
	expect_err(rt_rdma_match(nlmsg_hdr(m), &s, &e), &e, CNI_EKERNEL, "netlink answer");
	e = (struct err){0};
	expect_int(nla_put_u16(m, 1, 7), 0); /* too short */
	expect_err(rt_rdma_match(nlmsg_hdr(m), &s, &e), &e, CNI_EKERNEL, "netlink answer");
	expect_int(s.found, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_is_moved_with_one_message),
		cmocka_unit_test(a_device_is_renamed_with_one_message),
		cmocka_unit_test(the_mode_of_the_kernel_is_understood),
		cmocka_unit_test(a_kernel_that_does_not_tell_its_mode_shares),
		cmocka_unit_test(a_device_is_found_by_its_whole_name),
		cmocka_unit_test(a_device_is_found_by_its_index_whatever_it_is_called),
		cmocka_unit_test(an_answer_without_a_name_or_an_index_is_refused),
	};

	return cmocka_run_group_tests_name("rt_rdma", tests, NULL, NULL);
}
