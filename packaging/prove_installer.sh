#!/usr/bin/env bash
# Proves the Debian package in a bare Debian that knows nothing of Deskbell: install, start from the menu under a window
# system, connect a mailbox on a real Dovecot, receive, reply, ask how it went, upgrade while all of it runs, refuse to go
# back, remove, purge. The .rpm is queried and unpacked.
#
#     sudo packaging/prove_installer.sh [--keep] [PACKAGE.deb]     default: the one in dist/, built first if there is none
#
# Needs root and debootstrap. Everything happens in a mount and process namespace of its own; servers and the window
# system run outside the bare root, on loopback, as they would on other machines.
set -euo pipefail

if [ "${1:-}" != "--inside" ]; then
    exec unshare --mount --pid --fork --kill-child --mount-proc "$0" --inside "$@"
fi
shift

keep=no
if [ "${1:-}" = "--keep" ]; then keep=yes; shift; fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$here"
package=${1:-$(ls -t dist/deskbell_*.deb 2>/dev/null | head -n 1)}
if [ -z "$package" ]; then
    python3 packaging/dev.py installer deb rpm
    package=$(ls -t dist/deskbell_*.deb | head -n 1)
fi
python3 packaging/dev.py setup

suite=${SUITE:-bookworm}
root=$(mktemp -d "${TMPDIR:-/tmp}/deskbell-installed.XXXXXX")
chmod 755 "$root"
finish() {
    umount -R "$root/proc" "$root/sys" "$root/dev" 2>/dev/null || true
    if [ "$keep" = yes ]; then echo "kept: $root"; else rm -rf --one-file-system "$root"; fi
}
trap finish EXIT

echo "--- a bare Debian ($suite) in $root"
debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" >"$root.log" 2>&1 ||
    { tail -n 20 "$root.log"; exit 1; }
rm -f "$root.log"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
cp /etc/apt/apt.conf.d/*proxy* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
cp -rL /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
chroot "$root" update-ca-certificates >/dev/null 2>&1

.venv/bin/python packaging/installers/proving.py "$root" "$package"
