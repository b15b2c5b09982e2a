/* SPDX-License-Identifier: Apache-2.0 */
/* conf_test.c - the network configuration: every key, every limit, and what goes together */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "fixture.h"
#include "mem.h"

/* JSON with ' for ", to be read in a table. */
static json_t *json(const char *text)
{
	_cleanup_free_ char *quoted = strdup(text);
	json_error_t at;
	json_t *j;

	for (char *c = quoted; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	j = json_loads(quoted, JSON_DECODE_ANY, &at);
	if (!j)
		fail_msg("%s: %s", text, at.text);
	return j;
}

static void show(json_t *j, const char *key, const struct opt *o)
{
	if (o->set)
		json_object_set_new(j, key, json_integer((json_int_t)o->v));
}

static void show_text(json_t *j, const char *key, const char *text)
{
	if (text)
		json_object_set_new(j, key, json_string(text));
}

/* A configuration as it was understood: what is not set is not there. */
static json_t *shown(const struct conf *c)
{
	char text[PCIADDR_TEXT];
	json_t *j = json_pack("{s:s, s:s, s:o}", "version", cni_version_name(c->version), "name",
			      c->name, "vf", vf_attrs_to_json(&c->vf));

	show_text(j, "device", c->device_id ? pciaddr_text(&c->device, text) : NULL);
	show_text(j, "netdev", c->netdev);
	show(j, "hwaddr", &c->hwaddr);
	show_text(j, "master", c->pool.master);
	show(j, "vf_index", &c->pool.vf);
	show(j, "numa", &c->pool.numa_node);
	show(j, "policy", &c->pool.policy);
	for (size_t i = 0; i < POOL_LISTS; i++)
		if (c->pool.lists[i])
			json_object_set(j, pool_fields[i].key, c->pool.lists[i]);
	show_text(j, "logFile", c->log_file);
	show_text(j, "ipam", c->ipam_type);
	show_text(j, "driver", c->driver);
	show_text(j, "deviceInfo", c->device_info);
	show(j, "mtu", &c->mtu);
	show(j, "pfLink", &c->pf_link);
	show(j, "logLevel", &c->log_level);
	show(j, "netdevTimeout", &c->netdev_timeout);
	show(j, "dad", &c->dad);
	show(j, "ipamTimeout", &c->ipam_timeout);
	if (c->dns)
		json_object_set(j, "dns", c->dns);
	if (c->result)
		json_object_set(j, "result", c->result);
	if (c->strict)
		json_object_set_new(j, "strict", json_true());
	if (c->pf_only)
		json_object_set_new(j, "pfOnly", json_true());
	if (c->flr)
		json_object_set_new(j, "flr", json_true());
	if (!c->announce)
		json_object_set_new(j, "announce", json_false());
	if (c->valid_attachments)
		json_object_set(j, "valid", c->valid_attachments);
	return j;
}

/* Reads the object (taken over) as the configuration of a command. conf_clear() what is read. */
static int read_for(enum cni_command command, const char *cni_args, json_t *object,
		    struct conf *ret, struct err *e)
{
	const struct cni_args args = {
		.command = command, .container_id = "pod", .ifname = "net1", .args = cni_args};
	char *text = json_dumps(object, 0); /* conf keeps it */
	int r = conf_read(text, strlen(text), &args, ret, e);

	json_decref(object);
	free(text);
	return r;
}

static json_t *smallest_with(const char *fragment)
{
	json_t *j = json("{'cniVersion': '1.0.0', 'name': 'n', 'type': 'sriov'}"),
	       *more = json(fragment);

	json_object_update(j, more);
	json_decref(more);
	return j;
}

/* --- every key --- */

#define NEWEST "'cniVersion': '1.1.0', 'interfaces': [], 'ips': [], 'routes': [], 'dns': {}"

/*
 * A key of the table, an addition to the smallest configuration, and what it adds to what is
 * understood.
 */
static const struct {
	const char *key, *fragment, *expected;
} accepted[] = {
	{"cniVersion", "{'cniVersion': '0.3.1'}", "{'version': '0.3.1'}"},
	{"cniVersion", "{'cniVersion': null}", "{'version': '0.1.0'}"},
	{"name", "{'name': 'tenant-a'}", "{'name': 'tenant-a'}"},
	{"type", "{'type': 'other'}", "{}"},
	{"deviceID", "{'deviceID': '0000:3B:02.1'}", "{'device': '0000:3b:02.1'}"},
	{"deviceID", "{'deviceID': '10000:3b:02.1'}", "{'device': '10000:3b:02.1'}"},
	{"mac", "{'mac': '02:00:5E:00:00:01'}", "{'vf': {'mac': '02:00:5e:00:00:01'}}"},
	{"device", "{'device': 'ens1f0v2'}", "{'netdev': 'ens1f0v2'}"},
	{"hwaddr", "{'hwaddr': '02:00:5e:00:00:01'}", "{'hwaddr': 2200600313857}"},
	{"master", "{'master': 'ens1f0'}", "{'master': 'ens1f0'}"},
	{"master", "{'master': 'ens1f0#0-3,7'}", "{'master': 'ens1f0#0-3,7'}"},
	{"vf", "{'master': 'a', 'vf': 0}", "{'master': 'a', 'vf_index': 0}"},
	{"vf", "{'master': 'a', 'vf': 65535}", "{'master': 'a', 'vf_index': 65535}"},
	{"pool",
	 "{'pool': {'pfNames': ['a#1'], 'rootDevices': ['0000:3b:00.0#2-3'], 'vendors': ['8086'], "
	 "'devices': ['10cA'], 'drivers': ['igbvf'], 'pciAddresses': ['3b:02.1'], "
	 "'linkTypes': ['ether'], 'acpiIndexes': ['101'], 'numaNode': 0, 'policy': 'spread'}}",
	 "{'pfNames': ['a#1'], 'rootDevices': ['0000:3b:00.0#2-3'], 'vendors': ['8086'], "
	 "'devices': ['10cA'], 'drivers': ['igbvf'], 'pciAddresses': ['3b:02.1'], "
	 "'linkTypes': ['ether'], 'acpiIndexes': ['101'], 'numa': 0, 'policy': 1}"},
	{"pool", "{'deviceID': '3b:02.1', 'pool': {'unread': 1}}",
	 "{'device': '0000:3b:02.1'}"}, /* nothing is picked */
	{"mac", "{'mac': 'Stable'}", "{'vf': {'mac': '66:87:99:9e:e6:19'}}"},
	{"pfOnly", "{'pfOnly': true, 'master': 'ens1f0', 'mac': '02:00:5e:00:00:01'}",
	 "{'pfOnly': true, 'master': 'ens1f0', 'vf': {'mac': '02:00:5e:00:00:01'}}"},
	{"vlan", "{'vlan': 0}", "{'vf': {'vlan': 0, 'vlanQoS': 0, 'vlanProto': '802.1q'}}"},
	{"vlan", "{'vlan': 4094}", "{'vf': {'vlan': 4094, 'vlanQoS': 0, 'vlanProto': '802.1q'}}"},
	{"vlanQoS", "{'vlan': 1, 'vlanQoS': 0}",
	 "{'vf': {'vlan': 1, 'vlanQoS': 0, 'vlanProto': '802.1q'}}"},
	{"vlanQoS", "{'vlan': 1, 'vlanQoS': 7}",
	 "{'vf': {'vlan': 1, 'vlanQoS': 7, 'vlanProto': '802.1q'}}"},
	{"vlanQoS", "{'vlanQoS': 0}", "{'vf': {'vlanQoS': 0}}"},
	{"vlanProto", "{'vlan': 1, 'vlanProto': '802.1ad'}",
	 "{'vf': {'vlan': 1, 'vlanQoS': 0, 'vlanProto': '802.1ad'}}"},
	{"vlanProto", "{'vlan': 0, 'vlanProto': '802.1Q'}",
	 "{'vf': {'vlan': 0, 'vlanQoS': 0, 'vlanProto': '802.1q'}}"},
	{"spoofchk", "{'spoofchk': 'on'}", "{'vf': {'spoofchk': 'on'}}"},
	{"spoofchk", "{'spoofchk': 'OFF'}", "{'vf': {'spoofchk': 'off'}}"},
	{"trust", "{'trust': 'on'}", "{'vf': {'trust': 'on'}}"},
	{"trust", "{'trust': 'off'}", "{'vf': {'trust': 'off'}}"},
	{"link_state", "{'link_state': 'auto'}", "{'vf': {'link_state': 'auto'}}"},
	{"link_state", "{'link_state': 'enable'}", "{'vf': {'link_state': 'enable'}}"},
	{"link_state", "{'link_state': 'disable'}", "{'vf': {'link_state': 'disable'}}"},
	{"min_tx_rate", "{'min_tx_rate': 0}", "{'vf': {'min_tx_rate': 0}}"},
	{"min_tx_rate", "{'min_tx_rate': 4294967295}", "{'vf': {'min_tx_rate': 4294967295}}"},
	{"min_tx_rate", "{'min_tx_rate': 5, 'max_tx_rate': 5}",
	 "{'vf': {'min_tx_rate': 5, 'max_tx_rate': 5}}"},
	{"min_tx_rate", "{'min_tx_rate': 5, 'max_tx_rate': 0}",
	 "{'vf': {'min_tx_rate': 5, 'max_tx_rate': 0}}"},
	{"max_tx_rate", "{'max_tx_rate': 0}", "{'vf': {'max_tx_rate': 0}}"},
	{"max_tx_rate", "{'max_tx_rate': 4294967295}", "{'vf': {'max_tx_rate': 4294967295}}"},
	{"rss_query", "{'rss_query': 'on'}", "{'vf': {'rss_query': 'on'}}"},
	{"rss_query", "{'rss_query': 'off'}", "{'vf': {'rss_query': 'off'}}"},
	{"driver", "{'driver': 'mlx5_vfio-pci0'}", "{'driver': 'mlx5_vfio-pci0'}"},
	{"mtu", "{'mtu': 68}", "{'mtu': 68}"},
	{"mtu", "{'mtu': 65535}", "{'mtu': 65535}"},
	{"pfLink", "{'pfLink': 'require'}", "{'pfLink': 0}"},
	{"pfLink", "{'pfLink': 'raise'}", "{'pfLink': 1}"},
	{"pfLink", "{'pfLink': 'ignore'}", "{'pfLink': 2}"},
	{"ipam", "{'ipam': {'type': 'host-local', 'ranges': []}}", "{'ipam': 'host-local'}"},
	{"ipam", "{'ipam': {}}", "{}"},
	{"ipam", "{'ipam': {'type': ''}}", "{}"},
	{"ipamTimeout", "{'ipamTimeout': 1}", "{'ipamTimeout': 1}"},
	{"ipamTimeout", "{'ipamTimeout': 600}", "{'ipamTimeout': 600}"},
	{"dns", "{'dns': {'domain': 'a.example'}}", "{'dns': {'domain': 'a.example'}}"},
	{"logLevel", "{'logLevel': 'panic'}", "{'logLevel': 0}"},
	{"logLevel", "{'logLevel': 'error'}", "{'logLevel': 1}"},
	{"logLevel", "{'logLevel': 'warning'}", "{'logLevel': 2}"},
	{"logLevel", "{'logLevel': 'info'}", "{'logLevel': 3}"},
	{"logLevel", "{'logLevel': 'debug'}", "{'logLevel': 4}"},
	{"logFile", "{'logFile': '/var/log/x'}", "{'logFile': '/var/log/x'}"},
	{"logFile", "{'logFile': ''}", "{}"},
	{"strict", "{'strict': true}", "{'strict': true}"},
	{"flr", "{'flr': true}", "{'flr': true}"},
	{"announce", "{'announce': false}", "{'announce': false}"},
	{"dad", "{'dad': 'off'}", "{'dad': 0}"},
	{"dad", "{'dad': 'optimistic'}", "{'dad': 1}"},
	{"dad", "{'dad': 'on'}", "{'dad': 2}"},
	{"netdevTimeout", "{'netdevTimeout': 0}", "{'netdevTimeout': 0}"},
	{"netdevTimeout", "{'netdevTimeout': 60}", "{'netdevTimeout': 60}"},
	{"runtimeConfig",
	 "{'runtimeConfig': {'mac': '02:00:5e:00:00:01', 'deviceID': '3b:02.1', 'portMappings': []}}",
	 "{'device': '0000:3b:02.1', 'vf': {'mac': '02:00:5e:00:00:01'}}"},
	{"runtimeConfig", "{'runtimeConfig': {'CNIDeviceInfoFile': '/run/x'}}",
	 "{'deviceInfo': '/run/x'}"},
	{"prevResult", "{'prevResult': {'cniVersion': '0.4.0'}}", "{'result': {" NEWEST "}}"},
	/* one without a version has that of the configuration */
	{"prevResult", "{'prevResult': {'routes': [{'dst': '::/0'}]}}",
	 "{'result': {'cniVersion': '1.1.0', 'interfaces': [], 'ips': [], 'routes': [{'dst': '::/0'}], 'dns': {}}}"},
	{"args", "{'args': 1}", "{}"},
	{"pciBusID", "{'pciBusID': '0000:3b:02.1'}", "{}"}, /* Multus adds it to deviceID */
	{"capabilities", "{'capabilities': {'mac': true}}", "{}"},
	{"cni.dev/valid-attachments", "{'cni.dev/valid-attachments': []}", "{'valid': []}"},
	{"cni.dev/attachments", "{'cni.dev/attachments': []}", "{'valid': []}"},
	{"cni.dev/attachments", "{'cni.dev/attachments': null}",
	 "{'valid': []}"}, /* as Go says [] */
	{"cni.dev/attachments", "{'cni.dev/attachments': [1], 'cni.dev/valid-attachments': [2]}",
	 "{'valid': [2]}"},
};

static void every_good_value_is_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(accepted); i++) {
		json_t *expected = json("{'version': '1.0.0', 'name': 'n', 'vf': {}}");
		json_auto_t *more = json(accepted[i].expected);
		struct conf c = {0};
		struct err e = {0};

		EXPECT_ROW(accepted[i].fragment);
		json_object_update(expected, more);
		expect_ok(read_for(CNI_ADD, "", smallest_with(accepted[i].fragment), &c, &e), &e);
		expect_json(shown(&c), expected);
		expect_ok(conf_check_unknown(&c, &e), &e);
		conf_clear(&c);
	}
}

