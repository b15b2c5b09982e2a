/* SPDX-License-Identifier: Apache-2.0 */
/* conf.c - the network configuration: the table of its keys */
#include "conf.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jtable.h"
#include "mem.h"
#include "shim.h"

static const char *const pf_link_words[] = {[PF_LINK_REQUIRE] = "require",
					    [PF_LINK_RAISE] = "raise",
					    [PF_LINK_IGNORE] = "ignore",
					    NULL};

static const char *const dad_words[] = {
	[DAD_OFF] = "off", [DAD_OPTIMISTIC] = "optimistic", [DAD_ON] = "on", NULL};

/* In place of a MAC; no MAC is as small as their index. */
enum { MAC_STABLE };
static const char *const mac_words[] = {[MAC_STABLE] = "stable", NULL};

/*
 * A driver that is bound, or whose VF was just made, has a netdev within a fraction of a second;
 * one whose module udev loads first, in a second or so.
 */
#define NETDEV_TIMEOUT_S 2

/* A configuration before its parts are looked at. */
struct raw {
	struct conf c;
	const char *type;
	json_t *ipam, *runtime, *prev_result;
};

/* Tables are read by their columns. */
/* clang-format off */
#define STRING(key, member)       {key, JT_STRING, offsetof(struct raw, member), 0, 0, NULL}
#define OBJECT(key, member)       {key, JT_OBJECT, offsetof(struct raw, member), 0, 0, NULL}
#define ARRAY(key, member)        {key, JT_ARRAY, offsetof(struct raw, member), 0, 0, NULL}
#define BOOL(key, member)         {key, JT_BOOL, offsetof(struct raw, member), 0, 0, NULL}
#define MAC(key, member, words)   {key, JT_MAC, offsetof(struct raw, member), 0, 0, words}
#define UINT(key, member, lo, hi) {key, JT_UINT, offsetof(struct raw, member), lo, hi, NULL}
#define WORD(key, member, words)  {key, JT_WORD, offsetof(struct raw, member), 0, 0, words}
#define OTHERS(key)               {key, JT_ANY, 0, 0, 0, NULL}

/* The keys of a network configuration. sriov-cni.conf(5) describes each; a test compares both. */
const struct jfield conf_fields[] = {
	/*     key              member                  limits             */
	STRING("cniVersion",    c.version_text),
	STRING("name",          c.name),
	STRING("type",          type),
	STRING("deviceID",      c.device_id),
	STRING("device",        c.netdev),
	MAC   ("hwaddr",        c.hwaddr,               NULL),
	STRING("master",        c.pool.master),
	UINT  ("vf",            c.pool.vf,              0, 65535),
	OBJECT("pool",          c.pool.selectors),
	BOOL  ("pfOnly",        c.pf_only),
	STRING("driver",        c.driver),
	MAC   ("mac",           c.vf.f[VF_MAC],         mac_words),
	UINT  ("vlan",          c.vf.f[VF_VLAN],        0, 4094),
	UINT  ("vlanQoS",       c.vf.f[VF_QOS],         0, 7),
	WORD  ("vlanProto",     c.vf.f[VF_PROTO],       vf_proto_words),
	WORD  ("spoofchk",      c.vf.f[VF_SPOOFCHK],    vf_switch_words),
	WORD  ("trust",         c.vf.f[VF_TRUST],       vf_switch_words),
	WORD  ("link_state",    c.vf.f[VF_LINK_STATE],  vf_link_state_words),
	UINT  ("min_tx_rate",   c.vf.f[VF_MIN_TX],      0, UINT32_MAX),
	UINT  ("max_tx_rate",   c.vf.f[VF_MAX_TX],      0, UINT32_MAX),
	WORD  ("rss_query",     c.vf.f[VF_RSS_QUERY],   vf_switch_words),
	UINT  ("mtu",           c.mtu,                  68, 65535),
	WORD  ("pfLink",        c.pf_link,              pf_link_words),
	UINT  ("netdevTimeout", c.netdev_timeout,       0, 60),
	BOOL  ("flr",           c.flr),
	OBJECT("ipam",          ipam),
	UINT  ("ipamTimeout",   c.ipam_timeout,         1, 600),
	WORD  ("dad",           c.dad,                  dad_words),
	BOOL  ("announce",      c.announce),
	OBJECT("dns",           c.dns),
	WORD  ("logLevel",      c.log_level,            log_levels),
	STRING("logFile",       c.log_file),
	BOOL  ("strict",        c.strict),
	OBJECT("runtimeConfig", runtime),
	OBJECT("prevResult",    prev_result),
	OTHERS("args"),
	OTHERS("capabilities"),
	OTHERS("pciBusID"), /* Multus: the same as deviceID */
	ARRAY ("cni.dev/valid-attachments", c.valid_attachments),
	ARRAY ("cni.dev/attachments",       c.valid_attachments), /* libcni 1.2 */
	JT_END,
};

