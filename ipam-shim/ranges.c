/* SPDX-License-Identifier: Apache-2.0 */
/* ranges.c - addresses from ranges: which can be given, and in which order */
#include "ranges.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "mem.h"

bool ranges_contains(const struct range *r, const struct inet_prefix *addr)
{
	return r->subnet.family == addr->family && inet_addr_cmp(&r->start, addr) <= 0 &&
	       inet_addr_cmp(addr, &r->end) <= 0;
}

const struct inet_prefix *ranges_excluded(const struct ranges *p, size_t range,
					  const struct inet_prefix *addr)
{
	for (size_t i = 0; i < p->n_excluded; i++)
		if (p->excluded[i].range == range &&
		    inet_prefix_contains(&p->excluded[i].net, addr))
			return &p->excluded[i].net;
	return NULL;
}

int ranges_walk(const struct ranges *p, size_t range, const struct inet_prefix *from,
		const struct inet_prefix *to, ranges_try try, const struct store *s,
		struct inet_prefix *ret, struct err *e)
{
	const struct range *r = &p->range[range];
	struct inet_prefix a = *from;

	for (;;) {
		const struct inet_prefix *skip = ranges_excluded(p, range, &a);
		int found = 0;

		if (skip)
			a = inet_prefix_last(skip);
		else if (inet_addr_cmp(&a, &r->gateway))
			found = try(s, &a, e);
		if (found) {
			a.prefixlen = r->subnet.prefixlen;
			*ret = a;
			return found;
		}
		if (inet_addr_cmp(&a, to) >= 0 || !inet_addr_step(&a, 1))
			return 0;
	}
}

int ranges_find(const struct ranges *p, const struct inet_prefix *addr)
{
	for (size_t i = 0; i < p->n_ranges; i++)
		if (ranges_contains(&p->range[i], addr))
			return (int)i;
	return -1;
}

static size_t set_begin(const struct ranges *p, size_t set)
{
	size_t i = 0;

	while (p->range[i].set != set)
		i++;
	return i;
}

/*
 * Tries the addresses of a set in host-local's order: from the one behind the last that was given
 * to the end of its range, the next ranges, and round again until that one.
 */
static int walk(const struct ranges *p, size_t set, ranges_try try, const struct store *s,
		struct inet_prefix *ret, struct err *e)
{
	size_t begin = set_begin(p, set), n = 0, first = 0;
	struct inet_prefix last;
	bool resume = false;
	int found = 0;

	while (begin + n < p->n_ranges && p->range[begin + n].set == set)
		n++;
	if (store_last(s, set, &last))
		for (size_t i = 0; i < n && !resume; i++) {
			resume = ranges_contains(&p->range[begin + i], &last);
			first = resume ? i : 0;
		}
	if (resume) {
		const struct range *r = &p->range[begin + first];
		struct inet_prefix next = last;

		if (inet_addr_cmp(&last, &r->end) && inet_addr_step(&next, 1))
			found = ranges_walk(p, begin + first, &next, &r->end, try, s, ret, e);
	}
	for (size_t i = resume; i < n && !found; i++) {
		size_t k = begin + (first + i) % n;

		found = ranges_walk(p, k, &p->range[k].start, &p->range[k].end, try, s, ret, e);
	}
	if (resume && !found)
		found = ranges_walk(p, begin + first, &p->range[begin + first].start, &last, try, s,
				    ret, e);
	return found;
}

/* "10.56.0.0/24", and that there are more, where there are. */
static const char *set_text(const struct ranges *p, size_t set,
			    char buf[static INET_PREFIX_TEXT + 16])
{
	size_t i = set_begin(p, set);
	bool more = i + 1 < p->n_ranges && p->range[i + 1].set == set;
	char subnet[INET_PREFIX_TEXT];

	(void)snprintf(buf, INET_PREFIX_TEXT + 16, "%s%s",
		       inet_prefix_text(&p->range[i].subnet, subnet),
		       more ? " and others" : ""); /* sized for it */
	return buf;
}

struct count {
	const struct ranges *p;
	size_t set;
	unsigned long long n;
};

