/*
 * Signatures against the compiler: what `lnmatrix symbol` prints is written into a file that
 * an overlay adds to the package itself (nothing is written to GOROOT), one line a symbol,
 *
 *	func _() { var _ func(n int) string = name }
 *	func _() { var _ *[]byte = &variable }
 *	func _(r *recv) { var _ func(n int) string = r.method }
 *
 * which are good Go only where the types are the same.  Some lines of every file are made
 * wrong on purpose.  The compiler must refuse these and no other; having refused, it stops
 * before it generates code, which makes this quick.
 */
#include <stdio.h>
#include <string.h>

#include "tests/crosscheck/overlay.h"

static const char *const versions[] = { "1.21", "1.24", "1.27", NULL };
#define TARGET "linux/amd64" /* nothing is run */

/* Everything in these is checked, besides the names below. */
static const char *const packages[] = {
	"runtime", "reflect", "sync", "sync/atomic", "os", "time", "net", "syscall", "strings",
	"internal/abi", "internal/poll", "internal/godebug", "internal/cpu", "internal/syscall/unix",
	"internal/runtime/atomic", "runtime/internal/atomic", "internal/runtime/maps",
	"vendor/golang.org/x/net/dns/dnsmessage",
};
enum { PACKAGES = sizeof(packages) / sizeof(*packages), FEWEST_FIXED = 50, FEWEST = 5000 };

/* Asked for by name; every release has most of them. */
static const char *const fixed[] = {
	"runtime.mallocgc", "runtime.newobject", "runtime.newarray", "runtime.makeslice", "runtime.growslice",
	"runtime.memmove", "runtime.memclrNoHeapPointers", "runtime.typedmemmove", "runtime.nanotime",
	"runtime.walltime", "runtime.gopark", "runtime.goready", "runtime.systemstack", "runtime.mcall",
	"runtime.newproc1", "runtime.gentraceback", "runtime.findfunc", "runtime.funcname", "runtime.pcvalue",
	"runtime.schedtrace", "runtime.makechan", "runtime.chansend", "runtime.chanrecv", "runtime.selectgo",
	"runtime.gcStart", "runtime.stopTheWorld", "runtime.procyield", "runtime.readvarint",
	"runtime.persistentalloc1", "runtime.stringtoslicebyte", "runtime.concatstrings", "runtime.getitab",
	"runtime.assertE2I", "runtime.convT", "runtime.timeSleep", "runtime.semacquire1", "runtime.fastrand",
	"runtime.cheaprand", "runtime.callCgoMmap", "runtime.getcallerpc", "runtime.(*mheap).alloc",
	"runtime.(*mspan).nextFreeIndex", "runtime.(*mcache).nextFree", "runtime.(*semaRoot).dequeue",
	"runtime.(*pageAlloc).find", "runtime.(*stkframe).getStackMap", "runtime.(*itabTableType).find",
	"runtime.sched", "runtime.allgs", "runtime.allp", "runtime.mheap_", "runtime.firstmoduledata",
	"runtime.work", "runtime.memstats", "runtime.sig", "runtime.sigtable", "runtime.writeBarrier",
	"runtime.gcController", "runtime.overflowError", "reflect.typedmemmove", "reflect.unsafe_New",
	"reflect.funcLayout", "reflect.callReflect", "reflect.methodReceiver", "reflect.(*rtype).common",
	"reflect.Value.call", "reflect.(*abiSeq).stackAssign", "reflect.makechan", "reflect.layoutCache",
	"reflect.structLookupCache", "sync.runtime_Semacquire", "sync.runtime_registerPoolCleanup",
	"sync.(*Pool).pinSlow", "sync.(*poolChain).popHead", "sync.allPools", "os.newFile", "os.openDirAt",
	"os.removeAllFrom", "os.pollSplice", "os.(*file).close", "os.runtime_args", "os.checkPidfdOnce",
	"time.now", "time.sendTime", "time.resetTimer", "time.loadLocation", "time.Time.locabs",
	"time.(*Location).lookup", "time.localLoc", "time.daysBefore", "time.std0x", "net.newFD",
	"net.genericReadFrom", "net.dnsStreamRoundTrip", "net.addrTable", "net.(*Resolver).goLookupIP",
	"net.(*netFD).readMsg", "net.listenerBacklogCache", "net.hosts", "net.errServerTemporarilyMisbehaving",
	"syscall.rawVforkSyscall", "syscall.forkAndExecInChild1", "syscall.runtime_envs", "syscall.mmap",
	"syscall.origRlimitNofile", "syscall.envs", "syscall.mapper", "strings.indexFunc",
	"strings.makeGenericReplacer", "strings.(*Builder).grow", "strings.(*trieNode).add",
	"strings.asciiSpace", "internal/abi.FuncPCABI0", "internal/abi.(*Type).MapType",
	"internal/poll.runtime_pollWait", "internal/poll.(*fdMutex).rwlock", "internal/poll.getPipe",
	"internal/poll.SendFile", "internal/cpu.processOptions", "internal/godebug.setUpdate",
};
enum { FIXED = sizeof(fixed) / sizeof(*fixed) };

