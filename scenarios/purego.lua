-- ebitengine/purego#455, statement by statement. fakecgo.lua asks the report's main
-- question, whether assembly may refer to two names of the runtime; here each name
-- stands alone, each is closed alone, and the causes and ways out that the report
-- names are looked at.

local function closed(names) return "go1.27.4+linknamestd(" .. names .. ")" end

local may      = closed "runtime.load_g,runtime.cgocallback"  -- the tree that the report saw
local may_g    = closed "runtime.load_g"
local may_back = closed "runtime.cgocallback"

local six = { "linux/arm", "linux/arm64", "linux/loong64", "linux/ppc64le", "linux/riscv64", "linux/s390x" }
local eight = { "linux/386", "linux/amd64", table.unpack(six) }
local no_abi = { "linux/386", "linux/arm" }

scenario {
  about  = "the statements of purego's report about load_g and cgocallback",
  source = "ebitengine/purego#455",
  go     = { "1.22..1.27", "1.27rc3?", may },
  target = eight,
}

-- A claim of the report; `fields` has the rest of it.
local function says(text, fields)
  fields.source = "ebitengine/purego#455"
  fields.text = text
  fields.at = "1.27"
  return fields
end

local both_ways = { "default", "checklinkname=0" }
local no_flag = { go = "<1.23", variant = "checklinkname=0", outcome = "unsupported",
                  why = "the flag came with Go 1.23" }
local no_wrappers = "without the register ABI the linker cannot tell, and lets assembly references pass"

-- What a cell comes to that refers to `symbols` where `toolchains` closes them.
local function refused(toolchains, symbols)
  return { toolchain = toolchains, variant = "default", outcome = "link-rejected",
           symbols = symbols, rescue = "rejected-only" }
end

-- --- each name alone ---------------------------------------------------------

case "load-g" {
  about   = "load_g alone",
  files   = "purego/load-g.txtar",
  variant = both_ways,
  expect  = {
    no_flag,
    { target = { "linux/386", "linux/amd64" }, outcome = "link-undefined", symbols = "runtime.load_g",
      why = "these two keep g where it needs no loading, and have no such function" },
    { target = "linux/arm", outcome = "pass", why = no_wrappers },
    refused(may, "runtime.load_g"),
    { outcome = "pass" },
  },
  claim   = says("On six architectures load_g is refused; -checklinkname=0 helps.", {
    says = {
      { toolchain = may, variant = "default", target = six,
        outcome = "link-rejected", symbols = "runtime.load_g" },
      { toolchain = may, variant = "checklinkname=0", target = six, outcome = "pass" },
    },
  }),
  explain = "Not on arm: without the register ABI the linker cannot tell what std marks.",
}

case "cgocallback" {
  about   = "cgocallback alone, as it remains when crosscall2 leaves out load_g",
  files   = "purego/cgocallback.txtar",
  variant = both_ways,
  expect  = {
    no_flag,
    { target = no_abi, outcome = "pass", why = no_wrappers },
    refused(may, "runtime.cgocallback"),
    { outcome = "pass" },
  },
  claim   = says("On all eight architectures cgocallback is refused; -checklinkname=0 helps.", {
    says = {
      { toolchain = may, variant = "default", outcome = "link-rejected", symbols = "runtime.cgocallback" },
      { toolchain = may, variant = "checklinkname=0", outcome = "pass" },
    },
  }),
  explain = "Not on 386 and arm: without the register ABI the linker cannot tell what std marks.",
}

case "one-closed" {
  about  = "references to both where only one is closed",
  files  = "fakecgo/links.txtar",
  go     = { may_g, may_back },
  expect = {
    { target = no_abi, outcome = "pass", why = no_wrappers },
    { toolchain = may_g, target = "linux/amd64", outcome = "pass",
      why = "amd64's crosscall2 has no load_g" },
    refused(may_g, "runtime.load_g"),
    refused(may_back, "runtime.cgocallback"),
  },
  claim  = says("Each of the two is an obstacle by itself.", {
    says = {
      { toolchain = may_g, target = six, outcome = "link-rejected", symbols = "runtime.load_g" },
      { toolchain = may_back, outcome = "link-rejected", symbols = "runtime.cgocallback" },
    },
  }),
  explain = "So it is where arguments are passed in registers; on 386 and arm neither is.",
}

-- --- the report's error, and the way out that it describes -------------------

case "first-error" {
  about  = "the sentence that the report quotes",
  files  = "fakecgo/crosscall2.txtar",
  run    = false,
  go     = { "1.26..1.27", "1.27rc3?", may },
  target = "linux/arm64",
  expect = {
    { toolchain = may, outcome = "link-rejected", message = "link: main: invalid reference to runtime.load_g",
      symbols = { "runtime.cgocallback", "runtime.load_g" }, rescue = "rejected-only" },
    { outcome = "linked", why = "no release refuses it" },
  },
  claim  = says("The linker stops with an invalid reference to runtime.load_g; on Go 1.26 it passes.", {
    says = {
      { go = "1.26", outcome = "linked" },
      { toolchain = may, outcome = "link-rejected",
        message = "link: main: invalid reference to runtime.load_g" },
    },
  }),
}

