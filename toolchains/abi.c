#include "toolchains/abi.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/mem.h"

/* --- architectures --------------------------------------------------------- */

/* paramIntRegNames and paramFloatRegNames of cmd/compile/internal/ssa/_gen/<ARCH>Ops.go. */
static const char amd64_ints[] = "RAX RBX RCX RDI RSI R8 R9 R10 R11";
static const char amd64_floats[] = "X0 X1 X2 X3 X4 X5 X6 X7 X8 X9 X10 X11 X12 X13 X14";
static const char arm64_ints[] = "R0 R1 R2 R3 R4 R5 R6 R7 R8 R9 R10 R11 R12 R13 R14 R15";
static const char f0_f15[] = "F0 F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 F11 F12 F13 F14 F15";
static const char loong64_ints[] = "R4 R5 R6 R7 R8 R9 R10 R11 R12 R13 R14 R15 R16 R17 R18 R19";
static const char ppc64_ints[] = "R3 R4 R5 R6 R7 R8 R9 R10 R14 R15 R16 R17";
static const char ppc64_floats[] = "F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 F11 F12";
static const char riscv64_ints[] =
	"X10 X11 X12 X13 X14 X15 X16 X17 X8 X9 X18 X19 X20 X21 X22 X23";
static const char riscv64_floats[] =
	"F10 F11 F12 F13 F14 F15 F16 F17 F8 F9 F18 F19 F20 F21 F22 F23";
static const char s390x_ints[] = "R2 R3 R4 R5 R6 R7 R8 R9";

static const struct arch {
	const char *goarch;
	long word;
	bool big;                  /* the most significant byte first */
	int since;                 /* the minor that brought registers */
	const char *ints, *floats; /* NULL: none */
} arches[] = {
	/* since: internal/buildcfg/exp.go, regabiSupported */
	{ "386", 4, false, 0, NULL, NULL },
	{ "amd64", 8, false, 17, amd64_ints, amd64_floats },
	{ "arm", 4, false, 0, NULL, NULL },
	{ "arm64", 8, false, 18, arm64_ints, f0_f15 },
	{ "loong64", 8, false, 22, loong64_ints, f0_f15 },
	{ "mips", 4, true, 0, NULL, NULL },
	{ "mipsle", 4, false, 0, NULL, NULL },
	{ "mips64", 8, true, 0, NULL, NULL },
	{ "mips64le", 8, false, 0, NULL, NULL },
	{ "ppc64", 8, true, 18, ppc64_ints, ppc64_floats },
	{ "ppc64le", 8, false, 18, ppc64_ints, ppc64_floats },
	{ "riscv64", 8, false, 19, riscv64_ints, riscv64_floats },
	{ "s390x", 8, true, 26, s390x_ints, f0_f15 },
	{ "wasm", 8, false, 0, NULL, NULL },
};

static const struct arch *arch_of(const struct abi_machine *m)
{
	for (size_t i = 0; i < sizeof(arches) / sizeof(arches[0]); i++)
		if (strcmp(arches[i].goarch, m->goarch) == 0)
			return &arches[i];
	return NULL;
}

/* 1.17 had registers on these systems only. */
static bool first_systems(const char *goos)
{
	return !goos || strcmp(goos, "linux") == 0 || strcmp(goos, "android") == 0 ||
	       strcmp(goos, "darwin") == 0 || strcmp(goos, "windows") == 0;
}

static bool has_registers(const struct abi_machine *m, const struct arch *arch)
{
	if (m->stack || !arch->ints)
		return false;
	if (m->version.major != 1)
		return m->version.major > 1;
	if (m->version.minor == 17 && !first_systems(m->goos))
		return false;
	return m->version.minor >= arch->since;
}

static long count_names(const char *names)
{
	long n = 1;

	for (; *names; names++)
		n += *names == ' ';
	return n;
}

static void add_name(struct str *out, const char *names, long k)
{
	for (; k > 0; k--)
		names = strchr(names, ' ') + 1;
	str_addn(out, names, strcspn(names, " "));
}

/* --- shapes ---------------------------------------------------------------- */

enum {
	MAX_DEPTH = 100,
	MAX_PIECES = 1024, /* of one side; an array with more is one piece of bytes */
};

static const long max_size = 1L << 40;

/* A scalar and where it travels. */
struct piece {
	char kind;     /* b h w d p f g as in a shape, '*': bytes that are not told apart */
	long reg;      /* which of its class' registers; -1: in memory */
	long offset;   /* within the value; in memory: from 0(FP) */
	long size;
	size_t value;
};

/* An argument or a result. */
struct value {
	size_t first, n; /* its pieces */
	long size, align;
	bool unknown;
	bool memory;     /* too long an array, or a shape cut short: never in registers */
};

struct values {
	VEC(struct piece) pieces;
	VEC(struct value) list;
};

struct extent { long size, align; };

struct scan {
	const char *p;
	const struct arch *arch;
	struct values *out;
	int depth;
	bool unknown, memory, bad;
};

static bool is_float(char kind)
{
	return kind == 'f' || kind == 'g';
}

static long round_up(long n, long align)
{
	return (n + align - 1) / align * align;
}

static long take_number(struct scan *s)
{
	long n = 0;

	if (*s->p < '0' || *s->p > '9')
		s->bad = true;
	for (; *s->p >= '0' && *s->p <= '9'; s->p++) {
		n = n * 10 + (*s->p - '0');
		if (n > max_size) {
			s->bad = true;
			n = 0;
		}
	}
	return n;
}

static void put_piece(struct scan *s, char kind, long size)
{
	struct piece piece = { .kind = kind, .reg = -1, .size = size };

	if (s->out->pieces.n == MAX_PIECES)
		s->bad = true;
	else
		vec_push(&s->out->pieces, piece);
}

/* Pieces from `first` on become one without inner structure. */
static void blur(struct scan *s, size_t first, long size)
{
	s->out->pieces.n = first;
	if (size > 0)
		put_piece(s, '*', size);
}

