#include "tests/support/fake_atlas.h"

#include <assert.h>
#include <string.h>

static bool get_section(void *arg, size_t toolchain, size_t target, const char *package,
			struct atlas_section *out)
{
	struct fake_atlas *f = arg;
	const char *text = f->texts[timeline_index(&f->source, toolchain, target)], *path;
	size_t at = 0, n;

	f->asked++;
	while (text && atlas_next_section(text, strlen(text), &at, out, &path, &n))
		if (strlen(package) == n && memcmp(package, path, n) == 0)
			return true;
	return false;
}

static bool get_packages(void *arg, size_t toolchain, size_t target, struct strv *out)
{
	struct fake_atlas *f = arg;
	const char *text = f->texts[timeline_index(&f->source, toolchain, target)], *path;
	struct atlas_section section;
	size_t at = 0, n;

	while (f->complete && text && atlas_next_section(text, strlen(text), &at, &section, &path, &n))
		strv_addn(out, path, n);
	return f->complete;
}

void fake_atlas_init(struct fake_atlas *f, const char *const *toolchains, const char *const *targets)
{
	struct error err;
	size_t n = 0, m = 0;

	*f = (struct fake_atlas){ 0 };
	for (; toolchains[n]; n++) {
		char *base = mem_strndup(toolchains[n], strcspn(toolchains[n], "+"));
		int rc = gover_parse(&f->toolchains[n].version, base, &err);

		assert(rc == 0 && n < FAKE_TOOLCHAINS);
		(void)rc;
		f->toolchains[n].name = f->toolchains[n].base = toolchains[n];
		mem_free(base);
	}
	for (; targets[m]; m++) {
		int rc = target_parse(&f->targets[m], targets[m], &err);

		assert(rc == 0 && m < FAKE_TARGETS);
		(void)rc;
	}
	f->source = (struct timeline_source){ .toolchains = f->toolchains, .ntoolchains = n,
					      .targets = f->targets, .ntargets = m,
					      .missing = f->missing, .section = get_section,
					      .packages = get_packages, .arg = f };
}

void fake_atlas_text_on(struct fake_atlas *f, size_t toolchain, size_t target, const char *text)
{
	f->texts[timeline_index(&f->source, toolchain, target)] = text;
}

void fake_atlas_text(struct fake_atlas *f, size_t toolchain, const char *text)
{
	for (size_t t = 0; t < f->source.ntargets; t++)
		fake_atlas_text_on(f, toolchain, t, text);
}
