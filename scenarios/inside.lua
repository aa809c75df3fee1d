-- What libraries do with Go's internals: functions and variables pulled from the runtime and other
-- packages, layouts copied, names counted on. No document says these things; each case shows since
-- when and until when one of them works, and where it only seems to.

scenario {
  about  = "what libraries take from inside Go: names, signatures, layouts",
  go     = "1.18..1.27",
  target = "linux/amd64",
}

-- A program of one file: CODE after its imports, which are os, unsafe and IMPORTS. It says ok and
-- exits 0, or exits 1.
local function program(code, imports)
  local lines = ""
  for _, path in ipairs(imports or {}) do
    lines = lines .. "\t\"" .. path .. "\"\n"
  end
  return [[
-- want.stdout --
ok
-- go.mod --
module lnmatrix.invalid/inside

go 1.17
-- empty.s --
-- main.go --
package main

import (
	"os"
]] .. lines .. [[
	"unsafe"
)

var _ unsafe.Pointer

func ok(it bool) {
	if !it {
		os.Exit(1)
	}
	os.Stdout.WriteString("ok\n")
}
]] .. code
end

-- What is there and not marked: the linker takes it up to Go 1.22 and refuses it from 1.23 on.
local function unmarked(...)
  return {
    { go = "<1.23", outcome = "pass" },
    { outcome = "link-rejected", symbols = { ... }, rescue = "rejected-only" },
  }
end

-- --- the goroutine's g -------------------------------------------------------------

local goid_targets = { "linux/amd64", "linux/386", "linux/arm64" }

local function goid_steps(cell)
  cell:layout("g", "runtime.g")
  cell:build()
  cell:run()
end

case "goid" {
  about  = "the goroutine's number by a copy of Go 1.22's g",
  files  = "inside/goid.txtar",
  target = goid_targets,
  steps  = goid_steps,
  expect = {
    { go = "1.23..1.24", outcome = "pass", stdout = "another number\n", findings = "layout-drift",
      why = "1.23 put syscallbp in front of it" },
    { go = "<1.23", outcome = "pass", stdout = "the goroutine's number\n" },
    { outcome = "pass", stdout = "the goroutine's number\n", findings = "layout-drift",
      why = "1.25 took a field of gobuf away: the number is back at its old place" },
  },
}

case "goid-by-version" {
  about  = "the same with a copy for each group of versions",
  files  = "inside/goid-tagged.txtar",
  target = goid_targets,
  steps  = goid_steps,
  expect = { outcome = "pass", stdout = "the goroutine's number\n" },
}

case "allgs" {
  about  = "the list of all goroutines and of all threads",
  files  = program([[

//go:linkname allgs runtime.allgs
var allgs []unsafe.Pointer

//go:linkname allm runtime.allm
var allm unsafe.Pointer

func main() {
	ok(len(allgs) > 0 && allm != nil)
}
]]),
  expect = unmarked("runtime.allgs", "runtime.allm"),
}

case "goexit" {
  about  = "runtime.goexit as a function whose address is taken",
  files  = program([[

//go:linkname goexit runtime.goexit
func goexit()

func main() {
	ok(runtime.FuncForPC(reflect.ValueOf(goexit).Pointer()).Name() == "runtime.goexit")
}
]], { "reflect", "runtime" }),
  expect = {
    { go = "<1.27", outcome = "pass" },
    { outcome = "link-rejected", symbols = "runtime.goexit",
      why = "until 1.26 the wrapper for it let a reference through; 1.27 looks behind it" },
  },
}

case "goexit-assembly" {
  about  = "its address taken by assembly",
  files  = [[
-- want.stdout --
runtime.goexit
-- go.mod --
module lnmatrix.invalid/inside

go 1.17
-- main.go --
package main

import (
	"os"
	"runtime"
)

func goexit() uintptr

func main() {
	os.Stdout.WriteString(runtime.FuncForPC(goexit()).Name() + "\n")
}
-- goexit_amd64.s --
#include "textflag.h"

TEXT ·goexit(SB), NOSPLIT, $0-8
	LEAQ	runtime·goexit(SB), AX
	MOVQ	AX, ret+0(FP)
	RET
]],
  expect = {
    { go = "<1.27", outcome = "pass" },
    { outcome = "link-rejected", symbols = "runtime.goexit", why = "1.27 checks references from assembly" },
  },
}

case "systemstack" {
  about  = "a function run on the thread's own stack",
  files  = program([[

//go:linkname systemstack runtime.systemstack
func systemstack(func())

var ran bool

func main() {
	systemstack(func() { ran = true })
	ok(ran)
}
]]),
  expect = {
    { go = "<1.27", outcome = "pass" },
    { outcome = "link-rejected", symbols = "runtime.systemstack", rescue = "rejected-only" },
  },
}

case "reflectcall" {
  about  = "runtime.reflectcall, linked only",
  files  = program([[

//go:linkname reflectcall runtime.reflectcall
func reflectcall(typ, fn, args unsafe.Pointer, argsize, retoffset, framesize uint32, regs unsafe.Pointer)

func main() {
	reflectcall(nil, nil, nil, 0, 0, 0, nil)
}
]]),
  run    = false,
  expect = {
    { go = "<1.27", outcome = "linked" },
    { outcome = "link-rejected", symbols = "runtime.reflectcall",
      why = "1.27 opens it to std only" },
  },
}

-- --- maps ------------------------------------------------------------------------------

