/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - sriovctl, for the administrator of a host with SR-IOV NICs: the table of commands, from
 * which the usage is printed, and the command line
 */
#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cni.h"
#include "ctl.h"
#include "mem.h"
#include "out.h"
#include "program.h"
#include "sysfs.h"

#define BIT(o) (1u << (o))

static const struct {
	const char *name;
	const char *value; /* what follows it; NULL: nothing */
	const char *what;
} options[] = {
	[OPT_JSON] = {"json", NULL, "print JSON, for programs"},
	[OPT_DRY_RUN] = {"dry-run", NULL, "say what would be done, and change nothing"},
	[OPT_FORCE] = {"force", NULL, "also what is in use"},
	[OPT_PCI_DUMP] = {"pci-dump", "FILE",
			  "look at the output of lspci -xxxx of another machine"},
	[OPT_TABLE] = {"table", NULL, "one line for each VF"},
	[OPT_SHOW] = {"show", NULL, "print what is stored"},
	[OPT_REMOVE] = {"remove", NULL, "forget what is stored"},
	[OPT_APPLY] = {"apply", NULL, "do now what is stored, as at boot"},
	[OPT_INTERFACE] = {"interface", NULL, "an <interface>, which can set MAC and VLAN"},
	[OPT_MAC] = {"mac", "MAC", "the guest's MAC address"},
	[OPT_VLAN] = {"vlan", "VLAN", "the guest's VLAN, 1 to 4094"},
	[OPT_WATCH] = {"watch", NULL, "print anew each second"},
	[OPT_PROMETHEUS] = {"prometheus", NULL, "print in Prometheus's text format"},
	[OPT_PLUGIN] = {"plugin", "FILE", "the CNI plugin to call (/opt/cni/bin/sriov)"},
};
static_assert(ARRAY_SIZE(options) == CTL_OPTIONS, "a row for each option");

static const struct {
	const char *name, *operands, *what;
	unsigned options;
	int min, max; /* operands; max -1: any number */
	ctl_command *run;
} commands[] = {
	{"list", "", "PFs, their VFs, and who uses each",
	 BIT(OPT_JSON) | BIT(OPT_TABLE) | BIT(OPT_PCI_DUMP), 0, 0, cmd_list},
	{"show", "DEV", "all there is to say of a PF or a VF", BIT(OPT_JSON) | BIT(OPT_PCI_DUMP), 0,
	 1, cmd_show},
	{"stats", "[DEV]", "what PFs have counted of their VFs",
	 BIT(OPT_JSON) | BIT(OPT_WATCH) | BIT(OPT_PROMETHEUS), 0, 1, cmd_stats},
	{"vfs", "PF N", "give the PF N VFs; all that it has go first",
	 BIT(OPT_JSON) | BIT(OPT_DRY_RUN) | BIT(OPT_FORCE), 2, 2, cmd_vfs},
	{"set", "PF N|VF KEY=VALUE...",
	 "set mac, vlan, qos, proto, spoofchk, trust, link-state, min-tx-rate, max-tx-rate, "
	 "rss-query of a VF",
	 BIT(OPT_JSON) | BIT(OPT_DRY_RUN) | BIT(OPT_FORCE), 2, -1, cmd_set},
	{"bind", "VF DRIVER", "give a VF another driver, \"default\": the kernel's choice",
	 BIT(OPT_JSON) | BIT(OPT_DRY_RUN) | BIT(OPT_FORCE), 2, 2, cmd_bind},
	{"unbind", "VF", "take a VF from its driver",
	 BIT(OPT_JSON) | BIT(OPT_DRY_RUN) | BIT(OPT_FORCE), 1, 1, cmd_unbind},
	{"reset", "VF", "reset a VF; it keeps its settings, driver and interface name",
	 BIT(OPT_JSON) | BIT(OPT_DRY_RUN) | BIT(OPT_FORCE), 1, 1, cmd_reset},
	{"persist", "[PF [WORD...]]",
	 "what the PF has now, with the words laid over it, again at each boot",
	 BIT(OPT_SHOW) | BIT(OPT_JSON) | BIT(OPT_APPLY) | BIT(OPT_REMOVE) | BIT(OPT_DRY_RUN), 0, -1,
	 cmd_persist},
	{"vm-xml", "VF", "a VF in libvirt's words, for virsh attach-device or a guest's definition",
	 BIT(OPT_INTERFACE) | BIT(OPT_MAC) | BIT(OPT_VLAN) | BIT(OPT_FORCE), 1, 1, cmd_vm_xml},
	{"doctor", "[PF]", "what this host lacks for SR-IOV, and what to do", BIT(OPT_JSON), 0, 1,
	 cmd_doctor},
	{"attachments", "", "what the CNI plugin has on record of each container's VF",
	 BIT(OPT_JSON), 0, 0, cmd_attachments},
	{"release", "VF", "give back the VF of a container that is gone",
	 BIT(OPT_JSON) | BIT(OPT_DRY_RUN) | BIT(OPT_FORCE) | BIT(OPT_PLUGIN), 1, 1, cmd_release},
	{"gc", "", "give back what containers that are gone have left, of all networks",
	 BIT(OPT_DRY_RUN) | BIT(OPT_JSON) | BIT(OPT_PLUGIN), 0, 0, cmd_gc},
};

