/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - the IPAM plugin "ipam-shim", for any CNI plugin: reads what it is called with, answers,
 * and is the only place that prints
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "mem.h"
#include "program.h"
#include "shim.h"

/* DHCP is the slowest of those that can be behind "delegate". */
#define TIMEOUT_MS 60000

static const char *env(const char *name)
{
	return getenv(name);
}

static int fail(const struct err *e, const char *cni_version)
{
	json_auto_t *answer = cni_error_answer(e, cni_version);

	log_line(LOG_ERROR, "%s", e->msg);
	(void)program_print(answer); /* the exit status says it as well */
	return EXIT_FAILURE;
}

static void warn_unknown(const char *key, void *arg)
{
	log_line(LOG_WARNING, "network %s: ipam: unknown key \"%s\" ignored", (const char *)arg,
		 key);
}

/* The commands that a version does not have yet. */
static int check_command(enum cni_command command, enum cni_version v, struct err *e)
{
	enum cni_version since = command == CNI_GC || command == CNI_STATUS ? CNI_1_1_0
				 : command == CNI_CHECK                     ? CNI_0_4_0
									    : CNI_0_1_0;

	if (v >= since)
		return 0;
	return err_set(e, CNI_EVERSION, 0, "CNI %s has no %s; use cniVersion %s or newer",
		       cni_version_name(v), cni_command_name(command), cni_version_name(since));
}

/* Result: -1, for the error that is there already. */
static int undo(const struct shim *s, struct err *e)
{
	struct err why = {0};

	if (shim_run(s, CNI_DEL, NULL, &why) < 0)
		err_hint(e, "and what was given could not be released: %s; DEL will try again",
			 why.msg);
	return -1;
}

static int run(const struct cni_args *args, json_t *conf, struct timespec since, struct err *e)
{
	const json_t *prev = json_object_get(conf, "prevResult");
	const char *name = json_string_value(json_object_get(conf, "name"));
	struct err unused;
	json_auto_t *prev_in = json_is_object(prev) ? cni_result_in(prev, "", &unused) : NULL;
	bool delegated = json_object_get(json_object_get(conf, "ipam"), "delegate");
	json_auto_t *result = NULL, *answer = NULL;
	struct shim s = {
		.type = SHIM_TYPE,
		.args = args,
		.env = (const char *const *)environ,
		.conf = conf,
		.result = prev_in,
		.timeout_ms = TIMEOUT_MS,
		.lock = -1,
		.since = since,
	};
	enum cni_version v;

	if (cni_version_parse(json_string_value(json_object_get(conf, "cniVersion")), &v, e) < 0 ||
	    check_command(args->command, v, e) < 0)
		return -1;
	if (args->command == CNI_ADD)
		jtable_unknown(json_object_get(conf, "ipam"), section_fields, warn_unknown,
			       (void *)(uintptr_t)(name ?: ""));
	if (args->command != CNI_ADD)
		return shim_run(&s, args->command, NULL, e);
	/* what is built in refuses, and gives up, without help */
	if (delegated && shim_refuse(&s, e) < 0)
		return -1;
	/* one that was killed, or answered rubbish, may have given an address all the same */
	if (shim_run(&s, CNI_ADD, &result, e) < 0)
		return delegated ? undo(&s, e) : -1;

	answer = cni_result_out(result, v, e);
	json_object_del(answer, "interfaces"); /* they are not an IPAM plugin's to tell */
	if (answer && !program_print(answer))
		return 0;
	if (answer)
		err_set(e, CNI_EIO, errno, "cannot write the result to standard output");
	s.result = result;
	return undo(&s, e);
}

int main(void)
{
	const struct timespec since = clock_stamp();
	_cleanup_free_ char *text = NULL;
	json_auto_t *conf = NULL;
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

	conf = jtable_parse(text, len, "the network configuration", &e);

	const char *version = json_string_value(json_object_get(conf, "cniVersion"));

	if (args.command == CNI_VERSION) {
		json_auto_t *answer = cni_version_answer(version);

		return program_print(answer) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	if (!conf || run(&args, conf, since, &e) < 0)
		return fail(&e, version);
	return EXIT_SUCCESS;
}
