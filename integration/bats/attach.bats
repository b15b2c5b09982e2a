#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# attach.bats - which device is meant, and what is explained when it is none (D1, D10, D11, D15, A16)
#
# seconds for each test: 3

load lib

# --- D1 ---

@test "D1 deviceID names the VF that is attached, and the others stay" {
	conf "$PF0V2"
	ADD p1
	link_has p1 net1 "parentdev $PF0V2" UP
	no_link '' pf0v2
	link_has '' pf0v1 "parentdev $PF0V1"
	link_has '' pf0v3 "parentdev $PF0V3"
}

@test "D1 runtimeConfig.deviceID wins over deviceID" {
	conf "$PF0V0" "\"runtimeConfig\": {\"deviceID\": \"$PF0V1\"}"
	ADD p1
	link_has p1 net1 "parentdev $PF0V1"
	link_has '' pf0v0 "parentdev $PF0V0"
}

@test "D1 runtimeConfig.deviceID alone is enough" {
	conf='{"cniVersion": "1.0.0", "name": "net", "type": "sriov", "runtimeConfig": {"deviceID": "'$PF0V1'"}}'
	ADD p1
	link_has p1 net1 "parentdev $PF0V1"
}

@test "D1 a PCI address may be written without its domain" {
	conf "${PF0V0#0000:}"
	ADD p1
	link_has p1 net1 "parentdev $PF0V0"
}

@test "D1 each of the VFs of a PF gets its own attributes" {
	for n in 0 3 6; do
		vf=PF0V$n
		conf "${!vf}" "\"vlan\": 10$n"
		ADD p1 net$n
	done
	for n in 0 3 6; do
		vf=PF0V$n
		link_has p1 net$n "parentdev ${!vf}"
		vf_has pf0 $n "vlan 10$n"
	done
	for n in 1 2 4 5; do
		vf_has_not pf0 $n vlan
	done
}

# --- D10 ---

@test "D10 the VF of the second PF has its attributes set there" {
	conf "$PF1V0" '"vlan": 100'
	ADD p1
	vf_has pf1 0 'vlan 100'
	vf_has_not pf0 0 vlan
	link_has p1 net1 "parentdev $PF1V0"
}

@test "D10 the PF is found whatever its netdev is called" {
	ip link set pf1 down
	later 'ip link set pf1 up'
	ip link set pf1 name uplink
	later 'ip link set uplink down; ip link set uplink name pf1'
	ip link set uplink up
	conf "$PF1V0" '"vlan": 100'
	ADD p1
	vf_has uplink 0 'vlan 100'
	DEL p1
	vf_has_not uplink 0 vlan
}

@test "D10 representors beside the PF's netdev are not taken for it" {
	# No emulated NIC has them: here the kernel's list of the PF's netdevs is covered by one that has. In whatever
	# order it is read, a representor comes before the PF's own.
	local net=/sys/bus/pci/devices/$PF0/net
	mkdir -p "$T"/net/{rep0,pf0,rep1}
	echo pf0vf0 >"$T/net/rep0/phys_port_name"
	echo p0 >"$T/net/pf0/phys_port_name"
	echo pf0vf1 >"$T/net/rep1/phys_port_name"
	ip link add rep0 type dummy
	later 'ip link del rep0'
	ip link add rep1 type dummy
	later 'ip link del rep1'
	mount --bind "$T/net" "$net"
	later "umount $net"
	conf "$PF0V0" '"vlan": 100'
	ADD p1
	vf_has pf0 0 'vlan 100'
}

# --- D15: the commonest first error of users ---

@test "D15 a configuration that names no VF is told the ways to" {
	conf='{"cniVersion": "1.0.0", "name": "net", "type": "sriov"}'
	cni ADD p1
	refused 7 'which VF?' '"master"' '"deviceID"' 'device plugin' 'PCI address'
}

@test "D15 a PF given as deviceID is named as such, with its number of VFs" {
	conf "$PF0"
	cni ADD p1
	refused 101 "$PF0 is a PF with 7 VFs" 'one of its VFs' 'sriov_numvfs'
}

