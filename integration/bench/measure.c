/* SPDX-License-Identifier: Apache-2.0 */
/* measure.c - runs each program in turn on the same VFs and prints what every run cost */

/*
 * Theory of operation
 *
 * What is measured is data: programs (who), scenarios (with what), operations (in this order). In
 * every round each scenario is gone through by all programs, one right after the other, so that
 * the ratios of a round are of the same moment; who begins, and in which direction it goes on,
 * changes from round to round. Round -1 warms up and is not printed.
 *
 * A run is N processes at once, one for each VF and pod; N is 1 for the cost of a single call.
 * They are forked and prepared, wait at a gate, and are let go together. Wall time is from the
 * gate's opening to the end of the last one; CPU time is the sum, with that of their children (an
 * IPAM plugin); RSS is that of the largest process. Preparing, looking and cleaning up are not
 * timed. This program stays small, since a child that has not yet exec'd counts in its RSS.
 *
 * A run counts only if it did its work: after ADD the interface in the pod is looked at, after DEL
 * the VF on the host, which has to be as it was found. Where that fails with one process, the
 * measurement ends, except for a foreign program that cannot do a scenario at all: it is left out
 * of it, with the reason in the output. With many processes failures are counted.
 *
 * Output, separated by tabs:
 *	run	AT_ONCE ROUND PROGRAM SCENARIO OPERATION WALL_MS CPU_MS RSS_KB FAILURES
 *	trace	PROGRAM SCENARIO OPERATION NETLINK_MESSAGES SYSCALLS
 *	skip	PROGRAM SCENARIO REASON
 */

#include <assert.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_VFS    64
#define POD_IFNAME "net1"
#define BENCH_MAC  "02:be:bc:00:00:01"

enum op { VERSION, ADD, CHECK, DEL, OP_COUNT };

static const char *const op_names[OP_COUNT] = {"VERSION", "ADD", "CHECK", "DEL"};

/*
 * Texts of programs and scenarios are templates; expand() fills in:
 *	@t the program's own name	@d the VF's PCI address	@n its name	@m its MAC
 *	@p its PF's name		@i its index there	@s the pod	@a an address
 *	@w our folder			@k @r @f the scenario's keys, runtime, floor[op]
 */
struct program {
	const char *name;        /* in the output, and of the folder with its executable */
	const char *conf;        /* its stdin, but for VERSION */
	const char *const *args; /* for each operation, or NULL where it has none */
	bool no_attrs;           /* cannot set attributes of a VF */
	bool foreign;            /* may fail in the warm-up */
	bool alone;     /* an IPAM plugin, called without another plugin and without a VF */
	char path[256]; /* found there; empty: not measured */
};

struct scenario {
	const char *name;
	const char *keys;            /* for a network configuration */
	const char *runtime;         /* for its runtimeConfig */
	const char *floor[OP_COUNT]; /* for the floor; NULL: this operation is not run */
	bool attrs;                  /* sets attributes of the VF */
	bool address;                /* gives the pod an address */
	bool at_once;                /* is also run with many VFs */
	bool alone;                  /* for IPAM plugins alone */
	unsigned int leases;         /* that are given before, in leases-many-@t */
};

#define CONF(keys) "{\"cniVersion\":\"1.0.0\",\"name\":\"bench\",\"type\":\"@t\"" keys "@k}"
#define CONF_SRIOV CONF(",\"deviceID\":\"@d\",\"runtimeConfig\":{\"deviceID\":\"@d\"@r}")

static const char *const cni_args[OP_COUNT] = {"", "", "", ""};
static const char *const floor_args[OP_COUNT] = {
	[VERSION] = "nothing",
	[ADD] = "add @n @s " POD_IFNAME "@f",
	[DEL] = "del " POD_IFNAME " @s @n@f",
};

static struct program programs[] = {
	{.name = "sriov", .conf = CONF_SRIOV, .args = cni_args},
	{.name = "floor", .conf = CONF(""), .args = floor_args},
	{.name = "host-device",
	 .conf = CONF(",\"device\":\"@n\""),
	 .args = cni_args,
	 .no_attrs = true},
	{.name = "peer", .conf = CONF_SRIOV, .args = cni_args, .foreign = true},
	{.name = "ipam-shim", .conf = CONF(""), .args = cni_args, .alone = true},
	{.name = "host-local", .conf = CONF(""), .args = cni_args, .alone = true},
};