local map_header = [[
-- go.mod --
module lnmatrix.invalid/inside

go 1.17
-- main.go --
package main

import (
	"os"
	"strconv"
	"unsafe"
)

// hmap is Go 1.23's runtime.hmap.
type hmap struct {
	count      int
	flags      uint8
	B          uint8
	noverflow  uint16
	hash0      uint32
	buckets    unsafe.Pointer
	oldbuckets unsafe.Pointer
	nevacuate  uintptr
	extra      unsafe.Pointer
}

func main() {
	m := make(map[int]int, 100)
	for i := 0; i < 100; i++ {
		m[i] = i
	}
	h := *(**hmap)(unsafe.Pointer(&m))
	os.Stdout.WriteString("count " + strconv.Itoa(h.count) + FIELD + "\n")
}
]]

case "map-count" {
  about   = "the number of a map's entries, as the first word behind its pointer",
  files   = map_header:gsub("FIELD", "\"\""),
  target  = { "linux/amd64", "linux/386", "linux/s390x" },
  expect  = { outcome = "pass", stdout = "count 100\n",
    why = "the new maps of Go 1.24 begin with their count, too" },
}

case "map-header" {
  about   = "a field further on, which Go 1.24's new maps do not have",
  files   = map_header:gsub("FIELD", "\", evacuated \" + strconv.FormatUint(uint64(h.nevacuate), 10)"),
  variant = { "default", "goexperiment=noswissmap" },
  steps   = function(cell)
    cell:layout("hmap", "runtime.hmap")
    cell:build()
    cell:run()
  end,
  expect  = {
    { variant = "goexperiment=noswissmap", go = "1.24..1.25", outcome = "pass",
      stdout = "count 100, evacuated 0\n", why = "the old maps, by an experiment of 1.24 and 1.25" },
    { variant = "goexperiment=noswissmap", outcome = "unsupported" },
    { go = "<1.24", outcome = "pass", stdout = "count 100, evacuated 0\n" },
    { outcome = "pass", stdout = "count 100, evacuated 16384\n",
      findings = "layout-drift",
      why = "there it reads globalDepth 0 and globalShift 64" },
  },
}

case "map-iterate" {
  about  = "mapiterinit and mapiternext with Go 1.23's iterator",
  files  = program([[

// hiter is Go 1.23's runtime.hiter.
type hiter struct {
	key, elem   *int
	t, h        unsafe.Pointer
	buckets     unsafe.Pointer
	bptr        unsafe.Pointer
	overflow    unsafe.Pointer
	oldoverflow unsafe.Pointer
	startBucket uintptr
	offset      uint8
	wrapped     bool
	B, i        uint8
	bucket      uintptr
	checkBucket uintptr
}

//go:linkname mapiterinit runtime.mapiterinit
func mapiterinit(t, m unsafe.Pointer, it *hiter)

//go:linkname mapiternext runtime.mapiternext
func mapiternext(it *hiter)

func main() {
	var any interface{} = map[int]int{1: 10, 2: 20, 3: 30}
	words := (*[2]unsafe.Pointer)(unsafe.Pointer(&any))
	var it hiter
	keys, elems := 0, 0
	for mapiterinit(words[0], words[1], &it); it.key != nil; mapiternext(&it) {
		keys += *it.key
		elems += *it.elem
	}
	ok(keys == 6 && elems == 60)
}
]]),
  expect = {
    { go = "<1.24", outcome = "pass" },
    { outcome = "pass", findings = "layout-drift",
      why = "std keeps the two for known users; of the iterator they only touch the first four words" },
  },
}

case "map-make" {
  about  = "runtime.makemap",
  files  = program([[

//go:linkname makemap runtime.makemap
func makemap(t unsafe.Pointer, hint int, m unsafe.Pointer) unsafe.Pointer

func main() {
	var sample interface{} = map[string]int(nil)
	words := (*[2]unsafe.Pointer)(unsafe.Pointer(&sample))
	m := makemap(words[0], 10, nil)
	made := *(*map[string]int)(unsafe.Pointer(&m))
	made["one"] = 1
	ok(len(made) == 1 && made["one"] == 1)
}
]]),
  expect = "pass",
}

-- --- types -------------------------------------------------------------------------------

local rtype = [[

// rtype is the beginning of every type's description.
type rtype struct {
	size       uintptr
	ptrdata    uintptr
	hash       uint32
	tflag      uint8
	align      uint8
	fieldAlign uint8
	kind       uint8
}

func describe(x interface{}) *rtype {
	return *(**rtype)(unsafe.Pointer(&x))
}
]]

case "type-size" {
  about  = "size, alignment and kind of a type by a copy of its description",
  files  = program(rtype .. [[

func main() {
	t := describe([3]uint16{})
	ok(t.size == 6 && t.align == 2 && reflect.Kind(t.kind&31) == reflect.Array)
}
]], { "reflect" }),
  target = { "linux/amd64", "linux/386" },
  steps  = function(cell)
    cell:layout("rtype", cell:go_is(">=1.21") and "internal/abi.Type" or "runtime._type")
    cell:build()
    cell:run()
  end,
  expect = "pass",
}

case "type-direct" {
  about  = "the bit of the kind that says that an interface holds the value itself",
  files  = program(rtype .. [[

func main() {
	ok(describe(new(int)).kind == 1<<5|uint8(reflect.Ptr))
}
]], { "reflect" }),
  expect = {
    { go = "<1.26", outcome = "pass" },
    { outcome = "run-wrong" },
  },
}

