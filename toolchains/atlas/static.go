package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"
)

// Which variables carry initial data in their object file?
//
// A variable whose initial value the compiler can lay out becomes data, and
// one that is zero or set by code becomes bss. The linker treats the two
// differently where variables are shared by name, so the atlas says which.
// This file predicts what cmd/compile/internal/staticinit does, from syntax
// and types. A variable is data as soon as one byte of it is written
// statically, even if code sets the rest: an interface whose dynamic value is
// computed has at least its type word.

// isData reports whether the variable is data.
func (w *World) isData(p *Package, d *Decl) bool {
	if p.Types == nil { // only its syntax is known
		return d.Index < len(d.Spec.Values) || d.File.Embeds[d.Spec.Pos()]
	}
	p.staticOnce.Do(func() {
		s := &initializer{w: w, p: p, values: map[types.Object]ast.Expr{}, literals: map[*ast.FuncLit]*Decl{}, data: map[types.Object]bool{}}
		s.fips = w.Root.Minor >= 24 && (p.Path == "crypto/internal/fips140" || strings.HasPrefix(p.Path, "crypto/internal/fips140/"))
		s.run()
		p.data = s.data
	})
	return d.File.Embeds[d.Spec.Pos()] || p.data[p.Types.Scope().Lookup(d.Name)]
}

type initializer struct {
	w        *World
	p        *Package
	fips     bool // addresses are not static in these packages
	values   map[types.Object]ast.Expr
	literals map[*ast.FuncLit]*Decl
	data     map[types.Object]bool

	// A call seen so far may have changed variables: they are no longer
	// known to have their initial values (Go 1.22 and newer care).
	mutated bool
	depth   int
}

// A frame is where an expression stands: in the package, or in the body of a
// function whose call is inlined.
type frame struct {
	info *types.Info
	args map[types.Object]argument
}

type argument struct {
	expr   ast.Expr // nil: unknown, or several in one
	frame  *frame
	absent bool // variadic, with no argument: nil
}

func (s *initializer) run() {
	top := &frame{info: s.p.Info}
	for _, init := range s.p.Info.InitOrder {
		if len(init.Lhs) == 1 {
			s.values[init.Lhs[0]] = init.Rhs
		}
		if !s.mutated && s.w.Root.Minor >= 22 {
			s.mutated = s.mayMutate(init.Rhs, s.p.Info)
		}
		if len(init.Lhs) == 1 {
			s.data[init.Lhs[0]], _ = s.assign(init.Rhs, top, init.Lhs[0].Type())
		}
	}
}

// assign evaluates "v = e" for a variable of type target. It reports whether
// some of v is written statically and whether nothing remains for code to do.
func (s *initializer) assign(e ast.Expr, f *frame, target types.Type) (data, static bool) {
	e = ast.Unparen(e)
	tv := f.info.Types[e]
	if tv.Type == nil {
		return false, false
	}
	if tv.IsNil() {
		return false, true
	}
	if target != nil && types.IsInterface(target) && !types.IsInterface(tv.Type) {
		static := !s.fips && (f.args == nil || !isShaped(tv.Type))
		return static, static // its type word
	}
	if v := s.constant(e, f); v != nil {
		switch {
		case isZero(v):
			return false, true
		case s.fips && v.Kind() == constant.String:
			return false, false
		}
		return true, true
	}
	address := !s.fips
	switch e := e.(type) {
	case *ast.Ident:
		obj := f.info.Uses[e]
		if arg, ok := f.args[obj]; ok {
			switch {
			case arg.absent:
				return false, true
			case arg.expr == nil:
				return false, false
			}
			return s.assign(arg.expr, arg.frame, obj.Type())
		}
		return s.name(obj)
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok {
			if _, ok := f.info.Uses[x].(*types.PkgName); ok {
				return s.name(f.info.Uses[e.Sel])
			}
		}
		if f.info.Types[e.X].IsType() { // method expression
			return address, address
		}
	case *ast.IndexExpr, *ast.IndexListExpr:
		if _, ok := tv.Type.Underlying().(*types.Signature); ok && isFuncName(e, f) {
			return address, address // instantiated function
		}
	case *ast.FuncLit:
		return address, address
	case *ast.CompositeLit:
		return s.literal(e, f, tv.Type)
	case *ast.UnaryExpr:
		if e.Op == token.AND {
			if _, ok := ast.Unparen(e.X).(*ast.CompositeLit); ok || isStaticPlace(e.X, f) {
				return address, address
			}
		}
	case *ast.CallExpr:
		fun := f.info.Types[ast.Unparen(e.Fun)]
		switch {
		case fun.IsType() && len(e.Args) == 1:
			return s.convert(e.Args[0], f, fun.Type)
		case fun.IsBuiltin():
			return false, false
		}
		if result, inner := s.inline(e, f); result != nil {
			s.depth++
			defer func() { s.depth-- }()
			return s.assign(result, inner, tv.Type)
		}
	}
	return false, false
}

