package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// A localQuestion is what `lnm-atlas local` reads from its standard input: a
// folder that holds a module, and the builds that it is looked at for.
type localQuestion struct {
	Dir      string         `json:"dir"`
	Packages []string       `json:"packages"` // folders below dir to answer about; empty: all
	Contexts []localContext `json:"contexts"`
}

type localContext struct {
	GOROOT       string `json:"goroot"` // read only where the program's types need std's
	GOOS         string `json:"goos"`
	GOARCH       string `json:"goarch"`
	Minor        int    `json:"minor"`
	Cgo          bool   `json:"cgo"`
	Tags         string `json:"tags"`
	GOEXPERIMENT string `json:"goexperiment"`
}

// A localModule is the program, its files read once for all contexts.
type localModule struct {
	root  *Root
	path  string // of go.mod's module line
	dirs  []*localDir
	asked map[string]bool   // folders, nil: all
	roots map[string]*Root  // by GOROOT
	stds  map[string]*World // by GOROOT and target
}

type localDir struct {
	rel   string // "." is the module's own folder
	files []*localFile
}

type localFile struct {
	File
	bodies *ast.File // with bodies, which File.Parse would drop
}

// runLocal answers for each context; those with the same answer share it.
func runLocal(in io.Reader, out io.Writer) error {
	var q localQuestion
	if err := json.NewDecoder(in).Decode(&q); err != nil {
		return usagef("the question on standard input: %v", err)
	}
	m, err := openModule(q.Dir)
	if err != nil {
		return err
	}
	if len(q.Packages) > 0 {
		m.asked = map[string]bool{}
		for _, rel := range q.Packages {
			m.asked[rel] = true
		}
	}
	var answers []string
	contexts := map[string][]int{}
	for i, c := range q.Contexts {
		text := m.answer(&c)
		if contexts[text] == nil {
			answers = append(answers, text)
		}
		contexts[text] = append(contexts[text], i)
	}
	fmt.Fprintln(out, "lnmatrix-local 1")
	for _, text := range answers {
		for i, n := range contexts[text] {
			fmt.Fprintf(out, "%s%d", [2]string{"=", " "}[min(i, 1)], n)
		}
		fmt.Fprintf(out, "\n%s", text)
	}
	return nil
}

func openModule(dir string) (*localModule, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	m := &localModule{
		root:  &Root{Dir: abs, Src: abs, Fset: token.NewFileSet(), overlay: map[string]string{}},
		roots: map[string]*Root{}, stds: map[string]*World{},
	}
	if data, err := os.ReadFile(filepath.Join(abs, "go.mod")); err == nil {
		if match := regexp.MustCompile(`(?m)^\s*module\s+"?([^\s"]+)`).FindSubmatch(data); match != nil {
			m.path = string(match[1])
		}
	}
	return m, m.walk(abs, ".")
}

func (m *localModule) walk(dir, rel string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	d := &localDir{rel: rel}
	for _, e := range entries {
		name := e.Name()
		if name[0] == '.' || name[0] == '_' {
			continue
		}
		sub := name
		if rel != "." {
			sub = rel + "/" + name
		}
		isGo := strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
		switch {
		case e.IsDir():
			if name == "testdata" || name == "vendor" {
				continue
			}
			if _, err := os.Stat(filepath.Join(dir, name, "go.mod")); err == nil {
				continue // another module
			}
			if err := m.walk(filepath.Join(dir, name), sub); err != nil {
				return err
			}
		case isGo || strings.HasSuffix(name, ".s"):
			d.files = append(d.files, &localFile{File: File{root: m.root, Path: filepath.Join(dir, name), Rel: sub, IsGo: isGo}})
		}
	}
	if len(d.files) > 0 {
		m.dirs = append(m.dirs, d)
	}
	return nil
}

// target is a context as files are chosen by it.
func (c *localContext) target() *Target {
	t := &Target{Name: c.GOOS + "/" + c.GOARCH, OS: c.GOOS, Arch: c.GOARCH, tags: map[string]bool{
		c.GOOS: true, c.GOARCH: true, "gc": true, "cgo": c.Cgo, "unix": c.Minor >= 19 && unixOS[c.GOOS],
	}}
	for also, os := range map[string]string{"linux": "android", "solaris": "illumos", "darwin": "ios"} {
		if c.GOOS == os {
			t.tags[also] = true
		}
	}
	for i := 1; i <= c.Minor; i++ {
		t.tags[fmt.Sprintf("go1.%d", i)] = true
	}
	for _, tag := range strings.FieldsFunc(c.Tags, func(r rune) bool { return r == ',' || r == ' ' }) {
		t.tags[tag] = true
	}
	for _, x := range strings.Split(c.GOEXPERIMENT, ",") {
		t.tags["goexperiment."+x] = x != ""
	}
	return t
}

