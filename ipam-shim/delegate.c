/* SPDX-License-Identifier: Apache-2.0 */
/* delegate.c - addresses from another IPAM executable */
#include "delegate.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "clock.h"
#include "jtable.h"
#include "mem.h"

int delegate_find(const char *type, const char *cni_path, char path[static PATH_MAX], struct err *e)
{
	if (!*type || strchr(type, '/') || !strcmp(type, ".") || !strcmp(type, ".."))
		return err_set(e, CNI_ECONFIG, 0,
			       "ipam: \"type\": \"%.64s\" is not the name of an executable", type);

	for (const char *dir = cni_path; *dir;) {
		int len = (int)strcspn(dir, ":");
		struct stat st;

		if (len && snprintf(path, PATH_MAX, "%.*s/%s", len, dir, type) < PATH_MAX &&
		    !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK))
			return 0;
		dir += len;
		dir += *dir == ':';
	}
	return err_set(
		e, CNI_EIPAM, 0,
		"IPAM plugin %.255s is not in CNI_PATH (%.256s%s); install it there, or correct ipam.type",
		type, *cni_path ? cni_path : "which is empty", strlen(cni_path) > 256 ? "..." : "");
}

static void strv_free(char ***v)
{
	for (char **s = *v; s && *s; s++)
		free(*s);
	free(*v);
}

/* d->env without CNI_*, and the variables of this call. NULL: no memory. */
static char **make_env(const struct delegate *d, enum cni_command command)
{
	const struct cni_args *a = d->args;
	const struct {
		const char *name, *value;
	} own[] = {
		{"COMMAND", cni_command_name(command)},
		{"CONTAINERID", a->container_id},
		{"NETNS", a->netns},
		{"IFNAME", a->ifname},
		{"ARGS", a->args},
		{"PATH", a->path},
	};
	size_t n = 0;
	char **env;

	while (d->env[n])
		n++;
	env = calloc(n + ARRAY_SIZE(own) + 1, sizeof(*env));
	if (!env)
		return NULL;

	n = 0;
	for (const char *const *s = d->env; *s; s++)
		if (strncmp(*s, "CNI_", 4) && !(env[n++] = strdup(*s)))
			goto no_memory;
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (asprintf(&env[n++], "CNI_%s=%s", own[i].name, own[i].value) < 0)
			goto no_memory;
	return env;

no_memory:
	env[n - 1] = NULL;
	strv_free(&env);
	return NULL;
}

/*
 * The configuration as a file, so that it is complete whatever the plugin reads, and nobody waits
 * for a full pipe.
 */
static int config_file(const struct delegate *d, struct err *e)
{
	_cleanup_fd_ int fd = memfd_create("network configuration", MFD_CLOEXEC);

	if (fd < 0 || write(fd, d->config, d->config_len) != (ssize_t)d->config_len ||
	    lseek(fd, 0, SEEK_SET) < 0)
		return err_set(e, CNI_EIO, errno,
			       "cannot hand the network configuration to IPAM plugin %s", d->type);
	return TAKE_FD(fd);
}

/* What the child needs between clone() and execve(). */
struct child {
	const char *path;
	char *const *env;
	int in, out;
	pid_t parent;
	int errnum; /* why it could not be executed; 0: it was */
};

/*
 * Runs in the child, on memory that it shares with its waiting parent.
 *
 * A plugin that outlived us could take an address after the DEL that follows had released all of
 * them: it ends with us. A process group of its own: a script's children end with it when its time
 * is over. SIGPIPE: we ignore it, the plugin should not.
 */
static int run_child(void *arg)
{
	struct child *c = arg;
	char *argv[] = {(char *)(uintptr_t)c->path, NULL};
	sigset_t none;

	(void)sigemptyset(&none);
	if (!prctl(PR_SET_PDEATHSIG, SIGKILL) && getppid() == c->parent && !setpgid(0, 0) &&
	    dup2(c->in, STDIN_FILENO) >= 0 && dup2(c->out, STDOUT_FILENO) >= 0 &&
	    signal(SIGPIPE, SIG_DFL) != SIG_ERR && !sigprocmask(SIG_SETMASK, &none, NULL))
		(void)execve(c->path, argv, c->env); /* returns only when it failed */
	c->errnum = errno ?: EINTR;
	return 127;
}

