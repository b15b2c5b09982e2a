#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# builtin.bats - addresses that the plugin gives itself: "type": "ipam-shim" (I3, I4, I6)
#
# seconds for each test: 3

load lib

NET=/var/lib/cni/networks/net

# debian COMMAND POD - Debian's host-local, with the configuration as it would be its own
debian() {
	CNI_COMMAND=$1 CNI_CONTAINERID=$2 CNI_IFNAME=net1 CNI_NETNS=/run/netns/$2 CNI_ARGS='' CNI_PATH=$CNI_BIN \
		"$CNI_BIN/host-local" <<<"${conf/ipam-shim/host-local}" >"$T/out" || fail "host-local $1: $(<"$T/out")"
}

# leases - "ADDRESS:CONTAINER/IFNAME" of all, as od(1) sees them
leases() {
	local f

	for f in "$NET"/[0-9a-f]*; do
		printf '%s:%s\n' "${f##*/}" "$(od -An -c "$f" | tr -d ' \n' | sed 's/\\r\\n/\//')"
	done | xargs
}

@test "I4 an address of a range is given without another process, and comes back" {
	conf "$PF0V0" "\"vlan\": 100, $BUILT_IN"
	export CNI_PATH=/nowhere
	under=(strace -f -o "$T/trace" -e 'trace=execve,clone,vfork,fork,clone3')
	ADD p1
	result '.ips == [{address: "10.56.0.2/24", gateway: "10.56.0.1", interface: 0}] and .routes == [{dst: "0.0.0.0/0"}]'
	CHECK p1
	under=()
	equal 'processes started' "$(grep -c clone "$T/trace")" 0
	equal addresses "$(addresses p1)" 10.56.0.2/24
	has "$(ip -n p1 route)" 'default via 10.56.0.1 dev net1'
	equal leases "$(leases)" 10.56.0.2:p1/net1
	DEL p1
	equal leases "$(leases)" ''
	unchanged
}

@test "I4 one address of each set of ranges, of both families, with all that a route can have" {
	printf 'nameserver 10.56.0.53\nsearch a.example\n' >"$T/resolv.conf"
	version=1.1.0
	conf "$PF0V0" "\"ipam\": {\"type\": \"ipam-shim\", \"resolvConf\": \"$T/resolv.conf\", \"subnet\": \"10.56.0.0/24\",
		\"ranges\": [[{\"subnet\": \"fd00:56::/64\", \"rangeStart\": \"fd00:56::100\", \"exclude\": [\"fd00:56::100/127\"]}]],
		\"routes\": [{\"dst\": \"192.0.2.0/24\", \"gw\": \"10.56.0.9\", \"mtu\": 1400, \"advmss\": 1300, \"priority\": 7, \"table\": 77},
			{\"dst\": \"::/0\", \"gw\": \"\"}]}"
	ADD p1
	equal addresses "$(addresses p1)" '10.56.0.2/24 fd00:56::102/64'
	has "$(ip -n p1 route show table 77)" '192.0.2.0/24 via 10.56.0.9' 'metric 7' 'mtu 1400' 'advmss 1300'
	has "$(ip -n p1 -6 route)" 'default via fd00:56::1'
	result '.dns == {nameservers: ["10.56.0.53"], search: ["a.example"]} and .routes[0].table == 77'
	CHECK p1
	DEL p1
	unchanged
}

@test "I3 static addresses, those of CNI_ARGS, and those of the runtime instead" {
	conf "$PF0V0" '"ipam": {"type": "ipam-shim", "addresses": [{"address": "10.57.0.2/24", "gateway": "10.57.0.1"}],
		"routes": [{"dst": "0.0.0.0/0"}], "dns": {"domain": "a.example"}}'
	CNI_ARGS='IgnoreUnknown=1;IP=fd00:57::2/64' ADD p1
	equal addresses "$(addresses p1)" '10.57.0.2/24 fd00:57::2/64'
	has "$(ip -n p1 route)" 'default via 10.57.0.1'
	result '.dns == {domain: "a.example"}'
	CNI_ARGS='IgnoreUnknown=1;IP=fd00:57::2/64' CHECK p1
	DEL p1
	conf "$PF0V0" '"args": {"cni": {"ips": ["10.57.0.3/24"]}}, "ipam": {"type": "ipam-shim", "addresses": [{"address": "10.57.0.2/24"}]}'
	ADD p1
	equal addresses "$(addresses p1)" 10.57.0.3/24
	DEL p1
	conf "$PF0V0" '"runtimeConfig": {"ips": ["10.57.0.4/24"]}, "args": {"cni": {"ips": ["10.57.0.3/24"]}}, "ipam": {"type": "ipam-shim"}'
	ADD p1
	equal addresses "$(addresses p1)" 10.57.0.4/24
	DEL p1
	unchanged
}

