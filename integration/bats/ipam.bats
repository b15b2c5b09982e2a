#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ipam.bats - addresses from other executables (I1, I2)
#
# seconds for each test: 3

load lib

RESULT='{"cniVersion": "1.0.0", "ips": [{"address": "10.56.0.2/24"}]}'

calls() {
	[[ ! -e $IPAM_LOG ]] || xargs <"$IPAM_LOG"
}

# --- I1: what the plugin gets ---

@test "I1 the IPAM plugin finds the runtime's environment, all of it" {
	export IPAM_DUMP=$T/dump FOREIGN='a value; with "specials"'
	conf "$PF0V0" '"ipam": {"type": "records"}'
	CNI_ARGS='IgnoreUnknown=1;K8S_POD_NAME=web-0' ADD p1 eth7
	local dump
	dump=$(<"$IPAM_DUMP.env")
	has "$dump" 'CNI_COMMAND=ADD' 'CNI_CONTAINERID=p1' 'CNI_NETNS=/run/netns/p1' 'CNI_IFNAME=eth7' \
		'CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAME=web-0' "CNI_PATH=$CNI_BIN:$IPAM" "PATH=$PATH" "FOREIGN=$FOREIGN"
	equal 'variables that are there twice' "$(sed 's/=.*//' "$IPAM_DUMP.env" | sort | uniq -d)" ''
	DEL p1 eth7
	has "$(<"$IPAM_DUMP.env")" 'CNI_COMMAND=DEL'
}

@test "I1 what a dead container has left is released with its CNI_ARGS" {
	export IPAM_DUMP=$T/dump
	pod p2
	ip netns add p9
	conf "$PF0V0" '"ipam": {"type": "records"}'
	CNI_ARGS='IgnoreUnknown=1;K8S_POD_NAME=web-0' ADD p9
	ip netns del p9
	within 10 all_back
	conf "$PF0V0"
	CNI_ARGS='IgnoreUnknown=1;K8S_POD_NAME=web-1' ADD p2
	has "$(<"$IPAM_DUMP.env")" 'CNI_COMMAND=DEL' 'CNI_CONTAINERID=p9' 'CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAME=web-0'
	DEL p2
}

@test "I1 the IPAM plugin reads the configuration byte for byte, however long it is" {
	export IPAM_DUMP=$T/dump
	local long
	printf -v long '%0200000d' 7 # more than a pipe holds
	conf "$PF0V0" "\"ipam\": {\"type\": \"records\", \"odd\":   [1.50, \"\\u00e4\", \"ä\"]},   \"args\": {\"cni\": {\"long\": \"$long\"}}"
	ADD p1
	cmp "$IPAM_DUMP.stdin" <(printf '%s\n' "$conf")
	equal 'where it is read from' "$(<"$IPAM_DUMP.offset")" 'pos: 0'
}

@test "I1 the folders of CNI_PATH are searched in their order, and what is no executable is passed over" {
	mkdir "$T"/{1,2,3,4}
	mkdir "$T/1/chosen"                 # a folder
	printf 'no program' >"$T/2/chosen" # not executable
	for n in 3 4; do
		printf '#!/bin/sh\ncat >/dev/null\necho %s\n' "'${RESULT/0.2/0.$n}'" >"$T/$n/chosen"
		chmod +x "$T/$n/chosen"
	done
	conf "$PF0V0" '"ipam": {"type": "chosen"}'
	CNI_PATH=$T/nowhere::$T/1:$T/2:$T/3:$T/4: ADD p1
	equal addresses "$(addresses p1)" 10.56.0.3/24
	CNI_PATH=$T/4 DEL p1
}

@test "I1 what the IPAM plugin writes to standard error goes to standard error" {
	conf "$PF0V0" '"ipam": {"type": "fails"}'
	cni ADD p1
	has "$err" 'fails: a word to the operator'
}

# --- I1: how it ends ---

