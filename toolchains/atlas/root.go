package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// A Root is one GOROOT: what does not depend on a target, and the files that
// all targets share.
type Root struct {
	Dir   string
	Src   string
	Minor int // 27 of go1.27
	Fset  *token.FileSet

	LinknameStd bool                // this compiler knows //go:linknamestd
	Blocked     map[string][]string // the linker's blockedLinknames
	Builtins    map[string]bool     // the compiler's table of runtime builtins

	overlay map[string]string // "" : the file is deleted
	added   map[string][]string
	dirs    []*srcDir
	temp    string
}

// A srcDir is a directory of GOROOT/src that may be a package for some target.
type srcDir struct {
	path  string // import path
	files []*File
}

var minorRE = regexp.MustCompile(`\bgo1\.(\d+)`)

func openRoot(dir, overlay string) (*Root, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	r := &Root{
		Dir: dir, Src: filepath.Join(dir, "src"), Fset: token.NewFileSet(),
		overlay: map[string]string{}, added: map[string][]string{},
	}
	if overlay != "" {
		if err := r.readOverlay(overlay); err != nil {
			return nil, err
		}
	}
	if info, err := os.Stat(filepath.Join(r.Src, "runtime")); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("%s: no Go source tree (src/runtime is missing)", dir)
	}
	if r.Minor, err = r.findMinor(); err != nil {
		return nil, err
	}
	if m := minorRE.FindStringSubmatch(runtime.Version()); m != nil {
		if own, _ := strconv.Atoi(m[1]); own < r.Minor {
			return nil, fmt.Errorf("%s: its source is Go 1.%d, lnm-atlas was built with %s: build it with a newer Go",
				dir, r.Minor, runtime.Version())
		}
	}
	if noder, err := r.readFile(filepath.Join(r.Src, "cmd/compile/internal/noder/noder.go")); err == nil {
		r.LinknameStd = bytes.Contains(noder, []byte(`"go:linknamestd `))
	} else {
		r.LinknameStd = r.Minor >= 27
	}
	r.readBlocked()
	r.readBuiltins()
	return r, r.findDirs()
}

// findMinor asks the constant that release tags are made of; a VERSION file
// may be missing (git) or say anything ("devel ...").
func (r *Root) findMinor() (int, error) {
	if data, err := r.readFile(filepath.Join(r.Src, "internal/goversion/goversion.go")); err == nil {
		if m := regexp.MustCompile(`(?m)^const Version = (\d+)`).FindSubmatch(data); m != nil {
			return strconv.Atoi(string(m[1]))
		}
	}
	if data, err := r.readFile(filepath.Join(r.Dir, "VERSION")); err == nil {
		if m := minorRE.FindSubmatch(data); m != nil {
			return strconv.Atoi(string(m[1]))
		}
	}
	if data, err := r.readFile(filepath.Join(r.Src, "go.mod")); err == nil {
		if m := regexp.MustCompile(`(?m)^go 1\.(\d+)`).FindSubmatch(data); m != nil {
			return strconv.Atoi(string(m[1]))
		}
	}
	return 0, fmt.Errorf("%s: cannot tell which Go version this is", r.Dir)
}

func (r *Root) readOverlay(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var o struct{ Replace map[string]string }
	if err := json.Unmarshal(data, &o); err != nil {
		return fmt.Errorf("%s: %v", file, err)
	}
	for from, to := range o.Replace {
		if from, err = filepath.Abs(from); err != nil {
			return err
		}
		if to != "" {
			if to, err = filepath.Abs(to); err != nil {
				return err
			}
		}
		r.overlay[from] = to
		r.added[filepath.Dir(from)] = append(r.added[filepath.Dir(from)], filepath.Base(from))
	}
	return nil
}

// actual is the path to open in place of path.
func (r *Root) actual(path string) string {
	if to, ok := r.overlay[path]; ok {
		return to
	}
	return path
}

func (r *Root) readFile(path string) ([]byte, error) {
	return os.ReadFile(r.actual(path))
}

