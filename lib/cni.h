/* SPDX-License-Identifier: Apache-2.0 */
/* cni.h - the CNI protocol: arguments, result, error, versions */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "err.h"

/*
 * Error codes. 1 to 99 are the specification's (CNI 1.1.0, section 5, "Error"), from 100 on they
 * are ours.
 */
enum cni_code {
	CNI_EVERSION = 1,   /* CNI version not supported */
	CNI_EFIELD = 2,     /* a field of the configuration has a value that is not supported */
	CNI_EUNKNOWN = 3,   /* the container is unknown or does not exist */
	CNI_EENV = 4,       /* an environment variable is missing or malformed */
	CNI_EIO = 5,        /* reading or writing failed */
	CNI_EDECODE = 6,    /* content that cannot be decoded */
	CNI_ECONFIG = 7,    /* invalid network configuration */
	CNI_EAGAIN = 11,    /* a passing condition: try again later */
	CNI_ENOTAVAIL = 50, /* STATUS: the plugin cannot serve ADD */
	CNI_ELIMITED = 51,  /* STATUS: existing containers may have limited connectivity */
	CNI_EKERNEL = 100,  /* the kernel or a driver refused */
	CNI_EDEVICE = 101,  /* the device is not what is needed: no VF, PF down, in use */
	CNI_ECHECK = 102,   /* CHECK found something other than ADD left */
	CNI_EIPAM = 103,  /* an IPAM plugin is missing, hung or did not answer as the specification
			     says */
	CNI_ESTATE = 104, /* the state folder or a record in it cannot be used */
};

enum cni_command { CNI_ADD, CNI_DEL, CNI_CHECK, CNI_GC, CNI_STATUS, CNI_VERSION, CNI_COMMANDS };

/*
 * What the runtime says in the environment. All strings are borrowed; "" where a variable is not
 * set.
 */
struct cni_args {
	enum cni_command command;
	const char *container_id; /* CNI_CONTAINERID, checked */
	const char *netns;        /* CNI_NETNS, "" where DEL came without */
	const char *ifname;       /* CNI_IFNAME, checked */
	const char *args;         /* CNI_ARGS, raw */
	const char *path;         /* CNI_PATH */
};

/*
 * Reads the protocol's environment variables through get (getenv in a program, a table in a test),
 * and checks those that the command needs: container id, namespace and interface name. Errors:
 * CNI_EENV.
 */
int cni_args_read(const char *(*get)(const char *name), struct cni_args *ret, struct err *e);

/* The command's word, as in CNI_COMMAND. */
const char *cni_command_name(enum cni_command c);

/*
 * Whether name can be an interface's: 1 to 15 bytes, no '/', ':', white space, not "." or ".."
 * (kernel: dev_valid_name(), net/core/dev.c), and no '%', which makes it a pattern for a name.
 */
bool cni_ifname_valid(const char *name);

/* Whether name can be a network's: 1 to 255 bytes, and a file can be called so. */
bool cni_network_name_valid(const char *name);

/*
 * Finds the value of key in "K=V;K=V" (CNI_ARGS).
 * Result: 1 and a copy in buf (size bytes), 0 when the key is not there. Errors: CNI_EENV when args
 * is malformed or the value does not fit.
 */
int cni_args_get(const char *args, const char *key, char *buf, size_t size, struct err *e);

/* Versions, oldest first; a result's shape depends on it. */
enum cni_version {
	CNI_0_1_0,
	CNI_0_2_0,
	CNI_0_3_0,
	CNI_0_3_1,
	CNI_0_4_0,
	CNI_1_0_0,
	CNI_1_1_0,
	CNI_VERSIONS
};
#define CNI_NEWEST CNI_1_1_0

const char *cni_version_name(enum cni_version v);

/*
 * The version a text names. text NULL: 0.1.0, as the specification's first version did not carry
 * the key. Errors: CNI_EVERSION.
 */
int cni_version_parse(const char *text, enum cni_version *ret, struct err *e);

/*
 * The answer to VERSION, owned by the caller. cniVersion: text to repeat, or NULL for the newest.
 */
json_t *cni_version_answer(const char *cni_version);

/* The error object of the specification, owned by the caller. */
json_t *cni_error_answer(const struct err *e, const char *cni_version);

/*
 * Results. Inside our programs a result always has the newest shape: "interfaces", "ips" (address,
 * gateway, interface), "routes" and "dns". Another plugin's result of any version is brought into
 * it, and ours into the version that the runtime wants.
 */

/*
 * Brings a result of whatever version it says (0.1.0 where it says none) into the newest shape;
 * what: names its origin in messages. Result: owned by the caller. Errors: CNI_EDECODE,
 * CNI_EVERSION.
 */
json_t *cni_result_in(const json_t *result, const char *what, struct err *e);

/*
 * Brings a result of the newest shape into version v. Result: owned by the caller.
 * Errors: CNI_EVERSION when v cannot express it (0.1.0 and 0.2.0 have one address of each family at
 * most).
 */
json_t *cni_result_out(const json_t *result, enum cni_version v, struct err *e);

/*
 * What a plugin answers in a list: the result of the plugins in front of it (NULL: there are none),
 * and its own behind that. Its addresses have "interface", the index among its own interfaces, and
 * are made to point to the same one in the whole. dns as of cni_dns_merge(), its own over the
 * others'. Result: owned by the caller. Source: CNI 1.1.0, section 2, "prevResult", and section 5,
 * "Success".
 */
json_t *cni_result_chain(const json_t *prev, json_t *own);

/* The container's interface of this name in a result of the newest shape; NULL: none. Borrowed. */
json_t *cni_result_interface(const json_t *result, const char *ifname);

/*
 * dns with each of nameservers, domain, search, options taken from over where it is there, else
 * from under. Either may be NULL. Result: owned by the caller; an empty object when both say
 * nothing.
 */
json_t *cni_dns_merge(json_t *over, json_t *under);
