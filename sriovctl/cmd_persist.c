/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_persist.c - sriovctl persist: what a PF has now, again at each boot; shown, applied, removed
 */
#include <stdio.h>
#include <string.h>

#include "cni.h"
#include "mem.h"
#include "out.h"
#include "persist_now.h"
#include "persist_store.h"
#include "rootfs.h"

/* The PCI address of the PF that is named, which need not be there if something is stored. */
static int find_address(const struct ctl *ctl, char ret[static PCIADDR_TEXT], struct err *e)
{
	_cleanup_(host_clear) struct host h = {0};
	const struct host_pf *pf;
	struct pciaddr addr;

	if (pciaddr_parse(ctl->argv[0], &addr) == 0) {
		pciaddr_text(&addr, ret);
		return 0;
	}
	if (host_read(ctl->sys, &h, e) < 0)
		return -1;
	pf = host_find_pf(&h, ctl->argv[0], e);
	if (!pf)
		return -1;
	memcpy(ret, pf->dev.name, PCIADDR_TEXT);
	return 0;
}

/* Calls each() for the PF that is named, or for all. Result: how many there were. */
static int each_stored(const struct ctl *ctl, int root,
		       int (*each)(const struct ctl *ctl, int root, const char *pci, void *arg),
		       void *arg, struct err *e)
{
	_cleanup_free_ struct pciaddr *addrs = NULL;
	char pci[PCIADDR_TEXT];
	size_t n;
	int worst = CTL_OK;

	if (ctl->argc) {
		if (find_address(ctl, pci, e) < 0)
			return -1;
		return each(ctl, root, pci, arg);
	}
	if (persist_list(root, &addrs, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int status = each(ctl, root, pciaddr_text(&addrs[i], pci), arg);

		if (worst == CTL_OK)
			worst = status;
	}
	return worst;
}

/* One of several PFs: what is wrong with it is told, and the others get their turn. */
static int tell(const struct err *e)
{
	out_warn("%s", e->msg);
	return (int)ctl_exit_status(e);
}

static int load(int root, const char *pci, struct persist *ret, struct err *e)
{
	int there = persist_load(root, pci, ret, e);

	if (there)
		return there;
	return err_set(e, CNI_EDEVICE, 0,
		       "nothing is stored for %s; sriovctl persist --show tells for which PFs",
		       pci);
}

/* --- show --- */

static json_t *to_json(const char *pci, const char *ifname, const struct persist *p)
{
	json_t *each = json_array(), *j;

	for (size_t i = 0; i < p->n_each; i++)
		(void)json_array_append_new(each, json_pack("{s:i, s:s, s:o}", "vf",
							    (int)p->each[i].index, "driver",
							    p->each[i].driver, "attributes",
							    vf_attrs_to_json(&p->each[i].attrs)));
	j = json_pack("{s:s, s:s, s:s, s:o}", "pci", pci, "ifname", ifname, "device", p->device,
		      "each", each);
	if (p->vfs.set)
		(void)json_object_set_new(j, "vfs", json_integer((json_int_t)p->vfs.v));
	if (p->mtu.set)
		(void)json_object_set_new(j, "mtu", json_integer((json_int_t)p->mtu.v));
	if (p->autoprobe.set)
		(void)json_object_set_new(j, "autoprobe", json_boolean(p->autoprobe.v));
	if (p->up.set)
		(void)json_object_set_new(j, "up", json_boolean(p->up.v));
	return j;
}

static int show(const struct ctl *ctl, int root, const char *pci, void *arg)
{
	_cleanup_(persist_clear) struct persist p = {0};
	_cleanup_free_ char *text = NULL;
	char ifname[IFNAMSIZ];
	struct err e = {0};

	if (load(root, pci, &p, &e) < 0)
		return tell(&e);
	if (vfdev_pf_ifname(ctl->sys, pci, ifname, &e) < 0)
		ifname[0] = '\0';
	if (arg) {
		(void)json_array_append_new(arg, to_json(pci, ifname, &p));
		return CTL_OK;
	}
	text = persist_text(&p);
	(void)printf("%s%s%s (%s)\n%s", ctl->color ? "\033[1m" : "", pci,
		     ctl->color ? "\033[0m" : "", ifname[0] ? ifname : "not there now", text);
	return CTL_OK;
}

static int run_show(const struct ctl *ctl, int root, struct err *e)
{
	json_t *all = ctl->opt[OPT_JSON] ? json_array() : NULL;
	int status = each_stored(ctl, root, show, all, e);

	if (all)
		out_json(json_pack("{s:o}", "stored", all));
	return status;
}

/* --- apply --- */

static int apply(const struct ctl *ctl, int root, const char *pci, void *arg)
{
	_cleanup_(persist_clear) struct persist p = {0};
	struct err e = {0};

	(void)arg;
	if (load(root, pci, &p, &e) < 0 || persist_apply(ctl, pci, &p, &e) < 0)
		return tell(&e);
	return CTL_OK;
}

/* --- remove --- */

static void tell_removed(const char *path, void *arg)
{
	const struct ctl *ctl = arg;

	if (ctl->opt[OPT_DRY_RUN])
		out_would(NULL, "remove /%s", path);
	else
		(void)printf("removed /%s\n", path);
}

static int run_remove(const struct ctl *ctl, int root, struct err *e)
{
	_cleanup_fd_ int lock = -1;
	char pci[PCIADDR_TEXT];
	int n;

	if (find_address(ctl, pci, e) < 0 || persist_lock(ctl, &lock, e) < 0)
		return -1;
	n = persist_remove(root, pci, ctl->opt[OPT_DRY_RUN] != NULL, tell_removed, (void *)ctl, e);
	if (n < 0)
		return -1;
	if (!n)
		return err_set(e, CNI_EDEVICE, 0,
			       "nothing is stored for %s; sriovctl persist --show tells for which "
			       "PFs",
			       pci);
	return CTL_OK;
}

int cmd_persist(const struct ctl *ctl, struct err *e)
{
	const bool want_show = ctl->opt[OPT_SHOW] != NULL, want_apply = ctl->opt[OPT_APPLY] != NULL,
		   want_remove = ctl->opt[OPT_REMOVE] != NULL;
	_cleanup_fd_ int root = -1;

	if (want_show + want_apply + want_remove > 1)
		return err_set(e, CNI_ECONFIG, 0,
			       "one of --show, --apply and --remove at a time, please");
	if (!ctl->argc && !want_show && !want_apply)
		return err_set(e, CNI_ECONFIG, 0,
			       "name the PF; sriovctl list shows those there are");
	if (ctl->argc > 1 && (want_show || want_apply || want_remove))
		return err_set(e, CNI_ECONFIG, 0, "\"%.64s\" is too much: name one PF",
			       ctl->argv[1]);
	root = rootfs_open("/", e);
	if (root < 0)
		return -1;
	if (want_show)
		return run_show(ctl, root, e);
	if (want_apply)
		return each_stored(ctl, root, apply, NULL, e);
	return want_remove ? run_remove(ctl, root, e) : persist_put(ctl, root, e);
}
