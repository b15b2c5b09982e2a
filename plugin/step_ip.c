/* SPDX-License-Identifier: Apache-2.0 */
/* step_ip.c - the pod's addresses: from IPAM, and onto the interface */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "mem.h"
#include "shim.h"
#include "steps.h"

/* DHCP is the slowest of them, with a server that answers late. */
#define IPAM_TIMEOUT_S 60

/*
 * text NULL: conf is not the one that came. Who is asked, this process or another, is decided by
 * type in shim_run().
 */
static struct shim shim_of(const struct attachment *a, const char *type, const json_t *conf,
			   const char *text, size_t len)
{
	return (struct shim){
		.type = type,
		.args = a->args,
		.env = a->env,
		.conf = conf,
		.text = text,
		.len = len,
		.since = a->since,
		.lock = a->lock,
		.result = a->rec.result
				  ?: a->conf ? a->conf->result
					     : NULL,
		.timeout_ms =
			1000 * (a->conf && a->conf->ipam_timeout.set ? (int)a->conf->ipam_timeout.v
								     : IPAM_TIMEOUT_S),
	};
}

/*
 * The configuration that goes to IPAM: as it came, or as it was recorded when its runtime is not
 * here or has forgotten it. What was given here is released where it was given, whatever has become
 * of the configuration.
 */
static int call_ipam(struct attachment *a, enum cni_command command, json_t **ret, struct err *e)
{
	const json_t *ipam = json_object_get(a->rec.config, "ipam");
	const char *recorded = json_string_value(json_object_get(ipam, "type"));
	bool given_here = recorded && !strcmp(recorded, SHIM_TYPE) &&
			  !json_object_get(ipam, "delegate") && command == CNI_DEL;
	struct shim s;

	if (a->conf && a->conf->ipam_type && !given_here)
		s = shim_of(a, a->conf->ipam_type, a->conf->doc, a->conf->text, a->conf->len);
	else if (recorded)
		s = shim_of(a, recorded, a->rec.config, NULL, 0);
	else
		return 0;
	return shim_run(&s, command, ret, e);
}

int ipam_refuse(const struct attachment *a, struct err *e)
{
	const struct shim s = shim_of(a, a->conf->ipam_type, a->conf->doc, NULL, 0);

	return shim_refuse(&s, e);
}

/*
 * rec.config is the debt: there is an IPAM plugin that has, or may have, given addresses to this
 * attachment.
 */
int ipam_revert(struct attachment *a, struct err *e)
{
	const json_t *then = json_object_get(a->rec.config, "ipam"),
		     *now = a->conf ? json_object_get(a->conf->doc, "ipam") : NULL;
	const char *type = json_string_value(json_object_get(then, "type"));
	struct err missing = {0};
	struct shim s;

	if (!a->rec.config)
		return 0;
	/* what was given by a section that is another by now, the new one may not find */
	if (type && now && !json_equal((json_t *)(uintptr_t)then, (json_t *)(uintptr_t)now)) {
		s = shim_of(a, type, a->rec.config, NULL, 0);
		if (shim_find(&s, &missing) < 0)
			log_line(LOG_WARNING, "%s; what it gave is not released", missing.msg);
		else if (shim_run(&s, CNI_DEL, NULL, e) < 0)
			return -1;
	}
	return call_ipam(a, CNI_DEL, NULL, e);
}

int ipam_release_unrecorded(struct attachment *a, struct err *e)
{
	const struct shim s = shim_of(a, a->conf->ipam_type, a->conf->doc, NULL, 0);
	struct err missing = {0};

	/* ADD refuses such a network: a container that never got anything must not be stuck for it
	 */
	if (a->conf->ipam_type && shim_find(&s, &missing) < 0) {
		log_line(LOG_WARNING, "%s; no address is known that it would have to release",
			 missing.msg);
		return 0;
	}
	return call_ipam(a, CNI_DEL, NULL, e);
}

/* IPAM plugins look for their address in prevResult: a runtime that sends none gets the one of ADD.
 */
