/* SPDX-License-Identifier: Apache-2.0 */
/* tcx.c - the BPF programs in front of and behind a netdev, of which netlink does not tell */
#include "tcx.h"

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mem.h"

/*
 * Debian 12 has the header of 6.1, which knows neither these nor target_ifindex; the values are the
 * kernel's ABI (BPF_TCX_INGRESS, BPF_TCX_EGRESS, Linux 6.6).
 */
#define TCX_INGRESS 46
#define TCX_EGRESS  47

bool tcx_is_attached(int ifindex)
{
	static const uint32_t types[] = {TCX_INGRESS, TCX_EGRESS};
	union bpf_attr attr;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		memset(&attr, 0, sizeof(attr));
		attr.query.target_fd = (uint32_t)ifindex; /* target_ifindex is the same place */
		attr.query.attach_type = types[i];
		/* without room for their ids it counts them only */
		if (!syscall(SYS_bpf, BPF_PROG_QUERY, &attr, sizeof(attr)) && attr.query.prog_cnt)
			return true;
	}
	return false;
}