@test "I4 an address that the runtime asks for is given, or refused by name" {
	pod p2
	snapshot
	conf "$PF0V0" "\"runtimeConfig\": {\"ips\": [\"10.56.0.77\"]}, $BUILT_IN"
	ADD p1
	equal addresses "$(addresses p1)" 10.56.0.77/24
	snapshot
	conf "$PF0V1" "\"vlan\": 100, \"runtimeConfig\": {\"ips\": [\"10.56.0.77\"]}, $BUILT_IN"
	cni ADD p2
	refused 11 10.56.0.77 'given to another' "$NET"
}

# --- beside host-local ---

@test "I4 host-local checks and releases what was given here" {
	conf "$PF0V0" "$BUILT_IN"
	ADD p1
	debian CHECK p1
	debian DEL p1
	equal 'what is left' "$(find "$NET" -type f ! -name 'last_*' ! -name lock)" ''
	DEL p1
	unchanged
}

@test "I4 what host-local gave is checked and released here" {
	conf "$PF0V0" "$HOST_LOCAL"
	ADD p1
	conf=${conf/host-local/ipam-shim}
	CNI_PATH=/nowhere CHECK p1
	CNI_PATH=/nowhere DEL p1
	equal leases "$(leases)" ''
	unchanged
}

@test "I4 both give in one order, round after round, and never the same" {
	local i got='' small='"ipam": {"type": "ipam-shim", "ranges": [[{"subnet": "10.56.0.0/29"}]]}'
	conf "$PF0V0" "$small"
	ADD p1 # 2
	pod p2
	for i in 1 2 3; do
		debian ADD "c$i"
		got+=" $(gojq -r '.ips[0].address' "$T/out")"
	done
	debian DEL c1
	conf "$PF0V1" "$small"
	ADD p2
	got+=" $(addresses p2)"
	debian ADD c4
	got+=" $(gojq -r '.ips[0].address' "$T/out")"
	equal 'what was given' "$got" ' 10.56.0.3/29 10.56.0.4/29 10.56.0.5/29 10.56.0.6/29 10.56.0.3/29'
	equal leases "$(leases)" '10.56.0.2:p1/net1 10.56.0.3:c4/net1 10.56.0.4:c2/net1 10.56.0.5:c3/net1 10.56.0.6:p2/net1'
	for i in 2 3 4; do debian DEL "c$i"; done
}

# --- what goes wrong ---

@test "I4 ranges that give nothing are refused before anything changes" {
	dmesg -C
	while read -r text ipam; do
		conf "$PF0V0" "\"vlan\": 100, \"ipam\": {\"type\": \"ipam-shim\", $ipam}"
		cni ADD p1
		keep "${text//_/ }"
	done <<-'END'
		is_empty "subnet": "10.56.0.0/24", "rangeStart": "10.56.0.9", "rangeEnd": "10.56.0.8"
		but_the_gateway "subnet": "10.56.0.0/24", "rangeEnd": "10.56.0.1"
		overlaps_with "subnet": "10.56.0.0/24", "ranges": [[{"subnet": "10.56.0.0/16"}]]
		lies_outside_of "subnet": "10.56.0.0/24", "rangeEnd": "10.57.0.9"
		too_small "subnet": "10.56.0.0/31"
		no_absolute_path "subnet": "10.56.0.0/24", "dataDir": "leases"
		exclude_each_other "subnet": "10.56.0.0/24", "addresses": [{"address": "10.56.0.9/24"}]
		no_address_to_give "routes": []
		no_destination "subnet": "10.56.0.0/24", "routes": [{"dst": "default"}]
		has_to_name_another "delegate": {"type": "ipam-shim"}
	END
	equal 'what the PF was asked for' "$(dmesg | grep VLAN)" ''
	refused_each 7
	[[ ! -e $NET ]]
}

