#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# guest.bash - libvirt's daemon in the virtual machine, and a guest of it there
#
# The guest is the kernel of the machine it runs in, a busybox, the driver of VFs, and a serial line on which it is told what to
# run. It is emulated by what is itself emulated: so its kernel is given unpacked, and what it need not do is left out.

DOMAIN=web # as domain.xml has it
GUEST_RUN=/run/guest
GUEST_FILES=$(cd "${BASH_SOURCE[0]%/*}" && pwd -P)
# shellcheck source=integration/initramfs.bash
. "$GUEST_FILES/../initramfs.bash"

# The daemon as a plain process: no service manager, no bus, no cgroups, no other daemon for the logs.
start_libvirt() {
	mkdir -p /etc/libvirt /var/log/libvirt/qemu
	# Debian 12 makes this user with a package that wants a service manager
	grep -q '^libvirt-qemu:' /etc/passwd || echo 'libvirt-qemu:x:64055:64055::/:/bin/false' >>/etc/passwd
	grep -q '^libvirt-qemu:' /etc/group || echo 'libvirt-qemu:x:64055:' >>/etc/group
	cat >/etc/libvirt/qemu.conf <<-END
		user = "root"
		group = "root"
		security_driver = "none"
		namespaces = []
		cgroup_controllers = []
		remember_owner = 0
		stdio_handler = "file"
	END
	setsid libvirtd </dev/null >/run/libvirtd.log 2>&1 3>&- &
	within 60 test -S /run/libvirt/libvirt-sock || fail "libvirtd does not start: $(</run/libvirtd.log)"
}

# stop_libvirt - and its guests, which outlive it otherwise
stop_libvirt() {
	virsh -q destroy $DOMAIN 2>/dev/null || true
	virsh -q undefine $DOMAIN || true
	pkill -x libvirtd
	rm -rf "$GUEST_RUN"
}

# unpacked COMMAND FILE OFFSET - whether what is packed there is an ELF file, which is the guest's kernel then
unpacked() {
	tail -c "+$(($3 + 1))" "$2" | $1 >"$GUEST_RUN/kernel" 2>/dev/null
	[[ $(head -c 4 "$GUEST_RUN/kernel") == $'\x7fELF' ]]
}

# unpacked_kernel - a magic number can be in other data as well
unpacked_kernel() {
	local image at

	image=$(compgen -G "$GUEST_FILES/../../build/vm/linux-*/boot/vmlinuz-$(uname -r)") || return
	while read -r at; do
		! unpacked 'zstd -dcq' "$image" "$at" || return 0
		! unpacked 'xz -dcq' "$image" "$at" || return 0
	done < <(LC_ALL=C grep -aobP '\x28\xb5\x2f\xfd|\xfd7zXZ\x00' "$image" | LC_ALL=C cut -d: -f1)
	fail "no kernel in $image"
}

# make_guest - one that is defined, and off
make_guest() {
	local dir=$GUEST_RUN/root

	mkdir -p "$dir"/{bin,dev,proc,sys}
	cp "$(type -P busybox)" "$dir/bin/busybox"
	install -m 755 "$GUEST_FILES/init" "$dir/init"
	modules_into "$dir" igbvf button evdev || return
	archive "$dir" >"$GUEST_RUN/initramfs"
	unpacked_kernel || return
	mkfifo "$GUEST_RUN"/line.{in,out}
	virsh -q define "$GUEST_FILES/domain.xml"
}

# heard SECONDS PATTERN - reads what the guest says up to a $line that matches; what came before is $said
heard() {
	local end=$((SECONDS + $1)) out

	said=''
	exec {out}<>"$GUEST_RUN/line.out" # so that there is no end of it, nor a wait for its beginning
	while ((SECONDS < end)) && IFS= read -r -t $((end - SECONDS)) -u "$out" line; do
		line=${line%$'\r'}
		# shellcheck disable=SC2053 # a pattern
		[[ $line != $2 ]] || {
			exec {out}>&-
			return 0
		}
		said+=$line$'\n'
	done
	exec {out}>&-
	fail "the guest has not said \"$2\" within $1 s, but: $said"
}

# in_guest COMMAND - runs a line in the guest, when it has started; what it prints is $said
in_guest() {
	[[ -e $GUEST_RUN/up ]] || { heard 2400 'the guest is up' && touch "$GUEST_RUN/up"; } || return
	printf '%s\n' "$1" 1<>"$GUEST_RUN/line.in" # does not wait for a reader
	heard 300 'the guest has done that: *' || return
	[[ $line == *': 0' ]] || fail "in the guest: $1" "$said" "$line"
}
