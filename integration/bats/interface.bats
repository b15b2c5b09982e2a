#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# interface.bats - the interface in the pod (N1 to N5, N7, N8)

load lib

# --- N1, N2: names ---

# watch_host - from now on $T/monitor tells of the host's links. A link of our own shows that the watch has begun.
watch_host() {
	ip monitor link >"$T/monitor" 3>&- &
	monitor=$!
	ip link add probe0 type dummy
	within 5 eval 'ip link set probe0 mtu $((1000 + RANDOM % 400)); grep -q probe0 "$T/monitor"'
}

# host_saw - the names, other than the PFs', that host's links had meanwhile
host_saw() {
	ip link del probe0
	within 5 grep -q 'Deleted.* probe0' "$T/monitor" # all before has been told then
	kill "$monitor"
	sed -nE 's/^(Deleted )?[0-9]+: ([^:@]+).*/\1\2/p' "$T/monitor" | grep -vE 'probe0|^pf[01]$' | sort -u | xargs
}

@test "N1 ADD renames nothing on the host: the VF vanishes under its own name" {
	conf "$PF0V0" '"vlan": 100'
	watch_host
	ADD p1
	equal 'what the host saw' "$(host_saw)" 'Deleted pf0v0'
	link_has p1 net1 UP
}

@test "N1 DEL renames nothing on the host: the VF appears under its own name" {
	conf "$PF0V0" '"vlan": 100'
	ADD p1
	watch_host
	DEL p1
	equal 'what the host saw' "$(host_saw)" pf0v0
}

@test "N1 the pod may call its interface as the host calls another" {
	conf "$PF0V0"
	ADD p1 pf0v1
	link_has p1 pf0v1 "parentdev $PF0V0" UP
	link_has '' pf0v1 "parentdev $PF0V1"
	DEL p1 pf0v1
	link_has '' pf0v0 "parentdev $PF0V0"
	link_has '' pf0v1 "parentdev $PF0V1"
}

@test "N1 the VF's name on the host may be taken in the pod" {
	ip -n p1 link add pf0v0 type dummy
	later 'ip -n p1 link del pf0v0'
	conf "$PF0V0"
	ADD p1
	link_has p1 net1 "parentdev $PF0V0" UP
	DEL p1
}

@test "N2 alternative names stay out of the pod and are restored" {
	ip link property add dev pf0v0 altname enp1s16 altname a-rather-long-alternative-name
	later 'ip link property del dev pf0v0 altname enp1s16 altname a-rather-long-alternative-name'
	conf "$PF0V0"
	ADD p1
	has_not "$(ip -n p1 link show dev net1)" altname
	DEL p1
	has "$(ip link show dev pf0v0)" 'altname enp1s16' 'altname a-rather-long-alternative-name'
}

@test "N2 an alternative name does not meet the same one in the pod, nor CNI_IFNAME" {
	ip link property add dev pf0v0 altname net1
	later 'ip link property del dev pf0v0 altname net1'
	ip link property add dev pf0v0 altname enp1s16
	later 'ip link property del dev pf0v0 altname enp1s16'
	ip -n p1 link add eth0 type dummy
	ip -n p1 link property add dev eth0 altname enp1s16
	later 'ip -n p1 link del eth0'
	conf "$PF0V0"
	ADD p1
	link_has p1 net1 "parentdev $PF0V0" UP
	DEL p1
	has "$(ip link show dev pf0v0)" 'altname net1' 'altname enp1s16'
}

# --- N3 ---

@test "N3 mtu is set in the pod, reported, and restored" {
	version=1.1.0
	conf "$PF0V0" '"mtu": 1400'
	ADD p1
	link_has p1 net1 'mtu 1400'
	result '.interfaces[0].mtu == 1400'
	DEL p1
	link_has '' pf0v0 'mtu 1500'
}

@test "N3 a PF with jumbo frames allows its VFs the same" {
	ip link set pf0 mtu 9000
	later 'ip link set pf0 mtu 1500'
	conf "$PF0V0" '"mtu": 9000'
	ADD p1
	link_has p1 net1 'mtu 9000' UP
}

@test "N3 an mtu above the PF's is refused, with the remedy" {
	conf "$PF0V0" '"mtu": 1501'
	cni ADD p1
	refused 7 'mtu 1501' 'PF pf0' 'which is 1500' 'ip link set pf0 mtu 1501'
}

