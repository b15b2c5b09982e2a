/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rt_reply_test.c - replies as a kernel can give them, but seldom does: interrupted, larger than
 * the buffer, strangers between
 *
 * The socket and the kernel behind it are real. This program has a recvfrom() of its own, in front
 * of the C library's, which a test can let change what came, and which counts the requests that
 * were answered.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "cni.h"
#include "fixture.h"
#include "mem.h"
#include "rt.h"
#include "rt_msg.h"

/* What is received: changed by a test. size: of buf; n: length of what came, which is in there. */
struct received {
	uint8_t *buf;
	size_t size, n;
	struct sockaddr_nl *from;
};

/* Result: the length that recvfrom() tells; more than size: it was cut. */
static size_t (*change)(struct received *r);
/* Called instead of receiving, as long as it has something: its length; 0: go on and receive. */
static size_t (*before)(struct received *r);
static struct {
	unsigned requests, interrupted; /* answered since begin(); those with NLM_F_DUMP_INTR */
	uint32_t seq, interrupted_seq;
} seen;

/* A datagram, which may be cut: it is of one request. */
static void note(const struct nlmsghdr *h, int n)
{
	seen.requests += h->nlmsg_seq != seen.seq;
	seen.seq = h->nlmsg_seq;
	for (; nlmsg_ok(h, n); h = nlmsg_next((struct nlmsghdr *)(uintptr_t)h, &n)) {
		if (h->nlmsg_flags & NLM_F_DUMP_INTR && seen.interrupted_seq != h->nlmsg_seq) {
			seen.interrupted++;
			seen.interrupted_seq = h->nlmsg_seq;
		}
	}
}

ssize_t recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
		 socklen_t *from_len)
{
	struct received r = {buf, size, 0, (struct sockaddr_nl *)(void *)from};
	ssize_t n;

	r.n = before ? before(&r) : 0;
	if (r.n)
		return (ssize_t)r.n;
	n = syscall(SYS_recvfrom, fd, buf, size, flags, from, from_len);
	if (n <= 0 || (size_t)n > size)
		return n;
	r.n = (size_t)n;
	if (change)
		n = (ssize_t)change(&r);
	note(buf, (size_t)n > size ? (int)size : (int)n);
	return n;
}

static struct rt *rt;

static int begin(void **state)
{
	struct err e = {0};

	(void)state;
	if (unshare(CLONE_NEWNET) < 0 || system("ip link set lo up"))
		return -1;
	expect_ok(rt_open(&rt, &e), &e);
	memset(&seen, 0, sizeof(seen));
	return 0;
}

static int end(void **state)
{
	(void)state;
	change = before = NULL;
	rt_free(rt);
	rt = NULL;
	return 0;
}

static int enter_user_namespace(void **state)
{
	(void)state;
	scratch_namespaces(CLONE_NEWNET);
	return 0;
}

static void expect_socket_in_order(void)
{
	struct rt_link l;
	struct err e = {0};

	change = before = NULL;
	expect_ok(rt_link_by_name(rt, "lo", &l, &e), &e);
	expect_text(l.name, "lo");
}

/* --- interrupted dumps --- */

static unsigned interruptions; /* how many dumps are interrupted from now on */

/* The first message of a dump says that it was; the others need not. */
static size_t interrupt(struct received *r)
{
	struct nlmsghdr *h = (void *)r->buf;
	static uint32_t last;

	if (interruptions && h->nlmsg_flags & NLM_F_MULTI && h->nlmsg_seq != last) {
		interruptions--;
		last = h->nlmsg_seq;
		h->nlmsg_flags |= NLM_F_DUMP_INTR;
	}
	return r->n;
}

static void a_dump_that_was_interrupted_is_asked_for_again(void **state)
{
	struct inet_prefix local;
	struct rt_link l;

	(void)state;
	expect_int(inet_prefix_parse("127.0.0.1/8", &local), 0);
	change = interrupt;
	for (unsigned n = 0; n < 10; n++) {
		struct err e = {0};

		seen.requests = 0;
		interruptions = n;
		expect_int(rt_addr_exists(rt, 1, &local, &e), 1);
		expect_int(seen.requests, n + 1);
		seen.requests = 0;
		interruptions = n;
		expect_err(rt_link_by_parent(rt, "0000:01:10.0", &l, &e), &e, CNI_EKERNEL,
			   "0000:01:10.0");
		expect_int(e.errnum, ENODEV);
		expect_int(seen.requests, n + 1);
	}
	expect_socket_in_order();
}

