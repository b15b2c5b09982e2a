/* SPDX-License-Identifier: Apache-2.0 */
/* lease_fuzz.c - any bytes as a lease, as the hint beside it, and as a resolv.conf */
#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"
#include "resolv.h"
#include "shim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Containers that the bytes do not speak of. */
#define A "container-a-of-the-fuzzer"
#define B "container-b-of-the-fuzzer"

static char folder[] = "/dev/shm/lease_fuzz.XXXXXX";
static int dir = -1;

static void clean_up(void)
{
	static const char *const names[] = {"net/10.56.0.2", "net/lock", "net/last_reserved_ip.0"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)unlinkat(dir, names[i], 0);
	(void)unlinkat(dir, "net", AT_REMOVEDIR);
	(void)rmdir(folder);
}

static void put(const char *name, const uint8_t *data, size_t size)
{
	_cleanup_fd_ int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	ssize_t n = write(fd, data, size);

	assert(n == (ssize_t)size);
}

static int call(enum cni_command command, const char *id, const char *valid, json_t **ret)
{
	const struct cni_args args = {
		.command = command, .container_id = id, .ifname = "net1", .args = "", .path = ""};
	json_auto_t *conf =
		json_pack("{s:s, s:s, s:{s:s, s:s, s:s}}", "cniVersion", "1.1.0", "name", "net",
			  "ipam", "type", SHIM_TYPE, "dataDir", folder, "subnet", "10.56.0.0/29");
	/* the list of GC is newer than all leases */
	const struct shim s = {
		.type = SHIM_TYPE, .args = &args, .conf = conf, .since = {INT32_MAX, 0}};
	struct err e;

	json_object_set_new(conf, "cni.dev/valid-attachments", json_loads(valid, 0, NULL));
	return shim_run(&s, command, ret, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size);
	json_auto_t *dns = resolv_parse(text), *first = NULL, *second = NULL;

	if (dir < 0) {
		assert(mkdtemp(folder));
		dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert(mkdirat(dir, "net", 0755) == 0);
		(void)atexit(clean_up);
	}
	if (memmem(data, size, A, strlen(A)) || memmem(data, size, B, strlen(B)))
		return 0;
	put("net/10.56.0.2", data, size);
	put("net/last_reserved_ip.0", data, size);

	/* whatever it says, its address is taken, and the others are given once */
	assert(!call(CNI_ADD, A, "[]", &first) && !call(CNI_ADD, B, "[]", &second));
	assert(!json_equal(first, second));
	assert(call(CNI_ADD, A, "[]", &first) < 0);
	(void)call(CNI_CHECK, "c1", "[]", NULL);
	assert(!call(CNI_DEL, A, "[]", NULL) && call(CNI_CHECK, A, "[]", NULL) < 0);
	assert(!call(CNI_CHECK, B, "[]", NULL));
	assert(!call(CNI_DEL, "c1", "[]", NULL));
	assert(!call(CNI_GC, "", "[{\"containerID\": \"" B "\", \"ifname\": \"net1\"}]", NULL));
	assert(!call(CNI_CHECK, B, "[]", NULL));
	assert(!call(CNI_GC, "", "[]", NULL) && call(CNI_CHECK, B, "[]", NULL) < 0);
	assert(faccessat(dir, "net/10.56.0.2", F_OK, 0) < 0);
	return 0;
}
