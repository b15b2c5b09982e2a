/* SPDX-License-Identifier: Apache-2.0 */
/* list.h - PFs and VFs as JSON, for those commands that answer with one */
#pragma once

#include "host.h"

/* A VF, and a PF with its VFs, as sriovctl list --json has them. Owned by the caller. */
json_t *list_vf_json(const struct host_vf *vf);
json_t *list_pf_json(const struct host_pf *pf);
