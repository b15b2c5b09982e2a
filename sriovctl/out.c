/* SPDX-License-Identifier: Apache-2.0 */
/* out.c - what the commands print: tables, JSON, warnings */
#include "out.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jtable.h"

void out_warn(const char *fmt, ...)
{
	va_list ap;

	(void)fputs("sriovctl: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
}

void out_progress(bool on, const char *fmt, ...)
{
	va_list ap;

	if (!on)
		return;
	(void)fputc('\r', stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputs("\033[K", stderr);
}

void out_progress_end(bool on)
{
	if (on)
		(void)fputs("\r\033[K", stderr);
}

void out_would(json_t *into, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort(); /* a program for people, which changes nothing here */
	va_end(ap);
	if (into)
		(void)json_array_append_new(into, json_string(text));
	else
		(void)printf("would %s\n", text);
	free(text);
}

void out_plan(json_t *plan)
{
	if (plan)
		out_json(json_pack("{s:o}", "would", plan));
}

void out_json(json_t *j)
{
	(void)json_dumpf(j, stdout, JSON_INDENT(2)); /* main() looks at ferror(stdout) */
	(void)fputc('\n', stdout);
	json_decref(j);
}

json_t *out_string(const char *text)
{
	json_t *j;
	char *copy;

	if (jtable_is_utf8(text))
		return json_string(text);
	copy = strdup(text);
	if (!copy)
		abort();
	for (char *at = copy; *at; at++)
		if ((unsigned char)*at >= 0x80)
			*at = '?';
	j = json_string(copy);
	free(copy);
	return j;
}

/* Names come from containers, too: none is to command the terminal. */
static void tame(char *text)
{
	for (unsigned char *at = (unsigned char *)text; *at; at++)
		if (*at < 0x20 || *at == 0x7f || (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0))
			*at = '?';
}

static char *print_text(const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		abort(); /* a program for people, which has changed nothing yet */
	return text;
}

void out_cell(struct out_table *t, const char *fmt, ...)
{
	va_list ap;

	if (t->n % 64 == 0) {
		char **more = realloc(t->cells, (t->n + 64) * sizeof(*more));

		if (!more)
			abort();
		t->cells = more;
	}
	va_start(ap, fmt);
	t->cells[t->n] = print_text(fmt, ap);
	va_end(ap);
	tame(t->cells[t->n++]);
}

void out_table(struct out_table *t, bool head, bool color)
{
	size_t width[OUT_COLUMNS] = {0};

	for (size_t i = 0; i < t->n; i++)
		if (strlen(t->cells[i]) > width[i % t->columns])
			width[i % t->columns] = strlen(t->cells[i]);
	for (size_t i = 0; i < t->n; i++) {
		size_t column = i % t->columns;
		bool bold = head && color && i < t->columns, last = column == t->columns - 1;
		int pad = (int)(width[column] - strlen(t->cells[i])), left = 0;

		if (t->right >> column & 1) {
			left = pad;
			pad = 0;
		}
		(void)printf("%*s%s%s%s%*s", left, "", bold ? "\033[1m" : "", t->cells[i],
			     bold ? "\033[0m" : "", last ? 0 : pad + 2, "");
		if (last)
			(void)putchar('\n');
		free(t->cells[i]);
	}
	free(t->cells);
	*t = (struct out_table){.columns = t->columns};
}

void out_title(const struct out_page *p, const char *fmt, ...)
{
	char *text;
	va_list ap;

	if (p->json)
		return;
	va_start(ap, fmt);
	text = print_text(fmt, ap);
	va_end(ap);
	tame(text);
	(void)printf("%s%s%s\n", p->color ? "\033[1m" : "", text, p->color ? "\033[0m" : "");
	free(text);
}

void out_group(struct out_page *p, const char *key, const char *title)
{
	if (!p->json) {
		out_title(p, "%s", title);
		return;
	}
	p->group = key ? json_object() : NULL;
	if (key)
		(void)json_object_set_new(p->root, key, p->group);
}

void out_value(struct out_page *p, const char *key, json_t *value)
{
	if (p->json && key)
		(void)json_object_set_new(p->group ?: p->root, key, value);
	else
		json_decref(value);
}

static void print_line(const struct out_page *p, const char *label, const char *text,
		       const char *unit)
{
	if (!p->json && label)
		(void)printf("  %-17s %s%s\n", label, text[0] ? text : "-", unit);
}

void out_text(struct out_page *p, const char *key, const char *label, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = print_text(fmt, ap);
	va_end(ap);
	out_value(p, key, out_string(text));
	tame(text);
	print_line(p, label, text, "");
	free(text);
}

void out_number(struct out_page *p, const char *key, const char *label, int64_t n, const char *unit)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)n);
	print_line(p, label, text, unit);
	out_value(p, key, json_integer(n));
}

void out_bool(struct out_page *p, const char *key, const char *label, bool is)
{
	print_line(p, label, is ? "yes" : "no", "");
	out_value(p, key, json_boolean(is));
}

void out_page_end(struct out_page *p)
{
	if (p->json)
		out_json(p->root);
	else
		json_decref(p->root);
	*p = (struct out_page){0};
}
