/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.h - what stands in tests/data, and the places that a test has for itself */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "expect.h"

/* All paths are relative to tests/data; the tests run in the root of the repository. */
#define FIXTURES "tests/data/"

/*
 * The whole file with a NUL behind it, owned by the caller. What is missing fails the test, as
 * everywhere here.
 */
char *fixture_read(const char *path, size_t *ret_len);
json_t *fixture_json(const char *path);

/*
 * The bytes of a file in hexadecimal, with comments from '#' to the end of the line. Owned by the
 * caller.
 */
uint8_t *fixture_hex(const char *path, size_t *ret_len);

/*
 * A group of tests, one for each input NAME.json of a folder and called NAME. *state of the test is
 * "FOLDER/NAME", without the ending: beside the input lies what is expected of it. Result: number
 * of failures.
 */
int fixture_run(const char *folder, CMUnitTestFunction test);

/* "FOLDER/NAME" and an ending. Good until the next call. */
const char *fixture_beside(void *const *state, const char *ending);

/*
 * A folder of the test's own, empty and of mode 0700. As setup and teardown of a test:
 *	SCRATCH_TEST(a_record_survives_the_disk),
 */
#define SCRATCH_TEST(test) cmocka_unit_test_setup_teardown(test, scratch_make, scratch_remove)
int scratch_make(void **state);
int scratch_remove(void **state);

/* A path in it, absolute. Good for the next 15 calls. */
const char *scratch_path(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A file, a symbolic link, a folder in it; the folders above are made. */
void scratch_file(const char *content, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void scratch_link(const char *target, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void scratch_folder(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * From here on the process is root in a user namespace of its own, and in new namespaces of the
 * kinds in flags (CLONE_NEW*). A system that does not permit it fails the test.
 */
void scratch_namespaces(int flags);

/*
 * A file whose server never answers: to ask for its attributes is to wait until a signal kills the
 * process. Without /dev/fuse the test is skipped. For SCRATCH_TEST, after
 * scratch_namespaces(CLONE_NEWNS). Result: a descriptor that the caller closes.
 */
int scratch_dead_file(void);
