#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# big.bats - PFs with more VFs than the usual (L20)
#
# The PF is netdevsim's: the kernel's own rtnetlink, and a driver that keeps what is set on its VFs. It has no PCI devices
# and no netdevs of VFs, so ADD has nothing to move; what is shown is what lib/rt_vf.c reads and sets (integration/pf). The
# witness is ip, for what it sets and, as far as it finds the VFs in the answer, for what it reads.
#
# seconds for each test: 4

load lib

PROGRAM=${BATS_TEST_DIRNAME%/bats}/../build/integration/pf/pf

setup_file() {
	modprobe netdevsim || {
		echo 'no netdevsim for this kernel; run: make deps (or integration/deps kernel 6.1)' >&2
		return 1
	}
}

teardown_file() {
	rmmod netdevsim
}

# big COUNT - the PF "big" with so many VFs, until the test ends
big() {
	local bus=/sys/bus/netdevsim

	echo '1 1' >$bus/new_device
	later "echo 0 >$bus/devices/netdevsim1/sriov_numvfs; echo 1 >$bus/del_device"
	ip link set "$(ls $bus/devices/netdevsim1/net)" name big
	echo "$1" >/sys/kernel/debug/netdevsim/netdevsim1/max_vfs
	echo "$1" >$bus/devices/netdevsim1/sriov_numvfs
}

# ours - what we read of big's VFs, one line for each; what is behind them in the answer was read as well
ours() {
	"$PROGRAM" show big >"$T/ours" 2>"$T/ours.err" || fail "$(<"$T/ours.err")" || return
	equal 'PF and VFs' "$(<"$T/ours.err")" "netdevsim1 has $(wc -l <"$T/ours") VFs"
}

