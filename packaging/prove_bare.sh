#!/usr/bin/env bash
# Proves the two commands on a bare Debian: a fresh root with nothing but python3, pip, gcc, make and git, a fresh
# clone of what is committed here, `make test`, then `make run`.
#
#     sudo packaging/prove_bare.sh [--keep] [COMMAND...]     default commands: "make test" "make run"
#
# Needs root and debootstrap. Everything happens in a mount and process namespace of its own, so that no mount and no
# process outlives it. This machine's own certificate authorities and its proxy and pip settings from the environment
# are handed in, because a company network may not work without them; nothing else is.
set -euo pipefail

if [ "${1:-}" != "--inside" ]; then
    exec unshare --mount --pid --fork --kill-child "$0" --inside "$@"
fi
shift

keep=no
if [ "${1:-}" = "--keep" ]; then keep=yes; shift; fi
[ $# -gt 0 ] || set -- "make test" "make run"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
suite=${SUITE:-bookworm}
root=$(mktemp -d "${TMPDIR:-/tmp}/deskbell-bare.XXXXXX")
chmod 755 "$root"
finish() {
    umount -R "$root/proc" "$root/sys" "$root/dev" 2>/dev/null || true
    if [ "$keep" = yes ]; then echo "kept: $root"; else rm -rf --one-file-system "$root"; fi
}
trap finish EXIT

echo "--- a bare Debian ($suite) in $root"
debootstrap --variant=minbase --include=python3,python3-pip,gcc,make,git,ca-certificates "$suite" "$root" >"$root.log" 2>&1 ||
    { tail -n 20 "$root.log"; exit 1; }
rm -f "$root.log"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
cp -rL /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
chroot "$root" update-ca-certificates >/dev/null 2>&1

echo "--- a fresh clone of $(git -C "$here" rev-parse --short HEAD)"
git clone -q --no-hardlinks "$here" "$root/root/deskbell"

settings=()
while IFS= read -r line; do settings+=("$line"); done < <(env | grep -E '^(PIP_(INDEX|CERT|DEFAULT_TIMEOUT)|UV_|SSL_CERT_|(https?|no|HTTPS?|NO)_(proxy|PROXY)=)' || true)
for line in "$@"; do
    echo "--- $line"
    chroot "$root" env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
        "${settings[@]}" bash -c "cd ~/deskbell && $line"
done
