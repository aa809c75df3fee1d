-- An article in Chinese on how go:linkname works, from the compiler to the linker, with experiments,
-- risks and replacements. Much of what it says of Go's own sources can be looked up there.

local article = "go:linkname, an article on its workings"

scenario {
  about  = "what an article says of the workings of go:linkname",
  source = article,
  go     = "1.18..1.27",
  target = "linux/amd64",
}

-- Steps that ask one thing of Go's own tools; nothing is run.

-- The outcome is pass where TEXT stands somewhere below PATH in that Go's own sources.
local function stands(text, path)
  return function(cell)
    cell:check(#cell:source(text, path) > 0, text .. " stands nowhere in " .. path)
  end
end

-- The outcome is pass where the compiler takes FLAGS.
local function compiles(flags)
  return function(cell)
    local r = cell:compile { gcflags = flags }
    cell:check(r.ok, r.stderr:match("flag provided[^\n]*") or r.stderr)
  end
end

-- A program without any linkname, for cases that only look at Go itself.
local empty = [[
-- main.go --
package main

func main() {}
]]

-- --- its first program -------------------------------------------------------

case "without-unsafe" {
  about  = "its first program: the runtime's clock is pulled, unsafe is not imported",
  files  = [[
-- main.go --
package main

import "fmt"

//go:linkname nanotime runtime.nanotime
func nanotime() int64

func main() {
	fmt.Println(nanotime() > 0)
}
-- empty.s --
]],
  expect = { outcome = "compile-error", message = "only allowed in Go files that import \"unsafe\"" },
  claim  = {
    source = article,
    text   = "A program that imports fmt only may pull runtime.nanotime.",
    says   = { { outcome = "pass", stdout = "true\n" } },
  },
  explain = "No Go takes a linkname in a file that does not import unsafe.",
}

case "needs-no-inlining" {
  about   = "the same with the import, inlining on and off",
  files   = "article/nanotime.txtar",
  variant = { "default", "gcflags=-l" },
  expect  = "pass",
  claim   = {
    source  = article,
    text    = "Without -gcflags=-l the compiler may optimise the pulled function away: the link fails, "
              .. "or the behaviour is undefined.",
    says    = { { variant = "default",
                  outcome = { "link-undefined", "link-error", "run-crash", "run-wrong", "flaky" } } },
    because = { { variant = "gcflags=-l", outcome = "pass" } },
  },
  explain = "A function without a body cannot be inlined; both ways link and run.",
}

case "forbidden-outside-the-runtime" {
  about  = "the clock is pulled by a package that is neither unsafe nor the runtime, nor main",
  files  = [[
-- want.stdout --
runs
-- go.mod --
module lnmatrix.invalid/article

go 1.17
-- main.go --
package main

import (
	"lnmatrix.invalid/article/clock"
	"os"
)

func main() {
	if clock.Now() > 0 {
		os.Stdout.WriteString("runs\n")
	}
}
-- clock/clock.go --
package clock

import _ "unsafe" // for go:linkname

//go:linkname Now runtime.nanotime
func Now() int64
-- clock/empty.s --
]],
  expect = "pass",
  claim  = {
    source = article,
    text   = "When it runs, Go forbids linkname in packages other than unsafe and runtime.",
    says   = { { outcome = { "compile-error", "link-rejected", "run-crash", "run-wrong" } } },
  },
  explain = "Nothing is checked at run time. From Go 1.23 on the linker checks the name that is pulled, "
            .. "not the package that pulls it.",
}

case "visibility" {
  about  = "a function that std has never marked for outside use",
  files  = "article/gctrace.txtar",
  expect = {
    { go = "<1.23", outcome = "pass" },
    { outcome = "link-rejected", symbols = "runtime.fastlog2", rescue = "rejected-only",
      why = "from Go 1.23 on the linker checks" },
  },
  claim  = {
    source = article,
    text   = "The linker binds any unexported name, past the check of who may see it.",
    at     = "1.21",
    says   = { { outcome = "pass" } },
  },
  explain = "True up to Go 1.22. From 1.23 on the linker refuses names of std that are not marked.",
}

case "undocumented" {
  about = "the compiler's own documentation",
  files = empty,
  steps = stands("//go:linkname", "src/cmd/compile/doc.go"),
  expect = "pass",
  claim = {
    source = article,
    text   = "The directive is undocumented.",
    says   = { { outcome = "run-wrong" } },
  },
  explain = "The documentation of cmd/compile describes it.",
}

-- --- where a directive may stand ---------------------------------------------

case "directly-above" {
  about  = "a directive apart from its function, elsewhere in the file, indented; any local name",
  files  = "article/names.txtar",
  expect = "pass",
  claim  = {
    source = article,
    text   = "It must stand directly above the declaration, without an empty line between.",
    says   = { { outcome = { "compile-error", "link-undefined" } } },
  },
  explain = "It may stand anywhere in the file, on a line of its own.",
}

case "exported-local-name" {
  about  = "the local name is an exported one",
  files  = [[
-- main.go --
package main

import _ "unsafe" // for go:linkname

//go:linkname Nanotime runtime.nanotime
func Nanotime() int64

func main() {
	if Nanotime() == 0 {
		panic("no time")
	}
}
-- empty.s --
]],
  expect = "pass",
  claim  = {
    source = article,
    text   = "The first argument must be an identifier that the package does not export.",
    says   = { { outcome = "compile-error" } },
  },
  explain = "Any function or variable of the package will do.",
}

case "middle-dot" {
  about  = "the local name as assembly would write it",
  files  = [[
-- go.mod --
module lnmatrix.invalid/article

go 1.18
-- main.go --
package main

import _ "unsafe" // for go:linkname

//go:linkname runtime·nanotime runtime.nanotime
func nanotime() int64

func main() {
	if nanotime() == 0 {
		panic("no time")
	}
}
-- empty.s --
]],
  expect = { outcome = "compile-error", message = "must refer to declared function or variable" },
  claim  = {
    source = article,
    text   = "runtime·nanotime is an example of a first argument.",
    says   = { { outcome = "pass" } },
  },
  explain = "The first argument is a Go name of the package itself; only assembly knows the middle dot.",
}

case "local-type" {
  about  = "the local name is a type's",
  files  = [[
-- go.mod --
module lnmatrix.invalid/article

go 1.18
-- main.go --
package main

import _ "unsafe" // for go:linkname

//go:linkname clock runtime.nanotime
type clock int64

func main() {
	println(clock(0))
}
]],
  expect = { outcome = "compile-error", message = "must refer to declared function or variable" },
  claim  = {
    source = article,
    text   = "It stands with the declaration of a function or a variable.",
    says   = { { outcome = "compile-error" } },
  },
}

case "behind-code" {
  about  = "a directive behind code on its line",
  files  = [[
-- main.go --
package main

import _ "unsafe" // for go:linkname

func nanotime() int64 //go:linkname nanotime runtime.nanotime

func main() {
	if nanotime() == 0 {
		panic("no time")
	}
}
-- empty.s --
]],
  expect = { outcome = "compile-error", message = "misplaced compiler directive" },
}

local undeclared = [[
-- go.mod --
module lnmatrix.invalid/article

go 1.VERSION
-- main.go --
package main

import _ "unsafe" // for go:linkname

//go:linkname nanotime runtime.nanotime

func main() {}
]]

case "undeclared-1.18" {
  about  = "a directive whose local name nobody declares, in a module for Go 1.18",
  files  = undeclared:gsub("VERSION", "18"),
  expect = { outcome = "compile-error", message = "must refer to declared function or variable" },
  claim  = {
    source = article,
    text   = "The local name must have been declared.",
    says   = { { outcome = "compile-error" } },
  },
}

case "undeclared-1.17" {
  about  = "the same in a module for Go 1.17",
  files  = undeclared:gsub("VERSION", "17"),
  expect = { outcome = "pass", why = "the compiler complains from language version 1.18 on" },
  claim  = {
    source = article,
    text   = "The local name must have been declared.",
    says   = { { outcome = "compile-error" } },
  },
  explain = "In a module whose go line is older than 1.18 such a directive is passed over in silence.",
}

-- --- what it says of the compiler's sources ------------------------------------

local compiler = "src/cmd/compile/internal"

-- A claim that TEXT stands in PATH; the expectation is TRUE.
local function source_case(name, about, text, path, says, truth, explain)
  case(name) {
    about   = about,
    files   = empty,
    steps   = stands(text, path),
    expect  = truth,
    claim   = { source = article, text = says, says = { { outcome = "pass" } } },
    explain = explain,
  }
end

source_case("source-noder", "where the compiler reads the directive",
  "\"go:linkname \"", compiler .. "/noder/noder.go",
  "cmd/compile/internal/noder reads the directive.",
  "pass")

source_case("source-syntax", "does package syntax know the directive?",
  "linkname", compiler .. "/syntax",
  "cmd/compile/internal/syntax parses the directive's comment.",
  "run-wrong",
  "Package syntax hands every comment that begins with go: to package noder, and knows none of them.")

source_case("source-odclinkname", "an operation of the compiler's tree",
  "ODCLINKNAME", compiler,
  "The directive becomes an ODCLINKNAME node.",
  "run-wrong",
  "There is no such operation; noder keeps a list of directives beside the syntax tree.")

source_case("source-addlinkname", "a method of the parser",
  "addLinkname", compiler,
  "parseDirective takes the two names and calls addLinkname.",
  "run-wrong",
  "There is neither; noder's pragma method cuts the comment at its white space.")

source_case("source-collectlinknames", "a step of the type checker",
  "collectLinknames", compiler,
  "types2 collects linknames in collectLinknames.",
  "run-wrong",
  "The type checker knows nothing of linknames.")

source_case("source-setlinkname", "a method of package ir",
  "SetLinkname", compiler,
  "The names are bound by ir.SetLinkname.",
  "run-wrong",
  "There is no such function; the name's symbol has a field Linkname, which is set.")

source_case("source-rewriteforobjfile", "a method of the object file's symbols",
  "RewriteForObjFile", "src/cmd",
  "objfile.Symbol is rewritten by RewriteForObjFile.",
  "run-wrong",
  "There is no such method; the object file is written with the bound name from the start.")

source_case("source-ssa", "a pass of the SSA backend",
  "inkname", compiler .. "/ssa",
  "Package ssa puts the redirection in, after the SSA form is built.",
  "run-wrong",
  "Package ssa never hears of linknames: the symbol has its bound name before it starts.")

source_case("source-calldeferred", "a function that the collector's trace is said to show",
  "callDeferred", "src/runtime",
  "The collector's trace shows frames as runtime.callDeferred.",
  "run-wrong",
  "No such function exists, and the trace shows no frames.")

source_case("source-goregister", "a function of the runtime",
  "goregister", "src/runtime",
  "runtime.goregister is an unexported function that others pull.",
  "run-wrong",
  "No such function exists.")

source_case("source-getg", "getg in amd64's assembly",
  "runtime·getg(SB)", "src/runtime/asm_amd64.s",
  "runtime.getg is defined in asm_amd64.s.",
  "run-wrong",
  "getg is known to the compiler alone, which puts the register or the load in its place.")

source_case("source-parser", "a package of the compiler",
  "package parser", compiler,
  "cmd/compile/internal/parser/parser.go finds the comments.",
  "run-wrong",
  "There is no package parser in the compiler; its parser is package syntax.")

source_case("source-unsafe-newarray", "who binds reflect.unsafe_NewArray",
  "//go:linkname unsafe_NewArray runtime.newarray", "src/reflect",
  "Package reflect pulls runtime.newarray under the name unsafe_NewArray.",
  "run-wrong",
  "It is the other way round: the runtime pushes reflect_unsafe_NewArray to that name.")

source_case("source-reflect-unsafe-newarray", "the runtime's side",
  "//go:linkname reflect_unsafe_NewArray reflect.unsafe_NewArray", "src/runtime/malloc.go",
  "reflect.unsafe_NewArray is bound to a function of the runtime by linkname.",
  "pass")

source_case("source-unsafe-deprecated", "deprecations in package unsafe",
  "Deprecated", "src/unsafe/unsafe.go",
  "unsafe.Slice and unsafe.StringData are deprecated.",
  "run-wrong",
  "Nothing in package unsafe is deprecated.")

source_case("source-no-inlines", "an option of go tool pprof",
  "no-inlines", "src/cmd/vendor/github.com/google/pprof/internal/driver",
  "go tool pprof has an option --no-inlines.",
  "run-wrong",
  "It is called noinlines.")

source_case("source-symbolize-exec", "a way to symbolize of go tool pprof",
  "\"exec\"", "src/cmd/vendor/github.com/google/pprof/internal/symbolizer",
  "go tool pprof has --symbolize=exec.",
  "run-wrong",
  "Its ways are none, local, fastlocal, remote and force.")

-- --- its experiment with the compiler's flags -----------------------------------

case "flag-dumpssabench" {
  about  = "go tool compile -dumpssabench=FILE",
  files  = empty,
  steps  = compiles("-dumpssabench=bench.ssa"),
  expect = { outcome = "run-wrong", message = "flag provided but not defined: -dumpssabench" },
  claim  = {
    source = article,
    text   = "go tool compile -dumpssabench=FILE writes a snapshot of the SSA form.",
    says   = { { outcome = "pass" } },
  },
  explain = "No Go has that flag.",
}

case "flag-asm" {
  about  = "go tool compile -asm=FILE",
  files  = empty,
  steps  = compiles("-asm=linkmap.asm"),
  expect = { outcome = "run-wrong", message = "flag provided but not defined: -asm" },
  claim  = {
    source = article,
    text   = "go tool compile -asm=FILE writes assembly with a map of linknames.",
    says   = { { outcome = "pass" } },
  },
  explain = "No Go has that flag; -S writes the assembly.",
}

case "assembly-names-target" {
  about  = "the compiler's assembly of a call of the pulled function",
  files  = "article/nanotime.txtar",
  steps  = function(cell)
    local r = cell:compile { gcflags = "-S" }
    cell:check(r.stderr:find("CALL\truntime.nanotime(SB)", 1, true), "no call of runtime.nanotime")
    cell:check(not r.stderr:find("CALL\tmain.nanotime(SB)", 1, true), "a call of main.nanotime")
  end,
  expect = "pass",
  claim  = {
    source = article,
    text   = "In the assembly the local name has been replaced by the target's.",
    says   = { { outcome = "pass" } },
  },
}

case "no-linker-of-c" {
  about   = "Go's own linker alone",
  files   = "article/nanotime.txtar",
  variant = "ldflags=-linkmode=internal",
  expect  = "pass",
  claim   = {
    source = article,
    text   = "The system's linker finds the redirected symbols and resolves them.",
    says   = { { outcome = { "link-undefined", "link-error" } } },
  },
  explain = "The compiler writes the target's name; no other linker than Go's takes part.",
}

-- --- its examples of hijacked symbols -------------------------------------------

case "getg-variable" {
  about  = "getg as a variable of a function type, as the article has it",
  files  = [[
-- main.go --
package main

import "unsafe"

//go:linkname getg runtime.getg
var getg func() unsafe.Pointer

func main() {
	if getg() == nil {
		panic("no g")
	}
}
]],
  expect = { outcome = "run-crash", signal = "SIGSEGV",
    why = "nobody defines the variable: it is nil, and nil is called" },
  claim  = {
    source = article,
    text   = "A variable of type func() *g bound to runtime.getg gives the current g.",
    says   = { { outcome = "pass" } },
  },
  explain = "It links, as a variable of its own that nobody sets. Calling it is a nil dereference.",
}

case "getg-function" {
  about  = "getg as a function",
  files  = [[
-- main.go --
package main

import "unsafe"

//go:linkname getg runtime.getg
func getg() unsafe.Pointer

func main() {
	if getg() == nil {
		panic("no g")
	}
}
-- empty.s --
]],
  expect = { outcome = "link-undefined", symbols = "runtime.getg" },
  claim  = {
    source = article,
    text   = "runtime.getg can be pulled by linkname.",
    says   = { { outcome = "pass" } },
  },
  explain = "getg is no function that could be linked: the compiler puts an instruction in its place.",
}

case "newarray" {
  about  = "runtime.newarray pulled by a program",
  files  = [[
-- want.stdout --
8 zeroed
-- main.go --
package main

import (
	"os"
	"unsafe"
)

//go:linkname newarray runtime.newarray
func newarray(typ unsafe.Pointer, n int) unsafe.Pointer

func main() {
	var sample interface{} = int64(0)
	typ := (*[2]unsafe.Pointer)(unsafe.Pointer(&sample))[0]
	a := (*[8]int64)(newarray(typ, 8))
	if *a == [8]int64{} {
		os.Stdout.WriteString("8 zeroed\n")
	}
}
-- empty.s --
]],
  expect = "pass",
  claim  = {
    source = article,
    text   = "runtime.newarray can be pulled; what it returns may be taken for any array.",
    says   = { { outcome = "pass" } },
  },
}

case "makeslice-path" {
  about  = "what reflect.MakeSlice calls",
  files  = [[
-- main.go --
package main

import "reflect"

func main() {
	if reflect.MakeSlice(reflect.TypeOf([]int(nil)), 3, 5).Cap() != 5 {
		panic("another slice")
	}
}
]],
  steps  = function(cell)
    cell:build()
    cell:run()
    local calls = false
    for _, name in ipairs(cell:symbols("reflect.MakeSlice")) do
      calls = calls or name == "reflect.unsafe_NewArray"
    end
    cell:check(calls, "reflect.MakeSlice does not call reflect.unsafe_NewArray")
  end,
  expect = "pass",
  claim  = {
    source = article,
    text   = "reflect.MakeSlice calls unsafe_NewArray.",
    says   = { { outcome = "pass" } },
  },
}

case "unsafe-new" {
  about  = "reflect.unsafe_New pulled",
  files  = [[
-- want.stdout --
zeroed
-- main.go --
package main

import (
	"os"
	"unsafe"
)

//go:linkname unsafeNew reflect.unsafe_New
func unsafeNew(typ unsafe.Pointer) unsafe.Pointer

func main() {
	var sample interface{} = [2]int{1, 2}
	typ := (*[2]unsafe.Pointer)(unsafe.Pointer(&sample))[0]
	if *(*[2]int)(unsafeNew(typ)) == [2]int{} {
		os.Stdout.WriteString("zeroed\n")
	}
}
-- reflect.go --
package main

import _ "reflect"
-- empty.s --
]],
  expect = "pass",
  claim  = {
    source = article,
    text   = "With Go 1.21 reflect.unsafe_New may be renamed, and programs crash.",
    at     = "1.21",
    says   = { { go = ">=1.21", outcome = { "link-undefined", "link-rejected", "run-crash" } } },
  },
  explain = "It is still there in Go 1.27, and marked for outside use.",
}

case "mapassign-fast64" {
  about  = "runtime.mapassign_fast64 pulled and used on a map",
  files  = [[
-- want.stdout --
17
-- main.go --
package main

import (
	"os"
	"unsafe"
)

//go:linkname mapassign runtime.mapassign_fast64
func mapassign(typ, m unsafe.Pointer, key uint64) unsafe.Pointer

func main() {
	m := make(map[uint64]int)
	var any interface{} = m
	words := (*[2]unsafe.Pointer)(unsafe.Pointer(&any))
	*(*int)(mapassign(words[0], words[1], 4)) = 17
	if m[4] == 17 && len(m) == 1 {
		os.Stdout.WriteString("17\n")
	}
}
-- empty.s --
]],
  target = { "linux/amd64", "linux/386" },
  expect = "pass",
  claim  = {
    source = article,
    text   = "Pulling runtime.mapassign_fast64 breaks compatibility.",
    says   = { { outcome = { "link-undefined", "link-rejected", "run-crash", "run-wrong" } } },
  },
  explain = "It takes the same words on all of them; since Go 1.24, with other maps behind it, std keeps "
            .. "it open for its known users.",
}

case "worker-mode" {
  about  = "runtime.gcMarkWorkerMode as a variable, set while the collector runs",
  files  = "article/worker-mode.txtar",
  expect = {
    { go = "<1.21", outcome = "link-duplicate", message = "info.runtime.gcMarkWorkerMode listed",
      findings = "orphan-variable",
      why = "both the type and the variable have debug information under that name" },
    { outcome = "pass", findings = "orphan-variable",
      why = "the name is a type's: the variable belongs to nobody" },
  },
  claim  = {
    source = article,
    text   = "From Go 1.21 on, setting runtime.gcMarkWorkerMode makes the collector's marking go wrong.",
    at     = "1.21",
    says   = { { go = ">=1.21", outcome = { "run-crash", "run-wrong", "flaky" } } },
  },
  explain = "There is no such variable, before 1.21 or after; the directive makes one that nobody reads.",
}

case "mark-metrics" {
  about  = "the two metrics of its table",
  files  = [[
-- want.stdout --
/gc/heap/mark/assist/ms: unknown
/gc/heap/mark/worker/count: unknown
-- main.go --
package main

import (
	"os"
	"runtime/metrics"
)

func main() {
	for _, name := range []string{"/gc/heap/mark/assist/ms", "/gc/heap/mark/worker/count"} {
		known := "unknown"
		for _, d := range metrics.All() {
			if len(d.Name) >= len(name) && d.Name[:len(name)] == name {
				known = "known"
			}
		}
		os.Stdout.WriteString(name + ": " + known + "\n")
	}
}
]],
  expect = "pass",
  claim  = {
    source = article,
    text   = "The metrics /gc/heap/mark/assist/ms and /gc/heap/mark/worker/count show the fault.",
    says   = { { outcome = "pass",
      stdout = "/gc/heap/mark/assist/ms: known\n/gc/heap/mark/worker/count: known\n" } },
  },
  explain = "There are no such metrics.",
}

-- --- what it says of tools --------------------------------------------------------

case "vet-blind" {
  about = "go vet on a linkname to nowhere, in a file without the unsafe import",
  files = [[
-- main.go --
package main

//go:linkname nowhere runtime.thereIsNoSuchFunction
func nowhere() int64

func main() {
	println(nowhere())
}
-- empty.s --
]],
  steps = function(cell)
    local r = cell:vet {}
    cell:check(r.ok and r.stderr == "", "go vet says: " .. r.stderr)
    cell:check(not cell:compile({}).ok, "it compiles")
  end,
  expect = "pass",
  claim  = {
    source = article,
    text   = "go vet does not see what linkname refers to.",
    says   = { { outcome = "pass" } },
  },
}

case "vet-asmdecl" {
  about = "go vet on a result that neither Go nor the target has",
  files = [[
-- main.go --
package main

import _ "unsafe" // for go:linkname

//go:linkname nanotime runtime.nanotime
func nanotime() (int64, error)

func main() {
	println(nanotime())
}
-- empty.s --
]],
  steps = function(cell)
    local r = cell:vet {}
    cell:check(r.ok and r.stderr == "", "go vet says: " .. r.stderr)
  end,
  expect = { outcome = "pass", findings = "signature-mismatch" },
  claim  = {
    source = article,
    text   = "go vet does not see what linkname refers to.",
    says   = { { outcome = "pass" } },
  },
}

case "gctrace-shows-linkname" {
  about   = "GODEBUG=gctrace=1 on a program with a linkname that std does not mark",
  files   = "article/gctrace.txtar",
  variant = { "default", "checklinkname=0" },
  steps   = function(cell)
    cell:build()
    local r = cell:run { env = { "GODEBUG=gctrace=1" } }
    if not r.stderr:find("gc 1 @", 1, true) then
      cell:fail("no line about the collection")
    elseif not r.stderr:find("linkname", 1, true) then
      cell:fail("nothing about linkname")
    end
  end,
  expect = {
    { go = "<1.23", variant = "checklinkname=0", outcome = "unsupported",
      why = "the flag came with Go 1.23" },
    { go = ">=1.23", variant = "default", outcome = "link-rejected" },
    { outcome = "run-wrong", message = "nothing about linkname" },
  },
  claim = {
    source = article,
    text   = "GODEBUG=gctrace=1 shows where linknames are bound.",
    says   = { { go = "<1.23", variant = "default", outcome = "pass" },
               { go = ">=1.23", variant = "checklinkname=0", outcome = "pass" } },
  },
  explain = "It prints numbers of each collection. Linknames were bound long before, by the linker.",
}

case "gctrace-forces-collections" {
  about = "does GODEBUG=gctrace=1 make the collector run?",
  files = [[
-- want.stdout --
0 collections
-- main.go --
package main

import (
	"os"
	"runtime"
)

func main() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.NumGC == 0 {
		os.Stdout.WriteString("0 collections\n")
	}
}
]],
  env    = { "GODEBUG=gctrace=1" },
  expect = "pass",
  claim  = {
    source = article,
    text   = "GODEBUG=gctrace=1 forces frequent collections.",
    says   = { { outcome = "run-wrong" } },
  },
  explain = "It only reports; a program too small for a collection has none.",
}

