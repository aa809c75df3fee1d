#include "results/timeline.h"

#include <string.h>

#include "harness/base/mem.h"
#include "harness/base/str.h"

char *timeline_full_name(const char *package, const char *local)
{
	return *package ? mem_printf("%s.%s", package, local) : mem_strdup(local);
}

/* The text with the star of each "(*" made a byte that no name has. */
static char *without_receivers(const char *text)
{
	char *copy = mem_strdup(text);

	for (char *p = copy; (p = strstr(p, "(*")) != NULL; p++)
		p[1] = '\x01';
	return copy;
}

bool timeline_name_is_glob(const char *text)
{
	char *plain = without_receivers(text);
	bool glob = strpbrk(plain, "*?") != NULL;

	mem_free(plain);
	return glob;
}

bool timeline_name_matches(const char *pattern, const char *name)
{
	char *p = without_receivers(pattern), *n = without_receivers(name);
	bool matches = str_glob(p, n);

	mem_free(p);
	mem_free(n);
	return matches;
}

enum timeline_state timeline_section_state(const struct atlas_section *section, struct str *trouble)
{
	/* What the Go program says of a package that it was asked about and that is none. */
	static const char none[] = "no such package in std";
	struct str state = STR_INIT, message = STR_INIT;
	enum timeline_state result = TIMELINE_WHOLE;

	atlas_section_state(section, &state, &message);
	if (strcmp(state.s, "unread") == 0 && strcmp(message.s, none) == 0)
		result = TIMELINE_NO_PACKAGE;
	else if (strcmp(state.s, "ok") != 0 && strcmp(state.s, "ext") != 0)
		result = TIMELINE_PART;
	if (trouble) {
		str_clear(trouble);
		if (result == TIMELINE_PART)
			str_add(trouble, message.len ? message.s : state.s);
	}
	str_free(&state);
	str_free(&message);
	return result;
}

enum timeline_state timeline_state(const struct timeline_source *src, size_t toolchain, size_t target,
				   const char *package)
{
	struct atlas_section section;

	if (timeline_missing(src, toolchain, target) ||
	    !src->section(src->arg, toolchain, target, package, &section))
		return TIMELINE_NO_PACKAGE;
	return timeline_section_state(&section, NULL);
}

bool timeline_any_asked(const struct timeline_source *src)
{
	for (size_t i = 0; i < src->ntoolchains; i++)
		for (size_t t = 0; t < src->ntargets; t++)
			if (!timeline_missing(src, i, t))
				return true;
	return false;
}

bool timeline_has_package(const struct timeline_source *src, const char *package)
{
	for (size_t i = src->ntoolchains; i-- > 0;)
		for (size_t t = 0; t < src->ntargets; t++)
			if (timeline_state(src, i, t, package) != TIMELINE_NO_PACKAGE)
				return true;
	return false;
}
