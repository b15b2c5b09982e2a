/* SPDX-License-Identifier: Apache-2.0 */
/* sysfs_test.c - files, numbers, links and folders below a root that is handed in */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cni.h"
#include "fixture.h"
#include "mem.h"
#include "sysfs.h"

static int open_root(void)
{
	struct err e = {0};
	int root = sysfs_open(scratch_path("."), &e);

	expect_ok(root, &e);
	return root;
}

static void a_root_that_is_not_there_is_named(void **state)
{
	struct err e;

	(void)state;
	expect_err(sysfs_open(scratch_path("none"), &e), &e, CNI_EIO, scratch_path("none"));
	scratch_file("", "file");
	expect_err(sysfs_open(scratch_path("file"), &e), &e, CNI_EIO, "is sysfs mounted there");
}

static void the_first_line_is_read(void **state)
{
	_cleanup_fd_ int root = open_root();
	struct err e = {0};
	char buf[6];

	(void)state;
	scratch_file("igbvf\nmore\n", "a/b");
	scratch_file("abcdefgh", "long");
	scratch_file("", "empty");
	expect_ok(sysfs_read(root, buf, sizeof(buf), &e, "%s/b", "a"), &e);
	expect_text(buf, "igbvf");
	expect_ok(sysfs_read(root, buf, sizeof(buf), &e, "long"), &e);
	expect_text(buf, "abcde");
	expect_ok(sysfs_read(root, buf, sizeof(buf), &e, "empty"), &e);
	expect_text(buf, "");
	expect_err(sysfs_read(root, buf, sizeof(buf), &e, "a/%s", "none"), &e, CNI_EIO,
		   "/sys/a/none");
	expect_int(e.errnum, ENOENT);
	expect_err(sysfs_read(root, buf, sizeof(buf), &e, "a"), &e, CNI_EIO, "/sys/a");
	expect_int(e.errnum, EISDIR);
}

static void a_file_is_read_as_it_is(void **state)
{
	_cleanup_fd_ int root = open_root();
	struct err e = {0};
	char buf[6];

	(void)state;
	scratch_file("a\nb\nc\nd\n", "lines");
	expect_ok((int)sysfs_read_all(root, buf, sizeof(buf), &e, "li%s", "nes"), &e);
	expect_bytes(buf, sizeof(buf), "a\nb\nc\n", sizeof(buf));
	scratch_file("xy", "short");
	expect_int(sysfs_read_all(root, buf, sizeof(buf), &e, "short"), 2);
	expect_err((int)sysfs_read_all(root, buf, sizeof(buf), &e, "none"), &e, CNI_EIO,
		   "/sys/none");
}

static void a_text_is_written_to_a_file_that_is_there(void **state)
{
	_cleanup_fd_ int root = open_root();
	struct err e = {0};
	char buf[16];

	(void)state;
	scratch_file("", "a/bind");
	expect_ok(sysfs_write(root, "0000:01:10.0", &e, "%s/bind", "a"), &e);
	expect_ok(sysfs_read(root, buf, sizeof(buf), &e, "a/bind"), &e);
	expect_text(buf, "0000:01:10.0");
	expect_err(sysfs_write(root, "x", &e, "a/none"), &e, CNI_EIO, "\"x\" to /sys/a/none");
	expect_int(e.errnum, ENOENT); /* it is not made */
}

static const struct {
	const char *text;
	bool number;
	uint32_t v;
} numbers[] = {
	{"0\n", true, 0},
	{"7\n", true, 7},
	{"0x8086\n", true, 0x8086},
	{"4294967295", true, UINT32_MAX},
	{"4294967296", false, 0},
	{"-1", false, 0},
	{"-4294967295", false, 0},
	{"", false, 0},
	{"\n", false, 0},
	{"7 VFs", false, 0},
	{"x", false, 0},
	{"18446744073709551617", false, 0},
};

