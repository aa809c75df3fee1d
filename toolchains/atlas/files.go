package main

import (
	"bytes"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"path"
	"strconv"
	"strings"
	"sync"
)

// A File is one source file, read and parsed at most once for all targets.
type File struct {
	root *Root
	Path string // absolute, before the overlay
	Rel  string // relative to GOROOT/src
	IsGo bool

	headOnce   sync.Once
	Src        []byte
	expr       constraint.Expr // of the //go:build line, or nil
	usesC      bool            // imports "C": not part of a build without cgo
	ignored    bool            // package main or documentation
	directives bool            // may hold //go:linkname
	readErr    error

	parseOnce sync.Once
	AST       *ast.File // never nil after parse, but may be incomplete
	ParseErr  error
	Imports   []string // import paths as written
	Unsafe    bool
	Linknames []*rawLinkname
	Halls     map[string][]string // users of functions without directive
	Embeds    map[token.Pos]bool  // ends of the comments above //go:embed variables
	Funcs     map[*ast.FuncDecl]*FuncInfo
}

// FuncInfo keeps what is needed of a function's body, which is then dropped.
type FuncInfo struct {
	HasBody  bool
	Body     *ast.BlockStmt // only of functions with a short one
	NoInline bool
	Import   bool // //go:wasmimport: for wasm the compiler writes the body
	ABI0     bool // //go:cgo_unsafe_args: its arguments must lie in memory
}

var knownOS = words("aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows zos")
var knownArch = words("386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le " +
	"ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm")

