/*
 * Errors as values.
 *
 * A function that can fail takes a `struct error *` last, fills it once and
 * returns its (negative) code; callers on the way up may put context in front
 * with err_wrap().  Library code never prints and never exits; harness/cli
 * does, and turns the code into the exit status of the contract.
 */
#ifndef LNM_BASE_ERROR_H
#define LNM_BASE_ERROR_H

enum err_code {
	ERR_OK = 0,
	ERR_INPUT = -1,       /* bad usage or bad input: exit 2 */
	ERR_OS = -2,          /* the system refused: exit 3 */
	ERR_WORK = -3,        /* the work could not be done: exit 3 */
	ERR_GONE = -4,        /* asked for something that is not to be had (a version
	                         that is not published): exit 3, final, not worth a retry */
	ERR_INTERRUPTED = -5, /* Ctrl-C: exit 130 */
};

struct error {
	enum err_code code;
	char msg[1024];
};

/* Both return `code`, so that `return err_set(...)` reads well. */
int err_set(struct error *err, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* ERR_OS with strerror(errnum) appended. */
int err_os(struct error *err, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Puts "context: " in front of the message; returns the code that was set. */
int err_wrap(struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The exit status that the contract (section 4) gives to an error code. */
int err_exit_status(enum err_code code);

#endif
