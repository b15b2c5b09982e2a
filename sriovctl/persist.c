/* SPDX-License-Identifier: Apache-2.0 */
/* persist.c - what a PF is to have at boot, in words */
#include "persist.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attrs.h"
#include "cni.h"
#include "mem.h"

#define MAX_VFS 65535 /* TotalVFs has 16 bits */

/* clang-format off */
static const struct jfield keys[] = {
	{"vfs",       JT_UINT, offsetof(struct persist, vfs),       0,  MAX_VFS, NULL},
	{"autoprobe", JT_WORD, offsetof(struct persist, autoprobe), 0,  0,       vf_switch_words},
	{"mtu",       JT_UINT, offsetof(struct persist, mtu),       68, 65535,   NULL},
	{"up",        JT_WORD, offsetof(struct persist, up),        0,  0,       vf_switch_words},
	JT_END,
};
/* clang-format on */

void persist_clear(struct persist *p)
{
	free(p->each);
	*p = (struct persist){0};
}

/* --- reading --- */

/* The VF with this index, added where it is not there; NULL: no memory. */
static struct persist_vf *vf_at(struct persist *p, uint32_t index)
{
	struct persist_vf *more;
	size_t at = 0;

	while (at < p->n_each && p->each[at].index < index)
		at++;
	if (at < p->n_each && p->each[at].index == index)
		return &p->each[at];
	more = reallocarray(p->each, p->n_each + 1, sizeof(*more));
	if (!more)
		return NULL;
	p->each = more;
	memmove(&more[at + 1], &more[at], (p->n_each - at) * sizeof(*more));
	p->n_each++;
	more[at] = (struct persist_vf){.index = index};
	return &more[at];
}

/* "vlan=100,driver=vfio-pci": the driver goes its own way, all else is an attribute. */
static int read_vf_values(char *values, struct persist_vf *vf, struct err *e)
{
	char *words[VF_FIELDS + 1], *rest = values, *word; /* one more than there can be */
	size_t n = 0;

	while ((word = strsep(&rest, ","))) {
		if (strncmp(word, "driver=", 7) != 0) {
			if (n < ARRAY_SIZE(words))
				words[n++] = word;
			continue;
		}
		if (vf->driver[0])
			return err_set(e, CNI_ECONFIG, 0, "driver is given twice");
		if (!vfdev_is_driver_name(word + 7))
			return err_set(e, CNI_ECONFIG, 0, "\"%.64s\" is no driver's name",
				       word + 7);
		(void)snprintf(vf->driver, sizeof(vf->driver), "%s", word + 7);
	}
	return attrs_parse(n, words, &vf->attrs, e);
}

static int read_vf(struct persist *p, const char *word, struct err *e)
{
	char values[512]; /* twice what all attributes take */
	struct persist_vf vf = {0}, *added;
	unsigned long index;
	char *end;

	index = strtoul(word, &end, 10);
	if (*end != ':' || index >= MAX_VFS)
		return err_set(e, CNI_ECONFIG, 0,
			       "\"%.64s\" is not of the form NUMBER:key=value,key=value, which a "
			       "VF's is",
			       word);
	if (strlen(end + 1) >= sizeof(values))
		return err_set(e, CNI_ECONFIG, 0, "VF %lu: \"%.64s...\" is too long", index,
			       end + 1);
	memcpy(values, end + 1, strlen(end + 1) + 1);
	vf.index = (uint32_t)index;
	if (read_vf_values(values, &vf, e) < 0)
		return err_ctx(e, "VF %lu", index);
	for (size_t i = 0; i < p->n_each; i++)
		if (p->each[i].index == vf.index)
			return err_set(e, CNI_ECONFIG, 0, "VF %lu is given twice", index);
	added = vf_at(p, vf.index);
	if (!added)
		return err_set(e, CNI_EIO, ENOMEM, "cannot read \"%.64s\"", word);
	*added = vf;
	return 0;
}

static int read_device(struct persist *p, const char *value, struct err *e)
{
	if (strlen(value) != PERSIST_DEVICE - 1 || value[4] != ':' ||
	    strspn(value, "0123456789abcdef") != 4 || strspn(value + 5, "0123456789abcdef") != 4)
		return err_set(e, CNI_ECONFIG, 0,
			       "device \"%.64s\" is not of the form 8086:10c9, vendor and device",
			       value);
	memcpy(p->device, value, PERSIST_DEVICE);
	return 0;
}

static bool is_key(const char *key)
{
	for (const struct jfield *f = keys; f->key; f++)
		if (!strcmp(f->key, key))
			return true;
	return false;
}

/* A key of the PF into the object that jtable_read() takes. */
static int read_key(json_t *object, const char *word, struct err *e)
{
	const char *value = strchr(word, '=');
	char key[16] = "";

	if (value)
		(void)snprintf(key, sizeof(key), "%.*s", (int)(value++ - word), word);
	if (!value || !is_key(key))
		return err_set(e, CNI_ECONFIG, 0,
			       "\"%.64s\" is neither vfs=, mtu=, autoprobe= or up=, nor a VF's, as "
			       "in 0:vlan=100,trust=on",
			       word);
	if (json_object_get(object, key))
		return err_set(e, CNI_ECONFIG, 0, "%s is given twice", key);
	if (*value && strlen(value) <= 18 && !value[strspn(value, "0123456789")])
		(void)json_object_set_new(object, key, json_integer(strtoll(value, NULL, 10)));
	else if (json_object_set_new(object, key, json_string(value)) < 0)
		return err_set(e, CNI_ECONFIG, 0, "the value of %s is not UTF-8", key);
	return 0;
}

