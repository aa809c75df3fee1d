package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"io"
	"maps"
	"slices"
	"sort"
	"strings"
)

// form says what a directive does: push, pull or one, with "std" after it for
// //go:linknamestd.
func (w *World) form(l *Linkname) string {
	switch {
	case l.Target == "":
		return "one"
	case l.Decl == nil:
		return "pull"
	case l.Decl.Func != nil:
		// A declaration without body may exist to mark a symbol that this
		// package's assembly defines.
		if l.Decl.HasBody || w.asmOf(l) {
			return "push"
		}
		return "pull"
	}
	if w.declares(l.Symbol, l.Pkg) && !w.isData(l.Pkg, l.Decl) {
		return "pull"
	}
	return "push"
}

// asmOf reports whether the assembly of the directive's package defines the
// directive's symbol.
func (w *World) asmOf(l *Linkname) bool {
	d := w.asm[l.Symbol]
	return d != nil && d.Pkg == l.Pkg
}

// declares reports whether the package that a symbol is named after has it
// under its own name. except is not asked.
func (w *World) declares(symbol string, except *Package) bool {
	path, name := splitSymbol(symbol)
	if strings.HasPrefix(name, ".") {
		return true // ".inittask": the compiler makes it
	}
	p := w.All[path]
	if p == nil || p == except {
		return false
	}
	p.parse(w)
	d := p.ByName[name]
	return d != nil && d.Symbol == symbol
}

// body is the letter for what a directive's local name stands for.
func (w *World) body(l *Linkname) string {
	switch d := l.Decl; {
	case d == nil:
		return "-"
	case d.Spec != nil && w.isData(l.Pkg, d):
		return "d"
	case d.Spec != nil:
		return "v"
	case d.HasBody:
		return "g"
	case w.asmOf(l):
		return "a"
	}
	return "n"
}

// A record is a line of a section that belongs to a file.
type record struct {
	file *File
	line int
	kind byte
	rest string // after the line
}

// writeAtlas writes the text for one target.
func writeAtlas(out io.Writer, w *World) {
	foreign := w.foreign()
	var paths []string
	if w.Wanted == nil {
		all := map[string]bool{}
		for _, p := range w.Paths {
			all[p] = true
		}
		for path := range foreign {
			all[path] = true
		}
		for path := range w.links {
			all[path] = true
		}
		for symbol := range w.Root.Blocked {
			path, _ := splitSymbol(symbol)
			all[path] = true
		}
		for path := range all {
			paths = append(paths, path)
		}
	} else {
		paths = append(paths, w.Wanted...)
	}
	sort.Strings(paths)
	texts := make([]bytes.Buffer, len(paths))
	parallel(len(paths), func(i int) {
		s := &section{w: w, out: &texts[i], path: paths[i], foreign: foreign[paths[i]]}
		s.pkg = w.All[paths[i]]
		s.write()
	})
	io.WriteString(out, "lnmatrix-atlas 1\n")
	for i := range texts {
		if i == 0 || paths[i] != paths[i-1] {
			out.Write(texts[i].Bytes())
		}
	}
}

// foreign lists, by package path, the symbols that are defined under the name
// of a package which does not declare them.
func (w *World) foreign() map[string][]string {
	m := map[string][]string{}
	add := func(symbol string) {
		path, name := splitSymbol(symbol)
		if p := w.All[path]; p != nil {
			if p.ByName == nil { // not parsed: nobody asked for it
				return
			}
			if d := p.ByName[name]; d != nil && d.Symbol == symbol {
				return
			}
		}
		m[path] = append(m[path], symbol)
	}
	for symbol := range w.asm {
		add(symbol)
	}
	for symbol := range w.asmData {
		add(symbol)
	}
	for symbol := range w.pushed {
		if w.asm[symbol] == nil && w.asmData[symbol] == nil {
			add(symbol)
		}
	}
	return m
}

type section struct {
	w       *World
	out     *bytes.Buffer
	path    string
	pkg     *Package // nil: not in std
	foreign []string
	records []record
	layout  *layout
}

