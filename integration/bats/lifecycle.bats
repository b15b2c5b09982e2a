#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# lifecycle.bats - an attachment from its record to its end (L1 to L6, L8 to L10, L15, L19, D9, E5)
#
# seconds for each test: 4

load lib

MAC=02:00:5e:00:00:01

leases() {
	find /var/lib/cni/networks -name '10.56.*' 2>/dev/null | wc -l
}

records() {
	find /run/sriov-cni -mindepth 1 ! -name '*.lock' 2>/dev/null | wc -l
}

# --- L1 ---

# first PATTERN, last PATTERN - number of the line in strace's log
first() {
	grep -nE "$1" "$T/strace" | head -n 1 | cut -d: -f1
}

last() {
	grep -nE "$1" "$T/strace" | tail -n 1 | cut -d: -f1
}

CHANGE='nlmsg_type=RTM_(NEWLINK|SETLINK|NEWLINKPROP|DELLINKPROP|NEWADDR|NEWROUTE)'

@test "L1 the record is on disk before the first change, and goes after the last" {
	ip link property add dev pf0v0 altname enp1s16
	later 'ip link property del dev pf0v0 altname enp1s16'
	conf "$PF0V0" "\"mac\": \"$MAC\", \"vlan\": 100, $HOST_LOCAL"
	under=(strace -qq -o "$T/strace" -e 'trace=sendto,sendmsg,/^(open|rename|link|unlink)')
	ADD p1
	local written changed
	written=$(first "(rename|link)at.*$PF0V0\.json\".* = 0")
	changed=$(first "$CHANGE")
	((written && changed)) || fail "no record or no change: $(<"$T/strace")"
	((written < changed)) || fail "the record is written in line $written, after line $changed: $(<"$T/strace")"

	DEL p1
	local dropped
	dropped=$(last "unlinkat.*$PF0V0\.json\".* = 0")
	changed=$(last "$CHANGE")
	((dropped && changed)) || fail "no record or no change: $(<"$T/strace")"
	((dropped > changed)) || fail "the record goes in line $dropped, before line $changed: $(<"$T/strace")"
}

@test "L1 a record is never written in place" {
	conf "$PF0V0" '"vlan": 100'
	under=(strace -qq -o "$T/strace" -e 'trace=/^(open|creat|rename)')
	ADD p1
	has_not "$(grep 'O_WRONLY\|O_RDWR\|O_TRUNC' "$T/strace")" '.json"'
	grep -qE "rename.*$PF0V0\.json\"" "$T/strace"
}

@test "L1 while IPAM works there is a record, and only root can read it" {
	mkfifo "$T/gate"
	export IPAM_GATE=$T/gate
	conf "$PF0V0" '"vlan": 100, "ipam": {"type": "waits"}'
	cni ADD p1 &
	within 10 grep -qs ADD "$IPAM_LOG"
	local modes
	modes=$(stat -c '%a %U' /run/sriov-cni "/run/sriov-cni/$PF0V0.json" | xargs)
	echo go >"$T/gate"
	wait $!
	attached["p1 net1"]=$conf
	equal 'modes of folder and record' "$modes" '700 root 600 root'
}

# --- L2 ---

# every CALL - ADD fails at its first, then at its second ... call of this kind, until one ADD makes fewer of them.
every() {
	local n

	for ((n = 1; n <= 60; n++)); do
		under=(strace -qq -o "$T/strace" -e "trace=$1" -e "inject=$1:error=ENOBUFS:when=$n")
		cni ADD p1
		grep -q INJECTED "$T/strace" || break
		((status)) || fail "ADD succeeded without $1 number $n: $(<"$T/strace")"
		keep 'No buffer space available'
		unchanged || fail "after $1 number $n failed: $(<"$T/strace")"
	done
	under=()
	((status == 0 && n > 12)) || fail "ADD ended with $status after $n calls"
	DEL p1
	refused_each 100
}

@test "L2 whichever request to the kernel is not sent, everything is as before" {
	ip link property add dev pf0v0 altname enp1s16
	later 'ip link property del dev pf0v0 altname enp1s16'
	snapshot
	conf "$PF0V0" "\"mac\": \"$MAC\", \"vlan\": 100, \"trust\": \"on\", \"mtu\": 1400, $HOST_LOCAL"
	every sendto
}

@test "L2 whichever answer of the kernel is lost, everything is as before" {
	ip link property add dev pf0v0 altname enp1s16
	later 'ip link property del dev pf0v0 altname enp1s16'
	snapshot
	conf "$PF0V0" "\"mac\": \"$MAC\", \"vlan\": 100, \"trust\": \"on\", \"mtu\": 1400, $HOST_LOCAL"
	every recvfrom
}

