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

/*
 * Moves the RDMA device with this name from the socket's namespace to another.
 * Result: 1, 0 where there is no such device. Source: RDMA_NLDEV_CMD_GET, _SET.
 */
int rt_rdma_move(struct rt *rdma, const char *name, int netns_fd, struct err *e);

/* Whether the socket's namespace has an RDMA device with this name: 1 or 0. */
int rt_rdma_exists(struct rt *rdma, const char *name, struct err *e);
