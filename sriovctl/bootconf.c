/* SPDX-License-Identifier: Apache-2.0 */
/* bootconf.c - where this host keeps the kernel's command line, and how it is changed there */
/*
 * Told by the tools and files that are there, not by the distribution's name: one distribution has
 * several boot loaders. Sources: the manual pages of rpm-ostree(1), grubby(8), kernel-install(8),
 * update-grub(8), transactional-update(8), proxmox-boot-tool(8); sdbootutil's README; for the EFI
 * variables https://systemd.io/BOOT_LOADER_INTERFACE.
 */
#include "bootconf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "rootfs.h"
#include "sysfs.h"

#define LOADER_GUID "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
#define CMDLINE     "etc/kernel/cmdline"

static bool has_tool(int root, const char *name)
{
	static const char *const folders[] = {"usr/sbin", "usr/bin", "sbin", "bin"};

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (rootfs_exists(root, "%s/%s", folders[i], name))
			return true;
	return false;
}

/* What the boot loader left in an EFI variable: 4 bytes of attributes, then UTF-16. "": nothing. */
static void read_loader_variable(int sys, const char *name, char *ret, size_t size)
{
	char raw[512];
	struct err unread;
	ssize_t len = sysfs_read_all(sys, raw, sizeof(raw), &unread,
				     "firmware/efi/efivars/%s-" LOADER_GUID, name);
	size_t n = 0;

	for (ssize_t at = 4; at + 1 < len && n + 1 < size && raw[at]; at += 2)
		ret[n++] = raw[at];
	ret[n] = '\0';
}

#define JOINED 256
static const char *join(const char *before, const char *const params[static BOOTLINE_CHANGES],
			char buf[static JOINED])
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < BOOTLINE_CHANGES && params[i] && len < JOINED; i++)
		len += (size_t)snprintf(buf + len, JOINED - len, "%s%s", before, params[i]);
	return buf;
}

static void with_rpm_ostree(const struct bootline_change *c, struct doctor_finding *f)
{
	char add[JOINED], drop[JOINED];

	doctor_remedy(f, "rpm-ostree kargs%s%s", join(" --delete-if-present=", c->drop, drop),
		      join(" --append-if-missing=", c->add, add));
}

static void with_grubby(const struct bootline_change *c, struct doctor_finding *f)
{
	char add[JOINED], drop[JOINED];

	if (c->drop[0])
		doctor_remedy(f, "grubby --update-kernel=ALL --remove-args=\"%s\"",
			      join(" ", c->drop, drop) + 1);
	doctor_remedy(f, "grubby --update-kernel=ALL --args=\"%s\"", join(" ", c->add, add) + 1);
}

/* --- systemd-boot --- */

/* An entry of the boot menu that was booted and written by hand. Result: false, it is none. */
static bool with_own_entry(const struct doctor *d, const struct bootline_change *c,
			   struct doctor_finding *f)
{
	static const char *const folders[] = {"boot/loader/entries", "efi/loader/entries",
					      "boot/efi/loader/entries"};
	char entry[128];
	struct err unread;

	read_loader_variable(d->sys, "LoaderEntrySelected", entry, sizeof(entry));
	if (!entry[0] || strchr(entry, '/'))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		_cleanup_free_ char *text =
			rootfs_read(d->root, &unread, "%s/%s", folders[i], entry);
		const char *options = text ? strstr(text, "\noptions") : NULL;
		_cleanup_free_ char *line = NULL;

		if (!options || strstr(text, "90-loaderentry.install"))
			continue;
		options += strlen("\noptions");
		options += strspn(options, " \t");
		text[options - text + (ptrdiff_t)strcspn(options, "\n")] = '\0';
		line = bootline_change(options, c);
		doctor_remedy(f, "in /%s/%s: options %s", folders[i], entry, line);
		return true;
	}
	return false;
}

static void with_kernel_install(const struct doctor *d, struct doctor_finding *f)
{
	static const char *const folders[] = {"boot/vmlinuz-", "usr/lib/modules/"};

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		const char *end = i ? "/vmlinuz" : "";

		if (rootfs_exists(d->root, "%s%s%s", folders[i], d->release, end)) {
			doctor_remedy(f, "kernel-install add %s /%s%s%s", d->release, folders[i],
				      d->release, end);
			return;
		}
	}
	doctor_remedy(f, "kernel-install add %s and the path of its image", d->release);
}

static void with_kernel_cmdline(const struct doctor *d, const struct bootline_change *c,
				struct doctor_finding *f)
{
	struct err unread;
	_cleanup_free_ char *now = rootfs_read(d->root, &unread, CMDLINE);
	_cleanup_free_ char *line = NULL;

