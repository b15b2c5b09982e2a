/* SPDX-License-Identifier: Apache-2.0 */
/* persist_store.c - the files of persist_files.h on disk: written all or none, and removed */
#include "persist_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cni.h"
#include "mem.h"
#include "rootfs.h"

#define SUFFIX ".conf"

/* Result: 1: it is ours, 0: it is not there. */
static int look(int root, const struct persist_file *f, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	char target[64];
	struct stat st;
	ssize_t len;

	if (fstatat(root, f->path, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return 0;
		return err_set(e, CNI_EIO, errno, "cannot look at /%s", f->path);
	}
	if (f->link && S_ISLNK(st.st_mode)) {
		len = readlinkat(root, f->path, target, sizeof(target) - 1);
		target[len > 0 ? len : 0] = '\0';
		if (!strcmp(target, PERSIST_LINK))
			return 1;
	} else if (!f->link && S_ISREG(st.st_mode)) {
		text = rootfs_read(root, e, "%s", f->path);
		if (!text)
			return -1;
		if (!strncmp(text, PERSIST_MARK, strlen(PERSIST_MARK)) ||
		    !strncmp(f->path, PERSIST_FOLDER "/", strlen(PERSIST_FOLDER "/")))
			return 1;
	}
	return err_set(e, CNI_ESTATE, 0,
		       "/%s is not of sriovctl's making, and stays; move it away, and try again",
		       f->path);
}

/* --- writing --- */

static int make_folders(int root, const char *path)
{
	char folder[256];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		(void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
		if (mkdirat(root, folder, 0755) < 0 && errno != EEXIST)
			return -1;
	}
	return 0;
}

static void temporary_path(const char *path, char ret[static 256])
{
	const char *name = strrchr(path, '/') + 1;

	/* neither systemd nor udev reads a name that ends so */
	(void)snprintf(ret, 256, "%.*s.%s.new", (int)(name - path), path, name);
}

/* The file, under a name that nobody reads yet. errno. */
static int write_aside(int root, const struct persist_file *f)
{
	char path[256];
	_cleanup_fd_ int fd = -1;
	size_t len = strlen(f->text);
	ssize_t n;

	temporary_path(f->path, path);
	if (make_folders(root, path) < 0)
		return -1;
	(void)unlinkat(root, path, 0); /* what a killed process left */
	if (f->link)
		return symlinkat(f->text, root, path);
	fd = openat(root, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	n = write(fd, f->text, len);
	if (n >= 0 && n != (ssize_t)len)
		errno = ENOSPC;
	/* a power cut behind the rename must not leave an empty file; whatever umask says */
	return n != (ssize_t)len || fchmod(fd, 0644) < 0 || fsync(fd) < 0 ? -1 : 0;
}

static int explain(const char *path, int errnum, struct err *e)
{
	err_set(e, CNI_EIO, errnum, "cannot write /%s", path);
	if (errnum == EROFS)
		return err_hint(e, "what is to last has to be written: remount it, or, where the "
				   "root is an image, persist in there");
	if (errnum == EACCES || errnum == EPERM)
		return err_hint(e, "run it as root");
	return -1;
}

static void drop_aside(int root, const struct persist_files *files)
{
	char path[256];

	for (size_t i = 0; i < files->n; i++) {
		temporary_path(files->f[i].path, path);
		(void)unlinkat(root, path, 0); /* most are not there */
	}
}

static int put_in_place(int root, const struct persist_file *f)
{
	char path[256];

	if (!f->text)
		return unlinkat(root, f->path, 0) < 0 && errno != ENOENT && errno != ENOTDIR ? -1
											     : 0;
	temporary_path(f->path, path);
	return renameat(root, path, root, f->path);
}

int persist_save(int root, const struct persist_files *files, struct err *e)
{
	for (size_t i = 0; i < files->n; i++)
		if (look(root, &files->f[i], e) < 0)
			return -1;
	/* whatever can refuse has done so before the first file is seen */
	for (size_t i = 0; i < files->n; i++)
		if (files->f[i].text && write_aside(root, &files->f[i]) < 0) {
			explain(files->f[i].path, errno, e);
			drop_aside(root, files);
			return -1;
		}
	for (size_t i = 0; i < files->n; i++)
		if (put_in_place(root, &files->f[i]) < 0) {
			explain(files->f[i].path, errno, e);
			drop_aside(root, files);
			return -1;
		}
	return 0;
}

/* --- reading --- */

int persist_load(int root, const char *pci, struct persist *ret, struct err *e)
{
	char path[PERSIST_PATH];
	_cleanup_free_ char *text = NULL;
	struct err why;

	persist_path(pci, path);
	text = rootfs_read(root, &why, "%s", path);
	if (!text && why.errnum == ENOENT)
		return 0;
	if (!text) {
		*e = why;
		return -1;
	}
	if (persist_parse_text(text, ret, e) < 0) {
		err_ctx(e, "/%s", path);
		return err_hint(e, "correct it, or store anew: sriovctl persist %s", pci);
	}
	return 1;
}

/* "0000:01:00.0.conf" */
static int parse_name(const char *name, struct pciaddr *ret)
{
	size_t len = strlen(name);
	char pci[PCIADDR_TEXT], canonical[PCIADDR_TEXT];

	if (len <= strlen(SUFFIX) || len - strlen(SUFFIX) >= sizeof(pci) ||
	    strcmp(name + len - strlen(SUFFIX), SUFFIX) != 0)
		return -1;
	(void)snprintf(pci, sizeof(pci), "%.*s", (int)(len - strlen(SUFFIX)), name);
	return pciaddr_parse(pci, ret) < 0 || strcmp(pci, pciaddr_text(ret, canonical)) != 0 ? -1
											     : 0;
}

static int by_address(const void *a, const void *b)
{
	return pciaddr_compare(a, b);
}

int persist_list(int root, struct pciaddr **ret, size_t *ret_n, struct err *e)
{
	_cleanup_(closedirp) DIR *dir = NULL;
	_cleanup_free_ struct pciaddr *addrs = NULL;
	const struct dirent *d;
	struct pciaddr addr;
	size_t n = 0;
	int fd = rootfs_openat(root, O_DIRECTORY, PERSIST_FOLDER);

	*ret = NULL;
	*ret_n = 0;
	if (fd < 0 && errno == ENOENT)
		return 0;
	dir = fd < 0 ? NULL : fdopendir(fd); /* owns fd, but where it cannot be made */
	if (!dir) {
		closep(&fd);
		return err_set(e, CNI_EIO, errno, "cannot read /" PERSIST_FOLDER);
	}
	while ((d = next_entry(dir))) {
		struct pciaddr *more;

		if (parse_name(d->d_name, &addr) < 0)
			continue;
		more = reallocarray(addrs, n + 1, sizeof(*more));
		if (!more)
			return err_set(e, CNI_EIO, ENOMEM, "cannot list what is stored");
		addrs = more;
		addrs[n++] = addr;
	}
	if (n)
		qsort(addrs, n, sizeof(*addrs), by_address);
	*ret = TAKE_PTR(addrs);
	*ret_n = n;
	return 0;
}

/* --- removing --- */

/* Whether this PF is the last one, or there is none any more. */
static int is_last(int root, const char *pci, struct err *e)
{
	_cleanup_free_ struct pciaddr *addrs = NULL;
	char text[PCIADDR_TEXT];
	size_t n;

	if (persist_list(root, &addrs, &n, e) < 0)
		return -1;
	return n == 0 || (n == 1 && !strcmp(pciaddr_text(&addrs[0], text), pci));
}

int persist_remove(int root, const char *pci, bool dry,
		   void (*removed)(const char *path, void *arg), void *arg, struct err *e)
{
	_cleanup_(persist_files_clear) struct persist_files files = {0};
	int last = is_last(root, pci, e), count = 0;
	struct err not_ours;

	if (last < 0)
		return -1;
	persist_files_make(pci, NULL, NULL, NULL, NULL, &files);
	/* what is stored goes last: until then it can be tried again */
	for (size_t i = files.n; i-- > 0;) {
		const struct persist_file *f = &files.f[i];

		if ((f->all && !last) || look(root, f, &not_ours) != 1)
			continue;
		if (!dry && unlinkat(root, f->path, 0) < 0)
			return err_set(e, CNI_EIO, errno, "cannot remove /%s", f->path);
		removed(f->path, arg);
		count++;
	}
	if (last && !dry) { /* those that hold nothing else */
		(void)unlinkat(root, PERSIST_FOLDER, AT_REMOVEDIR);
		(void)unlinkat(root, "etc/systemd/system/sriovctl-.device.d", AT_REMOVEDIR);
	}
	return count;
}