case "typelinks" {
  about  = "a type found by name in the list of all types",
  files  = program([[

type sought struct{ a, b int }

//go:linkname typelinks reflect.typelinks
func typelinks() (sections []unsafe.Pointer, offsets [][]int32)

var kept interface{} = new(sought)

func main() {
	sections, offsets := typelinks()
	found := false
	for i, base := range sections {
		for _, offset := range offsets[i] {
			var x interface{}
			*(*unsafe.Pointer)(unsafe.Pointer(&x)) = unsafe.Pointer(uintptr(base) + uintptr(offset))
			found = found || reflect.TypeOf(x).String() == "*main.sought"
		}
	}
	ok(found)
}
]], { "reflect" }),
  expect = "pass",
}

case "rtype-method" {
  about  = "a method pulled: reflect.(*rtype).Method",
  files  = program([[

//go:linkname method reflect.(*rtype).Method
func method(t unsafe.Pointer, i int) reflect.Method

type named struct{}

func (named) Only() {}

func main() {
	var x interface{} = named{}
	ok(method(*(*unsafe.Pointer)(unsafe.Pointer(&x)), 0).Name == "Only")
}
]], { "reflect" }),
  expect = "pass",
}

local function pool_pin(parameter, argument, imports)
  return program([[

//go:linkname pin sync.(*Pool).pin
func pin(p ]] .. parameter .. [[) (unsafe.Pointer, int)

//go:linkname unpin runtime.procUnpin
func unpin()

var pool ]] .. argument .. [[

func main() {
	local, id := pin((]] .. parameter .. [[)(unsafe.Pointer(&pool)))
	unpin()
	ok(local != nil && id >= 0)
}
]], imports)
end

case "pool-pin" {
  about  = "a method that std does not mark: sync.(*Pool).pin, the pool is std's",
  files  = pool_pin("*sync.Pool", "sync.Pool\n", { "sync" }),
  expect = { outcome = "pass",
    why = "with the receiver's type the compiler has read where the method stands in package sync, and "
          .. "refers to it by number; the linker checks what is referred to by name" },
}

case "pool-pin-untyped" {
  about  = "the same without package sync in sight",
  files  = pool_pin("unsafe.Pointer", "[5]uintptr\n"),
  expect = unmarked("sync.(*Pool).pin"),
}

-- --- locks, processors, pools -----------------------------------------------------------------

local function semaphore(acquire, parameters, arguments)
  return program([[

//go:linkname acquire ]] .. acquire .. [[

func acquire(s *uint32]] .. parameters .. [[)

//go:linkname release sync.runtime_Semrelease
func release(s *uint32, handoff bool, skip int)

func main() {
	var sema uint32
	done := false
	go func() {
		done = true
		release(&sema, false, 0)
	}()
	acquire(&sema]] .. arguments .. [[)
	ok(done && sema == 0)
}
]])
end

case "semaphore" {
  about  = "the runtime's semaphore under package sync's name",
  files  = semaphore("sync.runtime_Semacquire", "", ""),
  expect = "pass",
}

case "semaphore-mutex" {
  about  = "the one that sync.Mutex waits on",
  files  = semaphore("sync.runtime_SemacquireMutex", ", lifo bool, skip int", ", false, 0"),
  expect = {
    { go = "<1.24", outcome = "pass" },
    { outcome = "link-undefined", symbols = "sync.runtime_SemacquireMutex",
      why = "with the mutex it moved to internal/sync" },
  },
}

case "semaphore-poll" {
  about  = "the one of internal/poll",
  files  = semaphore("internal/poll.runtime_Semacquire", "", ""),
  expect = "pass",
}

local function pinned(name)
  return program([[

//go:linkname pin PACKAGE_procPin
func pin() int

//go:linkname unpin PACKAGE_procUnpin
func unpin()

func main() {
	pin()
	unpin()
	ok(true)
}
]]):gsub("PACKAGE_", name)
end

case "procpin" {
  about  = "runtime.procPin",
  files  = pinned("runtime."),
  expect = "pass",
}

case "procpin-sync" {
  about  = "the same under package sync's name",
  files  = pinned("sync.runtime_"),
  expect = "pass",
}

case "procpin-atomic" {
  about  = "the same under sync/atomic's, declared with the result that it has since Go 1.19",
  files  = pinned("sync/atomic.runtime_"),
  expect = {
    { go = "1.18", outcome = "pass", findings = "signature-mismatch",
      why = "there it gives nothing: the result would be whatever the register holds" },
    { outcome = "pass" },
  },
}

case "pool-cleanup" {
  about  = "a clean-up of one's own in the place of sync.Pool's",
  files  = program([[

//go:linkname register sync.runtime_registerPoolCleanup
func register(func())

var cleaned bool

func main() {
	register(func() { cleaned = true })
	runtime.GC()
	ok(cleaned)
}
]], { "runtime" }),
  expect = "pass",
}

case "pool-layout" {
  about  = "a pool's size by a copy of sync.Pool",
  files  = program([[

type pool struct {
	local      unsafe.Pointer
	localSize  uintptr
	victim     unsafe.Pointer
	victimSize uintptr
	New        func() interface{}
}

var shared sync.Pool

func main() {
	shared.Put(1)
	p := (*pool)(unsafe.Pointer(&shared))
	ok(p.local != nil && p.localSize == uintptr(runtime.GOMAXPROCS(0)) && p.victimSize == 0)
}
]], { "runtime", "sync" }),
  target = { "linux/amd64", "linux/386" },
  steps  = function(cell)
    cell:layout("pool", "sync.Pool")
    cell:build()
    cell:run()
  end,
  expect = "pass",
}

