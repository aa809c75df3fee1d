#include "runners/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness/base/fs.h"
#include "harness/base/yaml.h"

static int read_list(const struct yaml *y, const char *file, struct strv *out, struct error *err)
{
	if (!y)
		return 0;
	if (y->kind != YAML_NODE_LIST)
		return yaml_mistake(y, file, err, "expected a list: [a, b]");
	for (size_t i = 0; i < y->n; i++) {
		if (y->items[i]->kind != YAML_NODE_SCALAR)
			return yaml_mistake(y->items[i], file, err, "expected a plain word");
		strv_add(out, y->items[i]->scalar);
	}
	return 0;
}

static int read_native(struct runner *r, const struct yaml *y, const char *file, const char *host,
		       struct error *err)
{
	const struct yaml *hosts = yaml_get(y, "hosts");

	if (!hosts || hosts->kind != YAML_NODE_MAP)
		return yaml_mistake(y, file, err, "a native runner needs hosts: {GOOS/GOARCH: [targets]}");
	r->native = true;
	return read_list(yaml_get(hosts, host), file, &r->targets, err);
}

static int read_emulator(struct runner *r, const struct yaml *y, const char *file,
			 const char *search, struct error *err)
{
	if (read_list(yaml_get(y, "targets"), file, &r->targets, err) < 0 ||
	    read_list(yaml_get(y, "command"), file, &r->command, err) < 0 ||
	    read_list(yaml_get(y, "also"), file, &r->also, err) < 0 ||
	    read_list(yaml_get(y, "version"), file, &r->version_args, err) < 0)
		return err->code;
	if (r->targets.n == 0 || r->command.n == 0)
		return yaml_mistake(y, file, err, "an emulator needs targets: and command:");
	r->program = fs_find_program(r->command.v[0], search);
	for (size_t i = 0; !r->program && i < r->also.n; i++)
		r->program = fs_find_program(r->also.v[i], search);
	return 0;
}

static int read_runner(const struct runners *rs, struct runner *r, const struct yaml *y,
		       const char *file, const char *host, const char *search, struct error *err)
{
	static const char *const known[] = { "name", "kind", "hosts", "targets", "command", "also",
					     "version", "cpu", "package", NULL };
	const char *kind;

	if (yaml_check_keys(y, file, known, err) < 0)
		return err->code;
	kind = yaml_str(y, "kind");
	if (!yaml_str(y, "name") || !kind)
		return yaml_mistake(y, file, err, "a runner needs name: and kind:");
	if (runners_named(rs, yaml_str(y, "name")))
		return yaml_mistake(yaml_get(y, "name"), file, err, "a runner \"%s\" stands above already",
				    yaml_str(y, "name"));
	r->name = mem_strdup(yaml_str(y, "name"));
	r->cpu = mem_strdup(yaml_str(y, "cpu") ? yaml_str(y, "cpu") : "default");
	r->package = mem_strdup(yaml_str(y, "package"));
	if (strcmp(kind, "native") == 0)
		return read_native(r, y, file, host, err);
	if (strcmp(kind, "emulator") == 0)
		return read_emulator(r, y, file, search, err);
	return yaml_mistake(yaml_get(y, "kind"), file, err, "kind must be native or emulator, not \"%s\"",
			    kind);
}

int runners_load(struct runners *out, const char *path, const char *host, const char *search,
		 struct error *err)
{
	static const char *const known[] = { "schema", "runners", NULL };
	const struct yaml *list;
	struct yaml *doc;
	int rc = 0;

	*out = (struct runners){ 0 };
	if (yaml_read(&doc, path, err) < 0)
		return err->code;
	list = yaml_get(doc, "runners");
	if (yaml_check_keys(doc, path, known, err) < 0)
		rc = err->code;
	else if (!yaml_str(doc, "schema") || strcmp(yaml_str(doc, "schema"), "lnmatrix/runners/1") != 0)
		rc = yaml_mistake(doc, path, err, "schema: must be lnmatrix/runners/1");
	else if (!list || list->kind != YAML_NODE_LIST)
		rc = yaml_mistake(doc, path, err, "runners: must be a list");
	for (size_t i = 0; rc == 0 && i < list->n; i++) {
		struct runner *r = mem_zalloc(sizeof(*r));

		rc = read_runner(out, r, list->items[i], path, host, search, err);
		vec_push(&out->list, r);
	}
	yaml_tree_free(doc);
	if (rc < 0)
		runners_dispose(out);
	return rc;
}

