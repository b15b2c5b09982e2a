#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# chain.bats - beside other plugins in a list, and under other links in the pod (N13, L11, L4, D6)
#
# seconds for each test: 4

load lib

MAC=02:00:5e:00:00:0b
IPS='"ipam": {"type": "static",
	"addresses": [{"address": "10.56.0.2/24", "gateway": "10.56.0.1"}, {"address": "fd00:56::2/64", "gateway": "fd00:56::1"}],
	"routes": [{"dst": "0.0.0.0/0"}, {"dst": "192.0.2.0/24", "gw": "10.56.0.9"}, {"dst": "2001:db8::/32"}]}'

# --- N13: other plugins behind it ---

TUNING="{\"type\": \"tuning\", \"mac\": \"$MAC\", \"promisc\": true, \"allmulti\": true, \"mtu\": 1400,
	\"sysctl\": {\"net.ipv4.conf.net1.arp_notify\": \"1\"}}"

@test "N13 tuning behind it gets its result, and CHECK and DEL of the list succeed" {
	network "$(sriov "$HOST_LOCAL")" "$TUNING"
	cnitool add
	result '.interfaces == [{name: "net1", mac: $mac, sandbox: "/run/netns/p1"}] and .ips[0].address == "10.56.0.2/24"' \
		--arg mac "$MAC"
	link_has p1 net1 PROMISC ALLMULTI 'mtu 1400' "link/ether $MAC"
	equal arp_notify "$(ip netns exec p1 cat /proc/sys/net/ipv4/conf/net1/arp_notify)" 1
	cnitool check
	cnitool del
	no_link p1 net1
	unchanged
}

@test "N13 CHECK takes the MAC that tuning has given to a trusted VF, and no other" {
	network "$(sriov '"mac": "02:00:5e:00:00:77", "trust": "on"')" "$TUNING"
	cnitool add
	vf_has pf0 0 "mac $MAC" # igb lets a trusted one choose
	cnitool check
	ip link set pf0 vf 0 mac 02:00:5e:00:00:88
	! cnitool check || fail 'CHECK does not see another MAC on the PF'
	cnitool del
	unchanged
}

@test "N13 what tuning has changed comes back when the namespace ends before DEL" {
	ip netns add p9
	network "$(sriov '"vlan": 100')" "$TUNING"
	cnitool add p9
	ip netns del p9
	within 10 all_back
	cnitool del p9
	rm -rf /run/cni # tuning keeps its notes, as it finds no namespace
	unchanged
}

@test "N13 sbr behind it moves the routes: CHECK finds them where they are" {
	local rules
	rules=$(ip -n p1 rule; ip -n p1 -6 rule)
	network "$(sriov "$IPS")" '{"type": "sbr"}'
	cnitool add
	has "$(ip -n p1 rule)" 'from 10.56.0.2 lookup 100'
	has "$(ip -n p1 -6 rule)" 'from fd00:56::2 lookup 101'
	has_not "$(ip -n p1 route show)" net1
	has "$(ip -n p1 route show table 100)" 'default via 10.56.0.1 dev net1' '192.0.2.0/24 via 10.56.0.9 dev net1'
	cnitool check
	ip -n p1 route del 192.0.2.0/24 table 100
	! timeout 60 "$CNITOOL" check listed /run/netns/p1 >"$T/out" 2>&1 || fail 'CHECK does not miss the route'
	has "$(<"$T/out")" 'does not have the route to 192.0.2.0/24 any more'
	cnitool del
	equal 'rules in the pod' "$(ip -n p1 rule; ip -n p1 -6 rule)" "$rules"
	unchanged
}

@test "N13 vrf behind it takes the interface, and gives it back" {
	no_link_local
	network "$(sriov '"ipam": {"type": "static", "addresses": [{"address": "10.56.0.2/24"}, {"address": "fd00:56::2/64"}]}')" \
		'{"type": "vrf", "vrfname": "blue", "table": 10}'
	cnitool add
	link_has p1 net1 'master blue' 'vrf_slave table 10'
	equal addresses "$(addresses p1)" '10.56.0.2/24 fd00:56::2/64'
	cnitool check
	cnitool del
	no_link p1 blue
	unchanged
}

# It limits the host's end of a veth, which a VF does not have.
@test "N13 bandwidth behind it lets a VF pass without a rate, and refuses one; DEL gives the VF back" {
	network "$(sriov '"max_tx_rate": 100')" '{"type": "bandwidth", "capabilities": {"bandwidth": true}}'
	cnitool add
	result '.interfaces[0].name == "net1"'
	vf_has pf0 0 'max_tx_rate 100Mbps'
	cnitool del
	unchanged
	network "$(sriov)" '{"type": "bandwidth", "egressRate": 1000000, "egressBurst": 1000000}'
	! timeout 60 "$CNITOOL" add listed /run/netns/p1 >"$T/out" 2>&1 || fail 'bandwidth can limit a VF'
	has "$(<"$T/out")" bandwidth 'no veth peer'
	cnitool del
	unchanged
}

