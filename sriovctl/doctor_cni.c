/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_cni.c - the CNI plugin's executable */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cni_exec.h"
#include "doctor_cni.h"
#include "jtable.h"
#include "mem.h"
#include "rootfs.h"

#define PLUGIN     "sriov"
#define VERSION_MS 10000
#define PATH       64 /* of a plugin of ours, with its NUL */

/* Where runtimes look for plugins, as configured by their distributions. */
static const char *const folders[] = {"opt/cni/bin", "usr/libexec/cni", "usr/lib/cni"};

const char *doctor_plugin_folder(const struct doctor *d, const char *name)
{
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (rootfs_stat(d->root, &st, "%s/%s", folders[i], name) == 0)
			return folders[i];
	return NULL;
}

/* --- the executable --- */

/* It is run by root: so nobody else may be able to replace it. */
static bool is_safe(const struct stat *st, const char *path, struct doctor_finding *f)
{
	if (st->st_uid == 0 && !(st->st_mode & 022))
		return true;
	doctor_found(f, DOCTOR_TODO,
		     "/%s belongs to user %u with mode %03o; runtimes run it as root", path,
		     st->st_uid, st->st_mode & 0777U);
	doctor_remedy(f, "chown root:root /%s && chmod go-w /%s", path, path);
	return false;
}

/*
 * Whether an executable was made by Go's linker, which leaves a note of type 4 and name "Go" in its
 * beginning.
 */
static bool is_go(const struct doctor *d, const char *path)
{
	static const char note[] = "\4\0\0\0Go\0";
	_cleanup_fd_ int fd = rootfs_openat(d->root, 0, "%s", path);
	char head[16384];
	ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof(head));

	return n > 0 && memmem(head, (size_t)n, note, sizeof(note));
}

static void ask_version(const struct doctor *d, const char *path, struct doctor_finding *f)
{
	static const char conf[] = "{\"cniVersion\": \"1.0.0\"}";
	static const char *const env[] = {NULL};
	const struct cni_args args = {.command = CNI_VERSION,
				      .container_id = "",
				      .netns = "",
				      .ifname = "",
				      .args = "",
				      .path = ""};
	char full[PATH_MAX + PATH];
	const struct cni_exec x = {
		.path = full,
		.kind = "CNI plugin",
		.name = full,
		.slow = "it is not used by hand",
		.failed = CNI_EIO,
		.args = &args,
		.env = env,
		.config = conf,
		.config_len = strlen(conf),
		.timeout_ms = VERSION_MS,
		.lock = -1,
	};
	_cleanup_(cni_output_clear) struct cni_output out = {0};
	json_auto_t *answer = NULL;
	const json_t *versions;
	struct err e = {0};
	size_t n;

	(void)snprintf(full, sizeof(full), "%s/%s", d->prefix, path);
	if (cni_exec_run(&x, CNI_VERSION, &out, &e) == 0)
		answer = jtable_parse(out.text ?: "", out.len, "the answer", &e);
	versions = json_object_get(answer, "supportedVersions");
	n = json_array_size(versions);
	if (!n) {
		doctor_found(f, DOCTOR_TODO, "/%s does not answer VERSION: %s", path,
			     e.msg[0] ? e.msg : "it names no versions");
		doctor_remedy(
			f, "make install in the sources of sriovctl puts this one's plugin there");
		return;
	}
	doctor_found(f, DOCTOR_OK, "/%s knows CNI %s to %s", path,
		     json_string_value(json_array_get(versions, 0)) ?: "?",
		     json_string_value(json_array_get(versions, n - 1)) ?: "?");
	if (!is_go(d, path))
		return;
	doctor_found(
		f, DOCTOR_NOTE,
		"it is written in Go: the usual plugin, k8snetworkplumbingwg/sriov-cni, not the "
		"one that sriovctl knows the records of");
	doctor_remedy(f, "make install in the sources of sriovctl replaces it; it takes the same "
			 "configurations");
}

void doctor_cni_plugin(const struct doctor *d, const struct host_pf *pf, struct doctor_finding *f)
{
	const char *folder = doctor_plugin_folder(d, PLUGIN);
	char path[PATH];
	struct stat st;
	bool safe;

	(void)pf;
	if (!folder) {
		doctor_found(f, DOCTOR_TODO,
			     "no " PLUGIN " in /opt/cni/bin, /usr/libexec/cni or /usr/lib/cni: "
			     "containers get no VFs");
		doctor_remedy(
			f, "make install in the sources of sriovctl, or, from where it was built: "
			   "install -D -m 0755 build/sriov /opt/cni/bin/sriov");
		return;
	}
	if (rootfs_stat(d->root, &st, "%s", folder) < 0) {
		doctor_found(f, DOCTOR_UNKNOWN, "/%s cannot be looked at", folder);
		return;
	}
	safe = is_safe(&st, folder, f);
	(void)snprintf(path, sizeof(path), "%s/" PLUGIN, folder);
	if (rootfs_stat(d->root, &st, "%s", path) < 0) {
		doctor_found(f, DOCTOR_UNKNOWN, "/%s cannot be looked at", path);
		return;
	}
	safe = is_safe(&st, path, f) && safe;
	if (!S_ISREG(st.st_mode) || !(st.st_mode & 0100)) {
		doctor_found(f, DOCTOR_TODO, "/%s is no file that can be executed", path);
		doctor_remedy(f, "chmod 0755 /%s", path);
	} else if (safe) {
		ask_version(d, path, f);
	}
}
