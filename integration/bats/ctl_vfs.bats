#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ctl_vfs.bats - sriovctl vfs, set, bind, unbind and reset: VFs are made and removed, set on their PF, and get drivers
# (G4, G7, H3)
#
# seconds for each test: 10

load lib

NUMVFS=/sys/class/net/pf0/device/sriov_numvfs

setup_file() {
	modprobe -a vfio-pci vfio_iommu_type1 uio_pci_generic
}

# begin_anew - VFs that are made anew have other MACs: the world of this test begins when they are there again
begin_anew() {
	# shellcheck disable=SC2016 # for later
	later 'echo 0 >$NUMVFS; make_vfs pf0; world >"$T/start"'
}

# vf_lines N - what vfs prints of N VFs, by the kernel's own files, sorted
vf_lines() {
	local n vf link

	for ((n = 0; n < $1; n++)); do
		vf=$(readlink "/sys/class/net/pf0/device/virtfn$n")
		link=$(echo "/sys/class/net/pf0/device/virtfn$n/net/"*)
		echo "VF $n ${vf##*/} ${link##*/} igbvf"
	done
}

# squeezed - standard input, with one space between words
squeezed() {
	tr -s ' '
}

# stopped_at_first_vf - makes 7 VFs in the background, and stops sriovctl when it has shown the first: $maker
stopped_at_first_vf() {
	rm -f "$T/lines"
	"$SRIOVCTL" vfs pf0 7 >"$T/lines" 2>"$T/why" 3>&- &
	maker=$!
	within 20 grep -qs '^VF 0 ' "$T/lines" || fail "no VF came: $(<"$T/why")" || return
	kill -STOP $maker
}

vf_count() {
	lspci -d 8086:10ca -s 1: | wc -l
}

# --- G4 ---

@test "G4 VFs are made, shown as they appear, and brought to another number by way of 0" {
	begin_anew
	CTL vfs pf0 0
	equal 'what it says' "$out" 'the 7 VFs of pf0 are gone'
	equal 'the VFs' "$(vf_count)" 0
	"$SRIOVCTL" vfs pf0 7 | while read -r line; do
		vfs=(/sys/class/net/pf0/device/virtfn*)
		echo "$line, of ${#vfs[@]}"
	done >"$T/lines"
	has "$(head -n 1 "$T/lines" | squeezed)" "VF 0 $PF0V0" ' igbvf, of '
	has_not "$(head -n 1 "$T/lines")" 'of 7'
	equal 'all lines' "$(sed 's/, of .$//' "$T/lines" | squeezed | sort)" "$(vf_lines 7)"
	equal 'the VFs' "$(vf_count)" 7

	snapshot
	CTL vfs pf0 3 --dry-run
	equal 'the plan' "$out" 'would remove the 7 VFs of pf0, and their settings with them
would make 3 VFs on pf0'
	CTL vfs pf0 7
	equal 'what it says' "$out" 'pf0 has 7 VFs already'
	unchanged

	# the PF by its address; on a terminal it shows how far it is
	script -qec "$SRIOVCTL vfs $PF0 3 2>$T/err" "$T/tty" >/dev/null </dev/null
	equal 'all lines' "$(tr -d '\r' <"$T/tty" | grep '^VF' | squeezed | sort)" "$(vf_lines 3)"
	equal 'on no terminal' "$(<"$T/err")" ''
	CTL set pf0 1 max-tx-rate=100 # which igb calls invalid until its link is up again
	vf_has pf0 1 'max_tx_rate 100Mbps'
	equal 'the VFs' "$(vf_count)" 3
	echo 0 >/sys/class/net/pf0/device/sriov_drivers_autoprobe
	later 'echo 1 >/sys/class/net/pf0/device/sriov_drivers_autoprobe'
	script -qec "$SRIOVCTL vfs pf0 2 --json >$T/out" "$T/tty" >/dev/null </dev/null
	has "$(<"$T/tty")" 'removing 3 VFs' 'of 2 VFs'
	echo 1 >/sys/class/net/pf0/device/sriov_drivers_autoprobe
	result '.numVFs == 2 and (.vfs | length) == 2 and .pci == $pf and .vfs[1].pci == $vf
		and .vfs[0].driver == "" and .vfs[0].use == "free"' --arg pf "$PF0" --arg vf "$PF0V1"
	under=(strace -f -o "$T/trace" -e trace=write -P "$(realpath $NUMVFS)" -e inject="write:delay_exit=2000000:when=1")
	"${under[@]}" "$SRIOVCTL" vfs pf0 1 >/dev/null 3>&- &
	within 10 test -s "$T/trace"
	pkill -TERM -x sriovctl # it waits until the number is written
	wait $! || true
	equal 'the VFs' "$(vf_count)" 1
}

