/* SPDX-License-Identifier: Apache-2.0 */
/* jtable.c - a JSON object into a struct, by a table */
#include "jtable.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cni.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool jtable_is_utf8(const char *text)
{
	json_auto_t *j = json_string(text);

	return j != NULL;
}

int mac_parse(const char *text, uint64_t *ret)
{
	uint64_t mac = 0;

	for (int i = 0; i < 6; i++, text += 3) {
		int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);

		if (low < 0 || (i < 5 ? text[2] != ':' && text[2] != '-' : text[2] != '\0'))
			return -1;
		mac = mac << 8 | (unsigned)high << 4 | (unsigned)low;
	}
	*ret = mac;
	return 0;
}

const char *mac_text(uint64_t mac, char buf[static MAC_TEXT])
{
	(void)snprintf(buf, MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", (unsigned)(mac >> 40) & 255,
		       (unsigned)(mac >> 32) & 255, (unsigned)(mac >> 24) & 255,
		       (unsigned)(mac >> 16) & 255, (unsigned)(mac >> 8) & 255,
		       (unsigned)mac & 255);
	return buf;
}

/* The value as it stands in the text, cut to what a message can carry. */
static const char *value_text(const json_t *v, char buf[static 64])
{
	char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII);

	if (snprintf(buf, 64, "%s", text ?: "?") >= 64)
		memcpy(buf + 60, "...", 4);
	free(text);
	return buf;
}

static int expected(struct err *e, const struct jfield *f, const json_t *v, const char *what)
{
	char text[64];

	return err_set(e, CNI_ECONFIG, 0, "\"%s\": %s was given, %s is expected", f->key,
		       value_text(v, text), what);
}

static int read_uint(const struct jfield *f, const json_t *v, struct opt *ret, struct err *e)
{
	char range[64];
	json_int_t i = json_integer_value(v);

	if (json_is_integer(v) && i >= 0 && (uint64_t)i >= f->lo && (uint64_t)i <= f->hi) {
		*ret = (struct opt){true, (uint64_t)i};
		return 0;
	}
	(void)snprintf(range, sizeof(range), "a whole number from %llu to %llu",
		       (unsigned long long)f->lo, (unsigned long long)f->hi);
	return expected(e, f, v, range);
}

/* Whether v is a word of f; if not, they are added to what is expected, each with `front` before
 * it. */
static bool take_word(const struct jfield *f, const json_t *v, struct opt *ret, const char *front,
		      char what[static 256])
{
	const char *s = json_string_value(v);

	for (uint64_t i = 0; f->words && f->words[i]; i++) {
		if (s && !strcasecmp(s, f->words[i])) {
			*ret = (struct opt){true, i};
			return true;
		}
		size_t n = strlen(what);
		(void)snprintf(what + n, 256 - n, "%s\"%s\"", front, f->words[i]);
	}
	return false;
}

static int read_word(const struct jfield *f, const json_t *v, struct opt *ret, struct err *e)
{
	char list[256] = "one of";

	if (f->hi && json_is_integer(v))
		return read_uint(f, v, ret, e);
	return take_word(f, v, ret, " ", list) ? 0 : expected(e, f, v, list);
}

static int read_mac(const struct jfield *f, const json_t *v, struct opt *ret, struct err *e)
{
	char what[256] = "a unicast MAC address like \"02:00:5e:00:00:01\"";
	const char *s = json_string_value(v);
	uint64_t mac;

	if (take_word(f, v, ret, " or ", what))
		return 0;
	/* bit 40 is the group bit of the first byte: a multicast or the broadcast address */
	if (!s || mac_parse(s, &mac) < 0 || (f->kind == JT_MAC && (mac == 0 || mac & 1ULL << 40)))
		return expected(e, f, v, what);
	*ret = (struct opt){true, mac};
	return 0;
}