/* An addition to the smallest configuration that ADD refuses. needed: DEL needs the key as well. */
static const struct {
	const char *key, *fragment;
	int code;
	const char *expected;
	bool needed;
} refused[] = {
	{"cniVersion", "{'cniVersion': '1.2.0'}", CNI_EVERSION,
	 "cniVersion \"1.2.0\" is not supported", true},
	{"cniVersion", "{'cniVersion': ''}", CNI_EVERSION, "cniVersion \"\"", true},
	{"cniVersion", "{'cniVersion': 1}", CNI_ECONFIG, "\"cniVersion\": 1 was given, a string",
	 false},
	{"name", "{'name': null}", CNI_ECONFIG, "\"name\" is missing", true},
	{"name", "{'name': ''}", CNI_ECONFIG, "\"name\" is missing", true},
	{"name", "{'name': 5}", CNI_ECONFIG, "\"name\": 5 was given", true},
	{"name", "{'name': '..'}", CNI_ECONFIG, "\"name\": \"..\" cannot name", true},
	{"name", "{'name': '.'}", CNI_ECONFIG, "\"name\": \".\" cannot name", true},
	{"name", "{'name': 'a/b'}", CNI_ECONFIG, "\"name\": \"a/b\" cannot name", true},
	{"type", "{'type': null}", CNI_ECONFIG, "\"type\" is missing", true},
	{"type", "{'type': ''}", CNI_ECONFIG, "\"type\" is missing", true},
	{"deviceID", "{'deviceID': '0000:3b:02.8'}", CNI_ECONFIG,
	 "\"deviceID\": \"0000:3b:02.8\" is not a PCI", false},
	{"deviceID", "{'deviceID': ''}", CNI_ECONFIG, "\"deviceID\": \"\" is not a PCI address",
	 false},
	{"deviceID", "{'deviceID': ['0000:3b:02.1']}", CNI_ECONFIG, "a string is expected", false},
	{"device", "{'device': 1}", CNI_ECONFIG, "\"device\": 1 was given, a string", false},
	{"hwaddr", "{'hwaddr': '01:00:5e:00:00:01'}", CNI_ECONFIG, "\"hwaddr\": \"01:", false},
	{"master", "{'master': ''}", CNI_ECONFIG, "master: \"\" is not", false},
	{"master", "{'master': 'a/b'}", CNI_ECONFIG, "master: \"a/b\" is not", false},
	{"master", "{'master': 'ens1f0#'}", CNI_ECONFIG, "behind '#' stand VFs", false},
	{"master", "{'master': 'ens1f0#1,'}", CNI_ECONFIG, "behind '#' stand VFs", false},
	{"master", "{'master': 'ens1f0#2-1'}", CNI_ECONFIG, "behind '#' stand VFs", false},
	{"master", "{'master': 'ens1f0#-1'}", CNI_ECONFIG, "behind '#' stand VFs", false},
	{"master", "{'master': 'ens1f0#1-2-3'}", CNI_ECONFIG, "behind '#' stand VFs", false},
	{"master", "{'master': 'ens1f0#x'}", CNI_ECONFIG, "behind '#' stand VFs", false},
	{"master", "{'master': 'ens1f0#100000'}", CNI_ECONFIG, "behind '#' stand VFs", false},
	{"master", "{'master': 'a', 'pool': {'pfNames': ['b']}}", CNI_ECONFIG, "both name PFs",
	 false},
	{"vf", "{'vf': 65536}", CNI_ECONFIG, "\"vf\": 65536 was given", false},
	{"vf", "{'vf': 1}", CNI_ECONFIG, "VF 1 of which PF?", false},
	{"pool", "{'pool': []}", CNI_ECONFIG, "\"pool\": [] was given, an object", false},
	{"pool", "{'pool': {'pfName': ['a']}}", CNI_ECONFIG, "no selector \"pfName\"", false},
	{"pool", "{'pool': {'pfNames': []}}", CNI_ECONFIG, "pfNames is empty", false},
	{"pool", "{'pool': {'pfNames': [1]}}", CNI_ECONFIG, "pool: pfNames: \"\" is not", false},
	{"pool", "{'pool': {'rootDevices': ['x']}}", CNI_ECONFIG, "rootDevices: \"x\"", false},
	{"pool", "{'pool': {'vendors': ['0x8086']}}", CNI_ECONFIG, "vendors: \"0x8086\"", false},
	{"pool", "{'pool': {'devices': ['10c']}}", CNI_ECONFIG, "devices: \"10c\"", false},
	{"pool", "{'pool': {'drivers': ['']}}", CNI_ECONFIG, "drivers: \"\"", false},
	{"pool", "{'pool': {'pciAddresses': ['0000:3b:02.1#1']}}", CNI_ECONFIG,
	 "behind '#' stand VFs", false},
	{"pool", "{'pool': {'linkTypes': ['wifi']}}", CNI_ECONFIG, "linkTypes: \"wifi\"", false},
	{"pool", "{'pool': {'numaNode': -1}}", CNI_ECONFIG, "pool: \"numaNode\": -1", false},
	{"pool", "{'pool': {'policy': 'random'}}", CNI_ECONFIG, "one of \"pack\" \"spread\"",
	 false},
	{"pfOnly", "{'pfOnly': 1}", CNI_ECONFIG, "\"pfOnly\": 1 was given, true or false", false},
	{"pfOnly", "{'pfOnly': true, 'vlan': 1}", CNI_ECONFIG,
	 "\"vlan\" does not go with \"pfOnly\"", false},
	{"pfOnly", "{'pfOnly': true, 'trust': 'on'}", CNI_ECONFIG, "\"trust\" does not go", false},
	{"pfOnly", "{'pfOnly': true, 'pfLink': 'raise'}", CNI_ECONFIG, "\"pfLink\" does not",
	 false},
	{"pfOnly", "{'pfOnly': true, 'pool': {}}", CNI_ECONFIG, "\"pool\" does not", false},
	{"pfOnly", "{'pfOnly': true, 'master': 'a', 'vf': 1}", CNI_ECONFIG, "\"vf\" does not",
	 false},
	{"pfOnly", "{'pfOnly': true, 'driver': 'vfio-pci'}", CNI_ECONFIG, "\"driver\" does", false},
	{"pfOnly", "{'pfOnly': true, 'flr': true}", CNI_ECONFIG, "\"flr\" does not", false},
	{"mac", "{'mac': '00:00:00:00:00:00'}", CNI_ECONFIG,
	 "\"mac\": \"00:00:00:00:00:00\" was given", false},
	{"mac", "{'mac': '03:00:5e:00:00:01'}", CNI_ECONFIG, "a unicast MAC address", false},
	{"vlan", "{'vlan': 4095}", CNI_ECONFIG,
	 "\"vlan\": 4095 was given, a whole number from 0 to 4094", false},
	{"vlan", "{'vlan': -1}", CNI_ECONFIG, "\"vlan\": -1 was given", false},
	{"vlan", "{'vlan': '100'}", CNI_ECONFIG, "\"vlan\": \"100\" was given", false},
	{"vlanQoS", "{'vlan': 1, 'vlanQoS': 8}", CNI_ECONFIG, "\"vlanQoS\": 8 was given", false},
	{"vlanQoS", "{'vlanQoS': 1}", CNI_ECONFIG, "\"vlanQoS\" needs a \"vlan\" from 1 to 4094",
	 false},
	{"vlanQoS", "{'vlan': 0, 'vlanQoS': 1}", CNI_ECONFIG, "\"vlanQoS\" needs a \"vlan\"",
	 false},
	{"vlanProto", "{'vlan': 1, 'vlanProto': '802.1x'}", CNI_ECONFIG,
	 "one of \"802.1q\" \"802.1ad\"", false},
	{"vlanProto", "{'vlanProto': '802.1ad'}", CNI_ECONFIG, "\"vlanProto\" needs a \"vlan\"",
	 false},
	{"vlanProto", "{'vlan': 0, 'vlanProto': '802.1ad'}", CNI_ECONFIG,
	 "\"vlanProto\" needs a \"vlan\"", false},
	{"spoofchk", "{'spoofchk': 'true'}", CNI_ECONFIG,
	 "\"spoofchk\": \"true\" was given, one of \"off\" \"on\"", false},
	{"trust", "{'trust': true}", CNI_ECONFIG, "\"trust\": true was given", false},
	{"link_state", "{'link_state': 'up'}", CNI_ECONFIG,
	 "one of \"auto\" \"enable\" \"disable\"", false},
	{"min_tx_rate", "{'min_tx_rate': 4294967296}", CNI_ECONFIG,
	 "\"min_tx_rate\": 4294967296 was given", false},
	{"min_tx_rate", "{'min_tx_rate': 6, 'max_tx_rate': 5}", CNI_ECONFIG,
	 "min_tx_rate 6 is above max_tx_rate 5", false},
	{"max_tx_rate", "{'max_tx_rate': 4294967296}", CNI_ECONFIG,
	 "\"max_tx_rate\": 4294967296 was given", false},
	{"rss_query", "{'rss_query': ''}", CNI_ECONFIG, "\"rss_query\": \"\" was given", false},
	{"driver", "{'driver': 1}", CNI_ECONFIG, "\"driver\": 1 was given", false},
	{"driver", "{'driver': ''}", CNI_ECONFIG, "\"driver\": \"\" is not a driver's name", false},
	{"driver", "{'driver': '../x'}", CNI_ECONFIG, "\"../x\" is not a driver's name", false},
	{"driver", "{'driver': 'a\\n'}", CNI_ECONFIG, "is not a driver's name", false},
	{"driver", "{'driver': '0123456789012345678901234567890123456789012345678901234567890123'}",
	 CNI_ECONFIG, "is not a driver's name", false},
	{"mtu", "{'mtu': 67}", CNI_ECONFIG,
	 "\"mtu\": 67 was given, a whole number from 68 to 65535", false},
	{"mtu", "{'mtu': 65536}", CNI_ECONFIG, "\"mtu\": 65536 was given", false},
	{"pfLink", "{'pfLink': 'up'}", CNI_ECONFIG, "one of \"require\" \"raise\" \"ignore\"",
	 false},
	{"ipam", "{'ipam': 'host-local'}", CNI_ECONFIG,
	 "\"ipam\": \"host-local\" was given, an object", false},
	{"ipam", "{'ipam': {'type': 1}}", CNI_ECONFIG, "ipam: \"type\": 1 was given", true},
	{"ipam", "{'ipam': {'subnet': '10.1.2.0/24'}}", CNI_ECONFIG, "ipam: \"type\" is missing",
	 true},
	{"ipam", "{'ipam': {'type': '', 'subnet': '10.1.2.0/24'}}", CNI_ECONFIG,
	 "ipam: \"type\" is missing", true},
	{"ipamTimeout", "{'ipamTimeout': 0}", CNI_ECONFIG, "\"ipamTimeout\": 0 was given", false},
	{"ipamTimeout", "{'ipamTimeout': 601}", CNI_ECONFIG, "\"ipamTimeout\": 601 was given",
	 false},
	{"dns", "{'dns': []}", CNI_ECONFIG, "\"dns\": [] was given, an object", false},
	{"logLevel", "{'logLevel': 'verbose'}", CNI_ECONFIG,
	 "one of \"panic\" \"error\" \"warning\" \"info\" \"debug\"", false},
	{"logFile", "{'logFile': 1}", CNI_ECONFIG, "\"logFile\": 1 was given", false},
	{"dad", "{'dad': true}", CNI_ECONFIG, "one of \"off\" \"optimistic\" \"on\"", false},
	{"announce", "{'announce': 'no'}", CNI_ECONFIG,
	 "\"announce\": \"no\" was given, true or false", false},
	{"netdevTimeout", "{'netdevTimeout': 61}", CNI_ECONFIG, "\"netdevTimeout\": 61 was given",
	 false},
	{"flr", "{'flr': 1}", CNI_ECONFIG, "\"flr\": 1 was given, true or false", false},
	{"strict", "{'strict': 'true'}", CNI_ECONFIG,
	 "\"strict\": \"true\" was given, true or false", false},
	{"runtimeConfig", "{'runtimeConfig': []}", CNI_ECONFIG, "\"runtimeConfig\": [] was given",
	 false},
	{"runtimeConfig", "{'runtimeConfig': {'mac': 'x'}}", CNI_ECONFIG,
	 "runtimeConfig: \"mac\": \"x\" was given", false},
	{"runtimeConfig", "{'runtimeConfig': {'deviceID': 'ens1f0'}}", CNI_ECONFIG,
	 "\"deviceID\": \"ens1f0\" is not", false},
	{"runtimeConfig", "{'runtimeConfig': {'CNIDeviceInfoFile': 'run/x'}}", CNI_ECONFIG,
	 "\"CNIDeviceInfoFile\": \"run/x\" is not an absolute path", false},
	{"prevResult", "{'prevResult': []}", CNI_ECONFIG, "\"prevResult\": [] was given", false},
	{"cni.dev/valid-attachments", "{'cni.dev/valid-attachments': {}}", CNI_ECONFIG,
	 "{} was given, an array", false},
	{"cni.dev/attachments", "{'cni.dev/attachments': 1}", CNI_ECONFIG, "1 was given, an array",
	 false},
	{"prevResult", "{'prevResult': {'cniVersion': '9.0.0'}}", CNI_EVERSION,
	 "prevResult: cniVersion \"9.0.0\"", false},
	{"prevResult", "{'prevResult': {'cniVersion': '1.0.0', 'ips': {}}}", CNI_EDECODE,
	 "prevResult: \"ips\"", false},
};

