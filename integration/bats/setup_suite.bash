#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# setup_suite.bash - once for all suites: a folder of CNI plugins, and the PCI addresses of the VFs

# The suites give back VFs by making all of them anew, and remove every network namespace. That is no place for a host
# that somebody needs.
require_machine() {
	if [[ ! -d /run/vm ]]; then
		echo 'these tests reset all SR-IOV NICs; they run in the virtual machine: integration/check' >&2
		return 1
	fi
	if [[ ! -d /sys/class/net/pf1/device/virtfn6 ]]; then
		echo 'the machine has to have two PFs with 7 VFs each, on one wire: integration/check' >&2
		return 1
	fi
}

# What is in /run is in memory: executing it does not depend on how fast the host's files can be read. What an earlier suite left
# running (an announcement waits for 10 s) keeps its file.
install_plugins() {
	local root shim=${SRIOV:+${SRIOV%/*}/ipam-shim} ctl=${SRIOV:+${SRIOV%/*}/sriovctl}
	root=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd -P) || return
	[[ -f $shim ]] || shim=$root/build/ipam-shim/ipam-shim # of a mutant they lie beside the other
	[[ -f $ctl ]] || ctl=$root/build/sriovctl/sriovctl

	export CNI_BIN=/run/cni-bin CNITOOL=$root/build/vm/cnitool IPAM=$root/integration/bats/ipam
	mkdir -p "$CNI_BIN" || return
	cp --remove-destination "${SRIOV:-$root/build/sriov}" "$CNI_BIN/sriov" || return
	export SRIOVCTL=/run/sriovctl
	cp --remove-destination "$ctl" "$SRIOVCTL" || return
	cp --remove-destination "$shim" /usr/lib/cni/{bandwidth,bridge,host-device,host-local,loopback,macvlan,ptp,sbr,static,tuning,vrf} "$CNI_BIN" || return
}

# PF0, PF1, PF0V0 to PF1V6: PCI addresses, for deviceID. pf0v0 is the name of the netdev.
name_devices() {
	local pf link

	for pf in pf0 pf1; do
		link=$(readlink -f "/sys/class/net/$pf/device") || return
		export "${pf^^}=${link##*/}"
		for n in 0 1 2 3 4 5 6; do
			link=$(readlink -f "/sys/class/net/$pf/device/virtfn$n") || return
			export "${pf^^}V$n=${link##*/}"
		done
	done
}

# Linux 6.1 shows no MAC of a VF that was never up, and its own for ever after: all begin with their own.
open_once() {
	local vf

	for vf in /sys/class/net/pf?v?; do
		ip link set "${vf##*/}" up && ip link set "${vf##*/}" down || return
	done
}

setup_suite() {
	require_machine && install_plugins && name_devices && open_once && ip netns add p1
}
