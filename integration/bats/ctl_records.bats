#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ctl_records.bats - sriovctl attachments, release and gc: what containers have left (H2, L14)
#
# seconds for each test: 4

load lib

# dies POD VF... - without a DEL: the kernel gives its VFs back, under the names they had in the pod
dies() {
	local vf i

	[[ ! -e /run/netns/$1 ]] || ip netns del "$1"
	for vf in "${@:2}"; do
		within 10 compgen -G "/sys/bus/pci/devices/$vf/net/*" >/dev/null || fail "$vf does not come back" || return
	done
	for i in "${!attached[@]}"; do
		[[ $i != "$1 "* ]] || unset "attached[$i]"
	done
}

leases() { # of all networks
	find /var/lib/cni/networks -name '10.*' 2>/dev/null | wc -l
}

# told FILTER [ARGUMENT...] - this jq filter is true of what sriovctl printed
told() {
	gojq -e "${@:2}" "$1" "$T/out" >/dev/null || fail "not so: $1 (${*:2})" "$out"
}

# plugin TEXT - another CNI plugin: a script that does this
plugin() {
	printf '#!/bin/sh\n%s\n' "$1" >"$T/plugin"
	chmod +x "$T/plugin"
}

# adding - an ADD to p1 that its IPAM plugin keeps waiting: $adder
adding() {
	mkfifo "$T/gate"
	export IPAM_GATE=$T/gate
	conf "$PF0V0" '"vlan": 100, "ipam": {"type": "waits"}'
	CNI_COMMAND=ADD CNI_CONTAINERID=p1 CNI_IFNAME=net1 CNI_NETNS=/run/netns/p1 CNI_PATH=$IPAM \
		"$CNI_BIN/sriov" <<<"$conf" >"$T/added" 2>/dev/null 3>&- &
	adder=$!
	within 10 grep -qs ADD "$IPAM_LOG"
}

# same_as FILE - the world is as it was when this was written
same_as() {
	world >"$T/now"
	same_world "$1" "$T/now"
}

@test "H2 attachments says who has which VF, what it was like and what was set; release gives it back" {
	local mac begin

	mac=$(mac_of '' pf0v0) begin=$(date +%s)
	ip link property add dev pf0v0 altname enp1s16
	later 'ip link property del dev pf0v0 altname enp1s16'
	snapshot
	ctl attachments
	ctl_failed 0 'no container has a VF'
	ip netns add p2
	conf "$PF0V0" "\"mac\": \"02:00:5e:00:00:01\", \"vlan\": 100, \"mtu\": 1400, $HOST_LOCAL"
	ADD p2
	conf "$PF1V3" '"trust": "on"'
	ADD p1 net7
	CTL attachments --json
	told '[.attachments[] | [.pci, .vf, .pf.pci, .pf.ifname, .container.id, .container.ifname, .phase, .worker]] ==
			[[$a, 0, $pf0, "pf0", "p2", "net1", "attached", ""], [$b, 3, $pf1, "pf1", "p1", "net7", "attached", ""]]
		and (.attachments[0].container
			| [.network, .netns, .lives, .abandoned] == ["net", "/run/netns/p2", true, false]
			and .since >= ($begin | tonumber) and .since <= now)
		and (.attachments[0].found | [.driver, .link.name, .link.mac, .link.mtu, .link.altnames, .attributes.vlan] ==
			["igbvf", "pf0v0", $mac, 1500, ["enp1s16"], 0])
		and (.attachments[0] | [.set.attributes, .result.interfaces[0].mtu, .result.ips[0].address] ==
			[{mac: "02:00:5e:00:00:01", vlan: 100, vlanQoS: 0, vlanProto: "802.1q"}, 1400, $address])
		and .attachments[1].set.attributes == {trust: "on"} and .damaged == [] and .claims == []' \
		--arg a "$PF0V0" --arg b "$PF1V3" --arg pf0 "$PF0" --arg pf1 "$PF1" --arg begin "$begin" --arg mac "$mac" \
		--arg address "$(addresses p2)"
	CTL attachments
	has "$out" 'container p2, interface net1, network net: attached' "$PF0V0, VF 0 of pf0 ($PF0)" "pf0v0, mac $mac, mtu 1500" \
		'vlan 100' 'altname enp1s16' "mtu 1400, $(addresses p2)" '/run/netns/p2'
	has_not "$out" gone release

	# it has lost its path, or that cannot be seen from here
	ip netns exec p2 sleep 60 3>&- >/dev/null 2>&1 &
	within 5 in_pod $! "net:[$(stat -c %i /run/netns/p2)]"
	ip netns del p2
	CTL attachments
	has "$out" "/run/netns/p2 (no more, but process $! is in it)" 'net1, network net: attached'
	ctl release pf0/0 --plugin "$CNI_BIN/sriov"
	ctl_failed 3 "VF $PF0V0 is in use: process $! is in the namespace of container p2" --force
	CTL gc --plugin "$CNI_BIN/sriov"
	equal 'what gc says' "$out" ''
	kill $!

	# the next namespace at this path is another's
	dies p2 "$PF0V0"
	ip netns add p2
	CTL attachments
	has "$out" 'network net: its namespace is gone' "sriovctl release $PF0V0" '/run/netns/p2 (gone)' 'interface net7, network net: attached'
	CTL release pf0/0 --plugin "$CNI_BIN/sriov"
	has "$out" "VF $PF0V0 of container p2, interface net1, network net is given back, as pf0v0"
	equal leases "$(leases)" 0
	DEL p1 net7
	ip netns del p2
	unchanged
}

