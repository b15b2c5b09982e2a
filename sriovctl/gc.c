/* SPDX-License-Identifier: Apache-2.0 */
/* gc.c - sriovctl gc: gives back what containers that are gone have left, of all networks */
#include <stdio.h>

#include "ctl.h"
#include "giveback.h"
#include "mem.h"
#include "out.h"

/* What became of one thing. */
enum outcome { DONE, WOULD, BUSY, STUCK, OUTCOMES };
static const char *const outcomes[OUTCOMES] = {
	[DONE] = "done", [WOULD] = "would", [BUSY] = "busy", [STUCK] = "failed"};

struct gc {
	const struct ctl *ctl;
	struct records all;           /* owned */
	json_t *released, *forgotten; /* owned */
	bool stuck;
};

static enum outcome outcome_of(struct gc *gc, int result, const struct err *e)
{
	if (result >= 0)
		return gc->ctl->opt[OPT_DRY_RUN] ? WOULD : DONE;
	if (e->code == CNI_EAGAIN)
		return BUSY;
	gc->stuck = true;
	return STUCK;
}

/* Tells of one attachment, as it has been seen to. */
static void tell_release(struct gc *gc, const struct attached *a, enum outcome o, const char *why)
{
	const struct record *r = &a->rec;
	static const char *const words[OUTCOMES] = {
		[DONE] = "given back",
		[WOULD] = "would be given back",
		[BUSY] = "left alone",
		[STUCK] = "stuck",
	};

	(void)json_array_append_new(
		gc->released, json_pack("{s:s, s:o, s:s, s:s, s:s}", "pci", r->vf, "container",
					records_container_json(r, true), "state", records_state(a),
					"outcome", outcomes[o], "why", why));
	if (gc->ctl->opt[OPT_JSON])
		return;
	(void)printf("VF %s of container %s, interface %s, network %s (%s): %s\n", r->vf,
		     r->container_id, r->ifname, r->network, records_state(a), words[o]);
	if (*why)
		out_warn("%s", why);
	(void)fflush(stdout); /* main() looks at ferror(stdout); the next may take a while */
}

static void tell_claim(struct gc *gc, const struct record_entry *claim, enum outcome o,
		       const char *why)
{
	char vf[PCIADDR_TEXT];
	static const char *const words[OUTCOMES] = {
		[DONE] = "forgotten",
		[WOULD] = "would be forgotten",
		[BUSY] = "left alone",
		[STUCK] = "stuck",
	};

	(void)pciaddr_text(&claim->vf, vf);
	(void)json_array_append_new(gc->forgotten,
				    json_pack("{s:s, s:{s:s, s:s}, s:s, s:s}", "pci", vf,
					      "container", "id", claim->owner, "ifname",
					      claim->ifname, "outcome", outcomes[o], "why", why));
	if (gc->ctl->opt[OPT_JSON])
		return;
	(void)printf("claim of container %s, interface %s, on VF %s (its ADD did not end): %s\n",
		     claim->owner, claim->ifname, vf, words[o]);
	if (*why)
		out_warn("%s", why);
}

static void forget_claims(struct gc *gc)
{
	for (size_t i = 0; i < gc->all.n_claims; i++) {
		const struct record_entry *claim = &gc->all.claims[i];
		struct err e = {0};
		int r = gc->ctl->opt[OPT_DRY_RUN]
				? 1
				: record_index_settle(gc->all.folder, gc->ctl->sys, claim,
						      "sriovctl gc", &e);

		if (r) /* 0: it means something by now */
			tell_claim(gc, claim, outcome_of(gc, r, &e), r < 0 ? e.msg : "");
	}
}

static int release_abandoned(struct gc *gc, struct err *e)
{
	char ifname[IFNAMSIZ];
	struct giveback g;
	bool found = false;

	for (size_t i = 0; i < gc->all.n; i++) {
		const struct attached *a = &gc->all.all[i];
		struct err stuck = {0};
		int r = 0;

		if (a->worker[0] && (!a->lives || a->rec.phase != RECORD_ATTACHED)) {
			(void)err_set(&stuck, CNI_EAGAIN, 0, "VF %s is being worked on by %s",
				      a->rec.vf, a->worker);
			r = -1;
		} else if (!records_abandoned(a)) {
			continue;
		} else {
			if (!found && giveback_find(gc->ctl, &g, e) < 0)
				return -1;
			found = true;
			if (!gc->ctl->opt[OPT_DRY_RUN])
				r = giveback_run(gc->ctl, &g, &gc->all, a, ifname, &stuck);
		}
		tell_release(gc, a, outcome_of(gc, r, &stuck), r < 0 ? stuck.msg : "");
	}
	return 0;
}

static int run(struct gc *gc, struct err *e)
{
	int r;

	if (records_read(gc->ctl->sys, &gc->all, e) < 0)
		return -1;
	forget_claims(gc);
	r = release_abandoned(gc, e);
	if (r == 0 && gc->ctl->opt[OPT_JSON])
		out_json(json_pack("{s:O, s:O}", "attachments", gc->released, "claims",
				   gc->forgotten));
	for (size_t i = 0; i < gc->all.n_damaged; i++)
		out_warn("%s", gc->all.damaged[i].what);
	return r;
}

int cmd_gc(const struct ctl *ctl, struct err *e)
{
	struct gc gc = {
		.ctl = ctl, .all.folder = -1, .released = json_array(), .forgotten = json_array()};
	int r = run(&gc, e);

	records_clear(&gc.all);
	json_decref(gc.released);
	json_decref(gc.forgotten);
	if (r < 0)
		return -1;
	return gc.stuck ? CTL_FAILED : CTL_OK;
}
