package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"sort"
	"strings"
	"sync"
)

// A Package is a package of std for one target.
type Package struct {
	Path    string
	Prefix  string // of its symbols
	Go, Asm []*File

	parseOnce sync.Once
	State     string // ok, partial, unread
	Message   string
	Decls     []*Decl
	ByName    map[string]*Decl // package-level functions and variables
	Links     []*Linkname
	Marked    map[string]*Linkname // by symbol: the directives that open its own definitions

	deps      map[string]*Package // imports, without those that close a cycle
	checkOnce sync.Once
	Types     *types.Package
	Info      *types.Info
	Funcs     map[token.Pos]*types.Func // methods, by the position of their name

	staticOnce, byPosOnce sync.Once
	data                  map[types.Object]bool // variables with initial data
	byPos                 map[token.Pos]*Decl
}

// A World is the std of one target, as far as it was asked for.
type World struct {
	Root   *Root
	Target *Target
	All    map[string]*Package
	Paths  []string // sorted keys of All
	Wanted []string // sections to write, nil: all

	inlining sync.Mutex // guards Decl.inline

	loaded  []*Package // parsed: their directives count
	asm     map[string]*asmDef
	asmRefs map[asmRef]bool
	asmData map[string]*asmDef
	links   map[string][]*Linkname // by package path of the symbol
	pushed  map[string]*Linkname   // by symbol: who defines it from elsewhere
}

// problem notes what is wrong with a package; the first message stays.
func (p *Package) problem(state, message string) {
	if p.State != "unread" {
		p.State = state
	}
	if p.Message == "" {
		p.Message = firstLine(message)
	}
}

// load does everything but writing.
func (r *Root) load(t *Target, wanted []string) *World {
	w := &World{Root: r, Target: t, All: map[string]*Package{}, Wanted: wanted}
	w.findPackages()
	if wanted == nil {
		w.loadAll()
	} else {
		w.loadSome()
	}
	return w
}

// findPackages chooses files. Nothing is parsed, but all chosen files are read.
func (w *World) findPackages() {
	list := make([]*Package, len(w.Root.dirs))
	parallel(len(list), func(i int) {
		d := w.Root.dirs[i]
		p := &Package{Path: d.path, Prefix: symbolPrefix(d.path) + ".", State: "ok"}
		for _, f := range d.files {
			if f.Match(w.Target) {
				if f.IsGo {
					p.Go = append(p.Go, f)
				} else {
					p.Asm = append(p.Asm, f)
				}
			}
		}
		if w.Target.problem != "" {
			p.problem("partial", w.Target.problem)
		}
		if len(p.Go) > 0 {
			list[i] = p
		}
	})
	for _, p := range list {
		if p != nil {
			w.All[p.Path] = p
			w.Paths = append(w.Paths, p.Path)
		}
	}
	sort.Strings(w.Paths)
}

// parallel calls f(0) ... f(n-1) on as many threads as there are.
func parallel(n int, f func(int)) {
	var wg sync.WaitGroup
	next := make(chan int, n)
	for i := 0; i < n; i++ {
		next <- i
	}
	close(next)
	for range maxProcs() {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range next {
				f(i)
			}
		}()
	}
	wg.Wait()
}

func (w *World) loadAll() {
	asmDone := make(chan struct{})
	go func() {
		w.loadAsm(w.packages(w.Paths))
		close(asmDone)
	}()
	w.check(w.Paths)
	<-asmDone
	w.loaded = w.packages(w.Paths)
	w.index()
}

func (w *World) packages(paths []string) []*Package {
	list := make([]*Package, 0, len(paths))
	for _, path := range paths {
		if p := w.All[path]; p != nil {
			list = append(list, p)
		}
	}
	return list
}

// loadSome answers for a few packages. Everything in std can define, pull or
// push symbols that are named after them: a look at the text of all directives
// and all assembly tells which packages do.
func (w *World) loadSome() {
	wanted := map[string]bool{}
	for _, path := range w.Wanted {
		wanted[path] = true
	}
	var parse, asm []*Package
	for _, path := range w.Paths {
		p := w.All[path]
		asmHere, directives := wanted[path], wanted[path]
		for _, f := range p.Go {
			directives = directives || f.directives && f.mentions(path, wanted)
		}
		for _, f := range p.Asm {
			asmHere = asmHere || f.namesOneOf(wanted)
		}
		if directives {
			parse = append(parse, p)
			// Whether a local name without body has one in assembly is part
			// of the answer.
			asmHere = true
		}
		if asmHere && len(p.Asm) > 0 {
			asm = append(asm, p)
		}
	}
	parallel(len(parse), func(i int) { parse[i].parse(w) })
	asmDone := make(chan struct{})
	go func() {
		w.loadAsm(asm)
		close(asmDone)
	}()
	w.check(w.Wanted)
	<-asmDone
	w.loaded = parse
	w.index()
	// A symbol that only others define has its type from there.
	var definers []string
	for symbol, l := range w.pushed {
		if path, _ := splitSymbol(symbol); wanted[path] && l.Pkg.Types == nil {
			definers = append(definers, l.Pkg.Path)
		}
	}
	sort.Strings(definers)
	w.check(definers)
}

