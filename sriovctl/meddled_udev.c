/* SPDX-License-Identifier: Apache-2.0 */
/* meddled_udev.c - whether a rule of udev sets the name of a VF's interface */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "jtable.h"
#include "meddled.h"

/* The next KEY="value" of a rule; ret_op: its first sign, '=' '!' '+' '-' ':', or '~' for "==". */
static bool udev_token(const char **at, char *key, size_t key_size, char *ret_op, char *value,
		       size_t value_size)
{
	size_t len;

	*at += strspn(*at, ", \t");
	len = strcspn(*at, "=!+-:\"");
	if (!len || !(*at)[len] || (*at)[len] == '"')
		return false;
	(void)snprintf(key, key_size, "%.*s", (int)len, *at);
	*at += len;
	*ret_op = **at;
	if (**at == '=' && (*at)[1] == '=')
		*ret_op = '~';
	*at += strspn(*at, "=!+-:");
	if (**at != '"')
		return false;
	++*at;
	len = strcspn(*at, "\"");
	(void)snprintf(value, value_size, "%.*s", (int)len, *at);
	*at += len;
	*at += **at == '"';
	return true;
}

/* Whether a value, "a|b*", matches. */
static bool udev_value(const char *patterns, const char *text)
{
	while (true) {
		size_t len = strcspn(patterns, "|");
		char pattern[128];

		(void)snprintf(pattern, sizeof(pattern), "%.*s", (int)len, patterns);
		if (!fnmatch(pattern, text, 0))
			return true;
		if (!patterns[len])
			return false;
		patterns += len + 1;
	}
}

/* Whether what a condition asks for is so: MEDDLED_MAYBE: it cannot be judged from here. */
static enum meddled_match udev_condition(const char *key, const char *value,
					 const struct meddled *m)
{
	char mac[MAC_TEXT];
	bool so;

	if (!strcmp(key, "KERNEL"))
		so = udev_value(value, m->ifname);
	else if (!strcmp(key, "DRIVERS"))
		so = udev_value(value, m->driver);
	else if (!strcmp(key, "KERNELS"))
		so = udev_value(value, m->pci);
	else if (!strcmp(key, "ATTR{address}"))
		so = udev_value(value, mac_text(m->mac, mac));
	else if (!strcmp(key, "SUBSYSTEM"))
		so = udev_value(value, "net");
	else if (!strcmp(key, "ACTION"))
		so = udev_value(value, "add");
	else if (!strcmp(key, "TEST") && !strcmp(value, "device/physfn"))
		so = true; /* every VF has one */
	else
		return MEDDLED_MAYBE;
	return so ? MEDDLED_YES : MEDDLED_NO;
}

enum meddled_match meddled_udev_rule(const char *line, const struct meddled *m)
{
	char key[128], value[256], op;
	bool names = false, unknown = false;

	while (udev_token(&line, key, sizeof(key), &op, value, sizeof(value))) {
		enum meddled_match is;

		if (!strcmp(key, "NAME") && (op == '=' || op == ':'))
			names = true;
		if (op != '~' && op != '!')
			continue;
		is = udev_condition(key, value, m);
		if (is == (op == '~' ? MEDDLED_NO : MEDDLED_YES))
			return MEDDLED_NO;
		unknown = unknown || is == MEDDLED_MAYBE;
	}
	return !names ? MEDDLED_NO : unknown ? MEDDLED_MAYBE : MEDDLED_YES;
}