static void every_bad_value_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		static const enum cni_command commands[] = {CNI_ADD, CNI_CHECK};

		EXPECT_ROW(refused[i].fragment);
		for (size_t k = 0; k < ARRAY_SIZE(commands); k++) {
			struct conf c = {0};
			struct err e = {0};

			expect_err(read_for(commands[k], "", smallest_with(refused[i].fragment), &c,
					    &e),
				   &e, refused[i].code, refused[i].expected);
			conf_clear(&c);
		}
	}
}

/*
 * An attachment is given back from its record: for DEL and GC only the network and its IPAM count.
 *
 */
static void what_del_and_gc_do_not_need_may_be_wrong(void **state)
{
	static const enum cni_command commands[] = {CNI_DEL, CNI_GC};
	struct err e = {0};

	(void)state;
	expect_ok(log_open(LOG_PANIC, NULL, "", "", &e),
		  &e); /* each is a warning, and stderr is no place for it */
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		EXPECT_ROW(refused[i].fragment);
		for (size_t k = 0; k < ARRAY_SIZE(commands); k++) {
			struct conf c = {0};
			int r = read_for(commands[k], "", smallest_with(refused[i].fragment), &c,
					 &e);

			expect_int(r, refused[i].needed ? -1 : 0);
			expect_text(r ? NULL : c.name, r ? NULL : "n");
			conf_clear(&c);
		}
	}
	expect_ok(log_open(LOG_WARNING, NULL, "", "", &e), &e);
}

