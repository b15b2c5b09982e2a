/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.c - sriovctl doctor: the table of checks, and what is printed of them */
#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "mem.h"
#include "out.h"
#include "rootfs.h"

const char *const doctor_words[DOCTOR_VERDICTS] = {
	[DOCTOR_OK] = "ok",
	[DOCTOR_UNKNOWN] = "unknown",
	[DOCTOR_NOTE] = "note",
	[DOCTOR_TODO] = "todo",
};

static const struct {
	const char *name;
	bool of_pf; /* once for each PF */
	doctor_check *run;
} checks[] = {
	{"kernel", false, doctor_kernel},
	{"iommu-firmware", false, doctor_iommu_firmware},
	{"kernel-line", false, doctor_kernel_line},
	{"iommu", false, doctor_iommu},
	{"vfio", false, doctor_vfio},
	{"nic", false, doctor_nic},
	{"driver", true, doctor_driver},
	{"resources", true, doctor_resources},
	{"vfs", true, doctor_vfs},
	{"vf-drivers", true, doctor_vf_drivers},
	{"isolation", true, doctor_isolation},
	{"link", true, doctor_link},
	{"mtu", true, doctor_mtu},
	{"boot", true, doctor_boot},
	{"networkmanager", false, doctor_networkmanager},
	{"networkd", false, doctor_networkd},
	{"udev", false, doctor_udev},
	{"cni-plugin", false, doctor_cni_plugin},
	{"cni-networks", false, doctor_cni_networks},
	{"records", false, doctor_records},
};

void doctor_begin(int sys, int root, const struct host *host, struct doctor *ret)
{
	struct err unread;
	_cleanup_free_ char *release = rootfs_read(root, &unread, "proc/sys/kernel/osrelease");

	*ret = (struct doctor){.sys = sys, .root = root, .prefix = "", .host = host};
	if (release && !strchr(release, '/'))
		(void)snprintf(ret->release, sizeof(ret->release), "%.*s",
			       (int)strcspn(release, "\n"), release);
}

static void append(char **text, const char *between, const char *fmt, va_list ap)
{
	_cleanup_free_ char *more = NULL;
	char *all;

	if (vasprintf(&more, fmt, ap) < 0)
		abort(); /* a program for people, which has changed nothing */
	if (asprintf(&all, "%s%s%s", *text ?: "", *text ? between : "", more) < 0)
		abort();
	free(*text);
	*text = all;
}

void doctor_found(struct doctor_finding *f, enum doctor_verdict v, const char *fmt, ...)
{
	va_list ap;

	if (v > f->verdict)
		f->verdict = v;
	va_start(ap, fmt);
	append(&f->evidence, "; ", fmt, ap);
	va_end(ap);
}

void doctor_remedy(struct doctor_finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	append(&f->remedy, "\n", fmt, ap);
	va_end(ap);
}

void doctor_finding_clear(struct doctor_finding *f)
{
	free(f->evidence);
	free(f->remedy);
	*f = (struct doctor_finding){0};
}

/* --- printing --- */

/* The next line of a text. Result: false at the end. */
static bool next_line(const char **at, const char **ret, size_t *ret_len)
{
	if (!*at || !**at)
		return false;
	*ret = *at;
	*ret_len = strcspn(*at, "\n");
	*at += *ret_len;
	*at += **at == '\n';
	return true;
}

struct report {
	const struct ctl *ctl;
	json_t *json; /* owned: the checks so far */
	int counts[DOCTOR_VERDICTS];
};

static void add_json(struct report *r, const char *name, const struct host_pf *pf,
		     const struct doctor_finding *f)
{
	json_t *remedy = json_array();
	const char *at = f->remedy, *line;
	size_t len;

	while (next_line(&at, &line, &len))
		(void)json_array_append_new(remedy, json_stringn(line, len));
	(void)json_array_append_new(r->json,
				    json_pack("{s:s, s:s?, s:s, s:s, s:o}", "check", name, "pf",
					      pf ? host_pf_name(pf) : NULL, "verdict",
					      doctor_words[f->verdict], "evidence",
					      f->evidence ?: "", "remedy", remedy));
}

static void print(const struct report *r, const char *name, const struct host_pf *pf,
		  const struct doctor_finding *f)
{
	static const char *const colors[] = {[DOCTOR_OK] = "32",
					     [DOCTOR_UNKNOWN] = "36",
					     [DOCTOR_NOTE] = "33",
					     [DOCTOR_TODO] = "31"};
	const char *at = f->remedy, *line;
	size_t len;

	if (r->ctl->color)
		(void)printf("\033[%sm%-7s\033[0m  ", colors[f->verdict], doctor_words[f->verdict]);
	else
		(void)printf("%-7s  ", doctor_words[f->verdict]);
	(void)printf("%s%s%s: %s\n", name, pf ? " " : "", pf ? host_pf_name(pf) : "",
		     f->evidence ?: "");
	while (next_line(&at, &line, &len))
		(void)printf("         > %.*s\n", (int)len, line);
}

static void run(struct report *r, const struct doctor *d, size_t c, const struct host_pf *pf)
{
	_cleanup_(doctor_finding_clear) struct doctor_finding f = {0};

	checks[c].run(d, pf, &f);
	if (!f.evidence)
		return; /* there is nothing to be said */
	r->counts[f.verdict]++;
	if (r->json)
		add_json(r, checks[c].name, pf, &f);
	else
		print(r, checks[c].name, pf, &f);
}

static void print_sum(const struct report *r)
{
	int todo = r->counts[DOCTOR_TODO], notes = r->counts[DOCTOR_NOTE];

	if (todo)
		(void)printf("%d of %d checks: something must be done", todo,
			     todo + notes + r->counts[DOCTOR_OK] + r->counts[DOCTOR_UNKNOWN]);
	else
		(void)printf("nothing must be done");
	(void)printf("; %d %s, %d unknown\n", notes, notes == 1 ? "note" : "notes",
		     r->counts[DOCTOR_UNKNOWN]);
}

int cmd_doctor(const struct ctl *ctl, struct err *e)
{
	_cleanup_(host_clear) struct host h = {0};
	_cleanup_fd_ int root = rootfs_open("/", e);
	struct report r = {.ctl = ctl};
	struct doctor d;

	if (root < 0 || host_read(ctl->sys, &h, e) < 0)
		return -1;
	doctor_begin(ctl->sys, root, &h, &d);
	if (ctl->argc) {
		d.pf = host_find_pf(&h, ctl->argv[0], e);
		if (!d.pf)
			return -1;
	}
	r.json = ctl->opt[OPT_JSON] ? json_array() : NULL;
	for (size_t c = 0; c < ARRAY_SIZE(checks); c++) {
		if (!checks[c].of_pf)
			run(&r, &d, c, NULL);
		for (size_t p = 0; checks[c].of_pf && p < h.n; p++)
			if (!d.pf || d.pf == &h.pfs[p])
				run(&r, &d, c, &h.pfs[p]);
	}
	if (r.json)
		out_json(json_pack("{s:o, s:b}", "checks", r.json, "todo",
				   r.counts[DOCTOR_TODO] > 0));
	else
		print_sum(&r);
	return r.counts[DOCTOR_TODO] ? CTL_TODO : CTL_OK;
}
