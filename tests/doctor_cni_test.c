/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_cni_test.c - CNI plugins and network configurations, and what sriovctl doctor says of them
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"
#include "fixture.h"
#include "mem.h"
#include "rootfs.h"

#define BIN    "opt/cni/bin"
#define ANSWER "#!/bin/sh\necho '{\"supportedVersions\": [\"0.1.0\", \"0.4.0\", \"1.1.0\"]}'\n"
#define NET    "etc/cni/net.d"
#define INSTALL                                                                                    \
	"make install in the sources of sriovctl, or, from where it was built: "                   \
	"install -D -m 0755 build/sriov /opt/cni/bin/sriov"

static const struct row {
	const char *what;
	struct {
		const char *path, *content;
		mode_t mode; /* 0: as it is made */
	} files[4];
	doctor_check *check;
	enum doctor_verdict verdict;
	const char *evidence, *remedy;
} rows[] = {
	{"none",
	 {{NULL, NULL, 0}},
	 doctor_cni_plugin,
	 DOCTOR_TODO,
	 "containers get no VFs",
	 INSTALL},
	{"a plugin",
	 {{BIN "/sriov", ANSWER, 0755}},
	 doctor_cni_plugin,
	 DOCTOR_OK,
	 "/opt/cni/bin/sriov knows CNI 0.1.0 to 1.1.0",
	 ""},
	{"in Debian's folder",
	 {{"usr/lib/cni/sriov", ANSWER, 0755}},
	 doctor_cni_plugin,
	 DOCTOR_OK,
	 "/usr/lib/cni/sriov knows",
	 ""},
	{"not executable",
	 {{BIN "/sriov", ANSWER, 0644}},
	 doctor_cni_plugin,
	 DOCTOR_TODO,
	 "/opt/cni/bin/sriov is no file that can be executed",
	 "chmod 0755 /opt/cni/bin/sriov"},
	{"anybody can replace it",
	 {{BIN "/sriov", ANSWER, 0777}},
	 doctor_cni_plugin,
	 DOCTOR_TODO,
	 "/opt/cni/bin/sriov belongs to user 0 with mode 777",
	 "chown root:root /opt/cni/bin/sriov && chmod go-w /opt/cni/bin/sriov"},
	{"anybody can put another there",
	 {{BIN "/sriov", ANSWER, 0755}, {BIN, NULL, 0777}},
	 doctor_cni_plugin,
	 DOCTOR_TODO,
	 "/opt/cni/bin belongs to user 0 with mode 777",
	 "chown root:root /opt/cni/bin && chmod go-w /opt/cni/bin"},
	{"no plugin at all",
	 {{BIN "/sriov", "#!/bin/sh\necho no\n", 0755}},
	 doctor_cni_plugin,
	 DOCTOR_TODO,
	 "/opt/cni/bin/sriov does not answer VERSION",
	 "make install in the sources of sriovctl puts this one's plugin there"},
	{"no versions",
	 {{BIN "/sriov", "#!/bin/sh\necho '{}'\n", 0755}},
	 doctor_cni_plugin,
	 DOCTOR_TODO,
	 "it names no versions",
	 "make install in the sources of sriovctl puts this one's plugin there"},

	{"no networks",
	 {{NULL, NULL, 0}},
	 doctor_cni_networks,
	 DOCTOR_NOTE,
	 "none in /etc/cni/net.d",
	 ""},
	{"others' networks",
	 {{NET "/87-podman.conflist", "{\"plugins\": [{\"type\": \"bridge\"}]}", 0}},
	 doctor_cni_networks,
	 DOCTOR_NOTE,
	 "none",
	 ""},
	{"a network",
	 {{NET "/10-a.conf", "{\"type\": \"sriov\", \"master\": \"pf0#0-3\"}", 0}},
	 doctor_cni_networks,
	 DOCTOR_OK,
	 "1 in /etc/cni/net.d",
	 ""},
	{"a list with all that it needs",
	 {{NET "/10-a.conflist",
	   "{\"plugins\": [{\"type\": \"sriov\", \"ipam\": {\"type\": \"ipam-shim\"}},"
	   " {\"type\": \"tuning\"}]}",
	   0},
	  {BIN "/tuning", "", 0}},
	 doctor_cni_networks,
	 DOCTOR_OK,
	 "1 in",
	 ""},
	{"a plugin of a list is missing",
	 {{NET "/10-a.conflist", "{\"plugins\": [{\"type\": \"sriov\"}, {\"type\": \"tuning\"}]}",
	   0}},
	 doctor_cni_networks,
	 DOCTOR_TODO,
	 "/etc/cni/net.d/10-a.conflist wants the CNI plugin tuning, which is not in /opt/cni/bin",
	 "install tuning in /opt/cni/bin (Debian: package containernetworking-plugins, in "
	 "/usr/lib/cni)"},
	{"an IPAM plugin is missing",
	 {{NET "/10-a.json", "{\"type\": \"sriov\", \"ipam\": {\"type\": \"host-local\"}}", 0}},
	 doctor_cni_networks,
	 DOCTOR_TODO,
	 "/etc/cni/net.d/10-a.json wants the CNI plugin host-local",
	 "install host-local in /opt/cni/bin (Debian: package containernetworking-plugins, in "
	 "/usr/lib/cni)"},
	{"another host's PF",
	 {{NET "/10-a.conf", "{\"type\": \"sriov\", \"master\": \"ens9\"}", 0}},
	 doctor_cni_networks,
	 DOCTOR_TODO,
	 "/etc/cni/net.d/10-a.conf: \"master\": ens9 is neither a NIC with SR-IOV nor a VF of one",
	 "in /etc/cni/net.d/10-a.conf: \"master\": one of those that sriovctl list shows"},
	{"no JSON",
	 {{NET "/10-a.conf", "{\"type\": \"sriov\",}", 0}},
	 doctor_cni_networks,
	 DOCTOR_TODO,
	 "/etc/cni/net.d/10-a.conf",
	 "put /etc/cni/net.d/10-a.conf right, or move it away: a runtime "
	 "may stop at it"},
	{"a file that is none",
	 {{NET "/README", "{", 0}},
	 doctor_cni_networks,
	 DOCTOR_NOTE,
	 "none",
	 ""},
};