@test "L2 an address that the kernel refuses takes everything back, the lease as well" {
	ipam_says '{"cniVersion": "1.0.0", "ips": [{"address": "10.56.0.2/24"}, {"address": "127.0.0.1/8"}, {"address": "10.56.0.2/24"}]}'
	conf "$PF0V0" "\"mac\": \"$MAC\", \"vlan\": 100, $SAYS"
	cni ADD p1
	refused 100 'interface net1' 'address 10.56.0.2/24' 'File exists'
	equal 'calls of IPAM' "$(xargs <"$IPAM_LOG")" 'ADD p1 DEL p1'
}

@test "L2 a route that the kernel refuses takes everything back, the lease as well" {
	conf "$PF0V0" "\"mac\": \"$MAC\", \"vlan\": 100, \"ipam\": {\"type\": \"host-local\", \"subnet\": \"10.56.0.0/24\",
		\"routes\": [{\"dst\": \"192.0.2.0/24\", \"gw\": \"198.51.100.1\"}]}"
	cni ADD p1
	refused 100 'interface net1' 'route to 192.0.2.0/24' 'invalid gateway'
	equal 'number of leases' "$(leases)" 0
}

@test "L2 a result that cannot be written to the runtime takes everything back" {
	conf "$PF0V0" "\"mac\": \"$MAC\", \"vlan\": 100, $HOST_LOCAL"
	status=0
	CNI_COMMAND=ADD CNI_CONTAINERID=p1 CNI_IFNAME=net1 CNI_NETNS=/run/netns/p1 CNI_PATH=$CNI_BIN \
		timeout 60 "$CNI_BIN/sriov" <<<"$conf" >/dev/full 2>"$T/err" || status=$?
	equal 'exit status' $status 1
	has "$(<"$T/err")" 'cannot write the result' 'No space left on device'
	unchanged
}

@test "L2 a runtime that is gone when the result comes gets nothing, and everything is taken back" {
	conf "$PF0V0" "\"vlan\": 100, $HOST_LOCAL"
	{
		status=0
		CNI_COMMAND=ADD CNI_CONTAINERID=p1 CNI_IFNAME=net1 CNI_NETNS=/run/netns/p1 CNI_PATH=$CNI_BIN \
			timeout 60 "$CNI_BIN/sriov" <<<"$conf" 2>"$T/err" || status=$?
		echo $status >"$T/status"
	} | true
	equal 'exit status' "$(<"$T/status")" 1
	unchanged
}

@test "L2 a state folder that cannot be written refuses before anything changes" {
	mkdir -p /run/sriov-cni
	chmod 700 /run/sriov-cni
	mount -t tmpfs -o ro,mode=700 none /run/sriov-cni
	later 'umount /run/sriov-cni'
	conf "$PF0V0" '"vlan": 100'
	cni ADD p1
	refused 104 /run/sriov-cni 'Read-only file system'
}

@test "L2 after a refused ADD the VF may choose its MAC, as before" {
	# What ip does not show: igb lets a VF whose MAC was set on the PF have no other.
	later "ip link set pf0v3 address $(mac_of '' pf0v3)"
	ip link set pf0v3 address 02:00:5e:00:00:99
	snapshot
	conf "$PF0V3" "\"mac\": \"$MAC\", \"link_state\": \"enable\""
	cni ADD p1
	refused 100 'link_state enable'
	ip link set pf0v3 address 02:00:5e:00:00:98
}

# --- L4 ---

# Everything that a VF has is set to something unusual; teardown() compares all of it.
make_unusual() {
	admin_mac 0 02:00:5e:00:00:77
	reset_vf 0
	ip link set pf0 vf 0 vlan 77 qos 5
	later 'ip link set pf0 vf 0 vlan 0'
	ip link set pf0 vf 0 spoofchk off
	later 'ip link set pf0 vf 0 spoofchk on'
	ip link set pf0 vf 0 trust on
	later 'ip link set pf0 vf 0 trust off'
	ip link set pf0 vf 0 max_tx_rate 300
	later 'ip link set pf0 vf 0 max_tx_rate 0'
	ip link set pf0v0 mtu 1300
	later 'ip link set pf0v0 mtu 1500'
	ip link property add dev pf0v0 altname enp1s16 altname other
	later 'ip link property del dev pf0v0 altname enp1s16 altname other'
	ip link set pf0v0 name oddname
	later 'ip link set oddname down; ip link set oddname name pf0v0'
}

everything() {
	conf "$PF0V0" "\"mac\": \"$MAC\", \"vlan\": 100, \"vlanQoS\": 1, \"spoofchk\": \"on\", \"trust\": \"off\",
		\"max_tx_rate\": 100, \"mtu\": 1400, $HOST_LOCAL"
}

@test "L4 DEL restores everything that a VF has" {
	make_unusual
	snapshot
	everything
	ADD p1
	vf_has pf0 0 "mac $MAC" 'vlan 100' 'qos 1' 'spoof checking on' 'trust off' 'max_tx_rate 100Mbps'
	link_has p1 net1 'mtu 1400' UP
	no_link '' oddname
	DEL p1
	unchanged
}

@test "L4 DEL restores everything that a VF has that was up" {
	make_unusual
	ip link set oddname up
	snapshot
	everything
	ADD p1
	DEL p1
	unchanged
	link_has '' oddname UP
}

