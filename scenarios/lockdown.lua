-- golang/go#67401 is the plan of 2024 to lock std's internals: Go 1.23's linker
-- asks that std marks a name before another package may take it by a directive.
-- It describes three patterns (push, pull, handshake), a flag, and what the plan
-- will come to. The cases take its statements one by one: first patterns between
-- packages of a program's own, then std's names, the flag, the names that nobody
-- may have, references from assembly, and what broke.

scenario {
  about  = "who may take whose names by linkname, and since when",
  source = "golang/go#67401",
  go     = "1.18..1.27",
  target = "linux/amd64",
}

-- A claim of the document; `fields` has the rest of it.
local function says(text, fields)
  fields.source = "golang/go#67401"
  fields.text = text
  return fields
end

local default_and_1 = { "default", "ldflags=-checklinkname=1" }
local abis = { "linux/386", "linux/amd64", "linux/arm64", "linux/s390x" }

-- The flag is not there before Go 1.23; for cases that only ask with the flag.
local no_flag = { go = "<1.23", variant = "*checklinkname*", outcome = "unsupported",
                  why = "the flag came with Go 1.23" }

-- A name of std that is refused from Go 1.23 on.
local function closed(symbols)
  return {
    no_flag,
    { go = "<1.23", outcome = "pass", why = "nobody checks before Go 1.23" },
    { outcome = "link-rejected", symbols = symbols, rescue = "rejected-only" },
  }
end

-- --- push: the package with the body gives the other one's name --------------

case "push-with-s" {
  about  = "a push to a plain declaration in a package with an empty .s file",
  files  = "lockdown/push-with-s.txtar",
  expect = "pass",
  claim  = says("With an empty .s file a pushed function may be declared without body or directive.", {
    says = { { outcome = "pass" } },
  }),
}

case "push-without-s" {
  about  = "the same without the .s file",
  files  = "lockdown/push-without-s.txtar",
  expect = { outcome = "compile-error", message = "missing function body" },
  claim  = says("Without an .s file the compiler complains that the declaration has no body.", {
    says = { { outcome = "compile-error", message = "missing function body" } },
  }),
}

case "push-warning" {
  about  = "is that complaint a warning, as the word goes?",
  files  = "lockdown/push-without-s.txtar",
  expect = { outcome = "compile-error", message = "missing function body",
             why = "the go command passes -complete to the compiler unless the package has .s or cgo files" },
  claim  = says("The compiler only warns about the missing body.", {
    says = { { outcome = "pass" } },
  }),
  explain = "The compiler has no warnings: it is an error, and nothing is built.",
}

case "push-s-elsewhere" {
  about  = "an .s file, but in the package that has the body",
  files  = "lockdown/push-s-elsewhere.txtar",
  expect = { outcome = "compile-error", message = "missing function body",
             why = "each package is compiled for itself, and the declaration's has no .s file" },
}

case "push-with-cgo" {
  about  = "cgo in the package of the declaration, and no .s file",
  files  = "lockdown/push-with-cgo.txtar",
  cgo    = true,
  expect = { outcome = "pass", why = "C code may define it, too, so the compiler does not ask for a body" },
  claim  = says("The compiler asks for the body unless there is an .s file.", {
    says = { { outcome = "compile-error", message = "missing function body" } },
  }),
  explain = "In a package with cgo files it does not ask, either.",
}

-- --- pull: the package without the body takes the other one's name -----------

case "pull-package" {
  about   = "from another package of the same module, which says nothing of linkname",
  files   = "lockdown/pull.txtar",
  go      = "1.18..1.27",
  variant = { "default", "checklinkname=0", "ldflags=-checklinkname=1" },
  expect  = { no_flag, { outcome = "pass", why = "the linker checks names of std only" } },
  claim   = says("A name of a package outside std can still be pulled.", {
    says = { { variant = "default", outcome = "pass" }, { go = ">=1.23", outcome = "pass" } },
  }),
}

case "pull-module" {
  about   = "from a package of another module",
  files   = "lockdown/pull-module.txtar",
  variant = default_and_1,
  expect  = { no_flag, { outcome = "pass", why = "the linker checks names of std only" } },
  claim   = says("A name of a package outside std can still be pulled.", {
    says = { { variant = "default", outcome = "pass" }, { go = ">=1.23", outcome = "pass" } },
  }),
}

local breaks = "When the other package renames the function or changes its signature, a pull breaks."

