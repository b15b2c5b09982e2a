/* SPDX-License-Identifier: Apache-2.0 */
/* out.h - what the commands print: tables, JSON, warnings */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A line on standard error, with the program's name. */
void out_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * How a wait goes, in one line on standard error, over the one before; nothing where on is not set
 * (ctl->progress). It is to be ended before anything else is printed.
 */
void out_progress(bool on, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void out_progress_end(bool on);

/*
 * For --dry-run: something that would be done, as in "remove the VF". into: an array for --json, to
 * which it is added, or NULL: it is printed. out_plan() prints that array, and takes the reference.
 */
void out_would(json_t *into, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void out_plan(json_t *plan);

/* JSON on standard output, indented, with a newline; takes the reference. */
void out_json(json_t *j);

/*
 * A text as JSON, owned by the caller. An interface can have any name: what is no UTF-8 is replaced
 * by '?', and for people so are the characters that would command their terminal.
 */
json_t *out_string(const char *text);

/*
 * A table: cells are collected, and printed in columns as wide as they need. The last column is not
 * padded.
 */
#define OUT_COLUMNS 12
struct out_table {
	size_t columns;
	unsigned right; /* bit n: column n has numbers, which stand on the right */
	size_t n;       /* cells */
	char **cells;   /* owned */
};

/* Adds a cell; rows follow each other. */
void out_cell(struct out_table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prints the table and empties it. head: the first row is the columns' names, in bold if color. */
void out_table(struct out_table *t, bool head, bool color);

/*
 * What there is to say of one thing, for people or as JSON: each value is named once for both, by
 * its label and its key; one of them is NULL where it is for the other alone. For people it is
 * printed at once, JSON with out_page_end().
 */
struct out_page {
	bool json, color;
	json_t *root;  /* owned */
	json_t *group; /* borrowed: where values go to, an object within root; NULL: root itself */
};

/* A line above others, in bold if color; for people alone. */
void out_title(const struct out_page *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* What follows belongs together: below a title of its own, in an object of its own (key NULL: in
 * root). */
void out_group(struct out_page *p, const char *key, const char *title);

/* A text; people see an empty one as "-". */
void out_text(struct out_page *p, const char *key, const char *label, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* A number, which people see with its unit behind it. */
void out_number(struct out_page *p, const char *key, const char *label, int64_t n,
		const char *unit);

/* Whether something is so. */
void out_bool(struct out_page *p, const char *key, const char *label, bool is);

/* Any value, for JSON alone; taken over. */
void out_value(struct out_page *p, const char *key, json_t *value);

/* Prints what is JSON, and empties the page. */
void out_page_end(struct out_page *p);
