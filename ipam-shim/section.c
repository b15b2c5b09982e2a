/* SPDX-License-Identifier: Apache-2.0 */
/* section.c - an ipam section of type "ipam-shim", and what else a runtime says about addresses */
#include "section.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "mem.h"
#include "static.h"

/* Tables are read by their columns. */
/* clang-format off */
#define STRING(key, member)       {key, JT_STRING, offsetof(struct section, member), 0, 0, NULL}
#define OBJECT(key, member)       {key, JT_OBJECT, offsetof(struct section, member), 0, 0, NULL}
#define ARRAY(key, member)        {key, JT_ARRAY, offsetof(struct section, member), 0, 0, NULL}
#define UINT(key, member, lo, hi) {key, JT_UINT, offsetof(struct section, member), lo, hi, NULL}
#define OTHERS(key)               {key, JT_ANY, 0, 0, 0, NULL}

/* The keys. ipam-shim(8) describes each; a test compares both. */
const struct jfield section_fields[] = {
	OTHERS("type"),
	OTHERS("subnet"), /* this and the next are those of a range: ranges.c */
	OTHERS("rangeStart"),
	OTHERS("rangeEnd"),
	OTHERS("gateway"),
	OTHERS("exclude"),
	OTHERS("ranges"),
	STRING("dataDir",    data_dir),
	STRING("resolvConf", resolv_conf),
	ARRAY ("addresses",  addresses),
	ARRAY ("routes",     routes),
	OBJECT("dns",        dns),
	OBJECT("delegate",   delegate),
	UINT  ("timeout",    timeout,      1, 600),
	JT_END,
};
/* clang-format on */

void section_clear(const struct section *c)
{
	free(c->ranges);
	json_decref(c->ips);
}

int section_read_keys(const struct shim *s, enum cni_command command, struct section *c,
		      struct err *e)
{
	const json_t *ipam = json_object_get(s->conf, "ipam");
	const char *name = json_string_value(json_object_get(s->conf, "name"));
	bool lenient = command == CNI_DEL || command == CNI_GC;
	struct err why;

	if (!cni_network_name_valid(name ?: ""))
		return err_set(e, CNI_ECONFIG, 0, "\"name\": \"%.64s\" cannot name a network",
			       name ?: "");
	if ((jtable_read(ipam, section_fields, c, &why) < 0 ||
	     jtable_check_case(ipam, section_fields, &why) < 0) &&
	    !lenient) {
		*e = why;
		return err_ctx(e, "ipam");
	}
	if (!c->data_dir || !*c->data_dir)
		c->data_dir = STORE_FOLDER;
	if (*c->data_dir != '/')
		return err_set(e, CNI_ECONFIG, 0,
			       "ipam: \"dataDir\": \"%.256s\" is no absolute path", c->data_dir);
	return 0;
}

/* What the kernel would refuse, or misread, when the route is set. */
static int check_route(const json_t *route, struct err *e)
{
	static const char *const numbers[] = {"mtu", "advmss", "priority", "table", "scope"};
	const char *dst = json_string_value(json_object_get(route, "dst"));
	const json_t *gw = json_object_get(route, "gw");
	struct inet_prefix to, by;

	if (!dst || inet_prefix_parse(dst, &to) < 0)
		return err_set(e, CNI_ECONFIG, 0, "ipam: routes: \"%.64s\" is no destination",
			       dst ?: "");
	if (gw && !json_is_null(gw) && *(json_string_value(gw) ?: ".") &&
	    (inet_addr_parse(json_string_value(gw) ?: "", &by) < 0 || by.family != to.family))
		return err_set(e, CNI_ECONFIG, 0,
			       "ipam: routes: %s: \"gw\" is no address of its family", dst);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		const json_t *n = json_object_get(route, numbers[i]);
		json_int_t most = i + 1 < ARRAY_SIZE(numbers) ? UINT32_MAX : 255;

		if (n && !json_is_null(n) &&
		    (!json_is_integer(n) || json_integer_value(n) < 0 ||
		     json_integer_value(n) > most))
			return err_set(e, CNI_ECONFIG, 0,
				       "ipam: routes: %s: \"%s\" is no number from 0 to %lld", dst,
				       numbers[i], (long long)most);
	}
	return 0;
}

/* CNI 0.1.0 and 0.2.0 have one address of each family. */
static int check_families(const struct section *c, enum cni_version v, struct err *e)
{
	unsigned n4 = 0, n6 = 0;
	const json_t *ip;
	size_t i;

	for (size_t k = 0; c->ranges && k < c->ranges->n_ranges; k++) {
		const struct range *r = &c->ranges->range[k];

		if (!k || r->set != r[-1].set)
			*(r->subnet.family == AF_INET ? &n4 : &n6) += 1;
	}
	json_array_foreach(c->ips, i, ip)
		*(strchr(json_string_value(json_object_get(ip, "address")), ':') ? &n6 : &n4) += 1;
	if (v > CNI_0_2_0 || (n4 <= 1 && n6 <= 1))
		return 0;
	return err_set(
		e, CNI_EVERSION, 0,
		"ipam: CNI %s cannot express a second address of one family; use cniVersion 0.3.0 or "
		"newer",
		cni_version_name(v));
}

int section_read_addresses(const struct shim *s, enum cni_command command, struct section *c,
			   struct err *e)
{
	const char *version = json_string_value(json_object_get(s->conf, "cniVersion"));
	const json_t *ipam = json_object_get(s->conf, "ipam"), *route;
	const json_t *runtime =
		json_object_get(json_object_get(s->conf, "runtimeConfig"), "ipRanges");
	struct asked asked;
	enum cni_version v;
	int found;
	size_t i;

	if (cni_version_parse(version, &v, e) < 0)
		return -1;
	json_array_foreach(c->routes, i, route)
		if (check_route(route, e) < 0)
			return -1;
	if (asked_read(s->args, s->conf, &asked, e) < 0)
		return -1;
	c->ranges = malloc(sizeof(*c->ranges)); /* large, and little of it is touched */
	if (!c->ranges)
		return err_set(e, CNI_EIO, ENOMEM, "cannot read the ranges");
	found = ranges_read(ipam, runtime, &asked, c->ranges, e);
	if (found < 0)
		return -1;
	if (!found) {
		free(c->ranges);
		c->ranges = NULL;
	}
	if (c->ranges && json_array_size(c->addresses))
		return err_set(
			e, CNI_ECONFIG, 0,
			"ipam: \"addresses\" and ranges exclude each other: ask for an address of a range "
			"by args.cni.ips, or remove one of them");
	/* for STATUS there is no runtime that could give some */
	if (!c->ranges && (command != CNI_STATUS || json_array_size(c->addresses))) {
		c->ips = static_ips(c->addresses, &asked, e);
		if (!c->ips)
			return -1;
	}
	return check_families(c, v, e);
}
