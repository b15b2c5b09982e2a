/* SPDX-License-Identifier: Apache-2.0 */
/* giveback.c - a VF goes back to the host: by the CNI plugin, which alone knows how */
#include "giveback.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"
#include "out.h"

/*
 * The plugin waits up to 11 s for a VF whose namespace ends, and 60 s for an IPAM plugin; a record
 * may stand behind others.
 */
#define PLUGIN_MS 120000

static const char *env_value(const char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; *env; env++)
		if (!strncmp(*env, name, len) && (*env)[len] == '=')
			return *env + len + 1;
	return "";
}

int giveback_find(const struct ctl *ctl, struct giveback *ret, struct err *e)
{
	const char *file = ctl->opt[OPT_PLUGIN] ?: GIVEBACK_PLUGIN;
	struct giveback g = {.env = (const char *const *)ctl->env};
	const char *path = env_value(g.env, "CNI_PATH");
	struct stat st;

	if (!realpath(file, g.file) || stat(g.file, &st) < 0)
		return err_set(
			e, CNI_ECONFIG, errno,
			"CNI plugin %s cannot be called (it gives VFs back: name it with --plugin)",
			file);
	if (!S_ISREG(st.st_mode) || access(g.file, X_OK) < 0)
		return err_set(e, CNI_ECONFIG, 0,
			       "CNI plugin %s is no file that can be executed (name it with "
			       "--plugin)",
			       g.file);
	if (snprintf(g.cni_path, sizeof(g.cni_path), "%.*s%s%s",
		     (int)(strrchr(g.file, '/') - g.file), g.file, *path ? ":" : "",
		     path) >= (int)sizeof(g.cni_path))
		return err_set(e, CNI_ECONFIG, 0, "CNI_PATH is too long");
	*ret = g;
	return 0;
}

/*
 * What goes wrong comes back as an error object, and is told here; with log lines besides it would
 * be told twice. A log file is somebody's wish.
 */
static void silence(json_t *conf)
{
	if (!json_object_get(conf, "logFile"))
		(void)json_object_set_new(conf, "logLevel", json_string(log_levels[LOG_PANIC]));
}

json_t *giveback_gc_conf(const struct records *all, const struct attached *a)
{
	json_t *stay = json_array(), *conf;

	for (size_t i = 0; i < all->n; i++)
		if (&all->all[i] != a)
			(void)json_array_append_new(stay,
						    json_pack("{s:s, s:s}", "containerID",
							      all->all[i].rec.container_id,
							      "ifname", all->all[i].rec.ifname));
	conf = json_pack("{s:s, s:s, s:s, s:o}", "cniVersion", cni_version_name(CNI_1_1_0), "name",
			 a->rec.network, "type", "sriov", "cni.dev/valid-attachments", stay);
	silence(conf);
	return conf;
}

json_t *giveback_del_conf(const struct record *r)
{
	json_t *conf =
		r->config ? json_deep_copy(r->config)
			  : json_pack("{s:s, s:s, s:s}", "cniVersion", cni_version_name(CNI_1_0_0),
				      "name", r->network, "type", "sriov");

	silence(conf);
	return conf;
}

static int call(const struct giveback *g, enum cni_command command, const struct cni_args *args,
		json_t *conf, struct err *e)
{
	_cleanup_free_ char *text = json_dumps(conf, JSON_COMPACT);
	const struct cni_exec x = {
		.path = g->file,
		.kind = "CNI plugin",
		.name = g->file,
		.slow = "its log says more; the record stays",
		.failed = CNI_EIO,
		.args = args,
		.env = g->env,
		.config = text,
		.config_len = text ? strlen(text) : 0,
		.timeout_ms = PLUGIN_MS,
		.lock = -1,
	};

	if (!text)
		return err_set(e, CNI_EIO, ENOMEM, "cannot write a configuration");
	return cni_exec_run(&x, command, NULL, e);
}

static int call_gc(const struct giveback *g, const struct records *all, const struct attached *a,
		   struct err *e)
{
	json_auto_t *conf = giveback_gc_conf(all, a);
	const struct cni_args args = {CNI_GC, "", "", "", "", g->cni_path};

	return call(g, CNI_GC, &args, conf, e);
}

static int call_del(const struct giveback *g, const struct record *r, struct err *e)
{
	json_auto_t *conf = giveback_del_conf(r);
	const struct cni_args args = {CNI_DEL,   r->container_id, r->netns,
				      r->ifname, r->args ?: "",   g->cni_path};

	return call(g, CNI_DEL, &args, conf, e);
}

/* The plugin says that it is done: the record has to be gone. */
static int check_record(const struct giveback *g, const struct records *all, const struct record *r,
			struct err *e)
{
	char holder[RECORD_HOLDER];
	struct record now = {0};
	struct err unread;
	int found = record_load(all->folder, r->vf, &now, e);
	bool same = found > 0 && record_is_of(&now, r->container_id, r->ifname);

	record_clear(&now);
	if (found < 0 || !same)
		return found < 0 ? -1 : 0;
	if (record_lock_held(all->folder, r->vf, holder, &unread) == 1)
		return err_set(e, CNI_EAGAIN, 0, "VF %s is being worked on by %s; try again", r->vf,
			       holder);
	return err_set(e, CNI_EIO, 0,
		       "CNI plugin %s says that it is done, but the record of VF %s is still there "
		       "(is it the plugin that attached it? name that with --plugin)",
		       g->file, r->vf);
}

/* A VF whose driver makes interfaces has one on the host; one that is gone, of course not. */
static int check_vf(int sys, const struct record *r, char ret_ifname[static IFNAMSIZ],
		    struct err *e)
{
	struct vfdev vf = {0};
	struct err gone;

	memcpy(vf.name, r->vf, sizeof(vf.name));
	if (vfdev_exists(sys, &vf, e) <= 0 || vfdev_refresh(sys, &vf, &gone) < 0)
		return 0;
	if (!vf.ifname[0] && r->link.name[0] && !strcmp(vf.driver, r->driver))
		return err_set(e, CNI_EIO, 0,
			       "VF %s has no record any more, but its interface is not on the host "
			       "(sriovctl list shows where it is)",
			       r->vf);
	memcpy(ret_ifname, vf.ifname, sizeof(vf.ifname));
	return 0;
}

int giveback_run(const struct ctl *ctl, const struct giveback *g, const struct records *all,
		 const struct attached *a, char ret_ifname[static IFNAMSIZ], struct err *e)
{
	const struct record *r = &a->rec;
	int done;

	out_progress(ctl->progress, "giving back VF %s of container %s", r->vf, r->container_id);
	done = records_abandoned(a) ? call_gc(g, all, a, e) : call_del(g, r, e);
	out_progress_end(ctl->progress);

	if (done < 0) {
		/* what it calls a wrong configuration is none of the command line */
		if (e->code != CNI_EAGAIN)
			e->code = CNI_EIO;
		return err_hint(e, "the record stays: when that is mended, sriovctl release %s",
				r->vf);
	}
	ret_ifname[0] = '\0';
	return check_record(g, all, r, e) < 0 || check_vf(ctl->sys, r, ret_ifname, e) < 0 ? -1 : 0;
}