@test "G4 what cannot be is refused before anything is changed" {
	ctl vfs pf0 8
	ctl_refused 2 'pf0 can have 7 VFs at most, 8 were asked for'
	for n in x -1 '' 7x 100000; do
		ctl vfs pf0 -- "$n"
		ctl_refused 2 "\"$n\" is not a number of VFs"
	done
	ctl vfs pf0
	ctl_refused 2 'too few operands'
	for name in lo nothing 0000:00:00.0; do
		ctl vfs "$name" 3
		ctl_refused 4 "$name is neither a NIC with SR-IOV nor a VF of one"
	done
	ctl vfs pf0v3 3
	ctl_refused 4 'pf0v3 is VF 3 of pf0; name the PF'
	under=(setpriv --reuid 65534 --clear-groups)
	ctl vfs pf0 3
	ctl_refused 1 'vfs changes devices: run it as root'
	under=(unshare -m sh -c 'mount -o remount,bind,ro /sys; exec "$@"' sh)
	ctl vfs pf0 3
	ctl_refused 1 'PF pf0: cannot write "0" to' 'Read-only file system' 'run it on the host'
}

@test "G4 VFs in use are not removed, and their user is named" {
	conf "$PF0V0"
	ADD p1
	snapshot
	ctl vfs pf0 3
	ctl_refused 3 "VF $PF0V0 is in use by container p1, interface net1, network net: end the container"
	ctl vfs pf0 3 --force # a container has it all the same
	ctl_refused 3 'container p1'
	DEL p1

	begin_anew
	ip addr add 10.1.2.3/24 dev pf0v2
	snapshot
	ctl vfs pf0 3 --dry-run
	ctl_refused 3 "VF $PF0V2 is in use by the host, with address 10.1.2.3/24" '--force'
	ip link set pf0v1 netns p1
	snapshot
	ctl vfs pf0 3
	ctl_refused 3 "VF $PF0V1 is in use by namespace p1" '--force'
	CTL vfs pf0 3 --force
	equal 'the VFs' "$(vf_count)" 3
}

@test "G4 a driver that makes no VFs is named, and one that makes none of another number leaves the old one" {
	begin_anew
	# shellcheck disable=SC2016 # for later
	later 'echo $PF0 >/sys/bus/pci/devices/$PF0/driver/unbind; echo >/sys/bus/pci/devices/$PF0/driver_override
		echo $PF0 >/sys/bus/pci/drivers/igb/bind; rename_back pf0; ip link set pf0 up'
	under=(strace -f -o "$T/trace" -e trace=write -P "$(realpath $NUMVFS)" -e inject="write:error=ENOSPC:when=2")
	ctl vfs pf0 3
	ctl_failed 1 'PF pf0: cannot write "3"' 'No space left on device' 'it has its 7 VFs again'
	equal 'the VFs' "$(vf_count)" 7
	under=(strace -f -o "$T/trace" -e trace=write -P "$(realpath $NUMVFS)" -e inject="write:error=ENOSPC:when=2+")
	ctl vfs pf0 3
	ctl_failed 1 'cannot write "3"' 'nor does it go back to the 7 VFs that it had: it has 0'
	under=()
	make_vfs pf0

	# a driver that takes the number, and does nothing: bnxt_en while its PF is down
	under=(strace -f -o "$T/trace" -e trace=write -P "$(realpath $NUMVFS)" -e inject="write:retval=1:when=1")
	ctl vfs pf0 3
	ctl_failed 1 'PF pf0: driver igb was asked for 0 VFs, and there are 7 (is the PF up'
	has_not "$err" again
	equal 'the VFs' "$(vf_count)" 7
	under=(strace -f -o "$T/trace" -e trace=write -P "$(realpath $NUMVFS)" -e inject="write:retval=1:when=2")
	ctl vfs pf0 3
	ctl_failed 1 'PF pf0: driver igb was asked for 3 VFs, and there are 0 (is the PF up' 'it has its 7 VFs again'
	equal 'the VFs' "$(vf_count)" 7
	under=()

	echo "$PF0" >/sys/bus/pci/drivers/igb/unbind
	ctl vfs "$PF0" 3
	ctl_failed 4 "PF $PF0 has no driver"
	echo uio_pci_generic >"/sys/bus/pci/devices/$PF0/driver_override"
	echo "$PF0" >/sys/bus/pci/drivers/uio_pci_generic/bind
	ctl vfs "$PF0" 3
	ctl_failed 1 "PF $PF0: cannot write \"3\"" 'driver uio_pci_generic cannot make VFs'
}

