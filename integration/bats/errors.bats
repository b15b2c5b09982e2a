#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# errors.bats - input that is no good: one error object, the specification's code, a remedy, and the world as before (L17).
# What is wrong with a device stands in attach.bats, with an attribute in attributes.bats, with IPAM in ipam.bats.

load lib

# --- what comes on standard input ---

@test "L17 a configuration that is not JSON is refused with the place of the mistake" {
	version=1.1.0 # the newest: no other is known
	for conf in '' ' ' 'vlan=100' '{' '{"cniVersion": "1.0.0",}' '{"cniVersion": "1.0.0"} trailing' $'{"name": "\xff\xfe"}' \
		"{'name': 'net'}" 'null' '"net"' '100' '[]' '[{"cniVersion": "1.0.0"}]'; do
		cni ADD p1
		keep 'network configuration'
	done
	conf=$(printf '[%.0s' {1..20000})
	cni ADD p1
	keep 'network configuration'
	refused_each 6
}

@test "L17 a mistake in the JSON is shown with line and column" {
	version=1.1.0
	conf=$'{"cniVersion": "1.0.0",\n "name": "net"\n "type": "sriov"}'
	cni ADD p1
	refused 6 'line 3' 'column'
}

@test "L17 a key that is there twice is refused by its name" {
	version=1.1.0
	conf "$PF0V0" '"vlan": 100, "vlan": 200'
	cni ADD p1
	refused 6 vlan
}

@test "L17 a configuration that never ends is refused" {
	version=1.1.0
	yes '                ' | tr -d '\n' | head -c 3000000 >"$T/long"
	status=0
	CNI_COMMAND=ADD CNI_CONTAINERID=p1 CNI_IFNAME=net1 CNI_NETNS=/run/netns/p1 CNI_PATH=$CNI_BIN \
		timeout 60 "$CNI_BIN/sriov" <"$T/long" >"$T/out" 2>"$T/err" || status=$?
	out=$(<"$T/out")
	refused 6 'larger than 1048576 bytes'
}

@test "L17 a configuration of the wrong shape is refused by key, with what is expected" {
	local value text
	while read -r key value text; do
		conf "$PF0V0" "\"$key\": $value"
		cni ADD p1
		keep "\"$key\"" "$value" "$text"
	done <<-END
		vlan {} whole number
		vlan [100] whole number
		vlan true whole number
		mac 2 MAC address
		trust {} one of
		mtu "1400" whole number
		ipam "host-local" an object
		ipam [] an object
		dns [] an object
		runtimeConfig [] an object
		prevResult "none" an object
		logFile 1 a string
		strict 1 true or false
		ipamTimeout 0 whole number
	END
	refused_each 7
}

@test "L17 members of the wrong shape inside are refused by their place" {
	while read -r keys; do
		conf "$PF0V0" "$keys"
		cni ADD p1
		# shellcheck disable=SC2086 # two words
		keep $(sed -E 's/^"(\w+)": \{"(\w+)".*/\1 "\2"/' <<<"$keys")
	done <<-END
		"ipam": {"type": 1}
		"runtimeConfig": {"mac": 1}
		"runtimeConfig": {"deviceID": 1}
	END
	conf "$PF0V0" '"ipam": {"subnet": "10.56.0.0/24"}'
	cni ADD p1
	keep ipam '"type" is missing'
	refused_each 7
}

@test "L17 a configuration without a name or a type, or with one that cannot be, is refused" {
	local device="\"deviceID\": \"$PF0V0\""
	while read -r text keys; do
		conf="{\"cniVersion\": \"1.0.0\", $device$keys}"
		cni ADD p1
		keep "\"$text\""
	done <<-END
		name , "type": "sriov"
		name , "name": "", "type": "sriov"
		name , "name": "../net", "type": "sriov"
		name , "name": "..", "type": "sriov"
		type , "name": "net"
		type , "name": "net", "type": ""
	END
	refused_each 7
}

# --- what comes in the environment ---

# environment NAME=VALUE... - calls with this environment and nothing else
environment() {
	status=0
	env -i "$@" timeout 60 "$CNI_BIN/sriov" <<<"$conf" >"$T/out" 2>"$T/err" || status=$?
	out=$(<"$T/out")
	err=$(<"$T/err")
}

@test "L17 a variable of the environment that is missing or empty is named" {
	version=1.1.0 # the environment is looked at before the configuration
	conf "$PF0V0"
	local all=(CNI_COMMAND=ADD CNI_CONTAINERID=p1 CNI_NETNS=/run/netns/p1 CNI_IFNAME=net1 "CNI_PATH=$CNI_BIN")
	for n in 0 1 2 3; do
		local some=("${all[@]}")
		unset "some[$n]"
		environment "${some[@]}"
		keep "${all[n]%%=*}"
		environment "${some[@]}" "${all[n]%%=*}="
		keep "${all[n]%%=*}"
	done
	refused_each 4
}

@test "L17 DEL and CHECK need their variables as well" {
	version=1.1.0
	conf "$PF0V0"
	environment CNI_COMMAND=DEL CNI_IFNAME=net1 CNI_NETNS=/run/netns/p1
	keep CNI_CONTAINERID
	environment CNI_COMMAND=DEL CNI_CONTAINERID=p1 CNI_NETNS=/run/netns/p1
	keep CNI_IFNAME
	environment CNI_COMMAND=CHECK CNI_CONTAINERID=p1 CNI_IFNAME=net1
	keep CNI_NETNS
	refused_each 4
}

