#include "toolchains/modfetch.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "harness/base/fs.h"
#include "harness/base/str.h"
#include "toolchains/tree.h"

#define MODULE "golang.org/toolchain"

char *modfetch_module_version(const struct modfetch_request *req)
{
	char name[GOVER_NAME];

	return mem_printf("v0.0.1-%s.%s-%s", gover_name(name, &req->version), req->goos,
			  req->goarch);
}

void modfetch_argv(struct strv *out, const struct modfetch_request *req)
{
	char *version = modfetch_module_version(req);

	strv_add(out, req->go);
	strv_add(out, "mod");
	strv_add(out, "download");
	strv_add(out, "-json");
	strv_addf(out, MODULE "@%s", version);
	mem_free(version);
}

void modfetch_list_argv(struct strv *out, const char *go)
{
	strv_add(out, go);
	strv_add(out, "list");
	strv_add(out, "-m");
	strv_add(out, "-versions");
	strv_add(out, MODULE);
}

/* A file URL as Go's proxy list takes it: what would end the entry is escaped. */
static void add_file_url(struct str *out, const char *path)
{
	str_add(out, "file://");
	for (; *path; path++) {
		if (isalnum((unsigned char)*path) || strchr("/-._~@+=!$&'()*;:", *path))
			str_addc(out, *path);
		else
			str_addf(out, "%%%02X", (unsigned char)*path);
	}
}

static char *proxy_list(const struct modfetch_request *req)
{
	struct str list = STR_INIT;

	add_file_url(&list, req->user_download);
	str_addf(&list, ",%s", *req->user_proxy ? req->user_proxy : "off");
	return str_detach(&list);
}

static bool is_named(const char *setting, const struct strv *settings)
{
	size_t n = strcspn(setting, "=");

	for (size_t i = 0; i < settings->n; i++)
		if (strncmp(settings->v[i], setting, n + 1) == 0)
			return true;
	return false;
}

void modfetch_env(struct strv *out, char *const *user_env, const struct modfetch_request *req)
{
	struct strv ours = { 0 };
	char *proxies;

	/* No value of GOFLAGS can be empty: then `go env -w` settings would count. */
	strv_add(&ours, req ? "GOFLAGS=-modcacherw" : "GOFLAGS=-mod=mod");
	strv_add(&ours, "GOTOOLCHAIN=local");
	strv_add(&ours, "GOWORK=off");
	strv_add(&ours, "GO111MODULE=on");
	if (req)
		strv_addf(&ours, "GOMODCACHE=%s", req->modcache);
	if (req && req->user_proxy && req->user_download) {
		proxies = proxy_list(req);
		strv_addf(&ours, "GOPROXY=%s", proxies);
		mem_free(proxies);
	}
	for (; *user_env; user_env++)
		if (!is_named(*user_env, &ours))
			strv_add(out, *user_env);
	for (size_t i = 0; i < ours.n; i++)
		strv_add(out, ours.v[i]);
	strv_free(&ours);
}

/* Failures.  In this order: a failed lookup of a proxy may well hold "not found". */
static const struct {
	const char *text;
	enum modfetch_failure failure;
} signs[] = {
	{ "no space left on device", MODFETCH_DISK },
	{ "disk quota exceeded", MODFETCH_DISK },
	{ "read-only file system", MODFETCH_DISK },
	{ "checksum mismatch", MODFETCH_CHECKSUM },
	{ "SECURITY ERROR", MODFETCH_CHECKSUM },
	{ "proxyconnect", MODFETCH_NETWORK },
	{ "dial tcp", MODFETCH_NETWORK },
	{ "no such host", MODFETCH_NETWORK },
	{ "i/o timeout", MODFETCH_NETWORK },
	{ "TLS handshake timeout", MODFETCH_NETWORK },
	{ "deadline exceeded", MODFETCH_NETWORK },
	{ "Client.Timeout", MODFETCH_NETWORK },
	{ "connection refused", MODFETCH_NETWORK },
	{ "connection reset", MODFETCH_NETWORK },
	{ "network is unreachable", MODFETCH_NETWORK },
	{ "no route to host", MODFETCH_NETWORK },
	{ "module lookup disabled by GOPROXY", MODFETCH_NETWORK },
	{ "unexpected EOF", MODFETCH_DAMAGED },
	{ "not a valid zip file", MODFETCH_DAMAGED },
	{ "zip: checksum error", MODFETCH_DAMAGED },
	{ "403 Forbidden", MODFETCH_GONE },
	{ "404 Not Found", MODFETCH_GONE },
	{ "410 Gone", MODFETCH_GONE },
	{ "unknown revision", MODFETCH_GONE },
	{ "not found", MODFETCH_GONE },
	{ "no matching versions", MODFETCH_GONE },
	{ ".info: no such file or directory", MODFETCH_GONE },
	{ ".mod: no such file or directory", MODFETCH_GONE },
	{ ".zip: no such file or directory", MODFETCH_GONE },
	{ "permission denied", MODFETCH_DISK },
};

static enum modfetch_failure classify(const char *text)
{
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (strstr(text, signs[i].text))
			return signs[i].failure;
	return MODFETCH_OTHER;
}