case "stop-the-world" {
  about  = "the world stopped as Go 1.20 did it, linked only",
  files  = program([[

//go:linkname stopTheWorld runtime.stopTheWorld
func stopTheWorld(reason string)

//go:linkname startTheWorld runtime.startTheWorld
func startTheWorld()

func main() {
	stopTheWorld("a snapshot")
	startTheWorld()
	ok(true)
}
]]),
  run    = false,
  expect = {
    { go = "<1.21", outcome = "linked" },
    { go = "<1.23", outcome = "linked", findings = "signature-mismatch",
      why = "1.21 takes a number for the reason, 1.22 gives back what starting needs" },
    { outcome = "link-rejected", symbols = { "runtime.startTheWorld", "runtime.stopTheWorld" },
      findings = "signature-mismatch" },
  },
}

-- Reads a copy of one of std's structs, whose Go is CODE; main prints what it read.
local function copy(code, imports, name, of)
  return {
    files = (program(code, imports):gsub("%-%- want.stdout %-%-\nok\n", "")),
    steps = function(cell)
      cell:layout(name, of)
      cell:build()
      cell:run()
    end,
  }
end

local chan = [[

// hchan is the beginning of Go 1.22's runtime.hchan.
type hchan struct {
	qcount   uint
	dataqsiz uint
	buf      unsafe.Pointer
	elemsize uint16
	closed   uint32
FIELDS}

func main() {
	ch := make(chan int, 4)
	ch <- 1
	ch <- 2
	ch <- 3
	<-ch
	close(ch)
	c := *(**hchan)(unsafe.Pointer(&ch))
	if PRINT {
		os.Stdout.WriteString("as it is\n")
	} else {
		os.Stdout.WriteString("other numbers\n")
	}
}
]]

local chan_closed = copy(chan:gsub("FIELDS", ""):gsub("PRINT", "c.qcount == 2 && c.closed == 1"),
                         {}, "hchan", "runtime.hchan")

case "chan-closed" {
  about  = "is a channel closed, and how much is in it?",
  files  = chan_closed.files,
  steps  = chan_closed.steps,
  expect = { outcome = "pass", stdout = "as it is\n" },
}

local chan_index = copy(chan:gsub("FIELDS", "\telemtype unsafe.Pointer\n\tsendx    uint\n\trecvx    uint\n")
                            :gsub("PRINT", "c.sendx == 3 && c.recvx == 1"),
                        {}, "hchan", "runtime.hchan")

case "chan-index" {
  about  = "where the next value goes and comes from",
  files  = chan_index.files,
  steps  = chan_index.steps,
  expect = {
    { go = "<1.23", outcome = "pass", stdout = "as it is\n" },
    { outcome = "pass", stdout = "other numbers\n", findings = "layout-drift",
      why = "1.23 put a pointer to a timer in front of them" },
  },
}

local mutex = copy([[

type mutex struct {
	state int32
	sema  uint32
}

var m sync.Mutex

func main() {
	m.Lock()
	ok((*mutex)(unsafe.Pointer(&m)).state == 1)
}
]], { "sync" }, "mutex", "sync.Mutex")

case "mutex-state" {
  about  = "is a mutex locked?",
  files  = mutex.files,
  steps  = mutex.steps,
  expect = {
    { go = "<1.24", outcome = "pass", stdout = "ok\n" },
    { outcome = "pass", stdout = "ok\n", findings = "layout-drift",
      why = "the state stands in a struct of internal/sync now, which begins where it did" },
  },
}

local timer = copy([[

// timer is Go 1.22's time.Timer.
type timer struct {
	C <-chan time.Time
	r struct {
		pp       uintptr
		when     int64
		period   int64
		f        func(interface{}, uintptr)
		arg      interface{}
		seq      uintptr
		nextwhen int64
		status   uint32
	}
}

func main() {
	t := time.NewTimer(time.Hour)
	if (*timer)(unsafe.Pointer(t)).r.when > 0 {
		os.Stdout.WriteString("some time\n")
	} else {
		os.Stdout.WriteString("never\n")
	}
	t.Stop()
}
]], { "time" }, "timer", "time.Timer")

case "timer-when" {
  about  = "when does a timer go off?",
  files  = timer.files,
  steps  = timer.steps,
  expect = {
    { go = "<1.23", outcome = "pass", stdout = "some time\n" },
    { outcome = "pass", stdout = "never\n", findings = "layout-drift",
      why = "1.23 hides the runtime's timer behind time.Timer: a lock stands there now" },
  },
}

local map = copy([[

// syncMap is Go 1.20's sync.Map.
type syncMap struct {
	mu     sync.Mutex
	read   unsafe.Pointer
	dirty  map[interface{}]unsafe.Pointer
	misses int
}

var m sync.Map

func main() {
	m.Store(1, 1)
	m.Store(2, 2)
	m.Load(3)
	if (*syncMap)(unsafe.Pointer(&m)).misses == 1 {
		os.Stdout.WriteString("1 miss\n")
	} else {
		os.Stdout.WriteString("another number\n")
	}
}
]], { "sync" }, "syncMap", "sync.Map")

case "sync-map-misses" {
  about  = "how often has a sync.Map missed?",
  files  = map.files,
  steps  = map.steps,
  expect = {
    { go = "<1.20", outcome = "pass", stdout = "another number\n", findings = "layout-drift" },
    { go = "<1.24", outcome = "pass", stdout = "1 miss\n" },
    { outcome = "pass", stdout = "another number\n", findings = "layout-drift",
      why = "1.24 has another map there" },
  },
}

local value = copy([[

type value struct {
	typ  unsafe.Pointer
	ptr  unsafe.Pointer
	flag uintptr
}

type person struct{ age int }

func main() {
	p := person{age: 3}
	field := reflect.ValueOf(&p).Elem().Field(0)
	(*value)(unsafe.Pointer(&field)).flag &^= 1<<5 | 1<<6
	field.SetInt(4)
	ok(p.age == 4)
}
]], { "reflect" }, "value", "reflect.Value")