case "source-position" {
  about   = "what a pulled function is called, and in which file it stands",
  files   = [[
-- want.stdout --
runtime.nanotime in time_nofake.go
-- main.go --
package main

import (
	"os"
	"path"
	"reflect"
	"runtime"
	_ "unsafe" // for go:linkname
)

//go:linkname clock runtime.nanotime
func clock() int64

func main() {
	f := runtime.FuncForPC(reflect.ValueOf(clock).Pointer())
	file, _ := f.FileLine(f.Entry())
	os.Stdout.WriteString(f.Name() + " in " + path.Base(file) + "\n")
}
-- empty.s --
]],
  variant = { "default", "ldflags=-w" },
  expect  = "pass",
  claim   = {
    source = article,
    text   = "A debugger cannot find the source of a runtime function that is bound by linkname.",
    says   = { { outcome = "run-wrong" } },
  },
  explain = "The binary has the runtime's function under its own name, with its file and lines.",
}

case "with-cgo" {
  about  = "linkname in a program that uses cgo",
  files  = [[
-- want.stdout --
the clock runs, 3
-- go.mod --
module lnmatrix.invalid/article

go 1.17
-- main.go --
package main

import (
	"os"
	_ "unsafe" // for go:linkname
)

//go:linkname nanotime runtime.nanotime
func nanotime() int64

func main() {
	if nanotime() > 0 && add(1, 2) == 3 {
		os.Stdout.WriteString("the clock runs, 3\n")
	}
}
-- cgo.go --
package main

// static int add(int a, int b) { return a + b; }
import "C"

func add(a, b int) int { return int(C.add(C.int(a), C.int(b))) }
]],
  cgo    = true,
  expect = "pass",
  claim  = {
    source = article,
    text   = "Together with cgo linkname leads to undefined references when the program is linked "
             .. "dynamically.",
    says   = { { outcome = { "link-undefined", "link-error", "run-crash" } } },
  },
  explain = "It links and runs. C's linker is never shown a linkname: Go's has resolved it.",
}

