/* SPDX-License-Identifier: Apache-2.0 */
/* jtable_test.c - a JSON object into a struct, by a table */
#include <stdio.h>
#include <string.h>

#include "cni.h"
#include "expect.h"
#include "jtable.h"
#include "mem.h"

/* One member of each kind, with a row of its own. */
struct all {
	const char *string;
	bool boolean;
	struct opt uint, word, mac, any_mac;
	json_t *object, *array;
};

static const char *const words[] = {"off", "on", "Auto", NULL};

#define AT(m) offsetof(struct all, m)
static const struct jfield rows[] = {
	{"string", JT_STRING, AT(string), 0, 0, NULL},
	{"boolean", JT_BOOL, AT(boolean), 0, 0, NULL},
	{"uint", JT_UINT, AT(uint), 2, 9, NULL},
	{"word", JT_WORD, AT(word), 0, 0, words},
	{"mac", JT_MAC, AT(mac), 0, 0, NULL},
	{"mac_or_word", JT_MAC, AT(mac), 0, 0, words},
	{"any_mac", JT_MAC_OR_ZERO, AT(any_mac), 0, 0, NULL},
	{"object", JT_OBJECT, AT(object), 0, 0, NULL},
	{"array", JT_ARRAY, AT(array), 0, 0, NULL},
	{"any", JT_ANY, 0, 0, 0, NULL},
	JT_END,
};

static json_t *parse(const char *text)
{
	struct err e = {0};
	json_t *j = jtable_parse(text, strlen(text), "the text", &e);

	expect_ok(j ? 0 : -1, &e);
	return j;
}

static void every_kind_is_read_into_its_member(void **state)
{
	json_auto_t *j =
		parse("{\"string\": \"text\", \"boolean\": true, \"uint\": 5, \"word\": \"AUTO\","
		      " \"mac\": \"02:00:5E:00:00:fe\", \"any_mac\": \"ff-ff-ff-ff-ff-ff\","
		      " \"object\": {\"a\": 1}, \"array\": [1], \"any\": 1.5}");
	struct all all = {0};
	struct err e = {0};

	(void)state;
	expect_ok(jtable_read(j, rows, &all, &e), &e);
	expect_text(all.string, "text");
	expect_int(all.boolean, true);
	expect_int(all.uint.set, true);
	expect_int(all.uint.v, 5);
	expect_int(all.word.set, true);
	expect_int(all.word.v, 2);
	expect_int(all.mac.set, true);
	expect_hex(all.mac.v, 0x02005e0000fe);
	expect_int(all.any_mac.set, true);
	expect_hex(all.any_mac.v, 0xffffffffffff);
	expect_int(all.object == json_object_get(j, "object"), true);
	expect_int(all.array == json_object_get(j, "array"), true);
	expect_int(e.code, 0);
}