static void what_never_stands_still_is_for_later(void **state)
{
	struct rt_link l;
	struct err e;

	(void)state;
	change = interrupt;
	interruptions = 1000;
	expect_err(rt_link_by_parent(rt, "0000:01:10.0", &l, &e), &e, CNI_EAGAIN,
		   "change faster than they can be listed");
	expect_int(seen.requests, 10);
	expect_socket_in_order();
}

/* Without anybody's help: another process makes links and removes them. */
static void links_that_change_while_they_are_listed_interrupt_the_dump(void **state)
{
	const int64_t end_ms = clock_ms() + 20000;
	FILE *batch = popen("ip -batch -", "we");
	struct rt_link l;
	pid_t pid;

	(void)state;
	for (int i = 0; i < 60; i++)
		(void)fprintf(batch, "link add a%d type veth peer name b%d\n", i, i);
	expect_int(pclose(batch), 0);
	pid = fork();
	if (pid == 0) {
		(void)execl(
			"/bin/sh", "sh", "-c",
			"while ip link add c type veth peer name d && ip link del c; do :; done",
			NULL);
		_exit(127);
	}
	memset(&seen, 0, sizeof(seen));
	while (seen.interrupted < 5 && clock_ms() < end_ms) {
		struct err e;

		/* that it cannot be told is an answer, too */
		if (!rt_link_by_parent(rt, "0000:01:10.0", &l, &e))
			fail_msg("found %s", l.name);
		if (e.code != CNI_EAGAIN)
			expect_int(e.errnum, ENODEV);
	}
	(void)kill(pid, SIGKILL);
	expect_int(waitpid(pid, NULL, 0), pid);
	expect_int(seen.interrupted >= 5, true);
	expect_socket_in_order();
}

/* --- answers that are larger than expected --- */

static uint32_t n_vfs;

static struct nlattr *find(struct nlmsghdr *h, int type)
{
	return nlmsg_find_attr(h, sizeof(struct ifinfomsg), type);
}

/*
 * The recorded answer of a PF, grown to n_vfs VFs as the kernel fills them: all like VF 0, with
 * their own index and MAC; the length of the list wraps. Result: owned by the caller.
 */
static uint8_t *grow_pf(size_t *ret_len)
{
	size_t len;
	_cleanup_free_ uint8_t *pf = fixture_hex("netlink/pf.hex", &len);
	struct nlattr *list = find((void *)pf, IFLA_VFINFO_LIST), *vf = nla_data(list);
	const size_t before_vfs = (size_t)((uint8_t *)vf - pf), old = (size_t)nla_len(list);
	const size_t size = vf->nla_len, all = n_vfs * size;
	uint8_t *grown = malloc(len - old + all);

	memcpy(nla_data(find((void *)pf, IFLA_NUM_VF)), &n_vfs, sizeof(n_vfs));
	list->nla_len = (uint16_t)(sizeof(*list) + all);
	memcpy(grown, pf, before_vfs);
	for (uint32_t i = 0; i < n_vfs; i++) {
		const struct ifla_vf_mac mac = {i, {2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i}};
		struct nlattr *to = (void *)(grown + before_vfs + i * size);

		memcpy(to, vf, size);
		memcpy(nla_data(nla_find(nla_data(to), nla_len(to), IFLA_VF_MAC)), &mac,
		       sizeof(mac));
	}
	memcpy(grown + before_vfs + all, pf + before_vfs + old, len - before_vfs - old);
	*ret_len = len - old + all;
	((struct nlmsghdr *)(void *)grown)->nlmsg_len = (uint32_t)*ret_len;
	return grown;
}

/* The answer is that of a PF, cut where it has no room. */
static size_t answer_with_pf(struct received *r)
{
	size_t len;
	_cleanup_free_ uint8_t *pf = grow_pf(&len);
	struct nlmsghdr *h = (void *)pf;

	h->nlmsg_seq = ((struct nlmsghdr *)(void *)r->buf)->nlmsg_seq;
	memcpy(r->buf, pf, len > r->size ? r->size : len);
	return len;
}

static void expect_pf(unsigned requests)
{
	struct rt_pf pf;
	struct err e = {0};

	seen.requests = 0;
	expect_ok(rt_pf_get(rt, "lo", &pf, &e), &e);
	expect_int(seen.requests, requests);
	expect_text(pf.link.name, "pf0");
	expect_text(pf.link.parent, "0000:01:00.0");
	expect_int(pf.n_vfs, n_vfs);
	for (uint32_t i = 0; i < n_vfs; i++) {
		expect_hex(pf.vfs[i].f[VF_MAC].v, 0x020000000000 | i);
		expect_int(pf.vfs[i].f[VF_VLAN].v, 100);
		expect_int(pf.vfs[i].f[VF_TRUST].v, VF_ON);
	}
	rt_pf_clear(&pf);
}

