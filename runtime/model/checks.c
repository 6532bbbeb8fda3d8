/* SPDX-License-Identifier: MIT */
#include "model/checks.h"

#include <limits.h>
#include <string.h>

#include "base/def.h"
#include "kernel/idmap.h"
#include "model/spec.h"

#define LINE_LEN      1000
#define HOSTNAME_LEN  63
#define SET_NAME_LEN  32
#define PACKAGE_LEN   64
#define TREE_NAME_LEN 64
#define INNER_LEN     1000
#define INNER_DEPTH   32
#define SESSION_LEN   64

#define DIGITS  "0123456789"
#define LOWER   "abcdefghijklmnopqrstuvwxyz"
#define UPPER   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LETTERS LOWER UPPER

static bool no_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

/* 1 to max bytes, all of them in set. */
static bool made_of(const char *text, const char *set, size_t max)
{
	size_t len = strnlen(text, max + 1);

	return len > 0 && len <= max && strspn(text, set) == len;
}

bool argument_ok(const char *text)
{
	return strnlen(text, ARGUMENT_MAX) < ARGUMENT_MAX;
}

bool line_ok(const char *text)
{
	return strnlen(text, LINE_LEN + 1) <= LINE_LEN && no_control(text);
}

bool file_name_ok(const char *text)
{
	size_t len = strnlen(text, NAME_MAX + 1);

	if (len == 0 || len > NAME_MAX)
		return false;
	if (strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return false;
	return !strchr(text, '/') && no_control(text);
}

/* No part of the path is empty, "." or ".."; a slash may end it. */
static bool parts_ok(const char *part)
{
	while (*part) {
		size_t len = strcspn(part, "/");

		if (len == 0 || len > NAME_MAX ||
		    (len == 1 && part[0] == '.') ||
		    (len == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		part += len;
		if (*part == '/')
			part++;
	}
	return true;
}

bool path_ok(const char *text)
{
	return text[0] == '/' && file_path_ok(text) && parts_ok(text + 1);
}

bool inner_path_ok(const char *text)
{
	size_t len = strnlen(text, INNER_LEN + 1), depth = 1;

	for (size_t i = 0; i < len; i++)
		depth += text[i] == '/';
	return len > 0 && len <= INNER_LEN && depth <= INNER_DEPTH &&
	       text[len - 1] != '/' && no_control(text) && parts_ok(text);
}

bool file_path_ok(const char *text)
{
	size_t len = strnlen(text, PATH_MAX);

	return len > 0 && len < PATH_MAX && no_control(text);
}

bool session_ok(const char *text)
{
	return !strchr(".-", text[0]) &&
	       made_of(text, LETTERS DIGITS "._-", SESSION_LEN);
}

bool hostname_ok(const char *text)
{
	return made_of(text, LETTERS DIGITS ".-", HOSTNAME_LEN);
}

bool cgroup_ok(const char *text)
{
	return strcmp(text, "auto") == 0 || strcmp(text, "systemd") == 0 ||
	       strcmp(text, "none") == 0 || path_ok(text);
}

bool tree_name_ok(const char *text)
{
	return !strchr("._-", text[0]) &&
	       made_of(text, LOWER DIGITS "._-", TREE_NAME_LEN);
}

bool set_name_ok(const char *text)
{
	return made_of(text, LOWER DIGITS "_-", SET_NAME_LEN);
}

bool package_name_ok(const char *text)
{
	return text[0] != '-' &&
	       made_of(text, LETTERS DIGITS "+._-", PACKAGE_LEN);
}

bool module_name_ok(const char *text)
{
	return text[0] != '-' &&
	       made_of(text, LETTERS DIGITS "._:/-", PACKAGE_LEN);
}

bool call_name_ok(const char *text)
{
	size_t len = strlen(text);

	return made_of(text, LETTERS DIGITS "._", PACKAGE_LEN) &&
	       text[len - 1] != '.' && !strstr(text, "..");
}

bool path_is_below(const char *path, const char *root)
{
	size_t len = strlen(root);

	return strncmp(path, root, len) == 0 &&
	       (path[len] == '\0' || path[len] == '/');
}

bool runs_interpreter(const char *command, const char *name)
{
	const char *slash = strrchr(command, '/');
	size_t len = strlen(name);

	command = slash ? slash + 1 : command;
	return strncmp(command, name, len) == 0 &&
	       !command[len + strspn(command + len, DIGITS ".")];
}

bool env_key_ok(const char *text, size_t len)
{
	return len > 0 && !strchr(DIGITS, text[0]) &&
	       strspn(text, LETTERS DIGITS "_") >= len;
}

bool same_name(const char *a, const char *b)
{
	if (!a || !b)
		return false;
	for (; *a && *b; a++, b++)
		if ((*a == '-' ? '_' : *a) != (*b == '-' ? '_' : *b))
			return false;
	return *a == *b;
}

struct fault {
	const char *path;
	bool below; /* also what is below it */
	const char *why;
};

/* path may end in a slash. */
static const char *find_fault(const struct fault *faults, size_t n_faults,
                              const char *path)
{
	for (size_t i = 0; i < n_faults; i++) {
		size_t len = strlen(faults[i].path);

		if (strncmp(path, faults[i].path, len) != 0)
			continue;
		const char *rest = path + len;
		if (!*rest || strcmp(rest, "/") == 0 ||
		    (faults[i].below && *rest == '/'))
			return faults[i].why;
	}
	return NULL;
}

const char *mount_source_fault(const char *path)
{
	static const struct fault faults[] = {
		{"/proc", true, "is the kernel's"},
		{"/sys", true, "is the kernel's"},
		{"/dev", true, "holds the host's devices"},
		{IDMAP_STATE_DIR, true, "is where sbx keeps its own state"},
		{"/run", false, "is where the host's services are"},
	};

	if (strcmp(path, "/") == 0)
		return "is the whole host";
	return find_fault(faults, ARRAY_SIZE(faults), path);
}

const char *mount_target_fault(const char *path)
{
	static const struct fault faults[] = {
		{"/proc", true, "is the sandbox's own"},
		{"/dev", true, "is the sandbox's own"},
		{"/sys", true, "is not in a sandbox"},
		{"/build", true, "is for what a build left"},
		{"/packages", true, "is for package layers"},
		{MASK_DIRECTORY, true, "is the sandbox's own"},
		{SESSION_PLACE, true, "is the sandbox's own"},
		{"/etc", false, "is the sandbox's own; name a file below it"},
		{"/tmp", false, "is the sandbox's own; name a path below it"},
		{"/workspace", false,
	         "is the sandbox's own; name a path below it"},
		{"/usr", false, "comes from the root tree"},
		{"/bin", false, "comes from the root tree"},
		{"/sbin", false, "comes from the root tree"},
		{"/lib", false, "comes from the root tree"},
		{"/lib32", false, "comes from the root tree"},
		{"/lib64", false, "comes from the root tree"},
		{"/libx32", false, "comes from the root tree"},
	};

	if (strcmp(path, "/") == 0)
		return "is the root tree";
	return find_fault(faults, ARRAY_SIZE(faults), path);
}