/* How long a plugin that is being written is waited for, and how often it is tried. */
#define BUSY_MS      2000
#define BUSY_TICK_MS 10

/* Bytes for the child's calls, none of which is deep. */
#define CHILD_STACK (16UL * 1024)

/* Starts the plugin. Result: its process id, the read end of its standard output in *ret_out. */
static pid_t start(const struct delegate *d, enum cni_command command, int *ret_out, struct err *e)
{
	_cleanup_(strv_free) char **env = make_env(d, command);
	_cleanup_free_ char *stack = aligned_alloc(64, CHILD_STACK);
	_cleanup_fd_ int in = -1, out_read = -1, out_write = -1;
	char path[PATH_MAX];
	pid_t pid;
	int fds[2];

	if (delegate_find(d->type, d->args->path, path, e) < 0)
		return -1;
	in = config_file(d, e);
	if (in < 0)
		return -1;
	if (!env || !stack || pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, CNI_EIPAM, env && stack ? errno : ENOMEM,
			       "cannot start IPAM plugin %s", path);
	out_read = fds[0];
	out_write = fds[1];

	struct child c = {path, env, in, out_write, getpid(), 0};
	int64_t end = clock_ms() + BUSY_MS;

	/*
	 * As posix_spawn() does it, which knows nothing of PR_SET_PDEATHSIG. While somebody writes
	 * the plugin's file it cannot be executed, and nothing tells when that ends.
	 */
	for (;;) {
		c.errnum = 0;
		pid = clone(run_child, stack + CHILD_STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, &c);
		if (pid < 0)
			return err_set(e, CNI_EIPAM, errno, "cannot start IPAM plugin %s", path);
		if (!c.errnum)
			break;
		(void)waitpid(pid, NULL, 0); /* only so that no zombie stays */
		if (c.errnum != ETXTBSY || !clock_left_ms(end))
			return err_set(e, CNI_EIPAM, c.errnum, "cannot start IPAM plugin %s", path);
		(void)poll(NULL, 0, BUSY_TICK_MS);
	}
	*ret_out = TAKE_FD(out_read);
	return pid;
}

/* What a plugin printed. */
struct output {
	char *text; /* owned */
	size_t len, size;
	bool too_long;
};

/* Reads what is there. Result: true at the end of the output. */
static bool read_some(int fd, struct output *o)
{
	char waste[4096];
	ssize_t n;

	if (o->len == o->size && o->size <= JTABLE_MAX_TEXT) {
		size_t size = o->size ? o->size * 2 : 4096;
		char *text = realloc(o->text, size);

		if (text) {
			o->text = text;
			o->size = size;
		}
	}
	if (o->len < o->size) {
		n = read(fd, o->text + o->len, o->size - o->len);
		o->len += n > 0 ? (size_t)n : 0;
	} else {
		n = read(fd, waste, sizeof(waste));
		o->too_long = o->too_long || n > 0;
	}
	return n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN);
}

/*
 * Takes the output until the plugin has ended, not until its output is closed: a daemon that it
 * left behind may hold it. Result: 1 when it ended, 0 when the time is over, -1 with errno when it
 * cannot be watched.
 */
static int collect(pid_t pid, int out, int timeout_ms, struct output *o)
{
	_cleanup_fd_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int64_t end = clock_ms() + timeout_ms;
	struct pollfd p[] = {{.fd = out, .events = POLLIN}, {.fd = pidfd, .events = POLLIN}};

	if (pidfd < 0)
		return -1;
	for (;;) {
		int n = poll(p, 2, clock_left_ms(end));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n;
		if (p[1].revents)
			break;
		if (p[0].revents && read_some(out, o))
			p[0].fd = -1;
	}

	(void)fcntl(out, F_SETFL,
		    O_NONBLOCK); /* what it wrote before it ended is in the pipe now */
	while (poll(&p[0], 1, 0) > 0 && !read_some(out, o))
		;
	return 1;
}