@test "L4 a VF whose own MAC is another than its PF's has it after DEL, whatever reset it" {
	for state in down up; do
		ip link set pf0v6 $state
		later "ip link set pf0v6 down
			ip link set pf0 vf 6 mac 00:00:00:00:00:00; reset_vf 6
			ip link set pf0v6 address $(mac_of '' pf0v6)"
		ip link set pf0 vf 6 mac 02:00:5e:00:05:a3 # it has not heard of it yet
		snapshot
		conf "$PF0V6" '"trust": "on", "mtu": 1280' # trusted, it tells its PF its own MAC
		ADD p1
		DEL p1
		unchanged
		eval "${undo[-1]}"
		unset 'undo[-1]'
	done
}

@test "L4 an admin MAC that the VF has not heard of is there again, and so is the VF's own" {
	local own
	own=$(mac_of '' pf0v0)
	admin_mac 0 02:00:5e:00:00:77
	snapshot
	for keys in "\"mac\": \"$MAC\"" '"vlan": 100'; do
		conf "$PF0V0" "$keys"
		ADD p1
		DEL p1
		unchanged
		vf_has pf0 0 'mac 02:00:5e:00:00:77'
		equal 'MAC on the host' "$(mac_of '' pf0v0)" "$own"
	done
}

@test "L4 after DEL the VF may choose its MAC, as before" {
	later "ip link set pf0v3 address $(mac_of '' pf0v3)"
	ip link set pf0v3 address 02:00:5e:00:00:99
	for keys in "\"mac\": \"$MAC\"" '"vlan": 100'; do
		conf "$PF0V3" "$keys"
		ADD p1
		DEL p1
		ip link set pf0v3 address 02:00:5e:00:00:98
	done
}

@test "L4 a VF that its PF knows no MAC of stays so, also when its MTU is restored" {
	ip link set pf0 vf 0 mac 00:00:00:00:00:00
	later 'reset_vf 0'
	snapshot
	conf "$PF0V0" '"mtu": 1400' # igbvf is reset when its MTU is set
	ADD p1
	DEL p1
	unchanged
}

@test "L4 an alternative name that a pod made up and the host has taken does not hold the VF back" {
	conf "$PF0V0"
	ADD p1
	ip -n p1 link property add dev net1 altname pf1
	DEL p1
	unchanged
}

@test "L4 a VF that comes home with its own name as an alternative one gets it back" {
	conf "$PF0V0" '"vlan": 100'
	ADD p1
	ip -n p1 link property add dev net1 altname pf0v0
	ip -n p1 link set net1 netns 1 name handmade
	DEL p1
	unchanged
}

@test "L4 what a pod did to its interface does not come to the host" {
	conf "$PF0V0" "\"trust\": \"on\", $HOST_LOCAL" # trusted: the pod may choose its MAC
	ADD p1
	ip -n p1 link set net1 address 02:00:5e:00:00:55
	ip -n p1 link set net1 mtu 1200
	ip -n p1 link set net1 promisc on allmulticast on
	ip -n p1 link property add dev net1 altname of-the-pod
	ip -n p1 addr add 10.99.0.1/24 dev net1
	DEL p1
	unchanged
}

@test "L4 what a netdev carries from namespace to namespace comes back as it was" {
	ip link set pf0v0 txqueuelen 500 alias 'of the host'
	later "ip link set pf0v0 txqueuelen 1000 alias ''"
	snapshot
	conf "$PF0V0"
	ADD p1
	ip -n p1 link set net1 txqueuelen 50 group 7 mode dormant arp off multicast off dynamic on
	ip -n p1 link set net1 broadcast 02:00:5e:00:00:0b alias 'of the pod'
	ip -n p1 link set net1 gso_max_size 1000 gso_max_segs 10
	ip -n p1 link set net1 gro_max_size 2000 || true # not on 6.1
	tc -n p1 qdisc add dev net1 root tbf rate 1mbit burst 10k latency 50ms
	tc -n p1 qdisc add dev net1 clsact
	DEL p1
	equal 'queueing disciplines' "$(tc qdisc show dev pf0v0)" ''
	unchanged
	conf "$PF0V1" # which has no alias
	ADD p1
	ip -n p1 link set net1 alias 'of the pod'
	DEL p1
	unchanged
}

# xdp_program FILE - one that drops every packet
xdp_program() {
	clang -O2 -target bpf -x c -c -o "$1" - <<-'END'
		__attribute__((section("prog"), used)) int drop(void *context) { return 1; }
		__attribute__((section("license"), used)) char its_license[] = "GPL";
	END
}

