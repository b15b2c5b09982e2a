# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# lib.bash - what the suites share: the world before and after, pods, calls as a runtime makes them, verdicts
#
# Theory of operation: setup() writes the world down: links, VF attributes, drivers, namespaces, leases, records. A test
# attaches what it likes to the pod p1, which is always there, and puts what it changes by hand into later(). teardown()
# gives back by DEL what is still attached, and compares. So every test also shows that DEL restores, and one that leaves
# a trace fails, whatever its subject was; then the NICs are made anew, and the next test finds a clean machine.
#
# The witnesses are iproute2, the kernel's files, and the tools a test names; never the plugin's own word.
#
# Under emulation a process costs 20 ms, gojq 30, and jq, which reads its library at each start, many times that: hence gojq,
# a world that is compared as text before it looks at it, and tables whose answers it gets all at once.

bats_require_minimum_version 1.7.0
# shellcheck source=integration/bats/verdicts.bash
. "${BASH_SOURCE[0]%/*}/verdicts.bash"
shopt -s extglob nullglob

# $status, $out and $err belong to the last call of cni(); $msg to the last refused().
# shellcheck disable=SC2034 # used by the tests
setup() {
	trace_tests_only
	T=$BATS_TEST_TMPDIR
	declare -gA attached=() # "POD IFNAME" -> the configuration it was attached with
	undo=() under=() kept=()
	version=1.0.0 conf='' status='' out='' err='' msg=''
	export IPAM_LOG=$T/ipam.log IPAM_SAYS=$T/ipam.says
	reference=$T/start
	# as the test before left it, which looked
	mv "$BATS_FILE_TMPDIR/world" "$T/start" 2>/dev/null || world >"$T/start"
}

