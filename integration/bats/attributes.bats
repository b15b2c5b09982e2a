#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# attributes.bats - what is set for the VF on its PF (A1 to A12, A14, A15)
#
# seconds for each test: 3

load lib

MAC=02:00:5e:00:00:01

# --- A1, A2: the MAC ---

# mac_everywhere MAC - on the PF, on the VF's own netdev, and in the result
mac_everywhere() {
	vf_has pf0 0 "mac $1"
	equal 'MAC in the pod' "$(mac_of p1 net1)" "$1"
	result '.interfaces[0].mac == $mac' --arg mac "$1"
}

@test "A1 mac is set on the PF" {
	conf "$PF0V0" "\"mac\": \"$MAC\""
	ADD p1
	mac_everywhere $MAC
}

@test "A1 CNI_ARGS MAC wins over mac" {
	conf "$PF0V0" '"mac": "02:00:5e:00:00:99"'
	CNI_ARGS="IgnoreUnknown=1;MAC=$MAC;K8S_POD_NAME=x" ADD p1
	mac_everywhere $MAC
}

@test "A1 runtimeConfig.mac wins over CNI_ARGS and over mac" {
	conf "$PF0V0" "\"mac\": \"02:00:5e:00:00:99\", \"runtimeConfig\": {\"mac\": \"$MAC\"}"
	CNI_ARGS='MAC=02:00:5e:00:00:98' ADD p1
	mac_everywhere $MAC
}

@test "A1 a MAC is understood in capitals and with dashes" {
	conf "$PF0V0" '"mac": "02-00-5E-00-00-0A"'
	ADD p1
	mac_everywhere 02:00:5e:00:00:0a
}

@test "A2 the VF's own netdev has the MAC when the VF was up on the host" {
	ip link set pf0v0 up
	later 'ip link set pf0v0 down'
	conf "$PF0V0" "\"mac\": \"$MAC\""
	ADD p1
	mac_everywhere $MAC
}

@test "A2 the VF's own netdev has the MAC when it has another admin MAC on the host" {
	admin_mac 0 02:00:5e:00:00:77
	conf "$PF0V0" "\"mac\": \"$MAC\""
	ADD p1
	mac_everywhere $MAC
}

@test "A2 one VF can be given one MAC after the other" {
	# What igbvf learned at one reset must not pass for the next.
	for mac in $MAC 02:00:5e:00:00:02; do
		conf "$PF0V0" "\"mac\": \"$mac\""
		ADD p1
		mac_everywhere $mac
		DEL p1
	done
}

@test "A2 the MAC is set when the PF was reset since the VF was made" {
	pf0_down
	ip link set pf0 up
	conf "$PF0V0" "\"mac\": \"$MAC\""
	ADD p1
	mac_everywhere $MAC
}

@test "A3 a driver that takes the MAC neither up nor down is bound anew, and has it then" {
	local n

	ip link property add dev pf0v0 altname enp1s16
	later 'ip link property del dev pf0v0 altname enp1s16'
	snapshot
	conf "$PF0V0" "\"mac\": \"$MAC\""
	under=(strace -qq -o "$T/strace" -e trace=sendto)
	ADD p1
	under=()
	DEL p1
	# The first RTM_NEWLINK moves the VF; the second sets the MAC, and the third is to bring the interface down for it.
	n=$(grep -nE 'nlmsg_type=(0x10|RTM_NEWLINK)[ ,]' "$T/strace" | sed -n '2s/:.*//p')
	under=(strace -qq -o "$T/strace" -e trace=sendto -e "inject=sendto:error=EPERM:when=$n..$((n + 1))")
	ADD p1
	under=()
	has "$err" 'driver igbvf is bound anew'
	mac_everywhere $MAC
	link_has p1 net1 UP
	no_link '' pf0v0
	DEL p1
	unchanged
}

