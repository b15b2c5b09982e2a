/* SPDX-License-Identifier: Apache-2.0 */
/* dump.h - list and show for a dump of lspci -xxxx instead of this host */
#pragma once

#include "ctl.h"

/* The commands when --pci-dump was given; as ctl_command. */
int dump_list(const struct ctl *ctl, struct err *e);
int dump_show(const struct ctl *ctl, struct err *e);
