/* SPDX-License-Identifier: Apache-2.0 */
/* stats.c - sriovctl stats: what PFs have counted of their VFs, once, each second, or as metrics */
#include "stats.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include "cni.h"
#include "ctl.h"
#include "mem.h"

/* One look at the host. VFs come, go and change their user between two of them. */
struct look {
	struct host host;
	struct stats_pf *pfs; /* owned; n of them */
	size_t n;
};

/* What the command line asks for. */
struct stats {
	const struct ctl *ctl;
	struct rt *rt;
	bool one_pf, one_vf;
	struct pciaddr pf; /* one_pf: this */
	uint32_t vf;       /* one_vf: this of it */
	struct look now, before;
};

static void end_look(struct look *l)
{
	for (size_t i = 0; i < l->n; i++)
		stats_clear(&l->pfs[i]);
	free(l->pfs);
	host_clear(&l->host);
	*l = (struct look){0};
}

/* An operand is looked up once: the interface that it names may go to a container. */
static int begin(struct stats *s, const struct host *h, struct err *e)
{
	struct host_pf *pf;
	struct host_vf *vf;

	if (host_find(h, s->ctl->argv[0], &pf, &vf, e) < 0)
		return -1;
	s->one_pf = true;
	s->pf = pf->dev.addr;
	s->one_vf = vf;
	s->vf = vf ? vf->dev.index : 0;
	return 0;
}

/* Of all PFs those that can answer; one without VFs has but its place among the metrics. */
static bool is_asked(const struct stats *s, const struct host_pf *pf)
{
	if (s->one_pf)
		return !pciaddr_compare(&pf->dev.addr, &s->pf);
	return pf->dev.ifname[0] && (pf->n_vfs || s->ctl->opt[OPT_PROMETHEUS]);
}

static int look(struct stats *s, struct err *e)
{
	struct look *l = &s->now;

	end_look(&s->before);
	s->before = s->now;
	*l = (struct look){0};
	if (host_read(s->ctl->sys, &l->host, e) < 0 ||
	    (s->ctl->argc && !s->one_pf && begin(s, &l->host, e) < 0))
		return -1;
	l->pfs = calloc(l->host.n ?: 1, sizeof(*l->pfs));
	if (!l->pfs)
		return err_set(e, CNI_EIO, ENOMEM, "cannot list the PFs");
	for (size_t p = 0; p < l->host.n; p++)
		if (is_asked(s, &l->host.pfs[p])) {
			if (stats_read(s->rt, &l->host.pfs[p], &l->pfs[l->n], e) < 0)
				return -1;
			l->n++;
		}
	return 0;
}

static bool is_wanted(const struct stats *s, uint32_t index)
{
	return !s->one_vf || s->vf == index;
}

static void print_json(const struct stats *s)
{
	json_t *pfs = json_array();

	for (size_t p = 0; p < s->now.n; p++) {
		const struct stats_pf *pf = &s->now.pfs[p];
		json_t *vfs = json_array();

		for (uint32_t i = 0; i < pf->told.n_vfs; i++) {
			struct vfdev vf;
			json_t *j;

			if (!is_wanted(s, i))
				continue;
			vfdev_nth(&pf->pf->dev, i, &vf);
			j = stats_json(&pf->told.stats[i]);
			(void)json_object_update_new(
				j, json_pack("{s:i, s:s}", "vf", (int)i, "pci", vf.name));
			(void)json_array_append_new(vfs, j);
		}
		(void)json_array_append_new(
			pfs, json_pack("{s:s, s:o, s:o}", "pci", pf->pf->dev.name, "ifname",
				       out_string(pf->pf->dev.ifname), "vfs", vfs));
	}
	out_json(json_pack("{s:o}", "pfs", pfs));
}

/* What the last look had of a PF; NULL: nothing. */
static const struct stats_pf *find_before(const struct stats *s, const struct stats_pf *pf)
{
	for (size_t i = 0; i < s->before.n; i++)
		if (!pciaddr_compare(&s->before.pfs[i].pf->dev.addr, &pf->pf->dev.addr))
			return &s->before.pfs[i];
	return NULL;
}

/* What came since then in bit/s; "-" where there is no such time, or the count began anew. */
static void rate_cell(struct out_table *t, const struct stats_pf *now,
		      const struct stats_pf *before, uint32_t i, enum rt_vf_count count)
{
	const struct rt_vf_stats *new = &now->told.stats[i], *old;

	if (!before || i >= before->told.n_vfs || now->at <= before->at ||
	    (old = &before->told.stats[i])->n[count] > new->n[count] || old->own != new->own)
		out_cell(t, "-");
	else
		out_cell(t, "%llu",
			 (unsigned long long)((new->n[count] - old->n[count]) * 8000 /
					      (uint64_t)(now->at - before->at)));
}

