#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# userspace.bats - VFs with a userspace driver, VFs that get another driver, and what Kubernetes is told of them (N9, N10, N11)
#
# pf0's VFs have an IOMMU group each; pf1 is in one with its VFs.
#
# seconds for each test: 5

load lib

MAC=02:00:5e:00:00:01
INFO=/var/run/k8s.cni.cncf.io/devinfo/cni/net1.json # /var/run is a link

setup_file() {
	modprobe -a vfio-pci vfio_iommu_type1 uio_pci_generic
}

driver_of() {
	local link

	link=$(readlink "/sys/bus/pci/devices/$1/driver") && echo "${link##*/}"
}

override_of() {
	cat "/sys/bus/pci/devices/$1/driver_override"
}

bind() { # bind VF DRIVER
	echo "$2" >"/sys/bus/pci/devices/$1/driver_override"
	[[ ! -e /sys/bus/pci/devices/$1/driver ]] || echo "$1" >"/sys/bus/pci/devices/$1/driver/unbind"
	echo "$1" >"/sys/bus/pci/drivers/$2/bind"
	echo >"/sys/bus/pci/devices/$1/driver_override"
}

# found_on DRIVER - VF 0 of pf0 has it until the test ends; "": none
found_on() {
	# shellcheck disable=SC2016 # for later
	later 'bind "$PF0V0" igbvf
		ip link set pf0 vf 0 mac 00:00:00:00:00:00
		ip link set "$(ls "/sys/bus/pci/devices/$PF0V0/net")" name pf0v0
		reset_vf 0
		ip link set pf0v0 address '"$(mac_of '' pf0v0)"
	if [[ $1 ]]; then
		bind "$PF0V0" "$1"
	else
		echo "$PF0V0" >"/sys/bus/pci/devices/$PF0V0/driver/unbind"
	fi
	snapshot
}

# hold VF - a program has it open through vfio, as process $holder
hold() {
	rm -f "$T/held"
	"$BATS_TEST_DIRNAME/vfio-hold" "$1" 3>&- >"$T/held" 2>&1 &
	holder=$!
	later drop_hold # else vfio would let go of the VF never
	within 10 test -s "$T/held"
	equal 'what the program sees' "$(<"$T/held")" 8086:10ca # an 82576 VF
}

# drop_hold - as a container's runtime: it is dead when this returns
drop_hold() {
	[[ ! -e /proc/$holder ]] || kill -9 "$holder"
	wait "$holder" || true
}

# --- N9 ---

@test "N9 a VF with a userspace driver is configured on its PF, and what IPAM says is only reported" {
	version=1.1.0
	ipam_says '{"cniVersion": "1.1.0", "ips": [{"address": "10.9.0.2/24", "gateway": "10.9.0.1"}],
		"routes": [{"dst": "0.0.0.0/0"}], "dns": {"nameservers": ["10.9.0.3"]}}'
	ip -n p1 -j addr >"$T/pod"
	for driver in vfio-pci uio_pci_generic; do
		found_on $driver
		conf "$PF0V0" "\"mac\": \"$MAC\", \"vlan\": 100, \"trust\": \"on\", \"mtu\": 1400, \"strict\": true, $SAYS"
		ADD p1
		result '.interfaces == [{name: "net1", mac: $mac, mtu: 1400, sandbox: "/run/netns/p1", pciID: $vf}]
			and .ips == [{address: "10.9.0.2/24", gateway: "10.9.0.1", interface: 0}]
			and .routes == [{dst: "0.0.0.0/0"}] and .dns == {nameservers: ["10.9.0.3"]}' \
			--arg mac $MAC --arg vf "$PF0V0"
		vf_has pf0 0 "mac $MAC" 'vlan 100' 'trust on'
		equal 'the driver' "$(driver_of "$PF0V0")" $driver
		[[ $(ip -n p1 -j addr) == "$(<"$T/pod")" ]] || fail 'something is in the pod' "$(ip -n p1 addr)"
		CHECK p1
		DEL p1
		has "$(<"$IPAM_LOG")" 'ADD p1' 'CHECK p1' 'DEL p1'
		unchanged
		eval "${undo[-1]}"
		unset 'undo[-1]'
	done
}

