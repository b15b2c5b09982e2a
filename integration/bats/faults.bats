#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# faults.bats - every system call fails once, and the plugin is killed after every one (L2, L3)
#
# SWEEP=all does each call; else every 7th, beginning with another one each time that the suite runs, which is told.



load lib

# Left out are the calls before main(), which begins with opening /dev/null, for there the C library can only die; those that
# cannot fail; and brk, which tells a failure by another value than an error, so that the C library would take this one for an
# address.
LEFT_OUT='exit_group|getpid|geteuid|rt_sigreturn|brk'

setup_file() {
	export SWEEP_FROM=${SWEEP_FROM-$((RANDOM % 7))}
	echo "# SWEEP=${SWEEP-sample} SWEEP_FROM=$SWEEP_FROM" >&3
}

# calls COMMAND - "NAME K" for the K-th call of each system call in a run of the command, in the chosen sample
calls() {
	under=(strace -o "$T/trace")
	cni "$1" p1
	under=()
	((!status)) || fail "$1 under strace: $out"
	awk -F'(' '/^[a-z]/ { n[$1]++ } /"\/dev\/null"/ { main = 1 } main && /^[a-z]/ { print $1, n[$1] }' "$T/trace" |
		grep -vE "^($LEFT_OUT) " |
		awk -v all="${SWEEP-}" -v from="$SWEEP_FROM" 'all == "all" || NR % 7 == from'
}

# in_order FAULT - the answer to a call with a fault is success, or one error object; and it came in time
in_order() {
	case $status in
	0) ;;
	1)
		version=$(jq -r .cniVersion "$T/out") # it is not known when standard input cannot be read
		error_messages "$(jq .code "$T/out")" 1 "$T/out" >/dev/null || fail "after: $1" "$err"
		;;
	*) fail "after: $1: exit status $status: $out" "$err" ;;
	esac
}

# sweep COMMAND FAULT - FAULT is what strace injects: "error=ENOMEM", "signal=KILL". What has to be there before is made by
# before(); after each fault a DEL, as the runtime does, must bring everything back.
sweep() {
	local name k n=0 list version

	before
	list=$(calls "$1")
	cni DEL p1
	while read -r name k; do
		before
		under=(strace -o /dev/null -e "trace=$name" -e "inject=$name:$2:when=$k")
		cni "$1" p1
		under=()
		[[ $2 == signal=KILL ]] || in_order "$1: $name $k $2"
		after "$name $k $2"
		n=$((n + 1))
	done <<<"$list"
	echo "# $1, $2: $n faults" >&3
}

after() {
	cni DEL p1
	((!status)) || fail "DEL after $1: $out" "$err"
	within 10 all_back
	unchanged || fail "after: $1"
}

before() { :; }

KEYS='"vlan": 100, "mac": "02:00:5e:00:00:01", "trust": "on", "mtu": 1400'

@test "L2 ADD: each call fails with EIO" {
	conf "$PF0V0" "$KEYS"
	sweep ADD error=EIO
}

@test "L2 ADD with addresses: each call fails with ENOMEM" {
	conf "$PF0V0" "$KEYS, $HOST_LOCAL"
	sweep ADD error=ENOMEM
}

@test "L8 DEL: each call fails with EIO, and DEL can be repeated" {
	conf "$PF0V0" "$KEYS, $HOST_LOCAL"
	before() { ADD p1; }
	sweep DEL error=EIO
}

@test "L11 CHECK: each call fails with EPERM, and nothing changes" {
	conf "$PF0V0" "$KEYS, $HOST_LOCAL"
	before() { ADD p1; }
	sweep CHECK error=EPERM
}

@test "L3 ADD: killed at each call" {
	conf "$PF0V0" "$KEYS, $HOST_LOCAL"
	sweep ADD signal=KILL
}

@test "L3 DEL: killed at each call, DEL again brings all back" {
	conf "$PF0V0" "$KEYS, $HOST_LOCAL"
	before() { ADD p1; }
	sweep DEL signal=KILL
}

@test "L3 ADD: killed at each call, then another container wants the VF" {
	conf "$PF0V0" "$KEYS, $HOST_LOCAL"
	pod p2
	snapshot
	after() {
		# what the dead one left as it was, or not begun; only a living one would be in the way
		cni ADD p2
		if ((status)); then
			has "$out" 'is held by container p1' || fail "after: $1"
			cni DEL p1
			((!status)) || fail "DEL after $1: $out" "$err"
			ADD p2 || fail "after: $1"
		fi
		DEL p2
		cni DEL p1
		within 10 all_back
		unchanged || fail "after: $1"
	}
	sweep ADD signal=KILL
}
