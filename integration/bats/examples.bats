#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# examples.bats - each of conf-examples/ works as it stands, but for its devices' addresses
# seconds for each test: 60

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
# (ipam_shim.bats), a Kubernetes API server.
ELSEWHERE='39-whole-port|53-dhcp|54-whereabouts'

# attached FILE - the VF is in the pod, or has the driver that a program needs
attached() {
	if [[ $(readlink "/sys/bus/pci/devices/$PF0V0/driver") == */vfio-pci ]]; then
		grep -q vfio "$1" || fail "$1 says nothing of vfio"
	else
		link_has p1 net1 UP 'parentbus pci'
	fi
}

@test "N13 each example is attached, checked and given back" {
	local file n=0
	later 'rm -f /var/log/sriov-cni.log'
	no_link_local
	network
	modprobe vfio-pci
	for file in "$BATS_TEST_DIRNAME"/../../conf-examples/*.{conflist,yaml}; do
		[[ ! $file =~ $ELSEWHERE ]] || continue
		example "$file" || fail "$file cannot be read"
		CAP_ARGS='{"mac": "02:00:5e:00:00:22", "ips": ["198.51.100.22/24"]}' cnitool add || fail "$file"
		attached "$file" || fail "$file"
		cnitool check || fail "$file"
		cnitool del || fail "$file"
		unchanged || fail "$file"
		n=$((n + 1))
	done
	((n > 30)) || fail "only $n examples were found"
}