static struct extent take_scalar(struct scan *s)
{
	static const char kinds[] = "bhwdpfg";
	static const long sizes[] = { 1, 2, 4, 8, 0, 4, 8 };
	const char *at = *s->p ? strchr(kinds, *s->p) : NULL;
	struct extent e = { 0, 1 };

	if (!at) {
		s->bad = true;
		return e;
	}
	e.size = *at == 'p' ? s->arch->word : sizes[at - kinds];
	e.align = e.size < s->arch->word ? e.size : s->arch->word;
	put_piece(s, *s->p++, e.size);
	return e;
}

/* SIZE/ALIGN, behind the star. */
static struct extent take_opaque(struct scan *s)
{
	struct extent e;

	s->p++;
	e.size = take_number(s);
	if (*s->p++ != '/') {
		s->bad = true;
		s->p--;
	}
	e.align = take_number(s);
	if (e.align < 1 || e.align > 64 || (e.align & (e.align - 1)) != 0) {
		s->bad = true;
		e.align = 1;
	}
	s->memory = true;
	blur(s, s->out->pieces.n, e.size);
	return e;
}

static struct extent take_item(struct scan *s);

/* Fields one after the other; in a struct the last one, when it has no size, gets a byte. */
static struct extent take_fields(struct scan *s, bool is_struct)
{
	struct extent e = { 0, 1 };
	bool last_empty = false;

	while (!s->bad && *s->p && !strchr("}],>", *s->p)) {
		size_t first = s->out->pieces.n;
		struct extent field = take_item(s);
		long at = round_up(e.size, field.align);

		for (size_t i = first; i < s->out->pieces.n; i++)
			s->out->pieces.v[i].offset += at;
		e.size = at + field.size;
		if (e.align < field.align)
			e.align = field.align;
		last_empty = field.size == 0;
		if (e.size > max_size)
			s->bad = true;
	}
	if (is_struct && last_empty && e.size > 0)
		e.size++;
	e.size = round_up(e.size, e.align);
	return e;
}

static void expect(struct scan *s, char c)
{
	if (*s->p == c)
		s->p++;
	else
		s->bad = true;
}

/* The pieces of the first element, from `first` on, for the others as well. */
static void repeat(struct scan *s, size_t first, long count, long size)
{
	size_t n = s->out->pieces.n - first;

	if (n == 0)
		return;
	if ((size_t)count > MAX_PIECES || s->out->pieces.n + n * (size_t)count > MAX_PIECES) {
		blur(s, first, count * size);
		return;
	}
	for (long k = 1; k < count; k++)
		for (size_t i = 0; i < n; i++) {
			struct piece piece = s->out->pieces.v[first + i];

			piece.offset += k * size;
			vec_push(&s->out->pieces, piece);
		}
}

static struct extent take_array(struct scan *s)
{
	size_t first = s->out->pieces.n;
	struct extent e;
	long count = 1;

	expect(s, '[');
	if (*s->p == ']')
		count = 0;
	if (*s->p >= '0' && *s->p <= '9') {
		count = take_number(s);
		expect(s, '*');
	}
	e = take_fields(s, false);
	expect(s, ']');
	if (count == 0)
		s->out->pieces.n = first;
	if (count > 1)
		s->memory = true;
	if (e.size > 0 && count > max_size / e.size)
		s->bad = true;
	if (s->bad)
		return (struct extent){ 0, 1 };
	if (count > 1)
		repeat(s, first, count, e.size);
	e.size *= count;
	return e;
}

static struct extent take_item(struct scan *s)
{
	struct extent e = { 0, 1 };
	bool align64 = *s->p == '!';

	if (++s->depth > MAX_DEPTH)
		s->bad = true;
	if (s->bad)
		return e;
	if (align64 && *++s->p != '{')
		s->bad = true;
	switch (*s->p) {
	case '{':
		s->p++;
		e = take_fields(s, true);
		expect(s, '}');
		if (align64) {
			e.align = 8;
			e.size = round_up(e.size, e.align);
		}
		break;
	case '[':
		e = take_array(s);
		break;
	case '*':
		e = take_opaque(s);
		break;
	case '?':
		s->unknown = true;
		s->p++;
		break;
	default:
		e = take_scalar(s);
	}
	s->depth--;
	return e;
}

static void take_value(struct scan *s)
{
	struct value v = { .first = s->out->pieces.n };
	const char *from = s->p;
	struct extent e;

	s->unknown = s->memory = false;
	e = take_fields(s, false);
	if (s->p == from)
		s->bad = true;
	v.n = s->out->pieces.n - v.first;
	v.size = e.size;
	v.align = e.align;
	v.unknown = s->unknown;
	v.memory = s->memory;
	for (size_t i = v.first; i < s->out->pieces.n; i++)
		s->out->pieces.v[i].value = s->out->list.n;
	vec_push(&s->out->list, v);
}

/* --- places ---------------------------------------------------------------- */

/* A function's shape, and where all of it travels. */
struct call {
	const struct arch *arch;
	struct values args, results;
	long width;       /* what the caller sets aside on the stack: slots, and room for spilling */
	long written;     /* as far as the callee writes results on the stack */
	bool bad;         /* not a shape */
};

static void call_dispose(struct call *c)
{
	vec_free(&c->args.pieces);
	vec_free(&c->args.list);
	vec_free(&c->results.pieces);
	vec_free(&c->results.list);
}

/* All of the value in registers, or none; used, total: integer and float registers. */
static bool to_registers(struct values *vs, const struct value *v, long used[2], const long total[2])
{
	long need[2] = { 0, 0 };

	if (v->size == 0 || v->memory)
		return false;
	for (size_t i = 0; i < v->n; i++)
		need[is_float(vs->pieces.v[v->first + i].kind)]++;
	if (used[0] + need[0] > total[0] || used[1] + need[1] > total[1])
		return false;
	for (size_t i = 0; i < v->n; i++) {
		struct piece *piece = &vs->pieces.v[v->first + i];

		piece->reg = used[is_float(piece->kind)]++;
	}
	return true;
}

