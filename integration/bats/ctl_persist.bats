#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ctl_persist.bats - sriovctl persist: stored, shown, applied, removed. What a boot does with it is shown in
# integration/boot (G5)
#
# seconds for each test: 12

load lib

# Whatever a test stores, and whatever is applied: it ends with the VFs that the machine had.
forget() {
	# shellcheck disable=SC2016 # for later
	later '"$SRIOVCTL" persist --remove pf0 2>&1 || true
		ip link set pf0 mtu 1500 up
		echo 1 >/sys/class/net/pf0/device/sriov_drivers_autoprobe
		echo 0 >/sys/class/net/pf0/device/sriov_numvfs; make_vfs pf0; world >"$T/start"'
}

no_files() {
	local files=(/etc/systemd/system/*sriovctl* /etc/systemd/system/*/*sriovctl* /etc/systemd/network/*sriovctl*
		/etc/udev/rules.d/*sriovctl* /etc/modules-load.d/*sriovctl*)

	[[ ! -e /etc/sriovctl ]] || fail 'there is /etc/sriovctl' || return
	((!${#files[@]})) || fail "there are: ${files[*]}"
}

stored() { # stored FILTER [ARGUMENT...] - what jq makes of what is stored of pf0, and is to be true
	CTL persist --show pf0 --json
	result ".stored[0] | $1" "${@:2}"
}

@test "G5 what a PF has is stored without what changes at each boot, and comes back when it is applied" {
	forget
	modprobe -a vfio-pci vfio_iommu_type1
	CTL vfs pf0 3
	ip link set pf0 mtu 1600
	CTL set pf0 0 mac=02:00:5e:00:00:01 vlan=100 qos=3 trust=on
	within 10 ip link set pf0 vf 1 max_tx_rate 100 # igb waits for the PF's link
	CTL set pf0 1 vlan=200
	vf=$(basename "$(readlink /sys/class/net/pf0/device/virtfn2)")
	echo "$vf" >/sys/bus/pci/drivers/igbvf/unbind
	echo vfio-pci >"/sys/bus/pci/devices/$vf/driver_override"
	echo "$vf" >/sys/bus/pci/drivers_probe
	echo >"/sys/bus/pci/devices/$vf/driver_override"
	CTL persist pf0 --dry-run
	has "$out" "==> /etc/sriovctl/$PF0.conf <==" 'vfs=3' 'mtu=1600' "ExecStart=$SRIOVCTL persist --apply %i"
	no_files
	CTL persist pf0
	stored '.pci == $pf and .ifname == "pf0" and .device == "8086:10c9" and .vfs == 3 and .mtu == 1600 and .up and .autoprobe
		and [.each[].driver] == ["igbvf", "igbvf", "vfio-pci"]
		and .each[0].attributes.mac == "02:00:5e:00:00:01" and .each[0].attributes.vlan == 100
		and (.each[1].attributes | .vlan == 200 and has("mac") == false)' --arg pf "$PF0"

	CTL vfs pf0 0
	ip link set pf0 down mtu 1500
	CTL persist --apply --dry-run
	has "$out" 'would set the MTU of pf0 to 1600' 'would bring pf0 up' 'would give pf0 3 VFs in place of 0'
	equal 'the VFs' "$(</sys/class/net/pf0/device/sriov_numvfs)" 0
	CTL persist --apply
	link_has '' pf0 UP 'mtu 1600'
	vf_has pf0 0 'mac 02:00:5e:00:00:01' 'vlan 100' 'qos 3' 'trust on'
	vf_has pf0 1 'vlan 200' 'max_tx_rate 100Mbps'
	equal 'drivers' "$(readlink /sys/class/net/pf0/device/virtfn*/driver | sed 's|.*/||' | xargs)" 'igbvf igbvf vfio-pci'
	equal 'the MAC of VF 0' "$(cat /sys/class/net/pf0/device/virtfn0/net/*/address)" 02:00:5e:00:00:01
	equal 'autoprobe' "$(</sys/class/net/pf0/device/sriov_drivers_autoprobe)" 1
	equal 'overrides' "$(cat /sys/class/net/pf0/device/virtfn*/driver_override | sort -u)" '(null)'
	snapshot
	CTL persist --apply pf0
	equal 'what it says when all is so' "$out" "pf0 ($PF0): 3 VFs, MTU 1600, up"
	unchanged
	CTL persist --remove pf0
	no_files
}