static void find(doctor_check *check, struct doctor_finding *f)
{
	struct host_pf pf = {.dev = {.name = "0000:01:00.0", .ifname = "pf0"}};
	const struct host host = {.pfs = &pf, .n = 1};
	struct err e = {0};
	int root = rootfs_open(scratch_path("."), &e);
	struct doctor d;

	doctor_begin(-1, root, &host, &d);
	d.prefix = scratch_path(".");
	check(&d, NULL, f);
	(void)close(root);
}

static void check_row(const struct row *r)
{
	struct doctor_finding f = {0};

	for (size_t i = 0; i < ARRAY_SIZE(r->files) && r->files[i].path; i++) {
		if (r->files[i].content)
			scratch_file(r->files[i].content, "%s", r->files[i].path);
		if (r->files[i].mode)
			(void)chmod(scratch_path("%s", r->files[i].path), r->files[i].mode);
	}
	find(r->check, &f);
	expect_text(doctor_words[f.verdict], doctor_words[r->verdict]);
	expect_within(f.evidence, r->evidence);
	expect_text(f.remedy ?: "", r->remedy);
	doctor_finding_clear(&f);
}

static void plugins_and_networks_are_judged(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_ROW(rows[i].what);
		check_row(&rows[i]);
		(void)scratch_remove(state);
		(void)scratch_make(state);
	}
}

/* As Go's linker leaves it in its executables. */
static void a_plugin_in_go_is_the_usual_one(void **state)
{
	static const char note[] = "\nexit 0\n\4\0\0\0\123\0\0\0\4\0\0\0Go\0\0id";
	struct doctor_finding f = {0};
	FILE *file;

	(void)state;
	scratch_file(ANSWER, BIN "/sriov");
	file = fopen(scratch_path(BIN "/sriov"), "ae");
	(void)fwrite(note, sizeof(note), 1, file);
	(void)fclose(file);
	(void)chmod(scratch_path(BIN "/sriov"), 0755);
	find(doctor_cni_plugin, &f);
	expect_text(doctor_words[f.verdict], "note");
	expect_within(f.evidence, "knows CNI 0.1.0 to 1.1.0; it is written in Go");
	expect_within(f.remedy, "make install");
	doctor_finding_clear(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(plugins_and_networks_are_judged),
		SCRATCH_TEST(a_plugin_in_go_is_the_usual_one),
	};

	scratch_namespaces(CLONE_NEWUSER); /* files are root's */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
