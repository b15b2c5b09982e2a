/* SPDX-License-Identifier: Apache-2.0 */
/* announce.h - the neighbours are told who has the pod's addresses now */
#pragma once

#include "attachment.h"

/*
 * Announces the addresses of a pod that ADD has attached and answered for, unless the configuration
 * says not to, or there are none. ADD does not wait for it: a child does the work, and this returns
 * at once. Then no file of this process is open any more, neither a's nor the standard ones. The
 * child returns as well, at most 10 s later, to end like its parent. Result: whether there is one;
 * false: nothing has changed.
 */
bool announce(struct attachment *a);
