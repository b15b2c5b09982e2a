#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# orphan.bats - a VF whose namespace has no path any more, but lives; or that is nowhere to be found (L9)
#
# seconds for each test: 4

load lib

# held COMMAND... - runs it in the background until the test ends
held() {
	"$@" 3>&- >/dev/null 2>&1 &
	later "kill $!"
	holder=$!
}

# a pod p9 with a VF, whose path goes away when the caller has seen to it that it lives on
attach() {
	ip netns add p9
	conf "$PF0V0" "\"mac\": \"02:00:5e:00:00:01\", \"vlan\": 100, \"mtu\": 1400, $HOST_LOCAL"
	ADD p9
}

lose_path() {
	ip netns del p9
	[[ ! -e /run/netns/p9 ]]
	no_link '' net1
	no_link '' pf0v0
}

# back - DEL brings the VF home as it was, in less time than a rebind takes
back() {
	local begin=$SECONDS

	DEL p9
	((SECONDS - begin < 10)) || fail "it took $((SECONDS - begin)) s"
	unchanged
}

@test "L9 a namespace that a process keeps alive is found by the process" {
	attach
	held ip netns exec p9 sleep 100
	within 5 in_pod $holder "net:[$(stat -c %i /run/netns/p9)]"
	lose_path
	back
	has "$err" 'kept alive'
}

@test "L9 a namespace that a process keeps alive is found though its path is another's by now" {
	attach
	held ip netns exec p9 sleep 100
	within 5 in_pod $holder "net:[$(stat -c %i /run/netns/p9)]"
	lose_path
	pod p9
	DEL p9
	has "$err" 'kept alive'
	ip netns del p9
	unchanged
}

@test "L9 a namespace that an open file keeps alive is found by the file" {
	attach
	exec 5</run/netns/p9
	held sleep 100
	exec 5<&-
	lose_path
	back
}

@test "L9 a namespace that a mount elsewhere keeps alive is found by the mount" {
	attach
	: >"$T/else where"
	mount --bind /run/netns/p9 "$T/else where"
	later "umount '$T/else where'"
	lose_path
	back
}

@test "L9 a namespace that a mount of another container keeps alive is found by the mount" {
	attach
	: >"$T/elsewhere"
	held unshare -m --propagation private bash -c 'mount --bind /run/netns/p9 "$1" && exec sleep 100' - "$T/elsewhere"
	within 5 grep -qs "$T/elsewhere" "/proc/$holder/mountinfo"
	lose_path
	back
}

@test "L9 a namespace that a socket keeps alive is found by the socket" {
	attach
	ip -n p9 link set lo up
	held ip netns exec p9 bash -c 'exec 5<>/dev/udp/127.0.0.1/9; exec nsenter --net=/proc/1/ns/net --mount=/proc/1/ns/mnt sleep 100'
	# it begins and ends in the host's namespace: only when it sleeps was the socket opened in between
	within 5 grep -qsx sleep "/proc/$holder/comm"
	lose_path
	back
}

@test "L9 another container that is to have the VF gets it out of a namespace that lives on without a path" {
	attach
	held ip netns exec p9 sleep 100
	within 5 in_pod $holder "net:[$(stat -c %i /run/netns/p9)]"
	lose_path
	conf "$PF0V0" '"vlan": 200'
	ADD p1
	unset 'attached[p9 net1]'
	has "$err" 'its namespace is gone' 'container p9'
	link_has p1 net1 "parentdev $PF0V0" UP 'mtu 1500'
	vf_has pf0 0 'vlan 200'
	[[ ! -e /var/lib/cni/networks/net/10.56.0.2 ]] || fail 'the lease of p9 is left'
	DEL p1
	unchanged
}

@test "L9 GC gets the VF out of a namespace that lives on without a path" {
	attach
	held ip netns exec p9 sleep 100
	within 5 in_pod $holder "net:[$(stat -c %i /run/netns/p9)]"
	lose_path
	version=1.1.0
	conf "$PF0V0" "\"cni.dev/valid-attachments\": [], $HOST_LOCAL"
	cni GC ''
	equal 'exit status' "$status" 0
	unset 'attached[p9 net1]'
	unchanged
}

@test "L9 a VF that somebody moved on to a third namespace comes home by its driver" {
	conf "$PF0V0" '"mac": "02:00:5e:00:00:01", "vlan": 100, "mtu": 1400'
	ADD p1
	pod p8
	ip -n p1 link set net1 netns p8
	DEL p1
	has "$err" 'bound anew'
	ip netns del p8
	unchanged
}

# What ip does not show: igb lets a VF whose MAC was set on its PF have no other.
@test "L9 a VF whose driver was bound anew may choose its MAC, as before, also after one more container" {
	local own

	own=$(mac_of '' pf0v0)
	later "ip link set pf0v0 address $own"
	pod p8
	for keys in '"vlan": 100' '"mac": "02:00:5e:00:00:01"' '"flr": true'; do
		conf "$PF0V0" "$keys"
		ADD p1
		[[ $keys == *flr* ]] || ip -n p1 link set net1 netns p8
		DEL p1
		conf "$PF0V0" '"mac": "02:00:5e:00:00:01"'
		ADD p1
		DEL p1
		ip link set pf0v0 address 02:00:5e:00:00:98 || fail "after $keys"
		ip link set pf0v0 address "$own"
	done
}

@test "L9 a VF that lost its driver gets it back" {
	ip link property add dev pf0v0 altname enp1s16
	later 'ip link property del dev pf0v0 altname enp1s16'
	snapshot
	conf "$PF0V0" '"mac": "02:00:5e:00:00:01", "vlan": 100'
	ADD p1
	echo "$PF0V0" >/sys/bus/pci/drivers/igbvf/unbind
	DEL p1
	has "$err" 'lost its driver igbvf'
	unchanged
}

@test "L9 a VF that was bound to another driver meanwhile stays there, and all else is given back" {
	own=$(mac_of '' pf0v0)
	attach
	modprobe pci-stub
	echo "$PF0V0" >/sys/bus/pci/drivers/igbvf/unbind
	echo pci-stub >"/sys/bus/pci/devices/$PF0V0/driver_override"
	echo "$PF0V0" >/sys/bus/pci/drivers/pci-stub/bind
	later "echo '' >/sys/bus/pci/devices/$PF0V0/driver_override
		echo $PF0V0 >/sys/bus/pci/drivers/pci-stub/unbind
		echo $PF0V0 >/sys/bus/pci/drivers/igbvf/bind
		name_again"
	later 'gone p9'
	DEL p9
	has "$err" 'has driver pci-stub by now, not igbvf'
	vf_has_not pf0 0 vlan 'mac 02:00:5e:00:00:01'
	equal 'leases' "$(find /var/lib/cni -name '10.*' | wc -l)" 0
	[[ ! -e /run/sriov-cni/$PF0V0.json ]]
	equal 'the driver' "$(basename "$(readlink "/sys/bus/pci/devices/$PF0V0/driver")")" pci-stub
}

# The netdev is a new one: what is compared at the end begins with it.
name_again() {
	local link

	link=$(compgen -G "/sys/bus/pci/devices/$PF0V0/net/*")
	ip link set "${link##*/}" name pf0v0
	reset_vf 0
	# it takes for its PF's MAC what it once reported itself, until it is told that it is its own
	ip link set pf0v0 address 02:00:5e:00:00:98
	ip link set pf0v0 address "$own"
	world >"$T/start"
}
