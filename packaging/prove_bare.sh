#!/usr/bin/env bash
# Proves the two commands on a bare Debian: a fresh root with nothing but python3, pip, gcc, make and git, a fresh
# clone of what is committed here, `make test`, then `make run`.
#
#     sudo packaging/prove_bare.sh [--keep] [COMMAND...]     default commands: "make test" "make run"
#
# Needs root and debootstrap. Everything happens in a mount and process namespace of its own, so that no mount and no
# process outlives it. This machine's proxy and pip settings from the environment are handed in, because a company
# network may not work without them; nothing else is.
set -euo pipefail

if [ "${1:-}" != "--inside" ]; then
    exec unshare --mount --pid --fork --kill-child "$0" --inside "$@"
fi
shift
# shellcheck source=packaging/bare_root.sh
. "$(dirname "${BASH_SOURCE[0]}")/bare_root.sh"
read_options "$@"
[ ${#arguments[@]} -gt 0 ] || arguments=("make test" "make run")
make_root bare python3,python3-pip,gcc,make,git,ca-certificates

echo "--- a fresh clone of $(git -C "$here" rev-parse --short HEAD)"
git clone -q --no-hardlinks "$here" "$root/root/deskbell"

settings=()
while IFS= read -r line; do settings+=("$line"); done < <(env | grep -E '^(PIP_(INDEX|CERT|DEFAULT_TIMEOUT)|UV_|SSL_CERT_|(https?|no|HTTPS?|NO)_(proxy|PROXY)=)' || true)
for line in "${arguments[@]}"; do
    echo "--- $line"
    chroot "$root" env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
        "${settings[@]}" bash -c "cd ~/deskbell && $line"
done