case "pull-renamed" {
  about  = "the other package has renamed the function",
  files  = "lockdown/pull-renamed.txtar",
  expect = { outcome = "link-undefined", symbols = "lnmatrix.invalid/lockdown/a.answer" },
  claim  = says(breaks, {
    says = { { outcome = "link-undefined", symbols = "lnmatrix.invalid/lockdown/a.answer" } },
  }),
}

case "pull-new-signature" {
  about  = "the other package's function now gives a string: nothing but the answer shows it",
  files  = "lockdown/pull-new-signature.txtar",
  target = { "linux/386", "linux/amd64" },
  expect = { outcome = "run-wrong", why = "neither compiler nor linker compares the two declarations" },
  claim  = says(breaks, { says = { { outcome = { "run-wrong", "run-crash" } } } }),
}

-- --- handshake: both have a directive ----------------------------------------

local no_s = "A handshake needs no .s file, since both sides have a directive."

case "handshake-name-of-a" {
  about  = "the name is that of the package with the body: one argument there, two here",
  files  = "lockdown/handshake-name-of-a.txtar",
  expect = "pass",
  claim  = says(no_s, { says = { { outcome = "pass" } } }),
}

case "handshake-name-of-b" {
  about  = "the name is that of the declaring package: two arguments there, one here",
  files  = "lockdown/handshake-name-of-b.txtar",
  expect = "pass",
  claim  = says(no_s, { says = { { outcome = "pass" } } }),
}

case "handshake-two-arguments" {
  about  = "two arguments on both sides",
  files  = "lockdown/handshake-two-arguments.txtar",
  expect = "pass",
  claim  = says(no_s, { says = { { outcome = "pass" } } }),
}

case "handshake-names-differ" {
  about  = "each side has two arguments and chooses the other one's name",
  files  = "lockdown/handshake-names-differ.txtar",
  expect = { outcome = "link-undefined", symbols = "lnmatrix.invalid/lockdown/a.answer" },
  claim  = says("The two sides of a handshake must agree on the name.", {
    says = { { outcome = "link-undefined", symbols = "lnmatrix.invalid/lockdown/a.answer" } },
  }),
}

case "handshake-one-argument-each" {
  about  = "one argument on both sides: each keeps its own name",
  files  = "lockdown/handshake-one-argument-each.txtar",
  expect = { outcome = "link-undefined", symbols = "lnmatrix.invalid/lockdown/b.Answer" },
  claim  = says("The two sides of a handshake must agree on the name.", {
    says = { { outcome = "link-undefined", symbols = "lnmatrix.invalid/lockdown/b.Answer" } },
  }),
}

case "handshake-third-name" {
  about  = "both agree on the name of a package that does not exist",
  files  = "lockdown/handshake-third-name.txtar",
  expect = { outcome = "pass", why = "to the linker a name is a text" },
  claim  = says("The name that they agree on must be one side's own.", {
    says = { { outcome = "link-undefined" } },
  }),
  explain = "Any name will do that nothing else has.",
}

case "handshake-two-bodies" {
  about  = "the function is defined on both sides",
  files  = "lockdown/handshake-two-bodies.txtar",
  expect = { outcome = "link-duplicate", symbols = "lnmatrix.invalid/lockdown/b.Answer" },
  claim  = says("In a handshake both packages define the function.", {
    says = { { outcome = "pass" } },
  }),
  explain = "One of them defines it; the other declares it without a body.",
}

-- --- names of std ------------------------------------------------------------

case "std-default" {
  about  = "an unmarked function of std, without any flag",
  files  = "lockdown/std-unmarked.txtar",
  expect = closed("sort.heapSort"),
  claim  = says("The check is on by default from Go 1.23 on.", {
    at      = "1.23",
    says    = { { go = ">=1.23", outcome = "link-rejected", symbols = "sort.heapSort",
                  message = "invalid reference to sort.heapSort" } },
    because = { { go = "<1.23", outcome = "pass" } },
  }),
}

case "std-exported" {
  about  = "a function that every program may import and call",
  files  = "lockdown/std-exported.txtar",
  expect = closed("strings.ToUpper"),
  claim  = says("The check asks for the handshake form for symbols of std.", {
    at   = "1.23",
    says = { { go = ">=1.23", outcome = "link-rejected", symbols = "strings.ToUpper" } },
  }),
}