@test "A4 a driver that does not take a MAC of zero back has the VF's own set" {
	local own

	own=$(mac_of '' pf0v0)
	later "ip link set pf0 vf 0 mac 00:00:00:00:00:00; reset_vf 0; ip link set pf0v0 address $own"
	ip link set pf0 vf 0 mac 00:00:00:00:00:00
	snapshot
	conf "$PF0V0" "\"mac\": \"$MAC\", \"vlan\": 100"
	attach_and_refuse 'is set instead'
	has "$err" 'VF 0: mac 00:00:00:00:00:00' 'Invalid argument' "$own is set instead, the VF's own"
	has "$(dmesg | grep 'setting MAC' | tail -n 1)" "setting MAC $own on VF 0"
	unchanged # only one of the requests was refused, and there was another
}

@test "A2 without mac the VF keeps its own, and the result tells it" {
	local own
	own=$(mac_of '' pf0v0)
	conf "$PF0V0"
	ADD p1
	equal 'MAC in the pod' "$(mac_of p1 net1)" "$own"
	result '.interfaces[0].mac == $mac' --arg mac "$own"
}

# --- A6 ---

@test "A5 a stable MAC is the container's and its interface's, with whatever VF" {
	# by another program: FNV-1a of "p1:net1", folded to 48 bits
	for vf in "$PF0V0" "$PF1V3"; do
		conf "$vf" '"mac": "stable"'
		ADD p1
		equal MAC "$(mac_of p1 net1)" 4e:95:28:83:09:1d
		result '.interfaces[0].mac == "4e:95:28:83:09:1d"'
		CHECK p1
		DEL p1
		unchanged
	done
	conf "$PF0V0" '"mac": "stable", "runtimeConfig": {"mac": "02:00:5e:00:00:01"}'
	ADD p1
	equal MAC "$(mac_of p1 net1)" 02:00:5e:00:00:01
}

@test "A5 a stable MAC that another VF of the PF has is refused" {
	admin_mac 1 4e:95:28:83:09:1d
	snapshot
	conf "$PF0V0" '"mac": "stable"'
	cni ADD p1
	refused 7 'MAC 4e:95:28:83:09:1d is that of VF 1 of PF pf0'
}

@test "A6 a MAC that another VF of the PF has is refused with that VF's number" {
	admin_mac 4 $MAC
	snapshot
	conf "$PF0V0" "\"mac\": \"$MAC\""
	cni ADD p1
	refused 7 $MAC 'VF 4 of PF pf0'
}

@test "A6 a MAC that another pod's VF has is refused" {
	conf "$PF0V3" "\"mac\": \"$MAC\""
	ADD p1
	pod p2
	snapshot
	conf "$PF0V0" "\"mac\": \"$MAC\""
	cni ADD p2
	refused 7 $MAC 'VF 3 of PF pf0'
}

@test "A6 of two that come at once for the same MAC, the one that is later finds out" {
	pod p2
	conf "$PF0V0" "\"mac\": \"$MAC\""
	CNI_COMMAND=ADD CNI_CONTAINERID=p1 CNI_IFNAME=net1 CNI_NETNS=/run/netns/p1 CNI_PATH=$CNI_BIN \
		strace -o "$T/trace" -e trace=renameat -e inject=renameat:signal=STOP:when=1 \
		"$CNI_BIN/sriov" <<<"$conf" >"$T/first" 2>&1 3>&- &
	within 10 grep -q 'stopped by SIGSTOP' "$T/trace" # it has looked, and written its record
	conf "$PF0V1" "\"mac\": \"$MAC\""
	ADD p2
	kill -CONT "$(pgrep -P $!)"
	! wait $! || fail "the first has succeeded: $(<"$T/first")"
	has "$(<"$T/first")" '"code": 7' "MAC $MAC is that of VF 1 of PF pf0"
	CHECK p2
}

@test "A6 the PF's own MAC is refused" {
	conf "$PF0V0" "\"mac\": \"$(mac_of '' pf0)\""
	cni ADD p1
	refused 7 'PF pf0 itself'
}

@test "A6 the MAC that the VF has already may be asked for" {
	admin_mac 0 $MAC
	conf "$PF0V0" "\"mac\": \"$MAC\""
	ADD p1
	mac_everywhere $MAC
}

# --- A7, A8: the VLAN ---

@test "A7 vlan and vlanQoS are set" {
	conf "$PF0V0" '"vlan": 100, "vlanQoS": 7, "vlanProto": "802.1q"'
	ADD p1
	vf_has pf0 0 'vlan 100' 'qos 7'
	vf_has_not pf0 0 'vlan protocol' # which ip names only where it is not 802.1q
}

