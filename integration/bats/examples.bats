#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# examples.bats - each of conf-examples/ works as it stands, but for its devices' addresses
# seconds for each test: 48

load lib

# example FILE - for cnitool. The examples' PFs are ens3f0 and ens3f1, with VFs at 0000:3b:02.x and 0000:af:02.x. What a meta
# plugin adds to a network attachment definition is added here.
example() {
	local text

	text=$(sed "s/0000:3b:02\.1/$PF0V0/; s/0000:af:02\.1/$PF1V0/; s/ens3f/pf/g" "$1")
	[[ $1 != *.yaml ]] ||
		text=$(awk '/^  config: \|-$/ { on = 1; next } on && !/^    / { exit } on' <<<"$text" |
			gojq --arg vf "$PF0V0" '{cniVersion, plugins: [. + {deviceID: $vf}]}')
	gojq '.name = "listed"' <<<"$text" >"$NETCONFPATH/10-listed.conflist"
}

# Those that this machine has not what they need for: a PF without VFs (pick.bats, D12), a DHCP server and the daemon
# (builtin.bats), a Kubernetes API server.
ELSEWHERE='39-whole-port|53-dhcp|54-whereabouts'

# bind DRIVER
bind() {
	local vf=/sys/bus/pci/devices/$PF0V0

	echo "$1" >"$vf/driver_override"
	echo "$PF0V0" >"$vf/driver/unbind"
	echo "$PF0V0" >/sys/bus/pci/drivers_probe
	echo >"$vf/driver_override"
}

# made_ready FILE - the device plugin hands out VFs that have the driver already, where they are for programs and guests
made_ready() {
	[[ $1 != */4[02]-* ]] || bind vfio-pci
	snapshot
}

# put_back FILE MAC
put_back() {
	[[ $1 == */4[02]-* ]] || return 0
	bind igbvf
	ip link set pf0 vf 0 mac 00:00:00:00:00:00
	ip link set "$(ls "/sys/bus/pci/devices/$PF0V0/net")" name pf0v0
	reset_vf 0
	ip link set pf0v0 address "$2"
}

# routed FILE - those that are about routes have them
routed() {
	case $1 in
	*/36-*) has "$(ip -n p1 route show default; ip -n p1 -6 route show default)" \
		'via 198.51.100.1 dev net1' 'metric 200 ' 'via 2001:db8:0:100::1 dev net1' 'metric 2000 ' ;;
	*/37-*) has "$(ip -n p1 route show table all)" '192.0.2.0/25 via 198.51.100.2 dev net1' 'mtu 1300 advmss 1260' \
		'203.0.113.0/25 via 198.51.100.1 dev net1 table 1000' 'metric 50' '203.0.113.128/25 dev net1' 'scope link' ;;
	esac
}

# attached FILE - the VF is in the pod, or has the driver that a program needs
attached() {
	if [[ $(readlink "/sys/bus/pci/devices/$PF0V0/driver") == */vfio-pci ]]; then
		grep -q vfio "$1" || fail "$1 says nothing of vfio"
	else
		link_has p1 net1 UP 'parentbus pci'
	fi
}

@test "N13 each example is attached, checked and given back" {
	local file n=0 own
	own=$(mac_of '' pf0v0)
	later 'rm -f /var/log/sriov-cni.log'
	no_link_local
	network
	modprobe vfio-pci
	for file in "$BATS_TEST_DIRNAME"/../../conf-examples/*.{conflist,yaml}; do
		[[ ! $file =~ $ELSEWHERE ]] || continue
		example "$file" || fail "$file cannot be read"
		made_ready "$file"
		CAP_ARGS='{"mac": "02:00:5e:00:00:22", "ips": ["198.51.100.22/24"]}' cnitool add || fail "$file"
		attached "$file" && routed "$file" || fail "$file"
		cnitool check || fail "$file"
		cnitool del || fail "$file"
		unchanged || fail "$file"
		put_back "$file" "$own"
		n=$((n + 1))
	done
	((n > 30)) || fail "only $n examples were found"
}