-- --- its isolated builds ----------------------------------------------------------

case "flags-l-s" {
  about   = "-gcflags=\"-l -s\"",
  files   = "article/nanotime.txtar",
  variant = { "default", "gcflags=-l -s" },
  expect  = {
    { variant = "default", outcome = "pass" },
    { outcome = "unsupported", message = "flag provided but not defined: -s" },
  },
  claim   = {
    source = article,
    text   = "-gcflags=\"-l -s\" builds, without inlining and symbols; the linkname then links to nothing.",
    says   = { { variant = "gcflags=-l -s", outcome = { "link-undefined", "link-rejected" } } },
  },
  explain = "The compiler has no flag -s: nothing is built. It is the linker's.",
}

case "flags-l-stripped" {
  about   = "no inlining and no symbol table, asked for properly",
  files   = "article/nanotime.txtar",
  variant = "gcflags=-l+ldflags=-s",
  expect  = "pass",
  claim   = {
    source = article,
    text   = "Without inlining and without symbols the linkname links to nothing.",
    says   = { { outcome = { "link-undefined", "link-rejected" } } },
  },
  explain = "The symbol table that -s leaves out is the finished program's.",
}

case "plugin" {
  about   = "a plugin with a linkname, loaded and called by a program",
  files   = "article/plugin.txtar",
  host    = "./host",
  cgo     = true,
  variant = {
    "buildmode=plugin",
    "buildmode=plugin+gcflags=-l -s",
    "buildmode=plugin+gcflags=-l+ldflags=-s",
  },
  expect  = {
    { variant = "buildmode=plugin+gcflags=-l -s", outcome = "unsupported",
      message = "flag provided but not defined: -s" },
    { outcome = "pass" },
  },
  claim   = {
    source = article,
    text   = "In a plugin linkname works in part; without inlining and symbols it is bound to nothing.",
    says   = { { variant = "buildmode=plugin", outcome = "pass" },
               { outcome = { "link-undefined", "link-rejected", "run-wrong" }, message = "undefined" } },
  },
  explain = "It works in a plugin, without inlining and symbols, too. A compiler's flag -s does not exist.",
}

