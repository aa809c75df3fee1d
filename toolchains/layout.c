#include "toolchains/layout.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const char *layout_grade_name(enum layout_grade grade)
{
	static const char *const names[] = { "same", "prefix", "pointer-map-drift", "drift" };

	return names[grade];
}

/* --- names and pointer words ----------------------------------------------- */

static bool is_blank(const struct atlas_field *f)
{
	return strcmp(f->name, "_") == 0;
}

/* "_", "pad", "_pad1", "pad_cgo_0", "Padding" */
static bool is_padding(const struct atlas_field *f)
{
	const char *s = f->name + strspn(f->name, "_");

	if (*s == '\0')
		return true;
	if (strncasecmp(s, "pad", 3) != 0)
		return false;
	s += 3;
	if (strncasecmp(s, "ding", 4) == 0)
		s += 4;
	return *s == '\0' || *s == '_' || isdigit((unsigned char)*s);
}

static bool same_but_first_case(const char *a, const char *b)
{
	return tolower((unsigned char)*a) == tolower((unsigned char)*b) && *a && strcmp(a + 1, b + 1) == 0;
}

static size_t find_name(const struct layout *in, const char *name)
{
	for (size_t i = 0; i < in->n; i++)
		if (strcmp(in->fields[i].name, name) == 0)
			return i;
	for (size_t i = 0; i < in->n; i++)
		if (same_but_first_case(in->fields[i].name, name))
			return i;
	return LAYOUT_NOWHERE;
}

static long end_of(const struct atlas_field *f)
{
	return f->offset + f->size;
}

static bool is_known(const struct atlas_field *f)
{
	return f->offset >= 0 && f->size >= 0;
}

static bool has_many_pointers(const struct atlas_field *f)
{
	return f->ptrs && strcmp(f->ptrs, "*") == 0;
}

static unsigned long long mask_of(const struct atlas_field *f)
{
	return f->ptrs ? strtoull(f->ptrs, NULL, 16) : 0;
}

static bool has_pointers(const struct atlas_field *f)
{
	return has_many_pointers(f) || mask_of(f) != 0;
}

static bool same_pointers(const struct atlas_field *a, const struct atlas_field *b)
{
	return has_many_pointers(a) == has_many_pointers(b) && mask_of(a) == mask_of(b);
}

/* Is the word at this offset of the struct one of the field's pointers? */
static bool pointer_at(const struct atlas_field *f, long offset, long word)
{
	long k = (offset - f->offset) / word;

	if (offset < f->offset || offset >= end_of(f))
		return false;
	return has_many_pointers(f) || (k < 64 && (mask_of(f) >> k & 1));
}

/* --- matching -------------------------------------------------------------- */

enum how {
	NAMED,   /* std has a field of that name */
	PLACED,  /* one of another name, at the same offset and as large */
	COVERS,  /* several, just as long together */
	PADDING, /* of no meaning */
	LOST,
};

struct match {
	enum how how;
	size_t std;      /* NAMED, PLACED: which; COVERS: the first */
	long delta;      /* NAMED: how far std has it behind the copy's offset */
	bool resized, repointed;
};

struct pairing {
	const struct layout *copy, *std;
	long word;
	bool drifts;
	struct match *of; /* for each field of the copy */
	size_t *by;       /* for each of std: the copy's that is NAMED or PLACED with it, or that COVERS it */
};

static bool is_bad(const struct match *m)
{
	return m->how == LOST || m->delta != 0 || m->resized;
}

/* The fields of std from `first` on that fill [offset, end), nobody else's; 0: they do not. */
static size_t count_covered(const struct pairing *p, size_t first, long end)
{
	const struct layout *std = p->std;
	size_t i = first;

	for (; i < std->n && std->fields[i].offset < end; i++)
		if (p->by[i] != LAYOUT_NOWHERE || end_of(&std->fields[i]) > end)
			return 0;
	return i == std->n && std->size >= 0 && end > std->size ? 0 : i - first;
}