case "reflect-value" {
  about  = "an unexported field set: the flags of a reflect.Value changed",
  files  = value.files,
  steps  = value.steps,
  expect = { outcome = "pass", stdout = "ok\n" },
}

local moduledata = copy([[

// moduledata is the beginning of Go 1.18's runtime.moduledata.
type moduledata struct {
	pcHeader                           unsafe.Pointer
	funcnametab                        []byte
	cutab                              []uint32
	filetab                            []byte
	pctab                              []byte
	pclntable                          []byte
	ftab                               []struct{ entryoff, funcoff uint32 }
	findfunctab                        uintptr
	minpc, maxpc                       uintptr
	text, etext                        uintptr
	noptrdata, enoptrdata, data, edata uintptr
	bss, ebss, noptrbss, enoptrbss     uintptr
	end, gcdata, gcbss, types, etypes  uintptr
}

//go:linkname last runtime.lastmoduledatap
var last *moduledata

func main() {
	var x interface{} = last
	typ := *(*uintptr)(unsafe.Pointer(&x))
	if last.types <= typ && typ < last.etypes {
		os.Stdout.WriteString("a type among the types\n")
	} else {
		os.Stdout.WriteString("a type elsewhere\n")
	}
}
]], {}, "moduledata", "runtime.moduledata")

case "moduledata-types" {
  about   = "where the module's types are, by Go 1.18's copy of moduledata",
  files   = moduledata.files,
  steps   = moduledata.steps,
  variant = { "default", "ldflags=-w" },
  expect  = {
    { go = "<1.20", variant = "ldflags=-w", outcome = "pass", stdout = "a type among the types\n" },
    { go = "<1.20", outcome = "link-undefined", message = "relocation target go.info.*main.moduledata",
      why = "up to 1.20 the linker wants debug information of the local struct" },
    { go = "1.20", variant = "default", outcome = "link-undefined", findings = "layout-drift",
      message = "relocation target go:info.*main.moduledata" },
    { outcome = "pass", stdout = "a type elsewhere\n", findings = "layout-drift",
      why = "1.20 put the counters of coverage in front" },
  },
}

-- --- hashes and random numbers ------------------------------------------------------------------

case "memhash" {
  about  = "the runtime's hash of memory",
  files  = program([[

//go:linkname memhash runtime.memhash
func memhash(p unsafe.Pointer, seed, size uintptr) uintptr

func main() {
	a, b, c := [3]byte{1, 2, 3}, [3]byte{1, 2, 3}, [3]byte{1, 2, 4}
	h := memhash(unsafe.Pointer(&a), 7, 3)
	ok(h == memhash(unsafe.Pointer(&b), 7, 3) && h != memhash(unsafe.Pointer(&c), 7, 3))
}
]]),
  target = { "linux/amd64", "linux/386" },
  expect = "pass",
}

case "strhash" {
  about  = "the runtime's hash of strings",
  files  = program([[

//go:linkname strhash runtime.strhash
func strhash(p unsafe.Pointer, seed uintptr) uintptr

func main() {
	a, b := "equal", string([]byte("equal"))
	ok(strhash(unsafe.Pointer(&a), 7) == strhash(unsafe.Pointer(&b), 7))
}
]]),
  expect = "pass",
}

local function random(name, signature, call)
  return program([[

//go:linkname random ]] .. name .. [[

func random]] .. signature .. [[

func main() {
	seen := false
	for i := 0; i < 100; i++ {
		seen = seen || random(]] .. (call or "") .. [[) != 0
	}
	ok(seen)
}
]])
end

local one_generator = "Go 1.22 has one generator for all, under other names"

case "fastrandn-sync" {
  about  = "sync.fastrandn",
  files  = random("sync.fastrandn", "(n uint32) uint32", "10"),
  expect = {
    { go = "<1.22", outcome = "pass" },
    { outcome = "link-undefined", symbols = "sync.fastrandn", why = one_generator },
  },
}

case "fastrand-os" {
  about  = "os.fastrand",
  files  = random("os.fastrand", "() uint32"),
  expect = {
    { go = "<1.22", outcome = "pass" },
    { outcome = "link-undefined", symbols = "os.fastrand", why = one_generator },
  },
}

case "fastrandu-net" {
  about  = "net.fastrandu",
  files  = random("net.fastrandu", "() uint"),
  expect = {
    { go = "1.19..1.21", outcome = "pass" },
    { outcome = "link-undefined", symbols = "net.fastrandu", why = "it was there in 1.19 to 1.21" },
  },
}

case "fastrand64-math" {
  about  = "math/rand.fastrand64",
  files  = random("math/rand.fastrand64", "() uint64"),
  expect = {
    { go = "1.20..1.21", outcome = "pass" },
    { outcome = "link-undefined", symbols = "math/rand.fastrand64", why = "it was there in 1.20 and 1.21" },
  },
}

case "runtime-rand-math" {
  about  = "math/rand.runtime_rand, which package math/rand itself pulls from the runtime",
  files  = random("math/rand.runtime_rand", "() uint64"),
  expect = { outcome = "link-undefined", symbols = "math/rand.runtime_rand",
    why = "what is pulled has the name of its source: math/rand.runtime_rand is no symbol" },
}

-- --- memory, slices, interfaces --------------------------------------------------------------------

case "mallocgc" {
  about  = "memory without pointers from runtime.mallocgc",
  files  = program([[

//go:linkname mallocgc runtime.mallocgc
func mallocgc(size uintptr, typ unsafe.Pointer, zero bool) unsafe.Pointer

func main() {
	p := (*[64]byte)(mallocgc(64, nil, true))
	ok(*p == [64]byte{})
}
]]),
  expect = "pass",
}