static void print_command(size_t c, FILE *to)
{
	(void)fprintf(to, "  sriovctl %s%s%s", commands[c].name, commands[c].operands[0] ? " " : "",
		      commands[c].operands);
	for (unsigned o = 0; o < CTL_OPTIONS; o++)
		if (commands[c].options & BIT(o))
			(void)fprintf(to, " [--%s%s%s]", options[o].name,
				      options[o].value ? " " : "",
				      options[o].value ? options[o].value : "");
	(void)fprintf(to, "\n      %s\n", commands[c].what);
}

/* only: the number of a command, or ARRAY_SIZE(commands) for all */
static void usage(size_t only, FILE *to)
{
	unsigned used = 0;

	(void)fputs("usage:\n", to);
	for (size_t c = 0; c < ARRAY_SIZE(commands); c++)
		if (only == c || only == ARRAY_SIZE(commands)) {
			print_command(c, to);
			used |= commands[c].options;
		}
	(void)fputs(used ? "options:\n" : "", to);
	for (unsigned o = 0; o < CTL_OPTIONS; o++)
		if (used & BIT(o))
			(void)fprintf(to, "  --%-12s %s\n", options[o].name, options[o].what);
	if (only == ARRAY_SIZE(commands))
		(void)fputs(
			"A VF is named by its PCI address, its interface, or its PF and number, as "
			"in eth0/3.\n"
			"Exit status: 0 done, 1 failed, 2 wrong usage, 3 in use, 4 no such device, "
			"5 doctor: something must be done; more in sriovctl(8).\n",
			to);
}

static int refuse(const char *why, const char *what)
{
	(void)fprintf(stderr, "sriovctl: %s%s; see: sriovctl --help\n", why, what);
	return CTL_USAGE;
}

/* The options of command c into ctl->opt. Result: the index of the first operand, or -1. */
static int parse_options(size_t c, int argc, char **argv, struct ctl *ctl)
{
	struct option known[CTL_OPTIONS + 2] = {{"help", no_argument, NULL, CTL_OPTIONS}};
	size_t n = 1;
	int o;

	for (int i = 0; i < CTL_OPTIONS; i++)
		if (commands[c].options & BIT(i))
			known[n++] = (struct option){
				options[i].name, options[i].value ? required_argument : no_argument,
				NULL, i};
	opterr = 0;
	while ((o = getopt_long(argc, argv, ":", known, NULL)) != -1) {
		if (o == CTL_OPTIONS) {
			usage(c, stdout);
			exit(CTL_OK);
		}
		if (o == ':' || o == '?') {
			(void)fprintf(stderr, "sriovctl: %s %s; see: sriovctl %s --help\n",
				      argv[optind - 1],
				      o == ':' ? "wants a value" : "is no option of this command",
				      commands[c].name);
			return -1;
		}
		ctl->opt[o] = optarg ? optarg : "";
	}
	return optind;
}

static int run(size_t c, struct ctl *ctl, struct err *e)
{
	_cleanup_fd_ int sys = sysfs_open(SYSFS_ROOT, e);

	if (sys < 0)
		return -1;
	ctl->sys = sys;
	return commands[c].run(ctl, e);
}

int main(int argc, char **argv)
{
	struct ctl ctl = {
		.color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
		.progress = isatty(STDERR_FILENO),
		.env = environ,
	};
	struct err e = {0};
	size_t c = 0;
	int first, status;

	program_take_signals();
	if (argc < 2) {
		usage(ARRAY_SIZE(commands), stderr);
		return CTL_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(ARRAY_SIZE(commands), stdout);
		return CTL_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		(void)puts("sriovctl " SRIOVCTL_VERSION);
		return CTL_OK;
	}
	while (c < ARRAY_SIZE(commands) && strcmp(argv[1], commands[c].name) != 0)
		c++;
	if (c == ARRAY_SIZE(commands))
		return refuse("there is no command ", argv[1]);

	first = parse_options(c, argc - 1, argv + 1, &ctl);
	if (first < 0)
		return CTL_USAGE;
	ctl.argc = argc - 1 - first;
	ctl.argv = argv + 1 + first;
	if (ctl.argc < commands[c].min)
		return refuse("too few operands for ", commands[c].name);
	if (commands[c].max >= 0 && ctl.argc > commands[c].max)
		return refuse("too many operands: ", ctl.argv[commands[c].max]);

	status = run(c, &ctl, &e);
	if (status >= 0 && (fflush(stdout) != 0 || ferror(stdout)))
		status = err_set(&e, CNI_EIO, errno, "cannot write the answer");
	if (status >= 0)
		return status;
	out_warn("%s", e.msg);
	return (int)ctl_exit_status(&e);
}