/* err.h: "on success it does not touch it" */
static void what_is_tolerated_leaves_no_error_behind(void **state)
{
	struct conf c = {0};
	struct err e = {0};

	(void)state;
	expect_ok(log_open(LOG_PANIC, NULL, "", "", &e), &e);
	expect_ok(read_for(CNI_DEL, "", smallest_with("{'vlan': 5000}"), &c, &e), &e);
	expect_int(e.code, 0);
	conf_clear(&c);
	expect_ok(log_open(LOG_WARNING, NULL, "", "", &e), &e);
}

/* A list that cannot be read is as good as none: nothing is released for it. */
static void gc_without_a_list_has_no_list(void **state)
{
	struct conf c = {0};
	struct err e = {0};

	(void)state;
	expect_ok(log_open(LOG_PANIC, NULL, "", "", &e), &e);
	expect_ok(read_for(CNI_GC, "", smallest_with("{'cni.dev/valid-attachments': {}}"), &c, &e),
		  &e);
	expect_int(c.valid_attachments == NULL, true);
	conf_clear(&c);
	expect_ok(log_open(LOG_WARNING, NULL, "", "", &e), &e);
}

/* The good keys of a configuration that DEL tolerates are read: above all its IPAM section. */
static void del_reads_what_is_good_beside_what_is_bad(void **state)
{
	struct conf c = {0};
	struct err e = {0};

	(void)state;
	expect_ok(log_open(LOG_PANIC, NULL, "", "", &e), &e);
	expect_ok(
		read_for(
			CNI_DEL, "nonsense",
			smallest_with(
				"{'vlan': 5000, 'deviceID': 'x', 'mtu': 1400, 'runtimeConfig': {'mac': 1},"
				" 'ipam': {'type': 'static'}, 'prevResult': {'cniVersion': '9.0.0'}}"),
			&c, &e),
		&e);
	expect_json(
		shown(&c),
		json("{'version': '1.0.0', 'name': 'n', 'vf': {}, 'mtu': 1400, 'ipam': 'static'}"));
	conf_clear(&c);
	expect_ok(log_open(LOG_WARNING, NULL, "", "", &e), &e);
}