case "typedmemmove" {
  about  = "runtime.typedmemmove",
  files  = program([[

//go:linkname typedmemmove runtime.typedmemmove
func typedmemmove(typ, to, from unsafe.Pointer)

func main() {
	from, to := [2]string{"a", "b"}, [2]string{}
	var sample interface{} = from
	typedmemmove(*(*unsafe.Pointer)(unsafe.Pointer(&sample)), unsafe.Pointer(&to), unsafe.Pointer(&from))
	ok(to == from)
}
]]),
  expect = "pass",
}

case "convt" {
  about  = "runtime.convT: a copy of a value on the heap",
  files  = program([[

//go:linkname convT runtime.convT
func convT(typ, value unsafe.Pointer) unsafe.Pointer

func main() {
	value := [3]int{1, 2, 3}
	var sample interface{} = value
	p := convT(*(*unsafe.Pointer)(unsafe.Pointer(&sample)), unsafe.Pointer(&value))
	ok(*(*[3]int)(p) == value && p != unsafe.Pointer(&value))
}
]]),
  expect = {
    { go = "<1.24", outcome = "pass" },
    { outcome = "link-rejected", symbols = "runtime.convT", rescue = "rejected-only",
      why = "1.23 lets through what the compiler itself calls; 1.24 does not" },
  },
}

case "noescape" {
  about  = "runtime.noescape",
  files  = program([[

//go:linkname noescape runtime.noescape
func noescape(p unsafe.Pointer) unsafe.Pointer

func main() {
	x := 5
	ok(*(*int)(noescape(unsafe.Pointer(&x))) == 5)
}
]]),
  expect = "pass",
}

local slice = [[

type slice struct {
	array    unsafe.Pointer
	len, cap int
}
]]

case "growslice-1.19" {
  about  = "runtime.growslice declared as Go 1.19 has it",
  files  = program(slice .. [[

//go:linkname growslice runtime.growslice
func growslice(typ unsafe.Pointer, old slice, capacity int) slice

func main() {
	small := []int32{1, 2, 3}
	var sample interface{} = small[0]
	grown := growslice(*(*unsafe.Pointer)(unsafe.Pointer(&sample)), *(*slice)(unsafe.Pointer(&small)), 4)
	ok(grown.cap >= 4 && *(*[3]int32)(grown.array) == [3]int32{1, 2, 3})
}
]]),
  expect = {
    { go = "<1.20", outcome = "pass" },
    { outcome = "run-crash", signal = "SIGSEGV", findings = "signature-mismatch",
      why = "1.20 changed the order: five words as before, but the capacity is taken for the type" },
  },
}

case "growslice-by-version" {
  about  = "runtime.growslice declared as each version has it",
  files  = program(slice .. [[

func main() {
	small := []int32{1, 2, 3}
	var sample interface{} = small[0]
	typ := *(*unsafe.Pointer)(unsafe.Pointer(&sample))
	grown := grow(typ, *(*slice)(unsafe.Pointer(&small)))
	ok(grown.cap >= 4 && *(*[3]int32)(grown.array) == [3]int32{1, 2, 3})
}
-- grow_old.go --
//go:build !go1.20
// +build !go1.20

package main

import "unsafe"

//go:linkname growslice runtime.growslice
func growslice(typ unsafe.Pointer, old slice, capacity int) slice

func grow(typ unsafe.Pointer, old slice) slice {
	return growslice(typ, old, old.len+1)
}
-- grow_go120.go --
//go:build go1.20
// +build go1.20

package main

import "unsafe"

//go:linkname growslice runtime.growslice
func growslice(old unsafe.Pointer, length, capacity, more int, typ unsafe.Pointer) slice

func grow(typ unsafe.Pointer, old slice) slice {
	return growslice(old.array, old.len+1, old.cap, 1, typ)
}
]]),
  expect = "pass",
}

case "zerobase" {
  about  = "the address of everything without size",
  files  = program([[

//go:linkname zerobase runtime.zerobase
var zerobase uintptr

var kept interface{}

func main() {
	kept = new(struct{})
	ok((*[2]unsafe.Pointer)(unsafe.Pointer(&kept))[1] == unsafe.Pointer(&zerobase))
}
]]),
  expect = unmarked("runtime.zerobase"),
}

case "moduledata-last" {
  about  = "the last module's data",
  files  = program([[

//go:linkname lastmoduledatap runtime.lastmoduledatap
var lastmoduledatap unsafe.Pointer

func main() {
	ok(lastmoduledatap != nil)
}
]]),
  expect = "pass",
}

case "moduledata-first" {
  about  = "the first module's data, its first word",
  files  = program([[

//go:linkname firstmoduledata runtime.firstmoduledata
var firstmoduledata uintptr

func main() {
	ok(firstmoduledata != 0)
}
]]),
  expect = {
    { go = "<1.23", outcome = "pass", findings = "layout-drift", why = "it is a struct of half a kilobyte" },
    { outcome = "link-rejected", symbols = "runtime.firstmoduledata", findings = "layout-drift" },
  },
}

case "doinit" {
  about  = "runtime.doInit declared as Go 1.20 has it, linked only",
  files  = program([[

//go:linkname doInit runtime.doInit
func doInit(task unsafe.Pointer)

func main() {
	doInit(nil)
}
]]),
  run    = false,
  expect = {
    { go = "<1.21", outcome = "linked" },
    { outcome = "linked", findings = "signature-mismatch", why = "from 1.21 on it takes a slice of tasks" },
  },
}

