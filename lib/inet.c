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
