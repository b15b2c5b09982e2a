#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# faults.bats - every system call fails once, and the plugin is killed after every one (L2, L3)
#
# SWEEP=all does each call, and with each error of ERRORS; else each EVERYth, beginning with another one each time that the suite
# runs, which is told, and with the one error that stands in the test.
#
# seconds for each test: 16

load lib

# Left out are the calls before main(), which begins with opening /dev/null, for there the C library can only die; those that
# cannot fail; and brk, which tells a failure by another value than an error, so that the C library would take this one for an
# address.
LEFT_OUT='exit_group|getpid|getppid|geteuid|rt_sigreturn|brk'

EVERY=5

setup_file() {
	export SWEEP_FROM=${SWEEP_FROM-$((RANDOM % EVERY))} ERRORS=${ERRORS-EIO ENOMEM EINTR}
	echo "# SWEEP=${SWEEP-sample} SWEEP_FROM=$SWEEP_FROM" >&3
}

# --- what a test may replace ---

# what has to be there before the command
before() { :; }

# call COMMAND
call() {
	cni "$1" p1
}

# after WHAT - must bring everything back: the DEL that a runtime sends
after() {
	cni DEL p1
	((!status)) || fail "DEL after $1: $out" "$err" || return
	within 10 all_back
	unchanged || fail "after: $1"
}

# --- the sweep ---

# calls COMMAND - "NAME K" for the K-th call of each system call in a run of the command, in the chosen sample
calls() {
	under=(strace -o "$T/trace")
	call "$1"
	under=()
	((!status)) || fail "$1 under strace: $out" || return
	awk -F'(' '/^[a-z]/ { n[$1]++ } /"\/dev\/null"/ { main = 1 } main && /^[a-z]/ { print $1, n[$1] }' "$T/trace" |
		grep -vE "^($LEFT_OUT) " |
		awk -v all="${SWEEP-}" -v every=$EVERY -v from="$SWEEP_FROM" 'all == "all" || NR % every == from'
}

# in_order FAULT - the answer to a call with a fault is success, or one object, which in_order_each looks into; and it came
# in time
in_order() {
	case $status in
	0) ;;
	1)
		[[ $out == '{'*'}' ]] || fail "after: $1: not one object: $out" "$err" || return
		answers=$((answers + 1))
		printf '%s\n' "$out" >>"$T/answers"
		printf '%s: %s\n' "$1" "$out" >>"$T/answers.after"
		;;
	*) fail "after: $1: exit status $status: $out" "$err" || return ;;
	esac
}

# Which version is answered is not known when standard input cannot be read.
in_order_each() {
	((!answers)) || error_messages 0 "$answers" "$T/answers" >/dev/null ||
		fail "after one of these: $(<"$T/answers.after")"
}

# sweep COMMAND FAULT - FAULT is what strace injects: "error=ENOMEM", "signal=KILL"
sweep() {
	local name k n=0 list faults=("$2") fault answers=0

	if [[ ${SWEEP-} == all && $2 == error=* ]]; then
		# shellcheck disable=SC2206 # a list
		faults=($ERRORS)
		faults=("${faults[@]/#/error=}")
	fi
	before
	list=$(calls "$1")
	after "$1"
	for fault in "${faults[@]}"; do
		while read -r name k; do
			before
			under=(strace -o /dev/null -e "trace=$name" -e "inject=$name:$fault:when=$k")
			call "$1"
			under=()
			[[ $fault == signal=KILL ]] || in_order "$1: $name $k $fault"
			after "$1: $name $k $fault"
			n=$((n + 1))
		done <<<"$list"
	done
	((n > 0)) || fail 'nothing was swept'
	in_order_each
	echo "# $1, ${faults[*]}: $n faults" >&3
}

KEYS='"vlan": 100, "mac": "02:00:5e:00:00:01", "trust": "on", "mtu": 1400'

@test "L2 ADD: each call fails" {
	conf "$PF0V0" "$KEYS"
	sweep ADD error=EIO
}

@test "L2 ADD with addresses: each call fails" {
	conf "$PF0V0" "$KEYS, $HOST_LOCAL"
	sweep ADD error=ENOMEM
}

@test "L2 ADD with built-in addresses: each call fails" {
	conf "$PF0V0" "$KEYS, $BUILT_IN"
	sweep ADD error=ENOSPC
}

@test "L8 DEL: each call fails, and DEL can be repeated" {
	conf "$PF0V0" "$KEYS"
	before() { ADD p1; }
	sweep DEL error=EINTR
}

