/* SPDX-License-Identifier: Apache-2.0 */
/* ranges_read.c - ranges as a configuration has them */
#include <string.h>
#include <sys/socket.h>

#include "ranges.h"
#include "shim.h"

static int take_addr(const json_t *range, const char *key, int family, struct inet_prefix *ret,
		     struct err *e)
{
	const json_t *v = json_object_get(range, key);
	const char *text = json_string_value(v);
	struct inet_prefix p;

	if (!v || json_is_null(v) || (text && !*text))
		return 0;
	if (!text || inet_addr_parse(text, &p) < 0 || p.family != family)
		return err_set(e, CNI_ECONFIG, 0,
			       "\"%s\": \"%.64s\" is no address of the subnet's family", key,
			       text ?: "");
	p.prefixlen = ret->prefixlen;
	*ret = p;
	return 0;
}

static int take_subnet(const json_t *range, struct inet_prefix *ret, struct err *e)
{
	static const struct inet_prefix like_v4 = {.family = AF_INET6, .prefixlen = 80};
	const char *text = json_string_value(json_object_get(range, "subnet"));
	struct inet_prefix p, first;
	char buf[INET_PREFIX_TEXT];

	if (!text || inet_prefix_parse(text, &p) < 0)
		return err_set(e, CNI_ECONFIG, 0,
			       "\"subnet\": \"%.64s\" is not like \"10.56.0.0/24\"", text ?: "");
	/* as host-local; and the text of such an address, its lease's name, is not the same for all
	 */
	if (inet_prefix_contains(&like_v4, &p))
		return err_set(e, CNI_ECONFIG, 0, "\"subnet\": %s is IPv4 in the form of IPv6",
			       text);
	if (p.prefixlen > 8 * inet_addr_len(p.family) - 2)
		return err_set(e, CNI_ECONFIG, 0,
			       "\"subnet\": %s is too small to give addresses from", text);
	first = inet_prefix_first(&p);
	if (inet_addr_cmp(&first, &p))
		return err_set(e, CNI_ECONFIG, 0, "\"subnet\": %s is an address in the network %s",
			       text, inet_prefix_text(&first, buf));
	*ret = p;
	return 0;
}

static int take_excluded(const json_t *range, struct ranges *p, struct err *e)
{
	const struct inet_prefix *subnet = &p->range[p->n_ranges].subnet;
	const json_t *list = json_object_get(range, "exclude"), *item;
	size_t i;

	if (list && !json_is_null(list) && !json_is_array(list))
		return err_set(e, CNI_ECONFIG, 0, "\"exclude\" is not an array");
	json_array_foreach(list, i, item) {
		const char *text = json_string_value(item) ?: "";
		struct inet_prefix *out = &p->excluded[p->n_excluded].net;

		if (p->n_excluded == RANGES_EXCLUDED)
			return err_set(e, CNI_ECONFIG, 0, "\"exclude\": more than %d in all",
				       RANGES_EXCLUDED);
		if ((strchr(text, '/') ? inet_prefix_parse(text, out)
				       : inet_addr_parse(text, out)) < 0)
			return err_set(e, CNI_ECONFIG, 0,
				       "\"exclude\": \"%.64s\" is neither an address nor a network",
				       text);
		if (!inet_prefix_contains(subnet, out) || out->prefixlen < subnet->prefixlen)
			return err_set(e, CNI_ECONFIG, 0,
				       "\"exclude\": %s is outside of the subnet", text);
		p->excluded[p->n_excluded++].range = p->n_ranges;
	}
	return 0;
}

static int anything(const struct store *s, const struct inet_prefix *addr, struct err *e)
{
	(void)s, (void)addr, (void)e; /* as ranges_try has it */
	return 1;
}

