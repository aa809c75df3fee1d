-- purego's fakecgo calls two routines of the runtime from assembly when cgo is
-- off. In May 2026 Go 1.27's development tree began to check such references and
-- refused both (ebitengine/purego#455). The releases took it back: they mark the
-- two symbols for outside use. The what-if toolchain below closes them again.
--
-- Each entry of `expect` says where it holds and what must be seen there; the
-- first that holds decides.

local may = "go1.27.4+linknamestd(runtime.load_g,runtime.cgocallback)"

scenario {
  about  = "purego's assembly references against the linker's check",
  source = "ebitengine/purego#455",

  go = { "1.22..1.27", "1.27rc1?", may },  -- "?": may no longer be available
  target = {
    "linux/386", "linux/amd64", "linux/arm", "linux/arm64",
    "linux/loong64", "linux/ppc64le", "linux/riscv64", "linux/s390x",
  },
  variant = { "default", "checklinkname=0" },
  cgo = false,
}

local both = { "runtime.cgocallback", "runtime.load_g" }

-- What is true, found by running. `good` is what a cell comes to that links.
local function truth(good)
  return {
    { go = "1.22", variant = "checklinkname=0", outcome = "unsupported",
      why = "the flag came with Go 1.23" },

    { toolchain = may, variant = "default",
      target = { "linux/arm64", "linux/loong64", "linux/ppc64le", "linux/riscv64", "linux/s390x" },
      outcome = "link-rejected", symbols = both, rescue = "rejected-only" },

    { toolchain = may, variant = "default", target = "linux/amd64",
      outcome = "link-rejected", symbols = "runtime.cgocallback", rescue = "rejected-only",
      why = "amd64's crosscall2 has no need of load_g, which does not exist there" },

    { toolchain = may, variant = "default", target = { "linux/386", "linux/arm" },
      outcome = good,
      why = "without the register ABI the linker cannot tell, and lets assembly references pass" },

    { outcome = good },
  }
end

local let_pass = "386 and arm, which have no register ABI, are let pass; "
  .. "the releases mark both symbols for outside use."

-- What the report says: refused on all eight, load_g on the six that call it.
local report = {
  source = "ebitengine/purego#455",
  text   = "The linker refuses load_g and cgocallback on all eight architectures; -checklinkname=0 helps.",
  at     = "1.27",
  says = {
    { toolchain = may, variant = "default", target = { "linux/386", "linux/amd64" },
      outcome = "link-rejected", symbols = "runtime.cgocallback" },
    { toolchain = may, variant = "default",
      outcome = "link-rejected", symbols = both },
    { toolchain = may, variant = "checklinkname=0", outcome = { "linked", "pass" } },
  },
}

case "crosscall2" {
  about  = "the report's program; its call would crash, so it is only linked",
  files  = "fakecgo/crosscall2.txtar",
  run    = false,
  expect = truth("linked"),
  claim  = report,
  explain = let_pass,
}

case "links" {
  about  = "the same references, nothing dangerous called: it must run",
  files  = "fakecgo/links.txtar",
  expect = truth("pass"),
  claim  = report,
  explain = let_pass,
}
