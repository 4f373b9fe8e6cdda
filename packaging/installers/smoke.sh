#!/usr/bin/env bash
# Runs an installed program once, wherever it is: does it start, make a desk full of samples, search it and find it sound?
#     packaging/installers/smoke.sh PROGRAM
set -euo pipefail
program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$program" --version
"$program" --data "$folder/desk" init --demo
tickets=$("$program" --data "$folder/desk" --jsonl tickets --limit 1000 | wc -l)
test "$tickets" -ge 10
"$program" --data "$folder/desk" --jsonl search lamp >/dev/null
"$program" --data "$folder/desk" check
echo "$program: $tickets tickets, sound"

if [ "$(uname)" = Linux ]; then # and its window, for as long as it takes to show itself
    xvfb-run --auto-servernum bash -c '
        "$1" --data "$2/desk" --no-engine & window=$!
        for _ in $(seq 120); do
            if xdotool search --onlyvisible --class Deskbell >/dev/null 2>&1; then
                kill "$window"; wait "$window"; exit $?
            fi
            kill -0 "$window" || exit 1
            sleep 0.5
        done
        kill "$window"; exit 1
    ' window "$program" "$folder"
    echo "$program: the window opens and closes"
fi
