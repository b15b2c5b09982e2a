/* SPDX-License-Identifier: Apache-2.0 */
/* record_store.c - the folder around the records: locks, list */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "lock.h"
#include "mem.h"
#include "record.h"

int record_open_folder(const char *folder, struct err *e)
{
	_cleanup_fd_ int fd = -1;
	struct stat st;

	fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		if (mkdir(folder, 0700) < 0 && errno != EEXIST)
			return err_set(e, CNI_EIO, errno, "cannot make the state folder %s",
				       folder);
		fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0)
		return err_set(e, CNI_ESTATE, errno,
			       "cannot open the state folder %s; it has to be a folder, not a link",
			       folder);
	if (fstat(fd, &st) < 0)
		return err_set(e, CNI_EIO, errno, "cannot look at the state folder %s", folder);
	if (st.st_uid != geteuid() || st.st_mode & 077)
		return err_set(
			e, CNI_ESTATE, 0,
			"the state folder %s belongs to user %u with mode %03o; it has to belong to user "
			"%u with mode 700",
			folder, st.st_uid, st.st_mode & 0777, geteuid());
	return TAKE_FD(fd);
}

/*
 * A lock file stays for good: a name that is removed while somebody waits for it would let two in.
 */
#define LOCK_NAME (PCIADDR_TEXT + 8)

static void lock_name(char buf[static LOCK_NAME], const char *vf)
{
	(void)snprintf(buf, LOCK_NAME, "%.15s.lock", vf); /* a PCI address, sized for it */
}

/* What is said of a holder that is dead; a text in a lock leaves room for it. */
#define HOLDER_GONE ", or by what its IPAM plugin has started and left"

/* buf: whoever wrote into the lock last, "process 123, ADD of container c, interface i". */
static void read_holder(int fd, char buf[static RECORD_HOLDER])
{
	static const char begin[] = "process ";
	ssize_t n = pread(fd, buf, RECORD_HOLDER - 1, 0);
	long pid = 0;
	size_t len;

	buf[n > 0 ? n : 0] = '\0';
	if (!buf[0])
		(void)snprintf(buf, RECORD_HOLDER, "another process");
	if (!strncmp(buf, begin, strlen(begin)))
		pid = strtol(buf + strlen(begin), NULL, 10);
	/* nobody else has the lock's file from us (cni_exec.c); or the pid is one of elsewhere */
	len = strlen(buf);
	if (pid > 0 && kill((pid_t)pid, 0) < 0 && errno == ESRCH)
		(void)snprintf(buf + len, RECORD_HOLDER - len, HOLDER_GONE);
}

static int lock(int folder, const char *kind, const char *pci, const char *who, int timeout_ms,
		struct err *e)
{
	char name[LOCK_NAME], text[RECORD_HOLDER];
	_cleanup_fd_ int fd = -1;
	struct stat st;

	lock_name(name, pci);
	fd = openat(folder, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		    0600);
	if (fd < 0) {
		err_set(e, CNI_ESTATE, errno, "cannot open the lock " RECORD_FOLDER "/%s", name);
		if (e->errnum == ELOOP || e->errnum == EISDIR || e->errnum == ENXIO)
			err_hint(e, "it is not ours: remove it");
		return -1;
	}
	if (lock_take(fd, timeout_ms) < 0) {
		if (errno != EWOULDBLOCK)
			return err_set(e, CNI_ESTATE, errno, "cannot lock " RECORD_FOLDER "/%s",
				       name);
		read_holder(fd, text);
		return err_set(e, CNI_EAGAIN, 0, "%s %s is being worked on by %s; try again", kind,
			       pci, text);
	}
	/* it is written to: a device or another file's second name would not take that well */
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1)
		return err_set(e, CNI_ESTATE, 0,
			       "the lock " RECORD_FOLDER
			       "/%s is no file with one name; it is not ours: remove it",
			       name);

	/* All of it, so that one call replaces a longer text of whoever was here before. */
	memset(text, 0, sizeof(text));
	(void)snprintf(text, sizeof(text), "process %d, %.255s", (int)getpid(), who);
	if (pwrite(fd, text, sizeof(text), 0) < 0)
		return err_set(e, CNI_EIO, errno, "cannot write the lock " RECORD_FOLDER "/%s",
			       name);
	return TAKE_FD(fd);
}