/* Each is given for the key alone; what is expected stands in the message. NULL: it is accepted. */
static const struct {
	const char *key, *value, *expected;
} values[] = {
	{"string", "\"\"", NULL},
	{"string", "5", "\"string\": 5 was given, a string is expected"},
	{"string", "[\"a\"]", "a string is expected"},
	{"boolean", "false", NULL},
	{"boolean", "\"true\"", "\"boolean\": \"true\" was given, true or false is expected"},
	{"boolean", "1", "true or false is expected"},
	{"uint", "2", NULL},
	{"uint", "9", NULL},
	{"uint", "1", "\"uint\": 1 was given, a whole number from 2 to 9 is expected"},
	{"uint", "10", "a whole number from 2 to 9 is expected"},
	{"uint", "-5", "a whole number from 2 to 9 is expected"},
	{"uint", "5.0", "a whole number from 2 to 9 is expected"},
	{"uint", "\"5\"", "a whole number from 2 to 9 is expected"},
	{"uint", "4294967301", "a whole number from 2 to 9 is expected"}, /* 2^32 + 5 */
	{"word", "\"ON\"", NULL},
	{"word", "\"yes\"",
	 "\"word\": \"yes\" was given, one of \"off\" \"on\" \"Auto\" is expected"},
	{"word", "\"\"", "one of \"off\" \"on\" \"Auto\" is expected"},
	{"word", "true", "one of \"off\" \"on\" \"Auto\" is expected"},
	{"mac", "\"00:00:00:00:00:01\"", NULL},
	{"mac", "\"00:00:00:00:00:00\"",
	 "a unicast MAC address like \"02:00:5e:00:00:01\" is expected"},
	{"mac", "\"01:00:5e:00:00:01\"", "a unicast MAC address"},
	{"mac", "\"ff:ff:ff:ff:ff:ff\"", "a unicast MAC address"},
	{"mac", "2", "a unicast MAC address"},
	{"mac_or_word", "\"AUTO\"", NULL},
	{"mac_or_word", "\"00:00:00:00:00:01\"", NULL},
	{"mac_or_word", "\"none\"",
	 "a unicast MAC address like \"02:00:5e:00:00:01\" or \"off\" or \"on\" or \"Auto\" is expected"},
	{"mac_or_word", "1", "a unicast MAC address"},
	{"any_mac", "\"00:00:00:00:00:00\"", NULL},
	{"any_mac", "\"01:00:5e:00:00:01\"", NULL},
	{"any_mac", "\"02:00:5e:00:00\"", "\"any_mac\": \"02:00:5e:00:00\" was given"},
	{"object", "{}", NULL},
	{"object", "[]", "\"object\": [] was given, an object is expected"},
	{"array", "[]", NULL},
	{"array", "{}", "\"array\": {} was given, an array is expected"},
	{"any", "\"any\"", NULL},
};

static void every_value_out_of_bounds_is_named_and_left_out(void **state)
{
	struct all untouched;
	char text[128];

	(void)state;
	memset(&untouched, 0x5a, sizeof(untouched));
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct all all = untouched;
		struct err e = {0};

		(void)snprintf(text, sizeof(text), "{\"%s\": %s}", values[i].key, values[i].value);
		EXPECT_ROW(text);

		json_auto_t *j = parse(text);
		int r = jtable_read(j, rows, &all, &e);

		if (!values[i].expected) {
			expect_ok(r, &e);
			continue;
		}
		expect_err(r, &e, CNI_ECONFIG, values[i].expected);
		expect_bytes(&all, sizeof(all), &untouched, sizeof(untouched));
	}
}

static void absent_and_null_leave_the_member_alone(void **state)
{
	json_auto_t *j = parse("{\"string\": null, \"uint\": null, \"mac\": null}");
	struct all untouched, all;
	struct err e = {0};

	(void)state;
	memset(&untouched, 0x5a, sizeof(untouched));
	all = untouched;
	expect_ok(jtable_read(j, rows, &all, &e), &e);
	expect_bytes(&all, sizeof(all), &untouched, sizeof(untouched));
}

static void the_first_bad_value_is_told_and_the_good_ones_are_read(void **state)
{
	json_auto_t *j = parse("{\"array\": 1, \"uint\": 10, \"string\": \"a\", \"word\": \"on\"}");
	struct all all = {0};
	struct err e = {0};

	(void)state;
	expect_err(jtable_read(j, rows, &all, &e), &e, CNI_ECONFIG, "\"uint\": 10 was given");
	expect_text(all.string, "a");
	expect_int(all.word.v, 1);
	expect_int(all.uint.set, false);
}

static void of_a_long_value_the_message_shows_the_beginning(void **state)
{
	char text[512] = "{\"uint\": \"";
	struct all all = {0};
	struct err e = {0};

	(void)state;
	memset(text + strlen(text), 'a', 400);
	strcat(text, "\"}");

	json_auto_t *j = parse(text);

	expect_err(jtable_read(j, rows, &all, &e), &e, CNI_ECONFIG,
		   "\"uint\": \"aaaaaaaaaaaaaaaaaaaa");
	expect_within(e.msg, "a... was given, a whole number");
	expect_int(strspn(strchr(e.msg, 'a'), "a") < 64, true);
}

