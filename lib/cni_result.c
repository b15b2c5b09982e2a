/* SPDX-License-Identifier: Apache-2.0 */
/* cni_result.c - results of every CNI version, into the newest shape and out of it */
#include <string.h>

#include "cni.h"
#include "mem.h"

/* Where the shape of a result changed. */
static bool has_ip4_ip6(enum cni_version v)
{
	return v <= CNI_0_2_0; /* {"ip4": {"ip", "gateway", "routes"}, "ip6": {...}, "dns"} */
}

static bool has_ip_version(enum cni_version v)
{
	return v >= CNI_0_3_0 && v <= CNI_0_4_0; /* ips[] carry "version": "4" or "6" */
}

static bool is_v6(const json_t *ip)
{
	const char *address = json_string_value(json_object_get(ip, "address"));

	return address && strchr(address, ':');
}

/* Whether list is absent, or an array of objects that all have a text `member`. */
static int check_list(const json_t *list, const char *key, const char *member, const char *what,
		      struct err *e)
{
	json_t *item;
	size_t i;

	if (list && !json_is_null(list) && !json_is_array(list))
		return err_set(e, CNI_EDECODE, 0, "%s: \"%s\" is not an array", what, key);
	json_array_foreach(list, i, item)
		if (!json_is_string(json_object_get(item, member)))
			return err_set(e, CNI_EDECODE, 0, "%s: %s[%zu] has no \"%s\"", what, key, i,
				       member);
	return 0;
}

/* "ip4" or "ip6" of the oldest shape, into "ips" and "routes" of the newest. */
static int take_old_ip(const json_t *result, const char *key, json_t *ips, json_t *routes,
		       const char *what, struct err *e)
{
	json_t *old = json_object_get(result, key), *list = json_object_get(old, "routes"), *ip;
	json_t *address = json_object_get(old, "ip"), *gateway = json_object_get(old, "gateway");

	if (!old || json_is_null(old))
		return 0;
	if (!json_is_string(address))
		return err_set(e, CNI_EDECODE, 0, "%s: \"%s\" has no \"ip\"", what, key);
	if (check_list(list, "routes", "dst", what, e) < 0)
		return -1;

	ip = json_pack("{s:O}", "address", address);
	if (gateway && !json_is_null(gateway))
		json_object_set(ip, "gateway", gateway);
	json_array_append_new(ips, ip);
	if (list)
		json_array_extend(routes, list);
	return 0;
}

json_t *cni_result_in(const json_t *result, const char *what, struct err *e)
{
	const json_t *dns = json_object_get(result, "dns");
	const json_t *version = json_object_get(result, "cniVersion");
	json_auto_t *ips = NULL, *routes = NULL, *interfaces = NULL;
	json_t *item, *out;
	enum cni_version v;
	const char *text;
	size_t i;

	if (!json_is_object(result)) {
		err_set(e, CNI_EDECODE, 0, "%s is not a JSON object", what);
		return NULL;
	}
	if (version && !json_is_string(version)) {
		err_set(e, CNI_EVERSION, 0, "%s: \"cniVersion\" is not a string", what);
		return NULL;
	}
	/* who leaves it out answers in the shape of the configuration's, which shows */
	text = json_string_value(version);
	if ((!text || !*text) && !json_object_get(result, "ip4") && !json_object_get(result, "ip6"))
		v = CNI_0_3_0;
	else if (cni_version_parse(text && *text ? text : NULL, &v, e) < 0) {
		err_ctx(e, "%s", what);
		return NULL;
	}

	interfaces = json_array();
	ips = json_array();
	routes = json_array();
	if (has_ip4_ip6(v)) {
		if (take_old_ip(result, "ip4", ips, routes, what, e) < 0 ||
		    take_old_ip(result, "ip6", ips, routes, what, e) < 0)
			return NULL;
	} else {
		if (check_list(json_object_get(result, "interfaces"), "interfaces", "name", what,
			       e) < 0 ||
		    check_list(json_object_get(result, "ips"), "ips", "address", what, e) < 0 ||
		    check_list(json_object_get(result, "routes"), "routes", "dst", what, e) < 0)
			return NULL;
		if (json_is_array(json_object_get(result, "interfaces")))
			json_array_extend(interfaces, json_object_get(result, "interfaces"));
		json_array_foreach(json_object_get(result, "ips"), i, item) {
			json_t *ip = json_copy(item);

			json_object_del(ip, "version");
			json_array_append_new(ips, ip);
		}
		if (json_is_array(json_object_get(result, "routes")))
			json_array_extend(routes, json_object_get(result, "routes"));
	}

	out = json_pack("{s:s, s:O, s:O, s:O}", "cniVersion", cni_version_name(CNI_NEWEST),
			"interfaces", interfaces, "ips", ips, "routes", routes);
	json_object_set_new(out, "dns", json_is_object(dns) ? json_deep_copy(dns) : json_object());
	return out;
}