/* assignParam() of the compiler for each; *stack and *spill (NULL: results) move on. */
static void place(struct values *vs, const long total[2], long *stack, long *spill)
{
	long used[2] = { 0, 0 };

	for (size_t k = 0; k < vs->list.n; k++) {
		const struct value *v = &vs->list.v[k];

		if (to_registers(vs, v, used, total)) {
			if (spill)
				*spill = round_up(*spill, v->align) + v->size;
			continue;
		}
		*stack = round_up(*stack, v->align);
		for (size_t i = 0; i < v->n; i++)
			vs->pieces.v[v->first + i].offset += *stack;
		*stack += v->size;
	}
}

static void take_values(struct scan *s, struct values *out, char stop)
{
	s->out = out;
	if (*s->p == stop)
		return;
	for (;;) {
		take_value(s);
		if (s->bad || *s->p != ',')
			return;
		s->p++;
	}
}

static void call_read(struct call *c, const struct abi_machine *m, const char *shape)
{
	struct scan s = { .p = shape, .arch = arch_of(m) };
	long total[2] = { 0, 0 }, stack = 0, spill = 0;

	memset(c, 0, sizeof(*c));
	c->arch = s.arch;
	if (!s.arch || !shape) {
		c->bad = true;
		return;
	}
	take_values(&s, &c->args, '>');
	expect(&s, '>');
	take_values(&s, &c->results, '\0');
	c->bad = s.bad || *s.p != '\0';
	if (c->bad)
		return;
	if (has_registers(m, s.arch)) {
		total[0] = count_names(s.arch->ints);
		total[1] = count_names(s.arch->floats);
	}
	place(&c->args, total, &stack, &spill);
	stack = round_up(stack, s.arch->word);
	place(&c->results, total, &stack, NULL);
	for (size_t i = 0; i < c->results.pieces.n; i++) {
		const struct piece *piece = &c->results.pieces.v[i];

		if (piece->reg < 0)
			c->written = piece->offset + piece->size;
	}
	c->width = round_up(stack, s.arch->word) + round_up(spill, s.arch->word);
}

static const struct value *value_at(const struct values *vs, size_t k)
{
	return k < vs->list.n ? &vs->list.v[k] : NULL;
}

static void add_register(struct str *out, const struct arch *arch, const struct piece *p)
{
	add_name(out, is_float(p->kind) ? arch->floats : arch->ints, p->reg);
}

static void describe(struct str *out, const struct arch *arch, const struct values *vs)
{
	for (size_t k = 0; k < vs->list.n; k++) {
		const struct value *v = &vs->list.v[k];
		const struct piece *p = &vs->pieces.v[v->first];

		str_add(out, k ? ", " : "");
		if (v->n == 0)
			str_add(out, "-");
		else if (p->reg < 0)
			str_addf(out, "%ld(FP)", p->offset);
		for (size_t i = 0; i < v->n && p->reg >= 0; i++) {
			str_add(out, i ? "+" : "");
			add_register(out, arch, &p[i]);
		}
	}
}

static bool has_unknown(const struct values *vs)
{
	for (size_t k = 0; k < vs->list.n; k++)
		if (vs->list.v[k].unknown)
			return true;
	return false;
}

bool abi_places(const struct abi_machine *m, const char *shape, struct str *out)
{
	struct call c;
	bool ok;

	call_read(&c, m, shape);
	ok = !c.bad && !has_unknown(&c.args) && !has_unknown(&c.results);
	if (ok) {
		describe(out, c.arch, &c.args);
		str_add(out, c.args.list.n ? " >" : ">");
		str_add(out, c.results.list.n ? " " : "");
		describe(out, c.arch, &c.results);
	}
	call_dispose(&c);
	return ok;
}

bool abi_size(const struct abi_machine *m, const char *shape, long *size, long *align)
{
	struct values vs = { 0 };
	struct scan s = { .p = shape, .arch = arch_of(m), .out = &vs };
	bool ok = false;

	if (s.arch && shape) {
		take_value(&s);
		ok = !s.bad && *s.p == '\0' && !vs.list.v[0].unknown;
	}
	if (ok) {
		*size = vs.list.v[0].size;
		*align = vs.list.v[0].align;
	}
	vec_free(&vs.pieces);
	vec_free(&vs.list);
	return ok;
}

/* --- texts of types -------------------------------------------------------- */

struct text {
	const char *p;
	int depth;
	bool bad;
};

static void skip_blanks(struct text *t)
{
	t->p += strspn(t->p, " \t\n");
}

static bool take(struct text *t, const char *word)
{
	skip_blanks(t);
	if (!str_starts(t->p, word))
		return false;
	t->p += strlen(word);
	return true;
}

static void must(struct text *t, const char *word)
{
	if (!take(t, word))
		t->bad = true;
}

static size_t ident_len(const char *s)
{
	size_t n = 0;

	while ((s[n] >= '0' && s[n] <= '9') || (s[n] >= 'a' && s[n] <= 'z') ||
	       (s[n] >= 'A' && s[n] <= 'Z') || s[n] == '_' || (unsigned char)s[n] >= 0x80)
		n++;
	return n;
}

/* The length of a type's name with its path: "golang.org/x/sys/cpu.CacheLinePad". */
static size_t path_len(const char *s)
{
	size_t n = 0;

	while (ident_len(s + n) > 0 || (s[n] && strchr("./-~+@%$", s[n])))
		n++;
	return n;
}

static bool is_word(const char *s, size_t n, const char *word)
{
	return strlen(word) == n && memcmp(s, word, n) == 0;
}

static bool is_keyword(const char *s, size_t n)
{
	return is_word(s, n, "func") || is_word(s, n, "chan") || is_word(s, n, "map") ||
	       is_word(s, n, "struct") || is_word(s, n, "interface");
}

static void take_type(struct text *t, struct str *out);
static void take_func(struct text *t, struct str *out, struct strv *params, struct strv *results);

/*
 * Does a name of one parameter or field stand here, with its type behind it? One that stands alone
 * is a type, or shares the type of the next: *alone.
 */