// toolchain is the tree of a context, nil if it cannot be read.
func (m *localModule) toolchain(c *localContext) *Root {
	root := m.roots[c.GOROOT]
	if root == nil {
		var err error
		if root, err = openRoot(c.GOROOT, ""); err != nil {
			return nil
		}
		m.roots[c.GOROOT] = root
	}
	return root
}

// asksExperiments reports whether files of the module are chosen, or assembled,
// by the toolchain's experiments.
func (m *localModule) asksExperiments() bool {
	for _, d := range m.dirs {
		for _, f := range d.files {
			f.headOnce.Do(f.readHead)
			if bytes.Contains(f.Src, []byte("goexperiment.")) || bytes.Contains(f.Src, []byte("GOEXPERIMENT_")) {
				return true
			}
		}
	}
	return false
}

// addExperiments sets the tags of what the toolchain has on by default.
func (m *localModule) addExperiments(c *localContext, t *Target) {
	root := m.toolchain(c)
	if root == nil {
		return
	}
	own, err := root.describeTargets([]string{t.Name})
	if err != nil {
		return
	}
	for _, x := range own[0].experiments {
		t.tags["goexperiment."+x] = true
	}
	t.experiments = own[0].experiments
}

// inBuild is File.Match for files that may be of package main and of cgo.
func (f *localFile) inBuild(t *Target) bool {
	if !matchName(filepath.Base(f.Rel), t) {
		return false
	}
	f.headOnce.Do(f.readHead)
	if f.readErr != nil {
		return false
	}
	if f.usesC && !t.tags["cgo"] {
		return false
	}
	var x constraint.Expr = f.expr
	return x == nil || x.Eval(func(tag string) bool { return t.tags[tag] })
}

func (f *localFile) parse() {
	f.parseOnce.Do(func() {
		f.AST, f.ParseErr = parser.ParseFile(f.root.Fset, f.Path, f.Src, parser.ParseComments|parser.SkipObjectResolution)
		if f.AST == nil {
			f.AST = &ast.File{Name: ast.NewIdent("_")}
		}
		for _, spec := range f.AST.Imports {
			if p, err := strconv.Unquote(spec.Path.Value); err == nil {
				f.Imports = append(f.Imports, p)
				f.Unsafe = f.Unsafe || p == "unsafe"
			}
		}
	})
}

// A localPackage is a folder in one context.
type localPackage struct {
	m      *localModule
	c      *localContext
	target *Target
	dir    *localDir
	files  []*localFile
	asm    []*localFile
	funcs  map[string]*ast.FuncDecl
	vars   map[string]bool // by name: has it an initial value?
	types  *types.Package
	layout *layout
}

// answer is the text for one context.
func (m *localModule) answer(c *localContext) string {
	var b strings.Builder
	t := c.target()
	if c.GOROOT != "" && m.asksExperiments() {
		m.addExperiments(c, t)
	}
	m.root.LinknameStd = c.Minor >= 27
	packages := &localBuild{m: m, c: c, target: t, found: map[string]*localPackage{}, busy: map[string]bool{}}
	var paths []string
	for _, d := range m.dirs {
		if m.asked == nil || m.asked[d.rel] {
			if p := packages.find(m.importPath(d)); p != nil {
				paths = append(paths, p.importPath())
			}
		}
	}
	sort.Strings(paths)
	for _, path := range paths {
		p := packages.find(path)
		p.check(packages, nil)
		if p.needsStd() {
			p.checkWithStd(packages)
		}
		p.write(&b)
	}
	for _, path := range paths {
		packages.find(path).writeTypes(&b)
	}
	return b.String()
}

// A localBuild has the packages of one context that were asked for so far.
type localBuild struct {
	m      *localModule
	c      *localContext
	target *Target
	found  map[string]*localPackage // nil: no files in this build
	busy   map[string]bool          // being checked: an import of one closes a cycle
}

// find is the package of an import path, nil if the module has none.
func (b *localBuild) find(path string) *localPackage {
	if p, ok := b.found[path]; ok {
		return p
	}
	for _, d := range b.m.dirs {
		if b.m.importPath(d) == path {
			b.found[path] = b.open(d)
			return b.found[path]
		}
	}
	return nil
}

