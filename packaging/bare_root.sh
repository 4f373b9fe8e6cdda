# shellcheck shell=bash disable=SC2034,SC2154
# A bare Debian to prove something in; sourced by prove_bare.sh and prove_installer.sh, which run in namespaces of their own.
#
# Options: `--keep` leaves the root behind; SUITE is the release. Afterwards `root` is its folder, `here` the checkout, and
# `arguments` holds what was not an option. This machine's own certificate authorities and apt proxy are handed in, because a
# company network may not work without them.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
suite=${SUITE:-bookworm}
keep=no
arguments=()
set -o errtrace
trap 'echo "--- failed: $BASH_COMMAND" >&2' ERR # some commands say nothing

# read_options ARGUMENTS
read_options() {
    if [ "${1:-}" = "--keep" ]; then keep=yes; shift; fi
    arguments=("$@")
}

# leave_root: unmounts, and removes the root unless it is to be kept.
leave_root() {
    umount -R "$root/proc" "$root/sys" "$root/dev" 2>/dev/null || true
    if [ "$keep" = yes ]; then echo "kept: $root"; else rm -rf --one-file-system "$root"; fi
}

# make_root NAME PACKAGES: a bare Debian with these packages, mounted, until the script ends.
make_root() {
    root=$(mktemp -d "${TMPDIR:-/tmp}/deskbell-$1.XXXXXX")
    unset TMPDIR # nothing in the root knows that folder
    chmod 755 "$root"
    trap leave_root EXIT
    echo "--- a bare Debian ($suite) in $root"
    debootstrap --variant=minbase --include="$2" "$suite" "$root" >"$root.log" 2>&1 || { tail -n 20 "$root.log"; exit 1; }
    rm -f "$root.log"
    mount -t proc proc "$root/proc"
    mount --rbind /sys "$root/sys"
    mount --rbind /dev "$root/dev"
    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
    cp /etc/apt/apt.conf.d/*proxy* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
    cp -rL /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
    chroot "$root" update-ca-certificates >/dev/null
}
