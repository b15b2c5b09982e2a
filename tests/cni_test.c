/* SPDX-License-Identifier: Apache-2.0 */
/* cni_test.c - the CNI protocol: arguments, versions, errors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cni.h"
#include "expect.h"
#include "mem.h"

/* --- environment --- */

/* What the runtime says; NULL: not set. */
static const char *env_command, *env_id, *env_netns, *env_ifname, *env_args, *env_path;

static const char *get(const char *name)
{
	const struct {
		const char *name, *value;
	} env[] = {
		{"CNI_COMMAND", env_command}, {"CNI_CONTAINERID", env_id}, {"CNI_NETNS", env_netns},
		{"CNI_IFNAME", env_ifname},   {"CNI_ARGS", env_args},      {"CNI_PATH", env_path},
	};

	for (size_t i = 0; i < ARRAY_SIZE(env); i++)
		if (!strcmp(name, env[i].name))
			return env[i].value;
	return NULL;
}

#define C200                                                                                       \
	"c12345678901234567890123456789012345678901234567890123456789012345"                       \
	"6789012345678901234567890123456789012345678901234567890123456789"                         \
	"0123456789012345678901234567890123456789012345678901234567890123456789"

static char long_path[4096 + 1];

static const struct {
	const char *command, *id, *netns, *ifname;
	const char *expected; /* part of the message; NULL: accepted */
} envs[] = {
	{"ADD", "c1", "/run/netns/x", "net1", NULL},
	{"ADD", C200, "/run/netns/x", "net1", NULL},
	{"ADD", "0.a_b-C", "/run/netns/x", "abcdefghijklmno", NULL},
	{"DEL", "c1", NULL, "net1", NULL},
	{"DEL", "c1", "", "net1", NULL},
	{"CHECK", "c1", "/run/netns/x", "net1", NULL},
	{"GC", NULL, NULL, NULL, NULL},
	{"STATUS", NULL, NULL, NULL, NULL},
	{"VERSION", NULL, NULL, NULL, NULL},

	{NULL, "c1", "/run/netns/x", "net1", "CNI_COMMAND is not set"},
	{"", "c1", "/run/netns/x", "net1", "CNI_COMMAND \"\" is unknown"},
	{"add", "c1", "/run/netns/x", "net1", "CNI_COMMAND \"add\" is unknown"},
	{"ADDED", "c1", "/run/netns/x", "net1", "CNI_COMMAND \"ADDED\" is unknown"},

	{"ADD", NULL, "/run/netns/x", "net1", "CNI_CONTAINERID is not set"},
	{"DEL", "", NULL, "net1", "CNI_CONTAINERID is not set"},
	{"CHECK", NULL, "/run/netns/x", "net1", "CNI_CONTAINERID is not set"},
	{"ADD", C200 "x", "/run/netns/x", "net1", "CNI_CONTAINERID is longer than 200"},
	{"ADD", "../c1", "/run/netns/x", "net1", "CNI_CONTAINERID may hold letters"},
	{"ADD", "c/1", "/run/netns/x", "net1", "CNI_CONTAINERID may hold letters"},
	{"ADD", "c:1", "/run/netns/x", "net1", "CNI_CONTAINERID may hold letters"},
	{"ADD", "c 1", "/run/netns/x", "net1", "CNI_CONTAINERID may hold letters"},
	{"ADD", "c\n", "/run/netns/x", "net1", "CNI_CONTAINERID may hold letters"},
	{"ADD", "\xc3\xa9", "/run/netns/x", "net1", "CNI_CONTAINERID may hold letters"},
	{"ADD", "_c1", "/run/netns/x", "net1", "CNI_CONTAINERID may hold letters"},
	{"ADD", ".", "/run/netns/x", "net1", "CNI_CONTAINERID may hold letters"},

	{"ADD", "c1", "/run/netns/x", NULL, "CNI_IFNAME is not set"},
	{"DEL", "c1", NULL, "", "CNI_IFNAME is not set"},
	{"CHECK", "c1", "/run/netns/x", NULL, "CNI_IFNAME is not set"},
	{"ADD", "c1", "/run/netns/x", "abcdefghijklmnop",
	 "CNI_IFNAME \"abcdefghijklmnop\" cannot name"},
	{"ADD", "c1", "/run/netns/x", "net/1", "CNI_IFNAME"},
	{"ADD", "c1", "/run/netns/x", "net:1", "CNI_IFNAME"},
	{"ADD", "c1", "/run/netns/x", "net 1", "CNI_IFNAME"},
	{"ADD", "c1", "/run/netns/x", "net%d", "CNI_IFNAME \"net%d\" cannot name"},
	{"ADD", "c1", "/run/netns/x", "net\t1", "CNI_IFNAME"},
	{"ADD", "c1", "/run/netns/x", ".", "CNI_IFNAME \".\""},
	{"ADD", "c1", "/run/netns/x", "..", "CNI_IFNAME \"..\""},
	{"DEL", "c1", NULL, "..", "CNI_IFNAME \"..\""},

	{"ADD", "c1", "/run/netns/x", "net\xff", "CNI_IFNAME is not UTF-8"},
	{"DEL", "c1", NULL, "\xc3", "CNI_IFNAME is not UTF-8"},
	{"ADD", "c1", "/run/netns/x", "n\xc3\xa9t", NULL},
	{"ADD", "c1", "/run/netns/\xff", "net1", "CNI_NETNS is not UTF-8"},
	{"DEL", "c1", "/run/netns/\xff", "net1", "CNI_NETNS is not UTF-8"},
	{"ADD", "c1", long_path, "net1", "CNI_NETNS is longer than 4095 bytes"},
	{"DEL", "c1", long_path, "net1", "CNI_NETNS is longer than 4095 bytes"},
	{"ADD", "c1", long_path + 1, "net1", NULL},

	{"ADD", "c1", NULL, "net1", "CNI_NETNS is not set"},
	{"ADD", "c1", "", "net1", "CNI_NETNS is not set"},
	{"CHECK", "c1", NULL, "net1", "CNI_NETNS is not set"},
};

