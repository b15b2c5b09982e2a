/* SPDX-License-Identifier: Apache-2.0 */
/*
 * step_info.c - the file that tells Kubernetes of the device (NPWG device information
 * specification 1.1.0)
 *
 * Its path comes as "CNIDeviceInfoFile". Multus has put there what the device plugin knows, if it
 * knows anything, reads it after ADD, and removes it at DEL. So what is there is added to, and only
 * a file that was not there is removed again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "log.h"
#include "mem.h"
#include "steps.h"

#define VERSION "1.1.0"

/* A path as its folder and what is in it. */
struct place {
	char folder[PATH_MAX];
	const char *name; /* of the file, behind the folder's end */
	char temporary[NAME_MAX + 1];
};

static int take_place(const char *path, struct place *ret, struct err *e)
{
	char *slash;

	(void)snprintf(ret->folder, sizeof(ret->folder), "%s", path); /* conf_read() bounds it */
	slash = strrchr(ret->folder, '/');
	ret->name = slash ? slash + 1 : "";
	if (!ret->name[0] || !strcmp(ret->name, ".") || !strcmp(ret->name, "..") ||
	    snprintf(ret->temporary, sizeof(ret->temporary), "%s.new", ret->name) > NAME_MAX)
		return err_set(e, CNI_ECONFIG, 0,
			       "\"CNIDeviceInfoFile\": \"%.64s\" does not name a file", path);
	*slash = '\0';
	return 0;
}

static int open_folder(const struct place *p)
{
	return open(p->folder[0] ? p->folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The specification has the plugin make it. */
static int make_folder(struct place *p, struct err *e)
{
	int fd = open_folder(p);

	for (char *slash = p->folder; fd < 0 && (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		(void)mkdir(p->folder, 0755); /* told by the last one */
		*slash = '/';
	}
	if (fd >= 0 || ((!mkdir(p->folder, 0755) || errno == EEXIST) && (fd = open_folder(p)) >= 0))
		return fd;
	return err_set(e, CNI_EIO, errno, "cannot make the folder %s", p->folder);
}

/* Result: 1 and the text, 0 where there is no such file. */
static int read_text(int folder, const char *name, char **ret, size_t *ret_len, struct err *e)
{
	_cleanup_fd_ int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	_cleanup_free_ char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, CNI_EIO, errno, "cannot open it");
	if (!S_ISREG(st.st_mode) || st.st_size > JTABLE_MAX_TEXT)
		return err_set(e, CNI_EIO, 0, "it is no file, or larger than %u bytes",
			       JTABLE_MAX_TEXT);
	text = malloc((size_t)st.st_size + 1);
	n = text ? read(fd, text, (size_t)st.st_size) : -1;
	if (n < 0)
		return err_set(e, CNI_EIO, errno, "cannot read it");
	*ret_len = (size_t)n;
	*ret = TAKE_PTR(text);
	return 1;
}

int info_look(struct attachment *a, struct err *e)
{
	const char *path = a->conf->device_info;
	_cleanup_free_ char *text = NULL;
	_cleanup_fd_ int folder = -1;
	struct place p;
	size_t len = 0;
	int found;

	if (!path)
		return 0;
	if (take_place(path, &p, e) < 0)
		return -1;
	folder = open_folder(&p);
	found = folder < 0 ? 0 : read_text(folder, p.name, &text, &len, e);
	if (found > 0)
		a->device_info = jtable_parse(text, len, "its content", e);
	if (found < 0 || (found && !a->device_info))
		return err_ctx(e, "device information file %s", path);
	a->rec.device_info = path;
	a->rec.device_info_ours = !found;
	return 0;
}

/* Adds what is known of the VF to what is there. The kind of device may be another one there. */
static void describe(const struct attachment *a, json_t *info)
{
	json_t *pci = json_object_get(info, "pci");

	json_object_set_new(info, "type", json_string("pci"));
	json_object_set_new(info, "version", json_string(VERSION));
	if (!json_is_object(pci)) {
		pci = json_object();
		json_object_set_new(info, "pci", pci);
	}
	json_object_set_new(pci, "pci-address", json_string(a->vf.name));
	if (a->vf.pf[0])
		json_object_set_new(pci, "pf-pci-address", json_string(a->vf.pf));
	if (a->rdma[0])
		json_object_set_new(pci, "rdma-device", json_string(a->rdma));
}

static int write_text(int folder, const struct place *p, const char *text, struct err *e)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	_cleanup_fd_ int fd = openat(folder, p->temporary, flags, 0600);
	size_t len = strlen(text);
	struct stat st;
	ssize_t n;

	if (fd < 0 && errno == EEXIST && !unlinkat(folder, p->temporary, 0))
		fd = openat(folder, p->temporary, flags, 0600); /* a killed process left it */
	if (fd < 0)
		return err_set(e, CNI_EIO, errno, "cannot write %s", p->temporary);
	/* who could read the one that is there can read this one */
	if (!fstatat(folder, p->name, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode))
		(void)fchmod(fd, st.st_mode & 0777); /* at worst it is read by root alone */
	n = write(fd, text, len);
	if (n == (ssize_t)len && !renameat(folder, p->temporary, folder, p->name))
		return 0;
	err_set(e, CNI_EIO, n >= 0 && n != (ssize_t)len ? ENOSPC : errno, "cannot write it");
	(void)unlinkat(folder, p->temporary, 0); /* the first failure is told */
	return -1;
}

int info_apply(struct attachment *a, struct err *e)
{
	const char *type = json_string_value(json_object_get(a->device_info, "type"));
	_cleanup_free_ char *text = NULL;
	_cleanup_fd_ int folder = -1;
	struct place p;

	if (!a->rec.device_info)
		return 0;
	if (type && strcmp(type, "pci")) {
		log_line(LOG_WARNING,
			 "device information file %s: it tells of a %s device: left alone",
			 a->rec.device_info, type);
		return 0;
	}
	if (!a->device_info)
		a->device_info = json_object();
	describe(a, a->device_info);
	text = json_dumps(a->device_info, JSON_INDENT(4));
	if (!text)
		return err_set(e, CNI_EIO, ENOMEM, "cannot write %s", a->rec.device_info);
	if (take_place(a->rec.device_info, &p, e) < 0)
		return -1;
	folder = make_folder(&p, e);
	if (folder < 0 || write_text(folder, &p, text, e) < 0)
		return err_ctx(e, "device information file %s", a->rec.device_info);
	return 0;
}

int info_revert(struct attachment *a, struct err *e)
{
	_cleanup_fd_ int folder = -1;
	struct place p;

	if (!a->rec.device_info)
		return 0;
	if (take_place(a->rec.device_info, &p, e) < 0)
		return -1;
	folder = open_folder(&p);
	if (folder < 0 && errno == ENOENT)
		return 0;
	/* a folder of that name is not what a killed process has left */
	if (folder >= 0 &&
	    (!unlinkat(folder, p.temporary, 0) || errno == ENOENT || errno == EISDIR) &&
	    (!a->rec.device_info_ours || !unlinkat(folder, p.name, 0) || errno == ENOENT))
		return 0;
	return err_set(e, CNI_EIO, errno, "cannot remove %s", a->rec.device_info);
}