@test "G4 two at once do not meet, and VFs that are removed half-way are noticed" {
	begin_anew
	CTL vfs pf0 0
	stopped_at_first_vf
	ctl vfs pf0 3
	ctl_failed 3 "PF $PF0 is being worked on by process $maker, sriovctl vfs; try again"
	echo 0 >$NUMVFS
	kill -CONT $maker
	status=0
	wait $maker || status=$?
	err=$(<"$T/why")
	ctl_failed 3 'PF pf0 has 0 VFs now, not the 7 that it was given'
	equal 'the VFs' "$(vf_count)" 0
}

# --- G7 ---

@test "G7 values are set together, and read back" {
	snapshot
	CTL set pf0 3 mac=02:00:5e:00:00:03 vlan=100 qos=3 spoofchk=off trust=on max-tx-rate=100 --dry-run
	has "$out" 'would set vlan of VF 3 of pf0 from 0 to 100' 'would set trust of VF 3 of pf0 from off to on'
	unchanged
	# shellcheck disable=SC2016 # for later
	later 'ip link set pf0 vf 3 mac 00:00:00:00:00:00 vlan 0 spoofchk on trust off max_tx_rate 0
		reset_vf 3; ip link set pf0v3 address '"$(mac_of '' pf0v3)"
	CTL set pf0 3 mac=02:00:5e:00:00:03 vlan=100 qos=3 spoofchk=off trust=on max-tx-rate=100
	has "$out" 'pf0 VF 3: vlan 100 (was 0)' 'pf0 VF 3: max-tx-rate 100 (was 0)'
	equal 'the lines' "$(wc -l <<<"$out")" 6
	ip -j link show pf0 | gojq -e '.[0].vfinfo_list[3] | .address == "02:00:5e:00:00:03"
		and .vlan_list == [{vlan: 100, qos: 3}] and .spoofchk == false and .trust and .rate == {max_tx: 100, min_tx: 0}'
	CTL set pf0/3 vlan=100 qos=3
	equal 'what it says' "$out" 'pf0 VF 3 has that already'
	CTL set "$PF0V3" vlan=200 --json # without a priority it has none
	result '.pf == "pf0" and .vf == 3 and .attributes.vlan == 200 and .attributes.vlanQoS == 0 and .attributes.trust == "on"'
	vf_has pf0 3 'vlan 200' 'trust on' 'max_tx_rate 100Mbps'
	vf_has_not pf0 3 qos
	CTL set pf0v3 mac=none vlan=0
	vf_has pf0 3 'mac 00:00:00:00:00:00'
}