-- --- its replacements ---------------------------------------------------------------

case "string-bytes" {
  about  = "unsafe.StringBytes",
  files  = [[
-- main.go --
package main

import "unsafe"

func main() {
	println(*unsafe.StringBytes("go"))
}
]],
  expect = { outcome = "compile-error", message = "undefined: unsafe.StringBytes" },
  claim  = {
    source = article,
    text   = "unsafe.StringBytes exists from Go 1.23 on.",
    at     = "1.23",
    says   = { { go = ">=1.23", outcome = "pass" } },
  },
  explain = "No Go has it.",
}

case "string-data" {
  about  = "unsafe.Slice of unsafe.StringData; compiler and vet are asked",
  files  = [[
-- want.stdout --
go
-- go.mod --
module lnmatrix.invalid/article

go 1.20
-- main.go --
package main

import (
	"os"
	"unsafe"
)

func main() {
	s := "go\n"
	os.Stdout.Write(unsafe.Slice(unsafe.StringData(s), len(s)))
}
]],
  steps  = function(cell)
    cell:build()
    cell:run()
    cell:check(cell:vet({}).ok, "vet has a complaint")
  end,
  expect = {
    { go = "<1.20", outcome = "unsupported", why = "StringData came with Go 1.20" },
    { outcome = "pass" },
  },
  claim  = {
    source = article,
    text   = "From Go 1.22 on unsafe.Slice and unsafe.StringData are strictly checked, and vet complains.",
    at     = "1.22",
    says   = { { go = ">=1.22", outcome = { "compile-error", "run-wrong" } } },
  },
  explain = "They are the way to do it from Go 1.20 on; nobody complains.",
}

