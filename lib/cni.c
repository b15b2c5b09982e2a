/* SPDX-License-Identifier: Apache-2.0 */
/* cni.c - the CNI protocol: arguments, errors, versions */
#include "cni.h"

#include <assert.h>
#include <ctype.h>
#include <limits.h>
#include <net/if.h>
#include <string.h>

#include "jtable.h"
#include "mem.h"

static const char *const command_names[] = {
	[CNI_ADD] = "ADD", [CNI_DEL] = "DEL",       [CNI_CHECK] = "CHECK",
	[CNI_GC] = "GC",   [CNI_STATUS] = "STATUS", [CNI_VERSION] = "VERSION",
};
static_assert(ARRAY_SIZE(command_names) == CNI_COMMANDS, "a word for each command");

static const char *const version_names[] = {
	[CNI_0_1_0] = "0.1.0", [CNI_0_2_0] = "0.2.0", [CNI_0_3_0] = "0.3.0", [CNI_0_3_1] = "0.3.1",
	[CNI_0_4_0] = "0.4.0", [CNI_1_0_0] = "1.0.0", [CNI_1_1_0] = "1.1.0",
};
static_assert(ARRAY_SIZE(version_names) == CNI_VERSIONS, "a word for each version");

/* The variables a command needs (CNI 1.1.0, section 2, "CNI operations"). */
static const struct {
	bool attachment, netns;
} needs[CNI_COMMANDS] = {
	[CNI_ADD] = {true, true},
	[CNI_DEL] = {true, false},
	[CNI_CHECK] = {true, true},
};

/*
 * libcni keeps its own result in a file with the id in its name: a longer one could not be cached
 * there either.
 */
#define CONTAINER_ID_MAX 200

/* The longest path that the kernel opens. */
#define NETNS_MAX (PATH_MAX - 1)

const char *cni_command_name(enum cni_command c)
{
	return command_names[c];
}

bool cni_ifname_valid(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n >= IFNAMSIZ || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (; *name; name++)
		if (strchr("/:%", *name) || isspace((unsigned char)*name))
			return false;
	return true;
}

bool cni_network_name_valid(const char *name)
{
	return *name && strlen(name) <= NAME_MAX && !strchr(name, '/') && strcmp(name, ".") &&
	       strcmp(name, "..");
}

