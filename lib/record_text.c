/* SPDX-License-Identifier: Apache-2.0 */
/* record_text.c - the format of a record */
#include "record_text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "mem.h"

/* clang-format off */
/*
 * The format, <PCI address>.json, is two JSON objects, each on a line of its own. The first says who has the VF:
 *
 *	{
 *	  "version": 2,
 *	  "phase": "attached",                    adding, attached, releasing
 *	  "time": 1790000000,
 *	  "containerID": "8f3c...", "ifname": "net1", "network": "tenant-a",
 *	  "netns": "/run/netns/8f3c", "netnsDev": 4, "netnsIno": 4026532567,
 *	  "netnsCookie": 4097,                    the inode alone can be another namespace's by now
 *	  "netnsMount": 2147484034,               the mount's unique ID, where the path is a mount
 *	  "pf": "0000:01:00.0", "index": 0
 *	}
 *
 * The second, which only its own operations need and which is the larger part, how the VF was and is to be:
 *
 *	{
 *	  "driver": "igbvf",                      as found
 *	  "bind": "vfio-pci",                     the driver for the attachment, where it is another
 *	  "driverOverride": "igbvf",              as found, where it was set
 *	  "link": {"name": "ens1f0v0", "mac": "3a:1b:73:60:bb:26", "mtu": 1500, "up": false,
 *	           "promisc": false, "allmulti": false, "noarp": false, "multicast": true,
 *	           "dynamic": false, "macReported": true, "altnames": ["enp1s16"], "alias": "",
 *	           "xdp": true, "xdpID": 17,      the host's own program, and which
 *	           "tcx": true,                   so has tcx
 *	           "txqlen": 1000, ..., "broadcast": "ff:ff:ff:ff:ff:ff"},
 *	  "found": {"mac": "00:00:00:00:00:00", "vlan": 0, "vlanQoS": 0, "vlanProto": "802.1q",
 *	            "spoofchk": "on", "trust": "off", "link_state": "auto",
 *	            "min_tx_rate": 0, "max_tx_rate": 0},
 *	  "wanted": {"mac": "02:00:5e:00:00:01", "vlan": 100},
 *	  "rdma": "mlx5_2", "rdmaIndex": 7,       its RDMA device, where it has to be moved along
 *	  "flr": false,                           the VF is reset when it is given back
 *	  "pfLeft": false,                        this attachment does not need its PF up any more
 *	  "deviceInfoFile": "/run/...", "deviceInfoOurs": true,     it was not there before
 *	  "config": {...}, "args": "K8S_POD_NAME=web;...",     where IPAM is used: what its DEL needs
 *	  "result": {...}                         what ADD answered; not in phase "adding"
 *	}
 *
 * A member whose value is not known is left out. "version" changes when an older program could
 * misread the record; version 1 is one object with the members of both.
 */
/* clang-format on */
#define FORMAT_VERSION 2

static const char *const phase_words[] = {[RECORD_ADDING] = "adding",
					  [RECORD_ATTACHED] = "attached",
					  [RECORD_RELEASING] = "releasing",
					  NULL};
static_assert(ARRAY_SIZE(phase_words) == RECORD_PHASES + 1, "a word for each phase");

/* The members of "link" that come after "altnames"; records of older programs have none of them. */
static const struct {
	const char *name;
	enum jkind kind;
} trait_members[] = {
	[RT_TXQLEN] = {"txqlen", JT_UINT},
	[RT_GROUP] = {"group", JT_UINT},
	[RT_LINKMODE] = {"linkmode", JT_UINT},
	[RT_GSO_MAX_SIZE] = {"gsoMaxSize", JT_UINT},
	[RT_GSO_MAX_SEGS] = {"gsoMaxSegs", JT_UINT},
	[RT_GRO_MAX_SIZE] = {"groMaxSize", JT_UINT},
	[RT_GSO_IPV4_MAX_SIZE] = {"gsoIPv4MaxSize", JT_UINT},
	[RT_GRO_IPV4_MAX_SIZE] = {"groIPv4MaxSize", JT_UINT},
	[RT_BROADCAST] = {"broadcast", JT_MAC_OR_ZERO},
};
static_assert(ARRAY_SIZE(trait_members) == RT_TRAITS, "a name for each trait");

const char *record_phase_word(enum record_phase phase)
{
	return phase_words[phase];
}

