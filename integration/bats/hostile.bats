#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# hostile.bats - input and a state folder that somebody prepared (L22): a clear refusal or a sensible success, in time, and
# nothing touched outside. What is merely wrong stands in errors.bats.
#
# seconds for each test: 4

load lib

STATE=/run/sriov-cni

# fresh - the state folder is ours and empty
fresh() {
	rm -rf $STATE
	mkdir -m 700 $STATE
	later "rm -rf $STATE"
}

# bait - a file that is nobody's business, on the file system of the state folder, so that it can have a hard link there
bait() {
	echo precious >/run/bait
	chmod 640 /run/bait
	touch -d @1000000000 /run/bait
	later 'rm -f /run/bait'
}

bait_untouched() {
	equal 'the bait' "$(stat -c '%a %U %s %Y' /run/bait) $(</run/bait)" '640 root 9 1000000000 precious' || return
	[[ ! -e /run/nothing ]] || fail 'a dangling link was followed'
}

# put KIND PATH - something is there that should not be
put() {
	rm -rf "$2"
	case $1 in
	link) ln -s /run/bait "$2" ;;
	dangling) ln -s /run/nothing "$2" ;;
	fifo) mkfifo "$2" ;;
	folder) mkdir "$2" ;;
	full-folder) mkdir "$2" && touch "$2/x" ;;
	hard) ln /run/bait "$2" ;;
	device) mknod "$2" c 1 7 ;; # /dev/full
	endless) mknod "$2" c 1 5 ;; # /dev/zero
	sparse) truncate -s 1G "$2" ;;
	socket) perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => shift, Listen => 1)' "$2" ;;
	text) echo "$2" >"$2" ;;
	esac
}

repeat() { # repeat COUNT CHARACTER
	head -c "$1" /dev/zero | tr '\0' "$2"
}

# in_time COMMAND POD - as cni, and it must not hang
in_time() {
	local start=$SECONDS

	cni "$@"
	((SECONDS - start < 15)) || fail "$1 took $((SECONDS - start)) s"
}

# --- the configuration ---

@test "L22 a configuration that is too deep to be remembered is refused" {
	local n deep
	for n in 1000 1500 2000 2040 2044 2046 2047 2048 100000; do
		deep=$(repeat $n '[')$(repeat $n ']')
		conf "$PF0V0" "\"ipam\": {\"type\": \"host-local\", \"subnet\": \"10.56.0.0/24\", \"x\": $deep}"
		in_time ADD p1
		if ((status)); then
			version=1.1.0
			error_object 6 'network configuration'
			version=1.0.0
		else
			DEL p1
			[[ ! $err ]] || fail "with $n levels DEL says: $err"
		fi
		unchanged
	done
	((status)) || fail 'a depth of 100000 was accepted'
}

@test "L22 a configuration of one mebibyte is attached, recorded and given back" {
	conf "$PF0V0" "\"vlan\": 100, $HOST_LOCAL, \"args\": {\"x\": \"$(repeat 1048000 x)\"}"
	ADD p1
	CHECK p1
	DEL p1
	unchanged
}

@test "L22 a path in place of a name leads nowhere" {
	local value
	version=1.1.0
	bait
	later 'rm -f /run/nothing'
	snapshot
	conf "$PF0V0" '"vlan": 100'
	for value in .. ../../run/nothing /run/nothing nothing/. $'nothing\n' 'nothing;x' '@x' 'a:b'; do
		for command in ADD DEL CHECK; do
			CNI_NETNS=/run/netns/p1 in_time $command "$value"
			keep CNI_CONTAINERID
		done
	done
	for value in ../nothing /run/nothing 'a/../b' ..; do
		for command in ADD DEL CHECK; do
			in_time $command p1 "$value"
			keep CNI_IFNAME
		done
	done
	refused_each 4
}

@test "L22 a path in place of a name in the configuration leads nowhere" {
	local value
	bait
	snapshot
	for value in ../../run/nothing /run/nothing .. . a/b; do
		conf "$PF0V0" "\"ipam\": {\"type\": \"$value\"}"
		in_time ADD p1
		keep ipam "$value"
		conf="{\"cniVersion\": \"1.0.0\", \"name\": \"$value\", \"type\": \"sriov\", \"deviceID\": \"$PF0V0\"}"
		in_time ADD p1
		keep '"name"' "$value"
		conf "../../../run/bait"
		in_time ADD p1
		keep '"deviceID"' ../../../run/bait
		conf "$PF0V0/../$PF0V1"
		in_time ADD p1
		keep '"deviceID"'
	done
	refused_each 7
	bait_untouched
}

