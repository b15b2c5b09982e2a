#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# announce.bats - neighbours are told who has an address now (N6); both PFs are on one wire
#
# seconds for each test: 8

load lib

# listen [KEYS] - the pod p2, with a VF of the other PF, is the witness: what it hears of ARP and of neighbours is in $T/heard
listen() {
	pod p2
	conf "$PF1V0" "${1-}"
	ADD p2
	within 15 link_has p2 net1 LOWER_UP
	ip netns exec p2 tcpdump -p -i net1 -e -n -v -tt -l --immediate-mode 'arp or icmp6' >"$T/heard" 2>"$T/listen" 3>&- &
	later "kill $! 2>/dev/null || true" # it ends with the pod's interface, too
	within 10 grep -q listening "$T/listen"
}

static() { # static ADDRESS... - the key
	local list

	printf -v list '{"address": "%s"}, ' "$@"
	printf '"ipam": {"type": "static", "addresses": [%s]}' "${list%, }"
}

# heard COUNT ADDRESS - the announcements of the address
heard() {
	local n

	n=$(grep -cE "who-has ($2|.*\($2\)) tell $2|neighbor advertisement.* tgt is $2," "$T/heard" || true)
	((n == $1)) || fail "$2 was announced $n times, not $1:" "$(<"$T/heard")"
}

ours() { # processes of the plugin
	pgrep -f "^$CNI_BIN/sriov" >/dev/null
}

not_ours() {
	! ours || fail "there still is: $(pgrep -af "^$CNI_BIN/sriov")"
}

# no_carrier - the VFs of pf0 have none until pf0_up
no_carrier() {
	pf0_down
	listen
}

pf0_up() {
	ip link set pf0 up
}

@test "N6 addresses of both families are announced three times, a second apart, under the pod's MAC, on its VLAN" {
	listen '"vlan": 100'
	conf "$PF0V0" "\"vlan\": 100, \"mac\": \"02:00:5e:00:00:01\", $(static 10.56.0.2/24 10.56.0.3/24 fd00:56::2/64)"
	ADD p1
	for address in 10.56.0.2 10.56.0.3 fd00:56::2; do
		within 15 heard 3 $address 2>/dev/null
	done
	within 2 not_ours
	for address in 10.56.0.2 10.56.0.3 fd00:56::2; do
		heard 3 $address
	done

	# as tcpdump understands them: sender, target, checksum, flags
	has "$(<"$T/heard")" '02:00:5e:00:00:01 > ff:ff:ff:ff:ff:ff, ethertype ARP (0x0806)' 'Request who-has 10.56.0.2 tell 10.56.0.2' \
		'02:00:5e:00:00:01 > 33:33:00:00:00:01, ethertype IPv6 (0x86dd)' 'hlim 255, next-header ICMPv6' \
		'fd00:56::2 > ff02::1: [icmp6 sum ok] ICMP6, neighbor advertisement' 'tgt is fd00:56::2, Flags [override]' \
		'destination link-address option (2), length 8 (1): 02:00:5e:00:00:01'
	has_not "$(<"$T/heard")" vlan
	awk '/who-has 10.56.0.2/ { if (last && ($1 - last < 0.9 || $1 - last > 2)) exit 1; last = $1 }' "$T/heard" ||
		fail 'not a second apart:' "$(<"$T/heard")"
}

@test "N6 a neighbour that knew another MAC for the address uses the new one" {
	listen '"ipam": {"type": "static", "addresses": [{"address": "10.56.0.9/24"}, {"address": "fd00:56::9/64"}]}'
	for address in 10.56.0.2 fd00:56::2; do
		ip -n p2 neigh add $address lladdr 02:00:5e:00:00:77 dev net1 nud stale
	done
	conf "$PF0V0" "\"mac\": \"02:00:5e:00:00:01\", $(static 10.56.0.2/24 fd00:56::2/64)"
	ADD p1
	for address in 10.56.0.2 fd00:56::2; do
		within 15 eval '[[ $(ip -n p2 neigh show $address) == *02:00:5e:00:00:01* ]]'
	done
}