@test "L4 an XDP program that the pod attached is gone, one of the host's stays" {
	xdp_program "$T/drop.o"
	conf "$PF0V0"
	ADD p1
	ip -n p1 link set net1 xdpgeneric obj "$T/drop.o" section prog
	link_has p1 net1 prog/xdp
	DEL p1
	link_has_not '' pf0v0 prog/xdp
	unchanged
	ip link set pf0v0 xdpgeneric obj "$T/drop.o" section prog
	later 'ip link set pf0v0 xdpgeneric off'
	snapshot
	ADD p1
	DEL p1
	link_has '' pf0v0 prog/xdp
	unchanged
	ADD p1
	ip -force -n p1 link set net1 xdpgeneric obj "$T/drop.o" section prog
	DEL p1
	link_has_not '' pf0v0 prog/xdp
}

@test "L4 a tcx program that the pod attached is gone, one of the host's stays" {
	local tcx=$BATS_TEST_DIRNAME/tcx none=0 one=1
	[[ $(uname -r) != 6.1.* ]] || none=unknown one=unknown # there the pod can attach none
	equal 'before ADD' "$("$tcx" pf0v0)" "$none"
	conf "$PF0V0" "\"mac\": \"$MAC\", \"vlan\": 100"
	for way in ingress egress; do
		ADD p1
		equal "in the pod, $way" "$(ip netns exec p1 "$tcx" net1 "$way")" "$one"
		DEL p1
		equal "after DEL, $way" "$("$tcx" pf0v0)" "$none"
		unchanged
	done
	equal "the host's" "$("$tcx" pf0v0 ingress)" "$one"
	later "'$tcx' pf0v0 ingress off"
	ADD p1
	DEL p1
	equal "the host's after DEL" "$("$tcx" pf0v0)" "$one"
	unchanged
}

@test "L4 a tcx program does not come to the host when the namespace ends" {
	local tcx=$BATS_TEST_DIRNAME/tcx none=0
	[[ $(uname -r) != 6.1.* ]] || none=unknown
	ip netns add p9
	conf "$PF0V0"
	ADD p9
	ip netns exec p9 "$tcx" net1 ingress
	ip netns del p9
	within 10 all_back
	DEL p9
	equal 'after DEL' "$("$tcx" pf0v0)" "$none"
	unchanged
}

# --- L5: DEL, whatever has happened meanwhile ---

attach_with_lease() {
	conf "$PF0V0" "\"mac\": \"$MAC\", \"vlan\": 100, \"mtu\": 1400, $HOST_LOCAL"
	ADD "$1"
	equal 'number of leases' "$(leases)" 1
}

# back - the VF is back as it was, and nothing is left of the attachment
back() {
	unchanged
	link_has '' pf0v0 "parentdev $PF0V0"
	link_has_not '' pf0v0 UP
	vf_has_not pf0 0 vlan
	equal 'number of leases' "$(leases)" 0
	equal 'number of records' "$(records)" 0
}

@test "L5 DEL twice is as good as once" {
	attach_with_lease p1
	DEL p1
	back
	DEL p1
	back
}

@test "L5 DEL of a container that nobody knows succeeds" {
	conf "$PF0V0" "$HOST_LOCAL"
	DEL unknown
	CNI_NETNS='' DEL unknown
	unchanged
}

@test "L5 DEL after an ADD that was refused for a missing IPAM plugin succeeds" {
	conf "$PF0V0" '"ipam": {"type": "no-such-plugin"}'
	cni ADD p1
	refused 103 no-such-plugin
	DEL p1
	has "$err" 'no-such-plugin is not in CNI_PATH'
	unchanged
}

@test "L5 DEL with an empty CNI_NETNS gives back from the namespace that was recorded" {
	attach_with_lease p1
	CNI_NETNS='' DEL p1
	back
}

@test "L5 DEL after the namespace is gone gives back what the kernel returned under the pod's name" {
	ip netns add p9
	attach_with_lease p9
	ip netns del p9
	within 10 all_back
	link_has '' net1 "parentdev $PF0V0" # so this is the case
	DEL p9
	back
}

@test "L5 DEL that comes right after the end of the namespace waits for the VF" {
	ip netns add p9
	attach_with_lease p9
	# The kernel alone can be faster than DEL: a process holds the namespace for a moment.
	ip netns exec p9 sleep 0.9 3>&- &
	within 5 in_pod $! "net:[$(stat -c %i /run/netns/p9)]"
	ip netns del p9
	DEL p9
	back
}

@test "L5 DEL with a path that is a regular file now gives back" {
	ip netns add p9
	attach_with_lease p9
	ip netns del p9
	: >/run/netns/p9
	later 'rm -f /run/netns/p9'
	DEL p9
	rm /run/netns/p9
	back
}

@test "L5 DEL with a path that is another namespace now gives back, and leaves that one alone" {
	ip netns add p9
	attach_with_lease p9
	ip netns del p9
	pod p9
	ip -n p9 link add net1 type dummy
	DEL p9
	link_has p9 net1
	ip netns del p9
	back
}

# again NAMESPACE - ends it and makes one with the same path and the same inode, which the kernel gives to the next
again() {
	local inode n
	inode=$(stat -c %i "/run/netns/$1")
	ip netns del "$1"
	within 10 all_back
	for ((n = 0; n < 50; n++)); do
		ip netns add "$1"
		[[ $(stat -c %i "/run/netns/$1") != "$inode" ]] || return 0
		ip netns del "$1"
	done
	fail "no namespace with inode $inode again"
}

