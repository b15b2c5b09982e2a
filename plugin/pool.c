/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c - which VFs a network may pick from */
#include "pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cni.h"
#include "rt.h"

static const char *const policy_words[] = {[POOL_PACK] = "pack", [POOL_SPREAD] = "spread", NULL};

/* clang-format off */
#define LIST(key, list)           {key, JT_ARRAY, offsetof(struct pool, lists[list]), 0, 0, NULL}
#define UINT(key, member, lo, hi) {key, JT_UINT, offsetof(struct pool, member), lo, hi, NULL}
#define WORD(key, member, words)  {key, JT_WORD, offsetof(struct pool, member), 0, 0, words}

/* The keys of "pool". sriov-cni.conf(5) describes each; a test compares both. */
const struct jfield pool_fields[] = {
	LIST("pfNames",         POOL_PF_NAMES),
	LIST("rootDevices",     POOL_ROOT_DEVICES),
	LIST("vendors",         POOL_VENDORS),
	LIST("devices",         POOL_DEVICES),
	LIST("drivers",         POOL_DRIVERS),
	LIST("pciAddresses",    POOL_PCI_ADDRESSES),
	LIST("linkTypes",       POOL_LINK_TYPES),
	LIST("acpiIndexes",     POOL_ACPI_INDEXES),
	UINT("numaNode",        numa_node,              0, 1023),
	WORD("policy",          policy,                 policy_words),
	JT_END,
};
/* clang-format on */

static void refuse_unknown(const char *key, void *arg)
{
	err_set(arg, CNI_ECONFIG, 0, "pool: there is no selector \"%.64s\"; see sriov-cni.conf(5)",
		key);
}

int pool_read(struct pool *p, struct err *e)
{
	struct err unknown = {0};

	if (!p->selectors)
		return 0;
	if (jtable_read(p->selectors, pool_fields, p, e) < 0)
		return err_ctx(e, "pool");
	jtable_unknown(p->selectors, pool_fields, refuse_unknown, &unknown);
	if (!unknown.code)
		return 0;
	*e = unknown;
	return -1;
}

bool pool_is_given(const struct pool *p)
{
	return p->master || p->selectors;
}

const char *pool_split(const char *entry, char *name, size_t size)
{
	const char *ranges = strchr(entry, '#');
	int len = ranges ? (int)(ranges - entry) : (int)strlen(entry);

	(void)snprintf(name, size, "%.*s", len, entry);
	return ranges ? ranges + 1 : NULL;
}

static const char *take_index(const char *p, uint32_t *ret)
{
	size_t digits = strspn(p, "0123456789");

	if (digits < 1 || digits > 5)
		return NULL;
	*ret = (uint32_t)strtoul(p, NULL, 10);
	return p + digits;
}

/* One range, "3" or "0-3"; *text then is at the next. Returns -1 when it is none. */
static int take_range(const char **text, uint32_t *first, uint32_t *last)
{
	const char *p = take_index(*text, first);

	if (!p)
		return -1;
	*last = *first;
	if (*p == '-')
		p = take_index(p + 1, last);
	if (!p || (*p && (*p != ',' || !p[1])))
		return -1;
	*text = p + (*p == ',');
	return 0;
}

bool pool_range_has(const char *ranges, uint32_t index)
{
	uint32_t first, last;

	if (!ranges)
		return true;
	while (*ranges && !take_range(&ranges, &first, &last))
		if (index >= first && index <= last)
			return true;
	return false;
}

static bool ranges_are_good(const char *ranges)
{
	uint32_t first, last;

	if (!ranges)
		return true;
	if (!*ranges)
		return false;
	while (*ranges)
		if (take_range(&ranges, &first, &last) < 0 || first > last)
			return false;
	return true;
}