/* Small lies that must be found, besides gross ones in every package. */
static const struct { const char *name, *from, *to; } lies[] = {
	{ "strings.indexFunc", "truth bool", "truth uint8" },
	{ "strings.asciiSpace", "[256]uint8", "[255]uint8" },
	{ "strings.(*Builder).grow", "n int", "n int32" },
	{ "os.newFile", ") *File", ") **File" },
	{ "syscall.mmap", "prot int", "prot uint" },
};
enum { LIES = sizeof(lies) / sizeof(*lies) };

struct line { char *name, *signature; bool wrong, refused; };

/* What is asked about one package. */
struct file {
	bool is_there;           /* this release has it */
	struct overlay overlay;
	VEC(struct line) lines;  /* of its body */
	bool told[3];            /* a gross lie of a function, method, variable is in it */
};

struct check {
	struct crosscheck *x;
	size_t toolchain;
	const char *version;
	struct file files[PACKAGES];
	size_t right, wrong;     /* lines to be taken, to be refused */
	size_t unsaid;           /* symbols without signature, or with one that Go cannot say there */
};

/* --- lines ---------------------------------------------------------------------- */

enum kind { FUNCTION, METHOD, VARIABLE };

static void add_line(struct check *c, struct file *f, enum kind kind, const char *local,
		     const char *signature, bool wrong)
{
	const char *dot = kind == METHOD ? strrchr(local, '.') : NULL;
	const char *receiver = *local == '(' ? local + 1 : local; /* of "(*mheap).alloc" or "Time.String" */
	struct line line = { mem_printf("%s.%s", f->overlay.package, local), mem_strdup(signature), wrong, false };
	struct str *body = &f->overlay.body;

	if (dot)
		str_addf(body, "func _(r %.*s) { var _ %s = r%s }\n", (int)(dot - local - 2 * (receiver - local)),
			 receiver, signature, dot);
	else if (kind == VARIABLE)
		str_addf(body, "func _() { var _ *%s = &%s }\n", signature, local);
	else
		str_addf(body, "func _() { var _ %s = %s }\n", signature, local);
	vec_push(&f->lines, line);
	*(wrong ? &c->wrong : &c->right) += 1;
}

static void add_lies(struct check *c, struct file *f, enum kind kind, const char *local,
		     const char *signature)
{
	size_t n = strlen(f->overlay.package);

	if (!f->told[kind]) { /* a function that returns the right thing */
		char *lie = mem_printf("func() %s", signature);

		add_line(c, f, kind, local, lie, true);
		mem_free(lie);
		f->told[kind] = true;
	}
	for (size_t i = 0; i < LIES; i++) {
		const char *at = strstr(signature, lies[i].from);

		if (at && str_starts(lies[i].name, f->overlay.package) && lies[i].name[n] == '.' &&
		    strcmp(lies[i].name + n + 1, local) == 0) {
			char *lie = mem_printf("%.*s%s%s", (int)(at - signature), signature, lies[i].to,
					       at + strlen(lies[i].from));

			add_line(c, f, kind, local, lie, true);
			mem_free(lie);
		}
	}
}

static const char *text_of(const json_t *entry, const char *key)
{
	const char *s = json_string_value(json_object_get(entry, key));

	return s ? s : "";
}

/*
 * The file of the package that declares it, and by which name there: what is pushed has that
 * of its definer, unless the package declares it, too. NULL: not one of ours.
 */
static struct file *find_file(struct check *c, const json_t *entry, const char **local)
{
	const char *path = text_of(entry, "file"), *package = text_of(entry, "package");
	const char *definer = text_of(entry, "definer");

	for (size_t i = 0; i < PACKAGES; i++) {
		size_t n = strlen(packages[i]);

		if (!c->files[i].is_there || !str_starts(path, packages[i]) || path[n] != '/' ||
		    strchr(path + n + 1, '/'))
			continue;
		if (str_starts(definer, packages[i]) && definer[n] == '.')
			*local = definer + n + 1;
		else if (strcmp(package, packages[i]) == 0)
			*local += n + 1;
		else
			return NULL;
		return &c->files[i];
	}
	return NULL;
}

