#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ctl_show.bats - sriovctl list, show and stats say what lspci, ip and sysfs say (G3, G6, H1, H4, H6)
#
# seconds for each test: 4

load lib

DUMPS=tests/data/pci
MANY=$DUMPS/many.lspci

# told FILTER... [-- ARGUMENT...] - these jq filters are true of what sriovctl printed last
told() {
	local filters=() joined which

	while (($#)) && [[ $1 != -- ]]; do
		filters+=("$1")
		shift
	done
	printf -v joined '(%s),' "${filters[@]}"
	which=$(gojq "[${joined%,}] | to_entries[] | select(.value != true) | .key" "$T/out" "${@:2}") || fail "$which" || return
	for which in $which; do
		fail "not so: ${filters[which]} (${*:2})" "$(<"$T/out")" || return
	done
}

# line LABEL TEXT - the last output for people has this line
line() {
	local found

	found=$(sed -nE "s/^  $1 {2,}//p" "$T/out")
	equal "$1" "$found" "$2"
}

# netns_vf VF POD ADDRESS - a VF of pf0 is in a namespace, up, until the test ends
netns_vf() {
	ip link set "pf0v$1" netns "$2"
	later "ip -n $2 link set pf0v$1 down netns 1"
	ip -n "$2" addr add "$3" dev "pf0v$1"
	ip -n "$2" link set "pf0v$1" up
}

# held VF - a VF of pf0 is bound to vfio-pci, and a process has it open: $holder
held() {
	local device=/sys/bus/pci/devices/$2 mac

	modprobe -a vfio-pci vfio_iommu_type1
	mac=$(mac_of '' "pf0v$1")
	later "echo $2 >/sys/bus/pci/drivers/vfio-pci/unbind; echo $2 >/sys/bus/pci/drivers/igbvf/bind
		ip link set pf0 vf $1 mac 00:00:00:00:00:00
		ip link set \"\$(ls $device/net)\" name pf0v$1; reset_vf $1; ip link set pf0v$1 address $mac"
	echo vfio-pci >"$device/driver_override"
	echo "$2" >"$device/driver/unbind"
	echo "$2" >/sys/bus/pci/drivers/vfio-pci/bind
	echo >"$device/driver_override"
	"$BATS_TEST_DIRNAME/vfio-hold" "$2" 3>&- >"$T/held" 2>&1 &
	holder=$!
	later "kill $holder; wait $holder || true"
	within 30 test -s "$T/held"
}

@test "G3 show of a PF has its capability as lspci, its link as ip, and its device as sysfs have them" {
	local device=/sys/bus/pci/devices/$PF0

	ip link property add dev pf0 altname a-longer-name-than-fifteen
	later 'ip link property del dev pf0 altname a-longer-name-than-fifteen'
	lspci -vvv -D -s "$PF0" >"$T/lspci"
	CTL show --json a-longer-name-than-fifteen
	# shellcheck disable=SC2016 # jq's
	told '.type == "PF" and .pci == $pci and .vendor == "8086" and .device == "10c9" and .driver == "igb"' \
		'.iommuGroupMembers == [{pci: $pci, driver: "igb"}]' '.numVFs == 7 and .totalVFs == 7' \
		'.name as $name | $lspci | contains("Ethernet controller: \($name) (rev 01)")' \
		'.sriov as $s | $lspci | contains("Initial VFs: \($s.initialVFs), Total VFs: \($s.totalVFs), Number of VFs: \($s.numVFs),")' \
		'.sriov as $s | $lspci | contains("VF offset: \($s.offset), stride: \($s.stride), Device ID: \($s.vfDevice)\n")' \
		'$lspci | contains("Enable+ Migration- Interrupt- MSE+ ARIHierarchy+ 10BitTagReq-\n")' \
		'$lspci | contains("Supported Page Size: 00000553, System Page Size: 00000001\n")' \
		'.sriov | .enabled and .memoryEnabled and .ariCapableHierarchy and (.migrationCapable | not)' \
		'.sriov.pageSizes == [4096, 8192, 65536, 262144, 1048576, 4194304] and .sriov.pageSize == 4096' \
		'[.sriov.memory[] | .bar, .address, .size] == [0, $bar0, 16384, 3, $bar3, 16384]' \
		'.link | .ifname == "pf0" and .mac == $ip[0].address and .mtu == $ip[0].mtu and .up and .carrier' \
		'.link | .altnames == $ip[0].altnames and .speed == $speed' '.driverVersion == $kernel' '.firmware == $firmware' -- \
		--arg pci "$PF0" --rawfile lspci "$T/lspci" --argjson ip "$(ip -j link show pf0)" --arg kernel "$(uname -r)" \
		--argjson speed "$(</sys/class/net/pf0/speed)" \
		--arg firmware "$(ethtool -i pf0 | sed -n 's/^firmware-version: //p')" \
		--arg bar0 "$(awk 'NR == 8 { sub(/0x0+/, "0x"); print $1 }' $device/resource)" \
		--arg bar3 "$(awk 'NR == 11 { sub(/0x0+/, "0x"); print $1 }' $device/resource)"

	CTL show "$PF0"
	line TotalVFs 8
	line 'VF device' '8086:10ca Intel Corporation 82576 Virtual Function'
	line 'IOMMU group' "$(basename "$(readlink $device/iommu_group)"), alone"
	line 'page sizes' '4K 8K 64K 256K 1M 4M; chosen: 4K'
	has "$out" "  6   $PF0V6  pf0v6"
	CTL show pf1
	has "$(grep 'IOMMU group' "$T/out")" "$PF1V0 (igbvf)" "$PF1V6 (igbvf)"
}

@test "G6 list and show name each VF's user: a container, a namespace, the host, a guest" {
	conf="{\"cniVersion\": \"1.0.0\", \"name\": \"tenant\", \"type\": \"sriov\", \"deviceID\": \"$PF0V0\", \"vlan\": 100}"
	ADD p1
	pod p2
	netns_vf 1 p2 10.56.0.2/24
	ip addr add 10.57.0.1/24 dev pf0v2
	later 'ip addr del 10.57.0.1/24 dev pf0v2'
	held 3 "$PF0V3"

	CTL list --json
	# shellcheck disable=SC2016
	told '[.pfs[] | .ifname, .pci] == ["pf0", $pf0, "pf1", $pf1]' \
		'[.pfs[0].vfs[].pci] == $ARGS.positional' \
		'[.pfs[0].vfs[].use] == ["container", "namespace", "host", "guest", "free", "free", "free"]' \
		'[.pfs[0].vfs[].ifname] == ["", "", "pf0v2", "", "pf0v4", "pf0v5", "pf0v6"]' \
		'.pfs[0].vfs[0].container | .id == "p1" and .ifname == "net1" and .network == "tenant"' \
		'.pfs[0].vfs[0].container | .netns == "/run/netns/p1" and .abandoned == false' \
		'.pfs[0].vfs[1].netns == "p2"' '.pfs[0].vfs[3].pid == $pid' \
		'.pfs[0].vfs[0].attributes.vlan == 100 and .pfs[0].vfs[4].attributes.vlan == 0' -- \
		--arg pf0 "$PF0" --arg pf1 "$PF1" --argjson pid $holder \
		--args "$PF0V0" "$PF0V1" "$PF0V2" "$PF0V3" "$PF0V4" "$PF0V5" "$PF0V6"

	CTL list
	has "$out" "pf0  $PF0, driver igb, up, 7 of 7 VFs" \
		"├─ VF 0  $PF0V0  -      igbvf     container p1, interface net1, network tenant" \
		"├─ VF 1  $PF0V1  -      igbvf     namespace p2" "├─ VF 2  $PF0V2  pf0v2  igbvf     the host, with address 10.57.0.1/24" \
		"├─ VF 3  $PF0V3  -      vfio-pci  process $holder (" "└─ VF 6  $PF0V6  pf0v6  igbvf     free"
	CTL list --table
	equal 'lines' "$(wc -l <"$T/out")" 15
	equal 'VF 3' "$(awk -v vf="$PF0V3" '$3 == vf { print $1, $2, $4, $5 }' "$T/out")" 'pf0 3 - vfio-pci'

	CTL show pf0/0
	line namespace /run/netns/p1
	line name net1
	line up yes
	line vlan 100
	line 'used by' 'container p1, interface net1, network tenant'
	CTL show --json pf0/1
	# shellcheck disable=SC2016
	told '.link.netns == "p2" and .link.ifname == "pf0v1"' '.link.mac == $mac and .attributes.mac == $mac' \
		'.pf == {pci: $pf, ifname: "pf0"} and .vf == 1 and .type == "VF" and .device == "10ca"' \
		'.memory[0] == {bar: 0, address: $bar0, size: 16384, bits: 64, prefetchable: true}' -- \
		--arg mac "$(mac_of p2 pf0v1)" --arg pf "$PF0" \
		--arg bar0 "$(awk 'NR == 1 { sub(/0x0+/, "0x"); print $1 }' "/sys/bus/pci/devices/$PF0V1/resource")"
	CTL show "${PF0V3#0000:}"
	line driver vfio-pci
	has "$(grep 'used by' "$T/out")" "process $holder"
	has_not "$out" Interface
	DEL p1
}

watched_thrice() {
	(($(grep -c '^}' "$T/watched") >= 3))
}

@test "H4 stats has what was received and sent, also in a container, once, each second, and as metrics" {
	local pid watched

	conf="{\"cniVersion\": \"1.0.0\", \"name\": \"a\\\"b\\\\c\", \"type\": \"sriov\", \"deviceID\": \"$PF0V0\",
		\"ipam\": {\"type\": \"ipam-shim\", \"addresses\": [{\"address\": \"10.56.0.1/24\"}]}}"
	ADD p1
	pod p2
	netns_vf 1 p2 10.56.0.2/24
	ip netns exec p1 ping -q -c 3 -i 0.2 -w 10 10.56.0.2
	ip -s -j -n p1 link show net1 >"$T/before"
	CTL stats --json pf0
	# The PF's driver counts nothing, so these are the interfaces' own; the kernel may send something meanwhile.
	# shellcheck disable=SC2016
	told '[.pfs[].vfs[].vf] == [0, 1, 2, 3, 4, 5, 6] and .pfs[0].ifname == "pf0"' '.pfs[0].vfs[0].by == "interface"' \
		'.pfs[0].vfs[0] | .rx.packets >= 3 and .tx.bytes >= 3 * 98' \
		'def row: [.rx, .tx | .packets, .bytes, .dropped];
			[[($a[0].stats64, .pfs[0].vfs[0], $b[0].stats64 | row)] | transpose[] | . == sort] | all and length == 6' \
		'.pfs[0].vfs[6].tx.packets == $v6[0].stats64.tx.packets' -- \
		--argjson a "$(<"$T/before")" --argjson b "$(ip -s -j -n p1 link show net1)" --argjson v6 "$(ip -s -j link show pf0v6)"
	CTL stats pf0/0
	equal lines "$(wc -l <"$T/out")" 2
	equal 'VF 0, which has no broadcasts' "$(awk 'NR == 2 { print $1, $2, $6 }' "$T/out")" "pf0/0 $PF0V0 -"
	CTL show pf0/0
	has "$out" 'Counted by its interface'

	CTL stats --prometheus
	/usr/bin/python3 - "$T/out" "$T/before" <<-'END'
		import json, sys
		from prometheus_client.parser import text_string_to_metric_families as parse
		ip = json.load(open(sys.argv[2]))[0]["stats64"]
		families = {f.name: f for f in parse(open(sys.argv[1]).read())}
		assert all(f.documentation and f.type in ("counter", "gauge") for f in families.values()), families
		assert len(families) == 3 + 7, families # nobody has a number of broadcasts
		for f in families.values():
		    seen = [tuple(sorted(s.labels.items())) for s in f.samples]
		    assert seen and len(seen) == len(set(seen)), f
		info = {(s.labels["pf"], s.labels["vf"]): s.labels for s in families["sriov_vf_info"].samples}
		assert len(info) == 14 and info["pf0", "0"]["network"] == 'a"b\\c' and info["pf0", "0"]["container"] == "p1", info
		assert info["pf0", "1"]["use"] == "namespace" and info["pf1", "6"]["use"] == "free", info
		def of(name, **labels):
		    return [s.value for s in families[name].samples if labels.items() <= s.labels.items()]
		assert of("sriov_pf_vfs", pf="pf1") == [7] and of("sriov_pf_vfs_limit", pf="pf1") == [7]
		sent, = of("sriov_vf_transmit_bytes", pf="pf0", vf="0")
		assert ip["tx"]["bytes"] <= sent < ip["tx"]["bytes"] + 1000, (ip, sent)
	END

	"$SRIOVCTL" stats --watch --json pf0/1 >"$T/watched" 3>&- &
	pid=$!
	within 10 watched_thrice
	kill -INT $pid
	wait $pid # status 0
	watched=$(timeout 10 "$SRIOVCTL" stats --watch | head -n 1; echo "${PIPESTATUS[*]}")
	has "$watched" 'RX BIT/S' $'\n0 0'
	DEL p1
}

@test "H6 a dump of lspci -xxxx is shown as the machine that it came from, and lspci agrees" {
	CTL show --json pf0
	cp "$T/out" "$T/live"
	lspci -xxxx >"$T/dump"
	CTL list --json --pci-dump "$T/dump"
	# shellcheck disable=SC2016
	told '[.pfs[].pci, .pfs[].numVFs, .pfs[0].vfs[6].pci] == $ARGS.positional + [7, 7, $vf]' -- --arg vf "$PF0V6" --args "$PF0" "$PF1"
	CTL show --json --pci-dump "$T/dump" "$PF0"
	# shellcheck disable=SC2016
	told '(.sriov | del(.memory[].size)) == ($live[0].sriov | del(.memory[].size))' '.name == $live[0].name' -- \
		--slurpfile live "$T/live"
	CTL show --pci-dump "$T/dump" "$PF0V2"
	has "$out" "VF 2 of $PF0  $PF0V2  Intel Corporation 82576 Virtual Function"

	CTL list --pci-dump $MANY
	has "$out" 'E810-C for QSFP, 64 of 128 VFs' '└─ VF 63  0000:3b:08.7' 'E810-C for QSFP, 0 of 128 VFs' \
		'10001:d8:00.0  Mellanox' '└─ VF 4  10001:d9:01.0'
	CTL list --table --pci-dump $MANY
	equal lines "$(wc -l <"$T/out")" 70
	CTL show --pci-dump $MANY 3b:00.0/63
	has "$out" 'VF 63 of 0000:3b:00.0  0000:3b:08.7  Intel Corporation Ethernet Adaptive Virtual Function'
	CTL show --pci-dump $MANY
	lspci -F $MANY -vvv 2>/dev/null |
		sed -nE 's/.*VF offset: ([0-9]+), stride: ([0-9]+), Device ID: (.*)/\1 \2 \3/p' >"$T/lspci"
	awk '/first VF offset/ { o = $4 } /VF stride/ { s = $3 } /VF device/ { sub(/.*:/, "", $3); print o, s, $3 }' "$T/out" |
		diff - "$T/lspci"
	equal PFs "$(wc -l <"$T/lspci")" 3
}

# refuses STATUS TEXT OPERAND...
refuses() {
	ctl "${@:3}"
	ctl_failed "$1" "$2" || fail "${*:3}" || return
	equal "what ${*:3} printed" "$out" ''
}

@test "H1 no such device, one without SR-IOV, a file that is no dump: one line that names it, and a status" {
	refuses 4 'nosuch is neither a NIC with SR-IOV nor a VF of one; sriovctl list' show nosuch
	refuses 4 '0000:00:1f.2 is neither' show 0000:00:1f.2
	refuses 4 '"../../etc": a number has to follow the slash' show ../../etc
	refuses 4 'pf0 has no VF 7: it has 7 VFs of at most 7, counted from 0' show pf0/7
	refuses 4 'a number has to follow the slash' show pf0/
	refuses 4 'a number has to follow the slash' stats --watch pf0/-1
	refuses 2 'name a PF or a VF' show
	refuses 2 '--prometheus goes neither with' stats --prometheus --watch
	refuses 2 '--pci-dump wants a value' list --pci-dump
	refuses 1 '/nosuch: No such file' list --pci-dump /nosuch
	refuses 1 '/etc/passwd has no PCI device in it; the output of lspci -xxxx is wanted' show --pci-dump /etc/passwd
	refuses 4 "$MANY has no device 01:00.0" show --pci-dump $MANY 01:00.0
	refuses 4 'has no VF 64: it has 64 VFs' show --pci-dump $MANY 3b:00.0/64
	refuses 4 'has no SR-IOV' show --pci-dump $MANY 5e:00.0
	refuses 4 'named by its PCI address' show --pci-dump $MANY pf0
	lspci -x >"$T/short"
	refuses 1 'make it as root, by lspci -xxxx' list --pci-dump "$T/short"
}

# completes LINE WORD... - with Tab behind LINE, bash offers these words and no others; looked at by all_complete, all at once
completes() {
	printf '%s\n' "$1" >>"$T/lines"
	printf '%s: %s\n' "$1" "${*:2}" >>"$T/wanted"
}

# In a bash of its own: bats looks at each command of this one, which takes time.
all_complete() {
	# shellcheck disable=SC2016 # is that bash's
	bash -c '
		source sriovctl/completion
		while IFS= read -r COMP_LINE; do
			COMP_POINT=${#COMP_LINE}
			_sriovctl "$SRIOVCTL"
			printf "%s: %s\n" "$COMP_LINE" "${COMPREPLY[*]}"
		done
		complete -p sriovctl' <"$T/lines" >"$T/offered"
	diff - "$T/offered" <<<"$(<"$T/wanted")"$'\ncomplete -F _sriovctl sriovctl'
}

@test "H5 bash completes commands, options, devices and drivers, as --help and the kernel have them" {
	local commands

	commands=$("$SRIOVCTL" --help | sed -nE 's/^  sriovctl ([^ ]+).*/\1/p' | xargs)
	completes 'sriovctl ' "$commands" --help --version
	completes 'sriovctl sh' show
	completes 'sriovctl list --' --json --pci-dump --table --help
	completes 'sriovctl list --pci-dump tests/data/pci/m' $MANY
	completes 'sriovctl show p' pf{0,1} pf{0,1}/{0..6} pf{0,1}v{0..6}
	completes 'sriovctl show --pci-dump x pf0/3' pf0/3
	completes "sriovctl stats --json ${PF0V0%:*}:" "${PF0V0##*:}" "${PF0V1##*:}" "${PF0V2##*:}" "${PF0V3##*:}" \
		"${PF0V4##*:}" "${PF0V5##*:}" "${PF0V6##*:}"
	completes 'sriovctl bind pf0/0 igb' igb igbvf
	completes 'sriovctl set p' pf{0,1} pf{0,1}/{0..6} pf{0,1}v{0..6}
	completes 'sriovctl show pf0 '
	completes 'sriovctl nosuch '
	all_complete
}
