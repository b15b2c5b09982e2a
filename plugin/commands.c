/* SPDX-License-Identifier: Apache-2.0 */
/* commands.c - what the runtime can ask for */
#include "commands.h"

#include "announce.h"
#include "log.h"
#include "recovery.h"
#include "steps.h"

static int add(struct attachment *a, json_t **ret_answer, struct err *e)
{
	json_auto_t *all = NULL;
	struct err undo = {0};

	if (conf_check_unknown(a->conf, e) < 0 || attachment_prepare(a, e) < 0 ||
	    steps_apply(a, e) < 0)
		return -1;
	all = cni_result_chain(a->conf->result, a->rec.result);
	*ret_answer = cni_result_out(all, a->conf->version, e);
	if (*ret_answer) {
		log_line(LOG_INFO, "VF %s (VF %u of PF %s) attached as %s in %s", a->vf.name,
			 a->vf.index, a->vf.pf[0] ? a->vf.pf_ifname : "none", a->args->ifname,
			 a->args->netns);
		return 0;
	}
	if (steps_revert(a, &undo) < 0)
		err_hint(e, "and not all could be undone: %s; DEL will try again", undo.msg);
	return -1;
}

/*
 * Without a record, a VF is known to be the interface's by the index alone, and one that is in the
 * pod without that is another plugin's. IPAM is told in any case, as the specification wants.
 */
static int del_unrecorded(struct attachment *a, struct err *e)
{
	const struct cni_args *args = a->args;
	struct err stuck = {0};
	int moved = 0, released;

	if (a->vf.name[0] &&
	    (move_unrecorded(a, &stuck) < 0 ||
	     record_index_drop(a->folder, args->container_id, args->ifname, &stuck) < 0))
		moved = -1;
	released = ipam_release_unrecorded(a, e);
	if (moved < 0)
		*e = stuck;
	return moved < 0 || released < 0 ? -1 : 0;
}

static int del(struct attachment *a, json_t **ret_answer, struct err *e)
{
	int found = recovery_load(a, e);
	struct err unwritten;

	(void)ret_answer; /* DEL has none */
	if (found < 0)
		return -1;
	if (!found)
		return del_unrecorded(a, e);

	/*
	 * That DEL has begun is for an ADD of the VF, should this process be killed. A full disk
	 * must not keep the VF in the pod for it, all the less as there is room when the record has
	 * gone.
	 */
	a->rec.phase = RECORD_RELEASING;
	if (record_save(a->folder, &a->rec, &unwritten) < 0)
		log_line(LOG_WARNING, "%s; giving the VF back all the same", unwritten.msg);
	if (steps_revert(a, e) < 0)
		return -1;
	log_line(LOG_INFO, "VF %s given back", a->vf.name);
	return 0;
}

static int check(struct attachment *a, json_t **ret_answer, struct err *e)
{
	int found;

	(void)ret_answer; /* CHECK has none */
	if (a->conf->version < CNI_0_4_0)
		return err_set(e, CNI_EVERSION, 0,
			       "CNI %s has no CHECK; use cniVersion 0.4.0 or newer",
			       cni_version_name(a->conf->version));
	found = recovery_load(a, e);
	if (found < 0)
		return -1;
	if (!found || a->rec.phase != RECORD_ATTACHED)
		return err_set(e, CNI_EUNKNOWN, 0, "container %s has no VF as interface %s",
			       a->args->container_id, a->args->ifname);
	if (!a->pod)
		return err_set(e, CNI_ECHECK, 0,
			       "VF %s: the namespace %s that it was moved to is gone", a->vf.name,
			       a->rec.netns);
	return steps_check(a, e);
}

/* GC and STATUS came with CNI 1.1.0. */
static int need_1_1_0(const struct attachment *a, struct err *e)
{
	if (a->conf->version >= CNI_1_1_0)
		return 0;
	return err_set(e, CNI_EVERSION, 0, "CNI %s has no %s; use cniVersion 1.1.0",
		       cni_version_name(a->conf->version), cni_command_name(a->args->command));
}

static int collect(const char *vf, void *arg, struct err *e)
{
	struct attachment *a = arg;
	struct err failed = {0};

	/* one that is stuck must not stop the others; the first is told at the end */
	if (recovery_collect(a, vf, a->conf->valid_attachments, &failed) < 0) {
		log_line(LOG_ERROR, "%s", failed.msg);
		(void)err_keep_first(e, &failed);
	}
	return 0;
}

static int gc(struct attachment *a, json_t **ret_answer, struct err *e)
{
	struct err first = {0}, now = {0};

	(void)ret_answer; /* GC has none */
	if (need_1_1_0(a, e) < 0)
		return -1;
	if (!a->conf->valid_attachments) {
		log_line(LOG_WARNING,
			 "GC without \"cni.dev/valid-attachments\": nothing is released");
		return 0;
	}
	if (record_each(a->folder, collect, a, &first) < 0) {
		*e = first;
		return -1;
	}
	if (recovery_collect_claims(a, &now) < 0)
		(void)err_keep_first(&first, &now); /* told below */
	/* a VF that is stuck keeps its own addresses, and nobody else's */
	if (ipam_collect(a, &now) < 0)
		(void)err_keep_first(&first, &now); /* told below */
	if (!first.code)
		return 0;
	*e = first;
	return -1;
}

static int status(struct attachment *a, json_t **ret_answer, struct err *e)
{
	(void)ret_answer; /* STATUS has none */
	if (need_1_1_0(a, e) < 0)
		return -1;
	if (attachment_look(a, e) < 0) {
		e->code = CNI_ENOTAVAIL;
		return -1;
	}
	if (ipam_pass_on(a, CNI_STATUS, e) == 0)
		return 0;
	if (e->code != CNI_ELIMITED)
		e->code = CNI_ENOTAVAIL;
	return -1;
}

const struct command commands[CNI_COMMANDS] = {
	[CNI_ADD] = {add, steps_revert, announce}, [CNI_DEL] = {del, NULL, NULL},
	[CNI_CHECK] = {check, NULL, NULL},         [CNI_GC] = {gc, NULL, NULL},
	[CNI_STATUS] = {status, NULL, NULL},
};