@test "I1 the error object of the IPAM plugin is passed on, and DEL follows" {
	conf "$PF0V0" "\"vlan\": 100, \"ipam\": {\"type\": \"fails\"}"
	cni ADD p1
	refused 113 'IPAM plugin fails' 'no address left in 10.56.0.0/24'
	result '.details == "all of 254 are given away"'
	equal 'calls of IPAM' "$(calls)" 'ADD p1 DEL p1'
}

@test "I1 an IPAM plugin that fails is reported by a plugin that was started with SIGCHLD ignored" {
	conf "$PF0V0" '"ipam": {"type": "fails"}'
	under=(env --ignore-signal=CHLD)
	cni ADD p1
	refused 113 'IPAM plugin fails' 'no address left in 10.56.0.0/24'
	conf "$PF0V0" '"ipam": {"type": "records"}'
	export IPAM_DUMP=$T/dump
	ADD p1
	under=()
}

@test "I1 host-local with its range full is passed on, and no lease stays" {
	local ipam='"ipam": {"type": "host-local", "ranges": [[{"subnet": "10.56.0.0/24", "rangeStart": "10.56.0.9", "rangeEnd": "10.56.0.9"}]]}'
	pod p2
	conf "$PF0V0" "$ipam"
	ADD p1
	snapshot
	conf "$PF0V1" "$ipam"
	cni ADD p2
	((status == 1)) || fail "ADD ended with $status"
	has "$out" 'IPAM plugin host-local' 'no IP addresses available'
	unchanged
}

@test "I1 a missing IPAM plugin is refused before anything changes, with the folders that were searched" {
	conf "$PF0V0" '"vlan": 100, "ipam": {"type": "no-such-plugin"}'
	dmesg -C
	CNI_PATH=$CNI_BIN:/nowhere cni ADD p1
	refused 103 'IPAM plugin no-such-plugin' "$CNI_BIN:/nowhere" install
	equal 'what the PF was asked for' "$(dmesg | grep VLAN)" ''
	CNI_PATH='' cni ADD p1
	refused 103 'IPAM plugin no-such-plugin' CNI_PATH empty
}

@test "I1 an ipam.type that is no file name is refused" {
	for type in ../host-local /usr/lib/cni/host-local . ..; do
		conf "$PF0V0" "\"ipam\": {\"type\": \"$type\"}"
		cni ADD p1
		keep '"type"' "$type" 'name of an executable'
	done
	refused_each 7
}

@test "I1 an IPAM plugin that prints rubbish is an error that shows it" {
	printf 'Segmentation fault\n\1\2' >"$IPAM_SAYS"
	conf "$PF0V0" "\"vlan\": 100, $SAYS"
	cni ADD p1
	refused 103 'IPAM plugin says' 'not valid JSON' 'Segmentation fault'
	equal 'calls of IPAM' "$(calls)" 'ADD p1 DEL p1'
}

@test "I1 an IPAM plugin's result that cannot be used is an error" {
	while read -r result text; do
		ipam_says "$result"
		conf "$PF0V0" "$SAYS"
		cni ADD p1
		keep 'IPAM plugin says' "$text"
	done <<-END
		{} no address
		[] not a JSON object
		{"cniVersion":"1.0.0","ips":[]} no address
		{"cniVersion":"1.0.0","ips":{}} "ips" is not an array
		{"cniVersion":"1.0.0","ips":[{"gateway":"10.56.0.1"}]} no "address"
		{"cniVersion":"1.0.0","ips":[{"address":"10.56.0.2"}]} 10.56.0.2
		{"cniVersion":"1.0.0","ips":[{"address":"10.56.0.2/33"}]} 10.56.0.2/33
		{"cniVersion":"1.0.0","ips":[{"address":"x/24"}]} x/24
		{"cniVersion":"1.0.0","ips":[{"address":"10.56.0.2/24"}],"routes":[{"gw":"10.56.0.1"}]} "dst"
		{"cniVersion":"1.0.0","ips":[{"address":"10.56.0.2/24"}],"routes":[{"dst":"::/0","gw":"10.56.0.1"}]} 10.56.0.1
		{"cniVersion":"0.2.0","ip4":{"gateway":"10.56.0.1"}} "ip"
		{"cniVersion":"9.9.9","ips":[{"address":"10.56.0.2/24"}]} 9.9.9
		{"cniVersion":"1.0.0","ips":[{"address":"10.56.0.2/24"}]}{} JSON
	END
	ipam_says ''
	cni ADD p1
	keep 'IPAM plugin says' JSON
	refused_each 103
}