@test "L7 an ADD finds out that the holder's namespace is another by now, with the same path and inode" {
	pod p9
	snapshot
	attach_with_lease p9
	again p9
	ADD p1
	DEL p1
	unset "attached[p9 net1]"
	back
}

@test "D3 an ADD that picks finds out that the holder's namespace is another by now, with the same path and inode" {
	pod p9
	snapshot
	attach_with_lease p9
	again p9
	conf="{\"cniVersion\": \"$version\", \"name\": \"net\", \"type\": \"sriov\", \"pool\": {\"pciAddresses\": [\"$PF0V0\"]}}"
	ADD p1
	link_has p1 net1 "parentdev $PF0V0"
	DEL p1
	unset "attached[p9 net1]"
	back
}

@test "L12 GC finds out that the namespace is another by now, with the same path and inode" {
	pod p9
	snapshot
	attach_with_lease p9
	again p9
	version=1.1.0
	conf "$PF0V0" '"cni.dev/valid-attachments": []'
	cni GC ''
	equal 'exit status' "$status" 0
	unset "attached[p9 net1]"
	back
}

@test "L5 DEL gives back when the kernel could not call the VF as the pod did" {
	ip netns add p9
	attach_with_lease p9
	ip link add net1 type dummy # the name is taken: the kernel makes another up
	later 'ip link del net1'
	ip netns del p9
	within 10 all_back
	link_has_not '' net1 "parentdev $PF0V0" # so this is the case
	DEL p9
	ip link del net1
	undo=()
	back
}

@test "L5 DEL after the namespace is gone takes away the alternative names that the pod gave" {
	ip link property add dev pf0v0 altname enp1s16
	later 'ip link property del dev pf0v0 altname enp1s16'
	snapshot
	ip netns add p9
	attach_with_lease p9
	ip -n p9 link property add dev net1 altname of-the-pod altname another
	ip netns del p9
	within 10 all_back
	ip link show of-the-pod # so this is the case
	DEL p9
	back
}

@test "L5 DEL gives back a VF that was returned before its PF was reset" {
	ip netns add p9
	attach_with_lease p9
	ip netns del p9
	within 10 all_back
	ip link set pf0 down
	ip link set pf0 up
	within 10 grep -q 1 /sys/class/net/pf0/carrier
	sleep 2.5 # for so long igb does not answer a VF that it does not expect, and igbvf takes that for a yes
	DEL p9
	link_has_not '' pf0v0 UP
	reset_vf 0 1 2 3 4 5 6 # a reset PF forgets what they told it
	back
}

@test "L5 DEL after the VFs were destroyed succeeds, and releases the lease" {
	ip netns add p9
	attach_with_lease p9
	ip netns del p9
	within 10 all_back
	echo 0 >/sys/class/net/pf0/device/sriov_numvfs
	later 'make_vfs pf0; world >"$T/start"' # they come with other MACs
	DEL p9
	equal 'number of leases' "$(leases)" 0
	equal 'number of records' "$(records)" 0
}

@test "L5 DEL after the VFs were destroyed under a living pod succeeds, and releases the lease" {
	attach_with_lease p1
	echo 0 >/sys/class/net/pf0/device/sriov_numvfs
	later 'make_vfs pf0; world >"$T/start"'
	DEL p1
	equal 'number of leases' "$(leases)" 0
	equal 'number of records' "$(records)" 0
}

@test "L5 DEL while the PF's interface is in another namespace says so, and can be repeated" {
	pod other
	# that takes it down, and igb forgets at the next word of any VF what one has reported that was reset meanwhile
	later 'ip -n other link set pf0 netns 1 2>/dev/null; ip link set pf0 up; reset_vf 0 1'
	snapshot
	conf "$PF0V1" '"vlan": 100'
	ADD p1
	ip link set pf0 netns other
	cni DEL p1
	error_object 11 "PF $PF0 has no interface on the host, by which VF 1 ($PF0V1) would get back what it had"
	ip -n other link set pf0 netns 1
	ip link set pf0 up
	DEL p1
	unchanged
}

@test "L5 DEL after the PF lost its driver succeeds, and releases the lease" {
	attach_with_lease p1
	echo "$PF0" >/sys/bus/pci/drivers/igb/unbind
	later 'bind_pf0; world >"$T/start"'
	DEL p1
	equal 'number of leases' "$(leases)" 0
	equal 'number of records' "$(records)" 0
}

bind_pf0() {
	echo "$PF0" >/sys/bus/pci/drivers/igb/bind
	local link
	link=$(compgen -G "/sys/bus/pci/devices/$PF0/net/*")
	ip link set "${link##*/}" name pf0
	ip link set pf0 up
	make_vfs pf0
}

