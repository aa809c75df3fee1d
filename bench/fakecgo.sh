#!/bin/sh
# The whole fakecgo matrix, std caches warm, fixtures changed: lnmatrix's CPU time against
# that of the plain `go build`s and runs it consists of, and how busy the cores were.
# Then the same again with nothing changed. Ratios of one run; absolute times do not last.
#
#   bench/fakecgo.sh [path/to/lnmatrix]
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
lnmatrix=${1:-$here/build/lnmatrix}
cache=${LNMATRIX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/lnmatrix}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

fixture() { # a copy of the scenario whose programs differ from all before
	rm -rf "$work/scenario"
	mkdir -p "$work/scenario/fakecgo"
	cp "$here/scenarios/fakecgo.lua" "$work/scenario/"
	for f in crosscall2 links; do
		sed "s/^package main\$/package main\n\n\/\/ $1/" "$here/scenarios/fakecgo/$f.txtar" \
			>"$work/scenario/fakecgo/$f.txtar"
	done
}

cpu() { # user+system seconds of a command; its output goes to $work/out
	/usr/bin/env bash -c 'TIMEFORMAT="%U %S %R"; time "$@" >'"$work"'/out 2>'"$work"'/err || :' _ "$@" 2>"$work/time"
	tail -n 1 "$work/time"
}

# Warm: std, canaries, overlays.
cpu "$lnmatrix" run "$here/scenarios/fakecgo.lua" --state-dir "$work/state" >/dev/null

fixture "first $$ $(date +%s%N)"
tool=$(cpu "$lnmatrix" run "$work/scenario/fakecgo.lua" --state-dir "$work/state")
busy=$(grep -o '[0-9.]* cores busy' "$work/out" | head -n 1)
again=$(cpu "$lnmatrix" run "$work/scenario/fakecgo.lua" --state-dir "$work/state")

# The same by hand, one after the other, on one core each, as the pools do it.
fixture "second $$ $(date +%s%N)"
cat >"$work/plain.sh" <<'PLAIN'
set -u
for case in crosscall2 links; do
	dir=$WORK/src/$case
	mkdir -p "$dir"
	awk -v dir="$dir" '/^-- .* --$/ { file = dir "/" $2; printf "" >file; next } file { print >file }' \
		"$WORK/scenario/fakecgo/$case.txtar"
	rm -f "$dir"/want.*
done
# The newest what-if whose std opens load_g to std only.
overlay=$(ls -td $(grep -l '^//go:linknamestd load_g' "$CACHE"/whatif/*/src/runtime/stubs_386.go \
	"$CACHE"/whatif/*/src/runtime/stubs_arm64.go 2>/dev/null | sed 's,/src/runtime/.*,,' | sort -u) | head -n 1)/overlay.json
for toolchain in 1.22.12 1.23.12 1.24.13 1.25.14 1.26.11 1.27rc1 1.27.4 whatif; do
	version=$toolchain over=
	[ "$toolchain" = whatif ] && version=1.27.4 over=-overlay=$overlay
	root=$(echo "$CACHE/toolchains/go$version".*-*[0-9a-z] | tr ' ' '\n' | grep -v '[.]\(lock\|sum\|manifest\|gone\)$' | head -n 1)
	[ -x "$root/bin/go" ] || continue
	for flags in '' -ldflags=-checklinkname=0; do
		for case in crosscall2 links; do
			for target in 386: amd64: arm:arm arm64:aarch64 loong64:loongarch64 ppc64le:ppc64le riscv64:riscv64 s390x:s390x; do
				cd "$WORK/src/$case"
				rm -f "$WORK/bin"
				env -i PATH="$root/bin:/usr/bin:/bin" HOME="$CACHE/home" GOCACHE="$CACHE/gobuild" \
					GOPATH="$CACHE/gopath" GOENV=off GOFLAGS= GO111MODULE=on GOPROXY=off GOSUMDB=off \
					GOWORK=off GOTOOLCHAIN=local GOTELEMETRY=off LC_ALL=C GOMAXPROCS=1 CGO_ENABLED=0 \
					GOOS=linux GOARCH="${target%%:*}" GOARM=7 \
					go build -buildvcs=false -p=1 $over $flags -o "$WORK/bin" . 2>/dev/null
				[ "$case" = links ] && [ -x "$WORK/bin" ] || continue
				emulator=${target##*:}
				${emulator:+qemu-$emulator} "$WORK/bin" 2>/dev/null
			done
		done
	done
done
PLAIN
plain=$(WORK=$work CACHE=$cache cpu bash "$work/plain.sh")

echo "$tool $plain $again" | awk -v busy="$busy" '{
	printf "lnmatrix      %.2f CPU s, %.2f s wall, %s\n", $1 + $2, $3, busy
	printf "plain         %.2f CPU s (the same builds and runs, one after the other)\n", $4 + $5
	printf "ratio         %.3f of the CPU time (to reach: 1.10)\n", ($1 + $2) / ($4 + $5)
	printf "unchanged     %.0f ms wall (to reach: 150)\n", $9 * 1000
}'