static void each_command_gets_the_variables_it_needs(void **state)
{
	struct cni_args untouched = {.args = "untouched"};

	(void)state;
	memset(long_path, 'x', sizeof(long_path) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(envs); i++) {
		struct cni_args a = untouched;
		struct err e = {0};
		char row[512];

		(void)snprintf(row, sizeof(row), "%s id=%s netns=%s ifname=%s",
			       envs[i].command ?: "NULL", envs[i].id ?: "NULL",
			       envs[i].netns ?: "NULL", envs[i].ifname ?: "NULL");
		EXPECT_ROW(row);
		env_command = envs[i].command;
		env_id = envs[i].id;
		env_netns = envs[i].netns;
		env_ifname = envs[i].ifname;

		int r = cni_args_read(get, &a, &e);

		if (envs[i].expected) {
			expect_err(r, &e, CNI_EENV, envs[i].expected);
			expect_text(a.args, "untouched");
			continue;
		}
		expect_ok(r, &e);
		expect_text(cni_command_name(a.command), envs[i].command);
		expect_text(a.container_id, envs[i].id ?: "");
		expect_text(a.netns, envs[i].netns ?: "");
		expect_text(a.ifname, envs[i].ifname ?: "");
	}
}

static void what_is_not_set_is_empty(void **state)
{
	struct cni_args a;
	struct err e = {0};

	(void)state;
	env_command = "VERSION";
	env_id = env_netns = env_ifname = env_args = env_path = NULL;
	expect_ok(cni_args_read(get, &a, &e), &e);
	expect_text(a.args, "");
	expect_text(a.path, "");
	env_args = "A=1";
	env_path = "/opt/cni/bin";
	expect_ok(cni_args_read(get, &a, &e), &e);
	expect_text(a.args, "A=1");
	expect_text(a.path, "/opt/cni/bin");
}

/* --- CNI_ARGS --- */

static const struct {
	const char *args;
	int result;
	const char *expected; /* value of MAC in a buffer of 6 bytes, or part of the message */
} args[] = {
	{"", 0, ""},
	{"MAC=12345", 1, "12345"},
	{"MAC=", 1, ""},
	{"A=1;MAC=2;B=3", 1, "2"},
	{"MAC=2;", 1, "2"},
	{"MAC=1;MAC=2", 1, "2"}, /* as in the Go library: the last one counts */
	{"MAC=a=b", 1, "a=b"},
	{"XMAC=1;MA=1;MACX=1;mac=1;=MAC", 0, ""},
	{"MAC=123456", -1, "the value of MAC is too long"},
	{"MAC", -1, "\"MAC\" is not KEY=VALUE"},
	{"A=1;B;MAC=1", -1, "\"B\" is not KEY=VALUE"},
	{"A=1;;MAC=1", -1, "\"\" is not KEY=VALUE"},
	{"MAC=1; ", -1, "\" \" is not KEY=VALUE"},
};

static void an_argument_is_found_by_its_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(args); i++) {
		char value[6] = "";
		struct err e = {0};
		int r = cni_args_get(args[i].args, "MAC", value, sizeof(value), &e);

		EXPECT_ROW(args[i].args);
		if (args[i].result < 0) {
			expect_err(r, &e, CNI_EENV, args[i].expected);
			continue;
		}
		expect_ok(r, &e);
		expect_int(r, args[i].result);
		expect_text(value, args[i].expected);
	}
}

/* --- versions --- */

