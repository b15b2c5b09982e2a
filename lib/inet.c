/* SPDX-License-Identifier: Apache-2.0 */
/* inet.c - IP addresses and prefixes as text and as bytes */
#include "inet.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

unsigned inet_addr_len(int family)
{
	return family == AF_INET ? 4 : 16;
}

int inet_addr_parse(const char *text, struct inet_prefix *ret)
{
	struct inet_prefix p = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};

	if (inet_pton(p.family, text, p.addr) != 1)
		return -1;
	p.prefixlen = (uint8_t)(8 * inet_addr_len(p.family));
	*ret = p;
	return 0;
}

int inet_prefix_parse(const char *text, struct inet_prefix *ret)
{
	const char *slash = strchr(text, '/');
	char addr[INET6_ADDRSTRLEN];
	struct inet_prefix p;
	unsigned len = 0;

	if (!slash || (size_t)(slash - text) >= sizeof(addr))
		return -1;
	memcpy(addr, text, (size_t)(slash - text));
	addr[slash - text] = '\0';
	if (inet_addr_parse(addr, &p) < 0)
		return -1;

	const char *digits = slash + 1;

	if (!*digits || strlen(digits) > 3 || digits[strspn(digits, "0123456789")])
		return -1;
	for (; *digits; digits++)
		len = len * 10 + (unsigned)(*digits - '0');
	if (len > 8 * inet_addr_len(p.family))
		return -1;
	p.prefixlen = (uint8_t)len;
	*ret = p;
	return 0;
}

const char *inet_prefix_text(const struct inet_prefix *p, char buf[static INET_PREFIX_TEXT])
{
	char addr[INET6_ADDRSTRLEN] = "?";

	(void)inet_ntop(p->family, p->addr, addr, sizeof(addr)); /* fits, and the family is known */
	(void)snprintf(buf, INET_PREFIX_TEXT, "%s/%u", addr, p->prefixlen);
	return buf;
}

bool inet_prefix_equal(const struct inet_prefix *a, const struct inet_prefix *b)
{
	return a->family == b->family && a->prefixlen == b->prefixlen &&
	       !memcmp(a->addr, b->addr, inet_addr_len(a->family));
}

const char *inet_addr_text(const struct inet_prefix *p, char buf[static INET_PREFIX_TEXT])
{
	(void)inet_ntop(p->family, p->addr, buf,
			INET_PREFIX_TEXT); /* fits, and the family is known */
	return buf;
}

int inet_addr_cmp(const struct inet_prefix *a, const struct inet_prefix *b)
{
	return a->family != b->family ? a->family - b->family
				      : memcmp(a->addr, b->addr, inet_addr_len(a->family));
}

bool inet_addr_step(struct inet_prefix *p, int step)
{
	unsigned i = inet_addr_len(p->family);

	/* as on paper: the last byte carries into the one before */
	while (i-- > 0) {
		p->addr[i] = (uint8_t)(p->addr[i] + step);
		if (p->addr[i] != (step > 0 ? 0 : 255))
			return true;
	}
	return false;
}

/* The bits of byte i that are the host's. */
static uint8_t host_bits(const struct inet_prefix *net, unsigned i)
{
	unsigned bits = net->prefixlen > 8 * i ? net->prefixlen - 8 * i : 0;

	return (uint8_t)(bits >= 8 ? 0 : 0xff >> bits);
}

struct inet_prefix inet_prefix_first(const struct inet_prefix *net)
{
	struct inet_prefix p = *net;

	for (unsigned i = 0; i < inet_addr_len(p.family); i++)
		p.addr[i] = (uint8_t)(p.addr[i] & ~host_bits(net, i));
	return p;
}

struct inet_prefix inet_prefix_last(const struct inet_prefix *net)
{
	struct inet_prefix p = *net;

	for (unsigned i = 0; i < inet_addr_len(p.family); i++)
		p.addr[i] |= host_bits(net, i);
	return p;
}

bool inet_prefix_contains(const struct inet_prefix *net, const struct inet_prefix *addr)
{
	struct inet_prefix first = inet_prefix_first(net), last = inet_prefix_last(net);

	return net->family == addr->family && inet_addr_cmp(&first, addr) <= 0 &&
	       inet_addr_cmp(addr, &last) <= 0;
}
