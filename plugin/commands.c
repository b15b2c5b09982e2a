/* SPDX-License-Identifier: Apache-2.0 */
/* commands.c - what the runtime can ask for */
#include "commands.h"

#include "log.h"
#include "steps.h"

static int add(struct attachment *a, json_t **ret_answer, struct err *e)
{
	struct err undo = {0};

	if (conf_check_unknown(a->conf, e) < 0 || attachment_prepare(a, e) < 0 ||
	    steps_apply(a, e) < 0)
		return -1;
	*ret_answer = cni_result_out(a->rec.result, a->conf->version, e);
	if (*ret_answer) {
		log_line(LOG_INFO, "VF %s (PF %s, VF %u) attached as %s in %s", a->vf.name,
			 a->vf.pf_ifname, a->vf.index, a->args->ifname, a->args->netns);
		return 0;
	}
	if (steps_revert(a, &undo) < 0)
		err_hint(e, "and not all could be undone: %s; DEL will try again", undo.msg);
	return -1;
}

static int del(struct attachment *a, json_t **ret_answer, struct err *e)
{
	int found = attachment_load(a, e);

	(void)ret_answer; /* DEL has none */
	if (found < 0)
		return -1;
	/*
	 * without a record there is no VF of ours to give back; IPAM is told in any case, as the
	 * specification wants
	 */
	if (!found)
		return ipam_release_unrecorded(a, e);

	a->rec.phase = RECORD_RELEASING;
	if (record_save(a->folder, &a->rec, e) < 0)
		return -1;
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
	found = attachment_load(a, e);
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

const struct command commands[CNI_COMMANDS] = {
	[CNI_ADD] = {add, steps_revert},
	[CNI_DEL] = {del, NULL},
	[CNI_CHECK] = {check, NULL},
};
