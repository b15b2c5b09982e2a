/* SPDX-License-Identifier: Apache-2.0 */
/* text_fuzz.c - any text as CNI_ARGS, as a name, as a PCI, MAC or IP address, read and printed */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cni.h"
#include "inet.h"
#include "jtable.h"
#include "mem.h"
#include "vfdev.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size);
	char value[8], pci[PCIADDR_TEXT], mac[MAC_TEXT], ip[INET_PREFIX_TEXT];
	struct pciaddr a, a_again;
	struct inet_prefix p, p_again;
	uint64_t m, m_again;
	struct err e = {0};
	int found = cni_args_get(text, "MAC", value, sizeof(value), &e);

	assert(found < 0 ? e.code == CNI_EENV : found == 0 || strstr(text, value));
	assert(!cni_ifname_valid(text) || (strlen(text) < 16 && !strchr(text, '/')));
	if (!pciaddr_parse(text, &a))
		assert(!pciaddr_parse(pciaddr_text(&a, pci), &a_again) &&
		       a.domain == a_again.domain && a.rid == a_again.rid);
	if (!mac_parse(text, &m))
		assert(!mac_parse(mac_text(m, mac), &m_again) && m == m_again);
	if (!inet_prefix_parse(text, &p))
		assert(!inet_prefix_parse(inet_prefix_text(&p, ip), &p_again) &&
		       inet_prefix_equal(&p, &p_again));
	return 0;
}