case "next-error" {
  about  = "the sentence that comes when load_g is gone",
  files  = "purego/cgocallback.txtar",
  go     = may,
  target = "linux/arm64",
  expect = { outcome = "link-rejected", symbols = "runtime.cgocallback", rescue = "rejected-only",
             message = "link: main: invalid reference to runtime.cgocallback" },
  claim  = says("Without load_g the next error is an invalid reference to runtime.cgocallback.", {
    says = { { toolchain = may, outcome = "link-rejected", symbols = "runtime.cgocallback",
               message = "link: main: invalid reference to runtime.cgocallback" } },
  }),
}

case "go-1.27" {
  about  = "is it Go 1.27 that refuses them, as the title has it?",
  files  = "fakecgo/links.txtar",
  go     = { "1.26..1.27", "1.27rc3?" },
  expect = {
    { go = "<1.27", outcome = "pass", why = "up to here what assembly defines is let through" },
    { outcome = "pass", why = "both are marked for outside use" },
  },
  claim  = says("Go 1.27's linker rejects references from assembly to load_g and cgocallback.", {
    says = { { go = ">=1.27", outcome = "link-rejected" } },
  }),
  explain = "The development tree of May 2026 did. The releases of Go 1.27 mark both names for outside "
         .. "use and name purego.",
}

case "load-g-inside" {
  about  = "does cgocallback call load_g itself, so that crosscall2 need not?",
  files  = "purego/cgocallback.txtar",
  go     = "1.22..1.27",
  target = six,
  steps  = function(cell)
    local file = "src/runtime/asm_" .. cell.goarch:gsub("ppc64le", "ppc64x") .. ".s"
    local first, last  -- the lines of cgocallback's TEXT and of the next one
    for _, at in ipairs(cell:source("TEXT", "src/runtime")) do
      if at.file == file and at.text:find("·cgocallback(SB)", 1, true) then
        first = at.line
      elseif at.file == file and first and not last and at.text:find("^TEXT") then
        last = at.line
      end
    end
    cell:check(first and last, "no cgocallback in " .. file)
    local called = false
    for _, at in ipairs(cell:source("runtime·load_g(SB)", "src/runtime")) do
      called = called or (at.file == file and at.line > first and at.line < last)
    end
    cell:check(called, "cgocallback does not call load_g in " .. file)
  end,
  expect = "pass",
  claim  = says("cgocallback calls load_g by itself.", { says = { { outcome = "pass" } } }),
}

case "setg" {
  about   = "the trampoline of ppc64le and s390x that reads g back by load_g",
  files   = "purego/setg.txtar",
  target  = { "linux/ppc64le", "linux/s390x" },
  variant = both_ways,
  expect  = { no_flag, refused(may, "runtime.load_g"), { outcome = "pass" } },
  claim   = says("The trampolines of ppc64le and s390x are refused for load_g.", {
    says = {
      { toolchain = may, variant = "default", outcome = "link-rejected", symbols = "runtime.load_g" },
      { toolchain = may, variant = "checklinkname=0", outcome = "pass" },
    },
  }),
}

case "setg-workaround" {
  about  = "the same trampoline, which keeps the pointer over the call",
  files  = "purego/setg-workaround.txtar",
  target = { "linux/ppc64le", "linux/s390x" },
  expect = "pass",
  claim  = says("They do without load_g when they keep the pointer and set g themselves.", {
    says = { { outcome = "pass" } },
  }),
}

-- --- the causes that the report names ----------------------------------------

case "assembly-function" {
  about  = "an unmarked function of std that assembly defines, referred to from assembly",
  files  = "lockdown/asm-unmarked.txtar",
  go     = { "1.22..1.27", "1.27rc3?" },
  target = { "linux/386", "linux/amd64", "linux/arm64", "linux/s390x" },
  expect = {
    { go = ">=1.27", abi = "registers", outcome = "link-rejected", symbols = "math.archFloor",
      rescue = "rejected-only" },
    { outcome = "pass" },
  },
  claim  = says("Go 1.27 is the first whose linker checks references from assembly.", {
    says    = { { go = ">=1.27", outcome = "link-rejected", symbols = "math.archFloor" } },
    because = { { go = "<1.27", outcome = "pass" } },
  }),
  explain = "Of functions that assembly defines this is so, but not on 386, which has no register ABI.",
}

case "assembly-variable" {
  about  = "an unmarked variable of std, referred to from assembly",
  files  = "lockdown/asm-variable.txtar",
  go     = { "1.22..1.27", "1.27rc3?" },
  target = { "linux/386", "linux/amd64", "linux/arm64" },
  expect = {
    { go = "<1.23", outcome = "pass" },
    { outcome = "link-rejected", symbols = "runtime.forcegcperiod", rescue = "rejected-only" },
  },
  claim  = says("Go 1.27 is the first whose linker checks references from assembly.", {
    says    = { { go = ">=1.27", outcome = "link-rejected", symbols = "runtime.forcegcperiod" } },
    because = { { go = "<1.27", outcome = "pass" } },
  }),
  explain = "The check of Go 1.23 looks at assembly, too. Until Go 1.27 it only lets through what "
         .. "assembly defines; a variable is defined in Go.",
}

