/* SPDX-License-Identifier: Apache-2.0 */
/* wrap.c - another IPAM plugin behind this one: "delegate" */
#include "wrap.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "delegate.h"
#include "mem.h"

static const char *type_of(const struct section *c)
{
	return json_string_value(json_object_get(c->delegate, "type")) ?: "";
}

int wrap_find(const struct shim *s, const struct section *c, struct err *e)
{
	char path[PATH_MAX];

	if (!*type_of(c) || !strcmp(type_of(c), SHIM_TYPE))
		return err_set(e, CNI_ECONFIG, 0,
			       "ipam: delegate: \"type\" has to name another IPAM plugin");
	return delegate_find(type_of(c), s->args->path, path, e);
}

int wrap_refuse(const struct shim *s, const struct section *c, struct err *e)
{
	static const char *const idle[] = {"subnet", "ranges", "addresses",
					   "routes", "dns",    "resolvConf"};
	const json_t *ipam = json_object_get(s->conf, "ipam");

	for (size_t i = 0; i < ARRAY_SIZE(idle); i++)
		if (json_object_get(ipam, idle[i]))
			return err_set(
				e, CNI_ECONFIG, 0,
				"ipam: \"%s\" has no meaning beside \"delegate\"; if it is that plugin's, "
				"it belongs into it",
				idle[i]);
	return wrap_find(s, c, e);
}

/* Calls it with the configuration brought into a version; version NULL: in the one it has. */
static int call(const struct shim *s, enum cni_command command, const struct section *c,
		const enum cni_version *version, json_t **ret, struct err *e)
{
	json_auto_t *conf = json_copy((json_t *)(uintptr_t)s->conf);
	json_t *prev = json_object_get(conf, "prevResult");
	_cleanup_free_ char *text = NULL;
	struct err unused;

	json_object_set(conf, "ipam", c->delegate);
	if (version) {
		json_auto_t *in = prev ? cni_result_in(prev, "prevResult", &unused) : NULL;
		json_t *out = in ? cni_result_out(in, *version, &unused) : NULL;

		json_object_set_new(conf, "cniVersion", json_string(cni_version_name(*version)));
		json_object_del(conf, "prevResult");
		if (out)
			json_object_set_new(conf, "prevResult", out);
	}
	text = json_dumps(conf, JSON_COMPACT);
	if (!text)
		return err_set(e, CNI_EIO, ENOMEM,
			       "cannot write the configuration for IPAM plugin %s", type_of(c));

	const struct delegate d = {
		.type = type_of(c),
		.args = s->args,
		.env = s->env,
		.config = text,
		.config_len = strlen(text),
		.timeout_ms = c->timeout.set ? (int)c->timeout.v * 1000 : s->timeout_ms,
		.lock = s->lock,
	};

	return delegate_run(&d, command, ret, e);
}

/* The newest version that an answer to VERSION names. Result: CNI_VERSIONS: none. */
static enum cni_version newest(const json_t *answer)
{
	for (unsigned v = CNI_VERSIONS; v-- > 0;)
		if (shim_speaks(answer, (enum cni_version)v))
			return (enum cni_version)v;
	return CNI_VERSIONS;
}

/* The CNI version that a command came with. */
static enum cni_version needs(enum cni_command command)
{
	return command == CNI_GC || command == CNI_STATUS ? CNI_1_1_0
	       : command == CNI_CHECK                     ? CNI_0_4_0
							  : CNI_0_1_0;
}

int wrap_run(const struct shim *s, enum cni_command command, const struct section *c,
	     json_t **ret_result, struct err *e)
{
	struct err refused = {.code = CNI_EVERSION};
	json_auto_t *answer = NULL;
	enum cni_version v;

	if (wrap_find(s, c, e) < 0)
		return -1;
	/* to a command that it does not know, an older plugin answers in any way */
	if (needs(command) < CNI_1_1_0) {
		if (!call(s, command, c, NULL, ret_result, &refused))
			return 0;
		if (refused.code != CNI_EVERSION) {
			*e = refused;
			return -1;
		}
	}
	if (call(s, CNI_VERSION, c, NULL, &answer, e) < 0)
		return -1;
	v = newest(answer);
	if (v == CNI_VERSIONS)
		return err_set(e, CNI_EVERSION, 0,
			       "IPAM plugin %s speaks no version that is known here", type_of(c));
	return v < needs(command) ? 0 : call(s, command, c, &v, ret_result, e);
}