case "unsafe-addr" {
  about  = "UnsafeAddr of a value that is not addressable",
  files  = [[
-- main.go --
package main

import "reflect"

func main() {
	println(reflect.ValueOf(1).UnsafeAddr() != 0)
}
]],
  expect = { outcome = "run-crash", message = "reflect.Value.UnsafeAddr of unaddressable value" },
  claim  = {
    source = article,
    text   = "Value.UnsafeAddr panics when the value is not addressable.",
    says   = { { outcome = "run-crash" } },
  },
}

case "addr-unsafe-pointer" {
  about  = "Addr().UnsafePointer() against UnsafeAddr()",
  files  = [[
-- want.stdout --
the same address
-- main.go --
package main

import (
	"os"
	"reflect"
)

func main() {
	x := new(int)
	v := reflect.ValueOf(x).Elem()
	if v.CanAddr() && uintptr(v.Addr().UnsafePointer()) == v.UnsafeAddr() {
		os.Stdout.WriteString("the same address\n")
	}
}
]],
  go     = "1.17..1.27",
  expect = {
    { go = "1.17", outcome = "compile-error", message = "UnsafePointer" },
    { outcome = "pass" },
  },
  claim  = {
    source = article,
    text   = "Addr().UnsafePointer() takes the place of UnsafeAddr() of an addressable value.",
    says   = { { outcome = "pass", stdout = "the same address\n" } },
  },
  explain = "From Go 1.18 on.",
}

