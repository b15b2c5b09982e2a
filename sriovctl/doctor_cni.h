/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_cni.h - where CNI plugins are */
#pragma once

#include "doctor.h"

/* The folder, below the root, that has a plugin of this name; NULL: none. */
const char *doctor_plugin_folder(const struct doctor *d, const char *name);