@test "G7 one value that is refused leaves all others as they were" {
	ctl set pf0 3 vlan=100 trust=on link-state=disable
	ctl_refused 1 'pf0 VF 3: link-state=disable: Operation not supported (driver igb does not offer this attribute)'
	ctl set pf0 3 trust=on spoofchk=off vlan=100 proto=802.1ad
	ctl_refused 1 'proto=802.1ad' 'driver igb offers 802.1q alone'
	ctl set pf0 3 trust=on min-tx-rate=50
	ctl_refused 1 'min-tx-rate=50' 'driver igb does not take it; is the PF up'
	# ended while it waits, and says so, for a link that would make the rate a valid one
	status=0
	script -qec "timeout 1 $SRIOVCTL set pf0 3 trust=on vlan=100 min-tx-rate=50" "$T/tty" >/dev/null </dev/null || status=$?
	equal 'exit status' "$status" 124
	has "$(<"$T/tty")" 'waiting for pf0 to take a rate of VF 3'
	unchanged
	ctl set pf0 3 trust=on vlan=4095
	ctl_refused 2 '"vlan": 4095' 'a whole number from 0 to 4094'
	ctl set pf0 3 trust=on color=red
	ctl_refused 2 'no VF attribute "color"'
	ctl set pf0 3 qos=3
	ctl_refused 2 'pf0 VF 3: qos needs a vlan'
	ctl set pf0 3
	ctl_refused 2 'pf0/3: what is to be set?'
	ctl set pf0 vlan=3
	ctl_refused 4 'pf0 is a PF'
	ctl set pf0 7 vlan=3
	ctl_refused 4 'pf0 has no VF 7: it has 7 VFs'
}

@test "G7 a VF in use is set by force alone, and one that another works on not at all" {
	conf "$PF0V0"
	ADD p1
	snapshot
	ctl set pf0 0 vlan=100
	ctl_refused 3 "VF $PF0V0 is in use by container p1" '--force'
	CTL set pf0 0 vlan=100 --force
	vf_has pf0 0 'vlan 100'
	DEL p1

	snapshot
	exec {lock}>"/run/sriov-cni/$PF0V0.lock"
	flock $lock
	ctl set pf0 0 vlan=100
	exec {lock}>&-
	ctl_refused 3 "VF $PF0V0 is being worked on by" 'try again'
}

# --- H3 ---

# bound_later - VF 3 of pf0 has its driver, name and MAC again when the test has ended
bound_later() {
	# shellcheck disable=SC2016 # for later
	later 'bound_again '"$(mac_of '' pf0v3)"
}

bound_again() { # bound_again MAC
	local vf=/sys/bus/pci/devices/$PF0V3

	if [[ ! $vf/driver -ef /sys/bus/pci/drivers/igbvf ]]; then
		[[ ! -e $vf/driver ]] || echo "$PF0V3" >"$vf/driver/unbind"
		echo "$PF0V3" >/sys/bus/pci/drivers/igbvf/bind
	fi
	ip link set pf0 vf 3 mac 00:00:00:00:00:00 vlan 0 trust off
	ip link set "$(ls "$vf/net")" name pf0v3 mtu 1500
	reset_vf 3
	ip link set pf0v3 address "$1"
}

driver_of() {
	lspci -k -s "$1" | sed -n 's/.*in use: //p'
}

@test "H3 a VF gets vfio-pci, keeps it while a program has it, and goes back" {
	bound_later
	group=$(readlink "/sys/bus/pci/devices/$PF0V3/iommu_group")
	CTL bind pf0/3 vfio-pci --dry-run
	equal 'the plan' "$out" "would take VF $PF0V3 from driver igbvf
would bind VF $PF0V3 to driver vfio-pci"
	unchanged
	CTL bind pf0/3 vfio-pci
	equal 'what it says' "$out" "VF $PF0V3: driver vfio-pci, /dev/vfio/${group##*/}"
	equal 'the driver' "$(driver_of "$PF0V3")" vfio-pci
	equal driver_override "$(<"/sys/bus/pci/devices/$PF0V3/driver_override")" '(null)'
	no_link '' pf0v3
	CTL bind pf0/3 vfio-pci # it has it already

	"$BATS_TEST_DIRNAME/vfio-hold" "$PF0V3" 3>&- >"$T/held" &
	holder=$!
	within 10 test -s "$T/held"
	snapshot
	for command in 'bind pf0/3 default' 'unbind pf0/3' "reset $PF0V3 --force"; do
		# shellcheck disable=SC2086 # words
		ctl $command
		ctl_refused 3 "VF $PF0V3 is in use by process $holder (vfio-hold): shut that down"
	done
	kill -9 $holder
	wait $holder || true

	echo vfio-pci >"/sys/bus/pci/devices/$PF0V3/driver_override"
	CTL bind "$PF0V3" default --json
	result '.driver == "igbvf" and .vf == 3 and .ifname != "" and .pci == $vf' --arg vf "$PF0V3"
	equal 'the driver' "$(driver_of "$PF0V3")" igbvf
	equal driver_override "$(<"/sys/bus/pci/devices/$PF0V3/driver_override")" '(null)'
	CTL bind pf0/3 default
	CTL unbind pf0/3
	equal 'what it says' "$out" "VF $PF0V3: no driver"
	echo 0 >/sys/class/net/pf0/device/sriov_drivers_autoprobe
	later 'echo 1 >/sys/class/net/pf0/device/sriov_drivers_autoprobe'
	CTL bind pf0/3 default # the kernel alone would give it none
	equal 'the driver' "$(driver_of "$PF0V3")" igbvf
	equal 'autoprobe' "$(</sys/class/net/pf0/device/sriov_drivers_autoprobe)" 0
	echo 1 >/sys/class/net/pf0/device/sriov_drivers_autoprobe
	CTL unbind pf0/3
	equal 'the driver' "$(driver_of "$PF0V3")" ''
	CTL bind pf0/3 igbvf
	has "$out" "VF $PF0V3: driver igbvf, interface "
}