static json_t *link_to_json(const struct record_link *l)
{
	char mac[MAC_TEXT];
	json_t *altnames = json_array(), *j;

	for (unsigned i = 0; i < l->n_altnames; i++)
		json_array_append_new(altnames, json_string(l->altnames[i]));
	j = json_pack("{s:s, s:s, s:I, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:o}", "name",
		      l->name, "mac", mac_text(l->mac, mac), "mtu", (json_int_t)l->mtu, "up",
		      !!(l->flags & IFF_UP), "promisc", !!(l->flags & IFF_PROMISC), "allmulti",
		      !!(l->flags & IFF_ALLMULTI), "noarp", !!(l->flags & IFF_NOARP), "multicast",
		      !!(l->flags & IFF_MULTICAST), "dynamic", !!(l->flags & IFF_DYNAMIC),
		      "macReported", l->mac_reported, "xdp", l->xdp, "altnames", altnames);
	if (j && l->alias_known) /* one that is not UTF-8 cannot stand here, and is left out */
		json_object_set_new(j, "alias", json_string(l->alias));
	if (j && l->xdp_id)
		json_object_set_new(j, "xdpID", json_integer((json_int_t)l->xdp_id));
	if (j && l->tcx)
		json_object_set_new(j, "tcx", json_true());
	for (unsigned i = 0; j && i < RT_TRAITS; i++)
		if (l->traits[i].set)
			json_object_set_new(j, trait_members[i].name,
					    trait_members[i].kind == JT_UINT
						    ? json_integer((json_int_t)l->traits[i].v)
						    : json_string(mac_text(l->traits[i].v, mac)));
	return j;
}

static json_t *head_to_json(const struct record *r)
{
	json_t *j = json_pack("{s:i, s:s, s:I, s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:I}", "version",
			      FORMAT_VERSION, "phase", phase_words[r->phase], "time",
			      (json_int_t)r->time, "containerID", r->container_id, "ifname",
			      r->ifname, "network", r->network, "netns", r->netns, "netnsDev",
			      (json_int_t)r->netns_id.dev, "netnsIno", (json_int_t)r->netns_id.ino,
			      "pf", r->pf, "index", (json_int_t)r->index);

	if (j && r->netns_cookie)
		json_object_set_new(j, "netnsCookie", json_integer((json_int_t)r->netns_cookie));
	if (j && r->netns_id.mount)
		json_object_set_new(j, "netnsMount", json_integer((json_int_t)r->netns_id.mount));
	return j;
}

static json_t *rest_to_json(const struct record *r)
{
	json_t *j =
		json_pack("{s:s, s:o, s:o, s:o, s:b, s:b}", "driver", r->driver, "link",
			  link_to_json(&r->link), "found", vf_attrs_to_json(&r->found), "wanted",
			  vf_attrs_to_json(&r->wanted), "flr", r->flr, "pfLeft", r->pf_left);

	if (j && r->rdma) {
		json_object_set_new(j, "rdma", json_string(r->rdma));
		json_object_set_new(j, "rdmaIndex", json_integer((json_int_t)r->rdma_index.v));
	}
	if (j && r->bind)
		json_object_set_new(j, "bind", json_string(r->bind));
	if (j && r->override)
		json_object_set_new(j, "driverOverride", json_string(r->override));
	if (j && r->device_info) {
		json_object_set_new(j, "deviceInfoFile", json_string(r->device_info));
		json_object_set_new(j, "deviceInfoOurs", json_boolean(r->device_info_ours));
	}
	if (j && r->args)
		json_object_set_new(j, "args", json_string(r->args));
	if (j && r->config)
		json_object_set(j, "config", r->config);
	if (j && r->result)
		json_object_set(j, "result", r->result);
	return j;
}

char *record_to_text(const struct record *r, size_t *ret_len)
{
	json_auto_t *head = head_to_json(r), *rest = rest_to_json(r);
	_cleanup_free_ char *first = head ? json_dumps(head, JSON_COMPACT) : NULL;
	_cleanup_free_ char *second = rest ? json_dumps(rest, JSON_COMPACT) : NULL;
	char *text;
	int len = first && second ? asprintf(&text, "%s\n%s\n", first, second) : -1;

	*ret_len = len < 0 ? 0 : (size_t)len;
	return len < 0 ? NULL : text;
}

static int copy_text(char *buf, size_t size, const char *text)
{
	if (!text || strlen(text) >= size)
		return -1;
	memcpy(buf, text, strlen(text) + 1);
	return 0;
}

