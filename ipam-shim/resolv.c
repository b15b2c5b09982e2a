/* SPDX-License-Identifier: Apache-2.0 */
/* resolv.c - what a resolv.conf says */
#include "resolv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cni.h"
#include "jtable.h"
#include "mem.h"

#define RESOLV_MAX 16384

enum words { A_TEXT, ONE_OF_A_LIST, A_LIST };

/* The words of a line become items of out[key], or only the first does. */
static void take_words(json_t *out, const char *key, enum words which, char **save)
{
	json_t *list = json_object_get(out, key);

	for (const char *word; (word = strtok_r(NULL, " \t\r", save));) {
		if (*word == '#' || *word == ';')
			return;
		if (!jtable_is_utf8(word))
			continue;
		if (which == A_TEXT) {
			json_object_set_new(out, key, json_string(word));
			return;
		}
		if (!list) {
			list = json_array();
			json_object_set_new(out, key, list);
		}
		json_array_append_new(list, json_string(word));
		if (which == ONE_OF_A_LIST)
			return;
	}
}

json_t *resolv_parse(char *text)
{
	static const struct {
		const char *word, *key;
		enum words which;
	} lines[] = {
		{"nameserver", "nameservers", ONE_OF_A_LIST},
		{"domain", "domain", A_TEXT},
		{"search", "search", A_LIST},
		{"options", "options", A_LIST},
	};
	json_t *out = json_object();
	char *line_save = NULL, *save = NULL;

	for (char *line = strtok_r(text, "\n", &line_save); line;
	     line = strtok_r(NULL, "\n", &line_save)) {
		const char *first = strtok_r(line, " \t\r", &save);

		for (size_t i = 0; first && i < ARRAY_SIZE(lines); i++)
			if (!strcmp(first, lines[i].word))
				take_words(out, lines[i].key, lines[i].which, &save);
	}
	return out;
}

json_t *resolv_read(const char *path, struct err *e)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char text[RESOLV_MAX + 1];
	ssize_t n = fd < 0 ? -1 : read(fd, text, RESOLV_MAX);

	if (n < 0) {
		err_set(e, CNI_ECONFIG, errno, "ipam: cannot read \"resolvConf\" %.256s", path);
		return NULL;
	}
	text[n] = '\0';
	return resolv_parse(text);
}