/* What an entry of a list may be. name: without its ranges. */
static bool entry_is_good(enum pool_list list, const char *name)
{
	struct pciaddr addr;

	switch (list) {
	case POOL_PF_NAMES:
		return *name && !strchr(name, '/');
	case POOL_ROOT_DEVICES:
	case POOL_PCI_ADDRESSES:
		return !pciaddr_parse(name, &addr);
	case POOL_VENDORS:
	case POOL_DEVICES:
		return strlen(name) == 4 && strspn(name, "0123456789abcdefABCDEF") == 4;
	case POOL_LINK_TYPES:
		return !strcasecmp(name, "ether") || !strcasecmp(name, "infiniband");
	default:
		return *name != '\0';
	}
}

static int check_entry(enum pool_list list, const char *key, const char *entry, struct err *e)
{
	bool may_have_ranges = list == POOL_PF_NAMES || list == POOL_ROOT_DEVICES;
	const char *ranges = NULL;
	char name[RT_ALTNAME_LEN] = "";

	if (entry && strlen(entry) < sizeof(name))
		ranges = pool_split(entry, name, sizeof(name));
	if (!entry_is_good(list, name))
		return err_set(e, CNI_ECONFIG, 0, "%s: \"%.64s\" is not what such a list holds",
			       key, entry ?: "");
	if (ranges && (!may_have_ranges || !ranges_are_good(ranges)))
		return err_set(e, CNI_ECONFIG, 0,
			       "%s: \"%.64s\": behind '#' stand VFs, as in \"ens3f0#0-3,7\"", key,
			       entry);
	return 0;
}

int pool_check(const struct pool *p, struct err *e)
{
	const json_t *item;
	size_t i;

	if (p->master && check_entry(POOL_PF_NAMES, "master", p->master, e) < 0)
		return -1;
	if (p->master && p->lists[POOL_PF_NAMES])
		return err_set(e, CNI_ECONFIG, 0,
			       "\"master\" and pool.pfNames both name PFs; leave one of them out");
	for (unsigned list = 0; list < POOL_LISTS; list++) {
		if (p->lists[list] && !json_array_size(p->lists[list]))
			return err_set(e, CNI_ECONFIG, 0,
				       "pool: %s is empty: no VF could be picked",
				       pool_fields[list].key);
		json_array_foreach(p->lists[list], i, item)
			if (check_entry(list, pool_fields[list].key, json_string_value(item), e) <
			    0)
				return err_ctx(e, "pool");
	}
	if (p->vf.set && !pool_is_given(p))
		return err_set(
			e, CNI_ECONFIG, 0,
			"VF %llu of which PF? \"vf\" (or VF= in CNI_ARGS) needs \"master\" or \"pool\"",
			(unsigned long long)p->vf.v);
	return 0;
}

size_t pool_n_pf_names(const struct pool *p)
{
	return p->master ? 1 : json_array_size(p->lists[POOL_PF_NAMES]);
}

const char *pool_pf_name(const struct pool *p, size_t n)
{
	return p->master ?: json_string_value(json_array_get(p->lists[POOL_PF_NAMES], n));
}

bool pool_has(const struct pool *p, enum pool_list list, const char *value)
{
	const json_t *item;
	size_t i;

	json_array_foreach(p->lists[list], i, item)
		if (!strcasecmp(json_string_value(item), value))
			return true;
	return !p->lists[list];
}

static bool is_address(const char *text, const struct pciaddr *want)
{
	struct pciaddr a;

	return !pciaddr_parse(text, &a) && !pciaddr_compare(&a, want);
}

bool pool_has_address(const struct pool *p, const struct pciaddr *vf)
{
	const json_t *item;
	size_t i;

	json_array_foreach(p->lists[POOL_PCI_ADDRESSES], i, item)
		if (is_address(json_string_value(item), vf))
			return true;
	return !p->lists[POOL_PCI_ADDRESSES];
}

bool pool_has_root(const struct pool *p, const struct pciaddr *pf, const uint32_t *vf)
{
	char name[RT_ALTNAME_LEN];
	const json_t *item;
	size_t i;

	json_array_foreach(p->lists[POOL_ROOT_DEVICES], i, item) {
		const char *ranges = pool_split(json_string_value(item), name, sizeof(name));

		if (is_address(name, pf) && (!vf || pool_range_has(ranges, *vf)))
			return true;
	}
	return !p->lists[POOL_ROOT_DEVICES];
}