static int check_container_id(const char *id, struct err *e)
{
	if (!*id)
		return err_set(e, CNI_EENV, 0,
			       "CNI_CONTAINERID is not set; the runtime has to set it");
	if (strlen(id) > CONTAINER_ID_MAX)
		return err_set(e, CNI_EENV, 0, "CNI_CONTAINERID is longer than %d characters",
			       CONTAINER_ID_MAX);
	if (!isalnum((unsigned char)*id) ||
	    id[strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")])
		return err_set(
			e, CNI_EENV, 0,
			"CNI_CONTAINERID may hold letters, digits and \"_.-\", and starts with a "
			"letter or digit");
	return 0;
}

/* What is written into the record, which is JSON. */
static int check_utf8(const char *name, const char *value, struct err *e)
{
	return jtable_is_utf8(value) ? 0 : err_set(e, CNI_EENV, 0, "%s is not UTF-8", name);
}

int cni_args_read(const char *(*get)(const char *name), struct cni_args *ret, struct err *e)
{
	struct cni_args a = {
		.container_id = get("CNI_CONTAINERID") ?: "",
		.netns = get("CNI_NETNS") ?: "",
		.ifname = get("CNI_IFNAME") ?: "",
		.args = get("CNI_ARGS") ?: "",
		.path = get("CNI_PATH") ?: "",
	};
	const char *command = get("CNI_COMMAND");
	unsigned c = 0;

	if (!command)
		return err_set(
			e, CNI_EENV, 0,
			"CNI_COMMAND is not set: this program is called by a container runtime; "
			"see sriov-cni(8) or ipam-shim(8)");
	while (c < CNI_COMMANDS && strcmp(command, command_names[c]))
		c++;
	if (c == CNI_COMMANDS)
		return err_set(e, CNI_EENV, 0, "CNI_COMMAND \"%.32s\" is unknown", command);
	a.command = (enum cni_command)c;

	if (needs[c].attachment) {
		if (check_container_id(a.container_id, e) < 0)
			return -1;
		if (!*a.ifname)
			return err_set(e, CNI_EENV, 0,
				       "CNI_IFNAME is not set; the runtime has to set it");
		if (!cni_ifname_valid(a.ifname))
			return err_set(
				e, CNI_EENV, 0,
				"CNI_IFNAME \"%.32s\" cannot name an interface: 1 to 15 characters, no "
				"'/', ':', '%%' or white space",
				a.ifname);
		if (strlen(a.netns) > NETNS_MAX)
			return err_set(e, CNI_EENV, 0, "CNI_NETNS is longer than %d bytes",
				       NETNS_MAX);
		if (check_utf8("CNI_IFNAME", a.ifname, e) < 0 ||
		    check_utf8("CNI_NETNS", a.netns, e) < 0)
			return -1;
	}
	if (needs[c].netns && !*a.netns)
		return err_set(e, CNI_EENV, 0, "CNI_NETNS is not set; the runtime has to set it");

	*ret = a;
	return 0;
}

int cni_args_get(const char *args, const char *key, char *buf, size_t size, struct err *e)
{
	size_t key_len = strlen(key);
	int found = 0;

	while (*args) {
		size_t len = strcspn(args, ";");
		const char *eq = memchr(args, '=', len);

		if (!eq)
			return err_set(e, CNI_EENV, 0, "CNI_ARGS: \"%.*s\" is not KEY=VALUE",
				       len > 64 ? 64 : (int)len, args);
		if ((size_t)(eq - args) == key_len && !memcmp(args, key, key_len)) {
			size_t n = len - key_len - 1;

			if (n >= size)
				return err_set(e, CNI_EENV, 0,
					       "CNI_ARGS: the value of %s is too long", key);
			memcpy(buf, eq + 1, n);
			buf[n] = '\0';
			found = 1;
		}
		args += len;
		args += *args == ';';
	}
	return found;
}

const char *cni_version_name(enum cni_version v)
{
	return version_names[v];
}

int cni_version_parse(const char *text, enum cni_version *ret, struct err *e)
{
	if (!text)
		text = version_names[CNI_0_1_0];

	for (unsigned v = 0; v < CNI_VERSIONS; v++) {
		if (!strcmp(text, version_names[v])) {
			*ret = (enum cni_version)v;
			return 0;
		}
	}
	return err_set(
		e, CNI_EVERSION, 0,
		"cniVersion \"%.32s\" is not supported; use one of 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, "
		"1.0.0, 1.1.0",
		text);
}

json_t *cni_version_answer(const char *cni_version)
{
	json_t *list = json_array();

	for (unsigned v = 0; v < CNI_VERSIONS; v++)
		json_array_append_new(list, json_string(version_names[v]));
	return json_pack("{s:s, s:o}", "cniVersion", cni_version ?: version_names[CNI_NEWEST],
			 "supportedVersions", list);
}

/* A message can be cut within a character: then all that is not ASCII shows as '?'. */
static json_t *text_to_json(const char *text)
{
	json_t *j = json_string(text);
	char ascii[sizeof(((struct err *)0)->msg)];
	size_t n = 0;

	if (j)
		return j;
	for (; text[n] && n < sizeof(ascii) - 1; n++)
		ascii[n] = isascii(text[n]) ? text[n] : '?';
	ascii[n] = '\0';
	return json_string(ascii);
}

json_t *cni_error_answer(const struct err *e, const char *cni_version)
{
	char msg[sizeof(e->msg)];
	json_t *j;

	/* it is one line, whatever came from outside into it */
	memcpy(msg, e->msg, sizeof(msg));
	for (char *c = msg; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = ' ';
	j = json_pack("{s:s, s:i, s:o}", "cniVersion", cni_version ?: version_names[CNI_NEWEST],
		      "code", e->code, "msg", text_to_json(msg));

	if (e->details[0])
		json_object_set_new(j, "details", text_to_json(e->details));
	return j;
}