static void collect(const char *key, void *arg)
{
	strcat(strcat(arg, key), ";");
}

static void every_key_without_a_row_is_told(void **state)
{
	json_auto_t *j = parse(
		"{\"String\": 1, \"string\": 1, \"any\": 1, \"strin\": 1, \"\": 1, \"strings\": 1}");
	char keys[64] = "";

	(void)state;
	jtable_unknown(j, rows, collect, keys);
	expect_text(keys, "String;strin;;strings;");
}

/* --- texts --- */

static const struct {
	const char *text, *expected;
} texts[] = {
	{"", "the text is not valid JSON: line 1, column 0"},
	{"{", "the text is not valid JSON"},
	{"{\"a\": 1} x", "the text is not valid JSON"},
	{"{\"a\": 1}\n{\"b\"", "line 2, column 1"},
	{"[]", "the text is not a JSON object"},
	{"\"a\"", "not valid JSON"},
	{"{\"a\": 1, \"a\": 2}", "duplicate object key"},
	{"{\"a\": {\"b\": 1, \"b\": 1}}", "duplicate object key"},
	{"{\"a\": \"\xff\"}", "unable to decode byte 0xff"},
	{"{\"a\": \"\xc0\xaf\"}", "unable to decode byte 0xc0"},     /* '/' in two bytes */
	{"{\"a\": \"\xed\xa0\x80\"}", "unable to decode byte 0xed"}, /* half of a surrogate pair */
	{"{\"a\": \"\\u0000\"}", "\\u0000 is not allowed"},
	{"{\"a\": 1e999}", "not valid JSON"},
	{"{\"a\": 99999999999999999999}", "too big integer"},
};

static void a_text_that_is_no_json_object_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct err e = {0};
		json_auto_t *j = jtable_parse(texts[i].text, strlen(texts[i].text), "the text", &e);

		EXPECT_ROW(texts[i].text);
		expect_err(j ? 0 : -1, &e, CNI_EDECODE, texts[i].expected);
	}
}

static void a_text_may_have_one_mebibyte_and_not_a_byte_more(void **state)
{
	_cleanup_free_ char *text = malloc(JTABLE_MAX_TEXT + 1);
	struct err e = {0};

	(void)state;
	memset(text, ' ', JTABLE_MAX_TEXT + 1);
	memcpy(text, "{}", 2);

	json_auto_t *fits = jtable_parse(text, JTABLE_MAX_TEXT, "the text", &e);
	json_auto_t *larger = fits ? jtable_parse(text, JTABLE_MAX_TEXT + 1, "the text", &e) : NULL;

	expect_ok(fits ? 0 : -1, &e);
	expect_err(larger ? 0 : -1, &e, CNI_EDECODE, "the text is larger than 1048576 bytes");
}

/*
 * What comes from outside is put into a record, some levels further in, and has to be read again.
 * Brackets within strings are none.
 */
static void a_text_may_have_a_thousand_levels(void **state)
{
	static const char *const opening[] = {"[", "{\"\\\"]}\":", "[\"[[\\\\\","};
	static const char *const closing[] = {"]", "}", "]"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(opening); i++) {
		for (int levels = 999; levels <= 1000; levels++) {
			_cleanup_free_ char *text = calloc(1, 20000);
			char *end = stpcpy(text, "{\"a\":");
			struct err e = {0};

			EXPECT_ROW(opening[i]);
			for (int k = 0; k < levels; k++)
				end = stpcpy(end, opening[i]);
			end = stpcpy(end, "1");
			for (int k = 0; k < levels; k++)
				end = stpcpy(end, closing[i]);
			end = stpcpy(end, "}");

			json_auto_t *j = jtable_parse(text, (size_t)(end - text), "the text", &e);
			json_auto_t *own =
				jtable_parse_own(text, (size_t)(end - text), NULL, "the text", &e);

			expect_int(own != NULL, true);
			if (levels == 999)
				expect_ok(j ? 0 : -1, &e);
			else
				expect_err(j ? 0 : -1, &e, CNI_EDECODE,
					   "the text is nested deeper than 1000 levels");
		}
	}
}