static int link_from_json(const json_t *j, struct record_link *ret, struct err *e)
{
	struct {
		const char *name, *alias;
		struct opt mac, mtu, xdp_id;
		bool up, promisc, allmulti, noarp, multicast, dynamic, mac_reported, xdp, tcx;
		json_t *altnames;
	} raw = {.multicast = true}; /* as Ethernet has it, where an older record says nothing */
#define AT(m) offsetof(__typeof__(raw), m)
	const struct jfield rows[] = {
		{"name", JT_STRING, AT(name), 0, 0, NULL},
		{"mac", JT_MAC_OR_ZERO, AT(mac), 0, 0, NULL},
		{"mtu", JT_UINT, AT(mtu), 0, UINT32_MAX, NULL},
		{"up", JT_BOOL, AT(up), 0, 0, NULL},
		{"promisc", JT_BOOL, AT(promisc), 0, 0, NULL},
		{"allmulti", JT_BOOL, AT(allmulti), 0, 0, NULL},
		{"noarp", JT_BOOL, AT(noarp), 0, 0, NULL},
		{"multicast", JT_BOOL, AT(multicast), 0, 0, NULL},
		{"dynamic", JT_BOOL, AT(dynamic), 0, 0, NULL},
		{"macReported", JT_BOOL, AT(mac_reported), 0, 0, NULL},
		{"xdp", JT_BOOL, AT(xdp), 0, 0, NULL},
		{"xdpID", JT_UINT, AT(xdp_id), 0, UINT32_MAX, NULL},
		{"tcx", JT_BOOL, AT(tcx), 0, 0, NULL},
		{"altnames", JT_ARRAY, AT(altnames), 0, 0, NULL},
		{"alias", JT_STRING, AT(alias), 0, 0, NULL},
		JT_END,
	};
#undef AT
	struct record_link l = {0};
	json_t *altname;
	size_t i;

	if (jtable_read(j, rows, &raw, e) < 0)
		return -1;
	/* a VF on a userspace driver has no netdev, and so no name */
	if (raw.name && copy_text(l.name, sizeof(l.name), raw.name) < 0)
		return err_set(e, CNI_ECONFIG, 0, "\"name\" is too long");
	if (raw.alias && copy_text(l.alias, sizeof(l.alias), raw.alias) < 0)
		return err_set(e, CNI_ECONFIG, 0, "\"alias\" is too long");
	l.alias_known = raw.alias != NULL;
	l.mac = raw.mac.v;
	l.mtu = (uint32_t)raw.mtu.v;
	l.flags = (raw.up ? IFF_UP : 0U) | (raw.promisc ? IFF_PROMISC : 0U) |
		  (raw.allmulti ? IFF_ALLMULTI : 0U) | (raw.noarp ? IFF_NOARP : 0U) |
		  (raw.multicast ? IFF_MULTICAST : 0U) | (raw.dynamic ? IFF_DYNAMIC : 0U);
	for (unsigned k = 0; k < RT_TRAITS; k++) {
		const struct jfield row[] = {
			{trait_members[k].name, trait_members[k].kind, 0, 0, UINT32_MAX, NULL},
			JT_END};

		if (jtable_read(j, row, &l.traits[k], e) < 0)
			return -1;
	}
	l.mac_reported = raw.mac_reported;
	l.xdp = raw.xdp;
	l.xdp_id = (uint32_t)raw.xdp_id.v;
	l.tcx = raw.tcx;
	json_array_foreach(raw.altnames, i, altname) {
		if (i == RT_ALTNAMES ||
		    copy_text(l.altnames[i], RT_ALTNAME_LEN, json_string_value(altname)) < 0)
			return err_set(e, CNI_ECONFIG, 0, "\"altnames\" is no list of names");
		l.n_altnames++;
	}
	*ret = l;
	return 0;
}

/* Fills *r from the first object. *ret_version: the format's. */
static int head_from_json(const json_t *head, struct record *r, uint64_t *ret_version,
			  struct err *e)
{
	struct {
		struct record r;
		const char *pf;
		struct opt version, phase, time, index, dev, ino, cookie, mount;
	} raw = {.r = *r};
#define AT(m) offsetof(__typeof__(raw), m)
	const struct jfield rows[] = {
		{"version", JT_UINT, AT(version), 1, FORMAT_VERSION, NULL},
		{"phase", JT_WORD, AT(phase), 0, 0, phase_words},
		{"time", JT_UINT, AT(time), 0, INT64_MAX, NULL},
		{"containerID", JT_STRING, AT(r.container_id), 0, 0, NULL},
		{"ifname", JT_STRING, AT(r.ifname), 0, 0, NULL},
		{"network", JT_STRING, AT(r.network), 0, 0, NULL},
		{"netns", JT_STRING, AT(r.netns), 0, 0, NULL},
		{"netnsDev", JT_UINT, AT(dev), 0, INT64_MAX, NULL},
		{"netnsIno", JT_UINT, AT(ino), 0, INT64_MAX, NULL},
		{"netnsCookie", JT_UINT, AT(cookie), 0, INT64_MAX, NULL},
		{"netnsMount", JT_UINT, AT(mount), 0, INT64_MAX, NULL},
		{"pf", JT_STRING, AT(pf), 0, 0, NULL},
		{"index", JT_UINT, AT(index), 0, UINT32_MAX, NULL},
		JT_END,
	};
#undef AT
	struct pciaddr unused;

