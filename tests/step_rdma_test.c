/* SPDX-License-Identifier: Apache-2.0 */
/*
 * step_rdma_test.c - a VF's RDMA device goes to the pod and comes back
 *
 * There is no RDMA device here that can be moved, nor one on the emulated NIC. So this program has
 * a socket(), sendto() and recvfrom() of its own in front of the C library's, and behind them one
 * device that is in the namespace it was moved to last. Its answers have the shape of
 * those in tests/data/netlink, which are real.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <rdma/rdma_netlink.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attachment.h"
#include "fixture.h"
#include "mem.h"
#include "netns.h"
#include "rt_msg.h"
#include "steps.h"
#include "sysfs.h"

#define VF         "0000:01:10.0"
#define DRIVER     "bus/pci/devices/" VF "/driver"
#define INFINIBAND "bus/pci/devices/" VF "/infiniband"

static struct {
	bool shared;        /* the mode */
	int refuse;         /* errno for a move; 0: it is done */
	struct netns_id at; /* where the device is */
	char name[64];      /* what it is called */
	uint32_t index;
	unsigned moves;
} kernel;

static uint8_t answer[512]; /* to the last request */
static size_t answer_len;
static struct netns_id asked_from; /* where the last RDMA socket was opened */

static struct netns_id here(void)
{
	struct netns_id id;
	struct err e;

	closep(&(int){netns_open_own(&id, &e)});
	return id;
}

int socket(int domain, int type, int protocol)
{
	if (domain == AF_NETLINK && protocol == NETLINK_RDMA) {
		asked_from = here();
		protocol = NETLINK_USERSOCK;
	}
	return (int)syscall(SYS_socket, domain, type, protocol);
}

/* Takes m over. */
static void reply(const struct nlmsghdr *request, struct nl_msg *m)
{
	struct nlmsghdr *h = nlmsg_hdr(m);

	h->nlmsg_seq = request->nlmsg_seq;
	memcpy(answer + answer_len, h, h->nlmsg_len);
	answer_len += NLMSG_ALIGN(h->nlmsg_len);
	nlmsg_free(m);
}

static int change(const struct nlmsghdr *request)
{
	const struct nlattr *index = nlmsg_find_attr((void *)(uintptr_t)request, 0,
						     RDMA_NLDEV_ATTR_DEV_INDEX),
			    *fd = nlmsg_find_attr((void *)(uintptr_t)request, 0,
						  RDMA_NLDEV_NET_NS_FD),
			    *name = nlmsg_find_attr((void *)(uintptr_t)request, 0,
						    RDMA_NLDEV_ATTR_DEV_NAME);
	char path[48];
	struct err e;

	if (!index || nla_get_u32(index) != kernel.index || !netns_same(&asked_from, &kernel.at))
		return EINVAL;
	if (kernel.refuse)
		return kernel.refuse;
	if (name) {
		(void)nla_strlcpy(kernel.name, name, sizeof(kernel.name));
		return 0;
	}
	if (!fd)
		return EINVAL;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%u", nla_get_u32(fd));
	closep(&(int){netns_open(path, &kernel.at, &e)});
	kernel.moves++;
	return 0;
}

ssize_t sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len)
{
	const struct nlmsghdr *h = buf;
	struct nlmsgerr done = {0};
	struct nl_msg *m;

	switch (h->nlmsg_type) {
	case RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, RDMA_NLDEV_CMD_SYS_GET):
		m = nlmsg_alloc_simple(h->nlmsg_type, 0);
		nla_put_u8(m, RDMA_NLDEV_SYS_ATTR_NETNS_MODE, kernel.shared);
		reply(h, m);
		break;
	case RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, RDMA_NLDEV_CMD_GET):
		if (kernel.shared || netns_same(&asked_from, &kernel.at)) {
			m = nlmsg_alloc_simple(h->nlmsg_type, NLM_F_MULTI);
			nla_put_u32(m, RDMA_NLDEV_ATTR_DEV_INDEX, kernel.index);
			nla_put_string(m, RDMA_NLDEV_ATTR_DEV_NAME, kernel.name);
			reply(h, m);
		}
		reply(h, nlmsg_alloc_simple(NLMSG_DONE, NLM_F_MULTI));
		break;
	case RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, RDMA_NLDEV_CMD_SET):
		done.error = -change(h);
		m = nlmsg_alloc_simple(NLMSG_ERROR, 0);
		nlmsg_append(m, &done, sizeof(done), NLMSG_ALIGNTO);
		reply(h, m);
		break;
	default:
		return syscall(SYS_sendto, fd, buf, len, flags, to, to_len);
	}
	return (ssize_t)len;
}