static void a_text_of_endless_depth_is_refused(void **state)
{
	_cleanup_free_ char *text = malloc(JTABLE_MAX_TEXT);
	struct err e = {0};

	(void)state;
	memset(text, '[', JTABLE_MAX_TEXT);
	memcpy(text, "{\"a\":", 5);

	json_auto_t *j = jtable_parse(text, JTABLE_MAX_TEXT, "the text", &e);

	expect_err(j ? 0 : -1, &e, CNI_EDECODE, "maximum parsing depth");
}

/* The text is taken by its length: what follows is not ours, and a NUL within is no end. */
static void a_text_ends_where_its_length_says(void **state)
{
	const char text[] = "{\"a\": 1}{\0}";
	struct err e = {0};
	json_auto_t *first = jtable_parse(text, 8, "the text", &e);

	(void)state;
	expect_ok(first ? 0 : -1, &e);
	expect_err(jtable_parse(text, sizeof(text) - 1, "the text", &e) ? 0 : -1, &e, CNI_EDECODE,
		   "");
}

/* --- MAC addresses --- */

static void a_mac_address_is_six_pairs_of_digits(void **state)
{
	static const char *const none[] = {
		"",
		"02",
		"02:00:5e:00:00:0",
		"02:00:5e:00:00:001",
		"02:00:5e:00:00:01:",
		"02:00:5e:00:00:01 ",
		" 02:00:5e:00:00:01",
		"02:00:5e:00:00:0g",
		"2:0:5e:0:0:1",
		"0x:00:5e:00:00:01",
		"+2:00:5e:00:00:01",
		"02.00.5e.00.00.01",
		"02005e000001",
		"02:00:5e:00:00:01:02:03", /* EUI-64 */
	};
	uint64_t mac = 1;
	char text[MAC_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		EXPECT_ROW(none[i]);
		expect_int(mac_parse(none[i], &mac), -1);
		expect_hex(mac, 1);
	}
	expect_int(mac_parse("fE:Dc-bA:98-76:54", &mac), 0);
	expect_hex(mac, 0xfedcba987654);
	expect_text(mac_text(mac, text), "fe:dc:ba:98:76:54");
	expect_text(mac_text(1, text), "00:00:00:00:00:01");
}

static void *no_memory(size_t size)
{
	(void)size;
	return NULL;
}

static void without_memory_a_text_is_not_called_wrong(void **state)
{
	struct err e;

	(void)state;
	json_set_alloc_funcs(no_memory, free);
	expect_int(jtable_parse("{}", 2, "the text", &e) != NULL, 0);
	json_set_alloc_funcs(malloc, free);
	expect_int(e.code, CNI_EIO);
	expect_text(e.msg, "cannot parse the text: Cannot allocate memory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_read_into_its_member),
		cmocka_unit_test(every_value_out_of_bounds_is_named_and_left_out),
		cmocka_unit_test(absent_and_null_leave_the_member_alone),
		cmocka_unit_test(the_first_bad_value_is_told_and_the_good_ones_are_read),
		cmocka_unit_test(of_a_long_value_the_message_shows_the_beginning),
		cmocka_unit_test(every_key_without_a_row_is_told),
		cmocka_unit_test(without_memory_a_text_is_not_called_wrong),
		cmocka_unit_test(a_text_that_is_no_json_object_is_refused),
		cmocka_unit_test(a_text_may_have_one_mebibyte_and_not_a_byte_more),
		cmocka_unit_test(a_text_may_have_a_thousand_levels),
		cmocka_unit_test(a_text_of_endless_depth_is_refused),
		cmocka_unit_test(a_text_ends_where_its_length_says),
		cmocka_unit_test(a_mac_address_is_six_pairs_of_digits),
	};

	return cmocka_run_group_tests_name("jtable", tests, NULL, NULL);
}
