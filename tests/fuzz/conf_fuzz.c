/* SPDX-License-Identifier: Apache-2.0 */
/* conf_fuzz.c - any bytes as a network configuration, for ADD and for DEL */
#include <assert.h>

#include "conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_for(enum cni_command command, const uint8_t *data, size_t size)
{
	const struct cni_args args = {
		.command = command, .container_id = "pod", .ifname = "net1", .args = "K=V"};
	struct conf c = {0};
	struct err e = {0};

	if (conf_read((const char *)data, size, &args, &c, &e) < 0) {
		json_t *answer = cni_error_answer(&e, c.version_text);

		assert(e.code > 0 && json_string_length(json_object_get(answer, "msg")));
		json_decref(answer);
	} else {
		const struct opt *f = c.vf.f;

		assert(!e.code && c.name && *c.name && f[VF_VLAN].v <= 4094 && f[VF_QOS].v <= 7);
		assert(!f[VF_MAC].set || (f[VF_MAC].v && !(f[VF_MAC].v & 1ULL << 40)));
		(void)conf_check_unknown(&c, &e);
	}
	conf_clear(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e;

	(void)log_open(LOG_PANIC, NULL, "", "", &e); /* nothing is that bad */
	read_for(CNI_ADD, data, size);
	read_for(CNI_DEL, data, size);
	return 0;
}
