/* SPDX-License-Identifier: Apache-2.0 */
/* delegate.c - addresses from another IPAM executable */
#include "delegate.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cni_exec.h"
#include "jtable.h"
#include "mem.h"

int delegate_find(const char *type, const char *cni_path, char path[static PATH_MAX], struct err *e)
{
	if (!*type || strchr(type, '/') || !strcmp(type, ".") || !strcmp(type, ".."))
		return err_set(e, CNI_ECONFIG, 0,
			       "ipam: \"type\": \"%.64s\" is not the name of an executable", type);

	for (const char *dir = cni_path; *dir;) {
		int len = (int)strcspn(dir, ":");
		struct stat st;

		if (len && snprintf(path, PATH_MAX, "%.*s/%s", len, dir, type) < PATH_MAX &&
		    !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK))
			return 0;
		dir += len;
		dir += *dir == ':';
	}
	return err_set(
		e, CNI_EIPAM, 0,
		"IPAM plugin %.255s is not in CNI_PATH (%.256s%s); install it there, or correct ipam.type",
		type, *cni_path ? cni_path : "which is empty", strlen(cni_path) > 256 ? "..." : "");
}

static int take_result(const struct delegate *d, enum cni_command command,
		       const struct cni_output *o, json_t **ret, struct err *e)
{
	json_auto_t *raw = NULL, *result = NULL;
	char what[96], buf[CNI_EXCERPT];

	(void)snprintf(what, sizeof(what), "the result of IPAM plugin %.48s",
		       d->type); /* may be cut */
	if (o->too_long)
		return err_set(e, CNI_EIPAM, 0, "%s is larger than %u bytes", what,
			       JTABLE_MAX_TEXT);
	raw = jtable_parse(o->text ?: "", o->len, what, e);
	if (raw && command == CNI_VERSION) {
		*ret = TAKE_PTR(raw);
		return 0;
	}
	result = raw ? cni_result_in(raw, what, e) : NULL;
	if (!result) {
		e->code = CNI_EIPAM;
		return err_hint(e, "it printed \"%s\"", cni_output_excerpt(o, buf));
	}
	if (!json_array_size(json_object_get(result, "ips")))
		return err_set(e, CNI_EIPAM, 0, "%s has no address", what);
	*ret = TAKE_PTR(result);
	return 0;
}

int delegate_run(const struct delegate *d, enum cni_command command, json_t **ret_result,
		 struct err *e)
{
	_cleanup_(cni_output_clear) struct cni_output o = {0};
	char path[PATH_MAX];
	const struct cni_exec x = {
		.path = path,
		.kind = "IPAM plugin",
		.name = d->type,
		.slow = "see its log, or raise \"ipamTimeout\"",
		.failed = CNI_EIPAM,
		.args = d->args,
		.env = d->env,
		.config = d->config,
		.config_len = d->config_len,
		.timeout_ms = d->timeout_ms,
		.lock = d->lock,
	};

	if (delegate_find(d->type, d->args->path, path, e) < 0 ||
	    cni_exec_run(&x, command, &o, e) < 0)
		return -1;
	return ret_result ? take_result(d, command, &o, ret_result, e) : 0;
}
