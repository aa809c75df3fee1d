#!/bin/sh
# The atlas: what making one costs beside type-checking that std once, what a question about one
# package costs, how long answers take from warm atlases, and what those take on disk.
#
#   bench/atlas.sh [path/to/lnmatrix]
#
# Makes all atlases anew, in a cache folder of its own that borrows the toolchains. CPU seconds are
# user + system; compare them within one run.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
lnmatrix=${1:-$here/build/lnmatrix}
cache=${LNMATRIX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/lnmatrix}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

targets=linux/386,linux/amd64,linux/arm,linux/arm64,linux/ppc64le,linux/riscv64,linux/s390x,linux/mips64le
newest=$("$lnmatrix" toolchain install latest | cut -f 2)
"$lnmatrix" toolchain install 1.18..1.27 >/dev/null
mkdir "$work/cache"
ln -s "$cache/toolchains" "$work/cache/toolchains"
ln -s "$cache/gobuild" "$work/cache/gobuild"

cpu() { # user + system, wall
	bash -c 'TIMEFORMAT="%U %S %R"; time "$@" >'"$work"'/out 2>'"$work"'/err' _ "$@" 2>"$work/time"
	awk '{ printf "%.2f CPU s, %.2f s\n", $1 + $2, $3 }' "$work/time"
}

"$lnmatrix" symbol runtime.nanotime --go latest --cache-dir "$work/cache" >/dev/null 2>&1
program=$(ls "$work"/cache/atlas/bin/lnm-atlas-*[0-9a-f])

# go/parser and go/types over all of std, function bodies passed over, nothing else done.
mkdir "$work/plain"
cp "$here/bench/typecheck/"* "$work/plain/"
(cd "$work/plain" && env -i HOME="$work" PATH="$newest/bin:/usr/bin:/bin" GOTOOLCHAIN=local GOENV=off GOFLAGS= \
	CGO_ENABLED=0 GOCACHE="$cache/gobuild" go build -o "$work/typecheck" .)

for v in 1.20 1.23 latest; do
	root=$("$lnmatrix" toolchain install $v | cut -f 2)
	echo "std of $(basename "$root"), linux/amd64:"
	echo "  type-checked once:          $(cpu "$work/typecheck" "$root")"
	echo "  the whole atlas:            $(cpu "$program" std -goroot "$root" -target linux/amd64)"
	echo "  the runtime's section only: $(cpu "$program" std -goroot "$root" -packages runtime -target linux/amd64)"
done

echo "ten releases, eight targets:"
echo "  made:                       $(cpu "$lnmatrix" symbol '*.fastrand' --go 1.18..1.27 --target $targets --cache-dir "$work/cache")"
echo "  symbol, warm:               $(cpu "$lnmatrix" symbol runtime.fastrand --go 1.18..1.27 --target $targets --cache-dir "$work/cache")"
echo "  layout, warm:               $(cpu "$lnmatrix" layout runtime.g --go 1.18..1.27 --target $targets --cache-dir "$work/cache")"
ls "$work"/cache/atlas/*.atlas | wc -l | sed 's/^/  atlases:                    /'
cat "$work"/cache/atlas/*.atlas | wc -c | sed 's/^/  bytes:                      /'