/* What a runtime or a meta plugin adds under runtimeConfig. Its other keys are others' affair. */
const struct jfield conf_runtime_fields[] = {
	STRING("deviceID",      c.device_id),
	STRING("CNIDeviceInfoFile", c.device_info),
	MAC   ("mac",           c.vf.f[VF_MAC],         NULL),
	JT_END,
};

static const struct jfield ipam_fields[] = {
	STRING("type",          c.ipam_type),
	JT_END,
};
/* clang-format on */

void conf_clear(struct conf *c)
{
	json_decref(c->result);
	json_decref(c->doc);
	*c = (struct conf){0};
}

/* CNI_ARGS "MAC=" and "VF=", between the configuration and runtimeConfig in rank. */
static int read_args(const struct cni_args *args, struct conf *c, struct err *e)
{
	char text[64];
	uint64_t mac;
	int found = cni_args_get(args->args, "MAC", text, sizeof(text), e);

	if (found < 0)
		return -1;
	if (found && (mac_parse(text, &mac) < 0 || !mac || mac & 1ULL << 40))
		return err_set(e, CNI_EENV, 0, "CNI_ARGS: MAC=%s is not a unicast MAC address",
			       text);
	if (found)
		c->vf.f[VF_MAC] = (struct opt){true, mac};

	found = cni_args_get(args->args, "VF", text, sizeof(text), e);
	if (found < 0)
		return -1;
	if (found && (strspn(text, "0123456789") != strlen(text) || !*text || strlen(text) > 5))
		return err_set(e, CNI_EENV, 0, "CNI_ARGS: VF=%s is not the index of a VF", text);
	if (found)
		c->pool.vf = (struct opt){true, strtoul(text, NULL, 10)};
	return 0;
}

static int check_name(const struct raw *r, struct err *e)
{
	const char *name = r->c.name;

	if (!name || !*name)
		return err_set(e, CNI_ECONFIG, 0, "\"name\" is missing: every network has one");
	if (!r->type || !*r->type)
		return err_set(e, CNI_ECONFIG, 0, "\"type\" is missing: it names this plugin");
	if (!cni_network_name_valid(name))
		return err_set(e, CNI_ECONFIG, 0, "\"name\": \"%.64s\" cannot name a network",
			       name);
	return 0;
}

/* A device without a PF has nothing that a PF would keep for it, but its MAC. */
static int check_pf_only(const struct conf *c, struct err *e)
{
	const char *key = c->pool.selectors ? "pool"
			  : c->pool.vf.set  ? "vf"
			  : c->pf_link.set  ? "pfLink"
			  : c->driver       ? "driver"
			  : c->flr          ? "flr"
					    : NULL;

	for (enum vf_field f = VF_MAC + 1; f < VF_FIELDS && !key; f++)
		if (c->vf.f[f].set)
			key = vf_field_name(f);
	if (key)
		return err_set(
			e, CNI_ECONFIG, 0,
			"\"%s\" does not go with \"pfOnly\": there is no PF of this device to do it",
			key);
	return 0;
}

