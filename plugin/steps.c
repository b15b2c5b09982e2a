/* SPDX-License-Identifier: Apache-2.0 */
/* steps.c - the flow: one table, read down for ADD and up for DEL */
#include "steps.h"

#include "log.h"
#include "mem.h"

/*
 * revert() is also called on steps that did not run or ran half: it looks, then acts, and is
 * content to find nothing to do. NULL: there is nothing to do in this direction.
 *
 * The VF's own link is put in order above its PF: on the way back the PF has taken its admin MAC
 * back by then, and a driver lets an untrusted VF have its own MAC again only after that. The VF
 * must have left the pod before both, because igbvf writes its MAC to the PF once more when it is
 * closed. An RDMA device follows when the VF has its MAC, as a driver that is bound anew for that
 * makes a new one.
 */
static const struct {
	const char *to; /* the end of "cannot ..." */
	int (*apply)(struct attachment *a, struct err *e);
	int (*revert)(struct attachment *a, struct err *e);
	int (*check)(struct attachment *a, struct err *e);
} steps[] = {
	/* clang-format off */
	/* to ...                             apply          revert           check         */
	{"claim the VF",                      claim_apply,   claim_revert,    NULL},
	{"record the VF as found",            record_apply,  record_revert,   NULL},
	{"bring the PF up",                   pf_link_apply, pf_link_revert,  NULL},
	{"give the VF's link back as found",  NULL,          own_link_revert, NULL},
	{"configure the VF on its PF",        vf_apply,      vf_revert,       vf_check},
	{"move the VF between host and pod",  move_apply,    move_revert,     move_check},
	{"give the pod interface its MAC",    mac_apply,     NULL,            NULL},
	{"move the VF's RDMA device",         rdma_apply,    rdma_revert,     rdma_check},
	{"handle the pod's addresses",        ipam_apply,    ipam_revert,     ipam_check},
	{"configure the pod interface",       address_apply, NULL,            address_check},
	{"record the attachment",             answer_apply,  NULL,            NULL},
	/* clang-format on */
};

/*
 * Steps that must not be undone while one behind them could not be: they are the memory of what is
 * still to do.
 */
#define MEMORY 2

static int revert_from(struct attachment *a, size_t i, struct err *e)
{
	struct err first = {0}, now = {0};

	while (i-- > 0) {
		if (i < MEMORY && first.code)
			break;
		if (!steps[i].revert)
			continue;
		log_line(LOG_DEBUG, "undo: %s", steps[i].to);
		if (steps[i].revert(a, &now) < 0) {
			err_ctx(&now, "cannot %s", steps[i].to);
			log_line(LOG_ERROR, "%s", now.msg);
			(void)err_keep_first(&first, &now); /* told below */
		}
	}
	if (!first.code)
		return 0;
	*e = first;
	return -1;
}

int steps_apply(struct attachment *a, struct err *e)
{
	struct err undo = {0};

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		if (!steps[i].apply)
			continue;
		log_line(LOG_DEBUG, "%s", steps[i].to);
		if (!steps[i].apply(a, e))
			continue;
		err_ctx(e, "cannot %s", steps[i].to);
		if (revert_from(a, i + 1, &undo) < 0)
			err_hint(e, "and not all could be undone: %s; DEL will try again",
				 undo.msg);
		return -1;
	}
	return 0;
}

int steps_revert(struct attachment *a, struct err *e)
{
	return revert_from(a, ARRAY_SIZE(steps), e);
}

int steps_check(struct attachment *a, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		if (steps[i].check && steps[i].check(a, e) < 0)
			return -1;
	return 0;
}
