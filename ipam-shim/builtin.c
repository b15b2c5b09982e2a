/* SPDX-License-Identifier: Apache-2.0 */
/* builtin.c - addresses that are given without another process */
#include "builtin.h"

#include <errno.h>

#include "mem.h"
#include "resolv.h"
#include "store.h"

static json_t *make_result(const struct section *c, json_t *ips, struct err *e)
{
	json_auto_t *resolv =
		c->resolv_conf && *c->resolv_conf ? resolv_read(c->resolv_conf, e) : json_object();
	json_t *result;

	if (!resolv)
		return NULL;
	result = json_pack("{s:s, s:[], s:O, s:o, s:o}", "cniVersion", cni_version_name(CNI_NEWEST),
			   "interfaces", "ips", ips, "routes",
			   c->routes ? json_incref(c->routes) : json_array(), "dns",
			   cni_dns_merge(c->dns, resolv));
	if (!result)
		err_set(e, CNI_EIO, ENOMEM, "cannot write the result");
	return result;
}

static void close_store(const struct store *s)
{
	store_close(s);
}

static int open_store(const struct shim *s, const struct section *c, bool create, struct store *ret,
		      struct err *e)
{
	return store_open(ret, c->data_dir,
			  json_string_value(json_object_get(s->conf, "name")) ?: "", s->args,
			  create, e);
}

static int add(const struct shim *s, struct section *c, json_t **ret, struct err *e)
{
	_cleanup_(close_store) struct store store = STORE_INIT;
	json_auto_t *none = json_array(), *ips = NULL;
	json_t *result;

	/* what is missing is told before an address is taken */
	result = make_result(c, none, e);
	if (!result)
		return -1;
	if (c->ranges)
		ips = open_store(s, c, true, &store, e) < 0 ? NULL
							    : ranges_give(c->ranges, &store, e);
	else
		ips = json_incref(c->ips);
	if (!ips) {
		json_decref(result);
		return -1;
	}
	json_object_set(result, "ips", ips);
	*ret = result;
	return 0;
}

static int check(const struct shim *s, const struct section *c, struct err *e)
{
	_cleanup_(close_store) struct store store = STORE_INIT;
	const json_t *got = json_object_get(s->result, "ips"), *want, *ip;
	int opened = c->ranges ? open_store(s, c, false, &store, e) : 0;
	size_t i, k;

	if (opened)
		return opened < 0 ? -1 : ranges_check(c->ranges, &store, got, e);
	if (c->ranges)
		return err_set(
			e, CNI_ECHECK, 0,
			"interface %s of container %s has no address: nothing is given in this "
			"network, there is no folder for it in %s",
			s->args->ifname, s->args->container_id, c->data_dir);
	json_array_foreach(c->ips, i, want) {
		const char *address = json_string_value(json_object_get(want, "address"));
		bool found = !s->result;

		json_array_foreach(got, k, ip)
			found = found || json_equal(json_object_get(ip, "address"),
						    json_object_get(want, "address"));
		if (!found)
			return err_set(e, CNI_ECHECK, 0, "address %s is not in prevResult",
				       address);
	}
	return 0;
}

/*
 * Goes by what is on disk, and by as little of the configuration as can be: an address must not
 * stay because somebody has spoiled a key meanwhile.
 */
static int del(const struct shim *s, const struct section *c, struct err *e)
{
	_cleanup_(close_store) struct store store = STORE_INIT;
	int found = open_store(s, c, false, &store, e);

	return found <= 0 ? found : store_release(&store, json_object_get(s->result, "ips"), e);
}

static int gc(const struct shim *s, const struct section *c, struct err *e)
{
	_cleanup_(close_store) struct store store = STORE_INIT;
	const json_t *valid = json_object_get(s->conf, "cni.dev/valid-attachments")
				      ?: json_object_get(s->conf, "cni.dev/attachments");
	int found;

	if (!valid)
		return 0; /* nothing is known to be invalid; null is an empty list, as Go writes it
			   */
	if (!json_is_array(valid) && !json_is_null(valid))
		return err_set(e, CNI_ECONFIG, 0, "\"cni.dev/valid-attachments\" is not an array");
	found = open_store(s, c, false, &store, e);
	return found <= 0 ? found : store_collect(&store, valid, s->since, e);
}

static int status(const struct shim *s, const struct section *c, struct err *e)
{
	_cleanup_(close_store) struct store store = STORE_INIT;
	int found = c->ranges ? open_store(s, c, false, &store, e) : 0;

	return found <= 0 ? found : ranges_status(c->ranges, &store, e);
}

int builtin_refuse(const struct shim *s, struct section *c, struct err *e)
{
	json_auto_t *none = json_array(), *result = NULL;

	if (section_read_addresses(s, CNI_ADD, c, e) < 0)
		return -1;
	result = make_result(c, none, e);
	return result ? 0 : -1;
}

int builtin_run(const struct shim *s, enum cni_command command, struct section *c, json_t **ret,
		struct err *e)
{
	if (command == CNI_DEL)
		return del(s, c, e);
	if (command == CNI_GC)
		return gc(s, c, e);
	if (section_read_addresses(s, command, c, e) < 0)
		return -1;
	return command == CNI_STATUS  ? status(s, c, e)
	       : command == CNI_CHECK ? check(s, c, e)
				      : add(s, c, ret, e);
}
