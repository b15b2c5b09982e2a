/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs.c - read the host's files below a root folder */
#include "rootfs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cni.h"
#include "mem.h"

#define PATH(path, fmt)                                                                            \
	char path[PATH_MAX];                                                                       \
	do {                                                                                       \
		va_list ap;                                                                        \
		va_start(ap, fmt);                                                                 \
		(void)vsnprintf(path, sizeof(path), fmt, ap);                                      \
		va_end(ap);                                                                        \
	} while (0)

int rootfs_open(const char *root, struct err *e)
{
	int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_set(e, CNI_EIO, errno, "cannot open %s", root) : fd;
}

/* Result: -1 with errno. */
static int open_below(int root, const char *path, int flags)
{
	struct open_how how = {.flags = (unsigned)flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
	long fd;
	int tries = 100;

	/* where something is mounted or renamed meanwhile, ".." is not sure */
	do
		fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
	while (fd < 0 && errno == EAGAIN && --tries);
	return (int)fd;
}

int rootfs_openat(int root, int flags, const char *fmt, ...)
{
	PATH(path, fmt);
	/* O_NONBLOCK: should it be a fifo, no writer is waited for */
	return open_below(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | flags);
}

static char *read_path(int root, const char *path, struct err *e)
{
	_cleanup_fd_ int fd = open_below(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	_cleanup_free_ char *text = NULL;
	size_t len = 0, size = 0;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		goto fail;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		goto fail;
	}
	do { /* the files of /proc do not tell their size */
		if (len + 1 >= size) {
			char *more = realloc(text, size = size ? 2 * size : 4096);

			if (!more)
				goto fail;
			text = more;
		}
		n = read(fd, text + len, size - len - 1);
		if (n < 0)
			goto fail;
		len += (size_t)n;
	} while (n > 0 && len < ROOTFS_MAX);
	text[len] = '\0';
	return TAKE_PTR(text);
fail:
	err_set(e, CNI_EIO, errno, "cannot read /%s", path);
	return NULL;
}

char *rootfs_read(int root, struct err *e, const char *fmt, ...)
{
	PATH(path, fmt);
	return read_path(root, path, e);
}

bool rootfs_exists(int root, const char *fmt, ...)
{
	_cleanup_fd_ int fd = -1;

	PATH(path, fmt);
	fd = open_below(root, path, O_PATH | O_NOFOLLOW);
	return fd >= 0;
}

int rootfs_stat(int root, struct stat *ret, const char *fmt, ...)
{
	_cleanup_fd_ int fd = -1;

	PATH(path, fmt);
	fd = open_below(root, path, O_PATH);
	return fd < 0 ? -1 : fstat(fd, ret);
}

/* --- configuration --- */

static bool is_taken(const struct rootfs_confs *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->files[i].name, name))
			return true;
	return false;
}

static void add_conf(int root, const char *folder, const char *name, struct rootfs_confs *c)
{
	struct rootfs_conf *more = reallocarray(c->files, c->n + 1, sizeof(*more)), *f;
	struct err unread;

	if (!more)
		abort(); /* a program for people, which has changed nothing */
	c->files = more;
	f = &c->files[c->n];
	if (asprintf(&f->path, "/%s/%s", folder, name) < 0)
		abort();
	f->name = strrchr(f->path, '/') + 1;
	f->text = read_path(root, f->path + 1, &unread);
	c->n++; /* also one that says nothing takes the place of those in later folders */
}

static int by_name(const void *a, const void *b)
{
	const struct rootfs_conf *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void conf_clear(struct rootfs_conf *f)
{
	free(f->path);
	free(f->text);
}

void rootfs_load_confs(int root, const char *const *folders, const char *ending,
		       struct rootfs_confs *ret)
{
	size_t n = 0;

	*ret = (struct rootfs_confs){0};
	for (; *folders; folders++) {
		int fd = open_below(root, *folders, O_RDONLY | O_DIRECTORY);
		_cleanup_(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
		const struct dirent *d;

		while (dir && (d = next_entry(dir))) {
			size_t len = strlen(d->d_name);

			if (d->d_name[0] != '.' && len > strlen(ending) &&
			    !strcmp(d->d_name + len - strlen(ending), ending) &&
			    !is_taken(ret, d->d_name))
				add_conf(root, *folders, d->d_name, ret);
		}
	}
	for (size_t i = 0; i < ret->n; i++)
		if (ret->files[i].text && ret->files[i].text[0])
			ret->files[n++] = ret->files[i];
		else
			conf_clear(&ret->files[i]);
	ret->n = n;
	if (n)
		qsort(ret->files, n, sizeof(*ret->files), by_name);
}

void rootfs_confs_clear(struct rootfs_confs *c)
{
	for (size_t i = 0; i < c->n; i++)
		conf_clear(&c->files[i]);
	free(c->files);
	*c = (struct rootfs_confs){0};
}

/* text without blanks around it; it is written to */
static char *strip(char *text)
{
	size_t len;

	while (isspace((unsigned char)*text))
		text++;
	len = strlen(text);
	while (len && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
	return text;
}

void rootfs_each_key(const char *text,
		     void (*each)(const char *section, const char *key, const char *value,
				  void *arg),
		     void *arg)
{
	char *copy = strdup(text);
	const char *section = "";

	for (char *line = copy, *next; line; line = next) {
		char *value;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		line = strip(line);
		value = strchr(line, '=');
		if (*line == '[') {
			line[strcspn(line, "]")] = '\0';
			section = line + 1;
			each(section, NULL, NULL, arg);
		} else if (*line != '#' && *line != ';' && value) {
			*value = '\0';
			each(section, strip(line), strip(value + 1), arg);
		}
	}
	free(copy);
}

int rootfs_bool(const char *value)
{
	static const char *const words[] = {"no", "false", "off", "0", "yes", "true", "on", "1"};
	const size_t n = sizeof(words) / sizeof(*words);

	for (size_t i = 0; i < n; i++)
		if (!strcasecmp(value, words[i]))
			return i >= n / 2;
	return -1;
}