int ipam_check(struct attachment *a, struct err *e)
{
	json_auto_t *config = NULL;
	struct shim s;
	json_t *result;

	if (a->conf->result || !a->conf->ipam_type)
		return call_ipam(a, CNI_CHECK, NULL, e);
	result = cni_result_out(a->rec.result, a->conf->version, e);
	if (!result)
		return -1;
	config = json_copy(a->conf->doc);
	json_object_set_new(config, "prevResult", result);
	s = shim_of(a, a->conf->ipam_type, config, NULL, 0);
	return shim_run(&s, CNI_CHECK, NULL, e);
}

int ipam_pass_on(struct attachment *a, enum cni_command command, struct err *e)
{
	json_auto_t *answer = NULL;

	/* older plugins answer a command they do not know in any way; what they say of their
	 * versions is clear */
	if (!a->conf->ipam_type)
		return 0;
	if (call_ipam(a, CNI_VERSION, &answer, e) < 0)
		return -1;
	if (shim_speaks(answer, CNI_1_1_0))
		return call_ipam(a, command, NULL, e);
	log_line(LOG_INFO, "IPAM plugin %s has no %s", a->conf->ipam_type,
		 cni_command_name(command));
	return 0;
}

/* The attachments that are recorded for this network, into the list arg. */
struct keep {
	const struct attachment *a;
	json_t *list;
};

static int keep(const char *vf, void *arg, struct err *e)
{
	const struct keep *k = arg;
	struct record r = {0};
	struct err why = {0};
	int found = record_load_head(k->a->folder, vf, &r, &why);

	if (found < 0 && why.code != CNI_ESTATE) { /* a damaged one tells of nobody */
		*e = why;
		return -1;
	}
	if (found > 0 && !strcmp(r.network, k->a->conf->name))
		json_array_append_new(k->list, json_pack("{s:s, s:s}", "containerID",
							 r.container_id, "ifname", r.ifname));
	record_clear(&r);
	return 0;
}

int ipam_collect(struct attachment *a, struct err *e)
{
	json_auto_t *doc = json_copy(a->conf->doc);
	json_auto_t *valid = json_copy(a->conf->valid_attachments);
	struct keep k = {a, valid};
	struct conf conf = *a->conf;
	const struct conf *came = a->conf;
	int r;

	if (!a->conf->ipam_type)
		return 0;
	a->since = clock_stamp();
	if (record_each(a->folder, keep, &k, e) < 0)
		return -1;
	json_object_set(doc, "cni.dev/valid-attachments", valid);
	conf.doc = doc;
	conf.text = NULL;
	a->conf = &conf;
	r = ipam_pass_on(a, CNI_GC, e);
	a->conf = came;
	return r;
}

static int take_address(const json_t *ip, struct inet_prefix *ret, struct err *e)
{
	const char *text = json_string_value(json_object_get(ip, "address"));

	if (!text || inet_prefix_parse(text, ret) < 0)
		return err_set(e, CNI_EIPAM, 0, "\"%.64s\" is not an address with a prefix length",
			       text ?: "");
	return 0;
}

/*
 * The gateway of the first address of a family that has one: a route without "gw" goes there, as in
 * all CNI plugins.
 */
static const char *default_gateway(const json_t *result, int family)
{
	json_t *ip;
	size_t i;

	json_array_foreach(json_object_get(result, "ips"), i, ip) {
		const char *gw = json_string_value(json_object_get(ip, "gateway"));
		struct inet_prefix p;

		if (gw && !inet_addr_parse(gw, &p) && p.family == family)
			return gw;
	}
	return NULL;
}

static int take_route(const json_t *result, const json_t *route, struct rt_route *ret,
		      struct err *e)
{
	struct {
		const char *dst, *gw;
		struct opt mtu, advmss, priority, table, scope;
	} raw = {0};
#define AT(m) offsetof(__typeof__(raw), m)
	static const struct jfield rows[] = {
		{"dst", JT_STRING, AT(dst), 0, 0, NULL},
		{"gw", JT_STRING, AT(gw), 0, 0, NULL},
		{"mtu", JT_UINT, AT(mtu), 0, UINT32_MAX, NULL},
		{"advmss", JT_UINT, AT(advmss), 0, UINT32_MAX, NULL},
		{"priority", JT_UINT, AT(priority), 0, UINT32_MAX, NULL},
		{"table", JT_UINT, AT(table), 0, UINT32_MAX, NULL},
		{"scope", JT_UINT, AT(scope), 0, 255, NULL},
		JT_END,
	};
#undef AT
	struct rt_route r = {.scope = -1};

