/* SPDX-License-Identifier: Apache-2.0 */
/* floor.c - the least that an attachment can cost: only the messages that nobody can leave out */

/*
 * What is in the floor, and why:
 *
 * add	one RTM_NEWLINK that moves the VF, names it and brings it up. The interface's index, which
 *	the message needs, comes from an ioctl.
 *
 * del	one RTM_NEWLINK, sent inside the pod, that moves the VF back and names it as before. The
 *	move itself takes it down.
 *
 * VF	one acknowledged RTM_SETLINK to the PF per attribute: in one message together, a refusal
 *	could not be told from that of another attribute. Before the move in both directions, as
 *	igb lets a VF change its own MAC only while it is trusted or the PF has set none.
 *
 * own=	no message: the MAC that the netdev is to have goes into the one that moves it.
 *
 * addr=
 *	one RTM_NEWADDR inside the pod. None for del, as the move drops addresses.
 *
 * ipam=
 *	the IPAM executable, run after the move with our environment and stdin: a process is what
 *	it costs if another program gives the addresses. What it prints is not even read.
 *
 * What a plugin has to add to this: reading JSON, finding the VF and its PF in sysfs, asking for
 * what is to be restored later and writing that down, refusing, undoing, answering.
 *
 * `floor nothing` exits at once: the cost of starting a static program, the floor of VERSION.
 */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <arpa/inet.h>
#include <sched.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char usage[] =
	"usage: floor nothing\n"
	"       floor add IFNAME NETNS POD_IFNAME [addr=A/N] [own=MAC] [ipam=PATH] [VF]\n"
	"       floor del POD_IFNAME NETNS IFNAME [own=MAC] [ipam=PATH] [VF]\n"
	"VF:    pf=IFNAME vf=N mac=MAC vlan=N trust=on|off\n";

/* One request under construction. */
union request {
	struct nlmsghdr head;
	uint8_t bytes[512];
};

