/*
 * Layouts against the compiler's own: a program is built that has most of the runtime's
 * types in its DWARF, and what `lnmatrix layout` says of each must be what stands there,
 * for several releases and targets.
 */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/fs.h"
#include "tests/crosscheck/crosscheck.h"

static const char *const versions[] = { "1.21", "1.24", "1.27", NULL };
static const char *const targets[] = { "linux/amd64", "linux/arm64", "linux/386" };

/* Its DWARF has the types of its variables, and of those of all functions that it links in. */
static const char program[] =
	"package main\n\n"
	"import (\n\t\"bufio\"\n\t\"context\"\n\t\"fmt\"\n\t\"os\"\n\t\"reflect\"\n\t\"runtime\"\n\t\"runtime/debug\"\n"
	"\t\"strings\"\n\t\"sync\"\n\t\"sync/atomic\"\n\t\"syscall\"\n\t\"time\"\n)\n\n"
	"var keep struct {\n"
	"\t_ bufio.Reader\n\t_ bufio.Writer\n\t_ bufio.Scanner\n\t_ strings.Builder\n\t_ strings.Reader\n"
	"\t_ strings.Replacer\n\t_ sync.Mutex\n\t_ sync.RWMutex\n\t_ sync.Once\n\t_ sync.Pool\n\t_ sync.Map\n"
	"\t_ sync.Cond\n\t_ sync.WaitGroup\n\t_ atomic.Int32\n\t_ atomic.Int64\n\t_ atomic.Uint32\n"
	"\t_ atomic.Uint64\n\t_ atomic.Uintptr\n\t_ atomic.Bool\n\t_ atomic.Value\n\t_ time.Time\n"
	"\t_ time.Timer\n\t_ time.Ticker\n\t_ time.Location\n\t_ os.File\n\t_ os.Process\n\t_ os.PathError\n"
	"\t_ runtime.MemStats\n\t_ runtime.Frames\n\t_ debug.BuildInfo\n\t_ reflect.Value\n"
	"\t_ reflect.StructField\n\t_ reflect.Method\n\t_ reflect.MapIter\n\t_ syscall.Stat_t\n"
	"\t_ syscall.Timespec\n"
	"}\n\n"
	"func main() {\n"
	"\tm := map[string]int{\"a\": len(os.Args)}\n"
	"\tc := make(chan int, 1)\n"
	"\tselect {\n\tcase c <- 1:\n\tcase <-time.After(time.Second):\n\t}\n"
	"\tctx, cancel := context.WithTimeout(context.Background(), time.Second)\n"
	"\tdefer cancel()\n"
	"\tvar once sync.Once\n\tonce.Do(func() { runtime.GC() })\n"
	"\tvar pool sync.Pool\n\tpool.Put(&m)\n"
	"\tvar shared sync.Map\n\tshared.Store(1, reflect.MakeFunc(reflect.TypeOf(func() {}), nil))\n"
	"\tfmt.Fprintln(bufio.NewWriter(os.Stdout), &keep, m, ctx, pool.Get(), reflect.ValueOf(m).MapRange(),\n"
	"\t\tstrings.NewReplacer(\"a\", \"b\", \"c\", \"d\"), time.Now().Local())\n"
	"}\n";

