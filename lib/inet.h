/* SPDX-License-Identifier: Apache-2.0 */
/* inet.h - IP addresses and prefixes as text and as bytes */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* An address of either family with its prefix length. */
struct inet_prefix {
	int family;        /* AF_INET or AF_INET6 */
	uint8_t addr[16];  /* network byte order; the first 4 bytes for AF_INET */
	uint8_t prefixlen; /* 0 to 32 or 128 */
};

#define INET_PREFIX_TEXT 64

/* 4 or 16. */
unsigned inet_addr_len(int family);

/* "10.1.2.3/24" or "fd00::3/64". Returns -1 when text is none, or has no prefix length. */
int inet_prefix_parse(const char *text, struct inet_prefix *ret);

/*
 * "10.1.2.3" or "fd00::3"; the prefix length becomes the family's whole length. Returns -1 when
 * text is none.
 */
int inet_addr_parse(const char *text, struct inet_prefix *ret);

/* The text of p, with its prefix length. */
const char *inet_prefix_text(const struct inet_prefix *p, char buf[static INET_PREFIX_TEXT]);

bool inet_prefix_equal(const struct inet_prefix *a, const struct inet_prefix *b);
