/* SPDX-License-Identifier: Apache-2.0 */
/* program.c - what a program that a runtime calls does first and last */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cni.h"
#include "jtable.h"
#include "mem.h"

/*
 * Whatever this program opens must not become its standard output: a runtime can start it with that
 * one closed.
 */
static void fill_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC); /* so that printing fails */
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void)close(fd); /* only a place holder */
}

/* Else jansson opens /dev/urandom for the seed of its hashes; it does so where this fails. */
static void seed_hashes(void)
{
	size_t seed;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) == sizeof(seed))
		json_object_seed(seed);
}

/*
 * Where SIGCHLD is ignored waitpid() does not tell how a plugin ended, and where SIGALRM is blocked
 * lock_take() would wait without end.
 */
void program_take_signals(void)
{
	sigset_t none;

	(void)sigemptyset(&none); /* none of these can fail with these arguments */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

void program_begin(void)
{
	fill_standard_files();
	seed_hashes();
	program_take_signals();
	/* a runtime that is gone is an error of write(), which undoes */
	(void)signal(SIGPIPE, SIG_IGN);
}

char *program_read_stdin(size_t *ret_len, struct err *e)
{
	size_t size = 16384, len = 0;
	_cleanup_free_ char *text = malloc(size);

	while (text) {
		ssize_t n = read(STDIN_FILENO, text + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_set(e, CNI_EIO, errno,
				"cannot read the network configuration from standard input");
			return NULL;
		}
		len += (size_t)n;
		if (n == 0 || len > JTABLE_MAX_TEXT) {
			*ret_len = len;
			return TAKE_PTR(text);
		}
		if (len == size) {
			char *more = realloc(text, size *= 4);

			if (!more)
				break;
			text = more;
		}
	}
	err_set(e, CNI_EIO, ENOMEM, "cannot read the network configuration from standard input");
	return NULL;
}

int program_print(const json_t *answer)
{
	_cleanup_free_ char *text = json_dumps(answer, JSON_INDENT(4));
	size_t len = text ? strlen(text) : 0;
	size_t done = 0;

	if (!len)
		return -1;
	text[len++] = '\n'; /* in place of the closing NUL */
	while (done < len) {
		ssize_t n = write(STDOUT_FILENO, text + done, len - done);

		if (n < 0 && errno != EINTR)
			return -1;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}