/* The plugin's output for a message: its beginning, on one line. */
static const char *excerpt(const struct output *o, char buf[static 160])
{
	size_t n = 0;

	for (; o->text && n < o->len && n < 150; n++)
		buf[n] = isprint((unsigned char)o->text[n]) ? o->text[n] : ' ';
	(void)snprintf(buf + n, 160 - n, "%s", n < o->len ? "..." : ""); /* sized for it */
	return buf;
}

/* A plugin that ended with another status than 0 says why in an error object. */
static int take_error(const struct delegate *d, int status, const struct output *o, struct err *e)
{
	struct err unused;
	json_auto_t *j = o->len ? jtable_parse(o->text, o->len, "", &unused) : NULL;
	const char *msg = json_string_value(json_object_get(j, "msg"));
	const char *details = json_string_value(json_object_get(j, "details"));
	json_int_t code = json_integer_value(json_object_get(j, "code"));
	char buf[160];

	if (msg && *msg) {
		err_set(e, code > 0 && code < INT_MAX ? (int)code : CNI_EIPAM, 0,
			"IPAM plugin %s: %s", d->type, msg);
		(void)snprintf(e->details, sizeof(e->details), "%s",
			       details ?: ""); /* may be cut */
		return -1;
	}
	if (WIFSIGNALED(status))
		return err_set(e, CNI_EIPAM, 0, "IPAM plugin %s was killed by signal %d", d->type,
			       WTERMSIG(status));
	return err_set(e, CNI_EIPAM, 0,
		       "IPAM plugin %s ended with status %d and printed no error object: \"%s\"",
		       d->type, WEXITSTATUS(status), excerpt(o, buf));
}

static int take_result(const struct delegate *d, enum cni_command command, const struct output *o,
		       json_t **ret, struct err *e)
{
	json_auto_t *raw = NULL, *result = NULL;
	char what[96], buf[160];

	(void)snprintf(what, sizeof(what), "the result of IPAM plugin %.48s",
		       d->type); /* may be cut */
	if (o->too_long)
		return err_set(e, CNI_EIPAM, 0, "%s is larger than %u bytes", what,
			       JTABLE_MAX_TEXT);
	raw = jtable_parse(o->text ?: "", o->len, what, e);
	if (raw && command == CNI_VERSION) {
		*ret = TAKE_PTR(raw);
		return 0;
	}
	result = raw ? cni_result_in(raw, what, e) : NULL;
	if (!result) {
		e->code = CNI_EIPAM;
		return err_hint(e, "it printed \"%s\"", excerpt(o, buf));
	}
	if (!json_array_size(json_object_get(result, "ips")))
		return err_set(e, CNI_EIPAM, 0, "%s has no address", what);
	*ret = TAKE_PTR(result);
	return 0;
}

static void output_free(const struct output *o)
{
	free(o->text);
}

int delegate_run(const struct delegate *d, enum cni_command command, json_t **ret_result,
		 struct err *e)
{
	_cleanup_(output_free) struct output o = {0};
	_cleanup_fd_ int out = -1;
	int status, ended, errnum;
	pid_t pid = start(d, command, &out, e);

	if (pid < 0)
		return -1;
	ended = collect(pid, out, d->timeout_ms, &o);
	errnum = errno;
	if (ended <= 0)
		(void)kill(-pid, SIGKILL); /* its own group; gone already is as good */
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (ended < 0)
		return err_set(e, CNI_EIPAM, errnum, "cannot wait for IPAM plugin %s", d->type);
	if (!ended)
		return err_set(
			e, CNI_EIPAM, 0,
			"IPAM plugin %s did not answer %s within %d s and was killed (see its log, or raise "
			"\"ipamTimeout\")",
			d->type, cni_command_name(command), d->timeout_ms / 1000);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return take_error(d, status, &o, e);
	return ret_result ? take_result(d, command, &o, ret_result, e) : 0;
}
