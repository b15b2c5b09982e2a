/* SPDX-License-Identifier: Apache-2.0 */
/* asked.c - the addresses that somebody asked for, beside the configuration of the network */
#include "asked.h"

#include <errno.h>
#include <string.h>

#include "mem.h"

const char *const asked_names[ASKED_BY] = {
	[ASKED_ARGS] = "CNI_ARGS: IP",
	[ASKED_CONF] = "args.cni.ips",
	[ASKED_RUNTIME] = "runtimeConfig.ips",
};

static int too_many(struct err *e)
{
	return err_set(e, CNI_ECONFIG, 0, "more than %d addresses are asked for", ASKED_MAX);
}

static int add_ip(struct asked *a, enum asked_by by, const char *text, struct err *e)
{
	struct inet_prefix p;
	bool has_len = strchr(text, '/');

	if ((has_len ? inet_prefix_parse(text, &p) : inet_addr_parse(text, &p)) < 0)
		return err_set(e, by == ASKED_ARGS ? CNI_EENV : CNI_ECONFIG, 0,
			       "%s: \"%.64s\" is not an IP address", asked_names[by], text);
	if (a->n == ASKED_MAX)
		return too_many(e);
	a->ip[a->n].by = by;
	a->ip[a->n].addr = p;
	a->ip[a->n].has_len = has_len;
	a->n++;
	return 0;
}

static int add_gateway(struct asked *a, enum asked_by by, const char *text, struct err *e)
{
	(void)by; /* there is one source only */
	if (a->n_gateways == ASKED_MAX)
		return too_many(e);
	if (inet_addr_parse(text, &a->gateway[a->n_gateways]) < 0)
		return err_set(e, CNI_EENV, 0, "CNI_ARGS: GATEWAY: \"%.64s\" is not an IP address",
			       text);
	a->n_gateways++;
	return 0;
}

/* A list with commas. */
static int read_args(const struct cni_args *args, const char *key,
		     int (*add)(struct asked *a, enum asked_by by, const char *text, struct err *e),
		     struct asked *a, struct err *e)
{
	size_t size = strlen(args->args) + 1;
	_cleanup_free_ char *text = malloc(size);
	char *save = NULL;
	int found;

	if (!text)
		return err_set(e, CNI_EIO, ENOMEM, "cannot read CNI_ARGS");
	found = cni_args_get(args->args, key, text, size, e);
	if (found <= 0)
		return found;
	for (char *s = strtok_r(text, ", ", &save); s; s = strtok_r(NULL, ", ", &save))
		if (add(a, ASKED_ARGS, s, e) < 0)
			return -1;
	return 0;
}

static int read_list(const json_t *list, enum asked_by by, struct asked *a, struct err *e)
{
	const json_t *item;
	size_t i;

	if (list && !json_is_null(list) && !json_is_array(list))
		return err_set(e, CNI_ECONFIG, 0, "%s is not an array", asked_names[by]);
	json_array_foreach(list, i, item)
		if (add_ip(a, by, json_string_value(item) ?: "", e) < 0)
			return -1;
	return 0;
}

int asked_read(const struct cni_args *args, const json_t *conf, struct asked *ret, struct err *e)
{
	const json_t *cni = json_object_get(json_object_get(conf, "args"), "cni");
	const json_t *runtime = json_object_get(conf, "runtimeConfig");

	ret->n = ret->n_gateways = 0;
	if (read_args(args, "IP", add_ip, ret, e) < 0 ||
	    read_args(args, "GATEWAY", add_gateway, ret, e) < 0 ||
	    read_list(json_object_get(cni, "ips"), ASKED_CONF, ret, e) < 0)
		return -1;
	return read_list(json_object_get(runtime, "ips"), ASKED_RUNTIME, ret, e);
}