/* Wanted wherever the release has them, besides whatever else the program has. */
static const char *const fixed[] = {
	"runtime.g", "runtime.m", "runtime.p", "runtime.schedt", "runtime.gobuf", "runtime.stack",
	"runtime.mspan", "runtime.mheap", "runtime.mcache", "runtime.mcentral", "runtime.heapArena",
	"runtime.mSpanList", "runtime.pageAlloc", "runtime.pallocData", "runtime.fixalloc",
	"runtime._func", "runtime.funcInfo", "runtime.moduledata", "runtime.pcHeader", "runtime.itab",
	"runtime.iface", "runtime.eface", "runtime.hmap", "runtime.bmap", "runtime.hiter",
	"runtime.mapextra", "runtime._defer", "runtime._panic", "runtime.sudog", "runtime.timer",
	"runtime.hchan", "runtime.waitq", "runtime.funcval", "runtime.slice", "runtime.stringStruct",
	"runtime.mutex", "runtime.rwmutex", "runtime.note", "runtime.semaRoot", "runtime.sigctxt",
	"runtime.gcWork", "runtime.workbuf", "runtime.gcControllerState", "runtime.pollDesc",
	"runtime.stackmap", "runtime.stkframe", "runtime.unwinder", "runtime.inlineUnwinder",
	"runtime.special", "runtime.specialfinalizer", "runtime.bucket", "runtime.memRecord",
	"runtime.traceBuf", "runtime.libcall", "runtime.MemStats", "runtime.Frame", "runtime.Frames",
	"runtime.Func", "internal/runtime/maps.Map", "internal/runtime/maps.Iter",
	"internal/runtime/maps.table", "internal/runtime/maps.groupReference",
	"internal/runtime/atomic.Uint32", "internal/runtime/atomic.Int64",
	"runtime/internal/atomic.Uint32", "runtime/internal/atomic.Int64", "internal/abi.Type",
	"internal/abi.FuncType", "internal/abi.ArrayType", "internal/abi.ChanType", "internal/abi.MapType",
	"internal/abi.OldMapType", "internal/abi.SwissMapType", "internal/abi.StructType",
	"internal/abi.StructField", "internal/abi.InterfaceType", "internal/abi.PtrType",
	"internal/abi.SliceType", "internal/abi.UncommonType", "internal/abi.Method", "internal/abi.Name",
	"internal/abi.ITab", "internal/abi.RegArgs", "reflect.Value", "reflect.rtype", "reflect.Method",
	"reflect.StructField", "reflect.MapIter", "reflect.makeFuncImpl", "reflect.abiSeq",
	"sync.Mutex", "sync.RWMutex", "sync.Pool", "sync.poolLocal", "sync.poolDequeue", "sync.Map",
	"sync.Once", "sync.Cond", "sync.WaitGroup", "internal/sync.Mutex", "sync/atomic.Int32",
	"sync/atomic.Int64", "sync/atomic.Uint64", "sync/atomic.Bool", "sync/atomic.Value", "os.File",
	"os.file", "os.Process", "os.dirInfo", "internal/poll.FD", "internal/poll.pollDesc",
	"internal/poll.fdMutex", "syscall.Timespec", "syscall.Stat_t", "time.Time", "time.Timer",
	"time.Ticker", "time.runtimeTimer", "time.Location", "time.zone", "time.zoneTrans",
	"strings.Builder", "strings.Reader", "strings.Replacer", "bufio.Reader", "bufio.Writer",
	"bufio.Scanner", "fmt.pp", "fmt.fmt", "context.timerCtx", "context.cancelCtx",
};
enum { FIXED = sizeof(fixed) / sizeof(*fixed), FEWEST = 100, GO_KIND = 0x2900, GO_KIND_STRUCT = 25 };
_Static_assert(FIXED >= 60, "the list is to be a good part of the runtime");

struct member { char *name; long offset, size; };
struct type { char *name; long size; VEC(struct member) members; };
struct types { struct type *v; size_t n, cap; };

static void types_dispose(struct types *types)
{
	for (size_t i = 0; i < types->n; i++) {
		for (size_t k = 0; k < types->v[i].members.n; k++)
			mem_free(types->v[i].members.v[k].name);
		vec_free(&types->v[i].members);
		mem_free(types->v[i].name);
	}
	vec_free(types);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct type *)a)->name, ((const struct type *)b)->name);
}

static const struct type *types_find(const struct types *types, const char *name)
{
	struct type key = { .name = (char *)name };

	return bsearch(&key, types->v, types->n, sizeof(key), by_name);
}

/* --- what the compiler says --------------------------------------------------- */

static long number(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attr;
	Dwarf_Word value;

	return dwarf_attr(die, name, &attr) && dwarf_formudata(&attr, &value) == 0 ? (long)value : -1;
}

