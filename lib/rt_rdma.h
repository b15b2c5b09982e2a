/* SPDX-License-Identifier: Apache-2.0 */
/* rt_rdma.h - RDMA devices: which network namespace has one */
#pragma once

#include <stdbool.h>

#include "rt.h"

/*
 * A socket for RDMA devices, in the namespace netns_fd; own_fd: where to come back to. It is a
 * struct rt, and has its errors, but is good for the functions of this file alone.
 */
int rt_rdma_open_in(int own_fd, int netns_fd, struct rt **ret, struct err *e);

/*
 * Whether each RDMA device is in one namespace, as a netdev is ("rdma system set netns exclusive"),
 * and not seen from all of them. Result: 1 or 0. Source: RDMA_NLDEV_CMD_SYS_GET,
 * include/uapi/rdma/rdma_netlink.h (Linux 5.2).
 */
int rt_rdma_exclusive(struct rt *rdma, struct err *e);

/* An RDMA device's name, with its closing NUL: IB_DEVICE_NAME_MAX,
 * include/uapi/rdma/ib_user_verbs.h. */
#define RT_RDMA_NAME 64

/* A device: its name can be changed, its index stays with it, in whichever namespace. */
struct rt_rdma_search {
	const char *name; /* what it is called; NULL: it is looked for by its index */
	uint32_t index;
	bool found;             /* then the index is set, */
	char now[RT_RDMA_NAME]; /* and its name */
};

/* Looks for it in the socket's namespace. Result: 1 or 0, as s->found. Source: RDMA_NLDEV_CMD_GET.
 */
int rt_rdma_find(struct rt *rdma, struct rt_rdma_search *s, struct err *e);

/*
 * Moves a device of the socket's namespace to another one, or gives it another name. Errors:
 * CNI_EKERNEL. Source: RDMA_NLDEV_CMD_SET; Linux takes one of the two in a message.
 */
int rt_rdma_move(struct rt *rdma, uint32_t index, int netns_fd, struct err *e);
int rt_rdma_rename(struct rt *rdma, uint32_t index, const char *name, struct err *e);