static void match_by_place(struct pairing *p, size_t k)
{
	const struct atlas_field *f = &p->copy->fields[k];
	struct match *m = &p->of[k];

	m->how = f->size == 0 || !is_known(f) ? PADDING : LOST;
	for (size_t i = 0; i < p->std->n && m->how == LOST; i++) {
		const struct atlas_field *s = &p->std->fields[i];
		size_t n;

		if (s->offset != f->offset || s->size == 0)
			continue;
		n = count_covered(p, i, end_of(f));
		if (n == 0)
			continue;
		m->how = n == 1 && s->size == f->size ? PLACED : COVERS;
		m->std = i;
		for (size_t j = i; j < i + n; j++)
			p->by[j] = k;
	}
}

/* Is a word of the field a pointer here and none in std's fields that lie there, or the reverse? */
static bool words_differ(const struct pairing *p, const struct atlas_field *f)
{
	for (size_t i = 0; i < p->std->n; i++) {
		const struct atlas_field *s = &p->std->fields[i];
		long from = s->offset > f->offset ? s->offset : f->offset;
		long end = end_of(s) < end_of(f) ? end_of(s) : end_of(f);

		if (!has_pointers(f) && !has_pointers(s))
			continue;
		for (long at = from; at < end; at += p->word)
			if (pointer_at(s, at, p->word) != pointer_at(f, at, p->word))
				return true;
	}
	return false;
}

static void compare_field(struct pairing *p, size_t k)
{
	const struct atlas_field *f = &p->copy->fields[k], *s;
	struct match *m = &p->of[k];

	switch (m->how) {
	case NAMED:
	case PLACED:
		s = &p->std->fields[m->std];
		if (!is_known(f) || !is_known(s))
			break;
		m->delta = s->offset - f->offset;
		m->resized = s->size != f->size;
		m->repointed = !m->resized && !same_pointers(f, s);
		break;
	case COVERS:
	case PADDING:
		m->repointed = words_differ(p, f);
		break;
	case LOST:
		break;
	}
}

static void pair(struct pairing *p)
{
	for (size_t i = 0; i < p->std->n; i++)
		p->by[i] = LAYOUT_NOWHERE;
	for (size_t k = 0; k < p->copy->n; k++) {
		const struct atlas_field *f = &p->copy->fields[k];
		struct match *m = &p->of[k];

		*m = (struct match){ .how = is_padding(f) ? PADDING : LOST, .std = LAYOUT_NOWHERE };
		if (is_blank(f))
			continue;
		m->std = find_name(p->std, f->name);
		if (m->std != LAYOUT_NOWHERE && p->by[m->std] == LAYOUT_NOWHERE) {
			m->how = NAMED;
			p->by[m->std] = k;
		} else {
			m->std = LAYOUT_NOWHERE;
		}
	}
	for (size_t k = 0; k < p->copy->n; k++)
		if (p->of[k].how == LOST)
			match_by_place(p, k);
	for (size_t k = 0; k < p->copy->n; k++)
		compare_field(p, k);
	for (size_t k = 0; k < p->copy->n; k++)
		p->drifts |= is_bad(&p->of[k]);
}

/* --- the first divergence -------------------------------------------------- */

static void add_field(struct str *out, const struct pairing *p, size_t k)
{
	str_addf(out, "field %zu (`%s`)", k + 1, p->copy->fields[k].name);
}

/* "`a T`", "`a T` and `b U`", "`a T`, `b U` and 3 more" */
static void add_fields(struct str *out, const struct layout *of, const size_t *which, size_t n)
{
	for (size_t i = 0; i < n && i < 2; i++)
		str_addf(out, "%s`%s %s`", i == 0 ? "" : n == 2 ? " and " : ", ",
			 of->fields[which[i]].name, of->fields[which[i]].type);
	if (n > 2)
		str_addf(out, " and %zu more", n - 2);
}