/* How many lines came of it. */
static size_t add_symbols(struct check *c, const struct strv *names)
{
	json_t *answer = crosscheck_ask(c->x, "symbol", names, c->toolchain, TARGET);
	const json_t *thing;
	size_t i, before = c->right;

	json_array_foreach(json_object_get(answer, "symbols"), i, thing) {
		const json_t *entry = crosscheck_entry(thing);
		const char *kind = text_of(entry, "kind"), *signature = text_of(entry, "signature");
		const char *local = text_of(thing, "name");
		enum kind k = *kind == 'f' ? FUNCTION : *kind == 'm' ? METHOD : VARIABLE;
		struct file *f = find_file(c, entry, &local);

		if (!f || (k == VARIABLE && strcmp(kind, "var") != 0) ||
		    strcmp(text_of(entry, "defined"), "generic") == 0)
			continue;
		if (!*signature || !overlay_import(&f->overlay, signature)) {
			c->unsaid++;
			continue;
		}
		add_line(c, f, k, local, signature, false);
		add_lies(c, f, k, local, signature);
	}
	json_decref(answer);
	return c->right - before;
}

/* --- the judge -------------------------------------------------------------------- */

static void judge(struct check *c, struct file *f)
{
	struct str said = STR_INIT;
	const char *at, *message;
	size_t len;
	long n;

	overlay_build(&f->overlay, &said);
	for (at = said.s; overlay_next_mistake(&at, &n, &message, &len);) {
		struct line *line = n >= 0 && (size_t)n < f->lines.n ? &f->lines.v[n] : NULL;

		if (line && line->wrong && memmem(message, len, "cannot use", strlen("cannot use")))
			line->refused = true;
		else
			crosscheck_fail(c->x, "%s: %s: %s: the compiler says %.*s", c->version,
					line ? line->name : f->overlay.package, line ? line->signature : "",
					(int)len, message);
	}
	for (size_t i = 0; i < f->lines.n; i++)
		if (f->lines.v[i].wrong && !f->lines.v[i].refused)
			crosscheck_fail(c->x, "%s: %s: the compiler does not refuse %s, which is wrong; it says: %s",
					c->version, f->lines.v[i].name, f->lines.v[i].signature, said.s);
	str_free(&said);
}

static void file_dispose(struct file *f)
{
	for (size_t i = 0; i < f->lines.n; i++) {
		mem_free(f->lines.v[i].name);
		mem_free(f->lines.v[i].signature);
	}
	vec_free(&f->lines);
	overlay_dispose(&f->overlay);
}

static void check_toolchain(struct crosscheck *x, size_t toolchain)
{
	struct check c = { .x = x, .toolchain = toolchain, .version = x->toolchains.v[toolchain] };
	struct strv names = { 0 }, globs = { 0 };
	size_t named, judged = 0;
	struct std std;

	std_list(&std, x, toolchain, TARGET);
	for (size_t i = 0; i < FIXED; i++)
		strv_add(&names, fixed[i]);
	for (size_t i = 0; i < PACKAGES; i++) {
		c.files[i].is_there = overlay_init(&c.files[i].overlay, &std, packages[i]);
		if (c.files[i].is_there)
			strv_addf(&globs, "%s.*", packages[i]);
	}
	named = add_symbols(&c, &names);
	add_symbols(&c, &globs);
	for (size_t i = 0; i < PACKAGES; i++) {
		if (c.files[i].lines.n) {
			judge(&c, &c.files[i]);
			judged++;
		}
		file_dispose(&c.files[i]);
	}
	printf("%s " TARGET ": %zu signatures compiled, %zu of them of the list, in %zu packages; %zu wrong ones "
	       "to be refused; %zu symbols have none\n", c.version, c.right, named, judged, c.wrong, c.unsaid);
	if (named < FEWEST_FIXED || c.right < FEWEST || c.wrong < LIES)
		crosscheck_fail(x, "%s: too few signatures", c.version);
	std_dispose(&std);
	strv_free(&names);
	strv_free(&globs);
}

int main(void)
{
	struct crosscheck x;

	crosscheck_init(&x, versions);
	for (size_t i = 0; i < x.toolchains.n; i++)
		check_toolchain(&x, i);
	return crosscheck_end(&x);
}
