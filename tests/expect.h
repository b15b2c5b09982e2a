/* SPDX-License-Identifier: Apache-2.0 */
/* expect.h - comparisons that print both sides, and the row of the table that is being looked at */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "err.h"

/*
 * To the end of the block, a failure is printed with this text in front: the row of a table that is
 * looked at.
 */
#define EXPECT_ROW(text)                                                                           \
	__attribute__((cleanup(expect_row_end), unused)) const char *row_ = expect_row = (text)
extern const char *expect_row;
void expect_row_end(const char **row);

struct expect_place {
	const char *file, *what;
	int line;
};
#define EXPECT_HERE(what) (&(const struct expect_place){__FILE__, what, __LINE__})

#define expect_int(actual, expected)                                                               \
	expect_int_at(EXPECT_HERE(#actual), (intmax_t)(actual), (intmax_t)(expected))
#define expect_hex(actual, expected)                                                               \
	expect_hex_at(EXPECT_HERE(#actual), (uintmax_t)(actual), (uintmax_t)(expected))
#define expect_text(actual, expected) expect_text_at(EXPECT_HERE(#actual), actual, expected)
#define expect_within(text, part)     expect_within_at(EXPECT_HERE(#text), text, part)
#define expect_bytes(actual, len, expected, expected_len)                                          \
	expect_bytes_at(EXPECT_HERE(#actual), actual, len, expected, expected_len)

/* The result of a call that is to succeed: 0 or more, with its err as the reason why it did not. */
#define expect_ok(result, e) expect_ok_at(EXPECT_HERE(#result), result, e)

/* A call that is to fail: -1, with this code and this part of its message. */
#define expect_err(result, e, code, part) expect_err_at(EXPECT_HERE(#result), result, e, code, part)

/* Both are taken over, to be freed here: comparing is the last use of a value that a test made. */
#define expect_json(actual, expected) expect_json_at(EXPECT_HERE(#actual), actual, expected)

void expect_int_at(const struct expect_place *at, intmax_t actual, intmax_t expected);
void expect_hex_at(const struct expect_place *at, uintmax_t actual, uintmax_t expected);
void expect_text_at(const struct expect_place *at, const char *actual, const char *expected);
void expect_within_at(const struct expect_place *at, const char *text, const char *part);
void expect_bytes_at(const struct expect_place *at, const void *actual, size_t len,
		     const void *expected, size_t expected_len);
void expect_ok_at(const struct expect_place *at, int result, const struct err *e);
void expect_err_at(const struct expect_place *at, int result, const struct err *e, int code,
		   const char *part);
void expect_json_at(const struct expect_place *at, json_t *actual, json_t *expected);