teardown() {
	local i failed=''

	under=()
	for i in "${!attached[@]}"; do
		conf=${attached[$i]}
		# shellcheck disable=SC2086 # two words
		cni DEL $i
		((!status)) || failed+="DEL of what the test left attached: $out"$'\n'
	done
	for ((i = ${#undo[@]} - 1; i >= 0; i--)); do
		eval "${undo[i]}" || failed+="in teardown: ${undo[i]}"$'\n'
	done
	within 10 all_back || failed+='not all VFs are back on the host'$'\n'
	world >"$T/end"
	same_world "$T/start" "$T/end" || failed+='the world is not as it was before the test'$'\n'
	[[ ! -e /var/lib/cni/networks ]] || rm -r /var/lib/cni/networks
	if [[ $failed || ! $BATS_TEST_COMPLETED ]]; then
		[[ ! ${FIRST_FAILURE-} ]] || wait_for_end
		printf '%s\n' "$failed" 'the end of the kernel log:' "$(dmesg | tail -n 30)" >&2
	fi
	if [[ $failed ]]; then
		make_anew
		return 1
	fi
	mv "$T/end" "$BATS_FILE_TMPDIR/world"
}

# For integration/mutants, which ends all of it then.
wait_for_end() {
	printf '%s\n' "$BATS_TEST_DESCRIPTION" "$failed" >"$FIRST_FAILURE"
	sleep 600
}

# --- the world ---

# world - all that an operation could leave a trace in: the host's links in the first line, then those of each pod, then
# the rest
world() {
	local ns files=(/run/sriov-cni/!(*.lock) /var/lib/cni/!(networks)/* /var/lib/cni/networks/*/!(lock|last_reserved_ip.*)
		/run/k8s.cni.cncf.io/devinfo/*/*
		/var/lib/cni/networks/*/.[!.]*)

	# The locks stay; so does host-local's memory of where to go on.
	ip -d -j link show
	for ns in /run/netns/*; do
		ip -n "${ns##*/}" -d -j addr show 2>/dev/null || true # a test may put something else there
	done
	printf '%s\n' /run/netns/* /sys/bus/pci/drivers/*/????:* /sys/bus/pci/devices/*/virtfn*
	((!${#files[@]})) || ls -Agon "${files[@]}"
	grep -s '' "${files[@]}" /sys/bus/pci/devices/*/virtfn*/driver_override || true # a link of the index is read by ls
}

# What may differ: the kernel can give a link that comes back another index; a carrier comes and goes with the time a
# NIC takes, and with it the state and, the first time, the queueing discipline of a link that is up; what igbvf calls its
# permanent MAC is the one it heard from its PF at its last reset.
normal_world() {
	grep '^\[' "$1" | gojq 'sort_by(.ifname) | map(del(.ifindex, .operstate, .qdisc, .permaddr)
		| .flags -= ["LOWER_UP", "NO-CARRIER"]
		| if .addr_info then .addr_info |= map(del(.tentative)) else . end)'
	grep -v '^\[' "$1" | sort
}

# same_world FILE FILE - prints what differs
same_world() {
	[[ $(<"$1") != "$(<"$2")" ]] || return 0 # spares the slow way
	diff -U1 <(normal_world "$1") <(normal_world "$2") >&2
}

# snapshot - from now on the world is to be as it is here
snapshot() {
	reference=$T/reference
	world >"$reference"
}

# unchanged - the world is as it was at the last snapshot, or at the beginning
unchanged() {
	world >"$T/now"
	same_world "$reference" "$T/now" || fail 'the world is not as before'
}

# later COMMAND - takes back what the test did by hand, when it has ended
later() {
	undo+=("$1")
}

all_back() {
	local vfs=(/sys/class/net/pf[01]/device/virtfn*) links=(/sys/class/net/pf[01]/device/virtfn*/net/*)

	((${#vfs[@]} == ${#links[@]}))
}

# As integration/vm makes them.
make_vfs() {
	local pf=$1 vf n=0

	echo 7 >"/sys/class/net/$pf/device/sriov_numvfs"
	for vf in "/sys/class/net/$pf/device"/virtfn*; do
		vf=$(compgen -G "/sys/class/net/$pf/device/virtfn$n/net/*")
		# Linux 6.1 shows no MAC of a VF that was never up, and its own for ever after.
		printf 'link set %s\n' "${vf##*/} name ${pf}v$n" "${pf}v$n up" "${pf}v$n down"
		n=$((n + 1))
	done | ip -batch -
}

# rename_back PF - a test that failed can have left it another name
rename_back() {
	local address=${1^^} link

	link=$(compgen -G "/sys/bus/pci/devices/${!address}/net/*")
	[[ ${link##*/} == "$1" ]] || ip link set "${link##*/}" name "$1"
}

make_anew() {
	local pf link

	pkill -9 -f "$IPAM/" || true
	ip -all netns del || true
	rm -rf /run/netns/* /run/sriov-cni /var/lib/cni/*
	for link in /sys/class/net/*; do
		[[ -e $link/device || $link == */lo || ! -d $link ]] || ip link del "${link##*/}"
	done
	for pf in pf0 pf1; do
		rename_back "$pf"
		echo 0 >"/sys/class/net/$pf/device/sriov_numvfs"
		ip link set "$pf" mtu 1500 up
		make_vfs "$pf"
	done
	ip netns add p1
}

# --- pods ---

# pod NAME... - more of them than p1, gone after the test
pod() {
	local name

	for name; do
		ip netns add "$name"
		later "gone $name"
	done
}

gone() {
	[[ ! -e /run/netns/$1 ]] || ip netns del "$1"
}

in_pod() { # in_pod PID NAMESPACE - "net:[4026532000]"
	[[ $(readlink "/proc/$1/ns/net") == "$2" ]]
}

has_open() { # has_open PID PART OF A PATH
	[[ $(readlink "/proc/$1/fd"/*) == *"$2"* ]]
}

# link_has NAMESPACE LINK WORD... - as ip -d link show has them; NAMESPACE "": the host's
link_has() {
	local text part

	text=$(ip ${1:+-n "$1"} -d -o link show dev "$2") || return
	text=" ${text//[<>,\\]/ } "
	for part in "${@:3}"; do
		[[ $text == *" $part "* ]] || fail "${1:-host} $2 has no \"$part\": $text" || return
	done
}

link_has_not() {
	local text part

	text=$(ip ${1:+-n "$1"} -d -o link show dev "$2") || return
	text=" ${text//[<>,\\]/ } "
	for part in "${@:3}"; do
		[[ $text != *" $part "* ]] || fail "${1:-host} $2 has \"$part\": $text" || return
	done
}

no_link() { # no_link NAMESPACE LINK
	! ip ${1:+-n "$1"} link show dev "$2" >/dev/null 2>&1 || fail "${1:-host} has a link $2"
}

mac_of() { # mac_of NAMESPACE LINK
	ip ${1:+-n "$1"} -br link show dev "$2" | awk '{ print $3 }'
}

# vf_line PF VF - what ip tells of the VF, as ", mac ..., vlan 100, qos 3, trust on,"
vf_line() {
	ip link show dev "$1" | sed -nE "s|^ +vf $2 +link/ether ([^ ]+) .*brd [^,]+(.*)|, mac \1\2,|p"
}

# vf_has PF VF PART... - "mac 02:...", "vlan 100", "qos 3", "spoof checking on", "trust on", "max_tx_rate 100Mbps"
vf_has() {
	local line part

	line=$(vf_line "$1" "$2")
	for part in "${@:3}"; do
		[[ $line == *", $part,"* ]] || fail "VF $2 of $1 has no \"$part\": $line" || return
	done
}

vf_has_not() { # vf_has_not PF VF WORD... - at the start of a part
	local line part

	line=$(vf_line "$1" "$2")
	[[ $line ]] || fail "$1 tells of no VF $2" || return
	for part in "${@:3}"; do
		[[ $line != *", $part"* ]] || fail "VF $2 of $1 has \"$part\": $line" || return
	done
}

# reset_vf VF... - of pf0. igbvf does it when its interface is closed: it asks the PF for its MAC, and tells it the one it
# has where there is none. Until then a VF whose PF was reset, or whose MAC was removed there, is not in order.
reset_vf() {
	local n

	for n; do
		ip link set "pf0v$n" up
		ip link set "pf0v$n" down
	done
}

# admin_mac VF MAC - on pf0, until the test ends. Then the VF has its own again, and of its own will: igb forbids another
# to one whose MAC was set on the PF.
admin_mac() {
	ip link set pf0 vf "$1" mac "$2"
	later "ip link set pf0 vf $1 mac 00:00:00:00:00:00
		reset_vf $1
		ip link set pf0v$1 address $(mac_of '' "pf0v$1")"
}

# pf0_down - until the test ends; its VFs 0 and 1 are in order again then
pf0_down() {
	ip link set pf0 down
	later 'ip link set pf0 up; reset_vf 0 1'
	snapshot
}

addresses() { # addresses POD [IFNAME] - without those the kernel gives
	ip -n "$1" -o addr show dev "${2-net1}" scope global | awk '{ print $4 }' | sort | xargs
}

# --- calls ---

# conf VF [KEYS] - sets $conf
conf() {
	conf="{\"cniVersion\": \"$version\", \"name\": \"net\", \"type\": \"sriov\", \"deviceID\": \"$1\"${2:+, $2}}"
}

# pick KEYS - sets $conf, without a deviceID
pick() {
	conf="{\"cniVersion\": \"$version\", \"name\": \"net\", \"type\": \"sriov\", $1}"
}

BUILT_IN='"ipam": {"type": "ipam-shim", "subnet": "10.56.0.0/24", "routes": [{"dst": "0.0.0.0/0"}]}'
HOST_LOCAL='"ipam": {"type": "host-local", "subnet": "10.56.0.0/24", "routes": [{"dst": "0.0.0.0/0"}]}'

# ipam_says RESULT - what the IPAM plugin "says" answers to ADD
ipam_says() {
	printf '%s\n' "$1" >"$IPAM_SAYS"
}
SAYS='"ipam": {"type": "says"}'

# cni COMMAND POD [IFNAME] - calls the plugin with $conf as a runtime does. CNI_NETNS, CNI_ARGS and CNI_PATH may be given
# in front; ${under[@]} is what the plugin runs under.
cni() {
	status=0
	# the outer redirection is for bash's own word on a process that was killed
	{
		CNI_COMMAND=$1 CNI_CONTAINERID=$2 CNI_IFNAME=${3-net1} CNI_NETNS=${CNI_NETNS-/run/netns/$2} \
			CNI_ARGS=${CNI_ARGS-} CNI_PATH=${CNI_PATH-$CNI_BIN:$IPAM} \
			timeout -k 5 60 "${under[@]}" "$CNI_BIN/sriov" <<<"$conf" >"$T/out" 2>"$T/err" || status=$?
	} 2>/dev/null
	out=$(<"$T/out")
	err=$(<"$T/err")
	case $1$status in
	ADD0) attached["$2 ${3-net1}"]=$conf ;;
	DEL0) unset "attached[$2 ${3-net1}]" ;;
	esac
}

# ADD, DEL, CHECK: as cni, and it must succeed
ADD() {
	cni ADD "$@"
	((!status)) || fail "ADD ended with $status: $out" "$err"
}

DEL() {
	cni DEL "$@"
	((!status)) || fail "DEL ended with $status: $out" "$err" || return
	equal 'what DEL printed' "$out" ''
}

CHECK() {
	cni CHECK "$@"
	((!status)) || fail "CHECK ended with $status: $out" "$err" || return
	equal 'what CHECK printed' "$out" ''
}

# attach_and_refuse TEXT - an attachment of p1, and a DEL that succeeds though the driver refuses one of its requests, with
# EINVAL: the one of which DEL then logs TEXT
attach_and_refuse() {
	local n

	for ((n = 1; n <= 30; n++)); do
		ADD p1 || return
		under=(strace -qq -o /dev/null -e trace=sendto -e "inject=sendto:error=EINVAL:when=$n")
		cni DEL p1
		under=()
		if [[ $err == *"$1"* ]]; then
			((!status)) || fail "DEL ended with $status: $out"
			return
		fi
		DEL p1 || return
	done
	fail "no refused request made DEL log: $1"
}

# network PLUGIN... - a list of these, each as JSON, for cnitool
network() {
	local IFS=,

	export NETCONFPATH=$T/net.d CNI_PATH=$CNI_BIN CNI_IFNAME=net1
	mkdir -p "$NETCONFPATH"
	printf '{"cniVersion": "1.0.0", "name": "listed", "plugins": [%s]}' "$*" >"$NETCONFPATH/10-listed.conflist"
	[[ -x $CNITOOL ]] || fail "there is no $CNITOOL: integration/deps"
	later 'rm -rf /var/lib/cni/results /run/cni'
}

# no_link_local - in p1, until the test ends. The plugin vrf 1.1.1 fails when an interface that it puts back in order gets its
# link-local address at this very moment.
no_link_local() {
	ip netns exec p1 sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/addr_gen_mode'
	later 'ip netns exec p1 sh -c "echo 0 >/proc/sys/net/ipv6/conf/default/addr_gen_mode"'
}

# sriov [KEYS] - one of them, with pf0's first VF
sriov() {
	printf '{"type": "sriov", "deviceID": "%s"%s}' "$PF0V0" "${1:+, $1}"
}

# cnitool COMMAND [POD] - for that list; what it prints last is for result()
cnitool() {
	timeout 60 "$CNITOOL" "$1" listed "/run/netns/${2-p1}" >"$T/out" 2>"$T/err" ||
		fail "cnitool $1: $(<"$T/out")" "$(<"$T/err")"
}

# result FILTER [ARGUMENT...] - this jq filter is true of what was printed last
result() {
	gojq -e "${@:2}" "$1" "$T/out" >/dev/null || fail "not so: $1 (${*:2})" "$(<"$T/out")"
}

# error_messages CODE COUNT FILE - the messages in COUNT error objects of the specification with this code, if they are
# all that is in the file. CODE 0: with any, and of any version.
error_messages() {
	gojq -ers --argjson code "$1" --argjson count "$2" --arg version "$version" '
		if length == $count then .[] else error("\(length) values instead of \($count)") end
		| if keys - ["details"] == ["cniVersion", "code", "msg"] and (.details // "" | type) == "string"
				and if $code > 0 then .cniVersion == $version and .code == $code
					else (.cniVersion | type) == "string" and (.code | type == "number" and . > 0) end
			then .msg else error("not as it should be: \(tojson)") end
		| if type == "string" and test("^[^\n]+[^\n.]$") then . else error("no sentence: \(tojson)") end' "$3" ||
		fail "no error object with cniVersion $version and code $1: $(<"$3")"
}

# error_object CODE TEXT... - the last call was answered with one error object and nothing else, which has this code and a
# message with all of these texts. Sets $msg.
error_object() {
	((status == 1)) || fail "the exit status is $status: $out" "$err" || return
	msg=$(error_messages "$1" 1 "$T/out") || return
	has "$msg" "${@:2}"
}

# refused CODE TEXT... - the same, and nothing has changed
refused() {
	error_object "$@" && unchanged
}

# keep TEXT... - for tables: keeps the answer of the last call, and what its message has to say, for refused_each
keep() {
	((status == 1)) || fail "the exit status is $status with $conf: $out" "$err" || return
	[[ $out == '{'*'}' ]] || fail "not one object: $out" || return
	printf '%s\n' "$out" >>"$T/kept"
	kept+=("$(printf '%s\n' "$@")")
}

# refused_each CODE - as refused, for all answers that were kept
refused_each() {
	local i messages parts

	messages=$(error_messages "$1" ${#kept[@]} "$T/kept") || return
	mapfile -t messages <<<"$messages"
	for i in "${!kept[@]}"; do
		mapfile -t parts <<<"${kept[i]}"
		has "${messages[i]}" "${parts[@]}" || return
	done
	unchanged
}

# --- sriovctl ---

# ctl ARGUMENT... - calls sriovctl; ${under[@]} is what it runs under
ctl() {
	status=0
	timeout -k 5 60 "${under[@]}" "$SRIOVCTL" "$@" >"$T/out" 2>"$T/err" || status=$?
	out=$(<"$T/out")
	err=$(<"$T/err")
}

# CTL: the same, and it must succeed, without a warning
CTL() {
	ctl "$@"
	((!status)) || fail "sriovctl $* ended with $status: $out" "$err" || return
	equal "what sriovctl $* warned of" "$err" ''
}

# ctl_failed STATUS TEXT... - the last call ended so, with one line that says all of these
ctl_failed() {
	equal 'the exit status' "$status" "$1" || fail "$out" "$err" || return
	[[ $err == 'sriovctl: '* && $err != *$'\n'* && $err != *') ('*')' ]] || fail "no line as it should be: $err" || return
	has "$err" "${@:2}"
}

# ctl_refused STATUS TEXT... - the same, it printed nothing, and nothing has changed
ctl_refused() {
	ctl_failed "$@" && equal 'what it printed' "$out" '' && unchanged
}
