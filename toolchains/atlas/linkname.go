package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"net/url"
	"strings"
)

// A rawLinkname is a directive as it stands in a file, target independent.
type rawLinkname struct {
	Line   int
	Local  string
	Target string // "" for the form with one argument
	Std    bool   // //go:linknamestd
	Users  []string
}

// findLinknames collects the directives that the compiler honours: comments of
// their own (a raw string that looks like one is none), in a file that imports
// unsafe, with one or two arguments. They need not start in the first column
// nor stand above what they name.
//
// A list of modules ("hall of shame") holds for all directives that follow it
// in its comment until the next list. A comment that says that it is about
// "these symbols" holds for directives further below that have none.
func (f *File) findLinknames() {
	var floating []string
	for _, group := range f.AST.Comments {
		var users []string
		seen := false
		for _, c := range group.List {
			if user := hallUser(c.Text); user != "" {
				if seen {
					users, seen = nil, false
				}
				users = append(users, user)
			}
			l := f.parseLinkname(c)
			if l == nil {
				continue
			}
			seen = true
			l.Users = users
			if users == nil {
				l.Users = floating
			}
			f.Linknames = append(f.Linknames, l)
		}
		if seen || users == nil {
			continue
		}
		switch text := group.Text(); {
		case strings.Contains(text, "access these symbols using linkname"):
			floating = users
		case strings.Contains(text, "hall of shame"):
			f.addHall(group, users)
		}
	}
}

// addHall keeps a list that stands above a function without directive: another
// package pushes it, as runtime does time.now.
func (f *File) addHall(group *ast.CommentGroup, users []string) {
	for _, d := range f.AST.Decls {
		if fd, ok := d.(*ast.FuncDecl); ok && fd.Doc == group && fd.Recv == nil {
			if f.Halls == nil {
				f.Halls = map[string][]string{}
			}
			f.Halls[fd.Name.Name] = users
		}
	}
}

func (f *File) parseLinkname(c *ast.Comment) *rawLinkname {
	// The blank is part of it: a tab there makes it another directive, one
	// that the compiler does not know.
	std := f.root.LinknameStd && strings.HasPrefix(c.Text, "//go:linknamestd ")
	if !std && !strings.HasPrefix(c.Text, "//go:linkname ") {
		return nil
	}
	fields := strings.Fields(c.Text)
	if len(fields) != 2 && len(fields) != 3 {
		return nil
	}
	l := &rawLinkname{Line: f.line(c.Pos()), Local: fields[1], Std: std}
	if len(fields) == 3 {
		l.Target = fields[2]
		if strings.Contains(l.Target, "[") && strings.Contains(l.Target, "]") {
			return nil // an instantiation: an error
		}
	}
	return l
}

// hallUser is the module that a line "//   - example.org/module (remark)" names.
func hallUser(comment string) string {
	text, ok := strings.CutPrefix(comment, "//")
	if !ok || text == "" || (text[0] != ' ' && text[0] != '\t') {
		return ""
	}
	text, ok = strings.CutPrefix(strings.TrimSpace(text), "- ")
	if !ok {
		return ""
	}
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return ""
	}
	user := strings.TrimRight(fields[0], ".,:;")
	host, _, slash := strings.Cut(user, "/")
	if !slash || !strings.Contains(host, ".") || strings.HasPrefix(host, ".") {
		return ""
	}
	return user
}

// A Linkname is a directive in a package of one target.
type Linkname struct {
	*rawLinkname
	Pkg    *Package
	File   *File
	Symbol string
	Decl   *Decl // what Local is, nil if it is not declared
}

// symbolPrefix is how the linker writes an import path: dots in its last element
// are escaped, as are characters that its syntax needs.
func symbolPrefix(path string) string {
	slash := strings.LastIndexByte(path, '/')
	plain := true
	for i := 0; i < len(path); i++ {
		plain = plain && !escaped(path[i], i > slash)
	}
	if plain {
		return path
	}
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if escaped(path[i], i > slash) {
			fmt.Fprintf(&b, "%%%02x", path[i])
		} else {
			b.WriteByte(path[i])
		}
	}
	return b.String()
}

func escaped(c byte, last bool) bool {
	return c <= ' ' || c == '.' && last || c == '%' || c == '"' || c >= 0x7f
}

// splitSymbol cuts a linker symbol into package path and name. A symbol of no
// package ("crosscall2", "go:fipsinfo") has the path "".
func splitSymbol(s string) (path, name string) {
	slash := strings.LastIndexByte(s, '/') + 1
	if i := strings.IndexByte(s, '('); i >= 0 && i < slash {
		slash = strings.LastIndexByte(s[:i], '/') + 1 // net/http.(*T).m, whatever follows
	}
	dot := strings.IndexByte(s[slash:], '.')
	if dot <= 0 {
		return "", s
	}
	path, name = s[:slash+dot], s[slash+dot+1:]
	if strings.IndexByte(path, '%') >= 0 {
		if p, err := url.PathUnescape(path); err == nil {
			path = p
		}
	}
	return path, name
}

// A Decl is a function or variable of a package, seen without its types.
type Decl struct {
	File    *File
	Func    *ast.FuncDecl // or
	Spec    *ast.ValueSpec
	Index   int // of the name in Spec
	Name    string
	Pos     token.Pos
	HasBody bool // of Func

	Recv    string // "", or how symbols of the method begin: "T." or "(*T)."
	Generic bool

	Link   *Linkname // the directive that names it
	Symbol string

	inline *inlined
}

// SymbolName is the part after the package path.
func (d *Decl) SymbolName() string { return d.Recv + d.Name }