/* --- the table and the tests above know the same keys and limits --- */

extern const struct jfield conf_fields[], conf_runtime_fields[];

/* Whether one of the additions gives the key this value (NULL: any). */
static bool has_row(bool good, const char *key, const json_t *value)
{
	for (size_t i = 0; i < (good ? ARRAY_SIZE(accepted) : ARRAY_SIZE(refused)); i++) {
		json_auto_t *j = json(good ? accepted[i].fragment : refused[i].fragment);
		json_t *v = json_object_get(j, key);

		if (strcmp(good ? accepted[i].key : refused[i].key, key) != 0)
			continue;
		if (!value ||
		    (v && (json_equal(v, value) ||
			   (json_is_string(v) && json_is_string(value) &&
			    !strcasecmp(json_string_value(v), json_string_value(value))))))
			return true;
	}
	return false;
}

static void expect_row_for(bool good, const char *key, json_t *value)
{
	if (!has_row(good, key, value))
		fail_msg("no %s row tests \"%s\": %s", good ? "accepted" : "refused", key,
			 value ? json_dumps(value, JSON_ENCODE_ANY) : "...");
	json_decref(value);
}

static void every_row_of_the_table_has_its_tests(void **state)
{
	(void)state;
	for (const struct jfield *f = conf_fields; f->key; f++) {
		expect_row_for(true, f->key, NULL);
		if (f->kind != JT_ANY)
			expect_row_for(false, f->key, NULL);
		for (const char *const *w = f->words; w && *w; w++)
			expect_row_for(true, f->key, json_string(*w));
		if (f->kind != JT_UINT)
			continue;
		expect_row_for(true, f->key, json_integer((json_int_t)f->lo));
		expect_row_for(true, f->key, json_integer((json_int_t)f->hi));
		expect_row_for(false, f->key, json_integer((json_int_t)f->hi + 1));
		if (f->lo)
			expect_row_for(false, f->key, json_integer((json_int_t)f->lo - 1));
	}
}