case "go-export" {
  about  = "//go:export on a function, without cgo",
  files  = [[
-- want.stdout --
6
-- main.go --
package main

import "os"

//go:export triple
func triple(n int) int { return 3 * n }

func main() {
	if triple(2) == 6 {
		os.Stdout.WriteString("6\n")
	}
}
]],
  steps  = function(cell)
    cell:build()
    cell:run()
    cell:check(#cell:source("\"go:export", "src/cmd/compile/internal/noder") == 0, "the compiler knows it")
  end,
  expect = "pass",
  claim  = {
    source = article,
    text   = "From Go 1.22 on //go:export is strictly checked and needs cgo.",
    at     = "1.22",
    says   = { { go = ">=1.22", outcome = "compile-error" } },
  },
  explain = "The compiler has no such directive and passes over it. cgo's is //export.",
}

case "int-size" {
  about  = "the size of an int",
  files  = [[
-- main.go --
package main

import "os"

func main() {
	os.Stdout.WriteString(string(rune('4'+4*(^uint(0)>>63))) + "\n")
}
]],
  target = { "linux/amd64", "linux/386" },
  expect = {
    { target = "linux/386", outcome = "pass", stdout = "4\n" },
    { outcome = "pass", stdout = "8\n" },
  },
  claim  = {
    source = article,
    text   = "An int has 4 bytes on x86_64.",
    says   = { { target = "linux/amd64", outcome = "pass", stdout = "4\n" } },
  },
  explain = "It has 8.",
}

-- --- its detector ---------------------------------------------------------------------

case "detector" {
  about  = "its regular expression over go/ast's comments, on the files of the program itself",
  files  = "article/detector.txtar",
  expect = "pass",
  claim  = {
    source = article,
    text   = "A detector over go/ast finds the uses of linkname, by one regular expression.",
    says   = { { outcome = "pass", stdout = [[
plain.go: found, linked
umlaut.go: found, linked
assembly.s: found, linked
tab.go: missed, not linked
quoted.go: missed, not linked
]] } },
  },
  explain = "It finds what is written plainly. It misses names that are not ASCII and references from "
            .. "assembly, and takes a directive with a tab for one, which the compiler does not.",
}

-- --- what no program can settle ---------------------------------------------------------

not_checkable {
  source = article,
  text   = "gold and ld.bfd tell aliases of C by type, binding and value of their symbol table entries.",
  why    = "That is about C's assembler and linkers; no Go tool has a part in it.",
}

not_checkable {
  source = article,
  text   = "The SSA dump still shows the local name with a mark for linkname.",
  why    = "The flag that it says writes the dump does not exist (case flag-dumpssabench).",
}

not_checkable {
  source = article,
  text   = "staticcheck does not see what linkname refers to.",
  why    = "It is not one of Go's own tools, and its releases are not tied to Go's.",
}

not_checkable {
  source = article,
  text   = "Companies' build sandboxes forbid directives that are not on their list; ask for an exception.",
  why    = "It speaks of rules of companies, not of Go.",
}

not_checkable {
  source = article,
  text   = "sync.Map and RWMutex are better than the runtime's functions for maps.",
  why    = "It is advice.",
}

not_checkable {
  source = article,
  text   = "A government's cloud, an online shop and a fleet of cars had these numbers of outages, "
           .. "orders and log lines.",
  why    = "Nobody else can measure them, and they have nothing to do with linkname.",
}

not_checkable {
  source = article,
  text   = "From Go 1.21 on the second version of runtime/metrics takes snapshots of the marking's state.",
  why    = "It names nothing that could be looked for; the case mark-metrics asks for such metrics.",
}

not_checkable {
  source = article,
  text   = "Where a debugger cannot follow a linkname, debug.ReadBuildInfo is the better way.",
  why    = "It is advice; the case source-position shows that the position is there.",
}
