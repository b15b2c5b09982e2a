/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - the logger: one line per event, with container id and interface, never on stdout */
#include "log.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "cni.h"

const char *const log_levels[] = {
	[LOG_PANIC] = "panic", [LOG_ERROR] = "error", [LOG_WARNING] = "warning",
	[LOG_INFO] = "info",   [LOG_DEBUG] = "debug", [LOG_LEVELS] = NULL,
};
static_assert(sizeof(log_levels) / sizeof(*log_levels) == LOG_LEVELS + 1, "a word for each level");

static struct {
	enum log_level level;
	int fd;
	const char *container_id, *ifname;
} logger = {LOG_WARNING, STDERR_FILENO, "", ""};

int log_open(enum log_level level, const char *path, const char *container_id, const char *ifname,
	     struct err *e)
{
	logger.level = level;
	logger.container_id = container_id;
	logger.ifname = ifname;
	if (!path)
		return 0;

	if (path[0] != '/')
		return err_set(e, CNI_ECONFIG, 0, "logFile \"%s\" is not an absolute path", path);

	int fd =
		open(path,
		     O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		     0600);
	if (fd < 0)
		return err_set(e, CNI_ECONFIG, errno, "logFile %s cannot be opened", path);
	logger.fd = fd;
	return 0;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char line[2048];
	char when[CLOCK_TEXT];
	struct timespec ts;
	va_list ap;
	size_t n;

	if (level > logger.level)
		return;

	(void)clock_gettime(CLOCK_REALTIME, &ts); /* cannot fail with this clock */
	n = (size_t)snprintf(line, sizeof(line), "%s [%s]%s%.64s%s%.15s: ", clock_text(ts, when),
			     log_levels[level], *logger.container_id ? " " : "",
			     logger.container_id, *logger.ifname ? " " : "", logger.ifname);

	va_start(ap, fmt);
	int m = vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
	va_end(ap);
	if (m > 0)
		n += (size_t)m < sizeof(line) - n - 1 ? (size_t)m : sizeof(line) - n - 2;
	for (size_t i = 0; i < n; i++)
		if (iscntrl((unsigned char)line[i]))
			line[i] = '?'; /* what came from outside cannot begin a line of its own */
	line[n++] = '\n';

	if (write(logger.fd, line, n) < 0)
		return; /* a log that can't be written must not fail the work */
}