func (s *section) write() {
	s.layout = newLayout(s.w.Root.Minor, s.w.Target.Arch)
	if s.pkg != nil {
		s.addDeclared()
	}
	s.addForeign()
	state, message := "ext", ""
	if s.pkg != nil {
		state, message = s.pkg.State, s.pkg.Message
	} else if s.w.Wanted != nil && len(s.records) == 0 && len(s.w.links[s.path]) == 0 && !s.blocksAny() {
		state, message = "unread", "no such package in std"
	}
	s.writeRecords(state, message)
	s.addLinks()
}

func (s *section) writeRecords(state, message string) {
	fmt.Fprintf(s.out, "P\t%s\t%s\t%s\n", s.path, state, message)
	sort.SliceStable(s.records, func(i, j int) bool {
		a, b := s.records[i], s.records[j]
		if a.file.Rel != b.file.Rel {
			return a.file.Rel < b.file.Rel
		}
		return a.line < b.line
	})
	var file *File
	line := 0
	for _, r := range s.records {
		if r.file != file {
			file, line = r.file, 0
			fmt.Fprintf(s.out, "D\t%s\n", file.Rel)
		}
		fmt.Fprintf(s.out, "%c\t%d\t%s\n", r.kind, r.line-line, r.rest)
		line = r.line
	}
}

func (s *section) add(kind byte, file *File, line int, columns ...string) {
	s.records = append(s.records, record{file, line, kind, strings.Join(columns, "\t")})
}

// addForeign adds what others define under this package's name.
func (s *section) addForeign() {
	sort.Strings(s.foreign)
	for _, symbol := range s.foreign {
		_, name := splitSymbol(symbol)
		if d := s.w.asm[symbol]; d != nil {
			s.add('F', d.File, d.lineOf(symbol, s.w.Target), name, "A", s.asmMarks(symbol, d), "-", "-")
			continue
		}
		if d := s.w.asmData[symbol]; d != nil {
			def := "Az"
			if d.Data {
				def = "Ad"
			}
			s.add('V', d.File, d.Line, name, def, s.asmMarks(symbol, d), "-", fmt.Sprint(d.Size), "-")
			continue
		}
		l := s.w.pushed[symbol]
		d, p := l.Decl, l.Pkg
		marks := s.marks(symbol, p, "<"+p.Path+"."+d.Name, d)
		if d.Func != nil {
			shape, sig := s.function(p, d)
			s.add('F', d.File, d.File.line(d.Pos), name, "P", marks, shape, sig)
			continue
		}
		shape, size, typ := s.variable(p, d)
		def := "Pz"
		if s.w.isData(p, d) {
			def = "Pd"
		}
		s.add('V', d.File, d.File.line(d.Pos), name, def, marks, shape, size, typ)
	}
}

// asmMarks are the marks of a symbol that assembly defines.
func (s *section) asmMarks(symbol string, d *asmDef) string {
	marks := s.marks(symbol, d.Pkg, "", nil)
	if d.Pkg.Path != s.path {
		marks = join(marks, "@"+d.Pkg.Path)
	}
	if d.Internal {
		marks = join(marks, "abiinternal")
		if s.w.asmRefs[asmRef{d.Pkg, symbol}] {
			marks = join(marks, "asmref")
		}
	}
	return marks
}

// marks are those of a symbol that package definer defines; extra goes to its
// place among them. decl is the definition, nil for assembly.
func (s *section) marks(symbol string, definer *Package, extra string, decl *Decl) string {
	marks := ""
	if l := definer.Marked[symbol]; l != nil {
		marks = "push"
		if l.Std {
			marks = "std"
		}
	}
	if s.w.Root.Builtins[symbol] {
		marks = join(marks, "builtin")
	}
	marks = join(marks, extra)
	if marks != "" && decl != nil && decl.Func != nil {
		if to := definer.forwards(decl); to != "" {
			marks = join(marks, ">"+to)
		}
	}
	if decl != nil && decl.Func != nil && s.w.asmRefs[asmRef{definer, symbol}] {
		marks = join(marks, "asmref")
	}
	if decl != nil && decl.Func != nil && decl.File.Funcs[decl.Func].ABI0 {
		marks = join(marks, "abi0")
	}
	return marks
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " " + b
}

