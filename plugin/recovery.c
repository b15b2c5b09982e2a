/* SPDX-License-Identifier: Apache-2.0 */
/* recovery.c - a record that is there already: whose it is, and what a dead operation left */
#include "recovery.h"

#include <string.h>

#include "lock.h"
#include "log.h"
#include "mem.h"
#include "steps.h"

/* Takes over what the record says, for the operations that begin with one. The lock is held. */
static int open_recorded(struct attachment *a, struct err *e)
{
	const struct record *r = &a->rec;
	struct err gone = {0};

	if (attachment_open_host(a, NULL, e) < 0)
		return -1;
	memcpy(a->vf.name, r->vf, sizeof(a->vf.name));
	memcpy(a->vf.pf, r->pf, sizeof(a->vf.pf));
	a->vf.index = r->index;
	/* what its netdev in the pod hangs on */
	if (!r->pf[0] && vfdev_refresh(a->sys, &a->vf, e) < 0)
		return -1;

	/*
	 * Another namespace can have been mounted over the same path, and have the same inode: only
	 * the same one is the pod.
	 */
	a->pod_ns = netns_open(r->netns, &a->pod_id, &gone);
	if (a->pod_ns < 0)
		return 0;
	if (netns_same(&a->pod_id, &r->netns_id)) {
		if (rt_open_in(a->host_ns, a->pod_ns, &a->pod, e) < 0)
			return -1;
		if (record_is_pod(a->pod, r))
			return 0;
		rt_free(a->pod);
		a->pod = NULL;
	}
	closep(&a->pod_ns);
	a->pod_ns = -1;
	return 0;
}

/*
 * What a dead process left of the VF is brought to its end: in the name of the container that had
 * it, with the IPAM section that was recorded. lock: of the VF, which the caller keeps.
 */
static int recover(const struct attachment *a, int lock, struct record *r, struct err *e)
{
	struct cni_args args = *a->args;
	struct attachment old = ATTACHMENT_INIT;
	int ret;

	old.args = &args;
	old.env = a->env;
	old.sys = a->sys;
	old.folder = a->folder;
	old.lock = lock;
	old.rec = *r;
	*r = (struct record){0};
	args.container_id = old.rec.container_id;
	args.ifname = old.rec.ifname;
	args.netns = old.rec.netns;
	args.args = old.rec.args ?: "";

	log_line(LOG_WARNING,
		 "VF %s was left half-way (%s) by container %s, interface %s: giving it back",
		 old.rec.vf,
		 old.rec.phase == RECORD_ATTACHED ? "its namespace is gone"
						  : "its operation did not end",
		 args.container_id, args.ifname);
	ret = open_recorded(&old, e) < 0 || steps_revert(&old, e) < 0 ? -1 : 0;
	if (ret < 0)
		err_ctx(e, "VF %s: cannot give back what container %s left", old.rec.vf,
			args.container_id);
	old.lock = -1;
	attachment_close(&old);
	return ret;
}

static int refuse_held(const char *vf, const struct record *r, struct err *e)
{
	return err_set(e, CNI_EAGAIN, 0, "VF %s is held by container %s, interface %s, network %s",
		       vf, r->container_id, r->ifname, r->network);
}

bool recovery_is_held(int folder, const char *vf, struct err *e)
{
	struct record r = {0};
	struct err unknown;
	bool held = record_load_head(folder, vf, &r, &unknown) == 1 && r.phase == RECORD_ATTACHED &&
		    record_pod_lives(&r);

	if (held)
		(void)refuse_held(vf, &r, e); /* its result is not the result */
	record_clear(&r);
	return held;
}

/*
 * A record that cannot be understood is put aside, for a person to look at, and the VF goes on
 * without: it must not be out of use for good. But while the VF is in a container, or wherever, it
 * could not be used anyway, and a plugin that understands the record may come back. Result as of
 * record_load(). Errors: CNI_EAGAIN: the record stays.
 */
static int load_sound(const struct attachment *a, const char *vf, struct record *ret, struct err *e)
{
	struct err damaged = {0}, unread;
	int found = record_load(a->folder, vf, ret, &damaged), away;

	if (found >= 0)
		return found;
	if (damaged.code != CNI_ESTATE) {
		*e = damaged;
		return -1;
	}
	away = a->args->command == CNI_DEL ? 0 : vfdev_is_away(a->sys, vf, e);
	if (away < 0)
		return -1;
	if (away || (a->args->command != CNI_DEL && recovery_is_held(a->folder, vf, &unread))) {
		*e = damaged;
		e->code = CNI_EAGAIN;
		return err_hint(e, "VF %s is %s: the DEL of its container brings it home", vf,
				away ? "not on the host" : "in use");
	}
	log_line(LOG_ERROR,
		 "%s; it is kept as " RECORD_FOLDER "/%s" RECORD_ASIDE
		 ", and what the VF was like before is not known",
		 damaged.msg, vf);
	return record_set_aside(a->folder, vf, e);
}