/* Copies of the objects of a list without the members named in drop. */
static json_t *without(const json_t *list, const char *const *drop)
{
	json_t *out = json_array(), *item;
	size_t i;

	json_array_foreach(list, i, item) {
		json_t *copy = json_copy(item);

		for (const char *const *d = drop; *d; d++)
			json_object_del(copy, *d);
		json_array_append_new(out, copy);
	}
	return out;
}

static json_t *out_oldest(const json_t *result, enum cni_version v, struct err *e)
{
	json_t *out = json_pack("{s:s}", "cniVersion", cni_version_name(v)), *item;
	size_t i;

	json_array_foreach(json_object_get(result, "ips"), i, item) {
		const char *key = is_v6(item) ? "ip6" : "ip4";
		json_t *gateway = json_object_get(item, "gateway"), *old;

		if (json_object_get(out, key)) {
			json_decref(out);
			err_set(e, CNI_EVERSION, 0,
				"CNI %s cannot express a second address of one family; use cniVersion 0.3.0 or "
				"newer",
				cni_version_name(v));
			return NULL;
		}
		old = json_pack("{s:O}", "ip", json_object_get(item, "address"));
		if (gateway)
			json_object_set(old, "gateway", gateway);
		json_object_set_new(out, key, old);
	}

	json_array_foreach(json_object_get(result, "routes"), i, item) {
		const char *dst = json_string_value(json_object_get(item, "dst"));
		json_t *old = json_object_get(out, dst && strchr(dst, ':') ? "ip6" : "ip4");
		json_t *gw = json_object_get(item, "gw"), *route;

		if (!old)
			continue; /* a route belongs to an address there, and there is none of this
				     family */
		if (!json_object_get(old, "routes"))
			json_object_set_new(old, "routes", json_array());
		route = json_pack("{s:s}", "dst", dst);
		if (gw)
			json_object_set(route, "gw", gw);
		json_array_append_new(json_object_get(old, "routes"), route);
	}
	json_object_set(out, "dns", json_object_get(result, "dns"));
	return out;
}

json_t *cni_result_out(const json_t *result, enum cni_version v, struct err *e)
{
	static const char *const new_in_interface[] = {"mtu", "socketPath", "pciID", NULL};
	static const char *const new_in_route[] = {"mtu",   "advmss", "priority",
						   "table", "scope",  NULL};
	static const char *const nothing[] = {NULL};
	bool newest = v >= CNI_1_1_0;
	json_t *out, *item;
	size_t i;

	if (has_ip4_ip6(v))
		return out_oldest(result, v, e);

	out = json_pack(
		"{s:s, s:o, s:o, s:o, s:O}", "cniVersion", cni_version_name(v), "interfaces",
		without(json_object_get(result, "interfaces"), newest ? nothing : new_in_interface),
		"ips", without(json_object_get(result, "ips"), nothing), "routes",
		without(json_object_get(result, "routes"), newest ? nothing : new_in_route), "dns",
		json_object_get(result, "dns"));
	if (has_ip_version(v))
		json_array_foreach(json_object_get(out, "ips"), i, item)
			json_object_set_new(item, "version", json_string(is_v6(item) ? "6" : "4"));
	return out;
}

json_t *cni_result_chain(const json_t *prev, json_t *own)
{
	size_t shift = json_array_size(json_object_get(prev, "interfaces")), i;
	json_t *out, *ip;

	if (!prev)
		return json_incref(own);
	out = json_deep_copy(prev);
	json_array_extend(json_object_get(out, "interfaces"), json_object_get(own, "interfaces"));
	json_array_extend(json_object_get(out, "routes"), json_object_get(own, "routes"));
	json_array_foreach(json_object_get(own, "ips"), i, ip) {
		json_int_t interface = json_integer_value(json_object_get(ip, "interface"));

		ip = json_copy(ip);
		json_object_set_new(ip, "interface", json_integer(interface + (json_int_t)shift));
		json_array_append_new(json_object_get(out, "ips"), ip);
	}
	json_object_set_new(
		out, "dns",
		cni_dns_merge(json_object_get(own, "dns"), json_object_get(prev, "dns")));
	return out;
}

json_t *cni_result_interface(const json_t *result, const char *ifname)
{
	json_t *itf;
	size_t i;

	json_array_foreach(json_object_get(result, "interfaces"), i, itf) {
		const char *name = json_string_value(json_object_get(itf, "name"));
		const char *sandbox = json_string_value(json_object_get(itf, "sandbox"));

		if (name && sandbox && *sandbox && !strcmp(name, ifname))
			return itf;
	}
	return NULL;
}

json_t *cni_dns_merge(json_t *over, json_t *under)
{
	json_t *out = json_is_object(under) ? json_copy(under) : json_object();
	const char *key;
	json_t *v;

	json_object_foreach(over, key, v)
		json_object_set(out, key, v);
	return out;
}
