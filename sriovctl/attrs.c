/* SPDX-License-Identifier: Apache-2.0 */
/* attrs.c - VF attributes as an administrator writes them, "vlan=100 trust=on", and back */
#include "attrs.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cni.h"
#include "mem.h"

#define WHITE " \t\n"

/* In place of a MAC; its index is the MAC of zeros, by which a PF takes it away. */
static const char *const mac_words[] = {"none", NULL};

/* clang-format off */
#define AT(field) offsetof(struct vf_attrs, f[field])
static const struct jfield keys[] = {
	[VF_MAC]        = {"mac",         JT_MAC,  AT(VF_MAC),        0, 0,          mac_words},
	[VF_VLAN]       = {"vlan",        JT_UINT, AT(VF_VLAN),       0, 4094,       NULL},
	[VF_QOS]        = {"qos",         JT_UINT, AT(VF_QOS),        0, 7,          NULL},
	[VF_PROTO]      = {"proto",       JT_WORD, AT(VF_PROTO),      0, 0,          vf_proto_words},
	[VF_SPOOFCHK]   = {"spoofchk",    JT_WORD, AT(VF_SPOOFCHK),   0, 0,          vf_switch_words},
	[VF_TRUST]      = {"trust",       JT_WORD, AT(VF_TRUST),      0, 0,          vf_switch_words},
	[VF_LINK_STATE] = {"link-state",  JT_WORD, AT(VF_LINK_STATE), 0, 0,          vf_link_state_words},
	[VF_MIN_TX]     = {"min-tx-rate", JT_UINT, AT(VF_MIN_TX),     0, UINT32_MAX, NULL},
	[VF_MAX_TX]     = {"max-tx-rate", JT_UINT, AT(VF_MAX_TX),     0, UINT32_MAX, NULL},
	[VF_RSS_QUERY]  = {"rss-query",   JT_WORD, AT(VF_RSS_QUERY),  0, 0,          vf_switch_words},
	JT_END,
};
/* clang-format on */
static_assert(ARRAY_SIZE(keys) == VF_FIELDS + 1, "a row for each field");

const char *attrs_name(enum vf_field f)
{
	return keys[f].key;
}

static bool is_known(const char *key)
{
	for (unsigned f = 0; f < VF_FIELDS; f++)
		if (!strcmp(keys[f].key, key))
			return true;
	return false;
}

static int refuse_key(const char *key, struct err *e)
{
	char list[256] = "";

	for (unsigned f = 0; f < VF_FIELDS; f++) {
		size_t len = strlen(list);

		(void)snprintf(list + len, sizeof(list) - len, "%s%s", f ? ", " : "", keys[f].key);
	}
	return err_set(e, CNI_ECONFIG, 0, "there is no VF attribute \"%.64s\"; there are: %s", key,
		       list);
}

/* One word into the object that jtable_read() takes. */
static int add_word(json_t *object, const char *word, struct err *e)
{
	const char *value = strchr(word, '=');
	char key[32];
	json_t *v;

	if (!value)
		return err_set(e, CNI_ECONFIG, 0, "\"%.64s\" is not of the form key=value", word);
	(void)snprintf(key, sizeof(key), "%.*s", (int)(value - word), word); /* none is as long */
	if (!is_known(key))
		return refuse_key(key, e);
	value++;
	if (json_object_get(object, key))
		return err_set(e, CNI_ECONFIG, 0, "%s is given twice", key);
	/* more digits than that are no number that an attribute can have */
	if (*value && strlen(value) <= 18 && !value[strspn(value, "0123456789")])
		v = json_integer(strtoll(value, NULL, 10));
	else
		v = json_string(value);
	if (json_object_set_new(object, key, v) < 0)
		return err_set(e, CNI_ECONFIG, 0, "the value of %s is not UTF-8", key);
	return 0;
}

int attrs_parse(size_t n, char *const *words, struct vf_attrs *ret, struct err *e)
{
	json_auto_t *object = json_object();
	struct vf_attrs a = {0};

	for (size_t i = 0; i < n; i++)
		if (add_word(object, words[i], e) < 0)
			return -1;
	if (jtable_read(object, keys, &a, e) < 0)
		return -1;
	if (a.f[VF_VLAN].set && !a.f[VF_QOS].set)
		a.f[VF_QOS] = (struct opt){true, 0};
	if (a.f[VF_VLAN].set && !a.f[VF_PROTO].set)
		a.f[VF_PROTO] = (struct opt){true, VF_8021Q};
	*ret = a;
	return 0;
}

/* Cuts a line into words, at most max of them. */
static size_t split(char *line, char **words, size_t max)
{
	size_t n = 0;

	for (char *at = line + strspn(line, WHITE); *at && n < max; at += strspn(at, WHITE)) {
		words[n++] = at;
		at += strcspn(at, WHITE);
		if (*at)
			*at++ = '\0';
	}
	return n;
}

int attrs_parse_line(const char *line, struct vf_attrs *ret, struct err *e)
{
	/* one more than there are keys is enough: one of them is wrong */
	char *copy = strdup(line), *words[VF_FIELDS + 1];
	int r;

	if (!copy)
		return err_set(e, CNI_EIO, ENOMEM, "cannot read \"%.64s\"", line);
	r = attrs_parse(split(copy, words, ARRAY_SIZE(words)), words, ret, e);
	free(copy);
	return r;
}

int attrs_check(const struct vf_attrs *a, struct err *e)
{
	const struct opt *f = a->f;
	bool has_qos = f[VF_QOS].set && f[VF_QOS].v;
	bool has_proto = f[VF_PROTO].set && f[VF_PROTO].v != VF_8021Q;

	if (!f[VF_VLAN].v && (has_qos || has_proto))
		return err_set(e, CNI_ECONFIG, 0, "%s needs a vlan from 1 to 4094 to go with",
			       has_qos ? "qos" : "proto");
	if (f[VF_MIN_TX].set && f[VF_MAX_TX].v && f[VF_MIN_TX].v > f[VF_MAX_TX].v)
		return err_set(e, CNI_ECONFIG, 0, "min-tx-rate %llu is above max-tx-rate %llu",
			       (unsigned long long)f[VF_MIN_TX].v,
			       (unsigned long long)f[VF_MAX_TX].v);
	return 0;
}

char *attrs_text(const struct vf_attrs *a)
{
	char *text = NULL, buf[MAC_TEXT + 3];
	size_t size;
	FILE *to = open_memstream(&text, &size);

	for (unsigned f = 0; to && f < VF_FIELDS; f++)
		if (a->f[f].set)
			(void)fprintf(to, "%s%s=%s", ftello(to) ? " " : "", keys[f].key,
				      f == VF_MAC && !a->f[f].v
					      ? mac_words[0]
					      : vf_value_text((enum vf_field)f, a->f[f].v, buf));
	if (!to || fclose(to) != 0)
		abort(); /* a program for people, which has changed nothing yet */
	return text;
}
