# Asks the running program to leave before its files change. Put in front of each script that a package runs as root; plain sh.
#
# The program reads its parts from its files as it needs them, so it must not run on while they are replaced. Windows go first,
# since an engine that a window started leaves with it. A window or engine that is told "come back" (SIGUSR1) leaves a waiter
# behind, which starts it again as its own user once $flag is gone.
program=/usr/lib/deskbell/deskbell
flag=/run/deskbell-is-being-replaced
patience=60

# Prints the process numbers of the installed program in this root: "windows", "engines" or "all".
running() {
    for link in /proc/[0-9]*/exe; do
        target=$(readlink "$link" 2>/dev/null) || continue
        case $target in "$program" | "$program (deleted)") ;; *) continue ;; esac
        process=${link%/exe}
        [ "$process/root" -ef / ] || continue
        words=" $(tr '\0' ' ' <"$process/cmdline" 2>/dev/null) "
        case $words in
        *" --multiprocessing-fork "*) continue ;; # ends with the engine that it reads for
        *" engine "*) [ "$1" = windows ] && continue ;;
        *) [ "$1" = engines ] && continue ;;
        esac
        printf '%s ' "${process#/proc/}"
    done
}

# leave SIGNAL KIND: asks them and waits until they are gone; says so when they stay.
leave() {
    asked=$(running "$2")
    [ -n "$asked" ] || return 0
    kill -s "$1" $asked 2>/dev/null || true
    waited=0
    while [ -n "$(running "$2")" ]; do
        if [ "$waited" -ge "$patience" ]; then
            echo "deskbell: still running and not asked again: process $(running "$2")" >&2
            return 0
        fi
        sleep 1
        waited=$((waited + 1))
    done
}
