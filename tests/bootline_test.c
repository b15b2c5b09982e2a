/* SPDX-License-Identifier: Apache-2.0 */
/* bootline_test.c - the kernel's command line: read, and built anew from the one that is there */
#include <stdlib.h>

#include "bootline.h"
#include "expect.h"
#include "mem.h"

static const struct {
	const char *line;
	int intel; /* what it decides about intel_iommu */
	bool pt;   /* has iommu=pt */
} lines[] = {
	{"", -1, false},
	{"root=/dev/sda1 quiet\n", -1, false},
	{"intel_iommu=on iommu=pt", 1, true},
	{"intel_iommu=off", 0, false},
	{"intel_iommu=on intel_iommu=off", 0, false}, /* the last one counts */
	{"intel_iommu=sm_on,on\tiommu=nopt,pt", 1, true},
	{"intel_iommu=sm_on", -1, false},
	{"xintel_iommu=on iommu.x=pt", -1, false},
	{"intel_iommu", -1, false},
	{"intel_iommu=", -1, false},
	{"a=\"x intel_iommu=on iommu=pt\" b", -1, false}, /* within quotes */
	{"quiet -- intel_iommu=on iommu=pt", -1, false},  /* for init */
};

static void a_line_is_read_as_the_kernel_reads_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		EXPECT_ROW(lines[i].line);
		expect_int(bootline_switch(lines[i].line, "intel_iommu"), lines[i].intel);
		expect_int(bootline_has(lines[i].line, "iommu", "pt"), lines[i].pt);
	}
}

static void a_parameter_is_told_whole(void **state)
{
	char param[32];

	(void)state;
	expect_int(bootline_param("iommu=x a iommu=pt,y b", "iommu", param, sizeof(param)), true);
	expect_text(param, "iommu=pt,y");
	expect_int(bootline_param("iommux=1", "iommu", param, sizeof(param)), false);
}

static const struct bootline_change intel = {.add = {"intel_iommu=on", "iommu=pt"},
					     .drop = {"intel_iommu=off", "iommu=off"}};

static const struct {
	const char *line, *expected;
} changes[] = {
	{"", "intel_iommu=on iommu=pt"},
	{"quiet splash", "quiet splash intel_iommu=on iommu=pt"},
	{"root=/dev/x  intel_iommu=on quiet\n", "root=/dev/x intel_iommu=on quiet iommu=pt"},
	{"intel_iommu=off quiet iommu=off", "quiet intel_iommu=on iommu=pt"},
	{"intel_iommu=off,sm_on", "intel_iommu=off,sm_on intel_iommu=on iommu=pt"},
	{"intel_iommu=sm_on,on iommu=pt", "intel_iommu=sm_on,on iommu=pt"},
	{"a=\"b c\" quiet", "a=\"b c\" quiet intel_iommu=on iommu=pt"},
	{"quiet -- single", "quiet intel_iommu=on iommu=pt -- single"},
	{"BOOT_IMAGE=/vmlinuz root=/dev/x initrd=\\a", "root=/dev/x intel_iommu=on iommu=pt"},
	{"$console quiet", "$console quiet intel_iommu=on iommu=pt"},
};

static void what_is_missing_comes_to_the_end_of_the_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		_cleanup_free_ char *once = bootline_change(changes[i].line, &intel);
		_cleanup_free_ char *twice = bootline_change(once, &intel);

		EXPECT_ROW(changes[i].line);
		expect_text(once, changes[i].expected);
		expect_text(twice, changes[i].expected);
		expect_int(bootline_is_changed(once, &intel), true);
	}
	expect_int(bootline_is_changed("quiet", &intel), false);
	expect_int(bootline_is_changed("intel_iommu=on", &intel), false);
	expect_int(bootline_is_changed("iommu=pt intel_iommu=on intel_iommu=off", &intel), false);
}

static const struct {
	const char *text;
	unsigned line;
	char quote;
	const char *value;
} files[] = {
	{"", 0, '"', NULL},
	{"# X=\"a\"\nXY=b\n", 0, '"', NULL},
	{"A=1\nX=\"quiet splash\"\nB=2\n", 2, '"', "quiet splash"},
	{"X='a \"b\"'", 1, '\'', "a \"b\""},
	{"X=plain # why\n", 1, '"', "plain"},
	{"X=\n", 1, '"', ""},
	{"X=\"\"\n", 1, '"', ""},
	{"X=\"a\"\n\n  export X=\"$X b\"\n", 3, '"', "$X b"}, /* the last one counts */
	{"X=\"a \\\"b\\\" c\"\n", 1, '"', "a \\\"b\\\" c"},
	{"X=\"open", 1, '"', "open"},
};

static void a_variable_is_found_where_a_shell_file_sets_it_last(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct bootline_var v;

		EXPECT_ROW(files[i].text);
		bootline_find_var(files[i].text, "X", &v);
		expect_int(v.line, files[i].line);
		expect_int(v.quote, files[i].quote);
		expect_text(v.value ?: "(none)", files[i].value ?: "(none)");
		bootline_var_clear(&v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_read_as_the_kernel_reads_it),
		cmocka_unit_test(a_parameter_is_told_whole),
		cmocka_unit_test(what_is_missing_comes_to_the_end_of_the_line),
		cmocka_unit_test(a_variable_is_found_where_a_shell_file_sets_it_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
