/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - the CNI plugin "sriov": reads what the runtime says, answers it, and is the only place
 * that prints
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "commands.h"
#include "jtable.h"
#include "log.h"
#include "mem.h"
#include "sysfs.h"

/* The answer in one piece, or -1: a runtime that is gone does not get half of one. */
static int print(const json_t *answer)
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

static int fail(const struct err *e, const char *cni_version)
{
	json_auto_t *answer = cni_error_answer(e, cni_version);

	log_line(LOG_ERROR, "%s", e->msg);
	(void)print(answer); /* the exit status says it as well */
	return EXIT_FAILURE;
}

/* Standard input to its end, at most one byte more than a configuration may have. */
static char *read_stdin(size_t *ret_len, struct err *e)
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

static const char *env(const char *name)
{
	return getenv(name);
}

static void free_conf(struct conf *c)
{
	conf_clear(c);
}

static int run(const struct cni_args *args, struct conf *conf, struct err *e)
{
	_cleanup_(attachment_close) struct attachment a = ATTACHMENT_INIT;
	_cleanup_fd_ int sys = -1, folder = -1;
	json_auto_t *answer = NULL;
	struct err undo = {0};

	if (!commands[args->command].run)
		return err_set(e, CNI_EENV, 0, "CNI_COMMAND %s is not offered",
			       cni_command_name(args->command));
	sys = sysfs_open(SYSFS_ROOT, e);
	if (sys < 0)
		return -1;
	folder = record_open_folder(RECORD_FOLDER, e);
	if (folder < 0)
		return -1;
	a.args = args;
	a.env = (const char *const *)environ;
	a.conf = conf;
	a.sys = sys;
	a.folder = folder;

	if (commands[args->command].run(&a, &answer, e) < 0)
		return -1;
	if (!answer || !print(answer)) {
		if (commands[args->command].then)
			commands[args->command].then(&a);
		return 0;
	}
	err_set(e, CNI_EIO, errno, "cannot write the result to standard output");
	if (commands[args->command].undo && commands[args->command].undo(&a, &undo) < 0)
		err_hint(e, "and not all could be undone: %s; DEL will try again", undo.msg);
	return -1;
}

/* Else jansson opens /dev/urandom for the seed of its hashes; it does so where this fails. */
static void seed_hashes(void)
{
	size_t seed;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) == sizeof(seed))
		json_object_seed(seed);
}

int main(void)
{
	_cleanup_(free_conf) struct conf conf = {0};
	_cleanup_free_ char *text = NULL;
	struct cni_args args;
	struct err e = {0};
	size_t len = 0;

	fill_standard_files();
	seed_hashes();
	(void)signal(SIGPIPE,
		     SIG_IGN); /* a runtime that is gone is an error of write(), which undoes */

	if (cni_args_read(env, &args, &e) < 0)
		return fail(&e, NULL);
	(void)log_open(LOG_WARNING, NULL, args.container_id, args.ifname,
		       &e); /* standard error is always there */
	text = read_stdin(&len, &e);
	if (!text)
		return fail(&e, NULL);

	if (args.command == CNI_VERSION) {
		struct err none;
		json_auto_t *in = jtable_parse(text, len, "", &none);
		json_auto_t *answer =
			cni_version_answer(json_string_value(json_object_get(in, "cniVersion")));

		return print(answer) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	}

	if (conf_read(text, len, &args, &conf, &e) < 0)
		return fail(&e, conf.version_text);
	if (log_open(conf.log_level.set ? (enum log_level)conf.log_level.v : LOG_WARNING,
		     conf.log_file, args.container_id, args.ifname, &e) < 0)
		log_line(LOG_WARNING, "%s; logging to standard error", e.msg);
	if (run(&args, &conf, &e) < 0)
		return fail(&e, conf.version_text);
	return EXIT_SUCCESS;
}