@test "A7 the least and the greatest VLAN can be set" {
	conf "$PF0V0" '"vlan": 1'
	ADD p1 net1
	conf "$PF0V1" '"vlan": 4094, "vlanQoS": 0'
	ADD p1 net2
	vf_has pf0 0 'vlan 1'
	vf_has pf0 1 'vlan 4094'
}

@test "A7 VLANs, priorities and protocols that do not exist are refused with what is possible" {
	local vlan='"vlan": 100'
	while read -r keys; do
		conf "$PF0V0" "$keys"
		cni ADD p1
		keep "\"${keys##*, \"}" # begins with the last key
	done <<-END
		"vlan": 4095
		"vlan": -1
		"vlan": 65636
		"vlan": 4294967396
		"vlan": 1.5
		"vlan": "100"
		$vlan, "vlanQoS": 8
		$vlan, "vlanQoS": -1
		$vlan, "vlanProto": "802.1ae"
		$vlan, "vlanProto": ""
	END
	kept=('"vlan"' '"vlan"' '"vlan"' '"vlan"' '"vlan"' '"vlan"' '"vlanQoS"' '"vlanQoS"' '"vlanProto"' '"vlanProto"')
	refused_each 7
}

@test "A7 a priority or a protocol without a VLAN is refused" {
	for keys in '"vlanQoS": 3' '"vlan": 0, "vlanQoS": 3' '"vlanProto": "802.1ad"'; do
		conf "$PF0V0" "$keys"
		cni ADD p1
		keep '"vlan" from 1 to 4094'
	done
	refused_each 7
}

@test "A8 without vlan the VF keeps the VLAN it has" {
	ip link set pf0 vf 0 vlan 77 qos 5
	later 'ip link set pf0 vf 0 vlan 0'
	conf "$PF0V0" '"trust": "on"'
	ADD p1
	vf_has pf0 0 'vlan 77' 'qos 5' 'trust on'
	DEL p1
	vf_has pf0 0 'vlan 77' 'qos 5' 'trust off'
}

@test "A8 vlan 0 clears the VLAN, and DEL brings it back" {
	ip link set pf0 vf 0 vlan 77 qos 5
	later 'ip link set pf0 vf 0 vlan 0'
	conf "$PF0V0" '"vlan": 0'
	ADD p1
	vf_has_not pf0 0 vlan qos
	DEL p1
	vf_has pf0 0 'vlan 77' 'qos 5'
}

@test "A8 vlan N replaces VLAN and priority, and DEL brings both back" {
	ip link set pf0 vf 0 vlan 77 qos 5
	later 'ip link set pf0 vf 0 vlan 0'
	conf "$PF0V0" '"vlan": 100'
	ADD p1
	vf_has pf0 0 'vlan 100'
	vf_has_not pf0 0 qos
	DEL p1
	vf_has pf0 0 'vlan 77' 'qos 5'
}

# --- A9 ---

@test "A9 spoofchk, trust and max_tx_rate are set, and are as before after DEL" {
	conf "$PF0V0" '"spoofchk": "off", "trust": "on", "max_tx_rate": 100'
	vf_has pf0 0 'spoof checking on' 'trust off'
	ADD p1
	vf_has pf0 0 'spoof checking off' 'trust on' 'max_tx_rate 100Mbps'
	DEL p1
	vf_has pf0 0 'spoof checking on' 'trust off'
	vf_has_not pf0 0 max_tx_rate
}

@test "A9 what the VF has already is turned the other way as well" {
	ip link set pf0 vf 0 spoofchk off
	later 'ip link set pf0 vf 0 spoofchk on'
	ip link set pf0 vf 0 trust on
	later 'ip link set pf0 vf 0 trust off'
	ip link set pf0 vf 0 max_tx_rate 200
	later 'ip link set pf0 vf 0 max_tx_rate 0'
	conf "$PF0V0" '"spoofchk": "on", "trust": "off", "max_tx_rate": 0'
	ADD p1
	vf_has pf0 0 'spoof checking on' 'trust off'
	vf_has_not pf0 0 max_tx_rate
	DEL p1
	vf_has pf0 0 'spoof checking off' 'trust on' 'max_tx_rate 200Mbps'
}