static int read_word(struct persist *p, json_t *object, const char *word, struct err *e)
{
	if (isdigit((unsigned char)word[0]))
		return read_vf(p, word, e);
	if (!strncmp(word, "device=", 7))
		return read_device(p, word + 7, e);
	return read_key(object, word, e);
}

int persist_parse(size_t n, char *const *words, struct persist *ret, struct err *e)
{
	_cleanup_(persist_clear) struct persist p = {0};
	json_auto_t *object = json_object();

	for (size_t i = 0; i < n; i++)
		if (read_word(&p, object, words[i], e) < 0)
			return -1;
	if (jtable_read(object, keys, &p, e) < 0)
		return -1;
	*ret = p;
	p = (struct persist){0};
	return 0;
}

/* Without its comment, and blanks around it. */
static char *trim(char *line)
{
	size_t len;

	line[strcspn(line, "#")] = '\0';
	line += strspn(line, " \t\r");
	for (len = strlen(line); len && isspace((unsigned char)line[len - 1]); len--)
		line[len - 1] = '\0';
	return line;
}

int persist_parse_text(const char *text, struct persist *ret, struct err *e)
{
	char *copy = strdup(text);
	char **words = calloc(strlen(text) + 1, sizeof(*words)); /* more than there are lines */
	size_t n = 0;
	int r = -1;

	for (char *line = copy, *next; words && line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		line = trim(line);
		if (*line)
			words[n++] = line;
	}
	if (!copy || !words)
		err_set(e, CNI_EIO, ENOMEM, "cannot read it");
	else if ((r = persist_parse(n, words, ret, e)) < 0 && e->code == CNI_ECONFIG)
		e->code = CNI_EDECODE; /* it is not the command line that is wrong */
	free(words);
	free(copy);
	return r;
}

/* --- writing --- */

char *persist_vf_text(const struct persist_vf *vf)
{
	_cleanup_free_ char *attrs = attrs_text(&vf->attrs);
	char *text;

	for (char *c = attrs; *c; c++)
		if (*c == ' ')
			*c = ',';
	if (asprintf(&text, "%s%s%s%s", vf->driver[0] ? "driver=" : "", vf->driver,
		     vf->driver[0] && attrs[0] ? "," : "", attrs) < 0)
		abort(); /* nothing has been changed yet */
	return text;
}

char *persist_text(const struct persist *p)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		abort(); /* nothing has been changed yet */
	if (p->device[0])
		(void)fprintf(to, "device=%s\n", p->device);
	for (const struct jfield *f = keys; f->key; f++) {
		const struct opt *o = (const struct opt *)((const char *)p + f->offset);

		if (o->set && f->words)
			(void)fprintf(to, "%s=%s\n", f->key, f->words[o->v]);
		else if (o->set)
			(void)fprintf(to, "%s=%llu\n", f->key, (unsigned long long)o->v);
	}
	for (size_t i = 0; i < p->n_each; i++) {
		_cleanup_free_ char *values = persist_vf_text(&p->each[i]);

		if (values[0])
			(void)fprintf(to, "%u:%s\n", p->each[i].index, values);
	}
	if (fclose(to) != 0)
		abort();
	return text;
}

/* --- laying one over another --- */

int persist_merge(struct persist *base, const struct persist *over, struct err *e)
{
	if (over->device[0])
		memcpy(base->device, over->device, sizeof(base->device));
	for (const struct jfield *f = keys; f->key; f++) {
		const struct opt *o = (const struct opt *)((const char *)over + f->offset);

		if (o->set)
			*(struct opt *)((char *)base + f->offset) = *o;
	}
	if (over->vfs.set)
		while (base->n_each && base->each[base->n_each - 1].index >= over->vfs.v)
			base->n_each--;
	for (size_t i = 0; i < over->n_each; i++) {
		const struct persist_vf *from = &over->each[i];
		struct persist_vf *into = vf_at(base, from->index);

		if (!into)
			return err_set(e, CNI_EIO, ENOMEM, "cannot note VF %u", from->index);
		if (from->driver[0])
			memcpy(into->driver, from->driver, sizeof(into->driver));
		into->attrs = vf_attrs_merge(&into->attrs, &from->attrs);
		if (!into->attrs.f[VF_MAC].v) /* mac=none: new VFs have none set */
			into->attrs.f[VF_MAC].set = false;
	}
	return 0;
}

/* A PF can have what no word says: a VLAN of 4095, which mlx4 takes for none. */
static int check_text(const struct persist *p, const char *name, struct err *e)
{
	_cleanup_(persist_clear) struct persist again = {0};
	_cleanup_free_ char *text = persist_text(p);

	if (persist_parse_text(text, &again, e) == 0)
		return 0;
	if (e->code == CNI_EDECODE)
		e->code = CNI_EDEVICE;
	return err_ctx(
		e, "%s has what cannot be stored; say what is to be there at boot, as in 0:vlan=0",
		name);
}

int persist_check(const struct persist *p, const char *name, uint32_t total, struct err *e)
{
	if (p->vfs.v > total)
		return err_set(e, CNI_ECONFIG, 0, "%s can have %u VFs at most, %llu were asked for",
			       name, total, (unsigned long long)p->vfs.v);
	for (size_t i = 0; i < p->n_each; i++) {
		if (p->each[i].index >= p->vfs.v)
			return err_set(e, CNI_ECONFIG, 0,
				       "%s is to have %llu VFs, counted from 0: there is no VF %u",
				       name, (unsigned long long)p->vfs.v, p->each[i].index);
		if (attrs_check(&p->each[i].attrs, e) < 0)
			return err_ctx(e, "%s VF %u", name, p->each[i].index);
	}
	return check_text(p, name, e);
}