static long size_of_member(Dwarf_Die *member)
{
	Dwarf_Attribute attr;
	Dwarf_Die type, bare, cu;
	Dwarf_Word size;
	uint8_t address;

	if (!dwarf_attr(member, DW_AT_type, &attr) || !dwarf_formref_die(&attr, &type) ||
	    dwarf_peel_type(&type, &bare) != 0)
		return -1;
	if (dwarf_tag(&bare) == DW_TAG_subroutine_type) /* a func value: one pointer */
		return dwarf_diecu(&bare, &cu, &address, NULL) ? address : -1;
	return dwarf_aggregate_size(&bare, &size) == 0 ? (long)size : -1;
}

/*
 * A struct type of std that has a name of its own: no instance of a generic type, no local
 * type of a function, no map's inside.
 */
static bool is_wanted(Dwarf_Die *die, size_t *left_out)
{
	const char *name = dwarf_diename(die);

	if (dwarf_tag(die) != DW_TAG_structure_type || number(die, GO_KIND) != GO_KIND_STRUCT || !name)
		return false;
	if (strchr(name, '{') || str_starts(name, "main.") || str_starts(name, "go.shape."))
		return false;
	if (!strpbrk(name, "[<") && !strstr(name, "\xc2\xb7")) /* "maps.Set[int]", "map<int,int>", "runtime.x·2" */
		return true;
	++*left_out;
	return false;
}

static void read_type(struct types *types, Dwarf_Die *die)
{
	struct type type = { .name = mem_strdup(dwarf_diename(die)), .size = dwarf_bytesize(die) };
	Dwarf_Die child;

	if (dwarf_child(die, &child) == 0)
		do {
			const char *name = dwarf_diename(&child);
			struct member m = { mem_strdup(name ? name : "?"),
					    number(&child, DW_AT_data_member_location),
					    size_of_member(&child) };

			vec_push(&type.members, m);
		} while (dwarf_siblingof(&child, &child) == 0);
	vec_push(types, type);
}

/* Sorted by name. The number of those that were left out. */
static size_t read_dwarf(struct crosscheck *x, struct types *out, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Dwarf *dwarf = fd < 0 ? NULL : dwarf_begin(fd, DWARF_C_READ);
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit, die;
	size_t left_out = 0;
	int rc;

	if (!dwarf)
		crosscheck_broken(x, "%s: %s", path, fd < 0 ? strerror(errno) : dwarf_errmsg(-1));
	while ((rc = dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &unit, NULL)) == 0)
		if (dwarf_child(&unit, &die) == 0)
			do {
				if (is_wanted(&die, &left_out))
					read_type(out, &die);
			} while (dwarf_siblingof(&die, &die) == 0);
	if (rc < 0)
		crosscheck_broken(x, "%s: %s", path, dwarf_errmsg(-1));
	dwarf_end(dwarf);
	close(fd);
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), by_name);
	return left_out;
}

/* --- the comparison ----------------------------------------------------------- */

struct cell {
	struct crosscheck *x;
	const char *toolchain, *target;
	size_t compared, members, fixed_compared; /* types, fields that are the same, types of the list */
	struct str unseen;       /* of the fixed list: lnmatrix has them, the program has not */
};

static long integer_of(const json_t *object, const char *key)
{
	return (long)json_integer_value(json_object_get(object, key));
}

/* Does it say the same of the i-th field? One that only one side has is a difference, too. */
static void compare_member(struct cell *c, const struct type *type, size_t i, const json_t *field)
{
	const char *name = json_string_value(json_object_get(field, "name"));
	long offset = integer_of(field, "offset"), size = integer_of(field, "size");
	const struct member *m = i < type->members.n ? &type->members.v[i] : NULL;
	struct str said = STR_INIT;

	if (m && name && strcmp(m->name, name) == 0 && m->offset == offset && m->size == size) {
		c->members++;
		return;
	}
	if (m)
		str_addf(&said, "compiler %s at %ld, %ld bytes; ", m->name, m->offset, m->size);
	else
		str_add(&said, "compiler has none; ");
	if (field)
		str_addf(&said, "lnmatrix %s at %ld, %ld bytes", name ? name : "?", offset, size);
	else
		str_add(&said, "lnmatrix has none");
	crosscheck_fail(c->x, "%s %s: %s: field %zu: %s", c->toolchain, c->target, type->name, i, said.s);
	str_free(&said);
}