@test "N6 a carrier that comes 3 s later is awaited; what the pod has lost meanwhile is not announced" {
	no_carrier
	conf "$PF0V0" "\"pfLink\": \"ignore\", $(static 10.56.0.2/24 10.56.0.3/24)"
	ADD p1
	ours || fail 'nobody waits for the carrier'
	ip -n p1 addr del 10.56.0.3/24 dev net1
	sleep 3
	link_has_not p1 net1 LOWER_UP
	heard 0 10.56.0.2
	pf0_up
	# a carrier comes some seconds after that, and the plugin's time is 10 s in all: it may be too short for three
	within 15 not_ours 2>/dev/null
	heard 1 10.56.0.2 2>/dev/null || heard 2 10.56.0.2 2>/dev/null || heard 3 10.56.0.2
	heard 0 10.56.0.3
	has "$(<"$T/heard")" "$(mac_of p1 net1) > ff:ff:ff:ff:ff:ff"
}

@test "N6 an address that the kernel still looks for is announced when that is done" {
	# who has an address that ends alike hears whom the kernel asks
	listen "\"announce\": false, $(static fd00:77::2/64)"
	conf "$PF0V0" "\"dad\": \"on\", $(static fd00:56::2/64)"
	ADD p1
	within 15 heard 3 fd00:56::2 2>/dev/null || heard 3 fd00:56::2
	awk '/:: > ff02::1:ff00:2: .*who has fd00:56::2/ { looked = 1 } /tgt is fd00:56::2/ { exit !looked }' "$T/heard" ||
		fail 'announced before it was looked for:' "$(<"$T/heard")"
}

@test "N6 \"announce\": false sends nothing, and makes no process" {
	listen
	conf "$PF0V0" "\"announce\": false, $(static 10.56.0.2/24)"
	ADD p1
	not_ours
	within 15 link_has p1 net1 LOWER_UP
	pod p3
	conf "$PF0V1" "$(static 10.56.0.3/24)"
	ADD p3
	within 15 heard 3 10.56.0.3 2>/dev/null || heard 3 10.56.0.3
	heard 0 10.56.0.2
}

@test "N6 without addresses there is no process" {
	pf0_down
	conf "$PF0V0" '"pfLink": "ignore"'
	ADD p1
	not_ours
}

@test "N6 who waits for the carrier is gone after 10 s, and keeps the runtime's pipes, its folder and the VF's lock free" {
	local begin

	pf0_down
	conf "$PF0V0" "\"pfLink\": \"ignore\", $(static 10.56.0.2/24)"
	begin=$SECONDS
	mkdir "$T/folder"
	mount -t tmpfs none "$T/folder"
	(
		cd "$T/folder"
		CNI_COMMAND=ADD CNI_CONTAINERID=p1 CNI_IFNAME=net1 CNI_NETNS=/run/netns/p1 CNI_PATH=$CNI_BIN \
			"$CNI_BIN/sriov" <<<"$conf" 2>&1 | cat >"$T/out"
	)
	attached['p1 net1']=$conf
	result '.ips[0].address == "10.56.0.2/24"'
	ours || fail 'cat ended with it'
	equal 'what it has open' "$(readlink /proc/"$(pgrep -f "^$CNI_BIN/sriov")"/fd/* | sed 's/:.*//' | sort | uniq -c | xargs)" \
		'3 /dev/null 1 net 1 socket'
	umount "$T/folder"
	CHECK p1
	within 11 not_ours
	((SECONDS - begin >= 9)) || fail "it was gone after $((SECONDS - begin)) s"
}

@test "N6 DEL at once after ADD works, and ends who waits for the carrier" {
	pf0_down
	conf "$PF0V0" "\"pfLink\": \"ignore\", $(static 10.56.0.2/24)"
	ADD p1
	ours || fail 'nobody waits for the carrier'
	DEL p1
	within 1 not_ours
	unchanged
}

@test "N6 a namespace that ends is not kept alive by who waits for the carrier" {
	pf0_down
	ip netns add p9
	conf "$PF0V0" "\"pfLink\": \"ignore\", $(static 10.56.0.2/24)"
	ADD p9
	ours || fail 'nobody waits for the carrier'
	ip netns del p9
	within 5 all_back
	within 1 not_ours
	DEL p9
	has_not "$err" 'kept alive'
	unchanged
}
