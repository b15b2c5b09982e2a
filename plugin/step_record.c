/* SPDX-License-Identifier: Apache-2.0 */
/* step_record.c - claim the VF, remember it as it was, and what became of it */
#include <string.h>

#include "mem.h"
#include "steps.h"
#include "userspace.h"

/*
 * The claim is an entry of the index, made before the record: so a record always has an entry that
 * DEL can find it by, and an entry without a record is of no meaning, as long
 * as the VF is on the host.
 */
int claim_apply(struct attachment *a, struct err *e)
{
	const struct cni_args *args = a->args;
	char vf[PCIADDR_TEXT];
	struct record other = {0};
	_cleanup_fd_ int lock = -1;
	int r = record_index_add(a->folder, args->container_id, args->ifname, a->vf.name, e);

	if (r)
		return r < 0 ? -1 : 0;
	r = record_index_find(a->folder, args->container_id, args->ifname, vf, e);
	if (r <= 0)
		return r < 0 ? -1 : claim_apply(a, e);
	/*
	 * Without a record it is of an ADD that was killed, or of one that is about to write it:
	 * then that one holds the lock.
	 */
	if (strcmp(vf, a->vf.name)) {
		lock = record_lock(a->folder, vf, "ADD, to look who has it", 0, e);
		if (lock < 0)
			return err_ctx(e, "interface %s of container %s", args->ifname,
				       args->container_id);
		r = record_index_is(a->folder, args->container_id, args->ifname, vf, e);
		if (r < 0)
			return -1;
		if (!r) {
			closep(&lock); /* it has changed before the lock was ours */
			lock = -1;
			return claim_apply(a, e);
		}
	}
	r = record_load(a->folder, vf, &other, e);
	if (r < 0)
		return -1;
	bool taken = r && record_is_of(&other, args->container_id, args->ifname);

	record_clear(&other);
	if (taken)
		return attachment_refuse_second(a, vf, e);
	if (record_index_drop(a->folder, args->container_id, args->ifname, e) < 0)
		return -1;
	return claim_apply(a, e);
}

int claim_revert(struct attachment *a, struct err *e)
{
	int found =
		record_index_is(a->folder, a->args->container_id, a->args->ifname, a->vf.name, e);

	if (found <= 0)
		return found;
	return record_index_drop(a->folder, a->args->container_id, a->args->ifname, e);
}

int record_apply(struct attachment *a, struct err *e)
{
	return record_save(a->folder, &a->rec, e);
}

int record_revert(struct attachment *a, struct err *e)
{
	return record_drop(a->folder, a->vf.name, e);
}

static json_t *own_interface(const struct attachment *a)
{
	char mac[MAC_TEXT];

	/* a VF that nobody has given a MAC yet, and that has no netdev, has none to tell */
	json_t *itf = json_pack("{s:s, s:s*, s:s, s:s}", "name", a->args->ifname, "mac",
				a->link.mac ? mac_text(a->link.mac, mac) : NULL, "sandbox",
				a->args->netns, "pciID", a->vf.name);

	if (a->link.mtu) /* "pfOnly" with a userspace driver: it is its program's affair */
		json_object_set_new(itf, "mtu", json_integer(a->link.mtu));
	return itf;
}

/*
 * Builds our part of what ADD answers into the record, and says there that the attachment stands.
 * CHECK goes by it: what plugins in front of us in a list have answered is theirs.
 */
int answer_apply(struct attachment *a, struct err *e)
{
	json_t *routes = json_object_get(a->ipam, "routes"), *ips = json_array(), *result, *ip;
	size_t i;

	if (!attachment_has_netdev(a) && userspace_describe(a, e) < 0) {
		json_decref(ips);
		return -1;
	}
	json_array_foreach(json_object_get(a->ipam, "ips"), i, ip) {
		ip = json_copy(ip);
		json_object_set_new(ip, "interface", json_integer(0));
		json_array_append_new(ips, ip);
	}
	result = json_pack("{s:s, s:[o], s:o, s:o, s:o}", "cniVersion",
			   cni_version_name(CNI_NEWEST), "interfaces", own_interface(a), "ips", ips,
			   "routes", routes ? json_incref(routes) : json_array(), "dns",
			   cni_dns_merge(a->conf->dns, json_object_get(a->ipam, "dns")));

	if (!a->rec.doc)
		a->rec.doc = json_object();
	json_object_set_new(a->rec.doc, "result", result);
	a->rec.result = result;
	a->rec.phase = RECORD_ATTACHED;
	return record_save(a->folder, &a->rec, e);
}