@test "I1 an IPAM plugin that fails without an error object is an error that shows what it printed" {
	printf '#!/bin/sh\necho it just broke; exit 7\n' >"$T/broken"
	chmod +x "$T/broken"
	conf "$PF0V0" '"vlan": 100, "ipam": {"type": "broken"}'
	CNI_PATH=$T cni ADD p1
	refused 103 'IPAM plugin broken' 'status 7' 'it just broke'
}

@test "I1 an IPAM plugin that is no program is an error" {
	printf '\177ELF' >"$T/broken"
	chmod +x "$T/broken"
	conf "$PF0V0" '"vlan": 100, "ipam": {"type": "broken"}'
	CNI_PATH=$T cni ADD p1
	refused 103 'IPAM plugin' "$T/broken" 'Exec format error'
}

@test "I1 an IPAM plugin that is killed is an error that says so" {
	conf "$PF0V0" '"vlan": 100, "ipam": {"type": "killed"}'
	cni ADD p1
	refused 103 'IPAM plugin killed' 'killed by signal 9'
}

@test "I1 an IPAM plugin that hangs is killed after ipamTimeout, with its children" {
	conf "$PF0V0" '"vlan": 100, "ipamTimeout": 1, "ipam": {"type": "hangs"}'
	local begin=$SECONDS
	cni ADD p1
	((SECONDS - begin < 15)) || fail "it took $((SECONDS - begin)) s"
	refused 103 'IPAM plugin hangs' 'within 1 s' ipamTimeout
	equal 'calls of IPAM' "$(calls)" 'ADD p1 DEL p1'
	while read -r pid; do
		! kill -0 "$pid" 2>/dev/null || fail "process $pid of the plugin lives"
	done <"$IPAM_LOG.pids"
}

# A plugin that lived on could take an address after the DEL that follows had released all of them.
# kill_add TYPE - an ADD is killed while its IPAM plugin waits for a line in $IPAM_GATE
kill_add() {
	mkfifo "$T/gate"
	export IPAM_GATE=$T/gate
	conf "$PF0V0" "\"vlan\": 100, \"ipam\": {\"type\": \"$1\"}"
	cni ADD p1 3>&- &
	within 10 grep -qs ADD "$IPAM_LOG"
	pgrep -f "$IPAM/$1" >/dev/null || fail 'the plugin does not run'
	pkill -9 -x sriov
	wait $! || true
}

@test "L3 an IPAM plugin does not outlive an ADD that is killed" {
	kill_add waits
	within 2 no_process "$IPAM/waits" || fail 'the plugin still runs'
	DEL p1
	unchanged
}

# A wrapper's child is not told of the kill. It holds the VF's lock, so that DEL comes after all that it does.
@test "L3 what an IPAM plugin has started and left is waited for by the DEL of an ADD that is killed" {
	kill_add wraps
	kill -0 "$(<"$IPAM_LOG.pids")" || fail 'what it has started does not run'
	# whoever calls may have SIGALRM blocked: that must not make it wait without end
	under=(env --block-signal=ALRM)
	cni DEL p1
	under=()
	error_object 11 "VF $PF0V0 is being worked on by process" 'ADD of container p1, interface net1' 'IPAM plugin has started'
	equal 'calls of IPAM' "$(calls)" 'ADD p1'
	echo >"$IPAM_GATE"
	within 5 test -e "$IPAM_LOG.lease"
	DEL p1
	[[ ! -e $IPAM_LOG.lease ]] || fail 'the address that was taken after the kill is not released'
	unchanged
}

