/* SPDX-License-Identifier: Apache-2.0 */
/*
 * persist_files.c - the files by which a PF has at boot what is stored for it
 *
 * Theory of operation: udev gives the PF's interface a second name in systemd, which does not
 * depend on how it is called or when it comes: sriovctl-<address>.device. A service that waits for
 * this device runs "sriovctl persist --apply", in front of network-pre.target, behind which all
 * network managers start. It is part of every boot, so that they wait; and udev asks for it
 * whenever the interface appears, so that a driver that is loaded anew has its VFs again; before
 * that, it loads the modules of the VFs' drivers, which may have been taken out with the PF's. It
 * does not remain "active" when it has ended, or it could not be started a second time.
 *
 * udev also marks the interfaces of the PF's VFs, at every event that is not their end: a VF that
 * comes back from a container appears by "add", and gets its name by "move". NetworkManager knows
 * the one mark by itself; for networkd the other is matched by a .network file, which is read
 * before all others.
 */
#include "persist_files.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNITS "etc/systemd/system"

static const char rules[] = PERSIST_MARK
	" for %s; sriovctl persist --remove %s takes it away\n"
	"SUBSYSTEM!=\"net\", GOTO=\"sriovctl_end\"\n"
	"ACTION==\"remove\", GOTO=\"sriovctl_end\"\n"
	"# not the representor of a VF, which is on the PF, too\n"
	"ATTR{phys_port_name}==\"pf*vf*\", GOTO=\"sriovctl_end\"\n"
	"# the PF: systemd applies what is stored when its interface is there\n"
	"SUBSYSTEMS==\"pci\", KERNELS==\"%s\", TAG+=\"systemd\", "
	"ENV{SYSTEMD_ALIAS}+=\"/sriovctl/%s\", "
	"ENV{SYSTEMD_WANTS}+=\"sriovctl-persist@%s.service\"\n"
	"# its VFs: for containers and guests, not for network managers; the question goes to\n"
	"# the PCI device, as the interface may have got another name while it is asked\n"
	"SUBSYSTEMS==\"pci\", ATTRS{physfn/uevent}==\"*PCI_SLOT_NAME=%s*\", ENV{NM_UNMANAGED}=\"1\", "
	"ENV{SRIOVCTL_VF}=\"1\"\n"
	"LABEL=\"sriovctl_end\"\n";

static const char network[] = PERSIST_MARK "; the rules of udev beside it say which VFs these are\n"
					   "[Match]\n"
					   "Property=SRIOVCTL_VF=1\n"
					   "\n"
					   "[Link]\n"
					   "Unmanaged=yes\n";

static const char service[] = PERSIST_MARK
	"; changes belong into a drop-in (systemctl edit)\n"
	"[Unit]\n"
	"Description=SR-IOV of the NIC at %%i\n"
	"Documentation=man:sriovctl(8)\n"
	"DefaultDependencies=no\n"
	"RequiresMountsFor=/" PERSIST_FOLDER " %s\n"
	"Wants=network-pre.target sriovctl-%%i.device\n"
	"After=local-fs.target systemd-modules-load.service sriovctl-%%i.device\n"
	"Before=network-pre.target shutdown.target\n"
	"Conflicts=shutdown.target\n"
	"\n"
	"[Service]\n"
	"Type=oneshot\n"
	"# udev would do it when it sees the VFs, and they get their drivers too early\n"
	"ExecStartPre=-/usr/lib/systemd/systemd-modules-load sriovctl-%%i.conf\n"
	"ExecStart=%s persist --apply %%i\n"
	"# some firmware needs a second for each VF, and there can be hundreds\n"
	"TimeoutStartSec=600\n";

/* A PF that is not there any more is waited for, and the network with it. */
static const char device[] = PERSIST_MARK "\n"
					  "[Unit]\n"
					  "JobRunningTimeoutSec=30\n";

__attribute__((format(printf, 1, 2))) static char *format(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort(); /* nothing has been changed yet */
	va_end(ap);
	return text;
}

static void add(struct persist_files *files, struct persist_file f)
{
	files->f[files->n++] = f;
}

static char *stored_text(const struct persist *p, const char *ifname)
{
	char *words = persist_text(p), *text;

	text = format(PERSIST_MARK " for %s; sriovctl(8) tells what it means\n%s", ifname, words);
	free(words);
	return text;
}

void persist_path(const char *pci, char ret[static PERSIST_PATH])
{
	(void)snprintf(ret, PERSIST_PATH, PERSIST_FOLDER "/%s.conf", pci);
}

void persist_files_make(const char *pci, const struct persist *p, const char *ifname,
			const char *modules, const char *program, struct persist_files *ret)
{
	char path[PERSIST_PATH];

	*ret = (struct persist_files){0};
	persist_path(pci, path);
	add(ret, (struct persist_file){.path = format("%s", path),
				       .text = p ? stored_text(p, ifname) : NULL});
	add(ret,
	    (struct persist_file){.path = format("etc/udev/rules.d/70-sriovctl-%s.rules", pci),
				  .text = p ? format(rules, pci, pci, pci, pci, pci, pci) : NULL});
	add(ret, (struct persist_file){
			 .path = format("etc/modules-load.d/sriovctl-%s.conf", pci),
			 .text = p && modules[0]
					 ? format(PERSIST_MARK ": the drivers of the VFs of %s\n%s",
						  pci, modules)
					 : NULL});
	add(ret, (struct persist_file){.path = format("etc/systemd/network/00-sriovctl.network"),
				       .text = p ? format("%s", network) : NULL,
				       .all = true});
	add(ret, (struct persist_file){.path = format(UNITS "/sriovctl-.device.d/timeout.conf"),
				       .text = p ? format("%s", device) : NULL,
				       .all = true});
	add(ret, (struct persist_file){.path = format(UNITS "/sriovctl-persist@.service"),
				       .text = p ? format(service, program, program) : NULL,
				       .all = true});
	add(ret, (struct persist_file){
			 .path = format(
				 UNITS "/multi-user.target.wants/sriovctl-persist@%s.service", pci),
			 .text = p ? format(PERSIST_LINK) : NULL,
			 .link = true});
}

void persist_files_clear(struct persist_files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		free(files->f[i].path);
		free(files->f[i].text);
	}
	*files = (struct persist_files){0};
}
