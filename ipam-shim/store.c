/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - who has which address: leases on disk, in the folder that host-local uses */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lock.h"
#include "mem.h"

/* clang-format off */
/*
 * Theory of operation
 * -------------------
 * data_dir/NETWORK/ is host-local's, and every file in it is as host-local writes it:
 *
 *	10.56.0.7              a lease; its content is the attachment's: "CONTAINERID\r\nIFNAME"
 *	last_reserved_ip.0     the address that range set 0 gave last
 *	lock                   flock() for a whole operation
 *
 * and one that host-local takes for a lease as any other, and removes with the rest:
 *
 *	.CONTAINERID:IFNAME    the attachment's own file
 *
 * A lease is another name (link()) of the attachment's own file. So it appears at once and
 * complete, whatever is killed; nothing is given when there is no space, as the content is written
 * before; and one fstat() tells how many addresses an attachment has: its links but one. ADD refuses
 * a second address by that, and DEL knows when it has found all, without looking through the
 * folder, however many leases are in there. Where there is no own file, host-local gave the lease, or
 * nobody did; where it has no other name, an operation was killed, or a copy of the folder has made
 * files of the names: then the folder is looked through.
 *
 * The own file goes last.
 */
/* clang-format on */

#define LOCK_TIMEOUT_MS 10000

/* "CONTAINERID\r\nIFNAME" */
#define CONTENT_MAX 512

static int fail(const struct store *s, int errnum, const char *what, const char *name,
		struct err *e)
{
	return err_set(e, CNI_EIO, errnum, "cannot %s %s/%s", what, s->path, name);
}

/* As mkdir -p. */
static void make_folders(const char *path)
{
	char part[PATH_MAX];

	for (const char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
		size_t len = slash ? (size_t)(slash - path) : strlen(path);

		memcpy(part, path, len);
		part[len] = '\0';
		(void)mkdir(part, 0755); /* what this was for is told by open() */
		if (!slash)
			return;
	}
}

static int open_folder(struct store *s, bool create, struct err *e)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	struct stat st;

	s->dir = open(s->path, flags);
	if (s->dir < 0 && errno == ENOENT) {
		if (!create)
			return 0;
		make_folders(s->path);
		s->dir = open(s->path, flags);
	}
	if (s->dir < 0)
		return err_set(e, errno == ENOTDIR || errno == ELOOP ? CNI_ESTATE : CNI_EIO, errno,
			       "cannot open the folder of leases %s", s->path);
	if (fstat(s->dir, &st) < 0)
		return err_set(e, CNI_EIO, errno, "cannot look at the folder of leases %s",
			       s->path);
	if (st.st_uid != geteuid() || st.st_mode & 022)
		return err_set(
			e, CNI_ESTATE, 0,
			"the folder of leases %s belongs to user %u with mode %03o; it has to belong to user %u, "
			"and nobody else may write to it",
			s->path, st.st_uid, st.st_mode & 0777, geteuid());
	return 1;
}