case "linknamestd" {
  about  = "how the toolchain's own sources declare the two",
  files  = "purego/cgocallback.txtar",
  go     = { "1.22..1.27", "1.27rc3?" },
  target = six,
  steps  = function(cell)
    for _, name in ipairs { "load_g", "cgocallback" } do
      local function declared(directive)
        local here = 0
        for _, at in ipairs(cell:source("//go:" .. directive .. " " .. name, "src/runtime")) do
          if at.text == "//go:" .. directive .. " " .. name then here = here + 1 end
        end
        return here
      end
      cell:note(name .. ": " .. declared("linkname") .. " with linkname, "
                .. declared("linknamestd") .. " with linknamestd")
      cell:check(declared("linknamestd") > 0, name .. " is not declared with linknamestd")
    end
  end,
  expect = { outcome = "run-wrong", message = "load_g is not declared with linknamestd",
             why = "up to Go 1.26 there is no directive on it, in Go 1.27 a plain linkname" },
  claim  = says("Both are declared with linknamestd.", {
    says = { { go = ">=1.27", outcome = "pass" } },
  }),
  explain = "No release declares them so; only the tree of May 2026 did. Go 1.27 has a plain linkname "
         .. "on both.",
}

case "opened" {
  about  = "what happens when the two have a plain linkname, as Go 1.27 was asked to give them",
  files  = "fakecgo/links.txtar",
  go     = { "1.27", may },
  target = { "linux/amd64", "linux/arm64" },
  expect = {
    { toolchain = may, target = "linux/amd64", outcome = "link-rejected", symbols = "runtime.cgocallback" },
    { toolchain = may, outcome = "link-rejected", symbols = { "runtime.cgocallback", "runtime.load_g" } },
    { outcome = "pass" },
  },
  claim  = says("A plain linkname in the runtime would open them.", {
    says    = { { toolchain = "go1.27.4", outcome = "pass" } },
    because = { { toolchain = may, outcome = "link-rejected" } },
  }),
}

case "runtime-cgo" {
  about  = "C calls Go back through runtime/cgo, which refers to both names of the runtime, too",
  files  = "purego/callback.txtar",
  target = "linux/amd64",
  cgo    = true,
  steps  = function(cell)
    cell:build()
    cell:run()
    local file = "src/runtime/cgo/asm_" .. cell.goarch .. ".s"
    local refers = false
    for _, at in ipairs(cell:source("CALL\truntime·cgocallback(SB)", "src/runtime/cgo")) do
      refers = refers or at.file == file
    end
    cell:check(refers, file .. " does not refer to cgocallback")
  end,
  expect = "pass",
  claim  = says("runtime/cgo refers to them just so, and may, as it is in std.", {
    says = { { toolchain = may, outcome = "pass" } },
  }),
}

not_checkable {
  source = "ebitengine/purego#455",
  text   = "runtime/cgo's crosscall2 is the same code as the module's.",
  why    = "Each version of either has its own; the case runtime-cgo shows that std's may refer to both.",
}

not_checkable {
  source = "ebitengine/purego#455",
  text   = "There is no way around cgocallback in assembly.",
  why    = "That none was found does not show that there is none.",
}

not_checkable {
  source = "ebitengine/purego#455",
  text   = "The commit aee6009 of May 2026 is the cause.",
  why    = "No toolchain of that day is published. The what-if shows what its effect was, not which "
        .. "commit had it.",
}

-- --- the module itself ---------------------------------------------------------

-- What is published, built with CGO_ENABLED=0 where it has a fakecgo. It needs the C library's
-- loader, so it is only linked.
for _, module in ipairs {
  { version = "v0.8.2", target = { "linux/amd64", "linux/arm64" } },
  { version = "v0.9.1", target = { "linux/amd64", "linux/arm64", "linux/loong64" } },
} do
  case("module-" .. module.version) {
    about   = "purego " .. module.version .. " itself",
    files   = "purego/module-" .. module.version .. ".txtar",
    run     = false,
    target  = module.target,
    variant = both_ways,
    expect  = {
      no_flag,
      { go = "<1.23", target = "linux/loong64", outcome = "link-error", message = "nosplit stack",
        why = "its own assembly is too deep for this linker" },
      { go = "<1.25", target = "linux/loong64", outcome = "link-error", message = "adddynrel",
        why = "this linker cannot import symbols of C libraries there without cgo" },
      { toolchain = may, variant = "default", target = "linux/amd64", outcome = "link-rejected",
        symbols = "runtime.cgocallback", rescue = "rejected-only" },
      refused(may, { "runtime.cgocallback", "runtime.load_g" }),
      { outcome = "linked" },
    },
    claim   = says("Building with CGO_ENABLED=0 fails in the linker; -checklinkname=0 helps.", {
      says = {
        { toolchain = may, variant = "default", outcome = "link-rejected" },
        { toolchain = may, variant = "checklinkname=0", outcome = "linked" },
      },
    }),
  }
end
