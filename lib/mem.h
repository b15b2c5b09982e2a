/* SPDX-License-Identifier: Apache-2.0 */
/* mem.h - ownership: cleanup attributes, and giving away what they guard */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * A variable declared with _cleanup_(f) has f(&variable) called when it leaves its scope. For JSON:
 * json_auto_t.
 */
#define _cleanup_(f)   __attribute__((cleanup(f)))
#define _cleanup_free_ __attribute__((cleanup(freep)))
#define _cleanup_fd_   __attribute__((cleanup(closep)))

/*
 * Evaluates to the pointer (or descriptor) and leaves the variable empty: the caller owns it now.
 */
#define TAKE_PTR(p)                                                                                \
	({                                                                                         \
		__typeof__(p) taken = (p);                                                         \
		(p) = NULL;                                                                        \
		taken;                                                                             \
	})
#define TAKE_FD(fd)                                                                                \
	({                                                                                         \
		int taken = fd;                                                                    \
		fd = -1;                                                                           \
		taken;                                                                             \
	})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void closep(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* nothing was buffered: there is nothing to lose */
}

/* As readdir(), which tells the end from an error by errno alone: that is 0 at the end. */
static inline const struct dirent *next_entry(DIR *dir)
{
	errno = 0;
	return readdir(dir);
}

static inline void closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir); /* only read from */
}