@test "L22 a log file that is a link, a fifo or a folder is not used, and the work goes on" {
	local kind
	bait
	for kind in link dangling fifo folder; do
		put $kind /run/log.x
		conf "$PF0V0" '"logLevel": "debug", "logFile": "/run/log.x"'
		ADD p1
		has "$err" '/run/log.x' 'standard error'
		DEL p1
		bait_untouched
	done
	rm -rf /run/log.x
	unchanged
}

# --- the environment ---

@test "L22 values of 64 KiB, with newlines, that are no text: one object of one line" {
	local long newline=$'x\ny' bytes=$'\xff\xfe' name value
	long=$(repeat 65536 x)
	version=1.1.0
	conf "$PF0V0" '"vlan": 100'
	for name in CONTAINERID IFNAME NETNS ARGS; do
		for value in "$long" "$newline" "$bytes" "/run/netns/$long"; do
			[[ $name$value != ARGS/* ]] || continue
			status=0
			env CNI_COMMAND=ADD CNI_CONTAINERID=p1 CNI_IFNAME=net1 CNI_NETNS=/run/netns/p1 CNI_PATH="$CNI_BIN" \
				"CNI_$name=$value" timeout 20 "$CNI_BIN/sriov" <<<"$conf" >"$T/out" 2>"$T/err" || status=$?
			out=$(<"$T/out") err=$(<"$T/err")
			if [[ $name$value == NETNS$newline ]]; then
				error_object 3 'network namespace x y cannot be opened'
				continue
			fi
			keep "CNI_$name"
		done
	done
	refused_each 4
}

@test "L22 in CNI_ARGS and CNI_PATH 64 KiB are no harm" {
	local long
	long=$(repeat 65536 x)
	conf "$PF0V0" '"vlan": 100'
	CNI_ARGS="IgnoreUnknown=1;X=$long" CNI_PATH=/$long:$CNI_BIN ADD p1
	DEL p1
	conf "$PF0V0" "\"vlan\": 100, $HOST_LOCAL"
	CNI_PATH=/$long:$CNI_BIN ADD p1
	DEL p1
	conf "$PF0V0" '"ipam": {"type": "nobody"}'
	CNI_PATH=/$long:$CNI_BIN in_time ADD p1
	refused 103 nobody 'install it there'
}

@test "L22 an interface in the pod may have any name that the kernel allows" {
	local name
	conf "$PF0V0" '"vlan": 100'
	# shellcheck disable=SC1003 # a backslash it is
	for name in 'a"b\c' "'" '$(x)' '-rf' '*' é $'\x01' '{}'; do
		ADD p1 "$name"
		result '.interfaces[0].name == $name' --arg name "$name"
		CHECK p1 "$name"
		DEL p1 "$name"
	done
	unchanged
}

@test "L22 a VF whose names on the host cannot be written down is refused before anything changes" {
	conf "$PF0V0" '"vlan": 100'
	ip link set pf0v0 name $'v\xff0'
	later "ip link set $'v\xff0' name pf0v0"
	cni ADD p1
	error_object 101 "$PF0V0" UTF-8
	vf_has_not pf0 0 'vlan 100'
	ip link property add dev pf0v1 altname $'a\xff1'
	later "ip link property del dev pf0v1 altname $'a\xff1'"
	conf "$PF0V1" '"vlan": 100'
	cni ADD p1
	error_object 101 "$PF0V1" UTF-8
	vf_has_not pf0 1 'vlan 100'
}

@test "L22 a VF whose names on the host are odd gets them back" {
	# shellcheck disable=SC1003 # a backslash it is
	local name='a"b\c'
	ip link set pf0v0 name "$name"
	ip link property add dev "$name" altname "it's"
	later "ip link property del dev '$name' altname \"it's\"; ip link set '$name' name pf0v0"
	snapshot
	conf "$PF0V0" '"vlan": 100'
	ADD p1
	DEL p1
	unchanged
}

# --- the state folder ---

@test "L22 a state folder that is something else is refused by every command, and left as it is" {
	local kind command
	version=1.1.0
	bait
	rm -rf $STATE
	later "rm -rf $STATE"
	for kind in link dangling fifo device socket text; do
		put $kind $STATE
		for command in ADD DEL CHECK GC STATUS; do
			conf "$PF0V0" '"vlan": 100, "cni.dev/valid-attachments": []'
			in_time $command p1
			keep $STATE 'has to be a folder'
		done
	done
	rm -rf $STATE
	refused_each 104
	bait_untouched
}

@test "L22 a state folder that others can write to or own is refused, with what it should be" {
	local mode
	conf "$PF0V0" '"vlan": 100'
	fresh
	for mode in 770 707 720 702 750 705 777 1777 2770 4701; do
		chmod $mode $STATE
		in_time ADD p1
		keep $STATE "mode ${mode: -3}" 'mode 700'
	done
	chmod 700 $STATE
	chown nobody $STATE
	in_time ADD p1
	keep $STATE "user $(id -u nobody)" 'user 0'
	chown root:root $STATE
	chmod 00700 $STATE
	refused_each 104
	ADD p1
	DEL p1
}

@test "L22 whatever lies in place of a record, it is put aside and the VF can be used" {
	local kind
	conf "$PF0V0" '"vlan": 100'
	bait
	for kind in link dangling fifo folder full-folder hard device endless sparse socket text; do
		fresh
		put $kind "$STATE/$PF0V0.json"
		in_time ADD p1
		((!status)) || fail "$kind: $out"
		has "$err" "$PF0V0.json" "$PF0V0.damaged"
		[[ -e $STATE/$PF0V0.damaged || -L $STATE/$PF0V0.damaged ]] || fail "$kind was not kept"
		DEL p1
		bait_untouched
	done
	rm -rf $STATE
	unchanged
}

@test "L22 whatever lies in place of the record of an attachment, DEL brings the VF home" {
	local kind
	bait
	for kind in link fifo full-folder hard endless sparse; do
		fresh
		conf "$PF0V0"
		ADD p1
		put $kind "$STATE/$PF0V0.json"
		in_time DEL p1
		((!status)) || fail "$kind: $out"
		no_link p1 net1
		bait_untouched
		ip link set "$(ls "/sys/bus/pci/devices/$PF0V0/net")" name pf0v0
	done
	rm -rf $STATE
	unchanged
}

@test "L22 a record that cannot be put aside is named, with what is in the way" {
	conf "$PF0V0" '"vlan": 100'
	fresh
	put folder "$STATE/$PF0V0.json"
	put text "$STATE/$PF0V0.damaged"
	snapshot
	in_time ADD p1
	refused 104 "$STATE/$PF0V0.json" "$PF0V0.damaged" 'remove'
	put text "$STATE/$PF0V0.json"
	put full-folder "$STATE/$PF0V0.damaged"
	snapshot
	in_time ADD p1
	refused 104 "$STATE/$PF0V0.json" "$PF0V0.damaged" 'remove'
	rm -r "$STATE/$PF0V0.damaged"
	ADD p1
	DEL p1
}

@test "L22 what lies where a record is written first is replaced and not followed" {
	local kind
	conf "$PF0V0" '"vlan": 100'
	bait
	for kind in link dangling fifo folder hard device sparse socket text; do
		fresh
		put $kind "$STATE/$PF0V0.new"
		in_time ADD p1
		((!status)) || fail "$kind: $out"
		put $kind "$STATE/$PF0V0.new"
		DEL p1
		[[ ! -e $STATE/$PF0V0.new ]] || fail "$kind is left"
		bait_untouched
	done
	rm -rf $STATE
	unchanged
}

@test "L22 a folder where a record is written first is named by ADD, and does not stop DEL" {
	conf "$PF0V0" '"vlan": 100'
	fresh
	put full-folder "$STATE/$PF0V0.new"
	snapshot
	in_time ADD p1
	refused 104 "$STATE/$PF0V0.new" 'remove it'
	rm -r "$STATE/$PF0V0.new"
	snapshot
	ADD p1
	put full-folder "$STATE/$PF0V0.new"
	DEL p1
	has "$err" "$PF0V0.new"
	rm -r "$STATE/$PF0V0.new"
	unchanged
}

@test "L22 whatever lies in place of a lock is named and not written to" {
	local kind
	conf "$PF0V0" '"vlan": 100'
	bait
	fresh
	for kind in link dangling fifo folder full-folder hard device socket; do
		put $kind "$STATE/$PF0V0.lock"
		in_time ADD p1
		keep "$STATE/$PF0V0.lock" 'remove it'
		bait_untouched
	done
	rm -r "$STATE/$PF0V0.lock"
	refused_each 104
	ADD p1
	DEL p1
}

@test "L22 whatever lies in place of an entry of the index is named and not followed" {
	local kind
	conf "$PF0V0" '"vlan": 100'
	bait
	fresh
	for kind in link dangling fifo folder full-folder hard device text; do
		put $kind "$STATE/@p1:net1"
		in_time ADD p1
		keep "$STATE/@p1:net1" 'remove it'
		in_time DEL p1
		keep "$STATE/@p1:net1" 'remove it'
	done
	for target in ../../x "$PF0V0/../x" "$PF0V0-0" "./$PF0V0" /run/bait; do
		ln -sfT "$target" "$STATE/@p1:net1" 2>/dev/null || { rm -rf "$STATE/@p1:net1" && ln -s "$target" "$STATE/@p1:net1"; }
		in_time ADD p1
		keep "$STATE/@p1:net1" 'remove it'
		in_time DEL p1
		keep "$STATE/@p1:net1" 'remove it'
	done
	rm -r "$STATE/@p1:net1"
	refused_each 104
	bait_untouched
}

@test "L22 an entry of the index that points to another container's VF takes nothing from it" {
	conf "$PF0V0" '"vlan": 100'
	pod p2
	ADD p1
	snapshot
	ln -s "$PF0V0" "$STATE/@p2:net1"
	DEL p2
	unchanged
	link_has p1 net1 UP
	CHECK p1
}

@test "L22 what lies in place of a PF's mark is not followed" {
	bait
	pf0_down
	conf "$PF0V0" '"pfLink": "raise"'
	fresh
	for kind in link dangling hard device; do
		put $kind "$STATE/$PF0.raised"
		in_time ADD p1
		((status)) || DEL p1
		rm -f "$STATE/$PF0.raised"
		bait_untouched
	done
	rm -rf $STATE
	unchanged
}

@test "L22 GC tells of what it could not look at, and collects the rest" {
	version=1.1.0
	conf "$PF0V0" '"cni.dev/valid-attachments": []'
	fresh
	ADD p1
	ip netns del p1
	ip netns add p1
	within 10 all_back
	mkdir "$STATE/$PF0V1.json" "$STATE/$PF0V2.json" "$STATE/$PF0V2.lock"
	touch "$STATE/x.json" "$STATE/$PF0V3.json.json"
	in_time GC p1
	error_object 104 "$STATE/$PF0V2.lock" 'remove it'
	[[ ! -e $STATE/$PF0V0.json ]] || fail 'the dead attachment was not collected'
	[[ -d $STATE/$PF0V1.damaged ]] || fail 'the damaged record is still there'
	unset 'attached[p1 net1]'
	ip link set "$(ls "/sys/bus/pci/devices/$PF0V0/net")" name pf0v0
}

# --- no space ---

# small OPTIONS - the state folder is a file system of its own
small() {
	[[ -d $STATE ]] || mkdir -m 700 $STATE
	mount -t tmpfs -o "mode=700,$1" none $STATE
	later "umount $STATE"
}

unmount_state() {
	umount $STATE
	undo=("${undo[@]:0:${#undo[@]}-1}")
}

# until_it_fits OPTION VALUE... - with each value ADD is refused and changes nothing, until it succeeds and DEL as well
until_it_fits() {
	local option=$1 n seen=''

	for n in "${@:2}"; do
		small "$option=$n"
		snapshot
		in_time ADD p1
		if ((!status)); then
			DEL p1
			unmount_state
			break
		fi
		[[ $out == *"No space left on device"* && $out == *"$STATE"* ]] || fail "$option=$n: $out"
		seen+=$(sed -nE 's/.*"msg": "(cannot [a-zA-Z ]*[a-z]).*/\1; /p' "$T/out")
		unchanged || fail "$option=$n: $out"
		unmount_state
	done
	((!status)) || fail "it never fits: $out"
	has "$seen" 'record the VF as found' 'record the attachment'
}

@test "L22 with too few inodes for its state ADD takes everything back, whichever file is the one too many" {
	conf "$PF0V0" "\"vlan\": 100, $HOST_LOCAL"
	until_it_fits nr_inodes 2 3 4 5 6
}

@test "L22 with too little space for its state ADD takes everything back, at the last write as at the first" {
	conf "$PF0V0" "\"vlan\": 100, $HOST_LOCAL, \"args\": {\"x\": \"$(repeat 4000 x)\"}"
	until_it_fits size 4k 8k 12k 16k 20k 24k 28k
}

@test "L22 a state folder that is full by now does not keep DEL from giving back" {
	small size=64k,nr_inodes=20
	snapshot
	conf "$PF0V0" "\"vlan\": 100, $HOST_LOCAL"
	ADD p1
	dd if=/dev/zero of=$STATE/filler bs=4k status=none 2>/dev/null || true
	in_time DEL p1
	((!status)) || fail "DEL: $out"
	has "$err" 'No space left on device'
	rm $STATE/filler
	unchanged
}