@test "N9 without mac and mtu the result has those of the PF" {
	found_on vfio-pci
	ip link set pf0 mtu 1450
	later 'ip link set pf0 mtu 1500'
	ip link set pf0 vf 0 mac 02:00:5e:00:00:09
	version=1.1.0
	conf "$PF0V0"
	ADD p1
	result '.interfaces[0] | .mac == "02:00:5e:00:00:09" and .mtu == 1450'
	DEL p1
	ip link set pf0 vf 0 mac 00:00:00:00:00:00
	ADD p1
	result '.interfaces[0] | has("mac") | not' # none is no MAC of zeros
	DEL p1
	ip link set pf0 mtu 1500
	vf_has pf0 0 'mac 00:00:00:00:00:00'
}

@test "N9 a driver that does not take a MAC of zero back is told another than the container's" {
	found_on vfio-pci
	ip link set pf0 vf 0 mac 00:00:00:00:00:00
	snapshot
	conf "$PF0V0" "\"mac\": \"$MAC\", \"vlan\": 100"
	attach_and_refuse 'is made up'
	has "$err" 'VF 0: mac 00:00:00:00:00:00' 'Invalid argument'
	vf_has pf0 0 "mac $(sed -nE 's/.*; (..:..:..:..:..:..) is set instead, which is made up.*/\1/p' <<<"$err")" 'trust off'
	vf_has_not pf0 0 "mac $MAC" vlan
	ip link set pf0 vf 0 mac 00:00:00:00:00:00
	unchanged
}

@test "N9 of a whole device on vfio-pci nothing can be set, and no MTU is told" {
	echo 0 >"/sys/bus/pci/devices/$PF1/sriov_numvfs"
	later 'bind "$PF1" igb; rename_back pf1; ip link set pf1 up; make_vfs pf1; world >"$T/start"' # they come with other MACs
	bind "$PF1" vfio-pci
	snapshot
	version=1.1.0
	conf "$PF1" "\"pfOnly\": true, \"mac\": \"$MAC\""
	cni ADD p1
	refused 7 "$PF1 has driver vfio-pci" 'remove "mac"'
	conf "$PF1" '"pfOnly": true'
	ADD p1
	result '.interfaces == [{name: "net1", sandbox: "/run/netns/p1", pciID: $pf}]' --arg pf "$PF1"
	DEL p1
	unchanged
}

@test "N9 the pod's namespace has to be one, and the name in it free" {
	found_on vfio-pci
	conf "$PF0V0"
	CNI_NETNS=/run/netns/none cni ADD p1
	refused 3 /run/netns/none
	ip -n p1 link add net1 type dummy
	later 'ip -n p1 link del net1'
	snapshot
	cni ADD p1
	refused 4 'an interface net1 already'
}

@test "L3 a VF in use whose record is damaged, but for who has it, is given to nobody" {
	version=1.1.0
	pod p2
	found_on vfio-pci
	conf "$PF0V0" '"vlan": 100'
	ADD p1
	cp "/run/sriov-cni/$PF0V0.json" "$T/record"
	truncate -s -20 "/run/sriov-cni/$PF0V0.json"
	cp "/run/sriov-cni/$PF0V0.json" "$T/damaged"
	cni ADD p2
	error_object 11 "$PF0V0.json" "VF $PF0V0 is in use: the DEL of its container brings it home"
	conf "$PF0V0" '"cni.dev/valid-attachments": []'
	cni GC ''
	equal 'status' "$status" 0
	cmp "/run/sriov-cni/$PF0V0.json" "$T/damaged"
	cp "$T/record" "/run/sriov-cni/$PF0V0.json"
	conf "$PF0V0" '"vlan": 100'
	DEL p1
	unchanged
}

@test "N9 CHECK sees another value on the PF, and another driver" {
	found_on vfio-pci
	conf "$PF0V0" '"vlan": 100'
	ADD p1
	ip link set pf0 vf 0 vlan 200
	cni CHECK p1
	error_object 102 'vlan is 200, ADD left it at 100'
	ip link set pf0 vf 0 vlan 100
	bind "$PF0V0" uio_pci_generic
	cni CHECK p1
	error_object 102 "VF $PF0V0 has driver uio_pci_generic, ADD left it with driver vfio-pci"
	bind "$PF0V0" vfio-pci
	CHECK p1
}

