#!/usr/bin/env bash
# Proves the set-up program of Windows under Wine, with a small payload in the place of the program: silent install, refusing
# while it runs, upgrading in place, refusing to go back, removing with the user's data left alone.
#
#     packaging/prove_windows.sh          needs makensis and wine (Debian: nsis wine wine64), no display
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$(mktemp -d)
export WINEPREFIX=$folder/prefix WINEDEBUG=-all DISPLAY='' WINEDLLOVERRIDES="mscoree,mshtml=" LC_ALL=C.UTF-8
trap 'wineserver -k 2>/dev/null || true; rm -rf "$folder"' EXIT
payload=$(find /usr/lib /opt -path '*x86_64-windows/notepad.exe' -print -quit 2>/dev/null)
waiter=$(find /usr/lib /opt -path '*x86_64-windows/cmd.exe' -print -quit 2>/dev/null)
icon=$here/build/installers/icons/deskbell.ico
fail() { echo "  FAIL $*"; exit 1; }
ok() { echo "  ok   $*"; }
status_of() { local status=0; "$@" >/dev/null 2>&1 || status=$?; echo "$status"; }

# setup VERSION: a set-up program whose payload says its version.
setup() {
    local tree=$folder/tree-$1
    mkdir -p "$tree/_internal"
    cp "$payload" "$tree/deskbell.exe"
    cp "$waiter" "$tree/deskbell-cli.exe"
    echo "$1" >"$tree/_internal/version-$1.txt"
    makensis -WX -V1 -INPUTCHARSET UTF8 -DTARGET_AMD64 "-DVERSION=$1" "-DTREE=$tree" -DSEPARATOR=/ "-DICON=$icon" \
        "-DOUT=$folder/Deskbell-$1-x64.exe" "$here/packaging/windows/deskbell.nsi"
}

[ -n "$payload" ] && [ -n "$waiter" ] || fail "Wine has no 64-bit programs here"
[ -e "$icon" ] || fail "no icons: python3 packaging/dev.py installer --tree"
setup 1.0.0
setup 1.1.0
ok "the script compiles, warnings being errors"
wineboot --init >/dev/null 2>&1
local_data=$WINEPREFIX/drive_c/users/$(id -un)/AppData/Local
[ -d "$local_data" ] || local_data=$(find "$WINEPREFIX/drive_c/users" -path '*AppData/Local' -print -quit)
program=$local_data/Programs/Deskbell
mkdir -p "$local_data/deskbell"
echo mine >"$local_data/deskbell/deskbell.sqlite"

[ "$(status_of wine "$folder/Deskbell-1.0.0-x64.exe" /S)" = 0 ] || fail "silent install"
[ -e "$program/_internal/version-1.0.0.txt" ] && [ -e "$program/uninstall.exe" ] || fail "files are missing"
wine reg query 'HKCU\Software\Classes\Deskbell.Link\shell\open\command' 2>/dev/null | grep -q 'deskbell.exe' || fail "links"
wine reg query 'HKCU\Software\Microsoft\Windows\CurrentVersion\Run' 2>/dev/null | grep -q Deskbell && fail "autostart"
ok "silent install, mailto and tel offered, nothing started with the computer"

mkfifo "$folder/keys"
(cd "$program" && exec wine ./deskbell-cli.exe /c 'echo up>..\up.txt & pause') <"$folder/keys" >/dev/null 2>&1 &
exec 9>"$folder/keys" # held open, so that it waits for a key
for _ in $(seq 240); do [ -e "$program/../up.txt" ] && break; sleep 0.5; done
[ -e "$program/../up.txt" ] || fail "the payload does not run"
[ "$(status_of wine "$folder/Deskbell-1.1.0-x64.exe" /S)" = 5 ] || fail "not refused while it runs"
[ -e "$program/_internal/version-1.0.0.txt" ] || fail "refused, but changed something"
[ "$(status_of wine "$program/uninstall.exe" /S "_?=$(winepath -w "$program" 2>/dev/null)")" = 5 ] || fail "removed while it runs"
ok "refused while it runs, and so is removing"
exec 9>&-
wineserver -k || true

[ "$(status_of wine "$folder/Deskbell-1.1.0-x64.exe" /S)" = 0 ] || fail "upgrade"
[ -e "$program/_internal/version-1.1.0.txt" ] && [ ! -e "$program/_internal/version-1.0.0.txt" ] || fail "upgrade left files"
ok "upgraded in place, nothing of the old version left"
[ "$(status_of wine "$folder/Deskbell-1.0.0-x64.exe" /S)" = 6 ] || fail "downgrade was not refused"
[ -e "$program/_internal/version-1.1.0.txt" ] || fail "downgrade changed something"
ok "an older version is refused"

wine "$program/uninstall.exe" /S "_?=$(winepath -w "$program" 2>/dev/null)" >/dev/null 2>&1 || fail "uninstall"
[ ! -e "$program/deskbell.exe" ] && [ ! -e "$program/_internal" ] || fail "uninstall left the program"
wine reg query 'HKCU\Software\Deskbell' >/dev/null 2>&1 && fail "uninstall left its keys"
[ "$(cat "$local_data/deskbell/deskbell.sqlite")" = mine ] || fail "uninstall touched the user's data"
ok "removed; the user's data stays"
echo "Everything held."
