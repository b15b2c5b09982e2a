/* SPDX-License-Identifier: Apache-2.0 */
/* err_test.c - one failure and its context */
#include <errno.h>
#include <string.h>

#include "cni.h"
#include "expect.h"

static void a_failure_has_code_errno_and_sentence(void **state)
{
	struct err e = {.details = "of a failure before"};

	(void)state;
	expect_int(err_set(&e, CNI_EKERNEL, EBUSY, "VF %d", 3), -1);
	expect_int(e.code, CNI_EKERNEL);
	expect_int(e.errnum, EBUSY);
	expect_text(e.msg, "VF 3: Device or resource busy");
	expect_text(e.details, "");
}

static void without_errno_nothing_is_appended(void **state)
{
	struct err e;

	(void)state;
	(void)err_set(&e, CNI_ECONFIG, 0, "\"name\" is missing");
	expect_text(e.msg, "\"name\" is missing");
	expect_int(e.errnum, 0);
}

static void context_goes_in_front_and_a_hint_behind(void **state)
{
	struct err e;

	(void)state;
	(void)err_set(&e, CNI_EKERNEL, EPERM, "trust");
	expect_int(err_ctx(&e, "VF %u", 3U), -1);
	expect_int(err_ctx(&e, "PF %s", "ens1f0"), -1);
	expect_int(err_hint(&e, "remove \"%s\"", "trust"), -1);
	expect_text(e.msg, "PF ens1f0: VF 3: trust: Operation not permitted (remove \"trust\")");
	expect_int(e.code, CNI_EKERNEL);
	expect_int(e.errnum, EPERM);
}

/*
 * Every way to grow a message, at every length around the end of the buffer: valgrind and ASan look
 * at the bytes.
 */
static void a_long_message_is_cut_at_the_end(void **state)
{
	struct err e, before;
	char text[sizeof(e.msg) + 8];

	(void)state;
	for (size_t n = sizeof(e.msg) - 8; n < sizeof(text); n++) {
		size_t kept = n < sizeof(e.msg) ? n : sizeof(e.msg) - 1;

		memset(text, 'x', n);
		text[n] = '\0';
		memset(&e, '!', sizeof(e));
		(void)err_set(&e, CNI_EIO, EIO, "%s", text);
		expect_int(strspn(e.msg, "x"), kept);
		expect_int(e.details[1], '!'); /* what follows the message is as it was */
		expect_int(e.details[8], '!');
		before = e;
		(void)err_hint(&e, "a hint");
		expect_int(strnlen(e.msg, sizeof(e.msg)) < sizeof(e.msg), true);
		expect_int(memcmp(e.msg, before.msg, strlen(before.msg)), 0);
		(void)err_ctx(&e, "context");
		expect_int(strnlen(e.msg, sizeof(e.msg)), sizeof(e.msg) - 1);
		expect_int(strncmp(e.msg, "context: xxx", 12), 0);
		(void)err_ctx(&e, "%s", text);
		expect_int(strspn(e.msg, "x"), kept);
	}
}

static void the_first_failure_is_kept(void **state)
{
	struct err into = {0}, from = {0};

	(void)state;
	expect_int(err_keep_first(&into, &from), 0);

	(void)err_set(&from, CNI_EIO, 0, "first");
	expect_int(err_keep_first(&into, &from), -1);
	expect_int(from.code, 0);

	(void)err_set(&from, CNI_ECONFIG, 0, "second");
	expect_int(err_keep_first(&into, &from), -1);
	expect_int(from.code, 0);
	expect_int(err_keep_first(&into, &from), -1);
	expect_text(into.msg, "first");
	expect_int(into.code, CNI_EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failure_has_code_errno_and_sentence),
		cmocka_unit_test(without_errno_nothing_is_appended),
		cmocka_unit_test(context_goes_in_front_and_a_hint_behind),
		cmocka_unit_test(a_long_message_is_cut_at_the_end),
		cmocka_unit_test(the_first_failure_is_kept),
	};

	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