int record_lock(int folder, const char *vf, const char *who, int timeout_ms, struct err *e)
{
	return lock(folder, "VF", vf, who, timeout_ms, e);
}

int record_lock_pf(int folder, const char *pf, const char *who, int timeout_ms, struct err *e)
{
	return lock(folder, "PF", pf, who, timeout_ms, e);
}

int record_lock_held(int folder, const char *vf, char holder[static RECORD_HOLDER], struct err *e)
{
	_cleanup_fd_ int fd = -1;
	char name[LOCK_NAME];

	lock_name(name, vf);
	fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT)
		return 0;
	/* shared, and given back when the file is closed: two who only look don't see each other */
	if (fd >= 0 && !flock(fd, LOCK_SH | LOCK_NB))
		return 0;
	if (fd < 0 || errno != EWOULDBLOCK)
		return err_set(e, CNI_ESTATE, errno, "cannot look at the lock " RECORD_FOLDER "/%s",
			       name);
	read_holder(fd, holder);
	return 1;
}

static void raised_name(char buf[static PCIADDR_TEXT + 8], const char *pf)
{
	(void)snprintf(buf, PCIADDR_TEXT + 8, "%.15s.raised", pf); /* a PCI address, sized for it */
}

int record_pf_raised(int folder, const char *pf, struct err *e)
{
	char name[PCIADDR_TEXT + 8];
	struct stat st;

	raised_name(name, pf);
	if (!fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW))
		return 1;
	return errno == ENOENT
		       ? 0
		       : err_set(e, CNI_EIO, errno, "cannot look at " RECORD_FOLDER "/%s", name);
}

int record_pf_mark(int folder, const char *pf, bool raised, struct err *e)
{
	_cleanup_fd_ int fd = -1;
	char name[PCIADDR_TEXT + 8];

	raised_name(name, pf);
	if (!raised) {
		if (unlinkat(folder, name, 0) < 0 && errno != ENOENT)
			return err_set(e, CNI_EIO, errno, "cannot remove " RECORD_FOLDER "/%s",
				       name);
		return 0;
	}
	fd = openat(folder, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	return fd < 0 ? err_set(e, CNI_EIO, errno, "cannot write " RECORD_FOLDER "/%s", name) : 0;
}

DIR *record_list_folder(int folder, struct err *e)
{
	_cleanup_fd_ int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		err_set(e, CNI_EIO, errno, "cannot list " RECORD_FOLDER);
	else
		TAKE_FD(fd);
	return dir;
}

/* For every file whose name is a PCI address and this ending. */
static int each_named(int folder, const char *ending,
		      int (*each)(const char *vf, void *arg, struct err *e), void *arg,
		      struct err *e)
{
	_cleanup_(closedirp) DIR *dir = record_list_folder(folder, e);
	const struct dirent *d;
	int r = 0;

	if (!dir)
		return -1;
	while (!r && (d = next_entry(dir))) {
		const char *dot = strrchr(d->d_name, '.');
		struct pciaddr addr;
		char vf[PCIADDR_TEXT];

		if (!dot || strcmp(dot, ending) || dot - d->d_name >= PCIADDR_TEXT)
			continue;
		memcpy(vf, d->d_name, (size_t)(dot - d->d_name));
		vf[dot - d->d_name] = '\0';
		if (!pciaddr_parse(vf, &addr))
			r = each(vf, arg, e);
	}
	if (!r && errno)
		return err_set(e, CNI_EIO, errno, "cannot list " RECORD_FOLDER);
	return r;
}

int record_each(int folder, int (*each)(const char *vf, void *arg, struct err *e), void *arg,
		struct err *e)
{
	return each_named(folder, ".json", each, arg, e);
}

int record_each_aside(int folder, int (*each)(const char *vf, void *arg, struct err *e), void *arg,
		      struct err *e)
{
	return each_named(folder, RECORD_ASIDE, each, arg, e);
}