func (b *localBuild) open(d *localDir) *localPackage {
	p := &localPackage{m: b.m, c: b.c, target: b.target, dir: d, funcs: map[string]*ast.FuncDecl{}, vars: map[string]bool{}}
	for _, f := range d.files {
		switch {
		case !f.inBuild(b.target):
		case f.IsGo:
			f.parse()
			p.files = append(p.files, f)
		default:
			p.asm = append(p.asm, f)
		}
	}
	if len(p.files) == 0 {
		return nil
	}
	p.declare()
	return p
}

func (m *localModule) importPath(d *localDir) string {
	if d.rel == "." {
		return m.path
	}
	return m.path + "/" + d.rel
}

// owns reports whether an import path is the module's, or below it.
func (m *localModule) owns(path string) bool {
	return m.path != "" && path != "" && (path == m.path || strings.HasPrefix(path, m.path+"/"))
}

func (p *localPackage) importPath() string { return p.m.importPath(p.dir) }

func (p *localPackage) declare() {
	for _, f := range p.files {
		for _, decl := range f.AST.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Recv == nil {
					p.funcs[decl.Name.Name] = decl
				}
			case *ast.GenDecl:
				if decl.Tok != token.VAR {
					continue
				}
				for _, s := range decl.Specs {
					spec := s.(*ast.ValueSpec)
					for _, name := range spec.Names {
						p.vars[name.Name] = len(spec.Values) > 0
					}
				}
			}
		}
	}
}

// check type-checks the declarations. std is nil while it is not known whether it takes std: then
// what comes from other modules is not known.
func (p *localPackage) check(packages *localBuild, std *World) {
	files := make([]*ast.File, len(p.files))
	for i, f := range p.files {
		files[i] = f.AST
	}
	p.layout = newLayout(p.c.Minor, p.c.GOARCH)
	conf := &types.Config{
		IgnoreFuncBodies: true,
		FakeImportC:      true,
		Sizes:            p.layout,
		Error:            func(error) {},
	}
	packages.busy[p.importPath()] = true
	defer delete(packages.busy, p.importPath())
	conf.Importer = importerFunc(func(path string) (*types.Package, error) {
		if path == "unsafe" {
			return types.Unsafe, nil
		}
		if dep := packages.find(path); dep != nil && !packages.busy[path] {
			if dep.types == nil {
				dep.check(packages, std)
			}
			return dep.types, nil
		}
		if std != nil {
			if dep := std.All[path]; dep != nil && dep.Types != nil {
				return dep.Types, nil
			}
		}
		return nil, fmt.Errorf("package %s is not known", path)
	})
	p.types, _ = conf.Check(p.importPath(), p.m.root.Fset, files, nil)
}

// needsStd reports whether some directive's type is not known without std.
func (p *localPackage) needsStd() bool {
	for _, l := range p.links() {
		if shape, _ := p.describe(l.Local); strings.Contains(shape, "?") {
			return true
		}
	}
	for _, name := range p.types.Scope().Names() {
		if tn, ok := p.types.Scope().Lookup(name).(*types.TypeName); ok && p.layout.Sizeof(tn.Type()) < 0 {
			return true
		}
	}
	return false
}

func (p *localPackage) checkWithStd(packages *localBuild) {
	if p.c.GOROOT == "" {
		return
	}
	root := p.m.toolchain(p.c)
	if root == nil {
		return
	}
	key := p.c.GOROOT + " " + p.target.Name
	std := p.m.stds[key]
	if std == nil {
		targets, err := root.describeTargets([]string{p.target.Name})
		if err != nil {
			return
		}
		std = &World{Root: root, Target: targets[0], All: map[string]*Package{}}
		std.findPackages()
		p.m.stds[key] = std
	}
	var paths []string
	for _, f := range p.files {
		for _, path := range f.Imports {
			if std.All[path] != nil {
				paths = append(paths, path)
			}
		}
	}
	std.check(paths)
	p.check(packages, std)
}

// links are the package's directives, in the order of its files.
func (p *localPackage) links() []*Linkname {
	var list []*Linkname
	for _, f := range p.files {
		f.Linknames = nil
		f.findLinknames()
		for _, raw := range f.Linknames {
			list = append(list, &Linkname{rawLinkname: raw, File: &f.File})
		}
	}
	return list
}

