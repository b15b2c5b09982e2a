#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ctl_doctor.bats - sriovctl doctor: what is wrong with this machine is told, what it says to do about it works, and it changes
# nothing itself (G1, G2)
#
# Firmware and boot loaders of other machines are in tests/doctor_*_test.c.
#
# seconds for each test: 4

load lib

# doctor [PF] - sets $status; what it found is in $T/found, as "VERDICT CHECK [PF]: EVIDENCE", as it prints it for people
doctor() {
	status=0
	"$SRIOVCTL" doctor "$@" --json >"$T/json" 2>"$T/err" || status=$?
	((status == 0 || status == 5)) || fail "doctor $* ended with $status: $(<"$T/err")" || return
	gojq -r '.checks[] | "\(.verdict) \(.check)\(if .pf then " " + .pf else "" end): \(.evidence)"' "$T/json" >"$T/found"
	[[ -s $T/found ]] || fail "doctor $* found nothing"
}

# says VERDICT "CHECK [PF]" [TEXT...] - of what doctor() found
says() {
	local line

	line=$(grep -E "^[a-z]+ $2: " "$T/found") || fail "no check $2" "$(<"$T/found")" || return
	equal "verdict of $2 ($line)" "${line%% *}" "$1" || return
	has "$line" "${@:3}"
}

# remedy "CHECK [PF]" - what it is, a line for each
remedy() {
	gojq -r --arg check "${1% *}" --arg pf "${1#* }" \
		'.checks[] | select(.check == $check and (.pf == null or .pf == $pf)).remedy[]' "$T/json"
}