static void count(const struct inet_prefix *addr, void *arg)
{
	struct count *c = arg;
	int range = ranges_find(c->p, addr);

	c->n += range >= 0 && c->p->range[range].set == c->set;
}

static int refuse_full(const struct ranges *p, size_t set, const struct store *s, int code,
		       struct err *e)
{
	struct count c = {p, set, 0};
	char text[INET_PREFIX_TEXT + 16];

	if (store_each(s, count, &c, e) < 0)
		return -1;
	return err_set(
		e, code, 0,
		"range set %zu (%s) has no free address: %llu are given, see %s; widen the range, or "
		"let GC release what nobody has any more",
		set, set_text(p, set, text), c.n, s->path);
}

static int give_one(const struct ranges *p, size_t set, const struct store *s,
		    struct inet_prefix *ret, struct err *e)
{
	const struct inet_prefix *want = &p->want[set];
	char text[INET_PREFIX_TEXT];
	int found;

	if (want->family) {
		found = store_take(s, want, e);
		*ret = *want;
		if (!found)
			return err_set(
				e, CNI_EAGAIN, 0,
				"address %s, which was asked for, is given to another, see %s",
				inet_addr_text(want, text), s->path);
	} else {
		found = walk(p, set, store_take, s, ret, e);
		if (!found)
			return refuse_full(p, set, s, CNI_EAGAIN, e);
	}
	if (found < 0)
		return -1;
	store_remember(s, set, ret);
	return 0;
}

/* The address as an item of "ips". Result: NULL: no memory. */
static json_t *ip_of(const struct ranges *p, const struct inet_prefix *addr)
{
	const struct range *r = &p->range[ranges_find(p, addr)];
	char text[INET_PREFIX_TEXT], gateway[INET_PREFIX_TEXT];

	return json_pack("{s:s, s:s}", "address", inet_prefix_text(addr, text), "gateway",
			 inet_addr_text(&r->gateway, gateway));
}

json_t *ranges_give(const struct ranges *p, const struct store *s, struct err *e)
{
	struct inet_prefix given[RANGES_MAX];
	json_auto_t *ips = json_array();
	struct err undo = {0};
	size_t n = 0;

	if (store_begin(s, e) < 0)
		return NULL;
	while (n < p->n_sets && !give_one(p, n, s, &given[n], e)) {
		n++;
		if (json_array_append_new(ips, ip_of(p, &given[n - 1])) < 0) {
			err_set(e, CNI_EIO, ENOMEM, "cannot write the result");
			break;
		}
	}
	if (json_array_size(ips) == p->n_sets)
		return TAKE_PTR(ips);
	if (store_undo(s, given, n, &undo) < 0)
		err_hint(e, "and %s; DEL will try again", undo.msg);
	return NULL;
}

int ranges_check(const struct ranges *p, const struct store *s, const json_t *ips, struct err *e)
{
	const json_t *ip;
	size_t i, n = 0;
	int has;

	json_array_foreach(ips, i, ip) {
		const char *text = json_string_value(json_object_get(ip, "address"));
		struct inet_prefix addr;

		if (!text || inet_prefix_parse(text, &addr) < 0 || ranges_find(p, &addr) < 0)
			continue;
		has = store_has(s, &addr, e);
		if (has <= 0)
			return has < 0 ? -1
				       : err_set(e, CNI_ECHECK, 0,
						 "address %s is not given to interface %s of container %s, see %s",
						 text, s->ifname, s->id, s->path);
		n++;
	}
	if (n)
		return 0;
	has = store_has(s, NULL, e);
	if (has)
		return has < 0 ? -1 : 0;
	return err_set(e, CNI_ECHECK, 0, "interface %s of container %s has no address, see %s",
		       s->ifname, s->id, s->path);
}

int ranges_status(const struct ranges *p, const struct store *s, struct err *e)
{
	struct inet_prefix some;

	for (size_t set = 0; set < p->n_sets; set++) {
		int found = walk(p, set, store_is_free, s, &some, e);

		if (found <= 0)
			return found < 0 ? -1 : refuse_full(p, set, s, CNI_ENOTAVAIL, e);
	}
	return 0;
}
