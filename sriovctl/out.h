/* SPDX-License-Identifier: Apache-2.0 */
/* out.h - what the commands print: tables, JSON, warnings */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* A line on standard error, with the program's name. */
void out_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

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