static bool name_ahead(const struct text *t, const char *ends, bool *alone)
{
	size_t n = ident_len(t->p), blanks;

	*alone = false;
	if (n == 0 || is_keyword(t->p, n) || (t->p[n] && strchr("./-~+@%$", t->p[n]) &&
					      !str_starts(t->p + n, "...")))
		return false;
	blanks = strspn(t->p + n, " \t\n");
	if (t->p[n + blanks] && strchr(ends, t->p[n + blanks])) {
		*alone = true;
		return false;
	}
	return t->p[n] != '[' || blanks > 0;
}

/* The last `n` of the types were names: they share the type behind them. */
static void share_type(struct strv *types, size_t n, const char *type)
{
	for (size_t i = types->n - n; i < types->n; i++) {
		mem_free(types->v[i]);
		types->v[i] = mem_strdup(type);
	}
}

/* In brackets, with names or without; the types are added to `types`. */
static void take_params(struct text *t, struct strv *types)
{
	bool named = false, unnamed = false;
	size_t alones = 0;

	must(t, "(");
	while (!t->bad && !take(t, ")")) {
		struct str type = STR_INIT;
		bool alone, name;

		skip_blanks(t);
		name = name_ahead(t, ",)", &alone);
		if (name)
			t->p += ident_len(t->p);
		take_type(t, &type);
		if (name)
			share_type(types, alones, type.s);
		strv_add(types, type.s);
		str_free(&type);
		alones = alone ? alones + 1 : 0;
		named |= name;
		unnamed |= !name && !alone;
		skip_blanks(t);
		if (!take(t, ",") && *t->p != ')')
			t->bad = true;
	}
	if (named && (unnamed || alones > 0))
		t->bad = true;
}

static void add_types(struct str *out, const struct strv *types)
{
	for (size_t i = 0; i < types->n; i++)
		str_addf(out, "%s%s", i ? ", " : "", types->v[i]);
}

/* From the bracket of the parameters to the last result. */
static void take_func(struct text *t, struct str *out, struct strv *params, struct strv *results)
{
	struct strv own_params = { 0 }, own_results = { 0 };

	if (!params)
		params = &own_params;
	if (!results)
		results = &own_results;
	take_params(t, params);
	skip_blanks(t);
	if (*t->p == '(') {
		take_params(t, results);
	} else if (*t->p && !strchr(",)]};|\"`", *t->p)) {
		struct str type = STR_INIT;

		take_type(t, &type);
		strv_add(results, type.s);
		str_free(&type);
	}
	str_add(out, "(");
	add_types(out, params);
	str_add(out, results->n > 1 ? ") (" : results->n ? ") " : ")");
	add_types(out, results);
	str_add(out, results->n > 1 ? ")" : "");
	strv_free(&own_params);
	strv_free(&own_results);
}

/* A tag of a field, as it stands. */
static void take_tag(struct text *t, struct str *out)
{
	const char *from;
	char quote;

	skip_blanks(t);
	if (*t->p != '"' && *t->p != '`')
		return;
	from = t->p;
	quote = *t->p++;
	while (*t->p && *t->p != quote)
		t->p += quote == '"' && t->p[0] == '\\' && t->p[1] ? 2 : 1;
	if (!*t->p) {
		t->bad = true;
		return;
	}
	t->p++;
	str_addc(out, ' ');
	str_addn(out, from, (size_t)(t->p - from));
}

static void take_struct(struct text *t, struct str *out)
{
	const char *sep = "";

	str_add(out, "struct{");
	must(t, "{");
	while (!t->bad && !take(t, "}")) {
		bool alone;

		str_add(out, sep);
		sep = "; ";
		skip_blanks(t);
		if (name_ahead(t, ";}\"`", &alone)) {
			size_t n = ident_len(t->p);

			str_addn(out, t->p, n);
			str_addc(out, ' ');
			t->p += n;
		}
		take_type(t, out);
		take_tag(t, out);
		skip_blanks(t);
		if (!take(t, ";") && *t->p != '}')
			t->bad = true;
	}
	str_add(out, "}");
}

/* Methods and unions, sorted: their order is no part of the type. */
static void take_interface(struct text *t, struct str *out)
{
	struct strv parts = { 0 };

	must(t, "{");
	while (!t->bad && !take(t, "}")) {
		struct str part = STR_INIT;
		size_t n;

		skip_blanks(t);
		n = ident_len(t->p);
		if (n > 0 && t->p[n] == '(') {
			str_addn(&part, t->p, n);
			t->p += n;
			take_func(t, &part, NULL, NULL);
		} else {
			do {
				str_add(&part, part.len ? "|" : "");
				take_type(t, &part);
			} while (!t->bad && take(t, "|"));
		}
		strv_add(&parts, part.s);
		str_free(&part);
		skip_blanks(t);
		if (!take(t, ";") && *t->p != '}')
			t->bad = true;
	}
	strv_sort(&parts);
	str_add(out, "interface{");
	for (size_t i = 0; i < parts.n; i++)
		str_addf(out, "%s%s", i ? "; " : "", parts.v[i]);
	str_add(out, "}");
	strv_free(&parts);
}

static void take_chan(struct text *t, struct str *out)
{
	struct str elem = STR_INIT;

	if (str_starts(t->p, "<-")) {
		t->p += 2;
		str_add(out, "chan<- ");
		take_type(t, out);
		return;
	}
	take_type(t, &elem);
	str_addf(out, str_starts(elem.s, "<-") ? "chan (%s)" : "chan %s", elem.s);
	str_free(&elem);
}

static void take_brackets(struct text *t, struct str *out)
{
	size_t n;

	must(t, "[");
	skip_blanks(t);
	n = strcspn(t->p, "]");
	str_addc(out, '[');
	str_addn(out, t->p, str_trimmed_len(t->p, n));
	t->p += n;
	must(t, "]");
	str_addc(out, ']');
	take_type(t, out);
}

