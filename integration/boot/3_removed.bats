#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 3_removed.bats - after the second reboot: nothing is left of what was stored (G5)
#
# machine: --pfs 1
# seconds for each test: 20

load lib

@test "G5 what was removed is not done at the next boot" {
	within 60 test -e "$DEVICES/$A/net/enp1s0"
	equal 'number of VFs' "$(<"$DEVICES/$A/sriov_numvfs")" 0
	equal 'MTU' "$(link enp1s0 .mtu)" 1500
	equal 'units' "$(systemctl list-units --all --plain --no-legend 'sriovctl*')" ''
	equal 'failed' "$(systemctl list-units --failed --plain --no-legend)" ''
}
