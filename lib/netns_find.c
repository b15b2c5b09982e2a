/* SPDX-License-Identifier: Apache-2.0 */
/* netns_find.c - find a network namespace by its identity: who keeps it alive? */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "mem.h"
#include "netns.h"

/*
 * Processes come and go while they are looked at, and some cannot be looked into: what cannot be
 * read is passed over, and a namespace that was not found is no failure.
 */

static bool is_it(const struct stat *st, const struct netns_id *id)
{
	return netns_same(&(struct netns_id){.dev = st->st_dev, .ino = st->st_ino}, id);
}

/*
 * Opens path if it leads to the namespace; nothing else is opened, as it could be any device.
 * Result: a descriptor, -1.
 */
static int open_if(const char *path, const struct netns_id *id)
{
	struct netns_id found;
	struct err not_it;
	struct stat st;

	if (stat(path, &st) < 0 || !is_it(&st, id))
		return -1;

	_cleanup_fd_ int fd = netns_open(path, &found, &not_it);

	return fd >= 0 && netns_same(&found, id) ? TAKE_FD(fd) : -1;
}

/* The namespace of a socket that another process has (SIOCGSKNS, Linux 4.10). */
static int of_socket(int pidfd, int fd, const struct netns_id *id)
{
	_cleanup_fd_ int copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	_cleanup_fd_ int ns = copy < 0 ? -1 : ioctl(copy, SIOCGSKNS);
	struct stat st;

	return ns >= 0 && !fstat(ns, &st) && is_it(&st, id) ? TAKE_FD(ns) : -1;
}

/* "\\040" and the like become the characters that they stand for. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && strspn(from + 1, "01234567") >= 3) {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/*
 * A mount of the namespace has "net:[INODE]" as its root and ends in its place below the process's
 * own root; spaces and the like in it are written as octal numbers (proc_pid_mountinfo(5)).
 */
static int of_mounts(const char *pid, const struct netns_id *id)
{
	_cleanup_free_ char *line = NULL;
	char want[48], path[PATH_MAX + 32], *rest, *root, *place;
	size_t size = 0;
	int ret = -1;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%s/mountinfo", pid);
	f = fopen(path, "re");
	if (!f)
		return -1;
	(void)snprintf(want, sizeof(want), "net:[%llu]", (unsigned long long)id->ino);
	while (ret < 0 && getline(&line, &size, f) > 0) {
		rest = line;
		for (int skip = 0; skip < 3; skip++)
			(void)strsep(&rest, " ");
		root = strsep(&rest, " ");
		place = strsep(&rest, " ");
		if (!place || strcmp(root, want))
			continue;
		unescape(place);
		(void)snprintf(path, sizeof(path), "/proc/%s/root%s", pid, place);
		ret = open_if(path, id);
	}
	(void)fclose(f); /* only read from */
	return ret;
}

/*
 * The inode of a file that a process has open, as /proc has it (Linux 5.14); 0: not known. stat()
 * would ask the file's server, and one that is dead does not answer.
 */
static ino_t inode_of(const char *pid, const char *fd)
{
	char path[300], text[256];

	(void)snprintf(path, sizeof(path), "/proc/%.16s/fdinfo/%s", pid, fd);

	_cleanup_fd_ int info = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = info < 0 ? -1 : read(info, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';

	const char *ino = strstr(text, "\nino:");

	return ino ? (ino_t)strtoull(ino + strlen("\nino:"), NULL, 10) : 0;
}

/*
 * A namespace's file has the name "net:[INODE]", or the place it was opened at, or "/" where that
 * was a mount that has gone. No other file is asked for more than its name.
 */
static int of_files(const char *pid, const struct netns_id *id)
{
	_cleanup_fd_ int pidfd = (int)syscall(SYS_pidfd_open, (int)strtol(pid, NULL, 10), 0);
	_cleanup_(closedirp) DIR *dir = NULL;
	const struct dirent *d;
	char path[300], want[48], name[48];
	int ret = -1;

	(void)snprintf(want, sizeof(want), "net:[%llu]", (unsigned long long)id->ino);
	(void)snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	while (dir && ret < 0 && (d = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), d->d_name, name, sizeof(name) - 1);

		name[n > 0 ? n : 0] = '\0'; /* of a path the beginning is enough */
		(void)snprintf(path, sizeof(path), "/proc/%.16s/fd/%s", pid, d->d_name);
		if (pidfd >= 0 && !strncmp(name, "socket:", strlen("socket:")))
			ret = of_socket(pidfd, (int)strtol(d->d_name, NULL, 10), id);
		else if (!strcmp(name, want) ||
			 (name[0] == '/' && inode_of(pid, d->d_name) == id->ino))
			ret = open_if(path, id);
	}
	return ret;
}

static int of_process(const char *pid, const struct netns_id *id)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%.16s/ns/net", pid);
	return open_if(path, id);
}

/* *ret_pid: the process by which it was found. Result: a descriptor, -1. */
static int search(int (*way)(const char *pid, const struct netns_id *id), const struct netns_id *id,
		  pid_t *ret_pid)
{
	_cleanup_(closedirp) DIR *dir = opendir("/proc");
	const struct dirent *d;
	int fd = -1;

	while (fd < 0 && dir && (d = readdir(dir))) {
		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		fd = way(d->d_name, id);
		*ret_pid = (pid_t)strtol(d->d_name, NULL, 10);
	}
	return fd;
}

int netns_find(const struct netns_id *id)
{
	/* the quickest of all processes first */
	int (*const ways[])(const char *pid, const struct netns_id *id) = {of_process, of_mounts,
									   of_files};
	pid_t unused;
	int fd = -1;

	for (size_t i = 0; i < ARRAY_SIZE(ways) && fd < 0; i++)
		fd = search(ways[i], id, &unused);
	return fd;
}

int netns_find_process(const struct netns_id *id, pid_t *ret)
{
	pid_t pid;
	int fd = search(of_process, id, &pid);

	if (fd >= 0)
		*ret = pid;
	return fd;
}
