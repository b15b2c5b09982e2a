/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - the CNI plugin "sriov": reads what the runtime says, answers it, and is the only place
 * that prints
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "commands.h"
#include "jtable.h"
#include "log.h"
#include "mem.h"
#include "program.h"
#include "sysfs.h"

static int fail(const struct err *e, const char *cni_version)
{
	json_auto_t *answer = cni_error_answer(e, cni_version);

	log_line(LOG_ERROR, "%s", e->msg);
	(void)program_print(answer); /* the exit status says it as well */
	return EXIT_FAILURE;
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
	if (!answer || !program_print(answer)) {
		if (commands[args->command].then && commands[args->command].then(&a))
			_exit(EXIT_SUCCESS);
		return 0;
	}
	err_set(e, CNI_EIO, errno, "cannot write the result to standard output");
	if (commands[args->command].undo && commands[args->command].undo(&a, &undo) < 0)
		err_hint(e, "and not all could be undone: %s; DEL will try again", undo.msg);
	return -1;
}

int main(void)
{
	_cleanup_(free_conf) struct conf conf = {0};
	_cleanup_free_ char *text = NULL;
	struct cni_args args;
	struct err e = {0};
	size_t len = 0;

	program_begin();

	if (cni_args_read(env, &args, &e) < 0)
		return fail(&e, NULL);
	(void)log_open(LOG_WARNING, NULL, args.container_id, args.ifname,
		       &e); /* standard error is always there */
	text = program_read_stdin(&len, &e);
	if (!text)
		return fail(&e, NULL);

	if (args.command == CNI_VERSION) {
		struct err none;
		json_auto_t *in = jtable_parse(text, len, "", &none);
		json_auto_t *answer =
			cni_version_answer(json_string_value(json_object_get(in, "cniVersion")));

		return program_print(answer) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
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