static void compare(struct cell *c, const struct type *type, const json_t *entry)
{
	const json_t *fields = json_object_get(entry, "fields");
	size_t n = json_array_size(fields);

	c->compared++;
	if (integer_of(entry, "size") != type->size)
		crosscheck_fail(c->x, "%s %s: %s: size: compiler %ld, lnmatrix %ld", c->toolchain, c->target,
				type->name, type->size, integer_of(entry, "size"));
	for (size_t i = 0; i < type->members.n || i < n; i++)
		compare_member(c, type, i, json_array_get(fields, i));
}

static bool is_fixed(const char *name)
{
	for (size_t i = 0; i < FIXED; i++)
		if (strcmp(fixed[i], name) == 0)
			return true;
	return false;
}

static void compare_all(struct cell *c, const struct types *types, const json_t *answer)
{
	const json_t *thing;
	size_t i, answered = 0;

	json_array_foreach(json_object_get(answer, "types"), i, thing) {
		const char *name = json_string_value(json_object_get(thing, "name"));
		const json_t *entry = crosscheck_entry(thing);
		bool known = json_is_integer(json_object_get(entry, "size"));
		const struct type *type = name ? types_find(types, name) : NULL;

		answered += type != NULL;
		if (type && !known) {
			crosscheck_fail(c->x, "%s %s: %s: the compiler has it, lnmatrix has not", c->toolchain,
					c->target, name);
		} else if (type) {
			compare(c, type, entry);
			c->fixed_compared += is_fixed(name);
		} else if (known) {
			str_addf(&c->unseen, " %s", name);
		}
	}
	if (answered != types->n)
		crosscheck_fail(c->x, "%s %s: asked for %zu types that the program has, answered %zu",
				c->toolchain, c->target, types->n, answered);
	if (c->compared < FEWEST)
		crosscheck_fail(c->x, "%s %s: only %zu types compared", c->toolchain, c->target, c->compared);
}

static void check_cell(struct crosscheck *x, size_t toolchain, const char *target)
{
	struct cell c = { .x = x, .toolchain = x->toolchains.v[toolchain], .target = target,
			  .unseen = STR_INIT };
	char *path = path_join(x->dir, "program");
	struct strv args = { 0 }, names = { 0 };
	struct types types = { 0 };
	struct str said = STR_INIT;
	json_t *answer;
	size_t left_out;

	strv_add(&args, "build");
	strv_addf(&args, "-o=%s", path);
	strv_add(&args, "main.go");
	if (crosscheck_go(x, toolchain, target, &args, NULL, &said) != 0)
		crosscheck_broken(x, "%s %s: go build: %s", c.toolchain, target, said.s);
	left_out = read_dwarf(x, &types, path);
	for (size_t i = 0; i < types.n; i++)
		strv_add(&names, types.v[i].name);
	for (size_t i = 0; i < FIXED; i++)
		if (!types_find(&types, fixed[i]))
			strv_add(&names, fixed[i]);
	answer = crosscheck_ask(x, "layout", &names, toolchain, target);
	compare_all(&c, &types, answer);
	printf("%s %s: %zu types with %zu fields compared, %zu of them of the list; %zu instances and local ones "
	       "left out; of the list, but not in the program:%s\n", c.toolchain, target, c.compared, c.members,
	       c.fixed_compared, left_out, c.unseen.len ? c.unseen.s : " none");
	json_decref(answer);
	types_dispose(&types);
	strv_free(&args);
	strv_free(&names);
	str_free(&said);
	str_free(&c.unseen);
	mem_free(path);
}

int main(void)
{
	struct crosscheck x;

	crosscheck_init(&x, versions);
	crosscheck_write(&x, "main.go", program);
	for (size_t i = 0; i < x.toolchains.n; i++)
		for (size_t k = 0; k < sizeof(targets) / sizeof(*targets); k++)
			check_cell(&x, i, targets[k]);
	return crosscheck_end(&x);
}