static void add_row(struct out_table *t, const struct stats_pf *pf, uint32_t i)
{
	const struct rt_vf_stats *counted = &pf->told.stats[i];
	struct vfdev vf;

	vfdev_nth(&pf->pf->dev, i, &vf);
	out_cell(t, "%s/%u", pf->pf->dev.ifname, i);
	out_cell(t, "%s", vf.name);
	for (unsigned c = 0; c < RT_VF_COUNTS; c++)
		if (stats_has(counted, c))
			out_cell(t, "%llu", (unsigned long long)counted->n[c]);
		else
			out_cell(t, "-");
}

static void print_table(const struct stats *s)
{
	bool watch = s->ctl->opt[OPT_WATCH];
	struct out_table t = {.columns = 2 + RT_VF_COUNTS + (watch ? 2 : 0), .right = ~3U};

	out_cell(&t, "VF");
	out_cell(&t, "PCI");
	for (unsigned c = 0; c < RT_VF_COUNTS; c++)
		out_cell(&t, "%s", stats_counts[c].head);
	if (watch) {
		out_cell(&t, "RX BIT/S");
		out_cell(&t, "TX BIT/S");
	}
	for (size_t p = 0; p < s->now.n; p++)
		for (uint32_t i = 0; i < s->now.pfs[p].told.n_vfs; i++) {
			const struct stats_pf *pf = &s->now.pfs[p], *before = find_before(s, pf);

			if (!is_wanted(s, i))
				continue;
			add_row(&t, pf, i);
			if (watch) {
				rate_cell(&t, pf, before, i, RT_VF_RX_BYTES);
				rate_cell(&t, pf, before, i, RT_VF_TX_BYTES);
			}
		}
	out_table(&t, true, s->ctl->color);
}

static void print(const struct stats *s)
{
	if (s->ctl->opt[OPT_JSON])
		print_json(s);
	else if (s->ctl->opt[OPT_PROMETHEUS])
		stats_prometheus(s->now.pfs, s->now.n, s->one_vf ? &s->vf : NULL);
	else if (s->now.n)
		print_table(s);
	else
		out_warn("no PF here has VFs; sriovctl list shows the PFs");
}

/*
 * Each second, until somebody ends it, or nobody reads it any more. A second is measured from the
 * start, however long the PFs take to answer.
 */
static int watch(struct stats *s, struct err *e)
{
	const struct itimerspec second = {{.tv_sec = 1}, {.tv_sec = 1}};
	_cleanup_fd_ int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	_cleanup_fd_ int ends = -1;
	uint64_t ticks;
	sigset_t end;
	int failed;

	(void)sigemptyset(&end);
	(void)sigaddset(&end, SIGINT);
	(void)sigaddset(&end, SIGTERM);
	ends = signalfd(-1, &end, SFD_CLOEXEC);
	if (timer < 0 || ends < 0 || sigprocmask(SIG_BLOCK, &end, NULL) < 0 ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR || timerfd_settime(timer, 0, &second, NULL) < 0)
		return err_set(e, CNI_EIO, errno, "cannot measure a second");
	for (;;) {
		struct pollfd fds[] = {{.fd = timer, .events = POLLIN},
				       {.fd = ends, .events = POLLIN},
				       {.fd = STDOUT_FILENO}};

		if (look(s, e) < 0)
			return -1;
		if (isatty(STDOUT_FILENO))
			(void)fputs("\033[H\033[J", stdout);
		print(s);
		failed = fflush(stdout);
		if (failed && errno == EPIPE)
			break;
		if (failed || poll(fds, ARRAY_SIZE(fds), -1) < 0)
			return err_set(e, CNI_EIO, errno, "cannot write the answer");
		if (fds[1].revents || fds[2].revents)
			break;
		if (read(timer, &ticks, sizeof(ticks)) < 0)
			return err_set(e, CNI_EIO, errno, "cannot measure a second");
	}
	__fpurge(stdout); /* nobody wants what could not be written */
	clearerr(stdout);
	return CTL_OK;
}

int cmd_stats(const struct ctl *ctl, struct err *e)
{
	struct stats s = {.ctl = ctl};
	int status;

	if (ctl->opt[OPT_PROMETHEUS] && (ctl->opt[OPT_JSON] || ctl->opt[OPT_WATCH]))
		return err_set(e, CNI_EFIELD, 0,
			       "--prometheus goes neither with --json nor with --watch");
	status = rt_open(&s.rt, e);
	if (status == 0 && ctl->opt[OPT_WATCH]) {
		status = watch(&s, e);
	} else if (status == 0) {
		status = look(&s, e);
		if (status == 0)
			print(&s);
	}
	end_look(&s.now);
	end_look(&s.before);
	rt_free(s.rt);
	return status;
}