static int open_lock(struct store *s, struct err *e)
{
	struct stat st;

	s->lock = openat(s->dir, "lock", O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
			 0640);
	if (s->lock < 0) {
		fail(s, errno, "open", "lock", e);
		return e->errnum == ELOOP || e->errnum == EISDIR || e->errnum == ENXIO
			       ? err_hint(e, "it is no file: remove it")
			       : -1;
	}
	if (fstat(s->lock, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(e, CNI_ESTATE, 0, "%s/lock is no file: remove it", s->path);
	if (lock_take(s->lock, LOCK_TIMEOUT_MS) < 0)
		return errno == EWOULDBLOCK
			       ? err_set(e, CNI_EAGAIN, 0,
					 "%s/lock is held by another process, see lslocks(8); try again",
					 s->path)
			       : fail(s, errno, "lock", "lock", e);
	return 1;
}

int store_open(struct store *s, const char *data_dir, const char *network,
	       const struct cni_args *args, bool create, struct err *e)
{
	struct store new = STORE_INIT;
	int r;

	new.id = args->container_id;
	new.ifname = args->ifname;
	if (strlen(data_dir) + strlen(network) + 2 > PATH_MAX)
		return err_set(e, CNI_ECONFIG, ENAMETOOLONG, "\"dataDir\"");
	if (asprintf(&new.path, "%s/%s", data_dir, network) < 0) {
		new.path = NULL;
		return err_set(e, CNI_EIO, ENOMEM, "cannot open the folder of leases");
	}
	(void)snprintf(new.own, sizeof(new.own), ".%s:%s", new.id,
		       new.ifname); /* both bounded by cni_args_read() */
	r = open_folder(&new, create, e);
	if (r > 0)
		r = open_lock(&new, e);
	if (r > 0)
		*s = new;
	else
		store_close(&new);
	return r;
}

void store_close(const struct store *s)
{
	closep(&s->lock);
	closep(&s->dir);
	free(s->path);
}

/*
 * Reads a lease. Result: its length without white space at the end, 0 for one that is damaged;
 * NO_LEASE: what lies there is none, and not ours.
 */
#define NO_LEASE (-2)
static int read_lease(const struct store *s, const char *name, char text[static CONTENT_MAX],
		      struct err *e)
{
	_cleanup_fd_ int fd =
		openat(s->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, CONTENT_MAX - 1);

	if (n < 0)
		return errno == ENOENT || errno == ELOOP || errno == EISDIR || errno == ENXIO ||
				       errno == EAGAIN
			       ? NO_LEASE
			       : fail(s, errno, "read", name, e);
	while (n > 0 && strchr(" \t\r\n", text[n - 1]))
		n--;
	if (memchr(text, '\0', (size_t)n))
		n = 0;
	text[n] = '\0';
	return (int)n;
}

/* Whether the content of a lease is the attachment's; old: as versions before 0.7 wrote it. */
static bool is_ours(const struct store *s, const char *text, bool old)
{
	size_t len = strlen(s->id);

	if (strncmp(text, s->id, len))
		return false;
	return old ? !text[len]
		   : !strncmp(text + len, "\r\n", 2) && !strcmp(text + len + 2, s->ifname);
}

static int drop(const struct store *s, const char *name, struct err *e)
{
	return unlinkat(s->dir, name, 0) < 0 && errno != ENOENT ? fail(s, errno, "remove", name, e)
								: 0;
}

/*
 * How many addresses the own file stands for. ret_ino: its inode; may be NULL. Result: -1: there is
 * no such file.
 */
static int count_own(const struct store *s, ino_t *ret_ino)
{
	struct stat st;

	if (fstatat(s->dir, s->own, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return -1;
	if (ret_ino)
		*ret_ino = st.st_ino;
	return (int)st.st_nlink - 1;
}

int store_begin(const struct store *s, struct err *e)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	char text[CONTENT_MAX];
	int len = snprintf(text, sizeof(text), "%s\r\n%s", s->id, s->ifname);
	_cleanup_fd_ int fd = openat(s->dir, s->own, flags, 0644);

	if (fd < 0 && errno == EEXIST) {
		if (count_own(s, NULL) > 0)
			return err_set(
				e, CNI_ECONFIG, 0,
				"interface %s of container %s has an address already, see %s; DEL has to come "
				"before another ADD",
				s->ifname, s->id, s->path);
		/* of an ADD or DEL that was killed, or host-local released the address */
		if (drop(s, s->own, e) < 0)
			return -1;
		fd = openat(s->dir, s->own, flags, 0644);
	}
	if (fd < 0)
		return fail(s, errno, "write", s->own, e);

	ssize_t n = write(fd, text, (size_t)len);

	if (n != len) {
		int errnum = n < 0 ? errno : ENOSPC;

		(void)unlinkat(s->dir, s->own, 0); /* alone it means nothing */
		return fail(s, errnum, "write", s->own, e);
	}
	return 0;
}

int store_take(const struct store *s, const struct inet_prefix *addr, struct err *e)
{
	char name[INET_PREFIX_TEXT];

	if (!linkat(s->dir, s->own, s->dir, inet_addr_text(addr, name), 0))
		return 1;
	return errno == EEXIST ? 0 : fail(s, errno, "write the lease", name, e);
}

int store_is_free(const struct store *s, const struct inet_prefix *addr, struct err *e)
{
	char name[INET_PREFIX_TEXT];
	struct stat st;

	if (!fstatat(s->dir, inet_addr_text(addr, name), &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	return errno == ENOENT ? 1 : fail(s, errno, "look at the lease", name, e);
}

int store_undo(const struct store *s, const struct inet_prefix *taken, size_t n, struct err *e)
{
	struct err first = {0}, now = {0};
	char name[INET_PREFIX_TEXT];

	while (n-- > 0)
		if (drop(s, inet_addr_text(&taken[n], name), &now) < 0)
			(void)err_keep_first(&first, &now); /* told below */
	if (!first.code)
		return drop(s, s->own, e);
	*e = first;
	return -1;
}

/* Whether the lease of this name is the attachment's, also as old versions wrote it. Result: 1 or
 * 0. */
static int has(const struct store *s, const char *name, struct err *e)
{
	char text[CONTENT_MAX];
	int len = read_lease(s, name, text, e);

	return len == -1 ? -1 : len > 0 && (is_ours(s, text, false) || is_ours(s, text, true));
}

/*
 * Calls each(d, arg, e) for every file that can be a lease, until it returns something other than
 * 0, which is the result.
 */
static int each_file(const struct store *s,
		     int (*each)(const struct store *s, const struct dirent *d, void *arg,
				 struct err *e),
		     void *arg, struct err *e)
{
	_cleanup_fd_ int fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;
	int r = 0;

	if (!dir)
		return fail(s, errno, "list", "", e);
	TAKE_FD(fd);
	while (!r && (d = next_entry(dir))) {
		struct inet_prefix addr;

		if (!inet_addr_parse(d->d_name, &addr) ||
		    (d->d_name[0] == '.' && strchr(d->d_name, ':')))
			r = each(s, d, arg, e);
	}
	return r || !errno ? r : fail(s, errno, "list", "", e);
}

struct search {
	ino_t only; /* this inode; 0: any, by what is in it */
	bool old;   /* leases of old versions, which name no interface */
	bool found; /* there was one */
	bool drop;  /* remove them, and go on until the own file has no other name */
};

/* Whether a file is another name of the own one: ours, though a power cut have left it empty. */
static bool is_linked(const struct store *s, const char *name, ino_t own)
{
	struct stat st;

	return !fstatat(s->dir, name, &st, AT_SYMLINK_NOFOLLOW) && st.st_ino == own;
}

static int search(const struct store *s, const struct dirent *d, void *arg, struct err *e)
{
	struct search *look = arg;
	char text[CONTENT_MAX];
	int len;

	if ((look->only && d->d_ino != look->only) || !strcmp(d->d_name, s->own))
		return 0;
	if (!look->only || !is_linked(s, d->d_name, look->only)) {
		len = read_lease(s, d->d_name, text, e);
		if (len <= 0 || !is_ours(s, text, look->old))
			return len == -1 ? -1 : 0;
	}
	look->found = true;
	if (!look->drop)
		return 1;
	return drop(s, d->d_name, e) < 0 ? -1 : count_own(s, NULL) == 0;
}

/*
 * Looks for the attachment's leases. The names of its own file are found without opening the
 * others; where a file system tells of other inodes than fstat(), by what is in them. old: if there
 * is none, one of an old version, which can be that of another interface, will do. Result: whether
 * there is one.
 */
static int search_all(const struct store *s, bool drop, bool old, struct err *e)
{
	struct search look = {.drop = drop};
	int r = 0;

	if (count_own(s, &look.only) > 0)
		r = each_file(s, search, &look, e);
	look.only = 0;
	if (!r)
		r = each_file(s, search, &look, e);
	look.old = true;
	if (!r && !look.found && old)
		r = each_file(s, search, &look, e);
	return r < 0 ? -1 : look.found;
}

int store_release(const struct store *s, const json_t *ips, struct err *e)
{
	char name[INET_PREFIX_TEXT];
	struct inet_prefix addr;
	bool some = false;
	const json_t *ip;
	size_t i;

	json_array_foreach(ips, i, ip) {
		const char *text = json_string_value(json_object_get(ip, "address"));
		int ours = 0;

		if (text && !inet_prefix_parse(text, &addr))
			ours = has(s, inet_addr_text(&addr, name), e);
		if (ours < 0 || (ours && drop(s, name, e) < 0))
			return -1;
		some |= ours;
	}
	if ((count_own(s, NULL) || !some) && search_all(s, true, !some, e) < 0)
		return -1;
	return drop(s, s->own, e);
}

int store_has(const struct store *s, const struct inet_prefix *addr, struct err *e)
{
	char name[INET_PREFIX_TEXT];

	if (addr)
		return has(s, inet_addr_text(addr, name), e);
	return count_own(s, NULL) > 0 ? 1 : search_all(s, false, true, e);
}

struct collection {
	const json_t *keep; /* an object with "CONTAINERID\r\nIFNAME" and "CONTAINERID" as keys */
	struct timespec since;
	struct err first;
};

/*
 * Whether a file was written since then; one that is gone was not, nor one of a day to come, when
 * the clock was wrong.
 */
static bool is_newer(const struct store *s, const char *name, struct timespec since)
{
	struct stat st;

	return !fstatat(s->dir, name, &st, AT_SYMLINK_NOFOLLOW) &&
	       st.st_mtim.tv_sec <= time(NULL) &&
	       (st.st_mtim.tv_sec != since.tv_sec ? st.st_mtim.tv_sec > since.tv_sec
						  : st.st_mtim.tv_nsec >= since.tv_nsec);
}

static int collect(const struct store *s, const struct dirent *d, void *arg, struct err *e)
{
	struct collection *c = arg;
	struct err now = {0};
	char text[CONTENT_MAX];
	int len = read_lease(s, d->d_name, text, &now);

	(void)e; /* one that is stuck does not stop the others */
	/* an empty one is nobody's: who is writing it would have the lock */
	if (len == -1 || (len >= 0 && !json_object_get(c->keep, text) &&
			  !is_newer(s, d->d_name, c->since) && drop(s, d->d_name, &now) < 0))
		(void)err_keep_first(&c->first, &now); /* told at the end */
	return 0;
}

int store_collect(const struct store *s, const json_t *valid, struct timespec since, struct err *e)
{
	json_auto_t *keep = json_object();
	struct collection c = {.keep = keep, .since = since};
	char text[CONTENT_MAX];
	const json_t *item;
	size_t i;

	json_array_foreach(valid, i, item) {
		const char *id = json_string_value(json_object_get(item, "containerID"));
		const char *ifname = json_string_value(json_object_get(item, "ifname"));

		if (!id || !ifname ||
		    snprintf(text, sizeof(text), "%s\r\n%s", id, ifname) >= CONTENT_MAX)
			continue;
		if (json_object_set_new(keep, text, json_true()) < 0 ||
		    json_object_set_new(keep, id, json_true()) < 0)
			return err_set(e, CNI_EIO, ENOMEM,
				       "cannot keep the valid attachments in mind");
	}
	if (each_file(s, collect, &c, e) < 0)
		return -1;
	if (!c.first.code)
		return 0;
	*e = c.first;
	return -1;
}

struct listing {
	void (*each)(const struct inet_prefix *addr, void *arg);
	void *arg;
};

static int list(const struct store *s, const struct dirent *d, void *arg, struct err *e)
{
	const struct listing *l = arg;
	struct inet_prefix addr;

	(void)s;
	(void)e; /* a name is all it takes */
	if (!inet_addr_parse(d->d_name, &addr))
		l->each(&addr, l->arg);
	return 0;
}

int store_each(const struct store *s, void (*each)(const struct inet_prefix *addr, void *arg),
	       void *arg, struct err *e)
{
	struct listing l = {each, arg};

	return each_file(s, list, &l, e);
}

static int open_last(const struct store *s, size_t set, int flags)
{
	char name[48];

	(void)snprintf(name, sizeof(name), "last_reserved_ip.%zu", set); /* sized for it */
	return openat(s->dir, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);
}

bool store_last(const struct store *s, size_t set, struct inet_prefix *ret)
{
	_cleanup_fd_ int fd = open_last(s, set, O_RDONLY);
	char text[INET_PREFIX_TEXT];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n < 0)
		return false;
	text[n] = '\0';
	return !inet_addr_parse(text, ret);
}

void store_remember(const struct store *s, size_t set, const struct inet_prefix *addr)
{
	_cleanup_fd_ int fd = open_last(s, set, O_WRONLY | O_CREAT);
	char text[INET_PREFIX_TEXT];
	size_t len = strlen(inet_addr_text(addr, text));

	/* killed in between, or without space, it leaves a wrong hint, which is as good as none */
	if (fd >= 0 && pwrite(fd, text, len, 0) == (ssize_t)len && ftruncate(fd, (off_t)len) < 0)
		return;
}