@test "A9 words are understood in capitals" {
	conf "$PF0V0" '"spoofchk": "OFF", "trust": "On", "vlan": 5, "vlanProto": "802.1Q"'
	ADD p1
	vf_has pf0 0 'spoof checking off' 'trust on' 'vlan 5'
}

@test "A9 one attribute leaves the others alone" {
	ip link set pf0 vf 0 max_tx_rate 200
	later 'ip link set pf0 vf 0 max_tx_rate 0'
	ip link set pf0 vf 0 spoofchk off
	later 'ip link set pf0 vf 0 spoofchk on'
	ip link set pf0 vf 0 trust on
	later 'ip link set pf0 vf 0 trust off'
	conf "$PF0V0" '"vlan": 100'
	ADD p1
	vf_has pf0 0 'vlan 100' 'spoof checking off' 'trust on' 'max_tx_rate 200Mbps'
}

@test "A9 a min_tx_rate above max_tx_rate is refused, also where the VF has the latter already" {
	conf "$PF0V0" '"min_tx_rate": 200, "max_tx_rate": 100'
	cni ADD p1
	keep 'min_tx_rate 200 is above max_tx_rate 100'
	ip link set pf0 vf 0 max_tx_rate 150
	later 'ip link set pf0 vf 0 max_tx_rate 0'
	snapshot
	conf "$PF0V0" '"min_tx_rate": 200'
	cni ADD p1
	keep 'PF pf0: VF 0: min_tx_rate 200 is above max_tx_rate 150'
	refused_each 7
}

# --- A10 ---

@test "A10 anything but the listed words is refused with key, value and words" {
	local key value words
	while read -r key value words; do
		conf "$PF0V0" "\"$key\": $value"
		cni ADD p1
		# shellcheck disable=SC2086 # word by word
		keep "\"$key\"" "$value" $words
	done <<-END
		spoofchk "true" "off" "on"
		spoofchk true "off" "on"
		spoofchk "" "off" "on"
		spoofchk "offf" "off" "on"
		spoofchk 0 "off" "on"
		trust "yes" "off" "on"
		trust "on;" "off" "on"
		trust ["on"] "off" "on"
		link_state "up" "auto" "enable" "disable"
		link_state "disabled" "auto" "enable" "disable"
		rss_query "1" "off" "on"
		pfLink "yes" "require" "raise" "ignore"
		logLevel "warn" "error" "warning" "info" "debug"
		strict "true" true false
		max_tx_rate "100" whole number
		max_tx_rate -1 whole number
		max_tx_rate 4294967296 whole number
		min_tx_rate 0.5 whole number
	END
	refused_each 7
}

@test "A10 only a unicast MAC is one, wherever it comes from" {
	local mac
	for mac in 00:00:00:00:00:00 ff:ff:ff:ff:ff:ff 01:00:5e:00:00:01 02:00:5e:00:00 02:00:5e:00:00:01:02 \
		2:0:5e:0:0:1 02005e000001 02:00:5e:00:00:0g ''; do
		conf "$PF0V0" "\"mac\": \"$mac\""
		cni ADD p1
		keep '"mac"' "\"$mac\"" unicast
	done
	conf "$PF0V0" '"runtimeConfig": {"mac": "01:00:5e:00:00:01"}'
	cni ADD p1
	keep runtimeConfig '"mac"' 01:00:5e:00:00:01 unicast
	refused_each 7
	conf "$PF0V0"
	CNI_ARGS='MAC=01:00:5e:00:00:01' cni ADD p1
	refused 4 CNI_ARGS MAC=01:00:5e:00:00:01 unicast
}

# --- A11 ---

@test "A11 unknown keys are a warning that names them, and the others work" {
	conf "$PF0V0" '"vlam": 100, "spoofcheck": "off", "trust": "on"'
	ADD p1
	has "$err" '[warning]' '"vlam"' '"spoofcheck"'
	has_not "$err" '"trust"' '"deviceID"'
	vf_has_not pf0 0 vlan
	vf_has pf0 0 'trust on'
}

