/* SPDX-License-Identifier: Apache-2.0 */
/* steps.c - the flow: one table, read down for ADD and up for DEL */
#include "steps.h"

#include "log.h"
#include "mem.h"
#include "userspace.h"

/*
 * revert() is also called on steps that did not run or ran half: it looks, then acts, and is
 * content to find nothing to do. NULL: there is nothing to do in this direction.
 *
 * The VF's own link is put in order above its PF: on the way back the PF has taken its admin MAC
 * back by then, and a driver lets an untrusted VF have its own MAC again only after that. The VF
 * must have left the pod before both, because igbvf writes its MAC to the PF once more when it is
 * closed. An RDMA device follows when the VF has its MAC, as a driver that is bound anew for that
 * makes a new one.
 *
 * For "driver" the VF is without one while its PF is configured, in both directions. A driver takes
 * the MAC of the PF when it is bound: so the admin MAC has to be there before. One that is taken
 * away may report its own to the PF once more: so that has to be over before. And the VF's own link
 * can be put in order only when the former driver has made it anew.
 */
static const struct {
	const char *to; /* the end of "cannot ..." */
	int (*apply)(struct attachment *a, struct err *e);
	int (*revert)(struct attachment *a, struct err *e);
	int (*check)(struct attachment *a, struct err *e);
	enum { ANY_VF, WITH_PF, WITH_NETDEV } which; /* for others the step does nothing */
} steps[] = {
	/* clang-format off */
	/* to ...                             apply          revert           check          for */
	{"claim the VF",                      claim_apply,   claim_revert,    NULL,          ANY_VF},
	{"record the VF as found",            record_apply,  record_revert,   NULL,          ANY_VF},
	{"bring the PF up",                   pf_link_apply, pf_link_revert,  NULL,          WITH_PF},
	{"give the VF's link back as found",  NULL,          own_link_revert, NULL,          ANY_VF},
	{"change the VF's driver",            unbind_apply,  unbind_revert,   NULL,          ANY_VF},
	{"configure the VF on its PF",        vf_apply,      vf_revert,       vf_check,      WITH_PF},
	{"bind the attachment's driver",      bind_apply,    bind_revert,     bind_check,    ANY_VF},
	{"move the VF between host and pod",  move_apply,    move_revert,     move_check,    WITH_NETDEV},
	{"give the pod interface its MAC",    mac_apply,     NULL,            NULL,          WITH_NETDEV},
	{"move the VF's RDMA device",         rdma_apply,    rdma_revert,     rdma_check,    WITH_NETDEV},
	{"handle the pod's addresses",        ipam_apply,    ipam_revert,     ipam_check,    ANY_VF},
	{"configure the pod interface",       address_apply, NULL,            address_check, WITH_NETDEV},
	{"write the device information",      info_apply,    info_revert,     NULL,          ANY_VF},
	{"record the attachment",             answer_apply,  NULL,            NULL,          ANY_VF},
	/* clang-format on */
};

/*
 * Steps that must not be undone while one behind them could not be: the first two are the memory of
 * what is still to do, and a PF that is down again takes no more values.
 */
#define MEMORY 3

static bool concerns(const struct attachment *a, size_t i)
{
	return steps[i].which == ANY_VF ||
	       (steps[i].which == WITH_PF ? a->rec.pf[0] != '\0' : attachment_has_netdev(a));
}

static int revert_from(struct attachment *a, size_t i, struct err *e)
{
	struct err first = {0}, now = {0};

	while (i-- > 0) {
		if (i < MEMORY && first.code)
			break;
		if (!steps[i].revert || !concerns(a, i))
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
		if (!steps[i].apply || !concerns(a, i))
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
	/* as long as a program has the VF, it must not get into another's VLAN, nor its address */
	if (userspace_await_free(a, e) < 0)
		return -1;
	return revert_from(a, ARRAY_SIZE(steps), e);
}

int steps_check(struct attachment *a, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		if (steps[i].check && concerns(a, i) && steps[i].check(a, e) < 0)
			return -1;
	return 0;
}