@test "N3 an mtu that no interface can have is refused" {
	for mtu in 0 67 65536 -1 '"1500"'; do
		conf "$PF0V0" "\"mtu\": $mtu"
		cni ADD p1
		keep '"mtu"' "$mtu" 'from 68 to 65535'
	done
	refused_each 7
}

@test "N3 without mtu the VF keeps the one it has" {
	version=1.1.0
	ip link set pf0v0 mtu 1300
	later 'ip link set pf0v0 mtu 1500'
	conf "$PF0V0"
	ADD p1
	link_has p1 net1 'mtu 1300'
	result '.interfaces[0].mtu == 1300'
}

# --- N4, N5: addresses and routes ---

static() { # static ADDRESSES [ROUTES] - as JSON, without the brackets
	printf '"ipam": {"type": "static", "addresses": [%s], "routes": [%s]}' "$1" "${2-}"
}

@test "N4 an IPv4 address is there with its broadcast address" {
	conf "$PF0V0" "$(static '{"address": "10.56.0.2/24", "gateway": "10.56.0.1"}')"
	ADD p1
	equal addresses "$(addresses p1)" 10.56.0.2/24
	has "$(ip -n p1 addr show dev net1)" 'inet 10.56.0.2/24 brd 10.56.0.255'
}

@test "N4 an IPv6 address alone is there, and usable at once" {
	conf "$PF0V0" "$(static '{"address": "fd00:56::2/64"}')"
	ADD p1
	equal 'tentative addresses' "$(ip -n p1 -o addr show dev net1 scope global tentative)" ''
	equal addresses "$(addresses p1)" fd00:56::2/64
}

# twin - the pod p2, on the other PF, has fd00:56::2 already
twin() {
	pod p2
	conf "$PF1V0" "$(static '{"address": "fd00:56::2/64"}')"
	ADD p2
	within 15 link_has p2 net1 LOWER_UP
}

# v6 WORD... - the flags of net1's address in p1
v6() {
	has " $(ip -n p1 -o addr show dev net1 scope global) " "${@/#/ }"
}

settled() {
	[[ ! $(ip -n p1 -o addr show dev net1 scope global tentative) ]]
}

@test "N7 dad optimistic: an address is used at once, and looked for meanwhile" {
	conf "$PF0V0" "\"dad\": \"optimistic\", $(static '{"address": "fd00:56::2/64"}')"
	ADD p1
	v6 optimistic
	within 15 settled
	v6 fd00:56::2/64
	DEL p1
	twin
	conf "$PF0V0" "\"dad\": \"optimistic\", $(static '{"address": "fd00:56::2/64"}')"
	ADD p1
	within 15 v6 dadfailed 2>/dev/null || v6 dadfailed
}

@test "N7 dad on: an address is not used before it was looked for" {
	conf "$PF0V0" "\"dad\": \"on\", $(static '{"address": "fd00:56::2/64"}')"
	ADD p1
	v6 tentative
	has_not "$(ip -n p1 -o addr show dev net1)" optimistic
	within 15 settled
	v6 fd00:56::2/64
	DEL p1
	twin
	conf "$PF0V0" "\"dad\": \"on\", $(static '{"address": "fd00:56::2/64"}')"
	ADD p1
	within 15 v6 dadfailed 2>/dev/null || v6 dadfailed
}

@test "N4 addresses of both families are there" {
	conf "$PF0V0" "$(static '{"address": "10.56.0.2/24"}, {"address": "fd00:56::2/64"}')"
	ADD p1
	equal addresses "$(addresses p1)" '10.56.0.2/24 fd00:56::2/64'
}

@test "N4 without ipam the interface is up and has no address" {
	conf "$PF0V0"
	ADD p1
	link_has p1 net1 UP
	equal addresses "$(addresses p1)" ''
	result '.ips == [] and .routes == []'
}

@test "N4 an empty ipam is none" {
	for ipam in '{}' '{"type": ""}'; do
		conf "$PF0V0" "\"ipam\": $ipam"
		ADD p1
		link_has p1 net1 UP
		DEL p1
	done
}

@test "N4 a pod in which IPv6 is switched off gets its IPv6 address on this interface" {
	pod p2
	ip netns exec p2 sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
		echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6'
	conf "$PF0V0" "$(static '{"address": "10.56.0.2/24"}, {"address": "fd00:56::2/64"}')"
	ADD p2
	equal addresses "$(addresses p2)" '10.56.0.2/24 fd00:56::2/64'
}