/* A type's name, and what it is made with in brackets. */
static void take_named(struct text *t, struct str *out)
{
	size_t n = path_len(t->p);

	if (n == 0) {
		t->bad = true;
		return;
	}
	if (is_word(t->p, n, "any"))
		str_add(out, "interface{}");
	else if (is_word(t->p, n, "byte"))
		str_add(out, "uint8");
	else if (is_word(t->p, n, "rune"))
		str_add(out, "int32");
	else
		str_addn(out, t->p, n);
	t->p += n;
	if (*t->p != '[')
		return;
	for (const char *sep = "["; !t->bad; sep = ",") {
		must(t, sep);
		str_add(out, sep);
		take_type(t, out);
		if (take(t, "]"))
			break;
	}
	str_addc(out, ']');
}

static void take_keyword(struct text *t, struct str *out, size_t n)
{
	bool is_func = is_word(t->p, n, "func"), is_map = is_word(t->p, n, "map");
	bool is_struct = is_word(t->p, n, "struct"), is_chan = is_word(t->p, n, "chan");

	t->p += n;
	if (is_func) {
		str_add(out, "func");
		take_func(t, out, NULL, NULL);
	} else if (is_map) {
		must(t, "[");
		str_add(out, "map[");
		take_type(t, out);
		must(t, "]");
		str_addc(out, ']');
		take_type(t, out);
	} else if (is_chan) {
		take_chan(t, out);
	} else if (is_struct) {
		take_struct(t, out);
	} else {
		take_interface(t, out);
	}
}

static void take_type(struct text *t, struct str *out)
{
	static const char *const prefixes[] = { "...", "*", "~" };
	size_t n;

	skip_blanks(t);
	if (++t->depth > MAX_DEPTH)
		t->bad = true;
	if (t->bad)
		return;
	n = ident_len(t->p);
	if (is_keyword(t->p, n) && (!t->p[n] || !strchr("./-~+@%$", t->p[n]))) {
		take_keyword(t, out, n);
	} else if (take(t, "<-")) {
		must(t, "chan");
		str_add(out, "<-chan ");
		take_type(t, out);
	} else if (*t->p == '[') {
		take_brackets(t, out);
	} else if (take(t, "(")) {
		take_type(t, out);
		must(t, ")");
	} else {
		for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
			if (take(t, prefixes[i])) {
				str_add(out, prefixes[i]);
				take_type(t, out);
				t->depth--;
				return;
			}
		take_named(t, out);
	}
	t->depth--;
}

/* A function's type as text, and its parts. */
struct sig {
	struct str text;
	struct strv params, results;
	bool read; /* understood */
};

static void sig_dispose(struct sig *s)
{
	str_free(&s->text);
	strv_free(&s->params);
	strv_free(&s->results);
}

static void add_narrowed(struct str *out, const char *text)
{
	bool first = true;

	while (*(text += strspn(text, " \t\n"))) {
		size_t n = strcspn(text, " \t\n");

		str_add(out, first ? "" : " ");
		str_addn(out, text, n);
		text += n;
		first = false;
	}
}

static void sig_read(struct sig *s, const char *text)
{
	struct text t = { .p = text ? text : "" };

	*s = (struct sig){ .text = STR_INIT };
	must(&t, "func");
	if (!t.bad && *t.p == '(' && !strstr(t.p, "invalid type")) {
		str_add(&s->text, "func");
		take_func(&t, &s->text, &s->params, &s->results);
		skip_blanks(&t);
		s->read = !t.bad && *t.p == '\0';
	}
	if (!s->read) {
		str_clear(&s->text);
		strv_free(&s->params);
		strv_free(&s->results);
		add_narrowed(&s->text, text ? text : "");
	}
}

bool abi_plain_sig(const char *sig, struct str *out)
{
	struct sig s;
	bool ok;

	sig_read(&s, sig);
	ok = s.read;
	str_addn(out, s.text.s, s.text.len);
	sig_dispose(&s);
	return ok;
}

/* Nobody knows what "invalid type" is. */
static bool sigs_equal(const struct sig *a, const struct sig *b)
{
	return a->text.len > 0 && strcmp(a->text.s, "-") != 0 && strcmp(a->text.s, b->text.s) == 0 &&
	       !strstr(a->text.s, "invalid type");
}

/* --- comparing ------------------------------------------------------------- */

/* Arguments, or results: who sets them and who reads them. */
struct view {
	const struct arch *arch;
	const char *noun;              /* "argument", "result" */
	const struct values *set, *read;
	bool results;
};

static bool overlaps(const struct piece *a, const struct piece *b)
{
	if ((a->reg < 0) != (b->reg < 0))
		return false;
	if (a->reg >= 0)
		return a->reg == b->reg && is_float(a->kind) == is_float(b->kind);
	return a->offset < b->offset + b->size && b->offset < a->offset + a->size;
}

static bool same_place(const struct piece *a, const struct piece *b)
{
	return overlaps(a, b) && (a->reg >= 0 || a->offset == b->offset);
}

static int class_of(const struct piece *p)
{
	return p->kind == '*' ? 2 : is_float(p->kind);
}

static bool same_piece(const struct piece *a, const struct piece *b)
{
	return same_place(a, b) && a->size == b->size && class_of(a) == class_of(b);
}

static const struct piece *find_piece(const struct values *in, const struct piece *like,
				      bool (*same)(const struct piece *, const struct piece *))
{
	for (size_t i = 0; i < in->pieces.n; i++)
		if (same(&in->pieces.v[i], like))
			return &in->pieces.v[i];
	return NULL;
}

static bool all_there(const struct values *of, const struct values *in)
{
	for (size_t i = 0; i < of->pieces.n; i++)
		if (!find_piece(in, &of->pieces.v[i], same_piece))
			return false;
	return true;
}

static bool same_values(const struct values *a, const struct values *b)
{
	return a->pieces.n == b->pieces.n && all_there(a, b) && all_there(b, a);
}

/* Some pieces of one value. */
struct some {
	const struct piece *v[MAX_PIECES];
	size_t n;
};

