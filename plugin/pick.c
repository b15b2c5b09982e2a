/* SPDX-License-Identifier: Apache-2.0 */
/* pick.c - a free VF, where the configuration says which will do */
#include "pick.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "mem.h"
#include "pick_pfs.h"
#include "recovery.h"
#include "sysfs.h"

struct pick {
	struct attachment *a;
	bool look; /* only ask whether there is one */
	struct pick_pfs pfs;
	struct record_entry *held;
	size_t n_held;
	unsigned matching;      /* VFs that the selectors ask for */
	unsigned tried, misfit; /* those that were looked at, and that have not what is to be set */
	struct reasons why;
};

static int compare_entry(const void *key, const void *entry)
{
	return pciaddr_compare(key, &((const struct record_entry *)entry)->vf);
}

static const struct record_entry *holder(const struct pick *p, const struct pciaddr *vf)
{
	return p->n_held ? bsearch(vf, p->held, p->n_held, sizeof(*p->held), compare_entry) : NULL;
}

/*
 * Whether the selectors ask for the VF of an index and address, of a PF whose own fit. Its driver
 * is known only later.
 */
static bool is_wanted(const struct pool *pool, const struct pick_pf *pf, uint32_t index,
		      const struct pciaddr *addr)
{
	return pool_range_has(pf->ranges, index) && pool_has_root(pool, &pf->dev.addr, &index) &&
	       (!pool->vf.set || pool->vf.v == index) && pool_has_address(pool, addr);
}

/* The netdev of a VF that is to be picked. a->vf is the VF; outside of STATUS its lock is held. */
static int look_at_vf(struct pick *p, struct err *e)
{
	struct attachment *a = p->a;
	const struct pool *pool = &a->conf->pool;
	char acpi[16];

	if ((!p->look && recovery_settle(a, e) < 0) || vfdev_refresh(a->sys, &a->vf, e) < 0)
		return -1;
	if (!pool_has(pool, POOL_DRIVERS, a->vf.driver))
		return err_set(e, CNI_EAGAIN, 0, "VF %s has driver %s", a->vf.name,
			       a->vf.driver[0] ? a->vf.driver : "none");
	if (vfdev_is_userspace(a->vf.driver) && !pool->lists[POOL_DRIVERS] && !a->conf->driver)
		return err_set(
			e, CNI_EAGAIN, 0,
			"VF %s has driver %s, and no interface; it is picked where \"pool\" has this driver among "
			"its \"drivers\"",
			a->vf.name, a->vf.driver);
	if (pool->lists[POOL_ACPI_INDEXES] &&
	    (sysfs_read(a->sys, acpi, sizeof(acpi), e, "bus/pci/devices/%s/acpi_index",
			a->vf.name) < 0 ||
	     !pool_has(pool, POOL_ACPI_INDEXES, acpi)))
		return err_set(e, CNI_EAGAIN, 0, "VF %s has another ACPI index, or none",
			       a->vf.name);
	if (attachment_take_link(a, e) < 0)
		return -1;
	if (!(a->link.flags & IFF_UP))
		return 0;
	return err_set(
		e, CNI_EAGAIN, 0,
		"VF %s is in use on the host: its interface %s is up; if nobody uses it: ip link set "
		"%s down",
		a->vf.name, a->link.name, a->link.name);
}

/* Result: whether the PF has an interface, by which its VFs are configured. */
static bool name_pf(struct pick *p, struct pick_pf *pf)
{
	struct err why = {0};

	if (pf->dev.ifname[0] || !vfdev_name_pf(p->a->sys, &pf->dev, &why))
		return true;
	reasons_add(&p->why, "%s", why.msg);
	pf->unfit = true;
	return false;
}

/* Result: 0, for the VF that was tried. */
static int pass_over(struct pick *p, const struct err *why)
{
	struct attachment *a = p->a;

	p->tried++;
	p->misfit += why->code == CNI_ECONFIG;
	reasons_add(&p->why, "%s", why->msg);
	rt_pf_clear(&a->pf);
	attachment_unlock(a);
	return 0;
}

/*
 * Tries the VF of an index. The lock comes first: most of those who find none free learn it from
 * that. stale: as of try_pf(). Result: 1: taken; 0: not, and p knows why.
 */
