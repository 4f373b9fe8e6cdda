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
# shellcheck source=packaging/bare_root.sh
. "$(dirname "${BASH_SOURCE[0]}")/bare_root.sh"
read_options "$@"
cd "$here"
newest_package() { find dist -maxdepth 1 -name 'deskbell_*.deb' -printf '%T@ %p\n' 2>/dev/null | sort -rn | sed -n '1s/^[^ ]* //p'; }
package=${arguments[0]:-$(newest_package || true)}
if [ -z "$package" ]; then
    python3 packaging/dev.py installer deb rpm
    package=$(newest_package)
fi
python3 packaging/dev.py setup
make_root installed ca-certificates
.venv/bin/python packaging/installers/proving.py "$root" "$package"
