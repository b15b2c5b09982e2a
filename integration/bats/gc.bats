#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# gc.bats - GC and STATUS, and whose VF is whose (L7, L12, L13)
#
# seconds for each test: 3

load lib

# gc KEY LIST - as a runtime of CNI 1.1.0 calls it, with its list under this key
gc() {
	version=1.1.0
	conf "$PF0V0" "\"$1\": $2, $HOST_LOCAL"
	cni GC ''
	version=1.0.0
}

# A container that is gone without DEL: its namespace is no more, and the kernel has the VF back, under the pod's name.
lose() {
	ip netns del "$1"
	within 10 all_back
}

@test "L12 GC gives back what is not in the list, whichever key it has" {
	pod p2
	snapshot
	for key in cni.dev/valid-attachments cni.dev/attachments; do
		conf "$PF0V0" "\"vlan\": 100, $HOST_LOCAL"
		ADD p2
		lose p2
		gc $key '[{"containerID": "p2", "ifname": "net2"}]'
		equal 'exit status' "$status" 0
		unset 'attached[p2 net1]'
		ip netns add p2
		equal 'leases' "$(find /var/lib/cni -name '10.*' | wc -l)" 0
		link_has '' pf0v0 "parentdev $PF0V0"
		vf_has_not pf0 0 vlan
		[[ ! -e /run/sriov-cni/$PF0V0.json ]]
	done
}

@test "L12 GC leaves alone what is in the list, whichever key it has" {
	pod p2
	conf "$PF0V0" "\"vlan\": 100"
	ADD p2
	lose p2
	for key in cni.dev/valid-attachments cni.dev/attachments; do
		gc $key '[{"containerID": "p2", "ifname": "net1"}]'
		equal 'exit status' "$status" 0
		vf_has pf0 0 'vlan 100'
	done
}

@test "L12 an ADD that comes while GC is at work keeps its address" {
	local leases='"ipam": {"type": "ipam-shim", "subnet": "10.56.0.0/24"}'

	pod p2
	conf "$PF0V0" "$leases"
	ADD p1
	exec 7</var/lib/cni/networks/net/lock
	flock 7
	version=1.1.0
	conf "$PF0V0" "\"cni.dev/valid-attachments\": [{\"containerID\": \"p1\", \"ifname\": \"net1\"}], $leases"
	CNI_COMMAND=GC CNI_PATH=$CNI_BIN "$CNI_BIN/sriov" <<<"$conf" >"$T/gc" 7<&- 3>&- &
	within 10 has_open $! /var/lib/cni/networks/net/lock
	kill -STOP $!
	within 5 grep -q '^State:.T' "/proc/$!/status"
	exec 7<&-
	conf "$PF0V1" "$leases"
	ADD p2
	kill -CONT $!
	wait $! || fail "$(<"$T/gc")"
	equal 'leases' "$(cd /var/lib/cni/networks/net && echo 10.*)" '10.56.0.2 10.56.0.3'
	DEL p2
	DEL p1
}

@test "L12 GC does not rob a container whose namespace lives" {
	conf "$PF0V0" '"vlan": 100'
	ADD p1
	gc cni.dev/valid-attachments '[]'
	equal 'exit status' "$status" 0
	link_has p1 net1 "parentdev $PF0V0" UP
	vf_has pf0 0 'vlan 100'
}

@test "L12 GC without a list, or of another network, does nothing" {
	pod p2
	conf "$PF0V0" "\"vlan\": 100"
	ADD p2
	lose p2
	version=1.1.0
	conf "$PF0V0"
	cni GC ''
	equal 'exit status' "$status" 0
	conf="{\"cniVersion\": \"1.1.0\", \"name\": \"other\", \"type\": \"sriov\", \"cni.dev/valid-attachments\": []}"
	cni GC ''
	equal 'exit status' "$status" 0
	vf_has pf0 0 'vlan 100'
}

@test "L12 GC removes claims that killed ADDs left, and not those that mean something" {
	conf "$PF0V0" '"vlan": 100'
	ADD p1
	ln -s "$PF0V0" /run/sriov-cni/@killed:net1 # the VF has another owner
	ln -s "$PF0V1" /run/sriov-cni/@killed:net2 # the VF has none
	ln -s "$PF0V2" /run/sriov-cni/@adding:net1
	echo '{"vers' >"/run/sriov-cni/$PF0V1.new"
	flock -F "/run/sriov-cni/$PF0V2.lock" sleep 60 3>&- & # whoever claimed this one is about to write its record
	later "kill $!; rm -f /run/sriov-cni/@adding:net1"
	within 5 eval '! flock -n "/run/sriov-cni/$PF0V2.lock" true'
	gc cni.dev/valid-attachments '[]'
	equal 'exit status' "$status" 0
	equal 'the claims' "$(find /run/sriov-cni '(' -name '@*' -o -name '*.new' ')' -printf '%f\n' | sort | xargs)" '@adding:net1 @p1:net1'
	link_has p1 net1 "parentdev $PF0V0" UP
}