@test "H2 release gives back the VF of a dead container, and its address; of a living one only by --force" {
	ip netns add p2
	conf "$PF0V1" "\"mac\": \"02:00:5e:00:00:01\", \"vlan\": 200, \"mtu\": 1400, $BUILT_IN"
	ADD p2
	equal leases "$(leases)" 1
	dies p2 "$PF0V1"
	world >"$T/dead"
	CTL release "$PF0V1" --dry-run --plugin "$CNI_BIN/sriov"
	has "$out" "would give back VF $PF0V1" 'container p2, interface net1' 'its namespace is gone' "$CNI_BIN/sriov"
	same_as "$T/dead"
	CTL release "${PF0V1#0000:}" --plugin "$CNI_BIN/sriov" --json
	told '.pci == $vf and .ifname == "pf0v1" and .container.id == "p2"' --arg vf "$PF0V1"
	equal leases "$(leases)" 0
	unchanged
	ctl release "$PF0V1" --plugin "$CNI_BIN/sriov"
	ctl_failed 4 "no container has VF $PF0V1" 'sriovctl list'

	conf "$PF0V0" "\"vlan\": 100, $BUILT_IN"
	ADD p1
	snapshot
	ctl release "$PF0V0" --plugin "$CNI_BIN/sriov"
	ctl_failed 3 "VF $PF0V0" 'namespace /run/netns/p1 of container p1 lives' '--force'
	CTL release "$PF0V0" --plugin "$CNI_BIN/sriov" --force --dry-run
	has "$out" 'would give back'
	CTL gc --plugin "$CNI_BIN/sriov"
	equal 'what gc says' "$out" ''
	unchanged
	CTL release "$PF0V0" --plugin "$CNI_BIN/sriov" --force
	has "$out" 'container p1' 'as pf0v0'
	no_link p1 net1
	unset 'attached[p1 net1]'
	equal leases "$(leases)" 0
}

@test "H2 a plugin that is missing, does nothing or fails is told with what to do, and the record stays" {
	local missing args='IgnoreUnknown=1;K8S_POD_NAME=web'

	conf "$PF0V0" "\"vlan\": 100, $BUILT_IN"
	CNI_ARGS=$args ADD p1
	snapshot
	ctl release nothing0
	ctl_failed 4 nothing0
	for missing in /nowhere/sriov "$T"; do
		ctl release "$PF0V0" --force --plugin "$missing"
		ctl_failed 2 "$missing" --plugin
	done
	plugin 'exit 0'
	ctl release "$PF0V0" --force --plugin "$T/plugin"
	ctl_failed 1 "$T/plugin says that it is done" "record of VF $PF0V0 is still there"
	plugin 'echo "{\"code\": 7, \"msg\": \"no disk left\"}"; exit 1'
	ctl release "$PF0V0" --force --plugin "$T/plugin"
	ctl_failed 1 'no disk left' 'the record stays' "sriovctl release $PF0V0"
	plugin 'echo nonsense; exit 3'
	ctl release "$PF0V0" --force --plugin "$T/plugin"
	ctl_failed 1 'status 3' nonsense 'the record stays'
	plugin "env >$T/env"
	CNI_PATH='' ctl release "$PF0V0" --force --plugin "$T/plugin"
	equal 'the call' "$(grep '^CNI_' "$T/env" | grep -v '^CNI_BIN=' | sort | xargs)" \
		"CNI_ARGS=$args CNI_COMMAND=DEL CNI_CONTAINERID=p1 CNI_IFNAME=net1 CNI_NETNS=/run/netns/p1 CNI_PATH=$T"
	unchanged
}