@test "L5 DEL after the record is lost brings the VF to the host, also if it was renamed, and releases the lease" {
	attach_with_lease p1
	ip -n p1 link set net1 down
	ip -n p1 link set net1 name other
	mv "/run/sriov-cni/$PF0V0.json" "$T/record"
	DEL p1
	equal 'number of leases' "$(leases)" 0
	compgen -G "/sys/bus/pci/devices/$PF0V0/net/*" >/dev/null || fail 'the VF is not on the host'
	[[ ! -L /run/sriov-cni/@p1:net1 ]]
	# what it was like is only now known again
	mv "$T/record" "/run/sriov-cni/$PF0V0.json"
	ln -s "$PF0V0" "/run/sriov-cni/@p1:net1"
	DEL p1
	back
}

@test "L7 DEL leaves alone a VF that another plugin has put there under the interface's name" {
	ip link set pf0v0 netns p1 name net1
	later 'ip -n p1 link set net1 netns 1 name pf0v0'
	conf "$PF0V1"
	cni ADD p1
	error_object 4 'net1 already'
	DEL p1
	link_has p1 net1 "parentdev $PF0V0"
}

@test "L5 DEL with a configuration that has become wrong gives back by its record" {
	attach_with_lease p1
	conf "$PF0V5" "\"vlan\": 9999, \"trust\": \"perhaps\", $HOST_LOCAL"
	DEL p1
	back
}

@test "L5 DEL with a configuration that has lost its IPAM releases the lease by its record" {
	attach_with_lease p1
	conf "$PF0V0"
	DEL p1
	back
}

@test "L5 DEL with another IPAM section releases the lease where that of its ADD gave it" {
	conf "$PF0V0" '"ipam": {"type": "host-local", "subnet": "10.56.0.0/24", "dataDir": "'"$T/old"'"}'
	ADD p1
	[[ -e $T/old/net/10.56.0.2 ]]
	conf "$PF0V0" '"ipam": {"type": "host-local", "subnet": "10.56.0.0/24", "dataDir": "'"$T/new"'"}'
	DEL p1
	[[ ! -e $T/old/net/10.56.0.2 ]]
	unchanged
}

@test "L5 DEL of one of two interfaces leaves the other" {
	attach_with_lease p1
	conf "$PF0V1" '"vlan": 200'
	ADD p1 net2
	conf "$PF0V0" "$HOST_LOCAL"
	DEL p1 net1
	link_has p1 net2 "parentdev $PF0V1" UP
	vf_has pf0 1 'vlan 200'
	link_has '' pf0v0 "parentdev $PF0V0"
}

# --- L6 ---

@test "L6 DEL finds the VF that was renamed in the pod" {
	attach_with_lease p1
	ip -n p1 link set net1 down
	ip -n p1 link set net1 name renamed
	ip -n p1 link add net1 type dummy
	DEL p1
	ip -n p1 link del net1
	back
}

@test "L6 DEL finds the VF that somebody moved back to the host by hand" {
	attach_with_lease p1
	ip -n p1 link set net1 netns 1
	ip link set net1 name handmade
	DEL p1
	back
}

# --- L8 ---

@test "L8 a record that cannot be read at the moment is not taken for a damaged one" {
	local error

	conf "$PF0V0" '"vlan": 100'
	ADD p1
	snapshot
	for error in EIO EMFILE ENOMEM; do
		under=(strace -qq -o /dev/null -e trace=openat -P "$PF0V0.json" -e "inject=openat:error=$error")
		cni DEL p1
		under=()
		refused 5 "cannot open record $PF0V0.json" || return
	done
}

@test "L8 a folder that cannot be read at the moment is not taken for an empty one" {
	conf "$PF0V0" '"vlan": 100, "mac": "02:00:5e:00:00:01", "mtu": 1400'
	ADD p1
	under=(strace -qq -o /dev/null -e trace=getdents64 -e inject=getdents64:error=EIO)
	cni DEL p1
	under=()
	error_object 5 'cannot list /sys/'
	DEL p1
	unchanged
}

@test "L8 a DEL that cannot do all keeps its record, and can be repeated" {
	attach_with_lease p1
	ip link add pf0v0 type dummy # the VF's own name is taken on the host
	later '[[ ! -e /sys/class/net/pf0v0 || -e /sys/class/net/pf0v0/device ]] || ip link del pf0v0'
	cni DEL p1
	error_object 100 "$PF0V0" pf0v0 'File exists' 'ip link show pf0v0'
	equal 'record' "$(compgen -G "/run/sriov-cni/$PF0V0.json")" "/run/sriov-cni/$PF0V0.json"
	ip link del pf0v0
	DEL p1
	back
}

# --- D9 ---

# rename_pf OLD NEW - Linux 6.1 renames only what is down; then the VFs are in order again when they were reset, too
rename_pf() {
	ip link set "$1" name "$2" 2>/dev/null && return
	ip link set "$1" down
	ip link set "$1" name "$2"
	ip link set "$2" up
}

