/* SPDX-License-Identifier: Apache-2.0 */
/* frame_test.c - announcements, byte by byte as Linux sends its own */
#include <string.h>

#include "fixture.h"
#include "frame.h"
#include "mem.h"

static void an_announcement_is_the_one_that_linux_sends(void **state)
{
	static const struct {
		const char *recorded, *address;
	} rows[] = {
		{"frame/ipv4.hex", "10.56.0.2/24"},
		{"frame/ipv6.hex", "fd00:56::2/64"},
		{"frame/ipv6_carries.hex", "2001:db8:ffff:ffff:ffff:ffff:ffff:fffe/128"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t frame[FRAME_ANNOUNCEMENT];
		struct inet_prefix addr;
		size_t len;
		_cleanup_free_ uint8_t *recorded = fixture_hex(rows[i].recorded, &len);

		EXPECT_ROW(rows[i].recorded);
		memset(frame, 0x5a, sizeof(frame));
		expect_int(inet_prefix_parse(rows[i].address, &addr), 0);
		expect_bytes(frame, frame_announcement(&addr, 0x02005e000002, frame), recorded,
			     len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_announcement_is_the_one_that_linux_sends),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