static int try_vf(struct pick *p, struct pick_pf *pf, uint32_t index, bool stale)
{
	struct attachment *a = p->a;
	struct err why = {0};

	vfdev_nth(&pf->dev, index, &a->vf);
	if (!p->look && attachment_lock(a, a->vf.name, 0, &why) < 0)
		return pass_over(p, &why);
	if (!name_pf(p, pf)) {
		p->matching -= !stale; /* it will not do */
		attachment_unlock(a);
		return 0;
	}
	vfdev_nth(&pf->dev, index, &a->vf); /* with the PF's name */
	if (!look_at_vf(p, &why)) {
		pf->unfit = attachment_take_pf(a, &why) < 0;
		if (!pf->unfit && !attachment_check_vf(a, &why))
			return 1;
	}
	return pass_over(p, &why);
}

/*
 * The VFs of one PF. stale: those that the index says are held, in case it is by the dead; else all
 * others. Result: 1: taken, 0.
 */
static int try_pf(struct pick *p, struct pick_pf *pf, bool stale)
{
	const struct pool *pool = &p->a->conf->pool;
	char name[PCIADDR_TEXT];
	struct err held;

	for (uint32_t i = 0; i < pf->n_vfs && !pf->unfit; i++) {
		struct pciaddr vf = vfdev_nth_addr(&pf->dev, i);

		if (!is_wanted(pool, pf, i, &vf))
			continue;
		p->matching += !stale;
		if (!!holder(p, &vf) != stale)
			continue;
		if (stale && recovery_is_held(p->a->folder, pciaddr_text(&vf, name), &held)) {
			p->tried++;
			reasons_add(&p->why, "%s", held.msg);
			continue;
		}
		if (stale && p->look)
			return 1; /* ADD would give back what is left of it, and take it */
		if (try_vf(p, pf, i, stale))
			return 1;
	}
	return 0;
}

/* The PFs with the fewest VFs of this container first, then those with the fewest in use. */
static int by_use(const void *a, const void *b)
{
	const struct pick_pf *l = a, *r = b;

	return l->own != r->own     ? (l->own > r->own) - (l->own < r->own)
	       : l->held != r->held ? (l->held > r->held) - (l->held < r->held)
				    : (l->place > r->place) - (l->place < r->place);
}

static void spread(struct pick *p)
{
	for (size_t i = 0; i < p->pfs.n; i++) {
		struct pick_pf *pf = &p->pfs.pf[i];

		pf->place = i;
		for (uint32_t n = 0; n < pf->n_vfs; n++) {
			struct pciaddr vf = vfdev_nth_addr(&pf->dev, n);
			const struct record_entry *by = holder(p, &vf);

			pf->held += by != NULL;
			pf->own += by && !strcmp(by->owner, p->a->args->container_id);
		}
	}
	if (p->pfs.n)
		qsort(p->pfs.pf, p->pfs.n, sizeof(*p->pfs.pf), by_use);
}

static int none_free(const struct pick *p, struct err *e)
{
	const char *master = p->a->conf->pool.master ?: "the pool";
	char more[32] = "";

	if (!p->matching && !p->why.text[0])
		return err_set(
			e, CNI_EDEVICE, 0,
			"no VF of this host is what \"master\", \"vf\" and \"pool\" ask for");
	if (p->why.left_out)
		(void)snprintf(more, sizeof(more), "; and %u more", p->why.left_out);
	/* to come again helps where another has a VF that would do */
	return err_set(e,
		       !p->matching                         ? CNI_EDEVICE
		       : p->misfit && p->misfit == p->tried ? CNI_ECONFIG
							    : CNI_EAGAIN,
		       0, "no VF of %s is free: %s%s", master, p->why.text, more);
}

static void pick_clear(struct pick *p)
{
	record_entries_free(p->held, p->n_held);
	pick_pfs_clear(&p->pfs);
}

static int pick(struct pick *p, struct err *e)
{
	struct attachment *a = p->a;

	if (pick_pfs_find(a, &p->pfs, &p->why, e) < 0 ||
	    record_index_list(a->folder, &p->held, &p->n_held, e) < 0)
		return -1;
	if (a->conf->pool.policy.v == POOL_SPREAD)
		spread(p);
	for (int pass = 0; pass < (p->n_held ? 2 : 1); pass++) /* what the dead hold comes last */
		for (size_t i = 0; i < p->pfs.n; i++)
			if (try_pf(p, &p->pfs.pf[i], pass == 1))
				return 0;
	return none_free(p, e);
}

int pick_vf(struct attachment *a, struct err *e)
{
	_cleanup_(pick_clear) struct pick p = {.a = a};

	return recovery_settle_own(a, e) < 0 ? -1 : pick(&p, e);
}

int pick_look(struct attachment *a, struct err *e)
{
	_cleanup_(pick_clear) struct pick p = {.a = a, .look = true};

	return pick(&p, e);
}
