/*
 * A run, judged by how it ended, by what it printed and by its last words: the
 * lines in which a dying Go program, or the emulator below it, says why.
 */
#include "results/diagnose.h"

#include <signal.h>
#include <string.h>

#include "harness/base/str.h"
#include "results/diagnose_text.h"

/* How much of a line is quoted where texts differ. */
#define QUOTE_MAX 120

/* ---- signals */

static const struct {
	int number;
	const char *name;
	const char *words; /* strsignal(3) of glibc, which qemu prints */
} signals[] = {
	{ SIGHUP, "SIGHUP", "Hangup" },
	{ SIGINT, "SIGINT", "Interrupt" },
	{ SIGQUIT, "SIGQUIT", "Quit" },
	{ SIGILL, "SIGILL", "Illegal instruction" },
	{ SIGTRAP, "SIGTRAP", "Trace/breakpoint trap" },
	{ SIGABRT, "SIGABRT", "Aborted" },
	{ SIGBUS, "SIGBUS", "Bus error" },
	{ SIGFPE, "SIGFPE", "Floating point exception" },
	{ SIGKILL, "SIGKILL", "Killed" },
	{ SIGUSR1, "SIGUSR1", "User defined signal 1" },
	{ SIGSEGV, "SIGSEGV", "Segmentation fault" },
	{ SIGUSR2, "SIGUSR2", "User defined signal 2" },
	{ SIGPIPE, "SIGPIPE", "Broken pipe" },
	{ SIGALRM, "SIGALRM", "Alarm clock" },
	{ SIGTERM, "SIGTERM", "Terminated" },
#ifdef SIGSTKFLT
	{ SIGSTKFLT, "SIGSTKFLT", "Stack fault" },
#endif
	{ SIGCHLD, "SIGCHLD", "Child exited" },
	{ SIGCONT, "SIGCONT", "Continued" },
	{ SIGSTOP, "SIGSTOP", "Stopped (signal)" },
	{ SIGTSTP, "SIGTSTP", "Stopped" },
	{ SIGTTIN, "SIGTTIN", "Stopped (tty input)" },
	{ SIGTTOU, "SIGTTOU", "Stopped (tty output)" },
	{ SIGURG, "SIGURG", "Urgent I/O condition" },
	{ SIGXCPU, "SIGXCPU", "CPU time limit exceeded" },
	{ SIGXFSZ, "SIGXFSZ", "File size limit exceeded" },
	{ SIGVTALRM, "SIGVTALRM", "Virtual timer expired" },
	{ SIGPROF, "SIGPROF", "Profiling timer expired" },
	{ SIGWINCH, "SIGWINCH", "Window changed" },
	{ SIGIO, "SIGIO", "I/O possible" },
#ifdef SIGPWR
	{ SIGPWR, "SIGPWR", "Power failure" },
#endif
	{ SIGSYS, "SIGSYS", "Bad system call" },
};

const char *signal_name(int number)
{
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (signals[i].number == number)
			return signals[i].name;
	return NULL;
}

/* The known signal whose name stands at s, or NULL: "SIGSEGV: ...", "SIGSEGV]". */
static const char *signal_at(const char *s)
{
	size_t n = strcspn(s, ":] ");

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (strlen(signals[i].name) == n && strncmp(signals[i].name, s, n) == 0)
			return signals[i].name;
	return NULL;
}

/* "qemu: uncaught target signal 10 (Bus error) - core dumped": the number is the
 * target's (10 is SIGUSR1 here), the words are not. */
static const char *signal_of_qemu(const char *line)
{
	const char *p = strchr(line, '(');

	for (size_t i = 0; p && i < sizeof(signals) / sizeof(signals[0]); i++) {
		size_t n = strlen(signals[i].words);

		if (strncmp(p + 1, signals[i].words, n) == 0 && p[1 + n] == ')')
			return signals[i].name;
	}
	return NULL;
}

/* ---- last words */

/* What a dying Go program, or the emulator below it, said. Borrowed. */
struct last_words {
	const char *message; /* the first line that says what is wrong, or NULL */
	const char *signal;  /* the first signal that is named */
	bool trace;          /* a stack follows */
	bool qemu;           /* the emulator says that it passed a signal on */
	bool deep;           /* the crash went wrong itself: other exit statuses than 2 */
};

static void read_last_words(struct last_words *out, const struct lines *lines)
{
	const char *weak = NULL; /* "runtime: newstack called from": a crash if a stack follows */

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < lines->n; i++) {
		const char *line = lines->v[i], *name = NULL, *p;
		bool head = str_starts(line, "panic: ") || str_starts(line, "fatal error: ") ||
			    str_starts(line, "fatal: morestack on ") ||
			    str_starts(line, "unexpected fault address ");

		if ((p = skip_prefix(line, "[signal "))) {
			name = signal_at(p);
		} else if (str_starts(line, "SIG") && (name = signal_at(line))) {
			head = true;
		} else if (str_starts(line, "qemu: uncaught target signal ")) {
			name = signal_of_qemu(line);
			out->qemu = head = true;
		}
		if (str_starts(line, "panic during panic") ||
		    str_starts(line, "stack trace unavailable"))
			out->deep = true;
		if ((p = skip_prefix(line, "goroutine ")) && p != skip_digits(p) && strstr(p, "]:"))
			out->trace = true;
		if (!weak && str_starts(line, "runtime: "))
			weak = line;
		if (head && !out->message)
			out->message = line;
		if (name && !out->signal)
			out->signal = name;
	}
	if (!out->message && out->trace)
		out->message = weak;
}

/* Go's own crashes end with 2; those in which the crash fails too, 3 to 5. */
static bool is_go_crash(const struct last_words *words, int exit_status)
{
	if (!words->message)
		return false;
	return exit_status == 2 || (words->deep && exit_status >= 3 && exit_status <= 5);
}

