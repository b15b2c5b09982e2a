/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jtable.h - a JSON object into a struct, by a table: a row is the only place where a key is named
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/* A value that may be absent: "is set" is a flag, never a magic value. */
struct opt {
	bool set;
	uint64_t v;
};

enum jkind {
	JT_STRING, /* const char *, borrowed from the object; NULL when absent */
	JT_BOOL,   /* bool */
	JT_UINT,   /* struct opt; whole number between lo and hi */
	JT_WORD, /* struct opt; index of the word in words, case ignored; or, if hi > 0, a number */
	JT_MAC, /* struct opt; unicast, not zero, as a 48-bit number; or index of a word in words */
	JT_MAC_OR_ZERO, /* struct opt; any address, as a 48-bit number */
	JT_OBJECT,      /* json_t *, borrowed; NULL when absent */
	JT_ARRAY,       /* json_t *, borrowed; NULL when absent */
	JT_ANY,         /* known and accepted, read by nobody here; no member */
};

struct jfield {
	const char *key;
	enum jkind kind;
	size_t offset;            /* of the member in the struct that is filled */
	uint64_t lo, hi;          /* JT_UINT */
	const char *const *words; /* JT_WORD, JT_MAC (or NULL), closed by NULL */
};

#define JT_END                                                                                     \
	{                                                                                          \
		.key = NULL                                                                        \
	}

/*
 * Reads obj by the rows of fields (closed by JT_END) into *out. A key that is absent or null leaves
 * its member alone, and so does one whose value is refused; all others are read, so that a caller
 * may go on in spite of the error. Errors: CNI_ECONFIG, naming the key, what it holds and what it
 * may hold.
 */
int jtable_read(const json_t *obj, const struct jfield *fields, void *out, struct err *e);

/*
 * Refuses a key that is one of the table's but for the case of its letters: Go's programs take it,
 * so that to ignore it would lose what it says. Errors: CNI_ECONFIG.
 */
int jtable_check_case(const json_t *obj, const struct jfield *fields, struct err *e);

/*
 * Calls unknown(key, arg) for each key of obj that has no row.
 */
void jtable_unknown(json_t *obj, const struct jfield *fields,
		    void (*unknown)(const char *key, void *arg), void *arg);

/*
 * Parses text with the limits every JSON text from outside has here: no key twice, UTF-8, at most
 * JTABLE_MAX_TEXT bytes and JTABLE_MAX_DEPTH levels. what: names the text in messages ("the network
 * configuration"). Result: a JSON object, owned by the caller. Errors: CNI_EDECODE; CNI_EIO: no
 * memory.
 */
#define JTABLE_MAX_TEXT  (1u << 20)
#define JTABLE_MAX_DEPTH 1000u
json_t *jtable_parse(const char *text, size_t len, const char *what, struct err *e);

/*
 * The same for what we wrote ourselves, which may be larger, and deeper (jansson: 2048 levels).
 * ret_used: NULL; or the text may go on after the object, which takes *ret_used bytes.
 */
json_t *jtable_parse_own(const char *text, size_t len, size_t *ret_used, const char *what,
			 struct err *e);

/* Whether text can stand in JSON: it is UTF-8. */
bool jtable_is_utf8(const char *text);

/*
 * A MAC address as text ("02:00:5e:00:00:01", also with '-'), as a 48-bit number. Returns -1 when
 * it is none.
 */
int mac_parse(const char *text, uint64_t *ret);

/* The text of a MAC address given as a 48-bit number. */
#define MAC_TEXT 18
const char *mac_text(uint64_t mac, char buf[static MAC_TEXT]);
