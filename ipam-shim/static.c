/* SPDX-License-Identifier: Apache-2.0 */
/* static.c - addresses that stand in the configuration, or that the runtime gives */
#include "static.h"

#include "mem.h"

static int add_configured(json_t *ips, const json_t *item, struct err *e)
{
	const char *address = json_string_value(json_object_get(item, "address"));
	const json_t *gateway = json_object_get(item, "gateway");
	char text[INET_PREFIX_TEXT];
	struct inet_prefix p, gw;
	json_t *ip;

	if (!address || inet_prefix_parse(address, &p) < 0)
		return err_set(e, CNI_ECONFIG, 0,
			       "ipam: addresses: \"%.64s\" is not an address like \"10.1.2.3/24\"",
			       address ?: "");
	/* as every runtime writes it, so that CHECK finds it in prevResult */
	ip = json_pack("{s:s}", "address", inet_prefix_text(&p, text));
	json_array_append_new(ips, ip);
	if (!gateway || json_is_null(gateway) || !*(json_string_value(gateway) ?: "."))
		return 0;
	if (!json_is_string(gateway) || inet_addr_parse(json_string_value(gateway), &gw) < 0 ||
	    gw.family != p.family)
		return err_set(
			e, CNI_ECONFIG, 0,
			"ipam: addresses: the gateway \"%.64s\" of %s is no address of its family",
			json_string_value(gateway) ?: "", address);
	json_object_set_new(ip, "gateway", json_string(json_string_value(gateway)));
	return 0;
}

static int add_asked(json_t *ips, const struct asked *asked, enum asked_by by, struct err *e)
{
	char text[INET_PREFIX_TEXT];

	for (size_t i = 0; i < asked->n; i++) {
		if (asked->ip[i].by != by)
			continue;
		if (!asked->ip[i].has_len)
			return err_set(e, by == ASKED_ARGS ? CNI_EENV : CNI_ECONFIG, 0,
				       "%s: %s has no prefix length, like \"/24\"", asked_names[by],
				       inet_addr_text(&asked->ip[i].addr, text));
		json_array_append_new(ips, json_pack("{s:s}", "address",
						     inet_prefix_text(&asked->ip[i].addr, text)));
	}
	return 0;
}

/*
 * CNI_ARGS "GATEWAY=": each goes to the addresses of CNI_ARGS in whose network it lies, as with the
 * static plugin. These are the items of ips from `first` on.
 */
static void add_gateways(json_t *ips, size_t first, const struct asked *asked)
{
	char text[INET_PREFIX_TEXT];
	struct inet_prefix p;
	json_t *ip;
	size_t i;

	for (size_t g = 0; g < asked->n_gateways; g++)
		json_array_foreach(ips, i, ip)
			if (i >= first &&
			    !inet_prefix_parse(json_string_value(json_object_get(ip, "address")),
					       &p) &&
			    inet_prefix_contains(&p, &asked->gateway[g]))
				json_object_set_new(
					ip, "gateway",
					json_string(inet_addr_text(&asked->gateway[g], text)));
}

json_t *static_ips(const json_t *addresses, const struct asked *asked, struct err *e)
{
	json_auto_t *ips = json_array();
	const json_t *item;
	size_t i;

	json_array_foreach(addresses, i, item)
		if (add_configured(ips, item, e) < 0)
			return NULL;
	if (add_asked(ips, asked, ASKED_ARGS, e) < 0)
		return NULL;
	add_gateways(ips, json_array_size(addresses), asked);
	for (unsigned by = ASKED_CONF; by < ASKED_BY; by++) {
		json_auto_t *instead = json_array();

		if (add_asked(instead, asked, (enum asked_by)by, e) < 0)
			return NULL;
		if (json_array_size(instead)) {
			json_decref(ips);
			ips = TAKE_PTR(instead);
		}
	}
	if (!json_array_size(ips)) {
		err_set(e, CNI_ECONFIG, 0,
			"ipam: there is no address to give: \"subnet\", \"ranges\", \"addresses\" or "
			"\"delegate\" has to be there, or the runtime has to give one");
		return NULL;
	}
	return TAKE_PTR(ips);
}