static int read_field(const struct jfield *f, json_t *v, void *member, struct err *e)
{
	switch (f->kind) {
	case JT_STRING:
		if (!json_is_string(v))
			return expected(e, f, v, "a string");
		*(const char **)member = json_string_value(v);
		return 0;
	case JT_BOOL:
		if (!json_is_boolean(v))
			return expected(e, f, v, "true or false");
		*(bool *)member = json_is_true(v);
		return 0;
	case JT_UINT:
		return read_uint(f, v, member, e);
	case JT_WORD:
		return read_word(f, v, member, e);
	case JT_MAC:
	case JT_MAC_OR_ZERO:
		return read_mac(f, v, member, e);
	case JT_OBJECT:
		if (!json_is_object(v))
			return expected(e, f, v, "an object");
		*(json_t **)member = v;
		return 0;
	case JT_ARRAY:
		if (!json_is_array(v))
			return expected(e, f, v, "an array");
		*(json_t **)member = v;
		return 0;
	case JT_ANY:
		return 0;
	}
	return 0;
}

int jtable_read(const json_t *obj, const struct jfield *fields, void *out, struct err *e)
{
	struct err more; /* the first one is told */
	int r = 0;

	for (const struct jfield *f = fields; f->key; f++) {
		json_t *v = json_object_get(obj, f->key);

		if (v && !json_is_null(v) &&
		    read_field(f, v, (char *)out + f->offset, r ? &more : e) < 0)
			r = -1;
	}
	return r;
}

int jtable_check_case(const json_t *obj, const struct jfield *fields, struct err *e)
{
	json_t *keys = (json_t *)(uintptr_t)obj; /* which jansson only reads */
	const char *key;
	json_t *v;

	json_object_foreach(keys, key, v) {
		const char *like = NULL;

		for (const struct jfield *f = fields; f->key; f++) {
			if (!strcmp(f->key, key)) {
				like = NULL;
				break;
			}
			if (!strcasecmp(f->key, key))
				like = f->key;
		}
		if (like)
			return err_set(e, CNI_ECONFIG, 0, "key \"%s\" has to be written \"%s\"",
				       key, like);
	}
	return 0;
}

void jtable_unknown(json_t *obj, const struct jfield *fields,
		    void (*unknown)(const char *key, void *arg), void *arg)
{
	const char *key;
	json_t *v;

	json_object_foreach(obj, key, v) {
		const struct jfield *f = fields;

		while (f->key && strcmp(f->key, key))
			f++;
		if (!f->key)
			unknown(key, arg);
	}
}

/* Whether a text, which is good JSON, has more levels than are allowed. */
static bool is_too_deep(const char *text, size_t len)
{
	bool in_string = false;
	unsigned levels = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '[' || c == '{') && ++levels > JTABLE_MAX_DEPTH)
			return true;
		else if (!in_string && (c == ']' || c == '}'))
			levels--;
	}
	return false;
}

json_t *jtable_parse(const char *text, size_t len, const char *what, struct err *e)
{
	json_t *j;

	if (len > JTABLE_MAX_TEXT) {
		err_set(e, CNI_EDECODE, 0, "%s is larger than %u bytes", what, JTABLE_MAX_TEXT);
		return NULL;
	}
	j = jtable_parse_own(text, len, NULL, what, e);
	if (j && is_too_deep(text, len)) {
		err_set(e, CNI_EDECODE, 0, "%s is nested deeper than %u levels", what,
			JTABLE_MAX_DEPTH);
		json_decref(j);
		j = NULL;
	}
	return j;
}

json_t *jtable_parse_own(const char *text, size_t len, size_t *ret_used, const char *what,
			 struct err *e)
{
	const size_t flags = JSON_REJECT_DUPLICATES | (ret_used ? JSON_DISABLE_EOF_CHECK : 0);
	json_error_t at = {0}; /* which jansson leaves alone where it has no memory at all */
	json_t *j;

	j = json_loadb(text, len, flags, &at);
	/* without memory, jansson says nothing at all, or that */
	if (!j && (json_error_code(&at) == json_error_unknown ||
		   json_error_code(&at) == json_error_out_of_memory)) {
		err_set(e, CNI_EIO, ENOMEM, "cannot parse %s", what);
		return NULL;
	}
	if (!j) {
		err_set(e, CNI_EDECODE, 0, "%s is not valid JSON: line %d, column %d: %s", what,
			at.line, at.column, at.text);
		return NULL;
	}
	if (!json_is_object(j)) {
		err_set(e, CNI_EDECODE, 0, "%s is not a JSON object", what);
		json_decref(j);
		return NULL;
	}
	if (ret_used)
		*ret_used = (size_t)at.position;
	return j;
}
