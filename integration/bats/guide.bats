#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# guide.bats - doc/guide.md, run from the document itself: VFs, a pod, and a guest inside of this machine (G1, G3, G4, G7 to G9)
#
# Each test runs the commands of one section, each block in a shell with the variables of the guide's first section, of which
# the PF is another here; then others than sriovctl are asked whether it is so. The sections follow each other: where one does not
# succeed, or is left out by a filter, the rest does not succeed, either.
#
# A guest here is emulated by what is itself emulated, and its kernel needs many minutes to come up. So it is given its VFs and
# ended before; with GUEST=all it is waited for, and does what the guide says it can.
#
# seconds for each test: 5

load lib
load ../guest/guest

setup() {
	trace_tests_only
	T=$BATS_TEST_TMPDIR
	undo=() under=()
	[[ ! -e $BATS_FILE_TMPDIR/failed ]] || fail 'a section before this one did not succeed'
}

teardown() {
	[[ $BATS_TEST_COMPLETED ]] || {
		touch "$BATS_FILE_TMPDIR/failed"
		ip link show pf0
		tail -n 20 /run/libvirtd.log "/var/log/libvirt/qemu/$DOMAIN.log"
		dmesg | tail -n 20
	} >&2 || true
}

# A fresh host: no VFs, no driver for guests, nothing installed.
setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	ip netns del p1
	for pf in pf0 pf1; do echo 0 >"/sys/class/net/$pf/device/sriov_numvfs"; done
	mkdir -p /run/guide
	start_libvirt && make_guest
}

teardown_file() {
	stop_libvirt
	"$SRIOVCTL" persist --remove pf0 2>/dev/null || true # it is removed in the last section
	make uninstall
	rm -rf /etc/cni/net.d /run/guide vf2.xml vf3.xml
	make_anew
}

# section TITLE - runs its blocks in the order of the document; "" is what stands in front of the first title
section() {
	local block n=0

	while IFS= read -r -d '' block; do
		n=$((n + 1))
		case $block in
		'```sh guest'$'\n'*) [[ ${GUEST-} != all ]] || each_in_guest ;;
		*'sriovctl doctor $PF'*) within 10 link_has '' pf0 LOWER_UP 2>/dev/null && on_host "${block#*$'\n'}" ;;
		*'virsh shutdown'*) on_host "${block#*$'\n'}" && guest_goes_off ;;
		*) on_host "${block#*$'\n'}" ;;
		esac || fail "above: section \"$1\", block $n: $block" || return
	done < <(awk -v title="$1" '
		/^## / { now = substr($0, 4) }
		/^```sh/ { on = now == title }
		/^```$/ { if (on) printf "%c", 0; on = 0 }
		on' doc/guide.md)
	((n)) || fail "the guide has no commands in \"$1\"" || return
	echo "$1" >>/run/guide/seen
}

# each_in_guest - the lines of $block, when the interface is there that they are about
each_in_guest() {
	local command dev=${block#* dev }

	dev=${dev%%[!a-z0-9]*}
	in_guest "n=0; until [ -e /sys/class/net/$dev ] || [ \$n = 600 ]; do n=\$((n + 1)); usleep 100000; done" || return
	while read -r command; do
		in_guest "$command" || return
	done < <(sed 1d <<<"$block")
}

# on_host BLOCK - with the variables that the guide's first section defines, but this machine's PF
on_host() {
	local variables

	variables=$(grep -E '^(export )?[A-Z_]+=' doc/guide.md)
	PATH=${CNITOOL%/*}:$PATH bash -euxc "$variables
		PF=pf0
		$1" </dev/null 3>&-
}

vf_driver() { # vf_driver VF NAME
	local link

	link=$(readlink "/sys/bus/pci/devices/$1/driver") && [[ ${link##*/} == "$2" ]]
}

# in_the_guest IFNAME MAC - it is the VF with this MAC, and has its driver
in_the_guest() {
	in_guest "cat /sys/class/net/$1/address; basename \$(readlink /sys/class/net/$1/device/driver)"
	equal 'what the guest sees' "${said//$'\n'/ }" "$2 igbvf "
}

# --- the sections ---

@test "G3 guide: the programs are installed, and what they are told is said once" {
	section ''
	# shellcheck disable=SC2016 # for the shell of the guide
	equal 'the variables of the guide' "$(on_host 'echo "$PF $GUEST"' 2>/dev/null)" "pf0 $DOMAIN"
	[[ -x /opt/cni/bin/sriov && -x /usr/local/sbin/sriovctl ]] || fail 'the programs are not there'
}

