/* SPDX-License-Identifier: Apache-2.0 */
/* record_fuzz.c - any bytes as a record; what can be read can be written and read again */
#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "record.h"

#define VF "0000:01:10.0"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[] = "/dev/shm/record_fuzz.XXXXXX";
static int folder = -1;

static void remove_folder(void)
{
	(void)unlinkat(folder, VF ".json", 0);
	(void)rmdir(path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct err e;

	(void)argc;
	(void)argv;
	if (mkdtemp(path))
		folder = record_open_folder(path, &e);
	assert(folder >= 0);
	(void)atexit(remove_folder);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = openat(folder, VF ".json", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct record r = {0}, again = {0};
	struct err e = {0};

	assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	(void)close(fd);
	if (record_load(folder, VF, &r, &e) < 0) {
		assert(e.code == CNI_ESTATE);
		return 0;
	}
	assert(!record_save(folder, &r, &e) && record_load(folder, VF, &again, &e) == 1);
	record_clear(&again);
	record_clear(&r);
	return 0;
}
