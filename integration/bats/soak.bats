#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# soak.bats - the random walk and the load, in their short form (L3, L5, L7, L8, L15); `make soak` runs the long one
#
# The seed stands here, so that a change is judged by the same walk as the one before it; `make soak` takes new ones. The seed
# is told.
#
# seconds for each test: 76

load lib

SOAK=${BATS_TEST_DIRNAME}/../soak

# Both look at the world by themselves, and the walk changes VFs by hand.
setup() {
	trace_tests_only
	T=$BATS_TEST_TMPDIR
	ip netns del p1
}

teardown() {
	make_anew
}

# soak PROGRAM ARGUMENT...
soak() {
	local status=0

	timeout -k 5 200 "$SOAK/$1" "${@:2}" >"$T/out" 2>&1 || status=$?
	sed -n "s/^$1: /# &/p" "$T/out" >&3
	((!status)) || fail "$(<"$T/out")"
}

@test "L3 a random walk: after each step the world is what it should be" {
	soak walk "${STEPS:-100000}" 75 "${SEED-59863}"
}

@test "L15 40 calls at once, for 14 VFs: none is shared, none lost" {
	soak load 45 40 "${SEED-32}"
}