static int open_or_die(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static int open_rtnetlink(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		err(1, "rtnetlink");
	return fd;
}

static void enter(int netns)
{
	if (setns(netns, CLONE_NEWNET) < 0)
		err(1, "setns");
}

static int ifindex_of(int rt, const char *ifname)
{
	struct ifreq ifr = {};

	strncpy(ifr.ifr_name, ifname, sizeof(ifr.ifr_name) - 1);
	if (ioctl(rt, SIOCGIFINDEX, &ifr) < 0)
		err(1, "%s", ifname);
	return ifr.ifr_ifindex;
}

static void append(union request *req, const void *data, size_t len)
{
	memcpy(req->bytes + req->head.nlmsg_len, data, len);
	req->head.nlmsg_len += (uint32_t)NLMSG_ALIGN(len);
}

static void begin(union request *req, uint16_t type, const void *body, size_t len)
{
	*req = (union request){.head = {.nlmsg_len = NLMSG_HDRLEN,
					.nlmsg_type = type,
					.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK}};
	append(req, body, len);
}

static void put(union request *req, uint16_t type, const void *data, size_t len)
{
	struct rtattr rta = {.rta_len = (uint16_t)RTA_LENGTH(len), .rta_type = type};

	append(req, &rta, sizeof(rta));
	append(req, data, len);
}

/* Sends the request and waits for its acknowledgement. */
static void talk(int rt, const union request *req, const char *what)
{
	union request reply = {};
	const struct nlmsgerr *ack = NLMSG_DATA(&reply.head);

	if (send(rt, req, req->head.nlmsg_len, 0) < 0 || recv(rt, &reply, sizeof(reply), 0) < 0)
		err(1, "%s", what);

	errno = -ack->error;
	if (reply.head.nlmsg_type != NLMSG_ERROR || errno)
		err(1, "%s", what);
}

/* Returns what follows KEY= in the options, NULL without such a key. */
static const char *option(char *const *options, const char *key)
{
	size_t len = strlen(key);

	for (; *options; options++)
		if (!strncmp(*options, key, len) && (*options)[len] == '=')
			return *options + len + 1;
	return NULL;
}

static struct ether_addr parse_mac(const char *text)
{
	struct ether_addr mac;

	if (!ether_aton_r(text, &mac))
		errx(1, "%s is not a MAC", text);
	return mac;
}

static uint32_t parse_number(const char *text)
{
	return (uint32_t)strtoul(text, NULL, 10);
}

static void set_vf_attr(int rt, int pf, uint16_t type, const void *data, size_t len)
{
	struct ifinfomsg body = {.ifi_index = pf};
	size_t info = RTA_LENGTH(len);
	struct rtattr nest[] = {
		{.rta_len = (uint16_t)RTA_LENGTH(info), .rta_type = IFLA_VF_INFO | NLA_F_NESTED},
		{.rta_len = (uint16_t)info, .rta_type = type},
	};
	union request req;
	uint8_t list[128];

	memcpy(list, nest, sizeof(nest));
	memcpy(list + sizeof(nest), data, len);

	begin(&req, RTM_SETLINK, &body, sizeof(body));
	put(&req, IFLA_VFINFO_LIST | NLA_F_NESTED, list, sizeof(nest) + len);
	talk(rt, &req, "VF attribute");
}

static void set_vf(int rt, char *const *options)
{
	const char *pf_name = option(options, "pf");
	const char *vf_text = option(options, "vf");
	const char *mac_text = option(options, "mac");
	const char *vlan_text = option(options, "vlan");
	const char *trust_text = option(options, "trust");

	if (!pf_name)
		return;
	if (!vf_text || !mac_text || !vlan_text || !trust_text)
		errx(1, "%s", usage);

	int pf = ifindex_of(rt, pf_name);
	uint32_t vf = parse_number(vf_text);
	struct ether_addr addr = parse_mac(mac_text);
	struct ifla_vf_mac mac = {.vf = vf};
	struct ifla_vf_vlan vlan = {.vf = vf, .vlan = parse_number(vlan_text)};
	struct ifla_vf_trust trust = {.vf = vf, .setting = !strcmp(trust_text, "on")};

	memcpy(mac.mac, &addr, sizeof(addr));
	set_vf_attr(rt, pf, IFLA_VF_MAC, &mac, sizeof(mac));
	set_vf_attr(rt, pf, IFLA_VF_VLAN, &vlan, sizeof(vlan));
	set_vf_attr(rt, pf, IFLA_VF_TRUST, &trust, sizeof(trust));
}

/* Moves ifname into netns under the name new_name, with the MAC own_mac unless that is NULL. */
static void move(int rt, const char *ifname, int netns, const char *new_name, bool up,
		 const char *own_mac)
{
	struct ifinfomsg body = {
		.ifi_index = ifindex_of(rt, ifname),
		.ifi_flags = up ? IFF_UP : 0,
		.ifi_change = up ? IFF_UP : 0,
	};
	union request req;

	begin(&req, RTM_NEWLINK, &body, sizeof(body));
	put(&req, IFLA_NET_NS_FD, &netns, sizeof(netns));
	put(&req, IFLA_IFNAME, new_name, strlen(new_name) + 1);
	if (own_mac) {
		struct ether_addr mac = parse_mac(own_mac);

		put(&req, IFLA_ADDRESS, &mac, sizeof(mac));
	}
	talk(rt, &req, "move");
}

/* address: "A/N", IPv4 */
static void add_address(int rt, const char *ifname, const char *address)
{
	const char *slash = strchrnul(address, '/');
	struct ifaddrmsg body = {.ifa_family = AF_INET,
				 .ifa_prefixlen = (uint8_t)parse_number(slash + !!*slash),
				 .ifa_index = (uint32_t)ifindex_of(rt, ifname)};
	char text[INET_ADDRSTRLEN];
	struct in_addr in;
	union request req;

	snprintf(text, sizeof(text), "%.*s", (int)(slash - address), address);
	if (!inet_aton(text, &in))
		errx(1, "%s is not an address", address);

	begin(&req, RTM_NEWADDR, &body, sizeof(body));
	put(&req, IFA_LOCAL, &in, sizeof(in));
	talk(rt, &req, "address");
}

static void run_ipam(const char *path)
{
	posix_spawn_file_actions_t actions;
	char *argv[] = {(char *)path, NULL};
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawn(&pid, path, &actions, NULL, argv, environ) ||
	    waitpid(pid, &status, 0) < 0 || status)
		errx(1, "%s did not succeed", path);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "nothing"))
		return 0;
	if (argc < 5 || (strcmp(argv[1], "add") && strcmp(argv[1], "del")))
		errx(1, "%s", usage);

	bool add = !strcmp(argv[1], "add");
	const char *from = argv[2], *to = argv[4];
	char *const *options = argv + 5;
	const char *ipam = option(options, "ipam");
	const char *addr = option(options, "addr");
	const char *own = option(options, "own");
	int pod = open_or_die(argv[3]);
	int rt = -1;

	if (add || option(options, "pf"))
		set_vf(rt = open_rtnetlink(), options);

	if (add) {
		move(rt, from, pod, to, true, own);
	} else {
		int host = open_or_die("/proc/self/ns/net");

		enter(pod);
		move(open_rtnetlink(), from, host, to, false, own);
		enter(host);
	}

	if (ipam)
		run_ipam(ipam);

	if (addr) {
		enter(pod);
		add_address(open_rtnetlink(), to, addr);
	}
	return 0;
}