	if (!now) /* kernel-install takes the running kernel's then */
		now = rootfs_read(d->root, &unread, "proc/cmdline");
	line = bootline_change(now ?: "", c);
	if (!now || !bootline_is_changed(now, c))
		doctor_remedy(f, "in /" CMDLINE ": %s", line);
	if (has_tool(d->root, "proxmox-boot-tool"))
		doctor_remedy(f, "proxmox-boot-tool refresh");
	else if (has_tool(d->root, "sdbootutil"))
		doctor_remedy(f, "sdbootutil update-all-entries");
	else
		with_kernel_install(d, f);
}

/* --- GRUB --- */

struct grub_line {
	const char *name; /* of the variable */
	const char *path; /* of the file */
	struct bootline_var var;
};

static void note_var(const struct rootfs_conf *file, struct grub_line *l)
{
	struct bootline_var v;

	bootline_find_var(file->text, l->name, &v);
	if (!v.line)
		return;
	bootline_var_clear(&l->var);
	l->var = v;
	l->path = file->path;
}

static void change_var(const struct grub_line *l, const struct bootline_change *c,
		       struct doctor_finding *f)
{
	const char *now = l->var.value ?: "";
	_cleanup_free_ char *line = bootline_change(now, c);

	if (bootline_is_changed(now, c))
		return;
	if (l->var.line)
		doctor_remedy(f, "in %s, line %u: %s=%c%s%c", l->path, l->var.line, l->name,
			      l->var.quote, line, l->var.quote);
	else
		doctor_remedy(f, "in %s, a new line: %s=\"%s\"", l->path, l->name, line);
}

static void with_grub(const struct doctor *d, const struct bootline_change *c,
		      struct doctor_finding *f)
{
	static const char *const folders[] = {"etc/default/grub.d", NULL};
	struct rootfs_confs more;
	struct err unread;
	char path[] = "/etc/default/grub";
	struct rootfs_conf main = {path, rootfs_read(d->root, &unread, "%s", path + 1), path};
	struct bootline_change drop = {0};
	struct grub_line all = {"GRUB_CMDLINE_LINUX", path, {.quote = '"'}};
	struct grub_line l = {"GRUB_CMDLINE_LINUX_DEFAULT", path, {.quote = '"'}};

	memcpy(drop.drop, c->drop, sizeof(drop.drop));
	/* Debian's and Ubuntu's patch; others have no such folder */
	rootfs_load_confs(d->root, folders, ".cfg", &more);
	for (size_t i = 0; i <= more.n; i++) {
		const struct rootfs_conf *file = i ? &more.files[i - 1] : &main;

		if (file->text) {
			note_var(file, &l);
			note_var(file, &all);
		}
	}

	if (all.var.value)
		change_var(&all, &drop, f);
	if (!all.var.value || !bootline_is_changed(all.var.value, c))
		change_var(&l, c, f);
	if (has_tool(d->root, "transactional-update"))
		doctor_remedy(f, "transactional-update grub.cfg");
	else if (has_tool(d->root, "update-grub"))
		doctor_remedy(f, "update-grub");
	else if (has_tool(d->root, "grub2-mkconfig"))
		doctor_remedy(f, "grub2-mkconfig -o /boot/grub2/grub.cfg");
	else
		doctor_remedy(f, "grub-mkconfig -o /boot/grub/grub.cfg");
	bootline_var_clear(&l.var);
	bootline_var_clear(&all.var);
	free(main.text);
	rootfs_confs_clear(&more);
}

static void with_unknown(const struct bootline_change *c, struct doctor_finding *f)
{
	char add[JOINED], drop[JOINED];

	doctor_remedy(f,
		      "on the kernel's line, where this host's boot loader has it (neither "
		      "/etc/default/grub nor /" CMDLINE " is there): add %s%s%s",
		      join(" ", c->add, add) + 1, c->drop[0] ? ", take away" : "",
		      join(" ", c->drop, drop));
}

void bootconf_remedy(const struct doctor *d, const struct bootline_change *c,
		     struct doctor_finding *f)
{
	bool has_cmdline = rootfs_exists(d->root, CMDLINE);
	bool has_grubby = has_tool(d->root, "grubby");
	bool has_grub = rootfs_exists(d->root, "etc/default/grub");
	bool systemd_boot;
	char loader[64];

	read_loader_variable(d->sys, "LoaderInfo", loader, sizeof(loader));
	systemd_boot = !strncmp(loader, "systemd-boot", strlen("systemd-boot"));
	/* openSUSE's GRUB can read entries as systemd-boot does; without EFI nothing tells */
	systemd_boot =
		systemd_boot ||
		(has_cmdline && (has_tool(d->root, "sdbootutil") || (!has_grubby && !has_grub)));
	if (rootfs_exists(d->root, "run/ostree-booted"))
		with_rpm_ostree(c, f);
	else if (systemd_boot) {
		if (has_cmdline || !with_own_entry(d, c, f))
			with_kernel_cmdline(d, c, f);
	} else if (has_grubby)
		with_grubby(c, f);
	else if (has_grub)
		with_grub(d, c, f);
	else
		with_unknown(c, f);
	doctor_remedy(f, "reboot");
}
