/* SPDX-License-Identifier: Apache-2.0 */
/* persist_put.c - sriovctl persist PF: what it has now, or is to have, becomes files */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cni.h"
#include "lock.h"
#include "mem.h"
#include "out.h"
#include "persist_now.h"
#include "persist_store.h"

#define LOCK_MS 5000

int persist_lock(const struct ctl *ctl, int *ret, struct err *e)
{
	_cleanup_fd_ int folder = -1;

	if (ctl->opt[OPT_DRY_RUN])
		return 0;
	if (geteuid() != 0)
		return err_set(e, CNI_EIO, 0, "persist writes to /etc: run it as root");
	folder = record_open_folder(RECORD_FOLDER, e);
	if (folder < 0)
		return -1;
	if (lock_take(folder, LOCK_MS) < 0)
		return err_set(e, CNI_EAGAIN, 0,
			       "another sriovctl persist is at work; try again when it has ended");
	*ret = TAKE_FD(folder);
	return 0;
}

/* This program's path, for the unit; one that systemd would read as something else is refused. */
static int find_program(char *ret, size_t size, struct err *e)
{
	const char *plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._+-";
	ssize_t n = readlink("/proc/self/exe", ret, size - 1);

	if (n < 0)
		return err_set(e, CNI_EIO, errno, "cannot read /proc/self/exe");
	ret[n] = '\0';
	if (ret[strspn(ret, plain)])
		return err_set(e, CNI_EIO, 0,
			       "\"%s\" cannot stand in a unit of systemd; run a copy of sriovctl "
			       "with another path, as /usr/local/sbin/sriovctl",
			       ret);
	return 0;
}

static void warn_of_users(const struct host_pf *pf)
{
	for (uint32_t i = 0; i < pf->n_vfs; i++)
		if (pf->vfs[i].use == HOST_GUEST || pf->vfs[i].use == HOST_NETNS)
			out_warn(
				"VF %u of %s is in use by %s: what it has at this moment is stored",
				i, host_pf_name(pf), pf->vfs[i].user);
}

static int collect(const struct ctl *ctl, const struct host_pf *pf, struct persist *ret,
		   struct err *e)
{
	_cleanup_(persist_clear) struct persist p = {0}, words = {0};

	if (persist_parse((size_t)ctl->argc - 1, ctl->argv + 1, &words, e) < 0)
		return -1;
	if (!pf->n_vfs && !words.vfs.set)
		return err_set(
			e, CNI_EDEVICE, 0,
			"%s has no VFs that could be stored; make them (sriovctl vfs %s N), or "
			"say how many there are to be (vfs=N)",
			host_pf_name(pf), host_pf_name(pf));
	if (persist_now(ctl->sys, pf, &p, e) < 0 || persist_merge(&p, &words, e) < 0 ||
	    persist_check(&p, host_pf_name(pf), pf->total, e) < 0)
		return -1;
	*ret = p;
	p = (struct persist){0};
	return 0;
}

static void print_files(const struct persist_files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		const struct persist_file *f = &files->f[i];

		if (f->link)
			(void)printf("==> /%s -> %s <==\n", f->path, f->text);
		else if (f->text)
			(void)printf("==> /%s <==\n%s\n", f->path, f->text);
	}
}

int persist_put(const struct ctl *ctl, int root, struct err *e)
{
	_cleanup_(persist_files_clear) struct persist_files files = {0};
	_cleanup_(persist_clear) struct persist p = {0};
	_cleanup_(host_clear) struct host h = {0};
	_cleanup_free_ char *modules = NULL;
	_cleanup_fd_ int lock = -1;
	const struct host_pf *pf;
	char program[512];

	if (persist_lock(ctl, &lock, e) < 0 || host_read(ctl->sys, &h, e) < 0)
		return -1;
	pf = host_find_pf(&h, ctl->argv[0], e);
	if (!pf || collect(ctl, pf, &p, e) < 0)
		return -1;
	modules = persist_modules(ctl->sys, &p, e);
	if (!modules || find_program(program, sizeof(program), e) < 0)
		return -1;
	persist_files_make(pf->dev.name, &p, host_pf_name(pf), modules, program, &files);
	warn_of_users(pf);
	if (ctl->opt[OPT_DRY_RUN]) {
		print_files(&files);
		return CTL_OK;
	}
	if (persist_save(root, &files, e) < 0)
		return -1;
	(void)printf("%s (%s) will have %llu VFs at each boot, as in /%s\n", host_pf_name(pf),
		     pf->dev.name, (unsigned long long)p.vfs.v, files.f[0].path);
	(void)printf("for network managers to leave those alone that are there now:\n"
		     "  udevadm control --reload && udevadm trigger -c change -s net; "
		     "networkctl reload\n");
	return CTL_OK;
}
