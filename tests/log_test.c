/* SPDX-License-Identifier: Apache-2.0 */
/* log_test.c - the logger: one line per event, with container id and interface */
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "cni.h"
#include "fixture.h"
#include "log.h"
#include "mem.h"

/* What was logged since the file was last looked at. */
static const char *logged(void)
{
	static char text[8192];
	FILE *f = fopen(scratch_path("log"), "re");

	if (!f)
		fail_msg("there is no log");
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	(void)fclose(f);
	expect_int(truncate(scratch_path("log"), 0), 0);
	return text;
}

static void expect_match(const char *text, const char *pattern)
{
	regex_t re;

	expect_int(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&re, text, 0, NULL, 0))
		fail_msg("actual:   %s\nexpected: %s", text, pattern);
	regfree(&re);
}

static void a_line_says_when_how_bad_and_for_whom(void **state)
{
	struct err e = {0};
	struct stat st;

	(void)state;
	expect_ok(log_open(LOG_WARNING, scratch_path("log"), "c1", "net1", &e), &e);
	log_line(LOG_WARNING, "VF %d", 3);
	expect_match(
		logged(),
		"^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.[0-9]{3}Z "
		"\\[warning\\] c1 net1: VF 3\n$");
	expect_int(stat(scratch_path("log"), &st), 0);
	expect_hex(st.st_mode & 07777, 0600);
}

/* Every day of two centuries, among them 2000 and 2100, beside glibc's text. */
static void the_time_is_as_glibc_has_it(void **state)
{
	char ours[CLOCK_TEXT], theirs[CLOCK_TEXT];

	(void)state;
	for (time_t day = 0; day < 200 * 366; day++) {
		struct timespec t = {.tv_sec = day * 86400 + day * 7919 % 86400,
				     .tv_nsec = day * 1000003 % 1000000000};
		struct tm tm;
		size_t n = strftime(theirs, sizeof(theirs), "%Y-%m-%dT%H:%M:%S",
				    gmtime_r(&t.tv_sec, &tm));

		(void)snprintf(theirs + n, sizeof(theirs) - n, ".%03ldZ", t.tv_nsec / 1000000);
		expect_text(clock_text(t, ours), theirs);
	}
	expect_text(clock_text((struct timespec){-1, 0}, ours), "1970-01-01T00:00:00.000Z");
}

static void only_what_is_wanted_is_written(void **state)
{
	(void)state;
	for (unsigned level = 0; level < LOG_LEVELS; level++) {
		struct err e = {0};

		expect_ok(log_open((enum log_level)level, scratch_path("log"), "", "", &e), &e);
		for (unsigned l = 0; l < LOG_LEVELS; l++) {
			log_line((enum log_level)l, "x");
			expect_match(logged(), l <= level ? "x\n$" : "^$");
		}
	}
	expect_text(log_levels[LOG_LEVELS], NULL);
}

static void a_long_line_is_cut_and_ends_with_a_newline(void **state)
{
	char text[4096], id[256];
	struct err e = {0};
	const char *line;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	memset(id, 'c', sizeof(id));
	id[sizeof(id) - 1] = '\0';
	expect_ok(log_open(LOG_WARNING, scratch_path("log"), id, "net1", &e), &e);
	log_line(LOG_ERROR, "%s", text);
	log_line(LOG_ERROR, "next");
	line = logged();
	expect_match(line, "\\[error\\] c{64} net1: x+\n20[^\n]*next\n$");
	expect_int(strcspn(line, "\n") < 2048, true);
}

/* Part of a message can be what a configuration or another plugin says. */
static void a_newline_in_a_message_begins_no_line(void **state)
{
	struct err e = {0};

	(void)state;
	expect_ok(log_open(LOG_WARNING, scratch_path("log"), "c1", "net1", &e), &e);
	log_line(LOG_ERROR, "unknown key \"%s\"", "a\nb\r\033[2J");
	expect_match(logged(), "^[^\n\r\033]*unknown key \"a[^\n\r\033]*\"\n$");
}

static void a_bad_log_file_is_refused_and_standard_error_stays(void **state)
{
	struct err e;

	(void)state;
	scratch_file("", "target");
	scratch_link("target", "link");
	expect_err(log_open(LOG_INFO, "log", "", "", &e), &e, CNI_ECONFIG,
		   "\"log\" is not an absolute path");
	expect_err(log_open(LOG_INFO, scratch_path("link"), "", "", &e), &e, CNI_ECONFIG,
		   "cannot be opened");
	expect_err(log_open(LOG_INFO, scratch_path("none/log"), "", "", &e), &e, CNI_ECONFIG,
		   "cannot be opened");
	expect_err(log_open(LOG_INFO, scratch_path("."), "", "", &e), &e, CNI_ECONFIG,
		   "cannot be opened");
}

static void a_log_that_cannot_be_written_stops_nothing(void **state)
{
	struct err e = {0};

	(void)state;
	expect_ok(log_open(LOG_INFO, "/dev/full", "", "", &e), &e);
	log_line(LOG_ERROR, "lost");
}

/* A fifo that nobody reads does not stop the work. */
static void a_log_that_nobody_reads_stops_nothing(void **state)
{
	struct err e;

	(void)state;
	expect_int(mkfifo(scratch_path("fifo"), 0600), 0);
	(void)alarm(5); /* ends the test, should it hang */
	expect_err(log_open(LOG_INFO, scratch_path("fifo"), "", "", &e), &e, CNI_ECONFIG,
		   "cannot be opened");
	(void)alarm(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(a_bad_log_file_is_refused_and_standard_error_stays),
		SCRATCH_TEST(a_log_that_nobody_reads_stops_nothing),
		cmocka_unit_test(a_log_that_cannot_be_written_stops_nothing),
		SCRATCH_TEST(a_line_says_when_how_bad_and_for_whom),
		cmocka_unit_test(the_time_is_as_glibc_has_it),
		SCRATCH_TEST(only_what_is_wanted_is_written),
		SCRATCH_TEST(a_long_line_is_cut_and_ends_with_a_newline),
		SCRATCH_TEST(a_newline_in_a_message_begins_no_line),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