@test "A11 a key with capitals in the wrong place is refused: the Go plugin would take it" {
	conf "$PF0V0" '"Vlan": 100'
	cni ADD p1
	refused 7 'key "Vlan" has to be written "vlan"'
}

@test "A11 with strict an unknown key is an error" {
	conf "$PF0V0" '"strict": true, "spoofcheck": "off"'
	cni ADD p1
	refused 2 '"spoofcheck"' spelling
}

@test "A11 known keys are no warning, and no error with strict" {
	conf "$PF0V0" '"strict": true, "mac": "02:00:5e:00:00:01", "vlan": 100, "vlanQoS": 1, "vlanProto": "802.1q",
		"spoofchk": "on", "trust": "on", "min_tx_rate": 0, "max_tx_rate": 100, "mtu": 1400, "pfLink": "require",
		"ipam": {}, "ipamTimeout": 5, "dns": {}, "logLevel": "warning", "args": {}, "capabilities": {"mac": true},
		"runtimeConfig": {"portMappings": []}'
	ADD p1
	equal 'standard error' "$err" ''
}

# --- A12: what igb does not offer ---

# Every attribute that igb has is set before the one it refuses, or would be: none may stay.
OTHERS='"mac": "02:00:5e:00:00:01", "vlan": 100, "vlanQoS": 3, "spoofchk": "off", "trust": "on", "mtu": 1400'

@test "A12 a link_state that the driver refuses is named, and everything before is taken back" {
	conf "$PF0V3" "$OTHERS, \"max_tx_rate\": 100, \"link_state\": \"enable\""
	cni ADD p1
	refused 100 'PF pf0' 'VF 3' 'link_state enable' 'Operation not supported' 'driver igb ' 'remove "link_state"'
}

@test "A12 an rss_query that the driver refuses is named, and everything before is taken back" {
	conf "$PF0V3" "$OTHERS, \"max_tx_rate\": 100, \"rss_query\": \"on\""
	cni ADD p1
	refused 100 'PF pf0' 'VF 3' 'rss_query on' 'Operation not supported' 'driver igb ' 'remove "rss_query"'
}

@test "A12 802.1ad, which the driver refuses, is named, and everything before is taken back" {
	conf "$PF0V3" "${OTHERS}, \"vlanProto\": \"802.1ad\", \"max_tx_rate\": 100"
	cni ADD p1
	refused 100 'PF pf0' 'VF 3' 'vlanProto 802.1ad' 'Protocol not supported' 'driver igb ' '802.1q'
}

@test "A12 a min_tx_rate that the driver refuses is named, and everything before is taken back" {
	conf "$PF0V3" "$OTHERS, \"min_tx_rate\": 50, \"max_tx_rate\": 100"
	cni ADD p1
	refused 100 'PF pf0' 'VF 3' 'min_tx_rate 50' 'Invalid argument' 'driver igb '
}

@test "A12 a max_tx_rate above the speed of the port is named, and everything before is taken back" {
	within 10 link_has '' pf0 LOWER_UP # igb knows the speed only with a carrier
	conf "$PF0V3" "$OTHERS, \"max_tx_rate\": 1001"
	cni ADD p1
	refused 100 'PF pf0' 'VF 3' 'max_tx_rate 1001' 'Invalid argument' 'driver igb '
}

@test "A12 a refusal takes back what comes without a MAC as well" {
	conf "$PF0V3" '"vlan": 100, "vlanQoS": 3, "spoofchk": "off", "trust": "on", "link_state": "enable"'
	cni ADD p1
	refused 100 'link_state enable'
}

@test "A12 a refusal leaves alone what the VF had before" {
	ip link set pf0 vf 3 vlan 77 qos 5
	later 'ip link set pf0 vf 3 vlan 0'
	ip link set pf0 vf 3 trust on
	later 'ip link set pf0 vf 3 trust off'
	snapshot
	conf "$PF0V3" '"mac": "02:00:5e:00:00:01", "vlan": 100, "trust": "off", "link_state": "enable"'
	cni ADD p1
	refused 100 'link_state enable'
	vf_has pf0 3 'vlan 77' 'qos 5' 'trust on'
}

# --- A14 ---