@test "G5 words are laid over what there is, and of a VF in use it is what its container found" {
	forget
	conf "$PF0V0" '"vlan": 100, "mac": "02:00:5e:00:00:07"'
	ADD p1
	CTL persist pf0 vfs=2 up=off mtu=1400 1:vlan=7,driver=vfio-pci
	stored '.vfs == 2 and .mtu == 1400 and .up == false and (.each | length) == 2
		and (.each[0] | .driver == "igbvf" and .attributes.vlan == 0 and (.attributes | has("mac") == false))
		and (.each[1] | .driver == "vfio-pci" and .attributes.vlan == 7)'
	ctl persist --apply pf0
	ctl_failed 3 "VF $PF0V0 is in use by container p1"
	equal 'the VFs' "$(</sys/class/net/pf0/device/sriov_numvfs)" 7
	CTL persist pf0 0:trust=on
	ctl persist --apply pf0
	equal 'the exit status' "$status" 0
	has "$err" "left as it is: VF $PF0V0 is in use by container p1"
	vf_has pf0 0 'vlan 100' 'trust off'
	DEL p1
	CTL persist --apply pf0
	vf_has pf0 0 'trust on'
	# a person's own words, and a second PF beside it
	printf 'vfs=7 # all\n3:vlan=9\n' >"/etc/sriovctl/$PF1.conf"
	CTL persist --apply pf1
	vf_has pf1 3 'vlan 9'
	ip link set pf1 vf 3 vlan 0
	CTL persist --show
	has "$out" "$PF0 (pf0)" "$PF1 (pf1)" '3:vlan=9,qos=0,proto=802.1q'
	CTL persist --remove pf1
	has_not "$out" .service
}

interrupted() { # interrupted FILE CONDITION... - SIGTERM comes while FILE is written, when CONDITION is true
	strace -f -o /dev/null -e trace=write -P "$(realpath "$1")" -e inject=write:delay_exit=2000000:when=1 \
		"$SRIOVCTL" persist --apply pf0 >/dev/null 3>&- &
	within 10 "${@:2}"
	pkill -TERM -x sriovctl
	status=0
	wait $! || status=$?
	equal 'the exit status' "$status" 143
}

@test "G5 a signal ends it when nothing is half-done any more" {
	local pf=/sys/bus/pci/devices/$PF0 vf=/sys/bus/pci/devices/$PF0V0

	forget
	modprobe -a vfio-pci vfio_iommu_type1
	mkdir /etc/sriovctl
	later 'rm -rf /etc/sriovctl'
	printf 'vfs=3\n0:driver=vfio-pci\n' >"/etc/sriovctl/$PF0.conf"
	CTL vfs pf0 0
	interrupted "$pf/sriov_numvfs" test -e "$pf/virtfn2"
	equal 'autoprobe' "$(<"$pf/sriov_drivers_autoprobe")" 1
	interrupted "$vf/driver_override" grep -qx vfio-pci "$vf/driver_override"
	equal 'the override' "$(<"$vf/driver_override")" '(null)'
	equal 'the driver' "$(basename "$(readlink "$vf/driver")")" vfio-pci
}

