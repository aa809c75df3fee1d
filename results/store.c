#include "results/store.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sqlite3.h>
#include <zstd.h>

#include "harness/base/fs.h"
#include "harness/base/mem.h"

enum { FORMAT = 1, BUSY_MS = 30000, BUSY_STEP_MS = 10, ZSTD_LEVEL = 3 };
#define MAX_TEXT ((size_t)1 << 28) /* far above what a job keeps; more is damage */

enum query {
	Q_TEXT_ADD, Q_TEXT_GET, Q_FACT_ADD, Q_FACT_FIND, Q_CANARY_PUT, Q_CANARY_EACH,
	Q_MEMO_GET, Q_MEMO_PUT, Q_RUN_BEGIN, Q_CELL_ADD, Q_RUN_END, QUERIES
};

static const char *const sql[QUERIES] = {
	/* one that stands there already stays, unless it is damaged */
	[Q_TEXT_ADD] = "INSERT INTO text(digest, size, zstd) VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE"
		       " SET size = excluded.size, zstd = excluded.zstd"
		       " WHERE size IS NOT excluded.size OR zstd IS NOT excluded.zstd",
	[Q_TEXT_GET] = "SELECT size, zstd FROM text WHERE digest = ?1",
	[Q_FACT_ADD] = "INSERT INTO fact(key, kind, ended, exit, signal, out, err, out_total, err_total,"
		       " wall_ms, about, made) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,datetime())",
	[Q_FACT_FIND] = "SELECT id, kind, ended, exit, signal, out, err, out_total, err_total, wall_ms"
			" FROM fact WHERE key = ?1 AND id > ?2 ORDER BY id DESC LIMIT 1",
	[Q_CANARY_PUT] = "INSERT INTO canary(runner, target, toolchain, alive, message) VALUES(?1,?2,?3,?4,?5)"
			 " ON CONFLICT DO UPDATE SET alive = excluded.alive, message = excluded.message",
	[Q_CANARY_EACH] = "SELECT toolchain, alive, message FROM canary WHERE runner = ?1 AND target = ?2"
			  " ORDER BY toolchain",
	[Q_MEMO_GET] = "SELECT value FROM memo WHERE key = ?1",
	[Q_MEMO_PUT] = "INSERT OR REPLACE INTO memo(key, value) VALUES(?1, ?2)",
	[Q_RUN_BEGIN] = "INSERT INTO run(id, started, command, version, host) VALUES(?1,?2,?3,?4,?5)",
	[Q_CELL_ADD] = "INSERT INTO cell(run, n, body, facts) VALUES(?1, ?2, ?3, ?4)",
	[Q_RUN_END] = "UPDATE run SET ended = ?2, interrupted = ?3 WHERE id = ?1",
};

static const char schema[] =
	"CREATE TABLE text(digest TEXT PRIMARY KEY, size INTEGER NOT NULL, zstd BLOB NOT NULL) STRICT;"
	"CREATE TABLE fact(id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, kind TEXT NOT NULL,"
	" ended TEXT NOT NULL, exit INTEGER NOT NULL, signal INTEGER NOT NULL, out TEXT, err TEXT,"
	" out_total INTEGER NOT NULL, err_total INTEGER NOT NULL, wall_ms REAL NOT NULL, about TEXT,"
	" made TEXT NOT NULL) STRICT;"
	"CREATE INDEX fact_key ON fact(key, id);"
	"CREATE TABLE canary(runner TEXT, target TEXT, toolchain TEXT, alive INTEGER NOT NULL,"
	" message TEXT, PRIMARY KEY(runner, target, toolchain)) STRICT;"
	"CREATE TABLE memo(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
	"CREATE TABLE run(id TEXT PRIMARY KEY, started TEXT NOT NULL, ended TEXT, command TEXT,"
	" version TEXT, host TEXT, interrupted INTEGER NOT NULL DEFAULT 0) STRICT;"
	"CREATE TABLE cell(run TEXT NOT NULL, n INTEGER NOT NULL, body TEXT NOT NULL, facts TEXT,"
	" PRIMARY KEY(run, n)) STRICT, WITHOUT ROWID;";

struct store {
	sqlite3 *db;
	sqlite3_stmt *q[QUERIES];
	char *path;
	ZSTD_CCtx *cctx;
	int depth;
};

static int failed(struct store *st, struct error *err)
{
	int code = sqlite3_errcode(st->db) & 0xff;

	if (code == SQLITE_FULL)
		return err_set(err, ERR_OS, "%s: the disk is full", st->path);
	return err_set(err, ERR_OS, "%s: %s", st->path, sqlite3_errmsg(st->db));
}

