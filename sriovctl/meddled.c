/* SPDX-License-Identifier: Apache-2.0 */
/* meddled.c - whether what network managers are configured with means the interface of a VF */
#include "meddled.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jtable.h"
#include "mem.h"
#include "rootfs.h"

unsigned meddled_each(const struct doctor *d, void (*each)(const struct meddled *m, void *arg),
		      void *arg)
{
	unsigned n = 0;

	for (size_t p = 0; p < d->host->n; p++)
		for (uint32_t i = 0; i < d->host->pfs[p].n_vfs; i++) {
			const struct host_vf *vf = &d->host->pfs[p].vfs[i];
			struct meddled m = {
				.ifname = vf->dev.ifname,
				.driver = vf->dev.driver,
				.mac = vf->link.mac,
			};
			struct err unread;

			if (!vf->link.ifindex || (d->pf && d->pf != &d->host->pfs[p]))
				continue;
			memcpy(m.pci, vf->dev.name, sizeof(m.pci));
			m.udev = rootfs_read(d->root, &unread, "run/udev/data/n%d",
					     vf->link.ifindex);
			each(&m, arg);
			free(m.udev);
			n++;
		}
	return n;
}

const char *meddled_property(const struct meddled *m, const char *key, char *buf, size_t size)
{
	size_t len = strlen(key);

	buf[0] = '\0';
	for (const char *at = m->udev; at && *at; at += *at == '\n') {
		if (!strncmp(at, "E:", 2) && !strncmp(at + 2, key, len) && at[2 + len] == '=')
			(void)snprintf(buf, size, "%.*s", (int)strcspn(at + 3 + len, "\n"),
				       at + 3 + len);
		at += strcspn(at, "\n");
	}
	return buf;
}

/* Source: unit_export_invocation_id() and unit_notify(), src/core/unit.c of systemd. */
bool meddled_is_active(const struct doctor *d, const char *unit)
{
	return rootfs_exists(d->root, "run/systemd/units/invocation:%s", unit);
}

void meddled_note(struct meddled_tally *t, const struct meddled *m, bool sure, const char *by)
{
	if (!t->taken && !t->maybe) {
		(void)snprintf(t->first, sizeof(t->first), "%s", m->ifname);
		t->by = by;
	}
	t->taken += sure;
	t->maybe += !sure;
}

#define SPEC 256 /* longer than a word of a list can reasonably be; it is cut */

static bool is_mac(const char *text, uint64_t mac)
{
	uint64_t v;

	return mac_parse(text, &v) == 0 && v == mac;
}

/* --- NetworkManager --- */

/* value behind the prefix of a spec; NULL: it has another. Case does not count. */
static const char *behind(const char *spec, const char *prefix)
{
	return strncasecmp(spec, prefix, strlen(prefix)) ? NULL : spec + strlen(prefix);
}

static bool nm_driver(const char *pattern, const char *driver)
{
	char alone[64]; /* without the driver's version */

	(void)snprintf(alone, sizeof(alone), "%.*s", (int)strcspn(pattern, "/"), pattern);
	return !fnmatch(alone, driver, 0);
}

/* One device of a list, without "except:". */
static bool nm_spec(const char *spec, const struct meddled *m)
{
	const char *v;

	if (!strcmp(spec, "*"))
		return true;
	v = behind(spec, "interface-name:");
	if (v)
		return *v == '=' ? !strcmp(v + 1, m->ifname)
				 : !fnmatch(v + (*v == '~'), m->ifname, 0);
	v = behind(spec, "driver:");
	if (v)
		return nm_driver(v, m->driver);
	v = behind(spec, "mac:");
	if (v)
		return is_mac(v, m->mac);
	v = behind(spec, "type:");
	if (v)
		return !strcasecmp(v, "ethernet");
	return !strcmp(spec, m->ifname) || is_mac(spec, m->mac);
}