static void a_number_is_a_number(void **state)
{
	_cleanup_fd_ int root = open_root();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct err e = {0};
		uint32_t v = 99;

		EXPECT_ROW(numbers[i].text);
		scratch_file(numbers[i].text, "number");

		int r = sysfs_read_u32(root, &v, &e, "number");

		if (numbers[i].number) {
			expect_ok(r, &e);
			expect_hex(v, numbers[i].v);
		} else {
			expect_err(r, &e, CNI_EIO, "/sys/number holds \"");
			expect_int(v, 99);
		}
	}
}

static void a_link_has_the_name_of_its_target(void **state)
{
	_cleanup_fd_ int root = open_root();
	struct err e = {0};
	char buf[13];

	(void)state;
	scratch_link("../../../0000:01:00.0", "far"); /* need not be there */
	scratch_link("igbvf", "near");
	scratch_link("../0000:01:00.01", "long");
	scratch_file("", "file");
	expect_ok(sysfs_link_name(root, buf, sizeof(buf), &e, "far"), &e);
	expect_text(buf, "0000:01:00.0");
	expect_ok(sysfs_link_name(root, buf, sizeof(buf), &e, "near"), &e);
	expect_text(buf, "igbvf");
	expect_err(sysfs_link_name(root, buf, sizeof(buf), &e, "long"), &e, CNI_EIO,
		   "0000:01:00.01");
	expect_int(e.errnum, ENAMETOOLONG);
	expect_err(sysfs_link_name(root, buf, sizeof(buf), &e, "file"), &e, CNI_EIO, "/sys/file");
	expect_int(e.errnum, EINVAL);
	expect_err(sysfs_link_name(root, buf, sizeof(buf), &e, "none"), &e, CNI_EIO, "/sys/none");
	expect_int(e.errnum, ENOENT);
	expect_text(buf, "igbvf");
}

struct seen {
	unsigned n, stop;
};

static int see(const char *name, void *arg)
{
	struct seen *s = arg;

	expect_int(name[0] != '.', true);
	return ++s->n == s->stop ? 7 : 0;
}

static void a_folder_is_walked_until_somebody_says_stop(void **state)
{
	_cleanup_fd_ int root = open_root();
	struct seen all = {0, 0}, some = {0, 2};
	struct err e = {0};

	(void)state;
	scratch_file("", "net/a");
	scratch_file("", "net/b");
	scratch_file("", "net/c");
	scratch_file("", "net/.hidden");
	expect_int(sysfs_each(root, see, &all, &e, "net"), 0);
	expect_int(all.n, 3);
	expect_int(sysfs_each(root, see, &some, &e, "net"), 7);
	expect_int(some.n, 2);
	expect_err(sysfs_each(root, see, &all, &e, "none"), &e, CNI_EIO, "/sys/none");
	expect_int(e.errnum, ENOENT);
	expect_err(sysfs_each(root, see, &all, &e, "net/a"), &e, CNI_EIO, "/sys/net/a");
	expect_int(e.errnum, ENOTDIR);
}

/* Nothing above leaves a descriptor behind. */
static void no_descriptor_is_left_open(void **state)
{
	_cleanup_fd_ int root = open_root();
	struct seen all = {0, 0};
	struct err e;
	uint32_t v;

	(void)state;
	scratch_file("1", "net/a");
	for (int i = 0; i < 100; i++) {
		expect_int(sysfs_each(root, see, &all, &e, "net"), 0);
		expect_int(sysfs_read_u32(root, &v, &e, "net/a"), 0);
	}

	int next = dup(root);

	expect_int(next, root + 1);
	(void)close(next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(a_root_that_is_not_there_is_named),
		SCRATCH_TEST(the_first_line_is_read),
		SCRATCH_TEST(a_file_is_read_as_it_is),
		SCRATCH_TEST(a_text_is_written_to_a_file_that_is_there),
		SCRATCH_TEST(a_number_is_a_number),
		SCRATCH_TEST(a_link_has_the_name_of_its_target),
		SCRATCH_TEST(a_folder_is_walked_until_somebody_says_stop),
		SCRATCH_TEST(no_descriptor_is_left_open),
	};

	return cmocka_run_group_tests_name("sysfs", tests, NULL, NULL);
}
