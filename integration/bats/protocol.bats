#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# protocol.bats - CNI's versions, the log, and the reference runtime (L16, L18, E1, N13)

load lib

VERSIONS='["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]'

# --- L16 ---

@test "L16 VERSION lists 0.1.0 to 1.1.0, and repeats the version it was asked with" {
	conf='{"cniVersion": "0.4.0"}'
	cni VERSION p1
	result '.cniVersion == "0.4.0" and .supportedVersions == $all' --argjson all "$VERSIONS"
	conf=''
	env -i CNI_COMMAND=VERSION "$CNI_BIN/sriov" </dev/null >"$T/out"
	result '.cniVersion == "1.1.0" and .supportedVersions == $all' --argjson all "$VERSIONS"
}

@test "L16 every version is answered in its own shape" {
	ipam_says '{"cniVersion": "1.1.0", "ips": [{"address": "10.56.0.2/24", "gateway": "10.56.0.1"},
		{"address": "fd00:56::2/64"}], "routes": [{"dst": "192.0.2.0/24", "priority": 50}],
		"dns": {"nameservers": ["10.56.0.53"]}}'
	for version in 0.1.0 0.2.0 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0; do
		conf "$PF0V0" "$SAYS"
		ADD p1
		cat "$T/out" >>"$T/all"
		link_has p1 net1 UP
		DEL p1
	done
	version=none
	conf="{\"name\": \"net\", \"type\": \"sriov\", \"deviceID\": \"$PF0V0\", $SAYS}"
	ADD p1
	cat "$T/out" >>"$T/all"
	DEL p1

	gojq -s --argjson all "$VERSIONS" --arg mac "$(mac_of '' pf0v0)" --arg pci "$PF0V0" '
		{nameservers: ["10.56.0.53"]} as $dns
		| {name: "net1", mac: $mac, sandbox: "/run/netns/p1"} as $net1
		| {ip4: {ip: "10.56.0.2/24", gateway: "10.56.0.1", routes: [{dst: "192.0.2.0/24"}]},
			ip6: {ip: "fd00:56::2/64"}, dns: $dns} as $first
		| {interfaces: [$net1], ips: [{version: "4", address: "10.56.0.2/24", gateway: "10.56.0.1", interface: 0},
			{version: "6", address: "fd00:56::2/64", interface: 0}], routes: [{dst: "192.0.2.0/24"}], dns: $dns} as $second
		| ($second | del(.ips[].version)) as $third
		| ($third | .interfaces[0] += {mtu: 1500, pciID: $pci} | .routes[0] += {priority: 50}) as $fourth
		| [$first, $first, $second, $second, $second, $third, $fourth, $first] as $expected
		| ($all + ["0.1.0"]) as $versions
		| if length != 8 then "\(length) answers" else . as $got | range(8)
			| select($got[.] != $expected[.] + {cniVersion: $versions[.]}) end' "$T/all" >"$T/wrong"
	equal 'the answers that are wrong, by number' "$(xargs <"$T/wrong")" ''
}

@test "L16 the oldest versions are answered without addresses as well" {
	for version in 0.1.0 0.2.0; do
		conf "$PF0V0"
		ADD p1
		link_has p1 net1 UP
		has_not "$out" ip4 ip6
		DEL p1
	done
}

@test "L16 a result that the runtime's version cannot express takes everything back" {
	version=0.2.0
	ipam_says '{"cniVersion": "1.0.0", "ips": [{"address": "10.56.0.2/24"}, {"address": "10.57.0.2/24"}]}'
	conf "$PF0V0" "\"vlan\": 100, $SAYS"
	cni ADD p1
	refused 1 'second address' '0.3.0'
	equal 'calls of IPAM' "$(xargs <"$IPAM_LOG")" 'ADD p1 DEL p1'
}

@test "L16 a version that is not known is refused before anything changes" {
	dmesg -C
	for version in 0.0.1 0.5.0 1.2.0 2.0.0 1.0 01.0.0 '' v1.0.0 '1.0.0 '; do
		conf "$PF0V0" "\"vlan\": 100"
		cni ADD p1
		error_object 1 "\"$version\"" 1.0.0 1.1.0
	done
	unchanged
	equal 'what the PF was asked for' "$(dmesg | grep VLAN)" ''
}

@test "L16 DEL and CHECK refuse a version that is not known as well" {
	conf "$PF0V0"
	ADD p1
	snapshot
	version=2.0.0
	conf "$PF0V0"
	cni CHECK p1
	refused 1 '"2.0.0"'
	cni DEL p1
	refused 1 '"2.0.0"'
}

