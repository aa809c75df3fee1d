#!/bin/sh
# Proves the README's two commands on a Debian that has nothing but what debootstrap lays
# out: in a root of its own, from a clone of the committed tree. Not part of the quick
# suite: it needs root and debootstrap, fetches all packages and toolchains, and takes a
# quarter of an hour and more.
#
#   tests/debian.sh [--main-only] [SUITE [MIRROR]]    default: bookworm, this machine's mirror
#
# --main-only leaves the test command out. LNM_DEBIAN_ROOT keeps the root there for the
# next time. GOPROXY, proxies and SSL_CERT_FILE of the caller are passed on.
set -eu
main_only=
[ "${1:-}" = --main-only ] && main_only=1 && shift
suite=${1:-bookworm}
source=$(cd "$(dirname "$0")/.." && pwd)
mirror=${2:-$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | head -n 1)}

[ "$(id -u)" -eq 0 ] || { echo "tests/debian.sh: must be root, to make a root file system" >&2; exit 3; }
command -v debootstrap >/dev/null || { echo "tests/debian.sh: apt-get install debootstrap" >&2; exit 3; }

if [ -n "${LNM_DEBIAN_ROOT:-}" ]; then
	root=$LNM_DEBIAN_ROOT
	mkdir -p "$root"
else
	root=$(mktemp -d)
fi
cleanup() {
	for m in proc sys dev; do
		umount -l "$root/$m" 2>/dev/null || :
	done
	[ -n "${LNM_DEBIAN_ROOT:-}" ] || rm -rf --one-file-system "$root"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

step() { printf '\n== %s\n' "$*"; }

step "a fresh $suite"
[ -e "$root/bin/sh" ] || debootstrap --variant=minbase --include=git,ca-certificates "$suite" "$root" "$mirror" >"$root.log" 2>&1 ||
	{ tail -n 20 "$root.log" >&2; exit 3; }
rm -f "$root.log"
cp -r /etc/apt/apt.conf.d "$root/etc/apt/" 2>/dev/null || :
cp /etc/resolv.conf "$root/etc/resolv.conf"
for m in proc sys dev; do
	mount --rbind "/$m" "$root/$m"
	mount --make-rslave "$root/$m"
done
cert=
if [ -n "${SSL_CERT_FILE:-}" ] && [ -r "$SSL_CERT_FILE" ]; then
	cp "$SSL_CERT_FILE" "$root/etc/ssl/certs/of-the-host.crt"
	cert=/etc/ssl/certs/of-the-host.crt
fi

in_root() {
	chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 CI=true \
		${cert:+SSL_CERT_FILE=$cert} ${GOPROXY:+GOPROXY=$GOPROXY} ${GOSUMDB:+GOSUMDB=$GOSUMDB} \
		${https_proxy:+https_proxy=$https_proxy} ${http_proxy:+http_proxy=$http_proxy} \
		sh -c "$1"
}

step "a clone"
rm -rf "$root/lnmatrix.git" "$root/lnmatrix"
git clone -q --bare "$source" "$root/lnmatrix.git"
in_root 'git clone -q /lnmatrix.git /lnmatrix'

step "the main job"
in_root 'cd /lnmatrix && ./bootstrap && build/lnmatrix run scenarios/fakecgo.lua'

step "a wrong expectation is found, and the cell named"
status=0
in_root 'cd /lnmatrix && sed "s/symbols = both, rescue/symbols = \"runtime.nothing\", rescue/" scenarios/fakecgo.lua >scenarios/wrong.lua &&
	build/lnmatrix run scenarios/wrong.lua >wrong.out; s=$?; rm -f scenarios/wrong.lua; exit $s' || status=$?
[ "$status" -eq 1 ] || { echo "exit $status, expected 1" >&2; exit 1; }
grep -q 'linux/arm64.*on go1.27.4+A' "$root/lnmatrix/wrong.out"

if [ -z "$main_only" ]; then
	step "the tests"
	in_root 'cd /lnmatrix && ./bootstrap && ctest --test-dir build --output-on-failure'
fi
step "all good"
