package main

import (
	"fmt"
	"go/types"
	"runtime"
	"strconv"
	"strings"
)

func maxProcs() int { return runtime.GOMAXPROCS(0) }

// A layout lays out types as cmd/compile of one Go version does for one
// architecture. It is a types.Sizes, and remembers what it has computed, so
// it must not be shared between threads.
type layout struct {
	word, maxAlign int64
	marker64       bool // the compiler knows the align64 marker
	known          map[types.Type]extent
	shapes         map[types.Type]string
}

type extent struct{ size, align int64 }

// The size of types that have none: type parameters and invalid types.
const unknownSize = -1

func newLayout(minor int, arch string) *layout {
	l := &layout{word: 8, maxAlign: 8, known: map[types.Type]extent{}, shapes: map[types.Type]string{}}
	switch arch {
	case "386", "arm", "mips", "mipsle":
		l.word, l.maxAlign = 4, 4
	case "amd64p32":
		l.word = 4
	}
	l.marker64 = minor >= 19
	return l
}

func (l *layout) Alignof(t types.Type) int64 { return l.extent(t).align }

func (l *layout) Sizeof(t types.Type) int64 { return l.extent(t).size }

func (l *layout) Offsetsof(fields []*types.Var) []int64 {
	offsets := make([]int64, len(fields))
	offset := int64(0)
	for i, f := range fields {
		e := l.extent(f.Type())
		if e.size < 0 {
			for ; i < len(fields); i++ {
				offsets[i] = -1
			}
			break
		}
		offset = alignUp(offset, e.align)
		offsets[i] = offset
		offset += e.size
	}
	return offsets
}

func alignUp(n, align int64) int64 { return (n + align - 1) / align * align }

// isMarker64 recognises the empty struct types whose only effect is that what
// contains them is aligned to 8 bytes. The package was renamed in Go 1.23.
func isMarker64(t types.Type) bool {
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Name() != "align64" || named.Obj().Pkg() == nil {
		return false
	}
	switch named.Obj().Pkg().Path() {
	case "sync/atomic", "runtime/internal/atomic", "internal/runtime/atomic":
		return true
	}
	return false
}

func (l *layout) extent(t types.Type) extent {
	if e, ok := l.known[t]; ok {
		return e
	}
	e := l.compute(t)
	l.known[t] = e
	return e
}

func (l *layout) compute(t types.Type) extent {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch u.Kind() {
		case types.Bool, types.Int8, types.Uint8:
			return extent{1, 1}
		case types.Int16, types.Uint16:
			return extent{2, 2}
		case types.Int32, types.Uint32, types.Float32:
			return extent{4, 4}
		case types.Int64, types.Uint64, types.Float64:
			return extent{8, l.maxAlign}
		case types.Complex64:
			return extent{8, 4}
		case types.Complex128:
			return extent{16, l.maxAlign}
		case types.Int, types.Uint, types.Uintptr, types.UnsafePointer:
			return extent{l.word, l.word}
		case types.String:
			return extent{2 * l.word, l.word}
		}
		return extent{unknownSize, 1}
	case *types.Pointer, *types.Map, *types.Chan, *types.Signature:
		return extent{l.word, l.word}
	case *types.Slice:
		return extent{3 * l.word, l.word}
	case *types.Interface:
		if _, ok := types.Unalias(t).(*types.TypeParam); ok {
			return extent{unknownSize, 1}
		}
		return extent{2 * l.word, l.word}
	case *types.Array:
		e := l.extent(u.Elem())
		if e.size < 0 || u.Len() < 0 || e.size > 0 && u.Len() > (1<<62)/e.size {
			return extent{unknownSize, 1}
		}
		return extent{e.size * u.Len(), e.align}
	case *types.Struct:
		e := extent{0, 1}
		if l.marker64 && u.NumFields() == 0 && isMarker64(t) {
			e.align = 8
		}
		last := int64(1)
		for i := 0; i < u.NumFields(); i++ {
			f := l.extent(u.Field(i).Type())
			if f.size < 0 {
				return extent{unknownSize, 1}
			}
			e.size = alignUp(e.size, f.align) + f.size
			e.align = max(e.align, f.align)
			last = f.size
		}
		if e.size > 0 && last == 0 {
			e.size++ // so that a pointer to the last field stays inside
		}
		e.size = alignUp(e.size, e.align)
		return e
	}
	return extent{unknownSize, 1}
}

