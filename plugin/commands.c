/* SPDX-License-Identifier: Apache-2.0 */
/* commands.c - what the runtime can ask for */
#include "commands.h"

#include "mem.h"
#include "steps.h"

static int add(struct attachment *a, json_t **ret_answer, struct err *e)
{
	struct err undo = {0};

	if (conf_check_unknown(a->conf, e) < 0 || attachment_prepare(a, e) < 0 ||
	    steps_apply(a, e) < 0)
		return -1;
	*ret_answer = cni_result_out(a->rec.result, a->conf->version, e);
	if (*ret_answer)
		return 0;
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
	return steps_revert(a, e);
}

static int check(struct attachment *a, json_t **ret_answer, struct err *e)
{
	int found = attachment_load(a, e);

	(void)ret_answer; /* CHECK has none */
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
