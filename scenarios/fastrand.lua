-- For years programs have taken their random numbers from the runtime by
-- //go:linkname. Go 1.22 put a new generator in its place and gave the functions
-- new names; Go 1.23's linker began to check who may pull what. Which name
-- works where?
--
-- All four architectures agree, so no entry of `expect` names one. The programs
-- look at every bit, so a result that is too narrow, or read in the wrong byte
-- order, would not pass on 386 or s390x.

scenario {
  about  = "runtime.fastrand, its kin and what came after them",
  source = "src/runtime/stubs.go up to Go 1.21, src/runtime/rand.go from 1.22 on",

  go = "1.18..1.27",
  target = { "linux/386", "linux/amd64", "linux/arm64", "linux/s390x" },
  cgo = false,
}

-- A function of the runtime that gives random bits: NAME is pulled and called a
-- thousand times; each bit of ALL must have come as 1 and as 0, and no other.
local bits = [[
-- want.stderr --
every bit came as 1 and as 0
-- go.mod --
module lnmatrix.invalid/fastrand

go 1.17
-- main.go --
package main

import _ "unsafe" // for go:linkname

//go:linkname NAME runtime.NAME
func NAME() TYPE

func main() {
	const all = ALL
	var ones, zeros TYPE
	for i := 0; i < 1000; i++ {
		x := NAME()
		ones |= x
		zeros |= ^x
	}
	if ones != all || zeros&all != all {
		panic("a bit never changed")
	}
	println("every bit came as 1 and as 0")
}
]]

-- The same for one that takes n and gives a number below n. One that is too
-- large is a panic: index out of range.
local below = [[
-- want.stderr --
0 to 9 came, and nothing else
-- go.mod --
module lnmatrix.invalid/fastrand

go 1.17
-- main.go --
package main

import _ "unsafe" // for go:linkname

//go:linkname NAME runtime.NAME
func NAME(n uint32) uint32

func main() {
	var seen [10]bool
	for i := 0; i < 1000; i++ {
		seen[NAME(10)] = true
	}
	for _, came := range seen {
		if !came {
			panic("a number never came")
		}
	}
	println("0 to 9 came, and nothing else")
}
]]

-- The program with words in the place of its capitals NAME, TYPE and ALL.
local function write(program, words)
  local text = program:gsub("%u%u%u+", words)
  return text
end

local function uint32(name)
  return write(bits, { NAME = name, TYPE = "uint32", ALL = "1<<32 - 1" })
end
local function uint64(name)
  return write(bits, { NAME = name, TYPE = "uint64", ALL = "1<<64 - 1" })
end
local function uint(name)
  return write(bits, { NAME = name, TYPE = "uint", ALL = "^uint(0)" })
end
local function int63(name)
  return write(bits, { NAME = name, TYPE = "int64", ALL = "1<<63 - 1" })
end
local function n(name)
  return write(below, { NAME = name })
end

-- --- the names of old -------------------------------------------------------

local legacy = "renamed by Go 1.22; runtime/rand.go keeps the old name for legacy code that pulls it"

case "fastrand" {
  files  = uint32("fastrand"),
  expect = {
    { go = "1.18..1.21", outcome = "pass" },
    { go = "1.22..1.27", outcome = "pass", why = legacy },
  },
}

case "fastrandn" {
  files  = n("fastrandn"),
  expect = {
    { go = "1.18..1.21", outcome = "pass" },
    { go = "1.22..1.27", outcome = "pass", why = legacy },
  },
}

case "fastrand64" {
  files  = uint64("fastrand64"),
  expect = {
    { go = "1.18",       outcome = "link-undefined", why = "it came with Go 1.19" },
    { go = "1.19..1.21", outcome = "pass" },
    { go = "1.22..1.27", outcome = "pass", why = legacy },
  },
}

case "fastrandu" {
  files  = uint("fastrandu"),
  expect = {
    { go = "1.18",       outcome = "link-undefined", why = "it came with Go 1.19" },
    { go = "1.19..1.21", outcome = "pass" },
    { go = "1.22..1.27", outcome = "link-undefined",
      why = "alone of the four it got no legacy name when Go 1.22 renamed them" },
  },
}

-- --- what came after them, all in Go 1.22 -----------------------------------

local new = "it came with Go 1.22"
local unchecked = "unmarked, but the linker checks from Go 1.23 on"

local marked_from_the_start = {
  { go = "1.18..1.21", outcome = "link-undefined", why = new },
  { go = "1.22..1.27", outcome = "pass",
    why = "runtime/rand.go marks it by a linkname, as other packages pull it" },
}

case "rand"  { files = uint64("rand"), expect = marked_from_the_start }
case "randn" { files = n("randn"),     expect = marked_from_the_start }

-- Meant for the runtime alone; marked when the check came, for the packages that
-- runtime/rand.go calls the hall of shame.
local marked_with_the_check = {
  { go = "1.18..1.21", outcome = "link-undefined", why = new },
  { go = "1.22",       outcome = "pass", why = unchecked },
  { go = "1.23..1.27", outcome = "pass",
    why = "marked by a linkname, as widely used packages pull it (go.dev/issue/67401)" },
}

case "cheaprand"   { files = uint32("cheaprand"),  expect = marked_with_the_check }
case "cheaprandn"  { files = n("cheaprandn"),      expect = marked_with_the_check }
case "cheaprand64" { files = int63("cheaprand64"), expect = marked_with_the_check }

-- --- those that nobody marked: the linker refuses them ----------------------

case "bootstrapRand" {
  files  = uint64("bootstrapRand"),
  expect = {
    { go = "1.18..1.21", outcome = "link-undefined", why = new },
    { go = "1.22",       outcome = "pass", why = unchecked },
    { go = "1.23..1.27", outcome = "link-rejected", symbols = "runtime.bootstrapRand",
      rescue = "rejected-only" },
  },
}

case "rand32" {
  files  = uint32("rand32"),
  expect = {
    { go = "1.18..1.21", outcome = "link-undefined", why = new },
    { go = "1.22",       outcome = "pass", why = unchecked },
    { go = "1.23",       outcome = "pass",
      why = "unmarked, but the compiler calls it too, and 1.23 takes a pull for such a call" },
    { go = "1.24..1.27", outcome = "link-rejected", symbols = "runtime.rand32",
      rescue = "rejected-only" },
  },
}

case "cheaprandu64" {
  files  = uint64("cheaprandu64"),
  expect = {
    { go = "1.18..1.26", outcome = "link-undefined", why = "it came with Go 1.27" },
    { go = "1.27",       outcome = "link-rejected", symbols = "runtime.cheaprandu64",
      rescue = "rejected-only" },
  },
}