// pointerWords calls word for the offset of every pointer in a value.
func (l *layout) pointerWords(t types.Type, offset int64, word func(int64)) {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		if u.Kind() == types.String || u.Kind() == types.UnsafePointer {
			word(offset)
		}
	case *types.Pointer, *types.Map, *types.Chan, *types.Signature, *types.Slice:
		word(offset)
	case *types.Interface:
		word(offset)
		word(offset + l.word)
	case *types.Array:
		e := l.extent(u.Elem())
		if !l.hasPointers(u.Elem()) {
			return
		}
		for i := int64(0); i < u.Len() && i < 65; i++ {
			l.pointerWords(u.Elem(), offset+i*e.size, word)
		}
	case *types.Struct:
		offset := offset
		for i := 0; i < u.NumFields(); i++ {
			e := l.extent(u.Field(i).Type())
			offset = alignUp(offset, e.align)
			l.pointerWords(u.Field(i).Type(), offset, word)
			offset += e.size
		}
	}
}

func (l *layout) hasPointers(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Kind() == types.String || u.Kind() == types.UnsafePointer
	case *types.Array:
		return u.Len() > 0 && l.hasPointers(u.Elem())
	case *types.Struct:
		for i := 0; i < u.NumFields(); i++ {
			if l.hasPointers(u.Field(i).Type()) {
				return true
			}
		}
		return false
	}
	return true
}

// pointerMask is the hexadecimal mask of a value's pointer words, "*" for one
// that is too long for 64 bits.
func (l *layout) pointerMask(t types.Type) string {
	e := l.extent(t)
	if e.size < 0 {
		return "?"
	}
	if !l.hasPointers(t) {
		return "0"
	}
	if e.size > 64*l.word {
		return "*"
	}
	mask := uint64(0)
	l.pointerWords(t, 0, func(offset int64) { mask |= 1 << (offset / l.word) })
	return strconv.FormatUint(mask, 16)
}

// shape describes how a value looks to a machine: two functions of the same
// shapes can stand in for each other. FORMAT.md has the alphabet.
func (l *layout) shape(t types.Type) string {
	s := l.shapeOf(t)
	if len(s) > 200 {
		e := l.extent(t)
		if e.size < 0 {
			return "?"
		}
		return fmt.Sprintf("*%d/%d", e.size, e.align)
	}
	return s
}

func (l *layout) shapeOf(t types.Type) string {
	word := "d"
	if l.word == 4 {
		word = "w"
	}
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		return "?"
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch u.Kind() {
		case types.Bool, types.Int8, types.Uint8:
			return "b"
		case types.Int16, types.Uint16:
			return "h"
		case types.Int32, types.Uint32:
			return "w"
		case types.Int64, types.Uint64:
			return "d"
		case types.Float32:
			return "f"
		case types.Float64:
			return "g"
		case types.Complex64:
			return "ff"
		case types.Complex128:
			return "gg"
		case types.Int, types.Uint, types.Uintptr:
			return word
		case types.UnsafePointer:
			return "p"
		case types.String:
			return "p" + word
		}
	case *types.Pointer, *types.Map, *types.Chan, *types.Signature:
		return "p"
	case *types.Slice:
		return "p" + word + word
	case *types.Interface:
		return "pp"
	case *types.Array:
		switch u.Len() {
		case 1:
			return "[" + l.shapeOf(u.Elem()) + "]"
		}
		return fmt.Sprintf("[%d*%s]", u.Len(), l.shapeOf(u.Elem()))
	case *types.Struct:
		if s, ok := l.shapes[t]; ok {
			return s
		}
		var b strings.Builder
		marked := false
		b.WriteByte('{')
		for i := 0; i < u.NumFields(); i++ {
			marked = marked || l.marker64 && isMarker64(u.Field(i).Type())
			b.WriteString(l.shapeOf(u.Field(i).Type()))
		}
		b.WriteByte('}')
		s := b.String()
		if marked {
			s = "!" + s
		}
		l.shapes[t] = s
		return s
	}
	return "?"
}

// funcShape is the shape of a call, with the receiver as first argument.
func (l *layout) funcShape(sig *types.Signature) string {
	var args, results []string
	if sig.Recv() != nil {
		args = append(args, l.shape(sig.Recv().Type()))
	}
	for i := 0; i < sig.Params().Len(); i++ {
		args = append(args, l.shape(sig.Params().At(i).Type()))
	}
	for i := 0; i < sig.Results().Len(); i++ {
		results = append(results, l.shape(sig.Results().At(i).Type()))
	}
	return strings.Join(args, ",") + ">" + strings.Join(results, ",")
}

// qualifier writes types as source in pkg does: its own bare, others after the
// name of their package.
func qualifier(pkg *types.Package) types.Qualifier {
	return func(other *types.Package) string {
		if other == pkg {
			return ""
		}
		return other.Name()
	}
}

// typeText is a type on one line, without tabs.
func typeText(t types.Type, q types.Qualifier) string {
	s := types.TypeString(t, q)
	if strings.ContainsAny(s, "\t\n") {
		s = strings.NewReplacer("\t", " ", "\n", " ").Replace(s)
	}
	return s
}
