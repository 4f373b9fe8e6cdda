#!/bin/sh
# The one command of the Flatpak: without words the window, with words the command line. What lies in the folder it is started in is
# never taken for a part of it, by no process of it.
export PYTHONSAFEPATH=1
exec python3 -m ui "$@"
