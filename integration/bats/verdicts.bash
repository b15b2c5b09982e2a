# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# verdicts.bash - what every suite judges with
#
# Behind && and || bash does not end a function at its first failed command: so each check here says "|| return" itself.

# bats notes before each command where it stands, for the line it names when one fails. That costs a hundred times what bash
# needs for the command; so, once setup() has called this, it is done for those of a test, and not for those of what the test
# calls.
trace_tests_only() {
	trap 'case $FUNCNAME in test_* | teardown) bats_debug_trap "$BASH_SOURCE" ;; esac' DEBUG
}

fail() {
	printf '%s\n' "$@" >&2
	return 1
}

# equal WHAT IS SHOULD
equal() {
	[[ $2 == "$3" ]] || fail "$1 is:        $2" "$1 should be: $3"
}

# has TEXT PART... - each part is in the text
has() {
	local text=$1 part

	shift
	for part; do
		[[ $text == *"$part"* ]] || fail "not there: $part" "in: $text" || return
	done
}

# has_not TEXT PART...
has_not() {
	local text=$1 part

	shift
	for part; do
		[[ $text != *"$part"* ]] || fail "should not be there: $part" "in: $text" || return
	done
}

# within SECONDS COMMAND... - until it succeeds
within() {
	local end=$((SECONDS + $1))

	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.05
	done
}