@test "G5 drivers are given where the PF does not tell of its VFs, and where autoprobe is off" {
	local drivers=/sys/bus/pci/drivers

	forget
	modprobe -a vfio-pci vfio_iommu_type1
	mkdir /etc/sriovctl
	later 'rm -rf /etc/sriovctl; ip -n p1 link set pf0 netns 1 2>/dev/null || true'
	printf '0:driver=vfio-pci\n' >"/etc/sriovctl/$PF0.conf"
	echo "$PF0V1" >$drivers/igbvf/unbind
	echo 0 >"/sys/bus/pci/devices/$PF0/sriov_drivers_autoprobe"
	ip link set pf0 netns p1
	CTL persist --apply "$PF0"
	ip -n p1 link set pf0 netns 1
	[[ -e $drivers/vfio-pci/$PF0V0 ]] || fail 'VF 0 has another driver'
	[[ -e $drivers/igbvf/$PF0V1 ]] || fail 'VF 1 has none'
	equal 'autoprobe' "$(<"/sys/bus/pci/devices/$PF0/sriov_drivers_autoprobe")" 0
	# where it is stored that they have none, they get none with their attributes, either
	printf 'autoprobe=off\n1:mac=02:00:5e:00:00:09\n' >"/etc/sriovctl/$PF0.conf"
	echo "$PF0V1" >$drivers/igbvf/unbind
	CTL persist --apply "$PF0"
	vf_has pf0 1 'mac 02:00:5e:00:00:09'
	[[ ! -e /sys/bus/pci/devices/$PF0V1/driver ]] || fail 'VF 1 has a driver'
}

@test "G5 what cannot be stored is refused before anything is written" {
	ctl persist pf0 vfs=8
	ctl_refused 2 'pf0 can have 7 VFs at most, 8 were asked for'
	ctl persist pf0 7:vlan=1
	ctl_refused 2 'pf0 is to have 7 VFs, counted from 0: there is no VF 7'
	ctl persist pf0 vlan=1
	ctl_refused 2 '"vlan=1" is neither vfs=, mtu=, autoprobe= or up=, nor a VF'
	ctl persist pf0 0:qos=3
	ctl_refused 2 'pf0 VF 0: qos needs a vlan'
	ip link set pf0 vf 1 vlan 4095 # mlx4 takes it for none; igb takes it as well
	ctl persist pf0
	ip link set pf0 vf 1 vlan 0
	ctl_refused 4 'pf0 has what cannot be stored' 'VF 1: "vlan": 4095'
	ctl persist pf0 0:driver=nothing
	ctl_refused 4 'there is no driver nothing for VF 0' 'modprobe nothing'
	ctl persist pf0 --show --remove
	ctl_refused 2 'one of --show, --apply and --remove at a time'
	ctl persist
	ctl_refused 2 'name the PF'
	ctl persist --remove
	ctl_refused 2 'name the PF'
	ctl persist nothing
	ctl_refused 4 'nothing is neither a NIC with SR-IOV'
	ctl persist pf0v1
	ctl_refused 4 'pf0v1 is VF 1 of pf0; name the PF'
	ctl persist --remove pf0
	ctl_refused 4 "nothing is stored for $PF0"
	ctl persist --apply 0000:99:00.0
	ctl_refused 4 'nothing is stored for 0000:99:00.0'
	under=(setpriv --reuid 65534 --clear-groups)
	ctl persist pf0
	ctl_refused 1 'persist writes to /etc: run it as root'
	# shellcheck disable=SC2016 # for sh
	under=(unshare -m sh -c 'mount --bind /etc /etc && mount -o remount,bind,ro /etc; exec "$@"' sh)
	ctl persist pf0
	ctl_refused 1 'cannot write /etc/' 'Read-only file system' 'what is to last has to be written'
	no_files
	under=()
	mkdir -p /etc/systemd/network
	echo mine >/etc/systemd/network/00-sriovctl.network
	ctl persist pf0
	ctl_refused 1 "/etc/systemd/network/00-sriovctl.network is not of sriovctl's making, and stays"
	equal 'the file' "$(</etc/systemd/network/00-sriovctl.network)" mine
	rm /etc/systemd/network/00-sriovctl.network
	no_files
	# another NIC in its place
	mkdir /etc/sriovctl
	printf 'device=15b3:101e\nvfs=1\n' >"/etc/sriovctl/$PF0.conf"
	ctl persist --apply
	ctl_refused 4 "$PF0 is another NIC (8086:10c9) than the one for which it was stored (15b3:101e)"
	rm -r /etc/sriovctl
}