static const struct scenario scenarios[] = {
	{.name = "start", .keys = "", .runtime = "", .floor = {[VERSION] = ""}},
	{.name = "no IPAM",
	 .keys = "",
	 .runtime = "",
	 .floor = {[ADD] = "", [CHECK] = "", [DEL] = ""},
	 .at_once = true},
	{.name = "host-local",
	 .keys = ",\"ipam\":{\"type\":\"host-local\",\"dataDir\":\"@w/leases\","
		 "\"ranges\":[[{\"subnet\":\"10.77.0.0/16\"}]]}",
	 .runtime = "",
	 .floor = {[ADD] = " addr=@a ipam=@w/ipam/host-local",
		   [CHECK] = "",
		   [DEL] = " ipam=@w/ipam/host-local"},
	 .address = true,
	 .at_once = true},
	{.name = "ipam-shim",
	 .keys = ",\"ipam\":{\"type\":\"ipam-shim\",\"dataDir\":\"@w/leases-shim\","
		 "\"ranges\":[[{\"subnet\":\"10.77.0.0/16\"}]]}",
	 .runtime = "",
	 .floor = {[ADD] = " addr=@a", [CHECK] = "", [DEL] = ""},
	 .address = true,
	 .at_once = true},
	{.name = "an address alone",
	 .keys = ",\"ipam\":{\"type\":\"@t\",\"dataDir\":\"@w/leases-@t\","
		 "\"ranges\":[[{\"subnet\":\"10.77.0.0/16\"}]]}",
	 .runtime = "",
	 .floor = {[ADD] = "", [CHECK] = "", [DEL] = ""},
	 .alone = true},
	/* as on a node that is in use: a kubelet has at most 110 pods, unless told otherwise */
	{.name = "an address, 100 given",
	 .keys = ",\"ipam\":{\"type\":\"@t\",\"dataDir\":\"@w/leases-many-@t\","
		 "\"ranges\":[[{\"subnet\":\"10.77.0.0/16\"}]]}",
	 .runtime = "",
	 .floor = {[ADD] = "", [CHECK] = "", [DEL] = ""},
	 .alone = true,
	 .leases = 100},
	{.name = "mac+vlan+trust",
	 .keys = ",\"vlan\":100,\"trust\":\"on\"",
	 .runtime = ",\"mac\":\"" BENCH_MAC "\"",
	 .floor = {[ADD] = " own=" BENCH_MAC " pf=@p vf=@i mac=" BENCH_MAC " vlan=100 trust=on",
		   [CHECK] = "",
		   [DEL] = " own=@m pf=@p vf=@i mac=00:00:00:00:00:00 vlan=0 trust=off"},
	 .attrs = true},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct vf {
	char dir[80];        /* its device, through its PF, in /sys */
	char pf[IFNAMSIZ];   /* its PF's name */
	char index[4];       /* on that PF */
	char address[32];    /* one that the floor gives to the pod's interface */
	char pci[16];        /* its PCI address */
	char name[IFNAMSIZ]; /* its netdev, as found */
	char mac[18];        /* that one's MAC */
	char flags[16];      /* and flags, as sysfs has them */
	char on_pf[256];     /* how the PF describes it, as found */
	char pod[80];        /* the namespace that it goes to, a path */
	int result;          /* what ADD printed, a file */
};

/* One run: who, with what, which operation. */
struct run {
	const struct program *program;
	const struct scenario *scenario;
	enum op op;
	const struct vf *vf; /* while the templates of one process are filled in */
};

static struct vf vfs[MAX_VFS];
static size_t vf_count;
static const char *work;       /* the folder with the programs */
static struct rusage *at_exec; /* shared with the processes: what each had used before its exec */
static bool tracing;
static int host_netns;
static int complaints; /* stderr of the programs, a file */
static unsigned int container;

/* ---- small things ---- */

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Lets the kernel finish what it does later: namespaces that go, watchdogs of interfaces. */
static void settle(size_t n)
{
	usleep((useconds_t)(50000 + 10000 * n));
}

/* Reads the first line of a file, without its end; one that can't be read is empty. */
static void read_line(char *text, size_t size, const char *dir, const char *name)
{
	char path[256];
	FILE *f;

	text[0] = '\0';
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "re");
	if (!f)
		return;
	if (fgets(text, (int)size, f))
		text[strcspn(text, "\n")] = '\0';
	fclose(f);
}

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	if (!f || fputs(text, f) < 0 || fclose(f))
		err(1, "%s", path);
}

