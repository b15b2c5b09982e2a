/* SPDX-License-Identifier: Apache-2.0 */
/* delegate_test.c - the IPAM plugins of tests/data/ipam, as they should be and as they are met */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "delegate.h"
#include "fixture.h"
#include "jtable.h"
#include "mem.h"

#define FIRST  FIXTURES "ipam"
#define SECOND FIXTURES "ipam/second"

static const struct cni_args attachment = {
	.container_id = "c1",
	.netns = "/run/netns/x",
	.ifname = "net1",
	.args = "K=V",
	.path = FIRST ":" SECOND,
};

/* Runs a plugin; *test_signal is for kills_itself. */
static const char *test_signal = "SEGV", *config = "{}";

static int run_for(const char *type, enum cni_command command, int timeout_ms, json_t **ret,
		   struct err *e)
{
	char dir[PATH_MAX], sig[32], path[PATH_MAX];
	const char *const env[] = {path,        dir, sig, "CNI_IFNAME=wrong", "CNI_OTHER=kept",
				   "CNIX=kept", NULL};
	const struct delegate d = {
		.type = type,
		.args = &attachment,
		.env = env,
		.config = config,
		.config_len = strlen(config),
		.timeout_ms = timeout_ms,
		.lock = -1,
	};

	(void)snprintf(path, sizeof(path), "PATH=%s", getenv("PATH"));
	(void)snprintf(dir, sizeof(dir), "TEST_DIR=%s", scratch_path("."));
	(void)snprintf(sig, sizeof(sig), "TEST_SIGNAL=%s", test_signal);
	return delegate_run(&d, command, ret, e);
}

static int add(const char *type, json_t **ret, struct err *e)
{
	*ret = NULL;
	return run_for(type, CNI_ADD, 20000, ret, e);
}

static char *scratch_read(const char *name)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = fopen(scratch_path("%s", name), "re");

	if (!f || getdelim(&text, &size, '\0', f) < 0)
		fail_msg("%s: %s", name, strerror(errno));
	(void)fclose(f);
	return text;
}

static void no_child_is_left(void)
{
	expect_int(waitpid(-1, NULL, WNOHANG), -1);
	expect_int(errno, ECHILD);
}

/* --- where it is --- */

static const struct {
	const char *type, *path, *expected; /* path found, or part of the message */
	int code;
} places[] = {
	{"answers", FIRST ":" SECOND, FIRST "/answers", 0},
	{"answers", SECOND ":" FIRST, SECOND "/answers", 0},
	{"only_here", SECOND, SECOND "/only_here", 0},
	{"only_here", FIRST ":" SECOND, SECOND "/only_here", 0}, /* the first cannot be executed */
	{"answers", "::/nowhere::" FIRST ":", FIRST "/answers", 0},
	{"ipam", FIXTURES ":" FIRST, "IPAM plugin ipam is not in CNI_PATH",
	 CNI_EIPAM}, /* a folder */
	{"none", FIRST, "IPAM plugin none is not in CNI_PATH (" FIRST "); install it there",
	 CNI_EIPAM},
	{"answers", "", "is not in CNI_PATH (which is empty)", CNI_EIPAM},
	{"answers", ":", "is not in CNI_PATH",
	 CNI_EIPAM}, /* nothing is no folder, and not this one */
	{"", FIRST, "\"type\": \"\" is not the name of an executable", CNI_ECONFIG},
	{".", FIRST, "is not the name of an executable", CNI_ECONFIG},
	{"..", FIRST, "is not the name of an executable", CNI_ECONFIG},
	{"second/only_here", FIRST, "is not the name of an executable", CNI_ECONFIG},
	{"/bin/sh", FIRST, "is not the name of an executable", CNI_ECONFIG},
};

static void a_plugin_is_looked_for_in_cni_path(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char path[PATH_MAX] = "";
		struct err e = {0};
		int r = delegate_find(places[i].type, places[i].path, path, &e);

		EXPECT_ROW(places[i].path);
		if (places[i].code) {
			expect_err(r, &e, places[i].code, places[i].expected);
			continue;
		}
		expect_ok(r, &e);
		expect_text(path, places[i].expected);
	}
}

