#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 2_restored.bats - after the first reboot: all is there again before network managers start, and they leave VFs alone (G5, L14)
#
# machine: --pfs 2
# seconds for each test: 12

load lib

# restored - the PF and its VFs are as they were stored
restored() {
	equal 'MTU' "$(link enp1s0 .mtu)" 2000 || return
	equal 'number of VFs' "$(<"$DEVICES/$A/sriov_numvfs")" 3 || return
	equal 'autoprobe' "$(<"$DEVICES/$A/sriov_drivers_autoprobe")" 1 || return
	equal 'VF 0 and 1' "$(link enp1s0 '[.vfinfo_list[:2][] | {mac: .address, v: .vlan_list[0].vlan, q: .vlan_list[0].qos,
		s: .spoofchk, t: .trust, r: .rate.max_tx}] | .[1].mac = "its own"')" '[{"mac":"02:00:5e:00:00:01","q":3,"r":0,"s":true,"t":true,"v":100},{"mac":"its own","q":null,"r":100,"s":false,"t":false,"v":200}]' || return
	equal 'drivers' "$(driver "$A" 0) $(driver "$A" 1) $(driver "$A" 2)" 'igbvf igbvf vfio-pci' || return
	equal 'the MAC of VF 0' "$(link "$(vf_link "$A" 0)" .address)" '"02:00:5e:00:00:01"'
}

@test "G5 after a reboot a PF has all it had, before network managers start" {
	restored
	equal 'the PF is up' "$(link enp1s0 '.flags | contains(["UP"])')" true
	ended=$(unit ExecMainExitTimestampMonotonic "sriovctl-persist@$A.service")
	((ended > 0))
	for manager in NetworkManager systemd-networkd; do
		equal "$manager" "$(unit ActiveState $manager)" active
		started=$(unit ExecMainStartTimestampMonotonic $manager)
		((started > ended)) || fail "$manager started at $started us, and sriovctl ended at $ended us"
	done
	has "$(journalctl -b -o cat -u "sriovctl-persist@$A")" 'enp1s0 VF 0: driver=igbvf,mac=02:00:5e:00:00:01,vlan=100,qos=3' \
		"enp1s0 ($A): 3 VFs, MTU 2000, up"
}

@test "G5 a PF that is gone, or whose file is damaged, is told, and does not keep the others" {
	equal 'those that failed' "$(systemctl list-units --failed --plain --no-legend 'sriovctl*' | awk '{ print $1 }' | sort | xargs)" \
		"sriovctl-persist@$B.service sriovctl-persist@$C.service"
	equal 'the exit status of the damaged one' "$(unit ExecMainStatus "sriovctl-persist@$B")" 1
	has "$(journalctl -b -o cat -u "sriovctl-persist@$B")" "/etc/sriovctl/$B.conf: vfs is given twice" "sriovctl persist $B"
	equal 'the exit status of the one that is gone' "$(unit ExecMainStatus "sriovctl-persist@$C")" 4
	has "$(journalctl -b -o cat -u "sriovctl-persist@$C")" "$C is neither a NIC with SR-IOV"
	equal 'the VFs of the damaged one' "$(<"$DEVICES/$B/sriov_numvfs")" 0
}

@test "G5 network managers leave VFs alone, also one that comes back from a namespace; others they take" {
	ip netns add p1
	ip link set enp1s0v1 netns p1
	ip -n p1 link set enp1s0v1 name net1 up
	ip netns exec p1 ip link set net1 down netns 1 # "add", with the pod's name
	within 10 ip link show dev net1
	ip link set net1 name again # "move"; udev has made its former name an alternative one
	# a VF of another PF, which came later, shows that they have had their time
	ctl persist --remove "$B"
	udevadm control --reload # it looks no sooner than 3 s after it has looked
	ctl vfs "$B" 1
	within 60 managed enp2s0v0
	left_alone again
	left_alone enp1s0v0
	ctl vfs "$B" 0 --force # they brought it up
}

@test "G5 a driver that is loaded anew has its VFs again" {
	rmmod igbvf igb
	modprobe igb
	within 60 restored 2>/dev/null || restored
	within 20 left_alone enp1s0v0 2>/dev/null || left_alone enp1s0v0
	within 20 test -e /sys/class/net/enp1s0v1
	# and what is there is not touched
	ifindex=$(link enp1s0v0 .ifindex)
	ip link set enp1s0v1 up
	ctl set enp1s0 1 vlan=7 --force
	ctl persist --apply "$A" 2>"$T/err"
	has "$(<"$T/err")" 'left as it is: VF 0000:01:10.2 is in use'
	equal 'the index of VF 0' "$(link enp1s0v0 .ifindex)" "$ifindex"
	equal 'the VLAN of VF 1' "$(link enp1s0 '.vfinfo_list[1].vlan_list[0].vlan')" 7
}

@test "L14 the timer's unit gives back what a container that is gone has left" {
	vf=0000:01:10.0
	install -D build/sriov /opt/cni/bin/sriov
	sed "s|@SBINDIR@|$PWD/build/sriovctl|; s|@CNIBINDIR@|/opt/cni/bin|" systemd/sriovctl-gc.service.in \
		>/run/systemd/system/sriovctl-gc.service
	cp systemd/sriovctl-gc.timer /run/systemd/system
	systemctl daemon-reload
	ip netns add p2
	CNI_COMMAND=ADD CNI_CONTAINERID=p2 CNI_IFNAME=net1 CNI_NETNS=/run/netns/p2 CNI_PATH=/opt/cni/bin \
		/opt/cni/bin/sriov <<<"{\"cniVersion\": \"1.0.0\", \"name\": \"net\", \"type\": \"sriov\", \"deviceID\": \"$vf\", \"vlan\": 9}"
	ip -n p2 link show dev net1
	ip netns del p2
	equal 'the VLAN of VF 0' "$(link enp1s0 '.vfinfo_list[0].vlan_list[0].vlan')" 9

	systemctl start sriovctl-gc.service
	equal 'what came of it' "$(unit Result sriovctl-gc)" success
	journalctl --sync
	has "$(journalctl -b -o cat -u sriovctl-gc)" "VF $vf of container p2, interface net1, network net" ': given back'
	equal 'the VLAN of VF 0' "$(link enp1s0 '.vfinfo_list[0].vlan_list[0].vlan')" 100
	[[ ! -e /run/sriov-cni/$vf.json ]] || fail 'its record is there'
	within 20 left_alone "$(vf_link "$A" 0)"
	systemctl start sriovctl-gc.timer
	has "$(unit TimersMonotonic sriovctl-gc.timer)" OnActiveUSec=5min OnUnitInactiveUSec=15min
}

@test "G5 what is removed leaves nothing behind" {
	ctl persist --remove enp1s0
	ctl persist --remove "$C"
	diff /var/lib/etc-before <(etc)
	systemctl disable NetworkManager systemd-networkd
	run -4 ctl persist --remove "$C"
	equal 'what it says' "$output" "sriovctl: nothing is stored for $C; sriovctl persist --show tells for which PFs"
}