static void read_all(int fd, char *text, size_t size)
{
	ssize_t n = pread(fd, text, size - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
}

static void empty_file(int fd)
{
	if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		err(1, "cannot empty a file");
}

static int memory_file(void)
{
	int fd = memfd_create("output", MFD_CLOEXEC);

	if (fd < 0)
		err(1, "memfd");
	return fd;
}

/* ---- VFs and pods ---- */

/* What iproute2 says of the VF on its PF. */
static void describe_on_pf(const struct vf *vf, char *text, size_t size)
{
	char command[64], prefix[16];
	FILE *f;

	snprintf(command, sizeof(command), "ip link show dev %s", vf->pf);
	snprintf(prefix, sizeof(prefix), " vf %s ", vf->index);
	f = popen(command, "re"); /* NOLINT(cert-env33-c): our own words, in a machine of our own */
	if (!f)
		err(1, "%s", command);

	while (fgets(text, (int)size, f) && !strstr(text, prefix))
		;
	if (pclose(f))
		errx(1, "%s: no success", command);
	text[strcspn(text, "\n")] = '\0';
}

/* Up and down once: from there on igb's PF knows, and shows, the MAC that igbvf chose. */
static void use_once(const char *name)
{
	struct ifreq ifr = {};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool good;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	good = !ioctl(fd, SIOCGIFFLAGS, &ifr);
	ifr.ifr_flags |= IFF_UP;
	good = good && !ioctl(fd, SIOCSIFFLAGS, &ifr);
	ifr.ifr_flags &= ~IFF_UP;
	if (!good || ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
		err(1, "%s", name);
	close(fd);
}

static void find_vfs(void)
{
	glob_t found;

	if (glob("/sys/class/net/*/device/virtfn*/net/*", 0, NULL, &found))
		errx(1, "no VF has a netdev here");
	if (found.gl_pathc > MAX_VFS)
		errx(1, "more than %d VFs", MAX_VFS);

	for (vf_count = 0; vf_count < found.gl_pathc; vf_count++) {
		const char *path = found.gl_pathv[vf_count];
		struct vf *vf = &vfs[vf_count];
		char link[64] = "";

		if (sscanf(path, "/sys/class/net/%15[^/]/device/virtfn%3[0-9]/net/%15s", vf->pf,
			   vf->index, vf->name) != 3)
			errx(1, "%s is not understood", path);

		snprintf(vf->address, sizeof(vf->address), "10.77.1.%zu/16", vf_count + 1);
		snprintf(vf->dir, sizeof(vf->dir), "%.*s",
			 (int)(strlen(path) - strlen("/net/") - strlen(vf->name)), path);
		if (readlink(vf->dir, link, sizeof(link) - 1) < 0)
			err(1, "%s", vf->dir);
		snprintf(vf->pci, sizeof(vf->pci), "%.15s", strrchr(link, '/') + 1);
		use_once(vf->name);
		read_line(vf->mac, sizeof(vf->mac), path, "address");
		read_line(vf->flags, sizeof(vf->flags), path, "flags");
		describe_on_pf(vf, vf->on_pf, sizeof(vf->on_pf));
	}
	globfree(&found);
}

/* New VFs on all PFs: whatever a program left behind is gone with the old ones. */
static void renew_vfs(void)
{
	glob_t pfs;

	if (glob("/sys/class/net/*/device/sriov_numvfs", 0, NULL, &pfs))
		errx(1, "no PF here");
	for (size_t i = 0; i < pfs.gl_pathc; i++) {
		char *slash = strrchr(pfs.gl_pathv[i], '/');
		char count[16];

		*slash = '\0';
		read_line(count, sizeof(count), pfs.gl_pathv[i], slash + 1);
		write_file(pfs.gl_pathv[i], slash + 1, "0");
		write_file(pfs.gl_pathv[i], slash + 1, count);
	}
	globfree(&pfs);
	find_vfs();
}

/* Is the VF on the host as it was found, on its PF too where that is asked? Says what is not. */
static bool is_home(const struct vf *vf, bool on_pf_too)
{
	char netdev[128], flags[16], mac[18], on_pf[256];

	snprintf(netdev, sizeof(netdev), "%s/net/%s", vf->dir, vf->name);
	read_line(flags, sizeof(flags), netdev, "flags");
	read_line(mac, sizeof(mac), netdev, "address");
	if (strcmp(flags, vf->flags) || strcmp(mac, vf->mac)) {
		warnx("VF %s: %s has flags '%s', MAC '%s'; found were '%s', '%s'", vf->pci,
		      vf->name, flags, mac, vf->flags, vf->mac);
		return false;
	}
	if (!on_pf_too)
		return true;

	describe_on_pf(vf, on_pf, sizeof(on_pf));
	if (strcmp(on_pf, vf->on_pf)) {
		warnx("VF %s: the PF has%s; found was%s", vf->pci, on_pf, vf->on_pf);
		return false;
	}
	return true;
}

static void enter(const struct vf *vf)
{
	int pod = open(vf->pod, O_RDONLY | O_CLOEXEC);

	if (pod < 0 || setns(pod, CLONE_NEWNET) < 0)
		err(1, "%s", vf->pod);
	close(pod);
}

static void leave(void)
{
	if (setns(host_netns, CLONE_NEWNET) < 0)
		err(1, "back to the host");
}

/* Is the interface in the pod this very VF, up, with its address and attributes? */
static bool is_in_pod(const struct vf *vf, const struct scenario *s)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq driver = {.ifr_name = POD_IFNAME, .ifr_data = (char *)&info};
	struct ifreq flags = {.ifr_name = POD_IFNAME};
	struct ifreq mac = {.ifr_name = POD_IFNAME};
	struct ifreq addr = {.ifr_name = POD_IFNAME};
	struct ether_addr wanted;
	char on_pf[256];
	bool good;
	int fd;

	if (!ether_aton_r(s->attrs ? BENCH_MAC : vf->mac, &wanted))
		errx(1, "VF %s: %s is not a MAC", vf->pci, vf->mac);

	enter(vf);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	good = !ioctl(fd, SIOCETHTOOL, &driver) && !strcmp(info.bus_info, vf->pci) &&
	       !ioctl(fd, SIOCGIFFLAGS, &flags) && flags.ifr_flags & IFF_UP &&
	       !ioctl(fd, SIOCGIFHWADDR, &mac) &&
	       !memcmp(mac.ifr_hwaddr.sa_data, &wanted, sizeof(wanted)) &&
	       (!s->address || !ioctl(fd, SIOCGIFADDR, &addr));
	close(fd);
	leave();
	if (!good)
		warnx("VF %s: not in its pod, or not as it should be", vf->pci);
	if (!good || !s->attrs)
		return good;

	describe_on_pf(vf, on_pf, sizeof(on_pf));
	good = strstr(on_pf, BENCH_MAC) && strstr(on_pf, "vlan 100,") && strstr(on_pf, "trust on");
	if (!good)
		warnx("VF %s: the PF has%s", vf->pci, on_pf);
	return good;
}

static void make_pod(struct vf *vf)
{
	int fd;

	snprintf(vf->pod, sizeof(vf->pod), "%s/pod-%s", work, vf->pci);
	fd = open(vf->pod, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || unshare(CLONE_NEWNET) < 0 ||
	    mount("/proc/self/ns/net", vf->pod, NULL, MS_BIND, NULL) < 0)
		err(1, "%s", vf->pod);
	close(fd);
	leave();
}

static void drop_pod(const struct vf *vf)
{
	if (umount2(vf->pod, MNT_DETACH) < 0)
		err(1, "%s", vf->pod);
}

/* ---- one process ---- */

static void expand(FILE *out, const char *text, const struct run *r)
{
	const struct {
		char key;
		const char *text;
	} values[] = {
		{'t', strrchr(r->program->path, '/') + 1},
		{'d', r->vf->pci},
		{'n', r->vf->name},
		{'m', r->vf->mac},
		{'p', r->vf->pf},
		{'i', r->vf->index},
		{'s', r->vf->pod},
		{'a', r->vf->address},
		{'w', work},
		{'k', r->scenario->keys},
		{'r', r->scenario->runtime},
		{'f', r->scenario->floor[r->op]},
	};

	for (; *text; text++) {
		if (*text != '@') {
			fputc(*text, out);
			continue;
		}
		text++;
		for (size_t i = 0; i < COUNT(values); i++)
			if (values[i].key == *text)
				expand(out, values[i].text, r);
	}
}

/* A pipe with the configuration in it; CHECK and DEL get ADD's answer too, as from a runtime. */
static int make_stdin(const struct run *r)
{
	char conf[16384], result[8192] = "";
	FILE *out = fmemopen(conf, sizeof(conf), "w");
	int fds[2];

	if (!out || pipe2(fds, O_CLOEXEC) < 0)
		err(1, "stdin of %s", r->program->name);

	expand(out, r->op == VERSION ? "{\"cniVersion\":\"1.0.0\"}" : r->program->conf, r);
	if (r->op == CHECK || r->op == DEL)
		read_all(r->vf->result, result, sizeof(result));
	if (result[0]) {
		fseek(out, -1, SEEK_CUR);
		fprintf(out, ",\"prevResult\":%s}", result);
	}
	if (fclose(out) || write(fds[1], conf, strlen(conf)) < 0)
		err(1, "stdin of %s", r->program->name);
	close(fds[1]);
	return fds[0];
}

/* Splits text at its spaces, in place. */
static void split(char *text, char **words, size_t max)
{
	size_t n = 0;

	for (char *w = strtok(text, " "); w && n < max - 1; w = strtok(NULL, " "))
		words[n++] = w;
	words[n] = NULL;
}

/* Starts the program as far as its exec, which waits until the other end of the gate is closed. */
static pid_t start(const struct run *r, const int gate[static 2], int ready, int output)
{
	char command[1024], env[512], *argv[32], *envp[16];
	FILE *out = fmemopen(command, sizeof(command), "w");
	int input = make_stdin(r);
	pid_t pid;
	char byte = 0;

	if (tracing)
		fprintf(out, "/usr/bin/strace -f -qq -o %s/trace ", work);
	fprintf(out, "%s ", r->program->path);
	expand(out, r->program->args[r->op], r);
	fclose(out);
	split(command, argv, COUNT(argv));
	assert(argv[0]);

	snprintf(env, sizeof(env),
		 "CNI_COMMAND=%s CNI_CONTAINERID=bench-%u-%zu CNI_NETNS=%s CNI_IFNAME=" POD_IFNAME
		 " CNI_PATH=%s/ipam PATH=/usr/sbin:/usr/bin:/sbin:/bin",
		 op_names[r->op], container, (size_t)(r->vf - vfs), r->vf->pod, work);
	split(env, envp, COUNT(envp));

	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		close(gate[1]);
		if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(complaints, 2) < 0 ||
		    write(ready, &byte, 1) != 1 || read(gate[0], &byte, 1) < 0 ||
		    getrusage(RUSAGE_SELF, &at_exec[r->vf - vfs]) < 0)
			_exit(126);
		execve(argv[0], argv, envp);
		warn("%s", argv[0]);
		_exit(127);
	}
	close(input);
	return pid;
}