@test "A14 a PF that is down is refused, with the remedy" {
	pf0_down
	conf "$PF0V0" '"vlan": 100'
	cni ADD p1
	refused 101 'PF pf0 is down' 'ip link set pf0 up' pfLink raise ignore
	conf "$PF0V0" '"vlan": 100, "pfLink": "require"'
	cni ADD p1
	refused 101 'PF pf0 is down'
}

@test "A14 pfLink raise brings the PF up, and down again with the last attachment" {
	pf0_down
	pod p2
	conf "$PF0V0" '"pfLink": "raise", "vlan": 100, "max_tx_rate": 100' # igb takes rates when its link is there
	ADD p1
	link_has '' pf0 UP
	vf_has pf0 0 'vlan 100' 'max_tx_rate 100Mbps'
	conf "$PF0V1" '"pfLink": "raise"'
	ADD p2
	DEL p1
	link_has '' pf0 UP
	DEL p2
	link_has_not '' pf0 UP
}

@test "A14 an ADD that meets the end of the last attachment does not stay on a PF that is down" {
	pf0_down
	pod p2
	snapshot
	conf "$PF0V0" '"pfLink": "raise"'
	ADD p1
	conf "$PF0V1" '"vlan": 100'
	(
		# it has seen the PF up, and is not recorded yet
		under=(strace -o /dev/null -e trace=symlinkat -e inject=symlinkat:delay_exit=4000000)
		cni ADD p2
		printf '%s\n' "$status" "$out" >"$T/p2"
	) 3>&- &
	within 10 test -L /run/sriov-cni/@p2:net1
	DEL p1
	link_has_not '' pf0 UP
	wait $!
	has "$(<"$T/p2")" '"code": 11' 'PF pf0 went down with the last attachment that needed it'
	unchanged
}

@test "A14 pfLink raise leaves a PF up that was up before" {
	conf "$PF0V0" '"pfLink": "raise"'
	ADD p1
	DEL p1
	link_has '' pf0 UP
}

@test "A14 an ADD that fails after it raised the PF takes it down again" {
	pf0_down
	conf "$PF0V0" '"pfLink": "raise", "vlan": 100, "link_state": "enable"'
	cni ADD p1
	refused 100 'link_state enable'
	link_has_not '' pf0 UP
}

@test "A14 pfLink ignore attaches with the PF down, and what was set is there" {
	pf0_down
	conf "$PF0V0" '"pfLink": "ignore", "vlan": 100, "mac": "02:00:5e:00:00:01", "trust": "on"'
	ADD p1
	link_has_not '' pf0 UP
	vf_has pf0 0 'vlan 100' "mac $MAC" 'trust on'
	link_has p1 net1 "parentdev $PF0V0"
}

# --- A15 ---

# igb tells of every MAC, VLAN and trust it is given.
# What the PF was asked for; not what the VF tried by itself, such as VLAN 0 once the module 8021q is there.
kernel_says() {
	dmesg | grep -E "igb $PF0: .*(MAC|VLAN|trusted)" | grep -v 'VF 0 attempted' || true
}

@test "A15 a value that the VF has already is not set again" {
	admin_mac 0 $MAC
	reset_vf 0
	equal 'MAC on the host' "$(mac_of '' pf0v0)" $MAC
	ip link set pf0 vf 0 vlan 100 qos 3
	later 'ip link set pf0 vf 0 vlan 0'
	ip link set pf0 vf 0 trust on
	later 'ip link set pf0 vf 0 trust off'
	dmesg -C
	conf "$PF0V0" "\"mac\": \"$MAC\", \"vlan\": 100, \"vlanQoS\": 3, \"trust\": \"on\""
	ADD p1
	mac_everywhere $MAC
	DEL p1
	equal 'what the kernel was asked for' "$(kernel_says)" ''
}

@test "A15 only the value that differs is set" {
	ip link set pf0 vf 0 vlan 100 qos 3
	later 'ip link set pf0 vf 0 vlan 0'
	dmesg -C
	conf "$PF0V0" '"vlan": 100, "vlanQoS": 3, "trust": "on"'
	ADD p1
	has "$(kernel_says)" 'VF 0 is trusted' # so the witness does see
	has_not "$(kernel_says)" VLAN
}