// readBlocked takes the linker's table from its source. It came with Go 1.23,
// and a GOROOT without cmd has none: both are no error.
func (r *Root) readBlocked() {
	r.Blocked = map[string][]string{}
	file := r.parseTable("cmd/link/internal/loader/loader.go", "blockedLinknames")
	if file == nil {
		return
	}
	for _, e := range file.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		list, _ := kv.Value.(*ast.CompositeLit)
		packages := []string{}
		if list != nil {
			for _, p := range list.Elts {
				packages = append(packages, stringLit(p))
			}
		}
		r.Blocked[stringLit(kv.Key)] = packages
	}
}

func (r *Root) readBuiltins() {
	r.Builtins = map[string]bool{}
	if table := r.parseTable("cmd/internal/goobj/builtinlist.go", "builtins"); table != nil {
		for _, e := range table.Elts {
			if lit, ok := e.(*ast.CompositeLit); ok && len(lit.Elts) > 0 {
				r.Builtins[stringLit(lit.Elts[0])] = true
			}
		}
	}
}

// parseTable finds the composite literal that initialises the named variable.
// Only the text from its declaration on is parsed: loader.go is long.
func (r *Root) parseTable(file, name string) *ast.CompositeLit {
	data, err := r.readFile(filepath.Join(r.Src, file))
	if err != nil {
		return nil
	}
	i := bytes.Index(data, []byte("\nvar "+name+" "))
	if i < 0 {
		return nil
	}
	data = data[i:]
	if end := bytes.Index(data, []byte("\n}\n")); end >= 0 {
		data = data[:end+3]
	}
	f, err := parser.ParseFile(token.NewFileSet(), file, append([]byte("package p"), data...), parser.SkipObjectResolution)
	if err != nil || len(f.Decls) == 0 {
		return nil
	}
	spec, _ := f.Decls[0].(*ast.GenDecl).Specs[0].(*ast.ValueSpec)
	if spec == nil || len(spec.Values) == 0 {
		return nil
	}
	lit, _ := spec.Values[0].(*ast.CompositeLit)
	return lit
}

func stringLit(e ast.Expr) string {
	if lit, ok := e.(*ast.BasicLit); ok {
		s, _ := strconv.Unquote(lit.Value)
		return s
	}
	return ""
}

// findDirs lists every directory below src that `go list std` would look at.
func (r *Root) findDirs() error {
	var walk func(dir, path string) error
	walk = func(dir, path string) error {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		names := map[string]bool{}
		for _, e := range entries {
			name := e.Name()
			if name[0] == '.' || name[0] == '_' {
				continue
			}
			if e.IsDir() {
				sub := name
				if path != "" {
					sub = path + "/" + name
				}
				if name == "testdata" || sub == "cmd" {
					continue
				}
				if err := walk(filepath.Join(dir, name), sub); err != nil {
					return err
				}
				continue
			}
			if name == "go.mod" && path != "" {
				return nil // another module
			}
			names[name] = true
		}
		for _, name := range r.added[dir] {
			names[name] = r.overlay[filepath.Join(dir, name)] != ""
		}
		if path == "" || path == "builtin" || path == "vendor" {
			return nil
		}
		d := &srcDir{path: path}
		for name, there := range names {
			isGo := strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
			if there && (isGo || strings.HasSuffix(name, ".s")) {
				d.files = append(d.files, &File{root: r, Path: filepath.Join(dir, name), Rel: path + "/" + name, IsGo: isGo})
			}
		}
		sort.Slice(d.files, func(i, j int) bool { return d.files[i].Rel < d.files[j].Rel })
		r.dirs = append(r.dirs, d)
		return nil
	}
	return walk(r.Src, "")
}

// A Target is what files are chosen and types are laid out for.
type Target struct {
	Name        string // as it was asked for
	OS, Arch    string
	Level       string // of GOARM, may be empty
	tags        map[string]bool
	experiments []string
	problem     string // makes every package "partial"
}

var unixOS = map[string]bool{
	"aix": true, "android": true, "darwin": true, "dragonfly": true, "freebsd": true, "hurd": true,
	"illumos": true, "ios": true, "linux": true, "netbsd": true, "openbsd": true, "solaris": true,
}