	if (jtable_read(head, rows, &raw, e) < 0)
		return -1;
	if (!raw.version.set || !raw.phase.set || !raw.index.set || !raw.dev.set || !raw.ino.set ||
	    !raw.r.container_id || !raw.r.ifname || !raw.r.network || !raw.r.netns)
		return err_set(e, CNI_ECONFIG, 0, "a member is missing");
	/* "" for a device that has no PF */
	if (!raw.pf || (*raw.pf && pciaddr_parse(raw.pf, &unused) < 0) ||
	    copy_text(raw.r.pf, sizeof(raw.r.pf), raw.pf) < 0)
		return err_set(e, CNI_ECONFIG, 0, "\"pf\" is no PCI address");

	raw.r.phase = (enum record_phase)raw.phase.v;
	raw.r.index = (uint32_t)raw.index.v;
	raw.r.time = (int64_t)raw.time.v;
	raw.r.netns_id = (struct netns_id){(dev_t)raw.dev.v, (ino_t)raw.ino.v, raw.mount.v};
	raw.r.netns_cookie = raw.cookie.v;
	*r = raw.r;
	*ret_version = raw.version.v;
	return 0;
}

/* The same from the second. */
static int rest_from_json(const json_t *rest, struct record *r, struct err *e)
{
	struct {
		struct record r;
		json_t *link, *found, *wanted;
	} raw = {.r = *r};
#define AT(m) offsetof(__typeof__(raw), m)
	const struct jfield rows[] = {
		{"driver", JT_STRING, AT(r.driver), 0, 0, NULL},
		{"bind", JT_STRING, AT(r.bind), 0, 0, NULL},
		{"driverOverride", JT_STRING, AT(r.override), 0, 0, NULL},
		{"link", JT_OBJECT, AT(link), 0, 0, NULL},
		{"found", JT_OBJECT, AT(found), 0, 0, NULL},
		{"wanted", JT_OBJECT, AT(wanted), 0, 0, NULL},
		{"rdma", JT_STRING, AT(r.rdma), 0, 0, NULL},
		{"rdmaIndex", JT_UINT, AT(r.rdma_index), 0, UINT32_MAX, NULL},
		{"flr", JT_BOOL, AT(r.flr), 0, 0, NULL},
		{"pfLeft", JT_BOOL, AT(r.pf_left), 0, 0, NULL},
		{"deviceInfoFile", JT_STRING, AT(r.device_info), 0, 0, NULL},
		{"deviceInfoOurs", JT_BOOL, AT(r.device_info_ours), 0, 0, NULL},
		{"args", JT_STRING, AT(r.args), 0, 0, NULL},
		{"config", JT_OBJECT, AT(r.config), 0, 0, NULL},
		{"result", JT_OBJECT, AT(r.result), 0, 0, NULL},
		JT_END,
	};
#undef AT

	if (jtable_read(rest, rows, &raw, e) < 0)
		return -1;
	if (!raw.r.driver || !raw.link || !raw.found || !raw.wanted)
		return err_set(e, CNI_ECONFIG, 0, "a member is missing");
	if (link_from_json(raw.link, &raw.r.link, e) < 0 ||
	    vf_attrs_from_json(raw.found, &raw.r.found, e) < 0 ||
	    vf_attrs_from_json(raw.wanted, &raw.r.wanted, e) < 0)
		return -1;
	*r = raw.r;
	return 0;
}

/* Reads an object, which r->doc owns from then on. ret_used: as of jtable_parse_own(). */
static const json_t *take_object(struct record *r, const char *text, size_t len, size_t *ret_used,
				 struct err *e)
{
	json_t *j = jtable_parse_own(text, len, ret_used, "the record", e);

	if (!j || !json_array_append_new(r->doc, j))
		return j;
	err_set(e, CNI_EIO, ENOMEM, "cannot parse the record");
	return NULL;
}

int record_from_text(const char *text, size_t len, bool whole, struct record *r, struct err *e)
{
	const json_t *head, *rest;
	uint64_t version = 0;
	size_t used;

	r->doc = json_array();
	head = take_object(r, text, len, &used, e);
	if (!head || head_from_json(head, r, &version, e) < 0)
		return -1;
	if (!whole)
		return 0;
	if (version == 1)
		used = 0; /* its one object is both */
	rest = take_object(r, text + used, len - used, NULL, e);
	return rest ? rest_from_json(rest, r, e) : -1;
}