// describe is shape and type of a function or variable.
func (p *localPackage) describe(name string) (shape, text string) {
	switch obj := p.types.Scope().Lookup(name).(type) {
	case *types.Func:
		sig := obj.Type().(*types.Signature)
		return p.layout.funcShape(sig), typeText(sig, qualifier(p.types))
	case *types.Var:
		return p.layout.shape(obj.Type()), typeText(obj.Type(), qualifier(p.types))
	}
	return "?", "?"
}

// what says what a local name is.
func (p *localPackage) what(name string) string {
	if f := p.funcs[name]; f != nil {
		if f.Body != nil {
			return "body"
		}
		return "func"
	}
	if data, ok := p.vars[name]; ok {
		if data {
			return "data"
		}
		return "var"
	}
	return "none"
}

// used lists the names that expressions of the package mention.
func (p *localPackage) used() map[string]bool {
	names := map[string]bool{}
	for _, f := range p.files {
		for _, decl := range f.AST.Decls {
			if fd, ok := decl.(*ast.FuncDecl); ok && fd.Body != nil {
				note(fd.Body, names)
			} else if g, ok := decl.(*ast.GenDecl); ok && g.Tok == token.VAR {
				for _, s := range g.Specs {
					for _, v := range s.(*ast.ValueSpec).Values {
						note(v, names)
					}
				}
			}
		}
	}
	// Exported ones may be used by others, those that assembly names are.
	for _, f := range p.asm {
		for _, r := range asmReferences(f.Src, p.target) {
			if rest, ok := strings.CutPrefix(r.name, "·"); ok {
				names[rest] = true
			}
		}
	}
	return names
}

// called lists the functions that the compiled package calls for certain: in a
// statement of a function's body itself, before any that may end it. What
// stands in branches may be dead code, which the compiler drops.
func (p *localPackage) called() map[string]bool {
	names := map[string]bool{}
	for _, f := range p.files {
		for _, decl := range f.AST.Decls {
			fd, ok := decl.(*ast.FuncDecl)
			if !ok || fd.Body == nil || fd.Name.Name == "_" || fd.Type.TypeParams != nil || fd.Recv != nil {
				continue
			}
			for _, s := range fd.Body.List {
				if _, ok := s.(*ast.ReturnStmt); !ok {
					switch s.(type) {
					case *ast.ExprStmt, *ast.AssignStmt, *ast.DeclStmt:
					default:
						s = nil
					}
				}
				if s == nil {
					break
				}
				ast.Inspect(s, func(n ast.Node) bool {
					switch n := n.(type) {
					case *ast.FuncLit, *ast.BinaryExpr: // && and || are branches
						return false
					case *ast.CallExpr:
						if id, ok := n.Fun.(*ast.Ident); ok {
							names[id.Name] = true
						}
					}
					return true
				})
			}
		}
	}
	return names
}

func note(n ast.Node, names map[string]bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr: // a field or method of that name is something else
			note(n.X, names)
			return false
		case *ast.Ident:
			names[n.Name] = true
		}
		return true
	})
}

func (p *localPackage) write(b *strings.Builder) {
	for _, f := range p.files {
		if f.ParseErr != nil {
			fmt.Fprintf(b, "e\t%s\n", firstLine(strings.TrimPrefix(f.ParseErr.Error(), p.m.root.Dir+"/")))
		}
	}
	used, called := p.used(), p.called()
	for _, l := range p.links() {
		what := p.what(l.Local)
		shape, text := p.describe(l.Local)
		form := "pull"
		switch {
		case l.Target == "":
			form = "one"
		case what == "body":
			form = "push"
		}
		uses := 0
		switch {
		case called[l.Local]:
			uses = 2
		case used[l.Local] || ast.IsExported(l.Local):
			uses = 1
		}
		target := l.Target
		// A symbol of the program's own packages is none of std's, whatever its path looks like.
		if path, name := splitSymbol(target); p.m.owns(path) {
			target = "main." + name
		}
		fmt.Fprintf(b, "l\t%s\t%s\t%d\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", p.dir.rel, l.File.Rel, l.Line, form, l.Local, target,
			what, uses, shape, text)
		if what == "none" {
			fmt.Fprintf(b, "m\t%s\t%d\tinert-directive\t//go:linkname %s: %s is not declared in this build\n",
				l.File.Rel, l.Line, l.Local, l.Local)
		}
		if !l.File.Unsafe {
			fmt.Fprintf(b, "m\t%s\t%d\tmissing-unsafe-import\t//go:linkname %s: its file does not import unsafe\n",
				l.File.Rel, l.Line, l.Local)
		}
	}
	for _, f := range p.files {
		for _, decl := range f.AST.Decls {
			if fd, ok := decl.(*ast.FuncDecl); ok && fd.Recv == nil && fd.Type.TypeParams == nil {
				shape, text := p.describe(fd.Name.Name)
				fmt.Fprintf(b, "f\t%s\t%s\t%d\t%s\t%s\t%s\n", p.dir.rel, f.Rel, f.line(fd.Pos()), fd.Name.Name, shape, text)
			}
		}
		p.remark(b, f)
	}
	seen := map[string]bool{}
	for _, f := range p.asm {
		for _, r := range asmReferences(f.Src, p.target) {
			name := strings.ReplaceAll(strings.ReplaceAll(r.name, "·", "."), "∕", "/")
			path, _ := splitSymbol(name)
			if strings.HasPrefix(r.name, "·") || path == "" || path == p.importPath() || seen[name] {
				continue
			}
			seen[name] = true
			fmt.Fprintf(b, "a\t%s\t%d\t%s\n", f.Rel, r.line, name)
		}
	}
}