static int exec(struct store *st, const char *text, struct error *err)
{
	return sqlite3_exec(st->db, text, NULL, NULL, NULL) == SQLITE_OK ? 0 : failed(st, err);
}

static int format_of(struct store *st, int *out, struct error *err)
{
	sqlite3_stmt *q;
	int rc = 0;

	if (sqlite3_prepare_v2(st->db, "PRAGMA user_version", -1, &q, NULL) != SQLITE_OK)
		return failed(st, err);
	if (sqlite3_step(q) == SQLITE_ROW)
		*out = sqlite3_column_int(q, 0);
	else
		rc = failed(st, err);
	sqlite3_finalize(q);
	return rc;
}

/* Two runs may start in a fresh folder at once: the format is looked at again
 * inside the transaction that makes it. */
static int make_tables(struct store *st, struct error *err)
{
	char pragma[64];
	int format = 0;

	if (exec(st, "BEGIN IMMEDIATE", err) < 0 || format_of(st, &format, err) < 0)
		return err->code;
	if (format == 0) {
		snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d", FORMAT);
		if (exec(st, schema, err) < 0 || exec(st, pragma, err) < 0)
			return err->code;
	}
	return exec(st, "COMMIT", err);
}

static int prepare(struct store *st, struct error *err)
{
	for (int i = 0; i < QUERIES; i++)
		if (sqlite3_prepare_v3(st->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &st->q[i], NULL) !=
		    SQLITE_OK)
			return failed(st, err);
	return 0;
}