void runners_dispose(struct runners *rs)
{
	for (size_t i = 0; i < rs->list.n; i++) {
		struct runner *r = rs->list.v[i];

		mem_free(r->name);
		strv_free(&r->targets);
		strv_free(&r->command);
		strv_free(&r->also);
		strv_free(&r->version_args);
		mem_free(r->cpu);
		mem_free(r->package);
		mem_free(r->program);
		mem_free(r->version);
		mem_free(r->identity);
		mem_free(r->key);
		mem_free(r);
	}
	vec_free(&rs->list);
}

struct runner *runners_named(const struct runners *rs, const char *name)
{
	for (size_t i = 0; i < rs->list.n; i++)
		if (strcmp(rs->list.v[i]->name, name) == 0)
			return rs->list.v[i];
	return NULL;
}

struct runner *runners_for(const struct runners *rs, const char *target, struct runner **missing)
{
	if (missing)
		*missing = NULL;
	for (size_t i = 0; i < rs->list.n; i++) {
		struct runner *r = rs->list.v[i];

		for (size_t k = 0; k < r->targets.n; k++) {
			if (!str_glob(r->targets.v[k], target))
				continue;
			if (r->native || r->program)
				return r;
			if (missing && !*missing)
				*missing = r;
			break;
		}
	}
	return NULL;
}

bool runner_version_argv(const struct runner *r, struct strv *argv)
{
	if (r->native || !r->program || r->version_args.n == 0)
		return false;
	strv_add(argv, r->program);
	for (size_t i = 0; i < r->version_args.n; i++)
		strv_add(argv, r->version_args.v[i]);
	return true;
}

char *runner_memo_key(const struct runner *r)
{
	struct stat st;

	if (!r->program || stat(r->program, &st) < 0)
		return mem_printf("version %s", r->name);
	return mem_printf("version %s %lld %lld.%09ld %llu", r->program, (long long)st.st_size,
			  (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
			  (unsigned long long)st.st_ino);
}

/* "model name : Intel(R) ..." of /proc/cpuinfo; where the kernel gives none, its
 * machine name has to do. */
static char *host_cpu(const char *machine)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[256], *cpu = NULL;

	while (f && !cpu && fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':');

		if (colon && (str_starts(line, "model name") || str_starts(line, "cpu model"))) {
			colon += strspn(colon, ": \t");
			cpu = mem_strndup(colon, strcspn(colon, "\n"));
		}
	}
	if (f)
		fclose(f);
	return cpu ? cpu : mem_strdup(machine);
}

/* The first word that begins with a digit: "7.2.22" of qemu's line. The whole
 * first line is part of the identity, this is how it is called. */
static char *short_version(const char *line, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (line[i] >= '0' && line[i] <= '9' && (i == 0 || line[i - 1] == ' '))
			return mem_strndup(line + i, strcspn(line + i, " \n\r,"));
	return mem_strndup(line, n);
}

void runner_set_version(struct runner *r, const char *printed)
{
	size_t n = strcspn(printed, "\r\n");
	struct utsname u;

	mem_free(r->version);
	mem_free(r->identity);
	mem_free(r->key);
	if (r->native) {
		char *cpu;

		uname(&u);
		cpu = host_cpu(u.machine);
		r->version = mem_printf("%s %s", u.sysname, u.release);
		r->identity = mem_printf("%s %s (cpu %s)", r->name, r->version, cpu);
		r->key = mem_strdup(r->identity);
		mem_free(cpu);
		return;
	}
	r->version = short_version(printed, n);
	r->identity = mem_printf("%s %s (cpu %s)", r->name, r->version, r->cpu);
	r->key = mem_printf("%s %.*s, cpu %s", r->name, (int)n, printed, r->cpu);
	for (size_t i = 1; i < r->command.n; i++) {
		char *longer = mem_printf("%s %s", r->key, r->command.v[i]);

		mem_free(r->key);
		r->key = longer;
	}
}

void runner_no_version(struct runner *r, const char *why)
{
	mem_free(r->version);
	r->version = mem_strdup(why);
}

void runner_argv(const struct runner *r, const char *binary, struct strv *argv)
{
	if (!r->native) {
		strv_add(argv, r->program);
		for (size_t i = 1; i < r->command.n; i++)
			strv_add(argv, r->command.v[i]);
	}
	strv_add(argv, binary);
}