@test "N9 a VF that a program has open is refused with its name, and free when that has ended" {
	found_on vfio-pci
	hold "$PF0V0"
	snapshot # without the MAC that igbvf had reported to the PF: to open the VF is to reset it
	conf "$PF0V0" "\"vlan\": 100, $HOST_LOCAL"
	cni ADD p1
	refused 11 "VF $PF0V0 (driver vfio-pci) is in use" "process $holder (vfio-hold)"
	conf "$PF0V0" '"driver": "igbvf"' # to take it away would wait for the program
	cni ADD p1
	refused 11 "process $holder (vfio-hold)"
	drop_hold
	ADD p1
	DEL p1
	unchanged
}

@test "D5 a VF with a userspace driver is picked where that is asked for, and while no program has it" {
	version=1.1.0
	found_on vfio-pci
	pick '"master": "pf0", "vf": 0'
	cni ADD p1
	refused 11 "VF $PF0V0 has driver vfio-pci, and no interface; it is picked where"
	pick '"pool": {"pfNames": ["pf0"], "drivers": ["vfio-pci"]}'
	ADD p1
	result '.interfaces[0].pciID == $vf' --arg vf "$PF0V0"
	CHECK p1
	DEL p1
	hold "$PF0V0"
	snapshot
	cni ADD p1
	refused 11 "process $holder (vfio-hold)"
	drop_hold
	pick '"master": "pf0", "vf": 2, "driver": "vfio-pci"'
	ADD p1
	result '.interfaces[0].pciID == $vf' --arg vf "$PF0V2"
	equal driver "$(driver_of "$PF0V2")" vfio-pci
}

@test "N9 a VF goes back only when no program has it any more: until then it keeps its VLAN and address" {
	found_on vfio-pci
	conf "$PF0V0" "\"vlan\": 100, $HOST_LOCAL"
	ADD p1
	hold "$PF0V0"
	cni DEL p1
	error_object 11 "VF $PF0V0" "process $holder (vfio-hold)"
	vf_has pf0 0 'vlan 100'
	[[ -e /var/lib/cni/networks/net/10.56.0.2 ]] || fail 'the address was given back'
	drop_hold
	DEL p1
	unchanged
}

@test "N9 DEL waits for the program that is about to end, and no longer" {
	conf "$PF0V0" '"driver": "vfio-pci", "vlan": 100'
	ADD p1
	hold "$PF0V0"
	(DEL p1) 3>&- &
	waiting=$!
	# it waits for the process's end, not for a time
	within 5 pidfd_of_sriov
	drop_hold
	wait $waiting
	unset 'attached[p1 net1]'
	unchanged
}

@test "N9 a VF that was attached as an interface, and that a guest has by now, keeps its VLAN until the guest has ended" {
	found_on igbvf # for its end
	conf "$PF0V0" '"vlan": 100'
	ADD p1
	bind "$PF0V0" vfio-pci
	hold "$PF0V0"
	cni DEL p1
	error_object 11 "process $holder (vfio-hold)"
	vf_has pf0 0 'vlan 100'
	drop_hold
	DEL p1
	has "$err" 'has driver vfio-pci by now, not igbvf'
	vf_has_not pf0 0 vlan
}

