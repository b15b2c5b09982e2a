/* SPDX-License-Identifier: Apache-2.0 */
/* tcx.h - the BPF programs in front of and behind a netdev, of which netlink does not tell */
#pragma once

#include <stdbool.h>

/*
 * Whether the link of the caller's namespace with this index has a tcx program, by whomever. Two
 * system calls. Whatever the kernel refuses means none: before 6.6 it does not know tcx, or it is
 * built without BPF, and nobody has a program; or the caller is without CAP_NET_ADMIN.
 */
bool tcx_is_attached(int ifindex);