// forwards finds the one function of its package that a function does nothing
// but call, with conversions around it or around its arguments.
func (p *Package) forwards(d *Decl) string {
	body := d.File.Funcs[d.Func].Body
	if body == nil || len(body.List) != 1 {
		return ""
	}
	var e ast.Expr
	switch s := body.List[0].(type) {
	case *ast.ReturnStmt:
		if len(s.Results) == 1 {
			e = s.Results[0]
		}
	case *ast.ExprStmt:
		e = s.X
	}
	for {
		call, ok := ast.Unparen(e).(*ast.CallExpr)
		if !ok {
			return ""
		}
		id, isIdent := ast.Unparen(call.Fun).(*ast.Ident)
		if isIdent {
			if f := p.ByName[id.Name]; f != nil && f.Func != nil && f != d && !shadows(d.Func, id.Name) {
				return id.Name
			}
		}
		if len(call.Args) != 1 || !p.isConversion(call.Fun) {
			return ""
		}
		e = call.Args[0]
	}
}

// isConversion reports whether what is called is a type. Bodies are not
// type-checked: the names of types of other packages, unsafe.Pointer excepted,
// are not known here.
func (p *Package) isConversion(fun ast.Expr) bool {
	switch fun := ast.Unparen(fun).(type) {
	case *ast.Ident:
		if p.Types != nil {
			if obj := p.Types.Scope().Lookup(fun.Name); obj != nil {
				_, ok := obj.(*types.TypeName)
				return ok
			}
		}
		_, ok := types.Universe.Lookup(fun.Name).(*types.TypeName)
		return ok
	case *ast.SelectorExpr:
		pkg, ok := fun.X.(*ast.Ident)
		return ok && pkg.Name == "unsafe" && fun.Sel.Name == "Pointer"
	case *ast.StarExpr, *ast.ArrayType, *ast.MapType, *ast.ChanType, *ast.FuncType, *ast.InterfaceType:
		return true
	}
	return false
}

// shadows reports whether a parameter has the name.
func shadows(f *ast.FuncDecl, name string) bool {
	for _, list := range []*ast.FieldList{f.Recv, f.Type.Params, f.Type.Results} {
		if list != nil {
			for _, field := range list.List {
				for _, id := range field.Names {
					if id.Name == name {
						return true
					}
				}
			}
		}
	}
	return false
}

// function is shape and signature of a function or method.
func (s *section) function(p *Package, d *Decl) (shape, sig string) {
	var obj types.Object
	if p.Types != nil {
		if d.Recv != "" {
			if m := p.Funcs[d.Pos]; m != nil {
				obj = m
			}
		} else {
			obj = p.Types.Scope().Lookup(d.Name)
		}
	}
	f, ok := obj.(*types.Func)
	if !ok {
		return "?", "?"
	}
	signature := f.Type().(*types.Signature)
	return s.layout.funcShape(signature), typeText(signature, qualifier(p.Types))
}

func (s *section) variable(p *Package, d *Decl) (shape, size, typ string) {
	if p.Types != nil {
		if v, ok := p.Types.Scope().Lookup(d.Name).(*types.Var); ok {
			return s.layout.shape(v.Type()), s.size(v.Type()), typeText(v.Type(), qualifier(p.Types))
		}
	}
	return "?", "?", "?"
}

func (s *section) size(t types.Type) string {
	if n := s.layout.Sizeof(t); n >= 0 {
		return fmt.Sprint(n)
	}
	return "?"
}