static bool is_valid(const struct record *r, const json_t *valid)
{
	json_t *item;
	size_t i;

	json_array_foreach(valid, i, item) {
		const char *id = json_string_value(json_object_get(item, "containerID"));
		const char *ifname = json_string_value(json_object_get(item, "ifname"));

		if (id && ifname && record_is_of(r, id, ifname))
			return true;
	}
	return false;
}

int recovery_collect(const struct attachment *a, const char *vf, const json_t *valid, struct err *e)
{
	_cleanup_(lock_drop) int lock = -1;
	struct record r = {0};
	struct err busy = {0};
	int ret = 0;

	lock = record_lock(a->folder, vf, "GC", 0, &busy);
	if (lock < 0 && busy.code != CNI_EAGAIN) {
		*e = busy;
		return -1;
	}
	if (lock < 0) {
		log_line(LOG_INFO, "left alone: %s", busy.msg); /* whoever works on it sees to it */
		return 0;
	}
	ret = load_sound(a, vf, &r, &busy);
	if (ret < 0 && busy.code == CNI_EAGAIN) {
		log_line(LOG_WARNING, "left alone: %s", busy.msg);
		return 0;
	}
	if (ret < 0)
		*e = busy;
	if (ret <= 0)
		return ret;
	ret = 0;
	if (strcmp(r.network, a->conf->name) || is_valid(&r, valid))
		ret = 0;
	else if (r.phase == RECORD_ATTACHED && record_pod_lives(&r))
		log_line(
			LOG_WARNING,
			"VF %s: container %s is not a valid attachment, but its namespace %s lives: left alone",
			vf, r.container_id, r.netns);
	else
		ret = recover(a, lock, &r, e);
	record_clear(&r);
	return ret;
}

int recovery_collect_claims(const struct attachment *a, struct err *e)
{
	struct record_entry *claims = NULL;
	struct err first = {0}, now = {0};
	size_t n = 0;

	if (record_index_list(a->folder, &claims, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int settled = record_index_settle(a->folder, a->sys, &claims[i], "GC", &now);

		if (settled > 0)
			log_line(LOG_INFO,
				 "container %s, interface %s had claimed a VF, and never got it",
				 claims[i].owner, claims[i].ifname);
		else if (settled < 0 && (now.code == CNI_EAGAIN || now.code == CNI_ESTATE))
			now.code =
				0; /* whoever works on it sees to it; of its record it was told */
		else if (settled < 0)
			(void)err_keep_first(&first, &now); /* told below */
	}
	record_entries_free(claims, n);
	if (!first.code)
		return 0;
	*e = first;
	return -1;
}

static bool is_ours(const struct attachment *a, const struct record *r)
{
	return record_is_of(r, a->args->container_id, a->args->ifname);
}

/* only_own: what another container's record says is no concern of the caller's. */
static int settle(struct attachment *a, bool only_own, struct err *e)
{
	struct record r = {0};
	int found = load_sound(a, a->vf.name, &r, e), ret = 0;

	if (found <= 0)
		return found;
	if (only_own && !is_ours(a, &r))
		ret = 0;
	else if (r.phase != RECORD_ATTACHED || !record_pod_lives(&r))
		ret = recover(a, a->lock, &r, e);
	else if (is_ours(a, &r))
		ret = attachment_refuse_second(a, a->vf.name, e);
	else
		ret = refuse_held(a->vf.name, &r, e);
	record_clear(&r);
	return ret;
}

int recovery_settle(struct attachment *a, struct err *e)
{
	return settle(a, false, e);
}

int recovery_settle_own(struct attachment *a, struct err *e)
{
	int found =
		record_index_find(a->folder, a->args->container_id, a->args->ifname, a->vf.name, e);

	if (found <= 0)
		return found;
	if (attachment_lock(a, a->vf.name, ATTACHMENT_LOCK_MS, e) < 0)
		return -1;
	/* an entry of a VF that has another owner by now is of no meaning */
	found = settle(a, true, e);
	attachment_unlock(a);
	return found;
}

int recovery_load(struct attachment *a, struct err *e)
{
	const struct cni_args *args = a->args;
	char vf[PCIADDR_TEXT];
	int found = record_index_find(a->folder, args->container_id, args->ifname, vf, e);

	if (found <= 0)
		return found;
	if (attachment_lock(a, vf, ATTACHMENT_LOCK_MS, e) < 0)
		return -1;
	/* without the lock, nobody changes the entry */
	found = record_index_is(a->folder, args->container_id, args->ifname, vf, e);
	if (found <= 0) {
		attachment_unlock(a);
		/* while the lock was waited for, the interface has lost its VF, or got another */
		return found < 0 ? -1 : recovery_load(a, e);
	}
	found = load_sound(a, vf, &a->rec, e);
	if (found < 0)
		return -1;
	if (found && is_ours(a, &a->rec))
		return open_recorded(a, e) < 0 ? -1 : 1;
	if (!found) { /* lost; or its ADD was killed while it wrote it, and left half of it */
		memcpy(a->vf.name, vf, sizeof(a->vf.name));
		return record_drop(a->folder, vf, e);
	}
	record_clear(&a->rec); /* the VF has another owner by now */
	found = record_index_drop(a->folder, args->container_id, args->ifname, e);
	attachment_unlock(a);
	return found;
}
