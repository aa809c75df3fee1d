// Command typecheck parses and type-checks all of a GOROOT's std once, as
// plainly as go/build, go/parser and go/types allow, function bodies passed
// over: what bench/atlas.sh compares making an atlas with.
package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

type checker struct {
	ctxt  build.Context
	src   string
	fset  *token.FileSet
	known map[string]*types.Package
}

func (c *checker) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if p := c.known[path]; p != nil {
		return p, nil
	}
	dir := filepath.Join(c.src, path)
	if _, err := os.Stat(dir); err != nil {
		dir = filepath.Join(c.src, "vendor", path)
	}
	bp, err := c.ctxt.ImportDir(dir, 0)
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, name := range bp.GoFiles {
		f, err := parser.ParseFile(c.fset, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	conf := types.Config{Importer: c, IgnoreFuncBodies: true, Sizes: types.SizesFor("gc", c.ctxt.GOARCH), Error: func(error) {}}
	p, _ := conf.Check(path, c.fset, files, nil)
	c.known[path] = p
	return p, nil
}

func main() {
	c := &checker{ctxt: build.Default, src: filepath.Join(os.Args[1], "src"), fset: token.NewFileSet(), known: map[string]*types.Package{}}
	c.ctxt.GOROOT, c.ctxt.GOOS, c.ctxt.GOARCH, c.ctxt.CgoEnabled = os.Args[1], "linux", "amd64", false
	filepath.WalkDir(c.src, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(c.src, path)
		if err != nil || !d.IsDir() {
			return err
		}
		if rel == "cmd" || rel == "vendor" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), "_") {
			return filepath.SkipDir
		}
		if rel != "." {
			c.Import(rel)
		}
		return nil
	})
	fmt.Println(len(c.known), "packages")
}
