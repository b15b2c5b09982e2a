/* SPDX-License-Identifier: Apache-2.0 */
/* result_fuzz.c - any bytes as the result of another plugin, in, in front of ours, and out of every
 * version */
#include <assert.h>

#include "cni.h"
#include "jtable.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ours is behind it, and what it had is there. */
static void chain(const json_t *result)
{
	json_auto_t *own =
		json_pack("{s:[{s:s}], s:[{s:i}], s:[{s:s}], s:{}}", "interfaces", "name", "net1",
			  "ips", "interface", 0, "routes", "dst", "::/0", "dns");
	json_auto_t *all = cni_result_chain(result, own);
	json_t *ips = json_object_get(all, "ips"), *before = json_object_get(result, "ips");
	size_t last = json_array_size(ips) - 1;
	json_int_t index =
		json_integer_value(json_object_get(json_array_get(ips, last), "interface"));
	json_t *itf = json_array_get(json_object_get(all, "interfaces"), (size_t)index);

	assert(last == json_array_size(before));
	assert(json_equal(itf, json_array_get(json_object_get(own, "interfaces"), 0)));
	assert(!last || json_equal(json_array_get(ips, 0), json_array_get(before, 0)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = {0};
	json_auto_t *raw = jtable_parse((const char *)data, size, "the result", &e);
	json_auto_t *result = raw ? cni_result_in(raw, "the result", &e) : NULL;

	assert(!result == !!e.code);
	if (result)
		chain(result);
	for (unsigned v = 0; result && v < CNI_VERSIONS; v++) {
		json_auto_t *out = cni_result_out(result, (enum cni_version)v, &e);
		json_auto_t *again = out ? cni_result_in(out, "it", &e) : NULL;

		assert(again || (v <= CNI_0_2_0 && e.code == CNI_EVERSION));
		assert(v < CNI_1_1_0 || json_equal(again, result));
	}
	return 0;
}
