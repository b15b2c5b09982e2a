/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcx_test.c - whether a netdev has a tcx program
 *
 * To attach one takes Linux 6.6, and root outside of user namespaces: lifecycle.bats does. Here the
 * program has a syscall() of its own in front of the C library's, and a kernel behind it.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>

#include "expect.h"
#include "mem.h"
#include "tcx.h"

static struct {
	int refuse;            /* errno; 0: it answers */
	uint32_t type, n;      /* so many programs there; none elsewhere */
	unsigned calls, wrong; /* those that are no such question */
} kernel;

long syscall(long number, ...)
{
	union bpf_attr *attr, none;
	va_list args;
	int command;
	size_t size;

	va_start(args, number);
	command = va_arg(args, int);
	attr = va_arg(args, union bpf_attr *);
	size = va_arg(args, size_t);
	va_end(args);

	kernel.calls++;
	memset(&none, 0, sizeof(none));
	none.query.target_fd = 7;
	none.query.attach_type = attr->query.attach_type;
	if (number != SYS_bpf || command != BPF_PROG_QUERY || size != sizeof(none) ||
	    memcmp(attr, &none, size) != 0)
		kernel.wrong++;
	if (kernel.refuse) {
		errno = kernel.refuse;
		return -1;
	}
	attr->query.prog_cnt = attr->query.attach_type == kernel.type ? kernel.n : 0;
	return 0;
}

static void a_program_in_either_direction_is_seen(void **state)
{
	static const struct {
		uint32_t type, n;
		bool attached;
		unsigned calls;
	} rows[] = {
		{46, 1, true, 1}, /* BPF_TCX_INGRESS */
		{47, 1, true, 2}, /* BPF_TCX_EGRESS */
		{47, 64, true, 2}, {46, 0, false, 2},
		{48, 1, false, 2}, /* a kind that is another's */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(&kernel, 0, sizeof(kernel));
		kernel.type = rows[i].type;
		kernel.n = rows[i].n;
		expect_int(tcx_is_attached(7), rows[i].attached);
		expect_int(kernel.calls, rows[i].calls);
		expect_int(kernel.wrong, 0);
	}
}

/* Before 6.6; no such link; without the right; without BPF. */
static void where_the_kernel_does_not_say_there_is_none(void **state)
{
	static const int refusals[] = {EINVAL, ENODEV, ENOENT, EPERM, ENOSYS};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		memset(&kernel, 0, sizeof(kernel));
		kernel.refuse = refusals[i];
		expect_int(tcx_is_attached(7), false);
		expect_int(kernel.wrong, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_in_either_direction_is_seen),
		cmocka_unit_test(where_the_kernel_does_not_say_there_is_none),
	};

	return cmocka_run_group_tests_name("tcx", tests, NULL, NULL);
}