@test "G1 guide: doctor says what is missing, and a driver for guests is loaded" {
	section '1. What is here, and what is missing'
	[[ -d /sys/bus/pci/drivers/vfio-pci ]] || fail 'there is no vfio-pci'
}

@test "G4 guide: VFs" {
	section '2. VFs'
	equal 'the VFs that lspci sees' "$(lspci -d 8086:10ca | wc -l)" 4
	link_has '' pf0 UP
	grep -x vfs=4 "/etc/sriovctl/$PF0.conf"
}

@test "G7 guide: a pod on VLAN 100, and one on VLAN 200" {
	section '3. A pod on VLAN 100'
	vf_has pf0 0 'vlan 100'
	vf_has pf0 1 'vlan 200'
	equal 'the address' "$(addresses pod-a eth0)" 198.51.100.2/24
	equal 'the address' "$(addresses pod-b eth0)" 203.0.113.2/24
	link_has pod-a eth0 "parentdev $PF0V0" UP
}

@test "G8 guide: a guest has a VF of the pod's VLAN" {
	section '4. A guest on VLAN 100'
	vf_has pf0 2 'mac 02:00:5e:00:00:02' 'vlan 100'
	vf_driver "$PF0V2" vfio-pci || fail 'the guest has not its VF'
	[[ ${GUEST-} == all ]] || return 0

	in_the_guest eth0 02:00:5e:00:00:02
	# the other way round, and by its own VLAN alone
	ip netns exec pod-a ping -q -c 2 -w 20 198.51.100.102
	has "$(ip -n pod-a neigh)" '198.51.100.102 dev eth0 lladdr 02:00:5e:00:00:02'
	has_not "$(ip -n pod-b neigh)" 02:00:5e:00:00:02
}

@test "G9 guide: a guest gets a second VF while it runs, on the other VLAN" {
	section '5. One more, while the guest runs'
	vf_has pf0 3 'mac 02:00:5e:00:00:03' 'vlan 200'
	vf_driver "$PF0V3" vfio-pci || fail 'the guest has not its second VF'
	ctl list
	equal 'VFs that the list gives to the guest' "$(grep -c " guest $DOMAIN " "$T/out")" 2
	ctl set pf0 2 vlan=200
	ctl_failed 3 "VF $PF0V2 is in use by guest $DOMAIN"
	ctl vfs pf0 7
	ctl_failed 3 'is in use by'
	[[ ${GUEST-} == all ]] || return 0

	in_the_guest eth1 02:00:5e:00:00:03
	ip netns exec pod-b ping -q -c 2 -w 20 203.0.113.103
}

guest_is_off() {
	[[ $(virsh -q domstate $DOMAIN) == 'shut off' ]]
}

# what is asked while the VFs are there
guest_goes_off() {
	# there is no kernel yet that would see that the power button is pressed
	[[ ${GUEST-} == all ]] || virsh destroy $DOMAIN
	within 120 guest_is_off || fail 'the guest goes on' || return
	for vf in "$PF0V2" "$PF0V3"; do
		within 10 vf_driver "$vf" igbvf || fail "$vf has another driver on the host: $(readlink "/sys/bus/pci/devices/$vf/driver")" || return
	done
	vf_has_not pf0 2 vlan && vf_has_not pf0 2 'mac 02:00:5e:00:00:02' && vf_has pf0 3 'mac 02:00:5e:00:00:03' 'vlan 200'
}

@test "G8 guide: everything goes back" {
	section '6. Everything goes back' >"$T/said" || fail "$(<"$T/said")"
	has "$(<"$T/said")" 'the 4 VFs of pf0 are gone'
	equal 'VFs in use before' "$(grep -c '─ VF ' "$T/said") $(grep -cE '─ VF .* (container|guest|namespace) ' "$T/said")" '4 0'
	equal 'the VFs that lspci sees' "$(lspci -d 8086:10ca | wc -l)" 0
	[[ ! -e /etc/sriovctl ]] || fail 'there is /etc/sriovctl'
	equal 'devices of the guest' "$(virsh dumpxml $DOMAIN | grep -c hostdev)" 0
}

@test "guide: no section was left out" {
	equal 'sections with commands' "$(</run/guide/seen)" "$(awk '
		/^## / { now = substr($0, 4) }
		/^```sh/ && !seen[now]++ { print now }' doc/guide.md)"
}