/* `busy` is set when somebody else was in the way. */
static int open_once(struct store **out, const char *dir, bool *busy, struct error *err)
{
	struct store *st = mem_zalloc(sizeof(*st));
	bool memory = strcmp(dir, ":memory:") == 0;
	int format = 0;

	*busy = false;
	st->path = memory ? mem_strdup(dir) : path_join(dir, "lnmatrix.db");
	if (!memory && fs_mkdirs(dir, err) < 0)
		goto fail;
	if (sqlite3_open_v2(st->path, &st->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
	    SQLITE_OK) {
		failed(st, err);
		goto fail;
	}
	sqlite3_busy_timeout(st->db, BUSY_MS);
	if (exec(st, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL", err) < 0 ||
	    format_of(st, &format, err) < 0)
		goto fail;
	if (format > FORMAT) {
		err_set(err, ERR_WORK, "%s was made by a newer lnmatrix (format %d, this one knows %d)",
			st->path, format, FORMAT);
		goto fail;
	}
	if ((format == 0 && make_tables(st, err) < 0) || prepare(st, err) < 0)
		goto fail;
	st->cctx = ZSTD_createCCtx();
	*out = st;
	return 0;
fail:
	*busy = st->db && (sqlite3_errcode(st->db) & 0xff) == SQLITE_BUSY;
	store_close(st);
	return err->code;
}

/*
 * SQLite's own patience ends at the change to WAL: of two that find a fresh folder
 * and would both make that change, one is refused at once, lest both wait for ever.
 */
int store_open(struct store **out, const char *dir, struct error *err)
{
	struct error refused = { 0 };
	struct timespec begin, now;
	bool busy;

	*out = NULL;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	while (open_once(out, dir, &busy, &refused) < 0) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (!busy || now.tv_sec - begin.tv_sec >= BUSY_MS / 1000) {
			*err = refused;
			return err->code;
		}
		sqlite3_sleep(BUSY_STEP_MS);
	}
	return 0;
}

void store_close(struct store *st)
{
	if (!st)
		return;
	for (int i = 0; i < QUERIES; i++)
		sqlite3_finalize(st->q[i]);
	if (st->depth > 0)
		sqlite3_exec(st->db, "COMMIT", NULL, NULL, NULL);
	sqlite3_close(st->db);
	ZSTD_freeCCtx(st->cctx);
	mem_free(st->path);
	mem_free(st);
}

/* After a failure nothing of the transaction counts, and its lock must not stay. */
static void undo(struct store *st)
{
	if (!sqlite3_get_autocommit(st->db))
		sqlite3_exec(st->db, "ROLLBACK", NULL, NULL, NULL);
	st->depth = 0;
}

/* Runs a prepared statement that gives no rows. */
static int finish(struct store *st, sqlite3_stmt *q, struct error *err)
{
	int rc = sqlite3_step(q);
	int ok = rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : failed(st, err);

	sqlite3_reset(q);
	sqlite3_clear_bindings(q);
	if (ok < 0 && st->depth > 0)
		undo(st);
	return ok;
}

static void bind_text(sqlite3_stmt *q, int at, const char *s)
{
	if (s)
		sqlite3_bind_text(q, at, s, -1, SQLITE_STATIC);
}

int store_begin(struct store *st, struct error *err)
{
	if (st->depth == 0 && exec(st, "BEGIN IMMEDIATE", err) < 0)
		return err->code;
	st->depth++;
	return 0;
}

int store_commit(struct store *st, struct error *err)
{
	if (st->depth == 0)
		return err_set(err, ERR_OS, "%s: the writes were undone, as one of them failed", st->path);
	if (st->depth > 1) {
		st->depth--;
		return 0;
	}
	if (exec(st, "COMMIT", err) < 0) {
		undo(st);
		return err->code;
	}
	st->depth = 0;
	return 0;
}

int store_text_add(struct store *st, const char *text, size_t n, char digest[DIGEST_HEX],
		   struct error *err)
{
	sqlite3_stmt *q = st->q[Q_TEXT_ADD];
	size_t cap = ZSTD_compressBound(n), len;
	void *buf = mem_alloc(cap);
	int rc;

	digest_bytes(digest, text, n);
	len = ZSTD_compressCCtx(st->cctx, buf, cap, text, n, ZSTD_LEVEL);
	bind_text(q, 1, digest);
	sqlite3_bind_int64(q, 2, (sqlite3_int64)n);
	sqlite3_bind_blob(q, 3, buf, (int)len, SQLITE_STATIC);
	rc = finish(st, q, err);
	mem_free(buf);
	return rc;
}

int store_text_get(struct store *st, const char *digest, struct str *out, struct error *err)
{
	sqlite3_stmt *q = st->q[Q_TEXT_GET];
	char check[DIGEST_HEX];
	size_t size, got;
	char *buf;
	int rc;

	bind_text(q, 1, digest);
	rc = sqlite3_step(q);
	if (rc != SQLITE_ROW) {
		rc = rc == SQLITE_DONE ? err_set(err, ERR_WORK, "%s: text %.12s is missing", st->path, digest)
				       : failed(st, err);
		sqlite3_reset(q);
		return rc;
	}
	rc = 0;
	size = (size_t)sqlite3_column_int64(q, 0);
	if (size > MAX_TEXT)
		size = 0; /* which its frame will not fit */
	buf = mem_alloc(size + 1);
	got = ZSTD_decompress(buf, size, sqlite3_column_blob(q, 1), (size_t)sqlite3_column_bytes(q, 1));
	if (!ZSTD_isError(got))
		digest_bytes(check, buf, got);
	if (ZSTD_isError(got) || got != size || strcmp(check, digest) != 0)
		rc = err_set(err, ERR_WORK, "%s: text %.12s is damaged", st->path, digest);
	else
		str_addn(out, buf, size);
	mem_free(buf);
	sqlite3_reset(q);
	return rc;
}

int store_fact_add(struct store *st, struct fact *f, struct error *err)
{
	sqlite3_stmt *q = st->q[Q_FACT_ADD];

	bind_text(q, 1, f->key);
	bind_text(q, 2, f->kind);
	bind_text(q, 3, f->end);
	sqlite3_bind_int(q, 4, f->exit_status);
	sqlite3_bind_int(q, 5, f->term_signal);
	bind_text(q, 6, f->has_out ? f->out : NULL);
	bind_text(q, 7, f->has_err ? f->err : NULL);
	sqlite3_bind_int64(q, 8, (sqlite3_int64)f->out_total);
	sqlite3_bind_int64(q, 9, (sqlite3_int64)f->err_total);
	sqlite3_bind_double(q, 10, f->wall_ms);
	bind_text(q, 11, f->about);
	if (finish(st, q, err) < 0)
		return err->code;
	f->id = sqlite3_last_insert_rowid(st->db);
	return 0;
}

/* Facts hold literals, so that thousands of them share the few words there are. */
static const char *literal(const char *s)
{
	static const char *const words[] = { "build", "run", "refused", "exited", "signalled",
					     "timed-out", "flooded", "cancelled", "not-started" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i], s) == 0)
			return words[i];
	return "unknown";
}

static bool column_digest(sqlite3_stmt *q, int at, char out[DIGEST_HEX])
{
	const char *s = (const char *)sqlite3_column_text(q, at);

	if (!s)
		return false;
	snprintf(out, DIGEST_HEX, "%s", s);
	return true;
}

