// Command lnm-atlas reads the standard library of a Go toolchain and prints
// its "atlas": every function, method, variable, constant and type of every
// package, with the linker symbol it stands for, its machine shape, who may
// use it by //go:linkname, and who does. FORMAT.md describes the text.
//
// It reads sources only. It never builds a package: of the toolchain it runs
// nothing but `go list` (for the build tags that are on by default) and the
// assembler in the mode that lists symbols.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
)

// A usageError ends the program with status 2, any other error with 3.
type usageError struct{ error }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

type stringList []string

func (l *stringList) String() string     { return strings.Join(*l, ",") }
func (l *stringList) Set(s string) error { *l = append(*l, s); return nil }

func main() {
	// A run lives for two seconds and most of what it allocates is needed
	// until its end, so collecting is a waste until memory becomes a concern.
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(1 << 30)

	out := bufio.NewWriterSize(os.Stdout, 1<<16)
	err := run(os.Args[1:], out)
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		return
	}
	fmt.Fprintf(os.Stderr, "lnm-atlas: %v\n", err)
	if errors.As(err, &usageError{}) {
		os.Exit(2)
	}
	os.Exit(3)
}

func run(args []string, out io.Writer) error {
	if len(args) == 1 && args[0] == "local" {
		return runLocal(os.Stdin, out)
	}
	if len(args) == 0 || args[0] != "std" {
		return usagef("usage: lnm-atlas std -goroot DIR [-overlay FILE] [-packages A,B] -target GOOS/GOARCH ... | lnm-atlas local <QUESTION")
	}
	var targets stringList
	flags := flag.NewFlagSet("std", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	goroot := flags.String("goroot", "", "")
	overlay := flags.String("overlay", "", "")
	packages := flags.String("packages", "", "")
	flags.Var(&targets, "target", "")
	if err := flags.Parse(args[1:]); err != nil {
		return usagef("%v", err)
	}
	switch {
	case flags.NArg() > 0:
		return usagef("unexpected argument %q", flags.Arg(0))
	case *goroot == "":
		return usagef("-goroot is missing")
	case len(targets) == 0:
		return usagef("-target is missing")
	}
	var wanted []string
	if *packages != "" {
		wanted = strings.Split(*packages, ",")
	}
	root, err := openRoot(*goroot, *overlay)
	if err != nil {
		return err
	}
	list, err := root.describeTargets(targets)
	if err != nil {
		return err
	}
	for _, t := range list {
		fmt.Fprintf(out, "=%s\n", t.Name)
		writeAtlas(out, root.load(t, wanted))
	}
	return nil
}