@test "N13 four plugins behind it, and all is as before" {
	no_link_local
	network "$(sriov "\"vlan\": 100, $HOST_LOCAL")" "$TUNING" '{"type": "bandwidth"}' '{"type": "sbr"}' \
		'{"type": "vrf", "vrfname": "blue"}'
	cnitool add
	link_has p1 net1 'master blue' PROMISC 'mtu 1400'
	cnitool del
	no_link p1 blue
	equal 'rules in the pod' "$(ip -n p1 rule | grep -v l3mdev)" $'0:\tfrom all lookup local
32766:\tfrom all lookup main
32767:\tfrom all lookup default'
	unchanged
}

# --- N13: other plugins in front of it ---

@test "N13 behind loopback its result has both, and CHECK and DEL of the list succeed" {
	pod p2
	network '{"type": "loopback"}' "$(sriov "$IPS")"
	cnitool add p2
	result '(.interfaces | map(.name)) == ["lo", "net1"]
		and (.ips | map([.address, .interface])) == [["127.0.0.1/8", 0], ["::1/128", 0], ["10.56.0.2/24", 1], ["fd00:56::2/64", 1]]
		and (.routes | length) == 3'
	link_has p2 lo UP
	cnitool check p2
	cnitool del p2
}

@test "N13 what is in front of it is kept, in the shape of every version" {
	local v before='"interfaces": [{"name": "br0", "mac": "02:00:5e:00:00:07"}, {"name": "eth0", "sandbox": "/run/netns/p1"}],
		"routes": [{"dst": "198.51.100.0/24", "gw": "10.1.0.1"}], "dns": {"nameservers": ["10.1.0.53"], "search": ["a.example"]}'
	ipam_says '{"cniVersion": "1.0.0", "ips": [{"address": "10.56.0.2/24", "gateway": "10.56.0.1"}, {"address": "fd00:56::2/64"}],
		"routes": [{"dst": "0.0.0.0/0"}]}'
	for v in 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0; do
		local ip='"address": "10.1.0.2/24", "interface": 1'
		version=$v
		[[ $v == 1.* ]] || ip+=', "version": "4"'
		conf "$PF0V0" "$SAYS, \"dns\": {\"nameservers\": [\"10.56.0.53\"]}, \"prevResult\": {\"cniVersion\": \"$v\", $before, \"ips\": [{$ip}]}"
		ADD p1
		cat "$T/out" >>"$T/all"
		[[ $v == 0.3.* ]] || CHECK p1
		DEL p1
	done
	gojq -se 'length == 5 and all(.[]; (.interfaces | map(.name)) == ["br0", "eth0", "net1"]
		and .interfaces[0].mac == "02:00:5e:00:00:07" and .interfaces[2].sandbox == "/run/netns/p1"
		and (.ips | map([.address, .interface])) == [["10.1.0.2/24", 1], ["10.56.0.2/24", 2], ["fd00:56::2/64", 2]]
		and (.routes | map(.dst)) == ["198.51.100.0/24", "0.0.0.0/0"]
		and .dns == {nameservers: ["10.56.0.53"], search: ["a.example"]})' "$T/all" || fail "not so: $(<"$T/all")"
	gojq -se 'map(.ips | map(.version)) == [["4", "4", "6"], ["4", "4", "6"], ["4", "4", "6"], [null, null, null], [null, null, null]]' \
		"$T/all" || fail "not so: $(<"$T/all")"
}

@test "N13 without an address of its own it keeps those in front" {
	conf "$PF0V0" '"prevResult": {"cniVersion": "1.0.0", "interfaces": [], "ips": [{"address": "10.1.0.2/24"}]}'
	ADD p1
	result '.ips == [{address: "10.1.0.2/24"}] and (.interfaces | map(.name)) == ["net1"]'
	equal addresses "$(addresses p1)" ''
	CHECK p1
}

@test "N13 two addresses of a family are too many for 0.2.0, one of each is not" {
	version=0.2.0
	conf "$PF0V0" "$HOST_LOCAL, \"prevResult\": {\"ip4\": {\"ip\": \"10.1.0.2/24\"}}"
	cni ADD p1
	refused 1 'second address of one family'
	conf "$PF0V0" "$HOST_LOCAL, \"prevResult\": {\"ip6\": {\"ip\": \"fd00:1::2/64\"}}"
	ADD p1
	result '.ip6.ip == "fd00:1::2/64" and .ip4.ip == "10.56.0.3/24"'
}

