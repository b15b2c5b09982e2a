/* SPDX-License-Identifier: Apache-2.0 */
/* frame.c - the Ethernet frame that tells all neighbours who has an address */
#include "frame.h"

#include <assert.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/in.h>
#include <netinet/ip6.h>
#include <string.h>

struct arp_frame {
	struct ether_header eth;
	struct ether_arp arp;
} __attribute__((packed));

struct na_frame {
	struct ether_header eth;
	struct ip6_hdr ip;
	struct nd_neighbor_advert na;
	struct nd_opt_hdr opt;
	uint8_t mac[6];
} __attribute__((packed));
static_assert(sizeof(struct na_frame) == FRAME_ANNOUNCEMENT, "the larger of both");

/* What ICMPv6 is about: all behind the header of IPv6. */
#define NA_LEN (sizeof(struct na_frame) - offsetof(struct na_frame, na))

static void put_mac(uint8_t to[static 6], uint64_t mac)
{
	for (int i = 0; i < 6; i++)
		to[i] = (uint8_t)(mac >> (40 - 8 * i));
}

static struct ether_header ethernet(uint64_t to, uint64_t from, uint16_t type)
{
	struct ether_header h = {.ether_type = htons(type)};

	put_mac(h.ether_dhost, to);
	put_mac(h.ether_shost, from);
	return h;
}

/*
 * Of the frame while its checksum is 0. It is that of ICMPv6 with both addresses, which stand right
 * in front of it, its length and its protocol.
 */
static uint16_t checksum(const struct na_frame *f)
{
	const uint8_t *b = (const uint8_t *)f;
	uint32_t sum = NA_LEN + IPPROTO_ICMPV6;

	for (size_t i = offsetof(struct na_frame, ip.ip6_src); i < sizeof(*f); i += 2)
		sum += (uint32_t)b[i] << 8 | b[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static size_t announce_ipv4(const uint8_t addr[static 4], uint64_t mac, uint8_t *ret)
{
	struct arp_frame f = {
		.eth = ethernet(0xffffffffffff, mac, ETHERTYPE_ARP),
		.arp.ea_hdr = {htons(ARPHRD_ETHER), htons(ETHERTYPE_IP), 6, 4,
			       htons(ARPOP_REQUEST)},
	};

	put_mac(f.arp.arp_sha, mac);
	memcpy(f.arp.arp_spa, addr, 4);
	memcpy(f.arp.arp_tpa, addr, 4);
	memcpy(ret, &f, sizeof(f));
	return sizeof(f);
}

static size_t announce_ipv6(const uint8_t addr[static 16], uint64_t mac, uint8_t *ret)
{
	struct na_frame f = {
		.eth = ethernet(0x333300000001, mac, ETHERTYPE_IPV6),
		.ip.ip6_flow = htonl(6U << 28),
		.ip.ip6_plen = htons(NA_LEN),
		.ip.ip6_nxt = IPPROTO_ICMPV6,
		.ip.ip6_hlim = 255,
		.ip.ip6_dst = {{{0xff, 0x02, [15] = 1}}},
		.na.nd_na_type = ND_NEIGHBOR_ADVERT,
		.na.nd_na_flags_reserved = ND_NA_FLAG_OVERRIDE,
		.opt = {ND_OPT_TARGET_LINKADDR, 1},
	};

	memcpy(&f.ip.ip6_src, addr, 16);
	memcpy(&f.na.nd_na_target, addr, 16);
	put_mac(f.mac, mac);
	f.na.nd_na_cksum = checksum(&f);
	memcpy(ret, &f, sizeof(f));
	return sizeof(f);
}

size_t frame_announcement(const struct inet_prefix *addr, uint64_t mac,
			  uint8_t ret[static FRAME_ANNOUNCEMENT])
{
	return addr->family == AF_INET ? announce_ipv4(addr->addr, mac, ret)
				       : announce_ipv6(addr->addr, mac, ret);
}