// name is an object used as a value.
func (s *initializer) name(obj types.Object) (data, static bool) {
	switch obj := obj.(type) {
	case *types.Func:
		return !s.fips, !s.fips
	case *types.Var:
		if obj.Pkg() == s.p.Types && obj.Parent() == obj.Pkg().Scope() && !s.fips {
			return s.copyOf(obj)
		}
	}
	return false, false
}

// copyOf evaluates a copy of another variable of the package, whose own
// initial value is known to have been laid out before.
func (s *initializer) copyOf(v *types.Var) (data, static bool) {
	e := s.values[v]
	if e == nil || s.mutated || isString(v.Type()) { // the linker's -X may set strings
		return false, false
	}
	top := &frame{info: s.p.Info}
	e = ast.Unparen(e)
	for {
		call, ok := e.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 || s.p.Info.Types[e].Value != nil {
			break
		}
		fun := s.p.Info.Types[ast.Unparen(call.Fun)]
		if !fun.IsType() || !isNop(s.p.Info.Types[call.Args[0]].Type, fun.Type) {
			return false, false
		}
		e = ast.Unparen(call.Args[0])
	}
	tv := s.p.Info.Types[e]
	if types.IsInterface(v.Type()) && !types.IsInterface(tv.Type) && !tv.IsNil() {
		return false, false
	}
	switch x := e.(type) {
	case *ast.FuncLit:
		return false, false
	case *ast.CallExpr:
		if tv.Value == nil {
			return false, false
		}
	case *ast.Ident:
		if w, ok := s.p.Info.Uses[x].(*types.Var); ok {
			data, _ = s.name(w)
			return data, true
		}
	case *ast.CompositeLit:
		if _, ok := tv.Type.Underlying().(*types.Map); ok {
			return false, false
		}
	}
	return s.assign(e, top, v.Type())
}

// literal evaluates a composite literal.
func (s *initializer) literal(e *ast.CompositeLit, f *frame, t types.Type) (data, static bool) {
	switch u := t.Underlying().(type) {
	case *types.Pointer: // &T in an outer literal, with both left out
		return !s.fips, !s.fips
	case *types.Slice:
		return !s.fips, !s.fips
	case *types.Array:
		for _, x := range e.Elts {
			if kv, ok := x.(*ast.KeyValueExpr); ok {
				x = kv.Value
			}
			if d, _ := s.assign(x, f, u.Elem()); d {
				return true, true
			}
		}
		return false, true
	case *types.Struct:
		for i, x := range e.Elts {
			var field *types.Var
			if kv, ok := x.(*ast.KeyValueExpr); ok {
				x = kv.Value
				for j := 0; j < u.NumFields(); j++ {
					if id, ok := kv.Key.(*ast.Ident); ok && u.Field(j).Name() == id.Name {
						field = u.Field(j)
					}
				}
			} else if i < u.NumFields() {
				field = u.Field(i)
			}
			if field == nil || field.Name() == "_" {
				continue
			}
			if d, _ := s.assign(x, f, field.Type()); d {
				return true, true
			}
		}
		return false, true
	}
	return false, false
}