// addDeclared adds what the package itself declares.
func (s *section) addDeclared() {
	p := s.pkg
	for _, d := range p.Decls {
		line := d.File.line(d.Pos)
		if d.Func != nil {
			kind := byte('F')
			if d.Recv != "" {
				kind = 'M'
			}
			def, marks := s.definition(d)
			if def == "o" && s.w.asm[p.Prefix+d.SymbolName()] != nil {
				continue // assembly has the name, which the declaration has given up
			}
			shape, sig := s.function(p, d)
			s.add(kind, d.File, line, d.SymbolName(), def, marks, shape, sig)
			continue
		}
		def, marks := s.varDefinition(d)
		shape, size, typ := s.variable(p, d)
		s.add('V', d.File, line, d.Name, def, marks, shape, size, typ)
	}
	if p.Types == nil {
		return
	}
	q := qualifier(p.Types)
	scope := p.Types.Scope()
	for _, f := range p.Go {
		for _, decl := range f.AST.Decls {
			g, ok := decl.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST && g.Tok != token.TYPE {
				continue
			}
			for _, spec := range g.Specs {
				switch spec := spec.(type) {
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						if c, ok := scope.Lookup(name.Name).(*types.Const); ok {
							s.add('C', f, f.line(name.Pos()), name.Name, typeText(c.Type(), q))
						}
					}
				case *ast.TypeSpec:
					if tn, ok := scope.Lookup(spec.Name.Name).(*types.TypeName); ok {
						columns := append([]string{spec.Name.Name}, s.typeColumns(tn, q)...)
						s.add('T', f, f.line(spec.Name.Pos()), columns...)
					}
				}
			}
		}
	}
}

// definition finds out who defines the symbol of a declared function.
func (s *section) definition(d *Decl) (def, marks string) {
	own := s.pkg.Prefix + d.SymbolName()
	switch {
	case d.Generic:
		return "x", ""
	case d.Symbol != own:
		return "o", "=" + d.Symbol
	case d.HasBody:
		return "g", s.marks(own, s.pkg, "", d)
	}
	if a := s.w.asm[own]; a != nil {
		return "a", s.asmMarks(own, a)
	}
	if l := s.w.pushed[own]; l != nil && l.Decl.Func != nil {
		return "p", s.marks(own, l.Pkg, "<"+l.Pkg.Path+"."+l.Decl.Name, l.Decl)
	}
	return "n", s.marks(own, s.pkg, "", nil)
}

func (s *section) varDefinition(d *Decl) (def, marks string) {
	own := s.pkg.Prefix + d.Name
	if d.Symbol != own {
		return "o", "=" + d.Symbol
	}
	data := s.w.isData(s.pkg, d)
	// runtime/cgo gives values to variables of other packages, but is part of
	// no program without cgo.
	if l := s.w.pushed[own]; l != nil && l.Pkg.Path != "runtime/cgo" && l.Decl.Spec != nil && !data && s.w.isData(l.Pkg, l.Decl) {
		return "pd", s.marks(own, l.Pkg, "<"+l.Pkg.Path+"."+l.Decl.Name, nil)
	}
	def = "z"
	if data {
		def = "d"
	}
	marks = s.marks(own, s.pkg, "", nil)
	if a := s.w.asmData[own]; a != nil {
		return "d", join(marks, "@"+a.Pkg.Path)
	}
	return def, marks
}

