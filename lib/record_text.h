/* SPDX-License-Identifier: Apache-2.0 */
/* record_text.h - the format of a record, for record.c */
#pragma once

#include "record.h"

/* Result: the text of a record, *ret_len bytes, owned by the caller; NULL: no memory, or it holds
 * what is not UTF-8. */
char *record_to_text(const struct record *r, size_t *ret_len);

/*
 * Fills *r, of which vf is there already, from the text of a record; if not whole, as
 * record_load_head() does. The caller has to record_clear() it also after an error. Errors: any
 * code but CNI_EIO: it is damaged, or of a later version; CNI_EIO: no memory.
 */
int record_from_text(const char *text, size_t len, bool whole, struct record *r, struct err *e);