static void every_version_has_a_name_and_back(void **state)
{
	enum cni_version v;
	struct err e = {0};

	(void)state;
	for (unsigned i = 0; i < CNI_VERSIONS; i++) {
		expect_ok(cni_version_parse(cni_version_name((enum cni_version)i), &v, &e), &e);
		expect_int(v, i);
	}
	expect_ok(cni_version_parse(NULL, &v, &e), &e);
	expect_int(v, CNI_0_1_0);
}

static void another_version_is_refused_with_a_list_of_ours(void **state)
{
	static const char *const others[] = {"",       "1.0",    "1.2.0", "0.3",
					     " 1.0.0", "1.0.0 ", "v1.0.0"};
	enum cni_version v = CNI_VERSIONS;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		EXPECT_ROW(others[i]);
		expect_err(cni_version_parse(others[i], &v, &e), &e, CNI_EVERSION,
			   "0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0");
		expect_within(e.msg, others[i]);
		expect_int(v, CNI_VERSIONS);
	}
}

static void the_answer_to_version_lists_them_all(void **state)
{
	json_auto_t *list = json_pack("[s,s,s,s,s,s,s]", "0.1.0", "0.2.0", "0.3.0", "0.3.1",
				      "0.4.0", "1.0.0", "1.1.0");

	(void)state;
	expect_json(cni_version_answer("0.4.0"),
		    json_pack("{s:s, s:O}", "cniVersion", "0.4.0", "supportedVersions", list));
	expect_json(cni_version_answer(NULL),
		    json_pack("{s:s, s:O}", "cniVersion", "1.1.0", "supportedVersions", list));
}

/* --- the error object --- */

static void an_error_object_has_version_code_and_text(void **state)
{
	struct err e;

	(void)state;
	(void)err_set(&e, CNI_ECONFIG, 0, "a \"quoted\" \\ text");
	expect_json(cni_error_answer(&e, "0.3.1"),
		    json_pack("{s:s, s:i, s:s}", "cniVersion", "0.3.1", "code", CNI_ECONFIG, "msg",
			      "a \"quoted\" \\ text"));
	strcpy(e.details, "more");
	expect_json(cni_error_answer(&e, NULL),
		    json_pack("{s:s, s:i, s:s, s:s}", "cniVersion", "1.1.0", "code", CNI_ECONFIG,
			      "msg", "a \"quoted\" \\ text", "details", "more"));
}

/*
 * The bytes of a message can come from the environment, or be cut within a character: there is an
 * error object all the same.
 */
static void a_message_that_is_not_utf8_still_makes_an_error_object(void **state)
{
	struct err e;
	char long_text[2 * sizeof(e.msg) + 1];

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(e.msg); i += 2)
		memcpy(long_text + i, "\xc3\xa9", 3);

	const char *const msgs[] = {"CNI_IFNAME \"net\xff\" cannot name an interface", long_text,
				    "\xc3"};

	for (size_t i = 0; i < ARRAY_SIZE(msgs); i++) {
		(void)err_set(&e, CNI_EENV, 0, "%s", msgs[i]);
		(void)snprintf(e.details, sizeof(e.details), "%s", msgs[i]);

		json_auto_t *answer = cni_error_answer(&e, NULL);
		_cleanup_free_ char *text = json_dumps(answer, 0);

		EXPECT_ROW(text ?: "no object");
		expect_int(json_integer_value(json_object_get(answer, "code")), CNI_EENV);
		expect_int(json_string_length(json_object_get(answer, "msg")) > 0, true);
		expect_int(json_string_length(json_object_get(answer, "details")) > 0, true);
	}
}

static void a_message_is_one_line(void **state)
{
	struct err e;

	(void)state;
	(void)err_set(&e, CNI_EUNKNOWN, 0, "namespace a\nb\tc\x1b[0m\x7f is \xc3\xa9");
	strcpy(e.details, "two\nlines");
	expect_json(cni_error_answer(&e, NULL),
		    json_pack("{s:s, s:i, s:s, s:s}", "cniVersion", "1.1.0", "code", CNI_EUNKNOWN,
			      "msg", "namespace a b c [0m  is \xc3\xa9", "details", "two\nlines"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_command_gets_the_variables_it_needs),
		cmocka_unit_test(what_is_not_set_is_empty),
		cmocka_unit_test(an_argument_is_found_by_its_key),
		cmocka_unit_test(every_version_has_a_name_and_back),
		cmocka_unit_test(another_version_is_refused_with_a_list_of_ours),
		cmocka_unit_test(the_answer_to_version_lists_them_all),
		cmocka_unit_test(an_error_object_has_version_code_and_text),
		cmocka_unit_test(a_message_that_is_not_utf8_still_makes_an_error_object),
		cmocka_unit_test(a_message_is_one_line),
	};

	return cmocka_run_group_tests_name("cni", tests, NULL, NULL);
}