/* --- what comes from several places --- */

static void the_mac_of_the_runtime_wins_over_cni_args_and_that_over_the_key(void **state)
{
	(void)state;
	for (int sources = 0; sources < 8; sources++) {
		const bool key = sources & 1, args = sources & 2, runtime = sources & 4;
		struct conf c = {0};
		struct err e = {0};
		json_t *j = smallest_with(key ? "{'mac': '02:00:00:00:00:01'}" : "{}");

		if (runtime)
			json_object_set_new(j, "runtimeConfig",
					    json("{'mac': '02:00:00:00:00:03'}"));
		expect_ok(
			read_for(CNI_ADD,
				 args ? "IgnoreUnknown=1;MAC=02:00:00:00:00:02" : "IgnoreUnknown=1",
				 j, &c, &e),
			&e);
		expect_int(c.vf.f[VF_MAC].set, sources != 0);
		expect_hex(c.vf.f[VF_MAC].v, runtime ? 0x020000000003
					     : args  ? 0x020000000002
					     : key   ? 0x020000000001
						     : 0);
		conf_clear(&c);
	}
}

static void a_stable_mac_is_made_from_container_and_interface(void **state)
{
	static const struct {
		const char *container_id, *ifname, *mac;
	} rows[] = {
		{"pod", "net1", "66:87:99:9e:e6:19"},
		{"pod", "net2", "6a:87:99:9e:ed:70"},
		{"8f3c1e0b7a44d9c2", "net1", "42:0f:a4:08:d4:9d"},
		{"8f3c1e0b7a44d9c2", "eth0", "b6:5d:4a:ad:b4:c7"},
		{"", "", "b6:4c:86:01:02:ce"},
	};
	static const char text[] = "{\"cniVersion\": \"1.0.0\", \"name\": \"n\", "
				   "\"type\": \"sriov\", \"mac\": \"stable\"}";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct cni_args args = {.command = CNI_ADD,
					      .container_id = rows[i].container_id,
					      .ifname = rows[i].ifname,
					      .args = ""};
		struct conf c = {0};
		struct err e = {0};
		char mac[MAC_TEXT];

		EXPECT_ROW(rows[i].mac);
		expect_ok(conf_read(text, sizeof(text) - 1, &args, &c, &e), &e);
		expect_text(mac_text(c.vf.f[VF_MAC].v, mac), rows[i].mac);
		conf_clear(&c);
	}
}