	if (jtable_read(route, rows, &raw, e) < 0)
		return -1;
	if (!raw.dst || inet_prefix_parse(raw.dst, &r.dst) < 0)
		return err_set(e, CNI_EIPAM, 0, "route to \"%.64s\": that is no destination",
			       raw.dst ?: "");
	if (raw.scope.set)
		r.scope = (int)raw.scope.v;
	if (raw.gw && !*raw.gw)
		raw.gw = NULL; /* as the other plugins read it */
	if (!raw.gw && r.scope < RT_SCOPE_LINK)
		raw.gw = default_gateway(result, r.dst.family);
	if (raw.gw && (inet_addr_parse(raw.gw, &r.gw) < 0 || r.gw.family != r.dst.family))
		return err_set(e, CNI_EIPAM, 0,
			       "route to %s: gateway \"%.64s\" is no address of its family",
			       raw.dst, raw.gw);
	r.mtu = (uint32_t)raw.mtu.v;
	r.advmss = (uint32_t)raw.advmss.v;
	r.priority = (uint32_t)raw.priority.v;
	r.table = (uint32_t)raw.table.v;
	*ret = r;
	return 0;
}

/* Calls the functions for every address and every route of a result. Either may be NULL. */
static int each_of(struct attachment *a, const json_t *result,
		   int (*address)(struct attachment *a, const struct inet_prefix *p, struct err *e),
		   int (*route)(struct attachment *a, const struct rt_route *r, struct err *e),
		   struct err *e)
{
	struct inet_prefix p;
	struct rt_route r;
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(result, "ips"), i, item)
		if (take_address(item, &p, e) < 0 || (address && address(a, &p, e) < 0))
			return -1;
	json_array_foreach(json_object_get(result, "routes"), i, item)
		if (take_route(result, item, &r, e) < 0 || (route && route(a, &r, e) < 0))
			return -1;
	return 0;
}

int ipam_apply(struct attachment *a, struct err *e)
{
	struct err again = {0};

	if (call_ipam(a, CNI_ADD, &a->ipam, e) < 0) {
		/*
		 * The specification wants a DEL after it; a plugin that said no owes nothing if it
		 * cannot do that either.
		 */
		if (call_ipam(a, CNI_DEL, NULL, &again) < 0)
			log_line(LOG_WARNING, "DEL after it: %s", again.msg);
		json_object_del(a->rec.doc, "config");
		a->rec.config = NULL;
		return -1;
	}
	if (each_of(a, a->ipam, NULL, NULL, e) < 0) /* all of it is read before any of it is used */
		return err_ctx(e, "the result of IPAM plugin %s", a->conf->ipam_type);
	return 0;
}

struct sysctl {
	const char *ifname, *name, *value;
};

/* In the pod's namespace. */
static int set_sysctl(void *arg, struct err *e)
{
	const struct sysctl *s = arg;
	char path[96];

	(void)snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/%s", s->ifname, s->name);

	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, s->value, strlen(s->value)) < 0)
		return err_set(e, CNI_EKERNEL, errno, "cannot set %s to %s", path, s->value);
	return 0;
}

static int set_in_pod(const struct attachment *a, const char *name, const char *value,
		      struct err *e)
{
	struct sysctl s = {a->args->ifname, name, value};

	return netns_run(a->host_ns, a->pod_ns, set_sysctl, &s, e);
}

/* The kernel lets an address be used before it has looked for duplicates if all three allow it. */
static int allow_optimistic(const struct attachment *a, struct err *e)
{
	return set_in_pod(a, "optimistic_dad", "1", e) < 0 ||
			       set_in_pod(a, "use_optimistic", "1", e) < 0
		       ? err_hint(e, "does this kernel have optimistic DAD? else set \"dad\" to "
				     "\"on\" or \"off\"")
		       : 0;
}

