#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# check.bats - CHECK compares the world with what ADD left (L11)

load lib

MAC=02:00:5e:00:00:01

# attach [KEYS] - and from here on the configuration is as a runtime hands it to CHECK: with what ADD answered
attach() {
	conf "$PF0V0" "$1"
	ADD p1
	conf "$PF0V0" "$1${1:+, }\"prevResult\": $out"
}

IPS='"ipam": {"type": "static",
	"addresses": [{"address": "10.56.0.2/24", "gateway": "10.56.0.1"}, {"address": "fd00:56::2/64"}],
	"routes": [{"dst": "0.0.0.0/0"}, {"dst": "2001:db8::/32", "gw": "fd00:56::1"}]}'
ALL="\"mac\": \"$MAC\", \"vlan\": 100, \"vlanQoS\": 3, \"spoofchk\": \"off\", \"trust\": \"on\",
	\"max_tx_rate\": 100, \"mtu\": 1400, $IPS"

# found TEXT... - CHECK says that something is not as ADD left it, and what
found() {
	cni CHECK p1
	error_object 102 "$@"
}

@test "L11 CHECK of an attachment as ADD left it says nothing and changes nothing" {
	attach "$ALL"
	snapshot
	CHECK p1
	unchanged
}

@test "L11 CHECK finds the interface down" {
	attach
	ip -n p1 link set net1 down
	found 'interface net1 is down'
}

@test "L11 CHECK finds another MAC" {
	local own
	own=$(mac_of '' pf0v0)
	attach
	ip -n p1 link set net1 address 02:00:5e:00:00:09
	found 'interface net1 has MAC 02:00:5e:00:00:09' "should be $own"
}

@test "L11 CHECK finds another MTU" {
	attach '"mtu": 1400'
	ip -n p1 link set net1 mtu 1300
	found 'interface net1 has MTU 1300' 'should be 1400'
}

@test "L11 CHECK finds another MTU than the one that the result told" {
	version=1.1.0
	attach
	ip -n p1 link set net1 mtu 1300
	found 'interface net1 has MTU 1300' 'should be 1500'
}

@test "L11 CHECK finds an address gone, of either family" {
	attach "$IPS"
	ip -n p1 addr del 10.56.0.2/24 dev net1
	found 'interface net1 does not have address 10.56.0.2/24'
	ip -n p1 addr add 10.56.0.2/24 dev net1
	ip -n p1 route add default via 10.56.0.1
	CHECK p1
	ip -n p1 addr del fd00:56::2/64 dev net1
	found 'interface net1 does not have address fd00:56::2/64'
}

@test "L11 CHECK finds an address with another prefix length" {
	attach "$IPS"
	ip -n p1 addr del 10.56.0.2/24 dev net1
	ip -n p1 addr add 10.56.0.2/16 dev net1
	ip -n p1 route add default via 10.56.0.1
	found 'does not have address 10.56.0.2/24'
}

@test "L11 CHECK finds a route gone, of either family" {
	attach "$IPS"
	ip -n p1 route del default
	found 'interface net1 does not have the route to 0.0.0.0/0'
	ip -n p1 route add default via 10.56.0.1
	CHECK p1
	ip -n p1 -6 route del 2001:db8::/32
	found 'interface net1 does not have the route to 2001:db8::/32'
}

@test "L11 CHECK finds a route by another gateway, or by another interface" {
	attach "$IPS"
	ip -n p1 route replace default via 10.56.0.9
	found 'route to 0.0.0.0/0'
	ip -n p1 link add eth0 type dummy
	later 'ip -n p1 link del eth0'
	ip -n p1 addr add 10.57.0.2/24 dev eth0
	ip -n p1 link set eth0 up
	ip -n p1 route replace default via 10.57.0.1
	found 'route to 0.0.0.0/0'
}