@test "D9 a PF that was renamed between ADD and DEL changes nothing" {
	attach_with_lease p1
	rename_pf pf0 renamed
	later 'rename_pf renamed pf0; reset_vf 0 1 2 3 4 5 6'
	CHECK p1
	DEL p1
	eval "${undo[0]}"
	undo=()
	back
}

@test "D9 an ADD does not take for its PF what got the PF's name while it waited" {
	conf "$PF0V0" '"vlan": 100'
	ADD p1
	DEL p1
	exec 7<"/run/sriov-cni/$PF0V0.lock"
	flock 7
	CNI_COMMAND=ADD CNI_CONTAINERID=p1 CNI_IFNAME=net1 CNI_NETNS=/run/netns/p1 CNI_PATH=$CNI_BIN \
		"$CNI_BIN/sriov" <<<"$conf" >"$T/waiting" 2>&1 7<&- 3>&- &
	within 10 has_open $! "$PF0V0.lock"
	rename_pf pf0 renamed
	later 'ip link del pf0; rename_pf renamed pf0; reset_vf 0 1 2 3 4 5 6'
	ip link add pf0 type dummy
	exec 7<&-
	! wait $! || fail "ADD succeeded: $(<"$T/waiting")"
	has "$(<"$T/waiting")" '"code": 11' "PF $PF0: its interface pf0 got another name at this moment"
	eval "${undo[0]}"
	undo=()
	unchanged
}

# --- L10 ---

@test "L10 no record survives a reboot, and DEL after one still releases the lease" {
	equal 'the file system of the state folder' "$(stat -f -c %T /run)" tmpfs
	ip netns add p9
	attach_with_lease p9
	# what a reboot leaves: no state folder, no namespace, VFs made anew; and the leases
	ip netns del p9
	within 10 all_back
	rm -r /run/sriov-cni
	echo 0 >/sys/class/net/pf0/device/sriov_numvfs
	make_vfs pf0
	DEL p9
	equal 'number of leases' "$(leases)" 0
	equal 'number of records' "$(records)" 0
	world >"$T/start" # the VFs have other MACs than before
	conf "$PF0V0" '"vlan": 100'
	ADD p1
}

# --- L19 ---

# resets COMMAND... - the VFs whose function level reset the kernel did meanwhile
resets() {
	local trace=/sys/kernel/debug/tracing

	echo 0 >$trace/tracing_on
	echo pcie_flr pcie_reset_flr >$trace/set_ftrace_filter
	echo function >$trace/current_tracer
	echo >$trace/trace
	echo 1 >$trace/tracing_on
	"$@"
	echo 0 >$trace/tracing_on
	grep -c 'pcie_flr ' $trace/trace || true
	echo nop >$trace/current_tracer
	echo >$trace/set_ftrace_filter
}

@test "L19 with flr the VF is reset once when it is given back, and is as before" {
	make_unusual
	snapshot
	everything
	conf=${conf%\}}', "flr": true}'
	equal 'resets at ADD' "$(resets ADD p1)" 0
	attached["p1 net1"]=$conf
	equal 'resets at DEL' "$(resets DEL p1)" 1
	unset 'attached[p1 net1]'
	unchanged
	link_has '' oddname "parentdev $PF0V0"
}

@test "L19 without flr the VF is not reset" {
	everything
	ADD p1
	equal 'resets at DEL' "$(resets DEL p1)" 0
	unset 'attached[p1 net1]'
}

@test "L19 a VF that cannot be reset is given back all the same" {
	conf "$PF0V0" '"vlan": 100, "flr": true'
	ADD p1
	# as for a VF without FLR
	mount --bind /dev/full "/sys/bus/pci/devices/$PF0V0/reset"
	later "umount /sys/bus/pci/devices/$PF0V0/reset"
	DEL p1
	has "$err" "VF $PF0V0 is not reset" 'No space left on device'
	unchanged
}

# --- L15 ---

# ADD of p1 hangs in its IPAM plugin until let_go.
hang() {
	mkfifo "$T/gate"
	export IPAM_GATE=$T/gate
	conf "$PF0V0" '"ipam": {"type": "waits"}'
	(cni ADD p1; exit "$status") 3>&- &
	hanging=$!
	within 10 grep -qs ADD "$IPAM_LOG"
}

let_go() {
	echo go >"$T/gate"
	wait $hanging
	attached["p1 net1"]=$conf
}

@test "L15 a VF that another process works on is busy after 10 s, and its holder is named" {
	hang
	pod p2
	local begin=$SECONDS
	cni ADD p2
	local took=$((SECONDS - begin))
	error_object 11 "VF $PF0V0" 'ADD of container p1, interface net1' 'try again'
	((took >= 8 && took <= 20)) || fail "it took $took s"
	let_go
}

@test "L15 a VF that gets free in time is waited for" {
	hang
	conf "$PF0V0" "$HOST_LOCAL"
	(
		within 8 grep -q -- '->' /proc/locks # somebody waits for a lock
		echo go >"$T/gate"
	) 3>&- &
	local gate=$!
	cni DEL p1 # of the ADD that is under way
	wait $gate $hanging
	((!status)) || fail "DEL ended with $status: $out"
	unset "attached[p1 net1]"
	unchanged
}