@test "N4 a host's address, a /31 and a /0 are taken as they are" {
	conf "$PF0V0" "$(static '{"address": "10.56.0.2/32"}, {"address": "10.57.0.0/31"}, {"address": "fd00:56::2/128"}')"
	ADD p1
	equal addresses "$(addresses p1)" '10.56.0.2/32 10.57.0.0/31 fd00:56::2/128'
	has_not "$(ip -n p1 addr show dev net1)" 'inet 10.57.0.0/31 brd'
}

# routes POD - those of net1 that somebody made, in all tables
routes() {
	{
		ip -n "$1" -4 route show table all dev net1 proto boot
		ip -n "$1" -6 route show table all dev net1 proto boot
	} | sed -E 's/ +$//'
}

@test "N5 routes go through the gateway they name, or that of the first address of their family" {
	conf "$PF0V0" "$(static '{"address": "10.56.0.2/24", "gateway": "10.56.0.1"},
			{"address": "10.57.0.2/24", "gateway": "10.57.0.1"},
			{"address": "fd00:56::2/64", "gateway": "fd00:56::1"}' \
		'{"dst": "0.0.0.0/0"}, {"dst": "192.0.2.0/24", "gw": "10.57.0.9"},
			{"dst": "::/0"}, {"dst": "2001:db8::/32", "gw": "fd00:56::9"}')"
	ADD p1
	equal addresses "$(addresses p1)" '10.56.0.2/24 10.57.0.2/24 fd00:56::2/64'
	has "$(routes p1)" 'default via 10.56.0.1' '192.0.2.0/24 via 10.57.0.9' \
		'default via fd00:56::1' '2001:db8::/32 via fd00:56::9'
}

@test "N5 a route has its mtu, advmss, priority, table and scope" {
	version=1.1.0
	ipam_says '{"cniVersion": "1.1.0", "ips": [{"address": "10.56.0.2/24", "gateway": "10.56.0.1"},
			{"address": "fd00:56::2/64"}],
		"routes": [
			{"dst": "192.0.2.0/24", "mtu": 1300, "advmss": 1200},
			{"dst": "198.51.100.0/24", "priority": 50, "table": 1000},
			{"dst": "203.0.113.0/24", "scope": 253},
			{"dst": "2001:db8::/32", "gw": "fd00:56::1", "priority": 60, "mtu": 1280}]}'
	conf "$PF0V0" "$SAYS"
	ADD p1
	equal routes "$(routes p1)" '198.51.100.0/24 via 10.56.0.1 table 1000 metric 50
192.0.2.0/24 via 10.56.0.1 mtu 1300 advmss 1200
203.0.113.0/24 scope link
2001:db8::/32 via fd00:56::1 metric 60 mtu 1280 pref medium'
	result '.routes | length == 4 and .[0].mtu == 1300 and .[0].advmss == 1200 and .[1].priority == 50
		and .[1].table == 1000 and .[2].scope == 253'
}

@test "N5 a route without any gateway ends on the link" {
	ipam_says '{"cniVersion": "1.0.0", "ips": [{"address": "10.56.0.2/32"}], "routes": [{"dst": "192.0.2.0/24"}]}'
	conf "$PF0V0" "$SAYS"
	ADD p1
	equal routes "$(routes p1)" '192.0.2.0/24 scope link'
}