@test "L14 gc gives back all that is abandoned, of every network; what is stuck does not stop the others" {
	ip netns add p2
	conf "$PF0V0" '"vlan": 100'
	ADD p2 net0
	conf "$PF0V1" "$HOST_LOCAL"
	conf=${conf/'"name": "net"'/'"name": "old"'}
	ADD p2 net1
	conf "$PF0V2" "\"mtu\": 1400, $BUILT_IN"
	ADD p2 net2
	conf "$PF1V0" '"vlan": 300'
	ADD p1
	ln -s "$PF1V1" /run/sriov-cni/@killed:net1
	dies p2 "$PF0V0" "$PF0V1" "$PF0V2"
	world >"$T/dead"
	CTL gc --dry-run --plugin "$CNI_BIN/sriov"
	equal 'what would be done' "$(grep -c 'would be given back' <<<"$out")" 3
	has "$out" "claim of container killed, interface net1, on VF $PF1V1" 'would be forgotten'
	same_as "$T/dead"

	mv "$CNI_BIN/host-local" "$CNI_BIN/hidden"
	ctl gc --json --plugin "$CNI_BIN/sriov"
	mv "$CNI_BIN/hidden" "$CNI_BIN/host-local"
	equal 'exit status' "$status" 1
	told '[.attachments[] | [.pci, .container.network, .outcome]] ==
			[[$a, "net", "done"], [$b, "old", "failed"], [$c, "net", "done"]]
		and (.attachments[1].why | contains("host-local is not in CNI_PATH") and contains("the record stays"))
		and .claims == [{pci: $claim, container: {id: "killed", ifname: "net1"}, outcome: "done", why: ""}]' \
		--arg a "$PF0V0" --arg b "$PF0V1" --arg c "$PF0V2" --arg claim "$PF1V1"
	link_has p1 net1 "parentdev $PF1V0" UP

	CTL gc --plugin "$CNI_BIN/sriov"
	has "$out" "VF $PF0V1 of container p2, interface net1, network old (its namespace is gone): given back"
	equal leases "$(leases)" 0
	CTL gc --plugin /nowhere # there is nothing to call it for
	equal 'what gc says' "$out" ''
}

@test "L14 gc beside an ADD leaves it alone while it lives, and gives back what it left when it is killed" {
	adding
	kill -STOP "$adder"
	CTL gc --json --plugin "$CNI_BIN/sriov"
	told '.attachments | map([.outcome, .state]) == [["busy", "being attached"]]
		and (.[0].why | contains("being worked on by process \($pid), ADD of container p1"))' --arg pid "$adder"
	ctl release "$PF0V0" --force --plugin "$CNI_BIN/sriov"
	ctl_failed 3 "VF $PF0V0 is being worked on by process $adder" 'try again'
	CTL attachments
	has "$out" 'network net: being attached' "by process $adder, ADD of container p1"
	vf_has pf0 0 'vlan 100'
	kill -KILL "$adder"
	wait "$adder" || true
	CTL attachments
	has "$out" 'network net: its ADD did not end' '/run/netns/p1' "sriovctl release $PF0V0"
	CNI_PATH=$IPAM CTL gc --plugin "$CNI_BIN/sriov" # where the IPAM plugin is
	has "$out" 'its ADD did not end' 'given back'
	unchanged
}

@test "H2 records that are damaged or were set aside are named, with what to do" {
	local record=/run/sriov-cni/$PF0V0.json

	conf "$PF0V0"
	ADD p1
	cp "$record" "$T/record"
	echo '{"version": 99}' >"$record"
	ctl attachments
	ctl_failed 0 "$record" version "VF $PF0V0" DEL
	ctl release "$PF0V0" --plugin "$CNI_BIN/sriov"
	ctl_failed 1 "$record" version DEL
	cp "$T/record" "$record"
	cp "$T/record" "/run/sriov-cni/$PF0V1.damaged"
	later "rm '/run/sriov-cni/$PF0V1.damaged'"
	CTL attachments --json
	told '.damaged | map([.pci, .aside]) == [[$vf, true]]
		and (.[0].what | contains("/run/sriov-cni/\($vf).damaged") and contains("remove the file"))' --arg vf "$PF0V1"
	ctl gc --plugin "$CNI_BIN/sriov"
	ctl_failed 0 "$PF0V1.damaged"
	chmod 755 /run/sriov-cni
	ctl attachments
	chmod 700 /run/sriov-cni
	ctl_failed 1 /run/sriov-cni 'mode 700'
}
