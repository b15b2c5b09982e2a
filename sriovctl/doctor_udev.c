/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_udev.c - udev's rules and .link files that give VFs' interfaces names and addresses */
#include <stdio.h>
#include <string.h>

#include "mem.h"
#include "meddled.h"
#include "rootfs.h"

static void take_naming(const char *section, const char *key, const char *value, void *arg)
{
	static const char *const keys[] = {"Name", "MACAddress", "MTUBytes"};

	for (size_t i = 0; key && !strcmp(section, "Link") && i < ARRAY_SIZE(keys); i++)
		if (!strcmp(key, keys[i]) && *value)
			*(bool *)arg = true;
}

static void link_look(const struct meddled *m, void *arg)
{
	struct meddled_tally *t = arg;

	for (size_t i = 0; i < t->confs->n; i++) {
		const struct rootfs_conf *c = &t->confs->files[i];
		enum meddled_match match = meddled_networkd_file(c->text, m);
		bool names = false;

		if (match == MEDDLED_NO)
			continue;
		rootfs_each_key(c->text, take_naming, &names);
		if (names)
			meddled_note(t, m, match == MEDDLED_YES, c->path);
		if (match == MEDDLED_YES)
			return;
	}
}

static void rules_look(const struct meddled *m, void *arg)
{
	struct meddled_tally *t = arg;
	char line[2048];

	for (size_t i = 0; i < t->confs->n; i++)
		for (const char *at = t->confs->files[i].text; *at; at += *at == '\n') {
			size_t len = strcspn(at, "\n"), n = 0;

			while (len && at[len - 1] == '\\' && at[len]) /* it goes on */
				len += 1 + strcspn(at + len + 1, "\n");
			for (size_t k = 0; k < len && n < sizeof(line) - 1; k++)
				if (at[k] != '\n' && !(at[k] == '\\' && at[k + 1] == '\n'))
					line[n++] = at[k];
			line[n] = '\0';
			at += len;
			if (line[0] == '#')
				continue;

			enum meddled_match match = meddled_udev_rule(line, m);

			if (match == MEDDLED_NO)
				continue;
			meddled_note(t, m, match == MEDDLED_YES, t->confs->files[i].path);
			return;
		}
}

/* remedy: with a %s for the file */
static void report_names(const struct meddled_tally *t, const char *remedy,
			 struct doctor_finding *f)
{
	if (!t->taken && !t->maybe)
		return;
	doctor_found(f, DOCTOR_NOTE, "%s %s %u of the VFs' interfaces a name, MAC or MTU, as %s",
		     t->by, t->taken ? "gives" : "may give", t->taken + t->maybe, t->first);
	doctor_remedy(f, "in %s: %s", t->by, remedy);
}

void doctor_udev(const struct doctor *d, const struct host_pf *pf, struct doctor_finding *f)
{
	static const char *const link_folders[] = MEDDLED_NETWORK_FOLDERS;
	/* those in /usr are the distribution's: they name everything, in no harmful way */
	static const char *const rule_folders[] = {"etc/udev/rules.d", "run/udev/rules.d", NULL};
	struct rootfs_confs links, rules;
	struct meddled_tally by_link = {.confs = &links}, by_rule = {.confs = &rules};

	(void)pf;
	rootfs_load_confs(d->root, link_folders, ".link", &links);
	rootfs_load_confs(d->root, rule_folders, ".rules", &rules);
	(void)meddled_each(d, link_look, &by_link);
	(void)meddled_each(d, rules_look, &by_rule);
	report_names(&by_link, "narrow [Match], so that VFs are not meant", f);
	report_names(&by_rule,
		     "TEST!=\"device/physfn\", in front of NAME, as only VFs have a physfn", f);
	if (!f->evidence)
		doctor_found(f, DOCTOR_OK,
			     "neither a rule in /etc/udev/rules.d nor a .link file renames VFs");
	rootfs_confs_clear(&links);
	rootfs_confs_clear(&rules);
}
