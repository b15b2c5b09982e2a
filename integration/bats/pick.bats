#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# pick.bats - a free VF of a PF or pool, and what is told when there is none (D2 to D8, D14)
#
# seconds for each test: 7

load lib

# has_vf POD ADDRESS [IFNAME] - the pod's interface is this VF
has_vf() {
	link_has "$1" "${3-net1}" "parentdev $2"
}

# picks KEYS ADDRESS - from all VFs free, these keys pick this one
picks() {
	pick "$1"
	ADD p1
	has_vf p1 "$2" || fail "with $1" || return
	DEL p1
}

# hold POD VF... - of pf0, in the pod, as net0 and on
hold() {
	local n i=0

	for n in "${@:2}"; do
		local address=PF0V$n
		conf "${!address}"
		ADD "$1" "net$i"
		i=$((i + 1))
	done
}

# --- D2, D4: a PF, and which of its VFs ---

@test "D2 master alone picks the first VF that is free" {
	pod p2
	pick '"master": "pf0"'
	ADD p1
	has_vf p1 "$PF0V0"
	result '.interfaces[0].name == "net1"'
	ADD p2
	has_vf p2 "$PF0V1"
	DEL p1
	ADD p1
	has_vf p1 "$PF0V0"
}

@test "D2 what is picked is configured, checked and given back like any VF" {
	pick "\"master\": \"pf0\", \"vlan\": 100, \"mac\": \"02:00:5e:00:00:01\", $HOST_LOCAL"
	ADD p1
	vf_has pf0 0 'vlan 100'
	equal addresses "$(addresses p1)" 10.56.0.2/24
	CHECK p1
	DEL p1
	unchanged
}

@test "D4 vf, a range behind the PF, and VF= of CNI_ARGS say which VFs will do" {
	picks '"master": "pf0", "vf": 3' "$PF0V3"
	picks '"master": "pf0#2-3,6"' "$PF0V2"
	picks '"master": "pf0#2-3,6", "vf": 6' "$PF0V6"
	CNI_ARGS='IgnoreUnknown=1;VF=5' picks '"master": "pf0", "vf": 3' "$PF0V5"
}

@test "D4 a PF is known by an alternative name, too" {
	ip link property add dev pf1 altname a-name-that-is-longer-than-15
	later 'ip link property del dev pf1 altname a-name-that-is-longer-than-15'
	snapshot
	picks '"master": "a-name-that-is-longer-than-15"' "$PF1V0"
}

# --- D5: the device plugin's selectors ---

@test "D5 each selector means what it means to the device plugin" {
	picks '"pool": {"pfNames": ["pf1#4-5"]}' "$PF1V4"
	picks '"pool": {"pfNames": ["none", "pf1"]}' "$PF1V0"
	picks "\"pool\": {\"rootDevices\": [\"$PF1#2\"]}" "$PF1V2"
	picks "\"vf\": 4, \"pool\": {\"rootDevices\": [\"$PF1#2\", \"$PF1#4\"]}" "$PF1V4"
	picks "\"pool\": {\"pfNames\": [\"pf0\", \"pf1\"], \"rootDevices\": [\"$PF1\"]}" "$PF1V0"
	picks '"pool": {"vendors": ["8086"], "devices": ["10CA"], "drivers": ["igbvf"], "linkTypes": ["ether"]}' "$PF0V0"
	picks "\"pool\": {\"pciAddresses\": [\"$PF1V6\", \"${PF0V5#0000:}\"]}" "$PF0V5"
}

@test "D5 numaNode is that of the PF" {
	local node=/sys/bus/pci/devices/$PF1/numa_node

	later "echo $(<"$node") >$node"
	echo 0 >"$node"
	picks '"pool": {"numaNode": 0}' "$PF1V0"
}

@test "D5 selectors that no VF meets are told apart from VFs that are in use" {
	local keys

	for keys in '"master": "pf0", "vf": 7' '"pool": {"vendors": ["15b3"]}' '"pool": {"devices": ["10c9"]}' \
		'"pool": {"linkTypes": ["infiniband"]}' '"pool": {"numaNode": 5}' \
		'"pool": {"pciAddresses": ["0000:7f:00.0"]}'; do
		pick "$keys"
		cni ADD p1
		keep 'no VF of this host is what'
	done
	refused_each 101
	kept=()
	rm "$T/kept"
	for keys in '"pool": {"drivers": ["iavf"]}' '"pool": {"acpiIndexes": ["101"]}'; do
		pick "$keys"
		cni ADD p1
		keep "no VF of the pool is free: VF $PF0V0 has " "; VF $PF1V6 has "
	done
	refused_each 11
}

