/* SPDX-License-Identifier: Apache-2.0 */
/* giveback_test.c - what sriovctl makes of records: what is abandoned, and how the plugin is called
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fixture.h"
#include "giveback.h"
#include "mem.h"

/* --- how it stands --- */

static void what_is_abandoned_is_told_by_phase_namespace_and_lock(void **state)
{
	static const struct {
		enum record_phase phase;
		bool lives;
		const char *worker;
		bool abandoned;
		const char *said;
	} rows[] = {
		{RECORD_ATTACHED, true, "", false, "attached"},
		{RECORD_ATTACHED, false, "", true, "its namespace is gone"},
		{RECORD_ADDING, true, "", true, "its ADD did not end"},
		{RECORD_RELEASING, true, "", true, "its DEL did not end"},
		{RECORD_RELEASING, false, "", true, "its DEL did not end"},
		{RECORD_ADDING, true, "process 7, ADD", false, "being attached"},
		{RECORD_RELEASING, false, "process 7, DEL", false, "being worked on"},
		{RECORD_ATTACHED, false, "process 7, GC", false, "being worked on"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct attached a = {.rec.phase = rows[i].phase, .lives = rows[i].lives};

		EXPECT_ROW(rows[i].said);
		(void)snprintf(a.worker, sizeof(a.worker), "%s", rows[i].worker);
		expect_int(records_abandoned(&a), rows[i].abandoned);
		expect_text(records_state(&a), rows[i].said);
	}
}

/* --- the calls --- */

static void gc_is_told_of_all_attachments_but_one(void **state)
{
	struct attached all[] = {
		{.rec = {.container_id = "c1", .ifname = "net1", .network = "a"}},
		{.rec = {.container_id = "c1", .ifname = "net2", .network = "b"}},
		{.rec = {.container_id = "c2", .ifname = "net1", .network = "b"}},
	};
	const struct records r = {.all = all, .n = ARRAY_SIZE(all)};

	(void)state;
	expect_json(giveback_gc_conf(&r, &all[1]),
		    json_pack("{s:s, s:s, s:s, s:s, s:[{s:s, s:s}, {s:s, s:s}]}", "cniVersion",
			      "1.1.0", "name", "b", "type", "sriov", "logLevel", "panic",
			      "cni.dev/valid-attachments", "containerID", "c1", "ifname", "net1",
			      "containerID", "c2", "ifname", "net1"));
}

static void del_gets_what_the_record_holds_of_the_configuration(void **state)
{
	json_auto_t *config = json_pack("{s:s, s:s, s:s, s:{s:s}}", "cniVersion", "0.4.0", "name",
					"n", "type", "sriov", "ipam", "type", "host-local");
	const struct record with = {.network = "n", .config = config}, without = {.network = "n"};

	(void)state;
	expect_json(giveback_del_conf(&without),
		    json_pack("{s:s, s:s, s:s, s:s}", "cniVersion", "1.0.0", "name", "n", "type",
			      "sriov", "logLevel", "panic"));
	expect_json(giveback_del_conf(&with),
		    json_pack("{s:s, s:s, s:s, s:s, s:{s:s}}", "cniVersion", "0.4.0", "name", "n",
			      "type", "sriov", "logLevel", "panic", "ipam", "type", "host-local"));

	/* who wants a log file wants these lines as well */
	(void)json_object_set_new(config, "logFile", json_string("/var/log/x"));
	(void)json_object_set_new(config, "logLevel", json_string("info"));
	expect_json(giveback_del_conf(&with), json_deep_copy(config));
}

static void the_plugin_is_found_and_its_folder_leads_cni_path(void **state)
{
	char *env[] = {(char[]){"CNI_PATHS=wrong"}, (char[]){"CNI_PATH=/a:/b"}, NULL};
	char *bare[] = {NULL};
	struct ctl ctl = {.env = env};
	char expected[PATH_MAX];
	struct giveback g = {0};
	struct err e = {0};

	(void)state;
	scratch_file("#!/bin/sh\n", "bin/sriov");
	scratch_link("bin/sriov", "link");
	ctl.opt[OPT_PLUGIN] = scratch_path("bin/sriov");
	expect_err(giveback_find(&ctl, &g, &e), &e, CNI_ECONFIG, "no file that can be executed");
	expect_int(chmod(scratch_path("bin/sriov"), 0755), 0);
	expect_ok(giveback_find(&ctl, &g, &e), &e);
	(void)snprintf(expected, sizeof(expected), "%s:/a:/b", scratch_path("bin"));
	expect_text(g.cni_path, expected);

	/* the others are beside the file itself */
	ctl.opt[OPT_PLUGIN] = scratch_path("link");
	ctl.env = bare;
	expect_ok(giveback_find(&ctl, &g, &e), &e);
	expect_text(g.file, scratch_path("bin/sriov"));
	expect_text(g.cni_path, scratch_path("bin"));

	ctl.opt[OPT_PLUGIN] = scratch_path("none");
	expect_err(giveback_find(&ctl, &g, &e), &e, CNI_ECONFIG, "--plugin");
	ctl.opt[OPT_PLUGIN] = scratch_path("bin");
	expect_err(giveback_find(&ctl, &g, &e), &e, CNI_ECONFIG, "--plugin");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_abandoned_is_told_by_phase_namespace_and_lock),
		cmocka_unit_test(gc_is_told_of_all_attachments_but_one),
		cmocka_unit_test(del_gets_what_the_record_holds_of_the_configuration),
		SCRATCH_TEST(the_plugin_is_found_and_its_folder_leads_cni_path),
	};

	return cmocka_run_group_tests_name("giveback", tests, NULL, NULL);
}