/* ---- runs ---- */

struct cost {
	double wall_ms, cpu_ms;
	long rss_kb;
	unsigned int failures;
	size_t failed; /* if there are failures: the VF of one of them */
};

static double cpu_ms(const struct rusage *u)
{
	return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1e3 +
	       (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e3;
}

/* One operation by n processes at once, on the first n VFs. */
static struct cost run_at_once(struct run r, size_t n)
{
	struct cost cost = {};
	bool failed[MAX_VFS] = {};
	pid_t pids[MAX_VFS];
	int gate[2], ready[2];
	double opened;

	if (pipe2(gate, O_CLOEXEC) < 0 || pipe2(ready, O_CLOEXEC) < 0)
		err(1, "pipe");
	empty_file(complaints);

	for (size_t i = 0; i < n; i++) {
		int output = r.op == ADD ? vfs[i].result : complaints;
		char byte;

		r.vf = &vfs[i];
		if (r.op == ADD)
			empty_file(output);
		pids[i] = start(&r, gate, ready[1], output);
		if (read(ready[0], &byte, 1) != 1)
			err(1, "gate");
	}

	opened = now_ms();
	close(gate[1]);
	for (size_t left = n; left; left--) {
		struct rusage usage;
		int status;
		pid_t pid = wait4(-1, &status, 0, &usage);

		cost.wall_ms = now_ms() - opened;
		if (usage.ru_maxrss > cost.rss_kb)
			cost.rss_kb = usage.ru_maxrss;
		for (size_t i = 0; i < n; i++) {
			if (pids[i] != pid)
				continue;
			failed[i] = status;
			cost.cpu_ms += cpu_ms(&usage) - cpu_ms(&at_exec[i]);
		}
	}
	close(gate[0]);
	close(ready[0]);
	close(ready[1]);

	for (size_t i = 0; i < n; i++) {
		if (!failed[i] &&
		    (r.scenario->alone || r.op != ADD || is_in_pod(&vfs[i], r.scenario)) &&
		    (r.scenario->alone || r.op != DEL || is_home(&vfs[i], n == 1)))
			continue;
		cost.failures++;
		cost.failed = i;
	}
	return cost;
}

/*
 * Counts what strace wrote; netlink messages one by one, also several in one call. What a process
 * does that outlives the program, nobody waits for.
 */
static void print_trace(const struct run *r)
{
	unsigned int syscalls = 0, messages = 0;
	long first = 0;
	static char line[65536];
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/trace", work);
	f = fopen(path, "re");
	if (!f)
		err(1, "%s", path);

	while (fgets(line, sizeof(line), f)) {
		const char *call = line + strspn(line, "0123456789 ");
		long pid = strtol(line, NULL, 10);

		if (!first)
			first = pid;
		if (pid == first && !strncmp(call, "exit_group", 10))
			break;
		if (!strncmp(call, "<...", 4) || !strncmp(call, "---", 3) ||
		    !strncmp(call, "+++", 3))
			continue;
		syscalls++;
		if (strncmp(call, "send", 4))
			continue;
		for (const char *m = call; (m = strstr(m, "nlmsg_type=")); m++)
			messages++;
	}
	fclose(f);
	printf("trace\t%s\t%s\t%s\t%u\t%u\n", r->program->name, r->scenario->name, op_names[r->op],
	       messages, syscalls);
}

/* Says what went wrong and what the program printed; in the output too if that leaves it out. */
static void report_failure(const struct run *r, bool left_out)
{
	char said[2][2048];

	read_all(complaints, said[0], sizeof(said[0]));
	read_all(r->vf->result, said[1], sizeof(said[1]));
	for (size_t i = 0; i < COUNT(said); i++)
		for (char *c = said[i]; (c = strpbrk(c, "\t\n")); c++)
			*c = ' ';

	warnx("%s, %s, VF %s: %s did not do its work: %s %s", r->program->name, r->scenario->name,
	      r->vf->pci, op_names[r->op], said[0], said[1]);
	if (left_out)
		printf("skip\t%s\t%s\t%s: %s %s\n", r->program->name, r->scenario->name,
		       op_names[r->op], said[0], said[1]);
}

/* A scenario's operations by one program, on the first n VFs. False: leave it out from now on. */
static bool go_through(const struct program *p, const struct scenario *s, size_t n, int round)
{
	bool good = true;

	container++;
	for (size_t i = 0; i < n; i++) {
		make_pod(&vfs[i]);
		if (!is_home(&vfs[i], n == 1))
			errx(1, "not measured: %s, %s, round %d", p->name, s->name, round);
	}

	for (enum op op = 0; op < OP_COUNT; op++) {
		struct run r = {p, s, op, NULL};
		struct cost cost;

		if (!p->args[op] || !s->floor[op] || (op == CHECK && n > 1))
			continue;

		settle(n);
		cost = run_at_once(r, n);
		if (cost.failures && good) {
			good = false;
			r.vf = &vfs[cost.failed];
			report_failure(&r, n == 1 && p->foreign && round < 0);
		}
		if (n == 1 && !good && (!p->foreign || round >= 0))
			exit(1);

		if (round >= 0 && tracing)
			print_trace(&r);
		else if (round >= 0)
			printf("run\t%zu\t%d\t%s\t%s\t%s\t%.3f\t%.3f\t%ld\t%u\n", n, round, p->name,
			       s->name, op_names[op], cost.wall_ms, cost.cpu_ms, cost.rss_kb,
			       cost.failures);
	}

	for (size_t i = 0; i < n; i++)
		drop_pod(&vfs[i]);
	settle(n);
	if (!good)
		renew_vfs();
	return good || n > 1;
}

/* What others have before the IPAM plugin p is called, as host-local writes it. */
static void give_leases(const struct program *p, const struct scenario *s)
{
	char path[512];
	size_t len;

	len = (size_t)snprintf(path, sizeof(path), "%s/leases-many-%s", work, p->name);
	mkdir(path, 0755);
	len += (size_t)snprintf(path + len, sizeof(path) - len, "/bench");
	mkdir(path, 0755);
	for (unsigned int i = 0; i < s->leases; i++) {
		FILE *f;

		snprintf(path + len, sizeof(path) - len, "/10.77.100.%u", i + 1);
		f = fopen(path, "we");
		if (!f || fprintf(f, "other-%u\r\nnet1", i) < 0 || fclose(f))
			err(1, "%s", path);
	}
}

static void find_programs(void)
{
	for (size_t i = 0; i < COUNT(programs); i++) {
		char pattern[128];
		glob_t found;

		snprintf(pattern, sizeof(pattern), "%s/%s/*", work, programs[i].name);
		if (!glob(pattern, 0, NULL, &found))
			snprintf(programs[i].path, sizeof(programs[i].path), "%s",
				 found.gl_pathv[0]);
		globfree(&found);
	}
}

int main(int argc, char **argv)
{
	bool left_out[COUNT(scenarios)][COUNT(programs)] = {};
	size_t n;
	int rounds;

	if (argc != 5)
		errx(1, "usage: measure time|trace ROUNDS VFS_AT_ONCE FOLDER");
	tracing = !strcmp(argv[1], "trace");
	rounds = (int)strtol(argv[2], NULL, 10);
	n = strtoul(argv[3], NULL, 10);
	work = argv[4];

	setlinebuf(stdout);
	host_netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	complaints = memory_file();
	for (size_t i = 0; i < MAX_VFS; i++)
		vfs[i].result = memory_file();
	at_exec = mmap(NULL, MAX_VFS * sizeof(*at_exec), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (at_exec == MAP_FAILED)
		err(1, "mmap");
	find_programs();
	for (size_t i = 0; i < COUNT(scenarios); i++)
		for (size_t k = 0; scenarios[i].leases && k < COUNT(programs); k++)
			if (programs[k].alone && programs[k].path[0])
				give_leases(&programs[k], &scenarios[i]);
	find_vfs();
	if (n < 1 || n > vf_count)
		errx(1, "%zu VFs at once, of %zu", n, vf_count);

	for (int round = -1; round < rounds; round++) {
		for (size_t k = 0; k < COUNT(scenarios) * COUNT(programs); k++) {
			const struct scenario *s = &scenarios[k / COUNT(programs)];
			size_t turn = (k + (size_t)(round + 1)) % COUNT(programs);
			size_t who = round % 2 ? COUNT(programs) - 1 - turn : turn;
			const struct program *p = &programs[who];
			bool *skip = &left_out[s - scenarios][who];

			if (p->path[0] && !*skip && p->alone == s->alone &&
			    !(s->attrs && p->no_attrs) && (n == 1 || s->at_once))
				*skip = !go_through(p, s, n, round);
		}
	}
	return 0;
}