/* Why std has field k of the copy elsewhere: what differs between it and the last that was right. */
static void add_reason(struct str *out, const struct pairing *p, size_t k)
{
	const struct atlas_field *s = &p->std->fields[p->of[k].std];
	size_t *more = mem_alloc((p->std->n + 1) * sizeof(*more)), nmore = 0;
	size_t *less = mem_alloc((p->copy->n + 1) * sizeof(*less)), nless = 0;
	size_t begin = k, from = 0, later = LAYOUT_NOWHERE;

	while (begin > 0 && (p->of[begin - 1].how == PADDING || p->of[begin - 1].how == LOST))
		begin--;
	if (begin > 0)
		from = p->of[begin - 1].std + 1;
	for (size_t i = begin; i < k; i++)
		if (p->of[i].how == LOST)
			less[nless++] = i;
	for (size_t i = from; i < p->of[k].std; i++) {
		if (p->by[i] == LAYOUT_NOWHERE)
			more[nmore++] = i;
		else if (p->by[i] > k)
			later = i;
	}
	if (k > 0 && p->of[k - 1].how == PADDING && nless == 0 && s->offset > p->copy->fields[k - 1].offset) {
		const struct atlas_field *pad = &p->copy->fields[k - 1];

		str_add(out, ": the padding before it, ");
		add_field(out, p, k - 1);
		str_addf(out, ", is %ld bytes, std has %ld there", pad->size, s->offset - pad->offset);
	} else if (begin > 0 && from > p->of[k].std) {
		str_addf(out, ": std has it before `%s`", p->copy->fields[begin - 1].name);
	} else if (nmore > 0 && nless > 0) {
		str_add(out, ": std has ");
		add_fields(out, p->std, more, nmore);
		str_add(out, " before it, and no ");
		add_fields(out, p->copy, less, nless);
	} else if (nmore > 0) {
		str_add(out, ": std has ");
		add_fields(out, p->std, more, nmore);
		str_add(out, " before it");
	} else if (nless > 0) {
		str_add(out, ": std has no ");
		add_fields(out, p->copy, less, nless);
		str_add(out, " before it");
	} else if (later != LAYOUT_NOWHERE) {
		str_addf(out, ": std has `%s` before it", p->std->fields[later].name);
	} else {
		str_add(out, ": std aligns it otherwise");
	}
	mem_free(more);
	mem_free(less);
}

static size_t next_named(const struct pairing *p, size_t k)
{
	while (k < p->copy->n && p->of[k].how != NAMED)
		k++;
	return k;
}

/* "offsets from field 7 (`stktopsp`) on are 8 bytes too small" */
static void add_shift(struct str *out, const struct pairing *p, size_t k)
{
	long delta = p->of[k].delta, by = delta < 0 ? -delta : delta;
	size_t last = k, next;

	while ((next = next_named(p, last + 1)) < p->copy->n && p->of[next].delta == delta)
		last = next;
	if (last == k) {
		str_add(out, "the offset of ");
		add_field(out, p, k);
		str_add(out, " is ");
	} else if (next == p->copy->n) {
		str_add(out, "offsets from ");
		add_field(out, p, k);
		str_add(out, " on are ");
	} else {
		str_addf(out, "offsets of fields %zu to %zu (`%s` to `%s`) are ", k + 1, last + 1,
			 p->copy->fields[k].name, p->copy->fields[last].name);
	}
	str_addf(out, "%ld byte%s too %s", by, by == 1 ? "" : "s", delta > 0 ? "small" : "large");
}

static const struct atlas_field *std_at(const struct pairing *p, long offset)
{
	for (size_t i = 0; i < p->std->n; i++)
		if (offset >= p->std->fields[i].offset && offset < end_of(&p->std->fields[i]))
			return &p->std->fields[i];
	return NULL;
}

/* What std has at the offset of a field that it has not. */
static void add_instead(struct str *out, const struct pairing *p, const struct atlas_field *f)
{
	const struct atlas_field *s = std_at(p, f->offset);

	if (p->std->size >= 0 && f->offset >= p->std->size)
		str_addf(out, "its offset, %ld, is beyond std's end, %ld", f->offset, p->std->size);
	else if (!s)
		str_addf(out, "at its offset, %ld, std has padding", f->offset);
	else if (s->offset == f->offset)
		str_addf(out, "at its offset, %ld, std has `%s %s`", f->offset, s->name, s->type);
	else
		str_addf(out, "its offset, %ld, is inside of std's `%s %s`", f->offset, s->name, s->type);
}

