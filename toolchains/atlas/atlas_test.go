package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeRoot writes a GOROOT without tools from a text of "-- FILE --" parts.
func fakeRoot(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	files := strings.Split(text, "\n-- ")
	for _, part := range files[1:] {
		name, body, _ := strings.Cut(part, " --\n")
		path := filepath.Join(dir, "src", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(body+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const port = `
-- internal/goversion/goversion.go --
package goversion

const Version = 21
-- internal/goos/zgoos_linux.go --
package goos
-- internal/goarch/goarch_386.go --
package goarch
-- internal/goarch/goarch_amd64.go --
package goarch
`

func atlas(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if err := run(append([]string{"std"}, args...), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func expect(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if line = strings.ReplaceAll(line, "|", "\t"); !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("missing: %q", line)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestDefinitions(t *testing.T) {
	dir := fakeRoot(t, port+`
-- runtime/a.go --
package runtime

import _ "unsafe"

func own(x int) {}

// rand should be an internal detail,
// Notable members of the hall of shame include:
//   - github.com/one/one
//   - example.org/two (from assembly)
//
//go:linkname rand
func rand() uint64 { return 1 }

//go:linkname legacy_rand runtime.fastrand
func legacy_rand() uint32 { return uint32(rand()) }

//go:linkname sync_sema sync.sema
func sync_sema(p *uint32) { own(int(*p)) }

var text = `+"`"+`
//go:linkname own other.own
`+"`"+`

func inAsm(b []byte) bool
func nobody()
-- runtime/a_linux_386.s --
TEXT ·inAsm(SB),0,$0
TEXT sync∕atomic·Load<ABIInternal>(SB),0,$0
TEXT dotless(SB),0,$0
#ifdef GOARCH_amd64
TEXT ·notHere(SB),0,$0
#endif
GLOBL ·table(SB), 8, $16
-- sync/s.go --
package sync

func sema(p *uint32)
-- sync/s_windows.go --
package sync

func onlyWindows()
-- sync/ignored.go --
//go:build ignore

package sync

func notBuilt()
-- sync/atomic/a.go --
package atomic

func Load(p *int64) int64
-- sync/s_test.go --
package sync

func inTest()
`)
	text := atlas(t, "-goroot", dir, "-target", "linux/386")
	expect(t, text,
		"F|5|own|g||w>|func(x int)",
		"F|8|rand|g|push|>d|func() uint64",
		"F|3|legacy_rand|o|=runtime.fastrand|>w|func() uint32",
		"F|0|fastrand|P|push <runtime.legacy_rand >rand|>w|func() uint32",
		"F|4|inAsm|a||pww>b|func(b []byte) bool",
		"F|1|nobody|n||>|func()",
		"F|3|sema|p|push <runtime.sync_sema >own|p>|func(p *uint32)",
		"F|3|Load|a|@runtime abiinternal|p>d|func(p *int64) int64",
		"F|3|dotless|A|@runtime|-|-",
		"V|7|table|Az||-|16|-",
		"U|rand|github.com/one/one example.org/two",
		"L|sema|push|runtime|sync_sema|runtime/a.go:18|g",
		"L|rand|one|runtime|rand|runtime/a.go:12|g",
	)
	for _, wrong := range []string{"onlyWindows", "notBuilt", "inTest", "notHere", "other"} {
		if strings.Contains(text, wrong) {
			t.Errorf("%s must not be there", wrong)
		}
	}
	some := atlas(t, "-goroot", dir, "-packages", "sync", "-target", "linux/386")
	_, section, _ := strings.Cut(text, "\nP\tsync\t")
	section, _, _ = strings.Cut(section, "\nP\t")
	if !strings.Contains(some, section) {
		t.Errorf("-packages sync differs: %s", some)
	}
}

func TestLayout(t *testing.T) {
	dir := fakeRoot(t, port+`
-- runtime/a.go --
package runtime

import "sync/atomic"

type (
	S struct {
		a bool
		b int64
		*E
		_ [0]func()
	}
	E struct{ x atomic.Int64; s []string }
	A = S
	G[T any] struct{ t T }
	N uint16
)
-- sync/atomic/a.go --
package atomic

type align64 struct{}

type Int64 struct {
	_ align64
	v int64
}
`)
	expect(t, atlas(t, "-goroot", dir, "-target", "linux/386"),
		"T|6|S|struct|20|4||a 0 1 0 bool|b 4 8 0 int64|~E 12 4 1 *E|_ 16 0 0 [0]func()",
		"T|6|E|struct|24|8||x 0 8 0 atomic.Int64|s 8 12 1 []string",
		"T|1|A|alias|20|4|S|a 0 1 0 bool|b 4 8 0 int64|~E 12 4 1 *E|_ 16 0 0 [0]func()",
		"T|1|G|generic|-|-|[T any] struct{t T}",
		"T|1|N|basic|2|2|uint16",
		"T|2|Int64|struct|8|8||_ 0 0 0 align64|v 0 8 0 int64",
	)
}

func TestData(t *testing.T) {
	dir := fakeRoot(t, port+`
-- runtime/a.go --
package runtime

type T struct{ n int; p *int }
type I interface{ M() }

func (*T) M() {}
func new1(n int) I { return &T{n: n} }
func work() int { for { } }

var (
	zero, one = 0, 1
	empty = T{}
	noBytes = []int{}
	m = map[int]int{1: 1}
	inlined = new1(3)
	computed = work()
	typed I = (*T)(nil)
	part = T{work(), &one}
	half = [2]T{{n: work()}}
	f = work
)
`)
	text := atlas(t, "-goroot", dir, "-target", "linux/amd64")
	for name, def := range map[string]string{
		"zero": "z", "one": "d", "empty": "z", "noBytes": "d", "m": "z", "inlined": "d", "computed": "z",
		"typed": "d", "part": "d", "half": "z", "f": "d",
	} {
		if !strings.Contains(text, "\t"+name+"\t"+def+"\t\t") {
			t.Errorf("%s is not %s", name, def)
		}
	}
}

func TestSplitSymbol(t *testing.T) {
	for symbol, want := range map[string][2]string{
		"runtime.x":                {"runtime", "x"},
		"net/http.(*T).m":          {"net/http", "(*T).m"},
		"a/b%2ec.f":                {"a/b.c", "f"},
		"crosscall2":               {"", "crosscall2"},
		"go:fipsinfo":              {"", "go:fipsinfo"},
		"runtime..inittask":        {"runtime", ".inittask"},
		"gopkg.in/yaml%2ev3.Node":  {"gopkg.in/yaml.v3", "Node"},
		"vendor/golang.org/x/y.F1": {"vendor/golang.org/x/y", "F1"},
	} {
		if path, name := splitSymbol(symbol); path != want[0] || name != want[1] {
			t.Errorf("%s: %q %q", symbol, path, name)
		}
	}
}
