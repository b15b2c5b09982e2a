/* SPDX-License-Identifier: Apache-2.0 */
/* host_netns.h - in which network namespace a VF's netdev is */
#pragma once

#include "host.h"

/*
 * Looks into all namespaces that have a name, or a process, for the netdevs of those VFs of h for
 * which is_away() holds; found() is called for each that is found, with vf->netns and
 * vf->netns_path filled.
 */
void host_search_namespaces(struct host *h, bool (*is_away)(const struct host_vf *vf),
			    void (*found)(struct host_vf *vf, void *arg), void *arg);