// convert evaluates T(e).
func (s *initializer) convert(e ast.Expr, f *frame, t types.Type) (data, static bool) {
	from := f.info.Types[ast.Unparen(e)].Type
	if from == nil {
		return false, false
	}
	if types.IsInterface(t) {
		if types.IsInterface(from) && !types.Identical(from, t) && !f.info.Types[ast.Unparen(e)].IsNil() {
			return false, false
		}
		return s.assign(e, f, t)
	}
	if slice, ok := t.Underlying().(*types.Slice); ok && s.constant(e, f) != nil {
		elem, ok := slice.Elem().Underlying().(*types.Basic)
		bytes := ok && elem.Kind() == types.Uint8 && !s.fips
		return bytes, bytes
	}
	if isNop(from, t) || f.info.Types[ast.Unparen(e)].IsNil() {
		return s.assign(e, f, nil)
	}
	return false, false
}

// isNop reports whether a conversion changes no bits.
func isNop(from, to types.Type) bool {
	if from == nil || to == nil {
		return false
	}
	a, b := from.Underlying(), to.Underlying()
	if types.IdenticalIgnoreTags(a, b) {
		return true
	}
	pointer := func(t types.Type) bool {
		if basic, ok := t.(*types.Basic); ok {
			return basic.Kind() == types.UnsafePointer || basic.Kind() == types.Uintptr
		}
		_, ok := t.(*types.Pointer)
		return ok
	}
	return pointer(a) && pointer(b)
}

// constant is the value of e if the compiler knows it, maybe only after a call
// was inlined.
func (s *initializer) constant(e ast.Expr, f *frame) constant.Value {
	e = ast.Unparen(e)
	if tv := f.info.Types[e]; tv.Value != nil {
		return tv.Value
	}
	if f.args == nil {
		return nil
	}
	switch e := e.(type) {
	case *ast.Ident:
		if arg, ok := f.args[f.info.Uses[e]]; ok && arg.expr != nil && !types.IsInterface(f.info.Uses[e].Type()) {
			return s.constant(arg.expr, arg.frame)
		}
	case *ast.CallExpr: // conversion
		if fun := f.info.Types[ast.Unparen(e.Fun)]; fun.IsType() && len(e.Args) == 1 {
			if basic, ok := fun.Type.Underlying().(*types.Basic); ok {
				v := s.constant(e.Args[0], f)
				if v != nil && (v.Kind() == constant.Int && basic.Info()&types.IsInteger != 0 || v.Kind() == constant.String && basic.Info()&types.IsString != 0) {
					return v
				}
			}
		}
	case *ast.BinaryExpr:
		x, y := s.constant(e.X, f), s.constant(e.Y, f)
		if x == nil || y == nil {
			return nil
		}
		if e.Op == token.ADD && x.Kind() == constant.String && y.Kind() == constant.String {
			return constant.BinaryOp(x, token.ADD, y)
		}
	}
	return nil
}

func isZero(v constant.Value) bool {
	switch v.Kind() {
	case constant.Bool:
		return !constant.BoolVal(v)
	case constant.String:
		return constant.StringVal(v) == ""
	case constant.Int, constant.Float, constant.Complex:
		return constant.Sign(v) == 0
	}
	return false
}

func isString(t types.Type) bool {
	basic, ok := t.Underlying().(*types.Basic)
	return ok && basic.Info()&types.IsString != 0
}

// isStaticPlace reports whether e is a package-level variable (of any package)
// or a fixed part of one.
func isStaticPlace(e ast.Expr, f *frame) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		v, ok := f.info.Uses[e].(*types.Var)
		return ok && v.Pkg() != nil && v.Parent() == v.Pkg().Scope()
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok {
			if _, ok := f.info.Uses[x].(*types.PkgName); ok {
				_, ok := f.info.Uses[e.Sel].(*types.Var)
				return ok
			}
		}
		t := f.info.Types[e.X].Type
		if t == nil {
			return false
		}
		_, isStruct := t.Underlying().(*types.Struct)
		if !isStruct {
			return false // through a pointer
		}
		if sel := f.info.Selections[e]; sel != nil && sel.Indirect() {
			return false
		}
		return isStaticPlace(e.X, f)
	case *ast.IndexExpr:
		t := f.info.Types[e.X].Type
		if t == nil || f.info.Types[e.Index].Value == nil {
			return false
		}
		_, isArray := t.Underlying().(*types.Array)
		return isArray && isStaticPlace(e.X, f)
	}
	return false
}

