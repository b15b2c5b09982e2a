/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - one attachment on disk: save, load, drop */
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "mem.h"
#include "record_text.h"

/*
 * A record holds at most one network configuration and one result of the sizes that are read
 * elsewhere.
 */
#define RECORD_MAX (8L * JTABLE_MAX_TEXT)

bool record_is_of(const struct record *r, const char *container_id, const char *ifname)
{
	return !strcmp(r->container_id, container_id) && !strcmp(r->ifname, ifname);
}

void record_clear(struct record *r)
{
	json_decref(r->doc);
	*r = (struct record){0};
}

/* A PCI address and the longest ending. */
#define RECORD_NAME (PCIADDR_TEXT + sizeof(RECORD_ASIDE))

static void file_name(char buf[static RECORD_NAME], const char *vf, const char *ending)
{
	(void)snprintf(buf, RECORD_NAME, "%.15s%s", vf, ending); /* sized for it */
}

static int new_file(int folder, const char *name)
{
	return openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

int record_save(int folder, const struct record *r, struct err *e)
{
	size_t len;
	_cleanup_free_ char *text = record_to_text(r, &len);
	char name[RECORD_NAME], temporary[RECORD_NAME];
	_cleanup_fd_ int fd = -1;

	if (!text)
		return err_set(e, CNI_EIO, ENOMEM, "cannot write the record of VF %s", r->vf);
	file_name(name, r->vf, ".json");
	file_name(temporary, r->vf, ".new");
	if (len > RECORD_MAX)
		return err_set(e, CNI_EIO, 0, "the record of VF %s would be larger than %ld bytes",
			       r->vf, RECORD_MAX);

	fd = new_file(folder, temporary);
	if (fd < 0 && errno == EEXIST) {
		/* what a killed process left of its own is in the way, and of no use */
		if (unlinkat(folder, temporary, 0) < 0 && errno == EISDIR)
			(void)unlinkat(folder, temporary, AT_REMOVEDIR); /* told below */
		fd = new_file(folder, temporary);
	}
	if (fd < 0 && errno == EEXIST)
		return err_set(e, CNI_ESTATE, 0,
			       RECORD_FOLDER
			       "/%s is in the way of the record; it is not ours: remove it",
			       temporary);
	if (fd < 0)
		return err_set(e, CNI_EIO, errno,
			       "cannot write the record of VF %s to " RECORD_FOLDER, r->vf);

	ssize_t n = write(fd, text, len);

	if (n != (ssize_t)len || renameat(folder, temporary, folder, name) < 0) {
		int errnum = n >= 0 && n != (ssize_t)len ? ENOSPC : errno;

		(void)unlinkat(folder, temporary, 0);
		return err_set(e, CNI_EIO, errnum,
			       "cannot write the record of VF %s to " RECORD_FOLDER, r->vf);
	}
	return 0;
}

/* Reads a whole regular file. Result: 1, 0 where there is none. */
static int read_file(int folder, const char *name, char **ret, size_t *ret_len, struct err *e)
{
	_cleanup_fd_ int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	_cleanup_free_ char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0) /* what is no file of ours, or the moment's trouble: then the record is good */
		return err_set(e, errno == ELOOP || errno == ENXIO ? CNI_ESTATE : CNI_EIO, errno,
			       "cannot open record %s", name);
	if (fstat(fd, &st) < 0)
		return err_set(e, CNI_EIO, errno, "cannot read record %s", name);
	if (!S_ISREG(st.st_mode) || st.st_size > RECORD_MAX)
		return err_set(e, CNI_ESTATE, 0, "record %s is no file, or larger than %ld bytes",
			       name, RECORD_MAX);
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return err_set(e, CNI_EIO, ENOMEM, "cannot read record %s", name);
	n = read(fd, text, (size_t)st.st_size);
	if (n < 0)
		return err_set(e, CNI_EIO, errno, "cannot read record %s", name);
	*ret_len = (size_t)n;
	*ret = TAKE_PTR(text);
	return 1;
}

static int load(int folder, const char *vf, bool whole, struct record *ret, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_(record_clear) struct record r = {0};
	char name[RECORD_NAME];
	size_t len = 0;
	int found;

	file_name(name, vf, ".json");
	found = read_file(folder, name, &text, &len, e);
	if (found <= 0)
		return found;

	(void)snprintf(r.vf, sizeof(r.vf), "%s", vf); /* a PCI address, sized for it */
	if (record_from_text(text, len, whole, &r, e) < 0) {
		if (e->code != CNI_EIO)
			e->code = CNI_ESTATE;
		return err_ctx(e, "record " RECORD_FOLDER "/%s", name);
	}
	*ret = r;
	r = (struct record){0};
	return 1;
}

int record_load(int folder, const char *vf, struct record *ret, struct err *e)
{
	return load(folder, vf, true, ret, e);
}

int record_load_head(int folder, const char *vf, struct record *ret, struct err *e)
{
	return load(folder, vf, false, ret, e);
}

int record_set_aside(int folder, const char *vf, struct err *e)
{
	char name[RECORD_NAME], aside[RECORD_NAME];

	file_name(name, vf, ".json");
	file_name(aside, vf, RECORD_ASIDE);
	if (!renameat(folder, name, folder, aside))
		return 0;
	if (errno == ENOTDIR || errno == EISDIR || errno == ENOTEMPTY || errno == EEXIST)
		return err_set(
			e, CNI_ESTATE, 0,
			"the record " RECORD_FOLDER
			"/%s is damaged, and cannot be put aside: %s is in the way: remove it",
			name, aside);
	return err_set(e, CNI_EIO, errno,
		       "cannot rename the damaged record " RECORD_FOLDER "/%s to %s", name, aside);
}

int record_drop(int folder, const char *vf, struct err *e)
{
	/* the other is what a process that was killed while it wrote has left */
	static const char *const endings[] = {".json", ".new"};
	char name[RECORD_NAME];

	for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
		file_name(name, vf, endings[i]);
		/* a folder is not what such a process leaves: it stays where it is in no way */
		if (unlinkat(folder, name, 0) < 0 && errno != ENOENT && (i == 0 || errno != EISDIR))
			return err_set(e, CNI_EIO, errno,
				       "cannot remove record " RECORD_FOLDER "/%s", name);
	}
	return 0;
}