static void a_bad_mac_in_cni_args_is_refused(void **state)
{
	static const char *const bad[] = {"MAC=",
					  "MAC=x",
					  "MAC=00:00:00:00:00:00",
					  "MAC=01:00:00:00:00:00",
					  "MAC=02:00:00:00:00:01;x",
					  "nonsense"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct conf c = {0};
		struct err e = {0};

		EXPECT_ROW(bad[i]);
		expect_err(read_for(CNI_ADD, bad[i], smallest_with("{}"), &c, &e), &e, CNI_EENV,
			   "CNI_ARGS: ");
		conf_clear(&c);
	}
}

static void the_device_of_the_runtime_wins(void **state)
{
	struct conf c = {0};
	struct err e = {0};

	(void)state;
	expect_ok(
		read_for(
			CNI_ADD, "",
			smallest_with(
				"{'deviceID': '0000:01:10.0', 'runtimeConfig': {'deviceID': '0000:01:10.2'}}"),
			&c, &e),
		&e);
	expect_text(c.device_id, "0000:01:10.2");
	expect_hex(c.device.rid, 0x0182);
	conf_clear(&c);
}

static void a_name_may_have_255_characters(void **state)
{
	char name[257];

	(void)state;
	memset(name, 'n', 256);
	for (size_t n = 255; n <= 256; n++) {
		json_t *j = smallest_with("{}");
		struct conf c = {0};
		struct err e = {0};
		int r;

		name[n] = '\0';
		json_object_set_new(j, "name", json_string(name));
		r = read_for(CNI_ADD, "", j, &c, &e);
		if (n == 255)
			expect_ok(r, &e);
		else
			expect_err(r, &e, CNI_ECONFIG, "cannot name a network");
		conf_clear(&c);
		name[n] = 'n';
	}
}

/* What came as the version is known even when nothing else is, for the error object. */
static void the_version_is_known_on_failure_too(void **state)
{
	struct conf c = {0};
	struct err e = {0};

	(void)state;
	expect_int(read_for(CNI_ADD, "", smallest_with("{'vlan': 5000}"), &c, &e), -1);
	expect_text(c.version_text, "1.0.0");
	conf_clear(&c);
}

/* --- unknown keys --- */