# follow "CHECK [PF]" - does what doctor says
follow() {
	local what

	what=$(remedy "$1")
	[[ $what ]] || fail "no remedy for $1" || return
	PATH=${SRIOVCTL%/*}:$PATH bash -exc "$what" || fail "this does not work: $what"
}

# more_world - what else than world() a diagnosis could have touched
more_world() {
	awk '{ print $1 }' /proc/modules
	find /run /etc/{NetworkManager,cni,default,modules-load.d,systemd,udev} /opt /dev/vfio -not -path '/run/vm/*' \
		-printf '%p %C@\n' 2>/dev/null || true # some are not there
	grep -s '' /sys/bus/pci/devices/*/{sriov_numvfs,sriov_drivers_autoprobe} || true
}

@test "this machine: text and JSON say the same, and nothing changes" {
	local text

	rm -rf /opt/cni /usr/libexec/cni
	more_world >"$T/before"
	"$SRIOVCTL" doctor >"$T/text" 2>"$T/err" || status=$?
	equal 'exit status' "$status" 5
	doctor
	equal 'exit status with --json' "$status" 5
	more_world >"$T/after"
	diff "$T/before" "$T/after"
	unchanged
	equal 'standard error' "$(<"$T/err")" ''

	# the text, without what is to be done and the sum, is what JSON has
	sed -E '/^ +> /d; $d; s/^([a-z]+) +/\1 /' "$T/text" | diff - "$T/found"
	sed -nE 's/^ +> //p' "$T/text" | diff - <(gojq -r '.checks[].remedy[]' "$T/json")
	text="$(grep -c '^todo ' "$T/found") of $(wc -l <"$T/found") checks: something must be done;"
	has "$(tail -n 1 "$T/text")" "$text $(grep -c '^note ' "$T/found") note"
	gojq -e .todo "$T/json"

	says ok kernel "Linux $(uname -r)"
	says ok iommu-firmware 'VT-d is on: /sys/firmware/acpi/tables has DMAR'
	says ok kernel-line '/proc/cmdline has intel_iommu=on iommu=pt'
	says ok iommu "$(find /sys/kernel/iommu_groups -mindepth 1 -maxdepth 1 | wc -l) groups"
	says "$([[ -d /sys/bus/pci/drivers/vfio-pci ]] && echo ok || echo note)" vfio
	says ok nic '2 with'
	says ok 'isolation pf0'
	says note 'isolation pf1' 'share an IOMMU group' "$PF1 (driver igb)"
	says ok 'resources pf0' "2 BARs in /sys/bus/pci/devices/$PF0/resource"
	says ok 'link pf0'
	says ok 'mtu pf0' 1500
	says ok 'vfs pf0' '7 of 7'
	says note 'boot pf0'
	says todo cni-plugin 'no sriov in /opt/cni/bin'
}

@test "a PF that is down, an MTU that is too small, VFs without drivers" {
	local address n

	address=$(mac_of '' pf0v2)
	later 'ip link set pf0 up; reset_vf 0 1'
	later 'ip link set pf0v1 mtu 1500'
	ip link set pf0v1 mtu 2000
	echo "$PF0V2" >/sys/bus/pci/drivers/igbvf/unbind
	ip link set pf0 down
	doctor
	equal 'exit status' "$status" 5
	says todo 'link pf0' 'pf0 is down'
	says ok 'link pf1'
	says todo 'mtu pf0' 'pf0v1 has 2000' 'pf0 has 1500'
	says note 'vf-drivers pf0' '1 of 7 VFs have none'
	follow 'link pf0'
	within 5 carrier pf0
	equal 'remedy of the MTU' "$(remedy 'mtu pf0')" 'ip link set pf0 mtu 2000'
	follow 'vf-drivers pf0'
	n=$(compgen -G "/sys/bus/pci/drivers/igbvf/$PF0V2/net/*")
	ip link set "${n##*/}" name pf0v2 address "$address"
	doctor pf0
	says ok 'link pf0'
	says ok 'vf-drivers pf0'
}

carrier() {
	[[ $(<"/sys/class/net/$1/carrier") == 1 ]]
}

@test "a PF without a driver" {
	local link

	echo "$PF1" >/sys/bus/pci/drivers/igb/unbind
	doctor
	says note "driver $PF1" 'no driver is bound' # the other PF has VFs: this one may be meant so
	doctor "$PF1"
	equal 'exit status' "$status" 5
	says todo "driver $PF1" 'no driver is bound'
	says todo "vfs $PF1" '0; it can have 1 to'
	follow "driver $PF1"
	link=$(compgen -G "/sys/bus/pci/drivers/igb/$PF1/net/*")
	ip link set "${link##*/}" name pf1 up
	later 'make_vfs pf1; world >"$T/start"' # VFs that are made anew have other MACs
	doctor pf1
	says ok 'driver pf1' 'igb; whether it makes VFs'
	says todo 'vfs pf1' '0; it can have 1 to 7'
}

@test "the CNI plugin, its networks and its records; where nothing must be done the status is 0" {
	later 'rm -rf /opt/cni /etc/cni'
	install -D -m 0755 "$CNI_BIN/sriov" /opt/cni/bin/sriov
	chown nobody /opt/cni/bin/sriov
	mkdir -p /etc/cni/net.d
	echo '{"type": "sriov"' >/etc/cni/net.d/10-a.conf
	doctor
	says todo cni-plugin "/opt/cni/bin/sriov belongs to user $(id -u nobody)"
	says todo cni-networks /etc/cni/net.d/10-a.conf
	follow cni-plugin
	cp "$BATS_TEST_DIRNAME/../../conf-examples"/{17,24,30}-*.conflist /etc/cni/net.d
	ip link property add dev pf0 altname a-longer-name-than-fifteen
	later 'ip link property del dev pf0 altname a-longer-name-than-fifteen'
	sed -i 's/"master": "[^"#]*/"master": "a-longer-name-than-fifteen/' /etc/cni/net.d/*
	# a whole port need not be one with SR-IOV
	echo '{"cniVersion": "1.0.0", "name": "port", "type": "sriov", "pfOnly": true, "master": "ens9"}' >/etc/cni/net.d/40-port.conf
	cp "$CNI_BIN"/* /opt/cni/bin
	rm /etc/cni/net.d/10-a.conf
	doctor
	says ok cni-plugin '/opt/cni/bin/sriov knows CNI 0.1.0 to 1.1.0'
	says ok cni-networks
	says ok records '0 attachments'
	equal 'exit status' "$status" 0
	gojq -e '.todo == false' "$T/json"
	has "$("$SRIOVCTL" doctor | tail -n 1)" 'nothing must be done; '

	conf "$PF0V0" '"vlan": 100'
	pod p2
	ADD p2
	ip netns del p2
	echo '{' >"/run/sriov-cni/$PF0V1.damaged"
	doctor
	equal 'exit status' "$status" 5
	says todo records "VF $PF0V0 of container p2, interface net1, network net: its namespace is gone" \
		"/run/sriov-cni/$PF0V1.damaged"
	follow records
	unset 'attached[p2 net1]'
	[[ ! -e /run/sriov-cni/$PF0V0.json && ! -e /run/sriov-cni/$PF0V1.damaged ]]
	vf_has_not pf0 0 vlan
	doctor
	says ok records '0 attachments'
}

@test "network managers that take hold of VFs" {
	local units=/run/systemd/units

	later 'rm -rf /run/systemd/units /run/udev/data /etc/NetworkManager/conf.d/99-test.conf /etc/systemd/network/00-test.network'
	mkdir -p $units /run/udev/data /etc/NetworkManager/conf.d /etc/systemd/network
	ln -s 1 $units/invocation:NetworkManager.service
	ln -s 1 $units/invocation:systemd-networkd.service
	printf '[Match]\nDriver=igbvf\n[Network]\nDHCP=yes\n' >/etc/systemd/network/00-test.network
	doctor
	says todo networkmanager 'manages 14 of 14 VFs'
	says todo networkd 'manages 14 of 14' /etc/systemd/network/00-test.network
	equal remedy "$(remedy networkmanager)" "$(printf '%s\n' 'sriovctl persist pf0' 'sriovctl persist pf1' \
		'udevadm control --reload && udevadm trigger -c change -s net')"
	printf '[Match]\nDriver=igbvf\n[Link]\nUnmanaged=yes\n' >/etc/systemd/network/00-test.network
	printf '[keyfile]\nunmanaged-devices=interface-name:pf0v*\n' >/etc/NetworkManager/conf.d/99-test.conf
	echo E:NM_UNMANAGED=1 >"/run/udev/data/n$(<"/sys/class/net/pf1v3/ifindex")"
	doctor
	says todo networkmanager 'manages 6 of 14'
	says ok networkd
	doctor pf0
	says ok networkmanager 'leaves the 7'
}

@test "a PF that does not exist is named, and nothing is printed" {
	local name status

	for name in pf0v1 pf0/9; do
		status=0
		"$SRIOVCTL" doctor "$name" >"$T/out" 2>"$T/err" || status=$?
		equal "exit status of doctor $name" "$status" 4
		equal 'standard output' "$(<"$T/out")" ''
		equal 'lines on standard error' "$(wc -l <"$T/err")" 1
		has "$(<"$T/err")" "sriovctl: ${name%/9}"
	done
	status=0
	"$SRIOVCTL" doctor pf0 pf1 2>"$T/err" || status=$?
	equal 'exit status for two PFs' "$status" 2
}