@test "H3 a reset VF has its driver, settings, name and MTU again" {
	bound_later
	ip link set pf0 vf 3 vlan 100 trust on
	ip link set pf0v3 mtu 1400
	CTL reset pf0v3 --dry-run
	has "$out" "would reset VF $PF0V3"
	under=(strace -f -y -e trace=write -o "$T/trace")
	CTL reset pf0v3
	under=()
	grep -q "$PF0V3/reset>, \"1\"" "$T/trace" || fail 'it was not reset'
	equal 'what it says' "$out" "VF $PF0V3: driver igbvf, interface pf0v3"
	link_has '' pf0v3 'mtu 1400' "parentdev $PF0V3"
	vf_has pf0 3 'vlan 100' 'trust on'
	ip link set pf0 vf 3 mac 02:00:5e:00:00:03
	CTL reset pf0v3
	equal 'the MAC' "$(mac_of '' pf0v3)" 02:00:5e:00:00:03
}

@test "H3 a driver that refuses a VF leaves the former one, and what cannot be is refused" {
	bound_later
	under=(strace -o /dev/null -e trace=write -P /sys/bus/pci/drivers/uio_pci_generic/bind -e inject=write:error=EINVAL)
	ctl bind pf0/3 uio_pci_generic
	under=()
	ctl_failed 1 "VF $PF0V3: driver uio_pci_generic: cannot write" 'Invalid argument' '; it has igbvf again'
	equal 'the driver' "$(driver_of "$PF0V3")" igbvf
	link_has '' pf0v3 "parentdev $PF0V3"
	equal driver_override "$(<"/sys/bus/pci/devices/$PF0V3/driver_override")" '(null)'

	snapshot
	ctl bind pf0/3 igb_uio
	ctl_refused 4 'driver igb_uio is not loaded: modprobe igb_uio'
	ctl bind pf0/3 ../vfio-pci
	ctl_refused 2 '"../vfio-pci" is not a driver'
	ctl bind pf0 vfio-pci
	ctl_refused 4 'pf0 is a PF; name one of its VFs'
	ip addr add 10.1.2.3/24 dev pf0v4
	later 'ip addr del 10.1.2.3/24 dev pf0v4'
	ctl unbind pf0v4
	ctl_refused 3 "VF $PF0V4 is in use by the host, with address 10.1.2.3/24" '--force'
	under=(setpriv --reuid 65534 --clear-groups)
	ctl reset pf0v3
	ctl_refused 1 'reset changes devices: run it as root'
	under=()
	ctl bind pf1/0 vfio-pci --dry-run # pf1 shares a group with its VFs
	equal 'the exit status' "$status" 0
	has "$err" "VF $PF1V0 shares IOMMU group" "$PF1 (driver igb)" "$PF1V6 (driver igbvf)"
	has_not "$err" "$PF1V0 ("
	unchanged
}
