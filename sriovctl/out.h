/* SPDX-License-Identifier: Apache-2.0 */
/* out.h - what the commands print: tables, JSON, warnings */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

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
 * A table: cells are collected, and printed in columns as wide as they need. The last column is not
 * padded.
 */
#define OUT_COLUMNS 12
struct out_table {
	size_t columns;
	size_t n;     /* cells */
	char **cells; /* owned */
};

/* Adds a cell; rows follow each other. */
void out_cell(struct out_table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prints the table and empties it. head: the first row is the columns' names, in bold if color. */
void out_table(struct out_table *t, bool head, bool color);