static void an_unknown_key_is_an_error_where_it_is_strict(void **state)
{
	static const struct {
		const char *fragment, *expected;
	} rows[] = {
		{"{'Vlam': 5}", "unknown key \"Vlam\"; correct the spelling"},
		{"{'vlan_qos': 5, 'spoofcheck': 'on'}",
		 "unknown keys \"vlan_qos\", \"spoofcheck\"; correct"},
		{"{'': 1}", "unknown key \"\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct conf c = {0};
		struct err e = {0};
		json_t *j = smallest_with(rows[i].fragment);

		EXPECT_ROW(rows[i].fragment);
		json_object_set_new(j, "strict", json_true());
		expect_ok(read_for(CNI_ADD, "", j, &c, &e), &e);
		expect_err(conf_check_unknown(&c, &e), &e, CNI_EFIELD, rows[i].expected);
		conf_clear(&c);
	}
}

/* What it says would be lost, where Go's plugin takes it. */
static void a_key_with_capitals_in_the_wrong_place_is_an_error(void **state)
{
	struct conf c = {0};
	struct err e = {0};

	(void)state;
	expect_ok(read_for(CNI_ADD, "", smallest_with("{'Vlan': 5}"), &c, &e), &e);
	expect_err(conf_check_unknown(&c, &e), &e, CNI_ECONFIG,
		   "key \"Vlan\" has to be written \"vlan\"");
	conf_clear(&c);
}

static void else_an_unknown_key_is_a_warning(void **state)
{
	struct conf c = {0};
	struct err e = {0};
	char text[512] = "";
	FILE *f;

	(void)state;
	expect_ok(log_open(LOG_WARNING, scratch_path("log"), "c1", "net1", &e), &e);
	expect_ok(read_for(CNI_ADD, "", smallest_with("{'Vlam': 5}"), &c, &e), &e);
	expect_ok(conf_check_unknown(&c, &e), &e);
	f = fopen(scratch_path("log"), "re");
	expect_int(fread(text, 1, sizeof(text) - 1, f) > 0, true);
	(void)fclose(f);
	expect_within(text, "[warning] c1 net1: network n: unknown key \"Vlam\" ignored");
	conf_clear(&c);
}

static void a_thousand_unknown_keys_make_one_message(void **state)
{
	json_t *j = smallest_with("{'strict': true}");
	struct conf c = {0};
	struct err e = {0};
	char key[128];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(key, sizeof(key), "%04d%0100d", i, i);
		json_object_set_new(j, key, json_true());
	}
	expect_ok(read_for(CNI_ADD, "", j, &c, &e), &e);
	expect_err(conf_check_unknown(&c, &e), &e, CNI_EFIELD, "unknown keys \"");
	expect_within(e.msg, "correct the spelling");
	conf_clear(&c);
}

/* --- whole configurations, as files --- */

static int read_file(void *const *state, struct conf *ret, char **ret_text, struct err *e)
{
	const struct cni_args args = {.command = CNI_ADD, .args = ""};
	size_t len;

	*ret_text = fixture_read(fixture_beside(state, ".json"), &len);
	return conf_read(*ret_text, len, &args, ret, e);
}

static void a_configuration_is_understood(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct conf c = {0};
	struct err e = {0};

	expect_ok(read_file(state, &c, &text, &e), &e);
	expect_ok(conf_check_unknown(&c, &e), &e);
	expect_json(shown(&c), fixture_json(fixture_beside(state, ".expected")));
	conf_clear(&c);
}

/* NAME.expected: the code, a space, part of the message. */
static void a_configuration_is_refused(void **state)
{
	_cleanup_free_ char *expected = fixture_read(fixture_beside(state, ".expected"), NULL),
			    *text = NULL;
	struct conf c = {0};
	struct err e = {0};
	char *part;
	int code = (int)strtol(expected, &part, 10);

	part[strcspn(part, "\n")] = '\0';
	expect_err(read_file(state, &c, &text, &e), &e, code, part + 1);
	conf_clear(&c);
}

static void who_says_nothing_waits_for_a_netdev_as_long_as_the_manual_says(void **state)
{
	struct conf c;
	struct err e = {0};

	(void)state;
	expect_ok(read_for(CNI_ADD, "", smallest_with("{}"), &c, &e), &e);
	expect_int(c.netdev_timeout.v, 2);
	conf_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_good_value_is_understood),
		cmocka_unit_test(every_bad_value_is_refused),
		cmocka_unit_test(what_del_and_gc_do_not_need_may_be_wrong),
		cmocka_unit_test(what_is_tolerated_leaves_no_error_behind),
		cmocka_unit_test(gc_without_a_list_has_no_list),
		cmocka_unit_test(del_reads_what_is_good_beside_what_is_bad),
		cmocka_unit_test(every_row_of_the_table_has_its_tests),
		cmocka_unit_test(the_mac_of_the_runtime_wins_over_cni_args_and_that_over_the_key),
		cmocka_unit_test(a_stable_mac_is_made_from_container_and_interface),
		cmocka_unit_test(a_bad_mac_in_cni_args_is_refused),
		cmocka_unit_test(the_device_of_the_runtime_wins),
		cmocka_unit_test(who_says_nothing_waits_for_a_netdev_as_long_as_the_manual_says),
		cmocka_unit_test(a_name_may_have_255_characters),
		cmocka_unit_test(the_version_is_known_on_failure_too),
		cmocka_unit_test(an_unknown_key_is_an_error_where_it_is_strict),
		cmocka_unit_test(a_thousand_unknown_keys_make_one_message),
		cmocka_unit_test(a_key_with_capitals_in_the_wrong_place_is_an_error),
		SCRATCH_TEST(else_an_unknown_key_is_a_warning), /* the last: the log stays there */
	};

	return fixture_run("conf/accepted", a_configuration_is_understood) +
	       fixture_run("conf/refused", a_configuration_is_refused) +
	       cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
