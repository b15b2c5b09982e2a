/* SPDX-License-Identifier: Apache-2.0 */
/* frame.h - the Ethernet frame that tells all neighbours who has an address */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "inet.h"

#define FRAME_ANNOUNCEMENT 86 /* the longer of the two, bytes */

/*
 * Builds the announcement of addr, whose prefix length does not matter, by the interface with this
 * MAC (48-bit number).
 *
 * IPv4: an ARP request with the address as sender and target, to the broadcast address. Source: RFC
 * 5227, 2.3, and section 3 for why it is a request: whoever hears one takes the sender over, while
 * a reply that nobody asked for is not believed everywhere.
 *
 * IPv6: an unsolicited neighbour advertisement from that very address to all nodes, with the
 * override flag. Source: RFC 4861, 4.4 and 7.2.6; checksum: RFC 8200, 8.1. The flag of a router is
 * not set: who is one is known by its link-local address.
 *
 * Result: the length of the frame in bytes.
 */
size_t frame_announcement(const struct inet_prefix *addr, uint64_t mac,
			  uint8_t ret[static FRAME_ANNOUNCEMENT]);
