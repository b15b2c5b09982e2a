/* SPDX-License-Identifier: Apache-2.0 */
/* shim.c - who gives the addresses: this program itself, or another that it calls */
#include "shim.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "builtin.h"
#include "delegate.h"
#include "mem.h"
#include "wrap.h"

bool shim_speaks(const json_t *answer, enum cni_version v)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(answer, "supportedVersions"), i, item) {
		const char *text = json_string_value(item);

		if (text && !strcmp(text, cni_version_name(v)))
			return true;
	}
	return false;
}

static int run_external(const struct shim *s, enum cni_command command, json_t **ret, struct err *e)
{
	_cleanup_free_ char *text = s->text ? NULL : json_dumps(s->conf, JSON_COMPACT);
	const char *config = s->text ?: text;

	if (!config)
		return err_set(e, CNI_EIO, ENOMEM,
			       "cannot write the configuration for IPAM plugin %s", s->type);

	const struct delegate d = {
		.type = s->type,
		.args = s->args,
		.env = s->env,
		.config = config,
		.config_len = s->text ? s->len : strlen(config),
		.timeout_ms = s->timeout_ms,
		.lock = s->lock,
	};

	return delegate_run(&d, command, ret, e);
}

int shim_find(const struct shim *s, struct err *e)
{
	_cleanup_(section_clear) struct section c = {0};
	char path[PATH_MAX];

	if (strcmp(s->type, SHIM_TYPE) != 0)
		return delegate_find(s->type, s->args->path, path, e);
	if (section_read_keys(s, CNI_DEL, &c, e) < 0)
		return -1;
	return c.delegate ? wrap_find(s, &c, e) : 0;
}

int shim_refuse(const struct shim *s, struct err *e)
{
	_cleanup_(section_clear) struct section c = {0};

	if (strcmp(s->type, SHIM_TYPE) != 0)
		return shim_find(s, e);
	if (section_read_keys(s, CNI_ADD, &c, e) < 0)
		return -1;
	return c.delegate ? wrap_refuse(s, &c, e) : builtin_refuse(s, &c, e);
}

int shim_run(const struct shim *s, enum cni_command command, json_t **ret_result, struct err *e)
{
	_cleanup_(section_clear) struct section c = {0};

	if (strcmp(s->type, SHIM_TYPE) != 0)
		return run_external(s, command, ret_result, e);
	if (command == CNI_VERSION) {
		*ret_result = cni_version_answer(NULL);
		return 0;
	}
	if (section_read_keys(s, command, &c, e) < 0)
		return -1;
	return c.delegate ? wrap_run(s, command, &c, ret_result, e)
			  : builtin_run(s, command, &c, ret_result, e);
}