// typeColumns is a type record after its name.
func (s *section) typeColumns(tn *types.TypeName, q types.Qualifier) []string {
	t := tn.Type()
	var kind string
	switch t.Underlying().(type) {
	case *types.Basic:
		kind = "basic"
	case *types.Pointer:
		kind = "pointer"
	case *types.Signature:
		kind = "func"
	case *types.Interface:
		kind = "interface"
	case *types.Slice:
		kind = "slice"
	case *types.Array:
		kind = "array"
	case *types.Map:
		kind = "map"
	case *types.Chan:
		kind = "chan"
	case *types.Struct:
		kind = "struct"
	default:
		kind = "invalid"
	}
	under := ""
	switch x := t.(type) {
	case *types.Alias:
		kind = "alias"
		under = typeText(x.Rhs(), q)
		if x.TypeParams().Len() > 0 {
			return []string{"generic", "-", "-", typeParams(x.TypeParams(), q) + " = " + under}
		}
	case *types.Named:
		if x.TypeParams().Len() > 0 {
			return []string{"generic", "-", "-", typeParams(x.TypeParams(), q) + " " + typeText(x.Underlying(), q)}
		}
		if kind != "struct" {
			under = typeText(t.Underlying(), q)
		}
	default:
		if tn.IsAlias() { // of a predeclared type
			kind, under = "alias", typeText(t, q)
		}
	}
	e := s.layout.extent(t)
	columns := []string{kind, fmt.Sprint(e.size), fmt.Sprint(e.align), under}
	if e.size < 0 {
		columns[1], columns[2] = "?", "?"
	}
	if u, ok := t.Underlying().(*types.Struct); ok {
		offset := int64(0)
		for i := 0; i < u.NumFields(); i++ {
			f := u.Field(i)
			e := s.layout.extent(f.Type())
			at, size := "?", "?"
			if e.size >= 0 && offset >= 0 {
				offset = alignUp(offset, e.align)
				at, size = fmt.Sprint(offset), fmt.Sprint(e.size)
				offset += e.size
			} else {
				offset = -1
			}
			name := f.Name()
			if f.Embedded() {
				name = "~" + name
			}
			columns = append(columns, fmt.Sprintf("%s %s %s %s %s", name, at, size, s.layout.pointerMask(f.Type()), typeText(f.Type(), q)))
		}
	}
	return columns
}

func typeParams(list *types.TypeParamList, q types.Qualifier) string {
	var b strings.Builder
	for i := 0; i < list.Len(); i++ {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(list.At(i).Obj().Name() + " " + typeText(list.At(i).Constraint(), q))
	}
	return "[" + b.String() + "]"
}

// addLinks writes what has no place in a file of the package.
func (s *section) addLinks() {
	links := append([]*Linkname(nil), s.w.links[s.path]...)
	name := func(l *Linkname) string { _, name := splitSymbol(l.Symbol); return name }
	sort.SliceStable(links, func(i, j int) bool {
		a, b := links[i], links[j]
		if na, nb := name(a), name(b); na != nb {
			return na < nb
		}
		if a.File.Rel != b.File.Rel {
			return a.File.Rel < b.File.Rel
		}
		return a.Line < b.Line
	})
	for _, l := range links {
		form := s.w.form(l)
		if l.Std {
			form += "std"
		}
		fmt.Fprintf(s.out, "L\t%s\t%s\t%s\t%s\t%s:%d\t%s\n", name(l), form, l.Pkg.Path, l.Local, l.File.Rel, l.Line, s.w.body(l))
	}
	var blocked []string
	for symbol, packages := range s.w.Root.Blocked {
		if path, name := splitSymbol(symbol); path == s.path {
			blocked = append(blocked, fmt.Sprintf("B\t%s\t%s\n", name, strings.Join(packages, ",")))
		}
	}
	sort.Strings(blocked)
	for _, b := range blocked {
		s.out.WriteString(b)
	}
	users := map[string][]string{}
	for _, l := range links {
		for _, u := range l.Users {
			if n := name(l); !slices.Contains(users[n], u) {
				users[n] = append(users[n], u)
			}
		}
	}
	if s.pkg != nil {
		for _, f := range s.pkg.Go {
			for n, list := range f.Halls {
				if users[n] == nil {
					users[n] = list
				}
			}
		}
	}
	for _, n := range slices.Sorted(maps.Keys(users)) {
		fmt.Fprintf(s.out, "U\t%s\t%s\n", n, strings.Join(users[n], " "))
	}
}

func (s *section) blocksAny() bool {
	for symbol := range s.w.Root.Blocked {
		if path, _ := splitSymbol(symbol); path == s.path {
			return true
		}
	}
	return false
}
