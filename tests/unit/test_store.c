/* The store: what is in it stays, whatever happens to who writes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "harness/base/fs.h"
#include "harness/base/mem.h"
#include "results/store.h"
#include "tests/support/temp.h"

#define KEY_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct store *open_store(const char *dir)
{
	struct error err = { 0 };
	struct store *st;

	if (store_open(&st, dir, &err) < 0)
		fail_msg("%s", err.msg);
	return st;
}

/* A look from outside, past the store's own code. */
static sqlite3_int64 ask(const char *dir, const char *sql)
{
	char *path = path_join(dir, "lnmatrix.db");
	sqlite3_int64 value = -1;
	sqlite3_stmt *q;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 10000);
	if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	if (sqlite3_step(q) == SQLITE_ROW)
		value = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	sqlite3_close(db);
	mem_free(path);
	return value;
}

static struct fact fact_of(const char *key, int exit_status)
{
	struct fact f = { .kind = "run", .end = "exited", .exit_status = exit_status, .wall_ms = 1.5 };

	snprintf(f.key, sizeof(f.key), "%s", key);
	return f;
}

static int64_t add(struct store *st, const char *key, int exit_status)
{
	struct fact f = fact_of(key, exit_status);
	struct error err = { 0 };

	if (store_fact_add(st, &f, &err) < 0)
		fail_msg("%s", err.msg);
	return f.id;
}