@test "L8 DEL with addresses: each call fails, and DEL can be repeated" {
	conf "$PF0V0" "$KEYS, $HOST_LOCAL"
	before() { ADD p1; }
	sweep DEL error=EIO
}

@test "L8 DEL with built-in addresses: each call fails, and DEL can be repeated" {
	conf "$PF0V0" "$KEYS, $BUILT_IN"
	before() { ADD p1; }
	sweep DEL error=EIO
}

@test "L11 CHECK: each call fails, and nothing changes" {
	conf "$PF0V0" "$KEYS"
	before() { ADD p1; }
	sweep CHECK error=ENOMEM
}

@test "L11 CHECK with addresses: each call fails, and nothing changes" {
	conf "$PF0V0" "$KEYS, $BUILT_IN"
	before() { ADD p1; }
	sweep CHECK error=EPERM
}

# --- with another driver for the attachment (N10), and what Kubernetes is told of it (N11) ---

VFIO='"driver": "vfio-pci", "runtimeConfig": {"CNIDeviceInfoFile": "/run/k8s.cni.cncf.io/devinfo/cni/net1.json"}'

with_vfio() {
	modprobe vfio-pci
	conf "$PF0V0" "$KEYS, $VFIO"
	later 'rm -rf /run/k8s.cni.cncf.io'
}

@test "L2 ADD with a driver: each call fails" {
	with_vfio
	sweep ADD error=EIO
}

@test "L8 DEL with a driver: each call fails, and DEL can be repeated" {
	with_vfio
	before() { ADD p1; }
	sweep DEL error=ENOMEM
}

@test "L3 ADD with a driver: killed at each call" {
	with_vfio
	sweep ADD signal=KILL
}

@test "L3 DEL with a driver: killed at each call, DEL again brings all back" {
	with_vfio
	before() { ADD p1; }
	sweep DEL signal=KILL
}

# gc - of all
gc() {
	local version=1.1.0 conf

	conf "$PF0V0" "$keys, \"cni.dev/valid-attachments\": []"
	cni GC ''
}

# lost_attachment KEYS - a container whose namespace ended without DEL, for GC
lost_attachment() {
	keys=$1
	conf "$PF0V0" "$keys"
	before() {
		ip netns add p9
		ADD p9
		ip netns del p9
	}
	call() { gc; }
	after() {
		cni DEL p9
		((!status)) || fail "DEL after $1: $out" "$err" || return
		within 10 all_back
		unchanged || fail "after: $1"
	}
}

@test "L12 GC: each call fails, and DEL gives back what it did not" {
	lost_attachment "$KEYS"
	sweep GC error=EIO
}

@test "L12 GC with addresses: each call fails, and DEL gives back what it did not" {
	lost_attachment "$KEYS, $BUILT_IN"
	sweep GC error=ENOMEM
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

@test "L3 ADD with built-in addresses: killed at each call" {
	conf "$PF0V0" "$KEYS, $BUILT_IN"
	sweep ADD signal=KILL
}

@test "L3 DEL with built-in addresses: killed at each call, DEL again brings all back" {
	conf "$PF0V0" "$KEYS, $BUILT_IN"
	before() { ADD p1; }
	sweep DEL signal=KILL
}

@test "L3 GC: killed at each call, DEL brings all back" {
	lost_attachment "$KEYS, $BUILT_IN"
	sweep GC signal=KILL
}

# What the dead one left as it was, or did not begin, is p1's still; else it is p2's to have.
@test "L3 ADD: killed at each call, then another container wants the VF" {
	conf "$PF0V0" "$KEYS, $HOST_LOCAL"
	pod p2
	snapshot
	after() {
		cni ADD p2
		if ((status)); then
			has "$out" 'is held by container p1' || fail "after: $1" || return
			cni DEL p1
			((!status)) || fail "DEL after $1: $out" "$err" || return
			ADD p2 || fail "after: $1" || return
		fi
		DEL p2
		cni DEL p1
		within 10 all_back
		unchanged || fail "after: $1"
	}
	sweep ADD signal=KILL
}

# GC does not take from a living namespace, but an ADD that never ended has given nothing to it.
@test "L3 ADD: killed at each call, then GC" {
	keys="$KEYS, $BUILT_IN"
	conf "$PF0V0" "$keys"
	after() {
		gc
		((!status)) || fail "GC after $1: $out" "$err" || return
		if [[ -e /run/sriov-cni/$PF0V0.json ]]; then
			gojq -es '.[0].phase == "attached"' "/run/sriov-cni/$PF0V0.json" >/dev/null || fail "GC left: $1" || return
		fi
		cni DEL p1
		within 10 all_back
		unchanged || fail "after: $1"
	}
	sweep ADD signal=KILL
}