@test "D15 a PF without VFs is told how to make them" {
	echo 0 >"/sys/bus/pci/devices/$PF1/sriov_numvfs"
	later 'make_vfs pf1; world >"$T/start"' # they come with other MACs
	snapshot
	conf "$PF1"
	cni ADD p1
	refused 101 "$PF1 is a PF with 0 VFs" "/sys/bus/pci/devices/$PF1/sriov_numvfs"
	conf "$PF1V0"
	cni ADD p1
	refused 101 "no PCI device $PF1V0"
}

@test "D15 a PCI device without SR-IOV is not a VF" {
	local bridge=0000:00:00.0
	[[ -e /sys/bus/pci/devices/$bridge ]]
	conf "$bridge"
	cni ADD p1
	refused 101 "$bridge is not a VF" pfOnly
}

@test "D15 a PCI address with no device is told how to list the VFs" {
	conf 0000:7f:1f.7
	cni ADD p1
	refused 101 'no PCI device 0000:7f:1f.7' '/sys/bus/pci/devices/*/virtfn*'
}

@test "D15 text that is no PCI address is refused with an example" {
	for text in pf0v0 '' 01:10 0000:01:10.8 0000:01:20.0 0000:01:10.0x ' 0000:01:10.0' ../../0000:01:10.0 1:2:3:4.5; do
		conf "$text"
		cni ADD p1
		keep "\"$text\" is not a PCI address" 0000:3b:02.1
	done
	refused_each 7
}

@test "D15 a VF without a driver is told how to bind one" {
	echo "$PF0V1" >/sys/bus/pci/drivers/igbvf/unbind
	later 'echo "$PF0V1" >/sys/bus/pci/drivers/igbvf/bind; rename_new "$PF0V1" pf0v1'
	snapshot
	conf "$PF0V1"
	cni ADD p1
	refused 101 "$PF0V1 has no driver" "/sys/bus/pci/drivers_probe"
}

# A driver that is bound anew makes a netdev with the kernel's name; and igbvf makes a MAC up.
rename_new() {
	local link
	link=$(compgen -G "/sys/bus/pci/devices/$1/net/*")
	ip link set "${link##*/}" name "$2"
	world >"$T/start"
}

@test "D15 a VF that somebody moved to another namespace is said to be there" {
	pod other
	ip link set pf0v1 netns other
	later 'ip -n other link set pf0v1 netns 1'
	snapshot
	conf "$PF0V1"
	cni ADD p1
	refused 101 "$PF0V1" igbvf 'another namespace'
}

@test "D15 a PF whose netdev is in another namespace is asked back" {
	pod other
	ip link set pf1 netns other
	later 'ip -n other link set pf1 netns 1; ip link set pf1 up'
	snapshot
	conf "$PF1V1"
	cni ADD p1
	refused 101 "VF $PF1V1: PF $PF1 has no network interface on the host" namespace
}

# --- D11: a netdev that comes late ---

# after_a_second COMMAND - in the background
after_a_second() {
	(sleep 1 && eval "$1") 3>&- &
}

ms() {
	echo $((${EPOCHREALTIME/[.,]/} / 1000))
}

@test "D11 a VF that gets its driver 1 s after ADD has begun is waited for" {
	echo "$PF0V1" >/sys/bus/pci/drivers/igbvf/unbind
	later 'rename_new "$PF0V1" pf0v1'
	conf "$PF0V1" '"vlan": 100, "netdevTimeout": 20'
	after_a_second 'echo "$PF0V1" >/sys/bus/pci/drivers/igbvf/bind'
	ADD p1
	link_has p1 net1 "parentdev $PF0V1" UP
	vf_has pf0 1 'vlan 100'
	DEL p1
	vf_has_not pf0 1 vlan
}