int store_fact_find(struct store *st, const char *key, int64_t after, struct fact *out,
		    struct error *err)
{
	sqlite3_stmt *q = st->q[Q_FACT_FIND];
	int rc;

	bind_text(q, 1, key);
	sqlite3_bind_int64(q, 2, after);
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW) {
		*out = (struct fact){ .id = sqlite3_column_int64(q, 0) };
		snprintf(out->key, sizeof(out->key), "%s", key);
		out->kind = literal((const char *)sqlite3_column_text(q, 1));
		out->end = literal((const char *)sqlite3_column_text(q, 2));
		out->exit_status = sqlite3_column_int(q, 3);
		out->term_signal = sqlite3_column_int(q, 4);
		out->has_out = column_digest(q, 5, out->out);
		out->has_err = column_digest(q, 6, out->err);
		out->out_total = (uint64_t)sqlite3_column_int64(q, 7);
		out->err_total = (uint64_t)sqlite3_column_int64(q, 8);
		out->wall_ms = sqlite3_column_double(q, 9);
	}
	sqlite3_reset(q);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return failed(st, err);
	return rc == SQLITE_ROW;
}

int64_t store_fact_last_id(struct store *st)
{
	sqlite3_stmt *q;
	int64_t id = 0;

	if (sqlite3_prepare_v2(st->db, "SELECT coalesce(max(id), 0) FROM fact", -1, &q, NULL) ==
		    SQLITE_OK &&
	    sqlite3_step(q) == SQLITE_ROW)
		id = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return id;
}

void fact_dispose(struct fact *f)
{
	mem_free(f->about);
	f->about = NULL;
}

int store_canary_put(struct store *st, const struct canary_record *c, struct error *err)
{
	sqlite3_stmt *q = st->q[Q_CANARY_PUT];

	bind_text(q, 1, c->runner);
	bind_text(q, 2, c->target);
	bind_text(q, 3, c->toolchain);
	sqlite3_bind_int(q, 4, c->alive);
	bind_text(q, 5, c->message);
	return finish(st, q, err);
}

int store_canary_each(struct store *st, const char *runner, const char *target,
		      store_canary_fn *fn, void *arg, struct error *err)
{
	sqlite3_stmt *q = st->q[Q_CANARY_EACH];
	int rc;

	bind_text(q, 1, runner);
	bind_text(q, 2, target);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		struct canary_record c = {
			.runner = (char *)runner,
			.target = (char *)target,
			.toolchain = (char *)sqlite3_column_text(q, 0),
			.alive = sqlite3_column_int(q, 1),
			.message = (char *)sqlite3_column_text(q, 2),
		};

		fn(arg, &c);
	}
	sqlite3_reset(q);
	return rc == SQLITE_DONE ? 0 : failed(st, err);
}

int store_memo_get(struct store *st, const char *key, char **out)
{
	sqlite3_stmt *q = st->q[Q_MEMO_GET];
	int found;

	bind_text(q, 1, key);
	found = sqlite3_step(q) == SQLITE_ROW;
	if (found)
		*out = mem_strdup((const char *)sqlite3_column_text(q, 0));
	sqlite3_reset(q);
	return found;
}

void store_memo_put(struct store *st, const char *key, const char *value)
{
	sqlite3_stmt *q = st->q[Q_MEMO_PUT];
	struct error ignored = { 0 }; /* it will be asked again, no more */

	bind_text(q, 1, key);
	bind_text(q, 2, value);
	finish(st, q, &ignored);
}

int store_run_begin(struct store *st, const char *id, const char *started, const char *command,
		    const char *version, const char *host, struct error *err)
{
	sqlite3_stmt *q = st->q[Q_RUN_BEGIN];

	bind_text(q, 1, id);
	bind_text(q, 2, started);
	bind_text(q, 3, command);
	bind_text(q, 4, version);
	bind_text(q, 5, host);
	return finish(st, q, err);
}

int store_cell_add(struct store *st, const char *run, int64_t n, const char *body,
		   const char *facts, struct error *err)
{
	sqlite3_stmt *q = st->q[Q_CELL_ADD];

	bind_text(q, 1, run);
	sqlite3_bind_int64(q, 2, n);
	bind_text(q, 3, body);
	bind_text(q, 4, facts);
	return finish(st, q, err);
}

int store_run_end(struct store *st, const char *id, const char *ended, bool interrupted,
		  struct error *err)
{
	sqlite3_stmt *q = st->q[Q_RUN_END];

	bind_text(q, 1, id);
	bind_text(q, 2, ended);
	sqlite3_bind_int(q, 3, interrupted);
	return finish(st, q, err);
}
