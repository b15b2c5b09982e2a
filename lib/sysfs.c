/* SPDX-License-Identifier: Apache-2.0 */
/* sysfs.c - read, write, readlink below a root folder */
#include "sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cni.h"
#include "mem.h"

#define PATH(path, fmt)                                                                            \
	char path[256];                                                                            \
	do {                                                                                       \
		va_list ap;                                                                        \
		va_start(ap, fmt);                                                                 \
		(void)vsnprintf(path, sizeof(path), fmt, ap);                                      \
		va_end(ap);                                                                        \
	} while (0)

int sysfs_open(const char *root, struct err *e)
{
	int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_set(e, CNI_EIO, errno, "cannot open %s; is sysfs mounted there?", root);
	return fd;
}

static ssize_t read_bytes(int root, const char *path, void *buf, size_t size, struct err *e)
{
	_cleanup_fd_ int fd = openat(root, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size);

	if (n < 0)
		return err_set(e, CNI_EIO, errno, "cannot read " SYSFS_ROOT "/%s", path);
	return n;
}

static int read_path(int root, const char *path, char *buf, size_t size, struct err *e)
{
	ssize_t n = read_bytes(root, path, buf, size - 1, e);

	if (n < 0)
		return -1;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

int sysfs_read(int root, char *buf, size_t size, struct err *e, const char *fmt, ...)
{
	PATH(path, fmt);
	return read_path(root, path, buf, size, e);
}

ssize_t sysfs_read_all(int root, void *buf, size_t size, struct err *e, const char *fmt, ...)
{
	PATH(path, fmt);
	return read_bytes(root, path, buf, size, e);
}

int sysfs_read_u32(int root, uint32_t *ret, struct err *e, const char *fmt, ...)
{
	char buf[32], *end;

	PATH(path, fmt);
	if (read_path(root, path, buf, sizeof(buf), e) < 0)
		return -1;

	unsigned long v = strtoul(buf, &end, 0);

	if (end == buf || *end || v > UINT32_MAX)
		return err_set(e, CNI_EIO, 0, SYSFS_ROOT "/%s holds \"%s\", which is no number",
			       path, buf);
	*ret = (uint32_t)v;
	return 0;
}

int sysfs_exists(int root, struct err *e, const char *fmt, ...)
{
	PATH(path, fmt);
	if (!faccessat(root, path, F_OK, 0))
		return 1;
	return errno == ENOENT
		       ? 0
		       : err_set(e, CNI_EIO, errno, "cannot look at " SYSFS_ROOT "/%s", path);
}

int sysfs_write(int root, const char *text, struct err *e, const char *fmt, ...)
{
	_cleanup_fd_ int fd = -1;

	PATH(path, fmt);
	fd = openat(root, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return err_set(e, CNI_EIO, errno, "cannot write \"%s\" to " SYSFS_ROOT "/%s", text,
			       path);
	return 0;
}

int sysfs_link_name(int root, char *buf, size_t size, struct err *e, const char *fmt, ...)
{
	char target[PATH_MAX];
	ssize_t n;

	PATH(path, fmt);
	n = readlinkat(root, path, target, sizeof(target) - 1);
	if (n < 0)
		return err_set(e, CNI_EIO, errno, "cannot read the link " SYSFS_ROOT "/%s", path);
	target[n] = '\0';

	const char *name = strrchr(target, '/');

	name = name ? name + 1 : target;
	if (strlen(name) >= size)
		return err_set(e, CNI_EIO, ENAMETOOLONG, SYSFS_ROOT "/%s points to %s", path, name);
	memcpy(buf, name, strlen(name) + 1);
	return 0;
}

int sysfs_each(int root, int (*each)(const char *name, void *arg), void *arg, struct err *e,
	       const char *fmt, ...)
{
	_cleanup_(closedirp) DIR *dir = NULL;
	const struct dirent *d;
	int fd, r = 0;

	PATH(path, fmt);
	fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, CNI_EIO, errno, "cannot list " SYSFS_ROOT "/%s", path);
	dir = fdopendir(fd);
	if (!dir) {
		int errnum = errno;

		(void)close(fd); /* nothing to lose */
		return err_set(e, CNI_EIO, errnum, "cannot list " SYSFS_ROOT "/%s", path);
	}

	while (!r && (d = next_entry(dir)))
		if (d->d_name[0] != '.')
			r = each(d->d_name, arg);
	if (!r && errno)
		return err_set(e, CNI_EIO, errno, "cannot list " SYSFS_ROOT "/%s", path);
	return r;
}