func isFuncName(e ast.Expr, f *frame) bool {
	switch x := ast.Unparen(e).(type) {
	case *ast.IndexExpr:
		return isFuncName(x.X, f)
	case *ast.IndexListExpr:
		return isFuncName(x.X, f)
	case *ast.SelectorExpr:
		_, ok := f.info.Uses[x.Sel].(*types.Func)
		return ok
	case *ast.Ident:
		_, ok := f.info.Uses[x].(*types.Func)
		return ok
	}
	return false
}

// An inlined is what is known of a function whose calls the compiler inlines.
type inlined struct {
	info   *types.Info // of its body; nil: it is not inlined
	body   []ast.Stmt
	cost   int
	params []types.Object // the receiver first

	// The one thing that it does is to return this. Since Go 1.21 the
	// compiler sees through such a call in an initial value.
	result ast.Expr
}

// inline finds what a call returns.
func (s *initializer) inline(call *ast.CallExpr, f *frame) (ast.Expr, *frame) {
	if s.w.Root.Minor < 21 || s.depth > 10 {
		return nil, nil
	}
	d, p, recv := s.callee(call, f.info)
	if d == nil {
		return nil, nil
	}
	in := d.inlined(s.w, p)
	if in.result == nil {
		return nil, nil
	}
	values := call.Args
	if recv != nil {
		values = append([]ast.Expr{recv}, values...)
	}
	inner := &frame{info: in.info, args: map[types.Object]argument{}}
	signature, _ := f.info.Types[ast.Unparen(call.Fun)].Type.(*types.Signature)
	if signature == nil {
		return nil, nil
	}
	for i, param := range in.params {
		arg := argument{frame: f}
		last := signature.Variadic() && i == len(in.params)-1
		switch {
		case last && !call.Ellipsis.IsValid():
			arg.absent = i >= len(values)
		case i < len(values):
			arg.expr = values[i]
		default:
			return nil, nil // f(g()) with several results
		}
		inner.args[param] = arg
	}
	for _, v := range values {
		if s.sideEffects(v, f) {
			return nil, nil
		}
	}
	uses := map[types.Object]int{}
	ok := true
	ast.Inspect(in.result, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			uses[in.info.Uses[n]]++
		case *ast.FuncLit:
			ast.Inspect(n, func(m ast.Node) bool {
				if id, isIdent := m.(*ast.Ident); isIdent {
					if _, captured := inner.args[in.info.Uses[id]]; captured {
						ok = false
					}
				}
				return true
			})
		case *ast.UnaryExpr:
			if id, isIdent := ast.Unparen(n.X).(*ast.Ident); isIdent && n.Op == token.AND {
				if _, param := inner.args[in.info.Uses[id]]; param {
					ok = false
				}
			}
		}
		return true
	})
	for param, arg := range inner.args {
		if uses[param] > 1 && arg.expr != nil && s.constant(arg.expr, f) == nil && makesNew(arg.expr, f) {
			ok = false
		}
	}
	if !ok {
		return nil, nil
	}
	return in.result, inner
}

// callee is that of World, and knows function literals that are called where
// they stand.
func (s *initializer) callee(call *ast.CallExpr, info *types.Info) (*Decl, *Package, ast.Expr) {
	lit, ok := ast.Unparen(call.Fun).(*ast.FuncLit)
	if !ok || info != s.p.Info {
		return s.w.callee(call, info)
	}
	d := s.literals[lit]
	if d == nil {
		d = &Decl{Func: &ast.FuncDecl{Name: &ast.Ident{NamePos: lit.Pos(), Name: "func"}, Type: lit.Type, Body: lit.Body}}
		s.literals[lit] = d
	}
	return d, s.p, nil
}