ssize_t recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
		 socklen_t *from_len)
{
	size_t n = answer_len;

	if (!n)
		return syscall(SYS_recvfrom, fd, buf, size, flags, from, from_len);
	memcpy(buf, answer, n);
	answer_len = 0;
	return (ssize_t)n;
}

/* A VF with this device, on the host, and a pod. */
static struct attachment a;

static int begin(void **state)
{
	struct err e = {0};

	(void)scratch_make(state);
	a = (struct attachment)ATTACHMENT_INIT;
	scratch_folder(INFINIBAND "/mlx5_2");
	scratch_link("mlx5_core", DRIVER);
	a.sys = sysfs_open(scratch_path("."), &e);
	memcpy(a.vf.name, VF, sizeof(VF));
	a.rec = (struct record){.vf = VF,
				.container_id = "c",
				.ifname = "net1",
				.network = "n",
				.netns = "/run/netns/c",
				.driver = "mlx5_core"};
	a.folder = open(scratch_path("."), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	a.pod_ns = netns_open_own(NULL, &e);
	expect_ok(rt_open(&a.pod, &e), &e);
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	a.host_ns = netns_open_own(NULL, &e);
	memset(&kernel, 0, sizeof(kernel));
	kernel.at = here();
	kernel.index = 7;
	(void)snprintf(kernel.name, sizeof(kernel.name), "mlx5_2");
	return 0;
}

static int end(void **state)
{
	closep(&a.sys);
	closep(&a.folder);
	attachment_close(&a);
	return scratch_remove(state);
}

static int enter_user_namespace(void **state)
{
	(void)state;
	scratch_namespaces(CLONE_NEWNET);
	return 0;
}

static bool is_on_host(void)
{
	struct netns_id host = here();

	return netns_same(&kernel.at, &host);
}

static void the_device_goes_to_the_pod_and_comes_back(void **state)
{
	struct err e = {0};

	(void)state;
	expect_ok(rdma_apply(&a, &e), &e);
	expect_text(a.rec.rdma, "mlx5_2");
	expect_int(is_on_host(), false);
	expect_ok(rdma_check(&a, &e), &e);
	expect_ok(rdma_revert(&a, &e), &e);
	expect_int(is_on_host(), true);
	expect_int(kernel.moves, 2);
	expect_err(rdma_check(&a, &e), &e, CNI_ECHECK,
		   "RDMA device mlx5_2 of VF " VF " is not in the pod's namespace");
	/* one that is back, or never went, stays */
	e = (struct err){0};
	expect_ok(rdma_revert(&a, &e), &e);
	expect_int(kernel.moves, 2);
}

static void where_all_namespaces_share_it_it_stays(void **state)
{
	struct err e = {0};

	(void)state;
	kernel.shared = true;
	expect_ok(rdma_apply(&a, &e), &e);
	expect_text(a.rec.rdma, NULL);
	expect_ok(rdma_check(&a, &e), &e);
	expect_ok(rdma_revert(&a, &e), &e);
	expect_int(kernel.moves, 0);
}

static void a_vf_without_one_has_none(void **state)
{
	struct err e = {0};

	(void)state;
	memcpy(a.vf.name, "0000:01:10.2", sizeof("0000:01:10.2"));
	expect_ok(rdma_apply(&a, &e), &e);
	expect_text(a.rec.rdma, NULL);
}

static void what_the_kernel_refuses_is_told_with_both_names(void **state)
{
	struct err e = {0};

	(void)state;
	kernel.refuse = EBUSY;
	expect_err(rdma_apply(&a, &e), &e, CNI_EKERNEL,
		   "RDMA device mlx5_2 of VF " VF ": Device or resource busy");
}

/* It may be in a third namespace; the driver makes another. */
static void for_a_device_that_is_gone_the_driver_is_bound_anew(void **state)
{
	struct err e = {0};

	(void)state;
	expect_ok(rdma_apply(&a, &e), &e);
	kernel.at = (struct netns_id){0};
	expect_ok(rdma_revert(&a, &e), &e);
	expect_int(a.anew, true);
}

static void one_that_was_renamed_comes_back_under_its_name(void **state)
{
	struct err e = {0};

	(void)state;
	expect_ok(rdma_apply(&a, &e), &e);
	(void)snprintf(kernel.name, sizeof(kernel.name), "mine");
	expect_ok(rdma_check(&a, &e), &e);
	expect_ok(rdma_revert(&a, &e), &e);
	expect_int(is_on_host(), true);
	expect_text(kernel.name, "mlx5_2");
	/* the kernel has brought it, when the namespace ended */
	(void)snprintf(kernel.name, sizeof(kernel.name), "mine");
	rt_free(a.pod);
	a.pod = NULL;
	expect_ok(rdma_revert(&a, &e), &e);
	expect_text(kernel.name, "mlx5_2");
	expect_int(kernel.moves, 2);
}

/* As XDP, "flr" or a recovery make one anew: with another index, and the next free name. */
static void one_that_the_driver_has_made_anew_gets_its_name(void **state)
{
	struct err e = {0};

	(void)state;
	expect_ok(rdma_apply(&a, &e), &e);
	kernel.at = here();
	kernel.index = 8;
	(void)snprintf(kernel.name, sizeof(kernel.name), "mlx5_9");
	expect_int(rename(scratch_path(INFINIBAND "/mlx5_2"), scratch_path(INFINIBAND "/mlx5_9")),
		   0);
	expect_ok(rdma_revert(&a, &e), &e);
	expect_text(kernel.name, "mlx5_2");
	expect_int(is_on_host(), true);
	/* and before it goes to the pod */
	expect_int(rename(scratch_path(INFINIBAND "/mlx5_9"), scratch_path(INFINIBAND "/mlx5_2")),
		   0);
	a.rec.rdma = NULL;
	expect_ok(rdma_apply(&a, &e), &e);
	expect_int(a.rec.rdma_index.v, 8);
}

/* Its driver has taken it along, or the VF is gone. */
static void without_the_driver_there_is_no_device_to_give_back(void **state)
{
	struct err e = {0};

	(void)state;
	expect_ok(rdma_apply(&a, &e), &e);
	kernel.at = (struct netns_id){0};
	(void)unlink(scratch_path(DRIVER));
	expect_ok(rdma_revert(&a, &e), &e);
	expect_int(a.anew, false);
}

static void a_pod_that_is_gone_has_nothing_to_give_back(void **state)
{
	struct err e = {0};

	(void)state;
	expect_ok(rdma_apply(&a, &e), &e);
	kernel.at = here();
	rt_free(a.pod);
	a.pod = NULL;
	expect_ok(rdma_revert(&a, &e), &e);
	expect_int(kernel.moves, 1);
}

static void the_device_information_file_names_it(void **state)
{
	struct conf conf = {0};
	char path[PATH_MAX], text[512] = "";
	_cleanup_fd_ int fd = -1;
	json_auto_t *info = NULL;
	struct err e = {0};

	(void)state;
	(void)snprintf(path, sizeof(path), "%s", scratch_path("device.json"));
	conf.device_info = path;
	a.conf = &conf;
	expect_ok(rdma_apply(&a, &e), &e);
	expect_ok(info_look(&a, &e), &e);
	expect_ok(info_apply(&a, &e), &e);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	expect_int(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0, true);
	info = json_loads(text, 0, NULL);
	expect_text(json_string_value(json_object_get(json_object_get(info, "pci"), "rdma-device")),
		    "mlx5_2");
	expect_ok(info_revert(&a, &e), &e);
	expect_int(access(path, F_OK), -1);
}

#define RDMA_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RDMA_TEST(the_device_goes_to_the_pod_and_comes_back),
		RDMA_TEST(where_all_namespaces_share_it_it_stays),
		RDMA_TEST(a_vf_without_one_has_none),
		RDMA_TEST(what_the_kernel_refuses_is_told_with_both_names),
		RDMA_TEST(for_a_device_that_is_gone_the_driver_is_bound_anew),
		RDMA_TEST(one_that_was_renamed_comes_back_under_its_name),
		RDMA_TEST(one_that_the_driver_has_made_anew_gets_its_name),
		RDMA_TEST(without_the_driver_there_is_no_device_to_give_back),
		RDMA_TEST(a_pod_that_is_gone_has_nothing_to_give_back),
		RDMA_TEST(the_device_information_file_names_it),
	};

	return cmocka_run_group_tests_name("step_rdma", tests, enter_user_namespace, NULL);
}