/* "RAX", "RBX and RCX", "RAX to R9", "16(FP)" */
static void add_places(struct str *out, const struct arch *arch, const struct piece *const *p, size_t n)
{
	if (n == 0) {
		str_add(out, "no place");
	} else if (p[0]->reg < 0) {
		str_addf(out, "%ld(FP)", p[0]->offset);
	} else if (n > 4) {
		add_register(out, arch, p[0]);
		str_add(out, " to ");
		add_register(out, arch, p[n - 1]);
	} else {
		for (size_t i = 0; i < n; i++) {
			str_add(out, i == 0 ? "" : i + 1 < n ? ", " : " and ");
			add_register(out, arch, p[i]);
		}
	}
}

static void pieces_of(struct some *out, const struct values *vs, const struct value *v)
{
	out->n = 0;
	for (size_t i = 0; i < v->n && out->n < MAX_PIECES; i++)
		out->v[out->n++] = &vs->pieces.v[v->first + i];
}

/* Those of the value that touch nothing of the other side. */
static void pieces_alone(struct some *out, const struct values *vs, const struct value *v,
			 const struct values *other)
{
	out->n = 0;
	for (size_t i = 0; i < v->n && out->n < MAX_PIECES; i++)
		if (!find_piece(other, &vs->pieces.v[v->first + i], overlaps))
			out->v[out->n++] = &vs->pieces.v[v->first + i];
}

/* "argument 2", "result 2 (2 words)", "argument 1 (24 bytes)" */
static void add_subject(struct str *out, const struct view *w, size_t k, const struct some *pieces,
			const struct value *v)
{
	str_addf(out, "%s %zu", w->noun, k + 1);
	if (pieces->n > 1 && pieces->v[0]->reg >= 0)
		str_addf(out, " (%zu words)", pieces->n);
	else if (pieces->n > 1)
		str_addf(out, " (%ld bytes)", v->size);
}

static void add_str(struct strv *out, struct str *text)
{
	strv_add(out, text->s);
	str_free(text);
}

/* The first of the value's pieces that lies in something else of the other side. */
static const struct piece *first_clash(const struct values *vs, const struct value *v,
				       const struct values *other, const struct piece **with)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct piece *p = &vs->pieces.v[v->first + i];

		*with = find_piece(other, p, overlaps);
		if (*with && !same_piece(p, *with))
			return p;
	}
	return NULL;
}

/* The reader has a value more. */
static void only_read(struct strv *out, const struct view *w, size_t k, const struct value *v,
		      struct some *some)
{
	const char *setter = w->results ? "function" : "program";
	const struct piece *p, *with;
	struct str text = STR_INIT;

	pieces_alone(some, w->read, v, w->set);
	if (some->n > 0) {
		add_subject(&text, w, k, some, v);
		str_add(&text, " is read from ");
		add_places(&text, w->arch, some->v, some->n);
		str_addf(&text, ", which the %s does not set", setter);
	} else if ((p = first_clash(w->read, v, w->set, &with)) != NULL) {
		str_addf(&text, "%s %zu is read from ", w->noun, k + 1);
		add_places(&text, w->arch, &p, 1);
		str_addf(&text, ", where the %s's %s %zu is", setter, w->noun, with->value + 1);
	} else {
		return;
	}
	add_str(out, &text);
}

/* The one who sets has a value more. */
static void only_set(struct strv *out, const struct view *w, size_t k, const struct value *v,
		     struct some *some)
{
	const struct piece *p, *with;
	struct str text = STR_INIT;

	pieces_alone(some, w->set, v, w->read);
	if (some->n > 0) {
		bool memory = some->v[0]->reg < 0;

		add_subject(&text, w, k, some, v);
		if (!w->results)
			str_add(&text, memory ? " is passed at " : " is passed in ");
		else
			str_add(&text, memory ? " is written to " : " comes in ");
		add_places(&text, w->arch, some->v, some->n);
		str_add(&text, !w->results ? ", which is not read" :
			       memory      ? ", which the program does not read" :
					     ", which the program does not read");
	} else if ((p = first_clash(w->set, v, w->read, &with)) != NULL) {
		str_addf(&text, "%s %zu, in ", w->noun, k + 1);
		add_places(&text, w->arch, &p, 1);
		str_addf(&text, ", is read as %s %zu", w->noun, with->value + 1);
	} else {
		return;
	}
	add_str(out, &text);
}

static void add_part(struct str *out, long size, long of)
{
	if (size * 2 == of)
		str_add(out, "the upper half");
	else
		str_addf(out, "the upper %ld bytes", of - size);
}

static const char *part_verb(long size, long of)
{
	return size * 2 == of ? "is" : "are";
}

/* One piece in the same place, of another size or class. */
static void resized(struct strv *out, const struct view *w, const struct piece *set,
		    const struct piece *read, bool inner, size_t word)
{
	const char *giver = w->results ? "the function gives it" : "given";
	struct str text = STR_INIT, at = STR_INIT;
	bool memory = read->reg < 0;

	add_places(&at, w->arch, &read, 1);
	if (inner)
		str_addf(&text, "word %zu of ", word + 1);
	str_addf(&text, "%s %zu ", w->noun, read->value + 1);
	if (set->size == read->size) {
		static const char *const classes[] = { "an integer", "a float", "bytes" };

		str_addf(&text, "at %s is read as %s, %s as %s", at.s, classes[class_of(read)], giver,
			 classes[class_of(set)]);
	} else {
		str_addf(&text, "%s%ld byte%s", w->results ? "is read as " : "is ", read->size,
			 read->size == 1 ? "" : "s");
		if (memory || w->results)
			str_addf(&text, " %s %s", memory ? "at" : "from", at.s);
		str_addf(&text, ", %s %ld: ", w->results ? "the function sets" : "given", set->size);
		if (set->size < read->size && memory) {
			str_add(&text, "the rest is not set");
		} else if (set->size < read->size) {
			add_part(&text, set->size, read->size);
			str_addf(&text, " of %s %s undefined", at.s, part_verb(set->size, read->size));
		} else if (memory && w->arch->big) {
			str_add(&text, "that is its upper part");
		} else {
			add_part(&text, read->size, set->size);
			if (!memory)
				str_addf(&text, " of %s", at.s);
			str_addf(&text, " %s not read", part_verb(read->size, set->size));
		}
	}
	add_str(out, &text);
	str_free(&at);
}