case "std-variable" {
  about  = "an unmarked variable of std",
  files  = "lockdown/std-variable.txtar",
  target = { "linux/386", "linux/amd64" },
  expect = closed("runtime.forcegcperiod"),
  claim  = says("New references to the runtime's internals are no longer possible.", {
    at   = "1.23",
    says = { { go = ">=1.23", outcome = "link-rejected", symbols = "runtime.forcegcperiod" } },
  }),
}

case "std-assembly" {
  about  = "a function of std that is written in assembly, unmarked, pulled from Go",
  files  = "lockdown/std-assembly.txtar",
  target = abis,
  expect = {
    { go = "<1.23", outcome = "pass", why = "nobody checks before Go 1.23" },
    { go = "<1.27", outcome = "pass",
      why = "the linker lets through what assembly defines, and ABI wrappers" },
    { abi = "stack", outcome = "pass",
      why = "without ABI wrappers the linker does not know what is marked" },
    { outcome = "link-rejected", symbols = "math.archFloor", rescue = "rejected-only" },
  },
  claim  = says("New references to std's internals are no longer possible.", {
    at   = "1.23",
    says = { { go = ">=1.23", outcome = "link-rejected", symbols = "math.archFloor" } },
  }),
  explain = "Functions that std writes in assembly stayed open until Go 1.27, and stay so where "
         .. "arguments are passed on the stack.",
}

case "std-builtin" {
  about  = "an unmarked function of the runtime that Go 1.23's compiler calls as a builtin",
  files  = "lockdown/std-builtin.txtar",
  go     = "1.22..1.27",
  expect = {
    { go = "<1.23", outcome = "pass", why = "nobody checks before Go 1.23" },
    { go = "1.23",  outcome = "pass", why = "the linker takes the pull for the compiler's own reference" },
    { outcome = "link-rejected", symbols = "runtime.rand32", rescue = "rejected-only" },
  },
  claim  = says("New references to the runtime's internals are no longer possible.", {
    at   = "1.23",
    says = { { go = ">=1.23", outcome = "link-rejected", symbols = "runtime.rand32" } },
  }),
  explain = "Go 1.23 does not check names that its compiler knows as builtins, and until Go 1.24 "
         .. "this is one.",
}

case "std-marked" {
  about   = "a function that std marks for the many packages that pull it",
  files   = "lockdown/std-marked.txtar",
  variant = default_and_1,
  expect  = { no_flag, { outcome = "pass" } },
  claim   = says("What packages already pulled goes on working, as std marks it.", {
    says = { { variant = "default", outcome = "pass" }, { go = ">=1.23", outcome = "pass" } },
  }),
}

case "std-pushed-to-os" {
  about   = "pushed by the runtime to package os, taken by package main",
  files   = "lockdown/std-pushed-to-os.txtar",
  variant = default_and_1,
  expect  = { no_flag, { outcome = "pass", why = "a mark names no user: it opens the name to everyone" } },
  claim   = says("The check asks for the handshake form for symbols of std: both sides must agree.", {
    at   = "1.23",
    says = { { go = ">=1.23", outcome = "link-rejected" } },
  }),
  explain = "The linker asks for a directive on the definition, whomever it is for; a push from one "
         .. "package of std to another opens the name to all.",
}

-- --- the flag ----------------------------------------------------------------

case "flag-is-new" {
  about   = "both values of the flag, with a program that needs neither",
  files   = "lockdown/std-marked.txtar",
  go      = "1.22..1.27",
  variant = { "checklinkname=0", "ldflags=-checklinkname=1" },
  expect  = { no_flag, { outcome = "pass" } },
  claim   = says("The linker has a new flag, -checklinkname.", {
    at      = "1.23",
    says    = { { go = ">=1.23", outcome = "pass" } },
    because = { { go = "<1.23", outcome = "unsupported", message = "checklinkname" } },
  }),
}

case "flag-on" {
  about   = "an unmarked function with -checklinkname=1",
  files   = "lockdown/std-unmarked.txtar",
  go      = "1.22..1.27",
  variant = "ldflags=-checklinkname=1",
  expect  = closed("sort.heapSort"),
  claim   = says("-checklinkname=1 refuses names of std that std does not mark.", {
    at   = "1.23",
    says = { { go = ">=1.23", outcome = "link-rejected", symbols = "sort.heapSort" } },
  }),
}