/* What go said, on one line and without the module's name that we say ourselves. */
static char *one_line(const char *text)
{
	const char *start = strstr(text, MODULE "@");
	struct str line = STR_INIT;

	if (start == text && strstr(text, ": "))
		text = strstr(text, ": ") + 2;
	for (; *text && line.len < 400; text++) {
		bool blank = isspace((unsigned char)*text);

		if (!blank)
			str_addc(&line, *text);
		else if (line.len > 0 && line.s[line.len - 1] != ' ')
			str_addc(&line, ' ');
	}
	line.len = str_trimmed_len(line.s, line.len);
	line.s[line.len] = '\0';
	return str_detach(&line);
}

static int set_gone(const struct modfetch_request *req, const char *name, const char *said,
		    const struct published *published, struct error *err)
{
	struct str near = STR_INIT;
	int rc;

	if (published)
		published_add_nearest(&near, published, &req->version);
	rc = err_set(err, ERR_GONE, "%s is not available for %s/%s%s%s (go said: %s)", name,
		     req->goos, req->goarch, near.len ? "; use instead: " : "", near.s, said);
	str_free(&near);
	return rc;
}

static int set_failure(enum modfetch_failure failure, const struct modfetch_request *req,
		       const char *text, const struct published *published, struct error *err)
{
	char *said = one_line(text), buf[GOVER_NAME];
	const char *name = gover_name(buf, &req->version);
	int rc;

	switch (failure) {
	case MODFETCH_GONE:
		rc = set_gone(req, name, said, published, err);
		break;
	case MODFETCH_CHECKSUM:
		rc = err_set(err, ERR_WORK,
			     "%s: what was downloaded is not what the checksum database knows; "
			     "it was "
			     "not used (go said: %s)",
			     name, said);
		break;
	case MODFETCH_NETWORK:
		rc = err_set(err, ERR_WORK, "%s: no network, or none that go may use: %s", name,
			     said);
		break;
	case MODFETCH_DAMAGED:
		rc = err_set(err, ERR_WORK, "%s: the download is damaged or broke off: %s", name,
			     said);
		break;
	case MODFETCH_DISK:
		rc = err_set(err, ERR_OS, "%s: cannot write below %s: %s", name, req->modcache,
			     said);
		break;
	default:
		rc = err_set(err, ERR_WORK, "%s: %s mod download failed: %s", name, req->go,
			     *said ? said : "it said nothing");
		break;
	}
	mem_free(said);
	return rc;
}

static char *take_string(const json_t *root, const char *key)
{
	return mem_strdup(json_string_value(json_object_get(root, key)));
}

static int check_sum(struct modfetch_result *out, const struct modfetch_request *req,
		     const char *locked, struct error *err)
{
	char name[GOVER_NAME];

	if (!locked || strcmp(locked, out->sum) == 0)
		return 0;
	err_set(err, ERR_WORK, "%s: its checksum %s is not the locked one, %s; it was not used",
		gover_name(name, &req->version), out->sum, locked);
	modfetch_result_dispose(out);
	out->failure = MODFETCH_CHECKSUM;
	return err->code;
}

static int read_answer(struct modfetch_result *out, const struct modfetch_request *req,
		       const json_t *root, const char *err_text, const char *locked_sum,
		       const struct published *published, struct error *err)
{
	const char *said = json_string_value(json_object_get(root, "Error"));

	if (!said) {
		out->dir = take_string(root, "Dir");
		out->zip = take_string(root, "Zip");
		out->sum = take_string(root, "Sum");
		if (out->dir && out->zip && out->sum)
			return check_sum(out, req, locked_sum, err);
		modfetch_result_dispose(out);
		said = err_text;
	}
	out->failure = classify(said);
	return set_failure(out->failure, req, said, published, err);
}

int modfetch_parse(struct modfetch_result *out, const struct modfetch_request *req,
		   const char *out_text, const char *err_text, const char *locked_sum,
		   const struct published *published, struct error *err)
{
	json_t *root = json_loads(out_text, 0, NULL);
	int rc;

	*out = (struct modfetch_result){ 0 };
	rc = read_answer(out, req, root, err_text, locked_sum, published, err);
	json_decref(root);
	return rc;
}

void modfetch_result_dispose(struct modfetch_result *result)
{
	mem_free(result->dir);
	mem_free(result->zip);
	mem_free(result->sum);
	*result = (struct modfetch_result){ 0 };
}

static int move(const char *from, const char *to, struct error *err)
{
	/* A folder that is moved gets another "..": its owner must be able to write it. */
	if (chmod(from, 0755) < 0)
		return err_os(err, errno, "chmod %s", from);
	if (rename(from, to) == 0)
		return 0;
	if (errno == EXDEV)
		return err_set(err, ERR_OS,
			       "%s and %s are on different file systems; a download must begin "
			       "where "
			       "it is to end",
			       from, to);
	return err_os(err, errno, "rename %s to %s", from, to);
}

int modfetch_place(const char *unpacked_dir, const char *final_root, const char *manifest_path,
		   struct error *err)
{
	char *go = path_join(unpacked_dir, "bin/go"), *parent;
	bool whole = fs_exists(go);
	int rc;

	mem_free(go);
	if (!whole)
		return err_set(err, ERR_WORK, "%s holds no bin/go", unpacked_dir);
	if (fs_exists(final_root))
		return err_set(err, ERR_WORK, "%s is there already", final_root);
	parent = path_dir(final_root);
	if ((rc = fs_mkdirs(parent, err)) == 0 &&
	    (rc = tree_seal(unpacked_dir, manifest_path, err)) == 0)
		rc = move(unpacked_dir, final_root, err);
	mem_free(parent);
	return rc;
}