@test "I4 a key that is misspelt is told, and refused with strict" {
	conf "$PF0V0" '"ipam": {"type": "ipam-shim", "subnet": "10.56.0.0/24", "rangeStrat": "10.56.0.9"}'
	ADD p1
	has "$err" '"rangeStrat"'
	DEL p1
	conf "$PF0V0" '"strict": true, "ipam": {"type": "ipam-shim", "subnet": "10.56.0.0/24", "rangeStrat": "10.56.0.9"}'
	cni ADD p1
	refused 2 '"rangeStrat"'
	conf "$PF0V0" '"ipam": {"type": "ipam-shim", "subnet": "10.56.0.0/24", "rangestart": "10.56.0.9"}'
	cni ADD p1
	refused 7 '"rangestart" has to be written "rangeStart"'
}

@test "I4 no space for the lease: nothing is given, and nothing stays" {
	mkdir "$T/full"
	mount -t tmpfs -o size=16k,nr_inodes=100 none "$T/full"
	later "umount '$T/full'"
	mkdir "$T/full/net"
	dd if=/dev/zero of="$T/full/fill" bs=1k status=none || true # until it is full
	conf "$PF0V0" "\"vlan\": 100, \"ipam\": {\"type\": \"ipam-shim\", \"dataDir\": \"$T/full\", \"subnet\": \"10.56.0.0/24\"}"
	cni ADD p1
	refused 5 "$T/full/net" 'No space left'
	equal 'files' "$(find "$T/full/net" -type f ! -name lock)" ''
	rm "$T/full/fill"
	ADD p1
	equal addresses "$(addresses p1)" 10.56.0.2/24
	DEL p1
}

@test "I4 a full range is refused with the number of leases, and STATUS tells of it" {
	version=1.1.0
	local small='"vlan": 100, "ipam": {"type": "ipam-shim", "subnet": "10.56.0.0/24", "rangeStart": "10.56.0.9", "rangeEnd": "10.56.0.9"}'
	pod p2
	conf "$PF0V1" "$small"
	cni STATUS ''
	equal 'exit status' "$status" 0
	conf "$PF0V0" "$small"
	ADD p1
	snapshot
	conf "$PF0V1" "$small"
	cni STATUS ''
	refused 50 'range set 0 (10.56.0.0/24)' '1 are given'
	cni ADD p2
	refused 11 'range set 0 (10.56.0.0/24)' '1 are given' "$NET"
}

@test "I4 DEL without a record, and without a result, releases the lease" {
	conf "$PF0V0" "$BUILT_IN"
	CNI_COMMAND=ADD CNI_CONTAINERID=p1 CNI_IFNAME=net1 CNI_NETNS=/run/netns/p1 CNI_PATH=$CNI_BIN \
		"$CNI_BIN/ipam-shim" <<<"$conf" >"$T/out" || fail "$(<"$T/out")"
	equal leases "$(leases)" 10.56.0.2:p1/net1
	DEL p1
	equal leases "$(leases)" ''
	unchanged
}

@test "I4 DEL releases the lease where it was given, whatever the configuration says by then" {
	conf "$PF0V0" "\"ipam\": {\"type\": \"ipam-shim\", \"dataDir\": \"$T/leases\", \"subnet\": \"10.56.0.0/24\"}"
	ADD p1
	[[ -e $T/leases/net/10.56.0.2 ]]
	conf "$PF0V0" "$BUILT_IN"
	DEL p1
	equal 'leases' "$(find "$T/leases" -name '10.*')" ''
	unchanged
}

@test "L12 GC releases leases of nobody, and leaves those whose namespace lives" {
	version=1.1.0
	pod p2
	conf "$PF0V0" "$BUILT_IN"
	ADD p1
	conf "$PF0V1" "$BUILT_IN"
	ADD p2
	mkdir -p "$NET"
	printf 'gone\r\nnet1' >"$NET/10.56.0.200"
	conf "$PF0V0" "\"cni.dev/valid-attachments\": [{\"containerID\": \"p2\", \"ifname\": \"net1\"}], $BUILT_IN"
	cni GC ''
	equal 'exit status' "$status" 0
	equal leases "$(leases)" '10.56.0.2:p1/net1 10.56.0.3:p2/net1'
}