static void the_usual_answer_takes_one_request(void **state)
{
	(void)state;
	change = answer_with_pf;
	for (n_vfs = 1; n_vfs <= 490; n_vfs += n_vfs < 256 ? 51 : 39)
		expect_pf(1);
	expect_socket_in_order();
}

/* It is asked for again, with room enough, and there is room from then on. */
static void an_answer_larger_than_the_buffer_is_asked_for_again(void **state)
{
	static const uint32_t sizes[] = {600, 512, 1024, 4096, 1000};

	(void)state;
	change = answer_with_pf;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		n_vfs = sizes[i];
		expect_pf(i == 4 || i == 1 ? 1 : 2);
		expect_pf(1);
	}
	expect_socket_in_order();
}

/* As of a PF whose VFs grow in number while it is asked. */
static size_t answer_with_more_and_more(struct received *r)
{
	n_vfs *= 2;
	return answer_with_pf(r);
}

static void an_answer_that_outgrows_every_buffer_is_refused(void **state)
{
	struct rt_pf pf = {.n_vfs = 99};
	struct err e;

	(void)state;
	change = answer_with_more_and_more;
	n_vfs = 400;
	expect_err(rt_pf_get(rt, "lo", &pf, &e), &e, CNI_EKERNEL, "PF lo: ");
	expect_int(e.errnum, EMSGSIZE);
	expect_int(pf.n_vfs, 99);
	expect_socket_in_order();
}

/* --- what is no answer to the request --- */

static unsigned strangers;
static size_t stranger_size;

/* Looks like an answer to the next request, but comes from another process. */
static size_t stranger(struct received *r)
{
	struct nlmsghdr h = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct nlmsgerr)),
			     .nlmsg_type = NLMSG_ERROR,
			     .nlmsg_seq = seen.seq + 1};

	if (!strangers)
		return 0;
	strangers--;
	memset(r->buf, 0, h.nlmsg_len);
	memcpy(r->buf, &h, sizeof(h));
	r->from->nl_pid = 4711;
	return stranger_size ?: h.nlmsg_len;
}

static void what_another_process_sends_is_no_answer(void **state)
{
	static const size_t sizes[] = {0, 1, 1000000};
	struct rt_link l;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct err e = {0};

		expect_socket_in_order(); /* now the next number is known */
		seen.requests = 0;
		before = stranger;
		strangers = 3;
		stranger_size = sizes[i];
		expect_ok(rt_link_by_index(rt, 1, &l, &e), &e);
		expect_text(l.name, "lo");
		expect_int(strangers, 0);
		expect_int(seen.requests, 1);
	}
}

/* The answer to a request that failed half-way lies in front of this one. */
static size_t of_before(struct received *r)
{
	struct nlmsghdr h = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct nlmsgerr)),
			     .nlmsg_type = NLMSG_ERROR,
			     .nlmsg_seq = seen.seq};

	if (!strangers)
		return 0;
	strangers--;
	memset(r->buf, 0xff, h.nlmsg_len);
	memcpy(r->buf, &h, sizeof(h));
	r->from->nl_pid = 0;
	return h.nlmsg_len;
}

static void an_answer_to_an_earlier_request_is_passed_over(void **state)
{
	struct rt_link l;
	struct err e = {0};

	(void)state;
	expect_socket_in_order();
	before = of_before;
	strangers = 2;
	expect_ok(rt_link_by_index(rt, 1, &l, &e), &e);
	expect_text(l.name, "lo");
	expect_int(strangers, 0);
}

#define REPLY_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		REPLY_TEST(a_dump_that_was_interrupted_is_asked_for_again),
		REPLY_TEST(what_never_stands_still_is_for_later),
		REPLY_TEST(links_that_change_while_they_are_listed_interrupt_the_dump),
		REPLY_TEST(the_usual_answer_takes_one_request),
		REPLY_TEST(an_answer_larger_than_the_buffer_is_asked_for_again),
		REPLY_TEST(an_answer_that_outgrows_every_buffer_is_refused),
		REPLY_TEST(what_another_process_sends_is_no_answer),
		REPLY_TEST(an_answer_to_an_earlier_request_is_passed_over),
	};

	return cmocka_run_group_tests_name("rt, replies", tests, enter_user_namespace, NULL);
}