bool meddled_nm_list(const char *list, const struct meddled *m)
{
	bool only_exceptions = true, any = false, matches = false;

	while (*(list += strspn(list, ",; \t"))) {
		size_t len = strcspn(list, ",; \t");
		char spec[SPEC];
		const char *except;

		(void)snprintf(spec, sizeof(spec), "%.*s", (int)len, list);
		except = behind(spec, "except:");
		list += len;
		if (except && nm_spec(except, m))
			return false;
		any = true;
		only_exceptions = only_exceptions && except;
		matches = matches || (!except && nm_spec(spec, m));
	}
	return matches || (any && only_exceptions);
}

/* --- systemd --- */

enum networkd_key {
	BY_NAME,
	BY_ORIGINAL_NAME,
	BY_DRIVER,
	BY_MAC,
	BY_PERMANENT_MAC,
	BY_PROPERTY,
	BY_PATH,
	BY_TYPE,
	BY_KIND,
	BY_WLAN,
	BY_SSID,
	NETWORKD_KEYS
};

static const char *const networkd_keys[NETWORKD_KEYS] = {
	[BY_NAME] = "Name",
	[BY_ORIGINAL_NAME] = "OriginalName",
	[BY_DRIVER] = "Driver",
	[BY_MAC] = "MACAddress",
	[BY_PERMANENT_MAC] = "PermanentMACAddress",
	[BY_PROPERTY] = "Property",
	[BY_PATH] = "Path",
	[BY_TYPE] = "Type",
	[BY_KIND] = "Kind",
	[BY_WLAN] = "WLANInterfaceType",
	[BY_SSID] = "SSID",
};

static bool networkd_word(enum networkd_key key, const char *word, const struct meddled *m)
{
	char name[128], value[256];
	const char *equals = strchr(word, '=');

	switch (key) {
	case BY_NAME:
	case BY_ORIGINAL_NAME:
		return !fnmatch(word, m->ifname, 0);
	case BY_DRIVER:
		return !fnmatch(word, m->driver, 0);
	case BY_MAC:
	case BY_PERMANENT_MAC: /* a VF has none, or it is the one that its PF gave it */
		return is_mac(word, m->mac);
	case BY_PROPERTY:
		(void)snprintf(name, sizeof(name), "%.*s", equals ? (int)(equals - word) : 0, word);
		return equals &&
		       !strcmp(meddled_property(m, name, value, sizeof(value)), equals + 1);
	case BY_PATH:
		return !fnmatch(word, meddled_property(m, "ID_PATH", value, sizeof(value)), 0);
	case BY_TYPE:
		return !fnmatch(word, "ether", 0);
	default: /* what no VF is */
		return false;
	}
}

/* A list of words; "!" in front says that none of them may match. */
static bool networkd_list(enum networkd_key key, const char *list, const struct meddled *m)
{
	bool invert = *list == '!', any = false, all = true;

	list += invert;
	while (*(list += strspn(list, " \t"))) {
		size_t len = strcspn(list, " \t");
		char word[SPEC];
		bool matches;

		(void)snprintf(word, sizeof(word), "%.*s", (int)len, list);
		matches = networkd_word(key, word, m);
		list += len;
		any = any || matches;
		all = all && matches;
	}
	return (key == BY_PROPERTY ? all : any) != invert;
}

struct networkd {
	const struct meddled *m;
	bool there[NETWORKD_KEYS], matches[NETWORKD_KEYS], other;
};

static void networkd_condition(const char *section, const char *key, const char *value, void *arg)
{
	struct networkd *n = arg;
	size_t k = 0;

	if (!key || strcmp(section, "Match") != 0)
		return;
	while (k < NETWORKD_KEYS && strcmp(networkd_keys[k], key) != 0)
		k++;
	if (k == NETWORKD_KEYS) {
		n->other = true;
		return;
	}
	/* a second line adds to the list of the first */
	n->matches[k] = networkd_list((enum networkd_key)k, value, n->m) || n->matches[k];
	n->there[k] = true;
}

enum meddled_match meddled_networkd_file(const char *text, const struct meddled *m)
{
	struct networkd n = {.m = m};

	rootfs_each_key(text, networkd_condition, &n);
	for (size_t k = 0; k < NETWORKD_KEYS; k++)
		if (n.there[k] && !n.matches[k])
			return MEDDLED_NO;
	return n.other ? MEDDLED_MAYBE : MEDDLED_YES;
}