/* The reason and the remedy are at the end of the message. */
static void of_a_long_cni_path_the_message_shows_the_beginning(void **state)
{
	char dirs[65536], path[PATH_MAX];
	struct err e;

	(void)state;
	memset(dirs, 'x', sizeof(dirs) - 1);
	dirs[sizeof(dirs) - 1] = '\0';
	expect_err(delegate_find("answers", dirs, path, &e), &e, CNI_EIPAM,
		   "xxx...); install it there, or correct ipam.type");
	memset(dirs, 'x', sizeof(dirs) - 1);
	expect_err(delegate_find(dirs, "/opt/cni/bin", path, &e), &e, CNI_EIPAM,
		   "xxx is not in CNI_PATH (/opt/cni/bin); install it there");
}

static void a_path_that_is_too_long_is_passed_over(void **state)
{
	char dirs[2 * PATH_MAX], path[PATH_MAX];
	struct err e = {0};

	(void)state;
	memset(dirs, 'x', sizeof(dirs));
	dirs[0] = '/';
	(void)strcpy(dirs + PATH_MAX + 100, ":" FIRST);
	expect_ok(delegate_find("answers", dirs, path, &e), &e);
	expect_text(path, FIRST "/answers");
}

/* --- what it says --- */

static void an_address_is_answered_in_the_newest_shape(void **state)
{
	json_t *result;
	struct err e = {0};

	(void)state;
	expect_ok(add("answers", &result, &e), &e);
	expect_json(result,
		    json_pack("{s:s, s:[], s:[{s:s}], s:[], s:{}}", "cniVersion", "1.1.0",
			      "interfaces", "ips", "address", "10.1.2.3/24", "routes", "dns"));
	expect_ok(add("answers_as_of_old", &result, &e), &e);
	expect_json(result, json_pack("{s:s, s:[], s:[{s:s, s:s}], s:[], s:{}}", "cniVersion",
				      "1.1.0", "interfaces", "ips", "address", "10.1.2.3/24",
				      "gateway", "10.1.2.1", "routes", "dns"));
	no_child_is_left();
}

static void of_other_commands_the_output_is_not_looked_at(void **state)
{
	static const enum cni_command commands[] = {CNI_DEL, CNI_CHECK, CNI_GC, CNI_STATUS};
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		expect_ok(run_for("answers", commands[i], 20000, NULL, &e), &e);
		expect_err(run_for("refuses", commands[i], 20000, NULL, &e), &e, 11,
			   "no address left");
	}
}

static void the_answer_to_version_is_passed_on_as_it_is(void **state)
{
	json_t *answer = NULL;
	struct err e = {0};

	(void)state;
	expect_ok(run_for("has_no_address", CNI_VERSION, 20000, &answer, &e), &e);
	expect_json(answer, json_pack("{s:s, s:[]}", "cniVersion", "1.0.0", "ips"));
	expect_err(run_for("prints_rubbish", CNI_VERSION, 20000, &answer, &e), &e, CNI_EIPAM,
		   "is not valid JSON");
}

static const struct {
	const char *type;
	int code;
	const char *expected, *details;
} failures[] = {
	{"refuses", 11, "IPAM plugin refuses: no address left in 10.1.2.0/24", "254 leases"},
	{"refuses_without_code", CNI_EIPAM, "IPAM plugin refuses_without_code: no address left",
	 ""},
	{"refuses_with_a_code_beyond_32_bits", CNI_EIPAM, ": no address left", ""},
	{"refuses_without_words", CNI_EIPAM,
	 "ended with status 3 and printed no error object: \"{\"cniVersion\"", ""},
	{"ends_with_status_2", CNI_EIPAM,
	 "ended with status 2 and printed no error object: \"panic:   [31m  on standard output \"",
	 ""},
	{"ends_silently", CNI_EIPAM, "ended with status 1 and printed no error object: \"\"", ""},
	{"ends_well_with_an_error_object", CNI_EIPAM,
	 "the result of IPAM plugin ends_well_with_an_error_object", ""},
	{"prints_rubbish", CNI_EIPAM, "near 'Usage' (it printed \"Usage: ipam [OPTION]... \")", ""},
	{"prints_nothing", CNI_EIPAM, "(it printed \"\")", ""},
	{"prints_two_mebibytes", CNI_EIPAM,
	 "the result of IPAM plugin prints_two_mebibytes is larger than 1048576", ""},
	{"has_no_address", CNI_EIPAM, "the result of IPAM plugin has_no_address has no address",
	 ""},
	{"speaks_a_future_version", CNI_EIPAM, "cniVersion \"9.0.0\" is not supported", ""},
	{"none", CNI_EIPAM, "IPAM plugin none is not in CNI_PATH", ""},
};