# theirs - what ip reads of them, in the same words. It asks for statistics as well, so that its answers wrap with 222 VFs.
theirs() {
	ip -j link show dev big 2>/dev/null | gojq -c '.[0].vfinfo_list[] | {
		mac: .address,
		vlan: (.vlan_list[0].vlan // 0), vlanQoS: (.vlan_list[0].qos // 0),
		vlanProto: (.vlan_list[0].protocol // "802.1q" | ascii_downcase),
		spoofchk: (if .spoofchk then "on" else "off" end), trust: (if .trust then "on" else "off" end),
		link_state: .link_state, min_tx_rate: .rate.min_tx, max_tx_rate: .rate.max_tx,
		rss_query: (if .query_rss_en then "on" else "off" end)}' >"$T/theirs"
}

# each_its_own COUNT - has ip set every attribute of VFs 0 to COUNT - 1, to other values for each; leaves in $T/expected what
# that has to read as
each_its_own() {
	local n mac vlan spoofchk trust rss proto state
	local switches=(off on) protos=(802.1ad 802.1q) states=(auto enable disable)

	for ((n = 0; n < $1; n++)); do
		printf -v mac '02:00:00:5e:%02x:%02x' $((n >> 8)) $((n & 255))
		vlan="$((n % 4094 + 1)) $((n % 8))" proto=${protos[n / 8 % 2]} state=${states[n % 3]}
		spoofchk=${switches[n % 2]} trust=${switches[n / 2 % 2]} rss=${switches[n / 4 % 2]}
		echo "link set big vf $n mac $mac vlan ${vlan/ / qos } proto $proto spoofchk $spoofchk trust $trust" \
			"state $state min_tx_rate $n max_tx_rate $((n + 1)) query_rss $rss" >&3
		printf '{"mac":"%s","vlan":%d,"vlanQoS":%d,"vlanProto":"%s","spoofchk":"%s","trust":"%s",' \
			"$mac" "${vlan% *}" "${vlan#* }" "$proto" "$spoofchk" "$trust" >&4
		printf '"link_state":"%s","min_tx_rate":%d,"max_tx_rate":%d,"rss_query":"%s"}\n' \
			"$state" $n $((n + 1)) "$rss" >&4
	done 3>"$T/batch" 4>"$T/expected"
	ip -batch "$T/batch"
}

same_vfs() { # same_vfs FILE FILE
	gojq -c . "$1" >"$T/one" && gojq -c . "$2" >"$T/other" || return
	diff "$T/one" "$T/other" >"$T/diff" || fail "$(head -n 20 "$T/diff")"
}

@test "L20 of 221 VFs, the most that ip can, each is read as ip reads it" {
	big 221
	each_its_own 221
	ours
	theirs
	equal 'VFs that ip finds' "$(wc -l <"$T/theirs")" 221
	same_vfs "$T/ours" "$T/theirs"
	same_vfs "$T/ours" "$T/expected"
}

@test "L20 of 256 VFs each is read as ip set it" {
	big 256
	each_its_own 256
	ours
	same_vfs "$T/ours" "$T/expected"
}

@test "L20 of 1024 VFs each is read as ip set it, though the answer says that there are fewer" {
	big 1024
	each_its_own 1024
	ours
	same_vfs "$T/ours" "$T/expected"
	"$PROGRAM" counted big 2>"$T/err" >"$T/counted" || fail "$(<"$T/err")"
	same_vfs "$T/counted" "$T/expected"
	theirs
	local found
	found=$(wc -l <"$T/theirs")
	((found < 222)) || fail "ip finds $found VFs: this kernel's answer does not wrap any more"
	same_vfs "$T/theirs" <(head -n "$found" "$T/ours")
}

@test "L20 around the number of VFs where the answer wraps, and where the buffer ends, none is lost" {
	local n

	big 1024
	for n in 333 334 335 336 489 490 491 492 668 669 1023; do
		echo 0 >/sys/bus/netdevsim/devices/netdevsim1/sriov_numvfs
		echo $n >/sys/bus/netdevsim/devices/netdevsim1/sriov_numvfs
		ours
		equal 'VFs that we find' "$(wc -l <"$T/ours")" $n
	done
}

# requests COUNT - PF "big" is asked for as often, and as many answers are received
requests() {
	strace -qq -o "$T/strace" -e trace=sendto,sendmsg,recvfrom,recvmsg "$PROGRAM" show big >/dev/null 2>&1
	equal "requests and answers for $2 VFs" "$(grep -c send "$T/strace") $(grep -c recv "$T/strace")" "$1 $1"
}

@test "L20 up to 256 VFs and some more, one request and one answer tell all" {
	big 256
	requests 1 256
	echo 0 >/sys/bus/netdevsim/devices/netdevsim1/sriov_numvfs
	echo 1024 >/sys/kernel/debug/netdevsim/netdevsim1/max_vfs
	echo 1024 >/sys/bus/netdevsim/devices/netdevsim1/sriov_numvfs
	requests 2 1024
}

@test "L20 what is set on the first VF, on one in the middle, on those at the wrap and on the last, is set on no other" {
	local n i=0 value
	local values=('{"mac":"02:00:5e:00:00:01"}' '{"vlan":100,"vlanQoS":5,"vlanProto":"802.1ad"}' '{"trust":"on"}'
		'{"spoofchk":"on"}' '{"link_state":"disable"}' '{"min_tx_rate":10,"max_tx_rate":1000}' '{"rss_query":"on"}')

	big 512
	ours
	gojq -c . "$T/ours" >"$T/expected"
	for n in 0 177 178 255 334 335 511; do
		value=${values[i++]}
		"$PROGRAM" set big $n "$value"
		ours
		gojq -cs --argjson n $n --argjson value "$value" '.[$n] += $value | .[]' \
			"$T/expected" >"$T/next"
		same_vfs "$T/ours" "$T/next"
		same_vfs <(sed -n "$((n + 1))p" "$T/next") <(sed -n "$((n + 1))p" "$T/ours")
		! cmp -s "$T/next" "$T/expected" || fail "nothing was set on VF $n"
		mv "$T/next" "$T/expected"
	done
	theirs
	same_vfs "$T/theirs" <(head -n "$(wc -l <"$T/theirs")" "$T/ours")
}

@test "L20 a VF that is not there cannot be set" {
	big 512
	if "$PROGRAM" set big 512 '{"trust": "on"}' 2>"$T/err"; then fail 'VF 512 of 512 was set'; fi
	has "$(<"$T/err")" 'Invalid argument'
}

@test "L20 beside a PF of 1024 VFs ADD, CHECK and DEL are as ever" {
	big 1024
	snapshot
	conf "$PF0V0" '"mac": "02:00:5e:00:00:01", "vlan": 100'
	ADD p1
	vf_has pf0 0 'mac 02:00:5e:00:00:01' 'vlan 100'
	CHECK p1
	DEL p1
	unchanged
}