// callee finds the declaration of a called function or method.
func (w *World) callee(call *ast.CallExpr, info *types.Info) (*Decl, *Package, ast.Expr) {
	var obj types.Object
	var recv ast.Expr
	fun := ast.Unparen(call.Fun)
	switch x := fun.(type) { // explicit instantiation
	case *ast.IndexExpr:
		fun = ast.Unparen(x.X)
	case *ast.IndexListExpr:
		fun = ast.Unparen(x.X)
	}
	switch fun := fun.(type) {
	case *ast.Ident:
		obj = info.Uses[fun]
	case *ast.SelectorExpr:
		obj = info.Uses[fun.Sel]
		if sel := info.Selections[fun]; sel != nil {
			if sel.Kind() != types.MethodVal || len(sel.Index()) != 1 {
				return nil, nil, nil
			}
			recv = fun.X
		}
	}
	fn, ok := obj.(*types.Func)
	if !ok || fn.Pkg() == nil {
		return nil, nil, nil
	}
	p := w.All[fn.Pkg().Path()]
	if p == nil {
		return nil, nil, nil
	}
	if recv != nil { // &x and *x that are left out are not looked through
		want := fn.Type().(*types.Signature).Recv()
		if have := info.Types[ast.Unparen(recv)].Type; have == nil || want == nil || !types.Identical(have, want.Type()) {
			return nil, nil, nil
		}
	}
	return p.declAt(fn.Pos()), p, recv
}

func (p *Package) declAt(pos token.Pos) *Decl {
	p.byPosOnce.Do(func() {
		p.byPos = map[token.Pos]*Decl{}
		for _, d := range p.Decls {
			p.byPos[d.Pos] = d
		}
	})
	return p.byPos[pos]
}

// inlined type-checks the body of a small function. The body is checked as a
// function literal at the place of the function: the rest of its package need
// not be looked at again.
func (d *Decl) inlined(w *World, p *Package) *inlined {
	w.inlining.Lock()
	defer w.inlining.Unlock()
	return d.inlinedLocked(w, p)
}

func (d *Decl) inlinedLocked(w *World, p *Package) *inlined {
	if d.inline != nil {
		return d.inline // maybe still without info: it is recursive
	}
	in := new(inlined)
	d.inline = in
	if d.Func == nil || d.Recv != "" && d.Generic || p.Types == nil {
		return in
	}
	body := d.Func.Body
	if d.File != nil {
		f := d.File.Funcs[d.Func]
		if body = f.Body; f.NoInline {
			return in
		}
	}
	if body == nil {
		return in
	}
	params := &ast.FieldList{}
	if d.Func.Recv != nil {
		params.List = append(params.List, d.Func.Recv.List...)
	}
	params.List = append(params.List, d.Func.Type.Params.List...)
	info := &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{}, Defs: map[*ast.Ident]types.Object{},
	}
	lit := &ast.FuncLit{Type: &ast.FuncType{Func: d.Func.Pos(), Params: params, Results: d.Func.Type.Results}, Body: body}
	if d.Generic {
		lit = withTypeParams(lit, d.Func.Type.TypeParams)
	}
	if types.CheckExpr(w.Root.Fset, p.Types, d.Func.Pos(), lit, info) != nil {
		return in
	}
	in.body = reachable(body.List, info)
	budget := 80
	if d.File == nil && w.Root.Minor >= 24 {
		budget = 800
	}
	if in.cost = w.inlineCost(in.body, info); in.cost > budget {

		return in
	}
	for _, field := range params.List {
		if len(field.Names) == 0 {
			in.params = append(in.params, nil)
		}
		for _, name := range field.Names {
			in.params = append(in.params, info.Defs[name])
		}
	}
	in.info = info
	if r := d.Func.Type.Results; r != nil && len(r.List) == 1 && len(r.List[0].Names) == 0 && len(in.body) == 1 {
		if ret, ok := in.body[0].(*ast.ReturnStmt); ok {
			in.result = ret.Results[0]
		}
	}
	return in
}

