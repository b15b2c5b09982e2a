/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.c - what stands in tests/data, and the places that a test has for itself */
#include "fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "hex.h"
#include "mem.h"

/* --- tests/data --- */

char *fixture_read(const char *path, size_t *ret_len)
{
	char full[PATH_MAX], *text = NULL;
	size_t size = 0;
	FILE *f, *copy;
	int c;

	(void)snprintf(full, sizeof(full), FIXTURES "%s", path);
	f = fopen(full, "re");
	if (!f)
		fail_msg("%s: %s; the tests run in the root of the repository", full,
			 strerror(errno));
	copy = open_memstream(&text, &size);
	while ((c = getc(f)) != EOF)
		(void)putc(c, copy);
	(void)fclose(f);
	(void)fclose(copy);
	if (ret_len)
		*ret_len = size;
	return text;
}

json_t *fixture_json(const char *path)
{
	size_t len;
	_cleanup_free_ char *text = fixture_read(path, &len);
	json_error_t at;
	json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES, &at);

	if (!j)
		fail_msg(FIXTURES "%s: line %d: %s", path, at.line, at.text);
	return j;
}

uint8_t *fixture_hex(const char *path, size_t *ret_len)
{
	uint8_t *bytes = (uint8_t *)fixture_read(path, ret_len);

	*ret_len = hex_decode(bytes, *ret_len);
	return bytes;
}

const char *fixture_beside(void *const *state, const char *ending)
{
	static char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s%s", (const char *)*state, ending);
	return path;
}

static int is_input(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return dot && !strcmp(dot, ".json");
}

int fixture_run(const char *folder, CMUnitTestFunction test)
{
	char full[PATH_MAX];
	struct dirent **names;
	int n;

	(void)snprintf(full, sizeof(full), FIXTURES "%s", folder);
	n = scandir(full, &names, is_input, alphasort);
	if (n <= 0) {
		print_error("%s holds no input; the tests run in the root of the repository\n",
			    full);
		return 1;
	}

	struct CMUnitTest *tests = calloc((size_t)n, sizeof(*tests));
	char(*paths)[PATH_MAX] = calloc((size_t)n, sizeof(*paths));
	int failed;

	for (int i = 0; i < n; i++) {
		*strrchr(names[i]->d_name, '.') = '\0';
		(void)snprintf(paths[i], sizeof(paths[i]), "%s/%s", folder, names[i]->d_name);
		tests[i] = (struct CMUnitTest){names[i]->d_name, test, NULL, NULL, paths[i]};
	}
	failed = _cmocka_run_group_tests(folder, tests, (size_t)n, NULL, NULL);

	while (n > 0)
		free(names[--n]);
	free(names);
	free(paths);
	free(tests);
	return failed;
}

/* --- a folder --- */

static char scratch[PATH_MAX];

int scratch_make(void **state)
{
	(void)state;
	(void)snprintf(scratch, sizeof(scratch), "%s/sriov-test.XXXXXX",
		       getenv("TMPDIR") ?: "/tmp");
	return mkdtemp(scratch) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

int scratch_remove(void **state)
{
	(void)state;
	return nftw(scratch, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *make_path(const char *fmt, va_list ap)
{
	static char paths[16][PATH_MAX];
	static unsigned next;
	char *path = paths[next++ % 16];
	int n = snprintf(path, PATH_MAX, "%s/", scratch);

	(void)vsnprintf(path + n, PATH_MAX - (size_t)n, fmt, ap);
	return path;
}

#define MAKE_PATH(fmt)                                                                             \
	({                                                                                         \
		va_list ap;                                                                        \
		va_start(ap, fmt);                                                                 \
		const char *p = make_path(fmt, ap);                                                \
		va_end(ap);                                                                        \
		p;                                                                                 \
	})

const char *scratch_path(const char *fmt, ...)
{
	return MAKE_PATH(fmt);
}

static void make_folders(const char *path)
{
	char above[PATH_MAX];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		(void)snprintf(above, sizeof(above), "%.*s", (int)(slash - path), path);
		if (mkdir(above, 0700) < 0 && errno != EEXIST)
			fail_msg("%s: %s", above, strerror(errno));
	}
}

void scratch_file(const char *content, const char *fmt, ...)
{
	const char *path = MAKE_PATH(fmt);
	FILE *f;

	make_folders(path);
	f = fopen(path, "we");
	if (!f || fputs(content, f) < 0 || fclose(f))
		fail_msg("%s: %s", path, strerror(errno));
}

void scratch_link(const char *target, const char *fmt, ...)
{
	const char *path = MAKE_PATH(fmt);

	make_folders(path);
	if (symlink(target, path) < 0)
		fail_msg("%s: %s", path, strerror(errno));
}

void scratch_folder(const char *fmt, ...)
{
	const char *path = MAKE_PATH(fmt);

	make_folders(path);
	if (mkdir(path, 0700) < 0)
		fail_msg("%s: %s", path, strerror(errno));
}

/* --- namespaces --- */

static void write_proc(const char *path, const char *text)
{
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fail_msg("%s: %s", path, strerror(errno));
}

void scratch_namespaces(int flags)
{
	char uids[32], gids[32];

	(void)snprintf(uids, sizeof(uids), "0 %u 1", geteuid());
	(void)snprintf(gids, sizeof(gids), "0 %u 1", getegid());
	if (unshare(CLONE_NEWUSER | flags) < 0)
		fail_msg(
			"unshare: %s; these tests need user namespaces (sysctl user.max_user_namespaces, "
			"kernel.unprivileged_userns_clone)",
			strerror(errno));
	write_proc("/proc/self/setgroups", "deny");
	write_proc("/proc/self/uid_map", uids);
	write_proc("/proc/self/gid_map", gids);
}

/* A FUSE whose server, which is this process, does not even begin. O_PATH asks it for nothing. */
int scratch_dead_file(void)
{
	int device = open("/dev/fuse", O_RDWR | O_CLOEXEC), fd; /* stays open: the server lives */
	char options[80];

	if (device < 0)
		skip();
	scratch_folder("dead");
	(void)snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0",
		       device);
	if (mount("dead", scratch_path("dead"), "fuse", 0, options) < 0)
		fail_msg("mount: %s", strerror(errno));
	fd = open(scratch_path("dead"), O_PATH | O_CLOEXEC);
	if (fd < 0 || umount2(scratch_path("dead"), MNT_DETACH) < 0) /* else nobody can clean up */
		fail_msg("dead: %s", strerror(errno));
	return fd;
}
