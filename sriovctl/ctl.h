/* SPDX-License-Identifier: Apache-2.0 */
/* ctl.h - what every command of sriovctl is given, and what it answers */
#pragma once

#include <stdbool.h>

#include "err.h"

/* Exit statuses, as sriovctl(8) lists them. */
enum ctl_exit {
	CTL_OK = 0,
	CTL_FAILED = 1, /* the kernel, a driver or the file system refused */
	CTL_USAGE = 2,  /* the command line is wrong, or a value on it */
	CTL_BUSY = 3,   /* somebody uses the device, or another sriovctl is at work on it */
	CTL_DEVICE = 4, /* there is no such device, or it cannot do that */
	CTL_TODO = 5,   /* doctor: something must be done */
};

/* The options; main.c says how they are spelled, and each command which it knows. */
enum ctl_option {
	OPT_JSON,
	OPT_DRY_RUN,
	OPT_FORCE,
	OPT_PCI_DUMP,
	OPT_TABLE,
	OPT_SHOW,
	OPT_REMOVE,
	OPT_APPLY,
	OPT_INTERFACE,
	OPT_MAC,
	OPT_VLAN,
	OPT_WATCH,
	OPT_PROMETHEUS,
	OPT_PLUGIN,
	CTL_OPTIONS
};

struct ctl {
	const char *opt[CTL_OPTIONS]; /* the value; "" for one that takes none, NULL: not given */
	int argc;                     /* operands, without the command's name */
	char **argv;
	int sys;       /* sysfs_open() */
	bool color;    /* standard output is a terminal that shows colours */
	bool progress; /* standard error is a terminal: a wait may show how it goes there */
	char **env;    /* for programs that are started */
};

/*
 * A command. It prints its result on standard output, and warnings with out_warn(); its failure is
 * printed by main(). Result: an enum ctl_exit. Errors: -1; the error's code becomes the exit status
 * (ctl_exit_status()).
 */
typedef int ctl_command(const struct ctl *ctl, struct err *e);

ctl_command cmd_doctor;
ctl_command cmd_list;
ctl_command cmd_vfs;
ctl_command cmd_set;
ctl_command cmd_show;
ctl_command cmd_stats;
ctl_command cmd_bind;
ctl_command cmd_unbind;
ctl_command cmd_reset;
ctl_command cmd_persist;
ctl_command cmd_vm_xml;
ctl_command cmd_attachments;
ctl_command cmd_release;
ctl_command cmd_gc;

/* The exit status for an error's code. */
enum ctl_exit ctl_exit_status(const struct err *e);
