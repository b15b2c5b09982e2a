/* SPDX-License-Identifier: Apache-2.0 */
/* bootline.h - the kernel's command line: what it says, and what it would be with more on it; pure
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * What the last parameter key=... on the line decides, whose value is a list with commas:
 * "intel_iommu=on,sm_on". Result: 1: on, 0: off, -1: neither is there.
 */
int bootline_switch(const char *line, const char *key);

/* Whether a parameter key=... with this among its values is on the line. */
bool bootline_has(const char *line, const char *key, const char *value);

/* The last parameter key=... on the line, whole. Result: false where there is none. */
bool bootline_param(const char *line, const char *key, char *ret, size_t size);

/* What to change on a line. */
#define BOOTLINE_CHANGES 3
struct bootline_change {
	const char *add[BOOTLINE_CHANGES];  /* "key=value", up to a NULL */
	const char *drop[BOOTLINE_CHANGES]; /* the same, of those that stand in the way */
};

/* Whether the line already says all that is to be added, and nothing that is to be dropped. */
bool bootline_is_changed(const char *line, const struct bootline_change *c);

/*
 * The line with what is missing at its end, without what is to be dropped, and without what a boot
 * loader adds by itself (BOOT_IMAGE=, initrd=). Result: owned by the caller.
 */
char *bootline_change(const char *line, const struct bootline_change *c);

/* Where a shell file, such as /etc/default/grub, sets a variable for the last time. */
struct bootline_var {
	unsigned line; /* from 1; 0: nowhere */
	char quote;    /* around the value, '"' or '\'' */
	char *value;   /* owned; as it is written there */
};
void bootline_find_var(const char *text, const char *name, struct bootline_var *ret);
void bootline_var_clear(struct bootline_var *v);