# A row is: addresses | routes of the IPAM plugin | routes of ours, separated by commas
@test "N4 N5 a gateway is in a subnet of the interface, or the address is alone, or a route leads to it" {
	local addresses routes expected ips address
	version=1.1.0
	while IFS='|' read -r addresses routes expected; do
		ips=''
		for address in $addresses; do
			ips+="${ips:+, }{\"address\": \"${address%@*}\"$([[ $address != *@* ]] || printf ', "gateway": "%s"' "${address#*@}")}"
		done
		ipam_says "{\"cniVersion\": \"1.1.0\", \"ips\": [$ips], \"routes\": [$routes]}"
		conf "$PF0V0" "$SAYS"
		ADD p1
		equal "routes with $addresses" "$(routes p1 | sed 's/ pref medium//' | paste -sd,)" "$expected"
		CHECK p1
		DEL p1
	done <<-'END'
		10.56.0.2/24@10.56.0.1|{"dst": "0.0.0.0/0"}|default via 10.56.0.1
		10.56.0.2/32@10.56.0.1|{"dst": "0.0.0.0/0"}|default via 10.56.0.1 onlink
		10.56.0.2/32 10.56.0.3/32|{"dst": "192.0.2.0/24", "gw": "169.254.1.1"}|192.0.2.0/24 via 169.254.1.1 onlink
		10.56.0.2/24|{"dst": "169.254.1.1/32", "scope": 253}, {"dst": "0.0.0.0/0", "gw": "169.254.1.1"}|default via 169.254.1.1,169.254.1.1 scope link
		10.56.0.2/24@10.56.0.1 10.57.0.2/24|{"dst": "192.0.2.0/24"}, {"dst": "198.51.100.0/24", "gw": "10.57.0.1"}|192.0.2.0/24 via 10.56.0.1,198.51.100.0/24 via 10.57.0.1
		10.56.0.2/24 10.56.0.3/24@10.56.0.1|{"dst": "0.0.0.0/0"}|default via 10.56.0.1
		fd00:56::2/64@fd00:56::1|{"dst": "::/0"}|default via fd00:56::1 metric 1024
		fd00:56::2/64|{"dst": "::/0", "gw": "fe80::1"}|default via fe80::1 metric 1024
		fd00:56::2/128@fd00:56::1|{"dst": "::/0"}|default via fd00:56::1 metric 1024 onlink
		fd00:56::2/64|{"dst": "fd00:57::1/128", "scope": 253}, {"dst": "::/0", "gw": "fd00:57::1"}|fd00:57::1 metric 1024,default via fd00:57::1 metric 1024
		10.56.0.2/32@10.56.0.1 fd00:56::2/64@fd00:56::1|{"dst": "0.0.0.0/0"}, {"dst": "::/0"}|default via 10.56.0.1 onlink,default via fd00:56::1 metric 1024
	END
}

@test "N5 a gateway that nothing leads to is refused, with what to do" {
	ipam_says '{"cniVersion": "1.0.0", "ips": [{"address": "10.56.0.2/24", "gateway": "10.57.0.1"}], "routes": [{"dst": "0.0.0.0/0"}]}'
	conf "$PF0V0" "$SAYS"
	cni ADD p1
	keep 'route to 0.0.0.0/0' 'in no subnet of the interface' 'route to 10.57.0.1/32' '"scope": 253'
	ipam_says '{"cniVersion": "1.0.0", "ips": [{"address": "fd00:56::2/64"}], "routes": [{"dst": "::/0", "gw": "fd00:57::1"}]}'
	cni ADD p1
	keep 'route to ::/0' 'in no subnet of the interface' 'route to fd00:57::1/128'
	refused_each 100
}

@test "N4 packets of both families go by a host's address and its gateway at once" {
	local ip='"type": "static", "addresses"'
	pod p2
	conf "$PF0V1" "\"ipam\": {$ip: [{\"address\": \"10.56.0.1/32\"}, {\"address\": \"fd00:56::1/128\"}],
		\"routes\": [{\"dst\": \"10.56.0.2/32\"}, {\"dst\": \"fd00:56::2/128\"}]}"
	ADD p2
	within 15 link_has p2 net1 LOWER_UP
	conf "$PF0V0" "\"ipam\": {$ip: [{\"address\": \"10.56.0.2/32\", \"gateway\": \"10.56.0.1\"},
		{\"address\": \"fd00:56::2/128\", \"gateway\": \"fd00:56::1\"}], \"routes\": [{\"dst\": \"0.0.0.0/0\"}, {\"dst\": \"::/0\"}]}"
	ADD p1
	ip netns exec p1 ping -q -c 1 -w 10 10.56.0.1
	ip netns exec p1 ping -q -c 1 -w 10 fd00:56::1
}

# A pod that has default routes by another interface, as the cluster's network gives them.
pod_with_default_route() { # pod_with_default_route [METRIC]
	ip -n p1 link add eth0 type dummy
	later 'ip -n p1 link del eth0'
	ip -n p1 addr add 10.1.0.2/24 dev eth0
	ip -n p1 addr add fd00:1::2/64 dev eth0 nodad
	ip -n p1 link set eth0 up
	ip -n p1 route add default via 10.1.0.1 ${1:+metric "$1"}
	ip -n p1 -6 route add default via fd00:1::1 ${1:+metric "$1"}
}

default_routes() { # default_routes [-6]
	ip -n p1 "${1--4}" route show default | sed -E 's/ pref medium//; s/ +$//'
}

@test "N5 a second default route of IPv6 stands behind the pod's first, and takes none of its traffic" {
	pod_with_default_route
	conf "$PF0V0" "$(static '{"address": "fd00:56::2/64", "gateway": "fd00:56::1"}' '{"dst": "::/0"}')"
	ADD p1
	equal 'default routes' "$(default_routes -6)" 'default via fd00:1::1 dev eth0 metric 1024
default via fd00:56::1 dev net1 metric 1025'
	for n in 1 2 3 4 5 6 7 8; do
		has "$(ip -n p1 route get 2001:db8::$n)" 'dev eth0'
	done
	CHECK p1
	DEL p1
	equal 'default routes' "$(default_routes -6)" 'default via fd00:1::1 dev eth0 metric 1024'
}

@test "N5 a default route with a better priority takes the pod's traffic, of either family" {
	pod_with_default_route 100
	ipam_says '{"cniVersion": "1.1.0", "ips": [{"address": "10.56.0.2/24", "gateway": "10.56.0.1"},
			{"address": "fd00:56::2/64", "gateway": "fd00:56::1"}],
		"routes": [{"dst": "0.0.0.0/0", "priority": 50}, {"dst": "::/0", "priority": 50}]}'
	conf "$PF0V0" "$SAYS"
	ADD p1
	equal 'default routes' "$(default_routes)" 'default via 10.56.0.1 dev net1 metric 50
default via 10.1.0.1 dev eth0 metric 100'
	has "$(ip -n p1 route get 192.0.2.1)" 'dev net1'
	has "$(ip -n p1 route get 2001:db8::1)" 'dev net1'
	CHECK p1
}