@test "L17 a variable of the environment that is malformed is named, with what it holds" {
	version=1.1.0
	conf "$PF0V0"
	local value
	for value in add ADDITION 'ADD '; do
		CNI_NETNS=/run/netns/p1 cni "$value" p1
		keep CNI_COMMAND "$value"
	done
	for value in ../p1 -p1 'p 1' p/1 "$(printf 'x%.0s' {1..300})" $'p\n1'; do
		CNI_NETNS=/run/netns/p1 cni ADD "$value"
		keep CNI_CONTAINERID
	done
	for value in . .. a/b 'a b' eth0:1 sixteen-letters- $'a\tb'; do
		cni ADD p1 "$value"
		keep CNI_IFNAME
	done
	for value in MAC 'MAC=02:00:5e:00:00:01;x' 'IgnoreUnknown'; do
		CNI_ARGS=$value cni ADD p1
		keep CNI_ARGS
	done
	refused_each 4
}

@test "L17 a namespace that is none is refused" {
	conf "$PF0V0"
	touch "$T/file"
	mkfifo "$T/fifo"
	for path in /run/netns/nobody "$T/file" "$T" "$T/fifo" "$T/file/net" /proc/self/ns/mnt; do
		CNI_NETNS=$path cni ADD p1
		keep "$path"
	done
	refused_each 3
}

@test "L17 the host's own namespace is refused" {
	conf "$PF0V0"
	CNI_NETNS=/proc/1/ns/net cni ADD p1
	refused 4 /proc/1/ns/net "host's own"
}

# --- what is found there ---

@test "L17 an interface of this name in the pod is not touched" {
	ip -n p1 link add net1 type dummy
	later 'ip -n p1 link del net1'
	snapshot
	conf "$PF0V0" '"vlan": 100'
	cni ADD p1
	refused 4 'interface net1 already' CNI_IFNAME
}

@test "L17 an alternative name in the pod counts as taken" {
	ip -n p1 link add eth0 type dummy
	later 'ip -n p1 link del eth0'
	ip -n p1 link property add dev eth0 altname net1
	snapshot
	conf "$PF0V0" '"vlan": 100'
	cni ADD p1
	refused 4 'interface net1 already'
}

@test "L17 a name that the kernel would make another of is not taken" {
	conf "$PF0V0" '"vlan": 100'
	cni ADD p1 'net%d' # to the kernel: the first that is free
	version=1.1.0
	refused 4 CNI_IFNAME
}

@test "L17 a VF that another container has is refused with its owner's name" {
	conf "$PF0V0"
	ADD p1
	pod p2
	snapshot
	cni ADD p2
	refused 11 "$PF0V0" 'held by container p1, interface net1, network net'
}

@test "L17 a second ADD of the same interface is refused, and the first stays" {
	conf "$PF0V0" '"vlan": 100'
	ADD p1
	snapshot
	conf "$PF0V1" '"vlan": 200'
	cni ADD p1
	((status)) || fail 'ADD succeeded'
	unchanged
	link_has p1 net1 "parentdev $PF0V0" UP
}

@test "L17 a state folder that is no folder, a link, or open to others is refused" {
	conf "$PF0V0" '"vlan": 100'
	rm -rf /run/sriov-cni
	later 'rm -rf /run/sriov-cni'
	: >/run/sriov-cni
	cni ADD p1
	keep /run/sriov-cni
	rm /run/sriov-cni
	mkdir "$T/elsewhere"
	ln -s "$T/elsewhere" /run/sriov-cni
	cni ADD p1
	keep /run/sriov-cni link
	rm /run/sriov-cni
	mkdir -m 777 /run/sriov-cni
	cni ADD p1
	keep /run/sriov-cni 'mode 777' 'mode 700'
	refused_each 104
}

@test "L17 without the right to change links the kernel's refusal is explained, and nothing changes" {
	conf "$PF0V0" '"vlan": 100'
	under=(setpriv --bounding-set -net_admin)
	cni ADD p1
	refused 100 'Operation not permitted' CAP_NET_ADMIN
	under=(setpriv --bounding-set -sys_admin)
	cni ADD p1
	refused 100 'network namespace' CAP_SYS_ADMIN
}

@test "L17 with its standard output closed ADD says so by its status, and nothing changes" {
	conf "$PF0V0" '"vlan": 100'
	status=0
	CNI_COMMAND=ADD CNI_CONTAINERID=p1 CNI_IFNAME=net1 CNI_NETNS=/run/netns/p1 CNI_PATH=$CNI_BIN \
		timeout 60 "$CNI_BIN/sriov" <<<"$conf" >&- 2>"$T/err" || status=$?
	((status == 1)) || fail "the exit status is $status: $(<"$T/err")"
	unchanged
}

@test "L17 with its standard input closed it is told that there is no configuration" {
	version=1.1.0
	status=0
	CNI_COMMAND=ADD CNI_CONTAINERID=p1 CNI_IFNAME=net1 CNI_NETNS=/run/netns/p1 CNI_PATH=$CNI_BIN \
		timeout 60 "$CNI_BIN/sriov" <&- >"$T/out" 2>"$T/err" || status=$?
	out=$(<"$T/out")
	refused 6 'network configuration'
}