static int add_address(struct attachment *a, const struct inet_prefix *p, struct err *e)
{
	/* off: IPAM has seen to it that the address is unique */
	static const uint8_t flags[] = {
		[DAD_OFF] = IFA_F_NODAD, [DAD_OPTIMISTIC] = IFA_F_OPTIMISTIC, [DAD_ON] = 0};
	const uint64_t dad = a->conf->dad.v;
	struct err refused = {0};

	if (p->family == AF_INET6 && dad == DAD_OPTIMISTIC && allow_optimistic(a, e) < 0)
		return -1;
	if (!rt_addr_add(a->pod, a->link.ifindex, p, flags[dad], &refused))
		return 0;
	if (refused.errnum != EACCES || p->family != AF_INET6) {
		*e = refused;
		if (p->family == AF_INET6 && a->link.mtu < 1280)
			err_hint(e, "IPv6 needs an MTU of 1280 or more, the interface has %u",
				 a->link.mtu);
		return -1;
	}
	/* container runtimes switch IPv6 off in a namespace unless it gets an address; this one has
	 * one */
	if (set_in_pod(a, "disable_ipv6", "0", e) < 0)
		return -1;
	return rt_addr_add(a->pod, a->link.ifindex, p, flags[dad], e);
}

/*
 * With a host's address alone (/32, /128) no gateway lies in a subnet of the interface: it has to
 * be on the link. Else one that does not is a mistake, which the kernel finds.
 */
static bool gateway_is_onlink(const json_t *result, int family)
{
	bool alone = false;
	struct inet_prefix p;
	json_t *ip;
	size_t i;

	json_array_foreach(json_object_get(result, "ips"), i, ip) {
		const char *text = json_string_value(json_object_get(ip, "address"));

		if (!text || inet_prefix_parse(text, &p) < 0 || p.family != family)
			continue;
		if (p.prefixlen < 8 * inet_addr_len(family))
			return false;
		alone = true;
	}
	return alone;
}

static int add_route(struct attachment *a, const struct rt_route *r, struct err *e)
{
	struct rt_route route = *r;
	char text[INET_PREFIX_TEXT];

	route.onlink = r->gw.family && gateway_is_onlink(a->ipam, r->gw.family);
	if (!rt_route_add(a->pod, a->link.ifindex, &route, e))
		return 0;
	if (r->gw.family && (e->errnum == ENETUNREACH || e->errnum == EHOSTUNREACH))
		err_hint(
			e,
			"the gateway is in no subnet of the interface; correct it, or let a route to %s with "
			"\"scope\": 253 stand in front",
			inet_prefix_text(&r->gw, text));
	return -1;
}

int address_apply(struct attachment *a, struct err *e)
{
	if (each_of(a, a->ipam, add_address, add_route, e) < 0)
		return err_ctx(e, "interface %s", a->args->ifname);
	return 0;
}

static int check_address(struct attachment *a, const struct inet_prefix *p, struct err *e)
{
	char text[INET_PREFIX_TEXT];
	int there = rt_addr_exists(a->pod, a->link.ifindex, p, e);

	if (there == 0)
		return err_set(e, CNI_ECHECK, 0, "interface %s does not have address %s any more",
			       a->args->ifname, inet_prefix_text(p, text));
	return there < 0 ? -1 : 0;
}

static int check_route(struct attachment *a, const struct rt_route *r, struct err *e)
{
	char text[INET_PREFIX_TEXT];
	int there = rt_route_exists(a->pod, a->link.ifindex, r, e);

	if (there == 0)
		return err_set(e, CNI_ECHECK, 0,
			       "interface %s does not have the route to %s any more",
			       a->args->ifname, inet_prefix_text(&r->dst, text));
	return there < 0 ? -1 : 0;
}

/* Our own answer, not prevResult: what plugins behind us added is theirs to check. */
int address_check(struct attachment *a, struct err *e)
{
	return each_of(a, a->rec.result, check_address, check_route, e);
}