static void say_lost(struct str *out, const struct pairing *p, size_t k)
{
	size_t next = next_named(p, k);

	if (next < p->copy->n && p->of[next].delta != 0) {
		add_shift(out, p, next);
		add_reason(out, p, next);
		return;
	}
	str_addf(out, "std has no field `%s` (field %zu): ", p->copy->fields[k].name, k + 1);
	add_instead(out, p, &p->copy->fields[k]);
}

static void say_drift(struct layout_report *out, const struct pairing *p, size_t k)
{
	const struct match *m = &p->of[k];
	size_t next;

	if (m->how == LOST) {
		say_lost(&out->summary, p, k);
	} else if (m->delta != 0) {
		add_shift(&out->summary, p, k);
		add_reason(&out->summary, p, k);
	} else {
		add_field(&out->summary, p, k);
		str_addf(&out->summary, " is %ld byte%s, std's %ld", p->copy->fields[k].size,
			 p->copy->fields[k].size == 1 ? "" : "s", p->std->fields[m->std].size);
		next = next_named(p, k + 1);
		if (next < p->copy->n && p->of[next].delta != 0) {
			str_add(&out->summary, "; ");
			add_shift(&out->summary, p, next);
		}
	}
}

/* --- details --------------------------------------------------------------- */

static void add_line(struct strv *out, struct str *text)
{
	strv_add(out, text->s);
	str_free(text);
}

static void detail_pointers(struct strv *out, const struct pairing *p, size_t k)
{
	const struct atlas_field *f = &p->copy->fields[k];
	const struct match *m = &p->of[k];
	const struct atlas_field *s = m->std == LAYOUT_NOWHERE ? NULL : &p->std->fields[m->std];

	if (m->how == PADDING || m->how == COVERS)
		strv_addf(out, has_pointers(f) ? "field %s at %ld: std's pointers are elsewhere there" :
			       "field %s at %ld: std has pointers there, which the collector does not see in "
			       "a value of the program's own", f->name, f->offset);
	else if (f->size == p->word && has_pointers(s))
		strv_addf(out, "field %s: %s, a pointer in std, %s: the collector does not see it, and writing "
			       "it has no barrier", f->name, f->type, s->type);
	else if (f->size == p->word)
		strv_addf(out, "field %s: %s, no pointer in std, %s: the collector takes it for one", f->name,
			  f->type, s->type);
	else
		strv_addf(out, "field %s: pointer words %s%s, std's %s%s", f->name,
			  has_many_pointers(f) ? "" : "0x", has_many_pointers(f) ? "unlisted" : f->ptrs,
			  has_many_pointers(s) ? "" : "0x", has_many_pointers(s) ? "unlisted" : s->ptrs);
}

static void detail_field(struct strv *out, const struct pairing *p, size_t k)
{
	const struct atlas_field *f = &p->copy->fields[k], *s;
	const struct match *m = &p->of[k];
	struct str text = STR_INIT;

	if (m->how == LOST) {
		str_addf(&text, "field %s: no field of that name in std; ", f->name);
		add_instead(&text, p, f);
		add_line(out, &text);
		return;
	}
	if (!is_known(f) || (m->how == NAMED && !is_known(&p->std->fields[m->std]))) {
		strv_addf(out, "field %s: its place is not known", f->name);
		return;
	}
	if (m->how == PLACED || m->how == COVERS) {
		s = &p->std->fields[m->std];
		strv_addf(out, "field %s: no field of that name in std; at its offset, %ld, std has `%s %s`%s",
			  f->name, f->offset, s->name, s->type,
			  m->how == PLACED ? ", as large" : " and what follows, as large together");
	}
	if (m->delta != 0)
		strv_addf(out, "field %s: the copy has it at %ld, std at %ld", f->name, f->offset,
			  f->offset + m->delta);
	if (m->resized) {
		s = &p->std->fields[m->std];
		strv_addf(out, "field %s: %ld byte%s (%s), std's %ld (%s)", f->name, f->size,
			  f->size == 1 ? "" : "s", f->type, s->size, s->type);
	}
	if (m->repointed && (m->how == NAMED || !p->drifts))
		detail_pointers(out, p, k);
}

