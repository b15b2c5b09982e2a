/* SPDX-License-Identifier: Apache-2.0 */
/* rt_msg_test.c - netlink bytes: requests as the headers have them, replies good and damaged */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cni.h"
#include "fixture.h"
#include "mem.h"
#include "rt.h"
#include "rt_msg.h"

/* --- requests --- */

static void expect_request(struct nl_msg *m, const char *name, const struct err *e)
{
	char path[64];
	size_t len;

	(void)snprintf(path, sizeof(path), "netlink/request/%s.hex", name);
	EXPECT_ROW(path);

	_cleanup_free_ uint8_t *expected = fixture_hex(path, &len);

	expect_ok(m ? 0 : -1, e);
	expect_bytes(nlmsg_hdr(m), nlmsg_hdr(m)->nlmsg_len, expected, len);
	nlmsg_free(m);
}

/* What is not set to zero is then not zero by chance. */
__attribute__((noinline)) static void soil_the_stack(void)
{
	volatile uint8_t soil[4096];

	for (size_t i = 0; i < sizeof(soil); i++)
		soil[i] = 0xff;
}

static void a_link_is_changed_with_one_message(void **state)
{
	static const struct {
		const char *name;
		struct rt_link_change change;
	} rows[] = {
		{"link_with_everything", {5, "net1", 0x02005e000001, 1400, 1, 0, 0, {{0}}, NULL}},
		{"link_down", {-1, NULL, 0, 0, 0, 0, 0, {{0}}, NULL}},
		{"link_renamed", {0, "abcdefghijklmno", 0, 0, -1, 0, 0, {{0}}, NULL}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err e = {0};

		soil_the_stack();
		expect_request(rt_build_link_change(7, &rows[i].change, &e), rows[i].name, &e);
	}
}

#define SET(field, value) [field] = {true, value}

static void a_group_of_vf_attributes_is_set_with_one_message(void **state)
{
	static const struct {
		const char *name;
		enum vf_group group;
		struct vf_attrs a;
	} rows[] = {
		{"vf_mac", VF_G_MAC, {.f = {SET(VF_MAC, 0x02005e000001)}}},
		{"vf_vlan_8021q",
		 VF_G_VLAN,
		 {.f = {SET(VF_VLAN, 100), SET(VF_QOS, 5), SET(VF_PROTO, VF_8021Q)}}},
		{"vf_vlan_8021ad",
		 VF_G_VLAN,
		 {.f = {SET(VF_VLAN, 4094), SET(VF_QOS, 7), SET(VF_PROTO, VF_8021AD)}}},
		{"vf_vlan_none", VF_G_VLAN, {.f = {SET(VF_VLAN, 0), SET(VF_QOS, 0)}}},
		{"vf_rate", VF_G_RATE, {.f = {SET(VF_MIN_TX, 10), SET(VF_MAX_TX, 1000)}}},
		{"vf_rate_none", VF_G_RATE, {.f = {SET(VF_MIN_TX, 0), SET(VF_MAX_TX, 0)}}},
		{"vf_spoofchk", VF_G_SPOOFCHK, {.f = {SET(VF_SPOOFCHK, VF_ON)}}},
		{"vf_trust_off", VF_G_TRUST, {.f = {SET(VF_TRUST, VF_OFF)}}},
		{"vf_link_state", VF_G_LINK_STATE, {.f = {SET(VF_LINK_STATE, VF_LINK_DISABLE)}}},
		{"vf_rss_query", VF_G_RSS_QUERY, {.f = {SET(VF_RSS_QUERY, VF_ON)}}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err e = {0};

		soil_the_stack();
		expect_request(rt_build_vf_set(4, 3, rows[i].group, &rows[i].a, &e), rows[i].name,
			       &e);
	}
}

/* --- replies --- */

/* What was understood of a PF, or of a link: it has no VFs then. */
static json_t *shown(const struct rt_pf *pf)
{
	char mac[MAC_TEXT];
	json_t *altnames = json_array(), *vfs = json_array();

	for (unsigned i = 0; i < pf->link.n_altnames; i++)
		json_array_append_new(altnames, json_string(pf->link.altnames[i]));
	for (uint32_t i = 0; i < pf->n_vfs; i++)
		json_array_append_new(vfs, vf_attrs_to_json(&pf->vfs[i]));
	return json_pack("{s:i, s:s, s:s, s:i, s:i, s:i, s:s, s:o, s:o}", "ifindex",
			 pf->link.ifindex, "name", pf->link.name, "mac",
			 mac_text(pf->link.mac, mac), "mtu", (int)pf->link.mtu, "flags",
			 (int)pf->link.flags, "arptype", (int)pf->link.arptype, "parent",
			 pf->link.parent, "altnames", altnames, "vfs", vfs);
}

static void a_recorded_answer_is_understood(void **state)
{
	static const char *const names[] = {"pf", "vf"};
	char path[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct rt_link link;
		struct rt_pf pf;
		struct err e = {0};
		size_t len;

		(void)snprintf(path, sizeof(path), "netlink/%s.hex", names[i]);

		_cleanup_free_ uint8_t *bytes = fixture_hex(path, &len);
		const struct nlmsghdr *h = (const void *)bytes;

		expect_int(h->nlmsg_len, len);
		expect_ok(rt_parse_pf(h, &pf, &e), &e);
		expect_ok(rt_parse_link(h, &link, &e), &e);
		expect_bytes(&link, sizeof(link), &pf.link, sizeof(pf.link));
		(void)snprintf(path, sizeof(path), "netlink/%s.expected", names[i]);
		expect_json(shown(&pf), fixture_json(path));
		rt_pf_clear(&pf);
		expect_int(pf.n_vfs, 0);
	}
}

/* A message that is put together here, attribute by attribute. */
#define HEADER sizeof(struct nlattr)

static struct {
	struct nlmsghdr h;
	struct ifinfomsg ifi;
	uint8_t attrs[320 * 1024];
} message;

static void begin_message(void)
{
	memset(&message, 0, sizeof(message));
	message.h.nlmsg_type = RTM_NEWLINK;
	message.h.nlmsg_len = NLMSG_LENGTH(sizeof(message.ifi));
}

/* Where the next attribute comes. */
static uint8_t *end_of_message(void)
{
	return (uint8_t *)&message + message.h.nlmsg_len;
}

static uint8_t *put(unsigned type, const void *data, size_t len)
{
	struct nlattr *a = (void *)end_of_message();

	a->nla_len = (uint16_t)(HEADER + len); /* wraps, as the kernel's does */
	a->nla_type = (uint16_t)type;
	if (data)
		memcpy(a + 1, data, len);
	message.h.nlmsg_len += (uint32_t)((HEADER + len + 3) & ~3UL);
	return (uint8_t *)(a + 1);
}

/* What was put since start becomes the content of an attribute that begins there. */
static void wrap_since(const uint8_t *start, unsigned type)
{
	size_t len = (size_t)(end_of_message() - start);

	memmove((uint8_t *)(uintptr_t)start + HEADER, start, len);
	message.h.nlmsg_len -= (uint32_t)len;
	(void)put(type, NULL, len);
}

/* What was counted of a VF, as Linux 6.12 tells it; the kinds of packets in its own order. */
static void put_stats(uint32_t index)
{
	static const unsigned kinds[] = {IFLA_VF_STATS_RX_PACKETS, IFLA_VF_STATS_TX_PACKETS,
					 IFLA_VF_STATS_RX_BYTES,   IFLA_VF_STATS_TX_BYTES,
					 IFLA_VF_STATS_BROADCAST,  IFLA_VF_STATS_MULTICAST,
					 IFLA_VF_STATS_RX_DROPPED, IFLA_VF_STATS_TX_DROPPED};
	const uint8_t *start = end_of_message();

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const uint64_t n = (uint64_t)index << 40 | kinds[i];

		(void)put(kinds[i], &n, sizeof(n));
	}
	wrap_since(start, IFLA_VF_STATS);
}

/*
 * One IFLA_VF_INFO as Linux 6.12 fills it: 196 bytes without what was counted, 296 with it (more is
 * COUNTED); and what another kernel may add.
 */
#define COUNTED 100
static void put_vf(uint32_t index, size_t more)
{
	const uint8_t *start = end_of_message();
	const struct ifla_vf_mac mac = {index, {2, 0, 0, 0, (uint8_t)(index >> 8), (uint8_t)index}};
	const struct ifla_vf_broadcast broadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
	const struct ifla_vf_vlan vlan = {index, index % 4095, 1};
	const struct ifla_vf_rate rate = {index, 0, index};
	const struct ifla_vf_tx_rate tx_rate = {index, index};
	const struct ifla_vf_spoofchk spoofchk = {index, 1};
	const struct ifla_vf_link_state state = {index, IFLA_VF_LINK_STATE_ENABLE};
	const struct ifla_vf_rss_query_en rss = {index, UINT32_MAX};
	const struct ifla_vf_trust trust = {index, 0};
	const struct ifla_vf_vlan_info info = {index, index % 4095, 1, htons(0x88a8)};
	const uint8_t *list;

	(void)put(IFLA_VF_MAC, &mac, sizeof(mac));
	(void)put(IFLA_VF_BROADCAST, &broadcast, sizeof(broadcast));
	(void)put(IFLA_VF_VLAN, &vlan, sizeof(vlan));
	(void)put(IFLA_VF_RATE, &rate, sizeof(rate));
	(void)put(IFLA_VF_TX_RATE, &tx_rate, sizeof(tx_rate));
	(void)put(IFLA_VF_SPOOFCHK, &spoofchk, sizeof(spoofchk));
	(void)put(IFLA_VF_LINK_STATE, &state, sizeof(state));
	(void)put(IFLA_VF_RSS_QUERY_EN, &rss, sizeof(rss));
	(void)put(IFLA_VF_TRUST, &trust, sizeof(trust));
	list = end_of_message();
	(void)put(IFLA_VF_VLAN_INFO, &info, sizeof(info));
	wrap_since(list, IFLA_VF_VLAN_LIST);
	if (more == COUNTED)
		put_stats(index);
	else if (more)
		(void)put(IFLA_VF_IB_NODE_GUID, NULL, more - HEADER);
	wrap_since(start, IFLA_VF_INFO);
}

/* A PF with its VFs first to last, behind the attributes that the kernel puts in front of them. */
static void make_pf(uint32_t first, uint32_t last, size_t more)
{
	const uint32_t mtu = 1500, n_vfs = last - first + 1;
	const uint8_t *list;

	begin_message();
	message.ifi.ifi_index = 2;
	(void)put(IFLA_IFNAME, "pf0", 4);
	(void)put(IFLA_MTU, &mtu, sizeof(mtu));
	(void)put(IFLA_ADDRESS, "\x52\x54\0\0\0\x01", 6);
	(void)put(IFLA_NUM_VF, &n_vfs, sizeof(n_vfs));
	list = end_of_message();
	for (uint32_t i = first; i <= last; i++)
		put_vf(i, more);
	wrap_since(list, IFLA_VFINFO_LIST);
	(void)put(IFLA_PARENT_DEV_NAME, "0000:01:00.0", 13);
}

/* As rtnl_xdp_fill() tells it: the number of a program only where there is one. */
static void the_xdp_program_of_a_link_is_known_by_its_number(void **state)
{
	static const struct {
		uint8_t attached;
		uint32_t id;
		bool xdp;
	} rows[] = {
		{XDP_ATTACHED_NONE, 0, false},
		{XDP_ATTACHED_DRV, 17, true},
		{XDP_ATTACHED_SKB, UINT32_MAX, true},
		{XDP_ATTACHED_MULTI, 0, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const uint8_t *start;
		struct rt_link link;
		struct err e = {0};

		begin_message();
		start = end_of_message();
		(void)put(IFLA_XDP_ATTACHED, &rows[i].attached, sizeof(rows[i].attached));
		if (rows[i].id) {
			(void)put(IFLA_XDP_SKB_PROG_ID, &rows[i].id, sizeof(rows[i].id));
			(void)put(IFLA_XDP_PROG_ID, &rows[i].id, sizeof(rows[i].id));
		}
		wrap_since(start, IFLA_XDP);
		expect_ok(rt_parse_link(&message.h, &link, &e), &e);
		expect_int(link.xdp, rows[i].xdp);
		expect_int(link.xdp_id, rows[i].id);
	}
}

static void expect_vf(const struct vf_attrs *a, uint32_t index)
{
	expect_hex(a->f[VF_MAC].v, 0x020000000000 | index);
	expect_int(a->f[VF_VLAN].v, index % 4095);
	expect_int(a->f[VF_PROTO].v, VF_8021AD);
	expect_int(a->f[VF_MAX_TX].v, index);
	expect_int(a->f[VF_LINK_STATE].v, VF_LINK_ENABLE);
	for (unsigned f = 0; f < VF_FIELDS; f++)
		expect_int(a->f[f].set, f != VF_RSS_QUERY); /* preset by the kernel: not reported */
}

/*
 * IFLA_VFINFO_LIST has a length of 16 bits, which wraps with more than 334 VFs. The entries behind
 * the wrap lie there like attributes of the link, cut at any place: they are VFs all the same, and
 * nothing of them is taken for the link's.
 */
static void a_list_of_vfs_that_wraps_is_read_to_its_end(void **state)
{
	char row[64];

	(void)state;
	for (uint32_t n = 1; n <= 1024; n += n < 300 || n > 700 ? 13 : 1) {
		for (size_t more = 0; more <= 40; more += 4) {
			struct rt_link link;
			struct rt_pf pf;
			struct err e = {0};

			(void)snprintf(row, sizeof(row), "%u VFs of %zu bytes", n, 196 + more);
			EXPECT_ROW(row);
			make_pf(0, n - 1, more);
			expect_ok(rt_parse_pf(&message.h, &pf, &e), &e);
			expect_int(pf.n_vfs, n);
			for (uint32_t i = 0; i < pf.n_vfs; i++)
				expect_vf(&pf.vfs[i], i);
			expect_text(pf.link.name, "pf0");
			expect_int(pf.link.mtu, 1500);
			expect_hex(pf.link.mac, 0x525400000001);
			expect_int(pf.link.n_altnames, 0);
			expect_text(pf.link.parent, "0000:01:00.0");
			expect_ok(rt_parse_link(&message.h, &link, &e), &e);
			expect_bytes(&link, sizeof(link), &pf.link, sizeof(pf.link));
			rt_pf_clear(&pf);
		}
	}
}

/* The same with what was counted, which makes it wrap with 222 VFs. */
static void what_was_counted_is_read_to_the_end_of_the_list(void **state)
{
	static const unsigned kinds[RT_VF_COUNTS] = {
		[RT_VF_RX_PACKETS] = IFLA_VF_STATS_RX_PACKETS,
		[RT_VF_RX_BYTES] = IFLA_VF_STATS_RX_BYTES,
		[RT_VF_RX_DROPPED] = IFLA_VF_STATS_RX_DROPPED,
		[RT_VF_RX_BROADCAST] = IFLA_VF_STATS_BROADCAST,
		[RT_VF_RX_MULTICAST] = IFLA_VF_STATS_MULTICAST,
		[RT_VF_TX_PACKETS] = IFLA_VF_STATS_TX_PACKETS,
		[RT_VF_TX_BYTES] = IFLA_VF_STATS_TX_BYTES,
		[RT_VF_TX_DROPPED] = IFLA_VF_STATS_TX_DROPPED,
	};

	(void)state;
	for (uint32_t n = 1; n <= 1024; n += n < 200 || n > 460 ? 31 : 1) {
		struct rt_pf pf;
		struct err e = {0};

		make_pf(0, n - 1, COUNTED);
		expect_ok(rt_parse_pf(&message.h, &pf, &e), &e);
		expect_int(pf.n_vfs, n);
		for (uint32_t i = 0; i < pf.n_vfs; i++) {
			expect_vf(&pf.vfs[i], i);
			for (unsigned k = 0; k < RT_VF_COUNTS; k++)
				expect_hex(pf.stats[i].n[k], (uint64_t)i << 40 | kinds[k]);
		}
		expect_text(pf.link.parent, "0000:01:00.0");
		rt_pf_clear(&pf);
	}
}

/* The n-th IFLA_VF_INFO of make_pf(), whose list is the fifth attribute. */
static struct nlattr *vf_info(uint32_t n)
{
	uint8_t *at = message.attrs;

	for (int i = 0; i < 4; i++)
		at += (((struct nlattr *)(void *)at)->nla_len + 3) & ~3;
	return (void *)(at + HEADER + (size_t)n * 196);
}

/*
 * Where the entries do not lead to an end that agrees with the length, what lies behind the wrap is
 * not believed: then only the VFs in front of it are known, as ip(8) has it.
 */
static void a_wrap_that_does_not_come_out_even_is_not_followed(void **state)
{
	enum { N = 400, SEEN = ((HEADER + 196 * N) % 65536 - HEADER) / 196 };
	static const struct {
		const char *what;
		uint32_t vf;
		uint16_t len, type;
	} rows[] = {
		{"too long", 399, 200, IFLA_VF_INFO},
		{"too short", 399, 192, IFLA_VF_INFO},
		{"longer than the message", 399, 65535, IFLA_VF_INFO},
		{"no header", 390, 3, IFLA_VF_INFO},
		{"empty", 390, 0, IFLA_VF_INFO},
		{"another type", 390, 196, IFLA_VF_INFO + 1},
		{"another type in front of the wrap", 10, 196, IFLA_VF_INFO + 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rt_pf pf;
		struct err e = {0};

		EXPECT_ROW(rows[i].what);
		make_pf(0, N - 1, 0);
		*vf_info(rows[i].vf) = (struct nlattr){rows[i].len, rows[i].type};
		expect_ok(rt_parse_pf(&message.h, &pf, &e), &e);
		expect_int(pf.n_vfs, SEEN);
		expect_int(rt_pf_tells_of(&pf, rows[i].vf), false);
		for (uint32_t k = 0; k < pf.n_vfs && k != rows[i].vf; k++)
			expect_vf(&pf.vfs[k], k);
		expect_text(pf.link.name, "pf0");
		expect_text(pf.link.parent, "");
		rt_pf_clear(&pf);
	}

	/* one more than there are, one less, and a message that ends too early */
	for (int i = 0; i < 3; i++) {
		struct rt_pf pf;
		struct err e = {0};
		uint32_t n_vfs = i == 0 ? N + 1 : N - 1;

		EXPECT_ROW(i == 0 ? "one more" : i == 1 ? "one less" : "cut");
		make_pf(0, N - 1, 0);
		if (i < 2)
			memcpy((uint8_t *)vf_info(0) - HEADER - sizeof(n_vfs), &n_vfs,
			       sizeof(n_vfs));
		else
			message.h.nlmsg_len =
				(uint32_t)((uint8_t *)vf_info(N) - (uint8_t *)&message - 4);
		expect_ok(rt_parse_pf(&message.h, &pf, &e), &e);
		/* a driver that does not tell of a VF leaves it out, so that is no reason to doubt
		 * the others */
		expect_int(pf.n_vfs, i == 0 ? N : SEEN);
		expect_text(pf.link.parent, i == 0 ? "0000:01:00.0" : "");
		rt_pf_clear(&pf);
	}
}

static void a_vf_with_an_index_beyond_the_list_is_nowhere(void **state)
{
	struct rt_pf pf;
	struct err e = {0};

	(void)state;
	make_pf(7, 8, 0); /* of 2 */
	expect_ok(rt_parse_pf(&message.h, &pf, &e), &e);
	expect_int(pf.n_vfs, 0);
	rt_pf_clear(&pf);
	make_pf(UINT32_MAX - 1, UINT32_MAX - 1, 0);
	expect_ok(rt_parse_pf(&message.h, &pf, &e), &e);
	expect_int(pf.n_vfs, 0);
	rt_pf_clear(&pf);
}

/* As ice does with one that it has disabled: the others keep their places. */
static void a_vf_that_is_not_told_of_does_not_move_the_others(void **state)
{
	const uint32_t n_vfs = 5;
	struct rt_pf pf;
	struct err e = {0};

	(void)state;
	make_pf(2, 3, 0);
	memcpy((uint8_t *)vf_info(0) - HEADER - sizeof(n_vfs), &n_vfs, sizeof(n_vfs));
	expect_ok(rt_parse_pf(&message.h, &pf, &e), &e);
	expect_int(pf.n_vfs, 4);
	for (uint32_t i = 0; i < n_vfs; i++)
		expect_int(rt_pf_tells_of(&pf, i), i == 2 || i == 3);
	expect_vf(&pf.vfs[2], 2);
	expect_vf(&pf.vfs[3], 3);
	rt_pf_clear(&pf);
}

/* Each attribute of a VF one byte too short: not known, and nothing behind it read. */
static void an_attribute_that_is_too_short_is_not_known(void **state)
{
	static const struct {
		unsigned type;
		size_t size;
		enum vf_field field;
	} rows[] = {
		{IFLA_VF_RATE, sizeof(struct ifla_vf_rate), VF_MAX_TX},
		{IFLA_VF_SPOOFCHK, sizeof(struct ifla_vf_spoofchk), VF_SPOOFCHK},
		{IFLA_VF_LINK_STATE, sizeof(struct ifla_vf_link_state), VF_LINK_STATE},
		{IFLA_VF_RSS_QUERY_EN, sizeof(struct ifla_vf_rss_query_en), VF_RSS_QUERY},
		{IFLA_VF_TRUST, sizeof(struct ifla_vf_trust), VF_TRUST},
		{IFLA_VF_VLAN_LIST, HEADER + sizeof(struct ifla_vf_vlan_info), VF_VLAN},
		{IFLA_VF_MAC, sizeof(struct ifla_vf_mac), VF_MAC},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (size_t missing = 0; missing <= 1; missing++) {
			const struct ifla_vf_mac mac = {0};
			const struct nlattr info = {(uint16_t)(rows[i].size - missing),
						    IFLA_VF_VLAN_INFO};
			struct rt_pf pf;
			const uint32_t n_vfs = 1;
			struct err e = {0};
			uint8_t *content, *list;

			begin_message();
			(void)put(IFLA_NUM_VF, &n_vfs, sizeof(n_vfs));
			list = end_of_message();
			(void)put(IFLA_VF_MAC, &mac,
				  rows[i].type == IFLA_VF_MAC ? sizeof(mac) - missing
							      : sizeof(mac));
			content = put(rows[i].type, NULL, rows[i].size - missing);
			if (rows[i].type == IFLA_VF_VLAN_LIST)
				memcpy(content, &info, sizeof(info));
			wrap_since(list, IFLA_VF_INFO);
			wrap_since(list, IFLA_VFINFO_LIST);
			expect_ok(rt_parse_pf(&message.h, &pf, &e), &e);
			expect_int(pf.n_vfs, rows[i].type != IFLA_VF_MAC || !missing);
			expect_int(pf.vfs[0].f[rows[i].field].set, !missing);
			rt_pf_clear(&pf);
		}
	}
}

static void names_are_bounded_and_addresses_of_six_bytes(void **state)
{
	const uint8_t infiniband[20] = {0x80};
	struct rt_link l;
	struct err e = {0};
	char name[8];

	(void)state;
	begin_message();
	(void)put(IFLA_IFNAME, "abcdefghijklmnopqrstuvwxyz", 26); /* too long, and without a NUL */
	(void)put(IFLA_ADDRESS, infiniband, sizeof(infiniband));
	(void)put(IFLA_MTU, "\x01\x02", 2);
	(void)put(IFLA_PARENT_DEV_NAME, "", 0);

	uint8_t *list = end_of_message();

	for (int i = 0; i < 2 * RT_ALTNAMES; i++) {
		(void)snprintf(name, sizeof(name), "alt%d", i);
		(void)put(IFLA_ALT_IFNAME, name, strlen(name) + 1);
		(void)put(IFLA_ALT_IFNAME + 1, "other", 6);
	}
	wrap_since(list, IFLA_PROP_LIST | NLA_F_NESTED);
	expect_ok(rt_parse_link(&message.h, &l, &e), &e);
	expect_text(l.name, "abcdefghijklmno");
	expect_text(l.parent, "");
	expect_hex(l.mac, 0);
	expect_int(l.mtu, 0);
	expect_int(l.n_altnames, 2 * RT_ALTNAMES); /* all are counted, and the first kept */
	expect_text(l.altnames[0], "alt0");
	expect_text(l.altnames[RT_ALTNAMES - 1], "alt7");
}

static void a_message_without_a_header_of_a_link_is_refused(void **state)
{
	struct rt_link l = {.ifindex = 99};
	struct rt_pf pf = {.n_vfs = 99};
	struct err e;

	(void)state;
	begin_message();
	message.h.nlmsg_len--;
	expect_err(rt_parse_link(&message.h, &l, &e), &e, CNI_EKERNEL,
		   "netlink answer: Bad message");
	expect_int(e.errnum, EBADMSG);
	expect_err(rt_parse_pf(&message.h, &pf, &e), &e, CNI_EKERNEL, "netlink answer");
	expect_int(l.ifindex, 99);
	expect_int(pf.n_vfs, 99);
}

/*
 * A recorded answer cut at every byte, and damaged at every byte. The copy has its exact size, so
 * that AddressSanitizer and valgrind see a read behind its end; what is read must be in bounds in
 * any case.
 */
static void no_damage_is_believed_beyond_the_message(void **state)
{
	static const uint8_t damages[] = {0x00, 0x03, 0x7f, 0x80, 0xff};
	size_t len;
	_cleanup_free_ uint8_t *bytes = fixture_hex("netlink/pf.hex", &len);

	(void)state;
	for (size_t i = sizeof(struct nlmsghdr); i < len; i++) {
		for (size_t k = 0; k <= ARRAY_SIZE(damages); k++) {
			const bool cut = k == ARRAY_SIZE(damages);
			const size_t size = cut ? i : len;
			_cleanup_free_ uint8_t *copy = malloc(size);
			struct nlmsghdr *h = (void *)copy;
			struct rt_pf pf = {0};
			struct err e;

			memcpy(copy, bytes, size);
			h->nlmsg_len = (uint32_t)size;
			if (!cut)
				copy[i] = damages[k];

			int r = rt_parse_pf(h, &pf, &e);

			expect_int(r, cut && i < NLMSG_LENGTH(sizeof(struct ifinfomsg)) ? -1 : 0);
			expect_int(strnlen(pf.link.name, sizeof(pf.link.name)) <
					   sizeof(pf.link.name),
				   true);
			expect_int(strnlen(pf.link.parent, sizeof(pf.link.parent)) <
					   sizeof(pf.link.parent),
				   true);
			expect_int(pf.n_vfs <= len / HEADER, true);
			for (uint32_t v = 0; v < pf.n_vfs; v++)
				json_decref(vf_attrs_to_json(&pf.vfs[v]));
			rt_pf_clear(&pf);
		}
	}
}

/* The same for a list that wraps, at the places that say where things end. */
static void no_damage_of_a_list_that_wraps_is_believed(void **state)
{
	static const uint8_t damages[] = {0x00, 0x01, 0x03, 0x04, 0x7f, 0x80, 0xff};

	(void)state;
	make_pf(0, 399, 0);

	const size_t len = message.h.nlmsg_len,
		     list = (size_t)((uint8_t *)vf_info(0) - (uint8_t *)&message) - HEADER;
	_cleanup_free_ uint8_t *copy = malloc(len);

	for (uint32_t vf = 0; vf <= 400; vf++) {
		const size_t at = vf ? list + HEADER + (vf - 1) * (size_t)196 : list;

		for (size_t i = at; i < at + 2 * HEADER; i++) {
			for (size_t k = 0; k < ARRAY_SIZE(damages); k++) {
				struct rt_pf pf = {0};
				struct err e;

				memcpy(copy, &message, len);
				copy[i] = damages[k];
				expect_int(rt_parse_pf((struct nlmsghdr *)(void *)copy, &pf, &e),
					   0);
				expect_int(pf.n_vfs <= 400, true);
				expect_int(strnlen(pf.link.name, sizeof(pf.link.name)) <
						   sizeof(pf.link.name),
					   true);
				if (vf) /* else it need not be a list any more */
					expect_text(pf.link.name, "pf0");
				rt_pf_clear(&pf);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_is_changed_with_one_message),
		cmocka_unit_test(a_group_of_vf_attributes_is_set_with_one_message),
		cmocka_unit_test(a_recorded_answer_is_understood),
		cmocka_unit_test(the_xdp_program_of_a_link_is_known_by_its_number),
		cmocka_unit_test(a_list_of_vfs_that_wraps_is_read_to_its_end),
		cmocka_unit_test(what_was_counted_is_read_to_the_end_of_the_list),
		cmocka_unit_test(a_wrap_that_does_not_come_out_even_is_not_followed),
		cmocka_unit_test(a_vf_with_an_index_beyond_the_list_is_nowhere),
		cmocka_unit_test(a_vf_that_is_not_told_of_does_not_move_the_others),
		cmocka_unit_test(an_attribute_that_is_too_short_is_not_known),
		cmocka_unit_test(names_are_bounded_and_addresses_of_six_bytes),
		cmocka_unit_test(a_message_without_a_header_of_a_link_is_refused),
		cmocka_unit_test(no_damage_is_believed_beyond_the_message),
		cmocka_unit_test(no_damage_of_a_list_that_wraps_is_believed),
	};

	return cmocka_run_group_tests_name("rt_msg", tests, NULL, NULL);
}
