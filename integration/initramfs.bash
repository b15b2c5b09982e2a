# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# initramfs.bash - what the virtual machine, and the guest inside of it, begin with

# modules_into FOLDER OPTION... MODULE... - these and those they need, as NUMBER.NAME.ko in the order of loading; uncompressed here,
# because it takes long in there. The options are modprobe's, and say of which kernel.
modules_into() {
	local dir=$1 module name n=100

	shift
	mkdir -p "$dir"
	modprobe -a --show-depends "$@" | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
		while read -r module; do
			n=$((n + 1))
			name=${module##*/}
			name=${name%%.*}
			case $module in
			*.xz) xz -dc "$module" ;;
			*.zst) zstd -qdc "$module" ;;
			*) cat "$module" ;;
			esac >"$dir/$n.${name//-/_}.ko"
		done
}

# archive FOLDER - as the kernel unpacks it
archive() {
	(cd "$1" && find . | cpio -o -H newc --quiet -R 0:0)
}