static int take_range(const json_t *range, struct ranges *p, struct err *e)
{
	struct range *r = &p->range[p->n_ranges];
	char a[INET_PREFIX_TEXT], b[INET_PREFIX_TEXT];
	struct inet_prefix some;

	if (p->n_ranges == RANGES_MAX)
		return err_set(e, CNI_ECONFIG, 0, "more than %d ranges", RANGES_MAX);
	if (jtable_check_case(range, section_fields, e) < 0 ||
	    take_subnet(range, &r->subnet, e) < 0)
		return -1;
	/* as host-local: the first is the gateway's, and IPv4's last is for broadcast */
	r->start = r->subnet;
	(void)inet_addr_step(&r->start, 1); /* not the last of all: the subnet is large enough */
	r->gateway = r->start;
	r->end = inet_prefix_last(&r->subnet);
	if (r->subnet.family == AF_INET)
		(void)inet_addr_step(&r->end, -1); /* the same */
	if (take_addr(range, "gateway", r->subnet.family, &r->gateway, e) < 0 ||
	    take_addr(range, "rangeStart", r->subnet.family, &r->start, e) < 0 ||
	    take_addr(range, "rangeEnd", r->subnet.family, &r->end, e) < 0 ||
	    take_excluded(range, p, e) < 0)
		return -1;
	if (!inet_prefix_contains(&r->subnet, &r->start) ||
	    !inet_prefix_contains(&r->subnet, &r->end))
		return err_set(e, CNI_ECONFIG, 0, "the range from %s to %s lies outside of %s",
			       inet_addr_text(&r->start, a), inet_addr_text(&r->end, b),
			       json_string_value(json_object_get(range, "subnet")));
	if (inet_addr_cmp(&r->start, &r->end) > 0)
		return err_set(e, CNI_ECONFIG, 0, "the range is empty: %s is behind %s",
			       inet_addr_text(&r->start, a), inet_addr_text(&r->end, b));
	if (!ranges_walk(p, p->n_ranges, &r->start, &r->end, anything, NULL, &some, e))
		return err_set(
			e, CNI_ECONFIG, 0,
			"the range is empty: nothing from %s to %s but the gateway and what is excluded",
			inet_addr_text(&r->start, a), inet_addr_text(&r->end, b));
	for (size_t i = 0; i < p->n_ranges; i++) {
		const struct range *o = &p->range[i];

		if (o->set == p->n_sets && o->subnet.family != r->subnet.family)
			return err_set(e, CNI_ECONFIG, 0,
				       "the range has another family than the others of its set");
		if (ranges_contains(o, &r->start) || ranges_contains(o, &r->end) ||
		    ranges_contains(r, &o->start))
			return err_set(e, CNI_ECONFIG, 0, "the range overlaps with %s to %s",
				       inet_addr_text(&o->start, a), inet_addr_text(&o->end, b));
	}
	r->set = p->n_sets;
	p->want[r->set].family = 0;
	p->n_ranges++;
	return 0;
}

static int take_sets(const json_t *sets, const char *what, struct ranges *p, struct err *e)
{
	const json_t *set, *range;
	size_t i, k;

	if (sets && !json_is_null(sets) && !json_is_array(sets))
		return err_set(e, CNI_ECONFIG, 0, "%s is not an array", what);
	json_array_foreach(sets, i, set) {
		if (!json_array_size(set))
			return err_set(e, CNI_ECONFIG, 0, "%s[%zu] is not an array of ranges", what,
				       i);
		json_array_foreach(set, k, range)
			if (take_range(range, p, e) < 0)
				return err_ctx(e, "%s[%zu][%zu]", what, i, k);
		p->n_sets++;
	}
	return 0;
}

static int take_asked(const struct asked *asked, struct ranges *p, struct err *e)
{
	char text[INET_PREFIX_TEXT];

	for (size_t i = 0; i < asked->n; i++) {
		const struct inet_prefix *addr = &asked->ip[i].addr;
		const char *by = asked_names[asked->ip[i].by];
		int range = ranges_find(p, addr);
		struct inet_prefix *want;

		(void)inet_addr_text(addr, text);
		if (range < 0)
			return err_set(e, CNI_ECONFIG, 0, "%s: %s is in no range of this network",
				       by, text);
		if (!inet_addr_cmp(addr, &p->range[range].gateway))
			return err_set(e, CNI_ECONFIG, 0, "%s: %s is the gateway", by, text);
		if (ranges_excluded(p, (size_t)range, addr))
			return err_set(e, CNI_ECONFIG, 0, "%s: %s is excluded", by, text);
		want = &p->want[p->range[range].set];
		if (want->family && inet_addr_cmp(want, addr))
			return err_set(
				e, CNI_ECONFIG, 0,
				"%s: %s is of the same range set as another that is asked for", by,
				text);
		*want = *addr;
		want->prefixlen = p->range[range].subnet.prefixlen;
	}
	return 0;
}

int ranges_read(const json_t *ipam, const json_t *runtime, const struct asked *asked,
		struct ranges *ret, struct err *e)
{
	const json_t *subnet = json_object_get(ipam, "subnet");
	struct ranges *p = ret;

	p->n_sets = p->n_ranges = p->n_excluded = 0;
	if (take_sets(runtime, "runtimeConfig.ipRanges", p, e) < 0)
		return -1;
	if (subnet && !json_is_null(subnet)) {
		if (take_range(ipam, p, e) < 0)
			return err_ctx(e, "ipam");
		p->n_sets++;
	}
	if (take_sets(json_object_get(ipam, "ranges"), "ipam: ranges", p, e) < 0)
		return -1;
	if (!p->n_sets)
		return 0;
	return take_asked(asked, p, e) < 0 ? -1 : 1;
}
