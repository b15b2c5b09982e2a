/* SPDX-License-Identifier: Apache-2.0 */
/* shim_fuzz.c - any bytes as a network configuration whose addresses this program gives itself */
#include <assert.h>

#include "ranges.h"
#include "section.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What can be read has addresses to give, all within their range. */
static void look_through(const struct section *c)
{
	const struct ranges *p = c->ranges;

	assert(p ? p->n_sets > 0 && p->n_ranges >= p->n_sets && !c->ips
		 : json_array_size(c->ips) > 0);
	for (size_t i = 0; p && i < p->n_ranges; i++) {
		const struct range *r = &p->range[i];

		assert(r->set < p->n_sets && inet_addr_cmp(&r->start, &r->end) <= 0);
		assert(inet_prefix_contains(&r->subnet, &r->start) &&
		       inet_prefix_contains(&r->subnet, &r->end));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cni_args args = {
		.command = CNI_ADD, .container_id = "c1", .ifname = "net1", .args = "", .path = ""};
	struct err e = {0};
	json_auto_t *conf = jtable_parse((const char *)data, size, "the configuration", &e);
	struct cni_args with = args;
	const char *cni_args = json_string_value(json_object_get(conf, "CNI_ARGS"));
	const struct shim s = {.type = SHIM_TYPE, .args = &with, .conf = conf};
	struct section c = {0};

	if (!conf)
		return 0;
	if (cni_args) /* a key of this fuzzer's own */
		with.args = cni_args;
	if (shim_refuse(&s, &e) < 0) {
		assert(e.code > 0 && *e.msg);
		return 0;
	}
	assert(!e.code);
	if (!section_read_keys(&s, CNI_ADD, &c, &e) && !c.delegate &&
	    !section_read_addresses(&s, CNI_ADD, &c, &e))
		look_through(&c);
	section_clear(&c);
	return 0;
}
