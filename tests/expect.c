/* SPDX-License-Identifier: Apache-2.0 */
/* expect.c - comparisons that print both sides */
#include "expect.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *expect_row;

void expect_row_end(const char **row)
{
	(void)row;
	expect_row = NULL;
}

__attribute__((format(printf, 2, 3))) static void differs(const struct expect_place *at,
							  const char *fmt, ...)
{
	char text[8192];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap); /* may be cut */
	va_end(ap);
	if (expect_row)
		print_error("row:      %s\n", expect_row);
	expect_row = NULL;
	print_error("%s\n%s\n", at->what, text);
	_fail(at->file, at->line);
}

void expect_int_at(const struct expect_place *at, intmax_t actual, intmax_t expected)
{
	if (actual != expected)
		differs(at, "actual:   %" PRIdMAX "\nexpected: %" PRIdMAX, actual, expected);
}

void expect_hex_at(const struct expect_place *at, uintmax_t actual, uintmax_t expected)
{
	if (actual != expected)
		differs(at, "actual:   0x%" PRIxMAX "\nexpected: 0x%" PRIxMAX, actual, expected);
}

void expect_text_at(const struct expect_place *at, const char *actual, const char *expected)
{
	if (!actual || !expected ? actual != expected : strcmp(actual, expected) != 0)
		differs(at, "actual:   %s\nexpected: %s", actual ?: "NULL", expected ?: "NULL");
}

void expect_within_at(const struct expect_place *at, const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		differs(at, "actual:   %s\nwith:     %s", text ?: "NULL", part);
}

static char *hex_text(const void *bytes, size_t len)
{
	char *text = calloc(3, len + 1);

	for (size_t i = 0; text && i < len; i++)
		(void)sprintf(text + 3 * i, "%02x%c", ((const uint8_t *)bytes)[i],
			      i % 16 == 15 ? '\n' : ' ');
	return text;
}

void expect_bytes_at(const struct expect_place *at, const void *actual, size_t len,
		     const void *expected, size_t expected_len)
{
	if (len != expected_len || memcmp(actual, expected, len) != 0)
		differs(at, "actual:\n%s\nexpected:\n%s", hex_text(actual, len),
			hex_text(expected, expected_len));
}

void expect_ok_at(const struct expect_place *at, int result, const struct err *e)
{
	if (result < 0)
		differs(at, "actual:   code %d, errno %d: %s\nexpected: success", e->code,
			e->errnum, e->msg);
}

void expect_err_at(const struct expect_place *at, int result, const struct err *e, int code,
		   const char *part)
{
	if (result != -1)
		differs(at, "actual:   success (%d)\nexpected: code %d: ... %s", result, code,
			part);
	else if (e->code != code || !strstr(e->msg, part))
		differs(at, "actual:   code %d: %s\nexpected: code %d: ... %s", e->code, e->msg,
			code, part);
}

void expect_json_at(const struct expect_place *at, json_t *actual, json_t *expected)
{
	if (!actual || !expected || !json_equal(actual, expected)) {
		const size_t how = JSON_SORT_KEYS | JSON_INDENT(1) | JSON_ENCODE_ANY;
		const char *a = json_dumps(actual, how), *b = json_dumps(expected, how);

		differs(at, "actual:   %s\nexpected: %s", a ?: "NULL", b ?: "NULL");
	}
	json_decref(actual);
	json_decref(expected);
}
