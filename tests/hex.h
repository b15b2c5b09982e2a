/* SPDX-License-Identifier: Apache-2.0 */
/* hex.h - bytes written in hexadecimal */
#pragma once

#include <ctype.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Turns text of pairs of hexadecimal digits into the bytes, in place. What else stands between them
 * is skipped, and all from
 * '#' to the end of a line. Result: the number of bytes.
 */
static inline size_t hex_decode(uint8_t *text, size_t len)
{
	size_t n = 0;
	int high = -1;

	for (size_t i = 0; i < len; i++) {
		while (text[i] == '#' && i + 1 < len && text[i + 1] != '\n')
			text[++i] = '#';
		if (!isxdigit(text[i])) {
			high = -1;
			continue;
		}
		int digit = isdigit(text[i]) ? text[i] - '0' : tolower(text[i]) - 'a' + 10;

		if (high < 0) {
			high = digit;
		} else {
			text[n++] = (uint8_t)(high << 4 | digit);
			high = -1;
		}
	}
	return n;
}
