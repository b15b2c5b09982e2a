/* SPDX-License-Identifier: Apache-2.0 */
/* commands.h - what the runtime can ask for */
#pragma once

#include "attachment.h"

/*
 * One of CNI's commands. a: args, env, conf, sys and folder are set; the caller closes it.
 * ret_answer: the JSON to print, owned by the caller; NULL where the command has none.
 * undo(a): what main() calls when the answer could not be given to the runtime.
 * then(a): what main() calls last, when the runtime has its answer. Result: whether the process has
 * to end at once, as another has the same memory, of which each page that is freed would be copied.
 */
struct command {
	int (*run)(struct attachment *a, json_t **ret_answer, struct err *e);
	int (*undo)(struct attachment *a, struct err *e); /* NULL: nothing to undo */
	bool (*then)(struct attachment *a);               /* NULL: nothing to do */
};

extern const struct command commands[CNI_COMMANDS];
