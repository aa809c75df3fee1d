-- Twelve bugs with a linkname, one after the other: bug-NN is the program that the document calls
-- wrong, bug-NN-fix the one that it puts in its place, and what stands between them is a question of
-- its own to the same bug. `claim` is what the document says, `expect` what is true. Some programs
-- build, run and are wrong all the same: there a finding says so on every version.

local document = "Linkname: find the bug"

scenario {
  about  = "twelve bugs with a linkname: symptom, cause and cure against what happens",
  source = document,
  go     = "1.18..1.27",
  target = "linux/amd64",
}

-- One more architecture without register arguments, one whose registers differ.
local three = { "linux/amd64", "linux/386", "linux/arm64" }

-- A program that pulls the runtime's clock by `pull` and looks whether it runs.
local function clock(pull)
  return [[
-- go.mod --
module lnmatrix.invalid/findbug

go 1.17
-- main.go --
package main

]] .. pull .. [[

func main() {
	if runtimeNano() <= 0 {
		panic("no time")
	}
}
]]
end

local pulled = clock [[
import _ "unsafe"

//go:linkname runtimeNano runtime.nanotime
func runtimeNano() int64
]]

-- The lines of the runtime's source file `name` in which `text` stands.
local function lines(cell, text, name)
  local found = {}
  for _, line in ipairs(cell:source(text, "src/runtime")) do
    if line.file == "src/runtime/" .. name then
      found[#found + 1] = line
    end
  end
  return found
end

-- --- bug 1: the file does not import unsafe ----------------------------------

local no_unsafe = [[
//go:linkname runtimeNano runtime.nanotime
func runtimeNano() int64
]]

case "bug-01" {
  about  = "a directive in a file that does not import unsafe",
  files  = clock(no_unsafe),
  expect = {
    { go = "1.18..1.19", outcome = "compile-error", message = "missing function body",
      findings = "missing-unsafe-import",
      why = "with a second complaint, of the import; 1.18 and 1.19 put the function's first" },
    { outcome = "compile-error", message = [[only allowed in Go files that import "unsafe"]],
      findings = "missing-unsafe-import" },
  },
  claim = {
    source  = document,
    text    = "A file with a directive must import unsafe since Go 1.23; without it the build fails.",
    at      = "1.23",
    says    = { { go = ">=1.23", outcome = "compile-error" } },
    because = { { go = "<1.23", outcome = "pass" } },
  },
  explain = "Every version asks for the import; what came with Go 1.23 is the linker's check.",
}

case "bug-01-empty-s" {
  about  = "the same with an assembly file beside it: a missing body is then no mistake",
  files  = clock(no_unsafe) .. "-- empty.s --\n",
  expect = {
    { outcome = "compile-error", message = [[only allowed in Go files that import "unsafe"]],
      findings = "missing-unsafe-import" },
  },
}

case "bug-01-fix" {
  about  = "with the blank import",
  files  = pulled,
  expect = { outcome = "pass" },
  claim  = {
    source = document,
    text   = "The blank import of unsafe is all that is missing.",
    says   = { { outcome = "pass" } },
  },
}

-- --- bug 2: a body beside the directive --------------------------------------

local with_body = clock [[
import _ "unsafe"

//go:linkname runtimeNano runtime.nanotime
func runtimeNano() int64 { return 1 }
]]

local two_bodies = {
  { go = "<1.23", outcome = "link-duplicate", symbols = "runtime.nanotime",
    message = "duplicated definition of symbol runtime.nanotime, from main and runtime" },
  { outcome = "link-duplicate", symbols = "runtime.nanotime",
    message = "duplicated definition of symbol runtime.nanotime, from runtime (type STEXT" },
}

case "bug-02" {
  about  = "the pulled function has a body",
  files  = with_body,
  expect = two_bodies,
  claim  = {
    source  = document,
    text    = "A body beside the directive makes the linker fail: it sees two definitions.",
    says    = { { outcome = "link-duplicate", symbols = "runtime.nanotime" } },
  },
}

case "bug-02-compiler" {
  about  = "the same program: does the compiler refuse it anywhere?",
  files  = with_body,
  expect = two_bodies,
  claim  = {
    source = document,
    text   = "Some Go versions have the compiler refuse it: function with body conflicts with linkname.",
    says   = { { outcome = "compile-error", message = "conflicts with linkname" } },
  },
  explain = "It is the linker on every version; no compiler of 1.18 to 1.27 knows such a message.",
}

case "bug-02-fix" {
  about  = "without the body",
  files  = pulled,
  expect = { outcome = "pass" },
  claim  = {
    source = document,
    text   = "Without the body it builds and borrows the other package's.",
    says   = { { outcome = "pass" } },
  },
}

-- --- bug 3: a blank line in between ------------------------------------------

case "bug-03" {
  about  = "a blank line between directive and declaration",
  files  = clock [[
import _ "unsafe"

//go:linkname runtimeNano runtime.nanotime

func runtimeNano() int64
]],
  expect = { outcome = "pass" },
  claim  = {
    source = document,
    text   = "A blank line below the directive disables it: compile error, missing function body.",
    says   = { { outcome = "compile-error", message = "missing function body" } },
  },
  explain = "The directive names the function that it is for; it may stand anywhere in the file.",
}

case "bug-03-far" {
  about  = "the directive at the end of the file",
  files  = pulled:gsub("//go:linkname[^\n]*\n", "") .. "\n//go:linkname runtimeNano runtime.nanotime\n",
  expect = { outcome = "pass" },
  claim  = {
    source = document,
    text   = "A directive must stand immediately above its declaration.",
    says   = { { outcome = "compile-error" } },
  },
  explain = "The directive names the function that it is for; it may stand anywhere in the file.",
}

case "bug-03-space" {
  about  = "what does disable it: a space after the slashes",
  files  = pulled:gsub("//go:linkname", "// go:linkname"),
  expect = { outcome = "compile-error", message = "missing function body",
             findings = "inert-directive" },
}

case "bug-03-gofmt" {
  about  = "go/format, which is what gofmt calls, on a directive with a blank line below",
  files  = [[
-- go.mod --
module lnmatrix.invalid/findbug

go 1.17
-- main.go --
package main

import (
	"go/format"
	"os"
)

const source = "package main\n\nimport _ \"unsafe\"\n\n" +
	"//go:linkname runtimeNano runtime.nanotime\n\nfunc runtimeNano() int64\n"

func main() {
	formatted, err := format.Source([]byte(source))
	if err != nil || string(formatted) != source {
		os.Exit(1)
	}
}
]],
  expect = "pass",
  claim  = { source = document, text = "gofmt does not flag the blank line.", says = "pass" },
}

case "bug-03-fix" {
  about  = "without the blank line",
  files  = pulled,
  expect = { outcome = "pass" },
  claim  = {
    source = document,
    text   = "Right above its declaration the directive works.",
    says   = { { outcome = "pass" } },
  },
}

-- --- bug 4: a signature with a result too many -------------------------------

-- Nothing reads the second result here, so the program passes, by luck.
case "bug-04" {
  about  = "runtime.fastrand declared as func() (uint32, error)",
  files  = "findbug/bug-04.txtar",
  target = three,
  expect = { outcome = "pass", stdout = "random numbers: true\n", findings = "signature-mismatch" },
  claim  = {
    source = document,
    text   = "A declaration with a result more than the function has builds all the same.",
    says   = { { outcome = "pass" } },
  },
}

-- What the second result holds depends on what was called before: undefined, so asked five times.
case "bug-04-error" {
  about   = "the same declaration, and the error is looked at",
  files   = "findbug/bug-04-error.txtar",
  target  = three,
  repeats = 5,
  expect  = {
    { outcome = { "run-wrong", "run-crash", "flaky" }, never = "pass",
      findings = "signature-mismatch",
      why = "the error is what the call before left in its registers or stack slots" },
  },
  claim = {
    source = document,
    text   = "The error that fastrand never sets is garbage, and often not nil.",
    says   = { { outcome = { "run-wrong", "run-crash", "flaky" }, never = "pass" } },
  },
}

case "bug-04-vet" {
  about = "go vet and the compiler on the same declaration",
  files = "findbug/bug-04.txtar",
  steps = function(cell)
    cell:check(cell:compile {}.ok, "the compiler objects")
    cell:check(cell:vet {}.ok, "go vet objects")
  end,
  expect = { outcome = "pass", findings = "signature-mismatch" },
  claim  = {
    source = document,
    text   = "No tool checks the signature: neither the compiler nor go vet objects.",
    says   = { { outcome = "pass" } },
  },
}

case "bug-04-stubs" {
  about = "where the runtime's sources define fastrand",
  files = "findbug/bug-04-fix.txtar",
  steps = function(cell)
    cell:check(#lines(cell, "func fastrand() uint32", "stubs.go") > 0, "no fastrand in stubs.go")
  end,
  expect = {
    { go = "<1.22", outcome = "pass" },
    { outcome = "run-wrong", message = "no fastrand in stubs.go",
      why = "Go 1.22 moved it to rand.go, where legacy_fastrand stands for it" },
  },
  claim = {
    source = document,
    text   = "The signature to match stands in runtime/stubs.go.",
    says   = { { outcome = "pass" } },
  },
  explain = "Since Go 1.22 it is legacy_fastrand in runtime/rand.go; nanotime and newobject "
    .. "stand elsewhere on every version.",
}

case "bug-04-fix" {
  about  = "runtime.fastrand declared as it is",
  files  = "findbug/bug-04-fix.txtar",
  target = three,
  expect = { outcome = "pass", stdout = "random numbers: true\n" },
  claim  = {
    source = document,
    text   = "With the target's own signature it works.",
    says   = { { outcome = "pass" } },
  },
}

-- --- bug 5: a spelling mistake in the import path ----------------------------

local misspelt = pulled:gsub("runtime%.nanotime", "runtme.nanotime")
local test = [[
-- clock_test.go --
package main

import "testing"

func TestLink(t *testing.T) {
	if runtimeNano() == 0 {
		t.Fatal("the clock stands still")
	}
}
]]

case "bug-05" {
  about  = "runtme for runtime",
  files  = misspelt,
  steps  = function(cell)
    cell:check(cell:compile {}.ok, "the compiler objects")
    cell:check(cell:vet {}.ok, "go vet objects")
    cell:build()
  end,
  expect = { outcome = "link-undefined", symbols = "runtme.nanotime",
             message = "main.main: relocation target runtme.nanotime not defined" },
  claim  = {
    source = document,
    text   = "A misspelt import path compiles, and fails in the linker.",
    says   = { { outcome = "link-undefined", symbols = "runtme.nanotime" } },
  },
}

case "bug-05-unused" {
  about  = "the same where nothing calls the function",
  files  = misspelt:gsub("if runtimeNano", "if false && runtimeNano"),
  expect = { outcome = "pass", why = "only what the program reaches is looked up" },
}

case "bug-05-variable" {
  about  = "the same mistake with a variable",
  files  = [[
-- go.mod --
module lnmatrix.invalid/findbug

go 1.17
-- main.go --
package main

import _ "unsafe"

//go:linkname ncpu runtme.ncpu
var ncpu int32

func main() {
	print(ncpu, "\n")
}
]],
  expect = { outcome = "pass", stderr = "0\n", findings = "orphan-variable" },
  claim  = {
    source = document,
    text   = "A misspelt import path makes the linker fail, whatever is pulled.",
    says   = { { outcome = "link-undefined", symbols = "runtme.ncpu" } },
  },
  explain = "A variable is a definition of its own: the program links in silence and reads zero.",
}

case "bug-05-test" {
  about  = "the test that the document gives, with the mistake in place",
  files  = misspelt .. test,
  steps  = function(cell)
    local t = cell:test {}
    local said = t.stdout .. t.stderr
    cell:check(not t.ok, "the test passes")
    cell:check(said:find("runtme.nanotime not defined", 1, true), "the linker says nothing")
    cell:check(not said:find("the clock stands still", 1, true), "the test itself fails")
  end,
  expect = { outcome = "pass", why = "the test's program does not link, so its own check never runs" },
  claim  = {
    source = document,
    text   = "A test that calls each pulled function catches a misspelling.",
    says   = { { outcome = "pass" } },
  },
}

case "bug-05-fix" {
  about  = "spelt right, the test passes",
  files  = pulled .. test,
  steps  = function(cell)
    cell:check(cell:test {}.ok, "the test fails")
    cell:build()
    cell:run()
  end,
  expect = { outcome = "pass" },
  claim  = {
    source = document,
    text   = "Spelt right it links, and the test passes.",
    says   = { { outcome = "pass" } },
  },
}

-- --- bug 6: the target is gone -----------------------------------------------

case "bug-06" {
  about  = "runtime.fastrand on every version",
  files  = "findbug/bug-04-fix.txtar",
  target = three,
  expect = {
    { go = "<1.22", outcome = "pass" },
    { outcome = "pass", why = "renamed in Go 1.22, which keeps the old name for those who pull it" },
  },
  claim = {
    source  = document,
    text    = "runtime.fastrand was renamed in Go 1.21: the pull links with 1.20 and not with 1.21.",
    at      = "1.21",
    says    = { { go = ">=1.21", outcome = "link-undefined", symbols = "runtime.fastrand" } },
    because = { { go = "<1.21", outcome = "pass" } },
  },
  explain = "Go 1.22 renamed it, and keeps runtime.fastrand alive by a push; it links to this day.",
}

case "bug-06-gone" {
  about  = "runtime.fastrandu, which Go 1.22 did take away",
  files  = [[
-- go.mod --
module lnmatrix.invalid/findbug

go 1.17
-- main.go --
package main

import _ "unsafe"

//go:linkname fastrandu runtime.fastrandu
func fastrandu() uint

func main() {
	if fastrandu() == fastrandu() && fastrandu() == fastrandu() {
		panic("not random")
	}
}
]],
  expect = {
    { go = "1.18", outcome = "link-undefined", symbols = "runtime.fastrandu",
      why = "it came with Go 1.19" },
    { go = "1.19..1.21", outcome = "pass" },
    { outcome = "link-undefined", symbols = "runtime.fastrandu",
      message = "relocation target runtime.fastrandu not defined" },
  },
}

case "bug-06-tag" {
  about = "the build tag go1.21, and who is in",
  files = "findbug/bug-06-tag.txtar",
  expect = {
    { go = "<1.21", outcome = "pass", stderr = "before 1.21" },
    { outcome = "pass", stderr = "1.21 and newer" },
  },
  claim = {
    source = document,
    text   = "The build tag go1.21 means 1.21 and everything newer.",
    says   = {
      { go = "<1.21", outcome = "pass", stderr = "before 1.21" },
      { outcome = "pass", stderr = "1.21 and newer" },
    },
  },
}

case "bug-06-fix" {
  about = "the pull for 1.20 and 1.21, math/rand/v2 from 1.22 on",
  files = "findbug/bug-06-fix.txtar",
  expect = {
    { go = "<1.20", outcome = "compile-error", message = "undefined: fastrand",
      why = "neither file is meant for these versions" },
    { go = "1.20..1.21", outcome = "pass", stderr = "pulled" },
    { outcome = "pass", stderr = "public" },
  },
  claim = {
    source = document,
    text   = "Tags with an upper end, and the public generator from 1.22 on, build everywhere from 1.20.",
    says   = {
      { go = "1.20..1.21", outcome = "pass", stderr = "pulled" },
      { go = ">=1.22", outcome = "pass", stderr = "public" },
    },
  },
}

-- --- bug 7: the clock while package variables are made ------------------------

local started = [[
import _ "unsafe"

//go:linkname runtimeNano runtime.nanotime
func runtimeNano() int64

]]

local function start(how)
  return clock(started .. how .. [[

func init() {
	if startupTime <= 0 {
		panic("the clock did not run yet")
	}
	if runtimeNano() < startupTime {
		panic("the clock ran backwards")
	}
}
]])
end

case "bug-07" {
  about  = "the clock read by a package-level variable",
  files  = start [[
var startupTime = runtimeNano()
]],
  target = three,
  expect = { outcome = "pass",
             why = "the clock is the system's, and runs before any variable of a program is made" },
  claim  = {
    source = document,
    text   = "Read by a package-level variable, the clock says 0 or something bogus, by version.",
    says   = { { outcome = { "run-crash", "run-wrong", "flaky" }, message = "did not run yet" } },
  },
  explain = "The runtime itself reads the clock before it starts a program's initialisation.",
}

case "bug-07-fix" {
  about  = "the clock read by init",
  files  = start [[
var startupTime int64

func init() { startupTime = runtimeNano() }
]],
  target = three,
  expect = { outcome = "pass" },
  claim  = {
    source = document,
    text   = "Read in init the clock is right.",
    says   = { { outcome = "pass" } },
  },
}

-- --- bug 8: the allocator pulled ---------------------------------------------

case "bug-08" {
  about  = "newobject declared as func(unsafe.Pointer) unsafe.Pointer, called on growing stacks",
  files  = "findbug/bug-08.txtar",
  expect = {
    { outcome = "compile-error", message = "internal compiler error: Type.Elem UNSAFEPTR",
      why = "the compiler takes the call for one of its own, whose result has a pointer's type" },
  },
  claim = {
    source = document,
    text   = "A program that pulls newobject so crashes at random while it runs, under many goroutines.",
    says   = { { outcome = { "run-crash", "flaky" } } },
  },
  explain = "With this declaration no version compiles it: the compiler itself fails.",
}

case "bug-08-typed" {
  about   = "newobject declared with a typed result: two hundred goroutines, each with a growing stack",
  files   = "findbug/bug-08-typed.txtar",
  repeats = 5,
  expect  = {
    { go = "<1.24", outcome = "pass" },
    { outcome = "link-rejected", symbols = "runtime.newobject", rescue = "rejected-only",
      why = "unmarked; 1.23 lets it pass as a name that the compiler itself calls" },
  },
  claim = {
    source = document,
    text   = "Called from code whose stack grows, newobject crashes at random.",
    says   = { { outcome = { "run-crash", "flaky" }, never = "pass" } },
  },
  explain = "It allocates as new does, which is a call of it; from Go 1.24 on the linker refuses it.",
}

case "bug-08-nosplit" {
  about = "is newobject marked go:nosplit?",
  files = "findbug/bug-08-fix.txtar",
  steps = function(cell)
    local func = lines(cell, "func newobject(", "malloc.go")[1]
    cell:check(func, "there is no newobject")
    local marked = false
    for _, mark in ipairs(lines(cell, "//go:nosplit", "malloc.go")) do
      if mark.line < func.line and mark.line >= func.line - 8 then
        marked = true
      end
    end
    cell:check(marked, "newobject is not marked go:nosplit")
  end,
  expect = { outcome = "run-wrong", message = "newobject is not marked go:nosplit" },
  claim  = {
    source = document,
    text   = "newobject is one of the runtime's go:nosplit functions, made for tiny stacks.",
    says   = { { outcome = "pass" } },
  },
  explain = "It is an ordinary function that may grow the stack: the compiler calls it for new.",
}

case "bug-08-fix" {
  about  = "new instead",
  files  = "findbug/bug-08-fix.txtar",
  expect = { outcome = "pass" },
  claim  = {
    source = document,
    text   = "The language's own new works from everywhere.",
    says   = { { outcome = "pass" } },
  },
}

-- --- bug 9: a variable by a copy of its struct -------------------------------

-- The first fields of Go 1.20's schedt. They stay where they are until 1.24; 1.25 puts one
-- more in front of them, 1.26 another, and the program prints a number that is none of its business.
case "bug-09" {
  about   = "runtime.sched by a copy of its struct",
  files   = "findbug/bug-09.txtar",
  target  = three,
  variant = { "default", "ldflags=-w" },
  expect  = {
    { go = "1.18..1.20", variant = "default", outcome = "link-undefined",
      why = "up to 1.20 the linker wants debug information of the local struct (go.info...)" },
    { go = "<1.25", target = "linux/386", outcome = "pass", stdout = "threads at most: 10000 at 48\n" },
    { go = "<1.25", outcome = "pass", stdout = "threads at most: 10000 at 56\n" },
    { outcome = "pass", findings = "layout-drift",
      why = "std has a field more in front: the program reads another field and exits 0" },
  },
  claim = {
    source = document,
    text   = "A variable pulled by the struct of Go 1.20 works with Go 1.20.",
    at     = "1.20",
    says   = { { go = "1.20", outcome = "pass" } },
  },
  explain = "Up to 1.20 it links only with -ldflags=-w: the linker asks for debug information of the "
    .. "local struct type.",
}

case "bug-09-read" {
  about   = "the same copy, and the number is looked at: the runtime allows 10000 threads",
  files   = "findbug/bug-09-read.txtar",
  target  = three,
  variant = "ldflags=-w",
  expect  = {
    { go = "<1.25", outcome = "pass" },
    { outcome = "run-wrong", findings = "layout-drift",
      why = "std has a field more in front since Go 1.25" },
  },
  claim = {
    source = document,
    text   = "The struct changed with Go 1.21, so that fields read by 1.20's copy are garbage.",
    at     = "1.21",
    says   = { { go = ">=1.21", outcome = "run-wrong" } },
    because = { { go = "<1.21", outcome = "pass" } },
  },
  explain = "These fields stayed where they were until Go 1.24; the first to break is 1.25.",
}

case "bug-09-fix" {
  about   = "a copy for each layout, behind build tags",
  files   = "findbug/bug-09-fix.txtar",
  target  = three,
  variant = "ldflags=-w",
  expect  = { outcome = "pass", stderr = "10000\n" },
  claim   = {
    source = document,
    text   = "An exact copy of each release's struct, gated by build tags, reads the right field.",
    says   = { { outcome = "pass", stderr = "10000\n" } },
  },
}

case "bug-09-metrics" {
  about  = "runtime/metrics instead",
  files  = "findbug/bug-09-metrics.txtar",
  target = three,
  expect = { outcome = "pass" },
  claim  = {
    source = document,
    text   = "runtime/metrics gives the scheduler's numbers by a name, on every version.",
    says   = { { outcome = "pass" } },
  },
}

-- --- bug 10: several directives in one file ----------------------------------

local missing = [[
import _ "unsafe"

//go:linkname runtimeNano runtime.nanotime
func runtimeNano() int64

//go:linkname foo runtime.foo
func foo()
]]
local missing_two = missing .. [[

//go:linkname bar runtime.bar
func bar()
]]
local call_foo = [[

func init() {
	if runtimeNano() == 0 {
		foo()
	}
}
]]
local call_both = call_foo:gsub("foo%(%)", "%0\n\t\tbar()")

local missing_both = clock(missing_two .. call_both)

case "bug-10" {
  about  = "two directives in one file name functions that do not exist",
  files  = missing_both,
  expect = { outcome = "link-undefined", symbols = { "runtime.bar", "runtime.foo" } },
  claim  = {
    source = document,
    text   = "The linker reports a missing function.",
    says   = { { outcome = "link-undefined" } },
  },
}

case "bug-10-stops" {
  about = "the same: how many of the two does the linker name?",
  files = missing_both,
  steps = function(cell)
    local said = cell:build { may_fail = true }.stderr
    cell:check(not (said:find("runtime.foo not defined", 1, true)
      and said:find("runtime.bar not defined", 1, true)), "the linker names both")
  end,
  expect = { outcome = "run-wrong", message = "the linker names both" },
  claim  = {
    source = document,
    text   = "When one symbol is missing the linker reports it and stops: the next one shows later.",
    says   = { { outcome = { "pass", "link-undefined" } } },
  },
  explain = "It reports all missing symbols at once. Where it stops at the first is a name that it refuses, "
    .. "from Go 1.23 on.",
}

case "bug-10-refused" {
  about  = "two directives name functions that exist and are not marked: the linker names one",
  files  = clock((missing_two .. call_both):gsub("runtime%.foo", "runtime.schedule")
    :gsub("runtime%.bar", "runtime.badunlockosthread")),
  steps  = function(cell)
    local said = cell:build { may_fail = true }.stderr
    if said ~= "" then
      local _, refused = said:gsub("invalid reference to", "")
      cell:check(refused == 1, "the linker names " .. refused)
    end
    cell:build()
    cell:run()
  end,
  expect = {
    { go = "<1.23", outcome = "pass" },
    { outcome = "link-rejected", symbols = { "runtime.badunlockosthread", "runtime.schedule" },
      rescue = "rejected-only", message = "invalid reference to runtime.",
      why = "it stops at the first; lnmatrix asks on until it has both" },
  },
}

case "bug-10-one" {
  about  = "one directive names a missing function, another one that exists",
  files  = clock(missing .. call_foo),
  expect = { outcome = "link-undefined", symbols = "runtime.foo",
             message = "relocation target runtime.foo not defined" },
}

case "bug-10-removed" {
  about  = "the bad directive removed: the one that was good is still good",
  files  = pulled,
  expect = { outcome = "pass" },
  claim  = {
    source = document,
    text   = "With the bad directive removed, the one that was fine before fails too.",
    says   = { { outcome = "link-undefined" } },
  },
  explain = "The linker resolves each symbol for itself.",
}

case "bug-10-fix" {
  about  = "a file for each directive, each with its own tags",
  files  = "findbug/bug-10-fix.txtar",
  expect = {
    { go = "1.19..1.21", outcome = "pass", stderr = "clock and fastrandu" },
    { outcome = "pass", stderr = "clock" },
  },
  claim = {
    source = document,
    text   = "With a file and tags for each directive, each fails for itself only.",
    says   = { { outcome = "pass" } },
  },
}

-- --- bug 11: fastrand for secrets --------------------------------------------

case "bug-11" {
  about  = "two tokens from runtime.fastrand",
  files  = "findbug/bug-11.txtar",
  expect = { outcome = "pass", why = "nothing shows that they are no secrets" },
}

-- Up to 1.21 the 32-bit ports have an xorshift generator of 64 bits of state whose output is the sum
-- of its halves: three numbers give the state. 1.17 had it on all architectures.
case "bug-11-predict" {
  about  = "the state from three numbers, and with it the fourth to eighth",
  files  = "findbug/bug-11-predict.txtar",
  go     = "1.17..1.27",
  target = { "linux/386", "linux/amd64" },
  expect = {
    { go = "1.17", outcome = "pass" },
    { go = "<1.22", target = "linux/386", outcome = "pass" },
    { go = "<1.22", outcome = "run-wrong",
      why = "64-bit architectures have had wyrand since Go 1.18, with 64 bits of state" },
    { outcome = "run-wrong", why = "ChaCha8 since Go 1.22" },
  },
  claim = {
    source = document,
    text   = "A few outputs of fastrand let an attacker predict the next ones.",
    says   = {
      { target = "linux/386", outcome = "pass" },
      { go = "1.17", outcome = "pass" },
      { go = ">=1.22", outcome = "pass" },
    },
  },
  explain = "Up to Go 1.21 on 32-bit architectures this small program does it; since 1.22 every one has "
    .. "ChaCha8.",
}

case "bug-11-generator" {
  about = "the generator behind runtime.fastrand, by the sources",
  files = "findbug/bug-11.txtar",
  steps = function(cell)
    local legacy = lines(cell, "//go:linkname legacy_fastrand runtime.fastrand", "rand.go")
    local chacha = lines(cell, "mp.chacha8", "rand.go")
    cell:check(#legacy == 0 or #chacha == 0, "fastrand is ChaCha8")
  end,
  expect = {
    { go = "<1.22", outcome = "pass" },
    { outcome = "run-wrong", message = "fastrand is ChaCha8" },
  },
  claim = {
    source = document,
    text   = "runtime.fastrand is no cryptographic generator.",
    says   = { { outcome = "pass" } },
  },
  explain = "Since Go 1.22 it takes its numbers from ChaCha8, seeded from the system; std still promises "
    .. "nothing of the kind for it.",
}

case "bug-11-per-p" {
  about = "whose is the generator's state: a P's or an M's?",
  files = "findbug/bug-11.txtar",
  steps = function(cell)
    local of_m = #lines(cell, "mp.fastrand", "proc.go") + #lines(cell, "mp.chacha8", "rand.go")
    cell:check(of_m == 0, "the state is the M's")
  end,
  expect = { outcome = "run-wrong", message = "the state is the M's" },
  claim  = {
    source = document,
    text   = "Each P has a generator of its own, seeded when a goroutine starts.",
    says   = { { outcome = "pass" } },
  },
  explain = "Each M (a thread) has one, seeded when the thread is made.",
}

not_checkable {
  source = document,
  text   = "With about 60 bits of state a few outputs of fastrand give the next, on 64-bit architectures "
    .. "too.",
  why    = "From 1.18 to 1.21 those have wyrand with 64 bits of state; to find it from outputs takes up to "
    .. "2^64 tries, and that nobody knows a shorter way is nothing a program can show.",
}

not_checkable {
  source = document,
  text   = "crypto/rand takes microseconds, fastrand nanoseconds.",
  why    = "A time alone is one machine's; the case bug-11-fix shows which of the two is slower.",
}

not_checkable {
  source = document,
  text   = "The error of a misspelt path may appear minutes into a large build.",
  why    = "It speaks of the size of builds.",
}

case "bug-11-fix" {
  about = "tokens from crypto/rand, and what they cost",
  files = "findbug/bug-11-fix.txtar",
  steps = function(cell)
    cell:build()
    cell:run()
    local time = cell:measure {}
    cell:check(time.crypto > time.fastrand, "crypto/rand is not the slower one")
  end,
  expect = { outcome = "pass" },
  claim  = {
    source = document,
    text   = "crypto/rand makes the same tokens, slower.",
    says   = { { outcome = "pass" } },
  },
}

-- --- bug 12: inlining --------------------------------------------------------

local inlined_clock = "inlining call to time.Time.UnixNano"

case "bug-12" {
  about = "what the compiler inlines in a loop that reads the clock",
  files = "findbug/bug-12.txtar",
  steps = function(cell)
    local said = cell:compile { gcflags = "-m" }.stderr
    cell:check(not said:find("inlining call to runtimeNano", 1, true), "the pulled function is inlined")
    cell:check(said:find(inlined_clock, 1, true), "UnixNano is not inlined")
    cell:check(not said:find("inlining call to time.Now", 1, true), "time.Now is inlined")
  end,
  expect = { outcome = "pass" },
  claim  = {
    source = document,
    text   = "The compiler cannot inline a pulled function; time.Now().UnixNano() it can, in part.",
    says   = { { outcome = "pass" } },
  },
}

case "bug-12-pushed" {
  about = "a directive on a function that has its body",
  files = [[
-- go.mod --
module lnmatrix.invalid/findbug

go 1.17
-- main.go --
package main

import _ "unsafe"

//go:linkname double lnmatrix.invalid/findbug.double
func double(n int) int { return n + n }

func main() {
	if double(2) != 4 {
		panic("wrong")
	}
}
]],
  steps = function(cell)
    local said = cell:compile { gcflags = "-m" }.stderr
    cell:check(not said:find("inlining call to double", 1, true), "it is inlined all the same")
  end,
  expect = { outcome = "run-wrong", message = "it is inlined all the same" },
  claim  = {
    source = document,
    text   = "A linkname disables inlining.",
    says   = { { outcome = "pass" } },
  },
  explain = "What cannot be inlined is a function without a body; with one, the directive changes nothing.",
}

case "bug-12-slower" {
  about = "the pulled clock and the public one, each read in a loop",
  files = "findbug/bug-12.txtar",
  steps = function(cell)
    cell:build()
    local time = cell:measure {}
    cell:check(time.linked > time.public, "the pulled clock is the faster one")
  end,
  expect = { outcome = "run-wrong", message = "the pulled clock is the faster one",
             why = "time.Now reads two clocks, the wall's and the monotonic one" },
  claim  = {
    source = document,
    text   = "The loop with the pulled clock is slower than with time.Now().UnixNano().",
    says   = { { outcome = "pass" } },
  },
  explain = "It reads one clock, time.Now two; the call itself is next to nothing beside that.",
}

case "bug-12-fix" {
  about = "either clock read once before the loop",
  files = "findbug/bug-12.txtar",
  steps = function(cell)
    cell:build()
    local time = cell:measure {}
    cell:check(time.linked > 3 * time.linked_once, "with the pulled clock it does not pay")
    cell:check(time.public > 3 * time.public_once, "with the public clock it does not pay")
    cell:check(time.public_once < time.linked, "the other clock saves more")
  end,
  expect = { outcome = "pass" },
  claim  = {
    source = document,
    text   = "To read the clock once before the loop helps more than the choice of the clock.",
    says   = { { outcome = "pass" } },
  },
}