@test "L12 GC is passed on to an IPAM plugin that knows it" {
	version=1.1.0
	conf "$PF0V0" '"cni.dev/valid-attachments": [], "ipam": {"type": "knows"}'
	cni GC ''
	equal 'exit status' "$status" 0
	equal 'calls of IPAM' "$(xargs <"$IPAM_LOG")" 'VERSION GC'
}

@test "L13 STATUS says what ADD would find" {
	version=1.1.0
	conf "$PF0V0" "$HOST_LOCAL"
	cni STATUS ''
	equal 'exit status' "$status" 0
	ip link set pf0 down
	later 'ip link set pf0 up'
	cni STATUS ''
	error_object 50 'PF pf0 is down' 'ip link set pf0 up'
	conf 0000:99:00.0
	cni STATUS ''
	error_object 50 0000:99:00.0
}

@test "L13 STATUS passes on what the IPAM plugin says" {
	version=1.1.0
	conf "$PF0V0" '"ipam": {"type": "knows"}'
	cni STATUS ''
	error_object 51 'IPAM plugin knows' 'no address left'
	equal 'calls of IPAM' "$(xargs <"$IPAM_LOG")" 'VERSION STATUS'
}

@test "L12 GC leaves a VF without a record to the DEL of its container" {
	version=1.1.0
	conf "$PF0V0" '"vlan": 100'
	ADD p1
	mv "/run/sriov-cni/$PF0V0.json" "$T/record"
	conf "$PF0V0" '"cni.dev/valid-attachments": [{"containerID": "p1", "ifname": "net1"}]'
	cni GC ''
	equal 'status' "$status" 0
	ctl gc # as its timer does
	equal "status of sriovctl gc, which said $out$err" "$status" 0
	equal 'what the index has' "$(readlink /run/sriov-cni/@p1:net1)" "$PF0V0"
	link_has p1 net1 "parentdev $PF0V0"
	conf "$PF0V0" '"vlan": 100'
	DEL p1
	has "$err" "VF $PF0V0 has lost its record: it is back on the host"
	no_link p1 net1
	# what it was like is only now known again
	mv "$T/record" "/run/sriov-cni/$PF0V0.json"
	ln -s "$PF0V0" /run/sriov-cni/@p1:net1
	DEL p1
	unchanged
}

@test "L3 a record that only another version understands stays while its container has the VF" {
	version=1.1.0
	pod p2
	snapshot
	conf "$PF0V0" '"vlan": 100'
	ADD p1
	cp "/run/sriov-cni/$PF0V0.json" "$T/record"
	sed -i 's/"version":2/"version":99/' "/run/sriov-cni/$PF0V0.json"
	cp "/run/sriov-cni/$PF0V0.json" "$T/future"
	cni ADD p2
	error_object 11 "$PF0V0.json" 'the DEL of its container brings it home'
	cni CHECK p1
	error_object 11 "$PF0V0.json"
	conf "$PF0V0" '"cni.dev/valid-attachments": []'
	cni GC ''
	equal 'status' "$status" 0
	cmp "/run/sriov-cni/$PF0V0.json" "$T/future"
	# as by the version that wrote it
	cp "$T/record" "/run/sriov-cni/$PF0V0.json"
	conf "$PF0V0" '"vlan": 100'
	DEL p1
	unchanged
}

@test "L7 a late DEL does not touch the next owner of VF and namespace" {
	conf "$PF0V0" '"vlan": 100'
	CNI_NETNS=/run/netns/p1 ADD old
	CNI_NETNS=/run/netns/p1 DEL old
	ADD p1
	CNI_NETNS=/run/netns/p1 DEL old
	link_has p1 net1 "parentdev $PF0V0" UP
	vf_has pf0 0 'vlan 100'
}

@test "L7 a late DEL of an ADD that was killed after its claim does not touch the next owner" {
	conf "$PF0V0" '"vlan": 100'
	ADD p1
	ln -s "$PF0V0" /run/sriov-cni/@old:net1 # the claim is made before the record
	CNI_NETNS=/run/netns/p1 DEL old
	link_has p1 net1 "parentdev $PF0V0" UP
	vf_has pf0 0 'vlan 100'
	[[ ! -L /run/sriov-cni/@old:net1 ]]
	CHECK p1
}

@test "A14 a raised PF stays up for those who did not ask for it, and goes down with the last" {
	ip link set pf0 down
	later 'ip link set pf0 up'
	snapshot
	pod p2
	conf "$PF0V0" '"pfLink": "raise"'
	ADD p1
	conf "$PF0V1"
	ADD p2
	DEL p1
	link_has '' pf0 UP
	DEL p2
	link_has_not '' pf0 UP
}

@test "A14 a raised PF goes down also when its VFs were taken away meanwhile" {
	ip link set pf1 down
	later 'ip link set pf1 up; make_vfs pf1; world >"$T/start"' # they come with other MACs
	conf "$PF1V0" '"pfLink": "raise", "vlan": 100'
	ADD p1
	link_has '' pf1 UP
	echo 0 >/sys/class/net/pf1/device/sriov_numvfs
	DEL p1
	link_has_not '' pf1 UP
	[[ ! -e /run/sriov-cni/$PF1.raised ]]
}
