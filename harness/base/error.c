#include "harness/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct error *err, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return code;
}

int err_os(struct error *err, int errnum, const char *fmt, ...)
{
	va_list ap;
	size_t len;

	err->code = ERR_OS;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	len = strlen(err->msg);
	snprintf(err->msg + len, sizeof(err->msg) - len, ": %s", strerror(errnum));
	return ERR_OS;
}

int err_wrap(struct error *err, const char *fmt, ...)
{
	char tail[sizeof(err->msg)];
	va_list ap;
	size_t len;

	memcpy(tail, err->msg, sizeof(tail));
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	len = strlen(err->msg);
	snprintf(err->msg + len, sizeof(err->msg) - len, ": %s", tail);
	return err->code;
}

int err_exit_status(enum err_code code)
{
	switch (code) {
	case ERR_OK:          return 0;
	case ERR_INPUT:       return 2;
	case ERR_INTERRUPTED: return 130;
	case ERR_OS:
	case ERR_WORK:
	case ERR_GONE:        return 3;
	}
	return 3;
}