// reachable drops the statements that constant conditions exclude.
func reachable(list []ast.Stmt, info *types.Info) []ast.Stmt {
	var kept []ast.Stmt
	for _, stmt := range list {
		branch, ok := stmt.(*ast.IfStmt)
		if ok && branch.Init == nil {
			if v := info.Types[branch.Cond].Value; v != nil && v.Kind() == constant.Bool {
				if constant.BoolVal(v) {
					kept = append(kept, reachable(branch.Body.List, info)...)
				} else if block, ok := branch.Else.(*ast.BlockStmt); ok {
					kept = append(kept, reachable(block.List, info)...)
				} else if branch.Else != nil {
					kept = append(kept, branch.Else)
				}
				if n := len(kept); n > 0 {
					if _, ok := kept[n-1].(*ast.ReturnStmt); ok {
						break
					}
				}
				continue
			}
		}
		kept = append(kept, stmt)
	}
	return kept
}

// withTypeParams makes a function literal checkable that stands in for a
// generic function: its type parameters become types of these names, whose
// underlying type int satisfies most constraints.
func withTypeParams(lit *ast.FuncLit, list *ast.FieldList) *ast.FuncLit {
	outer := &ast.FuncLit{Type: &ast.FuncType{Params: &ast.FieldList{}}, Body: &ast.BlockStmt{}}
	for _, field := range list.List {
		for _, name := range field.Names {
			spec := &ast.TypeSpec{Name: &ast.Ident{Name: name.Name}, Type: ast.NewIdent("int")}
			outer.Body.List = append(outer.Body.List, &ast.DeclStmt{Decl: &ast.GenDecl{Tok: token.TYPE, Specs: []ast.Spec{spec}}})
		}
	}
	outer.Body.List = append(outer.Body.List, &ast.AssignStmt{Lhs: []ast.Expr{ast.NewIdent("_")}, Tok: token.ASSIGN, Rhs: []ast.Expr{lit}})
	return outer
}

// isShaped reports whether t depends on a type parameter of an inlined
// function: its type word is then not static.
func isShaped(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		if pkg := t.Obj().Pkg(); pkg != nil && t.Obj().Parent() != pkg.Scope() {
			return true // the stand-in of withTypeParams
		}
		for i := 0; i < t.TypeArgs().Len(); i++ {
			if isShaped(t.TypeArgs().At(i)) {
				return true
			}
		}
	case *types.Pointer:
		return isShaped(t.Elem())
	case *types.Slice:
		return isShaped(t.Elem())
	case *types.Array:
		return isShaped(t.Elem())
	case *types.Map:
		return isShaped(t.Key()) || isShaped(t.Elem())
	case *types.Chan:
		return isShaped(t.Elem())
	}
	return false
}

// inlineCost is a rough form of the compiler's sum for a body, of which it
// allows 80 (from Go 1.24 on 800 for a function literal that is called where it stands).
func (w *World) inlineCost(body []ast.Stmt, info *types.Info) int {
	cost := 0
	var visit func(n ast.Node) bool
	visit = func(n ast.Node) bool {
		switch x := n.(type) {
		case nil, *ast.BlockStmt, *ast.ParenExpr, *ast.ExprStmt:
		case *ast.DeferStmt, *ast.GoStmt, *ast.SelectStmt:
			cost += 1000
		case *ast.KeyValueExpr:
			cost++
			ast.Inspect(x.Value, visit)
			return false
		case *ast.SelectorExpr:
			cost++
			if id, ok := x.X.(*ast.Ident); ok {
				if _, ok := info.Uses[id].(*types.PkgName); ok {
					return false
				}
			}
			if info.Types[x].Value == nil && !info.Types[x].IsType() {
				ast.Inspect(x.X, visit)
			}
			return false
		case ast.Expr:
			tv := info.Types[x]
			if tv.IsType() {
				return false
			}
			cost++
			if tv.Value != nil {
				return false
			}
			if call, ok := x.(*ast.CallExpr); ok {
				cost += w.callCost(call, info)
			}
		default:
			cost++
		}
		return cost < 1000
	}
	for _, stmt := range body {
		ast.Inspect(stmt, visit)
	}
	return cost
}

