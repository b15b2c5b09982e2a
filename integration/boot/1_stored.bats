#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 1_stored.bats - before the first reboot: VFs are made, and what there is is stored (G5)
#
# machine: --pfs 3
# seconds for each test: 20

load lib

@test "G5 what a PF has is stored, in the files that --dry-run shows" {
	# as it comes with many systems
	printf '[Match]\nType=ether\n[Network]\nDHCP=yes\n' >/etc/systemd/network/50-all.network
	systemctl enable NetworkManager systemd-networkd
	etc >/var/lib/etc-before
	modprobe -a vfio-pci igbvf
	within 30 test -e "$DEVICES/$A/net/enp1s0"
	ip link set enp1s0 up
	ctl vfs enp1s0 3
	ip link set enp1s0 mtu 2000
	ctl set enp1s0 0 mac=02:00:5e:00:00:01 vlan=100 qos=3 trust=on
	within 30 ip link set enp1s0 vf 1 max_tx_rate 100 # igb waits for the PF's link
	ctl set enp1s0 1 vlan=200 spoofchk=off
	vf=$(basename "$(readlink "$DEVICES/$A/virtfn2")")
	echo "$vf" >"$DEVICES/$vf/driver/unbind"
	echo vfio-pci >"$DEVICES/$vf/driver_override"
	echo "$vf" >/sys/bus/pci/drivers/vfio-pci/bind
	ctl persist enp1s0 --dry-run >"$T/plan"
	equal 'what has changed' "$(etc)" "$(</var/lib/etc-before)"
	ctl persist enp1s0
	mapfile -t files < <(sed -n 's|^==> \([^ ]*\) .*|\1|p' "$T/plan")
	has "${files[*]}" "/etc/sriovctl/$A.conf" /etc/systemd/system/multi-user.target.wants/
	for file in "${files[@]}"; do
		if [[ -L $file ]]; then printf '==> %s -> %s <==\n' "$file" "$(readlink "$file")"; else
			printf '==> %s <==\n' "$file"
			cat "$file"
			echo
		fi
	done >"$T/written"
	diff "$T/plan" "$T/written"
	diff <(etc | awk '{ print $1 }' | sort) <(awk '{ print $1 }' /var/lib/etc-before | cat - <(printf '%s\n' "${files[@]}" \
		/etc/sriovctl /etc/systemd/system/sriovctl-.device.d) | sort)
}

@test "G5 PFs are stored whose file will be damaged, and which will be gone" {
	ctl persist "$B" vfs=1 '0:vlan=7'
	echo 'vfs=many' >>"/etc/sriovctl/$B.conf"
	ctl persist "$C" vfs=2
	ctl persist --show --json >"$T/shown" || status=$?
	equal 'the exit status' "$status" 1
	equal 'what is stored' "$(gojq -c '[.stored[].pci]' "$T/shown")" "[\"$A\",\"$C\"]"
}