static void what_goes_wrong_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
		struct err e = {.details = "of before"};
		json_t *result;

		EXPECT_ROW(failures[i].type);
		expect_err(add(failures[i].type, &result, &e), &e, failures[i].code,
			   failures[i].expected);
		expect_text(e.details, failures[i].details);
		expect_int(result == NULL, true);
		no_child_is_left();
	}
}

static void a_result_may_have_one_mebibyte(void **state)
{
	json_t *result;
	struct err e = {0};

	(void)state;
	expect_ok(add("prints_one_mebibyte", &result, &e), &e);
	json_decref(result);
}

/* --- what it gets --- */

static void its_environment_is_that_of_the_attachment(void **state)
{
	static const char *const lines[] = {
		"\nCNI_COMMAND=ADD\n",
		"\nCNI_CONTAINERID=c1\n",
		"\nCNI_NETNS=/run/netns/x\n",
		"\nCNI_IFNAME=net1\n",
		"\nCNI_ARGS=K=V\n",
		"\nCNI_PATH=" FIRST ":" SECOND "\n",
		"\nCNIX=kept\n",
		"\nCNI_OTHER=kept\n", /* of a later version of the specification */
	};
	json_t *result;
	struct err e = {0};
	char seen[8192] = "\n";

	(void)state;
	expect_int(setenv("TEST_OURS", "must not be there", 1), 0);
	expect_ok(add("keeps_what_it_saw", &result, &e), &e);
	json_decref(result);

	_cleanup_free_ char *env = scratch_read("env");

	(void)strncat(seen, env, sizeof(seen) - 2);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		expect_within(seen, lines[i]);
	expect_text(strstr(seen, "wrong"), NULL);
	expect_text(strstr(seen, "TEST_OURS"), NULL);
}

static void its_input_is_complete(void **state)
{
	const size_t size = 200 * 1024;
	_cleanup_free_ char *large = malloc(size + 1);
	json_t *result;
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < size; i++)
		large[i] = (char)('a' + i / 3 % 26);
	large[size] = '\0';
	config = large;
	expect_ok(add("keeps_what_it_saw", &result, &e), &e);
	json_decref(result);

	_cleanup_free_ char *seen = scratch_read("stdin");

	expect_int(strcmp(seen, large), 0);
	expect_ok(add("reads_nothing", &result, &e), &e); /* nobody waits for it to read */
	json_decref(result);
	config = "{}";
}

static void its_signals_are_as_at_the_beginning(void **state)
{
	static const struct {
		const char *name, *expected;
	} signals[] = {
		{"SEGV", "IPAM plugin kills_itself was killed by signal 11"},
		{"PIPE", "IPAM plugin kills_itself was killed by signal 13"}, /* ignored here */
		{"TERM", "IPAM plugin kills_itself was killed by signal 15"}, /* blocked here */
	};
	struct sigaction ignore = {.sa_handler = SIG_IGN}, pipe_before;
	sigset_t term, before;

	(void)state;
	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	expect_int(sigprocmask(SIG_BLOCK, &term, &before), 0);
	expect_int(sigaction(SIGPIPE, &ignore, &pipe_before), 0);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		json_t *result;
		struct err e;

		EXPECT_ROW(signals[i].name);
		test_signal = signals[i].name;
		expect_err(add("kills_itself", &result, &e), &e, CNI_EIPAM, signals[i].expected);
	}
	expect_int(sigaction(SIGPIPE, &pipe_before, NULL), 0);
	expect_int(sigprocmask(SIG_SETMASK, &before, NULL), 0);
}

