/* SPDX-License-Identifier: Apache-2.0 */
/* host_user.h - who uses each VF */
#pragma once

#include "host.h"

/* Fills link, use and user of all VFs of h. rt: a socket in the host's namespace. */
int host_find_users(int sys, struct rt *rt, struct host *h, struct err *e);