/*
 * Does the copy have something without a name between the same neighbours as std has field i?
 * *last: the copy ends before the next neighbour.
 */
static bool stood_for(const struct pairing *p, size_t i, bool *last)
{
	size_t before = 0, behind = p->copy->n;

	for (size_t j = i; j-- > 0;)
		if (p->by[j] != LAYOUT_NOWHERE) {
			before = p->by[j] + 1;
			break;
		}
	for (size_t j = i + 1; j < p->std->n; j++)
		if (p->by[j] != LAYOUT_NOWHERE) {
			behind = p->by[j];
			break;
		}
	*last = behind == p->copy->n;
	for (size_t k = before; k < behind; k++)
		if (p->of[k].how == PADDING && p->copy->fields[k].size > 0)
			return true;
	return false;
}

/* Fields of std that the copy has not; true: some are where the copy has something else. */
static bool detail_missing(struct strv *out, const struct pairing *p, struct str *hidden)
{
	size_t beyond = 0, first = 0;
	bool some = false;

	for (size_t i = 0; i < p->std->n; i++) {
		const struct atlas_field *s = &p->std->fields[i];
		bool last, stood;

		if (p->by[i] != LAYOUT_NOWHERE || s->size <= 0)
			continue;
		stood = stood_for(p, i, &last);
		if (last && p->copy->size >= 0 && s->offset >= p->copy->size) {
			first = beyond++ ? first : i;
		} else if (!stood && !(is_blank(s) && !has_pointers(s))) {
			strv_addf(out, "std has a field more at offset %ld: %s %s", s->offset, s->name, s->type);
			str_addf(hidden, "%s`%s %s`", some ? ", " : "", s->name, s->type);
			some = true;
		}
	}
	if (beyond == 1)
		strv_addf(out, "std goes on at offset %ld: %s %s", p->std->fields[first].offset,
			  p->std->fields[first].name, p->std->fields[first].type);
	else if (beyond > 1)
		strv_addf(out, "std goes on at offset %ld: %s %s, and %zu more", p->std->fields[first].offset,
			  p->std->fields[first].name, p->std->fields[first].type, beyond - 1);
	return some;
}

static void detail_whole(struct strv *out, const struct pairing *p)
{
	if (p->copy->size >= 0 && p->std->size >= 0 && p->copy->size != p->std->size)
		strv_addf(out, "size %ld, std's %ld", p->copy->size, p->std->size);
	if (p->copy->align >= 0 && p->std->align >= 0 && p->copy->align != p->std->align)
		strv_addf(out, "alignment %ld, std's %ld", p->copy->align, p->std->align);
}

/* --- grades ---------------------------------------------------------------- */

static void say_pointers(struct layout_report *out, const struct pairing *p)
{
	size_t more = 0;

	for (size_t k = out->first + 1; k < p->copy->n; k++)
		more += p->of[k].repointed;
	str_add(&out->summary, "pointer words differ in ");
	add_field(&out->summary, p, out->first);
	if (more > 0)
		str_addf(&out->summary, " and %zu more", more);
	if (has_pointers(&p->copy->fields[out->first]) && p->of[out->first].std != LAYOUT_NOWHERE &&
	    !has_pointers(&p->std->fields[p->of[out->first].std]))
		str_add(&out->summary, ": std has no pointer there");
	else if (!has_pointers(&p->copy->fields[out->first]))
		str_add(&out->summary, ": std has pointers there, the copy has none");
}