static void one_whose_end_cannot_be_waited_for_has_failed(void **state)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction before;
	json_t *result;
	struct err e;

	(void)state;
	expect_int(sigaction(SIGCHLD, &ignore, &before), 0);
	expect_err(add("answers", &result, &e), &e, CNI_EIPAM,
		   "cannot wait for IPAM plugin answers");
	expect_int(e.errnum, ECHILD);
	expect_int(sigaction(SIGCHLD, &before, NULL), 0);
	expect_int(result == NULL, true);
}

/* --- how long it takes --- */

static void a_plugin_that_hangs_is_killed_with_its_children(void **state)
{
	static const char *const types[] = {"hangs", "hangs_with_closed_output"};

	(void)state;
	expect_int(mkfifo(scratch_path("alive"), 0600), 0);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		_cleanup_fd_ int alive =
			open(scratch_path("alive"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		struct pollfd p = {.fd = alive};
		json_t *result = NULL;
		struct err e;
		int64_t begin = clock_ms(), took;

		EXPECT_ROW(types[i]);
		expect_err(run_for(types[i], CNI_ADD, 1000, &result, &e), &e, CNI_EIPAM,
			   "did not answer ADD within 1 s and was killed");
		took = clock_ms() - begin;
		if (took < 1000 || took > 3000)
			fail_msg("killed after %d ms instead of 1000", (int)took);
		/* the last that holds it open closes it, at its death */
		expect_int(poll(&p, 1, 5000), 1);
		expect_hex(p.revents, POLLHUP);
		no_child_is_left();
	}
}

static void a_daemon_that_holds_the_output_holds_up_nobody(void **state)
{
	json_t *result;
	struct err e = {0};
	int64_t begin = clock_ms();

	(void)state;
	expect_int(mkfifo(scratch_path("alive"), 0600), 0);
	expect_ok(add("leaves_a_daemon", &result, &e), &e);
	json_decref(result);
	if (clock_ms() - begin > 5000)
		fail_msg("waited %d ms for the daemon", (int)(clock_ms() - begin));

	/* It is still there: it waits for this. */
	int alive;

	(void)alarm(5); /* ends the test, should the daemon not be there */
	while ((alive = open(scratch_path("alive"), O_WRONLY | O_NONBLOCK | O_CLOEXEC)) < 0 &&
	       errno == ENXIO)
		(void)usleep(1000);
	(void)alarm(0);
	expect_int(alive >= 0, true);
	(void)close(alive);
}

static void an_executable_that_is_being_written_is_not_started(void **state)
{
	struct cni_args args = attachment;
	const char *const env[] = {NULL};
	struct delegate d = {"ipam", &args, env, "{}", 2, 20000, -1};
	json_t *result = NULL;
	struct err e;

	(void)state;
	scratch_file("#!/bin/sh\n", "ipam");
	expect_int(chmod(scratch_path("ipam"), 0700), 0);
	args.path = scratch_path(".");

	_cleanup_fd_ int writer = open(scratch_path("ipam"), O_WRONLY | O_CLOEXEC);

	expect_err(delegate_run(&d, CNI_ADD, &result, &e), &e, CNI_EIPAM,
		   "cannot start IPAM plugin");
	expect_int(e.errnum, ETXTBSY);
	no_child_is_left();
}

static void an_executable_that_is_being_written_is_waited_for(void **state)
{
	struct cni_args args = attachment;
	const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
	struct delegate d = {"ipam", &args, env, "{}", 2, 20000, -1};
	json_t *result = NULL;
	struct err e = {0};
	int ready[2];
	char byte;
	pid_t writer;

	(void)state;
	scratch_file(
		"#!/bin/sh\n"
		"echo '{\"cniVersion\": \"1.0.0\", \"ips\": [{\"address\": \"10.1.2.3/24\"}]}'\n",
		"ipam");
	expect_int(chmod(scratch_path("ipam"), 0700), 0);
	args.path = scratch_path(".");
	expect_int(pipe(ready), 0);
	writer = fork();
	if (!writer) {
		/* holds it open until the test has tried at least once */
		int fd = open(scratch_path("ipam"), O_WRONLY | O_CLOEXEC);

		(void)!write(ready[1], "", fd >= 0);
		(void)usleep(300000);
		_exit(0);
	}
	expect_int(read(ready[0], &byte, 1), 1);
	expect_ok(delegate_run(&d, CNI_ADD, &result, &e), &e);
	json_decref(result);
	expect_int(waitpid(writer, NULL, 0), writer);
	(void)close(ready[0]);
	(void)close(ready[1]);
}

static void what_cannot_be_executed_is_not_started(void **state)
{
	struct cni_args args = attachment;
	const char *const env[] = {NULL};
	struct delegate d = {"ipam", &args, env, "{}", 2, 20000, -1};
	json_t *result = NULL;
	struct err e;

	(void)state;
	scratch_file("#!/no/such/shell\n", "ipam");
	expect_int(chmod(scratch_path("ipam"), 0700), 0);
	args.path = scratch_path(".");
	expect_err(delegate_run(&d, CNI_ADD, &result, &e), &e, CNI_EIPAM,
		   "cannot start IPAM plugin");
	expect_int(e.errnum, ENOENT);
	no_child_is_left();
}

static void without_descriptors_no_plugin_is_started(void **state)
{
	struct cni_args args = attachment;
	const char *const env[] = {NULL};
	const struct delegate d = {"ipam", &args, env, "{}", 2, 1000, -1};
	int lowest = dup(0);
	struct rlimit before;

	(void)state;
	(void)close(lowest);
	scratch_link("/bin/true", "ipam");
	args.path = scratch_path(".");
	expect_int(getrlimit(RLIMIT_NOFILE, &before), 0);
	/* its input and both ends of its output: 3 are needed, and no more */
	for (int left = 0; left <= 3; left++) {
		struct rlimit few = {(rlim_t)(lowest + left), before.rlim_max};
		struct err e = {0};
		int r;

		expect_int(setrlimit(RLIMIT_NOFILE, &few), 0);
		r = delegate_run(&d, CNI_DEL, NULL, &e);
		expect_int(setrlimit(RLIMIT_NOFILE, &before), 0);
		if (left == 3)
			expect_ok(r, &e);
		else
			expect_err(r, &e, left ? CNI_EIPAM : CNI_EIO, "Too many open files");
		no_child_is_left();
	}
}

static void nothing_stays_open(void **state)
{
	_cleanup_fd_ int before = dup(0);
	json_t *result = NULL;
	struct err e;

	(void)state;
	for (int i = 0; i < 5; i++) {
		expect_int(add("ends_silently", &result, &e), -1);
		expect_int(add("none", &result, &e), -1);
	}

	_cleanup_fd_ int after = dup(0);

	expect_int(after, before + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plugin_is_looked_for_in_cni_path),
		cmocka_unit_test(of_a_long_cni_path_the_message_shows_the_beginning),
		cmocka_unit_test(a_path_that_is_too_long_is_passed_over),
		cmocka_unit_test(an_address_is_answered_in_the_newest_shape),
		cmocka_unit_test(of_other_commands_the_output_is_not_looked_at),
		cmocka_unit_test(the_answer_to_version_is_passed_on_as_it_is),
		cmocka_unit_test(what_goes_wrong_is_said),
		cmocka_unit_test(a_result_may_have_one_mebibyte),
		SCRATCH_TEST(its_environment_is_that_of_the_attachment),
		SCRATCH_TEST(its_input_is_complete),
		cmocka_unit_test(its_signals_are_as_at_the_beginning),
		cmocka_unit_test(one_whose_end_cannot_be_waited_for_has_failed),
		SCRATCH_TEST(a_plugin_that_hangs_is_killed_with_its_children),
		SCRATCH_TEST(a_daemon_that_holds_the_output_holds_up_nobody),
		SCRATCH_TEST(an_executable_that_is_being_written_is_not_started),
		SCRATCH_TEST(an_executable_that_is_being_written_is_waited_for),
		SCRATCH_TEST(what_cannot_be_executed_is_not_started),
		SCRATCH_TEST(without_descriptors_no_plugin_is_started),
		cmocka_unit_test(nothing_stays_open),
	};

	return cmocka_run_group_tests_name("delegate", tests, NULL, NULL);
}
