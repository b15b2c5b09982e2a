/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pf.c - what lib/rt_vf.c reads of a PF and sets on it, for the tests of big ones (big.bats)
 *
 *	pf show NAME            one line of JSON for each VF
 *	pf counted NAME         the same, from an answer that has what was counted as well
 *	pf set NAME VF JSON     sets what the object holds, in the words of the record
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "rt_vf.h"

static int show(struct rt *rt, const char *name, bool counted, struct err *e)
{
	struct rt_pf pf;

	if ((counted ? rt_pf_get_stats(rt, name, &pf, e) : rt_pf_get(rt, name, &pf, e)) < 0)
		return -1;
	for (uint32_t i = 0; i < pf.n_vfs; i++) {
		json_auto_t *j = vf_attrs_to_json(&pf.vfs[i]);
		_cleanup_free_ char *text = json_dumps(j, JSON_COMPACT);

		(void)puts(text);
	}
	/* what stands behind the VFs in the answer */
	(void)fprintf(stderr, "%s has %u VFs\n", pf.link.parent, pf.n_vfs);
	rt_pf_clear(&pf);
	return 0;
}

static int set(struct rt *rt, const char *name, uint32_t vf, const char *json, struct err *e)
{
	json_auto_t *j = jtable_parse(json, strlen(json), "the object", e);
	bool done[VF_GROUPS] = {false};
	struct vf_attrs a = {0};
	struct rt_link pf;

	if (!j || vf_attrs_from_json(j, &a, e) < 0 || rt_link_by_name(rt, name, &pf, e) < 0)
		return -1;
	for (unsigned f = 0; f < VF_FIELDS; f++) {
		enum vf_group g = vf_field_group((enum vf_field)f);

		if (!a.f[f].set || done[g])
			continue;
		done[g] = true;
		if (rt_vf_set(rt, pf.ifindex, vf, g, &a, e) < 0)
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	_cleanup_(rt_freep) struct rt *rt = NULL;
	struct err e = {0};
	int r = rt_open(&rt, &e);

	if (r == 0 && argc == 3 && (!strcmp(argv[1], "show") || !strcmp(argv[1], "counted")))
		r = show(rt, argv[2], !strcmp(argv[1], "counted"), &e);
	else if (r == 0 && argc == 5 && !strcmp(argv[1], "set"))
		r = set(rt, argv[2], (uint32_t)strtoul(argv[3], NULL, 10), argv[4], &e);
	else if (r == 0)
		r = err_set(&e, 1, 0, "usage: pf show NAME, or: pf set NAME VF JSON");
	if (r < 0)
		(void)fprintf(stderr, "%s\n", e.msg);
	return r < 0;
}