@test "N13 behind a plugin that has made the pod's interface it is refused, with words that say so" {
	network '{"type": "ptp", "ipam": {"type": "host-local", "subnet": "10.9.0.0/24"}}' "$(sriov)"
	! timeout 60 "$CNITOOL" add listed /run/netns/p1 >"$T/out" 2>&1 || fail 'both have made net1'
	has "$(<"$T/out")" 'in front of this one in the list' 'interface net1' 'network of its own'
	link_has '' pf0v0 "parentdev $PF0V0"
	cnitool del
	no_link p1 net1
	unchanged
}

# --- D6, L4: in a bond ---

# bond POD [OPTION...] - two VFs on different PFs as ports of its bond0; $keys are added to their configurations
bond() {
	conf "$PF0V0" "${keys-}" && ADD "$1" net1
	conf "$PF1V0" "${keys-}" && ADD "$1" net2
	ip -n "$1" link add bond0 type bond mode active-backup miimon 50 "${@:2}"
	for n in net1 net2; do
		ip -n "$1" link set $n down
		ip -n "$1" link set $n master bond0
	done
	ip -n "$1" link set bond0 up
}

del() { # del POD IFNAME
	conf=${attached["$1 $2"]}
	DEL "$1" "$2"
}

active() { # active IFNAME - carries the traffic of p1's bond
	[[ $(ip netns exec p1 cat /sys/class/net/bond0/bonding/active_slave) == "$1" ]]
}

goes_on() { # goes_on - the peer is reached within 10 s
	within 10 ip netns exec p1 ping -q -c 1 -W 1 10.56.0.9 >/dev/null
}

# With one MAC for both ports a peer on the second PF would be heard by the wrong one: each PF has a switch of its own.
@test "D6 a bond of two VFs on different PFs goes on when one PF loses its link" {
	pod p2
	keys='"vlan": 100' bond p1 fail_over_mac active
	ip -n p1 addr add 10.56.0.1/24 dev bond0
	conf "$PF1V1" '"vlan": 100, "ipam": {"type": "static", "addresses": [{"address": "10.56.0.9/24"}]}'
	ADD p2
	within 15 active net1
	goes_on || fail 'the bond does not reach the peer'
	ip link set pf0 down
	later 'ip link set pf0 up; reset_vf 0'
	within 15 active net2 || fail 'the bond stays with the VF of the PF that is down'
	goes_on || fail 'the peer is lost with the PF'
	ip link set pf0 up
	ip -n p1 link del bond0
	DEL p2
	del p1 net2
	del p1 net1
}

@test "D6 L4 the ports of a bond come back as they were, in either order of DEL" {
	local order n
	for order in 'net1 net2' 'net2 net1'; do
		bond p1
		equal 'MAC of net2' "$(mac_of p1 net2)" "$(mac_of p1 net1)" # so this is the case
		for n in $order; do
			conf=${attached["p1 $n"]}
			CHECK p1 "$n"
			DEL p1 "$n"
		done
		ip -n p1 link del bond0
		unchanged
	done
}

@test "D6 L4 the ports of a bond come back as they were when the namespace ends" {
	ip netns add p9
	bond p9
	ip -n p9 link add link net1 name v5 type vlan id 5
	ip netns del p9
	within 10 all_back
	del p9 net1
	del p9 net2
	unchanged
}

# --- L4: under or in other links ---

@test "L4 a VF that the pod put into a bridge, a vrf or a bond comes back as it was" {
	local kind
	modprobe -a bridge vrf bonding
	conf "$PF0V0"
	for kind in bridge 'vrf table 10' 'bond mode balance-xor'; do
		ADD p1
		# shellcheck disable=SC2086 # kind and options
		ip -n p1 link add m0 type $kind
		ip -n p1 link set net1 down
		ip -n p1 link set net1 master m0
		ip -n p1 link set m0 up
		ip -n p1 link set net1 up
		CHECK p1
		DEL p1
		ip -n p1 link del m0
		unchanged
	done
}

@test "L4 what the pod put on its VF goes with it: the VF comes back as it was, and nothing in the pod leads to it" {
	local kind
	modprobe -a 8021q macvlan macvtap ipvlan
	snapshot
	conf "$PF0V0"
	for kind in 'vlan id 5' 'macvlan mode bridge' 'macvlan mode passthru' 'macvtap mode vepa' 'ipvlan mode l2'; do
		ADD p1
		# shellcheck disable=SC2086 # kind and options
		ip -n p1 link add link net1 name m0 type $kind
		ip -n p1 link set m0 up
		CHECK p1
		DEL p1
		no_link p1 m0
		unchanged
	done
}

@test "L4 VLANs on VLANs on a VF go with it" {
	local n
	modprobe 8021q
	conf "$PF0V0"
	ADD p1
	for n in 1 2 3 4 5 6 7 8 9; do
		ip -n p1 link add link net1 name v$n type vlan id $n
		ip -n p1 link add link v$n name w$n type vlan id 7
	done
	DEL p1
	equal 'links in the pod' "$(ip -n p1 -br link | awk '{ print $1 }')" lo
	unchanged
}
