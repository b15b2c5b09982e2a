/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_networks.c - network configurations that name the CNI plugin, and the records it keeps */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cni.h"
#include "doctor_cni.h"
#include "jtable.h"
#include "mem.h"
#include "records.h"
#include "rootfs.h"

/* --- networks --- */

struct networks {
	const struct doctor *d;
	struct doctor_finding *f;
	unsigned n; /* that name the plugin */
};

static const char *type_of(const json_t *section)
{
	return json_string_value(json_object_get(section, "type")) ?: "";
}

/* A plugin that a network needs besides ours. */
static void need_plugin(const struct networks *n, const char *path, const char *type)
{
	if (!*type || strchr(type, '/') || doctor_plugin_folder(n->d, type))
		return;
	doctor_found(n->f, DOCTOR_TODO, "%s wants the CNI plugin %s, which is not in /opt/cni/bin",
		     path, type);
	doctor_remedy(n->f,
		      "install %s in /opt/cni/bin (Debian: package "
		      "containernetworking-plugins, in /usr/lib/cni)",
		      type);
}

/* The section of our plugin. "ens3f0", "ens3f0#0-3": the PF has to be here. */
static void look_at_ours(const struct networks *n, const char *path, const json_t *plugin)
{
	const char *master = json_string_value(json_object_get(plugin, "master"));
	const char *ipam = type_of(json_object_get(plugin, "ipam"));
	char pf[64];
	struct err e;

	if (strcmp(ipam, "ipam-shim") != 0) /* which is built in */
		need_plugin(n, path, ipam);
	/* a whole PF may be one without SR-IOV */
	if (!master || json_is_true(json_object_get(plugin, "pfOnly")))
		return;
	(void)snprintf(pf, sizeof(pf), "%.*s", (int)strcspn(master, "#"), master);
	if (host_find_pf(n->d->host, pf, &e))
		return;
	doctor_found(n->f, DOCTOR_TODO, "%s: \"master\": %s", path, e.msg);
	doctor_remedy(n->f, "in %s: \"master\": one of those that sriovctl list shows", path);
}

static void look_at_network(struct networks *n, const char *path, const json_t *network)
{
	json_t *plugins = json_object_get(network, "plugins"), *plugin;
	bool ours = !plugins && !strcmp(type_of(network), "sriov");
	size_t i;

	json_array_foreach(plugins, i, plugin)
		ours = ours || !strcmp(type_of(plugin), "sriov");
	if (!ours)
		return;
	n->n++;
	if (!plugins)
		look_at_ours(n, path, network);
	json_array_foreach(plugins, i, plugin) {
		if (strcmp(type_of(plugin), "sriov") != 0)
			need_plugin(n, path, type_of(plugin));
		else
			look_at_ours(n, path, plugin);
	}
}

void doctor_cni_networks(const struct doctor *d, const struct host_pf *pf, struct doctor_finding *f)
{
	static const char *const folders[] = {"etc/cni/net.d", NULL};
	static const char *const endings[] = {".conflist", ".conf", ".json"};
	struct networks n = {.d = d, .f = f};

	(void)pf;
	for (size_t k = 0; k < ARRAY_SIZE(endings); k++) {
		struct rootfs_confs confs;

		rootfs_load_confs(d->root, folders, endings[k], &confs);
		for (size_t i = 0; i < confs.n; i++) {
			const struct rootfs_conf *c = &confs.files[i];
			struct err e;
			json_auto_t *network = jtable_parse(c->text, strlen(c->text), c->path, &e);

			if (network) {
				look_at_network(&n, c->path, network);
				continue;
			}
			doctor_found(f, DOCTOR_TODO, "%s", e.msg);
			doctor_remedy(f, "put %s right, or move it away: a runtime may stop at it",
				      c->path);
		}
		rootfs_confs_clear(&confs);
	}
	if (n.n)
		doctor_found(f, DOCTOR_OK, "%u in /etc/cni/net.d with the plugin sriov", n.n);
	else
		doctor_found(f, DOCTOR_NOTE,
			     "none in /etc/cni/net.d names the plugin sriov (Multus has its "
			     "networks in Kubernetes)");
}

/* --- records --- */

static void look_at_attachments(const struct records *r, struct doctor_finding *f)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct attached *a = &r->all[i];

		if (!records_abandoned(a))
			continue;
		doctor_found(f, DOCTOR_TODO, "VF %s of container %s, interface %s, network %s: %s",
			     a->rec.vf, a->rec.container_id, a->rec.ifname, a->rec.network,
			     records_state(a));
	}
	for (size_t i = 0; i < r->n_claims; i++)
		doctor_found(f, DOCTOR_TODO, "container %s, interface %s: its ADD did not end",
			     r->claims[i].owner, r->claims[i].ifname);
	if (f->verdict == DOCTOR_TODO)
		doctor_remedy(f, "sriovctl gc");
}

static void look_at_damaged(const struct records *r, struct doctor_finding *f)
{
	for (size_t i = 0; i < r->n_damaged; i++) {
		const struct damaged *d = &r->damaged[i];

		doctor_found(f, DOCTOR_NOTE, "%s", d->what);
		if (d->aside)
			doctor_remedy(f, "rm " RECORD_FOLDER "/%s" RECORD_ASIDE, d->vf);
	}
}

void doctor_records(const struct doctor *d, const struct host_pf *pf, struct doctor_finding *f)
{
	_cleanup_(records_clear) struct records r = {.folder = -1};
	struct err e;

	(void)pf;
	if (records_read(d->sys, &r, &e) < 0) {
		bool ours_to_mend = geteuid() == 0 && e.code == CNI_ESTATE;

		doctor_found(f, ours_to_mend ? DOCTOR_TODO : DOCTOR_UNKNOWN, "%s", e.msg);
		if (ours_to_mend)
			doctor_remedy(f, "see who made it, then: chown root:root " RECORD_FOLDER
					 " && chmod 0700 " RECORD_FOLDER);
		return;
	}
	look_at_attachments(&r, f);
	look_at_damaged(&r, f);
	if (!f->evidence)
		doctor_found(f, DOCTOR_OK,
			     "%zu attachments in " RECORD_FOLDER ", nothing left over", r.n);
}