case "flag-off" {
  about   = "an unmarked function with -checklinkname=0",
  files   = "lockdown/std-unmarked.txtar",
  go      = "1.22..1.27",
  variant = "checklinkname=0",
  expect  = { no_flag, { outcome = "pass" } },
  claim   = says("Anyone can build with -ldflags=-checklinkname=0.", {
    at   = "1.23",
    says = { { go = ">=1.23", outcome = "pass" } },
  }),
}

case "flag-off-always" {
  about   = "is it always so? The same on versions older than the plan",
  files   = "lockdown/std-unmarked.txtar",
  go      = "1.21..1.27",
  variant = "checklinkname=0",
  expect  = { no_flag, { outcome = "pass" } },
  claim   = says("One can always build with -ldflags=-checklinkname=0.", {
    says = { { outcome = "pass" } },
  }),
  explain = "Linkers before Go 1.23 do not know the flag and stop, so it cannot stand in a build for "
         .. "all versions.",
}

case "flag-off-generic" {
  about   = "a generic function, with -checklinkname=0 and without",
  files   = "lockdown/std-generic.txtar",
  go      = "1.22..1.27",
  variant = { "default", "checklinkname=0" },
  expect  = { no_flag, { outcome = "link-undefined", symbols = "slices.Max",
                         why = "only its instances are functions, and they have other names" } },
  claim   = says("With the flag one can linkname whatever one likes.", {
    at   = "1.23",
    says = { { go = ">=1.23", variant = "checklinkname=0", outcome = "pass" } },
  }),
  explain = "Only what is a symbol of the program. A generic function is none, and the flag makes none.",
}

-- --- coroutines and weak pointers: "now or ever" -----------------------------

local never_ever = "Coroutines and weak pointers cannot be taken by linkname, now or ever."
local coro = { "runtime.coroswitch", "runtime.newcoro" }

case "coro" {
  about   = "a coroutine by the runtime's own names",
  files   = "lockdown/coro.txtar",
  variant = default_and_1,
  expect  = {
    no_flag,
    { go = "<1.22", outcome = "link-undefined", symbols = coro, why = "they came with Go 1.22" },
    { go = "1.22",  outcome = "pass", why = "nobody checks before Go 1.23" },
    { outcome = "link-rejected", symbols = coro, rescue = "rejected-only",
      why = "1.23 to 1.26 have them on a table of blocked names, 1.27 opens them to std only" },
  },
  claim   = says(never_ever, {
    at   = "1.23",
    says = { { go = ">=1.23", outcome = "link-rejected", symbols = coro } },
  }),
}

case "coro-is-new" {
  about   = "are coroutines new in Go 1.23?",
  files   = "lockdown/coro.txtar",
  go      = "1.21..1.23",
  expect  = {
    { go = "<1.22", outcome = "link-undefined", symbols = coro },
    { go = "1.22",  outcome = "pass", why = "there for GOEXPERIMENT=rangefunc, and linked in without it" },
    { outcome = "link-rejected", symbols = coro },
  },
  claim   = says("Coroutines were added in the Go 1.23 cycle.", {
    at   = "1.23",
    says = { { go = "<1.23", outcome = "link-undefined", symbols = coro } },
  }),
  explain = "Go 1.22 has them already, and there a program can take them.",
}

case "coro-flag-off" {
  about   = "the same with -checklinkname=0: it works",
  files   = "lockdown/coro.txtar",
  go      = "1.22..1.27",
  variant = "checklinkname=0",
  expect  = { no_flag, { outcome = "pass" } },
  claim   = says("With the flag one can linkname whatever one likes.", {
    at   = "1.23",
    says = { { go = ">=1.23", outcome = "pass" } },
  }),
}

case "coro-asm" {
  about  = "from assembly instead",
  files  = "lockdown/coro-asm.txtar",
  target = abis,
  expect = {
    { go = "<1.22", outcome = "link-undefined", symbols = "runtime.coroswitch" },
    { go = "1.22",  outcome = "pass", why = "nobody checks before Go 1.23" },
    { outcome = "link-rejected", symbols = "runtime.coroswitch", rescue = "rejected-only" },
  },
  claim  = says(never_ever, {
    at   = "1.23",
    says = { { go = ">=1.23", outcome = "link-rejected", symbols = "runtime.coroswitch" } },
  }),
}

