#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# packets.bats - VLANs keep tenants apart, shown with packets (G10); both PFs are on one wire
#
# seconds for each test: 8

load lib

# Pods a and b with VFs of pf0 and c with one of pf1 are on VLAN 100; d (pf0) and e (pf1) on VLAN 200. All are in one IP
# network, so that nothing but the VLAN is between them.
connect() {
	local name vf vlan n=0

	pod a b c d e
	while read -r name vf vlan; do
		n=$((n + 1))
		conf "${!vf}" "\"vlan\": $vlan, \"mac\": \"02:00:5e:00:00:0$n\",
			\"ipam\": {\"type\": \"static\", \"addresses\": [{\"address\": \"10.56.0.$n/24\"}, {\"address\": \"fd00:56::$n/64\"}]}"
		ADD "$name"
	done <<-END
		a PF0V0 100
		b PF0V1 100
		c PF1V0 100
		d PF0V2 200
		e PF1V1 200
	END
	for name in a b c d e; do
		within 15 link_has $name net1 LOWER_UP
	done
}

A=10.56.0.1 B=10.56.0.2 C=10.56.0.3 D=10.56.0.4 E=10.56.0.5

reaches() { # reaches POD ADDRESS - the first packet may be lost to a port that is just coming up
	ip netns exec "$1" ping -q -c 1 -w 10 "$2" >/dev/null || fail "$1 does not reach $2"
}

# silent POD ADDRESS... - none of these pairs; all are tried at once, as each takes its second
silent() {
	local pids=() i

	for ((i = 1; i < $#; i += 2)); do
		ip netns exec "${!i}" ping -q -c 3 -i 0.2 -w 1 "${@:i+1:1}" >/dev/null 3>&- &
		pids+=($!)
	done
	for i in "${!pids[@]}"; do
		! wait "${pids[i]}" || fail "${*:2*i+1:1} reaches ${*:2*i+2:1}" || return
	done
}

@test "G10 the same VLAN reaches: VFs of one PF, and across the wire; another VLAN does not" {
	connect
	reaches a $B
	reaches a $C
	reaches c $B
	reaches d $E
	reaches a fd00:56::2
	reaches a fd00:56::3

	# on one PF both ways, across the wire, on the other PF, and with IPv6
	silent a $D d $B a $E c $D e $C c $E d fd00:56::3

	# and still
	reaches b $A
	reaches e $D
}

@test "A1 the MAC that was asked for is the one other pods see" {
	connect
	reaches a $B
	reaches a $C
	has "$(ip -n a neigh show)" "$B dev net1 lladdr 02:00:5e:00:00:02" "$C dev net1 lladdr 02:00:5e:00:00:03"
}

@test "A7 frames on the wire carry the VLAN and its priority, those in the pod do not" {
	pod p2
	conf "$PF0V0" '"vlan": 100, "vlanQoS": 5, "ipam": {"type": "static", "addresses": [{"address": "10.56.0.1/24"}]}'
	ADD p1
	conf "$PF1V0" '"vlan": 100, "ipam": {"type": "static", "addresses": [{"address": "10.56.0.2/24"}]}'
	ADD p2
	within 15 link_has p1 net1 LOWER_UP
	within 15 link_has p2 net1 LOWER_UP

	ip link set pf1 promisc on
	later 'ip link set pf1 promisc off'
	timeout 30 tcpdump -i pf1 -e -n -c 1 --immediate-mode 'vlan 100 and arp src host 10.56.0.1' >"$T/wire" 2>"$T/wire.err" 3>&- &
	within 10 grep -q listening "$T/wire.err"
	ip netns exec p2 timeout 30 tcpdump -i net1 -e -n -c 1 --immediate-mode 'arp src host 10.56.0.1' >"$T/pod" 2>"$T/pod.err" 3>&- &
	within 10 grep -q listening "$T/pod.err"
	reaches p1 10.56.0.2
	within 10 test -s "$T/wire"
	within 10 test -s "$T/pod"
	has "$(<"$T/wire")" 'vlan 100, p 5'
	has_not "$(<"$T/pod")" vlan
}

# hears - the VF pf0v0, which is the host's again, is reached under its own MAC. By hand it goes to a namespace for this: on
# the host the PF would answer as well.
hears() {
	pod p2 p3
	conf "$PF0V1" '"ipam": {"type": "static", "addresses": [{"address": "10.56.0.2/24"}]}'
	ADD p2
	ip link set pf0v0 netns p3
	later 'ip -n p3 link set pf0v0 netns 1'
	ip -n p3 link set pf0v0 up
	ip -n p3 addr add 10.56.0.1/24 dev pf0v0
	within 15 link_has p2 net1 LOWER_UP
	within 15 link_has p3 pf0v0 LOWER_UP
	reaches p2 10.56.0.1
	has "$(ip -n p2 neigh show)" "10.56.0.1 dev net1 lladdr $(mac_of p3 pf0v0)"
}

@test "L4 a VF that was given back hears what is sent to its own MAC" {
	conf "$PF0V0" '"mac": "02:00:5e:00:00:01", "trust": "on"'
	ADD p1
	DEL p1
	hears
}

@test "L2 a VF whose ADD was refused hears what is sent to its own MAC" {
	conf "$PF0V0" '"mac": "02:00:5e:00:00:01", "link_state": "enable"'
	cni ADD p1
	error_object 100 link_state
	hears
}