vf_is_awaited() {
	grep -q -- "-> FLOCK .*:$(stat -c %i "/run/sriov-cni/$PF0V0.lock") " /proc/locks
}

@test "L3 a DEL that waits for what an IPAM plugin has left goes on when that ends" {
	kill_add wraps
	(within 10 vf_is_awaited && echo >"$IPAM_GATE") 3>&- &
	DEL p1
	wait $!
	[[ ! -e $IPAM_LOG.lease ]] || fail 'the address that was taken after the kill is not released'
	unchanged
}

no_process() {
	! pgrep -f "$1" >/dev/null
}

@test "I1 a daemon that the IPAM plugin leaves behind is not waited for" {
	conf "$PF0V0" '"ipam": {"type": "daemon"}'
	local begin=$SECONDS
	ADD p1
	((SECONDS - begin < 15)) || fail "it took $((SECONDS - begin)) s"
	equal addresses "$(addresses p1)" 10.56.0.2/24
	CHECK p1 # it holds nothing
	kill "$(<"$IPAM_LOG.pids")" # it lives
}

@test "I1 DEL with an IPAM plugin that fails says so, gives the VF back, and can be repeated" {
	ipam_says "$RESULT"
	conf "$PF0V0" "\"vlan\": 100, $SAYS"
	ADD p1
	conf "$PF0V0" '"vlan": 100, "ipam": {"type": "fails"}'
	cni DEL p1
	error_object 113 'IPAM plugin fails' 'lock of the store'
	link_has '' pf0v0 "parentdev $PF0V0"
	vf_has_not pf0 0 vlan
	conf "$PF0V0" "\"vlan\": 100, $SAYS"
	DEL p1
	unchanged
}

# --- I2: results of every version ---

@test "I2 a result of every CNI version is understood" {
	version=1.1.0
	local new='"ips": [{"address": "10.56.0.2/24", "gateway": "10.56.0.1"}, {"address": "fd00:56::2/64"}],
		"routes": [{"dst": "192.0.2.0/24"}], "dns": {"nameservers": ["10.56.0.53"]}'
	local old='"ip4": {"ip": "10.56.0.2/24", "gateway": "10.56.0.1", "routes": [{"dst": "192.0.2.0/24"}]},
		"ip6": {"ip": "fd00:56::2/64"}, "dns": {"nameservers": ["10.56.0.53"]}'
	local middle=${new//'"address"'/'"version": "4", "address"'}
	conf "$PF0V0" "$SAYS"
	for answer in "$old" "\"cniVersion\": \"0.1.0\", $old" "\"cniVersion\": \"0.2.0\", $old" \
		"\"cniVersion\": \"0.3.0\", $middle" "\"cniVersion\": \"0.3.1\", $middle" "\"cniVersion\": \"0.4.0\", $middle" \
		"\"cniVersion\": \"1.0.0\", $new" "\"cniVersion\": \"1.1.0\", $new"; do
		ipam_says "{$answer}"
		ADD p1
		cat "$T/out" >>"$T/all"
		equal "addresses of $answer" "$(addresses p1)" '10.56.0.2/24 fd00:56::2/64'
		has "$(ip -n p1 route show)" '192.0.2.0/24 via 10.56.0.1'
		DEL p1
	done
	gojq -se 'length == 8 and all(.[]; .cniVersion == "1.1.0"
		and .ips == [{address: "10.56.0.2/24", gateway: "10.56.0.1", interface: 0},
			{address: "fd00:56::2/64", interface: 0}]
		and (.routes | map(.dst)) == ["192.0.2.0/24"] and .dns == {nameservers: ["10.56.0.53"]})' "$T/all" ||
		fail "not so: $(<"$T/all")"
}