case "coro-variable" {
  about  = "as a variable: one would have the function's address",
  files  = "lockdown/coro-variable.txtar",
  target = { "linux/386", "linux/amd64" },
  expect = {
    { go = "<1.22", outcome = "pass", findings = "orphan-variable",
      why = "there is no such name, so the program has a variable of its own" },
    { go = "1.22", outcome = "pass", findings = "signature-mismatch" },
    { go = ">=1.27", abi = "registers", outcome = "link-error", message = "non-function sym",
      findings = "signature-mismatch", why = "the linker trips over it before it looks at marks" },
    { outcome = "link-rejected", symbols = "runtime.newcoro", rescue = "rejected-only",
      findings = "signature-mismatch" },
  },
  claim  = says(never_ever, {
    at   = "1.23",
    says = { { go = ">=1.23", outcome = { "link-rejected", "link-error" } } },
  }),
}

local weak_internal = {
  "internal/weak.runtime_makeStrongFromWeak", "internal/weak.runtime_registerWeakPointer",
}
local weak_public = {
  "weak.runtime_makeStrongFromWeak", "weak.runtime_registerWeakPointer",
}

case "weak-internal" {
  about  = "weak pointers by the names of Go 1.23",
  files  = "lockdown/weak-internal.txtar",
  expect = {
    { go = "1.23", outcome = "link-rejected", symbols = weak_internal, rescue = "rejected-only" },
    { outcome = "link-undefined", symbols = weak_internal, why = "only Go 1.23 has internal/weak" },
  },
  claim  = says(never_ever, {
    at   = "1.23",
    says = { { go = "1.23", outcome = "link-rejected", symbols = weak_internal } },
  }),
}

case "weak-public" {
  about  = "weak pointers by the names that they have since Go 1.24",
  files  = "lockdown/weak-public.txtar",
  variant = default_and_1,
  expect = {
    no_flag,
    { go = "<1.24", outcome = "link-undefined", symbols = weak_public,
      why = "package weak came with Go 1.24" },
    { outcome = "pass", why = "the table of blocked names had internal/weak's only, and these are marked" },
  },
  claim  = says(never_ever, {
    at   = "1.23",
    says = { { go = ">=1.24", outcome = "link-rejected", symbols = weak_public } },
  }),
  explain = "Since Go 1.24, when internal/weak became weak, any program can: the blocked names were "
         .. "not renamed with it.",
}

case "weak-handle" {
  about  = "the function of the runtime below both",
  files  = "lockdown/weak-handle.txtar",
  expect = {
    { go = "<1.23", outcome = "link-undefined", symbols = "runtime.getOrAddWeakHandle",
      why = "it came with Go 1.23" },
    { outcome = "link-rejected", symbols = "runtime.getOrAddWeakHandle", rescue = "rejected-only" },
  },
  claim  = says(never_ever, {
    at   = "1.23",
    says = { { go = ">=1.23", outcome = "link-rejected", symbols = "runtime.getOrAddWeakHandle" } },
  }),
}

case "new-internal" {
  about  = "a name that the runtime pushes to a package of std since Go 1.24",
  files  = "lockdown/new-internal.txtar",
  expect = {
    { go = "<1.24", outcome = "link-undefined", symbols = "internal/sync.runtime_nanotime" },
    { outcome = "link-rejected", symbols = "internal/sync.runtime_nanotime", rescue = "rejected-only",
      why = "it is on the linker's table of blocked names" },
  },
  claim  = says("Names that nobody took yet will not be taken in the future either.", {
    at   = "1.23",
    says = { { go = ">=1.24", outcome = "link-rejected", symbols = "internal/sync.runtime_nanotime" } },
  }),
}

-- --- references from assembly ------------------------------------------------

case "asm-unmarked" {
  about  = "a function of std that is written in assembly and unmarked",
  files  = "lockdown/asm-unmarked.txtar",
  target = abis,
  expect = {
    { go = "<1.27", outcome = "pass", why = "the linker lets through what assembly defines" },
    { abi = "stack", outcome = "pass",
      why = "without ABI wrappers the linker does not know what is marked" },
    { outcome = "link-rejected", symbols = "math.archFloor", rescue = "rejected-only" },
  },
  claim  = says("New references to std's internals are no longer possible.", {
    at   = "1.23",
    says = { { go = ">=1.23", outcome = "link-rejected", symbols = "math.archFloor" } },
  }),
  explain = "From assembly to assembly they were until Go 1.27, and still are where arguments are "
         .. "passed on the stack.",
}

case "asm-marked" {
  about  = "a function of std that is marked, at least where the linker looks",
  files  = "lockdown/asm-marked.txtar",
  target = abis,
  expect = { outcome = "pass" },
  claim  = says("What packages already used goes on working.", { says = { { outcome = "pass" } } }),
}