/* What the kinds of the rows cannot say, and what keys allow alone, but not together. */
static int check_together(const struct conf *c, struct err *e)
{
	const struct opt *f = c->vf.f;

	if (!f[VF_VLAN].v &&
	    ((f[VF_QOS].set && f[VF_QOS].v) || (f[VF_PROTO].set && f[VF_PROTO].v != VF_8021Q)))
		return err_set(e, CNI_ECONFIG, 0,
			       "\"%s\" needs a \"vlan\" from 1 to 4094 to go with",
			       f[VF_QOS].set && f[VF_QOS].v ? "vlanQoS" : "vlanProto");
	if (c->pf_only && check_pf_only(c, e) < 0)
		return -1;
	if (c->driver && !vfdev_is_driver_name(c->driver))
		return err_set(e, CNI_ECONFIG, 0, "\"driver\": \"%.64s\" is not a driver's name",
			       c->driver);
	if (c->device_info && (c->device_info[0] != '/' || strlen(c->device_info) >= PATH_MAX))
		return err_set(
			e, CNI_ECONFIG, 0,
			"runtimeConfig: \"CNIDeviceInfoFile\": \"%.64s\" is not an absolute path",
			c->device_info);
	if (f[VF_MIN_TX].set && f[VF_MAX_TX].set && f[VF_MAX_TX].v &&
	    f[VF_MIN_TX].v > f[VF_MAX_TX].v)
		return err_set(e, CNI_ECONFIG, 0, "min_tx_rate %llu is above max_tx_rate %llu",
			       (unsigned long long)f[VF_MIN_TX].v,
			       (unsigned long long)f[VF_MAX_TX].v);
	return 0;
}

/*
 * Something that DEL and GC do not need is wrong (why): an error for ADD and CHECK, while DEL gives
 * back what the record says in spite of it. Result: 0 for these.
 */
static int refuse(const struct cni_args *args, const struct err *why, struct err *e)
{
	if (args->command == CNI_DEL || args->command == CNI_GC) {
		log_line(LOG_WARNING,
			 "network configuration: %s; ignored, because %s goes by the record",
			 why->msg, cni_command_name(args->command));
		return 0;
	}
	*e = *why;
	return -1;
}

static int read_device_id(struct conf *c, struct err *e)
{
	const char *text = c->device_id;

	if (!text || !pciaddr_parse(text, &c->device))
		return 0;
	c->device_id = NULL;
	return err_set(e, CNI_ECONFIG, 0,
		       "\"deviceID\": \"%.64s\" is not a PCI address like 0000:3b:02.1", text);
}

/* Where another key says which VF nothing is picked, and what the selectors hold does not matter.
 */
static int read_pool(struct conf *c, struct err *e)
{
	if (c->device_id || c->netdev || c->hwaddr.set || c->pf_only)
		return 0;
	return pool_read(&c->pool, e) < 0 || pool_check(&c->pool, e) < 0 ? -1 : 0;
}

static int read_runtime(struct raw *r, struct err *e)
{
	return jtable_read(r->runtime, conf_runtime_fields, r, e) < 0 ? err_ctx(e, "runtimeConfig")
								      : 0;
}

static int read_parts(const struct cni_args *args, struct raw *r, struct err *e)
{
	struct conf *c = &r->c;
	struct err why = {0};

	if ((jtable_read(c->doc, conf_fields, r, &why) < 0 && refuse(args, &why, e) < 0) ||
	    (read_args(args, c, &why) < 0 && refuse(args, &why, e) < 0) ||
	    (r->runtime && read_runtime(r, &why) < 0 && refuse(args, &why, e) < 0) ||
	    (read_device_id(c, &why) < 0 && refuse(args, &why, e) < 0) ||
	    (read_pool(c, &why) < 0 && refuse(args, &why, e) < 0) ||
	    (check_together(c, &why) < 0 && refuse(args, &why, e) < 0))
		return -1;

	/* what DEL needs as well */
	if (cni_version_parse(c->version_text, &c->version, e) < 0 || check_name(r, e) < 0)
		return -1;
	if (r->ipam && jtable_read(r->ipam, ipam_fields, r, e) < 0)
		return err_ctx(e, "ipam");
	if (c->ipam_type && !*c->ipam_type)
		c->ipam_type = NULL; /* as existing configurations write "no addresses" */
	if (!c->ipam_type && json_object_size(r->ipam) > !!json_object_get(r->ipam, "type"))
		return err_set(e, CNI_ECONFIG, 0,
			       "ipam: \"type\" is missing: it names an IPAM plugin");
	return 0;
}

