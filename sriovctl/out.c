/* SPDX-License-Identifier: Apache-2.0 */
/* out.c - what the commands print: tables, JSON, warnings */
#include "out.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void out_cell(struct out_table *t, const char *fmt, ...)
{
	va_list ap;

	if (t->n % 64 == 0) {
		char **more = realloc(t->cells, (t->n + 64) * sizeof(*more));

		if (!more)
			abort(); /* a program for people, which has changed nothing yet */
		t->cells = more;
	}
	va_start(ap, fmt);
	if (vasprintf(&t->cells[t->n], fmt, ap) < 0)
		abort();
	va_end(ap);
	t->n++;
}

void out_table(struct out_table *t, bool head, bool color)
{
	size_t width[OUT_COLUMNS] = {0};

	for (size_t i = 0; i < t->n; i++)
		if (strlen(t->cells[i]) > width[i % t->columns])
			width[i % t->columns] = strlen(t->cells[i]);
	for (size_t i = 0; i < t->n; i++) {
		size_t column = i % t->columns;
		bool bold = head && color && i < t->columns;

		(void)printf("%s%s%s", bold ? "\033[1m" : "", t->cells[i], bold ? "\033[0m" : "");
		if (column == t->columns - 1)
			(void)putchar('\n');
		else
			(void)printf("%*s", (int)(width[column] - strlen(t->cells[i])) + 2, "");
		free(t->cells[i]);
	}
	free(t->cells);
	*t = (struct out_table){.columns = t->columns};
}
