/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats_prometheus.c - what PFs have counted of their VFs, in the text format of Prometheus
 *
 * Source: Prometheus, "Exposition formats". All lines of a metric stand together, below what it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats.h"

char *stats_label(const char *value)
{
	json_auto_t *text = out_string(value); /* one that is no UTF-8 would spoil the whole file */
	const char *from = json_string_value(text) ?: "";
	char *ret = malloc(2 * strlen(from) + 1), *to = ret;

	if (!ret)
		abort();
	for (; *from; from++) {
		if (*from == '\\' || *from == '"' || *from == '\n')
			*to++ = '\\';
		*to = *from;
		if (*from == '\n')
			*to = 'n';
		to++;
	}
	*to = '\0';
	return ret;
}

static void print_head(const char *name, const char *type, const char *help)
{
	(void)printf("# HELP %s %s.\n# TYPE %s %s\n", name, help, name, type);
}

static void print_label(const char *name, const char *value, const char *before)
{
	char *label = stats_label(value);

	(void)printf("%s%s=\"%s\"", before, name, label);
	free(label);
}

/* The beginning of a line for VF i, its closing brace excluded. */
static void print_vf(const char *metric, const struct stats_pf *s, uint32_t i)
{
	struct vfdev vf;

	vfdev_nth(&s->pf->dev, i, &vf);
	(void)fputs(metric, stdout);
	print_label("pf", s->pf->dev.ifname, "{");
	(void)printf(",vf=\"%u\"", i);
	print_label("pci", vf.name, ",");
}

static void print_count(const struct stats_pf *s, size_t n, const uint32_t *only, unsigned count)
{
	bool begun = false;
	char metric[64];

	(void)snprintf(metric, sizeof(metric), "sriov_vf_%s_total", stats_counts[count].metric);
	for (size_t p = 0; p < n; p++)
		for (uint32_t i = 0; i < s[p].told.n_vfs; i++) {
			if ((only && *only != i) || !stats_has(&s[p].told.stats[i], count))
				continue;
			if (!begun)
				print_head(metric, "counter", stats_counts[count].help);
			begun = true;
			print_vf(metric, &s[p], i);
			(void)printf("} %llu\n", (unsigned long long)s[p].told.stats[i].n[count]);
		}
}

static void print_users(const struct stats_pf *s, size_t n, const uint32_t *only)
{
	print_head("sriov_vf_info", "gauge", "Who uses the VF, always 1");
	for (size_t p = 0; p < n; p++)
		for (uint32_t i = 0; i < s[p].pf->n_vfs; i++) {
			const struct host_vf *vf = &s[p].pf->vfs[i];
			bool container = vf->use == HOST_CONTAINER;

			if (only && *only != i)
				continue;
			print_vf("sriov_vf_info", &s[p], i);
			print_label("driver", vf->dev.driver, ",");
			print_label("use", host_use_words[vf->use], ",");
			print_label("container", container ? vf->rec.container_id : "", ",");
			print_label("network", container ? vf->rec.network : "", ",");
			(void)fputs("} 1\n", stdout);
		}
}

static void print_pfs(const struct stats_pf *s, size_t n, const char *metric, const char *help,
		      bool total)
{
	print_head(metric, "gauge", help);
	for (size_t p = 0; p < n; p++) {
		(void)fputs(metric, stdout);
		print_label("pf", s[p].pf->dev.ifname, "{");
		print_label("pci", s[p].pf->dev.name, ",");
		(void)printf("} %u\n", total ? s[p].pf->total : s[p].pf->n_vfs);
	}
}

void stats_prometheus(const struct stats_pf *s, size_t n, const uint32_t *only)
{
	print_pfs(s, n, "sriov_pf_vfs", "VFs that the PF has", false);
	print_pfs(s, n, "sriov_pf_vfs_limit", "VFs that the PF can have", true);
	print_users(s, n, only);
	for (unsigned c = 0; c < RT_VF_COUNTS; c++)
		print_count(s, n, only, c);
}