static void say_longer(struct layout_report *out, const struct pairing *p)
{
	for (size_t k = 0; k < p->copy->n && out->first == LAYOUT_NOWHERE; k++)
		if (end_of(&p->copy->fields[k]) > p->std->size)
			out->first = k;
	str_addf(&out->summary, "the copy is %ld bytes longer than std's %ld", p->copy->size - p->std->size,
		 p->std->size);
}

static void say_prefix(struct layout_report *out, const struct pairing *p, const struct str *hidden)
{
	str_add(&out->summary, "right as far as it goes: ");
	if (p->copy->size != p->std->size && p->copy->size >= 0 && p->std->size >= 0)
		str_addf(&out->summary, "size %ld, std's %ld", p->copy->size, p->std->size);
	else if (hidden->len > 0)
		str_addf(&out->summary, "std has %s%s", hidden->s,
			 p->copy->size < 0 ? " more" : " in the copy's padding");
	else
		str_addf(&out->summary, "alignment %ld, std's %ld", p->copy->align, p->std->align);
}

static size_t first_where(const struct pairing *p, bool (*test)(const struct match *))
{
	for (size_t k = 0; k < p->copy->n; k++)
		if (test(&p->of[k]))
			return k;
	return LAYOUT_NOWHERE;
}

static bool is_repointed(const struct match *m)
{
	return m->repointed;
}

static void grade(struct layout_report *out, const struct pairing *p, bool missing,
		  const struct str *hidden)
{
	bool sizes = p->copy->size >= 0 && p->std->size >= 0;

	out->first = first_where(p, is_bad);
	if (out->first != LAYOUT_NOWHERE) {
		out->grade = LAYOUT_DRIFT;
		say_drift(out, p, out->first);
		return;
	}
	if (sizes && p->copy->size > p->std->size) {
		out->grade = LAYOUT_DRIFT;
		say_longer(out, p);
		return;
	}
	out->first = first_where(p, is_repointed);
	if (out->first != LAYOUT_NOWHERE) {
		out->grade = LAYOUT_POINTERS;
		say_pointers(out, p);
	} else if (missing || (sizes && p->copy->size < p->std->size) ||
		   (p->copy->align >= 0 && p->std->align >= 0 && p->copy->align != p->std->align)) {
		out->grade = LAYOUT_PREFIX;
		say_prefix(out, p, hidden);
	} else {
		out->grade = LAYOUT_SAME;
		str_add(&out->summary, "same layout");
	}
}

void layout_compare(struct layout_report *out, const struct layout *copy, const struct layout *std, long word)
{
	struct pairing p = { .copy = copy, .std = std, .word = word };
	struct str hidden = STR_INIT;
	bool missing;

	*out = (struct layout_report){ .first = LAYOUT_NOWHERE, .summary = STR_INIT };
	p.of = mem_zalloc((copy->n + 1) * sizeof(*p.of));
	p.by = mem_zalloc((std->n + 1) * sizeof(*p.by));
	pair(&p);
	for (size_t k = 0; k < copy->n; k++)
		detail_field(&out->details, &p, k);
	missing = detail_missing(&out->details, &p, &hidden);
	detail_whole(&out->details, &p);
	grade(out, &p, missing, &hidden);
	str_free(&hidden);
	mem_free(p.of);
	mem_free(p.by);
}

void layout_report_dispose(struct layout_report *report)
{
	str_free(&report->summary);
	strv_free(&report->details);
}

/* --- two toolchains -------------------------------------------------------- */

/* Field k of `a` in `b`: by name; blank ones by how many stand before them. */
static size_t same_field(const struct layout *a, size_t k, const struct layout *b)
{
	size_t nth = 0;

	if (!is_blank(&a->fields[k]))
		return find_name(b, a->fields[k].name);
	for (size_t i = 0; i < k; i++)
		nth += is_blank(&a->fields[i]);
	for (size_t i = 0; i < b->n; i++)
		if (is_blank(&b->fields[i]) && nth-- == 0)
			return i;
	return LAYOUT_NOWHERE;
}

