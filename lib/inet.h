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

/* The text of p's address alone. */
const char *inet_addr_text(const struct inet_prefix *p, char buf[static INET_PREFIX_TEXT]);

/* Below, equal to or above 0, as the address of a is before, the same as or behind that of b. */
int inet_addr_cmp(const struct inet_prefix *a, const struct inet_prefix *b);

/* The next address (step 1) or the one before (step -1). Result: false where it went round. */
bool inet_addr_step(struct inet_prefix *p, int step);

/* The first and the last address of a network: all bits behind its prefix are 0, or 1. */
struct inet_prefix inet_prefix_first(const struct inet_prefix *net);
struct inet_prefix inet_prefix_last(const struct inet_prefix *net);

/* Whether the address of addr lies in the network; its own prefix length does not count. */
bool inet_prefix_contains(const struct inet_prefix *net, const struct inet_prefix *addr);
