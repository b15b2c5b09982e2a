#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ctl_vm_xml.bats - sriovctl vm-xml: libvirt's own schema takes what it prints, and what cannot be is refused (G8)
#
# That libvirt does with it what it should is shown by guide.bats.
#
# seconds for each test: 4

load lib

MAC=02:00:5e:00:00:01

# xml OPERAND... - vm-xml succeeds; what it prints is $out and $T/out, its warnings $err
xml() {
	ctl vm-xml "$@"
	((!status)) || fail "sriovctl vm-xml $* ended with $status: $err"
}

# refuses STATUS TEXT OPERAND... - vm-xml does, with this text
refuses() {
	ctl vm-xml "${@:3}"
	equal "exit status of vm-xml ${*:3}" "$status" "$1" && equal 'what it printed' "$out" '' && has "$err" "$2"
}

# in_domain - the elements that were printed, in a domain that libvirt's schema takes
in_domain() {
	{
		echo '<domain type="qemu"><name>g</name><memory>1</memory><os><type>hvm</type></os><devices>'
		cat "$@"
		echo '</devices></domain>'
	} >"$T/domain"
	virt-xml-validate "$T/domain" domain
}

at() { # at XPATH... - what is there in what was printed last, with spaces between
	local all

	all=$(printf "%s, ' ', " "$@")
	xmllint --xpath "normalize-space(concat($all''))" "$T/out"
}

@test "G8 what vm-xml prints, libvirt's schema takes, and it names the VF" {
	xml pf0v5
	cp "$T/out" "$T/hostdev"
	equal 'a <hostdev>' "$(at /hostdev/@mode /hostdev/@type /hostdev/@managed)" 'subsystem pci yes'
	equal 'its address' "$(at //address/@domain //address/@bus //address/@slot //address/@function)" \
		'0x0000 0x01 0x11 0x2'
	equal warnings "$err" ''
	for name in "$PF0V5" pf0/5 "$PF0/5" "${PF0V5#0000:}"; do
		xml "$name"
		cmp "$T/out" "$T/hostdev"
	done
	xml --interface --mac $MAC --vlan 100 pf0/0
	cp "$T/out" "$T/interface"
	equal 'an <interface>' "$(at /interface/@type /interface/@managed //mac/@address //tag/@id)" \
		"hostdev yes $MAC 100"
	in_domain "$T/hostdev" "$T/interface"
	unchanged
}

@test "G8 an <interface> has the MAC and VLAN that the PF has, where no other is wanted" {
	admin_mac 1 $MAC
	ip link set pf0 vf 1 vlan 200
	later 'ip link set pf0 vf 1 vlan 0'
	xml --interface pf0/1
	equal 'MAC and VLAN' "$(at //mac/@address //tag/@id)" "$MAC 200"
	equal warnings "$err" ''
	xml --interface --vlan 4094 --mac 02:00:5e:00:00:02 pf0/1
	equal 'MAC and VLAN' "$(at //mac/@address //tag/@id)" '02:00:5e:00:00:02 4094'
	xml pf0/1
	has_not "$out" $MAC 200 # a <hostdev> leaves them as they are
	ip link set pf0 vf 1 vlan 200 qos 3
	xml --interface pf0/1
	has "$err" "VF $PF0V1 will lose" priority
	pf0_down
	xml --interface pf0/1
	has "$err" 'ip link set pf0 up'
}

@test "G8 a group that is shared is warned of, with what else is in it" {
	xml pf1/3
	has "$err" "VF $PF1V3 shares IOMMU group" "$PF1 (driver igb)" "$PF1V6 (driver igbvf)"
	has_not "$err" "$PF1V3 (" pcieport
	xmllint --noout "$T/out"
	unchanged
}

@test "G8 a PF, no device, a wrong MAC or VLAN, and a VF in use are refused" {
	refuses 4 'pf0 is a PF; name one of its VFs' pf0
	refuses 4 'pf0 has no VF 7' pf0/7
	refuses 4 'lo is neither' lo
	refuses 4 '0000:01:1f.7 is neither' 0000:01:1f.7
	refuses 2 '--mac goes with --interface' --mac $MAC pf0/0
	refuses 2 '--vlan goes with --interface' --vlan 100 pf0/0
	refuses 2 'VLAN from 1 to 4094, not --vlan 0' --interface --vlan 0 pf0/0
	refuses 2 4094 --interface --vlan 4095 pf0/0
	refuses 2 'unicast MAC address' --interface --mac 01:00:5e:00:00:01 pf0/0
	refuses 2 'too few operands' --interface

	conf "$PF0V0"
	ADD p1
	snapshot
	ctl vm-xml --interface pf0/0
	ctl_refused 3 "VF $PF0V0 is in use by container p1" 'give --force'
	xml --force pf0/0 # virsh detach-device wants it as well
	xmllint --noout "$T/out"
	DEL p1
}