// describeTargets asks the toolchain's own go command which tags are on: its
// experiments differ per release and architecture, and a patched toolchain may
// have its own.
func (r *Root) describeTargets(names []string) ([]*Target, error) {
	temp, err := os.MkdirTemp("", "lnm-atlas-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	list := make([]*Target, len(names))
	errs := make([]error, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		parts := strings.Split(name, "/")
		if len(parts) < 2 || len(parts) > 3 || parts[0] == "" || parts[1] == "" {
			return nil, usagef("target %q is not GOOS/GOARCH", name)
		}
		t := &Target{Name: name, OS: parts[0], Arch: parts[1], tags: map[string]bool{}}
		if len(parts) == 3 {
			t.Level = parts[2]
		}
		list[i] = t
		wg.Add(1)
		go func() {
			defer wg.Done()
			errs[i] = r.describe(t, temp)
		}()
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// env is an environment in which a tool of this GOROOT behaves as if nobody
// had ever configured anything.
func (r *Root) env(t *Target, temp string) []string {
	env := []string{
		"PATH=/usr/bin:/bin", "HOME=" + temp, "TMPDIR=" + temp, "GOCACHE=" + filepath.Join(temp, "cache"),
		"GOROOT=" + r.Dir, "GOENV=off", "GOFLAGS=", "GOTOOLCHAIN=local", "GO111MODULE=off", "GOPATH=" + filepath.Join(temp, "gopath"),
		"GOTELEMETRY=off", "CGO_ENABLED=0", "GOOS=" + t.OS, "GOARCH=" + t.Arch,
	}
	if t.Arch == "arm" && t.Level != "" {
		env = append(env, "GOARM="+t.Level)
	}
	return env
}

func (r *Root) describe(t *Target, temp string) error {
	if !r.knows(t) {
		return fmt.Errorf("%s: no target %s/%s", r.Dir, t.OS, t.Arch)
	}
	goCommand := filepath.Join(r.Dir, "bin", "go")
	var tags string
	if _, err := os.Stat(goCommand); err == nil {
		cmd := exec.Command(goCommand, "list", "-f", `{{join context.ToolTags ","}},{{join context.ReleaseTags ","}}`, "unsafe")
		cmd.Env = r.env(t, temp)
		cmd.Dir = temp
		out, err := cmd.Output()
		if err != nil {
			msg := err.Error()
			if exit, ok := err.(*exec.ExitError); ok && len(exit.Stderr) > 0 {
				msg = firstLine(string(exit.Stderr))
			}
			return fmt.Errorf("%s: target %s: %s", goCommand, t.Name, msg)
		}
		tags = strings.TrimSpace(string(out))
	} else {
		// Sources alone: nearly all files are chosen by these.
		t.problem = "no go command in " + filepath.Dir(goCommand) + ": which experiments are on by default is not known"
		tags = "goexperiment.regabiwrappers,goexperiment.regabiargs"
		for i := 1; i <= r.Minor; i++ {
			tags += fmt.Sprintf(",go1.%d", i)
		}
	}
	for _, tag := range strings.Split(tags, ",") {
		t.tags[tag] = true
		if x, ok := strings.CutPrefix(tag, "goexperiment."); ok {
			t.experiments = append(t.experiments, x)
		}
	}
	for _, tag := range []string{t.OS, t.Arch, "gc"} {
		t.tags[tag] = true
	}
	switch t.OS {
	case "android":
		t.tags["linux"] = true
	case "illumos":
		t.tags["solaris"] = true
	case "ios":
		t.tags["darwin"] = true
	}
	if r.Minor >= 19 && unixOS[t.OS] {
		t.tags["unix"] = true
	}
	if t.tags["goexperiment.boringcrypto"] {
		t.tags["boringcrypto"] = true
	}
	return nil
}

// knows reports whether the toolchain has a port of these names. The go command
// takes any.
func (r *Root) knows(t *Target) bool {
	exists := func(files ...string) bool {
		for _, f := range files {
			if _, err := os.Stat(r.actual(filepath.Join(r.Src, f))); err == nil {
				return true
			}
		}
		return false
	}
	return exists("internal/goos/zgoos_"+t.OS+".go", "runtime/internal/sys/zgoos_"+t.OS+".go") &&
		exists("internal/goarch/goarch_"+t.Arch+".go", "runtime/internal/sys/arch_"+t.Arch+".go")
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return strings.ReplaceAll(s, "\t", " ")
}