@test "N5 a second default route stands beside the pod's first" {
	pod_with_default_route
	conf "$PF0V0" "$(static '{"address": "10.56.0.2/24", "gateway": "10.56.0.1"}' '{"dst": "0.0.0.0/0"}')"
	ADD p1
	has "$(default_routes)" 'default via 10.56.0.1 dev net1' 'default via 10.1.0.1 dev eth0'
	DEL p1
	equal 'default routes' "$(default_routes)" 'default via 10.1.0.1 dev eth0'
}

@test "N5 a second default route with a priority stands behind the pod's first" {
	pod_with_default_route
	ipam_says '{"cniVersion": "1.1.0", "ips": [{"address": "10.56.0.2/24", "gateway": "10.56.0.1"}],
		"routes": [{"dst": "0.0.0.0/0", "priority": 200}]}'
	conf "$PF0V0" "$SAYS"
	ADD p1
	equal 'default routes' "$(default_routes)" 'default via 10.1.0.1 dev eth0
default via 10.56.0.1 dev net1 metric 200'
	has "$(ip -n p1 route get 192.0.2.1)" 'dev eth0'
}

# --- N8 ---

@test "N8 the result of 1.1.0 tells name, mac, mtu, sandbox, pciID, addresses, routes and DNS" {
	version=1.1.0
	ipam_says '{"cniVersion": "1.1.0", "ips": [{"address": "10.56.0.2/24", "gateway": "10.56.0.1"}],
		"routes": [{"dst": "0.0.0.0/0", "gw": "10.56.0.1"}],
		"dns": {"nameservers": ["10.56.0.53"], "search": ["ipam.example"], "domain": "ipam.example"}}'
	conf "$PF0V3" "$SAYS, \"mtu\": 1400, \"dns\": {\"nameservers\": [\"192.0.2.53\"], \"options\": [\"ndots:2\"]}"
	ADD p1
	result '. == {cniVersion: "1.1.0",
		interfaces: [{name: "net1", mac: $mac, mtu: 1400, sandbox: "/run/netns/p1", pciID: $pci}],
		ips: [{address: "10.56.0.2/24", gateway: "10.56.0.1", interface: 0}],
		routes: [{dst: "0.0.0.0/0", gw: "10.56.0.1"}],
		dns: {nameservers: ["192.0.2.53"], search: ["ipam.example"], domain: "ipam.example", options: ["ndots:2"]}}' \
		--arg mac "$(mac_of p1 net1)" --arg pci "$PF0V3"
}

@test "N8 the result goes to the runtime once, and nothing else does" {
	conf "$PF0V0" '"unknown": 1, "logLevel": "debug"'
	ADD p1
	equal 'number of values on standard output' "$(gojq -s length "$T/out")" 1
}
