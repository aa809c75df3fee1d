-- What a linkname that builds and runs may get wrong all the same: the finding is there on every
-- version, also where the program happens to pass.

scenario {
  about  = "a linkname's signature and layout against std's",
  source = "Linkname: find the bug",
  go     = "1.18..1.27",
  target = { "linux/amd64", "linux/386", "linux/arm64" },
}

-- Bug 4: declared with a result more than there is. Nothing reads it here, so the program passes,
-- by luck.
case "bug-04" {
  about  = "runtime.fastrand declared as func() (uint32, error)",
  files  = "findbug/bug-04.txtar",
  expect = { outcome = "pass", stdout = "random numbers: true\n", findings = "signature-mismatch" },
}

case "bug-04-fix" {
  about  = "runtime.fastrand declared as it is",
  files  = "findbug/bug-04-fix.txtar",
  expect = { outcome = "pass", stdout = "random numbers: true\n" },
}

-- Bug 9: the first fields of Go 1.20's schedt. They stay where they are until 1.24; 1.25 puts one
-- more in front of them, 1.26 another, and the program prints a number that is none of its business.
case "bug-09" {
  about   = "runtime.sched by a copy of its struct",
  files   = "findbug/bug-09.txtar",
  variant = { "default", "ldflags=-w" },
  expect  = {
    { go = "1.18..1.20", variant = "default", outcome = "link-undefined",
      why = "up to 1.20 the linker wants debug information of the local struct (go.info...)" },
    { go = "<1.25", target = "linux/386", outcome = "pass", stdout = "threads at most: 10000 at 48\n" },
    { go = "<1.25", outcome = "pass", stdout = "threads at most: 10000 at 56\n" },
    { outcome = "pass", findings = "layout-drift",
      why = "std has a field more in front: the program reads another field and exits 0" },
  },
}