static int wait_for(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* --- texts ------------------------------------------------------------------- */

static void test_texts(void **state)
{
	struct store *st = open_store(*state);
	struct error err = { 0 };
	struct str got = STR_INIT;
	char a[DIGEST_HEX], b[DIGEST_HEX], want[DIGEST_HEX];
	char *big = mem_alloc(2000000);

	for (size_t i = 0; i < 2000000; i++)
		big[i] = (char)(i * i >> 7);
	digest_bytes(want, big, 2000000);
	assert_int_equal(store_text_add(st, big, 2000000, a, &err), 0);
	assert_string_equal(a, want);
	assert_int_equal(store_text_add(st, big, 2000000, b, &err), 0);
	assert_string_equal(a, b);
	assert_int_equal(ask(*state, "SELECT count(*) FROM text"), 1); /* once */
	assert_true(ask(*state, "SELECT length(zstd) FROM text") < 2000000);
	str_add(&got, "<");
	assert_int_equal(store_text_get(st, a, &got, &err), 0);
	assert_int_equal(got.len, 2000001);
	assert_memory_equal(got.s + 1, big, 2000000);
	str_clear(&got);
	assert_int_equal(store_text_add(st, "", 0, b, &err), 0);
	assert_int_equal(store_text_get(st, b, &got, &err), 0);
	assert_int_equal(got.len, 0);
	assert_int_equal(store_text_add(st, "a\0b", 3, b, &err), 0);
	assert_int_equal(store_text_get(st, b, &got, &err), 0);
	assert_memory_equal(got.s, "a\0b", 4);
	assert_int_equal(store_text_get(st, KEY_A, &got, &err), ERR_WORK);
	assert_non_null(strstr(err.msg, "text aaaaaaaaaaaa is missing"));
	str_free(&got);
	mem_free(big);
	store_close(st);
}

static void damaged(const char *dir, const char *sql)
{
	struct store *st = open_store(dir);
	struct error err = { 0 };
	struct str got = STR_INIT;
	char digest[DIGEST_HEX];

	assert_int_equal(store_text_add(st, "some text, some text", 20, digest, &err), 0);
	ask(dir, sql);
	if (store_text_get(st, digest, &got, &err) != ERR_WORK)
		fail_msg("not found: %s", sql);
	assert_non_null(strstr(err.msg, "is damaged"));
	assert_non_null(strstr(err.msg, dir));
	assert_int_equal(got.len, 0);
	/* the same text again mends it */
	assert_int_equal(store_text_add(st, "some text, some text", 20, digest, &err), 0);
	assert_int_equal(store_text_get(st, digest, &got, &err), 0);
	assert_string_equal(got.s, "some text, some text");
	str_free(&got);
	store_close(st);
}

static void test_damaged_texts(void **state)
{
	damaged(*state, "UPDATE text SET zstd = x'00112233'");
	damaged(*state, "UPDATE text SET zstd = x''");
	damaged(*state, "UPDATE text SET zstd = substr(zstd, 1, length(zstd) - 1)");
	damaged(*state, "UPDATE text SET size = size + 1");
	damaged(*state, "UPDATE text SET size = size - 1");
	damaged(*state, "UPDATE text SET size = 0");
	damaged(*state, "UPDATE text SET size = -1");
	damaged(*state, "UPDATE text SET size = 1 << 50"); /* nor is so much memory asked for */
}

/* A frame that is whole, but of another text. */
static void test_swapped_text(void **state)
{
	struct store *st = open_store(*state);
	struct error err = { 0 };
	struct str got = STR_INIT;
	char a[DIGEST_HEX], b[DIGEST_HEX];

	assert_int_equal(store_text_add(st, "aaaa", 4, a, &err), 0);
	assert_int_equal(store_text_add(st, "bbbb", 4, b, &err), 0);
	ask(*state, "UPDATE text SET zstd = (SELECT max(zstd) FROM text)");
	assert_int_equal((store_text_get(st, a, &got, &err) == ERR_WORK) +
				 (store_text_get(st, b, &got, &err) == ERR_WORK), 1);
	str_free(&got);
	store_close(st);
}

/* --- facts ------------------------------------------------------------------- */

static void test_facts(void **state)
{
	struct store *st = open_store(*state);
	struct error err = { 0 };
	struct fact f = fact_of(KEY_A, 3), got;
	int64_t first, second;

	assert_int_equal(store_fact_last_id(st), 0);
	assert_int_equal(store_fact_find(st, KEY_A, 0, &got, &err), 0);
	f.kind = "build";
	f.end = "signalled";
	f.term_signal = 11;
	f.has_out = true;
	strcpy(f.out, KEY_B);
	f.out_total = (uint64_t)1 << 40;
	f.err_total = 7;
	f.about = mem_strdup("{}");
	assert_int_equal(store_fact_add(st, &f, &err), 0);
	first = f.id;
	assert_true(first > 0);
	fact_dispose(&f);
	assert_null(f.about);
	assert_int_equal(store_fact_find(st, KEY_A, 0, &got, &err), 1);
	assert_string_equal(got.key, KEY_A);
	assert_string_equal(got.kind, "build");
	assert_string_equal(got.end, "signalled");
	assert_int_equal(got.exit_status, 3);
	assert_int_equal(got.term_signal, 11);
	assert_true(got.has_out && !got.has_err);
	assert_string_equal(got.out, KEY_B);
	assert_true(got.out_total == (uint64_t)1 << 40 && got.err_total == 7);
	assert_true(got.wall_ms > 1.4 && got.wall_ms < 1.6);
	fact_dispose(&got);
	/* the newest counts, and only what came after */
	add(st, KEY_B, 9);
	second = add(st, KEY_A, 4);
	assert_true(second > first);
	assert_int_equal(store_fact_last_id(st), second);
	assert_int_equal(store_fact_find(st, KEY_A, 0, &got, &err), 1);
	assert_int_equal(got.exit_status, 4);
	assert_int_equal(got.id, second);
	assert_int_equal(store_fact_find(st, KEY_A, first, &got, &err), 1);
	assert_int_equal(got.id, second);
	assert_int_equal(store_fact_find(st, KEY_A, second, &got, &err), 0);
	assert_int_equal(ask(*state, "SELECT count(*) FROM fact"), 3); /* the old one is kept */
	store_close(st);
	st = open_store(*state);
	assert_int_equal(store_fact_find(st, KEY_A, 0, &got, &err), 1);
	assert_int_equal(got.exit_status, 4);
	store_close(st);
}

static void test_in_memory(void **state)
{
	struct store *st = open_store(":memory:");

	(void)state;
	assert_true(add(st, KEY_A, 1) > 0);
	store_close(st);
	st = open_store(":memory:");
	assert_int_equal(store_fact_last_id(st), 0);
	store_close(st);
	store_close(NULL);
	assert_false(fs_exists(":memory:"));
}

/* --- the rest ---------------------------------------------------------------- */

static void note_canary(void *arg, const struct canary_record *c)
{
	str_addf(arg, "%s:%s:%s:%d:%s ", c->runner, c->target, c->toolchain, c->alive,
		 c->message ? c->message : "-");
}

static void put_canary(struct store *st, const char *runner, const char *target, const char *tc, bool alive,
		       const char *message)
{
	struct canary_record c = { (char *)runner, (char *)target, (char *)tc, alive, (char *)message };
	struct error err = { 0 };

	assert_int_equal(store_canary_put(st, &c, &err), 0);
}

static void test_canaries(void **state)
{
	struct store *st = open_store(*state);
	struct str seen = STR_INIT;
	struct error err = { 0 };

	put_canary(st, "q 1", "linux/386", "go1.2", true, NULL);
	put_canary(st, "q 1", "linux/386", "go1.1", false, "SIGILL");
	put_canary(st, "q 1", "linux/arm", "go1.1", true, NULL);
	put_canary(st, "q 2", "linux/386", "go1.1", true, NULL);
	put_canary(st, "q 1", "linux/386", "go1.2", false, "died"); /* asked again: replaced */
	assert_int_equal(store_canary_each(st, "q 1", "linux/386", note_canary, &seen, &err), 0);
	assert_string_equal(seen.s, "q 1:linux/386:go1.1:0:SIGILL q 1:linux/386:go1.2:0:died ");
	str_clear(&seen);
	assert_int_equal(store_canary_each(st, "q 3", "linux/386", note_canary, &seen, &err), 0);
	assert_string_equal(seen.s, "");
	str_free(&seen);
	store_close(st);
}

static void test_memos(void **state)
{
	struct store *st = open_store(*state);
	char *value = NULL;

	assert_int_equal(store_memo_get(st, "k", &value), 0);
	store_memo_put(st, "k", "one");
	store_memo_put(st, "k", "two");
	store_memo_put(st, "l", "");
	assert_int_equal(store_memo_get(st, "k", &value), 1);
	assert_string_equal(value, "two");
	mem_free(value);
	assert_int_equal(store_memo_get(st, "l", &value), 1);
	assert_string_equal(value, "");
	mem_free(value);
	store_close(st);
}

static void test_runs(void **state)
{
	struct store *st = open_store(*state);
	struct error err = { 0 };

	assert_int_equal(store_run_begin(st, "r1", "t0", "run x", "0.1", "h", &err), 0);
	assert_int_equal(store_cell_add(st, "r1", 0, "{}", NULL, &err), 0);
	assert_int_equal(store_cell_add(st, "r1", 1, "{}", "[1]", &err), 0);
	assert_int_equal(store_run_end(st, "r1", "t1", true, &err), 0);
	assert_int_equal(store_run_begin(st, "r1", "t0", "run x", "0.1", "h", &err), ERR_OS);
	assert_int_equal(store_cell_add(st, "r1", 1, "{}", NULL, &err), ERR_OS);
	assert_int_equal(ask(*state, "SELECT count(*) FROM cell WHERE run = 'r1'"), 2);
	assert_int_equal(ask(*state, "SELECT interrupted FROM run WHERE id = 'r1' AND ended = 't1'"), 1);
	store_close(st);
}

/* --- transactions ------------------------------------------------------------ */

static void test_transactions(void **state)
{
	struct store *st = open_store(*state);
	struct error err = { 0 };

	assert_int_equal(store_begin(st, &err), 0);
	assert_int_equal(store_begin(st, &err), 0);
	add(st, KEY_A, 1);
	assert_int_equal(store_commit(st, &err), 0);
	assert_int_equal(ask(*state, "SELECT count(*) FROM fact"), 0); /* not yet */
	assert_int_equal(store_commit(st, &err), 0);
	assert_int_equal(ask(*state, "SELECT count(*) FROM fact"), 1);
	assert_int_equal(store_commit(st, &err), ERR_OS); /* there is none */
	/* what is open at the end is kept */
	assert_int_equal(store_begin(st, &err), 0);
	add(st, KEY_A, 2);
	store_close(st);
	assert_int_equal(ask(*state, "SELECT count(*) FROM fact"), 2);
}

/* A write that fails undoes its transaction, and leaves no lock to wait for. */
static void test_failed_transaction(void **state)
{
	struct store *st = open_store(*state), *other = open_store(*state);
	struct error err = { 0 };

	assert_int_equal(store_run_begin(st, "r", "t", "", "", "", &err), 0);
	assert_int_equal(store_begin(st, &err), 0);
	add(st, KEY_A, 1);
	assert_int_equal(store_run_begin(st, "r", "t", "", "", "", &err), ERR_OS);
	add(other, KEY_B, 2);
	assert_int_equal(store_commit(st, &err), ERR_OS);
	assert_non_null(strstr(err.msg, "undone"));
	assert_int_equal(ask(*state, "SELECT count(*) FROM fact"), 1);
	assert_int_equal(store_begin(st, &err), 0); /* and on it goes */
	add(st, KEY_A, 3);
	assert_int_equal(store_commit(st, &err), 0);
	assert_int_equal(ask(*state, "SELECT count(*) FROM fact"), 2);
	store_close(st);
	store_close(other);
}

/* --- others' stores ---------------------------------------------------------- */

static void refuse(const char *dir, enum err_code code, const char *words)
{
	struct error err = { 0 };
	struct store *st = (struct store *)&err;

	assert_int_equal(store_open(&st, dir, &err), code);
	assert_null(st);
	if (!strstr(err.msg, words) || !strstr(err.msg, dir))
		fail_msg("wanted \"%s\", got \"%s\"", words, err.msg);
}

static void test_newer_format(void **state)
{
	store_close(open_store(*state));
	assert_int_equal(ask(*state, "PRAGMA user_version"), 1);
	ask(*state, "PRAGMA user_version = 2");
	refuse(*state, ERR_WORK, "newer lnmatrix (format 2, this one knows 1)");
	assert_int_equal(ask(*state, "PRAGMA user_version"), 2);
}

static void test_no_store(void **state)
{
	char *path = path_join(*state, "lnmatrix.db"), *below = path_join(path, "x");
	struct error err = { 0 };
	char junk[8192];

	memset(junk, 'j', sizeof(junk));
	assert_int_equal(fs_write(path, junk, sizeof(junk), 0644, &err), 0);
	refuse(*state, ERR_OS, "not a database");
	refuse(below, ERR_OS, "Not a directory");
	mem_free(path);
	mem_free(below);
}

/* Modes bind an ordinary user only: the tests may run as root. */
static void test_read_only_folder(void **state)
{
	const char *dir = *state;
	char *sub = path_join(dir, "empty"), *full = path_join(dir, "full"), *none = path_join(sub, "none");
	pid_t pid;

	store_close(open_store(full));
	assert_int_equal(mkdir(sub, 0755), 0);
	assert_int_equal(chmod(dir, 0755), 0);
	pid = fork();
	if (pid == 0) {
		struct error err = { 0 };
		struct store *st;

		if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
			_exit(99);
		if (geteuid() == getuid() && access(sub, W_OK) == 0)
			chmod(sub, 0555), chmod(full, 0555);
		if (store_open(&st, sub, &err) != ERR_OS || !strstr(err.msg, sub))
			_exit(1);
		if (store_open(&st, none, &err) != ERR_OS || !strstr(err.msg, "Permission denied"))
			_exit(2);
		if (store_open(&st, full, &err) == 0) {
			struct fact f = fact_of(KEY_A, 1);

			if (store_fact_add(st, &f, &err) != ERR_OS)
				_exit(3);
			store_close(st);
		}
		_exit(strstr(err.msg, full) ? 0 : 4);
	}
	assert_int_equal(wait_for(pid), 0);
	chmod(sub, 0755);
	chmod(full, 0755);
	mem_free(sub);
	mem_free(full);
	mem_free(none);
}

/* --- together ---------------------------------------------------------------- */

static void test_two_connections(void **state)
{
	struct store *a = open_store(*state), *b = open_store(*state);
	struct error err = { 0 };
	struct fact got;

	add(a, KEY_A, 1);
	assert_int_equal(store_fact_find(b, KEY_A, 0, &got, &err), 1);
	add(b, KEY_A, 2);
	assert_int_equal(store_fact_find(a, KEY_A, 0, &got, &err), 1);
	assert_int_equal(got.exit_status, 2);
	store_close(a);
	store_close(b);
}

/* Several that find a fresh folder, and all write. */
static void test_many_processes(void **state)
{
	enum { WRITERS = 6, FACTS = 40, ROUNDS = 5 };

	for (int round = 0; round < ROUNDS; round++) {
		char name[16], *dir;
		pid_t pids[WRITERS];
		int go[2], bad = 0;

		snprintf(name, sizeof(name), "s%d", round);
		dir = path_join(*state, name);
		assert_int_equal(pipe(go), 0);
		for (int i = 0; i < WRITERS; i++) {
			pids[i] = fork();
			if (pids[i] == 0) {
				struct error err = { 0 };
				struct store *st;
				char c;

				close(go[1]);
				if (read(go[0], &c, 1) != 0) /* all start at once */
					_exit(9);
				if (store_open(&st, dir, &err) < 0) {
					fprintf(stderr, "open: %s\n", err.msg);
					_exit(1);
				}
				for (int k = 0; k < FACTS; k++) {
					struct fact f = fact_of(KEY_A, k);
					char text[32];

					snprintf(text, sizeof(text), "text %d", k);
					f.has_out = true;
					if (store_begin(st, &err) < 0 ||
					    store_text_add(st, text, strlen(text), f.out, &err) < 0 ||
					    store_fact_add(st, &f, &err) < 0 || store_commit(st, &err) < 0) {
						fprintf(stderr, "write: %s\n", err.msg);
						_exit(2);
					}
				}
				store_close(st);
				_exit(0);
			}
		}
		close(go[0]);
		close(go[1]);
		for (int i = 0; i < WRITERS; i++)
			bad += wait_for(pids[i]) != 0;
		assert_int_equal(bad, 0);
		assert_int_equal(ask(dir, "SELECT count(*) FROM fact"), WRITERS * FACTS);
		assert_int_equal(ask(dir, "SELECT count(*) FROM text"), FACTS);
		mem_free(dir);
	}
}

/* --- kill -9 ----------------------------------------------------------------- */

static void write_for_ever(const char *dir, int report)
{
	struct store *st;
	struct error err = { 0 };
	char *text = mem_alloc(50000);

	if (store_open(&st, dir, &err) < 0)
		_exit(1);
	for (unsigned k = 0;; k++) {
		struct fact f = fact_of(KEY_A, (int)k);

		for (size_t i = 0; i < 50000; i++)
			text[i] = (char)((k + i) * 2654435761u >> 13);
		f.has_out = true;
		if (store_begin(st, &err) < 0 || store_text_add(st, text, 50000, f.out, &err) < 0 ||
		    store_fact_add(st, &f, &err) < 0 || store_commit(st, &err) < 0)
			_exit(2);
		if (write(report, &f.id, sizeof(f.id)) != sizeof(f.id)) /* said to be stored */
			_exit(3);
	}
}

static void test_killed_while_writing(void **state)
{
	int64_t stored = 0;

	for (int round = 0; round < 12; round++) {
		struct error err = { 0 };
		struct store *st;
		struct fact got;
		int64_t id, before = stored;
		int report[2];
		pid_t pid;

		assert_int_equal(pipe(report), 0);
		pid = fork();
		if (pid == 0) {
			close(report[0]);
			write_for_ever(*state, report[1]);
		}
		close(report[1]);
		for (int i = 0; i < 3 + round % 5 && read(report[0], &id, sizeof(id)) == sizeof(id); i++)
			stored = id;
		usleep((useconds_t)(round * 700)); /* somewhere else each time */
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(wait_for(pid), 1000 + SIGKILL);
		while (read(report[0], &id, sizeof(id)) == sizeof(id))
			stored = id;
		close(report[0]);
		assert_true(stored > before);
		st = open_store(*state);
		assert_true(store_fact_last_id(st) >= stored); /* nothing that was said is lost */
		assert_int_equal(ask(*state, "SELECT count(*) FROM pragma_integrity_check"
					     " WHERE integrity_check <> 'ok'"), 0);
		/* never a fact without its text */
		assert_int_equal(ask(*state, "SELECT count(*) FROM fact LEFT JOIN text ON out = digest"
					     " WHERE digest IS NULL"), 0);
		assert_int_equal(store_fact_find(st, KEY_A, 0, &got, &err), 1);
		for (struct str text = STR_INIT; got.has_out; got.has_out = false) {
			assert_int_equal(store_text_get(st, got.out, &text, &err), 0);
			assert_int_equal(text.len, 50000);
			str_free(&text);
		}
		stored = store_fact_last_id(st);
		store_close(st);
	}
	assert_int_equal(ask(*state, "SELECT max(id) - count(*) FROM fact"), 0); /* without a gap */
}

/* --- full disk --------------------------------------------------------------- */

/* Writes until it is refused; then what was stored is there and what was not is not. */
static int fill(const char *dir, const char *words)
{
	struct error err = { 0 };
	struct store *st;
	char *text = mem_alloc(20000);
	int n = 0;

	if (store_open(&st, dir, &err) < 0)
		return 1;
	for (unsigned k = 0; k < 1000; k++) {
		struct fact f = fact_of(KEY_A, (int)k);

		for (size_t i = 0; i < 20000; i++)
			text[i] = (char)((k * 20000 + i) * 2654435761u >> 11);
		f.has_out = true;
		if (store_begin(st, &err) < 0 || store_text_add(st, text, 20000, f.out, &err) < 0 ||
		    store_fact_add(st, &f, &err) < 0 || store_commit(st, &err) < 0)
			break;
		n++;
	}
	if (n == 0 || n == 1000)
		return 2;
	if (err.code != ERR_OS || !strstr(err.msg, words) || !strstr(err.msg, dir)) {
		fprintf(stderr, "got: %s\n", err.msg);
		return 3;
	}
	if (store_fact_last_id(st) != n)
		return 4;
	store_close(st);
	mem_free(text);
	return n < 250 ? n : 250;
}

static void assert_whole(const char *dir, int facts)
{
	struct store *st = open_store(dir);

	assert_int_equal(ask(dir, "SELECT count(*) FROM fact JOIN text ON out = digest"), facts);
	assert_int_equal(ask(dir, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
	assert_int_equal(add(st, KEY_B, 1), facts + 1);
	store_close(st);
}

static void test_file_size_limit(void **state)
{
	pid_t pid = fork();
	int n;

	if (pid == 0) {
		struct rlimit rl = { 1 << 20, 1 << 20 };

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &rl);
		_exit(fill(*state, "I/O error"));
	}
	n = wait_for(pid);
	assert_true(n > 4 && n < 250);
	assert_whole(*state, n);
}

static void test_full_disk(void **state)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct error err = { 0 };
		struct store *st;
		char *dir = path_join(*state, "s"), *ballast = path_join(*state, "ballast"), *big = mem_zalloc(1 << 20);
		int n;

		if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("none", *state, "tmpfs", 0, "size=3m") < 0)
			_exit(77);
		if (fs_write(ballast, big, 1 << 20, 0644, &err) < 0)
			_exit(1);
		n = fill(dir, "the disk is full");
		if (n <= 4)
			_exit(n);
		unlink(ballast); /* there is room again */
		if (store_open(&st, dir, &err) < 0 || store_fact_last_id(st) != n)
			_exit(5);
		if (add(st, KEY_B, 1) != n + 1)
			_exit(6);
		store_close(st);
		_exit(0);
	}
	status = wait_for(pid);
	if (status == 77)
		skip(); /* mounting is root's */
	assert_int_equal(status, 0);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, temp_setup, temp_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_texts),
		TEST(test_damaged_texts),
		TEST(test_swapped_text),
		TEST(test_facts),
		TEST(test_in_memory),
		TEST(test_canaries),
		TEST(test_memos),
		TEST(test_runs),
		TEST(test_transactions),
		TEST(test_failed_transaction),
		TEST(test_newer_format),
		TEST(test_no_store),
		TEST(test_read_only_folder),
		TEST(test_two_connections),
		TEST(test_many_processes),
		TEST(test_killed_while_writing),
		TEST(test_file_size_limit),
		TEST(test_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
