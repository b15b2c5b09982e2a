/* SPDX-License-Identifier: Apache-2.0 */
/* bootconf.h - where this host keeps the kernel's command line, and how it is changed there */
#pragma once

#include "bootline.h"
#include "doctor.h"

/*
 * Adds to f how the kernel's line is changed for the next boot: the file and the line as it has to
 * be, built from the one that is there, or the command that does it; then what brings it to the
 * boot loader, and the reboot.
 */
void bootconf_remedy(const struct doctor *d, const struct bootline_change *c,
		     struct doctor_finding *f);
