# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# lib.bash - what the boots share. They are one story: each suite begins with what the one before has left on the disk.

bats_require_minimum_version 1.7.0
# shellcheck source=integration/bats/verdicts.bash
. "${BASH_SOURCE[0]%/*}/../bats/verdicts.bash"

# shellcheck disable=SC2034 # used by the tests
A=0000:01:00.0 B=0000:02:00.0 C=0000:03:00.0 # the PFs; udev calls them enp1s0, enp2s0, enp3s0
DEVICES=/sys/bus/pci/devices

# shellcheck disable=SC2034
setup() {
	trace_tests_only
	T=$BATS_TEST_TMPDIR
	cd "${BASH_SOURCE[0]%/*}/../.." || return
}

# What explains most failures; what systemd and the kernel said.
teardown() {
	[[ $BATS_TEST_COMPLETED ]] || journalctl -b -o short-monotonic --no-pager | tail -n 60 >&2
}

ctl() {
	build/sriovctl/sriovctl "$@"
}

# link NAME FILTER - what jq makes of the host's link
link() {
	ip -d -j link show dev "$1" | gojq -c ".[0] | $2"
}

# vf_link PF N - its interface, as it is called now
vf_link() {
	local net=("$DEVICES/$1/virtfn$2"/net/*)

	echo "${net[0]##*/}"
}

driver() { # driver PF N
	readlink "$DEVICES/$1/virtfn$2/driver" | sed 's|.*/||'
}

# nm_state LINK, networkd_state LINK - what they do with it: "unmanaged"
nm_state() {
	nmcli -g GENERAL.STATE device show "$1" | sed 's/^[0-9]* (\(.*\))$/\1/'
}

networkd_state() {
	networkctl --no-pager --no-legend list "$1" | awk '{ print $5 }'
}

# managed LINK - by both
managed() {
	[[ $(nm_state "$1") != unmanaged && $(networkd_state "$1") != @(unmanaged|pending|initialized) ]]
}

# left_alone LINK - by both, and nobody has brought it up
left_alone() {
	equal "NetworkManager's $1" "$(nm_state "$1")" unmanaged || return
	equal "networkd's $1" "$(networkd_state "$1")" unmanaged || return
	equal "$1 is up" "$(link "$1" '.flags | contains(["UP"])')" false
}

# etc - all that is configured
etc() {
	find /etc -path /etc/machine-id -o -printf '%p %l\n' | sort
}

# unit PROPERTY UNIT
unit() {
	systemctl show --value -p "$1" "$2"
}