// parse reads the syntax of all files and finds declarations and directives.
func (p *Package) parse(w *World) {
	p.parseOnce.Do(func() {
		p.ByName = map[string]*Decl{}
		p.Marked = map[string]*Linkname{}
		for _, f := range p.Go {
			f.Parse()
			if f.ParseErr != nil {
				p.problem("partial", strings.TrimPrefix(f.ParseErr.Error(), w.Root.Src+"/"))
			}
			p.addDecls(f, w.Target.Arch == "wasm")
		}
		read := false
		for _, f := range p.Go {
			read = read || len(f.AST.Decls) > 0 || f.ParseErr == nil
			for _, raw := range f.Linknames {
				l := &Linkname{rawLinkname: raw, Pkg: p, File: f, Symbol: raw.Target, Decl: p.ByName[raw.Local]}
				if l.Symbol == "" {
					l.Symbol = p.Prefix + raw.Local
				}
				p.Links = append(p.Links, l)
				if l.Decl == nil {
					continue
				}
				if l.Decl.Link == nil { // else an error: two for one name
					l.Decl.Link = l
					l.Decl.Symbol = l.Symbol
					if p.Marked[l.Symbol] == nil {
						p.Marked[l.Symbol] = l
					}
				}
			}
		}
		if !read {
			p.State = "unread"
		}
	})
}

func (p *Package) addDecls(f *File, wasm bool) {
	add := func(d *Decl) {
		d.File = f
		d.Symbol = p.Prefix + d.SymbolName()
		p.Decls = append(p.Decls, d)
		if d.Recv == "" && p.ByName[d.Name] == nil {
			p.ByName[d.Name] = d
		}
	}
	for _, decl := range f.AST.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if name := decl.Name.Name; name == "_" || name == "init" && decl.Recv == nil {
				continue
			}
			d := &Decl{Func: decl, Name: decl.Name.Name, Pos: decl.Name.Pos(), HasBody: f.Funcs[decl].HasBody || wasm && f.Funcs[decl].Import}
			d.Generic = decl.Type.TypeParams != nil
			if decl.Recv != nil {
				var ok bool
				generic := false
				if d.Recv, generic, ok = receiver(decl); !ok {
					continue
				}
				d.Generic = d.Generic || generic // methods may have their own since Go 1.27
			}
			add(d)
		case *ast.GenDecl:
			if decl.Tok != token.VAR {
				continue
			}
			for _, s := range decl.Specs {
				spec := s.(*ast.ValueSpec)
				for i, name := range spec.Names {
					if name.Name != "_" {
						add(&Decl{Spec: spec, Index: i, Name: name.Name, Pos: name.Pos()})
					}
				}
			}
		}
	}
}

// receiver says how the linker writes the receiver of a method.
func receiver(decl *ast.FuncDecl) (prefix string, generic, ok bool) {
	if len(decl.Recv.List) != 1 {
		return "", false, false
	}
	t := ast.Unparen(decl.Recv.List[0].Type)
	star := false
	if s, isStar := t.(*ast.StarExpr); isStar {
		star, t = true, ast.Unparen(s.X)
	}
	switch x := t.(type) {
	case *ast.IndexExpr:
		generic, t = true, x.X
	case *ast.IndexListExpr:
		generic, t = true, x.X
	}
	id, isIdent := t.(*ast.Ident)
	if !isIdent || id.Name == "_" {
		return "", false, false
	}
	if star {
		return "(*" + id.Name + ").", generic, true
	}
	return id.Name + ".", generic, true
}

// resolve finds the package that an import path means in a package of std.
func (w *World) resolve(path string) *Package {
	if p := w.All[path]; p != nil {
		return p
	}
	return w.All["vendor/"+path]
}