pidfd_of_sriov() {
	local pid

	pid=$(pgrep -x sriov) && readlink "/proc/$pid/fd"/* | grep -qF 'anon_inode:[pidfd]'
}

@test "N9 with flr a VF with a userspace driver is reset when it is given back, and has its driver still" {
	found_on uio_pci_generic
	conf "$PF0V0" '"flr": true'
	ADD p1
	under=(strace -y -e trace=write -o "$T/trace")
	DEL p1
	under=()
	grep -q "$PF0V0/reset>, \"1\"" "$T/trace" || fail 'it was not reset'
	equal 'the driver' "$(driver_of "$PF0V0")" uio_pci_generic
	unchanged
}

# --- N10 ---

# VF 0 as an administrator may have it, so that there is something to give back
make_unusual() {
	ip link set pf0v0 mtu 1300
	ip link property add dev pf0v0 altname enp1s16 altname other
	ip link set pf0v0 name oddname
	ip link set oddname up promisc on
	later 'ip link set oddname down promisc off; ip link set oddname name pf0v0 mtu 1500
		ip link property del dev pf0v0 altname enp1s16 altname other'
	snapshot
}

@test "N10 \"driver\" binds a userspace driver for the attachment, and gives the former one back with its interface" {
	make_unusual
	for driver in vfio-pci uio_pci_generic; do
		conf "$PF0V0" "\"driver\": \"$driver\", \"mac\": \"$MAC\", \"vlan\": 100, $HOST_LOCAL"
		ADD p1
		has "$(lspci -k -s "$PF0V0")" "Kernel driver in use: $driver"
		equal driver_override "$(override_of "$PF0V0")" '(null)'
		vf_has pf0 0 "mac $MAC" 'vlan 100'
		no_link '' oddname
		result '.interfaces == [{name: "net1", mac: $mac, sandbox: "/run/netns/p1"}]
			and .ips[0].address == "10.56.0.2/24"' --arg mac $MAC
		CHECK p1
		DEL p1
		unchanged
		has "$(lspci -k -s "$PF0V0")" 'Kernel driver in use: igbvf'
		rm -r /var/lib/cni/networks
	done
}

@test "N10 a program gets the VF that was bound for it" {
	version=1.1.0
	conf "$PF0V0" '"driver": "vfio-pci"'
	ADD p1
	# what igbvf had reported to the PF is forgotten when the program opens the VF
	result '.interfaces[0] | has("mac") | not'
	hold "$PF0V0"
	drop_hold
	DEL p1
	unchanged
}

@test "N10 with a kernel driver's name the VF's new interface is moved, and the VF goes back to vfio-pci" {
	found_on vfio-pci
	conf "$PF0V0" "\"driver\": \"igbvf\", \"mac\": \"$MAC\", \"mtu\": 1400, $HOST_LOCAL"
	ADD p1
	equal 'the driver' "$(driver_of "$PF0V0")" igbvf
	link_has p1 net1 "parentdev $PF0V0" UP 'mtu 1400' "link/ether $MAC"
	equal 'the address' "$(addresses p1)" 10.56.0.2/24
	CHECK p1
	DEL p1
	equal 'the driver' "$(driver_of "$PF0V0")" vfio-pci
	unchanged
}

@test "N10 a VF without any driver gets one, and has none after" {
	found_on ''
	for driver in vfio-pci igbvf; do
		conf "$PF0V0" "\"driver\": \"$driver\", \"vlan\": 100"
		ADD p1
		equal 'the driver' "$(driver_of "$PF0V0")" $driver
		DEL p1
		unchanged
	done
}

@test "N10 a driver_override that was there is there again" {
	found_on vfio-pci
	echo vfio-pci >"/sys/bus/pci/devices/$PF0V0/driver_override"
	snapshot
	conf "$PF0V0" '"driver": "igbvf"'
	ADD p1
	link_has p1 net1 "parentdev $PF0V0"
	DEL p1
	equal driver_override "$(override_of "$PF0V0")" vfio-pci
	unchanged
}

@test "N10 a VF that has the driver already keeps it: nothing is bound" {
	found_on vfio-pci
	conf "$PF0V0" '"driver": "vfio-pci", "vlan": 100'
	for command in ADD DEL; do
		under=(strace -y -e trace=write -o "$T/trace.$command")
		$command p1
	done
	under=()
	has_not "$(cat "$T"/trace.*)" bind driver_override
	unchanged
	conf "$PF0V1" '"driver": "igbvf"'
	ADD p1
	link_has p1 net1 "parentdev $PF0V1"
}

@test "N10 a driver that is not loaded is refused with the command that loads it" {
	conf "$PF0V0" "\"driver\": \"igb_uio\", \"vlan\": 100, $HOST_LOCAL"
	cni ADD p1
	refused 101 'driver igb_uio is not loaded: modprobe igb_uio'
	conf "$PF0V0" '"driver": "vfio_pci"'
	cni ADD p1
	refused 7 'driver vfio_pci is called vfio-pci'
	version=1.1.0
	conf "$PF0V0" '"driver": "igb_uio"'
	cni STATUS ''
	refused 50 'modprobe igb_uio'
}

@test "N10 what else is in the VF's IOMMU group is refused by name, but for bridges" {
	conf "$PF1V0" '"driver": "vfio-pci", "vlan": 100'
	cni ADD p1
	refused 101 "$PF1 (driver igb)" "$PF1V6 (driver igbvf)"
	has_not "$msg" 0000:00:04.1 "$PF1V0 (" pcieport
	conf "$PF1V0" '"driver": "uio_pci_generic"' # knows no groups
	ADD p1
	equal 'the driver' "$(driver_of "$PF1V0")" uio_pci_generic
	DEL p1
	unchanged
	# bound by hand already, the group is no other
	# shellcheck disable=SC2016 # for later
	later 'bind "$PF1V0" igbvf
		ip link set pf1 vf 0 mac 00:00:00:00:00:00
		ip link set "$(ls "/sys/bus/pci/devices/$PF1V0/net")" name pf1v0
		ip link set pf1v0 up
		ip link set pf1v0 down
		ip link set pf1v0 address '"$(mac_of '' pf1v0)"
	bind "$PF1V0" vfio-pci
	snapshot
	conf "$PF1V0" '"driver": "vfio-pci"'
	cni ADD p1
	refused 101 "$PF1 (driver igb)" "$PF1V6 (driver igbvf)"
}

@test "N10 a VF that somebody bound to another driver meanwhile is his" {
	conf "$PF0V0" '"driver": "vfio-pci", "vlan": 100'
	found_on igbvf # for its end
	ADD p1
	bind "$PF0V0" uio_pci_generic
	DEL p1
	has "$err" "VF $PF0V0 has driver uio_pci_generic by now"
	equal 'the driver' "$(driver_of "$PF0V0")" uio_pci_generic
	vf_has_not pf0 0 vlan
}

@test "N10 the interface of a driver that somebody bound meanwhile is his as well" {
	found_on vfio-pci
	conf "$PF0V0" '"vlan": 100'
	ADD p1
	bind "$PF0V0" igbvf
	ip link set "$(ls "/sys/bus/pci/devices/$PF0V0/net")" name his mtu 1400 up
	DEL p1
	link_has '' his UP 'mtu 1400' "parentdev $PF0V0"
	vf_has_not pf0 0 vlan
	ip link set his down # for found_on
}

@test "N10 without its namespace a VF goes back as well" {
	ip netns add p9
	conf "$PF0V0" '"driver": "vfio-pci", "vlan": 100'
	ADD p9
	ip netns del p9
	conf "$PF0V0" '"driver": "uio_pci_generic"' # another container finds it
	ADD p1
	has "$err" 'its namespace is gone'
	unset 'attached[p9 net1]'
	DEL p1
	unchanged
}

# binding COMMAND - "K" for each of its writes that has to do with drivers
binding() {
	under=(strace -y -e trace=write -o "$T/trace")
	"$1" p1
	under=()
	awk '/^write/ { n++ } /^write.*(\/driver_override|\/unbind|\/bind)>/ { print n }' "$T/trace"
}

@test "N10 killed at each write to a driver's files, ADD and DEL leave nothing that DEL does not put in order" {
	conf "$PF0V0" "\"driver\": \"vfio-pci\", \"mac\": \"$MAC\", \"vlan\": 100"
	writes=$(binding ADD)
	equal 'writes of ADD' "$(wc -w <<<"$writes")" 4
	DEL p1
	for k in $writes; do
		under=(strace -o /dev/null -e trace=write -e "inject=write:signal=KILL:when=$k")
		cni ADD p1
		under=()
		((status > 128)) || fail "ADD was not killed: $status $out"
		DEL p1
		unchanged || fail "killed at write $k of ADD"
	done
	ADD p1
	writes=$(binding DEL)
	equal 'writes of DEL' "$(wc -w <<<"$writes")" 4
	for k in $writes; do
		ADD p1
		under=(strace -o /dev/null -e trace=write -e "inject=write:signal=KILL:when=$k")
		cni DEL p1
		under=()
		((status > 128)) || fail "DEL was not killed: $status $out"
		DEL p1
		unchanged || fail "killed at write $k of DEL"
	done
}

# --- N11 ---

with_info() { # with_info VF [KEYS]
	conf "$1" "\"runtimeConfig\": {\"CNIDeviceInfoFile\": \"$INFO\"}${2:+, $2}"
}

info() { # info FILTER - this jq filter is true of the file
	gojq -e --arg vf "$PF0V0" --arg pf "$PF0" "$1" $INFO >/dev/null || fail "not so: $1" "$(<$INFO)"
}

@test "N11 the device information file is made with the folder, and goes with DEL" {
	later 'rm -r /run/k8s.cni.cncf.io'
	with_info "$PF0V0" '"strict": true'
	ADD p1
	info '. == {type: "pci", version: "1.1.0", pci: {"pci-address": $vf, "pf-pci-address": $pf}}'
	equal 'the mode' "$(stat -c %a $INFO)" 600
	DEL p1
	equal 'what is left' "$(ls -A ${INFO%/*})" ''
	with_info "$PF0V0" '"driver": "vfio-pci"'
	ADD p1
	info '.pci == {"pci-address": $vf, "pf-pci-address": $pf}'
	DEL p1
	unchanged
}

@test "N11 what the device plugin has written stays, and the file as well" {
	mkdir -p ${INFO%/*}
	later 'rm -r /run/k8s.cni.cncf.io'
	echo '{"type": "pci", "version": "1.0.0", "x": [1], "pci": {"pci-address": "0000:00:00.0", "rdma-device": "mlx5_9",
		"vhost-net": "/dev/vhost-net", "representor-device": "eth3", "y": 2}}' >$INFO
	chmod 644 $INFO
	with_info "$PF0V0"
	ADD p1
	info '. == {type: "pci", version: "1.1.0", x: [1], pci: {"pci-address": $vf, "pf-pci-address": $pf,
		"rdma-device": "mlx5_9", "vhost-net": "/dev/vhost-net", "representor-device": "eth3", y: 2}}'
	equal 'the mode' "$(stat -c %a $INFO)" 644
	DEL p1
	[[ -e $INFO ]] || fail 'it was not ours to remove'
	rm $INFO # as Multus does before DEL
	ADD p1
	rm $INFO
	DEL p1
}

@test "N11 a file that tells of another kind of device is left alone" {
	mkdir -p ${INFO%/*}
	later 'rm -r /run/k8s.cni.cncf.io'
	echo '{"type": "vdpa", "version": "1.1.0", "vdpa": {"path": "/dev/vhost-vdpa0"}}' >$INFO
	cp $INFO "$T/info"
	with_info "$PF0V0"
	ADD p1
	has "$err" 'vdpa device: left alone'
	DEL p1
	cmp $INFO "$T/info"
}

@test "N11 a link, a folder, something else than JSON and a relative path are refused before anything changes" {
	mkdir -p ${INFO%/*} "$T/folder"
	later 'rm -r /run/k8s.cni.cncf.io'
	echo precious >"$T/precious"
	snapshot
	with_info "$PF0V0" '"vlan": 100'
	ln -s "$T/precious" $INFO
	cni ADD p1
	error_object 5 "$INFO" 'Too many levels of symbolic links'
	equal 'the file behind the link' "$(<"$T/precious")" precious
	ln -sfn "$T/folder" $INFO
	cni ADD p1
	error_object 5 "$INFO"
	rm $INFO
	mkdir $INFO
	cni ADD p1
	error_object 5 "$INFO" 'no file'
	rmdir $INFO
	echo precious >$INFO
	cni ADD p1
	error_object 6 "$INFO"
	equal 'what is no JSON' "$(<$INFO)" precious
	rm $INFO
	unchanged
	conf "$PF0V0" '"runtimeConfig": {"CNIDeviceInfoFile": "devinfo/net1.json"}'
	cni ADD p1
	refused 7 'CNIDeviceInfoFile' 'absolute path'
}