@test "L11 CHECK finds each attribute that was changed on the PF" {
	attach "$ALL"
	while read -r change back text; do
		eval "ip link set pf0 vf 0 ${change//_/ }"
		cni CHECK p1
		keep 'PF pf0: VF 0:' "$text"
		eval "ip link set pf0 vf 0 ${back//_/ }"
	done <<-END
		vlan_101_qos_3 vlan_100_qos_3 vlan is 101, ADD left it at 100
		vlan_100_qos_4 vlan_100_qos_3 vlanQoS is 4, ADD left it at 3
		vlan_0 vlan_100_qos_3 vlan is 0, ADD left it at 100
		spoofchk_on spoofchk_off spoofchk is on, ADD left it at off
		trust_off trust_on trust is off, ADD left it at on
		mac_02:00:5e:00:00:08 mac_$MAC mac is 02:00:5e:00:00:08, ADD left it at $MAC
	END
	ip link set pf0 vf 0 max_tx_rate 200 # an underscore of its own
	cni CHECK p1
	keep 'PF pf0: VF 0:' 'max_tx_rate is 200, ADD left it at 100'
	ip link set pf0 vf 0 max_tx_rate 100
	snapshot
	refused_each 102
	CHECK p1
}

@test "L11 CHECK finds an attribute changed that nobody asked for" {
	conf "$PF0V0" '"vlan": 100'
	ADD p1
	ip link set pf0 vf 0 trust on
	found 'PF pf0: VF 0:' 'trust is on, ADD left it at off'
}

@test "L11 a MAC that the VF tells its PF when it is closed or opened is not taken for a change" {
	ip link set pf0 vf 0 mac 00:00:00:00:00:00
	later 'reset_vf 0'
	snapshot
	attach '"vlan": 100'
	ip -n p1 link set net1 down
	ip -n p1 link set net1 up
	vf_has pf0 0 "mac $(mac_of p1 net1)" # so this is the case
	CHECK p1
	DEL p1
	unchanged
}

@test "L11 CHECK finds the interface renamed" {
	attach
	ip -n p1 link set net1 down
	ip -n p1 link set net1 name other
	ip -n p1 link set other up
	found "VF $PF0V0 is called other" net1
}

@test "L11 CHECK finds the VF gone from the pod" {
	attach
	ip -n p1 link set net1 netns 1
	found "VF $PF0V0" '/run/netns/p1'
}

@test "L11 CHECK finds the namespace gone" {
	ip netns add p9
	conf "$PF0V0"
	ADD p9
	ip netns del p9
	within 10 all_back
	cni CHECK p9
	error_object 102 "$PF0V0" /run/netns/p9 gone
}

@test "L11 CHECK of what was never attached says so" {
	conf "$PF0V0"
	cni CHECK p1
	refused 3 'container p1' net1
}

@test "L11 what others add to the interface is tolerated" {
	attach "$IPS"
	ip -n p1 addr add 10.99.0.1/24 dev net1
	ip -n p1 addr add fd00:99::1/64 dev net1
	ip -n p1 route add 192.0.2.0/24 via 10.56.0.7
	ip -n p1 route add default via 10.56.0.8 metric 500
	ip -n p1 link add eth0 type dummy
	later 'ip -n p1 link del eth0'
	ip -n p1 link property add dev net1 altname more
	CHECK p1
	ip -n p1 link property del dev net1 altname more
}

@test "L11 a MAC and an MTU that a later plugin of the chain changed, and said so, are right" {
	version=1.1.0
	attach
	ip -n p1 link set net1 address 02:00:5e:00:00:09
	ip -n p1 link set net1 mtu 1300
	found 'has MAC'
	conf=$(gojq -c '.prevResult.interfaces[0].mac = "02:00:5e:00:00:09" | .prevResult.interfaces[0].mtu = 1300' <<<"$conf")
	CHECK p1
	# and still compared
	ip -n p1 link set net1 mtu 1200
	found 'interface net1 has MTU 1200' 'should be 1300'
}

@test "L11 the IPAM plugin is asked to check as well" {
	ipam_says '{"cniVersion": "1.0.0", "ips": [{"address": "10.56.0.2/24"}]}'
	attach "$SAYS"
	CHECK p1
	equal 'calls of IPAM' "$(xargs <"$IPAM_LOG")" 'ADD p1 CHECK p1'
}

@test "L11 what the IPAM plugin finds is passed on" {
	attach "$HOST_LOCAL"
	rm /var/lib/cni/networks/net/10.56.0.2
	cni CHECK p1
	((status)) || fail "CHECK succeeded"
	has "$out" 'host-local: Failed to find address added by container p1'
}