/* Registers, but not as many. */
static void recounted(struct strv *out, const struct view *w, size_t k, const struct some *set,
		      const struct some *read)
{
	const struct piece *with = NULL;
	struct str text = STR_INIT;
	const struct some *longer = set->n > read->n ? set : read;
	const struct values *others = longer == read ? w->set : w->read;
	const struct piece *p = longer->v[longer == read ? set->n : read->n];

	str_addf(&text, "%s %zu is %s%zu word%s (", w->noun, k + 1, w->results ? "read as " : "", read->n,
		 read->n == 1 ? "" : "s");
	add_places(&text, w->arch, read->v, read->n);
	str_addf(&text, "), %s %zu (", w->results ? "the function sets" : "given", set->n);
	add_places(&text, w->arch, set->v, set->n);
	str_add(&text, "): ");
	add_places(&text, w->arch, &p, 1);
	with = find_piece(others, p, overlaps);
	if (longer == read && with)
		str_addf(&text, " has the %s's %s %zu", w->results ? "function" : "program", w->noun,
			 with->value + 1);
	else if (longer == read)
		str_addf(&text, " is not set by the %s", w->results ? "function" : "program");
	else if (with)
		str_addf(&text, " is read as %s %zu", w->noun, with->value + 1);
	else
		str_add(&text, " is not read");
	add_str(out, &text);
}

static void moved(struct strv *out, const struct view *w, size_t k, const struct some *set,
		  const struct some *read)
{
	struct str text = STR_INIT;

	str_addf(&text, "%s %zu is read from ", w->noun, k + 1);
	add_places(&text, w->arch, read->v, read->n);
	str_add(&text, w->results ? ", the function leaves it " : ", the program passes it ");
	str_add(&text, set->v[0]->reg < 0 ? "at " : "in ");
	add_places(&text, w->arch, set->v, set->n);
	add_str(out, &text);
}

/* Both have the value. */
static void compare_value(struct strv *out, const struct view *w, size_t k, const struct some *set,
			  const struct some *read)
{
	size_t n = set->n < read->n ? set->n : read->n, i = 0;

	while (i < n && same_piece(set->v[i], read->v[i]))
		i++;
	if (i == n && set->n == read->n)
		return;
	if (i < n && same_place(set->v[i], read->v[i]) &&
	    (set->v[i]->reg >= 0 || (set->n == 1 && read->n == 1)))
		resized(out, w, set->v[i], read->v[i], set->n > 1 || read->n > 1, i);
	else if (set->v[0]->reg >= 0 && read->v[0]->reg >= 0 && set->n != read->n && i == n)
		recounted(out, w, k, set, read);
	else if (set->v[0]->reg < 0 && same_place(set->v[0], read->v[0]))
		strv_addf(out, "%s %zu (%ld bytes at %ld(FP)) is laid out otherwise by the %s: %ld bytes",
			  w->noun, k + 1, w->read->list.v[k].size, read->v[0]->offset,
			  w->results ? "function" : "program", w->set->list.v[k].size);
	else
		moved(out, w, k, set, read);
}

static void compare_view(struct strv *out, const struct view *w)
{
	size_t n = w->set->list.n > w->read->list.n ? w->set->list.n : w->read->list.n;
	struct some *a = mem_zalloc(sizeof(*a)), *b = mem_zalloc(sizeof(*b));

	for (size_t k = 0; k < n; k++) {
		const struct value *set = value_at(w->set, k), *read = value_at(w->read, k);

		if (set && set->n > 0 && read && read->n > 0) {
			pieces_of(a, w->set, set);
			pieces_of(b, w->read, read);
			compare_value(out, w, k, a, b);
		} else if (read && read->n > 0) {
			only_read(out, w, k, read, a);
		} else if (set && set->n > 0) {
			only_set(out, w, k, set, a);
		}
	}
	mem_free(a);
	mem_free(b);
}

/* What the callee may write of its caller's frame beyond what is set aside for it. */
static void compare_room(struct strv *out, const struct call *have, const struct call *want)
{
	if (want->written > have->width)
		strv_addf(out, "results are written %ld bytes beyond the room that the program makes: its "
			       "frame is overwritten", want->written - have->width);
	else if (want->width > have->width)
		strv_addf(out, "the function may spill its arguments %ld bytes beyond the room that the "
			       "program makes", want->width - have->width);
}

static void add_clauses(struct str *out, struct strv *clauses)
{
	enum { MOST = 3 };

	for (size_t i = 0; i < clauses->n && i < MOST; i++)
		str_addf(out, "%s%s", i ? "; " : "", clauses->v[i]);
	if (clauses->n > MOST)
		str_addf(out, "; and %zu more", clauses->n - MOST);
	strv_free(clauses);
}

/* --- same ABI: what differs all the same ----------------------------------- */

/* The text of value k; NULL: not known. The one value more than texts is the receiver. */
static const char *type_text(const struct strv *types, const struct values *vs, size_t k)
{
	if (!types)
		return NULL;
	if (types->n == vs->list.n)
		return types->v[k];
	if (types->n + 1 == vs->list.n)
		return k == 0 ? "the receiver" : types->v[k - 1];
	return NULL;
}

/* What the collector makes of a value of the program's; NULL: of all of them. */
static const char *collector_note(const struct values *have, const struct value *v,
				  const struct values *want)
{
	size_t first = v ? v->first : 0, n = v ? v->n : have->pieces.n;
	const char *note = "";

	for (size_t i = first; i < first + n; i++) {
		const struct piece *h = &have->pieces.v[i], *w = find_piece(want, h, same_piece);

		if (w && w->kind == 'p' && h->kind != 'p')
			return ", the collector does not see it";
		if (w && w->kind != 'p' && h->kind == 'p')
			note = ", the collector takes it for a pointer";
	}
	return note;
}