/*
 * As ip-link(8) and everybody else has it: a VLAN without more is one without priority, of the
 * usual protocol.
 */
static void complete_vlan(struct opt *f)
{
	if (f[VF_VLAN].set && !f[VF_QOS].set)
		f[VF_QOS] = (struct opt){true, 0};
	if (f[VF_VLAN].set && !f[VF_PROTO].set)
		f[VF_PROTO] = (struct opt){true, VF_8021Q};
}

/*
 * A MAC that is the same for a container's interface whenever, wherever and with whichever VF it is
 * attached: "ID:IFNAME" hashed (FNV-1a, 64 bits), folded to 48 bits, locally administered, unicast.
 */
static uint64_t stable_mac(const struct cni_args *args)
{
	const char *const parts[] = {args->container_id, ":", args->ifname};
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		for (const char *c = parts[i]; *c; c++)
			h = (h ^ (uint8_t)*c) * 0x100000001b3;
	h = (h ^ h >> 48) & 0xffffffffffff;
	return (h & ~(1ULL << 40)) | 1ULL << 41;
}

/* The list under a key; null is an empty one, as Go writes it. NULL: there is no list. */
static json_t *list_of(json_t *doc, const char *key)
{
	json_t *list;

	if (json_is_null(json_object_get(doc, key)))
		json_object_set_new(doc, key, json_array());
	list = json_object_get(doc, key);
	return json_is_array(list) ? list : NULL;
}

int conf_read(const char *text, size_t len, const struct cni_args *args, struct conf *ret,
	      struct err *e)
{
	struct raw r = {.c = {.text = text,
			      .len = len,
			      .netdev_timeout.v = NETDEV_TIMEOUT_S,
			      .announce = true}};
	struct err why = {0};

	ret->doc = r.c.doc = jtable_parse(text, len, "the network configuration", e);
	if (!r.c.doc)
		return -1;
	ret->version_text = json_string_value(json_object_get(r.c.doc, "cniVersion"));

	if (read_parts(args, &r, e) < 0)
		return -1;
	complete_vlan(r.c.vf.f);
	if (r.c.vf.f[VF_MAC].set && r.c.vf.f[VF_MAC].v == MAC_STABLE)
		r.c.vf.f[VF_MAC].v = stable_mac(args);
	if (r.c.log_file && !*r.c.log_file)
		r.c.log_file = NULL; /* as existing configurations write "standard error" */
	if (r.prev_result) {
		r.c.result = cni_result_in(r.prev_result, "prevResult", &why);
		if (!r.c.result && refuse(args, &why, e) < 0)
			return -1;
	}
	r.c.valid_attachments = list_of(r.c.doc, "cni.dev/valid-attachments")
					?: list_of(r.c.doc, "cni.dev/attachments");
	*ret = r.c;
	return 0;
}

struct unknown {
	char list[512];
	unsigned n;
};

static void note_unknown(const char *key, void *arg)
{
	struct unknown *u = arg;
	size_t len = strlen(u->list);

	(void)snprintf(u->list + len, sizeof(u->list) - len, "%s\"%.64s\"", u->n++ ? ", " : "",
		       key);
}

int conf_check_unknown(const struct conf *c, struct err *e)
{
	struct unknown u = {0};

	if (jtable_check_case(c->doc, conf_fields, e) < 0)
		return -1;
	jtable_unknown(c->doc, conf_fields, note_unknown, &u);
	/* those of other IPAM plugins are theirs to know */
	if (c->ipam_type && !strcmp(c->ipam_type, SHIM_TYPE))
		jtable_unknown(json_object_get(c->doc, "ipam"), section_fields, note_unknown, &u);
	if (u.n && c->strict)
		return err_set(e, CNI_EFIELD, 0,
			       "unknown %s %s; correct the spelling, or remove \"strict\"",
			       u.n > 1 ? "keys" : "key", u.list);
	if (u.n)
		log_line(LOG_WARNING,
			 "network %s: unknown %s %s ignored; \"strict\": true makes it an error",
			 c->name, u.n > 1 ? "keys" : "key", u.list);
	return 0;
}