var almost = regexp.MustCompile(`^(//[ \t]+|/\*\s*|//)go:linkname(std)?([ \t]+\S+){1,2}`)

// remark notes comments that look like directives and are none.
func (p *localPackage) remark(b *strings.Builder, f *localFile) {
	for _, group := range f.AST.Comments {
		for _, c := range group.List {
			if !almost.MatchString(c.Text) || f.parseLinkname(c) != nil {
				continue
			}
			why := "it is a comment"
			switch {
			case strings.HasPrefix(c.Text, "// ") || strings.HasPrefix(c.Text, "//\t"):
				why = "a blank stands before go:linkname"
			case strings.HasPrefix(c.Text, "/*"):
				why = "it stands in a /* */ comment"
			case strings.HasPrefix(c.Text, "//go:linknamestd"):
				why = "this Go does not know //go:linknamestd"
			case strings.Contains(c.Text, "["):
				why = "it names an instantiation"
			case strings.HasPrefix(c.Text, "//go:linkname\t"):
				why = "a tab stands after go:linkname"
			}
			fmt.Fprintf(b, "m\t%s\t%d\tinert-directive\t%s: the compiler passes it over: %s\n", f.Rel, f.line(c.Pos()),
				strings.Join(strings.Fields(firstLine(c.Text)), " "), why)
		}
	}
}

// writeTypes writes the named types of the package as a section.
func (p *localPackage) writeTypes(b *strings.Builder) {
	w := &World{Root: p.m.root, Target: p.target}
	var out bytes.Buffer
	s := &section{w: w, out: &out, path: p.dir.rel, layout: p.layout}
	q := qualifier(p.types)
	for _, f := range p.files {
		for _, decl := range f.AST.Decls {
			g, ok := decl.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			for _, spec := range g.Specs {
				name := spec.(*ast.TypeSpec).Name
				if tn, ok := p.types.Scope().Lookup(name.Name).(*types.TypeName); ok {
					s.add('T', &f.File, f.line(name.Pos()), append([]string{name.Name}, s.typeColumns(tn, q)...)...)
				}
			}
		}
	}
	if len(s.records) > 0 {
		s.writeRecords("ok", "")
		b.Write(out.Bytes())
	}
}

// An asmReference is a symbol that an instruction names.
type asmReference struct {
	name string // as the file spells it
	line int
}

var asmOperands = regexp.MustCompile(`([\pL_][\pL\pN_∕./%]*)?·[\pL_][\pL\pN_]*(\(SB\)|<ABI\w+>\(SB\)|[+-]\w+\(SB\))`)

// asmReferences finds the symbols that a file refers to, macros unexpanded.
func asmReferences(src []byte, t *Target) []asmReference {
	var list []asmReference
	for number, line := range activeLines(src, asmDefined(t), nil) {
		text, _, _ := strings.Cut(line, "//")
		word, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
		if tabbed, after, ok := strings.Cut(word, "\t"); ok {
			word, rest = tabbed, after+" "+rest
		}
		if word == "TEXT" || word == "GLOBL" {
			continue // these define
		}
		if word == "DATA" { // what it defines stands first
			_, rest, _ = strings.Cut(rest, ",")
			text = rest
		}
		for _, operand := range asmOperands.FindAllString(text, -1) {
			name, _, _ := strings.Cut(operand, "(")
			name, _, _ = strings.Cut(name, "<")
			name = strings.FieldsFunc(name, func(r rune) bool { return r == '+' || r == '-' })[0]
			list = append(list, asmReference{name, number})
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].line < list[j].line })
	return list
}