/* "qemu-aarch64: Could not open '/lib/ld-linux-aarch64.so.1': ...", "qemu-ppc64le:
 * ./out: Invalid ELF image for this architecture": all that was said, exit 255 or 1. */
static bool is_qemu_refusal(const struct lines *lines, const struct text *out_said, int exit_status)
{
	const char *first = lines->n ? lines->v[0] : "", *colon = strstr(first, ": ");

	return (exit_status == 255 || exit_status == 1) && out_said->n == 0 &&
	       str_starts(first, "qemu-") && colon &&
	       !memchr(first, ' ', (size_t)(colon - first)) &&
	       (lines->n == 1 || (lines->n == 2 && lines->v[1][0] == '\0'));
}

/* ---- expectations */

/* One line, in quotes, cut short. */
static void add_quoted_line(struct str *out, struct text t, size_t from)
{
	const char *end;
	size_t n;

	if (from > t.n) {
		str_add(out, "nothing more");
		return;
	}
	end = t.n > from ? memchr(t.s + from, '\n', t.n - from) : NULL;
	n = end ? (size_t)(end - t.s) - from : t.n - from;
	str_addc(out, '"');
	str_addn(out, t.s + from, text_cut_len(t.s + from, n, QUOTE_MAX));
	str_add(out, n > QUOTE_MAX ? "...\"" : "\"");
}

/* Adds where `got` differs from `want`; false when it does not. */
static bool add_difference(struct str *out, const char *stream, struct text want, struct text got)
{
	size_t i = 0, line = 1, want_from = 0, got_from = 0;

	if (!want.s)
		return false;
	want.n = str_trimmed_len(want.s, want.n);
	got.n = got.s ? str_trimmed_len(got.s, got.n) : 0;
	while (i < want.n && i < got.n && want.s[i] == got.s[i]) {
		if (want.s[i++] == '\n') {
			line++;
			want_from = got_from = i;
		}
	}
	if (i == want.n && i == got.n)
		return false;
	/* One of them ended with a line that the other has whole: the next line differs. */
	if (i > want_from &&
	    ((i == want.n && got.s[i] == '\n') || (i == got.n && want.s[i] == '\n'))) {
		line++;
		want_from = got_from = i + 1;
	} else if (i == 0 && want.n == 0) {
		want_from = 1;
	} else if (i == 0 && got.n == 0) {
		got_from = 1;
	}
	str_addf(out, "%s line %zu: want ", stream, line);
	add_quoted_line(out, want, want_from);
	str_add(out, ", got ");
	add_quoted_line(out, got, got_from);
	return true;
}

/* What differs from the expectation, in words; NULL: nothing. */
static char *difference(struct text out_said, struct text err_said, int exit_status,
			const struct run_expectation *want, const struct lines *lines)
{
	int want_exit = want->has_exit ? want->exit_status : 0;
	struct str s = STR_INIT;

	if (exit_status != want_exit) {
		const char *line = NULL;

		for (size_t i = 0; i < lines->n && !line; i++)
			if (str_trimmed_len(lines->v[i], strlen(lines->v[i])) > 0)
				line = lines->v[i];
		str_addf(&s, "exit status: want %d, got %d", want_exit, exit_status);
		if (line) {
			str_add(&s, "; stderr begins ");
			add_quoted_line(&s, (struct text){ line, strlen(line) }, 0);
		}
		return str_detach(&s);
	}
	if (add_difference(&s, "stdout", want->out, out_said) ||
	    add_difference(&s, "stderr", want->err, err_said))
		return str_detach(&s);
	str_free(&s);
	return NULL;
}

/* ---- the judgement */

static void judge_run(struct diagnosis *out, struct text out_said, struct text err_said,
		      const struct ending *end, const struct run_expectation *want,
		      const struct lines *lines, const struct path_aliases *aliases)
{
	struct last_words words;
	const char *killer = signal_name(end->signal);
	bool crashed;
	char *differs = NULL;

	if (end->timed_out) {
		out->kind = OUTCOME_TIMEOUT;
		out->message = mem_strdup("the run went past its limit");
		return;
	}
	read_last_words(&words, lines);
	crashed = end->signal || is_go_crash(&words, end->exit_status) ||
		  (words.qemu && end->exit_status > 128);
	if (!end->signal)
		differs = difference(out_said, err_said, end->exit_status, want, lines);
	if (crashed && (end->signal || differs)) {
		out->kind = OUTCOME_RUN_CRASH;
		out->signal = mem_strdup(killer ? killer : words.signal);
		if (words.message)
			out->message = message_clean(words.message, strlen(words.message), aliases);
		else if (killer)
			out->message = mem_printf("killed by %s", killer);
		else
			out->message = mem_printf("killed by signal %d", end->signal);
		mem_free(differs);
	} else if (differs && is_qemu_refusal(lines, &out_said, end->exit_status)) {
		out->kind = OUTCOME_INFRA;
		out->message = message_clean(lines->v[0], strlen(lines->v[0]), aliases);
		mem_free(differs);
	} else {
		out->kind = differs ? OUTCOME_RUN_WRONG : OUTCOME_PASS;
		out->message = differs ? differs : mem_strdup("");
	}
}

void diagnose_run(struct diagnosis *out, struct text out_said, struct text err_said,
		  const struct ending *end, const struct run_expectation *want,
		  const struct path_aliases *aliases)
{
	static const struct run_expectation exit_zero;
	struct lines lines;

	memset(out, 0, sizeof(*out));
	out->stage = STAGE_RUN;
	lines_split(&lines, err_said);
	judge_run(out, out_said, err_said, end, want ? want : &exit_zero, &lines, aliases);
	lines_free(&lines);
}