@test "L15 an ADD that waits for its IPAM does not keep another VF of the same PF waiting" {
	hang
	pod p2
	local begin=$SECONDS
	conf "$PF0V1" '"vlan": 100'
	ADD p2
	((SECONDS - begin < 8)) || fail "it took $((SECONDS - begin)) s"
	let_go
}

@test "L15 two ADDs at once for the same interface, with different VFs: one of them has it, and DEL finds that" {
	conf "$PF0V0" '"vlan": 100'
	(
		under=(strace -qq -o "$T/strace" -e trace=symlinkat -e inject=symlinkat:delay_exit=3000000) # between claim and record
		cni ADD p1
		exit "$status"
	) 3>&- &
	within 10 test -L /run/sriov-cni/@p1:net1
	conf "$PF0V1"
	cni ADD p1
	error_object 11 'interface net1 of container p1' "$PF0V0"
	wait $!
	link_has p1 net1 "parentdev $PF0V0"
	DEL p1
	unchanged
}

@test "L15 an interface that the pod gets while ADD is at work, under the name that the VF is to have: code 4, and all is back" {
	conf "$PF0V0" '"vlan": 100, "mac": "02:00:5e:00:00:01"'
	(
		under=(strace -qq -o "$T/strace" -e trace=symlinkat -e inject=symlinkat:delay_exit=2000000) # the look at the pod is over
		cni ADD p1
		printf '%s %s' "$status" "$out" >"$T/answer"
	) 3>&- &
	within 10 test -L /run/sriov-cni/@p1:net1
	ip -n p1 link add net1 type dummy
	wait $!
	has "$(<"$T/answer")" '1 {' '"code": 4' 'the pod has an interface net1 already; CNI_IFNAME has to be new'
	has "$(ip -n p1 -d link show net1)" dummy
	ip -n p1 link del net1
	unchanged
}

# hold_lock - of pf0v0, as another process would, until descriptor 7 is closed
hold_lock() {
	exec 7>>"/run/sriov-cni/$PF0V0.lock"
	chmod 600 "/run/sriov-cni/$PF0V0.lock"
	flock 7
}

@test "L15 a DEL that waited while its interface got another VF gives back that one" {
	mkdir -p /run/sriov-cni
	chmod 700 /run/sriov-cni
	ln -s "$PF0V0" /run/sriov-cni/@p1:net1 # an ADD was killed after its claim
	hold_lock
	conf "$PF0V1" '"vlan": 100'
	(cni DEL p1; exit "$status") 3>&- 7<&- &
	local deleting=$!
	within 8 grep -q -- '->' /proc/locks # it waits
	rm /run/sriov-cni/@p1:net1
	ADD p1
	exec 7<&-
	wait $deleting
	unset 'attached[p1 net1]'
	unchanged
}

@test "L15 a DEL without a record that waited while the VF went home has nothing to do" {
	mkdir -p /run/sriov-cni
	chmod 700 /run/sriov-cni
	ip link set pf0v0 netns p1 name net1
	ln -s "$PF0V0" /run/sriov-cni/@p1:net1
	hold_lock
	conf "$PF0V0"
	(cni DEL p1; printf '%s\n' "$status" "$out" >"$T/deleted") 3>&- 7<&- &
	local deleting=$!
	within 8 grep -q -- '->' /proc/locks # it waits
	ip -n p1 link set net1 netns 1 name pf0v0
	exec 7<&-
	wait $deleting
	equal 'exit status, and what was printed' "$(<"$T/deleted")" 0
	unchanged
}

@test "L3 an ADD of another container takes back what a killed one did, and gets the VF" {
	pod p2
	snapshot
	hang
	pkill -9 -x sriov
	wait $hanging || true
	conf "$PF0V0" "$HOST_LOCAL"
	ADD p2
	no_link p1 net1
	link_has p2 net1 "parentdev $PF0V0" UP
	equal 'calls of IPAM' "$(xargs <"$IPAM_LOG")" 'ADD p1 DEL p1'
	DEL p2
	unchanged
}

# --- E5 ---

@test "E5 the binary needs nothing but itself and the kernel's files" {
	local root=$T/root
	mkdir -p "$root"/{sys,proc,run}
	cp "$CNI_BIN/sriov" "$root/sriov"
	conf "$PF0V0" '"vlan": 100'
	CNI_COMMAND=ADD CNI_CONTAINERID=p1 CNI_IFNAME=net1 CNI_NETNS=/run/netns/p1 CNI_PATH=/ \
		unshare -m bash -ec 'for dir in sys proc run; do mount --rbind /$dir "$1/$dir"; done; exec chroot "$1" /sriov' \
		- "$root" <<<"$conf" >"$T/out"
	attached["p1 net1"]=$conf
	result '.interfaces[0].name == "net1"'
	link_has p1 net1 "parentdev $PF0V0" UP
	vf_has pf0 0 'vlan 100'
}