# --- another plugin behind it ---

@test "I6 host-local of Debian works with CNI 1.1.0 behind it, in every command" {
	version=1.1.0
	conf "$PF0V0" '"ipam": {"type": "host-local", "subnet": "10.56.0.0/24"}'
	cni ADD p1
	refused 1 'IPAM plugin host-local' 'incompatible CNI versions'
	conf "$PF0V0" '"ipam": {"type": "ipam-shim", "delegate": {"type": "host-local", "subnet": "10.56.0.0/24"}}'
	ADD p1
	result '.cniVersion == "1.1.0" and .ips[0].address == "10.56.0.2/24"'
	equal leases "$(leases)" 10.56.0.2:p1/net1
	CHECK p1
	cni STATUS ''
	equal 'exit status' "$status" 0
	conf "$PF0V0" '"cni.dev/valid-attachments": [], "ipam": {"type": "ipam-shim", "delegate": {"type": "host-local", "subnet": "10.56.0.0/24"}}'
	cni GC ''
	equal 'exit status' "$status" 0
	DEL p1
	equal leases "$(leases)" ''
	unchanged
}

@test "I6 the plugin behind it gets its own section, and the configuration's timeout" {
	export IPAM_DUMP=$T/dump
	conf "$PF0V0" '"args": {"x": 1}, "ipam": {"type": "ipam-shim", "timeout": 1, "delegate": {"type": "records", "odd": [1]}}'
	ADD p1
	gojq -e '.ipam == {type: "records", odd: [1]} and .args == {x: 1} and .type == "sriov"' "$IPAM_DUMP.stdin" >/dev/null ||
		fail "$(<"$IPAM_DUMP.stdin")"
	DEL p1
	conf "$PF0V0" '"vlan": 100, "ipam": {"type": "ipam-shim", "timeout": 1, "delegate": {"type": "hangs"}}'
	cni ADD p1
	refused 103 'IPAM plugin hangs' 'within 1 s'
	conf "$PF0V0" '"vlan": 100, "ipam": {"type": "ipam-shim", "delegate": {"type": "no-such-plugin"}}'
	cni ADD p1
	refused 103 'IPAM plugin no-such-plugin' 'CNI_PATH'
	DEL p1
}

# dhcp_server - on pf1, which is on the VFs' wire, with the daemon of Debian's plugin beside it
dhcp_server() {
	ip addr add 10.58.0.1/24 dev pf1
	later 'ip addr del 10.58.0.1/24 dev pf1'
	printf '%s\n' 'start 10.58.0.100' 'end 10.58.0.110' 'interface pf1' "lease_file $T/leases" "pidfile $T/udhcpd.pid" \
		'option subnet 255.255.255.0' 'option router 10.58.0.1' >"$T/udhcpd.conf"
	: >"$T/leases"
	busybox udhcpd -f "$T/udhcpd.conf" >"$T/udhcpd.log" 2>&1 3>&- &
	later "kill $!"
	mkdir -p /run/cni
	/usr/lib/cni/dhcp daemon >"$T/dhcp.log" 2>&1 3>&- &
	later "kill $!; rm -f /run/cni/dhcp.sock"
	within 20 test -S /run/cni/dhcp.sock || fail "$(<"$T/dhcp.log")"
}

@test "I6 Debian's dhcp plugin with its daemon leases an address, by itself and with a time limit around it" {
	dhcp_server
	for ipam in '"type": "dhcp"' '"type": "ipam-shim", "timeout": 50, "delegate": {"type": "dhcp"}'; do
		conf "$PF0V0" "\"ipam\": {$ipam}"
		CNI_PATH=/usr/lib/cni ADD p1
		has "$(addresses p1)" 10.58.0.1 # 100 to 110
		has "$(<"$T/udhcpd.log")" 'sending ACK to 10.58.0.1'
		has "$(ip -n p1 route)" 'default via 10.58.0.1'
		CNI_PATH=/usr/lib/cni DEL p1
		has "$(<"$T/dhcp.log")" 'releasing lease'
	done
}
