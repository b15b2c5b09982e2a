/* SPDX-License-Identifier: Apache-2.0 */
/* bootline.c - the kernel's command line: what it says, and what it would be with more on it */
#include "bootline.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

struct param {
	const char *text;
	size_t len;
};

/*
 * The next parameter; blanks within double quotes belong to it. Behind "--" all is for init.
 * Source: next_arg(), lib/cmdline.c.
 */
static bool next_param(const char **at, struct param *ret)
{
	bool quoted = false;

	while (isspace((unsigned char)**at))
		++*at;
	ret->text = *at;
	for (; **at && (quoted || !isspace((unsigned char)**at)); ++*at)
		quoted ^= **at == '"';
	ret->len = (size_t)(*at - ret->text);
	return ret->len && !(ret->len == 2 && !memcmp(ret->text, "--", 2));
}

static bool param_is(const struct param *p, const char *text)
{
	return p->len == strlen(text) && !memcmp(p->text, text, p->len);
}

/* The next of the values of "key=a,b,c". *at: NULL at the beginning. */
static bool next_value(const struct param *p, const char *key, const char **at, struct param *ret)
{
	size_t len = strlen(key);
	const char *end = p->text + p->len;

	if (!*at) {
		if (p->len <= len || memcmp(p->text, key, len) != 0 || p->text[len] != '=')
			return false;
		*at = p->text + len;
	}
	if (*at >= end)
		return false;
	ret->text = ++*at;
	while (*at < end && **at != ',')
		++*at;
	ret->len = (size_t)(*at - ret->text);
	return true;
}

int bootline_switch(const char *line, const char *key)
{
	struct param p, v;
	int on = -1;

	while (next_param(&line, &p))
		for (const char *at = NULL; next_value(&p, key, &at, &v);)
			if (param_is(&v, "on"))
				on = 1;
			else if (param_is(&v, "off"))
				on = 0;
	return on;
}

bool bootline_has(const char *line, const char *key, const char *value)
{
	struct param p, v;

	while (next_param(&line, &p))
		for (const char *at = NULL; next_value(&p, key, &at, &v);)
			if (param_is(&v, value))
				return true;
	return false;
}

bool bootline_param(const char *line, const char *key, char *ret, size_t size)
{
	struct param p, v;
	bool found = false;

	while (next_param(&line, &p)) {
		const char *at = NULL;

		if (!next_value(&p, key, &at, &v))
			continue;
		(void)snprintf(ret, size, "%.*s", (int)p.len, p.text);
		found = true;
	}
	return found;
}

/* "key=value" */
static bool has_pair(const char *line, const char *pair)
{
	const char *value = strchr(pair, '=');
	char key[64];

	(void)snprintf(key, sizeof(key), "%.*s", (int)(value - pair), pair);
	return bootline_has(line, key, value + 1);
}

bool bootline_is_changed(const char *line, const struct bootline_change *c)
{
	const char *at = line;
	struct param p;

	while (next_param(&at, &p))
		for (size_t i = 0; i < ARRAY_SIZE(c->drop) && c->drop[i]; i++)
			if (param_is(&p, c->drop[i]))
				return false;
	for (size_t i = 0; i < ARRAY_SIZE(c->add) && c->add[i]; i++)
		if (!has_pair(line, c->add[i]))
			return false;
	return true;
}

static bool is_dropped(const struct param *p, const struct bootline_change *c)
{
	static const char *const loaders[] = {"BOOT_IMAGE=", "initrd="};

	for (size_t i = 0; i < ARRAY_SIZE(loaders); i++)
		if (p->len >= strlen(loaders[i]) &&
		    !memcmp(p->text, loaders[i], strlen(loaders[i])))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(c->drop) && c->drop[i]; i++)
		if (param_is(p, c->drop[i]))
			return true;
	return false;
}

static void append(char *to, const char *text, size_t len)
{
	size_t there = strlen(to);

	if (there)
		to[there++] = ' ';
	memcpy(to + there, text, len);
	to[there + len] = '\0';
}

char *bootline_change(const char *line, const struct bootline_change *c)
{
	size_t size = strlen(line) + 1;
	const char *at = line;
	struct param p;
	char *ret;

	for (size_t i = 0; i < ARRAY_SIZE(c->add) && c->add[i]; i++)
		size += strlen(c->add[i]) + 1;
	ret = calloc(1, size);
	if (!ret)
		abort(); /* a program for people, which has changed nothing */
	while (next_param(&at, &p))
		if (!is_dropped(&p, c))
			append(ret, p.text, p.len);
	for (size_t i = 0; i < ARRAY_SIZE(c->add) && c->add[i]; i++)
		if (!has_pair(line, c->add[i]))
			append(ret, c->add[i], strlen(c->add[i]));
	if (p.len) /* for init */
		append(ret, p.text, strcspn(p.text, "\n"));
	return ret;
}

/* The value that begins at text: its length, and what is around it. */
static size_t value_length(const char *text, char *ret_quote)
{
	size_t len = 1;

	*ret_quote = '"';
	if (*text != '"' && *text != '\'')
		return strcspn(text, " \t\n;#");
	*ret_quote = *text;
	while (text[len] && text[len] != *text)
		len += *text == '"' && text[len] == '\\' && text[len + 1] ? 2 : 1;
	return len - 1;
}

void bootline_find_var(const char *text, const char *name, struct bootline_var *ret)
{
	size_t len = strlen(name);

	*ret = (struct bootline_var){.quote = '"'};
	for (unsigned line = 1; *text; line++) {
		text += strspn(text, " \t");
		if (!strncmp(text, "export ", strlen("export ")))
			text += strlen("export ");
		if (!strncmp(text, name, len) && text[len] == '=') {
			const char *value = text + len + 1;
			bool quoted = *value == '"' || *value == '\'';
			size_t n = value_length(value, &ret->quote);

			free(ret->value);
			ret->line = line;
			ret->value = strndup(value + quoted, n);
			if (!ret->value)
				abort();
		}
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
}

void bootline_var_clear(struct bootline_var *v)
{
	free(v->value);
	*v = (struct bootline_var){0};
}
