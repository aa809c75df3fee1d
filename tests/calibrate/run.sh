#!/bin/sh
# Calibrates the atlas' rule about links against the real linker of one release, on three
# architectures: predictions and linker must agree on each symbol.
#
#   LNMATRIX=build/lnmatrix LNMATRIX_CACHE=... tests/calibrate/run.sh build/lnm-calibrate 1.27
#
# 77: what it takes is not to be had here.
set -eu
calibrate=$1 version=$2
export LNMATRIX_CACHE
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

if [ "$(uname -s)-$(uname -m)" != Linux-x86_64 ]; then
	echo "skipped: the calibration is written for linux/amd64"
	exit 77
fi
if ! "$LNMATRIX" toolchain install "$version" >"$work/installed" 2>"$work/said"; then
	echo "skipped: Go $version is not to be had: $(cat "$work/said")"
	exit 77
fi
name=$(cut -f 1 "$work/installed") root=$(cut -f 2 "$work/installed")
# Any question makes the program that writes atlases.
"$LNMATRIX" symbol runtime.nanotime --go "$version" >/dev/null
program=$(ls -t "$LNMATRIX_CACHE"/atlas/bin/lnm-atlas-*[0-9a-f] | head -n 1)
status=0
for target in linux/amd64 linux/386 linux/arm64; do
	"$program" std -goroot "$root" -target "$target" >"$work/atlas"
	"$calibrate" "$LNMATRIX_CACHE/gobuild" "$root" "$name" "$target" "$work/atlas" ${LNM_CALIBRATE_EVERY:-} || status=1
done
exit $status