case "asm-go-function" {
  about  = "a marked function of std that is written in Go",
  files  = "lockdown/asm-go-function.txtar",
  go     = "1.17..1.27",
  target = abis,
  expect = {
    { go = "1.17", outcome = "link-undefined", symbols = "runtime.nanotime",
      why = "Go 1.17 tells ABI0 and ABIInternal apart on architectures with one ABI, too" },
    { go = "<1.23", abi = "registers", outcome = "link-undefined", symbols = "runtime.nanotime",
      why = "assembly asks for ABI0, and an unmarked Go function has ABIInternal only" },
    { outcome = "pass", why = "a mark makes the compiler write an ABI wrapper" },
  },
}

case "asm-variable" {
  about  = "an unmarked variable of std",
  files  = "lockdown/asm-variable.txtar",
  target = { "linux/386", "linux/amd64", "linux/arm64" },
  expect = closed("runtime.forcegcperiod"),
  claim  = says("New references to the runtime's internals are no longer possible.", {
    at   = "1.23",
    says = { { go = ">=1.23", outcome = "link-rejected", symbols = "runtime.forcegcperiod" } },
  }),
}

-- --- "we will not have broken anything" --------------------------------------

local nothing_broken = "With the marks in place, nothing breaks."

case "type-methods" {
  about  = "a method of reflect's type descriptor, of those that goccy/go-json pulls",
  files  = "lockdown/type-methods.txtar",
  expect = "pass",
  claim  = says("The runtime's type API cannot change any more, as goccy/go-json depends on it.", {
    says = { { outcome = "pass" } },
  }),
}

case "broken-by-the-check" {
  about  = "a program that took an unmarked name before the check came",
  files  = "lockdown/std-unmarked.txtar",
  expect = closed("sort.heapSort"),
  claim  = says(nothing_broken, { at = "1.23", says = { { go = ">=1.23", outcome = "pass" } } }),
  explain = "What nobody had marked does break, with Go 1.23. The plan counts on reports about what "
         .. "was missed.",
}

case "broken-later" {
  about  = "encoding/json's function that bytedance/sonic pulls",
  files  = "lockdown/unquote.txtar",
  expect = {
    { go = "<1.26", outcome = "pass" },
    { go = "1.26",  outcome = "link-rejected", symbols = "encoding/json.unquoteBytes",
      rescue = "rejected-only", why = "Go 1.26 took the mark away" },
    { outcome = "link-undefined", symbols = "encoding/json.unquoteBytes",
      why = "Go 1.27 took the function away" },
  },
  claim  = says(nothing_broken, { at = "1.23", says = { { go = ">=1.23", outcome = "pass" } } }),
  explain = "Marks are withdrawn again: this one stood from Go 1.23 to 1.25.",
}

case "reported" {
  about  = "runtime.lastmoduledatap, whose mark was asked for (golang/go#71672)",
  files  = "lockdown/reported.txtar",
  go     = { "1.22..1.27", "1.24.0?" },
  expect = {
    { go = "1.24.0", outcome = "link-rejected", symbols = "runtime.lastmoduledatap",
      rescue = "rejected-only" },
    { outcome = "pass" },
  },
  claim  = says("As reports come in, more marks are added.", {
    says = { { go = ">=1.24.1", outcome = "pass" } },
    because = { { go = "1.24.0", outcome = "link-rejected", symbols = "runtime.lastmoduledatap" } },
  }),
}

-- --- what no program can settle ----------------------------------------------

not_checkable {
  source = "golang/go#67401",
  text   = "A change to the runtime's type functions broke goccy/go-json, as it had copied most of them.",
  why    = "The change was taken back before any release, so no toolchain has it. "
        .. "The case type-methods shows that the methods of today still link.",
}

not_checkable {
  source = "golang/go#67401",
  text   = "Existing open-source packages are surveyed for the names that they pull.",
  why    = "It is about the authors' work, not about what a toolchain does.",
}

not_checkable {
  source = "golang/go#67401",
  text   = "Code that needs a special flag does not become a core dependency of the ecosystem.",
  why    = "It is about what people will do.",
}

not_checkable {
  source = "golang/go#67401",
  text   = "Handshakes are to be asked for outside of std as well, some day.",
  why    = "A wish without a date; pull-package and pull-module show that it is not so yet.",
}