// check type-checks packages and what they import, dependencies first.
func (w *World) check(paths []string) {
	// Parse the transitive closure, one generation of imports after another.
	seen := map[*Package]bool{}
	var all []*Package
	for next := w.packages(paths); len(next) > 0; {
		var todo []*Package
		for _, p := range next {
			if !seen[p] {
				seen[p] = true
				todo = append(todo, p)
			}
		}
		all = append(all, todo...)
		parallel(len(todo), func(i int) { todo[i].parse(w) })
		next = nil
		for _, p := range todo {
			next = append(next, w.imports(p)...)
		}
	}
	// An import that closes a cycle (a patched tree may have one) is cut: it
	// is a type error and must not be waited for.
	const active, finished = 1, 2
	color := map[*Package]int{}
	var visit func(p *Package)
	visit = func(p *Package) {
		color[p] = active
		if p.deps == nil {
			p.deps = map[string]*Package{}
			for _, dep := range w.imports(p) {
				if color[dep] == 0 {
					visit(dep)
				}
				if color[dep] == finished {
					p.deps[dep.Path] = dep
				}
			}
		}
		color[p] = finished
	}
	done := map[*Package]chan struct{}{}
	for _, p := range all {
		if color[p] == 0 {
			visit(p)
		}
		done[p] = make(chan struct{})
	}
	limit := make(chan struct{}, maxProcs())
	for _, p := range all {
		go func() {
			defer close(done[p])
			for _, dep := range p.deps {
				<-done[dep]
			}
			limit <- struct{}{}
			p.checkOnce.Do(func() { p.typeCheck(w) })
			<-limit
		}()
	}
	for _, p := range all {
		<-done[p]
	}
}

func (w *World) imports(p *Package) []*Package {
	var list []*Package
	for _, f := range p.Go {
		for _, path := range f.Imports {
			if dep := w.resolve(path); dep != nil && path != "unsafe" {
				list = append(list, dep)
			}
		}
	}
	return list
}

type importerFunc func(path string) (*types.Package, error)

func (f importerFunc) Import(path string) (*types.Package, error) { return f(path) }

// typeCheck runs go/types over the declarations. It goes on after errors.
func (p *Package) typeCheck(w *World) {
	files := make([]*ast.File, len(p.Go))
	for i, f := range p.Go {
		files[i] = f.AST
	}
	p.Info = &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{}}
	conf := &types.Config{
		GoVersion:        fmt.Sprintf("go1.%d", w.Root.Minor),
		IgnoreFuncBodies: true,
		Sizes:            newLayout(w.Root.Minor, w.Target.Arch),
		Error: func(err error) {
			p.problem("partial", strings.TrimPrefix(err.Error(), w.Root.Src+"/"))
		},
		Importer: importerFunc(func(path string) (*types.Package, error) {
			if path == "unsafe" {
				return types.Unsafe, nil
			}
			if dep := w.resolve(path); dep != nil && p.deps[dep.Path] != nil {
				return dep.Types, nil
			}
			return nil, fmt.Errorf("package %s is not in std", path)
		}),
	}
	p.Types, _ = conf.Check(p.Path, w.Root.Fset, files, p.Info)
	p.Funcs = map[token.Pos]*types.Func{}
	scope := p.Types.Scope()
	for _, name := range scope.Names() {
		if tn, ok := scope.Lookup(name).(*types.TypeName); ok && !tn.IsAlias() {
			if named, ok := tn.Type().(*types.Named); ok {
				for i := 0; i < named.NumMethods(); i++ {
					m := named.Method(i)
					p.Funcs[m.Pos()] = m
				}
			}
		}
	}
}

// index connects directives with the packages that their symbols are named
// after, and finds out which of them define something there.
func (w *World) index() {
	w.links = map[string][]*Linkname{}
	w.pushed = map[string]*Linkname{}
	for _, p := range w.loaded {
		for _, l := range p.Links {
			path, _ := splitSymbol(l.Symbol)
			w.links[path] = append(w.links[path], l)
			if l.Decl == nil || l.Decl.Link != l || l.Symbol == p.Prefix+l.Local {
				continue
			}
			if w.form(l) != "push" || w.body(l) == "a" {
				continue
			}
			// Two packages may define one variable: the linker takes the
			// one that has a value.
			if old := w.pushed[l.Symbol]; old == nil || l.Decl.Spec != nil && w.isData(l.Pkg, l.Decl) && !w.isData(old.Pkg, old.Decl) {
				w.pushed[l.Symbol] = l
			}
		}
	}
}