# No VF of this NIC has an index; in the plugin's namespace of mounts VF 3 has.
@test "D5 the ACPI index of a VF selects it" {
	local dir layers=/run/acpi

	dir=$(readlink -f "/sys/bus/pci/devices/$PF0V3")
	mkdir -p $layers/{upper,work}
	later "rm -r $layers"
	echo 103 >$layers/upper/acpi_index
	pick '"pool": {"acpiIndexes": ["7", "103"]}'
	under=(unshare -m sh -c "mount -t overlay -o 'lowerdir=${dir//:/\\:},upperdir=$layers/upper,workdir=$layers/work' acpi $dir"'
		exec "$@"' sh)
	ADD p1
	has_vf p1 "$PF0V3" net1
	cni ADD p1 net2
	under=()
	error_object 11 "VF $PF0V2 has another ACPI index, or none"
	has_not "$msg" "VF $PF0V3 has"
	DEL p1
}

# --- D6: several PFs ---

@test "D6 pack fills one PF before the next, spread goes round, and first by what the pod has" {
	local pool='"pool": {"pfNames": ["pf0#0-2", "pf1#0-2"]'

	pod p2
	pick "$pool}"
	ADD p1 a
	ADD p1 b
	ADD p1 c
	ADD p1 d
	has_vf p1 "$PF0V0" a
	has_vf p1 "$PF0V1" b
	has_vf p1 "$PF0V2" c
	has_vf p1 "$PF1V0" d
	DEL p1 c
	DEL p1 d
	pick "$pool, \"policy\": \"spread\"}"
	ADD p2 a # pf0 has two in use
	has_vf p2 "$PF1V0" a
	ADD p2 b # pf0 still has more in use, but of pf1 the pod has one
	has_vf p2 "$PF0V2" b
}

@test "D6 a PF with a smaller MTU, or on which another VF has the MAC, is passed over" {
	ip link set pf1 mtu 1600
	later 'ip link set pf1 mtu 1500'
	admin_mac 5 02:00:5e:00:00:05
	snapshot
	picks '"pool": {"pfNames": ["pf0", "pf1"]}, "mtu": 1600' "$PF1V0"
	picks '"pool": {"pfNames": ["pf0#0-3", "pf1"]}, "mac": "02:00:5e:00:00:05"' "$PF1V0"
	unchanged
	pick '"master": "pf0#0-3", "mtu": 1600'
	cni ADD p1
	refused 7 'no VF of pf0#0-3 is free: mtu 1600 is above that of PF pf0' 'ip link set pf0 mtu 1600'
	pick '"master": "pf0#0-3", "mac": "02:00:5e:00:00:05"'
	cni ADD p1
	refused 7 'MAC 02:00:5e:00:00:05 is that of VF 5 of PF pf0'
	# but it is 11 where a VF is held that might do
	conf "$PF0V0"
	ADD p1 net9
	pick '"master": "pf0#0-3", "mac": "02:00:5e:00:00:05"'
	cni ADD p1
	error_object 11 "VF $PF0V0 is held" 'MAC 02:00:5e:00:00:05 is that of VF 5'
}

# --- D7: what is free ---

@test "D7 a VF that the host uses, or that is elsewhere, is not free, and it is told why" {
	pod p2
	ip link set pf0v0 up
	later 'ip link set pf0v0 down; reset_vf 0'
	ip address add 192.0.2.1/24 dev pf0v1
	later 'ip address del 192.0.2.1/24 dev pf0v1'
	ip link add br0 type bridge
	later 'ip link del br0'
	ip link set pf0v2 master br0
	ip link set pf0v3 netns p2
	later 'ip -n p2 link set pf0v3 netns 1; reset_vf 3'
	snapshot
	pick '"master": "pf0#0-3"'
	cni ADD p1
	refused 11 'no VF of pf0#0-3 is free: ' "VF $PF0V0 is in use on the host: its interface pf0v0 is up" \
		"$PF0V1 is in use on the host: its interface pf0v1 has address 192.0.2.1/24" \
		"$PF0V2 is in use on the host: its interface pf0v2 is a port of br0" "$PF0V3 (driver igbvf) has no network interface"
	pick '"master": "pf0"'
	ADD p1
	has_vf p1 "$PF0V4"
}

@test "D7 a PF that is down, or has no VFs, is passed over" {
	pf0_down
	picks '"pool": {"pfNames": ["pf0", "pf1"]}' "$PF1V0"
	unchanged
	pick '"master": "pf0"'
	cni ADD p1
	refused 11 'no VF of pf0 is free: PF pf0 is down' 'ip link set pf0 up'
	equal 'how often it is told' "$(grep -o 'PF pf0 is down' <<<"$msg" | wc -l)" 1
}

# --- D8: none is free ---

@test "D8 when none is free, it is told who has them, with code 11, and STATUS says so, too" {
	pod p2
	hold p2 0 1
	snapshot
	pick '"master": "pf0#0-1"'
	cni ADD p1
	refused 11 "no VF of pf0#0-1 is free: VF $PF0V0 is held by container p2, interface net0, network net" \
		"VF $PF0V1 is held by container p2, interface net1"
	version=1.1.0
	pick '"master": "pf0#0-1"'
	cni STATUS ''
	refused 50 "VF $PF0V0 is held by container p2, interface net0"
	DEL p2 net0
	snapshot
	cni STATUS ''
	equal 'status' "$status$out" 0
	unchanged
}

@test "D8 a PF that is not there, and a link that is no PF, are named" {
	local keys

	ip link add dummy0 type dummy
	later 'ip link del dummy0'
	snapshot
	pick '"master": "ens9f9"'
	cni ADD p1
	keep 'there is no interface ens9f9 on the host' 'ip link'
	pick '"master": "dummy0"'
	cni ADD p1
	keep 'dummy0 is not the interface of a PCI device'
	pick '"master": "pf0v1"'
	cni ADD p1
	keep 'pf0v1 is not a PF of a NIC with SR-IOV'
	refused_each 101
}

@test "D8 a PF without VFs is told how to make them" {
	echo 0 >"/sys/bus/pci/devices/$PF1/sriov_numvfs"
	later 'make_vfs pf1; world >"$T/start"' # they come with other MACs
	snapshot
	pick '"master": "pf1"'
	cni ADD p1
	refused 101 'PF pf1 has no VFs; create them: echo N >' "$PF1/sriov_numvfs"
}

@test "D8 a PF whose interface is in another namespace is told" {
	pod other
	ip link set pf1 netns other
	later 'ip -n other link set pf1 netns 1; ip link set pf1 up'
	snapshot
	pick "\"pool\": {\"rootDevices\": [\"$PF1\"]}"
	cni ADD p1
	refused 101 "no VF of the pool is free: PF $PF1 has no network interface on the host"
}

# --- what the dead left ---

@test "D8 a VF whose container is gone without DEL is given back and picked when no other is free" {
	pod p2
	conf "$PF0V0" '"vlan": 100'
	ADD p2
	ip netns del p2
	within 10 all_back
	pick '"master": "pf0#0-1"'
	ADD p1 a
	has_vf p1 "$PF0V1" a
	vf_has pf0 0 'vlan 100'
	ADD p1 b
	has_vf p1 "$PF0V0" b
	vf_has_not pf0 0 vlan
	unset 'attached[p2 net1]'
	conf "$PF0V0"
	DEL p2 # comes late, and touches nothing
	has_vf p1 "$PF0V0" b
}

@test "L3 an ADD that was killed after picking comes again, and nothing is left of the first" {
	pick '"master": "pf0", "vlan": 100'
	under=(strace -qq -o /dev/null -e trace=sendto -e inject=sendto:signal=KILL:when=7)
	cni ADD p1
	under=()
	equal 'exit status' "$status" 137
	ADD p1
	DEL p1
	unchanged
}

@test "L3 what cannot be given back now of the same interface's last VF is told, and no other VF is picked" {
	pick '"master": "pf0", "vlan": 100, "ipam": {"type": "ipam-shim", "subnet": "10.56.0.0/24"}'
	ADD p1
	ip netns del p1
	ip netns add p1
	exec 7</var/lib/cni/networks/net/lock
	flock 7
	cni ADD p1
	exec 7<&-
	error_object 11 "VF $PF0V0: cannot give back what container p1 left" '/var/lib/cni/networks/net/lock is held'
	ADD p1
	has_vf p1 "$PF0V0"
}

@test "D2 an interface that has a VF does not get another" {
	pick '"master": "pf0"'
	ADD p1
	snapshot
	cni ADD p1
	refused 7 "interface net1 of container p1 has VF $PF0V0 already"
}

# --- D3: finding and taking are one act ---

@test "D3 of 100 at once for 14 VFs, 14 get one each, and 86 are told to come again" {
	local i

	version=1.1.0 # which has pciID in its results
	for i in {1..100}; do
		ip netns add "n$i"
		later "gone n$i"
	done
	pick '"pool": {"pfNames": ["pf0", "pf1"]}'
	for i in {1..100}; do
		CNI_COMMAND=ADD CNI_CONTAINERID=n$i CNI_IFNAME=net1 CNI_NETNS=/run/netns/n$i CNI_PATH=$CNI_BIN \
			"$CNI_BIN/sriov" <<<"$conf" >"$T/out$i" 2>/dev/null &
	done
	wait
	cat "$T"/out? "$T"/out?? "$T"/out??? | gojq -s '{
		given: map(.interfaces[0].pciID // empty) | unique | length,
		codes: map(.code // empty) | group_by(.) | map({(.[0] | tostring): length}) | add
	}' >"$T/count"
	for i in {1..100}; do
		cni DEL "n$i"
		((!status)) || fail "$out" || return
	done
	equal count "$(gojq -c . "$T/count")" '{"codes":{"11":86},"given":14}'
	within 10 all_back
}

# --- D14: by its netdev ---

@test "D14 a VF is named by its interface, an alternative name or its MAC" {
	ip link property add dev pf1v2 altname tenant-a-uplink
	later 'ip link property del dev pf1v2 altname tenant-a-uplink'
	snapshot
	picks '"device": "pf0v4"' "$PF0V4"
	picks '"device": "tenant-a-uplink"' "$PF1V2"
	picks "\"hwaddr\": \"$(mac_of '' pf0v6)\"" "$PF0V6"
	unchanged
	pick '"device": "pf0v9"'
	cni ADD p1
	keep 'link pf0v9: No such device: there is none on the host'
	pick '"hwaddr": "02:00:00:00:00:99"'
	cni ADD p1
	keep 'link with MAC 02:00:00:00:00:99: No such device: there is none on the host'
	pick '"device": "lo"'
	cni ADD p1
	keep 'lo is not the interface of a PCI device'
	pick '"device": "pf0"'
	cni ADD p1
	keep "$PF0 is a PF with 7 VFs"
	refused_each 101
}

# --- D12, D13: a device that is no VF ---

@test "D12 with pfOnly a PF without VFs goes to the pod as a whole, and comes back as it was" {
	local keys

	pick '"master": "pf1", "pfOnly": true'
	cni ADD p1
	refused 101 "PF $PF1 has 7 VFs" "echo 0 > /sys/bus/pci/devices/$PF1/sriov_numvfs"
	conf "$PF1V0" '"pfOnly": true'
	cni ADD p1
	refused 101 "$PF1V0 is a VF of PF $PF1"
	echo 0 >"/sys/bus/pci/devices/$PF1/sriov_numvfs"
	later 'make_vfs pf1; world >"$T/start"' # they come with other MACs
	snapshot
	for keys in '"master": "pf1"' "\"deviceID\": \"$PF1\"" '"device": "pf1"'; do
		pick "$keys, \"pfOnly\": true, \"mac\": \"02:00:5e:00:00:01\", \"mtu\": 1400, $HOST_LOCAL"
		ADD p1
		link_has p1 net1 "parentdev $PF1" UP 02:00:5e:00:00:01 'mtu 1400'
		no_link '' pf1
		"$SRIOVCTL" vfs "$PF1" 2 >"$T/ctl" 2>&1 || status=$?
		equal 'the exit status of sriovctl' "$status" 3
		has "$(<"$T/ctl")" "PF $PF1 is in use by container p1, interface net1"
		has "$("$SRIOVCTL" list)" "$PF1, driver igb, down, 0 of 7 VFs, container p1"
		CHECK p1
		ip -n p1 link set net1 down # for Linux 6.1
		ip -n p1 link set net1 name other
		DEL p1
		unchanged
	done
}

@test "D12 a PF that was given away and is killed on its way is brought back" {
	echo 0 >"/sys/bus/pci/devices/$PF1/sriov_numvfs"
	later 'make_vfs pf1; world >"$T/start"' # they come with other MACs
	snapshot
	pick '"master": "pf1", "pfOnly": true, "mtu": 1400'
	under=(strace -qq -o /dev/null -e trace=sendto -e inject=sendto:signal=KILL:when=7)
	cni ADD p1
	under=()
	equal 'exit status' "$status" 137
	[[ -e /run/sriov-cni/$PF1.json ]]
	DEL p1
	unchanged
}

@test "D13 a virtio NIC goes to the pod by its PCI address, and comes back as it was, also from a namespace that has ended" {
	local device

	modprobe virtio_net
	later 'modprobe -r virtio_net'
	device=$(readlink -f /sys/bus/virtio/drivers/virtio_net/virtio*)
	snapshot
	pick "\"deviceID\": \"$(basename "${device%/*}")\", \"pfOnly\": true, \"mac\": \"02:00:5e:00:00:01\", \"mtu\": 1400, $HOST_LOCAL"
	ADD p1
	link_has p1 net1 "parentdev ${device##*/}" UP 02:00:5e:00:00:01 'mtu 1400'
	CHECK p1
	ip -n p1 link set net1 down # for Linux 6.1
	ip -n p1 link set net1 name other
	DEL p1
	unchanged
	ADD p1
	ip netns del p1
	DEL p1
	ip netns add p1
	unchanged
}