@test "D11 a netdev that comes back to the host 1 s after ADD has begun is waited for" {
	pod other
	ip link set pf0v1 netns other
	conf "$PF0V1" '"vlan": 100, "netdevTimeout": 20'
	after_a_second 'ip -n other link set pf0v1 netns 1'
	ADD p1
	link_has p1 net1 "parentdev $PF0V1" UP
}

@test "D11 how long is waited is for the configuration to say, and the refusal names the key" {
	local begin took=()

	pod other
	ip link set pf0v1 netns other
	later 'ip -n other link set pf0v1 netns 1'
	snapshot
	for seconds in 0 3; do
		conf "$PF0V1" "\"netdevTimeout\": $seconds"
		begin=$(ms)
		cni ADD p1
		took[seconds]=$(($(ms) - begin))
		refused 101 "waited $seconds s for it: \"netdevTimeout\""
	done
	((took[0] < 3000 && took[3] >= 3000)) || fail "it took ${took[0]} and ${took[3]} ms"
}

# --- A16 ---

@test "A16 the VF of an InfiniBand port is refused with a pointer to the plugin for it" {
	# A tap whose link type is InfiniBand (TUNSETIFF, TUNSETPERSIST, TUNSETLINK), shown as the PF's netdev.
	modprobe tun
	perl -e 'open(my $f, "+<", "/dev/net/tun") or die; my $r = pack("a16 s x22", "ib0", 0x1002);
		ioctl($f, 0x400454ca, $r) or die; ioctl($f, 0x400454cb, 1) or die; ioctl($f, 0x400454cd, 32) or die'
	later 'ip link del ib0'
	ip link set ib0 up
	ip link show ib0 | grep -q link/infiniband
	mkdir -p "$T/net/ib0"
	mount --bind "$T/net" "/sys/bus/pci/devices/$PF0/net"
	later "umount /sys/bus/pci/devices/$PF0/net"
	snapshot
	conf "$PF0V0" '"vlan": 100'
	cni ADD p1
	refused 101 'PF ib0 is an InfiniBand port' ib-sriov
}

# --- D7 ---

@test "D7 a VF on which the host has another link is not taken from it" {
	ip link set pf0v0 up
	later 'ip link set pf0v0 down'
	for kind in 'vlan id 7' 'macvlan mode bridge'; do
		# shellcheck disable=SC2086 # words
		ip link add link pf0v0 name on0 type $kind
		snapshot
		conf "$PF0V0" '"vlan": 100'
		cni ADD p1
		refused 11 "VF $PF0V0 is in use on the host: on0 lies on its interface pf0v0" 'ip link del on0'
		ip link del on0
	done
	ADD p1
}

@test "D7 a VF that has an address on the host is not taken from it" {
	for address in 198.51.100.7/24 2001:db8::7/64; do
		ip link set pf0v0 up
		ip addr add $address dev pf0v0
		snapshot
		conf "$PF0V0" '"vlan": 100'
		cni ADD p1
		refused 11 "VF $PF0V0 is in use on the host" pf0v0 "address $address" 'ip address flush dev pf0v0'
		ip addr flush dev pf0v0
		ip link set pf0v0 down
	done
	ip addr add 198.51.100.7/24 dev pf0v0 # also one that is down
	cni ADD p1
	error_object 11 "VF $PF0V0 is in use on the host" 'address 198.51.100.7/24'
	ip addr flush dev pf0v0
	ADD p1
}

@test "D7 a VF that is a port of a bridge or bond is not taken from it" {
	ip link add br7 type bridge
	later 'ip link del br7; ip link set pf0v0 promisc off'
	ip link set pf0v0 master br7
	snapshot
	conf "$PF0V0" '"vlan": 100'
	cni ADD p1
	refused 11 "VF $PF0V0 is in use on the host" 'port of br7' 'ip link set pf0v0 nomaster'
	ip link set pf0v0 nomaster
	ADD p1
}

@test "D7 a VF that is merely up on the host is free, and up again after" {
	ip link set pf0v0 up
	later 'ip link set pf0v0 down'
	snapshot
	conf "$PF0V0" '"vlan": 100'
	ADD p1
	DEL p1
	unchanged
}
