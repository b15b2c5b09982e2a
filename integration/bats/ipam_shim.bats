#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ipam_shim.bats - the executable ipam-shim: on its own, killed, in crowds, and under Debian's plugins (I5, I7)
#
# SWEEP=all fails each call; else every 3rd, beginning with another one each time that the suite runs, which is told.
#
# seconds for each test: 5

load lib

setup_file() {
	export SWEEP_FROM=${SWEEP_FROM-$((RANDOM % 3))}
	echo "# SWEEP=${SWEEP-sample} SWEEP_FROM=$SWEEP_FROM" >&3
}

# No NIC is needed here, and no world is compared: the subject is one folder.
setup() {
	trace_tests_only
	T=$BATS_TEST_TMPDIR
	NET=$T/leases/net
	undo=() under=() status='' out='' err='' version=1.0.0
	range '"subnet": "10.56.0.0/24"'
}

teardown() {
	local i failed=''

	for ((i = ${#undo[@]} - 1; i >= 0; i--)); do
		eval "${undo[i]}"
	done
	[[ $BATS_TEST_COMPLETED || ! ${FIRST_FAILURE-} ]] || wait_for_end
}

# range KEYS - sets $conf
range() {
	conf="{\"cniVersion\": \"$version\", \"name\": \"net\", \"type\": \"x\", \"ipam\": {\"type\": \"ipam-shim\", \"dataDir\": \"$T/leases\", $1}}"
}

# program NAME COMMAND ID - sets $status and $out
program() {
	status=0
	{
		CNI_COMMAND=$2 CNI_CONTAINERID=$3 CNI_IFNAME=net1 CNI_NETNS=/run/netns/x CNI_ARGS='' CNI_PATH=$CNI_BIN:$IPAM \
			timeout -k 5 60 "${under[@]}" "$CNI_BIN/$1" <<<"$conf" >"$T/out" 2>"$T/err" || status=$?
	} 2>/dev/null
	out=$(<"$T/out")
	err=$(<"$T/err")
}

shim() { program ipam-shim "$@"; }

# SHIM, LOCAL: ipam-shim and host-local, which have to succeed
SHIM() {
	shim "$@"
	((!status)) || fail "ipam-shim $*: $status: $out" "$err"
}
LOCAL() {
	program host-local "$@"
	((!status)) || fail "host-local $*: $out"
}

# files - all that stands for a lease
files() {
	find "$NET" -type f ! -name lock ! -name 'last_reserved_ip.*' -printf '%f\n' 2>/dev/null | sort | xargs
}

@test "I5 it answers as an IPAM plugin does, in each version" {
	local addresses
	for version in 0.1.0 0.2.0 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0; do
		range '"subnet": "10.56.0.0/24", "routes": [{"dst": "0.0.0.0/0"}]'
		SHIM ADD "c$version"
		gojq -c . "$T/out" >>"$T/all"
		addresses+=" $(gojq -r '.ip4.ip // .ips[0].address' "$T/out")"
	done
	equal addresses "$addresses" ' 10.56.0.2/24 10.56.0.3/24 10.56.0.4/24 10.56.0.5/24 10.56.0.6/24 10.56.0.7/24 10.56.0.8/24'
	equal versions "$(gojq -r .cniVersion "$T/all" | xargs)" '0.1.0 0.2.0 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0'
	gojq -se 'all(.[]; has("interfaces") | not) and (.[2:5] | all(.[]; .ips[0].version == "4"))' "$T/all" >/dev/null || fail "$(<"$T/all")"
	SHIM VERSION ''
	gojq -e '.supportedVersions | length == 7' "$T/out" >/dev/null || fail "$out"
}

@test "I5 what cannot be done is one error object" {
	range '"subnet": "10.56.0.0/31"'
	shim ADD c1
	error_object 7 'too small'
	version=1.0.0
	range '"subnet": "10.56.0.0/24"'
	shim STATUS ''
	error_object 1 'CNI 1.0.0 has no STATUS'
	shim CHECK c1
	error_object 102 'container c1 has no address'
	SHIM DEL c1
	conf='{'
	shim ADD c1 || true
	gojq -e '.code == 6' "$T/out" >/dev/null || fail "$out"
}

@test "I5 host-local finds, checks and releases its leases, and the other way round" {
	SHIM ADD a
	LOCAL ADD b
	SHIM ADD c
	LOCAL ADD d
	equal 'what each lease says' "$(cd "$NET" && grep -a '' 10.* | tr -d '\r' | paste -sd' ')" \
		'10.56.0.2:a 10.56.0.2:net1 10.56.0.3:b 10.56.0.3:net1 10.56.0.4:c 10.56.0.4:net1 10.56.0.5:d 10.56.0.5:net1'
	program host-local ADD a
	((status)) || fail 'host-local gives a second address'
	shim ADD a
	error_object 7 'has an address already'
	for id in a b c d; do LOCAL CHECK $id; SHIM CHECK $id; done
	LOCAL DEL a
	SHIM DEL b
	LOCAL DEL c
	SHIM DEL d
	equal files "$(files)" ''
}

# The keys of an ipam section, one a line. Each set can be full, and goes round.
SAME='"subnet": "10.56.0.0/29"
"subnet": "10.56.0.0/24", "rangeStart": "10.56.0.200", "rangeEnd": "10.56.0.204", "gateway": "10.56.0.254"
"subnet": "10.56.0.8/29", "gateway": "10.56.0.11", "routes": [{"dst": "0.0.0.0/0"}, {"dst": "192.0.2.0/24", "gw": "10.56.0.10"}]
"subnet": "fd00:56::/125", "routes": [{"dst": "::/0", "gw": "fd00:56::9"}]
"subnet": "fd00:56::/64", "rangeStart": "fd00:56::fffe", "rangeEnd": "fd00:56::1:3"
"ranges": [[{"subnet": "10.56.0.0/30"}, {"subnet": "10.57.0.0/29", "rangeStart": "10.57.0.3"}]]
"ranges": [[{"subnet": "10.56.0.0/29"}], [{"subnet": "fd00:56::/64", "rangeStart": "fd00:56::10", "rangeEnd": "fd00:56::13"}]]
"ranges": [[{"subnet": "fd00:56::/126"}, {"subnet": "fd00:57::/125"}], [{"subnet": "10.56.0.0/28", "rangeEnd": "10.56.0.5"}]]'

# same PROGRAM - what it answers to these calls, and what it leaves on the disk
same() {
	local call

	for call in 'ADD a' 'ADD b' 'ADD c' 'DEL b' 'ADD d' 'ADD e' 'DEL a' 'DEL c' 'ADD f' 'ADD g' 'ADD h' 'CHECK d' 'CHECK a'; do
		# shellcheck disable=SC2086 # two words
		program "$1" $call
		((!status)) || out='"refused"'
		printf '"%s" %s\n' "$call" "$out"
	done | gojq -c 'if type == "object" and .routes == [] then del(.routes) else . end'
	(cd "$NET" && ls && od -An -c [0-9a-f]* last*)
}

@test "I4 to the same calls host-local and ipam-shim answer the same, and leave the same files" {
	local keys
	while read -r keys; do
		range "$keys"
		for p in host-local ipam-shim; do
			same $p >"$T/same.$p"
			rm -r "$T/leases"
		done
		diff "$T/same.host-local" "$T/same.ipam-shim" || fail "not the same: $keys"
		(($(grep -c '"address"' "$T/same.ipam-shim") >= 4)) || fail "few addresses: $(<"$T/same.ipam-shim")"
	done <<<"$SAME"
}

@test "I5 STATUS tells of a full range, and GC makes room" {
	version=1.1.0
	range '"subnet": "10.56.0.0/30"'
	SHIM STATUS ''
	SHIM ADD a
	shim STATUS ''
	error_object 50 '1 are given'
	conf="{\"cni.dev/valid-attachments\": [{\"containerID\": \"a\", \"ifname\": \"net1\"}], ${conf#?}"
	SHIM GC ''
	equal files "$(files)" '.a:net1 10.56.0.2'
	conf=${conf/'"a"'/'"b"'}
	SHIM GC ''
	equal files "$(files)" ''
	SHIM STATUS ''
}

@test "I6 the executable passes STATUS and GC on to a plugin that knows them" {
	export IPAM_LOG=$T/log
	version=1.1.0
	range '"delegate": {"type": "knows"}'
	shim STATUS ''
	error_object 51 'no address left'
	shim GC ''
	((!status)) || fail "GC: $out"
	equal 'what it was asked' "$(xargs <"$IPAM_LOG")" 'VERSION STATUS VERSION GC'
}

@test "I6 a plugin of an older version gets all in its version, and no command that it does not know" {
	export IPAM_LOG=$T/log IPAM_DUMP=$T/dump IPAM_SPEAKS=0.4.0
	local prev='{"cniVersion": "1.1.0", "ips": [{"address": "10.56.0.2/24"}, {"address": "fd00:56::2/64"}]}' command
	version=1.1.0
	range '"delegate": {"type": "speaks"}'
	SHIM ADD c1
	gojq -e '.cniVersion == "1.1.0" and (.ips | map(.address)) == ["10.56.0.2/24", "fd00:56::2/64"]' "$T/out" >/dev/null || fail "$out"
	# shellcheck disable=SC2089 # JSON
	printf -v conf '{"prevResult": %s, %s' "$prev" "${conf#?}"
	for command in CHECK DEL; do
		SHIM $command c1
		gojq -e '.cniVersion == "0.4.0" and .prevResult.cniVersion == "0.4.0"
			and (.prevResult.ips | map(.version)) == ["4", "6"]' "$T/dump.$command" >/dev/null || fail "$(<"$T/dump.$command")"
	done
	IPAM_SPEAKS=0.3.1
	: >"$IPAM_LOG"
	SHIM CHECK c1
	equal 'what it was asked' "$(xargs <"$IPAM_LOG")" 'CHECK VERSION'
}

@test "I6 an ADD of the executable that fails behind it is followed by DEL" {
	export IPAM_LOG=$T/log
	range '"timeout": 1, "delegate": {"type": "hangs"}'
	shim ADD c1
	error_object 103 'did not answer ADD within 1 s'
	equal 'what it was asked' "$(xargs <"$IPAM_LOG")" 'ADD c1 DEL c1'
	range '"delegate": {"type": "fails"}'
	shim ADD c1
	error_object 113 'no address left' 'could not be released: IPAM plugin fails: lock of the store'
	range '"subnet": "10.56.0.0/24", "delegate": {"type": "fails"}'
	: >"$IPAM_LOG"
	shim ADD c1
	error_object 7 'has no meaning beside "delegate"'
	equal 'what it was asked' "$(<"$IPAM_LOG")" ''
}

waits_for_lock() { # waits_for_lock N - so many processes wait
	equal waiting "$(grep -c -- "-> FLOCK .*:$(stat -c %i "$NET/lock") " /proc/locks)" "$1" 2>/dev/null
}

succeeds() {
	program "$@"
	((!status)) || fail "$*: $out"
}

@test "I4 both wait for the same lock" {
	local pids=()
	SHIM ADD a
	exec 9<"$NET/lock"
	flock 9
	for p in ipam-shim host-local; do
		succeeds $p CHECK a 9<&- &
		pids+=($!)
		within 10 waits_for_lock ${#pids[@]} || fail "$p does not wait"
	done
	exec 9<&-
	for p in "${pids[@]}"; do wait "$p" || fail 'one did not go on'; done
}

@test "I4 a lock that is not given back is told after 10 s" {
	SHIM ADD a
	exec 9<"$NET/lock"
	flock 9
	shim ADD b 9<&-
	error_object 11 "$NET/lock is held by another process"
	exec 9<&-
	SHIM ADD b
}

# --- crowds ---

# many COMMAND FROM TO - at once, 16 at a time; output in $T/COMMAND.N
many() {
	# shellcheck disable=SC2090 # JSON
	export T CNI_BIN conf
	# shellcheck disable=SC2016 # expanded by the shell that is started
	seq "$2" "$3" | CNI_COMMAND=$1 CNI_IFNAME=net1 CNI_NETNS=/run/netns/x CNI_ARGS='' CNI_PATH=$CNI_BIN xargs -P 16 -I{} \
		sh -c 'CNI_CONTAINERID=c{} "$CNI_BIN/ipam-shim" <<END >"$T/$CNI_COMMAND.{}" 2>&1 || echo {} >>"$T/failed"
$conf
END'
}

@test "I7 200 at once: no address twice, none lost" {
	many ADD 1 200
	[[ ! -e $T/failed ]] || fail "failed: $(xargs <"$T/failed")" "$(cat "$T"/ADD.*)"
	equal 'distinct addresses' "$(cat "$T"/ADD.* | gojq -r '.ips[0].address' | sort -u | wc -l)" 200
	equal 'leases' "$(find "$NET" -name '10.*' | wc -l)" 200
	many DEL 1 100 &
	many ADD 201 250
	wait $!
	[[ ! -e $T/failed ]] || fail "failed: $(xargs <"$T/failed")"
	equal 'leases' "$(find "$NET" -name '10.*' | wc -l)" 150
	many DEL 101 250
	equal files "$(files)" ''
}

# --- faults ---

# calls COMMAND - "NAME K" of each system call from main() on, which begins with opening /dev/null
calls() {
	under=(strace -o "$T/trace")
	shim "$1" c1
	under=()
	((!status)) || fail "$1 under strace: $out" "$err" || return
	awk -F'(' '/^[a-z]/ { n[$1]++ } /"\/dev\/null"/ { main = 1 } main && /^[a-z]/ { print $1, n[$1] }' "$T/trace" |
		grep -vE '^(exit_group|getpid|getppid|geteuid|rt_sigreturn|brk) ' |
		awk -v all="${SWEEP-}" -v from="$SWEEP_FROM" 'all == "all" || NR % 3 == from'
}

# sound WHAT - whoever has an address of each set keeps them, nobody else has them, and nothing is lost: of three that can
# be given, "keep" has the first, and the next two can be had after the DEL of c1, and only once
sound() {
	local had='' other

	had=$(grep -alx net1 "$NET"/[1f]* | xargs grep -al '^c1' | xargs)
	shim ADD c2
	((!status)) || fail "$1: ADD of another: $out" "$err" || return
	for other in $(gojq -r '.ips[].address | sub("/.*"; "")' "$T/out"); do
		[[ " $had " != *" $NET/$other "* ]] || fail "$1: $other is given twice" || return
	done
	equal "$1: lease of keep" "$(cat "$NET/10.56.0.2" "$NET/fd00:56::2" | tr '\r\n' '  ')" 'keep  net1keep  net1' || return
	SHIM DEL c1 || return
	SHIM DEL c2 || return
	equal "$1: files" "$(files)" '.keep:net1 10.56.0.2 fd00:56::2'
}

# sweep COMMAND FAULT
sweep() {
	local name k n=0 list

	range '"subnet": "10.56.0.0/29", "rangeEnd": "10.56.0.4", "ranges": [[{"subnet": "fd00:56::/125", "rangeEnd": "fd00:56::4"}]]'
	SHIM ADD keep
	[[ $1 == ADD ]] || SHIM ADD c1
	list=$(calls "$1")
	sound "$1" || return
	while read -r name k; do
		[[ $1 == ADD ]] || SHIM ADD c1
		under=(strace -o /dev/null -e "trace=$name" -e "inject=$name:$2:when=$k")
		shim "$1" c1
		under=()
		if [[ $2 == error=* ]]; then
			((status == 0)) || gojq -e '.code > 0 and (.msg | length) > 0' "$T/out" >/dev/null ||
				fail "$1: $name $k $2: no error object: $out" || return
		fi
		sound "$1: $name $k $2" || return
		n=$((n + 1))
	done <<<"$list"
	((n > 6)) || fail "only $n calls were swept"
	echo "# $1 of ipam-shim, $2: $n faults" >&3
}

@test "I7 ADD: killed at each call, no address is lost or given twice" {
	sweep ADD signal=KILL
}

@test "I7 DEL: killed at each call, no address is lost or given twice" {
	sweep DEL signal=KILL
}

@test "I7 ADD: each call fails, no address is lost or given twice" {
	sweep ADD error=ENOSPC
}

@test "I7 DEL: each call fails, no address is lost or given twice" {
	sweep DEL error=EIO
}

# --- under Debian's plugins, called by cnitool ---

# with_plugin PLUGIN KEYS - attaches, checks and gives back a pod by cnitool
with_plugin() {
	export NETCONFPATH=$T/conf CNI_PATH=$CNI_BIN CNI_IFNAME=eth0
	mkdir -p "$NETCONFPATH"
	printf '{"cniVersion": "1.0.0", "name": "net", "plugins": [{"type": "%s", %s "ipam": {"type": "ipam-shim", "dataDir": "%s",
		"ranges": [[{"subnet": "10.56.0.0/24"}], [{"subnet": "fd00:56::/64"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}' \
		"$1" "$2" "$T/leases" >"$NETCONFPATH/10-net.conflist"
	ip netns add pod
	undo+=('ip netns del pod')
	undo+=('rm -rf /var/lib/cni/results')
	timeout 60 "$CNITOOL" add net /run/netns/pod >"$T/out" 2>"$T/err" || fail "add: $(<"$T/out")" "$(<"$T/err")"
	equal 'addresses in the result' "$(gojq -r '.ips[].address' "$T/out" | sort | xargs)" '10.56.0.2/24 fd00:56::2/64'
	equal 'addresses in the pod' "$(addresses pod eth0)" '10.56.0.2/24 fd00:56::2/64'
	has "$(ip -n pod route)" 'default via 10.56.0.1'
	timeout 60 "$CNITOOL" check net /run/netns/pod >"$T/out" 2>&1 || fail "check: $(<"$T/out")"
	timeout 60 "$CNITOOL" del net /run/netns/pod >"$T/out" 2>&1 || fail "del: $(<"$T/out")"
	equal files "$(files)" ''
}

@test "I5 Debian's bridge takes its addresses" {
	undo+=('ip link del cni-test')
	with_plugin bridge '"bridge": "cni-test", "isGateway": true,'
}

@test "I5 Debian's macvlan takes its addresses" {
	ip link add cni-test type dummy
	ip link set cni-test up
	undo+=('ip link del cni-test')
	with_plugin macvlan '"master": "cni-test",'
}

@test "I5 Debian's host-device takes its addresses" {
	ip link add cni-test type dummy
	undo+=('ip link del cni-test')
	with_plugin host-device '"device": "cni-test",'
}