// callCost is what a call costs besides its operands.
func (w *World) callCost(call *ast.CallExpr, info *types.Info) int {
	fun := info.Types[ast.Unparen(call.Fun)]
	switch {
	case fun.IsType():
		if len(call.Args) == 1 && isNop(info.Types[ast.Unparen(call.Args[0])].Type, fun.Type) {
			return -1
		}
		return 0
	case fun.IsBuiltin():
		if id, ok := ast.Unparen(call.Fun).(*ast.Ident); ok && id.Name == "recover" {
			return 1000
		}
		return -1
	}
	if d, p, _ := w.callee(call, info); d != nil {
		if in := d.inlinedLocked(w, p); in.info != nil {
			return in.cost
		}
	}
	return 57
}

// sideEffects reports whether an argument can not be moved into the function.
func (s *initializer) sideEffects(e ast.Expr, f *frame) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		x, ok := n.(ast.Expr)
		if !ok || found {
			return !found
		}
		if tv := f.info.Types[x]; tv.Value != nil || tv.IsType() {
			return false
		}
		switch x := x.(type) {
		case *ast.CallExpr:
			fun := f.info.Types[ast.Unparen(x.Fun)]
			switch {
			case fun.IsType():
			case fun.IsBuiltin():
				id, _ := ast.Unparen(x.Fun).(*ast.Ident)
				found = id == nil || id.Name != "new" && id.Name != "len" && id.Name != "cap" &&
					!(id.Name == "make" && len(x.Args) == 1)
			default:
				found = true
			}
		case *ast.FuncLit, *ast.IndexExpr, *ast.SliceExpr, *ast.StarExpr, *ast.TypeAssertExpr:
			found = true
		case *ast.UnaryExpr:
			found = x.Op == token.ARROW
		case *ast.BinaryExpr:
			found = x.Op == token.QUO || x.Op == token.REM
		}
		return !found
	})
	return found
}

// makesNew reports whether e yields something else every time.
func makesNew(e ast.Expr, f *frame) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			found = found || f.info.Types[n].Value == nil
		case *ast.CompositeLit:
			if t := f.info.Types[n].Type; t != nil {
				switch t.Underlying().(type) {
				case *types.Slice, *types.Map:
					found = true
				}
			}
		case *ast.UnaryExpr:
			if _, ok := ast.Unparen(n.X).(*ast.CompositeLit); ok && n.Op == token.AND {
				found = true
			}
		}
		return !found
	})
	return found
}

// mayMutate reports whether the initial value e may change variables of the
// package, once calls are inlined.
func (s *initializer) mayMutate(n ast.Node, info *types.Info) bool {
	found := false
	changes := func(e ast.Expr) {
		for {
			switch x := ast.Unparen(e).(type) {
			case *ast.SelectorExpr:
				e = x.X
				continue
			case *ast.IndexExpr:
				e = x.X
				continue
			case *ast.StarExpr:
				e = x.X
				continue
			case *ast.Ident:
				v, ok := info.Uses[x].(*types.Var)
				found = found || ok && v.Pkg() == s.p.Types && v.Parent() == s.p.Types.Scope()
			default:
				found = true
			}
			return
		}
	}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, e := range n.Lhs {
					changes(e)
				}
			}
		case *ast.IncDecStmt:
			changes(n.X)
		case *ast.CallExpr:
			fun := info.Types[ast.Unparen(n.Fun)]
			switch {
			case info.Types[n].Value != nil:
				return false
			case fun.IsType():
			case fun.IsBuiltin():
				id, _ := ast.Unparen(n.Fun).(*ast.Ident)
				found = found || id != nil && (id.Name == "append" || id.Name == "copy" || id.Name == "clear")
			default:
				found = found || s.callMayMutate(n, info)
			}
		}
		return !found
	})
	return found
}

func (s *initializer) callMayMutate(call *ast.CallExpr, info *types.Info) bool {
	d, p, _ := s.callee(call, info)
	if d == nil || s.depth > 10 {
		return true
	}
	if p.Path == "internal/abi" && strings.HasPrefix(d.Name, "FuncPCABI") {
		return false // no call, but an address
	}
	in := d.inlined(s.w, p)
	if in.info == nil {
		return true
	}
	s.depth++
	defer func() { s.depth-- }()
	for _, stmt := range in.body {
		if s.mayMutate(stmt, in.info) {
			return true
		}
	}
	return false
}