@test "L16 CHECK is refused in versions that do not have it" {
	version=0.3.1
	conf "$PF0V0"
	ADD p1
	snapshot
	cni CHECK p1
	refused 1 CHECK 0.4.0
}

# --- L18 ---

LINE='^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z \[(error|warning|info|debug)\] p1 net1: .+$'

@test "L18 a log line has time, level, container and interface, and goes to standard error" {
	conf "$PF0V0" '"unknown": 1'
	ADD p1
	[[ $err =~ $LINE ]] || fail "not as it should be: $err"
	has "$err" '[warning]'
	has_not "$out" warning
	conf "$PF0V7" '"vlan": 4095'
	cni CHECK p1
	[[ $err =~ $LINE ]] || fail "not as it should be: $err"
	has "$err" '[error]'
}

@test "L18 without anything to warn of nothing is logged" {
	conf "$PF0V0"
	ADD p1
	equal 'standard error' "$err" ''
	DEL p1
	equal 'standard error' "$err" ''
}

@test "L18 logFile takes the lines, for root alone, and keeps those that are there" {
	local log=$T/log
	conf "$PF0V0" "\"unknown\": 1, \"logFile\": \"$log\""
	ADD p1
	equal 'standard error' "$err" ''
	DEL p1
	ADD p1
	equal mode "$(stat -c %a "$log")" 600
	equal 'lines of ADD' "$(grep -c '"unknown"' "$log")" 2
	equal 'lines that are not as they should be' "$(grep -vE "$LINE" "$log")" ''
}

@test "L18 logLevel decides what is logged" {
	conf "$PF0V0" '"unknown": 1, "logLevel": "error"'
	ADD p1
	equal 'standard error' "$err" ''
	DEL p1
	conf "$PF0V0" '"logLevel": "info"'
	ADD p1
	has "$err" '[info]'
}

@test "L18 a logFile that cannot be written is a warning, and ADD succeeds" {
	ln -s "$T/elsewhere" "$T/link"
	for log in /nowhere/log "$T/link" relative/log "$T"; do
		conf "$PF0V0" "\"logFile\": \"$log\""
		ADD p1
		has "$err" '[warning]' "$log"
		DEL p1
	done
	[[ ! -e $T/elsewhere ]] || fail 'a link was followed'
}

@test "L18 nothing is logged that may be secret, however much is" {
	export FOREIGN_TOKEN=s3cret
	ipam_says '{"cniVersion": "1.0.0", "ips": [{"address": "10.56.0.2/24"}]}'
	conf "$PF0V0" "$SAYS, \"logLevel\": \"debug\", \"password\": \"s3cret\", \"args\": {\"cni\": {\"token\": \"s3cret\"}},
		\"runtimeConfig\": {\"key\": \"s3cret\"}"
	CNI_ARGS='IgnoreUnknown=1;K8S_POD_TOKEN=s3cret' ADD p1
	has_not "$err" s3cret
	has "$err" password # the key is named
	CHECK p1
	has_not "$err" s3cret
	DEL p1
	has_not "$err" s3cret
}

@test "L18 a line break from outside does not begin a line of its own" {
	conf "$PF0V0" '"bad\n2026-01-01T00:00:00.000Z [error] p1 net1: forged": 1'
	ADD p1
	equal 'number of lines' "$(grep -c '' "$T/err")" 1
}

# --- E1: cnitool ---

@test "E1 cnitool attaches, checks and gives back, with the MAC as a capability" {
	network "$(sriov "\"capabilities\": {\"mac\": true}, \"vlan\": 100, $HOST_LOCAL")"
	CAP_ARGS='{"mac": "02:00:5e:00:00:01"}' cnitool add
	result '.interfaces[0].mac == "02:00:5e:00:00:01" and .interfaces[0].name == "net1"'
	equal 'MAC in the pod' "$(mac_of p1 net1)" 02:00:5e:00:00:01
	equal addresses "$(addresses p1)" 10.56.0.2/24
	vf_has pf0 0 'vlan 100'
	cnitool check
	ip link set pf0 vf 0 vlan 101
	! timeout 60 "$CNITOOL" check listed /run/netns/p1 >"$T/out" 2>&1 || fail 'check finds nothing'
	has "$(<"$T/out")" 'vlan is 101'
	cnitool del
	no_link p1 net1
	unchanged
}
