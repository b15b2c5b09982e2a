/* SPDX-License-Identifier: Apache-2.0 */
/* netlink_fuzz.c - any bytes as the kernel's answer about a link and its VFs */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../hex.h"
#include "mem.h"
#include "rt_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

/*
 * The seeds are the recorded answers, in hexadecimal below a comment; from the first mutation on
 * they are bytes.
 */
static size_t decode(uint8_t *data, size_t size)
{
	return size && data[0] == '#' ? hex_decode(data, size) : size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	(void)seed;
	return LLVMFuzzerMutate(data, decode(data, size), max);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* of the exact size, for AddressSanitizer to see what is read behind it */
	_cleanup_free_ uint8_t *copy = malloc(size + !size);
	struct nlmsghdr *h = (void *)copy;
	struct rt_link link;
	struct rt_pf pf;
	struct err e = {0};

	memcpy(copy, data, size);
	size = decode(copy, size);
	copy = realloc(copy, size + !size);
	h = (void *)copy;
	if (size < sizeof(*h))
		return 0;
	h->nlmsg_len = (uint32_t)size;
	if (rt_parse_link(h, &link, &e) < 0) {
		assert(rt_parse_pf(h, &pf, &e) < 0 && e.code);
		return 0;
	}
	assert(!rt_parse_pf(h, &pf, &e));
	assert(memchr(link.name, 0, sizeof(link.name)) &&
	       memchr(link.parent, 0, sizeof(link.parent)));
	for (unsigned i = 0; i < link.n_altnames && i < RT_ALTNAMES; i++)
		assert(memchr(link.altnames[i], 0, RT_ALTNAME_LEN));
	for (uint32_t i = 0; i < pf.n_vfs; i++) {
		struct vf_attrs back;
		json_auto_t *j = vf_attrs_to_json(&pf.vfs[i]);

		assert(!vf_attrs_from_json(j, &back, &e)); /* what a driver says can be recorded */
		assert(vf_attrs_diff(&pf.vfs[i], &back, VF_MAC) == VF_FIELDS);
	}
	rt_pf_clear(&pf);
	return 0;
}
