package main

import (
	"bytes"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// An asmDef is a symbol that assembly defines.
type asmDef struct {
	Pkg      *Package // whose assembly it is
	File     *File
	Line     int
	Internal bool  // ABIInternal
	Size     int64 // of data
	Data     bool  // some of it has a value
}

// mentions reports whether some //go:linkname of the file may be about a
// symbol of the wanted packages. It errs on the side of true.
func (f *File) mentions(path string, wanted map[string]bool) bool {
	rest := f.Src
	if rest == nil { // parsed for an earlier target
		for _, l := range f.Linknames {
			if to, _ := splitSymbol(l.Target); l.Target != "" && wanted[to] {
				return true
			}
		}
		return false
	}
	for {
		i := bytes.Index(rest, []byte("//go:linkname"))
		if i < 0 {
			return false
		}
		line, after, _ := bytes.Cut(rest[i:], []byte("\n"))
		rest = after
		if fields := bytes.Fields(line); len(fields) >= 3 {
			if to, _ := splitSymbol(string(fields[2])); wanted[to] {
				return true
			}
		}
	}
}

// namesOneOf reports whether assembly may define a symbol of another package.
func (f *File) namesOneOf(wanted map[string]bool) bool {
	for path := range wanted {
		if bytes.Contains(f.Src, []byte(strings.ReplaceAll(path, "/", "∕")+"·")) {
			return true
		}
	}
	return false
}

// loadAsm finds out which symbols the assembly of the packages defines.
//
// The toolchain's assembler is asked, in the mode in which the go command asks
// it (-gensymabis), so macros and includes mean what they mean there. It is
// started once for all packages where that is possible: as it reads one file
// after another and knows nothing but its -p of packages, a stub file between
// them tells in its output where a file begins.
func (w *World) loadAsm(packages []*Package) {
	w.asm, w.asmData = map[string]*asmDef{}, map[string]*asmDef{}
	w.asmRefs = map[asmRef]bool{}
	var files []asmFile
	for _, p := range packages {
		for _, f := range p.Asm {
			if f.readErr != nil {
				p.problem("partial", f.readErr.Error())
				continue
			}
			files = append(files, asmFile{p, f})
		}
	}
	if len(files) == 0 {
		return
	}
	for _, x := range files {
		for _, s := range readAsm(x.file.Src, w.Target, "GLOBL") {
			name := asmName(s.name, x.pkg)
			w.asmData[name] = &asmDef{Pkg: x.pkg, File: x.file, Line: s.line, Size: s.size,
				Data: regexp.MustCompile(`(?m)^\s*DATA\s+` + regexp.QuoteMeta(s.name) + `\s*[+(]`).Match(x.file.Src)}
		}
	}
	temp, err := os.MkdirTemp("", "lnm-atlas-")
	if err != nil {
		w.asmByText(files, err.Error())
		return
	}
	defer os.RemoveAll(temp)
	as := assembler{w: w, temp: temp, tool: w.findAssembler()}
	if err := as.prepare(); err != nil {
		w.asmByText(files, err.Error())
		return
	}
	if as.run(files, as.commonPackage(files)) == nil {
		return
	}
	for len(files) > 0 { // one package at a time: only the bad one is lost
		n := 1
		for n < len(files) && files[n].pkg == files[0].pkg {
			n++
		}
		if err := as.run(files[:n], files[0].pkg.Path); err != nil {
			w.asmByText(files[:n], err.Error())
		}
		files = files[n:]
	}
}

type asmFile struct {
	pkg  *Package
	file *File
}

type assembler struct {
	w     *World
	temp  string
	tool  string
	stub  string
	flags []string
}

// findAssembler finds the tool for the machine that this runs on.
func (w *World) findAssembler() string {
	list, _ := filepath.Glob(filepath.Join(w.Root.Dir, "pkg/tool/*/asm"))
	if len(list) == 0 {
		list, _ = filepath.Glob(filepath.Join(w.Root.Dir, "pkg/tool/*/asm.exe"))
	}
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

const stubName = "lnmatrix_file"

func (a *assembler) prepare() error {
	if a.tool == "" {
		return fmt.Errorf("no assembler in %s/pkg/tool: assembly was read as text", a.w.Root.Dir)
	}
	a.stub = filepath.Join(a.temp, "stub.s")
	if err := os.WriteFile(a.stub, []byte("TEXT ·"+stubName+"(SB),4,$0\n"), 0o666); err != nil {
		return err
	}
	// The compiler would write this one; its constants define no symbols.
	if err := os.WriteFile(filepath.Join(a.temp, "go_asm.h"), nil, 0o666); err != nil {
		return err
	}
	t := a.w.Target
	a.flags = []string{"-gensymabis", "-o", filepath.Join(a.temp, "symabis"),
		"-I", a.temp, "-I", filepath.Join(a.w.Root.Dir, "pkg/include"), "-I", filepath.Join(a.w.Root.Src, "runtime"),
		"-D", "GOOS_" + t.OS, "-D", "GOARCH_" + t.Arch}
	for _, d := range map[string][]string{
		"386": {"GO386_sse2"}, "amd64": {"GOAMD64_v1"}, "mips": {"GOMIPS_hardfloat"}, "mipsle": {"GOMIPS_hardfloat"},
		"mips64": {"GOMIPS64_hardfloat"}, "mips64le": {"GOMIPS64_hardfloat"},
		"ppc64": {"GOPPC64_power8"}, "ppc64le": {"GOPPC64_power8"}, "riscv64": {"GORISCV64_rva20u64"},
	}[t.Arch] {
		a.flags = append(a.flags, "-D", d)
	}
	if t.Arch == "arm" {
		level := t.Level
		if level == "" {
			level = "7"
		}
		for _, l := range []string{"5", "6", "7"} {
			if l <= level[:1] {
				a.flags = append(a.flags, "-D", "GOARM_"+l)
			}
		}
	}
	if a.w.Root.Minor <= 21 {
		a.flags = append(a.flags, "-compiling-runtime") // allows <ABIInternal>
	}
	return nil
}

// commonPackage picks the -p for a run over all packages. Since Go 1.22 it
// decides whether <ABIInternal> is allowed, so it is one that may use it; and
// one whose symbols no other package names, or both would look the same.
func (a *assembler) commonPackage(files []asmFile) string {
	for _, path := range []string{"internal/bytealg", "syscall", "reflect", "runtime"} {
		prefix := []byte(strings.ReplaceAll(path, "/", "∕") + "·")
		clash := false
		for _, x := range files {
			clash = clash || x.pkg.Path != path && bytes.Contains(x.file.Src, prefix)
		}
		if !clash {
			return path
		}
	}
	return "-" // fails, and every package gets its own run
}

func (a *assembler) run(files []asmFile, path string) error {
	args := append([]string{"-p", path}, a.flags...)
	dirs := map[string]bool{}
	for _, x := range files {
		if dir := filepath.Dir(x.file.Path); !dirs[dir] {
			dirs[dir] = true
			args = append(args, "-I", dir)
		}
	}
	for _, x := range files {
		args = append(args, a.stub, a.w.Root.actual(x.file.Path))
	}
	cmd := exec.Command(a.tool, args...)
	cmd.Env = a.w.Root.env(a.w.Target, a.temp)
	cmd.Dir = a.temp
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("asm: %s", firstLine(stderr.String()))
	}
	data, err := os.ReadFile(filepath.Join(a.temp, "symabis"))
	if err != nil {
		return err
	}
	at := -1
	for _, line := range strings.Split(string(data), "\n") {
		fields := strings.Fields(line)
		if len(fields) != 3 || fields[0] != "def" && (fields[0] != "ref" || fields[2] != "ABI0") {
			continue
		}
		name := fields[1]
		// ·name is "".name up to Go 1.18, then that of the -p.
		if rest, ok := strings.CutPrefix(name, `"".`); ok {
			name = path + "." + rest
		}
		if name == path+"."+stubName {
			at++
			continue
		}
		if at < 0 || at >= len(files) {
			return fmt.Errorf("asm: unexpected output %q", line)
		}
		if rest, ok := strings.CutPrefix(name, path+"."); ok {
			name = files[at].pkg.Prefix + rest
		}
		if fields[0] == "ref" {
			a.w.asmRefs[asmRef{files[at].pkg, name}] = true
			continue
		}
		a.w.addAsm(name, files[at], fields[2] == "ABIInternal", 0)
	}
	return nil
}

// An asmRef is a symbol that the assembly of a package refers to by ABI0: if
// the package defines it in Go, the compiler makes it callable that way.
type asmRef struct {
	pkg    *Package
	symbol string
}

func (w *World) addAsm(name string, x asmFile, internal bool, line int) {
	if w.asm[name] == nil {
		w.asm[name] = &asmDef{Pkg: x.pkg, File: x.file, Line: line, Internal: internal}
	} else if internal {
		w.asm[name].Internal = true // defined for both
	}
}

// lineOf finds the TEXT of a symbol; one that a macro makes is not found.
func (d *asmDef) lineOf(symbol string, t *Target) int {
	if d.Line == 0 {
		for _, s := range readAsm(d.File.Src, t, "TEXT") {
			if asmName(s.name, d.Pkg) == symbol {
				d.Line = s.line
				break
			}
		}
	}
	return d.Line
}

func (w *World) asmByText(files []asmFile, why string) {
	for _, x := range files {
		x.pkg.problem("partial", why)
		for _, s := range readAsm(x.file.Src, w.Target, "TEXT") {
			w.addAsm(asmName(s.name, x.pkg), x, s.internal, s.line)
		}
	}
}

// asmName translates a symbol as assembly spells it.
func asmName(s string, p *Package) string {
	s, local := strings.CutPrefix(s, "·")
	if local {
		s = p.Prefix + s
	}
	s = strings.ReplaceAll(s, "·", ".")
	return strings.ReplaceAll(s, "∕", "/")
}

type asmSymbol struct {
	name     string
	line     int
	internal bool
	size     int64
}

var (
	asmOperand = regexp.MustCompile(`^(TEXT|GLOBL)\s+([^\s(<+,]+)(<ABI\w+>)?(\+0)?\(SB\)\s*,?(.*)`)
	asmWord    = regexp.MustCompile(`^\w+`)
	asmSize    = regexp.MustCompile(`\$\s*\(?(\w+)\)?\s*;?$`)
)

// readAsm reads assembly as text, for what the assembler does not tell: GLOBL,
// and lines. Conditions are followed; of macros only those are seen that define
// a function named by an argument.
func readAsm(src []byte, t *Target, word string) []asmSymbol {
	if !bytes.Contains(src, []byte(word)) {
		return nil
	}
	defined := asmDefined(t)
	makers := map[string]int{} // macros that define their n-th argument
	define := func(name, body string) {
		if args, text, ok := strings.Cut(body, ")"); ok && strings.HasPrefix(args, "(") {
			for i, arg := range strings.Split(args[1:], ",") {
				if strings.Contains(text, word+" "+strings.TrimSpace(arg)+"(SB)") {
					makers[name] = i
				}
			}
		}
	}
	var list []asmSymbol
	for at, line := range activeLines(src, defined, define) {
		if name, args, ok := strings.Cut(line, "("); ok && len(makers) > 0 {
			if i, ok := makers[strings.TrimSpace(name)]; ok {
				args, _, _ = strings.Cut(args, ")")
				if words := strings.Split(args, ","); i < len(words) && !strings.Contains(words[i], "<") {
					list = append(list, asmSymbol{name: strings.TrimSpace(words[i]), line: at})
				}
				continue
			}
		}
		if !strings.HasPrefix(line, word) {
			continue
		}
		line, _, _ = strings.Cut(line, "//")
		m := asmOperand.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil || m[1] != word {
			continue
		}
		s := asmSymbol{name: m[2], line: at, internal: m[3] == "<ABIInternal>"}
		if value := strings.TrimSpace(defined[s.name]); value != "" {
			s.name = value
		}
		if size := asmSize.FindStringSubmatch(m[5]); size != nil {
			value := size[1]
			if v := strings.TrimSpace(defined[value]); v != "" {
				value = v
			}
			s.size, _ = strconv.ParseInt(value, 0, 64)
		}
		list = append(list, s)
	}
	return list
}

// asmDefined are the names that the assembler is given for a target.
func asmDefined(t *Target) map[string]string {
	defined := map[string]string{"GOOS_" + t.OS: "1", "GOARCH_" + t.Arch: "1"}
	for _, x := range t.experiments {
		defined["GOEXPERIMENT_"+x] = "1"
	}
	return defined
}

// activeLines goes through the lines that #if and #else leave, trimmed, by
// number. It keeps defined up to date, and calls define, if there is one, for
// each macro.
func activeLines(src []byte, defined map[string]string, define func(name, body string)) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		var skip []bool // per open #if: its lines do not count
		number := 0
		next := func() string {
			var line []byte
			line, src, _ = bytes.Cut(src, []byte("\n"))
			number++
			return strings.TrimSpace(string(line))
		}
		for len(src) > 0 {
			line := next()
			at := number
			if !strings.HasPrefix(line, "#") {
				if line != "" && !slices.Contains(skip, true) && !yield(at, line) {
					return
				}
				continue
			}
			for strings.HasSuffix(line, "\\") && len(src) > 0 {
				line = strings.TrimSuffix(line, "\\") + " " + next()
			}
			directive, rest, _ := strings.Cut(strings.TrimSpace(line[1:]), " ")
			rest = strings.TrimSpace(rest)
			name := asmWord.FindString(rest)
			switch directive {
			case "ifdef":
				skip = append(skip, defined[name] == "")
			case "ifndef":
				skip = append(skip, defined[name] != "")
			case "else":
				if len(skip) > 0 {
					skip[len(skip)-1] = !skip[len(skip)-1]
				}
			case "endif":
				if len(skip) > 0 {
					skip = skip[:len(skip)-1]
				}
			case "define":
				if !slices.Contains(skip, true) {
					defined[name] = rest[len(name):] + " "
					if define != nil {
						define(name, rest[len(name):])
					}
				}
			case "undef":
				if !slices.Contains(skip, true) {
					delete(defined, name)
				}
			}
		}
	}
}
