/* SPDX-License-Identifier: Apache-2.0 */
/* cni_exec.c - run a CNI plugin: its environment, its standard input, a limit for its time */
#include "cni_exec.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "clock.h"
#include "jtable.h"
#include "mem.h"

static void strv_free(char ***v)
{
	for (char **s = *v; s && *s; s++)
		free(*s);
	free(*v);
}

/* Whether a variable, "CNI_NETNS=...", is the one of this name. */
static bool is_variable(const char *text, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(text, "CNI_", 4) && !strncmp(text + 4, name, len) && text[4 + len] == '=';
}

/*
 * x->env with the variables of this call in place of its own. The specification has all others
 * passed on, those of later versions as well. NULL: no memory.
 */
static char **make_env(const struct cni_exec *x, enum cni_command command)
{
	const struct cni_args *a = x->args;
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

	while (x->env[n])
		n++;
	env = calloc(n + ARRAY_SIZE(own) + 1, sizeof(*env));
	if (!env)
		return NULL;

	n = 0;
	for (const char *const *s = x->env; *s; s++) {
		size_t i = 0;

		while (i < ARRAY_SIZE(own) && !is_variable(*s, own[i].name))
			i++;
		if (i == ARRAY_SIZE(own) && !(env[n++] = strdup(*s)))
			goto no_memory;
	}
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
static int config_file(const struct cni_exec *x, struct err *e)
{
	_cleanup_fd_ int fd = memfd_create("network configuration", MFD_CLOEXEC);

	if (fd < 0 || write(fd, x->config, x->config_len) != (ssize_t)x->config_len ||
	    lseek(fd, 0, SEEK_SET) < 0)
		return err_set(e, CNI_EIO, errno, "cannot hand the network configuration to %s %s",
			       x->kind, x->name);
	return TAKE_FD(fd);
}

/* What the child needs between clone() and execve(). */
struct child {
	const char *path;
	char *const *env;
	int in, out, lock;
	pid_t parent;
	int errnum; /* why it could not be executed; 0: it was */
};

/*
 * Runs in the child, on memory that it shares with its waiting parent.
 *
 * A plugin that outlived us could take an address after the DEL that follows had released all of
 * them: it ends with us. A process group of its own: a script's children end with it when its time
 * is over. SIGPIPE: we ignore it, the plugin should not.
 *
 * What it has started does not end with us, and could do the same: so all of them hold the lock.
 */
static int run_child(void *arg)
{
	struct child *c = arg;
	char *argv[] = {(char *)(uintptr_t)c->path, NULL};
	sigset_t none;

	(void)sigemptyset(&none);
	if (!prctl(PR_SET_PDEATHSIG, SIGKILL) && getppid() == c->parent && !setpgid(0, 0) &&
	    dup2(c->in, STDIN_FILENO) >= 0 && dup2(c->out, STDOUT_FILENO) >= 0 &&
	    (c->lock < 0 || fcntl(c->lock, F_SETFD, 0) >= 0) &&
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
static pid_t start(const struct cni_exec *x, enum cni_command command, int *ret_out, struct err *e)
{
	_cleanup_(strv_free) char **env = make_env(x, command);
	_cleanup_free_ char *stack = aligned_alloc(64, CHILD_STACK);
	_cleanup_fd_ int in = -1, out_read = -1, out_write = -1;
	pid_t pid;
	int fds[2];

	in = config_file(x, e);
	if (in < 0)
		return -1;
	if (!env || !stack || pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, x->failed, env && stack ? errno : ENOMEM, "cannot start %s %s",
			       x->kind, x->path);
	out_read = fds[0];
	out_write = fds[1];

	struct child c = {x->path, env, in, out_write, x->lock, getpid(), 0};
	int64_t end = clock_ms() + BUSY_MS;

	/*
	 * As posix_spawn() does it, which knows nothing of PR_SET_PDEATHSIG. While somebody writes
	 * the plugin's file it cannot be executed, and nothing tells when that ends.
	 */
	for (;;) {
		c.errnum = 0;
		pid = clone(run_child, stack + CHILD_STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, &c);
		if (pid < 0)
			return err_set(e, x->failed, errno, "cannot start %s %s", x->kind, x->path);
		if (!c.errnum)
			break;
		(void)waitpid(pid, NULL, 0); /* only so that no zombie stays */
		if (c.errnum != ETXTBSY || !clock_left_ms(end))
			return err_set(e, x->failed, c.errnum, "cannot start %s %s", x->kind,
				       x->path);
		(void)poll(NULL, 0, BUSY_TICK_MS);
	}
	*ret_out = TAKE_FD(out_read);
	return pid;
}

/* Reads what is there. Result: true at the end of the output. */
static bool read_some(int fd, struct cni_output *o)
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
static int collect(pid_t pid, int out, int timeout_ms, struct cni_output *o)
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

const char *cni_output_excerpt(const struct cni_output *o, char buf[static CNI_EXCERPT])
{
	size_t n = 0;

	for (; o->text && n < o->len && n < CNI_EXCERPT - 10; n++)
		buf[n] = isprint((unsigned char)o->text[n]) ? o->text[n] : ' ';
	(void)snprintf(buf + n, CNI_EXCERPT - n, "%s", n < o->len ? "..." : ""); /* sized for it */
	return buf;
}

/* A plugin that ended with another status than 0 says why in an error object. */
static int take_error(const struct cni_exec *x, int status, const struct cni_output *o,
		      struct err *e)
{
	struct err unused;
	json_auto_t *j = o->len ? jtable_parse(o->text, o->len, "", &unused) : NULL;
	const char *msg = json_string_value(json_object_get(j, "msg"));
	const char *details = json_string_value(json_object_get(j, "details"));
	json_int_t code = json_integer_value(json_object_get(j, "code"));
	char buf[CNI_EXCERPT];

	if (msg && *msg) {
		err_set(e, code > 0 && code < INT_MAX ? (int)code : x->failed, 0, "%s %s: %s",
			x->kind, x->name, msg);
		(void)snprintf(e->details, sizeof(e->details), "%s",
			       details ?: ""); /* may be cut */
		return -1;
	}
	if (WIFSIGNALED(status))
		return err_set(e, x->failed, 0, "%s %s was killed by signal %d", x->kind, x->name,
			       WTERMSIG(status));
	return err_set(e, x->failed, 0,
		       "%s %s ended with status %d and printed no error object: \"%s\"", x->kind,
		       x->name, WEXITSTATUS(status), cni_output_excerpt(o, buf));
}

void cni_output_clear(struct cni_output *o)
{
	free(o->text);
	*o = (struct cni_output){0};
}

int cni_exec_run(const struct cni_exec *x, enum cni_command command, struct cni_output *ret,
		 struct err *e)
{
	_cleanup_(cni_output_clear) struct cni_output o = {0};
	_cleanup_fd_ int out = -1;
	int status = 0, ended, errnum;
	pid_t pid = start(x, command, &out, e);

	if (pid < 0)
		return -1;
	ended = collect(pid, out, x->timeout_ms, &o);
	errnum = errno;
	if (ended <= 0)
		(void)kill(-pid, SIGKILL); /* its own group; gone already is as good */
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR) { /* ECHILD where SIGCHLD is ignored: how it ended is lost */
			errnum = errno;
			ended = -1;
			break;
		}
	if (ended < 0)
		return err_set(e, x->failed, errnum, "cannot wait for %s %s", x->kind, x->name);
	if (!ended)
		return err_set(e, x->failed, 0,
			       "%s %s did not answer %s within %d s and was killed (%s)", x->kind,
			       x->name, cni_command_name(command), x->timeout_ms / 1000, x->slow);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return take_error(x, status, &o, e);
	if (ret) {
		*ret = o;
		o = (struct cni_output){0};
	}
	return 0;
}