case "write-barrier" {
  about   = "runtime.writeBarrier by Go 1.20's struct",
  files   = program([[

//go:linkname writeBarrier runtime.writeBarrier
var writeBarrier struct {
	enabled bool
	pad     [3]byte
	needed  bool
	cgo     bool
	alignme uint64
}

func main() {
	ok(!writeBarrier.needed)
}
]]),
  variant = { "default", "ldflags=-w" },
  expect  = {
    { go = "<1.21", variant = "default", outcome = "link-undefined", message = "relocation target go",
      why = "up to 1.20 the linker wants debug information of the local struct" },
    { outcome = "pass", why = "from 1.22 on there is no `needed`: the program reads padding" },
  },
}

case "write-barrier-call" {
  about  = "runtime.gcWriteBarrier, linked only",
  files  = program([[

//go:linkname gcWriteBarrier runtime.gcWriteBarrier
func gcWriteBarrier()

func main() {
	gcWriteBarrier()
}
]]),
  run    = false,
  expect = {
    { go = "<1.21", outcome = "linked" },
    { go = "<1.24", outcome = "link-error", message = "undefined builtin \"runtime.gcWriteBarrier\"" },
    { outcome = "link-undefined", symbols = "runtime.gcWriteBarrier",
      why = "from 1.21 on there are eight, by the number of pointers" },
  },
}

-- --- other packages ----------------------------------------------------------------------------------

case "args-and-environment" {
  about  = "the program's arguments and environment, as the runtime hands them over",
  files  = program([[

//go:linkname args os.runtime_args
func args() []string

//go:linkname envs syscall.runtime_envs
func envs() []string

func main() {
	ok(len(args()) == len(os.Args) && args()[0] == os.Args[0] && len(envs()) == len(os.Environ()))
}
]]),
  expect = "pass",
}

case "time-now" {
  about  = "time.now",
  files  = program([[

//go:linkname now time.now
func now() (sec int64, nsec int32, mono int64)

func main() {
	sec, nsec, _ := now()
	ok(sec > 1600000000 && nsec >= 0 && nsec < 1e9)
}
]], {}),
  target = { "linux/amd64", "linux/386" },
  expect = "pass",
}

case "time-runtime-nano" {
  about  = "time.runtimeNano",
  files  = program([[

//go:linkname nano time.runtimeNano
func nano() int64

func main() {
	ok(nano() > 0)
}
]]),
  expect = {
    { go = "<1.24", outcome = "link-undefined", symbols = "time.runtimeNano",
      why = "package time pulls runtime.nanotime under that name: there is no such symbol" },
    { outcome = "link-rejected", symbols = "time.runtimeNano",
      why = "from 1.24 on the runtime pushes it, and it is on the linker's list of blocked names" },
  },
}

case "default-nameservers" {
  about  = "net.defaultNS changed",
  files  = program([[

//go:linkname defaultNS net.defaultNS
var defaultNS []string

func main() {
	before := defaultNS[0]
	defaultNS = []string{"192.0.2.1:53"}
	_, err := net.ParseMAC("")
	ok(before == "127.0.0.1:53" && err != nil)
}
]], { "net" }),
  expect = "pass",
}

case "default-nameservers-set" {
  about  = "net.defaultNS given a value where it is declared",
  files  = program([[

//go:linkname defaultNS net.defaultNS
var defaultNS = []string{"192.0.2.1:53"}

func main() {
	_, err := net.ParseMAC("")
	ok(len(defaultNS) == 1 && err != nil)
}
]], { "net" }),
  expect = { outcome = "link-duplicate", symbols = "net.defaultNS" },
}

case "sleep-replaced" {
  about  = "a function with a body under time.Sleep's name",
  files  = program([[

//go:linkname sleep time.Sleep
func sleep(time.Duration) {}

func main() {
	time.Sleep(time.Hour)
	ok(true)
}
]], { "time" }),
  expect = { outcome = "link-duplicate", symbols = "time.Sleep" },
}

case "check-wrap-err" {
  about  = "os.checkWrapErr",
  files  = program([[

//go:linkname checkWrapErr os.checkWrapErr
var checkWrapErr bool

func main() {
	ok(!checkWrapErr)
}
]]),
  expect = {
    { go = "<1.21", outcome = "pass", findings = "orphan-variable", why = "it came with 1.21" },
    { go = "<1.23", outcome = "pass" },
    { outcome = "link-rejected", symbols = "os.checkWrapErr" },
  },
}

case "tls-defaults" {
  about  = "the default cipher suites of TLS 1.3, and the order of the others",
  files  = program([[

//go:linkname suites crypto/tls.defaultCipherSuitesTLS13
var suites []uint16

func main() {
	ok(len(suites) == 3 && len(tls.CipherSuites()) > 3)
}
]], { "crypto/tls" }),
  expect = "pass",
}

case "tls-order" {
  about  = "the order of the other cipher suites",
  files  = program([[

//go:linkname order crypto/tls.cipherSuitesPreferenceOrder
var order []uint16

func main() {
	ok(len(order) > 3 && len(tls.CipherSuites()) > 3)
}
]], { "crypto/tls" }),
  expect = unmarked("crypto/tls.cipherSuitesPreferenceOrder"),
}

case "unquote-bytes" {
  about  = "encoding/json.unquoteBytes",
  files  = program([[

//go:linkname unquoteBytes encoding/json.unquoteBytes
func unquoteBytes(s []byte) ([]byte, bool)

func main() {
	t, whole := unquoteBytes([]byte("\"a\\u0062\""))
	ok(whole && string(t) == "ab" && json.Valid(nil) == false)
}
]], { "encoding/json" }),
  expect = {
    { go = "<1.26", outcome = "pass" },
    { go = "1.26", outcome = "link-rejected", symbols = "encoding/json.unquoteBytes",
      why = "its mark was taken away" },
    { outcome = "link-undefined", symbols = "encoding/json.unquoteBytes" },
  },
}

