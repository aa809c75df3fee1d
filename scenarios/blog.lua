-- A blog post's examples, its rules for the directive and its table of eleven combinations. `claim` is
-- what the post says, `expect` what is true.
--
-- Most programs have two packages besides main: hello has something to give, ciao wants it. What a
-- function of the built program really reads is asked from its machine code.

local document = "//go:linkname, a blog post of 2022"

scenario {
  about  = "which package carries the directive, what is linked then, and what the program reads",
  source = document,
  go     = "1.17..1.27",  -- 1.17 was the newest when the post was written
  target = "linux/amd64",
}

local mod = [[
-- go.mod --
module lnmatrix.invalid/blog

go 1.17
]]

-- The names of this module that a function of the built program refers to, in their order.
local function reads(cell, func)
  local own = {}
  for _, name in ipairs(cell:symbols(func)) do
    local short, count = name:gsub("^lnmatrix%.invalid/blog/", "")
    if count == 1 then
      own[#own + 1] = short
    end
  end
  return table.concat(own, " ")
end

-- --- the first example -------------------------------------------------------

case "example-1-plain" {
  about  = "an unexported variable of another package, by its name",
  files  = "blog/example-1-plain.txtar",
  expect = {
    { go = "1.17", outcome = "compile-error", message = "cannot refer to unexported name hello.msg" },
    { outcome = "compile-error", message = "undefined: hello.msg" },
  },
  claim  = {
    source = document,
    text   = "Without a linkname an unexported variable of another package is a compile error.",
    says   = { { outcome = "compile-error" } },
  },
}

case "example-1" {
  about  = "the same by a linkname",
  files  = "blog/example-1.txtar",
  expect = { outcome = "pass", stderr = "Exported message\nprivate message\n" },
  claim  = {
    source = document,
    text   = "By a linkname main reads another package's unexported variable.",
    says   = { { outcome = "pass", stderr = "Exported message\nprivate message\n" } },
  },
}

-- --- what the post says of the directive -------------------------------------

case "unsafe" {
  about  = "the first example in a file that does not import unsafe",
  files  = mod .. [[
-- hello/hello.go --
package hello

var msg = "private message"

func Len() int { return len(msg) }
-- main.go --
package main

import "lnmatrix.invalid/blog/hello"

//go:linkname linked lnmatrix.invalid/blog/hello.msg
var linked string

func main() {
	if len(linked) != hello.Len() {
		panic("not linked")
	}
}
]],
  expect = { outcome = "compile-error", message = [[only allowed in Go files that import "unsafe"]],
             findings = "missing-unsafe-import" },
  claim  = {
    source = document,
    text   = "The file must import unsafe.",
    says   = { { outcome = "compile-error" } },
  },
}

case "no-space" {
  about  = "the first example with a blank after the slashes",
  files  = mod .. [[
-- hello/hello.go --
package hello

var msg = "private message"

func Len() int { return len(msg) }
-- main.go --
package main

import (
	_ "unsafe"

	"lnmatrix.invalid/blog/hello"
)

// go:linkname linked lnmatrix.invalid/blog/hello.msg
var linked string

func main() {
	if len(linked) != hello.Len() {
		panic("not linked")
	}
}
]],
  expect = { outcome = "run-crash", message = "not linked", findings = "inert-directive" },
  claim  = {
    source = document,
    text   = "With a blank after the slashes a directive is a comment.",
    says   = { outcome = "run-crash", message = "not linked" },
  },
}

case "both-ways" {
  about  = "a variable pulled, a variable pushed, a function pulled; one directive above another thing",
  files  = "blog/both-ways.txtar",
  expect = { outcome = "pass", stderr = "5 5\nhello hello\n15\n" },
  claim  = {
    source = document,
    text   = "Either package may carry the directive, and it need not stand right above what it is for.",
    says   = { { outcome = "pass", stderr = "5 5\nhello hello\n15\n" } },
  },
}

-- A function made in ciao, called in main; IMPORT is what main imports.
local pushed = mod .. [[
-- main.go --
package main

IMPORT

func number() int64

func main() { println(number()) }
-- empty.s --
-- ciao/ciao.go --
package ciao

import _ "unsafe"

//go:linkname number main.number
func number() int64 { return 5 }
]]

case "import" {
  about  = "a function pushed by a package that is imported",
  files  = pushed:gsub("IMPORT", 'import _ "lnmatrix.invalid/blog/ciao"'),
  expect = { outcome = "pass", stderr = "5\n" },
}

case "import-none" {
  about  = "a function pushed by a package that nobody imports",
  files  = pushed:gsub("IMPORT\n\n", ""),
  expect = { outcome = "link-undefined", symbols = "main.number" },
  claim  = {
    source = document,
    text   = "The package that has the directive must be imported.",
    says   = { { outcome = "link-undefined", symbols = "main.number" } },
  },
}

case "import-no-body" {
  about  = "a function pushed by an imported package, and no assembly file in main",
  files  = pushed:gsub("IMPORT", 'import _ "lnmatrix.invalid/blog/ciao"'):gsub("%-%- empty.s %-%-\n", ""),
  expect = { outcome = "compile-error", message = "missing function body" },
  claim  = {
    source = document,
    text   = "It does not matter which of the two packages has the directive.",
    says   = { { outcome = "pass" } },
  },
  explain = "For a function it does: where the package that declares it has no directive, the compiler "
    .. "asks for a body, unless there is an assembly file.",
}

case "import-variable" {
  about  = "a variable pulled from a package that nobody imports",
  files  = mod .. [[
-- main.go --
package main

import _ "unsafe"

//go:linkname number lnmatrix.invalid/blog/ciao.number
var number int64

func main() { println(number) }
-- ciao/ciao.go --
package ciao

var number int64 = 5
]],
  expect = { outcome = "pass", stderr = "0\n", why = "a variable of that name is made, and is zero" },
}

case "import-indirect" {
  about  = "a function pulled from a package that only another one imports",
  files  = mod .. [[
-- main.go --
package main

import (
	_ "unsafe"

	_ "lnmatrix.invalid/blog/between"
)

//go:linkname number lnmatrix.invalid/blog/ciao.number
func number() int64

func main() { println(number()) }
-- between/between.go --
package between

import _ "lnmatrix.invalid/blog/ciao"
-- ciao/ciao.go --
package ciao

func number() int64 { return 5 }
]],
  expect = { outcome = "pass", stderr = "5\n", why = "it must be in the program, whoever imports it" },
}

case "go-inline" {
  about = "the compiler's own list of directives",
  files = mod .. "-- main.go --\npackage main\n\nfunc main() {}\n",
  steps = function(cell)
    for _, name in ipairs { "go:noescape", "go:norace", "go:inline" } do
      cell:check(#cell:source('"' .. name .. '"', "src/cmd/compile/internal") > 0, "there is no " .. name)
    end
  end,
  expect = { outcome = "run-wrong", message = "there is no go:inline" },
  claim  = {
    source = document,
    text   = "Other directives are go:noescape, go:inline, go:norace.",
    says   = { { outcome = "pass" } },
  },
  explain = "There are go:noescape, go:norace and go:noinline, but no go:inline.",
}

-- --- a reference, seen from the outside and in the machine code --------------

case "example-2" {
  about  = "main writes the linked variable, its own package reads it",
  files  = "blog/example-2.txtar",
  expect = { outcome = "pass", stderr = "5\n10\n" },
  claim  = {
    source = document,
    text   = "A change of the linked variable shows in the package that it comes from.",
    says   = { { outcome = "pass", stderr = "5\n10\n" } },
  },
}

-- The program looks for a name in its own file. It is put together while it runs, so that the file
-- does not have it for that reason.
local own_names = mod .. [[
-- main.go --
package main

import (
	"bytes"
	"os"
	_ "unsafe"
)

//go:linkname age lnmatrix.invalid/blog/hello.age
var age int64

//go:noinline
func write() { age = 10 }

func main() {
	write()
	file, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		panic(err)
	}
	for _, pkg := range os.Args[1:] {
		println(pkg, bytes.Contains(file, []byte(pkg+".age")))
	}
}
]]

case "example-3-plain" {
  about   = "a variable without a directive: main.age it is, in the code and in the file",
  files   = own_names:gsub("//go:linkname[^\n]*\n", ""),
  args    = { "main", "hello" },
  variant = "ldflags=-compressdwarf=false",
  steps   = function(cell)
    cell:build()
    cell:run()
    cell:check(cell:symbols("main.write")[1] == "main.age", "it does not write main.age")
  end,
  expect  = { outcome = "pass", stderr = "main true\nhello false\n" },
  claim   = {
    source = document,
    text   = "Without a directive the code writes main.age.",
    says   = { { outcome = "pass" } },
  },
}

case "example-3" {
  about   = "the same with a directive; package hello is not even there",
  files   = own_names,
  args    = { "main", "hello" },
  variant = "ldflags=-compressdwarf=false",
  steps   = function(cell)
    cell:build()
    cell:run()
    local written = reads(cell, "main.write")
    cell:check(written == "hello.age", "it writes " .. written)
  end,
  expect  = { outcome = "pass", stderr = "main false\nhello true\n" },
  claim   = {
    source = document,
    text   = "With it the code writes hello.age, and main.age is nowhere in the file.",
    says   = { { outcome = "pass", stderr = "main false\nhello true\n" } },
  },
}

-- --- the table ---------------------------------------------------------------

-- A program of the table: the variables of hello and ciao, and main that reads both.
local function table_program(hello, ciao)
  return mod .. [[
-- hello/hello.go --
package hello

import _ "unsafe"

]] .. hello .. [[


func Get() int64 { return privInt64 }
-- ciao/ciao.go --
package ciao

import _ "unsafe"

]] .. ciao .. [[


func Get() int64 { return linkedInt64 }
-- main.go --
package main

import (
	"lnmatrix.invalid/blog/ciao"
	"lnmatrix.invalid/blog/hello"
)

var a, b int64

//go:noinline
func read() {
	a = hello.Get()
	b = ciao.Get()
}

func main() {
	read()
	println(a, b)
}
]]
end

-- hello's variable goes by ciao's name, and ciao's by hello's.
local to_ciao  = "//go:linkname privInt64 lnmatrix.invalid/blog/ciao.linkedInt64\n"
local to_hello = "//go:linkname linkedInt64 lnmatrix.invalid/blog/hello.privInt64\n"

-- A row that builds: what the program prints, and what the two getters, inlined, read.
local function row(name, r)
  case(name) {
    about  = r.about,
    files  = table_program(r.hello, r.ciao),
    target = { "linux/amd64", "linux/386" },
    steps  = function(cell)
      cell:build()
      cell:run()
      local found = reads(cell, "main.read")
      cell:check(found == r.reads, "it reads " .. found)
    end,
    expect = { outcome = "pass", stderr = r.prints },
    claim  = {
      source = document,
      text   = r.text,
      says   = { { outcome = "pass", stderr = r.prints } },
    },
  }
end

row("row-01", {
  about  = "no directive",
  hello  = "var privInt64 int64 = 5",
  ciao   = "var linkedInt64 int64",
  prints = "5 0\n",
  reads  = "hello.privInt64 ciao.linkedInt64",
  text   = "Without a directive each package reads its own variable: 5 and 0.",
})

row("row-02", {
  about  = "ciao pulls",
  hello  = "var privInt64 int64 = 5",
  ciao   = to_hello .. "var linkedInt64 int64",
  prints = "5 5\n",
  reads  = "hello.privInt64",
  text   = "With the directive in ciao both read hello's variable: 5 and 5.",
})

row("row-03", {
  about  = "hello pushes",
  hello  = to_ciao .. "var privInt64 int64 = 5",
  ciao   = "var linkedInt64 int64",
  prints = "5 5\n",
  reads  = "ciao.linkedInt64",
  text   = "With the directive in hello both read ciao's variable: 5 and 5.",
})

-- A row that does not build: both have a value.
local function twice(name, r)
  local says = { { outcome = "link-duplicate", symbols = r.symbol,
                   message = "duplicated definition of symbol " .. r.symbol } }
  case(name) {
    about  = r.about,
    files  = table_program(r.hello, r.ciao),
    target = { "linux/amd64", "linux/386" },
    expect = says,
    claim  = {
      source = document,
      text   = "A value in both packages fails: duplicated definition of symbol.",
      says   = says,
    },
  }
  case(name .. "-compiler") {
    about = "the same: is it the compiler that refuses?",
    files = table_program(r.hello, r.ciao),
    steps = function(cell)
      cell:check(not cell:compile {}.ok, "the compiler has no objection")
    end,
    expect = { outcome = "run-wrong", message = "the compiler has no objection" },
    claim  = {
      source = document,
      text   = "It is a compile error.",
      says   = { { outcome = "pass" } },
    },
    explain = "The compiler sees one package at a time and has no objection; the linker refuses.",
  }
end

twice("row-04", {
  about  = "ciao pulls, and has a value of its own",
  hello  = "var privInt64 int64 = 5",
  ciao   = to_hello .. "var linkedInt64 int64 = 10",
  symbol = "lnmatrix.invalid/blog/hello.privInt64",
})

twice("row-05", {
  about  = "hello pushes, and ciao has a value of its own",
  hello  = to_ciao .. "var privInt64 int64 = 5",
  ciao   = "var linkedInt64 int64 = 10",
  symbol = "lnmatrix.invalid/blog/ciao.linkedInt64",
})

row("row-06", {
  about  = "both have a directive: each goes by the other's name; hello has a value",
  hello  = to_ciao .. "var privInt64 int64 = 5",
  ciao   = to_hello .. "var linkedInt64 int64",
  prints = "5 0\n",
  reads  = "ciao.linkedInt64 hello.privInt64",
  text   = "With a directive in both the names change places: 5 and 0.",
})

row("row-07", {
  about  = "both have a directive, ciao has a value",
  hello  = to_ciao .. "var privInt64 int64",
  ciao   = to_hello .. "var linkedInt64 int64 = 10",
  prints = "0 10\n",
  reads  = "ciao.linkedInt64 hello.privInt64",
  text   = "With a directive in both, and a value in ciao: 0 and 10.",
})

row("row-08", {
  about  = "both have a directive and a value",
  hello  = to_ciao .. "var privInt64 int64 = 5",
  ciao   = to_hello .. "var linkedInt64 int64 = 10",
  prints = "5 10\n",
  reads  = "ciao.linkedInt64 hello.privInt64",
  text   = "With a directive and a value in both: 5 and 10.",
})

case "both-sides" {
  about  = "row 6 asked for what a linkname is for: do the two packages share a variable?",
  files  = table_program(to_ciao .. "var privInt64 int64 = 5", to_hello .. "var linkedInt64 int64"),
  expect = { outcome = "pass", stderr = "5 0\n" },
  claim  = {
    source = document,
    text   = "A directive in both packages works as intended.",
    says   = { { outcome = "pass", stderr = "5 5\n" } },
  },
  explain = "The two names change places and nothing is shared. It works where both name one symbol.",
}

-- A function in ciao and its declaration in main, each with a directive.
local function both(directive)
  return mod .. [[
-- main.go --
package main

import (
	_ "unsafe"

	_ "lnmatrix.invalid/blog/ciao"
)

//go:linkname number lnmatrix.invalid/blog/ciao.number
func number() int64

func main() { println(number()) }
-- ciao/ciao.go --
package ciao

import _ "unsafe"

]] .. directive .. [[

func number() int64 { return 5 }
]]
end

case "both-sides-function" {
  about  = "a function: each side's directive names the other's",
  files  = both("//go:linkname number main.number"),
  expect = { outcome = "link-undefined", symbols = "lnmatrix.invalid/blog/ciao.number",
             why = "ciao gave its function another name, so there is none of this name" },
  claim  = {
    source = document,
    text   = "A directive in both packages works as intended, for functions too.",
    says   = { { outcome = "pass", stderr = "5\n" } },
  },
  explain = "Each renames, and they miss each other: the linker finds no function of that name.",
}

case "both-sides-one-name" {
  about  = "a function: ciao's directive keeps its name and only marks it",
  files  = both("//go:linkname number"),
  expect = { outcome = "pass", stderr = "5\n" },
}

-- --- rows 9 to 11: methods ---------------------------------------------------

-- A method of hello called through a function of ciao. Before, a call with other arguments leaves
-- them where a result that nobody sets would be read.
local method = mod .. [[
-- want.stderr --
5
-- hello/hello.go --
package hello

var privInt64 int64 = 5

type Public struct{FIELD}

func (p Public) getPrivInt64() int64 { return privInt64 }
-- ciao/ciao.go --
package ciao

import (
	_ "unsafe"

	_ "lnmatrix.invalid/blog/hello"
)

//go:linkname Link lnmatrix.invalid/blog/hello.Public.getPrivInt64
func Link() int64
-- main.go --
package main

import "lnmatrix.invalid/blog/ciao"

//go:noinline
func sum(a, b, c, d uintptr) uintptr { return a + b + c + d }

func main() {
	sum(1, 2, 3, 4)
	println(ciao.Link())
}
]]

-- What the method itself reads, where the disassembler can tell.
local function method_reads(func, variable)
  return function(cell)
    cell:build()
    cell:run()
    if cell.goarch == "amd64" or cell.goarch == "386" then
      local found = reads(cell, "lnmatrix.invalid/blog/hello.Public." .. func)
      cell:check(found == variable, "it reads " .. found)
    end
  end
end

-- Where arguments stand in registers, the receiver is simply not looked at.
local four = { "linux/amd64", "linux/386", "linux/arm64", "linux/s390x" }
local by_abi = {
  { abi = "registers", outcome = "pass",
    why = "the receiver's registers are not read, and the result comes where it is looked for" },
  { abi = "stack", outcome = { "run-crash", "run-wrong", "flaky" }, never = "pass",
    why = "the result lies behind a receiver of two words that the caller has no room for" },
}
local wrong = { { outcome = { "run-crash", "run-wrong", "flaky" }, never = "pass" } }
local by_luck = "Where Go passes arguments on the stack, as in the post's listing (Go 1.16 or older). In "
  .. "registers (amd64 from 1.17, arm64 from 1.18, s390x from 1.26 on) the result is right, by luck."

case "row-09" {
  about  = "a method of an empty struct, pulled as a function without a receiver",
  files  = method:gsub("FIELD", ""),
  target = four,
  steps  = method_reads("getPrivInt64", "hello.privInt64"),
  expect = { outcome = "pass" },
  claim  = {
    source = document,
    text   = "A method of an empty struct can be pulled as a function: it gives 5.",
    says   = { { outcome = "pass" } },
  },
}

case "row-10" {
  about   = "the same with a string in the struct",
  files   = method:gsub("FIELD", " field string "),
  target  = four,
  repeats = 5,
  steps   = method_reads("getPrivInt64", "hello.privInt64"),
  expect  = by_abi,
  claim   = {
    source = document,
    text   = "With a field in the struct the pulled method gives garbage or a fault.",
    says   = wrong,
  },
  explain = by_luck,
}

case "row-11" {
  about   = "a function pushed as the method of a struct with a string",
  files   = mod .. [[
-- want.stderr --
10
-- hello/hello.go --
package hello

type Public struct{ field string }

func (p Public) GetLinkedInt64() int64
-- hello/empty.s --
-- ciao/ciao.go --
package ciao

import _ "unsafe"

var linkedInt64 int64 = 10

//go:linkname getLinkedInt64 lnmatrix.invalid/blog/hello.Public.GetLinkedInt64
//go:noinline
func getLinkedInt64() int64 { return linkedInt64 }
-- main.go --
package main

import (
	_ "lnmatrix.invalid/blog/ciao"
	"lnmatrix.invalid/blog/hello"
)

//go:noinline
func sum(a, b, c, d uintptr) uintptr { return a + b + c + d }

func main() {
	sum(1, 2, 3, 4)
	println(hello.Public{}.GetLinkedInt64())
}
]],
  target  = four,
  repeats = 5,
  steps   = method_reads("GetLinkedInt64", "ciao.linkedInt64"),
  expect  = by_abi,
  claim   = {
    source = document,
    text   = "A function pushed as a method of such a struct gives garbage or a fault.",
    says   = wrong,
  },
  explain = by_luck,
}

-- --- clever uses -------------------------------------------------------------

case "private-field" {
  about  = "an unexported struct by a copy of it",
  files  = mod .. [[
-- hello/hello.go --
package hello

type privStruct struct{ field int64 }

func getPrivStruct() *privStruct { return &privStruct{field: 100} }
-- main.go --
package main

import (
	_ "unsafe"

	_ "lnmatrix.invalid/blog/hello"
)

type copied struct{ field int64 }

//go:linkname get lnmatrix.invalid/blog/hello.getPrivStruct
func get() *copied

func main() { println(get().field) }
]],
  expect = { outcome = "pass", stderr = "100\n" },
  claim  = {
    source = document,
    text   = "With a copy of the struct a pulled function gives its unexported fields.",
    says   = { { outcome = "pass", stderr = "100\n" } },
  },
}

local getg = mod .. [[
-- main.go --
package main

import "unsafe"

//go:linkname getg runtime.getg
func getg() unsafe.Pointer

func main() {
	if getg() == nil {
		panic("no goroutine")
	}
}
]]

case "getg" {
  about  = "runtime.getg pulled",
  files  = getg,
  expect = { outcome = "link-undefined", symbols = "runtime.getg",
             message = "relocation target runtime.getg not defined" },
  claim  = {
    source = document,
    text   = "runtime.getg cannot be linked to.",
    says   = { { outcome = "link-undefined", symbols = "runtime.getg" } },
  },
}

case "getg-assembly" {
  about = "is getg written in assembly?",
  files = getg,
  steps = function(cell)
    cell:check(#cell:source("TEXT runtime·getg(SB)", "src/runtime") > 0, "no assembly defines getg")
  end,
  expect = { outcome = "run-wrong", message = "no assembly defines getg" },
  claim  = {
    source = document,
    text   = "That is because getg is implemented in assembly.",
    says   = { { outcome = "pass" } },
  },
  explain = "There is no such function at all: the compiler puts the g's register or slot in its place, "
    .. "and only within the runtime.",
}

case "getg-own" {
  about  = "assembly of one's own gives the g",
  files  = "blog/getg-own.txtar",
  expect = { outcome = "pass" },
  claim  = {
    source = document,
    text   = "A function of one's own, in assembly, gets at the g.",
    says   = { { outcome = "pass" } },
  },
}

case "tls13-ciphers" {
  about  = "the list of TLS 1.3 suites, pulled",
  files  = "blog/tls13.txtar",
  expect = {
    { go = "<1.23", outcome = "pass", stderr = "3 suites, the first 0x1301\n" },
    { outcome = "pass", stderr = "3 suites, the first 0x1301\n",
      why = "unexported still, and marked since Go 1.23 for those who pull it" },
  },
  claim = {
    source = document,
    text   = "A linkname gives access to crypto/tls's unexported list of TLS 1.3 suites.",
    says   = { { outcome = "pass", stderr = "3 suites, the first 0x1301\n" } },
  },
}

case "tls13-ciphers-set" {
  about  = "the list cut to one suite, and what a client offers then",
  files  = "blog/tls13-set.txtar",
  expect = { outcome = "pass", stderr = "0x1302\n" },
}

case "tls13-ciphers-alone" {
  about  = "the same list in a program that does not import crypto/tls",
  files  = mod .. [[
-- main.go --
package main

import _ "unsafe"

//go:linkname suites crypto/tls.defaultCipherSuitesTLS13
var suites []uint16

func main() { println(len(suites)) }
]],
  expect = { outcome = "pass", stderr = "0\n",
             why = "the package is not in the program: a variable of that name is made, and is empty" },
}

case "mallocgc" {
  about  = "runtime.mallocgc pulled and used",
  files  = "blog/mallocgc.txtar",
  expect = {
    { go = "<1.23", outcome = "pass" },
    { go = "1.23", outcome = "pass", why = "unmarked, but the compiler calls it too" },
    { outcome = "pass", why = "marked, as widely used packages pull it" },
  },
  claim = {
    source = document,
    text   = "A linkname gives access to the runtime's unexported mallocgc.",
    says   = { { outcome = "pass" } },
  },
}

not_checkable {
  source = document,
  text   = "Compiler directives are no part of the language; they may change or go in any version.",
  why    = "It says what may happen, not what does.",
}
