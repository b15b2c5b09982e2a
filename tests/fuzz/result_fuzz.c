/* SPDX-License-Identifier: Apache-2.0 */
/* result_fuzz.c - any bytes as the result of another plugin, in and out of every version */
#include <assert.h>

#include "cni.h"
#include "jtable.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = {0};
	json_auto_t *raw = jtable_parse((const char *)data, size, "the result", &e);
	json_auto_t *result = raw ? cni_result_in(raw, "the result", &e) : NULL;

	assert(!result == !!e.code);
	for (unsigned v = 0; result && v < CNI_VERSIONS; v++) {
		json_auto_t *out = cni_result_out(result, (enum cni_version)v, &e);
		json_auto_t *again = out ? cni_result_in(out, "it", &e) : NULL;

		assert(again || (v <= CNI_0_2_0 && e.code == CNI_EVERSION));
		assert(v < CNI_1_1_0 || json_equal(again, result));
	}
	return 0;
}