case "eisel-lemire" {
  about  = "strconv.eiselLemire64",
  files  = program([[

//go:linkname eiselLemire64 strconv.eiselLemire64
func eiselLemire64(mantissa uint64, exponent int, negative bool) (float64, bool)

func main() {
	f, exact := eiselLemire64(15, 1, false)
	ok(exact && f == 150 && strconv.Itoa(1) == "1")
}
]], { "strconv" }),
  expect = {
    { go = "<1.23", outcome = "pass" },
    { go = "<1.26", outcome = "link-rejected", symbols = "strconv.eiselLemire64", rescue = "rejected-only" },
    { outcome = "link-undefined", symbols = "strconv.eiselLemire64", why = "1.26 has another algorithm" },
  },
}

case "strings-explode" {
  about  = "strings.explode",
  files  = program([[

//go:linkname explode strings.explode
func explode(s string, n int) []string

func main() {
	ok(strings.Join(explode("abc", -1), "+") == "a+b+c")
}
]], { "strings" }),
  expect = unmarked("strings.explode"),
}

local function gen_split(use)
  return program([[

//go:linkname genSplit strings.genSplit
func genSplit(s, sep string, save, n int) []string

func main() {
	parts := genSplit("a+b", "+", 0, -1)
	ok(len(parts) == 2 && parts[1] == "b" && ]] .. use .. [[)
}
]], { "strings" })
end

case "strings-gensplit" {
  about  = "strings.genSplit, in a program that has no other need of it",
  files  = gen_split("strings.Contains(parts[0], \"a\")"),
  expect = unmarked("strings.genSplit"),
}

case "strings-gensplit-inlined" {
  about  = "the same in a file that calls strings.Split, whose inlined body calls genSplit",
  files  = gen_split("len(strings.Split(parts[0], \"+\")) == 1"),
  expect = unmarked("strings.genSplit"),
}

case "bytes-growslice" {
  about  = "bytes.growSlice",
  files  = program([[

//go:linkname growSlice bytes.growSlice
func growSlice(b []byte, n int) []byte

func main() {
	grown := growSlice([]byte("ab"), 100)
	ok(bytes.Equal(grown, []byte("ab")) && cap(grown) >= 102)
}
]], { "bytes" }),
  expect = {
    { go = "1.18", outcome = "link-undefined", symbols = "bytes.growSlice", why = "it came with 1.19" },
    { go = "<1.23", outcome = "pass" },
    { outcome = "link-rejected", symbols = "bytes.growSlice", rescue = "rejected-only" },
  },
}

-- --- ways to build -----------------------------------------------------------------------------------

case "ways-to-build" {
  about   = "a function and a variable pulled: position independent, stripped, without optimisation",
  files   = program([[

//go:linkname nanotime runtime.nanotime
func nanotime() int64

//go:linkname overflowError runtime.overflowError
var overflowError error

func main() {
	ok(nanotime() > 0 && overflowError.Error() == "runtime error: integer overflow")
}
]]),
  variant = { "default", "buildmode=pie", "ldflags=-w", "ldflags=-s", "gcflags=-N -l" },
  expect  = "pass",
}

-- A C library that says whether CONDITION holds, where PULL is pulled. Two programs in C ask it:
-- archive.c is linked with it, shared.c loads it.
local function c_library(pull, condition)
  return [[
-- want.stdout --
ok
-- go.mod --
module lnmatrix.invalid/inside

go 1.17
-- main.go --
package main

import "C"
import _ "unsafe" // for go:linkname

]] .. pull .. [[


//export Good
func Good() bool { return ]] .. condition .. [[ }

func main() {}
-- c/archive.c --
#include <stdio.h>

unsigned char Good(void);

int main(void)
{
	return Good() ? puts("ok") < 0 : 1;
}
-- c/shared.c --
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
	unsigned char (*good)(void) = NULL;

	if (library)
		good = (unsigned char (*)(void))dlsym(library, "Good");
	return good && good() ? puts("ok") < 0 : 1;
}
]]
end

local marked_library = c_library([[
//go:linkname nanotime runtime.nanotime
func nanotime() int64]], "nanotime() > 0")

local unmarked_library = c_library([[
//go:linkname fastlog2 runtime.fastlog2
func fastlog2(float64) float64]], "fastlog2(8) == 3")

case "c-archive" {
  about   = "the runtime's clock in a library that is linked with a program in C",
  files   = marked_library,
  host    = "c/archive.c",
  cgo     = true,
  variant = "buildmode=c-archive",
  expect  = "pass",
}

case "c-shared" {
  about   = "the same in a library that is loaded",
  files   = marked_library,
  host    = "c/shared.c",
  cgo     = true,
  variant = "buildmode=c-shared",
  expect  = "pass",
}

case "c-archive-unmarked" {
  about   = "a function that std does not mark, in a library that is linked",
  files   = unmarked_library,
  host    = "c/archive.c",
  cgo     = true,
  variant = "buildmode=c-archive",
  expect  = unmarked("runtime.fastlog2"),
}

case "c-shared-unmarked" {
  about   = "the same in a library that is loaded",
  files   = unmarked_library,
  host    = "c/shared.c",
  cgo     = true,
  variant = "buildmode=c-shared",
  expect  = unmarked("runtime.fastlog2"),
}