/* Name for name: a field that another one has already is not taken twice. */
static void trace(size_t *origin, const struct layout *from, const struct layout *to)
{
	for (size_t k = 0; k < to->n; k++) {
		size_t i = same_field(to, k, from);

		origin[k] = i != LAYOUT_NOWHERE && same_field(from, i, to) == k ? i : LAYOUT_NOWHERE;
	}
}

static void say_retyped(struct strv *out, const struct atlas_field *a, const struct atlas_field *b)
{
	struct str text = STR_INIT;

	if (strcmp(a->name, b->name) != 0)
		strv_addf(out, "renamed %s to %s", a->name, b->name);
	if (strcmp(a->type, b->type) == 0 && a->size == b->size && same_pointers(a, b))
		return;
	str_addf(&text, "retyped %s: %s", b->name, a->type);
	if (strcmp(a->type, b->type) != 0)
		str_addf(&text, " -> %s", b->type);
	if (a->size != b->size)
		str_addf(&text, ", %ld -> %ld bytes", a->size, b->size);
	else if (!same_pointers(a, b))
		str_add(&text, has_pointers(a) == has_pointers(b) ? ", pointers elsewhere" :
			       has_pointers(b)			  ? ", pointers now" :
								    ", no pointers any more");
	add_line(out, &text);
}

/* Runs of fields that moved by the same distance. */
static void say_moved(struct strv *out, const struct layout *from, const struct layout *to,
		      const size_t *origin)
{
	for (size_t k = 0, end; k < to->n; k = end) {
		const struct atlas_field *a, *b = &to->fields[k];
		size_t last = k, n = 1;
		long by;

		end = k + 1;
		if (origin[k] == LAYOUT_NOWHERE)
			continue;
		a = &from->fields[origin[k]];
		by = b->offset - a->offset;
		if (by == 0)
			continue;
		for (; end < to->n; end++) {
			if (origin[end] == LAYOUT_NOWHERE)
				continue;
			if (to->fields[end].offset - from->fields[origin[end]].offset != by)
				break;
			last = end;
			n++;
		}
		if (n == 1)
			strv_addf(out, "moved %s by %+ld, %ld -> %ld", b->name, by, a->offset, b->offset);
		else
			strv_addf(out, "moved %s to %s (%zu fields) by %+ld, from %ld -> %ld on", b->name,
				  to->fields[last].name, n, by, a->offset, b->offset);
	}
}

void layout_timeline(struct strv *out, const struct layout *from, const struct layout *to)
{
	size_t *origin = mem_zalloc((to->n + 1) * sizeof(*origin));
	bool *kept = mem_zalloc((from->n + 1) * sizeof(*kept));

	trace(origin, from, to);
	for (size_t k = 0; k < to->n; k++)
		if (origin[k] != LAYOUT_NOWHERE)
			kept[origin[k]] = true;
	for (size_t i = 0; i < from->n; i++)
		if (!kept[i])
			strv_addf(out, "removed %s %s at %ld (%ld byte%s)", from->fields[i].name,
				  from->fields[i].type, from->fields[i].offset, from->fields[i].size,
				  from->fields[i].size == 1 ? "" : "s");
	for (size_t k = 0; k < to->n; k++)
		if (origin[k] == LAYOUT_NOWHERE)
			strv_addf(out, "added %s %s at %ld (%ld byte%s)", to->fields[k].name, to->fields[k].type,
				  to->fields[k].offset, to->fields[k].size,
				  to->fields[k].size == 1 ? "" : "s");
	for (size_t k = 0; k < to->n; k++)
		if (origin[k] != LAYOUT_NOWHERE)
			say_retyped(out, &from->fields[origin[k]], &to->fields[k]);
	say_moved(out, from, to, origin);
	if (from->size != to->size)
		strv_addf(out, "size %ld -> %ld", from->size, to->size);
	if (from->align != to->align)
		strv_addf(out, "alignment %ld -> %ld", from->align, to->align);
	mem_free(origin);
	mem_free(kept);
}