static void compare_types(struct strv *out, const char *noun, const struct values *have,
			  const struct strv *have_types, const struct values *want,
			  const struct strv *want_types)
{
	if (have->list.n != want->list.n) {
		strv_addf(out, "%zu %s%s for %zu%s", have->list.n, noun, have->list.n == 1 ? "" : "s",
			  want->list.n, collector_note(have, NULL, want));
		return;
	}
	for (size_t k = 0; k < have->list.n; k++) {
		const char *a = type_text(have_types, have, k), *b = type_text(want_types, want, k);
		const char *note = collector_note(have, &have->list.v[k], want);

		if (a && b && strcmp(a, b) != 0)
			strv_addf(out, "%s for %s (%s %zu%s)", a, b, noun, k + 1, note);
		else if ((!a || !b) && *note)
			strv_addf(out, "%s %zu%s", noun, k + 1, note);
	}
}

static void say_same(struct str *why, const struct call *have, const struct sig *have_sig,
		     const struct call *want, const struct sig *want_sig)
{
	struct strv clauses = { 0 };

	compare_types(&clauses, "argument", &have->args, have_sig->read ? &have_sig->params : NULL,
		      &want->args, want_sig->read ? &want_sig->params : NULL);
	compare_types(&clauses, "result", &have->results, have_sig->read ? &have_sig->results : NULL,
		      &want->results, want_sig->read ? &want_sig->results : NULL);
	str_add(why, "same ABI");
	if (clauses.n > 0)
		str_add(why, ": ");
	else if (!have_sig->read || !want_sig->read)
		str_add(why, "; whether the types are the same is not known");
	add_clauses(why, &clauses);
}

/* --- grades ---------------------------------------------------------------- */

static void say_unknown_in(struct strv *out, const char *whose, const char *noun, const struct values *vs)
{
	for (size_t k = 0; k < vs->list.n; k++)
		if (vs->list.v[k].unknown)
			strv_addf(out, "the type of the %s's %s %zu is not known", whose, noun, k + 1);
}

static bool say_unknown(struct str *why, const struct abi_machine *m, const struct call *have,
			const struct call *want)
{
	struct strv clauses = { 0 };

	if (!have->arch)
		strv_addf(&clauses, "the architecture %s is not known", m->goarch);
	else if (have->bad || want->bad)
		strv_addf(&clauses, "the shape of %s is not known",
			  have->bad ? "the program's declaration" : "the function");
	say_unknown_in(&clauses, "program", "argument", &have->args);
	say_unknown_in(&clauses, "program", "result", &have->results);
	say_unknown_in(&clauses, "function", "argument", &want->args);
	say_unknown_in(&clauses, "function", "result", &want->results);
	if (clauses.n == 0)
		return false;
	if (have->args.list.n != want->args.list.n && !have->bad && !want->bad)
		strv_addf(&clauses, "%zu argument%s declared, %zu taken", have->args.list.n,
			  have->args.list.n == 1 ? "" : "s", want->args.list.n);
	add_clauses(why, &clauses);
	return true;
}

/* Do pointers stand where the other has numbers, and numbers where it has pointers? Then values have
 * changed places, though each word is one. */
static bool is_shuffled(const struct values *have, const struct values *want)
{
	bool lost = false, made = false;

	for (size_t i = 0; i < have->pieces.n; i++) {
		const struct piece *h = &have->pieces.v[i], *w = find_piece(want, h, same_piece);

		lost |= w && w->kind == 'p' && h->kind != 'p';
		made |= w && w->kind != 'p' && h->kind == 'p';
	}
	return lost && made;
}

static enum abi_grade compare_calls(const struct call *have, const struct sig *have_sig,
				    const struct call *want, const struct sig *want_sig, struct str *why)
{
	struct view args = { have->arch, "argument", &have->args, &want->args, false };
	struct view results = { have->arch, "result", &want->results, &have->results, true };
	struct strv clauses = { 0 };
	bool same;

	same = same_values(&have->args, &want->args) && same_values(&have->results, &want->results);
	if (same && want->width <= have->width) {
		if (have->args.list.n == want->args.list.n &&
		    have->results.list.n == want->results.list.n && sigs_equal(have_sig, want_sig))
			return ABI_IDENTICAL;
		if (!is_shuffled(&have->args, &want->args) && !is_shuffled(&have->results, &want->results)) {
			say_same(why, have, have_sig, want, want_sig);
			return ABI_SAME;
		}
		strv_addf(&clauses, "pointers are passed where numbers are taken, and numbers where pointers are "
			  "(%zu arguments for %zu)", have->args.list.n, want->args.list.n);
	}
	if (!same) {
		compare_view(&clauses, &args);
		compare_view(&clauses, &results);
	}
	compare_room(&clauses, have, want);
	add_clauses(why, &clauses);
	return ABI_BREAKS;
}

enum abi_grade abi_compare_funcs(const struct abi_machine *m, const char *have_shape, const char *have_sig,
				 const char *want_shape, const char *want_sig, struct str *why)
{
	struct call have, want;
	struct sig have_text, want_text;
	enum abi_grade grade = ABI_UNKNOWN;
	struct str said = STR_INIT;

	call_read(&have, m, have_shape);
	call_read(&want, m, want_shape);
	sig_read(&have_text, have_sig);
	sig_read(&want_text, want_sig);
	if (!say_unknown(&said, m, &have, &want)) {
		grade = compare_calls(&have, &have_text, &want, &want_text, &said);
	} else if (sigs_equal(&have_text, &want_text)) {
		grade = ABI_IDENTICAL;
		str_clear(&said);
	}
	str_addn(why, said.s, said.len);
	str_free(&said);
	call_dispose(&have);
	call_dispose(&want);
	sig_dispose(&have_text);
	sig_dispose(&want_text);
	return grade;
}