func words(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// matchName applies the GOOS and GOARCH endings of file names.
func matchName(name string, t *Target) bool {
	name, _, _ = strings.Cut(name, ".")
	i := strings.IndexByte(name, '_')
	if i < 0 {
		return true // "linux.go" is for everyone
	}
	l := strings.Split(name[i+1:], "_")
	n := len(l)
	if n >= 2 && knownOS[l[n-2]] && knownArch[l[n-1]] {
		return t.tags[l[n-2]] && t.tags[l[n-1]]
	}
	if knownOS[l[n-1]] || knownArch[l[n-1]] {
		return t.tags[l[n-1]]
	}
	return true
}

// Match reports whether the file is part of its package for the target.
func (f *File) Match(t *Target) bool {
	if !matchName(path.Base(f.Rel), t) {
		return false
	}
	f.headOnce.Do(f.readHead)
	if f.readErr != nil {
		return true // reported when the package is loaded
	}
	if f.usesC || f.ignored {
		return false
	}
	return f.expr == nil || f.expr.Eval(func(tag string) bool { return t.tags[tag] })
}

// readHead reads the file and looks at what stands before its package clause.
func (f *File) readHead() {
	f.Src, f.readErr = f.root.readFile(f.Path)
	if f.readErr != nil {
		return
	}
	var plus constraint.Expr
	rest := f.Src
	rest = bytes.TrimPrefix(rest, []byte("\uFEFF"))
	for len(rest) > 0 {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		line = bytes.TrimSpace(line)
		switch {
		case len(line) == 0:
		case bytes.HasPrefix(line, []byte("//")):
			text := string(line)
			if constraint.IsGoBuild(text) && f.expr == nil {
				f.expr, _ = constraint.Parse(text)
			} else if constraint.IsPlusBuild(text) {
				if x, err := constraint.Parse(text); err == nil {
					if plus == nil {
						plus = x
					} else {
						plus = &constraint.AndExpr{X: plus, Y: x}
					}
				}
			}
		case bytes.HasPrefix(line, []byte("/*")):
			// What follows a comment on its last line is no constraint.
			if !bytes.Contains(line, []byte("*/")) {
				if i := bytes.Index(rest, []byte("*/")); i >= 0 {
					rest = rest[i+2:]
				}
			}
		default:
			if f.IsGo {
				name := strings.TrimSpace(strings.TrimPrefix(string(line), "package "))
				name, _, _ = strings.Cut(name, " ")
				name, _, _ = strings.Cut(name, ";")
				f.ignored = name == "main" || name == "documentation"
			}
			rest = nil
		}
	}
	if f.expr == nil {
		f.expr = plus
	}
	if !f.IsGo {
		return
	}
	f.directives = bytes.Contains(f.Src, []byte("//go:linkname"))
	if bytes.Contains(f.Src, []byte(`"C"`)) {
		if x, err := parser.ParseFile(token.NewFileSet(), "", f.Src, parser.ImportsOnly); err == nil {
			for _, i := range x.Imports {
				f.usesC = f.usesC || i.Path.Value == `"C"`
			}
		}
	}
}

// Parse parses a Go file that has been matched. It may be called concurrently.
func (f *File) Parse() {
	f.parseOnce.Do(func() {
		f.headOnce.Do(f.readHead)
		mode := parser.SkipObjectResolution
		embeds := bytes.Contains(f.Src, []byte("//go:embed"))
		if f.directives || embeds || bytes.Contains(f.Src, []byte("//go:noinline")) ||
			bytes.Contains(f.Src, []byte("//go:cgo_unsafe_args")) ||
			bytes.Contains(f.Src, []byte("//go:wasmimport")) {
			mode |= parser.ParseComments
		}
		f.ParseErr = f.readErr
		if f.readErr == nil {
			f.AST, f.ParseErr = parser.ParseFile(f.root.Fset, f.Path, f.Src, mode)
		}
		if f.AST == nil {
			f.AST = &ast.File{Name: ast.NewIdent("_")}
		}
		for _, spec := range f.AST.Imports {
			if p, err := strconv.Unquote(spec.Path.Value); err == nil {
				f.Imports = append(f.Imports, p)
				f.Unsafe = f.Unsafe || p == "unsafe"
			}
		}
		if f.directives && f.Unsafe {
			f.findLinknames()
		}
		if embeds {
			f.findEmbeds()
		}
		f.Src = nil
		f.AST.Comments = nil
		f.dropBodies()
	})
}

// findEmbeds records the declarations below a //go:embed line.
func (f *File) findEmbeds() {
	f.Embeds = map[token.Pos]bool{}
	mark := func(doc *ast.CommentGroup, pos token.Pos) {
		if doc != nil {
			for _, c := range doc.List {
				if strings.HasPrefix(c.Text, "//go:embed ") {
					f.Embeds[pos] = true
				}
			}
		}
	}
	for _, d := range f.AST.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
			for _, s := range g.Specs {
				spec := s.(*ast.ValueSpec)
				mark(g.Doc, spec.Pos())
				mark(spec.Doc, spec.Pos())
			}
		}
	}
}

// dropBodies lets the collector have the largest part of the syntax.
func (f *File) dropBodies() {
	f.Funcs = map[*ast.FuncDecl]*FuncInfo{}
	for _, d := range f.AST.Decls {
		if fd, ok := d.(*ast.FuncDecl); ok {
			info := &FuncInfo{HasBody: fd.Body != nil}
			if fd.Doc != nil {
				for _, c := range fd.Doc.List {
					info.NoInline = info.NoInline || c.Text == "//go:noinline"
					info.ABI0 = info.ABI0 || c.Text == "//go:cgo_unsafe_args"
					info.Import = info.Import || strings.HasPrefix(c.Text, "//go:wasmimport ")
				}
			}
			if fd.Body != nil {
				if fd.Body.Rbrace-fd.Body.Lbrace < 800 { // may be inlined
					info.Body = fd.Body
				}
				fd.Body = &ast.BlockStmt{Lbrace: fd.Body.Lbrace, Rbrace: fd.Body.Rbrace}
			}
			f.Funcs[fd] = info
		}
	}
}

func (f *File) line(pos token.Pos) int {
	if !pos.IsValid() {
		return 0
	}
	return f.root.Fset.PositionFor(pos, false).Line
}
